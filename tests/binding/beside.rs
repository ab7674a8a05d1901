//! Bindings that stand in the header, beside a message of any format: to every byte of it, or refused.

use vestibule::base::{Outcome, Reason};
use vestibule::label::binding::name_of;
use vestibule::rebuild;

use super::lab::*;
use super::release::{guard, ruling, track};

const REQUIRED: &[(&str, &str)] = &[("nato-hq", "binding = \"required\"")];

/// A binding of a label to a body by its digest.
fn bound(label: &str, body: &[u8], change: impl FnOnce(&mut Plan)) -> String {
    let data = format!("<mb:DataReference URI=\"{}\"/>", name_of(body));
    let plan = Plan::filtered().with(|plan| {
        plan.references =
            vec![Reference { uri: name_of(body), transforms: String::new(), bytes: Some(body.to_vec()) }, Reference::new("#b1", &[EXCLUSIVE])];
    });
    plan.with(change).sign(&binding(label, &data), &SIGNER)
}

/// The same, by the name of a file.
fn sidecar(file: &str, label: &str, body: &[u8]) -> String {
    let plan = Plan::filtered().with(|plan| {
        plan.references =
            vec![Reference { uri: file.into(), transforms: String::new(), bytes: Some(body.to_vec()) }, Reference::new("#b1", &[EXCLUSIVE])];
    });
    plan.sign(&binding(label, &format!("<mb:DataReference URI=\"{file}\"/>")), &SIGNER)
}

/// A track without a label in it.
fn bare() -> String {
    track().replace(&track()[track().find("<mb:BindingInformation").unwrap()..track().find("<contact").unwrap()], "")
}

fn through(header: &str, body: &str) -> (Outcome, Option<&'static str>) {
    let found = ruling(&guard(REQUIRED), ("nato-hq", "gbr-ops"), body, Some(header), None);
    assert_eq!(found.output.is_some(), found.outcome == Outcome::Forward, "{found:?}");
    (found.outcome, found.code.map(Reason::code))
}

#[test]
fn a_binding_beside_the_message_covers_every_byte_of_it() {
    let body = bare();
    assert_eq!(name_of(b""), "ni:///sha-256;47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "SHA-256 of nothing, as everybody knows it");
    let header = bound(&label("SECRET"), body.as_bytes(), |_| {});
    assert_eq!(through(&header, &body), (Outcome::Forward, None));
    // A partner's sidecar, which calls the message by the name of its file.
    for file in ["./track.xml", "track.xml"] {
        let header = sidecar(file, &label("SECRET"), body.as_bytes());
        assert_eq!(through(&header, &body), (Outcome::Forward, None), "{file}");
        assert_eq!(through(&header, &body.replace("MV EXAMPLE", "MV EXAMPLF")).1, Some("label.binding_digest"), "{file}");
    }
    let whole = bound(&label("SECRET"), body.as_bytes(), |plan| plan.references[1] = Reference::new("", &[ENVELOPED, EXCLUSIVE]));
    assert_eq!(through(&whole, &body), (Outcome::Forward, None));
    // What goes on in the header is the label alone: the body that the signature covers does not go on as it came.
    let written = rebuild::detached(&header).unwrap();
    assert!(written.contains(">SECRET<") && !written.contains("BindingInformation") && !written.contains("Signature"), "{written}");
    // With translations that are our own, and with a label of the metadata, which stay behind.
    let with_others = together(&[of_metadata("RESTRICTED"), label("SECRET"), british("SECRET")]);
    let header = bound(&with_others, body.as_bytes(), |_| {});
    assert_eq!(through(&header, &body), (Outcome::Forward, None));
    assert_eq!(rebuild::detached(&header).unwrap(), written);
    // What the message itself says is covered, and must be the same.
    let marked = body.replace("type=\"a-n-S-X-M\"", "type=\"a-n-S-X-M\" access=\"NATO RESTRICTED\"");
    assert_eq!(through(&bound(&label("SECRET"), marked.as_bytes(), |_| {}), &marked).1, Some("label.disagree"));
}

#[test]
fn a_message_of_a_format_that_holds_no_binding_is_bound_beside_it() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes/cases/messages");
    let body = std::fs::read_to_string(folder.join("threats.stix.json")).unwrap();
    // The clauses of the lab take no such message from this peer: what is asked here is the label alone.
    let without = ruling(&guard(REQUIRED), ("nato-hq", "gbr-ops"), &body, None, None);
    assert_eq!(without.code, Some(Reason::LabelBinding), "{without:?}");
    let header = bound(&label("SECRET"), body.as_bytes(), |_| {});
    let found = ruling(&guard(REQUIRED), ("nato-hq", "gbr-ops"), &body, Some(&header), None);
    assert!(found.code.is_none_or(|code| !code.code().starts_with("label.binding")), "{found:?}");
    let changed = body.replacen("\"type\"", " \"type\"", 1);
    let found = ruling(&guard(REQUIRED), ("nato-hq", "gbr-ops"), &changed, Some(&header), None);
    assert_eq!(found.code, Some(Reason::LabelBindingCoverage), "{found:?}");
}

