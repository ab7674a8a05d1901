//! Review: what people decide about held messages. A release waives findings, never mandatory control, and goes through the whole path again.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

use super::intake::{Kept, sealed};
use super::keeper::Shared;
use super::world;
use crate::base::encoding::{maybe, word};
use crate::base::{Fault, MessageId, Name, Outcome, Reason};
use crate::filter::{ClauseReview, Waiver, Waivers};
use crate::journal::{Accepted, Decided, Decision, Event, Filter, MessageKey, Page, Reviewed, Row, State, Verdict};

/// What a reviewer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Ask {
    /// The message.
    #[cbor(n(0), with = "word")]
    pub id: MessageId,
    /// The peer that sent it; needed where two peers used the same id.
    #[cbor(n(1), with = "maybe")]
    pub from: Option<Name>,
    /// For which recipient; `None` for all for whom it is held.
    #[cbor(n(2), with = "maybe")]
    pub recipient: Option<Name>,
    /// Who asks.
    #[n(3)]
    pub reviewer: String,
    /// Release or reject.
    #[n(4)]
    pub verdict: Verdict,
    /// Why.
    #[n(5)]
    pub reason: String,
}

/// What became of it, for each recipient.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, serde::Serialize)]
pub struct Asked {
    /// The recipient.
    #[cbor(n(0), with = "word")]
    pub recipient: Name,
    /// The outcome after the review.
    #[cbor(n(1), with = "word")]
    pub outcome: Outcome,
    /// The reason that decides now.
    #[cbor(n(2), with = "maybe")]
    pub code: Option<Reason>,
}

impl Shared {
    /// Carries out a review: journalled first, then decided again for the recipients for whom the message is held.
    pub(super) async fn review(&self, ask: &Ask) -> Result<Vec<Asked>, Fault> {
        let mut asked = Vec::new();
        for row in self.held(ask).await? {
            let key = MessageKey { from: row.from.clone(), id: row.id };
            let (findings, accepted) = self.recorded(&key, &row).await?;
            let reviewed = Event::Reviewed(Reviewed {
                message: key.clone(),
                recipient: row.recipient.clone(),
                reviewer: ask.reviewer.clone(),
                verdict: ask.verdict,
                waivers: findings.iter().map(|waiver| format!("{} {} {}", waiver.code, waiver.rule, waiver.path)).collect(),
                reason: ask.reason.clone(),
                time: world::now(),
            });
            match ask.verdict {
                Verdict::Reject => self.reject(&key, &row, reviewed).await?,
                Verdict::Release => {
                    let body = self.journal.body(&key).await?.ok_or_else(|| Fault::new(format!("the body of `{}` is no longer kept", row.id)))?;
                    let waivers = Waivers { findings, clause_review: ClauseReview::Granted };
                    let (accepted, place) = accepted;
                    let message = sealed(accepted.from, accepted.header, body.into(), accepted.received, accepted.seals.map(Vec::from))?;
                    self.decide_again(Kept { message, only: Some(row.recipient.clone()), place }, waivers, vec![reviewed]).await?;
                }
            }
            asked.push(self.standing(&row).await?);
        }
        match asked.is_empty() {
            true => Err(Fault::new(format!("nothing is held under `{}`", ask.id))),
            false => Ok(asked),
        }
    }

    async fn held(&self, ask: &Ask) -> Result<Vec<Row>, Fault> {
        let filter =
            Filter { id: Some(ask.id), from: ask.from.clone(), recipient: ask.recipient.clone(), state: Some(State::Held), ..Filter::default() };
        let rows = self.journal.decisions(filter, Page::first(Page::ROWS_MAX)).await?.rows;
        match rows.iter().any(|row| rows.first().is_some_and(|first| first.from != row.from)) {
            true => Err(Fault::new(format!("more than one peer used the id `{}`; say which one sent the message", ask.id))),
            false => Ok(rows),
        }
    }

    /// Waivers for all findings of the decision that holds, and the acceptance of the message with its place.
    async fn recorded(&self, key: &MessageKey, row: &Row) -> Result<(BTreeSet<Waiver>, (Accepted, u64)), Fault> {
        let (mut findings, mut kept) = (None, None);
        for entry in self.journal.message(key.id).await? {
            match entry.event {
                Event::Accepted(accepted) if accepted.key() == *key => {
                    kept = Some((accepted, entry.index));
                }
                Event::Decided(decided) if entry.index == row.record => {
                    let decision = decided.decisions.into_iter().find(|decision| decision.recipient == row.recipient);
                    findings = decision.and_then(|decision| Waivers::of_recorded(&decision.findings));
                }
                _ => {}
            }
        }
        findings.zip(kept).ok_or_else(|| Fault::new(format!("the journal has no decision that holds `{}`", key.id)))
    }

    async fn reject(&self, key: &MessageKey, row: &Row, reviewed: Event) -> Result<(), Fault> {
        let edition = self.edition.load();
        let decision = Decision {
            recipient: row.recipient.clone(),
            outcome: Outcome::Reject,
            code: Some(Reason::ReviewRejected),
            clause: row.clause.clone(),
            findings: "[]".to_owned(),
            edits: "[]".to_owned(),
            output: None,
            permit: None,
        };
        let decided = Decided {
            message: key.clone(),
            edition: edition.title(),
            edition_digest: edition.digest,
            time: world::now(),
            decisions: vec![decision],
            refusal: None,
        };
        let appended = self.journal.append(vec![reviewed, Event::Decided(decided)], row.precedence).await;
        appended.map(|_| ()).map_err(|denied| Fault::from_cause("the journal refused the review", denied))
    }

    async fn standing(&self, row: &Row) -> Result<Asked, Fault> {
        let filter = Filter { id: Some(row.id), recipient: Some(row.recipient.clone()), from: Some(row.from.clone()), ..Filter::default() };
        let rows = self.journal.decisions(filter, Page::first(1)).await?.rows;
        let now = rows.into_iter().next().ok_or_else(|| Fault::new("the journal lost a decision"))?;
        Ok(Asked { recipient: now.recipient, outcome: now.outcome, code: now.code })
    }
}
