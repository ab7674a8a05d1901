//! How much one officer may ask: requests per second, and connections at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::ConsoleLimits;

const MILLI: u64 = 1000;

#[derive(Debug, Default, Clone, Copy)]
struct Taken {
    /// When, in milliseconds.
    at: u64,
    /// Thousandths of requests that are spent.
    spent: u64,
    connections: usize,
}

/// What each officer has taken.
#[derive(Debug, Default)]
pub(super) struct Conduct(Arc<Mutex<HashMap<String, Taken>>>);

/// A connection's place, given back when it is let go.
pub(super) struct Place(Arc<Mutex<HashMap<String, Taken>>>, String);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(taken) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&self.1) {
            taken.connections = taken.connections.saturating_sub(1);
        }
    }
}

impl Conduct {
    /// A place for a connection of an officer; none where there are too many.
    pub(super) fn place(&self, officer: &str, limits: &ConsoleLimits) -> Option<Place> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = all.entry(officer.to_owned()).or_default();
        if taken.connections >= usize::try_from(limits.connections_of_one_max).unwrap_or(usize::MAX) {
            return None;
        }
        taken.connections = taken.connections.saturating_add(1);
        Some(Place(Arc::clone(&self.0), officer.to_owned()))
    }

    /// Whether an officer may ask once more at this time in milliseconds.
    pub(super) fn may_ask(&self, officer: &str, now: u64, limits: &ConsoleLimits) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = all.entry(officer.to_owned()).or_default();
        let given = now.saturating_sub(taken.at).saturating_mul(limits.requests_per_second_max.into());
        taken.spent = taken.spent.saturating_sub(given);
        taken.at = now.max(taken.at);
        let wanted = taken.spent.saturating_add(MILLI);
        let may = wanted <= u64::from(limits.requests_burst_max).saturating_mul(MILLI);
        if may {
            taken.spent = wanted;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_officer_who_asks_too_much_is_stopped_and_no_other() {
        let (conduct, limits) = (Conduct::default(), ConsoleLimits::default());
        let taken = (0..200).filter(|_| conduct.may_ask("ann", 1000, &limits)).count();
        assert_eq!(taken, 120);
        assert!(conduct.may_ask("bob", 1000, &limits));
        assert!(!conduct.may_ask("ann", 1000, &limits));
        assert_eq!((0..200).filter(|_| conduct.may_ask("ann", 2000, &limits)).count(), 40);
    }

    #[test]
    fn places_come_back() {
        let (conduct, limits) = (Conduct::default(), ConsoleLimits::default());
        let held: Vec<_> = (0..12).map(|_| conduct.place("ann", &limits).unwrap()).collect();
        assert!(conduct.place("ann", &limits).is_none() && conduct.place("bob", &limits).is_some());
        drop(held);
        assert!(conduct.place("ann", &limits).is_some());
    }
}
