//! Whether the label that the second reader finds stands in a signed binding whose references cover the message: by its own eyes.
//!
//! For senders who must bind their labels. Checks: one binding in the message, one signature in it, every label in its one
//! `MetadataBinding`; the data is the message; the signature refers to the message with nothing left out but the signature or the binding,
//! and to the `MetadataBinding`, by an identifier that stands once. Of a message beside its binding it computes the digest, too. Deliberately absent: all other digests, the
//! signature's value and the signer, which the first half computes once, by the cryptographic library that both halves would share.

use aws_lc_rs::digest::{SHA256, SHA384, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::label::LABEL;
use super::second::{Part, Second};
use crate::base::{Digest, Header};

/// The namespace of bindings.
pub(super) const BINDING: &str = "urn:nato:stanag:4778:bindinginformation:1:0";
/// The namespace of signatures.
pub(super) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const XPATH: &str = "http://www.w3.org/TR/1999/REC-xpath-19991116";

/// Checks that the labels of a message are bound to all of it.
///
/// # Errors
/// One line: what was expected.
pub(super) fn check(message: &Second<'_>, header: &Header) -> Result<(), &'static str> {
    match &header.label {
        Some(_) => Err("expected no label in the header beside the one that is bound"),
        None => whole(message),
    }
}

/// Checks that the labels of a binding in the header are bound to all of the message beside it.
///
/// # Errors
/// One line: what was expected.
pub(super) fn beside(header: &Second<'_>, body: &[u8]) -> Result<(), &'static str> {
    let root = header.root().filter(|root| root.name() == (BINDING, "BindingInformation")).ok_or("expected a binding in the header")?;
    let (signature, metadata) = parts(root)?;
    let name = data(metadata)?;
    if !is_beside(name, body) {
        return Err("expected a label bound to the message by its digest, or by the name of a file");
    }
    let references = references(signature)?;
    let whole = one(references.iter().filter(|reference| reference.said("URI") == Some(name))).ok_or("expected one reference to the message")?;
    if whole.content().any(|part| part.name() == (SIGNATURE, "Transforms")) {
        return Err("expected a reference to the message as it is");
    }
    if !digests(*whole, body) {
        return Err("expected the digest of the message");
    }
    match one(references.iter().filter(|reference| reference.said("URI") == Some(""))) {
        Some(all) if filter(*all)? == ENVELOPED => Ok(()),
        Some(_) => Err("expected a reference to the binding without its signature"),
        None => label(root, &references, metadata),
    }
}

/// Whether a reference may be to the message beside the binding: by its digest, or by the name of a file in the same place.
fn is_beside(name: &str, body: &[u8]) -> bool {
    let file = name.strip_prefix("./").unwrap_or(name);
    let plain = file.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let is_file = plain && !file.is_empty() && !file.starts_with(['-', '_', '.']);
    is_file || name == format!("ni:///sha-256;{}", URL_SAFE_NO_PAD.encode(Digest::of(body).0))
}

/// Whether a reference has the digest of these bytes.
fn digests(reference: Part<'_, '_>, bytes: &[u8]) -> bool {
    let child = |name: &str| one(reference.content().filter(|part| part.name() == (SIGNATURE, name)));
    let value = child("DigestValue").and_then(Part::whole_text).and_then(|text| STANDARD.decode(text.trim()).ok());
    let algorithm = match child("DigestMethod").and_then(|part| part.said("Algorithm")) {
        Some("http://www.w3.org/2001/04/xmlenc#sha256") => &SHA256,
        Some("http://www.w3.org/2001/04/xmldsig-more#sha384") => &SHA384,
        _ => return false,
    };
    value.as_deref() == Some(digest(algorithm, bytes).as_ref())
}

/// The same as [`check`] for a message alone.
///
/// # Errors
/// One line: what was expected.
pub(super) fn whole(message: &Second<'_>) -> Result<(), &'static str> {
    let root = message.root().ok_or("expected a message with a signed binding")?;
    let binding = one(root.all().filter(|part| part.is_element() && part.name() == (BINDING, "BindingInformation")))
        .ok_or("expected one binding in the message of a sender who must bind its labels")?;
    let (signature, metadata) = parts(binding)?;
    let inside = |part: Part<'_, '_>| part.above().any(|above| above.at == metadata.at);
    if root.all().any(|part| part.is_element() && part.name().0 == LABEL && !inside(part)) {
        return Err("expected every label in the signed binding");
    }
    if !data(metadata)?.is_empty() {
        return Err("expected a label bound to the whole message");
    }
    let references = references(signature)?;
    let whole = one(references.iter().filter(|reference| reference.said("URI") == Some(""))).ok_or("expected one reference to the whole message")?;
    match filter(*whole)? {
        ENVELOPED => Ok(()),
        XPATH => label(root, &references, metadata),
        _ => Err("expected a reference to the message without its signature or binding"),
    }
}

/// The element that holds the message in a binding around it, where the signature covers the label and all that is in it.
///
/// # Errors
/// One line: what was expected.
pub(super) fn around<'t, 'a>(root: Part<'t, 'a>) -> Result<Part<'t, 'a>, &'static str> {
    if one(root.all().filter(|part| part.is_element() && part.name() == (BINDING, "BindingInformation"))).map(|only| only.at) != Some(root.at) {
        return Err("expected one binding, around the message");
    }
    let (signature, metadata) = parts(root)?;
    let data = one(metadata.content().filter(|part| part.name().1 != "Metadata")).filter(|data| data.name() == (BINDING, "Data"));
    let data = data.filter(|data| one(data.content()).is_some_and(Part::is_element)).ok_or("expected one element as the data of the binding")?;
    let references = references(signature)?;
    match one(references.iter().filter(|reference| reference.said("URI") == Some(""))) {
        Some(whole) if filter(*whole)? == ENVELOPED => Ok(data),
        Some(_) => Err("expected a reference to the binding without its signature"),
        None => label(root, &references, metadata).map(|()| data),
    }
}

/// The signature and the bound labels of a binding.
fn parts<'t, 'a>(binding: Part<'t, 'a>) -> Result<(Part<'t, 'a>, Part<'t, 'a>), &'static str> {
    let [signature, container] = two(binding.content()).ok_or("expected a binding of one signature and one container")?;
    if signature.name() != (SIGNATURE, "Signature") || container.name() != (BINDING, "MetadataBindingContainer") {
        return Err("expected a binding of one signature and one container");
    }
    let metadata = one(container.content()).filter(|part| part.name() == (BINDING, "MetadataBinding")).ok_or("expected one bound label")?;
    Ok((signature, metadata))
}

/// What the one data of a binding refers to.
fn data<'t>(metadata: Part<'t, '_>) -> Result<&'t str, &'static str> {
    let last = metadata.content().last().filter(|part| part.name() == (BINDING, "DataReference"));
    let one = metadata.content().filter(|part| part.name().1 != "Metadata").count() == 1;
    last.filter(|_| one).and_then(|data| data.said("URI")).ok_or("expected a label bound to one thing by its reference")
}

fn references<'t, 'a>(signature: Part<'t, 'a>) -> Result<Vec<Part<'t, 'a>>, &'static str> {
    let signed = one(signature.content().filter(|part| part.name() == (SIGNATURE, "SignedInfo"))).ok_or("expected one `SignedInfo`")?;
    Ok(signed.content().filter(|part| part.name() == (SIGNATURE, "Reference")).collect())
}

