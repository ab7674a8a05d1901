//! One event, applied: its record, its leaf, and what follows from it in the views.
//!
//! The same code makes the views in the engine and, for `audit`, makes them again from the records alone.
//! An event that contradicts the facts so far is denied before anything stays written.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::FaultPoint;
use super::seeds::NO_PLACE;
use super::tally::{Counted, Tallies};
use super::weight::weight;
use crate::base::{Digest, Fault, MessageId, Name, Outcome, Precedence, Reason, Refusal, Time};
use crate::journal::event::{Accepted, Body, Checkpointed, Decided, Decision, Delivered, Event, MessageKey, Released, encode};
use crate::journal::merkle::{Frontier, leaf_hash};
use crate::journal::seal::{Place, SealRing};
use crate::journal::{Denied, Looked, Receipt, Reviewed, State, Verdict};

/// Unsigned numbers as SQLite keeps them.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Numbers of SQLite that are never negative.
pub(super) fn read_number(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Where other records name their message, acts of officers have this: the index of records by message finds them, and no message has such a place.
pub(super) const OF_OFFICERS: i64 = -1;

/// 0 for the most urgent.
pub(super) fn urgency(precedence: Precedence) -> i64 {
    match precedence {
        Precedence::Flash => 0,
        Precedence::Immediate => 1,
        Precedence::Priority => 2,
        Precedence::Routine => 3,
    }
}

pub(super) fn failed(error: rusqlite::Error) -> Fault {
    Fault::from_cause("the journal's file cannot be written; check the disk, then restart", error)
}

/// What an append may do.
pub(in crate::journal) struct Applying<'c> {
    /// The open transaction.
    pub(in crate::journal) connection: &'c Connection,
    /// Seals contents; `None` where the views are made again without them.
    pub(in crate::journal) ring: Option<&'c SealRing>,
    /// The tree.
    pub(in crate::journal) frontier: &'c mut Frontier,
    /// The totals.
    pub(in crate::journal) tallies: &'c mut Tallies,
    /// Where tests make the store fail.
    pub(in crate::journal) faults: &'c FaultPoint,
    /// The message that this append has read or written last: its acceptance, decision and release mostly come together.
    pub(in crate::journal) latest: Option<(MessageKey, Message)>,
}

/// What became of one event.
pub(in crate::journal) enum Applied {
    /// It is written, unless the commit fails.
    Written(Option<Receipt>),
    /// It is an acceptance that is on record already.
    Repeated(Receipt),
}

/// What following events need to know of a message.
#[derive(Clone, Copy)]
pub(in crate::journal) struct Message {
    pub(super) ix: i64,
    urgency: i64,
    decided: bool,
    source: Source,
}

/// Where something that is decided on comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A peer, or the gateway's own notices.
    Sent,
    /// The office: a known item.
    Seeded,
}

impl Message {
    /// A known item.
    pub(super) const fn seeded(ix: i64, urgency: i64) -> Self {
        Self { ix, urgency, decided: false, source: Source::Seeded }
    }
}

