//! Display labels of XEP-0258 in the header, through both halves: taken and written afresh, or refused with their code.

use std::path::Path;
use std::sync::LazyLock;

use aws_lc_rs::hmac;
use vestibule::base::{Header, MessageId, Name, Outcome, Precedence, Reason, Time, Traffic};
use vestibule::filter::Waivers;
use vestibule::pipeline::{Guard, Inspector, Ruling, World};
use vestibule::policy;
use vestibule::sanitise::Keys;

static GUARD: LazyLock<Guard> = LazyLock::new(|| {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    Guard::load(&files).unwrap_or_else(|complaints| panic!("{complaints:?}"))
});

/// NATO SECRET with its context, in DER, and with its members in the order of the definition.
const SECRET: &str = "MSsCAQQGBSsaAQMBMR8wHYAKYIZIAWUCAQgDAaEPMA0GBSsaAQQEMQQCAgPp";
const SECRET_BER: &str = "MSsGBSsaAQMBAgEEMR8wHYAKYIZIAWUCAQgDAaEPMA0GBSsaAQQEMQQCAgPp";

fn binary(coded: &str) -> String {
    format!("<esssecuritylabel xmlns='urn:xmpp:sec-label:ess:0'>{coded}</esssecuritylabel>")
}

fn stanag(role: &str, policy: &str, level: &str, set: &str, values: &[&str]) -> String {
    let values: String = values.iter().map(|value| format!("<s:GenericValue>{value}</s:GenericValue>")).collect();
    format!(
        "<s:{role}ConfidentialityLabel xmlns:s='urn:nato:stanag:4774:confidentialitymetadatalabel:1:0' ReviewDateTime='2031-01-01T00:00:00Z'><s:ConfidentialityInformation><s:PolicyIdentifier>{policy}</s:PolicyIdentifier><s:Classification>{level}</s:Classification><s:Category TagName='{set}' Type='PERMISSIVE'>{values}</s:Category></s:ConfidentialityInformation><s:CreationDateTime>2026-01-01T00:00:00Z</s:CreationDateTime></s:{role}ConfidentialityLabel>"
    )
}

fn display(marking: &str, label: &str, more: &str) -> String {
    let marking = if marking.is_empty() { String::new() } else { format!("<displaymarking bgcolor='red'>{marking}</displaymarking>") };
    format!("<securitylabel xmlns='urn:xmpp:sec-label:0'>{marking}<label>{label}</label>{more}</securitylabel>")
}

fn passed(from: &str, to: &str, attributes: &str, label: &str) -> Ruling {
    let now = Time::parse("2026-06-01T12:00:00Z").unwrap();
    let body = format!(
        "<event version=\"2.0\" uid=\"GBR-1\" type=\"a-n-S-X-M\" how=\"m-g\" time=\"2026-06-01T12:00:00Z\" start=\"2026-06-01T12:00:00Z\" stale=\"2026-06-01T12:05:00Z\"{attributes}><point lat=\"1.5\" lon=\"2\" hae=\"3\" ce=\"4\" le=\"5\"/><detail><contact callsign=\"MV EXAMPLE\"/></detail></event>"
    );
    let header = Header {
        id: MessageId::from_parts(1, [0; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new(to).unwrap()],
        media_type: "application/cot+xml".into(),
        traffic: Traffic::Operation,
        sent: now,
        label: Some(label.to_owned()),
    };
    let pseudonym = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now, keys: &Keys { pseudonym: &pseudonym }, waivers: &Waivers::default(), signer: None };
    Inspector::new(&GUARD).pass(&Name::new(from).unwrap(), &header, body.as_bytes(), &world).rulings.pop().unwrap()
}

/// The label that leaves in the header.
fn left(ruling: &Ruling) -> String {
    assert_eq!((ruling.outcome, ruling.code), (Outcome::Forward, None), "{ruling:?}");
    ruling.output.as_ref().unwrap().detached().unwrap().to_owned()
}

