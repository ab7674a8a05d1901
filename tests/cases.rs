//! The cases of the rule sets that ship through the whole path: what `vestibule rules test` runs, held by a test.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these functions serve tests only")]

use std::collections::BTreeSet;
use std::path::Path;

use aws_lc_rs::hmac;
use vestibule::base::{Header, MessageId};
use vestibule::filter::Waivers;
use vestibule::pipeline::{Guard, Inspector, Message, Ruling, World};
use vestibule::policy::report::{Look, render};
use vestibule::policy::{self, Case, Expectation};
use vestibule::sanitise::Keys;

/// The rule sets that ship.
const SHIPPED: [&str; 3] = ["five-eyes", "nato", "usa-national"];

fn guard(rules: &str) -> Guard {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(rules)).unwrap();
    Guard::load(&files).unwrap_or_else(|complaints| panic!("{}", render(&complaints, &files, Look::Plain)))
}

fn rulings(inspector: &mut Inspector<'_>, case: &Case) -> Vec<Ruling> {
    let header = Header {
        id: MessageId::from_parts(1, [7; 10]),
        precedence: case.precedence,
        destinations: case.expect.iter().map(|expected| expected.to.clone()).collect(),
        media_type: case.media_type.clone(),
        traffic: case.traffic,
        sent: case.now,
        label: case.label.clone(),
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now: case.now, keys: &Keys { pseudonym: &key }, waivers: &Waivers::default(), signer: None };
    inspector.suppose_bound(case.trust());
    inspector.pass_under(&case.from, Message { header: &header, body: &case.body }, &world, &case.grants()).rulings
}

fn agrees(expected: &Expectation, found: &Ruling) -> bool {
    let edits: Vec<&String> = found.edits.iter().map(|edit| &edit.path).collect();
    expected.outcome == found.outcome
        && expected.code == found.code
        && (expected.clause.is_none() || expected.clause == found.clause)
        && expected.edits.as_ref().is_none_or(|paths| paths.iter().collect::<Vec<_>>() == edits)
        && found.output.is_some() == expected.code.is_none()
}

#[test]
fn every_case_of_a_rule_set_that_ships_ends_as_its_officer_expects() {
    for rules in SHIPPED {
        cases_of(rules);
    }
}

fn cases_of(rules: &str) {
    let guard = guard(rules);
    let mut inspector = Inspector::new(&guard);
    let mut wrong = Vec::new();
    for case in &guard.edition().cases {
        guard.meet(&case.conditions);
        let rulings = rulings(&mut inspector, case);
        assert_eq!(rulings.len(), case.expect.len(), "{}", case.rule);
        for expected in &case.expect {
            let found = rulings.iter().find(|ruling| ruling.recipient == expected.to).unwrap();
            if !agrees(expected, found) {
                let Ruling { outcome, code, clause, edits, .. } = found;
                wrong.push(format!("{} `{}`\n  expected {expected:?}\n  found {outcome} {code:?} {clause:?} {edits:?}", case.rule, case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), guard.edition().cases.len(), wrong.join("\n"));
}

#[test]
fn the_rule_set_of_a_headquarters_has_cases_of_every_format_and_every_outcome() {
    let guard = guard("nato");
    let (mut inspector, mut seen) = (Inspector::new(&guard), BTreeSet::new());
    let mut translated = BTreeSet::new();
    for case in &guard.edition().cases {
        guard.meet(&case.conditions);
        for ruling in rulings(&mut inspector, case) {
            seen.insert(ruling.outcome.word());
            translated.extend(ruling.into);
        }
    }
    assert_eq!(seen, BTreeSet::from(["forward", "quarantine", "reject", "withhold"]));
    assert_eq!(translated, BTreeSet::from(["cot", "misp", "stix", "tak"]));
    assert!(guard.edition().cases.len() >= 60, "{}", guard.edition().cases.len());
    let formats: BTreeSet<&str> =
        guard.edition().cases.iter().filter_map(|case| vestibule::format::identify(&case.body).ok()).map(|format| format.name).collect();
    assert_eq!(formats, vestibule::format::FORMATS.iter().map(|format| format.name).collect());
}
