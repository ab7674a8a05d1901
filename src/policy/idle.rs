//! Cases that test nothing: one that says again what another says, and one that no rule has a part in.

use super::cases::Case;
use super::edition::{Agreement, SourceFile};
use super::faults::Faults;
use crate::base::{Complaint, Outcome, Reason};
use crate::format::identify;

/// Complaints about cases.
pub(in crate::policy) fn cases(cases: &[Case], agreements: &[Agreement], files: &[SourceFile]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let path = case.rule.rsplit_once(':').map_or(&*case.rule, |(path, _)| path);
        let text = files.iter().find(|file| &*file.path == path).map_or("", |file| &file.text);
        let quoted = format!("\"{}\"", case.name);
        let start = text.find(&quoted).unwrap_or(0);
        let place = start..start.saturating_add(quoted.len());
        let mut faults = Faults::of(path.into());
        if let Some(first) = cases.iter().take(at).find(|first| same(first, case)) {
            let what = format!("the case tests nothing: `{}` sends the same message to the same recipients", first.name);
            faults.at(
                &place,
                what,
                format!("something that the case of `{}` does not try", first.rule),
                "change the message, or remove one of the two",
            );
        }
        if beyond_rules(case, agreements) {
            let what = "the case tests nothing: no agreement speaks of its format, so no rule has a part in the answer";
            faults.at(
                &place,
                what,
                "an outcome that a clause, policy, field, word or pattern has a part in",
                "expect what a rule does, or remove it",
            );
        }
        complaints.append(&mut faults.into_list());
    }
    complaints
}

/// Whether two cases ask the same question.
fn same(one: &Case, two: &Case) -> bool {
    let asked = |case: &Case| (case.from.clone(), case.now, case.precedence, case.traffic, case.media_type.clone(), case.label.clone());
    let to = |case: &Case| case.expect.iter().map(|expected| expected.to.clone()).collect::<std::collections::BTreeSet<_>>();
    let under = |case: &Case| (case.conditions.clone(), case.consents.clone(), case.anchors.clone());
    one.body == two.body && under(one) == under(two) && asked(one) == asked(two) && to(one) == to(two)
}

/// Whether a case expects nothing but that what no agreement mentions stays.
fn beyond_rules(case: &Case, agreements: &[Agreement]) -> bool {
    let denied = case.expect.iter().all(|expected| expected.outcome == Outcome::Withhold && expected.code == Some(Reason::AgreementNone));
    let mentioned =
        |name: &str| agreements.iter().flat_map(|agreement| &agreement.clauses).any(|clause| clause.formats.iter().any(|format| format == name));
    denied && identify(&case.body).is_ok_and(|format| !mentioned(format.name))
}
