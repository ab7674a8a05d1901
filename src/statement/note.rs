//! Signed notes: text under Ed25519 signatures, in a form that people can read and paste (C2SP signed-note).
//!
//! Takes a text and a key, gives the note; takes a note and a verifier key, gives the text that was signed. Two signature
//! types, Ed25519 (0x01) and, for keys of certificates, ECDSA over P-256 and SHA-256 in DER (0x02); signatures of other keys are passed over, a wrong
//! signature of the known key refuses the note.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::base::{Digest, Fault};

/// Signature type Ed25519.
const ED25519_TYPE: u8 = 1;
/// Signature type ECDSA.
const ECDSA_TYPE: u8 = 2;
/// Bytes of a note at most: 64 KiB, room for some hundred signatures.
const NOTE_BYTES_MAX: usize = 64 * 1024;

/// What verifies notes: a name and a public key. Its text form, `name+hash+key`, is what partners are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    public: Vec<u8>,
}

/// What kind of key verifies a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519: the 32 bytes of RFC 8032.
    Ed25519,
    /// ECDSA over P-256: the uncompressed point, 65 bytes (SEC 1, section 2.3.3).
    P256,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => ED25519_TYPE,
            Self::P256 => ECDSA_TYPE,
        }
    }

    fn algorithm(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Ed25519 => &ED25519,
            Self::P256 => &ECDSA_P256_SHA256_ASN1,
        }
    }
}

impl VerifierKey {
    /// The verifier of a key that stands elsewhere, such as in a certificate.
    ///
    /// # Errors
    /// One line: where the name does not fit, or the key has not the length of its kind.
    pub fn of(name: &str, kind: KeyKind, public: &[u8]) -> Result<Self, String> {
        check_name(name)?;
        let length = match kind {
            KeyKind::Ed25519 => 32,
            KeyKind::P256 => 65,
        };
        match public.len() == length {
            true => Ok(Self { name: name.to_owned(), kind, public: public.to_vec() }),
            false => Err(format!("expected a key of {length} bytes, found {}", public.len())),
        }
    }

    /// The name, which is also the origin of checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key, as its kind says.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Whether it is the key of another, whatever both are called.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        (self.kind, &self.public) == (other.kind, &other.public)
    }

    /// A note under a signature that the owner of this key made over the text, which must end with a line feed.
    #[must_use]
    pub fn note(&self, text: &str, signature: &[u8]) -> String {
        let signature = [self.key_id().as_slice(), signature].concat();
        format!("{text}\n\u{2014} {} {}\n", self.name, STANDARD.encode(signature))
    }

    // SPEC: C2SP signed-note, "Signatures": SHA-256(name || 0x0A || type || key)[:4].
    fn key_id(&self) -> [u8; 4] {
        let Digest([a, b, c, d, ..]) = Digest::of(&[self.name.as_bytes(), b"\n", &[self.kind.byte()], &self.public].concat());
        [a, b, c, d]
    }

    /// The text that was signed.
    ///
    /// # Errors
    /// One line that says what is wrong with the note.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, String> {
        let (text, signatures) = cut(note)?;
        let mut signed = false;
        for line in signatures.lines() {
            let (name, signature) = cut_signature(line)?;
            let Some((id, signature)) = signature.split_first_chunk::<4>() else { return Err("a signature of the note is too short".to_owned()) };
            // SPEC: C2SP signed-note: signatures of unknown keys are ignored, those of known keys must verify.
            if name == self.name && *id == self.key_id() {
                UnparsedPublicKey::new(self.kind.algorithm(), &self.public)
                    .verify(text.as_bytes(), signature)
                    .map_err(|_| format!("the signature of `{}` is wrong", self.name))?;
                signed = true;
            }
        }
        if signed { Ok(text) } else { Err(format!("the note has no signature of `{}`", self.name)) }
    }
}

impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = STANDARD.encode([&[self.kind.byte()], self.public.as_slice()].concat());
        write!(f, "{}+{:08x}+{key}", self.name, u32::from_be_bytes(self.key_id()))
    }
}

impl std::str::FromStr for VerifierKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "expected a verifier key as `name+hash+key` with an Ed25519 key".to_owned();
        let (name, hash, key) =
            text.split_once('+').and_then(|(name, rest)| rest.split_once('+').map(|(hash, key)| (name, hash, key))).ok_or_else(wrong)?;
        let key = STANDARD.decode(key).map_err(|_| wrong())?;
        let public = key.strip_prefix(&[ED25519_TYPE]).filter(|key| key.len() == 32).ok_or_else(wrong)?;
        let out = Self::of(name, KeyKind::Ed25519, public)?;
        match hash == format!("{:08x}", u32::from_be_bytes(out.key_id())) {
            true => Ok(out),
            false => Err("the hash of the verifier key is not that of its name and key; copy it again".to_owned()),
        }
    }
}

/// What signs notes.
pub struct SignerKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

impl std::fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignerKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl SignerKey {
    /// The key of a seed, with the text of its key file. `name` should be an address that its owner controls, with a path.
    ///
    /// # Errors
    /// Where the name does not fit.
    pub fn made(name: &str, seed: &[u8; 32]) -> Result<(Self, Zeroizing<String>), Fault> {
        let made = Self::of_seed(name, seed)?;
        let key = Zeroizing::new([&[ED25519_TYPE], seed.as_slice()].concat());
        let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
        let text = format!("PRIVATE+KEY+{name}+{:08x}+{}\n", u32::from_be_bytes(made.verifier.key_id()), encoded.as_str());
        Ok((made, Zeroizing::new(text)))
    }

