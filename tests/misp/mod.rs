//! MISP: samples of ours, laws, what the profile may rely on; property tests.

mod pymisp;

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use vestibule::base::{Header, MessageId, Name, Precedence, Reason, Time, Traffic};
use vestibule::format::laws;
use vestibule::normal::{Kind, Marking, NodeId, Value};
use vestibule::pipeline::laws::{Setting, the_halves_agree};
use vestibule::policy::{self, Edition};

use crate::samples::{Placed, Samples, read, write};

/// The rule set of the lab.
static LAB: LazyLock<Edition> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
    policy::load(&policy::read_folder(&folder).unwrap()).unwrap_or_else(|faults| panic!("{faults:#?}"))
});

pub(crate) const MISP: Samples = Samples::of("misp");

/// The path and value of every node that has one.
fn lines(body: &[u8]) -> Vec<String> {
    let tree = read(body).unwrap();
    let valued = tree.all().filter(|(_, node)| node.value != Value::Empty);
    valued.map(|(id, node)| format!("{}={}", tree.path(id), node.value.text())).collect()
}

#[test]
fn accepted_samples_are_read_and_keep_every_law() {
    MISP.accepted_keep_every_law(8);
}

/// Keys that hold nothing mean nothing, so the sample that shows this stands apart.
#[test]
fn every_byte_of_an_accepted_sample_counts() {
    MISP.every_byte_counts(|path, _| !path.ends_with("nothing.json"));
}

#[test]
fn rejected_samples_are_refused_with_the_code_of_their_folder_and_a_place() {
    MISP.rejected_are_refused(Placed::OnceClaimed);
}

#[test]
fn every_code_of_the_reader_has_a_sample() {
    MISP.every_code_has_a_sample(&["invalid.misp."]);
}

#[test]
fn what_the_format_requires_is_what_the_reader_misses() {
    let body = String::from_utf8(MISP.named("objects-and-references")).unwrap();
    for path in MISP.format().required {
        let mut document: serde_json::Value = serde_json::from_str(&body).unwrap();
        let (parent, name) = path.strip_prefix("/misp/").unwrap().rsplit_once("/@").unwrap();
        let mut at = &mut document;
        for step in parent.split('/') {
            at = &mut at[step];
            if step != "Event" {
                if !at.is_array() {
                    *at = serde_json::json!([{
                        "uuid": "a1b2c3d4-0000-4000-8000-0000000000ff", "type": "t", "category": "c", "value": "v", "distribution": "5", "timestamp": "1", "name": "n"
                    }]);
                }
                at = &mut at[0];
            }
        }
        assert!(at.as_object_mut().unwrap().remove(name).is_some(), "{path}");
        assert_eq!(read(document.to_string().as_bytes()).unwrap_err().reason, Reason::InvalidMispMissing, "{path}");
    }
}

#[test]
fn paths_read_as_the_manual_says() {
    let lines = lines(&MISP.named("event"));
    for line in [
        "/misp/Event/@distribution=3",
        "/misp/Event/@published=true",
        "/misp/Event/Attribute[2]/@first_seen=2026-01-01T10:00:00.5Z",
        "/misp/Event/Attribute[2]/Tag/@name=tlp:green",
        "/misp/Event/Attribute[3]/Sighting/Organisation/@name=Harbour CERT",
        "/misp/Event/Tag[1]/@name=tlp:amber",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line} is not among {lines:#?}");
    }
}

#[test]
fn number_and_text_and_truth_values_have_one_reading() {
    let spelt = |from: &str, to: &str| {
        let body = String::from_utf8(MISP.named("numbers-and-flags")).unwrap();
        assert!(body.contains(from));
        lines(body.replacen(from, to, 1).as_bytes())
    };
    let plain = lines(&MISP.named("numbers-and-flags"));
    for (from, to) in [
        ("\"distribution\":3", "\"distribution\":\"3\""),
        ("\"value\":443", "\"value\":\"443\""),
        ("\"threat_level_id\":1", "\"threat_level_id\":\"1\""),
        ("\"published\":\"1\"", "\"published\":true"),
        ("\"to_ids\":\"false\"", "\"to_ids\":0"),
        ("\"local\":0", "\"local\":\"0\""),
    ] {
        assert_eq!(spelt(from, to), plain, "{from}");
    }
    assert!(plain.contains(&"/misp/Event/Tag/@local=false".to_owned()));
}

