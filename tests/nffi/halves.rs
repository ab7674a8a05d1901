//! Both halves of the guard over tracks: the same labels, the same sections withheld, the same bytes.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use vestibule::base::Budget;
use vestibule::format::{self, Received};
use vestibule::label::{self, Binding, Reading};
use vestibule::normal::{Change, Edit, Edits, Kind, Tree, Value};
use vestibule::pipeline::laws::{Setting, the_halves_agree};
use vestibule::policy::{Edition, PeerEntry, load, read_folder};
use vestibule::rebuild;
use vestibule::verify::{self, BlockedWords, Claim, Proposal};

use crate::samples::{OPEN, header, now};

static EDITION: LazyLock<Edition> =
    LazyLock::new(|| load(&read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap()).unwrap());

fn peers() -> Vec<&'static PeerEntry> {
    EDITION.peers.values().collect()
}

fn agree(sender: &PeerEntry, recipient: &PeerEntry, label: Option<&str>, body: &[u8]) -> Result<(), String> {
    let setting = Setting { lattice: &EDITION.lattice, sender, recipient, now: now() };
    the_halves_agree(&setting, &header(&recipient.name, label), body).map_err(|why| format!("{} to {}: {why}", sender.name, recipient.name))
}

#[test]
fn both_halves_agree_on_every_sample_for_every_recipient() {
    for (path, body) in super::NFFI.accepted().into_iter().chain(super::NFFI.rejected()) {
        for recipient in peers() {
            for label in [None, Some(OPEN)] {
                agree(&EDITION.peers["gbr-ops"], recipient, label, &body).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
            }
        }
    }
}

