//! The steps of evaluation, each with what became of the message there.

use serde::Serialize;

use super::{Question, stands};
use crate::base::{Finding, Outcome, Reason};
use crate::filter::Waivers;
use crate::pipeline::{Passage, Ruling};
use crate::release::near::Nearness;

/// What became of a message at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing was against it.
    Passed,
    /// Something was found or changed that did not stop it.
    Noted,
    /// It was stopped here.
    Stopped,
    /// It did not come so far.
    Skipped,
}

impl State {
    /// The word of reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Noted => "noted",
            Self::Stopped => "stopped",
            Self::Skipped => "skipped",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// What became of the message.
    pub state: State,
    /// What was seen, a line each.
    pub lines: Vec<String>,
}

const FRAME: usize = 0;
const FORMAT: usize = 1;
const LABEL: usize = 2;
const EQUIVALENCE: usize = 3;
const CONTROL: usize = 4;
const AGREEMENT: usize = 5;
const FIELDS: usize = 6;
const CONTENT: usize = 7;
const REFERENCES: usize = 8;
const REST: usize = 9;
const REBUILD: usize = 10;
const VERIFY: usize = 11;

/// The names, in the order of evaluation.
const NAMES: [&str; 12] =
    ["frame", "format", "label", "equivalence", "mandatory control", "agreement", "fields", "content", "references", "rest", "rebuild", "verify"];

/// What a line of reasoning says where a label is taken into another policy.
const TRANSLATED: &str = "` is `";

/// The step that gives a reason.
fn step_of(reason: Reason) -> usize {
    match reason {
        Reason::SizeBudget | Reason::SizeDepth | Reason::SizeNodes => return FORMAT,
        Reason::LabelBind => return VERIFY,
        Reason::ClearanceEquivalence | Reason::ClearanceUnknown => return EQUIVALENCE,
        Reason::LabelReviewPast | Reason::LabelSuccessionPast | Reason::LabelPartsApart => return LABEL,
        _ => {}
    }
    match reason.code().split('.').next().unwrap_or_default() {
        "frame" | "size" => FRAME,
        "format" | "malformed" | "invalid" => FORMAT,
        "label" => LABEL,
        "clearance" => CONTROL,
        "exercise" | "agreement" | "review" => AGREEMENT,
        "fields" => FIELDS,
        "content" => CONTENT,
        "reference" => REFERENCES,
        "rest" => REST,
        "translate" => REBUILD,
        _ => VERIFY,
    }
}

/// All steps of a ruling.
pub(super) fn of(question: &Question<'_>, (passage, ruling): (&Passage, &Ruling), near: Option<&Nearness>, waivers: &Waivers) -> Vec<Step> {
    let mut lines: [Vec<String>; 12] = Default::default();
    let mut say = |step: usize, line: String| lines.get_mut(step).into_iter().for_each(|lines| lines.push(line.clone()));
    told(question, passage, ruling, &mut say);
    // What refuses after mandatory control has not kept what mandatory control said.
    let control = near.filter(|_| ruling.clause.is_none()).into_iter().flat_map(|near| &near.control);
    control.for_each(|line| say(if line.contains(TRANSLATED) { EQUIVALENCE } else { CONTROL }, line.clone()));
    ruling.findings.iter().for_each(|finding| say(step_of(finding.code), found(finding, waivers)));
    let reached = reached(passage, ruling);
    let stops = |step: usize| ruling.findings.iter().any(|finding| step_of(finding.code) == step && stands(finding, waivers));
    let state = |step: usize, lines: &[String]| {
        let looked_at = passage.format.is_some() && (FIELDS..=REFERENCES).contains(&step);
        match () {
            () if stops(step) && ruling.outcome > Outcome::Forward => State::Stopped,
            () if step > reached && !looked_at => State::Skipped,
            () if ruling.findings.iter().any(|finding| step_of(finding.code) == step) => State::Noted,
            () if step == REBUILD && !lines.is_empty() => State::Noted,
            () => State::Passed,
        }
    };
    NAMES.iter().zip(lines).enumerate().map(|(step, (&name, lines))| Step { name, state: state(step, &lines), lines }).collect()
}

/// The last step that was taken.
fn reached(passage: &Passage, ruling: &Ruling) -> usize {
    let deciding = ruling.code.map_or(VERIFY, step_of);
    match (passage.format, &passage.label, &ruling.clause, &ruling.output) {
        (_, _, _, Some(_)) => VERIFY,
        (None, ..) => deciding.min(FORMAT),
        (_, None, ..) => LABEL,
        // Of several reasons the worst decides: the content may, and mandatory control have refused before.
        (_, _, None, _) => {
            let first = ruling.findings.first().map_or(deciding, |finding| step_of(finding.code));
            first.clamp(LABEL, AGREEMENT)
        }
        (_, _, Some(_), None) => deciding.max(AGREEMENT),
    }
}

/// What the path said of its own accord.
fn told(question: &Question<'_>, passage: &Passage, ruling: &Ruling, say: &mut impl FnMut(usize, String)) {
    let header = question.header;
    say(FRAME, format!("{} of {} bytes from `{}` to `{}`", header.precedence, question.body.len(), question.from, ruling.recipient));
    if let Some(format) = passage.format {
        say(FORMAT, format!("`{format}`, and every byte was read"));
    }
    for (at, line) in ruling.chain.iter().enumerate() {
        let step = match at {
            0 => LABEL,
            _ if line.starts_with("the label is bound") => VERIFY,
            _ if line.contains(TRANSLATED) => EQUIVALENCE,
            _ if line.ends_with("permits") || line.ends_with("permits after review") => AGREEMENT,
            _ => CONTROL,
        };
        say(step, line.clone());
    }
    if let (Some(from), Some(into)) = (passage.format, ruling.into) {
        say(REBUILD, format!("translated from `{from}` to `{into}`"));
    }
    if ruling.output.is_some() {
        for edit in &ruling.edits {
            let rule = if edit.rule.is_empty() { String::new() } else { format!(" [{}]", edit.rule) };
            say(REBUILD, format!("{} {}{rule}", edit.action, edit.path));
        }
        say(VERIFY, "a second reader found the same label, the same decision, and no change but the edits".to_owned());
    }
}

/// A finding on one line.
fn found(finding: &Finding, waivers: &Waivers) -> String {
    let rule = if finding.rule.is_empty() { String::new() } else { format!(" [{}]", finding.rule) };
    let path = if finding.path.is_empty() { String::new() } else { format!(" at {}", finding.path) };
    let waived = if waivers.cover(finding) { ", let pass by reviewers" } else { "" };
    format!("{}{path}: {}{rule}{waived}", finding.code, finding.text)
}
