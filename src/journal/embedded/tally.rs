//! Totals: by sender, recipient, outcome and code; by minute; by clause. Counted in memory, written once for each commit.
//!
//! A message adds to some totals, and thousands of messages in a second add to the same ones: each row is written once for a batch.
//! INVARIANT: what stands here and is not written belongs to the open transaction; whoever takes that back calls [`Tallies::forget`].

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, ToSql, params};

use super::apply::failed;
use crate::base::{Fault, Name, Reason, Time};

/// Minutes that are kept: 1,500, a day and an hour. What is older is dropped when a new minute begins.
const MINUTES_KEPT: i64 = 1_500;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Counted {
    /// Ever: sender, recipient (none for what concerns the sender alone), outcome or `accepted` or `delivered`, code.
    Ever(Name, Option<Name>, &'static str, Option<Reason>),
    /// In a minute since 1970: sender, recipient, outcome or `accepted` or `delivered`.
    Minute(i64, Name, Option<Name>, &'static str),
    /// Ever: releases under a clause.
    Clause(Name),
}

impl Counted {
    /// In the minute of a time.
    pub(super) fn minute(time: Time, from: &Name, recipient: Option<&Name>, outcome: &'static str) -> Self {
        Self::Minute(time.unix_ms().div_euclid(60_000), from.clone(), recipient.cloned(), outcome)
    }

    const fn read(&self) -> &'static str {
        match self {
            Self::Ever(..) => "SELECT count FROM tally WHERE sender = ?1 AND recipient = ?2 AND outcome = ?3 AND code = ?4",
            Self::Minute(..) => "SELECT count FROM minute WHERE minute = ?1 AND sender = ?2 AND recipient = ?3 AND outcome = ?4",
            Self::Clause(..) => "SELECT count FROM clause WHERE name = ?1",
        }
    }

    const fn write(&self) -> &'static str {
        match self {
            Self::Ever(..) => {
                "INSERT INTO tally (sender, recipient, outcome, code, count) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (sender, recipient, outcome, code) DO UPDATE SET count = excluded.count"
            }
            Self::Minute(..) => {
                "INSERT INTO minute (minute, sender, recipient, outcome, count) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (minute, sender, recipient, outcome) DO UPDATE SET count = excluded.count"
            }
            Self::Clause(..) => "INSERT INTO clause (name, count) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET count = excluded.count",
        }
    }

    /// Calls with the values of its key, in the order of the columns, and what follows them.
    fn with<T>(&self, more: Option<&i64>, call: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
        let text = |name: &Option<Name>| name.as_ref().map_or_else(String::new, Name::to_string);
        let mut values: Vec<Box<dyn ToSql>> = match self {
            Self::Ever(from, recipient, outcome, code) => {
                vec![Box::new(from.to_string()), Box::new(text(recipient)), Box::new(*outcome), Box::new(code.map_or("", Reason::code))]
            }
            Self::Minute(minute, from, recipient, outcome) => {
                vec![Box::new(*minute), Box::new(from.to_string()), Box::new(text(recipient)), Box::new(*outcome)]
            }
            Self::Clause(name) => vec![Box::new(name.to_string())],
        };
        values.extend(more.map(|count| -> Box<dyn ToSql> { Box::new(*count) }));
        call(&values.iter().map(AsRef::as_ref).collect::<Vec<_>>())
    }
}

/// The totals that were asked for since the journal was opened. As many rows at most as peers, outcomes, reasons and clauses have combinations in
/// traffic; of minutes, those of the last one.
#[derive(Debug, Default)]
pub(in crate::journal) struct Tallies {
    rows: BTreeMap<Counted, Row>,
    /// The last minute for which older ones were dropped.
    minute: i64,
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
    pub(super) fn add(&mut self, connection: &Connection, counted: Counted) -> Result<i64, Fault> {
        let before = match self.rows.get(&counted) {
            Some(row) => row.count,
            None => read(connection, &counted)?,
        };
        let count = before.saturating_add(1);
        self.rows.insert(counted, Row { count, written: Written::No });
        Ok(count)
    }

    /// Writes what changed.
    pub(super) fn write(&mut self, connection: &Connection) -> Result<(), Fault> {
        let mut latest = self.minute;
        for (counted, row) in self.rows.iter_mut().filter(|(_, row)| row.written == Written::No) {
            let mut statement = connection.prepare_cached(counted.write()).map_err(failed)?;
            counted.with(Some(&row.count), |values| statement.execute(values)).map_err(failed)?;
            row.written = Written::Yes;
            if let Counted::Minute(minute, ..) = counted {
                latest = latest.max(*minute);
            }
        }
        if latest > self.minute {
            connection
                .prepare_cached("DELETE FROM minute WHERE minute < ?1")
                .and_then(|mut statement| statement.execute(params![latest.saturating_sub(MINUTES_KEPT)]))
                .map_err(failed)?;
            self.minute = latest;
            self.rows.retain(|counted, _| !matches!(counted, Counted::Minute(minute, ..) if *minute < latest));
        }
        Ok(())
    }

    /// Forgets everything: it is read again from what the disk holds.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

fn read(connection: &Connection, counted: &Counted) -> Result<i64, Fault> {
    let mut statement = connection.prepare_cached(counted.read()).map_err(failed)?;
    let found = counted.with(None, |values| statement.query_row(values, |row| row.get(0)).optional());
    found.map(Option::unwrap_or_default).map_err(failed)
}