/// Whether a reference covers the bound label, by an identifier that stands once.
fn label(root: Part<'_, '_>, references: &[Part<'_, '_>], metadata: Part<'_, '_>) -> Result<(), &'static str> {
    let id = metadata.said("Id").ok_or("expected a bound label with an identifier")?;
    let same = |part: &Part<'_, '_>| !part.is_element() && part.name().1.eq_ignore_ascii_case("id") && part.value() == id;
    if root.all().filter(same).count() != 1 {
        return Err("expected an identifier that stands once");
    }
    let named = one(references.iter().filter(|reference| reference.said("URI").and_then(|uri| uri.strip_prefix('#')) == Some(id)));
    let named = named.ok_or("expected one reference to the bound label")?;
    let transforms = one(named.content().filter(|part| part.name() == (SIGNATURE, "Transforms"))).ok_or("expected transforms")?;
    match one(transforms.content()).and_then(|only| only.said("Algorithm")) {
        Some(EXCLUSIVE) => Ok(()),
        _ => Err("expected a reference to all of the bound label"),
    }
}

/// The filter before the canonical form.
fn filter<'t>(reference: Part<'t, '_>) -> Result<&'t str, &'static str> {
    let expected = "expected one filter, then exclusive canonical XML";
    let transforms = one(reference.content().filter(|part| part.name() == (SIGNATURE, "Transforms"))).ok_or(expected)?;
    let [filter, canonical] = two(transforms.content()).ok_or(expected)?;
    if canonical.said("Algorithm") != Some(EXCLUSIVE) {
        return Err(expected);
    }
    let algorithm = filter.said("Algorithm").ok_or(expected)?;
    let path = one(filter.content()).and_then(Part::whole_text).unwrap_or_default();
    let own = format!("not(ancestor-or-self::*[local-name()='BindingInformation' and namespace-uri()='{BINDING}'])");
    if algorithm == XPATH && path != own { Err("expected no filter but that of STANAG 4778") } else { Ok(algorithm) }
}

