//! Where a message says how it is marked: tags of marking taxonomies, wherever they stand.
//!
//! A tag belongs to the nearest part above it; where none stands above, it marks the message. Every part is listed, and the message itself as
//! the outermost, so that what nobody has marked is seen to be unmarked and not released by a neighbour's tag.
//! Gives places only. Deliberately absent: levels of distribution, which say by which way a message spreads and not how it is marked:
//! the field profile of the rule set judges them.

use std::collections::BTreeMap;

use crate::normal::{Kind, Marking, Mention, NodeId, Portion, Tree};

/// Elements that can be withheld alone.
const PARTS: [&str; 11] = [
    "Attribute",
    "ShadowAttribute",
    "Object",
    "Galaxy",
    "GalaxyCluster",
    "EventReport",
    "RelatedEvent",
    "Sighting",
    "Note",
    "Opinion",
    "Relationship",
];

/// Elements that say nothing without the part that one of their attributes names.
const MENTIONS: [(&str, &str); 8] = [
    ("ObjectReference", "referenced_uuid"),
    ("Relationship", "related_object_uuid"),
    ("Relationship", "object_uuid"),
    ("Note", "object_uuid"),
    ("Opinion", "object_uuid"),
    ("Sighting", "attribute_uuid"),
    ("ShadowAttribute", "old_uuid"),
    ("GalaxyClusterRelation", "referenced_galaxy_cluster_uuid"),
];

/// Taxonomies that classify, beside the Traffic Light Protocol: one of them beside it is a second marking, which must be read or stop the message.
const CLASSIFYING: [&str; 9] = ["nato", "dni-ism", "acs-marking", "acs-m", "euci", "fr-classif", "de-vs", "classification", "protective-marking"];

/// Every tag that marks the message itself.
pub(super) fn markings(tree: &Tree<'_>) -> Vec<Marking> {
    marked(tree).filter(|(_, part)| part.is_none()).map(|(marking, _)| marking).collect()
}

/// The message and every part of it, with markings of their own where they have some.
pub(super) fn portions(tree: &Tree<'_>) -> Vec<Portion> {
    let message = tree.elements(NodeId::ROOT).map(|(id, _)| id);
    let inner = tree.all().filter(|(id, node)| node.kind == Kind::Element && is_part(tree, *id, node.name)).map(|(id, _)| id);
    let mut parts: BTreeMap<NodeId, Vec<Marking>> = message.chain(inner).map(|id| (id, Vec::new())).collect();
    for (marking, part) in marked(tree) {
        if let Some(part) = part {
            parts.entry(part).or_default().push(marking);
        }
    }
    parts.into_iter().map(|(node, markings)| Portion { node, markings }).collect()
}

/// Who mentions whom by UUID.
pub(super) fn mentions(tree: &Tree<'_>) -> Vec<Mention> {
    let mut by_uuid: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for (id, node) in tree.all().filter(|(_, node)| node.kind == Kind::Element && PARTS.contains(&node.name)) {
        if let Some((_, uuid)) = tree.attribute(id, "uuid").filter(|_| is_part(tree, id, node.name)) {
            by_uuid.entry(uuid.value.text().into_owned()).or_default().push(id);
        }
    }
    let mut found = Vec::new();
    for (id, node) in tree.all().filter(|(_, node)| node.kind == Kind::Element) {
        for (_, name) in MENTIONS.iter().filter(|(element, _)| *element == node.name) {
            let named = tree.attribute(id, name).and_then(|(_, uuid)| by_uuid.get(&*uuid.value.text()));
            found.extend(named.into_iter().flatten().filter(|part| **part != id).map(|part| Mention { part: *part, takes: id }));
        }
    }
    found
}

/// Every marking with the part that it belongs to, in document order.
fn marked<'t>(tree: &'t Tree<'_>) -> impl Iterator<Item = (Marking, Option<NodeId>)> + 't {
    tree.all().filter_map(|(id, node)| {
        let owner = tree.parent(id).map(|parent| (parent, tree.node(parent).name));
        let names_tag = node.kind == Kind::Attribute
            && owner.is_some_and(|(_, owner)| matches!((owner, node.name), ("Tag", "name") | ("GalaxyCluster", "tag_name")));
        let marking = if names_tag { marking(id, &node.value.text()) } else { None };
        marking.map(|marking| (marking, part_above(tree, id)))
    })
}

/// The marking that a tag is; `None` for tags that say something else.
fn marking(id: NodeId, tag: &str) -> Option<Marking> {
    let folded = tag.to_ascii_lowercase();
    if folded.starts_with("tlp") {
        return Some(Marking::Tlp(id));
    }
    let (namespace, _) = folded.split_once(':')?;
    CLASSIFYING.contains(&namespace).then_some(Marking::Line(id))
}

fn part_above(tree: &Tree<'_>, id: NodeId) -> Option<NodeId> {
    let mut at = tree.parent(id)?;
    loop {
        if is_part(tree, at, tree.node(at).name) {
            return Some(at);
        }
        at = tree.parent(at)?;
    }
}

/// Whether an element is a part of a message, and not the message itself, or an excerpt within a mention.
fn is_part(tree: &Tree<'_>, id: NodeId, name: &str) -> bool {
    let above = tree.parent(id);
    let within = above.map_or("", |above| tree.node(above).name);
    PARTS.contains(&name) && above != Some(NodeId::ROOT) && !matches!(within, "related_object" | "ObjectReference")
}
