//! What no filter may take away: fields that the format requires, and the places that carry the label.
//!
//! Without the first the result could not be read; without the second it would leave with another label than the one that was decided on.
//! A required field must stand wherever its parent stands: it may go with its parent, not alone.

use std::collections::BTreeSet;

use crate::normal::{Marking, NodeId, PathPattern, Portion, Tree};

/// The protected nodes of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Protected {
    required: BTreeSet<NodeId>,
    labels: BTreeSet<NodeId>,
    // All nodes above the labels.
    carriers: BTreeSet<NodeId>,
}

impl Protected {
    /// Finds the protected nodes of a tree. The marking of a part must stay as long as its part does.
    pub(crate) fn of(tree: &Tree<'_>, required: &[PathPattern], markings: &[Marking], portions: &[Portion]) -> Self {
        let mut found = Self { required: required.iter().flat_map(|path| path.select(tree)).collect(), ..Self::default() };
        for &marking in markings {
            found.label(tree, marking, None);
        }
        for portion in portions {
            for &marking in &portion.markings {
                found.label(tree, marking, Some(portion.node));
            }
        }
        found
    }

    /// Protects the root of a message of another format, and the fields below it that this format requires.
    pub(crate) fn require_inside(&mut self, tree: &Tree<'_>, root: NodeId, required: &[PathPattern]) {
        let below = tree.below(root);
        self.required.insert(root);
        self.required.extend(required.iter().flat_map(|path| path.select(&below)).map(|node| node.within(root)));
    }

    /// Protects a label and all nodes above it, up to the part whose label it is.
    fn label(&mut self, tree: &Tree<'_>, marking: Marking, part: Option<NodeId>) {
        // A banner is a copy of the label in free text, which may leave without it; so may a colour.
        if marking.may_go() {
            return;
        }
        for label in marking.nodes(tree) {
            if self.labels.insert(label) || part.is_none() {
                self.carriers.extend(above(tree, label).take_while(|node| Some(*node) != part));
            }
        }
    }

    /// Whether `node` must stay: it is the document or required, or is, carries or is a part of a label.
    pub(crate) fn holds(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        node == NodeId::ROOT || self.required.contains(&node) || self.carriers.contains(&node) || self.is_label(tree, node)
    }

    /// Whether the value of `node` must stay as it is: it is a part of a label.
    pub(crate) fn is_label(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        !self.labels.is_empty() && above(tree, node).any(|at| self.labels.contains(&at))
    }
}

/// A node and all nodes above it, the root last.
fn above<'t>(tree: &'t Tree<'_>, node: NodeId) -> impl Iterator<Item = NodeId> + 't {
    std::iter::successors(Some(node), |&at| tree.parent(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::samples::{node, sample};

    #[test]
    fn required_fields_and_labels_with_all_around_them_are_protected() {
        let tree = sample(&[
            "/event/@uid=u",
            "/event/@access=SECRET",
            "/event/point/@lat=1",
            "/event/detail/label/level=SECRET",
            "/event/detail/contact/@callsign=c",
            "/event/detail/link/@uid=l",
        ]);
        let required = ["/event/@uid", "/event/point", "/event/point/@lat", "/event/detail/link/@uid"].map(|path| PathPattern::parse(path).unwrap());
        let markings = [
            Marking::Triple { access: Some(node(&tree, "/event/@access")), caveat: None, releasable_to: None },
            Marking::Stanag4774(node(&tree, "/event/detail/label")),
        ];
        let protected = Protected::of(&tree, &required, &markings, &[]);
        for path in [
            "/event",
            "/event/@uid",
            "/event/point",
            "/event/point/@lat",
            "/event/@access",
            "/event/detail",
            "/event/detail/label",
            "/event/detail/label/level",
            "/event/detail/link/@uid",
        ] {
            assert!(protected.holds(&tree, node(&tree, path)), "{path}");
        }
        for path in ["/event/detail/contact", "/event/detail/contact/@callsign", "/event/detail/link"] {
            assert!(!protected.holds(&tree, node(&tree, path)), "{path}");
        }
        assert!(protected.is_label(&tree, node(&tree, "/event/detail/label/level")));
        assert!(!protected.is_label(&tree, node(&tree, "/event/@uid")));
    }
}
