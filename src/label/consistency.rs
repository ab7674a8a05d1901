//! What may not fit together in the markings of a message, and what of it a rule set weighs.
//!
//! A label that is contradicted is never released: of these an officer says how grave they are, and whether the message is held or refused.
//! What is only worth knowing ([`Remark`]) is told beside the label, and an officer may have it hold a message. Deliberately absent: any way to
//! let a contradiction pass.

use std::collections::BTreeSet;

use super::lattice::Lattice;
use super::mark::Label;
use super::portion::MarkedPart;
use crate::base::{Place, Reason, Time};
use crate::normal::{NodeId, Tree};

/// How far a rule set may go in what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The message does not leave: it is held or refused.
    Stops,
    /// The message may leave: it is told, held or refused.
    Tells,
}

/// A row of the table.
#[derive(Debug)]
pub struct Check {
    /// Name, as rule sets write it.
    pub name: &'static str,
    /// What does not fit.
    pub sentence: &'static str,
    /// The reason that it gives.
    pub reason: Reason,
    /// How far a rule set may go.
    pub weight: Weight,
}

/// All that is compared.
pub static CHECKS: [Check; 7] = [
    Check {
        name: "label-banner",
        sentence: "a banner line in the text says something else than the label",
        reason: Reason::LabelBannerAbove,
        weight: Weight::Stops,
    },
    Check {
        name: "label-portion",
        sentence: "a part or a paragraph is marked above the message",
        reason: Reason::LabelPortionAbove,
        weight: Weight::Stops,
    },
    Check {
        name: "label-metadata",
        sentence: "the metadata are marked above the message",
        reason: Reason::LabelMetadataAbove,
        weight: Weight::Stops,
    },
    Check {
        name: "label-copies",
        sentence: "two places of header or body say different labels",
        reason: Reason::LabelDisagree,
        weight: Weight::Stops,
    },
    Check {
        name: "label-review-date",
        sentence: "the label was to be reviewed before now; it is valid all the same",
        reason: Reason::LabelReviewPast,
        weight: Weight::Tells,
    },
    Check {
        name: "label-succession-date",
        sentence: "the label was to be succeeded before now; the present one counts all the same",
        reason: Reason::LabelSuccessionPast,
        weight: Weight::Tells,
    },
    Check {
        name: "label-parts",
        sentence: "each part names recipients, and all together name nobody",
        reason: Reason::LabelPartsApart,
        weight: Weight::Tells,
    },
];

/// The row of a reason.
#[must_use]
pub fn check_of(reason: Reason) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.reason == reason)
}

/// Something that is worth knowing of a label that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// A reason of [`CHECKS`].
    pub reason: Reason,
    /// Where.
    pub place: Place,
}

/// The dates of a label after which somebody was to do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dates {
    /// To be reviewed by then.
    pub review: Option<Time>,
    /// To be succeeded from then on.
    pub succession: Option<Time>,
}

impl Dates {
    /// The reasons of those that have passed.
    // SPEC: ADatP-4774: a label whose review date has passed stays valid. Decision vector 9: a guard applies no successor by the clock alone.
    pub(in crate::label) fn passed(self, now: Time) -> impl Iterator<Item = Reason> {
        let review = self.review.filter(|review| *review < now).map(|_| Reason::LabelReviewPast);
        let succession = self.succession.filter(|succession| *succession < now).map(|_| Reason::LabelSuccessionPast);
        review.into_iter().chain(succession)
    }
}

/// Whether parts that all name others than their owner have together nobody else left.
pub(in crate::label) fn apart(lattice: &Lattice, join: &Label, parts: &[MarkedPart], tree: &Tree<'_>) -> Option<Remark> {
    let others = |label: &Label| {
        let owner = lattice.scheme(label.policy).ok().and_then(|scheme| scheme.owner.clone());
        let named: BTreeSet<String> = lattice.view(label).releasable_to.into_iter().filter(|name| Some(name) != owner.as_ref()).collect();
        named
    };
    let released = lattice.scheme(join.policy).ok().and_then(|scheme| scheme.release).is_some_and(|release| join.values(release).is_some());
    let nobody = released && others(join).is_empty() && !parts.iter().any(|part| others(&part.label).is_empty());
    let place = Place { span: Some(tree.node(NodeId::ROOT).span), path: tree.path(NodeId::ROOT) };
    nobody.then_some(Remark { reason: Reason::LabelPartsApart, place })
}
