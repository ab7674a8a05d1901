//! The step from permitted to cleared: findings and waivers weighed for one recipient, all edits planned.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::{Action, Finding, Reason, Severity, on_one_line};
use crate::format::{Inside, Parsed};
use crate::normal::{Kind, NodeId, PathPattern, Tree};
use crate::policy::TransformAction;
use crate::release::Permitted;

use super::found::{Planned, Step};
use super::protected::Protected;
use super::references;
use super::waivers::{ClauseReview, Removals, Waivers};
use super::{Filters, Scanned};

/// Proof that nothing that was found forbids this release, with the edits that it still needs.
#[derive(Debug)]
#[must_use]
pub struct Cleared<'m, 'a> {
    permitted: Permitted<'m, 'a>,
    findings: Vec<Finding>,
    steps: Vec<Planned>,
    references: Arc<[NodeId]>,
    protected: Arc<Protected>,
    rest: Arc<[PathPattern]>,
}

impl<'m, 'a> Cleared<'m, 'a> {
    /// The permit.
    pub const fn permitted(&self) -> &Permitted<'m, 'a> {
        &self.permitted
    }

    /// All findings, waived ones too.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What is to be edited, in the order in which it applies.
    #[must_use]
    pub fn steps(&self) -> &[Planned] {
        &self.steps
    }

    /// Nodes that may name another thing.
    pub(crate) fn references(&self) -> &[NodeId] {
        &self.references
    }

    /// Fields that must stay.
    pub(crate) fn protected(&self) -> &Protected {
        &self.protected
    }

    /// Paths of which one must be left.
    pub(crate) fn rest(&self) -> &[PathPattern] {
        &self.rest
    }
}

impl Filters {
    /// Weighs what was found against what reviewers let pass.
    ///
    /// # Errors
    /// The findings that forbid the release, the gravest first; `agreement.review` where the clause asks for a review that has not been.
    pub fn check<'m, 'a>(&self, permitted: Permitted<'m, 'a>, scanned: &Scanned<'a>, waivers: &Waivers) -> Result<Cleared<'m, 'a>, Vec<Finding>> {
        let parsed = permitted.labelled().parsed();
        let tree = parsed.tree();
        let same = std::ptr::eq(scanned.body, parsed.body());
        let (steps, more) = plan(parsed, scanned, &permitted, &waivers.removed);
        let mut findings: Vec<Finding> = scanned.findings.iter().cloned().chain(more).chain(self.labels.findings(permitted.labelled())).collect();
        if permitted.review() && waivers.clause_review == ClauseReview::Pending {
            findings.push(whole(tree, Reason::AgreementReview, permitted.clause().id.as_str(), "the clause permits release only after review"));
        }
        let withheld = |node| permitted.withheld().iter().any(|withheld| tree.parent(node).is_some_and(|above| withheld.node == above));
        for inside in parsed.format().insides(tree).into_iter().filter(|inside| !withheld(inside.node)) {
            if !permitted.clause().formats.contains(inside.format.name) {
                findings.push(unlisted(tree, inside, permitted.clause().id.as_str()));
            }
        }
        if !same {
            findings.push(whole(tree, Reason::FaultInternal, "", "the findings are those of another message"));
        }
        let mut standing: Vec<Finding> = findings.iter().filter(|finding| waivers.leave_standing(finding)).cloned().collect();
        if standing.is_empty() {
            let (references, protected, rest) = (Arc::clone(&scanned.references), Arc::clone(&scanned.protected), Arc::clone(&scanned.rest));
            return Ok(Cleared { permitted, findings, steps, references, protected, rest });
        }
        standing.sort_by_key(|finding| std::cmp::Reverse((finding.action, finding.severity)));
        Err(standing)
    }
}

fn whole(tree: &Tree<'_>, code: Reason, rule: &str, text: &str) -> Finding {
    let path = tree.path(NodeId::ROOT);
    Finding { code, rule: rule.into(), path, span: None, severity: Severity::Medium, action: Action::Hold, text: text.into() }
}

/// A clause that releases mail does not thereby release what other formats say in it.
fn unlisted(tree: &Tree<'_>, inside: Inside, clause: &str) -> Finding {
    let text = format!("the clause does not release attached messages of `{}`", inside.format.name);
    Finding { path: tree.path(inside.node), ..whole(tree, Reason::FieldsForbidden, clause, &text) }
}

/// What reviewers take out. A path that leads to no field or to several, or to one that must stay, is a finding that nobody can waive.
fn taken_out(tree: &Tree<'_>, protected: &Protected, removed: &Removals) -> (Vec<Planned>, Vec<Finding>) {
    let (mut steps, mut findings) = (Vec::new(), Vec::new());
    if removed.paths.is_empty() {
        return (steps, findings);
    }
    let named = tree.all().filter(|(_, node)| node.kind != Kind::Text).map(|(id, _)| (on_one_line(&tree.path(id)), id));
    let named: Vec<(String, NodeId)> = named.filter(|(path, _)| removed.paths.contains(path)).collect();
    for path in &removed.paths {
        let mut found = named.iter().filter(|(other, _)| other == path).map(|(_, id)| *id);
        let (node, text) = match (found.next(), found.next()) {
            (Some(node), None) if !protected.holds(tree, node) => {
                steps.push(Planned { node, step: Step::Transform(TransformAction::Remove), rule: Arc::clone(&removed.rule) });
                continue;
            }
            (Some(node), None) => (node, "reviewers take away a field that must stay"),
            (None, _) => (NodeId::ROOT, "reviewers take away a field that the message does not have"),
            (Some(node), Some(_)) => (node, "reviewers take away one of several fields of the same path"),
        };
        let span = Some(tree.node(node).span);
        findings.push(Finding { path: tree.path(node), span, severity: Severity::High, ..whole(tree, Reason::ReviewRemoval, &removed.rule, text) });
    }
    (steps, findings)
}

/// The steps of the profile and of findings, then those of the clause and of reviewers, then what follows from removals and from what is withheld.
fn plan(parsed: &Parsed<'_>, scanned: &Scanned<'_>, permitted: &Permitted<'_, '_>, removals: &Removals) -> (Vec<Planned>, Vec<Finding>) {
    let (tree, mut steps) = (parsed.tree(), scanned.steps.clone());
    let insides: Vec<(NodeId, Tree<'_>)> = parsed.format().insides(tree).into_iter().map(|inside| (inside.node, tree.below(inside.node))).collect();
    for transform in &permitted.clause().sanitise {
        // A clause speaks of an attached message as of one that comes alone.
        let below = insides.iter().flat_map(|(root, below)| transform.path.select(below).into_iter().map(|node| node.within(*root)));
        let nodes = transform.path.select(tree).into_iter().chain(below);
        steps.extend(nodes.map(|node| Planned { node, step: Step::Transform(transform.action.clone()), rule: Arc::clone(&transform.rule) }));
    }
    let (taken, misplaced) = taken_out(tree, &scanned.protected, removals);
    steps.extend(taken);
    let removed = steps.iter().filter(|step| step.step == Step::Transform(TransformAction::Remove)).map(|step| step.node);
    let removed: BTreeSet<NodeId> = removed.chain(permitted.withheld().iter().map(|withheld| withheld.node)).collect();
    let removed: Vec<NodeId> = removed.into_iter().collect();
    let (more, findings) = references::follow(tree, &parsed.facts().subject, &scanned.references, &scanned.protected, &removed);
    steps.extend(more);
    (steps, misplaced.into_iter().chain(findings).collect())
}
