//! The journal's file as a reader without the engine sees it: for commands beside a running gateway, and for `audit`.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use super::FILE;
use super::apply::{Applying, failed, read_number, stored};
use super::tally::Tallies;
use super::views::Views;
use crate::base::{Digest, Fault, MessageId, Time};
use crate::journal::merkle::{Frontier, Nodes, range_hash};
use crate::journal::seal::SealRing;
use crate::journal::{Counts, Entry, Event, Filter, Head, MessageKey, Page, Paged, Row, Statement, Trail};

/// Records in a journal.
pub(super) fn record_count(connection: &Connection) -> Result<u64, Fault> {
    connection.query_row("SELECT coalesce(max(ix) + 1, 0) FROM record", [], |row| row.get(0)).map(read_number).map_err(failed)
}

/// The kept nodes of the tree, and the leaves.
pub(super) struct Tiles<'c>(pub(super) &'c Connection);

impl Nodes for Tiles<'_> {
    fn read(&self, level: u32, first: u64, count: u64) -> Result<Vec<Digest>, Fault> {
        let end = first.saturating_add(count);
        let hashes = match level {
            0 => self.0.prepare_cached("SELECT leaf FROM record WHERE ix >= ?1 AND ix < ?2 ORDER BY ix").and_then(|mut statement| {
                statement.query_map([stored(first), stored(end)], |row| row.get(0).map(Digest))?.collect::<Result<Vec<_>, _>>()
            }),
            _ => self.0.prepare_cached("SELECT hash FROM tile WHERE level = ?3 AND ix >= ?1 AND ix < ?2 ORDER BY ix").and_then(|mut statement| {
                statement.query_map([stored(first), stored(end), i64::from(level)], |row| row.get(0).map(Digest))?.collect::<Result<Vec<_>, _>>()
            }),
        }
        .map_err(failed)?;
        if u64::try_from(hashes.len()).is_ok_and(|found| found == count) {
            return Ok(hashes);
        }
        Err(Fault::new(format!("the tree of the journal lacks nodes of level {level} from {first} on; run `vestibule audit verify`")))
    }
}

/// A reader of a journal, at one moment: what is appended after it was opened is not seen.
pub struct Reader {
    connection: Connection,
    ring: Option<SealRing>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// A record as it is stored, unread.
pub(crate) struct Stored {
    pub(crate) index: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) leaf: Digest,
}

impl Reader {
    /// Whether there is a journal in a folder.
    #[must_use]
    pub fn is_there(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// Opens the journal of a folder; contents are shown only where a ring is given.
    ///
    /// # Errors
    /// Where there is no journal, or it was written by a later program.
    pub fn open(folder: &Path, ring: Option<SealRing>) -> Result<Self, Fault> {
        let connection = super::open_reader(&folder.join(FILE))?;
        // One transaction from the first look to the last.
        connection.execute_batch("BEGIN").map_err(failed)?;
        record_count(&connection)?;
        Ok(Self { connection, ring })
    }

    fn views(&self) -> Views<'_> {
        Views { connection: &self.connection, ring: self.ring.as_ref() }
    }

