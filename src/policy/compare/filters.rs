//! What content is searched for, what the officer's own policies forbid, and what the rule set expects of itself.

use std::collections::BTreeMap;

use cedar_policy::{Effect as CedarEffect, Policy, PolicySet};

use super::Effect;
use super::content::action;
use super::facts::{Facts, Weight, quoted};
use super::spelt;
use crate::base::{Action, Reason, Severity};
use crate::policy::cases::{Case, Expectation};
use crate::policy::peers::TRAFFIC;
use crate::policy::profiles::ACTIONS;
use crate::policy::{DetectorRule, Edition, SourceFile, WordList};

/// What an edition says of words, patterns, detectors, its own policies and cases.
pub(super) fn facts(edition: &Edition) -> Facts {
    let mut facts = Facts::default();
    edition.word_lists.iter().for_each(|list| of_words(&mut facts, list));
    edition.patterns.iter().for_each(|file| of_patterns(&mut facts, file));
    edition.detectors.iter().for_each(|detector| of_detector(&mut facts, detector));
    edition.cedar.iter().for_each(|file| of_policies(&mut facts, file));
    edition.cases.iter().for_each(|case| of_case(&mut facts, case));
    for case in &edition.values {
        let field = format!("/{} of `{}`", case.path.join("/"), case.format);
        let (passes, stops) = (quoted(&case.passes), quoted(&case.stops));
        facts.member("the rule set", "case of values", format!("{field}, which passes {passes} and stops {stops}"), Effect::Neither);
    }
    facts
}

/// The last part of a path.
fn short(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn of_words(facts: &mut Facts, list: &WordList) {
    let WordList { file, action: asks, severity, reason, entries } = list;
    let name = short(file);
    let subject = format!("the word list `{name}`");
    // A list that takes a word away or holds it lets less leave; one that only notes it does not.
    let coming = if *asks == Action::Note { Effect::Neither } else { Effect::Narrower };
    facts.member("the rule set", "word list", format!("`{name}`"), coming);
    action(facts, &subject, "the action", *asks);
    facts.value(&subject, "the severity", severe(*severity), Weight::Always(Effect::Neither));
    facts.value(&subject, "the reason", format!("`{reason}`"), Weight::Always(Effect::Neither));
    let owner = format!("{name} ({})", spelt(&ACTIONS, asks));
    entries.iter().for_each(|entry| facts.member(&owner, "word", format!("`{}`", entry.text), coming));
}

fn severe(severity: Severity) -> String {
    format!("{severity:?}").to_lowercase()
}

fn of_patterns(facts: &mut Facts, file: &SourceFile) {
    for (rule, text) in rules(&file.text) {
        let subject = format!("the pattern `{rule}`");
        facts.member(&format!("the patterns of `{}`", short(&file.path)), "pattern", format!("`{rule}`"), Effect::Narrower);
        facts.value(&subject, "the text", abridged(&text), Weight::Always(Effect::Either));
    }
}

/// Characters of a pattern that a sentence shows: 160.
const SHOWN_MAX: usize = 160;

/// A text on one line, and its digest where it is long, so that two texts never look alike.
fn abridged(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        None => format!("`{text}`"),
        Some((end, _)) => format!("`{}...` ({})", text.get(..end).unwrap_or(text), crate::base::Digest::of(text.as_bytes())),
    }
}

/// The rules of a YARA file by name, each as its words with one blank between them, without comments on lines of their own.
fn rules(text: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.is_empty()) {
        let plain = line.trim_start_matches("private ").trim_start_matches("global ");
        if let Some(rest) = plain.strip_prefix("rule ") {
            name = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        }
        let body = found.entry(name.clone()).or_default();
        line.split_whitespace().for_each(|word| {
            body.push_str(word);
            body.push(' ');
        });
    }
    // What stands before the first rule (imports, includes) belongs to the file.
    found.remove("").into_iter().for_each(|before| drop(found.insert("(before the first rule)".to_owned(), before)));
    found
}

