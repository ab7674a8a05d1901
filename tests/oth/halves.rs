//! Both halves of the guard over OTH-Gold: samples, samples with one thing changed, and every pair of peers of the lab.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use vestibule::base::{Header, MessageId, Name, Precedence, Time, Traffic};
use vestibule::pipeline::laws::{Setting, the_halves_agree};
use vestibule::policy::{Edition, load, read_folder};

use super::OTH;

static EDITION: LazyLock<Edition> =
    LazyLock::new(|| load(&read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap()).unwrap());

/// A label beside the message that every peer may have.
const OPEN: &str = concat!(
    "<originatorConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\"><ConfidentialityInformation>",
    "<PolicyIdentifier>NATO</PolicyIdentifier><Classification>UNCLASSIFIED</Classification>",
    "<Category TagName=\"Context\" Type=\"PERMISSIVE\"><GenericValue>NATO</GenericValue></Category>",
    "</ConfidentialityInformation><CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime></originatorConfidentialityLabel>"
);

fn agree(from: &str, to: &str, label: Option<&str>, body: &[u8]) -> Result<(), String> {
    let now = Time::parse("2026-11-23T08:00:00Z").unwrap();
    let peer = |name: &str| EDITION.peers.values().find(|peer| peer.name.to_string() == name).unwrap();
    let header = Header {
        id: MessageId::from_parts(1_795_421_937_000, [7; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new(to).unwrap()],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: now,
        label: label.map(str::to_owned),
    };
    let setting = Setting { lattice: &EDITION.lattice, sender: peer(from), recipient: peer(to), now };
    the_halves_agree(&setting, &header, body).map_err(|why| format!("{from} to {to}: {why}"))
}

#[test]
fn both_halves_agree_on_every_sample_between_all_peers() {
    let peers: Vec<String> = EDITION.peers.values().map(|peer| peer.name.to_string()).collect();
    for (path, body) in OTH.accepted() {
        for from in &peers {
            for to in &peers {
                for label in [None, Some(OPEN)] {
                    agree(from, to, label, &body).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
                }
            }
        }
    }
}

#[test]
fn both_halves_agree_on_every_line_of_classification() {
    let sample = String::from_utf8(OTH.named("header-short")).unwrap();
    for line in [
        "UNCLAS",
        "UNCLASSIFIED//",
        "S E C R E T",
        "SECRET",
        "SECRET//NOFORN",
        "SECRET//REL TO USA, GBR",
        "NATO SECRET",
        "NATO RESTRICTED",
        "COSMIC TOP SECRET",
        "OFFICIAL",
        "SECRET - UK EYES ONLY",
        "SECRET - UK/US EYES ONLY",
        "SECRET - AUS/CAN/NZ/UK/US EYES ONLY",
        "TOP SECRET - FIVE EYES ONLY",
    ] {
        let bare = sample.replace("SECRET//REL TO USA, GBR", line).replace("SEC/SECRET/REL TO USA, GBR\n", "");
        for from in ["gbr-ops", "usa-ops", "nato-hq"] {
            for letters in ["", "ZNY SSSSS\n", "ZNR UUUUU\n", "ZNY TTTTT\n"] {
                agree(from, "can-ops", None, format!("{letters}{bare}").as_bytes()).unwrap_or_else(|why| panic!("{line}: {why}"));
            }
        }
    }
}

proptest! {
    #[test]
    fn both_halves_agree_whatever_one_byte_becomes(which in 0_usize..11, at in 0_usize..4_000, byte in prop::sample::select(b"/ \n0A-.ZNSW".to_vec())) {
        let samples = OTH.accepted();
        let mut body = samples[which % samples.len()].1.clone();
        let at = at % body.len();
        body[at] = byte;
        agree("gbr-ops", "usa-ops", Some(OPEN), &body).map_err(TestCaseError::fail)?;
    }
}