impl Applying<'_> {
    /// Applies an event.
    ///
    /// # Errors
    /// `frame.id_reused`, contradictions, failures of the store.
    pub(in crate::journal) fn apply(&mut self, event: &Event) -> Result<Applied, Denied> {
        let index = self.frontier.size();
        let mut receipt = None;
        let message = match event {
            Event::Accepted(one) => {
                match self.accept(one, index)? {
                    Applied::Written(given) => receipt = given,
                    before @ Applied::Repeated(_) => return Ok(before),
                }
                Some(stored(index))
            }
            Event::Decided(one) => Some(self.decide(one, index)?),
            Event::Released(one) => Some(self.release(one)?),
            Event::Delivered(one) => Some(self.deliver(one)?),
            Event::Reviewed(one) => Some(self.review(one, index)?),
            Event::Checkpointed(one) => {
                self.checkpoint(one, index)?;
                None
            }
            Event::Operated(_) => None,
            Event::Origin(one) => Some(self.origin(one)?),
            Event::Stated(one) => Some(self.state(one, index)?),
            Event::Edition(_) | Event::Condition(_) => Some(OF_OFFICERS),
            Event::Looked(one) => Some(self.look(one, index)?),
            Event::Seeded(one) => Some(self.seed(one, index)?),
            Event::Restored(_) => Some(self.restore()?),
        };
        self.write_record(index, event, message)?;
        Ok(Applied::Written(receipt))
    }

    pub(super) fn write(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize, Denied> {
        self.faults.pass()?;
        let written = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).map_err(failed)?;
        Ok(written)
    }

    fn write_record(&mut self, index: u64, event: &Event, message: Option<i64>) -> Result<(), Denied> {
        let bytes = encode(index, event)?;
        let leaf = leaf_hash(&bytes);
        self.write("INSERT INTO record (ix, bytes, leaf, message) VALUES (?1, ?2, ?3, ?4)", params![stored(index), bytes, leaf.0, message])?;
        for node in self.frontier.push(leaf) {
            self.write("INSERT INTO tile (level, ix, hash) VALUES (?1, ?2, ?3)", params![node.level, stored(node.index), node.hash.0])?;
        }
        Ok(())
    }

    /// Whoever applies it takes an acceptance that is repeated back, for its sender is then counted once too often.
    fn accept(&mut self, one: &Accepted, index: u64) -> Result<Applied, Denied> {
        let position = self.count(&one.from, None, "accepted", None)?;
        let urgency = urgency(one.header.precedence);
        let written = self.write(
            "INSERT INTO message (ix, sender, id, digest, urgency, received, place) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id, sender) DO NOTHING",
            params![
                stored(index),
                one.from.as_str(),
                one.header.id.bytes(),
                one.body.digest.0,
                urgency,
                one.received.unix_ms(),
                position
            ],
        )?;
        if written == 0 {
            let first = receipt_of(self.connection, &one.from, one.header.id)?;
            let first = first.ok_or_else(|| Fault::new("a message of the journal is there and cannot be read"))?;
            return repeated(one, first).map(Applied::Repeated);
        }
        self.tallies.add(self.connection, Counted::minute(one.received, &one.from, None, "accepted"))?;
        self.keep(stored(index), &one.key(), "", &one.body)?;
        self.latest = Some((one.key(), Message { ix: stored(index), urgency, decided: false, source: Source::Sent }));
        // Receipts are to the millisecond, so that the first one and one read back later are the same.
        let received = Time::from_unix_ms(one.received.unix_ms()).unwrap_or(one.received);
        let (from, id, digest) = (one.from.clone(), one.header.id, one.body.digest);
        Ok(Applied::Written(Some(Receipt { index, position: read_number(position), from, id, digest, received })))
    }

    pub(super) fn keep(&self, message: i64, key: &MessageKey, recipient: &str, body: &Body) -> Result<(), Denied> {
        let Some(ring) = self.ring else { return Ok(()) };
        let bytes = body.bytes().ok_or_else(|| Denied::Contradiction("a content was given without its bytes".to_owned()))?;
        let sealed = ring.seal(&Place { message: key, recipient, digest: body.digest }, bytes)?;
        self.write(
            "INSERT INTO content (message, recipient, key, sealed) VALUES (?1, ?2, ?3, ?4)",
            params![message, recipient, sealed.key_id, sealed.bytes],
        )?;
        Ok(())
    }

    pub(super) fn find(&self, key: &MessageKey) -> Result<Message, Denied> {
        if let Some((_, message)) = self.latest.as_ref().filter(|(latest, _)| latest == key) {
            return Ok(*message);
        }
        let find = |row: &rusqlite::Row<'_>| {
            let source = if row.get::<_, i64>(3)? == NO_PLACE { Source::Seeded } else { Source::Sent };
            Ok(Message { ix: row.get(0)?, urgency: row.get(1)?, decided: row.get::<_, Option<i64>>(2)?.is_some(), source })
        };
        self.connection
            .prepare_cached("SELECT ix, urgency, decided, place FROM message WHERE id = ?1 AND sender = ?2")
            .and_then(|mut statement| statement.query_row(params![key.id.bytes(), key.from.as_str()], find).optional())
            .map_err(failed)?
            .ok_or_else(|| Denied::Contradiction(format!("message `{}` of `{}` was never accepted", key.id, key.from)))
    }

    fn decide(&mut self, one: &Decided, index: u64) -> Result<i64, Denied> {
        let message = self.find(&one.message)?;
        if one.decisions.is_empty() {
            if message.decided || one.refusal.is_none() || message.source == Source::Seeded {
                return Err(Denied::Contradiction("a decision without recipients must be the first, and have a reason".to_owned()));
            }
            self.count(&one.message.from, None, Outcome::Reject.word(), one.refusal)?;
            self.tallies.add(self.connection, Counted::minute(one.time, &one.message.from, None, Outcome::Reject.word()))?;
        }
        for decision in &one.decisions {
            self.decide_one(one, decision, &message, index)?;
        }
        self.write("UPDATE message SET decided = ?1 WHERE ix = ?2", params![stored(index), message.ix])?;
        self.latest = Some((one.message.clone(), Message { decided: true, ..message }));
        Ok(message.ix)
    }

    fn decide_one(&mut self, one: &Decided, decision: &Decision, message: &Message, index: u64) -> Result<(), Denied> {
        let wrong = |why: &str| Err(Denied::Contradiction(format!("the decision for `{}` {why}", decision.recipient)));
        if (decision.outcome == Outcome::Forward) != decision.output.is_some() {
            return wrong("must have output where, and only where, its outcome is `forward`");
        }
        if message.source == Source::Seeded {
            self.decide_seed(message.ix, decision)?;
        }
        let state = match decision.outcome {
            Outcome::Forward => State::Due,
            Outcome::Quarantine => State::Held,
            Outcome::Withhold | Outcome::Reject => State::Settled,
        };
        // A later decision takes the place of one that holds the message, and of no other.
        let superseded = match message.decided {
            true => self.write(
                "DELETE FROM decision WHERE message = ?1 AND recipient = ?2 AND state = 'held'",
                params![message.ix, decision.recipient.as_str()],
            )?,
            false => 0,
        };
        if message.decided && superseded == 0 {
            return wrong("is not held, so it cannot be decided again");
        }
        let digest = decision.output.as_ref().map(|body| body.digest.0);
        let (rule, gravity) = match state {
            State::Held => weight(&decision.findings, decision.code),
            _ => weight("", None),
        };
        let (policy, classification) = one.marking.as_ref().map_or(("", ""), |marking| (marking.policy.as_str(), marking.classification.as_str()));
        let written = self.write(
            "INSERT INTO decision (message, recipient, record, urgency, outcome, code, clause, state, digest, rule, gravity, policy, classification)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (message, recipient) DO NOTHING",
            params![
                message.ix,
                decision.recipient.as_str(),
                stored(index),
                message.urgency,
                decision.outcome.word(),
                decision.code.map(Reason::code),
                decision.clause.as_ref().map(Name::as_str),
                state.word(),
                digest,
                rule,
                gravity,
                policy,
                classification
            ],
        )?;
        if written == 0 {
            return wrong("stands twice");
        }
        if message.source == Source::Sent {
            self.count_minute_and_clause(one, decision)?;
            self.count(&one.message.from, Some(&decision.recipient), decision.outcome.word(), decision.code)?;
        }
        if let Some(body) = &decision.output {
            self.keep(message.ix, &one.message, decision.recipient.as_str(), body)?;
        }
        Ok(())
    }

    fn count_minute_and_clause(&mut self, one: &Decided, decision: &Decision) -> Result<(), Denied> {
        let minute = Counted::minute(one.time, &one.message.from, Some(&decision.recipient), decision.outcome.word());
        self.tallies.add(self.connection, minute)?;
        if let (Outcome::Forward, Some(clause)) = (decision.outcome, &decision.clause) {
            self.tallies.add(self.connection, Counted::Clause(clause.clone()))?;
        }
        Ok(())
    }

    /// Adds one to a total, of an outcome or of the words `accepted` and `delivered`; gives the new total.
    pub(super) fn count(&mut self, from: &Name, recipient: Option<&Name>, outcome: &'static str, code: Option<Reason>) -> Result<i64, Denied> {
        self.faults.pass()?;
        Ok(self.tallies.add(self.connection, Counted::Ever(from.clone(), recipient.cloned(), outcome, code))?)
    }

    fn release(&self, one: &Released) -> Result<i64, Denied> {
        let message = self.find(&one.message)?;
        let before = i64::from(one.attempt).saturating_sub(1);
        let written = self.write(
            "UPDATE decision SET attempts = attempts + 1 WHERE message = ?1 AND recipient = ?2 AND state = 'due' AND digest = ?3 AND attempts = ?4 AND clause IS ?5",
            params![message.ix, one.recipient.as_str(), one.digest.0, before, one.clause.as_ref().map(Name::as_str)],
        )?;
        match written {
            0 => Err(Denied::Contradiction(format!("no such release is due to `{}`", one.recipient))),
            _ => Ok(message.ix),
        }
    }

    fn deliver(&mut self, one: &Delivered) -> Result<i64, Denied> {
        let message = self.find(&one.message)?;
        let written = self.write(
            "UPDATE decision SET state = 'delivered' WHERE message = ?1 AND recipient = ?2 AND state = 'due' AND attempts > 0",
            params![message.ix, one.recipient.as_str()],
        )?;
        if written == 0 {
            return Err(Denied::Contradiction(format!("nothing left for `{}` that is not delivered", one.recipient)));
        }
        self.count(&one.message.from, Some(&one.recipient), "delivered", None)?;
        self.tallies.add(self.connection, Counted::minute(one.time, &one.message.from, Some(&one.recipient), "delivered"))?;
        Ok(message.ix)
    }

    fn review(&self, one: &Reviewed, index: u64) -> Result<i64, Denied> {
        let message = self.find(&one.message)?;
        // To pass it on is no choice of what becomes of it.
        let (choices, passed) = match one.verdict {
            Verdict::Pass => (0, one.choice.as_ref().and_then(|choice| choice.colleague.as_deref())),
            Verdict::Release | Verdict::Reject | Verdict::Return => (1, None),
        };
        let held = self.write(
            "UPDATE decision SET reviews = reviews + ?3, passed = coalesce(?4, passed) WHERE message = ?1 AND recipient = ?2 AND state = 'held'",
            params![message.ix, one.recipient.as_str(), choices, passed],
        )?;
        if held == 0 {
            return Err(Denied::Contradiction(format!("the message is not held for `{}`", one.recipient)));
        }
        self.note_review(message.ix, &one.recipient, (&one.reviewer, one.verdict.word(), one.time), index)?;
        Ok(message.ix)
    }

    fn look(&self, one: &Looked, index: u64) -> Result<i64, Denied> {
        let message = self.find(&one.message)?;
        self.note_review(message.ix, &one.recipient, (&one.officer, "looked", one.time), index)?;
        Ok(message.ix)
    }

    /// Notes what a person did about a held message, with what holds it, for the figures of review.
    fn note_review(&self, message: i64, recipient: &Name, (officer, act, time): (&str, &str, Time), index: u64) -> Result<(), Denied> {
        self.write(
            "INSERT INTO review (record, message, recipient, officer, act, code, rule, time)
             SELECT ?1, message, recipient, ?4, ?5, coalesce(code, ''), rule, ?6 FROM decision WHERE message = ?2 AND recipient = ?3",
            params![stored(index), message, recipient.as_str(), officer, act, time.unix_ms()],
        )?;
        Ok(())
    }

    fn checkpoint(&self, one: &Checkpointed, index: u64) -> Result<(), Denied> {
        let (next, size) = checkpoint_state(self.connection)?;
        if one.number != next || one.size > index || one.size < size {
            return Err(Denied::Contradiction(format!("checkpoint {} of {} records does not follow the last one", one.number, one.size)));
        }
        self.write("INSERT INTO checkpoint (number, size, note) VALUES (?1, ?2, ?3)", params![stored(one.number), stored(one.size), one.note])?;
        Ok(())
    }
}

