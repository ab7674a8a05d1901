//! The gateway in one process: keeper, doors, inspectors and verifier, joined by wires that are channels.
//!
//! Opens everything, recovers what an earlier run left, carries messages, stops in order. The parts are those of a gateway of several processes, and
//! say to each other what they would say over its walls; only the walls are missing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

use super::credentials;
use super::crew::Duty;
use super::decide::{INSPECT, VERIFY};
use super::delivery::STOP_MAX;
use super::door;
use super::inspector;
use super::keeper::{Shared, sign};
use super::keys::{DoorKeys, from_doors, to_doors};
use super::label_trust;
use super::looks::Notarial;
use super::review::{Ask, Asked};
use super::seeds;
use super::verifier;
use super::world::{self, Secrets};
use crate::audit::{Intervals, Notary, SignerKey};
use crate::base::{Complaint, Fault, Name};
use crate::config;
use crate::hop::{HopKey, Party, wire};
use crate::journal::Journal;
use crate::journal::embedded::Engine;
use crate::journal::seal::{SealKey, SealRing};
use crate::label::Signer;
use crate::link::Door;
use crate::pipeline::Guard;
use crate::policy::{self, Bind, Edition};
use crate::verify::BlockedWords;

/// What the threads for PRIORITY and ROUTINE claim of a busy processor: 25 of 100, where others have 50; that is 10 as `nice(1)` counts, and
/// about a tenth of the time that others get.
const CLAIM_UNHURRIED: u8 = 25;

/// A door and what it takes from a reload.
#[derive(Clone)]
struct Opened {
    name: Name,
    door: Arc<Door>,
    state: Arc<ArcSwap<door::State>>,
}

impl Opened {
    fn open(secret: &world::HopSecret, domain: &config::Domain) -> Result<Self, Fault> {
        let state = Arc::new(ArcSwap::from_pointee(state(secret, domain)?));
        Ok(Self { name: domain.name.clone(), door: Arc::new(Door::open(domain)?), state })
    }
}

fn state(secret: &world::HopSecret, domain: &config::Domain) -> Result<door::State, Fault> {
    let keys = DoorKeys::derive(secret.bytes(), domain.peers.iter().map(|peer| &peer.name))?;
    Ok(door::State { domain: domain.clone(), keys })
}

/// A running gateway.
pub struct Gateway {
    shared: Arc<Shared>,
    doors: Vec<Opened>,
    secret: Arc<world::HopSecret>,
    guard: Arc<Guard>,
    threads: Vec<JoinHandle<()>>,
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
    /// Opens journal, keys, rule set and doors, and decides what an earlier run left undecided.
    ///
    /// # Errors
    /// Whatever prevents the gateway from starting, with the remedy.
    pub async fn open(path: &Path, config: config::Gateway, guard: Guard) -> Result<Self, Fault> {
        check_peers(&config, guard.edition())?;
        guard.trust_in_labels(label_trust::read(&config)?);
        let secrets = Arc::new(Secrets::read(&config.keys.pseudonym)?);
        let signer = config.keys.binding.as_ref().map(world::signer).transpose()?;
        let secret = Arc::new(world::HopSecret::read(&config.keys.hops)?);
        let journal: Arc<dyn Journal> = Arc::new(Engine::open(&config.journal, SealRing::new(SealKey::open(&config.keys.quarantine)?, Vec::new()))?);
        let notary = Notary::new(SignerKey::open(&config.keys.audit)?, Intervals::default(), &config.journal);
        let inspectors = usize::from(config.inspectors);
        let shared = Shared::new(config, guard.shared_edition(), journal);
        // It is set here alone, so nothing is there to be kept.
        let _ = shared.notarial.set(Notarial { key: notary.verifier().clone(), folder: shared.config.load().journal.clone() });
        let guard = Arc::new(guard);
        let threads = employ(&shared, &secret, inspectors, &guard, (&secrets, signer))?;
        shared.credit(credentials::read(&shared.config.load())?);
        shared.open_office(seeds::given(&secret, &shared.config.load())?);
        shared.started().await?;
        shared.recover().await?;
        let config = shared.config.load_full();
        let mut doors = Vec::new();
        for domain in &config.domains {
            doors.push(Opened::open(&secret, domain)?);
        }
        Ok(Self { shared, doors, secret, guard, threads, notary, path: path.to_owned() })
    }

    /// The doors' addresses by domain, for logs and for tests that let the system choose ports.
    ///
    /// # Errors
    /// When a socket is gone.
    pub fn listening(&self) -> Result<Vec<(Name, std::net::SocketAddr)>, Fault> {
        self.doors.iter().map(|opened| Ok((opened.name.clone(), opened.door.address()?))).collect()
    }

