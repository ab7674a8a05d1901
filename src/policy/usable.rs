//! What no message can ever use: clauses that release nothing, clauses that never speak, rows of profiles that meet no field.
//!
//! Takes a rule set whose files are well formed each by itself, gives complaints about what stands between them. Sound in one direction: what is
//! complained of can never speak; what passes may still be idle, and then `rules test --coverage` says so.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::edition::{Agreement, Clause, PeerEntry, Profile, Release, SourceFile};
use super::faults::Faults;
use crate::base::{Complaint, Name, Time, like_all};
use crate::format::{FORMATS, Syntax, by_name};
use crate::label::{Label, Lattice, LevelIx, PolicyIx};

/// What clauses stand on.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Ground<'g> {
    pub(in crate::policy) files: &'g [SourceFile],
    pub(in crate::policy) lattice: &'g Lattice,
    pub(in crate::policy) peers: &'g BTreeMap<Name, PeerEntry>,
    pub(in crate::policy) agreements: &'g [Agreement],
}

/// Complaints about clauses.
pub(in crate::policy) fn clauses(ground: Ground<'_>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for agreement in ground.agreements {
        let mut faults = Faults::of(agreement.file.clone());
        for clause in &agreement.clauses {
            let place = ground.place(agreement, clause);
            released(ground, clause, &place, &mut faults);
            dated(ground, agreement, clause, &place, &mut faults);
            kinds(clause, &place, &mut faults);
            shadowed(ground, agreement, clause, &place, &mut faults);
        }
        complaints.append(&mut faults.into_list());
    }
    complaints
}

impl<'g> Ground<'g> {
    /// The bytes of the line on which a clause begins.
    fn place(&self, agreement: &Agreement, clause: &Clause) -> Range<usize> {
        let text = self.files.iter().find(|file| file.path == agreement.file).map_or("", |file| &file.text);
        let before = usize::try_from(clause.line).unwrap_or(usize::MAX).saturating_sub(1);
        let start = text.split_inclusive('\n').take(before).map(str::len).fold(0_usize, usize::saturating_add);
        start..start.saturating_add(text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len))
    }

    fn among(&self, parties: &BTreeSet<String>) -> Vec<&'g PeerEntry> {
        self.peers.values().filter(|peer| peer.is_among(parties)).collect()
    }

    /// Givers with takers, never one with itself.
    fn pairs(&self, clause: &Clause) -> Vec<(&'g PeerEntry, &'g PeerEntry)> {
        let takers = self.among(&clause.to);
        let givers = self.among(&clause.from);
        givers.iter().flat_map(|giver| takers.iter().filter(|taker| taker.name != giver.name).map(|taker| (*giver, *taker))).collect()
    }
}

/// Every classification of every policy, as a label without categories.
pub(crate) fn levels(lattice: &Lattice) -> Vec<Label> {
    let policies = lattice.policies().iter().enumerate();
    policies.flat_map(|(policy, scheme)| (0..scheme.levels.len()).map(move |level| Label::new(PolicyIx::at(policy), LevelIx::at(level)))).collect()
}

/// Whether a peer's clearances could admit content of this classification, whatever its categories: in the label's own policy where it holds one
/// there, else one step away. Where this says no, mandatory control says no.
pub(crate) fn may_hold(lattice: &Lattice, peer: &PeerEntry, label: &Label) -> bool {
    if let Some(own) = peer.clearances.iter().find(|clearance| clearance.policy == label.policy) {
        return own.levels.contains(&label.level);
    }
    let Ok(scheme) = lattice.scheme(label.policy) else { return false };
    let level = scheme.levels.get(label.level.index());
    let equivalents = level.iter().flat_map(|level| &level.equivalents);
    equivalents
        .filter(|equivalent| equivalent.applied.releases())
        .any(|equivalent| peer.clearances.iter().any(|held| held.policy == equivalent.policy && held.levels.contains(&equivalent.level)))
}

