//! A half-open range of bytes in the original body.

use serde::{Serialize, Serializer};

/// Bytes `start..end` of the original body. Bodies are at most 4 GiB, so offsets fit `u32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from byte offsets; offsets beyond `u32::MAX` saturate.
    #[must_use]
    #[inline]
    pub fn new(start: usize, end: usize) -> Self {
        let cut = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: cut(start), end: cut(end) }
    }

    /// The range as `usize`, for slicing with `get`.
    #[must_use]
    #[inline]
    pub fn range(self) -> std::ops::Range<usize> {
        let wide = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        wide(self.start)..wide(self.end)
    }

    /// The number of bytes covered.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        self.end.saturating_sub(self.start)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        (self.start, self.end).serialize(out)
    }
}
