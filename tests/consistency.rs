//! Markings that do not fit together: each is a finding whose weight the rule set sets, and none is let pass.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use aws_lc_rs::hmac;
use vestibule::base::{Action, Finding, Header, MessageId, Name, Outcome, Precedence, Reason, Severity, Time, Traffic};
use vestibule::filter::Waivers;
use vestibule::pipeline::{Guard, Inspector, World};
use vestibule::policy::{self, SourceFile};
use vestibule::sanitise::Keys;

const NOW: &str = "2026-03-01T12:00:30Z";

/// The lab with other rules for its detectors; each is name, action, severity.
fn files(rules: &[(&str, &str, &str)]) -> Vec<SourceFile> {
    let mut files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let rule = |(name, action, severity): &(&str, &str, &str)| {
        format!("[[detector]]\nname = \"{name}\"\naction = \"{action}\"\nseverity = \"{severity}\"\n")
    };
    if !rules.is_empty() {
        let file = files.iter_mut().find(|file| &*file.path == "filters/detectors.toml").unwrap();
        file.text = rules.iter().map(rule).collect::<String>().into();
    }
    files
}

fn message(name: &str, changes: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes/cases/messages").join(name);
    let mut text = std::fs::read_to_string(path).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

/// The lab under such rules; compiling it is slow, so each is kept.
fn guard(rules: &[(&str, &str, &str)]) -> &'static Guard {
    static KEPT: Mutex<BTreeMap<String, &'static Guard>> = Mutex::new(BTreeMap::new());
    let load = || Box::leak(Box::new(Guard::load(&files(rules)).unwrap_or_else(|complaints| panic!("{complaints:#?}"))));
    KEPT.lock().unwrap().entry(format!("{rules:?}")).or_insert_with(|| load())
}

