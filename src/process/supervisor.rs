//! The supervisor: starts the processes of a gateway, gives each what it needs and no more, and starts it again when it ends.
//!
//! It reads what operators wrote and nothing that came over a link. It holds no journal and moves no message. Processes start in order (keeper,
//! verifier, inspectors, doors, desk) and stop in the reverse; one that ends is started again after a pause that doubles, and one that does not
//! answer is ended.

use std::os::unix::net::UnixStream as Stream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fault_points;
use super::gateway::check_peers;
use super::keys::{DoorKeys, from_doors, to_doors};
use super::order::{Confinement, DoorRing, Order, Part, Pems, Post, Renewal, Renewed, Ring, Secret, Setup, Word, sent};
use super::world;
use crate::base::{Fault, Name};
use crate::config;
use crate::hop::{HopKey, Party, wire};
use crate::link::Door;
use crate::policy::{Edition, SourceFile};

/// How long a process may take until it is ready: 60 seconds; a rule set with thousands of patterns compiles in a few.
const READY_TIME_MAX: Duration = Duration::from_secs(60);
/// How often a process is asked whether it lives: every 5 seconds.
const PING_TIME: Duration = Duration::from_secs(5);
/// How long a process may take to end in order: 20 seconds; what is under way has 5 of them.
const END_TIME_MAX: Duration = Duration::from_secs(20);
/// The first pause before a process is started again; it doubles with each end, and is this again after a minute of work.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// After so much work an end is not one in a row.
const STEADY: Duration = Duration::from_secs(60);

/// A process as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct Process {
    /// Its name, such as `inspector-1`.
    pub name: String,
    /// Its number in the system; nothing while it is not there.
    pub pid: Option<u32>,
    /// Whether it is ready.
    pub ready: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// Its walls, as it closed them.
    pub walls: serde_json::Value,
}

/// What is said to all who look after a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Work,
    Stop,
}

/// Makes what one process is given, from the plan in force.
type Make = Box<dyn Fn(&Plan) -> Result<Part, Fault> + Send + Sync>;

/// A process that the supervisor looks after.
struct Charge {
    name: String,
    at: usize,
    /// Which others it waits for when the gateway starts: all of a lower rank.
    rank: u8,
    part: Make,
    post: Option<Post>,
}

/// What processes are started from, as it is in force.
struct Plan {
    path: PathBuf,
    text: String,
    config: config::Gateway,
    edition: Arc<Edition>,
    files: Vec<SourceFile>,
    secret: world::HopSecret,
    confinement: Confinement,
}

/// What those who look after processes share.
struct Shared {
    plan: Mutex<Arc<Plan>>,
    table: Mutex<Vec<Process>>,
    ranks: Vec<u8>,
    changed: watch::Sender<u64>,
    /// To the keeper that is ready; nothing while there is none.
    keeper: watch::Sender<Option<mpsc::Sender<Order>>>,
    /// To every process that is there, by its place.
    orders: Mutex<Vec<Option<mpsc::Sender<Order>>>>,
    /// What became of renewals.
    renewed: mpsc::Sender<Option<String>>,
}

