//! Labels that the gateway binds beside a message, in its header: for every format, and taken again by a gateway that asks for bindings.

use std::path::Path;
use std::sync::LazyLock;

use vestibule::base::{Outcome, Reason};
use vestibule::label::Signer as Key;
use vestibule::label::binding::name_of;
use vestibule::pipeline::{Guard, Ruling};
use vestibule::policy::{self, SourceFile};
use vestibule::verify::{self, BlockedWords, Bond, Verified};

use super::lab::*;
use super::release::{guard, key, ruling};

/// British systems get bindings beside, and the next gateway asks Britain for bindings.
static GUARD: LazyLock<Guard> = LazyLock::new(|| guard(&[("usa-ops", "bind = \"beside\""), ("gbr-ops", "bind = \"beside\"")]));
static SIGNER: LazyLock<Key> = LazyLock::new(|| key(&AUTHORITY.signer(ED25519, 640, |_| {})));

fn message_of(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes/cases/messages").join(file)).unwrap()
}

/// A British track, marked in its attributes.
fn marked() -> String {
    event("<contact callsign=\"ALPHA\"/>")
        .replace("type=\"a-f-G\"", "type=\"a-f-G\" access=\"SECRET\" releasableTo=\"GBR USA CAN\"")
        .replace("<contact callsign=\"A&amp;B &#xE8;é\"/>", "")
}

fn left(found: Ruling) -> Verified {
    assert_eq!((found.outcome, found.code), (Outcome::Forward, None), "{found:?}");
    assert_eq!(found.chain.last().map(|step| step.contains("this gateway's key")), Some(true), "{:?}", found.chain);
    found.output.unwrap()
}

fn left_to_usa(body: &str, label: Option<&str>) -> Verified {
    left(ruling(&GUARD, ("gbr-ops", "usa-ops"), body, label, Some(&SIGNER)))
}

#[test]
fn a_label_is_bound_beside_the_bytes_that_leave_and_taken_by_the_next_gateway() {
    let output = left_to_usa(&marked(), None);
    let binding = output.detached().unwrap();
    assert!(binding.contains(&name_of(output.bytes())) && binding.contains("<ds:Signature "), "{binding}");
    assert_eq!(binding.matches("originatorConfidentialityLabel>").count(), 1, "{binding}");
    assert!(binding.contains("alternativeConfidentialityLabel>") && binding.contains(">USA</slab:PolicyIdentifier>"), "{binding}");
    let again = left_to_usa(&marked(), None);
    assert_eq!(again.detached(), Some(binding), "a replay gives the same bytes");
    // The next gateway, where the sender must bind its labels.
    let next = guard(&[("gbr-ops", "binding = \"required\"")]);
    let trust = std::sync::Arc::new(AUTHORITY.trust());
    next.trust_in_labels([(vestibule::base::Name::new("gbr-ops").unwrap(), trust)].into());
    let text = std::str::from_utf8(output.bytes()).unwrap();
    let onward = |body: &str, binding: &str| ruling(&next, ("gbr-ops", "usa-ops"), body, Some(binding), None);
    assert_eq!(onward(text, binding).outcome, Outcome::Forward);
    assert_eq!(onward(&text.replace("ALPHA", "ALPHB"), binding).code, Some(Reason::LabelBindingCoverage));
    assert_eq!(onward(text, &binding.replace(">SECRET<", ">OFFICIAL<")).code, Some(Reason::LabelBindingDigest));
}

#[test]
fn formats_that_hold_no_binding_and_labels_that_stand_in_the_header_are_bound_beside() {
    let tracks = message_of("nato-tracks.nffi.xml");
    let output = left(ruling(&GUARD, ("nato-hq", "gbr-ops"), &tracks, None, Some(&SIGNER)));
    assert!(output.detached().is_some_and(|binding| binding.contains(&name_of(output.bytes()))));
    let bare = event("").replace("type=\"a-f-G\"", "type=\"a-n-S-X-M\"").replace("A&amp;B &#xE8;é", "MV EXAMPLE");
    let output = left(ruling(&GUARD, ("nato-hq", "gbr-ops"), &bare, Some(&label("SECRET")), Some(&SIGNER)));
    let binding = output.detached().unwrap();
    assert!(binding.contains("ReviewDateTime=\"2031-01-01T00:00:00Z\""), "the originator's label is taken as it is: {binding}");
    let held = ruling(&GUARD, ("gbr-ops", "usa-ops"), &marked(), None, None);
    assert_eq!((held.outcome, held.code), (Outcome::Quarantine, Some(Reason::LabelBind)), "no key");
}

#[test]
fn the_second_reader_takes_no_binding_beside_that_says_covers_or_proves_something_else() {
    let good = left_to_usa(&marked(), None);
    let text = good.detached().unwrap().to_owned();
    let edition = GUARD.edition();
    let usa = &edition.peers["usa-ops"];
    let released = {
        let gbr = edition.lattice.policy("GBR").unwrap();
        vestibule::label::banner::read(&edition.lattice, gbr, "SECRET - CAN/UK/US EYES ONLY").unwrap()
    };
    let blocked_words = BlockedWords::of(&edition.word_lists);
    let look = |binding: String| {
        let bond =
            Bond { lattice: &edition.lattice, released: &released, recipient: usa, signer: &SIGNER, blocked_words: &blocked_words, now: now() };
        verify::beside(left_to_usa(&marked(), None), binding, bond).map(drop).map_err(|refusal| refusal.reason)
    };
    assert_eq!(look(text.clone()), Ok(()));
    let other = left_to_usa(&marked().replace("ALPHA", "BRAVO"), None).detached().unwrap().to_owned();
    let strange = key(&AUTHORITY.signer(ED25519, 641, |_| {}));
    let strange = left(ruling(&GUARD, ("gbr-ops", "usa-ops"), &marked(), None, Some(&strange))).detached().unwrap().to_owned();
    for (binding, reason) in [
        (other, Reason::VerifyBinding),
        (strange, Reason::VerifyBinding),
        (text.replace(">SECRET<", ">OFFICIAL<"), Reason::VerifyBinding),
        (text.replace("<slab:GenericValue>CAN</slab:GenericValue>", ""), Reason::VerifyBinding),
        (text.replace("originatorC", "alternativeC"), Reason::VerifyBinding),
        (text.replace("alternativeC", "metadataC"), Reason::VerifyBinding),
        (text.replace("xmldsig-more#sha384", "xmldsig-more#sha224"), Reason::VerifyBinding),
        (text.replace("<ds:SignedInfo>", "<ds:SignedInfo> "), Reason::VerifyCanonical),
        (text.replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""), Reason::VerifyCanonical),
        (label("SECRET"), Reason::VerifyCanonical),
        (String::new(), Reason::VerifyCanonical),
    ] {
        assert_eq!(look(binding.clone()), Err(reason), "{binding}");
    }
}

#[test]
fn a_peer_that_reads_formats_which_hold_no_binding_gets_none_embedded() {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let change =
        |file: SourceFile| SourceFile { text: file.text.replace("[peer.aus-threats]\n", "[peer.aus-threats]\nbind = \"embedded\"\n").into(), ..file };
    let complaints = Guard::load(&files.into_iter().map(change).collect::<Vec<_>>()).unwrap_err();
    assert!(complaints.iter().any(|complaint| complaint.what == "messages of `stix` can hold no binding"), "{complaints:?}");
    assert!(complaints.iter().any(|complaint| complaint.remedy.contains("`beside`")), "{complaints:?}");
}
