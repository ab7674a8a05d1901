//! A crew: workers behind wires, and what waits for them, the most urgent first.
//!
//! One worker of a crew may be kept for what is urgent, FLASH and IMMEDIATE. The others take what is urgent only where it would wait. A worker that is
//! gone, or takes too long, takes no message with it: what it had is asked once more of another, and then given up, which is a fault and no verdict
//! on the content.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::base::Precedence;
use crate::hop::wire::{Said, Wire};

/// What a worker takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    /// FLASH and IMMEDIATE alone.
    Urgent,
    /// Everything; of what is urgent, what the worker for it cannot take at once.
    Any,
}

impl Duty {
    /// Messages that a worker has at once: while it answers one, the next is on its way. What is urgent waits for nobody.
    const fn window(self) -> usize {
        match self {
            Self::Urgent => 1,
            Self::Any => 2,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// Two workers were lost over it.
    Twice,
    /// The gateway is stopping.
    Stopping,
}

#[derive(Debug)]
struct Job<Q, A> {
    question: Q,
    precedence: Precedence,
    losses: u8,
    answer: oneshot::Sender<Result<A, Lost>>,
}

/// Whether the worker for what is urgent is there, and free.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Post {
    #[default]
    Empty,
    Free,
    Busy,
}

/// Four lanes: FLASH overtakes.
#[derive(Debug)]
struct Lanes<Q, A> {
    lanes: [VecDeque<Job<Q, A>>; Precedence::ALL.len()],
    post: Post,
    closed: bool,
}

/// The lanes of FLASH and IMMEDIATE come first.
const LANES_URGENT: usize = 2;

impl<Q, A> Lanes<Q, A> {
    fn urgent(&mut self) -> Option<Job<Q, A>> {
        self.lanes.iter_mut().take(LANES_URGENT).find_map(VecDeque::pop_front)
    }

    /// Whether what is urgent would wait for the worker that is kept for it.
    fn is_pressed(&self) -> bool {
        let waiting = self.lanes.iter().take(LANES_URGENT).fold(0_usize, |sum, lane| sum.saturating_add(lane.len()));
        waiting > usize::from(self.post == Post::Free)
    }

    fn take(&mut self, duty: Duty) -> Option<Job<Q, A>> {
        match duty {
            Duty::Urgent => self.urgent(),
            Duty::Any if self.is_pressed() => self.urgent(),
            Duty::Any => self.lanes.iter_mut().skip(LANES_URGENT).find_map(VecDeque::pop_front),
        }
    }

    fn is_empty(&self) -> bool {
        self.lanes.iter().all(VecDeque::is_empty)
    }
}

/// The place of a precedence among the lanes, the most urgent first.
fn lane_of(precedence: Precedence) -> usize {
    Precedence::ALL.iter().position(|&one| one == precedence).unwrap_or(0)
}

/// How a crew talks over its wires.
pub(super) struct Talk<Q, A, Out, In> {
    /// A question, with the number that its answer is to name.
    pub(super) say: fn(u64, &Q) -> Out,
    /// An answer, and the number that it names.
    pub(super) heard: fn(In) -> (u64, A),
}

impl<Q, A, Out, In> Clone for Talk<Q, A, Out, In> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q, A, Out, In> Copy for Talk<Q, A, Out, In> {}

/// Workers and what waits for them.
#[derive(Debug)]
pub(super) struct Crew<Q, A> {
    lanes: Mutex<Lanes<Q, A>>,
    waiting: Notify,
    waiting_urgent: Notify,
    work_time_max: Duration,
}

impl<Q, A> Crew<Q, A> {
    /// A crew whose workers may take so long for one message.
    pub(super) fn new(work_time_max: Duration) -> Self {
        let lanes = Lanes { lanes: [VecDeque::new(), VecDeque::new(), VecDeque::new(), VecDeque::new()], post: Post::Empty, closed: false };
        Self { lanes: Mutex::new(lanes), waiting: Notify::new(), waiting_urgent: Notify::new(), work_time_max }
    }

