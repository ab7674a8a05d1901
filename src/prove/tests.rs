//! The model beside the gateway: both are asked about labels that were made of any bytes.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::json;

use super::model::Model;
use crate::base::{Name, Precedence, Reason, Time, Traffic};
use crate::label::scheme::Status;
use crate::label::{Label, laws};
use crate::policy::{self, Edition};
use crate::release::stated::Imagined;
use crate::release::{Engine, exercise};

struct Shipped {
    edition: Edition,
    engine: Engine,
    model: Model,
    released: PolicySet,
    ground: PolicySet,
}

fn shipped(name: &str) -> Shipped {
    let files = policy::read_folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(name)).unwrap();
    let edition = policy::load(&files).unwrap_or_else(|complaints| panic!("{complaints:#?}"));
    let engine = Engine::compile(&edition).unwrap();
    let model = Model::of(&edition, None).unwrap_or_else(|obstacle| panic!("{obstacle:#?}"));
    let (released, ground) = (model.rules.released(|_| true).unwrap(), model.rules.ground().unwrap());
    Shipped { edition, engine, model, released, ground }
}

static SHIPPED: LazyLock<[Shipped; 3]> = LazyLock::new(|| ["five-eyes", "nato", "usa-national"].map(shipped));

impl Shipped {
    /// The question in the words of the model.
    fn context(&self, imagined: &Imagined<'_>) -> Context {
        let lattice = &self.edition.lattice;
        let view = lattice.view(imagined.label);
        let word = |kind: &str, id: &str| json!({ "__entity": { "type": kind, "id": id } });
        let mut context = json!({
            "format": word("Format", imagined.format),
            "kind": imagined.kind,
            "subject": imagined.subject,
            "traffic": word("Traffic", exercise::word(imagined.traffic)),
            "precedence": word("Precedence", imagined.precedence.word()),
            "now_ms": imagined.now.unix_ms(),
            "policy": word("Policy", &view.policy),
            "classification": word("Classification", &view.classification),
            "national_only": view.national_only,
        });
        for declared in &self.edition.conditions {
            context[super::facts::condition(declared.name.as_str())] = {
                let set = imagined.conditions.iter().find(|(name, _)| *name == declared.name.as_str()).map(|(_, value)| value);
                word("Condition", &format!("{}/{}", declared.name, set.unwrap_or(&declared.values[0])))
            };
        }
        for word in self.model.categories.words() {
            context[word] = json!(false);
        }
        for name in self.model.categories.names() {
            let (set, value) = name.split_once('/').unwrap();
            if view.categories.get(set).is_some_and(|values| values.iter().any(|held| held == value)) {
                context[self.model.categories.word(name).unwrap()] = json!(true);
            }
        }
        Context::from_json_value(context, None).unwrap()
    }

    fn model_says(&self, policies: &PolicySet, imagined: &Imagined<'_>, from: &Name, to: &Name) -> bool {
        let peer = |name: &Name| -> EntityUid { format!("Peer::\"{name}\"").parse().unwrap() };
        let action = "Action::\"release\"".parse().unwrap();
        let request = Request::new(peer(to), action, peer(from), self.context(imagined), Some(&self.model.schema)).unwrap();
        let response = Authorizer::new().is_authorized(&request, policies, &Entities::empty());
        assert_eq!(response.diagnostics().errors().count(), 0, "{:?}", response.diagnostics());
        response.decision() == Decision::Allow
    }
}

const KINDS: [(&str, &str); 12] = [
    ("cot", "a-f-G-U-C"),
    ("cot", "a-f-F"),
    ("cot", "a-u-P"),
    ("cot", "b-m-p-s-m"),
    ("cot", "b-a-o-tbl"),
    ("cot", "t-x-f"),
    ("tak", "a-f-G"),
    ("nffi", "track"),
    ("stix", "indicator"),
    ("misp", "event"),
    ("mail", "mail"),
    ("mtf", "INTREP"),
];

/// Labels that were asked about, and those of them that were released, in both of the model and the gateway.
static ALIKE: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

/// Runs a property on one deep stack.
fn hold<S: Strategy + Sync>(cases: u32, strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError> + Send) {
    let config = ProptestConfig { cases, ..ProptestConfig::default() };
    let held = super::deep(|| TestRunner::new(config).run(strategy, property).map_err(|error| error.to_string())).unwrap();
    held.unwrap_or_else(|error| panic!("{error}"));
}

