//! Identifiers: messages by UUIDv7, everything else by short names.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The identity of a message, given by its sender: a UUID version 7 (RFC 9562, section 5.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId([u8; 16]);

impl MessageId {
    /// Takes 16 bytes; `None` unless version is 7 and variant is 10.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        let uuid = uuid::Uuid::from_bytes(bytes);
        (uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122).then_some(Self(bytes))
    }

    /// An identity from a time and 10 random bytes, both given by the caller (this room has no clock).
    #[must_use]
    pub fn from_parts(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(*uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).as_uuid().as_bytes())
    }

    /// The 16 bytes, as on the wire.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Display for MessageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", uuid::Uuid::from_bytes(self.0))
    }
}

impl std::str::FromStr for MessageId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        uuid::Uuid::parse_str(text)
            .ok()
            .and_then(|uuid| Self::from_bytes(*uuid.as_bytes()))
            .ok_or_else(|| format!("expected a UUID of version 7, found `{text}`"))
    }
}

/// A short name of a peer, domain, community, clause or rule set: 1 to 64 of `a-z A-Z 0-9 . _ / + -`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// The greatest length, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// Takes a name; `None` if empty, too long or with any other character.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::BYTES_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/+-".contains(&b));
        fits.then(|| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text).ok_or_else(|| format!("expected 1 to 64 of `a-z A-Z 0-9 . _ / + -`, found `{text}`"))
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_version_seven_is_a_message_id() {
        assert!("018f2b6e-7c3a-7d2e-9c41-2f0a6b1c3d4e".parse::<MessageId>().is_ok());
        assert!("018f2b6e-7c3a-4d2e-9c41-2f0a6b1c3d4e".parse::<MessageId>().is_err());
        assert!(MessageId::from_bytes([0; 16]).is_none());
    }

    #[test]
    fn names_refuse_spaces_and_controls() {
        assert!(Name::new("gbr-ops").is_some());
        assert!(Name::new("gbr ops").is_none());
        assert!(Name::new("").is_none());
        assert!(Name::new(&"a".repeat(65)).is_none());
    }
}
