//! The whole path for a peer that reads one format: what leaves, what is shown, and what is held.

use aws_lc_rs::hmac;
use vestibule::base::{Budget, Name, Outcome, Reason};
use vestibule::filter::Waivers;
use vestibule::format::{self, Received};
use vestibule::label::{self, Binding, Reading};
use vestibule::normal::{Change, Edit, Edits};
use vestibule::pipeline::{Guard, Inspector, Ruling, World};
use vestibule::policy::{SourceFile, load, read_folder};
use vestibule::sanitise::Keys;
use vestibule::verify::{BlockedWords, Claim, Proposal, reread};

use super::{EDITION, EVENT, Path, PeerEntry, header, now, translated};

/// The lab's rule set with `reads` in the entry of the American peer.
fn rules(reads: &str) -> Vec<SourceFile> {
    let mut files = read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let peers = files.iter_mut().find(|file| &*file.path == "peers.toml").unwrap();
    peers.text = peers.text.replace("[peer.usa-ops]\n", &format!("[peer.usa-ops]\nreads = {reads}\n")).into();
    files
}

fn ruling(reads: &str, body: &[u8]) -> (Ruling, Option<&'static str>) {
    let guard = Guard::load(&rules(reads)).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now: now(), keys: &Keys { pseudonym: &key }, waivers: &Waivers::default(), signer: None };
    let (from, to) = (Name::new("gbr-ops").unwrap(), Name::new("usa-ops").unwrap());
    let mut passage = Inspector::new(&guard).pass(&from, &header(&to, None), body, &world);
    (passage.rulings.remove(0), passage.format)
}

const TRACK: &str = "<event version=\"2.0\" uid=\"U-1\" type=\"a-f-G-U-C\" how=\"m-g\" time=\"2026-11-23T07:59:00Z\" start=\"2026-11-23T07:59:00Z\" \
     stale=\"2026-11-23T08:10:00Z\" access=\"UK OFFICIAL\" releasableTo=\"GBR USA\"><point lat=\"51.5\" lon=\"-0.5\" hae=\"1\" ce=\"2\" le=\"3\"/><detail/></event>";

#[test]
fn a_peer_that_reads_the_protocol_gets_it_and_people_see_what_was_lost() {
    let (found, format) = ruling("[\"tak\"]", TRACK.as_bytes());
    assert_eq!((found.outcome, found.code, found.into, format), (Outcome::Forward, None, Some("tak"), Some("cot")), "{:?}", found.findings);
    assert!(found.edits.iter().any(|edit| edit.action == "untranslatable" && edit.path == "/event/@version" && &*edit.rule == "translation"));
    let bytes = found.output.unwrap().into_bytes();
    assert_eq!(format::identify(&bytes).unwrap().name, "tak");
    assert_eq!(format::media_type("application/cot+xml", &bytes), "application/x-protobuf");
    assert_eq!(format::media_type("", &bytes), "", "what nobody claimed is not claimed");
    for reads in ["[\"cot\"]", "[\"tak\", \"cot\"]"] {
        let (kept, _) = ruling(reads, TRACK.as_bytes());
        assert_eq!((kept.outcome, kept.into), (Outcome::Forward, None), "{reads}");
        assert!(kept.output.unwrap().bytes().starts_with(b"<?xml"));
    }
}

#[test]
fn a_format_without_a_row_stays_for_a_peer_that_does_not_read_it() {
    let (found, _) = ruling("[\"misp\", \"mail\"]", TRACK.as_bytes());
    assert_eq!((found.outcome, found.code, found.into), (Outcome::Withhold, Some(Reason::TranslateNone), None));
}

#[test]
fn an_entry_that_reads_nothing_or_an_unknown_format_is_a_fault() {
    for (reads, what) in [("[]", "reads no format"), ("[\"cott\"]", "cott"), ("\"cot\"", "expected a list")] {
        let complaints = load(&rules(reads)).unwrap_err();
        assert!(complaints.iter().any(|complaint| complaint.what.contains(what)), "{reads}: {complaints:?}");
    }
}

