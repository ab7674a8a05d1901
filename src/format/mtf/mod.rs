//! Formatted messages: ADatP-3 / APP-11 and USMTF text, with or without the header of a circuit.
//!
//! Takes a body, gives a tree: the row [`FORMAT`]. Grammar of sets in `format::syntax::slash`, of the header in `header`; words in `schema`.
//! The message identifier decides the profile: administrative for the kinds that [`columns_max`] knows as such, formatted for all others.
//! Absent on purpose: several messages in one body, code pages beyond ASCII, group counts.

mod emit;
mod header;
mod read;
mod schema;
mod words;

use std::borrow::Cow;

use crate::base::Traffic;
use crate::format::syntax::slash::{Line, lines};
use crate::normal::{Marking, NodeId, Portion, Tree};

use super::{Facts, Format, Syntax, whole};

/// The row of formatted messages.
pub const FORMAT: Format = Format {
    name: "mtf",
    media_types: &["text/x-mtf", "text/plain"],
    syntax: Syntax::Slash,
    claims,
    read: read::read,
    facts,
    required: REQUIRED,
    markings,
    portions,
    mentions: whole,
    inside: whole,
    kinds: |pattern| !pattern.contains(|c: char| c.is_ascii_lowercase()),
    fields: |steps| super::step_is(steps.first(), "mtf"),
};

/// Parts without which a message is none, and fields, whose place in their set is their meaning.
const REQUIRED: &[&str] = &[
    "/mtf/text",
    "/mtf/text/MSGID",
    "/mtf/text/*/field",
    "/mtf/text/*/subject",
    "/mtf/text/*/title",
    "/mtf/text/*/row/cell",
    "/mtf/header/routing/@*",
    "/mtf/header/routing/to",
    "/mtf/header/security/@*",
    "/mtf/header/time",
    "/mtf/header/time/@action",
    "/mtf/header/time/@dtg",
    "/mtf/header/from",
];

/// Columns of a line at most, by the message identifier of a tree: 69, or 80 in administrative messages.
#[must_use]
pub fn columns_max(tree: &Tree<'_>) -> usize {
    schema::profile(&kind(tree)).columns_max()
}

/// Whether the first line begins a header, a classified text or a first set, and the first MSGID, where one stands, is ended by `//`.
///
/// Other line formats have a MSGID without `//`; they are theirs. A circuit's header without MSGID is claimed, so that its refusal says so.
fn claims(body: &[u8]) -> bool {
    // Bytes beyond ASCII are refused with their place by the reader.
    let head = String::from_utf8_lossy(body.get(..body.len().min(4096)).unwrap_or_default());
    let mut standing = lines(&head).filter(|line| !line.text.is_empty()).map(Line::trimmed);
    let Some(first) = standing.next() else { return false };
    let set = ["EXER/", "OPER/", "MSGID/"].iter().any(|id| first.text.starts_with(id));
    let is_precedence = |text: &str| schema::PRECEDENCES.iter().any(|(word, _)| *word == text);
    // A field of mail may have this name too, but the line of a header never follows it.
    let named = first.text.strip_prefix("CLASSIFICATION: ");
    let follows = named.is_none() || standing.next().is_some_and(|line| is_precedence(line.text) || header::begins(line.text));
    let classified = follows && schema::classified(&words::closed(named.unwrap_or(first.text))).is_some();
    let addressed = ["FM ", "TO ", "INFO "].iter().any(|word| first.text.starts_with(word));
    let precedence = is_precedence(first.text);
    let circuit = header::begins(first.text);
    match ends_msgid(body) {
        Some(ended) => ended && (set || classified || addressed || precedence || circuit),
        None => circuit || (set && memchr::memmem::find(body, b"//").is_some()),
    }
}

/// Whether the first MSGID is ended by `//` before another set begins, or, where it is not, other lines are and nothing else ends the message;
/// `None` where there is no MSGID.
fn ends_msgid(body: &[u8]) -> Option<bool> {
    let at = if body.starts_with(b"MSGID/") { 0 } else { memchr::memmem::find(body, b"\nMSGID/")?.saturating_add(1) };
    let mut set = body.get(at..)?.split(|&b| b == b'\n').map(|line| line.trim_ascii_end());
    let first = set.next()?;
    let more = set.take_while(|line| line.starts_with(b"/"));
    let ended = std::iter::once(first).chain(more).any(|line| memchr::memmem::find(line, b"//").is_some());
    let others = || body.get(at..).unwrap_or_default().split(|&b| b == b'\n').any(|line| line.trim_ascii_end().ends_with(b"//"));
    Some(ended || memchr::memmem::find(body, b"\nENDAT").is_none() && others())
}

