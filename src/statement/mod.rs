//! Statements: what a party says over the link about its own information, signed: that it consents to a release, takes that back, withdraws what it
//! gave, or has heard of it.
//!
//! Takes texts and keys, gives [`Statement`]s that hold: every one is the one text that says it, under a signature of the party that it names. Which
//! message a statement is about, and whether it is still good, is decided elsewhere. Pure: the time is an argument of those who ask.

mod form;
mod note;
mod notice;

pub use form::{Consent, Recall, Request, ReturnClass, Says, Scope, Statement, Target, label_digest};
pub use note::{KeyKind, SignerKey, VerifierKey};
pub use notice::{Notice, notice};

use minicbor::{Decode, Encode};

/// The media type under which a statement crosses a link.
pub const MEDIA_TYPE: &str = "application/vestibule-statement";
/// Bytes of a statement at most: 8 KiB, room for 64 recipients.
pub const STATEMENT_BYTES_MAX: usize = 8 << 10;
/// Consents that are kept for use at once, at most: 4,096. Each is some 500 bytes, in memory and in what is asked of an inspector.
pub const CONSENTS_MAX: usize = 4096;

/// Where a consent stands, as the journal's keeper knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Standing {
    /// It may be used.
    #[n(0)]
    Good,
    /// Who gave it took it back.
    #[n(1)]
    Revoked,
    /// It was used as often as it allows.
    #[n(2)]
    Exhausted,
}

/// A consent as it is handed to those who decide: its signed text, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Grant {
    /// The signed note.
    #[n(0)]
    pub note: String,
    /// Where it stands.
    #[n(1)]
    pub standing: Standing,
}
