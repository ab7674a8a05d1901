//! Edits: what is changed for one recipient, laid over a tree that stays as it was read.

use std::sync::Arc;

use super::{NodeId, Value};

/// Every word that an edit may have for what made it: the transforms, what a recipient may not have, what its format cannot say.
pub const ACTIONS: [&str; 6] = ["remove", "replace", "coarsen", "pseudonymise", "withhold", "untranslatable"];

/// What is done to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The node and everything below it is left out.
    Remove,
    /// The node's value is another one.
    Replace(Value<'static>),
}

/// One edit with its place and cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The node.
    pub node: NodeId,
    /// Its path in the original tree.
    pub path: String,
    /// The transform that made it: one of [`ACTIONS`].
    pub action: &'static str,
    /// The rule that asked for it.
    pub rule: Arc<str>,
    /// What is done.
    pub change: Change,
}

/// The edits for one recipient: at most one for each node, in document order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edits {
    list: Vec<Edit>,
}

impl Edits {
    /// Adds an edit. A removal wins over a replacement; of two replacements the first stays.
    pub fn add(&mut self, edit: Edit) {
        match self.list.binary_search_by_key(&edit.node, |e| e.node) {
            Err(at) => self.list.insert(at, edit),
            Ok(at) => {
                if let Some(present) = self.list.get_mut(at).filter(|p| p.change != Change::Remove && edit.change == Change::Remove) {
                    *present = edit;
                }
            }
        }
    }

    /// The edit of a node itself (not of a node above it).
    #[must_use]
    pub fn of(&self, node: NodeId) -> Option<&Edit> {
        self.list.binary_search_by_key(&node, |e| e.node).ok().and_then(|at| self.list.get(at))
    }

    /// The edits of the nodes of [`super::Tree::below`], as that tree numbers them.
    #[must_use]
    pub fn below(&self, tree: &super::Tree<'_>, top: NodeId) -> Self {
        let last = tree.last(top);
        let below = self.list.iter().filter(|edit| top <= edit.node && edit.node <= last);
        Self { list: below.filter_map(|edit| edit.node.from(top).map(|node| Edit { node, ..edit.clone() })).collect() }
    }

    /// All edits in document order.
    pub fn iter(&self) -> impl Iterator<Item = &Edit> + Clone {
        self.list.iter()
    }

    /// Whether nothing is edited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The number of edits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }
}
