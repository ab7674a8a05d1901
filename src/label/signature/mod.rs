//! XML signatures as bindings of labels use them: read in one form, then computed, then nothing believed beyond what they cover.
//!
//! The order is the defence: [`form`] takes nothing that is not in its lists and within its limits; [`verify`] then judges the signer,
//! the signature over what is signed, and each digest over what is referred to. What the references must cover is the business of
//! [`super::binding`].

pub mod algorithm;
pub mod canonical;
pub mod form;
pub mod trust;
pub(in crate::label) mod walk;

pub use form::{Signature, Target, Without};
pub use trust::{Signer, Trust};

use std::sync::Arc;

use super::found::CLOCK_SKEW_SECONDS_MAX;
use crate::base::{Budget, Reason, Refusal, Time};
use crate::format::syntax::xml::Source;

/// Bytes outside the document that a reference may lead to.
#[derive(Debug, Clone, Copy)]
pub struct Outside<'o> {
    /// Their name, as the reference gives it.
    pub uri: &'o str,
    /// The bytes.
    pub bytes: &'o [u8],
}

/// Computes a signature: signer, value, and every reference.
///
/// # Errors
/// `label.binding_certificate`, `label.binding_revoked`, `label.binding_algorithm`, `label.binding_value`, `label.binding_time`,
/// `label.binding_reference`, `label.binding_digest`, `size.budget`.
pub fn verify(
    signature: &Signature<'_>,
    source: &Source<'_>,
    outside: Option<Outside<'_>>,
    trust: &Trust,
    now: Time,
    budget: &mut Budget,
) -> Result<Arc<Signer>, Refusal> {
    let at = |at: usize, refusal: Refusal| Refusal::at(refusal.reason, source.span(at), refusal.detail);
    let signer = trust.judge(&signature.chain, now).map_err(|refusal| at(signature.at, refusal))?;
    let signed = canonical::canonical(source, signature.signed_info, &[], &signature.inclusive);
    signature.algorithm.verify(&signer, &signed, &signature.value).map_err(|refusal| at(signature.at, refusal))?;
    if let Some((object, text)) = signature.made {
        let made = Time::parse(text).filter(|made| made.seconds_since(now) <= CLOCK_SKEW_SECONDS_MAX);
        if made.is_none() {
            return Err(Refusal::at(
                Reason::LabelBindingTime,
                source.span(object),
                format!("expected a time as `YYYY-MM-DDThh:mm:ssZ`, at most {CLOCK_SKEW_SECONDS_MAX} seconds from now"),
            ));
        }
    }
    for reference in &signature.references {
        let differs = || Refusal::at(Reason::LabelBindingDigest, source.span(reference.at), "expected the digest of what is referred to");
        let apex = match reference.target {
            Target::Outside(uri) => {
                let Some(outside) = outside.filter(|outside| outside.uri == uri) else {
                    return Err(Refusal::at(Reason::LabelBindingReference, source.span(reference.at), "expected a reference within the message"));
                };
                budget.spend(work(outside.bytes.len()))?;
                if !reference.digest.is_of(&reference.value, outside.bytes) {
                    return Err(differs());
                }
                continue;
            }
            Target::Document => Source::ROOT,
            Target::Element(element) => element,
        };
        budget.spend(work(source.span(apex).range().len()))?;
        let omitted: Vec<usize> = match reference.without {
            Without::Nothing => Vec::new(),
            Without::Signature => vec![signature.at],
            Without::Binding => super::binding::all(source).collect(),
        };
        if !reference.digest.is_of(&reference.value, &canonical::canonical(source, apex, &omitted, &reference.inclusive)) {
            return Err(differs());
        }
    }
    Ok(signer)
}

/// Work units of digesting so many bytes.
fn work(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
