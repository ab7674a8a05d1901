//! Statements and origins in the store: what an event of them changes, and the views of what is on record.
//!
//! A consent is used in the same commit as the decision that needs it, so that it is never used once too often, nor after it was taken back.

use rusqlite::{OptionalExtension as _, ToSql, params};

use super::apply::{Applying, failed, read_number, stored};
use super::views::{Views, name, strange};
use crate::base::{Digest, Fault, MessageId};
use crate::journal::event::{Effect, Event, MessageKey, Origin, Stated};
use crate::journal::view::{Copy, Statement, Trail};
use crate::journal::{Denied, State};

impl Applying<'_> {
    /// Notes whose information a message carries, and uses consents.
    pub(super) fn origin(&self, one: &Origin) -> Result<i64, Denied> {
        let message = self.find(&one.message)?;
        for origin in &one.origins {
            self.write(
                "INSERT INTO origin (message, recipient, origin) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![message.ix, one.recipient.as_str(), origin],
            )?;
        }
        for consent in &one.consents {
            let id: MessageId = consent.parse().map_err(Denied::Contradiction)?;
            let used = self.write(
                "UPDATE statement SET used = used + 1 WHERE id = ?1 AND kind = 'consent' AND used < uses AND ended IS NULL",
                params![id.bytes()],
            )?;
            if used == 0 {
                return Err(Denied::Contradiction(format!("the consent `{id}` is not on record, was taken back, or is used up")));
            }
        }
        Ok(message.ix)
    }

    /// Carries out a statement.
    pub(super) fn state(&self, one: &Stated, index: u64) -> Result<i64, Denied> {
        let message = self.find(&one.message)?;
        match (&one.effect, one.refusal) {
            (Some(effect), None) => self.carry_out(effect, stored(index))?,
            (None, Some(_)) => {}
            _ => return Err(Denied::Contradiction("a statement is either taken or refused".to_owned())),
        }
        self.write("UPDATE message SET decided = coalesce(decided, ?1) WHERE ix = ?2", params![stored(index), message.ix])?;
        Ok(message.ix)
    }

    fn carry_out(&self, effect: &Effect, index: i64) -> Result<(), Denied> {
        let (id, kind, uses) = match effect {
            Effect::Granted { id, uses } => (id, "consent", *uses),
            Effect::Revoked { id, .. } => (id, "revocation", 0),
            Effect::Recalled { id, .. } => (id, "recall", 0),
            Effect::Acknowledged { id, .. } => (id, "acknowledgement", 0),
        };
        let new = self.write(
            "INSERT INTO statement (id, record, kind, uses) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![id.bytes(), index, kind, uses],
        )?;
        if new == 0 {
            return Err(Denied::Contradiction(format!("the statement `{id}` is on record")));
        }
        let changed = match effect {
            Effect::Granted { .. } => 1,
            Effect::Revoked { of, .. } => {
                self.write("UPDATE statement SET ended = ?1 WHERE id = ?2 AND kind = 'consent' AND ended IS NULL", params![index, of.bytes()])?
            }
            Effect::Recalled { targets, .. } => {
                targets.iter().try_for_each(|target| self.withdraw(id, target))?;
                1
            }
            Effect::Acknowledged { of, by, .. } => self.write(
                "UPDATE copy SET acknowledged = ?1 WHERE recall = ?2 AND recipient = ?3 AND acknowledged IS NULL",
                params![index, of.bytes(), by.as_str()],
            )?,
        };
        match changed {
            0 => Err(Denied::Contradiction(format!("the statement `{id}` is about nothing that is on record"))),
            _ => Ok(()),
        }
    }

    /// Stops what is due or held of a message, and notes who may have a copy.
    fn withdraw(&self, recall: &MessageId, target: &MessageKey) -> Result<(), Denied> {
        let message = self.find(target)?;
        self.write("UPDATE decision SET state = 'settled' WHERE message = ?1 AND state IN ('due', 'held')", params![message.ix])?;
        self.write(
            "INSERT INTO copy (recall, message, recipient) SELECT ?1, message, recipient FROM decision WHERE message = ?2 AND attempts > 0
             ON CONFLICT DO NOTHING",
            params![recall.bytes(), message.ix],
        )?;
        Ok(())
    }
}

