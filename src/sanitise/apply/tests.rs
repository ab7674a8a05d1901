//! Plans and the edits that they become.

use super::*;
use crate::filter::samples::{node, sample};
use crate::sanitise::Keys;
use TransformAction::{CoarsenNumber, CoarsenTime, Pseudonymise, Remove};
use aws_lc_rs::hmac;

const TRACK: &[&str] = &[
    "/event/@uid=U-1",
    "/event/@start=t:2026-01-02T03:34:05Z",
    "/event/@stale=t:2026-01-02T03:44:05Z",
    "/event/@access=SECRET",
    "/event/point/@lat=lat:51.477512",
    "/event/point/@lon=lon:-0.001475",
    "/event/point/@ce=m:15",
    "/event/detail/contact/@callsign=RAVEN",
    "/event/detail/link/@uid=U-1",
    "/event/detail/+link/@uid=U-2",
    "/event/detail/remarks=the code word is JABBERWOCK today",
];

struct Case<'c> {
    rest: &'c [&'c str],
    required: &'c [&'c str],
}

const PLAIN: Case<'static> = Case { rest: &[], required: &[] };

fn transform(path: &'static str, action: TransformAction) -> (&'static str, Step) {
    (path, Step::Transform(action))
}

fn run_on(tree: &Tree<'_>, case: &Case<'_>, steps: &[(&str, Step)]) -> Result<Edits, Refusal> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let paths = |texts: &[&str]| texts.iter().map(|text| PathPattern::parse(text).unwrap()).collect::<Vec<_>>();
    let access = tree.attribute(NodeId::ROOT, "access").map(|(id, _)| id);
    let markings = [crate::normal::Marking::Triple { access, caveat: None, releasable_to: None }];
    let steps: Vec<Planned> =
        steps.iter().map(|(path, step)| Planned { node: node(tree, path), step: step.clone(), rule: "rule:1".into() }).collect();
    let references: Vec<NodeId> = tree.all().filter(|(_, node)| node.name == "uid").map(|(id, _)| id).collect();
    let plan = Plan {
        tree,
        steps: &steps,
        withheld: &[],
        references: &references,
        protected: &Protected::of(tree, &paths(case.required), &markings, &[]),
        rest: &paths(case.rest),
        pseudonyms: Pseudonyms::new(&Keys { pseudonym: &key }, "nato-hq"),
    };
    plan.edits()
}

fn run(steps: &[(&str, Step)]) -> Vec<(String, &'static str, String)> {
    shown(&run_on(&sample(TRACK), &PLAIN, steps).unwrap())
}

fn shown(edits: &Edits) -> Vec<(String, &'static str, String)> {
    let value = |change: &Change| match change {
        Change::Remove => String::new(),
        Change::Replace(value) => value.text().into_owned(),
    };
    edits.iter().map(|edit| (edit.path.clone(), edit.action, value(&edit.change))).collect()
}

fn line(path: &str, action: &'static str, value: &str) -> (String, &'static str, String) {
    (path.to_owned(), action, value.to_owned())
}

#[test]
fn a_coarse_place_claims_no_fine_error() {
    let edits = run(&[transform("/event/point/@lat", CoarsenNumber(2)), transform("/event/point/@lon", CoarsenNumber(2))]);
    assert_eq!(
        edits,
        [line("/event/point/@lat", "coarsen", "51.48"), line("/event/point/@lon", "coarsen", "0"), line("/event/point/@ce", "coarsen", "789")]
    );
}

#[test]
fn an_error_that_is_greater_already_stays() {
    let tree = sample(&["/event/point/@lat=lat:51.477512", "/event/point/@ce=m:9999999"]);
    let edits = run_on(&tree, &PLAIN, &[transform("/event/point/@lat", CoarsenNumber(1))]).unwrap();
    assert_eq!(shown(&edits), [line("/event/point/@lat", "coarsen", "51.5")]);
}

