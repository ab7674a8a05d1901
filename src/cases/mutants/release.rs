//! Mutants of what may go to whom: clauses, Cedar policies, formats that peers read, constraints beside the marking schemes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Mutant, Tried};
use crate::base::Name;
use crate::label::Lattice;
use crate::pipeline::{Alteration, Guard};
use crate::policy::{self, Clause, Edition, Release, SourceFile};

/// All of them.
pub(super) fn mutants(guard: &Guard) -> Vec<Mutant> {
    let edition = guard.edition();
    let mut all: Vec<Mutant> =
        edition.agreements.iter().flat_map(|agreement| &agreement.clauses).flat_map(|clause| of_clause(edition, clause)).collect();
    for policy in guard.engine_policies() {
        let (verb, notice) = match policy.forbids {
            true => ("forbids", "a message that it forbids and that a clause permits: `withhold`, `agreement.forbidden`"),
            false => ("permits", "a message that it alone permits, forwarded under it"),
        };
        all.push(Mutant {
            what: format!("the policy `{}` no longer {verb} anything", policy.id),
            notice: notice.to_owned(),
            alteration: Alteration::Policy(policy.id.clone()),
            edit: Box::new(|_| Ok(())),
            tried: Tried::Citing,
            row: None,
            rule: policy.id,
        });
    }
    all.extend(edition.peers.values().filter(|peer| !peer.reads.is_empty()).map(|peer| reads(&peer.name)));
    all.extend(schemes(edition));
    all
}

/// A change of one clause.
fn clause_mutant(clause: &Clause, what: String, notice: String, tried: Tried, change: impl Fn(&mut Clause) + Send + Sync + 'static) -> Mutant {
    let id = clause.id.clone();
    let edit = move |edition: &mut Edition| {
        edition.agreements.iter_mut().flat_map(|agreement| &mut agreement.clauses).filter(|clause| clause.id == id).for_each(&change);
        Ok(())
    };
    Mutant { rule: clause.id.to_string(), what, notice, alteration: Alteration::Clause(clause.id.clone()), edit: Box::new(edit), tried, row: None }
}

fn of_clause(edition: &Edition, clause: &Clause) -> Vec<Mutant> {
    let id = &clause.id;
    let formats = || Tried::Formats(clause.formats.clone());
    let mut all = vec![dropped(clause)];
    all.extend(clause.ceilings.iter().enumerate().filter_map(|(at, ceiling)| {
        let (level, rank) = above(&edition.lattice, ceiling.policy, ceiling.rank)?;
        let policy = edition.lattice.policy_name(ceiling.policy).to_owned();
        let what = format!("the ceiling of `{id}` is `{policy} {level}` instead of `{}`", ceiling.level);
        let notice = format!("a message marked `{policy} {level}`, whose recipient is cleared for it and in `to`, and stays: `agreement.none`");
        Some(clause_mutant(clause, what, notice, formats(), move |clause| {
            if let Some(ceiling) = clause.ceilings.get_mut(at) {
                (ceiling.level, ceiling.rank) = (level.clone(), rank);
            }
        }))
    }));
    all.extend(clause.sanitise.iter().enumerate().map(|(at, transform)| {
        let what = format!("`{id}` no longer makes the edit `{}` of `{}`", transform.action.word(), transform.path);
        let notice = format!("a message under `{id}` in which `{}` stands, with its `edits`", transform.path);
        clause_mutant(clause, what, notice, Tried::Citing, move |clause| {
            if at < clause.sanitise.len() {
                clause.sanitise.remove(at);
            }
        })
    }));
    if clause.release == Release::Review {
        let what = format!("`{id}` releases without review");
        let notice = format!("a message under `{id}`: `quarantine`, `agreement.review`");
        all.push(clause_mutant(clause, what, notice, formats(), |clause| clause.release = Release::Automatic));
    }
    let everyone: BTreeSet<String> = edition.peers.keys().map(Name::to_string).collect();
    for (side, parties) in [("from", &clause.from), ("to", &clause.to)] {
        if edition.peers.values().all(|peer| peer.is_among(parties)) {
            continue;
        }
        let what = format!("`{side}` of `{id}` is everyone");
        let other = if side == "from" { "from a peer that is not in `from`" } else { "to a peer that is not in `to`" };
        let notice = format!("a message as `{id}` releases it, {other} and cleared for it: `withhold`, `agreement.none`");
        let everyone = everyone.clone();
        all.push(clause_mutant(clause, what, notice, formats(), move |clause| match side {
            "from" => clause.from.clone_from(&everyone),
            _ => clause.to.clone_from(&everyone),
        }));
    }
    all
}

