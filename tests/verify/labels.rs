//! Labels lied about, and recipients who may not have what they are given.

use proptest::prelude::*;
use vestibule::label::Label;

use super::document::{edits, event};
use super::{Case, gbr, keep, label, peer, usa};

/// A 4774 label element with the given inner parts.
fn stanag(policy: &str, level: &str, categories: &[(&str, &str, &[&str])]) -> String {
    let categories: String = categories
        .iter()
        .map(|(set, kind, values)| {
            let values: String = values.iter().map(|value| format!("<slab:GenericValue>{value}</slab:GenericValue>")).collect();
            format!("<slab:Category TagName=\"{set}\" Type=\"{kind}\">{values}</slab:Category>")
        })
        .collect();
    format!(
        "<slab:originatorConfidentialityLabel xmlns:slab=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2031-01-01T00:00:00Z\">\
         <slab:ConfidentialityInformation><slab:PolicyIdentifier>{policy}</slab:PolicyIdentifier><slab:Classification>{level}</slab:Classification>{categories}\
         </slab:ConfidentialityInformation><slab:CreationDateTime>2026-01-01T00:00:00Z</slab:CreationDateTime></slab:originatorConfidentialityLabel>"
    )
}

pub(crate) fn to_usa() -> String {
    stanag("GBR", "SECRET", &[(super::RELEASE, "PERMISSIVE", &["GBR", "USA"])])
}

/// An unedited message with a marking in the attributes and, where given, labels in `detail` and in the header.
pub(crate) fn case(marking: &[(&str, &str)], detail: &str, header: Option<String>, claimed: Label) -> Case {
    let event = event(marking, Vec::new());
    let canonical = String::from_utf8(event.canonical(&keep(&event))).unwrap();
    let text = if detail.is_empty() { canonical } else { canonical.replace("<detail/>", &format!("<detail>{detail}</detail>")) };
    let mut case = Case::new(text.clone(), text, edits(&[], &[]));
    case.header.label = header;
    case.label = claimed;
    case
}

pub(crate) fn secret(release: &[&str]) -> Label {
    label("GBR", "SECRET", release, &[])
}

const MARKED: [(&str, &str); 2] = super::MARKING;

#[test]
fn a_label_is_found_in_each_of_its_places() {
    let claimed = || secret(&["GBR", "USA"]);
    assert_eq!(case(&MARKED, "", None, claimed()).code(), "verified");
    assert_eq!(case(&[], &to_usa(), None, claimed()).code(), "verified");
    assert_eq!(case(&[], "", Some(to_usa()), claimed()).code(), "verified");
    assert_eq!(case(&MARKED, &to_usa(), Some(to_usa()), claimed()).code(), "verified");
    assert_eq!(case(&[("access", "Undefined")], &to_usa(), None, claimed()).code(), "verified");
    assert_eq!(case(&[("access", "UK SECRET"), MARKED[1]], "", None, claimed()).code(), "verified");
}

#[test]
fn a_message_without_a_label_is_refused_whatever_is_claimed() {
    assert_eq!(case(&[], "", None, secret(&["GBR", "USA"])).code(), "verify.disagreement");
    assert_eq!(case(&[("access", "Undefined")], "", None, secret(&["GBR", "USA"])).code(), "verify.disagreement");
}

#[test]
fn a_label_lied_about_is_refused() {
    for claimed in [
        label("GBR", "OFFICIAL", &["GBR", "USA"], &[]),
        label("GBR", "TOP SECRET", &["GBR", "USA"], &[]),
        secret(&["GBR", "USA", "CAN"]),
        secret(&["USA"]),
        secret(&[]),
        label("USA", "SECRET", &["GBR", "USA"], &[]),
    ] {
        let mut lied = case(&MARKED, "", None, claimed.clone());
        assert_eq!(lied.code(), "verify.disagreement", "{claimed:?}");
        lied = case(&[], &to_usa(), None, claimed.clone());
        assert_eq!(lied.code(), "verify.disagreement", "{claimed:?}");
        lied = case(&[], "", Some(to_usa()), claimed.clone());
        assert_eq!(lied.code(), "verify.disagreement", "{claimed:?}");
    }
}

