//! Where a message says how it is marked: on every section of every track, never on the whole.
//!
//! Gives places only. A track has the label of its `positionalData`, for without that it is no track; the other sections have their own.
//! Lines of a labelled section's free text may be banners, which the label room compares with its label.

use crate::normal::{Kind, Marking, NodeId, Portion, Tree};

use super::schema::{CATEGORY, CLASSIFICATION, NAMESPACE_ISM, POLICY};

/// Elements in which people write.
const FREE: [&str; 2] = ["remarks", "specialUserDefined"];

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
    let named = named.map(|(policy, classification)| Marking::Named { policy, classification, category: attribute(CATEGORY) });
    let of_ism = tree.attributes(section).any(|(_, node)| node.namespace == NAMESPACE_ISM);
    let labels: Vec<Marking> = named.into_iter().chain(of_ism.then_some(Marking::Ism(section))).collect();
    if labels.is_empty() {
        return labels;
    }
    let free = tree.elements(section).filter(|(_, node)| FREE.contains(&node.name.as_str())).flat_map(|(id, _)| tree.children(id));
    let banners = free.filter(|(_, node)| node.kind == Kind::Text).map(|(id, _)| Marking::Banner(id));
    labels.into_iter().chain(banners).collect()
}
