//! Mutants that decide as the rule set does: each rule by which that is shown, and what it says.
//!
//! A rule here is a proof in one direction: where it speaks, no message is decided otherwise; where it is silent, the mutant is a survivor. None of
//! them looks at cases. The rules:
//!
//! 1. A higher ceiling, where no recipient of the clause holds a clearance for any classification between the two: mandatory control keeps it.
//! 2. Wider parties, where each new pair shares no traffic with the clause, or the recipient is cleared for nothing that it covers, or reads
//!    none of its formats, or is forbidden it, in each marking scheme that the clause covers, by a policy that speaks of the two and of the scheme
//!    alone, or gets the same with the same edits from a clause that stands before it.
//! 3. A prohibition of what no peer is cleared for: mandatory control speaks first.
//! 4. A row gone whose field meets the same by what is left of the profile.
//! 5. An edit by a clause of a field that the profile takes away from everyone.
//! 6. A length without bound, where the pattern takes nothing longer, and a value too long meets the same as one of another form.
//! 7. `rest` that is empty, where it names a field that the format cannot be without.
//! 8. A detector of labels gone, where it asks for what is done with such a label anyway.
//! 9. Another answer to what no row lists, where a row speaks of everything.
//! 10. A value that only its owner's peers hold, where no label can have it beside a list, and no list means the owner alone.
//! 11. A value that waits for its originator, where no label has it without another that does.

use std::collections::BTreeSet;

use super::mutants::Mutant;
use crate::base::Action;
use crate::filter::Part;
use crate::label::consistency::{CHECKS, Weight};
use crate::label::scheme::{Holders, Operation, Policy, Selector, Tag, TagKind, TagValue, Unmarked};
use crate::label::{Label, Lattice, LevelIx, PolicyIx, TagIx, ValueIx};
use crate::normal::PathPattern;
use crate::pipeline::{Alteration, Guard};
use crate::policy::usable::{below, covers_alone, levels, may_hold};
use crate::policy::{Clause, Edition, FieldType, PeerEntry, Profile, Release};
use crate::release::{Needs, PolicyView};
use crate::translate;

/// Why a mutant decides as the rule set does; none where that is not shown.
pub(super) fn reason(guard: &Guard, mutant: &Mutant) -> Option<String> {
    let edition = guard.edition();
    if let Some((format, at)) = mutant.dropped_row() {
        return same_row(guard, format, at);
    }
    let other = mutant.applied(edition)?;
    match mutant.alteration() {
        Alteration::Filters(Part::Profile(format)) => {
            let (was, is) = (edition.profiles.get(format)?, other.profiles.get(format)?);
            unbounded(was, is).or_else(|| always_left(format, was, is)).or_else(|| always_listed(was, is))
        }
        Alteration::Filters(Part::Detectors) => same_label(edition, &other),
        Alteration::Schemes => owners_alone(edition, &other),
        Alteration::Clause(id) => {
            let find = |edition: &'_ Edition| clauses(edition).find(|clause| clause.id == *id).cloned();
            let (was, is) = (find(edition)?, find(&other)?);
            higher(edition, &was, &is).or_else(|| wider(guard, &was, &is)).or_else(|| gone_anyway(guard, &was, &is))
        }
        Alteration::Policy(id) => asleep(edition, guard.engine_policies().iter().find(|policy| policy.id == *id)?),
        _ => None,
    }
}

fn clauses(edition: &Edition) -> impl Iterator<Item = &Clause> {
    edition.agreements.iter().flat_map(|agreement| &agreement.clauses)
}

fn among<'e>(edition: &'e Edition, parties: &BTreeSet<String>) -> Vec<&'e PeerEntry> {
    edition.peers.values().filter(|peer| peer.is_among(parties)).collect()
}

fn higher(edition: &Edition, was: &Clause, is: &Clause) -> Option<String> {
    let lattice = &edition.lattice;
    if was.ceilings == is.ceilings {
        return None;
    }
    let between: Vec<Label> = levels(lattice).into_iter().filter(|label| below(lattice, is, label) && !below(lattice, was, label)).collect();
    let takers = among(edition, &was.to);
    let held = between.iter().any(|label| takers.iter().any(|taker| may_hold(lattice, taker, label)));
    (!held).then(|| "no recipient of the clause is cleared for what lies between the two ceilings".to_owned())
}

