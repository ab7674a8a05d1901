//! Clearances, and whether one admits a label: mandatory control, in code, before any rule is asked.
//!
//! Takes a peer's entry and a label of the same policy. Proves for an admitted label: its level is in the set of
//! levels held, every restrictive value is held, one value of every permissive tag is held, and nothing in it
//! keeps it within its nation. Deliberately absent: any way for a rule set to switch a check off.

use std::collections::{BTreeMap, BTreeSet};

use super::lattice::Lattice;
use super::mark::{Category, Label};
use super::scheme::{Holders, LevelIx, Policy, PolicyIx, Status, Tag, TagIx, TagKind, TagValue, ValueIx};
use crate::base::{Name, Reason, Refusal};

/// What a peer is cleared for in one policy. Levels are a set, not a maximum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearance {
    /// Policy.
    pub policy: PolicyIx,
    /// Levels held.
    pub levels: BTreeSet<LevelIx>,
    /// Restrictive values held.
    pub restrictive: BTreeMap<TagIx, BTreeSet<ValueIx>>,
    /// Permissive values held: the groups that the peer is in.
    pub permissive: BTreeMap<TagIx, BTreeSet<ValueIx>>,
}

impl Lattice {
    /// The clearance of a peer of `nation` and `communities` in `policy`: levels up to `up_to`, and the named restrictive values (tag set to values).
    ///
    /// Permissive values follow from who the peer is: every value that names its nation or a community of it, and those that everyone holds.
    ///
    /// # Errors
    /// One line that says which name the policy does not know, or cannot be given to this peer.
    pub fn clearance(
        &self,
        policy: PolicyIx,
        up_to: &str,
        restrictive: &BTreeMap<String, BTreeSet<String>>,
        nation: &str,
        communities: &BTreeSet<Name>,
    ) -> Result<Clearance, String> {
        let scheme = self.scheme(policy).map_err(|refusal| refusal.detail)?;
        let levels = levels_up_to(scheme, up_to)?;
        let permissive = self.permissive_of(policy, nation, communities);
        let mut clearance = Clearance { policy, levels, restrictive: BTreeMap::new(), permissive };
        for (set, values) in restrictive {
            for value in values {
                let (tag, value) = restrictive_value(scheme, set, value, nation)?;
                clearance.restrictive.entry(tag).or_default().insert(value);
            }
        }
        for (tag_at, tag) in scheme.tags.iter().enumerate() {
            for (value_at, value) in tag.values.iter().enumerate() {
                let owner = value.holders == Holders::Owner && scheme.owner.as_deref() == Some(nation);
                if owner && tag.kind == TagKind::Restrictive {
                    clearance.restrictive.entry(TagIx::at(tag_at)).or_default().insert(ValueIx::at(value_at));
                }
            }
        }
        Ok(clearance)
    }

    /// The permissive values of a policy that a nation with its communities holds: every one that names it or them, and those that everyone holds.
    #[must_use]
    pub fn permissive_of(&self, policy: PolicyIx, nation: &str, communities: &BTreeSet<Name>) -> BTreeMap<TagIx, BTreeSet<ValueIx>> {
        let mut held: BTreeMap<TagIx, BTreeSet<ValueIx>> = BTreeMap::new();
        let Ok(scheme) = self.scheme(policy) else { return held };
        for (tag_at, tag) in scheme.tags.iter().enumerate().filter(|(_, tag)| tag.kind == TagKind::Permissive) {
            let values = tag.values.iter().enumerate().filter(|(_, value)| permits(scheme, value, nation, communities));
            let values: BTreeSet<ValueIx> = values.map(|(at, _)| ValueIx::at(at)).collect();
            if !values.is_empty() {
                held.insert(TagIx::at(tag_at), values);
            }
        }
        held
    }

