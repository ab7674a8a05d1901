//! The rule set of the lab: it loads and compiles; broken in many ways, each fault is told with its place and remedy.
//!
//! The reports stand in `tests/golden/rules`. To write them anew: `VESTIBULE_GOLDEN=write cargo test --test all rules`, then read the diff.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these functions serve tests only")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use vestibule::pipeline::Guard;
use vestibule::policy::report::{Look, json_lines, render};
use vestibule::policy::{self, SourceFile};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")
}

fn files() -> Vec<SourceFile> {
    policy::read_folder(&folder()).unwrap()
}

/// The report on a rule set: of loading it or, where that is well, of compiling all that it says.
fn report(files: &[SourceFile]) -> String {
    render(&Guard::load(files).err().unwrap_or_default(), files, Look::Plain)
}

/// What is done to a good rule set.
pub(crate) enum Break {
    /// In a file, one text is replaced by another; it must stand there.
    Swap(&'static str, &'static str, &'static str),
    /// A file is added, or stands in place of the one that was there.
    Put(&'static str, &'static str),
    /// A file is taken away.
    Drop(&'static str),
    /// Several of these, one after the other.
    All(&'static [Break]),
}
use Break::{All, Drop, Put, Swap};

const FVEY: &str = "agreements/fvey-tracks.toml";
const COT: &str = "formats/cot.toml";

/// Each breakage with the name of its golden file and a part of its report.
const BREAKS: &[(&str, &str, Break)] = &[
    ("toml-syntax", "not TOML", Swap("ruleset.toml", "name = ", "name : ")),
    ("toml-duplicate-key", "duplicate key", Swap("ruleset.toml", "home = \"GBR\"", "home = \"GBR\"\nhome = \"USA\"")),
    ("ruleset-unknown-key", "did you mean `edition`?", Swap("ruleset.toml", "edition = ", "editon = ")),
    ("ruleset-missing", "the file is missing", Drop("ruleset.toml")),
    ("ruleset-home-unknown", "did you mean `GBR`?", Swap("ruleset.toml", "home = \"GBR\"", "home = \"GBX\"")),
    ("ruleset-nation-code", "`DE` is no code", Swap("ruleset.toml", "DEU = \"Germany\"", "DEU = \"Germany\"\nDE = \"Germany\"")),
    ("ruleset-community-member", "unknown nation or organisation `FRA`", Swap("ruleset.toml", "ACGU = [\"AUS\"", "ACGU = [\"FRA\"")),
    ("ruleset-community-name", "is a community and also", Swap("ruleset.toml", "ACGU = ", "NHQ = [\"GBR\"]\nACGU = ")),
    ("ruleset-member-undated", "the membership has no dates", Swap("ruleset.toml", "from = 2023-04-04T00:00:00Z\n", "")),
    ("ruleset-group-differs", "`NZL` is a member of `NATO` here, and none", Swap("ruleset.toml", "NATO = [\"CAN\"", "NATO = [\"NZL\", \"CAN\"")),
    ("invariant-party-unknown", "did you mean `guest-isac`?", Swap("invariants.toml", "to = [\"guest-isac\"]", "to = [\"gest-isac\"]")),
    ("invariant-category-unknown", "did you mean `National Caveat/AUSTEO`?", Swap("invariants.toml", "Caveat/AUSTEO", "Caveat/AUSTE0")),
    ("invariant-clause-unknown", "did you mean `SYSTEMS/2.1`?", Swap("invariants.toml", "\"SYSTEMS/2.1\"", "\"SYSTEM/2.1\"")),
    ("invariant-key-unknown", "did you mean `not_to`?", Swap("invariants.toml", "not_to = [\"GBR\"]", "not_too = [\"GBR\"]")),
    ("invariant-same-id", "the invariant `noforn` stands twice", Swap("invariants.toml", "id = \"uk-eyes-only\"", "id = \"noforn\"")),
    ("invariant-of-everything", "forbids every message", Put("invariants.toml", "[[never]]\nid = \"a\"\nsentence = \"nothing\"\n")),
    ("invariant-none", "the file has no invariant", Put("invariants.toml", "# nothing yet\n")),
    ("invariant-not-cedar", "not Cedar", Swap("invariants.toml", "context.national_only && ", "context.national_only and ")),
    ("invariant-name-unknown", "did you mean `Group::\"NATO\"`?", Swap("invariants.toml", "Group::\"NATO\"", "Group::\"NATOO\"")),
    ("invariant-attribute-unknown", "national_olny", Swap("invariants.toml", "context.national_only", "context.national_olny")),
    ("peers-missing", "the file is missing", Drop("peers.toml")),
    ("peers-nation-unknown", "unknown nation or organisation `USX`", Swap("peers.toml", "nation = \"USA\"", "nation = \"USX\"")),
    ("peers-not-a-member", "`NZL` is no member of `NATO`", Swap("peers.toml", "communities = [\"FVEY\"]", "communities = [\"FVEY\", \"NATO\"]")),
    ("peers-level-unknown", "SECRT", Swap("peers.toml", "policy = \"USA\", up_to = \"SECRET\"", "policy = \"USA\", up_to = \"SECRT\"")),
    ("peers-policy-unknown", "unknown policy `USSR`", Swap("peers.toml", "policy = \"USA\", up_to", "policy = \"USSR\", up_to")),
    ("peers-two-clearances", "two clearances", Swap("peers.toml", "policy = \"USA\", up_to", "policy = \"NATO\", up_to")),
    ("peers-traffic", "did you mean `exercise`?", Swap("peers.toml", "traffic = [\"operation\"]", "traffic = [\"excercise\"]")),
    ("clause-party-unknown", "did you mean `FVEY`?", Swap(FVEY, "from = [\"FVEY\"]", "from = [\"FVYE\"]")),
    (
        "clause-ceiling-unknown",
        "unknown classification `SECRT`",
        Swap(FVEY, "{ policy = \"USA\", level = \"SECRET\" }", "{ policy = \"USA\", level = \"SECRT\" }"),
    ),
    (
        "clause-no-ceiling",
        "has no ceiling",
        Swap(
            FVEY,
            "up_to = [{ policy = \"GBR\", level = \"SECRET\" }, { policy = \"USA\", level = \"SECRET\" }, { policy = \"NATO\", level = \"SECRET\" }, { policy = \"CAN\", level = \"SECRET\" }, { policy = \"AUS\", level = \"SECRET\" }, { policy = \"NZL\", level = \"SECRET\" }]\nrelease = \"automatic\"\n\n# Points",
            "up_to = []\nrelease = \"automatic\"\n\n# Points",
        ),
    ),
    ("clause-never-in-force", "never in force", Swap(FVEY, "until = \"2030", "until = \"2020")),
    ("clause-time-form", "a time in UTC", Swap(FVEY, "until = \"2030-01-01T00:00:00Z\"", "until = \"1 January 2030\"")),
    (
        "clause-unreachable",
        "can never apply",
        Swap(FVEY, "from = [\"FVEY\"]\nto = [\"FVEY\"]\nkinds = [\"a-*\"]", "from = [\"usa-ops\"]\nto = [\"usa-ops\"]\nkinds = [\"a-*\"]"),
    ),
    ("clause-kind", "matches nothing", Swap(FVEY, "\"a-*\"", "\"a--G\"")),
    ("clause-twice", "stands twice", Swap(FVEY, "id = \"1.2\"", "id = \"1.1\"")),
    ("clause-release", "did you mean `review`?", Swap(FVEY, "release = \"review\"", "release = \"reviwe\"")),
    ("clause-format", "unknown format `vmf`", Swap(FVEY, "formats = [\"cot\"]", "formats = [\"vmf\"]")),
    ("clause-transform-path", "is no path", Swap(FVEY, "/event/detail/link/@parent_callsign", "event/detail/link")),
    ("clause-transform-action", "did you mean `remove`?", Swap(FVEY, "action = \"remove\"", "action = \"remoev\"")),
    ("agreement-twice", "the agreement `FVEY-TRACKS` stands twice", Swap("agreements/nato-sa.toml", "id = \"NATO-SA\"", "id = \"FVEY-TRACKS\"")),
    ("profile-pattern", "does not compile", Swap(COT, "[A-Za-z0-9._:{}@/ -]+", "[A-Za-z")),
    ("profile-path", "is no path", Swap(COT, "/event/@qos", "/event/@qos/value")),
    ("profile-type", "did you mean `number`?", Swap(COT, "@battery\", type = \"number\"", "@battery\", type = \"nubmer\"")),
    ("profile-range", "no number fits", Swap(COT, "min = 0, max = 100, ", "min = 100, max = 0, ")),
    ("profile-format", "`cto` is no format", Put("formats/cto.toml", "otherwise = \"strip\"\n[[field]]\npath = \"/a\"\ntype = \"any\"\n")),
    ("profile-missing", "formats/cot.toml: the file is missing", Drop("formats/cot.toml")),
    ("words-empty", "no entries", Put("filters/words/empty.txt", "# action: hold\n# severity: high\n# reason: none yet\n")),
    ("words-header", "did you mean `hold`?", Put("filters/words/typo.txt", "# action: hodl\n# severity: high\n# reason: a typing error\nword\n")),
    ("file-unknown", "has no place in a rule set", Put("agreements/notes.doc", "remember to ask\n")),
    ("constraints-alone", "the file is missing", Put("policies/fra.toml", "")),
    ("policies-missing", "policies/*.xml", Put("policies/README.md", "")),
    ("cedar-syntax", "not Cedar", Put("release.cedar", "@id(\"x\")\nforbid (principal, action, resource)\nwhen { context.policy == };\n")),
    (
        "cedar-attribute",
        "levl",
        Put("release.cedar", "@id(\"x\")\nforbid (principal, action, resource)\nwhen { context.levl == Classification::\"SECRET\" };\n"),
    ),
    ("cedar-type", "does not hold", Put("release.cedar", "@id(\"x\")\nforbid (principal, action, resource)\nwhen { context.now_ms < \"2026\" };\n")),
    (
        "cedar-string-for-a-name",
        "does not hold",
        Put("release.cedar", "@id(\"x\")\nforbid (principal, action, resource)\nwhen { context.policy == \"USA\" };\n"),
    ),
    ("cedar-category-unknown", "names nothing", Swap("release.cedar", "Designators/ATOMAL", "Designators/ATOML")),
    ("cedar-community-unknown", "did you mean `Community::\"FVEY\"`?", Swap("release.cedar", "Community::\"FVEY\"", "Community::\"FVYE\"")),
    (
        "cedar-without-id",
        "a policy without `@id`",
        Put("release.cedar", "forbid (principal, action, resource)\nwhen { context.policy == Policy::\"USA\" };\n"),
    ),
    (
        "cedar-same-id",
        "stands twice",
        Put(
            "release.cedar",
            "@id(\"x\")\nforbid (principal, action, resource) when { context.policy == Policy::\"USA\" };\n@id(\"x\")\nforbid (principal, action, resource) when { context.policy == Policy::\"GBR\" };\n",
        ),
    ),
    (
        "cedar-permit",
        "does not say how it releases",
        Put("release.cedar", "@id(\"x\")\npermit (principal, action, resource)\nwhen { context.policy == Policy::\"USA\" };\n"),
    ),
    ("cedar-never", "doubtful", Put("release.cedar", "@id(\"x\")\nforbid (principal, action, resource)\nwhen { false };\n")),
    ("case-peer-unknown", "did you mean `usa-ops`?", Swap("cases/forbids.toml", "to = \"usa-ops\"", "to = \"usa-op\"")),
    ("case-code-unknown", "did you mean `agreement.forbidden`?", Swap("cases/forbids.toml", "agreement.forbidden", "agreement.forbiden")),
    ("case-without-code", "names no code", Swap("cases/forbids.toml", ", code = \"exercise.mixed\"", "")),
    ("case-replace", "does not stand exactly once", Swap("cases/forbids.toml", "\"a-f-G-U-C\" = \"a-f-F-G\" }", "\"a-f-G-U-X\" = \"a-f-F-G\" }")),
    ("case-message-unknown", "did you mean `track.xml`?", Swap("cases/forbids.toml", "file = \"track.xml\"", "file = \"trak.xml\"")),
];

fn broken(how: &Break) -> Vec<SourceFile> {
    let mut files = files();
    apply(how, &mut files);
    files
}

fn apply(how: &Break, files: &mut Vec<SourceFile>) {
    match how {
        Swap(path, old, new) => {
            let file = files.iter_mut().find(|file| &*file.path == *path).unwrap_or_else(|| panic!("{path} is absent"));
            assert!(file.text.contains(old), "{path} does not hold {old}");
            file.text = file.text.replacen(old, new, 1).into();
        }
        Put(path, text) => {
            files.retain(|file| &*file.path != *path && (*path != "policies/README.md" || !file.path.starts_with("policies/")));
            files.push(SourceFile { path: (*path).into(), text: (*text).into() });
        }
        Drop(path) => files.retain(|file| &*file.path != *path),
        All(each) => each.iter().for_each(|one| apply(one, files)),
    }
}

#[test]
fn the_rule_set_of_the_lab_loads_and_compiles() {
    let report = report(&files());
    assert!(report.is_empty(), "{report}");
}

#[test]
fn each_broken_rule_file_is_reported_as_its_golden_file_says() {
    as_golden("rules", BREAKS);
}

/// Holds the reports on broken rule sets to the files of a folder of golden files, in which no other file stands.
pub(crate) fn as_golden(folder: &str, breaks: &[(&str, &str, Break)]) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let write = std::env::var("VESTIBULE_GOLDEN").is_ok_and(|value| value == "write");
    let mut wrong = Vec::new();
    for (name, part, how) in breaks {
        let report = report(&broken(how));
        if !report.contains(part) {
            wrong.push(format!("{name}: no `{part}` in\n{report}"));
        }
        let path = golden.join(format!("{name}.txt"));
        if write {
            std::fs::create_dir_all(&golden).unwrap();
            std::fs::write(&path, &report).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != report {
            wrong.push(format!("{name}: the report differs from {}:\n{report}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let expected: BTreeSet<String> = breaks.iter().map(|(name, _, _)| format!("{name}.txt")).collect();
    let found: BTreeSet<String> = std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, expected, "a golden file is left behind");
}

#[test]
fn several_faults_of_several_files_are_told_together() {
    let mut files = broken(&Swap(FVEY, "release = \"review\"", "release = \"reviwe\""));
    for file in &mut files {
        if &*file.path == COT {
            file.text = file.text.replacen("otherwise = \"strip\"", "otherwise = \"stripp\"", 1).into();
        }
        if &*file.path == "ruleset.toml" {
            file.text = file.text.replacen("edition = ", "editoin = ", 1).into();
        }
    }
    let complaints = policy::load(&files).unwrap_err();
    let lines = json_lines(&complaints, &files);
    for part in ["reviwe", "stripp", "editoin", "`edition` is missing"] {
        assert!(lines.contains(part), "{part} in {lines}");
    }
    for line in lines.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(object["file"].is_string() && object["remedy"].is_string(), "{line}");
    }
}

#[test]
fn every_byte_of_every_file_is_part_of_the_digest() {
    let digest = |files: &[SourceFile]| policy::load(files).unwrap().digest;
    let files = files();
    let first = digest(&files);
    let mut reordered = files.clone();
    reordered.reverse();
    assert_eq!(digest(&reordered), first);
    let mut changed = files.clone();
    let readme = changed.iter_mut().find(|file| &*file.path == "README.md").unwrap();
    readme.text = format!("{} ", readme.text).into();
    assert_ne!(digest(&changed), first);
}

#[test]
fn the_lab_has_cases_for_every_clause_forbid_outcome_and_list() {
    let edition = policy::load(&files()).unwrap();
    assert!(edition.cases.len() >= 40, "{}", edition.cases.len());
    let expected: Vec<_> = edition.cases.iter().flat_map(|case| &case.expect).collect();
    for clause in edition.agreements.iter().flat_map(|agreement| &agreement.clauses) {
        assert!(expected.iter().any(|one| one.clause.as_ref() == Some(&clause.id)), "no case for {}", clause.id);
    }
    let outcomes: BTreeSet<_> = expected.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes.len(), 4);
    let codes: BTreeSet<_> = expected.iter().filter_map(|one| one.code).collect();
    assert!(codes.len() >= 15, "{codes:?}");
    let names: BTreeSet<_> = edition.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), edition.cases.len(), "a name stands twice");
}

#[test]
fn cutting_a_rule_file_anywhere_never_panics() {
    for file in files().iter().filter(|file| !file.path.starts_with("policies/") && !file.path.starts_with("cases/")) {
        let step = (file.text.len() / 5).max(1);
        for at in (0..file.text.len()).step_by(step).filter(|at| file.text.is_char_boundary(*at)) {
            let mut files = files();
            for other in files.iter_mut().filter(|other| other.path == file.path) {
                other.text = file.text.get(..at).unwrap().into();
            }
            let complaints = policy::load(&files).err().unwrap_or_default();
            assert_eq!(render(&complaints, &files, Look::Plain).is_empty(), complaints.is_empty());
        }
    }
}

#[test]
fn the_filters_of_the_lab_compile() {
    let files = files();
    let edition = policy::load(&files).unwrap();
    let complaints = vestibule::filter::Filters::compile(&edition).err().unwrap_or_default();
    assert!(complaints.is_empty(), "{}", render(&complaints, &files, Look::Plain));
}

#[test]
fn the_lab_reads_as_it_is_written() {
    let edition = policy::load(&files()).unwrap();
    assert_eq!((edition.name.as_str(), edition.edition.as_str(), edition.home.as_str()), ("five-eyes", "2026.1", "GBR"));
    assert_eq!(
        (edition.peers.len(), edition.agreements.len(), edition.profiles.len(), edition.word_lists.len(), edition.patterns.len()),
        (12, 12, vestibule::format::FORMATS.len(), 3, 3)
    );
    let nzl = &edition.peers["nzl-ops"];
    assert_eq!((nzl.nation.as_str(), edition.lattice.policy_name(nzl.scheme), nzl.clearances.len()), ("NZL", "NZL", 2));
    let nato = edition.agreements.iter().find(|agreement| agreement.id.as_str() == "NATO-SA").unwrap();
    let clause = &nato.clauses[0];
    assert_eq!((clause.id.as_str(), clause.release, clause.sanitise.len()), ("NATO-SA/1.1", policy::Release::Automatic, 19));
    assert_eq!(clause.sanitise[0].path.to_string(), "/event/point/@lat");
    assert_eq!(clause.sanitise[0].action, policy::TransformAction::CoarsenNumber(2));
    assert_eq!(clause.formats, BTreeSet::from(["cot".to_owned()]), "from the agreement");
    let text = &edition.files.iter().find(|file| file.path == nato.file).unwrap().text;
    assert_eq!(text.lines().nth(usize::try_from(clause.line).unwrap() - 1), Some("[[clause]]"));
    let rank = |level| edition.lattice.rank(clause.ceilings[0].policy, edition.lattice.level(clause.ceilings[0].policy, level).unwrap());
    assert_eq!(clause.ceilings[0].rank, rank("SECRET"));
    assert!(clause.ceilings[0].rank > rank("RESTRICTED"));
}

#[test]
fn a_case_holds_the_message_with_its_replacements() {
    let edition = policy::load(&files()).unwrap();
    let case = edition.cases.iter().find(|case| case.name == "a Canadian track reaches Britain whole").unwrap();
    let body = String::from_utf8_lossy(&case.body);
    assert!(body.contains("uid=\"CASE-CAN-1\"") && !body.contains("CASE-TRACK-1"), "{body}");
    assert_eq!((case.from.as_str(), case.now.to_string().as_str()), ("can-ops", "2026-03-01T12:00:30Z"));
    let own = edition.cases.iter().find(|case| case.name.contains("not yet in force")).unwrap();
    assert_eq!(own.now.to_string(), "2024-12-31T23:59:59Z", "a case's own time before the file's");
}

#[test]
fn a_policy_or_condition_of_thousands_of_levels_is_a_fault_with_its_place_and_a_list_of_thousands_is_none() {
    const LEVELS: usize = 5_000;
    let swap = |path: &str, from: &str, to: &str| {
        let mut files = files();
        let file = files.iter_mut().find(|file| &*file.path == path).unwrap();
        assert!(file.text.contains(from), "{path}: {from}");
        file.text = file.text.replacen(from, to, 1).into();
        report(&files)
    };
    for (many, few) in [("(", ")"), ("!(", ")"), ("[", "]"), ("context.national_only || ", ""), ("if true then true else ", "")] {
        let deep = format!("{}true{}", many.repeat(LEVELS), few.repeat(LEVELS));
        let policy = format!("@id(\"deep\")\nforbid (principal, action, resource)\nwhen {{ {deep} }};\n\n// What carries an atomic");
        let said = swap("release.cedar", "// What carries an atomic", &policy);
        assert!(said.contains("more than 96 operators and brackets") && said.contains("[release.cedar:"), "{many}: {said}");
        let said = swap("invariants.toml", "context.national_only && ", &format!("{deep} && "));
        assert!(said.contains("more than 96 operators and brackets") && said.contains("[invariants.toml:"), "{many}: {said}");
    }
    let kinds: String = (0..LEVELS).map(|number| format!("\"a-x-{number}\", ")).collect();
    assert_eq!(swap(FVEY, "kinds = [", &format!("kinds = [{kinds}")), "");
}
