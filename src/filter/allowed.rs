//! Which values may hold what a rule looks for: the rows of the profile that allow a pattern or a detector, and the nodes that they judge.
//!
//! Takes what the field filter learns on its way, gives an answer for each place where a rule speaks. A value allows what its row names and
//! nothing else; names of fields allow nothing, because they are the sender's own words wherever they are text.

use std::collections::BTreeSet;

use crate::normal::{Kind, NodeId, Tree};

use super::text::{Hit, Part};

/// The values of one message to which some rules do not apply.
#[derive(Debug, Default)]
pub(in crate::filter) struct Allowed<'f> {
    rows: Vec<(NodeId, &'f BTreeSet<String>)>,
}

impl<'f> Allowed<'f> {
    /// The value of a node, whose row names these rules.
    pub(in crate::filter) fn add(&mut self, node: NodeId, names: &'f BTreeSet<String>) {
        self.rows.push((node, names));
    }

    /// Puts the nodes into document order, in which they are looked up.
    pub(in crate::filter) fn sort(&mut self) {
        self.rows.sort_by_key(|&(node, _)| node);
    }

    /// Whether the value that a match touches may hold what the rule looks for.
    pub(in crate::filter) fn holds(&self, rule: &str, hit: &Hit, tree: &Tree<'_>) -> bool {
        let judged = match tree.node(hit.node).kind {
            Kind::Text => tree.parent(hit.node),
            Kind::Attribute | Kind::Element => Some(hit.node),
        };
        let row = judged.and_then(|node| self.rows.binary_search_by_key(&node, |&(node, _)| node).ok()).and_then(|at| self.rows.get(at));
        hit.part == Part::Value && row.is_some_and(|(_, names)| names.contains(rule))
    }
}
