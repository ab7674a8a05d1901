//! Delivery: what is released goes to its recipient, the most urgent first, until the recipient's receipt is durable here.
//!
//! The same frame with the same identity goes out again after a lost connection; the far side answers a repeated identity from its record, so a
//! message that arrived is not delivered twice.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::gateway::Shared;
use super::outbox::Outbox;
use super::world;
use crate::base::{Digest, Header, MessageId, Name, Precedence};
use crate::journal::{Delivered, Denied, Event, MessageKey, Outgoing};
use crate::link::{Link, Status};

/// Parcels of one recipient kept in memory: 8,192, some 32 MB at 4 KB each. Beyond it they stay in the journal and are read when their turn comes.
const PARCELS_MAX: usize = 8192;

/// How long a refused or failed delivery rests before it is tried again: short at first, and never more than this.
const REST_MAX: Duration = Duration::from_secs(30);

/// A release on its way.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) key: MessageKey,
    pub(super) recipient: Name,
    pub(super) header: Header,
    pub(super) clause: Option<Name>,
    pub(super) digest: Digest,
    pub(super) bytes: Arc<[u8]>,
    pub(super) attempts: u32,
    /// Whether the release of this attempt is durable already.
    pub(super) recorded: bool,
}

impl Parcel {
    pub(super) fn new(key: MessageKey, recipient: &Name, header: Header, clause: Option<Name>, digest: Digest, bytes: Arc<[u8]>) -> Self {
        Self { key, recipient: recipient.clone(), header, clause, digest, bytes, attempts: 0, recorded: false }
    }

    /// A release that is due; `None`, with a line in the log, where its bytes do not open: people must look at it, and the others go on.
    fn due(due: Outgoing) -> Option<Self> {
        let Outgoing { message: key, recipient, header, clause, digest, output, attempts } = due;
        match output {
            Ok(bytes) => Some(Self { key, recipient, header, clause, digest, bytes: bytes.into(), attempts, recorded: false }),
            Err(why) => {
                tracing::error!(%recipient, message = %key.id, why, "a release that is due does not open; it stays due");
                None
            }
        }
    }
}

/// One recipient's desk: what waits for it, and the link to it.
pub(super) struct Lane {
    outbox: Outbox<Parcel>,
    /// More waits in the journal than in memory.
    behind: AtomicBool,
    /// Identities that are queued here or under way.
    known: Mutex<HashSet<(Name, MessageId)>>,
    link: watch::Sender<Option<Arc<Link>>>,
    window: u32,
    /// What the header of a delivery is addressed to.
    destinations: Vec<Name>,
}

impl Lane {
    pub(super) fn new(window: u32, destinations: Vec<Name>) -> Self {
        Self {
            outbox: Outbox::default(),
            behind: AtomicBool::new(true),
            known: Mutex::default(),
            link: watch::Sender::new(None),
            window,
            destinations,
        }
    }

    /// Makes `link` the one that deliveries take; the newest wins.
    pub(super) fn attach(&self, link: Arc<Link>) {
        self.link.send_replace(Some(link));
    }

    /// Lets go of `link`, unless a newer one took its place.
    pub(super) fn detach(&self, link: &Arc<Link>) {
        self.link.send_if_modified(|present| {
            let same = present.as_ref().is_some_and(|present| Arc::ptr_eq(present, link));
            if same {
                *present = None;
            }
            same
        });
    }

    pub(super) fn is_linked(&self) -> bool {
        self.link.borrow().is_some()
    }

    pub(super) fn waiting(&self) -> usize {
        self.outbox.len()
    }

