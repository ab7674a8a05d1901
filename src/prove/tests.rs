//! The model beside the gateway: both are asked about labels that were made of any bytes.

use std::sync::LazyLock;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use proptest::prelude::*;
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
        let response = super::deep(|| Authorizer::new().is_authorized(&request, policies, &Entities::empty())).unwrap();
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1500 } else { 6000 }))]

    /// Both ways: what the gateway releases the model releases, and what the model releases beyond that is only what a translation
    /// would have made wider or invalid.
    #[test]
    fn the_model_and_the_gateway_answer_alike(
        which in 0..3_usize,
        bytes in prop::collection::vec(any::<u8>(), 2..12),
        peers in any::<(prop::sample::Index, prop::sample::Index)>(),
        (format, kind) in prop::sample::select(&KINDS[..]),
        exercise in any::<bool>(),
        day in 0..2400_i64,
    ) {
        let Shipped { edition, engine, released, .. } = &SHIPPED[which];
        let shipped = &SHIPPED[which];
        let label: Label = laws::label(&edition.lattice, &bytes).unwrap();
        let names: Vec<&Name> = edition.peers.keys().collect();
        let (from, to) = (names[peers.0.index(names.len())], names[peers.1.index(names.len())]);
        let now = Time::from_unix_ms(Time::parse("2024-06-01T12:00:00Z").unwrap().unix_ms() + day * 86_400_000).unwrap();
        let traffic = if exercise { Traffic::Exercise } else { Traffic::Operation };
        let imagined = Imagined { format, kind, subject: "S", traffic, precedence: Precedence::Flash, now, label: &label };
        prop_assume!(can_stand(edition, &label));
        let asked = engine.imagine(edition, &imagined, from, to);
        let modelled = shipped.model_says(released, &imagined, from, to);
        match (&asked, modelled) {
            (Ok(clause), false) => prop_assert!(from == to, "{} from {from} to {to} under {}: the model does not release it", shipped.shown(&label), clause.id),
            (Err(refusal), true) => prop_assert!(
                refusal.reason == Reason::ClearanceEquivalence,
                "{} from {from} to {to}: the model releases it, the gateway says {refusal}", shipped.shown(&label)
            ),
            _ => {}
        }
    }

    /// Mandatory control alone, which most labels of any bytes do not pass: every recipient is asked about each label.
    #[test]
    fn mandatory_control_in_the_model_is_that_of_the_gateway(which in 0..3_usize, bytes in prop::collection::vec(any::<u8>(), 2..8)) {
        let Shipped { edition, ground, .. } = &SHIPPED[which];
        let shipped = &SHIPPED[which];
        let label: Label = laws::label(&edition.lattice, &bytes).unwrap();
        prop_assume!(can_stand(edition, &label));
        let now = Time::parse("2026-03-01T12:00:00Z").unwrap();
        let imagined = Imagined { format: "oth", kind: "none", subject: "S", traffic: Traffic::Operation, precedence: Precedence::Flash, now, label: &label };
        let mandatory: PolicySet = PolicySet::from_policies(
            ground.policies().filter(|policy| ["ground", "mandatory/"].iter().any(|kind| policy.id().to_string().starts_with(kind))).cloned()
        ).unwrap();
        for to in edition.peers.values() {
            let from = edition.peers.keys().find(|name| **name != to.name).unwrap();
            let asked = crate::release::mandatory::clear(&edition.lattice, &label, to, now);
            let modelled = shipped.model_says(&mandatory, &imagined, from, &to.name);
            match (&asked, modelled) {
                (Ok(_), false) => prop_assert!(false, "{} to {}: the gateway clears it, the model does not", shipped.shown(&label), to.name),
                (Err(refusal), true) => prop_assert!(
                    refusal.reason == Reason::ClearanceEquivalence,
                    "{} to {}: the model clears it, the gateway says {refusal}", shipped.shown(&label), to.name
                ),
                _ => {}
            }
        }
    }
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
    let mut asked = 0;
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
                label: &label,
            };
            for expected in &case.expect {
                let asked_for = shipped.engine.imagine(&shipped.edition, &imagined, &case.from, &expected.to);
                let modelled = shipped.model_says(&shipped.released, &imagined, &case.from, &expected.to);
                assert_eq!(asked_for.is_ok(), modelled, "{} to {}: {asked_for:?}", case.name, expected.to);
                asked += usize::from(modelled);
            }
        }
    }
    assert!(asked > 100, "{asked}");
}
