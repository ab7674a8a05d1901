//! One case through the whole path: what it expects, what it found, and which rules spoke.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::base::{Action, Budget, Header, MessageId, Name, Outcome, Reason};
use crate::filter::Waivers;
use crate::format::{self, Received};
use crate::label::Signer;
use crate::pipeline::{Guard, Inspector, Message, Passage, Ruling, World};
use crate::policy::values::Expected;
use crate::policy::{Case, Expectation, ValueCase};
use crate::sanitise::Keys;

/// A case that is ready to be run.
#[derive(Debug)]
pub struct Trial<'e> {
    /// The case.
    pub case: &'e Case,
    /// A key that binds labels, where a recipient of the case gets them bound.
    pub signer: Option<Signer>,
}

/// What is expected for a recipient, or was found, told in as much detail as the case asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The outcome.
    pub outcome: Outcome,
    /// The reason that decides.
    pub code: Option<Reason>,
    /// The clause.
    pub clause: Option<Name>,
    /// The paths that are edited.
    pub edits: Option<Vec<String>>,
    /// What is done to the paths that the case names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub actions: BTreeMap<String, String>,
    /// The reasons of all findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Reason>>,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.outcome.word())?;
        self.code.iter().try_for_each(|code| write!(f, " {code}"))?;
        self.clause.iter().try_for_each(|clause| write!(f, " under {clause}"))?;
        match self.edits.as_deref() {
            Some([]) => f.write_str(" without edits")?,
            Some(edits) => write!(f, " edits {}", edits.join(" "))?,
            None => {}
        }
        self.actions.iter().try_for_each(|(path, action)| write!(f, " {action} {path}"))?;
        self.findings.iter().flatten().try_for_each(|code| write!(f, " finds {code}"))
    }
}

impl From<&Expectation> for Seen {
    fn from(expectation: &Expectation) -> Self {
        let Expectation { outcome, code, clause, edits, actions, findings, .. } = expectation.clone();
        Self { outcome, code, clause, edits, actions, findings }
    }
}

impl Seen {
    /// What was found for the recipient of an expectation.
    #[must_use]
    pub fn found(passage: &Passage, expectation: &Expectation) -> Option<Self> {
        passage.rulings.iter().find(|ruling| ruling.recipient == expectation.to).map(|ruling| Self {
            outcome: ruling.outcome,
            code: ruling.code,
            clause: expectation.clause.as_ref().and(ruling.clause.clone()),
            edits: expectation.edits.as_ref().map(|_| ruling.edits.iter().map(|edit| edit.path.clone()).collect()),
            actions: actions(ruling, expectation),
            findings: expectation.findings.as_ref().map(|_| ruling.findings.iter().map(|finding| finding.code).collect()),
        })
    }
}

/// What was done to the paths that an expectation names.
fn actions(ruling: &Ruling, expectation: &Expectation) -> BTreeMap<String, String> {
    let named = ruling.edits.iter().filter(|edit| expectation.actions.contains_key(&edit.path));
    named.map(|edit| (edit.path.clone(), edit.action.to_string())).collect()
}

impl Trial<'_> {
    /// The header of its message.
    #[must_use]
    pub fn header(&self) -> Header {
        let case = self.case;
        Header {
            id: MessageId::from_parts(0, [0; 10]),
            precedence: case.precedence,
            destinations: case.expect.iter().map(|expectation| expectation.to.clone()).collect(),
            media_type: case.media_type.clone(),
            traffic: case.traffic,
            sent: case.now,
            label: case.label.clone(),
        }
    }

    /// Runs it.
    pub fn pass(&self, inspector: &mut Inspector<'_>, keys: &Keys<'_>) -> Passage {
        let world = World { now: self.case.now, keys, waivers: &Waivers::default(), signer: self.signer.as_ref() };
        inspector.guard().meet(&self.case.conditions);
        // INVARIANT: what a case supposes ends with it.
        inspector.suppose_bound(self.case.trust());
        let passage = inspector.pass_under(&self.case.from, Message { header: &self.header(), body: &self.case.body }, &world, &self.case.grants());
        inspector.suppose_bound(None);
        passage
    }

    /// Whether everything that it expects was found.
    #[must_use]
    pub fn holds(&self, passage: &Passage) -> bool {
        self.case.expect.iter().all(|expectation| Seen::found(passage, expectation).is_some_and(|found| found == Seen::from(expectation)))
    }
}