/// A gateway of several processes.
pub struct Supervisor {
    shared: Arc<Shared>,
    charges: Vec<Charge>,
    renewals: mpsc::Receiver<Option<String>>,
    listening: mpsc::Receiver<(String, String)>,
    tell: mpsc::Sender<(String, String)>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is wrong with the rule set or the configuration is said before any process is started.
///
/// # Errors
/// Whatever prevents the gateway from starting, with the remedy.
pub fn supervise(path: &Path, text: String, files: Vec<SourceFile>, edition: Arc<Edition>) -> Result<Supervisor, Fault> {
    let config = config::Gateway::of_text(path, &text).map_err(|fault| Fault::new(fault.to_string()))?;
    check_peers(&config, &edition)?;
    config.domains.iter().try_for_each(Door::check)?;
    let confinement = match config.confinement {
        config::Confinement::Full => Confinement::Full,
        config::Confinement::Off => {
            tracing::warn!("CONFINEMENT IS OFF: the processes of this gateway have no walls; for development only");
            Confinement::Off
        }
    };
    let secret = world::HopSecret::read(&config.keys.hops)?;
    let charges = charges(&config);
    let table =
        charges.iter().map(|charge| Process { name: charge.name.clone(), pid: None, ready: false, restarts: 0, walls: serde_json::Value::Null });
    let (renewed, renewals) = mpsc::channel(16);
    let (tell, listening) = mpsc::channel(16);
    let shared = Shared {
        table: Mutex::new(table.collect()),
        ranks: charges.iter().map(|charge| charge.rank).collect(),
        orders: Mutex::new(charges.iter().map(|_| None).collect()),
        plan: Mutex::new(Arc::new(Plan { path: path.to_owned(), text, config, edition, files, secret, confinement })),
        changed: watch::Sender::new(0),
        keeper: watch::Sender::new(None),
        renewed,
    };
    Ok(Supervisor { shared: Arc::new(shared), charges, renewals, listening, tell })
}

/// The processes of a configuration, in the order in which they start.
fn charges(config: &config::Gateway) -> Vec<Charge> {
    let mut all: Vec<(String, Make, Option<Post>)> = vec![
        ("keeper".to_owned(), Box::new(|plan| Ok(Part::Keeper { rules: sent(&plan.files) })), None),
        ("verifier".to_owned(), Box::new(verifier), Some(Post::Verifier)),
        ("inspector-urgent".to_owned(), Box::new(|plan| inspector(plan, true)), Some(Post::Inspector { urgent: true })),
    ];
    for number in 1..=config.inspectors.max(1) {
        all.push((format!("inspector-{number}"), Box::new(|plan| inspector(plan, false)), Some(Post::Inspector { urgent: false })));
    }
    for domain in &config.domains {
        let name = domain.name.clone();
        all.push((format!("door-{name}"), Box::new(move |plan| door(plan, &name)), Some(Post::Door { domain: domain.name.clone() })));
    }
    all.push(("desk".to_owned(), Box::new(|_| Ok(Part::Desk)), Some(Post::Desk)));
    let rank = |post: &Option<Post>| match post {
        None => 0,
        Some(Post::Verifier | Post::Inspector { .. }) => 1,
        Some(Post::Door { .. }) => 2,
        Some(Post::Desk) => 3,
    };
    all.into_iter().enumerate().map(|(at, (name, part, post))| Charge { name, at, rank: rank(&post), part, post }).collect()
}

fn inspector(plan: &Plan, urgent: bool) -> Result<Part, Fault> {
    let secret = plan.secret.bytes();
    Ok(Part::Inspector {
        urgent,
        rules: sent(&plan.files),
        pseudonym: Secret::new(&world::pseudonym_key(&plan.config.keys.pseudonym)?),
        doors: Ring::of(&from_doors(secret, plan.edition.peers.keys(), &Party::Inspector)?),
        verifier: Secret::of(&HopKey::derive(secret, &Party::Inspector, &Party::Verifier)?),
    })
}

fn verifier(plan: &Plan) -> Result<Part, Fault> {
    let secret = plan.secret.bytes();
    Ok(Part::Verifier {
        rules: sent(&plan.files),
        doors: Ring::of(&from_doors(secret, plan.edition.peers.keys(), &Party::Verifier)?),
        permits: Ring::of(&to_doors(secret, plan.edition.peers.keys())?),
        inspector: Secret::of(&HopKey::derive(secret, &Party::Inspector, &Party::Verifier)?),
    })
}

fn door(plan: &Plan, name: &Name) -> Result<Part, Fault> {
    let Renewed { own, keys } = renewed(plan, name)?;
    Ok(Part::Door { domain: name.clone(), own, keys })
}

/// What a door is given: files of its domain, and keys for its own peers.
fn renewed(plan: &Plan, name: &Name) -> Result<Renewed, Fault> {
    let domain = plan.config.domains.iter().find(|domain| domain.name == *name);
    let domain = domain.ok_or_else(|| Fault::new(format!("the configuration has no domain `{name}`")))?;
    let read = |path: &Path| std::fs::read(path).map_err(|cause| Fault::from_cause(format!("`{}` cannot be read", path.display()), cause));
    let revocations = domain.identity.revocations.iter().map(|path| read(path).map(Into::into)).collect::<Result<_, _>>()?;
    let own = Pems {
        anchor: read(&domain.identity.anchor)?.into(),
        certificate: read(&domain.identity.certificate)?.into(),
        key: Secret::new(&zeroize::Zeroizing::new(read(&domain.identity.key)?)),
        revocations,
    };
    let keys = DoorKeys::derive(plan.secret.bytes(), domain.peers.iter().map(|peer| &peer.name))?;
    let keys = DoorRing { inspector: Ring::of(&keys.inspector), verifier: Ring::of(&keys.verifier), permits: Ring::of(&keys.permits) };
    Ok(Renewed { own, keys })
}

impl Supervisor {
    /// Runs the gateway until `stop` completes; `reloads` brings a word for each time that the configuration is to be read again, `listening` is
    /// told of each door that is open.
    ///
    /// # Errors
    /// What made it stop, where that was not `stop`.
    pub async fn run(self, stop: impl Future<Output = ()>, mut reloads: mpsc::Receiver<()>, listening: impl Fn(&str, &str)) -> Result<(), Fault> {
        let Self { shared, charges, mut renewals, listening: mut open, tell } = self;
        let phases: Vec<watch::Sender<Phase>> = charges.iter().map(|_| watch::Sender::new(Phase::Work)).collect();
        let mut tasks = JoinSet::new();
        for (charge, phase) in charges.into_iter().zip(&phases) {
            tasks.spawn(look_after(Arc::clone(&shared), charge, phase.subscribe(), tell.clone()));
        }
        tasks.spawn(tell_desk(Arc::clone(&shared)));
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(()) = reloads.recv() => match shared.reload(&mut renewals).await {
                    Ok(()) => tracing::info!("certificates, revocation lists and peers were read again"),
                    Err(fault) => tracing::error!(%fault, "the old configuration stays in force"),
                },
                Some((name, address)) = open.recv() => listening(&name, &address),
            }
        }
        tracing::info!("stopping");
        // In the reverse of the order of their start, each after the one before it has ended.
        for (at, phase) in phases.iter().enumerate().rev() {
            phase.send_replace(Phase::Stop);
            let ended = async {
                let mut changed = shared.changed.subscribe();
                while lock(&shared.table).get(at).is_some_and(|process| process.pid.is_some()) {
                    if changed.changed().await.is_err() {
                        break;
                    }
                }
            };
            // Whoever looks after it ends it by force before that.
            let _late = tokio::time::timeout(END_TIME_MAX.saturating_add(STOP_GRACE), ended).await;
        }
        tasks.shutdown().await;
        Ok(())
    }

    /// The processes as they are now.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        lock(&self.shared.table).clone()
    }
}

