//! The check that a result is canonical XML: written anew from the second reader's tree, it is the same to the byte.
//!
//! Nothing is written into memory: every piece that the one canonical spelling would have is compared with the bytes
//! that stand there. What two messages of one meaning could differ in (quotes, white space, order of attributes,
//! comments, references, zeros of numbers) is thereby no channel.

use crate::verify::readers::Departure;
use crate::verify::second::{Part, Second, Sort};

/// The first line of every result.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// The namespaces that a result may use, each with its one prefix, in the order in which one tag declares them.
pub(super) const PREFIXES: [(&str, &str); 11] = [
    ("urn:nato:stanag:4774:confidentialitymetadatalabel:1:0", "slab"),
    ("urn:nato:stanag:4778:bindinginformation:1:0", "mb"),
    ("http://www.w3.org/2005/05/xmlmime", "xmime"),
    ("urn:nato:stanag:4778:bindinginformation:extensions:1:0", "mbe"),
    ("urn:nato:fft:protocols:nffi13", "nffi"),
    ("urn:us:gov:ic:ism", "ism"),
    ("http://www.w3.org/2000/09/xmldsig#", "ds"),
    ("http://www.w3.org/2001/10/xml-exc-c14n#", "ec"),
    ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd", "wsu"),
    ("urn:xmpp:sec-label:0", "sl"),
    ("urn:xmpp:sec-label:ess:0", "sle"),
];
/// The namespace whose prefix is never declared.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Attributes that stand before all others, on every element.
const FIRST: [&str; 14] =
    ["version", "uid", "type", "how", "time", "start", "stale", "access", "caveat", "releasableTo", "lat", "lon", "hae", "callsign"];

/// The namespace itself, where it is one that a result may use.
pub(super) fn known(uri: &str) -> Option<&'static str> {
    PREFIXES.iter().map(|(known, _)| *known).chain([XML]).find(|known| *known == uri)
}

/// Checks a result against the tree that was read from it.
///
/// # Errors
/// The node at which the bytes leave the canonical spelling.
pub(in crate::verify) fn check(bytes: &[u8], tree: &Second<'_>) -> Result<(), Departure> {
    let Some(root) = tree.root() else { return Err(Departure { node: 0, expected: "expected a document element" }) };
    let mut left = Left { bytes };
    left.take(DECLARATION, root)?;
    left.element(root, &mut Vec::new())?;
    if left.bytes.is_empty() { Ok(()) } else { depart(root, "expected nothing after the document element") }
}

/// Checks elements that stand side by side without a declaration, in an element whose tags another syntax has.
///
/// # Errors
/// The node at which the bytes leave the canonical spelling.
pub(in crate::verify) fn fragment<'t, 'a: 't>(
    bytes: &[u8],
    mut elements: impl Iterator<Item = Part<'t, 'a>>,
    host: Part<'_, '_>,
) -> Result<(), Departure> {
    let mut left = Left { bytes };
    elements.try_for_each(|element| left.element(element, &mut Vec::new()))?;
    if left.bytes.is_empty() { Ok(()) } else { depart(host, "expected nothing after the last element") }
}

/// The bytes that are not yet accounted for.
struct Left<'r> {
    bytes: &'r [u8],
}

