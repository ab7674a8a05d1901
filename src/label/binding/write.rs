//! The writer of embedded bindings: a message that may leave, its labels moved into one binding that the gateway signs.
//!
//! Takes a message in its canonical spelling, its label and a [`Signer`]; gives the same message, in which every label and binding that stood
//! in it gave way to one `BindingInformation`: the originator's label as it was, or written from what the message says in another form;
//! the alternatives as they were; and the recipient's own, by the table of the label's policy, where it has another policy and
//! none stood there. One reference covers the document with the binding and all, but for the signature: no identifier is needed,
//! none can be met twice, and every verifier of XML signatures knows the form. For a message of a format that holds no binding, the binding stands
//! beside it: a second reference names the message by its digest, and every byte of it is covered.
//! Deliberately absent: randomness; any judgement whether the message may leave, which was made before.
// SPEC: ADatP-4778.2, cryptographic artefacts.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{NAMESPACE, OPTIONS, all, name_of};
use crate::base::{Budget, Reason, Refusal, Span, Time};
use crate::format::syntax::xml::Source;
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::PolicyIx;
use crate::label::signature::canonical::{EXCLUSIVE, canonical};
use crate::label::signature::form::{ENVELOPED, NAMESPACE as NAMESPACE_SIGNATURE};
use crate::label::signer::{self, Signer};
use crate::label::stanag4774::{self, Role};
use crate::label::written;

/// Documents that can hold a binding, by their element, and the element in it where the binding goes.
const HOSTS: [(&str, &str); 1] = [("event", "detail")];

/// What a text begins with in the canonical spelling.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// What is bound for whom.
#[derive(Debug, Clone, Copy)]
pub struct Bond<'b> {
    /// The marking schemes.
    pub lattice: &'b Lattice,
    /// The label of what leaves.
    pub label: &'b Label,
    /// The recipient's own policy.
    pub policy: PolicyIx,
    /// The time of the decision.
    pub now: Time,
}

impl Bond<'_> {
    fn created(&self) -> Time {
        self.label.created.unwrap_or(self.now)
    }

    /// The label in the recipient's own policy. A recipient that is cleared in the originator's may have none of its own: then it reads the
    /// originator's.
    fn alternative(&self, review: Option<&str>) -> Result<Option<String>, Refusal> {
        let own = Some(self.policy).filter(|policy| *policy != self.label.policy);
        let own = own.and_then(|policy| self.lattice.translate(self.label, policy, self.now).ok());
        own.map(|own| written::write(self.lattice, &own, Role::Alternative, self.created(), review)).transpose()
    }
}

/// Binds the label of a message to it.
///
/// # Errors
/// `label.bind` where the message cannot hold a binding, its label cannot be said in one, or the signer's certificate would not be taken;
/// `size.*`.
pub fn embed(text: &str, bond: Bond<'_>, key: &Signer) -> Result<String, Refusal> {
    in_force(key, bond.now)?;
    let budget = &mut Budget::for_body(text.len());
    let source = Source::read(text, OPTIONS, budget)?;
    let labels = labels(&source, text, bond, budget)?;
    let gap = gap(&source, text)?;
    signed([&gap.before, &gap.after], &container(&labels, ""), None, key)
}

/// Binds a label to a message by the digest of its bytes: the binding that stands beside it, in its header. `label` is the label that would stand
/// there alone; it is taken as it is where it says what leaves, and written anew elsewhere.
///
/// # Errors
/// `label.bind` where the label cannot be said, is too long for a header, or the signer's certificate would not be taken; `size.*`.
pub fn beside(body: &[u8], label: Option<&str>, bond: Bond<'_>, key: &Signer) -> Result<String, Refusal> {
    in_force(key, bond.now)?;
    let alone = label.map(|text| text.split_once("?>\n").map_or(text, |(_, label)| label));
    let says_it = |text: &str| {
        let read = stanag4774::read_detached(bond.lattice, text, &mut Budget::for_body(text.len())).ok();
        read.filter(|read| read.role == Role::Originator && read.label.says_the_same(bond.label))
    };
    let as_it_was = alone.and_then(|text| Some((text, says_it(text)?)));
    let review = as_it_was.as_ref().and_then(|(_, read)| read.dates.review).map(|review| review.to_string());
    let mut labels = vec![match as_it_was {
        Some((written, _)) => written.to_owned(),
        None => written::write(bond.lattice, bond.label, Role::Originator, bond.created(), None)?,
    }];
    labels.extend(bond.alternative(review.as_deref())?);
    let name = name_of(body);
    let value = STANDARD.encode(digest::digest(&digest::SHA384, body));
    let binding = signed([DECLARATION, ""], &container(&labels, &name), Some((&name, &value)), key)?;
    if binding.len() > stanag4774::DETACHED_BYTES_MAX { Err(refuse("expected a binding that a header holds")) } else { Ok(binding) }
}

