//! The order of labels of one policy, and the least label above two.
//!
//! Order: level by `hierarchy`, restrictive values by inclusion, permissive audiences by inclusion the other way, where
//! an absent tag is everyone (or the owner, where the policy says so) and an empty one nobody. A group is opened to those who
//! are its members at the time; one that is not opened is in no list but those that name it. Informative values have no
//! part. The join of labels of two policies does not exist.

use std::collections::BTreeSet;

use super::lattice::{Lattice, kind_of};
use super::mark::Label;
use super::origin::conceal;
use super::scheme::{Holders, Policy, PolicyIx, TagIx, TagKind, Unmarked, ValueIx};
use crate::base::{Reason, Refusal, Time};

/// Who may read, as far as one permissive tag says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Audience {
    /// The tag constrains nobody.
    Everyone,
    /// Those who hold one of these.
    Of(BTreeSet<ValueIx>),
}

/// A permissive tag whose groups are opened, at a time.
#[derive(Clone, Copy)]
struct Opened<'l> {
    lattice: &'l Lattice,
    policy: PolicyIx,
    tag: TagIx,
    now: Time,
}

impl Opened<'_> {
    /// Whether all who are in `one` are in `two`: by the same entry, or as a member of a group of it.
    fn within(self, one: &Audience, two: &Audience) -> bool {
        match (one, two) {
            (_, Audience::Everyone) => true,
            (Audience::Everyone, Audience::Of(_)) => false,
            (Audience::Of(one), Audience::Of(two)) => one.is_subset(two) || one.is_subset(&self.reached(two)),
        }
    }

    /// Those who are in both. A group that is in one of them alone is written as its members: who is in the other by a group of its own must be in both.
    fn both(self, one: Audience, two: Audience) -> Audience {
        match (one, two) {
            (Audience::Everyone, rest) | (rest, Audience::Everyone) => rest,
            (Audience::Of(one), Audience::Of(two)) if one == two => Audience::Of(one),
            (Audience::Of(one), Audience::Of(two)) => {
                let shared: BTreeSet<ValueIx> = self.reached(&one).intersection(&self.reached(&two)).copied().collect();
                // A member of a group that stays is written only where one of the lists wrote it.
                let members: BTreeSet<ValueIx> = shared.iter().flat_map(|value| self.members(*value)).collect();
                Audience::Of(shared.into_iter().filter(|value| !members.contains(value) || one.contains(value) || two.contains(value)).collect())
            }
        }
    }

    /// A list with the members of its groups beside them, as far as the policy has a code for them.
    fn reached(self, list: &BTreeSet<ValueIx>) -> BTreeSet<ValueIx> {
        list.iter().flat_map(|value| std::iter::once(*value).chain(self.members(*value))).collect()
    }

    fn members(self, value: ValueIx) -> impl Iterator<Item = ValueIx> {
        let name = self.lattice.value_data(self.policy, self.tag, value).map_or("", |value| value.name.as_str());
        let members = self.lattice.members(self.policy, name, self.now);
        members.filter_map(move |member| {
            self.lattice.values_named(self.policy, member).iter().find(|(tag, _)| *tag == self.tag).map(|(_, value)| *value)
        })
    }
}

impl Lattice {
    /// Whether `high` dominates `low`: whoever may read `high` may read `low`, as memberships of groups are now.
    #[must_use]
    pub fn dominates(&self, high: &Label, low: &Label, now: Time) -> bool {
        let Ok(scheme) = self.scheme(high.policy) else { return false };
        if high.policy != low.policy {
            return false;
        }
        let ranks = (self.rank(high.policy, high.level), self.rank(low.policy, low.level));
        let level_fits = high.level == low.level || ranks.0 > ranks.1;
        level_fits
            && (0..scheme.tags.len()).map(TagIx::at).all(|tag| match kind_of(scheme, tag) {
                Some(TagKind::Restrictive) => low.values(tag).unwrap_or_default().iter().all(|value| high.has(tag, *value)),
                Some(TagKind::Permissive) => {
                    let opened = Opened { lattice: self, policy: high.policy, tag, now };
                    opened.within(&self.audience_of(scheme, high, tag), &self.audience_of(scheme, low, tag))
                }
                Some(TagKind::Informative) => true,
                None => false,
            })
    }

