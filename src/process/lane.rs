//! One recipient's desk: the links to it, and what waits for it, the most urgent first, then in the order of acceptance.
//!
//! A view of the journal that can be lost and made again. While the recipient is away nothing waits here: it stays due in the journal, and is
//! read when a link is up. A desk that is full leaves its least urgent to the journal too.
//!
//! INVARIANT: what is due and only in the journal ranks behind everything that waits here, unless nothing waits here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::line::Line;
use crate::base::{Digest, Name, Precedence};
use crate::hop::Permit;
use crate::hop::message::Permitted;
use crate::journal::{MessageKey, Outgoing};

/// Parcels of one recipient in memory, at most: 8,192.
const PARCELS_MAX: usize = 8192;
/// Bytes of one recipient's parcels in memory, at most: 64 MiB; one parcel may always be there.
const BYTES_MAX: usize = 64 << 20;
/// Parcels that are read from the journal in one go.
const REFILL_ROWS: usize = 512;
/// How long a refused or failed delivery rests before it is tried again: short at first, and never more than this.
const REST_MAX: Duration = Duration::from_secs(30);

/// A release on its way.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) key: MessageKey,
    pub(super) recipient: Name,
    /// Index of the record of acceptance: the order of acceptance, and the parcel's identity at this desk.
    pub(super) place: u64,
    pub(super) clause: Option<Name>,
    /// The verifier's permit for the bytes.
    pub(super) permitted: Permitted,
    pub(super) bytes: Arc<[u8]>,
    /// Releases on record.
    pub(super) attempts: u32,
    /// Whether the release of this attempt is durable already.
    pub(super) recorded: bool,
    /// Failures in a row, since it was read.
    failures: u32,
}

impl Parcel {
    /// A parcel of a decision that is about to be recorded; its place is known when that is done.
    pub(super) fn new(key: MessageKey, clause: Option<Name>, permitted: Permitted, bytes: Arc<[u8]>) -> Self {
        let recipient = permitted.permit.recipient.clone();
        Self { key, recipient, place: 0, clause, permitted, bytes, attempts: 0, recorded: false, failures: 0 }
    }

    /// The permit.
    pub(super) const fn permit(&self) -> &Permit {
        &self.permitted.permit
    }

    /// The digest of the bytes.
    pub(super) const fn digest(&self) -> Digest {
        self.permit().digest
    }

    /// Urgency.
    pub(super) const fn precedence(&self) -> Precedence {
        self.permit().precedence
    }

    /// The parcel at its place.
    pub(super) fn at(self, place: u64) -> Self {
        Self { place, ..self }
    }

    /// A release that is due; `None`, with a line in the log, where its bytes do not open: people must look at it, and the others go on.
    fn due(due: Outgoing) -> Option<Self> {
        let Outgoing { message: key, recipient, place, clause, digest, output, permit, attempts, .. } = due;
        let permitted = permit.and_then(|bytes| minicbor::decode::<Permitted>(&bytes).ok());
        let permitted = permitted.filter(|permitted| permitted.permit.recipient == recipient && permitted.permit.digest == digest);
        match output.and_then(|bytes| permitted.map(|permitted| (bytes, permitted)).ok_or_else(|| "it has no permit of the verifier".to_owned())) {
            Ok((bytes, permitted)) => Some(Self { place, attempts, ..Self::new(key, clause, permitted, bytes.into()) }),
            Err(why) => {
                tracing::error!(%recipient, message = %key.id, why, "a release that is due does not open; it stays due");
                None
            }
        }
    }

    fn rank(&self) -> Rank {
        (Reverse(self.precedence()), self.place)
    }
}

type Rank = (Reverse<Precedence>, u64);

/// How many deliveries may be under way: an eighth of them is kept for what is urgent.
pub(super) struct Rooms {
    unhurried: Arc<Semaphore>,
    urgent: Arc<Semaphore>,
}

