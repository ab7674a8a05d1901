//! Cursor-on-Target events in XML.
//!
//! Takes a body, gives a typed tree: the row [`FORMAT`]. What an event is, whatever its bytes, stands in `format/event`.
//! Absent on purpose: the protobuf form, several events in one body, version 1.

mod read;

use crate::format::syntax::xml::{First, first};

use super::event::{facts, fields, kinds, markings};
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
    kinds,
    fields,
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
    match first(body) {
        First::Tag(name) => name == b"event",
        First::Hidden(rest) => memchr::memmem::find(rest, b"<event").is_some(),
        First::Nothing => false,
    }
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