fn wider(guard: &Guard, was: &Clause, is: &Clause) -> Option<String> {
    let edition = guard.edition();
    if was.from == is.from && was.to == is.to {
        return None;
    }
    let pairs = |clause: &Clause| -> BTreeSet<(String, String)> {
        let (givers, takers) = (among(edition, &clause.from), among(edition, &clause.to));
        let all = givers.iter().flat_map(|giver| takers.iter().map(move |taker| (giver.name.to_string(), taker.name.to_string())));
        all.filter(|(giver, taker)| giver != taker).collect()
    };
    let before = pairs(was);
    let covered: BTreeSet<PolicyIx> =
        levels(&edition.lattice).iter().filter(|label| below(&edition.lattice, is, label)).map(|label| label.policy).collect();
    let open = pairs(is).into_iter().filter(|pair| !before.contains(pair)).any(|(giver, taker)| {
        match (edition.peers.get(giver.as_str()), edition.peers.get(taker.as_str())) {
            (Some(giver), Some(taker)) => opens(edition, was, giver, taker) && !guard.engine().keeps_apart(giver, taker, &covered),
            _ => true,
        }
    });
    (!open).then(|| "nobody else could get more: uncleared, in other traffic, reading other formats, forbidden whatever it is, or served by a clause before it".to_owned())
}

/// Whether a clause would give a new pair something that they do not have.
fn opens(edition: &Edition, clause: &Clause, giver: &PeerEntry, taker: &PeerEntry) -> bool {
    let lattice = &edition.lattice;
    let traffic = clause.traffic.iter().any(|one| giver.traffic.contains(one) && taker.traffic.contains(one));
    let cleared = levels(lattice).iter().any(|label| below(lattice, clause, label) && may_hold(lattice, taker, label));
    let reads = clause.formats.iter().any(|format| translate::row(format, taker).is_ok());
    traffic && cleared && reads && !served(edition, clause, giver, taker)
}

/// Whether another clause, which stands before this one, gives the pair the same with the same edits.
fn served(edition: &Edition, clause: &Clause, giver: &PeerEntry, taker: &PeerEntry) -> bool {
    let order = |clause: &Clause| (clause.release == Release::Review, clause.id.clone());
    let steady = giver.terms.is_empty() && taker.terms.is_empty();
    let agreement = |id: &Clause| edition.agreements.iter().find(|agreement| agreement.clauses.iter().any(|clause| clause.id == id.id));
    let Some(own) = agreement(clause) else { return false };
    steady
        && edition.agreements.iter().filter(|other| other.from <= own.from && own.until <= other.until).flat_map(|other| &other.clauses).any(
            |other| {
                order(other) < order(clause)
                    && giver.is_among(&other.from)
                    && taker.is_among(&other.to)
                    && covers_alone(&edition.lattice, other, clause)
                    && edition.cedar.iter().all(|file| !file.text.contains("permit"))
            },
        )
}

/// Why a prohibition speaks of nothing that reaches it, where that is so.
pub(super) fn asleep(edition: &Edition, policy: &PolicyView) -> Option<String> {
    let lattice = &edition.lattice;
    policy.forbids.then_some(())?;
    policy.needs.iter().find_map(|needs| match needs {
        Needs::Classification(level) => {
            let spelt = |label: &Label| lattice.level_name(label.policy, label.level) == level;
            let held =
                levels(lattice).iter().filter(|label| spelt(label)).any(|label| edition.peers.values().any(|peer| may_hold(lattice, peer, label)));
            (!held).then(|| format!("no peer is cleared for `{level}`: mandatory control speaks first"))
        }
        Needs::Category(tag, value) => {
            (!holds_category(edition, tag, value)).then(|| format!("no peer holds `{tag}/{value}`: mandatory control speaks first"))
        }
    })
}

