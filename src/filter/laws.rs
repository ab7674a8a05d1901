//! What holds of every filter, as functions that unit tests, fuzzing and corpora call alike.

use crate::base::{Action, Finding, Outcome, Reason};
use crate::normal::Tree;

use super::FILTERS;

/// Every finding is placed, explained, and of a reason that a row of the table owns.
///
/// # Errors
/// One line that says which finding breaks which law.
pub fn findings_are_whole(tree: &Tree<'_>, body_bytes: usize, findings: &[Finding]) -> Result<(), String> {
    for finding in findings {
        let broken = |law: &str| Err(format!("{} of `{}` at {}: {law}", finding.code, finding.rule, finding.path));
        let owned = finding.code == Reason::ContentLimit || FILTERS.iter().any(|filter| filter.codes.contains(&finding.code));
        if !owned {
            return broken("no row of the table owns this reason");
        }
        if !tree.all().any(|(id, _)| tree.path(id) == finding.path) {
            return broken("the path is not in the tree");
        }
        if finding.span.is_some_and(|span| span.start > span.end || span.range().end > body_bytes) {
            return broken("the span is not in the body");
        }
        if finding.text.is_empty() || finding.text.contains('\n') {
            return broken("the text is not one line");
        }
        if finding.action == Action::Strip && finding.code.outcome() != Outcome::Forward && finding.code != Reason::ReferenceWithheld {
            return broken("a strip that is carried out has a reason that forbids");
        }
    }
    Ok(())
}

/// Rules only add: with more rules no finding is lost.
///
/// # Errors
/// One line that names the lost finding. The law speaks of messages below the limit of findings.
pub fn findings_only_grow(fewer_rules: &[Finding], more_rules: &[Finding]) -> Result<(), String> {
    let limited = more_rules.iter().any(|finding| finding.code == Reason::ContentLimit);
    match fewer_rules.iter().find(|finding| !limited && !more_rules.contains(finding)) {
        None => Ok(()),
        Some(lost) => Err(format!("{} of `{}` at {} is lost", lost.code, lost.rule, lost.path)),
    }
}