/// Whether a label is at or below every ceiling to which it can be taken, and can be taken to one.
pub(crate) fn below(lattice: &Lattice, clause: &Clause, label: &Label) -> bool {
    let ranks = || clause.ceilings.iter().filter_map(|ceiling| Some((lattice.rank_in(label, ceiling.policy)?, ceiling.rank)));
    ranks().next().is_some() && ranks().all(|(rank, ceiling)| rank <= ceiling)
}

/// A clause of which every recipient is cleared for nothing that it releases, or that covers no traffic of its parties.
fn released(ground: Ground<'_>, clause: &Clause, place: &Range<usize>, faults: &mut Faults) {
    let pairs = ground.pairs(clause);
    if pairs.is_empty() {
        return;
    }
    let covered: Vec<Label> = levels(ground.lattice).into_iter().filter(|label| below(ground.lattice, clause, label)).collect();
    let held = |taker: &PeerEntry| covered.iter().any(|label| may_hold(ground.lattice, taker, label));
    if !pairs.iter().any(|(_, taker)| held(taker)) {
        let what = format!("the clause `{}` releases nothing: none of its recipients is cleared for what its ceilings cover", clause.id);
        faults.at(place, what, "a recipient in `to` that is cleared at or below a ceiling", "correct `up_to`, or the clearances in peers.toml");
    }
    let shared =
        |(giver, taker): &(&PeerEntry, &PeerEntry)| clause.traffic.iter().any(|one| giver.traffic.contains(one) && taker.traffic.contains(one));
    if !pairs.iter().any(shared) {
        let what = format!("the clause `{}` releases nothing: no two of its parties take part in the traffic that it covers", clause.id);
        faults.at(place, what, "`traffic` in which a sender and a recipient take part", "correct `traffic` here or in peers.toml");
    }
}

/// The times in which a peer is one of the parties; `None` for an end that is open.
fn windows(peer: &PeerEntry, parties: &BTreeSet<String>) -> Vec<(Option<Time>, Option<Time>)> {
    if parties.contains(peer.name.as_str()) || parties.contains(&peer.nation) {
        return vec![(None, None)];
    }
    let member = peer.communities.iter().filter(|community| parties.contains(community.as_str()));
    member.map(|community| peer.terms.get(community).map_or((None, None), |term| (term.from, earliest(term.until, term.known_until)))).collect()
}

fn earliest(one: Option<Time>, two: Option<Time>) -> Option<Time> {
    one.into_iter().chain(two).min()
}

/// A clause whose parties are never members together while the agreement is in force.
fn dated(ground: Ground<'_>, agreement: &Agreement, clause: &Clause, place: &Range<usize>, faults: &mut Faults) {
    let pairs = ground.pairs(clause);
    let meets = |(giver, taker): &(&PeerEntry, &PeerEntry)| {
        windows(giver, &clause.from).iter().any(|one| {
            windows(taker, &clause.to).iter().any(|two| {
                let begin = one.0.into_iter().chain(two.0).chain([agreement.from]).max();
                let end = one.1.into_iter().chain(two.1).chain([agreement.until]).min();
                begin.zip(end).is_some_and(|(begin, end)| begin < end)
            })
        })
    };
    if !pairs.is_empty() && !pairs.iter().any(meets) {
        let what = format!("the clause `{}` is never in force: its parties are not members together while the agreement lasts", clause.id);
        faults.at(
            place,
            what,
            "dates of the agreement and of memberships that meet",
            "correct `from` and `until` here, or `[[member]]` in ruleset.toml",
        );
    }
}

