//! `vestibule rules test`: a rule set's own cases, run through the whole path.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::{Answer, Failure, Output, Verb, lab, output};
use super::load;
use crate::base::{Fault, Header, MessageId, Name, Outcome, Reason};
use crate::filter::Waivers;
use crate::label::Signer;
use crate::link::pki::{Anchor, Use};
use crate::pipeline::{Guard, Inspector, Message, Passage, World};
use crate::policy::{Bind, Case, Expectation};
use crate::process::world::Secrets;

/// Runs the cases of rule sets.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Test {
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
    inspector.pass_under(&case.from, Message { header: &header, body: &case.body }, &world, &case.grants())
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
            guard.meet(&case.conditions);
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
