//! Inspectors: threads that take messages in order of precedence and pass them through the path.
//!
//! One thread is kept for what is urgent, FLASH and IMMEDIATE. The others give way to it, to the link and to the journal: they run with a lower
//! claim to the processor, so that a gateway that is full of ROUTINE has at once what FLASH needs, and takes in no more than it can finish.
//!
//! A thread keeps one scanner for each edition. A panic of the path is a fault, not a verdict on the content: the message is tried once more with
//! a fresh inspector, then held as `fault.internal`, and the others go on.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};
use tokio::sync::oneshot;

use super::world::Secrets;
use crate::base::{Fault, Header, Name, Precedence, Time};
use crate::filter::Waivers;
use crate::pipeline::{Guard, Inspector, Passage, World};

/// What an inspector is asked.
#[derive(Debug)]
pub(super) struct Question {
    /// The sender.
    pub(super) from: Name,
    /// What the sender says.
    pub(super) header: Header,
    /// The body.
    pub(super) body: Arc<[u8]>,
    /// The time of the decision.
    pub(super) now: Time,
    /// What reviewers waived.
    pub(super) waivers: Waivers,
}

/// What an inspector answers: the passage, and the guard under which it was decided.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) passage: Passage,
    pub(super) guard: Arc<Guard>,
}

#[derive(Debug)]
struct Job {
    question: Question,
    answer: oneshot::Sender<Answer>,
}

/// What the threads for PRIORITY and ROUTINE claim of a busy processor: 25 of 100, where others have 50; that is 10 as `nice(1)` counts, and
/// about a tenth of the time that others get.
const CLAIM_UNHURRIED: u8 = 25;

/// What a thread takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    /// FLASH and IMMEDIATE alone.
    Urgent,
    /// Everything; of what is urgent, what the thread for it cannot take at once.
    Any,
}

/// Whether the thread for what is urgent is at work.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Post {
    #[default]
    Free,
    Busy,
}

/// Four lanes: FLASH overtakes.
#[derive(Debug, Default)]
struct Lanes {
    lanes: [VecDeque<Job>; Precedence::ALL.len()],
    post: Post,
    closed: bool,
}

impl Lanes {
    fn urgent(&mut self) -> Option<Job> {
        self.lanes.iter_mut().take(LANES_URGENT).find_map(VecDeque::pop_front)
    }

    /// Whether what is urgent would wait for the thread that is kept for it.
    fn is_pressed(&self) -> bool {
        let waiting = self.lanes.iter().take(LANES_URGENT).fold(0_usize, |sum, lane| sum.saturating_add(lane.len()));
        waiting > usize::from(self.post == Post::Free)
    }

    fn take(&mut self, duty: Duty) -> Option<Job> {
        match duty {
            Duty::Urgent => self.urgent(),
            Duty::Any if self.is_pressed() => self.urgent(),
            Duty::Any => self.lanes.iter_mut().skip(LANES_URGENT).find_map(VecDeque::pop_front),
        }
    }
}

/// The lanes of FLASH and IMMEDIATE come first.
const LANES_URGENT: usize = 2;

#[derive(Debug)]
struct Shared {
    lanes: Mutex<Lanes>,
    waiting: Condvar,
    waiting_urgent: Condvar,
    guard: ArcSwap<Guard>,
    secrets: Arc<Secrets>,
}

/// A number of inspector threads over one queue.
#[derive(Debug)]
pub(super) struct Inspectors {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Inspectors {
    /// Starts `count` threads, and one for what is urgent.
    pub(super) fn start(count: usize, guard: Arc<Guard>, secrets: Arc<Secrets>) -> Result<Self, Fault> {
        let shared = Arc::new(Shared {
            lanes: Mutex::default(),
            waiting: Condvar::new(),
            waiting_urgent: Condvar::new(),
            guard: ArcSwap::new(guard),
            secrets,
        });
        let thread = |(name, duty): (String, Duty)| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(name)
                .spawn(move || inspect(&shared, duty))
                .map_err(|cause| Fault::from_cause("cannot start an inspector thread", cause))
        };
        let unhurried = (0..count.max(1)).map(|number| (format!("inspector-{number}"), Duty::Any));
        let threads = std::iter::once(("inspector-urgent".to_owned(), Duty::Urgent)).chain(unhurried).map(thread).collect::<Result<_, _>>()?;
        Ok(Self { shared, threads: Mutex::new(threads) })
    }