/// The mark of a paragraph, of the classification that it stands for.
#[must_use]
pub fn portion_mark(words: &str) -> Option<&'static str> {
    schema::PORTIONS.iter().find(|(_, known)| *known == words).map(|(mark, _)| *mark)
}

/// The id of the set element at `id` is its name; the fields are its children.
fn field(tree: &Tree<'_>, set: &str, place: usize) -> String {
    let text = tree.element(NodeId::ROOT, "text").and_then(|(text, _)| tree.element(text, set));
    let found = text.and_then(|(set, _)| tree.elements(set).nth(place));
    found.map_or_else(String::new, |(field, _)| content(tree, field))
}

fn content(tree: &Tree<'_>, id: NodeId) -> String {
    tree.children(id).last().map_or_else(String::new, |(_, node)| node.value.text().into_owned())
}

fn kind(tree: &Tree<'_>) -> String {
    field(tree, "MSGID", 0)
}

fn facts<'t>(tree: &'t Tree<'_>) -> Facts<'t> {
    let stands = |set| tree.element(NodeId::ROOT, "text").and_then(|(text, _)| tree.element(text, set)).is_some();
    // An exercise may carry the name of an operation, never the other way round.
    let traffic = match (stands("EXER"), stands("OPER")) {
        (true, _) => Some(Traffic::Exercise),
        (false, true) => Some(Traffic::Operation),
        (false, false) => None,
    };
    Facts { kind: Cow::Owned(kind(tree)), traffic, subject: Cow::Owned(field(tree, "MSGID", 1)) }
}

/// Letters of the header, and lines of header and text.
fn markings(tree: &Tree<'_>) -> Vec<Marking> {
    let header = tree.element(NodeId::ROOT, "header").map(|(header, _)| header);
    let letter = |name| {
        let part = header.and_then(|header| tree.element(header, name));
        part.and_then(|(part, _)| tree.attribute(part, "classification")).map(|(id, _)| Marking::Letter(id))
    };
    let banner = header.and_then(|header| tree.element(header, "banner")).and_then(|(banner, _)| tree.children(banner).next());
    let text = tree.element(NodeId::ROOT, "text").and_then(|(text, _)| tree.attribute(text, "classification"));
    let lines = banner.into_iter().chain(text).map(|(id, _)| Marking::Line(id));
    letter("routing").into_iter().chain(letter("security")).chain(lines).collect()
}

/// Paragraphs with a portion mark; the whole set where it is the only one of its set.
fn portions(tree: &Tree<'_>) -> Vec<Portion> {
    let Some((text, _)) = tree.element(NodeId::ROOT, "text") else { return Vec::new() };
    let mut found = Vec::new();
    for (set, _) in tree.elements(text) {
        let paragraphs: Vec<NodeId> = tree.elements(set).filter(|(_, node)| node.name == "paragraph").map(|(id, _)| id).collect();
        let marked = paragraphs.iter().filter_map(|&id| tree.attribute(id, "mark").map(|(mark, _)| (id, mark)));
        found.extend(marked.map(|(id, mark)| {
            let node = if paragraphs.len() == 1 { set } else { id };
            Portion { node, markings: vec![Marking::Line(mark)] }
        }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatted_messages_are_claimed_with_and_without_header() {
        for body in [
            "MSGID/INTREP/HQ//",
            "\n\nEXER/A//\nMSGID/B//",
            "N A T O  S E C R E T\nMSGID/A/\n/B//",
            "R 201606Z OCT 04\nFM A\nBT\nUNCLAS\nMSGID/GENADMIN/A//",
            "R 201606Z OCT 04\nFM A\nBT\nUNCLAS\nTEXT ALONE\nBT",
            "CLASSIFICATION: UNCLASSIFIED//\nROUTINE\nMSGID/A//",
            "MSGID/INTREP/HQ\nREF/A//",
        ] {
            assert!(claims(body.as_bytes()), "{body}");
        }
        for body in [
            "",
            "MSGID/SHIP/GOLD/0001/JAN\nNARR/A//\nENDAT\n",
            "UNCLAS\nhello",
            "<event/>",
            "{}",
            "Subject: x\n\nMSGID/A//\n",
            "From: a\n\nMSGID/A//",
            "CLASSIFICATION: SECRET\nFrom: a\n\nMSGID/A//",
        ] {
            assert!(!claims(body.as_bytes()), "{body}");
        }
    }
}
