//! Proof: whether the invariants of an edition hold of every message, not only of those that were tried.
//!
//! Takes a compiled edition and the place of a solver; gives a [`Report`]. The rules become a model ([`model`]): the very policies that decide,
//! and mandatory control as policies beside them. A solver (cvc5, by Cedar's symbolic compiler) is asked for a message that the model releases
//! and an invariant forbids. There is none, and the invariant is proved; or there is one, and it is written as a real message, where a format can
//! hold it, and sent down the real path ([`trial`]). The solver is an external program: its answers are bounded by a count of its own steps, not
//! by a clock, so that a proof that ends here ends everywhere.

mod admission;
mod beyond;
mod classes;
mod facts;
pub mod message;
pub mod model;
mod questions;
mod rewrite;
mod solver;
mod template;
#[cfg(test)]
mod tests;
pub mod trial;
mod validity;
mod witness;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::base::{Complaint, Fault, Name};
use crate::pipeline::Guard;
use crate::policy::Form;

use beyond::Manner;
use model::Model;
use questions::{Desk, Question};
pub use solver::present;
pub use trial::Seen;
pub use witness::Witness;

/// Steps that the solver may take for one question, where nothing else is said: 20 million, some tens of seconds; the shipped rule sets need a hundredth.
/// A count and not a time, so that the answer does not depend on the machine.
pub const STEPS: u64 = 20_000_000;

/// How to prove.
#[derive(Debug, Clone, Copy)]
pub struct Options<'o> {
    /// The solver: the path of cvc5, or its name where it is found by the environment.
    pub solver: &'o Path,
    /// Steps that it may take for one question; [`STEPS`] where there is no reason for another number.
    pub steps: u64,
    /// The edition that is in force, where it is to be proved that nothing more is released than under it.
    pub against: Option<Against<'o>>,
}

/// What an edition is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Against<'o> {
    /// The edition that is in force, compiled.
    pub guard: &'o Guard,
    /// Clauses of the new one under which more may be released.
    pub except: &'o BTreeSet<Name>,
}

/// Why nothing could be said.
#[derive(Debug)]
pub enum Obstacle {
    /// Rules that the model cannot hold, each with place and remedy.
    Rules(Vec<Complaint>),
    /// The solver, or something else around us, failed.
    Fault(Fault),
}

impl From<Fault> for Obstacle {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What was proved of an edition.
#[derive(Debug)]
pub struct Report {
    /// One proof for each invariant, in the order of the file; a comparison stands last, in three sentences.
    pub proofs: Vec<Proof>,
}

impl Report {
    /// Whether everything is proved.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.proofs.iter().all(|proof| matches!(proof.verdict, Verdict::Proved))
    }
}

/// What was found of one invariant.
#[derive(Debug)]
pub struct Proof {
    /// The id of the invariant.
    pub id: Name,
    /// Its sentence.
    pub sentence: String,
    /// `file:line`; nothing for a comparison.
    pub rule: String,
    /// The answer.
    pub verdict: Verdict,
    /// How long it took; for people, never for a decision.
    pub elapsed: Duration,
}

/// The answer to one invariant.
#[derive(Debug)]
pub enum Verdict {
    /// It holds of every message.
    Proved,
    /// It does not hold of this one.
    False(Box<CounterExample>),
    /// These clauses permit nothing that may be released.
    Idle(Vec<Name>),
    /// The solver took all its steps, or said that it does not know: nothing is proved.
    Undecided(String),
}

/// A message that breaks an invariant.
#[derive(Debug)]
pub struct CounterExample {
    /// The message as values.
    pub witness: Witness,
    /// What became of it on the real path.
    pub seen: Seen,
}

/// Proves the invariants of an edition, all of them, and the comparison where one is asked for.
///
/// An edition without invariants has an empty report, which holds: whoever activates it decides whether that is enough.
///
/// # Errors
/// Where rules cannot be modelled or the solver cannot be asked. Nothing is proved then.
pub fn prove(guard: &Guard, options: &Options<'_>) -> Result<Report, Obstacle> {
    solver::present(options.solver)?;
    deep(|| proved(guard, options))?
}

/// Bytes of the stack of whatever walks conditions: 64 MiB. Cedar and its symbolic compiler go down trees by recursion.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Does something with a deep stack.
fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    std::thread::scope(|scope| {
        let working = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let working = working.map_err(|error| Fault::from_cause("a thread could not be started", error))?;
        working.join().map_err(|_panic| Fault::new("a proof ended by a fault of this program: report it with the rule set"))
    })
}

fn proved(guard: &Guard, options: &Options<'_>) -> Result<Report, Obstacle> {
    let edition = guard.edition();
    let model = Model::of(edition, options.against.map(|against| against.guard.edition()))?;
    let desk = Desk::of(guard, &model, options)?;
    let (mut questions, mut spans) = (Vec::new(), Vec::new());
    for invariant in &edition.invariants {
        let before = questions.len();
        match &invariant.form {
            Form::Never(_) => questions.push(Question::Never(invariant)),
            Form::Usable(except) => {
                let clauses = model.rules.permits.iter().map(|(id, _)| id).filter(|id| !except.contains(*id));
                questions.extend(clauses.cloned().map(Question::Usable));
            }
        }
        let rule = invariant.rule(&edition.files);
        spans.push((invariant.id.clone(), invariant.sentence.clone(), rule, questions.len().saturating_sub(before)));
    }
    if let Some(against) = &options.against {
        for (id, manner) in [("against", Manner::All), ("against-review", Manner::Automatic)] {
            questions.push(Question::Beyond(manner));
            spans.push((named(id)?, manner.sentence(against), String::new(), 1));
        }
    }
    let mut answers = desk.answers(&questions)?.into_iter();
    let proofs = spans.into_iter().map(|(id, sentence, rule, count)| {
        let (verdict, elapsed) = together(answers.by_ref().take(count));
        Proof { id, sentence, rule, verdict, elapsed }
    });
    let mut proofs: Vec<Proof> = proofs.collect();
    if let Some(against) = &options.against {
        let (id, sentence) = (named("against-rest")?, beyond::REST.to_owned());
        proofs.push(Proof { id, sentence, rule: String::new(), verdict: beyond::rest(edition, against), elapsed: Duration::ZERO });
    }
    Ok(Report { proofs })
}

fn named(id: &str) -> Result<Name, Fault> {
    Name::new(id).ok_or_else(|| Fault::new("the comparison has no name"))
}

/// One verdict of several: whatever is not proved stands.
fn together(answers: impl Iterator<Item = (Verdict, Duration)>) -> (Verdict, Duration) {
    let join = |one: Verdict, other: Verdict| match (one, other) {
        (Verdict::Idle(mut clauses), Verdict::Idle(more)) => {
            clauses.extend(more);
            Verdict::Idle(clauses)
        }
        (Verdict::Proved, other) => other,
        (Verdict::Undecided(_), idle @ Verdict::Idle(_)) => idle,
        (one, _) => one,
    };
    answers.fold((Verdict::Proved, Duration::ZERO), |(verdict, sum), (next, elapsed)| (join(verdict, next), sum.saturating_add(elapsed)))
}
