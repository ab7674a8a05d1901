//! The algorithms of signatures that this guard takes: an allow-list, asked before anything is computed.
// SPEC: ADatP-4778.2, cryptographic artefacts; XML Signature 1.1, section 6; RFC 9231.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};

use super::trust::Signer;
use crate::base::{Reason, Refusal};

/// A digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
}

impl Digest {
    /// The digest of this name.
    ///
    /// # Errors
    /// `label.binding_algorithm`.
    pub fn named(uri: &str) -> Result<Self, Refusal> {
        match uri {
            "http://www.w3.org/2001/04/xmlenc#sha256" => Ok(Self::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Ok(Self::Sha384),
            _ => Err(Refusal::new(Reason::LabelBindingAlgorithm, "expected SHA-256 or SHA-384 as digest")),
        }
    }

    /// Bytes of its value.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// Whether `value` is the digest of `data`.
    #[must_use]
    pub fn is_of(self, value: &[u8], data: &[u8]) -> bool {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
        };
        digest::digest(algorithm, data).as_ref() == value
    }
}

/// What kind of key a signature is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// RSA of at least 2,048 bits.
    Rsa,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// Edwards curve 25519.
    Ed25519,
}

/// A signature algorithm: one row.
#[derive(Debug)]
pub struct Algorithm {
    uri: &'static str,
    family: Family,
    verification: &'static dyn VerificationAlgorithm,
}

/// How many algorithms are taken: 7.
pub(super) const ALGORITHMS_MAX: usize = ALGORITHMS.len();

/// The algorithms that are taken. XML signatures of ECDSA are the two numbers side by side, not DER; RSA-PSS has a salt as long as the digest.
static ALGORITHMS: [Algorithm; 7] = [
    Algorithm { uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", family: Family::P256, verification: &signature::ECDSA_P256_SHA256_FIXED },
    Algorithm { uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", family: Family::P384, verification: &signature::ECDSA_P384_SHA384_FIXED },
    Algorithm { uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", family: Family::Rsa, verification: &signature::RSA_PKCS1_2048_8192_SHA256 },
    Algorithm { uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", family: Family::Rsa, verification: &signature::RSA_PKCS1_2048_8192_SHA384 },
    Algorithm {
        uri: "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        family: Family::Rsa,
        verification: &signature::RSA_PSS_2048_8192_SHA256,
    },
    Algorithm {
        uri: "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
        family: Family::Rsa,
        verification: &signature::RSA_PSS_2048_8192_SHA384,
    },
    Algorithm { uri: "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519", family: Family::Ed25519, verification: &signature::ED25519 },
];

impl Algorithm {
    /// The algorithm of this name.
    ///
    /// # Errors
    /// `label.binding_shared` for one with a shared key, `label.binding_algorithm` for any other that is not in the list.
    pub fn named(uri: &str) -> Result<&'static Self, Refusal> {
        if uri.contains("hmac") || uri.contains("-mac") {
            return Err(Refusal::new(Reason::LabelBindingShared, "expected a signature with a private key, found a code with a shared one"));
        }
        let found = ALGORITHMS.iter().find(|algorithm| algorithm.uri == uri);
        found.ok_or_else(|| {
            Refusal::new(Reason::LabelBindingAlgorithm, "expected ECDSA on P-256 or P-384, RSA or RSA-PSS, with SHA-256 or SHA-384, or Ed25519")
        })
    }

    /// Whether `value` is a signature over `data` by the key in the signer's certificate.
    ///
    /// # Errors
    /// `label.binding_algorithm` where the key is of another family, `label.binding_value` where the signature is not the key's.
    pub fn verify(&self, signer: &Signer, data: &[u8], value: &[u8]) -> Result<(), Refusal> {
        if signer.family != self.family {
            return Err(Refusal::new(Reason::LabelBindingAlgorithm, "expected the algorithm of the key in the signer's certificate"));
        }
        let place = ALGORITHMS.iter().position(|algorithm| algorithm.uri == self.uri);
        let key = place.and_then(|place| signer.parsed(place, || ParsedPublicKey::new(self.verification, &signer.key).ok()));
        let held = key.is_some_and(|key| key.verify_sig(data, value).is_ok());
        if held { Ok(()) } else { Err(Refusal::new(Reason::LabelBindingValue, "expected a signature by the key in the signer's certificate")) }
    }
}
