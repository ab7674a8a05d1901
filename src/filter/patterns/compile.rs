//! Compiling YARA sources: each file in a namespace of its own, every fault of every file as a complaint with its bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use yara_x::MetaValue;

use crate::base::{Action, Complaint, Severity};
use crate::policy::SourceFile;

use super::Meta;

type Told = BTreeMap<String, BTreeMap<String, Meta>>;

pub(super) fn rules(sources: &[SourceFile]) -> Result<(yara_x::Rules, Told), Vec<Complaint>> {
    let mut compiler = yara_x::Compiler::new();
    compiler.enable_includes(false).error_on_slow_pattern(true).error_on_slow_loop(true);
    for source in sources {
        let named = yara_x::SourceCode::from(&*source.text).with_origin(&*source.path);
        // The first error comes back here, all of them from `errors` below.
        let _ = compiler.new_namespace(&source.path).add_source(named);
    }
    let mut complaints: Vec<Complaint> = compiler.errors().iter().map(|error| of_error(sources, error)).collect();
    complaints.extend(compiler.warnings().iter().map(|warning| of_warning(sources, warning)));
    let compiled = compiler.build();
    let mut told = Told::new();
    for rule in compiled.iter() {
        let place = Place { sources, file: rule.namespace(), rule: rule.identifier() };
        if rule.is_global() {
            complaints.push(place.complaint("is global", "expected a rule that silences no other", "remove `global`"));
        }
        if rule.is_private() {
            continue;
        }
        match meta(&rule, &place) {
            Ok(meta) => {
                told.entry(rule.namespace().to_owned()).or_default().insert(rule.identifier().to_owned(), meta);
            }
            Err(more) => complaints.extend(more),
        }
    }
    if complaints.is_empty() {
        complaints = broad(sources, &compiled);
    }
    if complaints.is_empty() { Ok((compiled, told)) } else { Err(complaints) }
}

/// Rules that speak of almost every message: of a text without anything in it, or of one character.
fn broad(sources: &[SourceFile], compiled: &yara_x::Rules) -> Vec<Complaint> {
    let mut scanner = yara_x::Scanner::new(compiled);
    let mut found: BTreeMap<(String, String), String> = BTreeMap::new();
    let characters = (0_u8..128).map(|byte| (format!("the character {:?} alone", char::from(byte)), vec![byte]));
    for (what, text) in std::iter::once(("the empty text".to_owned(), Vec::new())).chain(characters) {
        let Ok(results) = scanner.scan(&text) else { continue };
        for rule in results.matching_rules() {
            found.entry((rule.namespace().to_owned(), rule.identifier().to_owned())).or_insert_with(|| what.clone());
        }
    }
    let complaint = |((file, rule), what): ((String, String), String)| {
        Place { sources, file: &file, rule: &rule }.complaint(
            &format!("is too broad: it matches {what}"),
            "expected a rule that needs two characters at least",
            "ask for more in its strings, or for one of them in its condition",
        )
    };
    found.into_iter().map(complaint).collect()
}

fn meta(rule: &yara_x::Rule<'_, '_>, place: &Place<'_>) -> Result<Meta, Vec<Complaint>> {
    let mut complaints = Vec::new();
    let mut word = |key: &str, expected: &str| {
        let values: Vec<&str> = rule
            .metadata()
            .filter(|(name, _)| *name == key)
            .filter_map(|(_, value)| match value {
                MetaValue::String(text) if !text.is_empty() => Some(text),
                _ => None,
            })
            .collect();
        match (values.as_slice(), rule.metadata().filter(|(name, _)| *name == key).count()) {
            ([one], 1) => Some(*one),
            _ => {
                complaints.push(place.complaint(
                    &format!("does not say its `{key}` once in `meta`"),
                    expected,
                    &format!("add `{key} = \"...\"` under `meta:`"),
                ));
                None
            }
        }
    };
    let action = word("action", ACTIONS).map(|text| (text, action(text)));
    let severity = word("severity", SEVERITIES).map(|text| (text, severity(text)));
    let reason = word("reason", "expected one sentence for reviewers");
    if let Some((text, None)) = action {
        complaints.push(place.complaint(&format!("asks for the action `{text}`"), ACTIONS, "use one of them"));
    }
    if let Some((text, None)) = severity {
        complaints.push(place.complaint(&format!("states the severity `{text}`"), SEVERITIES, "use one of them"));
    }
    match (action, severity, reason) {
        (Some((_, Some(action))), Some((_, Some(severity))), Some(reason)) => {
            Ok(Meta { rule: format!("{}:{}", place.file, place.rule).into(), reason: reason.into(), action, severity })
        }
        _ => Err(complaints),
    }
}

