//! `vestibule audit backup` and `audit restore`: a copy of the journal while the gateway works, and a journal that is put back.

use std::path::{Path, PathBuf};

use super::{Answer, Failure, Output, Verb, runtime, unreadable};
use crate::audit::SignerKey;
use crate::audit::backup;
use crate::config::Gateway;
use crate::journal::seal::{SealKey, SealRing};
use crate::process::world;

/// Copies the journal.
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The gateway's configuration; the gateway may be running
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder of the backup, which is made
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// Print the manifest as one JSON object
    #[arg(long)]
    json: bool,
}

impl Verb for Backup {
    const PATH: &'static [&'static str] = &["audit", "backup"];
    const ABOUT: &'static str = "Copy the journal and its editions while the gateway works, and check the copy";
    const EXAMPLES: &'static str = "  vestibule audit backup --config gateway.toml --into /var/backups/vestibule/2026-11-23\n\n\
        Keys are not copied: keep those of the quarantine and of the audit elsewhere, without them a backup cannot be put back.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = read(&self.config)?;
        let manifest = backup::backup(&gateway.journal, &self.into, &SignerKey::open(&gateway.keys.audit)?, world::now())?;
        if self.json {
            return out.json(&manifest).map(|()| Answer::Done);
        }
        let bytes = manifest.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
        out.line(format_args!("{} records in {} files of {bytes} bytes, made {}", manifest.records, manifest.files.len(), manifest.made))?;
        out.line(format_args!("root {}", manifest.root))?;
        out.line("the copy holds; keys are not in it")?;
        Ok(Answer::Done)
    }
}

/// Puts a backup back.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// The folder of the backup
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// The gateway's configuration; the gateway must not be running, and its journal must not be there
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Verb for Restore {
    const PATH: &'static [&'static str] = &["audit", "restore"];
    const ABOUT: &'static str = "Put a backup in the place of a journal that is lost; what may have left since is held";
    const EXAMPLES: &'static str = "  vestibule audit restore --from /var/backups/vestibule/2026-11-23 --config gateway.toml\n  \
        vestibule quarantine list --config gateway.toml --code fault.restored\n\n\
        A restored journal does not know what left after the backup: nothing that was due then leaves before a person decides.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = read(&self.config)?;
        let ring = SealRing::new(SealKey::open(&gateway.keys.quarantine)?, Vec::new());
        let key = SignerKey::open(&gateway.keys.audit)?;
        let done = runtime()?.block_on(backup::restore(&self.from, &gateway.journal, ring, key, world::now()))?;
        if self.json {
            return out.json(&done).map(|()| Answer::Done);
        }
        out.line(format_args!("{} records of {} are back, and hold", done.records, done.made))?;
        out.line(format_args!("{:>6}  releases were due, and are held as `fault.restored`", done.due))?;
        out.line(format_args!("{:>6}  messages were not decided, and are held so at the next start", done.undecided))?;
        out.line(format_args!("{:>6}  messages were held already: people may have released them after {}", done.held, done.made))?;
        out.line("ask recipients what they have before you release; consents that were given count as used up, and must be given anew")?;
        out.line(format_args!("what came after {} is not on record: witnesses who kept later checkpoints will say so", done.made))?;
        Ok(Answer::Done)
    }
}

fn read(config: &Path) -> Result<Gateway, Failure> {
    Gateway::read(config).map_err(|cause| unreadable(config, cause))
}