fn dropped(clause: &Clause) -> Mutant {
    let id = clause.id.clone();
    let edit = move |edition: &mut Edition| {
        edition.agreements.iter_mut().for_each(|agreement| agreement.clauses.retain(|clause| clause.id != id));
        Ok(())
    };
    Mutant {
        rule: clause.id.to_string(),
        what: format!("the clause `{}` is gone", clause.id),
        notice: format!("a message that leaves under `{}`, with `clause`", clause.id),
        alteration: Alteration::Clause(clause.id.clone()),
        edit: Box::new(edit),
        tried: Tried::Citing,
        row: None,
    }
}

/// The next classification above a rank.
fn above(lattice: &Lattice, policy: crate::label::PolicyIx, rank: u32) -> Option<(String, u32)> {
    let levels = lattice.scheme(policy).ok()?.levels.iter();
    levels.filter(|level| level.hierarchy > rank).min_by_key(|level| level.hierarchy).map(|level| (level.name.clone(), level.hierarchy))
}

/// A peer that gets everything as it came in.
fn reads(peer: &Name) -> Mutant {
    let name = peer.clone();
    let edit = move |edition: &mut Edition| {
        edition.peers.values_mut().filter(|peer| peer.name == name).for_each(|peer| peer.reads.clear());
        Ok(())
    };
    Mutant {
        rule: format!("peers.toml/{peer}"),
        what: format!("nothing is translated for `{peer}`"),
        notice: format!("a message for `{peer}` that is translated, with its `edits`, or one that is not: `translate.none`"),
        alteration: Alteration::Peer,
        edit: Box::new(edit),
        tried: Tried::To(peer.clone()),
        row: None,
    }
}

/// Lists of values beside a SPIF of which one may be missing.
const LISTS: [(&str, &str); 3] = [
    ("held_by_owner", "a message marked so, for another nation: it stays"),
    ("held_by_nobody", "a message marked so: it stays, for want of the originator's consent"),
    ("mandatory", "a message without it: `label.rule`"),
];

/// Constraints beside the SPIFs, one of them gone.
fn schemes(edition: &Edition) -> Vec<Mutant> {
    let mut all = Vec::new();
    let files: Arc<[SourceFile]> = edition.files.clone().into();
    for file in edition.files.iter().filter(|file| file.path.starts_with("policies/") && file.path.ends_with(".toml")) {
        let Ok(table) = file.text.parse::<toml::Table>() else { continue };
        for (key, notice) in LISTS {
            let values = table.get(key).and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
            for (at, value) in values.iter().enumerate() {
                let what = format!("`{}` no longer stands in `{key}` of `{}`", value.as_str().unwrap_or_default(), file.path);
                all.push(scheme(&files, file, what, notice.to_owned(), &without(&table, key, at)));
            }
        }
        for (at, rule) in table.get("rule").and_then(toml::Value::as_array).into_iter().flatten().enumerate() {
            let why = rule.get("why").and_then(toml::Value::as_str).unwrap_or("without a reason");
            let what = format!("the rule of `{}` is gone: {why}", file.path);
            all.push(scheme(&files, file, what, "a message whose label breaks it: `label.rule`".to_owned(), &without(&table, "rule", at)));
        }
    }
    all
}

fn without(table: &toml::Table, key: &str, at: usize) -> toml::Table {
    let mut other = table.clone();
    if let Some(list) = other.get_mut(key).and_then(toml::Value::as_array_mut).filter(|list| at < list.len()) {
        list.remove(at);
        if list.is_empty() {
            other.remove(key);
        }
    }
    other
}

/// Schemes stand under everything, so the whole rule set is read anew.
fn scheme(files: &Arc<[SourceFile]>, file: &SourceFile, what: String, notice: String, table: &toml::Table) -> Mutant {
    let (files, path, text) = (Arc::clone(files), Arc::clone(&file.path), table.to_string());
    let edit = move |edition: &mut Edition| {
        let other = |file: &SourceFile| match file.path == path {
            true => SourceFile { path: Arc::clone(&path), text: text.as_str().into() },
            false => file.clone(),
        };
        let files: Vec<SourceFile> = files.iter().filter(|file| !file.path.starts_with("cases/")).map(other).collect();
        let first = |complaints: Vec<crate::base::Complaint>| complaints.into_iter().next().map_or_else(String::new, |complaint| complaint.what);
        *edition = policy::load(&files).map_err(first)?;
        Ok(())
    };
    Mutant { rule: file.path.to_string(), what, notice, alteration: Alteration::Schemes, edit: Box::new(edit), tried: Tried::All, row: None }
}
