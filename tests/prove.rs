//! Proofs of the rule sets that ship, and of what is wrong with a copy of one: every counter-example is a message that the gateway forwards.
//!
//! They need the solver cvc5, found by its name. A missing solver fails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use vestibule::base::{Name, Outcome};
use vestibule::pipeline::Guard;
use vestibule::policy::{self, SourceFile};
use vestibule::prove::trial::Weight;
use vestibule::prove::{Against, CounterExample, Obstacle, Options, Report, STEPS, Seen, Verdict, prove};

fn solver() -> PathBuf {
    PathBuf::from("cvc5")
}

fn files(name: &str) -> Vec<SourceFile> {
    policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(name)).unwrap()
}

fn guard(files: &[SourceFile]) -> Guard {
    Guard::load(files).unwrap_or_else(|complaints| panic!("{}", policy::report::render(&complaints, files, policy::report::Look::Plain)))
}

/// The lab's rule set with changes, each of which must fit once, and with these invariants alone.
fn changed(changes: &[(&str, &str, &str)], invariants: &str) -> Guard {
    let mut files = files("five-eyes");
    for (path, from, to) in changes {
        let file = files.iter_mut().find(|file| &*file.path == *path).unwrap();
        assert_eq!(file.text.matches(from).count(), 1, "`{from}` in {path}");
        file.text = file.text.replacen(from, to, 1).into();
    }
    let file = files.iter_mut().find(|file| &*file.path == "invariants.toml").unwrap();
    file.text = invariants.into();
    guard(&files)
}

fn proved(guard: &Guard, against: Option<Against<'_>>) -> Report {
    prove(guard, &Options { solver: &solver(), steps: STEPS, against }).unwrap_or_else(|obstacle| panic!("{obstacle:?}"))
}

fn false_of(report: &Report) -> &CounterExample {
    match &report.proofs[0].verdict {
        Verdict::False(found) => found,
        other => panic!("{other:?}"),
    }
}

fn forwarded(found: &CounterExample) -> (&str, &str, String) {
    assert_eq!(found.seen.weight(), Weight::Forwarded, "{} {:?}", found.seen.sentence(), found);
    let Seen::Tried(tried) = &found.seen else { panic!("{found:?}") };
    assert_eq!((tried.outcome, tried.code), (Outcome::Forward, None));
    (found.witness.from.as_str(), found.witness.to.as_str(), tried.clause.as_ref().unwrap().to_string())
}

#[test]
fn of_the_messages_that_say_what_was_found_the_one_that_shows_most_is_shown() {
    // Cases of the same sender, label and kind are stopped for what else stands in them; one of them is not.
    let guard = changed(
        &[
            ("peers.toml", "{ policy = \"TLP\", up_to = \"GREEN\" }", "{ policy = \"TLP\", up_to = \"AMBER\" }"),
            (
                "agreements/cyber.toml",
                "kinds = [\"indicator\", \"malware\", \"vulnerability\", \"attack-pattern\", \"bundle\"]\nup_to = [{ policy = \"TLP\", level = \"GREEN\" }]",
                "up_to = [{ policy = \"TLP\", level = \"AMBER\" }]",
            ),
        ],
        "[[never]]\nid = \"isac-green\"\nsentence = \"the partner never gets above GREEN\"\nto = [\"guest-isac\"]\nabove = [{ policy = \"TLP\", level = \"GREEN\" }]\n",
    );
    let report = proved(&guard, None);
    assert_eq!(forwarded(false_of(&report)), ("gbr-ops", "guest-isac", "CYBER/3.1".to_owned()));
}

const THIRD_PARTY: &str =
    "[[never]]\nid = \"third-party\"\nsentence = \"a partner gets what Britain sent\"\nto = [\"guest-isac\"]\nnot_from = [\"GBR\"]\n";

