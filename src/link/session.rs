//! What a peer may do over time: token buckets for messages, resets and handshakes, and the roll of its links.
//!
//! A state machine without I/O: time is an argument (since any fixed start), so every limit is tested without waiting.
//! INVARIANT: within any span of `t` seconds a bucket gives at most `rate * (t + 1)` tokens.

use std::time::Duration;

use crate::base::Reason;
use crate::config::Limits;

/// One token in the unit of account, so that rates that do not divide a nanosecond lose nothing.
const TOKEN: u128 = 1_000_000_000;

/// Tokens that come back at a steady rate; one second's worth can be saved.
#[derive(Debug, Clone)]
pub struct Bucket {
    rate: u32,
    filled: u128,
    last: Duration,
}

impl Bucket {
    /// A full bucket that gives `rate` tokens in a second.
    #[must_use]
    pub fn new(rate: u32, now: Duration) -> Self {
        Self { rate, filled: u128::from(rate).saturating_mul(TOKEN), last: now }
    }

    /// Takes a token; `false` where none is left.
    pub fn take(&mut self, now: Duration) -> bool {
        self.fill(now);
        match self.filled.checked_sub(TOKEN) {
            Some(left) => {
                self.filled = left;
                true
            }
            None => false,
        }
    }

    /// Whether less than half is left: the time to ask callers to prove their address.
    pub fn is_low(&mut self, now: Duration) -> bool {
        self.fill(now);
        self.filled.saturating_mul(2) < u128::from(self.rate).saturating_mul(TOKEN)
    }

    /// The same state at another rate.
    pub fn set_rate(&mut self, rate: u32, now: Duration) {
        self.fill(now);
        self.rate = rate;
        self.fill(now);
    }

    fn fill(&mut self, now: Duration) {
        // A clock that steps back gives nothing.
        let passed = now.saturating_sub(self.last);
        self.last = self.last.max(now);
        let gained = passed.as_nanos().saturating_mul(u128::from(self.rate));
        self.filled = self.filled.saturating_add(gained).min(u128::from(self.rate).saturating_mul(TOKEN));
    }
}

/// Whether a link may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Keep,
    /// It is cut.
    Cut,
}

/// How a peer behaves, over all its links.
#[derive(Debug, Clone)]
pub struct Conduct {
    messages: Bucket,
    resets: Bucket,
}

impl Conduct {
    /// A peer of which nothing is known yet.
    #[must_use]
    pub fn new(limits: &Limits, now: Duration) -> Self {
        Self { messages: Bucket::new(limits.messages_per_second_max, now), resets: Bucket::new(limits.resets_per_second_max, now) }
    }

    /// New limits, without forgetting.
    pub fn set_limits(&mut self, limits: &Limits, now: Duration) {
        self.messages.set_rate(limits.messages_per_second_max, now);
        self.resets.set_rate(limits.resets_per_second_max, now);
    }

    /// A message begins.
    ///
    /// # Errors
    /// `size.rate` where the peer sends too many.
    pub fn message(&mut self, now: Duration) -> Result<(), Reason> {
        if self.messages.take(now) { Ok(()) } else { Err(Reason::SizeRate) }
    }

    /// A stream was opened and reset.
    pub fn reset(&mut self, now: Duration) -> Verdict {
        if self.resets.take(now) { Verdict::Keep } else { Verdict::Cut }
    }
}

/// The links that a peer holds, oldest first.
///
/// A message may arrive on any of them and leave on any of them; what leaves takes the newest, because after a
/// restart or a simultaneous dial the newest is the one that both ends know to be alive.
#[derive(Debug)]
pub struct Roll<L> {
    links: Vec<(u64, L)>,
}

impl<L> Default for Roll<L> {
    fn default() -> Self {
        Self { links: Vec::new() }
    }
}

impl<L> Roll<L> {
    /// Takes a link in, and gives back the oldest ones that exceed `max`: those are closed.
    pub fn enter(&mut self, number: u64, link: L, max: u32) -> Vec<L> {
        self.links.push((number, link));
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let surplus = self.links.len().saturating_sub(max);
        self.links.drain(..surplus).map(|(_, link)| link).collect()
    }

    /// Forgets a link.
    pub fn leave(&mut self, number: u64) {
        self.links.retain(|(known, _)| *known != number);
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &L> {
        self.links.iter().map(|(_, link)| link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_bucket_gives_its_rate_and_then_nothing_until_time_passes() {
        let mut bucket = Bucket::new(3, ms(0));
        assert_eq!((0..5).filter(|_| bucket.take(ms(0))).count(), 3);
        assert!(!bucket.take(ms(333)));
        assert!(bucket.take(ms(334)));
        assert!(!bucket.take(ms(334)));
        assert_eq!((0..9).filter(|_| bucket.take(ms(60_000))).count(), 3);
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing() {
        let mut bucket = Bucket::new(1, ms(1000));
        assert!(bucket.take(ms(1000)));
        assert!(!bucket.take(ms(0)));
        assert!(!bucket.take(ms(1999)));
        assert!(bucket.take(ms(2000)));
    }

    #[test]
    fn a_lower_rate_takes_hold_at_once() {
        let mut bucket = Bucket::new(100, ms(0));
        assert!(!bucket.is_low(ms(0)));
        bucket.set_rate(2, ms(0));
        assert_eq!((0..5).filter(|_| bucket.take(ms(0))).count(), 2);
        assert!(bucket.is_low(ms(0)));
        assert!(!bucket.is_low(ms(500)));
    }

    #[test]
    fn too_many_messages_are_refused_and_too_many_resets_cut() {
        let limits = Limits { messages_per_second_max: 2, resets_per_second_max: 1, ..Limits::default() };
        let mut conduct = Conduct::new(&limits, ms(0));
        assert_eq!([(); 3].map(|()| conduct.message(ms(0))), [Ok(()), Ok(()), Err(Reason::SizeRate)]);
        assert_eq!([(); 2].map(|()| conduct.reset(ms(0))), [Verdict::Keep, Verdict::Cut]);
        assert_eq!(conduct.message(ms(500)), Ok(()));
        conduct.set_limits(&Limits { resets_per_second_max: 5, ..limits }, ms(500));
        assert_eq!(conduct.reset(ms(1000)), Verdict::Keep);
    }

    #[test]
    fn the_newest_link_is_used_and_the_oldest_gives_way() {
        let mut roll = Roll::default();
        assert!(roll.iter().next().is_none());
        assert!(roll.enter(1, 'a', 2).is_empty());
        assert!(roll.enter(2, 'b', 2).is_empty());
        assert_eq!(roll.enter(3, 'c', 2), ['a']);
        assert_eq!(roll.iter().next_back(), Some(&'c'));
        roll.leave(3);
        roll.leave(1);
        assert_eq!(roll.iter().next_back(), Some(&'b'));
        assert_eq!(roll.iter().count(), 1);
    }

    proptest! {
        #[test]
        fn no_span_gives_more_than_its_rate_and_one_second_more(rate in 1_u32..50, steps in proptest::collection::vec(0_u64..400, 1..200)) {
            let mut bucket = Bucket::new(rate, ms(0));
            let (mut now, mut given) = (0_u64, 0_u64);
            for step in steps {
                now = now.saturating_add(step);
                given = given.saturating_add(u64::from(bucket.take(ms(now))));
                prop_assert!(given.saturating_mul(1000) <= u64::from(rate).saturating_mul(now.saturating_add(1000)));
            }
        }
    }
}
