//! Bindings around a message: the message in them passes as if it had come alone with its label, or nothing passes.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use vestibule::base::{Header, MessageId, Name, Outcome, Precedence, Reason, Traffic};
use vestibule::filter::Waivers;
use vestibule::label::around::MEDIA_TYPE;
use vestibule::pipeline::{Guard, Inspector, Ruling, World};
use vestibule::sanitise::Keys;

use super::lab::*;
use super::release::{guard, key, track};

const REQUIRED: &[(&str, &str)] = &[("nato-hq", "binding = \"required\"")];

/// A track without a label in it, and without an XML declaration.
fn bare() -> String {
    let track = track();
    let binding = &track[track.find("<mb:BindingInformation").unwrap()..track.find("<contact").unwrap()];
    track.replace(binding, "").split_once("?>\n").unwrap().1.trim_end().to_owned()
}

/// What is to be signed: a binding around this.
fn around(content: &str) -> String {
    binding(&label("SECRET"), &format!("<mb:Data xmime:contentType=\"application/cot+xml\">{content}</mb:Data>"))
}

/// One reference to the bound label, which holds the content.
fn inner() -> Plan {
    Plan::filtered().with(|plan| plan.references = vec![Reference::new("#b1", &[EXCLUSIVE])])
}

fn passed(guard: &Guard, body: &str, change: impl FnOnce(&mut Header), signer: Option<&vestibule::label::Signer>) -> Ruling {
    let mut header = Header {
        id: MessageId::from_parts(1, [0; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new("gbr-ops").unwrap()],
        media_type: MEDIA_TYPE.into(),
        traffic: Traffic::Operation,
        sent: now(),
        label: None,
    };
    change(&mut header);
    let pseudonym = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now: now(), keys: &Keys { pseudonym: &pseudonym }, waivers: &Waivers::default(), signer };
    Inspector::new(guard).pass(&Name::new("nato-hq").unwrap(), &header, body.as_bytes(), &world).rulings.pop().unwrap()
}

fn code(body: &str) -> &'static str {
    static GUARD: LazyLock<Guard> = LazyLock::new(|| guard(REQUIRED));
    passed(&GUARD, body, |_| {}, None).code.map_or("none", Reason::code)
}

#[test]
fn the_message_in_a_binding_leaves_alone_with_its_label_beside_it() {
    for plan in [inner(), Plan::enveloped()] {
        for media_type in [MEDIA_TYPE, ""] {
            let signed = plan.sign(&around(&bare()), &SIGNER);
            let found = passed(&guard(REQUIRED), &signed, |header| header.media_type = media_type.into(), None);
            assert_eq!((found.outcome, found.code), (Outcome::Forward, None), "{found:?}");
            assert!(found.chain.iter().any(|step| step == "marked `NATO SECRET` by the binding around it"), "{:?}", found.chain);
            let output = found.output.unwrap();
            let text = std::str::from_utf8(output.bytes()).unwrap();
            assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event ") && !text.contains("Binding"), "{text}");
            let label = output.detached().unwrap();
            assert!(label.contains(">SECRET<") && !label.contains("Signature"), "{label}");
        }
    }
    // Translations that are our own and a label of the metadata are read, and stay behind.
    let others = together(&[of_metadata("RESTRICTED"), label("SECRET"), british("SECRET")]);
    let found = passed(&guard(REQUIRED), &inner().sign(&around(&bare()).replace(&label("SECRET"), &others), &SIGNER), |_| {}, None);
    assert_eq!((found.outcome, found.code), (Outcome::Forward, None), "{found:?}");
    let output = found.output.unwrap();
    assert!(output.detached().is_some_and(|label| label.contains("originatorC") && !label.contains("metadataC")), "{output:?}");
    assert!(
        ["marked `NATO SECRET`", "alternative", "metadata"].iter().all(|word| found.chain.iter().any(|step| step.contains(word))),
        "{:?}",
        found.chain
    );
}

#[test]
fn the_message_in_a_binding_leaves_bound_anew_where_its_recipient_asks_for_it() {
    let guard = guard(&[("gbr-ops", "bind = \"embedded\""), REQUIRED[0]]);
    let signer = key(&AUTHORITY.signer(ED25519, 620, |_| {}));
    let found = passed(&guard, &inner().sign(&around(&bare()), &SIGNER), |_| {}, Some(&signer));
    assert_eq!((found.outcome, found.code), (Outcome::Forward, None), "{found:?}");
    let output = found.output.unwrap();
    let text = std::str::from_utf8(output.bytes()).unwrap();
    assert_eq!((text.matches("<mb:BindingInformation").count(), output.detached()), (1, None), "{text}");
    assert_eq!(super::taken_with(text, Some(&AUTHORITY.trust())).map_err(|refusal| refusal.detail), Ok("SECRET".into()));
}