/// Both ways: what the gateway releases the model releases, and what the model releases beyond that is only what a translation would have made wider
/// or invalid.
#[test]
fn the_model_and_the_gateway_answer_alike() {
    let peers = any::<(prop::sample::Index, prop::sample::Index)>();
    let said = (prop::sample::select(&KINDS[..]), any::<bool>(), 0..2400_i64);
    let strategy = (0..3_usize, prop::collection::vec(any::<u8>(), 2..12), peers, said);
    hold(3000, &strategy, |(which, bytes, peers, ((format, kind), exercise, day))| {
        let shipped @ Shipped { edition, engine, released, .. } = &SHIPPED[which];
        let label: Label = laws::label(&edition.lattice, &bytes).unwrap();
        prop_assume!(can_stand(edition, &label));
        let names: Vec<&Name> = edition.peers.keys().collect();
        let (from, to) = (names[peers.0.index(names.len())], names[peers.1.index(names.len())]);
        let now = Time::from_unix_ms(Time::parse("2024-06-01T12:00:00Z").unwrap().unix_ms() + day * 86_400_000).unwrap();
        let traffic = if exercise { Traffic::Exercise } else { Traffic::Operation };
        let imagined = Imagined { format, kind, subject: "S", traffic, precedence: Precedence::Flash, now, conditions: &[], label: &label };
        let asked = engine.imagine(edition, &imagined, from, to);
        let modelled = shipped.model_says(released, &imagined, from, to);
        match (&asked, modelled) {
            (Ok(clause), false) => prop_assert!(from == to, "{} from {from} to {to} under {}: not in the model", shipped.shown(&label), clause.id),
            (Err(refusal), true) => prop_assert!(
                refusal.reason == Reason::ClearanceEquivalence,
                "{} from {from} to {to}: the model releases it, the gateway says {refusal}",
                shipped.shown(&label)
            ),
            _ => {}
        }
        Ok(())
    });
}

/// Mandatory control alone, which every clause stands behind: every recipient is asked about each label, at a time.
#[test]
fn mandatory_control_in_the_model_is_that_of_the_gateway() {
    let mandatory = |shipped: &Shipped| {
        let kept = |policy: &&cedar_policy::Policy| ["ground", "mandatory/"].iter().any(|kind| policy.id().to_string().starts_with(kind));
        PolicySet::from_policies(shipped.ground.policies().filter(kept).cloned()).unwrap()
    };
    let sets: Vec<PolicySet> = SHIPPED.iter().map(mandatory).collect();
    hold(1000, &(0..3_usize, prop::collection::vec(any::<u8>(), 2..8)), |(which, bytes)| {
        let shipped @ Shipped { edition, .. } = &SHIPPED[which];
        let label: Label = laws::label(&edition.lattice, &bytes).unwrap();
        prop_assume!(can_stand(edition, &label));
        let now = Time::parse("2026-03-01T12:00:00Z").unwrap();
        let traffic = Traffic::Operation;
        let imagined =
            Imagined { format: "oth", kind: "none", subject: "S", traffic, precedence: Precedence::Flash, now, conditions: &[], label: &label };
        for to in edition.peers.values() {
            let from = edition.peers.keys().find(|name| **name != to.name).unwrap();
            let asked = crate::release::mandatory::clear(&edition.lattice, &label, to, now);
            let modelled = shipped.model_says(&sets[which], &imagined, from, &to.name);
            ALIKE[0].fetch_add(1, Ordering::Relaxed);
            ALIKE[1].fetch_add(usize::from(asked.is_ok() && modelled), Ordering::Relaxed);
            match (&asked, modelled) {
                (Ok(_), false) => prop_assert!(false, "{} to {}: the gateway clears it, the model does not", shipped.shown(&label), to.name),
                (Err(refusal), true) => prop_assert!(
                    refusal.reason == Reason::ClearanceEquivalence,
                    "{} to {}: the model clears it, the gateway says {refusal}",
                    shipped.shown(&label),
                    to.name
                ),
                _ => {}
            }
        }
        Ok(())
    });
    let [asked, cleared] = [0, 1].map(|at: usize| ALIKE[at].load(Ordering::Relaxed));
    println!("{asked} questions of mandatory control to model and gateway, {cleared} of them cleared by both");
    assert!(asked > 5_000 && cleared > 100, "{asked} {cleared}");
}

/// Whether a label can be that of a message or of what is left of one: no list without a name, every tag that its policy asks for, a level in use.
fn can_stand(edition: &Edition, label: &Label) -> bool {
    let policy = &edition.lattice.policies()[label.policy.index()];
    label.categories.iter().all(|category| !category.values.is_empty())
        && policy.mandatory.iter().all(|tag| label.values(*tag).is_some())
        && policy.levels[label.level.index()].status == Status::Current
}

impl Shipped {
    fn shown(&self, label: &Label) -> String {
        format!("{:?}", self.edition.lattice.view(label))
    }
}

#[test]
fn a_message_of_every_case_that_is_released_is_released_by_the_model() {
    assert!(super::deep(cases_released).unwrap() > 100);
}

/// How many expectations of cases the model releases; it must be those that the rules do.
fn cases_released() -> usize {
    let mut asked = 0_usize;
    for shipped in &*SHIPPED {
        for case in &shipped.edition.cases {
            let Some((header, label, format, facts)) = super::template::read(&shipped.edition, case) else { continue };
            let imagined = Imagined {
                format,
                kind: &facts.0,
                subject: &facts.1,
                traffic: header.traffic,
                precedence: header.precedence,
                now: case.now,
                conditions: &case.conditions,
                label: &label,
            };
            for expected in &case.expect {
                let asked_for = shipped.engine.imagine(&shipped.edition, &imagined, &case.from, &expected.to);
                let modelled = shipped.model_says(&shipped.released, &imagined, &case.from, &expected.to);
                assert_eq!(asked_for.is_ok(), modelled, "{} to {}: {asked_for:?}", case.name, expected.to);
                asked = asked.saturating_add(usize::from(modelled));
            }
        }
    }
    asked
}