/// What the order to stop may take on its way.
const STOP_GRACE: Duration = Duration::from_secs(2);

impl Shared {
    fn change(&self, at: usize, change: impl FnOnce(&mut Process)) {
        if let Some(process) = lock(&self.table).get_mut(at) {
            change(process);
        }
        self.changed.send_modify(|number| *number = number.saturating_add(1));
    }

    /// Completes when every process of a lower rank is ready.
    async fn ranked(&self, rank: u8) {
        let mut changed = self.changed.subscribe();
        while !lock(&self.table).iter().zip(&self.ranks).all(|(process, other)| *other >= rank || process.ready) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Reads the configuration again, and gives it to keeper and doors.
    async fn reload(&self, renewals: &mut mpsc::Receiver<Option<String>>) -> Result<(), Fault> {
        let present = Arc::clone(&lock(&self.plan));
        let text = std::fs::read_to_string(&present.path).map_err(|cause| Fault::from_cause("the configuration cannot be read", cause))?;
        let config = config::Gateway::of_text(&present.path, &text).map_err(|fault| Fault::new(fault.to_string()))?;
        check_peers(&config, &present.edition)?;
        let places = |config: &config::Gateway| config.domains.iter().map(|domain| (domain.name.clone(), domain.listen)).collect::<Vec<_>>();
        if places(&config) != places(&present.config) {
            return Err(Fault::new("domains or their addresses have changed; restart the gateway for that"));
        }
        config.domains.iter().try_for_each(Door::check)?;
        let plan = Arc::new(Plan {
            path: present.path.clone(),
            text,
            secret: world::HopSecret::read(&config.keys.hops)?,
            config,
            edition: Arc::clone(&present.edition),
            files: present.files.clone(),
            confinement: present.confinement,
        });
        let renewal = |door| Order::Renew(Renewal { path: plan.path.display().to_string(), text: plan.text.clone(), door });
        let mut wanted = Vec::new();
        for (at, process) in lock(&self.table).iter().enumerate() {
            match process.name.strip_prefix("door-").and_then(Name::new) {
                Some(name) => wanted.push((at, renewal(Some(renewed(&plan, &name)?)))),
                None if process.name == "keeper" => wanted.push((at, renewal(None))),
                None => {}
            }
        }
        *lock(&self.plan) = Arc::clone(&plan);
        let mut told = 0_usize;
        for (at, order) in wanted {
            let orders = lock(&self.orders).get(at).cloned().flatten();
            // One that is not there now begins with the new plan.
            if let Some(orders) = orders
                && orders.send(order).await.is_ok()
            {
                told = told.saturating_add(1);
            }
        }
        for _ in 0..told {
            match tokio::time::timeout(END_TIME_MAX, renewals.recv()).await {
                Ok(Some(None)) => {}
                Ok(Some(Some(refused))) => return Err(Fault::new(refused)),
                Ok(None) | Err(_) => return Err(Fault::new("a process does not say whether it took the configuration")),
            }
        }
        Ok(())
    }
}

/// Tells the desk of the processes whenever they change.
async fn tell_desk(shared: Arc<Shared>) {
    let mut changed = shared.changed.subscribe();
    let desk = lock(&shared.table).iter().position(|process| process.name == "desk");
    while changed.changed().await.is_ok() {
        let lines = lock(&shared.table).iter().filter_map(|process| serde_json::to_string(process).ok()).collect();
        let orders = desk.and_then(|at| lock(&shared.orders).get(at).cloned().flatten());
        if let Some(orders) = orders {
            // A desk that is gone is told when it is there again.
            let _ = orders.send(Order::Processes { lines }).await;
        }
    }
}

/// Keeps one process there until it is to stop.
async fn look_after(shared: Arc<Shared>, charge: Charge, mut phase: watch::Receiver<Phase>, tell: mpsc::Sender<(String, String)>) {
    let mut pause = PAUSE_MIN;
    tokio::select! {
        () = shared.ranked(charge.rank) => {}
        () = stopping(&mut phase) => return,
    }
    while *phase.borrow() == Phase::Work {
        let begun = Instant::now();
        if let Err(fault) = run_once(&shared, &charge, &mut phase, &tell).await {
            tracing::error!(process = %charge.name, %fault, "a process ends");
        }
        if let Some(place) = lock(&shared.orders).get_mut(charge.at) {
            *place = None;
        }
        if charge.post.is_none() {
            shared.keeper.send_replace(None);
        }
        shared.change(charge.at, |process| {
            process.pid = None;
            process.ready = false;
            process.restarts = process.restarts.saturating_add(1);
        });
        if *phase.borrow() == Phase::Stop {
            return;
        }
        pause = if begun.elapsed() >= STEADY { PAUSE_MIN } else { pause };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = phase.changed() => {}
        }
        pause = pause.saturating_mul(2).min(PAUSE_MAX);
    }
}

