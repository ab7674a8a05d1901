//! Intake: from a frame to a durable acceptance and decision, and to the receipt that says so.

use std::sync::Arc;

use super::gateway::Shared;
use super::inspectors::{Question, faulted};
use super::lane::Parcel;
use super::world;
use crate::base::{Digest, Fault, Header, MessageId, Name, Outcome, Reason, Refusal, Time};
use crate::filter::Waivers;
use crate::journal::{Accepted, Appended, Body, Decided, Decision, Denied, Event, MessageKey, Waiting};
use crate::link::{Inbound, Link, Receipt, Status};
use crate::pipeline::{Guard, Passage, Ruling};

/// What one append will say, and what is delivered after it.
pub(super) struct Prepared {
    pub(super) events: Vec<Event>,
    pub(super) parcels: Vec<Parcel>,
}

impl Shared {
    /// Takes frames from a link until it ends, each in a task of its own.
    pub(super) async fn serve(self: Arc<Self>, link: Arc<Link>) {
        while let Some(inbound) = link.next().await {
            let (shared, peer) = (Arc::clone(&self), link.peer().clone());
            self.tasks.spawn(async move { shared.take(&peer, inbound).await });
        }
    }

    async fn take(&self, peer: &Name, inbound: Inbound) {
        let now = world::now();
        let (id, digest) = (inbound.header.id, Digest::of(&inbound.body));
        let receipt = match self.accept(peer, inbound.header.clone(), inbound.body.as_slice().into(), now).await {
            Ok(place) => Receipt::accepted(id, digest, place.position, place.received),
            Err(refusal) => match self.known(peer, id, digest).await {
                // It was taken before: a clock, a rule set or a queue that changed since does not take the receipt back.
                Some(place) => Receipt::accepted(id, digest, place.position, place.received),
                None => {
                    tracing::warn!(%peer, message = %id, code = refusal.reason.code(), "frame refused");
                    self.refused.count(refusal.reason);
                    Receipt::refused(Status::of(refusal.reason), Some(id), now)
                }
            },
        };
        // A sender that is gone asks again with the same id, and is answered from the record.
        if let Err(error) = inbound.respond(receipt).await {
            tracing::info!(%peer, message = %id, %error, "receipt not taken");
        }
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

    /// Accepts and decides; answers after both are durable.
    async fn accept(&self, peer: &Name, header: Header, body: Arc<[u8]>, now: Time) -> Result<Taken, Refusal> {
        let skew = now.seconds_since(header.sent).unsigned_abs();
        let skew_max = self.config.load().clock_seconds_max;
        if skew > u64::from(skew_max) {
            return Err(Refusal::new(Reason::FrameTime, format!("found a time {skew} seconds away, expected at most {skew_max}")));
        }
        self.inspectors.guard().recipients(peer, &header, now)?;
        let Ok(_room) = self.undecided.try_acquire() else {
            return Err(Refusal::new(Reason::SizeBusy, "too many messages wait for a decision"));
        };
        let question = Question { from: peer.clone(), header: header.clone(), body: Arc::clone(&body), now, waivers: Waivers::default() };
        let Some(answer) = self.inspectors.ask(question).await else {
            return Err(Refusal::new(Reason::SizeBusy, "the gateway is stopping"));
        };
        let accepted = Accepted { from: peer.clone(), header: header.clone(), body: Body::new(body), received: now };
        let mut prepared = self.prepare(&accepted.key(), &header, answer.passage, &answer.guard, now);
        prepared.events.insert(0, Event::Accepted(accepted));
        match self.journal.append(prepared.events, header.precedence).await {
            Ok(Appended::Kept { first, receipt }) => {
                self.dispatch(prepared.parcels, first);
                receipt.map(Taken::from).ok_or_else(|| Refusal::new(Reason::SizeBusy, "the journal gave no receipt"))
            }
            Ok(Appended::Repeated(receipt)) => Ok(receipt.into()),
            Err(Denied::Refused(refusal)) => Err(refusal),
            Err(Denied::Contradiction(what)) => {
                tracing::error!(%peer, message = %header.id, what, "the journal refused an acceptance");
                Err(Refusal::new(Reason::SizeBusy, "the journal refused the acceptance"))
            }
            Err(Denied::Fault(fault)) => {
                self.fail(&fault);
                Err(Refusal::new(Reason::SizeBusy, "the journal does not take records"))
            }
        }
    }

    /// Decides a message that an earlier run accepted and did not decide.
    pub(super) async fn resume(&self, waiting: Waiting) -> Result<(), Fault> {
        let key = MessageKey { from: waiting.receipt.from, id: waiting.receipt.id };
        let kept = Kept { key, header: waiting.header, place: waiting.receipt.index };
        match waiting.body {
            Ok(body) => self.decide_again(kept, body.into(), Waivers::default(), Vec::new()).await,
            Err(why) => {
                tracing::error!(message = %kept.key.id, why, "an accepted body does not open");
                let guard = self.inspectors.guard();
                let passage = faulted(&guard, &kept.key.from, &kept.header, "the kept body does not open");
                self.record(&kept, passage, &guard, Vec::new()).await
            }
        }
    }

    /// Passes a kept message through the whole path, and records the decision behind `before`.
    pub(super) async fn decide_again(&self, kept: Kept, body: Arc<[u8]>, waivers: Waivers, before: Vec<Event>) -> Result<(), Fault> {
        let question = Question { from: kept.key.from.clone(), header: kept.header.clone(), body, now: world::now(), waivers };
        let Some(answer) = self.inspectors.ask(question).await else {
            return Err(Fault::new("the gateway is stopping"));
        };
        self.record(&kept, answer.passage, &answer.guard, before).await
    }

    /// Records the decision on a kept message behind `before`, and sends what it releases.
    async fn record(&self, kept: &Kept, passage: Passage, guard: &Guard, before: Vec<Event>) -> Result<(), Fault> {
        let mut prepared = self.prepare(&kept.key, &kept.header, passage, guard, world::now());
        prepared.events.splice(0..0, before);
        match self.journal.append(prepared.events, kept.header.precedence).await {
            Ok(_) => {
                self.dispatch(prepared.parcels, kept.place);
                Ok(())
            }
            Err(denied) => Err(Fault::from_cause("the journal refused a decision", denied)),
        }
    }

    /// The decision as events, and what leaves after them. Where the recipient is linked now, the release is recorded in the same append.
    pub(super) fn prepare(&self, key: &MessageKey, header: &Header, passage: Passage, guard: &Guard, now: Time) -> Prepared {
        let (mut decisions, mut parcels, mut releases) = (Vec::new(), Vec::new(), Vec::new());
        for mut ruling in passage.rulings {
            let output = ruling.output.take().map(|verified| Arc::<[u8]>::from(verified.into_bytes()));
            let body = output.as_ref().map(|bytes| Body::new(Arc::clone(bytes)));
            if let (Some(bytes), Some(body)) = (output, &body) {
                let mut parcel = Parcel::new(key.clone(), &ruling.recipient, header.clone(), ruling.clause.clone(), body.digest, bytes);
                if self.is_linked(&ruling.recipient) {
                    releases.push(Event::Released(parcel.release(now)));
                }
                parcels.push(parcel);
            }
            decisions.push(decision(&ruling, body));
        }
        let edition = guard.edition();
        let decided = Decided {
            message: key.clone(),
            edition: format!("{} {}", edition.name, edition.edition),
            edition_digest: edition.digest,
            time: now,
            decisions,
            refusal: None,
        };
        let mut events = vec![Event::Decided(decided)];
        events.extend(releases);
        Prepared { events, parcels }
    }
}

/// A message that is on record.
pub(super) struct Kept {
    pub(super) key: MessageKey,
    pub(super) header: Header,
    /// Index of the record of acceptance.
    pub(super) place: u64,
}

/// Where an accepted message stands, as its sender is told.
struct Taken {
    position: u64,
    received: Time,
}

impl From<crate::journal::Receipt> for Taken {
    fn from(receipt: crate::journal::Receipt) -> Self {
        Self { position: receipt.position, received: receipt.received }
    }
}

fn decision(ruling: &Ruling, output: Option<Body>) -> Decision {
    // Plain data without maps: serialising it cannot fail; if it did, the decision is kept with an empty list.
    let json = |value: serde_json::Result<String>| value.unwrap_or_else(|_| "[]".to_owned());
    Decision {
        recipient: ruling.recipient.clone(),
        outcome: if output.is_some() { Outcome::Forward } else { ruling.outcome.max(Outcome::Quarantine) },
        code: ruling.code,
        clause: ruling.clause.clone(),
        findings: json(serde_json::to_string(&ruling.findings)),
        edits: json(serde_json::to_string(&ruling.edits)),
        output,
    }
}