/// A clause that sends tracks to the private partner, and no policy against what third nations sent.
const PLANTED: &[(&str, &str, &str)] = &[
    (
        "agreements/fvey-tracks.toml",
        "[[clause]]\nid = \"1.1\"\nfrom = [\"FVEY\"]\nto = [\"FVEY\"]",
        "[[clause]]\nid = \"1.1\"\nfrom = [\"FVEY\"]\nto = [\"FVEY\", \"guest-isac\"]",
    ),
    ("release.cedar", "unless { resource in Nation::\"GBR\" };", "unless { resource in Nation::\"GBR\" || resource in Nation::\"CAN\" };"),
];

#[test]
fn every_invariant_of_every_rule_set_that_ships_is_proved() {
    for name in ["five-eyes", "nato", "usa-national"] {
        let guard = guard(&files(name));
        let report = proved(&guard, None);
        assert!(report.proofs.len() > 5 && report.proofs.len() == guard.edition().invariants.len());
        let open: Vec<_> = report.proofs.iter().filter(|proof| !matches!(proof.verdict, Verdict::Proved)).collect();
        assert!(open.is_empty() && report.holds(), "{name}: {open:#?}");
    }
}

#[test]
fn a_planted_clause_gives_a_message_that_the_gateway_forwards() {
    let sound = proved(&changed(&[], THIRD_PARTY), None);
    assert!(sound.holds(), "{sound:?}");
    let report = proved(&changed(PLANTED, THIRD_PARTY), None);
    assert!(!report.holds());
    let (from, to, clause) = forwarded(false_of(&report));
    assert_eq!((from, to, clause.as_str()), ("can-ops", "guest-isac", "FVEY-TRACKS/1.1"));
}

#[test]
fn a_planted_permit_and_a_clearance_that_is_too_high_are_found() {
    let amber =
        "[[never]]\nid = \"amber\"\nsentence = \"a partner gets GREEN\"\nto = [\"guest-isac\"]\nabove = [{ policy = \"TLP\", level = \"GREEN\" }]\n";
    let permit = "\n@id(\"planted\")\n@release(\"automatic\")\npermit (principal == Peer::\"guest-isac\", action == Action::\"release\", resource == Peer::\"gbr-ops\")\nwhen { context.format == Format::\"cot\" };\n\n// What carries an atomic";
    let clearance = ("peers.toml", "{ policy = \"TLP\", up_to = \"GREEN\" }", "{ policy = \"TLP\", up_to = \"AMBER\" }");
    let policy = ("release.cedar", "\n// What carries an atomic", permit);
    // Mandatory control stands between: the permit alone releases nothing above.
    assert!(proved(&changed(&[policy], amber), None).holds());
    let report = proved(&changed(&[policy, clearance], amber), None);
    assert_eq!(forwarded(false_of(&report)), ("gbr-ops", "guest-isac", "release.cedar/planted".to_owned()));
}

#[test]
fn a_clause_that_nobody_can_use_is_named() {
    let usable = "[[usable]]\nid = \"usable\"\nsentence = \"every clause permits something\"\n";
    let forbid = "\n@id(\"no-contacts\")\nforbid (principal, action == Action::\"release\", resource)\nwhen { context.format == Format::\"oth\" };\n\n// What carries an atomic";
    let no_contacts = ("release.cedar", "\n// What carries an atomic", forbid);
    let report = proved(&changed(&[no_contacts], usable), None);
    match &report.proofs[0].verdict {
        Verdict::Idle(clauses) => assert!(clauses.iter().any(|clause| clause.as_str() == "MARITIME/1.1"), "{clauses:?}"),
        other => panic!("{other:?}"),
    }
    assert!(proved(&changed(&[], usable), None).holds());
}

const NOTHING_ATOMIC: &str = "[[never]]\nid = \"atomal\"\nsentence = \"nothing atomic\"\ncategories = [\"Special Category Designators/ATOMAL\"]\n";

