//! Consistency of labels: what an officer makes of markings that do not fit together.
//!
//! Takes the rules of `filters/detectors.toml` that name a row of [`crate::label::consistency::CHECKS`]. Gives a finding for each remark on a
//! label that holds, and weighs the refusal of one that does not. Where no rule speaks, a remark is told and stops nothing.
//! Deliberately absent: any rule that lets a contradiction pass.

use std::sync::Arc;

use super::place;
use crate::base::{Action, Complaint, Finding, Reason, Severity};
use crate::label::Labelled;
use crate::label::consistency::{CHECKS, Check, Weight, check_of};
use crate::policy::{DetectorRule, SourceFile};

/// The reasons that this filter gives.
pub(in crate::filter) const CODES: &[Reason] = &[Reason::LabelReviewPast, Reason::LabelSuccessionPast, Reason::LabelPartsApart];

/// What a rule set asks for where markings do not fit together.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    rules: Vec<(&'static Check, DetectorRule)>,
}

/// The row that a rule names.
pub(in crate::filter) fn row(rule: &DetectorRule) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == rule.name)
}

impl Labels {
    /// Takes the rules that name a row.
    ///
    /// # Errors
    /// An action that would let a contradiction pass, or that takes away what is no field.
    pub(in crate::filter) fn compile(rules: &[DetectorRule], files: &[SourceFile]) -> Result<Self, Vec<Complaint>> {
        let (mut known, mut complaints) = (Vec::new(), Vec::new());
        for (check, rule) in rules.iter().filter_map(|rule| Some((row(rule)?, rule))) {
            let least = match check.weight {
                Weight::Stops => Action::Hold,
                Weight::Tells => Action::Note,
            };
            if rule.action < least || rule.action == Action::Strip {
                let expected = if check.weight == Weight::Stops { "`hold` or `refuse`" } else { "`note`, `hold` or `refuse`" };
                let what = format!("`{}` cannot be let pass or taken away like this: {}", rule.name, check.sentence);
                complaints.push(place::complaint(files, &rule.rule, what, format!("expected {expected}"), "choose another action"));
            }
            known.push((check, rule.clone()));
        }
        if complaints.is_empty() { Ok(Self { rules: known }) } else { Err(complaints) }
    }

    fn rule(&self, reason: Reason) -> Option<&DetectorRule> {
        self.rules.iter().find(|(check, _)| check.reason == reason).map(|(_, rule)| rule)
    }

    /// What is worth knowing of a label, as findings.
    pub(in crate::filter) fn findings<'s>(&'s self, labelled: &'s Labelled<'_>) -> impl Iterator<Item = Finding> + 's {
        labelled.remarks().iter().map(|remark| {
            let rule = self.rule(remark.reason);
            Finding {
                code: remark.reason,
                rule: rule.map_or_else(|| "".into(), |rule| Arc::clone(&rule.rule)),
                path: remark.place.path.clone(),
                span: remark.place.span,
                severity: rule.map_or(Severity::Low, |rule| rule.severity),
                action: rule.map_or(Action::Note, |rule| rule.action),
                text: check_of(remark.reason).map_or("", |check| check.sentence).to_owned(),
            }
        })
    }

    /// Gives the finding of a refused label the weight that the rule set gives it.
    pub(crate) fn weigh(&self, finding: &mut Finding) {
        if let Some(rule) = self.rule(finding.code) {
            finding.severity = rule.severity;
            finding.action = rule.action;
            finding.rule = Arc::clone(&rule.rule);
        }
    }
}
