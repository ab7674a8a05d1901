//! An inspector: the first half of the path, for one message after the other. It holds the edition, and keys for what it hears and says.
//!
//! It believes nothing that its wire brings: a message counts only under the seal of the door that received it, and only near the time at which it is
//! asked. A panic of the path is a fault, not a verdict on the content: the message is tried once more with a fresh inspector, then held as
//! `fault.internal`, and the others go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::fault_points::{self, Place};
use super::keys::Doors;
use super::preview;
use super::world::{self, Secrets};
use crate::base::{Fault, Header, Name, Outcome, Reason, Refusal, Time};
use crate::filter::Waivers;
use crate::hop::message::{FromInspector, Inspection, RECEIVED, Setting, ToInspector, Wish};
use crate::hop::{HopKey, Proposed, Received, Wanted, Wire};
use crate::journal::{Decision, Marking};
use crate::pipeline::{Guard, Inspected, Inspector, Message, Passage, Ruling, World};
use crate::replay;
use crate::statement::Grant;

/// How far the time of a decision may lie from a process's own clock: 30 seconds, more than a message may wait for a worker.
pub(super) const CLOCK_SECONDS_MAX: u64 = 30;

/// What an inspector holds.
pub(super) struct Tools {
    /// The edition, compiled.
    pub(super) guard: Arc<Guard>,
    /// Secrets of transforms.
    pub(super) secrets: Arc<Secrets>,
    /// Keys of the doors, by peer.
    pub(super) doors: Doors,
    /// The key of what it proposes.
    pub(super) verifier: HopKey,
    /// The key of what the office says: known items, for which nothing is proposed.
    pub(super) office: HopKey,
}

/// Who vouches for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voucher {
    /// The door that received it.
    Door,
    /// The office, of which it is a known item.
    Office,
}

/// What an inspector is asked about one message.
struct Question<'q> {
    message: &'q Received,
    only: Option<Name>,
    waivers: Waivers,
    now: Time,
    grants: Vec<Grant>,
    wish: Option<Wish>,
}

/// Inspects what the wire brings until it ends. When everything is made that it will need, and before it hears the first word, it calls `ready`.
///
/// # Errors
/// What the other end said that nobody of its kind would, and what `ready` says.
pub(super) async fn attend(
    tools: &Tools,
    mut wire: Wire<FromInspector, ToInspector>,
    ready: impl FnOnce() -> Result<(), Fault>,
) -> Result<(), Fault> {
    let guard = Arc::clone(&tools.guard);
    let mut inspector = Inspector::new(&guard);
    warm(&mut inspector, tools);
    ready()?;
    while let Some(ToInspector::Inspect { ask, message, only, waivers, now, grants, conditions, wish }) = wire.receiver.hear().await? {
        guard.meet(&conditions);
        fault_points::before(Place::InspectorTakes, &message.body, &wire.sender).await;
        let inspection = inspect(&mut inspector, &guard, tools, &Question { message: &message, only, waivers, now, grants, wish });
        fault_points::before(Place::InspectorAnswers, &message.body, &wire.sender).await;
        if wire.sender.say(FromInspector::Inspected { ask, inspection }).await.is_err() {
            break;
        }
        // What was said goes out before the next message is begun.
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Passes a message of our own, so that whatever starts a thread or makes code when it is first used has done so.
fn warm(inspector: &mut Inspector<'_>, tools: &Tools) {
    for recipe in crate::generate::recipes().into_iter().take(1) {
        let (header, body) = crate::generate::message(recipe, 1, world::now());
        let Some(from) = Name::new(recipe.from) else { return };
        let keys = tools.secrets.keys();
        let _said = inspector.inspect(&from, &header, &body, &World { now: world::now(), keys: &keys, waivers: &Waivers::default(), signer: None });
    }
}

fn inspect<'g>(inspector: &mut Inspector<'g>, guard: &'g Guard, tools: &Tools, question: &Question<'_>) -> Inspection {
    let edition = guard.edition().digest;
    let faulted = |reason, what: &str| Inspection {
        edition,
        decisions: faulted(guard, question, reason, what),
        proposed: Vec::new(),
        wanted: Vec::new(),
        preview: None,
        marking: None,
    };
    let (sealed, voucher) = match believed(tools, question) {
        Ok(believed) => believed,
        Err(refusal) => {
            tracing::error!(message = %question.message.header.id, %refusal, "an inspector was given what it does not believe");
            return faulted(refusal.reason, &refusal.detail);
        }
    };
    let header = addressed(question);
    let keys = tools.secrets.keys();
    let world = World { now: question.now, keys: &keys, waivers: &question.waivers, signer: None };
    let (from, body) = (&question.message.from, &question.message.body);
    if let Some(wish) = &question.wish {
        let shown = |inspector: &mut Inspector<'g>| {
            let preview = preview::of(inspector, guard, (from, Message { header: &header, body }), &world, &question.grants, wish)?;
            Some((preview.0, decision(&preview.1)))
        };
        return match twice(inspector, || Inspector::new(guard), shown).flatten() {
            Some((preview, decision)) => {
                Inspection { edition, decisions: vec![decision], proposed: Vec::new(), wanted: Vec::new(), preview: Some(preview), marking: None }
            }
            None => faulted(Reason::FaultInternal, "the guard failed twice to show this message"),
        };
    }
    let Some(inspected) = twice(
        inspector,
        || Inspector::new(guard),
        |inspector| inspector.inspect_under(from, Message { header: &header, body }, &world, &question.grants),
    ) else {
        tracing::error!(message = %header.id, "the path failed twice on a message; it is held");
        return faulted(Reason::FaultInternal, "the guard failed twice on this message");
    };
    let setting = Setting { received: &sealed, edition, now: question.now };
    let Inspected { passage, proposals } = inspected;
    let mut proposed = Vec::new();
    // What the office wrote is looked at, and never proposed to leave.
    for (at, proposal) in proposals.into_iter().filter(|_| voucher == Voucher::Door) {
        let recipient = passage.rulings.get(at).map(|ruling| ruling.recipient.clone());
        let encoded = minicbor::to_vec(&proposal).ok().zip(u32::try_from(at).ok()).zip(recipient);
        let Some(((bytes, at), recipient)) = encoded else { return faulted(Reason::FaultInternal, "a proposal has no encoding") };
        proposed.push(Proposed::seal(&tools.verifier, setting, (at, recipient), bytes));
    }
    let wanted = passage.rulings.iter().filter_map(|ruling| {
        let want = ruling.want.clone()?;
        Some(Wanted { recipient: ruling.recipient.clone(), origins: want.origins, label: want.label })
    });
    let marking = passage.label.as_ref().map(|label| Marking { policy: label.policy.clone(), classification: label.classification.clone() });
    let decisions = passage.rulings.iter().map(decision).collect();
    Inspection { edition, decisions, proposed, wanted: wanted.collect(), preview: None, marking }
}

