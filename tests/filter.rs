//! Filters and sanitising on the lab's own rule set, from real bytes to edits, through all steps between.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops where it cannot go on")]

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use vestibule::base::{Action, Budget, Finding, Header, MessageId, Precedence, Reason, Time, Traffic};
use vestibule::filter::{ClauseReview, Filters, Waiver, Waivers, laws};
use vestibule::format::{self, Parsed, Received};
use vestibule::label::{self, Binding, Reading};
use vestibule::normal::{Change, Edits};
use vestibule::policy::{self, Edition};
use vestibule::rebuild;
use vestibule::release::{Circumstances, Engine};
use vestibule::sanitise::{self, Keys};
use vestibule::translate;

use crate::samples::{files, shared};

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let files = policy::read_folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    policy::load(&files).unwrap_or_else(|complaints| panic!("{}", policy::report::render(&complaints, &files, policy::report::Look::Plain)))
});
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::compile(&EDITION).unwrap());
static FILTERS: LazyLock<Filters> = LazyLock::new(|| {
    Filters::compile(&EDITION)
        .unwrap_or_else(|complaints| panic!("{}", policy::report::render(&complaints, &EDITION.files, policy::report::Look::Plain)))
});

const NOW: &str = "2026-03-01T12:00:30Z";

fn header() -> Header {
    Header {
        id: MessageId::from_parts(1, [7; 10]),
        precedence: Precedence::Routine,
        destinations: Vec::new(),
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: Time::parse(NOW).unwrap(),
        label: None,
    }
}

fn track(kind: &str, attributes: &str, detail: &str) -> String {
    format!(
        r#"<event version="2.0" uid="T-1" type="{kind}" how="m-g" time="2026-03-01T12:00:00Z" start="2026-03-01T12:07:00Z" stale="2026-03-01T12:10:00Z" {attributes}><point lat="51.477512" lon="-0.1275" hae="45.26" ce="5" le="5"/><detail>{detail}</detail></event>"#
    )
}

fn parse<'a>(header: &'a Header, body: &'a str) -> Parsed<'a> {
    format::parse(Received::new(header, body.as_bytes()).unwrap(), &mut Budget::for_body(body.len())).unwrap()
}

/// Code, path, action and the bytes of the body, for each finding.
fn findings(body: &str) -> Vec<(&'static str, String, Action, &str)> {
    let header = header();
    let parsed = parse(&header, body);
    let scanned = FILTERS.scan(&mut FILTERS.scanner(), &parsed, &mut Budget::for_body(body.len())).unwrap();
    laws::findings_are_whole(parsed.tree(), body.len(), scanned.findings()).unwrap();
    let piece = |finding: &Finding| body.get(finding.span.map_or(0..0, |span| span.range())).unwrap();
    scanned.findings().iter().map(|finding| (finding.code.code(), finding.path.clone(), finding.action, piece(finding))).collect()
}

