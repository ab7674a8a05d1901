//! The law of the comparison: whatever field of an edition is changed, a sentence says so; and what is equal has none.

use std::sync::{Arc, LazyLock};

use super::*;
use crate::base::{Action, Outcome, Precedence, Severity, Time, Traffic};
use crate::label::scheme::{Asks, Case, Holders, Policy, Rule, Status, Unmarked};
use crate::label::{Lattice, LevelIx, PolicyIx, TagIx, Term};
use crate::normal::PathPattern;
use crate::policy::{self, Bind, FieldType, LabelBinding, Occurs, Order, Release, SourceFile, Transform, TransformAction, WordEntry};

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let files = policy::read_folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    policy::load(&files).unwrap_or_else(|complaints| panic!("{complaints:#?}"))
});

/// Lets go of what a change of a collection gives back.
fn done<T>(_: T) {}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn later() -> Time {
    Time::parse("2040-01-01T00:00:00Z").unwrap()
}

/// Changes the policies of a lattice.
fn schemes(edition: &mut Edition, change: impl FnOnce(&mut Vec<Policy>)) {
    let mut policies = edition.lattice.policies().to_vec();
    change(&mut policies);
    edition.lattice = Arc::new(Lattice::of(policies));
}

fn scheme(edition: &mut Edition, change: impl FnOnce(&mut Policy)) {
    schemes(edition, |policies| change(policies.iter_mut().find(|policy| policy.name == "NATO").unwrap()));
}

fn peer<'e>(edition: &'e mut Edition, peer: &str) -> &'e mut policy::PeerEntry {
    edition.peers.get_mut(&name(peer)).unwrap()
}

fn clause(edition: &mut Edition) -> &mut policy::Clause {
    edition.agreements.iter_mut().flat_map(|agreement| &mut agreement.clauses).find(|clause| clause.id.as_str() == "FVEY-TRACKS/1.2").unwrap()
}

fn field(edition: &mut Edition) -> &mut policy::Field {
    let profile = edition.profiles.get_mut("cot").unwrap();
    profile.fields.iter_mut().find(|field| matches!(field.kind, FieldType::Text { .. })).unwrap()
}

fn replace(file: &mut SourceFile, old: &str, new: &str) {
    assert!(file.text.contains(old), "{old}");
    file.text = file.text.replace(old, new).into();
}

