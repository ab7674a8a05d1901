//! Statements at the keeper: what came over a link about information is weighed, recorded, and carried out.
//!
//! [`Known`] is a view of the journal that can be lost and made again. It says which consents go with a message to those who decide; what counts in the
//! end is the journal, in which a consent is used in the same append as the decision that needs it, and a recall ends what is due.

mod known;
mod requests;
mod weigh;

pub(super) use known::Known;

use std::collections::HashSet;
use std::sync::Arc;

use super::decide::{Question, Verdict, recipients};
use super::intake::{Kept, Taken, sealed};
use super::keeper::Shared;
use super::lane::Parcel;
use super::shift::Shift;
use crate::base::{Digest, Fault, MessageId, Outcome, Reason, Refusal, Time};
use crate::filter::Waivers;
use crate::hop::message::Answer;
use crate::hop::{Held, Notice, Received};
use crate::journal::{Accepted, Appended, Body, Copy, Decided, Decision, Denied, Effect, Event, Filter, MessageKey, Page, Row, State, Stated};
use crate::policy::Edition;
use crate::statement::Statement;

/// What follows from a statement that was weighed.
struct Weighed {
    effect: Effect,
    statement: Statement,
    /// Copies of which a recall is to be passed on.
    copies: Vec<Copy>,
}

impl Shared {
    /// Remembers what statements an earlier run took.
    pub(super) async fn remember(&self) -> Result<(), Fault> {
        let statements = self.journal.statements(None).await?;
        *self.statements.write().await = Known::of(&statements);
        Ok(())
    }

    /// Takes a statement: recorded whatever it is worth, carried out where it holds.
    pub(super) async fn accept_statement(&self, message: Received, now: Time) -> Result<Taken, Refusal> {
        let busy = |what: &str| Refusal::new(Reason::SizeBusy, what);
        let key = message.key();
        let work = self.shifts.work();
        let shift = &work.shift;
        // From here on nothing is decided and nothing leaves until the statement is durable.
        let mut known = self.statements.write().await;
        known.let_go(now);
        let before = self.journal.receipt_of(&key.from, key.id).await.map_err(|_| busy("the journal cannot be read"))?;
        if let Some(receipt) = before {
            let same = receipt.digest == Digest::of(&message.body);
            return if same { Ok(receipt.into()) } else { Err(Refusal::new(Reason::FrameIdReused, "expected the content of the first message")) };
        }
        let weighed = self.weigh(&known, &shift.edition, &message, now).await.map_err(|_| busy("the journal cannot be read"))?;
        let mut events = vec![Event::Accepted(accepted(&message)?)];
        let parcels = match &weighed {
            Ok(weighed) => self.passed_on(shift, &message, &weighed.copies, now, &mut events).await?,
            Err(refusal) => {
                tracing::warn!(peer = %key.from, message = %key.id, %refusal, "a statement is refused");
                Vec::new()
            }
        };
        let note = std::str::from_utf8(&message.body).map(str::to_owned).unwrap_or_default();
        let refusal = weighed.as_ref().err().map(|refusal| refusal.reason);
        // What is no statement may be anything, and a record is for ever: only its digest is kept.
        let note = if refusal == Some(Reason::ConsentMalformed) { String::new() } else { note };
        let effect = weighed.as_ref().ok().map(|weighed| weighed.effect.clone());
        events.push(Event::Stated(Stated { message: key, note: note.clone(), effect, refusal, time: now }));
        match self.journal.append(events, message.header.precedence).await {
            Ok(Appended::Kept { first, receipt }) => {
                if let Ok(weighed) = weighed {
                    known.take(&weighed.effect, &weighed.statement, &note);
                    drop(known);
                    self.dispatch(parcels, first);
                    self.after(&weighed.effect);
                }
                receipt.map(Taken::from).ok_or_else(|| busy("the journal gave no receipt"))
            }
            Ok(Appended::Repeated(receipt)) => Ok(receipt.into()),
            Err(Denied::Refused(refusal)) => Err(refusal),
            Err(Denied::Contradiction(what)) => {
                tracing::error!(what, "the journal refused a statement");
                Err(busy("the journal refused the statement"))
            }
            Err(Denied::Fault(fault)) => {
                self.fail(&fault);
                Err(busy("the journal does not take records"))
            }
        }
    }

    /// What is to be done after a statement is durable: nobody waits for it.
    fn after(&self, effect: &Effect) {
        if matches!(effect, Effect::Granted { .. }) {
            self.granted.notify_one();
        }
    }

    /// Decides again whatever is held for want of consent, each time a consent has come.
    pub(super) async fn reconsider_all(self: Arc<Self>) {
        loop {
            if let Err(fault) = self.reconsider().await {
                tracing::error!(%fault, "what is held for want of consent was not decided again");
            }
            self.granted.notified().await;
        }
    }

