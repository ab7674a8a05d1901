//! Replay: recorded traffic, decided again under another edition, and what would have become of it.
//!
//! Takes a journal's reader and a compiled rule set, gives [`Change`]s and [`Totals`]. A message is decided again with what its decision was made
//! from: header, body, time, and what reviewers had waived, all of which are on record; keys, and whose labels are trusted, are the caller's. Under the
//! edition that was in force it gives the recorded decision byte for byte: findings, edits and what leaves.
//! Not decided again: what people rejected, and messages whose bodies were dropped after their time; both are counted.
//! Deliberately absent: any writing to the journal, and any clock.

mod against;
mod consents;
pub mod page;
mod recorded;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

pub use against::{Aspect, Change, Partner, Said, Totals, decision};
pub use recorded::{Recorded, of_message};

use crate::base::{Fault, Name};
use crate::journal::embedded::Reader;
use crate::journal::{Decision, Page};
use crate::label::Signer;
use crate::pipeline::{Guard, Inspector, Message, World};
use crate::sanitise::Keys;
use recorded::Gathering;

/// Workers at most: 64.
pub const WORKERS_MAX: usize = 64;

/// What is decided, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Replay<'r> {
    /// The rule set that decides.
    pub new: &'r Guard,
    /// A rule set that decides first, to be compared with; without one the recorded decisions are.
    pub under: Option<&'r Guard>,
    /// Keys of transforms: those of the gateway, or pseudonyms differ.
    pub keys: &'r Keys<'r>,
    /// The key that binds labels, where the gateway has one.
    pub signer: Option<&'r Signer>,
    /// Threads that decide.
    pub workers: usize,
}

/// One thread that decides: what it is given, and what it answers, each in order.
struct Hand {
    give: SyncSender<Vec<Recorded>>,
    take: Receiver<Result<Vec<Answer>, Fault>>,
}

/// A recorded decision, with what was decided and what would be; nothing where the message is no longer kept.
type Answer = (Recorded, Option<(Decisions, Decisions)>);
/// Decisions by recipient.
type Decisions = BTreeMap<Name, Decision>;

/// One thread's tools.
struct Worker<'r> {
    reader: Reader,
    new: Inspector<'r>,
    under: Option<Inspector<'r>>,
}

impl Replay<'_> {
    /// Decides all that a journal has recorded again, and calls `tell` for each decision that would change, in the order of the records.
    ///
    /// # Errors
    /// Where the journal cannot be read, or a thread is lost.
    pub fn run(&self, open: impl Fn() -> Result<Reader, Fault> + Sync, mut tell: impl FnMut(&Change) -> Result<(), Fault>) -> Result<Totals, Fault> {
        let reader = open()?;
        let (mut totals, mut gathering, mut page) = (Totals::default(), Gathering::default(), Page::first(Page::ROWS_MAX));
        std::thread::scope(|scope| {
            let hands: Vec<Hand> = (0..self.workers.clamp(1, WORKERS_MAX)).map(|_| self.hire(scope, &open)).collect();
            // While one page is decided, the next is read.
            let mut given = false;
            loop {
                let part = reader.records(page)?;
                let recorded = gathering.gather(&reader, part.rows, &mut totals)?;
                if given {
                    collect(&hands, &mut totals, &mut tell)?;
                }
                give(&hands, recorded)?;
                given = true;
                match part.next {
                    Some(next) => page.after = Some(next),
                    None => {
                        collect(&hands, &mut totals, &mut tell)?;
                        return Ok(());
                    }
                }
            }
        })
        .map(|()| totals)
    }

    /// Starts a thread. It ends when nobody gives it anything any more.
    fn hire<'s>(&'s self, scope: &'s Scope<'s, '_>, open: &'s (impl Fn() -> Result<Reader, Fault> + Sync)) -> Hand {
        let (give, given) = sync_channel::<Vec<Recorded>>(1);
        let (answer, take) = sync_channel(1);
        scope.spawn(move || {
            let made = open().map(|reader| Worker { reader, new: Inspector::new(self.new), under: self.under.map(Inspector::new) });
            let mut worker = match made {
                Ok(worker) => worker,
                Err(fault) => return drop(answer.send(Err(fault))),
            };
            while let Ok(jobs) = given.recv() {
                // A panic of the path is a fault of ours: a gateway would hold the message.
                let done = catch_unwind(AssertUnwindSafe(|| self.decide(&mut worker, jobs))).unwrap_or_else(|_| Err(lost()));
                let over = done.is_err();
                if answer.send(done).is_err() || over {
                    return;
                }
            }
        });
        Hand { give, take }
    }

    fn decide<'r>(&'r self, worker: &mut Worker<'r>, jobs: Vec<Recorded>) -> Result<Vec<Answer>, Fault> {
        let one = |job: Recorded| {
            let Some(body) = worker.reader.body(&job.key)? else { return Ok((job, None)) };
            let world = World { now: job.now, keys: self.keys, waivers: &job.waivers, signer: self.signer };
            let pass = |inspector: &mut Inspector<'r>| {
                let passage = inspector.pass_under(&job.key.from, Message { header: &job.header, body: &body }, &world, &job.grants);
                passage.rulings.iter().map(|ruling| (ruling.recipient.clone(), decision(ruling))).collect()
            };
            let before = match &mut worker.under {
                Some(inspector) => pass(inspector),
                None => job.decisions.iter().map(|decision| (decision.recipient.clone(), decision.clone())).collect(),
            };
            let after = pass(&mut worker.new);
            Ok((job, Some((before, after))))
        };
        jobs.into_iter().map(one).collect()
    }
}

fn lost() -> Fault {
    Fault::new("a thread of the replay was lost over a message; a gateway would hold such a message as `fault.internal`")
}

/// Gives each thread its share of a page.
fn give(hands: &[Hand], recorded: Vec<Recorded>) -> Result<(), Fault> {
    let share = recorded.len().div_ceil(hands.len().max(1));
    let mut rest = recorded.into_iter();
    let why = |hand: &Hand| match hand.take.try_recv() {
        Ok(Err(fault)) => fault,
        _ => lost(),
    };
    hands.iter().try_for_each(|hand| hand.give.send(rest.by_ref().take(share).collect()).map_err(|_| why(hand)))
}

/// Takes what the threads answer on a page, in the order of the records.
fn collect(hands: &[Hand], totals: &mut Totals, mut tell: impl FnMut(&Change) -> Result<(), Fault>) -> Result<(), Fault> {
    for hand in hands {
        for (recorded, answer) in hand.take.recv().map_err(|_| lost())?? {
            match answer {
                Some((before, after)) => totals.add(&recorded, &before, &after).iter().try_for_each(&mut tell)?,
                None => totals.dropped = totals.dropped.saturating_add(1),
            }
        }
    }
    Ok(())
}
