//! `vestibule rules`: a rule set, checked and tested before it decides anything.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Answer, Failure, Output, Verb, lab, output};
use crate::base::{Fault, Header, MessageId, Name, Outcome, Reason};
use crate::filter::Waivers;
use crate::label::Signer;
use crate::link::pki::{Anchor, Use};
use crate::pipeline::{Guard, Inspector, Passage, World};
use crate::policy::{self, Bind, Case, Expectation, report};
use crate::process::load_guard;
use crate::process::world::Secrets;

/// Checks rule sets.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Print one JSON object for each fault
    #[arg(long)]
    json: bool,
    /// Rule set folders
    #[arg(required = true)]
    folders: Vec<PathBuf>,
}

/// Loads and compiles; all faults are reported.
fn load(folder: &Path, json: bool, out: &mut Output) -> Result<Option<Guard>, Failure> {
    match load_guard(folder)? {
        Ok(guard) => Ok(Some(guard)),
        Err(complaints) => {
            let files = policy::read_folder(folder)?;
            match json {
                true => out.text(&report::json_lines(&complaints, &files))?,
                false => output::report(&complaints, &files),
            }
            output::tell(&format!("`{}`: {} faults", folder.display(), complaints.len()));
            Ok(None)
        }
    }
}

impl Verb for Check {
    const PATH: &'static [&'static str] = &["rules", "check"];
    const ABOUT: &'static str = "Find every fault of a rule set, with place and remedy";
    const EXAMPLES: &'static str =
        "  vestibule rules check rules/five-eyes\n  vestibule rules check --json rules/five-eyes | jq .what\n\nExit status 1 where there is a fault.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let mut answer = Answer::Done;
        for folder in &self.folders {
            match load(folder, self.json, out)? {
                None => answer = Answer::No,
                Some(guard) if !self.json => {
                    let edition = guard.edition();
                    let clauses: usize = edition.agreements.iter().map(|agreement| agreement.clauses.len()).sum();
                    let words: usize = edition.word_lists.iter().map(|list| list.entries.len()).sum();
                    let parts = [
                        (edition.peers.len(), "peers"),
                        (edition.agreements.len(), "agreements"),
                        (clauses, "clauses"),
                        (words, "words"),
                        (edition.patterns.len(), "pattern files"),
                        (edition.cases.len(), "cases"),
                    ];
                    let parts: Vec<String> = parts.iter().map(|(count, what)| format!("{count} {what}")).collect();
                    out.line(format_args!("`{}`: {} {}, no faults: {}", folder.display(), edition.name, edition.edition, parts.join(", ")))?;
                    out.line(format_args!("digest {}", edition.digest))?;
                }
                Some(_) => {}
            }
        }
        Ok(answer)
    }
}

/// Runs the cases of rule sets.
#[derive(Debug, clap::Args)]
pub(super) struct Test {
    /// Print one JSON object for each expectation
    #[arg(long)]
    json: bool,
    /// Show the cases that pass, too
    #[arg(long)]
    all: bool,
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

#[derive(Serialize, Clone, PartialEq, Eq)]
struct Seen {
    outcome: Outcome,
    code: Option<Reason>,
    clause: Option<Name>,
    edits: Option<Vec<String>>,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.outcome.word())?;
        self.code.iter().try_for_each(|code| write!(f, " {code}"))?;
        self.clause.iter().try_for_each(|clause| write!(f, " under {clause}"))?;
        self.edits.iter().try_for_each(|edits| write!(f, " edits {}", edits.join(" ")))
    }
}

/// What was found for a recipient, told in as much detail as the case asks for.
fn seen(passage: &Passage, expectation: &Expectation) -> Option<Seen> {
    passage.rulings.iter().find(|ruling| ruling.recipient == expectation.to).map(|ruling| Seen {
        outcome: ruling.outcome,
        code: ruling.code,
        clause: expectation.clause.as_ref().and(ruling.clause.clone()),
        edits: expectation.edits.as_ref().map(|_| ruling.edits.iter().map(|edit| edit.path.clone()).collect()),
    })
}

fn expected(expectation: &Expectation) -> Seen {
    let Expectation { outcome, code, clause, edits, .. } = expectation.clone();
    Seen { outcome, code, clause, edits }
}

fn pass(inspector: &mut Inspector<'_>, case: &Case, secrets: &Secrets, signer: Option<&Signer>) -> Passage {
    let header = Header {
        id: MessageId::from_parts(0, [0; 10]),
        precedence: case.precedence,
        destinations: case.expect.iter().map(|expectation| expectation.to.clone()).collect(),
        media_type: case.media_type.clone(),
        traffic: case.traffic,
        sent: case.now,
        label: case.label.clone(),
    };
    let world = World { now: case.now, keys: &secrets.keys(), waivers: &Waivers::default(), signer };
    inspector.pass(&case.from, &header, &case.body, &world)
}

/// A binding key of the time of a case, for looking only; none where nobody of the case gets labels bound.
fn practice(guard: &Guard, case: &Case) -> Result<Option<Signer>, Fault> {
    let binds = |expected: &Expectation| guard.edition().peers.get(&expected.to).is_some_and(|peer| peer.bind != Bind::Nothing);
    if !case.expect.iter().any(binds) {
        return Ok(None);
    }
    let issued = Anchor::make("practice", case.now, lab::DAYS)?.issue("practice.lab", Use::Label, case.now, lab::DAYS)?;
    Signer::of_pem(issued.key.as_bytes(), issued.certificate.as_bytes()).map(Some)
}

impl Verb for Test {
    const PATH: &'static [&'static str] = &["rules", "test"];
    const ABOUT: &'static str = "Run a rule set's own cases through the whole path";
    const EXAMPLES: &'static str =
        "  vestibule rules test rules/five-eyes\n  vestibule rules test --all rules/five-eyes\n\nExit status 1 where a case fails.";

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
    /// Whether all cases of a rule set pass.
    fn test(&self, folder: &Path, guard: &Guard, out: &mut Output) -> Result<bool, Failure> {
        let secrets = Secrets::from_bytes(b"cases: no pseudonym made with this key ever leaves");
        let mut inspector = Inspector::new(guard);
        let mut table = output::table(&["case", "file", "to", "expected", "found"]);
        let (mut ran, mut failed) = (0_u32, 0_u32);
        for case in &guard.edition().cases {
            let passage = pass(&mut inspector, case, &secrets, practice(guard, case)?.as_ref());
            for expectation in &case.expect {
                let (wanted, found) = (expected(expectation), seen(&passage, expectation));
                let passed = found.as_ref() == Some(&wanted);
                ran = ran.saturating_add(1);
                failed = failed.saturating_add(u32::from(!passed));
                if self.json {
                    let line = Line { case: &case.name, rule: &case.rule, from: &case.from, to: &expectation.to, passed, expected: wanted, found };
                    out.json(&line)?;
                } else if self.all || !passed {
                    let found = found.map(|found| found.to_string()).unwrap_or_default();
                    table.add_row([case.name.as_str(), &case.rule, expectation.to.as_str(), &wanted.to_string(), &found]);
                }
            }
        }
        if !self.json {
            if self.all || failed > 0 {
                out.line(table)?;
            }
            out.line(format_args!("`{}`: {ran} expectations of {} cases, {failed} failed", folder.display(), guard.edition().cases.len()))?;
        }
        Ok(failed == 0)
    }
}
