//! The host as those see it who look before they start: room on a disk, and whether the clock is kept.

use std::path::Path;

use super::sys;
use crate::base::Fault;

/// Room on a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that this user may still write.
    pub free: u64,
    /// Bytes in all.
    pub whole: u64,
}

/// Room on the file system of a path, which must exist.
///
/// # Errors
/// What the kernel answers.
pub fn room(path: &Path) -> Result<Room, Fault> {
    let found =
        sys::space(path).map_err(|cause| Fault::from_cause(format!("the disk of `{}` cannot be asked for its room", path.display()), cause))?;
    Ok(Room { free: found.0, whole: found.1 })
}

/// Whether the kernel believes that its clock is kept by another one, as a time service tells it.
///
/// # Errors
/// Where the host does not say.
pub fn clock_is_kept() -> Result<bool, Fault> {
    sys::clock_is_kept().map_err(|cause| Fault::from_cause("the host does not say whether its clock is kept", cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_no_more_free_than_it_is_large_and_a_path_that_is_not_there_has_none() {
        let found = room(Path::new("/")).unwrap();
        assert!(found.free <= found.whole && found.whole > 0, "{found:?}");
        assert!(room(Path::new("/nowhere/at/all")).is_err());
    }
}
