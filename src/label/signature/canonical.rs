//! Exclusive canonical XML 1.0 without comments: the one spelling over which signatures are made.
//!
//! Takes an element of a [`Source`] and the elements below it that are left out, gives bytes. Proves nothing; what is left out decides what
//! a signature covers, and is decided elsewhere. Absent on purpose: comments, processing instructions and node sets that are no whole
//! elements.
// SPEC: Exclusive XML Canonicalization 1.0 (W3C, 18 July 2002), sections 3 and 4; Canonical XML 1.0, section 2.3.

use std::cmp::Ordering;

use crate::format::syntax::xml::{Child, Element, NAMESPACE_XML, Source, Written};

/// The algorithm's name.
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// The prefix by which `InclusiveNamespaces` names the default namespace.
pub const DEFAULT: &str = "#default";

/// The canonical bytes of the element `apex` without the elements `omitted`; namespaces of the prefixes in `inclusive` are written wherever
/// they are in scope, those of other prefixes where they are used.
#[must_use]
pub fn canonical(source: &Source<'_>, apex: usize, omitted: &[usize], inclusive: &[&str]) -> Vec<u8> {
    let bytes = source.span(apex).range().len();
    let mut writer = Writer { source, omitted, inclusive, rendered: Vec::new(), out: String::with_capacity(bytes) };
    writer.element(apex);
    writer.out.into_bytes()
}

/// The order of two attributes. Nearly all have no namespace: to compare two of these as pairs took most of the time of the whole form.
fn order(one: &Written<'_>, two: &Written<'_>) -> Ordering {
    let spaces = if one.namespace.is_empty() && two.namespace.is_empty() { Ordering::Equal } else { one.namespace.cmp(two.namespace) };
    spaces.then_with(|| one.name.cmp(two.name))
}

struct Writer<'s, 'a> {
    source: &'s Source<'a>,
    omitted: &'s [usize],
    inclusive: &'s [&'s str],
    /// Prefix and namespace as written by the elements that are open, the innermost last.
    rendered: Vec<(&'s str, &'s str)>,
    out: String,
}

