//! Labels that the gateway binds for a recipient: what leaves says and proves what it must, to others as to us, and the same each time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use vestibule::base::{Budget, Header, MessageId, Name, Outcome, Precedence, Reason, Traffic};
use vestibule::filter::Waivers;
use vestibule::format;
use vestibule::label::signature::Trust;
use vestibule::label::{self, Binding, Label, Reading, Signer as Key};
use vestibule::link::identity;
use vestibule::link::pki::{Anchor, Use};
use vestibule::pipeline::{Guard, Inspector, Ruling, World};
use vestibule::policy::{self, SourceFile};
use vestibule::sanitise::Keys;
use vestibule::verify::{BlockedWords, Bond, bound};

use super::lab::*;
use super::{taken_from, taken_with};

/// The rule set of the lab, in which the entries of peers have these lines more.
pub(super) fn guard(more: &[(&str, &str)]) -> Guard {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let add = |file: SourceFile| {
        if &*file.path != "peers.toml" {
            return file;
        }
        let text = more.iter().fold(file.text.to_string(), |text, (peer, line)| {
            let head = format!("[peer.{peer}]\n");
            assert!(text.contains(&head), "{peer}");
            text.replace(&head, &format!("{head}{line}\n"))
        });
        SourceFile { text: text.into(), ..file }
    };
    let files: Vec<SourceFile> = files.into_iter().map(add).collect();
    let guard = Guard::load(&files).unwrap_or_else(|complaints| panic!("{complaints:?}"));
    guard.trust_in_labels(BTreeMap::from([(Name::new("nato-hq").unwrap(), Arc::new(AUTHORITY.trust()))]));
    guard
}

const BIND: &[(&str, &str)] = &[("gbr-ops", "bind = \"embedded\""), ("nato-hq", "binding = \"required\"")];

pub(super) fn key(signer: &Signer) -> Key {
    Key::of_pem(signer.key_pem.as_bytes(), signer.certificate_pem.as_bytes()).unwrap()
}

fn header(label: Option<&str>, to: &str) -> Header {
    Header {
        id: MessageId::from_parts(1, [0; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new(to).unwrap()],
        media_type: "application/cot+xml".into(),
        traffic: Traffic::Operation,
        sent: now(),
        label: label.map(str::to_owned),
    }
}

pub(super) fn ruling(guard: &Guard, (from, to): (&str, &str), body: &str, label: Option<&str>, signer: Option<&Key>) -> Ruling {
    let header = Header { media_type: if body.contains("<event ") { "application/cot+xml" } else { "" }.into(), ..header(label, to) };
    let pseudonym = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now: now(), keys: &Keys { pseudonym: &pseudonym }, waivers: &Waivers::default(), signer };
    Inspector::new(guard).pass(&Name::new(from).unwrap(), &header, body.as_bytes(), &world).rulings.pop().unwrap()
}

/// A track of NATO at sea, as the lab's clauses let pass.
pub(super) fn track() -> String {
    message().replace("a-f-G\"", "a-n-S-X-M\"").replace("A&amp;B &#xE8;é", "MV EXAMPLE")
}

fn left(ruling: &Ruling) -> String {
    let output = ruling.output.as_ref().unwrap_or_else(|| panic!("{ruling:?}"));
    String::from_utf8(output.bytes().to_vec()).unwrap()
}

#[test]
fn a_signed_message_leaves_bound_anew_by_the_gateway() {
    let guard = guard(BIND);
    for (serial, algorithm) in (400..).zip([RSA_256, ED25519]) {
        let own = AUTHORITY.signer(algorithm, serial, |_| {});
        let signer = key(&own);
        for plan in [Plan::filtered(), Plan::enveloped()] {
            let signed = plan.sign(&track(), &SIGNER);
            let released = ruling(&guard, ("nato-hq", "gbr-ops"), &signed, None, Some(&signer));
            assert_eq!((released.outcome, released.code), (Outcome::Forward, None), "{released:?}");
            assert_eq!(released.chain.last().map(String::as_str), Some("the label is bound to the message for `gbr-ops` by this gateway's key"));
            let text = left(&released);
            assert_eq!(text.matches("<mb:BindingInformation").count(), 1, "{text}");
            assert_eq!(text.matches("originatorConfidentialityLabel>").count(), 1, "{text}");
            assert!(text.contains("<slab:PolicyIdentifier URI=\"urn:oid:1.3.26.1.3.1\">NATO</slab:PolicyIdentifier>"), "{text}");
            let taken = taken_with(&text, Some(&AUTHORITY.trust())).map_err(|refusal| refusal.detail);
            assert_eq!(taken, Ok("SECRET".into()), "{algorithm}\n{text}");
            let again = ruling(&guard, ("nato-hq", "gbr-ops"), &signed, None, Some(&signer));
            assert_eq!(left(&again), text, "a replay gives the same bytes");
            for (from, to) in [("MV EXAMPLE", "MV EXAMPLF"), (">SECRET<", ">RESTRICTED<"), ("lat=\"1.5\"", "lat=\"1.6\"")] {
                assert!(text.contains(from), "{from}\n{text}");
                assert_eq!(taken_with(&text.replacen(from, to, 1), Some(&AUTHORITY.trust())).unwrap_err().reason, Reason::LabelBindingDigest);
            }
        }
    }
}

