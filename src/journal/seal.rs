//! Sealed contents: AES-256-GCM over every body and output at rest, bound to the place where it belongs.
//!
//! A sealed content is `nonce (12) | ciphertext | tag (16)`. The associated data is the message, the recipient and the
//! digest, so a content that is moved to another row does not open. Keys come from files that only their owner reads.
//! The nonce is random: a key is good for 2^32 contents (SP 800-38D, section 8.3); then a new key is put first in the ring.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::MessageKey;
use crate::base::{Digest, Fault};

const PREFIX: &str = "vestibule-seal-1:";

/// A key that seals, with the identity that stands in each row.
pub struct SealKey {
    id: [u8; 8],
    key: RandomizedNonceKey,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealKey").finish_non_exhaustive()
    }
}

impl SealKey {
    /// Makes a key file, readable by its owner alone.
    ///
    /// # Errors
    /// Where the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<Self, Fault> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        aws_lc_rs::rand::fill(bytes.as_mut()).map_err(|_| Fault::new("the system gave no randomness for a key"))?;
        let text = Zeroizing::new(format!("{PREFIX}{}\n", Zeroizing::new(STANDARD.encode(bytes.as_ref())).as_str()));
        write_key_file(path, &text)?;
        Self::of_bytes(&bytes)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// Where it cannot be read, others than its owner may read it, or it holds no key.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let text = read_key_file(path)?;
        let mut bytes = Zeroizing::new([0_u8; 32]);
        let wrong = || Fault::new(format!("`{}` holds no sealing key; expected one line that begins with `{PREFIX}`", path.display()));
        let encoded = text.trim_end_matches('\n').strip_prefix(PREFIX).ok_or_else(wrong)?;
        let decoded = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| wrong())?);
        if decoded.len() != bytes.len() {
            return Err(wrong());
        }
        bytes.copy_from_slice(&decoded);
        Self::of_bytes(&bytes)
    }

    fn of_bytes(bytes: &[u8; 32]) -> Result<Self, Fault> {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        context.update(b"vestibule seal key id\0");
        context.update(bytes);
        let mut id = [0_u8; 8];
        id.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_| Fault::new("the sealing key is not of 32 bytes"))?;
        Ok(Self { id, key })
    }
}

/// Writes a new file that only its owner reads, durably.
///
/// # Errors
/// Where the file exists or cannot be written.
pub(crate) fn write_key_file(path: &Path, text: &str) -> Result<(), Fault> {
    let failed = |e| Fault::from_cause(format!("the key file `{}` cannot be made", path.display()), e);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// Reads a file that only its owner may read.
///
/// # Errors
/// Where it cannot be read, is no plain file, or others may read it.
pub(crate) fn read_key_file(path: &Path) -> Result<Zeroizing<String>, Fault> {
    let failed = |e| Fault::from_cause(format!("the key file `{}` cannot be read", path.display()), e);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 || !metadata.is_file() {
        return Err(Fault::new(format!("the key file `{}` has mode {mode:04o}; expected a plain file of mode 0600", path.display())));
    }
    let mut text = Zeroizing::new(String::with_capacity(4096));
    std::io::Read::read_to_string(&mut std::io::Read::take(&mut file, 4096), &mut text).map_err(failed)?;
    Ok(text)
}

/// The keys of a journal: the first one seals, all of them open.
#[derive(Debug)]
pub struct SealRing {
    first: SealKey,
    older: Vec<SealKey>,
}

/// A content as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::journal) struct Sealed {
    pub(in crate::journal) key_id: [u8; 8],
    pub(in crate::journal) bytes: Vec<u8>,
}

impl SealRing {
    /// A ring; `older` keys open what they sealed and seal nothing.
    #[must_use]
    pub const fn new(first: SealKey, older: Vec<SealKey>) -> Self {
        Self { first, older }
    }

    pub(in crate::journal) fn seal(&self, place: &Place<'_>, content: &[u8]) -> Result<Sealed, Fault> {
        let mut text = Vec::with_capacity(content.len().saturating_add(AES_256_GCM.tag_len()));
        text.extend_from_slice(content);
        let nonce =
            self.first.key.seal_in_place_append_tag(Aad::from(place.bytes()), &mut text).map_err(|_| Fault::new("a content cannot be sealed"))?;
        Ok(Sealed { key_id: self.first.id, bytes: [nonce.as_ref().as_slice(), &text].concat() })
    }

