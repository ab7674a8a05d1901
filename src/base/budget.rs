//! A budget: work that one message may cause, spent as it is done.
//!
//! The path has no clock, so its limit on work is counted, not timed. One unit is about one node read
//! or one comparison made; bytes are charged where bytes are scanned.

use super::{Reason, Refusal};

/// What is left to spend on one message.
#[derive(Debug)]
pub struct Budget {
    work: u64,
    parts: usize,
}

impl Budget {
    /// Work units for each message at the least: 100,000.
    pub const WORK_MIN: u64 = 100_000;
    /// Work units for each byte of the body: 256. A 2 KB track uses about 4 for each byte.
    pub const WORK_PER_BYTE: u64 = 256;

    /// Parts of a message that any size may have: 250,000. A 64 KB track has some 3,000; a part costs some 50 bytes in the tree, and
    /// some 200 with the trees of the second reader.
    pub const PARTS_MIN: usize = 250_000;
    /// Bytes for each part beyond these: 16, so that the memory of a message is in proportion to its body, and 8 MB of tracks or
    /// indicators, whose parts take 17 to 30 bytes, are within the limit.
    pub const BYTES_PER_PART: usize = 16;

    /// The budget of a body of `bytes` bytes: linear in its size, so that a hostile message costs no more than an honest one.
    #[must_use]
    pub fn for_body(bytes: usize) -> Self {
        let parts = (bytes / Self::BYTES_PER_PART).max(Self::PARTS_MIN);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        Self { work: bytes.saturating_mul(Self::WORK_PER_BYTE).saturating_add(Self::WORK_MIN), parts }
    }

    /// Parts that the tree of this message may have.
    #[must_use]
    pub const fn parts_max(&self) -> usize {
        self.parts
    }

    /// Takes `units` from the budget.
    ///
    /// # Errors
    /// `size.budget` when less than `units` is left; the budget is then empty.
    #[inline]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_body_may_have_a_part_for_every_sixteen_bytes_and_a_small_one_as_many_as_ever() {
        assert_eq!(Budget::for_body(0).parts_max(), 250_000);
        assert_eq!(Budget::for_body(4_000_000).parts_max(), 250_000);
        assert_eq!(Budget::for_body(8 * 1024 * 1024).parts_max(), 524_288);
    }
}