#[test]
fn of_two_roundings_the_coarser_wins_in_either_order() {
    for (first, second) in [(2, 0), (0, 2)] {
        let edits = run(&[transform("/event/point/@lat", CoarsenNumber(first)), transform("/event/point/@lat", CoarsenNumber(second))]);
        assert_eq!(edits, [line("/event/point/@lat", "coarsen", "51"), line("/event/point/@ce", "coarsen", "78849")]);
    }
}

#[test]
fn coarse_times_stay_in_order() {
    let both = run(&[transform("/event/@start", CoarsenTime(3600)), transform("/event/@stale", CoarsenTime(3600))]);
    assert_eq!(both, [line("/event/@start", "coarsen", "2026-01-02T03:00:00Z"), line("/event/@stale", "coarsen", "2026-01-02T03:00:00Z")]);
    let stale_alone = run(&[transform("/event/@stale", CoarsenTime(3600))]);
    assert_eq!(stale_alone, [line("/event/@stale", "coarsen", "2026-01-02T03:34:05Z")]);
}

#[test]
fn what_is_coarse_already_has_no_edit() {
    let tree = sample(&["/event/@start=t:2026-01-02T03:00:00Z", "/event/point/@hae=m:120"]);
    let edits = run_on(&tree, &PLAIN, &[transform("/event/@start", CoarsenTime(3600)), transform("/event/point/@hae", CoarsenNumber(0))]).unwrap();
    assert!(edits.is_empty());
}

#[test]
fn references_take_the_pseudonym_of_what_they_name() {
    let edits = run(&[transform("/event/@uid", Pseudonymise)]);
    assert_eq!(edits.iter().map(|edit| edit.0.as_str()).collect::<Vec<_>>(), ["/event/@uid", "/event/detail/link[1]/@uid"]);
    assert!(edits[0].2 == edits[1].2 && edits[0].2.len() == 16);
}

#[test]
fn blotted_text_keeps_what_stands_around_it() {
    let path = "/event/detail/remarks";
    let tree = sample(TRACK);
    let text = tree.children(node(&tree, path)).next().unwrap().0;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let steps = [Planned { node: text, step: Step::Redact(17..27), rule: "words.txt:1".into() }];
    let plan = Plan {
        tree: &tree,
        steps: &steps,
        withheld: &[],
        references: &[],
        protected: &Protected::default(),
        rest: &[],
        pseudonyms: Pseudonyms::new(&Keys { pseudonym: &key }, "nato-hq"),
    };
    assert_eq!(shown(&plan.edits().unwrap()), [line(path, "replace", "the code word is [withheld] today")]);
}

#[test]
fn blots_join_and_never_cut_a_character() {
    for (text, ranges, expected) in [
        ("abcdef", vec![0..2], "[withheld]cdef"),
        ("abcdef", vec![4..6], "abcd[withheld]"),
        ("abcdef", vec![1..3, 2..5], "a[withheld]f"),
        ("abcdef", vec![1..3, 3..5], "a[withheld]f"),
        ("abcdef", vec![3..4, 1..2], "a[withheld]c[withheld]ef"),
        ("abcdef", vec![0..6, 2..3], "[withheld]"),
        ("aäb", vec![2..3], "a[withheld]b"),
        ("abc", vec![2..99], "ab[withheld]"),
    ] {
        assert_eq!(blotted(text, ranges.clone()), expected, "{text} {ranges:?}");
    }
}

#[test]
fn a_removal_swallows_all_edits_below_it() {
    let edits = run(&[
        transform("/event/detail/contact/@callsign", Pseudonymise),
        transform("/event/detail/contact/@callsign", Remove),
        transform("/event/detail/contact", Remove),
        transform("/event/detail", Remove),
    ]);
    assert_eq!(edits, [line("/event/detail", "remove", "")]);
}

#[test]
fn values_of_elements_are_their_text() {
    let edits = run(&[transform("/event/detail/remarks", TransformAction::Replace("none".into()))]);
    assert_eq!(edits, [line("/event/detail/remarks", "replace", "none")]);
}