#[test]
fn a_binding_around_a_message_that_says_less_than_it_seems_to_is_refused_with_its_own_code() {
    let content = bare();
    let signed = inner().sign(&around(&content), &SIGNER);
    let other = inner().sign(&around(&content.replace("MV EXAMPLE", "MV EXAMPLF")), &SIGNER);
    let part = |text: &str, from: &str, to: &str| text[text.find(from).unwrap()..text.find(to).unwrap() + to.len()].to_owned();
    let data = part(&signed, "<mb:Data ", "</mb:Data>");
    let whole_label = part(&signed, "<mb:Metadata>", "</mb:Metadata>");
    let end = "</mb:BindingInformation>";
    let sign = |content: &str| inner().sign(&around(content), &SIGNER);
    let planned = |change: fn(&mut Plan)| inner().with(change).sign(&around(&content), &SIGNER);
    let labels = |text: &str| inner().sign(&around(&content).replace(&whole_label, text), &SIGNER);
    let with = |other: &str| labels(&format!("{whole_label}<mb:Metadata>{other}</mb:Metadata>"));
    for (name, body, expected) in [
        ("content changed", signed.replace("lat=\"1.50\"", "lat=\"1.51\""), "label.binding_digest"),
        ("label lowered", signed.replace(">SECRET<", ">RESTRICTED<"), "label.binding_digest"),
        ("label of other content", signed.replace(&data, &part(&other, "<mb:Data ", "</mb:Data>")), "label.binding_digest"),
        ("two contents in one data", sign(&content.repeat(2)), "label.binding_form"),
        ("two data", signed.replace(&data, &data.repeat(2)), "label.binding_form"),
        ("content beside the container", signed.replace(end, &format!("{content}{end}")), "label.binding_form"),
        ("content around the binding", content.replace("<detail>", &format!("<detail>{signed}")), "format.media_type"),
        ("no content", sign(""), "label.binding_form"),
        ("words as content", sign("words"), "label.binding_form"),
        ("words beside the content", sign(&format!("words{content}")), "label.binding_form"),
        (
            "content named and not held",
            inner().sign(&binding(&label("SECRET"), "<mb:DataReference URI=\"urn:track\"/>"), &SIGNER),
            "label.binding_coverage",
        ),
        ("content of the whole document", inner().sign(&binding(&label("SECRET"), WHOLE), &SIGNER), "label.binding_coverage"),
        ("reference to nothing", planned(|plan| plan.references = vec![Reference::new("#b2", &[EXCLUSIVE])]), "label.binding_reference"),
        ("reference to the content alone", planned(|plan| plan.references = vec![Reference::new("#d1", &[EXCLUSIVE])]), "label.binding_reference"),
        (
            "reference to all but the binding, which is nothing",
            planned(|plan| plan.references = vec![Reference::new("", &[FILTER, EXCLUSIVE])]),
            "label.binding_coverage",
        ),
        (
            "reference to all but the binding, beside that to the label",
            planned(|plan| plan.references.push(Reference::new("", &[FILTER, EXCLUSIVE]))),
            "label.binding_coverage",
        ),
        ("identifier of the label in the content, too", sign(&content.replace("<detail>", "<detail><x Id=\"b1\"/>")), "label.binding_id"),
        ("binding within the binding", sign(&around(&content).replace(HERE, "")), "label.binding_wrapped"),
        ("message with a binding of its own", sign(track().split_once("?>\n").unwrap().1.replace(HERE, "").trim_end()), "label.binding_wrapped"),
        ("two labels", labels(&whole_label.repeat(2)), "label.disagree"),
        ("a translation that is not ours", with(&british("TOP SECRET")), "label.disagree"),
        ("metadata above the content", with(&of_metadata("TOP SECRET")), "label.metadata_above"),
        ("metadata alone", labels(&whole_label.replace("originatorC", "metadataC")), "label.malformed"),
        ("no label", labels(""), "label.binding_form"),
        ("a label that is nobody's own", labels(&whole_label.replace("originatorC", "alternativeC")), "label.malformed"),
        (
            "a label with words",
            labels(&whole_label.replace("</slab:Classification>", "</slab:Classification><slab:PrivacyMark>words</slab:PrivacyMark>")),
            "label.malformed",
        ),
        ("no signature", around(&content).replace(HERE, ""), "label.binding"),
        (
            "two signatures",
            signed.replace(&part(&signed, "<ds:Signature ", "</ds:Signature>"), &part(&signed, "<ds:Signature ", "</ds:Signature>").repeat(2)),
            "label.binding_signature",
        ),
        ("content in the namespace of its binding", sign(&content).replace("<mb:Data ", "<mb:Data xmlns=\"urn:x\" "), "label.binding_digest"),
        (
            "content in the namespace of its binding, signed so",
            inner().sign(&around(&content).replace("<mb:Data ", "<mb:Data xmlns=\"urn:x\" "), &SIGNER),
            "label.binding_form",
        ),
        ("content with a prefix of its binding", sign(&content.replace("<detail>", "<detail><xmime:x/>")), "malformed.xml.namespace"),
        ("content of no format", sign("<report xmlns=\"urn:r\">words</report>"), "format.unrecognised"),
        ("content that says another marking", sign(&content.replace("type=\"a-n", "access=\"NATO RESTRICTED\" type=\"a-n")), "label.disagree"),
        ("binding in an element", format!("<a>{signed}</a>"), "format.encapsulated"),
    ] {
        assert_eq!(code(&body), expected, "{name}");
    }
}

#[test]
fn a_binding_around_a_message_is_taken_from_those_alone_who_must_bind_and_claim_it() {
    let signed = inner().sign(&around(&bare()), &SIGNER);
    let with = |guard: &Guard, change: &dyn Fn(&mut Header)| passed(guard, &signed, change, None).code.map_or("none", Reason::code);
    let required = guard(REQUIRED);
    assert_eq!(with(&guard(&[]), &|_| {}), "format.encapsulated");
    assert_eq!(with(&required, &|header| header.media_type = "application/cot+xml".into()), "format.media_type");
    assert_eq!(with(&required, &|header| header.label = Some(label("SECRET"))), "label.binding_wrapped");
    required.trust_in_labels(std::collections::BTreeMap::new());
    assert_eq!(with(&required, &|_| {}), "label.binding");
    let found = passed(&guard(REQUIRED), &bare(), |_| {}, None);
    assert_eq!(found.code, Some(Reason::FormatMediaType), "a message alone is no binding");
}
