//! NATO Friendly Force Information 1.3: tracks whose sections carry their own security labels.
//!
//! Takes a body, gives a typed tree: the row [`FORMAT`]. The grammar is the table in `schema`; grammar of values in `value`.
//! Absent on purpose: SIP3 envelopes, compressed messages, version 1.4 and its successor FFI.

mod label;
mod read;
mod schema;
mod value;

use std::borrow::Cow;

use crate::format::syntax::xml::{First, first};
use crate::normal::{Kind, NodeId, Tree};

use super::{Facts, Format, Syntax, whole};

/// The row of NFFI.
pub const FORMAT: Format = Format {
    name: "nffi",
    media_types: &["application/nffi+xml", "application/xml", "text/xml"],
    syntax: Syntax::Xml,
    claims,
    read: read::read,
    facts,
    required: REQUIRED,
    markings: whole,
    portions: label::portions,
    mentions: whole,
    inside: whole,
    kinds: |pattern| super::one_of(pattern, &["track"]),
    fields: schema::has,
};

/// What a track cannot be without; a test holds it against the table. Parts of a label are here, so that no rule takes half of one.
const REQUIRED: &[&str] = &[
    "/NFFIMessage/track/positionalData",
    "/NFFIMessage/track/positionalData/trackSource",
    "/NFFIMessage/track/positionalData/trackSource/sourceSystem",
    "/NFFIMessage/track/positionalData/trackSource/sourceSystem/system",
    "/NFFIMessage/track/positionalData/trackSource/transponderId",
    "/NFFIMessage/track/positionalData/dateTime",
    "/NFFIMessage/track/positionalData/coordinates",
    "/NFFIMessage/track/positionalData/coordinates/latitude",
    "/NFFIMessage/track/positionalData/coordinates/longitude",
    "/NFFIMessage/track/identificationData/unitSymbol",
    "/NFFIMessage/track/identificationData/unitShortName",
];

/// Whether the first tag of the body is `NFFIMessage`.
///
/// A body that begins with DOCTYPE or an instruction is claimed where an `NFFIMessage` follows and no `event`, so that its refusal says what
/// is wrong with it and no second format claims it.
fn claims(body: &[u8]) -> bool {
    match first(body) {
        First::Tag(name) => name == b"NFFIMessage",
        First::Hidden(rest) => memchr::memmem::find(rest, b"NFFIMessage").is_some() && memchr::memmem::find(rest, b"<event").is_none(),
        First::Nothing => false,
    }
}

/// A message of one track is about that track; of several, about none in particular.
fn facts<'t>(tree: &'t Tree<'_>) -> Facts<'t> {
    let mut tracks = tree.elements(NodeId::ROOT);
    let subject = match (tracks.next(), tracks.next()) {
        (Some((track, _)), None) => transponder(tree, track),
        _ => Cow::Borrowed(""),
    };
    Facts { kind: Cow::Borrowed("track"), traffic: None, subject }
}

fn transponder<'t>(tree: &'t Tree<'_>, track: NodeId) -> Cow<'t, str> {
    let named = |above: NodeId, name: &str| tree.elements(above).find(|(_, node)| node.name == name).map(|(id, _)| id);
    let id = named(track, "positionalData").and_then(|id| named(id, "trackSource")).and_then(|id| named(id, "transponderId"));
    let text = id.and_then(|id| tree.children(id).find(|(_, node)| node.kind == Kind::Text));
    text.map_or(Cow::Borrowed(""), |(_, node)| node.value.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tag_decides_and_what_hides_it_is_claimed_to_be_refused() {
        for body in [
            "<NFFIMessage/>",
            "<n:NFFIMessage xmlns:n='u'>",
            "<?xml version='1.0'?>\n<!-- a --> <NFFIMessage>",
            "<!DOCTYPE NFFIMessage><NFFIMessage>",
        ] {
            assert!(claims(body.as_bytes()), "{body}");
        }
        for body in ["", "<event/>", "<NFFI/>", "<nffimessage/>", "<a><NFFIMessage/></a>", "<!DOCTYPE a><a/>", "<!DOCTYPE NFFIMessage><event/>"] {
            assert!(!claims(body.as_bytes()), "{body}");
        }
    }
}
