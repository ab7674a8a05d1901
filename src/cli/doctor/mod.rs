//! `vestibule doctor`: everything that an operator would look at by hand, each with what was seen and what to do about it. It changes nothing.
//!
//! [`CHECKS`] is the table: each row is looked at, each look gives one line or more. A look that fails is a bad line, never an end of the others.

mod files;
mod host;
mod journal;
mod running;

use std::path::PathBuf;

use comfy_table::{Cell, Color};
use serde::Serialize;

use super::{Answer, Failure, Output, Verb, output, unreadable};
use crate::base::{Fault, Time};
use crate::config::Gateway;
use crate::control::Response;
use crate::journal::embedded::Reader;
use crate::process::world;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Good,
    /// It works, and somebody should look.
    Doubtful,
    /// It does not work, or will not for long.
    Bad,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubtful => "doubtful",
            Self::Bad => "BAD",
        }
    }

    const fn colour(self) -> Color {
        match self {
            Self::Good => Color::Green,
            Self::Doubtful => Color::Yellow,
            Self::Bad => Color::Red,
        }
    }
}

/// What a look gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// A row of the table.
    check: &'static str,
    /// What of it, such as a domain or a file.
    of: String,
    state: State,
    seen: String,
    /// Empty where nothing is to be done.
    remedy: String,
}

/// What is looked at.
pub(super) struct Ground {
    config: Gateway,
    /// The journal, where there is one that opens.
    journal: Option<Result<Reader, Fault>>,
    /// What the running gateway says of itself, where one answers.
    running: Option<Result<Response, Fault>>,
    now: Time,
}

/// A row of the table.
struct Check {
    name: &'static str,
    look: fn(&Ground) -> Vec<Seen>,
}

/// A line of a look, before it has the name of its row.
pub(super) struct Seen {
    of: String,
    state: State,
    seen: String,
    remedy: String,
}

impl Seen {
    fn good(of: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { of: of.into(), state: State::Good, seen: seen.into(), remedy: String::new() }
    }

    fn doubtful(of: impl Into<String>, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { of: of.into(), state: State::Doubtful, seen: seen.into(), remedy: remedy.into() }
    }

    fn bad(of: impl Into<String>, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { of: of.into(), state: State::Bad, seen: seen.into(), remedy: remedy.into() }
    }
}

const fn check(name: &'static str, look: fn(&Ground) -> Vec<Seen>) -> Check {
    Check { name, look }
}

/// Everything that is looked at, in the order in which a gateway needs it.
const CHECKS: &[Check] = &[
    check("walls", host::walls),
    check("limits", host::limits),
    check("descriptors", host::descriptors),
    check("clock", host::clock),
    check("disk", host::disk),
    check("key files", files::keys),
    check("certificates", files::certificates),
    check("revocation lists", files::revocations),
    check("links", files::material),
    check("journal", journal::opens),
    check("checkpoint", journal::checkpoint),
    check("last record", journal::last_record),
    check("rule set", journal::rules),
    check("officers", journal::officers),
    check("held", journal::held),
    check("ports", running::ports),
    check("control socket", running::socket),
    check("gateway", running::gateway),
    check("processes", running::processes),
    check("alarms", running::alarms),
];

/// Looks at everything.
#[derive(Debug, clap::Args)]
pub(super) struct Doctor {
    /// The gateway's configuration; the gateway may be running
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON object for each line
    #[arg(long)]
    json: bool,
}

impl Verb for Doctor {
    const PATH: &'static [&'static str] = &["doctor"];
    const ABOUT: &'static str = "Look at everything that a gateway needs: host, keys, certificates, disk, clock, journal, rules, processes";
    const EXAMPLES: &'static str = "  vestibule doctor --config gateway.toml\n  \
        vestibule doctor --config gateway.toml --json | jq -c 'select(.state != \"good\")'\n\n\
        It changes nothing, and may run beside a gateway. Run it as the gateway's user. Exit status 1 where something is bad.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let config = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let journal = Reader::is_there(&config.journal).then(|| Reader::open(&config.journal, None));
        let ground = Ground { running: running::ask(&config), journal, now: world::now(), config };
        let found = look(&ground);
        if self.json {
            found.iter().try_for_each(|one| out.json(one))?;
        } else {
            show(&found, out)?;
        }
        Ok(if found.iter().any(|one| one.state == State::Bad) { Answer::No } else { Answer::Done })
    }
}

fn look(ground: &Ground) -> Vec<Finding> {
    let each = |check: &Check| {
        let name = check.name;
        (check.look)(ground).into_iter().map(move |Seen { of, state, seen, remedy }| Finding { check: name, of, state, seen, remedy })
    };
    CHECKS.iter().flat_map(each).collect()
}

fn show(found: &[Finding], out: &mut Output) -> Result<(), Failure> {
    let mut table = output::table(&["what", "of", "state", "seen", "what to do"]);
    for one in found {
        let state = Cell::new(one.state.word()).fg(one.state.colour());
        table.add_row([Cell::new(one.check), Cell::new(&one.of), state, Cell::new(&one.seen), Cell::new(&one.remedy)]);
    }
    out.line(table)?;
    let count = |state: State| found.iter().filter(|one| one.state == state).count();
    out.line(format_args!("{} good, {} doubtful, {} bad", count(State::Good), count(State::Doubtful), count(State::Bad)))
}

/// A time span for people, in its two greatest units.
fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds.div_euclid(86_400), seconds.div_euclid(3600).rem_euclid(24), seconds.div_euclid(60).rem_euclid(60));
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} seconds"),
        (0, 0, _) => format!("{minutes} minutes"),
        (0, ..) => format!("{hours} hours {minutes} minutes"),
        _ => format!("{days} days {hours} hours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_of_the_table_stands_twice() {
        for check in CHECKS {
            assert_eq!(CHECKS.iter().filter(|other| other.name == check.name).count(), 1, "{}", check.name);
        }
    }

    #[test]
    fn spans_are_said_in_their_greatest_units() {
        for (seconds, text) in [(-5, "0 seconds"), (59, "59 seconds"), (61, "1 minutes"), (7260, "2 hours 1 minutes"), (90_000, "1 days 1 hours")] {
            assert_eq!(span(seconds), text);
        }
    }
}
