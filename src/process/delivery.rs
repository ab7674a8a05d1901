//! Delivery: what is released goes to its recipient, the most urgent first, until the recipient's receipt is durable here.
//!
//! The same frame with the same identity goes out again after a lost connection; the far side answers a repeated identity from its record, so a
//! message that arrived is not delivered twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::fault_points::{self, Place};
use super::keeper::Shared;
use super::lane::{Lane, Parcel, Rooms, Taken};
use super::world;
use crate::base::{Digest, MessageId, Name, Time};
use crate::hop::message::Fate;
use crate::journal::{Delivered, Denied, Event, MessageKey, Released};

/// The identity under which a message goes on: a function of who sent it and of the identity that the sender gave it, so that it is the same after
/// a restart, and so that two senders who use one identity cannot block each other at a recipient.
#[must_use]
pub fn delivery_id(key: &MessageKey) -> MessageId {
    let digest = Digest::of(format!("vestibule delivery {} {}", key.from, key.id).as_bytes());
    let (mut time, mut random) = ([0_u8; 8], [0_u8; 10]);
    time.iter_mut().skip(2).zip(key.id.bytes()).for_each(|(to, from)| *to = *from);
    random.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    MessageId::from_parts(u64::from_be_bytes(time), random)
}

/// The desks of all recipients.
pub(super) type Lanes = HashMap<Name, Arc<Lane>>;

impl Shared {
    pub(super) fn is_linked(&self, recipient: &Name) -> bool {
        self.lanes.load().get(recipient).is_some_and(|lane| lane.is_linked())
    }

    /// Queues what a durable decision released; `place` is the index of the record of acceptance.
    pub(super) fn dispatch(&self, parcels: Vec<Parcel>, place: u64) {
        let lanes = self.lanes.load();
        for parcel in parcels {
            match lanes.get(&parcel.recipient) {
                Some(lane) => lane.push(parcel.at(place)),
                // Before the gateway runs there are no desks: they begin with what is due in the journal.
                None if self.config.load().peer(parcel.recipient.as_str()).is_some() => {}
                // The rule set names a peer that the configuration does not: it stays due in the journal until the operator adds it.
                None => tracing::warn!(recipient = %parcel.recipient, message = %parcel.key.id, "no such peer is configured; the release stays due"),
            }
        }
    }

    /// Delivers to one recipient for as long as the gateway runs, `window` messages at a time.
    pub(super) async fn deliver(self: Arc<Self>, recipient: Name, lane: Arc<Lane>, window: u32) {
        let rooms = Rooms::new(window);
        loop {
            let changed = lane.changed();
            if let Some(rows) = lane.refill_rows() {
                match self.journal.outbox(&recipient, u32::try_from(rows).unwrap_or(u32::MAX)).await {
                    Ok(due) => lane.refill(due, rows),
                    Err(fault) => return self.fail(&fault),
                }
            }
            let mut idle = true;
            while let Some(taken) = lane.take(&rooms) {
                idle = false;
                let (shared, lane) = (Arc::clone(&self), Arc::clone(&lane));
                self.tasks.spawn(async move {
                    shared.send(&lane, taken).await;
                    lane.nudge();
                });
            }
            let rested = lane.rested();
            tokio::select! {
                () = changed => {}
                // What was taken may have emptied the desk while more is due.
                () = std::future::ready(()), if !idle => {}
                () = tokio::time::sleep_until(rested.unwrap_or_else(tokio::time::Instant::now)), if rested.is_some() => {}
            }
        }
    }

    async fn send(&self, lane: &Lane, Taken { mut parcel, link, room }: Taken) {
        if self.is_withdrawn(&parcel.key).await {
            tracing::info!(recipient = %parcel.recipient, message = %parcel.key.id, "withdrawn: it does not leave");
            return lane.done(parcel.place);
        }
        if !parcel.recorded {
            let released = Event::Released(parcel.release(world::now()));
            if let Err(denied) = self.journal.append(vec![released], parcel.precedence()).await {
                parcel.unrecord();
                return self.put_back(lane, parcel, denied);
            }
        }
        // The next attempt needs its own record.
        parcel.recorded = false;
        fault_points::at(Place::KeeperReleases, &parcel.bytes);
        match link.deliver(parcel.permitted.clone(), Arc::clone(&parcel.bytes)).await {
            Fate::Taken { at } => {
                fault_points::at(Place::KeeperDelivered, &parcel.bytes);
                self.delivered(lane, parcel, at).await;
            }
            fate => {
                tracing::warn!(recipient = %parcel.recipient, message = %parcel.key.id, link = link.number(), ?fate, "not delivered; it stays due");
                if fate == Fate::Busy {
                    lane.demote(&link);
                }
                lane.rest(parcel);
            }
        }
        drop(room);
    }

    async fn delivered(&self, lane: &Lane, parcel: Parcel, receipt: Time) {
        let event = Delivered { message: parcel.key.clone(), recipient: parcel.recipient.clone(), receipt, time: world::now() };
        match self.journal.append(vec![Event::Delivered(event)], parcel.precedence()).await {
            Ok(_) => lane.done(parcel.place),
            Err(denied) => self.put_back(lane, parcel, denied),
        }
    }

    fn put_back(&self, lane: &Lane, parcel: Parcel, denied: Denied) {
        match denied {
            Denied::Fault(fault) => self.fail(&fault),
            // The journal holds other facts, such as a delivery; they count.
            Denied::Contradiction(what) => {
                tracing::info!(recipient = %parcel.recipient, message = %parcel.key.id, what, "a delivery is read again from the journal");
                lane.reread(parcel.place);
            }
            // The journal is busy.
            Denied::Refused(_) => lane.rest(parcel),
        }
    }
}

/// How long deliveries that are under way may take to end when the gateway stops.
pub(super) const STOP_MAX: Duration = Duration::from_secs(5);

impl Parcel {
    /// The next release of a parcel.
    pub(super) fn release(&mut self, now: Time) -> Released {
        self.attempts = self.attempts.saturating_add(1);
        self.recorded = true;
        Released {
            message: self.key.clone(),
            recipient: self.recipient.clone(),
            clause: self.clause.clone(),
            digest: self.digest(),
            attempt: self.attempts,
            time: now,
        }
    }

    /// Takes back a release that the journal did not take.
    const fn unrecord(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
        self.recorded = false;
    }
}
