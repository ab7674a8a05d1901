//! The strict reading of a message: tokens in, a typed tree out, every rule of the table applied on the way.
//!
//! One pass, no recovery. White space between elements and comments are dropped; CDATA is refused.

use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::hidden::hides;
use crate::format::syntax::xml::{self, Attribute, Cdata, Comments, Options, Reader, Tag, Text, Token};
use crate::normal::{NodeId, Tree, TreeBuilder, Value};

use super::schema::{self, Element, Holds, MESSAGE, NAMESPACE, NAMESPACE_ISM, Occurs};
use super::value::value;

/// Open elements at most: 16. The table needs 6; the rest is for `detailData`.
const DEPTH_MAX: usize = 16;

/// Open elements where a section is the last of them: message, track, section.
const SECTION_LEVEL: usize = 3;

const OPTIONS: Options = Options { comments: Comments::Allow, cdata: Cdata::Refuse, depth_max: DEPTH_MAX };

/// Reads a message.
///
/// # Errors
/// `malformed.*`, `invalid.nffi.*`, `size.*`.
pub(super) fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let text = xml::text(body)?;
    let (nodes, values) = xml::nodes_at_most(text);
    let mut message = Message { tree: TreeBuilder::with_room(nodes, values), levels: Vec::with_capacity(DEPTH_MAX) };
    let mut reader = Reader::new(text, OPTIONS, budget)?;
    loop {
        match reader.token(budget)? {
            Token::Open(tag) => message.open(&tag, reader.attributes(), budget)?,
            Token::Text(text) => message.text(text, budget)?,
            Token::Close { end } => message.close(end)?,
            Token::End => break,
        }
    }
    let tree = message.tree.finish().ok_or_else(|| Refusal::new(Reason::MalformedXmlSyntax, "expected one document element"))?;
    every_section_or_none_is_labelled(&tree)?;
    Ok(tree)
}

/// What is known of an open element.
#[derive(Debug)]
struct Level<'a> {
    name: &'a str,
    start: usize,
    /// Its row of the table; none within `detailData`.
    row: Option<&'static Element>,
    /// The place of the last child in the row, and how often it stood.
    last: Option<(usize, usize)>,
    holds: Held,
}

/// What an element was seen to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Nothing,
    Text,
    Elements,
}

#[derive(Debug)]
struct Message<'a> {
    tree: TreeBuilder<'a>,
    levels: Vec<Level<'a>>,
}

impl<'a> Message<'a> {
    fn open(&mut self, tag: &Tag<'a>, attributes: impl Iterator<Item = Attribute<'a>>, budget: &mut Budget) -> Result<(), Refusal> {
        let span = Span::new(tag.start, tag.end);
        let row = self.row(tag, span)?;
        self.levels.push(Level { name: tag.name, start: tag.start, row, last: None, holds: Held::Nothing });
        if hides(tag.name) {
            return Err(self.refusal(Reason::InvalidNffiCharacter, span, "expected an element name of visible characters"));
        }
        self.tree.open(tag.namespace, tag.name, tag.start, budget)?;
        let mut label = Label::default();
        for attribute in attributes {
            label.see(&attribute);
            self.attribute(attribute, budget)?;
        }
        if label.is_whole() {
            return Ok(());
        }
        Err(self.refusal(Reason::InvalidNffiLabel, span, "expected `secPolicyName` and `secClassification` together, then perhaps `secCategory`"))
    }

