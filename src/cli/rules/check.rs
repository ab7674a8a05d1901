//! `vestibule rules check`: every fault of a rule set, with place and remedy.

use std::path::PathBuf;

use super::super::{Answer, Failure, Output, Verb};
use super::{load, signatures};

/// Checks rule sets.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Check {
    /// Print one JSON object for each fault
    #[arg(long)]
    json: bool,
    /// The gateway's configuration, which names the officers: shows who has signed and who is missing
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rule set folders
    #[arg(required = true)]
    folders: Vec<PathBuf>,
}

impl Verb for Check {
    const PATH: &'static [&'static str] = &["rules", "check"];
    const ABOUT: &'static str = "Find every fault of a rule set, with place and remedy";
    const EXAMPLES: &'static str = "  vestibule rules check rules/five-eyes\n  vestibule rules check --config gateway.toml rules/five-eyes       who has signed, too\n  \
         vestibule rules check --json rules/five-eyes | jq .what\n\nA signature that is missing is no fault. Exit status 1 where there is a fault.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let mut answer = Answer::Done;
        let officers = self.config.as_deref().map(signatures::officers).transpose()?;
        for folder in &self.folders {
            match load(folder, self.json, out)? {
                None => answer = Answer::No,
                Some(guard) if !self.json => {
                    let edition = guard.edition();
                    let clauses: usize = edition.agreements.iter().map(|agreement| agreement.clauses.len()).sum();
                    let words: usize = edition.word_lists.iter().map(|list| list.entries.len()).sum();
                    let parts = [
                        (edition.peers.len(), "peers"),
                        (edition.agreements.len(), "agreements"),
                        (clauses, "clauses"),
                        (words, "words"),
                        (edition.patterns.len(), "pattern files"),
                        (edition.cases.len(), "cases"),
                    ];
                    let parts: Vec<String> = parts.iter().map(|(count, what)| format!("{count} {what}")).collect();
                    out.line(format_args!("`{}`: {} {}, no faults: {}", folder.display(), edition.name, edition.edition, parts.join(", ")))?;
                    out.line(format_args!("digest {}", edition.digest))?;
                    signatures::told(folder, edition, officers.as_ref(), out)?;
                }
                Some(_) => {}
            }
        }
        Ok(answer)
    }
}