/// What becomes of a message under some rules: the outcome and the finding of a reason.
fn weighed(rules: &[(&str, &str, &str)], from: &str, to: &str, label: Option<&str>, body: &str, reason: Reason) -> (Outcome, Option<Finding>) {
    let guard = guard(rules);
    let header = Header {
        id: MessageId::from_parts(1, [0; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new(to).unwrap()],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: Time::parse(NOW).unwrap(),
        label: label.map(str::to_owned),
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let (keys, waivers) = (Keys { pseudonym: &key }, Waivers::default());
    let world = World { now: Time::parse(NOW).unwrap(), keys: &keys, waivers: &waivers, signer: None };
    let ruling = Inspector::new(guard).pass(&Name::new(from).unwrap(), &header, body.as_bytes(), &world).rulings.remove(0);
    let found = ruling.findings.iter().find(|finding| finding.code == reason).cloned();
    println!("{from} to {to}: {:?} {:?}: {:?}", ruling.outcome, ruling.code, ruling.findings);
    (ruling.outcome, found)
}

fn stanag(dates: &str) -> String {
    format!(
        "<s:originatorConfidentialityLabel xmlns:s=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\"{dates}><s:ConfidentialityInformation><s:PolicyIdentifier>NATO</s:PolicyIdentifier><s:Classification>SECRET</s:Classification><s:Category TagName=\"Context\" Type=\"PERMISSIVE\"><s:GenericValue>NATO</s:GenericValue></s:Category></s:ConfidentialityInformation><s:CreationDateTime>2026-01-01T00:00:00Z</s:CreationDateTime></s:originatorConfidentialityLabel>"
    )
}

#[test]
fn a_contradiction_is_held_or_refused_as_grave_as_the_officer_says() {
    let track =
        |from: &str, to: &str| message("track.xml", &[("access=\"SECRET\" releasableTo=\"GBR USA CAN AUS NZL\"", from), ("two vehicles", to)]);
    let british = "access=\"SECRET\" releasableTo=\"GBR USA\"";
    let american = "access=\"SECRET\" releasableTo=\"USA GBR\"";
    let restricted = stanag(" ReviewDateTime=\"2031-01-01T00:00:00Z\"").replace("SECRET", "RESTRICTED");
    let higher = restricted.replace("RESTRICTED", "TOP SECRET").replace("originatorC", "metadataC");
    for (rule, reason, from, to, label, body) in [
        ("label-banner", Reason::LabelBannerAbove, "gbr-ops", "usa-ops", None, track(british, "TOP SECRET - UK/US EYES ONLY\ntwo vehicles")),
        ("label-banner", Reason::LabelBannerAbove, "gbr-ops", "usa-ops", None, track(british, "two\nSECRET - UK EYES ONLY\nvehicles")),
        ("label-portion", Reason::LabelPortionAbove, "usa-ops", "gbr-ops", None, track(american, "(TS//REL TO USA, GBR) two vehicles")),
        ("label-portion", Reason::LabelPortionAbove, "usa-ops", "gbr-ops", None, track(american, "(S//NF) two vehicles")),
        ("label-portion", Reason::LabelPortionAbove, "nato-hq", "gbr-ops", None, message("report.mtf", &[("(NS) THE COLUMN", "(CTS) THE COLUMN")])),
        (
            "label-metadata",
            Reason::LabelMetadataAbove,
            "nato-hq",
            "gbr-ops",
            None,
            message("nato-track.xml", &[("<detail>", &format!("<detail>{higher}"))]),
        ),
        ("label-copies", Reason::LabelDisagree, "nato-hq", "gbr-ops", Some(restricted.as_str()), message("nato-track.xml", &[])),
        (
            "label-copies",
            Reason::LabelDisagree,
            "nato-hq",
            "gbr-ops",
            None,
            message(
                "nato-track.xml",
                &[
                    ("access=\"NATO SECRET\"", "access=\"NATO RESTRICTED\""),
                    ("<detail>", &format!("<detail>{}", stanag(" ReviewDateTime=\"2031-01-01T00:00:00Z\""))),
                ],
            ),
        ),
    ] {
        for (action, severity, expected) in [
            ("hold", "critical", (Outcome::Quarantine, Action::Hold, Severity::Critical)),
            ("hold", "low", (Outcome::Quarantine, Action::Hold, Severity::Low)),
            ("refuse", "medium", (Outcome::Reject, Action::Refuse, Severity::Medium)),
        ] {
            let (outcome, found) = weighed(&[(rule, action, severity)], from, to, label, &body, reason);
            let found = found.unwrap_or_else(|| panic!("{rule}: no finding"));
            assert_eq!((outcome, found.action, found.severity), expected, "{rule}");
            assert_eq!(&*found.rule, "filters/detectors.toml:1", "{rule}");
        }
        // Where no rule speaks, it is held all the same.
        assert_eq!(weighed(&[("degrees", "hold", "high")], from, to, label, &body, reason).0, Outcome::Quarantine, "{rule}");
    }
}

#[test]
fn a_date_that_has_passed_is_told_or_holds_the_message_as_the_officer_says() {
    let body = |dates: &str, succession: &str| {
        let label = stanag(dates).replace("</s:originatorConfidentialityLabel>", &format!("{succession}</s:originatorConfidentialityLabel>"));
        message("nato-track.xml", &[("access=\"NATO SECRET\"", ""), ("<detail>", &format!("<detail>{label}"))])
    };
    let successor = "<s:SuccessionHandling><s:SuccessionDateTime>2026-02-01T00:00:00Z</s:SuccessionDateTime><s:SuccessorConfidentialityLabel><s:ConfidentialityInformation><s:PolicyIdentifier>NATO</s:PolicyIdentifier><s:Classification>UNCLASSIFIED</s:Classification><s:Category TagName=\"Context\" Type=\"PERMISSIVE\"><s:GenericValue>NATO</s:GenericValue></s:Category></s:ConfidentialityInformation><s:CreationDateTime>2026-01-01T00:00:00Z</s:CreationDateTime></s:SuccessorConfidentialityLabel></s:SuccessionHandling>";
    for (rule, reason, body) in [
        ("label-review-date", Reason::LabelReviewPast, body(" ReviewDateTime=\"2026-02-01T00:00:00Z\"", "")),
        ("label-succession-date", Reason::LabelSuccessionPast, body("", successor)),
    ] {
        for (action, expected) in [("note", Outcome::Forward), ("hold", Outcome::Quarantine), ("refuse", Outcome::Reject)] {
            let (outcome, found) = weighed(&[(rule, action, "medium")], "nato-hq", "gbr-ops", None, &body, reason);
            assert_eq!((outcome, found.map(|found| found.severity)), (expected, Some(Severity::Medium)), "{rule} {action}");
        }
        // Where no rule speaks, it is told.
        let (outcome, found) = weighed(&[("degrees", "hold", "high")], "nato-hq", "gbr-ops", None, &body, reason);
        assert_eq!((outcome, found.map(|found| found.action)), (Outcome::Forward, Some(Action::Note)), "{rule}");
    }
    let ahead = body(" ReviewDateTime=\"2026-03-02T00:00:00Z\"", "");
    assert_eq!(weighed(&[], "nato-hq", "gbr-ops", None, &ahead, Reason::LabelReviewPast), (Outcome::Forward, None));
    // A detached label has dates, too.
    let past = stanag(" ReviewDateTime=\"2026-02-01T00:00:00Z\"");
    let (outcome, found) = weighed(&[], "nato-hq", "gbr-ops", Some(&past), &message("nato-track.xml", &[]), Reason::LabelReviewPast);
    assert_eq!((outcome, found.map(|found| found.path)), (Outcome::Forward, Some("header".to_owned())));
}

/// Two objects of one bundle, each for America and one more.
#[test]
fn parts_that_are_together_for_nobody_are_told_and_each_recipient_gets_its_own() {
    let bundle = message("actor.stix.json", &[]);
    let twice = bundle.replacen("\n ]\n}", "", 1);
    let second = bundle
        .split_once("\"objects\": [")
        .unwrap()
        .1
        .replace("a1c2e56", "a1c2e66")
        .replace("a1c2e57", "a1c2e67")
        .replace("Grey Heron", "Reed Warbler")
        .replace("GH-2", "RW-1")
        .replace("\"GBR\"", "\"AUS\"");
    let body = format!("{twice},{second}");
    let (outcome, found) = weighed(&[], "usa-ops", "gbr-ops", None, &body, Reason::LabelPartsApart);
    assert_eq!((outcome, found.map(|found| (found.action, found.severity))), (Outcome::Forward, Some((Action::Note, Severity::Medium))));
    let (outcome, _) = weighed(&[("label-parts", "hold", "high")], "usa-ops", "gbr-ops", None, &body, Reason::LabelPartsApart);
    assert_eq!(outcome, Outcome::Quarantine);
    assert_eq!(weighed(&[], "usa-ops", "gbr-ops", None, &bundle, Reason::LabelPartsApart).1, None);
}

#[test]
fn no_rule_lets_a_contradiction_pass() {
    for (name, action) in
        [("label-banner", "note"), ("label-banner", "strip"), ("label-portion", "note"), ("label-copies", "strip"), ("label-review-date", "strip")]
    {
        let complaints = Guard::load(&files(&[(name, action, "low")])).unwrap_err();
        assert!(complaints.iter().any(|complaint| complaint.what.contains(name) && &*complaint.file == "filters/detectors.toml"), "{complaints:#?}");
    }
    let complaints = Guard::load(&files(&[("label-baner", "hold", "low")])).unwrap_err();
    assert!(complaints.iter().any(|complaint| complaint.expected.contains("`label-banner`")), "{complaints:#?}");
}
