//! The keeper's part in what officers do: it stands under the edition that the journal says, records acts, and gives the work to another shift.
//!
//! INVARIANT: nothing takes effect before its record is durable.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::keeper::Shared;
use super::order::{File, OfficeGiven, Order, Renewal, taken};
use super::part::faulty;
use super::shift::{Shift, let_go};
use crate::base::{Digest, Fault, Precedence};
use crate::config;
use crate::control::Standing;
use crate::journal::Event;
use crate::policy;

/// How long what is under way may take to end when the gateway is drained: 10 seconds; then it is stopped as it stands, and goes on after the next start.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(10);
/// How often it is looked at: every 10 milliseconds.
const LOOK: Duration = Duration::from_millis(10);

impl Shared {
    /// Does what the supervisor orders.
    pub(super) async fn obey(self: &Arc<Self>, order: Order) -> Result<(), Fault> {
        match order {
            Order::Renew(renewal) => self.renew(&renewal).await,
            Order::Prepare { rules, title } => self.prepare_shift(rules, title),
            Order::Record { acts, change } => self.record_acts(acts, change).await,
            Order::Drain => self.drain().await,
            _ => Err(Fault::new("the supervisor says to a keeper what is not for keepers")),
        }
    }

    /// Takes a changed configuration.
    async fn renew(self: &Arc<Self>, renewal: &Renewal) -> Result<(), Fault> {
        let config = config::Gateway::of_text(Path::new(&renewal.path), &renewal.text).map_err(|fault| Fault::new(fault.to_string()))?;
        if let Some(credentials) = &renewal.credentials {
            self.credit(credentials.clone().taken());
        }
        self.open_office(renewal.office.as_ref().map(OfficeGiven::office).transpose()?);
        self.config.store(Arc::new(config));
        self.take_up();
        self.operated("reloaded certificates, revocation lists and peers").await
    }

    /// Takes in nothing new from here on; completes when nothing is under way, or when that takes too long.
    async fn drain(&self) -> Result<(), Fault> {
        self.draining.store(true, Ordering::Release);
        self.operated("drains before it stops").await?;
        let quiet = async {
            while self.tasks.running() > 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(DRAIN_TIME_MAX, quiet).await.is_err() {
            tracing::warn!(tasks = self.tasks.running(), "what is under way takes too long, and goes on after the next start");
        }
        Ok(())
    }

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
