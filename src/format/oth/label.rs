//! Where a message says how it is marked: the letter and the line of its header, its SEC set, and texts whose lines may be banners.
//!
//! Gives places only. What they say, and whether they agree, is a question for marking schemes: the label room asks it.

use crate::normal::{Kind, Marking, NodeId, Tree};

/// Every place that marks the message.
pub(super) fn markings(tree: &Tree<'_>) -> Vec<Marking> {
    let mut found = Vec::new();
    for (id, node) in tree.all() {
        let above = tree.parent(id).map_or("", |parent| tree.node(parent).name.as_str());
        match (node.kind, above, node.name.as_str()) {
            (Kind::Attribute, "header", "letter") => found.push(Marking::Letter(id)),
            (Kind::Text, "classification" | "SEC", _) => found.push(Marking::Line(id)),
            (Kind::Text, "NARR" | "RMKS" | "SIGAM", _) | (Kind::Attribute, "ENDAT", "derivation" | "downgrade") => found.push(Marking::Banner(id)),
            _ => {}
        }
    }
    found
}

/// What the kind of a message ends in.
pub(super) const KINDS: [&str; 3] = ["-OPNOTE", "-UNITS", "-CONTACT"];

/// The kind of message: its identifier and the kind of its report.
pub(super) fn kind(tree: &Tree<'_>) -> String {
    let identifier = tree.element(NodeId::ROOT, "MSGID").and_then(|(id, _)| tree.attribute(id, "identifier")).map(|(_, node)| node.value.text());
    let has = |name: &str| tree.element(NodeId::ROOT, name).is_some();
    let report = match (has("NARR") || has("WEX"), has("WHSKY")) {
        (true, _) => "OPNOTE",
        (false, true) => "UNITS",
        (false, false) => "CONTACT",
    };
    format!("{}-{report}", identifier.unwrap_or_default())
}
