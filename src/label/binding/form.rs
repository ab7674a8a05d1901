//! The one form of STANAG 4778 binding that is read: one container, one binding, labels given in place, one data.
//!
//! The standard allows more: several containers, labels by reference, data in pieces, inheritance from parent to child. A guard that
//! computes with those decides on one reading of several; ours are refused.

use crate::base::{Reason, Refusal};
use crate::format::syntax::xml::Source;
use crate::label::signature::Target;
use crate::label::signature::form::{NAMESPACE as NAMESPACE_SIGNATURE, target};
use crate::label::signature::walk::Walk;
use crate::label::stanag4774;

/// The namespace of bindings.
pub const NAMESPACE: &str = "urn:nato:stanag:4778:bindinginformation:1:0";
const NAMESPACE_EXTENSIONS: &str = "urn:nato:stanag:4778:bindinginformation:extensions:1:0";
const NAMESPACE_MIME: &str = "http://www.w3.org/2005/05/xmlmime";

/// Profiles that a binding may name: outside what is signed nothing else may be written.
const PROFILES: [&str; 3] =
    ["urn:nato:stanag:4778:profile:cryptoartefact:1:2", "urn:nato:stanag:4778:profile:sidecar:1:2", "urn:nato:stanag:4778:profile:xml:schema:1:0"];
/// Labels of one binding at most: 8, an originator's and its translations.
pub(super) const LABELS_MAX: usize = 8;

/// What is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Data<'s> {
    /// The document that holds the binding.
    Document,
    /// An element in the binding.
    Inside(usize),
    /// An element of the document: a part.
    Part(usize),
    /// Something outside, by its name.
    Outside(&'s str),
}

/// A binding.
#[derive(Debug)]
pub(super) struct Binding<'s> {
    /// Its element.
    pub(super) at: usize,
    /// The signatures.
    pub(super) signatures: Vec<usize>,
    /// The `MetadataBinding`.
    pub(super) metadata: usize,
    /// The labels.
    pub(super) labels: Vec<usize>,
    /// What they are bound to.
    pub(super) data: Data<'s>,
}

/// Reads a binding.
///
/// # Errors
/// `label.binding_form`, `label.binding_reference`, `label.binding_id`, `label.binding_coverage`.
pub(super) fn read<'s>(source: &'s Source<'_>, at: usize) -> Result<Binding<'s>, Refusal> {
    let walk = Walk { source, reason: Reason::LabelBindingForm };
    profile(walk, at)?;
    let children = walk.elements(at)?;
    let signatures: Vec<usize> = children.iter().copied().take_while(|child| source.is(*child, NAMESPACE_SIGNATURE, "Signature")).collect();
    let container = match children.get(signatures.len()..) {
        Some([container]) if source.is(*container, NAMESPACE, "MetadataBindingContainer") => *container,
        _ => return Err(walk.refuse(at, "expected the signature, then one `MetadataBindingContainer`")),
    };
    walk.only(container, &[])?;
    let metadata = match walk.elements(container)?.as_slice() {
        [metadata] if source.is(*metadata, NAMESPACE, "MetadataBinding") => *metadata,
        _ => return Err(walk.refuse(container, "expected one `MetadataBinding`")),
    };
    walk.only(metadata, &["Id"])?;
    let children = walk.elements(metadata)?;
    let Some((data, labels)) = children.split_last().filter(|(_, labels)| !labels.is_empty() && labels.len() <= LABELS_MAX) else {
        return Err(walk.refuse(metadata, format!("expected 1 to {LABELS_MAX} `Metadata`, then one data")));
    };
    let labels = labels.iter().map(|at| label(walk, *at)).collect::<Result<_, _>>()?;
    Ok(Binding { at, signatures, metadata, labels, data: data_of(walk, *data)? })
}

/// The attributes of a binding are not signed where the filter of STANAG 4778 leaves it out: one of a few fixed values may stand there.
fn profile(walk: Walk<'_, '_>, at: usize) -> Result<(), Refusal> {
    let attributes = walk.source.element(at).into_iter().flat_map(|element| &element.attributes);
    for attribute in attributes {
        if attribute.namespace != NAMESPACE_EXTENSIONS || attribute.name != "profile" || !PROFILES.contains(&attribute.value.as_ref()) {
            return Err(walk.refuse(at, "expected no attribute but `profile` of the extensions, with a profile that is known"));
        }
    }
    Ok(())
}

fn label(walk: Walk<'_, '_>, at: usize) -> Result<usize, Refusal> {
    if !walk.source.is(at, NAMESPACE, "Metadata") {
        return Err(walk.refuse(at, "expected `Metadata`: a label that stands elsewhere is not read"));
    }
    media_type(walk, at, &[])?;
    match walk.elements(at)?.as_slice() {
        [label] if walk.source.element(*label).is_some_and(|element| element.namespace == stanag4774::NAMESPACE) => Ok(*label),
        _ => Err(walk.refuse(at, "expected one label of STANAG 4774")),
    }
}

fn data_of<'s>(walk: Walk<'s, '_>, at: usize) -> Result<Data<'s>, Refusal> {
    if walk.source.is(at, NAMESPACE, "Data") {
        media_type(walk, at, &[])?;
        return match walk.elements(at)?.as_slice() {
            [content] => Ok(Data::Inside(*content)),
            _ => Err(walk.refuse(at, "expected one element as data")),
        };
    }
    if !walk.source.is(at, NAMESPACE, "DataReference") {
        return Err(walk.refuse(at, "expected `Data` or `DataReference`"));
    }
    media_type(walk, at, &["URI"])?;
    if !walk.elements(at)?.is_empty() {
        return Err(walk.refuse_for(Reason::LabelBindingCoverage, at, "expected a reference to the whole, found one with transforms"));
    }
    match target(walk, at, walk.required(at, "URI")?)? {
        Target::Document => Ok(Data::Document),
        Target::Element(Source::ROOT) => Ok(Data::Document),
        Target::Element(part) => Ok(Data::Part(part)),
        Target::Outside(uri) => Ok(Data::Outside(uri)),
    }
}

/// Checks that an element has no attributes but these and a media type.
fn media_type(walk: Walk<'_, '_>, at: usize, allowed: &[&str]) -> Result<(), Refusal> {
    let attributes = walk.source.element(at).into_iter().flat_map(|element| &element.attributes);
    for attribute in attributes {
        let known = match attribute.namespace {
            "" => allowed.contains(&attribute.name),
            NAMESPACE_MIME => attribute.name == "contentType",
            _ => false,
        };
        if !known {
            return Err(walk.refuse(at, "expected no attribute but a media type and the reference"));
        }
    }
    Ok(())
}
