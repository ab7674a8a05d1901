//! Release: whether a labelled message may go to one recipient, and under which clause of which agreement.
//!
//! Takes [`Labelled`], sender, recipient and [`Circumstances`]; gives [`Permitted`]. Proves, in this order: the recipient's
//! clearance admits the label ([`mandatory`], code, which no rule set can switch off), or the labels of the parts that it is left ([`parts`]); exercise and operation are not mixed
//! ([`exercise`]); a clause in force permits, no policy forbids, and no rule failed while it was asked ([`engine`], Cedar); every third party whose
//! information it carries consents ([`third_party`], code).
//! Deliberately absent: any way to release without a clause to cite.

pub mod compile;
mod desk;
mod doubtful;
pub mod engine;
pub mod exercise;
mod extra;
pub mod mandatory;
mod memo;
pub mod near;
pub mod parts;
#[cfg(test)]
mod plainly;
mod question;
mod sketch;
pub mod stated;
pub mod third_party;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod trial;
mod view;
mod vocabulary;
mod who;

use std::sync::Arc;

pub use compile::About;
pub use engine::{Change, Engine};
pub use parts::{Kept, Withheld};
pub use third_party::Leave;
pub use view::{Needs, PolicyView};

use crate::base::Time;
use crate::label::{Label, Labelled};
use crate::policy::{Clause, PeerEntry, Release};

/// What a decision depends on besides message and rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// The time of the decision: agreements are in force or not.
    pub now: Time,
}

/// Proof that one message may go to one recipient under one clause.
#[derive(Debug)]
#[must_use]
pub struct Permitted<'m, 'a> {
    labelled: &'m Labelled<'a>,
    recipient: &'m PeerEntry,
    clause: Arc<Clause>,
    kept: Kept,
    leave: Leave,
    chain: Vec<String>,
}

impl<'m, 'a> Permitted<'m, 'a> {
    /// The message.
    pub const fn labelled(&self) -> &'m Labelled<'a> {
        self.labelled
    }

    /// The recipient.
    #[must_use]
    pub const fn recipient(&self) -> &'m PeerEntry {
        self.recipient
    }

    /// The label of what this recipient gets: the message's, or the join of the parts that are left.
    #[must_use]
    pub const fn label(&self) -> &Label {
        self.kept.label()
    }

    /// Whose information it carries besides that of those who take part, and by which consents it may go all the same.
    #[must_use]
    pub const fn leave(&self) -> &Leave {
        &self.leave
    }

    /// The parts that this recipient does not get, in document order.
    #[must_use]
    pub fn withheld(&self) -> &[Withheld] {
        self.kept.withheld()
    }

    /// The clause; its id is `agreement/clause`.
    #[must_use]
    pub fn clause(&self) -> &Clause {
        &self.clause
    }

    /// The reasoning, one line a step: mark, scheme, equivalence, decision.
    #[must_use]
    pub fn chain(&self) -> &[String] {
        &self.chain
    }

    /// Whether the clause releases only after people have looked.
    #[must_use]
    pub fn review(&self) -> bool {
        self.clause.release == Release::Review
    }
}
