//! `vestibule rules test`: a rule set's own cases, run through the whole path; what they touch; what they would not notice.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::{Answer, Failure, Output, Verb, output};
use super::load;
use crate::base::Name;
use crate::cases::{Coverage, Fate, Kind, Proposals, Report, Seen, Trace, Trial, mutants, trial};
use crate::pipeline::{Guard, Inspector};
use crate::process::practice;
use crate::process::world::Secrets;

/// Runs the cases of rule sets.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Test {
    /// Print one JSON object for each expectation, rule and mutant
    #[arg(long)]
    json: bool,
    /// Show the cases that pass and the mutants that are noticed, too
    #[arg(long)]
    all: bool,
    /// Tell which rules no case touches
    #[arg(long)]
    coverage: bool,
    /// Take away or weaken one rule at a time, and tell which changes no case notices
    #[arg(long)]
    mutants: bool,
    /// With `--mutants`: look for a case that would notice each survivor, and print it as text for a file of cases
    #[arg(long, requires = "mutants")]
    propose: bool,
    /// Rule set folders
    #[arg(required = true)]
    folders: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Line<'l> {
    case: &'l str,
    rule: &'l str,
    from: &'l Name,
    to: &'l Name,
    passed: bool,
    expected: Seen,
    found: Option<Seen>,
}

#[derive(Serialize)]
struct ValueLine<'l> {
    rule: &'l str,
    format: &'l str,
    path: String,
    passed: bool,
    wrong: Vec<String>,
}

impl Verb for Test {
    const PATH: &'static [&'static str] = &["rules", "test"];
    const ABOUT: &'static str = "Run a rule set's own cases through the whole path";
    const EXAMPLES: &'static str = "  vestibule rules test rules/five-eyes\n  vestibule rules test --coverage --mutants rules/five-eyes\n  \
         vestibule rules test --mutants --json rules/nato | jq 'select(.fate == \"survived\") | .notice'\n\n\
         Exit status 1 where a case fails; with `--coverage` where no case touches a rule; with `--mutants` where one survives.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let mut answer = Answer::Done;
        for folder in &self.folders {
            match load(folder, self.json, out)? {
                Some(guard) if self.test(folder, &guard, out)? => {}
                _ => answer = Answer::No,
            }
        }
        Ok(answer)
    }
}

impl Test {
    /// Whether all cases of a rule set pass, touch what they should, and notice what they should.
    fn test(&self, folder: &Path, guard: &Guard, out: &mut Output) -> Result<bool, Failure> {
        let secrets = Secrets::from_bytes(b"cases: no pseudonym made with this key ever leaves");
        let trials: Vec<Trial<'_>> =
            guard.edition().cases.iter().map(|case| practice(guard, case).map(|signer| Trial { case, signer })).collect::<Result<_, _>>()?;
        let (traces, mut well) = self.cases(folder, guard, &trials, &secrets, out)?;
        well &= self.values(folder, guard, out)?;
        let passed = well;
        if self.coverage {
            well &= self.coverage(folder, &Coverage::of(guard, &traces), out)?;
        }
        if self.mutants && !passed {
            output::tell(&format!("`{}`: mutants are tried where all cases pass", folder.display()));
        } else if self.mutants {
            let proposals = if self.propose { Proposals::Sought } else { Proposals::None };
            let report = mutants::run(guard, &trials, &traces, mutants::all(guard), &secrets.keys(), proposals);
            well &= self.report(folder, &report, out)?;
        }
        Ok(well)
    }

