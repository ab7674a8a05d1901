//! All filters together, on an edition made for it.

use std::collections::{BTreeMap, BTreeSet};

use super::samples::{node, sample};
use super::*;
use crate::base::{Digest, Name};
use crate::policy::{Agreement, Field, FieldType, Profile, Registry, SourceFile, WordEntry, WordList};

/// A message without any marking.
const UNMARKED: Marked<'static> = Marked { markings: &[], portions: &[], insides: &[] };

fn words(action: Action, entries: &[&str]) -> WordList {
    let entries = entries.iter().zip(1..).map(|(text, line)| WordEntry { text: (*text).to_owned(), line }).collect();
    WordList { file: "filters/words/codewords.txt".into(), action, severity: Severity::High, reason: "a code word".into(), entries }
}

fn field(path: &str) -> Field {
    let path = PathPattern::parse(path).unwrap();
    let (kind, misfit, rule) = (FieldType::Any, Action::Hold, "formats/cot.toml:1".into());
    Field { path, kind, forbid: None, misfit, transform: None, reference: false, allow: BTreeSet::new(), rule }
}

fn edition(otherwise: Action, word_lists: Vec<WordList>, patterns: &[&str]) -> Edition {
    let fields = ["/event/@uid", "/event/@type", "/event/detail/remarks", "/event/detail/contact/@callsign"].map(field).to_vec();
    let profile = Profile { fields, otherwise, rest: Vec::new(), file: "formats/cot.toml".into() };
    let patterns = patterns.iter().map(|text| SourceFile { path: "filters/patterns/p.yar".into(), text: (*text).into() }).collect();
    Edition {
        name: Name::new("test").unwrap(),
        edition: "1".into(),
        digest: Digest::of(b""),
        home: "GBR".into(),
        registry: Registry::default(),
        review: Default::default(),
        conditions: Vec::new(),
        exercise_policies: Default::default(),
        lattice: crate::label::Lattice::default().into(),
        cases: Vec::new(),
        values: Vec::new(),
        peers: BTreeMap::new(),
        agreements: Vec::<Agreement>::new(),
        invariants: Vec::new(),
        cedar: Vec::new(),
        messages: Vec::new(),
        profiles: [("cot".to_owned(), profile)].into(),
        word_lists,
        patterns,
        detectors: Vec::new(),
        files: Vec::new(),
    }
}

fn scanned(edition: &Edition, format: &str, tree: &Tree<'_>) -> Scanned<'static> {
    let filters = Filters::compile(edition).unwrap();
    let mut scanner = filters.scanner();
    let scanned = filters.read(&mut scanner, format, tree, UNMARKED, &[], &mut Budget::for_body(100_000)).unwrap();
    laws::findings_are_whole(tree, 100_000, scanned.findings()).unwrap();
    scanned
}

fn codes<'s>(scanned: &'s Scanned<'_>) -> Vec<(&'static str, &'s str, Action)> {
    scanned.findings().iter().map(|finding| (finding.code.code(), finding.path.as_str(), finding.action)).collect()
}

const ADDRESS: &str = r#"
rule address {
    meta:
        action = "strip"
        severity = "medium"
        reason = "an address stands in the text"
    strings:
        $a = /\b10\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b/
    condition:
        $a
}
"#;

/// An edition with one pattern that does not apply to call signs and remarks, beside one that does.
fn allowing(names: &[&str], patterns: &[&str]) -> Edition {
    let mut edition = edition(Action::Strip, Vec::new(), patterns);
    for field in edition.profiles.get_mut("cot").unwrap().fields.iter_mut().filter(|field| !field.path.to_string().ends_with("type")) {
        field.allow = names.iter().map(|&name| name.to_owned()).collect();
    }
    edition
}

