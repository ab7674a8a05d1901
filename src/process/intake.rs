//! Intake: from what a door received to a durable acceptance and decision, and to the receipt that says so.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::decide::{Parties, Question, Verdict, recipients};
use super::fault_points::{self, Place};
use super::keeper::Shared;
use super::lane::Parcel;
use super::line::DoorEnd;
use super::shift::Shift;
use super::world;
use crate::base::{Digest, Fault, Header, MessageId, Name, Reason, Refusal, Time};
use crate::filter::Waivers;
use crate::hop::message::ToDoor;
use crate::hop::{Received, Wanted};
use crate::journal::{Accepted, Appended, Body, Decided, Denied, Event, MessageKey, Origin, Waiting};
use crate::link::{Receipt, Status};
use crate::statement::MEDIA_TYPE;

/// What one append will say, and what is delivered after it.
pub(super) struct Prepared {
    pub(super) events: Vec<Event>,
    pub(super) parcels: Vec<Parcel>,
}

impl Shared {
    /// Takes a message that a door received, and answers it.
    pub(super) async fn take(&self, door: &DoorEnd, ask: u64, message: Received) {
        fault_points::at(Place::KeeperTakes, &message.body);
        let now = world::now();
        let (peer, id, digest) = (message.from.clone(), message.header.id, Digest::of(&message.body));
        let body = Arc::clone(&message.body);
        let taken = match message.header.media_type == MEDIA_TYPE {
            _ if self.draining.load(Ordering::Acquire) => Err(Refusal::new(Reason::SizeBusy, "the gateway is about to stop, and takes nothing new")),
            true => self.accept_timely(message, now).await,
            false => self.accept(message, now).await,
        };
        let receipt = match taken {
            Ok(place) => Receipt::accepted(id, digest, place.position, place.received),
            Err(refusal) => match self.known(&peer, id, digest).await {
                // It was taken before: a clock, a rule set or a queue that changed since does not take the receipt back.
                Some(place) => Receipt::accepted(id, digest, place.position, place.received),
                None => {
                    tracing::warn!(%peer, message = %id, code = refusal.reason.code(), "frame refused");
                    self.refused.count(refusal.reason);
                    Receipt::refused(Status::of(refusal.reason), Some(id), now)
                }
            },
        };
        fault_points::at(Place::KeeperRecorded, &body);
        // A door that is gone has no sender that waits: it asks again with the same id, and is answered from the record.
        let _ = door.sender.say(ToDoor::Answer { ask, receipt: receipt.encode() }).await;
    }

    /// Where this content stands, if it was accepted under this id before.
    async fn known(&self, peer: &Name, id: MessageId, digest: Digest) -> Option<Taken> {
        match self.journal.receipt_of(peer, id).await {
            Ok(receipt) => receipt.filter(|receipt| receipt.digest == digest).map(Taken::from),
            Err(fault) => {
                self.fail(&fault);
                None
            }
        }
    }

    /// Accepts a statement, which is not for any recipient but for the gateway.
    async fn accept_timely(&self, message: Received, now: Time) -> Result<Taken, Refusal> {
        self.timely(&message, now)?;
        self.accept_statement(message, now).await
    }

    /// Whether a message was sent now, as far as clocks agree.
    fn timely(&self, message: &Received, now: Time) -> Result<(), Refusal> {
        let skew = now.seconds_since(message.header.sent).unsigned_abs();
        let skew_max = self.config.load().clock_seconds_max;
        if skew > u64::from(skew_max) {
            return Err(Refusal::new(Reason::FrameTime, format!("found a time {skew} seconds away, expected at most {skew_max}")));
        }
        Ok(())
    }

