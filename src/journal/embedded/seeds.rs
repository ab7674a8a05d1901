//! Known items in the tables: they stand among what is held, are counted by nothing that counts messages, and never become a release.

use rusqlite::params;

use super::apply::{Applying, Message, read_number, stored, urgency};
use super::views::{Views, name, precedence, strange};
use crate::base::{Fault, MessageId, Outcome, Reason, Time};
use crate::journal::event::{Decision, MessageKey};
use crate::journal::listing::{OpenSeed, SeedAnswer, Seeds};
use crate::journal::{Denied, Seeded, Verdict};

/// The place of a known item in the count of its sender's messages: that of no message, as they count from 1.
pub(super) const NO_PLACE: i64 = 0;

impl Applying<'_> {
    /// Puts a known item among the messages, without a receipt and without a count.
    pub(super) fn seed(&mut self, one: &Seeded, index: u64) -> Result<i64, Denied> {
        let (accepted, ix) = (&one.accepted, stored(index));
        let urgency = urgency(accepted.header.precedence);
        let written = self.write(
            "INSERT INTO message (ix, sender, id, digest, urgency, received, place) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id, sender) DO NOTHING",
            params![ix, accepted.from.as_str(), accepted.header.id.bytes(), accepted.body.digest.0, urgency, accepted.received.unix_ms(), NO_PLACE],
        )?;
        if written == 0 {
            return Err(Denied::Contradiction("a known item has the id of a message".to_owned()));
        }
        self.write("INSERT INTO seed (message, file, expected) VALUES (?1, ?2, ?3)", params![ix, one.file, one.expected.word()])?;
        self.keep(ix, &accepted.key(), "", &accepted.body)?;
        self.latest = Some((accepted.key(), Message::seeded(ix, urgency)));
        Ok(ix)
    }

    /// Sees to it that a decision on a known item lets nothing leave, and notes how it ended.
    pub(super) fn decide_seed(&self, message: i64, decision: &Decision) -> Result<(), Denied> {
        match decision.outcome {
            Outcome::Forward => Err(Denied::Contradiction("a known item never leaves".to_owned())),
            Outcome::Quarantine => Ok(()),
            Outcome::Withhold | Outcome::Reject => {
                let code = decision.code.map_or("", Reason::code);
                self.write("UPDATE seed SET code = ?2 WHERE message = ?1", params![message, code]).map(|_| ())
            }
        }
    }
}

impl Views<'_> {
    /// Known items that wait.
    pub(super) fn open_seeds(&self) -> Result<Vec<OpenSeed>, Fault> {
        let sql = "SELECT m.sender, m.id, d.recipient, m.urgency, m.received, s.file, s.message FROM seed s INDEXED BY seed_open
            JOIN message m ON m.ix = s.message JOIN decision d ON d.message = s.message WHERE s.code IS NULL ORDER BY s.message";
        let rows = self.all(sql, &[], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, [u8; 16]>(1)?, row.get::<_, String>(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })?;
        let open = |(sender, id, recipient, urgency, received, file, record): (String, [u8; 16], String, i64, i64, String, i64)| {
            Ok(OpenSeed {
                message: MessageKey { from: name(&sender)?, id: MessageId::from_bytes(id).ok_or_else(|| strange("id"))? },
                record: read_number(record),
                recipient: name(&recipient)?,
                precedence: precedence(urgency)?,
                received: Time::from_unix_ms(received).ok_or_else(|| strange("time"))?,
                file,
            })
        };
        rows.into_iter().map(open).collect()
    }

    pub(super) fn seeds(&self) -> Result<Seeds, Fault> {
        let sql = "SELECT count(*), coalesce(sum(code = ?1), 0) FROM seed WHERE code IS NOT NULL";
        let expired = Reason::ReviewExpired.code();
        let ended = self.all(sql, &[&expired], |row| Ok((read_number(row.get(0)?), read_number(row.get(1)?))))?;
        let (ended, expired) = ended.first().copied().unwrap_or_default();
        Ok(Seeds { open: self.open_seeds()?, decided: ended.saturating_sub(expired), expired })
    }
}

/// The right answer of a row of acts, where there is one.
pub(super) fn answer(file: Option<String>, expected: Option<String>) -> Result<Option<SeedAnswer>, Fault> {
    let Some((file, expected)) = file.zip(expected) else { return Ok(None) };
    let expected = Verdict::named(&expected).ok_or_else(|| strange("verdict"))?;
    Ok(Some(SeedAnswer { file, expected }))
}
