//! Agreements and clauses, compared by what each partner receives under them.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{self, Facts, Weight, quoted};
use super::{Difference, Effect, spelt};
use crate::base::Name;
use crate::policy::peers::TRAFFIC;
use crate::policy::{Agreement, Clause, Edition, Release, Transform, TransformAction, When};

/// Clauses that a sentence names as those of before: 2. More are counted.
const EARLIER_MAX: usize = 2;

/// What changed for partners; then what changed of agreements as such.
pub(super) fn differences(old: &Edition, new: &Edition) -> Vec<Difference> {
    let (before, after) = (clauses(old), clauses(new));
    let ids: BTreeSet<&Name> = before.keys().chain(after.keys()).copied().collect();
    let mut all = Vec::new();
    for id in ids {
        let (was, is) = (before.get(id), after.get(id));
        let receivers = |edition: &Edition, clause: Option<&&Clause>| clause.map(|clause| receivers(edition, clause)).unwrap_or_default();
        let (had, have) = (receivers(old, was), receivers(new, is));
        if let Some(clause) = is {
            all.extend(gained(old, new, clause, have.difference(&had).cloned().collect()));
        }
        if let Some(clause) = was {
            all.extend(lost(old, clause, had.difference(&have).cloned().collect()));
        }
        if let (Some(was), Some(is)) = (was, is) {
            let kept: BTreeSet<Name> = had.intersection(&have).cloned().collect();
            // No kind is every kind: where one of the two names none, a pattern more is no widening by itself.
            let both = !was.kinds.is_empty() && !is.kinds.is_empty();
            let mut changed = facts::differences(&clause_facts(old, was, both), &clause_facts(new, is, both));
            changed.extend(reordered(was, is));
            all.extend(changed.into_iter().map(|one| Difference { partners: kept.clone(), ..one }));
        }
    }
    all.extend(facts::differences(&agreement_facts(old), &agreement_facts(new)));
    all
}

fn clauses(edition: &Edition) -> BTreeMap<&Name, &Clause> {
    edition.agreements.iter().flat_map(|agreement| &agreement.clauses).map(|clause| (&clause.id, clause)).collect()
}

fn receivers(edition: &Edition, clause: &Clause) -> BTreeSet<Name> {
    edition.peers.values().filter(|peer| peer.is_among(&clause.to)).map(|peer| peer.name.clone()).collect()
}

fn gained(old: &Edition, new: &Edition, clause: &Clause, partners: BTreeSet<Name>) -> Option<Difference> {
    let effect = Effect::Wider;
    if partners.is_empty() {
        let to_nobody = receivers(new, clause).is_empty() && !clauses(old).contains_key(&clause.id);
        let what = format!("the clause `{}` is new, and reaches no peer", clause.id);
        return to_nobody.then_some(Difference { partners, effect: Effect::Neither, what });
    }
    let verb = if partners.len() == 1 { "receives" } else { "receive" };
    let what = format!("{} now {verb} {} under `{}`; before: {}", quoted(&partners), offer(new, clause), clause.id, earlier(old, clause, &partners));
    Some(Difference { partners, effect, what })
}

fn lost(old: &Edition, clause: &Clause, partners: BTreeSet<Name>) -> Option<Difference> {
    if partners.is_empty() {
        let what = format!("the clause `{}` is gone; it reached no peer", clause.id);
        return receivers(old, clause).is_empty().then_some(Difference { partners, effect: Effect::Neither, what });
    }
    let verb = if partners.len() == 1 { "receives" } else { "receive" };
    let what = format!("{} no longer {verb} {} under `{}`", quoted(&partners), offer(old, clause), clause.id);
    Some(Difference { partners, effect: Effect::Narrower, what })
}

/// What a clause gives, in half a sentence.
fn offer(edition: &Edition, clause: &Clause) -> String {
    let formats: Vec<&str> = clause.formats.iter().map(String::as_str).collect();
    let kinds = if clause.kinds.is_empty() { String::new() } else { format!(" of the kinds {}", quoted(&clause.kinds)) };
    let mut parts = vec![format!("{}{kinds} from {} up to {}", formats.join(", "), quoted(&clause.from), up_to(edition, clause))];
    if clause.release == Release::Review {
        parts.push("after review".to_owned());
    }
    if !clause.sanitise.is_empty() {
        parts.push(format!("with {} edits", clause.sanitise.len()));
    }
    parts.join(", ")
}

fn up_to(edition: &Edition, clause: &Clause) -> String {
    let levels: Vec<String> =
        clause.ceilings.iter().map(|ceiling| format!("{} {}", edition.lattice.policy_name(ceiling.policy), ceiling.level)).collect();
    levels.join(" / ")
}

