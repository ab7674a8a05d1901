//! The views, as queries over one connection that reads.

use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow, ToSql, params};

use super::apply::{OF_OFFICERS, checkpoint_state, read_number, receipt_of, stored};
use crate::base::{Digest, Fault, MessageId, Name, Outcome, Precedence, Reason, Time};
use crate::journal::event::{Accepted, Event, MessageKey, Record};
use crate::journal::seal::{Place, SealRing};
use crate::journal::view::{Counts, Due, Entry, Filter, Outgoing, Page, Paged, Receipt, Row, State, Tally, Waiting};

pub(super) fn failed(error: rusqlite::Error) -> Fault {
    Fault::from_cause("the journal's file cannot be read; check the disk", error)
}

pub(super) fn strange(what: &str) -> Fault {
    Fault::new(format!("a row of the journal holds no {what}; run `vestibule audit verify`"))
}

/// A row of what is due.
struct DueRow {
    ix: i64,
    clause: Option<String>,
    digest: Digest,
    attempts: u32,
    record: i64,
}

/// Views over one connection; every call sees one state of the journal.
pub(super) struct Views<'c> {
    pub(super) connection: &'c Connection,
    pub(super) ring: Option<&'c SealRing>,
}

impl Views<'_> {
    pub(super) fn receipt_of(&self, from: &Name, id: MessageId) -> Result<Option<Receipt>, Fault> {
        receipt_of(self.connection, from, id)
    }

    pub(super) fn undecided(&self, rows: u32) -> Result<Vec<Waiting>, Fault> {
        let sql = "SELECT ix FROM message WHERE decided IS NULL ORDER BY urgency, ix LIMIT ?1";
        let indexes = self.all(sql, &[&rows], |row| row.get::<_, i64>(0))?;
        indexes.into_iter().map(|ix| self.waiting(ix)).collect()
    }

    fn waiting(&self, ix: i64) -> Result<Waiting, Fault> {
        let accepted = self.acceptance(ix)?;
        let key = accepted.key();
        let receipt = receipt_of(self.connection, &key.from, key.id)?.ok_or_else(|| strange("receipt"))?;
        let body = self.needed(ix, &key, "", receipt.digest);
        Ok(Waiting { receipt, header: accepted.header, seals: accepted.seals.map(Vec::from), body })
    }

    pub(super) fn outbox(&self, recipient: &Name, rows: u32) -> Result<Vec<Outgoing>, Fault> {
        let sql = "SELECT message, clause, digest, attempts, record FROM decision WHERE state = 'due' AND recipient = ?1 ORDER BY urgency, message LIMIT ?2";
        let read = |row: &SqlRow<'_>| {
            Ok(DueRow { ix: row.get(0)?, clause: row.get(1)?, digest: Digest(row.get(2)?), attempts: row.get(3)?, record: row.get(4)? })
        };
        self.all(sql, &[&recipient.as_str(), &rows], read)?.into_iter().map(|row| self.outgoing(recipient, row)).collect()
    }

    fn outgoing(&self, recipient: &Name, row: DueRow) -> Result<Outgoing, Fault> {
        let accepted = self.acceptance(row.ix)?;
        let message = accepted.key();
        let clause = row.clause.map(|text| Name::new(&text).ok_or_else(|| strange("clause"))).transpose()?;
        Ok(Outgoing {
            output: self.needed(row.ix, &message, recipient.as_str(), row.digest),
            permit: self.permit(row.record, recipient)?,
            message,
            recipient: recipient.clone(),
            place: read_number(row.ix),
            header: accepted.header,
            clause,
            digest: row.digest,
            attempts: row.attempts,
        })
    }

    /// The permit of a decision.
    fn permit(&self, record: i64, recipient: &Name) -> Result<Option<Vec<u8>>, Fault> {
        match self.record(record)? {
            Event::Decided(one) => {
                let decision = one.decisions.into_iter().find(|decision| decision.recipient == *recipient);
                Ok(decision.and_then(|decision| decision.permit).map(Vec::from))
            }
            _ => Err(strange("decision")),
        }
    }

    pub(super) fn record(&self, ix: i64) -> Result<Event, Fault> {
        let bytes: Vec<u8> = self.connection.query_row("SELECT bytes FROM record WHERE ix = ?1", [ix], |row| row.get(0)).map_err(failed)?;
        Ok(Record::decode(&bytes)?.event)
    }

    pub(super) fn undelivered(&self) -> Result<Vec<Due>, Fault> {
        let sql = "SELECT recipient, sum(count), min(urgency) FROM due WHERE count > 0 GROUP BY recipient ORDER BY min(urgency), recipient";
        let rows = self.all(sql, &[], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
        rows.into_iter()
            .map(|(recipient, count, urgency)| Ok(Due { recipient: name(&recipient)?, count: read_number(count), precedence: precedence(urgency)? }))
            .collect()
    }

    pub(super) fn decisions(&self, filter: &Filter, page: Page) -> Result<Paged<Row>, Fault> {
        let sql = "SELECT d.n, m.sender, m.id, d.recipient, m.urgency, m.received, d.outcome, d.code, d.clause, d.state, d.record
            FROM decision d JOIN message m ON m.ix = d.message
            WHERE (?1 IS NULL OR d.n < ?1) AND (?2 IS NULL OR d.state = ?2) AND (?3 IS NULL OR m.sender = ?3) AND (?4 IS NULL OR d.recipient = ?4)
              AND (?5 IS NULL OR d.outcome = ?5) AND (?6 IS NULL OR d.code = ?6) AND (?7 IS NULL OR m.received >= ?7) AND (?8 IS NULL OR m.received < ?8)
              AND (?10 IS NULL OR m.id = ?10) AND (?11 IS NULL OR d.classification = ?11 OR d.policy || ' ' || d.classification = ?11)
            ORDER BY d.n DESC LIMIT ?9";
        // The planner uses an index only where it can see the condition: that of ids, or the small one of held rows.
        let sql = match (filter.id, filter.state) {
            (Some(_), _) => sql.replace("(?10 IS NULL OR m.id = ?10)", "m.id = ?10"),
            (None, Some(State::Held)) => sql.replace("(?2 IS NULL OR d.state = ?2)", "d.state = 'held' AND ?2 = 'held'"),
            _ => sql.to_owned(),
        };
        let rows = page.rows.clamp(1, Page::ROWS_MAX);
        let found = self.all(
            &sql,
            &[
                &page.after.map(stored),
                &filter.state.map(State::word),
                &filter.from.as_ref().map(Name::as_str),
                &filter.recipient.as_ref().map(Name::as_str),
                &filter.outcome.map(Outcome::word),
                &filter.code.map(Reason::code),
                &filter.since.map(Time::unix_ms),
                &filter.until.map(Time::unix_ms),
                &rows,
                &filter.id.as_ref().map(MessageId::bytes),
                &filter.classification,
            ],
            |row| Ok(decision_row(row)),
        )?;
        let rows_found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(paged(rows_found, rows, |row| row.row))
    }

    pub(super) fn message(&self, id: MessageId) -> Result<Vec<Entry>, Fault> {
        let sql = "SELECT r.ix, r.bytes, r.leaf FROM message m JOIN record r ON r.message = m.ix WHERE m.id = ?1 ORDER BY r.ix";
        self.all(sql, &[&id.bytes()], |row| Ok(entry(row)))?.into_iter().collect()
    }

    pub(super) fn records(&self, page: Page) -> Result<Paged<Entry>, Fault> {
        let rows = page.rows.clamp(1, Page::ROWS_MAX);
        let sql = "SELECT ix, bytes, leaf FROM record WHERE ix >= ?1 ORDER BY ix LIMIT ?2";
        let found = self.all(sql, &[&page.after.map_or(0, stored), &rows], |row| Ok(entry(row)))?.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(paged(found, rows, |row| row.index.saturating_add(1)))
    }

    pub(super) fn body(&self, key: &MessageKey) -> Result<Option<Vec<u8>>, Fault> {
        let sql = "SELECT ix, digest FROM message WHERE id = ?1 AND sender = ?2";
        let found = self.all(sql, &[&key.id.bytes(), &key.from.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?)))?;
        match found.first() {
            Some((ix, digest)) => self.content(*ix, key, "", Digest(*digest)),
            None => Ok(None),
        }
    }

    pub(super) fn counts(&self) -> Result<Counts, Fault> {
        let one = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(read_number).map_err(failed);
        // Totals are kept, and so is what is due and what is held; only what is not decided yet is counted, by a small index.
        Ok(Counts {
            records: one("SELECT coalesce(max(ix) + 1, 0) FROM record")?,
            accepted: one("SELECT coalesce(sum(count), 0) FROM tally WHERE outcome = 'accepted'")?,
            undecided: one("SELECT count(*) FROM message WHERE decided IS NULL")?,
            due: one("SELECT coalesce(sum(count), 0) FROM due")?,
            delivered: one("SELECT coalesce(sum(count), 0) FROM tally WHERE outcome = 'delivered'")?,
            held: one("SELECT (SELECT coalesce(sum(count), 0) FROM held) - (SELECT count(*) FROM seed WHERE code IS NULL)")?,
            tallies: self.tallies()?,
        })
    }

    fn tallies(&self) -> Result<Vec<Tally>, Fault> {
        let sql = "SELECT sender, recipient, outcome, code, count FROM tally WHERE outcome NOT IN ('accepted', 'delivered') ORDER BY 1, 2, 3, 4";
        let rows = self.all(sql, &[], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?, row.get::<_, i64>(4)?))
        })?;
        let tally = |(from, recipient, outcome, code, count): (String, String, String, String, i64)| {
            Ok(Tally {
                from: name(&from)?,
                recipient: if recipient.is_empty() { None } else { Some(name(&recipient)?) },
                outcome: outcome_of(&outcome)?,
                code: if code.is_empty() { None } else { Some(reason(&code)?) },
                count: read_number(count),
            })
        };
        rows.into_iter().map(tally).collect()
    }

    /// Every act of officers, oldest first.
    pub(super) fn acts(&self) -> Result<Vec<Entry>, Fault> {
        let sql = "SELECT ix, bytes, leaf FROM record WHERE message = ?1 ORDER BY ix";
        self.all(sql, &[&OF_OFFICERS], |row| Ok(entry(row)))?.into_iter().collect()
    }

    /// Size and checkpoints, for a reader without the tree.
    pub(super) fn checkpoint_state(&self) -> Result<(u64, u64), Fault> {
        checkpoint_state(self.connection)
    }

    fn acceptance(&self, ix: i64) -> Result<Accepted, Fault> {
        match self.record(ix)? {
            Event::Accepted(one) => Ok(one),
            _ => Err(strange("acceptance")),
        }
    }

    /// A content without which work cannot go on. One that is damaged must not hold up the others.
    fn needed(&self, ix: i64, message: &MessageKey, recipient: &str, digest: Digest) -> Result<Vec<u8>, String> {
        match self.content(ix, message, recipient, digest) {
            Ok(Some(content)) => Ok(content),
            Ok(None) => Err("the content is missing; run `vestibule audit verify`".to_owned()),
            Err(fault) => Err(fault.what),
        }
    }

    fn content(&self, ix: i64, message: &MessageKey, recipient: &str, digest: Digest) -> Result<Option<Vec<u8>>, Fault> {
        let ring = self.ring.ok_or_else(|| Fault::new("this reader was given no sealing key, so it cannot show contents"))?;
        let row = self
            .connection
            .query_row("SELECT key, sealed FROM content WHERE message = ?1 AND recipient = ?2", params![ix, recipient], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional()
            .map_err(failed)?;
        row.map(|(key, sealed)| ring.open(&Place { message, recipient, digest }, &key, &sealed)).transpose()
    }

    pub(super) fn all<T>(&self, sql: &str, values: &[&dyn ToSql], read: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>, Fault> {
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map(values, read).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }
}

pub(super) fn paged<T>(rows: Vec<T>, wanted: u32, cursor: impl Fn(&T) -> u64) -> Paged<T> {
    let full = u32::try_from(rows.len()).is_ok_and(|found| found >= wanted);
    let next = rows.last().filter(|_| full).map(cursor);
    Paged { rows, next }
}

pub(super) fn entry(row: &SqlRow<'_>) -> Result<Entry, Fault> {
    let bytes: Vec<u8> = row.get(1).map_err(failed)?;
    let leaf: [u8; 32] = row.get(2).map_err(failed)?;
    let record = Record::decode(&bytes)?;
    Ok(Entry { index: record.index, leaf: Digest(leaf), event: record.event })
}

pub(super) fn decision_row(row: &SqlRow<'_>) -> Result<Row, Fault> {
    let text = |at: usize| row.get::<_, String>(at).map_err(failed);
    let number = |at: usize| row.get::<_, i64>(at).map_err(failed);
    let code: Option<String> = row.get(7).map_err(failed)?;
    let clause: Option<String> = row.get(8).map_err(failed)?;
    let state = text(9)?;
    Ok(Row {
        row: read_number(number(0)?),
        from: name(&text(1)?)?,
        id: row.get::<_, [u8; 16]>(2).ok().and_then(MessageId::from_bytes).ok_or_else(|| strange("id"))?,
        recipient: name(&text(3)?)?,
        precedence: precedence(number(4)?)?,
        received: Time::from_unix_ms(number(5)?).ok_or_else(|| strange("time"))?,
        outcome: outcome_of(&text(6)?)?,
        code: code.as_deref().map(reason).transpose()?,
        clause: clause.as_deref().map(name).transpose()?,
        state: State::ALL.into_iter().find(|one| one.word() == state).ok_or_else(|| strange("state"))?,
        record: read_number(number(10)?),
    })
}

pub(super) fn name(text: &str) -> Result<Name, Fault> {
    Name::new(text).ok_or_else(|| strange("name"))
}

pub(super) fn reason(text: &str) -> Result<Reason, Fault> {
    Reason::from_code(text).ok_or_else(|| strange("reason"))
}

pub(super) fn precedence(urgency: i64) -> Result<Precedence, Fault> {
    Precedence::ALL.into_iter().find(|one| super::apply::urgency(*one) == urgency).ok_or_else(|| strange("precedence"))
}

fn outcome_of(text: &str) -> Result<Outcome, Fault> {
    [Outcome::Forward, Outcome::Quarantine, Outcome::Withhold, Outcome::Reject]
        .into_iter()
        .find(|one| one.word() == text)
        .ok_or_else(|| strange("outcome"))
}
