//! What people at the desk ask to see, and what they are shown: plain data, one contract for console, terminal and programs.
//!
//! The keeper answers a [`Query`] with a [`View`]; who asks renders it. Names, codes, times and digests are text in the spelling of the journal, so
//! that whoever shows them needs no other room. Content of messages stands in [`Item`] alone, and is hostile: whoever shows it escapes it.
//! Deliberately absent: any question whose answer changes something.
//!
//! [`Office`] is the desk's line to the rest of the gateway, as console and control socket have it.

use std::pin::Pin;

use serde::{Deserialize, Serialize};

pub use super::figures::{OfficerFigures, Quality, RuleFigures, SeedFigures};
use super::papers::Papers;
use super::{Act as Deed, Response};
use crate::base::Fault;

/// Rows of an answer at most: 200, two screens of a console.
pub const ROWS_MAX: u32 = 200;

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// What people at the desk can have of the gateway. Object safe, so that whoever shows it needs to know no process.
pub trait Office: Send + Sync {
    /// Shows something.
    fn look(&self, query: Query) -> Later<'_, View>;

    /// Does what a reviewer has signed: a note, as `vestibule quarantine sign` makes it.
    fn review(&self, note: String) -> Later<'_, Response>;

    /// Has the supervisor do what officers have signed.
    fn act(&self, act: Deed) -> Later<'_, Response>;

    /// The processes, as the supervisor last told: one object each, as `vestibule status --json` shows them.
    fn processes(&self) -> Vec<serde_json::Value>;

    /// What the supervisor last read of files: editions that wait, and when certificates end.
    fn papers(&self) -> Papers;
}

/// What is asked. `viewer` names the officer who looks, as the console's certificate or the terminal's account says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "look", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Query {
    /// The gateway at a glance.
    Overview {},
    /// Decisions on messages; the quarantine is those in the state `held`.
    Messages {
        /// Which.
        wanted: Wanted,
        /// In which order.
        order: Order,
        /// The `next` of the page before.
        after: Option<String>,
        /// Rows at most, 1 to [`ROWS_MAX`].
        rows: u32,
    },
    /// Held messages whose findings say the same, grouped.
    Groups {},
    /// Everything that happened to the messages of an id.
    Journey {
        /// The sender's id.
        id: String,
    },
    /// A held message as a reviewer must see it, and what would leave under a choice.
    Item {
        /// Which.
        of: Held,
        /// What the reviewer would have done.
        choice: Choice,
        /// Who looks: the look is on record.
        viewer: String,
    },
    /// How well and how fast people review.
    Quality {},
    /// The rule set in force, and editions before and after it.
    Rules {},
    /// Partners: links, agreements, certificates, releases.
    Partners {},
    /// The journal: its chain, its checkpoints.
    Audit {},
    /// Records of the journal, newest first.
    Records {
        /// The `next` of the page before.
        after: Option<String>,
        /// Rows at most, 1 to [`ROWS_MAX`].
        rows: u32,
    },
    /// A proof that a record stands in the journal, as a file to keep.
    Proof {
        /// Index of the record.
        index: u64,
    },
    /// Numbers of the METRICS table.
    Metrics {},
}

/// Which decisions; what is `None` is any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// The sender's id.
    pub id: Option<String>,
    /// `due`, `delivered`, `held` or `settled`.
    pub state: Option<String>,
    /// The sender.
    pub from: Option<String>,
    /// The recipient.
    pub recipient: Option<String>,
    /// `forward`, `quarantine`, `withhold`, `reject`.
    pub outcome: Option<String>,
    /// A code of the reason table.
    pub code: Option<String>,
    /// The rule that holds it, as [`Group::rule`] names it; only what is held has one.
    pub rule: Option<String>,
    /// A classification, as the label has it: in any scheme (`SECRET`), or in one (`GBR SECRET`).
    pub classification: Option<String>,
    /// Received at or after.
    pub since: Option<String>,
    /// Received before.
    pub until: Option<String>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The most urgent first, then the gravest finding, then what waits longest.
    Triage,
}

/// A message that is held for a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// The sender.
    pub from: String,
    /// The sender's id.
    pub id: String,
    /// For whom it is held.
    pub recipient: String,
}

