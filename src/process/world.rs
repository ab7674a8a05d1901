//! The world outside the path: clock, randomness, key files. The only place that reads them for the gateway.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::base::{Fault, MessageId, Time};
use crate::config;
use crate::label::Signer;
use crate::sandbox::Locked;
use crate::sanitise::Keys;

/// The time now.
#[must_use]
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // A clock before 1970 or beyond jiff's years reads as 1970: every date check then refuses.
    i64::try_from(since.as_millis()).ok().and_then(Time::from_unix_ms).unwrap_or(Time::EPOCH)
}

/// A fresh message identity.
///
/// # Errors
/// When the system gives no randomness.
pub fn fresh_id() -> Result<MessageId, Fault> {
    let mut random = [0_u8; 10];
    SystemRandom::new().fill(&mut random).map_err(|_unspecified| Fault::new("the system gives no randomness"))?;
    Ok(MessageId::from_parts(u64::try_from(now().unix_ms()).unwrap_or(0), random))
}

/// A number from 0 to one below `end`, which nobody can foresee; 0 where there is none below.
///
/// # Errors
/// When the system gives no randomness.
pub fn below(end: u32) -> Result<u32, Fault> {
    let mut random = [0_u8; 8];
    SystemRandom::new().fill(&mut random).map_err(|_unspecified| Fault::new("the system gives no randomness"))?;
    // Of 2^64 numbers the first ones come up once more than the last: for ends of 32 bits nobody can tell.
    let drawn = u64::from_be_bytes(random).checked_rem(u64::from(end)).unwrap_or(0);
    Ok(u32::try_from(drawn).unwrap_or(0))
}

/// The secret from which the keys of all hops are derived.
pub struct HopSecret {
    bytes: Locked,
}

impl HopSecret {
    /// Reads it: 32 bytes or more in a file that only its owner can read.
    ///
    /// # Errors
    /// When the file cannot be read, is too short, or is readable by others; when its memory cannot be locked.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        Locked::copy(&secret("hop", path)?).map(|bytes| Self { bytes })
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.bytes()
    }
}

/// Reads a secret of 32 bytes or more from a file that only its owner can read.
fn secret(what: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let bytes = closed(path, &format!("the {what} key"))?;
    match bytes.len() >= 32 {
        true => Ok(bytes),
        false => Err(Fault::new(format!("the {what} key `{}` has {} bytes; expected at least 32", path.display(), bytes.len()))),
    }
}

/// The key of pseudonyms, for the process that makes them.
///
/// # Errors
/// As [`Secrets::read`].
pub fn pseudonym_key(path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    secret("pseudonym", path)
}

/// Secrets that the path needs.
#[derive(Debug)]
pub struct Secrets {
    pseudonym: hmac::Key,
    signer: Option<Signer>,
}

impl Secrets {
    /// Reads what a configuration names: the pseudonym key, and the key that binds labels where there is one.
    ///
    /// # Errors
    /// As [`Self::read`]; when the binding key cannot be read, is readable by others, or is not that of its certificate.
    pub fn open(keys: &config::Keys) -> Result<Self, Fault> {
        let secrets = Self::read(&keys.pseudonym)?;
        match &keys.binding {
            Some(files) => Ok(secrets.with_signer(signer(files)?)),
            None => Ok(secrets),
        }
    }

    /// Reads the pseudonym key: 32 bytes or more in a file that only its owner can read.
    ///
    /// # Errors
    /// When the file cannot be read, is too short, or is readable by others.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        Ok(Self::from_bytes(&secret("pseudonym", path)?))
    }

    /// Secrets from bytes, for offline inspection and tests.
    #[must_use]
    pub fn from_bytes(pseudonym: &[u8]) -> Self {
        Self { pseudonym: hmac::Key::new(hmac::HMAC_SHA256, pseudonym), signer: None }
    }

    /// The same with a key that binds labels.
    #[must_use]
    pub fn with_signer(self, signer: Signer) -> Self {
        Self { signer: Some(signer), ..self }
    }

    /// The key that binds labels; none where the gateway has none.
    #[must_use]
    pub const fn signer(&self) -> Option<&Signer> {
        self.signer.as_ref()
    }

    /// The keys as the path takes them.
    #[must_use]
    pub const fn keys(&self) -> Keys<'_> {
        Keys { pseudonym: &self.pseudonym }
    }
}

/// Reads the key that binds labels, and its certificates.
///
/// # Errors
/// When a file cannot be read, the key is readable by others, or it is not that of the certificate.
pub fn signer(files: &config::Binding) -> Result<Signer, Fault> {
    let key = closed(&files.key, "the binding key")?;
    let shown = files.certificate.display();
    let certificates =
        std::fs::read(&files.certificate).map_err(|cause| Fault::from_cause(format!("cannot read the binding certificate `{shown}`"), cause))?;
    Signer::of_pem(&key, &certificates)
}

/// The bytes of a file that only its owner can read.
fn closed(path: &Path, what: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = path.display();
    let seen = |cause| Fault::from_cause(format!("cannot read {what} `{shown}`"), cause);
    let mode = std::fs::metadata(path).map_err(seen)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Fault::new(format!("{what} `{shown}` can be read by others; run `chmod 600 {shown}`")));
    }
    std::fs::read(path).map(Zeroizing::new).map_err(seen)
}
