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
    let mut by_id: BTreeMap<&str, Mention> = BTreeMap::new();
    for (object, _) in tree.elements(NodeId::ROOT) {
        if let Some(id) = text(tree, object, "id") {
            by_id.entry(id).or_insert_with(|| Mention { parts: Vec::new(), takes: Vec::new() }).parts.push(object);
        }
    }
    let mut selected = Vec::new();
    for (object, _) in tree.elements(NodeId::ROOT) {
        let only = LISTS.map(|list| (list, tree.elements(object).filter(|(_, node)| node.name == list).count() == 1));
        for (id, node) in tree.subtree(object).filter(|(_, node)| node.kind != Kind::Element) {
            let Some(takes) = taken(tree, object, (id, node.kind), &only) else { continue };
            if let Some(mention) = by_id.get_mut(&*node.value.text()) {
                mention.takes.push(takes);
            }
        }
        selections(tree, object, &mut selected);
    }
    by_id.into_values().filter(|mention| !mention.takes.is_empty()).chain(selected).collect()
}

/// What goes where the object that the reference `id` names goes; `None` where the node is no reference. `only` says which lists have one item.
fn taken(tree: &Tree<'_>, object: NodeId, (id, kind): (NodeId, Kind), only: &[(&str, bool)]) -> Option<NodeId> {
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
    let only = only.contains(&(name, true));
    Some(if marks || only || WHOLE.contains(&name) && tree.parent(id) == Some(object) { object } else { holder })
}

/// A part that is marked alone takes along the selectors that select it.
fn selections(tree: &Tree<'_>, object: NodeId, found: &mut Vec<Mention>) {
    for (granular, _) in tree.elements(object).filter(|(_, node)| node.name == "granular_markings") {
        let selectors: Vec<NodeId> = items(tree, granular, "selectors").collect();
        for &selector in &selectors {
            let takes = if selectors.len() == 1 { Some(granular) } else { tree.parent(selector) };
            let parts = selected(tree, object, &tree.node(selector).value.text());
            found.extend(takes.filter(|_| !parts.is_empty()).map(|takes| Mention { parts, takes: vec![takes] }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;

    #[test]
    fn versions_and_what_mentions_them_are_listed_once_each_and_not_in_pairs() {
        let identity = |id: usize, n: usize, by: &str| {
            let time = format!("2026-03-01T10:00:{:02}.{:03}Z", n / 1_000, n % 1_000);
            format!(
                "{{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--5d0092c5-5f74-4287-9642-{id:012x}\",\"name\":\"x\",\
                 \"created\":\"2026-03-01T10:00:00.000Z\",\"modified\":\"{time}\"{by}}}"
            )
        };
        const MANY: usize = 3_000;
        let by = ",\"created_by_ref\":\"identity--5d0092c5-5f74-4287-9642-000000000000\"";
        let objects: Vec<String> = (0..MANY).map(|n| identity(0, n, "")).chain((1..=MANY).map(|n| identity(n, 0, by))).collect();
        let body = format!("{{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e5ff\",\"objects\":[{}]}}", objects.join(","));
        let tree = super::super::read::read(body.as_bytes(), &mut Budget::for_body(body.len())).unwrap();
        let found = mentions(&tree);
        assert_eq!(found.iter().map(|mention| (mention.parts.len(), mention.takes.len())).collect::<Vec<_>>(), [(MANY, MANY)]);
    }
}
