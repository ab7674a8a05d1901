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
