//! Inspectors: threads that take messages in order of precedence and pass them through the path.
//!
//! A thread keeps one scanner for each edition. A panic of the path is a fault, not a verdict on the content: the message is tried once more with
//! a fresh inspector, then held as `fault.internal`, and the others go on.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
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

/// Four lanes: FLASH overtakes.
#[derive(Debug, Default)]
struct Lanes {
    lanes: [VecDeque<Job>; Precedence::ALL.len()],
    closed: bool,
}

#[derive(Debug)]
struct Shared {
    lanes: Mutex<Lanes>,
    waiting: Condvar,
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
    /// Starts `count` threads.
    pub(super) fn start(count: usize, guard: Arc<Guard>, secrets: Arc<Secrets>) -> Result<Self, Fault> {
        let shared = Arc::new(Shared { lanes: Mutex::default(), waiting: Condvar::new(), guard: ArcSwap::new(guard), secrets });
        let thread = |number: usize| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(format!("inspector-{number}"))
                .spawn(move || inspect(&shared))
                .map_err(|cause| Fault::from_cause("cannot start an inspector thread", cause))
        };
        let threads = (0..count.max(1)).map(thread).collect::<Result<_, _>>()?;
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
        {
            let mut lanes = self.shared.lock();
            if lanes.closed {
                return None;
            }
            if let Some(lane) = lanes.lanes.get_mut(lane) {
                lane.push_back(Job { question, answer });
            }
        }
        self.shared.waiting.notify_one();
        wait.await.ok()
    }

    /// Lets the threads finish what is queued, and waits for them.
    pub(super) fn stop(&self) {
        self.shared.lock().closed = true;
        self.shared.waiting.notify_all();
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

    /// The most urgent job; waits for one; `None` when closed and empty.
    fn next(&self) -> Option<Job> {
        let mut lanes = self.lock();
        loop {
            if let Some(job) = lanes.lanes.iter_mut().find_map(VecDeque::pop_front) {
                return Some(job);
            }
            if lanes.closed {
                return None;
            }
            lanes = self.waiting.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn inspect(shared: &Shared) {
    let mut carried = None;
    loop {
        let guard = shared.guard.load_full();
        let mut inspector = Inspector::new(&guard);
        loop {
            let Some(job) = carried.take().or_else(|| shared.next()) else { return };
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

fn decide<'g>(inspector: &mut Inspector<'g>, guard: &'g Guard, secrets: &Secrets, question: &Question) -> Passage {
    let keys = secrets.keys();
    let world = World { now: question.now, keys: &keys, waivers: &question.waivers };
    for _ in 0..2 {
        let passed = catch_unwind(AssertUnwindSafe(|| inspector.pass(&question.from, &question.header, &question.body, &world)));
        match passed {
            Ok(passage) => return passage,
            Err(_) => {
                tracing::error!(message = %question.header.id, "the path failed on a message");
                *inspector = Inspector::new(guard);
            }
        }
    }
    let recipients = guard.recipients(&question.from, &question.header).unwrap_or_default();
    Passage::faulted(recipients.into_iter().map(|entry| entry.name.clone()), "the guard failed twice on this message")
}
