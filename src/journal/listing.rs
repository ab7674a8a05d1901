//! What lists for people give: pages of decisions in an order that people work in, what stands at one moment, and what reviewers did.

use serde::Serialize;

use super::{Counts, Due, Filter, MessageKey, Row, Verdict};
use crate::base::{Name, Precedence, Reason, Severity, Time};

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sequence {
    /// By acceptance, the newest first.
    #[default]
    Newest,
    /// What is held: the most urgent first, then the gravest, then what waits longest.
    Triage,
}

/// Where a decision stands in a list, in either order. As text it is opaque to whoever carries it from one page to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub(super) urgency: i64,
    pub(super) gravity: i64,
    pub(super) message: i64,
    pub(super) recipient: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}.{}", self.urgency, self.gravity, self.message, self.recipient)
    }
}

impl std::str::FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(4, '.');
        let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
        let numbers = (number(), number(), number());
        let recipient = parts.next().and_then(Name::new);
        match (numbers, recipient) {
            ((Some(urgency), Some(gravity), Some(message)), Some(recipient)) => {
                Ok(Self { urgency, gravity, message, recipient: recipient.to_string() })
            }
            _ => Err("expected the `next` of the page before".to_owned()),
        }
    }
}

/// Which page of which list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Which decisions.
    pub filter: Filter,
    /// Only those that this rule holds.
    pub rule: Option<String>,
    /// In which order.
    pub sequence: Sequence,
    /// The `next` of the page before.
    pub after: Option<Place>,
    /// Rows at most.
    pub rows: u32,
}

/// A decision, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedRow {
    /// The decision.
    #[serde(flatten)]
    pub row: Row,
    /// The rule that decided, where it is held; empty for rules in code.
    pub rule: String,
    /// The gravest of its findings, where it is held.
    pub severity: Option<Severity>,
    /// Choices on record.
    pub reviews: u64,
    /// The officer to whom it was passed last; empty where it was not.
    pub passed_to: String,
    /// Scheme and classification of its label; empty where none was validated.
    pub marking: String,
}

/// A page of a list. It may be shorter than was asked, and even empty, and still have a next one: a page reads a bounded number of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The rows.
    pub rows: Vec<ListedRow>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Place>,
    /// How many there are in all, where that is kept.
    pub total: Option<u64>,
}

/// What stands at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// Totals.
    pub counts: Counts,
    /// What is held, by precedence, the most urgent first.
    pub held: Vec<(Precedence, u64)>,
    /// What is due, by recipient.
    pub due: Vec<Due>,
    /// What was counted in each minute since the time that was asked for, oldest first.
    pub minutes: Vec<MinuteRow>,
    /// What has waited longest for delivery or review.
    pub stuck: Vec<ListedRow>,
    /// Known items among what is held: `held` and `stuck` have them, `counts` and `minutes` have not.
    pub seeds: Vec<OpenSeed>,
}

/// A known item that waits for reviewers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSeed {
    /// What names it.
    pub message: MessageKey,
    /// Index of its record.
    pub record: u64,
    /// For whom it is held.
    pub recipient: Name,
    /// Urgency.
    pub precedence: Precedence,
    /// Since when it waits.
    pub received: Time,
    /// The file that it was made from.
    pub file: String,
}

/// All known items, in brief.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seeds {
    /// Those that wait for reviewers.
    pub open: Vec<OpenSeed>,
    /// How many people decided on.
    pub decided: u64,
    /// How many nobody decided on in time.
    pub expired: u64,
}

impl Seeds {
    /// Whether a message is one of those that wait.
    #[must_use]
    pub fn waits(&self, message: &MessageKey) -> bool {
        self.open.iter().any(|one| one.message == *message)
    }
}

/// The right answer to a known item that is no secret any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedAnswer {
    /// The file that it was made from.
    pub file: String,
    /// The right answer.
    pub expected: Verdict,
}

/// What was counted in a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinuteRow {
    /// Its begin.
    pub time: Time,
    /// The sender.
    pub from: Name,
    /// The recipient; none for what concerns the sender alone.
    pub recipient: Option<Name>,
    /// An outcome, or `accepted` or `delivered`.
    pub what: String,
    /// How many.
    pub count: u64,
}

/// What is held for one code and rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alike {
    /// The code.
    pub code: Option<Reason>,
    /// The rule; empty for rules in code.
    pub rule: String,
    /// How many messages.
    pub count: u64,
    /// Since when the oldest waits.
    pub oldest: Option<Time>,
    /// The most urgent precedence.
    pub precedence: Precedence,
}

/// What a person did about a held message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewAct {
    /// The message, by the index of its acceptance.
    pub message: u64,
    /// For whom it was held.
    pub recipient: Name,
    /// Who.
    pub officer: String,
    /// `looked`, or the verdict.
    pub act: String,
    /// The code that held it.
    pub code: String,
    /// The rule that held it.
    pub rule: String,
    /// When.
    pub time: Time,
    /// The right answer, where it was a known item and is decided.
    pub seed: Option<SeedAnswer>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_nothing_else_is_one() {
        let place = Place { urgency: 2, gravity: 4, message: 99_000, recipient: "usa-ops.2".to_owned() };
        assert_eq!(place.to_string().parse(), Ok(place));
        for bad in ["", "1.2.3", "1.2.3.", "a.2.3.usa", "1.2.3.u sa", "99999999999999999999.1.1.usa"] {
            assert!(bad.parse::<Place>().is_err(), "{bad}");
        }
    }
}
