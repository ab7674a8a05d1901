//! The journal on one machine: SQLite with one thread that writes and a few connections that read.
//!
//! A folder holds `journal.db` (with its log beside it) and `lock`, which one gateway holds at a time.
//! Opening costs a bounded amount of work, however long the journal is: the log is folded in (at most some 16 MiB), the
//! tree's right edge is read (at most 255 hashes for each eight levels), and the last records are hashed again.
//! The whole of it is checked by `audit::verify`.

pub(in crate::journal) mod apply;
mod copy;
mod restored;
mod desk;
pub(in crate::journal) mod schema;
mod seeds;
mod statements;
mod store;
mod tally;
mod views;
mod weight;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Semaphore, oneshot};

pub use copy::copy;
pub use store::Reader;
pub(crate) use store::{Replay, Stored};
use views::Views;
use writer::{Job, Queue, Writer};

use super::merkle::{Frontier, leaf_hash};
use super::seal::SealRing;
use super::{
    Alike, Appended, Counts, Denied, Due, Entry, Event, Filter, Glance, Head, Journal, Later, Listed, Listing, MessageKey, Outgoing, Page, Paged,
    Receipt, ReviewAct, Row, Seeds, Statement, Trail, Waiting,
};
use crate::base::{Digest, Fault, MessageId, Name, Precedence, Time};

/// The file with the tables.
pub const FILE: &str = "journal.db";
/// Records that are hashed again when a journal is opened: the last 1024, some milliseconds.
const RECORDS_CHECKED_AT_OPEN: u64 = 1024;
/// Connections that read at the same time: 4; each costs about 2 MiB of cache.
const READERS: usize = 4;

/// Where a test makes the store fail: at the n-th write or sync from now. At rest it never does.
#[derive(Debug, Clone)]
pub struct FaultPoint(Arc<AtomicI64>);

impl Default for FaultPoint {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }
}

impl FaultPoint {
    /// Lets so many writes pass, then fails one.
    pub fn fail_after(&self, writes: u32) {
        self.0.store(i64::from(writes), Ordering::SeqCst);
    }

    fn pass(&self) -> Result<(), Fault> {
        if self.0.load(Ordering::Relaxed) == i64::MAX {
            return Ok(());
        }
        match self.0.fetch_sub(1, Ordering::SeqCst) {
            0 => Err(Fault::new("the journal's file cannot be written: a fault that a test asked for")),
            _ => Ok(()),
        }
    }
}

/// The engine. Dropping it writes what waits, then closes the file.
pub struct Engine {
    file: PathBuf,
    ring: Arc<SealRing>,
    queue: Arc<Queue>,
    head: Arc<Mutex<Head>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    reading: Arc<Semaphore>,
    thread: Option<std::thread::JoinHandle<()>>,
    _lock: File,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the journal of a folder, which is made where it is missing.
    ///
    /// # Errors
    /// Where another gateway has it, it was written by a later program, its end does not fit together, or files fail.
    pub fn open(folder: &Path, ring: SealRing) -> Result<Self, Fault> {
        Self::open_with(folder, ring, FaultPoint::default())
    }

