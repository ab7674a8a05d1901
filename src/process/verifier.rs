//! The verifier: the second half of the path. It holds the edition as plain data, second readers, and keys for what it hears and permits.
//!
//! It believes neither the keeper, which brings everything, nor the inspector, which proposes: the original counts under the door's seal, a proposal
//! under the inspector's, and what both say is read again with other code. What it permits is sealed for the one door through which it leaves.

use std::sync::Arc;

use super::delivery_id;
use super::fault_points::{self, Place};
use super::inspector::{timely, twice};
use super::keys::Doors;
use crate::base::{Fault, Reason, Refusal, Time};
use crate::format;
use crate::hop::message::{Answer, FromVerifier, Permitted, RECEIVED, Setting, ToVerifier};
use crate::hop::{HopKey, Permit, Proposed, Received, Wire};
use crate::label::Signer;
use crate::pipeline::{Message, Verifier};
use crate::policy::Edition;
use crate::statement::Grant;
use crate::verify::{BlockedWords, Parties, Proposal, Verified};

/// What the verifier holds.
pub(super) struct Tools {
    /// The edition.
    pub(super) edition: Arc<Edition>,
    /// Its words that never leave.
    pub(super) blocked_words: BlockedWords,
    /// Keys of what doors say, by peer.
    pub(super) doors: Doors,
    /// Keys of what it permits, by recipient.
    pub(super) permits: Doors,
    /// The key of what inspectors propose.
    pub(super) inspector: HopKey,
    /// The key that binds labels, where the gateway has one.
    pub(super) signer: Option<Signer>,
}

/// Verifies what the wire brings until it ends.
///
/// # Errors
/// What the other end said that nobody of its kind would.
pub(super) async fn attend(tools: &Tools, mut wire: Wire<FromVerifier, ToVerifier>) -> Result<(), Fault> {
    while let Some(said) = wire.receiver.hear().await? {
        let (ToVerifier::Verify { ask, message, .. } | ToVerifier::Notify { ask, message, .. }) = &said;
        let (ask, message) = (*ask, message.clone());
        fault_points::before(Place::VerifierTakes, &message.body, &wire.sender).await;
        let answers = match said {
            ToVerifier::Verify { now, proposed, grants, .. } => tools.answers(&message, now, (&proposed, &grants)),
            ToVerifier::Notify { now, notices, .. } => tools.notices(&message, now, &notices),
        };
        fault_points::before(Place::VerifierAnswers, &message.body, &wire.sender).await;
        if wire.sender.say(FromVerifier::Verified { ask, answers }).await.is_err() {
            break;
        }
        // What was said goes out before the next message is begun.
        tokio::task::yield_now().await;
    }
    Ok(())
}

pub(super) fn hop(what: &str) -> Refusal {
    Refusal::new(Reason::FaultHop, what)
}

impl Tools {
    fn answers(&self, message: &Received, now: Time, (proposed, grants): (&[Proposed], &[Grant])) -> Vec<Answer> {
        let sealed = self.believed(message, now);
        let answer = |one: &Proposed| match &sealed {
            Ok(sealed) => self.answer(message, (sealed, grants), now, one),
            Err(refusal) => Err(refusal.clone()),
        };
        proposed
            .iter()
            .map(|one| {
                answer(one).unwrap_or_else(|refusal| {
                    tracing::error!(message = %message.header.id, recipient = %one.recipient, %refusal, "the second half does not agree");
                    Answer::Refused { refusal }
                })
            })
            .collect()
    }

    /// The bytes under the door's seal, where it is the seal of the sender's door and the time is now.
    pub(super) fn believed(&self, message: &Received, now: Time) -> Result<Vec<u8>, Refusal> {
        let sealed = message.sealed().map_err(|fault| hop(&fault.what))?;
        let key = self.doors.get(&message.from).ok_or_else(|| hop("no door has such a peer"))?;
        if !key.is_seal(&message.seals.verifier, RECEIVED, &[&sealed]) {
            return Err(hop("expected the seal of the door that received the message"));
        }
        timely(now).map(|()| sealed)
    }

    fn answer(&self, message: &Received, (sealed, grants): (&[u8], &[Grant]), now: Time, proposed: &Proposed) -> Result<Answer, Refusal> {
        if !proposed.is_sealed(&self.inspector, Setting { received: sealed, edition: self.edition.digest, now }) {
            return Err(hop("expected the seal of an inspector, over this message, recipient, edition and time"));
        }
        let key = self.permits.get(&proposed.recipient).ok_or_else(|| hop("no door has such a recipient"))?;
        let verified = twice(&mut (), || (), |()| self.verify(message, now, proposed, grants));
        let (verified, Parties { origins, consents }) =
            verified.unwrap_or_else(|| Err(Refusal::new(Reason::FaultInternal, "the second half failed twice on this message")))?;
        let permit = self.permit(message, proposed, &verified);
        let permitted = Permitted::seal(key, permit).map_err(|fault| Refusal::new(Reason::FaultInternal, fault.what))?;
        let (origins, consents) = (origins.into_iter().collect(), consents.iter().map(ToString::to_string).collect());
        Ok(Answer::Permitted { permitted, bytes: verified.into_bytes().into(), origins, consents })
    }

    fn verify(&self, message: &Received, now: Time, proposed: &Proposed, grants: &[Grant]) -> Result<(Verified, Parties), Refusal> {
        let proposal: Proposal = minicbor::decode(&proposed.proposal).map_err(|_| hop("expected a proposal that reads"))?;
        let verifier = Verifier::new(&self.edition, &self.blocked_words, self.signer.as_ref());
        let original = Message { header: &message.header, body: &message.body };
        verifier.verify_under((&message.from, &proposed.recipient), &original, proposal, now, grants)
    }

    fn permit(&self, message: &Received, proposed: &Proposed, verified: &Verified) -> Permit {
        Permit {
            id: delivery_id(&message.key()),
            recipient: proposed.recipient.clone(),
            precedence: message.header.precedence,
            traffic: message.header.traffic,
            media_type: format::media_type(&message.header.media_type, verified.bytes()).to_owned(),
            label: verified.detached().map(str::to_owned),
            digest: verified.digest(),
            edition: self.edition.digest,
        }
    }
}