    /// Whether a clearance admits a label of its own policy.
    ///
    /// # Errors
    /// `clearance.unknown` for a label of another policy; else, in this order, `clearance.level`, `clearance.national_only`,
    /// `clearance.restrictive`, `clearance.permissive`, `clearance.originator`.
    // SPEC: ADatP-4774.1, access decision: policy equal, classification in the list, each permissive category shares a value, each restrictive value held.
    pub fn admits(&self, clearance: &Clearance, label: &Label) -> Result<(), Refusal> {
        let scheme = self.scheme(label.policy)?;
        if clearance.policy != label.policy {
            return Err(Refusal::new(Reason::ClearanceUnknown, format!("expected a clearance in `{}`", scheme.name)));
        }
        if !clearance.levels.contains(&label.level) {
            let level = self.level_name(label.policy, label.level);
            return Err(Refusal::new(Reason::ClearanceLevel, format!("expected a clearance that holds `{} {level}`", scheme.name)));
        }
        if self.national_only(label) && !self.of_the_owner(clearance) {
            let owner = scheme.owner.as_deref().unwrap_or("its owner");
            return Err(Refusal::new(Reason::ClearanceNationalOnly, format!("expected a recipient of `{owner}`")));
        }
        for category in &label.categories {
            self.admits_restrictive(scheme, clearance, category)?;
        }
        for category in &label.categories {
            self.admits_permissive(scheme, clearance, category)?;
        }
        match self.originators(label) {
            Some(value) => Err(Refusal::new(Reason::ClearanceOriginator, format!("expected the originator's consent for `{value}`"))),
            None => Ok(()),
        }
    }

    /// Whether a label itself names a recipient, however cleared: by its nation or a community of it, in every list of recipients.
    ///
    /// A translation may write a group as its members. A recipient of a member nation that is not in the group itself is
    /// not in the label's audience, and this is where it is found.
    ///
    /// # Errors
    /// `clearance.permissive`.
    pub fn names(&self, label: &Label, nation: &str, communities: &BTreeSet<Name>) -> Result<(), Refusal> {
        let scheme = self.scheme(label.policy)?;
        for category in &label.categories {
            let Some(tag) = scheme.tags.get(category.tag.index()).filter(|found| found.kind == TagKind::Permissive) else { continue };
            let mut values = category.values.iter().filter_map(|value| tag.values.get(value.index()));
            if !values.any(|value| permits(scheme, value, nation, communities)) {
                return Err(nobody_of(tag, category));
            }
        }
        Ok(())
    }

    /// A value of the label that nobody may read without the originator's consent.
    pub(in crate::label) fn originators(&self, label: &Label) -> Option<&str> {
        let scheme = self.scheme(label.policy).ok()?;
        label.categories.iter().find_map(|category| originators_value(scheme, category))
    }

    fn of_the_owner(&self, clearance: &Clearance) -> bool {
        self.owner_value(clearance.policy).is_some_and(|(tag, value)| holds(&clearance.permissive, tag, value))
    }

    fn admits_restrictive(&self, scheme: &Policy, clearance: &Clearance, category: &Category) -> Result<(), Refusal> {
        let tag = scheme.tags.get(category.tag.index());
        if tag.is_some_and(|found| found.kind != TagKind::Restrictive) {
            return Ok(());
        }
        for &value in &category.values {
            let data = tag.and_then(|found| found.values.get(value.index()));
            let originators = data.is_some_and(|found| found.holders == Holders::Originator);
            if !originators && !holds(&clearance.restrictive, category.tag, value) {
                let name = data.map_or("", |found| found.name.as_str());
                return Err(Refusal::new(Reason::ClearanceRestrictive, format!("expected a clearance that holds `{name}`")));
            }
        }
        Ok(())
    }

    fn admits_permissive(&self, scheme: &Policy, clearance: &Clearance, category: &Category) -> Result<(), Refusal> {
        let Some(tag) = scheme.tags.get(category.tag.index()).filter(|found| found.kind == TagKind::Permissive) else { return Ok(()) };
        if category.values.iter().any(|&value| holds(&clearance.permissive, category.tag, value)) {
            return Ok(());
        }
        Err(nobody_of(tag, category))
    }
}

/// Whether a permissive value is one that a nation with its communities holds.
fn permits(scheme: &Policy, value: &TagValue, nation: &str, communities: &BTreeSet<Name>) -> bool {
    let named = || scheme.case.same(&value.name, nation) || communities.iter().any(|community| scheme.case.same(&value.name, community.as_str()));
    match value.holders {
        Holders::Everyone => true,
        Holders::Owner => scheme.owner.as_deref() == Some(nation),
        Holders::Listed => named(),
        Holders::Originator => false,
    }
}

fn nobody_of(tag: &Tag, category: &Category) -> Refusal {
    let found = match category.values.len() {
        0 => "found an empty list, which permits nobody".to_owned(),
        count => format!("found {count}, none of which it is in"),
    };
    Refusal::new(Reason::ClearancePermissive, format!("expected a recipient in one of the groups of `{}`, {found}", tag.set))
}

fn holds(held: &BTreeMap<TagIx, BTreeSet<ValueIx>>, tag: TagIx, value: ValueIx) -> bool {
    held.get(&tag).is_some_and(|values| values.contains(&value))
}

