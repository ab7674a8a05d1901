//! `vestibule quarantine countersign`: puts a key under what the console shows, for those whose browser runs no script.

use std::path::PathBuf;

use crate::base::Fault;
use crate::cli::signer::Certified;
use crate::cli::{Answer, Failure, Output, Verb};
use crate::control::review::ReviewStatement;
use crate::control::{ConditionStatement, Statement};

/// Signs what the console prepared.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Countersign {
    /// The officer's key, as `vestibule pki officer` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    certified: Certified,
    /// The text that the console shows, in a file
    text: PathBuf,
}

impl Verb for Countersign {
    const PATH: &'static [&'static str] = &["quarantine", "countersign"];
    const ABOUT: &'static str = "Sign what the console shows, to be pasted back into it";
    const EXAMPLES: &'static str = "  vestibule quarantine countersign --key ann.key decision.txt\n\n\
        It needs no gateway. Nothing is signed but a decision on a held message, an edition or a condition, in its one spelling;\n\
        read it before.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let place = self.text.display();
        let text = std::fs::read_to_string(&self.text).map_err(|error| Fault::from_cause(format!("`{place}` cannot be read"), error))?;
        // A browser copies text without its last end of line.
        let text = format!("{}\n", text.replace("\r\n", "\n").trim_end_matches('\n'));
        let why = match text.split(' ').nth(1) {
            Some("edition") => Statement::parse(&text).err(),
            Some("condition") => ConditionStatement::parse(&text).err(),
            _ => ReviewStatement::parse(&text).err(),
        };
        if let Some(why) = why {
            return Err(Failure::Usage(format!("`{place}` is nothing that is signed here: {why}")));
        }
        out.text(&self.certified.signer(&self.key)?.sign(&text)?)?;
        Ok(Answer::Done)
    }
}
