//! Attacks on the path: messages that a sender could write to get more across than the lab's rules mean to release.
//!
//! Each test is named for the defence that stands. The lab's rule set is as much under attack as the code.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these functions serve tests only")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::hmac;
use vestibule::base::{Header, MessageId, Name, Outcome, Precedence, Reason, Time, Traffic};
use vestibule::filter::{ClauseReview, Waiver, Waivers};
use vestibule::pipeline::{Guard, Inspector, Ruling, World};
use vestibule::policy;
use vestibule::policy::report::{Look, render};
use vestibule::sanitise::Keys;

static GUARD: LazyLock<Guard> = LazyLock::new(|| {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    Guard::load(&files).unwrap_or_else(|complaints| panic!("{}", render(&complaints, &files, Look::Plain)))
});

const FVEY: &str = r#"access="SECRET" releasableTo="GBR USA CAN AUS NZL""#;
const NATO: &str = r#"access="SECRET" releasableTo="GBR NATO""#;
const ISAC: &str = r#"access="OFFICIAL" releasableTo="GBR ISAC""#;

fn event(kind: &str, marks: &str, detail: &str) -> String {
    format!(
        r#"<event version="2.0" uid="T-1" type="{kind}" how="m-g" time="2026-03-01T12:00:00Z" start="2026-03-01T12:00:00Z" stale="2026-03-01T12:10:00Z" {marks}><point lat="51.47752" lon="-0.29514" hae="23.5" ce="4.5" le="9999999"/><detail>{detail}</detail></event>"#
    )
}

fn remarks(text: &str) -> String {
    event("a-f-G", FVEY, &format!("<remarks>{text}</remarks>"))
}

fn ruling(from: &str, to: &str, body: &str, waivers: &Waivers) -> Ruling {
    detached(from, to, body, waivers, None)
}

