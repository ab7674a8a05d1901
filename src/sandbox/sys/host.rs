//! What the host says of its disks and its clock.

use std::ffi::CString;
use std::io::Error;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::answered;

/// Bytes that this user may still write to the file system of a path, and its whole size.
pub(in crate::sandbox) fn space(path: &Path) -> Result<(u64, u64), Error> {
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Error::other("the path holds a NUL"))?;
    let mut found = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: `path` ends with a NUL and outlives the call; the kernel writes one structure of the size of `found`.
    answered(unsafe { libc::statvfs(path.as_ptr(), found.as_mut_ptr()) })?;
    // SAFETY: every bit pattern is one of the structure, which was zero before the call.
    let found = unsafe { found.assume_init() };
    let bytes = |blocks: libc::fsblkcnt_t| blocks.saturating_mul(found.f_frsize);
    Ok((bytes(found.f_bavail), bytes(found.f_blocks)))
}

/// Whether the kernel believes that its clock is kept by another one.
pub(in crate::sandbox) fn clock_is_kept() -> Result<bool, Error> {
    let mut asked = MaybeUninit::<libc::timex>::zeroed();
    // SAFETY: one structure of the right size, whose field `modes` is zero: nothing is changed.
    let state = unsafe { libc::adjtimex(asked.as_mut_ptr()) };
    answered(state)?;
    Ok(state != libc::TIME_ERROR)
}
