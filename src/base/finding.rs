//! A finding: what a filter found, where, how grave, and what its rule asks for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Outcome, Reason, Span, on_one_line};

/// How grave a finding is; orders the work of reviewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look.
    Medium,
    /// Must be looked at.
    High,
    /// Must never leave.
    Critical,
}

impl Severity {
    /// Each with its word, the least grave first.
    pub const WORDS: [(&'static str, Self); 4] = [("low", Self::Low), ("medium", Self::Medium), ("high", Self::High), ("critical", Self::Critical)];

    /// The word, as rule files and the journal spell it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What a rule asks for where it matches. Ordered from the mildest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Report only.
    Note,
    /// Take the field away, or the matched text where the rule is about text; the rest goes on.
    Strip,
    /// Hold for people.
    Hold,
    /// Refuse the message.
    Refuse,
}

impl Action {
    /// The word, as rule files spell it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Strip => "strip",
            Self::Hold => "hold",
            Self::Refuse => "refuse",
        }
    }

    /// The outcome that this action leads to.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Note | Self::Strip => Outcome::Forward,
            Self::Hold => Outcome::Quarantine,
            Self::Refuse => Outcome::Reject,
        }
    }
}

/// One thing that a filter found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The row of the reason table.
    pub code: Reason,
    /// The rule that spoke: `file:line`, a rule name, or empty for rules in code.
    pub rule: Arc<str>,
    /// Path in the normal form.
    pub path: String,
    /// Bytes of the original body.
    pub span: Option<Span>,
    /// How grave.
    pub severity: Severity,
    /// What the rule asks for.
    pub action: Action,
    /// One lower-case line for people, without message content.
    pub text: String,
}

impl Finding {
    /// What reviewers and their signatures call it: code, rule and path, on one line.
    #[must_use]
    pub fn name(&self) -> String {
        on_one_line(&format!("{} {} {}", self.code, self.rule, self.path))
    }
}
