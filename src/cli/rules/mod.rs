//! `vestibule rules`: a rule set, checked and tested before it decides anything.

mod check;
mod compare;
mod replay;
mod test;

use std::path::Path;

use super::{Failure, Output, output};
use crate::pipeline::Guard;
use crate::policy::{self, report};
use crate::process::load_guard;

pub(super) use check::Check;
pub(super) use compare::Compare;
pub(super) use replay::Replay;
pub(super) use test::Test;

/// Loads and compiles; all faults are reported.
pub(in crate::cli::rules) fn load(folder: &Path, json: bool, out: &mut Output) -> Result<Option<Guard>, Failure> {
    match load_guard(folder)? {
        Ok(guard) => Ok(Some(guard)),
        Err(complaints) => {
            let files = policy::read_folder(folder)?;
            match json {
                true => out.text(&report::json_lines(&complaints, &files))?,
                false => output::report(&complaints, &files),
            }
            output::tell(&format!("`{}`: {} faults", folder.display(), complaints.len()));
            Ok(None)
        }
    }
}
