//! Weighing a statement: whose it is, whether it says anything new, and what follows from it. Nothing is changed here.

use super::known::Known;
use super::{Shared, Weighed};
use crate::base::{Fault, MessageId, Name, Reason, Refusal, Time};
use crate::hop::Received;
use crate::journal::{Copy, Effect, MessageKey, Trail};
use crate::policy::Edition;
use crate::statement::{Consent, Says, Scope, Statement, Target};

type Weight = Result<Weighed, Refusal>;

fn refuse<T>(reason: Reason, expected: &str) -> Result<T, Refusal> {
    Err(Refusal::new(reason, expected))
}

impl Shared {
    /// What follows from a statement, or why nothing does.
    pub(super) async fn weigh(&self, known: &Known, edition: &Edition, message: &Received, now: Time) -> Result<Weight, Fault> {
        let statement = match opened(edition, message) {
            Ok(statement) => statement,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !self.journal.statements(Some(statement.id)).await?.is_empty() {
            return Ok(refuse(Reason::ConsentReplayed, "expected an identity of its own"));
        }
        let (id, by) = (statement.id, statement.by.clone());
        let effect = match &statement.says {
            Says::Request(_) | Says::Returned { .. } => {
                refuse(Reason::ConsentMalformed, "expected a statement about information; a request or a return is for a peer, not for a gateway")
            }
            Says::Consent(consent) => self.weigh_consent(known, edition, (id, &by), consent, now).await?,
            Says::Revocation { of } => match known.consent(*of) {
                Some(given) if given.by == by && given.consent.revocable && !given.ended => Ok(Effect::Revoked { id, of: *of }),
                _ => refuse(Reason::ConsentUnknown, "expected a consent of this party that can be taken back"),
            },
            Says::Recall(recall) => return self.weigh_recall(edition, &statement, recall.target).await,
            Says::Acknowledgement { of } => self.weigh_acknowledgement((id, *of), &message.from).await?,
        };
        Ok(effect.map(|effect| Weighed { effect, statement, copies: Vec::new() }))
    }

    async fn weigh_consent(
        &self,
        known: &Known,
        edition: &Edition,
        (id, by): (MessageId, &Name),
        consent: &Consent,
        now: Time,
    ) -> Result<Result<Effect, Refusal>, Fault> {
        if consent.until <= now {
            return Ok(refuse(Reason::ConsentExpired, "expected a consent whose time is not over"));
        }
        if consent.to.iter().any(|name| edition.peers.get(name).is_none_or(|peer| peer.nation == by.as_str())) {
            return Ok(refuse(Reason::ConsentRecipient, "expected recipients that the rule set has, and others than the party itself"));
        }
        if let Err(refusal) = known.room_for(consent) {
            return Ok(Err(refusal));
        }
        if let Scope::Content { content, .. } = &consent.scope {
            for row in self.waiting_for_consent().await? {
                let key = MessageKey { from: row.from, id: row.id };
                let held = self.journal.receipt_of(&key.from, key.id).await?.is_some_and(|receipt| receipt.digest == *content);
                let trail = if held { self.journal.trail(&key).await? } else { None };
                if trail.is_some_and(|trail| !trail.origins.iter().any(|origin| origin == by.as_str())) {
                    return Ok(refuse(Reason::ConsentOriginator, "expected the consent of the party whose information the message carries"));
                }
            }
        }
        Ok(Ok(Effect::Granted { id, uses: consent.uses }))
    }

    async fn weigh_recall(&self, edition: &Edition, statement: &Statement, target: Target) -> Result<Weight, Fault> {
        let candidates = match target {
            Target::Content(content) => self.journal.messages_of(content).await?,
            Target::Message(id) => edition.peers.keys().map(|from| MessageKey { from: from.clone(), id }).collect(),
        };
        let (mut found, mut targets, mut copies): (usize, Vec<MessageKey>, Vec<Copy>) = (0, Vec::new(), Vec::new());
        for key in candidates {
            let Some(trail) = self.journal.trail(&key).await? else { continue };
            found = found.saturating_add(1);
            if may_recall(edition, &statement.by, &key, &trail) {
                copies.extend(trail.copies);
                targets.push(key);
            }
        }
        let effect = match (found, targets.is_empty()) {
            (0, _) => return Ok(refuse(Reason::RecallUnknown, "expected a message that is on record")),
            (_, true) => return Ok(refuse(Reason::RecallOriginator, "expected a message of this party, or one that carries its information")),
            _ => Effect::Recalled { id: statement.id, targets },
        };
        Ok(Ok(Weighed { effect, statement: statement.clone(), copies }))
    }

    async fn weigh_acknowledgement(&self, (id, of): (MessageId, MessageId), by: &Name) -> Result<Result<Effect, Refusal>, Fault> {
        let recall = self.journal.statements(Some(of)).await?;
        let mut copies = recall.iter().flat_map(|statement| &statement.copies);
        Ok(match copies.any(|copy| copy.recipient == *by && !copy.acknowledged) {
            true => Ok(Effect::Acknowledged { id, of, by: by.clone() }),
            false => refuse(Reason::RecallAcknowledgement, "expected a recall of which this peer has a copy, not yet acknowledged"),
        })
    }
}

/// A statement whose signature holds, and that came from a peer of the party that it names.
fn opened(edition: &Edition, message: &Received) -> Result<Statement, Refusal> {
    let malformed = || Refusal::new(Reason::ConsentMalformed, "expected text in UTF-8");
    let note = std::str::from_utf8(&message.body).map_err(|_| malformed())?;
    let statement = Statement::open(note, |by| edition.keys_of(by.as_str()))?;
    let nation = edition.peers.get(&message.from).map(|peer| peer.nation.as_str());
    match nation == Some(statement.by.as_str()) {
        true => Ok(statement),
        false => refuse(Reason::ConsentSignature, "expected to have it from a peer of the party that it names"),
    }
}

/// Whether a party may withdraw a message: one that a peer of its own sent, or one that carries its information.
fn may_recall(edition: &Edition, by: &Name, key: &MessageKey, trail: &Trail) -> bool {
    let own = edition.peers.get(&key.from).is_some_and(|peer| peer.nation == by.as_str());
    own || trail.origins.iter().any(|origin| origin == by.as_str())
}