#[test]
fn a_recipient_reads_its_own_label_beside_the_originators() {
    let guard = guard(&[("usa-ops", "bind = \"embedded\""), ("gbr-ops", "bind = \"nothing\"")]);
    let signer = key(&AUTHORITY.signer(ED25519, 410, |_| {}));
    // Marked in another form, with and without a detail to bind in.
    let marked = |detail: &str| {
        event("")
            .replace("type=\"a-f-G\"", "type=\"a-f-G\" access=\"SECRET\" releasableTo=\"GBR USA CAN AUS NZL\"")
            .replace("<detail><contact callsign=\"A&amp;B &#xE8;é\"/></detail>", detail)
    };
    for detail in ["<detail><contact callsign=\"ALPHA\"/></detail>", "<detail/>", ""] {
        let body = marked(detail);
        let released = ruling(&guard, ("gbr-ops", "usa-ops"), &body, None, Some(&signer));
        assert_eq!((released.outcome, released.code), (Outcome::Forward, None), "{released:?}");
        let text = left(&released);
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}\n{text}"));
        assert!(at("<slab:originatorConfidentialityLabel ") < at("<slab:alternativeConfidentialityLabel "), "{text}");
        assert!(at(">GBR</slab:PolicyIdentifier>") < at(">USA</slab:PolicyIdentifier>"), "{text}");
        assert_eq!(taken_from("GBR", &text, Some(&AUTHORITY.trust())).map_err(|refusal| refusal.detail), Ok("SECRET".into()), "{text}");
        // Bound once more, for a second gateway on the way, nothing is added.
        let onward = ruling(&guard, ("gbr-ops", "usa-ops"), &text, None, Some(&signer));
        assert_eq!(left(&onward), text);
    }
}

#[test]
fn a_label_of_the_metadata_is_bound_anew_with_the_others() {
    let guard = guard(BIND);
    let signer = key(&AUTHORITY.signer(ED25519, 411, |_| {}));
    let with = |level: &str| track().replace("</mb:Metadata>", &format!("</mb:Metadata><mb:Metadata>{}</mb:Metadata>", of_metadata(level)));
    let released = ruling(&guard, ("nato-hq", "gbr-ops"), &Plan::filtered().sign(&with("RESTRICTED"), &SIGNER), None, Some(&signer));
    assert_eq!((released.outcome, released.code), (Outcome::Forward, None), "{released:?}");
    let text = left(&released);
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}\n{text}"));
    assert!(at("<slab:originatorConfidentialityLabel ") < at("<slab:metadataConfidentialityLabel "), "{text}");
    assert_eq!(taken_with(&text, Some(&AUTHORITY.trust())).map_err(|refusal| refusal.detail), Ok("SECRET".into()), "{text}");
    let higher = ruling(&guard, ("nato-hq", "gbr-ops"), &Plan::filtered().sign(&with("TOP SECRET"), &SIGNER), None, Some(&signer));
    assert_eq!((higher.outcome, higher.code), (Outcome::Quarantine, Some(Reason::LabelMetadataAbove)), "{higher:?}");
}

