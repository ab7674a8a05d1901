//! `vestibule drain`: a gateway takes in nothing new, ends what is under way, signs its journal and stops: what is to come before an upgrade.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Answer, Failure, Output, Verb, output, unreadable};
use crate::base::Fault;
use crate::config::Gateway;
use crate::control::{self, Act, Request, Response};

/// How long the processes may take to end after what was under way has: 60 seconds, three times what the slowest of them is given.
const END_TIME_MAX: Duration = Duration::from_secs(60);
/// How often it is looked at: every 20 milliseconds.
const LOOK: Duration = Duration::from_millis(20);

/// Drains a gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Drain {
    /// The gateway's configuration; the gateway must be running
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print the answer as a JSON object
    #[arg(long)]
    json: bool,
}

impl Verb for Drain {
    const PATH: &'static [&'static str] = &["drain"];
    const ABOUT: &'static str = "Stop a gateway without a loose end: senders are told `busy`, what is under way ends";
    const EXAMPLES: &'static str = "  vestibule drain --config gateway.toml\n  vestibule drain --config gateway.toml && apt-get install ./vestibule.deb\n\n\
        It answers when the gateway has stopped and its journal is signed. Senders try again by themselves, with the same identities.\n\
        Exit status 1 where the gateway does not stop, 3 where none answers.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let socket = gateway.journal.join(control::SOCKET);
        let response = control::ask(&socket, &Request::Act(Act::Drain {}))?;
        let (answer, text) = match &response {
            Response::Done { text } => (Answer::Done, text.clone()),
            Response::Refused { text } | Response::Waiting { text } => (Answer::No, text.clone()),
            Response::Status { .. } | Response::View(_) => return Err(Fault::new("the gateway answered another question").into()),
        };
        let started = Instant::now();
        // The supervisor takes the socket's file away when every process has ended.
        while answer == Answer::Done && socket.exists() {
            if started.elapsed() > END_TIME_MAX {
                output::complain("the gateway drained and does not end; look into its log");
                return Ok(Answer::No);
            }
            std::thread::sleep(LOOK);
        }
        match (self.json, answer) {
            (true, _) => out.json(&response)?,
            (false, Answer::Done) => out.line("the gateway took in nothing new, ended what was under way, and has stopped")?,
            (false, Answer::No) => output::complain(&text),
        }
        Ok(answer)
    }
}
