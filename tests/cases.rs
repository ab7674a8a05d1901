//! The cases of the lab's rule set, each through reader, labels, decision, filters and sanitising, room by room.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "these functions serve tests only")]

use std::path::Path;

use aws_lc_rs::hmac;
use vestibule::base::{Budget, Finding, Header, MessageId, Name, Outcome, Reason};
use vestibule::filter::{Filters, Waivers};
use vestibule::format::{self, Received};
use vestibule::label::{self, Binding, Reading};
use vestibule::policy::{self, Case, Edition, Expectation};
use vestibule::release::{Circumstances, Engine};
use vestibule::sanitise::{self, Keys};

/// What came of a case for one recipient.
#[derive(Debug, PartialEq, Eq)]
struct Result {
    outcome: Outcome,
    code: Option<Reason>,
    clause: Option<Name>,
    edits: Vec<String>,
}

struct Lab {
    edition: Edition,
    engine: Engine,
    filters: Filters,
}

fn lab() -> Lab {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let edition = policy::load(&files).unwrap_or_else(|found| panic!("{}", policy::report::render(&found, &files, policy::report::Look::Plain)));
    let engine = Engine::compile(&edition).unwrap();
    let filters = Filters::compile(&edition).unwrap();
    Lab { edition, engine, filters }
}

fn stopped(reason: Reason) -> Result {
    Result { outcome: reason.outcome(), code: Some(reason), clause: None, edits: Vec::new() }
}

/// The worst of the findings, the first of those that are equally bad.
fn worst(findings: &[Finding]) -> Option<(Outcome, Reason)> {
    let outcomes = findings.iter().map(|finding| (finding.action.outcome(), finding.code)).filter(|(outcome, _)| *outcome > Outcome::Forward);
    outcomes.fold(None, |worst, next| if worst.is_some_and(|(outcome, _)| outcome >= next.0) { worst } else { Some(next) })
}

fn run(lab: &Lab, case: &Case, to: &Name) -> Result {
    let header = Header {
        id: MessageId::from_parts(1, [7; 10]),
        precedence: case.precedence,
        destinations: vec![to.clone()],
        media_type: case.media_type.clone(),
        traffic: case.traffic,
        sent: case.now,
        label: case.label.clone(),
    };
    let mut budget = Budget::for_body(case.body.len());
    let (sender, recipient) = (&lab.edition.peers[&case.from], &lab.edition.peers[to]);
    let parsed = match format::parse(Received::new(&header, case.body.as_bytes()).unwrap(), &mut budget) {
        Ok(parsed) => parsed,
        Err(refusal) => return stopped(refusal.reason),
    };
    let scanned = lab.filters.scan(&mut lab.filters.scanner(), &parsed, &mut budget).unwrap();
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    let decided = label::verify(parsed, &lab.edition.lattice, &reading, case.now, &mut budget);
    let labelled = match decided {
        Ok(labelled) => labelled,
        Err(refusal) => return stopped(refusal.reason),
    };
    let permitted = match lab.engine.decide(&labelled, sender, recipient, &Circumstances { now: case.now }) {
        Ok(permitted) => permitted,
        Err(refusal) => return stopped(refusal.reason),
    };
    let clause = Some(permitted.clause().id.clone());
    let cleared = match lab.filters.check(permitted, &scanned, &Waivers::default()) {
        Ok(cleared) => cleared,
        Err(findings) => {
            let (outcome, code) = worst(&findings).unwrap_or_else(|| panic!("stopped without reason: {findings:?}"));
            return Result { outcome, code: Some(code), clause, edits: Vec::new() };
        }
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    match sanitise::apply(cleared, &Keys { pseudonym: &key }) {
        Ok(done) => Result { outcome: Outcome::Forward, code: None, clause, edits: done.edits().iter().map(|edit| edit.path.clone()).collect() },
        Err(refusal) => stopped(refusal.reason),
    }
}

fn agrees(expected: &Expectation, found: &Result) -> bool {
    let edits = expected.edits.as_ref().is_none_or(|edits| {
        let sorted = |paths: &[String]| paths.iter().cloned().collect::<std::collections::BTreeSet<_>>();
        sorted(edits) == sorted(&found.edits)
    });
    expected.outcome == found.outcome && expected.code == found.code && (expected.clause.is_none() || expected.clause == found.clause) && edits
}

#[test]
fn every_case_of_the_lab_ends_as_its_officer_expects() {
    let lab = lab();
    let mut wrong = Vec::new();
    for case in &lab.edition.cases {
        for expected in &case.expect {
            let found = run(&lab, case, &expected.to);
            if !agrees(expected, &found) {
                wrong.push(format!("{} `{}` to {}:\n  expected {expected:?}\n  found {found:?}", case.rule, case.name, expected.to));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), lab.edition.cases.len(), wrong.join("\n"));
}
