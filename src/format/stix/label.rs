//! Where a bundle says how it is marked, and who mentions whom.
//!
//! Each object is a part. Its markings are those that it names: of the Traffic Light Protocol by their fixed ids, or those whose
//! definition stands in the bundle; lines of its texts are compared with them. A granular marking makes a part of what it selects. The
//! definition of a marking is itself marked by it, unless it names others; one that says nothing of releasability is no part, and those of the
//! protocol are the same for everyone.

use std::collections::BTreeMap;

use crate::normal::{Kind, Marking, Mention, NodeId, Portion, Tree};

use super::schema::ACS;
use super::{text, tlp};

/// References of which the object says nothing without them.
const WHOLE: [&str; 4] = ["source_ref", "target_ref", "sighting_of_ref", "object_ref"];

/// Lists of references that must not be empty.
const LISTS: [&str; 1] = ["object_refs"];

/// Definitions of markings by their ids.
type Definitions<'t> = BTreeMap<&'t str, NodeId>;

/// Texts whose lines may be banners.
const TEXTS: [&str; 5] = ["description", "content", "abstract", "explanation", "objective"];

/// Every object, and within it every part that is marked alone; in document order.
pub(super) fn portions(tree: &Tree<'_>) -> Vec<Portion> {
    let definitions = definitions(tree);
    let mut found = Vec::new();
    for (object, _) in tree.elements(NodeId::ROOT) {
        let markings = own(tree, object, &definitions);
        if markings.is_empty() && text(tree, object, "type") == Some("marking-definition") {
            continue;
        }
        found.push(Portion { node: object, markings });
        let mut within: BTreeMap<NodeId, Vec<Marking>> = BTreeMap::new();
        for (granular, _) in tree.elements(object).filter(|(_, node)| node.name == "granular_markings") {
            let named = tree.attribute(granular, "marking_ref").and_then(|(reference, _)| marking(tree, reference, &definitions));
            for (selector, marking) in items(tree, granular, "selectors").zip(std::iter::repeat(named)) {
                let parts = selected(tree, object, &tree.node(selector).value.text());
                marking.into_iter().for_each(|marking| parts.iter().for_each(|&part| within.entry(part).or_default().push(marking)));
            }
        }
        found.extend(within.into_iter().map(|(node, markings)| Portion { node, markings }));
    }
    found
}

/// The markings of an object as a whole; none where it names none that say who may have it.
fn own(tree: &Tree<'_>, object: NodeId, definitions: &Definitions<'_>) -> Vec<Marking> {
    let mut markings: Vec<Marking> = items(tree, object, "object_marking_refs").filter_map(|item| marking(tree, item, definitions)).collect();
    if markings.is_empty() && text(tree, object, "type") == Some("marking-definition") {
        markings.extend(specification(tree, object).map(Marking::Acs));
    }
    if !markings.is_empty() {
        markings.extend(TEXTS.iter().filter_map(|name| tree.attribute(object, name)).map(|(text, _)| Marking::Banner(text)));
    }
    markings
}

fn definitions<'t>(tree: &'t Tree<'_>) -> Definitions<'t> {
    let objects = tree.elements(NodeId::ROOT).filter(|(object, _)| text(tree, *object, "type") == Some("marking-definition"));
    objects.filter_map(|(object, _)| text(tree, object, "id").map(|id| (id, object))).collect()
}

/// What the marking that `reference` names says, and where; `None` for a statement, which says nothing of who may have what it marks.
fn marking(tree: &Tree<'_>, reference: NodeId, definitions: &Definitions<'_>) -> Option<Marking> {
    let id = tree.node(reference).value.text();
    match tlp::of(&id) {
        Some(_) => Some(Marking::Tlp(reference)),
        None => definitions.get(&*id).and_then(|definition| specification(tree, *definition)).map(Marking::Acs),
    }
}

/// The access control specification in the definition of a marking.
fn specification(tree: &Tree<'_>, definition: NodeId) -> Option<NodeId> {
    let extensions = tree.element(definition, "extensions").map(|(extensions, _)| extensions)?;
    tree.element(extensions, ACS).map(|(acs, _)| acs)
}

/// The texts of a list of texts.
fn items<'t>(tree: &'t Tree<'_>, element: NodeId, name: &'t str) -> impl Iterator<Item = NodeId> + 't {
    let list = tree.elements(element).filter(move |(_, node)| node.name == name);
    list.filter_map(|(item, _)| tree.children(item).find(|(_, node)| node.kind == Kind::Text).map(|(text, _)| text))
}

/// The nodes that a selector selects. A list, or an item of one, is all its items: were one withheld alone, the others would move up and the
/// selectors would select other items than before.
fn selected(tree: &Tree<'_>, object: NodeId, selector: &str) -> Vec<NodeId> {
    let mut here = vec![object];
    for step in selector.split('.') {
        if step.starts_with('[') {
            break;
        }
        here = here.first().map(|&above| tree.children(above).filter(|(_, node)| node.name == step).map(|(id, _)| id).collect()).unwrap_or_default();
    }
    here
}

/// Which part mentions which, so that what is withheld takes its mentions along.
pub(super) fn mentions(tree: &Tree<'_>) -> Vec<Mention> {
    let mut parts: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
    for (object, _) in tree.elements(NodeId::ROOT) {
        if let Some(id) = text(tree, object, "id") {
            parts.entry(id).or_default().push(object);
        }
    }
    let mut found = Vec::new();
    for (object, _) in tree.elements(NodeId::ROOT) {
        for (id, node) in tree.subtree(object).filter(|(_, node)| node.kind != Kind::Element) {
            let Some(takes) = taken(tree, object, id, node.kind) else { continue };
            for &part in parts.get(&*node.value.text()).into_iter().flatten().filter(|part| **part != object) {
                found.push(Mention { part, takes });
            }
        }
        selections(tree, object, &mut found);
    }
    found
}

/// What goes where the object that the reference `id` names goes; `None` where the node is no reference.
fn taken(tree: &Tree<'_>, object: NodeId, id: NodeId, kind: Kind) -> Option<NodeId> {
    let parent = tree.parent(id)?;
    let (name, holder) = match kind {
        Kind::Attribute => (tree.node(id).name.as_str(), id),
        _ => (tree.node(parent).name.as_str(), parent),
    };
    if !name.ends_with("_ref") && !name.ends_with("_refs") {
        return None;
    }
    // Without its marking an object would be less than it is: it goes with it.
    let marks = matches!(name, "marking_ref" | "object_marking_refs");
    let only = LISTS.contains(&name) && tree.elements(object).filter(|(_, node)| node.name == name).count() == 1;
    Some(if marks || only || WHOLE.contains(&name) && tree.parent(id) == Some(object) { object } else { holder })
}

/// A part that is marked alone takes along the selectors that select it.
fn selections(tree: &Tree<'_>, object: NodeId, found: &mut Vec<Mention>) {
    for (granular, _) in tree.elements(object).filter(|(_, node)| node.name == "granular_markings") {
        let selectors: Vec<NodeId> = items(tree, granular, "selectors").collect();
        for &selector in &selectors {
            let takes = if selectors.len() == 1 { Some(granular) } else { tree.parent(selector) };
            let parts = selected(tree, object, &tree.node(selector).value.text());
            found.extend(takes.into_iter().flat_map(|takes| parts.iter().map(move |&part| Mention { part, takes })));
        }
    }
}