#[test]
fn a_pattern_leaves_the_fields_alone_that_allow_it_and_finds_the_same_text_elsewhere() {
    let allowing = allowing(&["address"], &[ADDRESS]);
    let fields = ["/event/@uid=10.1.2.3", "/event/@type=10.1.2.3", "/event/detail/remarks=from 10.1.2.3 on"];
    assert_eq!(codes(&scanned(&allowing, "cot", &sample(&fields))), [("content.pattern", "/event/@type", Action::Hold)]);
    assert_eq!(codes(&scanned(&edition(Action::Strip, Vec::new(), &[ADDRESS]), "cot", &sample(&fields))).len(), 3);
    // A name that the profile does not spell out is the sender's own word, whatever stands around it.
    let fields = ["/event/@uid=U", "/event/detail/remarks/x10.1.2.3=quiet"];
    let renamed = ADDRESS.replace(r"/\b10", "/10");
    let found = scanned(&self::allowing(&["address"], &[&renamed]), "cot", &sample(&fields));
    assert!(found.findings().iter().any(|finding| &*finding.rule == "filters/patterns/p.yar:address"));
}

#[test]
fn a_field_allows_the_patterns_it_names_and_no_others() {
    let other = ADDRESS.replace("rule address", "rule other");
    let edition = allowing(&["address"], &[&format!("{ADDRESS}{other}")]);
    let scanned = scanned(&edition, "cot", &sample(&["/event/@uid=10.1.2.3"]));
    let rules: Vec<&str> = scanned.findings().iter().map(|finding| &*finding.rule).collect();
    assert_eq!(rules, ["filters/patterns/p.yar:other"]);
}

#[test]
fn an_allowed_field_with_more_matches_than_are_looked_for_hides_none_elsewhere() {
    let edition = allowing(&["address"], &[ADDRESS]);
    let many = format!("/event/@uid={}", "10.1.2.3 ".repeat(10_000));
    let found = scanned(&edition, "cot", &sample(&[&many, "/event/@type=10.9.9.9"]));
    assert_eq!(codes(&found), [("content.pattern", "/event", Action::Hold)]);
    let fewer = format!("/event/@uid={}", "10.1.2.3 ".repeat(9_998));
    let found = scanned(&edition, "cot", &sample(&[&fewer, "/event/@type=10.9.9.9"]));
    assert_eq!(codes(&found), [("content.pattern", "/event/@type", Action::Hold)]);
}

#[test]
fn a_field_that_allows_an_unknown_or_doubtful_pattern_is_a_fault() {
    let complaints = Filters::compile(&allowing(&["adress"], &[ADDRESS])).unwrap_err();
    assert!(
        complaints.iter().all(|complaint| complaint.what.contains("allows `adress`, which is no pattern or detector of the rule set")),
        "{complaints:?}"
    );
    let mut twice = allowing(&["address"], &[ADDRESS]);
    twice.patterns.push(SourceFile { path: "filters/patterns/q.yar".into(), text: ADDRESS.into() });
    let complaints = Filters::compile(&twice).unwrap_err();
    assert!(complaints.iter().all(|complaint| complaint.what.contains("which has two meanings")), "{complaints:?}");
    assert!(!complaints.is_empty());
}

const CLEAN: [&str; 3] = ["/event/@uid=U-1", "/event/@type=a-f-G", "/event/detail/remarks=all quiet"];

#[test]
fn a_clean_message_has_no_finding() {
    assert_eq!(codes(&scanned(&edition(Action::Hold, vec![words(Action::Hold, &["JABBERWOCK"])], &[]), "cot", &sample(&CLEAN))), []);
}

#[test]
fn all_filters_speak_of_one_message() {
    let rule =
        r#"rule ip { meta: action = "note" severity = "low" reason = "an address" strings: $a = /\b10\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/ condition: $a }"#;
    let tree = sample(&["/event/@uid=U", "/event/@type=a", "/event/detail/remarks=J A B B E R W O C K at 10.1.2.3 \u{202E}x", "/event/odd/@y=1"]);
    let scanned = scanned(&edition(Action::Strip, vec![words(Action::Hold, &["JABBERWOCK"])], &[rule]), "cot", &tree);
    assert_eq!(
        codes(&scanned),
        [
            ("fields.stripped", "/event/odd", Action::Strip),
            ("content.words", "/event/detail/remarks", Action::Hold),
            ("content.pattern", "/event/detail/remarks", Action::Note),
            ("content.unicode", "/event/detail/remarks", Action::Hold),
        ]
    );
}

