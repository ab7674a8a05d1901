//! The world outside the path: clock, randomness, key files. The only place that reads them for the gateway.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::base::{Fault, MessageId, Time};
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

/// The secret from which the keys of all hops are derived.
pub struct HopSecret {
    bytes: Zeroizing<Vec<u8>>,
}

impl HopSecret {
    /// Reads it: 32 bytes or more in a file that only its owner can read.
    ///
    /// # Errors
    /// When the file cannot be read, is too short, or is readable by others.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        Ok(Self { bytes: secret("hop", path)? })
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a secret of 32 bytes or more from a file that only its owner can read.
fn secret(what: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = path.display();
    let seen = |cause| Fault::from_cause(format!("cannot read the {what} key `{shown}`"), cause);
    let mode = std::fs::metadata(path).map_err(seen)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Fault::new(format!("the {what} key `{shown}` can be read by others; run `chmod 600 {shown}`")));
    }
    let bytes = Zeroizing::new(std::fs::read(path).map_err(seen)?);
    if bytes.len() < 32 {
        return Err(Fault::new(format!("the {what} key `{shown}` has {} bytes; expected at least 32", bytes.len())));
    }
    Ok(bytes)
}

/// The key of pseudonyms, for the process that makes them.
///
/// # Errors
/// As [`Secrets::read`].
pub fn pseudonym_key(path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    secret("pseudonym", path)
}

/// Secrets that transforms need.
#[derive(Debug)]
pub struct Secrets {
    pseudonym: hmac::Key,
}

impl Secrets {
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
        Self { pseudonym: hmac::Key::new(hmac::HMAC_SHA256, pseudonym) }
    }

    /// The keys as the path takes them.
    #[must_use]
    pub const fn keys(&self) -> Keys<'_> {
        Keys { pseudonym: &self.pseudonym }
    }
}
