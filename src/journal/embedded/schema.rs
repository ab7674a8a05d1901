//! The tables, their version, and the settings of a connection.
//!
//! `record` is the truth. `tile`, `checkpoint`, `message`, `decision` and `tally` follow from it and are written in the
//! same commit; `content` holds sealed bytes whose digests stand in the records.

use rusqlite::{Connection, OptionalExtension as _};

use crate::base::Fault;

/// "VSTB": says that a file is a journal.
const APPLICATION: i64 = 0x5653_5442;
/// Version of the tables.
const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE record (ix INTEGER PRIMARY KEY, bytes BLOB NOT NULL, leaf BLOB NOT NULL CHECK (length(leaf) = 32), message INTEGER) STRICT;
CREATE INDEX record_of_message ON record (message) WHERE message IS NOT NULL;
CREATE TABLE tile (level INTEGER NOT NULL, ix INTEGER NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32), PRIMARY KEY (level, ix)) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (number INTEGER PRIMARY KEY, size INTEGER NOT NULL, note TEXT NOT NULL) STRICT;
CREATE TABLE message (ix INTEGER PRIMARY KEY, sender TEXT NOT NULL, id BLOB NOT NULL CHECK (length(id) = 16), digest BLOB NOT NULL, urgency INTEGER NOT NULL,
  received INTEGER NOT NULL, place INTEGER NOT NULL, decided INTEGER, UNIQUE (id, sender)) STRICT;
CREATE INDEX message_undecided ON message (urgency, ix) WHERE decided IS NULL;
CREATE TABLE decision (n INTEGER PRIMARY KEY, message INTEGER NOT NULL, recipient TEXT NOT NULL, record INTEGER NOT NULL, urgency INTEGER NOT NULL, outcome TEXT NOT NULL,
  code TEXT, clause TEXT, state TEXT NOT NULL, digest BLOB, attempts INTEGER NOT NULL DEFAULT 0, UNIQUE (message, recipient)) STRICT;
CREATE INDEX decision_due ON decision (recipient, urgency, message) WHERE state = 'due';
CREATE INDEX decision_held ON decision (n) WHERE state = 'held';
CREATE TABLE tally (sender TEXT NOT NULL, recipient TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (sender, recipient, outcome, code)) STRICT, WITHOUT ROWID;
CREATE TABLE content (message INTEGER NOT NULL, recipient TEXT NOT NULL, key BLOB NOT NULL, sealed BLOB NOT NULL, UNIQUE (message, recipient)) STRICT;
";

/// What version 2 added: statements, the origins of messages, and the copies that recalls withdraw.
const ADDED: &str = "
CREATE TABLE statement (id BLOB PRIMARY KEY CHECK (length(id) = 16), record INTEGER NOT NULL, kind TEXT NOT NULL, uses INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0,
  ended INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE origin (message INTEGER NOT NULL, recipient TEXT NOT NULL, origin TEXT NOT NULL, PRIMARY KEY (message, recipient, origin)) STRICT, WITHOUT ROWID;
CREATE TABLE copy (recall BLOB NOT NULL, message INTEGER NOT NULL, recipient TEXT NOT NULL, acknowledged INTEGER, PRIMARY KEY (recall, message, recipient)) STRICT, WITHOUT ROWID;
";

/// Settings of the one connection that writes.
///
/// Durability is WAL with a sync of the log at each commit. The log is folded into the file every 1000 pages (16 MiB),
/// which bounds the work after a crash. The cache (32 MiB) holds what a batch changes, and temporary
/// journals of savepoints stay in memory: neither is spilt to a file in the middle of a batch.
pub(super) fn prepare_writer(connection: &Connection) -> Result<(), Fault> {
    let failed = |e| Fault::from_cause("the journal's file cannot be prepared", e);
    // A page holds some seven contents of 2 KB, where one of 4 KB holds one. Of no effect on a file that has pages already.
    connection.execute_batch("PRAGMA page_size = 16384").map_err(failed)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        return Err(Fault::new(format!("the journal's file has mode `{mode}`; expected `wal`: put it on a local file system")));
    }
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;")
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    let (application, version, tables) = identity(connection)?;
    if (application, version, tables) == (0, 0, 0) {
        return create(connection);
    }
    if (application, version) == (APPLICATION, 1) {
        let added = format!("BEGIN; {ADDED} PRAGMA user_version = {VERSION}; COMMIT;");
        return connection.execute_batch(&added).map_err(|e| Fault::from_cause("the journal's tables cannot be added to", e));
    }
    check_identity(application, version)
}

/// Settings of a connection that reads.
pub(super) fn prepare_reader(connection: &Connection) -> Result<(), Fault> {
    let failed = |e| Fault::from_cause("the journal's file cannot be read", e);
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF;").map_err(failed)?;
    let (application, version, _) = identity(connection)?;
    check_identity(application, version)
}

/// The tables in an empty database.
pub(in crate::journal) fn create(connection: &Connection) -> Result<(), Fault> {
    connection
        .execute_batch(&format!("BEGIN; {TABLES} {ADDED} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"))
        .map_err(|e| Fault::from_cause("the journal's tables cannot be made", e))
}

fn identity(connection: &Connection) -> Result<(i64, i64, i64), Fault> {
    let one = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).optional().map(Option::unwrap_or_default);
    let all = || Ok((one("PRAGMA application_id")?, one("PRAGMA user_version")?, one("SELECT count(*) FROM sqlite_schema")?));
    all().map_err(|e: rusqlite::Error| Fault::from_cause("the file of the journal is no journal", e))
}

fn check_identity(application: i64, version: i64) -> Result<(), Fault> {
    if application != APPLICATION {
        return Err(Fault::new("the file of the journal belongs to another program; name an empty folder or the folder of a journal"));
    }
    if version != VERSION {
        return Err(Fault::new(format!("the journal has version {version}; expected {VERSION}: use the program that wrote it, or a later one")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_of_the_first_version_is_added_to() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&format!("{TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 1;")).unwrap();
        let file = tempfile::tempdir().unwrap();
        connection.execute_batch(&format!("VACUUM INTO '{}'", file.path().join("old").display())).unwrap();
        let connection = Connection::open(file.path().join("old")).unwrap();
        prepare_writer(&connection).unwrap();
        assert_eq!(identity(&connection).unwrap().1, VERSION);
        connection.execute_batch("SELECT * FROM statement; SELECT * FROM origin; SELECT * FROM copy").unwrap();
    }

    #[test]
    fn a_newer_journal_and_a_foreign_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("a")).unwrap();
        prepare_writer(&connection).unwrap();
        prepare_writer(&connection).unwrap();
        connection.execute_batch("PRAGMA user_version = 3").unwrap();
        assert!(prepare_writer(&connection).unwrap_err().what.contains("version 3"));
        let foreign = Connection::open(folder.path().join("b")).unwrap();
        foreign.execute_batch("CREATE TABLE mine (a)").unwrap();
        assert!(prepare_writer(&foreign).unwrap_err().what.contains("another program"));
    }
}
