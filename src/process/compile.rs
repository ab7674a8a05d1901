//! A rule set compiled, tried on its cases and proved, in a process of its own, which ends when it has said what is at fault.
//!
//! Neither the keeper nor anything behind walls starts a solver: where invariants are proved this process starts it, and it ends with it. Compiling
//! claims several times the memory of what it makes, and the supervisor, which lives as long as the gateway, needs none of it. The process
//! reads rule files of officers and nothing that came over a link, so it has no walls; it is given the files, and opens none.

use std::io::{Read as _, Write as _};
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

use minicbor::{Decode, Encode};

use super::order::{File, sent, taken};
use super::trial;
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
    asked(files, Wanted::Complaints).map(|(complaints, _)| complaints)
}

/// Every fault of a rule set; where it has none, every expectation of its cases that is not met; and where all are, and a solver is named, every
/// invariant that is not proved.
///
/// # Errors
/// Those of [`complaints`].
pub(super) fn tried(files: &[SourceFile], solver: Option<&Path>) -> Result<(Vec<Complaint>, Vec<String>), Fault> {
    asked(files, solver.map_or(Wanted::Trial, |solver| Wanted::Proof(solver.display().to_string())))
}

/// What is asked of the process.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
enum Wanted {
    /// What compiling finds.
    #[n(0)]
    Complaints,
    /// The cases too.
    #[n(1)]
    Trial,
    /// The cases, then the invariants, by this solver.
    #[n(2)]
    Proof(#[n(0)] String),
}

fn asked(files: &[SourceFile], wanted: Wanted) -> Result<(Vec<Complaint>, Vec<String>), Fault> {
    let failed = |cause| Fault::from_cause("the process that compiles the rules failed", cause);
    let bytes = minicbor::to_vec((wanted, sent(files))).map_err(|cause| Fault::from_cause("the rule files have no encoding", cause))?;
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
    let (told, unmet): (Vec<Told>, Vec<String>) =
        minicbor::decode(&output.stdout).map_err(|cause| Fault::from_cause("what was found in the rules does not read", cause))?;
    let complaint = |Told { file, at, what, expected, remedy }| Complaint { file: file.into(), at, what, expected, remedy };
    Ok((told.into_iter().map(complaint).collect(), unmet))
}

/// Does the other end of [`complaints`], over standard input and output.
pub(super) fn attend() -> Result<(), Fault> {
    let failed = |cause| Fault::from_cause("the rules are not said, or not heard", cause);
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
    let (wanted, files): (Wanted, Vec<File>) = minicbor::decode(&bytes).map_err(|cause| Fault::from_cause("the rule files do not read", cause))?;
    let (found, unmet) = match Guard::load(&taken(files)) {
        Ok(guard) => (Vec::new(), unmet(&guard, &wanted)?),
        Err(complaints) => (complaints, Vec::new()),
    };
    let told = |Complaint { file, at, what, expected, remedy }| Told { file: String::from(&*file), at, what, expected, remedy };
    let told: Vec<Told> = found.into_iter().map(told).collect();
    let bytes = minicbor::to_vec((told, unmet)).map_err(|cause| Fault::from_cause("what was found in the rules has no encoding", cause))?;
    std::io::stdout().lock().write_all(&bytes).map_err(failed)
}

/// What an edition that compiles does not meet. Invariants are looked at last: a solver takes longest.
fn unmet(guard: &Guard, wanted: &Wanted) -> Result<Vec<String>, Fault> {
    match wanted {
        Wanted::Complaints => Ok(Vec::new()),
        Wanted::Trial => trial::unmet(guard),
        Wanted::Proof(solver) => {
            let unmet = trial::unmet(guard)?;
            Ok(if unmet.is_empty() { trial::unproved(guard, Path::new(solver)) } else { unmet })
        }
    }
}