#[test]
fn what_cannot_be_bound_is_held_and_says_why() {
    let guard = guard(BIND);
    let signer = key(&AUTHORITY.signer(ED25519, 420, |_| {}));
    let old = key(&AUTHORITY.signer(ED25519, 421, |params| params.not_after = rcgen::date_time_ymd(2026, 5, 1)));
    let signed = Plan::filtered().sign(&track(), &SIGNER);
    for (signer, part) in [(None, "`binding_key`"), (Some(&old), "binding certificate that others take")] {
        let held = ruling(&guard, ("nato-hq", "gbr-ops"), &signed, None, signer);
        assert_eq!((held.outcome, held.code, held.output.is_some()), (Outcome::Quarantine, Some(Reason::LabelBind), false), "{held:?}");
        assert!(held.findings.iter().any(|finding| finding.text.contains(part)), "{:?}", held.findings);
    }
    // A label of the header would stand beside the bound one.
    let unbound = self::guard(&BIND[..1]);
    let bare = event("").replace("type=\"a-f-G\"", "type=\"a-n-S-X-M\"").replace("A&amp;B &#xE8;é", "MV EXAMPLE");
    let held = ruling(&unbound, ("nato-hq", "gbr-ops"), &bare, Some(&super::lab::label("SECRET")), Some(&signer));
    assert_eq!((held.outcome, held.code), (Outcome::Quarantine, Some(Reason::LabelBind)), "{held:?}");
    // A format that holds no binding.
    let tracks = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes/cases/messages/nato-tracks.nffi.xml")).unwrap();
    let held = ruling(&unbound, ("nato-hq", "gbr-ops"), &tracks, None, Some(&signer));
    assert_eq!((held.outcome, held.code), (Outcome::Quarantine, Some(Reason::LabelBind)), "{held:?}");
}

#[test]
fn a_key_whose_signatures_differ_each_time_is_no_binding_key() {
    let signer = |algorithm, serial| AUTHORITY.signer(algorithm, serial, |_| {});
    let ecdsa = signer(ECDSA_256, 430);
    let fault = Key::of_pem(ecdsa.key_pem.as_bytes(), ecdsa.certificate_pem.as_bytes()).unwrap_err();
    assert!(fault.to_string().contains("RSA"), "{fault}");
    let (one, other) = (signer(ED25519, 431), signer(ED25519, 432));
    let fault = Key::of_pem(one.key_pem.as_bytes(), other.certificate_pem.as_bytes()).unwrap_err();
    assert!(fault.to_string().contains("not the key"), "{fault}");
    for (key, certificate) in [("", one.certificate_pem.as_str()), (one.key_pem.as_str(), ""), (one.key_pem.as_str(), "x")] {
        assert!(Key::of_pem(key.as_bytes(), certificate.as_bytes()).is_err());
    }
}

#[test]
fn a_word_for_binding_that_is_none_is_a_fault_of_the_rule_set() {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let change =
        |file: SourceFile| SourceFile { text: file.text.replace("[peer.gbr-ops]\n", "[peer.gbr-ops]\nbind = \"detached\"\n").into(), ..file };
    let complaints = Guard::load(&files.into_iter().map(change).collect::<Vec<_>>()).unwrap_err();
    assert!(complaints.iter().any(|complaint| complaint.what == "unknown bind `detached`"), "{complaints:?}");
}

