//! A message that came within its binding, taken out of it by the second half's own eyes.
//!
//! Takes a message as it was received; gives what the rest of the second half looks at in its place: the content of the binding, and a header with the
//! originator's label of the binding. Checks: the sender must bind its labels; the body is one binding, signed, whose references cover it; it holds one label of the originator, at
//! most one of the metadata, and one element; and that element says by itself, node by node, what it says in its place. Deliberately absent: digests, the signature's value and
//! the signer, which the first half computes.

use super::binding::{self, BINDING};
use super::label::mark_of;
use super::mark::Mark;
use super::second::{Part, Second};
use super::{untyped, xml};
use crate::base::Header;
use crate::policy::{LabelBinding, PeerEntry};

/// What was in a binding.
pub(super) struct Opened<'c> {
    /// The header of what was in it.
    pub(super) header: Header,
    /// The label of the metadata, where the binding has one.
    pub(super) metadata: Option<String>,
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
    let (mut own, mut metadata) = (Vec::new(), Vec::new());
    for part in root.all().filter(|part| !part.above().any(|above| above.at == data.at)) {
        let list = match mark_of(part) {
            Some(Mark::Stanag4774(_)) => &mut own,
            Some(Mark::Metadata(_)) => &mut metadata,
            _ => continue,
        };
        list.push(xml::exclusive(part, None).and_then(|label| String::from_utf8(label).ok()).ok_or("expected a label that is text")?);
    }
    let label = own.pop().filter(|_| own.is_empty()).ok_or("expected one label of the originator in the binding")?;
    let metadata =
        metadata.pop().map_or(Ok(None), |one| if metadata.is_empty() { Ok(Some(one)) } else { Err("expected one label of the metadata") })?;
    let content = xml::within(original, (BINDING, "Data"))?;
    let alone = xml::read(content, untyped)?;
    let there = data.content().next().ok_or("expected one element as the content")?;
    if !same(there, &alone) {
        return Err("expected content that says by itself what it says in its binding");
    }
    let header = Header { media_type: String::new(), label: Some(label), ..received.clone() };
    Ok(Some(Opened { header, metadata, content }))
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
