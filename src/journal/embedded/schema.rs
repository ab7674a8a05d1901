//! The tables, their version, and the settings of a connection.
//!
//! `record` is the truth. `tile`, `checkpoint`, `message`, `decision`, `tally` and the tables of the desk follow from it and are written in the
//! same commit; `content` holds sealed bytes whose digests stand in the records.

use rusqlite::{Connection, OptionalExtension as _};

use super::weight::weight;
use crate::base::Fault;
use crate::journal::{Event, Record};

/// "VSTB": says that a file is a journal.
const APPLICATION: i64 = 0x5653_5442;
/// Version of the tables.
const VERSION: i64 = 4;

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

/// What version 3 added: what lists for people need, so that none reads more rows than it shows. The rule and the gravity of what is held, counted tables
/// of what is held (kept by triggers, in the same commit), of the last minutes and of clauses, and what reviewers did.
const DESK: &str = "
ALTER TABLE decision ADD COLUMN rule TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN gravity INTEGER NOT NULL DEFAULT 4;
ALTER TABLE decision ADD COLUMN reviews INTEGER NOT NULL DEFAULT 0;
ALTER TABLE decision ADD COLUMN passed TEXT NOT NULL DEFAULT '';
CREATE TABLE held (code TEXT NOT NULL, rule TEXT NOT NULL, urgency INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (code, rule, urgency)) STRICT, WITHOUT ROWID;
CREATE TABLE minute (minute INTEGER NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (minute, sender, recipient, outcome)) STRICT, WITHOUT ROWID;
CREATE TABLE clause (name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE review (record INTEGER PRIMARY KEY, message INTEGER NOT NULL, recipient TEXT NOT NULL, officer TEXT NOT NULL, act TEXT NOT NULL, code TEXT NOT NULL,
  rule TEXT NOT NULL, time INTEGER NOT NULL) STRICT;
";

/// The same, once what is held already has its rule and gravity.
const DESK_FILLED: &str = "
INSERT INTO held (code, rule, urgency, count) SELECT coalesce(code, ''), rule, urgency, count(*) FROM decision WHERE state = 'held' GROUP BY 1, 2, 3;
INSERT INTO clause (name, count) SELECT clause, count(*) FROM decision WHERE outcome = 'forward' AND clause IS NOT NULL GROUP BY clause;
CREATE INDEX decision_triage ON decision (urgency, gravity, message, recipient) WHERE state = 'held';
CREATE INDEX decision_waiting ON decision (message, recipient) WHERE state = 'held';
CREATE INDEX decision_alike ON decision (code, rule, message, recipient) WHERE state = 'held';
CREATE INDEX decision_code ON decision (code, message, recipient) WHERE code IS NOT NULL;
CREATE TRIGGER held_begins AFTER INSERT ON decision WHEN NEW.state = 'held' BEGIN
  INSERT INTO held (code, rule, urgency, count) VALUES (coalesce(NEW.code, ''), NEW.rule, NEW.urgency, 1) ON CONFLICT (code, rule, urgency) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER held_ends AFTER DELETE ON decision WHEN OLD.state = 'held' BEGIN
  UPDATE held SET count = count - 1 WHERE code = coalesce(OLD.code, '') AND rule = OLD.rule AND urgency = OLD.urgency;
  DELETE FROM held WHERE code = coalesce(OLD.code, '') AND rule = OLD.rule AND urgency = OLD.urgency AND count < 1;
END;
CREATE TRIGGER held_again AFTER UPDATE OF state ON decision WHEN OLD.state <> 'held' AND NEW.state = 'held' BEGIN
  INSERT INTO held (code, rule, urgency, count) VALUES (coalesce(NEW.code, ''), NEW.rule, NEW.urgency, 1) ON CONFLICT (code, rule, urgency) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER held_settles AFTER UPDATE OF state ON decision WHEN OLD.state = 'held' AND NEW.state <> 'held' BEGIN
  UPDATE held SET count = count - 1 WHERE code = coalesce(OLD.code, '') AND rule = OLD.rule AND urgency = OLD.urgency;
  DELETE FROM held WHERE code = coalesce(OLD.code, '') AND rule = OLD.rule AND urgency = OLD.urgency AND count < 1;
END;
";

/// What version 4 added: known items among what is held, what the labels of decided messages say (nothing for those before), and how many deliveries are
/// due to each recipient, so that a backlog of millions costs the overview nothing.
const SEEDS: &str = "
CREATE TABLE seed (message INTEGER PRIMARY KEY, file TEXT NOT NULL, expected TEXT NOT NULL, code TEXT) STRICT;
CREATE INDEX seed_open ON seed (message) WHERE code IS NULL;
ALTER TABLE decision ADD COLUMN policy TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN classification TEXT NOT NULL DEFAULT '';
CREATE INDEX decision_classification ON decision (classification, message, recipient) WHERE classification <> '';
CREATE TABLE due (recipient TEXT NOT NULL, urgency INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (recipient, urgency)) STRICT, WITHOUT ROWID;
INSERT INTO due (recipient, urgency, count) SELECT recipient, urgency, count(*) FROM decision WHERE state = 'due' GROUP BY 1, 2;
CREATE TRIGGER due_begins AFTER INSERT ON decision WHEN NEW.state = 'due' BEGIN
  INSERT INTO due (recipient, urgency, count) VALUES (NEW.recipient, NEW.urgency, 1) ON CONFLICT (recipient, urgency) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER due_ends AFTER UPDATE OF state ON decision WHEN OLD.state = 'due' AND NEW.state <> 'due' BEGIN
  UPDATE due SET count = count - 1 WHERE recipient = OLD.recipient AND urgency = OLD.urgency;
END;
";

/// Adds what versions after `version` have; all of it, or nothing.
fn upgrade(connection: &Connection, version: i64) -> Result<(), Fault> {
    let failed = |e| Fault::from_cause("the journal's tables cannot be added to", e);
    let added = if version < 2 { ADDED } else { "" };
    let (desk, desk_filled) = if version < 3 { (DESK, DESK_FILLED) } else { ("", "") };
    connection.execute_batch(&format!("BEGIN; {added} {desk} {SEEDS}")).map_err(failed)?;
    let filled = if version < 3 { weigh_held(connection) } else { Ok(()) };
    let filled = filled.and_then(|()| connection.execute_batch(&format!("{desk_filled} PRAGMA user_version = {VERSION}; COMMIT;")).map_err(failed));
    if filled.is_err() {
        // Nothing stays half added; a rollback that fails does what closing the file does.
        let _ = connection.execute_batch("ROLLBACK");
    }
    filled
}

/// Gives each decision that is held its rule and gravity, from its record.
fn weigh_held(connection: &Connection) -> Result<(), Fault> {
    let failed = |e| Fault::from_cause("what is held cannot be read for the journal's new tables", e);
    let mut held = connection
        .prepare("SELECT d.n, d.recipient, r.bytes FROM decision d JOIN record r ON r.ix = d.record WHERE d.state = 'held'")
        .map_err(failed)?;
    let mut rows = held.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?));
        let (n, recipient, bytes) = read(row).map_err(failed)?;
        let Event::Decided(decided) = Record::decode(&bytes)?.event else { continue };
        let Some(decision) = decided.decisions.iter().find(|decision| decision.recipient.as_str() == recipient) else { continue };
        let (rule, gravity) = weight(&decision.findings, decision.code);
        connection.execute("UPDATE decision SET rule = ?1, gravity = ?2 WHERE n = ?3", rusqlite::params![rule, gravity, n]).map_err(failed)?;
    }
    Ok(())
}

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
    if application == APPLICATION && (1..VERSION).contains(&version) {
        return upgrade(connection, version);
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
        .execute_batch(&format!(
            "BEGIN; {TABLES} {ADDED} {DESK} {SEEDS} {DESK_FILLED} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
        ))
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

    /// A file with the tables of an earlier version, and what is held in it.
    fn old(version: i64, tables: &str) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("old")).unwrap();
        connection.execute_batch(&format!("{tables} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {version};")).unwrap();
        let findings = r#"[{"code":"content.words","rule":"words.txt:7","severity":"high"}]"#;
        let record = crate::journal::embedded::tests::held(findings);
        connection.execute("INSERT INTO record (ix, bytes, leaf, message) VALUES (1, ?1, zeroblob(32), 0)", [&record]).unwrap();
        let decisions = "INSERT INTO decision (message, recipient, record, urgency, outcome, code, clause, state) VALUES
            (0, 'usa-ops', 1, 2, 'quarantine', 'content.words', 'A/1', 'held'), (0, 'can-ops', 1, 2, 'forward', NULL, 'A/1', 'delivered')";
        connection.execute_batch(decisions).unwrap();
        (folder, connection)
    }

    #[test]
    fn a_journal_of_an_earlier_version_is_added_to_and_what_is_held_in_it_is_counted() {
        for (version, tables) in [(1, TABLES.to_owned()), (2, format!("{TABLES} {ADDED}"))] {
            let (_folder, connection) = old(version, &tables);
            prepare_writer(&connection).unwrap();
            assert_eq!(identity(&connection).unwrap().1, VERSION);
            connection.execute_batch("SELECT * FROM statement; SELECT * FROM origin; SELECT * FROM copy; SELECT * FROM review").unwrap();
            let held = |connection: &Connection| {
                connection.query_row("SELECT rule || ' ' || urgency || ' ' || count FROM held", [], |row| row.get::<_, String>(0)).optional().unwrap()
            };
            assert_eq!(held(&connection).as_deref(), Some("words.txt:7 2 1"));
            assert_eq!(connection.query_row("SELECT name || count FROM clause", [], |row| row.get::<_, String>(0)).unwrap(), "A/11");
            assert_eq!(connection.query_row("SELECT gravity FROM decision WHERE state = 'held'", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
            connection.execute_batch("UPDATE decision SET state = 'settled' WHERE state = 'held'").unwrap();
            assert_eq!(held(&connection), None);
        }
    }

    #[test]
    fn a_journal_of_the_version_before_this_one_keeps_what_it_has_and_gets_the_new_tables() {
        let (_folder, connection) = old(3, &format!("{TABLES} {ADDED} {DESK} {DESK_FILLED}"));
        let waits = "INSERT INTO decision (message, recipient, record, urgency, outcome, state) VALUES (0, 'nzl-ops', 1, 2, 'forward', 'due')";
        connection.execute_batch(waits).unwrap();
        let counted = |connection: &Connection| connection.query_row("SELECT sum(count) FROM held", [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(counted(&connection), 1);
        prepare_writer(&connection).unwrap();
        assert_eq!(identity(&connection).unwrap().1, VERSION);
        connection.execute_batch("SELECT message, file, expected, code FROM seed; SELECT policy, classification FROM decision").unwrap();
        assert_eq!(counted(&connection), 1);
        let due = |connection: &Connection| connection.query_row("SELECT sum(count) FROM due", [], |row| row.get::<_, i64>(0)).unwrap();
        let rows = connection.query_row("SELECT count(*) FROM decision WHERE state = 'due'", [], |row| row.get::<_, i64>(0)).unwrap();
        assert!(rows > 0);
        assert_eq!(due(&connection), rows);
        connection.execute_batch("UPDATE decision SET state = 'delivered' WHERE state = 'due'").unwrap();
        assert_eq!(due(&connection), 0);
    }

    #[test]
    fn a_newer_journal_and_a_foreign_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("a")).unwrap();
        prepare_writer(&connection).unwrap();
        prepare_writer(&connection).unwrap();
        connection.execute_batch("PRAGMA user_version = 5").unwrap();
        assert!(prepare_writer(&connection).unwrap_err().what.contains("version 5"));
        let foreign = Connection::open(folder.path().join("b")).unwrap();
        foreign.execute_batch("CREATE TABLE mine (a)").unwrap();
        assert!(prepare_writer(&foreign).unwrap_err().what.contains("another program"));
    }
}
