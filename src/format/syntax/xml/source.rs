//! A document as it was written: prefixes, namespace declarations and white space kept, for what is digested and not only read.
//!
//! Takes text, gives elements and texts in document order under the same strict rules as every other reading, so that a place found in
//! the normal form is the same place here: by the byte at which an element begins. Absent on purpose: comments, quotes, the order of
//! attributes across `xmlns`, and character references, none of which canonical XML keeps.

use std::borrow::Cow;

use super::{Attribute, Options, Reader, Token};
use crate::base::{Budget, Reason, Refusal, Span};

/// An attribute as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<'a> {
    /// Prefix; empty for none.
    pub prefix: &'a str,
    /// Namespace; empty for none.
    pub namespace: &'a str,
    /// Local name.
    pub name: &'a str,
    /// The normalised value.
    pub value: Cow<'a, str>,
}

/// An element as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<'a> {
    /// Prefix; empty for none.
    pub prefix: &'a str,
    /// Namespace; empty for none.
    pub namespace: &'a str,
    /// Local name.
    pub name: &'a str,
    /// Namespaces declared here: prefix and name.
    pub declared: Vec<(&'a str, &'a str)>,
    /// Attributes that are no declarations, in document order.
    pub attributes: Vec<Written<'a>>,
    /// Its bytes.
    pub span: Span,
    /// The element around it.
    pub parent: Option<usize>,
    end: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<'a> {
    Element(Box<Element<'a>>),
    Text(Cow<'a, str>),
}

/// A child of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Child<'s> {
    /// The number of an element.
    Element(usize),
    /// A text.
    Text(&'s str),
}

/// Parts for which there is room from the beginning, at most: 4,096.
const ROOM_PARTS_MAX: usize = 4096;

/// A document; elements are named by their number in document order, the document element is 0.
#[derive(Debug)]
pub struct Source<'a> {
    parts: Vec<Part<'a>>,
}

impl<'a> Source<'a> {
    /// The document element.
    pub const ROOT: usize = 0;

    /// Reads a document.
    ///
    /// # Errors
    /// `malformed.xml.*`, `size.*`.
    pub fn read(text: &'a str, options: Options, budget: &mut Budget) -> Result<Self, Refusal> {
        let mut reader = Reader::faithful(text, options, budget)?;
        // Some 50 bytes of a message are an element with its text.
        let mut parts = Vec::with_capacity(text.len().checked_div(25).unwrap_or_default().min(ROOM_PARTS_MAX));
        let mut open: Vec<usize> = Vec::new();
        loop {
            budget.spend(1)?;
            match reader.token(budget)? {
                Token::Open(tag) => {
                    let prefix = reader.whole_name().split_once(':').map_or("", |(prefix, _)| prefix);
                    let declared = reader.declared().to_vec();
                    let written = |(found, prefix): (Attribute<'a>, &'a str)| Written {
                        prefix,
                        namespace: found.namespace,
                        name: found.name,
                        value: found.value,
                    };
                    let attributes = reader.prefixed().map(written).collect();
                    let parent = open.last().copied();
                    let span = Span::new(tag.start, tag.end);
                    open.push(parts.len());
                    let element = Element { prefix, namespace: tag.namespace, name: tag.name, declared, attributes, span, parent, end: 0 };
                    parts.push(Part::Element(Box::new(element)));
                }
                Token::Text(text) => parts.push(Part::Text(text.value)),
                Token::Close { end } => {
                    let count = parts.len();
                    if let Some(Part::Element(element)) = open.pop().and_then(|at| parts.get_mut(at)) {
                        element.end = count;
                        element.span.end = Span::new(end, end).end;
                    }
                }
                Token::End => break,
            }
        }
        match parts.first() {
            Some(Part::Element(_)) => Ok(Self { parts }),
            _ => Err(Refusal::new(Reason::MalformedXmlSyntax, "expected one document element")),
        }
    }

