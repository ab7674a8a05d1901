//! The one thread that writes: it takes what waits, in one commit, and then answers all.
//!
//! Two lanes: FLASH is taken first, and beside FLASH only a small part of the rest, so that its commit is short. FLASH that arrives while
//! a batch is written ends the batch: what is written is committed, the rest of the batch goes back to the front of its lane.
//! The queue is bounded in number and bytes; beyond that an append is refused at once with `size.busy`.
//! After a failed write or sync nothing more is written: what the disk holds is then known only after a restart.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::FaultPoint;
use super::apply::{Applied, Applying, checkpoint_state, failed};
use super::tally::Tallies;
use crate::base::{Fault, Precedence, Reason, Refusal, Time};
use crate::journal::merkle::Frontier;
use crate::journal::seal::SealRing;
use crate::journal::{Appended, Denied, Event, Head};

/// Appends that may wait: 4096, some seconds of work.
pub(super) const JOBS_MAX: usize = 4096;
/// Bytes of content that may wait: 64 MiB, four of the largest messages.
pub(super) const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Appends in one commit: 64, whose writing takes about as long as their sync. With more, all that is in flight waits for one commit and then
/// asks for the next one together, while cores stand idle.
const BATCH_JOBS: usize = 64;
/// Other appends in a commit that holds FLASH: 16.
const BATCH_JOBS_BESIDE_FLASH: usize = 16;
/// Time for which a commit waits for company, under load only: 2 ms, less than a sync takes on a disk.
const LINGER: Duration = Duration::from_millis(2);
/// Contents dropped in one commit: 1000, so that dropping does not hold up messages for long.
const DROPPED_MAX: i64 = 1000;

type Answer = Result<Appended, Denied>;

/// Work for the writer.
pub(super) enum Job {
    /// Events to append.
    Append(Vec<Event>, oneshot::Sender<Answer>),
    /// Contents to drop.
    Drop(Time, oneshot::Sender<Result<u64, Fault>>),
}

#[derive(Default)]
struct Waiting {
    flash: VecDeque<Job>,
    other: VecDeque<Job>,
    bytes: u64,
    closed: bool,
}

/// The queue between callers and the writer.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues work.
    pub(super) fn push(&self, job: Job, precedence: Precedence) -> Result<(), Denied> {
        let bytes = job.bytes();
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(stopped().into());
        }
        let jobs = waiting.flash.len().saturating_add(waiting.other.len());
        let bytes_after = waiting.bytes.saturating_add(bytes);
        // A single append beyond the bound passes while nothing waits: formats bound it already.
        if jobs >= JOBS_MAX || (bytes_after > BYTES_MAX && jobs > 0) {
            return Err(Refusal::new(Reason::SizeBusy, format!("{jobs} appends of {} bytes wait for the disk", waiting.bytes)).into());
        }
        waiting.bytes = bytes_after;
        match precedence {
            Precedence::Flash => waiting.flash.push_back(job),
            _ => waiting.other.push_back(job),
        }
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes nothing more; what waits is still written.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Whether FLASH waits.
    fn is_pressed(&self) -> bool {
        !self.lock().flash.is_empty()
    }

    /// Puts work that is not begun back before all other of its lane, in its order.
    fn put_back(&self, jobs: impl DoubleEndedIterator<Item = Job>) {
        let mut waiting = self.lock();
        for job in jobs.rev() {
            waiting.bytes = waiting.bytes.saturating_add(job.bytes());
            waiting.other.push_front(job);
        }
    }

    /// The next batch; `None` when closed and empty.
    fn take(&self, last_batch: usize) -> Option<Batch> {
        let mut waiting = self.lock();
        while waiting.flash.is_empty() && waiting.other.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now().checked_add(LINGER);
        // Callers of the last batch were answered a moment ago and are about to come again: one commit for all of them.
        while last_batch > 1 && waiting.flash.is_empty() && waiting.other.len() < last_batch.min(BATCH_JOBS) && !waiting.closed {
            let left = until.and_then(|until| until.checked_duration_since(Instant::now())).filter(|left| !left.is_zero());
            let Some(left) = left else { break };
            waiting = self.arrived.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let flash = waiting.flash.len().min(BATCH_JOBS);
        let other = waiting.other.len().min(if flash == 0 { BATCH_JOBS } else { BATCH_JOBS_BESIDE_FLASH });
        let mut jobs: Vec<Job> = waiting.flash.drain(..flash).collect();
        jobs.extend(waiting.other.drain(..other));
        let taken = jobs.iter().fold(0_u64, |sum, job| sum.saturating_add(job.bytes()));
        waiting.bytes = waiting.bytes.saturating_sub(taken);
        Some(Batch { jobs, flash })
    }
}

