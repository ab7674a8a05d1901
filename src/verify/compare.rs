//! The comparison of original and result: the same tree, but for the declared edits.
//!
//! Both trees are walked side by side. Values are compared as they are spelt: numbers, times and truth values by value, everything else
//! character by character. Order of elements counts, order of attributes does not.

use std::borrow::Cow;

use super::moment::Moment;
use super::number::Digits;
use super::place::{Declared, path};
use super::second::{Part, Sort, Spelling};
use crate::base::{Reason, Refusal};
use crate::normal::{Change, Edit, Value};

/// Attributes of one element that are searched one by one; above, they are sorted first, so that work stays linear: 24.
const SEARCHED_MAX: usize = 24;

/// Attributes that say how wrong a place is: where the place was coarsened, they may only become greater.
const ERRORS: [&str; 2] = ["ce", "le"];

/// Compares an element of the original, and all below it, with its counterpart in the result.
///
/// # Errors
/// `verify.edit` with the path of the first difference.
pub(super) fn element(original: Part<'_, '_>, result: Part<'_, '_>, declared: &Declared<'_>) -> Result<(), Refusal> {
    if !original.is_named_as(result) {
        return differs(original, "an element stands in the result that the original has elsewhere or not at all");
    }
    attributes(original, result, declared)?;
    content(original, result, declared)
}

fn attributes(original: Part<'_, '_>, result: Part<'_, '_>, declared: &Declared<'_>) -> Result<(), Refusal> {
    let count = result.attributes().count();
    let sorted = if count > SEARCHED_MAX { sorted(result) } else { Vec::new() };
    let mut kept = 0_usize;
    for from in original.attributes() {
        let edit = declared.at(from);
        if edit.is_some_and(|edit| edit.change == Change::Remove) {
            continue;
        }
        kept = kept.saturating_add(1);
        let to = if sorted.is_empty() {
            result.attributes().find(|to| to.is_named_as(from))
        } else {
            sorted.binary_search_by(|to| to.name().cmp(&from.name())).ok().and_then(|at| sorted.get(at)).copied()
        };
        let Some(to) = to else { return differs(from, "an attribute is missing in the result and not declared removed") };
        if !fits(from, to, edit) {
            return differs(from, "the value of an attribute is neither the original's nor the declared one");
        }
    }
    if kept == count {
        return Ok(());
    }
    differs(original, "the result has an attribute that the original has not, or that is declared removed")
}

fn content(original: Part<'_, '_>, result: Part<'_, '_>, declared: &Declared<'_>) -> Result<(), Refusal> {
    let mut found = result.content();
    // Texts on both sides of a removed element become one text: what is left of the result's current text.
    let mut left = "";
    for child in original.content().filter(|child| !declared.removes(*child)) {
        if child.node.sort == Sort::Text {
            if child.node.spelling != Spelling::Exact {
                match found.next().filter(|to| left.is_empty() && to.node.sort == Sort::Text && fits(child, *to, declared.at(child))) {
                    Some(_) => continue,
                    None => return differs(child, "a value is neither the original's nor the declared one"),
                }
            }
            let expected = text(child, declared)?;
            if left.is_empty() && !expected.is_empty() {
                let next = found.next().filter(|to| to.node.sort == Sort::Text && to.node.spelling == Spelling::Exact);
                left = next.map_or("", Part::value);
            }
            match left.strip_prefix(expected.as_ref()) {
                Some(rest) => left = rest,
                None => return differs(child, "a text is neither the original's nor the declared one"),
            }
            continue;
        }
        if declared.at(child).is_some() {
            return differs(child, "an element is declared replaced, which only values can be");
        }
        match found.next().filter(|to| left.is_empty() && to.is_element()) {
            Some(counterpart) => element(child, counterpart, declared)?,
            None => return differs(child, "an element is missing in the result and not declared removed"),
        }
    }
    if left.is_empty() && found.next().is_none() {
        return Ok(());
    }
    differs(original, "the result has content that the original has not, or that is declared removed")
}

/// The text that a text of the original must have become.
fn text<'t>(part: Part<'t, '_>, declared: &Declared<'t>) -> Result<Cow<'t, str>, Refusal> {
    let Some(edit) = declared.at(part) else { return Ok(Cow::Borrowed(part.value())) };
    match &edit.change {
        Change::Replace(value) if edit.action != "remove" => Ok(value.text()),
        _ => Err(Refusal::new(Reason::VerifyEdit, "the action of a declared edit does not fit its change").on(&edit.path)),
    }
}

/// Whether a value of the result is the original's, or the declared one, and spelt as what it is.
fn fits(from: Part<'_, '_>, to: Part<'_, '_>, edit: Option<&Edit>) -> bool {
    let kept = to.node.spelling == from.node.spelling;
    match edit.map(|edit| (edit, &edit.change)) {
        None => kept && from.node.spelling.same(from.value(), to.value()),
        Some((edit, Change::Replace(value))) => (kept || to.node.spelling == spelling(value)) && replaced(edit, value, from, to.value()),
        Some((_, Change::Remove)) => false,
    }
}

/// How a declared value is spelt where nothing but the value says so.
const fn spelling(value: &Value<'_>) -> Spelling {
    match value {
        Value::Empty | Value::Text(_) => Spelling::Exact,
        Value::Number(..) => Spelling::Number,
        Value::Time(_) => Spelling::Time,
        Value::Flag(_) => Spelling::Flag,
    }
}

/// Whether a replaced value is the declared one, and the declared one what its action says.
fn replaced(edit: &Edit, value: &Value<'_>, from: Part<'_, '_>, to: &str) -> bool {
    let declared = value.text();
    let exact = from.value();
    let error = ERRORS.contains(&from.name().1);
    let honest = match (edit.action, from.node.spelling) {
        ("remove", _) => false,
        ("coarsen", Spelling::Time) => Moment::read(exact).zip(Moment::read(&declared)).is_some_and(|(exact, coarse)| coarse <= exact),
        ("coarsen", _) => {
            Digits::read(exact).zip(Digits::read(&declared)).is_some_and(|(exact, coarse)| coarse.rounds(exact) || (error && coarse > exact))
        }
        _ => true,
    };
    honest && declared == to
}

fn sorted<'t, 'a>(element: Part<'t, 'a>) -> Vec<Part<'t, 'a>> {
    let mut list: Vec<_> = element.attributes().collect();
    list.sort_unstable_by(|one, other| one.name().cmp(&other.name()));
    list
}

fn differs<T>(at: Part<'_, '_>, what: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(Reason::VerifyEdit, what).on(path(at)))
}
