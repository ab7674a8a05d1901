//! The keeper: journal, outbox, quarantine and the order of work. It moves messages between doors, inspectors and the verifier, and can alter none.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{Notify, RwLock, Semaphore};
use tokio::task::JoinSet;

use super::delivery::Lanes;
use super::lane::Lane;
use super::line::{AtDoors, DoorEnd, Line};
use super::looks::Notarial;
use super::seeds::{Draw, Office};
use super::shift::{Shift, Shifts};
use super::statements::Known;
use super::world;
use crate::audit::Notary;
use crate::base::{Fault, Name, Precedence, Reason};
use crate::config;
use crate::control::Credentials;
use crate::hop::Wire;
use crate::hop::message::{FromDoor, ToDoor};
use crate::hop::wire::Receiver;
use crate::journal::{Event, Journal, Operated};
use crate::policy::Edition;

/// Undecided messages read in one go after a restart.
const RESUME_ROWS: u32 = 256;

/// Tasks that are ended together. After their end nothing is taken in.
#[derive(Debug)]
pub(super) struct Tasks {
    set: Mutex<Option<JoinSet<()>>>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { set: Mutex::new(Some(JoinSet::new())) }
    }
}

impl Tasks {
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(set) = &mut *self.set.lock().unwrap_or_else(PoisonError::into_inner) {
            // Finished tasks are let go here, so that the set holds only what runs.
            while set.try_join_next().is_some() {}
            set.spawn(task);
        }
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        set.as_mut().map_or(0, |set| {
            while set.try_join_next().is_some() {}
            set.len()
        })
    }

    /// All tasks; from here on none is taken.
    pub(super) fn take(&self) -> JoinSet<()> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// Refusals by reason, since the keeper started.
#[derive(Debug, Default)]
pub(super) struct Refused {
    counts: Mutex<HashMap<Reason, u64>>,
}

impl Refused {
    pub(super) fn count(&self, reason: Reason) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(reason).or_default();
        *count = count.saturating_add(1);
    }

    /// All of them, by code.
    pub(super) fn now(&self) -> BTreeMap<String, u64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(reason, count)| (reason.code().to_owned(), *count)).collect()
    }
}

/// What all tasks of a keeper share.
pub(super) struct Shared {
    /// As it is in force: a reload replaces it.
    pub(super) config: ArcSwap<config::Gateway>,
    /// The officers' certificates, as their files were when the configuration was read.
    pub(super) credentials: ArcSwap<Credentials>,
    /// The edition in force, as plain data, with those who decide under it.
    pub(super) shifts: Shifts,
    /// The conditions that hold, by name.
    pub(super) conditions: ArcSwap<Vec<(String, String)>>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) lanes: ArcSwap<Lanes>,
    pub(super) undecided: Semaphore,
    pub(super) refused: Refused,
    /// What one part of the gateway held against another, or was lost over, by reason.
    pub(super) alarms: Refused,
    pub(super) at_doors: AtDoors,
    /// Consents and recalls: read while something is decided or leaves, written while a statement is recorded.
    pub(super) statements: RwLock<Known>,
    /// Held while one review is weighed and carried out: two of them never decide on one message at once.
    pub(super) reviewing: tokio::sync::Mutex<()>,
    /// Whether nothing new is taken in, because the gateway is about to stop.
    pub(super) draining: AtomicBool,
    /// What proofs of records are made with; set once, when the gateway starts.
    pub(super) notarial: OnceLock<Notarial>,
    /// A consent has come.
    pub(super) granted: Notify,
    /// What may end by itself when the gateway stops: one for each message.
    pub(super) tasks: Tasks,
    /// What goes on for as long as the gateway runs.
    pub(super) carriers: Tasks,
    /// Known items and the office's key; nothing where the configuration has none.
    pub(super) office: ArcSwapOption<Office>,
    /// When one of them is drawn.
    pub(super) draw: Draw,
    failed: Notify,
    failure: Mutex<Option<String>>,
}

impl Shared {
    /// A keeper over a journal.
    pub(super) fn new(config: config::Gateway, edition: Arc<Edition>, journal: Arc<dyn Journal>) -> Arc<Self> {
        let title = edition.title();
        Self::under(config, (edition, title), journal)
    }

    /// The same under an edition that has a title of its own.
    pub(super) fn under(config: config::Gateway, (edition, title): (Arc<Edition>, String), journal: Arc<dyn Journal>) -> Arc<Self> {
        let work_time_max = Duration::from_millis(config.work_ms_max.into());
        Arc::new(Self {
            shifts: Shifts::new(Shift::new(edition, title, work_time_max)),
            conditions: ArcSwap::default(),
            undecided: Semaphore::new(usize::try_from(config.undecided_messages_max).unwrap_or(Semaphore::MAX_PERMITS)),
            journal,
            lanes: ArcSwap::default(),
            refused: Refused::default(),
            alarms: Refused::default(),
            at_doors: AtDoors::default(),
            statements: RwLock::default(),
            reviewing: tokio::sync::Mutex::default(),
            draining: AtomicBool::new(false),
            notarial: OnceLock::new(),
            granted: Notify::new(),
            tasks: Tasks::default(),
            carriers: Tasks::default(),
            office: ArcSwapOption::default(),
            draw: Draw::default(),
            failed: Notify::new(),
            failure: Mutex::default(),
            config: ArcSwap::from_pointee(config),
            credentials: ArcSwap::default(),
        })
    }

