//! The gateway: opens everything, recovers what an earlier run left, carries messages, stops in order.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use super::delivery::{Lanes, STOP_MAX};
use super::inspectors::Inspectors;
use super::label_trust;
use super::lane::Lane;
use super::review::{Ask, Asked};
use super::world::{self, Secrets};
use crate::audit::{Intervals, Notary, SignerKey};
use crate::base::{Complaint, Fault, Name, Reason};
use crate::config;
use crate::journal::embedded::Engine;
use crate::journal::seal::{SealKey, SealRing};
use crate::journal::{Event, Journal, Operated};
use crate::link::{Door, Link};
use crate::pipeline::Guard;
use crate::policy::{self, Bind};

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

    fn take(&self) -> JoinSet<()> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// Refusals at the frame, by reason.
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

    fn now(&self) -> HashMap<Reason, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What all tasks of a gateway share.
pub(super) struct Shared {
    /// As it is in force: a reload replaces it.
    pub(super) config: ArcSwap<config::Gateway>,
    pub(super) inspectors: Inspectors,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) lanes: ArcSwap<Lanes>,
    pub(super) undecided: Semaphore,
    pub(super) refused: Refused,
    /// What may end by itself when the gateway stops: one for each link and each message.
    pub(super) tasks: Tasks,
    /// What goes on for as long as the gateway runs.
    carriers: Tasks,
    failed: Notify,
    failure: Mutex<Option<String>>,
}

impl Shared {
    /// Notes that the gateway cannot go on: it stops, because a guard without a journal does not forward.
    pub(super) fn fail(&self, fault: &Fault) {
        tracing::error!(%fault, "the gateway stops");
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| fault.to_string());
        self.failed.notify_one();
    }
}

/// A running gateway.
pub struct Gateway {
    shared: Arc<Shared>,
    doors: Vec<(Name, Arc<Door>)>,
    notary: Notary,
    path: PathBuf,
}

/// Reads and compiles the rule set of a folder.
///
/// # Errors
/// A fault for a folder that cannot be read; complaints for files at fault.
pub fn load_guard(folder: &Path) -> Result<Result<Guard, Vec<Complaint>>, Fault> {
    policy::read_folder(folder).map(|files| Guard::load(&files))
}

impl Gateway {
    /// Opens journal, keys, rule set and doors, and queues what an earlier run left undone.
    ///
    /// # Errors
    /// Whatever prevents the gateway from starting, with the remedy.
    pub async fn open(path: &Path, config: config::Gateway, guard: Guard) -> Result<Self, Fault> {
        check_peers(&config, &guard)?;
        guard.trust_in_labels(label_trust::read(&config)?);
        let secrets = Arc::new(Secrets::open(&config.keys)?);
        let journal: Arc<dyn Journal> = Arc::new(Engine::open(&config.journal, SealRing::new(SealKey::open(&config.keys.quarantine)?, Vec::new()))?);
        let shared = Arc::new(Shared {
            inspectors: Inspectors::start(usize::from(config.inspectors), Arc::new(guard), secrets)?,
            undecided: Semaphore::new(usize::try_from(config.undecided_messages_max).unwrap_or(Semaphore::MAX_PERMITS)),
            journal,
            lanes: ArcSwap::default(),
            refused: Refused::default(),
            tasks: Tasks::default(),
            carriers: Tasks::default(),
            failed: Notify::new(),
            failure: Mutex::default(),
            config: ArcSwap::from_pointee(config),
        });
        shared.started().await?;
        shared.recover().await?;
        let config = shared.config.load_full();
        let mut doors = Vec::new();
        for domain in &config.domains {
            doors.push((domain.name.clone(), Arc::new(Door::open(domain)?)));
        }
        let notary = Notary::new(SignerKey::open(&config.keys.audit)?, Intervals::default(), &config.journal);
        Ok(Self { shared, doors, notary, path: path.to_owned() })
    }

    /// The doors' addresses by domain, for logs and for tests that let the system choose ports.
    ///
    /// # Errors
    /// When a socket is gone.
    pub fn listening(&self) -> Result<Vec<(Name, std::net::SocketAddr)>, Fault> {
        self.doors.iter().map(|(name, door)| Ok((name.clone(), door.address()?))).collect()
    }