/// Starts a process, gives it what it needs, and stays with it until it ends.
async fn run_once(
    shared: &Arc<Shared>,
    charge: &Charge,
    phase: &mut watch::Receiver<Phase>,
    tell: &mpsc::Sender<(String, String)>,
) -> Result<(), Fault> {
    let plan = Arc::clone(&lock(&shared.plan));
    let token = token()?;
    if let Some(post) = &charge.post {
        announce(shared, phase, token, post).await?;
    }
    let part = (charge.part)(&plan)?;
    let earlier = lock(&shared.table).get(charge.at).map_or(0, |process| process.restarts);
    let (child, stream) = start(&charge.name, earlier)?;
    let control = wire::over::<Order, Word>(stream);
    let setup = Setup {
        path: plan.path.display().to_string(),
        text: plan.text.clone(),
        confinement: plan.confinement,
        socket: plan.config.journal.join(HOPS).display().to_string(),
        token,
        part,
    };
    shared.change(charge.at, |process| process.pid = child.id());
    control.sender.say(Order::Begin(setup)).await.map_err(|_| Fault::new("the process ended before it began"))?;
    // Half as long again as one message may take, for a worker answers between two messages.
    let work_ms_max = u64::from(plan.config.work_ms_max);
    let silence_max = Duration::from_millis(work_ms_max.saturating_add(work_ms_max / 2));
    Watch { shared, charge, child, control, tell, asked: None, ready: None, number: 0, silence_max }.stay(phase).await
}

