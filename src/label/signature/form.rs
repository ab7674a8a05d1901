//! The one form of XML signature that is read, before anything of it is computed.
//!
//! Takes a `Signature` element, gives what is to be computed. Proves: sizes and counts are within limits; every algorithm and transform is
//! in its list; each reference leads to the whole document, to the one element of its identifier, or to the name of something outside;
//! the key is given by certificates. Absent on purpose: manifests, keys without certificates, XPath and XSLT, DTD identifiers.
// SPEC: XML Signature Syntax and Processing 1.1 (W3C, 11 April 2013), section 4; ADatP-4778.2, cryptographic artefacts.

use super::algorithm::{Algorithm, Digest};
use super::canonical::EXCLUSIVE;
use super::walk::Walk;
use crate::base::{Reason, Refusal};
use crate::format::syntax::xml::Source;

/// The namespace of signatures.
pub const NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The namespace of times of signatures.
pub const NAMESPACE_TIME: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

/// References of one signature at most: 8. A binding needs 3; each costs one canonicalisation of what it covers.
pub const REFERENCES_MAX: usize = 8;
/// Transforms of one reference at most: 2, a filter and a canonicalisation.
pub const TRANSFORMS_MAX: usize = 2;
/// Bytes of a signature at most: 1,024, what RSA of 8,192 bits has.
pub const SIGNATURE_BYTES_MAX: usize = 1024;
/// Certificates at most: 4, a leaf and 3 authorities, as on the link.
pub const CERTIFICATES_MAX: usize = 4;
/// Bytes of a certificate at most: 8,192. Real ones have fewer than 2,500.
pub const CERTIFICATE_BYTES_MAX: usize = 8192;
/// Prefixes of `InclusiveNamespaces` at most: 16.
pub const PREFIXES_MAX: usize = 16;

/// The filter that leaves the signature out.
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const XPATH: &str = "http://www.w3.org/TR/1999/REC-xpath-19991116";
/// The one filter of STANAG 4778, compared as text and never evaluated.
// SPEC: ADatP-4778.2, embedded bindings: the data is the document without its binding.
const FILTER: &str = "not(ancestor-or-self::*[local-name()='BindingInformation' and namespace-uri()='urn:nato:stanag:4778:bindinginformation:1:0'])";

/// What a reference leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'s> {
    /// The whole document.
    Document,
    /// One element, by its identifier.
    Element(usize),
    /// Something outside the document, by its name: nothing is ever fetched.
    Outside(&'s str),
}

/// What of the document is not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// Nothing: all is covered.
    Nothing,
    /// The signature that holds the reference.
    Signature,
    /// Every element `BindingInformation` of STANAG 4778.
    Binding,
}

/// A reference.
#[derive(Debug)]
pub struct Reference<'s> {
    /// Its element.
    pub at: usize,
    /// What it leads to.
    pub target: Target<'s>,
    /// What is left out.
    pub without: Without,
    /// Prefixes whose namespaces are written wherever they are in scope.
    pub inclusive: Vec<&'s str>,
    /// The digest.
    pub digest: Digest,
    /// Its value.
    pub value: Vec<u8>,
}

/// A signature.
#[derive(Debug)]
pub struct Signature<'s> {
    /// Its element.
    pub at: usize,
    /// The element that is signed.
    pub signed_info: usize,
    /// Prefixes whose namespaces are written in it wherever they are in scope.
    pub inclusive: Vec<&'s str>,
    /// The algorithm.
    pub algorithm: &'static Algorithm,
    /// What is covered.
    pub references: Vec<Reference<'s>>,
    /// The value.
    pub value: Vec<u8>,
    /// The signer's certificate and the authorities above it.
    pub chain: Vec<Vec<u8>>,
    /// The element that says when it was made, and the time.
    pub made: Option<(usize, &'s str)>,
}

