//! What commands that decide offline are asked about: under which rule set, from whom, to whom, with which header.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Failure, letter, unreadable};
use crate::base::{Fault, Header, MessageId, Name, Precedence, Time, Traffic};
use crate::config::Gateway;
use crate::pipeline::Guard;
use crate::process::world::{self, Secrets};
use crate::process::{label_trust, load_guard};

/// Rule set, sender and header of message files.
#[derive(Debug, clap::Args)]
pub(super) struct Offline {
    /// The gateway's configuration: its rule set, and its pseudonym key where that is there
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A rule set's folder, instead of a configuration
    #[arg(long, value_name = "FOLDER")]
    rules: Option<PathBuf>,
    /// The peer that sends
    #[arg(long, value_name = "PEER")]
    pub(super) from: Option<Name>,
    /// A destination: a peer or a community; without it, the header file beside a message says, or else every other peer
    #[arg(long, value_name = "NAME")]
    to: Vec<Name>,
    /// ROUTINE, PRIORITY, IMMEDIATE or FLASH
    #[arg(long, value_name = "WORD", value_parser = super::send::precedence)]
    precedence: Option<Precedence>,
    /// The messages belong to an exercise
    #[arg(long)]
    exercise: bool,
    /// The media type that is claimed
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,
    /// A file with a detached STANAG 4774 label
    #[arg(long, value_name = "FILE")]
    label: Option<PathBuf>,
    /// Decide as of this time, such as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Time>,
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "expected a time as `YYYY-MM-DDThh:mm:ssZ`".to_owned())
}

impl Offline {
    /// The time as of which is decided.
    pub(super) fn time(&self) -> Time {
        self.now.unwrap_or_else(world::now)
    }

    /// Whether the rule set has the sender.
    pub(super) fn known(&self, from: &Name, guard: &Guard) -> Result<(), Failure> {
        if guard.edition().peers.contains_key(from) {
            return Ok(());
        }
        let known: Vec<&str> = guard.edition().peers.keys().map(Name::as_str).collect();
        Err(Failure::Usage(format!("the rule set has no peer `{from}`; expected one of: {}", known.join(", "))))
    }

    /// A message file with its header.
    pub(super) fn letter(&self, file: &Path, from: &Name, guard: &Guard) -> Result<(Header, Vec<u8>), Failure> {
        let body = letter::body(file)?;
        Ok((self.header(file, from, guard)?, body))
    }

    /// The rule set, compiled, and the keys of the configuration where it has them.
    pub(super) fn guard(&self) -> Result<(Guard, Secrets), Failure> {
        let (rules, secrets, trust) = match (&self.config, &self.rules) {
            (Some(path), _) => {
                let gateway = Gateway::read(path).map_err(|cause| unreadable(path, cause))?;
                let secrets = if gateway.keys.pseudonym.exists() { Secrets::open(&gateway.keys)? } else { practice() };
                let trust = label_trust::read(&gateway)?;
                (gateway.rules, secrets, trust)
            }
            (None, Some(rules)) => (rules.clone(), practice(), BTreeMap::new()),
            (None, None) => return Err(Failure::Usage("give `--config` or `--rules`".to_owned())),
        };
        match load_guard(&rules)? {
            Ok(guard) => {
                guard.trust_in_labels(trust);
                Ok((guard, secrets))
            }
            Err(complaints) => Err(Failure::Complaints(complaints, crate::policy::read_folder(&rules)?)),
        }
    }

    /// The header file beside the message, and the command line over it; where neither names a destination, every other peer.
    fn header(&self, file: &Path, from: &Name, guard: &Guard) -> Result<Header, Failure> {
        let beside = letter::header(&letter::beside(file))?;
        let everyone = || guard.edition().peers.keys().filter(|name| *name != from).cloned().collect();
        let mut header = beside.unwrap_or_else(|| Header {
            id: MessageId::from_parts(0, [0; 10]),
            precedence: Precedence::Routine,
            destinations: everyone(),
            media_type: String::new(),
            traffic: Traffic::Operation,
            sent: self.now.unwrap_or_else(world::now),
            label: None,
        });
        if !self.to.is_empty() {
            header.destinations.clone_from(&self.to);
        }
        header.precedence = self.precedence.unwrap_or(header.precedence);
        if self.exercise {
            header.traffic = Traffic::Exercise;
        }
        if let Some(media_type) = &self.media_type {
            header.media_type.clone_from(media_type);
        }
        if let Some(path) = &self.label {
            let text = String::from_utf8(letter::body(path)?);
            header.label = Some(text.map_err(|_| Fault::new(format!("the label `{}` is not UTF-8", path.display())))?);
        }
        Ok(header)
    }
}

/// Keys for looking only: pseudonyms made with them mean nothing anywhere.
fn practice() -> Secrets {
    Secrets::from_bytes(b"inspect: no pseudonym made with this key ever leaves")
}
