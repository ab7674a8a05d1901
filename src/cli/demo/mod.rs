//! `vestibule demo`: a lab of nations on this machine: a gateway and its peers as real processes, real QUIC on loopback, real certificates, and
//! one message of each recipe, whose outcome is known before it is sent.
//!
//! Outcomes are read from the gateway's journal, deliveries from the folders of the peers that received them.
//! INVARIANT: children do not outlive the demo. It kills them when it ends; where it is killed itself, their standard input ends, and they stop.

mod board;
mod court;
mod lab;

use std::path::PathBuf;
use std::time::Duration;

use super::{Answer, Failure, Output, Verb, output, runtime};
use crate::base::Fault;
use board::Board;
use lab::Lab;

/// The longest time without any news from the journal: 60 seconds.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(150);

/// Shows the guard at work.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// End after the traffic; exit status 0 only if every outcome was the expected one
    #[arg(long)]
    once: bool,
    /// Folder for keys, journal, logs and messages; it is kept. Without it, a temporary folder is used and removed at the end
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The rule set
    #[arg(long, value_name = "FOLDER", default_value = "rules/five-eyes")]
    rules: PathBuf,
    /// Messages of each recipe
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    /// The seed of the traffic
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object for each message and recipient
    #[arg(long)]
    json: bool,
}

impl Verb for Demo {
    const PATH: &'static [&'static str] = &["demo"];
    const ABOUT: &'static str = "Run a lab of nations on this machine, with traffic of every outcome";
    const EXAMPLES: &'static str = "  vestibule demo                       stays up until Ctrl-C, to be played with\n  \
        vestibule demo --once                exit status 0 only if every outcome was the expected one\n  \
        vestibule demo --folder lab          keeps keys, journal, logs and messages in `lab`";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        output::log("error");
        runtime()?.block_on(async {
            tokio::select! {
                answer = self.perform(out) => answer,
                stop = super::receive::stopped(super::receive::Until::Signal) => stop.map(|()| Answer::Done).map_err(Failure::Fault),
            }
        })
    }
}

impl Demo {
    async fn perform(&self, out: &mut Output) -> Result<Answer, Failure> {
        output::tell("making keys, certificates and a configuration");
        let lab = Lab::make(self.folder.as_deref(), &self.rules)?;
        output::tell("starting the gateway and its peers");
        let mut running = lab.start().await?;
        let mut board = Board::new(lab.gateway(), self.json);
        for round in 0..self.count {
            board.expect(lab.post(self.seed.wrapping_add(u64::from(round)))?);
        }
        self.watch(&lab, &mut running, &mut board, out).await?;
        board.summary(out)?;
        out.flush()?;
        let answer = if board.holds() { Answer::Done } else { Answer::No };
        if self.once || answer == Answer::No {
            running.stop().await;
            return Ok(answer);
        }
        out.text(&lab.invitation())?;
        out.flush()?;
        Err(Failure::Fault(running.ended().await))
    }

    /// Follows the journal until everything is decided and delivered, or nothing happens any more.
    async fn watch(&self, lab: &Lab, running: &mut lab::Running, board: &mut Board, out: &mut Output) -> Result<(), Failure> {
        let mut heard = tokio::time::Instant::now();
        while !board.complete() {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                fault = running.ended() => return Err(Failure::Fault(fault)),
            }
            if board.look(lab.gateway(), out)? {
                heard = tokio::time::Instant::now();
                out.flush()?;
            }
            if heard.elapsed() > SILENCE_MAX {
                output::complain(&format!("nothing new for {} seconds; what is missing counts as not as expected", SILENCE_MAX.as_secs()));
                return Ok(());
            }
        }
        Ok(())
    }
}

/// A fault with a folder of the demo.
fn failed(path: &std::path::Path) -> impl Fn(std::io::Error) -> Fault {
    let shown = path.display().to_string();
    move |error| Fault::from_cause(format!("`{shown}` cannot be written"), error)
}
