//! What is left of a message for one recipient, with an account of what a translation has taken from it.
//!
//! A translation reads through this and marks what it takes; what nobody took is lost, and [`Source::lost`] lists it. So forgetting a field
//! lists it, and never drops it in silence.

use std::cell::{Cell, RefCell};

use super::marking::Marked;
use super::{ACTION, RULE};
use crate::base::{Budget, Reason, Refusal};
use crate::format::Format;
use crate::normal::{Change, Edit, Edits, Kind, Node, NodeId, Tree, TreeBuilder, Value};

/// The original, less what the edits take away.
#[derive(Debug)]
pub struct Source<'s, 'a> {
    tree: &'s Tree<'a>,
    edits: &'s Edits,
    marked: Marked<'s>,
    taken: Vec<Cell<bool>>,
    less: RefCell<Vec<(NodeId, Value<'static>)>>,
}

impl<'s, 'a> Source<'s, 'a> {
    pub(super) fn new(tree: &'s Tree<'a>, edits: &'s Edits, marked: Marked<'s>) -> Self {
        Self { tree, edits, marked, taken: vec![Cell::new(false); tree.len()], less: RefCell::default() }
    }

    /// The label of what is released, and the lattice that it belongs to.
    #[must_use]
    pub const fn marked(&self) -> Marked<'s> {
        self.marked
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node<'s, 'a> {
        self.tree.node(id)
    }

    /// Its path in the original.
    #[must_use]
    pub fn path(&self, id: NodeId) -> String {
        self.tree.path(id)
    }

    /// The children that are left: attributes, then elements and texts in document order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = (NodeId, Node<'s, 'a>)> {
        let edits = self.edits;
        self.tree.children(id).filter(move |(id, _)| edits.of(*id).is_none_or(|edit| edit.change != Change::Remove))
    }

    /// The elements that are left.
    pub fn elements(&self, id: NodeId) -> impl Iterator<Item = (NodeId, Node<'s, 'a>)> {
        self.children(id).filter(|(_, node)| node.kind == Kind::Element)
    }

    /// The first element of a name, in any namespace, that is left.
    #[must_use]
    pub fn element(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.elements(id).find(|(_, node)| node.name == name).map(|(id, _)| id)
    }

    /// An attribute without namespace that is left.
    #[must_use]
    pub fn attribute(&self, id: NodeId, name: &str) -> Option<NodeId> {
        let named = |node: &Node<'_, '_>| node.kind == Kind::Attribute && node.namespace.is_empty() && node.name == name;
        self.children(id).find(|(_, node)| named(node)).map(|(id, _)| id)
    }

    /// The first text of an element that is left.
    #[must_use]
    pub fn text(&self, id: NodeId) -> Option<NodeId> {
        self.children(id).find(|(_, node)| node.kind == Kind::Text).map(|(id, _)| id)
    }

