//! Events in the TAK protocol: samples of ours, laws, the XML spelling beside it, edits through both halves.

#![expect(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a failed test says where")]

mod corpus;
mod oracle;
mod properties;
mod takproto;
mod wire;

use std::path::Path;
use std::sync::LazyLock;

use vestibule::base::{Budget, Header, MessageId, Name, Outcome, Precedence, Reason, Time, Traffic};
use vestibule::filter::Waivers;
use vestibule::format::{self, Syntax};
use vestibule::normal::{Change, Edit, Edits, Kind, Marking, NodeId, Tree, Value};
use vestibule::pipeline::laws::{Setting, the_halves_agree};
use vestibule::pipeline::{Guard, Inspector, Ruling, World};
use vestibule::policy;
use vestibule::sanitise::Keys;

use crate::samples::{Placed, Samples, read, write};

use wire::{double, mesh, stream, text, varint};

static GUARD: LazyLock<Guard> = LazyLock::new(|| {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    Guard::load(&files).unwrap_or_else(|complaints| panic!("{complaints:?}"))
});

/// A label that every peer of the lab may have, so that unmarked events meet the second reader too.
const OPEN: &str = concat!(
    "<originatorConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\"><ConfidentialityInformation>",
    "<PolicyIdentifier>NATO</PolicyIdentifier><Classification>UNCLASSIFIED</Classification>",
    "<Category TagName=\"Context\" Type=\"PERMISSIVE\"><GenericValue>NATO</GenericValue></Category>",
    "</ConfidentialityInformation><CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime></originatorConfidentialityLabel>"
);

const TAK: Samples = Samples::of("tak");

fn header(to: &str, label: Option<&str>) -> Header {
    Header {
        id: MessageId::from_parts(1, [7; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new(to).unwrap()],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: Time::parse("2026-03-01T12:00:30Z").unwrap(),
        label: label.map(str::to_owned),
    }
}

/// Both halves at one over a body, marked in itself or by a label beside it.
fn halves_agree(body: &[u8]) -> Result<(), String> {
    let peer = |name: &str| &GUARD.edition().peers[&Name::new(name).unwrap()];
    for (from, to) in [("gbr-ops", "usa-ops"), ("usa-ops", "gbr-ops"), ("nato-hq", "gbr-ops")] {
        for label in [None, Some(OPEN)] {
            let header = header(to, label);
            let setting = Setting { lattice: &GUARD.edition().lattice, sender: peer(from), recipient: peer(to), now: header.sent };
            the_halves_agree(&setting, &header, body)?;
        }
    }
    Ok(())
}

fn ruling(from: &str, to: &str, body: &[u8], label: Option<&str>) -> Ruling {
    let header = header(to, label);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now: header.sent, keys: &Keys { pseudonym: &key }, waivers: &Waivers::default(), signer: None };
    Inspector::new(&GUARD).pass(&Name::new(from).unwrap(), &header, body, &world).rulings.pop().unwrap()
}

#[test]
fn accepted_samples_are_read_and_keep_every_law() {
    TAK.accepted_keep_every_law(16);
    for (path, body) in TAK.accepted() {
        halves_agree(&body).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
    }
}

#[test]
fn every_byte_of_an_accepted_sample_counts() {
    // In this one the bits below the eighteenth digit carry nothing: a test of its own says so.
    TAK.every_byte_counts(|path, _| !path.ends_with("exact-doubles.bin"));
}

#[test]
fn rejected_samples_are_refused_with_the_code_of_their_folder_and_a_place() {
    TAK.rejected_are_refused(Placed::Always);
}

#[test]
fn every_code_of_the_reader_has_a_sample() {
    TAK.every_code_has_a_sample(&["malformed.protobuf.", "invalid.tak."]);
}

#[test]
fn no_body_that_is_refused_here_is_claimed_by_another_format() {
    for (path, body) in TAK.rejected().into_iter().chain(TAK.accepted()) {
        assert_eq!(format::identify(&body).map(|format| format.name), Ok("tak"), "{}", path.display());
    }
}

#[test]
fn what_the_format_requires_stands_in_every_event() {
    let body = TAK.named("minimal-mesh");
    let minimal = read(&body).unwrap();
    for path in TAK.format().required {
        assert!(minimal.all().any(|(id, _)| minimal.path(id) == *path), "{path}");
    }
    assert_eq!(minimal.len(), TAK.format().required.len() + 1, "the minimal sample holds what is required and nothing else");
}

