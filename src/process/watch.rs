//! The watch over one process: it is started, given what it needs, asked whether it lives, replaced, started again when it ends, and given up.
//!
//! One that ends is started again after a pause that grows. What no further start would mend ends the gateway, with the reason: walls that cannot be
//! closed at once; a process that is never ready, and a keeper that cannot keep what it is given, after a few times.

use std::os::unix::net::UnixStream as Stream;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::fault_points;
use super::order::{Failing, Order, Post, Setup, Word};
use super::plan::Charge;
use super::supervisor::{Phase, Shared, lock};
use crate::base::{Digest, Fault};
use crate::hop::wire;

/// How long a process may take until it is ready: 60 seconds; a rule set with thousands of patterns compiles in a few.
pub(super) const READY_TIME_MAX: Duration = Duration::from_secs(60);
/// How often a process is asked whether it lives: every 5 seconds.
const PING_TIME: Duration = Duration::from_secs(5);
/// How long a process may take to end in order: 20 seconds; what is under way has 5 of them.
pub(super) const END_TIME_MAX: Duration = Duration::from_secs(20);
/// The first pause before a process is started again: 50 milliseconds. It grows by four with each end, so that four pauses are longer than the keeper
/// of an earlier run takes to end; and is this again after a minute of work.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause: 10 seconds.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// After so much work an end is not one in a row: a minute.
const STEADY: Duration = Duration::from_secs(60);
/// Ends after which a process is not started again: 5. Where a process was never ready between them, or a keeper said so often within
/// [`STEADY`] that it cannot keep what it is given, the cause lies in the host (a full disk, a folder that is not ours, a port in use), and starting for ever would hide it.
const ENDS_MAX: usize = 5;

/// The name of the keeper's socket in the journal's folder.
const HOPS: &str = "hops.sock";

/// What a process finds in its environment that was not in ours: memory is claimed as it is used, so that its limit is of what it holds.
const OURS: &[(&str, &str)] = &[("MIMALLOC_ARENA_EAGER_COMMIT", "0")];

/// What of the environment a process is given: what is logged, how and to whom, and how panics are told.
const KEPT: &[&str] = &["VESTIBULE_LOG", "VESTIBULE_LOG_FORMAT", "JOURNAL_STREAM", "RUST_BACKTRACE", "NO_COLOR"];

/// How a process ended.
enum End {
    /// As it was told, or because those whom it works for are gone.
    InOrder,
    /// It made room for one that knows more.
    Replaced,
    /// It failed, and said why.
    Failed(Failing, Fault),
    /// It ended without a word, or was ended by force.
    Silent(Fault),
}

impl End {
    /// At what it failed, and why.
    const fn failure(&self) -> Option<(Failing, &Fault)> {
        match self {
            Self::InOrder | Self::Replaced => None,
            Self::Failed(failing, fault) => Some((*failing, fault)),
            Self::Silent(fault) => Some((Failing::Work, fault)),
        }
    }
}

/// What speaks against starting a process again.
#[derive(Default)]
struct Strikes {
    /// Ends in a row before it was ready.
    unready: usize,
    /// Ends within [`STEADY`] of a keeper that said that it cannot keep what it is given.
    recent: Vec<Instant>,
}

impl Strikes {
    /// Notes an end, and says whether the process is to be given up.
    fn count(&mut self, keeps_not: bool, ready: Option<Instant>, now: Instant) -> bool {
        self.unready = if ready.is_some() { 0 } else { self.unready.saturating_add(1) };
        if keeps_not {
            self.recent.retain(|end| now.duration_since(*end) < STEADY);
            self.recent.push(now);
        }
        self.unready >= ENDS_MAX || self.recent.len() >= ENDS_MAX
    }
}

