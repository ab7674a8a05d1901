//! `vestibule rules prove`: whether a rule set's invariants hold of every message, with a message where one does not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::{Answer, Failure, Output, Verb, letter, output};
use super::load;
use crate::base::{Fault, Header, Name, Outcome, Reason, Time};
use crate::pipeline::Guard;
use crate::policy;
use crate::prove::{self, Against, CounterExample, Obstacle, Options, Proof, STEPS, Seen, Verdict, trial::Tried};

/// Proves the invariants of a rule set.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Prove {
    /// The rule set's folder
    folder: PathBuf,
    /// Prove also that nothing is released that this rule set does not release, nor without review what it releases after one
    #[arg(long, value_name = "FOLDER")]
    against: Option<PathBuf>,
    /// A clause under which more may be released than before
    #[arg(long, value_name = "CLAUSE", requires = "against")]
    except: Vec<Name>,
    /// Write each message that breaks an invariant into this folder, with its header beside it
    #[arg(long, value_name = "FOLDER")]
    counter_examples: Option<PathBuf>,
    /// The solver cvc5
    #[arg(long, value_name = "PROGRAM", default_value = "cvc5")]
    solver: PathBuf,
    /// Steps that the solver may take for one question
    #[arg(long, value_name = "COUNT", default_value_t = STEPS)]
    steps: u64,
    /// Print one JSON object for each invariant
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'l> {
    invariant: &'l Name,
    sentence: &'l str,
    rule: &'l str,
    answer: &'static str,
    ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clauses: Option<&'l [Name]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter_example: Option<Shown<'l>>,
}

#[derive(Serialize)]
struct Shown<'l> {
    from: &'l Name,
    to: &'l Name,
    format: &'static str,
    kind: &'l str,
    traffic: &'static str,
    now: Time,
    label: crate::label::LabelView,
    weight: &'static str,
    outcome: Option<Outcome>,
    code: Option<Reason>,
    agreement: Option<&'l Name>,
    file: Option<String>,
}

impl Verb for Prove {
    const PATH: &'static [&'static str] = &["rules", "prove"];
    const ABOUT: &'static str = "Prove a rule set's invariants of every message";
    const EXAMPLES: &'static str = "  vestibule rules prove rules/five-eyes\n  \
        vestibule rules prove --counter-examples found rules/five-eyes       a message for each invariant that does not hold\n  \
        vestibule rules prove new --against rules/five-eyes --except FVEY-TRACKS/4.3\n\n\
        Exit status 1 where an invariant is not proved.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let Some(guard) = load(&self.folder, self.json, out)? else { return Ok(Answer::No) };
        let old = match &self.against {
            Some(folder) => match load(folder, self.json, out)? {
                Some(old) => Some(old),
                None => return Ok(Answer::No),
            },
            None => None,
        };
        let except = self.excepted(&guard)?;
        let against = old.as_ref().map(|old| Against { guard: old, except: &except });
        if guard.edition().invariants.is_empty() && against.is_none() {
            output::complain(&format!("`{}` has no invariants: say in `invariants.toml` what must never happen", self.folder.display()));
            return Ok(Answer::No);
        }
        let begun = std::time::Instant::now();
        let report = match prove::prove(&guard, &Options { solver: &self.solver, steps: self.steps, against }) {
            Ok(report) => report,
            Err(Obstacle::Fault(fault)) => return Err(Failure::Fault(fault)),
            Err(Obstacle::Rules(complaints)) => return Err(Failure::Complaints(complaints, policy::read_folder(&self.folder)?)),
        };
        let mut table = output::table(&["invariant", "sentence", "answer", "ms"]);
        for proof in &report.proofs {
            let file = self.keep(proof)?;
            if self.json {
                out.json(&line(&guard, proof, file))?;
            } else {
                table.add_row([proof.id.as_str(), &proof.sentence, word(&proof.verdict), &proof.elapsed.as_millis().to_string()]);
            }
        }
        if !self.json {
            out.line(table)?;
            for proof in &report.proofs {
                self.explain(&guard, proof, out)?;
            }
            let proved = report.proofs.iter().filter(|proof| matches!(proof.verdict, Verdict::Proved)).count();
            let took = begun.elapsed().as_secs_f64();
            out.line(format_args!("`{}`: {proved} of {} proved, in {took:.1} s", self.folder.display(), report.proofs.len()))?;
        }
        Ok(if report.holds() { Answer::Done } else { Answer::No })
    }
}

impl Prove {
    /// The clauses that are excepted, all of which the rule set must have.
    fn excepted(&self, guard: &Guard) -> Result<BTreeSet<Name>, Failure> {
        let known: BTreeSet<&Name> = guard.edition().agreements.iter().flat_map(|agreement| &agreement.clauses).map(|clause| &clause.id).collect();
        match self.except.iter().find(|clause| !known.contains(clause)) {
            Some(clause) => Err(Failure::Usage(format!("`{}` has no clause `{clause}`", self.folder.display()))),
            None => Ok(self.except.iter().cloned().collect()),
        }
    }

