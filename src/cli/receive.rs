//! `vestibule receive`: what a gateway delivers, kept as files before it is answered; and, over the same link, what a folder holds to be sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;

use super::hear::{Heard, Voice};
use super::peer::{self, Kept, Session, Store};
use super::send::Line;
use super::{Answer, Failure, Output, Verb, letter, output, runtime, unreadable};
use crate::base::{Fault, Name, Precedence, Time};
use crate::config::Remote;
use crate::link::{Link, LinkError, Status};
use crate::process::world;
use crate::statement::MEDIA_TYPE;

/// How often the outgoing folder is looked at: every 100 milliseconds.
const LOOK: Duration = Duration::from_millis(100);

/// Receives messages as a peer.
#[derive(Debug, clap::Args)]
pub(super) struct Receive {
    /// The peer's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder for the messages, one file each, named by message id
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// Send what appears in this folder, too: `NAME.xml` with `NAME.xml.header.json` beside it, renamed to `.sent` or `.refused`
    #[arg(long, value_name = "FOLDER")]
    outgoing: Option<PathBuf>,
    /// End after so many messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Stop when standard input ends, as when the program that started this one is gone
    #[arg(long)]
    while_stdin: bool,
    /// The key of the party's statements: recalls that arrive are acknowledged with it
    #[arg(long, value_name = "FILE", requires = "by")]
    key: Option<PathBuf>,
    /// The nation or organisation for which recalls are acknowledged
    #[arg(long, value_name = "CODE", requires = "key")]
    by: Option<Name>,
    /// Print one JSON object for each message
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Arrived {
    id: String,
    file: String,
    precedence: Precedence,
    to: Vec<Name>,
    media_type: String,
    sent: Time,
    received: Time,
    bytes: usize,
    /// What it says, where it is a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
}

/// What the tasks tell the printer.
enum News {
    Arrived(Arrived),
    Sent(Line),
    Failed(Fault),
}

impl Verb for Receive {
    const PATH: &'static [&'static str] = &["receive"];
    const ABOUT: &'static str = "Receive what a gateway releases to one of its peers, and keep it";
    const EXAMPLES: &'static str = "  vestibule receive --config usa-ops.toml --into inbox\n  vestibule receive --config usa-ops.toml --into inbox --count 1 --json\n  \
        vestibule receive --config gbr-ops.toml --into inbox --outgoing outbox\n\n\
        A message is answered when it is on disk. It ends on Ctrl-C, and dials again whenever the link is lost.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        output::log("warn");
        let remote = Remote::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let store = Arc::new(Store::open(&self.into)?);
        runtime()?.block_on(self.receive(&remote, &store, out))
    }
}

impl Receive {
    fn voice(&self) -> Result<Option<Arc<Voice>>, Fault> {
        let given = self.key.as_deref().zip(self.by.clone());
        given.map(|(key, by)| Voice::open(key, by).map(Arc::new)).transpose()
    }

    async fn receive(&self, remote: &Remote, store: &Arc<Store>, out: &mut Output) -> Result<Answer, Failure> {
        let session = Session::open(remote)?;
        let (tell, mut news) = mpsc::channel(256);
        let mut left = self.count.unwrap_or(u64::MAX);
        let until = Until::of(self.while_stdin);
        let stop = stopped(until);
        let voice = self.voice()?;
        let work = carry(&session, (store, voice.as_ref()), self.outgoing.as_deref(), tell);
        tokio::pin!(work, stop);
        while left > 0 {
            let told = tokio::select! {
                fault = &mut work => return Err(Failure::Fault(fault)),
                stop = &mut stop => {
                    stop?;
                    break;
                }
                told = news.recv() => told,
            };
            match told {
                Some(News::Arrived(arrived)) => {
                    left = left.saturating_sub(1);
                    match self.json {
                        true => out.json(&arrived)?,
                        false => {
                            let said = arrived.statement.map(|said| format!("  {said}")).unwrap_or_default();
                            out.line(format_args!("received  {}  {}  {} bytes{said}", arrived.id, arrived.precedence, arrived.bytes))?;
                        }
                    }
                }
                Some(News::Sent(line)) if self.json => out.json(&line)?,
                Some(News::Sent(line)) => out.line(line)?,
                Some(News::Failed(fault)) => return Err(Failure::Fault(fault)),
                None => break,
            }
            out.flush()?;
        }
        session.close().await;
        Ok(Answer::Done)
    }
}

/// What else than a signal stops a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Nothing.
    Signal,
    /// The end of standard input: whoever holds its other end is gone, however it went.
    StdinEnds,
}

