//! Waivers: what reviewers have seen and let pass, and what follows from findings once it is taken into account.
//!
//! A waiver names a finding by reason, rule and path. Only findings of filters can be waived, and the review that a clause asks for.
//! Mandatory control cannot: it is no finding, and there is nothing here that could name it. `content.limit` cannot either, as nobody
//! can approve what was not shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::{Action, Finding, Reason, on_one_line};

/// One finding that reviewers let pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiver {
    /// Its reason.
    pub code: Reason,
    /// Its rule.
    pub rule: Arc<str>,
    /// Its path.
    pub path: String,
}

/// What reviewers take out of a message before it leaves, beside all that the rules take out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removals {
    /// Paths of fields, as [`on_one_line`] spells them.
    pub paths: BTreeSet<String>,
    /// What the edits are recorded under, as `review/ann`.
    pub rule: Arc<str>,
}

impl Removals {
    /// What these reviewers take out together.
    pub fn by<'n>(reviewers: impl Iterator<Item = &'n str>, paths: impl IntoIterator<Item = String>) -> Self {
        let names: BTreeSet<&str> = reviewers.collect();
        let rule = format!("review/{}", names.into_iter().collect::<Vec<_>>().join(","));
        Self { paths: paths.into_iter().collect(), rule: rule.into() }
    }

    /// Whether a field goes, itself or with one above it.
    fn hold(&self, path: &str) -> bool {
        let path = on_one_line(path);
        self.paths.iter().any(|top| path.strip_prefix(top.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

impl Waiver {
    /// What reviewers and their signatures call the finding.
    #[must_use]
    pub fn name(&self) -> String {
        on_one_line(&format!("{} {} {}", self.code, self.rule, self.path))
    }
}

/// Whether the review that a clause asks for has taken place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClauseReview {
    /// Not yet, or it is not known.
    #[default]
    Pending,
    /// The reviewers agreed to the release.
    Granted,
}

/// What reviewers let pass for one message and recipient; the default lets nothing pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waivers {
    /// Findings.
    pub findings: BTreeSet<Waiver>,
    /// The review of a clause.
    pub clause_review: ClauseReview,
    /// What they take out: what filters found there does not leave, and forbids nothing.
    pub removed: Removals,
}

impl Waivers {
    /// Waivers for all findings that the journal has of a decision; `None` where the record is not in the form in which this program writes it.
    #[must_use]
    pub fn of_recorded(findings: &str) -> Option<BTreeSet<Waiver>> {
        #[derive(serde::Deserialize)]
        struct Recorded {
            code: String,
            rule: String,
            path: String,
        }
        let recorded: Vec<Recorded> = serde_json::from_str(findings).ok()?;
        let waiver = |one: Recorded| Some(Waiver { code: Reason::from_code(&one.code)?, rule: one.rule.into(), path: one.path });
        recorded.into_iter().map(waiver).collect()
    }

    /// Whether a finding was let pass. Refusals of other rooms are recorded as findings too: whatever a waiver says of them, they stand.
    #[must_use]
    pub fn cover(&self, finding: &Finding) -> bool {
        if self.findings.is_empty() && self.removed.paths.is_empty() {
            return false;
        }
        let ours = super::FILTERS.iter().any(|filter| filter.codes.contains(&finding.code));
        let waiver = Waiver { code: finding.code, rule: Arc::clone(&finding.rule), path: finding.path.clone() };
        ours && finding.code != Reason::ContentLimit && (self.findings.contains(&waiver) || self.removed.hold(&finding.path))
    }

    /// Whether reviewers may let a finding pass: filters' findings, and the review of a clause. Whatever else stands, stands.
    #[must_use]
    pub fn may_cover(finding: &Finding) -> bool {
        let waiver = Waiver { code: finding.code, rule: Arc::clone(&finding.rule), path: finding.path.clone() };
        finding.code == Reason::AgreementReview || Self { findings: [waiver].into(), ..Self::default() }.cover(finding)
    }

    /// Whether a finding, with these waivers, forbids the release.
    #[must_use]
    pub fn leave_standing(&self, finding: &Finding) -> bool {
        finding.action >= Action::Hold && !self.cover(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Severity;

    fn finding(code: Reason, action: Action) -> Finding {
        Finding {
            code,
            rule: "words.txt:3".into(),
            path: "/event/detail/remarks".into(),
            span: None,
            severity: Severity::High,
            action,
            text: "text".into(),
        }
    }

    fn waivers(code: Reason, rule: &str, path: &str) -> Waivers {
        Waivers { findings: [Waiver { code, rule: rule.into(), path: path.into() }].into(), ..Waivers::default() }
    }

    #[test]
    fn a_waiver_covers_only_its_own_reason_rule_and_path() {
        let held = finding(Reason::ContentWords, Action::Hold);
        assert!(Waivers::default().leave_standing(&held));
        assert!(!waivers(Reason::ContentWords, "words.txt:3", "/event/detail/remarks").leave_standing(&held));
        assert!(waivers(Reason::ContentPattern, "words.txt:3", "/event/detail/remarks").leave_standing(&held));
        assert!(waivers(Reason::ContentWords, "words.txt:4", "/event/detail/remarks").leave_standing(&held));
        assert!(waivers(Reason::ContentWords, "words.txt:3", "/event/detail").leave_standing(&held));
    }

    #[test]
    fn what_is_taken_out_takes_its_findings_with_it_and_no_others() {
        let removing =
            |path: &str| Waivers { removed: Removals { paths: [path.to_owned()].into(), rule: "review/ann".into() }, ..Waivers::default() };
        let held = finding(Reason::ContentWords, Action::Hold);
        for (path, stands) in [("/event/detail/remarks", false), ("/event/detail", false), ("/event/det", true), ("/event/detail/remarks/b", true)] {
            assert_eq!(removing(path).leave_standing(&held), stands, "{path}");
        }
        assert!(removing("/event").leave_standing(&finding(Reason::ClearanceLevel, Action::Hold)));
        assert!(removing("/event").leave_standing(&finding(Reason::ContentLimit, Action::Hold)));
    }

    #[test]
    fn nobody_can_waive_what_was_not_shown() {
        let limit = finding(Reason::ContentLimit, Action::Hold);
        assert!(waivers(Reason::ContentLimit, "words.txt:3", "/event/detail/remarks").leave_standing(&limit));
    }

    #[test]
    fn nobody_can_waive_what_no_filter_found() {
        for &code in Reason::ALL {
            let refusal = finding(code, Action::Hold);
            let ours = ["fields.", "content.", "reference."].iter().any(|family| code.code().starts_with(family));
            let covered = !waivers(code, "words.txt:3", "/event/detail/remarks").leave_standing(&refusal);
            // Of a label only what is worth knowing is found by a filter; what contradicts it is refused before.
            let told = [Reason::LabelReviewPast, Reason::LabelSuccessionPast, Reason::LabelPartsApart].contains(&code);
            assert_eq!(covered, told || ours && code != Reason::ContentLimit, "{code}");
        }
    }

    #[test]
    fn notes_and_strips_forbid_nothing() {
        assert!(!Waivers::default().leave_standing(&finding(Reason::ContentWords, Action::Note)));
        assert!(!Waivers::default().leave_standing(&finding(Reason::FieldsStripped, Action::Strip)));
        assert!(Waivers::default().leave_standing(&finding(Reason::ContentWords, Action::Refuse)));
    }
}
