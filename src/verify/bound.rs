//! The check of a message that the gateway has bound for a recipient, before it may leave in that form.
//!
//! Takes a message that is verified, the same with its labels in one signed binding, and what the binding must say. Proves by its own code,
//! over the bytes that leave: they are in canonical form; but for labels and bindings the two messages are the same; the labels stand in
//! one binding to the whole message, the originator's saying what was released, each other what the table of its policy makes of
//! that; the digest is that of the document in the second half's own canonical form, and the signature is by the gateway's key.
//! Shared with the first half: the cryptographic library, and the key.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA384, digest};
use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::binding::{self, BINDING, SIGNATURE};
use super::label::{LABEL, Said};
use super::mark::Mark;
use super::readers::Canonical;
use super::second::{Part, Second, Sort};
use super::xml::exclusive;
use super::{BlockedWords, Verified, compare, label, place, portion, readers, release, untyped, xml};
use crate::base::{Digest, Reason, Refusal, Time};
use crate::label::signer::{self, Signer};
use crate::label::{Label, Lattice};
use crate::policy::PeerEntry;

/// What a bound message must say, and by whose key.
#[derive(Debug, Clone, Copy)]
pub struct Bond<'b> {
    /// The marking schemes.
    pub lattice: &'b Lattice,
    /// The label of what leaves.
    pub released: &'b Label,
    /// Who is to get it.
    pub recipient: &'b PeerEntry,
    /// The gateway's key.
    pub signer: &'b Signer,
    /// Words that must not stand in the result.
    pub blocked_words: &'b BlockedWords,
    /// The time of the decision.
    pub now: Time,
}

/// Takes a bound message in the place of the one that was verified.
///
/// # Errors
/// `verify.canonical` where it is not in canonical form; `verify.edit` where it differs in more than labels and bindings;
/// `verify.binding` where the binding does not say, cover or prove what it must.
pub fn bound(verified: Verified, bytes: Vec<u8>, bond: Bond<'_>) -> Result<Verified, Refusal> {
    let reader = readers::identify(&verified.bytes).map_err(|expected| Refusal::new(Reason::VerifyDisagreement, expected))?;
    let before = (reader.read)(&verified.bytes).map_err(|expected| Refusal::new(Reason::VerifyDisagreement, expected))?;
    let after = (reader.read)(&bytes).map_err(|expected| Refusal::new(Reason::VerifyCanonical, expected))?;
    (reader.check)(&after).map_err(|expected| Refusal::new(Reason::VerifyEdit, expected))?;
    reader.spelling.check(&bytes, &after)?;
    let (one, other) = (unlabelled(&before), unlabelled(&after));
    match (one.root(), other.root()) {
        (Some(one), Some(other)) => compare::element(one, other, &place::Declared::default())?,
        _ => return Err(Refusal::new(Reason::VerifyEdit, "expected a message")),
    }
    binding::whole(&after).and_then(|()| says(&after, bond)).and_then(|()| proves(&after, bond.signer, None)).map_err(wrong)?;
    bond.blocked_words.absent_from(&after)?;
    drop((before, after));
    Ok(Verified { digest: Digest::of(&bytes), recipient: verified.recipient, detached: None, bytes })
}

/// Takes a binding in the header beside the message that was verified, in place of the label that would stand there.
///
/// # Errors
/// `verify.canonical` where it is not in canonical form; `verify.binding` where it does not say, cover or prove what it must.
pub fn beside(verified: Verified, binding: String, bond: Bond<'_>) -> Result<Verified, Refusal> {
    let tree = xml::read(binding.as_bytes(), untyped).map_err(|expected| Refusal::new(Reason::VerifyCanonical, expected))?;
    Canonical::Compared(xml::canonical).check(binding.as_bytes(), &tree)?;
    binding::beside(&tree, &verified.bytes).and_then(|()| says(&tree, bond)).map_err(wrong)?;
    proves(&tree, bond.signer, Some(&verified.bytes)).map_err(wrong)?;
    bond.blocked_words.absent_from(&tree)?;
    drop(tree);
    Ok(Verified { detached: Some(binding), ..verified })
}

fn wrong(expected: &'static str) -> Refusal {
    Refusal::new(Reason::VerifyBinding, expected)
}

/// A message without the labels and bindings in its parts; a part that held nothing else is left out, for it may have been made to hold them.
fn unlabelled<'t>(tree: &'t Second<'_>) -> Second<'t> {
    let mut left = Second::with_capacity(tree.nodes().len());
    if let Some(root) = tree.root() {
        keep(root, 0, &mut left);
    }
    left
}