/// What the second half says of what the first half makes of a message with edits.
fn through_both(body: &[u8], edits: impl Fn(&Tree<'_>) -> Edits) -> Option<Result<(), String>> {
    let peer = &EDITION.peers["gbr-ops"];
    let header = header(&peer.name, Some(OPEN));
    let mut budget = Budget::for_body(body.len());
    let parsed = format::parse(Received::new(&header, body).unwrap(), &mut budget).ok()?;
    let reading = Reading { scheme: peer.scheme, binding: Binding::Unbound };
    let labelled = label::verify(parsed, &EDITION.lattice, &reading, now(), &mut budget);
    let labelled = labelled.map_err(|refusal| println!("no label: {refusal}")).ok()?;
    let tree = labelled.parsed().tree();
    let edits = edits(tree);
    let result = rebuild::bytes(tree, &edits, labelled.parsed().format().syntax).unwrap();
    let written = String::from_utf8_lossy(&result).into_owned();
    let claim = Claim {
        header: &header,
        original: body,
        proposal: Proposal::new("nffi", (result, edits.clone()), (labelled.label(), labelled.label()))
            .beside(header.label.as_deref().map(|label| rebuild::detached(label).unwrap())),
        lattice: &EDITION.lattice,
        sender: peer,
        recipient: peer,
        blocked_words: &BlockedWords::default(),
        exercise_policies: &EDITION.exercise_policies,
        now: now(),
    };
    Some(verify::reread(claim).map(drop).map_err(|refusal| format!("{refusal} at `{}`\n{written}", refusal.place.path)))
}

fn one(tree: &Tree<'_>, node: vestibule::normal::NodeId, action: &'static str, change: Change) -> Edits {
    let mut edits = Edits::default();
    edits.add(Edit { node, path: tree.path(node), action, rule: "test".into(), change });
    edits
}

/// The sample with every element, without labels, so that a label beside it speaks of all.
fn every_element() -> Vec<u8> {
    let text = String::from_utf8(super::NFFI.named("every-element")).unwrap();
    let mut bare = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(" sec") {
        bare.push_str(before);
        let (name, value) = after.split_once("=\"").unwrap();
        assert!(["PolicyName", "Classification", "Category"].contains(&name));
        rest = value.split_once('"').unwrap().1;
    }
    bare.push_str(rest);
    bare.into_bytes()
}

#[test]
fn every_single_edit_that_leaves_a_track_passes_both_halves_and_no_other_does() {
    let body = every_element();
    let header = header(&EDITION.peers["gbr-ops"].name, None);
    let parsed = format::parse(Received::new(&header, &body).unwrap(), &mut Budget::for_body(body.len())).unwrap();
    let tree = parsed.tree();
    let required = |path: &str| super::NFFI.format().required.contains(&path);
    let (mut kept, mut refused) = (0, 0);
    for (node, found) in tree.all().skip(1) {
        let path = tree.path(node);
        // Text alone is never removed from an element that must hold it.
        if found.kind != Kind::Text {
            let verdict = through_both(&body, |tree| one(tree, node, "remove", Change::Remove)).unwrap();
            assert_eq!(verdict.is_err(), required(&path), "{path} {verdict:?}");
            if verdict.is_ok() { kept += 1 } else { refused += 1 }
        }
        if let Value::Number(number, unit) = found.value {
            // 359.99 would be 360, which is no bearing: such a message is held.
            let coarse = Value::Number(number.rounded(1), *unit);
            let whole_turn = coarse.text() == "360";
            let verdict = through_both(&body, |tree| one(tree, node, "coarsen", Change::Replace(coarse.clone())));
            assert_eq!(verdict.unwrap().is_err(), whole_turn, "{path}");
            let other = Value::Number(vestibule::base::Decimal::whole(7), *unit);
            let verdict = through_both(&body, |tree| one(tree, node, "coarsen", Change::Replace(other.clone()))).unwrap();
            assert!(verdict.is_err(), "{path}: 7 is no coarser {number}");
        }
    }
    assert!(kept >= 30 && refused == super::NFFI.format().required.len(), "{kept} {refused}");
}

/// Labels of the lab's schemes, some of which some recipients may not have.
const LABELS: [&str; 7] = [
    r#"secPolicyName="NATO" secClassification="UNCLASSIFIED""#,
    r#"secPolicyName="NATO" secClassification="SECRET""#,
    r#"secPolicyName="NATO" secClassification="SECRET" secCategory="ATOMAL""#,
    r#"secPolicyName="NATO" secClassification="TOP SECRET""#,
    r#"secPolicyName="GBR" secClassification="SECRET" secCategory="REL TO GBR, USA""#,
    r#"secPolicyName="GBR" secClassification="SECRET" secCategory="REL TO GBR, USA, CAN, AUS, NZL""#,
    r#"secPolicyName="GBR" secClassification="OFFICIAL" secCategory="UK EYES ONLY""#,
];

/// A message whose sections are labelled by chance, in one policy or in any.
fn labelled() -> impl Strategy<Value = String> {
    let section = |range: std::ops::Range<usize>| prop::collection::vec((range.clone(), prop::option::of(range)), 1..5);
    prop_oneof![3 => section(0..4), 3 => section(4..7), 1 => section(0..7)].prop_map(|tracks| {
        let track = |(at, (first, second)): (usize, &(usize, Option<usize>))| {
            let place = format!("<trackSource><sourceSystem><system>C2</system></sourceSystem><transponderId>T-{at}</transponderId></trackSource><dateTime>20260301120000</dateTime><coordinates><latitude>51.50</latitude><longitude>-0.2</longitude></coordinates>");
            let more = second.map(|second| format!("<operStatusData {}><strength>{at}</strength></operStatusData>", LABELS[second])).unwrap_or_default();
            format!("<track><positionalData {}>{place}</positionalData>{more}</track>", LABELS[*first])
        };
        let tracks: String = tracks.iter().enumerate().map(track).collect();
        format!("<NFFIMessage xmlns='{}'>{tracks}</NFFIMessage>", super::NAMESPACE)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_halves_withhold_the_same_sections(body in labelled(), sender in 0..8_usize) {
        let sender = peers()[sender];
        for recipient in peers() {
            prop_assert_eq!(agree(sender, recipient, None, body.as_bytes()), Ok(()), "{}", body);
        }
    }

    #[test]
    fn both_halves_read_any_message_that_the_table_allows(body in super::message()) {
        let both = through_both(body.as_bytes(), |_| Edits::default());
        prop_assert!(both.is_none_or(|verdict| verdict.is_ok()));
        prop_assert_eq!(agree(&EDITION.peers["gbr-ops"], &EDITION.peers["nato-hq"], Some(OPEN), body.as_bytes()), Ok(()), "{}", body);
    }
}
