//! STIX: samples of ours, samples of others, laws, and what a guard must refuse that tools of others accept.

mod corpus;
mod validator;

use std::path::{Path, PathBuf};

use vestibule::base::{Budget, Reason, Refusal};
use vestibule::format::{self, Format, Syntax, laws};
use vestibule::normal::{Change, Edit, Edits, Kind, Marking, Mention, NodeId, Tree};

fn stix() -> &'static Format {
    format::by_name("stix").unwrap()
}

fn read(body: &[u8]) -> Result<Tree<'_>, Refusal> {
    let format = format::identify(body)?;
    (format.read)(body, &mut Budget::for_body(body.len()))
}

fn write(tree: &Tree<'_>, syntax: Syntax) -> Result<Vec<u8>, Refusal> {
    vestibule::rebuild::bytes(tree, &Edits::default(), syntax)
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "json") {
            let body = std::fs::read(&path).unwrap();
            found.push((path, body));
        }
    }
    found
}

fn own(kind: &str) -> Vec<(PathBuf, Vec<u8>)> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/stix/samples").join(kind))
}

#[test]
fn accepted_samples_are_read_and_keep_every_law() {
    let samples = own("accept");
    assert!(samples.len() >= 8);
    for (path, body) in samples {
        read(&body).unwrap_or_else(|refusal| panic!("{}: {refusal} {:?}", path.display(), refusal.place));
        laws::all(stix(), &body, write).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
    }
}

#[test]
fn every_byte_of_an_accepted_sample_counts() {
    // The time grows with the square of the size: the great samples have the same grammar.
    for (path, body) in own("accept").into_iter().filter(|(_, body)| body.len() < 2_000) {
        laws::every_byte_counts(stix(), &body).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
    }
}

#[test]
fn rejected_samples_are_refused_with_the_code_of_their_folder_and_a_place() {
    for (path, body) in own("reject") {
        let expected = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let refusal = read(&body).map(|_| ()).expect_err(&path.display().to_string());
        assert_eq!(refusal.reason.code(), expected, "{}: {refusal}", path.display());
        assert!(refusal.place.span.is_some() || expected.starts_with("format."), "{}", path.display());
        laws::all(stix(), &body, write).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
    }
}

#[test]
fn every_code_of_json_and_stix_has_a_sample() {
    let folders: std::collections::BTreeSet<String> =
        own("reject").iter().map(|(path, _)| path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned()).collect();
    let ours = |code: &str| code.starts_with("invalid.stix.") || code.starts_with("malformed.json.");
    let missing: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).filter(|code| ours(code) && !folders.contains(*code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn sample(name: &str) -> Vec<u8> {
    own("accept").into_iter().find(|(path, _)| path.file_stem().is_some_and(|stem| stem == name)).unwrap().1
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
    (stix().portions)(tree).iter().map(|part| (tree.path(part.node), part.markings.iter().map(spelt).collect())).collect()
}

#[test]
fn each_object_is_a_part_and_so_is_what_a_granular_marking_selects() {
    let body = sample("granular-markings");
    let tree = read(&body).unwrap();
    let parts = parts(&tree);
    let of = |path: &str| parts.iter().find(|(part, _)| part == path).map(|(_, markings)| markings.join(", "));
    assert_eq!(of("/bundle/objects[1]").as_deref(), Some("TLP 613f2e26, banner /bundle/objects[1]/@description"));
    assert_eq!(of("/bundle/objects[1]/@description").as_deref(), Some("TLP f88d31f6"));
    assert_eq!(of("/bundle/objects[1]/indicator_types[1]").as_deref(), Some("TLP 34098fce"), "a list is marked whole");
    assert_eq!(of("/bundle/objects[1]/indicator_types[2]").as_deref(), Some("TLP 34098fce"));
    let order: Vec<_> = (stix().portions)(&tree).iter().map(|part| part.node).collect();
    assert!(order.is_sorted());
}

#[test]
fn a_specification_marks_its_objects_and_itself() {
    let body = sample("acs");
    let tree = read(&body).unwrap();
    let parts = parts(&tree);
    assert!(parts.iter().any(|(path, markings)| path == "/bundle/objects[1]" && markings == &["ACS true"]), "{parts:?}");
    assert!(parts.iter().filter(|(_, markings)| markings.contains(&"ACS true".to_owned())).count() >= 2);
}

#[test]
fn what_goes_takes_its_mentions_along() {
    let body = sample("relations");
    let tree = read(&body).unwrap();
    let paths = |(part, takes): (NodeId, NodeId)| (tree.path(part), tree.path(takes));
    let pairs =
        |mention: &Mention| mention.parts.iter().flat_map(|part| mention.takes.iter().map(|takes| (*part, *takes))).map(paths).collect::<Vec<_>>();
    let mentions: Vec<(String, String)> = (stix().mentions)(&tree).iter().flat_map(pairs).collect();
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
    let body = sample("relations");
    let tree = read(&body).unwrap();
    let mut edits = Edits::default();
    let withheld = tree.elements(NodeId::ROOT).nth(1).unwrap().0;
    let mentions = (stix().mentions)(&tree).into_iter().filter(|mention| mention.parts.contains(&withheld));
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
        let body = sample(name);
        let tree = read(&body).unwrap();
        let facts = (stix().facts)(&tree);
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
