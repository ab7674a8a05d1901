//! What hops say of consent: what an inspector finds wanting, and the statements of the gateway's own that the verifier lets leave.

use minicbor::{Decode, Encode};

use crate::base::encoding::word;
use crate::base::{Digest, MessageId, Name};
use crate::statement::ReturnClass;
use crate::verify::Said;

/// The consent for want of which a message is held for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Wanted {
    /// The recipient.
    #[cbor(n(0), with = "word")]
    pub recipient: Name,
    /// The third parties whose information it carries, by their codes.
    #[n(1)]
    pub origins: Vec<String>,
    /// The label of the message, as the inspector read it.
    #[n(2)]
    pub label: Said,
}

/// A copy of a message at one recipient, as the recipient knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Held {
    /// The identity under which it was delivered.
    #[cbor(n(0), with = "word")]
    pub id: MessageId,
    /// SHA-256 of what was delivered.
    #[cbor(n(1), with = "word")]
    pub digest: Digest,
}

/// A statement that the gateway sends by itself, about a message that a door sealed. The verifier writes it: the keeper only says which.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Notice {
    /// To ask a third party for its consent to the message's going to a recipient.
    #[n(0)]
    Request {
        /// The peer that is asked.
        #[cbor(n(0), with = "word")]
        to: Name,
        /// The party.
        #[cbor(n(1), with = "word")]
        of: Name,
        /// For whom the message is held.
        #[cbor(n(2), with = "word")]
        recipient: Name,
        /// The message's label.
        #[n(3)]
        label: Said,
    },
    /// To pass on a recall, which is the message itself, to a recipient of copies.
    #[n(1)]
    Recall {
        /// The recipient.
        #[cbor(n(0), with = "word")]
        to: Name,
        /// Its copies.
        #[n(1)]
        copies: Vec<Held>,
    },
    /// To tell the sender of the message that reviewers return it.
    #[n(2)]
    Return {
        /// The sender.
        #[cbor(n(0), with = "word")]
        to: Name,
        /// For whom it was held.
        #[cbor(n(1), with = "word")]
        recipient: Name,
        /// Why, in a word.
        #[n(2)]
        class: ReturnClass,
    },
}

impl Notice {
    /// To whom it goes.
    #[must_use]
    pub const fn to(&self) -> &Name {
        match self {
            Self::Request { to, .. } | Self::Recall { to, .. } | Self::Return { to, .. } => to,
        }
    }
}
