//! The law of the fast way: what a sketch knows, Cedar says; what a policy is not given, it does not miss; and every answer is that of Cedar alone.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use cedar_policy::{Decision, Effect, Policy, PolicyId, PolicySet};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::engine::Engine;
use super::question::Question;
use super::sketch::{Scene, Sketch, Wants, looked_at};
use crate::base::{Name, Precedence, Reason, Time, Traffic};
use crate::label::LabelView;
use crate::policy::{self, Edition, PeerEntry, Release};

struct Ground {
    edition: Edition,
    engine: Engine,
}

fn ground(folder: &str) -> Ground {
    let files = policy::read_folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(folder)).unwrap();
    let edition = policy::load(&files).unwrap_or_else(|complaints| panic!("{complaints:#?}"));
    Ground { engine: Engine::compile(&edition).unwrap(), edition }
}

static GROUNDS: LazyLock<[Ground; 2]> = LazyLock::new(|| ["five-eyes", "nato"].map(ground));

const KINDS: [&str; 12] = ["a-f-G", "a-f-F-A", "a-u-P", "a-x-P-S", "b-m-p-s", "b-a-o", "t-x-f", "r-A", "indicator", "CASEVAC", "", "é*"];
/// Some are the edges of agreements.
const TIMES: [&str; 9] = [
    "2020-01-01T00:00:00Z",
    "2025-05-31T23:59:59.999Z",
    "2025-06-01T00:00:00Z",
    "2026-03-01T12:00:00Z",
    "2026-12-31T23:59:59Z",
    "2027-06-01T00:00:00Z",
    "2028-05-31T23:59:59.999Z",
    "2028-06-01T00:00:00Z",
    "2040-01-01T00:00:00Z",
];