/// A kind that no message of the clause's formats can be of.
fn kinds(clause: &Clause, place: &Range<usize>, faults: &mut Faults) {
    let formats = || clause.formats.iter().filter_map(|name| by_name(name));
    for kind in &clause.kinds {
        if !formats().any(|format| (format.kinds)(kind)) {
            let elsewhere: Vec<&str> = FORMATS.iter().filter(|format| (format.kinds)(kind)).map(|format| format.name).collect();
            let remedy = match elsewhere.as_slice() {
                [] => "correct the kind".to_owned(),
                some => format!("correct the kind, or the formats: `{}` has it", some.join("`, `")),
            };
            let named: Vec<&str> = clause.formats.iter().map(String::as_str).collect();
            let what = format!("the kind `{kind}` of the clause `{}` meets no message", clause.id);
            faults.at(place, what, format!("a kind that `{}` has", named.join("`, `")), remedy);
        }
    }
    // What a letter may carry needs no kind of its own: the kind is that of the letter.
    let carried = formats().any(|format| format.syntax == Syntax::Mail);
    for format in formats().filter(|_| !carried) {
        if !clause.kinds.is_empty() && !clause.kinds.iter().any(|kind| (format.kinds)(kind)) {
            let what = format!("the clause `{}` names `{}` and no kind of it", clause.id, format.name);
            faults.at(place, what, format!("a kind that `{}` has", format.name), "add a kind, or remove the format");
        }
    }
}

/// A clause before which another always speaks.
fn shadowed(ground: Ground<'_>, agreement: &Agreement, clause: &Clause, place: &Range<usize>, faults: &mut Faults) {
    let all = ground.agreements.iter().flat_map(|other| other.clauses.iter().map(move |before| (other, before)));
    let order = |clause: &Clause| (clause.release == Release::Review, clause.id.clone());
    let covering = all.into_iter().find(|(other, before)| {
        order(before) < order(clause) && other.from <= agreement.from && agreement.until <= other.until && covers(ground, before, clause)
    });
    if let Some((_, before)) = covering {
        let what = format!("the clause `{}` never speaks: `{}` stands before it and covers all that it covers", clause.id, before.id);
        faults.at(place, what, "something that no clause before it releases", "remove it, or narrow the one before it");
    }
}

/// Whether everything that `narrow` releases is released by `wide`.
pub(crate) fn covers_alone(lattice: &Lattice, wide: &Clause, narrow: &Clause) -> bool {
    let kinds =
        wide.kinds.is_empty() || (!narrow.kinds.is_empty() && narrow.kinds.iter().all(|kind| wide.kinds.iter().any(|one| like_all(one, kind))));
    let when = wide.when.iter().all(|one| narrow.when.iter().any(|other| other.condition == one.condition && other.values.is_subset(&one.values)));
    kinds
        && when
        && narrow.onward.is_subset(&wide.onward)
        && narrow.formats.is_subset(&wide.formats)
        && narrow.traffic.is_subset(&wide.traffic)
        && levels(lattice).iter().all(|label| !below(lattice, narrow, label) || below(lattice, wide, label))
}

fn covers(ground: Ground<'_>, wide: &Clause, narrow: &Clause) -> bool {
    let parties = |of: fn(&Clause) -> &BTreeSet<String>| {
        let (wide, narrow) = (of(wide), of(narrow));
        // A membership may begin or end, so that communities are compared by name, and members only where they are always such.
        narrow.is_subset(wide) || ground.among(narrow).iter().all(|peer| peer.terms.is_empty() && peer.is_among(wide))
    };
    parties(|clause| &clause.from) && parties(|clause| &clause.to) && covers_alone(ground.lattice, wide, narrow)
}

/// Complaints about rows of a profile that meet no field of the format.
pub(in crate::policy) fn fields(format: &str, profile: &Profile, files: &[SourceFile]) -> Vec<Complaint> {
    let mut faults = Faults::of(profile.file.clone());
    let text = files.iter().find(|file| file.path == profile.file).map_or("", |file| &file.text);
    let Some(known) = by_name(format).map(|format| format.fields) else { return Vec::new() };
    let paths = profile.fields.iter().map(|field| &field.path).chain(&profile.rest);
    for path in paths.filter(|path| !known(path.steps())) {
        let spelt = path.to_string();
        let start = text.find(&format!("\"{spelt}\"")).unwrap_or(0);
        let place = start..start.saturating_add(spelt.len()).saturating_add(2);
        let what = format!("no message of `{format}` has the field `{spelt}`");
        faults.at(&place, what, "a field of the format's table (manual page `formats`)", "correct the path, or remove the row");
    }
    faults.into_list()
}
