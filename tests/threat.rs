//! Indicators between MISP and STIX through the whole path: both halves agree, and there and back changes no indicator and no marking.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use vestibule::base::Outcome;
use vestibule::pipeline::{Guard, Ruling};
use vestibule::policy;

use crate::samples::ruling;

/// The rule set of the lab, where America reads STIX and Canada MISP.
static GUARD: LazyLock<Guard> = LazyLock::new(|| {
    let mut files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let peers = files.iter_mut().find(|file| &*file.path == "peers.toml").unwrap();
    let reads = |text: &str, peer: &str, format: &str| text.replace(&format!("[peer.{peer}]\n"), &format!("[peer.{peer}]\nreads = [\"{format}\"]\n"));
    peers.text = reads(&reads(&peers.text, "usa-ops", "stix"), "can-ops", "misp").as_str().into();
    files.retain(|file| !file.path.starts_with("cases/"));
    Guard::load(&files).unwrap()
});

fn passed(body: &[u8], to: &str) -> Ruling {
    ruling(&GUARD, "gbr-ops", to, body)
}

/// What reaches a recipient, and the paths of what is lost on the way.
fn translated(body: &Value, to: &str) -> (Value, Vec<String>) {
    let text = body.to_string();
    let ruling = passed(text.as_bytes(), to);
    assert_eq!(ruling.outcome, Outcome::Forward, "{:?} {:?}\n{text}", ruling.code, ruling.findings);
    let lost = ruling.edits.iter().filter(|edit| edit.action == "untranslatable").map(|edit| edit.path.clone()).collect();
    (serde_json::from_slice(ruling.output.unwrap().bytes()).unwrap(), lost)
}

fn stopped(body: &Value, to: &str) -> &'static str {
    let ruling = passed(body.to_string().as_bytes(), to);
    assert!(ruling.output.is_none(), "{body}");
    ruling.code.unwrap().code()
}

fn uuid(number: usize) -> String {
    format!("5f0e1d2c-0000-4000-8000-{number:012}")
}

fn attribute(number: usize, kind: &str, value: &str, tag: Option<&str>) -> Value {
    let tags: Vec<Value> = tag.iter().map(|tag| json!({ "name": tag })).collect();
    json!({ "uuid": uuid(number), "type": kind, "category": "Network activity", "value": value, "distribution": "5",
        "timestamp": (1_772_193_600 + number).to_string(), "to_ids": true, "comment": "seen twice", "Tag": tags })
}

fn event(tag: &str, attributes: &[Value]) -> Value {
    json!({ "Event": { "uuid": uuid(9_000), "info": "Phishing against pilots", "date": "2026-02-27", "timestamp": "1772193600",
        "distribution": "3", "Tag": [{ "name": tag }], "Attribute": attributes } })
}

