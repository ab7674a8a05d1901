//! Keys whose owner a certificate names: what officers sign with where their organisation issues certificates and not bare keys.
//!
//! Takes a certificate with its key, both PEM, and the officer's name; gives signed notes. ECDSA over P-256 or Ed25519, whatever the certificate has.
//! Whether the certificate counts is judged by who reads the note, not here.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::base::Fault;
use crate::journal::seal::read_key_file;
use crate::label::signature::algorithm::Family;
use crate::label::signature::trust::key_of;
use crate::statement::{KeyKind, VerifierKey};

/// A key with the certificate that names its owner.
pub struct CertifiedKey {
    pair: Pair,
    verifier: VerifierKey,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl std::fmt::Debug for CertifiedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertifiedKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// What verifies the notes of a certificate's owner, under the owner's name.
///
/// # Errors
/// One line: where the certificate is malformed, or its key is of another kind.
pub fn certified(certificate: &[u8], name: &str) -> Result<VerifierKey, String> {
    let signer = key_of(certificate).map_err(|refusal| refusal.to_string())?;
    let kind = match signer.family {
        Family::P256 => KeyKind::P256,
        Family::Ed25519 => KeyKind::Ed25519,
        Family::P384 | Family::Rsa => return Err("expected a certificate with a key of ECDSA over P-256 or of Ed25519".to_owned()),
    };
    VerifierKey::of(name, kind, &signer.key)
}

impl CertifiedKey {
    /// Reads a certificate, which may be followed by others, and its key (PKCS #8), which its owner alone may read.
    ///
    /// # Errors
    /// Where a file cannot be read or holds something else, or the two do not belong together.
    pub fn open(certificate: &Path, key: &Path, name: &str) -> Result<Self, Fault> {
        let pem = std::fs::read(certificate).map_err(|cause| Fault::from_cause(format!("`{}` cannot be read", certificate.display()), cause))?;
        let leaf = CertificateDer::from_pem_slice(&pem)
            .map_err(|cause| Fault::from_cause(format!("`{}` holds no certificate in PEM", certificate.display()), cause))?;
        let refused = |why: String| Fault::new(format!("the certificate `{}` does not fit: {why}", certificate.display()));
        let verifier = certified(&leaf, name).map_err(refused)?;
        let text = read_key_file(key)?;
        let wrong = || Fault::new(format!("`{}` holds no key in PKCS #8 and PEM of the kind that the certificate has", key.display()));
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| wrong())?;
        let pair = match verifier.kind() {
            KeyKind::Ed25519 => Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).map_err(|_| wrong())?),
            KeyKind::P256 => Pair::P256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.secret_pkcs8_der()).map_err(|_| wrong())?),
        };
        let public = match &pair {
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::P256(pair) => pair.public_key().as_ref(),
        };
        if public != verifier.public() {
            return Err(Fault::new(format!("the key `{}` is not that of the certificate `{}`", key.display(), certificate.display())));
        }
        Ok(Self { pair, verifier })
    }

    /// What verifies the notes of this key.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text, which must end with a line feed.
    ///
    /// # Errors
    /// The system gave no randomness.
    pub fn sign(&self, text: &str) -> Result<String, Fault> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(self.verifier.note(text, pair.sign(text.as_bytes()).as_ref())),
            Pair::P256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), text.as_bytes());
                let signature = signature.map_err(|_| Fault::new("the system gave no randomness for a signature"))?;
                Ok(self.verifier.note(text, signature.as_ref()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;
    use crate::link::pki::{Anchor, Use};

    #[test]
    fn a_certified_key_signs_what_its_certificate_verifies_and_fits_no_other_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let anchor = Anchor::make("officers", Time::parse("2026-11-23T10:00:00Z").unwrap(), 10).unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["ann", "bob"] {
            let issued = anchor.issue(&format!("{name}.officers.lab"), Use::Officer, Time::parse("2026-11-23T10:00:00Z").unwrap(), 5).unwrap();
            std::fs::write(at(&format!("{name}.pem")), issued.certificate).unwrap();
            crate::journal::seal::write_key_file(&at(&format!("{name}.key")), &issued.key).unwrap();
        }
        let ann = CertifiedKey::open(&at("ann.pem"), &at("ann.key"), "ann").unwrap();
        let note = ann.sign("text\n").unwrap();
        assert_eq!(ann.verifier().open(&note).unwrap(), "text\n");
        assert!(ann.verifier().open(&note.replace("text", "tent")).unwrap_err().contains("is wrong"));
        let bob = CertifiedKey::open(&at("bob.pem"), &at("bob.key"), "ann").unwrap();
        assert!(bob.verifier().open(&note).unwrap_err().contains("no signature of `ann`"));
        assert!(CertifiedKey::open(&at("ann.pem"), &at("bob.key"), "ann").unwrap_err().what.contains("is not that of the certificate"));
        assert!(CertifiedKey::open(&at("ann.key"), &at("ann.key"), "ann").is_err());
        assert!(CertifiedKey::open(&at("ann.pem"), &at("ann.pem"), "ann").is_err());
        assert!(CertifiedKey::open(&at("ann.pem"), &at("ann.key"), "a b").is_err());
    }
}
