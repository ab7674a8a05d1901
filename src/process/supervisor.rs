//! The supervisor: starts the processes of a gateway, gives each what it needs and no more, and starts it again when it ends.
//!
//! It reads what operators wrote and nothing that came over a link. It holds no journal and moves no message. Processes start in order (keeper,
//! verifier, inspectors, doors, desk) and stop in the reverse. A reload that one of them refuses is undone in all. How one process is kept there is
//! in `watch`.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::gateway::check_peers;
use super::order::{Confinement, Order, Renewal};
use super::plan::{Charge, Plan, changed, charges, credentials_given, office, pems, renewed, trusted};
use super::rules::Rules;
use super::watch::{END_TIME_MAX, READY_TIME_MAX, look_after};
use super::{papers, service, world};
use crate::base::{Fault, Name};
use crate::config;
use crate::link::Door;

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
    /// Whether it is a place that is kept free for the workers of the next edition.
    #[serde(skip)]
    pub(super) spare: bool,
}

/// What an operator wants by a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// That the configuration is read again.
    Reload,
    /// That nothing new is taken in, what is under way ends, and the gateway stops.
    Drain,
}

/// What is said to all who look after a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It works. A process of an earlier round is replaced.
    Work { round: u64 },
    /// It ends in order.
    Stop,
    /// It is not there until it is wanted: the place of a worker of another edition.
    Rest,
}

/// The editions of the two shifts: while one works, the other is made ready or rests.
pub(super) struct Board {
    pub(super) rules: [Option<Arc<Rules>>; 2],
    /// Which of the two is in force.
    pub(super) active: usize,
}

/// What is known of a process beside what people see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    /// When it was last ready or answered.
    pub(super) seen: Instant,
    /// Since when the present one is ready.
    pub(super) ready: Option<Instant>,
    /// The round in which the present one was started.
    pub(super) round: u64,
}

/// What those who look after processes share.
pub(super) struct Shared {
    pub(super) plan: Mutex<Arc<Plan>>,
    pub(super) board: Mutex<Board>,
    pub(super) table: Mutex<Vec<Process>>,
    pub(super) lives: Mutex<Vec<Life>>,
    ranks: Vec<u8>,
    /// The shift of each place.
    pub(super) shifts: Vec<Option<usize>>,
    pub(super) changed: watch::Sender<u64>,
    /// To the keeper that is ready; nothing while there is none.
    pub(super) keeper: watch::Sender<Option<mpsc::Sender<Order>>>,
    /// To every process that is there, by its place.
    pub(super) orders: Mutex<Vec<Option<mpsc::Sender<Order>>>>,
    /// What became of renewals, by the name of the process.
    pub(super) renewed: mpsc::Sender<(String, Option<String>)>,
    /// What officers have signed, as the desk was asked to do it.
    pub(super) acts: mpsc::Sender<(u64, String)>,
    /// How often the return from an emergency failed in a row.
    pub(super) returns: Mutex<u32>,
    /// Files that people look at have changed.
    pub(super) papers: Notify,
    /// Nothing is under way any more, and whoever wanted that has been told.
    pub(super) drained: Notify,
    /// Why the gateway cannot go on.
    pub(super) hopeless: mpsc::Sender<Fault>,
}

