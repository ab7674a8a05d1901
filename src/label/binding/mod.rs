//! Bindings of STANAG 4778: which label is tied to which content, by whose signature.
//!
//! Takes the text that holds a binding, and where its data must be; gives [`Bound`]. Proves: there is one binding; it is signed by a signer
//! whom the domain trusts; the signature covers the label and all of the content, in the very places that were read; nothing unsigned
//! stands in the binding but the signature itself. What a label covers must be exactly what leaves: in an embedded binding the whole
//! document, in an encapsulating one the whole `Data`, in a detached one every byte of the message. A binding of a part is refused.
// SPEC: ADatP-4778 Ed A V1, binding schema 1.4; ADatP-4778.2, cryptographic artefacts.

mod form;
mod write;

pub use form::NAMESPACE;
pub use write::{Bond, beside, embed};

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use form::{Binding, Data};

use super::signature::canonical::canonical;
use super::signature::{self, Outside, Signature, Signer, Target, Trust, Without};
use crate::base::{Budget, Digest, Reason, Refusal, Span, Time};
use crate::format::syntax::xml::{Cdata, Comments, Options, Source};

/// Levels of a document with a binding at most: 32. Formats set lower limits of their own.
const OPTIONS: Options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 32 };

/// The name of a message by its digest: that under which a binding that stands beside a message refers to it.
// SPEC: RFC 6920, sections 3 and 5: SHA-256 in base64url without padding, no authority.
#[must_use]
pub fn name_of(body: &[u8]) -> String {
    format!("ni:///sha-256;{}", URL_SAFE_NO_PAD.encode(Digest::of(body).0))
}

/// Characters of the file name of a message at most: 128. It is a word of the sender's, and leaves with nothing.
const FILE_NAME_MAX: usize = 128;

/// Whether a reference of a binding beside a message may be to that message: by its digest, or by the name of a file beside that of the binding,
/// which is whatever its sender called it. Either way the signature holds the digest of the bytes.
// SPEC: ADatP-4778.2, sidecar files: a relative reference to the file beside.
fn is_beside(uri: &str, body: &[u8]) -> bool {
    let file = uri.strip_prefix("./").unwrap_or(uri);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let is_file = file.len() <= FILE_NAME_MAX && file.starts_with(|c: char| c.is_ascii_alphanumeric()) && file.bytes().all(plain);
    is_file || uri == name_of(body)
}

/// Whether a text is a binding, by its first tag alone.
#[must_use]
pub fn is_meant(text: &str) -> bool {
    first_tag(text) == Some("BindingInformation")
}

/// The local name of the first element of a text.
pub(in crate::label) fn first_tag(text: &str) -> Option<&str> {
    let tag = text.trim_start();
    let tag = tag.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or(tag, |(_, rest)| rest.trim_start());
    let name = tag.strip_prefix('<').and_then(|rest| rest.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next());
    name.and_then(|name| name.rsplit(':').next())
}

/// Where the data of a binding must be.
#[derive(Debug, Clone, Copy)]
pub enum Place<'o> {
    /// Around the binding: the document that holds it.
    Embedded,
    /// In the binding, which is the document element.
    Encapsulating,
    /// Outside: these bytes.
    Detached(&'o [u8]),
}

/// Proof that labels are bound to content.
#[derive(Debug)]
#[must_use]
pub struct Bound {
    labels: Vec<Span>,
    alone: Vec<String>,
    content: Option<Span>,
    signer: Arc<Signer>,
}

impl Bound {
    /// The elements of the labels, as bytes of the text.
    #[must_use]
    pub fn labels(&self) -> &[Span] {
        &self.labels
    }

    /// The labels of an encapsulating binding as texts that stand for themselves; none of the others, whose labels are read where they stand.
    #[must_use]
    pub fn alone(&self) -> &[String] {
        &self.alone
    }

    /// The content of an encapsulating binding, as bytes of the text; in the others it is the whole document or message.
    #[must_use]
    pub const fn content(&self) -> Option<Span> {
        self.content
    }

    /// Who signed.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }
}

/// The elements that are bindings, wherever they stand.
pub(in crate::label) fn all<'s>(source: &'s Source<'_>) -> impl Iterator<Item = usize> + 's {
    source.elements().filter(|(_, element)| element.namespace == NAMESPACE && element.name == "BindingInformation").map(|(at, _)| at)
}

