//! Deciding: the keeper asks an inspector, then the verifier, and joins their answers. It believes of both only what the journal may record: which
//! recipients there are it knows itself, and what may leave is what the verifier permits.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::crew::{Lost, Talk};
use super::inspector::held;
use super::keeper::Shared;
use super::shift::Shift;
use crate::base::{Action, Digest, Finding, Name, Outcome, Reason, Refusal, Severity, Time};
use crate::filter::Waivers;
use crate::hop::message::{Answer, FromInspector, FromVerifier, Inspection, Permitted, ToInspector, ToVerifier, Wish};
use crate::hop::{Notice, Proposed, Received, Wanted};
use crate::journal::{Body, Decision, Marking};
use crate::policy::Edition;
use crate::statement::Grant;
use crate::verify::Proposal;

/// What is to be decided.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// The message, under the seals of its door.
    pub(super) message: Received,
    /// For whom, where not for all to whom it is addressed.
    pub(super) only: Option<Name>,
    /// What reviewers waived.
    pub(super) waivers: Waivers,
    /// The time of the decision.
    pub(super) now: Time,
    /// Consents of third parties that may be meant.
    pub(super) grants: Vec<Grant>,
    /// The conditions that hold.
    pub(super) conditions: Arc<Vec<(String, String)>>,
    /// What a reviewer would have done, where it is only to be shown.
    pub(super) wish: Option<Wish>,
}

/// What the verifier is asked about a message.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    message: Received,
    now: Time,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// To verify proposals.
    Proposed(Vec<Proposed>, Vec<Grant>),
    /// To write statements of the gateway's own.
    Notices(Vec<Notice>),
}

/// How inspectors are asked.
pub(super) const INSPECT: Talk<Question, Inspection, ToInspector, FromInspector> = Talk {
    say: |ask, question| {
        let Question { message, only, waivers, now, grants, conditions, wish } = question.clone();
        ToInspector::Inspect { ask, message, only, waivers, now, grants, conditions: conditions.to_vec(), wish }
    },
    heard: |FromInspector::Inspected { ask, inspection }| (ask, inspection),
};

/// How the verifier is asked.
pub(super) const VERIFY: Talk<Submission, Vec<Answer>, ToVerifier, FromVerifier> = Talk {
    say: |ask, submission| {
        let Submission { message, now, what } = submission.clone();
        match what {
            What::Proposed(proposed, grants) => ToVerifier::Verify { ask, message, now, proposed, grants },
            What::Notices(notices) => ToVerifier::Notify { ask, message, now, notices },
        }
    },
    heard: |FromVerifier::Verified { ask, answers }| (ask, answers),
};

/// What was decided on one message.
#[derive(Debug)]
pub(super) struct Verdict {
    /// A decision for each recipient, as the journal takes it.
    pub(super) decisions: Vec<Decision>,
    /// What may leave.
    pub(super) permitted: Vec<Permitted>,
    /// Third parties whose information it carries, by recipient.
    pub(super) parties: Vec<Parties>,
    /// What is held for want of consent.
    pub(super) wanted: Vec<Wanted>,
    /// The digest of what was proposed for each recipient, before a label was bound to it.
    pub(super) proposed: Vec<(Name, Digest)>,
    /// What its label says, where one was validated.
    pub(super) marking: Option<Marking>,
}

/// Third parties of a release, or of what is held for want of their consent.
#[derive(Debug, Clone)]
pub(super) struct Parties {
    pub(super) recipient: Name,
    pub(super) origins: Vec<String>,
    pub(super) consents: Vec<String>,
}

impl Shared {
    /// Decides a message; nothing where the gateway is stopping. What says that a part of the gateway is not what it should be is an alarm.
    pub(super) async fn decide(&self, shift: &Shift, question: Question) -> Option<Verdict> {
        let message = question.message.header.id;
        let verdict = ask_both(shift, question).await?;
        for decision in &verdict.decisions {
            if let Some(reason) = decision.code.filter(|reason| is_alarm(*reason)) {
                tracing::error!(alarm = reason.code(), %message, recipient = %decision.recipient, "ALARM");
                self.alarms.count(reason);
            }
        }
        Some(verdict)
    }
}