/// Number of the next checkpoint, and the size of the last.
pub(super) fn checkpoint_state(connection: &Connection) -> Result<(u64, u64), Fault> {
    connection
        .prepare_cached("SELECT number + 1, size FROM checkpoint ORDER BY number DESC LIMIT 1")
        .and_then(|mut statement| statement.query_row([], |row| Ok((read_number(row.get(0)?), read_number(row.get(1)?)))).optional())
        .map(Option::unwrap_or_default)
        .map_err(failed)
}

fn repeated(one: &Accepted, first: Receipt) -> Result<Receipt, Denied> {
    if first.digest == one.body.digest {
        return Ok(first);
    }
    Err(Refusal::new(Reason::FrameIdReused, format!("expected the content of record {}, found other content", first.index)).into())
}

/// The receipt of a sender's id.
pub(super) fn receipt_of(connection: &Connection, from: &Name, id: MessageId) -> Result<Option<Receipt>, Fault> {
    let row = connection
        .prepare_cached("SELECT ix, digest, received, place FROM message WHERE id = ?1 AND sender = ?2 AND place > 0")
        .and_then(|mut statement| {
            statement
                .query_row(params![id.bytes(), from.as_str()], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
                })
                .optional()
        })
        .map_err(failed)?;
    let Some((ix, digest, ms, place)) = row else { return Ok(None) };
    let received = Time::from_unix_ms(ms).ok_or_else(|| Fault::new("a time of the journal is out of range"))?;
    Ok(Some(Receipt { index: read_number(ix), position: read_number(place), from: from.clone(), id, digest: Digest(digest), received }))
}
