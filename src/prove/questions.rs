//! The questions: what a solver is asked for each invariant, and what is made of its answers.
//!
//! First it is asked for any message at all; where there is none, the invariant is proved. Where there is one, it is asked again for one that can be
//! written, a few times, until one is forwarded on the real path. Several solvers work side by side; which of them answers what does not matter.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cedar_policy::{Policy, PolicyId, PolicySet};
use cedar_policy_symcc::CompiledPolicySet;

use super::beyond::Manner;
use super::facts::{Facts, Side, all, any, not};
use super::model::{Model, Rules, forbid, set};
use super::solver::{Answer, Solver, Start};
use super::template::{Template, templates};
use super::trial::{Seen, Weight, tried};
use super::witness::Witness;
use super::{Against, CounterExample, Options, Verdict};
use crate::base::{Fault, Name};
use crate::pipeline::Guard;
use crate::policy::{Form, Invariant};
use crate::release::compile::quoted;

/// Messages that are tried for one invariant at most, until one is forwarded: 8. What the content rules stop eight times is hard to say.
pub(in crate::prove) const ATTEMPTS: usize = 8;
/// Solvers at most: 8; each takes some 100 MB.
const SOLVERS_MAX: usize = 8;

/// Answers with the places of their questions.
type Placed = Vec<(usize, (Verdict, Duration))>;

/// One question to the solver.
#[derive(Debug, Clone)]
pub(in crate::prove) enum Question<'e> {
    /// Whether a message of this description is released.
    Never(&'e Invariant),
    /// Whether a clause permits something that may be released.
    Usable(Name),
    /// Whether something is released that was not before.
    Beyond(Manner),
}

/// Everything that questions stand on.
pub(in crate::prove) struct Desk<'d> {
    guard: &'d Guard,
    model: &'d Model,
    against: Option<Against<'d>>,
    start: Start,
    ground: CompiledPolicySet,
    old: Option<[CompiledPolicySet; 2]>,
    templates: Vec<Template<'d>>,
    /// The ground with nothing but what can be written; made when it is needed first.
    writable: OnceLock<Result<CompiledPolicySet, String>>,
}

impl<'d> Desk<'d> {
    /// Compiles what all questions share.
    ///
    /// # Errors
    /// Where the model does not compile.
    pub(in crate::prove) fn of(guard: &'d Guard, model: &'d Model, options: &Options<'d>) -> Result<Self, Fault> {
        let start = Start { program: options.solver.to_owned(), steps: options.steps };
        let ground = compiled(model, &model.rules.ground()?)?;
        let released = |old: &Rules, manner| compiled(model, &old.released(|id| old.permits_in(manner, id))?);
        let both = |old| Ok::<_, Fault>([released(old, Manner::All)?, released(old, Manner::Automatic)?]);
        let old = model.old.as_ref().map(both).transpose()?;
        let templates = templates(guard.edition());
        Ok(Self { guard, model, against: options.against, start, ground, old, templates, writable: OnceLock::new() })
    }