/// What a reviewer would have done with a held message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// The findings that are waived, by [`Found::name`].
    pub waived: Vec<String>,
    /// The nodes that are taken out, by [`Node::path`].
    pub removed: Vec<String>,
}

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "view", rename_all = "kebab-case")]
pub enum View {
    /// The gateway at a glance.
    Overview(Box<Overview>),
    /// A page of decisions.
    Messages(Rows<Message>),
    /// Groups, the one with most messages first.
    Groups {
        /// The groups.
        groups: Vec<Group>,
    },
    /// What happened, oldest first.
    Journey {
        /// The steps.
        steps: Vec<Step>,
    },
    /// A held message.
    Item(Box<Item>),
    /// Figures of review.
    Quality(Quality),
    /// The rule set.
    Rules(Box<Rules>),
    /// Partners.
    Partners {
        /// One for each peer.
        partners: Vec<Partner>,
    },
    /// The journal.
    Audit(Audit),
    /// A page of records.
    Records(Rows<Step>),
    /// A file to keep.
    Proof {
        /// Its text.
        text: String,
    },
    /// Numbers.
    Metrics {
        /// One for each row of the METRICS table and set of labels.
        samples: Vec<Sample>,
    },
    /// It is not shown.
    Refused {
        /// One line: what was expected, what to do.
        text: String,
    },
}

/// A page of a long list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// How many there are in all, where that is known without reading them.
    pub total: Option<u64>,
}

/// The gateway at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overview {
    /// The home nation.
    pub home: String,
    /// Now, by the gateway's clock.
    pub now: String,
    /// What decisions call the edition in force.
    pub edition: String,
    /// Its digest.
    pub edition_digest: String,
    /// Conditions with their values.
    pub conditions: Vec<(String, String)>,
    /// Whether every process has its walls.
    pub confined: bool,
    /// Records, accepted, undecided, due, delivered, held.
    pub counts: Vec<(String, u64)>,
    /// Held messages by precedence, the most urgent first.
    pub held: Vec<(String, u64)>,
    /// Peers, with their domain.
    pub peers: Vec<Peer>,
    /// Decisions of the last hour, a minute each, oldest first.
    pub minutes: Vec<Minute>,
    /// What has waited for delivery or review longest.
    pub stuck: Vec<Message>,
    /// Alarms by code, with their number since the start.
    pub alarms: Vec<(String, u64)>,
    /// Refusals at doors by code.
    pub refused: Vec<(String, u64)>,
}

/// A peer at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// Whether it is linked.
    pub linked: bool,
    /// Releases that wait for it.
    pub waiting: u64,
    /// Messages from it in the last hour.
    pub sent: u64,
    /// Releases to it in the last hour.
    pub received: u64,
    /// Both together by minute, oldest first, 60 of them.
    #[serde(default)]
    pub flow: Vec<u64>,
}

/// Decisions of a minute.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Minute {
    /// Its begin.
    pub time: String,
    /// Decisions by outcome: forward, quarantine, withhold, reject.
    pub outcomes: Vec<(String, u64)>,
}

/// A decision on a message for a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Message {
    /// The sender.
    pub from: String,
    /// The sender's id.
    pub id: String,
    /// The recipient.
    pub recipient: String,
    /// `FLASH` to `DEFERRED`, as the journal spells it.
    pub precedence: String,
    /// When it was received.
    pub received: String,
    /// The outcome.
    pub outcome: String,
    /// The code, where there is one.
    pub code: String,
    /// What the code means.
    pub sentence: String,
    /// The clause, where there is one.
    pub clause: String,
    /// `due`, `delivered`, `held`, `settled`.
    pub state: String,
    /// The gravest severity among its findings; empty where it has none.
    pub severity: String,
    /// Reviews on record: `0 of 1`, `1 of 2`.
    pub reviews: String,
    /// The officer to whom a colleague passed it; empty where nobody did.
    #[serde(default)]
    pub passed_to: String,
    /// Scheme and classification of its label, such as `GBR SECRET`; empty where no label was validated, or an older program decided.
    #[serde(default)]
    pub classification: String,
    /// Index of the record of decision.
    pub record: u64,
}

/// Held messages whose findings say the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Group {
    /// Code and rule that they share.
    pub code: String,
    /// The rule.
    pub rule: String,
    /// What the code means.
    pub sentence: String,
    /// How many messages.
    pub count: u64,
    /// Since when the oldest waits.
    pub oldest: String,
    /// The most urgent precedence.
    pub precedence: String,
}

/// A record, for people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Step {
    /// Its index.
    pub index: u64,
    /// When.
    pub time: String,
    /// Its kind, as `audit show` names it.
    pub kind: String,
    /// What happened, in one line.
    pub text: String,
    /// Names and values, for those who look closer.
    pub facts: Vec<(String, String)>,
    /// Hash of its leaf.
    pub leaf: String,
}

