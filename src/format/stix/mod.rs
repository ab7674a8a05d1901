//! Bundles of STIX 2.1.
//!
//! Takes a body, gives a typed tree: the row [`FORMAT`]. The grammar is the table in `schema`; grammar of values in `value`; what
//! properties and objects must be to each other in `rules` and `whole`; markings and mentions in `label`.
//! Absent on purpose: STIX 2.0, objects without a bundle, envelopes of TAXII, custom objects, custom properties, unknown extensions.

mod label;
mod read;
mod rules;
mod schema;
mod tlp;
mod value;
mod whole;

use std::borrow::Cow;

use crate::base::like;
use crate::normal::{NodeId, Tree, Value};

use super::{Facts, Format, Syntax};

/// The row of STIX.
pub const FORMAT: Format = Format {
    name: "stix",
    media_types: &["application/stix+json", "application/json"],
    syntax: Syntax::Json,
    claims,
    read: read::read,
    facts,
    required: REQUIRED,
    markings: super::whole,
    portions: label::portions,
    mentions: label::mentions,
    inside: super::whole,
    kinds: |pattern| like(pattern, "bundle") || schema::kinds().any(|kind| like(pattern, kind.name)),
    fields: |steps| super::step_is(steps.first(), "bundle"),
};

/// Scalars that the standard requires of some type: no rule takes them away from any, for a rule does not know the type. A test holds this
/// against the table.
const REQUIRED: &[&str] = &[
    "/bundle/@type",
    "/bundle/@id",
    "/bundle/objects/@type",
    "/bundle/objects/@spec_version",
    "/bundle/objects/@id",
    "/bundle/objects/@created",
    "/bundle/objects/@modified",
    "/bundle/objects/@pattern",
    "/bundle/objects/@pattern_type",
    "/bundle/objects/@valid_from",
    "/bundle/objects/@relationship_type",
    "/bundle/objects/@source_ref",
    "/bundle/objects/@target_ref",
    "/bundle/objects/@sighting_of_ref",
    "/bundle/objects/@published",
    "/bundle/objects/@content",
    "/bundle/objects/@is_family",
    "/bundle/objects/@opinion",
    "/bundle/objects/@context",
    "/bundle/objects/@first_observed",
    "/bundle/objects/@last_observed",
    "/bundle/objects/@number_observed",
    "/bundle/objects/@value",
    "/bundle/objects/@object_ref",
    "/bundle/objects/@definition_type",
    "/bundle/objects/@name",
    "/bundle/objects/@path",
    "/bundle/objects/@number",
    "/bundle/objects/@is_multipart",
    "/bundle/objects/@product",
    "/bundle/objects/@schema",
    "/bundle/objects/@version",
];

/// Keys that stand first in what calls itself STIX.
const FIRST: [&str; 4] = ["type", "id", "objects", "spec_version"];

/// Kinds of objects that accompany others and are not what a message is about.
const COMPANIONS: [&str; 2] = ["marking-definition", "extension-definition"];

/// Whether the body is an object of JSON whose first key is one of STIX.
///
/// A body that begins with a byte order mark is claimed, so that its refusal says what is wrong with it.
fn claims(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let inner = body.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    let Some(key) = inner.and_then(|inner| inner.strip_prefix(b"\"")) else { return false };
    FIRST.iter().any(|first| key.strip_prefix(first.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'"')))
}

fn facts<'t>(tree: &'t Tree<'_>) -> Facts<'t> {
    let mut kinds = tree.elements(NodeId::ROOT).filter_map(|(object, _)| text(tree, object, "type")).filter(|kind| !COMPANIONS.contains(kind));
    let kind = match kinds.next() {
        Some(first) if kinds.all(|other| other == first) => first,
        _ => "bundle",
    };
    Facts { kind: Cow::Borrowed(kind), traffic: None, subject: Cow::Borrowed(text(tree, NodeId::ROOT, "id").unwrap_or("")) }
}

/// The text of an attribute.
fn text<'t>(tree: &'t Tree<'_>, element: NodeId, name: &str) -> Option<&'t str> {
    tree.attribute(element, name).and_then(|(_, node)| match &node.value {
        Value::Text(text) => Some(text.as_ref()),
        _ => None,
    })
}