    /// Answers all questions, in their order.
    ///
    /// # Errors
    /// The first failure of the surroundings.
    pub(in crate::prove) fn answers(&self, questions: &[Question<'_>]) -> Result<Vec<(Verdict, Duration)>, Fault> {
        let next = AtomicUsize::new(0);
        let work = || -> Result<Placed, Fault> {
            let mut done = Vec::new();
            let mut solver = Solver::start(&self.start)?;
            while let (at, Some(question)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                (at, questions.get(at))
            } {
                let begun = Instant::now();
                done.push((at, (self.answer(&mut solver, question)?, begun.elapsed())));
            }
            Ok(done)
        };
        let many = std::thread::available_parallelism().map_or(1, usize::from).min(SOLVERS_MAX).min(questions.len());
        let mut all = Vec::new();
        std::thread::scope(|scope| {
            let spawned = |_| std::thread::Builder::new().stack_size(super::STACK_BYTES).spawn_scoped(scope, work);
            let workers: Vec<_> = (0..many).map(spawned).collect();
            for worker in workers {
                let worker = worker.map_err(|error| Fault::from_cause("a thread could not be started", error))?;
                let done = worker.join().map_err(|_panic| Fault::new("a proof ended by a fault of this program: report it with the rule set"))?;
                all.append(&mut done?);
            }
            Ok::<(), Fault>(())
        })?;
        all.sort_by_key(|(at, _)| *at);
        Ok(all.into_iter().map(|(_, answer)| answer).collect())
    }

    fn answer(&self, solver: &mut Solver, question: &Question<'_>) -> Result<Verdict, Fault> {
        let found = match self.ask(solver, question, &[], &self.ground)? {
            Answer::Nothing => return Ok(none(question)),
            Answer::Unknown(why) => return Ok(Verdict::Undecided(why)),
            Answer::Found(found) => found,
        };
        let witness = Witness::read(&found, self.model, self.guard.edition());
        match (question, witness) {
            (_, Err(what)) => Ok(Verdict::Undecided(format!("the solver found something that could not be read: {what}"))),
            (Question::Usable(_), Ok(witness)) => self.confirmed(solver, question, witness),
            (Question::Beyond(manner), Ok(witness)) => self.beyond(solver, *manner, witness, &found),
            (_, Ok(witness)) => self.written(solver, question, witness),
        }
    }

    /// Puts one question; `blocked` are policies against what was found before.
    pub(in crate::prove) fn ask(
        &self,
        solver: &mut Solver,
        question: &Question<'_>,
        blocked: &[Policy],
        ground: &CompiledPolicySet,
    ) -> Result<Answer, Fault> {
        let rules = &self.model.rules;
        match question {
            Question::Never(invariant) => {
                let Some(described) = rules.described.get(&invariant.id) else { return Ok(Answer::Unknown("the invariant has no model".to_owned())) };
                let under = clauses(invariant);
                let permits = rules.permitted(|id| under.is_empty() || under.contains(id))?;
                let only = inverted(described)?;
                solver.both(ground, &compiled(self.model, &with(&permits, blocked.iter().chain([&only]))?)?)
            }
            Question::Usable(clause) => {
                let permits = rules.permitted(|id| id == clause)?;
                solver.both(ground, &compiled(self.model, &with(&permits, blocked.iter())?)?)
            }
            Question::Beyond(manner) => {
                let Some([all, automatic]) = &self.old else { return Ok(Answer::Unknown("there is nothing to compare with".to_owned())) };
                let old = if *manner == Manner::All { all } else { automatic };
                let excepted = |id: &Name| self.against.is_some_and(|against| against.except.contains(id));
                let released = rules.released(|id| rules.permits_in(*manner, id) && !excepted(id))?;
                solver.beyond(&compiled(self.model, &with(&released, blocked.iter())?)?, old)
            }
        }
    }

    /// A clause is usable where the gateway releases what was found; the model may have taken a translation for possible that is not.
    fn confirmed(&self, solver: &mut Solver, question: &Question<'_>, first: Witness) -> Result<Verdict, Fault> {
        let mut blocked = Vec::new();
        let mut next = Ok(first);
        for attempt in 0..ATTEMPTS {
            let Ok(witness) = next else { break };
            let Witness { from, to, .. } = &witness;
            if self.guard.engine().imagine(self.guard.edition(), &witness.imagined(), from, to).is_ok() {
                return Ok(Verdict::Proved);
            }
            blocked.push(self.blocked(&witness, attempt)?);
            next = match self.ask(solver, question, &blocked, &self.ground)? {
                Answer::Found(found) => Witness::read(&found, self.model, self.guard.edition()),
                Answer::Nothing | Answer::Unknown(_) => break,
            };
        }
        Ok(Verdict::Undecided("what the model releases here the gateway does not: no message was found that it does".to_owned()))
    }

    /// The counter-example that says most.
    fn written(&self, solver: &mut Solver, question: &Question<'_>, first: Witness) -> Result<Verdict, Fault> {
        let mut best = CounterExample { witness: first, seen: Seen::Unwritten };
        let writable = self.writable()?;
        let mut blocked = Vec::new();
        for attempt in 0..ATTEMPTS {
            let Answer::Found(found) = self.ask(solver, question, &blocked, writable)? else { break };
            let Ok(witness) = Witness::read(&found, self.model, self.guard.edition()) else { break };
            let seen = tried(self.guard, &self.templates, &witness);
            blocked.extend(self.after(&witness, &seen, attempt)?);
            if seen.weight() > best.seen.weight() {
                best = CounterExample { witness, seen };
            }
            if best.seen.weight() == Weight::Forwarded {
                break;
            }
        }
        Ok(Verdict::False(Box::new(best)))
    }

    fn facts(&self) -> Facts<'_> {
        Facts { edition: self.guard.edition(), side: Side::New, categories: &self.model.categories }
    }

    pub(in crate::prove) const fn guard(&self) -> &Guard {
        self.guard
    }

    pub(in crate::prove) const fn model(&self) -> &Model {
        self.model
    }