/// The name of the keeper's socket in the journal's folder.
const HOPS: &str = "hops.sock";

fn token() -> Result<[u8; 32], Fault> {
    let mut token = [0; 32];
    aws_lc_rs::rand::fill(&mut token).map_err(|_| Fault::new("the system gives no randomness"))?;
    Ok(token)
}

/// Completes when a process is to stop, and when nobody is left who could say so.
async fn stopping(phase: &mut watch::Receiver<Phase>) {
    let _phase = phase.wait_for(|phase| *phase == Phase::Stop).await.is_ok();
}

/// Waits for a keeper, and tells it whom to expect.
async fn announce(shared: &Shared, phase: &mut watch::Receiver<Phase>, token: [u8; 32], post: &Post) -> Result<(), Fault> {
    let mut keepers = shared.keeper.subscribe();
    let keeper = tokio::select! {
        found = keepers.wait_for(Option::is_some) => found.ok().and_then(|found| found.clone()),
        () = stopping(phase) => None,
    };
    let Some(keeper) = keeper else { return Err(Fault::new("the gateway stops")) };
    keeper.send(Order::Expect { token, post: post.clone() }).await.map_err(|_| Fault::new("the keeper ended"))
}

/// Starts this very program as a part, with one end of a socket as its standard input and nothing else of ours; `earlier` runs of it have ended.
fn start(name: &str, earlier: u32) -> Result<(Child, UnixStream), Fault> {
    let failed = |cause| Fault::from_cause(format!("the process `{name}` cannot be started"), cause);
    let (near, far) = Stream::pair().map_err(failed)?;
    near.set_nonblocking(true).map_err(failed)?;
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(["run", "--part", name]).stdin(Stdio::from(std::os::fd::OwnedFd::from(far))).stdout(Stdio::null()).stderr(Stdio::inherit());
    command.env_clear().envs(std::env::vars().filter(|(key, _)| KEPT.contains(&key.as_str()))).kill_on_drop(true);
    command.envs(OURS.iter().copied()).envs(fault_points::given(name, earlier)).process_group(0);
    let child = command.spawn().map_err(failed)?;
    Ok((child, UnixStream::from_std(near).map_err(failed)?))
}

/// What a process finds in its environment that was not in ours: memory is claimed as it is used, so that its limit is of what it holds.
const OURS: &[(&str, &str)] = &[("MIMALLOC_ARENA_EAGER_COMMIT", "0")];

/// What of the environment a process is given: what is logged, and how panics are told.
const KEPT: &[&str] = &["VESTIBULE_LOG", "RUST_BACKTRACE", "NO_COLOR"];

