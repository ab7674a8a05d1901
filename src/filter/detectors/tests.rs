//! Tests of the detectors.

use std::collections::BTreeSet;

use super::super::samples::sample;
use super::*;
use crate::filter::Protected;
use crate::normal::NodeId;

fn rules() -> Vec<DetectorRule> {
    let rule = |detector: &Detector| DetectorRule {
        name: detector.name.to_owned(),
        action: Action::Hold,
        severity: Severity::High,
        rule: format!("filters/detectors.toml:{}", detector.name).into(),
    };
    DETECTORS.iter().map(rule).collect()
}

/// What is found where: the detector's name and the path of the field.
fn found(fields: &[&str]) -> Vec<(String, String)> {
    found_but(fields, &BTreeSet::new())
}

/// The same, where the values of all fields may hold what `names` look for.
fn found_but(fields: &[&str], names: &BTreeSet<String>) -> Vec<(String, String)> {
    let detectors = Detectors::compile(&rules(), &[]).unwrap();
    let tree = sample(fields);
    let protected = Protected::default();
    let mut found = Found::new(&tree, &protected);
    let mut text = Text::default();
    let mut budget = Budget::for_body(100_000);
    text.read(&tree, &[], &mut budget).unwrap();
    let mut allowed = Allowed::default();
    // In any order: the parts of a message are judged in turns.
    tree.subtree(NodeId::ROOT).map(|(id, _)| id).collect::<Vec<_>>().into_iter().rev().for_each(|id| allowed.add(id, names));
    allowed.sort();
    detectors.scan(&text, &allowed, &mut found, &mut budget).unwrap();
    found.finish().0.into_iter().map(|finding| (finding.rule.rsplit(':').next().unwrap().to_owned(), finding.path)).collect()
}

fn in_remarks(text: &str) -> Vec<String> {
    let field = format!("/event/detail/remarks={text}");
    found(&[&field]).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn places_are_found_however_people_write_them() {
    for text in ["30UXC 99316 10163", "30U XC 9930 1020", "30uxc9931610163", "at 4QFJ12345678 now"] {
        assert_eq!(in_remarks(text), ["grid-reference"], "{text}");
    }
    for text in [
        "51.4775N 0.2951W",
        "51.47 N, 10.29 E",
        "512830N0001742W",
        "N 51 28.65",
        "51\u{b0}28.6'",
        "51 deg 28 min",
        "at 51.47752,-0.29514",
        "51.47752, -0.29514",
        "the lat: 51.4775",
        "at latitude  -51.4775",
    ] {
        assert!(in_remarks(text).contains(&"degrees".to_owned()), "{text}");
    }
}

#[test]
fn a_field_that_is_for_places_holds_them_and_no_others() {
    let degrees = BTreeSet::from(["degrees".to_owned()]);
    let fields = ["/event/detail/position=5120N00130W", "/event/detail/grid=30UXC9931610163"];
    assert_eq!(found_but(&fields, &BTreeSet::new()).len(), 2);
    assert_eq!(found_but(&fields, &degrees), [("grid-reference".to_owned(), "/event/detail/grid".to_owned())]);
}

#[test]
fn numbers_that_are_no_places_are_left_alone() {
    for text in ["speed 10.7 course 138.31", "route 66 to exit 12", "4 trucks, 12 men", "price 51.4775", "30 units", "version 1.2.3", "51N"] {
        assert!(in_remarks(text).is_empty(), "{text}: {:?}", in_remarks(text));
    }
    for identifier in ["7c9e12ce-40de-4ab1-9e83-22fd12345678", "indicator--1c9e12ce-30ce-4cd1-9e83-4df123456789"] {
        assert!(in_remarks(identifier).is_empty(), "{identifier}: {:?}", in_remarks(identifier));
    }
    assert_eq!(in_remarks("7c9e12ce-40de-4ab1-9e83-22fd12345678 30UXC9931610163"), ["grid-reference"]);
    // Numbers of two fields are no pair.
    assert!(found(&["/event/detail/a/@x=at 51.47752", "/event/detail/b/@y=0.29514"]).is_empty());
}

#[test]
fn a_place_is_reported_on_its_field_and_endless_places_are_bounded() {
    let fields = ["/event/@uid=U-1", "/event/detail/remarks=x", "/event/detail/link/@remarks=30UXC9931610163"];
    assert_eq!(found(&fields), [("grid-reference".to_owned(), "/event/detail/link/@remarks".to_owned())]);
    let many = "30UXC9931610163 ".repeat(PLACES_MAX + 10);
    assert!((100..=PLACES_MAX).contains(&in_remarks(&many).len()));
}

#[test]
fn an_unknown_name_is_a_complaint_that_names_the_known_ones() {
    let rule = DetectorRule { name: "place".into(), action: Action::Hold, severity: Severity::High, rule: "filters/detectors.toml:1".into() };
    let complaints = Detectors::compile(&[rule], &[]).unwrap_err();
    assert_eq!(complaints.len(), 1);
    assert!(complaints[0].what.contains("`place`") && complaints[0].expected.contains("`grid-reference`"), "{complaints:?}");
}
