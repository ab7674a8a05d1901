//! Detectors: what the gateway itself knows how to find in text, for what patterns cannot say, or say slowly.
//!
//! Takes the rules of `filters/detectors.toml`, gives `content.detector` for every place. All expressions of a detector are of the linear kind
//! (no look-around, no back reference) and run in one pass together; only where one of them matches is its place looked for. A drawing of a
//! A place that lies wholly in values whose rows in the profile allow the detector is no finding: a field of positions holds positions. A drawing of a
//! hundred vertices is full of numbers: a pattern engine that searches by short pieces stops at each of them, an automaton does not.
//! Deliberately absent: any judgement of what a number means; a reviewer sees the place.

use std::ops::Range;
use std::sync::Arc;

use regex::bytes::{Regex, RegexSet};

use crate::base::{Action, Budget, Complaint, Reason, Refusal, Severity};
use crate::label::consistency::CHECKS;
use crate::policy::{DetectorRule, SourceFile};

use super::allowed::Allowed;
use super::found::{Found, Verdict};
use super::labels;
use super::place;
use super::text::Text;

/// The reasons that this filter gives.
pub(in crate::filter) const CODES: &[Reason] = &[Reason::ContentDetector];

/// Places of one expression in one message that are reported at most: 1,000.
const PLACES_MAX: usize = 1_000;

/// A row of the detector table.
#[derive(Debug)]
pub struct Detector {
    /// Name, as rule sets write it.
    pub name: &'static str,
    /// What stands in the text where it speaks.
    pub sentence: &'static str,
    /// Expressions over bytes, of which any one is enough; the mark between two fields has a line feed and no space.
    expressions: &'static [&'static str],
}

/// The detectors.
pub static DETECTORS: &[Detector] = &[
    Detector {
        name: "grid-reference",
        sentence: "a grid reference stands in the text, finer than a coarse place",
        // SPEC: NGA.STND.0037 (MGRS): zone, band, square, and an even number of digits; 6 digits are 100 m.
        expressions: &[r"(?i)\b[0-9]{1,2}[C-HJ-NP-X][ -]{0,2}[A-HJ-NP-Z]{2}[ -]{0,2}[0-9]{3,5}[ -]{0,2}[0-9]{3,5}\b"],
    },
    Detector {
        name: "degrees",
        sentence: "latitude and longitude stand in the text",
        expressions: &[
            r"\b[0-9]{1,2}(\.[0-9]{2,8})?\s?[NS][ ,/]{1,3}[0-9]{1,3}(\.[0-9]{2,8})?\s?[EW]\b",
            r"(?i)\b[0-9]{4,6}(\.[0-9]{1,5})?[NS][ ,/]{0,3}[0-9]{5,7}(\.[0-9]{1,5})?[EW]\b",
            r"(?i)\b[NS] ?[0-9]{2}[ -][0-9]{2}\.[0-9]{1,5}",
            // Degrees in UTF-8 (00B0), minutes also as prime (2032) and as apostrophe (2019).
            r"(?i)[0-9]{1,3} ?(\xC2\xB0|deg) ?[0-9]{1,2}(\.[0-9]{1,6})? ?('|\xE2\x80\xB2|\xE2\x80\x99|min)",
            // Two decimal numbers after a word, or apart by a space: routes write theirs without, in fields of their own.
            r"[A-Za-z:=(@] ?-?[0-9]{1,2}\.[0-9]{3,10} ?[ ,;/] ?-?[0-9]{1,3}\.[0-9]{3,10}",
            r"\b[0-9]{1,2}\.[0-9]{3,10}[,;]? {1,2}-?[0-9]{1,3}\.[0-9]{3,10}\b",
            r"(?i)\blat(itude)?\s{0,2}[:=]?\s{0,2}-?[0-9]{1,2}\.[0-9]{3,8}\b",
        ],
    },
];

#[derive(Debug)]
struct Meta {
    name: &'static str,
    rule: Arc<str>,
    sentence: &'static str,
    action: Action,
    severity: Severity,
}