impl Shared {
    /// Has the verifier write statements of the gateway's own about a message; as many answers as notices, or none.
    pub(super) async fn notices(&self, shift: &Shift, message: Received, now: Time, notices: Vec<Notice>) -> Option<Vec<Answer>> {
        let (precedence, count) = (message.header.precedence, notices.len());
        let answers = shift.verifiers.ask(precedence, Submission { message, now, what: What::Notices(notices) }).await.ok();
        answers.filter(|answers| answers.len() == count)
    }
}

async fn ask_both(shift: &Shift, question: Question) -> Option<Verdict> {
    let names = recipients(&shift.edition, &question);
    let precedence = question.message.header.precedence;
    let (message, now, grants) = (question.message.clone(), question.now, question.grants.clone());
    let inspection = match shift.inspectors.ask(precedence, question).await {
        Ok(inspection) => inspection,
        Err(Lost::Stopping) => return None,
        Err(Lost::Twice) => return Some(Verdict::held(names, &lost("two inspectors were lost over this message"))),
    };
    if let Err(refusal) = accountable(shift.edition.digest, &names, &inspection) {
        tracing::error!(message = %message.header.id, %refusal, "an inspector is not believed");
        return Some(Verdict::held(names, &refusal));
    }
    let Inspection { mut decisions, proposed, wanted, marking, .. } = inspection;
    let held = |one: &Wanted| Parties { recipient: one.recipient.clone(), origins: one.origins.clone(), consents: Vec::new() };
    let mut parties: Vec<_> = wanted.iter().map(held).collect();
    if proposed.is_empty() {
        return Some(Verdict { decisions, permitted: Vec::new(), parties, wanted, proposed: Vec::new(), marking });
    }
    let digests = proposed.iter().filter_map(digest_of).collect();
    let waiting: Vec<_> = proposed.iter().map(|one| one.recipient.clone()).collect();
    let answers = match shift.verifiers.ask(precedence, Submission { message, now, what: What::Proposed(proposed, grants) }).await {
        Ok(answers) if answers.len() == waiting.len() => answers,
        Ok(_) => waiting.iter().map(|_| refused(hop("the verifier did not answer each proposal"))).collect(),
        Err(Lost::Stopping) => return None,
        Err(Lost::Twice) => waiting.iter().map(|_| refused(lost("two verifiers were lost over this message"))).collect(),
    };
    let mut permitted = Vec::new();
    for (name, answer) in waiting.iter().zip(answers) {
        if let Some(decision) = decisions.iter_mut().find(|decision| decision.recipient == *name) {
            permitted.extend(settle(decision, answer, &mut parties));
        }
    }
    Some(Verdict { decisions, permitted, parties, wanted, proposed: digests, marking })
}

impl Verdict {
    /// The consents that are used up, each as often as it is.
    pub(super) fn used(&self) -> Vec<String> {
        self.parties.iter().flat_map(|one| one.consents.iter().cloned()).collect()
    }

    /// Refused for all of these recipients.
    pub(super) fn withdrawn(names: Vec<Name>) -> Self {
        let refusal = Refusal::new(Reason::RecallWithdrawn, "the originator has withdrawn it");
        Self::held(names, &refusal)
    }

    /// Held for all of these recipients.
    pub(super) fn held(names: Vec<Name>, refusal: &Refusal) -> Self {
        Self { decisions: held(names, refusal), permitted: Vec::new(), parties: Vec::new(), wanted: Vec::new(), proposed: Vec::new(), marking: None }
    }

    /// Whether what leaves to a recipient was made of exactly these bytes, which reviewers saw. A label that the gateway binds to it comes after that.
    pub(super) fn lets_leave(&self, recipient: &Name, seen: Digest) -> bool {
        let permitted = self.permitted.iter().any(|one| one.permit.recipient == *recipient);
        permitted && self.proposed.iter().any(|(name, digest)| name == recipient && *digest == seen)
    }
}

/// The digest of the bytes of a proposal.
fn digest_of(proposed: &Proposed) -> Option<(Name, Digest)> {
    let proposal: Proposal = minicbor::decode(&proposed.proposal).ok()?;
    Some((proposed.recipient.clone(), Digest::of(&proposal.result)))
}

/// Whether a reason accuses a part of the gateway, and not the message.
fn is_alarm(reason: Reason) -> bool {
    ["verify.", "fault."].iter().any(|kind| reason.code().starts_with(kind))
}

fn lost(what: &str) -> Refusal {
    Refusal::new(Reason::FaultLost, what)
}

fn hop(what: &str) -> Refusal {
    Refusal::new(Reason::FaultHop, what)
}

