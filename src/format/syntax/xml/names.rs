//! Namespaces in scope: which prefix means which namespace, element by element.
//!
//! SPEC: Namespaces in XML 1.0 (third edition). Namespace names are compared byte by byte; they must be written without references.

use std::borrow::Cow;

use crate::base::{Reason, Refusal, Span};

use super::Options;

/// The namespace of the prefix `xml`.
pub const NAMESPACE_XML: &str = "http://www.w3.org/XML/1998/namespace";
const NAMESPACE_XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Declarations in scope, the innermost last. The empty prefix is the default namespace.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    declared: Vec<(&'a str, &'a str)>,
}

impl<'a> Scope<'a> {
    pub(super) const fn len(&self) -> usize {
        self.declared.len()
    }

    /// The declarations after the first `len`.
    pub(super) fn from(&self, len: usize) -> &[(&'a str, &'a str)] {
        self.declared.get(len..).unwrap_or_default()
    }

    /// Ends the scope of declarations after the first `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.declared.truncate(len);
    }

    /// Takes a declaration of the element whose declarations begin at `from`.
    pub(super) fn declare(&mut self, from: usize, prefix: &'a str, name: Cow<'a, str>, span: Span) -> Result<(), Refusal> {
        let refuse = |detail: &str| Err(Refusal::at(Reason::MalformedXmlNamespace, span, detail));
        let Cow::Borrowed(name) = name else { return refuse("expected a namespace written without references") };
        if self.declared.iter().skip(from).any(|(known, _)| *known == prefix) {
            return Err(Refusal::at(Reason::MalformedXmlAttribute, span, "expected each attribute once, found a namespace declared twice"));
        }
        match (prefix, name) {
            ("xml", NAMESPACE_XML) => return Ok(()),
            ("xmlns", _) => return refuse("expected no declaration of the prefix `xmlns`"),
            ("xml", _) | (_, NAMESPACE_XML | NAMESPACE_XMLNS) => return refuse("expected no other use of the reserved prefixes and namespaces"),
            ("", _) => {}
            (_, "") => return refuse("expected a namespace for the prefix, found none"),
            _ => {}
        }
        if !name.is_empty() && !is_absolute_uri(name) {
            return refuse("expected an absolute URI as namespace");
        }
        if self.declared.len() >= Options::NAMESPACES_MAX {
            return refuse("expected at most 64 namespaces in scope");
        }
        self.declared.push((prefix, name));
        Ok(())
    }

    /// The namespace of an element's prefix; the empty prefix may have none.
    pub(super) fn element(&self, prefix: &str, span: Span) -> Result<&'a str, Refusal> {
        match (self.find(prefix), prefix) {
            (Some(namespace), _) => Ok(namespace),
            (None, "") => Ok(""),
            (None, "xml") => Ok(NAMESPACE_XML),
            (None, _) => Err(Refusal::at(Reason::MalformedXmlNamespace, span, "expected a prefix that is declared")),
        }
    }

    /// The namespace of an attribute's prefix: without prefix, none.
    pub(super) fn attribute(&self, prefix: &str, span: Span) -> Result<&'a str, Refusal> {
        if prefix.is_empty() { Ok("") } else { self.element(prefix, span) }
    }

    fn find(&self, prefix: &str) -> Option<&'a str> {
        // Two empty texts are dear to compare.
        let same = |known: &str| known.len() == prefix.len() && (known.is_empty() || known == prefix);
        self.declared.iter().rev().find(|(known, _)| same(known)).map(|(_, namespace)| *namespace)
    }
}

/// SPEC: RFC 3986 section 4.3, without brackets, percent-encoding and queries: names, not addresses. Namespaces 1.0 deprecates relative ones.
fn is_absolute_uri(text: &str) -> bool {
    let (absolute, fragment) = text.split_once('#').unwrap_or((text, ""));
    let Some((scheme, rest)) = absolute.split_once(':') else { return false };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&b);
    let scheme_byte = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(scheme_byte);
    scheme_fits && !rest.is_empty() && rest.bytes().all(plain) && fragment.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(prefix: &'static str, name: &'static str) -> Result<(), &'static str> {
        Scope::default().declare(0, prefix, Cow::Borrowed(name), Span::default()).map_err(|refusal| refusal.reason.code())
    }

    #[test]
    fn names_of_real_vocabularies_are_taken_and_what_is_no_absolute_uri_is_not() {
        for name in [
            "",
            "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0",
            "http://www.w3.org/2000/09/xmldsig#",
            "http://www.xmlspif.org/spif",
            "urn:oid:1.2.3",
        ] {
            assert_eq!(declared("", name), Ok(()), "{name}");
        }
        for name in ["relative", "1urn:a", ":a", "urn:", "urn:a b", "urn:ü", "urn:%41", "urn:a#b#c", "urn:[a]", "http://x?q", "urn:a\\b"] {
            assert_eq!(declared("", name), Err("malformed.xml.namespace"), "{name}");
        }
    }

    #[test]
    fn reserved_prefixes_and_namespaces_are_what_they_are() {
        assert_eq!(declared("xml", NAMESPACE_XML), Ok(()));
        for (prefix, name) in
            [("xml", "urn:a"), ("p", NAMESPACE_XML), ("", NAMESPACE_XML), ("p", NAMESPACE_XMLNS), ("xmlns", NAMESPACE_XMLNS), ("p", "")]
        {
            assert_eq!(declared(prefix, name), Err("malformed.xml.namespace"), "{prefix} {name}");
        }
        assert_eq!(Scope::default().element("xml", Span::default()).unwrap(), NAMESPACE_XML);
    }

    #[test]
    fn the_innermost_declaration_counts_and_ends_with_its_element() {
        let mut scope = Scope::default();
        let declare = |scope: &mut Scope<'static>, from, name| scope.declare(from, "p", Cow::Borrowed(name), Span::default()).unwrap();
        declare(&mut scope, 0, "urn:outer");
        let inner = scope.len();
        declare(&mut scope, inner, "urn:inner");
        assert_eq!(scope.element("p", Span::default()).unwrap(), "urn:inner");
        scope.truncate(inner);
        assert_eq!(scope.element("p", Span::default()).unwrap(), "urn:outer");
        assert_eq!(scope.attribute("", Span::default()).unwrap(), "", "the default namespace is not that of attributes");
        let twice = scope.declare(0, "p", Cow::Borrowed("urn:outer"), Span::default()).unwrap_err();
        assert_eq!(twice.reason, Reason::MalformedXmlAttribute);
    }
}
