//! `vestibule audit`: the journal as records, its check, and proofs that others can check without trusting this gateway.

use std::path::{Path, PathBuf};

use super::{Answer, Failure, Output, Verb, output, unreadable};
use crate::audit::{self, SignerKey, VerifierKey};
use crate::base::{Fault, MessageId};
use crate::config::Gateway;
use crate::journal::embedded::Reader;
use crate::journal::{Entry, Page};

/// Which journal.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("where").args(["config", "journal"]).required(true))]
struct Where {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A journal's folder, instead of a configuration
    #[arg(long, value_name = "FOLDER")]
    journal: Option<PathBuf>,
    /// The verifier key, `name+hash+key`, or a file with it; without it, the configuration's audit key
    #[arg(long, value_name = "KEY")]
    vkey: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Where {
    fn gateway(&self) -> Result<Option<Gateway>, Failure> {
        self.config.as_deref().map(|path| Gateway::read(path).map_err(|cause| unreadable(path, cause))).transpose()
    }

    fn folder(&self) -> Result<PathBuf, Failure> {
        let gateway = self.gateway()?.map(|gateway| gateway.journal);
        self.journal.clone().or(gateway).ok_or_else(|| Failure::Usage("give `--config` or `--journal`".to_owned()))
    }

    fn key(&self) -> Result<VerifierKey, Failure> {
        match (&self.vkey, self.gateway()?) {
            (Some(given), _) => {
                let text = if Path::new(given).exists() { read(Path::new(given))? } else { given.clone() };
                text.trim().parse().map_err(Failure::Usage)
            }
            (None, Some(gateway)) => Ok(SignerKey::open(&gateway.keys.audit)?.verifier().clone()),
            (None, None) => Err(Failure::Usage("give `--vkey`, or `--config` with the gateway's own key".to_owned())),
        }
    }
}

fn read(path: &Path) -> Result<String, Fault> {
    std::fs::read_to_string(path).map_err(|error| Fault::from_cause(format!("`{}` cannot be read", path.display()), error))
}

/// Shows records.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    at: Where,
    /// Only what happened to this message
    #[arg(long, value_name = "ID")]
    message: Option<MessageId>,
    /// From this record on
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    from: u64,
    /// Records at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    count: u32,
    /// Totals instead of records
    #[arg(long, conflicts_with_all = ["message", "from"])]
    totals: bool,
}

impl Verb for Show {
    const PATH: &'static [&'static str] = &["audit", "show"];
    const ABOUT: &'static str = "Show the records of the journal, a message's journey, or totals";
    const EXAMPLES: &'static str = "  vestibule audit show --config gateway.toml --totals\n  vestibule audit show --config gateway.toml --message 01931f2b-...\n  \
        vestibule audit show --config gateway.toml --from 5000 --json | jq -c 'select(.event==\"released\")'";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let reader = Reader::open(&self.at.folder()?, None)?;
        if self.totals {
            self.total(&reader, out)?;
            return Ok(Answer::Done);
        }
        let entries = match self.message {
            Some(id) => reader.message(id)?,
            None => self.records(&reader)?,
        };
        if self.at.json {
            entries.iter().try_for_each(|entry| out.json(entry))?;
            return Ok(Answer::Done);
        }
        let mut table = output::table(&["record", "event", "message", "what"]);
        for entry in &entries {
            let message = entry.event.message().map(|key| format!("{} {}", key.from, key.id)).unwrap_or_default();
            table.add_row([entry.index.to_string(), entry.event.word().to_owned(), message, entry.event.told()]);
        }
        out.line(table)?;
        Ok(Answer::Done)
    }
}

impl Show {
    fn records(&self, reader: &Reader) -> Result<Vec<Entry>, Fault> {
        let mut entries = Vec::new();
        let mut after = self.from.checked_sub(1);
        loop {
            let left = self.count.saturating_sub(u32::try_from(entries.len()).unwrap_or(u32::MAX));
            if left == 0 {
                return Ok(entries);
            }
            let part = reader.records(Page { after, rows: left.min(Page::ROWS_MAX) })?;
            entries.extend(part.rows);
            match part.next {
                Some(next) => after = Some(next),
                None => return Ok(entries),
            }
        }
    }