/// Compiled detectors.
#[derive(Debug)]
pub(in crate::filter) struct Detectors {
    any: RegexSet,
    /// One for each expression of the set.
    each: Vec<(Regex, Arc<Meta>)>,
    /// Identifiers whose digits say nothing; none where no detector is switched on.
    identifiers: Option<Regex>,
}

/// A UUID as text: of many, one would else be taken for a place.
// SPEC: RFC 9562, section 4.
const IDENTIFIER: &str = r"\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b";

impl Detectors {
    /// Compiles what a rule set switches on.
    ///
    /// # Errors
    /// A name that is not in [`DETECTORS`].
    pub(in crate::filter) fn compile(rules: &[DetectorRule], files: &[SourceFile]) -> Result<Self, Vec<Complaint>> {
        let (mut each, mut complaints) = (Vec::new(), Vec::new());
        for rule in rules.iter().filter(|rule| labels::row(rule).is_none()) {
            let Some(detector) = DETECTORS.iter().find(|detector| detector.name == rule.name) else {
                let names = DETECTORS.iter().map(|detector| detector.name).chain(CHECKS.iter().map(|check| check.name));
                let known: Vec<String> = names.map(|name| format!("`{name}`")).collect();
                let what = format!("there is no detector `{}`", rule.name);
                complaints.push(place::complaint(files, &rule.rule, what, format!("expected one of {}", known.join(", ")), "correct the name"));
                continue;
            };
            let meta = Arc::new(Meta {
                name: detector.name,
                rule: Arc::clone(&rule.rule),
                sentence: detector.sentence,
                action: rule.action,
                severity: rule.severity,
            });
            for expression in detector.expressions {
                match Regex::new(&in_bytes(expression)) {
                    Ok(regex) => each.push((regex, Arc::clone(&meta))),
                    Err(error) => complaints.push(place::complaint(
                        files,
                        &rule.rule,
                        format!("the detector `{}` does not compile: {error}", rule.name),
                        "expected an expression of the linear kind",
                        "report it: the table is the program's own",
                    )),
                }
            }
        }
        let identifiers = Regex::new(&in_bytes(IDENTIFIER)).ok();
        match RegexSet::new(each.iter().map(|(regex, _)| regex.as_str())) {
            Ok(any) if complaints.is_empty() => Ok(Self { any, each, identifiers }),
            _ => Err(complaints),
        }
    }

    /// Adds a finding for every place; `allowed` are the values to which some of these detectors do not apply.
    ///
    /// # Errors
    /// `size.budget`.
    pub(in crate::filter) fn scan(&self, text: &Text, allowed: &Allowed<'_>, found: &mut Found<'_, '_>, budget: &mut Budget) -> Result<(), Refusal> {
        let bytes = text.all().as_bytes();
        let found_by = self.any.matches(bytes);
        if !found_by.matched_any() {
            return Ok(());
        }
        let identifiers: Vec<_> = self.identifiers.iter().flat_map(|regex| regex.find_iter(bytes)).map(|place| place.range()).collect();
        let within = |place: &Range<usize>| {
            let before = identifiers.partition_point(|identifier| identifier.start <= place.start);
            before.checked_sub(1).and_then(|at| identifiers.get(at)).is_some_and(|identifier| place.end <= identifier.end)
        };
        for at in &found_by {
            let Some((regex, meta)) = self.each.get(at) else { continue };
            for place in regex.find_iter(bytes).filter(|place| !within(&place.range())).take(PLACES_MAX) {
                budget.spend(1)?;
                if text.hits(place.range()).all(|hit| allowed.holds(meta.name, &hit, found.tree())) {
                    continue;
                }
                let (code, stripped) = (Reason::ContentDetector, Reason::FieldsStripped);
                let verdict = Verdict { code, stripped, rule: &meta.rule, severity: meta.severity, action: meta.action };
                text.hits(place.range()).for_each(|hit| found.on_text(&hit, verdict, || meta.sentence.to_owned()));
            }
        }
        Ok(())
    }
}

/// Bytes, not characters: the text is UTF-8 whose places are bytes, and word borders of ASCII keep the automaton small.
fn in_bytes(expression: &str) -> String {
    format!("(?-u:{expression})")
}

#[cfg(test)]
mod tests;
