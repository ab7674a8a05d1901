//! Canadian banners: `SECRET//CEO`, `SECRET//REL TO CAN, GBR, USA`, `SECRET//CAN/US EYES ONLY`, `PROTECTED B`.
//!
//! PROTECTED A, B and C are a ladder of their own, and a policy of their own. Deliberately absent: French spellings, whose letters are not plain.
// SPEC: levels as the Government of Canada publishes them; caveats as public sources give them.

use super::grammar::{Eyes, Grammar, owner_first};

/// How Canada writes.
pub(super) const GRAMMAR: Grammar = Grammar {
    prefix: "CAN ",
    owner: "CAN",
    caveats: &[("CEO", "CEO"), ("CANADIAN EYES ONLY", "CEO")],
    release: &["REL TO "],
    separator: ", ",
    place: |code| owner_first("CAN", code),
    sets: &["Code Words"],
    eyes: Eyes::Named("CAN"),
};

#[cfg(test)]
mod tests {
    use crate::base::Reason;
    use crate::label::tests::{lattice, read};

    #[test]
    fn canadian_banners_are_read_as_they_are_written() {
        for (line, policy, level, to) in [
            ("UNCLASSIFIED", "CAN", "UNCLASSIFIED", "CAN"),
            ("CAN SECRET", "CAN", "SECRET", "CAN"),
            ("SECRET//CEO", "CAN", "SECRET", "CAN"),
            ("SECRET//CANADIAN EYES ONLY", "CAN", "SECRET", "CAN"),
            ("SECRET//REL TO CAN, GBR, USA", "CAN", "SECRET", "CAN GBR USA"),
            ("SECRET//REL TO CAN, USA, FVEY", "CAN", "SECRET", "CAN USA FVEY"),
            ("CONFIDENTIAL//CAN/US EYES ONLY", "CAN", "CONFIDENTIAL", "CAN USA"),
            ("TOP SECRET//COPPER LANTERN/GREY HERON//CAN/UK/US EYES ONLY", "CAN", "TOP SECRET", "CAN GBR USA"),
            ("PROTECTED B", "CAN-PROTECTED", "PROTECTED B", "CAN"),
            ("PROTECTED A//REL TO CAN, USA", "CAN-PROTECTED", "PROTECTED A", "CAN USA"),
        ] {
            let view = lattice().view(&read("CAN", line).unwrap_or_else(|refusal| panic!("{line}: {refusal}")));
            assert_eq!((view.policy.as_str(), view.classification.as_str(), view.releasable_to.join(" ").as_str()), (policy, level, to), "{line}");
        }
        // Another nation's writer names Canada first.
        assert_eq!(lattice().view(&read("GBR", "CAN SECRET//CEO").unwrap()).policy, "CAN");
    }

    #[test]
    fn canadian_banners_that_are_almost_right_are_refused() {
        for (line, reason) in [
            ("PROTECTED", Reason::LabelLevelUnknown),
            ("PROTECTED D", Reason::LabelLevelUnknown),
            ("PROT B", Reason::LabelLevelUnknown),
            ("RESTRICTED", Reason::LabelLevelUnknown),
            ("Secret", Reason::LabelLevelUnknown),
            ("SECRET//NOFORN", Reason::LabelCategoryUnknown),
            ("SECRET//ceo", Reason::LabelCategoryUnknown),
            ("UNCLASSIFIED//CEO", Reason::LabelRule),
            ("SECRET//REL TO CAN", Reason::LabelMalformed),
            ("SECRET//REL TO GBR, USA", Reason::LabelMalformed),
            ("SECRET//REL TO GBR, CAN", Reason::LabelMalformed),
            ("SECRET//REL TO CAN, USA, GBR", Reason::LabelMalformed),
            ("SECRET//REL TO CAN, FVEY, USA", Reason::LabelMalformed),
            ("SECRET//REL TO CAN,USA", Reason::LabelMalformed),
            ("SECRET//REL TO CAN, USA, USA", Reason::LabelMalformed),
            ("SECRET//REL TO CAN, usa", Reason::LabelMalformed),
            ("SECRET//REL TO CAN, XQZ", Reason::LabelCategoryUnknown),
            ("SECRET//CEO//REL TO CAN, USA", Reason::LabelMalformed),
            ("SECRET//REL TO CAN, USA//COPPER LANTERN", Reason::LabelMalformed),
            ("SECRET//US/CAN EYES ONLY", Reason::LabelMalformed),
            ("SECRET//UK/US EYES ONLY", Reason::LabelMalformed),
            ("SECRET//CAN EYES ONLY", Reason::LabelMalformed),
            ("SECRET //CEO", Reason::LabelMalformed),
            ("SECRET// CEO", Reason::LabelMalformed),
            ("SECRET////CEO", Reason::LabelMalformed),
            ("SECRET//", Reason::LabelMalformed),
            ("SECRET///CEO", Reason::LabelMalformed),
            ("", Reason::LabelMalformed),
            ("PROTECTED B//COPPER LANTERN", Reason::LabelCategoryUnknown),
            ("PROT\u{c9}G\u{c9} B", Reason::LabelMalformed),
        ] {
            let refusal = read("CAN", line).map(|label| lattice().view(&label)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{line}: {refusal}");
        }
    }
}
