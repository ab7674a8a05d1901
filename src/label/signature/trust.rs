//! Whose signatures on labels count: the label anchors of a domain, and what a signer's certificate must be.
//!
//! Takes anchors and revocation lists, and a chain from a signature, leaf first; gives the signer's key. Proves: the chain leads to an
//! anchor at this time, nothing in it is revoked by a list in force, and the leaf is for signatures on documents and not for the link.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aws_lc_rs::signature::ParsedPublicKey;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, TrustAnchor, UnixTime};
use webpki::aws_lc_rs as verification;
use webpki::{
    CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyUsage, OwnedCertRevocationList, RevocationCheckDepth, RevocationOptionsBuilder,
    UnknownStatusPolicy, anchor_from_trusted_cert,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::algorithm::{ALGORITHMS_MAX, Family};
use crate::base::{Fault, Reason, Refusal, Time};
use crate::link::identity::{self, Objection};

/// Label anchors of one domain at most: 16, one for each nation of a coalition and a change of each in progress is fewer.
pub const ANCHORS_MAX: usize = 16;

/// What the chain of a signer is held against.
#[derive(Debug)]
pub struct Trust {
    anchors: Vec<CertificateDer<'static>>,
    revocations: Vec<CertRevocationList<'static>>,
    /// Seconds at which an anchor or list comes into force or ends.
    changes: Vec<i64>,
    judged: Mutex<Vec<Judged>>,
}

/// A chain that was judged, and between which moments the answer is the same: no certificate, anchor or list comes into force or ends there.
#[derive(Debug)]
struct Judged {
    chain: Vec<Vec<u8>>,
    after: i64,
    before: i64,
    signer: Arc<Signer>,
}

/// Chains that are remembered at most: 64, more than a domain has signers of labels.
const JUDGED_MAX: usize = 64;

/// The key of a signer whose certificate was verified.
#[derive(Debug)]
pub struct Signer {
    /// What kind of key it is.
    pub family: Family,
    /// The key, as it stands in the certificate.
    pub key: Vec<u8>,
    /// The subject, for people.
    pub name: String,
    /// The key as each algorithm takes it: found out once, for a point on a curve is dearer to check than a whole message is to read.
    parsed: [OnceLock<Option<ParsedPublicKey>>; ALGORITHMS_MAX],
}

impl Signer {
    /// The key as the algorithm of a place takes it; none where it does not.
    pub(in crate::label::signature) fn parsed(&self, place: usize, parse: impl FnOnce() -> Option<ParsedPublicKey>) -> Option<&ParsedPublicKey> {
        self.parsed.get(place)?.get_or_init(parse).as_ref()
    }
}

impl Trust {
    /// Trust in these anchors, under these revocation lists: both PEM. The anchors' own profile is checked whenever they are used, for
    /// it depends on the time.
    ///
    /// # Errors
    /// A fault where there is no anchor, no revocation list, or one that is malformed.
    pub fn of_pem(anchors: &[u8], revocations: &[u8]) -> Result<Self, Fault> {
        let anchors = CertificateDer::pem_slice_iter(anchors).collect::<Result<Vec<_>, _>>();
        let anchors = anchors.map_err(|_| Fault::new("the label anchors are not certificates in PEM"))?;
        if anchors.is_empty() || anchors.len() > ANCHORS_MAX {
            return Err(Fault::new(format!("expected 1 to {ANCHORS_MAX} label anchors in PEM, found {}", anchors.len())));
        }
        for anchor in &anchors {
            anchor_from_trusted_cert(anchor).map_err(|cause| Fault::from_cause("a label anchor is refused", cause))?;
        }
        let lists = CertificateRevocationListDer::pem_slice_iter(revocations).collect::<Result<Vec<_>, _>>();
        let lists = lists.map_err(|_| Fault::new("the revocation lists of the label anchors are not in PEM"))?;
        if lists.is_empty() {
            return Err(Fault::new("expected a revocation list of the label anchors in PEM, found none"));
        }
        let read = |list: &CertificateRevocationListDer<'_>| OwnedCertRevocationList::from_der(list).map(CertRevocationList::Owned);
        let revocations = lists.iter().map(read).collect::<Result<Vec<_>, _>>();
        let revocations = revocations.map_err(|cause| Fault::from_cause("a revocation list of labels is refused", cause))?;
        let in_force = |list: &CertificateRevocationListDer<'_>| {
            let (_, list) = CertificateRevocationList::from_der(list).ok()?;
            Some([list.last_update().timestamp(), list.next_update()?.timestamp()])
        };
        let lists = lists.iter().map(in_force).collect::<Option<Vec<_>>>();
        let mut changes = lists.ok_or_else(|| Fault::new("a revocation list of labels does not say until when it is in force"))?.concat();
        for anchor in &anchors {
            changes.extend(life(anchor).ok_or_else(|| Fault::new("a label anchor is malformed"))?);
        }
        Ok(Self { anchors, revocations, changes, judged: Mutex::default() })
    }

    /// The signer to whom a chain belongs, leaf first, at a time.
    ///
    /// # Errors
    /// `label.binding_algorithm` for a key that is too weak, `label.binding_revoked`, `label.binding_certificate`.
    pub fn judge(&self, chain: &[Vec<u8>], now: Time) -> Result<Arc<Signer>, Refusal> {
        let seconds = now.unix_ms().div_euclid(1000);
        // The answer depends on chain, anchors, lists and time alone, so remembering it changes nothing but the work.
        let known = |judged: &&Judged| judged.chain == chain && judged.after < seconds && seconds < judged.before;
        if let Some(judged) = self.remembered().iter().find(known) {
            return Ok(Arc::clone(&judged.signer));
        }
        let signer = Arc::new(self.judge_anew(chain, seconds)?);
        let lives = chain.iter().map(|der| life(der)).collect::<Option<Vec<_>>>().ok_or_else(|| refused("expected certificates with a life"))?;
        let changes = || self.changes.iter().chain(lives.iter().flatten()).copied();
        if changes().all(|change| change != seconds) {
            let after = changes().filter(|change| *change < seconds).max().unwrap_or(seconds);
            let before = changes().filter(|change| *change > seconds).min().unwrap_or(seconds);
            let mut remembered = self.remembered();
            if remembered.len() >= JUDGED_MAX {
                remembered.clear();
            }
            remembered.push(Judged { chain: chain.to_vec(), after, before, signer: Arc::clone(&signer) });
        }
        Ok(signer)
    }

    /// A lock that another thread's panic does not close: what is remembered is whole.
    fn remembered(&self) -> MutexGuard<'_, Vec<Judged>> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge_anew(&self, chain: &[Vec<u8>], seconds: i64) -> Result<Signer, Refusal> {
        let (leaf, above) = chain.split_first().ok_or_else(|| refused("expected the signer's certificate"))?;
        identity::signer(leaf, seconds).map_err(objected)?;
        let leaf_der = CertificateDer::from(leaf.as_slice());
        let above: Vec<CertificateDer<'_>> = above.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        above.iter().try_for_each(|der| identity::authority(der, seconds)).map_err(objected)?;
        // An anchor that is out of force, or is no authority, is as none: the others may still do.
        let in_force = self.anchors.iter().filter(|anchor| identity::authority(anchor, seconds).is_ok());
        let anchors: Vec<TrustAnchor<'_>> = in_force.filter_map(|anchor| anchor_from_trusted_cert(anchor).ok()).collect();
        let lists: Vec<&CertRevocationList<'_>> = self.revocations.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists).map_err(|_| unrevokable())?;
        let revocation = revocation
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(UnknownStatusPolicy::Deny)
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build();
        let time = u64::try_from(seconds).map_err(|_| refused("expected a time after 1970"))?;
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(time));
        let certificate = EndEntityCert::try_from(&leaf_der).map_err(|_| refused("expected one X.509 certificate in DER"))?;
        let algorithms = [
            verification::ECDSA_P256_SHA256,
            verification::ECDSA_P384_SHA384,
            verification::ECDSA_P384_SHA256,
            verification::RSA_PKCS1_2048_8192_SHA256,
            verification::RSA_PKCS1_2048_8192_SHA384,
            verification::RSA_PKCS1_2048_8192_SHA512,
            verification::ED25519,
        ];
        let usage = KeyUsage::required_if_present(identity::DOCUMENT_SIGNING);
        certificate.verify_for_usage(&algorithms, &anchors, &above, time, usage, Some(revocation), None).map_err(|error| match error {
            Error::CertRevoked => Refusal::new(Reason::LabelBindingRevoked, "expected a certificate that is not revoked"),
            Error::UnknownRevocationStatus | Error::CrlExpired { .. } => unrevokable(),
            _ => refused("expected a chain to a label anchor of the sender's domain that is in force"),
        })?;
        key_of(leaf)
    }
}

