//! Well-labelled messages whose content a rule speaks about: words, patterns, fields, references.

use super::super::{Dice, Draft, Expected, Recipe, whole};
use crate::base::{Outcome, Reason};

const FIVE_EYES: &str = "GBR USA CAN AUS NZL";

static FORWARD: [Expected; 1] = [Expected::forward("usa-ops")];
static SANITISED: [Expected; 1] = [Expected::sanitised("usa-ops")];
static WORDS: [Expected; 1] = [Expected::stopped("usa-ops", Reason::ContentWords)];
static DETECTOR: [Expected; 1] = [Expected::stopped("usa-ops", Reason::ContentDetector)];
static PATTERN_REFUSED: [Expected; 1] = [Expected::ruled("usa-ops", Outcome::Reject, Reason::ContentPattern)];
static LENGTH: [Expected; 1] = [Expected::stopped("usa-ops", Reason::FieldsLength)];
static FORBIDDEN: [Expected; 1] = [Expected::stopped("usa-ops", Reason::FieldsForbidden)];
static FORM: [Expected; 1] = [Expected::stopped("usa-ops", Reason::FieldsPattern)];
static UNICODE: [Expected; 1] = [Expected::stopped("usa-ops", Reason::ContentUnicode)];

const fn to_usa(name: &'static str, says: &'static str, expected: &'static [Expected], draft: fn(&mut Draft, &mut Dice)) -> Recipe {
    Recipe { name, says, from: "gbr-ops", to: &["usa-ops"], expected, draft, damage: whole }
}

fn remark(draft: &mut Draft, text: &str) {
    draft.mark("SECRET", "", FIVE_EYES);
    draft.remarks = Some(text.to_owned());
}

pub(super) static RECIPES: &[Recipe] = &[
    to_usa("word-plain", "a code word of the list in a remark", &WORDS, |draft, _| remark(draft, "the next GREYWATER window opens at dusk")),
    to_usa("word-spaced", "the code word with spaces between its letters", &WORDS, |draft, _| remark(draft, "the next G R E Y W A T E R window")),
    to_usa("word-look-alike", "the code word with Cyrillic letters in it", &WORDS, |draft, _| {
        remark(draft, "the next GR\u{415}YW\u{410}TER window");
    }),
    to_usa("word-full-width", "the code word in full-width letters", &WORDS, |draft, _| {
        remark(draft, "the next \u{ff27}\u{ff32}\u{ff25}\u{ff39}\u{ff37}\u{ff21}\u{ff34}\u{ff25}\u{ff32} window");
    }),
    to_usa("word-in-callsign", "the code word as a call sign", &WORDS, |draft, _| {
        draft.mark("SECRET", "", FIVE_EYES);
        draft.detail.retain(|element| !element.starts_with("<contact"));
        draft.element(r#"<contact callsign="GREYWATER 1"/>"#);
    }),
    to_usa("word-inside-word", "a harmless word that contains a listed one", &FORWARD, |draft, _| {
        remark(draft, "the secretary will confirm the time")
    }),
    to_usa("private-key", "a private key pasted into a remark", &PATTERN_REFUSED, |draft, dice| {
        let key: String = (0..6).map(|_| format!("{:016x}", dice.roll())).collect();
        remark(draft, &format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----"));
    }),
    to_usa("grid-reference", "an exact place written as text", &DETECTOR, |draft, dice| {
        remark(draft, &format!("meet at 30U XC {:05} {:05}", dice.below(99_999), dice.below(99_999)));
    }),
    to_usa("network-address", "a network address in a remark: the matched text is taken away", &SANITISED, |draft, dice| {
        remark(draft, &format!("server moved to 192.0.2.{} as agreed", dice.below(254)));
    }),
    to_usa("handling-words", "an author who asks that it be kept close", &WORDS, |draft, _| {
        remark(draft, "two vehicles at the bridge, Do  Not\tForward");
    }),
    to_usa("remark-too-long", "a remark longer than anybody reads", &LENGTH, |draft, _| {
        remark(draft, &"the road is clear and dry. ".repeat(90));
    }),
    to_usa("image-attached", "a picture, which people must look at first", &FORBIDDEN, |draft, _| {
        draft.mark("SECRET", "", FIVE_EYES);
        draft.element(r#"<image mime="image/jpeg" width="640" height="480">/9j/4AAQSkZJRgABAQ==</image>"#);
    }),
    to_usa("alert-type-odd", "an alert of a type that is not written as one", &FORM, |draft, _| {
        draft.kind = "b-a-o-tbl";
        draft.mark("SECRET", "", FIVE_EYES);
        draft.element(r#"<emergency type="911_Alert?">HERON-12</emergency>"#);
    }),
    to_usa("text-bidi", "a bidirectional override in a remark", &UNICODE, |draft, _| remark(draft, "move to \u{202e}htron\u{202c} ridge")),
    to_usa("fields-device", "the sender's device and network address: taken away", &SANITISED, |draft, dice| {
        draft.mark("SECRET", "", FIVE_EYES);
        draft.element(r#"<takv device="SAMSUNG SM-G960U" os="29" platform="ATAK-CIV" version="4.1.1"/>"#);
        draft.element(format!(r#"<__serverdestination destinations="192.0.2.{}:4242:tcp:ops"/>"#, dice.below(254)));
    }),
    to_usa("fields-flow-tags", "tags that show the path through systems: taken away", &SANITISED, |draft, _| {
        draft.mark("SECRET", "", FIVE_EYES);
        let time = draft.times[0].clone();
        draft.element(format!(r#"<_flow-tags_ TAK-Server-lab="{time}"/>"#));
    }),
    to_usa("fields-file-share", "a file to be pulled from the sender: taken away", &SANITISED, |draft, _| {
        draft.mark("SECRET", "", FIVE_EYES);
        draft.element(concat!(
            r#"<fileshare filename="plan.zip" name="plan" senderCallsign="HERON-1" senderUid="GEN-1" "#,
            r#"senderUrl="https://192.0.2.7:8443/sync?hash=1" sha256="00" sizeInBytes="10"/>"#
        ));
    }),
    to_usa("fields-unknown", "a field that the profile does not list: taken away", &SANITISED, |draft, _| {
        draft.mark("SECRET", "", FIVE_EYES);
        draft.element(r#"<vendor_extension blob="00112233"/>"#);
    }),
    to_usa("comments-dropped", "comments between elements: they never leave", &FORWARD, |draft, _| {
        draft.mark("SECRET", "", FIVE_EYES);
        draft.element("<!-- made by hand -->");
    }),
    to_usa("word-twice", "a code word and a private key: all is reported, the worst decides", &WORDS, |draft, _| {
        remark(draft, "GREYWATER at dusk, then GREYWATER again");
    }),
];