    fn total(&self, reader: &Reader, out: &mut Output) -> Result<(), Failure> {
        let counts = reader.counts()?;
        if self.at.json {
            return out.json(&counts);
        }
        out.line(counts.named().map(|(name, number)| format!("{name} {number}")).join("   "))?;
        let mut table = output::table(&["from", "to", "outcome", "code", "decisions"]);
        for tally in &counts.tallies {
            let text = |text: &str| comfy_table::Cell::new(text);
            let to = tally.recipient.as_ref().map_or("", |name| name.as_str());
            table.add_row([
                text(tally.from.as_str()),
                text(to),
                output::outcome(tally.outcome),
                text(tally.code.map_or("", crate::base::Reason::code)),
                text(&tally.count.to_string()),
            ]);
        }
        out.line(table)
    }
}

/// Checks the journal.
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    #[command(flatten)]
    at: Where,
    /// A signed checkpoint that was kept elsewhere; may be given more than once. With one, a journal that was cut short is found out
    #[arg(long, value_name = "FILE")]
    witness: Vec<PathBuf>,
}

impl Verb for Verify {
    const PATH: &'static [&'static str] = &["audit", "verify"];
    const ABOUT: &'static str = "Find a changed, missing or reordered record";
    const EXAMPLES: &'static str = "  vestibule audit verify --config gateway.toml\n  vestibule audit verify --journal copy/ --vkey vestibule.lab/gbr+1c2d3e4f+AR...\n  \
        vestibule audit verify --config gateway.toml --witness checkpoint-of-last-week.txt\n\nExit status 1 where anything does not hold.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let witnessed = self.witness.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        let report = audit::verify(&self.at.folder()?, &self.at.key()?, &witnessed)?;
        if self.at.json {
            out.json(&report)?;
        } else {
            for problem in &report.problems {
                out.line(format_args!("{}{}", problem.index.map(|index| format!("record {index}: ")).unwrap_or_default(), problem.text))?;
            }
            out.line(format_args!(
                "{} records, {} checkpoints hold, {} records are not signed yet",
                report.records, report.checkpoints, report.unsigned
            ))?;
            out.line(format_args!("root {}", report.root))?;
            match report.first_bad {
                Some(index) => out.line(format_args!("the journal does NOT hold; the first bad record is {index}"))?,
                None => out.line(if report.holds() { "the journal holds" } else { "the journal does NOT hold" })?,
            }
        }
        Ok(if report.holds() { Answer::Done } else { Answer::No })
    }
}

/// Proves a record.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").args(["index", "earlier", "check"]).required(true))]
pub(super) struct Prove {
    #[command(flatten)]
    at: Where,
    /// Prove that this record stands in the journal
    #[arg(long, value_name = "INDEX")]
    index: Option<u64>,
    /// Prove that the journal continues that of an earlier signed checkpoint
    #[arg(long, value_name = "FILE")]
    earlier: Option<PathBuf>,
    /// Check a proof that somebody gave
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

impl Verb for Prove {
    const PATH: &'static [&'static str] = &["audit", "prove"];
    const ABOUT: &'static str = "Prove that a record stands in the journal, or check such a proof";
    const EXAMPLES: &'static str = "  vestibule audit prove --config gateway.toml --index 41 > proof.json\n  vestibule audit prove --config gateway.toml --earlier checkpoint.txt\n  \
        vestibule audit prove --journal . --vkey vestibule.lab/gbr+1c2d3e4f+AR... --check proof.json\n\nExit status 1 where the proof does not hold.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let key = self.at.key()?;
        if let Some(path) = &self.check {
            let proof = serde_json::from_str(&read(path)?)
                .map_err(|error| Failure::Usage(format!("`{}` is no proof of inclusion: {error}", path.display())))?;
            return match audit::check_proof(&proof, &key) {
                Ok(record) => out.line(format_args!("the proof holds: record {} of {} bytes", proof.index, record.len())).map(|()| Answer::Done),
                Err(text) => out.line(format_args!("the proof does NOT hold: {text}")).map(|()| Answer::No),
            };
        }
        let reader = Reader::open(&self.at.folder()?, None)?;
        let proof = match (&self.index, &self.earlier) {
            (Some(index), _) => audit::prove(&reader, *index, &key).map(|proof| serde_json::to_string(&proof)),
            (None, Some(path)) => audit::prove_consistency(&reader, &read(path)?, &key).map(|proof| serde_json::to_string(&proof)),
            (None, None) => return Err(Failure::Usage("give `--index`, `--earlier` or `--check`".to_owned())),
        };
        match proof {
            Ok(text) => out.line(text.map_err(|error| Fault::from_cause("the proof could not be written as JSON", error))?).map(|()| Answer::Done),
            Err(fault) => {
                output::complain(&fault.to_string());
                Ok(Answer::No)
            }
        }
    }
}
