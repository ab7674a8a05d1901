//! A case: one message that is held for one recipient, with all that is on record of it.

use std::sync::Arc;

use super::{Ask, Asked};
use crate::base::{Digest, Fault, MessageId, Name, Severity};
use crate::control::desk::Item;
use crate::control::review::Subject;
use crate::hop::message::Preview;
use crate::journal::{Accepted, Decision, Entry, Event, Filter, Marking, MessageKey, Page, Pending, Reviewed, Row, Seeded, State};
use crate::policy::Edition;
use crate::process::intake::{Kept, sealed};
use crate::process::keeper::Shared;

/// A held message.
pub(in crate::process) struct Case {
    pub(in crate::process) row: Row,
    accepted: Accepted,
    place: u64,
    body: Arc<[u8]>,
    /// The decision that holds it.
    pub(in crate::process) decision: Decision,
    /// What its label says.
    pub(in crate::process) marking: Option<Marking>,
    /// What happened since.
    pub(in crate::process) since: Vec<Entry>,
    /// Every review of it that is on record.
    notes: Vec<String>,
    /// What the office knows of it, where it is a known item.
    pub(in crate::process) seeded: Option<Seeded>,
}

impl Case {
    pub(in crate::process) fn key(&self) -> MessageKey {
        MessageKey { from: self.row.from.clone(), id: self.row.id }
    }

    /// What a review of it must name.
    pub(in crate::process) fn subject(&self, edition: Digest) -> Subject {
        let Row { id, from, recipient, .. } = &self.row;
        Subject { message: *id, from: from.clone(), to: recipient.clone(), body: self.accepted.body.digest, edition }
    }

    /// The message, to be decided again for its one recipient.
    pub(in crate::process) fn kept(&self, leaves: Option<Digest>) -> Result<Kept, Fault> {
        let Accepted { from, header, received, seals, .. } = self.accepted.clone();
        let message = sealed(from, header, Arc::clone(&self.body), received, seals.map(Vec::from))?;
        Ok(Kept { message, only: Some(self.row.recipient.clone()), place: self.place, leaves })
    }

    pub(super) fn has_note(&self, note: &str) -> bool {
        self.notes.iter().any(|known| known == note)
    }

    /// Persons who must agree on what becomes of it.
    pub(in crate::process) fn persons(&self, edition: &Edition) -> u8 {
        persons(&self.row, self.gravest(), edition)
    }

    /// How grave the gravest of what was found is; `None` where nothing was.
    pub(in crate::process) fn gravest(&self) -> Option<Severity> {
        #[derive(serde::Deserialize)]
        struct Recorded {
            severity: Severity,
        }
        let found: Vec<Recorded> = serde_json::from_str(&self.decision.findings).unwrap_or_default();
        found.into_iter().map(|one| one.severity).max()
    }

    /// The reviews of it since it is held, oldest first.
    pub(in crate::process) fn reviews(&self) -> impl Iterator<Item = &Reviewed> {
        self.since.iter().filter_map(|entry| match &entry.event {
            Event::Reviewed(one) if one.message == self.key() && one.recipient == self.row.recipient => Some(one),
            _ => None,
        })
    }

    /// To whom it was passed last.
    pub(in crate::process) fn passed_to(&self) -> Option<String> {
        let passed = self.reviews().filter(|one| one.pending == Some(Pending::Passed));
        passed.last().and_then(|one| one.choice.as_ref()?.colleague.clone())
    }
}

/// Persons who must agree on what becomes of a held message whose findings are at most so grave.
pub(in crate::process) fn persons(row: &Row, gravest: Option<Severity>, edition: &Edition) -> u8 {
    let mut clauses = edition.agreements.iter().flat_map(|agreement| &agreement.clauses);
    let clause = row.clause.as_ref().and_then(|id| clauses.find(|clause| clause.id == *id));
    let usual = clause.and_then(|clause| clause.reviewers).unwrap_or(edition.review.persons);
    if gravest == Some(Severity::Critical) { usual.max(edition.review.critical) } else { usual }
}

/// What the path says under a wish.
pub(super) fn would(preview: &Preview) -> String {
    serde_json::from_str::<Item>(&preview.item).map(|item| item.would).unwrap_or_default()
}

impl Shared {
    /// What is held under an id.
    pub(super) async fn cases(&self, ask: &Ask) -> Result<Vec<Case>, Fault> {
        let filter =
            Filter { id: Some(ask.id), from: ask.from.clone(), recipient: ask.recipient.clone(), state: Some(State::Held), ..Filter::default() };
        let rows = self.journal.decisions(filter, Page::first(Page::ROWS_MAX)).await?.rows;
        if rows.iter().any(|row| rows.first().is_some_and(|first| first.from != row.from)) {
            return Err(Fault::new(format!("more than one peer used the id `{}`; say which one sent the message", ask.id)));
        }
        let mut cases = Vec::new();
        for row in rows {
            cases.push(self.case_of(row).await?);
        }
        Ok(cases)
    }

    /// A held message, by all that names it.
    pub(in crate::process) async fn case(&self, from: &Name, id: MessageId, recipient: &Name) -> Result<Option<Case>, Fault> {
        let (from, recipient) = (Some(from.clone()), Some(recipient.clone()));
        let filter = Filter { id: Some(id), from, recipient, state: Some(State::Held), ..Filter::default() };
        match self.journal.decisions(filter, Page::first(1)).await?.rows.into_iter().next() {
            Some(row) => self.case_of(row).await.map(Some),
            None => Ok(None),
        }
    }

    pub(in crate::process) async fn case_of(&self, row: Row) -> Result<Case, Fault> {
        let key = MessageKey { from: row.from.clone(), id: row.id };
        let (mut decision, mut kept, mut since, mut notes, mut known) = (None, None, Vec::new(), Vec::new(), None);
        let mut marking = None;
        for entry in self.journal.message(row.id).await?.into_iter().filter(|entry| entry.event.message().is_some_and(|of| of == key)) {
            if let Event::Reviewed(Reviewed { note: Some(note), .. }) = &entry.event {
                notes.push(note.clone());
            }
            match entry.event {
                Event::Accepted(accepted) => kept = Some((accepted, entry.index)),
                Event::Seeded(seeded) => {
                    kept = Some((seeded.accepted.clone(), entry.index));
                    known = Some(seeded);
                }
                Event::Decided(decided) if entry.index == row.record => {
                    marking = decided.marking;
                    decision = decided.decisions.into_iter().find(|decision| decision.recipient == row.recipient);
                }
                _ if entry.index > row.record => since.push(entry),
                _ => {}
            }
        }
        let (Some(decision), Some((accepted, place))) = (decision, kept) else {
            return Err(Fault::new(format!("the journal has no decision that holds `{}`", key.id)));
        };
        let body = self.journal.body(&key).await?.ok_or_else(|| Fault::new(format!("the body of `{}` is no longer kept", key.id)))?;
        Ok(Case { row, accepted, place, body: body.into(), decision, marking, since, notes, seeded: known })
    }

    /// Where a message stands after a review.
    pub(super) async fn standing(&self, case: &Case, pending: Option<Pending>) -> Result<Asked, Fault> {
        let Row { id, from, recipient, .. } = &case.row;
        let filter = Filter { id: Some(*id), recipient: Some(recipient.clone()), from: Some(from.clone()), ..Filter::default() };
        let rows = self.journal.decisions(filter, Page::first(1)).await?.rows;
        let now = rows.into_iter().next().ok_or_else(|| Fault::new("the journal lost a decision"))?;
        Ok(Asked { recipient: now.recipient, outcome: now.outcome, code: now.code, pending, lesson: None })
    }
}