    /// Notes that the gateway cannot go on: it stops, because a guard without a journal does not forward.
    pub(super) fn fail(&self, fault: &Fault) {
        tracing::error!(%fault, "the gateway stops");
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| fault.to_string());
        self.failed.notify_one();
    }

    /// Completes when the gateway cannot go on.
    pub(super) async fn failing(&self) {
        self.failed.notified().await;
    }

    /// Why it could not go on.
    pub(super) fn failure(&self) -> Option<Fault> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take().map(Fault::new)
    }

    /// Begins to deliver to the peers of the configuration that are new. A peer that was taken out has no link any more; its desk stays.
    pub(super) fn take_up(self: &Arc<Self>) {
        let config = self.config.load_full();
        let mut lanes = Lanes::clone(&self.lanes.load());
        let mut new = Vec::new();
        for peer in config.domains.iter().flat_map(|domain| &domain.peers) {
            lanes.entry(peer.name.clone()).or_insert_with(|| {
                let lane = Arc::new(Lane::new());
                new.push((peer, Arc::clone(&lane)));
                lane
            });
        }
        self.lanes.store(Arc::new(lanes));
        for (peer, lane) in new {
            self.carriers.spawn(Arc::clone(self).deliver(peer.name.clone(), lane, peer.limits.streams_max));
        }
    }

    /// Hears a door until it is gone.
    pub(super) async fn hear(self: Arc<Self>, domain: Name, wire: Wire<ToDoor, FromDoor>) {
        let Wire { sender, mut receiver } = wire;
        let end = Arc::new(DoorEnd::new(domain, sender));
        let mut lines = HashMap::new();
        self.hear_all(&end, &mut receiver, &mut lines).await;
        for (_, line) in lines {
            self.unlink(&line);
        }
        end.end();
    }

    async fn hear_all(self: &Arc<Self>, end: &Arc<DoorEnd>, receiver: &mut Receiver<FromDoor>, lines: &mut HashMap<u64, Arc<Line>>) {
        loop {
            let said = match receiver.hear().await {
                Ok(Some(said)) => said,
                Ok(None) => return,
                Err(fault) => {
                    tracing::error!(domain = %end.domain, %fault, "a door is let go");
                    return;
                }
            };
            match said {
                FromDoor::Linked { link, peer, takes, until } => {
                    if let Some(lane) = self.lane(&end.domain, &peer).filter(|_| takes) {
                        let line = Arc::new(Line::new(peer, (link, until), Arc::clone(end)));
                        lane.attach(Arc::clone(&line));
                        lines.insert(link, line);
                    }
                }
                FromDoor::Unlinked { link } => {
                    if let Some(line) = lines.remove(&link) {
                        self.unlink(&line);
                    }
                }
                FromDoor::Received { ask, message } => match self.lane(&end.domain, &message.from) {
                    Some(_) => {
                        let (shared, end) = (Arc::clone(self), Arc::clone(end));
                        self.tasks.spawn(async move { shared.take(&end, ask, message).await });
                    }
                    None => tracing::error!(domain = %end.domain, peer = %message.from, "a door speaks for a peer of another domain"),
                },
                FromDoor::Delivered { ask, fate } => end.settle(ask, fate),
                FromDoor::Refused { counts } => self.at_doors.tell(&end.domain, counts),
            }
        }
    }

    /// The desk of a peer, where it is a peer of this domain.
    fn lane(&self, domain: &Name, peer: &Name) -> Option<Arc<Lane>> {
        self.config.load().peer(peer.as_str()).filter(|(home, _)| home.name == *domain)?;
        self.lanes.load().get(peer).map(Arc::clone)
    }

    fn unlink(&self, line: &Arc<Line>) {
        line.close();
        if let Some(lane) = self.lanes.load().get(&line.peer) {
            lane.detach(line);
        }
    }

    /// What waits for each recipient, and whether it is linked.
    pub(super) fn waiting(&self) -> Vec<(Name, usize, bool)> {
        let mut lanes: Vec<_> = self.lanes.load().iter().map(|(name, lane)| (name.clone(), lane.waiting(), lane.is_linked())).collect();
        lanes.sort();
        lanes
    }

    pub(super) async fn operated(&self, what: &str) -> Result<(), Fault> {
        let event = Operated { who: "gateway".to_owned(), what: what.to_owned(), time: world::now() };
        let appended = self.journal.append(vec![Event::Operated(event)], Precedence::Routine).await;
        appended.map(|_| ()).map_err(|denied| Fault::from_cause("the journal takes no records", denied))
    }

    pub(super) async fn started(&self) -> Result<(), Fault> {
        self.remember().await?;
        let shift = self.shifts.now();
        self.operated(&format!("started under rule set {} ({})", shift.title, shift.edition.digest)).await
    }

    /// Decides what an earlier run accepted and did not decide. What is due is read by each recipient's desk.
    pub(super) async fn recover(&self) -> Result<(), Fault> {
        let acts = self.journal.acts().await?;
        // What was accepted before a backup may have been decided, and have left, after it.
        let restored = acts.iter().rev().find(|entry| matches!(entry.event, Event::Restored(_))).map(|entry| entry.index);
        loop {
            let waiting = self.journal.undecided(RESUME_ROWS).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            tracing::info!(messages = waiting.len(), "deciding messages of an earlier run");
            for message in waiting {
                self.resume(message, restored).await?;
            }
        }
    }
}

/// Signs the tree whenever its interval has passed.
pub(super) async fn sign(shared: Arc<Shared>, notary: Arc<Notary>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Err(fault) = notary.tend(shared.journal.as_ref(), world::now()).await {
            return shared.fail(&fault);
        }
    }
}
