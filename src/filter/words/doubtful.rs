//! Entries of word lists that say nothing of their own: another entry of the same weight or more speaks wherever they would.
//!
//! Deliberately absent: any comparison with what messages usually say; only what can be told from the lists and the marking schemes alone.

use super::fold::{self, Reading};
use crate::base::Complaint;
use crate::filter::place;
use crate::label::Lattice;
use crate::policy::{PeerEntry, SourceFile, WordEntry, WordList};

/// Complaints about entries in which another entry stands as whole words.
pub(super) fn entries(lists: &[WordList], files: &[SourceFile]) -> Vec<Complaint> {
    let all: Vec<(&WordList, &WordEntry, Vec<String>)> =
        lists.iter().flat_map(|list| list.entries.iter().map(move |entry| (list, entry, words(&entry.text)))).collect();
    let mut complaints = Vec::new();
    for (list, entry, longer) in &all {
        // The same words in two lists say two things; within one they are told elsewhere.
        let within = |(other, first, shorter): &&(&WordList, &WordEntry, Vec<String>)| {
            let before = other.file == list.file && first_of(first, entry);
            other.action >= list.action
                && (shorter.len() < longer.len() || (before && shorter.len() == longer.len()))
                && longer.windows(shorter.len().max(1)).any(|part| part == shorter.as_slice())
        };
        if let Some((other, first, _)) = all.iter().find(within) {
            complaints.push(place::complaint(
                files,
                &format!("{}:{}", list.file, entry.line),
                format!("the entry `{}` says nothing that `{}` does not say", entry.text, first.text),
                format!("expected an entry in which none of the same weight stands; see `{}:{}`", other.file, first.line),
                "remove one of the two",
            ));
        }
    }
    complaints
}

/// Whether of two entries that look alike, and are not spelt with the same letters, the one stands first.
fn first_of(first: &WordEntry, entry: &WordEntry) -> bool {
    first.line < entry.line && fold::letters(&first.text, Reading::Native) != fold::letters(&entry.text, Reading::Native)
}

/// The folded words of an entry.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(|word| fold::letters(word, Reading::LookAlike)).filter(|word| !word.is_empty()).collect()
}

/// Complaints about entries that stand in every message of a classification or policy, because its marking is spelt so.
pub(in crate::filter) fn markings<'p>(
    lists: &[WordList],
    lattice: &Lattice,
    peers: impl Iterator<Item = &'p PeerEntry>,
    files: &[SourceFile],
) -> Vec<Complaint> {
    let held: Vec<_> = peers.flat_map(|peer| &peer.clearances).collect();
    let mut spelt: Vec<String> = Vec::new();
    for clearance in held {
        spelt.push(fold::letters(lattice.policy_name(clearance.policy), Reading::LookAlike));
        spelt.extend(clearance.levels.iter().map(|level| fold::letters(lattice.level_name(clearance.policy, *level), Reading::LookAlike)));
    }
    let entries = lists.iter().flat_map(|list| list.entries.iter().map(move |entry| (list, entry)));
    entries
        .filter(|(_, entry)| spelt.contains(&fold::letters(&entry.text, Reading::LookAlike)))
        .map(|(list, entry)| {
            place::complaint(
                files,
                &format!("{}:{}", list.file, entry.line),
                format!("the entry `{}` stands in every message that is marked so", entry.text),
                "expected words that a marking for which a peer is cleared is not made of",
                "remove it; classifications are the business of ceilings and clearances",
            )
        })
        .collect()
}