/// Keeps one process there until it is to stop, or is given up.
pub(super) async fn look_after(shared: Arc<Shared>, charge: Charge, mut phase: watch::Receiver<Phase>, tell: mpsc::Sender<(String, String)>) {
    let (mut pause, mut strikes) = (PAUSE_MIN, Strikes::default());
    tokio::select! {
        () = shared.ranked(charge.rank) => {}
        () = stopping(&mut phase) => return,
    }
    loop {
        let now = *phase.borrow_and_update();
        let round = match now {
            Phase::Work { round } => round,
            Phase::Stop => return,
            // Nobody is left who could say more.
            Phase::Rest if phase.changed().await.is_err() => return,
            Phase::Rest => continue,
        };
        let (begun, keeper) = (Instant::now(), shared.keepers());
        shared.live(charge.at, |life| life.ready = None);
        let end = run_once(&shared, &charge, &mut phase, round, &tell).await;
        let end = end.unwrap_or_else(End::Silent);
        let ready = shared.life(charge.at).and_then(|life| life.ready);
        gone(&shared, &charge, &end);
        if *phase.borrow() == Phase::Stop {
            return;
        }
        if matches!(end, End::Replaced) {
            continue;
        }
        pause = if begun.elapsed() >= STEADY { PAUSE_MIN } else { pause };
        // So long that the end of the keeper, where it is the cause, is known as well.
        if rest(PAUSE_MIN, &mut phase).await == Phase::Stop {
            return;
        }
        if let Some((failing, fault)) = end.failure() {
            // Whoever ends because the keeper did is not to blame.
            let blame = charge.post.is_none() || keeper == shared.keepers();
            // An edition that is only made ready is given up by whoever wants it, and the gateway goes on under the one in force.
            let blame = blame && shared.is_needed(&charge);
            // A keeper that says itself that it cannot keep will say so again; one that was killed may not be.
            let keeps_not = charge.post.is_none() && matches!(end, End::Failed(..));
            if let Some(fault) = given_up(&charge, failing, fault, blame && strikes.count(keeps_not, ready, Instant::now())) {
                // Another may have said why already.
                let _ = shared.hopeless.try_send(fault);
                return;
            }
        }
        if rest(pause.saturating_sub(PAUSE_MIN), &mut phase).await == Phase::Stop {
            return;
        }
        pause = pause.saturating_mul(4).min(PAUSE_MAX);
    }
}

/// Waits for a time, or until the process is to stop.
async fn rest(time: Duration, phase: &mut watch::Receiver<Phase>) -> Phase {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = stopping(phase) => {}
    }
    *phase.borrow()
}

/// Why the gateway cannot go on, where the end of a process means that.
fn given_up(charge: &Charge, failing: Failing, fault: &Fault, out: bool) -> Option<Fault> {
    let name = &charge.name;
    match failing {
        Failing::Walls => {
            Some(Fault::new(format!("the walls of `{name}` cannot be closed, and without them it does not start: {fault}; see `vestibule check`")))
        }
        Failing::Work if out => Some(Fault::new(format!("the process `{name}` ended {ENDS_MAX} times in a row and is not started again: {fault}"))),
        Failing::Work => None,
    }
}

/// Notes that a process is not there any more.
fn gone(shared: &Shared, charge: &Charge, end: &End) {
    if let Some((_, fault)) = end.failure() {
        tracing::error!(process = %charge.name, %fault, "a process ends");
    }
    if let Some(place) = lock(&shared.orders).get_mut(charge.at) {
        *place = None;
    }
    if charge.post.is_none() {
        shared.keeper.send_replace(None);
    }
    shared.live(charge.at, |life| life.ready = None);
    shared.change(charge.at, |process| {
        process.pid = None;
        process.ready = false;
        if !matches!(end, End::Replaced) {
            process.restarts = process.restarts.saturating_add(1);
        }
    });
}

impl Shared {
    /// How many keepers there were before the present one.
    fn keepers(&self) -> u32 {
        lock(&self.table).first().map_or(0, |keeper| keeper.restarts)
    }

    /// Whether every process was ready or answered not long ago.
    pub(super) fn is_awake(&self) -> bool {
        lock(&self.lives).iter().zip(&*lock(&self.table)).all(|(life, process)| process.spare || life.seen.elapsed() <= READY_TIME_MAX)
    }
}

/// Starts a process, gives it what it needs, and stays with it until it ends.
async fn run_once(
    shared: &Arc<Shared>,
    charge: &Charge,
    phase: &mut watch::Receiver<Phase>,
    round: u64,
    tell: &mpsc::Sender<(String, String)>,
) -> Result<End, Fault> {
    let token = token()?;
    if let Some(post) = &charge.post {
        announce(shared, phase, (token, shared.rules_of(charge)?.edition.digest), post).await?;
    }
    let plan = Arc::clone(&lock(&shared.plan));
    let part = (charge.part)(&plan, &*shared.rules_of(charge)?)?;
    let earlier = lock(&shared.table).get(charge.at).map_or(0, |process| process.restarts);
    let (child, mut stream) = start(&charge.name, earlier)?;
    shared.change(charge.at, |process| process.pid = child.id());
    shared.live(charge.at, |life| life.round = round);
    let setup = Setup {
        path: plan.path.display().to_string(),
        text: plan.text.clone(),
        confinement: plan.confinement,
        socket: plan.config.journal.join(HOPS).display().to_string(),
        token,
        part,
    };
    // What it is given holds keys: the frame is wiped, and dropped with the order.
    let begin = Order::Begin(setup);
    match tokio::time::timeout(READY_TIME_MAX, wire::say_secret(&mut stream, &begin)).await {
        Ok(Ok(())) => drop(begin),
        Ok(Err(_)) | Err(_) => return Err(Fault::new("the process ended before it began")),
    }
    let control = wire::over::<Order, Word>(stream);
    // Half as long again as one message may take, for a worker answers between two messages.
    let work_ms_max = u64::from(plan.config.work_ms_max);
    let silence_max = Duration::from_millis(work_ms_max.saturating_add(work_ms_max / 2));
    Ok(Watch { shared, charge, child, control, tell, token, round, asked: None, ready: None, failed: None, leaving: None, number: 0, silence_max }
        .stay(phase)
        .await)
}