fn one<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    if all.next().is_some() { None } else { Some(first) }
}

fn two<T>(mut all: impl Iterator<Item = T>) -> Option<[T; 2]> {
    let found = [all.next()?, all.next()?];
    if all.next().is_some() { None } else { Some(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{MessageId, Name, Precedence, Time, Traffic};

    fn header() -> Header {
        Header {
            id: MessageId::from_parts(1, [0; 10]),
            precedence: Precedence::Routine,
            destinations: Name::new("usa-ops").into_iter().collect(),
            media_type: "application/cot+xml".into(),
            traffic: Traffic::Operation,
            sent: Time::EPOCH,
            label: None,
        }
    }

    fn message(changes: &[(&str, &str)]) -> String {
        let filter = format!("not(ancestor-or-self::*[local-name()='BindingInformation' and namespace-uri()='{BINDING}'])");
        let mut text = format!(
            "<event xmlns:d='{SIGNATURE}' xmlns:m='{BINDING}' xmlns:s='{LABEL}'><m:BindingInformation><d:Signature><d:SignedInfo><d:Reference URI=''><d:Transforms><d:Transform Algorithm='{XPATH}'><d:XPath>{filter}</d:XPath></d:Transform><d:Transform Algorithm='{EXCLUSIVE}'/></d:Transforms></d:Reference><d:Reference URI='#b'><d:Transforms><d:Transform Algorithm='{EXCLUSIVE}'/></d:Transforms></d:Reference></d:SignedInfo></d:Signature><m:MetadataBindingContainer><m:MetadataBinding Id='b'><m:Metadata><s:label/></m:Metadata><m:DataReference URI=''/></m:MetadataBinding></m:MetadataBindingContainer></m:BindingInformation><x/></event>"
        );
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        text
    }

    #[test]
    fn a_binding_beside_a_message_is_to_its_digest() {
        let name = format!("ni:///sha-256;{}", URL_SAFE_NO_PAD.encode(Digest::of(b"body").0));
        let value = |body: &[u8]| STANDARD.encode(digest(&SHA384, body));
        let digest = |body: &[u8]| {
            format!("<d:DigestMethod Algorithm='http://www.w3.org/2001/04/xmldsig-more#sha384'/><d:DigestValue>{}</d:DigestValue>", value(body))
        };
        let of = |name: &str, more: &str, id: &str| {
            let reference = |uri: &str, more: &str| format!("<d:Reference URI='{uri}'>{more}</d:Reference>");
            let exclusive = format!("<d:Transforms><d:Transform Algorithm='{EXCLUSIVE}'/></d:Transforms>");
            format!(
                "<m:BindingInformation xmlns:d='{SIGNATURE}' xmlns:m='{BINDING}' xmlns:s='{LABEL}'><d:Signature><d:SignedInfo>{}{}</d:SignedInfo></d:Signature><m:MetadataBindingContainer><m:MetadataBinding Id='b'><m:Metadata><s:label/></m:Metadata><m:DataReference URI='{name}'/></m:MetadataBinding></m:MetadataBindingContainer></m:BindingInformation>",
                reference(name, &format!("{more}{}", digest(b"body"))),
                reference(id, &exclusive)
            )
        };
        let look = |text: &str| beside(&super::super::xml::read(text.as_bytes(), |_| &[]).unwrap(), b"body");
        assert_eq!(look(&of(&name, "", "#b")), Ok(()));
        for file in ["./track.xml", "track.xml"] {
            assert_eq!(look(&of(file, "", "#b")), Ok(()), "{file}");
            assert!(look(&of(file, "", "#b").replace(&value(b"body"), &value(b"other"))).is_err(), "{file}");
        }
        for other in ["", "../track.xml", "a/track.xml", "cid:track", "./", ".track", "https://example.org/track.xml"] {
            assert!(look(&of(other, "", "#b")).is_err(), "{other}");
        }
        for text in
            [of(&name.replace("256", "384"), "", "#b"), of(&name, "<d:Transforms/>", "#b"), of(&name, "", "#c"), of(&name, "", ""), "<a/>".into()]
        {
            assert!(look(&text).is_err(), "{text}");
        }
        assert!(beside(&super::super::xml::read(of(&name, "", "#b").as_bytes(), |_| &[]).unwrap(), b"other").is_err());
    }

    fn checked(changes: &[(&str, &str)]) -> Result<(), &'static str> {
        let text = message(changes);
        let tree = super::super::xml::read(text.as_bytes(), |_| &[]).unwrap();
        check(&tree, &header())
    }

    #[test]
    fn a_label_in_a_binding_whose_references_cover_the_message_is_found() {
        assert_eq!(checked(&[]), Ok(()));
        let enveloped = "<d:Transform Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'/>";
        let text = message(&[]);
        let from = text.find("<d:Transform ").unwrap();
        let to = text.find("</d:XPath></d:Transform>").unwrap() + "</d:XPath></d:Transform>".len();
        let filter = text.get(from..to).unwrap().to_owned();
        assert_eq!(checked(&[(&filter, enveloped), (" URI='#b'", " URI='#c'")]), Ok(()), "all but the signature is covered by one reference");
    }

    #[test]
    fn what_is_not_bound_as_a_whole_is_not_taken() {
        let labelled = Header { label: Some("<a/>".into()), ..header() };
        let text = message(&[]);
        let tree = super::super::xml::read(text.as_bytes(), |_| &[]).unwrap();
        assert!(check(&tree, &labelled).is_err());
        for (from, to) in [
            ("<x/>", "<m:BindingInformation/>"),
            ("<x/>", "<s:label/>"),
            ("<x/>", "<x id='b'/>"),
            ("<m:DataReference URI=''/>", "<m:DataReference URI='#x'/>"),
            ("<m:DataReference URI=''/>", "<m:Data/>"),
            ("<m:DataReference URI=''/>", "<m:DataReference URI=''/><m:DataReference URI=''/>"),
            (" URI='#b'", " URI='#c'"),
            ("<d:Reference URI=''>", "<d:Reference URI='#b'>"),
            ("local-name()", "name()"),
            ("<d:Signature>", "<d:Signature/><d:Signature>"),
            ("<d:SignedInfo>", "<d:SignedInfo/><d:SignedInfo>"),
            ("exc-c14n#", "exc-c14n#WithComments"),
            (" Id='b'", ""),
        ] {
            assert!(checked(&[(from, to)]).is_err(), "{from} as {to}");
        }
        assert!(check(&Second::default(), &header()).is_err());
    }
}