/// Edits as path, action and value.
type Shown = Vec<(String, &'static str, String)>;

/// The whole path for one recipient: edits, and the codes of all findings.
fn sanitised(body: &str, to: &str, waivers: &Waivers) -> Result<(Shown, Vec<&'static str>), Vec<&'static str>> {
    rebuilt(body, to, waivers).map(|(edits, findings, _)| (edits, findings))
}

/// The whole path for one recipient, with the bytes that would leave.
fn rebuilt(body: &str, to: &str, waivers: &Waivers) -> Result<(Shown, Vec<&'static str>, String), Vec<&'static str>> {
    let (header, now) = (header(), Time::parse(NOW).unwrap());
    let mut budget = Budget::for_body(body.len());
    let (sender, recipient) = (&EDITION.peers["gbr-ops"], &EDITION.peers[to]);
    let parsed = parse(&header, body);
    let scanned = FILTERS.scan(&mut FILTERS.scanner(), &parsed, &mut budget).unwrap();
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    let labelled = label::verify(parsed, &EDITION.lattice, &reading, now, &mut budget).unwrap();
    let permitted = ENGINE.decide(&labelled, sender, recipient, &Circumstances { now }).map_err(|refusal| vec![refusal.reason.code()])?;
    let cleared = FILTERS.check(permitted, &scanned, waivers).map_err(|found| codes(&found))?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let done = sanitise::apply(cleared, &Keys { pseudonym: &key }).map_err(|refusal| vec![refusal.reason.code()])?;
    let (edits, findings) = (shown(done.edits()), codes(done.findings()));
    let done = translate::apply(done, &EDITION.lattice, sender.scheme).unwrap();
    let bytes = rebuild::write(done).unwrap().bytes().to_vec();
    Ok((edits, findings, String::from_utf8(bytes).unwrap()))
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.code()).collect()
}

fn shown(edits: &Edits) -> Shown {
    let value = |change: &Change| match change {
        Change::Remove => String::new(),
        Change::Replace(value) => value.text().into_owned(),
    };
    edits.iter().map(|edit| (edit.path.clone(), edit.action, value(&edit.change))).collect()
}

fn find<'e>(edits: &'e [(String, &'static str, String)], path: &str) -> Option<(&'static str, &'e str)> {
    edits.iter().find(|edit| edit.0 == path).map(|edit| (edit.1, edit.2.as_str()))
}

const FVEY: &str = r#"access="SECRET" releasableTo="GBR USA CAN AUS NZL""#;
const NATO: &str = r#"access="SECRET" releasableTo="GBR NATO""#;

#[test]
fn a_code_word_is_found_with_its_very_bytes_however_it_is_spelt() {
    for (remarks, piece) in [
        ("proceed with GREYWATER now", "GREYWATER"),
        ("proceed with g-r-e-y-w-a-t-e-r now", "g-r-e-y-w-a-t-e-r"),
        ("GLASS  ORCHARD", "GLASS  ORCHARD"),
        ("the ＧＲＥＹＷＡＴＥＲ plan", "ＧＲＥＹＷＡＴＥＲ"),
    ] {
        let body = track("a-f-G", FVEY, &format!("<remarks>{remarks}</remarks>"));
        assert_eq!(findings(&body).first(), Some(&("content.words", "/event/detail/remarks".to_owned(), Action::Hold, piece)), "{remarks}");
    }
}

#[test]
fn text_with_references_is_read_after_they_are_resolved() {
    let body = track("a-f-G", FVEY, "<remarks>with GREY&#87;ATER &amp; more</remarks>");
    assert_eq!(findings(&body), [("content.words", "/event/detail/remarks".to_owned(), Action::Hold, "with GREY&#87;ATER &amp; more")]);
}

#[test]
fn the_profile_strips_what_never_leaves_and_what_it_does_not_list() {
    let detail = r#"<takv os="29" version="4.5"/><contact callsign="RAVEN" endpoint="10.1.2.3:4242:tcp"/><strange secret="1"><inner/></strange>"#;
    let body = track("a-f-G", FVEY, detail);
    let found = findings(&body);
    let short: Vec<(&str, &str, Action)> = found.iter().map(|finding| (finding.0, finding.1.as_str(), finding.2)).collect();
    for expected in [
        ("fields.stripped", "/event/detail/takv", Action::Strip),
        ("reference.url", "/event/detail/contact/@endpoint", Action::Strip),
        ("fields.stripped", "/event/detail/strange", Action::Strip),
    ] {
        assert_eq!(short.iter().filter(|finding| **finding == expected).count(), 1, "{expected:?} in {short:?}");
    }
    let (edits, _) = sanitised(&body, "usa-ops", &Waivers::default()).unwrap();
    let removed: Vec<&str> = edits.iter().map(|edit| edit.0.as_str()).collect();
    assert_eq!(removed, ["/event/detail/takv", "/event/detail/contact/@endpoint", "/event/detail/strange"]);
}

#[test]
fn an_ally_of_the_inner_circle_gets_the_message_as_it_is() {
    let body = track("a-f-G", FVEY, r#"<contact callsign="RAVEN"/><remarks>all quiet</remarks>"#);
    assert_eq!(sanitised(&body, "usa-ops", &Waivers::default()), Ok((Vec::new(), Vec::new())));
}

#[test]
fn nato_gets_a_coarse_place_and_pseudonyms_that_differ_by_recipient() {
    let body = track("a-f-G", NATO, r#"<contact callsign="RAVEN"/><precisionlocation altsrc="GPS"/>"#);
    let (hq, _) = sanitised(&body, "nato-hq", &Waivers::default()).unwrap();
    for (path, expected) in [
        ("/event/point/@lat", ("coarsen", "51.48")),
        ("/event/point/@lon", ("coarsen", "-0.13")),
        ("/event/point/@hae", ("coarsen", "45")),
        ("/event/point/@ce", ("coarsen", "789")),
        ("/event/detail/precisionlocation", ("remove", "")),
    ] {
        assert_eq!(find(&hq, path), Some(expected), "{path}");
    }
    let (germany, _) = sanitised(&body, "deu-ops", &Waivers::default()).unwrap();
    let (here, there) = (find(&hq, "/event/detail/contact/@callsign").unwrap(), find(&germany, "/event/detail/contact/@callsign").unwrap());
    assert_eq!((here.0, here.1.len()), ("pseudonymise", 16));
    assert_ne!(here, there);
    assert_eq!(sanitised(&body, "nato-hq", &Waivers::default()).unwrap().0, hq, "the same message gives the same edits");
}

#[test]
fn a_private_partner_gets_coarse_times_in_order_and_no_words() {
    let body = track(
        "a-f-G",
        r#"access="OFFICIAL" releasableTo="GBR ISAC""#,
        r#"<contact callsign="RAVEN"/><remarks>words</remarks><link uid="T-1" relation="p-p" type="a-f-G"/>"#,
    );
    let (edits, _) = sanitised(&body, "guest-isac", &Waivers::default()).unwrap();
    assert_eq!(find(&edits, "/event/@start"), Some(("coarsen", "2026-03-01T12:00:00Z")));
    assert_eq!(find(&edits, "/event/@stale"), Some(("coarsen", "2026-03-01T12:00:00Z")));
    assert_eq!(find(&edits, "/event/@uid").map(|edit| edit.0), Some("pseudonymise"));
    for path in ["/event/detail/remarks", "/event/detail/contact", "/event/detail/link"] {
        assert_eq!(find(&edits, path), Some(("remove", "")), "{path}");
    }
}

#[test]
fn findings_hold_until_reviewers_let_them_pass_one_by_one() {
    let body = track("a-f-G", FVEY, "<remarks>GREYWATER and do not forward</remarks>");
    assert_eq!(sanitised(&body, "usa-ops", &Waivers::default()), Err(vec!["content.words", "content.words"]));
    let header = header();
    let parsed = parse(&header, &body);
    let scanned = FILTERS.scan(&mut FILTERS.scanner(), &parsed, &mut Budget::for_body(body.len())).unwrap();
    let mut waivers = Waivers::default();
    for (at, finding) in scanned.findings().iter().enumerate() {
        assert_eq!(sanitised(&body, "usa-ops", &waivers), Err(vec!["content.words"; 2_usize.saturating_sub(at)]));
        waivers.findings.insert(Waiver { code: finding.code, rule: finding.rule.clone(), path: finding.path.clone() });
    }
    assert_eq!(sanitised(&body, "usa-ops", &waivers), Ok((Vec::new(), vec!["content.words", "content.words"])));
}

#[test]
fn a_clause_that_asks_for_review_waits_for_it() {
    let body = track("t-x-f", FVEY, "");
    assert_eq!(sanitised(&body, "usa-ops", &Waivers::default()), Err(vec!["agreement.review"]));
    let granted = Waivers { clause_review: ClauseReview::Granted, ..Waivers::default() };
    assert!(sanitised(&body, "usa-ops", &granted).is_ok());
}

#[test]
fn findings_of_another_message_clear_nothing() {
    let (clean, dirty) = (track("a-f-G", FVEY, ""), track("a-f-G", FVEY, "<remarks>GREYWATER</remarks>"));
    let (header, now) = (header(), Time::parse(NOW).unwrap());
    let mut budget = Budget::for_body(10_000);
    let (sender, recipient) = (&EDITION.peers["gbr-ops"], &EDITION.peers["usa-ops"]);
    let scanned = FILTERS.scan(&mut FILTERS.scanner(), &parse(&header, &clean), &mut budget).unwrap();
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    let labelled = label::verify(parse(&header, &dirty), &EDITION.lattice, &reading, now, &mut budget).unwrap();
    let permitted = ENGINE.decide(&labelled, sender, recipient, &Circumstances { now }).unwrap();
    let found = FILTERS.check(permitted, &scanned, &Waivers::default()).unwrap_err();
    assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Reason::FaultInternal]);
}

#[test]
fn secrets_and_places_in_text_are_found_by_patterns() {
    for (remarks, code, action, piece) in [
        ("-----BEGIN RSA PRIVATE KEY-----", "content.pattern", Action::Refuse, "-----BEGIN RSA PRIVATE KEY-----"),
        ("at 30U XC 9930 1020 now", "content.detector", Action::Hold, "30U XC 9930 1020"),
        ("mail a.b@example.org today", "fields.stripped", Action::Strip, "a.b@example.org"),
        ("see \u{202E}this", "content.unicode", Action::Hold, "\u{202E}"),
    ] {
        let body = track("a-f-G", FVEY, &format!("<remarks>{remarks}</remarks>"));
        assert!(findings(&body).contains(&(code, "/event/detail/remarks".to_owned(), action, piece)), "{remarks}: {:?}", findings(&body));
    }
    let body = track("a-f-G", FVEY, "<remarks>mail a.b@example.org today</remarks>");
    let (edits, _) = sanitised(&body, "usa-ops", &Waivers::default()).unwrap();
    assert_eq!(find(&edits, "/event/detail/remarks"), Some(("replace", "mail [withheld] today")));
}

#[test]
fn what_leaves_is_clean_and_needs_no_further_edit() {
    let dirty = r#"<contact callsign="RAVEN" endpoint="10.1.2.3:4242:tcp"/><takv os="29"/><strange/><remarks>mail a.b@example.org or see http://10.9.8.7/x now</remarks><link uid="T-1" type="a-f-G" relation="p-p" url="http://a.b/c"/>"#;
    for (attributes, to) in [(FVEY, "usa-ops"), (NATO, "nato-hq"), (NATO, "deu-ops")] {
        let body = track("a-f-G", attributes, dirty);
        let (edits, _, result) = rebuilt(&body, to, &Waivers::default()).unwrap();
        assert!(edits.len() >= 5, "{edits:?}");
        for gone in ["10.1.2.3", "10.9.8.7", "example.org", "a.b", "takv", "strange"] {
            assert!(!result.contains(gone), "{gone} in {result}");
        }
        assert_eq!(findings(&result), [], "{result}");
        let (again, _, twice) = rebuilt(&result, to, &Waivers::default()).unwrap();
        // A pseudonym of a pseudonym is another one; nothing else changes.
        assert!(again.iter().all(|edit| edit.1 == "pseudonymise"), "{again:?}");
        assert_eq!(twice.len(), result.len());
    }
}

#[test]
fn a_removed_thing_is_not_named_elsewhere() {
    let detail = r#"<fileshare uid="F-77-A" name="map"/><link uid="F-77-A" type="b-f" relation="p-p"/><link uid="F-78" type="b-f" relation="p-p"/><creator uid="F-77-A" callsign="X"/><remarks>F-77-A is the map</remarks>"#;
    let (_, codes, result) = rebuilt(&track("a-f-G", FVEY, detail), "usa-ops", &Waivers::default()).unwrap();
    assert!(!result.contains("F-77") && result.contains("F-78"), "{result}");
    assert_eq!(codes.iter().filter(|code| **code == "reference.withheld").count(), 3);
    assert!(result.contains("[withheld] is the map"), "{result}");
}

#[test]
fn every_sample_beside_the_checkout_is_read_within_its_budget() {
    let Some(folder) = shared("cot") else { return };
    let (mut read, mut scanner) = (0, FILTERS.scanner());
    for (path, body) in files(&folder, &[]) {
        let header = header();
        let mut budget = Budget::for_body(body.len());
        let Ok(parsed) = format::parse(Received::new(&header, &body).unwrap(), &mut budget) else { continue };
        let scanned = FILTERS.scan(&mut scanner, &parsed, &mut budget).unwrap();
        laws::findings_are_whole(parsed.tree(), body.len(), scanned.findings()).unwrap_or_else(|law| panic!("{}: {law}", path.display()));
        read += 1;
    }
    println!("{read} samples read by all filters");
}
