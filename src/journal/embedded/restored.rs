//! What follows in the store from a journal that was put back from a backup.
//!
//! INVARIANT: after it nothing is due that was due in the backup: what leaves then has a decision that was made after it.

use super::apply::{Applying, OF_OFFICERS, failed};
use super::views::name;
use crate::base::{Outcome, Reason};
use crate::journal::Denied;

impl Applying<'_> {
    /// Holds what was due, and takes consents for used up. Attempts stay: they say that the recipient may have it.
    pub(super) fn restore(&mut self) -> Result<i64, Denied> {
        let due: Vec<(String, String)> = self
            .connection
            .prepare_cached("SELECT m.sender, d.recipient FROM decision d JOIN message m ON m.ix = d.message WHERE d.state = 'due' ORDER BY d.n")
            .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .map_err(failed)?;
        for (sender, recipient) in due {
            self.count(&name(&sender)?, Some(&name(&recipient)?), Outcome::Quarantine.word(), Some(Reason::FaultRestored))?;
        }
        // What was to leave is made anew by the decision that follows a person's word.
        self.write(
            "DELETE FROM content WHERE EXISTS (SELECT 1 FROM decision d WHERE d.message = content.message AND d.recipient = content.recipient AND d.state = 'due')",
            [],
        )?;
        self.write(
            "UPDATE decision SET state = 'held', outcome = ?1, code = ?2 WHERE state = 'due'",
            [Outcome::Quarantine.word(), Reason::FaultRestored.code()],
        )?;
        self.write("UPDATE statement SET used = uses WHERE kind = 'consent'", [])?;
        Ok(OF_OFFICERS)
    }
}