    /// The value that a node has for this recipient; it is not taken by this.
    #[must_use]
    pub fn value(&self, id: NodeId) -> Value<'a> {
        match self.edits.of(id).map(|edit| &edit.change) {
            Some(Change::Replace(value)) => value.clone(),
            _ => self.tree.node(id).value.clone(),
        }
    }

    /// Takes a node with all that its value says.
    pub fn take(&self, id: NodeId) -> Value<'a> {
        self.taken.get(id.index()).into_iter().for_each(|taken| taken.set(true));
        self.value(id)
    }

    /// Takes a node whose value the other format holds less exactly: the difference is listed.
    ///
    /// # Errors
    /// `translate.value` where an edit of the release has changed the value already: a field has one edit.
    pub fn take_less(&self, id: NodeId, value: Value<'static>) -> Result<Value<'a>, Refusal> {
        if self.edits.of(id).is_some() {
            return Err(self.refuse(id, "expected a replaced value that the recipient's format holds exactly"));
        }
        self.take(id);
        self.less.borrow_mut().push((id, value.clone()));
        Ok(value)
    }

    /// A refusal for a value that must be carried over and cannot be.
    #[must_use]
    pub fn refuse(&self, id: NodeId, expected: &str) -> Refusal {
        Refusal::at(Reason::TranslateValue, self.tree.node(id).span, expected).on(self.tree.path(id))
    }

    /// Copies an element with all that is left below it.
    ///
    /// # Errors
    /// `size.*`.
    pub fn copy(&self, id: NodeId, into: &mut TreeBuilder<'a>, budget: &mut Budget) -> Result<(), Refusal> {
        let node = self.tree.node(id);
        let value = self.take(id);
        match node.kind {
            Kind::Attribute => into.attribute(node.namespace.clone(), node.name.clone(), value, node.span, budget).map(|_| ()),
            Kind::Text => into.text(value, node.span, budget).map(|_| ()),
            Kind::Element => {
                into.open(node.namespace.clone(), node.name.clone(), node.span.range().start, budget)?;
                self.children(id).try_for_each(|(child, _)| self.copy(child, into, budget))?;
                into.close(node.span.range().end);
                Ok(())
            }
        }
    }

    /// All edits over the original: those of the release, what is said less exactly, and the topmost nodes of which nothing was taken.
    ///
    /// # Errors
    /// `translate.marking` where a marking that says something is among what is lost.
    pub(super) fn lost(self, format: &Format) -> Result<Edits, Refusal> {
        let mut edits = self.edits.clone();
        let edit = |node, change| Edit { node, path: self.tree.path(node), action: ACTION, rule: RULE.into(), change };
        let mut lost = Vec::new();
        self.untaken(NodeId::ROOT, &mut lost);
        let said = |id: NodeId| !self.value(id).text().trim().is_empty();
        let markings = self.marking_nodes(format);
        // A part that is lost as a whole needs its marking no more.
        let gone = |part: NodeId| lost.iter().any(|node| *node <= part && part <= self.tree.last(*node));
        for &node in &lost {
            let inside = |id: NodeId| node <= id && id <= self.tree.last(node);
            let says = |(marking, _): &&(NodeId, Option<NodeId>)| inside(*marking) && (said(*marking) || self.node(*marking).kind == Kind::Element);
            if let Some((marking, _)) = markings.iter().filter(says).find(|(_, part)| part.is_none_or(|part| !gone(part))) {
                let expected = format!("expected a marking that `{}` carries over", RULE);
                return Err(Refusal::at(Reason::TranslateMarking, self.node(*marking).span, expected).on(self.tree.path(*marking)));
            }
            edits.add(edit(node, Change::Remove));
        }
        for (node, value) in self.less.take() {
            edits.add(edit(node, Change::Replace(value)));
        }
        Ok(edits)
    }

    /// The nodes in which labels stand, each with the part that it marks: lines of free text that may be banners repeat a label, and are none.
    fn marking_nodes(&self, format: &Format) -> Vec<(NodeId, Option<NodeId>)> {
        let portions = (format.portions)(self.tree).into_iter();
        let parts = portions.flat_map(|portion| portion.markings.into_iter().map(move |marking| (marking, Some(portion.node))));
        let all = (format.markings)(self.tree).into_iter().map(|marking| (marking, None)).chain(parts);
        let labels = all.filter(|(marking, _)| !marking.may_go());
        labels.flat_map(|(marking, part)| marking.nodes(self.tree).map(move |node| (node, part))).collect()
    }

    /// Notes the topmost nodes at and below `id` of which nothing was taken; gives whether anything was.
    fn untaken(&self, id: NodeId, lost: &mut Vec<NodeId>) -> bool {
        let before = lost.len();
        let mut taken = self.taken.get(id.index()).is_some_and(Cell::get);
        for (child, _) in self.children(id) {
            taken |= self.untaken(child, lost);
        }
        if !taken {
            lost.truncate(before);
            lost.push(id);
        }
        taken
    }
}