    /// A lock that a panic of another thread does not close: lanes hold whole jobs, so they are never half changed.
    fn lock(&self) -> MutexGuard<'_, Lanes<Q, A>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, precedence: Precedence, question: Q) -> Result<A, Lost> {
        let (answer, wait) = oneshot::channel();
        self.queue(Job { question, precedence, losses: 0, answer });
        wait.await.unwrap_or(Err(Lost::Stopping))
    }

    /// Queues a job; one that was lost goes before all others of its lane. What comes when the crew is closed is let go, which is its answer.
    fn queue(&self, job: Job<Q, A>) {
        let at = lane_of(job.precedence);
        let mut lanes = self.lock();
        if lanes.closed && job.losses == 0 {
            return;
        }
        if let Some(lane) = lanes.lanes.get_mut(at) {
            if job.losses == 0 { lane.push_back(job) } else { lane.push_front(job) }
        }
        let pressed = lanes.is_pressed();
        drop(lanes);
        if at < LANES_URGENT {
            self.waiting_urgent.notify_one();
        }
        if at >= LANES_URGENT || pressed {
            self.waiting.notify_one();
        }
    }

    /// Takes nothing more; what waits is still answered.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.waiting.notify_waiters();
        self.waiting_urgent.notify_waiters();
        // One that is just about to wait finds it noted.
        self.waiting.notify_one();
        self.waiting_urgent.notify_one();
    }

    /// Takes nothing more, and lets go of what waits: whoever asked is told that nobody answers.
    pub(super) fn abandon(&self) {
        self.close();
        let waiting: Vec<Job<Q, A>> = self.lock().lanes.iter_mut().flat_map(|lane| lane.drain(..)).collect();
        drop(waiting);
    }

    fn stand(&self, duty: Duty, post: Post) {
        if duty == Duty::Urgent {
            let mut lanes = self.lock();
            lanes.post = post;
            let pressed = lanes.is_pressed();
            drop(lanes);
            if pressed {
                self.waiting.notify_one();
            }
        }
    }

    fn lost(&self, mut job: Job<Q, A>) {
        job.losses = job.losses.saturating_add(1);
        match job.losses {
            1 => self.queue(job),
            // Who asked may be gone: then nobody waits.
            _ => drop(job.answer.send(Err(Lost::Twice))),
        }
    }

    /// Keeps a worker busy until it is gone, or the crew is closed and nothing waits.
    pub(super) async fn employ<Out: Said, In: Said>(&self, duty: Duty, wire: Wire<Out, In>, talk: Talk<Q, A, Out, In>) {
        self.employ_until(duty, wire, talk, std::future::pending()).await;
    }

    /// The same until `release` completes: then the worker is given nothing more, and let go when it has answered what it was given.
    pub(super) async fn employ_until<Out: Said, In: Said>(
        &self,
        duty: Duty,
        wire: Wire<Out, In>,
        talk: Talk<Q, A, Out, In>,
        release: impl Future<Output = ()>,
    ) {
        let mut bench = Bench { duty, pending: HashMap::new(), number: 0, time_max: self.work_time_max };
        self.stand(duty, Post::Free);
        self.work(&mut bench, wire, talk, release).await;
        self.stand(duty, Post::Empty);
        let mut pending: Vec<_> = bench.pending.into_iter().collect();
        // The last first, so that the first of them comes first again.
        pending.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        for (_, (job, _)) in pending {
            self.lost(job);
        }
    }

    async fn work<Out: Said, In: Said>(
        &self,
        bench: &mut Bench<Q, A>,
        wire: Wire<Out, In>,
        talk: Talk<Q, A, Out, In>,
        release: impl Future<Output = ()>,
    ) {
        let mut release = std::pin::pin!(release);
        let mut stay = Stay::On;
        let Wire { sender, mut receiver } = wire;
        let waiting = if bench.duty == Duty::Urgent { &self.waiting_urgent } else { &self.waiting };
        loop {
            let mut changed = std::pin::pin!(waiting.notified());
            changed.as_mut().enable();
            while stay == Stay::On && bench.pending.len() < bench.duty.window() {
                let Some(job) = self.lock().take(bench.duty) else { break };
                let (number, said) = bench.begin(job, talk);
                self.stand(bench.duty, Post::Busy);
                if sender.say(said).await.is_err() {
                    tracing::error!(number, "a worker is gone");
                    return;
                }
            }
            if bench.pending.is_empty() {
                if stay == Stay::Leaving {
                    return;
                }
                self.stand(bench.duty, Post::Free);
                let lanes = self.lock();
                if lanes.closed && lanes.is_empty() {
                    return;
                }
            }
            let full = bench.pending.len() >= bench.duty.window();
            let late = bench.late();
            tokio::select! {
                heard = receiver.hear() => match heard {
                    Ok(Some(said)) => bench.answer((talk.heard)(said)),
                    Ok(None) => return,
                    Err(fault) => {
                        tracing::error!(%fault, "a worker is let go");
                        return;
                    }
                },
                () = changed, if !full && stay == Stay::On => {}
                () = &mut release, if stay == Stay::On => {
                    stay = Stay::Leaving;
                    self.stand(bench.duty, Post::Busy);
                }
                () = tokio::time::sleep_until(late.unwrap_or_else(Instant::now)), if late.is_some() => {
                    tracing::error!(milliseconds = bench.time_max.as_millis(), "a worker takes too long and is let go");
                    return;
                }
            }
        }
    }
}