    /// Carries messages until `stop` completes or the gateway cannot go on; then stops in order.
    ///
    /// # Errors
    /// What made it stop, where that was not `stop`.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Fault> {
        let Self { shared, doors, notary, .. } = self;
        for (_, door) in &doors {
            shared.carriers.spawn(accept(Arc::clone(&shared), Arc::clone(door)));
        }
        let notary = Arc::new(notary);
        shared.carriers.spawn(sign(Arc::clone(&shared), Arc::clone(&notary)));
        shared.take_up(&doors);
        tokio::select! {
            () = stop => tracing::info!("stopping"),
            () = shared.failed.notified() => {}
        }
        shared.carriers.take().shutdown().await;
        for (_, door) in &doors {
            // The other sides are told at once; how long they take to say that they heard is theirs.
            let _unheard = tokio::time::timeout(STOP_MAX, door.close()).await;
        }
        let mut tasks = shared.tasks.take();
        // What is under way may end; what does not end in time is undone in the journal and done again after the next start.
        let _late = tokio::time::timeout(STOP_MAX, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.shutdown().await;
        shared.inspectors.stop();
        let failure = shared.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failure {
            Some(what) => Err(Fault::new(what)),
            // A journal at rest ends signed, so that nobody can cut its tail unseen while the gateway is down.
            None => notary.checkpoint(shared.journal.as_ref(), world::now()).await.map(|_signed| ()),
        }
    }

    /// A handle for operators and reviewers.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { shared: Arc::clone(&self.shared), doors: self.doors.clone(), path: self.path.clone() }
    }
}

/// What an operator may ask of a running gateway.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    doors: Vec<(Name, Arc<Door>)>,
    path: PathBuf,
}

impl Handle {
    /// Carries out a review.
    ///
    /// # Errors
    /// When nothing is held under the id, or the journal refuses.
    pub async fn review(&self, ask: &Ask) -> Result<Vec<Asked>, Fault> {
        self.shared.review(ask).await
    }

    /// Reads certificates, revocation lists and peers again. Links stay, but for those of revoked certificates and removed peers.
    ///
    /// # Errors
    /// What is wrong with the configuration; the old one then stays in force.
    pub async fn reload(&self) -> Result<(), Fault> {
        let refused = |fault: Fault| Fault::from_cause("the configuration was not reloaded", fault);
        let config = config::Gateway::read(&self.path).map_err(|unreadable| Fault::from_cause("the configuration was not reloaded", unreadable))?;
        self.acceptable(&config).map_err(refused)?;
        for (name, door) in &self.doors {
            if let Some(domain) = config.domains.iter().find(|domain| domain.name == *name) {
                door.reload(domain).map_err(refused)?;
            }
        }
        self.shared.inspectors.guard().trust_in_labels(label_trust::read(&config)?);
        self.shared.config.store(Arc::new(config));
        self.shared.take_up(&self.doors);
        self.shared.operated("reloaded certificates, revocation lists and peers").await
    }

    /// Everything that could be wrong with one of the domains is found before any of them is changed.
    fn acceptable(&self, config: &config::Gateway) -> Result<(), Fault> {
        check_peers(config, &self.shared.inspectors.guard())?;
        let present = self.shared.config.load();
        let places = |config: &config::Gateway| config.domains.iter().map(|domain| (domain.name.clone(), domain.listen)).collect::<Vec<_>>();
        if places(config) != places(&present) {
            return Err(Fault::new("domains or their addresses have changed; restart the gateway for that"));
        }
        label_trust::read(config)?;
        config.domains.iter().try_for_each(Door::check)
    }

    /// Refusals at the frame and before it, by code, since the gateway started. What is refused after acceptance is in the journal.
    #[must_use]
    pub fn refused(&self) -> BTreeMap<&'static str, u64> {
        let mut refused: BTreeMap<&'static str, u64> = self.shared.refused.now().into_iter().map(|(reason, count)| (reason.code(), count)).collect();
        for (code, count) in self.doors.iter().flat_map(|(_, door)| door.counters().tally().refused) {
            let known = refused.entry(code).or_default();
            *known = known.saturating_add(count);
        }
        refused
    }

    /// What waits for each recipient, and whether it is linked.
    #[must_use]
    pub fn lanes(&self) -> Vec<(Name, usize, bool)> {
        let mut lanes: Vec<_> = self.shared.lanes.load().iter().map(|(name, lane)| (name.clone(), lane.waiting(), lane.is_linked())).collect();
        lanes.sort();
        lanes
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> Arc<dyn Journal> {
        Arc::clone(&self.shared.journal)
    }
}

