//! `vestibule pki officer`: a key for a person whose signatures count.

use std::path::PathBuf;

use super::{Answer, Failure, Output, Verb, lab, output};
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
    /// Also a certificate for the console: the folder of its anchor (`anchor.pem`, `anchor.key`)
    #[arg(long, value_name = "FOLDER")]
    console: Option<PathBuf>,
}

impl Verb for Officer {
    const PATH: &'static [&'static str] = &["pki", "officer"];
    const ABOUT: &'static str = "Make an officer's key (Ed25519), and print the entry for the configuration";
    const EXAMPLES: &'static str = "  vestibule pki officer --name a.lovelace --roles author --into a.lovelace.key >>gateway.toml\n  \
        vestibule pki officer --name g.hopper --roles reviewer --into g.hopper.key --console state/pki/console >>gateway.toml\n\n\
        With `--console` the officer's certificate lies beside the key, as g.hopper.console.pem and g.hopper.console.key; browsers take both in one file:\n  \
        openssl pkcs12 -export -in g.hopper.console.pem -inkey g.hopper.console.key -out g.hopper.p12";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        if Name::new(&self.name).is_none() {
            return Err(Failure::Usage(format!(
                "`{}` is no name of an officer: expected 1 to 64 of `a-z A-Z 0-9 . _ / -`",
                self.name.escape_default()
            )));
        }
        let key = SignerKey::create(&self.into, &self.name)?;
        let identity = match &self.console {
            Some(folder) => {
                let certificate = lab::certify_officer(&folder.join("anchor.pem"), &self.name, &self.into)?;
                output::tell(&format!("`{}` written, with its key beside it", certificate.display()));
                Some(lab::officer_identity(&self.name))
            }
            None => None,
        };
        out.text(&lab::officer_entry(&self.name, &key, &self.roles, identity.as_deref()))?;
        Ok(Answer::Done)
    }
}
