//! What may go to each peer, and how it is read, as far as its own entry says.

use std::collections::BTreeSet;

use super::facts::{self, Facts, Weight, quoted};
use super::{Difference, Effect, spelt};
use crate::base::Name;
use crate::label::{Clearance, Lattice, TagIx, Term, ValueIx};
use crate::policy::peers::{BIND, BINDING, TRAFFIC};
use crate::policy::{Edition, LabelBinding, PeerEntry};

/// What changed for each peer.
pub(super) fn differences(old: &Edition, new: &Edition) -> Vec<Difference> {
    let names: BTreeSet<&Name> = old.peers.keys().chain(new.peers.keys()).collect();
    names.into_iter().flat_map(|name| of_peer(name, (old, old.peers.get(name)), (new, new.peers.get(name)))).collect()
}

fn of_peer(name: &Name, (old, was): (&Edition, Option<&PeerEntry>), (new, is): (&Edition, Option<&PeerEntry>)) -> Vec<Difference> {
    let partners = BTreeSet::from([name.clone()]);
    let whole = |effect, what: String| vec![Difference { partners: partners.clone(), effect, what }];
    match (was, is) {
        (None, Some(entry)) => whole(Effect::Wider, format!("`{name}` is a new peer of `{}`, cleared for {}", entry.nation, held(new, entry))),
        (Some(entry), None) => whole(Effect::Narrower, format!("`{name}` of `{}` is no longer a peer", entry.nation)),
        (Some(was), Some(is)) => {
            let changed = facts::differences(&peer_facts(&old.lattice, was), &peer_facts(&new.lattice, is));
            changed.into_iter().map(|one| Difference { partners: partners.clone(), ..one }).collect()
        }
        (None, None) => Vec::new(),
    }
}

/// The highest level of each clearance, for people.
fn held(edition: &Edition, entry: &PeerEntry) -> String {
    let highest = |clearance: &Clearance| {
        let level = clearance.levels.iter().max_by_key(|level| edition.lattice.rank(clearance.policy, **level))?;
        Some(format!("{} {}", edition.lattice.policy_name(clearance.policy), edition.lattice.level_name(clearance.policy, *level)))
    };
    let all: Vec<String> = entry.clearances.iter().filter_map(highest).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(" / ") }
}

fn peer_facts(lattice: &Lattice, entry: &PeerEntry) -> Facts {
    let PeerEntry { name, nation, communities, terms, scheme, clearances, traffic, reads, binding, bind, key } = entry;
    let (mut facts, subject) = (Facts::default(), format!("`{name}`"));
    let either = Weight::Always(Effect::Either);
    facts.value(&subject, "the nation", format!("`{nation}`"), either);
    facts.value(&subject, "the marking scheme", format!("`{}`", lattice.policy_name(*scheme)), either);
    communities.iter().for_each(|community| facts.member(&subject, "community", format!("`{community}`"), Effect::Wider));
    for (community, at) in terms {
        term(&mut facts, &format!("`{name}` in `{community}`"), at);
        facts.member(&subject, "dated membership", format!("`{community}`"), Effect::Narrower);
    }
    clearances.iter().for_each(|clearance| cleared(&mut facts, lattice, name, clearance));
    traffic.iter().for_each(|traffic| facts.member(&subject, "kind of traffic", format!("`{}`", spelt(&TRAFFIC, traffic)), Effect::Wider));
    let read = if reads.is_empty() { "every format".to_owned() } else { quoted(reads) };
    facts.value(&subject, "the list of formats read", read, either);
    let opens = Weight::Opens(i128::from(*binding == LabelBinding::Unbound));
    facts.value(&subject, "the binding asked of labels", spelt(&BINDING, binding), opens);
    let key = key.as_ref().map_or_else(|| "none".to_owned(), |key| format!("`{key}`"));
    facts.value(&subject, "the key of its statements", key, either);
    facts.value(&subject, "the binding of labels that leave", spelt(&BIND, bind), Weight::Always(Effect::Neither));
    facts
}

fn cleared(facts: &mut Facts, lattice: &Lattice, name: &Name, clearance: &Clearance) {
    let Clearance { policy, levels, restrictive, permissive } = clearance;
    let scheme = lattice.policy_name(*policy);
    let owner = format!("the clearance of `{name}` in `{scheme}`");
    facts.member(&format!("`{name}`"), "clearance", format!("`{scheme}`"), Effect::Wider);
    levels.iter().for_each(|level| facts.member(&owner, "level", format!("`{}`", lattice.level_name(*policy, *level)), Effect::Wider));
    for (relation, held) in [("restrictive value", restrictive), ("group", permissive)] {
        for (tag, value) in held.iter().flat_map(|(tag, values)| values.iter().map(move |value| (*tag, *value))) {
            facts.member(&owner, relation, place(lattice, scheme, tag, value), Effect::Wider);
        }
        held.iter().filter(|(_, values)| values.is_empty()).for_each(|(tag, _)| {
            facts.member(&owner, "tag without a value", format!("`{}`", tag.index()), Effect::Neither);
        });
    }
}

/// A value of a scheme by its names, which stay the same where places move.
pub(super) fn place(lattice: &Lattice, scheme: &str, tag: TagIx, value: ValueIx) -> String {
    let tag = lattice.policies().iter().find(|policy| policy.name == scheme).and_then(|policy| policy.tags.get(tag.index()));
    let name = tag.and_then(|tag| tag.values.get(value.index())).map_or("?", |value| value.name.as_str());
    format!("`{}/{name}`", tag.map_or("?", |tag| tag.set.as_str()))
}

/// The dates of a membership. No date is always.
pub(super) fn term(facts: &mut Facts, subject: &str, Term { from, until, known_until }: &Term) {
    let date = |time: &Option<crate::base::Time>| time.map_or_else(|| "open".to_owned(), |time| time.to_string());
    let begins = from.map_or(i128::MAX, |time| time.unix_ns().saturating_neg());
    facts.value(subject, "the beginning of the membership", date(from), Weight::Opens(begins));
    for (aspect, end) in [("the end of the membership", until), ("the last day on which the table is known to hold", known_until)] {
        facts.value(subject, aspect, date(end), Weight::Opens(end.map_or(i128::MAX, crate::base::Time::unix_ns)));
    }
}