/// What a comparison with the lab's rule set says, by the name of its sentence.
fn compared(new: &Guard, old: &Guard, except: &[&str], id: &str) -> Verdict {
    let except: BTreeSet<Name> = except.iter().map(|clause| Name::new(clause).unwrap()).collect();
    let report = proved(new, Some(Against { guard: old, except: &except }));
    let whole = report.holds();
    let found = report.proofs.into_iter().find(|proof| proof.id.as_str() == id).unwrap();
    assert!(!whole || matches!(found.verdict, Verdict::Proved), "the whole holds where a part does not");
    found.verdict
}

const NARROW: &str = "kinds = [\"b-a-*\"]\nup_to = [{ policy = \"EU\", level = \"CONFIDENTIEL UE/EU CONFIDENTIAL\" }]";
const WIDE: &str = "kinds = [\"b-a-*\"]\nup_to = [{ policy = \"EU\", level = \"SECRET UE/EU SECRET\" }]";

#[test]
fn a_new_edition_releases_more_only_where_it_is_excepted() {
    let old = changed(&[], NOTHING_ATOMIC);
    let wider = changed(&[("agreements/eu-sa.toml", NARROW, WIDE)], NOTHING_ATOMIC);
    // The same rules, and narrower ones, release nothing more, whichever policies are translated.
    assert!(matches!(compared(&old, &old, &[], "against"), Verdict::Proved));
    assert!(matches!(compared(&old, &wider, &[], "against"), Verdict::Proved));
    match compared(&wider, &old, &[], "against") {
        Verdict::False(found) => assert_eq!(forwarded(&found).2, "EU-SA/2.1"),
        other => panic!("{other:?}"),
    }
    for id in ["against", "against-review", "against-rest"] {
        let excepted = compared(&wider, &old, &["EU-SA/2.1"], id);
        assert!(matches!(excepted, Verdict::Proved), "{id}: {excepted:?}");
    }
}