    pub(in crate::prove) const fn against(&self) -> Option<Against<'_>> {
        self.against
    }

    pub(in crate::prove) const fn ground(&self) -> &CompiledPolicySet {
        &self.ground
    }

    pub(in crate::prove) fn templates(&self) -> &[Template<'_>] {
        &self.templates
    }

    pub(in crate::prove) fn only_writable(&self) -> Result<Policy, Fault> {
        let facts = self.facts();
        forbid("writable", "true", &any(self.templates.iter().map(|template| template.condition(&facts)).collect()))
    }

    fn writable(&self) -> Result<&CompiledPolicySet, Fault> {
        let made = || {
            let only = self.only_writable()?;
            compiled(self.model, &with(&self.model.rules.ground()?, [only].iter())?)
        };
        self.writable.get_or_init(|| made().map_err(|fault| fault.to_string())).as_ref().map_err(Fault::new)
    }

    /// Against what need not be tried after this message: what is like it, and where it only wanted consent, every other that would.
    pub(in crate::prove) fn after(&self, witness: &Witness, seen: &Seen, attempt: usize) -> Result<Vec<Policy>, Fault> {
        let mut blocked = vec![self.blocked(witness, attempt)?];
        if seen.wants_consent() {
            let facts = self.facts();
            let edition = facts.edition;
            let third = |policy: &crate::label::scheme::Policy| {
                let owner = policy.owner.as_deref().filter(|owner| *owner != edition.home)?;
                let apart = |side| not(&facts.among(side, "Nation", owner));
                Some(all(vec![facts.marked_in(policy), apart("principal"), apart("resource")]))
            };
            let of_third_parties = any(edition.lattice.policies().iter().filter_map(third).collect());
            blocked.push(forbid(&format!("consent/{attempt}"), &of_third_parties, "false")?);
        }
        Ok(blocked)
    }

    /// Against what is like a message that was tried: between the same two, in the same format and kind, with the same classification.
    pub(in crate::prove) fn blocked(&self, witness: &Witness, attempt: usize) -> Result<Policy, Fault> {
        let lattice = &self.guard.edition().lattice;
        let Witness { from, to, label, kind, format, .. } = witness;
        let when = format!(
            "principal == Peer::{} && resource == Peer::{} && context.format == Format::{} && context.kind == {} && context.policy == Policy::{} && context.classification == Classification::{}",
            quoted(to.as_str()),
            quoted(from.as_str()),
            quoted(format.name),
            quoted(kind),
            quoted(lattice.policy_name(label.policy)),
            quoted(lattice.level_name(label.policy, label.level))
        );
        forbid(&format!("tried/{attempt}"), &when, "false")
    }
}

/// What it means that there is no such message.
fn none(question: &Question<'_>) -> Verdict {
    match question {
        Question::Usable(clause) => Verdict::Idle(vec![clause.clone()]),
        _ => Verdict::Proved,
    }
}

fn clauses(invariant: &Invariant) -> &BTreeSet<Name> {
    static NONE: BTreeSet<Name> = BTreeSet::new();
    match &invariant.form {
        Form::Never(description) => &description.clauses,
        Form::Usable(_) => &NONE,
    }
}

fn compiled(model: &Model, policies: &PolicySet) -> Result<CompiledPolicySet, Fault> {
    CompiledPolicySet::compile(policies, &model.request, &model.schema).map_err(|error| {
        let more = match &error {
            cedar_policy_symcc::err::Error::PolicyNotWellTyped { errs } => errs.first().map(ToString::to_string).unwrap_or_default(),
            _ => String::new(),
        };
        Fault::from_cause(format!("the model of the rules does not compile {more}"), error)
    })
}

fn with<'p>(policies: &'p PolicySet, more: impl Iterator<Item = &'p Policy>) -> Result<PolicySet, Fault> {
    set(policies.policies().chain(more).cloned())
}

/// Forbids all but what a description permits.
fn inverted(described: &Policy) -> Result<Policy, Fault> {
    let failed = |error: &dyn std::fmt::Display| Fault::new(format!("the invariant `{}` cannot be asked: {error}", described.id()));
    let mut tree = described.to_json().map_err(|error| failed(&error))?;
    if let Some(tree) = tree.as_object_mut() {
        tree.insert("effect".to_owned(), "forbid".into());
    }
    // A description is one condition.
    if let Some(condition) = tree.pointer_mut("/conditions/0/kind") {
        *condition = "unless".into();
    }
    Policy::from_json(Some(PolicyId::new(format!("only/{}", described.id()))), tree).map_err(|error| failed(&error))
}