/// One process while it is there.
struct Watch<'w> {
    shared: &'w Arc<Shared>,
    charge: &'w Charge,
    child: Child,
    control: wire::Wire<Order, Word>,
    tell: &'w mpsc::Sender<(String, String)>,
    asked: Option<Instant>,
    ready: Option<Instant>,
    number: u64,
    silence_max: Duration,
}

impl Watch<'_> {
    async fn stay(mut self, phase: &mut watch::Receiver<Phase>) -> Result<(), Fault> {
        let begun = Instant::now();
        let (orders, mut waiting) = mpsc::channel::<Order>(16);
        if let Some(place) = lock(&self.shared.orders).get_mut(self.charge.at) {
            *place = Some(orders.clone());
        }
        let mut tick = tokio::time::interval(PING_TIME);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut deaf = false;
        loop {
            tokio::select! {
                ended = self.child.wait() => {
                    let status = ended.map_err(|cause| Fault::from_cause("a process cannot be waited for", cause))?;
                    return if status.success() { Ok(()) } else { Err(Fault::new(format!("it ended with {status}"))) };
                }
                word = self.control.receiver.hear(), if !deaf => match word {
                    Ok(Some(word)) => self.hear(word, &orders).await?,
                    // Its end follows; where it does not, its silence is noticed.
                    Ok(None) => deaf = true,
                    Err(fault) => return Err(fault),
                },
                Some(order) = waiting.recv() => drop(self.control.sender.say(order).await),
                _ = tick.tick() => self.ask(begun).await?,
                () = stopping(phase) => return self.end().await,
            }
        }
    }

    async fn hear(&mut self, word: Word, orders: &mpsc::Sender<Order>) -> Result<(), Fault> {
        match word {
            Word::Ready { walls, listens } => {
                self.ready = Some(Instant::now());
                let walls = walls.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(serde_json::Value::Null);
                self.shared.change(self.charge.at, |process| {
                    process.ready = true;
                    process.walls = walls;
                });
                tracing::info!(process = %self.charge.name, "ready");
                if self.charge.post.is_none() {
                    self.shared.keeper.send_replace(Some(orders.clone()));
                }
                if let Some((name, address)) = self.charge.name.strip_prefix("door-").zip(listens) {
                    // Nobody may be there who wants to know.
                    let _ = self.tell.try_send((name.to_owned(), address));
                }
            }
            Word::Pong { number } if number == self.number => self.asked = None,
            Word::Pong { .. } => {}
            Word::Recovered => tracing::info!("nothing of an earlier run is undecided"),
            Word::Renewed { refused } => drop(self.shared.renewed.send(refused).await),
            Word::Failed { why } => return Err(Fault::new(why)),
        }
        Ok(())
    }

    /// Asks whether it lives; a process that is late is ended by force.
    async fn ask(&mut self, begun: Instant) -> Result<(), Fault> {
        if self.ready.is_none() {
            return match begun.elapsed() > READY_TIME_MAX {
                true => self.kill("it is not ready in time").await,
                false => Ok(()),
            };
        }
        match self.asked {
            Some(asked) if asked.elapsed() > self.silence_max => self.kill("it does not answer").await,
            Some(_) => Ok(()),
            None => {
                self.number = self.number.saturating_add(1);
                self.asked = Some(Instant::now());
                // Fails where it has ended, which is noticed.
                let _ = self.control.sender.say(Order::Ping { number: self.number }).await;
                Ok(())
            }
        }
    }

    async fn kill(&mut self, why: &str) -> Result<(), Fault> {
        let _ended = self.child.kill().await;
        Err(Fault::new(why))
    }

    async fn end(&mut self) -> Result<(), Fault> {
        // Fails where it has ended already.
        let _ = self.control.sender.say(Order::Stop).await;
        match tokio::time::timeout(END_TIME_MAX, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(Fault::new(format!("it ended with {status}"))),
            Ok(Err(cause)) => Err(Fault::from_cause("a process cannot be waited for", cause)),
            Err(_) => self.kill("it did not end in time").await,
        }
    }
}
