//! Explanations of cases of the rule set that ships: as their golden files say, in accord with the engine, and true where they suppose.
//!
//! The texts stand in `tests/golden/explain`. To write them anew: `VESTIBULE_GOLDEN=write cargo test --test all explain`, then read the diff.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use vestibule::base::{Header, MessageId, Name, Outcome, Reason};
use vestibule::explain::{Explanation, Question, State, explain, page, text};
use vestibule::filter::Waivers;
use vestibule::pipeline::{Guard, Inspector, World};
use vestibule::policy::{self, Case};
use vestibule::process::world::Secrets;
use vestibule::release::near::Spoke;

static GUARD: LazyLock<Guard> = LazyLock::new(|| {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    Guard::load(&files).unwrap_or_else(|complaints| panic!("{complaints:#?}"))
});

/// Each golden file with its case and recipient.
const EXPLAINED: [(&str, &str, &str, Outcome); 11] = [
    ("forward-with-edits", "NATO and Germany see a British track coarsely", "nato-hq", Outcome::Forward),
    ("withheld-by-clearance", "UK EYES ONLY stays in Britain", "usa-ops", Outcome::Withhold),
    ("withheld-by-list", "a list of nations excludes the others", "can-ops", Outcome::Withhold),
    ("withheld-by-agreement", "chat above the clause's ceiling is covered by no clause", "usa-ops", Outcome::Withhold),
    ("withheld-by-date", "an agreement that has ended permits nothing", "usa-ops", Outcome::Withhold),
    ("withheld-by-forbid", "special forces are not shown to NATO", "nato-hq", Outcome::Withhold),
    ("held-by-words", "a code word is held", "usa-ops", Outcome::Quarantine),
    ("held-by-clause", "a tasking waits for a reviewer", "usa-ops", Outcome::Quarantine),
    ("rejected-malformed", "a document type declaration is refused", "usa-ops", Outcome::Reject),
    ("translated", "an event reaches handsets as a frame, and loses nothing but its version", "usa-handsets", Outcome::Forward),
    ("parts", "the private partner gets neither the amber malware nor what speaks of it", "guest-isac", Outcome::Forward),
];

fn case(name: &str) -> &'static Case {
    GUARD.edition().cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case `{name}`"))
}

fn header(case: &Case, to: Vec<Name>) -> Header {
    Header {
        id: MessageId::from_parts(0, [0; 10]),
        precedence: case.precedence,
        destinations: to,
        media_type: case.media_type.clone(),
        traffic: case.traffic,
        sent: case.now,
        label: case.label.clone(),
    }
}

fn explained(case: &Case, to: &str) -> Explanation {
    let secrets = Secrets::from_bytes(b"explain: no pseudonym made with this key ever leaves");
    let (header, waivers) = (header(case, vec![Name::new(to).unwrap()]), Waivers::default());
    let question = Question { what: &case.name, from: &case.from, header: &header, body: &case.body };
    let world = World { now: case.now, keys: &secrets.keys(), waivers: &waivers, signer: None };
    let mut all = explain(&GUARD, &question, &world);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn each_explanation_is_as_its_golden_file_says_and_its_page_stands_alone() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/explain");
    let write = std::env::var("VESTIBULE_GOLDEN").is_ok_and(|value| value == "write");
    let mut names = BTreeSet::new();
    for (name, of, to, outcome) in EXPLAINED {
        let explanation = explained(case(of), to);
        assert_eq!(explanation.outcome, outcome, "{name}");
        let path = golden.join(format!("{name}.txt"));
        names.insert(format!("{name}.txt"));
        let said = text::write(&explanation);
        if write {
            std::fs::create_dir_all(&golden).unwrap();
            std::fs::write(&path, &said).unwrap();
        }
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(said, held, "{name}: run with VESTIBULE_GOLDEN=write and read what changed");
        let page = page::write(&[explanation]).unwrap();
        for part in ["<script", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(part), "{name}: {part}");
        }
        assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
    }
    let found: BTreeSet<String> = std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, names, "golden files without a case");
}

