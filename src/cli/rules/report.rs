//! `vestibule rules report`: what officers should know of an edition before they sign it, in files beside it, for the console to show.
//!
//! It runs the commands that a person would run and keeps what they say. Nothing depends on what it writes: the gateway examines an edition itself.

use std::path::{Path, PathBuf};

use super::super::{Answer, Failure, Output, Verb, letter};
use super::{Compare, Prove, Replay, Test, load};
use crate::base::Fault;
use crate::config::Gateway;
use crate::control::papers;
use crate::journal::embedded::Reader;
use crate::policy::folder::REPORTS;
use crate::process::{folder_in_force, world};

/// Writes the reports of an edition.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Report {
    /// The gateway's configuration: the edition in force, and the journal whose messages are decided again
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only these, such as `cases,compare`
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_enum)]
    only: Vec<Kind>,
    /// The rule set's folder
    folder: PathBuf,
}

/// A report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Whether its cases are met, and which rules none touches
    Cases,
    /// What differs from the edition in force
    Compare,
    /// What would have become of recorded messages
    Replay,
    /// Which invariants hold of every message
    Proofs,
}

const KINDS: [(Kind, &str); 4] = [(Kind::Cases, "cases"), (Kind::Compare, "compare"), (Kind::Replay, "replay"), (Kind::Proofs, "proofs")];

impl Verb for Report {
    const PATH: &'static [&'static str] = &["rules", "report"];
    const ABOUT: &'static str = "Write what is to be known of an edition into files beside it, for the console to show";
    const EXAMPLES: &'static str = "  vestibule rules report waiting/next --config gateway.toml\n  \
        vestibule rules report waiting/next --config gateway.toml --only cases,compare\n\n\
        It runs `rules test --coverage`, `rules compare`, `rules replay` and `rules prove`, and keeps what they say in `reports/` in the folder, which\n\
        is no part of the digest. Exit status 1 where one of them says no.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| super::super::unreadable(&self.config, cause))?;
        let Some(guard) = load(&self.folder, false, out)? else { return Ok(Answer::No) };
        let digest = guard.edition().digest.to_string();
        let place = self.folder.join(REPORTS);
        std::fs::create_dir_all(&place).map_err(|cause| Fault::from_cause(format!("`{}` cannot be made", place.display()), cause))?;
        let mut all = Answer::Done;
        for (kind, name) in KINDS.iter().filter(|(kind, _)| self.only.is_empty() || self.only.contains(kind)) {
            let asked = self.asked(*kind, &gateway)?;
            let (answer, text) = asked.answered()?;
            let report = papers::Report {
                name: (*name).to_owned(),
                answer: if answer == Answer::Done { "yes" } else { "no" }.to_owned(),
                time: world::now().to_string(),
                command: format!("vestibule rules {} {}", asked.verb, asked.words.join(" ")),
                digest: digest.clone(),
                text,
            };
            letter::durable(&place.join(format!("{name}.txt")), report.file().as_bytes())?;
            out.line(format_args!("{name}: {}", report.answer))?;
            all = if answer == Answer::Done { all } else { Answer::No };
        }
        Ok(all)
    }
}

/// A command, as a person would give it.
struct Asked {
    verb: &'static str,
    words: Vec<String>,
}

impl Report {
    fn asked(&self, kind: Kind, gateway: &Gateway) -> Result<Asked, Failure> {
        let shown = |path: &Path| path.display().to_string();
        let (folder, config) = (shown(&self.folder), shown(&self.config));
        Ok(match kind {
            Kind::Cases => Asked { verb: "test", words: vec!["--coverage".to_owned(), folder] },
            Kind::Compare => Asked { verb: "compare", words: vec![shown(&folder_in_force(gateway)?), folder] },
            Kind::Replay if !Reader::is_there(&gateway.journal) => Asked { verb: "replay", words: Vec::new() },
            Kind::Replay => Asked { verb: "replay", words: vec![folder, "--config".to_owned(), config] },
            Kind::Proofs => Asked { verb: "prove", words: vec!["--solver".to_owned(), shown(&gateway.solver), folder] },
        })
    }
}

impl Asked {
    /// The answer, with everything that was said.
    fn answered(&self) -> Result<(Answer, String), Failure> {
        if self.words.is_empty() {
            return Ok((Answer::Done, "there is no journal yet: nothing was decided that could be decided again\n".to_owned()));
        }
        let mut out = Output::kept();
        let done = match self.verb {
            "test" => run::<Test>(&self.words, &mut out),
            "compare" => run::<Compare>(&self.words, &mut out),
            "replay" => run::<Replay>(&self.words, &mut out),
            _ => run::<Prove>(&self.words, &mut out),
        };
        match done {
            Ok(answer) => Ok((answer, drawn_plainly(&out.text_kept()))),
            // Such as a solver that is not there: the report says so in its place.
            Err(Failure::Fault(fault)) => Ok((Answer::No, format!("{}it was not done: {fault}\n", out.text_kept()))),
            Err(other) => Err(other),
        }
    }
}

/// Frames of tables in signs that every page shows as they are.
fn drawn_plainly(text: &str) -> String {
    let sign = |c: char| match c {
        '─' | '═' => '-',
        '│' | '┆' => '|',
        '\u{250c}'..='\u{257f}' => '+',
        other => other,
    };
    text.chars().map(sign).collect()
}

fn run<V: Verb>(words: &[String], out: &mut Output) -> Result<Answer, Failure> {
    let command = V::augment_args(clap::Command::new("rules").no_binary_name(true));
    let matches = command.try_get_matches_from(words).map_err(|error| Failure::Usage(error.to_string()))?;
    V::from_arg_matches(&matches).map_err(|error| Failure::Usage(error.to_string()))?.run(out)
}
