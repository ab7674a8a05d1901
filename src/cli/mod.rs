//! The command line: the table of commands, what they answer, and how they fail.
//!
//! Exit status: 0 done, whatever the outcomes; 1 the answer is no (`check`, `rules check`, `rules test`, `rules prove`, `audit verify`,
//! `audit prove`, `recall show`, `quarantine release|reject|return|pass`, `consent grant|revoke`, `recall send|acknowledge`, `doctor`, `demo --once`,
//! `send`); 2 usage, and files that do not say what they must;
//! 3 surroundings: a file, a socket, a permission. A closed pipe ends a command quietly.

mod audit;
mod backup;
mod check;
mod condition;
mod consent;
mod demo;
mod doctor;
mod drain;
mod emergency;
mod explain;
mod freedom;
mod generate;
mod hear;
mod inspect;
mod lab;
mod letter;
mod manual;
mod offline;
mod officer;
mod output;
mod peer;
mod pki;
mod quality;
mod quarantine;
mod recall;
mod receive;
mod rules;
mod run;
mod send;
mod signer;
mod status;
mod syntax;
mod trace;
mod trees;
mod walls;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgMatches, Args};

use crate::base::{Complaint, Fault};
use crate::config::Unreadable;
use crate::policy::SourceFile;
use output::Output;

/// A command of the table.
#[derive(Debug)]
pub struct Command {
    /// The words that name it, such as `rules check`.
    pub path: &'static [&'static str],
    define: fn() -> clap::Command,
    run: fn(&ArgMatches, &mut Output) -> Result<Answer, Failure>,
}

/// All commands, in the order in which people meet them.
pub static COMMANDS: &[Command] = &[
    row::<demo::Demo>(),
    row::<run::Run>(),
    row::<status::Status>(),
    row::<drain::Drain>(),
    row::<watch::Watch>(),
    row::<check::Check>(),
    row::<doctor::Doctor>(),
    row::<send::Send>(),
    row::<receive::Receive>(),
    row::<inspect::Inspect>(),
    row::<explain::Explain>(),
    row::<rules::Check>(),
    row::<rules::Test>(),
    row::<rules::Compare>(),
    row::<rules::Replay>(),
    row::<rules::Prove>(),
    row::<rules::Report>(),
    row::<rules::Sign>(),
    row::<rules::Signatures>(),
    row::<rules::Activate>(),
    row::<rules::BreakGlass>(),
    row::<condition::Set>(),
    row::<condition::List>(),
    row::<quarantine::List>(),
    row::<quarantine::Show>(),
    row::<quality::Groups>(),
    row::<quarantine::Release>(),
    row::<quarantine::Reject>(),
    row::<quality::Quality>(),
    row::<quarantine::Preview>(),
    row::<quarantine::Return>(),
    row::<quarantine::Pass>(),
    row::<quarantine::Sign>(),
    row::<quarantine::Countersign>(),
    row::<consent::Key>(),
    row::<consent::Grant>(),
    row::<consent::Revoke>(),
    row::<consent::List>(),
    row::<recall::Send>(),
    row::<recall::Acknowledge>(),
    row::<recall::Show>(),
    row::<audit::Show>(),
    row::<audit::Verify>(),
    row::<audit::Prove>(),
    row::<backup::Backup>(),
    row::<backup::Restore>(),
    row::<emergency::Report>(),
    row::<trace::Trace>(),
    row::<pki::Init>(),
    row::<pki::Issue>(),
    row::<pki::Revoke>(),
    row::<officer::Officer>(),
    row::<generate::Generate>(),
    row::<manual::Manual>(),
];

/// The groups, with what they are about.
const GROUPS: &[(&str, &str)] = &[
    ("rules", "Check, test and prove a rule set before it decides anything, and put it in force"),
    ("condition", "What an operator sets while a gateway runs, such as the alert state"),
    ("quarantine", "See what is held, and decide on it"),
    ("consent", "Consent to releases of information of one's own, and see what was consented to"),
    ("recall", "Withdraw what was given, answer for copies, see who has answered"),
    ("audit", "Read the journal, check it, prove records to others"),
    ("pki", "Keys and certificates for labs and tests"),
];

/// What a command answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// It is done.
    Done,
    /// The answer is no.
    No,
}

