//! The order of labels of one policy, and the least label above two.
//!
//! Order: level by `hierarchy`, restrictive values by inclusion, permissive audiences by inclusion the other way, where
//! an absent tag is everyone (or the owner, where the policy says so) and an empty one nobody. Informative values have no
//! part. The join of labels of two policies does not exist.

use std::collections::BTreeSet;

use super::lattice::{Lattice, kind_of};
use super::mark::Label;
use super::scheme::{Holders, Policy, TagIx, TagKind, Unmarked, ValueIx};
use crate::base::{Reason, Refusal};

/// Who may read, as far as one permissive tag says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Audience {
    /// The tag constrains nobody.
    Everyone,
    /// Those who hold one of these.
    Of(BTreeSet<ValueIx>),
}

impl Audience {
    fn within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Everyone) => true,
            (Self::Everyone, Self::Of(_)) => false,
            (Self::Of(one), Self::Of(two)) => one.is_subset(two),
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everyone, rest) | (rest, Self::Everyone) => rest,
            (Self::Of(one), Self::Of(two)) => Self::Of(one.intersection(&two).copied().collect()),
        }
    }
}

impl Lattice {
    /// Whether `high` dominates `low`: whoever may read `high` may read `low`.
    #[must_use]
    pub fn dominates(&self, high: &Label, low: &Label) -> bool {
        let Ok(scheme) = self.scheme(high.policy) else { return false };
        if high.policy != low.policy {
            return false;
        }
        let ranks = (self.rank(high.policy, high.level), self.rank(low.policy, low.level));
        let level_fits = high.level == low.level || ranks.0 > ranks.1;
        level_fits
            && (0..scheme.tags.len()).map(TagIx::at).all(|tag| match kind_of(scheme, tag) {
                Some(TagKind::Restrictive) => low.values(tag).unwrap_or_default().iter().all(|value| high.has(tag, *value)),
                Some(TagKind::Permissive) => self.audience_of(scheme, high, tag).within(&self.audience_of(scheme, low, tag)),
                Some(TagKind::Informative) => true,
                None => false,
            })
    }

    /// The least label that dominates both: the label of content put together from two.
    ///
    /// # Errors
    /// `label.disagree` for labels of two policies, or of two incomparable classifications.
    // SPEC: ADatP-4774.1, 4.4, but for its step 3: an empty intersection stays, as nobody, where the standard drops the tag.
    pub fn join(&self, one: &Label, two: &Label) -> Result<Label, Refusal> {
        let scheme = self.scheme(one.policy)?;
        let ranks = (self.rank(one.policy, one.level), self.rank(two.policy, two.level));
        if one.policy != two.policy || (one.level != two.level && ranks.0 == ranks.1) {
            return Err(Refusal::new(Reason::LabelDisagree, "expected labels of one policy and comparable classifications"));
        }
        let mut join = Label::new(one.policy, if ranks.0 >= ranks.1 { one.level } else { two.level });
        for tag in (0..scheme.tags.len()).map(TagIx::at) {
            match kind_of(scheme, tag) {
                Some(TagKind::Permissive) => {
                    let together = self.audience_of(scheme, one, tag).and(self.audience_of(scheme, two, tag));
                    self.set_audience(&mut join, tag, together, one.values(tag).is_none() && two.values(tag).is_none());
                }
                _ => {
                    for value in one.values(tag).into_iter().chain(two.values(tag)).flatten() {
                        join.add(tag, *value);
                    }
                }
            }
        }
        Ok(join)
    }

    /// Both labels leave the tag out: so does the join. Otherwise the audience is written out, if it is nobody.
    fn set_audience(&self, join: &mut Label, tag: TagIx, audience: Audience, absent_in_both: bool) {
        if let Audience::Of(values) = audience
            && !absent_in_both
        {
            *join.present(tag) = values.into_iter().collect();
        }
    }

    fn audience_of(&self, scheme: &Policy, label: &Label, tag: TagIx) -> Audience {
        match label.values(tag) {
            None => match (self.owner_value(label.policy), self.level_data(label.policy, label.level).map(|level| level.unmarked)) {
                (Some((release, owner)), Some(Unmarked::Owner)) if release == tag => Audience::Of(BTreeSet::from([owner])),
                _ => Audience::Everyone,
            },
            Some(values) => {
                let everyones = |value: &ValueIx| {
                    scheme
                        .tags
                        .get(tag.index())
                        .and_then(|found| found.values.get(value.index()))
                        .is_some_and(|found| found.holders == Holders::Everyone)
                };
                if values.iter().any(everyones) { Audience::Everyone } else { Audience::Of(values.iter().copied().collect()) }
            }
        }
    }
}
