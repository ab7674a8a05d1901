//! The comparison of original and result: the same tree, but for the declared edits.
//!
//! Both trees are walked side by side. Comments and white space between elements mean nothing; numbers and times are
//! compared by value, everything else character by character. Order of elements counts, order of attributes does not.

use std::borrow::Cow;

use roxmltree::{Attribute, Node};

use super::cot::{Spelling, blank, same, spelling, typed};
use super::moment::Moment;
use super::number::Digits;
use super::place::{Declared, Spot, path};
use crate::base::{Reason, Refusal};
use crate::normal::{Change, Edit};

/// Attributes of one element that are searched one by one; above, they are sorted first, so that work stays linear: 24.
const SEARCHED_MAX: usize = 24;

type Attributes<'n, 'x> = Vec<(Attribute<'n, 'x>, usize)>;

/// Compares an element of the original, and all below it, with its counterpart in the result.
///
/// # Errors
/// `verify.edit` with the path of the first difference.
pub(super) fn element(original: Node<'_, '_>, result: Node<'_, '_>, declared: &Declared<'_>) -> Result<(), Refusal> {
    if super::cot::name(original) != super::cot::name(result) {
        return differs(original, None, "an element stands in the result that the original has elsewhere or not at all");
    }
    attributes(original, result, declared)?;
    content(original, result, declared)
}

fn attributes(original: Node<'_, '_>, result: Node<'_, '_>, declared: &Declared<'_>) -> Result<(), Refusal> {
    let sorted = if result.attributes().len() > SEARCHED_MAX { sorted(result) } else { Attributes::new() };
    let typed = typed(original);
    let mut kept = 0_usize;
    for (place, from) in original.attributes().enumerate() {
        let edit = declared.at(Spot::of_attribute(original, place));
        if edit.is_some_and(|edit| edit.change == Change::Remove) {
            continue;
        }
        kept = kept.saturating_add(1);
        let to = if sorted.is_empty() {
            result.attributes().find(|a| name(*a) == name(from))
        } else {
            sorted.binary_search_by(|(a, _)| name(*a).cmp(&name(from))).ok().and_then(|at| sorted.get(at)).map(|(a, _)| *a)
        };
        let Some(to) = to else { return differs(original, Some(from.name()), "an attribute is missing in the result and not declared removed") };
        let kind = spelling(typed, from.name());
        let fits = match edit {
            None => same(kind, from.value(), to.value()),
            Some(edit) => replaced(edit, kind, from, to.value()),
        };
        if !fits {
            return differs(original, Some(from.name()), "the value of an attribute is neither the original's nor the declared one");
        }
    }
    if kept == result.attributes().len() {
        return Ok(());
    }
    differs(original, None, "the result has an attribute that the original has not, or that is declared removed")
}

fn content(original: Node<'_, '_>, result: Node<'_, '_>, declared: &Declared<'_>) -> Result<(), Refusal> {
    let significant = |node: &Node<'_, '_>| node.is_element() || (node.is_text() && !blank(*node));
    let mut found = result.children().filter(significant);
    // Texts on both sides of a removed element become one text: what is left of the result's current text.
    let mut left = "";
    for child in original.children().filter(significant).filter(|c| !declared.removes(Spot::of(*c))) {
        if child.is_text() {
            let expected = text(child, declared)?;
            if left.is_empty() && !expected.is_empty() {
                left = found.next().filter(Node::is_text).and_then(|n| n.text()).unwrap_or("");
            }
            match left.strip_prefix(expected.as_ref()) {
                Some(rest) => left = rest,
                None => return differs(child, None, "a text is neither the original's nor the declared one"),
            }
            continue;
        }
        if declared.at(Spot::of(child)).is_some() {
            return differs(child, None, "an element is declared replaced, which only values can be");
        }
        match found.next().filter(|n| left.is_empty() && n.is_element()) {
            Some(counterpart) => element(child, counterpart, declared)?,
            None => return differs(child, None, "an element is missing in the result and not declared removed"),
        }
    }
    if left.is_empty() && found.next().is_none() {
        return Ok(());
    }
    differs(original, None, "the result has content that the original has not, or that is declared removed")
}

/// The text that a text of the original must have become.
fn text<'t>(node: Node<'t, '_>, declared: &Declared<'t>) -> Result<Cow<'t, str>, Refusal> {
    let own = node.text().unwrap_or("");
    let Some(edit) = declared.at(Spot::of(node)) else { return Ok(Cow::Borrowed(own)) };
    match &edit.change {
        Change::Replace(value) if edit.action != "remove" => Ok(value.text()),
        _ => Err(Refusal::new(Reason::VerifyEdit, "the action of a declared edit does not fit its change").on(&edit.path)),
    }
}

/// Whether a replaced value is the declared one, and the declared one what its action says.
fn replaced(edit: &Edit, kind: Spelling, attribute: Attribute<'_, '_>, to: &str) -> bool {
    let Change::Replace(value) = &edit.change else { return false };
    let declared = value.text();
    let from = attribute.value();
    // The error of a place grows where the place was coarsened: it may only become greater.
    let error = matches!(attribute.name(), "ce" | "le");
    let honest = match (edit.action, kind) {
        ("remove", _) => false,
        ("coarsen", Spelling::Time) => Moment::read(from).zip(Moment::read(&declared)).is_some_and(|(exact, coarse)| coarse <= exact),
        ("coarsen", _) => {
            Digits::read(from).zip(Digits::read(&declared)).is_some_and(|(exact, coarse)| coarse.rounds(exact) || (error && coarse > exact))
        }
        _ => true,
    };
    honest && declared == to
}

fn name<'n>(attribute: Attribute<'n, '_>) -> (Option<&'n str>, &'n str) {
    (attribute.namespace(), attribute.name())
}

fn sorted<'n, 'x>(element: Node<'n, 'x>) -> Attributes<'n, 'x> {
    let mut list: Attributes<'n, 'x> = element.attributes().zip(0..).collect();
    list.sort_unstable_by(|(a, _), (b, _)| name(*a).cmp(&name(*b)));
    list
}

fn differs<T>(at: Node<'_, '_>, attribute: Option<&str>, what: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(Reason::VerifyEdit, what).on(path(at, attribute)))
}