#[test]
fn a_clause_that_no_longer_asks_for_a_reviewer_releases_more_without_one() {
    let old = changed(&[], NOTHING_ATOMIC);
    let chat = (
        "agreements/fvey-tracks.toml",
        "{ policy = \"NZL\", level = \"RESTRICTED\" }]\nrelease = \"review\"",
        "{ policy = \"NZL\", level = \"RESTRICTED\" }]\nrelease = \"automatic\"",
    );
    let new = changed(&[chat], NOTHING_ATOMIC);
    assert!(matches!(compared(&new, &old, &[], "against"), Verdict::Proved));
    match compared(&new, &old, &[], "against-review") {
        Verdict::False(found) => assert_eq!(forwarded(&found).2, "FVEY-TRACKS/2.2"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_peer_that_joins_a_community_gets_more_though_no_clause_was_changed() {
    let old = changed(&[], NOTHING_ATOMIC);
    let joined =
        ("peers.toml", "[peer.usa-handsets]\nnation = \"USA\"\ncommunities = []", "[peer.usa-handsets]\nnation = \"USA\"\ncommunities = [\"FVEY\"]");
    match compared(&changed(&[joined], NOTHING_ATOMIC), &old, &[], "against") {
        Verdict::False(found) => assert!([&found.witness.to, &found.witness.from].iter().any(|peer| peer.as_str() == "usa-handsets"), "{found:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_no_model_holds_is_never_said_to_release_nothing_more() {
    let old = changed(&[], NOTHING_ATOMIC);
    // Less is held now, but what is held is translated, and the model does not know which translations the gateway refuses.
    let lower = (
        "peers.toml",
        "clearances = [{ policy = \"GBR\", up_to = \"OFFICIAL\" }, { policy = \"TLP\", up_to = \"GREEN\" }]",
        "clearances = [{ policy = \"GBR\", up_to = \"OFFICIAL\" }, { policy = \"TLP\", up_to = \"CLEAR\" }]",
    );
    let verdict = compared(&changed(&[lower], NOTHING_ATOMIC), &old, &[], "against");
    assert!(matches!(verdict, Verdict::Proved | Verdict::Undecided(_)), "{verdict:?}");
    let word = ("filters/words/codewords.txt", "TIN LANTERN", "TIN LANTERNS");
    let mut files = files("five-eyes");
    files.retain(|file| !file.path.starts_with("cases/"));
    let file = files.iter_mut().find(|file| &*file.path == word.0).unwrap();
    file.text = file.text.replacen(word.1, word.2, 1).into();
    match compared(&guard(&files), &old, &[], "against-rest") {
        Verdict::Undecided(why) => assert!(why.contains("`filters/words/codewords.txt` (content rules)"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_solver_that_is_not_there_is_a_fault_with_a_remedy_and_one_that_may_not_work_proves_nothing() {
    let guard = changed(&[], THIRD_PARTY);
    let asked = |solver: &str, steps| prove(&guard, &Options { solver: Path::new(solver), steps, against: None });
    for absent in ["/nowhere/cvc5", "true"] {
        match asked(absent, STEPS) {
            Err(Obstacle::Fault(fault)) => assert!(fault.to_string().contains("install cvc5"), "{fault}"),
            other => panic!("{other:?}"),
        }
    }
    let report = asked(solver().to_str().unwrap(), 1).unwrap();
    assert!(!report.holds());
    assert!(matches!(&report.proofs[0].verdict, Verdict::Undecided(why) if why.contains("steps")), "{:?}", report.proofs[0].verdict);
}

#[test]
fn a_policy_that_the_model_cannot_hold_is_named_and_nothing_is_proved() {
    let odd = (
        "release.cedar",
        "when { context.national_only && principal.nation != resource.nation };",
        "when { context.national_only && principal.nation != resource.nation && !context.categories.isEmpty() };",
    );
    let guard = changed(&[odd], THIRD_PARTY);
    match prove(&guard, &Options { solver: &solver(), steps: STEPS, against: None }) {
        Err(Obstacle::Rules(complaints)) => assert!(complaints[0].what.contains("no-list-means-the-senders-nation"), "{complaints:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_command_writes_the_message_and_inspect_shows_the_breach() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules");
    let mut files = files("five-eyes");
    for (path, from, to) in PLANTED {
        let file = files.iter_mut().find(|file| &*file.path == *path).unwrap();
        file.text = file.text.replacen(from, to, 1).into();
    }
    for file in &files {
        let path = rules.join(&*file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &*file.text).unwrap();
    }
    let found = folder.path().join("found");
    let program = || Command::new(env!("CARGO_BIN_EXE_vestibule"));
    let output =
        program().args(["rules", "prove", "--json", "--solver"]).arg(solver()).arg("--counter-examples").args([&found, &rules]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let wrong: Vec<_> = lines.iter().filter(|line| line["answer"] != "proved").collect();
    assert_eq!(wrong.iter().map(|line| line["invariant"].as_str().unwrap()).collect::<Vec<_>>(), ["isac-third-party"], "{text}");
    let example = &wrong[0]["counter_example"];
    assert_eq!((example["weight"].as_str(), example["agreement"].as_str()), (Some("forwarded"), Some("FVEY-TRACKS/1.1")), "{text}");
    let word = |name: &str| example[name].as_str().unwrap().to_owned();
    let inspected = program()
        .args(["inspect", "--json", "--rules"])
        .arg(&rules)
        .args(["--from", &word("from"), "--now", &word("now"), &word("file")])
        .output()
        .unwrap();
    let line: serde_json::Value = serde_json::from_str(String::from_utf8(inspected.stdout).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!(
        (line["outcome"].as_str(), line["agreement"].as_str(), line["to"].as_str()),
        (Some("forward"), Some("FVEY-TRACKS/1.1"), Some("guest-isac")),
        "{line}"
    );
}
