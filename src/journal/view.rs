//! What views of the journal give: plain data, made from the events by the engine in the same commit.

use serde::Serialize;

use super::{Event, MessageKey, Stated};
use crate::base::{Digest, Header, MessageId, Name, Outcome, Precedence, Reason, Time};

/// The durable answer to a sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Index of the record of acceptance.
    pub index: u64,
    /// The how-manieth message of this sender, from 1: what the sender may know, unlike the index, which counts everybody's.
    pub position: u64,
    /// The sender.
    pub from: Name,
    /// The sender's id.
    pub id: MessageId,
    /// Digest of the body.
    pub digest: Digest,
    /// When it was received.
    pub received: Time,
}

/// A message that is accepted and not yet decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its receipt.
    pub receipt: Receipt,
    /// Its header.
    pub header: Header,
    /// How the door that received it sealed it.
    pub seals: Option<Vec<u8>>,
    /// Its body, or why it does not open: then people must look at this one, and the others go on.
    pub body: Result<Vec<u8>, String>,
}

/// A release that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The message.
    pub message: MessageKey,
    /// To whom.
    pub recipient: Name,
    /// Index of the record of acceptance.
    pub place: u64,
    /// The header as it was received.
    pub header: Header,
    /// Under which clause.
    pub clause: Option<Name>,
    /// Digest of the bytes.
    pub digest: Digest,
    /// The bytes, or why they do not open: then people must look at this one, and the others go on.
    pub output: Result<Vec<u8>, String>,
    /// The verifier's permit for them.
    pub permit: Option<Vec<u8>>,
    /// Attempts so far.
    pub attempts: u32,
}

/// A recipient for which releases are due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The recipient.
    pub recipient: Name,
    /// How many.
    pub count: u64,
    /// The most urgent of them.
    pub precedence: Precedence,
}

/// Where a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A release is due.
    Due,
    /// The recipient has it.
    Delivered,
    /// Held until people decide.
    Held,
    /// Nothing will follow.
    Settled,
}

impl State {
    /// The word of the store, of people and of programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Delivered => "delivered",
            Self::Held => "held",
            Self::Settled => "settled",
        }
    }

    /// All states.
    pub const ALL: [Self; 4] = [Self::Due, Self::Delivered, Self::Held, Self::Settled];
}

/// A row of the table of decisions; the quarantine is its rows in state `held`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Cursor of the row.
    pub row: u64,
    /// The sender.
    pub from: Name,
    /// The sender's id.
    pub id: MessageId,
    /// The recipient.
    pub recipient: Name,
    /// Urgency.
    pub precedence: Precedence,
    /// When the message was received.
    pub received: Time,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason that decided.
    pub code: Option<Reason>,
    /// The clause.
    pub clause: Option<Name>,
    /// Where it stands.
    pub state: State,
    /// Index of the record of decision, which holds findings and edits.
    pub record: u64,
}

/// Which rows are wanted; `None` is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The sender's id; more than one sender may have used it.
    pub id: Option<MessageId>,
    /// State.
    pub state: Option<State>,
    /// Sender.
    pub from: Option<Name>,
    /// Recipient.
    pub recipient: Option<Name>,
    /// Outcome.
    pub outcome: Option<Outcome>,
    /// Code.
    pub code: Option<Reason>,
    /// Classification of the label, in any scheme (`SECRET`) or in one (`GBR SECRET`).
    pub classification: Option<String>,
    /// Received at or after.
    pub since: Option<Time>,
    /// Received before.
    pub until: Option<Time>,
}

/// Which part of a long table is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The `next` of the page before; `None` for the first page.
    pub after: Option<u64>,
    /// Rows at most, 1 to [`Self::ROWS_MAX`].
    pub rows: u32,
}

impl Page {
    /// Rows of a page at most: 1000, a screen of a program, some 300 KB.
    pub const ROWS_MAX: u32 = 1000;

    /// The first page.
    #[must_use]
    pub const fn first(rows: u32) -> Self {
        Self { after: None, rows }
    }
}

/// A part of a long table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paged<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<u64>,
}

/// A record with its leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Place.
    pub index: u64,
    /// Hash of the leaf.
    pub leaf: Digest,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// A total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The sender.
    pub from: Name,
    /// The recipient; `None` for messages refused whole.
    pub recipient: Option<Name>,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason that decided.
    pub code: Option<Reason>,
    /// How many decisions.
    pub count: u64,
}

/// A statement that was taken, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// What was stated.
    pub stated: Stated,
    /// Releases under it, where it is a consent.
    pub used: u32,
    /// Whether it was taken back.
    pub ended: bool,
    /// The copies that it withdraws, where it is a recall.
    pub copies: Vec<Copy>,
}

/// What a message became for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// The message.
    pub message: MessageKey,
    /// The recipient.
    pub recipient: Name,
    /// Digest of what was to leave; `None` where nothing was.
    pub digest: Option<Digest>,
    /// Where the decision stands.
    pub state: State,
    /// Releases on record: from the first on, the recipient may have it.
    pub attempts: u32,
    /// Whether the recipient has acknowledged the recall of it.
    pub acknowledged: bool,
}

/// Where a message went, and whose information it carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trail {
    /// For each recipient that was decided on.
    pub copies: Vec<Copy>,
    /// Third parties, by their codes.
    pub origins: Vec<String>,
}

/// All totals, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records.
    pub records: u64,
    /// Messages accepted.
    pub accepted: u64,
    /// Messages accepted and not yet decided.
    pub undecided: u64,
    /// Releases due.
    pub due: u64,
    /// Releases delivered.
    pub delivered: u64,
    /// Decisions held.
    pub held: u64,
    /// Decisions ever made, by sender, recipient, outcome and code.
    pub tallies: Vec<Tally>,
}

impl Counts {
    /// The totals with their names, in the order in which people read them.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, u64); 6] {
        let Self { records, accepted, undecided, due, delivered, held, tallies: _ } = self;
        [("records", *records), ("accepted", *accepted), ("undecided", *undecided), ("due", *due), ("delivered", *delivered), ("held", *held)]
    }
}

/// The tree at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Records.
    pub size: u64,
    /// Root hash over them.
    pub root: Digest,
    /// Number of the next checkpoint.
    pub checkpoint_next: u64,
    /// Records that the last checkpoint covers.
    pub checkpoint_size: u64,
}
