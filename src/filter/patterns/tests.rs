//! YARA sources, good and bad.

use super::*;
use crate::filter::protected::Protected;
use crate::filter::samples::sample;

fn source(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), text: text.into() }
}

const KEY: &str = r#"
rule private_key {
    meta:
        action = "refuse"
        severity = "critical"
        reason = "a private key stands in the text"
    strings:
        $begin = "-----BEGIN"
    condition:
        $begin
}
private rule long { condition: filesize > 40 }
rule lengthy {
    meta:
        action = "note"
        severity = "low"
        reason = "the message is long"
    condition:
        long
}
"#;

fn found(text: &str, fields: &[&str]) -> Vec<(String, Action, String, Option<crate::base::Span>)> {
    let patterns = Patterns::compile(&[source("keys.yar", text)]).unwrap();
    let tree = sample(fields);
    let protected = Protected::default();
    let mut found = Found::new(&tree, &protected);
    let mut budget = Budget::for_body(0);
    let mut all = Text::default();
    all.read(&tree, &[], &mut budget).unwrap();
    patterns.scan(patterns.scanner().as_mut(), &all, &Allowed::default(), &mut found, &mut budget).unwrap();
    found.finish().0.into_iter().map(|finding| (finding.rule.to_string(), finding.action, finding.path, finding.span)).collect()
}

#[test]
fn a_match_is_placed_in_its_field_and_a_rule_without_match_on_the_document() {
    let fields = ["/event/@uid=U", "/event/detail/remarks=x -----BEGIN PRIVATE KEY----- and so on for long"];
    let rows = found(KEY, &fields);
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].0.as_str(), rows[0].1, rows[0].2.as_str()), ("keys.yar:private_key", Action::Refuse, "/event/detail/remarks"));
    assert_eq!(rows[0].3.unwrap().bytes(), 10);
    assert_eq!((rows[1].0.as_str(), rows[1].2.as_str()), ("keys.yar:lengthy", "/event"));
    assert_eq!(found(KEY, &["/event/@uid=U"]), []);
}

#[test]
fn faults_are_complaints_with_file_line_and_remedy() {
    let rule = |meta: &str, rest: &str| format!("rule bad {{\n  meta:\n{meta}\n{rest}\n}}\n");
    let meta = "    action = \"hold\"\n    severity = \"high\"\n    reason = \"r\"";
    let plain = "  strings:\n    $a = \"abcdef\"\n  condition:\n    $a";
    for (text, line, what) in [
        (rule(meta, "  strings:\n    $a = \"abcdef\"\n  condition:\n    $b"), 9, "unknown pattern `$b` (E025)"),
        (rule("    severity = \"high\"\n    reason = \"r\"", plain), 1, "the rule `bad` does not say its `action` once in `meta`"),
        (rule("    action = \"hold\"\n    reason = \"r\"", plain), 1, "the rule `bad` does not say its `severity` once in `meta`"),
        (
            rule("    action = \"hold\"\n    severity = \"high\"\n    reason = \"\"", plain),
            1,
            "the rule `bad` does not say its `reason` once in `meta`",
        ),
        (rule("    action = \"block\"\n    severity = \"high\"\n    reason = \"r\"", plain), 1, "the rule `bad` asks for the action `block`"),
        (rule("    action = \"hold\"\n    severity = \"red\"\n    reason = \"r\"", plain), 1, "the rule `bad` states the severity `red`"),
        (format!("global {}", rule(meta, plain)), 1, "the rule `bad` is global"),
        (format!("import \"pe\"\n{}", rule(meta, plain)), 1, "unknown module `pe` (E010)"),
        (format!("include \"other.yar\"\n{}", rule(meta, plain)), 1, "include statements not allowed (E044)"),
    ] {
        let complaints = Patterns::compile(&[source("good.yar", KEY), source("bad.yar", &text)]).unwrap_err();
        let complaint = complaints.iter().find(|complaint| complaint.what == what);
        let complaint = complaint.unwrap_or_else(|| panic!("expected `{what}`, found {complaints:?}"));
        assert_eq!((&*complaint.file, complaint.line_and_column(&text).0), ("bad.yar", line), "{what}");
        assert!(!complaint.remedy.is_empty());
    }
}

#[test]
fn slow_and_doubtful_rules_are_refused() {
    let meta = "meta: action = \"hold\" severity = \"high\" reason = \"r\"";
    for body in [
        "strings: $a = /.*x.*/ condition: $a",
        "strings: $a = \"abcd\" condition: true or $a",
        "condition: for all i in (0..filesize-1) : (uint8(i) == 7)",
    ] {
        let text = format!("rule doubt {{ {meta} {body} }}");
        assert!(Patterns::compile(&[source("doubt.yar", &text)]).is_err(), "{body}");
    }
}

#[test]
fn no_patterns_need_no_engine() {
    let patterns = Patterns::compile(&[]).unwrap();
    assert!(patterns.scanner().is_none());
}