/// When a certificate comes into force and when it ends, in seconds since 1970.
fn life(der: &[u8]) -> Option<[i64; 2]> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some([certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp()])
}

/// The key in a certificate.
///
/// # Errors
/// `label.binding_certificate`, `label.binding_algorithm`.
pub fn key_of(leaf: &[u8]) -> Result<Signer, Refusal> {
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|_| refused("expected one X.509 certificate in DER"))?;
    let info = certificate.public_key();
    let algorithm = info.algorithm.algorithm.to_id_string();
    let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok()).map(|oid| oid.to_id_string());
    let family = match (algorithm.as_str(), curve.as_deref()) {
        ("1.2.840.113549.1.1.1", _) => Family::Rsa,
        ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => Family::P256,
        ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => Family::P384,
        ("1.3.101.112", _) => Family::Ed25519,
        _ => return Err(objected(Objection::Key)),
    };
    Ok(Signer { family, key: info.subject_public_key.data.to_vec(), name: certificate.subject().to_string(), parsed: Default::default() })
}

fn objected(objection: Objection) -> Refusal {
    let reason = if objection == Objection::Key { Reason::LabelBindingAlgorithm } else { Reason::LabelBindingCertificate };
    match objection {
        Objection::Purpose => refused("expected a certificate for signing documents and for nothing else"),
        _ => Refusal::new(reason, objection.sentence()),
    }
}

fn refused(expected: &str) -> Refusal {
    Refusal::new(Reason::LabelBindingCertificate, expected)
}

fn unrevokable() -> Refusal {
    Refusal::new(Reason::LabelBindingRevoked, "expected a revocation list in force that speaks about the signer's certificate")
}
