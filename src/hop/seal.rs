//! Seals: a key for each pair of parties, and tags over what one of them says to the other.
//!
//! Keys are derived from one secret of the gateway, so that what waits in the journal is still sealed after a restart. A process is given the keys of
//! its own pairs and never the secret.

use aws_lc_rs::{constant_time, hkdf, hmac};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::base::{Fault, Name};

/// A party to a hop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The door, as it speaks for and to one peer.
    Door(Name),
    /// Any inspector: they are of one kind, and a message may go to another after a crash.
    Inspector,
    /// The verifier.
    Verifier,
    /// The desk.
    Desk,
    /// The office that puts known items among what is held. It has a key for inspectors and none for the verifier: what it says can be shown, and never
    /// permitted.
    Office,
}

impl Party {
    fn spelt(&self) -> String {
        match self {
            Self::Door(peer) => format!("door {peer}"),
            Self::Inspector => "inspector".to_owned(),
            Self::Verifier => "verifier".to_owned(),
            Self::Desk => "desk".to_owned(),
            Self::Office => "office".to_owned(),
        }
    }
}

/// A tag over a stage: HMAC with SHA-256.
// SPEC: FIPS 198-1; RFC 2104.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Tag(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

/// The key of a pair. Its bytes cross to a process once, when it starts.
#[derive(Clone)]
pub struct HopKey {
    bytes: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for HopKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HopKey")
    }
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

impl HopKey {
    /// The key of what `from` says to `to`.
    ///
    /// # Errors
    /// None that the library causes for keys of this length.
    // SPEC: RFC 5869, with SHA-256 and the parties as info.
    pub fn derive(secret: &[u8], from: &Party, to: &Party) -> Result<Self, Fault> {
        let failed = |_| Fault::new("a key of a hop cannot be derived");
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"vestibule hop 1");
        let info = format!("{}\n{}", from.spelt(), to.spelt());
        let mut bytes = Zeroizing::new([0; 32]);
        salt.extract(secret).expand(&[info.as_bytes()], Length).and_then(|out| out.fill(bytes.as_mut())).map_err(failed)?;
        Ok(Self { bytes })
    }

    /// A key from its bytes, as a process is given it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes: Zeroizing::new(bytes) }
    }

    /// The bytes, for the process that is to hold them.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Seals the parts of a stage.
    #[must_use]
    pub fn seal(&self, stage: &str, parts: &[&[u8]]) -> Tag {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.bytes.as_ref()));
        for part in std::iter::once(stage.as_bytes()).chain(parts.iter().copied()) {
            // Lengths first: two lists of parts never give the same bytes.
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        Tag(tag)
    }

    /// Whether a tag is the seal of the parts of a stage.
    #[must_use]
    pub fn is_seal(&self, tag: &Tag, stage: &str, parts: &[&[u8]]) -> bool {
        constant_time::verify_slices_are_equal(&self.seal(stage, parts).0, &tag.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(from: &Party, to: &Party) -> HopKey {
        HopKey::derive(b"a secret of thirty-two bytes, all", from, to).unwrap()
    }

    #[test]
    fn a_seal_holds_for_its_pair_its_direction_its_stage_and_its_parts() {
        let door = Party::Door(Name::new("gbr-ops").unwrap());
        let other = Party::Door(Name::new("usa-ops").unwrap());
        let ours = key(&door, &Party::Verifier);
        let tag = ours.seal("received", &[b"a", b"bc"]);
        assert!(ours.is_seal(&tag, "received", &[b"a", b"bc"]));
        for parts in [&[b"ab".as_slice(), b"c"][..], &[b"abc"], &[b"a", b"bc", b""], &[]] {
            assert!(!ours.is_seal(&tag, "received", parts));
        }
        assert!(!ours.is_seal(&tag, "proposed", &[b"a", b"bc"]));
        for (from, to) in [(&Party::Verifier, &door), (&door, &Party::Inspector), (&other, &Party::Verifier), (&door, &Party::Desk)] {
            assert!(!key(from, to).is_seal(&tag, "received", &[b"a", b"bc"]), "{from:?} to {to:?}");
        }
        let elsewhere = HopKey::derive(b"another secret", &door, &Party::Verifier).unwrap();
        assert!(!elsewhere.is_seal(&tag, "received", &[b"a", b"bc"]));
    }

    #[test]
    fn every_bit_of_a_tag_counts_and_a_key_is_not_shown() {
        let ours = key(&Party::Inspector, &Party::Verifier);
        let tag = ours.seal("proposed", &[b"x"]);
        for at in 0..256 {
            let mut changed = tag;
            changed.0[at / 8] ^= 1 << (at % 8);
            assert!(!ours.is_seal(&changed, "proposed", &[b"x"]));
        }
        assert_eq!(format!("{ours:?}"), "HopKey");
        assert_eq!(HopKey::from_bytes(*ours.bytes()).seal("proposed", &[b"x"]), tag);
    }
}
