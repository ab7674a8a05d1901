//! Figures of review, as the head of an office sees them: plain data, part of the contract of the desk.

use serde::{Deserialize, Serialize};

/// How well and how fast people review.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Quality {
    /// Items decided, median and 95th percentile of seconds from first look to decision, by officer.
    pub officers: Vec<OfficerFigures>,
    /// Items, agreement of two persons in percent, seconds spent, by rule; the one that costs most time first.
    pub rules: Vec<RuleFigures>,
    /// Known items that people decided on, and how many of them as known.
    pub seeded: (u64, u64),
    /// Known items that nobody decided on in time.
    #[serde(default)]
    pub seeds_expired: u64,
    /// Each known item that was decided on, the one with most wrong answers first. What waits is not shown.
    #[serde(default)]
    pub seeds: Vec<SeedFigures>,
}

/// Figures of one known item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeedFigures {
    /// Its file.
    pub file: String,
    /// Code and rule that held it.
    pub rule: String,
    /// The right answer.
    pub expected: String,
    /// Answers, and how many of them were right.
    pub answers: (u64, u64),
    /// Median of seconds from first look to decision.
    pub seconds_median: u64,
}

/// Figures of one officer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OfficerFigures {
    /// Who.
    pub officer: String,
    /// Items decided.
    pub items: u64,
    /// Median of seconds from first look to decision.
    pub seconds_median: u64,
    /// 95th percentile of them.
    pub seconds_p95: u64,
    /// Seeded items decided, and how many of them as known.
    pub seeded: (u64, u64),
    /// Median of seconds for one of them.
    #[serde(default)]
    pub seeded_seconds: u64,
}

/// Figures of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleFigures {
    /// Code and rule.
    pub rule: String,
    /// Items that it held and people decided.
    pub items: u64,
    /// Of them, released.
    pub released: u64,
    /// Pairs of choices, and how many of them agreed.
    pub pairs: (u64, u64),
    /// Seconds that people spent.
    pub seconds: u64,
    /// Answers to known items that it held, and how many of them were right.
    #[serde(default)]
    pub seeded: (u64, u64),
}
