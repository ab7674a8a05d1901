//! The gateway's own key for bindings: what it signs labels with when a recipient is to get them bound.
//!
//! Takes a key and the certificates above it, gives signatures. The same bytes have the same signature: a message that is replayed leaves
//! byte for byte as it left before, and the path needs no randomness. So the key is RSA (PKCS #1 v1.5, which every verifier of XML
//! signatures knows) or Ed25519 (which few know yet); ECDSA and RSA-PSS are taken from others and not made here.
// SPEC: RFC 8017, section 8.2; RFC 8032; RFC 9231.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::signature::algorithm::Family;
use super::signature::form::CERTIFICATES_MAX;
use super::signature::trust;
use crate::base::{Fault, Reason, Refusal, Time};
use crate::link::identity;

/// SHA-384: the digest that every reader of STANAG 4778 must know.
// SPEC: ADatP-4778.2, cryptographic artefacts.
pub const DIGEST: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
/// RSA of PKCS #1 v1.5 with SHA-256, which every reader of STANAG 4778 must know.
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// Ed25519.
pub const ED25519: &str = "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519";

/// A key that binds labels, with its certificate.
#[derive(Debug)]
pub struct Signer {
    key: Key,
    public: Vec<u8>,
    chain: Vec<Vec<u8>>,
}

#[derive(Debug)]
enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// A signer from its key (PKCS #8) and its certificates, its own first: both PEM.
    ///
    /// # Errors
    /// A fault where the key is neither RSA nor Ed25519, there is no certificate or too many, or the first is not the key's.
    pub fn of_pem(key: &[u8], certificates: &[u8]) -> Result<Self, Fault> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(key).map_err(|_| Fault::new("the binding key is not PKCS #8 in PEM"))?;
        let der = der.secret_pkcs8_der();
        let key = match (RsaKeyPair::from_pkcs8(der), Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)) {
            (Ok(pair), _) => Key::Rsa(pair),
            (_, Ok(pair)) => Key::Ed25519(pair),
            _ => {
                return Err(Fault::new(
                    "the binding key is neither RSA of 2048 bits and more nor Ed25519: a signature that is replayed must be the same",
                ));
            }
        };
        let chain = CertificateDer::pem_slice_iter(certificates).map(|read| read.map(|der| der.to_vec())).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| Fault::new("the binding certificates are not certificates in PEM"))?;
        let leaf = chain.first().filter(|_| chain.len() <= CERTIFICATES_MAX);
        let leaf = leaf.ok_or_else(|| Fault::new(format!("expected 1 to {CERTIFICATES_MAX} binding certificates in PEM, found {}", chain.len())))?;
        let named = trust::key_of(leaf).map_err(|refusal| Fault::new(format!("the binding certificate is refused: {}", refusal.detail)))?;
        let (family, public) = match &key {
            Key::Rsa(pair) => (Family::Rsa, pair.public_key().as_ref().to_vec()),
            Key::Ed25519(pair) => (Family::Ed25519, pair.public_key().as_ref().to_vec()),
        };
        if (named.family, named.key.as_slice()) != (family, public.as_slice()) {
            return Err(Fault::new("the binding key is not the key of the first binding certificate"));
        }
        Ok(Self { key, public, chain })
    }

    /// The name of the algorithm that it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) => RSA_SHA256,
            Key::Ed25519(_) => ED25519,
        }
    }

    /// The public key, as it stands in the certificate.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Its certificates in base64, its own first.
    pub fn certificates(&self) -> impl Iterator<Item = String> + '_ {
        self.chain.iter().map(|der| STANDARD.encode(der))
    }

    /// Whether its certificate keeps the profile of signers at a time, so that others will take what it signs.
    ///
    /// # Errors
    /// The objection.
    pub fn check(&self, now: Time) -> Result<(), identity::Objection> {
        let leaf = self.chain.first().ok_or(identity::Objection::Malformed)?;
        identity::signer(leaf, now.unix_ms().div_euclid(1000))
    }

    /// The signature over data: the same whenever it is asked for.
    ///
    /// # Errors
    /// `fault.internal` where the library gives none.
    pub fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let failed = || Refusal::new(Reason::FaultInternal, "expected a signature from the cryptographic library");
        match &self.key {
            Key::Rsa(pair) => {
                let mut value = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &digest::digest(&digest::SHA256, data), &mut value).map_err(|_| failed())?;
                Ok(value)
            }
            Key::Ed25519(pair) => Ok(pair.sign(data).as_ref().to_vec()),
        }
    }
}
