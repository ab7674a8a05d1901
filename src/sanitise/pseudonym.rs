//! Pseudonyms: HMAC-SHA-256 over recipient and value, 80 bits of it in base32.
//!
//! The same value gives the same pseudonym for the same recipient in every message and field, so that a track and the links to it still
//! belong together there; two recipients cannot compare theirs. Whoever holds the key can find a value again, by trying.
//! The path is deliberately not a part of it: a uid is the same thing in `/event/@uid` and in `/event/detail/link/@uid`.

use aws_lc_rs::hmac;

/// Keys that sanitising needs; given by the caller, as this room holds nothing.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'k> {
    /// HMAC-SHA-256 key of pseudonyms. Another key is another set of pseudonyms.
    pub pseudonym: &'k hmac::Key,
}

/// The pseudonyms of one recipient.
#[derive(Debug)]
pub(super) struct Pseudonyms<'k> {
    key: &'k hmac::Key,
    recipient: &'k str,
}

/// Says what the code is over, so that the key can serve nothing else by mistake.
const PURPOSE: &[u8] = b"vestibule pseudonym 1\0";

/// Bytes of the code that are kept: 10 (80 bits), 16 characters. Two of a million values collide with a chance below one in a trillion.
const BYTES: usize = 10;

impl<'k> Pseudonyms<'k> {
    pub(super) const fn new(keys: &Keys<'k>, recipient: &'k str) -> Self {
        Self { key: keys.pseudonym, recipient }
    }

    /// The pseudonym of a value: 16 of `A-Z2-7`.
    pub(super) fn of(&self, value: &str) -> String {
        let mut context = hmac::Context::with_key(self.key);
        context.update(PURPOSE);
        // Names hold no null, so the two parts cannot be cut in two ways.
        context.update(self.recipient.as_bytes());
        context.update(b"\0");
        context.update(value.as_bytes());
        base32(context.sign().as_ref().get(..BYTES).unwrap_or_default())
    }
}

/// SPEC: RFC 4648, section 6, for whole groups of five bytes, so without padding.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = bytes.chunks(5).flat_map(|group| {
        let bits = group.iter().fold(0_u64, |bits, &byte| (bits << 8) | u64::from(byte));
        (0..8_u32).rev().map(move |at| usize::try_from((bits >> at.saturating_mul(5)) & 31).unwrap_or_default())
    });
    letters.filter_map(|at| ALPHABET.get(at)).map(|&letter| char::from(letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: u8, recipient: &str, value: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[key; 32]);
        Pseudonyms::new(&Keys { pseudonym: &key }, recipient).of(value)
    }

    #[test]
    fn pseudonyms_are_stable_for_a_recipient_and_differ_between_recipients_values_and_keys() {
        let first = of(1, "nato-hq", "ANDROID-1");
        assert_eq!(first, of(1, "nato-hq", "ANDROID-1"));
        for other in [of(1, "deu-ops", "ANDROID-1"), of(1, "nato-hq", "ANDROID-2"), of(2, "nato-hq", "ANDROID-1"), of(1, "nato-h", "qANDROID-1")] {
            assert_ne!(first, other);
        }
        assert!(first.len() == 16 && first.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)));
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        // SPEC: RFC 4648, section 10, and one more.
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        assert_eq!(base32(&[0xFF; 10]), "7777777777777777");
        assert_eq!(base32(&[0; 5]), "AAAAAAAA");
    }
}
