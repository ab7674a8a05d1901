//! What became of a message: a ruling for each recipient, with all findings, kept as plain data for journal, reports and JSON.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::base::{Action, Finding, Name, Outcome, Reason, Refusal, Severity};
use crate::filter::{Labels, Waivers};
use crate::label::{LabelView, Labelled};
use crate::normal::Edits;
use crate::sanitise::Sanitised;
use crate::translate::Translated;
use crate::verify::{Proposal, Said, Verified};

/// An edit as people and journals see it: where and what, never the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EditView {
    /// Path in the original.
    pub path: String,
    /// The transform.
    pub action: &'static str,
    /// The rule that asked for it.
    pub rule: Arc<str>,
}

/// The fate of one message.
#[derive(Debug)]
pub struct Passage {
    /// Format name, where one was recognised.
    pub format: Option<&'static str>,
    /// The label, where one was read.
    pub label: Option<LabelView>,
    /// One ruling for each recipient.
    pub rulings: Vec<Ruling>,
}

/// What the first half says: rulings of which some wait for the second half, and a proposal for each of these.
#[derive(Debug)]
pub struct Inspected {
    /// The rulings; one that waits has no output yet.
    pub passage: Passage,
    /// Proposals by the place of their ruling.
    pub proposals: Vec<(usize, Proposal)>,
}

impl From<Passage> for Inspected {
    fn from(passage: Passage) -> Self {
        Self { passage, proposals: Vec::new() }
    }
}

impl Inspected {
    pub(super) fn add(&mut self, ruling: Ruling, proposal: Option<Proposal>) {
        self.proposals.extend(proposal.map(|proposal| (self.passage.rulings.len(), proposal)));
        self.passage.rulings.push(ruling);
    }
}

/// The fate of one message for one recipient.
#[derive(Debug)]
pub struct Ruling {
    /// The recipient.
    pub recipient: Name,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason that decided; `None` where it is forwarded.
    pub code: Option<Reason>,
    /// The clause under which it may leave.
    pub clause: Option<Name>,
    /// Mark, scheme, equivalence, decision: lines for people.
    pub chain: Vec<String>,
    /// All findings.
    pub findings: Vec<Finding>,
    /// The edits.
    pub edits: Vec<EditView>,
    /// The format into which it is translated; `None` where it leaves in the format in which it came.
    pub into: Option<&'static str>,
    /// Whose consent it waits for; none where that is not what holds it.
    pub want: Option<Want>,
    /// The bytes that leave.
    pub output: Option<Verified>,
}

/// The consent that a message waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// The third parties whose information it carries.
    pub origins: Vec<String>,
    /// Its label, which the consent must name.
    pub label: Said,
}

impl Passage {
    pub(super) fn refused(refusal: &Refusal, recipients: impl Iterator<Item = Name>) -> Self {
        let rulings = recipients.map(|recipient| Ruling::open(recipient, &[]).refused(refusal, &Waivers::default())).collect();
        Self { format: None, label: None, rulings }
    }

    pub(super) fn labelled(labelled: &Labelled<'_>, view: LabelView) -> Self {
        Self { format: Some(labelled.parsed().format().name), label: Some(view), rulings: Vec::new() }
    }

    pub(super) fn of_format(mut self, name: &'static str) -> Self {
        self.format = Some(name);
        self
    }

    /// Gives markings that do not fit together the weight that the rule set gives them.
    pub(super) fn weighed(mut self, labels: &Labels) -> Self {
        for ruling in &mut self.rulings {
            ruling.findings.iter_mut().for_each(|finding| labels.weigh(finding));
            ruling.settle(&Waivers::default());
        }
        self
    }

    pub(super) fn with_findings(mut self, findings: &[Finding]) -> Self {
        for ruling in &mut self.rulings {
            ruling.findings.extend_from_slice(findings);
            ruling.settle(&Waivers::default());
        }
        self
    }

    /// Notes in a ruling that its label is bound to what leaves.
    pub(super) fn bound(&mut self, at: usize) {
        if let Some(ruling) = self.rulings.get_mut(at) {
            ruling.bound();
        }
    }

    /// Closes a ruling that waits for the second half: forwarded where it is verified, else refused.
    pub(super) fn settle(&mut self, at: usize, verify: impl FnOnce(&Name) -> Result<Verified, Refusal>, waivers: &Waivers) {
        let Some(place) = self.rulings.get_mut(at) else { return };
        let ruling = std::mem::replace(place, Ruling::open(place.recipient.clone(), &[]));
        *place = match verify(&ruling.recipient) {
            Ok(verified) => ruling.forwarded(verified),
            Err(refusal) => ruling.refused(&refusal, waivers),
        };
    }