    /// The element of this number.
    #[must_use]
    pub fn element(&self, at: usize) -> Option<&Element<'a>> {
        match self.parts.get(at) {
            Some(Part::Element(element)) => Some(element),
            _ => None,
        }
    }

    /// All elements with their numbers, in document order.
    pub fn elements(&self) -> impl Iterator<Item = (usize, &Element<'a>)> + '_ {
        self.below_or_at(Self::ROOT)
    }

    /// An element and all below it.
    pub fn below_or_at(&self, at: usize) -> impl Iterator<Item = (usize, &Element<'a>)> + '_ {
        let end = self.element(at).map_or(at, |element| element.end);
        (at..end).filter_map(|at| self.element(at).map(|element| (at, element)))
    }

    /// Elements and texts directly inside an element.
    pub fn children(&self, at: usize) -> impl Iterator<Item = Child<'_>> + '_ {
        let end = self.element(at).map_or(at, |element| element.end);
        let mut next = at.saturating_add(1);
        std::iter::from_fn(move || {
            let here = next;
            match self.parts.get(here).filter(|_| here < end)? {
                Part::Element(element) => {
                    next = element.end;
                    Some(Child::Element(here))
                }
                Part::Text(text) => {
                    next = here.saturating_add(1);
                    Some(Child::Text(text))
                }
            }
        })
    }

    /// The namespace that a prefix means at an element; empty where it means none.
    #[must_use]
    pub fn namespace(&self, at: usize, prefix: &str) -> &'a str {
        let mut here = self.element(at);
        while let Some(element) = here {
            if let Some((_, found)) = element.declared.iter().find(|(known, _)| *known == prefix) {
                return found;
            }
            here = element.parent.and_then(|parent| self.element(parent));
        }
        ""
    }

    /// Whether an element is another or stands somewhere inside it.
    #[must_use]
    pub fn is_within(&self, inner: usize, outer: usize) -> bool {
        self.element(outer).is_some_and(|element| (outer..element.end).contains(&inner))
    }

    /// Whether an element has this namespace and name.
    #[must_use]
    pub fn is(&self, at: usize, namespace: &str, name: &str) -> bool {
        self.element(at).is_some_and(|element| element.namespace == namespace && element.name == name)
    }

    /// The bytes of an element.
    #[must_use]
    pub fn span(&self, at: usize) -> Span {
        self.element(at).map_or(Span::default(), |element| element.span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::syntax::xml::{Cdata, Comments};

    const OPTIONS: Options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 8 };

    #[test]
    fn what_was_written_is_kept_with_prefixes_declarations_and_white_space() {
        let text = "<a xmlns='urn:d' xmlns:p='urn:p'> <!-- c -->\n<p:b p:x='1' y='2'>t</p:b><c xmlns=''/></a>";
        let source = Source::read(text, OPTIONS, &mut Budget::for_body(text.len())).unwrap();
        let names: Vec<_> = source.elements().map(|(at, e)| (at, e.prefix, e.namespace, e.name)).collect();
        assert_eq!(names, [(0, "", "urn:d", "a"), (2, "p", "urn:p", "b"), (4, "", "", "c")]);
        assert_eq!(source.children(0).collect::<Vec<_>>(), [Child::Text(" \n"), Child::Element(2), Child::Element(4)]);
        assert_eq!(source.element(2).unwrap().attributes.iter().map(|a| (a.prefix, a.name)).collect::<Vec<_>>(), [("p", "x"), ("", "y")]);
        assert_eq!(
            (source.namespace(2, "p"), source.namespace(2, ""), source.namespace(4, ""), source.namespace(0, "q")),
            ("urn:p", "urn:d", "", "")
        );
        assert!(source.is_within(2, 0) && source.is_within(2, 2) && !source.is_within(4, 2));
        assert_eq!(text.get(source.span(2).range()), Some("<p:b p:x='1' y='2'>t</p:b>"));
    }
}