    fn push(&self, parcel: Parcel, place: u64) {
        let full = self.outbox.len() >= PARCELS_MAX && parcel.header.precedence != Precedence::Flash;
        let name = (parcel.key.from.clone(), parcel.key.id);
        if full {
            self.behind.store(true, Ordering::Release);
        } else if self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name) {
            self.outbox.push(parcel.header.precedence, place, parcel);
        }
    }

    fn forget(&self, key: &MessageKey) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&(key.from.clone(), key.id));
    }
}

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
        self.lanes.get(recipient).is_some_and(|lane| lane.is_linked())
    }

    /// Queues what a durable decision released; `place` is the index of its record.
    pub(super) fn dispatch(&self, parcels: Vec<Parcel>, place: u64) {
        for parcel in parcels {
            match self.lanes.get(&parcel.recipient) {
                Some(lane) => lane.push(parcel, place),
                // The rule set names a peer that the configuration does not: it stays due in the journal until the operator adds it.
                None => tracing::warn!(recipient = %parcel.recipient, message = %parcel.key.id, "no such peer is configured; the release stays due"),
            }
        }
    }

    /// Delivers to one recipient for as long as the gateway runs.
    pub(super) async fn deliver(self: Arc<Self>, recipient: Name, lane: Arc<Lane>) {
        let room = Arc::new(Semaphore::new(usize::try_from(lane.window).unwrap_or(1)));
        let mut links = lane.link.subscribe();
        loop {
            // Room comes first: what is taken from the queue is then the most urgent at that moment, and nothing overtakes it.
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
            if lane.outbox.len() == 0 && lane.behind.swap(false, Ordering::AcqRel) {
                self.refill(&recipient, &lane).await;
            }
            let (_, place, parcel) = tokio::select! {
                next = lane.outbox.pop() => next,
                () = tokio::time::sleep(Duration::from_millis(200)), if lane.behind.load(Ordering::Acquire) => continue,
            };
            let link = match links.wait_for(Option::is_some).await {
                Ok(link) => link.clone(),
                Err(_closed) => return,
            };
            let Some(link) = link else { continue };
            let (shared, lane) = (Arc::clone(&self), Arc::clone(&lane));
            self.tasks.spawn(async move {
                shared.send(&lane, &link, parcel, place).await;
                drop(permit);
            });
        }
    }

    /// Reads from the journal what is due and not in memory.
    async fn refill(&self, recipient: &Name, lane: &Lane) {
        let rows = u32::try_from(PARCELS_MAX).unwrap_or(u32::MAX);
        match self.journal.outbox(recipient, rows).await {
            Ok(due) => {
                let full = due.len() >= PARCELS_MAX;
                for (place, parcel) in due.into_iter().enumerate().filter_map(|(place, due)| Some((place, Parcel::due(due)?))) {
                    lane.push(parcel, u64::try_from(place).unwrap_or(u64::MAX));
                }
                if full {
                    lane.behind.store(true, Ordering::Release);
                }
            }
            Err(fault) => self.fail(&fault),
        }
    }

    async fn send(&self, lane: &Arc<Lane>, link: &Arc<Link>, mut parcel: Parcel, place: u64) {
        if !std::mem::take(&mut parcel.recorded) {
            let released = Event::Released(parcel.release(world::now()));
            parcel.recorded = false;
            if let Err(denied) = self.journal.append(vec![released], parcel.header.precedence).await {
                return self.put_back(lane, parcel, place, &denied);
            }
        }
        let header = Header { id: delivery_id(&parcel.key), destinations: lane.destinations.clone(), sent: world::now(), ..parcel.header.clone() };
        match link.send(&header, &parcel.bytes).await {
            Ok(receipt) if receipt.status == Status::Accepted => self.delivered(lane, parcel, place, receipt.at).await,
            Ok(receipt) => {
                tracing::warn!(recipient = %parcel.recipient, message = %parcel.key.id, answer = receipt.status.word(), "delivery refused");
                self.rest(lane, parcel, place);
            }
            Err(error) => {
                tracing::info!(recipient = %parcel.recipient, message = %parcel.key.id, %error, "delivery not answered");
                lane.detach(link);
                self.rest(lane, parcel, place);
            }
        }
    }

    async fn delivered(&self, lane: &Arc<Lane>, parcel: Parcel, place: u64, receipt: crate::base::Time) {
        let event = Delivered { message: parcel.key.clone(), recipient: parcel.recipient.clone(), receipt, time: world::now() };
        match self.journal.append(vec![Event::Delivered(event)], parcel.header.precedence).await {
            Ok(_) => lane.forget(&parcel.key),
            // It is on record that the recipient has it.
            Err(Denied::Contradiction(_)) => lane.forget(&parcel.key),
            Err(denied) => self.put_back(lane, parcel, place, &denied),
        }
    }

    fn put_back(&self, lane: &Arc<Lane>, parcel: Parcel, place: u64, denied: &Denied) {
        if let Denied::Fault(fault) = denied {
            self.fail(fault);
        }
        self.rest(lane, parcel, place);
    }

    /// Queues a parcel again after a rest that doubles with each attempt.
    fn rest(&self, lane: &Arc<Lane>, parcel: Parcel, place: u64) {
        let pause = Duration::from_millis(100).saturating_mul(1_u32 << parcel.attempts.min(9)).min(REST_MAX);
        let lane = Arc::clone(lane);
        self.tasks.spawn(async move {
            tokio::time::sleep(pause).await;
            lane.outbox.push(parcel.header.precedence, place, parcel);
        });
    }
}