#[test]
fn an_event_becomes_a_report_with_its_indicators_and_lists_what_it_loses() {
    let attributes = [
        attribute(1, "ip-dst", "198.51.100.7", Some("tlp:amber")),
        attribute(2, "hostname", "quay.example", None),
        attribute(3, "mutex", "Global-7", None),
    ];
    let (bundle, lost) = translated(&event("tlp:green", &attributes), "usa-ops");
    let objects = bundle["objects"].as_array().unwrap();
    let patterns: Vec<&str> = objects.iter().filter_map(|object| object["pattern"].as_str()).collect();
    assert_eq!(patterns, ["[ipv4-addr:value = '198.51.100.7']", "[domain-name:value = 'quay.example']"]);
    assert_eq!(objects[0]["id"], format!("report--{}", uuid(9_000)));
    assert_eq!(objects[1]["id"], format!("indicator--{}", uuid(1)));
    assert_eq!(objects[1]["object_marking_refs"], json!(["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]));
    assert_eq!(objects[2]["object_marking_refs"], json!(["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]));
    assert_eq!(lost, ["/misp/Event/@distribution", "/misp/Event/Attribute[2]/@type", "/misp/Event/Attribute[3]"]);
}

#[test]
fn a_marking_that_the_other_format_would_lose_stops_the_message() {
    let lost = attribute(2, "mutex", "Global-7", Some("tlp:amber"));
    assert_eq!(stopped(&event("tlp:green", &[attribute(1, "url", "http://quay.example/", None), lost]), "usa-ops"), "translate.marking");
    let statement = |level: &str, object: &Value| {
        let mut object = object.clone();
        object["object_marking_refs"] = json!([level]);
        object
    };
    let (mut bundle, _) = translated(&event("tlp:green", &[attribute(1, "url", "http://quay.example/", None)]), "usa-ops");
    let amber = statement("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", &bundle["objects"][0]);
    bundle["objects"][0] = amber;
    assert_eq!(stopped(&bundle, "can-ops"), "translate.marking");
}

#[test]
fn a_message_without_any_indicator_of_both_formats_stays() {
    assert_eq!(stopped(&event("tlp:green", &[attribute(3, "mutex", "Global-7", None)]), "usa-ops"), "translate.value");
    let mut unwatched = attribute(1, "domain", "quay.example", None);
    unwatched["to_ids"] = json!(false);
    assert_eq!(stopped(&event("tlp:green", &[unwatched]), "usa-ops"), "translate.value");
}

#[test]
fn a_bundle_of_the_lab_lists_what_is_no_indicator() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes/cases/messages/threats.stix.json")).unwrap();
    let green = text.replace("f88d31f6-486f-44da-b317-01333bde0b82", "34098fce-860f-48ae-8e50-ebd3cc5e41da");
    let (event, lost) = translated(&serde_json::from_str(&green).unwrap(), "can-ops");
    assert_eq!(event["Event"]["info"], "Week 9");
    assert_eq!(event["Event"]["Attribute"][0]["value"], "update.example.net");
    assert_eq!(event["Event"]["Attribute"][0]["Tag"], json!([{ "name": "tlp:green" }]));
    for path in ["/bundle/objects[1]", "/bundle/objects[3]", "/bundle/objects[4]", "/bundle/objects[2]/@name", "/bundle/objects[5]/@published"] {
        assert!(lost.iter().any(|lost| lost == path), "{path} {lost:?}");
    }
    assert_eq!(stopped(&serde_json::from_str(&text).unwrap(), "can-ops"), "translate.marking");
}

/// Types with a value, drawn so that every form of pattern occurs.
fn indicator() -> impl Strategy<Value = (String, String)> {
    let word = "[a-z]{3,9}";
    let sum = "[0-9a-f]{32}";
    prop_oneof![
        (0..200_u8).prop_map(|last| ("ip-dst".to_owned(), format!("198.51.100.{last}"))),
        (1..99_u8).prop_map(|last| ("ip-dst".to_owned(), format!("2001:db8::{last}"))),
        (0..200_u8).prop_map(|last| ("ip-src".to_owned(), format!("203.0.113.{last}"))),
        word.prop_map(|word| ("domain".to_owned(), format!("{word}.example"))),
        word.prop_map(|word| ("url".to_owned(), format!("https://{word}.example/it's"))),
        word.prop_map(|word| ("filename".to_owned(), format!("C:\\{word}.exe"))),
        sum.prop_map(|sum| ("md5".to_owned(), sum)),
        (word, sum).prop_map(|(word, sum)| ("filename|md5".to_owned(), format!("{word}.exe|{sum}"))),
    ]
}

const TAGS: [&str; 3] = ["tlp:clear", "tlp:green", "tlp:amber"];

/// What must be the same there and back: UUID, type, value, time, comment and level in force.
fn essence(event: &Value) -> Vec<Value> {
    let rank = |part: &Value| TAGS.iter().position(|tag| part["Tag"][0]["name"] == *tag).unwrap_or(0);
    let above = rank(&event["Event"]);
    let attributes = event["Event"]["Attribute"].as_array().unwrap().iter();
    let same = |part: &Value| ["uuid", "type", "value", "timestamp", "comment", "first_seen"].map(|name| part[name].clone());
    attributes.map(|part| json!([same(part), TAGS[rank(part).max(above)]])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn there_and_back_gives_the_same_indicators_and_markings(
        drawn in prop::collection::vec((indicator(), prop::option::of(0..3_usize), prop::option::of(0..3600_u32)), 1..8),
        level in 0..3_usize,
    ) {
        let attributes: Vec<Value> = drawn.iter().enumerate().map(|(number, ((kind, value), tag, seen))| {
            let mut part = attribute(number, kind, value, tag.map(|tag| TAGS[tag]));
            if let Some(seen) = seen {
                part["first_seen"] = json!(format!("2026-01-02T03:{:02}:{:02}.25Z", seen / 60, seen % 60));
            }
            part
        }).collect();
        let original = event(TAGS[level], &attributes);
        let (bundle, _) = translated(&original, "usa-ops");
        let (back, lost) = translated(&bundle, "can-ops");
        prop_assert_eq!(lost, Vec::<String>::new());
        prop_assert_eq!(essence(&back), essence(&original));
    }
}