#[test]
fn frames_versions_and_server_times_are_fields() {
    let said = |name: &str, path: &str| {
        let body = TAK.named(name);
        let tree = read(&body).unwrap();
        tree.all().find(|(id, node)| node.kind == Kind::Attribute && tree.path(*id) == path).map(|(_, node)| node.value.text().into_owned())
    };
    assert_eq!(said("minimal-mesh", "/event/@frame").as_deref(), Some("mesh"));
    assert_eq!(said("minimal-stream", "/event/@frame").as_deref(), Some("stream"));
    assert_eq!(said("with-take-control", "/event/takControl/@minProtoVersion"), None, "which reads as 1");
    assert_eq!(said("with-take-control", "/event/takControl/@maxProtoVersion").as_deref(), Some("2"));
    assert_eq!(said("server-times", "/event/@creationTime").as_deref(), Some("2026-03-01T10:00:01.5Z"));
    assert_eq!(said("caveat-and-releasable-to", "/event/@releasableTo").as_deref(), Some("GBR,USA"));
    assert_eq!(said("caveat-and-releasable-to", "/event/@caveat").as_deref(), Some("UK EYES"));
    assert_eq!(said("on-the-equator", "/event/point/@lat").as_deref(), Some("0"));
    assert_eq!(said("empty-typed-elements", "/event/detail/status/@battery").as_deref(), Some("0"));
    assert_eq!(said("empty-typed-elements", "/event/detail/contact/@callsign"), None);
    assert_eq!(said("minimal-mesh", "/event/@version"), None);
}

#[test]
fn facts_and_markings_are_those_of_the_event() {
    let look = |name: &str| {
        let body = TAK.named(name);
        let tree = read(&body).unwrap();
        let facts = (TAK.format().facts)(&tree);
        assert!(!facts.kind.is_empty() && !facts.subject.is_empty());
        let kind = |marking: &Marking| match marking {
            Marking::Triple { access, caveat, releasable_to } => {
                format!("triple of {}", [access, caveat, releasable_to].into_iter().flatten().count())
            }
            Marking::Stanag4774(_) => "4774".into(),
            Marking::Banner(_) => "banner".into(),
            other => panic!("{other:?}"),
        };
        (facts.traffic, (TAK.format().markings)(&tree).iter().map(kind).collect::<Vec<_>>())
    };
    assert_eq!(look("minimal-mesh"), (None, vec![]));
    assert_eq!(look("caveat-and-releasable-to"), (None, vec!["triple of 3".into()]));
    assert_eq!(look("undefined-access"), (None, vec![]));
    assert_eq!(look("label-stanag-4774"), (None, vec!["4774".into()]));
    assert_eq!(look("remarks-with-banner"), (None, vec!["banner".into()]));
    assert_eq!(look("every-typed-element"), (Some(Traffic::Operation), vec!["banner".into()]));
}

#[test]
fn an_explicit_default_reads_as_an_absent_field_and_is_not_written() {
    let time = 1_772_359_200_000;
    let times = [varint(6, time), varint(7, time), varint(8, time)].concat();
    let plain = [text(1, b"a-f"), text(5, b"u"), times.clone(), text(9, b"m-g")].concat();
    let zeros = [double(10, 0.0), double(11, -0.0), double(12, 0.0), text(15, &[text(1, b""), text(5, &varint(1, 0))].concat())].concat();
    let spelt = [text(1, b"a-f"), text(2, b""), text(5, b"u"), times, text(9, b"m-g"), zeros, text(16, b"")].concat();
    let absent = mesh(&text(2, &[plain, text(15, &text(5, b""))].concat()));
    let explicit = mesh(&[text(1, &[varint(1, 0), varint(2, 0)].concat()), text(2, &spelt), varint(3, 0)].concat());
    let bare = mesh(&[&text(1, b"")[..], &absent[3..]].concat());
    assert!(read(&explicit).unwrap().same_fields(&read(&bare).unwrap()));
    assert_eq!(write(&read(&explicit).unwrap(), Syntax::Tak).unwrap(), bare);
    halves_agree(&explicit).unwrap();
}

#[test]
fn digits_below_the_eighteenth_are_rounded_away_in_both_halves() {
    let event = |lat: f64| {
        let times = [varint(6, 1), varint(7, 1), varint(8, 1)].concat();
        stream(&text(2, &[text(1, b"a-f"), text(5, b"u"), times, text(9, b"m-g"), double(10, lat)].concat()))
    };
    let (fine, coarse) = (event(0.001_234_567_890_123_456_7), event(0.001_234_567_890_123_457));
    assert_ne!(fine, coarse);
    assert_eq!(write(&read(&fine).unwrap(), Syntax::Tak).unwrap(), coarse);
    halves_agree(&fine).unwrap();
}

