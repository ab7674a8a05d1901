//! A copy of the journal's tables at one moment, made beside a gateway that works.
//!
//! SQLite writes what one transaction sees into a new file. The gateway goes on meanwhile; its log grows until the copy is made.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::FILE;
use crate::base::Fault;

/// Copies the tables of the journal in `folder` into the new file `to`, readable by its owner alone, and waits until the disk has it.
///
/// # Errors
/// Where there is no journal, the file exists, or the disk does not take it.
pub fn copy(folder: &Path, to: &Path) -> Result<(), Fault> {
    let shown = to.display();
    let failed = |cause: std::io::Error| Fault::from_cause(format!("the copy of the journal `{shown}` cannot be written"), cause);
    let connection = super::open_reader(&folder.join(FILE))?;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    let name = to.to_str().ok_or_else(|| Fault::new(format!("the name `{shown}` is not UTF-8; give the backup another folder")))?;
    // A connection that only queries would refuse to write the other file as well. This one is opened for reading: the journal itself it cannot change.
    connection
        .execute_batch("PRAGMA query_only = OFF")
        .and_then(|()| connection.execute("VACUUM INTO ?1", [name]))
        .map_err(|cause| Fault::from_cause(format!("the copy of the journal `{shown}` cannot be written"), cause))?;
    file.sync_all().map_err(failed)
}
