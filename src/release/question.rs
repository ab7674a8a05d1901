//! What Cedar is asked: one message, one sender, one recipient, one time, as plain values.

use std::sync::Arc;

use cedar_policy::{Context, RestrictedExpression};

use super::Circumstances;
use super::compile::FLAT_RANK;
use super::exercise;
use super::sketch::Wants;
use super::vocabulary::{Types, word};
use crate::base::{Precedence, Time, Traffic};
use crate::label::{Label, LabelView, Labelled, Lattice, PolicyIx};

/// The message as rules see it.
#[derive(Debug, Clone)]
pub(in crate::release) struct Question<'q> {
    pub(in crate::release) format: &'q str,
    pub(in crate::release) kind: &'q str,
    pub(in crate::release) subject: &'q str,
    pub(in crate::release) traffic: Traffic,
    pub(in crate::release) precedence: Precedence,
    pub(in crate::release) now: Time,
    pub(in crate::release) label: LabelView,
    /// Rank of the label in each policy to which it can be taken, by the policy's name.
    pub(in crate::release) ranks: Vec<(&'q str, u32)>,
    /// The conditions that the rule set declares, by name, with what they are.
    pub(in crate::release) conditions: Arc<Vec<(String, String)>>,
}

impl<'q> Question<'q> {
    /// The question about what is left of a message for one recipient, whose label is `label`.
    pub(in crate::release) fn of(
        labelled: &'q Labelled<'_>,
        label: &Label,
        facts: &'q crate::format::Facts<'_>,
        lattice: &'q Lattice,
        (at, conditions): (&Circumstances, Arc<Vec<(String, String)>>),
    ) -> Self {
        let header = labelled.parsed().header();
        Question {
            format: labelled.parsed().format().name,
            kind: &facts.kind,
            subject: &facts.subject,
            traffic: header.traffic,
            precedence: header.precedence,
            now: at.now,
            label: lattice.view(label),
            ranks: ranks(lattice, label),
            conditions,
        }
    }

    /// The question about a message that was never written.
    pub(in crate::release) fn imagined(imagined: &super::stated::Imagined<'q>, lattice: &'q Lattice, conditions: Arc<Vec<(String, String)>>) -> Self {
        let super::stated::Imagined { format, kind, subject, traffic, precedence, now, label, .. } = *imagined;
        Question { format, kind, subject, traffic, precedence, now, label: lattice.view(label), ranks: ranks(lattice, label), conditions }
    }

    /// The context record of the request; the shape is that of [`super::compile::schema`], as far as it is wanted.
    pub(in crate::release) fn context(&self, types: &Types, wants: Wants) -> Option<Context> {
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let mut pairs: Vec<(String, RestrictedExpression)> = Vec::new();
        let mut add = |name: &str, value: &dyn Fn() -> Option<RestrictedExpression>| {
            if wants.has(name) {
                pairs.push((name.to_owned(), value()?));
            }
            Some(())
        };
        add("format", &|| Some(word(&types.format, self.format)))?;
        add("kind", &|| Some(text(self.kind)))?;
        add("subject", &|| Some(text(self.subject)))?;
        add("traffic", &|| Some(word(&types.traffic, exercise::word(self.traffic))))?;
        add("precedence", &|| Some(word(&types.precedence, self.precedence.word())))?;
        add("now_ms", &|| Some(RestrictedExpression::new_long(self.now.unix_ms())))?;
        add("policy", &|| Some(word(&types.policy, &self.label.policy)))?;
        add("classification", &|| Some(word(&types.classification, &self.label.classification)))?;
        add("national_only", &|| Some(RestrictedExpression::new_bool(self.label.national_only)))?;
        add("releasable_to", &|| Some(RestrictedExpression::new_set(self.label.releasable_to.iter().map(|group| word(&types.group, group)))))?;
        add("categories", &|| {
            let values = self.label.categories.iter().flat_map(|(tag, values)| values.iter().map(move |value| format!("{tag}/{value}")));
            Some(RestrictedExpression::new_set(values.map(|category| word(&types.category, &category))))
        })?;
        add("ranks", &|| {
            let ranks = self
                .ranks
                .iter()
                .filter(|(policy, _)| wants.has_rank(policy))
                .map(|(policy, rank)| ((*policy).to_owned(), RestrictedExpression::new_long(i64::from(*rank))));
            RestrictedExpression::new_record(ranks).ok()
        })?;
        // An edition without conditions has none in its schema.
        if !self.conditions.is_empty() {
            add("conditions", &|| {
                let set = self.conditions.iter().map(|(name, value)| (name.clone(), word(&types.condition, &format!("{name}/{value}"))));
                RestrictedExpression::new_record(set).ok()
            })?;
        }
        let flat = self.ranks.iter().filter(|(policy, _)| wants.has_flat_rank(policy));
        pairs.extend(flat.map(|(policy, rank)| (format!("{FLAT_RANK}{policy}"), RestrictedExpression::new_long(i64::from(*rank)))));
        Context::from_pairs(pairs).ok()
    }
}

fn ranks<'l>(lattice: &'l Lattice, label: &Label) -> Vec<(&'l str, u32)> {
    let policies = lattice.policies().iter().enumerate().map(|(at, policy)| (policy.name.as_str(), PolicyIx::at(at)));
    policies.filter_map(|(name, ix)| lattice.rank_in(label, ix).map(|rank| (name, rank))).collect()
}