#[test]
fn an_element_is_written_typed_where_its_message_says_all_of_it() {
    let body = TAK.named("track-that-could-be-typed");
    let written = write(&read(&body).unwrap(), Syntax::Tak).unwrap();
    assert!(!written.windows(6).any(|part| part == b"<track"), "typed");
    assert!(written.len() < body.len());
    let body = TAK.named("typed-elements-in-xml");
    let written = write(&read(&body).unwrap(), Syntax::Tak).unwrap();
    let text = String::from_utf8_lossy(&written).into_owned();
    assert!(text.contains("<link relation=\"p-p\" uid=\"GBR-HQ-1\"/>") || text.contains("<link uid=\"GBR-HQ-1\" relation=\"p-p\"/>"), "{text}");
    assert!(text.find("<link").unwrap() < text.find("<contact").unwrap() && text.find("<contact").unwrap() < text.find("<track").unwrap(), "{text}");
}

/// The two spellings of one event, as a test reads them: paths with kinds and values, in order.
fn fields(tree: &Tree<'_>, differ: &[&str]) -> Vec<String> {
    let all = tree.all().map(|(id, node)| (tree.path(id), node));
    let kept = all.filter(|(path, _)| !differ.iter().any(|differ| path.starts_with(differ)));
    let mut fields: Vec<String> = kept.map(|(path, node)| format!("{:?} {path} {:?}", node.kind, node.value)).collect();
    fields.sort();
    fields
}

const TWIN: &str = include_str!("twin.xml");