/// Work for one commit: FLASH first.
struct Batch {
    jobs: Vec<Job>,
    flash: usize,
}

impl Job {
    fn bytes(&self) -> u64 {
        match self {
            Self::Append(events, _) => events.iter().fold(0, |sum, event| sum.saturating_add(event.content_bytes())),
            Self::Drop(..) => 0,
        }
    }

    /// Tells the outcome.
    fn answer(self, outcome: Outcome) {
        match (self, outcome) {
            (Self::Append(_, answer), Outcome::Append(outcome)) => drop(answer.send(outcome)),
            (Self::Drop(_, answer), Outcome::Drop(count)) => drop(answer.send(Ok(count))),
            // INVARIANT: an outcome is made from its own job.
            (job, _) => job.fail(stopped()),
        }
    }

    fn fail(self, fault: Fault) {
        // A caller that went away wants no answer.
        match self {
            Self::Append(_, answer) => drop(answer.send(Err(fault.into()))),
            Self::Drop(_, answer) => drop(answer.send(Err(fault))),
        }
    }
}

/// What a stopped journal says.
pub(super) fn stopped() -> Fault {
    Fault::new("the journal takes nothing more, because it was closed or a write failed; check the disk, then restart the gateway")
}

/// The state of the thread that writes.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) ring: Arc<SealRing>,
    pub(super) frontier: Frontier,
    pub(super) tallies: Tallies,
    pub(super) queue: Arc<Queue>,
    pub(super) head: Arc<Mutex<Head>>,
    pub(super) faults: FaultPoint,
}

/// However the thread ends, nobody waits for it in vain.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
        while let Some(batch) = self.0.take(0) {
            batch.jobs.into_iter().for_each(|job| job.fail(stopped()));
        }
    }
}

/// What became of a job of the batch.
enum Outcome {
    Append(Answer),
    Drop(u64),
}

/// How much of a batch is taken back where one append of it is denied or repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// All of it: then it is written once more, append by append. Nearly every batch holds nothing of the kind, and a savepoint for each append
    /// costs a copy of every page that it touches.
    Batch,
    /// That append alone.
    Append,
}

/// How an attempt to write a batch ended.
enum Attempt {
    /// Committed.
    Durable,
    /// Not committed: an append was denied or repeated, and what it had written cannot be told from the rest.
    Mixed,
}

impl Writer {
    /// Writes until the queue is closed, or a write fails.
    pub(super) fn run(mut self) {
        let _closing = Closing(Arc::clone(&self.queue));
        let mut last_batch = 0;
        while let Some(batch) = self.queue.take(last_batch) {
            last_batch = batch.jobs.len();
            if let Err(fault) = self.commit(batch) {
                tracing::error!(fault = %fault, "the journal stops");
                return;
            }
        }
    }

    fn commit(&mut self, batch: Batch) -> Result<(), Fault> {
        let before = self.frontier.clone();
        // So many are written whatever arrives, so that FLASH without end does not stop the others.
        let least = batch.flash.saturating_add(BATCH_JOBS_BESIDE_FLASH);
        let (mut waiting, mut done) = (VecDeque::from(batch.jobs), Vec::new());
        let mut attempt = self.attempt(&mut waiting, &mut done, least, Care::Batch);
        if matches!(attempt, Ok(Attempt::Mixed)) {
            done.drain(..).rev().for_each(|(job, _)| waiting.push_front(job));
            self.frontier.clone_from(&before);
            self.tallies.forget();
            attempt = self.execute("ROLLBACK").and_then(|()| self.attempt(&mut waiting, &mut done, least, Care::Append));
        }
        let Err(fault) = attempt else {
            self.queue.put_back(waiting.into_iter());
            self.publish_head()?;
            done.into_iter().for_each(|(job, outcome)| job.answer(outcome));
            return Ok(());
        };
        // After this the connection is dropped; a failed rollback changes nothing.
        let _ = self.connection.execute_batch("ROLLBACK");
        self.frontier = before;
        // A refusal or contradiction may rest on what this batch wrote and the disk did not keep: it is not an answer either.
        done.into_iter().for_each(|(job, _)| job.fail(Fault::new(fault.what.clone())));
        waiting.into_iter().for_each(|job| job.fail(stopped()));
        Err(fault)
    }