/// Reads a signature.
///
/// # Errors
/// `label.binding_signature`, `label.binding_limit`, `label.binding_transform`, `label.binding_algorithm`, `label.binding_shared`,
/// `label.binding_manifest`, `label.binding_key`, `label.binding_id`, `label.binding_reference`.
pub fn read<'s>(source: &'s Source<'_>, at: usize) -> Result<Signature<'s>, Refusal> {
    let walk = Walk { source, reason: Reason::LabelBindingSignature };
    walk.only(at, &["Id"])?;
    let children = walk.elements(at)?;
    let expected = || walk.refuse(at, "expected one `SignedInfo`, `SignatureValue` and `KeyInfo`, then at most one `Object`");
    let ([signed_info, value, key], objects) = children.split_first_chunk::<3>().ok_or_else(expected)?;
    let fits = [(signed_info, "SignedInfo"), (value, "SignatureValue"), (key, "KeyInfo")].iter().all(|(at, name)| source.is(**at, NAMESPACE, name));
    if !fits || objects.len() > 1 || objects.iter().any(|object| !source.is(*object, NAMESPACE, "Object")) {
        return Err(expected());
    }
    walk.only(*signed_info, &["Id"])?;
    let inner = walk.elements(*signed_info)?;
    let (Some(([canonicalisation, method], references)), true) = (inner.split_first_chunk::<2>(), inner.len() > 2) else {
        return Err(walk.refuse(*signed_info, "expected canonicalisation, algorithm and references"));
    };
    if references.len() > REFERENCES_MAX {
        return Err(walk.refuse_for(Reason::LabelBindingLimit, *signed_info, format!("expected at most {REFERENCES_MAX} references")));
    }
    named(walk, *canonicalisation, "CanonicalizationMethod")?;
    let inclusive = exclusive(walk, *canonicalisation)?;
    named(walk, *method, "SignatureMethod")?;
    let algorithm = Algorithm::named(uri(walk, *method)?).map_err(|refusal| placed(walk, *method, refusal))?;
    if !walk.elements(*method)?.is_empty() {
        return Err(walk.refuse(*method, "expected an algorithm without parameters"));
    }
    walk.only(*value, &["Id"])?;
    Ok(Signature {
        at,
        signed_info: *signed_info,
        inclusive,
        algorithm,
        references: references.iter().map(|at| reference(walk, *at)).collect::<Result<_, _>>()?,
        value: walk.bytes(*value, SIGNATURE_BYTES_MAX)?,
        chain: chain(walk, *key)?,
        made: objects.first().map(|object| made(walk, *object)).transpose()?,
    })
}

fn named(walk: Walk<'_, '_>, at: usize, name: &str) -> Result<(), Refusal> {
    if walk.source.is(at, NAMESPACE, name) { Ok(()) } else { Err(walk.refuse(at, format!("expected `{name}`"))) }
}

fn placed(walk: Walk<'_, '_>, at: usize, refusal: Refusal) -> Refusal {
    Refusal::at(refusal.reason, walk.source.span(at), refusal.detail)
}

fn uri<'s>(walk: Walk<'s, '_>, at: usize) -> Result<&'s str, Refusal> {
    walk.only(at, &["Algorithm"])?;
    walk.required(at, "Algorithm")
}

/// The prefixes of an exclusive canonicalisation.
fn exclusive<'s>(walk: Walk<'s, '_>, at: usize) -> Result<Vec<&'s str>, Refusal> {
    if uri(walk, at)? != EXCLUSIVE {
        return Err(walk.refuse_for(Reason::LabelBindingTransform, at, "expected exclusive canonical XML 1.0 without comments"));
    }
    let children = walk.elements(at)?;
    let list = match children.as_slice() {
        [] => return Ok(Vec::new()),
        [list] if walk.source.is(*list, EXCLUSIVE, "InclusiveNamespaces") => *list,
        _ => return Err(walk.refuse_for(Reason::LabelBindingTransform, at, "expected at most one `InclusiveNamespaces`")),
    };
    walk.only(list, &["PrefixList"])?;
    if !walk.elements(list)?.is_empty() {
        return Err(walk.refuse(list, "expected a list of prefixes and nothing in it"));
    }
    let prefixes: Vec<&str> = walk.required(list, "PrefixList")?.split(' ').filter(|word| !word.is_empty()).collect();
    if prefixes.len() > PREFIXES_MAX {
        return Err(walk.refuse_for(Reason::LabelBindingLimit, list, format!("expected at most {PREFIXES_MAX} prefixes")));
    }
    Ok(prefixes)
}