#[test]
fn the_same_event_in_xml_is_the_same_tree_but_for_declared_differences() {
    let body = TAK.named("twin");
    let (frame, xml) = (read(&body).unwrap(), read(TWIN.as_bytes()).unwrap());
    assert_eq!(fields(&frame, &["/event/@frame"]), fields(&xml, &["/event/@version"]));
    let order = |tree: &Tree<'_>| {
        let (detail, _) = tree.element(NodeId::ROOT, "detail").unwrap();
        tree.elements(detail).map(|(_, node)| node.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(order(&xml), ["contact", "uid", "track", "remarks", "__group", "status", "link"], "as the sender likes");
    assert_eq!(order(&frame), ["uid", "remarks", "link", "contact", "__group", "status", "track"], "those with messages of their own stand last");
}

#[test]
fn what_the_xml_spelling_says_is_written_as_a_frame_once_its_version_is_taken_away() {
    let xml = read(TWIN.as_bytes()).unwrap();
    assert_eq!(write(&xml, Syntax::Tak).unwrap_err().reason, Reason::FaultInternal, "no frame, and a version that is not carried");
}

fn edits_of(tree: &Tree<'_>, change: impl Fn(&str, Kind) -> Option<Change>) -> Edits {
    let mut edits = Edits::default();
    for (node, found) in tree.all().skip(1) {
        let path = tree.path(node);
        if let Some(change) = change(&path, found.kind) {
            edits.add(Edit { node, path, action: "remove", rule: "test".into(), change });
        }
    }
    edits
}

#[test]
fn half_of_a_typed_element_is_written_in_xml_and_reads_as_what_is_left() {
    let body = TAK.named("every-typed-element");
    let tree = read(&body).unwrap();
    for cut in ["/event/detail/track/@course", "/event/detail/track/@speed", "/event/detail/status/@battery", "/event/detail/contact/@endpoint"] {
        let edits = edits_of(&tree, |path, _| (path == cut).then_some(Change::Remove));
        let written = vestibule::rebuild::bytes(&tree, &edits, Syntax::Tak).unwrap();
        let again = read(&written).unwrap();
        let left: Vec<String> = tree.all().map(|(id, _)| tree.path(id)).filter(|path| path != cut).collect();
        assert_eq!(again.all().map(|(id, _)| again.path(id)).collect::<Vec<_>>(), left, "{cut}");
    }
}

#[test]
fn what_the_protocol_cannot_carry_is_a_fault_and_never_left_out() {
    let body = TAK.named("every-typed-element");
    let tree = read(&body).unwrap();
    let number = |text: &str| Value::Number(vestibule::base::Decimal::parse(text).unwrap(), vestibule::normal::Unit::One);
    for (place, change) in [
        ("/event/@frame", Change::Remove),
        ("/event/@frame", Change::Replace(Value::Text("pigeon".into()))),
        ("/event/@uid", Change::Replace(Value::Text("".into()))),
        ("/event/point", Change::Remove),
        ("/event/point/@lat", Change::Remove),
        ("/event/point/@lat", Change::Replace(number("51.1234567890123456"))),
        ("/event/@time", Change::Replace(Value::Time(Time::parse("2026-03-01T10:00:00.0001Z").unwrap()))),
        ("/event/@time", Change::Replace(Value::Time(Time::EPOCH))),
    ] {
        let edits = edits_of(&tree, |path, _| (path == place).then(|| change.clone()));
        let refusal = vestibule::rebuild::bytes(&tree, &edits, Syntax::Tak).unwrap_err();
        assert_eq!(refusal.reason, Reason::FaultInternal, "{place} {change:?}");
    }
}

#[test]
fn a_frame_is_released_without_what_the_profile_keeps_and_in_the_frame_it_came_in() {
    let body = TAK.named("marked-by-three-fields");
    let found = ruling("usa-ops", "gbr-ops", &body, None);
    let said = format!("{:?} {:?} {:?}", found.outcome, found.code, found.findings);
    let edits: Vec<&str> = found.edits.iter().map(|edit| edit.path.as_str()).collect();
    assert_eq!(edits, ["/event/detail/contact/@endpoint", "/event/detail/takv"], "{said}");
    let out = found.output.unwrap_or_else(|| panic!("{said}")).into_bytes();
    let left = read(&out).unwrap();
    assert!(out.starts_with(&[0xbf, 1, 0xbf]) && !out.windows(9).any(|part| part == b"192.0.2.7"));
    assert!(left.all().any(|(id, node)| left.path(id) == "/event/detail/contact/@callsign" && node.value.text() == "BLACKCAT 1"));
}

#[test]
fn a_frame_for_nato_leaves_coarse_and_half_of_its_track_leaves_as_xml() {
    let file = GUARD.edition().cases.iter().find(|case| case.name.contains("half of a typed element")).unwrap();
    let found = ruling("gbr-ops", "nato-hq", &file.body, None);
    let said = format!("{:?} {:?} {:?}", found.outcome, found.code, found.findings);
    assert_eq!(found.outcome, Outcome::Forward, "{said}");
    let out = found.output.unwrap().into_bytes();
    let tree = read(&out).unwrap();
    let value = |path: &str| tree.all().find(|(id, _)| tree.path(*id) == path).map(|(_, node)| node.value.text().into_owned());
    assert_eq!((value("/event/point/@lat").as_deref(), value("/event/point/@lon").as_deref()), (Some("51.48"), Some("-0.3")));
    assert_eq!((value("/event/@time").as_deref(), value("/event/detail/track/@course")), (Some("2026-03-01T12:00:00Z"), None));
    assert!(String::from_utf8_lossy(&out).contains("<track speed=\"4.2\"/>"), "{}", String::from_utf8_lossy(&out));
}

#[test]
fn a_hostile_frame_costs_no_more_than_its_budget() {
    let times = [varint(6, 1), varint(7, 1), varint(8, 1)].concat();
    let with = |xml: &str| {
        let event = [&text(1, b"a-f")[..], &text(5, b"u"), &times, &text(9, b"m-g"), &text(15, &text(1, xml.as_bytes()))].concat();
        stream(&text(2, &event))
    };
    for (body, code) in [
        (with(&"<a>".repeat(100_000)), "size.depth"),
        (with(&"<contact/>".repeat(50_000)), "invalid.cot.repeated"),
        (with(&format!("<a {}/>", (0..50_000).map(|n| format!("a{n}=\"\" ")).collect::<String>())), "size.nodes"),
        (with(&"<a/>".repeat(260_000)), "size.nodes"),
        (mesh(&[text(2, b""), vec![0x98; 100_000]].concat()), "malformed.protobuf.varint"),
    ] {
        let before = Budget::for_body(body.len()).left();
        let mut budget = Budget::for_body(body.len());
        let refusal = (TAK.format().read)(&body, &mut budget).unwrap_err();
        assert_eq!(refusal.reason.code(), code, "{refusal}");
        assert!(before - budget.left() < u64::try_from(body.len()).unwrap() * 8 + 1_000, "{code}: {} units", before - budget.left());
    }
}

#[test]
fn a_frame_of_handsets_is_read_with_a_handful_of_allocations() {
    let body = TAK.named("every-typed-element");
    let info = allocation_counter::measure(|| drop(read(&body).unwrap()));
    println!("{} allocations, {} bytes at most for {} bytes", info.count_total, info.bytes_max, body.len());
    assert!(info.count_total <= 64, "{} allocations", info.count_total);
}