/// A gateway of several processes.
pub struct Supervisor {
    shared: Arc<Shared>,
    charges: Vec<Charge>,
    renewals: mpsc::Receiver<(String, Option<String>)>,
    acts: mpsc::Receiver<(u64, String)>,
    listening: mpsc::Receiver<(String, String)>,
    tell: mpsc::Sender<(String, String)>,
    end: mpsc::Receiver<Fault>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is wrong with the rule set or the configuration is said before any process is started.
///
/// # Errors
/// Whatever prevents the gateway from starting, with the remedy.
pub fn supervise(path: &Path, text: String, rules: Rules) -> Result<Supervisor, Fault> {
    let config = config::Gateway::of_text(path, &text).map_err(|fault| Fault::new(fault.to_string()))?;
    check_peers(&config, &rules.edition)?;
    config.domains.iter().try_for_each(Door::check)?;
    let confinement = match config.confinement {
        config::Confinement::Full => Confinement::Full,
        config::Confinement::Off => {
            tracing::warn!("CONFINEMENT IS OFF: the processes of this gateway have no walls; for development only");
            Confinement::Off
        }
    };
    let secret = world::HopSecret::read(&config.keys.hops)?;
    let trust = trusted(&config)?;
    let charges = charges(&config);
    let table = charges.iter().map(|charge| Process {
        name: charge.name.clone(),
        pid: None,
        ready: false,
        restarts: 0,
        walls: serde_json::Value::Null,
        spare: charge.shift == Some(1),
    });
    let (renewed, renewals) = mpsc::channel(16);
    let (tell, listening) = mpsc::channel(16);
    let (hopeless, end) = mpsc::channel(1);
    let (asked, acts) = mpsc::channel(16);
    let shared = Shared {
        table: Mutex::new(table.collect()),
        ranks: charges.iter().map(|charge| charge.rank).collect(),
        orders: Mutex::new(charges.iter().map(|_| None).collect()),
        plan: Mutex::new(Arc::new(Plan { path: path.to_owned(), text, config, secret, confinement, trust })),
        board: Mutex::new(Board { rules: [Some(Arc::new(rules)), None], active: 0 }),
        shifts: charges.iter().map(|charge| charge.shift).collect(),
        acts: asked,
        returns: Mutex::new(0),
        lives: Mutex::new(charges.iter().map(|_| Life { seen: Instant::now(), ready: None, round: 0 }).collect()),
        changed: watch::Sender::new(0),
        keeper: watch::Sender::new(None),
        renewed,
        papers: Notify::new(),
        drained: Notify::new(),
        hopeless,
    };
    Ok(Supervisor { shared: Arc::new(shared), charges, renewals, acts, listening, tell, end })
}

impl Supervisor {
    /// Runs the gateway until `stop` completes or it is drained; `wishes` brings what an operator wants by a signal, `listening` is told of each door
    /// that is open.
    ///
    /// # Errors
    /// What made it stop, where that was not `stop`.
    pub async fn run(self, stop: impl Future<Output = ()>, mut wishes: mpsc::Receiver<Wish>, listening: impl Fn(&str, &str)) -> Result<(), Fault> {
        let Self { shared, charges, mut renewals, mut acts, listening: mut open, tell, mut end } = self;
        let begin = |charge: &Charge| if charge.shift == Some(1) { Phase::Rest } else { Phase::Work { round: 0 } };
        let phases: Vec<watch::Sender<Phase>> = charges.iter().map(|charge| watch::Sender::new(begin(charge))).collect();
        let mut tasks = JoinSet::new();
        for (charge, phase) in charges.into_iter().zip(&phases) {
            tasks.spawn(look_after(Arc::clone(&shared), charge, phase.subscribe(), tell.clone()));
        }
        tasks.spawn(tell_desk(Arc::clone(&shared)));
        tasks.spawn(papers::tell(Arc::clone(&shared)));
        tasks.spawn(service::tell(Arc::clone(&shared)));
        tokio::pin!(stop);
        let mut ended = Ok(());
        loop {
            // One thing after the other: a reload and a change of the edition would undo each other.
            let work = async {
                tokio::select! {
                    // Nobody who could ask is no reload.
                    Some(wish) = wishes.recv() => match wish {
                        Wish::Reload => shared.reloaded(&mut renewals, &phases).await,
                        Wish::Drain => shared.drain_by_signal(&mut renewals).await,
                    },
                    Some((number, line)) = acts.recv() => shared.acted(number, &line, (&mut renewals, &phases)).await,
                    due = shared.due() => shared.fall_due(due, (&mut renewals, &phases)).await,
                }
            };
            tokio::pin!(work);
            let stopped = loop {
                tokio::select! {
                    () = &mut stop => break true,
                    () = shared.drained.notified() => {
                        // Who asked for it hears of it before the desk ends.
                        tokio::time::sleep(DRAINED_GRACE).await;
                        break true;
                    }
                    Some(fault) = end.recv() => {
                        ended = Err(fault);
                        break true;
                    }
                    Some((name, address)) = open.recv() => listening(&name, &address),
                    () = &mut work => break false,
                }
            };
            if stopped {
                break;
            }
        }
        service::stopping();
        tracing::info!("stopping");
        // In the reverse of the order of their start, each after the one before it has ended.
        let mut order: Vec<(usize, &watch::Sender<Phase>)> = phases.iter().enumerate().collect();
        order.sort_by_key(|(at, _)| std::cmp::Reverse((shared.ranks.get(*at).copied(), *at)));
        for (at, phase) in order {
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
        ended
    }

    /// The processes as they are now.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        lock(&self.shared.table).iter().filter(|process| !process.spare).cloned().collect()
    }
}

/// How long the answer to whoever drained the gateway may be on its way: 200 milliseconds.
const DRAINED_GRACE: Duration = Duration::from_millis(200);

/// What the order to stop may take on its way.
const STOP_GRACE: Duration = Duration::from_secs(2);

impl Shared {
    pub(super) fn change(&self, at: usize, change: impl FnOnce(&mut Process)) {
        if let Some(process) = lock(&self.table).get_mut(at) {
            change(process);
        }
        self.changed.send_modify(|number| *number = number.saturating_add(1));
    }