#[test]
fn two_markings_that_differ_are_refused_whichever_is_claimed() {
    let other = || stanag("GBR", "TOP SECRET", &[(super::RELEASE, "PERMISSIVE", &["GBR", "USA"])]);
    for claimed in [secret(&["GBR", "USA"]), label("GBR", "TOP SECRET", &["GBR", "USA"], &[])] {
        assert_eq!(case(&MARKED, &other(), None, claimed.clone()).code(), "verify.disagreement");
        assert_eq!(case(&MARKED, "", Some(other()), claimed.clone()).code(), "verify.disagreement");
        assert_eq!(case(&[], &(to_usa() + &other()), None, claimed).code(), "verify.disagreement");
    }
}

#[test]
fn a_label_of_metadata_above_the_message_is_refused_and_one_below_is_not() {
    let own = secret(&["GBR", "USA"]);
    let of_metadata = |policy: &str, class: &str, to: &[&str]| {
        stanag(policy, class, &[(super::RELEASE, "PERMISSIVE", to)]).replace("originatorConfidentialityLabel", "metadataConfidentialityLabel")
    };
    for (metadata, code) in [
        (of_metadata("GBR", "SECRET", &["GBR", "USA"]), "verified"),
        (of_metadata("GBR", "OFFICIAL", &["GBR", "USA", "CAN"]), "verified"),
        (of_metadata("USA", "SECRET", &["USA", "GBR"]), "verified"),
        (of_metadata("GBR", "TOP SECRET", &["GBR", "USA"]), "verify.disagreement"),
        (of_metadata("GBR", "SECRET", &["GBR"]), "verify.disagreement"),
        (of_metadata("USA", "TOP SECRET", &["USA", "GBR"]), "verify.disagreement"),
        (of_metadata("MARS", "SECRET", &["GBR", "USA"]), "verify.disagreement"),
        (of_metadata("GBR", "SECRET", &[]), "verify.disagreement"),
    ] {
        assert_eq!(case(&MARKED, &metadata, None, own.clone()).code(), code, "{metadata}");
    }
    assert_ne!(case(&[], &of_metadata("GBR", "SECRET", &["GBR", "USA"]), None, own).code(), "verified", "no label of the message");
}

#[test]
fn labels_that_are_not_read_whole_are_refused() {
    let good = to_usa();
    for (from, to) in [
        (">SECRET<", ">SEC<!-- -->RET<"),
        (">SECRET<", "><"),
        (">SECRET<", ">Secret<"),
        (">SECRET<", "><slab:x/>SECRET<"),
        (">GBR</slab:Policy", ">FRA</slab:Policy"),
        ("<slab:PolicyIdentifier>", "<slab:PolicyIdentifier URI=\"urn:oid:1.3.26.1.3.1\">"),
        ("<slab:PolicyIdentifier>", "<slab:PolicyIdentifier URI=\"nonsense\">"),
        ("<slab:Classification>", "<slab:Classification>OFFICIAL</slab:Classification><slab:Classification>"),
        ("PERMISSIVE", "RESTRICTIVE"),
        ("PERMISSIVE", "permissive"),
        ("Type=\"PERMISSIVE\"", ""),
        ("TagName=\"", "TagName=\"x"),
        (">USA<", ">usa<"),
        (">USA<", ">XXX<"),
        (">USA<", "> USA<"),
        ("<slab:GenericValue>USA</slab:GenericValue>", ""),
        ("confidentialitymetadatalabel:1:0", "confidentialitymetadatalabel:1:1"),
        ("slab:originatorConfidentialityLabel", "slab:alternativeConfidentialityLabel"),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = good.replace(from, to);
        assert_eq!(case(&[], "", Some(bad.clone()), secret(&["GBR", "USA"])).code(), "verify.disagreement", "{to}");
        assert_ne!(case(&[], &bad, None, secret(&["GBR", "USA"])).code(), "verified", "{to}");
    }
    for header in ["", "SECRET", "<a/>", "<!DOCTYPE a><a/>"] {
        assert_eq!(case(&MARKED, "", Some(header.into()), secret(&["GBR", "USA"])).code(), "verify.disagreement", "{header}");
    }
}

