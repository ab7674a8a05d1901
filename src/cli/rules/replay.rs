//! `vestibule rules replay`: what would have become of recorded traffic under another edition.

use std::path::{Path, PathBuf};

use super::super::{Answer, Failure, Output, Verb, output, unreadable};
use super::load;
use crate::base::Fault;
use crate::config::Gateway;
use crate::journal::embedded::Reader;
use crate::journal::seal::{SealKey, SealRing};
use crate::pipeline::Guard;
use crate::process::label_trust;
use crate::process::world::Secrets;
use crate::replay::{Change, Replay as Replaying, Totals, page};

/// Decides recorded traffic again.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Replay {
    /// The folder of the edition that decides
    new: PathBuf,
    /// The gateway's configuration: its journal, and the keys with which messages were sealed and edited
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Another journal's folder, such as a copy
    #[arg(long, value_name = "FOLDER")]
    journal: Option<PathBuf>,
    /// Compare with what this edition decides, instead of with what was decided
    #[arg(long, value_name = "FOLDER")]
    under: Option<PathBuf>,
    /// Write a report for people, as one page of HTML
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Threads that decide; without it, one for each processor
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Print one JSON object for each decision that changes, and one with totals
    #[arg(long)]
    json: bool,
}

impl Verb for Replay {
    const PATH: &'static [&'static str] = &["rules", "replay"];
    const ABOUT: &'static str = "Decide recorded traffic again under another edition, and show what would change";
    const EXAMPLES: &'static str = "  vestibule rules replay next/five-eyes --config gateway.toml --html replay.html\n  \
        vestibule rules replay next/five-eyes --config gateway.toml --journal copy/journal --under rules/five-eyes\n  \
        vestibule rules replay next/five-eyes --config gateway.toml --json | jq -r 'select(.to==\"nato-hq\").after.code'\n\n\
        The journal is only read; the gateway may run. Exit status 1 where a rule set is at fault.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let Some(new) = load(&self.new, self.json, out)? else { return Ok(Answer::No) };
        let under = match &self.under {
            Some(folder) => match load(folder, self.json, out)? {
                Some(guard) => Some(guard),
                None => return Ok(Answer::No),
            },
            None => None,
        };
        let trust = label_trust::read(&gateway)?;
        [Some(&new), under.as_ref()].into_iter().flatten().for_each(|guard| guard.trust_in_labels(trust.clone()));
        let secrets = Secrets::open(&gateway.keys)?;
        let keys = secrets.keys();
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let replay =
            Replaying { new: &new, under: under.as_ref(), keys: &keys, signer: secrets.signer(), workers: self.workers.unwrap_or_else(cores) };
        let folder = self.journal.clone().unwrap_or_else(|| gateway.journal.clone());
        let mut changes = Vec::new();
        let totals = replay.run(|| open(&folder, &gateway), |change| keep(change, &mut changes))?;
        if let Some(path) = &self.html {
            let text = page::write(new.edition(), under.as_ref().map(Guard::edition), &totals, &changes)?;
            std::fs::write(path, text).map_err(|error| Fault::from_cause(format!("`{}` cannot be written", path.display()), error))?;
        }
        show(&changes, &totals, self.json, out)?;
        Ok(Answer::Done)
    }
}

fn open(folder: &Path, gateway: &Gateway) -> Result<Reader, Fault> {
    Reader::open(folder, Some(SealRing::new(SealKey::open(&gateway.keys.quarantine)?, Vec::new())))
}

/// Changes that are kept at most: 1,000,000, some 500 MB.
const CHANGES_MAX: usize = 1_000_000;

fn keep(change: &Change, changes: &mut Vec<Change>) -> Result<(), Fault> {
    if changes.len() >= CHANGES_MAX {
        return Err(Fault::new(format!("more than {CHANGES_MAX} decisions would change: replay a part of the journal")));
    }
    changes.push(change.clone());
    Ok(())
}

fn show(changes: &[Change], totals: &Totals, json: bool, out: &mut Output) -> Result<(), Failure> {
    if json {
        changes.iter().try_for_each(|change| out.json(change))?;
        return out.json(totals);
    }
    if !changes.is_empty() {
        let mut table = output::table(&["record", "message", "from", "to", "before", "after"]);
        for change in changes {
            let said = |said: &Option<crate::replay::Said>| said.as_ref().map_or_else(|| "not addressed".to_owned(), ToString::to_string);
            let cells = [change.record.to_string(), change.id.to_string(), change.from.to_string(), change.to.to_string()];
            table.add_row(cells.into_iter().chain([said(&change.before), said(&change.after)]));
        }
        out.line(table)?;
    }
    let mut table = output::table(&["partner", "decisions", "same to the byte", "changed", "leaves now, did not", "left, does not now"]);
    for (name, partner) in &totals.partners {
        let numbers = [partner.decisions, partner.exact, partner.changed, partner.gained, partner.lost];
        table.add_row([name.to_string()].into_iter().chain(numbers.map(|number| number.to_string())));
    }
    out.line(table)?;
    let (decisions, exact, changed) = totals.sums();
    out.line(format_args!("{} messages, {decisions} decisions: {exact} the same to the byte, {changed} changed", totals.messages))?;
    out.line(format_args!("not decided again: {} whose messages are no longer kept, {} that people made", totals.dropped, totals.by_people))
}