/// A held message as a reviewer must see it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Item {
    /// The decision that holds it.
    pub message: Message,
    /// What a reviewer may do about it.
    pub remedy: String,
    /// The format.
    pub format: String,
    /// The message in its native form, where that is text; else a rendering of its bytes.
    pub native: String,
    /// Digest of its bytes.
    pub digest: String,
    /// Length in bytes.
    pub length: u64,
    /// Its tree, in order.
    pub tree: Vec<Node>,
    /// Its label, as it was read, then each step of the chain: scheme, equivalence, decision.
    pub chain: Vec<String>,
    /// All findings.
    pub findings: Vec<Found>,
    /// What would leave under the choice; `None` where nothing would.
    pub output: Option<Output>,
    /// What the whole path says under the choice: outcome and code.
    pub would: String,
    /// Persons who must agree.
    pub persons: u8,
    /// Acts on record that this viewer may see: looks, one's own choice, everybody's when all have chosen.
    pub acts: Vec<Act>,
    /// How many choices are on record, whoever may see them.
    pub choices: u8,
    /// When it is refused if nobody decides.
    pub expires: String,
    /// The first lines of whatever is signed about it: `verdict: reject` and the like follow.
    pub head: String,
    /// What an officer who releases under this choice signs, but for name, time and reasons; empty where nothing would leave.
    pub release: String,
}

/// A node of a message's tree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Node {
    /// Depth, from 0.
    pub depth: u16,
    /// Its path in the normal form: what a choice names.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Its own text; empty where it has none.
    pub text: String,
    /// Where it stands in the native form: first byte and the one after the last.
    pub span: Option<(u64, u64)>,
    /// Findings on it, by name.
    pub findings: Vec<String>,
    /// Whether the path takes it out or changes it.
    pub edit: String,
    /// Whether a reviewer may take it out.
    pub removable: bool,
}

/// A finding, as a reviewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Found {
    /// What a choice calls it: code, rule and path.
    pub name: String,
    /// The code.
    pub code: String,
    /// What the code means.
    pub sentence: String,
    /// The rule.
    pub rule: String,
    /// The path.
    pub path: String,
    /// Where it stands in the native form.
    pub span: Option<(u64, u64)>,
    /// How grave.
    pub severity: String,
    /// What it says.
    pub text: String,
    /// Whether a reviewer may waive it; mandatory control may not be.
    pub waivable: bool,
}

/// What would leave.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Output {
    /// The bytes, as text or a rendering.
    pub native: String,
    /// Their digest.
    pub digest: String,
    /// Their number.
    pub length: u64,
    /// Lines of both, each with `+`, `-` or a space before it.
    pub difference: Vec<String>,
    /// Edits: path, what was done, by which rule.
    pub edits: Vec<(String, String, String)>,
}

/// What an officer did about a held message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Act {
    /// Who.
    pub officer: String,
    /// When.
    pub time: String,
    /// `looked`, `release`, `reject`, `return`, `pass`.
    pub what: String,
    /// Why, in the officer's words.
    pub reason: String,
}

/// The rule set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rules {
    /// What decisions call the edition in force.
    pub edition: String,
    /// Its digest.
    pub digest: String,
    /// Acts on editions and conditions, newest first.
    pub acts: Vec<Step>,
    /// Clauses, for people.
    pub clauses: Vec<Clause>,
    /// Its files: path and text.
    pub files: Vec<(String, String)>,
    /// Officers: name and roles.
    pub officers: Vec<(String, String)>,
}

/// A clause, for people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clause {
    /// `agreement/clause`.
    pub name: String,
    /// What it lets pass, as a sentence.
    pub sentence: String,
    /// Releases under it, ever.
    pub releases: u64,
}

/// A partner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Partner {
    /// Its peer.
    pub peer: Peer,
    /// Its nation or community.
    pub nation: String,
    /// Its clearance, as the rule set says.
    pub clearance: String,
    /// Its identity in certificates.
    pub identity: String,
    /// Until when the certificate of its link is good; empty where it is not linked.
    pub certificate_until: String,
    /// Agreements in force with it.
    pub agreements: Vec<String>,
    /// Decisions for it and on what it sent, by outcome.
    pub totals: Vec<(String, u64)>,
    /// The clauses under which something may come from it or go to it, with all releases under each, ever.
    #[serde(default)]
    pub clauses: Vec<Clause>,
}

/// The journal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Audit {
    /// Records.
    pub size: u64,
    /// Root hash.
    pub root: String,
    /// The last checkpoint, a signed note.
    pub checkpoint: String,
    /// Records that it covers.
    pub covered: u64,
    /// The public key under which checkpoints are signed.
    pub key: String,
}

/// A number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Its row in the METRICS table.
    pub name: String,
    /// Labels: name and value.
    pub labels: Vec<(String, String)>,
    /// The number, in the unit of its row.
    pub value: u64,
}
