//! Messages of the MISP core format: events with their attributes, objects and reports, proposals, galaxy clusters and analyst data.
//!
//! Takes a body, gives a typed tree: the row [`FORMAT`]. The grammar is the table in `schema`; grammar of values in `value`.
//! Absent on purpose: several messages in one body, feeds with their manifests.

mod label;
mod read;
mod schema;
mod value;

use std::borrow::Cow;

use crate::base::like;
use crate::normal::{NodeId, Tree, Value};

use super::{Facts, Format, Syntax, whole};

/// The row of the MISP core format.
pub const FORMAT: Format = Format {
    name: "misp",
    media_types: &["application/misp+json", "application/json"],
    syntax: Syntax::Json,
    claims,
    read: read::read,
    facts,
    required: REQUIRED,
    markings: whole,
    portions: label::portions,
    mentions: label::mentions,
    inside: whole,
    kinds: of_a_kind,
    fields: has,
};

/// What must stand wherever its parent stands; a test holds it against the table.
const REQUIRED: &[&str] = &[
    "/misp/Event/@uuid",
    "/misp/Event/@info",
    "/misp/Event/@date",
    "/misp/Event/@timestamp",
    "/misp/Event/@distribution",
    "/misp/Event/Attribute/@uuid",
    "/misp/Event/Attribute/@type",
    "/misp/Event/Attribute/@category",
    "/misp/Event/Attribute/@value",
    "/misp/Event/Attribute/@distribution",
    "/misp/Event/Attribute/@timestamp",
    "/misp/Event/Attribute/Tag/@name",
    "/misp/Event/Object/@uuid",
    "/misp/Event/Object/@name",
    "/misp/Event/Object/@distribution",
    "/misp/Event/Object/Attribute/@uuid",
    "/misp/Event/Object/Attribute/@type",
    "/misp/Event/Object/Attribute/@category",
    "/misp/Event/Object/Attribute/@value",
    "/misp/Event/Object/Attribute/@distribution",
    "/misp/Event/Object/Attribute/@timestamp",
    "/misp/Event/Object/Attribute/Tag/@name",
    "/misp/Event/Tag/@name",
];

/// Kinds of messages: the key, and the word that rules have for it.
const KINDS: [(&str, &str); 6] = [
    ("Event", "event"),
    ("Note", "note"),
    ("Opinion", "opinion"),
    ("Relationship", "relationship"),
    ("GalaxyCluster", "galaxy-cluster"),
    ("ShadowAttribute", "proposal"),
];

/// Whether the first key of the body is that of a message or of the wrapper of an export.
///
/// A body that hides behind a byte order mark is claimed, so that its refusal says what is wrong with it.
fn claims(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let object = body.strip_prefix(b"[").map_or(body, <[u8]>::trim_ascii_start);
    let Some(key) = object.strip_prefix(b"{").map(<[u8]>::trim_ascii_start).and_then(|rest| rest.strip_prefix(b"\"")) else { return false };
    let name = key.split(|&b| b == b'"').next().unwrap_or_default();
    name == b"response" || KINDS.iter().any(|(kind, _)| kind.as_bytes() == name)
}

/// Whether a message may be of a kind.
fn of_a_kind(pattern: &str) -> bool {
    KINDS.iter().map(|(_, kind)| *kind).chain(["index"]).any(|kind| like(pattern, kind))
}

/// Whether a message may have a field: the models below its document element are open.
fn has(steps: &[String]) -> bool {
    let known = |step: &String| step.starts_with('@') || KINDS.iter().any(|(key, _)| super::step_is(Some(step), key));
    super::step_is(steps.first(), "misp") && steps.get(1).is_none_or(known)
}

fn facts<'t>(tree: &'t Tree<'_>) -> Facts<'t> {
    let Some((message, node)) = tree.elements(NodeId::ROOT).next() else { return Facts::default() };
    let kind = KINDS.iter().find(|(key, _)| *key == node.name).map_or("", |(_, kind)| kind);
    // An index has no identity of its own.
    let kind = if tree.attribute(message, "uuid").is_some() { kind } else { "index" };
    let subject = match tree.attribute(message, "uuid").map(|(_, node)| node.value) {
        Some(Value::Text(text)) => Cow::Borrowed(text.as_ref()),
        _ => Cow::Borrowed(""),
    };
    Facts { kind: Cow::Borrowed(kind), traffic: None, subject }
}
