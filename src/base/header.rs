//! The header of a message: what the sender says about it, as carried by the link and kept by the journal.

use serde::{Deserialize, Serialize};

use super::{MessageId, Name, Time};

/// Precedence, ordered from the least to the most urgent (ACP 121 names).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Precedence {
    /// Normal traffic.
    Routine,
    /// Ahead of routine traffic.
    Priority,
    /// Ahead of priority traffic.
    Immediate,
    /// Ahead of everything.
    Flash,
}

impl Precedence {
    /// All precedences, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Flash, Self::Immediate, Self::Priority, Self::Routine];

    /// The word that users read and write.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Routine => "ROUTINE",
            Self::Priority => "PRIORITY",
            Self::Immediate => "IMMEDIATE",
            Self::Flash => "FLASH",
        }
    }
}

impl std::fmt::Display for Precedence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// Whether a message belongs to an exercise or to operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Traffic {
    /// Real operations.
    Operation,
    /// An exercise or simulation.
    Exercise,
}

impl Traffic {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Operation, Self::Exercise];
}

/// What the sender says about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Identity, given by the sender.
    pub id: MessageId,
    /// Urgency.
    pub precedence: Precedence,
    /// Peers or communities; 1 to 64.
    pub destinations: Vec<Name>,
    /// The claimed media type, such as `application/cot+xml`; empty where none is claimed.
    pub media_type: String,
    /// Exercise or operation.
    pub traffic: Traffic,
    /// When the sender sent it.
    pub sent: Time,
    /// A detached STANAG 4774 label in XML, where the body carries none.
    pub label: Option<String>,
}