fn in_force(key: &Signer, now: Time) -> Result<(), Refusal> {
    key.check(now).map_err(|objection| refuse(&format!("expected a binding certificate that others take: {}", objection.sentence())))
}

/// A document with a signed binding in its gap; `outside` names what the binding is to beside the document, with its digest.
fn signed([before, after]: [&str; 2], container: &str, outside: Option<(&str, &str)>, key: &Signer) -> Result<String, Refusal> {
    let open = format!("<mb:BindingInformation xmlns:mb=\"{NAMESPACE}\">");
    let close = "</mb:BindingInformation>";
    let unsigned = [before, open.as_str(), container, close, after].concat();
    let digest = {
        let source = Source::read(&unsigned, OPTIONS, &mut Budget::for_body(unsigned.len()))?;
        digest::digest(&digest::SHA384, &canonical(&source, Source::ROOT, &[], &[]))
    };
    let transforms = format!("<ds:Transforms><ds:Transform Algorithm=\"{ENVELOPED}\"/><ds:Transform Algorithm=\"{EXCLUSIVE}\"/></ds:Transforms>");
    let mut references = reference("", &transforms, &STANDARD.encode(digest));
    if let Some((name, value)) = outside {
        references.push_str(&reference(name, "", value));
    }
    Ok([before, open.as_str(), &signature(&references, key)?, container, close, after].concat())
}

fn reference(uri: &str, transforms: &str, value: &str) -> String {
    let method = signer::DIGEST;
    format!(
        "<ds:Reference URI=\"{uri}\">{transforms}<ds:DigestMethod Algorithm=\"{method}\"/><ds:DigestValue>{value}</ds:DigestValue></ds:Reference>"
    )
}

fn refuse(expected: &str) -> Refusal {
    Refusal::new(Reason::LabelBind, expected)
}

/// The labels that are to stand in the binding, the originator's first.
fn labels(source: &Source<'_>, text: &str, bond: Bond<'_>, budget: &mut Budget) -> Result<Vec<String>, Refusal> {
    let (mut originator, mut alternatives, mut metadata, mut review) = (None, Vec::new(), Vec::new(), None);
    let mut policies = vec![bond.label.policy];
    for (at, element) in source.elements().filter(|(_, element)| element.namespace == stanag4774::NAMESPACE) {
        let inner = element.parent.and_then(|parent| source.element(parent)).is_some_and(|above| above.namespace == stanag4774::NAMESPACE);
        if inner {
            continue;
        }
        // In the canonical spelling a label declares its own namespace, so its bytes stand for themselves.
        let written = text.get(source.span(at).range()).unwrap_or_default();
        let (role, label) = stanag4774::read_text(bond.lattice, written, budget)?;
        match role {
            Role::Originator if originator.is_none() && label.says_the_same(bond.label) => {
                review = element.attributes.iter().find(|attribute| attribute.name == "ReviewDateTime").map(|attribute| attribute.value.as_ref());
                originator = Some(written.to_owned());
            }
            Role::Originator => return Err(refuse("expected one originator's label, which says what leaves")),
            Role::Alternative => {
                policies.push(label.policy);
                alternatives.push(written.to_owned());
            }
            Role::Metadata => metadata.push(written.to_owned()),
        }
    }
    let mut all = vec![match originator {
        Some(written) => written,
        None => written::write(bond.lattice, bond.label, Role::Originator, bond.created(), None)?,
    }];
    all.append(&mut alternatives);
    if !policies.contains(&bond.policy) {
        all.extend(bond.alternative(review)?);
    }
    all.append(&mut metadata);
    if all.len() > super::form::LABELS_MAX { Err(refuse("expected no more labels than a binding holds")) } else { Ok(all) }
}

