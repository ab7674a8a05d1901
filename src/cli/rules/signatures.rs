//! `vestibule rules signatures`: who has signed an edition, and whether that suffices for a gateway.

use std::path::{Path, PathBuf};

use super::super::{Answer, Failure, Output, Verb, output, unreadable};
use super::load;
use crate::config::Gateway;
use crate::control::{Edict, Officers};
use crate::policy::Edition;
use crate::process::{credentials, notes};

/// Shows the signatures of an edition.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Signatures {
    /// The gateway's configuration, which names the officers
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON object for each signature
    #[arg(long)]
    json: bool,
    /// The rule set's folder
    folder: PathBuf,
}

impl Verb for Signatures {
    const PATH: &'static [&'static str] = &["rules", "signatures"];
    const ABOUT: &'static str = "Show who has signed an edition, and whether that suffices";
    const EXAMPLES: &'static str = "  vestibule rules signatures rules/five-eyes --config gateway.toml\n\nExit status 1 where an author's or another person's approval is missing, or a signature does not count.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let officers = officers(&self.config)?;
        let Some(guard) = load(&self.folder, self.json, out)? else { return Ok(Answer::No) };
        let edition = guard.edition();
        let edict = Edict { ruleset: edition.name.to_string(), number: edition.edition.clone(), digest: edition.digest };
        let notes = notes(&self.folder)?;
        let mut table = output::table(&["file", "officer", "role", "signed", "counts"]);
        for (file, note) in &notes {
            let read = officers.edition(note).and_then(|(statement, hand)| statement.about(&edict).map(|()| hand));
            let (hand, counts) = match read {
                Ok(hand) => (Some(hand), "yes".to_owned()),
                Err(why) => (None, why),
            };
            if self.json {
                out.json(&serde_json::json!({ "file": file, "hand": hand, "counts": hand.is_some(), "why": counts }))?;
                continue;
            }
            let of = |part: fn(&crate::journal::Hand) -> String| hand.as_ref().map(part).unwrap_or_default();
            table.add_row([file.clone(), of(|hand| hand.officer.clone()), of(|hand| hand.role.clone()), of(|hand| hand.signed.to_string()), counts]);
        }
        let approved = officers.approve(&edict, &notes);
        if !self.json {
            out.line(table)?;
            match &approved {
                Ok(_) => out.line(format_args!("{} (digest {}) is approved by two persons", edict.title(), edict.digest))?,
                Err(faults) => faults.iter().try_for_each(|fault| out.line(fault))?,
            }
        }
        Ok(if approved.is_ok() { Answer::Done } else { Answer::No })
    }
}

/// The officers that a configuration names.
///
/// # Errors
/// A configuration that cannot be read, or has faults.
pub(super) fn officers(config: &Path) -> Result<Officers, Failure> {
    let gateway = Gateway::read(config).map_err(|cause| unreadable(config, cause))?;
    Ok(credentials::officers(&gateway)?)
}

/// Says who has signed an edition and who is missing, one line each; where nobody says who the officers are, how many signatures there are.
///
/// # Errors
/// Signatures that cannot be read.
pub(super) fn told(folder: &Path, edition: &Edition, officers: Option<&Officers>, out: &mut Output) -> Result<(), Failure> {
    let notes = notes(folder)?;
    let Some(officers) = officers else {
        return match notes.len() {
            0 => out.line("signatures: none"),
            count => out.line(format_args!("signatures: {count}, not verified: name the gateway's configuration with `--config`")),
        };
    };
    let edict = Edict { ruleset: edition.name.to_string(), number: edition.edition.clone(), digest: edition.digest };
    for (_, note) in &notes {
        if let Ok(hand) = officers.edition(note).and_then(|(statement, hand)| statement.about(&edict).map(|()| hand)) {
            out.line(format_args!("signed by `{}` as {} at {}", hand.officer, hand.role, hand.signed))?;
        }
    }
    match officers.approve(&edict, &notes) {
        Ok(_) => out.line("approved by two persons"),
        Err(faults) => faults.iter().try_for_each(|fault| out.line(format_args!("missing: {fault}"))),
    }
}
