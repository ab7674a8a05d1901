//! What was decided against what would be: one change a recipient, and totals for each partner.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Recorded;
use crate::base::{Digest, MessageId, Name, Outcome, Reason, Time};
use crate::journal::{Body, Decision};
use crate::pipeline::Ruling;

/// A ruling as the journal keeps it.
#[must_use]
pub fn decision(ruling: &Ruling) -> Decision {
    // Plain data without maps: serialising it cannot fail; if it did, the decision is kept with an empty list.
    let json = |value: serde_json::Result<String>| value.unwrap_or_else(|_| "[]".to_owned());
    Decision {
        recipient: ruling.recipient.clone(),
        outcome: ruling.outcome,
        code: ruling.code,
        clause: ruling.clause.clone(),
        findings: json(serde_json::to_string(&ruling.findings)),
        edits: json(serde_json::to_string(&ruling.edits)),
        output: ruling.output.as_ref().map(|verified| Body::new(verified.bytes())),
        permit: None,
    }
}

/// In what two decisions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// The outcome.
    Outcome,
    /// The reason that decides.
    Code,
    /// The clause.
    Clause,
    /// What is edited.
    Edits,
    /// The bytes that leave.
    Bytes,
}

impl Aspect {
    /// The word of reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Code => "code",
            Self::Clause => "clause",
            Self::Edits => "edits",
            Self::Bytes => "bytes",
        }
    }
}

/// One decision in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The outcome.
    pub outcome: Outcome,
    /// The reason that decides.
    pub code: Option<Reason>,
    /// The clause.
    pub clause: Option<Name>,
    /// What is edited: action and path.
    pub edits: Vec<String>,
    /// The digest of what leaves.
    pub digest: Option<Digest>,
}

impl Said {
    fn of(decision: &Decision) -> Self {
        #[derive(serde::Deserialize)]
        struct Edit {
            path: String,
            action: String,
        }
        let edits: Vec<Edit> = serde_json::from_str(&decision.edits).unwrap_or_default();
        Self {
            outcome: decision.outcome,
            code: decision.code,
            clause: decision.clause.clone(),
            edits: edits.into_iter().map(|edit| format!("{} {}", edit.action, edit.path)).collect(),
            digest: decision.output.as_ref().map(|body| body.digest),
        }
    }

    fn differs(&self, other: &Self) -> Vec<Aspect> {
        let aspects = [
            (Aspect::Outcome, self.outcome != other.outcome),
            (Aspect::Code, self.code != other.code),
            (Aspect::Clause, self.clause != other.clause),
            (Aspect::Edits, self.edits != other.edits),
            (Aspect::Bytes, self.digest != other.digest),
        ];
        aspects.into_iter().filter(|(_, differs)| *differs).map(|(aspect, _)| aspect).collect()
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.outcome.word())?;
        self.code.iter().try_for_each(|code| write!(f, " {code}"))?;
        self.clause.iter().try_for_each(|clause| write!(f, " under {clause}"))?;
        if self.edits.is_empty() { Ok(()) } else { write!(f, ", {} edits", self.edits.len()) }
    }
}

/// A decision that would be another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Index of the record of decision.
    pub record: u64,
    /// The time of the decision.
    pub time: Time,
    /// The sender.
    pub from: Name,
    /// The sender's id.
    pub id: MessageId,
    /// The recipient.
    pub to: Name,
    /// In what they differ.
    pub differs: Vec<Aspect>,
    /// What was decided; none where the recipient was not addressed.
    pub before: Option<Said>,
    /// What would be; none where the recipient would not be addressed.
    pub after: Option<Said>,
}

/// Totals for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Partner {
    /// Decisions.
    pub decisions: u64,
    /// Decisions that would be the same to the byte, findings and rules included.
    pub exact: u64,
    /// Decisions that would change.
    pub changed: u64,
    /// Those that would leave and did not.
    pub gained: u64,
    /// Those that left and would not.
    pub lost: u64,
    /// Outcomes before, by word.
    pub before: BTreeMap<&'static str, u64>,
    /// Outcomes after, by word.
    pub after: BTreeMap<&'static str, u64>,
    /// How many differ in each aspect.
    pub differs: BTreeMap<Aspect, u64>,
}