fn reference<'s>(walk: Walk<'s, '_>, at: usize) -> Result<Reference<'s>, Refusal> {
    named(walk, at, "Reference")?;
    match walk.attribute(at, "Type") {
        None => {}
        Some(kind) if kind.ends_with("#Manifest") => {
            return Err(walk.refuse_for(Reason::LabelBindingManifest, at, "expected references to content, not to a manifest"));
        }
        Some(_) => return Err(walk.refuse(at, "expected a reference without type")),
    }
    walk.only(at, &["URI", "Id"])?;
    let target = target(walk, at, walk.required(at, "URI")?)?;
    let children = walk.elements(at)?;
    let (transforms, rest) = match children.split_first() {
        Some((first, rest)) if walk.source.is(*first, NAMESPACE, "Transforms") => (Some(*first), rest),
        _ => (None, children.as_slice()),
    };
    let [method, value] = rest else { return Err(walk.refuse(at, "expected one digest algorithm and its value")) };
    named(walk, *method, "DigestMethod")?;
    named(walk, *value, "DigestValue")?;
    let digest = Digest::named(uri(walk, *method)?).map_err(|refusal| placed(walk, *method, refusal))?;
    if !walk.elements(*method)?.is_empty() {
        return Err(walk.refuse(*method, "expected a digest without parameters"));
    }
    walk.only(*value, &[])?;
    let bytes = walk.bytes(*value, digest.bytes())?;
    if bytes.len() != digest.bytes() {
        return Err(walk.refuse(*value, format!("expected a digest of {} bytes", digest.bytes())));
    }
    let (without, inclusive) = filters(walk, at, transforms, target)?;
    Ok(Reference { at, target, without, inclusive, digest, value: bytes })
}

/// What a reference leads to.
///
/// SPEC: XML Signature 1.1, 4.4.3.3: an empty URI is the document, `#name` the element of that identifier. XPointers are not read.
pub(in crate::label) fn target<'s>(walk: Walk<'s, '_>, at: usize, uri: &'s str) -> Result<Target<'s>, Refusal> {
    let refuse = |expected: &str| Err(walk.refuse_for(Reason::LabelBindingReference, at, expected));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    match uri.strip_prefix('#') {
        _ if uri.is_empty() => Ok(Target::Document),
        Some(id) if plain(id) => walk.identified(at, id).map(Target::Element),
        Some(_) => refuse("expected `#` and the identifier of an element, found a pointer"),
        None if uri.starts_with("http:") || uri.starts_with("https:") || uri.starts_with("file:") || uri.contains("..") => {
            refuse("expected a reference to the message, found one to another place")
        }
        None => Ok(Target::Outside(uri)),
    }
}

