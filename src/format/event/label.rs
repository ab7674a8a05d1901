//! Where an event says how it is marked: three attributes, those of ISM, label elements, and remarks, whose lines may be banners.
//!
//! Gives places only. Which lines are banners, and what they say, is a question for marking schemes: the label room asks it.

use crate::normal::{Kind, Marking, NodeId, Tree};

use super::schema::{NAMESPACE_ISM, NAMESPACE_LABEL};

/// What `access` says where it says nothing (MIL-STD-6090).
const ACCESS_NONE: &str = "Undefined";

/// Every place that marks the event.
pub(in crate::format) fn markings(tree: &Tree<'_>) -> Vec<Marking> {
    let attribute = |name| tree.attribute(NodeId::ROOT, name);
    let access = attribute("access").filter(|(_, node)| node.value.text() != ACCESS_NONE).map(|(id, _)| id);
    let caveat = attribute("caveat").map(|(id, _)| id);
    let releasable_to = attribute("releasableTo").map(|(id, _)| id);
    let mut found = Vec::new();
    if access.or(caveat).or(releasable_to).is_some() {
        found.push(Marking::Triple { access, caveat, releasable_to });
    }
    let detail = tree.element(NodeId::ROOT, "detail").map(|(id, _)| id);
    let marked = |element: &NodeId| tree.attributes(*element).any(|(_, node)| node.namespace == NAMESPACE_ISM);
    found.extend(std::iter::once(NodeId::ROOT).chain(detail).filter(marked).map(Marking::Ism));
    let Some(detail) = detail else { return found };
    for (id, node) in tree.subtree(detail) {
        let parent = tree.parent(id).map(|parent| tree.node(parent));
        match node.kind {
            // The topmost element of a label; elements inside it are parts.
            Kind::Element if node.namespace == NAMESPACE_LABEL && parent.is_none_or(|parent| parent.namespace != NAMESPACE_LABEL) => {
                found.push(Marking::Stanag4774(id));
            }
            Kind::Text if parent.is_some_and(|parent| parent.name == "remarks") => found.push(Marking::Banner(id)),
            _ => {}
        }
    }
    found
}