#[test]
fn a_step_that_cannot_do_its_work_refuses() {
    let case = Case { rest: &[], required: &["/event/@uid"] };
    let tree = sample(TRACK);
    for (path, step) in [
        transform("/event/detail/remarks", CoarsenNumber(1)),
        transform("/event/detail/remarks", CoarsenTime(60)),
        transform("/event/point/@lat", Pseudonymise),
        transform("/event/point/@lat", TransformAction::Replace("near".into())),
        transform("/event", Remove),
        transform("/event/@uid", Remove),
        transform("/event/@access", Remove),
        transform("/event/@access", TransformAction::Replace("UNCLASSIFIED".into())),
    ] {
        let refusal = run_on(&tree, &case, &[(path, step.clone())]).unwrap_err();
        assert_eq!((refusal.reason, refusal.place.path.as_str()), (Reason::AgreementError, path), "{step:?}");
    }
}

#[test]
fn nothing_leaves_where_nothing_worth_sending_is_left() {
    let tree = sample(TRACK);
    let case = Case { rest: &["/event/point", "/event/detail/remarks"], required: &[] };
    assert!(run_on(&tree, &case, &[transform("/event/point", Remove)]).is_ok());
    let refusal = run_on(&tree, &case, &[transform("/event/point", Remove), transform("/event/detail", Remove)]).unwrap_err();
    assert_eq!(refusal.reason, Reason::RestEmpty);
}

#[test]
fn an_element_of_which_nothing_is_left_inside_says_nothing() {
    let tree = sample(TRACK);
    let case = Case { rest: &["/event/point"], required: &[] };
    assert!(run_on(&tree, &case, &[transform("/event/point/@lat", Remove)]).is_ok());
    let all = ["/event/point/@lat", "/event/point/@lon", "/event/point/@ce"].map(|path| transform(path, Remove));
    assert_eq!(run_on(&tree, &case, &all).unwrap_err().reason, Reason::RestEmpty);
}

#[test]
fn sanitising_the_result_again_changes_nothing() {
    let steps = [
        transform("/event/point/@lat", CoarsenNumber(2)),
        transform("/event/point/@lon", CoarsenNumber(1)),
        transform("/event/@start", CoarsenTime(600)),
        transform("/event/@stale", CoarsenTime(600)),
        transform("/event/detail/remarks", TransformAction::Replace("none".into())),
    ];
    let again = sample(&[
        "/event/@uid=U-1",
        "/event/@start=t:2026-01-02T03:30:00Z",
        "/event/@stale=t:2026-01-02T03:40:00Z",
        "/event/@access=SECRET",
        "/event/point/@lat=lat:51.48",
        "/event/point/@lon=lon:0",
        "/event/point/@ce=m:7885",
        "/event/detail/remarks=none",
    ]);
    let first = run(&steps);
    assert_eq!(
        first.iter().map(|edit| edit.2.as_str()).collect::<Vec<_>>(),
        ["2026-01-02T03:30:00Z", "2026-01-02T03:40:00Z", "51.48", "0", "7885", "none"]
    );
    assert!(run_on(&again, &PLAIN, &steps).unwrap().is_empty());
}

#[test]
fn a_message_that_needs_too_many_edits_is_held() {
    let fields: Vec<String> = (0..4_200).map(|number| format!("/event/+link/@point={number}.25")).collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let tree = sample(&fields);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    for action in [Remove, CoarsenNumber(1)] {
        let points = tree.all().filter(|(_, node)| node.name == "point").map(|(node, _)| node);
        let steps: Vec<Planned> = points.map(|node| Planned { node, step: Step::Transform(action.clone()), rule: "rule:1".into() }).collect();
        let edits = |steps| {
            let pseudonyms = Pseudonyms::new(&Keys { pseudonym: &key }, "nato-hq");
            Plan { tree: &tree, steps, withheld: &[], references: &[], protected: &Protected::default(), rest: &[], pseudonyms }.edits()
        };
        assert_eq!(edits(&steps[..100]).map(|edits| edits.len()), Ok(100));
        assert_eq!(edits(&steps).unwrap_err().reason, Reason::ContentLimit);
    }
}