    /// The guard under which the next message is decided.
    pub(super) fn guard(&self) -> Arc<Guard> {
        self.shared.guard.load_full()
    }

    /// Asks, and waits for the answer; `None` while stopping.
    pub(super) async fn ask(&self, question: Question) -> Option<Answer> {
        let (answer, wait) = oneshot::channel();
        let lane = lane_of(question.header.precedence);
        let pressed = {
            let mut lanes = self.shared.lock();
            if lanes.closed {
                return None;
            }
            if let Some(lane) = lanes.lanes.get_mut(lane) {
                lane.push_back(Job { question, answer });
            }
            lanes.is_pressed()
        };
        if lane < LANES_URGENT {
            self.shared.waiting_urgent.notify_one();
        }
        if lane >= LANES_URGENT || pressed {
            self.shared.waiting.notify_one();
        }
        wait.await.ok()
    }

    /// Lets the threads finish what is queued, and waits for them.
    pub(super) fn stop(&self) {
        self.shared.lock().closed = true;
        self.shared.waiting.notify_all();
        self.shared.waiting_urgent.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("an inspector thread ended in a panic");
            }
        }
    }
}

/// The place of a precedence among the lanes, the most urgent first.
fn lane_of(precedence: Precedence) -> usize {
    Precedence::ALL.iter().position(|&one| one == precedence).unwrap_or(0)
}