/// What the second half says to a translation of [`EVENT`] with these bytes and edits, for a peer that reads `reads`.
fn second(result: Vec<u8>, edits: &Edits, reads: &[&'static str]) -> Result<(), Reason> {
    let hq = PeerEntry { reads: reads.to_vec(), ..EDITION.peers["nato-hq"].clone() };
    let (header, sender) = (header(&hq.name, None), &EDITION.peers["deu-ops"]);
    let mut budget = Budget::for_body(EVENT.len());
    let parsed = format::parse(Received::new(&header, EVENT.as_bytes()).unwrap(), &mut budget).unwrap();
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    let labelled = label::verify(parsed, &EDITION.lattice, &reading, now(), &mut budget).unwrap();
    let claim = Claim {
        header: &header,
        original: EVENT.as_bytes(),
        proposal: Proposal::new("cot", (result, edits.clone()), (labelled.label(), labelled.label()))
            .beside(header.label.as_deref().map(|label| vestibule::rebuild::detached(label).unwrap())),
        lattice: &EDITION.lattice,
        sender,
        recipient: &hq,
        blocked_words: &BlockedWords::default(),
        exercise_policies: &EDITION.exercise_policies,
        now: now(),
    };
    reread(claim).map(drop).map_err(|refusal| refusal.reason)
}

fn changed(edits: &Edits, change: impl Fn(&Edit) -> Option<Edit>) -> Edits {
    let mut list = Edits::default();
    edits.iter().filter_map(change).for_each(|edit| list.add(edit));
    list
}

#[test]
fn the_second_half_finds_a_translation_that_loses_or_declares_too_much() {
    let told = translated("cot", "tak", None, EVENT.as_bytes()).unwrap();
    let (bytes, edits) = (told.bytes, told.edits);
    assert_eq!(second(bytes.clone(), &edits, &["tak"]), Ok(()));
    for edit in edits.iter() {
        let without = changed(&edits, |other| (other.path != edit.path).then(|| other.clone()));
        assert_eq!(second(bytes.clone(), &without, &["tak"]), Err(Reason::VerifyEdit), "not declared: {}", edit.path);
        let other = changed(&edits, |other| {
            Some(Edit {
                change: if other.path == edit.path { Change::Replace(vestibule::normal::Value::Flag(true)) } else { other.change.clone() },
                ..other.clone()
            })
        });
        assert_eq!(second(bytes.clone(), &other, &["tak"]), Err(Reason::VerifyEdit), "another value: {}", edit.path);
    }
    for (place, text) in [(b"U-1".as_slice(), b"U-2".as_slice()), (b"here", b"hers"), (b"a-f-G", b"a-h-G")] {
        let at = bytes.windows(place.len()).position(|window| window == place).unwrap();
        let mut wrong = bytes.clone();
        wrong[at..at + place.len()].copy_from_slice(text);
        assert_eq!(second(wrong, &edits, &["tak"]), Err(Reason::VerifyEdit), "{place:?}");
    }
    let at = bytes.windows(10).position(|window| window == b"RESTRICTED").unwrap();
    let mut lower = bytes.clone();
    lower[at..at + 10].copy_from_slice(b"UNCLASSIFY");
    assert!(second(lower, &edits, &["tak"]).is_err());
}

#[test]
fn the_second_half_lets_a_result_leave_only_in_a_format_that_the_recipient_reads() {
    let told = translated("cot", "tak", None, EVENT.as_bytes()).unwrap();
    assert_eq!(second(told.bytes.clone(), &told.edits, &["cot"]), Err(Reason::VerifyRelease));
    assert_eq!(second(told.bytes.clone(), &told.edits, &["cot", "tak"]), Err(Reason::VerifyCanonical), "translated without need");
    assert_eq!(second(told.bytes, &told.edits, &[]), Err(Reason::VerifyCanonical));
    let same = format::by_name("cot").map(|cot| (cot.read)(EVENT.as_bytes(), &mut Budget::for_body(EVENT.len())).unwrap()).unwrap();
    let same = vestibule::rebuild::bytes(&same, &Edits::default(), format::Syntax::Xml).unwrap();
    assert_eq!(second(same.clone(), &Edits::default(), &["tak"]), Err(Reason::VerifyRelease));
    assert_eq!(second(same, &Edits::default(), &[]), Ok(()));
}
