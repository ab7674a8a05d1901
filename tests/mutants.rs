//! What the cases of the rule sets that ship touch and notice; and that a rule that no case notices is told.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these functions serve tests only")]

use std::collections::BTreeSet;
use std::path::Path;

use aws_lc_rs::hmac;
use vestibule::cases::{Coverage, Fate, Mutant, Proposals, Report, Trace, Trial, mutants};
use vestibule::pipeline::{Guard, Inspector};
use vestibule::policy::report::{Look, render};
use vestibule::policy::{self, SourceFile};
use vestibule::sanitise::Keys;

/// The rule sets that ship.
const SHIPPED: [&str; 3] = ["five-eyes", "nato", "usa-national"];

fn files(rules: &str) -> Vec<SourceFile> {
    policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(rules)).unwrap()
}

fn guard(files: &[SourceFile]) -> Guard {
    Guard::load(files).unwrap_or_else(|complaints| panic!("{}", render(&complaints, files, Look::Plain)))
}

/// What the cases of a guard touch, and what became of those of its mutants that are wanted.
fn tried(guard: &Guard, wanted: impl Fn(usize, &Mutant) -> bool, proposals: Proposals) -> (Coverage, Report) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let keys = Keys { pseudonym: &key };
    let trials: Vec<Trial<'_>> = guard.edition().cases.iter().map(|case| Trial { case, signer: None }).collect();
    let mut inspector = Inspector::new(guard);
    let traces: Vec<Trace> = trials.iter().map(|trial| Trace::of(guard, trial, &trial.pass(&mut inspector, &keys))).collect();
    let chosen = mutants::all(guard).into_iter().enumerate().filter(|(at, mutant)| wanted(*at, mutant)).map(|(_, mutant)| mutant).collect();
    (Coverage::of(guard, &traces), mutants::run(guard, &trials, &traces, chosen, &keys, proposals))
}

/// The rule set of the lab without the cases that one of these words stands in.
fn without_cases_of(words: &[&str]) -> Vec<SourceFile> {
    let mut all = files("five-eyes");
    for file in all.iter_mut().filter(|file| file.path.starts_with("cases/") && file.path.ends_with(".toml")) {
        let mut blocks = file.text.split("[[case]]");
        let first = blocks.next().unwrap_or_default().to_owned();
        let kept: Vec<&str> = blocks.filter(|block| !words.iter().any(|word| block.contains(word))).collect();
        file.text = kept.iter().fold(first, |text, block| format!("{text}[[case]]{block}")).into();
    }
    all
}

#[test]
fn cases_of_the_rule_sets_that_ship_touch_every_rule_that_a_case_can_touch() {
    for rules in SHIPPED {
        let (coverage, _) = tried(&guard(&files(rules)), |_, _| false, Proposals::None);
        let untouched: Vec<String> = coverage.untouched().map(|rule| format!("{} {}", rule.rule, rule.says)).collect();
        assert!(untouched.is_empty(), "{rules}:\n{}", untouched.join("\n"));
        let mut asleep: Vec<&str> = coverage.rules.iter().filter(|rule| rule.asleep.is_some()).map(|rule| rule.rule.as_str()).collect();
        asleep.sort_unstable();
        let expected: &[&str] = if rules == "five-eyes" { &["release.cedar/no-atomal", "release.cedar/no-top-secret"] } else { &[] };
        assert_eq!(asleep, expected, "{rules}: prohibitions of what nobody is cleared for");
    }
}

/// Every so many mutants are tried here: all of them take minutes without optimisation. `vestibule rules test --mutants` tries them all.
const STEP: usize = 11;

/// Mutants that no case noticed once: always tried.
const ONCE_UNNOTICED: [&str; 6] = [
    "`rest` of `formats/mail.toml` is empty",
    "the ceiling of `MESSAGES/1.2` is `GBR SECRET` instead of `OFFICIAL-SENSITIVE`",
    "the row `/event/detail/BindingInformation/Signature/**` is gone",
    "`to` of `PARTNERS-SA/2.1` is everyone",
    "`to` of `REPORTS/2.2` is everyone",
    "`THREATS/3.1` no longer makes the edit `remove` of `/bundle/objects/@created_by_ref`",
];

