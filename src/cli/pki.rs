//! `vestibule pki`: keys and certificates for labs and tests. A real network brings its own authority.

use std::path::{Path, PathBuf};

use super::{Answer, Failure, Output, Verb, lab, letter, unreadable};
use crate::base::Fault;
use crate::config::Gateway;
use crate::link::pki::{Anchor, Use};
use crate::process::world;

/// Makes what a gateway's configuration names.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Verb for Init {
    const PATH: &'static [&'static str] = &["pki", "init"];
    const ABOUT: &'static str = "Make every key, certificate and list that a configuration names and that is not there yet";
    const EXAMPLES: &'static str = "  vestibule pki init --config deploy/lab/gateway.toml\n\nBeside each domain's anchor it also writes a certificate, a key and a configuration for each peer,\n\
        which `vestibule send` and `vestibule receive` take. Nothing that exists is changed.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let made = lab::make(&gateway, world::now())?;
        for path in &made.written {
            out.line(path.display())?;
        }
        out.line(format_args!("{} files written, {} were there", made.written.len(), made.kept))?;
        Ok(Answer::Done)
    }
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Purpose {
    /// To dial a gateway
    Client,
    /// To accept links
    Server,
    /// Both: a gateway
    Both,
    /// To sign labels
    Label,
    /// To sign as an officer
    Officer,
}

/// Issues a certificate.
#[derive(Debug, clap::Args)]
pub(super) struct Issue {
    /// The authority's certificate (PEM); its key lies beside it with the ending `key`
    #[arg(long, value_name = "FILE")]
    anchor: PathBuf,
    /// The identity: a DNS name in lower case, or a URI
    #[arg(long, value_name = "NAME")]
    identity: String,
    /// What the certificate is for
    #[arg(long, value_enum, default_value = "client")]
    purpose: Purpose,
    /// Days that it is valid
    #[arg(long, default_value_t = lab::DAYS)]
    days: u32,
    /// Where the certificate goes; the key goes beside it with the ending `key`
    #[arg(long, value_name = "FILE")]
    into: PathBuf,
}

impl Verb for Issue {
    const PATH: &'static [&'static str] = &["pki", "issue"];
    const ABOUT: &'static str = "Issue a certificate with its key";
    const EXAMPLES: &'static str = "  vestibule pki issue --anchor state/pki/coalition/anchor.pem --identity fra-ops.coalition.lab --into fra-ops.pem\n  \
         vestibule pki issue --anchor labels.pem --identity labels.gbr.lab --purpose label --into binding.pem\n  \
         vestibule pki issue --anchor officers.pem --identity g.hopper.officers.lab --purpose officer --into g.hopper.pem";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let purpose = match self.purpose {
            Purpose::Client => Use::Client,
            Purpose::Server => Use::Server,
            Purpose::Both => Use::Both,
            Purpose::Label => Use::Label,
            Purpose::Officer => Use::Officer,
        };
        let key = self.into.with_extension("key");
        if self.into.exists() || key.exists() || key == self.into {
            return Err(Failure::Usage(format!("`{}` and `{}` must be two files that do not exist yet", self.into.display(), key.display())));
        }
        let issued = lab::anchor(&self.anchor)?.issue(&self.identity, purpose, world::now(), self.days)?;
        closed(&key, issued.key.as_bytes())?;
        letter::durable(&self.into, issued.certificate.as_bytes())?;
        out.line(format_args!("`{}` and `{}` written, for `{}`, valid for {} days", self.into.display(), key.display(), self.identity, self.days))?;
        Ok(Answer::Done)
    }
}

fn closed(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |error| Fault::from_cause(format!("`{}` cannot be written", path.display()), error);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

/// Revokes certificates.
#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    /// The authority's certificate (PEM); its key lies beside it with the ending `key`
    #[arg(long, value_name = "FILE")]
    anchor: PathBuf,
    /// The revocation list; what it holds stays in it
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// Days until the next list is due
    #[arg(long, default_value_t = lab::DAYS)]
    days: u32,
    /// Certificates to revoke (PEM); none to renew the list as it is
    certificates: Vec<PathBuf>,
}

impl Verb for Revoke {
    const PATH: &'static [&'static str] = &["pki", "revoke"];
    const ABOUT: &'static str = "Add certificates to a revocation list, or renew it";
    const EXAMPLES: &'static str = "  vestibule pki revoke --anchor anchor.pem --list revoked.pem usa-ops.pem\n\n\
        A running gateway takes the new list on SIGHUP, and cuts the links of revoked certificates.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let read =
            |path: &Path| std::fs::read_to_string(path).map_err(|error| Fault::from_cause(format!("`{}` cannot be read", path.display()), error));
        let anchor = lab::anchor(&self.anchor)?;
        let mut serials = if self.list.exists() { Anchor::revoked(&read(&self.list)?)? } else { Vec::new() };
        let texts = self.certificates.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        let added = anchor.revoke(&texts.iter().map(String::as_str).collect::<Vec<_>>(), world::now(), self.days)?;
        serials.extend(Anchor::revoked(&added)?);
        serials.sort();
        serials.dedup();
        letter::durable(&self.list, anchor.revoke_serials(&serials, world::now(), self.days)?.as_bytes())?;
        out.line(format_args!("`{}` written: {} revoked, the next list is due in {} days", self.list.display(), serials.len(), self.days))?;
        Ok(Answer::Done)
    }
}
