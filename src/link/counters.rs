//! What the link counts: facts without content, for metrics, the console and tests.
//!
//! Everything that a link refuses is counted here under its code; after acceptance the journal counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The counters of one door, since it opened.
#[derive(Debug, Default)]
pub struct Counters {
    links: AtomicU64,
    cut: AtomicU64,
    received: AtomicU64,
    received_bytes: AtomicU64,
    sent: AtomicU64,
    refused: Mutex<BTreeMap<&'static str, u64>>,
}

/// The counters at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Links that came up.
    pub links: u64,
    /// Links that the gateway cut: revoked, removed, superseded or abused.
    pub cut: u64,
    /// Whole messages received.
    pub received: u64,
    /// Bytes of their bodies.
    pub received_bytes: u64,
    /// Messages sent and answered.
    pub sent: u64,
    /// Refusals by code: `frame.*`, `size.*`, `certificate.*`, `handshake.*`.
    pub refused: BTreeMap<&'static str, u64>,
}

impl Counters {
    /// The counters now.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Tally {
            links: read(&self.links),
            cut: read(&self.cut),
            received: read(&self.received),
            received_bytes: read(&self.received_bytes),
            sent: read(&self.sent),
            refused: self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    pub(super) fn link(&self) {
        self.links.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn received(&self, bytes: usize) {
        self.received.fetch_add(1, Ordering::Relaxed);
        self.received_bytes.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, code: &'static str) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let count = refused.entry(code).or_default();
        *count = count.saturating_add(1);
    }
}