fn filters<'s>(walk: Walk<'s, '_>, at: usize, transforms: Option<usize>, target: Target<'_>) -> Result<(Without, Vec<&'s str>), Refusal> {
    let refuse = |expected: &str| Err(walk.refuse_for(Reason::LabelBindingTransform, at, expected));
    let children = match transforms {
        Some(transforms) => {
            walk.only(transforms, &[])?;
            walk.elements(transforms)?
        }
        None => Vec::new(),
    };
    if children.len() > TRANSFORMS_MAX {
        return Err(walk.refuse_for(Reason::LabelBindingLimit, at, format!("expected at most {TRANSFORMS_MAX} transforms")));
    }
    children.iter().try_for_each(|child| named(walk, *child, "Transform"))?;
    if let Target::Outside(_) = target {
        // What is outside is bytes: they are digested as they are.
        return if children.is_empty() { Ok((Without::Nothing, Vec::new())) } else { refuse("expected no transform of what is outside") };
    }
    let Some((last, before)) = children.split_last() else {
        return refuse("expected exclusive canonical XML as the last transform, found none");
    };
    let without = match (before, target) {
        ([], _) => Without::Nothing,
        ([filter], Target::Document) => match uri(walk, *filter)? {
            ENVELOPED if walk.elements(*filter)?.is_empty() => Without::Signature,
            XPATH if is_filter(walk, *filter)? => Without::Binding,
            _ => return refuse("expected the enveloped signature or the filter of STANAG 4778"),
        },
        _ => return refuse("expected one canonicalisation of an element and nothing else"),
    };
    Ok((without, exclusive(walk, *last)?))
}

fn is_filter(walk: Walk<'_, '_>, at: usize) -> Result<bool, Refusal> {
    match walk.elements(at)?.as_slice() {
        [path] if walk.source.is(*path, NAMESPACE, "XPath") => {
            walk.only(*path, &[])?;
            Ok(walk.text(*path)? == FILTER)
        }
        _ => Ok(false),
    }
}

fn chain(walk: Walk<'_, '_>, key: usize) -> Result<Vec<Vec<u8>>, Refusal> {
    let refuse = |at: usize| walk.refuse_for(Reason::LabelBindingKey, at, "expected one `X509Data` with the signer's certificates and nothing else");
    walk.only(key, &["Id"])?;
    let data = walk.elements(key)?;
    let [data] = data.as_slice() else { return Err(refuse(key)) };
    if !walk.source.is(*data, NAMESPACE, "X509Data") {
        return Err(refuse(key));
    }
    let certificates = walk.elements(*data)?;
    if certificates.is_empty() {
        return Err(refuse(key));
    }
    if certificates.len() > CERTIFICATES_MAX {
        return Err(walk.refuse_for(Reason::LabelBindingLimit, *data, format!("expected at most {CERTIFICATES_MAX} certificates")));
    }
    let one = |at: &usize| if walk.source.is(*at, NAMESPACE, "X509Certificate") { walk.bytes(*at, CERTIFICATE_BYTES_MAX) } else { Err(refuse(*at)) };
    certificates.iter().map(one).collect()
}

/// The time in an `Object`, which holds nothing else: an object is a place where anything could stand.
fn made<'s>(walk: Walk<'s, '_>, object: usize) -> Result<(usize, &'s str), Refusal> {
    if walk.source.below_or_at(object).any(|(_, element)| element.name == "Manifest") {
        return Err(walk.refuse_for(Reason::LabelBindingManifest, object, "expected no manifest"));
    }
    let expected = || walk.refuse(object, "expected an `Object` with the time of the signature and nothing else");
    walk.only(object, &["Id"])?;
    let mut at = object;
    let steps: [(&str, &[&str], &[&str]); 4] = [
        (NAMESPACE, &["SignatureProperties"], &["Id"]),
        (NAMESPACE, &["SignatureProperty"], &["Id", "Target"]),
        // SPEC: the profile prints the second spelling in its examples.
        (NAMESPACE_TIME, &["Timestamp", "TimeStamp"], &[]),
        (NAMESPACE_TIME, &["Created"], &[]),
    ];
    for (namespace, names, attributes) in steps {
        let children = walk.elements(at)?;
        at = match children.as_slice() {
            [child] if names.iter().any(|name| walk.source.is(*child, namespace, name)) => *child,
            _ => return Err(expected()),
        };
        walk.only(at, attributes)?;
    }
    Ok((object, walk.text(at)?))
}