impl Rooms {
    pub(super) fn new(window: u32) -> Self {
        let window = usize::try_from(window).unwrap_or(1).min(Semaphore::MAX_PERMITS);
        let urgent = window.div_euclid(8).max(1);
        Self { unhurried: Arc::new(Semaphore::new(window.saturating_sub(urgent).max(1))), urgent: Arc::new(Semaphore::new(urgent)) }
    }

    fn take(&self, precedence: Precedence) -> Option<OwnedSemaphorePermit> {
        let unhurried = || Arc::clone(&self.unhurried).try_acquire_owned().ok();
        match precedence {
            Precedence::Flash | Precedence::Immediate => Arc::clone(&self.urgent).try_acquire_owned().ok().or_else(unhurried),
            Precedence::Priority | Precedence::Routine => unhurried(),
        }
    }
}

/// A parcel that may go now, its link, and its room.
pub(super) struct Taken {
    pub(super) parcel: Parcel,
    pub(super) link: Arc<Line>,
    pub(super) room: OwnedSemaphorePermit,
}

#[derive(Default)]
struct Desk {
    waiting: BTreeMap<Rank, Parcel>,
    resting: Vec<(Instant, Parcel)>,
    /// Places of what waits, rests or is under way.
    known: HashSet<u64>,
    /// Of what waits or rests.
    bytes: usize,
    /// More is due in the journal than is known here.
    behind: bool,
    /// Links that are up, the one to be used last: the newest, unless it said that it is busy.
    links: Vec<Arc<Line>>,
}

impl Desk {
    fn link(&self) -> Option<&Arc<Line>> {
        self.links.iter().rev().find(|link| !link.is_closed())
    }

    fn forget(&mut self, parcel: &Parcel) {
        self.known.remove(&parcel.place);
        self.bytes = self.bytes.saturating_sub(parcel.bytes.len());
    }

    /// Takes in a parcel that is not known.
    fn keep(&mut self, parcel: Parcel) {
        self.known.insert(parcel.place);
        self.bytes = self.bytes.saturating_add(parcel.bytes.len());
        self.waiting.insert(parcel.rank(), parcel);
        while (self.known.len() > PARCELS_MAX || self.bytes > BYTES_MAX) && self.waiting.len() > 1 {
            self.leave_last();
        }
    }

    /// Leaves the least urgent to the journal.
    fn leave_last(&mut self) {
        if let Some((_, last)) = self.waiting.pop_last() {
            self.forget(&last);
            self.behind = true;
        }
    }

    /// Leaves everything to the journal, but for what is under way.
    fn leave_all(&mut self) {
        let resting = std::mem::take(&mut self.resting).into_iter().map(|(_, parcel)| parcel);
        for parcel in std::mem::take(&mut self.waiting).into_values().chain(resting) {
            self.forget(&parcel);
        }
        self.behind = true;
    }

    /// Makes what has rested until `now` wait again.
    fn wake(&mut self, now: Instant) {
        for (until, parcel) in std::mem::take(&mut self.resting) {
            match until <= now {
                true => drop(self.waiting.insert(parcel.rank(), parcel)),
                false => self.resting.push((until, parcel)),
            }
        }
    }
}

/// The desk of one recipient.
pub(super) struct Lane {
    desk: Mutex<Desk>,
    changed: Notify,
}

