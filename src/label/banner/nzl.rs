//! New Zealand banners: `SECRET//NZEO`, `CONFIDENTIAL//REL TO NZL, AUS, GBR`, `IN-CONFIDENCE//STAFF`.
//!
//! IN-CONFIDENCE and SENSITIVE are a ladder of their own, and a policy of their own. Deliberately absent: `[DEPARTMENT] USE ONLY`, embargoes and
//! review dates, whose words no policy can list.
// SPEC: Protective Security Requirements, 2025: the originator first in a list of recipients, the others in alphabetical order.

use super::grammar::{Eyes, Grammar, owner_first};

/// How New Zealand writes.
pub(super) const GRAMMAR: Grammar = Grammar {
    prefix: "NZ ",
    owner: "NZL",
    caveats: &[("NZEO", "NZEO"), ("NEW ZEALAND EYES ONLY", "NZEO")],
    release: &["REL TO ", "RELEASABLE TO "],
    separator: ", ",
    place: |code| owner_first("NZL", code),
    sets: &["Code Words", "Government Endorsements", "Endorsements"],
    eyes: Eyes::None,
};

#[cfg(test)]
mod tests {
    use crate::base::Reason;
    use crate::label::tests::{lattice, read};

    #[test]
    fn banners_of_new_zealand_are_read_as_they_are_written() {
        for (line, policy, level, to) in [
            ("RESTRICTED", "NZL", "RESTRICTED", "NZL"),
            ("NZ SECRET//NZEO", "NZL", "SECRET", "NZL"),
            ("SECRET//NEW ZEALAND EYES ONLY", "NZL", "SECRET", "NZL"),
            ("SECRET//REL TO NZL, AUS, GBR", "NZL", "SECRET", "AUS GBR NZL"),
            ("SECRET//RELEASABLE TO NZL, FVEY", "NZL", "SECRET", "NZL FVEY"),
            ("CONFIDENTIAL//COPPER LANTERN//STAFF/POLICY//REL TO NZL, AUS", "NZL", "CONFIDENTIAL", "AUS NZL"),
            ("IN-CONFIDENCE", "NZL-PRIVACY", "IN-CONFIDENCE", "NZL"),
            ("SENSITIVE//CABINET", "NZL-PRIVACY", "SENSITIVE", "NZL"),
            ("IN-CONFIDENCE//NZEO", "NZL-PRIVACY", "IN-CONFIDENCE", "NZL"),
        ] {
            let view = lattice().view(&read("NZL", line).unwrap_or_else(|refusal| panic!("{line}: {refusal}")));
            assert_eq!((view.policy.as_str(), view.classification.as_str(), view.releasable_to.join(" ").as_str()), (policy, level, to), "{line}");
        }
    }

    #[test]
    fn banners_of_new_zealand_that_are_almost_right_are_refused() {
        for (line, reason) in [
            ("IN CONFIDENCE", Reason::LabelLevelUnknown),
            ("PROTECTED", Reason::LabelLevelUnknown),
            ("NZEO", Reason::LabelLevelUnknown),
            ("UNCLASSIFIED//NZEO", Reason::LabelRule),
            ("UNCLASSIFIED//STAFF", Reason::LabelRule),
            ("SECRET//REL TO AUS, NZL", Reason::LabelMalformed),
            ("SECRET//REL TO NZL, GBR, AUS", Reason::LabelMalformed),
            ("SECRET//REL TO NZL", Reason::LabelMalformed),
            ("SECRET//REL TO NZ, AUS", Reason::LabelMalformed),
            ("SECRET//RELEASABLE TO NZL,AUS", Reason::LabelMalformed),
            ("SECRET//Releasable to NZL, AUS", Reason::LabelCategoryUnknown),
            ("SECRET//NZEO//REL TO NZL, AUS", Reason::LabelMalformed),
            ("SECRET//STAFF//COPPER LANTERN", Reason::LabelMalformed),
            ("SECRET//STAFF/CABINET", Reason::LabelMalformed),
            ("SECRET//STAFF/STAFF", Reason::LabelMalformed),
            ("SECRET//TREASURY USE ONLY", Reason::LabelCategoryUnknown),
            ("SECRET//EMBARGOED", Reason::LabelCategoryUnknown),
            ("SECRET//NZ/US EYES ONLY", Reason::LabelCategoryUnknown),
            ("SECRET - NZEO", Reason::LabelLevelUnknown),
        ] {
            let refusal = read("NZL", line).map(|label| lattice().view(&label)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{line}: {refusal}");
        }
    }
}
