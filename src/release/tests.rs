//! Cedar asked directly, over the lab's agreements: shape of the question, choice of the clause, sets for each recipient.

use std::sync::{Arc, LazyLock};

use cedar_policy::{Decision, PolicySet, Request, Schema};

use super::compile;
use super::engine::Engine;
use super::question::Question;
use crate::base::{Name, Precedence, Reason, Time, Traffic};
use crate::label::{Label, LabelView};
use crate::policy::{self, Edition, Release};

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let files = policy::read_folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    policy::load(&files).unwrap_or_else(|complaints| panic!("{}", policy::report::render(&complaints, &files, policy::report::Look::Plain)))
});
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::compile(&EDITION).unwrap());

fn question<'q>(kind: &'q str, policy: &'q str, level: &str) -> Question<'q> {
    let ix = EDITION.lattice.policy(policy).unwrap();
    let rank = EDITION.lattice.rank(ix, EDITION.lattice.level(ix, level).unwrap());
    Question {
        format: "cot",
        kind,
        subject: "T-1",
        traffic: Traffic::Operation,
        precedence: Precedence::Routine,
        now: Time::parse("2026-03-01T12:00:00Z").unwrap(),
        label: LabelView {
            policy: policy.to_owned(),
            classification: level.to_owned(),
            releasable_to: vec!["GBR".to_owned(), "USA".to_owned()],
            national_only: false,
            foreign_origins: Vec::new(),
            categories: [("Releasable To".to_owned(), vec!["GBR".to_owned(), "USA".to_owned()])].into(),
            originator: None,
            created: None,
        },
        ranks: vec![(policy, rank)],
        conditions: std::sync::Arc::new(crate::policy::conditions::met(&EDITION.conditions, &[])),
    }
}