/// A copy as the query below gives it: sender, id, recipient, digest, state, attempts, whether it was acknowledged.
const COPY: &str = "m.sender, m.id, d.recipient, d.digest, d.state, d.attempts";

impl Views<'_> {
    pub(super) fn statements(&self, id: Option<MessageId>) -> Result<Vec<Statement>, Fault> {
        let sql = "SELECT record, used, ended IS NOT NULL, id FROM statement
            WHERE (?1 IS NULL AND kind IN ('consent', 'recall')) OR id = ?1 ORDER BY record";
        let rows = self.all(sql, &[&id.as_ref().map(MessageId::bytes)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?, row.get::<_, bool>(2)?, row.get::<_, [u8; 16]>(3)?))
        })?;
        rows.into_iter().map(|(record, used, ended, id)| self.statement(record, used, ended, id)).collect()
    }

    fn statement(&self, record: i64, used: u32, ended: bool, id: [u8; 16]) -> Result<Statement, Fault> {
        let Event::Stated(stated) = self.record(record)? else { return Err(strange("statement")) };
        let sql = format!(
            "SELECT {COPY}, c.acknowledged IS NOT NULL FROM copy c JOIN message m ON m.ix = c.message
             JOIN decision d ON d.message = c.message AND d.recipient = c.recipient WHERE c.recall = ?1 ORDER BY c.message, c.recipient"
        );
        Ok(Statement { stated, used, ended, copies: self.copies(&sql, &[&id])? })
    }

    pub(super) fn messages_of(&self, body: Digest) -> Result<Vec<MessageKey>, Fault> {
        let rows = self.all("SELECT sender, id FROM message WHERE digest = ?1 AND place > 0 ORDER BY ix", &[&body.0], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, [u8; 16]>(1)?))
        })?;
        rows.into_iter().map(|(sender, id)| key(&sender, id)).collect()
    }

    pub(super) fn trail(&self, message: &MessageKey) -> Result<Option<Trail>, Fault> {
        let sql = "SELECT ix FROM message WHERE id = ?1 AND sender = ?2";
        let found = self.connection.query_row(sql, params![message.id.bytes(), message.from.as_str()], |row| row.get::<_, i64>(0));
        let Some(ix) = found.optional().map_err(failed)? else { return Ok(None) };
        let sql = format!("SELECT {COPY}, 0 FROM decision d JOIN message m ON m.ix = d.message WHERE d.message = ?1 ORDER BY d.recipient");
        let copies = self.copies(&sql, &[&ix])?;
        let origins = self.all("SELECT DISTINCT origin FROM origin WHERE message = ?1 ORDER BY origin", &[&ix], |row| row.get(0))?;
        Ok(Some(Trail { copies, origins }))
    }

    fn copies(&self, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<Copy>, Fault> {
        let rows = self.all(sql, values, |row| {
            let key = (row.get::<_, String>(0)?, row.get::<_, [u8; 16]>(1)?);
            Ok((
                key,
                row.get::<_, String>(2)?,
                row.get::<_, Option<[u8; 32]>>(3)?,
                row.get::<_, String>(4)?,
                row.get::<_, i64>(5)?,
                row.get::<_, bool>(6)?,
            ))
        })?;
        let copy = |((sender, id), recipient, digest, state, attempts, acknowledged): (_, String, Option<[u8; 32]>, String, _, _)| {
            let (sender, id): (String, [u8; 16]) = (sender, id);
            Ok(Copy {
                message: key(&sender, id)?,
                recipient: name(&recipient)?,
                digest: digest.map(Digest),
                state: State::ALL.into_iter().find(|one| one.word() == state).ok_or_else(|| strange("state"))?,
                attempts: u32::try_from(read_number(attempts)).unwrap_or(u32::MAX),
                acknowledged,
            })
        };
        rows.into_iter().map(copy).collect()
    }
}

fn key(sender: &str, id: [u8; 16]) -> Result<MessageKey, Fault> {
    Ok(MessageKey { from: name(sender)?, id: MessageId::from_bytes(id).ok_or_else(|| strange("id"))? })
}