    /// Rows of the table of decisions, newest first.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn decisions(&self, filter: &Filter, page: Page) -> Result<Paged<Row>, Fault> {
        self.views().decisions(filter, page)
    }

    /// The statements that were taken, oldest first; those of one identity where one is given.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn statements(&self, id: Option<MessageId>) -> Result<Vec<Statement>, Fault> {
        self.views().statements(id)
    }

    /// Where a message went, and whose information it carries.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn trail(&self, message: &MessageKey) -> Result<Option<Trail>, Fault> {
        self.views().trail(message)
    }

    /// Everything that happened to the messages of an id.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn message(&self, id: MessageId) -> Result<Vec<Entry>, Fault> {
        self.views().message(id)
    }

    /// The body of a message.
    ///
    /// # Errors
    /// Where the file cannot be read, or there is no key.
    pub fn body(&self, message: &MessageKey) -> Result<Option<Vec<u8>>, Fault> {
        self.views().body(message)
    }

    /// When the message was received that has been held longest; nothing where none is held.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn oldest_held(&self) -> Result<Option<Time>, Fault> {
        let sql = "SELECT min(m.received) FROM decision d JOIN message m ON m.ix = d.message WHERE d.state = 'held' AND m.place > 0";
        let found: Option<i64> = self.connection.query_row(sql, [], |row| row.get(0)).map_err(failed)?;
        Ok(found.and_then(Time::from_unix_ms))
    }

    /// Records in order.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn records(&self, page: Page) -> Result<Paged<Entry>, Fault> {
        self.views().records(page)
    }

    /// Every act of officers, oldest first.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn acts(&self) -> Result<Vec<Entry>, Fault> {
        self.views().acts()
    }

    /// Totals.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn counts(&self) -> Result<Counts, Fault> {
        self.views().counts()
    }

    /// The tree.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn head(&self) -> Result<Head, Fault> {
        let size = record_count(&self.connection)?;
        let (checkpoint_next, checkpoint_size) = self.views().checkpoint_state()?;
        Ok(Head { size, root: Frontier::read(size, &Tiles(&self.connection))?.root(), checkpoint_next, checkpoint_size })
    }

    /// The hash over the leaves `from..to`, a node of the tree.
    pub(crate) fn range_hash(&self, from: u64, to: u64) -> Result<Digest, Fault> {
        range_hash(from, to, &Tiles(&self.connection))
    }

    /// Calls for each record in order, unread.
    pub(crate) fn each_stored(&self, from: u64, mut call: impl FnMut(Stored)) -> Result<(), Fault> {
        let mut statement = self.connection.prepare_cached("SELECT ix, bytes, leaf FROM record WHERE ix >= ?1 ORDER BY ix").map_err(failed)?;
        let mut rows = statement.query([stored(from)]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, [u8; 32]>(2)?));
            let (ix, bytes, leaf) = read(row).map_err(failed)?;
            call(Stored { index: read_number(ix), bytes, leaf: Digest(leaf) });
        }
        Ok(())
    }

    /// The bytes of one record.
    pub(crate) fn stored_bytes(&self, index: u64) -> Result<Vec<u8>, Fault> {
        let found =
            self.connection.query_row("SELECT bytes FROM record WHERE ix = ?1", [stored(index)], |row| row.get(0)).optional().map_err(failed)?;
        found.ok_or_else(|| Fault::new(format!("the journal has no record {index}")))
    }

    /// All kept nodes: level, index, hash.
    pub(crate) fn tiles(&self) -> Result<Vec<(u32, u64, Digest)>, Fault> {
        let mut statement = self.connection.prepare_cached("SELECT level, ix, hash FROM tile").map_err(failed)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, read_number(row.get(1)?), Digest(row.get(2)?)))).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// All checkpoints: number, size, note.
    pub(crate) fn checkpoints(&self) -> Result<Vec<(u64, u64, String)>, Fault> {
        let mut statement = self.connection.prepare_cached("SELECT number, size, note FROM checkpoint ORDER BY number").map_err(failed)?;
        let rows = statement.query_map([], |row| Ok((read_number(row.get(0)?), read_number(row.get(1)?), row.get(2)?))).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// What SQLite itself finds wrong with the file; empty for nothing.
    pub(crate) fn file_faults(&self) -> Result<Vec<String>, Fault> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check(20)").map_err(failed)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
        let lines: Vec<String> = rows.collect::<Result<_, _>>().map_err(failed)?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }

    /// Contents that somebody still needs and that are not there.
    pub(crate) fn contents_missing(&self) -> Result<Vec<String>, Fault> {
        let sql = "SELECT 'the body of record ' || m.ix FROM message m
              WHERE (m.decided IS NULL OR EXISTS (SELECT 1 FROM decision d WHERE d.message = m.ix AND d.state = 'held'))
                AND NOT EXISTS (SELECT 1 FROM content c WHERE c.message = m.ix AND c.recipient = '')
            UNION ALL SELECT 'the output of record ' || d.message || ' for ' || d.recipient FROM decision d
              WHERE d.state = 'due' AND NOT EXISTS (SELECT 1 FROM content c WHERE c.message = d.message AND c.recipient = d.recipient)
            LIMIT 100";
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// The rows of the views, as text, for comparison with those that the records give.
    pub(crate) fn view_rows(&self) -> Result<Vec<String>, Fault> {
        view_rows(&self.connection)
    }
}

