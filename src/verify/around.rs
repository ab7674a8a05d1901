//! A message that came within its binding, taken out of it by the second half's own eyes.
//!
//! Takes a message as it was received; gives what the rest of the second half looks at in its place: the content of the binding, and a header with the label of the
//! binding. Checks: the sender must bind its labels; the body is one binding, signed, whose references cover it; it holds one label and one
//! element; and that element says by itself, node by node, what it says in its place. Deliberately absent: digests, the signature's value and
//! the signer, which the first half computes.

use super::binding::{self, BINDING};
use super::label::is_label;
use super::second::{Part, Second};
use super::{untyped, xml};
use crate::base::Header;
use crate::policy::{LabelBinding, PeerEntry};

/// What was in a binding.
pub(super) struct Opened<'c> {
    /// The header of what was in it.
    pub(super) header: Header,
    /// The message in it.
    pub(super) content: &'c [u8],
}

/// Takes a message, as it was received from a sender, out of its binding; nothing where it is none.
///
/// # Errors
/// One line: what was expected.
pub(super) fn open<'c>(sender: &PeerEntry, received: &Header, original: &'c [u8]) -> Result<Option<Opened<'c>>, &'static str> {
    if xml::first_tag(original) != Some(b"BindingInformation") {
        return Ok(None);
    }
    if sender.binding != LabelBinding::Required || received.label.is_some() {
        return Err("expected a binding around the message only from a sender who must bind its labels, and no label in the header");
    }
    let tree = xml::read(original, untyped)?;
    let root = tree.root().ok_or("expected a binding")?;
    let data = binding::around(root)?;
    let mut labels = root.all().filter(|part| is_label(*part) && !part.above().any(|above| above.at == data.at));
    let label = labels.next().filter(|_| labels.next().is_none()).ok_or("expected one label in the binding")?;
    let label = xml::exclusive(label, None).and_then(|label| String::from_utf8(label).ok()).ok_or("expected a label that is text")?;
    let content = xml::within(original, (BINDING, "Data"))?;
    let alone = xml::read(content, untyped)?;
    let there = data.content().next().ok_or("expected one element as the content")?;
    if !same(there, &alone) {
        return Err("expected content that says by itself what it says in its binding");
    }
    let header = Header { media_type: String::new(), label: Some(label), ..received.clone() };
    Ok(Some(Opened { header, content }))
}

/// Whether a part of a tree is what another tree is.
fn same(part: Part<'_, '_>, alone: &Second<'_>) -> bool {
    let Some(root) = alone.root() else { return false };
    let (mut one, mut other) = (part.all(), root.all());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one.name() == other.name() && one.node.sort == other.node.sort && one.value() == other.value() => {}
            _ => return false,
        }
    }
}
