//! XML as the second reader knows it: roxmltree's tree, after an own scan for what that library lets pass.
//!
//! [`read`] makes the second tree of a body, [`canonical`] checks a result against the one spelling of its tree.
//! Comments and white space between elements get no number; names of namespaces are resolved.

mod canonical;
mod exclusive;
mod scan;

use std::borrow::Cow;

use roxmltree::{Document, Node, ParsingOptions, StringStorage};

use super::second::{Part, Second, Spelling};
pub(super) use canonical::{check as canonical, fragment as canonical_fragment};
pub(super) use exclusive::exclusive;

/// What a format says of the values of one element: names of attributes, or [`TEXT`], that are not compared character by character.
pub(super) type Typed = &'static [(&'static str, Spelling)];

/// The name under which [`Typed`] speaks of the element's text.
pub(super) const TEXT: &str = "";

/// Reads a document. `typed` is asked for each element when it is opened, so it sees what stands above.
///
/// # Errors
/// One line: what was expected.
pub(super) fn read(bytes: &[u8], typed: fn(Part<'_, '_>) -> Typed) -> Result<Second<'_>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "expected UTF-8")?;
    scan::document(text).map_err(|flaw| flaw.expected)?;
    // SPEC: XML 1.0, 2.11. The library leaves a carriage return that stands before a reference.
    if text.contains('\r') {
        return tree(&text.replace("\r\n", "\n").replace('\r', "\n"), typed).map(Second::into_owned);
    }
    tree(text, typed)
}

fn tree(text: &str, typed: fn(Part<'_, '_>) -> Typed) -> Result<Second<'_>, &'static str> {
    let options =
        ParsingOptions { nodes_limit: u32::try_from(scan::parts_max(text.len()).saturating_mul(2)).unwrap_or(u32::MAX), ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|_| "expected XML that the second library reads")?;
    // A value and its name take some sixteen bytes: a first guess, not a limit.
    let mut second = Second::with_capacity(text.len().div_euclid(16));
    element(&mut second, document.root_element(), typed);
    Ok(second)
}

/// The bytes of the one element in the only element of a name, as they stand in the document.
///
/// # Errors
/// One line: what was expected.
pub(super) fn within<'t>(bytes: &'t [u8], (namespace, name): (&str, &str)) -> Result<&'t [u8], &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "expected UTF-8")?;
    scan::document(text).map_err(|flaw| flaw.expected)?;
    let document = Document::parse(text).map_err(|_| "expected XML that the second library reads")?;
    let mut named = document.descendants().filter(|node| node.has_tag_name((namespace, name)));
    let outer = named.next().filter(|_| named.next().is_none()).ok_or("expected one element that holds the content")?;
    let mut inner = outer.children().filter(|node| !node.is_text() || !node.text().is_none_or(blank));
    let inner = inner.next().filter(|only| only.is_element() && inner.next().is_none()).ok_or("expected one element as the content")?;
    bytes.get(inner.range()).ok_or("expected content in its place")
}

/// Depth is limited by the scan.
fn element<'a>(second: &mut Second<'a>, node: Node<'_, 'a>, typed: fn(Part<'_, '_>) -> Typed) {
    let at = second.open(namespace(node.tag_name().namespace()), node.tag_name().name());
    let typed_here = second.part(at).map_or(&[][..], typed);
    let spelling = |name: &str| typed_here.iter().find(|(known, _)| *known == name).map_or(Spelling::Exact, |(_, spelling)| *spelling);
    for attribute in node.attributes() {
        let kind = if attribute.namespace().is_some() { Spelling::Exact } else { spelling(attribute.name()) };
        second.attribute(namespace(attribute.namespace()), attribute.name(), stored(attribute.value_storage()), kind);
    }
    for child in node.children() {
        if child.is_element() {
            element(second, child, typed);
        } else if let Some(text) = child.text_storage().filter(|text| child.is_text() && !blank(text.as_str())) {
            second.text(stored(text), spelling(TEXT));
        }
    }
    second.close();
}

/// The library tells a namespace that `xmlns=""` takes away from one that never was; XML does not.
// SPEC: Namespaces in XML 1.0, 6.2.
fn namespace(uri: Option<&str>) -> Cow<'static, str> {
    match uri {
        None | Some("") => Cow::Borrowed(""),
        Some(uri) => canonical::known(uri).map_or_else(|| Cow::Owned(uri.to_owned()), Cow::Borrowed),
    }
}

fn stored<'a>(text: &StringStorage<'a>) -> Cow<'a, str> {
    match text {
        StringStorage::Borrowed(text) => Cow::Borrowed(text),
        StringStorage::Owned(text) => Cow::Owned(text.as_ref().to_owned()),
    }
}

fn blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}

/// The name of a body's first tag without its prefix, found by the second half's own eyes; none where something other than a declaration
/// and comments stands before it.
pub(super) fn first_tag(body: &[u8]) -> Option<&[u8]> {
    let mut rest = body.trim_ascii_start();
    loop {
        let end = match rest {
            [b'<', b'!', b'-', b'-', ..] => &b"-->"[..],
            [b'<', b'?', ..] => &b"?>"[..],
            [b'<', tag @ ..] => {
                let end = tag.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))?;
                return tag.get(..end)?.rsplit(|b| *b == b':').next().filter(|name| !name.starts_with(b"!"));
            }
            _ => return None,
        };
        let at = memchr::memmem::find(rest, end)?.saturating_add(end.len());
        rest = rest.get(at..)?.trim_ascii_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(_: Part<'_, '_>) -> Typed {
        &[]
    }

    #[test]
    fn what_means_nothing_has_no_number() {
        let tree = read(b"<a x='1'> <!-- c --> <b y='&lt;'>t</b>\r\n<n:c xmlns:n='urn:n'/></a>", plain).unwrap();
        let seen: Vec<_> = tree.nodes().iter().map(|n| (n.namespace.as_ref(), n.name.as_ref(), n.value.as_ref())).collect();
        assert_eq!(seen, [("", "a", ""), ("", "x", "1"), ("", "b", ""), ("", "y", "<"), ("", "", "t"), ("urn:n", "c", "")]);
    }

    #[test]
    fn values_are_typed_by_what_stands_above() {
        fn typed(part: Part<'_, '_>) -> Typed {
            match (part.name().1, part.parent().map(|above| above.name().1)) {
                ("b", Some("a")) => &[("y", Spelling::Number), (TEXT, Spelling::Time)],
                _ => &[],
            }
        }
        let tree = read(b"<a y='1'><b y='1' z='1'>t</b><c><b y='1'>t</b></c></a>", typed).unwrap();
        let seen: Vec<_> = tree.nodes().iter().filter(|n| !n.value.is_empty()).map(|n| n.spelling).collect();
        use Spelling::{Exact, Number, Time};
        assert_eq!(seen, [Exact, Number, Exact, Time, Exact, Exact]);
    }

    #[test]
    fn the_first_tag_is_named_without_its_prefix() {
        for (body, name) in [
            ("<a/>", Some("a")),
            (" \n<?xml version='1.0'?><!-- <b> --> <n:a x='1'>", Some("a")),
            ("<a>", Some("a")),
            ("x<a>", None),
            ("<!DOCTYPE a><a>", None),
            ("<!-- <a>", None),
            ("<a", None),
            ("", None),
        ] {
            assert_eq!(first_tag(body.as_bytes()), name.map(str::as_bytes), "{body}");
        }
    }
}