/// Verifies the one binding of a document.
///
/// # Errors
/// `label.binding` where there is none or it is not signed, `label.binding_*`, `malformed.xml.*`, `size.*`.
pub fn verify(text: &str, place: Place<'_>, trust: &Trust, now: Time, budget: &mut Budget) -> Result<Bound, Refusal> {
    let source = Source::read(text, OPTIONS, budget)?;
    let mut bindings = all(&source);
    let at = bindings.next().ok_or_else(|| Refusal::new(Reason::LabelBinding, "expected a signed binding, found none"))?;
    if let Some(second) = bindings.next() {
        return Err(Refusal::at(Reason::LabelBindingWrapped, source.span(second), "expected one binding, found another"));
    }
    let binding = form::read(&source, at)?;
    let [signature] = binding.signatures.as_slice() else {
        let (reason, expected) = match binding.signatures.len() {
            0 => (Reason::LabelBinding, "expected a signed binding, found one without signature"),
            _ => (Reason::LabelBindingSignature, "expected one signature in the binding"),
        };
        return Err(Refusal::at(reason, source.span(at), expected));
    };
    let signature = signature::form::read(&source, *signature)?;
    let content = covered(&source, &binding, &signature, place)?;
    let outside = match (place, binding.data) {
        (Place::Detached(bytes), Data::Outside(uri)) => Some(Outside { uri, bytes }),
        _ => None,
    };
    let signer = signature::verify(&signature, &source, outside, trust, now, budget)?;
    let labels = binding.labels.iter().map(|label| source.span(*label)).collect();
    let alone = match content {
        Some(content) => taken_out(&source, &binding, content)?,
        None => Vec::new(),
    };
    Ok(Bound { labels, alone, content: content.map(|content| source.span(content)), signer })
}

/// The labels of an encapsulating binding, each as a text of its own. The content will be read by itself, too: it must not take its namespace from
/// what stands around it, or it would mean something else than what was signed. A prefix that it takes from there is found by its reader.
fn taken_out(source: &Source<'_>, binding: &Binding<'_>, content: usize) -> Result<Vec<String>, Refusal> {
    let declares = source.element(content).is_some_and(|element| element.declared.iter().any(|(prefix, _)| prefix.is_empty()));
    let around = source.element(content).and_then(|element| element.parent).map_or("", |data| source.namespace(data, ""));
    if !declares && !around.is_empty() {
        let expected = "expected content that declares its own namespace: that of its binding is around it";
        return Err(Refusal::at(Reason::LabelBindingForm, source.span(content), expected));
    }
    let text = |label: &usize| String::from_utf8(canonical(source, *label, &[], &[]));
    let labels: Result<Vec<String>, _> = binding.labels.iter().map(text).collect();
    labels.map_err(|_| Refusal::new(Reason::FaultInternal, "expected a label that is text"))
}

/// Checks that the references cover the label and all of the content; gives the element of the content where that is in the binding.
fn covered(source: &Source<'_>, binding: &Binding<'_>, signature: &Signature<'_>, place: Place<'_>) -> Result<Option<usize>, Refusal> {
    let refuse = |at: usize, expected: &str| Err(Refusal::at(Reason::LabelBindingCoverage, source.span(at), expected));
    let references = &signature.references;
    for (count, reference) in references.iter().enumerate() {
        let of_data = matches!((reference.target, binding.data), (Target::Document, Data::Document) | (Target::Outside(_), Data::Outside(_)));
        let known = match reference.target {
            Target::Element(element) => element == binding.metadata || signature.made.is_some_and(|(object, _)| object == element),
            Target::Document => of_data || reference.without == Without::Signature,
            Target::Outside(uri) => binding.data == Data::Outside(uri),
        };
        if !known {
            return refuse(reference.at, "expected references to the content as a whole, the `MetadataBinding` and the time, and to nothing else");
        }
        if references.iter().take(count).any(|earlier| earlier.target == reference.target) {
            return refuse(reference.at, "expected each reference once");
        }
    }
    let has = |target: Target<'_>| references.iter().find(|reference| reference.target == target);
    let whole = has(Target::Document).filter(|reference| reference.without == Without::Signature);
    if let Some((object, _)) = signature.made
        && has(Target::Element(object)).is_none()
    {
        return refuse(object, "expected a reference to the object with the time");
    }
    if whole.is_none() && has(Target::Element(binding.metadata)).is_none() {
        return refuse(binding.metadata, "expected a reference to the `MetadataBinding` by its identifier");
    }
    match (place, binding.data) {
        (Place::Embedded, Data::Document) if binding.at != Source::ROOT => match has(Target::Document) {
            Some(reference) if reference.without != Without::Nothing => Ok(None),
            _ => refuse(binding.at, "expected a reference to the document without its signature or binding"),
        },
        (Place::Encapsulating, Data::Inside(content)) if binding.at == Source::ROOT => Ok(Some(content)),
        (Place::Detached(bytes), Data::Outside(uri)) if binding.at == Source::ROOT && is_beside(uri, bytes) => match has(Target::Outside(uri)) {
            Some(_) => Ok(None),
            None => refuse(binding.at, "expected a reference of the signature to the message"),
        },
        _ => refuse(binding.at, "expected a label bound to the message as a whole, found one bound to a part or to something else"),
    }
}
