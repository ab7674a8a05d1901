//! The outcome of one message for one recipient, ordered from the mildest to the most restrictive.

use serde::{Deserialize, Serialize};

/// What happens to a message for one recipient.
///
/// The order is the order of restriction: the outcome of a message is the maximum over all steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Fresh bytes leave towards the recipient, with or without edits.
    Forward,
    /// Held until people decide.
    Quarantine,
    /// Not for this recipient; other recipients may get it.
    Withhold,
    /// Refused whole.
    Reject,
}

impl Outcome {
    /// The word that users read and write.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Quarantine => "quarantine",
            Self::Withhold => "withhold",
            Self::Reject => "reject",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
