//! Cursor-on-Target events in XML.
//!
//! Takes a body, gives a typed tree: the row [`FORMAT`]. What an event is, whatever its bytes, stands in `format/event`.
//! Absent on purpose: the protobuf form, several events in one body, version 1.

mod read;

use super::event::{facts, markings};
use super::{Format, Syntax, whole};

/// The row of Cursor-on-Target.
pub const FORMAT: Format = Format {
    name: "cot",
    media_types: &["application/cot+xml", "application/xml"],
    syntax: Syntax::Xml,
    claims,
    read: read::read,
    facts,
    required: REQUIRED,
    markings,
    portions: whole,
    mentions: whole,
    inside: whole,
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
