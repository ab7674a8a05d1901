//! The words of the model: what stands in its schema, and how one edition's data is said in conditions.
//!
//! A model holds one edition, or two that are compared. Base facts (format, kind, policy, classification, categories) are the same for both; what
//! an edition derives from them (ranks, whether a label is national) has a name of its own for each. A category is a yes or no: `c17`. Entities
//! have no attributes and no parents: who is in which nation and community is said by the edition, at a time, wherever it is asked.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::Categories;
use crate::base::{Name, Precedence, Traffic};
use crate::format::FORMATS;
use crate::label::Term;
use crate::label::scheme::{Holders, Level, Policy, Status, Tag, Unmarked};
use crate::policy::{Edition, PeerEntry};
use crate::release::compile::quoted;
use crate::release::exercise;

/// One of two editions of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::prove) enum Side {
    /// The one that is proved.
    New,
    /// The one that it is compared with.
    Old,
}

/// The times of decisions that are spoken of, in milliseconds: from the year 2000 to the year 2100.
const CLOCK_MS: (i64, i64) = (946_684_800_000, 4_102_444_800_000);

/// One edition in the words of the model.
#[derive(Debug, Clone, Copy)]
pub(in crate::prove) struct Facts<'e> {
    pub(in crate::prove) edition: &'e Edition,
    pub(in crate::prove) side: Side,
    pub(in crate::prove) categories: &'e Categories,
}

/// A category as policies name it.
pub(in crate::prove) fn name_of(tag: &Tag, value: &str) -> String {
    format!("{}/{value}", tag.set)
}

/// All of these; true where there is none.
pub(in crate::prove) fn all(conditions: Vec<String>) -> String {
    joined(conditions, " && ", "true")
}

/// One of these; false where there is none.
pub(in crate::prove) fn any(conditions: Vec<String>) -> String {
    joined(conditions, " || ", "false")
}

/// Not this.
pub(in crate::prove) fn not(condition: &str) -> String {
    match condition {
        "true" => "false".to_owned(),
        "false" => "true".to_owned(),
        // What is joined stands in brackets; a single word needs none.
        bound if bound.starts_with('(') || !bound.contains(' ') => format!("!{bound}"),
        loose => format!("!({loose})"),
    }
}

fn joined(mut conditions: Vec<String>, by: &str, none: &str) -> String {
    let absorbs = if none == "true" { "false" } else { "true" };
    if conditions.iter().any(|one| one == absorbs) {
        return absorbs.to_owned();
    }
    let mut seen = BTreeSet::new();
    conditions.retain(|one| one != none && seen.insert(one.clone()));
    balanced(&conditions, by).unwrap_or_else(|| none.to_owned())
}

/// A tree of equal halves: whoever walks it goes no deeper than it must.
fn balanced(conditions: &[String], by: &str) -> Option<String> {
    match conditions {
        [] => None,
        [one] => Some(one.clone()),
        some => {
            let (first, second) = some.split_at(some.len() / 2);
            Some(format!("({}{by}{})", balanced(first, by)?, balanced(second, by)?))
        }
    }
}

