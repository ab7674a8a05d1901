//! The cases of the rule sets that ship through the whole path: what `vestibule rules test` runs, held by a test.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these functions serve tests only")]

use std::collections::BTreeSet;
use std::path::Path;

use aws_lc_rs::hmac;
use vestibule::base::{Header, MessageId};
use vestibule::filter::Waivers;
use vestibule::pipeline::{Guard, Inspector, Ruling, World};
use vestibule::policy::report::{Look, render};
use vestibule::policy::{self, Case, Edition, Expectation};
use vestibule::sanitise::Keys;

/// The rule sets that ship.
const SHIPPED: [&str; 3] = ["five-eyes", "nato", "usa-national"];
/// Prohibitions that no message reaches while no peer holds a clearance for what they forbid: they stand for the day on which one does.
const ASLEEP: [(&str, &str); 2] = [("five-eyes", "release.cedar/no-top-secret"), ("five-eyes", "release.cedar/no-atomal")];

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
    inspector.pass(&case.from, &header, &case.body, &world).rulings
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

/// Names of what a rule set says: clauses, policies of Cedar, word lists, patterns and detectors.
fn rules_of(edition: &Edition) -> BTreeSet<String> {
    let clauses = edition.agreements.iter().flat_map(|agreement| &agreement.clauses).map(|clause| clause.id.to_string());
    let lists = edition.word_lists.iter().map(|list| list.file.to_string());
    let detectors = edition.detectors.iter().map(|detector| detector.rule.to_string());
    let mut rules: BTreeSet<String> = clauses.chain(lists).chain(detectors).collect();
    for file in edition.files.iter().filter(|file| file.path.ends_with(".cedar")) {
        let ids = file.text.split("@id(\"").skip(1).filter_map(|rest| rest.split_once('"'));
        rules.extend(ids.map(|(id, _)| format!("{}/{id}", file.path)));
    }
    for file in &edition.patterns {
        let names = file.text.lines().filter_map(|line| line.strip_prefix("rule ")?.split_once(' '));
        rules.extend(names.map(|(name, _)| format!("{}:{name}", file.path)));
    }
    rules
}

/// What spoke in a ruling: the clause, rules that findings cite, and the list of a word.
fn spoke(ruling: &Ruling) -> Vec<String> {
    let clause = ruling.clause.iter().map(ToString::to_string);
    let cited = ruling.findings.iter().flat_map(|finding| {
        let list = finding.rule.rsplit_once(':').map(|(file, _)| file.to_owned());
        let policy = finding.text.split('`').nth(1).map(str::to_owned);
        [Some(finding.rule.to_string()), list, policy].into_iter().flatten()
    });
    clause.chain(cited).collect()
}

#[test]
fn every_clause_policy_list_pattern_and_detector_of_a_rule_set_that_ships_speaks_in_one_of_its_cases() {
    let mut silent = Vec::new();
    for rules in SHIPPED {
        let guard = guard(rules);
        let mut inspector = Inspector::new(&guard);
        let spoken: BTreeSet<String> = guard
            .edition()
            .cases
            .iter()
            .flat_map(|case| {
                guard.meet(&case.conditions);
                rulings(&mut inspector, case)
            })
            .flat_map(|ruling| spoke(&ruling))
            .collect();
        let asleep = |rule: &String| ASLEEP.contains(&(rules, rule.as_str()));
        assert!(ASLEEP.iter().all(|(of, rule)| *of != rules || !spoken.contains(*rule)), "a prohibition of {rules} has woken");
        silent.extend(
            rules_of(guard.edition()).into_iter().filter(|rule| !spoken.contains(rule) && !asleep(rule)).map(|rule| format!("{rules}: {rule}")),
        );
    }
    assert!(silent.is_empty(), "no case meets\n{}", silent.join("\n"));
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
