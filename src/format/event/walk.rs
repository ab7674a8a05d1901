//! The walk over an event: elements, attributes and text as a reader finds them, every rule of the table applied on the way.
//!
//! One pass, no recovery. Which bytes an event is spelt in is a question for the reader that drives the walk.

use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::hidden::hides;
use crate::format::syntax::xml::{Attribute, Tag, Text};
use crate::normal::{NodeId, Tree, TreeBuilder, Value};

use super::schema::{
    Element, Holds, NAME_BINDING, NAMES_LABEL, NAMESPACE_BINDING, NAMESPACE_ISM, NAMESPACE_LABEL, NAMESPACE_SIGNATURE, NAMESPACES_OF_ATTRIBUTES,
    NAMESPACES_OF_SIGNATURES, Occurs, Others, Presence,
};
use super::value::value;

/// Open elements at most: 16. Real messages reach 7; a signed label adds 6.
pub(in crate::format) const DEPTH_MAX: usize = 16;

/// What is known of an open element.
#[derive(Debug)]
struct Level<'a> {
    name: &'a str,
    start: usize,
    /// Its row of the table; none below what the table does not know.
    row: Option<&'static Element>,
    /// Which children of the row have stood: one bit each.
    seen: u64,
    holds: Held,
    realm: Realm,
}

/// What an element was seen to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Nothing,
    Text,
    Elements,
}

/// Whose vocabulary an element is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Realm {
    /// Cursor-on-Target, without namespace.
    Cot,
    /// A label or binding in `detail`.
    Label,
    /// A signature in a binding: nothing but what signatures are made of stands in it.
    Signature,
}

/// An event as it is read: what opens, closes and stands in between, each thing judged by the table before it is in the tree.
#[derive(Debug)]
pub(in crate::format) struct Event<'a> {
    tree: TreeBuilder<'a>,
    levels: Vec<Level<'a>>,
    root: &'static Element,
}

impl<'a> Event<'a> {
    /// An event that is about to open, with its row of the table and room for so many nodes, and values among them.
    pub(in crate::format) fn new(root: &'static Element, (nodes, values): (usize, usize)) -> Self {
        Self { tree: TreeBuilder::with_room(nodes, values), levels: Vec::with_capacity(DEPTH_MAX), root }
    }