/// The schema of a model, in Cedar.
pub(in crate::prove) fn schema(editions: &[Facts<'_>]) -> String {
    let words = |kind: &str, names: BTreeSet<String>| {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        format!("entity {kind} enum [{}];\n", names.join(", "))
    };
    let strings = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<BTreeSet<String>>();
    let policies = || editions.iter().flat_map(|facts| facts.edition.lattice.policies());
    let mut text = String::new();
    text += &words("Peer", strings(&mut editions.iter().flat_map(|facts| facts.edition.peers.keys()).map(Name::as_str)));
    text += &words("Format", strings(&mut FORMATS.iter().map(|format| format.name)));
    text += &words("Traffic", strings(&mut Traffic::ALL.into_iter().map(exercise::word)));
    text += &words("Precedence", strings(&mut Precedence::ALL.into_iter().map(Precedence::word)));
    text += &words("Policy", strings(&mut policies().map(|policy| policy.name.as_str())));
    text += &words("Classification", strings(&mut policies().flat_map(|policy| &policy.levels).map(|level| level.name.as_str())));
    let mut context: Vec<String> = [
        "format: Format",
        "kind: String",
        "subject: String",
        "traffic: Traffic",
        "precedence: Precedence",
        "now_ms: Long",
        "policy: Policy",
        "classification: Classification",
    ]
    .map(str::to_owned)
    .into();
    for facts in editions {
        context.push(format!("{}: Bool", facts.attribute("national_only")));
    }
    let declared = || editions.iter().flat_map(|facts| &facts.edition.conditions);
    let values = declared().flat_map(|condition| condition.values.iter().map(move |value| format!("{}/{value}", condition.name)));
    let values: BTreeSet<String> = values.collect();
    if !values.is_empty() {
        text += &words("Condition", values);
    }
    let names: BTreeSet<&Name> = declared().map(|condition| &condition.name).collect();
    context.extend(names.into_iter().map(|name| format!("{}: Condition", quoted(&condition(name.as_str())))));
    let categories = editions.first().map(|facts| facts.categories.words()).into_iter().flatten();
    context.extend(categories.map(|word| format!("{word}: Bool")));
    text + &format!("action release appliesTo {{ principal: [Peer], resource: [Peer], context: {{ {} }} }};\n", context.join(", "))
}

/// The name in the model of a condition that officers set.
pub(in crate::prove) fn condition(name: &str) -> String {
    format!("condition {name}")
}

impl Facts<'_> {
    /// The name of what this edition derives.
    pub(in crate::prove) fn attribute(&self, name: &str) -> String {
        match self.side {
            Side::New => name.to_owned(),
            Side::Old => format!("was_{name}"),
        }
    }

    /// That the label is marked in a policy.
    pub(in crate::prove) fn marked_in(&self, policy: &Policy) -> String {
        format!("context.policy == Policy::{}", quoted(&policy.name))
    }

    /// That the label has a classification of its policy.
    pub(in crate::prove) fn classified(&self, level: &Level) -> String {
        format!("context.classification == Classification::{}", quoted(&level.name))
    }

    /// That a value stands in the label.
    pub(in crate::prove) fn stands(&self, tag: &Tag, value: &str) -> String {
        self.holds(&name_of(tag, value))
    }

    /// That a category stands in the label, by its name. One that no policy has stands nowhere.
    pub(in crate::prove) fn holds(&self, category: &str) -> String {
        self.categories.word(category).map_or_else(|| "false".to_owned(), |word| format!("context.{word}"))
    }

    /// That one of a tag's values stands in the label.
    pub(in crate::prove) fn present(&self, tag: &Tag) -> String {
        any(tag.values.iter().map(|value| self.stands(tag, &value.name)).collect())
    }

    /// That a side is one of some peers, each in its time.
    fn one_of<'p>(side: &str, peers: impl Iterator<Item = (&'p PeerEntry, String)>) -> String {
        any(peers.map(|(peer, when)| all(vec![format!("{side} == Peer::{}", quoted(peer.name.as_str())), when])).collect())
    }

    /// That a side is in a nation, in a community at the time of the decision, or is a peer.
    pub(in crate::prove) fn among(&self, side: &str, kind: &str, name: &str) -> String {
        let peers = self.edition.peers.values();
        match kind {
            "Nation" => Self::one_of(side, peers.filter(|peer| peer.nation == name).map(|peer| (peer, "true".to_owned()))),
            "Community" => Self::one_of(
                side,
                peers.filter_map(|peer| {
                    let community = peer.communities.get(name)?;
                    Some((peer, peer.terms.get(community).map_or_else(|| "true".to_owned(), in_force)))
                }),
            ),
            _ => Self::one_of(side, peers.filter(|peer| peer.name.as_str() == name).map(|peer| (peer, "true".to_owned()))),
        }
    }

    /// That a side is a peer of this edition.
    pub(in crate::prove) fn known(&self, side: &str) -> String {
        Self::one_of(side, self.edition.peers.values().map(|peer| (peer, "true".to_owned())))
    }

    /// A text of a side, which each peer has.
    pub(in crate::prove) fn text_of<'f>(&'f self, side: &str, text: impl Fn(&'f PeerEntry) -> &'f str) -> String {
        let mut by_text: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for peer in self.edition.peers.values() {
            by_text.entry(text(peer)).or_default().push(format!("{side} == Peer::{}", quoted(peer.name.as_str())));
        }
        let nobody = "\"\"".to_owned();
        by_text.into_iter().rev().fold(nobody, |rest, (text, peers)| format!("(if {} then {} else {rest})", any(peers), quoted(text)))
    }

    /// That the label is its nation's alone, by its values.
    pub(in crate::prove) fn national(&self) -> String {
        any(self.edition.lattice.policies().iter().map(|policy| all(vec![self.marked_in(policy), self.national_in(policy)])).collect())
    }

    /// What this edition derives, by what it derives it from.
    pub(in crate::prove) fn definition(&self) -> String {
        format!("context.{} == {}", self.attribute("national_only"), self.national())
    }

    /// As [`crate::label::Lattice::national_only`] has it, for labels of one policy.
    fn national_in(&self, policy: &Policy) -> String {
        let eyes_only = policy
            .tags
            .iter()
            .flat_map(|tag| tag.values.iter().filter(|value| value.holders == Holders::Owner).map(|value| self.stands(tag, &value.name)));
        let unmarked = any(policy.levels.iter().filter(|level| level.unmarked == Unmarked::Owner).map(|level| self.classified(level)).collect());
        let release = policy.release.and_then(|release| policy.tags.get(release.index()));
        let unlisted = all(vec![unmarked, release.map_or_else(|| "true".to_owned(), |tag| not(&self.present(tag)))]);
        any(eyes_only.chain([unlisted]).collect())
    }

    /// That a group is among those to which the label releases.
    pub(in crate::prove) fn released_to(&self, group: &str) -> String {
        let national = format!("context.{}", self.attribute("national_only"));
        let one = |policy: &Policy| {
            let owner = if policy.owner.as_deref() == Some(group) { national.clone() } else { "false".to_owned() };
            let release = policy.release.and_then(|release| policy.tags.get(release.index()));
            let listed = release.filter(|tag| tag.values.iter().any(|value| value.name == group));
            let listed = listed.map_or_else(|| "false".to_owned(), |tag| all(vec![not(&national), self.stands(tag, group)]));
            all(vec![self.marked_in(policy), any(vec![owner, listed])])
        };
        any(self.edition.lattice.policies().iter().map(one).collect())
    }

    /// What holds of every question that a gateway under this edition asks, one condition each; `mentioned` are the categories that policies name.
    pub(in crate::prove) fn world(&self, mentioned: &BTreeSet<String>) -> Vec<String> {
        let national = self.definition();
        let clock = format!("context.now_ms >= {} && context.now_ms < {}", CLOCK_MS.0, CLOCK_MS.1);
        let mut conditions = vec!["principal != resource".to_owned(), clock, self.marks(), national];
        conditions.push(self.of_exercises());
        // Every message has them, and what is left of one as well: a join has what its parts have.
        for policy in self.edition.lattice.policies() {
            let mandatory = policy.mandatory.iter().filter_map(|tag| policy.tags.get(tag.index())).map(|tag| self.present(tag));
            let mandatory = all(mandatory.collect());
            conditions.extend((mandatory != "true").then(|| any(vec![not(&self.marked_in(policy)), mandatory])));
        }
        for category in mentioned {
            let known = |policy: &&Policy| policy.tags.iter().any(|tag| tag.values.iter().any(|value| name_of(tag, &value.name) == *category));
            let policies = self.edition.lattice.policies().iter().filter(known).map(|policy| self.marked_in(policy)).collect();
            conditions.push(any(vec![not(&self.holds(category)), any(policies)]));
        }
        conditions
    }

    /// That the marking schemes which are kept for exercises label exercises, and nothing else does; as [`exercise::policy_agrees`] has it.
    fn of_exercises(&self) -> String {
        let kept = self.edition.lattice.policies().iter().filter(|policy| self.edition.exercise_policies.contains(&policy.name));
        let kept: Vec<String> = kept.map(|policy| self.marked_in(policy)).collect();
        let said = format!("context.traffic == Traffic::\"{}\"", exercise::word(Traffic::Exercise));
        if kept.is_empty() { "true".to_owned() } else { format!("({said}) == ({})", any(kept)) }
    }

    /// A policy with a classification of it that is in use.
    fn marks(&self) -> String {
        self.marked(|_, _| true)
    }

    /// That the label can be taken to a policy, and its rank there is one of those that fit.
    pub(in crate::prove) fn ranked(&self, policy: &str, fits: impl Fn(u32) -> bool) -> String {
        let Some(ix) = self.edition.lattice.policy(policy) else { return "false".to_owned() };
        self.marked(|at, level| {
            let label = self.edition.lattice.label(at, level, &[]);
            label.and_then(|label| self.edition.lattice.rank_in(&label, ix)).is_some_and(&fits)
        })
    }

    /// A policy with a classification of it that is in use, where the two fit.
    fn marked(&self, fits: impl Fn(usize, usize) -> bool) -> String {
        let one = |(at, policy): (usize, &Policy)| {
            let levels = policy.levels.iter().enumerate().filter(|(_, level)| level.status == Status::Current);
            let levels = levels.filter(|(level_at, _)| fits(at, *level_at)).map(|(_, level)| self.classified(level));
            all(vec![self.marked_in(policy), any(levels.collect())])
        };
        any(self.edition.lattice.policies().iter().enumerate().map(one).collect())
    }
}

/// That a membership is in force.
fn in_force(term: &Term) -> String {
    let from = term.from.map(|from| format!("context.now_ms >= {}", from.unix_ms()));
    let ends = [term.until, term.known_until].into_iter().flatten().map(|until| format!("context.now_ms < {}", until.unix_ms()));
    all(from.into_iter().chain(ends).collect())
}
