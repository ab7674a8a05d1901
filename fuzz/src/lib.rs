//! The lab's rule set as the targets use it: its files, its marking schemes and peers, and a message's way through both halves of the guard.
//!
//! Targets call laws that tests call too (`format::laws`, `pipeline::laws`); what stands here only sets the stage for them.

use std::path::Path;
use std::sync::LazyLock;

use vestibule::base::{Header, MessageId, Name, Precedence, Time, Traffic};
use vestibule::pipeline::laws::{Setting, the_halves_agree};
use vestibule::policy::{Edition, SourceFile, load, read_folder};

/// The files of `rules/five-eyes`.
pub static FILES: LazyLock<Vec<SourceFile>> =
    LazyLock::new(|| read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/five-eyes")).expect("the lab's rule set is there"));

/// The edition that they make.
pub static EDITION: LazyLock<Edition> = LazyLock::new(|| load(&FILES).expect("the lab's rule set loads"));

/// A label that every peer of the lab may have, for messages that carry none of their own.
pub const OPEN: &str = concat!(
    "<originatorConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2036-01-01T00:00:00Z\">",
    "<ConfidentialityInformation>",
    "<PolicyIdentifier>NATO</PolicyIdentifier><Classification>UNCLASSIFIED</Classification>",
    "<Category TagName=\"Context\" Type=\"PERMISSIVE\"><GenericValue>NATO</GenericValue></Category>",
    "</ConfidentialityInformation><CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime></originatorConfidentialityLabel>"
);

/// Both halves over one message, from one peer of the lab to another: which two follows from `pick`.
///
/// # Panics
/// Where the halves differ: that is a find.
pub fn through_both(pick: usize, label: Option<&str>, body: &[u8]) {
    let peers: Vec<_> = EDITION.peers.values().collect();
    let (sender, recipient) = (peers[pick % peers.len()], peers[pick / peers.len() % peers.len()]);
    let now = Time::parse("2026-11-23T08:00:00Z").expect("a time");
    let header = Header {
        id: MessageId::from_parts(1_795_421_937_000, [7; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::clone(&recipient.name)],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: now,
        label: label.map(str::to_owned),
    };
    let setting = Setting { lattice: &EDITION.lattice, sender, recipient, now };
    the_halves_agree(&setting, &header, body).unwrap_or_else(|why| panic!("{} to {}: {why}", sender.name, recipient.name));
}