impl Lane {
    /// The desk of a recipient of which nothing is known: what is due to it is in the journal.
    pub(super) fn new() -> Self {
        Self { desk: Mutex::new(Desk { behind: true, ..Desk::default() }), changed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes after the next change, also one that came between this call and the wait.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Says that something changed: room came free.
    pub(super) fn nudge(&self) {
        self.changed.notify_one();
    }

    /// Makes `link` the one that deliveries take; what rests is tried again.
    pub(super) fn attach(&self, link: Arc<Line>) {
        let mut desk = self.lock();
        if desk.link().is_none() {
            // While nobody was there, more urgent ones may have come to the journal only.
            desk.leave_all();
        }
        desk.links.push(link);
        let resting = std::mem::take(&mut desk.resting);
        desk.waiting.extend(resting.into_iter().map(|(_, parcel)| (parcel.rank(), parcel)));
        drop(desk);
        self.nudge();
    }

    /// Lets go of `link`; the newest of those that are left takes its place.
    pub(super) fn detach(&self, link: &Arc<Line>) {
        let mut desk = self.lock();
        desk.links.retain(|present| !Arc::ptr_eq(present, link));
        if desk.link().is_none() {
            desk.leave_all();
        }
        drop(desk);
        self.nudge();
    }

    /// Prefers every other link to `link`, whose other side is busy.
    pub(super) fn demote(&self, link: &Arc<Line>) {
        let mut desk = self.lock();
        if let Some(at) = desk.links.iter().position(|present| Arc::ptr_eq(present, link)) {
            let link = desk.links.remove(at);
            desk.links.insert(0, link);
        }
    }

    pub(super) fn is_linked(&self) -> bool {
        self.lock().link().is_some()
    }

    /// When the certificate of the link in use ends, in seconds since 1970.
    pub(super) fn certificate_end(&self) -> Option<i64> {
        self.lock().link().and_then(|line| line.until)
    }

    pub(super) fn waiting(&self) -> usize {
        let desk = self.lock();
        desk.waiting.len().saturating_add(desk.resting.len())
    }

    /// Takes in what a durable decision released.
    pub(super) fn push(&self, parcel: Parcel) {
        let mut desk = self.lock();
        if desk.known.contains(&parcel.place) {
            return;
        }
        let ahead = desk.waiting.last_key_value().is_some_and(|(last, _)| parcel.rank() < *last);
        if desk.link().is_none() {
            desk.leave_all();
        } else if !desk.behind || ahead {
            desk.keep(parcel);
        }
        drop(desk);
        self.nudge();
    }

    /// The rows to read from the journal, where it is time to read. From here on the desk counts as complete, so that what is released meanwhile is taken in.
    pub(super) fn refill_rows(&self) -> Option<usize> {
        let mut desk = self.lock();
        let wanted = desk.behind && desk.waiting.is_empty() && desk.link().is_some();
        wanted.then(|| {
            desk.behind = false;
            desk.known.len().saturating_add(REFILL_ROWS)
        })
    }

    /// Takes in what the journal gave for `rows`.
    pub(super) fn refill(&self, due: Vec<Outgoing>, rows: usize) {
        let full = due.len() >= rows;
        let mut desk = self.lock();
        if desk.link().is_none() {
            return desk.leave_all();
        }
        let mut last = None;
        for parcel in due.into_iter().filter_map(Parcel::due) {
            last = Some(parcel.rank());
            if !desk.known.contains(&parcel.place) {
                desk.keep(parcel);
            }
        }
        if full {
            desk.behind = true;
            while desk.waiting.last_key_value().is_some_and(|(rank, _)| last.is_some_and(|last| *rank > last)) {
                desk.leave_last();
            }
        }
    }

    /// The most urgent parcel, where there is a link and room for it.
    pub(super) fn take(&self, rooms: &Rooms) -> Option<Taken> {
        let mut desk = self.lock();
        desk.wake(Instant::now());
        let link = Arc::clone(desk.link()?);
        let (Reverse(precedence), _) = *desk.waiting.first_key_value()?.0;
        let room = rooms.take(precedence)?;
        let (_, parcel) = desk.waiting.pop_first()?;
        desk.bytes = desk.bytes.saturating_sub(parcel.bytes.len());
        Some(Taken { parcel, link, room })
    }

    /// When the next parcel has rested.
    pub(super) fn rested(&self) -> Option<Instant> {
        self.lock().resting.iter().map(|(until, _)| *until).min()
    }

    /// A parcel that was under way and is settled.
    pub(super) fn done(&self, place: u64) {
        self.lock().known.remove(&place);
    }

    /// A parcel that was under way, and of which the journal knows better.
    pub(super) fn reread(&self, place: u64) {
        let mut desk = self.lock();
        desk.known.remove(&place);
        desk.behind = true;
    }

    /// A parcel that was under way and is to be tried again, after a rest that doubles with each failure.
    pub(super) fn rest(&self, mut parcel: Parcel) {
        let pause = Duration::from_millis(100).saturating_mul(1_u32 << parcel.failures.min(9)).min(REST_MAX);
        parcel.failures = parcel.failures.saturating_add(1);
        let mut desk = self.lock();
        if desk.link().is_none() {
            desk.known.remove(&parcel.place);
            desk.behind = true;
            return;
        }
        desk.bytes = desk.bytes.saturating_add(parcel.bytes.len());
        desk.resting.push((Instant::now().checked_add(pause).unwrap_or_else(Instant::now), parcel));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{MessageId, Traffic};

    fn parcel(place: u64, precedence: Precedence, bytes: usize) -> Parcel {
        let id = MessageId::from_parts(place, [0; 10]);
        let name = Name::new("usa-ops").unwrap();
        let permit = Permit {
            id,
            recipient: name.clone(),
            precedence,
            traffic: Traffic::Operation,
            media_type: String::new(),
            label: None,
            digest: Digest::of(b""),
            edition: Digest::of(b""),
        };
        let permitted = Permitted { permit, tag: crate::hop::Tag([0; 32]) };
        Parcel { place, ..Parcel::new(MessageKey { from: name, id }, None, permitted, vec![0; bytes].into()) }
    }

    fn places(desk: &Desk) -> Vec<u64> {
        desk.waiting.values().map(|parcel| parcel.place).collect()
    }

    #[test]
    fn flash_overtakes_and_equals_keep_their_order() {
        let mut desk = Desk::default();
        for (place, precedence) in [(1, Precedence::Routine), (2, Precedence::Routine), (3, Precedence::Flash), (4, Precedence::Priority)] {
            desk.keep(parcel(place, precedence, 1));
        }
        assert_eq!(places(&desk), [3, 4, 1, 2]);
    }

    #[test]
    fn a_full_desk_leaves_its_least_urgent_to_the_journal_and_takes_flash() {
        let mut desk = Desk::default();
        for place in 0..5 {
            desk.keep(parcel(place, Precedence::Routine, BYTES_MAX / 4));
        }
        assert_eq!((places(&desk), desk.behind), (vec![0, 1, 2, 3], true));
        desk.keep(parcel(9, Precedence::Flash, BYTES_MAX / 4));
        assert_eq!((places(&desk), desk.known.len(), desk.bytes), (vec![9, 0, 1, 2], 4, BYTES_MAX));
    }

    #[test]
    fn nothing_waits_in_memory_for_a_recipient_that_is_away() {
        let lane = Lane::new();
        for place in 0..100 {
            lane.push(parcel(place, Precedence::Flash, 1000));
        }
        lane.rest(parcel(100, Precedence::Flash, 1000));
        let desk = lane.lock();
        assert_eq!((desk.waiting.len(), desk.resting.len(), desk.known.len(), desk.bytes, desk.behind), (0, 0, 0, 0, true));
    }

    #[test]
    fn what_is_urgent_finds_room_when_routine_has_taken_its_own() {
        let rooms = Rooms::new(8);
        let taken: Vec<_> = (0..20).filter_map(|_| rooms.take(Precedence::Routine)).collect();
        assert_eq!(taken.len(), 7);
        let flash = rooms.take(Precedence::Flash);
        assert!(flash.is_some() && rooms.take(Precedence::Flash).is_none());
        drop(taken);
        assert!(rooms.take(Precedence::Flash).is_some());
    }

    #[test]
    fn a_parcel_that_rested_waits_again_and_not_before() {
        let (mut desk, now) = (Desk::default(), Instant::now());
        desk.resting = vec![(now, parcel(1, Precedence::Routine, 1)), (now + Duration::from_secs(1), parcel(2, Precedence::Flash, 1))];
        desk.wake(now);
        assert_eq!((places(&desk), desk.resting.len()), (vec![1], 1));
    }
}
