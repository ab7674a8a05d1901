//! Markings that cannot be read, contradict each other or name what no policy knows.

use super::super::{Dice, Draft, Expected, Recipe, whole};
use crate::base::Reason;

const FIVE_EYES: &str = "GBR USA CAN AUS NZL";

/// A STANAG 4774 label of a policy, a classification and categories, written out.
fn stanag(policy: &str, classification: &str, categories: &str, created: &str) -> String {
    format!(
        concat!(
            r#"<slab:originatorConfidentialityLabel xmlns:slab="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0" "#,
            r#"ReviewDateTime="2099-12-31T00:00:00Z">"#,
            "<slab:ConfidentialityInformation><slab:PolicyIdentifier>{}</slab:PolicyIdentifier>",
            "<slab:Classification>{}</slab:Classification>{}</slab:ConfidentialityInformation>",
            "<slab:CreationDateTime>{}</slab:CreationDateTime></slab:originatorConfidentialityLabel>"
        ),
        policy, classification, categories, created
    )
}

const RELEASABLE_NATO: &str = r#"<slab:Category TagName="Context" Type="PERMISSIVE"><slab:GenericValue>NATO</slab:GenericValue></slab:Category>"#;

const fn held(reason: Reason) -> [Expected; 1] {
    [Expected::stopped("usa-ops", reason)]
}

static MISSING: [Expected; 1] = held(Reason::LabelMissing);
static MALFORMED: [Expected; 1] = held(Reason::LabelMalformed);
static DISAGREE: [Expected; 1] = held(Reason::LabelDisagree);
static POLICY: [Expected; 1] = held(Reason::LabelPolicyUnknown);
static LEVEL: [Expected; 1] = held(Reason::LabelLevelUnknown);
static CATEGORY: [Expected; 1] = held(Reason::LabelCategoryUnknown);
static CHARACTER: [Expected; 1] = held(Reason::LabelCharacter);
static INVALID_CHARACTER: [Expected; 1] = held(Reason::InvalidCotCharacter);
static DATE: [Expected; 1] = held(Reason::LabelDate);
static RULE: [Expected; 1] = held(Reason::LabelRule);
static BANNER: [Expected; 1] = held(Reason::LabelBannerAbove);

const fn to_usa(name: &'static str, says: &'static str, expected: &'static [Expected], draft: fn(&mut Draft, &mut Dice)) -> Recipe {
    Recipe { name, says, from: "gbr-ops", to: &["usa-ops"], expected, draft, damage: whole }
}

pub(super) static RECIPES: &[Recipe] = &[
    to_usa("label-missing", "a track without any label", &MISSING, |_, _| ()),
    to_usa("label-undefined", "access is `Undefined`, which says nothing", &MISSING, |draft, _| draft.mark("Undefined", "", "")),
    to_usa("label-level-unknown", "a classification that the British scheme does not have", &LEVEL, |draft, _| {
        draft.mark("RESTRICTED", "", FIVE_EYES);
    }),
    to_usa("label-level-lower-case", "a classification that is not spelt as the scheme spells it", &LEVEL, |draft, _| {
        draft.mark("Secret", "", FIVE_EYES);
    }),
    to_usa("label-nation-unknown", "a releasability list with a code of no nation", &CATEGORY, |draft, _| draft.mark("SECRET", "", "GBR USX")),
    to_usa("label-caveat-unknown", "a caveat that the scheme does not have", &CATEGORY, |draft, _| draft.mark("SECRET", "MOONBEAM", FIVE_EYES)),
    to_usa("label-empty-list", "a releasability list of separators only", &MALFORMED, |draft, _| draft.mark("SECRET", "", " , ")),
    to_usa("label-look-alike", "a classification with a Cyrillic letter in it", &CHARACTER, |draft, _| {
        draft.mark("S\u{415}CRET", "", FIVE_EYES);
    }),
    to_usa("label-bidi", "a classification with a bidirectional override in it", &INVALID_CHARACTER, |draft, _| {
        draft.mark("SECRET\u{202e}", "", FIVE_EYES);
    }),
    to_usa("label-eyes-only-and-list", "UK EYES ONLY together with a foreign releasability list", &RULE, |draft, _| {
        draft.mark("SECRET", "UK EYES ONLY", "GBR USA");
    }),
    to_usa("label-two-disagree", "attributes say OFFICIAL, the STANAG 4774 label says SECRET", &DISAGREE, |draft, _| {
        draft.mark("OFFICIAL", "", FIVE_EYES);
        let created = draft.times[0].clone();
        draft.element(stanag("GBR", "SECRET", "", &created));
    }),
    to_usa("label-policy-unknown", "a STANAG 4774 label of a policy that nobody has", &POLICY, |draft, _| {
        let created = draft.times[0].clone();
        draft.element(stanag("ATLANTIS", "SECRET", "", &created));
    }),
    to_usa("label-from-the-future", "a STANAG 4774 label made an age from now", &DATE, |draft, _| {
        draft.element(stanag("NATO", "SECRET", RELEASABLE_NATO, "2099-01-01T00:00:00Z"));
    }),
    to_usa("label-banner-above", "marked OFFICIAL, but the text carries a SECRET banner", &BANNER, |draft, _| {
        draft.mark("OFFICIAL", "", FIVE_EYES);
        draft.remarks = Some("UK SECRET\nsee the annex for the times".to_owned());
    }),
    to_usa("label-caveat-on-official", "UK EYES ONLY on OFFICIAL, where the scheme does not have it", &RULE, |draft, _| {
        draft.mark("OFFICIAL", "UK EYES ONLY", "");
    }),
    Recipe {
        name: "label-code-word",
        says: "a SECRET track with a code word for which nobody abroad is cleared",
        from: "gbr-ops",
        to: &["usa-ops"],
        expected: &[Expected::stopped("usa-ops", Reason::ClearanceRestrictive)],
        draft: |draft, _| draft.mark("SECRET", "GREY HERON", FIVE_EYES),
        damage: whole,
    },
    Recipe {
        name: "label-stanag",
        says: "a NATO SECRET track labelled by STANAG 4774 in its detail",
        from: "nato-hq",
        to: &["gbr-ops"],
        expected: &[Expected::forward("gbr-ops")],
        draft: |draft, _| {
            let created = draft.times[0].clone();
            draft.element(stanag("NATO", "SECRET", RELEASABLE_NATO, &created));
        },
        damage: whole,
    },
    Recipe {
        name: "label-detached",
        says: "a NATO track whose label stands in the frame, not in the message",
        from: "nato-hq",
        to: &["gbr-ops"],
        expected: &[Expected::forward("gbr-ops")],
        draft: |draft, _| {
            let created = draft.times[0].clone();
            draft.label = Some(stanag("NATO", "SECRET", RELEASABLE_NATO, &created));
        },
        damage: whole,
    },
];