    /// Writes what waits, until FLASH presses; what was taken and what became of it stands in `done`, also where the attempt fails.
    fn attempt(&mut self, waiting: &mut VecDeque<Job>, done: &mut Vec<(Job, Outcome)>, least: usize, care: Care) -> Result<Attempt, Fault> {
        self.execute("BEGIN IMMEDIATE")?;
        while done.len() < least || !self.queue.is_pressed() {
            let Some(job) = waiting.pop_front() else { break };
            let outcome = match &job {
                Job::Append(events, _) => match care {
                    Care::Batch => self.append_each(events),
                    Care::Append => self.append(events),
                }
                .map(Outcome::Append),
                Job::Drop(before, _) => self.drop_contents(*before).map(Outcome::Drop),
            };
            match outcome {
                Ok(outcome) => {
                    let kept = matches!(outcome, Outcome::Append(Ok(Appended::Kept { .. })) | Outcome::Drop(_));
                    done.push((job, outcome));
                    if care == Care::Batch && !kept {
                        return Ok(Attempt::Mixed);
                    }
                }
                Err(fault) => {
                    done.push((job, Outcome::Drop(0)));
                    return Err(fault);
                }
            }
        }
        self.tallies.write(&self.connection)?;
        self.execute("COMMIT").map(|()| Attempt::Durable)
    }

    /// One append inside the batch: all of its events, or none.
    fn append(&mut self, events: &[Event]) -> Result<Answer, Fault> {
        let before = self.frontier.clone();
        self.execute("SAVEPOINT append")?;
        let answer = self.append_each(events)?;
        if matches!(answer, Ok(Appended::Kept { .. })) {
            self.tallies.write(&self.connection)?;
        } else {
            self.execute("ROLLBACK TO append")?;
            self.frontier = before;
            self.tallies.forget();
        }
        self.execute("RELEASE append")?;
        Ok(answer)
    }

    /// What an append is answered, or the failure that ends the batch.
    fn append_each(&mut self, events: &[Event]) -> Result<Answer, Fault> {
        let (first, mut receipt) = (self.frontier.size(), None);
        if events.is_empty() {
            return Ok(Err(Denied::Contradiction("an append has no event".to_owned())));
        }
        let (connection, ring, faults) = (&self.connection, Some(&*self.ring), &self.faults);
        let mut applying = Applying { connection, ring, frontier: &mut self.frontier, tallies: &mut self.tallies, faults, latest: None };
        for event in events {
            match applying.apply(event) {
                Ok(Applied::Written(given)) => receipt = receipt.or(given),
                Ok(Applied::Repeated(first)) => return Ok(Ok(Appended::Repeated(first))),
                Err(Denied::Fault(fault)) => return Err(fault),
                Err(denied) => return Ok(Err(denied)),
            }
        }
        Ok(Ok(Appended::Kept { first, receipt }))
    }