    fn cases(&self, folder: &Path, guard: &Guard, trials: &[Trial<'_>], secrets: &Secrets, out: &mut Output) -> Result<(Vec<Trace>, bool), Failure> {
        let mut inspector = Inspector::new(guard);
        let mut table = output::table(&["case", "file", "to", "expected", "found"]);
        let (mut ran, mut failed, mut traces) = (0_u32, 0_u32, Vec::new());
        for trial in trials {
            let (passage, case) = (trial.pass(&mut inspector, &secrets.keys()), trial.case);
            if self.coverage || self.mutants {
                traces.push(Trace::of(guard, trial, &passage));
            }
            for expectation in &case.expect {
                let (expected, found) = (Seen::from(expectation), Seen::found(&passage, expectation));
                let passed = found.as_ref() == Some(&expected);
                ran = ran.saturating_add(1);
                failed = failed.saturating_add(u32::from(!passed));
                if self.json {
                    let (case, rule, from) = (&case.name, &case.rule, &case.from);
                    out.json(&Line { case, rule, from, to: &expectation.to, passed, expected, found })?;
                } else if self.all || !passed {
                    let found = found.map(|found| found.to_string()).unwrap_or_default();
                    table.add_row([case.name.as_str(), &case.rule, expectation.to.as_str(), &expected.to_string(), &found]);
                }
            }
        }
        if !self.json {
            if self.all || failed > 0 {
                out.line(table)?;
            }
            out.line(format_args!("`{}`: {ran} expectations of {} cases, {failed} failed", folder.display(), trials.len()))?;
        }
        Ok((traces, failed == 0))
    }

    /// Cases of values.
    fn values(&self, folder: &Path, guard: &Guard, out: &mut Output) -> Result<bool, Failure> {
        let cases = &guard.edition().values;
        let mut failed = 0_u32;
        for case in cases {
            let wrong = match guard.filters().profile(case.format) {
                Some(profile) => trial::value_faults(case, &profile),
                None => vec![format!("the rule set has no profile of `{}`", case.format)],
            };
            let (path, passed) = (format!("/{}", case.path.join("/")), wrong.is_empty());
            failed = failed.saturating_add(u32::from(!passed));
            if self.json {
                out.json(&ValueLine { rule: &case.rule, format: case.format, path, passed, wrong })?;
            } else if !passed {
                out.line(format_args!("{}: `{path}` of `{}`: {}", case.rule, case.format, wrong.join("; ")))?;
            }
        }
        if !self.json && !cases.is_empty() {
            out.line(format_args!("`{}`: {} cases of values, {failed} failed", folder.display(), cases.len()))?;
        }
        Ok(failed == 0)
    }

    fn coverage(&self, folder: &Path, coverage: &Coverage, out: &mut Output) -> Result<bool, Failure> {
        if self.json {
            coverage.rules.iter().try_for_each(|rule| out.json(rule))?;
            return Ok(coverage.untouched().next().is_none());
        }
        for rule in coverage.untouched() {
            out.line(format_args!("no case touches {} {}", rule.rule, rule.says))?;
        }
        for rule in &coverage.rules {
            if let Some(why) = &rule.asleep {
                out.line(format_args!("no case can touch {}: {why}", rule.rule))?;
            }
        }
        let parts = Kind::ALL.map(|kind| {
            let (all, touched) = coverage.count(kind);
            format!("{touched} of {all} {}", kind.plural())
        });
        out.line(format_args!("`{}`: cases touch {}", folder.display(), parts.join(", ")))?;
        Ok(coverage.untouched().next().is_none())
    }

    fn report(&self, folder: &Path, report: &Report, out: &mut Output) -> Result<bool, Failure> {
        if self.json {
            report.outcomes.iter().try_for_each(|outcome| out.json(outcome))?;
            return Ok(report.survivors().next().is_none());
        }
        for outcome in &report.outcomes {
            let (rule, what) = (&outcome.rule, &outcome.what);
            match &outcome.fate {
                Fate::Survived => {
                    out.line(format_args!("no case notices: {rule}: {what}\n  one that would: {}", outcome.notice))?;
                    outcome.proposal.iter().try_for_each(|case| out.line(format_args!("\n{case}")))?;
                }
                Fate::Equivalent(why) => out.line(format_args!("says the same: {rule}: {what}\n  for {why}"))?,
                Fate::Noticed(by) if self.all => out.line(format_args!("noticed by {by}: {rule}: {what}"))?,
                Fate::Refused(why) if self.all => out.line(format_args!("does not load: {rule}: {what}\n  for {why}"))?,
                Fate::Noticed(_) | Fate::Refused(_) => {}
            }
        }
        let count = |fate: fn(&Fate) -> bool| report.count(fate);
        out.line(format_args!(
            "`{}`: {} mutants: {} noticed by a case, {} that do not load, {} that say the same, {} that no case notices",
            folder.display(),
            report.outcomes.len(),
            count(|fate| matches!(fate, Fate::Noticed(_))),
            count(|fate| matches!(fate, Fate::Refused(_))),
            count(|fate| matches!(fate, Fate::Equivalent(_))),
            count(|fate| *fate == Fate::Survived),
        ))?;
        Ok(report.survivors().next().is_none())
    }
}