    /// A passage for a message on which the guard itself failed: held for everyone, with a reason that reviewers can tell from a content failure.
    #[must_use]
    pub fn faulted(recipients: impl Iterator<Item = Name>, refusal: &Refusal) -> Self {
        Self::refused(refusal, recipients)
    }

    /// The most restrictive outcome over all recipients.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        self.rulings.iter().map(|ruling| ruling.outcome).max().unwrap_or(Outcome::Reject)
    }
}

impl Ruling {
    pub(super) fn open(recipient: Name, findings: &[Finding]) -> Self {
        Self {
            recipient,
            outcome: Outcome::Reject,
            code: None,
            clause: None,
            chain: Vec::new(),
            findings: findings.to_vec(),
            edits: Vec::new(),
            into: None,
            want: None,
            output: None,
        }
    }

    pub(super) fn permitted(&mut self, clause: Name, chain: &[String]) {
        self.clause = Some(clause);
        self.chain = chain.to_vec();
    }

    /// What sanitising did, with the findings as they stood when the message was cleared.
    pub(super) fn edited(&mut self, sanitised: &Sanitised<'_, '_>) {
        self.findings = sanitised.findings().to_vec();
        self.edits = views(sanitised.edits());
    }

    /// That it waits for somebody's consent.
    pub(super) fn wants(&mut self, origins: BTreeSet<String>, label: Said) {
        self.want = Some(Want { origins: origins.into_iter().collect(), label });
    }

    /// In which format it leaves, and what is lost on the way there.
    pub(super) fn translated(&mut self, translated: &Translated<'_, '_>) {
        if let Some(made) = translated.made() {
            self.into = Some(made.format.name);
            self.edits = views(&made.edits);
        }
    }

    /// That its label is bound to what leaves.
    fn bound(&mut self) {
        self.chain.push(format!("the label is bound to the message for `{}` by this gateway's key", self.recipient));
    }

    fn deciding(&self, waivers: &Waivers) -> Option<&Finding> {
        let standing = |finding: &&Finding| !waivers.cover(finding);
        // The first of the most restrictive: findings stand in the order of evaluation.
        self.findings.iter().filter(standing).rev().max_by_key(|finding| decided(finding)).filter(|finding| decided(finding) > Outcome::Forward)
    }

    fn settle(&mut self, waivers: &Waivers) {
        let worst = self.deciding(waivers).map(|finding| (decided(finding), finding.code));
        self.outcome = worst.map_or(Outcome::Forward, |(outcome, _)| outcome);
        self.code = worst.map(|(_, code)| code);
    }

    /// Closed by a refusal, which joins the findings; the worst of all decides.
    pub(super) fn refused(mut self, refusal: &Refusal, waivers: &Waivers) -> Self {
        let finding = Finding {
            code: refusal.reason,
            rule: "".into(),
            path: refusal.place.path.clone(),
            span: refusal.place.span,
            severity: Severity::High,
            action: match refusal.reason.outcome() {
                Outcome::Forward => Action::Note,
                Outcome::Quarantine | Outcome::Withhold => Action::Hold,
                Outcome::Reject => Action::Refuse,
            },
            text: refusal.detail.clone(),
        };
        self.findings.insert(0, finding);
        self.settle(waivers);
        self
    }

    /// Closed by findings that stand: those of the release join those of the content.
    pub(super) fn held(mut self, standing: Vec<Finding>, waivers: &Waivers) -> Self {
        for finding in standing.into_iter().rev() {
            match self
                .findings
                .iter_mut()
                .find(|known| (known.code, &known.rule, &known.path, known.span) == (finding.code, &finding.rule, &finding.path, finding.span))
            {
                // The release may ask for more than the rule did: what must not be taken away is held.
                Some(known) => *known = finding,
                None => self.findings.insert(0, finding),
            }
        }
        self.settle(waivers);
        self
    }

    /// Free to leave.
    pub(super) fn forwarded(mut self, verified: Verified) -> Self {
        self.outcome = Outcome::Forward;
        self.code = None;
        self.output = Some(verified);
        self
    }
}

fn views(edits: &Edits) -> Vec<EditView> {
    edits.iter().map(|edit| EditView { path: edit.path.clone(), action: edit.action, rule: Arc::clone(&edit.rule) }).collect()
}

/// The outcome that one finding asks for: its rule's action, or, for reasons in code, the table's outcome.
fn decided(finding: &Finding) -> Outcome {
    match finding.action {
        Action::Note | Action::Strip => Outcome::Forward,
        Action::Hold => finding.code.outcome().max(Outcome::Quarantine).min(Outcome::Withhold),
        Action::Refuse => Outcome::Reject,
    }
}