#[test]
fn words_are_found_in_every_part_of_a_message() {
    let edition = edition(Action::Strip, vec![words(Action::Hold, &["JABBERWOCK"])], &[]);
    for (field, path) in [
        ("/event/@uid=JABBERWOCK", "/event/@uid"),
        ("/event/detail/contact/@callsign=JABBERWOCK", "/event/detail/contact/@callsign"),
        ("/event/detail/remarks=JABBERWOCK", "/event/detail/remarks"),
        ("/event/detail/odd/@x=JABBERWOCK", "/event/detail/odd/@x"),
        ("/event/detail/JABBERWOCK", "/event/detail/JABBERWOCK"),
        ("/event/detail/odd/@JABBERWOCK=1", "/event/detail/odd/@JABBERWOCK"),
    ] {
        let found = scanned(&edition, "cot", &sample(&[field]));
        assert!(codes(&found).contains(&("content.words", path, Action::Hold)), "{field}: {:?}", codes(&found));
    }
}

#[test]
fn filters_are_shared_by_threads() {
    const fn shared<T: Send + Sync>() {}
    shared::<Filters>();
}

#[test]
fn text_is_blotted_and_other_places_of_a_stripped_word_are_removed() {
    let edition = edition(Action::Hold, vec![words(Action::Strip, &["JABBERWOCK"])], &[]);
    let tree = sample(&["/event/@uid=U", "/event/detail/remarks=a jabberwock b", "/event/detail/contact/@callsign=JABBERWOCK 6"]);
    let found = scanned(&edition, "cot", &tree);
    let steps: Vec<(String, &Step)> = found.steps().iter().map(|planned| (tree.path(planned.node), &planned.step)).collect();
    assert_eq!(
        steps,
        [
            ("/event/detail/remarks".to_owned(), &Step::Redact(2..12)),
            ("/event/detail/contact/@callsign".to_owned(), &Step::Transform(TransformAction::Remove)),
        ]
    );
    assert!(found.findings().iter().all(|finding| finding.action == Action::Strip && finding.code == Reason::FieldsStripped));
}

#[test]
fn a_strip_within_a_label_is_a_hold() {
    let edition = edition(Action::Note, vec![words(Action::Strip, &["JABBERWOCK"])], &[]);
    let tree = sample(&["/event/@uid=U", "/event/detail/label/level=JABBERWOCK"]);
    let filters = Filters::compile(&edition).unwrap();
    let markings = [Marking::Stanag4774(node(&tree, "/event/detail/label"))];
    let scanned = filters
        .read(&mut filters.scanner(), "cot", &tree, Marked { markings: &markings, portions: &[], insides: &[] }, &[], &mut Budget::for_body(0))
        .unwrap();
    assert!(codes(&scanned).contains(&("content.words", "/event/detail/label/level", Action::Hold)));
    assert!(scanned.steps().is_empty());
}

#[test]
fn a_format_without_profile_is_held() {
    assert_eq!(codes(&scanned(&edition(Action::Strip, Vec::new(), &[]), "stix", &sample(&CLEAN))), [("fields.unknown", "/event", Action::Hold)]);
}

#[test]
fn findings_have_a_limit_that_forgets_no_action() {
    let text = "JABBERWOCK ".repeat(300) + "SNARK";
    let field = format!("/event/detail/remarks={text}");
    let mut lists = vec![words(Action::Note, &["JABBERWOCK"]), words(Action::Refuse, &["SNARK"])];
    lists[1].file = "filters/words/last.txt".into();
    let found = scanned(&edition(Action::Hold, lists, &[]), "cot", &sample(&[&field]));
    assert_eq!(found.findings().len(), 257);
    let last = found.findings().last().unwrap();
    assert_eq!((last.code, last.action), (Reason::ContentLimit, Action::Refuse));
    assert_eq!(last.text, "expected at most 256 findings, found 45 more");
    let noted = scanned(&edition(Action::Hold, vec![words(Action::Note, &["JABBERWOCK"])], &[]), "cot", &sample(&[&field]));
    let last = noted.findings().last().unwrap();
    assert_eq!((last.code, last.action), (Reason::ContentLimit, Action::Note), "notes alone hold nothing, however many they are");
}