const fn refused(refusal: Refusal) -> Answer {
    Answer::Refused { refusal }
}

/// The recipients that a decision must speak of.
pub(super) fn recipients(edition: &Edition, question: &Question) -> Vec<Name> {
    let header = &question.message.header;
    let all = || match edition.recipients(&question.message.from, header, question.now) {
        Ok(recipients) => recipients.into_iter().map(|entry| entry.name.clone()).collect(),
        // The rule set changed since it was accepted.
        Err(_) => header.destinations.clone(),
    };
    question.only.clone().map_or_else(all, |name| vec![name])
}

/// Checks that an inspection is under the edition in force, speaks of every recipient once and of nobody else, and lets nothing leave by itself.
fn accountable(edition: Digest, names: &[Name], inspection: &Inspection) -> Result<(), Refusal> {
    if inspection.edition != edition {
        return Err(hop("an inspector decided under another edition"));
    }
    let spoken: BTreeSet<_> = inspection.decisions.iter().map(|decision| &decision.recipient).collect();
    if spoken != names.iter().collect() || inspection.decisions.len() != names.len() {
        return Err(hop("an inspector did not decide for each recipient once"));
    }
    if inspection.wanted.iter().any(|one| !spoken.contains(&one.recipient)) {
        return Err(hop("an inspector wants consent for somebody else"));
    }
    if inspection.decisions.iter().any(|decision| decision.outcome == Outcome::Forward || decision.output.is_some() || decision.permit.is_some()) {
        return Err(hop("an inspector lets a message leave by itself"));
    }
    let proposed: BTreeSet<_> = inspection.proposed.iter().map(|one| &one.recipient).collect();
    let known = proposed.len() == inspection.proposed.len() && proposed.iter().all(|name| spoken.contains(name));
    if known { Ok(()) } else { Err(hop("an inspector proposes for somebody twice, or for somebody else")) }
}

/// Closes a decision that waited for the verifier.
fn settle(decision: &mut Decision, answer: Answer, parties: &mut Vec<Parties>) -> Option<Permitted> {
    match answer {
        Answer::Permitted { permitted, bytes, origins, consents } => {
            let body = Body::new(bytes);
            let permit = minicbor::to_vec(&permitted).ok();
            if permitted.permit.recipient != decision.recipient || permitted.permit.digest != body.digest || permit.is_none() {
                return settle(decision, refused(hop("the verifier permits something else than was asked")), parties);
            }
            if !origins.is_empty() {
                parties.push(Parties { recipient: decision.recipient.clone(), origins, consents });
            }
            decision.outcome = Outcome::Forward;
            decision.code = None;
            decision.output = Some(body);
            decision.permit = permit.map(Into::into);
            Some(permitted)
        }
        Answer::Refused { refusal } => {
            decision.outcome = refusal.reason.outcome().max(Outcome::Quarantine);
            decision.code = Some(refusal.reason);
            decision.findings = with(&decision.findings, &refusal);
            None
        }
    }
}

/// The findings of a decision with a refusal of the second half.
fn with(findings: &str, refusal: &Refusal) -> String {
    let finding = Finding {
        code: refusal.reason,
        rule: "".into(),
        path: refusal.place.path.clone(),
        span: refusal.place.span,
        severity: Severity::High,
        action: if refusal.reason.outcome() == Outcome::Reject { Action::Refuse } else { Action::Hold },
        text: refusal.detail.clone(),
    };
    let mut list: Vec<serde_json::Value> = serde_json::from_str(findings).unwrap_or_default();
    // It decides, so it comes first.
    list.splice(0..0, serde_json::to_value(finding).ok());
    serde_json::to_string(&list).unwrap_or_else(|_| "[]".to_owned())
}

#[cfg(test)]
impl Submission {
    /// One that proposes nothing.
    pub(super) fn nothing() -> Self {
        use crate::hop::HopKey;
        let (header, body) = crate::generate::message(crate::generate::recipes().first().unwrap(), 1, super::world::now());
        let tag = HopKey::from_bytes([0; 32]).seal(crate::hop::message::RECEIVED, &[]);
        let seals = crate::hop::message::Seals { inspector: tag, verifier: tag };
        let message = Received { from: Name::new("gbr-ops").unwrap(), received: header.sent, header, body: body.into(), seals };
        Self { now: message.received, message, what: What::Proposed(Vec::new(), Vec::new()) }
    }
}