fn originators_value<'p>(scheme: &'p Policy, category: &Category) -> Option<&'p str> {
    let tag = scheme.tags.get(category.tag.index())?;
    let values = category.values.iter().filter_map(|value| tag.values.get(value.index()));
    values.filter(|value| value.holders == Holders::Originator).map(|value| value.name.as_str()).next()
}

/// The levels at or below one: a level of equal hierarchy beside it is incomparable and stays out.
fn levels_up_to(scheme: &Policy, up_to: &str) -> Result<BTreeSet<LevelIx>, String> {
    let current = |(_, level): &(usize, &super::scheme::Level)| level.status == Status::Current;
    let Some((top_at, top)) = scheme.levels.iter().enumerate().filter(current).find(|(_, level)| scheme.case.same(&level.name, up_to)) else {
        let names: Vec<_> = scheme.levels.iter().map(|level| format!("`{}`", level.name)).collect();
        return Err(format!("expected a classification of `{}` ({}), found `{up_to}`", scheme.name, names.join(", ")));
    };
    let below = |(at, level): &(usize, &super::scheme::Level)| *at == top_at || level.hierarchy < top.hierarchy;
    Ok(scheme.levels.iter().enumerate().filter(current).filter(below).map(|(at, _)| LevelIx::at(at)).collect())
}

