//! Mutants: the rule set with one rule gone or weaker, and whether a case notices.
//!
//! A mutant is made in memory; of the guard only the part that stands on the changed rule is compiled anew. Only cases on which the change can
//! have a part are run, those that cite the rule first, and the first that finds something else than it expects ends the trial. What no case
//! notices survives, with a sentence on the case that would notice, unless it is shown to be the same rule set in other words (`equivalent`).

mod content;
mod fields;
mod release;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::equivalent;
use super::proposal::Search;
use super::trial::{Trace, Trial, value_faults};
use crate::base::{Action, Name};
use crate::filter::{Part, Variant};
use crate::format::FORMATS;
use crate::pipeline::{Alteration, Guard, Inspector};
use crate::policy::{Edition, Field, ValueCase};
use crate::sanitise::Keys;

/// A rule set with one rule gone or weaker.
pub struct Mutant {
    /// The rule, as decisions cite it: clause, policy, `file:line`, `file:rule`.
    pub rule: String,
    /// What is gone or weaker, in one sentence.
    pub what: String,
    /// What case would notice, in one sentence.
    pub notice: String,
    alteration: Alteration,
    edit: Edit,
    tried: Tried,
    row: Option<RowChange>,
}

type Edit = Box<dyn Fn(&mut Edition) -> Result<(), String> + Send + Sync>;

impl std::fmt::Debug for Mutant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mutant").field("rule", &self.rule).field("what", &self.what).finish_non_exhaustive()
    }
}

/// On which cases the change can have a part.
#[derive(Debug, Clone)]
enum Tried {
    /// Those that cite the rule: elsewhere it had no part, and its absence has none.
    Citing,
    /// Those of these formats, and those whose messages carry others.
    Formats(BTreeSet<String>),
    /// Those with this recipient.
    To(Name),
    /// Those in whose messages the row speaks.
    Row,
    /// All.
    All,
}

impl Tried {
    fn concerns(&self, rule: &str, trial: &Trial<'_>, trace: &Trace) -> bool {
        match self {
            Self::All => true,
            // A rule that is a file is cited with its line.
            Self::Citing => trace.cited.iter().any(|cited| cited.strip_prefix(rule).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))),
            Self::Row => trace.rows.contains(rule) || trace.cited.contains(rule),
            Self::To(peer) => trial.case.expect.iter().any(|expected| expected.to == *peer),
            Self::Formats(formats) => trace.format.is_some_and(|format| format == "mail" || formats.contains(format)),
        }
    }
}

/// What is changed in a profile, for cases of values.
#[derive(Debug, Clone)]
struct RowChange {
    format: String,
    change: ProfileChange,
}

#[derive(Debug, Clone)]
enum ProfileChange {
    Without(usize),
    Other(usize, Box<Field>),
    Otherwise(Action),
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "fate", content = "by")]
pub enum Fate {
    /// This case found something else than it expects.
    Noticed(String),
    /// The rule set does not compile without it, so that `rules check` notices.
    Refused(String),
    /// It decides as the rule set does, and why.
    Equivalent(String),
    /// No case notices.
    Survived,
}

/// A mutant with its fate.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The rule.
    pub rule: String,
    /// What is gone or weaker.
    pub what: String,
    /// What case would notice.
    pub notice: String,
    /// Its fate.
    #[serde(flatten)]
    pub fate: Fate,
    /// A case that would notice, as text for a file of cases, where one was asked for and found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
}

/// Whether cases are looked for that would notice what survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposals {
    /// They are; that takes a while for each survivor.
    Sought,
    /// They are not.
    None,
}

/// The mutants of a rule set.
#[derive(Debug, Clone)]
pub struct Report {
    /// All that were tried, in the order of the rules.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// How many met a fate.
    #[must_use]
    pub fn count(&self, fate: impl Fn(&Fate) -> bool) -> usize {
        self.outcomes.iter().filter(|outcome| fate(&outcome.fate)).count()
    }

    /// Those that no case notices.
    pub fn survivors(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.fate == Fate::Survived)
    }
}

/// All mutants of an edition, in the order of its rules.
#[must_use]
pub fn all(guard: &Guard) -> Vec<Mutant> {
    let mut mutants = release::mutants(guard);
    mutants.extend(content::mutants(guard));
    mutants.extend(fields::mutants(guard.edition()));
    mutants
}

/// What mutants are tried on.
struct Range<'r> {
    guard: &'r Guard,
    /// The edition without what no decision looks at, to be copied for each mutant.
    bare: Edition,
    trials: &'r [Trial<'r>],
    traces: &'r [Trace],
    /// Cases of values by the row that speaks of them; those that no row lists under the format's name.
    values: BTreeMap<String, Vec<&'r ValueCase>>,
    keys: &'r Keys<'r>,
    proposals: Proposals,
}

