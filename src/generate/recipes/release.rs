//! Well-formed, well-labelled messages: who gets them, who does not, and what is coarsened on the way.

use super::super::{Expected, Recipe, whole};
use crate::base::{Precedence, Reason, Traffic};

const FIVE_EYES: &str = "GBR USA CAN AUS NZL";

pub(super) static RECIPES: &[Recipe] = &[
    Recipe {
        name: "track-five-eyes",
        says: "a SECRET ground track, releasable to the Five Eyes, to all of them",
        from: "gbr-ops",
        to: &["FVEY"],
        expected: &[Expected::forward("usa-ops"), Expected::forward("can-ops"), Expected::forward("aus-ops"), Expected::forward("nzl-ops")],
        draft: |draft, _| draft.mark("SECRET", "", FIVE_EYES),
        damage: whole,
    },
    Recipe {
        name: "track-two-nations",
        says: "a SECRET track releasable to the USA only, addressed to the USA and to Canada",
        from: "gbr-ops",
        to: &["usa-ops", "can-ops"],
        expected: &[Expected::forward("usa-ops"), Expected::stopped("can-ops", Reason::ClearancePermissive)],
        draft: |draft, _| draft.mark("SECRET", "", "GBR USA"),
        damage: whole,
    },
    Recipe {
        name: "track-comma-list",
        says: "the same list written with commas",
        from: "gbr-ops",
        to: &["usa-ops"],
        expected: &[Expected::forward("usa-ops")],
        draft: |draft, _| draft.mark("SECRET", "", "GBR,USA,CAN"),
        damage: whole,
    },
    Recipe {
        name: "air-track",
        says: "an air track of precedence FLASH",
        from: "gbr-ops",
        to: &["usa-ops", "aus-ops"],
        expected: &[Expected::forward("usa-ops"), Expected::forward("aus-ops")],
        draft: |draft, dice| {
            draft.kind = "a-h-A-M-F";
            draft.precedence = Precedence::Flash;
            draft.point[2] = dice.decimal(3000, 9000, 1);
            draft.mark("SECRET", "", FIVE_EYES);
        },
        damage: whole,
    },
    Recipe {
        name: "sea-track",
        says: "a surface track with unknown height",
        from: "gbr-ops",
        to: &["nzl-ops"],
        expected: &[Expected::forward("nzl-ops")],
        draft: |draft, dice| {
            draft.kind = "a-n-S-X-M";
            draft.point[2] = "9999999.0".to_owned();
            draft.point[1] = dice.decimal(-10, 8, 6);
            draft.mark("OFFICIAL-SENSITIVE", "", FIVE_EYES);
        },
        damage: whole,
    },
    Recipe {
        name: "track-top-secret",
        says: "a TOP SECRET track, above what any peer abroad is cleared for",
        from: "gbr-ops",
        to: &["usa-ops", "can-ops"],
        expected: &[Expected::stopped("usa-ops", Reason::ClearanceLevel), Expected::stopped("can-ops", Reason::ClearanceLevel)],
        draft: |draft, _| draft.mark("TOP SECRET", "", FIVE_EYES),
        damage: whole,
    },
    Recipe {
        name: "uk-eyes-only",
        says: "a track that stays within its nation",
        from: "gbr-ops",
        to: &["usa-ops", "aus-ops"],
        expected: &[Expected::stopped("usa-ops", Reason::ClearanceNationalOnly), Expected::stopped("aus-ops", Reason::ClearanceNationalOnly)],
        draft: |draft, _| draft.mark("SECRET", "UK EYES ONLY", ""),
        damage: whole,
    },
    Recipe {
        name: "no-release-list",
        says: "a SECRET track without releasability: nothing said means the owner only",
        from: "gbr-ops",
        to: &["usa-ops"],
        expected: &[Expected::stopped("usa-ops", Reason::ClearanceNationalOnly)],
        draft: |draft, _| draft.mark("SECRET", "", ""),
        damage: whole,
    },
    Recipe {
        name: "noforn",
        says: "an American track marked NOFORN, sent to Britain",
        from: "usa-ops",
        to: &["gbr-ops"],
        expected: &[Expected::stopped("gbr-ops", Reason::ClearanceNationalOnly)],
        draft: |draft, _| draft.mark("SECRET", "NOFORN", ""),
        damage: whole,
    },
    Recipe {
        name: "usa-to-gbr",
        says: "an American track releasable to Britain",
        from: "usa-ops",
        to: &["gbr-ops"],
        expected: &[Expected::forward("gbr-ops")],
        draft: |draft, _| draft.mark("SECRET", "", "USA GBR"),
        damage: whole,
    },
    Recipe {
        name: "nato-secret-to-gbr",
        says: "a NATO SECRET track from the headquarters to Britain",
        from: "nato-hq",
        to: &["gbr-ops"],
        expected: &[Expected::forward("gbr-ops")],
        draft: |draft, _| draft.mark("NATO SECRET", "", ""),
        damage: whole,
    },
    Recipe {
        name: "can-to-gbr",
        says: "a Canadian track, marked in the Canadian scheme",
        from: "can-ops",
        to: &["gbr-ops"],
        expected: &[Expected::forward("gbr-ops")],
        draft: |draft, _| draft.mark("SECRET", "", "GBR CAN"),
        damage: whole,
    },
    Recipe {
        name: "track-nato",
        says: "a SECRET track releasable to NATO: the headquarters gets a coarser place",
        from: "gbr-ops",
        to: &["nato-hq"],
        expected: &[Expected::sanitised("nato-hq")],
        draft: |draft, _| draft.mark("SECRET", "", "GBR NATO"),
        damage: whole,
    },
    Recipe {
        name: "track-mixed-recipients",
        says: "one track to a near ally, to NATO, to Germany and to a private partner",
        from: "gbr-ops",
        to: &["usa-ops", "nato-hq", "deu-ops", "guest-isac"],
        expected: &[
            Expected::forward("usa-ops"),
            Expected::sanitised("nato-hq"),
            Expected::sanitised("deu-ops"),
            Expected::stopped("guest-isac", Reason::ClearanceLevel),
        ],
        draft: |draft, _| draft.mark("SECRET", "", "GBR USA NATO"),
        damage: whole,
    },
    Recipe {
        name: "five-eyes-not-nato",
        says: "a Five Eyes track addressed to Germany",
        from: "gbr-ops",
        to: &["deu-ops"],
        expected: &[Expected::stopped("deu-ops", Reason::ClearancePermissive)],
        draft: |draft, _| draft.mark("SECRET", "", FIVE_EYES),
        damage: whole,
    },
    Recipe {
        name: "isac-notice",
        says: "an OFFICIAL position for the private partner: coarse place and time, no remarks",
        from: "gbr-ops",
        to: &["guest-isac"],
        expected: &[Expected::sanitised("guest-isac")],
        draft: |draft, _| draft.mark("OFFICIAL", "", "GBR ISAC"),
        damage: whole,
    },
    Recipe {
        name: "tasking-review",
        says: "a tasking, which the agreement releases only after review",
        from: "gbr-ops",
        to: &["usa-ops"],
        expected: &[Expected::stopped("usa-ops", Reason::AgreementReview)],
        draft: |draft, _| {
            draft.kind = "t-x-f";
            draft.mark("SECRET", "", FIVE_EYES);
        },
        damage: whole,
    },
    Recipe {
        name: "kind-without-clause",
        says: "a reservation of air space, a kind of which no clause speaks",
        from: "gbr-ops",
        to: &["usa-ops"],
        expected: &[Expected::stopped("usa-ops", Reason::AgreementNone)],
        draft: |draft, _| {
            draft.kind = "r-A";
            draft.mark("SECRET", "", FIVE_EYES);
        },
        damage: whole,
    },
    Recipe {
        name: "partner-to-partner",
        says: "an Australian position for Britain's private partner: what a third nation sent does not go on",
        from: "aus-ops",
        to: &["guest-isac"],
        expected: &[Expected::stopped("guest-isac", Reason::AgreementForbidden)],
        draft: |draft, _| draft.mark("UK OFFICIAL", "", "GBR AUS ISAC"),
        damage: whole,
    },
    Recipe {
        name: "special-forces-to-nato",
        says: "a track of special forces, which a policy of the rule set keeps among the Five Eyes",
        from: "gbr-ops",
        to: &["usa-ops", "nato-hq"],
        expected: &[Expected::forward("usa-ops"), Expected::stopped("nato-hq", Reason::AgreementForbidden)],
        draft: |draft, _| {
            draft.kind = "a-f-F-G";
            draft.mark("SECRET", "", "GBR USA NATO");
        },
        damage: whole,
    },
    Recipe {
        name: "partner-report",
        says: "a report of the private partner, which people read before it enters the national picture",
        from: "guest-isac",
        to: &["gbr-ops"],
        expected: &[Expected::stopped("gbr-ops", Reason::AgreementReview)],
        draft: |draft, _| {
            draft.kind = "b-m-p-s-m";
            draft.mark("OFFICIAL", "", "GBR ISAC");
        },
        damage: whole,
    },
    Recipe {
        name: "alert",
        says: "somebody needs help: it does not wait for a reviewer",
        from: "usa-ops",
        to: &["gbr-ops", "can-ops"],
        expected: &[Expected::forward("gbr-ops"), Expected::forward("can-ops")],
        draft: |draft, _| {
            draft.kind = "b-a-o-tbl";
            draft.precedence = Precedence::Flash;
            draft.element(r#"<emergency type="911 Alert">HERON-12</emergency>"#);
            draft.mark("SECRET", "", "USA FVEY");
        },
        damage: whole,
    },
    Recipe {
        name: "route",
        says: "a route on the map: whose it is stays at home",
        from: "gbr-ops",
        to: &["nzl-ops"],
        expected: &[Expected::sanitised("nzl-ops")],
        draft: |draft, _| {
            draft.kind = "b-m-r";
            draft.element(r#"<link uid="GEN-WP-1" type="b-m-p-w" relation="c" callsign="WP1" parent_callsign="ANVIL-11" point="51.1,-1.2"/>"#);
            draft.mark("OFFICIAL-SENSITIVE", "", FIVE_EYES);
        },
        damage: whole,
    },
    Recipe {
        name: "chat-too-high",
        says: "a SECRET chat line: the clause for chat ends below",
        from: "gbr-ops",
        to: &["aus-ops"],
        expected: &[Expected::stopped("aus-ops", Reason::AgreementNone)],
        draft: |draft, _| {
            draft.kind = "b-t-f";
            draft.mark("SECRET", "", FIVE_EYES);
        },
        damage: whole,
    },
    Recipe {
        name: "germany-to-gbr",
        says: "a NATO RESTRICTED track from Germany, to Britain and, in one message, to a partner who is not in NATO",
        from: "deu-ops",
        to: &["gbr-ops", "aus-ops"],
        expected: &[Expected::forward("gbr-ops"), Expected::stopped("aus-ops", Reason::ClearancePermissive)],
        draft: |draft, _| draft.mark("NATO RESTRICTED", "", ""),
        damage: whole,
    },
    Recipe {
        name: "exercise-track",
        says: "an exercise track, marked so in header and content",
        from: "gbr-ops",
        to: &["usa-ops"],
        expected: &[Expected::forward("usa-ops")],
        draft: |draft, _| {
            draft.traffic = Traffic::Exercise;
            draft.attribute("opex", "e");
            draft.mark("SECRET", "", FIVE_EYES);
        },
        damage: whole,
    },
    Recipe {
        name: "exercise-mixed",
        says: "operational by its header, exercise by its content",
        from: "gbr-ops",
        to: &["usa-ops"],
        expected: &[Expected::stopped("usa-ops", Reason::ExerciseMixed)],
        draft: |draft, _| {
            draft.attribute("opex", "e-STEADFAST");
            draft.mark("SECRET", "", FIVE_EYES);
        },
        damage: whole,
    },
];
