//! The setting of hostile deeds: real keys, a real inspector, verifier and keeper, and messages of the lab. Tests only.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::super::crew::Duty;
use super::super::decide::{INSPECT, Question, VERIFY, Verdict};
use super::super::door::leaves;
use super::super::gateway::load_guard;
use super::super::keeper::Shared;
use super::super::keys::{DoorKeys, from_doors, to_doors};
use super::super::world::{self, Secrets};
use super::super::{inspector, verifier};
use super::{Header, Inspection, NONE, Name, Permitted, Proposed, Received, Time, name};
use crate::base::{Digest, Outcome, Reason};
use crate::config;
use crate::filter::Waivers;
use crate::generate;
use crate::hop::message::{Answer, FromDoor, FromInspector, FromVerifier, RECEIVED, Seals, Setting as Sealing, ToDoor, ToInspector, ToVerifier};
use crate::hop::{HopKey, Party, Tag, wire};
use crate::journal::embedded::Engine;
use crate::journal::seal::{SealKey, SealRing};
use crate::label::Label;
use crate::statement::Grant;
use crate::verify::{BlockedWords, Proposal, Said};

/// Who stopped a deed, and for which reason; nobody where the list is empty.
pub(super) type Stops = Vec<(&'static str, String)>;

const SECRET: &[u8] = b"the secret of a gateway of a test";
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/five-eyes");

/// Everything that is real.
pub(super) struct Setting {
    runtime: tokio::runtime::Runtime,
    inspector: inspector::Tools,
    verifier: verifier::Tools,
    folder: tempfile::TempDir,
}

/// A proposal that an inspector may change and seal again.
pub(super) struct Unsealed {
    pub(super) recipient: Name,
    pub(super) proposal: Proposal,
}

impl Setting {
    pub(super) fn new() -> Self {
        let guard = load_guard(Path::new(RULES)).unwrap().unwrap_or_else(|complaints| panic!("{complaints:#?}"));
        let pair = HopKey::derive(SECRET, &Party::Inspector, &Party::Verifier).unwrap();
        let edition = guard.shared_edition();
        let peers = || edition.peers.keys();
        let verifier = verifier::Tools {
            blocked_words: BlockedWords::of(&edition.word_lists),
            edition: Arc::clone(&edition),
            doors: from_doors(SECRET, peers(), &Party::Verifier).unwrap(),
            permits: to_doors(SECRET, peers()).unwrap(),
            inspector: pair.clone(),
            signer: None,
        };
        let inspector = inspector::Tools {
            guard: Arc::new(guard),
            secrets: Arc::new(Secrets::from_bytes(&[7; 32])),
            doors: from_doors(SECRET, peers(), &Party::Inspector).unwrap(),
            verifier: pair,
            office: HopKey::derive(SECRET, &Party::Office, &Party::Inspector).unwrap(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, inspector, verifier, folder: tempfile::tempdir().unwrap() }
    }

    /// The keys of a door with every peer.
    pub(super) fn door_keys(&self) -> DoorKeys {
        DoorKeys::derive(SECRET, self.verifier.edition.peers.keys()).unwrap()
    }

    pub(super) fn digest(&self, of: &Received) -> Digest {
        Digest::of(&of.body)
    }

    /// A message of `gbr-ops` for these, under the seals of a door that holds the keys of `keys`.
    fn letter(&self, from: &str, keys: &str, to: &[&str]) -> (Received, Time) {
        self.letter_of("track-five-eyes", from, keys, to)
    }

    pub(super) fn letter_of(&self, recipe: &str, from: &str, keys: &str, to: &[&str]) -> (Received, Time) {
        let recipe = generate::recipes().into_iter().find(|known| known.name == recipe).unwrap();
        let (id, now) = (world::fresh_id().unwrap(), world::now());
        let (header, body) = generate::message(recipe, now.unix_ms().unsigned_abs() ^ u64::from(id.bytes()[15]), now);
        let header = Header { id, destinations: to.iter().map(|peer| name(peer)).collect(), ..header };
        self.received(from, keys, (header, body), now)
    }

    /// A letter under the seals of a door that holds the keys of `keys`.
    pub(super) fn received(&self, from: &str, keys: &str, (header, body): (Header, Vec<u8>), now: Time) -> (Received, Time) {
        let seals = Seals { inspector: Tag([0; 32]), verifier: Tag([0; 32]) };
        let mut message = Received { from: name(from), header, body: body.into(), received: now, seals };
        let (sealed, held) = (message.sealed().unwrap(), self.door_keys());
        let seal = |keys: &HashMap<Name, HopKey>, of: &str| keys[&name(of)].seal(RECEIVED, &[&sealed]);
        message.seals = Seals { inspector: seal(&held.inspector, keys), verifier: seal(&held.verifier, keys) };
        (message, now)
    }

    /// A message of `gbr-ops` to `usa-ops`, as its door sealed it.
    pub(super) fn message(&self) -> (Received, Time) {
        self.letter("gbr-ops", "gbr-ops", &["usa-ops"])
    }

    /// What the real inspector says.
    pub(super) fn inspected(&self, message: &Received, now: Time, only: Option<Name>) -> Inspection {
        self.inspected_under(message, now, only, Vec::new())
    }

    /// The same under consents.
    pub(super) fn inspected_under(&self, message: &Received, now: Time, only: Option<Name>, grants: Vec<Grant>) -> Inspection {
        let ask = ToInspector::Inspect {
            ask: 1,
            message: message.clone(),
            only,
            waivers: Waivers::default(),
            now,
            grants,
            conditions: Vec::new(),
            wish: None,
        };
        self.runtime.block_on(async {
            let (mut near, far) = wire::here();
            near.sender.say(ask).await.unwrap();
            drop(near.sender);
            inspector::attend(&self.inspector, far, || Ok(())).await.unwrap();
            let Some(FromInspector::Inspected { inspection, .. }) = near.receiver.hear().await.unwrap() else { panic!("no answer") };
            inspection
        })
    }

    /// What the real verifier says.
    fn verified(&self, message: &Received, now: Time, proposed: Vec<Proposed>) -> Vec<Answer> {
        self.answered(ToVerifier::Verify { ask: 1, message: message.clone(), now, proposed, grants: Vec::new() })
    }

    /// What the real verifier answers.
    pub(super) fn answered(&self, ask: ToVerifier) -> Vec<Answer> {
        self.runtime.block_on(async {
            let (mut near, far) = wire::here();
            near.sender.say(ask).await.unwrap();
            drop(near.sender);
            verifier::attend(&self.verifier, far).await.unwrap();
            let Some(FromVerifier::Verified { answers, .. }) = near.receiver.hear().await.unwrap() else { panic!("no answer") };
            answers
        })
    }

    /// What the verifier refuses; it must be asked for something.
    pub(super) fn refused(&self, message: &Received, now: Time, proposed: Vec<Proposed>) -> Stops {
        assert!(!proposed.is_empty());
        Self::stops(self.verified(message, now, proposed))
    }

    pub(super) fn stops(answers: Vec<Answer>) -> Stops {
        let refused = answers.into_iter().filter_map(|answer| match answer {
            Answer::Refused { refusal } => Some(("verifier", refusal.reason.to_string())),
            Answer::Permitted { .. } => None,
        });
        refused.take(1).collect()
    }

    /// What inspector and verifier say of a message that the keeper changed.
    pub(super) fn told_other(&self, change: impl FnOnce(&mut Received)) -> Stops {
        let (message, now) = self.message();
        let proposed = self.inspected(&message, now, None).proposed;
        let mut changed = message;
        change(&mut changed);
        self.both(&changed, now, proposed)
    }

    fn both(&self, message: &Received, now: Time, proposed: Vec<Proposed>) -> Stops {
        let inspection = self.inspected(message, now, None);
        let codes = inspection.decisions.iter().filter_map(|decision| decision.code).take(1);
        let mut stops: Stops = codes.map(|code| ("inspector", code.to_string())).collect();
        assert!(inspection.proposed.is_empty());
        stops.extend(self.refused(message, now, proposed));
        stops
    }

    /// What the verifier says of a message that the keeper wrote itself, under the office's seal; the inspector proposes nothing of it.
    pub(super) fn seeded(&self) -> Stops {
        let (mut message, now) = self.message();
        let proposed = self.inspected(&message, now, None).proposed;
        let tag = self.inspector.office.seal(RECEIVED, &[&message.sealed().unwrap()]);
        message.seals = Seals { inspector: tag, verifier: tag };
        let inspection = self.inspected(&message, now, None);
        assert!(inspection.proposed.is_empty() && inspection.decisions.iter().all(|decision| decision.code != Some(Reason::FaultHop)));
        // What an inspector that plays false as well would propose.
        self.refused(&message, now, proposed)
    }

    pub(super) fn asked_at(&self, then: Time) -> Stops {
        let (message, now) = self.message();
        let mut proposed = self.inspected(&message, now, None).proposed;
        // Sealed by an inspector for that time, so that time alone is at fault.
        let unsealed: Vec<_> = proposed.iter().map(|one| self.seal(&message, then, one.at, &one.recipient, &self.unsealed(one))).collect();
        proposed = unsealed;
        self.both(&message, then, proposed)
    }

    pub(super) fn proposed_otherwise(&self, change: impl FnOnce(&mut Proposed)) -> Stops {
        let (message, now) = self.message();
        let mut proposed = self.inspected(&message, now, None).proposed;
        change(&mut proposed[0]);
        self.refused(&message, now, proposed)
    }

    /// A permit and its bytes, for `usa-ops`.
    pub(super) fn permitted(&self) -> (Permitted, Vec<u8>) {
        let (message, now) = self.message();
        let answers = self.verified(&message, now, self.inspected(&message, now, None).proposed);
        match answers.into_iter().next() {
            Some(Answer::Permitted { permitted, bytes, .. }) => (permitted, bytes.to_vec()),
            other => panic!("{other:?}"),
        }
    }

    /// What the door says, asked to let bytes leave over the link of a peer.
    pub(super) fn at_door(&self, permitted: &Permitted, bytes: &[u8], link: &str) -> Stops {
        match leaves(&self.door_keys(), permitted, bytes, Some(&name(link))) {
            Ok(()) => Vec::new(),
            Err(_) => vec![("door", NONE.to_owned())],
        }
    }

    pub(super) fn permitted_otherwise(&self, change: impl FnOnce(&mut Permitted)) -> Stops {
        let (mut permitted, bytes) = self.permitted();
        change(&mut permitted);
        let link = permitted.permit.recipient.to_string();
        self.at_door(&permitted, &bytes, &link)
    }

    pub(super) fn unsealed(&self, proposed: &Proposed) -> Proposal {
        minicbor::decode(&proposed.proposal).unwrap()
    }

    fn seal(&self, message: &Received, now: Time, at: u32, recipient: &Name, proposal: &Proposal) -> Proposed {
        let sealed = message.sealed().unwrap();
        let setting = Sealing { received: &sealed, edition: self.verifier.edition.digest, now };
        Proposed::seal(&self.inspector.verifier, setting, (at, recipient.clone()), minicbor::to_vec(proposal).unwrap())
    }

    /// What the verifier says of a proposal that an inspector changed and sealed with its key.
    pub(super) fn resealed(&self, change: impl FnOnce(&mut Unsealed)) -> Stops {
        self.resealed_for(&["usa-ops"], change)
    }

    pub(super) fn resealed_for(&self, to: &[&str], change: impl FnOnce(&mut Unsealed)) -> Stops {
        self.resealed_of(self.letter("gbr-ops", "gbr-ops", to), change)
    }

    fn resealed_of(&self, (message, now): (Received, Time), change: impl FnOnce(&mut Unsealed)) -> Stops {
        let one = &self.inspected(&message, now, None).proposed[0];
        let honest = self.unsealed(one);
        let mut unsealed = Unsealed { recipient: one.recipient.clone(), proposal: honest.clone() };
        change(&mut unsealed);
        assert!(unsealed.proposal != honest || unsealed.recipient != one.recipient, "nothing was changed:\n{}", super::text(&honest.result));
        self.refused(&message, now, vec![self.seal(&message, now, one.at, &unsealed.recipient, &unsealed.proposal)])
    }

    /// The same with a proposal that carries edits.
    pub(super) fn resealed_edited(&self, change: impl FnOnce(&mut Unsealed)) -> Stops {
        self.resealed_of(self.letter_of("fields-device", "gbr-ops", "gbr-ops", &["usa-ops"]), change)
    }

    /// A lower label of the same policy.
    pub(super) fn lower_label(&self, said: &Said) -> Label {
        let lattice = &self.verifier.edition.lattice;
        let label = said.label(lattice).unwrap();
        let lower = label.level.index().checked_sub(1).expect("a level below");
        lattice.label(label.policy.index(), lower, &[]).unwrap()
    }

    fn keeper(&self) -> Arc<Shared> {
        let text = include_str!("../../../deploy/lab/gateway.toml");
        let config = config::Gateway::of_text(&self.folder.path().join("gateway.toml"), text).unwrap();
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        let ring = SealRing::new(SealKey::create(&folder.join("key")).unwrap(), Vec::new());
        Shared::new(config, Arc::clone(&self.verifier.edition), Arc::new(Engine::open(&folder, ring).unwrap()))
    }

    /// What the real keeper and verifier make of a message whose inspector answers as it likes.
    fn verdict(&self, change: impl FnOnce(&mut Inspection)) -> Verdict {
        let (message, now) = self.message();
        let mut inspection = self.inspected(&message, now, None);
        change(&mut inspection);
        self.joined(message, now, inspection).0
    }

    /// What the keeper counts as alarms where an inspector lies about the label.
    pub(super) fn alarms_of_a_lie(&self) -> Vec<(String, u64)> {
        let (message, now) = self.message();
        let mut inspection = self.inspected(&message, now, None);
        let one = inspection.proposed.remove(0);
        let mut proposal = self.unsealed(&one);
        let lower = Said::of(&self.lower_label(&proposal.label));
        (proposal.label, proposal.released) = (lower.clone(), lower);
        inspection.proposed.push(self.seal(&message, now, one.at, &one.recipient, &proposal));
        self.joined(message, now, inspection).1
    }

    fn joined(&self, message: Received, now: Time, inspection: Inspection) -> (Verdict, Vec<(String, u64)>) {
        let question = Question { message, only: None, waivers: Waivers::default(), now, grants: Vec::new(), conditions: Arc::default(), wish: None };
        self.runtime.block_on(async {
            let shared = self.keeper();
            let shift = shared.shifts.now();
            let (near, mut far) = wire::here();
            let (verifies, attends) = wire::here();
            let hostile = async {
                let Some(ToInspector::Inspect { ask, .. }) = far.receiver.hear().await.unwrap() else { panic!("no question") };
                far.sender.say(FromInspector::Inspected { ask, inspection }).await.unwrap();
                far.receiver.hear().await
            };
            let parts = async {
                tokio::join!(
                    hostile,
                    shift.inspectors.employ(Duty::Any, near, INSPECT),
                    shift.verifiers.employ(Duty::Any, verifies, VERIFY),
                    verifier::attend(&self.verifier, attends)
                )
            };
            tokio::select! {
                verdict = shared.decide(&shift, question) => (verdict.expect("a verdict"), shared.alarms.now().into_iter().collect()),
                _ = parts => panic!("the parts ended first"),
            }
        })
    }

    /// What the keeper refuses.
    pub(super) fn decided(&self, change: impl FnOnce(&mut Inspection)) -> Stops {
        let verdict = self.verdict(change);
        let codes: Vec<_> = verdict.decisions.iter().map(|decision| (decision.outcome, decision.code)).collect();
        match codes.as_slice() {
            [(Outcome::Quarantine, Some(code))] if verdict.permitted.is_empty() => vec![("keeper", code.to_string())],
            _ => Vec::new(),
        }
    }

    pub(super) fn lets_honest_messages_leave(&self) {
        let verdict = self.verdict(|_| {});
        assert_eq!((verdict.permitted.len(), verdict.decisions[0].outcome), (1, Outcome::Forward));
    }

    /// What `usa-ops` sent, said by a door that holds the keys of `gbr-ops` alone.
    pub(super) fn sealed_by_other(&self) -> Stops {
        let (message, now) = self.letter("usa-ops", "gbr-ops", &["can-ops"]);
        let honest = self.letter("usa-ops", "usa-ops", &["can-ops"]).0;
        let proposed = self.inspected(&self.message().0, now, None).proposed;
        let proposed = proposed.iter().map(|one| self.seal(&message, now, 0, &name("can-ops"), &self.unsealed(one))).collect();
        let found = self.inspected(&honest, now, None).decisions.iter().any(|decision| decision.code.is_some_and(|code| code.code() == super::HOP));
        assert!(!found, "the seals of its own door are believed");
        self.both(&message, now, proposed)
    }

    /// The national door brings what a peer of the coalition is said to have sent, and then a message of its own peer.
    pub(super) fn spoken_for_other(&self) -> Stops {
        let (other, own) = (self.letter("usa-ops", "usa-ops", &["gbr-ops"]).0, self.message().0);
        self.runtime.block_on(async {
            let shared = self.keeper();
            shared.take_up();
            let domain = shared.config.load().peer("gbr-ops").map(|(domain, _)| domain.name.clone()).unwrap();
            let room = shared.undecided.available_permits();
            let (near, far) = wire::here::<ToDoor, FromDoor>();
            for (ask, message) in [(1, other), (2, own)] {
                far.sender.say(FromDoor::Received { ask, message }).await.unwrap();
            }
            let hearing = tokio::spawn(Arc::clone(&shared).hear(domain, near));
            // Nobody decides here, so what is taken waits.
            while shared.undecided.available_permits() == room {
                tokio::task::yield_now().await;
            }
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let taken = room.saturating_sub(shared.undecided.available_permits());
            hearing.abort();
            if taken == 1 { vec![("keeper", NONE.to_owned())] } else { Vec::new() }
        })
    }
}
