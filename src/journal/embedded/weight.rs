//! What holds a message, in brief: the rule that decided and the gravest finding, read from the findings of the decision, for lists and groups.

use serde::Deserialize;

use crate::base::{Reason, Severity};

/// A finding, as far as lists need it.
#[derive(Deserialize)]
struct Found {
    code: String,
    #[serde(default)]
    rule: String,
    severity: Option<Severity>,
}

/// The rule of the finding that decided (empty for rules in code), and how grave the gravest is: 0 for critical to 4 for none.
///
/// Findings that do not read hold the message all the same, and stand as if there were none.
pub(super) fn weight(findings: &str, code: Option<Reason>) -> (String, i64) {
    let mut found: Vec<Found> = serde_json::from_str(findings).unwrap_or_default();
    let gravity = found.iter().map(|one| gravity(one.severity)).min().unwrap_or(4);
    let decided = code.and_then(|code| found.iter().position(|one| one.code == code.code()));
    let rule = decided.map(|at| found.swap_remove(at).rule).unwrap_or_default();
    (rule, gravity)
}

/// 0 for critical to 4 for none: the order of triage.
pub(super) const fn gravity(severity: Option<Severity>) -> i64 {
    match severity {
        Some(Severity::Critical) => 0,
        Some(Severity::High) => 1,
        Some(Severity::Medium) => 2,
        Some(Severity::Low) => 3,
        None => 4,
    }
}

/// The severity that stands for a gravity.
pub(super) fn severity(stored: i64) -> Option<Severity> {
    Severity::WORDS.into_iter().map(|(_, severity)| severity).find(|one| gravity(Some(*one)) == stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_that_which_decided_and_the_gravity_that_of_the_gravest() {
        let findings = r#"[{"code":"content.patterns","rule":"a.yar","severity":"critical","path":"/"},{"code":"content.words","rule":"words.txt:3","severity":"low","path":"/x","span":null}]"#;
        assert_eq!(weight(findings, Some(Reason::ContentWords)), ("words.txt:3".to_owned(), 0));
        assert_eq!(weight(findings, None), (String::new(), 0));
        assert_eq!(weight("", Some(Reason::ContentWords)), (String::new(), 4));
    }

    #[test]
    fn every_severity_is_read_back() {
        for one in [None, Some(Severity::Low), Some(Severity::Medium), Some(Severity::High), Some(Severity::Critical)] {
            assert_eq!(severity(gravity(one)), one);
        }
    }
}