fn detached(from: &str, to: &str, body: &str, waivers: &Waivers, label: Option<String>) -> Ruling {
    let header = Header {
        id: MessageId::from_parts(1, [7; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new(to).unwrap()],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: Time::parse("2026-03-01T12:00:30Z").unwrap(),
        label,
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now: header.sent, keys: &Keys { pseudonym: &key }, waivers, signer: None };
    let mut rulings = Inspector::new(&GUARD).pass(&Name::new(from).unwrap(), &header, body.as_bytes(), &world).rulings;
    rulings.pop().unwrap()
}

fn fate(from: &str, to: &str, body: &str) -> (Outcome, Option<&'static str>) {
    let ruling = ruling(from, to, body, &Waivers::default());
    (ruling.outcome, ruling.code.map(Reason::code))
}

/// What would leave.
fn output(to: &str, body: &str) -> String {
    let ruling = ruling("gbr-ops", to, body, &Waivers::default());
    let verified = ruling.output.unwrap_or_else(|| panic!("{:?} {:?}", ruling.code, ruling.findings));
    String::from_utf8(verified.into_bytes()).unwrap()
}

#[test]
fn what_is_called_a_label_and_is_none_does_not_pass_as_one() {
    for detail in [
        r#"<originatorConfidentialityLabel><x blob="QUJD">any words</x></originatorConfidentialityLabel>"#,
        r#"<b:ConfidentialityLabel xmlns:b="urn:nato:stanag:4778:bindinginformation:1:0"><b:x>any words</b:x></b:ConfidentialityLabel>"#,
    ] {
        assert_eq!(fate("gbr-ops", "usa-ops", &event("a-f-G", FVEY, detail)), (Outcome::Reject, Some("malformed.xml.namespace")), "{detail}");
    }
}

#[test]
fn special_forces_do_not_reach_nato_under_any_affiliation() {
    for affiliation in "afhjknopsux".chars() {
        let body = event(&format!("a-{affiliation}-F-G"), NATO, "");
        assert_eq!(fate("gbr-ops", "nato-hq", &body), (Outcome::Withhold, Some("agreement.forbidden")), "{affiliation}");
    }
    for kind in ["a-zz-F-G", "a-F-F-G", "a-f-f-G", "a-q-F-G", "a-f-G;x"] {
        assert_eq!(fate("gbr-ops", "nato-hq", &event(kind, NATO, "")), (Outcome::Quarantine, Some("fields.pattern")), "{kind}");
    }
}

#[test]
fn a_remark_on_the_type_does_not_hide_the_type() {
    let body = event("a-u-P;x", ISAC, "");
    assert_eq!(fate("gbr-ops", "guest-isac", &body), (Outcome::Withhold, Some("agreement.forbidden")));
}

#[test]
fn a_coarse_notice_gives_nothing_exact_back() {
    let detail = r#"<creator uid="ANDROID-77" callsign="TANGO-1" type="a-f-G" time="2026-03-01T11:59:17Z"/><__chat chatroom="plans" senderCallsign="TANGO-1" id="x"/><height value="12.3456">99.1</height><request wilcoby="2026-03-01T12:03:17Z"/><usericon iconsetpath="some words"/><color argb="-1"/>"#;
    let out = output("guest-isac", &event("a-f-G", ISAC, detail));
    for exact in ["ANDROID-77", "TANGO-1", "11:59:17", "plans", "12.3456", "99.1", "12:03:17", "some words", "51.47", "T-1", "argb"] {
        assert!(!out.contains(exact), "{exact} in {out}");
    }
}

#[test]
fn a_name_with_a_pseudonym_stands_nowhere_else() {
    let detail = r#"<contact callsign="TANGO-1"/><creator uid="u-9" callsign="TANGO-1"/><emergency type="x">TANGO-1</emergency><uid Droid="TANGO-1" nett="TANGO-1"/><link uid="u-8" relation="p-p" type="a" remarks="with tango-1"/><remarks source="BAO.TANGO-1" keywords="TANGO-1">Tango-1 meets TANGO-12, says TANGO-1.</remarks>"#;
    let body = event("a-f-G", NATO, detail);
    let out = output("nato-hq", &body);
    assert_eq!(out.to_lowercase().matches("tango-1").count(), 1, "{out}");
    assert!(out.contains("meets TANGO-12, says ") && out.contains("<remarks"), "{out}");
    assert_eq!(output("usa-ops", &event("a-f-G", FVEY, detail)).to_lowercase().matches("tango-1").count(), 11);
}

#[test]
fn a_marking_in_the_middle_of_a_text_is_read() {
    for (text, code) in [
        ("before\nTOP SECRET//SI\nafter", "label.malformed"),
        ("before\nTOP SECRET\nafter", "label.banner_above"),
        ("before\nＴＯＰ ＳＥＣＲＥＴ\nafter", "label.character"),
        ("before\nTOP  SECRET//SI\nafter", "label.level_unknown"),
        ("the words (TS//SI) were cut out", "content.pattern"),
        ("(CTS) were cut out", "label.level_unknown"),
        ("it is top-secret", "content.words"),
    ] {
        let (outcome, found) = fate("gbr-ops", "usa-ops", &remarks(text));
        assert_eq!(outcome, Outcome::Quarantine, "{text:?}");
        println!("{text:?} {found:?}");
        assert!(code.starts_with("label.") == found.is_some_and(|found| found.starts_with("label.")), "{text:?} {found:?}");
    }
    let marked =
        event("a-f-G", r#"access="SECRET" releasableTo="GBR USA""#, "<remarks>UK SECRET - UK/US EYES ONLY\ntext\nSECRET - UK/US EYES ONLY</remarks>");
    assert_ne!(fate("gbr-ops", "usa-ops", &marked).1, Some("label.banner_above"));
}

#[test]
fn a_banner_alone_is_no_label() {
    let body = event("a-f-G", "", "<remarks>SECRET//REL TO USA, GBR</remarks>");
    assert_eq!(fate("usa-ops", "gbr-ops", &body), (Outcome::Quarantine, Some("label.missing")));
}

#[test]
fn content_for_its_own_nation_alone_does_not_change_nations_with_its_scheme() {
    let canadian = event("a-f-G", r#"access="SECRET""#, "");
    assert_eq!(fate("can-ops", "gbr-ops", &canadian), (Outcome::Withhold, Some("clearance.national_only")));
}

#[test]
fn places_in_words_are_found_as_people_write_them() {
    for place in [
        "30uxc 99316 10163",
        "30U-XC-99316-10163",
        "51.47752, -0.29514",
        "51.47752 -0.29514",
        "at 51.47752,-0.29514 now",
        "N51 28.651 W000 17.708",
        "51°28'39\"N 0°17'42\"W",
        "5128N 00017W",
        "lat 51.47752 lon -0.29514",
        "１９２.０.２.１７",
    ] {
        assert_eq!(fate("gbr-ops", "usa-ops", &remarks(place)).0, Outcome::Quarantine, "{place}");
    }
    for harmless in ["grid north is 1.25 degrees", "battery 51.5, speed 4", "2 at 1600", "no. 12 of 30.5.2026", "moved 120 m at 1200"] {
        assert_eq!(fate("gbr-ops", "usa-ops", &remarks(harmless)), (Outcome::Forward, None), "{harmless}");
    }
}

#[test]
fn addresses_in_other_spellings_do_not_leave() {
    for address in ["192[.]0[.]2[.]17", "2001:db8::1", "2001:db8:0:0:0:0:0:1", "hxxp://x.example/a", "fe80::1"] {
        let out = output("usa-ops", &remarks(&format!("see {address} now")));
        assert!(!out.contains(address) && out.contains("[withheld]"), "{out}");
    }
}

#[test]
fn reviewers_waive_findings_and_nothing_else() {
    let mixed = event("a-f-G", &format!(r#"{FVEY} opex="e""#), "<remarks>GREYWATER</remarks>");
    let held = ruling("gbr-ops", "usa-ops", &mixed, &Waivers::default());
    let all: BTreeSet<Waiver> =
        held.findings.iter().map(|found| Waiver { code: found.code, rule: Arc::clone(&found.rule), path: found.path.clone() }).collect();
    let waivers = Waivers { findings: all, clause_review: ClauseReview::Granted, ..Waivers::default() };
    let again = ruling("gbr-ops", "usa-ops", &mixed, &waivers);
    assert_eq!((again.outcome, again.code, again.output.is_none()), (Outcome::Quarantine, Some(Reason::ExerciseMixed), true));
    let above = event("a-f-G", r#"access="TOP SECRET" releasableTo="GBR USA""#, "");
    let waivers = Waivers { findings: [Waiver { code: Reason::ClearanceLevel, rule: "".into(), path: String::new() }].into(), ..waivers };
    assert_eq!(ruling("gbr-ops", "usa-ops", &above, &waivers).code, Some(Reason::ClearanceLevel));
}

#[test]
fn a_name_as_long_as_a_message_is_refused_before_it_stands_in_a_path() {
    let name = "n".repeat(600);
    let body = event("a-f-G", FVEY, &format!(r#"<{name}><a b="GREYWATER"/></{name}>"#));
    assert_eq!(fate("gbr-ops", "usa-ops", &body), (Outcome::Reject, Some("size.budget")));
}

#[test]
fn findings_repeat_no_words_of_the_message() {
    let body = event(
        "a-f-G",
        FVEY,
        r#"<contact callsign="xx-ZEBRAFISH"/><remarks>GREYWATER ZEBRAFISH 192.0.2.1 30UXC 99316 10163 \u{202E}ZEBRAFISH</remarks>"#,
    );
    let found = ruling("gbr-ops", "usa-ops", &body, &Waivers::default()).findings;
    assert!(found.len() >= 3, "{found:?}");
    for finding in &found {
        assert!(!["ZEBRAFISH", "GREYWATER", "99316"].iter().any(|word| finding.text.contains(word) || finding.path.contains(word)), "{finding:?}");
    }
}

fn nato_label(mark: &str) -> String {
    format!(
        r#"<s:originatorConfidentialityLabel xmlns:s="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0" ReviewDateTime="2031-01-01T00:00:00Z"><s:ConfidentialityInformation><s:PolicyIdentifier>NATO</s:PolicyIdentifier><s:Classification>SECRET</s:Classification>{mark}<s:Category TagName="Context" Type="PERMISSIVE"><s:GenericValue>NATO</s:GenericValue></s:Category></s:ConfidentialityInformation><s:CreationDateTime>2026-01-01T00:00:00Z</s:CreationDateTime></s:originatorConfidentialityLabel>"#
    )
}

#[test]
fn a_label_carries_no_free_words_across() {
    let fate = |body: &str, label: Option<String>| {
        let ruling = detached("gbr-ops", "nato-hq", body, &Waivers::default(), label);
        (ruling.outcome, ruling.code.map(Reason::code))
    };
    let mark = "<s:PrivacyMark>the bridge is mined</s:PrivacyMark>";
    let bare = event("a-f-G", "", "");
    assert_eq!(fate(&bare, Some(nato_label(""))), (Outcome::Forward, None));
    assert_eq!(fate(&bare, Some(nato_label(mark))), (Outcome::Quarantine, Some("label.malformed")));
    assert_eq!(fate(&event("a-f-G", "", &nato_label("")), None), (Outcome::Forward, None));
    assert_eq!(fate(&event("a-f-G", "", &nato_label(mark)), None), (Outcome::Quarantine, Some("fields.forbidden")));
}

#[test]
fn both_readers_know_a_foreign_classification_in_a_us_marking() {
    let body = event("a-f-G", r#"access="//NATO SECRET""#, "");
    assert_eq!(fate("usa-ops", "gbr-ops", &body), (Outcome::Forward, None));
}
