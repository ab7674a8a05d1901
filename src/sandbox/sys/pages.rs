//! Locked pages: memory of its own that is never written to disk, neither swapped nor in a core.

use std::io::Error;
use std::ptr::NonNull;

use super::answered;

/// Whole pages that belong to nobody else.
#[derive(Debug)]
pub(in crate::sandbox) struct Pages {
    start: NonNull<u8>,
    bytes: usize,
    used: usize,
}

// SAFETY: the pages belong to this value alone; shared use only reads.
unsafe impl Send for Pages {}
// SAFETY: as above.
unsafe impl Sync for Pages {}

impl Pages {
    /// Pages for so many bytes, all zero.
    pub(in crate::sandbox) fn take(used: usize) -> Result<Self, Error> {
        const PAGE: usize = 4096;
        let bytes = used.max(1).checked_next_multiple_of(PAGE).ok_or_else(|| Error::other("more bytes than there are addresses"))?;
        // SAFETY: a new private mapping at an address that the kernel chooses; nothing of ours is replaced.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(Error::last_os_error());
        }
        let start = NonNull::new(start.cast::<u8>()).ok_or_else(|| Error::other("the kernel gave no address"))?;
        let pages = Self { start, bytes, used };
        // SAFETY: these are the pages that were just mapped, whole.
        answered(unsafe { libc::mlock(start.as_ptr().cast(), bytes) })?;
        for advice in [libc::MADV_DONTDUMP, libc::MADV_DONTFORK] {
            // SAFETY: as above.
            answered(unsafe { libc::madvise(start.as_ptr().cast(), bytes, advice) })?;
        }
        Ok(pages)
    }

    pub(in crate::sandbox) fn bytes(&self) -> &[u8] {
        // SAFETY: `used` bytes from `start` are mapped, initialised (the kernel gives zeroes) and live as long as this value.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.used) }
    }

    pub(in crate::sandbox) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and nobody else holds a reference while this one lives.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.used) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the pages were mapped here with this size, and no reference into them outlives the value. Unmapping unlocks. What the kernel
        // answers cannot be acted upon: it refuses only what was never mapped.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}