impl Shared {
    /// A lock that another thread's panic does not close: lanes hold whole jobs, so they are never half changed.
    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The most urgent job of a duty; waits for one; `None` when closed and nothing of it is left.
    fn next(&self, duty: Duty) -> Option<Job> {
        let waiting = if duty == Duty::Urgent { &self.waiting_urgent } else { &self.waiting };
        let mut lanes = self.lock();
        loop {
            if duty == Duty::Urgent {
                lanes.post = Post::Free;
            }
            if let Some(job) = lanes.take(duty) {
                if duty == Duty::Urgent {
                    lanes.post = Post::Busy;
                }
                return Some(job);
            }
            if lanes.closed {
                return None;
            }
            lanes = waiting.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn inspect(shared: &Shared, duty: Duty) {
    if duty == Duty::Any {
        give_way();
    }
    let mut carried = None;
    loop {
        let guard = shared.guard.load_full();
        let mut inspector = Inspector::new(&guard);
        loop {
            let Some(job) = carried.take().or_else(|| shared.next(duty)) else { return };
            if !Arc::ptr_eq(&guard, &shared.guard.load()) {
                carried = Some(job);
                break;
            }
            let passage = decide(&mut inspector, &guard, &shared.secrets, &job.question);
            // A sender that went away does not want the answer: nothing was accepted then.
            let _ = job.answer.send(Answer { passage, guard: Arc::clone(&guard) });
        }
    }
}

/// Lowers this thread's claim to the processor. It is no matter of safety: where the system refuses, FLASH waits longer under load.
fn give_way() {
    let claim = ThreadPriorityValue::try_from(CLAIM_UNHURRIED).map(ThreadPriority::Crossplatform);
    if !claim.is_ok_and(|claim| set_current_thread_priority(claim).is_ok()) {
        tracing::warn!("an inspector keeps its claim to the processor: FLASH may wait longer while ROUTINE saturates");
    }
}

fn decide<'g>(inspector: &mut Inspector<'g>, guard: &'g Guard, secrets: &Secrets, question: &Question) -> Passage {
    let keys = secrets.keys();
    let world = World { now: question.now, keys: &keys, waivers: &question.waivers, signer: secrets.signer() };
    let passed = twice(inspector, || Inspector::new(guard), |inspector| inspector.pass(&question.from, &question.header, &question.body, &world));
    passed.unwrap_or_else(|| {
        tracing::error!(message = %question.header.id, "the path failed twice on a message; it is held");
        faulted(guard, &question.from, &question.header, "the guard failed twice on this message")
    })
}

/// Does something with a worker, and once more with a fresh one if it panics; `None` where it panics again. The worker is then fresh too.
fn twice<W, T>(worker: &mut W, fresh: impl Fn() -> W, work: impl Fn(&mut W) -> T) -> Option<T> {
    for _ in 0..2 {
        if let Ok(done) = catch_unwind(AssertUnwindSafe(|| work(worker))) {
            return Some(done);
        }
        *worker = fresh();
    }
    None
}

/// The passage of a message on which the guard failed: held for all to whom it is addressed.
pub(super) fn faulted(guard: &Guard, from: &Name, header: &Header, what: &str) -> Passage {
    match guard.recipients(from, header, header.sent) {
        Ok(recipients) => Passage::faulted(recipients.into_iter().map(|entry| entry.name.clone()), what),
        // The rule set changed since it was accepted.
        Err(_) => Passage::faulted(header.destinations.iter().cloned(), what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Outcome, Reason};

    /// Work that panics so many times, counted in the worker.
    fn failing(times: u32) -> (Option<u32>, u32) {
        let mut worker = 0;
        let panics = std::cell::Cell::new(0);
        let done = twice(
            &mut worker,
            || 100,
            |worker| {
                *worker = u32::saturating_add(*worker, 1);
                if panics.get() < times {
                    panics.set(panics.get().saturating_add(1));
                    panic!("on purpose");
                }
                *worker
            },
        );
        (done, worker)
    }

    fn job(precedence: Precedence) -> Job {
        let recipe = crate::generate::recipes().into_iter().next().unwrap();
        let (header, body) = crate::generate::message(recipe, 1, Time::EPOCH);
        let header = Header { precedence, ..header };
        let question = Question { from: Name::new("gbr-ops").unwrap(), header, body: body.into(), now: Time::EPOCH, waivers: Waivers::default() };
        Job { question, answer: oneshot::channel().0 }
    }

    #[test]
    fn what_is_urgent_has_a_thread_of_its_own_and_more_where_that_one_is_busy() {
        let mut lanes = Lanes::default();
        for precedence in [Precedence::Routine, Precedence::Immediate, Precedence::Flash, Precedence::Priority] {
            lanes.lanes[lane_of(precedence)].push_back(job(precedence));
        }
        let taken = |lanes: &mut Lanes, duty| lanes.take(duty).map(|job| job.question.header.precedence);
        // Two are urgent: one for the thread that is kept for them, one for the others.
        assert_eq!(taken(&mut lanes, Duty::Any), Some(Precedence::Flash));
        assert_eq!(taken(&mut lanes, Duty::Any), Some(Precedence::Priority));
        lanes.post = Post::Busy;
        assert_eq!(taken(&mut lanes, Duty::Any), Some(Precedence::Immediate));
        assert_eq!(taken(&mut lanes, Duty::Urgent), None);
        assert_eq!(taken(&mut lanes, Duty::Any), Some(Precedence::Routine));
        lanes.lanes[lane_of(Precedence::Flash)].push_back(job(Precedence::Flash));
        lanes.post = Post::Free;
        assert_eq!(taken(&mut lanes, Duty::Any), None);
        assert_eq!(taken(&mut lanes, Duty::Urgent), Some(Precedence::Flash));
    }

    #[test]
    fn a_panic_is_tried_once_more_with_a_fresh_worker_and_then_given_up() {
        assert_eq!(failing(0), (Some(1), 1));
        assert_eq!(failing(1), (Some(101), 101));
        assert_eq!(failing(2), (None, 100));
    }

    #[test]
    fn a_message_on_which_the_guard_failed_is_held_for_all_to_whom_it_was_addressed() {
        let files = crate::policy::read_folder(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/five-eyes"))).unwrap();
        let guard = Guard::load(&files).unwrap();
        let recipe = crate::generate::recipes().into_iter().find(|recipe| recipe.name == "track-five-eyes").unwrap();
        let (header, _) = crate::generate::message(recipe, 1, Time::EPOCH);
        let from = Name::new(recipe.from).unwrap();
        let unknown = Header { destinations: vec![Name::new("atlantis").unwrap()], ..header.clone() };
        for (header, recipients) in [(&header, recipe.expected.len()), (&unknown, 1)] {
            let rulings = faulted(&guard, &from, header, "on purpose").rulings;
            assert_eq!(rulings.len(), recipients);
            assert!(rulings.iter().all(|ruling| ruling.outcome == Outcome::Quarantine && ruling.code == Some(Reason::FaultInternal)), "{rulings:?}");
        }
    }

    #[test]
    fn the_release_build_unwinds_or_a_panic_on_one_message_would_end_the_gateway() {
        assert!(!include_str!("../../Cargo.toml").contains("panic = \"abort\""));
    }
}
