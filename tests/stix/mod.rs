//! STIX: samples of ours, samples of others, laws, and what a guard must refuse that tools of others accept.

mod corpus;
mod validator;

use vestibule::format::Syntax;
use vestibule::normal::{Change, Edit, Edits, Kind, Marking, Mention, NodeId, Tree};

use crate::samples::{Placed, Samples, read};

const STIX: Samples = Samples::of("stix");

#[test]
fn accepted_samples_are_read_and_keep_every_law() {
    STIX.accepted_keep_every_law(8);
}

#[test]
fn every_byte_of_an_accepted_sample_counts() {
    // The time grows with the square of the size: the great samples have the same grammar.
    STIX.every_byte_counts(|_, body| body.len() < 2_000);
}

#[test]
fn rejected_samples_are_refused_with_the_code_of_their_folder_and_a_place() {
    STIX.rejected_are_refused(Placed::OnceClaimed);
}

#[test]
fn every_code_of_json_and_stix_has_a_sample() {
    STIX.every_code_has_a_sample(&["invalid.stix.", "malformed.json."]);
}

/// What each part is marked with, by path.
fn parts(tree: &Tree<'_>) -> Vec<(String, Vec<String>)> {
    let spelt = |marking: &Marking| match *marking {
        Marking::Tlp(id) => {
            format!("TLP {}", tree.node(id).value.text().rsplit("--").next().unwrap_or_default().split('-').next().unwrap_or_default())
        }
        Marking::Acs(id) => format!("ACS {}", tree.element(id, "control_set").unwrap().1.span.bytes() > 0),
        Marking::Banner(id) => format!("banner {}", tree.path(id)),
        other => format!("{other:?}"),
    };
    (STIX.format().portions)(tree).iter().map(|part| (tree.path(part.node), part.markings.iter().map(spelt).collect())).collect()
}

#[test]
fn each_object_is_a_part_and_so_is_what_a_granular_marking_selects() {
    let body = STIX.named("granular-markings");
    let tree = read(&body).unwrap();
    let parts = parts(&tree);
    let of = |path: &str| parts.iter().find(|(part, _)| part == path).map(|(_, markings)| markings.join(", "));
    assert_eq!(of("/bundle/objects[1]").as_deref(), Some("TLP 613f2e26, banner /bundle/objects[1]/@description"));
    assert_eq!(of("/bundle/objects[1]/@description").as_deref(), Some("TLP f88d31f6"));
    assert_eq!(of("/bundle/objects[1]/indicator_types[1]").as_deref(), Some("TLP 34098fce"), "a list is marked whole");
    assert_eq!(of("/bundle/objects[1]/indicator_types[2]").as_deref(), Some("TLP 34098fce"));
    let order: Vec<_> = (STIX.format().portions)(&tree).iter().map(|part| part.node).collect();
    assert!(order.is_sorted());
}

#[test]
fn a_specification_marks_its_objects_and_itself() {
    let body = STIX.named("acs");
    let tree = read(&body).unwrap();
    let parts = parts(&tree);
    assert!(parts.iter().any(|(path, markings)| path == "/bundle/objects[1]" && markings == &["ACS true"]), "{parts:?}");
    assert!(parts.iter().filter(|(_, markings)| markings.contains(&"ACS true".to_owned())).count() >= 2);
}

#[test]
fn what_goes_takes_its_mentions_along() {
    let body = STIX.named("relations");
    let tree = read(&body).unwrap();
    let paths = |(part, takes): (NodeId, NodeId)| (tree.path(part), tree.path(takes));
    let pairs =
        |mention: &Mention| mention.parts.iter().flat_map(|part| mention.takes.iter().map(|takes| (*part, *takes))).map(paths).collect::<Vec<_>>();
    let mentions: Vec<(String, String)> = (STIX.format().mentions)(&tree).iter().flat_map(pairs).collect();
    let holds = |part: &str, takes: &str| mentions.contains(&(format!("/bundle/objects[{part}]"), format!("/bundle/objects{takes}")));
    for (part, takes) in [
        ("1", "[2]/@created_by_ref"), // an identity goes: the creator of the indicator
        ("2", "[4]"),                 // an indicator goes: the relationship that begins in it
        ("3", "[4]"),                 // malware goes: the relationship that ends in it
        ("2", "[5]"),                 // the sighting of it
        ("1", "[5]/where_sighted_refs"),
        ("2", "[6]/object_refs[1]"), // one of several that a report is about
        ("3", "[7]"),                // the only thing that a note is about
    ] {
        assert!(holds(part, takes), "{part} takes {takes}: {mentions:#?}");
    }
}

#[test]
fn what_is_left_of_a_bundle_is_a_bundle_still() {
    let body = STIX.named("relations");
    let tree = read(&body).unwrap();
    let mut edits = Edits::default();
    let withheld = tree.elements(NodeId::ROOT).nth(1).unwrap().0;
    let mentions = (STIX.format().mentions)(&tree).into_iter().filter(|mention| mention.parts.contains(&withheld));
    for node in std::iter::once(withheld).chain(mentions.flat_map(|mention| mention.takes)) {
        edits.add(Edit { node, path: tree.path(node), action: "remove", rule: "test".into(), change: Change::Remove });
    }
    let written = vestibule::rebuild::bytes(&tree, &edits, Syntax::Json).unwrap();
    let left = read(&written).unwrap();
    assert_eq!(left.elements(NodeId::ROOT).count(), tree.elements(NodeId::ROOT).count() - 3);
    let id = tree.attribute(withheld, "id").unwrap().1.value.text();
    assert!(!String::from_utf8(written.clone()).unwrap().contains(&*id));
    assert!(left.all().all(|(_, node)| node.kind == Kind::Element || node.value.text() != id));
}

#[test]
fn the_kind_of_a_message_is_that_of_its_objects_if_they_are_of_one_kind() {
    for (name, kind) in [("granular-markings", "indicator"), ("relations", "bundle"), ("acs", "bundle"), ("minimal", "identity")] {
        let body = STIX.named(name);
        let tree = read(&body).unwrap();
        let facts = (STIX.format().facts)(&tree);
        assert_eq!(facts.kind, kind, "{name}");
        assert!(facts.subject.starts_with("bundle--"));
    }
}

#[test]
fn a_hostile_body_costs_no_more_than_its_budget() {
    let bundle = |objects: &str| format!("{{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\",\"objects\":[{objects}]}}");
    let many = vec!["{\"type\":\"url\",\"id\":\"url--c1477287-23ac-5971-a010-5c287877fa60\",\"value\":\"x\"}"; 20_000].join(",");
    for (body, code) in [
        (bundle(&"[".repeat(100_000)), "size.depth"),
        (bundle(&vec!["0"; 300_000].join(",")), "size.nodes"),
        (bundle(&many), "invalid.stix.duplicate"),
        (bundle(&format!("{{{}}}", (0..100_000).map(|n| format!("\"k{n}\":0")).collect::<Vec<_>>().join(","))), "invalid.stix.missing"),
    ] {
        assert_eq!(read(body.as_bytes()).map(|_| ()).unwrap_err().reason.code(), code);
    }
}