/// A message in two halves, between which the binding goes.
struct Gap {
    before: String,
    after: String,
}

/// The message without its labels and bindings, open where the binding goes.
fn gap(source: &Source<'_>, text: &str) -> Result<Gap, Refusal> {
    let unheld = || refuse("expected a format that can hold a binding, which Cursor-on-Target in XML can");
    let root = source.element(Source::ROOT).filter(|root| root.namespace.is_empty()).ok_or_else(unheld)?;
    let (_, host) = HOSTS.iter().find(|(document, _)| *document == root.name).ok_or_else(unheld)?;
    let end = root.span.range().end;
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let found = source.elements().find(|(_, element)| element.parent == Some(Source::ROOT) && element.namespace.is_empty() && element.name == *host);
    let Some((at, element)) = found else {
        let closing = format!("</{}>", root.name);
        let inner = part(0, end).strip_suffix(&closing).ok_or_else(unheld)?;
        return Ok(Gap { before: format!("{inner}<{host}>"), after: format!("</{host}>{closing}") });
    };
    let children: Vec<(usize, Span)> =
        source.elements().filter(|(_, child)| child.parent == Some(at)).map(|(child, element)| (child, element.span)).collect();
    let outer = element.span.range();
    let (Some((_, first)), Some((_, last))) = (children.first(), children.last()) else {
        let tag = part(0, outer.end).strip_suffix("/>").ok_or_else(unheld)?;
        return Ok(Gap { before: format!("{tag}>"), after: format!("</{host}>{}", part(outer.end, text.len())) });
    };
    let mut after = String::with_capacity(text.len());
    let moved: Vec<usize> = all(source).collect();
    for (child, span) in &children {
        let label = source.element(*child).is_some_and(|element| element.namespace == stanag4774::NAMESPACE);
        if !label && !moved.contains(child) {
            after.push_str(part(span.range().start, span.range().end));
        }
    }
    after.push_str(part(last.range().end, text.len()));
    Ok(Gap { before: part(0, first.range().start).to_owned(), after })
}

fn container(labels: &[String], uri: &str) -> String {
    let labels: String = labels.iter().flat_map(|label| ["<mb:Metadata>", label, "</mb:Metadata>"]).collect();
    format!(
        "<mb:MetadataBindingContainer><mb:MetadataBinding>{labels}<mb:DataReference URI=\"{uri}\"/></mb:MetadataBinding></mb:MetadataBindingContainer>"
    )
}

/// The signature over references.
fn signature(references: &str, key: &Signer) -> Result<String, Refusal> {
    let open = format!("<ds:Signature xmlns:ds=\"{NAMESPACE_SIGNATURE}\">");
    let signed = format!(
        "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/><ds:SignatureMethod Algorithm=\"{}\"/>{references}</ds:SignedInfo>",
        key.algorithm(),
    );
    let close = "</ds:Signature>";
    let alone = [open.as_str(), &signed, close].concat();
    let source = Source::read(&alone, OPTIONS, &mut Budget::for_body(alone.len()))?;
    let info = source.elements().find(|(_, element)| element.name == "SignedInfo").map(|(at, _)| at);
    let info = info.ok_or_else(|| Refusal::new(Reason::FaultInternal, "expected what is signed in its signature"))?;
    let value = STANDARD.encode(key.sign(&canonical(&source, info, &[], &[]))?);
    let certificates: String = key.certificates().map(|certificate| format!("<ds:X509Certificate>{certificate}</ds:X509Certificate>")).collect();
    Ok(format!(
        "{open}{signed}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo>{close}"
    ))
}
