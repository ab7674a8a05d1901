//! Where a message says how it is marked: tags of marking taxonomies, wherever they stand.
//!
//! A tag marks the nearest part above it, and everything in that part. The outermost part is the message itself: its tag is what holds where
//! nothing else is said, and a tag further in can only restrict. So no tag marks the message as a whole: an attribute above what a recipient may
//! have is withheld, and the rest goes. What nobody has marked is seen to be unmarked, and not released by a neighbour's tag.
//! Gives places only. Deliberately absent: levels of distribution, which say by which way a message spreads and not how it is marked:
//! the field profile of the rule set judges them.

use std::borrow::Cow;
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

/// The message and every part of it, with markings of their own where they have some.
pub(super) fn portions(tree: &Tree<'_>) -> Vec<Portion> {
    let message = tree.elements(NodeId::ROOT).map(|(id, _)| id);
    let inner = tree.all().filter(|(id, node)| node.kind == Kind::Element && is_part(tree, *id, node.name.as_str())).map(|(id, _)| id);
    let mut parts: BTreeMap<NodeId, Vec<Marking>> = message.chain(inner).map(|id| (id, Vec::new())).collect();
    for (marking, part) in marked(tree) {
        parts.entry(part).or_default().push(marking);
    }
    parts.into_iter().map(|(node, markings)| Portion { node, markings }).collect()
}

/// Who mentions whom by UUID.
pub(super) fn mentions(tree: &Tree<'_>) -> Vec<Mention> {
    let mut by_uuid: BTreeMap<Cow<'_, str>, Mention> = BTreeMap::new();
    for (id, node) in tree.all().filter(|(_, node)| node.kind == Kind::Element && PARTS.contains(&node.name.as_str())) {
        if let Some((_, uuid)) = tree.attribute(id, "uuid").filter(|_| is_part(tree, id, node.name.as_str())) {
            by_uuid.entry(uuid.value.text()).or_insert_with(|| Mention { parts: Vec::new(), takes: Vec::new() }).parts.push(id);
        }
    }
    for (id, node) in tree.all().filter(|(_, node)| node.kind == Kind::Element) {
        for (_, name) in MENTIONS.iter().filter(|(element, _)| *element == node.name) {
            if let Some(mention) = tree.attribute(id, name).and_then(|(_, uuid)| by_uuid.get_mut(&*uuid.value.text())) {
                mention.takes.push(id);
            }
        }
    }
    by_uuid.into_values().filter(|mention| !mention.takes.is_empty()).collect()
}

/// Every marking with the part that it belongs to, in document order.
fn marked<'t>(tree: &'t Tree<'_>) -> impl Iterator<Item = (Marking, NodeId)> + 't {
    tree.all().filter_map(|(id, node)| {
        let owner = tree.parent(id).map(|parent| (parent, tree.node(parent).name.as_str()));
        let names_tag = node.kind == Kind::Attribute
            && owner.is_some_and(|(_, owner)| matches!((owner, node.name.as_str()), ("Tag", "name") | ("GalaxyCluster", "tag_name")));
        let marking = if names_tag { marking(id, &node.value.text()) } else { None };
        Some((marking?, part_above(tree, id)?))
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
        let above = tree.parent(at)?;
        if above == NodeId::ROOT || is_part(tree, at, tree.node(at).name.as_str()) {
            return Some(at);
        }
        at = above;
    }
}

/// Whether an element is a part within a message, and not an excerpt in a mention.
fn is_part(tree: &Tree<'_>, id: NodeId, name: &str) -> bool {
    let above = tree.parent(id);
    let within = above.map_or("", |above| tree.node(above).name.as_str());
    PARTS.contains(&name) && above != Some(NodeId::ROOT) && !matches!(within, "related_object" | "ObjectReference")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;

    #[test]
    fn copies_of_a_part_and_what_mentions_it_are_listed_once_each_and_not_in_pairs() {
        const MANY: usize = 3_000;
        let uuid = "a1b2c3d4-0000-4000-8000-000000000011";
        let sighting = format!(
            "{{\"uuid\":\"a1b2c3d4-0000-4000-8000-000000000014\",\"attribute_uuid\":\"{uuid}\",\"type\":\"0\",\"date_sighting\":\"1767312000\"}}"
        );
        let attribute = format!(
            "{{\"uuid\":\"{uuid}\",\"type\":\"domain\",\"category\":\"Network activity\",\"value\":\"quay.example\",\"distribution\":\"5\",\
             \"timestamp\":\"1767225600\",\"to_ids\":true,\"Sighting\":[{sighting}]}}"
        );
        let body = format!(
            "{{\"Event\":{{\"uuid\":\"a1b2c3d4-0000-4000-8000-000000000010\",\"info\":\"x\",\"date\":\"2026-01-02\",\
             \"timestamp\":\"1767312000\",\"distribution\":\"3\",\"Attribute\":[{}]}}}}",
            vec![attribute; MANY].join(",")
        );
        let tree = super::super::read::read(body.as_bytes(), &mut Budget::for_body(body.len())).unwrap();
        let found = mentions(&tree);
        assert_eq!(found.iter().map(|mention| (mention.parts.len(), mention.takes.len())).collect::<Vec<_>>(), [(MANY, MANY)]);
    }
}
