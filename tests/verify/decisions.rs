//! The lab's rule set before both decisions: the two readers of labels and the two decisions of mandatory control agree.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use vestibule::base::{Budget, Header, Refusal};
use vestibule::format::{self, Received};
use vestibule::label::{self, Binding, Label, Reading, laws};
use vestibule::normal::Edits;
use vestibule::policy::{self, Edition, PeerEntry};
use vestibule::release::mandatory;
use vestibule::verify::{Claim, Proposal, reread};

use super::document::{event, time};
use super::{WORDS, header, keep};
use crate::label::stanag;

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/five-eyes");
    policy::load(&policy::read_folder(Path::new(folder)).unwrap()).unwrap()
});

fn peer(name: &str) -> &'static PeerEntry {
    EDITION.peers.iter().find(|(found, _)| found.as_str() == name).unwrap().1
}

/// The event with this marking, in bytes that are canonical already.
fn body(marking: &[(&str, &str)]) -> Vec<u8> {
    let event = event(marking, Vec::new());
    event.canonical(&keep(&event))
}

/// The first half's label of a message.
fn first(header: &Header, body: &[u8], sender: &PeerEntry) -> Result<Label, Refusal> {
    let mut budget = Budget::for_body(body.len());
    let parsed = format::parse(Received::new(header, body).unwrap(), &mut budget).unwrap();
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    label::verify(parsed, &EDITION.lattice, &reading, time("2026-11-23T08:00:01Z"), &mut budget).map(|labelled| labelled.label().clone())
}

/// The first half's mandatory control.
fn admitted(label: &Label, recipient: &PeerEntry) -> bool {
    mandatory::clear(&EDITION.lattice, label, recipient, time("2026-11-23T08:00:01Z")).is_ok()
}

fn second(header: &Header, body: &[u8], label: &Label, sender: &PeerEntry, recipient: &PeerEntry) -> &'static str {
    let mut header = header.clone();
    header.destinations = vec![recipient.name.clone()];
    // Decisions are compared here, not translations: every recipient reads every format.
    let recipient = &PeerEntry { reads: Vec::new(), ..recipient.clone() };
    let claim = Claim {
        header: &header,
        original: body,
        proposal: Proposal::new("cot", (body.to_vec(), Edits::default()), (label, label))
            .beside(header.label.as_deref().map(|label| vestibule::rebuild::detached(label).unwrap())),
        lattice: &EDITION.lattice,
        sender,
        recipient,
        blocked_words: &WORDS,
        exercise_policies: &EDITION.exercise_policies,
        now: time("2026-11-23T08:00:01Z"),
    };
    reread(claim).map_or_else(|refusal| refusal.reason.code(), |_| "verified")
}

