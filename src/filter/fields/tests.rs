//! Profiles against small trees.

use super::*;
use crate::base::{Decimal, Finding};
use crate::filter::found::{Planned, Step};
use crate::filter::protected::Protected;
use crate::filter::samples::sample;
use crate::normal::PathPattern;

fn field(path: &str, kind: FieldType) -> Field {
    let rule = format!("cot.toml:{}", path.len()).into();
    Field {
        path: PathPattern::parse(path).unwrap(),
        kind,
        forbid: None,
        misfit: Action::Hold,
        transform: None,
        reference: false,
        allow: BTreeSet::new(),
        rule,
    }
}

fn text(length_max: usize, pattern: &str) -> FieldType {
    FieldType::Text { length_max, pattern: Some(pattern.to_owned()) }
}

fn profile(fields: Vec<Field>, otherwise: Action) -> Profile {
    Profile { fields, otherwise, rest: Vec::new(), file: "cot.toml".into() }
}

fn judged(profile: &Profile, fields: &[&str], required: &[&str]) -> (Vec<Finding>, Vec<(String, Planned)>, Vec<String>) {
    let compiled = Fields::compile(profile, &[]).unwrap();
    let tree = sample(fields);
    let required: Vec<PathPattern> = required.iter().map(|path| PathPattern::parse(path).unwrap()).collect();
    let protected = Protected::of(&tree, &required, &[], &[]);
    let mut found = Found::new(&tree, &protected);
    let mut learnt = Learnt::default();
    compiled.scan(NodeId::ROOT, &mut learnt, &mut found, &mut Budget::for_body(0)).unwrap();
    let (findings, steps) = found.finish();
    let steps = steps.into_iter().map(|step| (tree.path(step.node), step)).collect();
    (findings, steps, learnt.free_names.iter().map(|&id| tree.path(id)).collect())
}

fn codes(findings: &[Finding]) -> Vec<(&'static str, &str, Action)> {
    findings.iter().map(|finding| (finding.code.code(), finding.path.as_str(), finding.action)).collect()
}

fn base() -> Vec<Field> {
    vec![
        field("/event/@uid", text(8, "[A-Z0-9-]+")),
        field("/event/point/@lat", FieldType::Number { min: Decimal::parse("0"), max: Decimal::parse("60") }),
    ]
}

const GOOD: [&str; 2] = ["/event/@uid=U-1", "/event/point/@lat=lat:51.5"];

fn with<'f>(more: &[&'f str]) -> Vec<&'f str> {
    GOOD.into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn listed_fields_with_fitting_values_pass() {
    let (findings, steps, unknown) = judged(&profile(base(), Action::Refuse), &GOOD, &[]);
    assert!(findings.is_empty() && steps.is_empty() && unknown.is_empty());
}

#[test]
fn values_that_do_not_fit_are_held_with_their_reason() {
    let profile = profile(base(), Action::Strip);
    for (fields, code) in [
        (["/event/@uid=U-123456789", "/event/point/@lat=lat:51.5"], "fields.length"),
        (["/event/@uid=u", "/event/point/@lat=lat:51.5"], "fields.pattern"),
        (["/event/@uid=U", "/event/point/@lat=lat:60.5"], "fields.range"),
        (["/event/@uid=U", "/event/point/@lat=north"], "fields.pattern"),
    ] {
        let (findings, ..) = judged(&profile, &fields, &[]);
        assert_eq!(findings.iter().map(|finding| (finding.code.code(), finding.action)).collect::<Vec<_>>(), [(code, Action::Hold)], "{fields:?}");
    }
}

#[test]
fn what_no_row_lists_follows_otherwise_and_is_reported_once_for_its_whole_subtree() {
    let fields = with(&["/event/detail/odd/@x=1", "/event/detail/odd/inner/@y=2"]);
    for (otherwise, code) in
        [(Action::Note, "fields.unknown"), (Action::Hold, "fields.unknown"), (Action::Refuse, "fields.unknown"), (Action::Strip, "fields.stripped")]
    {
        let mut rows = base();
        rows.push(field("/event/detail/contact/@callsign", FieldType::Any));
        let (findings, steps, unknown) = judged(&profile(rows, otherwise), &fields, &[]);
        assert_eq!(codes(&findings), [(code, "/event/detail/odd", otherwise)]);
        assert_eq!(steps.len(), usize::from(otherwise == Action::Strip));
        assert_eq!(unknown.len(), 4);
    }
}

#[test]
fn names_that_only_a_wildcard_reaches_are_the_senders_words() {
    let mut rows = base();
    rows.push(field("/event/detail/label/**", FieldType::Any));
    rows.push(field("/event/detail/*/@kind", FieldType::Any));
    let (findings, _, free) = judged(&profile(rows, Action::Hold), &with(&["/event/detail/label/policy/@uri=u", "/event/detail/label/@kind=k"]), &[]);
    assert_eq!(findings, []);
    assert_eq!(free, ["/event/detail/label/policy", "/event/detail/label/policy/@uri"]);
}

