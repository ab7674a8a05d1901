//! `vestibule quarantine countersign`: puts a key under the decision that the console shows, for those whose browser runs no script.

use std::path::PathBuf;

use crate::audit::SignerKey;
use crate::base::Fault;
use crate::cli::{Answer, Failure, Output, Verb};
use crate::control::review::ReviewStatement;

/// Signs a decision that the console prepared.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Countersign {
    /// The reviewer's key, as `vestibule pki officer` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The text that the console shows, in a file
    text: PathBuf,
}

impl Verb for Countersign {
    const PATH: &'static [&'static str] = &["quarantine", "countersign"];
    const ABOUT: &'static str = "Sign the decision that the console shows, to be pasted back into it";
    const EXAMPLES: &'static str = "  vestibule quarantine countersign --key ann.key decision.txt\n\n\
        It needs no gateway. Nothing but a decision on a held message in its one spelling is signed; read it before.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let place = self.text.display();
        let text = std::fs::read_to_string(&self.text).map_err(|error| Fault::from_cause(format!("`{place}` cannot be read"), error))?;
        // A browser copies text without its last end of line.
        let text = format!("{}\n", text.replace("\r\n", "\n").trim_end_matches('\n'));
        ReviewStatement::parse(&text).map_err(|why| Failure::Usage(format!("`{place}` is no decision to sign: {why}")))?;
        out.text(&SignerKey::open(&self.key)?.sign(&text))?;
        Ok(Answer::Done)
    }
}
