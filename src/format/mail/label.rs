//! Where a mail says how it is marked: the SIO-Label field, its marking for display, and lines of subject and text that may be banners.
//!
//! Gives places only; what they say, and whether they agree, is asked by the label room.

use crate::normal::{Kind, Marking, NodeId, Tree};

use super::schema::NAMESPACE_LABEL;

/// Every place that marks the mail; those in attached messages mark these alone.
pub(super) fn markings(tree: &Tree<'_>) -> Vec<Marking> {
    let mut found = Vec::new();
    let roots = super::inside::roots(tree);
    for (id, node) in tree.all().filter(|(id, _)| !super::inside::is_inside(tree, &roots, *id)) {
        let parent = tree.parent(id).map(|parent| tree.node(parent));
        let below = |name: &str| parent.is_some_and(|parent| parent.name == name && parent.namespace.is_empty());
        match node.kind {
            Kind::Element if node.namespace == NAMESPACE_LABEL && below("sio-label") => found.push(Marking::Stanag4774(id)),
            Kind::Element if node.name == "ess" && below("sio-label") => found.push(Marking::Ess(id)),
            Kind::Attribute if node.name == "marking" && below("sio-label") => found.push(Marking::Line(id)),
            Kind::Attribute if node.name == "bgcolor" && below("sio-label") => found.push(Marking::Ground(id)),
            Kind::Attribute if node.name == "subject" && below("header") => found.push(Marking::Banner(id)),
            Kind::Text if below("body") || below("text") => found.push(Marking::Banner(id)),
            _ => {}
        }
    }
    found
}

/// The text of an attribute of the header, or nothing.
pub(super) fn said<'t>(tree: &'t Tree<'_>, element: &str, name: &str) -> Option<std::borrow::Cow<'t, str>> {
    let header = tree.element(NodeId::ROOT, "header")?.0;
    let at = if element.is_empty() { header } else { tree.element(header, element)?.0 };
    tree.attribute(at, name).map(|(_, node)| node.value.text())
}