/// A question that need not make sense, over the words of an edition and a few that are none.
fn questions(edition: &'static Edition) -> impl Strategy<Value = Question<'static>> {
    let schemes = edition.lattice.policies();
    let levels: Vec<&str> = schemes.iter().flat_map(|scheme| &scheme.levels).map(|level| level.name.as_str()).chain(["TOP SECRET"]).collect();
    let names: Vec<&str> = schemes.iter().map(|scheme| scheme.name.as_str()).collect();
    let formats = vec!["cot", "tak", "stix", "misp", "nffi", "mtf", "mail", "none"];
    let said = (select(formats), select(&KINDS[..]), select(vec!["", "T-1"]), select(Precedence::ALL.to_vec()), select(&TIMES[..]));
    let categories = vec!["Special Category Designators/ATOMAL", "Releasable To/GBR", "Releasable To/FVEY", "a/b/c"];
    let label = (
        select(names.clone()),
        select(levels),
        any::<bool>(),
        subsequence(categories, 0..=4),
        prop::collection::vec(prop::option::of(0_u32..9), names.len()),
    );
    let conditions = prop::collection::vec(any::<Index>(), edition.conditions.len());
    (said, label, any::<bool>(), conditions).prop_map(move |(said, label, real, conditions)| {
        let (format, kind, subject, precedence, now) = said;
        let (policy, level, national_only, values, ranks) = label;
        let mut categories = std::collections::BTreeMap::<String, Vec<String>>::new();
        for (tag, value) in values.iter().filter_map(|value| value.split_once('/')) {
            categories.entry(tag.to_owned()).or_default().push(value.to_owned());
        }
        let releasable_to = categories.get("Releasable To").cloned().unwrap_or_default();
        let ranks = names.iter().zip(ranks).filter_map(|(name, rank)| Some((*name, rank?))).collect();
        let met = edition.conditions.iter().zip(&conditions).map(|(one, at)| (one.name.to_string(), one.values[at.index(one.values.len())].clone()));
        let conditions = Arc::new(met.collect());
        let traffic = if real { Traffic::Operation } else { Traffic::Exercise };
        let (policy, classification) = (policy.to_owned(), level.to_owned());
        let (foreign_origins, originator, created) = (Vec::new(), None, None);
        let label = LabelView { policy, classification, releasable_to, national_only, foreign_origins, categories, originator, created };
        Question { format, kind, subject, traffic, precedence, now: Time::parse(now).unwrap(), label, ranks, conditions }
    })
}

/// A condition of a policy, some of which fail and some of which nobody can sketch.
fn conditions() -> impl Strategy<Value = String> {
    let sides = || select(vec!["principal", "resource"]);
    let plain = select(vec![
        "context.national_only",
        "context.format == Format::\"cot\"",
        "Format::\"stix\" != context.format",
        "context.traffic == Traffic::\"exercise\"",
        "context.precedence == Precedence::\"FLASH\"",
        "context.policy == Policy::\"GBR\"",
        "context.classification == Classification::\"TOP SECRET\"",
        "context.kind == \"a-u-P\"",
        "context.subject == context.kind",
        "context.subject == principal.nation",
        "context.kind like \"a-*-P*\"",
        "context.kind like \"*\\*\"",
        "context.now_ms >= 1800000000000",
        "context.now_ms < 1800000000000",
        "context.categories.contains(Category::\"Special Category Designators/ATOMAL\")",
        "context.categories.contains(Category::\"a/b/c\")",
        "context.releasable_to.contains(Group::\"GBR\")",
        "context.releasable_to.containsAny([Group::\"GBR\"])",
        "context.ranks has \"GBR\"",
        "context.ranks[\"GBR\"] <= 4",
        "(if context.ranks has \"NATO\" then context.ranks[\"NATO\"] > 2 else true)",
        "context.now_ms + 9223372036854775807 > 0",
        "context.ranks[\"nowhere\"] > 0",
        "context.policy == Classification::\"GBR\"",
        "principal.nation == resource.nation",
        "principal == resource",
        "true",
        "false",
    ]);
    let groups =
        vec!["Nation::\"GBR\"", "Community::\"FVEY\"", "Community::\"NATO\"", "Peer::\"usa-ops\"", "[Nation::\"USA\", Community::\"EU\"]", "[]"];
    let within = (sides(), select(groups)).prop_map(|(side, group)| format!("{side} in {group}"));
    let leaf = prop_oneof![4 => plain.prop_map(str::to_owned), 1 => within];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            3 => pair.clone().prop_map(|(one, other)| format!("({one} && {other})")),
            3 => pair.prop_map(|(one, other)| format!("({one} || {other})")),
            2 => inner.clone().prop_map(|one| format!("!({one})")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(test, then, other)| format!("(if {test} then {then} else {other})")),
        ]
    })
}

fn policies() -> impl Strategy<Value = String> {
    let to = select(vec!["principal", "principal == Peer::\"gbr-ops\"", "principal in Community::\"FVEY\"", "principal in Nation::\"ISAC\""]);
    let from = select(vec!["resource", "resource in Nation::\"GBR\"", "resource == Peer::\"usa-ops\""]);
    let clause = (select(vec!["when", "unless"]), conditions()).prop_map(|(word, one)| format!("{word} {{ {one} }}"));
    (to, from, prop::collection::vec(clause, 0..3)).prop_map(|(to, from, clauses)| {
        let clauses = clauses.join(" ");
        format!("forbid ({to}, action == Action::\"release\", {from}) {clauses};")
    })
}

