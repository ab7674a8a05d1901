//! The writer of display labels (XEP-0258): marking and label afresh, binary labels in their one spelling.
//!
//! Takes a label that was read; gives it without its equivalents, which are the sender's translation and no word of the originator.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{mail, xml};
use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::ess;
use crate::normal::{Change, Edit, Edits, Kind, NodeId, Tree, TreeBuilder, Value};

/// Writes the label.
pub(super) fn write(tree: &Tree<'_>) -> Result<String, Refusal> {
    let mut edits = Edits::default();
    let mut edit = |node: NodeId, change| edits.add(Edit { node, path: tree.path(node), action: "rewrite", rule: "".into(), change });
    for (id, node) in tree.elements(NodeId::ROOT) {
        if node.name == "equivalentlabel" {
            edit(id, Change::Remove);
        } else if let Some((binary, _)) = tree.elements(id).find(|(_, held)| held.name == "esssecuritylabel") {
            let text = tree.children(binary).find(|(_, node)| node.kind == Kind::Text).map(|(text, node)| (text, node.value.text()));
            let (text, coded) = text.ok_or_else(|| unread("expected a binary label"))?;
            edit(text, Change::Replace(Value::Text(again(&coded)?.into())));
        }
    }
    String::from_utf8(xml::write(tree, &edits)?).map_err(|_| unread("expected a label that is text"))
}

/// The one spelling of a binary label.
fn again(coded: &str) -> Result<String, Refusal> {
    let bytes = STANDARD.decode(coded).map_err(|_| unread("expected a label in base64"))?;
    let mut label = TreeBuilder::with_capacity(32);
    ess::label(&mut label, &bytes, Span::new(0, 0), &mut Budget::for_body(bytes.len())).map_err(|_| unread("expected a binary label"))?;
    let label = label.finish().ok_or_else(|| unread("expected a binary label"))?;
    mail::binary(&label, NodeId::ROOT).map(|bytes| STANDARD.encode(bytes))
}

/// What the reader of the label would not have taken.
fn unread(expected: &str) -> Refusal {
    Refusal::new(Reason::FaultInternal, expected)
}
