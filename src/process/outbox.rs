//! What waits for one recipient, the most urgent first, then in the order of acceptance. A view of the journal: it can be lost and made again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::base::Precedence;

/// Something with a place in the queue.
#[derive(Debug)]
struct Queued<T> {
    rank: (Precedence, Reverse<u64>),
    item: T,
}

impl<T> PartialEq for Queued<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl<T> Eq for Queued<T> {}

impl<T> PartialOrd for Queued<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Queued<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

/// A queue by precedence and order of acceptance.
#[derive(Debug)]
pub(super) struct Outbox<T> {
    heap: Mutex<BinaryHeap<Queued<T>>>,
    filled: Notify,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self { heap: Mutex::new(BinaryHeap::new()), filled: Notify::new() }
    }
}

impl<T> Outbox<T> {
    fn lock(&self) -> MutexGuard<'_, BinaryHeap<Queued<T>>> {
        self.heap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds something; `place` is its order of acceptance.
    pub(super) fn push(&self, precedence: Precedence, place: u64, item: T) {
        self.lock().push(Queued { rank: (precedence, Reverse(place)), item });
        self.filled.notify_one();
    }

    /// Takes the most urgent, waiting for one.
    pub(super) async fn pop(&self) -> (Precedence, u64, T) {
        loop {
            let filled = self.filled.notified();
            if let Some(Queued { rank: (precedence, Reverse(place)), item }) = self.lock().pop() {
                return (precedence, place, item);
            }
            filled.await;
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn flash_overtakes_and_equals_keep_their_order() {
        let outbox = Outbox::default();
        outbox.push(Precedence::Routine, 1, "a");
        outbox.push(Precedence::Routine, 2, "b");
        outbox.push(Precedence::Flash, 3, "c");
        outbox.push(Precedence::Priority, 4, "d");
        let mut order = Vec::new();
        while outbox.len() > 0 {
            order.push(outbox.pop().await.2);
        }
        assert_eq!(order, ["c", "d", "a", "b"]);
    }

    #[tokio::test]
    async fn one_who_waits_is_woken() {
        let outbox = std::sync::Arc::new(Outbox::default());
        let waiting = tokio::spawn({
            let outbox = std::sync::Arc::clone(&outbox);
            async move { outbox.pop().await.2 }
        });
        tokio::task::yield_now().await;
        outbox.push(Precedence::Routine, 1, 7);
        assert_eq!(waiting.await.unwrap(), 7);
    }
}