fn of_detector(facts: &mut Facts, detector: &DetectorRule) {
    let DetectorRule { name, action: asks, severity, rule: _ } = detector;
    let coming = if *asks == Action::Note { Effect::Neither } else { Effect::Narrower };
    facts.member("the rule set", "detector", format!("`{name}`"), coming);
    let subject = format!("the detector `{name}`");
    action(facts, &subject, "the action", *asks);
    facts.value(&subject, "the severity", severe(*severity), Weight::Always(Effect::Neither));
}

fn of_policies(facts: &mut Facts, file: &SourceFile) {
    let Ok(set) = file.text.parse::<PolicySet>() else {
        // An edition whose policies do not parse is not compiled; its text is compared all the same.
        return facts.value(&format!("`{}`", file.path), "the text", abridged(&file.text), Weight::Always(Effect::Either));
    };
    for policy in set.policies() {
        let id = policy.annotation("id").unwrap_or_default();
        let (kind, coming) = match policy.effect() {
            CedarEffect::Forbid => ("forbid", Effect::Narrower),
            CedarEffect::Permit => ("permit", Effect::Wider),
        };
        facts.member(&format!("`{}`", file.path), kind, format!("`{id}`"), coming);
        let subject = format!("the {kind} `{id}`");
        facts.value(&subject, "the release", policy.annotation("release").unwrap_or("none"), Weight::Always(Effect::Either));
        facts.value(&subject, "the condition", abridged(&meaning(policy)), Weight::Always(Effect::Either));
    }
}

/// A policy without comments, layout and annotations.
fn meaning(policy: &Policy) -> String {
    let plain = policy.to_json().ok().and_then(|mut json| {
        json.as_object_mut()?.remove("annotations");
        Policy::from_json(None, json).ok()
    });
    let text = plain.map_or_else(|| policy.to_string(), |plain| plain.to_string());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn of_case(facts: &mut Facts, case: &Case) {
    let Case { name, rule, from, now, conditions, precedence, traffic, media_type, label, consents, anchors, body, expect } = case;
    let file = rule.split_once(':').map_or(&**rule, |(file, _)| file);
    facts.member("the rule set", "case", format!("`{name}` of {}", short(file)), Effect::Neither);
    let subject = format!("the case `{name}` of {}", short(file));
    let expected: Vec<String> = expect.iter().map(expectation).collect();
    for (aspect, said) in [
        ("the sender", from.to_string()),
        ("the time", now.to_string()),
        ("the precedence", precedence.to_string()),
        ("the traffic", spelt(&TRAFFIC, traffic)),
        ("the media type", format!("`{media_type}`")),
        ("the detached label", label.as_ref().map_or_else(|| "none".to_owned(), |label| abridged(label))),
        ("the conditions", conditions.iter().map(|(name, value)| format!("`{name}` is `{value}`")).collect::<Vec<_>>().join(", ")),
        ("the consents", consents.iter().map(|note| abridged(note)).collect::<Vec<_>>().join("; ")),
        ("the label anchors", anchors.as_ref().map_or_else(|| "none".to_owned(), |pem| crate::base::Digest::of(pem.as_bytes()).to_string())),
        ("the message", format!("{} bytes ({})", body.len(), crate::base::Digest::of(body))),
        ("the expectation", expected.join("; ")),
    ] {
        facts.value(&subject, aspect, said, Weight::Always(Effect::Neither));
    }
}

fn expectation(expectation: &Expectation) -> String {
    let Expectation { to, outcome, code, clause, edits, actions, findings } = expectation;
    let code = code.map_or_else(String::new, |code| format!(" {code}"));
    let clause = clause.as_ref().map_or_else(String::new, |clause| format!(" under `{clause}`"));
    let edits = edits.as_ref().map_or_else(String::new, |edits| format!(" with edits of {}", quoted(edits)));
    let actions: String = actions.iter().map(|(path, action)| format!(" `{path}` by `{action}`")).collect();
    let codes = |codes: &Vec<Reason>| codes.iter().map(|code| code.code().to_owned()).collect::<Vec<_>>();
    let findings = findings.as_ref().map_or_else(String::new, |found| format!(" with findings of {}", quoted(codes(found))));
    format!("{to}: {outcome}{code}{clause}{edits}{actions}{findings}")
}