#[test]
fn markings_that_are_not_read_whole_are_refused() {
    for marking in [
        [("access", "SECRET"), ("releasableTo", "GBR,USA,XXX")],
        [("access", "SECRET"), ("releasableTo", "GBR;USA")],
        [("access", "SECRET"), ("releasableTo", "gbr,usa")],
        [("access", "secret"), ("releasableTo", "GBR,USA")],
        [("access", " SECRET"), ("releasableTo", "GBR,USA")],
        [("access", "UK  SECRET"), ("releasableTo", "GBR,USA")],
        [("access", "SECRET//NONSENSE"), ("releasableTo", "GBR,USA")],
        [("access", "\u{FF33}ECRET"), ("releasableTo", "GBR,USA")],
        [("access", ""), ("releasableTo", "GBR,USA")],
        [("caveat", "NONSENSE"), ("releasableTo", "GBR,USA")],
        [("access", "SECRET"), ("caveat", "NONSENSE")],
    ] {
        assert_eq!(case(&marking, "", None, secret(&["GBR", "USA"])).code(), "verify.disagreement", "{marking:?}");
    }
}

#[test]
fn an_edited_marking_is_refused() {
    let event = event(&MARKED, Vec::new());
    for (path, value) in [("/event/@access", "OFFICIAL"), ("/event/@releasableTo", "GBR,USA,CAN")] {
        let fates = super::with(&event, &[(path, super::Fate::Replace(value.into()))]);
        assert_eq!(super::honest(&event, &fates).code(), "verify.disagreement", "{path}");
    }
    for path in ["/event/@access", "/event/@releasableTo"] {
        let fates = super::with(&event, &[(path, super::Fate::Remove)]);
        assert_eq!(super::honest(&event, &fates).code(), "verify.disagreement", "{path}");
    }
}

#[test]
fn only_recipients_of_the_label_get_it() {
    let fvey = |name: &str, nation: &str| peer(name, nation, &["FVEY"], "GBR", &[("GBR", "SECRET")]);
    let table = [
        (secret(&["GBR", "USA"]), "GBR,USA", usa(), "verified"),
        (secret(&["GBR", "USA"]), "GBR,USA", fvey("can-ops", "CAN"), "verify.release"),
        (secret(&["GBR", "CAN"]), "GBR,CAN", fvey("can-ops", "CAN"), "verified"),
        (secret(&["FVEY"]), "FVEY", fvey("can-ops", "CAN"), "verified"),
        (secret(&["FVEY"]), "FVEY", peer("can-ops", "CAN", &[], "GBR", &[("GBR", "SECRET")]), "verify.release"),
        (secret(&["FVEY"]), "FVEY", peer("deu-ops", "DEU", &["NATO"], "NATO", &[("NATO", "SECRET")]), "verify.release"),
        (secret(&["GBR", "USA"]), "GBR,USA", peer("usa-ops", "USA", &["FVEY"], "USA", &[]), "verify.release"),
        (secret(&["GBR", "USA"]), "GBR,USA", peer("usa-ops", "USA", &["FVEY"], "USA", &[("USA", "UNCLASSIFIED")]), "verify.release"),
        (secret(&["GBR", "USA"]), "GBR,USA", gbr(), "verified"),
    ];
    for (claimed, releasable_to, recipient, code) in table {
        let mut case = case(&[("access", "SECRET"), ("releasableTo", releasable_to)], "", None, claimed);
        let told = format!("{releasable_to} to {}", recipient.name);
        case.header.destinations = vec![recipient.name.clone()];
        case.recipient = recipient;
        assert_eq!(case.code(), code, "{told}");
    }
}

