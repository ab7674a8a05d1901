//! The check that the result is canonical: written anew from the second reader's tree, it is the same to the byte.
//!
//! Nothing is written into memory: every piece that the one canonical spelling would have is compared with the bytes
//! that stand there. What two messages of one meaning could differ in (quotes, white space, order of attributes,
//! comments, references, zeros of numbers) is thereby no channel.

use roxmltree::{Attribute, Node};

use super::cot::{canonical, name, spelling, typed};
use super::place::path;
use crate::base::{Reason, Refusal};

/// The first line of every result.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// The namespaces that a result may use, each with its one prefix, in the order in which one tag declares them.
const PREFIXES: [(&str, &str); 4] = [
    ("urn:nato:stanag:4774:confidentialitymetadatalabel:1:0", "slab"),
    ("urn:nato:stanag:4778:bindinginformation:1:0", "mb"),
    ("http://www.w3.org/2005/05/xmlmime", "xmime"),
    ("urn:nato:stanag:4778:bindinginformation:extensions:1:0", "mbe"),
];
/// The namespace whose prefix is never declared.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Attributes that stand before all others, on every element.
const FIRST: [&str; 14] =
    ["version", "uid", "type", "how", "time", "start", "stale", "access", "caveat", "releasableTo", "lat", "lon", "hae", "callsign"];

/// Checks a result against the tree that was read from it.
///
/// # Errors
/// `verify.canonical` with the path at which the bytes leave the canonical spelling.
pub(super) fn check(bytes: &[u8], root: Node<'_, '_>) -> Result<(), Refusal> {
    let mut left = Left { bytes };
    left.take(DECLARATION, root)?;
    left.element(root, &mut Vec::new())?;
    if left.bytes.is_empty() { Ok(()) } else { refuse(root, "expected nothing after the document element") }
}

/// The bytes that are not yet accounted for.
struct Left<'r> {
    bytes: &'r [u8],
}

impl Left<'_> {
    fn take(&mut self, piece: &[u8], at: Node<'_, '_>) -> Result<(), Refusal> {
        match self.bytes.strip_prefix(piece) {
            Some(rest) => {
                self.bytes = rest;
                Ok(())
            }
            None => refuse(at, "expected the canonical spelling"),
        }
    }

    /// `bound` holds the namespaces that are declared on the open elements.
    fn element(&mut self, node: Node<'_, '_>, bound: &mut Vec<&'static str>) -> Result<(), Refusal> {
        let outside = bound.len();
        let (namespace, _) = name(node);
        let prefix = prefix(node, namespace)?;
        self.take(b"<", node)?;
        self.name(prefix, node.tag_name().name(), node)?;
        let plain = namespace.is_none() && node.attributes().all(|a| a.namespace().is_none());
        for (uri, prefix) in PREFIXES.into_iter().filter(|_| !plain) {
            let named = |namespace: Option<&str>| namespace == Some(uri);
            if !bound.contains(&uri) && (named(namespace) || node.attributes().any(|a| named(a.namespace()))) {
                bound.push(uri);
                for piece in [" xmlns:", prefix, "=\"", uri, "\""] {
                    self.take(piece.as_bytes(), node)?;
                }
            }
        }
        self.attributes(node)?;
        if !node.has_children() {
            bound.truncate(outside);
            return self.take(b"/>", node);
        }
        self.take(b">", node)?;
        for child in node.children() {
            match child.text().filter(|_| child.is_text()) {
                Some(text) if super::cot::blank(child) => {
                    return refuse(child, if text.is_empty() { "expected no empty text" } else { "expected no white space between elements" });
                }
                Some(text) => self.text(text, child, Place::Content)?,
                None if child.is_element() => self.element(child, bound)?,
                None => return refuse(child, "expected no comment and no processing instruction"),
            }
        }
        bound.truncate(outside);
        self.take(b"</", node)?;
        self.name(prefix, node.tag_name().name(), node)?;
        self.take(b">", node)
    }

    fn attributes(&mut self, node: Node<'_, '_>) -> Result<(), Refusal> {
        let typed = typed(node);
        let mut before = None;
        for attribute in node.attributes() {
            let rank = rank(attribute);
            if before.is_some_and(|before| before >= rank) {
                return refuse(node, "expected attributes in canonical order");
            }
            before = Some(rank);
            if !canonical(spelling(typed, attribute.name()), attribute.value()) {
                return refuse(node, "expected numbers and times without superfluous digits");
            }
            self.take(b" ", node)?;
            self.name(prefix(node, attribute.namespace())?, attribute.name(), node)?;
            self.take(b"=\"", node)?;
            self.text(attribute.value(), node, Place::Value)?;
            self.take(b"\"", node)?;
        }
        Ok(())
    }

    fn name(&mut self, prefix: &str, local: &str, at: Node<'_, '_>) -> Result<(), Refusal> {
        if !prefix.is_empty() {
            self.take(prefix.as_bytes(), at)?;
            self.take(b":", at)?;
        }
        self.take(local.as_bytes(), at)
    }

    fn text(&mut self, text: &str, at: Node<'_, '_>, place: Place) -> Result<(), Refusal> {
        let mut rest = text;
        if !text.bytes().any(|b| matches!(b, b'&' | b'<' | b'>' | b'"' | b'\t' | b'\n' | b'\r')) {
            return self.take(text.as_bytes(), at);
        }
        while let Some(found) = rest.find(|c| escape(c, place).is_some()) {
            let (plain, special) = rest.split_at_checked(found).unwrap_or((rest, ""));
            self.take(plain.as_bytes(), at)?;
            let mut characters = special.chars();
            let escaped = characters.next().and_then(|c| escape(c, place)).unwrap_or("");
            self.take(escaped.as_bytes(), at)?;
            rest = characters.as_str();
        }
        self.take(rest.as_bytes(), at)
    }
}

/// Where text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between tags.
    Content,
    /// In the value of an attribute.
    Value,
}

const fn escape(c: char, place: Place) -> Option<&'static str> {
    match (c, place) {
        ('&', _) => Some("&amp;"),
        ('<', _) => Some("&lt;"),
        ('>', Place::Content) => Some("&gt;"),
        ('\r', _) => Some("&#13;"),
        ('"', Place::Value) => Some("&quot;"),
        ('\t', Place::Value) => Some("&#9;"),
        ('\n', Place::Value) => Some("&#10;"),
        _ => None,
    }
}

/// The place of an attribute in the canonical order: those of [`FIRST`], then by namespace and name, byte for byte.
fn rank<'n>(attribute: Attribute<'n, '_>) -> (usize, &'n str, &'n str) {
    let listed = FIRST.iter().position(|name| *name == attribute.name() && attribute.namespace().is_none()).unwrap_or(FIRST.len());
    (listed, attribute.namespace().unwrap_or(""), attribute.name())
}

fn prefix(at: Node<'_, '_>, namespace: Option<&str>) -> Result<&'static str, Refusal> {
    let Some(uri) = namespace else { return Ok("") };
    if uri == XML {
        return Ok("xml");
    }
    match PREFIXES.iter().find(|(known, _)| *known == uri) {
        Some((_, prefix)) => Ok(prefix),
        None => refuse(at, "expected only the namespaces of labels, of bindings and of XML itself"),
    }
}

fn refuse<T>(at: Node<'_, '_>, expected: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(Reason::VerifyCanonical, expected).on(path(at, None)))
}