#[test]
fn both_readers_and_both_decisions_agree_on_every_marking() {
    let access = [
        "SECRET",
        "OFFICIAL",
        "OFFICIAL-SENSITIVE",
        "TOP SECRET",
        "CONFIDENTIAL",
        "UNCLASSIFIED",
        "RESTRICTED",
        "UK SECRET",
        "UK OFFICIAL",
        "NATO SECRET",
        "NATO RESTRICTED",
        "NATO UNCLASSIFIED",
        "NATO CONFIDENTIAL",
        "COSMIC TOP SECRET",
        "NATO/KFOR CONFIDENTIAL",
        "NATO RESTRICTED Releasable to JPN, UKR",
        "SECRET//NOFORN",
        "SECRET//REL TO USA, GBR",
        "SECRET//REL TO USA, FVEY",
        "TOP SECRET//ORCON/REL TO USA, GBR",
        "UNCLASSIFIED//FOUO",
        "UK SECRET - UK EYES ONLY",
        "UK SECRET - UK/US EYES ONLY",
        "CONFIDENTIAL//REL TO USA, NATO",
        "NATO SECRET//ATOMAL",
        "SECRET//RELIDO",
        "SECRET - UK EYES ONLY",
        "UK SECRET - COPPER LANTERN - UK EYES ONLY",
        "COSMIC TOP SECRET//BOHEMIA",
        "NATO RESTRICTED Releasable to JPN, UKR - STAFF",
        "NATO/KFOR CONFIDENTIAL Releasable to USA",
        "NATO/EAPC RESTRICTED",
        "TOP SECRET//SI/TK//ORCON/NOFORN",
        "SECRET//ORCON/REL TO USA, GBR/RELIDO",
        "NATO SECRET Only",
        "NATO  SECRET",
        "NATO SECRETS",
        "secret",
        "S",
        "",
    ];
    let named = EDITION.lattice.policies().iter().flat_map(|policy| &policy.tags).filter(|tag| tag.values.len() < 40).flat_map(|tag| &tag.values);
    let mut caveats: Vec<&str> = named.map(|value| value.name.as_str()).collect();
    caveats.sort_unstable();
    caveats.dedup();
    caveats.extend([
        "",
        "NOFORN",
        "ORCON",
        "RELIDO",
        "UK EYES ONLY",
        "ATOMAL",
        "FOUO",
        "PROPIN/IMCON",
        "REL TO USA, GBR",
        "NOFORN ORCON",
        "NOFORN//ORCON",
        "FOUO, ORCON",
        "GBR EYES ONLY",
    ]);
    let releases = [
        "",
        "GBR",
        "USA",
        "GBR USA",
        "USA,GBR,CAN",
        "USA, FVEY",
        "GBR USA CAN AUS NZL",
        "FVEY",
        "NATO",
        "NATO DEU",
        "USA NATO",
        "ISAC",
        "TEYE",
        "ACGU USA",
        "XXX",
    ];
    let (mut read, mut released, mut wrong, mut labels) = (0, 0, Vec::new(), BTreeMap::new());
    for sender in ["gbr-ops", "usa-ops", "nato-hq"].map(peer) {
        for number in 0..access.len() * caveats.len() * releases.len() {
            let (access, rest) = (access[number % access.len()], number / access.len());
            let (caveat, release) = (caveats[rest % caveats.len()], releases[rest / caveats.len()]);
            // Two thirds of the pairs of caveat and recipients add nothing to the rest.
            if !caveat.is_empty() && !release.is_empty() && rest % 3 != 0 {
                continue;
            }
            let marking: Vec<(&str, &str)> =
                [("access", access), ("caveat", caveat), ("releasableTo", release)].into_iter().filter(|(_, text)| !text.is_empty()).collect();
            let body = body(&marking);
            let Ok(label) = first(&header(), &body, sender) else { continue };
            read += 1;
            labels.insert(stanag(&EDITION.lattice, &label), label.clone());
            for recipient in EDITION.peers.values() {
                let (one, two) = (admitted(&label, recipient), second(&header(), &body, &label, sender, recipient));
                released += usize::from(one);
                if two != if one { "verified" } else { "verify.release" } {
                    wrong.push(format!(
                        "{} {marking:?} to {}: first {one}, second {two}; {:?}",
                        sender.name,
                        recipient.name,
                        EDITION.lattice.view(&label)
                    ));
                }
            }
        }
    }
    let unmarked = body(&[]);
    for (text, label) in &labels {
        let mut header = header();
        header.label = Some(text.clone());
        let sender = peer("gbr-ops");
        assert_eq!(first(&header, &unmarked, sender).as_ref().map(|found| found.says_the_same(label)), Ok(true), "{text}");
        for recipient in EDITION.peers.values() {
            let expected = if admitted(label, recipient) { "verified" } else { "verify.release" };
            assert_eq!(second(&header, &unmarked, label, sender, recipient), expected, "{text} to {}", recipient.name);
        }
    }
    println!("labels: {} different ones read as STANAG 4774", labels.len());
    println!("markings: {read} read, {released} releases by both decisions");
    assert!(read > 100 && released > 100, "{read} markings were read, {released} released");
    assert!(
        wrong.is_empty(),
        "{} differences\n{}",
        wrong.len(),
        wrong.iter().step_by(wrong.len().div_ceil(25)).cloned().collect::<Vec<_>>().join("\n")
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn both_decisions_agree_on_any_label_that_its_policy_allows(bytes in proptest::collection::vec(any::<u8>(), 2..9)) {
        let label = laws::label(&EDITION.lattice, &bytes).unwrap();
        prop_assume!(EDITION.lattice.check(&label, time("2026-11-23T08:00:01Z")).is_ok());
        let mut header = header();
        header.label = Some(stanag(&EDITION.lattice, &label));
        for recipient in EDITION.peers.values() {
            let expected = if admitted(&label, recipient) { "verified" } else { "verify.release" };
            let found = second(&header, &body(&[]), &label, peer("gbr-ops"), recipient);
            prop_assert_eq!(found, expected, "{} to {}", header.label.as_deref().unwrap_or_default(), recipient.name);
        }
    }
}