/// A label of the lab.
pub(in crate::release) fn label() -> Label {
    let policy = EDITION.lattice.policy("GBR").unwrap();
    Label::new(policy, EDITION.lattice.level(policy, "SECRET").unwrap())
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn ask(question: &Question<'_>, from: &str, to: &str) -> Result<String, Reason> {
    ENGINE.ask(question, &name(from), &name(to)).map(|clause| clause.id.to_string()).map_err(|refusal| refusal.reason)
}

#[test]
fn a_question_has_the_shape_of_the_schema() {
    let schema = Schema::from_cedarschema_str(&compile::schema_with(&EDITION.lattice, &EDITION.conditions)).unwrap().0;
    for ranks in [vec![], vec![("GBR", 1), ("USA", 2), ("NATO", u32::MAX)]] {
        let question = Question { ranks, ..question("a-f-G", "GBR", "SECRET") };
        let [peer, action] = ["Peer::\"usa-ops\"", "Action::\"release\""].map(|uid| uid.parse().unwrap());
        Request::new(
            peer,
            action,
            "Peer::\"gbr-ops\"".parse().unwrap(),
            question.context(&super::vocabulary::Types::new().unwrap(), super::sketch::Wants::ALL).unwrap(),
            Some(&schema),
        )
        .unwrap();
    }
}

#[test]
fn ceilings_kinds_parties_and_traffic_are_all_asked() {
    let good = question("a-f-G", "GBR", "SECRET");
    assert_eq!(ask(&good, "gbr-ops", "usa-ops").as_deref(), Ok("FVEY-TRACKS/1.1"));
    let none = Err(Reason::AgreementNone);
    assert_eq!(ask(&good, "gbr-ops", "gbr-ops"), none);
    assert_eq!(ask(&good, "usa-ops", "deu-ops"), none);
    assert_eq!(ask(&question("z-f-G", "GBR", "SECRET"), "gbr-ops", "usa-ops"), none);
    assert_eq!(ask(&Question { format: "no-such", ..good.clone() }, "gbr-ops", "usa-ops"), none);
    assert_eq!(ask(&Question { ranks: Vec::new(), ..good.clone() }, "gbr-ops", "usa-ops"), none, "a label that reaches no ceiling");
    let over = good.ranks[0].1 + 1;
    assert_eq!(ask(&Question { ranks: vec![("GBR", over)], ..good.clone() }, "gbr-ops", "usa-ops"), none);
    let both = vec![good.ranks[0], ("USA", u32::MAX)];
    assert_eq!(ask(&Question { ranks: both, ..good.clone() }, "gbr-ops", "usa-ops"), none, "above one of the ceilings that it reaches");
    assert_eq!(ask(&Question { traffic: Traffic::Exercise, ..question("a-f-G", "GBR", "OFFICIAL") }, "gbr-ops", "guest-isac"), none);
    assert_eq!(ask(&good, "gbr-ops", "nobody"), none);
    assert_eq!(ask(&good, "nobody", "usa-ops"), none);
}

#[test]
fn a_forbid_wins_and_is_named() {
    let space = question("a-u-P-S", "GBR", "OFFICIAL");
    let refusal = ENGINE.ask(&space, &name("gbr-ops"), &name("guest-isac")).unwrap_err();
    assert_eq!(refusal.reason, Reason::AgreementForbidden);
    assert!(refusal.detail.contains("release.cedar/no-space-objects-to-private-partners"), "{}", refusal.detail);
}

#[test]
fn review_is_a_property_of_the_clause() {
    let clause = ENGINE.ask(&question("t-x-f", "GBR", "SECRET"), &name("gbr-ops"), &name("usa-ops")).unwrap();
    assert_eq!((clause.id.as_str(), clause.release), ("FVEY-TRACKS/2.1", Release::Review));
}

#[test]
fn leaving_out_the_clauses_for_others_changes_no_decision() {
    let mut asked = 0;
    for kind in ["a-f-G", "a-f-F", "a-u-P", "b-m-p-s", "b-a-o", "t-x", "b-t-f", "r-A"] {
        for (scheme, level) in [("GBR", "OFFICIAL"), ("GBR", "SECRET"), ("GBR", "TOP SECRET"), ("USA", "SECRET")] {
            let question = question(kind, scheme, level);
            for from in EDITION.peers.keys() {
                for to in EDITION.peers.keys() {
                    let whole = ENGINE.ask_plainly(&question, from, to).decision();
                    assert_eq!(whole == Decision::Allow, ENGINE.ask(&question, from, to).is_ok(), "{kind} {scheme} {level} {from} {to}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 1000);
}

#[test]
fn the_clauses_read_as_cedar_that_people_can_check() {
    let text = compile::clauses(&EDITION);
    assert!(text.contains("@id(\"FVEY-TRACKS/1.1\")") && text.contains("context.kind like \"a-*\""), "{text}");
    assert_eq!(
        text.parse::<PolicySet>().unwrap().num_of_policies(),
        EDITION.agreements.iter().map(|agreement| agreement.clauses.len()).sum::<usize>()
    );
}

#[test]
fn names_cannot_break_out_of_a_policy() {
    let agreement = &EDITION.agreements[0];
    let mut clause = agreement.clauses[0].clone();
    clause.kinds = vec!["\" || true || \"".to_owned(), "a\\".to_owned(), "a\n".to_owned()];
    clause.from = ["x\") || true || (principal == Peer::\"".to_owned()].into();
    let text = compile::permit(agreement, &clause, &EDITION.registry, &EDITION.lattice);
    let set: PolicySet = text.parse().unwrap();
    assert_eq!(set.num_of_policies(), 1, "{text}");
    let named: Vec<String> = set.policies().flat_map(|policy| policy.entity_literals()).map(|uid| uid.id().unescaped().to_owned()).collect();
    assert!(named.contains(&"x\") || true || (principal == Peer::\"".to_owned()), "{named:?}");
}

#[test]
fn the_cost_of_a_question_is_printed() {
    let question = question("a-f-G", "GBR", "SECRET");
    let (from, to) = (name("gbr-ops"), name("usa-ops"));
    let start = std::time::Instant::now();
    for _ in 0..200 {
        assert!(Arc::strong_count(&ENGINE.ask(&question, &from, &to).unwrap()) > 1);
    }
    println!("a question to Cedar: {:?}", start.elapsed() / 200);
}

#[test]
fn mandatory_control_takes_the_own_policy_or_one_step_and_no_other() {
    let label = |policy: &str, level: &str| {
        let ix = EDITION.lattice.policy(policy).unwrap();
        crate::label::Label::new(ix, EDITION.lattice.level(ix, level).unwrap())
    };
    let clear = |label: &crate::label::Label, peer: &str| {
        super::mandatory::clear(&EDITION.lattice, label, &EDITION.peers[peer], super::trial::now())
            .map(|lines| lines.len())
            .map_err(|refusal| refusal.reason)
    };
    // One line where the own policy decides, two where the label was translated.
    assert_eq!(clear(&label("GBR", "SECRET"), "gbr-ops"), Ok(1));
    assert_eq!(clear(&label("GBR", "TOP SECRET"), "gbr-ops"), Err(Reason::ClearanceLevel));
    assert_eq!(clear(&label("NATO", "SECRET"), "deu-ops"), Ok(1));
    assert_eq!(clear(&label("GBR", "SECRET"), "usa-ops"), Err(Reason::ClearanceNationalOnly), "no list of nations");
    assert_eq!(clear(&label("USA", "SECRET"), "guest-isac"), Err(Reason::ClearanceNationalOnly), "the owner alone stays the owner alone");
    let mut uncleared = EDITION.peers["usa-ops"].clone();
    uncleared.clearances.clear();
    let refusal = super::mandatory::clear(&EDITION.lattice, &label("USA", "UNCLASSIFIED"), &uncleared, super::trial::now()).unwrap_err();
    assert_eq!(refusal.reason, Reason::ClearanceUnknown);
    // The own policy is the last word: another clearance that would admit a translation is not asked.
    let mut low = EDITION.peers["gbr-ops"].clone();
    let lattice = &EDITION.lattice;
    let gbr = lattice.policy("GBR").unwrap();
    let own = low.clearances.iter_mut().find(|clearance| clearance.policy == gbr).unwrap();
    *own = lattice.clearance(gbr, "OFFICIAL", &Default::default(), "GBR", &low.communities).unwrap();
    assert_eq!(super::mandatory::clear(lattice, &label("GBR", "SECRET"), &low, super::trial::now()).unwrap_err().reason, Reason::ClearanceLevel);
}
