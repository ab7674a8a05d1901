//! Labels that differ in one thing from another: lower, named for one recipient more, without one value. For asking what would be decided then.
//!
//! Nothing here changes the label of a message, and no message ever leaves under one of these.

use std::collections::BTreeSet;

use super::lattice::{Lattice, kind_of};
use super::mark::{Category, Label};
use super::scheme::{Holders, LevelIx, Status, TagIx, TagKind, ValueIx};
use crate::base::Name;

impl Lattice {
    /// Labels like this one but for one thing, each with the condition under which it would be so. Lower levels stand from the highest on.
    #[must_use]
    pub fn nearby(&self, label: &Label, nation: &str, communities: &BTreeSet<Name>) -> Vec<(String, Label)> {
        let mut all = self.lower(label);
        all.extend(self.named_for(label, nation, communities));
        all.extend(self.without(label));
        all
    }

    fn lower(&self, label: &Label) -> Vec<(String, Label)> {
        let Ok(scheme) = self.scheme(label.policy) else { return Vec::new() };
        let rank = self.rank(label.policy, label.level);
        let current = scheme.levels.iter().enumerate().filter(|(_, level)| level.hierarchy < rank && level.status == Status::Current);
        let mut levels: Vec<(u32, LevelIx)> = current.map(|(at, level)| (level.hierarchy, LevelIx::at(at))).collect();
        levels.sort_unstable_by(|one, other| other.cmp(one));
        let lowered = |(_, level)| (format!("the label said `{}`", self.level_name(label.policy, level)), Label { level, ..label.clone() });
        levels.into_iter().map(lowered).collect()
    }

    fn named_for(&self, label: &Label, nation: &str, communities: &BTreeSet<Name>) -> Vec<(String, Label)> {
        let Some(release) = self.scheme(label.policy).ok().and_then(|scheme| scheme.release) else { return Vec::new() };
        let names = std::iter::once(nation).chain(communities.iter().map(Name::as_str));
        let places = names.flat_map(|name| self.values_named(label.policy, name)).filter(|(tag, value)| *tag == release && !label.has(*tag, *value));
        let named = |(tag, value): &(TagIx, ValueIx)| {
            let name = self.value_data(label.policy, *tag, *value).map_or("", |found| found.name.as_str());
            let mut wider = label.clone();
            wider.add(*tag, *value);
            (format!("the label named `{name}`"), wider)
        };
        places.map(named).collect()
    }

    /// Values that somebody must hold, each left out.
    fn without(&self, label: &Label) -> Vec<(String, Label)> {
        let Ok(scheme) = self.scheme(label.policy) else { return Vec::new() };
        let holds = |tag: TagIx, value: ValueIx| self.value_data(label.policy, tag, value).map(|found| found.holders);
        let binding = |tag: TagIx, value: ValueIx| {
            kind_of(scheme, tag) == Some(TagKind::Restrictive) || matches!(holds(tag, value), Some(Holders::Owner | Holders::Originator))
        };
        let values = label.categories.iter().flat_map(|category| category.values.iter().map(move |value| (category.tag, *value)));
        let left_out = |(tag, value): (TagIx, ValueIx)| {
            let name = self.value_data(label.policy, tag, value).map_or("", |found| found.name.as_str());
            let keep = |category: &Category| {
                let values: Vec<ValueIx> = category.values.iter().copied().filter(|other| category.tag != tag || *other != value).collect();
                (!values.is_empty()).then_some(Category { tag: category.tag, values })
            };
            let categories = label.categories.iter().filter_map(keep).collect();
            (format!("the label did not say `{name}`"), Label { categories, ..label.clone() })
        };
        values.filter(|(tag, value)| binding(*tag, *value)).map(left_out).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::label::tests::lattice;

    #[test]
    fn labels_nearby_differ_in_the_one_thing_that_they_say() {
        let usa = lattice().policy("USA").unwrap();
        let label = lattice().label(usa.index(), lattice().level(usa, "SECRET").unwrap().index(), &[]).unwrap();
        let nearby = lattice().nearby(&label, "GBR", &[crate::base::Name::new("FVEY").unwrap()].into());
        let said: Vec<&str> = nearby.iter().map(|(said, _)| said.as_str()).collect();
        assert_eq!(said.first(), Some(&"the label said `CONFIDENTIAL`"));
        assert!(said.contains(&"the label named `GBR`") && said.contains(&"the label named `FVEY`"), "{said:?}");
        assert!(nearby.iter().all(|(_, other)| !other.says_the_same(&label)));
        for (said, named) in nearby.iter().filter(|(said, _)| said.contains("named")) {
            let without = lattice().nearby(named, "GBR", &std::collections::BTreeSet::new());
            assert!(without.iter().all(|(other, _)| other != said), "{said}");
        }
    }
}
