//! What filters add to: findings up to a limit, and the steps that a strip asks for.
//!
//! INVARIANT: nothing that was found is forgotten in the outcome: beyond [`Found::FINDINGS_MAX`] findings are counted, and the last
//! finding, `content.limit`, asks for the gravest of their actions. A strip of what must not be taken away is a hold.

use std::ops::Range;
use std::sync::Arc;

use crate::base::{Action, Finding, Reason, Severity};
use crate::normal::{Kind, NodeId, Tree};
use crate::policy::TransformAction;

use super::protected::Protected;
use super::text::{Hit, Part};

/// One thing to be done to a node when the message is sanitised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The node.
    pub node: NodeId,
    /// What is done.
    pub step: Step,
    /// The rule that asks for it.
    pub rule: Arc<str>,
}

/// What is done to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Bytes of the node's text are blotted out.
    Redact(Range<usize>),
    /// A transform of the rule set.
    Transform(TransformAction),
}

/// What a rule says where it matches.
#[derive(Debug, Clone, Copy)]
pub(in crate::filter) struct Verdict<'v> {
    /// Reason, unless the action is a strip that is carried out.
    pub(in crate::filter) code: Reason,
    /// Reason where the action is a strip that is carried out: one whose outcome is to forward.
    pub(in crate::filter) stripped: Reason,
    /// Rule.
    pub(in crate::filter) rule: &'v Arc<str>,
    /// How grave.
    pub(in crate::filter) severity: Severity,
    /// What it asks for.
    pub(in crate::filter) action: Action,
}

/// Findings and planned steps of one message.
#[derive(Debug)]
pub(in crate::filter) struct Found<'t, 'a> {
    tree: &'t Tree<'a>,
    protected: &'t Protected,
    findings: Vec<Finding>,
    beyond: usize,
    worst_beyond: Action,
    steps: Vec<Planned>,
}

impl<'t, 'a> Found<'t, 'a> {
    /// Findings kept for one message: 256. More than a reviewer reads, and about 50 KB.
    pub(in crate::filter) const FINDINGS_MAX: usize = 256;

    pub(in crate::filter) fn new(tree: &'t Tree<'a>, protected: &'t Protected) -> Self {
        Self { tree, protected, findings: Vec::new(), beyond: 0, worst_beyond: Action::Note, steps: Vec::new() }
    }

    pub(in crate::filter) const fn tree(&self) -> &'t Tree<'a> {
        self.tree
    }

    /// A finding about a whole field; a strip takes it away.
    pub(in crate::filter) fn on_field(&mut self, node: NodeId, verdict: Verdict<'_>, text: impl FnOnce() -> String) {
        let hit = Hit { node, part: Part::Name, range: 0..0 };
        self.add(&hit, verdict, text);
    }

    /// A finding about text; a strip blots free text out, and takes attributes and names away.
    pub(in crate::filter) fn on_text(&mut self, hit: &Hit, verdict: Verdict<'_>, text: impl FnOnce() -> String) {
        self.add(hit, verdict, text);
    }

    fn add(&mut self, hit: &Hit, verdict: Verdict<'_>, text: impl FnOnce() -> String) {
        let stands = verdict.action == Action::Strip && self.protected.holds(self.tree, hit.node);
        let action = if stands { Action::Hold } else { verdict.action };
        if action == Action::Strip {
            let step = match hit.part {
                Part::Value if self.tree.node(hit.node).kind == Kind::Text => Step::Redact(hit.range.clone()),
                Part::Value | Part::Name => Step::Transform(TransformAction::Remove),
            };
            self.steps.push(Planned { node: hit.node, step, rule: Arc::clone(verdict.rule) });
        }
        if self.findings.len() >= Self::FINDINGS_MAX {
            self.beyond = self.beyond.saturating_add(1);
            self.worst_beyond = self.worst_beyond.max(action);
            return;
        }
        self.findings.push(Finding {
            code: if action == Action::Strip { verdict.stripped } else { verdict.code },
            rule: Arc::clone(verdict.rule),
            path: self.tree.path(hit.node),
            span: Some(hit.span(self.tree)),
            severity: verdict.severity,
            action,
            text: if stands { format!("{}; it was to be stripped, but must not be taken away", text()) } else { text() },
        });
    }

    /// A step without a finding: a default edit of the profile.
    pub(in crate::filter) fn plan(&mut self, node: NodeId, action: TransformAction, rule: &Arc<str>) {
        self.steps.push(Planned { node, step: Step::Transform(action), rule: Arc::clone(rule) });
    }

    /// All findings, with `content.limit` last where some were not kept, and all steps.
    pub(in crate::filter) fn finish(mut self) -> (Vec<Finding>, Vec<Planned>) {
        if self.beyond > 0 {
            self.findings.push(Finding {
                code: Reason::ContentLimit,
                rule: "".into(),
                path: self.tree.path(NodeId::ROOT),
                span: None,
                severity: Severity::High,
                action: self.worst_beyond,
                text: format!("expected at most {} findings, found {} more", Self::FINDINGS_MAX, self.beyond),
            });
        }
        (self.findings, self.steps)
    }
}
