//! `agreements/*.toml`: who may give what to whom, until when, and with which edits.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::conditions::{self, Condition};
use super::edition::{Agreement, Ceiling, Clause, Registry, Release, SourceFile};
use super::faults::Faults;
use super::peers::{Peers, traffic};
use super::ruleset;
use super::table::{Need, Table, Word, read};
use super::transforms::transform;
use crate::base::{Complaint, Name, Traffic};
use crate::label::Lattice;

/// What clauses may name.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Known<'k> {
    pub(in crate::policy) registry: &'k Registry,
    pub(in crate::policy) conditions: &'k [Condition],
    pub(in crate::policy) peers: &'k Peers,
    pub(in crate::policy) lattice: &'k Lattice,
    pub(in crate::policy) formats: &'k [&'static str],
}

const RELEASE: [(&str, Release); 2] = [("automatic", Release::Automatic), ("review", Release::Review)];

pub(in crate::policy) fn parse(file: &SourceFile, known: Known<'_>) -> (Option<Agreement>, Vec<Complaint>) {
    let mut faults = Faults::of(file.path.clone());
    let mut agreement = None;
    read(file, &mut faults, |root, faults| agreement = read_agreement(root, file, known, faults));
    (agreement, faults.into_list())
}

fn read_agreement(mut root: Table<'_>, file: &SourceFile, known: Known<'_>, faults: &mut Faults) -> Option<Agreement> {
    let id = root.word("id", Need::Required, faults);
    let title = root.word("title", Need::Required, faults);
    let from = root.time("from", Need::Required, faults);
    let until = root.time("until", Need::Required, faults);
    if let (Some((from, _)), Some((until, at))) = (&from, &until)
        && until <= from
    {
        faults.at(at, "the agreement is never in force", "a time after `from`", "correct `from` or `until`");
    }
    let outer = Outer { formats: formats(&mut root, known, faults), traffic: traffic(&mut root, Need::Optional, faults) };
    let mut clauses: Vec<Clause> = Vec::new();
    let tables = root.tables("clause", Need::Required, faults);
    if tables.is_empty() {
        faults.whole("the agreement has no clause", "at least one `[[clause]]`", "add a clause or remove the file");
    }
    for table in tables {
        let place = table.place().clone();
        let Some(clause) = read_clause(table, file, id.as_ref(), &outer, known, faults) else { continue };
        if clauses.iter().any(|earlier| earlier.id == clause.id) {
            faults.at(&place, format!("the clause `{}` stands twice", clause.id), "an id of its own", "number the clauses");
        }
        clauses.push(clause);
    }
    root.finish(faults);
    let id = id?.name(faults)?;
    Some(Agreement { id, title: title?.text.to_owned(), from: from?.0, until: until?.0, clauses, file: Arc::clone(&file.path) })
}

/// What the agreement says for all of its clauses.
struct Outer {
    formats: Option<BTreeSet<String>>,
    traffic: Option<BTreeSet<Traffic>>,
}

fn read_clause(
    mut table: Table<'_>,
    file: &SourceFile,
    above: Option<&Word<'_>>,
    outer: &Outer,
    known: Known<'_>,
    faults: &mut Faults,
) -> Option<Clause> {
    let place = table.place().clone();
    let id = table.word("id", Need::Required, faults);
    let from = parties(&mut table, "from", known, faults);
    let to = parties(&mut table, "to", known, faults);
    reachable(&place, &from, &to, known, faults);
    let formats = inner(formats(&mut table, known, faults), outer.formats.as_ref(), "formats", &place, faults);
    let traffic = inner(traffic(&mut table, Need::Optional, faults), outer.traffic.as_ref(), "traffic", &place, faults);
    let kinds = kinds(&mut table, faults);
    let ceilings = ceilings(&mut table, "up_to", Need::Required, known.lattice, faults);
    let when = conditions::when(&mut table, known.conditions, faults);
    let release = table.choice("release", Need::Required, &RELEASE, faults);
    let reviewers = ruleset::persons(&mut table, "reviewers", faults);
    let onward = onward(&mut table, known, faults);
    let mut sanitise = Vec::new();
    for step in table.tables("sanitise", Need::Optional, faults) {
        sanitise.extend(transform(step, file, faults));
    }
    table.finish(faults);
    let (id, above) = (id?, above?);
    let whole = Name::new(&format!("{}/{}", above.text, id.text)).filter(|_| !id.text.contains('/'));
    if whole.is_none() {
        faults.at(
            &id.at,
            format!("`{}` is no clause id", id.text),
            "`a-z A-Z 0-9 . _ -`, 64 together with the agreement's id",
            "choose a shorter, plain id",
        );
    }
    let line = line_of(&file.text, place.start);
    Some(Clause { id: whole?, from, to, formats, kinds, ceilings, release: release?, sanitise, traffic, when, onward, reviewers, line })
}

/// A clause may narrow what its agreement says, and must say what its agreement leaves open.
fn inner<T: Ord + Clone>(own: Option<BTreeSet<T>>, outer: Option<&BTreeSet<T>>, key: &str, place: &Range<usize>, faults: &mut Faults) -> BTreeSet<T> {
    match (own, outer) {
        (None, None) => {
            let what = format!("neither the clause nor its agreement says `{key}`");
            faults.at(place, what, format!("`{key} = [...]`"), format!("add `{key}` to the agreement or to the clause"));
            BTreeSet::new()
        }
        (None, Some(outer)) => outer.clone(),
        (Some(own), None) => own,
        (Some(own), Some(outer)) => {
            if !own.is_subset(outer) {
                let what = format!("the clause names more `{key}` than its agreement");
                faults.at(place, what, "a part of what the agreement names", "widen the agreement or narrow the clause");
            }
            own
        }
    }
}

