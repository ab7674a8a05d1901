//! A proposal: what the first half of the path claims about one message for one recipient, as plain data that crosses a wall.
//!
//! Nothing in it is believed: the second half reads original and result itself.

use minicbor::{Decode, Encode};

use super::Said;
use crate::label::Label;
use crate::normal::Edits;

/// What the first half claims.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Proposal {
    /// The format that the first reader found.
    #[n(0)]
    pub format: String,
    /// The edits that the result is declared to carry.
    #[n(1)]
    pub edits: Edits,
    /// The label that the first reader found and the first decision was made on.
    #[n(2)]
    pub label: Said,
    /// The label of what this recipient gets, on which the first half decided: the same where nothing is withheld.
    #[n(3)]
    pub released: Said,
    /// The detached label that is about to leave in the header.
    #[n(4)]
    pub detached: Option<String>,
    /// The bytes that are about to leave.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub result: Vec<u8>,
}

impl Proposal {
    /// A proposal of a result with its declared edits, under labels of the first half.
    #[must_use]
    pub fn new(format: &str, (result, edits): (Vec<u8>, Edits), (label, released): (&Label, &Label)) -> Self {
        Self { format: format.to_owned(), edits, label: Said::of(label), released: Said::of(released), detached: None, result }
    }

    /// The same with the detached label that is about to leave.
    #[must_use]
    pub fn beside(self, detached: Option<String>) -> Self {
        Self { detached, ..self }
    }
}