    /// Opens the journal with a point at which a test makes it fail.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(folder: &Path, ring: SealRing, faults: FaultPoint) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder).map_err(|e| Fault::from_cause(format!("the journal's folder `{}` cannot be made", folder.display()), e))?;
        let lock = lock(folder)?;
        let file = folder.join(FILE);
        let connection =
            Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
                .map_err(|e| Fault::from_cause(format!("`{}` cannot be opened", file.display()), e))?;
        schema::prepare_writer(&connection)?;
        sync_folder(folder)?;
        let frontier = recover(&connection)?;
        let (checkpoint_next, checkpoint_size) = apply::checkpoint_state(&connection)?;
        let head = Arc::new(Mutex::new(Head { size: frontier.size(), root: frontier.root(), checkpoint_next, checkpoint_size }));
        let (ring, queue) = (Arc::new(ring), Arc::new(Queue::default()));
        let tallies = tally::Tallies::default();
        let writer = Writer { connection, ring: Arc::clone(&ring), frontier, tallies, queue: Arc::clone(&queue), head: Arc::clone(&head), faults };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run())
            .map_err(|e| Fault::from_cause("the journal's thread cannot be started", e))?;
        Ok(Self { file, ring, queue, head, readers: Arc::default(), reading: Arc::new(Semaphore::new(READERS)), thread: Some(thread), _lock: lock })
    }

    fn read<T: Send + 'static>(&self, read: impl FnOnce(&Views<'_>) -> Result<T, Fault> + Send + 'static) -> Later<'_, T> {
        let (file, ring) = (self.file.clone(), Arc::clone(&self.ring));
        let (readers, reading) = (Arc::clone(&self.readers), Arc::clone(&self.reading));
        Box::pin(async move {
            let permit = reading.acquire_owned().await.map_err(|_| writer::stopped())?;
            let work = move || {
                let kept = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let connection = kept.map_or_else(|| open_reader(&file), Ok)?;
                let out = in_one_state(&connection, || read(&Views { connection: &connection, ring: Some(&ring) }))?;
                readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                drop(permit);
                Ok(out)
            };
            tokio::task::spawn_blocking(work).await.map_err(|e| Fault::from_cause("a view of the journal broke off", e))?
        })
    }

    fn send<T, E: From<Fault> + Send + 'static>(&self, queued: Result<(), E>, answer: oneshot::Receiver<Result<T, E>>) -> Later<'_, T, E>
    where
        T: Send + 'static,
    {
        Box::pin(async move {
            queued?;
            answer.await.unwrap_or_else(|_| Err(writer::stopped().into()))
        })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Journal for Engine {
    fn append(&self, events: Vec<Event>, precedence: Precedence) -> Later<'_, Appended, Denied> {
        let (sender, answer) = oneshot::channel();
        let queued = self.queue.push(Job::Append(events, sender), precedence);
        self.send(queued, answer)
    }

    fn receipt_of<'a>(&'a self, from: &'a Name, id: MessageId) -> Later<'a, Option<Receipt>> {
        let from = from.clone();
        self.read(move |views| views.receipt_of(&from, id))
    }

    fn undecided(&self, rows: u32) -> Later<'_, Vec<Waiting>> {
        self.read(move |views| views.undecided(rows))
    }

    fn outbox<'a>(&'a self, recipient: &'a Name, rows: u32) -> Later<'a, Vec<Outgoing>> {
        let recipient = recipient.clone();
        self.read(move |views| views.outbox(&recipient, rows))
    }

    fn undelivered(&self) -> Later<'_, Vec<Due>> {
        self.read(|views| views.undelivered())
    }

    fn decisions(&self, filter: Filter, page: Page) -> Later<'_, Paged<Row>> {
        self.read(move |views| views.decisions(&filter, page))
    }

    fn message(&self, id: MessageId) -> Later<'_, Vec<Entry>> {
        self.read(move |views| views.message(id))
    }

    fn statements(&self, id: Option<MessageId>) -> Later<'_, Vec<Statement>> {
        self.read(move |views| views.statements(id))
    }

    fn messages_of(&self, body: Digest) -> Later<'_, Vec<MessageKey>> {
        self.read(move |views| views.messages_of(body))
    }

    fn trail<'a>(&'a self, message: &'a MessageKey) -> Later<'a, Option<Trail>> {
        let message = message.clone();
        self.read(move |views| views.trail(&message))
    }

    fn body<'a>(&'a self, message: &'a MessageKey) -> Later<'a, Option<Vec<u8>>> {
        let message = message.clone();
        self.read(move |views| views.body(&message))
    }

    fn records(&self, page: Page) -> Later<'_, Paged<Entry>> {
        self.read(move |views| views.records(page))
    }

    fn acts(&self) -> Later<'_, Vec<Entry>> {
        self.read(|views| views.acts())
    }

    fn listing(&self, listing: Listing) -> Later<'_, Listed> {
        self.read(move |views| views.listing(&listing))
    }

    fn glance(&self, since: Time) -> Later<'_, Glance> {
        self.read(move |views| views.glance(since))
    }

    fn alike(&self) -> Later<'_, Vec<Alike>> {
        self.read(|views| views.alike())
    }

    fn latest(&self, page: Page) -> Later<'_, Paged<Entry>> {
        self.read(move |views| views.latest(page))
    }

    fn clauses(&self) -> Later<'_, Vec<(Name, u64)>> {
        self.read(|views| views.clauses())
    }

    fn last_checkpoint(&self) -> Later<'_, Option<String>> {
        self.read(|views| views.last_checkpoint())
    }

    fn reviews(&self, rows: u32) -> Later<'_, Vec<ReviewAct>> {
        self.read(move |views| views.reviews(rows))
    }

    fn seeds(&self) -> Later<'_, Seeds> {
        self.read(|views| views.seeds())
    }

    fn counts(&self) -> Later<'_, Counts> {
        self.read(|views| views.counts())
    }

    fn head(&self) -> Later<'_, Head> {
        let head = *self.head.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(std::future::ready(Ok(head)))
    }

    fn drop_contents(&self, received_before: Time) -> Later<'_, u64> {
        let (sender, answer) = oneshot::channel();
        let queued = self.queue.push(Job::Drop(received_before, sender), Precedence::Routine).map_err(|denied| match denied {
            Denied::Fault(fault) => fault,
            other => Fault::new(other.to_string()),
        });
        self.send(queued, answer)
    }
}