/// Whether a worker is given more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stay {
    On,
    Leaving,
}

/// What one worker has before it.
struct Bench<Q, A> {
    duty: Duty,
    pending: HashMap<u64, (Job<Q, A>, Instant)>,
    number: u64,
    time_max: Duration,
}

impl<Q, A> Bench<Q, A> {
    fn begin<Out, In>(&mut self, job: Job<Q, A>, talk: Talk<Q, A, Out, In>) -> (u64, Out) {
        self.number = self.number.saturating_add(1);
        let said = (talk.say)(self.number, &job.question);
        self.pending.insert(self.number, (job, Instant::now()));
        (self.number, said)
    }

    /// An answer to nothing that was asked is nothing.
    fn answer(&mut self, (number, answer): (u64, A)) {
        match self.pending.remove(&number) {
            // Who asked may be gone: then nobody waits.
            Some((job, _)) => drop(job.answer.send(Ok(answer))),
            None => tracing::warn!(number, "a worker answers what it was not asked"),
        }
    }

    /// When the oldest of what is pending is late.
    fn late(&self) -> Option<Instant> {
        self.pending.values().map(|(_, begun)| *begun).min().and_then(|begun| begun.checked_add(self.time_max))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::hop::wire;

    const PATIENCE: Duration = Duration::from_secs(20);

    type Words = Crew<&'static str, String>;

    const TALK: Talk<&'static str, String, (u64, String), (u64, String)> =
        Talk { say: |number, question| (number, (*question).to_owned()), heard: |answer| answer };

    fn job(precedence: Precedence) -> Job<Precedence, ()> {
        Job { question: precedence, precedence, losses: 0, answer: oneshot::channel().0 }
    }

    #[test]
    fn what_is_urgent_has_a_worker_of_its_own_and_more_where_that_one_is_busy() {
        let crew = Crew::<Precedence, ()>::new(PATIENCE);
        let mut lanes = crew.lock();
        lanes.post = Post::Free;
        for precedence in [Precedence::Routine, Precedence::Immediate, Precedence::Flash, Precedence::Priority] {
            lanes.lanes[lane_of(precedence)].push_back(job(precedence));
        }
        let taken = |lanes: &mut Lanes<Precedence, ()>, duty| lanes.take(duty).map(|job| job.question);
        // Two are urgent: one for the worker that is kept for them, one for the others.
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
        lanes.lanes[lane_of(Precedence::Flash)].push_back(job(Precedence::Flash));
        lanes.post = Post::Empty;
        assert_eq!(taken(&mut lanes, Duty::Any), Some(Precedence::Flash), "where nobody is kept for it, everybody takes it");
    }

    async fn echo(mut far: Wire<(u64, String), (u64, String)>) {
        while let Ok(Some((number, text))) = far.receiver.hear().await {
            if far.sender.say((number, text.to_uppercase())).await.is_err() {
                return;
            }
        }
    }

    /// Three questions, asked in this order before anybody works.
    async fn three_asked(crew: &Arc<Words>) -> [tokio::task::JoinHandle<Result<String, Lost>>; 3] {
        let asked = ["a", "b", "c"].map(|word| {
            let crew = Arc::clone(crew);
            tokio::spawn(async move { crew.ask(Precedence::Routine, word).await })
        });
        tokio::task::yield_now().await;
        asked
    }

    /// A worker that is lost over all that it was given.
    async fn lose(mut far: Wire<(u64, String), (u64, String)>) {
        for _ in 0..Duty::Any.window() {
            assert!(far.receiver.hear().await.unwrap().is_some());
        }
    }

    #[tokio::test]
    async fn what_a_worker_takes_with_it_is_asked_of_another_and_then_given_up() {
        let crew = Arc::new(Words::new(PATIENCE));
        let asked = three_asked(&crew).await;
        for _ in 0..2 {
            let (near, far) = wire::here();
            tokio::spawn(lose(far));
            crew.employ(Duty::Any, near, TALK).await;
        }
        let (near, far) = wire::here();
        tokio::spawn(echo(far));
        let last = Arc::clone(&crew);
        tokio::spawn(async move { last.employ(Duty::Any, near, TALK).await });
        let mut answers = Vec::new();
        for one in asked {
            answers.push(one.await.unwrap());
        }
        assert_eq!(answers, [Err(Lost::Twice), Err(Lost::Twice), Ok("C".to_owned())]);
    }

    #[tokio::test]
    async fn a_worker_that_is_released_answers_what_it_has_and_takes_nothing_more() {
        let crew = Arc::new(Words::new(PATIENCE));
        let asked = three_asked(&crew).await;
        let (near, mut far) = wire::here::<(u64, String), (u64, String)>();
        let (release, released) = oneshot::channel::<()>();
        let first = tokio::spawn({
            let crew = Arc::clone(&crew);
            async move { crew.employ_until(Duty::Any, near, TALK, async { drop(released.await) }).await }
        });
        let given = [far.receiver.hear().await.unwrap().unwrap(), far.receiver.hear().await.unwrap().unwrap()];
        release.send(()).unwrap();
        tokio::task::yield_now().await;
        for (number, word) in given {
            far.sender.say((number, word.to_uppercase())).await.unwrap();
        }
        first.await.unwrap();
        assert_eq!(far.receiver.hear().await.unwrap(), None, "nothing more is given, and the wire ends");
        let (near, far) = wire::here();
        tokio::spawn(echo(far));
        tokio::spawn(async move { crew.employ(Duty::Any, near, TALK).await });
        let mut answers = Vec::new();
        for one in asked {
            answers.push(one.await.unwrap());
        }
        assert_eq!(answers, ["A", "B", "C"].map(|word| Ok(word.to_owned())));
    }

    #[tokio::test]
    async fn a_closed_crew_answers_what_waits_and_takes_nothing_more() {
        let crew = Arc::new(Words::new(PATIENCE));
        let waiting = tokio::spawn({
            let crew = Arc::clone(&crew);
            async move { crew.ask(Precedence::Flash, "last").await }
        });
        tokio::task::yield_now().await;
        crew.close();
        assert_eq!(crew.ask(Precedence::Flash, "late").await, Err(Lost::Stopping));
        let (near, far) = wire::here();
        tokio::spawn(echo(far));
        crew.employ(Duty::Any, near, TALK).await;
        assert_eq!(waiting.await.unwrap(), Ok("LAST".to_owned()));
    }

    #[tokio::test]
    async fn a_worker_that_says_nothing_is_let_go_and_its_work_is_done_by_another() {
        let crew = Arc::new(Words::new(Duration::from_millis(20)));
        let asked = tokio::spawn({
            let crew = Arc::clone(&crew);
            async move { crew.ask(Precedence::Routine, "x").await }
        });
        tokio::task::yield_now().await;
        let (near, _silent) = wire::here::<(u64, String), (u64, String)>();
        crew.employ(Duty::Any, near, TALK).await;
        let (near, far) = wire::here();
        tokio::spawn(echo(far));
        let again = Arc::clone(&crew);
        tokio::spawn(async move { again.employ(Duty::Any, near, TALK).await });
        assert_eq!(asked.await.unwrap(), Ok("X".to_owned()));
    }
}
