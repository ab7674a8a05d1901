//! What a label must be so that a message may carry it, as a condition: for the search of a message that can be written, never for a proof.
//!
//! Labels of what is left of a message are joins of labels, and need not be valid by themselves: a proof must not take validity for granted.
//! Counts above one are left out: what was found is checked again by the lattice itself.

use super::facts::{Facts, all, any, not};
use crate::label::scheme::{Asks, Operation, Policy, Requirement, Rule, Selector, Status, Tag, TagValue};

impl Facts<'_> {
    /// That the label of the message is one that its policy allows.
    pub(in crate::prove) fn valid(&self) -> String {
        let one = |policy: &Policy| all(vec![self.marked_in(policy), self.valid_in(policy)]);
        any(self.edition.lattice.policies().iter().map(one).collect())
    }

    fn valid_in(&self, policy: &Policy) -> String {
        let mut conditions = Vec::new();
        for level in &policy.levels {
            let required = level.required.iter().map(|requirement| self.required(policy, requirement));
            conditions.push(any(vec![not(&self.classified(level)), all(required.collect())]));
        }
        for tag in policy.mandatory.iter().filter_map(|tag| policy.tags.get(tag.index())) {
            conditions.push(self.present(tag));
        }
        for tag in &policy.tags {
            conditions.extend(tag.values.iter().map(|value| any(vec![not(&self.stands(tag, &value.name)), self.value_fits(policy, value)])));
            if tag.select_max == Some(1) {
                conditions.push(self.at_most_one(tag));
            }
        }
        conditions.extend(policy.rules.iter().map(|rule| self.rule_holds(policy, rule)));
        all(conditions)
    }

    fn value_fits(&self, policy: &Policy, value: &TagValue) -> String {
        if value.status == Status::Obsolete {
            return "false".to_owned();
        }
        let level = |at: &crate::label::LevelIx| policy.levels.get(at.index()).map_or_else(|| "false".to_owned(), |level| self.classified(level));
        let mut conditions: Vec<String> = value.excluded_levels.iter().map(|at| not(&level(at))).collect();
        conditions.extend(value.required_level.iter().map(level));
        conditions.extend(value.excluded.iter().map(|selector| not(&self.selected(policy, selector))));
        conditions.extend(value.required.iter().map(|requirement| self.required(policy, requirement)));
        all(conditions)
    }

    fn at_most_one(&self, tag: &Tag) -> String {
        let standing: Vec<String> = tag.values.iter().map(|value| self.stands(tag, &value.name)).collect();
        all(pairs(&standing))
    }

    fn selected(&self, policy: &Policy, selector: &Selector) -> String {
        let Some(tag) = policy.tags.get(selector.tag.index()) else { return "false".to_owned() };
        match selector.value {
            Some(value) => tag.values.get(value.index()).map_or_else(|| "false".to_owned(), |value| self.stands(tag, &value.name)),
            None => self.present(tag),
        }
    }

    fn required(&self, policy: &Policy, requirement: &Requirement) -> String {
        let met: Vec<String> = requirement.of.iter().map(|selector| self.selected(policy, selector)).collect();
        match requirement.operation {
            Operation::OneOrMore => any(met),
            Operation::All => all(met),
            Operation::OnlyOne => {
                let apart = all(pairs(&met));
                all(vec![any(met), apart])
            }
        }
    }

    fn rule_holds(&self, policy: &Policy, rule: &Rule) -> String {
        let levels = rule.levels.iter().filter_map(|at| policy.levels.get(at.index())).map(|level| self.classified(level));
        let speaks = |empty: bool, conditions: Vec<String>| if empty { "true".to_owned() } else { any(conditions) };
        let level = speaks(rule.levels.is_empty(), levels.collect());
        let when = speaks(rule.when.is_empty(), rule.when.iter().map(|selector| self.selected(policy, selector)).collect());
        let kept = match &rule.asks {
            Asks::Never => "false".to_owned(),
            Asks::Needs(needs) => all(needs.iter().map(|selector| self.selected(policy, selector)).collect()),
        };
        any(vec![not(&all(vec![level, when])), kept])
    }
}

/// That no two of some conditions hold together.
fn pairs(conditions: &[String]) -> Vec<String> {
    let later = |at: usize| conditions.iter().skip(at.saturating_add(1));
    conditions.iter().enumerate().flat_map(|(at, one)| later(at).map(move |two| any(vec![not(one), not(two)]))).collect()
}