impl Left<'_> {
    fn take(&mut self, piece: &[u8], at: Part<'_, '_>) -> Result<(), Departure> {
        match self.bytes.strip_prefix(piece) {
            Some(rest) => {
                self.bytes = rest;
                Ok(())
            }
            None => depart(at, "expected the canonical spelling"),
        }
    }

    /// `bound` holds the namespaces that are declared on the open elements.
    fn element(&mut self, part: Part<'_, '_>, bound: &mut Vec<&'static str>) -> Result<(), Departure> {
        let outside = bound.len();
        let (namespace, local) = part.name();
        let prefix = prefix(part, namespace)?;
        self.take(b"<", part)?;
        self.name(prefix, local, part)?;
        let plain = namespace.is_empty() && part.attributes().all(|a| a.node.namespace.is_empty());
        for (uri, prefix) in PREFIXES.into_iter().filter(|_| !plain) {
            if !bound.contains(&uri) && (namespace == uri || part.attributes().any(|a| a.node.namespace == uri)) {
                bound.push(uri);
                for piece in [" xmlns:", prefix, "=\"", uri, "\""] {
                    self.take(piece.as_bytes(), part)?;
                }
            }
        }
        let content = self.attributes(part)?;
        if content == part.node.end {
            bound.truncate(outside);
            return self.take(b"/>", part);
        }
        self.take(b">", part)?;
        for child in part.children_from(content) {
            match child.node.sort {
                Sort::Element => self.element(child, bound)?,
                Sort::Attribute | Sort::Text if child.node.spelling.is_canonical(child.value()) => self.text(child, Place::Content)?,
                Sort::Attribute | Sort::Text => return depart(child, "expected a value without superfluous digits"),
            }
        }
        bound.truncate(outside);
        self.take(b"</", part)?;
        self.name(prefix, local, part)?;
        self.take(b">", part)
    }

    /// Takes the attributes; gives the number of the first node after them.
    fn attributes(&mut self, part: Part<'_, '_>) -> Result<usize, Departure> {
        let mut before = None;
        let mut after = part.at.saturating_add(1);
        for attribute in part.attributes() {
            let rank = rank(attribute);
            if before.is_some_and(|before| before >= rank) {
                return depart(part, "expected attributes in canonical order");
            }
            before = Some(rank);
            if !attribute.node.spelling.is_canonical(attribute.value()) {
                return depart(part, "expected numbers and times without superfluous digits");
            }
            let (namespace, local) = attribute.name();
            self.take(b" ", part)?;
            self.name(prefix(part, namespace)?, local, part)?;
            self.take(b"=\"", part)?;
            self.text(attribute, Place::Value)?;
            self.take(b"\"", part)?;
            after = attribute.node.end;
        }
        Ok(after)
    }

    fn name(&mut self, prefix: &str, local: &str, at: Part<'_, '_>) -> Result<(), Departure> {
        if !prefix.is_empty() {
            self.take(prefix.as_bytes(), at)?;
            self.take(b":", at)?;
        }
        self.take(local.as_bytes(), at)
    }

    fn text(&mut self, part: Part<'_, '_>, place: Place) -> Result<(), Departure> {
        let mut rest = part.value();
        if !rest.bytes().any(|b| matches!(b, b'&' | b'<' | b'>' | b'"' | b'\t' | b'\n' | b'\r')) {
            return self.take(rest.as_bytes(), part);
        }
        while let Some(found) = rest.find(|c| escape(c, place).is_some()) {
            let (plain, special) = rest.split_at_checked(found).unwrap_or((rest, ""));
            self.take(plain.as_bytes(), part)?;
            let mut characters = special.chars();
            let escaped = characters.next().and_then(|c| escape(c, place)).unwrap_or("");
            self.take(escaped.as_bytes(), part)?;
            rest = characters.as_str();
        }
        self.take(rest.as_bytes(), part)
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
fn rank<'t>(attribute: Part<'t, '_>) -> (usize, Option<&'t str>, &'t str) {
    let (namespace, local) = attribute.name();
    let listed = FIRST.iter().position(|name| *name == local && namespace.is_empty()).unwrap_or(FIRST.len());
    (listed, Some(namespace).filter(|uri| !uri.is_empty()), local)
}

fn prefix(at: Part<'_, '_>, uri: &str) -> Result<&'static str, Departure> {
    if uri.is_empty() {
        return Ok("");
    }
    if uri == XML {
        return Ok("xml");
    }
    match PREFIXES.iter().find(|(known, _)| *known == uri) {
        Some((_, prefix)) => Ok(prefix),
        None => depart(at, "expected only namespaces that a result may use"),
    }
}

fn depart<T>(at: Part<'_, '_>, expected: &'static str) -> Result<T, Departure> {
    Err(Departure { node: at.at, expected })
}