    /// Reads the text of a key file, without its last line feed.
    ///
    /// # Errors
    /// One line that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "expected `PRIVATE+KEY+name+hash+key` with an Ed25519 key".to_owned();
        let mut parts = text.strip_prefix("PRIVATE+KEY+").ok_or_else(wrong)?.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(wrong()) };
        let key = Zeroizing::new(STANDARD.decode(key).map_err(|_| wrong())?);
        let seed = key.strip_prefix(&[ED25519_TYPE]).and_then(|seed| <[u8; 32]>::try_from(seed).ok()).map(Zeroizing::new).ok_or_else(wrong)?;
        let out = Self::of_seed(name, &seed).map_err(|e| e.what)?;
        match hash == format!("{:08x}", u32::from_be_bytes(out.verifier.key_id())) {
            true => Ok(out),
            false => Err("its hash is not that of its name and key".to_owned()),
        }
    }

    /// The same key under another name.
    #[cfg(test)]
    pub(crate) fn named(&self, name: &str) -> Result<Self, Fault> {
        let verifier = VerifierKey { name: name.to_owned(), ..self.verifier.clone() };
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(self.pair.to_pkcs8v1().map_err(|_| Fault::new("no key"))?.as_ref());
        Ok(Self { pair: pair.map_err(|_| Fault::new("no key"))?, verifier })
    }

    fn of_seed(name: &str, seed: &[u8; 32]) -> Result<Self, Fault> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| Fault::new("the seed is no Ed25519 key"))?;
        let verifier = VerifierKey::of(name, KeyKind::Ed25519, pair.public_key().as_ref()).map_err(Fault::new)?;
        Ok(Self { pair, verifier })
    }

    /// What verifies the notes of this key.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text, which must end with a line feed.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        self.verifier.note(text, self.pair.sign(text.as_bytes()).as_ref())
    }
}

// SPEC: C2SP signed-note, "Format": key names are not empty and hold no Unicode space and no plus.
fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > 256 || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(format!("expected a key name of 1 to 256 characters without space or `+`, found `{}`", name.escape_default()));
    }
    Ok(())
}

/// Text and signature lines, parted at the last empty line.
fn cut(note: &str) -> Result<(&str, &str), String> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(format!("the note is longer than {NOTE_BYTES_MAX} bytes"));
    }
    if note.chars().any(|c| c < ' ' && c != '\n') {
        return Err("the note holds a control character".to_owned());
    }
    let at = note.rfind("\n\n").ok_or("the note has no signature")?;
    let (text, rest) = note.split_at_checked(at.saturating_add(1)).ok_or("the note has no signature")?;
    let signatures =
        rest.strip_prefix('\n').filter(|lines| !lines.is_empty() && lines.ends_with('\n')).ok_or("the note does not end with a signature line")?;
    Ok((text, signatures))
}

fn cut_signature(line: &str) -> Result<(&str, Vec<u8>), String> {
    let wrong = || "a signature line is not written as `\u{2014} name base64`".to_owned();
    let (name, signature) = line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' ')).ok_or_else(wrong)?;
    check_name(name)?;
    Ok((name, STANDARD.decode(signature).map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of golang.org/x/mod/sumdb/note, whose form C2SP signed-note specifies.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_published_note_verifies_and_is_signed_to_the_same_bytes() {
        let verifier: VerifierKey = VKEY.parse().unwrap();
        assert_eq!(verifier.open(NOTE).unwrap(), TEXT);
        let signer = SignerKey::parse(SKEY).unwrap();
        assert_eq!(signer.sign(TEXT), NOTE);
        assert_eq!(signer.verifier().to_string(), VKEY);
    }

    #[test]
    fn a_note_changed_anywhere_is_refused() {
        let verifier: VerifierKey = VKEY.parse().unwrap();
        for at in 0..NOTE.len() {
            let mut bytes = NOTE.as_bytes().to_vec();
            bytes[at] ^= 1;
            if let Ok(text) = String::from_utf8(bytes) {
                assert!(verifier.open(&text).is_err(), "byte {at}");
            }
        }
        for wrong in ["", "\n\n", TEXT, &format!("{NOTE}\n"), NOTE.strip_suffix('\n').unwrap(), &NOTE.replace('\n', "\r\n")] {
            assert!(verifier.open(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn signatures_of_others_are_passed_over_but_do_not_suffice() {
        let verifier: VerifierKey = VKEY.parse().unwrap();
        let other = SignerKey::of_seed("witness.example/w", &[7; 32]).unwrap();
        let line = other.sign(TEXT).rsplit_once("\n\n").unwrap().1.to_owned();
        assert_eq!(verifier.open(&format!("{NOTE}{line}")).unwrap(), TEXT);
        assert!(verifier.open(&other.sign(TEXT)).is_err());
        let same_name = SignerKey::of_seed("PeterNeumann", &[7; 32]).unwrap();
        assert!(verifier.open(&same_name.sign(TEXT)).is_err());
    }

    #[test]
    fn verifier_keys_with_a_wrong_hash_or_name_are_refused() {
        for wrong in ["", "a+b", &VKEY.replace("c74f", "c74e"), &VKEY.replace("Peter", "Pe er"), &VKEY.replace("ARpc", "AhpC")] {
            assert!(wrong.parse::<VerifierKey>().is_err(), "{wrong}");
        }
    }
}