fn token() -> Result<[u8; 32], Fault> {
    let mut token = [0; 32];
    aws_lc_rs::rand::fill(&mut token).map_err(|_| Fault::new("the system gives no randomness"))?;
    Ok(token)
}

/// Completes when a process is to stop, and when nobody is left who could say so.
async fn stopping(phase: &mut watch::Receiver<Phase>) {
    let _phase = phase.wait_for(|phase| *phase == Phase::Stop).await.is_ok();
}

/// Completes when a process of this round is to stop, or to make room for one of the next.
async fn leaving(phase: &mut watch::Receiver<Phase>, seen: Phase) -> Phase {
    phase.wait_for(|phase| *phase != seen).await.map_or(Phase::Stop, |phase| *phase)
}

/// Waits for a keeper, and tells it whom to expect.
async fn announce(shared: &Shared, phase: &mut watch::Receiver<Phase>, (token, edition): ([u8; 32], Digest), post: &Post) -> Result<(), Fault> {
    let mut keepers = shared.keeper.subscribe();
    let keeper = tokio::select! {
        found = keepers.wait_for(Option::is_some) => found.ok().and_then(|found| found.clone()),
        () = stopping(phase) => None,
    };
    let Some(keeper) = keeper else { return Err(Fault::new("the gateway stops")) };
    keeper.send(Order::Expect { token, post: post.clone(), edition }).await.map_err(|_| Fault::new("the keeper ended"))
}

/// Starts this very program as a part, with one end of a socket as its standard input and nothing else of ours.
fn start(name: &str, earlier: u32) -> Result<(Child, UnixStream), Fault> {
    let failed = |cause| Fault::from_cause(format!("the process `{name}` cannot be started"), cause);
    let (near, far) = Stream::pair().map_err(failed)?;
    near.set_nonblocking(true).map_err(failed)?;
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(["run", "--part", name]).stdin(Stdio::from(std::os::fd::OwnedFd::from(far))).stdout(Stdio::null()).stderr(Stdio::inherit());
    command.env_clear().envs(std::env::vars().filter(|(key, _)| KEPT.contains(&key.as_str()))).kill_on_drop(true);
    // A group of its own: Ctrl-C at a terminal is for the supervisor, which stops the others in order.
    command.envs(OURS.iter().copied()).envs(fault_points::given(name, earlier)).process_group(0);
    let child = command.spawn().map_err(failed)?;
    Ok((child, UnixStream::from_std(near).map_err(failed)?))
}

/// One process while it is there.
struct Watch<'w> {
    shared: &'w Arc<Shared>,
    charge: &'w Charge,
    child: Child,
    control: wire::Wire<Order, Word>,
    tell: &'w mpsc::Sender<(String, String)>,
    /// What the keeper knows it by.
    token: [u8; 32],
    round: u64,
    asked: Option<Instant>,
    ready: Option<Instant>,
    /// Why it says that it cannot go on.
    failed: Option<(Failing, String)>,
    /// Since when it makes room.
    leaving: Option<Instant>,
    number: u64,
    /// How long it may be silent.
    silence_max: Duration,
}

