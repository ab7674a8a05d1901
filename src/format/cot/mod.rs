//! Cursor-on-Target events in XML.
//!
//! Takes a body, gives a typed tree: the row [`FORMAT`]. The grammar is the table in `schema`; grammar of values in `value`.
//! Absent on purpose: the protobuf form, several events in one body, version 1.

mod label;
mod read;
mod schema;
mod value;

use std::borrow::Cow;

use crate::base::Traffic;
use crate::normal::{NodeId, Tree, Value};

use super::{Facts, Format, Syntax};

/// The row of Cursor-on-Target.
pub const FORMAT: Format = Format {
    name: "cot",
    media_types: &["application/cot+xml", "application/xml"],
    syntax: Syntax::Xml,
    claims,
    read: read::read,
    facts,
    required: REQUIRED,
    markings: label::markings,
};

/// What the base schema requires; a test holds it against the table.
const REQUIRED: &[&str] = &[
    "/event/@version",
    "/event/@uid",
    "/event/@type",
    "/event/@how",
    "/event/@time",
    "/event/@start",
    "/event/@stale",
    "/event/point",
    "/event/point/@lat",
    "/event/point/@lon",
    "/event/point/@hae",
    "/event/point/@ce",
    "/event/point/@le",
];

/// Whether the first tag of the body is `event`.
///
/// A body that begins with DOCTYPE or an instruction is claimed where an `event` follows, so that its refusal says what is wrong with it.
fn claims(body: &[u8]) -> bool {
    let mut rest = trim(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    loop {
        rest = if rest.starts_with(b"<?xml") {
            after(rest, b"?>")
        } else if rest.starts_with(b"<!--") {
            after(rest, b"-->")
        } else if rest.starts_with(b"<!") || rest.starts_with(b"<?") {
            return memchr::memmem::find(rest, b"<event").is_some();
        } else {
            let Some(tag) = rest.strip_prefix(b"<") else { return false };
            let end = tag.iter().position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>')).unwrap_or(tag.len());
            let name = tag.get(..end).unwrap_or_default();
            let local = name.rsplit(|&b| b == b':').next().unwrap_or(name);
            return local == b"event";
        };
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

/// What follows `stop`, without white space; nothing where it does not occur.
fn after<'b>(bytes: &'b [u8], stop: &[u8]) -> &'b [u8] {
    let end = memchr::memmem::find(bytes, stop).map_or(bytes.len(), |at| at.saturating_add(stop.len()));
    trim(bytes.get(end..).unwrap_or_default())
}

fn facts<'t>(tree: &'t Tree<'_>) -> Facts<'t> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tag_decides_and_what_hides_it_is_claimed_to_be_refused() {
        for body in [
            "<event/>",
            "<event version='2.0'>",
            " \r\n\t<event>",
            "<?xml version='1.0'?>\n<event>",
            "<!-- a --> <!-- b --><event>",
            "<?xml version='1.0'?><!-- a --><event",
            "\u{feff}<event>",
            "<c:event>",
            "<!DOCTYPE event><event>",
            "<?pi?><event>",
        ] {
            assert!(claims(body.as_bytes()), "{body}");
        }
        for body in [
            "",
            "event",
            "<events>",
            "<eventx/>",
            "<Event>",
            "{\"event\":1}",
            "<a><event/></a>",
            "<!DOCTYPE a><a/>",
            "<!-- <event> -->",
            "<?xml <event>",
            "x<event>",
        ] {
            assert!(!claims(body.as_bytes()), "{body}");
        }
    }
}
