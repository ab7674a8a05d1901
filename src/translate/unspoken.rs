//! Formats of clauses that none of their recipients reads, nor gets translated: what they release never arrives.

use crate::base::Complaint;
use crate::policy::{Agreement, Clause, Edition};

/// Complaints about clauses.
#[must_use]
pub fn formats(edition: &Edition) -> Vec<Complaint> {
    let clauses = edition.agreements.iter().flat_map(|agreement| agreement.clauses.iter().map(move |clause| (agreement, clause)));
    clauses
        .flat_map(|(agreement, clause)| {
            let takers = || edition.peers.values().filter(|peer| peer.is_among(&clause.to));
            let arrives = move |format: &&String| takers().next().is_none() || takers().any(|taker| super::row(format, taker).is_ok());
            clause.formats.iter().filter(move |format| !arrives(format)).map(move |format| complaint(edition, agreement, clause, format))
        })
        .collect()
}

fn complaint(edition: &Edition, agreement: &Agreement, clause: &Clause, format: &str) -> Complaint {
    let text = edition.files.iter().find(|file| file.path == agreement.file).map_or("", |file| &file.text);
    let before = usize::try_from(clause.line).unwrap_or(usize::MAX).saturating_sub(1);
    let start = text.split_inclusive('\n').take(before).map(str::len).fold(0_usize, usize::saturating_add);
    let end = start.saturating_add(text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len));
    Complaint {
        file: agreement.file.clone(),
        at: Some(start..end),
        what: format!("the clause `{}` releases `{format}`, which none of its recipients reads", clause.id),
        expected: "a format that a recipient reads, or that is translated into one".to_owned(),
        remedy: "remove the format from the clause, or add it to `reads` in peers.toml".to_owned(),
    }
}
