//! The journal: the append-only record of every fact, and the views that are made from it.
//!
//! Takes [`Event`]s, gives [`Receipt`]s and views: outbox, quarantine, journeys, totals. An append returns after its
//! records are durable, all of them or none. Records are the leaves of a Merkle tree, which the room `audit` signs and proves.
//! [`Journal`] is the contract; [`embedded`] keeps it on one machine. Deliberately absent: formats, rules and clocks.

mod act;
pub mod embedded;
mod event;
mod listing;
mod review;
pub mod merkle;
pub mod seal;
mod told;
mod view;

use std::pin::Pin;

pub use act::{ConditionAct, EditionAct, Hand, Step};
pub use event::{
    Accepted, Body, Checkpointed, Decided, Decision, Delivered, Effect, Event, Marking, MessageKey, Operated, Origin, Record, Released, Restored,
    Stated,
};
pub use listing::{Alike, Glance, Listed, ListedRow, Listing, MinuteRow, OpenSeed, Place, ReviewAct, SeedAnswer, Seeds, Sequence};
pub use review::{Choice, Looked, Pending, Reviewed, Seeded, Verdict, Waived};
pub use view::{Copy, Counts, Due, Entry, Filter, Head, Outgoing, Page, Paged, Receipt, Row, State, Statement, Tally, Trail, Waiting};

use crate::base::{Fault, MessageId, Name, Precedence, Refusal, Time};

/// An answer that comes later.
pub type Later<'a, T, E = Fault> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Appended {
    /// The events are durable; the first one has this index.
    Kept {
        /// Index of the first record.
        first: u64,
        /// The receipt, where one of the events is an acceptance.
        receipt: Option<Receipt>,
    },
    /// The acceptance among the events is on record already, with the same content: nothing was written, this is the first receipt.
    Repeated(Receipt),
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The message is at fault, or comes at a bad time: `size.busy`, `frame.id_reused`.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The events contradict the facts so far: a decision for an unknown message, a second delivery.
    #[error("the journal holds other facts: {0}")]
    Contradiction(String),
    /// The store failed. From then on the engine takes nothing more.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A durable record of facts, with views. Object safe, so that an engine on several machines can stand in.
pub trait Journal: Send + Sync {
    /// Appends events atomically; answers after they are durable. They are queued by the call itself: dropping the answer
    /// does not take them back.
    ///
    /// Work of precedence FLASH overtakes work that waits. An acceptance may stand together with the decision on it.
    fn append(&self, events: Vec<Event>, precedence: Precedence) -> Later<'_, Appended, Denied>;

    /// The receipt that a sender was given for an id, if any.
    fn receipt_of<'a>(&'a self, from: &'a Name, id: MessageId) -> Later<'a, Option<Receipt>>;

    /// Messages accepted and not decided, the most urgent first, then in order of acceptance; after a restart they are decided again.
    fn undecided(&self, rows: u32) -> Later<'_, Vec<Waiting>>;

    /// Releases due to a recipient, the most urgent first, then in order of acceptance.
    fn outbox<'a>(&'a self, recipient: &'a Name, rows: u32) -> Later<'a, Vec<Outgoing>>;

    /// Recipients to which releases are due.
    fn undelivered(&self) -> Later<'_, Vec<Due>>;

    /// Rows of the table of decisions, newest first.
    fn decisions(&self, filter: Filter, page: Page) -> Later<'_, Paged<Row>>;

    /// Rows that are held for review, newest first.
    fn quarantine(&self, filter: Filter, page: Page) -> Later<'_, Paged<Row>> {
        self.decisions(Filter { state: Some(State::Held), ..filter }, page)
    }

    /// Everything that happened to the messages of an id, oldest first; more than one sender may have used it.
    fn message(&self, id: MessageId) -> Later<'_, Vec<Entry>>;

    /// The body of a message as it came; `None` where it was dropped after its time, or never was.
    fn body<'a>(&'a self, message: &'a MessageKey) -> Later<'a, Option<Vec<u8>>>;

    /// Records in order, from an index on.
    fn records(&self, page: Page) -> Later<'_, Paged<Entry>>;

    /// Every act of officers, oldest first: editions and conditions.
    fn acts(&self) -> Later<'_, Vec<Entry>>;

    /// Decisions for people, as many as a page has; what it reads beyond them is bounded.
    fn listing(&self, listing: Listing) -> Later<'_, Listed>;

    /// What stands at one moment, with the minutes since a time.
    fn glance(&self, since: Time) -> Later<'_, Glance>;

    /// What is held, by code and rule, most messages first.
    fn alike(&self) -> Later<'_, Vec<Alike>>;

    /// Records, newest first; `after` is the index of the last one that was seen.
    fn latest(&self, page: Page) -> Later<'_, Paged<Entry>>;

    /// Releases ever, by clause.
    fn clauses(&self) -> Later<'_, Vec<(Name, u64)>>;

    /// The last checkpoint, a signed note.
    fn last_checkpoint(&self) -> Later<'_, Option<String>>;

    /// What reviewers did: the latest, oldest first.
    fn reviews(&self, rows: u32) -> Later<'_, Vec<ReviewAct>>;

    /// Known items: those that wait for reviewers, and what became of the others.
    fn seeds(&self) -> Later<'_, Seeds>;

    /// Totals.
    fn counts(&self) -> Later<'_, Counts>;

    /// The tree as it is now.
    fn head(&self) -> Later<'_, Head>;

    /// The statements that were taken, oldest first: consents and recalls, or those of one identity, whatever their kind.
    fn statements(&self, id: Option<MessageId>) -> Later<'_, Vec<Statement>>;

    /// The messages whose body has a digest. Reads through all messages: for recalls, which are rare.
    fn messages_of(&self, body: crate::base::Digest) -> Later<'_, Vec<MessageKey>>;

    /// Where a message went, and whose information it carries; nothing where it was never accepted.
    fn trail<'a>(&'a self, message: &'a MessageKey) -> Later<'a, Option<Trail>>;

    /// Drops contents of messages received before a time for which nothing is due or held; records stay. Gives their number, at most
    /// 1000: to be called again while it gives more than none.
    /// The caller records who asked for it, as [`Operated`].
    fn drop_contents(&self, received_before: crate::base::Time) -> Later<'_, u64>;
}