impl<'s> Writer<'s, '_> {
    /// Depth is limited by the reader that made the source.
    fn element(&mut self, at: usize) {
        let Some(element) = self.source.element(at).filter(|_| !self.omitted.contains(&at)) else { return };
        let outer = self.rendered.len();
        self.tag(element);
        for (prefix, namespace) in self.namespaces(at, element) {
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.value(namespace);
            self.rendered.push((prefix, namespace));
        }
        // SPEC: Canonical XML 1.0, 2.2: by namespace, then by local name, in the order of code points, which is that of UTF-8.
        if element.attributes.is_sorted_by(|one, two| order(one, two).is_le()) {
            element.attributes.iter().for_each(|attribute| self.attribute(attribute));
        } else {
            let mut attributes: Vec<_> = element.attributes.iter().collect();
            attributes.sort_unstable_by(|one, two| order(one, two));
            attributes.into_iter().for_each(|attribute| self.attribute(attribute));
        }
        self.out.push('>');
        for child in self.source.children(at) {
            match child {
                Child::Element(child) => self.element(child),
                Child::Text(text) => self.text(text),
            }
        }
        self.out.push_str("</");
        self.name(element.prefix, element.name);
        self.out.push('>');
        self.rendered.truncate(outer);
    }

    fn attribute(&mut self, attribute: &Written<'_>) {
        self.out.push(' ');
        self.name(attribute.prefix, attribute.name);
        self.value(&attribute.value);
    }

    fn tag(&mut self, element: &Element<'_>) {
        self.out.push('<');
        self.name(element.prefix, element.name);
    }

    fn name(&mut self, prefix: &str, name: &str) {
        if !prefix.is_empty() {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(name);
    }

    /// The declarations that an element is to carry, the default namespace first, then by prefix.
    fn namespaces(&self, at: usize, element: &'s Element<'_>) -> Vec<(&'s str, &'s str)> {
        // Nearly all elements have no namespace and stand in none.
        let plain =
            element.prefix.is_empty() && element.namespace.is_empty() && element.attributes.iter().all(|attribute| attribute.prefix.is_empty());
        if plain && self.inclusive.is_empty() && self.rendered.iter().all(|(prefix, _)| !prefix.is_empty()) {
            return Vec::new();
        }
        let used =
            element.attributes.iter().filter(|attribute| !attribute.prefix.is_empty()).map(|attribute| (attribute.prefix, attribute.namespace));
        let mut wanted: Vec<(&str, &str)> = std::iter::once((element.prefix, element.namespace)).chain(used).collect();
        for prefix in self.inclusive {
            let prefix = if *prefix == DEFAULT { "" } else { prefix };
            wanted.push((prefix, self.source.namespace(at, prefix)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|(prefix, namespace)| {
            let written = self.rendered.iter().rev().find(|(known, _)| known == prefix).map_or("", |(_, namespace)| namespace);
            *namespace != NAMESPACE_XML && written != *namespace
        });
        wanted
    }

    fn value(&mut self, value: &str) {
        self.out.push_str("=\"");
        self.escaped(value, |byte| match byte {
            b'&' => Some("&amp;"),
            b'<' => Some("&lt;"),
            b'"' => Some("&quot;"),
            b'\t' => Some("&#x9;"),
            b'\n' => Some("&#xA;"),
            b'\r' => Some("&#xD;"),
            _ => None,
        });
        self.out.push('"');
    }

    fn text(&mut self, text: &str) {
        self.escaped(text, |byte| match byte {
            b'&' => Some("&amp;"),
            b'<' => Some("&lt;"),
            b'>' => Some("&gt;"),
            b'\r' => Some("&#xD;"),
            _ => None,
        });
    }

    /// What is escaped is ASCII, so the bytes between are whole characters.
    fn escaped(&mut self, text: &str, escape: impl Fn(u8) -> Option<&'static str>) {
        // Nearly all texts have nothing to escape: all of their bytes are looked at without a branch.
        if !text.bytes().fold(false, |found, byte| found | matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\t' | b'\n' | b'\r')) {
            self.out.push_str(text);
            return;
        }
        let mut from = 0_usize;
        for (at, byte) in text.bytes().enumerate() {
            if let Some(escaped) = escape(byte) {
                self.out.push_str(text.get(from..at).unwrap_or(""));
                self.out.push_str(escaped);
                from = at.saturating_add(1);
            }
        }
        self.out.push_str(text.get(from..).unwrap_or(""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;
    use crate::format::syntax::xml::{Cdata, Comments, Options};

    fn of(text: &str, name: &str, omitted: &str, inclusive: &[&str]) -> String {
        let options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 16 };
        let source = Source::read(text, options, &mut Budget::for_body(text.len())).unwrap();
        let find = |name: &str| source.elements().filter(|(_, element)| element.name == name).map(|(at, _)| at).collect::<Vec<_>>();
        String::from_utf8(canonical(&source, find(name)[0], &find(omitted), inclusive)).unwrap()
    }

    #[test]
    fn namespaces_are_written_where_they_are_used_and_not_again_below() {
        let text = "<n0:local xmlns:n0='foo:bar' xmlns:n3='ftp://example.org'><n1:elem2 xmlns:n1='http://example.net' xml:lang='en'><n3:stuff/></n1:elem2></n0:local>";
        let exclusive = "<n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:elem2>";
        assert_eq!(of(text, "elem2", "", &[]), exclusive);
        let inclusive = "<n1:elem2 xmlns:n1=\"http://example.net\" xmlns:n3=\"ftp://example.org\" xml:lang=\"en\"><n3:stuff></n3:stuff></n1:elem2>";
        assert_eq!(of(text, "elem2", "", &["n3", "absent"]), inclusive);
    }

    #[test]
    fn the_default_namespace_is_taken_away_only_where_it_was_written() {
        let text = "<a xmlns='urn:a'><b xmlns=''><c/></b><d xmlns='urn:a'/></a>";
        assert_eq!(of(text, "a", "", &[]), "<a xmlns=\"urn:a\"><b xmlns=\"\"><c></c></b><d></d></a>");
        assert_eq!(of(text, "b", "", &[]), "<b><c></c></b>");
        assert_eq!(of("<p:a xmlns:p='urn:p' xmlns='urn:d'><p:b/></p:a>", "b", "", &["#default"]), "<p:b xmlns=\"urn:d\" xmlns:p=\"urn:p\"></p:b>");
    }

    #[test]
    fn a_prefix_that_means_another_namespace_below_is_written_again() {
        let text = "<p:a xmlns:p='urn:1'><p:b xmlns:p='urn:2'><p:c xmlns:p='urn:1'/></p:b></p:a>";
        assert_eq!(of(text, "a", "", &[]), "<p:a xmlns:p=\"urn:1\"><p:b xmlns:p=\"urn:2\"><p:c xmlns:p=\"urn:1\"></p:c></p:b></p:a>");
    }

    #[test]
    fn attributes_are_sorted_and_values_have_one_spelling() {
        let text = "<e b='2' a=\"&quot;&#10;&#9;&#13;&lt;>'&amp;\" z:b='3' y:c='4' xmlns:z='urn:a' xmlns:y='urn:b'>&gt;&#13;\"<![CDATA[<&]]></e>";
        let expected =
            "<e xmlns:y=\"urn:b\" xmlns:z=\"urn:a\" a=\"&quot;&#xA;&#x9;&#xD;&lt;>'&amp;\" b=\"2\" z:b=\"3\" y:c=\"4\">&gt;&#xD;\"&lt;&amp;</e>";
        assert_eq!(of(text, "e", "", &[]), expected);
    }

    #[test]
    fn what_is_left_out_leaves_the_white_space_around_it() {
        assert_eq!(of("<a> <b><c/></b>\r\n<!-- c --> <b/></a>", "a", "b", &[]), "<a> \n </a>");
    }
}