#[test]
fn a_wrapper_with_one_message_and_keys_without_value_are_dropped() {
    let wrapped = String::from_utf8(MISP.named("export-wrapper")).unwrap();
    let inner = wrapped.strip_prefix("{\"response\":[").unwrap().strip_suffix("]}").unwrap();
    assert_eq!(lines(wrapped.as_bytes()), lines(inner.as_bytes()));
    let nothing = lines(&MISP.named("nothing"));
    for name in ["protected", "extends_uuid", "SharingGroup", "Tag", "x_list", "x_null", "first_seen", "data"] {
        assert!(!nothing.iter().any(|line| line.contains(name)), "{name}");
    }
}

/// The parts of a sample that have tags, with these.
fn marked(name: &str) -> Vec<(String, Vec<String>)> {
    let body = MISP.named(name);
    let tree = read(&body).unwrap();
    let text = |marking: &Marking| match marking {
        Marking::Tlp(id) | Marking::Line(id) => tree.node(*id).value.text().into_owned(),
        other => panic!("{other:?}"),
    };
    let parts = (MISP.format().portions)(&tree);
    assert!((MISP.format().markings)(&tree).is_empty());
    let listed = parts.iter().filter(|part| !part.markings.is_empty());
    listed.map(|part| (tree.path(part.node), part.markings.iter().map(text).collect())).collect()
}

#[test]
fn a_tag_marks_the_nearest_part_above_it() {
    let found = |parts: &[(&str, &str)]| parts.iter().map(|(path, tag)| ((*path).to_owned(), vec![(*tag).to_owned()])).collect::<Vec<_>>();
    assert_eq!(marked("event"), found(&[("/misp/Event", "tlp:amber"), ("/misp/Event/Attribute[2]", "tlp:green")]));
    assert_eq!(marked("objects-and-references"), found(&[("/misp/Event", "tlp:amber"), ("/misp/Event/Object[2]", "tlp:green")]));
    assert_eq!(marked("reports-and-proposals"), found(&[("/misp/Event/EventReport", "tlp:green")]));
    assert_eq!(marked("proposal"), found(&[("/misp/ShadowAttribute", "tlp:green")]));
}

#[test]
fn the_message_and_every_part_of_it_is_listed_so_that_what_is_unmarked_is_seen() {
    let body = MISP.named("analyst-data");
    let tree = read(&body).unwrap();
    let parts: Vec<_> = (MISP.format().portions)(&tree).iter().map(|part| tree.path(part.node)).collect();
    let inner = ["/misp/Event/Attribute", "/misp/Event/Attribute/Note", "/misp/Event/Attribute/Relationship", "/misp/Event/Opinion"];
    assert_eq!(parts, ["/misp/Event"].into_iter().chain(inner).collect::<Vec<_>>());
}

#[test]
fn a_classification_of_another_taxonomy_is_a_marking_and_a_judgement_is_none() {
    let body = String::from_utf8(MISP.named("event")).unwrap();
    let with = |tag: &str| {
        let body = body.replacen("tlp:amber", tag, 1);
        let tree = read(body.as_bytes()).unwrap();
        (MISP.format().portions)(&tree)[0].markings.len()
    };
    for tag in ["nato:classification=\\\"NS\\\"", "NATO:Classification=x", "dni-ism:classification=S", "TLP:RED", "tlp-red", "tlp red"] {
        assert_eq!(with(tag), 1, "{tag}");
    }
    for tag in ["plain", "admiralty-scale:source-reliability=a", "natoid:x"] {
        assert_eq!(with(tag), 0, "{tag}");
    }
}

#[test]
fn what_mentions_an_object_names_it() {
    let body = MISP.named("objects-and-references");
    let tree = read(&body).unwrap();
    let paths = |nodes: &[NodeId]| nodes.iter().map(|node| tree.path(*node)).collect::<Vec<_>>();
    let mentions: Vec<_> = (MISP.format().mentions)(&tree).iter().map(|mention| (paths(&mention.parts), paths(&mention.takes))).collect();
    assert_eq!(mentions, [(vec!["/misp/Event/Object[2]".to_owned()], vec!["/misp/Event/Object[1]/ObjectReference".to_owned()])]);
}

