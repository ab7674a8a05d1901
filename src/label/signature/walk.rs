//! Strict steps through elements of a signature or binding: what is not expected is refused, with one reason for all of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::{Reason, Refusal};
use crate::format::syntax::xml::{Child, Source};

/// A document, and the reason for which it is refused where it is not as expected.
#[derive(Debug, Clone, Copy)]
pub(in crate::label) struct Walk<'s, 'a> {
    pub(in crate::label) source: &'s Source<'a>,
    pub(in crate::label) reason: Reason,
}

impl<'s, 'a> Walk<'s, 'a> {
    /// A refusal with the place of an element.
    pub(in crate::label) fn refuse(self, at: usize, expected: impl Into<String>) -> Refusal {
        self.refuse_for(self.reason, at, expected)
    }

    /// A refusal of another reason.
    pub(in crate::label) fn refuse_for(self, reason: Reason, at: usize, expected: impl Into<String>) -> Refusal {
        Refusal::at(reason, self.source.span(at), expected)
    }

    /// The elements in an element that holds nothing else but white space.
    pub(in crate::label) fn elements(self, at: usize) -> Result<Vec<usize>, Refusal> {
        let mut found = Vec::new();
        for child in self.source.children(at) {
            match child {
                Child::Element(child) => found.push(child),
                Child::Text(text) if text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) => {}
                Child::Text(_) => return Err(self.refuse(at, "expected elements, found text beside them")),
            }
        }
        Ok(found)
    }

    /// The text of an element that holds nothing else; empty where it holds nothing.
    pub(in crate::label) fn text(self, at: usize) -> Result<&'s str, Refusal> {
        let mut children = self.source.children(at);
        match (children.next(), children.next()) {
            (None, None) => Ok(""),
            (Some(Child::Text(text)), None) => Ok(text),
            _ => Err(self.refuse(at, "expected one undivided text")),
        }
    }

    /// Refuses attributes of an element other than these, which have no namespace.
    pub(in crate::label) fn only(self, at: usize, allowed: &[&str]) -> Result<(), Refusal> {
        let element = self.source.element(at);
        let strange = element.into_iter().flat_map(|element| &element.attributes).any(|a| !a.namespace.is_empty() || !allowed.contains(&a.name));
        if strange { Err(self.refuse(at, "expected no attribute but those of the form that is read")) } else { Ok(()) }
    }

    /// The value of an attribute without namespace.
    pub(in crate::label) fn attribute(self, at: usize, name: &str) -> Option<&'s str> {
        let element = self.source.element(at)?;
        element.attributes.iter().find(|a| a.namespace.is_empty() && a.name == name).map(|a| a.value.as_ref())
    }

    /// The value of an attribute that must stand.
    pub(in crate::label) fn required(self, at: usize, name: &str) -> Result<&'s str, Refusal> {
        self.attribute(at, name).ok_or_else(|| self.refuse(at, format!("expected the attribute `{name}`")))
    }

    /// The bytes that an element gives in base64, at most so many.
    pub(in crate::label) fn bytes(self, at: usize, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
        let text = self.text(at)?;
        // Lines are broken at will: four letters make three bytes, and no writer spends as much on white space as on letters.
        if text.len() > bytes_max.saturating_mul(3) {
            return Err(self.refuse_for(Reason::LabelBindingLimit, at, format!("expected at most {bytes_max} bytes in base64")));
        }
        let mut letters = text.as_bytes();
        let unbroken: Vec<u8>;
        if letters.iter().fold(false, |found, byte| found | matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            unbroken = letters.iter().copied().filter(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')).collect();
            letters = &unbroken;
        }
        let bytes = STANDARD.decode(letters).map_err(|_| self.refuse(at, "expected base64 with its padding"))?;
        if bytes.len() > bytes_max {
            return Err(self.refuse_for(Reason::LabelBindingLimit, at, format!("expected at most {bytes_max} bytes in base64")));
        }
        Ok(bytes)
    }

    /// The one element that an identifier names.
    ///
    /// Every spelling of the name of an identifier counts, in every namespace: which of them a reader resolves differs between readers.
    pub(in crate::label) fn identified(self, at: usize, id: &str) -> Result<usize, Refusal> {
        let mut found = None;
        for (element, held) in self.source.elements() {
            for attribute in held.attributes.iter().filter(|a| a.name.eq_ignore_ascii_case("id") && a.value == id) {
                if found.is_some() {
                    return Err(self.refuse_for(Reason::LabelBindingId, element, "expected an identifier that stands once"));
                }
                if attribute.name != "Id" || !attribute.namespace.is_empty() {
                    return Err(self.refuse_for(Reason::LabelBindingReference, element, "expected the identifier in the attribute `Id`"));
                }
                found = Some(element);
            }
        }
        found.ok_or_else(|| self.refuse_for(Reason::LabelBindingReference, at, "expected a reference to an element of the message"))
    }
}
