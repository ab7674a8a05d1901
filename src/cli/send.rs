//! `vestibule send`: messages to a gateway, each until its receipt is here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::peer::{self, Session};
use super::{Answer, Failure, Output, Verb, letter, output, runtime, unreadable};
use crate::base::{Header, Name, Precedence, Time, Traffic};
use crate::config::Remote;
use crate::link::{LinkError, Receipt, Status};
use crate::process::world;

/// Sends messages as a peer.
#[derive(Debug, clap::Args)]
pub(super) struct Send {
    /// The peer's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// A destination: a peer or a community; may be given more than once. Without it, a header file beside each message says
    #[arg(long, value_name = "NAME")]
    to: Vec<Name>,
    /// ROUTINE, PRIORITY, IMMEDIATE or FLASH
    #[arg(long, value_name = "WORD", value_parser = precedence)]
    precedence: Option<Precedence>,
    /// The messages belong to an exercise
    #[arg(long)]
    exercise: bool,
    /// The media type to claim, such as application/cot+xml
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,
    /// A file with a detached STANAG 4774 label
    #[arg(long, value_name = "FILE")]
    label: Option<PathBuf>,
    /// Seconds to go on while the gateway is away or busy
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
    /// Print one JSON object for each receipt
    #[arg(long)]
    json: bool,
    /// Message files
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// A precedence by its word.
pub(super) fn precedence(word: &str) -> Result<Precedence, String> {
    let found = Precedence::ALL.into_iter().find(|precedence| precedence.word().eq_ignore_ascii_case(word));
    found.ok_or_else(|| "expected ROUTINE, PRIORITY, IMMEDIATE or FLASH".to_owned())
}

#[derive(Serialize)]
pub(super) struct Line {
    file: String,
    id: String,
    status: &'static str,
    position: u64,
    at: Time,
    bytes: usize,
}

impl Line {
    pub(super) fn new(file: &Path, header: &Header, body: &[u8], receipt: &Receipt) -> Self {
        let (status, position, at) = (receipt.status.word(), receipt.position, receipt.at);
        Self { file: file.display().to_string(), id: header.id.to_string(), status, position, at, bytes: body.len() }
    }
}

impl Verb for Send {
    const PATH: &'static [&'static str] = &["send"];
    const ABOUT: &'static str = "Send messages to a gateway as one of its peers";
    const EXAMPLES: &'static str = "  vestibule send --config gbr-ops.toml --to usa-ops track.xml\n  vestibule send --config gbr-ops.toml --to FVEY --precedence FLASH track.xml\n  \
        vestibule send --config gbr-ops.toml traffic/*.xml          headers from the files beside the messages\n\n\
        A receipt says that the gateway has the message and answers for it, never what it decided. Exit status 1 where a message was not accepted.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        output::log("warn");
        let mut remote = Remote::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        // Deliveries belong to `receive`: this side takes none.
        remote.domain.limits.streams_max = 0;
        remote.domain.peers.iter_mut().for_each(|peer| peer.limits.streams_max = 0);
        let letters = self.files.iter().map(|file| self.letter(file)).collect::<Result<Vec<_>, _>>()?;
        runtime()?.block_on(self.send(&remote, &letters, out))
    }
}

type Letter = (PathBuf, Header, Vec<u8>);

impl Send {
    fn letter(&self, file: &Path) -> Result<Letter, Failure> {
        let body = letter::body(file)?;
        let header = match letter::header(&letter::beside(file))? {
            Some(header) => header,
            None if self.to.is_empty() => {
                let header = letter::beside(file);
                return Err(Failure::Usage(format!("`{}` has no destination: give `--to`, or a header file `{}`", file.display(), header.display())));
            }
            None => Header {
                id: world::fresh_id()?,
                precedence: Precedence::Routine,
                destinations: Vec::new(),
                media_type: String::new(),
                traffic: Traffic::Operation,
                sent: world::now(),
                label: None,
            },
        };
        Ok((file.to_owned(), self.over(header)?, body))
    }

    /// What the command line says wins over the header file.
    fn over(&self, mut header: Header) -> Result<Header, Failure> {
        if !self.to.is_empty() {
            header.destinations.clone_from(&self.to);
        }
        if let Some(precedence) = self.precedence {
            header.precedence = precedence;
        }
        if self.exercise {
            header.traffic = Traffic::Exercise;
        }
        if let Some(media_type) = &self.media_type {
            header.media_type.clone_from(media_type);
        }
        if let Some(path) = &self.label {
            let bytes = letter::body(path)?;
            header.label = Some(String::from_utf8(bytes).map_err(|_| Failure::Usage(format!("the label `{}` is not UTF-8", path.display())))?);
        }
        Ok(header)
    }

    async fn send(&self, remote: &Remote, letters: &[Letter], out: &mut Output) -> Result<Answer, Failure> {
        let patience = Duration::from_secs(self.patience);
        let session = Session::open(remote)?;
        let mut link = session.link(Some(patience)).await?;
        let mut answer = Answer::Done;
        for (file, header, body) in letters {
            let mut header = header.clone();
            let receipt = loop {
                match peer::deliver(&link, &header, body, patience).await {
                    Ok(receipt) => break receipt,
                    Err(LinkError::Message(refusal)) => return Err(Failure::Usage(format!("`{}`: {refusal}", file.display()))),
                    // The same id goes again: the gateway answers a repetition from its record.
                    Err(LinkError::Closed(_) | LinkError::NoReceipt | LinkError::Receipt(_)) => {
                        link = session.link(Some(patience)).await?;
                        // The id says which message it is; the time says when it was sent, and a long wait makes the first one untrue.
                        header.sent = world::now();
                    }
                }
            };
            if receipt.status != Status::Accepted {
                answer = Answer::No;
            }
            match self.json {
                true => out.json(&Line::new(file, &header, body, &receipt))?,
                false => out.line(format_args!("{}  {}  {}", header.id, receipt.status.word(), file.display()))?,
            }
            out.flush()?;
        }
        session.close().await;
        Ok(answer)
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}  {}  {}", self.id, self.status, self.file)
    }
}