/// Tries mutants on all processors. The order of what comes back is that of the mutants.
#[must_use]
pub fn run(guard: &Guard, trials: &[Trial<'_>], traces: &[Trace], mutants: Vec<Mutant>, keys: &Keys<'_>, proposals: Proposals) -> Report {
    let mut bare = guard.edition().clone();
    (bare.cases, bare.values) = (Vec::new(), Vec::new());
    let range = Range { guard, bare, trials, traces, values: values_by_row(guard), keys, proposals };
    let (next, fates) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((at, mutant)) = { Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, mutants.get(at)?))) } {
                    let fate = range.fate(mutant);
                    let proposal = (fate == Fate::Survived).then(|| range.proposal(mutant)).flatten();
                    fates.lock().unwrap_or_else(PoisonError::into_inner).insert(at, (fate, proposal));
                }
            });
        }
    });
    let fates = fates.into_inner().unwrap_or_else(PoisonError::into_inner);
    let outcome = |(Mutant { rule, what, notice, .. }, (fate, proposal))| Outcome { rule, what, notice, fate, proposal };
    Report { outcomes: mutants.into_iter().zip(fates.into_values()).map(outcome).collect() }
}

fn values_by_row(guard: &Guard) -> BTreeMap<String, Vec<&ValueCase>> {
    let mut values: BTreeMap<String, Vec<&ValueCase>> = BTreeMap::new();
    for case in &guard.edition().values {
        let rule = guard.filters().profile(case.format).and_then(|profile| profile.judge(&case.path, None).rule);
        values.entry(rule.map_or_else(|| case.format.to_owned(), |rule| rule.to_string())).or_default().push(case);
    }
    values
}

impl Range<'_> {
    fn fate(&self, mutant: &Mutant) -> Fate {
        if let Some(by) = mutant.row.as_ref().and_then(|row| self.noticed_by_value(mutant, row)) {
            return Fate::Noticed(by);
        }
        let mut order: Vec<(&Trial<'_>, &Trace)> =
            self.trials.iter().zip(self.traces).filter(|(trial, trace)| mutant.tried.concerns(&mutant.rule, trial, trace)).collect();
        order.sort_by_key(|(_, trace)| !trace.cited.contains(&mutant.rule));
        if !order.is_empty() {
            let mut edition = self.bare.clone();
            let guard = (mutant.edit)(&mut edition).and_then(|()| self.guard.altered(edition, &mutant.alteration));
            let guard = match guard {
                Ok(guard) => guard,
                Err(what) => return Fate::Refused(what),
            };
            let mut inspector = Inspector::new(&guard);
            if let Some((trial, _)) = order.into_iter().find(|(trial, _)| !trial.holds(&trial.pass(&mut inspector, self.keys))) {
                return Fate::Noticed(trial.case.rule.to_string());
            }
        }
        equivalent::reason(self.guard, mutant).map_or(Fate::Survived, Fate::Equivalent)
    }

    /// A case that would notice a survivor.
    fn proposal(&self, mutant: &Mutant) -> Option<String> {
        if self.proposals == Proposals::None {
            return None;
        }
        let mut edition = self.bare.clone();
        (mutant.edit)(&mut edition).ok()?;
        let other = self.guard.altered(edition, &mutant.alteration).ok()?;
        let wide = Tried::Formats(mutant.formats(self.guard.edition()));
        let near = self.trials.iter().zip(self.traces).filter(|(trial, trace)| wide.concerns(&mutant.rule, trial, trace)).map(|(trial, _)| trial);
        Search { guard: self.guard, other: &other, keys: self.keys }.case(near)
    }

    fn noticed_by_value(&self, mutant: &Mutant, row: &RowChange) -> Option<String> {
        let profile = self.guard.edition().profiles.get(&row.format)?;
        let cases = self.values.get(if matches!(row.change, ProfileChange::Otherwise(_)) { &row.format } else { &mutant.rule })?;
        let as_it_is = self.guard.filters().profile(&row.format)?;
        let variant: Variant<'_> = match &row.change {
            ProfileChange::Without(at) => as_it_is.without(profile, *at),
            ProfileChange::Other(at, field) => as_it_is.with(*at, field)?,
            ProfileChange::Otherwise(action) => as_it_is.otherwise(*action),
        };
        cases.iter().find(|case| !value_faults(case, &variant).is_empty()).map(|case| case.rule.to_string())
    }
}

impl Mutant {
    /// The formats in which a message could notice.
    fn formats(&self, edition: &Edition) -> BTreeSet<String> {
        match &self.alteration {
            Alteration::Clause(id) => {
                let mut clauses = edition.agreements.iter().flat_map(|agreement| &agreement.clauses);
                clauses.find(|clause| clause.id == *id).map(|clause| clause.formats.clone()).unwrap_or_default()
            }
            Alteration::Filters(Part::Profile(format)) => [format.clone()].into(),
            _ => FORMATS.iter().map(|format| format.name.to_owned()).collect(),
        }
    }

    /// The edition with this one change; for showing that two say the same.
    pub(super) fn applied(&self, edition: &Edition) -> Option<Edition> {
        let mut other = edition.clone();
        (self.edit)(&mut other).ok().map(|()| other)
    }

    pub(super) const fn alteration(&self) -> &Alteration {
        &self.alteration
    }

    /// The row that is gone, with its format and its place in the profile.
    pub(super) fn dropped_row(&self) -> Option<(&str, usize)> {
        match self.row.as_ref()? {
            RowChange { format, change: ProfileChange::Without(at) } => Some((format, *at)),
            _ => None,
        }
    }
}

/// One step milder; none below a note.
const fn milder(action: Action) -> Option<Action> {
    match action {
        Action::Refuse => Some(Action::Hold),
        Action::Hold => Some(Action::Strip),
        Action::Strip => Some(Action::Note),
        Action::Note => None,
    }
}