#[test]
fn facts_name_the_kind_and_the_message() {
    for (name, kind) in
        [("event", "event"), ("push-wrapper", "note"), ("galaxy-cluster", "galaxy-cluster"), ("proposal", "proposal"), ("opinion", "opinion")]
    {
        let body = MISP.named(name);
        let tree = read(&body).unwrap();
        let facts = (MISP.format().facts)(&tree);
        assert_eq!(facts.kind, kind);
        assert!(facts.subject.starts_with("a1b2c3d4-") && facts.traffic.is_none());
    }
}

#[test]
fn refusals_name_the_field_by_its_path() {
    let place = |code: &str, name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/misp/samples/reject").join(code).join(name);
        read(&std::fs::read(path).unwrap()).unwrap_err().place.path
    };
    assert_eq!(place("invalid.misp.flag", "number.json"), "/misp/Event/Attribute/@to_ids");
    assert_eq!(place("invalid.misp.missing", "tag-without-name.json"), "/misp/Event/Tag");
    assert_eq!(place("invalid.misp.shape", "organisation-is-a-list.json"), "/misp/Event/Orgc");
}

/// JSON values that a hostile sender might put anywhere.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "[a-z0-9:.\u{200b} ]{0,12}".prop_map(Into::into),
        Just("5".into()),
        Just("a1b2c3d4-0000-4000-8000-000000000011".into()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof![Just("Tag"), Just("name"), Just("uuid"), Just("distribution"), Just("Attribute"), Just("x_1"), Just("SharingGroup")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::btree_map(key, inner, 0..4).prop_map(|map| map
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_stands_anywhere_the_laws_hold(value in json(), key in "[A-Za-z_]{1,9}|Tag|Attribute|Object|distribution|Galaxy", inside in any::<bool>()) {
        let mut document: serde_json::Value = serde_json::from_slice(&MISP.named("event")).unwrap();
        let at = if inside { &mut document["Event"]["Attribute"][1] } else { &mut document["Event"] };
        at[key.as_str()] = value;
        let body = document.to_string();
        prop_assert_eq!(laws::all(MISP.format(), body.as_bytes(), write), Ok(()));
    }

    #[test]
    fn whatever_stands_anywhere_both_halves_agree(value in json(), key in "[A-Za-z_]{1,9}|Tag|Attribute|Object|distribution|Galaxy|Note", inside in any::<bool>()) {
        let mut document: serde_json::Value = serde_json::from_slice(&MISP.named("numbers-and-flags")).unwrap();
        let at = if inside { &mut document["Event"]["Attribute"][0] } else { &mut document["Event"] };
        at[key.as_str()] = value;
        let peer = |name: &str| &LAB.peers[&Name::new(name).unwrap()];
        let now = Time::parse("2026-03-01T12:00:30Z").unwrap();
        let setting = Setting { lattice: &LAB.lattice, sender: peer("gbr-ops"), recipient: peer("usa-ops"), now };
        let header = Header {
            id: MessageId::from_parts(1, [7; 10]),
            precedence: Precedence::Routine,
            destinations: vec![Name::new("usa-ops").unwrap()],
            media_type: String::new(),
            traffic: Traffic::Operation,
            sent: now,
            label: None,
        };
        prop_assert_eq!(the_halves_agree(&setting, &header, document.to_string().as_bytes()), Ok(()));
    }

    #[test]
    fn the_order_of_members_means_nothing(seed in any::<u64>()) {
        let document: serde_json::Value = serde_json::from_slice(&MISP.named("objects-and-references")).unwrap();
        let body = shuffled(&document, &mut seed.clone());
        prop_assert_eq!(lines(body.as_bytes()), lines(&MISP.named("objects-and-references")));
    }
}

/// The text of a value with the members of each object turned by some places.
fn shuffled(value: &serde_json::Value, seed: &mut u64) -> String {
    match value {
        serde_json::Value::Object(map) => {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let by = usize::try_from(*seed >> 33).unwrap() % map.len().max(1);
            let mut members: Vec<String> = map.iter().map(|(key, value)| format!("\"{key}\":{}", shuffled(value, seed))).collect();
            members.rotate_left(by);
            format!("{{{}}}", members.join(", "))
        }
        serde_json::Value::Array(list) => format!("[{}]", list.iter().map(|item| shuffled(item, seed)).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[test]
fn the_root_holds_one_message() {
    let body = MISP.named("event");
    let tree = read(&body).unwrap();
    let root = tree.node(NodeId::ROOT);
    assert_eq!((root.kind, root.name.as_str(), tree.elements(NodeId::ROOT).count()), (Kind::Element, "misp", 1));
}
