//! The builder of a tree: nodes in document order, kept in few bytes each.
//!
//! INVARIANT: a slot is 20 bytes and a value 24, which the compiler holds. A message has a node for every five bytes or so, and the gateway holds several messages at once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::tree::{narrow, wide};
use super::{Kind, Name, NodeId, Tree, Value};
use crate::base::{Budget, Reason, Refusal, Span};

/// What a tree keeps of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// The place of its full name among the names of the tree, and in the lowest two bits its kind.
    pub(super) what: u32,
    pub(super) span: Span,
    pub(super) parent: u32,
    /// Of an element, which has no value, the node after the last below it; of others, which have nothing below them, the place of the value.
    pub(super) rest: u32,
}

impl Slot {
    const KIND_BITS: u32 = 2;

    const fn code(kind: Kind) -> u32 {
        match kind {
            Kind::Element => 0,
            Kind::Attribute => 1,
            Kind::Text => 2,
        }
    }

    /// Its kind and the place of its full name.
    pub(super) fn what(self) -> (Kind, usize) {
        let kind = match self.what & 3 {
            0 => Kind::Element,
            1 => Kind::Attribute,
            _ => Kind::Text,
        };
        (kind, wide(self.what >> Self::KIND_BITS))
    }
}

const _: () = assert!(size_of::<Slot>() == 20 && size_of::<Value<'_>>() == 24, "a node and a value take no more room than the page says");

/// A name with its namespace.
#[derive(Debug, Clone)]
pub(super) struct Full<'a> {
    pub(super) namespace: Name<'a>,
    pub(super) name: Name<'a>,
}

/// Seats: 256, more than a message uses names.
const SEATS: usize = 256;

/// The names of a tree: nearly every name stands often, and is kept once.
#[derive(Debug)]
struct Names<'a> {
    all: Vec<Full<'a>>,
    /// Places of names, by what they look like at a glance. A name that finds its seat taken takes it, and may be kept twice: no harm.
    seats: [u32; SEATS],
}

impl<'a> Names<'a> {
    #[inline]
    fn place(&mut self, namespace: Name<'a>, name: Name<'a>) -> u32 {
        let Some(seat) = self.seats.get_mut(glance(&name)) else { return 0 };
        let known = self.all.get(wide(*seat)).is_some_and(|full| same(&full.name, &name) && same(&full.namespace, &namespace));
        if !known {
            *seat = narrow(self.all.len());
            self.all.push(Full { namespace, name });
        }
        *seat
    }
}

/// A seat for a name: its length and three of its letters tell most names apart.
#[inline]
fn glance(name: &str) -> usize {
    let bytes = name.as_bytes();
    let letter = |at: usize| bytes.get(at).map_or(0, |byte| usize::from(*byte));
    let (first, middle, last) = (letter(0), letter(bytes.len() / 2), letter(bytes.len().saturating_sub(1)));
    let mixed = bytes.len().wrapping_mul(37) ^ first.wrapping_mul(11) ^ middle.wrapping_mul(73) ^ last.wrapping_mul(5);
    mixed % SEATS
}

/// Most names come from a table or from one declaration, and are then the very same bytes.
#[inline]
fn same(a: &str, b: &str) -> bool {
    std::ptr::eq(a, b) || a == b
}

/// Builds a tree in document order, within limits.
#[derive(Debug)]
pub struct TreeBuilder<'a> {
    slots: Vec<Slot>,
    names: Names<'a>,
    values: Vec<Value<'a>>,
    open: Vec<u32>,
}

impl<'a> TreeBuilder<'a> {
    /// Depth at most: 64. Formats set lower limits of their own.
    pub const DEPTH_MAX: usize = 64;

    /// Nodes that room is taken for at once, at most: 1,048,576, as many as the largest body may have. An estimate may be far beyond them.
    const ROOM_MAX: usize = 1_048_576;

    /// An empty builder with room for `nodes` nodes.
    #[must_use]
    pub fn with_capacity(nodes: usize) -> Self {
        Self::with_room(nodes, nodes / 2)
    }

    /// An empty builder with room for `nodes` nodes, `values` of them attributes and texts.
    #[must_use]
    pub fn with_room(nodes: usize, values: usize) -> Self {
        let names = Names { all: Vec::with_capacity(16), seats: [u32::MAX; SEATS] };
        let (nodes, values) = (nodes.min(Self::ROOM_MAX), values.min(Self::ROOM_MAX));
        Self { slots: Vec::with_capacity(nodes), names, values: Vec::with_capacity(values), open: Vec::with_capacity(16) }
    }

    /// Opens an element. Its span is completed by [`Self::close`].
    ///
    /// # Errors
    /// `size.depth`, `size.nodes` or `size.budget`.
    pub fn open(&mut self, namespace: impl Into<Name<'a>>, name: impl Into<Name<'a>>, start: usize, budget: &mut Budget) -> Result<NodeId, Refusal> {
        if self.open.len() >= Self::DEPTH_MAX {
            return Err(Refusal::at(Reason::SizeDepth, Span::new(start, start), format!("expected at most {} levels", Self::DEPTH_MAX)));
        }
        let id = self.push(Kind::Element, namespace.into(), name.into(), Value::Empty, Span::new(start, start), budget)?;
        self.open.push(narrow(id.index()));
        Ok(id)
    }

