//! Lines: what the keeper has of a door, and of each link that is up there.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::base::Name;
use crate::hop::Sender;
use crate::hop::message::{Fate, Permitted, ToDoor};

/// The keeper's end of a door.
#[derive(Debug)]
pub(super) struct DoorEnd {
    /// The domain.
    pub(super) domain: Name,
    /// To the door.
    pub(super) sender: Sender<ToDoor>,
    asks: Mutex<HashMap<u64, oneshot::Sender<Fate>>>,
    number: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DoorEnd {
    /// The end of a door.
    pub(super) fn new(domain: Name, sender: Sender<ToDoor>) -> Self {
        Self { domain, sender, asks: Mutex::default(), number: AtomicU64::new(1) }
    }

    /// What the door says became of a delivery.
    pub(super) fn settle(&self, ask: u64, fate: Fate) {
        match lock(&self.asks).remove(&ask) {
            // Who delivered may be gone: then the journal still says that it is due.
            Some(wait) => drop(wait.send(fate)),
            None => tracing::warn!(domain = %self.domain, ask, "a door answers what it was not asked"),
        }
    }

    /// The door is gone: nobody will answer.
    pub(super) fn end(&self) {
        lock(&self.asks).clear();
    }
}

/// A link that is up at a door.
#[derive(Debug)]
pub(super) struct Line {
    /// The peer at its end.
    pub(super) peer: Name,
    /// When its certificate ends, in seconds since 1970.
    pub(super) until: Option<i64>,
    number: u64,
    door: Arc<DoorEnd>,
    closed: AtomicBool,
}

impl Line {
    /// A line that is up.
    pub(super) fn new(peer: Name, (number, until): (u64, Option<i64>), door: Arc<DoorEnd>) -> Self {
        Self { peer, until, number, door, closed: AtomicBool::new(false) }
    }

    /// The number of the link at its door.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Notes that it is gone.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether it is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Gives bytes to the door, and says what became of them.
    pub(super) async fn deliver(&self, permitted: Permitted, bytes: Arc<[u8]>) -> Fate {
        let ask = self.door.number.fetch_add(1, Ordering::Relaxed);
        let (tell, wait) = oneshot::channel();
        lock(&self.door.asks).insert(ask, tell);
        let said = self.door.sender.say(ToDoor::Deliver { ask, link: self.number, permitted, bytes }).await;
        let gone = || Fate::Unanswered { why: "the door is gone".to_owned() };
        match said {
            Ok(()) => wait.await.unwrap_or_else(|_| gone()),
            Err(_) => {
                lock(&self.door.asks).remove(&ask);
                gone()
            }
        }
    }
}

/// Refusals at the doors, by domain and code.
#[derive(Debug, Default)]
pub(super) struct AtDoors {
    counts: Mutex<HashMap<Name, BTreeMap<String, u64>>>,
}

impl AtDoors {
    /// What a door says of its refusals since it opened.
    pub(super) fn tell(&self, domain: &Name, counts: Vec<(String, u64)>) {
        lock(&self.counts).insert(domain.clone(), counts.into_iter().collect());
    }

    /// All refusals.
    pub(super) fn now(&self) -> BTreeMap<String, u64> {
        let mut sum = BTreeMap::new();
        for (code, count) in lock(&self.counts).values().flatten() {
            let total: &mut u64 = sum.entry(code.clone()).or_default();
            *total = total.saturating_add(*count);
        }
        sum
    }
}