    /// Completes when every process of a lower rank is ready.
    pub(super) async fn ranked(&self, rank: u8) {
        let mut changed = self.changed.subscribe();
        while !lock(&self.table).iter().zip(&self.ranks).all(|(process, other)| *other >= rank || process.ready || process.spare) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    pub(super) fn live(&self, at: usize, change: impl FnOnce(&mut Life)) {
        if let Some(life) = lock(&self.lives).get_mut(at) {
            change(life);
        }
    }

    pub(super) fn life(&self, at: usize) -> Option<Life> {
        lock(&self.lives).get(at).copied()
    }

    /// The edition under which a process works.
    pub(super) fn rules_of(&self, charge: &Charge) -> Result<Arc<Rules>, Fault> {
        let board = lock(&self.board);
        let found = board.rules.get(charge.shift.unwrap_or(board.active)).cloned().flatten();
        found.ok_or_else(|| Fault::new(format!("there is no edition for `{}`", charge.name)))
    }

    /// Whether the gateway cannot go on without a process.
    pub(super) fn is_needed(&self, charge: &Charge) -> bool {
        charge.shift.is_none_or(|shift| shift == lock(&self.board).active)
    }

    /// Tells the desk; one that is gone is told when it is there again.
    pub(super) async fn to_desk(&self, order: Order) {
        let desk = lock(&self.table).iter().position(|process| process.name == "desk");
        let orders = desk.and_then(|at| lock(&self.orders).get(at).cloned().flatten());
        if let Some(orders) = orders {
            let _ = orders.send(order).await;
        }
    }

    async fn drain_by_signal(&self, renewals: &mut mpsc::Receiver<(String, Option<String>)>) {
        match self.drain(renewals).await {
            Ok(()) => self.drained.notify_one(),
            Err(fault) => tracing::error!(%fault, "the gateway cannot be drained, and goes on"),
        }
    }

    async fn reloaded(&self, renewals: &mut mpsc::Receiver<(String, Option<String>)>, phases: &[watch::Sender<Phase>]) {
        match self.reload(renewals, phases).await {
            Ok(()) => {
                self.papers.notify_one();
                tracing::info!("certificates, revocation lists, peers, officers and trust in labels were read again");
            }
            Err(fault) => tracing::error!(%fault, "the old configuration stays in force"),
        }
    }

    /// Reads the configuration again, gives it to keeper, doors and desk, and replaces verifier and inspectors where what they trust has changed. Where one
    /// of them refuses, all get the old configuration back.
    async fn reload(&self, renewals: &mut mpsc::Receiver<(String, Option<String>)>, phases: &[watch::Sender<Phase>]) -> Result<(), Fault> {
        let present = Arc::clone(&lock(&self.plan));
        let rules = self.in_force()?;
        let plan = Arc::new(changed(&present, &rules)?);
        // What a reload that was given up left unheard.
        while renewals.try_recv().is_ok() {}
        let orders = self.renewals_of(&plan)?;
        *lock(&self.plan) = Arc::clone(&plan);
        let mut taken = self.renew(orders, renewals).await;
        if taken.is_ok() && plan.trust != present.trust {
            taken = self.replace(phases).await;
        }
        let Err(refused) = taken else { return Ok(()) };
        *lock(&self.plan) = Arc::clone(&present);
        let mut undone = match self.renewals_of(&present) {
            Ok(orders) => self.renew(orders, renewals).await,
            Err(fault) => Err(fault),
        };
        if undone.is_ok() && plan.trust != present.trust {
            undone = self.replace(phases).await;
        }
        Err(Fault::new(match undone {
            Ok(()) => format!("{refused}; every process has the old configuration again, with certificates and lists as their files are now"),
            Err(fault) => format!("{refused}; undoing it failed as well, restart the gateway: {fault}"),
        }))
    }

    /// What keeper, doors and desk are told of a plan, by their places.
    fn renewals_of(&self, plan: &Plan) -> Result<Vec<(usize, Order)>, Fault> {
        let nothing =
            Renewal { path: plan.path.display().to_string(), text: plan.text.clone(), door: None, console: None, office: None, credentials: None };
        let console = plan.config.console.as_ref().map(|console| pems(&console.identity)).transpose()?;
        let mut wanted = Vec::new();
        for (at, process) in lock(&self.table).iter().enumerate() {
            let told = match process.name.strip_prefix("door-").and_then(Name::new) {
                Some(name) => Renewal { door: Some(renewed(plan, &name)?), ..nothing.clone() },
                None if process.name == "keeper" => Renewal { office: office(plan)?, credentials: Some(credentials_given(plan)?), ..nothing.clone() },
                None if process.name == "desk" => Renewal { console: console.clone(), ..nothing.clone() },
                None => continue,
            };
            wanted.push((at, Order::Renew(told)));
        }
        Ok(wanted)
    }

    /// Tells them, and waits until each has said whether it takes it.
    pub(super) async fn renew(&self, wanted: Vec<(usize, Order)>, renewals: &mut mpsc::Receiver<(String, Option<String>)>) -> Result<(), Fault> {
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
        let mut refusals = Vec::new();
        for _ in 0..told {
            match tokio::time::timeout(END_TIME_MAX, renewals.recv()).await {
                Ok(Some((_, None))) => {}
                Ok(Some((name, Some(refused)))) => refusals.push(format!("`{name}` refuses it: {refused}")),
                Ok(None) | Err(_) => refusals.push("a process does not say whether it took the configuration".to_owned()),
            }
        }
        if refusals.is_empty() { Ok(()) } else { Err(Fault::new(refusals.join(", "))) }
    }

    /// Replaces verifier and inspectors, one after the other: each is ready before the next one ends.
    async fn replace(&self, phases: &[watch::Sender<Phase>]) -> Result<(), Fault> {
        let active = lock(&self.board).active;
        for (at, phase) in self.places(phases, active) {
            let round = self.begin(at, phase);
            self.begun(at, round).await?;
        }
        Ok(())
    }

    /// The places of a shift.
    pub(super) fn places<'p>(&self, phases: &'p [watch::Sender<Phase>], shift: usize) -> impl Iterator<Item = (usize, &'p watch::Sender<Phase>)> {
        let own: Vec<usize> = self.shifts.iter().enumerate().filter(|(_, one)| **one == Some(shift)).map(|(at, _)| at).collect();
        own.into_iter().filter_map(|at| phases.get(at).map(|phase| (at, phase)))
    }

