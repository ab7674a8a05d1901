//! `vestibule rules activate` and `break-glass`: a running gateway is asked to put an edition in force that two persons have signed.

use std::path::{Path, PathBuf};

use super::super::{Answer, Failure, Output, Verb, unreadable};
use crate::base::{Fault, Time};
use crate::config::Gateway;
use crate::control::{self, Act, Request, Response};

/// Puts an edition in force.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Activate {
    /// The gateway's configuration; the gateway must be running
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// From when; at once without it
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The rule set's folder, with its signatures
    folder: PathBuf,
}

impl Verb for Activate {
    const PATH: &'static [&'static str] = &["rules", "activate"];
    const ABOUT: &'static str = "Put a signed edition in force on a running gateway";
    const EXAMPLES: &'static str = "  vestibule rules activate rules/five-eyes --config gateway.toml\n  \
        vestibule rules activate rules/five-eyes --config gateway.toml --from 2026-12-01T00:00:00Z\n\n\
        The gateway itself checks signatures, number, files and cases, and refuses with the report. Exit status 1 where it refuses.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let time =
            |text: &String| Time::parse(text).ok_or_else(|| Failure::Usage(format!("`{text}` is no time; expected one as 2026-12-01T00:00:00Z")));
        let from = self.from.as_ref().map(time).transpose()?;
        let folder = whole(&self.folder)?;
        ask(&self.config, Act::Activate { folder, from, emergency: false }, out)
    }
}

/// Begins an emergency.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct BreakGlass {
    /// The gateway's configuration; the gateway must be running
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder of the emergency edition, with its signatures
    folder: PathBuf,
}

impl Verb for BreakGlass {
    const PATH: &'static [&'static str] = &["rules", "break-glass"];
    const ABOUT: &'static str = "Put an emergency edition in force, until its time is over";
    const EXAMPLES: &'static str = "  vestibule rules break-glass flood/ --config gateway.toml\n\n\
        Until when, in which clauses and why is what both officers signed; see `vestibule rules sign --help`. Afterwards the edition before it is in\n\
        force again by itself, and `vestibule audit emergency` lists what was released. Exit status 1 where the gateway refuses.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let folder = whole(&self.folder)?;
        ask(&self.config, Act::Activate { folder, from: None, emergency: true }, out)
    }
}

/// The gateway stands in another folder than the one who asks.
fn whole(folder: &Path) -> Result<PathBuf, Failure> {
    let found = std::fs::canonicalize(folder);
    Ok(found.map_err(|cause| Fault::from_cause(format!("the folder `{}` is not there", folder.display()), cause))?)
}

/// Asks the running gateway to do what officers have signed, and prints what it says.
pub(in crate::cli) fn ask(config: &Path, act: Act, out: &mut Output) -> Result<Answer, Failure> {
    let gateway = Gateway::read(config).map_err(|cause| unreadable(config, cause))?;
    match control::ask(&gateway.journal.join(control::SOCKET), &Request::Act(act))? {
        Response::Done { text } | Response::Waiting { text } => out.line(text).map(|()| Answer::Done),
        Response::Refused { text } => out.line(text).map(|()| Answer::No),
        Response::Status { .. } | Response::View(_) => Err(Fault::new("the gateway answered another question").into()),
    }
}
