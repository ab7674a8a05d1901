//! `vestibule trace`: the journey of each message, as spans, to a collector beside the gateway.

use std::path::PathBuf;

use super::receive::{Until, stopped};
use super::{Answer, Failure, Output, Verb, output, runtime, unreadable};
use crate::config::Gateway;
use crate::trace::{Collector, Follower, Place, Refused};

/// The file beside the journal that says how far was traced.
const PLACE: &str = "traced";

/// Follows the journal.
#[derive(Debug, clap::Args)]
pub(super) struct Trace {
    /// The gateway's configuration; the gateway may be running
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// A collector on this machine, such as <http://127.0.0.1:4318>
    #[arg(long, value_name = "URL")]
    to: String,
    /// The file that says how far was traced; without it, one beside the journal
    #[arg(long, value_name = "FILE")]
    place: Option<PathBuf>,
    /// Post what is there, and end
    #[arg(long)]
    once: bool,
}

impl Verb for Trace {
    const PATH: &'static [&'static str] = &["trace"];
    const ABOUT: &'static str = "Send the journey of each message to a collector of traces (OTLP over HTTP)";
    const EXAMPLES: &'static str = "  vestibule trace --config gateway.toml --to http://127.0.0.1:4318\n  \
        vestibule trace --config gateway.toml --to http://127.0.0.1:4318 --once\n\n\
        One message is one trace. It reads the journal from outside: a collector that hangs holds up no message, and what it did not take is sent again.\n\
        Nothing is encrypted, so the collector is on this machine. Exit status 3 where, with --once, none answers.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        output::log_as("trace", "info");
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let collector = Collector::at(&self.to).map_err(Failure::Usage)?;
        let place = Place::new(self.place.unwrap_or_else(|| gateway.journal.join(PLACE)));
        let follower = Follower::new(&gateway.journal, &gateway.home, collector, place);
        if !self.once {
            return runtime()?.block_on(async {
                tokio::select! {
                    done = follower.run() => done.map(|()| Answer::Done).map_err(Failure::Fault),
                    done = stopped(Until::of(false)) => done.map(|()| Answer::Done).map_err(Failure::Fault),
                }
            });
        }
        let (mut records, mut spans) = (0_u64, 0_u64);
        runtime()?.block_on(async {
            while let Some(moved) = follower.step().await.map_err(|refused| match refused {
                Refused::Later(fault) | Refused::Never(fault) => Failure::Fault(fault),
            })? {
                (records, spans) = (records.saturating_add(moved.records), spans.saturating_add(moved.spans));
            }
            Ok::<(), Failure>(())
        })?;
        out.line(format_args!("{records} records, {spans} spans"))?;
        Ok(Answer::Done)
    }
}