    /// Accepts and decides; answers after both are durable.
    async fn accept(&self, message: Received, now: Time) -> Result<Taken, Refusal> {
        self.timely(&message, now)?;
        let work = self.shifts.work();
        let shift = &work.shift;
        shift.edition.recipients(&message.from, &message.header, now)?;
        let Ok(_room) = self.undecided.try_acquire() else {
            return Err(Refusal::new(Reason::SizeBusy, "too many messages wait for a decision"));
        };
        let seals = minicbor::to_vec(message.seals).map_err(|_| Refusal::new(Reason::FaultInternal, "the seals of a door have no encoding"))?;
        let accepted = Accepted {
            from: message.from.clone(),
            header: message.header.clone(),
            body: Body::new(Arc::clone(&message.body)),
            received: message.received,
            seals: Some(seals.into()),
        };
        let (key, precedence) = (message.key(), message.header.precedence);
        // No statement is recorded between the look at those that there are and the record of the decision.
        let known = self.statements.read().await;
        let grants = known.grants(&shift.edition, &message, None);
        let question = Question { grants, ..self.question(message, None, Waivers::default(), now) };
        let Some(verdict) = self.decide(shift, question.clone()).await else {
            return Err(Refusal::new(Reason::SizeBusy, "the gateway is stopping"));
        };
        let verdict = self.unless_withdrawn(&known, &shift.edition, &question, verdict);
        let (used, wanted, decisions) = (verdict.used(), verdict.wanted.clone(), verdict.decisions.clone());
        let mut prepared = self.prepare(&key, verdict, shift, now);
        fault_points::at(Place::KeeperDecided, accepted.body.shared().as_deref().unwrap_or_default());
        prepared.events.insert(0, Event::Accepted(accepted));
        let appended = self.journal.append(prepared.events, precedence).await;
        drop(known);
        match appended {
            Ok(Appended::Kept { first, receipt }) => {
                self.dispatch(prepared.parcels, first);
                self.note_held(&decisions);
                self.follow(shift, question.message, used, wanted).await;
                receipt.map(Taken::from).ok_or_else(|| Refusal::new(Reason::SizeBusy, "the journal gave no receipt"))
            }
            Ok(Appended::Repeated(receipt)) => Ok(receipt.into()),
            Err(Denied::Refused(refusal)) => Err(refusal),
            Err(Denied::Contradiction(what)) => {
                tracing::error!(peer = %key.from, message = %key.id, what, "the journal refused an acceptance");
                Err(Refusal::new(Reason::SizeBusy, "the journal refused the acceptance"))
            }
            Err(Denied::Fault(fault)) => {
                self.fail(&fault);
                Err(Refusal::new(Reason::SizeBusy, "the journal does not take records"))
            }
        }
    }

    /// What is asked about a message without consents.
    pub(super) fn question(&self, message: Received, only: Option<Name>, waivers: Waivers, now: Time) -> Question {
        Question { message, only, waivers, now, grants: Vec::new(), conditions: self.conditions.load_full(), wish: None }
    }

    /// Decides a message that an earlier run accepted and did not decide; holds it where the journal was put back at the record `restored` after it.
    pub(super) async fn resume(&self, waiting: Waiting, restored: Option<u64>) -> Result<(), Fault> {
        let key = MessageKey { from: waiting.receipt.from, id: waiting.receipt.id };
        let doubtful = restored.is_some_and(|record| waiting.receipt.index < record);
        let (body, held) = match waiting.body {
            Ok(body) if doubtful => {
                (body, Some(Refusal::new(Reason::FaultRestored, "it was accepted before the backup, and may have left after it")))
            }
            Ok(body) => (body, None),
            Err(why) => {
                tracing::error!(message = %key.id, why, "an accepted body does not open");
                (Vec::new(), Some(Refusal::new(Reason::FaultInternal, "the kept body does not open")))
            }
        };
        let message = sealed(key.from, waiting.header, body.into(), waiting.receipt.received, waiting.seals)?;
        let kept = Kept { message, only: None, place: waiting.receipt.index, leaves: None };
        let now = world::now();
        match held {
            None => self.decide_again(kept, Waivers::default(), Vec::new()).await,
            Some(refusal) => {
                let work = self.shifts.work();
                let names = recipients(&work.shift.edition, &kept.question(self, Waivers::default(), now));
                self.record(&kept, (Verdict::held(names, &refusal), now), &work.shift, Vec::new()).await
            }
        }
    }

    /// Passes a kept message through the whole path, and records the decision behind `before`.
    pub(super) async fn decide_again(&self, kept: Kept, waivers: Waivers, before: Vec<Event>) -> Result<(), Fault> {
        let work = self.shifts.work();
        let shift = &work.shift;
        let known = self.statements.read().await;
        let now = world::now();
        let grants = known.grants(&shift.edition, &kept.message, kept.only.as_ref());
        let question = Question { grants, ..kept.question(self, waivers, now) };
        let Some(verdict) = self.decide(shift, question.clone()).await else {
            return Err(Fault::new("the gateway is stopping"));
        };
        let verdict = self.unless_withdrawn(&known, &shift.edition, &question, verdict);
        if let (Some(seen), Some(recipient)) = (kept.leaves, &kept.only)
            && !verdict.lets_leave(recipient, seen)
        {
            return Err(Fault::new("what would leave now is not what the reviewers saw: nothing leaves; look at the message again"));
        }
        let (used, wanted) = (verdict.used(), verdict.wanted.clone());
        self.record(&kept, (verdict, now), shift, before).await?;
        drop(known);
        self.follow(shift, kept.message, used, wanted).await;
        Ok(())
    }