/// How often a lock is tried: a gateway that is just ending, and a child between fork and exec, hold it for a moment longer.
const LOCK_TRIES: u32 = 20;

/// The pause between tries: one second in all.
const LOCK_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

fn lock(folder: &Path) -> Result<File, Fault> {
    let path = folder.join("lock");
    let failed = |e: &dyn std::fmt::Display| Fault::new(format!("`{}` cannot be locked: {e}", path.display()));
    let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(|e| failed(&e))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(std::fs::TryLockError::Error(e)) => return Err(failed(&e)),
        }
    }
    Err(Fault::new(format!("the journal in `{}` is in use by another gateway; stop it, or give this one its own folder", folder.display())))
}

/// A new file's name is durable only after its folder is.
fn sync_folder(folder: &Path) -> Result<(), Fault> {
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|e| Fault::from_cause(format!("the folder `{}` cannot be synced", folder.display()), e))
}

fn open_reader(file: &Path) -> Result<Connection, Fault> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|e| Fault::from_cause(format!("the journal `{}` cannot be opened", file.display()), e))?;
    schema::prepare_reader(&connection)?;
    Ok(connection)
}

/// A view of several queries sees one state of the journal. A connection that fails is not used again.
fn in_one_state<T>(connection: &Connection, read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    connection.execute_batch("BEGIN").map_err(apply::failed)?;
    let out = read()?;
    connection.execute_batch("COMMIT").map_err(apply::failed)?;
    Ok(out)
}

/// The tree's right edge, with the last records hashed again.
fn recover(connection: &Connection) -> Result<Frontier, Fault> {
    let size = store::record_count(connection)?;
    let frontier = Frontier::read(size, &store::Tiles(connection))?;
    let first = size.saturating_sub(RECORDS_CHECKED_AT_OPEN);
    let mut statement = connection.prepare("SELECT ix, bytes, leaf FROM record WHERE ix >= ?1 ORDER BY ix").map_err(apply::failed)?;
    let mut rows = statement.query([apply::stored(first)]).map_err(apply::failed)?;
    let mut expected = first;
    while let Some(row) = rows.next().map_err(apply::failed)? {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, [u8; 32]>(2)?));
        let (ix, bytes, leaf) = read(row).map_err(apply::failed)?;
        if apply::read_number(ix) != expected || leaf_hash(&bytes) != Digest(leaf) {
            return Err(Fault::new(format!(
                "record {expected} of the journal is missing or changed; run `vestibule audit verify`, restore from a copy"
            )));
        }
        expected = expected.saturating_add(1);
    }
    Ok(frontier)
}

#[cfg(test)]
mod tests {
    use crate::base::{Digest, MessageId, Name, Outcome, Reason, Time};
    use crate::journal::{Decided, Decision, Event, MessageKey, Record};

    /// The bytes of a record that holds a message for `usa-ops`.
    pub(super) fn held(findings: &str) -> Vec<u8> {
        let decision = Decision {
            recipient: Name::new("usa-ops").unwrap(),
            outcome: Outcome::Quarantine,
            code: Some(Reason::ContentWords),
            clause: None,
            findings: findings.to_owned(),
            edits: "[]".to_owned(),
            output: None,
            permit: None,
        };
        let event = Event::Decided(Decided {
            message: MessageKey { from: Name::new("gbr-ops").unwrap(), id: MessageId::from_parts(1, [1; 10]) },
            edition: "five-eyes 2026.1".to_owned(),
            edition_digest: Digest::of(b"e"),
            time: Time::from_unix_ms(1_700_000_000_000).unwrap(),
            decisions: vec![decision],
            refusal: None,
            marking: None,
        });
        Record { index: 1, event }.encode().unwrap()
    }
}