    /// Adds an attribute to the open element.
    ///
    /// # Errors
    /// `size.nodes` or `size.budget`.
    pub fn attribute(
        &mut self,
        namespace: impl Into<Name<'a>>,
        name: impl Into<Name<'a>>,
        value: Value<'a>,
        span: Span,
        budget: &mut Budget,
    ) -> Result<NodeId, Refusal> {
        self.push(Kind::Attribute, namespace.into(), name.into(), value, span, budget)
    }

    /// Adds text to the open element.
    ///
    /// # Errors
    /// `size.nodes` or `size.budget`.
    pub fn text(&mut self, value: Value<'a>, span: Span, budget: &mut Budget) -> Result<NodeId, Refusal> {
        self.push(Kind::Text, "".into(), "".into(), value, span, budget)
    }

    /// Adds a copy of another tree below the open element: its bytes do not stand in the body as they were read, so that every node gets
    /// `span`, text of its own, and names that all nodes of one name share.
    ///
    /// # Errors
    /// `size.depth`, `size.nodes` or `size.budget`.
    pub fn graft(&mut self, tree: &Tree<'_>, span: Span, budget: &mut Budget) -> Result<(), Refusal> {
        let mut names: BTreeMap<&str, Name<'a>> = BTreeMap::new();
        let floor = self.open.len();
        let mut ends: Vec<u32> = Vec::new();
        for (id, node) in tree.all() {
            while ends.last().is_some_and(|end| *end <= narrow(id.index())) {
                ends.pop();
                self.close(span.range().end);
            }
            let mut shared =
                |text| if str::is_empty(text) { Name::Borrowed("") } else { names.entry(text).or_insert_with(|| Name::shared(text)).clone() };
            let (namespace, name) = (shared(node.namespace.as_str()), shared(node.name.as_str()));
            if node.kind == Kind::Element {
                self.open(namespace, name, span.range().start, budget)?;
                ends.push(node.end());
            } else {
                self.push(node.kind, namespace, name, node.value.to_owned(), span, budget)?;
            }
        }
        while self.open.len() > floor {
            self.close(span.range().end);
        }
        Ok(())
    }

    /// Closes the open element at byte `end`.
    #[inline]
    pub fn close(&mut self, end: usize) {
        if let Some(open) = self.open.pop() {
            let count = narrow(self.slots.len());
            if let Some(slot) = self.slots.get_mut(wide(open)) {
                slot.rest = count;
                slot.span = Span { start: slot.span.start, end: Span::new(end, end).end };
            }
        }
    }

    /// The number of open elements.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The finished tree; `None` while it is empty, has open elements or more than one root.
    #[must_use]
    pub fn finish(self) -> Option<Tree<'a>> {
        let whole = self.slots.first().is_some_and(|root| root.what().0 == Kind::Element && wide(root.rest) == self.slots.len());
        let Self { slots, names, values, open } = self;
        (open.is_empty() && whole).then_some(Tree { slots, names: names.all, values, ordinals: OnceLock::new() })
    }

    #[inline]
    fn push(
        &mut self,
        kind: Kind,
        namespace: Name<'a>,
        name: Name<'a>,
        value: Value<'a>,
        span: Span,
        budget: &mut Budget,
    ) -> Result<NodeId, Refusal> {
        budget.spend(1)?;
        if self.slots.len() >= budget.parts_max() {
            return Err(Refusal::at(Reason::SizeNodes, span, format!("expected at most {} parts", budget.parts_max())));
        }
        let id = narrow(self.slots.len());
        let rest = if kind == Kind::Element {
            id.saturating_add(1)
        } else {
            self.values.push(value);
            narrow(self.values.len().saturating_sub(1))
        };
        let what = self.names.place(namespace, name).wrapping_shl(Slot::KIND_BITS) | Slot::code(kind);
        let parent = self.open.last().copied().unwrap_or(0);
        self.slots.push(Slot { what, span, parent, rest });
        Ok(NodeId::numbered(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_stay_apart_and_come_back() {
        let mut budget = Budget::for_body(100_000);
        let mut builder = TreeBuilder::with_capacity(4);
        let names: Vec<String> = (0..2_000).map(|n| format!("a{n:04}z")).collect();
        builder.open("", "root", 0, &mut budget).unwrap();
        for name in names.iter().chain(&names) {
            builder.attribute("", name.as_str(), Value::Text(name.as_str().into()), Span::new(0, 0), &mut budget).unwrap();
        }
        builder.attribute("urn:x", "a0001z", Value::Flag(true), Span::new(0, 0), &mut budget).unwrap();
        builder.close(0);
        let tree = builder.finish().unwrap();
        let read: Vec<(&str, &str)> = tree.all().skip(1).map(|(_, node)| (node.namespace.as_str(), node.name.as_str())).collect();
        let given = names.iter().chain(&names).map(|name| ("", name.as_str()));
        assert!(read.into_iter().eq(given.chain([("urn:x", "a0001z")])));
    }
}