fn parties(table: &mut Table<'_>, key: &'static str, known: Known<'_>, faults: &mut Faults) -> BTreeSet<String> {
    let mut parties = BTreeSet::new();
    let words = table.words(key, Need::Required, faults);
    if words.is_empty() {
        let place = table.place().clone();
        faults.at(&place, format!("the clause names nobody in `{key}`"), "at least one party", "name a peer, nation or community");
    }
    for word in words {
        let names = || known.peers.names.iter().chain(known.registry.communities.keys()).map(Name::as_str).chain(known.registry.owners());
        if names().any(|name| name == word.text) {
            parties.insert(word.text.to_owned());
        } else {
            faults.unknown(&word.at, "peer, nation or community", word.text, names());
        }
    }
    parties
}

/// Whom the onward rule names: nations and organisations, and communities that have information of their own, such as an alliance.
fn onward(table: &mut Table<'_>, known: Known<'_>, faults: &mut Faults) -> BTreeSet<String> {
    let mut onward = BTreeSet::new();
    for word in table.words("onward", Need::Optional, faults) {
        let names = || known.registry.owners().chain(known.registry.communities.keys().map(Name::as_str));
        if names().any(|name| name == word.text) {
            onward.insert(word.text.to_owned());
        } else {
            faults.unknown(&word.at, "nation, organisation or community", word.text, names());
        }
    }
    onward
}

/// A clause that no pair of peers can use is a misunderstanding, and better found now than in an operation.
fn reachable(place: &Range<usize>, from: &BTreeSet<String>, to: &BTreeSet<String>, known: Known<'_>, faults: &mut Faults) {
    let sound = known.peers.entries.len() == known.peers.names.len();
    let among =
        |parties: &BTreeSet<String>| known.peers.entries.values().filter(|peer| peer.is_among(parties)).map(|peer| &peer.name).collect::<Vec<_>>();
    let (givers, takers) = (among(from), among(to));
    let pair = givers.iter().any(|giver| takers.iter().any(|taker| giver != taker));
    if sound && !(from.is_empty() || to.is_empty() || pair) {
        let expected = "no two peers of peers.toml that it could serve";
        faults.at(place, "the clause can never apply", expected, "correct `from` and `to`, or add the peers");
    }
}

pub(in crate::policy) fn formats(table: &mut Table<'_>, known: Known<'_>, faults: &mut Faults) -> Option<BTreeSet<String>> {
    let mut formats = BTreeSet::new();
    for word in table.value("formats", Need::Optional, faults)?.words(faults) {
        if known.formats.contains(&word.text) {
            formats.insert(word.text.to_owned());
        } else {
            faults.unknown(&word.at, "format", word.text, known.formats.iter().copied());
        }
    }
    Some(formats)
}

pub(in crate::policy) fn kinds(table: &mut Table<'_>, faults: &mut Faults) -> Vec<String> {
    let mut kinds = Vec::new();
    for word in table.words("kinds", Need::Optional, faults) {
        let plain = word.text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.;*".contains(&b));
        let parts = word.text.split('-').all(|part| !part.is_empty());
        if !plain || !parts {
            let expected = "letters, digits, `-`, `_`, `.`, `;` and `*`, no part empty";
            faults.at(&word.at, format!("the kind `{}` matches nothing", word.text), expected, "write a kind such as `a-f-G*`");
        }
        kinds.push(word.text.to_owned());
    }
    kinds
}

/// Classifications, one for each policy at most.
pub(in crate::policy) fn ceilings(table: &mut Table<'_>, key: &'static str, need: Need, lattice: &Lattice, faults: &mut Faults) -> Vec<Ceiling> {
    let mut ceilings: Vec<Ceiling> = Vec::new();
    let entries = table.tables(key, need, faults);
    if entries.is_empty() && need == Need::Required {
        let place = table.place().clone();
        faults.at(&place, "the clause has no ceiling", "`up_to = [{ policy = ..., level = ... }]`", "say how high the clause releases");
    }
    for mut entry in entries {
        let policy = entry.word("policy", Need::Required, faults);
        let level = entry.word("level", Need::Required, faults);
        entry.finish(faults);
        let (Some(policy), Some(level)) = (policy, level) else { continue };
        let Some(ix) = lattice.policy(policy.text) else {
            faults.unknown(&policy.at, "policy", policy.text, lattice.policies().iter().map(|policy| &*policy.name));
            continue;
        };
        let Some(found) = lattice.level(ix, level.text) else {
            let names: Vec<&str> =
                lattice.policies().iter().filter(|p| *p.name == *policy.text).flat_map(|p| p.levels.iter().map(|l| &*l.name)).collect();
            faults.unknown(&level.at, "classification", level.text, names);
            continue;
        };
        if ceilings.iter().any(|earlier| earlier.policy == ix) {
            faults.at(&policy.at, format!("two ceilings in the policy `{}`", policy.text), "one ceiling for each policy", "keep the lower one");
        }
        ceilings.push(Ceiling { policy: ix, level: level.text.to_owned(), rank: lattice.rank(ix, found) });
    }
    ceilings
}

/// The line, from 1, of a byte of a text.
pub(in crate::policy) fn line_of(text: &str, at: usize) -> u32 {
    let lines = text.get(..at).unwrap_or(text).matches('\n').count();
    u32::try_from(lines).unwrap_or(u32::MAX).saturating_add(1)
}
