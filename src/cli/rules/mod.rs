//! `vestibule rules`: a rule set, checked and tested before it decides anything.

mod activate;
mod check;
mod compare;
mod prove;
mod replay;
mod report;
mod sign;
mod signatures;
mod test;

use std::path::Path;

use super::{Failure, Output, output};
use crate::pipeline::Guard;
use crate::policy;
use crate::policy::report::json_lines;
use crate::process::load_guard;

pub(super) use activate::{Activate, BreakGlass, ask};
pub(super) use check::Check;
pub(super) use compare::Compare;
pub(super) use prove::Prove;
pub(super) use replay::Replay;
pub(super) use report::Report;
pub(super) use sign::Sign;
pub(super) use signatures::Signatures;
pub(super) use test::Test;

/// Loads and compiles; all faults are reported.
pub(in crate::cli::rules) fn load(folder: &Path, json: bool, out: &mut Output) -> Result<Option<Guard>, Failure> {
    match load_guard(folder)? {
        Ok(guard) => Ok(Some(guard)),
        Err(complaints) => {
            let files = policy::read_folder(folder)?;
            match json {
                true => out.text(&json_lines(&complaints, &files))?,
                false => output::report(&complaints, &files),
            }
            let (count, s) = (complaints.len(), if complaints.len() == 1 { "" } else { "s" });
            output::tell(&format!("`{}`: {count} fault{s}", folder.display()));
            Ok(None)
        }
    }
}