/// Whether a peer could be given content of a restrictive category: by holding it, or by a translation, of which nothing is shown here.
fn holds_category(edition: &Edition, tag: &str, value: &str) -> bool {
    let lattice: &Lattice = &edition.lattice;
    lattice.policies().iter().enumerate().any(|(at, scheme)| {
        let policy = PolicyIx::at(at);
        let Some((place, found)) = scheme.tags.iter().enumerate().find(|(_, found)| found.set == tag) else { return false };
        let Some(number) = found.values.iter().position(|found| found.name == value) else { return false };
        let restrictive = found.kind == TagKind::Restrictive;
        let levels = || (0..scheme.levels.len()).map(LevelIx::at);
        let held = |peer: &PeerEntry| match peer.clearances.iter().find(|clearance| clearance.policy == policy) {
            Some(own) => own.restrictive.get(&TagIx::at(place)).is_some_and(|held| held.contains(&ValueIx::at(number))),
            None => carried(peer, found, number) && levels().any(|level| may_hold(lattice, peer, &Label::new(policy, level))),
        };
        !restrictive || edition.peers.values().any(held)
    })
}

/// Whether a translation into a policy in which a peer is cleared says something for a value.
fn carried(peer: &PeerEntry, tag: &Tag, value: usize) -> bool {
    let equivalents = tag.values.get(value).into_iter().flat_map(|value| &value.equivalents);
    equivalents.filter(|one| one.applied.releases()).any(|one| peer.clearances.iter().any(|clearance| clearance.policy == one.policy))
}

/// A row gone whose fields meet the same by what is left of the profile, whatever their values: no other row speaks of any of them or of anything
/// below, and what no row lists is taken away too.
fn same_row(guard: &Guard, format: &str, at: usize) -> Option<String> {
    let profile = guard.edition().profiles.get(format)?;
    let field = profile.fields.get(at)?;
    let others = || profile.fields.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, other)| other);
    let alone = !others().any(|other| touches(&field.path, &other.path));
    let taken = field.forbid == Some(Action::Strip) && !field.reference && profile.otherwise == Action::Strip;
    (alone && taken).then(|| "what no row lists is taken away for the same reason".to_owned())
}

/// Whether two patterns can speak of one node, or the other of a node below one of the first.
fn touches(one: &PathPattern, other: &PathPattern) -> bool {
    let (steps, others) = (one.steps(), other.steps());
    let like = |(one, other): (&String, &String)| {
        let any = if other.starts_with('@') || one.starts_with('@') { "@*" } else { "*" };
        one == other || one == any || other == any
    };
    let long_enough = others.len() >= steps.len() || other.reaches_below() || one.reaches_below();
    long_enough && steps.iter().zip(others).all(like)
}

/// A text whose length has no bound any more, and whose pattern takes nothing longer than the bound was.
fn unbounded(was: &Profile, is: &Profile) -> Option<String> {
    let (field, _) = was.fields.iter().zip(&is.fields).find(|(was, is)| was.kind != is.kind)?;
    let FieldType::Text { length_max, pattern: Some(pattern) } = &field.kind else { return None };
    let form = regex_syntax::Parser::new().parse(pattern).ok()?;
    // Bytes, of which a character has one at least.
    let longest = form.properties().maximum_len()?;
    let same = field.misfit <= Action::Strip && longest <= *length_max;
    same.then(|| "the pattern takes nothing longer, and what is too long meets the same as what has another form".to_owned())
}

/// A message of which something is always left, for the format cannot be without what `rest` names.
fn always_left(format: &str, was: &Profile, is: &Profile) -> Option<String> {
    let required = crate::format::by_name(format)?.required;
    let stands = |path: &PathPattern| {
        let steps = path.steps();
        let prefixes = (2..=steps.len()).filter_map(|length| steps.get(..length)).map(|steps| format!("/{}", steps.join("/")));
        prefixes.into_iter().all(|prefix| required.contains(&prefix.as_str()))
    };
    (is.rest.is_empty() && was.rest.iter().any(stands)).then(|| "the format cannot be without what `rest` names".to_owned())
}