#[test]
fn what_is_supposed_names_what_stood_in_the_way() {
    let said = |of: &str, to: &str| explained(case(of), to).otherwise.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for (of, to, part) in [
        ("UK EYES ONLY stays in Britain", "usa-ops", "the label did not say `UK EYES ONLY`"),
        ("a list of nations excludes the others", "can-ops", "under FVEY-TRACKS/1.1 if the label named `CAN`"),
        ("chat above the clause's ceiling is covered by no clause", "usa-ops", "FVEY-TRACKS/2.2 had a ceiling of GBR SECRET"),
        (
            "an agreement that has ended permits nothing",
            "usa-ops",
            "would be released to usa-ops under FVEY-TRACKS/1.1 if FVEY-TRACKS/1.1 were in force",
        ),
        ("special forces are not shown to NATO", "nato-hq", "if the policy `special-forces-five-eyes-only` did not forbid it"),
        ("a code word is held", "usa-ops", "would be released to usa-ops under FVEY-TRACKS/1.1 if reviewers let content.words"),
        ("a tasking waits for a reviewer", "usa-ops", "if reviewers agreed to the release under FVEY-TRACKS/2.1"),
        ("TOP SECRET is above every peer's clearance", "usa-ops", "the label said `SECRET`"),
        ("an exercise by content that is operational by its header is held", "usa-ops", "if the header said `exercise`"),
    ] {
        assert!(said(of, to).contains(part), "{of}: {part} in\n{}", said(of, to));
    }
    // Where the bytes are at fault no rule would have helped.
    assert_eq!(said("a document type declaration is refused", "usa-ops"), "");
    assert_eq!(said("NATO and Germany see a British track coarsely", "nato-hq"), "");
}

#[test]
fn every_step_stands_in_an_explanation_and_one_that_is_stopped_says_why() {
    for (name, of, to, outcome) in EXPLAINED {
        let explanation = explained(case(of), to);
        assert_eq!(explanation.steps.len(), 12, "{name}");
        let stopped: Vec<_> = explanation.steps.iter().filter(|step| step.state == State::Stopped).collect();
        assert_eq!(stopped.is_empty(), outcome == Outcome::Forward, "{name}: {:#?}", explanation.steps);
        assert!(stopped.iter().all(|step| !step.lines.is_empty()), "{name}");
        assert!(explanation.steps.iter().all(|step| step.state != State::Skipped) || outcome != Outcome::Forward, "{name}");
    }
}

/// The law of the engine's report: asked condition by condition it says what it said when it decided.
#[test]
fn what_each_rule_said_is_what_decided() {
    let secrets = Secrets::from_bytes(b"explain: no pseudonym made with this key ever leaves");
    let mut inspector = Inspector::new(&GUARD);
    let mut seen = BTreeSet::new();
    for case in GUARD.edition().cases.iter().step_by(4) {
        let header = header(case, case.expect.iter().map(|expected| expected.to.clone()).take(2).collect());
        let waivers = Waivers::default();
        let passage =
            inspector.pass(&case.from, &header, &case.body, &World { now: case.now, keys: &secrets.keys(), waivers: &waivers, signer: None });
        for (to, near) in inspector.near(&case.from, &header, &case.body, case.now) {
            let ruling = passage.rulings.iter().find(|ruling| ruling.recipient == to).unwrap();
            let permits: Vec<&Name> = near.clauses.iter().filter(|near| near.unmet.is_empty()).map(|near| &near.clause).collect();
            let forbids = near.own.iter().any(|own| own.effect == "forbid" && own.spoke == Spoke::Applies);
            assert!(near.own.iter().all(|own| own.spoke != Spoke::Failed));
            let decided = ruling.findings.iter().map(|finding| finding.code);
            let codes: Vec<Reason> = decided.filter(|code| code.code().starts_with("agreement.") || code.code().starts_with("clearance.")).collect();
            match codes.first() {
                Some(Reason::AgreementNone) => assert!(permits.is_empty() && !forbids, "{} to {to}: {permits:?}", case.name),
                Some(Reason::AgreementForbidden) => assert!(forbids, "{} to {to}", case.name),
                _ => {}
            }
            if let Some(clause) = &ruling.clause {
                assert!(permits.contains(&clause) && !forbids, "{} to {to}: {clause} not in {permits:?}", case.name);
                seen.insert(clause.clone());
            }
        }
    }
    assert!(seen.len() >= 10, "{seen:?}");
}
