//! A rule set compiled in a process of its own, which ends when it has said what is at fault.
//!
//! Compiling claims several times the memory of what it makes, and the supervisor, which lives as long as the gateway, needs none of it. The process
//! reads rule files of officers and nothing that came over a link, so it has no walls; it is given the files, and opens none.

use std::io::{Read as _, Write as _};
use std::ops::Range;
use std::process::{Command, Stdio};

use minicbor::{Decode, Encode};

use super::order::{File, sent, taken};
use crate::base::{Complaint, Fault};
use crate::pipeline::Guard;
use crate::policy::SourceFile;

/// The name of the part that compiles.
pub(super) const PART: &str = "rules";

/// A complaint, as it is sent.
#[derive(Debug, Encode, Decode)]
struct Told {
    #[n(0)]
    file: String,
    #[n(1)]
    at: Option<Range<usize>>,
    #[n(2)]
    what: String,
    #[n(3)]
    expected: String,
    #[n(4)]
    remedy: String,
}

/// Every fault of a rule set, found by compiling it in another process of this program; none where it compiles.
///
/// # Errors
/// Where that process cannot be started, or ends without saying what it found: then nothing is known, and nothing may be activated.
pub fn complaints(files: &[SourceFile]) -> Result<Vec<Complaint>, Fault> {
    let failed = |cause| Fault::from_cause("the process that compiles the rules failed", cause);
    let bytes = minicbor::to_vec(sent(files)).map_err(|cause| Fault::from_cause("the rule files have no encoding", cause))?;
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(["run", "--part", PART]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(failed)?;
    // It reads all before it says a word, so neither waits for the other. Where it ended early its status says so.
    let _unread = child.stdin.take().map(|mut input| input.write_all(&bytes));
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err(Fault::new(format!("the process that compiles the rules ended with {}", output.status)));
    }
    let told: Vec<Told> = minicbor::decode(&output.stdout).map_err(|cause| Fault::from_cause("what was found in the rules does not read", cause))?;
    Ok(told.into_iter().map(|Told { file, at, what, expected, remedy }| Complaint { file: file.into(), at, what, expected, remedy }).collect())
}

/// Does the other end of [`complaints`], over standard input and output.
pub(super) fn attend() -> Result<(), Fault> {
    let failed = |cause| Fault::from_cause("the rules are not said, or not heard", cause);
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
    let files: Vec<File> = minicbor::decode(&bytes).map_err(|cause| Fault::from_cause("the rule files do not read", cause))?;
    let found = Guard::load(&taken(files)).err().unwrap_or_default();
    let told = |Complaint { file, at, what, expected, remedy }| Told { file: String::from(&*file), at, what, expected, remedy };
    let told: Vec<Told> = found.into_iter().map(told).collect();
    let bytes = minicbor::to_vec(told).map_err(|cause| Fault::from_cause("what was found in the rules has no encoding", cause))?;
    std::io::stdout().lock().write_all(&bytes).map_err(failed)
}