#[test]
fn what_is_not_bound_to_these_very_bytes_is_held() {
    let body = bare();
    let of = |change: &dyn Fn(&mut Plan)| bound(&label("SECRET"), body.as_bytes(), |plan| change(plan));
    let good = of(&|_| {});
    let other = body.replace("MV EXAMPLE", "MV EXAMPLF");
    let with = |other: String| bound(&together(&[label("SECRET"), other]), body.as_bytes(), |_| {});
    let marked = label("SECRET").replace("</slab:Classification>", "</slab:Classification><slab:PrivacyMark>words</slab:PrivacyMark>");
    let plain = label("SECRET");
    let unsigned = binding(&label("SECRET"), &format!("<mb:DataReference URI=\"{}\"/>", name_of(body.as_bytes()))).replace(HERE, "");
    let alternative = label("SECRET").replace("originatorC", "alternativeC");
    for (header, text, code) in [
        (good.clone(), other.clone(), "label.binding_coverage"),
        (good.replace(&name_of(body.as_bytes()), &name_of(other.as_bytes())), other.clone(), "label.binding_value"),
        (good.replace(">SECRET<", ">RESTRICTED<"), body.clone(), "label.binding_digest"),
        (of(&|plan| plan.references[0].bytes = Some(b"other".to_vec())), body.clone(), "label.binding_digest"),
        (of(&|plan| drop(plan.references.remove(0))), body.clone(), "label.binding_coverage"),
        (of(&|plan| drop(plan.references.remove(1))), body.clone(), "label.binding_coverage"),
        (of(&|plan| plan.references[0].transforms = EXCLUSIVE.into()), body.clone(), "label.binding_transform"),
        (of(&|plan| plan.references[0].uri = "https://example.org/track".into()), body.clone(), "label.binding_reference"),
        (of(&|plan| plan.references[1].uri = "#xpointer(/)".into()), body.clone(), "label.binding_reference"),
        (of(&|plan| plan.references.push(Reference::new("#b2", &[EXCLUSIVE]))), body.clone(), "label.binding_reference"),
        (with(label("SECRET")), body.clone(), "label.disagree"),
        (with(label("RESTRICTED").replace("originatorC", "alternativeC")), body.clone(), "label.disagree"),
        (with(british("TOP SECRET")), body.clone(), "label.disagree"),
        (with(of_metadata("TOP SECRET")), body.clone(), "label.metadata_above"),
        (with(together(&[of_metadata("SECRET"), of_metadata("SECRET")])), body.clone(), "label.disagree"),
        (bound(&of_metadata("SECRET"), body.as_bytes(), |_| {}), body.clone(), "label.malformed"),
        (bound(&alternative, body.as_bytes(), |_| {}), body.clone(), "label.malformed"),
        (bound(&marked, body.as_bytes(), |_| {}), body.clone(), "label.malformed"),
        (unsigned, body.clone(), "label.binding"),
        (plain, body.clone(), "label.binding_wrapped"),
        (
            good.replace("<mb:MetadataBindingContainer>", &format!("<mb:MetadataBindingContainer><!--{}-->", "x".repeat(32 * 1024))),
            body.clone(),
            "label.binding_limit",
        ),
        (format!("<a>{good}</a>"), body.clone(), "label.binding_wrapped"),
    ] {
        assert_eq!(through(&header, &text), (Outcome::Quarantine, Some(code)), "{header}");
    }
    let unbound = ruling(&guard(&[]), ("nato-hq", "gbr-ops"), &body, Some(&good), None);
    assert_eq!(unbound.code, Some(Reason::LabelMalformed), "whose labels need no binding sends none in the header");
    let untrusted = guard(REQUIRED);
    untrusted.trust_in_labels(std::collections::BTreeMap::new());
    assert_eq!(ruling(&untrusted, ("nato-hq", "gbr-ops"), &body, Some(&good), None).code, Some(Reason::LabelBinding));
}