    /// What follows from a decision that is durable: consents are used up, and third parties are asked for theirs.
    async fn follow(&self, shift: &Arc<Shift>, message: Received, used: Vec<String>, wanted: Vec<Wanted>) {
        if !used.is_empty() {
            self.statements.write().await.use_up(used.iter().map(String::as_str));
        }
        if !wanted.is_empty() {
            self.request(shift, message, wanted).await;
        }
    }

    /// Records the decision on a kept message behind `before`, and sends what it releases. The time is that of the decision: a replay decides as of it.
    async fn record(&self, kept: &Kept, (verdict, now): (Verdict, Time), shift: &Shift, before: Vec<Event>) -> Result<(), Fault> {
        let mut prepared = self.prepare(&kept.message.key(), verdict, shift, now);
        prepared.events.splice(0..0, before);
        match self.journal.append(prepared.events, kept.message.header.precedence).await {
            Ok(_) => {
                self.dispatch(prepared.parcels, kept.place);
                Ok(())
            }
            Err(denied) => Err(Fault::from_cause("the journal refused a decision", denied)),
        }
    }

    /// The decision as events, and what leaves after them. Where the recipient is linked now, the release is recorded in the same append.
    pub(super) fn prepare(&self, key: &MessageKey, verdict: Verdict, shift: &Shift, now: Time) -> Prepared {
        let (mut parcels, mut releases) = (Vec::new(), Vec::new());
        for permitted in verdict.permitted {
            let decision = verdict.decisions.iter().find(|decision| decision.recipient == permitted.permit.recipient);
            let Some((decision, bytes)) = decision.and_then(|one| Some((one, one.output.as_ref()?.shared()?))) else { continue };
            let mut parcel = Parcel::new(key.clone(), decision.clause.clone(), permitted, bytes);
            if self.is_linked(&parcel.recipient) {
                releases.push(Event::Released(parcel.release(now)));
            }
            parcels.push(parcel);
        }
        let decided = Decided {
            message: key.clone(),
            edition: shift.title.clone(),
            edition_digest: shift.edition.digest,
            time: now,
            decisions: verdict.decisions,
            refusal: None,
            marking: verdict.marking,
        };
        let mut events = vec![Event::Decided(decided)];
        events.extend(verdict.parties.into_iter().map(|one| {
            let Parties { recipient, origins, consents } = one;
            Event::Origin(Origin { message: key.clone(), recipient, origins, consents, time: now })
        }));
        events.extend(releases);
        Prepared { events, parcels }
    }
}

/// A message as its door sealed it, made again from the record.
///
/// # Errors
/// A record without seals, as of a gateway that had no doors of its own.
pub(super) fn sealed(from: Name, header: Header, body: Arc<[u8]>, received: Time, seals: Option<Vec<u8>>) -> Result<Received, Fault> {
    let seals = seals.and_then(|bytes| minicbor::decode(&bytes).ok());
    let seals = seals.ok_or_else(|| Fault::new(format!("message `{}` is on record without the seals of its door", header.id)))?;
    Ok(Received { from, header, body, received, seals })
}

/// A message that is on record.
pub(super) struct Kept {
    pub(super) message: Received,
    /// For whom, where not for all to whom it is addressed.
    pub(super) only: Option<Name>,
    /// Index of the record of acceptance.
    pub(super) place: u64,
    /// The digest of what reviewers saw, where they release it: nothing else leaves.
    pub(super) leaves: Option<Digest>,
}

impl Kept {
    pub(super) fn question(&self, shared: &Shared, waivers: Waivers, now: Time) -> Question {
        shared.question(self.message.clone(), self.only.clone(), waivers, now)
    }
}

/// Where an accepted message stands, as its sender is told.
pub(super) struct Taken {
    position: u64,
    received: Time,
}

impl From<crate::journal::Receipt> for Taken {
    fn from(receipt: crate::journal::Receipt) -> Self {
        Self { position: receipt.position, received: receipt.received }
    }
}