/// The bytes under the seal, where it is that of the sender's door or of the office, and the time is now.
fn believed(tools: &Tools, question: &Question<'_>) -> Result<(Vec<u8>, Voucher), Refusal> {
    let hop = |what: &str| Refusal::new(Reason::FaultHop, what);
    let sealed = question.message.sealed().map_err(|fault| hop(&fault.what))?;
    let key = tools.doors.get(&question.message.from).ok_or_else(|| hop("no door has such a peer"))?;
    let is_sealed = |key: &HopKey| key.is_seal(&question.message.seals.inspector, RECEIVED, &[&sealed]);
    let voucher = match (is_sealed(key), is_sealed(&tools.office)) {
        (true, _) => Voucher::Door,
        (false, true) => Voucher::Office,
        (false, false) => return Err(hop("expected the seal of the door that received the message")),
    };
    timely(question.now).map(|()| (sealed, voucher))
}

/// Whether a time that another process states is now.
///
/// # Errors
/// `fault.hop`.
pub(super) fn timely(now: Time) -> Result<(), Refusal> {
    match world::now().seconds_since(now).unsigned_abs() <= CLOCK_SECONDS_MAX {
        true => Ok(()),
        false => Err(Refusal::new(Reason::FaultHop, "expected a decision that is asked for now")),
    }
}

/// The header as the path is to see it: where one recipient alone is asked about, it alone is addressed.
fn addressed(question: &Question<'_>) -> Header {
    let header = question.message.header.clone();
    match &question.only {
        Some(name) => Header { destinations: vec![name.clone()], ..header },
        None => header,
    }
}

/// Does something with a worker, and once more with a fresh one if it panics; `None` where it panics again. The worker is then fresh too.
pub(super) fn twice<W, T>(worker: &mut W, fresh: impl Fn() -> W, work: impl Fn(&mut W) -> T) -> Option<T> {
    for _ in 0..2 {
        if let Ok(done) = catch_unwind(AssertUnwindSafe(|| work(worker))) {
            return Some(done);
        }
        *worker = fresh();
    }
    None
}

/// Decisions on a message on which the guard failed: held for all to whom it is addressed.
fn faulted(guard: &Guard, question: &Question<'_>, reason: Reason, what: &str) -> Vec<Decision> {
    let header = addressed(question);
    let names = match guard.edition().recipients(&question.message.from, &header, question.now) {
        Ok(recipients) => recipients.into_iter().map(|entry| entry.name.clone()).collect(),
        // The rule set changed since it was accepted.
        Err(_) => header.destinations,
    };
    held(names, &Refusal::new(reason, what))
}

/// Decisions that hold a message for all of these recipients.
pub(super) fn held(names: Vec<Name>, refusal: &Refusal) -> Vec<Decision> {
    Passage::faulted(names.into_iter(), refusal).rulings.iter().map(decision).collect()
}

/// A ruling as the journal keeps it. Without output it does not leave, whatever else it says.
pub(super) fn decision(ruling: &Ruling) -> Decision {
    Decision { outcome: ruling.outcome.max(Outcome::Quarantine), output: None, ..replay::decision(ruling) }
}