impl Watch<'_> {
    async fn stay(mut self, phase: &mut watch::Receiver<Phase>) -> End {
        let begun = Instant::now();
        let (orders, mut waiting) = mpsc::channel::<Order>(16);
        if let Some(place) = lock(&self.shared.orders).get_mut(self.charge.at) {
            *place = Some(orders.clone());
        }
        let mut tick = tokio::time::interval(PING_TIME);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut deaf, mut seen) = (false, Phase::Work { round: self.round });
        loop {
            tokio::select! {
                // What it said before it ended is heard first.
                biased;
                word = self.control.receiver.hear(), if !deaf => match word {
                    Ok(Some(word)) => self.hear(word, &orders).await,
                    // Its end follows; where it does not, its silence is noticed.
                    Ok(None) => deaf = true,
                    Err(fault) => return End::Silent(fault),
                },
                ended = self.child.wait() => return self.ended(ended, deaf).await,
                Some(order) = waiting.recv() => drop(self.control.sender.say(order).await),
                left = leaving(phase, seen) => match left {
                    Phase::Stop => return self.end().await,
                    next => {
                        seen = next;
                        self.make_room().await;
                    }
                },
                _ = tick.tick() => if let Err(fault) = self.ask(begun).await {
                    return End::Silent(fault);
                },
            }
        }
    }

    /// Its end, as it says itself where it does.
    async fn ended(&mut self, status: std::io::Result<std::process::ExitStatus>, deaf: bool) -> End {
        while !deaf && let Ok(Some(word)) = self.control.receiver.hear().await {
            if let Word::Failed { failing, why } = word {
                self.failed = Some((failing, why));
            }
        }
        match (status, self.failed.take()) {
            (Ok(status), None) if status.success() => match self.leaving {
                Some(_) => End::Replaced,
                None => End::InOrder,
            },
            (_, Some((failing, why))) => End::Failed(failing, Fault::new(why)),
            (Ok(status), None) => End::Silent(Fault::new(format!("it ended with {status}"))),
            (Err(cause), None) => End::Silent(Fault::from_cause("a process cannot be waited for", cause)),
        }
    }

    /// Has the keeper give it nothing more: it ends by itself when it has answered what it was given.
    async fn make_room(&mut self) {
        self.leaving = Some(Instant::now());
        let keeper = self.shared.keeper.borrow().clone();
        if let Some(keeper) = keeper {
            // Fails where the keeper is gone, and then this process ends by that.
            let _ = keeper.send(Order::Release { token: self.token }).await;
        }
    }

    async fn hear(&mut self, word: Word, orders: &mpsc::Sender<Order>) {
        let now = Instant::now();
        match word {
            Word::Ready { walls, listens } => {
                self.ready = Some(now);
                let walls = walls.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(serde_json::Value::Null);
                self.shared.live(self.charge.at, |life| (life.ready, life.seen) = (Some(now), now));
                if self.charge.post.is_none() {
                    self.shared.keeper.send_replace(Some(orders.clone()));
                }
                self.shared.change(self.charge.at, |process| {
                    process.ready = true;
                    process.walls = walls;
                });
                tracing::info!(process = %self.charge.name, "ready");
                if let Some((name, address)) = self.charge.name.strip_prefix("door-").zip(listens) {
                    // Nobody may be there who wants to know.
                    let _ = self.tell.try_send((name.to_owned(), address));
                }
            }
            Word::Pong { number } => {
                self.shared.live(self.charge.at, |life| life.seen = now);
                if number == self.number {
                    self.asked = None;
                }
            }
            Word::Recovered => tracing::info!("nothing of an earlier run is undecided"),
            // Nobody may wait for it any more.
            Word::Asked { number, line } => drop(self.shared.acts.send((number, line)).await),
            Word::Renewed { refused } => drop(self.shared.renewed.try_send((self.charge.name.clone(), refused))),
            // Its end follows.
            Word::Failed { failing, why } => self.failed = Some((failing, why)),
        }
    }

    /// Asks whether it lives; a process that is late is ended by force.
    async fn ask(&mut self, begun: Instant) -> Result<(), Fault> {
        if self.leaving.is_some_and(|since| since.elapsed() > END_TIME_MAX) {
            return self.kill("it does not make room in time").await;
        }
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

    async fn end(&mut self) -> End {
        // Fails where it has ended already.
        let _ = self.control.sender.say(Order::Stop).await;
        match tokio::time::timeout(END_TIME_MAX, self.child.wait()).await {
            Ok(status) => self.ended(status, false).await,
            Err(_) => self.kill("it did not end in time").await.map_or_else(End::Silent, |()| End::InOrder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_was_never_ready_is_given_up_and_one_that_worked_between_is_not() {
        let (now, mut strikes) = (Instant::now(), Strikes::default());
        let outs: Vec<_> = (0..ENDS_MAX).map(|_| strikes.count(false, None, now)).collect();
        assert_eq!(outs, [false, false, false, false, true]);
        assert!(!(0..100).any(|_| strikes.count(false, Some(now), now)), "a message that ends inspectors must not end the gateway");
    }

    #[test]
    fn a_keeper_that_cannot_keep_five_times_within_a_minute_is_given_up_and_one_that_ends_once_a_minute_is_not() {
        let (now, mut strikes) = (Instant::now(), Strikes::default());
        assert!(!(0..100).any(|minute| strikes.count(true, Some(now), now + STEADY * minute)));
        let last = now + STEADY * 100;
        assert_eq!((0..ENDS_MAX).filter(|_| strikes.count(true, Some(now), last)).count(), 1);
    }
}