#[test]
fn no_rule_that_ships_can_be_taken_away_or_weakened_without_a_case_that_notices() {
    let mut tried_again = BTreeSet::new();
    for rules in SHIPPED {
        let wanted = |at: usize, mutant: &Mutant| at % STEP == 3 || ONCE_UNNOTICED.contains(&mutant.what.as_str());
        let (_, report) = tried(&guard(&files(rules)), wanted, Proposals::None);
        let survivors: Vec<String> = report.survivors().map(|outcome| format!("{}: {}", outcome.rule, outcome.what)).collect();
        assert!(survivors.is_empty(), "{rules}: no case notices {survivors:#?}");
        tried_again.extend(ONCE_UNNOTICED.into_iter().filter(|once| report.outcomes.iter().any(|outcome| outcome.what == **once)));
    }
    assert_eq!(tried_again.len(), ONCE_UNNOTICED.len(), "one of them is no mutant any more: {tried_again:?}");
}

#[test]
fn wider_parties_are_told_apart_only_where_a_policy_forbids_them_in_every_scheme_that_the_clause_covers() {
    let fate = |more: &str| {
        let mut files = files("nato");
        let agreement = files.iter_mut().find(|file| file.path.ends_with("partners-sa.toml") || file.text.contains("id = \"PARTNERS-SA\"")).unwrap();
        let ceiling = "kinds = [\"a-*\", \"b-m-p*\"]\nup_to = [{ policy = \"NATO\", level = \"SECRET\" }";
        assert!(agreement.text.contains(ceiling));
        agreement.text = agreement.text.replace(ceiling, &format!("{ceiling}{more}")).into();
        let (_, report) = tried(&guard(&files), |_, mutant| mutant.what == "`to` of `PARTNERS-SA/2.1` is everyone", Proposals::None);
        report.outcomes[0].fate.clone()
    };
    assert!(matches!(fate(""), Fate::Equivalent(_)));
    // What the Union marked may go from one of its members to another, so that a clause for it would open something.
    assert!(!matches!(fate(", { policy = \"EU\", level = \"CONFIDENTIEL UE/EU CONFIDENTIAL\" }"), Fate::Equivalent(_)));
}

#[test]
fn a_word_that_no_case_sends_is_told_with_the_case_that_would_notice() {
    let files = without_cases_of(&["TIN LANTERN"]);
    let of_word = |_: usize, mutant: &Mutant| mutant.what.contains("`TIN LANTERN`");
    let (coverage, report) = tried(&guard(&files), of_word, Proposals::None);
    let untouched: Vec<&str> = coverage.untouched().map(|rule| rule.says.as_str()).collect();
    assert!(untouched.contains(&"`TIN LANTERN`"), "{untouched:?}");
    let survivors: Vec<_> = report.survivors().collect();
    assert_eq!(survivors.len(), 1, "{survivors:?}");
    assert_eq!(survivors[0].notice, "a message with `TIN LANTERN` in its text: `content.words`");
    let (_, report) = tried(&guard(&self::files("five-eyes")), of_word, Proposals::None);
    assert!(matches!(report.outcomes[0].fate, Fate::Noticed(_)), "{:?}", report.outcomes);
}

#[test]
fn a_proposed_case_notices_what_no_case_did() {
    // Without the cases that a reviewer has a part in, nobody notices that a clause no longer asks for one.
    let files = without_cases_of(&["agreement.review"]);
    let (_, report) = tried(&guard(&files), |_, mutant| mutant.what.ends_with("releases without review"), Proposals::Sought);
    let (survivor, proposed) = report.survivors().find_map(|outcome| Some((outcome, outcome.proposal.as_deref()?))).expect("a proposal");
    let mut more = files.clone();
    let text = format!("now = \"2026-03-01T12:00:30Z\"\n\n{proposed}");
    more.push(SourceFile { path: "cases/proposed.toml".into(), text: text.into() });
    let (_, report) = tried(&guard(&more), |_, mutant| mutant.what == survivor.what, Proposals::None);
    assert!(matches!(&report.outcomes[0].fate, Fate::Noticed(by) if by.starts_with("cases/proposed.toml")), "{proposed}\n{:?}", report.outcomes);
}
