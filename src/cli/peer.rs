//! A peer's side of a link: dial patiently, send until a receipt comes, keep what arrives before answering for it.
//!
//! INVARIANT: a message is answered after its bytes, its header and its name are on disk. A message that comes again is
//! answered from what is kept, and not written again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::letter;
use crate::base::{Digest, Fault, Header, MessageId, Name};
use crate::config::Remote;
use crate::link::{Door, Inbound, Link, LinkError, Receipt, Status};
use crate::process::world;

/// The longest pause between two attempts: 2 seconds.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// A peer and its gateway.
pub(super) struct Session {
    door: Door,
    gateway: Name,
}

impl Session {
    /// Opens the peer's side. Needs a runtime.
    pub(super) fn open(remote: &Remote) -> Result<Self, Fault> {
        let gateway = Name::new(Remote::GATEWAY).ok_or_else(|| Fault::new("the gateway's name is no name"))?;
        Ok(Self { door: Door::open(&remote.domain)?, gateway })
    }

    /// A link that is up, dialled again and again for `patience`; for ever where there is none given.
    pub(super) async fn link(&self, patience: Option<Duration>) -> Result<Link, Fault> {
        let started = tokio::time::Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            match self.door.dial(&self.gateway).await {
                Ok(link) => return Ok(link),
                Err(error) if patience.is_some_and(|patience| started.elapsed() >= patience) => {
                    return Err(Fault::from_cause("no link to the gateway; is it running, and is this certificate one of its peers'", error));
                }
                Err(error) => tracing::debug!(%error, "no link yet"),
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
    }

    pub(super) async fn close(&self) {
        self.door.close().await;
    }
}

/// Sends one message over a link, again while the gateway is busy, for `patience`.
///
/// A lost link is given back as an error: the caller dials again and sends with the same id.
pub(super) async fn deliver(link: &Link, header: &Header, body: &[u8], patience: Duration) -> Result<Receipt, LinkError> {
    let started = tokio::time::Instant::now();
    let mut pause = Duration::from_millis(20);
    loop {
        let receipt = link.send(header, body).await?;
        if receipt.status != Status::Busy || started.elapsed() >= patience {
            return Ok(receipt);
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(PAUSE_MAX);
    }
}

/// What a message that has arrived is to this peer.
enum Standing {
    Writing,
    Kept(Receipt),
}

/// The folder into which messages are kept, one file each, named by message id.
pub(super) struct Store {
    folder: PathBuf,
    position: AtomicU64,
    known: Mutex<HashMap<MessageId, Standing>>,
}

/// What became of an inbound message.
pub(super) enum Kept {
    /// It is new, and in this file.
    New(PathBuf),
    /// It was kept before.
    Before,
    /// Another one has its id; it was refused.
    Refused,
}

impl Store {
    /// Opens a folder and counts what an earlier run kept.
    pub(super) fn open(folder: &Path) -> Result<Self, Fault> {
        let failed = |error| Fault::from_cause(format!("the folder `{}` cannot be used", folder.display()), error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let (mut known, mut position) = (HashMap::new(), 0_u64);
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let id = path.extension().filter(|ending| *ending == "msg").and_then(|_| path.file_stem()?.to_str()?.parse::<MessageId>().ok());
            if let Some(id) = id {
                position = position.saturating_add(1);
                known.insert(id, Standing::Kept(Receipt::accepted(id, Digest::of(&letter::body(&path)?), position, world::now())));
            }
        }
        Ok(Self { folder: folder.to_owned(), position: AtomicU64::new(position), known: Mutex::new(known) })
    }

    fn path(&self, id: MessageId) -> PathBuf {
        self.folder.join(format!("{id}.msg"))
    }

    /// Keeps a message and answers for it.
    pub(super) async fn take(self: Arc<Self>, inbound: Inbound) -> Result<Kept, Fault> {
        let (id, digest) = (inbound.header.id, Digest::of(&inbound.body));
        let before = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            match known.get(&id) {
                None => {
                    known.insert(id, Standing::Writing);
                    None
                }
                Some(Standing::Writing) => Some(Receipt::refused(Status::Busy, Some(id), world::now())),
                Some(Standing::Kept(receipt)) if receipt.digest == digest => Some(receipt.clone()),
                Some(Standing::Kept(_)) => Some(Receipt::refused(Status::Frame, Some(id), world::now())),
            }
        };
        if let Some(receipt) = before {
            let kept = if receipt.status == Status::Accepted { Kept::Before } else { Kept::Refused };
            answer(inbound, receipt).await;
            return Ok(kept);
        }
        let path = self.path(id);
        let written = {
            let (path, header, body) = (path.clone(), inbound.header.clone(), inbound.body.clone());
            tokio::task::spawn_blocking(move || letter::write(&path, &header, &body)).await
        };
        let written = written.unwrap_or_else(|error| Err(Fault::from_cause("the writer failed", error)));
        let receipt = self.settle(id, digest, written)?;
        answer(inbound, receipt).await;
        Ok(Kept::New(path))
    }

    /// What stands from now on for an id: its first receipt, or, where it could not be written, nothing.
    fn settle(&self, id: MessageId, digest: Digest, written: Result<(), Fault>) -> Result<Receipt, Fault> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(fault) = written {
            known.remove(&id);
            return Err(fault);
        }
        let position = self.position.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let receipt = Receipt::accepted(id, digest, position, world::now());
        known.insert(id, Standing::Kept(receipt.clone()));
        Ok(receipt)
    }
}

async fn answer(inbound: Inbound, receipt: Receipt) {
    if let Err(error) = inbound.respond(receipt).await {
        // The gateway sends it again, and is then answered from what is kept.
        tracing::debug!(%error, "a receipt was not taken");
    }
}
