//! Whose key signs what an officer says: a bare key of `vestibule pki officer`, or the key of a certificate.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::audit::{CertifiedKey, SignerKey};
use crate::base::{Fault, Name};

/// The certificate of an officer, where the configuration names one in place of a key.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Certified {
    /// The officer's certificate (PEM); `--key` is then its key (PKCS #8 in PEM)
    #[arg(long, value_name = "FILE", requires_all = ["key", "officer"])]
    certificate: Option<PathBuf>,
    /// With `--certificate`: the officer's name in the configuration
    #[arg(long, value_name = "NAME", requires = "certificate")]
    officer: Option<Name>,
}

/// An officer's key.
#[derive(Debug)]
pub(super) struct Signer {
    officer: Name,
    key: Key,
}

#[derive(Debug)]
enum Key {
    Bare(SignerKey),
    Certified(CertifiedKey),
}

impl Certified {
    /// The officer's key.
    pub(super) fn signer(&self, key: &Path) -> Result<Signer, Failure> {
        if let (Some(certificate), Some(officer)) = (&self.certificate, &self.officer) {
            let key = CertifiedKey::open(certificate, key, officer.as_str())?;
            return Ok(Signer { officer: officer.clone(), key: Key::Certified(key) });
        }
        let key = SignerKey::open(key)?;
        let name = key.verifier().name();
        match Name::new(name) {
            Some(officer) => Ok(Signer { officer, key: Key::Bare(key) }),
            None => Err(Failure::Usage(format!("the key of `{name}` is no officer's; make one with `vestibule pki officer`"))),
        }
    }
}

impl Signer {
    /// Whose key it is.
    pub(super) const fn officer(&self) -> &Name {
        &self.officer
    }

    /// Signs a text, which must end with a line feed.
    pub(super) fn sign(&self, text: &str) -> Result<String, Fault> {
        match &self.key {
            Key::Bare(key) => Ok(key.sign(text)),
            Key::Certified(key) => key.sign(text),
        }
    }
}
