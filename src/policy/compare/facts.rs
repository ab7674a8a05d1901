//! What an edition says, fact by fact, and what changed between two such lists.
//!
//! A fact is a member of something (a word of a list, a member of a community) or a value of a subject (the ceiling of a clause). The values of a
//! subject that only one of the two editions has are not told one by one: the subject itself is told as a member that came or went.

use std::collections::{BTreeMap, BTreeSet};

use super::{Difference, Effect};

/// Names that a sentence spells out: 8. More are counted.
const NAMED_MAX: usize = 8;

/// What a value means for what leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// The greater, the more leaves.
    Opens(i128),
    /// A change has this effect, whichever way it goes.
    Always(Effect),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Value {
    said: String,
    weight: Weight,
}

/// The facts of one edition.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// By owner and relation: each item with the effect of its coming.
    members: BTreeMap<(String, &'static str), BTreeMap<String, Effect>>,
    values: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Facts {
    /// Something of which an owner has several.
    pub(super) fn member(&mut self, owner: &str, relation: &'static str, item: impl Into<String>, coming: Effect) {
        self.members.entry((owner.to_owned(), relation)).or_default().insert(item.into(), coming);
    }

    /// Something of which a subject has one.
    pub(super) fn value(&mut self, subject: &str, aspect: impl Into<String>, said: impl Into<String>, weight: Weight) {
        self.values.entry(subject.to_owned()).or_default().insert(aspect.into(), Value { said: said.into(), weight });
    }
}

/// What changed from one list to the other.
pub(super) fn differences(old: &Facts, new: &Facts) -> Vec<Difference> {
    let mut all = Vec::new();
    let owners: BTreeSet<_> = old.members.keys().chain(new.members.keys()).collect();
    let none = BTreeMap::new();
    for owner in owners {
        let (before, after) = (old.members.get(owner).unwrap_or(&none), new.members.get(owner).unwrap_or(&none));
        all.extend(moved("added to", owner, after, before, |coming| coming));
        all.extend(moved("removed from", owner, before, after, Effect::reversed));
    }
    for (subject, before) in &old.values {
        let Some(after) = new.values.get(subject) else { continue };
        let aspects: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        all.extend(aspects.into_iter().filter_map(|aspect| changed(subject, aspect, before.get(aspect), after.get(aspect))));
    }
    all
}

/// What one side has and the other has not, a sentence for each effect.
fn moved(
    verb: &str,
    (owner, relation): &(String, &'static str),
    has: &BTreeMap<String, Effect>,
    lacks: &BTreeMap<String, Effect>,
    effect: impl Fn(Effect) -> Effect,
) -> Vec<Difference> {
    let mut by_effect: BTreeMap<Effect, Vec<String>> = BTreeMap::new();
    for (item, coming) in has.iter().filter(|(item, _)| !lacks.contains_key(*item)) {
        by_effect.entry(effect(*coming)).or_default().push(item.clone());
    }
    let sentence = |(effect, items): (Effect, Vec<String>)| {
        let (count, s) = (items.len(), if items.len() == 1 { "" } else { "s" });
        Difference { partners: BTreeSet::new(), effect, what: format!("{count} {relation}{s} {verb} {owner}: {}", listed(&items)) }
    };
    by_effect.into_iter().map(sentence).collect()
}

fn changed(subject: &str, aspect: &str, before: Option<&Value>, after: Option<&Value>) -> Option<Difference> {
    if before == after {
        return None;
    }
    let effect = match (before.map(|value| value.weight), after.map(|value| value.weight)) {
        (Some(Weight::Opens(old)), Some(Weight::Opens(new))) if new > old => Effect::Wider,
        (Some(Weight::Opens(old)), Some(Weight::Opens(new))) if new < old => Effect::Narrower,
        (Some(Weight::Always(effect)), _) | (None, Some(Weight::Always(effect))) => effect,
        _ => Effect::Either,
    };
    let said = |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), |value| value.said.clone());
    Some(Difference { partners: BTreeSet::new(), effect, what: format!("{aspect} of {subject} is now {}; before: {}", said(after), said(before)) })
}

/// A list for people: the first few, then how many more.
pub(super) fn listed(items: &[String]) -> String {
    let shown: Vec<&str> = items.iter().take(NAMED_MAX).map(String::as_str).collect();
    match items.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Words in quotes.
pub(super) fn quoted<T: std::fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
