//! The keeper's part in what officers do: it stands under the edition that the journal says, records acts, and gives the work to another shift.
//!
//! INVARIANT: nothing takes effect before its record is durable.

use std::sync::Arc;
use std::time::Duration;

use super::keeper::Shared;
use super::order::{File, taken};
use super::part::faulty;
use super::shift::{Shift, let_go};
use crate::base::{Digest, Fault, Precedence};
use crate::control::Standing;
use crate::journal::Event;
use crate::policy;

impl Shared {
    /// Stands where the journal says, and says in the journal what puts the edition in force where that is not there yet.
    ///
    /// # Errors
    /// Another edition is in force by the journal: the supervisor was lost in the middle of a change, and gives the right one next.
    pub(super) async fn stand(&self, founding: Vec<Event>) -> Result<(), Fault> {
        if self.config.load().officers.is_empty() {
            return Ok(());
        }
        let digest = self.shifts.now().edition.digest;
        let acts = self.journal.acts().await?;
        let mut standing = Standing::of(acts.iter().map(|entry| &entry.event));
        let is_in_force = |standing: &Standing| standing.in_force.as_ref().is_some_and(|edict| edict.digest == digest);
        if !is_in_force(&standing) {
            founding.iter().for_each(|act| standing.take(act));
            if !is_in_force(&standing) {
                return Err(Fault::new("by the journal another edition is in force than the one that this process was given"));
            }
            self.append_acts(founding).await?;
        }
        self.conditions.store(Arc::new(standing.values()));
        Ok(())
    }

    async fn append_acts(&self, acts: Vec<Event>) -> Result<(), Fault> {
        let appended = self.journal.append(acts, Precedence::Flash).await;
        appended.map(|_| ()).map_err(|denied| Fault::from_cause("the journal takes no records", denied))
    }

    /// Makes room for the workers of another edition.
    pub(super) fn prepare_shift(&self, rules: Vec<File>, title: String) -> Result<(), Fault> {
        let edition = Arc::new(policy::load(&taken(rules)).map_err(faulty)?);
        let work_time_max = Duration::from_millis(self.config.load().work_ms_max.into());
        self.shifts.prepare(Shift::new(edition, title, work_time_max));
        Ok(())
    }

    /// Records what officers did; then, and only then, it takes effect.
    pub(super) async fn record_acts(self: &Arc<Self>, acts: Vec<Event>, change: Option<Digest>) -> Result<(), Fault> {
        if let Some(digest) = change.filter(|digest| self.shifts.of(*digest).is_none()) {
            return Err(Fault::new(format!("no workers of the edition {digest} were made ready")));
        }
        self.append_acts(acts).await?;
        let acts = self.journal.acts().await?;
        self.conditions.store(Arc::new(Standing::of(acts.iter().map(|entry| &entry.event)).values()));
        if let Some(digest) = change {
            let before = self.shifts.change(digest)?;
            let work_time_max = Duration::from_millis(self.config.load().work_ms_max.into());
            // An inspector and the verifier, each once more where it is lost.
            self.tasks.spawn(let_go(before, work_time_max.saturating_mul(4)));
        }
        Ok(())
    }
}