    fn drop_contents(&self, before: Time) -> Result<u64, Fault> {
        self.faults.pass()?;
        let dropped = self
            .connection
            .prepare_cached(
                "DELETE FROM content WHERE rowid IN (SELECT c.rowid FROM content c CROSS JOIN message m ON m.ix = c.message
                 WHERE m.received < ?1 AND m.decided IS NOT NULL AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.message = m.ix AND d.state IN ('due', 'held'))
                 ORDER BY c.rowid LIMIT ?2)",
            )
            .and_then(|mut statement| statement.execute([before.unix_ms(), DROPPED_MAX]))
            .map_err(failed)?;
        Ok(u64::try_from(dropped).unwrap_or(u64::MAX))
    }

    fn execute(&self, sql: &str) -> Result<(), Fault> {
        self.faults.pass()?;
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.raw_execute()).map_err(failed)?;
        // A sync can fail after the log was written: the second point stands for that.
        if sql == "COMMIT" { self.faults.pass() } else { Ok(()) }
    }

    fn publish_head(&self) -> Result<(), Fault> {
        let (checkpoint_next, checkpoint_size) = checkpoint_state(&self.connection)?;
        let head = Head { size: self.frontier.size(), root: self.frontier.root(), checkpoint_next, checkpoint_size };
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::event::tests::accepted;

    fn job(events: Vec<Event>) -> Job {
        Job::Append(events, oneshot::channel().0)
    }

    fn sizes(batch: &[Job]) -> Vec<usize> {
        let size = |job: &Job| match job {
            Job::Append(events, _) => events.len(),
            Job::Drop(..) => 0,
        };
        batch.iter().map(size).collect()
    }

    fn fill(queue: &Queue, jobs: usize) {
        (0..jobs).for_each(|_| queue.push(job(Vec::new()), Precedence::Routine).unwrap());
    }

    #[test]
    fn flash_is_taken_first_and_with_little_company() {
        let queue = Queue::default();
        fill(&queue, 600);
        queue.push(job(vec![Event::Accepted(accepted(1))]), Precedence::Flash).unwrap();
        let batch = queue.take(600).unwrap();
        assert_eq!((batch.flash, batch.jobs.len(), sizes(&batch.jobs)[0]), (1, 1 + BATCH_JOBS_BESIDE_FLASH, 1));
        assert_eq!(queue.take(600).unwrap().jobs.len(), BATCH_JOBS);
    }

    #[test]
    fn what_flash_cuts_off_comes_next_in_its_order_and_still_counts() {
        let of = |events: usize| job((0..events).map(|_| Event::Accepted(accepted(1))).collect());
        let queue = Queue::default();
        (1..5).for_each(|events| queue.push(of(events), Precedence::Routine).unwrap());
        let bytes = queue.lock().bytes;
        let mut batch = queue.take(0).unwrap().jobs.into_iter();
        queue.push(of(9), Precedence::Routine).unwrap();
        assert!(!queue.is_pressed());
        queue.push(of(7), Precedence::Flash).unwrap();
        assert!(queue.is_pressed());
        let begun = batch.next().unwrap();
        queue.put_back(batch);
        assert_eq!(queue.lock().bytes, bytes - begun.bytes() + of(9).bytes() + of(7).bytes());
        assert_eq!(sizes(&queue.take(0).unwrap().jobs), [7, 2, 3, 4, 9]);
    }

    #[test]
    fn a_full_queue_is_busy_and_takes_again_after_work_was_done() {
        let queue = Queue::default();
        fill(&queue, JOBS_MAX);
        let denied = queue.push(job(Vec::new()), Precedence::Flash).unwrap_err();
        assert!(matches!(denied, Denied::Refused(Refusal { reason: Reason::SizeBusy, .. })));
        assert_eq!(queue.take(0).unwrap().jobs.len(), BATCH_JOBS);
        fill(&queue, BATCH_JOBS);
        assert!(queue.push(job(Vec::new()), Precedence::Routine).is_err());
    }

    #[test]
    fn the_bytes_that_wait_are_bounded_but_one_message_always_passes() {
        let large = || {
            let mut one = accepted(1);
            one.body.length = BYTES_MAX;
            job(vec![Event::Accepted(one)])
        };
        let queue = Queue::default();
        queue.push(large(), Precedence::Routine).unwrap();
        assert!(queue.push(job(vec![Event::Accepted(accepted(2))]), Precedence::Routine).is_err());
        assert_eq!(queue.take(0).unwrap().jobs.len(), 1);
        queue.push(large(), Precedence::Routine).unwrap();
    }

    #[test]
    fn a_closed_queue_gives_what_waits_and_takes_nothing_more() {
        let queue = Queue::default();
        fill(&queue, 3);
        queue.close();
        assert!(matches!(queue.push(job(Vec::new()), Precedence::Flash), Err(Denied::Fault(_))));
        assert_eq!(queue.take(10).unwrap().jobs.len(), 3);
        assert!(queue.take(0).is_none());
    }
}