    /// The tree, once the event is closed.
    ///
    /// # Errors
    /// `invalid.cot.time_order`.
    pub(in crate::format) fn finish(self) -> Result<Tree<'a>, Refusal> {
        let tree = self.tree.finish().ok_or_else(|| Refusal::new(Reason::MalformedXmlSyntax, "expected one document element"))?;
        order_of_times(&tree)?;
        Ok(tree)
    }

    /// Opens an element with its attributes.
    ///
    /// # Errors
    /// `invalid.cot.*`, `malformed.xml.namespace`, `size.*`.
    pub(in crate::format) fn open(
        &mut self,
        tag: &Tag<'a>,
        attributes: impl Iterator<Item = Attribute<'a>>,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        let span = Span::new(tag.start, tag.end);
        let realm = self.realm(tag, span)?;
        let row = self.row(tag, span)?;
        self.levels.push(Level { name: tag.name, start: tag.start, row, seen: 0, holds: Held::Nothing, realm });
        if hides(tag.name) {
            return Err(self.refusal(Reason::InvalidCotCharacter, span, "expected an element name of visible characters"));
        }
        self.tree.open(tag.namespace, tag.name, tag.start, budget)?;
        let mut stood = 0_u64;
        for attribute in attributes {
            stood |= self.attribute(attribute, budget)?;
        }
        let missing = row.and_then(|row| {
            let mut all = row.attributes.iter().enumerate();
            all.find(|(place, known)| known.presence == Presence::Required && stood & bit(*place) == 0).map(|(_, known)| known.name)
        });
        match missing {
            Some(name) => Err(self.refusal(Reason::InvalidCotMissing, span, &format!("expected the attribute `{name}`"))),
            None => Ok(()),
        }
    }

    /// The realm of an element; namespaces stand only in labels and bindings, and these only in `detail`.
    fn realm(&self, tag: &Tag<'_>, span: Span) -> Result<Realm, Refusal> {
        let parent = self.levels.last();
        let in_detail = self.levels.len() == 2 && parent.is_some_and(|level| level.name == "detail");
        let in_label = parent.is_some_and(|level| level.realm == Realm::Label);
        // Rules name fields without their namespace: what has a label's name must be one, or a rule that lets labels pass lets it pass.
        let own = match tag.name {
            NAME_BINDING => tag.namespace == NAMESPACE_BINDING,
            name if NAMES_LABEL.contains(&name) => tag.namespace == NAMESPACE_LABEL,
            _ => tag.namespace != NAMESPACE_BINDING,
        };
        if in_detail && !own {
            return Err(self.refusal(
                Reason::MalformedXmlNamespace,
                span,
                "expected the name of a label or binding with its namespace, and no other",
            ));
        }
        let in_signature = parent.is_some_and(|level| level.realm == Realm::Signature);
        let in_binding = in_label && self.levels.len() == 3 && parent.is_some_and(|level| level.name == NAME_BINDING);
        match tag.namespace {
            namespace if in_signature && NAMESPACES_OF_SIGNATURES.contains(&namespace) => Ok(Realm::Signature),
            NAMESPACE_SIGNATURE if in_binding && tag.name == "Signature" => Ok(Realm::Signature),
            _ if in_signature => {
                Err(self.refusal(Reason::MalformedXmlNamespace, span, "expected nothing in a signature but the elements of a signature"))
            }
            "" if in_label => Ok(Realm::Label),
            "" => Ok(Realm::Cot),
            NAMESPACE_LABEL | NAMESPACE_BINDING if in_detail || in_label => Ok(Realm::Label),
            _ => Err(self.refusal(
                Reason::MalformedXmlNamespace,
                span,
                "expected no namespace but that of a STANAG 4774 label or 4778 binding in `detail`",
            )),
        }
    }

    /// The row of an element, counted in its parent.
    fn row(&mut self, tag: &Tag<'_>, span: Span) -> Result<Option<&'static Element>, Refusal> {
        let Some(parent) = self.levels.last_mut() else {
            return if tag.name == self.root.name {
                Ok(Some(self.root))
            } else {
                Err(Refusal::at(Reason::InvalidCotElement, span, "expected `event` as the document element"))
            };
        };
        let held = std::mem::replace(&mut parent.holds, Held::Elements);
        if held == Held::Text {
            return Err(self.refusal(Reason::InvalidCotText, span, "expected text or elements, found both"));
        }
        let known = parent.row.filter(|_| tag.namespace.is_empty());
        let Some((place, row)) = known.and_then(|known| known.child(tag.name)) else {
            return match parent.row {
                Some(row) if row.others == Others::Closed => {
                    let expected = if row.children.is_empty() { "expected no element in `point`" } else { "expected `point` or `detail` in `event`" };
                    Err(self.refusal(Reason::InvalidCotElement, span, expected))
                }
                Some(row) if row.holds == Holds::Text => Err(self.refusal(Reason::InvalidCotElement, span, "expected text only in `remarks`")),
                _ => Ok(None),
            };
        };
        let before = parent.seen & bit(place);
        parent.seen |= bit(place);
        if row.occurs != Occurs::Many && before != 0 {
            return Err(self.refusal(Reason::InvalidCotRepeated, span, &format!("expected `{}` once", row.name)));
        }
        Ok(Some(row))
    }

    /// Adds an attribute; gives its bit in the table, or none.
    fn attribute(&mut self, attribute: Attribute<'a>, budget: &mut Budget) -> Result<u64, Refusal> {
        let Attribute { namespace, name, value: text, span } = attribute;
        let (row, realm) = self.levels.last().map_or((None, Realm::Cot), |level| (level.row, level.realm));
        let of_label = realm == Realm::Label && NAMESPACES_OF_ATTRIBUTES.contains(&namespace);
        let marking = namespace == NAMESPACE_ISM && self.may_be_marked();
        if !(namespace.is_empty() || of_label || marking) {
            return Err(self.refusal(Reason::MalformedXmlNamespace, span, "expected an attribute without namespace"));
        }
        if hides(name) {
            return Err(self.refusal(Reason::InvalidCotCharacter, span, "expected an attribute name of visible characters"));
        }
        let known = row.filter(|_| namespace.is_empty()).and_then(|row| row.attribute(name));
        let value = match (known, row) {
            (Some(known), _) => value(known.kind, text, span).map_err(|refusal| refusal.on(format!("{}/@{name}", self.path())))?,
            (None, Some(row)) if row.others == Others::Closed && !marking => {
                return Err(self.refusal(Reason::InvalidCotAttribute, span, "expected an attribute of the base schema"));
            }
            (None, _) => Value::Text(text),
        };
        self.tree.attribute(namespace, name, value, span, budget)?;
        let place = row.filter(|_| namespace.is_empty()).and_then(|row| row.attributes.iter().position(|known| known.name == name));
        Ok(place.map_or(0, bit))
    }

    /// Whether the open element is one that marks the whole event: markings of elements below would be those of parts, which an event has not.
    fn may_be_marked(&self) -> bool {
        let names: Vec<&str> = self.levels.iter().map(|level| level.name).collect();
        matches!(names.as_slice(), ["event"] | ["event", "detail"])
    }

    /// Adds text to the open element.
    ///
    /// # Errors
    /// `invalid.cot.text`, `size.*`.
    pub(in crate::format) fn text(&mut self, text: Text<'a>, budget: &mut Budget) -> Result<(), Refusal> {
        self.holds_text(text.span)?;
        self.tree.text(Value::Text(text.value), text.span, budget)?;
        Ok(())
    }

    /// Whether text may stand in the open element.
    fn holds_text(&mut self, span: Span) -> Result<(), Refusal> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let held = std::mem::replace(&mut level.holds, Held::Text);
        if level.row.is_some_and(|row| row.holds != Holds::Text) {
            return Err(self.refusal(Reason::InvalidCotText, span, "expected no text in this element"));
        }
        match held {
            Held::Nothing => Ok(()),
            _ => Err(self.refusal(Reason::InvalidCotText, span, "expected text or elements, found both")),
        }
    }

    /// Closes the open element at byte `end`.
    ///
    /// # Errors
    /// `invalid.cot.missing`.
    pub(in crate::format) fn close(&mut self, end: usize) -> Result<(), Refusal> {
        if let Some(Level { row: Some(row), seen, start, .. }) = self.levels.last() {
            let mut children = row.children.iter().enumerate();
            let missing = children.find(|(place, child)| child.occurs == Occurs::Always && seen & bit(*place) == 0);
            if let Some((_, child)) = missing {
                return Err(self.refusal(Reason::InvalidCotMissing, Span::new(*start, end), &format!("expected the element `{}`", child.name)));
            }
        }
        self.levels.pop();
        self.tree.close(end);
        Ok(())
    }

    fn refusal(&self, reason: Reason, span: Span, detail: &str) -> Refusal {
        Refusal::at(reason, span, detail).on(self.path())
    }

    /// The path of the open element.
    pub(in crate::format) fn path(&self) -> String {
        self.levels.iter().flat_map(|level| ["/", level.name]).collect()
    }
}

fn bit(place: usize) -> u64 {
    u32::try_from(place).ok().and_then(|place| 1_u64.checked_shl(place)).unwrap_or(0)
}

/// SPEC: CoT base event: stale must not lie before start.
fn order_of_times(tree: &Tree<'_>) -> Result<(), Refusal> {
    let time = |name| tree.attribute(NodeId::ROOT, name);
    match (time("start"), time("stale")) {
        (Some((_, start)), Some((_, stale))) => match (&start.value, &stale.value) {
            (Value::Time(from), Value::Time(to)) if from <= to => Ok(()),
            _ => Err(Refusal::at(Reason::InvalidCotTimeOrder, stale.span, "expected a stale that does not lie before start").on("/event/@stale")),
        },
        _ => Err(Refusal::new(Reason::InvalidCotMissing, "expected the attributes `start` and `stale`").on("/event")),
    }
}
