//! Acts of officers, as plain data: what became of an edition, and which conditions were set.
//!
//! What they mean for a gateway (which edition is in force, what may come next) follows from all of them in order, in the room `control`.
//! They are few, and are found without reading what stands between them.

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::base::encoding::{maybe, word};
use crate::base::{Digest, Time};

/// What became of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// An officer's signature on it was taken.
    #[n(0)]
    Signed,
    /// It waits for its time.
    #[n(1)]
    Scheduled,
    /// It is in force from here on.
    #[n(2)]
    Activated,
    /// It was refused; what was in force stays.
    #[n(3)]
    Refused,
    /// It is in force as an emergency edition, until its time.
    #[n(4)]
    EmergencyBegun,
    /// The emergency is over: the edition that was in force before it is named here, and is in force again.
    #[n(5)]
    EmergencyEnded,
}

impl Step {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Scheduled => "scheduled",
            Self::Activated => "activated",
            Self::Refused => "refused",
            Self::EmergencyBegun => "emergency begun",
            Self::EmergencyEnded => "emergency ended",
        }
    }
}

/// An officer's signature, as the gateway found it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Hand {
    /// The officer.
    #[n(0)]
    pub officer: String,
    /// In which role.
    #[n(1)]
    pub role: String,
    /// The officer's public key, as the configuration had it.
    #[n(2)]
    pub key: String,
    /// When it was signed, as the officer says.
    #[cbor(n(3), with = "word")]
    pub signed: Time,
}

/// Something became of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EditionAct {
    /// What.
    #[n(0)]
    pub step: Step,
    /// The name of the rule set.
    #[n(1)]
    pub ruleset: String,
    /// The number of the edition, such as `2026.2`.
    #[n(2)]
    pub number: String,
    /// Its digest.
    #[cbor(n(3), with = "word")]
    pub digest: Digest,
    /// Who signed it.
    #[n(4)]
    pub hands: Vec<Hand>,
    /// From when it is to be in force, where that was later.
    #[cbor(n(5), with = "maybe")]
    pub from: Option<Time>,
    /// Until when, where it is an emergency edition.
    #[cbor(n(6), with = "maybe")]
    pub until: Option<Time>,
    /// The clauses in which an emergency edition may differ.
    #[n(7)]
    pub scope: Vec<String>,
    /// Why: the officers' reason, or why it was refused.
    #[n(8)]
    pub why: String,
    /// When.
    #[cbor(n(9), with = "word")]
    pub time: Time,
}

impl EditionAct {
    /// What people call the edition, such as `five-eyes 2026.2`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.ruleset, self.number)
    }
}

/// A condition was set.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ConditionAct {
    /// Which, such as `alert`.
    #[n(0)]
    pub name: String,
    /// What it is from here on.
    #[n(1)]
    pub value: String,
    /// Who signed it.
    #[n(2)]
    pub hand: Hand,
    /// Why.
    #[n(3)]
    pub why: String,
    /// When.
    #[cbor(n(4), with = "word")]
    pub time: Time,
}
