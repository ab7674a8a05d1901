//! An explanation as text for a terminal or a file.

use std::fmt::Write;

use super::{Explanation, State};
use crate::release::About;
use crate::release::near::{Near, Nearness, Spoke};

/// Clauses that did not apply and are shown: 5, the nearest.
const NEAR_MAX: usize = 5;

/// The lines of an explanation.
#[must_use]
pub fn write(explanation: &Explanation) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    said(&mut out, explanation).unwrap_or(());
    out
}

fn said(out: &mut String, one: &Explanation) -> std::fmt::Result {
    let code = one.code.map(|code| format!(" ({code})")).unwrap_or_default();
    let clause = one.clause.as_ref().map(|clause| format!(" under {clause}")).unwrap_or_default();
    writeln!(out, "{} from {} to {}: {}{code}{clause}", one.message, one.from, one.to, one.outcome)?;
    if let Some(sentence) = one.sentence {
        writeln!(out, "  {sentence}")?;
    }
    writeln!(out, "  decided under {}", one.edition)?;
    for marking in &one.markings {
        writeln!(out, "  marked {marking}")?;
    }
    writeln!(out, "\n  step by step")?;
    for step in &one.steps {
        let sign = match step.state {
            State::Passed => "ok",
            State::Noted => "..",
            State::Stopped => "NO",
            State::Skipped => "--",
        };
        let mut lines = step.lines.iter();
        writeln!(out, "{}", format!("  {sign}  {:<18} {}", step.name, lines.next().map_or("", String::as_str)).trim_end())?;
        lines.try_for_each(|line| writeln!(out, "  {:<22} {line}", ""))?;
    }
    if let Some(rules) = &one.rules {
        writeln!(out, "\n  rule by rule")?;
        ruled(out, rules)?;
    }
    if !one.otherwise.is_empty() {
        writeln!(out, "\n  what would have been otherwise")?;
        one.otherwise.iter().try_for_each(|supposed| writeln!(out, "  {supposed}"))?;
    }
    match one.remedy {
        Some(remedy) => writeln!(out, "\n  remedy: {remedy}"),
        None => Ok(()),
    }
}

fn ruled(out: &mut String, rules: &Nearness) -> std::fmt::Result {
    for near in rules.clauses.iter().filter(|near| near.unmet.is_empty()) {
        writeln!(out, "  permits   {}", near.clause)?;
    }
    for own in rules.own.iter().filter(|own| own.spoke != Spoke::Silent) {
        writeln!(out, "  {:<9} {}", if own.spoke == Spoke::Failed { "failed" } else { own.effect }, own.id)?;
    }
    let (shown, others) = shown(rules);
    for near in &shown {
        let mut unmet = near.unmet.iter();
        writeln!(out, "  not       {}: {}", near.clause, unmet.next().map_or("", |unmet| unmet.text.as_str()))?;
        unmet.try_for_each(|unmet| writeln!(out, "            {:<width$}  {}", "", unmet.text, width = near.clause.as_str().len()))?;
    }
    let silent = rules.own.iter().filter(|own| own.spoke == Spoke::Silent).count();
    writeln!(out, "  {others} other clauses do not apply, nor do {silent} policies of release.cedar")
}

/// The clauses to show, and the number of the others: those between these two peers before any other, the nearest first.
pub(super) fn shown(rules: &Nearness) -> (Vec<&Near>, usize) {
    let between = |near: &&Near| near.unmet.iter().all(|unmet| !matches!(unmet.about, About::Recipient | About::Sender | About::Itself));
    let unmet: Vec<&Near> = rules.clauses.iter().filter(|near| !near.unmet.is_empty()).collect();
    let shown: Vec<&Near> = unmet.iter().copied().filter(between).take(NEAR_MAX).collect();
    let others = unmet.len().saturating_sub(shown.len());
    (shown, others)
}