#[test]
fn work_is_bounded_by_the_size_of_the_message() {
    let entries: Vec<String> = (2..60).map(|n| "a".repeat(n)).collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let field = format!("/event/detail/remarks={}", "a ".repeat(3000));
    let filters = Filters::compile(&edition(Action::Hold, vec![words(Action::Note, &entries)], &[])).unwrap();
    let refusal = filters.read(&mut filters.scanner(), "cot", &sample(&[&field]), UNMARKED, &[], &mut Budget::for_body(0)).unwrap_err();
    assert_eq!(refusal.reason, Reason::SizeBudget);
}

#[test]
fn rules_only_add_findings() {
    let tree = sample(&["/event/@uid=SNARK", "/event/detail/remarks=JABBERWOCK and SNARK", "/event/detail/odd/@x=1"]);
    let fewer = scanned(&edition(Action::Hold, vec![words(Action::Hold, &["SNARK"])], &[]), "cot", &tree);
    let more = scanned(&edition(Action::Hold, vec![words(Action::Hold, &["SNARK", "JABBERWOCK", "and"])], &[]), "cot", &tree);
    laws::findings_only_grow(fewer.findings(), more.findings()).unwrap();
    assert!(laws::findings_only_grow(more.findings(), fewer.findings()).is_err());
}

#[test]
fn a_scanner_remembers_nothing_of_the_message_before() {
    let filters = Filters::compile(&edition(Action::Hold, vec![words(Action::Hold, &["JABBERWOCK"])], &[])).unwrap();
    let mut scanner = filters.scanner();
    for _ in 0..2 {
        let hit = filters.read(&mut scanner, "cot", &sample(&["/event/detail/remarks=JABBERWOCK"]), UNMARKED, &[], &mut Budget::for_body(0)).unwrap();
        assert_eq!(hit.findings().len(), 1);
        let clean = filters.read(&mut scanner, "cot", &sample(&CLEAN), UNMARKED, &[], &mut Budget::for_body(0)).unwrap();
        assert_eq!(clean.findings(), []);
    }
}

#[test]
fn all_faults_of_all_files_are_complained_of() {
    let mut edition = edition(Action::Hold, vec![words(Action::Hold, &["x"])], &["rule broken {"]);
    let profile = edition.profiles.get_mut("cot").unwrap();
    profile.fields.push(field("/event/@uid"));
    profile.fields.push(Field { forbid: Some(Action::Strip), ..field("/event") });
    let complaints = Filters::compile(&edition).unwrap_err();
    let files: Vec<&str> = complaints.iter().map(|complaint| &*complaint.file).collect();
    for file in ["formats/cot.toml", "filters/words/codewords.txt", "filters/patterns/p.yar"] {
        assert!(files.contains(&file), "{file} in {complaints:?}");
    }
    assert!(complaints.iter().any(|complaint| complaint.what == "`/event` is to be taken away, but `cot` cannot be without it"));
}

#[test]
fn removals_of_required_fields_are_seen_through_wildcards() {
    let required = PathPattern::parse("/event/point/@lat").unwrap();
    for (path, expected) in [
        ("/event/point/@lat", true),
        ("/event/point/@*", true),
        ("/event/*/@lat", true),
        ("/event/point/**", true),
        ("/event/**", true),
        ("/event/point", false),
        ("/event/point/@lon", false),
        ("/event/detail/**", false),
        ("/event/@lat", false),
    ] {
        assert_eq!(covers(&PathPattern::parse(path).unwrap(), &required), expected, "{path}");
    }
}

#[test]
fn every_filter_has_a_row_and_every_reason_one_owner() {
    for (at, filter) in FILTERS.iter().enumerate() {
        assert!(!filter.codes.is_empty() && !filter.sentence.ends_with('.'));
        for other in FILTERS.iter().skip(at + 1) {
            assert!(other.name != filter.name && !filter.codes.iter().any(|code| other.codes.contains(code)));
        }
    }
}
