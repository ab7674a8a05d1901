//! Coverage: every rule that a case can touch, and whether one does.

use std::collections::BTreeSet;

use serde::Serialize;

use super::trial::{Trace, of_length};
use super::{codes, equivalent};
use crate::base::Reason;
use crate::pipeline::Guard;
use crate::policy::{Edition, ValueCase};

/// What kind of rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A clause of an agreement.
    Clause,
    /// A policy of a Cedar file.
    Policy,
    /// An entry of a word list.
    Word,
    /// A YARA rule.
    Pattern,
    /// A detector.
    Detector,
    /// A row of a field profile.
    Field,
    /// A reason that rules can give.
    Code,
}

impl Kind {
    /// All kinds, in the order in which they are told.
    pub const ALL: [Self; 7] = [Self::Clause, Self::Policy, Self::Word, Self::Pattern, Self::Detector, Self::Field, Self::Code];

    /// What many of them are called.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Clause => "clauses",
            Self::Policy => "policies",
            Self::Word => "words",
            Self::Pattern => "patterns",
            Self::Detector => "detectors",
            Self::Field => "fields",
            Self::Code => "codes",
        }
    }
}

/// A rule that a case can touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Touchable {
    /// What kind.
    pub kind: Kind,
    /// The id by which decisions cite it: clause, policy, `file:line`, `file:rule` or code.
    pub rule: String,
    /// What it says, in a few words.
    pub says: String,
    /// Whether a case touches it.
    pub touched: bool,
    /// Why no case can, where none can.
    pub asleep: Option<String>,
}

/// All rules of an edition.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// The rules, by kind and then as they stand in the files.
    pub rules: Vec<Touchable>,
}

impl Coverage {
    /// What the cases of an edition touch.
    #[must_use]
    pub fn of(guard: &Guard, traces: &[Trace]) -> Self {
        let edition = guard.edition();
        let cited: BTreeSet<&str> = traces.iter().flat_map(|trace| &trace.cited).map(String::as_str).collect();
        let mut rows: BTreeSet<String> = traces.iter().flat_map(|trace| &trace.rows).map(ToString::to_string).collect();
        let mut found: BTreeSet<Reason> = traces.iter().flat_map(|trace| &trace.codes).copied().collect();
        for case in &edition.values {
            value_touches(guard, case, &mut rows, &mut found);
        }
        let forbids = guard.engine_policies().iter().any(|policy| policy.forbids);
        let mut rules = listed(guard);
        let codes = codes::counting(edition, forbids);
        rules.extend(codes.iter().map(|code| Touchable {
            kind: Kind::Code,
            rule: code.code().to_owned(),
            says: code.sentence().to_owned(),
            touched: found.contains(code),
            asleep: None,
        }));
        for rule in &mut rules {
            match rule.kind {
                Kind::Field => rule.touched = rows.contains(&rule.rule),
                Kind::Code => {}
                _ => rule.touched = cited.contains(rule.rule.as_str()),
            }
            rule.asleep = rule.asleep.take().filter(|_| !rule.touched);
        }
        Self { rules }
    }

    /// Rules that a case could touch and none does.
    pub fn untouched(&self) -> impl Iterator<Item = &Touchable> {
        self.rules.iter().filter(|rule| !rule.touched && rule.asleep.is_none())
    }

    /// Of a kind: how many rules there are that a case can touch, and how many one does.
    #[must_use]
    pub fn count(&self, kind: Kind) -> (usize, usize) {
        let of_kind = || self.rules.iter().filter(move |rule| rule.kind == kind && rule.asleep.is_none());
        (of_kind().count(), of_kind().filter(|rule| rule.touched).count())
    }
}

/// The row that judges the values of a case, and the reasons that it gives.
fn value_touches(guard: &Guard, case: &ValueCase, rows: &mut BTreeSet<String>, found: &mut BTreeSet<Reason>) {
    let Some(profile) = guard.filters().profile(case.format) else { return };
    rows.extend(profile.judge(&case.path, None).rule.map(|rule| rule.to_string()));
    let too_long = case.longest.map(|longest| of_length(case, longest.saturating_add(1)));
    let values = case.stops.iter().chain(&too_long).map(|value| Some(value.as_str())).chain([None]);
    found.extend(values.filter_map(|value| profile.judge(&case.path, value).stop).map(|(_, code)| code));
}

/// Every rule but the codes, none of them touched yet.
fn listed(guard: &Guard) -> Vec<Touchable> {
    let edition: &Edition = guard.edition();
    let one = |kind: Kind, rule: String, says: String| Touchable { kind, rule, says, touched: false, asleep: None };
    let mut rules = Vec::new();
    for agreement in &edition.agreements {
        rules.extend(agreement.clauses.iter().map(|clause| one(Kind::Clause, clause.id.to_string(), format!("{}:{}", agreement.file, clause.line))));
    }
    for policy in guard.engine_policies() {
        let says = if policy.forbids { "forbids" } else { "permits" };
        rules.push(Touchable { asleep: equivalent::asleep(edition, &policy), ..one(Kind::Policy, policy.id.clone(), says.to_owned()) });
    }
    for list in &edition.word_lists {
        rules.extend(list.entries.iter().map(|entry| one(Kind::Word, format!("{}:{}", list.file, entry.line), format!("`{}`", entry.text))));
    }
    rules.extend(guard.filters().patterns().into_iter().map(|(rule, reason)| one(Kind::Pattern, rule, reason)));
    rules.extend(edition.detectors.iter().map(|detector| one(Kind::Detector, detector.rule.to_string(), format!("`{}`", detector.name))));
    for profile in edition.profiles.values() {
        rules.extend(profile.fields.iter().map(|field| one(Kind::Field, field.rule.to_string(), format!("`{}`", field.path))));
    }
    rules
}