#[test]
fn no_recipient_named_means_the_nation_only() {
    let mut case = case(&[("access", "SECRET")], "", None, secret(&[]));
    assert_eq!(case.code(), "verify.release");
    case.recipient = gbr();
    case.header.destinations = vec![case.recipient.name.clone()];
    assert_eq!(case.code(), "verified");
}

#[test]
fn a_recipient_who_is_not_addressed_gets_nothing() {
    let mut case = case(&MARKED, "", None, secret(&["GBR", "USA"]));
    let name = |text: &str| vestibule::base::Name::new(text).unwrap();
    case.header.destinations = vec![name("can-ops")];
    assert_eq!(case.code(), "verify.release");
    case.header.destinations = vec![name("can-ops"), name("FVEY")];
    assert_eq!(case.code(), "verified");
    case.header.traffic = vestibule::base::Traffic::Exercise;
    assert_eq!(case.code(), "verify.release");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_wider_claim_is_never_verified(named in prop::sample::subsequence(vec!["GBR", "USA", "CAN", "FVEY"], 1..4), claimed in prop::sample::subsequence(vec!["GBR", "USA", "CAN", "FVEY"], 0..4)) {
        let case = case(&[("access", "SECRET"), ("releasableTo", &named.join(" "))], "", None, secret(&claimed));
        let may = named.contains(&"USA") || named.contains(&"FVEY");
        prop_assert_eq!(case.code() == "verified", named == claimed && may);
    }
}

/// An American label written as CoT attributes, decided for a recipient.
fn american(marking: &[(&str, &str)], claimed: Label, recipient: &vestibule::policy::PeerEntry) -> &'static str {
    let mut case = case(marking, "", None, claimed);
    case.sender = usa();
    case.header.destinations = vec![recipient.name.clone()];
    case.recipient = recipient.clone();
    case.code()
}

/// A marking, the label that is claimed for it, the recipient, and the code.
type Row<'r> = (&'r [(&'r str, &'r str)], Label, vestibule::policy::PeerEntry, &'static str);

#[test]
fn american_markings_are_read_word_by_word_and_decided() {
    let secret = |release: &[&str], others: &[&str]| label("USA", "SECRET", release, others);
    let gbr_in_usa = peer("gbr-ops", "GBR", &["FVEY"], "GBR", &[("USA", "SECRET")]);
    let table: [Row<'_>; 12] = [
        (&[("access", "SECRET"), ("releasableTo", "USA, GBR")], secret(&["USA", "GBR"], &[]), gbr(), "verified"),
        (&[("access", "SECRET//REL TO USA, GBR")], secret(&["USA", "GBR"], &[]), gbr(), "verified"),
        (&[("access", "SECRET"), ("caveat", "REL TO USA, GBR")], secret(&["USA", "GBR"], &[]), gbr(), "verified"),
        (&[("access", "SECRET"), ("caveat", "FOUO"), ("releasableTo", "USA/GBR")], secret(&["USA", "GBR"], &["FOUO"]), gbr(), "verified"),
        (&[("access", "SECRET//NOFORN")], secret(&[], &["NOFORN"]), gbr(), "verify.release"),
        (&[("access", "SECRET//NOFORN")], secret(&[], &["NOFORN"]), gbr_in_usa.clone(), "verify.release"),
        (&[("access", "SECRET//NOFORN/FOUO")], secret(&[], &["NOFORN", "FOUO"]), gbr(), "verify.release"),
        (
            &[("access", "SECRET"), ("caveat", "ORCON"), ("releasableTo", "USA GBR")],
            secret(&["USA", "GBR"], &["ORCON"]),
            gbr_in_usa.clone(),
            "verify.release",
        ),
        (
            &[("access", "SECRET"), ("caveat", "TAMARIND"), ("releasableTo", "USA GBR")],
            secret(&["USA", "GBR"], &["TAMARIND"]),
            gbr_in_usa,
            "verify.release",
        ),
        (
            &[("access", "SECRET"), ("caveat", "TAMARIND"), ("releasableTo", "USA GBR")],
            secret(&["USA", "GBR"], &["TAMARIND"]),
            gbr(),
            "verify.release",
        ),
        (&[("access", "CONFIDENTIAL"), ("releasableTo", "USA GBR")], label("USA", "CONFIDENTIAL", &["USA", "GBR"], &[]), gbr(), "verify.release"),
        (&[("access", "TOP SECRET"), ("releasableTo", "USA GBR")], label("USA", "TOP SECRET", &["USA", "GBR"], &[]), gbr(), "verify.release"),
    ];
    for (marking, claimed, recipient, code) in table {
        assert_eq!(american(marking, claimed, &recipient), code, "{marking:?} to {}", recipient.name);
    }
}

