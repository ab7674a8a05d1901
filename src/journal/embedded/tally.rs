//! Totals by sender, recipient, outcome and code: counted in memory, written once for each commit.
//!
//! A message adds to three totals, and thousands of messages in a second add to the same three: each row is written once for a batch.
//! INVARIANT: what stands here and is not written belongs to the open transaction; whoever takes that back calls [`Tallies::forget`].

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::apply::failed;
use crate::base::{Fault, Name, Reason};

/// Sender, recipient (none for what concerns the sender alone), outcome or `accepted` or `delivered`, code.
type Key = (Name, Option<Name>, &'static str, Option<Reason>);

/// The totals that were asked for since the journal was opened. As many rows at most as peers, outcomes and reasons have combinations in traffic.
#[derive(Debug, Default)]
pub(in crate::journal) struct Tallies {
    rows: BTreeMap<Key, Row>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    count: i64,
    written: Written,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Yes,
    No,
}

impl Tallies {
    /// Adds one to a total; gives the new total.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        from: &Name,
        recipient: Option<&Name>,
        outcome: &'static str,
        code: Option<Reason>,
    ) -> Result<i64, Fault> {
        let key = (from.clone(), recipient.cloned(), outcome, code);
        let before = match self.rows.get(&key) {
            Some(row) => row.count,
            None => read(connection, &key)?,
        };
        let count = before.saturating_add(1);
        self.rows.insert(key, Row { count, written: Written::No });
        Ok(count)
    }

    /// Writes what changed.
    pub(super) fn write(&mut self, connection: &Connection) -> Result<(), Fault> {
        for ((from, recipient, outcome, code), row) in self.rows.iter_mut().filter(|(_, row)| row.written == Written::No) {
            let (recipient, code) = (recipient.as_ref().map_or("", Name::as_str), code.map_or("", Reason::code));
            connection
                .prepare_cached(
                    "INSERT INTO tally (sender, recipient, outcome, code, count) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (sender, recipient, outcome, code) DO UPDATE SET count = excluded.count",
                )
                .and_then(|mut statement| statement.execute(params![from.as_str(), recipient, outcome, code, row.count]))
                .map_err(failed)?;
            row.written = Written::Yes;
        }
        Ok(())
    }

    /// Forgets everything: it is read again from what the disk holds.
    pub(super) fn forget(&mut self) {
        self.rows.clear();
    }
}

fn read(connection: &Connection, (from, recipient, outcome, code): &Key) -> Result<i64, Fault> {
    let values = params![from.as_str(), recipient.as_ref().map_or("", Name::as_str), outcome, code.map_or("", Reason::code)];
    connection
        .prepare_cached("SELECT count FROM tally WHERE sender = ?1 AND recipient = ?2 AND outcome = ?3 AND code = ?4")
        .and_then(|mut statement| statement.query_row(values, |row| row.get(0)).optional())
        .map(Option::unwrap_or_default)
        .map_err(failed)
}