#[test]
fn the_second_reader_takes_no_binding_that_says_covers_or_proves_something_else() {
    let more = [("usa-ops", "bind = \"embedded\"")];
    let (plain, binding) = (guard(&[]), guard(&more));
    let (own, other) = (AUTHORITY.signer(ED25519, 440, |_| {}), AUTHORITY.signer(ED25519, 441, |_| {}));
    let (signer, stranger) = (key(&own), key(&other));
    let body = event("<contact callsign=\"ALPHA\"/>")
        .replace("type=\"a-f-G\"", "type=\"a-f-G\" access=\"SECRET\" releasableTo=\"GBR USA CAN\"")
        .replace("<contact callsign=\"A&amp;B &#xE8;é\"/>", "");
    let pass = |guard: &Guard, signer| ruling(guard, ("gbr-ops", "usa-ops"), &body, None, signer);
    let good = left(&pass(&binding, Some(&signer)));
    let strange = left(&pass(&binding, Some(&stranger)));
    let edition = binding.edition();
    let released = released(edition, &body);
    let blocked_words = BlockedWords::of(&edition.word_lists);
    let look = |text: &str| {
        let verified = pass(&plain, None).output.unwrap();
        let bond = Bond {
            lattice: &edition.lattice,
            released: &released,
            recipient: &edition.peers["usa-ops"],
            signer: &signer,
            blocked_words: &blocked_words,
            now: now(),
        };
        bound(verified, text.as_bytes().to_vec(), bond).map(|verified| verified.bytes() == text.as_bytes()).map_err(|refusal| refusal.reason)
    };
    assert_eq!(look(&good), Ok(true));
    let value = |text: &str, name: &str| text.split(&format!("<ds:{name}>")).nth(1).unwrap().split('<').next().unwrap().to_owned();
    let label = |text: &str| {
        let from = text.find("<slab:originatorConfidentialityLabel").unwrap();
        let end = "</slab:originatorConfidentialityLabel>";
        text[from..text.find(end).unwrap() + end.len()].to_owned()
    };
    let binding_of = |text: &str| {
        let end = "</mb:BindingInformation>";
        text[text.find("<mb:BindingInformation").unwrap()..text.find(end).unwrap() + end.len()].to_owned()
    };
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}\n{good}");
        good.replacen(from, to, 1)
    };
    for (text, reason) in [
        (changed("lat=\"1.5\"", "lat=\"1.6\""), Reason::VerifyEdit),
        (changed("<contact callsign=\"ALPHA\"/>", ""), Reason::VerifyEdit),
        (changed("<contact callsign=\"ALPHA\"/>", "<contact callsign=\"ALPHA\"/><x/>"), Reason::VerifyEdit),
        (changed("access=\"SECRET\"", "access=\"OFFICIAL\""), Reason::VerifyEdit),
        (changed("</event>", "</event> "), Reason::VerifyCanonical),
        (changed("<ds:SignedInfo>", "<ds:SignedInfo> "), Reason::VerifyCanonical),
        (changed(&binding_of(&good), ""), Reason::VerifyBinding),
        (changed(&binding_of(&good), &[label(&good), binding_of(&good)].concat()), Reason::VerifyBinding),
        (changed(&binding_of(&good), &binding_of(&strange)), Reason::VerifyBinding),
        (changed(&binding_of(&good), &[binding_of(&good), binding_of(&good)].concat()), Reason::VerifyBinding),
        (changed(">SECRET<", ">OFFICIAL<"), Reason::VerifyBinding),
        (changed("<slab:GenericValue>CAN</slab:GenericValue>", ""), Reason::VerifyBinding),
        (good.replace("<slab:GenericValue>USA</slab:GenericValue>", "<slab:GenericValue>NZL</slab:GenericValue>"), Reason::VerifyBinding),
        (changed(&value(&good, "DigestValue"), &value(&strange, "SignatureValue")), Reason::VerifyBinding),
        (changed(&value(&good, "SignatureValue"), &value(&strange, "SignatureValue")), Reason::VerifyBinding),
        (changed(&value(&good, "X509Certificate"), &value(&strange, "X509Certificate")), Reason::VerifyBinding),
        (changed("xmldsig#enveloped-signature", "xmldsig#base64"), Reason::VerifyBinding),
        (changed("<ds:Reference URI=\"\">", "<ds:Reference URI=\"#x\">"), Reason::VerifyBinding),
        (changed("<mb:DataReference URI=\"\"/>", "<mb:DataReference URI=\"#x\"/>"), Reason::VerifyBinding),
        (good.replace("alternativeConfidentialityLabel", "originatorConfidentialityLabel"), Reason::VerifyBinding),
        (good.replace("xmldsig-more#sha384", "xmldsig-more#sha224"), Reason::VerifyBinding),
        (good.replace("eddsa-ed25519", "rsa-sha256"), Reason::VerifyBinding),
    ] {
        assert_eq!(look(&text), Err(reason), "{text}");
    }
}

/// The label that the lab reads in a British message.
fn released(edition: &policy::Edition, body: &str) -> Label {
    let header = header(None, "usa-ops");
    let mut budget = Budget::for_body(body.len());
    let parsed = format::parse(format::Received::new(&header, body.as_bytes()).unwrap(), &mut budget).unwrap();
    let reading = Reading { scheme: edition.lattice.policy("GBR").unwrap(), binding: Binding::Unbound };
    label::verify(parsed, &edition.lattice, &reading, now(), &mut budget).unwrap().label().clone()
}

#[test]
fn a_key_that_is_issued_for_labels_binds_and_opens_no_link() {
    let anchor = Anchor::make("label anchor", now(), 360).unwrap();
    let issued = anchor.issue("labels.gbr.lab", Use::Label, now(), 30).unwrap();
    let signer = Key::of_pem(issued.key.as_bytes(), issued.certificate.as_bytes()).unwrap();
    assert_eq!(signer.check(now()), Ok(()));
    let der = signer.certificates().next().map(|text| STANDARD.decode(text).unwrap()).unwrap();
    for role in [identity::Role::Client, identity::Role::Server] {
        assert_eq!(identity::leaf(&der, role, now().unix_ms() / 1000), Err(identity::Objection::Purpose));
    }
    let trust = Trust::of_pem(anchor.certificate().as_bytes(), anchor.revoke(&[], now(), 30).unwrap().as_bytes()).unwrap();
    let guard = guard(BIND);
    let signed = Plan::filtered().sign(&track(), &SIGNER);
    let text = left(&ruling(&guard, ("nato-hq", "gbr-ops"), &signed, None, Some(&signer)));
    assert_eq!(taken_with(&text, Some(&trust)).map_err(|refusal| refusal.detail), Ok("SECRET".into()), "{text}");
}
