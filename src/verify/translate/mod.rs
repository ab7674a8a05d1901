//! Translation by the second half: what the result must be where the recipient reads another format than the message came in.
//!
//! Takes the second tree of the original and the declared edits; lays the edits over it, translates what is left with its own code, and
//! compares that with what the reader of the other format finds in the result. What it could not carry over must be what is declared
//! `untranslatable`, neither more nor less. Deliberately absent: any table or code of the first half's translation.

mod account;
mod event;
mod nffi;
mod oth;
mod threat;
mod track;

use super::compare;
use super::label::Said;
use super::place::Declared;
use super::second::{Part, Second, Sort};
use crate::base::{Reason, Refusal};
use crate::label::Lattice;
use crate::normal::{Change, Edits, Value};

pub(super) use account::Account;

/// The word of edits that declare what is not carried over.
const ACTION: &str = "untranslatable";

/// A pair of formats, and what a message of the one must be in the other.
#[derive(Debug)]
pub(super) struct Row {
    /// The format of the original.
    from: &'static str,
    /// The format of the result.
    to: &'static str,
    /// Builds the tree that the result must have; one line where the original cannot be told in the other format.
    translate: fn(&mut Account<'_, '_>) -> Result<Second<'static>, &'static str>,
}

/// The pairs.
static ROWS: &[Row] = &[event::COT_TO_TAK, event::TAK_TO_COT, nffi::NFFI_TO_COT, oth::OTH_TO_COT, threat::MISP_TO_STIX, threat::STIX_TO_MISP];

/// The row of a pair of formats.
pub(super) fn row(from: &str, to: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.from == from && row.to == to)
}

/// The label of what is released, for formats that mark in another way than the original does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marked<'s> {
    /// The marking schemes.
    pub(super) lattice: &'s Lattice,
    /// What the result must say.
    pub(super) said: &'s Said,
}

/// Checks that the result is the translation of the original less the declared edits, and that exactly what is lost is declared so.
///
/// # Errors
/// `verify.disagreement` where this half cannot translate the original; `verify.edit` for a difference.
pub(super) fn compare(row: &Row, original: &Second<'_>, result: &Second<'_>, edits: &Edits, marked: Marked<'_>) -> Result<(), Refusal> {
    Declared::locate(original, edits)?;
    let mut release = Edits::default();
    edits.iter().filter(|edit| edit.action != ACTION).for_each(|edit| release.add(edit.clone()));
    let declared = Declared::locate(original, &release)?;
    let disagree = |what| Refusal::new(Reason::VerifyDisagreement, what);
    let root = original.root().ok_or_else(|| disagree("the second reader finds no message"))?;
    let (left, origin) = edited(root, &declared);
    let roots = left.root().zip(result.root()).ok_or_else(|| disagree("the second reader finds no message"))?;
    compare::element(root, roots.0, &declared)?;
    let mut account = Account::new(&left, marked);
    let made = (row.translate)(&mut account).map_err(disagree)?;
    let (lost, less) = account.close();
    let original_of = |at: usize| origin.get(at).copied().unwrap_or(0);
    lost_as_declared(edits, &lost.into_iter().map(original_of).collect::<Vec<_>>())?;
    less_as_declared(edits, original, &less.into_iter().map(|(at, value)| (original_of(at), value)).collect::<Vec<_>>())?;
    let made = made.root().ok_or_else(|| disagree("the second half translates the original into nothing"))?;
    compare::element(made, roots.1, &Declared::default())
}

/// Checks that nothing is declared lost where nothing is translated.
///
/// # Errors
/// `verify.edit`.
pub(super) fn none_declared(edits: &Edits) -> Result<(), Refusal> {
    match edits.iter().find(|edit| edit.action == ACTION) {
        None => Ok(()),
        Some(edit) => Err(Refusal::new(Reason::VerifyEdit, "a field is declared lost in a translation, and nothing is translated").on(&edit.path)),
    }
}

/// What the edits leave of a message, with the number that each node has in the original.
fn edited(root: Part<'_, '_>, declared: &Declared<'_>) -> (Second<'static>, Vec<usize>) {
    fn lay(part: Part<'_, '_>, declared: &Declared<'_>, left: &mut Second<'static>, origin: &mut Vec<usize>) {
        let edit = declared.at(part).map(|edit| &edit.change);
        if edit == Some(&Change::Remove) {
            return;
        }
        origin.push(part.at);
        let (namespace, name) = part.name();
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let value = match edit {
            Some(Change::Replace(value)) => value.text().into_owned(),
            _ => part.value().to_owned(),
        };
        match part.node.sort {
            Sort::Element => {
                left.open(namespace, name);
                part.children().for_each(|child| lay(child, declared, left, origin));
                left.close();
            }
            Sort::Attribute => {
                left.attribute(namespace, name, value, part.node.spelling);
            }
            Sort::Text => {
                left.text(value, part.node.spelling);
            }
        }
    }
    let (mut left, mut origin) = (Second::default(), Vec::new());
    lay(root, declared, &mut left, &mut origin);
    (left, origin)
}

fn lost_as_declared(edits: &Edits, lost: &[usize]) -> Result<(), Refusal> {
    let declared = || edits.iter().filter(|edit| edit.action == ACTION && edit.change == Change::Remove);
    if let Some(edit) = declared().find(|edit| !lost.contains(&edit.node.index())) {
        return Err(Refusal::new(Reason::VerifyEdit, "a field is declared lost that the second half carries over").on(&edit.path));
    }
    if declared().count() == lost.len() { Ok(()) } else { Err(Refusal::new(Reason::VerifyEdit, "a field is lost that is not declared so")) }
}

fn less_as_declared(edits: &Edits, original: &Second<'_>, less: &[(usize, String)]) -> Result<(), Refusal> {
    let declared = || {
        edits.iter().filter(|edit| edit.action == ACTION).filter_map(|edit| match &edit.change {
            Change::Replace(value) => Some((edit, value)),
            Change::Remove => None,
        })
    };
    let same = |at: usize, value: &Value<'_>| {
        let spelling = original.node(at).map(|node| node.spelling);
        less.iter().any(|(other, text)| *other == at && spelling.is_some_and(|spelling| spelling.same(text, &value.text())))
    };
    if let Some((edit, _)) = declared().find(|(edit, value)| !same(edit.node.index(), value)) {
        return Err(Refusal::new(Reason::VerifyEdit, "a value is declared less exact than the second half makes it").on(&edit.path));
    }
    if declared().count() == less.len() { Ok(()) } else { Err(Refusal::new(Reason::VerifyEdit, "a value is less exact and not declared so")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_translate_the_same_pairs() {
        let first: std::collections::BTreeSet<_> = crate::translate::TRANSLATIONS.iter().map(|row| (row.from, row.to)).collect();
        let second: std::collections::BTreeSet<_> = ROWS.iter().map(|row| (row.from, row.to)).collect();
        assert_eq!(first, second);
    }
}
