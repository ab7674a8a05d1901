//! The second tree: what the second reader of a format makes of a body, with its own code and its own library.
//!
//! INVARIANT: nodes are numbered as in the normal form (manual page `formats`): an element, then its attributes, then its other
//! children, so that a declared edit names the same node in both trees. Comments and white space that mean nothing have no number.
//! Deliberately absent: any name of `normal::Tree`, `format` or `rebuild`.

use std::borrow::Cow;

/// How the value of a node is compared and spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Character by character.
    Exact,
    /// A number: by value; canonically without superfluous zeros.
    Number,
    /// A time: by value; canonically without superfluous fraction digits.
    Time,
    /// A truth value: `true` or `false`, without quotes where the syntax has quotes.
    Flag,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A named part with children.
    Element,
    /// A named leaf of an element.
    Attribute,
    /// Text inside an element.
    Text,
}

/// One node of the second tree.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    /// What it is.
    pub(super) sort: Sort,
    /// Local name; empty for text.
    pub(super) name: Cow<'a, str>,
    /// Namespace, or the mark of the syntax such as `array`; empty for none.
    pub(super) namespace: Cow<'a, str>,
    /// The value as text, after the syntax's own references and escapes were resolved; empty for elements.
    pub(super) value: Cow<'a, str>,
    /// How the value is compared and spelt.
    pub(super) spelling: Spelling,
    /// Number of the parent; 0 for the root.
    pub(super) parent: usize,
    /// One past the last node below it.
    pub(super) end: usize,
}

/// The second tree, in document order; the root is node 0.
#[derive(Debug, Default)]
pub(super) struct Second<'a> {
    nodes: Vec<Node<'a>>,
    open: Vec<usize>,
}

impl<'a> Second<'a> {
    /// Opens an element below the open one.
    pub(super) fn open(&mut self, namespace: impl Into<Cow<'a, str>>, name: impl Into<Cow<'a, str>>) -> usize {
        let at = self.push(Sort::Element, namespace.into(), name.into(), Cow::Borrowed(""), Spelling::Exact);
        self.open.push(at);
        at
    }

    /// Adds an attribute to the open element.
    pub(super) fn attribute(&mut self, namespace: impl Into<Cow<'a, str>>, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>, spelling: Spelling) -> usize {
        self.push(Sort::Attribute, namespace.into(), name.into(), value.into(), spelling)
    }

    /// Adds text to the open element.
    pub(super) fn text(&mut self, value: impl Into<Cow<'a, str>>, spelling: Spelling) -> usize {
        self.push(Sort::Text, Cow::Borrowed(""), Cow::Borrowed(""), value.into(), spelling)
    }

    /// Closes the open element.
    pub(super) fn close(&mut self) {
        let count = self.nodes.len();
        if let Some(node) = self.open.pop().and_then(|at| self.nodes.get_mut(at)) {
            node.end = count;
        }
    }

    /// All nodes in document order.
    pub(super) fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    /// A node by its number.
    pub(super) fn node(&self, at: usize) -> Option<&Node<'a>> {
        self.nodes.get(at)
    }

    /// The direct children of a node with their numbers: attributes, then the others.
    pub(super) fn children(&self, at: usize) -> impl Iterator<Item = (usize, &Node<'a>)> + '_ {
        let end = self.nodes.get(at).map_or(0, |node| node.end);
        let mut next = at.saturating_add(1);
        std::iter::from_fn(move || {
            let here = next;
            let node = self.nodes.get(here).filter(|_| here < end)?;
            next = node.end;
            Some((here, node))
        })
    }

    /// The value of an attribute without namespace.
    pub(super) fn said(&self, at: usize, name: &str) -> Option<&str> {
        self.children(at).find(|(_, node)| node.sort == Sort::Attribute && node.name == name && node.namespace.is_empty()).map(|(_, node)| node.value.as_ref())
    }

    fn push(&mut self, sort: Sort, namespace: Cow<'a, str>, name: Cow<'a, str>, value: Cow<'a, str>, spelling: Spelling) -> usize {
        let at = self.nodes.len();
        let parent = self.open.last().copied().unwrap_or(0);
        self.nodes.push(Node { sort, name, namespace, value, spelling, parent, end: at.saturating_add(1) });
        at
    }
}