impl Until {
    /// As the option `--while-stdin` says.
    pub(super) const fn of(while_stdin: bool) -> Self {
        if while_stdin { Self::StdinEnds } else { Self::Signal }
    }
}

/// Ctrl-C, the signal by which services are stopped, or what else was asked for.
pub(super) async fn stopped(until: Until) -> Result<(), Fault> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |error| Fault::from_cause("signals cannot be received", error);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt()).map_err(failed)?, signal(SignalKind::terminate()).map_err(failed)?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = stdin_ends(), if until == Until::StdinEnds => {}
    }
    Ok(())
}

/// Waits for the end of standard input, in a thread that ends with the program.
async fn stdin_ends() {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Whatever is read is of no interest; an error is an end as well.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = tell.send(());
    });
    let _ = told.await;
}

/// Keeps a link and works on it; ends only with a fault.
async fn carry(session: &Session, (store, voice): (&Arc<Store>, Option<&Arc<Voice>>), outgoing: Option<&Path>, tell: mpsc::Sender<News>) -> Fault {
    loop {
        let link = match session.link(None).await {
            Ok(link) => link,
            Err(fault) => return fault,
        };
        let outgoing = async {
            match outgoing {
                Some(folder) => send_folder(&link, folder, &tell).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = accept(&link, store, voice, &tell) => {}
            fault = outgoing => if let Some(fault) = fault { return fault },
        }
    }
}

/// Takes what arrives until the link is gone.
async fn accept(link: &Link, store: &Arc<Store>, voice: Option<&Arc<Voice>>, tell: &mpsc::Sender<News>) {
    while let Some(inbound) = link.next().await {
        let (store, tell, voice, link) = (Arc::clone(store), tell.clone(), voice.cloned(), link.clone());
        tokio::spawn(async move {
            let (header, bytes) = (inbound.header.clone(), inbound.body.len());
            let said = (header.media_type == MEDIA_TYPE).then(|| Heard::of(&inbound.body));
            let told = match store.take(inbound).await {
                Ok(Kept::New(file)) => News::Arrived(Arrived {
                    id: header.id.to_string(),
                    file: file.display().to_string(),
                    precedence: header.precedence,
                    to: header.destinations,
                    media_type: header.media_type,
                    sent: header.sent,
                    received: world::now(),
                    bytes,
                    statement: said.as_ref().map(ToString::to_string),
                }),
                Ok(Kept::Before | Kept::Refused) => return,
                Err(fault) => News::Failed(fault),
            };
            // Nobody prints any more: the message is kept all the same.
            let _ = tell.send(told).await;
            if let (Some(Heard::Recall(notice)), Some(voice)) = (said, voice) {
                voice.acknowledge(&link, &notice).await;
            }
        });
    }
}

/// Sends what a folder holds, in the order of names; `None` where the link is lost.
async fn send_folder(link: &Link, folder: &Path, tell: &mpsc::Sender<News>) -> Option<Fault> {
    loop {
        let waiting = match waiting(folder) {
            Ok(waiting) => waiting,
            Err(fault) => return Some(fault),
        };
        for file in waiting {
            let (header, body) = match letter::header(&letter::beside(&file)).and_then(|header| Ok((header, letter::body(&file)?))) {
                Ok((Some(header), body)) => (header, body),
                Ok((None, _)) => return Some(Fault::new(format!("`{}` has no header file beside it", file.display()))),
                Err(fault) => return Some(fault),
            };
            let (told, ending) = match peer::deliver(link, &header, &body, Duration::from_secs(30)).await {
                Ok(receipt) if receipt.status == Status::Accepted => (Ok(receipt), ".sent"),
                Ok(receipt) => (Ok(receipt), ".refused"),
                Err(LinkError::Message(refusal)) => (Err(refusal), ".refused"),
                Err(_lost) => return None,
            };
            let mut name = file.clone().into_os_string();
            name.push(ending);
            if let Err(error) = std::fs::rename(&file, name) {
                return Some(Fault::from_cause(format!("`{}` was sent and cannot be renamed", file.display()), error));
            }
            let receipt = match told {
                Ok(receipt) => receipt,
                Err(refusal) => {
                    tracing::warn!(file = %file.display(), %refusal, "a message that no frame can hold");
                    continue;
                }
            };
            let _ = tell.send(News::Sent(Line::new(&file, &header, &body, &receipt))).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn waiting(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let failed = |error| Fault::from_cause(format!("the folder `{}` cannot be read", folder.display()), error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == "xml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
