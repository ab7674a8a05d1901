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
                    let written = [one.values(tag), two.values(tag)].into_iter().flatten().flatten().copied().collect();
                    self.set_audience(scheme, &mut join, tag, together, written);
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

    /// Writes an audience out, unless leaving the tag out says the same at the level of the join and neither label wrote it.
    fn set_audience(&self, scheme: &Policy, join: &mut Label, tag: TagIx, audience: Audience, written: BTreeSet<ValueIx>) {
        if written.is_empty() && self.audience_of(scheme, join, tag) == audience {
            return;
        }
        *join.present(tag) = match audience {
            Audience::Of(values) => values,
            Audience::Everyone => written,
        }
        .into_iter()
        .collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::scheme::LevelIx;
    use crate::label::tests::{clearance, gb, lattice, read, small_policy, us};

    #[test]
    fn equal_hierarchy_is_incomparable() {
        let classes = "<securityClassification name=\"LOW\" lacv=\"9\" hierarchy=\"1\"/><securityClassification name=\"LEFT\" lacv=\"1\" hierarchy=\"2\"/><securityClassification name=\"RIGHT\" lacv=\"2\" hierarchy=\"2\"/>";
        let lattice = Lattice::load(&[small_policy("X", "1.2.9", classes, "")]).unwrap();
        let x = lattice.policy("X").unwrap();
        let label = |name: &str| Label::new(x, lattice.level(x, name).unwrap());
        assert!(lattice.dominates(&label("LEFT"), &label("LOW")) && !lattice.dominates(&label("LOW"), &label("LEFT")));
        assert!(!lattice.dominates(&label("LEFT"), &label("RIGHT")) && !lattice.dominates(&label("RIGHT"), &label("LEFT")));
        assert!(lattice.join(&label("LEFT"), &label("RIGHT")).is_err());
        let left = clearance(&lattice, "X", "LEFT", "GBR", &[]);
        assert!(lattice.admits(&left, &label("LOW")).is_ok() && lattice.admits(&left, &label("RIGHT")).is_err());
    }

    #[test]
    fn a_label_without_recipients_stands_above_every_list_of_them_where_it_is_the_owners() {
        let over = |high: &str, low: &str| lattice().dominates(&us(high), &us(low));
        assert!(over("SECRET", "SECRET//REL TO USA, GBR") && !over("SECRET//REL TO USA, GBR", "SECRET"));
        assert!(over("SECRET//REL TO USA, GBR", "SECRET//REL TO USA, AUS, GBR") && !over("SECRET//REL TO USA, AUS", "SECRET//REL TO USA, GBR"));
        // Groups are not opened: what one would see in their members, the order does not.
        assert!(!over("SECRET//REL TO USA, GBR", "SECRET//REL TO USA, FVEY"));
        assert!(over("SECRET//NOFORN", "CONFIDENTIAL") && !over("CONFIDENTIAL//NOFORN", "SECRET//NOFORN"));
        assert!(over("SECRET//NOFORN", "SECRET") && !over("SECRET", "SECRET//NOFORN"));
        assert!(!lattice().dominates(&gb("SECRET"), &us("SECRET")), "labels of two policies have no order");
        assert_eq!(lattice().join(&gb("SECRET"), &us("SECRET")).unwrap_err().reason, Reason::LabelDisagree);
    }

    #[test]
    fn joined_lists_without_a_common_recipient_permit_nobody() {
        let join = lattice().join(&us("SECRET//REL TO USA, GBR"), &us("CONFIDENTIAL//SI//REL TO USA, AUS")).unwrap();
        let view = lattice().view(&join);
        assert_eq!((view.classification.as_str(), view.releasable_to.as_slice()), ("SECRET", &["USA".to_owned()][..]));
        assert_eq!(view.categories["SCI Controls"], ["SI"]);
        let nato = |line: &str| read("NATO", line).unwrap();
        let apart = lattice().join(&nato("NATO/KFOR SECRET"), &nato("NATO SECRET")).unwrap();
        assert_eq!(lattice().view(&apart).categories["Context"], Vec::<String>::new());
        // Where everyone is permitted by a value, the value stays: the policy asks for the tag.
        let open = lattice().join(&nato("NATO RESTRICTED Releasable to JPN"), &nato("NATO RESTRICTED Releasable to UKR")).unwrap();
        assert_eq!(lattice().view(&open).categories["Context"], ["NATO", "Releasable"]);
        assert_eq!(lattice().view(&open).categories["Releasable To"], ["NATO"]);
    }

    #[test]
    fn a_join_stays_the_owners_though_its_level_is_open_to_all() {
        let classes =
            "<securityClassification name=\"LOW\" lacv=\"1\" hierarchy=\"1\"/><securityClassification name=\"HIGH\" lacv=\"2\" hierarchy=\"2\"/>";
        let tags = "<securityCategoryTagSets><securityCategoryTagSet name=\"To\" id=\"1.2.3\"><securityCategoryTag tagType=\"permissive\"><tagCategory name=\"GBR\" lacv=\"1\"/><tagCategory name=\"USA\" lacv=\"2\"/></securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets>";
        let mut file = small_policy("X", "1.2.9", classes, tags);
        file.constraints = Some(("X.toml".into(), "owner = \"GBR\"\nrelease = \"To\"\nunmarked = { LOW = \"owner\", HIGH = \"open\" }".into()));
        let lattice = Lattice::load(&[file]).unwrap();
        let x = lattice.policy("X").unwrap();
        let (low, high) = (Label::new(x, LevelIx::at(0)), Label::new(x, LevelIx::at(1)));
        let join = lattice.join(&low, &high).unwrap();
        assert!(lattice.dominates(&join, &low) && lattice.dominates(&join, &high) && !lattice.dominates(&high, &low));
        assert!(lattice.admits(&clearance(&lattice, "X", "HIGH", "USA", &[]), &high).is_ok());
        assert!(lattice.admits(&clearance(&lattice, "X", "HIGH", "USA", &[]), &join).is_err());
    }
}