    /// The least label that dominates both: the label of content put together from two, as memberships of groups are now.
    ///
    /// # Errors
    /// `label.disagree` for labels of two policies, or of two incomparable classifications.
    // SPEC: ADatP-4774.1, 4.4, but for its step 3: an empty intersection stays, as nobody, where the standard drops the tag.
    pub fn join(&self, one: &Label, two: &Label, now: Time) -> Result<Label, Refusal> {
        let scheme = self.scheme(one.policy)?;
        let ranks = (self.rank(one.policy, one.level), self.rank(two.policy, two.level));
        if one.policy != two.policy || (one.level != two.level && ranks.0 == ranks.1) {
            return Err(Refusal::new(Reason::LabelDisagree, "expected labels of one policy and comparable classifications"));
        }
        let mut join = Label::new(one.policy, if ranks.0 >= ranks.1 { one.level } else { two.level });
        for tag in (0..scheme.tags.len()).map(TagIx::at) {
            match kind_of(scheme, tag) {
                Some(TagKind::Permissive) => {
                    let opened = Opened { lattice: self, policy: one.policy, tag, now };
                    let together = opened.both(self.audience_of(scheme, one, tag), self.audience_of(scheme, two, tag));
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
        if let Some(origins) = scheme.origins {
            if one.values(origins.joint) != two.values(origins.joint) {
                self.owners_as_sources(&mut join, origins);
            }
            conceal(origins, &mut join);
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
    use crate::label::tests::{clearance, gb, lattice, now, read, small_policy, us};

    #[test]
    fn equal_hierarchy_is_incomparable() {
        let classes = "<securityClassification name=\"LOW\" lacv=\"9\" hierarchy=\"1\"/><securityClassification name=\"LEFT\" lacv=\"1\" hierarchy=\"2\"/><securityClassification name=\"RIGHT\" lacv=\"2\" hierarchy=\"2\"/>";
        let lattice = Lattice::load(&[small_policy("X", "1.2.9", classes, "")]).unwrap();
        let x = lattice.policy("X").unwrap();
        let label = |name: &str| Label::new(x, lattice.level(x, name).unwrap());
        assert!(lattice.dominates(&label("LEFT"), &label("LOW"), now()) && !lattice.dominates(&label("LOW"), &label("LEFT"), now()));
        assert!(!lattice.dominates(&label("LEFT"), &label("RIGHT"), now()) && !lattice.dominates(&label("RIGHT"), &label("LEFT"), now()));
        assert!(lattice.join(&label("LEFT"), &label("RIGHT"), now()).is_err());
        let left = clearance(&lattice, "X", "LEFT", "GBR", &[]);
        assert!(lattice.admits(&left, &label("LOW")).is_ok() && lattice.admits(&left, &label("RIGHT")).is_err());
    }

    #[test]
    fn a_label_without_recipients_stands_above_every_list_of_them_where_it_is_the_owners() {
        let over = |high: &str, low: &str| lattice().dominates(&us(high), &us(low), now());
        assert!(over("SECRET", "SECRET//REL TO USA, GBR") && !over("SECRET//REL TO USA, GBR", "SECRET"));
        assert!(over("SECRET//REL TO USA, GBR", "SECRET//REL TO USA, AUS, GBR") && !over("SECRET//REL TO USA, AUS", "SECRET//REL TO USA, GBR"));
        // Groups are opened, but one group is in no other: who is in it may be no nation.
        assert!(over("SECRET//REL TO USA, GBR", "SECRET//REL TO USA, FVEY") && !over("SECRET//REL TO USA, FVEY", "SECRET//REL TO USA, GBR"));
        assert!(!over("SECRET//REL TO USA, ACGU", "SECRET//REL TO USA, FVEY") && !over("SECRET//REL TO USA, FVEY", "SECRET//REL TO USA, ACGU"));
        assert!(over("SECRET//NOFORN", "CONFIDENTIAL") && !over("CONFIDENTIAL//NOFORN", "SECRET//NOFORN"));
        assert!(over("SECRET//NOFORN", "SECRET") && !over("SECRET", "SECRET//NOFORN"));
        assert!(!lattice().dominates(&gb("SECRET"), &us("SECRET"), now()), "labels of two policies have no order");
        assert_eq!(lattice().join(&gb("SECRET"), &us("SECRET"), now()).unwrap_err().reason, Reason::LabelDisagree);
    }

    #[test]
    fn joined_lists_without_a_common_recipient_permit_nobody() {
        let join = lattice().join(&us("SECRET//REL TO USA, GBR"), &us("CONFIDENTIAL//SI//REL TO USA, AUS"), now()).unwrap();
        let view = lattice().view(&join);
        assert_eq!((view.classification.as_str(), view.releasable_to.as_slice()), ("SECRET", &["USA".to_owned()][..]));
        assert_eq!(view.categories["SCI Controls"], ["SI"]);
        let nato = |line: &str| read("NATO", line).unwrap();
        let apart = lattice().join(&nato("NATO/KFOR SECRET"), &nato("NATO SECRET"), now()).unwrap();
        assert_eq!(lattice().view(&apart).categories["Context"], Vec::<String>::new());
        // Where everyone is permitted by a value, the value stays: the policy asks for the tag.
        let open = lattice().join(&nato("NATO RESTRICTED Releasable to JPN"), &nato("NATO RESTRICTED Releasable to UKR"), now()).unwrap();
        assert_eq!(lattice().view(&open).categories["Context"], ["NATO", "Releasable"]);
        assert_eq!(lattice().view(&open).categories["Releasable To"], ["NATO"]);
    }

    #[test]
    fn a_join_opens_a_group_that_is_in_one_list_alone_and_keeps_one_that_is_in_both() {
        let joined = |one: &str, two: &str| lattice().view(&lattice().join(&us(one), &us(two), now()).unwrap()).releasable_to;
        assert_eq!(joined("SECRET//REL TO USA, FVEY", "SECRET//REL TO USA, GBR"), ["GBR", "USA"]);
        assert_eq!(joined("SECRET//REL TO USA, FVEY", "SECRET//REL TO USA, ACGU"), ["AUS", "CAN", "GBR", "USA"]);
        assert_eq!(joined("SECRET//REL TO USA, FVEY", "SECRET//REL TO USA, NATO"), ["CAN", "GBR", "USA"]);
        assert_eq!(joined("SECRET//REL TO USA, FVEY", "SECRET//REL TO USA, DEU, FVEY"), ["USA", "FVEY"]);
        assert_eq!(joined("SECRET//REL TO USA, FVEY", "SECRET//REL TO USA, GBR, FVEY"), ["GBR", "USA", "FVEY"]);
        assert_eq!(joined("SECRET//REL TO USA, ISAC", "SECRET//REL TO USA, GBR"), ["USA"]);
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
        let join = lattice.join(&low, &high, now()).unwrap();
        assert!(lattice.dominates(&join, &low, now()) && lattice.dominates(&join, &high, now()) && !lattice.dominates(&high, &low, now()));
        assert!(lattice.admits(&clearance(&lattice, "X", "HIGH", "USA", &[]), &high).is_ok());
        assert!(lattice.admits(&clearance(&lattice, "X", "HIGH", "USA", &[]), &join).is_err());
    }
}
