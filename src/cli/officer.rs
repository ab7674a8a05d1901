//! `vestibule pki officer`: a key for a person whose signatures count.

use std::path::PathBuf;

use super::{Answer, Failure, Output, Verb};
use crate::audit::SignerKey;
use crate::base::Name;
use crate::control::Role;

/// Makes an officer's key.
#[derive(Debug, clap::Args)]
pub(super) struct Officer {
    /// The officer's name: 1 to 64 of `a-z A-Z 0-9 . _ / -`
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What the officer may do
    #[arg(long, value_enum, value_delimiter = ',', required = true)]
    roles: Vec<Role>,
    /// Where the key goes; only its owner can read it
    #[arg(long, value_name = "FILE")]
    into: PathBuf,
}

impl Verb for Officer {
    const PATH: &'static [&'static str] = &["pki", "officer"];
    const ABOUT: &'static str = "Make an officer's key (Ed25519), and print the entry for the configuration";
    const EXAMPLES: &'static str = "  vestibule pki officer --name a.lovelace --roles author --into a.lovelace.key >>gateway.toml";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        if Name::new(&self.name).is_none() {
            return Err(Failure::Usage(format!(
                "`{}` is no name of an officer: expected 1 to 64 of `a-z A-Z 0-9 . _ / -`",
                self.name.escape_default()
            )));
        }
        let key = SignerKey::create(&self.into, &self.name)?;
        let roles: Vec<String> = self.roles.iter().map(|role| format!("\"{}\"", role.word())).collect();
        out.line(format_args!("\n[[officer]]\nname = \"{}\"\nkey = \"{}\"\nroles = [{}]", self.name, key.verifier(), roles.join(", ")))?;
        Ok(Answer::Done)
    }
}