#[test]
fn alliance_markings_carry_what_they_imply() {
    let member = peer("deu-ops", "DEU", &["NATO"], "NATO", &[("NATO", "SECRET")]);
    let partner = peer("nzl-ops", "NZL", &["FVEY"], "NATO", &[("NATO", "SECRET")]);
    let plain = || label("NATO", "SECRET", &[], &["NATO"]);
    let released = || label("NATO", "SECRET", &["NATO", "NZL"], &["NATO", "Releasable"]);
    assert_eq!(american(&[("access", "NATO SECRET")], plain(), &member), "verified");
    assert_eq!(american(&[("access", "NATO SECRET")], plain(), &partner), "verify.release");
    assert_eq!(american(&[("access", "NATO SECRET"), ("releasableTo", "NATO NZL")], released(), &partner), "verified");
    assert_eq!(american(&[("access", "NATO SECRET"), ("releasableTo", "NATO NZL")], plain(), &member), "verify.disagreement");
    assert_eq!(american(&[("access", "NATO SECRET//ATOMAL")], label("NATO", "SECRET", &[], &["NATO", "ATOMAL"]), &member), "verify.release");
    assert_eq!(american(&[("access", "COSMIC TOP SECRET")], label("NATO", "TOP SECRET", &[], &["NATO"]), &member), "verify.release");
    assert_eq!(american(&[("access", "NATO TOP SECRET")], label("NATO", "TOP SECRET", &[], &["NATO"]), &member), "verify.disagreement");
}

#[test]
fn a_label_is_taken_one_step_and_never_two() {
    // USA CONFIDENTIAL goes to NATO only; NATO goes nowhere: a recipient cleared in GBR alone gets nothing by way of NATO.
    let confidential = || label("USA", "CONFIDENTIAL", &["USA", "NATO"], &[]);
    let marking: [(&str, &str); 2] = [("access", "CONFIDENTIAL"), ("releasableTo", "USA NATO")];
    let in_nato = peer("deu-ops", "DEU", &["NATO"], "NATO", &[("NATO", "SECRET")]);
    let in_gbr = peer("deu-ops", "DEU", &["NATO"], "GBR", &[("GBR", "TOP SECRET")]);
    let outside = peer("xxx-ops", "XXX", &[], "NATO", &[("NATO", "SECRET")]);
    assert_eq!(american(&marking, confidential(), &in_nato), "verified");
    assert_eq!(american(&marking, confidential(), &in_gbr), "verify.release");
    assert_eq!(american(&marking, confidential(), &outside), "verify.release");
}

#[test]
fn a_category_without_values_names_nobody() {
    let category = stanag("GBR", "SECRET", &[(super::RELEASE, "PERMISSIVE", &[])]);
    let mut claimed = secret(&["GBR"]);
    claimed.categories[0].values.clear();
    let mut case = case(&[], "", Some(category), claimed);
    assert_eq!(case.code(), "verify.release");
    case.recipient = gbr();
    case.header.destinations = vec![case.recipient.name.clone()];
    assert_eq!(case.code(), "verify.release");
}