    /// The row of an element, at its place among its siblings; none within `detailData`.
    fn row(&mut self, tag: &Tag<'_>, span: Span) -> Result<Option<&'static Element>, Refusal> {
        let open = self.levels.last().is_some_and(|level| level.row.is_none_or(|row| matches!(row.holds, Holds::Anything)));
        if tag.namespace != NAMESPACE && !(open && tag.namespace.is_empty()) {
            return Err(self.refusal(Reason::MalformedXmlNamespace, span, &format!("expected the namespace `{NAMESPACE}` and no other")));
        }
        let Some(parent) = self.levels.last_mut() else {
            let named = tag.name == MESSAGE.name;
            return named.then_some(Some(&MESSAGE)).ok_or_else(|| Refusal::at(Reason::InvalidNffiElement, span, "expected `NFFIMessage`"));
        };
        let held = std::mem::replace(&mut parent.holds, Held::Elements);
        if open {
            return match held {
                Held::Text => Err(self.refusal(Reason::InvalidNffiText, span, "expected text or elements, found both")),
                _ => Ok(None),
            };
        }
        let known = parent.row.map_or(&[][..], Element::children);
        let Some((place, row)) = known.iter().enumerate().find(|(_, row)| row.name == tag.name) else {
            return Err(self.refusal(Reason::InvalidNffiElement, span, "expected an element that the format has here"));
        };
        let (last, count) = parent.last.map_or((0, 0), |(last, count)| if last == place { (last, count) } else { (last, 0) });
        let before = parent.last;
        parent.last = Some((place, count.saturating_add(1)));
        let most = if let Occurs::UpTo(most) = row.occurs { most } else { 1 };
        if before.is_some() && place < last {
            return Err(self.refusal(Reason::InvalidNffiOrder, span, &format!("expected `{}` before the element that stands before it", row.name)));
        }
        if count >= most {
            return Err(self.refusal(Reason::InvalidNffiRepeated, span, &format!("expected `{}` at most {most} times", row.name)));
        }
        self.missing(known, before.map(|(last, _)| last), place, span)?;
        Ok(Some(row))
    }

    /// Whether a required element of the row was passed over, after the last that stood and before `end`.
    fn missing(&self, known: &'static [Element], last: Option<usize>, end: usize, span: Span) -> Result<(), Refusal> {
        let from = last.map_or(0, |last| last.saturating_add(1));
        let mut passed = known.iter().take(end).skip(from);
        match passed.find(|row| row.occurs == Occurs::Always) {
            Some(row) => Err(self.refusal(Reason::InvalidNffiMissing, span, &format!("expected the element `{}`", row.name))),
            None => Ok(()),
        }
    }

    fn attribute(&mut self, attribute: Attribute<'a>, budget: &mut Budget) -> Result<(), Refusal> {
        let Attribute { namespace, name, value: text, span } = attribute;
        // A section is what a label speaks of: it stands in a track in a message.
        let marking = namespace == NAMESPACE_ISM && self.levels.len() == SECTION_LEVEL;
        if !namespace.is_empty() && !marking {
            return Err(self.refusal(Reason::MalformedXmlNamespace, span, "expected an attribute without namespace, or of ISM on a section"));
        }
        if hides(name) {
            return Err(self.refusal(Reason::InvalidNffiCharacter, span, "expected an attribute name of visible characters"));
        }
        let row = self.levels.last().and_then(|level| level.row);
        let known = row.filter(|_| !marking).and_then(|row| row.attributes.iter().find(|known| known.name == name));
        let value = match (known, row) {
            (None, _) if marking => Value::Text(text),
            (Some(known), _) => value(known.kind, text, span).map_err(|refusal| refusal.on(format!("{}/@{name}", self.path())))?,
            (None, Some(row)) if !matches!(row.holds, Holds::Anything) => {
                return Err(self.refusal(Reason::InvalidNffiAttribute, span, "expected an attribute that the format has here"));
            }
            (None, _) => Value::Text(text),
        };
        self.tree.attribute(namespace, name, value, span, budget)?;
        Ok(())
    }

    fn text(&mut self, text: Text<'a>, budget: &mut Budget) -> Result<(), Refusal> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let held = std::mem::replace(&mut level.holds, Held::Text);
        let value = match (level.row.map(|row| row.holds), held) {
            (Some(Holds::Value(kind)), Held::Nothing) => value(kind, text.value, text.span).map_err(|refusal| refusal.on(self.path()))?,
            (None, Held::Nothing) => Value::Text(text.value),
            (Some(Holds::Elements(_) | Holds::Anything), _) => {
                return Err(self.refusal(Reason::InvalidNffiText, text.span, "expected no text in this element"));
            }
            _ => return Err(self.refusal(Reason::InvalidNffiText, text.span, "expected text or elements, found both")),
        };
        self.tree.text(value, text.span, budget)?;
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Refusal> {
        if let Some(Level { row: Some(row), last, start, holds, .. }) = self.levels.last() {
            let span = Span::new(*start, end);
            self.missing(row.children(), last.map(|(last, _)| last), usize::MAX, span)?;
            if matches!(row.holds, Holds::Value(_)) && *holds == Held::Nothing {
                return Err(self.refusal(Reason::InvalidNffiMissing, span, "expected a value in this element"));
            }
        }
        self.levels.pop();
        self.tree.close(end);
        Ok(())
    }

    fn refusal(&self, reason: Reason, span: Span, detail: &str) -> Refusal {
        Refusal::at(reason, span, detail).on(self.path())
    }

    fn path(&self) -> String {
        self.levels.iter().flat_map(|level| ["/", level.name]).collect()
    }
}

/// Which parts of a section's label an element has.
#[derive(Debug, Default)]
struct Label {
    policy: bool,
    classification: bool,
    category: bool,
}

impl Label {
    fn see(&mut self, attribute: &Attribute<'_>) {
        match attribute.name {
            _ if !attribute.namespace.is_empty() => {}
            schema::POLICY => self.policy = true,
            schema::CLASSIFICATION => self.classification = true,
            schema::CATEGORY => self.category = true,
            _ => {}
        }
    }

    /// Nothing at all, or a policy and a classification: a classification alone would be read in whatever scheme its sender has.
    const fn is_whole(&self) -> bool {
        self.policy == self.classification && (self.policy || !self.category)
    }
}

/// A section without label beside one with a label says nothing about itself, so nobody may guess.
fn every_section_or_none_is_labelled(tree: &Tree<'_>) -> Result<(), Refusal> {
    let sections = || tree.elements(NodeId::ROOT).flat_map(|(track, _)| tree.elements(track));
    let of_ism = |section: NodeId| tree.attributes(section).any(|(_, node)| node.namespace == NAMESPACE_ISM);
    let labelled = |section: NodeId| tree.attribute(section, schema::POLICY).is_some() || of_ism(section);
    let Some((first, _)) = sections().next() else { return Ok(()) };
    match sections().find(|(section, _)| labelled(*section) != labelled(first)) {
        None => Ok(()),
        Some((section, node)) => {
            let odd = if labelled(section) { first } else { section };
            let span = if odd == section { node.span } else { tree.node(first).span };
            Err(Refusal::at(Reason::InvalidNffiLabel, span, "expected a security label on every section or on none").on(tree.path(odd)))
        }
    }
}
