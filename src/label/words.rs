//! Marking words as values of a policy: what the readers of banners and of Cursor-on-Target share.

use super::lattice::Lattice;
use super::mark::Label;
use super::scheme::{ImpliedWhen, Policy, PolicyIx, TagIx, TagKind, ValueIx};
use crate::base::{Reason, Refusal};

/// A refusal of a marking that is not written as its grammar says.
pub(in crate::label) fn malformed(expected: impl Into<String>) -> Refusal {
    Refusal::new(Reason::LabelMalformed, expected)
}

/// A refusal of a word that the policy does not have. The word itself is message content and is not repeated.
pub(in crate::label) fn unknown(expected: impl Into<String>) -> Refusal {
    Refusal::new(Reason::LabelCategoryUnknown, expected)
}

impl Lattice {
    /// The level that a marking word names.
    pub(in crate::label) fn named_level(&self, policy: PolicyIx, word: &str) -> Result<super::scheme::LevelIx, Refusal> {
        self.level(policy, word).ok_or_else(|| {
            let scheme = self.policies().get(policy.index());
            let names: Vec<_> = scheme.into_iter().flat_map(|scheme| &scheme.levels).map(|level| format!("`{}`", level.name)).collect();
            Refusal::new(Reason::LabelLevelUnknown, format!("expected a classification of `{}`: {}", self.policy_name(policy), names.join(", ")))
        })
    }

    /// The value of a name in a tag set.
    pub(in crate::label) fn value_in(&self, policy: PolicyIx, set: &str, name: &str) -> Option<(TagIx, ValueIx)> {
        let in_set = |tag: TagIx| self.tag_data(policy, tag).is_some_and(|tag| tag.set == set);
        self.values_named(policy, name).iter().copied().find(|(tag, _)| in_set(*tag))
    }

    /// The value of a name in the release tag.
    pub(in crate::label) fn recipient(&self, policy: PolicyIx, code: &str) -> Result<(TagIx, ValueIx), Refusal> {
        let release = self.scheme(policy)?.release;
        let found = self.values_named(policy, code).iter().copied().find(|(tag, _)| Some(*tag) == release);
        found.ok_or_else(|| unknown(format!("expected codes of nations or groups that `{}` lists", self.policy_name(policy))))
    }

    /// The value that a caveat word names: restrictive or informative, at one place, and no recipient.
    pub(in crate::label) fn caveat(&self, policy: PolicyIx, word: &str) -> Option<(TagIx, ValueIx)> {
        let places = self.values_named(policy, word);
        let release = self.policies().get(policy.index())?.release;
        let permissive = |tag: TagIx| Some(tag) == release || self.tag_data(policy, tag).is_some_and(|tag| tag.kind == TagKind::Permissive);
        match places {
            [(tag, value)] if !permissive(*tag) => Some((*tag, *value)),
            _ => None,
        }
    }
}

/// Adds what a marking says without having room for it.
pub(in crate::label) fn add_implied(scheme: &Policy, label: &mut Label) {
    let released = scheme.release.is_some_and(|release| label.values(release).is_some());
    for implied in &scheme.implied {
        // A context that the marking names stands in place of the implied one.
        let named = implied.when == ImpliedWhen::Always && label.values(implied.tag).is_some();
        if !named && (released || implied.when == ImpliedWhen::Always) {
            label.add(implied.tag, implied.value);
        }
    }
}
