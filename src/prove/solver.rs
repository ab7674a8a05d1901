//! The solver: cvc5 beside us, asked by Cedar's symbolic compiler whether two sets of policies ever permit the same.
//!
//! One process answers many questions, one after the other; each question has its own count of steps. The program is not trusted with a
//! message or a decision: what it finds is tried on the real path, and what it proves concerns rules.

use std::path::Path;
use std::process::Stdio;

use cedar_policy_symcc::err::{Error, SolverError};
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicySet, Env};

use crate::base::Fault;

/// What the solver said.
#[derive(Debug)]
pub(in crate::prove) enum Answer {
    /// There is no such message.
    Nothing,
    /// There is this one.
    Found(Box<Env>),
    /// It took all its steps, or does not know.
    Unknown(String),
}

/// A solver that runs.
pub(in crate::prove) struct Solver {
    compiler: CedarSymCompiler<LocalSolver>,
    runtime: tokio::runtime::Runtime,
    start: Start,
}

/// How it is started, for the case that it ends.
#[derive(Debug, Clone)]
pub(in crate::prove) struct Start {
    pub(in crate::prove) program: std::path::PathBuf,
    pub(in crate::prove) steps: u64,
}

/// Whether the solver can be started at all.
///
/// # Errors
/// Where it cannot, with the remedy.
pub fn present(program: &Path) -> Result<(), Fault> {
    let remedy = "install cvc5 (a package of this name) or name it, by `--solver` or by `solver` in the configuration; without it nothing is proved";
    let asked = std::process::Command::new(program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output();
    match asked {
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("cvc5") => Ok(()),
        Ok(_) => Err(Fault::new(format!("the solver `{}` does not say that it is cvc5: {remedy}", program.display()))),
        Err(error) => Err(Fault::from_cause(format!("the solver `{}` cannot be started: {remedy}", program.display()), error)),
    }
}

impl Solver {
    /// Starts a solver.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub(in crate::prove) fn start(start: &Start) -> Result<Self, Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Fault::from_cause("the solver's runtime could not be made", error))?;
        let compiler = runtime.block_on(async { started(start) })?;
        Ok(Self { compiler, runtime, start: start.clone() })
    }

    /// A request that both sets permit, where there is one.
    ///
    /// # Errors
    /// Where the question cannot be put.
    pub(in crate::prove) fn both(&mut self, one: &CompiledPolicySet, two: &CompiledPolicySet) -> Result<Answer, Fault> {
        let asked = self.runtime.block_on(self.compiler.check_disjoint_with_counterexample_opt(one, two));
        self.answer(asked)
    }

    /// A request that the first set permits and the second does not, where there is one.
    ///
    /// # Errors
    /// Where the question cannot be put.
    pub(in crate::prove) fn beyond(&mut self, one: &CompiledPolicySet, two: &CompiledPolicySet) -> Result<Answer, Fault> {
        let asked = self.runtime.block_on(self.compiler.check_implies_with_counterexample_opt(one, two));
        self.answer(asked)
    }

    fn answer(&mut self, asked: Result<Option<Env>, Error>) -> Result<Answer, Fault> {
        match asked {
            Ok(None) => Ok(Answer::Nothing),
            Ok(Some(found)) => Ok(Answer::Found(Box::new(found))),
            Err(Error::SolverUnknown) => Ok(Answer::Unknown(format!("the solver did not decide within {} steps", self.start.steps))),
            // A solver that ended is started again for the next question; this one stays open.
            Err(Error::SolverError(SolverError::Solver(what) | SolverError::UnrecognizedSolverOutput(what))) => {
                self.compiler = self.runtime.block_on(async { started(&self.start) })?;
                Ok(Answer::Unknown(format!("the solver gave up: {}", what.lines().next().unwrap_or_default())))
            }
            Err(error) => Err(Fault::from_cause("the question could not be put to the solver", error)),
        }
    }
}

fn started(start: &Start) -> Result<CedarSymCompiler<LocalSolver>, Fault> {
    let failed = |error: &dyn std::fmt::Display| Fault::new(format!("the solver `{}` cannot be started: {error}", start.program.display()));
    let mut command = tokio::process::Command::new(&start.program);
    command
        .args(["--lang", "smt", "--seed=1", "--sat-random-seed=1", "--decision=internal"])
        .arg(format!("--rlimit-per={}", start.steps))
        .kill_on_drop(true);
    let solver = LocalSolver::from_command(&mut command).map_err(|error| failed(&error))?;
    CedarSymCompiler::new(solver).map_err(|error| failed(&error))
}