#[test]
fn a_display_label_decides_and_leaves_in_its_one_spelling() {
    let expected = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sl:securitylabel xmlns:sl=\"urn:xmpp:sec-label:0\"><sl:displaymarking bgcolor=\"red\">NATO SECRET</sl:displaymarking><sl:label><sle:esssecuritylabel xmlns:sle=\"urn:xmpp:sec-label:ess:0\">{SECRET}</sle:esssecuritylabel></sl:label></sl:securitylabel>"
    );
    for coded in [SECRET, SECRET_BER] {
        let ruling = passed("nato-hq", "gbr-ops", "", &display("NATO SECRET", &binary(coded), ""));
        assert!(
            ruling.chain.iter().any(|step| step == "marked `NATO SECRET` by XEP-0258 display label and classification line"),
            "{:?}",
            ruling.chain
        );
        assert_eq!(left(&ruling), expected);
        // What leaves is read again, says the same, and is written the same.
        assert_eq!(left(&passed("nato-hq", "gbr-ops", "", &expected)), expected);
    }
    let stanag = stanag("originator", "NATO", "SECRET", "Context", &["NATO"]);
    let label = left(&passed("nato-hq", "gbr-ops", " access=\"SECRET\"", &display("", &stanag, "")));
    assert!(label.contains("<sl:label><slab:originatorConfidentialityLabel"), "{label}");
}

#[test]
fn an_equivalent_must_be_our_own_translation_and_stays_behind() {
    let own = stanag("originator", "GBR", "SECRET", "Releasable To", &["GBR", "USA"]);
    let other = |level: &str, to: &[&str]| format!("<equivalentlabel>{}</equivalentlabel>", stanag("alternative", "USA", level, "Releasable To", to));
    let pass = |more: &str| passed("gbr-ops", "usa-ops", "", &display("SECRET - UK/US EYES ONLY", &own, more));
    let label = left(&pass(&other("SECRET", &["USA", "GBR"])));
    assert!(label.contains("UK/US EYES ONLY") && !label.contains("equivalentlabel"), "{label}");
    for wrong in [other("CONFIDENTIAL", &["USA", "GBR"]), other("SECRET", &["USA", "GBR", "AUS"])] {
        assert_eq!(pass(&wrong).code, Some(Reason::LabelDisagree), "{wrong}");
    }
}

#[test]
fn a_marking_has_the_colour_that_the_spif_names_or_none_through_both_halves() {
    let label = |attributes: &str| display("NATO SECRET", &binary(SECRET), "").replace(" bgcolor='red'", attributes);
    for (attributes, written) in [
        ("", "<sl:displaymarking>NATO"),
        (" bgcolor='red'", "<sl:displaymarking bgcolor=\"red\">NATO"),
        (" fgcolor='white' bgcolor='red'", "<sl:displaymarking bgcolor=\"red\" fgcolor=\"white\">NATO"),
    ] {
        let left = left(&passed("nato-hq", "gbr-ops", "", &label(attributes)));
        assert!(left.contains(written), "{left}");
    }
    for (attributes, reason) in [
        (" bgcolor='green'", Reason::LabelDisagree),
        (" bgcolor='blue'", Reason::LabelDisagree),
        (" bgcolor='#ff0000'", Reason::LabelDisagree),
        (" fgcolor='red'", Reason::LabelMalformed),
    ] {
        assert_eq!(passed("nato-hq", "gbr-ops", "", &label(attributes)).code, Some(reason), "{attributes}");
    }
}

#[test]
fn a_display_label_that_contradicts_itself_or_the_message_is_refused_with_its_code() {
    let nato = |marking: &str, attributes: &str| passed("nato-hq", "gbr-ops", attributes, &display(marking, &binary(SECRET), "")).code;
    for (marking, attributes, reason) in [
        ("NATO RESTRICTED", "", Reason::LabelDisagree),
        ("COSMIC TOP SECRET", "", Reason::LabelDisagree),
        ("SECRT", "", Reason::LabelMalformed),
        ("N\u{410}TO SECRET", "", Reason::LabelCharacter),
        ("NATO SECRET", " access=\"RESTRICTED\"", Reason::LabelDisagree),
    ] {
        assert_eq!(nato(marking, attributes), Some(reason), "{marking} {attributes}");
    }
    let empty = passed("nato-hq", "gbr-ops", "", &display("NATO SECRET", "", ""));
    assert_eq!(empty.code, Some(Reason::LabelMissing), "a server's default is nobody's here");
    let wrapped = format!("<x>{}</x>", display("", &binary(SECRET), ""));
    assert_eq!(passed("nato-hq", "gbr-ops", "", &wrapped).code, Some(Reason::LabelMalformed));
}
