//! A message that came within its binding: the binding proved and read, the message in it taken out for its own format.
//!
//! Takes a header and a body as they were received; gives the content of the binding and a header whose label is that of the binding, or nothing
//! where the body is no binding. Proves: a trusted signer has signed the binding with all that is in it; there is one binding, no second
//! within the content; the content means by itself what it means in its place; no label stands beside it. What it says of its own marking
//! is compared with the label as everywhere. Deliberately absent: content that is no element, and bindings within bindings.
// SPEC: ADatP-4778 Ed A V1, encapsulating bindings; ADatP-4778.2, cryptographic artefacts.

use super::binding::{self, Place};
use super::labelled::Binding;
use super::stanag4774::{DETACHED_BYTES_MAX, Role};
use crate::base::{Budget, Header, Reason, Refusal, Time};

/// The media type of a binding that holds its message.
// SPEC: the registry of media types (IANA), application/vnd.nato.bindingdataobject+xml.
pub const MEDIA_TYPE: &str = "application/vnd.nato.bindingdataobject+xml";

/// A message that was taken out of its binding.
#[derive(Debug)]
#[must_use]
pub struct Opened<'b> {
    header: Header,
    others: Vec<String>,
    content: &'b [u8],
}

impl<'b> Opened<'b> {
    /// The header of what was in the binding: without a media type, which spoke of the binding, and with the originator's label, which the binding proved.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The other labels that the binding proved: translations, and that of the metadata.
    #[must_use]
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// The message in the binding.
    #[must_use]
    pub const fn content(&self) -> &'b [u8] {
        self.content
    }
}

/// Takes a message out of its binding; nothing where the body is none.
///
/// # Errors
/// `format.encapsulated` from a sender whose labels need no binding, `format.media_type`, `label.binding*`, `label.malformed`, `malformed.xml.*`,
/// `size.*`.
pub fn open<'b>(header: &Header, body: &'b [u8], how: Binding<'_>, now: Time, budget: &mut Budget) -> Result<Option<Opened<'b>>, Refusal> {
    let Some(text) = std::str::from_utf8(body).ok().filter(|text| binding::is_meant(text)) else { return Ok(None) };
    let Binding::Required(trust) = how else {
        return Err(Refusal::new(Reason::FormatEncapsulated, "expected the message itself from a sender whose labels need no binding"));
    };
    if !header.media_type.is_empty() && header.media_type != MEDIA_TYPE {
        return Err(Refusal::new(Reason::FormatMediaType, "found a binding that holds its message, which is not claimed as such"));
    }
    if header.label.is_some() {
        let expected = "expected no label in the header beside a binding that holds the message";
        return Err(Refusal::new(Reason::LabelBindingWrapped, expected).on("header"));
    }
    let trust = trust.ok_or_else(super::labelled::untrusted)?;
    let proof = binding::verify(text, Place::Encapsulating, trust, now, budget)?;
    let content = proof.content().ok_or_else(|| Refusal::new(Reason::LabelBindingForm, "expected content in a binding that holds its message"))?;
    let mut others = proof.alone().to_vec();
    if others.iter().any(|label| label.len() > DETACHED_BYTES_MAX) {
        return Err(Refusal::new(Reason::LabelBindingLimit, format!("expected labels of at most {DETACHED_BYTES_MAX} bytes")));
    }
    // Where none is the originator's, whichever takes its place is refused as none.
    let own = others.iter().position(|label| binding::first_tag(label) == Some(Role::Originator.element())).unwrap_or_default();
    let label = (own < others.len()).then(|| others.remove(own));
    let content = body.get(content.range()).ok_or_else(|| Refusal::new(Reason::FaultInternal, "expected content within its binding"))?;
    let header = Header { media_type: String::new(), label, ..header.clone() };
    Ok(Some(Opened { header, others, content }))
}