fn restrictive_value(scheme: &Policy, set: &str, value: &str, nation: &str) -> Result<(TagIx, ValueIx), String> {
    let mut set_known = false;
    for (tag_at, tag) in scheme.tags.iter().enumerate() {
        let named = tag.set == set || tag.aliases.iter().any(|alias| alias == set);
        if !named || tag.kind != TagKind::Restrictive {
            continue;
        }
        set_known = true;
        let Some(value_at) = tag.values.iter().position(|found| scheme.case.same(&found.name, value)) else { continue };
        return match tag.values.get(value_at).map(|found| found.holders) {
            Some(Holders::Owner) if scheme.owner.as_deref() != Some(nation) => {
                Err(format!("`{value}` keeps content within `{}` and cannot be held by `{nation}`", scheme.owner.as_deref().unwrap_or_default()))
            }
            Some(Holders::Originator) => Err(format!("`{value}` needs the originator's consent each time and cannot be held")),
            _ => Ok((TagIx::at(tag_at), ValueIx::at(value_at))),
        };
    }
    let expected = if set_known { format!("a value of `{set}`") } else { format!("a restrictive tag set of `{}`", scheme.name) };
    Err(format!("expected {expected}, found `{}`", if set_known { value } else { set }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::{clearance, gb, lattice, read, us};

    /// SPEC: the decision vectors for the three policies of this rule set.
    #[test]
    fn decisions_follow_the_vectors() {
        let lattice = lattice();
        let nato = |line: &str| read("NATO", line).unwrap();
        let us_s = clearance(lattice, "USA", "SECRET", "USA", &["FVEY", "ACGU", "NATO"]);
        let gb_s = clearance(lattice, "USA", "SECRET", "GBR", &["FVEY", "ACGU", "NATO"]);
        let nz_s = clearance(lattice, "USA", "SECRET", "NZL", &["FVEY"]);
        let au_s = clearance(lattice, "USA", "SECRET", "AUS", &["FVEY", "ACGU"]);
        let de_s = clearance(lattice, "USA", "SECRET", "DEU", &["NATO"]);
        let n_s = clearance(lattice, "NATO", "SECRET", "DEU", &["NATO"]);
        let p_nz = clearance(lattice, "NATO", "RESTRICTED", "NZL", &[]);
        let uk_us = clearance(lattice, "GBR", "SECRET", "USA", &["FVEY"]);
        let uk_ca = clearance(lattice, "GBR", "SECRET", "CAN", &["FVEY"]);
        let uk = clearance(lattice, "GBR", "TOP SECRET", "GBR", &["FVEY"]);
        let none: Option<Reason> = None;
        for (label, recipient, expected) in [
            (nato("NATO RESTRICTED"), &n_s, none),
            (nato("COSMIC TOP SECRET"), &n_s, Some(Reason::ClearanceLevel)),
            (nato("NATO RESTRICTED Releasable to NZL"), &p_nz, none),
            (nato("NATO RESTRICTED Releasable to NZL"), &n_s, none),
            (nato("NATO RESTRICTED Releasable to JPN"), &p_nz, Some(Reason::ClearancePermissive)),
            (nato("NATO RESTRICTED"), &p_nz, Some(Reason::ClearancePermissive)),
            (nato("NATO SECRET//ATOMAL"), &n_s, Some(Reason::ClearanceRestrictive)),
            (us("SECRET//NOFORN"), &gb_s, Some(Reason::ClearanceNationalOnly)),
            (us("SECRET//NOFORN"), &us_s, none),
            (us("SECRET"), &gb_s, Some(Reason::ClearanceNationalOnly)),
            (us("SECRET"), &us_s, none),
            (us("SECRET//REL TO USA, ACGU"), &nz_s, Some(Reason::ClearancePermissive)),
            (us("SECRET//REL TO USA, ACGU"), &au_s, none),
            (us("SECRET//REL TO USA, FVEY"), &nz_s, none),
            (us("SECRET//REL TO USA, FVEY"), &de_s, Some(Reason::ClearancePermissive)),
            (us("SECRET//DISPLAY ONLY GBR"), &gb_s, Some(Reason::ClearanceNationalOnly)),
            (us("TOP SECRET//SI//REL TO USA, GBR"), &gb_s, Some(Reason::ClearanceLevel)),
            (us("SECRET//SI//REL TO USA, GBR"), &gb_s, Some(Reason::ClearanceRestrictive)),
            (us("SECRET//ORCON/REL TO USA, GBR"), &gb_s, Some(Reason::ClearanceOriginator)),
            (us("SECRET//RELIDO"), &gb_s, Some(Reason::ClearanceNationalOnly)),
            (gb("UK SECRET - UK EYES ONLY"), &uk_us, Some(Reason::ClearanceNationalOnly)),
            (gb("UK SECRET - UK EYES ONLY"), &uk, none),
            (gb("UK SECRET - UK/US EYES ONLY"), &uk_us, none),
            (gb("UK SECRET - UK/US EYES ONLY"), &uk_ca, Some(Reason::ClearancePermissive)),
            (gb("OFFICIAL"), &uk_us, Some(Reason::ClearanceNationalOnly)),
            (gb("OFFICIAL"), &gb_s, Some(Reason::ClearanceUnknown)),
        ] {
            let found = lattice.admits(recipient, &label).err().map(|refusal| refusal.reason);
            assert_eq!(found, expected, "{:?}", lattice.view(&label));
        }
    }

    #[test]
    fn a_clearance_cannot_be_given_what_it_cannot_hold() {
        let lattice = lattice();
        let usa = lattice.policy("USA").unwrap();
        let asked = |set: &str, value: &str, nation: &str| {
            let restrictive = BTreeMap::from([(set.to_owned(), BTreeSet::from([value.to_owned()]))]);
            lattice.clearance(usa, "SECRET", &restrictive, nation, &BTreeSet::new())
        };
        assert!(asked("SCI Controls", "SI", "GBR").is_ok());
        for (set, value, nation) in [
            ("Dissemination Controls", "NOFORN", "GBR"),
            ("Dissemination Controls", "ORCON", "USA"),
            ("SCI Controls", "XX", "GBR"),
            ("Releasable To", "GBR", "GBR"),
            ("Nothing", "SI", "GBR"),
        ] {
            assert!(asked(set, value, nation).is_err(), "{set}/{value}");
        }
        assert!(lattice.clearance(usa, "OFFICIAL", &BTreeMap::new(), "GBR", &BTreeSet::new()).is_err());
    }

    #[test]
    fn a_label_names_whoever_is_in_its_list_and_nobody_for_being_of_a_member_nation() {
        let communities = |names: &[&str]| names.iter().map(|name| Name::new(name).unwrap()).collect::<BTreeSet<_>>();
        let named = |label: &Label, nation: &str, groups: &[&str]| lattice().names(label, nation, &communities(groups)).is_ok();
        let label = us("SECRET//REL TO USA, FVEY");
        assert!(named(&label, "USA", &[]) && named(&label, "AUS", &["FVEY"]) && named(&label, "AUS", &["ACGU", "FVEY"]));
        assert!(!named(&label, "AUS", &[]) && !named(&label, "AUS", &["ACGU"]) && !named(&label, "DEU", &["NATO"]));
        let emptied = Label { categories: vec![Category { tag: label.categories[0].tag, values: Vec::new() }], ..label };
        assert!(!named(&emptied, "USA", &["FVEY"]));
        let nato = read("NATO", "NATO/KFOR SECRET").unwrap();
        assert!(named(&nato, "CHE", &["KFOR"]) && !named(&nato, "DEU", &["NATO"]));
    }
}
