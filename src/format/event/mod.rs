//! What a Cursor-on-Target event is, whatever bytes it is spelt in: the table of its parts, the grammar of its values, the walk that
//! applies both, and where it says how it is marked.
//!
//! Shared by the formats that carry events; names none of them. Reasons are `invalid.cot.*`, because it is the event that is at fault.

mod label;
mod schema;
mod value;
mod walk;

use std::borrow::Cow;

use crate::base::Traffic;
use crate::normal::{NodeId, Tree, Value};

use super::Facts;

pub(in crate::format) use label::markings;
pub(in crate::format) use schema::{Attribute, DETAIL, EVENT, Element, Holds, Occurs, Others, POINT, Presence, Type};
pub(in crate::format) use walk::{DEPTH_MAX, Event};

/// Whether an event may be of a kind, in which `*` stands for any text: a small letter, then what is apart by `-`.
pub(in crate::format) fn kinds(pattern: &str) -> bool {
    let mut letters = pattern.chars();
    let begins = letters.next().is_some_and(|first| first == '*' || first.is_ascii_lowercase());
    begins && (pattern.starts_with('*') || letters.next().is_none_or(|second| second == '-' || second == '*'))
}

/// Whether an event may have a field. Attributes of the event are open, for markings of other namespaces stand there; what the table closes is closed.
pub(in crate::format) fn fields(steps: &[String]) -> bool {
    let mut rest = steps.iter();
    if !super::step_is(rest.next(), EVENT.name) {
        return false;
    }
    let mut within = &EVENT;
    for step in rest {
        if within.others == Others::Open || step == "*" || step == "@*" {
            return true;
        }
        match (step.strip_prefix('@'), within.child(step)) {
            (Some(name), _) => return within.name == EVENT.name || within.attribute(name).is_some(),
            (None, Some((_, child))) => within = child,
            // The protobuf spelling has one element more than the XML one.
            (None, None) => return step == "takControl",
        }
    }
    true
}

/// What rules may ask of an event.
pub(in crate::format) fn facts<'t>(tree: &'t Tree<'_>) -> Facts<'t> {
    let text = |name| match tree.attribute(NodeId::ROOT, name) {
        Some((_, node)) => match &node.value {
            Value::Text(text) => Cow::Borrowed(text.as_ref()),
            other => Cow::Owned(other.text().into_owned()),
        },
        None => Cow::Borrowed(""),
    };
    let traffic = match text("opex").bytes().next() {
        Some(b'o') => Some(Traffic::Operation),
        Some(_) => Some(Traffic::Exercise),
        None => None,
    };
    // What follows `;` is a remark on the type, in no grammar: rules speak of the atoms before it.
    let kind = match text("type") {
        Cow::Borrowed(kind) => Cow::Borrowed(kind.split(';').next().unwrap_or(kind)),
        Cow::Owned(kind) => Cow::Owned(kind.split(';').next().unwrap_or_default().to_owned()),
    };
    Facts { kind, traffic, subject: text("uid") }
}
