//! Categories that the model cannot tell apart, taken for one: most nations of a list have no peer here, and nobody asks which of them is named.
//!
//! Two names are of one class where every edition holds them alike: in the same tags of the same policies, given to the same peers, taken into
//! values that are alike, and named by no policy. Every condition of the model then says the same of both, and what it says of a class, it says of any of
//! its names. INVARIANT: a class has the names of one policy's tag or of several, never two that a condition tells apart.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::admission::moments;
use super::facts::name_of;
use crate::label::scheme::{Policy, Tag, TagIx, TagValue, Target, ValueIx};
use crate::label::{Clearance, PolicyIx};
use crate::policy::{Edition, PeerEntry};

/// The categories of all editions of a model: by name, the place of the class.
#[derive(Debug, Clone, Default)]
pub(in crate::prove) struct Categories {
    by_name: BTreeMap<String, usize>,
    count: usize,
}

impl Categories {
    /// The classes of the categories of editions; each that is mentioned is a class of its own.
    pub(in crate::prove) fn of(editions: &[&Edition], mentioned: &BTreeSet<String>) -> Self {
        let mut marks: BTreeMap<String, String> = BTreeMap::new();
        for (side, edition) in editions.iter().enumerate() {
            let holders = holders(edition);
            for (policy_at, policy) in edition.lattice.policies().iter().enumerate() {
                for (tag_at, tag) in policy.tags.iter().enumerate() {
                    for (value_at, value) in tag.values.iter().enumerate() {
                        let mark = marks.entry(name_of(tag, &value.name)).or_default();
                        let place = (PolicyIx::at(policy_at), TagIx::at(tag_at), ValueIx::at(value_at));
                        // Writing to a string cannot fail.
                        write!(mark, "{side}/{policy_at}/{tag_at}:{}", whole(edition, policy, (tag, value), place, &holders)).unwrap_or(());
                    }
                }
            }
        }
        let mut classes: BTreeMap<String, usize> = BTreeMap::new();
        let mut by_name = BTreeMap::new();
        for (name, mark) in marks {
            let key = if mentioned.contains(&name) { name.clone() } else { mark };
            let next = classes.len();
            by_name.insert(name, *classes.entry(key).or_insert(next));
        }
        Self { by_name, count: classes.len() }
    }

    /// The word of a category in the model.
    pub(in crate::prove) fn word(&self, name: &str) -> Option<String> {
        self.by_name.get(name).map(|at| format!("c{at}"))
    }

    /// The words of all classes.
    pub(in crate::prove) fn words(&self) -> impl Iterator<Item = String> {
        (0..self.count).map(|at| format!("c{at}"))
    }

    /// All names.
    #[cfg(test)]
    pub(in crate::prove) fn names(&self) -> impl Iterator<Item = &String> {
        self.by_name.keys()
    }
}

/// Every peer as it is in each stretch of time.
fn holders(edition: &Edition) -> Vec<PeerEntry> {
    edition.peers.values().flat_map(|peer| moments(peer).into_iter().map(|at| peer.at(&edition.lattice, at).into_owned())).collect()
}

/// What a value is by itself: how it takes part, and which clearances hold it.
fn alone((tag, value): (&Tag, &TagValue), (policy, tag_at, value_at): (PolicyIx, TagIx, ValueIx), holders: &[PeerEntry]) -> String {
    let held = |clearance: &&Clearance| {
        let among = |held: &BTreeMap<TagIx, BTreeSet<ValueIx>>| held.get(&tag_at).is_some_and(|values| values.contains(&value_at));
        (clearance.policy == policy).then(|| among(&clearance.restrictive) || among(&clearance.permissive))
    };
    let held: String = holders
        .iter()
        .flat_map(|peer| peer.clearances.iter().map(|clearance| held(&clearance)).chain([None]))
        .map(|held| match held {
            Some(true) => '1',
            Some(false) => '0',
            None => '.',
        })
        .collect();
    format!("{:?}{:?}{:?}{held}", tag.kind, value.holders, value.status)
}

/// What a value is, with what becomes of it in other policies.
fn whole(edition: &Edition, policy: &Policy, value: (&Tag, &TagValue), place: (PolicyIx, TagIx, ValueIx), holders: &[PeerEntry]) -> String {
    let mut mark = alone(value, place, holders);
    // Recipients of a translation must be named by the label itself, whatever they hold in its policy.
    for peer in holders {
        let own = edition.lattice.permissive_of(place.0, &peer.nation, &peer.communities);
        mark.push(if own.get(&place.1).is_some_and(|values| values.contains(&place.2)) { '+' } else { '-' });
    }
    for to in &policy.equivalents {
        for equivalent in value.1.equivalents.iter().filter(|equivalent| equivalent.policy == to.policy && equivalent.applied.releases()) {
            let there = edition.lattice.policies().get(to.policy.index());
            let image = match equivalent.to {
                Target::Discard => "discarded".to_owned(),
                Target::Value(tag, value) => {
                    let found =
                        there.and_then(|policy| policy.tags.get(tag.index())).and_then(|tag| tag.values.get(value.index()).map(|value| (tag, value)));
                    found.map_or_else(String::new, |found| format!("{}{}", tag.index(), alone(found, (to.policy, tag, value), holders)))
                }
            };
            write!(mark, ">{}:{image}", to.policy.index()).unwrap_or(());
        }
    }
    mark
}