    async fn reconsider(&self) -> Result<(), Fault> {
        let fresh = self.statements.write().await.take_fresh();
        let mut page = Page::first(Page::ROWS_MAX);
        loop {
            let part = self.journal.quarantine(Filter::default(), page).await?;
            for row in part.rows.into_iter().filter(|row| row.code.is_some_and(Reason::is_for_want_of_consent)) {
                self.reconsider_one(row, &fresh).await?;
            }
            match part.next {
                Some(next) => page.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Passes a message that is held through the whole path again, where a consent might be meant for it.
    async fn reconsider_one(&self, row: Row, fresh: &HashSet<MessageId>) -> Result<(), Fault> {
        let key = MessageKey { from: row.from.clone(), id: row.id };
        let Some(kept) = self.kept(&key, &row).await? else { return Ok(()) };
        let edition = Arc::clone(&self.shifts.now().edition);
        let good = self.statements.read().await.may_release(&edition, &kept.message, &row.recipient, fresh);
        // A gateway that ended between the decision and the request has not asked: it asks when it decides again.
        if !good && self.everyone_is_asked(&edition, &key, &row.recipient).await? {
            return Ok(());
        }
        self.decide_again(kept, Waivers::default(), Vec::new()).await
    }

    /// A message that is on record, to be decided again for one recipient.
    async fn kept(&self, key: &MessageKey, row: &Row) -> Result<Option<Kept>, Fault> {
        let entries = self.journal.message(key.id).await?;
        let accepted = entries.into_iter().find_map(|entry| match entry.event {
            Event::Accepted(accepted) if accepted.key() == *key => Some((accepted, entry.index)),
            _ => None,
        });
        let (Some((accepted, place)), Some(body)) = (accepted, self.journal.body(key).await?) else { return Ok(None) };
        let message = sealed(accepted.from, accepted.header, body.into(), accepted.received, accepted.seals.map(Vec::from))?;
        Ok(Some(Kept { message, only: Some(row.recipient.clone()), place, leaves: None }))
    }

    /// The verdict on a message, unless its originator has withdrawn it: then it is refused for everybody.
    pub(super) fn unless_withdrawn(&self, known: &Known, edition: &Edition, question: &Question, verdict: Verdict) -> Verdict {
        let origins = verdict.parties.iter().flat_map(|one| &one.origins);
        match known.withdraws(edition, &question.message, origins) {
            true => Verdict::withdrawn(recipients(edition, question)),
            false => verdict,
        }
    }

    /// The decision by which a recall goes on to those who have copies, and what leaves after it.
    async fn passed_on(
        &self,
        shift: &Shift,
        message: &Received,
        copies: &[Copy],
        now: Time,
        events: &mut Vec<Event>,
    ) -> Result<Vec<Parcel>, Refusal> {
        let key = message.key();
        let mut notices: Vec<Notice> = Vec::new();
        for copy in
            copies.iter().filter(|copy| copy.attempts > 0 && copy.recipient != message.from && shift.edition.peers.contains_key(&copy.recipient))
        {
            let Some(digest) = copy.digest else { continue };
            let held = Held { id: super::delivery_id(&copy.message), digest };
            match notices.iter_mut().find(|notice| *notice.to() == copy.recipient) {
                Some(Notice::Recall { copies, .. }) => copies.push(held),
                _ => notices.push(Notice::Recall { to: copy.recipient.clone(), copies: vec![held] }),
            }
        }
        if notices.is_empty() {
            return Ok(Vec::new());
        }
        let prepared = self.write_notices(shift, message, &key, notices, now).await;
        let prepared = prepared.ok_or_else(|| Refusal::new(Reason::SizeBusy, "the verifier writes no notices now"))?;
        events.extend(prepared.events);
        Ok(prepared.parcels)
    }

    /// Notices as the verifier writes them, with the decision by which they leave.
    pub(super) async fn write_notices(
        &self,
        shift: &Shift,
        message: &Received,
        key: &MessageKey,
        notices: Vec<Notice>,
        now: Time,
    ) -> Option<super::intake::Prepared> {
        let names: Vec<_> = notices.iter().map(|notice| notice.to().clone()).collect();
        let answers = self.notices(shift, message.clone(), now, notices).await?;
        let (mut decisions, mut parcels) = (Vec::new(), Vec::new());
        for (recipient, answer) in names.into_iter().zip(answers) {
            let Answer::Permitted { permitted, bytes, .. } = answer else { return None };
            let permit = minicbor::to_vec(&permitted).ok()?;
            decisions.push(Decision {
                recipient,
                outcome: Outcome::Forward,
                code: None,
                clause: None,
                findings: "[]".to_owned(),
                edits: "[]".to_owned(),
                output: Some(Body::new(Arc::clone(&bytes))),
                permit: Some(permit.into()),
            });
            parcels.push(Parcel::new(key.clone(), None, permitted, bytes));
        }
        let decided = Decided {
            message: key.clone(),
            edition: shift.title.clone(),
            edition_digest: shift.edition.digest,
            time: now,
            decisions,
            refusal: None,
            marking: None,
        };
        Some(super::intake::Prepared { events: vec![Event::Decided(decided)], parcels })
    }

    /// Whether a recall has ended a release: then it does not leave, whatever is on its way.
    pub(super) async fn is_withdrawn(&self, key: &MessageKey) -> bool {
        self.statements.read().await.has_withdrawn(key)
    }

    /// Rows that are held for want of consent.
    pub(super) async fn waiting_for_consent(&self) -> Result<Vec<Row>, Fault> {
        let rows = self.journal.decisions(Filter { state: Some(State::Held), ..Filter::default() }, Page::first(Page::ROWS_MAX)).await?.rows;
        Ok(rows.into_iter().filter(|row| row.code.is_some_and(Reason::is_for_want_of_consent)).collect())
    }
}

/// The acceptance of a statement.
fn accepted(message: &Received) -> Result<Accepted, Refusal> {
    let seals = minicbor::to_vec(message.seals).map_err(|_| Refusal::new(Reason::FaultInternal, "the seals of a door have no encoding"))?;
    Ok(Accepted {
        from: message.from.clone(),
        header: message.header.clone(),
        body: Body::new(Arc::clone(&message.body)),
        received: message.received,
        seals: Some(seals.into()),
    })
}