/// Under which clauses partners received something of the same formats before.
fn earlier(old: &Edition, clause: &Clause, partners: &BTreeSet<Name>) -> String {
    let same = |other: &&Clause| !other.formats.is_disjoint(&clause.formats) && !receivers(old, other).is_disjoint(partners);
    let known: Vec<String> =
        clauses(old).into_values().filter(same).map(|other| format!("up to {} under `{}`", up_to(old, other), other.id)).collect();
    match (known.get(..EARLIER_MAX), known.len().saturating_sub(EARLIER_MAX)) {
        (Some(first), more) if more > 0 => format!("{}, and under {more} more", first.join(", ")),
        _ if known.is_empty() => "none".to_owned(),
        _ => known.join(", "),
    }
}

/// The order of edits counts where two of them meet in one field.
fn reordered(was: &Clause, is: &Clause) -> Option<Difference> {
    let edits = |clause: &Clause| clause.sanitise.iter().map(edit).collect::<Vec<_>>();
    let (before, after) = (edits(was), edits(is));
    let what = format!("the edits of the clause `{}` stand in another order, or another number of times", is.id);
    let same = before.iter().collect::<BTreeSet<_>>() == after.iter().collect::<BTreeSet<_>>();
    (same && before != after).then(|| Difference { partners: BTreeSet::new(), effect: Effect::Either, what })
}

fn clause_facts(edition: &Edition, clause: &Clause, name_kinds: bool) -> Facts {
    let Clause { id, from, to, formats, kinds, ceilings, release, sanitise, traffic, when, onward, reviewers, line: _ } = clause;
    let (mut facts, subject) = (Facts::default(), format!("the clause `{id}`"));
    for (relation, words) in [("sender", from), ("recipient", to)] {
        // Whom a word of `to` reaches is told of each partner.
        let coming = if relation == "sender" { Effect::Wider } else { Effect::Neither };
        words.iter().for_each(|word| facts.member(&subject, relation, format!("`{word}`"), coming));
    }
    formats.iter().for_each(|format| facts.member(&subject, "format", format!("`{format}`"), Effect::Wider));
    traffic.iter().for_each(|traffic| facts.member(&subject, "kind of traffic", format!("`{}`", spelt(&TRAFFIC, traffic)), Effect::Wider));
    for When { condition, values } in when {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        facts.member(&subject, "condition", format!("`{condition}` is {}", values.join(" or ")), Effect::Narrower);
    }
    onward.iter().for_each(|party| facts.member(&subject, "third party that consented in general", format!("`{party}`"), Effect::Wider));
    match kinds.as_slice() {
        [] => facts.value(&subject, "the choice of kinds", "every kind", Weight::Opens(1)),
        _ => facts.value(&subject, "the choice of kinds", "those that it names", Weight::Opens(0)),
    }
    kinds.iter().filter(|_| name_kinds).for_each(|kind| facts.member(&subject, "kind", format!("`{kind}`"), Effect::Wider));
    for ceiling in ceilings {
        let aspect = format!("the ceiling in `{}`", edition.lattice.policy_name(ceiling.policy));
        facts.value(&subject, aspect, format!("`{}` (rank {})", ceiling.level, ceiling.rank), Weight::Opens(i128::from(ceiling.rank)));
    }
    let (said, opens) = match release {
        Release::Automatic => ("automatic", 1),
        Release::Review => ("after review", 0),
    };
    facts.value(&subject, "the release", said, Weight::Opens(opens));
    let persons = reviewers.unwrap_or(edition.review.persons);
    facts.value(&subject, "the number of reviewers", persons.to_string(), Weight::Opens(i128::from(persons).saturating_neg()));
    for transform in sanitise {
        facts.member(&subject, "edit", edit(transform), Effect::Narrower);
    }
    facts
}

fn edit(transform: &Transform) -> String {
    let Transform { path, action, rule: _ } = transform;
    format!("{} `{path}`", doing(action))
}

/// What a transform does, for people.
pub(super) fn doing(action: &TransformAction) -> String {
    match action {
        TransformAction::Remove => "remove".to_owned(),
        TransformAction::Replace(text) => format!("replace by `{text}`"),
        TransformAction::CoarsenNumber(digits) => format!("coarsen to {digits} fraction digits"),
        TransformAction::CoarsenTime(seconds) => format!("coarsen to {seconds} seconds"),
        TransformAction::Pseudonymise => "pseudonymise".to_owned(),
    }
}

fn agreement_facts(edition: &Edition) -> Facts {
    let mut facts = Facts::default();
    for Agreement { id, title, from, until, clauses: _, file: _ } in &edition.agreements {
        let subject = format!("the agreement `{id}`");
        facts.value(&subject, "the title", format!("`{title}`"), Weight::Always(Effect::Neither));
        facts.value(&subject, "the beginning", from.to_string(), Weight::Opens(from.unix_ns().saturating_neg()));
        facts.value(&subject, "the end", until.to_string(), Weight::Opens(until.unix_ns()));
        // What it releases is told of each partner.
        facts.member("the rule set", "agreement", format!("`{id}`"), Effect::Neither);
    }
    facts
}