/// Depth is limited by the reader.
fn keep<'t>(part: Part<'t, '_>, depth: usize, left: &mut Second<'t>) {
    let (namespace, name) = part.name();
    match part.node.sort {
        Sort::Attribute => drop(left.attribute(Cow::Borrowed(namespace), Cow::Borrowed(name), Cow::Borrowed(part.value()), part.node.spelling)),
        Sort::Text => drop(left.text(Cow::Borrowed(part.value()), part.node.spelling)),
        Sort::Element => {
            let stays = |child: &Part<'_, '_>| !(depth == 1 && child.is_element() && [LABEL, BINDING].contains(&child.name().0));
            if depth == 1 && name == "detail" && !part.children().any(|child| stays(&child)) {
                return;
            }
            left.open(Cow::Borrowed(namespace), Cow::Borrowed(name));
            part.children().filter(stays).for_each(|child| keep(child, depth.saturating_add(1), left));
            left.close();
        }
    }
}

/// Checks what the labels in the binding say.
fn says(tree: &Second<'_>, bond: Bond<'_>) -> Result<(), &'static str> {
    let released = Said::of(bond.released);
    let root = tree.root().ok_or("expected a message")?;
    let outermost = |part: &Part<'_, '_>| part.is_element() && part.name().0 == LABEL && part.parent().is_some_and(|above| above.name().0 != LABEL);
    let mut labels = root.all().filter(outermost);
    let first = labels.next().filter(|first| first.name().1 == "originatorConfidentialityLabel").ok_or("expected the originator's label first")?;
    if label::stanag(first, bond.lattice)? != released {
        return Err("expected the originator's label to say what is released");
    }
    let mut policies = vec![released.policy];
    for other in labels {
        let said = label::stanag(other, bond.lattice)?;
        if matches!(label::mark_of(other), Some(Mark::Metadata(_))) {
            portion::below(&said, &released, bond.lattice, bond.now)?;
            continue;
        }
        let own = release::translated(bond.lattice, &released, said.policy);
        if other.name().1 != "alternativeConfidentialityLabel" || own.as_ref() != Ok(&said) || policies.contains(&said.policy) {
            return Err("expected alternative labels of other policies, each what the table makes of the originator's");
        }
        policies.push(said.policy);
    }
    Ok(())
}

/// Checks digests and signature over the bytes that leave: over the document, and where the binding stands `beside` a message over that.
fn proves(tree: &Second<'_>, signer: &Signer, beside: Option<&[u8]>) -> Result<(), &'static str> {
    let root = tree.root().ok_or("expected a message")?;
    let part = |name: &str| {
        let mut all = root.all().filter(|part| part.is_element() && part.name() == (SIGNATURE, name));
        all.next().filter(|_| all.next().is_none())
    };
    let value = |name: &str| part(name).and_then(Part::whole_text).and_then(|text| STANDARD.decode(text).ok());
    let named = |name: &str| part(name).and_then(|part| part.said("Algorithm"));
    let signature = part("Signature").ok_or("expected one signature")?;
    if named("SignatureMethod") != Some(signer.algorithm()) {
        return Err("expected the algorithms of the gateway's key");
    }
    let content = exclusive(root, Some(signature.at)).ok_or("expected namespaces that results use")?;
    let all: Vec<Part<'_, '_>> = root.all().filter(|part| part.is_element() && part.name() == (SIGNATURE, "Reference")).collect();
    let covered = [Some(content.as_slice()), beside].into_iter().flatten();
    if all.len() != covered.clone().count() || all.iter().zip(covered).any(|(reference, bytes)| !digests(*reference, bytes)) {
        return Err("expected the digest of the bytes that leave");
    }
    let signed = part("SignedInfo").and_then(|info| exclusive(info, None)).ok_or("expected one `SignedInfo`")?;
    let algorithm: &'static dyn VerificationAlgorithm = match signer.algorithm() {
        signer::RSA_SHA256 => &RSA_PKCS1_2048_8192_SHA256,
        signer::ED25519 => &ED25519,
        _ => return Err("expected an algorithm of the gateway's keys"),
    };
    let value = value("SignatureValue").ok_or("expected one signature")?;
    let own = UnparsedPublicKey::new(algorithm, signer.public());
    own.verify(&signed, &value).map_err(|_| "expected a signature by the gateway's key")?;
    let certificates = root.all().filter(|part| part.is_element() && part.name() == (SIGNATURE, "X509Certificate"));
    let shown: Option<Vec<String>> = certificates.map(|part| part.whole_text().map(str::to_owned)).collect();
    if shown == Some(signer.certificates().collect()) { Ok(()) } else { Err("expected the gateway's certificates") }
}

/// Whether a reference has the digest of these bytes.
fn digests(reference: Part<'_, '_>, bytes: &[u8]) -> bool {
    let child = |name: &str| reference.content().find(|part| part.name() == (SIGNATURE, name));
    let value = child("DigestValue").and_then(Part::whole_text).and_then(|text| STANDARD.decode(text).ok());
    let method = child("DigestMethod").and_then(|part| part.said("Algorithm"));
    method == Some(signer::DIGEST) && value.as_deref() == Some(digest(&SHA384, bytes).as_ref())
}