    /// Has a process begun, or begun anew; gives the round in which it will be there.
    pub(super) fn begin(&self, at: usize, phase: &watch::Sender<Phase>) -> u64 {
        let last = self.life(at).map_or(0, |life| life.round);
        let mut next = 0;
        phase.send_modify(|phase| {
            next = match *phase {
                Phase::Work { round } => round.max(last).saturating_add(1),
                Phase::Rest | Phase::Stop => last.saturating_add(1),
            };
            if *phase != Phase::Stop {
                *phase = Phase::Work { round: next };
            }
        });
        next
    }

    /// Completes when the process of a round is ready.
    pub(super) async fn begun(&self, at: usize, round: u64) -> Result<(), Fault> {
        let ready = async {
            let mut changed = self.changed.subscribe();
            while !self.life(at).is_some_and(|life| life.round == round && life.ready.is_some()) {
                if changed.changed().await.is_err() {
                    break;
                }
            }
        };
        let name = lock(&self.table).get(at).map(|process| process.name.clone()).unwrap_or_default();
        let late = |_| Fault::new(format!("the new `{name}` is not ready in time"));
        tokio::time::timeout(END_TIME_MAX.saturating_add(READY_TIME_MAX), ready).await.map_err(late)?;
        tracing::info!(process = %name, "replaced");
        Ok(())
    }
}

/// Tells the desk of the processes whenever they change.
async fn tell_desk(shared: Arc<Shared>) {
    let mut changed = shared.changed.subscribe();
    while changed.changed().await.is_ok() {
        let lines = lock(&shared.table).iter().filter(|process| !process.spare).filter_map(|process| serde_json::to_string(process).ok()).collect();
        shared.to_desk(Order::Processes { lines }).await;
    }
}