impl Shared {
    /// Begins to carry to and from the peers of the configuration that are new. A peer that was taken out has no link any more; its desk stays.
    fn take_up(self: &Arc<Self>, doors: &[(Name, Arc<Door>)]) {
        let config = self.config.load_full();
        let mut lanes = Lanes::clone(&self.lanes.load());
        let mut new = Vec::new();
        for (domain, peer) in config.domains.iter().flat_map(|domain| domain.peers.iter().map(move |peer| (domain, peer))) {
            lanes.entry(peer.name.clone()).or_insert_with(|| {
                let lane = Arc::new(Lane::new());
                new.push((domain.name.clone(), peer, Arc::clone(&lane)));
                lane
            });
        }
        self.lanes.store(Arc::new(lanes));
        for (domain, peer, lane) in new {
            self.carriers.spawn(Arc::clone(self).deliver(peer.name.clone(), lane, peer.limits.streams_max));
            if let Some((_, door)) = doors.iter().find(|(name, _)| *name == domain) {
                self.carriers.spawn(dial(Arc::clone(self), Arc::clone(door), peer.name.clone()));
            }
        }
    }

    async fn operated(&self, what: &str) -> Result<(), Fault> {
        let event = Operated { who: "gateway".to_owned(), what: what.to_owned(), time: world::now() };
        let appended = self.journal.append(vec![Event::Operated(event)], crate::base::Precedence::Routine).await;
        appended.map(|_| ()).map_err(|denied| Fault::from_cause("the journal takes no records", denied))
    }

    async fn started(&self) -> Result<(), Fault> {
        let guard = self.inspectors.guard();
        let edition = guard.edition();
        self.operated(&format!("started under rule set {} {} ({})", edition.name, edition.edition, edition.digest)).await
    }

    /// Decides what an earlier run accepted and did not decide. What is due is read by each recipient's desk.
    async fn recover(&self) -> Result<(), Fault> {
        loop {
            let waiting = self.journal.undecided(RESUME_ROWS).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            tracing::info!(messages = waiting.len(), "deciding messages of an earlier run");
            for message in waiting {
                self.resume(message).await?;
            }
        }
    }
}

/// Every configured peer is known to the rule set; a peer that is not would be refused at each message.
fn check_peers(config: &config::Gateway, guard: &Guard) -> Result<(), Fault> {
    if config.home != guard.edition().home {
        return Err(Fault::new(format!("the configuration's home is `{}`, the rule set's `{}`; make them agree", config.home, guard.edition().home)));
    }
    if let Some(peer) = bound_without_key(config, guard) {
        return Err(Fault::new(format!(
            "the rule set binds labels for `{peer}`, and the configuration has no key for that; set `binding_key` and `binding_certificate`"
        )));
    }
    let unknown = config.domains.iter().flat_map(|domain| &domain.peers).find(|peer| !guard.edition().peers.contains_key(&peer.name));
    unknown.map_or(Ok(()), |peer| {
        Err(Fault::new(format!("the rule set has no peer `{}`; add it to peers.toml or take it out of the configuration", peer.name)))
    })
}

/// A peer whose labels the rule set has bound, where the configuration has no key that binds.
#[must_use]
pub fn bound_without_key<'g>(config: &config::Gateway, guard: &'g Guard) -> Option<&'g Name> {
    let mut bound = guard.edition().peers.values().filter(|peer| peer.bind != Bind::Nothing);
    bound.next().filter(|_| config.keys.binding.is_none()).map(|peer| &peer.name)
}

async fn accept(shared: Arc<Shared>, door: Arc<Door>) {
    while let Some(link) = door.next_link().await {
        let shared = Arc::clone(&shared);
        shared.tasks.spawn(carry(Arc::clone(&shared), link));
    }
}

/// Keeps a link to a peer, for as long as the configuration has an address for it.
async fn dial(shared: Arc<Shared>, door: Arc<Door>, peer: Name) {
    const FIRST: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_secs(10);
    let mut pause = FIRST;
    loop {
        let addressed = shared.config.load().peer(peer.as_str()).is_some_and(|(_, peer)| peer.address.is_some());
        match addressed {
            false => pause = MAX,
            true => match door.dial(&peer).await {
                Ok(link) => {
                    pause = FIRST;
                    carry(Arc::clone(&shared), link).await;
                }
                Err(error) => tracing::info!(%peer, %error, "no link yet"),
            },
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(MAX);
    }
}

async fn carry(shared: Arc<Shared>, link: Link) {
    let link = Arc::new(link);
    let Some(lane) = shared.lanes.load().get(link.peer()).map(Arc::clone) else { return };
    tracing::info!(peer = %link.peer(), "linked");
    if link.takes_messages() {
        lane.attach(Arc::clone(&link));
    }
    Arc::clone(&shared).serve(Arc::clone(&link)).await;
    lane.detach(&link);
    tracing::info!(peer = %link.peer(), "link ended");
}

/// Signs the tree whenever its interval has passed.
async fn sign(shared: Arc<Shared>, notary: Arc<Notary>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Err(fault) = notary.tend(shared.journal.as_ref(), world::now()).await {
            return shared.fail(&fault);
        }
    }
}