/// The views, made again from the records alone in memory.
pub(crate) struct Replay {
    connection: Connection,
    frontier: Frontier,
    tallies: Tallies,
}

impl Replay {
    /// Without a record.
    pub(crate) fn new() -> Result<Self, Fault> {
        let connection = Connection::open_in_memory().map_err(failed)?;
        super::schema::create(&connection)?;
        connection.execute_batch("BEGIN").map_err(failed)?;
        Ok(Self { connection, frontier: Frontier::default(), tallies: Tallies::default() })
    }

    /// Applies the next event; says what it contradicts.
    pub(crate) fn apply(&mut self, event: Event) -> Result<(), String> {
        let faults = super::FaultPoint::default();
        let (connection, frontier, tallies) = (&self.connection, &mut self.frontier, &mut self.tallies);
        let mut applying = Applying { connection, ring: None, frontier, tallies, faults: &faults, latest: None };
        match applying.apply(&event) {
            Ok(super::apply::Applied::Written(_)) => Ok(()),
            Ok(super::apply::Applied::Repeated(_)) => Err("the message was accepted before".to_owned()),
            Err(denied) => Err(denied.to_string()),
        }
    }

    /// The rows of the views, as [`Reader::view_rows`] gives them.
    pub(crate) fn view_rows(&mut self) -> Result<Vec<String>, Fault> {
        self.tallies.write(&self.connection)?;
        view_rows(&self.connection)
    }
}

fn view_rows(connection: &Connection) -> Result<Vec<String>, Fault> {
    let mut out = Vec::new();
    for sql in [
        "SELECT 'message ' || ix || ' ' || sender || ' ' || hex(id) || ' ' || hex(digest) || ' ' || urgency || ' ' || received || ' ' || place || ' ' || coalesce(decided, '-') FROM message ORDER BY ix",
        "SELECT 'decision ' || message || ' ' || recipient || ' ' || record || ' ' || urgency || ' ' || outcome || ' ' || coalesce(code, '-') || ' ' || coalesce(clause, '-') || ' '
         || state || ' ' || coalesce(hex(digest), '-') || ' ' || attempts || ' ' || policy || ' ' || classification FROM decision ORDER BY message, recipient",
        "SELECT 'statement ' || hex(id) || ' ' || record || ' ' || kind || ' ' || uses || ' ' || used || ' ' || coalesce(ended, '-') FROM statement ORDER BY id",
        "SELECT 'origin ' || message || ' ' || recipient || ' ' || origin FROM origin ORDER BY message, recipient, origin",
        "SELECT 'copy ' || hex(recall) || ' ' || message || ' ' || recipient || ' ' || coalesce(acknowledged, '-') FROM copy ORDER BY recall, message, recipient",
        "SELECT 'seed ' || message || ' ' || file || ' ' || expected || ' ' || coalesce(code, '-') FROM seed ORDER BY message",
        "SELECT 'held ' || code || ' ' || rule || ' ' || urgency || ' ' || count FROM held ORDER BY 1",
        "SELECT 'due ' || recipient || ' ' || urgency || ' ' || count FROM due WHERE count > 0 ORDER BY 1",
        "SELECT 'clause ' || name || ' ' || count FROM clause ORDER BY 1",
        "SELECT 'total ' || sender || ' ' || recipient || ' ' || outcome || ' ' || code || ' ' || count FROM tally ORDER BY 1",
    ] {
        let mut statement = connection.prepare(sql).map_err(failed)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
        out.extend(rows.collect::<Result<Vec<_>, _>>().map_err(failed)?);
    }
    Ok(out)
}