    /// Writes a counter-example as a letter; gives its file.
    fn keep(&self, proof: &Proof) -> Result<Option<PathBuf>, Failure> {
        let (Some(folder), Some(tried)) = (&self.counter_examples, found(proof).and_then(|found| tried(&found.seen))) else { return Ok(None) };
        let failed = |error| Failure::Fault(Fault::from_cause(format!("`{}` cannot be made", folder.display()), error));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join(format!("{}.{}", proof.id.as_str().replace('/', "-"), ending(&tried.header, &tried.body)));
        letter::write(&path, &tried.header, &tried.body)?;
        Ok(Some(path))
    }

    /// What is not proved, with the message that shows it.
    fn explain(&self, guard: &Guard, proof: &Proof, out: &mut Output) -> Result<(), Failure> {
        match &proof.verdict {
            Verdict::Proved => Ok(()),
            Verdict::Undecided(why) => out.line(format_args!("{}: not decided: {why}\n", named(proof))),
            Verdict::Idle(clauses) => {
                let names: Vec<&str> = clauses.iter().map(Name::as_str).collect();
                out.line(format_args!("{}: these clauses permit nothing that may be released: {}\n", named(proof), names.join(", ")))
            }
            Verdict::False(found) => {
                out.line(format_args!("{}: false of this message:", named(proof)))?;
                let shown = shown(guard, found, None);
                out.line(format_args!(
                    "  {} `{}` from {} to {} at {}, {}",
                    shown.format, shown.kind, shown.from, shown.to, shown.now, shown.traffic
                ))?;
                out.line(format_args!("  label      {}", marking(&shown.label)))?;
                out.line(format_args!("  trial      {}", found.seen.sentence()))?;
                let Some(tried) = tried(&found.seen) else { return out.line("") };
                for step in &tried.chain {
                    out.line(format_args!("  because    {step}"))?;
                }
                if let Some(path) = self.keep(proof)? {
                    out.line(format_args!("  message    {}", path.display()))?;
                    let again = format!("vestibule inspect --rules {} --from {} --now {} --explain", self.folder.display(), shown.from, shown.now);
                    out.line(format_args!("  see        {again} {}", path.display()))?;
                }
                out.line("")
            }
        }
    }
}

/// An invariant with its place; a comparison has none.
fn named(proof: &Proof) -> String {
    if proof.rule.is_empty() { proof.id.to_string() } else { format!("{} ({})", proof.id, proof.rule) }
}

fn found(proof: &Proof) -> Option<&CounterExample> {
    match &proof.verdict {
        Verdict::False(found) => Some(found),
        _ => None,
    }
}

fn tried(seen: &Seen) -> Option<&Tried> {
    match seen {
        Seen::Tried(tried) => Some(tried),
        Seen::Unwritten => None,
    }
}

/// How the name of a message file ends.
fn ending(header: &Header, body: &[u8]) -> &'static str {
    let media_type = crate::format::identify(body).ok().and_then(|format| format.media_types.first().copied());
    crate::generate::ending(media_type.unwrap_or(header.media_type.as_str()))
}

const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "proved",
        Verdict::False(_) | Verdict::Idle(_) => "false",
        Verdict::Undecided(_) => "not decided",
    }
}

fn marking(label: &crate::label::LabelView) -> String {
    let categories: Vec<String> = label.categories.iter().map(|(set, values)| format!("{set}: {}", values.join(" "))).collect();
    format!("{} {} [{}]", label.policy, label.classification, categories.join("; "))
}

fn line<'l>(guard: &Guard, proof: &'l Proof, file: Option<PathBuf>) -> Line<'l> {
    Line {
        invariant: &proof.id,
        sentence: &proof.sentence,
        rule: &proof.rule,
        answer: word(&proof.verdict),
        ms: proof.elapsed.as_millis(),
        why: match &proof.verdict {
            Verdict::Undecided(why) => Some(why.clone()),
            _ => None,
        },
        clauses: match &proof.verdict {
            Verdict::Idle(clauses) => Some(clauses),
            _ => None,
        },
        counter_example: found(proof).map(|found| shown(guard, found, file.as_deref())),
    }
}

fn shown<'l>(guard: &Guard, found: &'l CounterExample, file: Option<&Path>) -> Shown<'l> {
    let witness = &found.witness;
    let tried = tried(&found.seen);
    Shown {
        from: &witness.from,
        to: &witness.to,
        format: witness.format.name,
        kind: &witness.kind,
        traffic: crate::release::exercise::word(witness.traffic),
        now: witness.now,
        label: guard.edition().lattice.view(&witness.label),
        weight: found.seen.weight().word(),
        outcome: tried.map(|tried| tried.outcome),
        code: tried.and_then(|tried| tried.code),
        agreement: tried.and_then(|tried| tried.clause.as_ref()),
        file: file.map(|file| file.display().to_string()),
    }
}
