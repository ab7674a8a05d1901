//! Where a message says how it is marked: on every section of every track, never on the whole.
//!
//! Gives places only. A track has the label of its `positionalData`, for without that it is no track; the other sections have their own.

use crate::normal::{Marking, NodeId, Portion, Tree};

use super::schema::{CATEGORY, CLASSIFICATION, POLICY};

/// Every track and every section beside `positionalData`, in document order.
pub(super) fn portions(tree: &Tree<'_>) -> Vec<Portion> {
    let mut found = Vec::new();
    for (track, _) in tree.elements(NodeId::ROOT) {
        let mut sections = tree.elements(track).map(|(section, _)| section);
        let markings = sections.next().map(|positional| markings(tree, positional)).unwrap_or_default();
        found.push(Portion { node: track, markings });
        found.extend(sections.map(|node| Portion { node, markings: self::markings(tree, node) }));
    }
    found
}

fn markings(tree: &Tree<'_>, section: NodeId) -> Vec<Marking> {
    let attribute = |name| tree.attribute(section, name).map(|(id, _)| id);
    let named = attribute(POLICY).zip(attribute(CLASSIFICATION));
    named.map(|(policy, classification)| Marking::Named { policy, classification, category: attribute(CATEGORY) }).into_iter().collect()
}