/// What no row lists, where a row speaks of everything.
fn always_listed(was: &Profile, is: &Profile) -> Option<String> {
    let all = was.fields.iter().any(|field| field.path.steps().len() == 1 && field.path.reaches_below());
    (was.otherwise != is.otherwise && all).then(|| "a row speaks of every field".to_owned())
}

/// A detector of labels fewer, whose reason does by itself what the detector asks for.
fn same_label(edition: &Edition, other: &Edition) -> Option<String> {
    let gone = edition.detectors.iter().find(|rule| other.detectors.iter().all(|left| left.name != rule.name))?;
    let check = CHECKS.iter().find(|check| check.name == gone.name)?;
    let anyway = match check.weight {
        Weight::Stops => Action::Hold,
        Weight::Tells => Action::Note,
    };
    (gone.action == anyway).then(|| "such a label meets the same without it; only its severity is told".to_owned())
}

/// Values that only the owner's peers hold, of which one is held by whoever is listed: no label has it beside a list, no list means the owner alone,
/// and no two peers are of the owner's nation, so that nobody could get it from another.
fn owners_alone(edition: &Edition, other: &Edition) -> Option<String> {
    let mut pairs = edition.lattice.policies().iter().zip(other.lattice.policies());
    let (was, is) = pairs.find(|(was, is)| was != is)?;
    let values = |scheme: &Policy| scheme.tags.iter().flat_map(|tag| tag.values.clone()).collect::<Vec<_>>();
    let (before, after) = (values(was), values(is));
    let mut changed = before.iter().zip(&after).filter(|(one, two)| one != two);
    let (value, other_value) = changed.next().filter(|(_, two)| two.holders == Holders::Listed)?;
    let alone = changed.next().is_none() && was.tags.len() == is.tags.len() && was.rules == is.rules && was.mandatory == is.mandatory;
    let beside = was.release.is_some_and(|release| value.excluded.iter().any(|selector| selector.tag == release && selector.value.is_none()));
    let unlisted = was.levels.iter().all(|level| level.unmarked == Unmarked::Owner);
    let cleared = |peer: &&PeerEntry| peer.clearances.iter().any(|clearance| edition.lattice.policy_name(clearance.policy) == was.name);
    let peers = edition.peers.values().filter(|peer| was.owner.as_ref() == Some(&peer.nation)).filter(cleared).count();
    match value.holders {
        Holders::Owner if alone && beside && unlisted && peers < 2 => {
            Some("no label has the value beside a list, and no list means the owner alone".to_owned())
        }
        Holders::Originator if alone && needs_another(is, other_value) => {
            Some("no label has the value without another that waits for its originator".to_owned())
        }
        _ => None,
    }
}

/// Whether a value never stands without one that nobody is given without its originator's consent.
fn needs_another(scheme: &Policy, value: &TagValue) -> bool {
    let held_by_nobody = |selector: &Selector| {
        let tag = scheme.tags.get(selector.tag.index());
        let found = tag.zip(selector.value).and_then(|(tag, value)| tag.values.get(value.index()));
        found.is_some_and(|found| found.holders == Holders::Originator)
    };
    value.required.iter().any(|required| match required.operation {
        Operation::All => required.of.iter().any(held_by_nobody),
        Operation::OnlyOne | Operation::OneOrMore => !required.of.is_empty() && required.of.iter().all(held_by_nobody),
    })
}

/// An edit fewer, of a field that the profile takes away.
fn gone_anyway(guard: &Guard, was: &Clause, is: &Clause) -> Option<String> {
    let gone = was.sanitise.iter().find(|step| !is.sanitise.contains(step))?;
    let steps = gone.path.steps();
    if was.sanitise.len() == is.sanitise.len() || steps.iter().any(|step| step == "*" || step == "@*") || gone.path.reaches_below() {
        return None;
    }
    let judged = |format: &String| guard.filters().profile(format).map(|profile| profile.judge(steps, None).stop);
    let taken = was.formats.iter().all(|format| matches!(judged(format), Some(Some((Action::Strip, _)))));
    taken.then(|| "the profile takes the field away from everyone".to_owned())
}
