//! Exclusive canonical XML of a part of a result, written from the second tree: what a signature over it covers, by the second half's eyes.
//!
//! Takes a tree that was read from bytes in the one canonical spelling of results, where each namespace has one prefix; elsewhere the
//! second tree, which keeps no prefixes and no white space between elements, could not say.
// SPEC: Exclusive XML Canonicalization 1.0 (W3C, 18 July 2002), section 3; Canonical XML 1.0, section 2.3.

use super::canonical::{PREFIXES, XML};
use crate::verify::second::{Part, Sort};

/// The canonical bytes of an element without the element numbered `omitted`; none where a namespace has no prefix in results.
pub(in crate::verify) fn exclusive(apex: Part<'_, '_>, omitted: Option<usize>) -> Option<Vec<u8>> {
    let mut out = String::new();
    element(apex, omitted, &mut Vec::new(), &mut out)?;
    Some(out.into_bytes())
}

/// `bound` holds the namespaces that are declared on the open elements. Depth is limited by the scan.
fn element(part: Part<'_, '_>, omitted: Option<usize>, bound: &mut Vec<&'static str>, out: &mut String) -> Option<()> {
    if omitted == Some(part.at) {
        return Some(());
    }
    let outside = bound.len();
    let name = qualified(part)?;
    out.push('<');
    out.push_str(&name);
    let used = |uri: &str| part.name().0 == uri || part.attributes().any(|attribute| attribute.name().0 == uri);
    let mut declared: Vec<_> = PREFIXES.into_iter().filter(|(uri, _)| !bound.contains(uri) && used(uri)).collect();
    declared.sort_unstable_by_key(|(_, prefix)| *prefix);
    for (uri, prefix) in declared {
        bound.push(uri);
        for piece in [" xmlns:", prefix, "=\"", uri, "\""] {
            out.push_str(piece);
        }
    }
    let mut attributes: Vec<_> = part.attributes().collect();
    attributes.sort_unstable_by_key(|attribute| attribute.name());
    for attribute in attributes {
        out.push(' ');
        out.push_str(&qualified(attribute)?);
        out.push_str("=\"");
        attribute.value().chars().for_each(|c| escaped(c, Sort::Attribute, out));
        out.push('"');
    }
    out.push('>');
    for child in part.content() {
        match child.node.sort {
            Sort::Element => element(child, omitted, bound, out)?,
            sort => child.value().chars().for_each(|c| escaped(c, sort, out)),
        }
    }
    for piece in ["</", &name, ">"] {
        out.push_str(piece);
    }
    bound.truncate(outside);
    Some(())
}

fn qualified(part: Part<'_, '_>) -> Option<String> {
    match part.name() {
        ("", local) => Some(local.to_owned()),
        (XML, local) => Some(format!("xml:{local}")),
        (uri, local) => PREFIXES.iter().find(|(known, _)| *known == uri).map(|(_, prefix)| format!("{prefix}:{local}")),
    }
}

fn escaped(c: char, sort: Sort, out: &mut String) {
    match (c, sort) {
        ('&', _) => out.push_str("&amp;"),
        ('<', _) => out.push_str("&lt;"),
        ('>', Sort::Text) => out.push_str("&gt;"),
        ('\r', _) => out.push_str("&#xD;"),
        ('"', Sort::Attribute) => out.push_str("&quot;"),
        ('\t', Sort::Attribute) => out.push_str("&#x9;"),
        ('\n', Sort::Attribute) => out.push_str("&#xA;"),
        _ => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_written_with_the_namespaces_that_it_uses_and_without_what_is_left_out() {
        let (mb, ds) = ("urn:nato:stanag:4778:bindinginformation:1:0", "http://www.w3.org/2000/09/xmldsig#");
        let text = format!(
            "<event version=\"2.0\" a='\"&#9;&lt;>'><detail b=\"1\" a=\"&#10;\"><mb:b xmlns:mb=\"{mb}\"><ds:s xmlns:ds=\"{ds}\"/><mb:c>x&gt;&#13;\"</mb:c></mb:b></detail></event>"
        );
        let tree = super::super::read(text.as_bytes(), |_| &[]).unwrap();
        let signature = tree.root().unwrap().all().find(|part| part.name().1 == "s").unwrap();
        let said = |part, omitted| String::from_utf8(exclusive(part, omitted).unwrap()).unwrap();
        assert_eq!(
            said(tree.root().unwrap(), Some(signature.at)),
            format!(
                "<event a=\"&quot;&#x9;&lt;>\" version=\"2.0\"><detail a=\"&#xA;\" b=\"1\"><mb:b xmlns:mb=\"{mb}\"><mb:c>x&gt;&#xD;\"</mb:c></mb:b></detail></event>"
            )
        );
        assert_eq!(said(signature, None), format!("<ds:s xmlns:ds=\"{ds}\"></ds:s>"));
        let strange = super::super::read(b"<a><b xmlns='urn:x'/></a>", |_| &[]).unwrap();
        assert_eq!(exclusive(strange.root().unwrap(), None), None);
    }
}