    /// Carries messages until `stop` completes or the gateway cannot go on; then stops in order.
    ///
    /// # Errors
    /// What made it stop, where that was not `stop`.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Fault> {
        let Self { shared, doors, threads, notary, .. } = self;
        shared.take_up();
        let mut attended = tokio::task::JoinSet::new();
        for Opened { name, door, state } in &doors {
            let (near, far) = wire::here();
            shared.carriers.spawn(Arc::clone(&shared).hear(name.clone(), near));
            attended.spawn(door::attend(Arc::clone(door), Arc::clone(state), far));
        }
        let notary = Arc::new(notary);
        shared.carriers.spawn(sign(Arc::clone(&shared), Arc::clone(&notary)));
        shared.carriers.spawn(Arc::clone(&shared).reconsider_all());
        shared.carriers.spawn(Arc::clone(&shared).expire_all());
        shared.carriers.spawn(Arc::clone(&shared).draw_all());
        tokio::select! {
            () = stop => tracing::info!("stopping"),
            () = shared.failing() => {}
        }
        for Opened { door, .. } in &doors {
            // The other sides are told at once; how long they take to say that they heard is theirs.
            let _unheard = tokio::time::timeout(STOP_MAX, door.close()).await;
        }
        shared.carriers.take().shutdown().await;
        let mut tasks = shared.tasks.take();
        // What is under way may end; what does not end in time is undone in the journal and done again after the next start.
        let _late = tokio::time::timeout(STOP_MAX, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.shutdown().await;
        attended.shutdown().await;
        shared.shifts.now().close();
        for thread in threads {
            // Waited for elsewhere, as this thread carries the wires' ends.
            if tokio::task::spawn_blocking(|| thread.join()).await.is_err() {
                tracing::error!("a thread of the gateway ended in a panic");
            }
        }
        match shared.failure() {
            Some(fault) => Err(fault),
            // A journal at rest ends signed, so that nobody can cut its tail unseen while the gateway is down.
            None => notary.checkpoint(shared.journal.as_ref(), world::now()).await.map(|_signed| ()),
        }
    }

    /// A handle for operators and reviewers.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            shared: Arc::clone(&self.shared),
            doors: self.doors.clone(),
            secret: Arc::clone(&self.secret),
            guard: Arc::clone(&self.guard),
            path: self.path.clone(),
        }
    }
}

/// Starts the threads of inspectors, one of them for what is urgent, and that of the verifier.
fn employ(
    shared: &Arc<Shared>,
    secret: &world::HopSecret,
    inspectors: usize,
    guard: &Arc<Guard>,
    (secrets, signer): (&Arc<Secrets>, Option<Signer>),
) -> Result<Vec<JoinHandle<()>>, Fault> {
    let pair = HopKey::derive(secret.bytes(), &Party::Inspector, &Party::Verifier)?;
    let mut threads = Vec::new();
    let unhurried = (0..inspectors.max(1)).map(|number| (format!("inspector-{number}"), Duty::Any));
    for (name, duty) in std::iter::once(("inspector-urgent".to_owned(), Duty::Urgent)).chain(unhurried) {
        let tools = inspector::Tools {
            guard: Arc::clone(guard),
            secrets: Arc::clone(secrets),
            doors: from_doors(secret.bytes(), guard.edition().peers.keys(), &Party::Inspector)?,
            verifier: pair.clone(),
            office: HopKey::derive(secret.bytes(), &Party::Office, &Party::Inspector)?,
        };
        let (near, far) = wire::here();
        threads.push(thread(name, move |runtime| {
            if duty == Duty::Any {
                give_way();
            }
            runtime.block_on(inspector::attend(&tools, far, || Ok(())))
        })?);
        let shared = Arc::clone(shared);
        tokio::spawn(async move { shared.shifts.now().inspectors.employ(duty, near, INSPECT).await });
    }
    let tools = verifier::Tools {
        blocked_words: BlockedWords::of(&guard.edition().word_lists),
        edition: guard.shared_edition(),
        doors: from_doors(secret.bytes(), guard.edition().peers.keys(), &Party::Verifier)?,
        permits: to_doors(secret.bytes(), guard.edition().peers.keys())?,
        inspector: pair,
        signer,
    };
    let (near, far) = wire::here();
    threads.push(thread("verifier".to_owned(), move |runtime| runtime.block_on(verifier::attend(&tools, far)))?);
    let shared = Arc::clone(shared);
    tokio::spawn(async move { shared.shifts.now().verifiers.employ(Duty::Any, near, VERIFY).await });
    Ok(threads)
}

fn thread(name: String, work: impl FnOnce(&tokio::runtime::Runtime) -> Result<(), Fault> + Send + 'static) -> Result<JoinHandle<()>, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|cause| Fault::from_cause("cannot make a runtime", cause))?;
    let run = move || {
        if let Err(fault) = work(&runtime) {
            tracing::error!(%fault, "a thread of the gateway ends");
        }
    };
    std::thread::Builder::new().name(name).spawn(run).map_err(|cause| Fault::from_cause("cannot start a thread", cause))
}