/// Which rules had a part in a case.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The format of its message; none where none claims it.
    pub format: Option<&'static str>,
    /// Clauses, policies, and rules that findings name.
    pub cited: BTreeSet<String>,
    /// Reasons of rulings and findings.
    pub codes: BTreeSet<Reason>,
    /// Rows of profiles that spoke of its fields.
    pub rows: BTreeSet<Arc<str>>,
}

impl Trace {
    /// That of a case and what it found.
    #[must_use]
    pub fn of(guard: &Guard, trial: &Trial<'_>, passage: &Passage) -> Self {
        let mut trace = Self { format: format::identify(&trial.case.body).ok().map(|format| format.name), ..Self::default() };
        for ruling in &passage.rulings {
            trace.cited.extend(ruling.clause.iter().map(ToString::to_string));
            trace.cited.extend(ruling.edits.iter().map(|edit| edit.rule.to_string()));
            trace.codes.extend(ruling.code);
            for finding in &ruling.findings {
                trace.cited.insert(finding.rule.to_string());
                trace.codes.insert(finding.code);
            }
            trace.cited.extend(forbidding(ruling));
        }
        let (header, mut budget) = (trial.header(), Budget::for_body(trial.case.body.len()));
        let parsed = Received::new(&header, &trial.case.body).and_then(|received| format::parse(received, &mut budget));
        if let Ok(parsed) = parsed {
            trace.rows = guard.filters().rows_met(parsed.format(), parsed.tree());
        }
        trace
    }
}

/// The policy that forbids, as the finding names it between its quotes.
fn forbidding(ruling: &Ruling) -> Option<String> {
    let finding = ruling.findings.iter().find(|finding| finding.code == Reason::AgreementForbidden)?;
    finding.text.split('`').nth(1).map(str::to_owned)
}

/// A value of so many characters: the first that passes, with its last character again and again.
#[must_use]
pub fn of_length(case: &ValueCase, characters: usize) -> String {
    let model = case.passes.first().map_or("", String::as_str);
    let last = model.chars().last().unwrap_or('x');
    model.chars().chain(std::iter::repeat(last)).take(characters).collect()
}

/// What a case of values found that it did not expect; empty where all is as expected.
#[must_use]
pub fn value_faults(case: &ValueCase, profile: &crate::filter::Variant<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let said = |stop: Option<(Action, Reason)>| stop.map_or_else(|| "passes".to_owned(), |(action, code)| format!("{} {code}", action.word()));
    let stops = |stop: Option<(Action, Reason)>| {
        stop.is_some_and(|(action, code)| case.action.is_none_or(|expected| expected == action) && case.code.is_none_or(|expected| expected == code))
    };
    let field = profile.judge(&case.path, None);
    if field.edit.as_ref().map(crate::policy::TransformAction::word) != case.edit.as_deref() || field.reference != case.reference {
        let edit = field.edit.as_ref().map_or("none", crate::policy::TransformAction::word);
        wrong.push(format!("its edit is {edit}, and it {} another thing", if field.reference { "names" } else { "does not name" }));
    }
    match case.bare {
        Some(Expected::Passes) if field.stop.is_some() => wrong.push(format!("without a value: {}", said(field.stop))),
        Some(Expected::Stops) if !stops(field.stop) => wrong.push(format!("without a value: {}", said(field.stop))),
        _ => {}
    }
    for value in &case.passes {
        let found = profile.judge(&case.path, Some(value)).stop;
        if found.is_some() {
            wrong.push(format!("`{value}`: {}", said(found)));
        }
    }
    for value in &case.stops {
        let found = profile.judge(&case.path, Some(value)).stop;
        if !stops(found) {
            wrong.push(format!("`{value}`: {}", said(found)));
        }
    }
    if let Some(longest) = case.longest {
        let too_long = |characters: usize| {
            let found = profile.judge(&case.path, Some(&of_length(case, characters))).stop;
            // Its length is looked at before its form; a strip gives one reason for both.
            (found, found.is_some_and(|(action, code)| code == Reason::FieldsLength || action == Action::Strip))
        };
        let (found, over) = too_long(longest.saturating_add(1));
        if !over || case.action.is_some_and(|action| found.is_none_or(|(found, _)| found != action)) {
            wrong.push(format!("{} characters: {}", longest.saturating_add(1), said(found)));
        }
        let (found, over) = too_long(longest);
        if over && found.is_some_and(|(_, code)| code == Reason::FieldsLength) {
            wrong.push(format!("{longest} characters: {}", said(found)));
        }
    }
    wrong
}