    pub(in crate::journal) fn open(&self, place: &Place<'_>, key_id: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let key = std::iter::once(&self.first)
            .chain(&self.older)
            .find(|key| key.id == key_id)
            .ok_or_else(|| Fault::new("a content is sealed with a key that this gateway was not given; add the older key file"))?;
        let wrong = || Fault::new("a sealed content does not open: it was changed or moved; run `vestibule audit verify`");
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut text = text.to_vec();
        let length = key.key.open_in_place(nonce, Aad::from(place.bytes()), &mut text).map_err(|_| wrong())?.len();
        text.truncate(length);
        // The digest stands in the record that the tree holds: whoever has the key still cannot pass off another content.
        if Digest::of(&text) == place.digest { Ok(text) } else { Err(wrong()) }
    }
}

/// Where a content belongs.
#[derive(Debug, Clone, Copy)]
pub(in crate::journal) struct Place<'k> {
    /// The message.
    pub(in crate::journal) message: &'k MessageKey,
    /// The recipient of an output; empty for the body.
    pub(in crate::journal) recipient: &'k str,
    /// The content's digest.
    pub(in crate::journal) digest: Digest,
}

impl Place<'_> {
    /// Unambiguous: names hold no zero byte, and the id has a fixed length.
    fn bytes(&self) -> Vec<u8> {
        [self.message.id.bytes().as_slice(), self.message.from.as_str().as_bytes(), &[0], self.recipient.as_bytes(), &[0], &self.digest.0].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::event::tests::accepted;

    fn ring(n: u8) -> SealRing {
        SealRing::new(SealKey::of_bytes(&[n; 32]).unwrap(), Vec::new())
    }

    #[test]
    fn a_content_opens_in_its_own_place_only() {
        let (key, other) = (accepted(1).key(), accepted(2).key());
        let digest = Digest::of(b"content");
        let place = Place { message: &key, recipient: "usa-ops", digest };
        let sealed = ring(1).seal(&place, b"content").unwrap();
        assert_eq!(ring(1).open(&place, &sealed.key_id, &sealed.bytes).unwrap(), b"content");
        for wrong in [
            Place { message: &other, ..place },
            Place { recipient: "", ..place },
            Place { recipient: "can-ops", ..place },
            Place { digest: Digest::of(b"other"), ..place },
        ] {
            assert!(ring(1).open(&wrong, &sealed.key_id, &sealed.bytes).is_err());
        }
    }

    #[test]
    fn a_changed_byte_or_another_key_does_not_open() {
        let key = accepted(1).key();
        let place = Place { message: &key, recipient: "", digest: Digest::of(b"content") };
        let sealed = ring(1).seal(&place, b"content").unwrap();
        for at in 0..sealed.bytes.len() {
            let mut changed = sealed.bytes.clone();
            changed[at] ^= 1;
            assert!(ring(1).open(&place, &sealed.key_id, &changed).is_err(), "byte {at}");
        }
        assert!(ring(1).open(&place, &sealed.key_id, &sealed.bytes[..5]).is_err());
        assert!(ring(2).open(&place, &sealed.key_id, &sealed.bytes).is_err());
        let turned = SealRing::new(SealKey::of_bytes(&[2; 32]).unwrap(), vec![SealKey::of_bytes(&[1; 32]).unwrap()]);
        assert_eq!(turned.open(&place, &sealed.key_id, &sealed.bytes).unwrap(), b"content");
    }

    #[test]
    fn the_same_content_never_seals_to_the_same_bytes() {
        let key = accepted(1).key();
        let place = Place { message: &key, recipient: "", digest: Digest::of(b"content") };
        assert_ne!(ring(1).seal(&place, b"content").unwrap(), ring(1).seal(&place, b"content").unwrap());
    }

    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let made = SealKey::create(&path).unwrap();
        assert_eq!(SealKey::open(&path).unwrap().id, made.id);
        assert!(SealKey::create(&path).is_err(), "an existing key must never be overwritten");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(SealKey::open(&path).unwrap_err().what.contains("0640"));
    }
}