/// Lowers this thread's claim to the processor. It is no matter of safety: where the system refuses, FLASH waits longer under load.
pub(super) fn give_way() {
    let claim = ThreadPriorityValue::try_from(CLAIM_UNHURRIED).map(ThreadPriority::Crossplatform);
    if !claim.is_ok_and(|claim| set_current_thread_priority(claim).is_ok()) {
        tracing::warn!("an inspector keeps its claim to the processor: FLASH may wait longer while ROUTINE saturates");
    }
}

/// What an operator may ask of a running gateway.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    doors: Vec<Opened>,
    secret: Arc<world::HopSecret>,
    guard: Arc<Guard>,
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

    /// Does what a reviewer has signed.
    ///
    /// # Errors
    /// When the journal cannot be read, or refuses.
    pub async fn note(&self, note: &str) -> Result<crate::control::Response, Fault> {
        self.shared.take_note(note).await
    }

    /// Shows what people at the desk ask for.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn look(&self, query: crate::control::desk::Query) -> Result<crate::control::desk::View, Fault> {
        self.shared.look(query).await
    }

    /// Reads certificates, revocation lists and peers again. Links stay, but for those of revoked certificates and removed peers.
    ///
    /// # Errors
    /// What is wrong with the configuration; the old one then stays in force.
    pub async fn reload(&self) -> Result<(), Fault> {
        let refused = |fault: Fault| Fault::from_cause("the configuration was not reloaded", fault);
        let config = config::Gateway::read(&self.path).map_err(|unreadable| Fault::from_cause("the configuration was not reloaded", unreadable))?;
        self.acceptable(&config).map_err(refused)?;
        for opened in &self.doors {
            if let Some(domain) = config.domains.iter().find(|domain| domain.name == opened.name) {
                opened.door.reload(domain).map_err(refused)?;
                opened.state.store(Arc::new(state(&self.secret, domain).map_err(refused)?));
            }
        }
        let office = seeds::given(&self.secret, &config).map_err(refused)?;
        let credentials = credentials::read(&config).map_err(refused)?;
        self.guard.trust_in_labels(label_trust::read(&config)?);
        self.shared.credit(credentials);
        self.shared.open_office(office);
        self.shared.config.store(Arc::new(config));
        self.shared.take_up();
        self.shared.operated("reloaded certificates, revocation lists and peers").await
    }

    /// Everything that could be wrong with one of the domains is found before any of them is changed.
    fn acceptable(&self, config: &config::Gateway) -> Result<(), Fault> {
        check_peers(config, &self.shared.shifts.now().edition)?;
        let present = self.shared.config.load();
        let places = |config: &config::Gateway| config.domains.iter().map(|domain| (domain.name.clone(), domain.listen)).collect::<Vec<_>>();
        if places(config) != places(&present) {
            return Err(Fault::new("domains or their addresses have changed; restart the gateway for that"));
        }
        label_trust::read(config)?;
        credentials::officers(config)?;
        config.domains.iter().try_for_each(Door::check)
    }

    /// Refusals at the frame and before it, by code, since the gateway started. What is refused after acceptance is in the journal.
    #[must_use]
    pub fn refused(&self) -> BTreeMap<String, u64> {
        let mut refused = self.shared.refused.now();
        for (code, count) in self.doors.iter().flat_map(|opened| opened.door.counters().tally().refused) {
            let known = refused.entry(code.to_owned()).or_default();
            *known = known.saturating_add(count);
        }
        refused
    }

    /// What waits for each recipient, and whether it is linked.
    #[must_use]
    pub fn lanes(&self) -> Vec<(Name, usize, bool)> {
        self.shared.waiting()
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> Arc<dyn Journal> {
        Arc::clone(&self.shared.journal)
    }
}

/// Every configured peer is known to the rule set; a peer that is not would be refused at each message.
pub(super) fn check_peers(config: &config::Gateway, edition: &Edition) -> Result<(), Fault> {
    if config.home != edition.home {
        return Err(Fault::new(format!("the configuration's home is `{}`, the rule set's `{}`; make them agree", config.home, edition.home)));
    }
    if let Some(peer) = bound_without_key(config, edition) {
        return Err(Fault::new(format!(
            "the rule set binds labels for `{peer}`, and the configuration has no key for that; set `binding_key` and `binding_certificate`"
        )));
    }
    let unknown = config.domains.iter().flat_map(|domain| &domain.peers).find(|peer| !edition.peers.contains_key(&peer.name));
    unknown.map_or(Ok(()), |peer| {
        Err(Fault::new(format!("the rule set has no peer `{}`; add it to peers.toml or take it out of the configuration", peer.name)))
    })
}

/// A peer whose labels the rule set has bound, where the configuration has no key that binds.
#[must_use]
pub fn bound_without_key<'g>(config: &config::Gateway, edition: &'g Edition) -> Option<&'g Name> {
    let mut bound = edition.peers.values().filter(|peer| peer.bind != Bind::Nothing);
    bound.next().filter(|_| config.keys.binding.is_none()).map(|peer| &peer.name)
}
