//! The lab's rule set before both decisions: the two readers of labels and the two decisions of mandatory control agree.

use std::path::Path;
use std::sync::LazyLock;

use vestibule::base::{Budget, Refusal};
use vestibule::format::{self, Received};
use vestibule::label::{self, Binding, Label, Reading};
use vestibule::normal::Edits;
use vestibule::policy::{self, Edition, PeerEntry};
use vestibule::verify::{Claim, reread};

use super::document::{event, time};
use super::{WORDS, header, keep};

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
fn first(body: &[u8], sender: &PeerEntry) -> Result<Label, Refusal> {
    let header = header();
    let mut budget = Budget::for_body(body.len());
    let parsed = format::parse(Received::new(&header, body).unwrap(), &mut budget).unwrap();
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    label::verify(parsed, &EDITION.lattice, &reading, time("2026-11-23T08:00:01Z"), &mut budget).map(|labelled| labelled.label().clone())
}

/// The first half's mandatory control: the clearance in the label's own policy, else one step into one that is held.
fn admitted(label: &Label, recipient: &PeerEntry) -> bool {
    let lattice = &EDITION.lattice;
    match recipient.clearances.iter().find(|clearance| clearance.policy == label.policy) {
        Some(own) => lattice.admits(own, label).is_ok(),
        None => recipient.clearances.iter().any(|held| lattice.translate(label, held.policy).is_ok_and(|there| lattice.admits(held, &there).is_ok())),
    }
}

fn second(body: &[u8], label: &Label, sender: &PeerEntry, recipient: &PeerEntry) -> &'static str {
    let mut header = header();
    header.destinations = vec![recipient.name.clone()];
    let claim = Claim {
        header: &header,
        original: body,
        result: body.to_vec(),
        edits: &Edits::default(),
        lattice: &EDITION.lattice,
        sender,
        recipient,
        label,
        blocked_words: &WORDS,
        now: time("2026-11-23T08:00:01Z"),
    };
    reread(claim).map_or_else(|refusal| refusal.reason.code(), |_| "verified")
}

#[test]
fn both_readers_and_both_decisions_agree_on_every_marking() {
    let access = [
        "SECRET", "OFFICIAL", "OFFICIAL-SENSITIVE", "TOP SECRET", "CONFIDENTIAL", "UNCLASSIFIED", "RESTRICTED", "UK SECRET", "UK OFFICIAL", "NATO SECRET", "NATO RESTRICTED",
        "NATO UNCLASSIFIED", "NATO CONFIDENTIAL", "COSMIC TOP SECRET", "NATO/KFOR CONFIDENTIAL", "NATO RESTRICTED Releasable to JPN, UKR", "SECRET//NOFORN", "SECRET//REL TO USA, GBR",
        "SECRET//REL TO USA, FVEY", "TOP SECRET//ORCON/REL TO USA, GBR", "UNCLASSIFIED//FOUO", "UK SECRET - UK EYES ONLY", "UK SECRET - UK/US EYES ONLY", "CONFIDENTIAL//REL TO USA, NATO",
        "NATO SECRET//ATOMAL", "SECRET//RELIDO", "secret", "S", "",
    ];
    let caveats = ["", "NOFORN", "ORCON", "RELIDO", "UK EYES ONLY", "ATOMAL", "FOUO", "PROPIN/IMCON", "REL TO USA, GBR", "NOFORN ORCON"];
    let releases = ["", "GBR", "USA", "GBR USA", "USA,GBR,CAN", "USA, FVEY", "GBR USA CAN AUS NZL", "FVEY", "NATO", "NATO DEU", "USA NATO", "ISAC", "XXX"];
    let (mut read, mut released, mut wrong) = (0, 0, Vec::new());
    for sender in ["gbr-ops", "usa-ops", "nato-hq"].map(peer) {
        for (access, caveat, release) in access.iter().flat_map(|a| caveats.iter().flat_map(move |c| releases.iter().map(move |r| (*a, *c, *r)))) {
            let marking: Vec<(&str, &str)> = [("access", access), ("caveat", caveat), ("releasableTo", release)].into_iter().filter(|(_, text)| !text.is_empty()).collect();
            let body = body(&marking);
            let Ok(label) = first(&body, sender) else { continue };
            read += 1;
            for recipient in EDITION.peers.values() {
                let (one, two) = (admitted(&label, recipient), second(&body, &label, sender, recipient));
                released += usize::from(one);
                if two != if one { "verified" } else { "verify.release" } {
                    wrong.push(format!("{} {marking:?} to {}: first {one}, second {two}; {:?}", sender.name, recipient.name, EDITION.lattice.view(&label)));
                }
            }
        }
    }
    println!("markings: {read} read, {released} releases by both decisions");
    assert!(read > 100 && released > 100, "{read} markings were read, {released} released");
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.iter().step_by(wrong.len().div_ceil(25)).cloned().collect::<Vec<_>>().join("\n"));
}