/// A peer of an edition with some of its communities, and whether it has them for good.
fn peers(edition: &'static Edition) -> impl Strategy<Value = &'static PeerEntry> {
    select(edition.peers.values().collect::<Vec<_>>())
}

fn fewer(peer: &PeerEntry, keep: u8) -> PeerEntry {
    let kept = peer.communities.iter().zip((0..8).cycle()).filter(|(_, bit)| keep >> bit & 1 == 1);
    PeerEntry { communities: kept.map(|(name, _)| name.clone()).collect(), ..peer.clone() }
}

/// What Cedar alone says: whether a policy holds; nothing where it fails.
fn says(engine: &Engine, policy: &Policy, scene: Scene<'_>, wants: Wants) -> Option<bool> {
    let set = PolicySet::from_policies([policy.clone()]).unwrap();
    let (to, from) = (&engine.desks[&scene.recipient.name], &engine.desks[&scene.sender.name]);
    let request = engine.request(to, from, scene.question.context(&engine.types, wants).unwrap()).unwrap();
    let held = [scene.sender, scene.recipient].map(|peer| Cow::Owned(peer.clone()));
    let entities = engine.entities_of([&held[0], &held[1]]).unwrap();
    let response = engine.answer(&request, &set, &entities).ok()?;
    Some(response.diagnostics().reason().next().is_some())
}

/// The answer as Cedar alone gives it, all policies at once.
fn plain(ground: &Ground, question: &Question<'_>, from: &Name, to: &Name) -> Result<String, Reason> {
    let response = ground.engine.ask_plainly(question, from, to);
    if response.diagnostics().errors().next().is_some() {
        return Err(Reason::AgreementError);
    }
    let speaking: Vec<&PolicyId> = response.diagnostics().reason().collect();
    if response.decision() == Decision::Deny {
        return Err(if speaking.is_empty() { Reason::AgreementNone } else { Reason::AgreementForbidden });
    }
    let clauses = || ground.edition.agreements.iter().flat_map(|agreement| &agreement.clauses);
    let is_review = |id: &str| clauses().any(|clause| clause.id.as_str() == id && clause.release == Release::Review);
    let ids = speaking.into_iter().map(ToString::to_string);
    ids.min_by_key(|id| (is_review(id), id.clone())).ok_or(Reason::AgreementNone)
}

fn drawn(at: usize) -> impl Strategy<Value = (Question<'static>, &'static PeerEntry, &'static PeerEntry)> {
    let edition = &GROUNDS[at].edition;
    (questions(edition), peers(edition), peers(edition))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]

    #[test]
    fn what_a_sketch_knows_is_what_cedar_says((text, (question, from, to), keep) in (policies(), drawn(0), any::<[u8; 2]>())) {
        let policy = Policy::parse(Some(PolicyId::new("p")), &text).unwrap();
        prop_assert_eq!(policy.effect(), Effect::Forbid);
        let (to, from) = (fewer(to, keep[0]), if from.name == to.name { fewer(to, keep[0]) } else { fewer(from, keep[1]) });
        let scene = Scene { question: &question, recipient: &to, sender: &from };
        let cedar = says(&GROUNDS[0].engine, &policy, scene, Wants::ALL);
        prop_assert_eq!(says(&GROUNDS[0].engine, &policy, scene, looked_at(&policy)), cedar, "{}: what is left out is missed", text);
        let sketch = Sketch::of(&policy);
        for sketch in [sketch.clone().settled(&to), sketch] {
            let known = sketch.holds(scene);
            prop_assert!(known.is_none() || known == cedar, "{text}: {known:?}, and Cedar says {cedar:?}");
        }
    }

    #[test]
    fn every_answer_is_that_of_cedar_alone((at, five, nato) in (0..2_usize, drawn(0), drawn(1))) {
        let (question, from, to) = [five, nato].into_iter().nth(at).unwrap();
        let fast = GROUNDS[at].engine.ask(&question, &from.name, &to.name);
        let fast = fast.map(|clause| clause.id.to_string()).map_err(|refusal| refusal.reason);
        prop_assert_eq!(fast, plain(&GROUNDS[at], &question, &from.name, &to.name));
    }
}

/// The law above would say nothing if sketches knew nothing: of the policies that ship, all is known.
#[test]
fn nothing_that_ships_is_unknown() {
    for ground in GROUNDS.iter() {
        let (question, peer) = (Question { format: "cot", ..sample(&ground.edition) }, ground.edition.peers.values().next().unwrap());
        for text in super::compile::clauses(&ground.edition)
            .parse::<PolicySet>()
            .unwrap()
            .policies()
            .chain(ground.engine.extras().iter().map(|one| &one.policy))
        {
            let said = Sketch::of(text).holds(Scene { question: &question, recipient: peer, sender: peer });
            assert!(said.is_some(), "{text}");
        }
    }
}

fn sample(edition: &'static Edition) -> Question<'static> {
    use proptest::strategy::ValueTree;
    questions(edition).new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current()
}