/// Totals of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Messages decided again; one that was reviewed counts once for each time that it was decided.
    pub messages: u64,
    /// Decisions that people made, which no rules can make again.
    pub by_people: u64,
    /// Decisions whose messages are no longer kept.
    pub dropped: u64,
    /// By recipient.
    pub partners: BTreeMap<Name, Partner>,
    /// Codes before and after.
    pub codes: BTreeMap<&'static str, (u64, u64)>,
    /// Decisions on record by the edition that was in force.
    pub editions: BTreeMap<String, u64>,
    /// Time of the first and of the last decision.
    pub span: Option<(Time, Time)>,
}

fn count(place: &mut u64) {
    *place = place.saturating_add(1);
}

impl Totals {
    /// Counts what became of one message, and gives what changed.
    pub(super) fn add(&mut self, recorded: &Recorded, before: &BTreeMap<Name, Decision>, after: &BTreeMap<Name, Decision>) -> Vec<Change> {
        count(&mut self.messages);
        count(self.editions.entry(recorded.edition.clone()).or_default());
        let (first, last) = self.span.unwrap_or((recorded.now, recorded.now));
        self.span = Some((first.min(recorded.now), last.max(recorded.now)));
        let mut names: Vec<&Name> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        names.into_iter().filter_map(|name| self.compare(recorded, name, before.get(name), after.get(name))).collect()
    }

    fn compare(&mut self, recorded: &Recorded, to: &Name, was: Option<&Decision>, is: Option<&Decision>) -> Option<Change> {
        let partner = self.partners.entry(to.clone()).or_default();
        let (before, after) = (was.map(Said::of), is.map(Said::of));
        count(&mut partner.decisions);
        let code = |said: &Option<Said>| said.as_ref().and_then(|said| said.code);
        code(&before).into_iter().for_each(|code| count(&mut self.codes.entry(code.code()).or_default().0));
        code(&after).into_iter().for_each(|code| count(&mut self.codes.entry(code.code()).or_default().1));
        let word = |said: &Option<Said>| said.as_ref().map_or("not addressed", |said| said.outcome.word());
        count(partner.before.entry(word(&before)).or_default());
        count(partner.after.entry(word(&after)).or_default());
        let leaves = |said: &Option<Said>| said.as_ref().is_some_and(|said| said.outcome == Outcome::Forward);
        match (leaves(&before), leaves(&after)) {
            (false, true) => count(&mut partner.gained),
            (true, false) => count(&mut partner.lost),
            _ => {}
        }
        let differs = match (&before, &after) {
            (Some(before), Some(after)) => before.differs(after),
            _ => vec![Aspect::Outcome],
        };
        if was.zip(is).is_some_and(|(was, is)| is_exact(was, is)) {
            count(&mut partner.exact);
        }
        if differs.is_empty() {
            return None;
        }
        count(&mut partner.changed);
        differs.iter().for_each(|aspect| count(partner.differs.entry(*aspect).or_default()));
        let (key, record) = (&recorded.key, recorded.record);
        Some(Change { record, time: recorded.now, from: key.from.clone(), id: key.id, to: to.clone(), differs, before, after })
    }

    /// Decisions that were made again, that would be the same to the byte, and that would change.
    #[must_use]
    pub fn sums(&self) -> (u64, u64, u64) {
        self.partners.values().fold((0, 0, 0), |(all, exact, changed), one| {
            (all.saturating_add(one.decisions), exact.saturating_add(one.exact), changed.saturating_add(one.changed))
        })
    }
}

/// Whether two decisions are the same to the byte, but for the permit, which is sealed for one process of one run.
fn is_exact(was: &Decision, is: &Decision) -> bool {
    let body = |decision: &Decision| decision.output.as_ref().map(|body| (body.digest, body.length));
    let parts = |decision: &Decision| (decision.outcome, decision.code, decision.clause.clone(), decision.findings.clone(), decision.edits.clone());
    body(was) == body(is) && parts(was) == parts(is)
}
