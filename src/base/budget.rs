//! A budget: work that one message may cause, spent as it is done.
//!
//! The path has no clock, so its limit on work is counted, not timed. One unit is about one node read
//! or one comparison made; bytes are charged where bytes are scanned.

use super::{Reason, Refusal};

/// What is left to spend on one message.
#[derive(Debug)]
pub struct Budget {
    work: u64,
}

impl Budget {
    /// Work units for each message at the least: 100,000.
    pub const WORK_MIN: u64 = 100_000;
    /// Work units for each byte of the body: 256. A 2 KB track uses about 4 for each byte.
    pub const WORK_PER_BYTE: u64 = 256;

    /// The budget of a body of `bytes` bytes: linear in its size, so that a hostile message costs no more than an honest one.
    #[must_use]
    pub fn for_body(bytes: usize) -> Self {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        Self { work: bytes.saturating_mul(Self::WORK_PER_BYTE).saturating_add(Self::WORK_MIN) }
    }

    /// Takes `units` from the budget.
    ///
    /// # Errors
    /// `size.budget` when less than `units` is left; the budget is then empty.
    pub fn spend(&mut self, units: u64) -> Result<(), Refusal> {
        match self.work.checked_sub(units) {
            Some(left) => {
                self.work = left;
                Ok(())
            }
            None => {
                self.work = 0;
                Err(Refusal::new(Reason::SizeBudget, "the message asks for more work than its size allows"))
            }
        }
    }

    /// Work units left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.work
    }
}
