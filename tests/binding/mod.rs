//! Signed bindings: what is taken, in every algorithm and form, and a table of attacks that are all refused, each with its code.

mod around;
mod attacks;
mod beside;
mod cases;
mod interop;
pub(crate) mod lab;
mod onward;
mod passage;
mod release;

use vestibule::base::{Budget, Header, MessageId, Name, Precedence, Refusal, Traffic};
use vestibule::format;
use vestibule::label::binding::{Place, name_of, verify};
use vestibule::label::signature::Trust;
use vestibule::label::{self, Binding, Reading};

use crate::label::LATTICE;
use lab::{ALGORITHMS, AUTHORITY, EXCLUSIVE, HERE, Plan, Reference, SIGNER, binding, event, message, now};

/// Takes a message from a peer that must bind its labels: what the label says, or why not.
fn taken_with(text: &str, trust: Option<&Trust>) -> Result<String, Refusal> {
    taken_from("NATO", text, trust)
}

/// The same from a peer that marks in another scheme.
fn taken_from(scheme: &str, text: &str, trust: Option<&Trust>) -> Result<String, Refusal> {
    let header = Header {
        id: MessageId::from_parts(1, [0; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new("usa-ops").unwrap()],
        media_type: "application/cot+xml".into(),
        traffic: Traffic::Operation,
        sent: now(),
        label: None,
    };
    let mut budget = Budget::for_body(text.len());
    let parsed = format::parse(format::Received::new(&header, text.as_bytes())?, &mut budget)?;
    let reading = Reading { scheme: LATTICE.policy(scheme).unwrap(), binding: Binding::Required(trust) };
    let labelled = label::verify(parsed, &LATTICE, &reading, now(), &mut budget)?;
    Ok(LATTICE.view(labelled.label()).classification)
}

/// The same, as a code.
fn taken(text: &str) -> String {
    taken_with(text, Some(&AUTHORITY.trust())).unwrap_or_else(|refusal| refusal.reason.code().to_owned())
}

#[test]
fn a_signed_binding_of_each_algorithm_and_form_is_taken() {
    for (serial, (algorithm, digest)) in (100..).zip(ALGORITHMS) {
        let signer = AUTHORITY.signer(algorithm, serial, |_| {});
        for plan in [Plan::filtered(), Plan::enveloped()] {
            let plan = plan.with(|plan| (plan.algorithm, plan.digest) = (algorithm.into(), digest.into()));
            let signed = plan.sign(&message(), &signer);
            assert_eq!(taken_with(&signed, Some(&AUTHORITY.trust())).map_err(|refusal| refusal.detail), Ok("SECRET".into()), "{algorithm}\n{signed}");
        }
    }
}

#[test]
fn lists_of_prefixes_a_time_and_two_certificates_are_taken() {
    let listed = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"mb #default e\"/></ds:Transform>";
    let plan = Plan::filtered().with(|plan| {
        plan.canonicalisation = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"mb xmime\"/></ds:CanonicalizationMethod>".into();
        plan.object = attacks::made("2026-06-01T11:59:00Z");
        plan.references.push(Reference::new("#o1", &[listed]));
        plan.references[1] = Reference::new("#b1", &[listed]);
    });
    assert_eq!(taken(&plan.sign(&message(), &SIGNER)), "SECRET");
}

#[test]
fn a_message_without_a_signature_or_anchors_is_refused() {
    for text in [message().replace(HERE, ""), event(&lab::label("SECRET")), event("")] {
        assert_eq!(taken(&text), "label.binding");
    }
    let signed = Plan::filtered().sign(&message(), &SIGNER);
    assert_eq!(taken_with(&signed, None).unwrap_err().reason.code(), "label.binding");
}

#[test]
fn what_is_read_twice_means_the_same_and_what_is_no_field_may_change() {
    let signed = Plan::filtered().sign(&message(), &SIGNER);
    for (from, to) in [
        ("<contact callsign=", "<contact  callsign = "),
        ("&#xE8;é", "&#232;&#xe9;"),
        ("</event>\n", "</event>\n<!-- after -->"),
        ("\r\n <detail>", "\n <detail>"),
        (" lat=\"1.50\" lon=\"2\"", " lon=\"2\" lat='1.50'"),
    ] {
        assert!(signed.contains(from), "{from}");
        assert_eq!(taken(&signed.replace(from, to)), "SECRET", "{from}");
    }
}

/// Checks that the manual's page of attacks has these rows below a head, and writes them there where the environment asks for it.
fn the_manual_holds(head: &str, rows: &[String]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/attacks.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(&format!("{head}\n")).unwrap_or_else(|| panic!("the page has no table `{head}`"));
    let (rule, rest) = rest.split_once('\n').unwrap();
    let held: Vec<&str> = rest.lines().take_while(|line| line.starts_with('|')).collect();
    if std::env::var("VESTIBULE_GOLDEN").is_ok_and(|value| value == "write") {
        let after: String = rest.lines().skip(held.len()).map(|line| format!("{line}\n")).collect();
        std::fs::write(path, format!("{before}{head}\n{rule}\n{}\n{after}", rows.join("\n"))).unwrap();
        return;
    }
    assert_eq!(held, rows, "run with VESTIBULE_GOLDEN=write and read what changed in {path}");
}

/// Verifies a binding alone: the code, or the content that it covers.
fn alone(text: &str, place: Place<'_>) -> String {
    let bound = verify(text, place, &AUTHORITY.trust(), now(), &mut Budget::for_body(text.len()));
    bound
        .map_or_else(|refusal| refusal.reason.code().to_owned(), |bound| bound.content().map_or("whole".into(), |span| text[span.range()].to_owned()))
}

#[test]
fn an_encapsulating_binding_covers_what_is_in_it() {
    let text = binding(&lab::label("SECRET"), "<mb:Data xmime:contentType=\"text/xml\"><report xmlns=\"urn:r\">words</report></mb:Data>");
    let plan = Plan::filtered().with(|plan| plan.references.truncate(0)).with(|plan| plan.references.push(Reference::new("#b1", &[EXCLUSIVE])));
    let signed = plan.sign(&text, &SIGNER);
    assert_eq!(alone(&signed, Place::Encapsulating), "<report xmlns=\"urn:r\">words</report>");
    assert_eq!(alone(&Plan::enveloped().sign(&text, &SIGNER), Place::Encapsulating), "<report xmlns=\"urn:r\">words</report>");
    assert_eq!(alone(&signed.replace("words", "w0rds"), Place::Encapsulating), "label.binding_digest");
    assert_eq!(alone(&signed, Place::Embedded), "label.binding_coverage");
}

#[test]
fn a_detached_binding_covers_every_byte_of_what_it_names() {
    let text = binding(&lab::label("SECRET"), "<mb:DataReference URI=\"./track.bin\"/>");
    let bytes = b"any\0bytes";
    let plan = Plan::filtered().with(|plan| {
        plan.references = vec![
            Reference { uri: "./track.bin".into(), transforms: String::new(), bytes: Some(bytes.to_vec()) },
            Reference::new("#b1", &[EXCLUSIVE]),
        ];
    });
    let signed = plan.sign(&text, &SIGNER);
    assert_eq!(alone(&signed, Place::Detached(bytes)), "whole");
    assert_eq!(alone(&signed, Place::Detached(b"any\0byte")), "label.binding_digest");
    for (other, code) in [
        ("track.bin", "whole"),
        ("dir/track.bin", "label.binding_coverage"),
        (".track", "label.binding_coverage"),
        ("./", "label.binding_coverage"),
        ("cid:track", "label.binding_coverage"),
        ("pack:///word/document.xml", "label.binding_coverage"),
        ("../track.bin", "label.binding_reference"),
        ("file:///track.bin", "label.binding_reference"),
        ("#b2", "label.binding_reference"),
        (&name_of(b"other"), "label.binding_coverage"),
        (&format!("{}.xml", "x".repeat(125)), "label.binding_coverage"),
    ] {
        let plan = plan.clone().with(|plan| plan.references[0].uri = other.into());
        assert_eq!(alone(&plan.sign(&text.replace("./track.bin", other), &SIGNER), Place::Detached(bytes)), code, "{other}");
    }
    let at_odds = plan.clone().with(|plan| plan.references[0].uri = "other.bin".into());
    assert_eq!(alone(&at_odds.sign(&text, &SIGNER), Place::Detached(bytes)), "label.binding_coverage", "one file is signed and another labelled");
    let unsigned_data = plan.clone().with(|plan| drop(plan.references.remove(0))).sign(&text, &SIGNER);
    assert_eq!(alone(&unsigned_data, Place::Detached(bytes)), "label.binding_coverage");
    let transformed = plan.with(|plan| plan.references[0].transforms = EXCLUSIVE.into()).sign(&text, &SIGNER);
    assert_eq!(alone(&transformed, Place::Detached(bytes)), "label.binding_transform");
}

#[test]
fn what_is_remembered_of_a_signer_ends_when_a_certificate_or_list_does() {
    let trust = AUTHORITY.trust();
    let signed = Plan::enveloped().sign(&message(), &SIGNER);
    let at = |days: i64| {
        let time = vestibule::base::Time::from_unix_ms(now().unix_ms() + days * 86_400_000).unwrap();
        verify(&signed, Place::Embedded, &trust, time, &mut Budget::for_body(signed.len())).map(drop).map_err(|refusal| refusal.reason.code())
    };
    // The list is in force for seven days, the certificate for much longer.
    for (days, found) in
        [(0, Ok(())), (0, Ok(())), (6, Ok(())), (8, Err("label.binding_revoked")), (1, Ok(())), (801, Err("label.binding_certificate"))]
    {
        assert_eq!(at(days), found, "{days}");
    }
}
