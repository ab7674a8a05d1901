//! OTH-Gold: reports of contacts at sea, notes between operators and grids of units, as lines of sets.
//!
//! Takes a body, gives a typed tree: the row [`FORMAT`]. The grammar is the table in `sets`; grammar of values in `value`; the
//! communication header before a message in `header`. Deliberately absent: overlays, screens, tasking and environmental products, whose
//! sets no message at hand shows; they are refused.

mod header;
mod label;
mod lines;
mod read;
mod required;
pub(crate) mod schema;
mod sets;
pub(crate) mod value;

use std::borrow::Cow;

use crate::normal::{NodeId, Tree};

use super::{Facts, Format, Syntax, whole};

/// The row of OTH-Gold.
pub const FORMAT: Format = Format {
    name: "oth",
    media_types: &["application/vnd.oth-gold", "text/plain"],
    syntax: Syntax::Oth,
    claims,
    read: read::read,
    facts,
    required: required::REQUIRED,
    markings: label::markings,
    portions: whole,
    mentions: whole,
    inside: whole,
    kinds: |pattern| label::KINDS.iter().any(|kind| pattern.ends_with('*') || pattern.ends_with(kind)),
    fields: schema::has,
};

/// Lines in which MSGID must be found for a body to be claimed: 600, a header with all addressees that it may have.
const HEADER_LINES_MAX: usize = 600;

/// Whether a body is OTH-Gold: its first set is MSGID without `//`, which ends sets of other text formats, and some line is ENDAT, or the
/// identifier is known and no line ends with `//`; before MSGID stands nothing, or what begins as a communication header does.
fn claims(body: &[u8]) -> bool {
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()).take(HEADER_LINES_MAX);
    let is_message = |line: &&[u8]| line.starts_with(b"MSGID/");
    let Some(first) = lines.next() else { return false };
    let message = match std::str::from_utf8(first) {
        _ if is_message(&first) => Some(first),
        Ok(text) if header::begins(text) => lines.find(is_message),
        _ => None,
    };
    let Some(message) = message else { return false };
    let mut set = std::iter::once(message).chain(lines.take_while(|line| line.starts_with(b"/")));
    if set.any(|line| memchr::memmem::find(line, b"//").is_some()) {
        return false;
    }
    let ends = memchr::memmem::find_iter(body, b"\nENDAT").any(|at| {
        let after = body.get(at.saturating_add(b"\nENDAT".len())..).unwrap_or_default();
        matches!(after.first(), None | Some(b'\n' | b'\r' | b' ' | b'/'))
    });
    let identifier = message.split(|byte| *byte == b'/').nth(2).unwrap_or_default();
    let closed = || body.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_end().ends_with(b"//"));
    ends || IDENTIFIERS.contains(&identifier) && !closed()
}

/// Identifiers of messages that are of this format, whatever else they lack.
const IDENTIFIERS: [&[u8]; 3] = [b"GOLD", b"XCTC", b"4WHISKY"];

fn facts<'t>(tree: &'t Tree<'_>) -> Facts<'t> {
    let text = |set: &str, name: &str| {
        let found = tree.element(NodeId::ROOT, set).and_then(|(id, _)| tree.attribute(id, name));
        found.map(|(_, node)| node.value.text())
    };
    let track = || ["CTC", "DEL", "DPOS", "DLOB", "DXPOS", "DXLOB", "MRG"].iter().find_map(|set| text(set, "track"));
    let message = || text("MSGID", "command").zip(text("MSGID", "serial")).map(|(command, serial)| Cow::Owned(format!("{command}-{serial}")));
    Facts { kind: Cow::Owned(label::kind(tree)), traffic: None, subject: track().or_else(message).unwrap_or_default() }
}