#[test]
fn a_forbidden_field_below_an_unlisted_one_is_still_found() {
    let mut rows = base();
    rows.push(Field { forbid: Some(Action::Refuse), ..field("/event/*/odd/inner", FieldType::Element) });
    let (findings, ..) = judged(&profile(rows, Action::Note), &with(&["/event/detail/odd/inner/@y=2"]), &[]);
    assert_eq!(codes(&findings)[0], ("fields.unknown", "/event/detail", Action::Note));
    assert!(codes(&findings).contains(&("fields.forbidden", "/event/detail/odd/inner", Action::Refuse)));
}

#[test]
fn forbidden_fields_and_references_are_stripped_with_their_own_reasons() {
    let mut rows = base();
    rows.push(Field { forbid: Some(Action::Strip), ..field("/event/detail/marti/**", FieldType::Any) });
    rows.push(Field { forbid: Some(Action::Strip), reference: true, ..field("/event/detail/video/@url", FieldType::Any) });
    let (findings, steps, _) = judged(
        &profile(rows, Action::Hold),
        &with(&["/event/detail/marti=x", "/event/detail/marti/dest/@callsign=y", "/event/detail/video/@url=rtsp://x"]),
        &[],
    );
    assert_eq!(
        codes(&findings),
        [("fields.stripped", "/event/detail/marti", Action::Strip), ("reference.url", "/event/detail/video/@url", Action::Strip)]
    );
    assert_eq!(steps.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["/event/detail/marti", "/event/detail/video/@url"]);
}

#[test]
fn a_strip_of_what_must_stand_is_a_hold() {
    let rows = vec![Field { misfit: Action::Strip, ..field("/event/@uid", text(1, "[0-9]")) }, field("/event/point/@lat", FieldType::Any)];
    let (findings, steps, _) = judged(&profile(rows, Action::Hold), &GOOD, &["/event/@uid"]);
    assert_eq!(codes(&findings), [("fields.length", "/event/@uid", Action::Hold)]);
    assert!(steps.is_empty() && findings[0].text.ends_with("must not be taken away"));
}

#[test]
fn text_needs_a_row_that_allows_text() {
    for kind in [None, Some(FieldType::Element)] {
        let mut rows = base();
        rows.push(field("/event/detail/contact/@callsign", FieldType::Any));
        rows.extend(kind.map(|kind| field("/event/detail/contact", kind)));
        let (findings, ..) = judged(&profile(rows, Action::Hold), &with(&["/event/detail/contact=hidden"]), &[]);
        assert_eq!(codes(&findings), [("fields.unknown", "/event/detail/contact", Action::Hold)]);
    }
}

#[test]
fn default_transforms_are_planned_where_the_field_stands() {
    let transform = Some(TransformAction::CoarsenNumber(2));
    let kind = FieldType::Number { min: None, max: None };
    let rows = vec![field("/event/@uid", FieldType::Any), Field { transform, ..field("/event/point/@lat", kind) }];
    let (findings, steps, _) = judged(&profile(rows, Action::Hold), &GOOD, &[]);
    assert!(findings.is_empty());
    assert_eq!(steps[0].0, "/event/point/@lat");
    assert_eq!(steps[0].1.step, Step::Transform(TransformAction::CoarsenNumber(2)));
}

#[test]
fn faulty_rows_are_complaints() {
    let whole = FieldType::Number { min: None, max: None };
    for (rows, what) in [
        (vec![field("/e/@a", FieldType::Any), field("/e/@a", FieldType::Time)], "two rows speak of `/e/@a`"),
        (vec![field("/e/@a", FieldType::Element)], "the attribute `/e/@a` is called an element"),
        (vec![field("/e/@a", text(3, "("))], "the pattern of `/e/@a` is no regular expression"),
        (
            vec![Field { transform: Some(TransformAction::CoarsenTime(60)), ..field("/e/@a", whole.clone()) }],
            "the transform of `/e/@a` does not fit the type of its values",
        ),
        (
            vec![Field { transform: Some(TransformAction::Pseudonymise), ..field("/e/@a", whole) }],
            "the transform of `/e/@a` does not fit the type of its values",
        ),
        (
            vec![Field { transform: Some(TransformAction::Replace("long".into())), ..field("/e/@a", text(3, ".*")) }],
            "the replacement for `/e/@a` does not fit the field itself",
        ),
    ] {
        let complaints = Fields::compile(&profile(rows, Action::Hold), &[]).unwrap_err();
        assert_eq!(complaints.iter().map(|complaint| complaint.what.as_str()).collect::<Vec<_>>(), [what]);
    }
}