/// Why a command could not answer.
#[derive(Debug)]
enum Failure {
    /// It was asked in a wrong way.
    Usage(String),
    /// A file that somebody wrote is at fault.
    Complaints(Vec<Complaint>, Vec<SourceFile>),
    /// The surroundings failed.
    Fault(Fault),
    /// Nobody reads any more.
    Quiet,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The configuration at `path` could not be read: the complaints with the text they are about.
fn unreadable(path: &std::path::Path, cause: Unreadable) -> Failure {
    match cause {
        Unreadable::Fault(fault) => Failure::Fault(fault),
        Unreadable::Faulty(complaints) => {
            let text: Arc<str> = std::fs::read_to_string(path).unwrap_or_default().into();
            Failure::Complaints(complaints, vec![SourceFile { path: path.display().to_string().into(), text }])
        }
    }
}

/// What a command is: its place in the table, its help, its work.
trait Verb: Args {
    const PATH: &'static [&'static str];
    const ABOUT: &'static str;
    const EXAMPLES: &'static str;

    fn run(self, out: &mut Output) -> Result<Answer, Failure>;
}

const fn row<V: Verb>() -> Command {
    Command { path: V::PATH, define: define::<V>, run: perform::<V> }
}

fn define<V: Verb>() -> clap::Command {
    let name = V::PATH.last().copied().unwrap_or_default();
    V::augment_args(clap::Command::new(name).about(V::ABOUT).after_help(format!("Examples:\n{}", V::EXAMPLES)))
}

fn perform<V: Verb>(matches: &ArgMatches, out: &mut Output) -> Result<Answer, Failure> {
    V::from_arg_matches(matches).map_err(|error| Failure::Usage(error.to_string()))?.run(out)
}

/// The whole command line, as clap sees it.
#[must_use]
pub fn command_line() -> clap::Command {
    let mut top = clap::Command::new("vestibule")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A cross-domain guard for liaison networks")
        .after_help(
            "Start here:\n  vestibule demo                       a lab of nations on this machine, with traffic\n  \
             vestibule manual quickstart          ten minutes, from nothing to a message that is released\n  \
             vestibule generate --list            messages with known outcomes\n\n\
             Exit status: 0 done, 1 the answer is no, 2 usage, 3 surroundings (file, socket, permission).",
        )
        .subcommand_required(true)
        .arg_required_else_help(true);
    for (group, about) in GROUPS {
        let within = COMMANDS.iter().filter(|command| command.path.first() == Some(group)).map(|command| (command.define)());
        top = top.subcommand(clap::Command::new(*group).about(*about).subcommand_required(true).arg_required_else_help(true).subcommands(within));
    }
    let alone = COMMANDS.iter().filter(|command| command.path.len() == 1).map(|command| (command.define)());
    top.subcommands(alone)
}

fn find(matches: &ArgMatches) -> Option<(&'static Command, &ArgMatches)> {
    let (first, below) = matches.subcommand()?;
    let (path, matches) = match below.subcommand() {
        Some((second, deepest)) => (vec![first, second], deepest),
        None => (vec![first], below),
    };
    COMMANDS.iter().find(|command| command.path == path).map(|command| (command, matches))
}

/// Runs the program with the words of its command line.
#[must_use]
pub fn main() -> ExitCode {
    let matches = match command_line().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are answers; everything else is usage. A closed pipe is nobody's fault.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let Some((command, matches)) = find(&matches) else { return ExitCode::from(2) };
    let mut out = Output::new();
    let answer = (command.run)(matches, &mut out);
    match answer.and_then(|answer| out.flush().map(|()| answer)) {
        Ok(Answer::Done) | Err(Failure::Quiet) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(Failure::Usage(text)) => {
            output::complain(&text);
            ExitCode::from(2)
        }
        Err(Failure::Complaints(complaints, files)) => {
            output::report(&complaints, &files);
            ExitCode::from(2)
        }
        Err(Failure::Fault(fault)) => {
            output::complain(&fault.to_string());
            ExitCode::from(3)
        }
    }
}

/// The runtime of commands that use the network.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let made = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    made.map_err(|error| Failure::Fault(Fault::from_cause("the threads of the program could not be started", error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_command_teaches_by_examples() {
        command_line().debug_assert();
        for command in COMMANDS {
            let help = (command.define)().render_help().to_string();
            assert!(help.contains(&format!("vestibule {}", command.path.join(" "))), "{:?}: {help}", command.path);
        }
    }

    #[test]
    fn every_command_is_found_by_its_path_and_stands_in_a_group_that_exists() {
        for command in COMMANDS {
            assert!(command.path.len() == 1 || GROUPS.iter().any(|(group, _)| command.path.first() == Some(group)), "{:?}", command.path);
            assert_eq!(COMMANDS.iter().filter(|other| other.path == command.path).count(), 1);
        }
    }
}