const ACTIONS: &str = "expected `note`, `strip`, `hold` or `refuse`";
const SEVERITIES: &str = "expected `low`, `medium`, `high` or `critical`";

fn action(text: &str) -> Option<Action> {
    [("note", Action::Note), ("strip", Action::Strip), ("hold", Action::Hold), ("refuse", Action::Refuse)]
        .into_iter()
        .find(|(name, _)| *name == text)
        .map(|(_, a)| a)
}

fn severity(text: &str) -> Option<Severity> {
    Severity::WORDS.into_iter().find(|(name, _)| *name == text).map(|(_, severity)| severity)
}

/// A rule in its file.
struct Place<'p> {
    sources: &'p [SourceFile],
    file: &'p str,
    rule: &'p str,
}

impl Place<'_> {
    fn complaint(&self, what: &str, expected: &str, remedy: &str) -> Complaint {
        let at = self.sources.iter().find(|source| &*source.path == self.file).and_then(|source| declared(&source.text, self.rule));
        Complaint { file: self.file.into(), at, what: format!("the rule `{}` {what}", self.rule), expected: expected.into(), remedy: remedy.into() }
    }
}

/// The bytes of the name where a rule is declared: after the word `rule`.
fn declared(text: &str, name: &str) -> Option<Range<usize>> {
    text.match_indices(name).map(|(start, _)| start..start.saturating_add(name.len())).find(|range| {
        let before = text.get(..range.start).unwrap_or_default();
        let after = text.get(range.end..).unwrap_or_default();
        let ends = !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        ends && before.ends_with(char::is_whitespace) && before.trim_end().ends_with("rule")
    })
}

/// Where and what the engine objects to: its first label in a file of ours.
fn labelled<'l>(
    sources: &[SourceFile],
    labels: impl Iterator<Item = (Option<String>, Range<usize>, &'l str)>,
) -> (std::sync::Arc<str>, Option<Range<usize>>, String) {
    let mut first = None;
    for (origin, span, text) in labels {
        let file = sources.iter().find(|source| origin.as_deref() == Some(&*source.path));
        if let Some(file) = file {
            let range = span.start.min(file.text.len())..span.end.min(file.text.len());
            first.get_or_insert((std::sync::Arc::clone(&file.path), Some(range), one_line(text)));
        }
    }
    first.unwrap_or_else(|| ("filters/patterns".into(), None, String::new()))
}

fn of_error(sources: &[SourceFile], error: &yara_x::errors::CompileError) -> Complaint {
    let labels: Vec<(Option<String>, Range<usize>, String)> =
        error.labels().map(|label| (label.origin().map(str::to_owned), label.span().range(), label.text().to_owned())).collect();
    let (file, at, expected) = labelled(sources, labels.iter().map(|(origin, span, text)| (origin.clone(), span.clone(), text.as_str())));
    Complaint { file, at, what: format!("{} ({})", one_line(error.title()), error.code()), expected, remedy: "correct the rule".into() }
}

fn of_warning(sources: &[SourceFile], warning: &yara_x::warnings::Warning) -> Complaint {
    let labels: Vec<(Option<String>, Range<usize>, String)> =
        warning.labels().map(|label| (label.origin().map(str::to_owned), label.span().range(), label.text().to_owned())).collect();
    let (file, at, expected) = labelled(sources, labels.iter().map(|(origin, span, text)| (origin.clone(), span.clone(), text.as_str())));
    Complaint {
        file,
        at,
        what: format!("doubtful rule: {} ({})", one_line(warning.title()), warning.code()),
        expected,
        remedy: format!("correct the rule, or say that it is meant with `// suppress: {}` on the line", warning.code()),
    }
}

/// The engine's sentence as one line with a lower-case beginning and no final stop.
fn one_line(text: &str) -> String {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = joined.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