type Change = (&'static str, fn(&mut Edition), Effect);

/// A change of each field, with a part of the sentence that must tell it.
const CHANGES: &[Change] = &[
    ("the name of the rule set", |e| e.name = name("other"), Effect::Neither),
    ("the edition of the rule set", |e| e.edition = "x".to_owned(), Effect::Neither),
    ("the home of the rule set", |e| e.home = "CAN".to_owned(), Effect::Either),
    ("1 nation added to the rule set: `XYZ`", |e| done(e.registry.nations.insert("XYZ".to_owned(), "X".to_owned())), Effect::Neither),
    ("the title of `GBR`", |e| done(e.registry.nations.insert("GBR".to_owned(), "X".to_owned())), Effect::Neither),
    ("1 organisation added", |e| done(e.registry.organisations.insert("XYZ".to_owned(), "X".to_owned())), Effect::Neither),
    ("1 community added", |e| done(e.registry.communities.insert(name("NEW"), [("GBR".to_owned(), Term::default())].into())), Effect::Neither),
    (
        "1 member added to the community `FVEY`: `DEU`",
        |e| done(e.registry.communities.get_mut(&name("FVEY")).unwrap().insert("DEU".to_owned(), Term::default())),
        Effect::Wider,
    ),
    (
        "1 member removed from the community `FVEY`: `CAN`",
        |e| done(e.registry.communities.get_mut(&name("FVEY")).unwrap().remove("CAN")),
        Effect::Narrower,
    ),
    (
        "the end of the membership of `CAN`",
        |e| e.registry.communities.get_mut(&name("FVEY")).unwrap().get_mut("CAN").unwrap().until = Some(later()),
        Effect::Narrower,
    ),
    (
        "the beginning of the membership of `CAN`",
        |e| e.registry.communities.get_mut(&name("FVEY")).unwrap().get_mut("CAN").unwrap().from = Some(later()),
        Effect::Narrower,
    ),
    (
        "the last day",
        |e| e.registry.communities.get_mut(&name("ACGU")).unwrap().values_mut().for_each(|term| term.known_until = Some(later())),
        Effect::Narrower,
    ),
    ("1 row of dates added", |e| done(e.registry.dated.insert((name("FVEY"), "CAN".to_owned()), Term::default())), Effect::Either),
    ("1 nation added to those for whom no community stands", |e| done(e.registry.by_name_only.insert("CAN".to_owned())), Effect::Narrower),
    ("is no longer a peer", |e| done(e.peers.remove(&name("can-ops"))), Effect::Narrower),
    (
        "is a new peer of `CAN`, cleared for",
        |e| done(e.peers.insert(name("new"), policy::PeerEntry { name: name("new"), ..e.peers[&name("can-ops")].clone() })),
        Effect::Wider,
    ),
    ("the nation of `can-ops`", |e| peer(e, "can-ops").nation = "NZL".to_owned(), Effect::Either),
    ("1 community removed from `can-ops`", |e| done(peer(e, "can-ops").communities.remove(&name("NATO"))), Effect::Narrower),
    ("1 dated membership added to `can-ops`", |e| done(peer(e, "can-ops").terms.insert(name("NATO"), Term::default())), Effect::Narrower),
    ("the marking scheme of `can-ops`", |e| peer(e, "can-ops").scheme = PolicyIx::at(0), Effect::Either),
    ("1 clearance removed from `can-ops`", |e| done(peer(e, "can-ops").clearances.pop()), Effect::Narrower),
    ("1 level removed from the clearance of `can-ops` in `CAN`", |e| done(peer(e, "can-ops").clearances[0].levels.pop_last()), Effect::Narrower),
    (
        "restrictive value added to the clearance of `can-ops`",
        |e| done(peer(e, "can-ops").clearances[1].restrictive.insert(TagIx::at(0), [crate::label::ValueIx::at(0)].into())),
        Effect::Wider,
    ),
    ("removed from the clearance of `can-ops` in `CAN`", |e| peer(e, "can-ops").clearances[0].permissive.clear(), Effect::Narrower),
    ("1 kind of traffic removed from `can-ops`: `exercise`", |e| done(peer(e, "can-ops").traffic.remove(&Traffic::Exercise)), Effect::Narrower),
    ("the list of formats read of `can-ops`", |e| peer(e, "can-ops").reads = vec!["cot"], Effect::Either),
    ("the binding asked of labels", |e| peer(e, "can-ops").binding = LabelBinding::Required, Effect::Narrower),
    ("the binding of labels that leave", |e| peer(e, "can-ops").bind = Bind::Embedded, Effect::Neither),
    ("the title of the agreement", |e| e.agreements[0].title = "x".to_owned(), Effect::Neither),
    ("the beginning of the agreement", |e| e.agreements[0].from = later(), Effect::Narrower),
    ("the end of the agreement", |e| e.agreements[0].until = later(), Effect::Wider),
    ("no longer receive cot", |e| e.agreements.retain(|agreement| agreement.id.as_str() != "FVEY-TRACKS"), Effect::Narrower),
    ("now receives cot", |e| done(clause(e).to.insert("deu-ops".to_owned())), Effect::Wider),
    ("1 sender added to the clause `FVEY-TRACKS/1.2`", |e| done(clause(e).from.insert("deu-ops".to_owned())), Effect::Wider),
    ("1 format added to the clause", |e| done(clause(e).formats.insert("tak".to_owned())), Effect::Wider),
    ("1 kind added to the clause", |e| clause(e).kinds.push("t-*".to_owned()), Effect::Wider),
    ("the choice of kinds of the clause `FVEY-TRACKS/1.2` is now every kind", |e| clause(e).kinds.clear(), Effect::Wider),
    ("the ceiling in `GBR` of the clause", |e| clause(e).ceilings[0].rank = 0, Effect::Narrower),
    ("is now none; before: `SECRET`", |e| done(clause(e).ceilings.remove(0)), Effect::Either),
    ("the release of the clause", |e| clause(e).release = Release::Review, Effect::Narrower),
    ("1 edit removed from the clause", |e| clause(e).sanitise.clear(), Effect::Wider),
    (
        "1 edit added to the clause `FVEY-TRACKS/1.2`: coarsen to 2 fraction digits",
        |e| {
            clause(e).sanitise.push(Transform {
                path: PathPattern::parse("/event/point/@lat").unwrap(),
                action: TransformAction::CoarsenNumber(2),
                rule: "".into(),
            })
        },
        Effect::Narrower,
    ),
    ("1 kind of traffic removed from the clause", |e| done(clause(e).traffic.remove(&Traffic::Exercise)), Effect::Narrower),
    (
        "1 forbid removed from `release.cedar`: `no-atomal`",
        |e| e.cedar[0].text = e.cedar[0].text.split("// What carries an atomic").next().unwrap().into(),
        Effect::Wider,
    ),
    (
        "the condition of the forbid `no-top-secret`",
        |e| replace(&mut e.cedar[0], "== Classification::\"TOP SECRET\"", "!= Classification::\"TOP SECRET\""),
        Effect::Either,
    ),
    ("7 forbids removed from `release.cedar`", |e| e.cedar[0].text = "not Cedar".into(), Effect::Wider),
    ("1 field profile removed", |e| done(e.profiles.remove("cot")), Effect::Narrower),
    (
        "the action on fields that no row lists of the profile of `cot`",
        |e| e.profiles.get_mut("cot").unwrap().otherwise = Action::Note,
        Effect::Wider,
    ),
    (
        "the list of fields of which one must be left",
        |e| e.profiles.get_mut("cot").unwrap().rest.push(PathPattern::parse("/event/x").unwrap()),
        Effect::Either,
    ),
    ("1 field removed from the profile of `cot`", |e| done(e.profiles.get_mut("cot").unwrap().fields.pop()), Effect::Either),
    ("the type of the field", |e| field(e).kind = FieldType::Any, Effect::Either),
    ("the greatest length of the field", |e| field(e).kind = FieldType::Text { length_max: 60_000, pattern: None }, Effect::Wider),
    ("the ban of the field", |e| field(e).forbid = Some(Action::Strip), Effect::Narrower),
    ("the action on a misfit of the field", |e| field(e).misfit = Action::Refuse, Effect::Narrower),
    ("the edit of the field", |e| field(e).transform = Some(TransformAction::Remove), Effect::Narrower),
    ("the mark of a reference of the field", |e| field(e).reference ^= true, Effect::Either),
    ("1 pattern that does not apply added to the field", |e| done(field(e).allow.insert("x".to_owned())), Effect::Wider),
    ("1 message definition removed", |e| done(e.messages.pop()), Effect::Either),
    ("the order of sets", |e| e.messages[0].order = Order::Listed, Effect::Narrower),
    ("the action on sets that no row lists", |e| e.messages[0].otherwise = Action::Note, Effect::Wider),
    ("the list of sets of the message definition", |e| done(e.messages[0].sets.pop()), Effect::Either),
    (
        "the occurrence of the set",
        |e| e.messages[0].sets[0].occurs = if e.messages[0].sets[0].occurs == Occurs::Any { Occurs::Once } else { Occurs::Any },
        Effect::Either,
    ),
    (
        "the list of fields of the set",
        |e| e.messages[0].sets.iter_mut().find(|set| !set.fields.is_empty()).unwrap().fields[0].optional ^= true,
        Effect::Either,
    ),
    ("the repetition of the last field", |e| e.messages[0].sets[0].last_field_repeats ^= true, Effect::Either),
    ("1 word list removed", |e| done(e.word_lists.pop()), Effect::Narrower),
    ("the action of the word list", |e| e.word_lists[0].action = Action::Note, Effect::Wider),
    ("the severity of the word list", |e| e.word_lists[0].severity = Severity::Low, Effect::Neither),
    ("the reason of the word list", |e| e.word_lists[0].reason = "x".to_owned(), Effect::Neither),
    (
        "1 word added to codewords.txt (hold): `zarathustra`",
        |e| e.word_lists[0].entries.push(WordEntry { text: "zarathustra".to_owned(), line: 1 }),
        Effect::Narrower,
    ),
    ("1 word removed from codewords.txt", |e| done(e.word_lists[0].entries.pop()), Effect::Wider),
    ("1 pattern removed from the patterns of `markings.yar`: `portion_mark`", |e| e.patterns[0].text = "".into(), Effect::Wider),
    ("the text of the pattern `portion_mark`", |e| replace(&mut e.patterns[0], "\"hold\"", "\"note\""), Effect::Either),
    ("1 detector removed", |e| done(e.detectors.pop()), Effect::Wider),
    (
        "the severity of the detector",
        |e| e.detectors[0].severity = if e.detectors[0].severity == Severity::Low { Severity::High } else { Severity::Low },
        Effect::Neither,
    ),
    ("1 case removed from the rule set", |e| done(e.cases.pop()), Effect::Neither),
    ("the precedence of the case", |e| e.cases[0].precedence = Precedence::Flash, Effect::Neither),
    ("the message of the case", |e| e.cases[0].body.push(b'x'), Effect::Neither),
    ("the detached label of the case", |e| e.cases[0].label = Some("x".to_owned()), Effect::Neither),
    (
        "the expectation of the case",
        |e| e.cases[0].expect[0].outcome = if e.cases[0].expect[0].outcome == Outcome::Reject { Outcome::Withhold } else { Outcome::Reject },
        Effect::Neither,
    ),
    ("1 marking scheme removed from the rule set", |e| schemes(e, |policies| done(policies.pop())), Effect::Either),
    ("the identifier of the marking scheme `NATO`", |e| scheme(e, |policy| policy.oid = "1.2".to_owned()), Effect::Either),
    ("the owner of the marking scheme", |e| scheme(e, |policy| policy.owner = Some("GBR".to_owned())), Effect::Either),
    ("the comparison of names", |e| scheme(e, |policy| policy.case = Case::Exact), Effect::Either),
    ("the tag of recipients", |e| scheme(e, |policy| policy.release = None), Effect::Either),
    ("the list of tags that must stand", |e| scheme(e, |policy| policy.mandatory.push(TagIx::at(0))), Effect::Either),
    ("implied value removed", |e| scheme(e, |policy| policy.implied.clear()), Effect::Either),
    (
        "1 constraint added",
        |e| scheme(e, |policy| policy.rules.push(Rule { levels: vec![LevelIx::at(0)], when: Vec::new(), asks: Asks::Never, why: "why".to_owned() })),
        Effect::Narrower,
    ),
    (
        "1 group added",
        |e| scheme(e, |policy| done(policy.groups.insert("NEW".to_owned(), [("GBR".to_owned(), Term::default())].into()))),
        Effect::Wider,
    ),
    (
        "scheme of translation removed",
        |e| schemes(e, |policies| policies.iter_mut().find(|policy| !policy.equivalents.is_empty()).unwrap().equivalents.clear()),
        Effect::Either,
    ),
    ("the grammar of banners", |e| scheme(e, |policy| policy.banner = None), Effect::Either),
    ("the beginning of the marking scheme", |e| scheme(e, |policy| policy.not_before = Some(later())), Effect::Either),
    ("the end of the marking scheme", |e| scheme(e, |policy| policy.not_after = Some(later())), Effect::Either),
    ("the rank of the level", |e| scheme(e, |policy| policy.levels[0].hierarchy = 99), Effect::Either),
    ("the binary identifier of the level", |e| scheme(e, |policy| policy.levels[0].lacv = 99), Effect::Either),
    ("the status of the level", |e| scheme(e, |policy| policy.levels[0].status = Status::Obsolete), Effect::Either),
    (
        "the meaning of no recipients",
        |e| {
            scheme(e, |policy| policy.levels[0].unmarked = if policy.levels[0].unmarked == Unmarked::Open { Unmarked::Owner } else { Unmarked::Open })
        },
        Effect::Either,
    ),
    (
        "equivalent removed from the level",
        |e| schemes(e, |policies| policies.iter_mut().flat_map(|policy| &mut policy.levels).for_each(|level| level.equivalents.clear())),
        Effect::Either,
    ),
    ("1 tag removed", |e| scheme(e, |policy| done(policy.tags.pop())), Effect::Either),
    ("the least number of values", |e| scheme(e, |policy| policy.tags[0].select_min = Some(9)), Effect::Either),
    ("1 further name added", |e| scheme(e, |policy| policy.tags[0].aliases.push("x".to_owned())), Effect::Either),
    ("the rule of who holds it", |e| scheme(e, |policy| policy.tags[0].values[0].holders = Holders::Originator), Effect::Either),
    ("the one level with it", |e| scheme(e, |policy| policy.tags[0].values[0].required_level = Some(LevelIx::at(0))), Effect::Either),
];

#[test]
fn every_field_that_changes_is_told_with_what_it_means_and_the_way_back_too() {
    for (told, change, effect) in CHANGES {
        let mut edition = EDITION.clone();
        change(&mut edition);
        let differences = compare(&EDITION, &edition);
        assert!(differences.iter().any(|one| one.what.contains(told) && one.effect == *effect), "{told}: {differences:#?}");
        assert!(differences.iter().all(|one| !one.what.contains("no rule differs")), "{told}");
        // The way back of a widening is a narrowing.
        let back = compare(&edition, &EDITION);
        assert!(back.iter().any(|one| one.effect == effect.reversed()), "{told}: {back:#?}");
    }
}

#[test]
fn equal_editions_differ_in_nothing() {
    assert_eq!(compare(&EDITION, &EDITION.clone()), []);
}

#[test]
fn what_only_texts_and_places_say_otherwise_is_no_rule() {
    let mut edition = EDITION.clone();
    let agreements = |edition: &mut Edition| {
        edition.files.iter_mut().find(|file| file.path.starts_with("agreements/")).map(|file| file.text = format!("# {}", file.text).into())
    };
    agreements(&mut edition).unwrap();
    let told = compare(&EDITION, &edition);
    assert!(
        matches!(told.as_slice(), [one] if one.effect == Effect::Neither && one.what.starts_with("no rule differs; the text of `agreements/")),
        "{told:?}"
    );
    let mut edition = EDITION.clone();
    clause(&mut edition).line += 1;
    let told = compare(&EDITION, &edition);
    assert!(matches!(told.as_slice(), [one] if one.effect == Effect::Neither && one.what.contains("at other places")), "{told:?}");
}

#[test]
fn a_partner_is_told_what_it_receives_and_what_it_received_before() {
    let mut edition = EDITION.clone();
    clause(&mut edition).to.insert("deu-ops".to_owned());
    let told = compare(&EDITION, &edition);
    let one = told.iter().find(|one| one.effect == Effect::Wider).unwrap();
    assert_eq!(one.partners, [name("deu-ops")].into());
    for part in [
        "`deu-ops` now receives cot of the kinds `b-m-p*`",
        "up to GBR SECRET / USA SECRET",
        "under `FVEY-TRACKS/1.2`; before: up to",
        "NATO SECRET under `NATO-SA/1.1`",
    ] {
        assert!(one.what.contains(part), "{part}: {}", one.what);
    }
}
