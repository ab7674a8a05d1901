//! OTH-Gold: samples of ours, samples of others, laws, values, coarsening.

#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a failed test says where")]

mod halves;

use proptest::prelude::*;
use vestibule::base::{Decimal, Reason, Refusal};
use vestibule::format::{Syntax, laws};
use vestibule::normal::{Change, Edit, Edits, Marking, NodeId, Unit, Value};

use crate::samples::{Placed, Samples, read, write};

pub(crate) const OTH: Samples = Samples::of("oth");

#[test]
fn accepted_samples_are_read_and_keep_every_law() {
    OTH.accepted_keep_every_law(10);
}

#[test]
fn every_byte_of_an_accepted_sample_counts() {
    OTH.every_byte_counts(|_, _| true);
}

#[test]
fn rejected_samples_are_refused_with_the_code_of_their_folder_and_a_place() {
    OTH.rejected_are_refused(Placed::Always);
}

#[test]
fn every_code_of_the_reader_has_a_sample() {
    OTH.every_code_has_a_sample(&["malformed.oth.", "invalid.oth."]);
}

#[test]
fn a_contact_has_its_position_course_and_speed_below_it_with_types_and_units() {
    let body = OTH.named("contact-of-every-set");
    let tree = read(&body).unwrap();
    let (contact, _) = tree.element(NodeId::ROOT, "CTC").unwrap();
    let (position, _) = tree.element(contact, "POS").unwrap();
    let said = |id: NodeId, name: &str| tree.attribute(id, name).unwrap().1.value.clone();
    let number = |text: &str, unit: Unit| Value::Number(Decimal::parse(text).unwrap(), unit);
    assert_eq!(said(contact, "track").text(), "T4102");
    assert_eq!(said(contact, "averageSpeed"), number("12", Unit::Knots));
    assert_eq!(said(position, "dtg").text(), "141205Z");
    assert_eq!(said(position, "lat"), number("49.35", Unit::LatitudeMinutes));
    assert_eq!(said(position, "lon"), number("-4.1333", Unit::LongitudeMinutes));
    assert_eq!(said(position, "course"), number("231.5", Unit::Degrees));
    assert_eq!(said(position, "speed"), number("17.5", Unit::Knots));
    let paths: Vec<String> = tree.all().map(|(id, _)| tree.path(id)).collect();
    for path in ["/oth/CTC/POS/SIGNA/SIGAM", "/oth/CTC/POS/RMKS", "/oth/CTC/LOB/RMKS", "/oth/CTC/RMKS", "/oth/CTC/GOB/@target"] {
        assert!(paths.iter().any(|found| found == path), "{path} is not among {paths:#?}");
    }
}

#[test]
fn what_leaves_has_one_spelling() {
    let written = |name: &str| String::from_utf8(write(&read(&OTH.named(name)).unwrap(), Syntax::Oth).unwrap()).unwrap();
    assert_eq!(
        written("blanks-and-line-ends"),
        "MSGID/CTG 402.1/GOLD/0023/MAR\nCTC/T4105/KINGFISHER-UNKNOWN///NAV\nPOS/141205Z3/MAR/4921N6/00408W2/////000T/12K\nRMKS/SHE SIGNALS\nBY LIGHT \
         ONLY\nENDAT\n"
    );
    assert!(written("header-short").ends_with("ENDAT\nBT\nNNNN\n"));
    assert!(written("header-short").contains("\nSEC/SECRET/REL TO USA, GBR\n"));
    let poles = written("poles-and-date-line");
    assert!(poles.contains("/0000N0/00000E0\n") && poles.contains("/9000S9/18000W9\n") && poles.contains("/360T/0K\n"), "{poles}");
    for name in ["header", "extended", "opnote", "units", "corrections", "contact-of-every-set"] {
        let (tree, first) = (OTH.named(name), written(name));
        let normal = String::from_utf8(tree).unwrap().replace("/0012/45", "/12/45").replace("231.0T", "231T");
        let flat = |text: &str| text.replace("\n/", "/");
        assert_eq!(flat(&first), flat(&normal), "{name}");
    }
}

#[test]
fn facts_and_markings_are_found() {
    let look = |name: &str| {
        let body = OTH.named(name);
        let tree = read(&body).unwrap();
        let facts = (OTH.format().facts)(&tree);
        let markings: Vec<String> = (OTH.format().markings)(&tree)
            .iter()
            .map(|marking| match marking {
                Marking::Letter(id) => format!("letter {}", tree.node(*id).value.text()),
                Marking::Line(id) => format!("line {}", tree.node(*id).value.text()),
                Marking::Banner(id) => format!("banner {}", tree.path(*id)),
                other => panic!("{other:?}"),
            })
            .collect();
        (facts.kind.into_owned(), facts.subject.into_owned(), markings)
    };
    let of = |kind: &str, subject: &str, markings: &[&str]| (kind.to_owned(), subject.to_owned(), markings.iter().map(|m| (*m).to_owned()).collect());
    assert_eq!(look("contact-minimal"), of("GOLD-CONTACT", "T4101", &[]));
    assert_eq!(look("header"), of("GOLD-CONTACT", "T4103", &["letter U", "line UNCLASSIFIED"]));
    assert_eq!(
        look("header-short"),
        of("GOLD-OPNOTE", "HQ 402-0020", &["line SECRET//REL TO USA, GBR", "line SECRET//REL TO USA, GBR", "banner /oth/NARR"])
    );
    assert_eq!(look("units"), of("4WHISKY-UNITS", "CTG 402.1-0003", &["line UNCLASSIFIED"]));
    assert_eq!(look("corrections"), of("GOLD-CONTACT", "T4101", &[]));
    assert_eq!(look("extended").0, "XCTC-CONTACT");
}

#[test]
fn nothing_but_oth_gold_is_claimed() {
    for body in [
        "",
        "MSGID/INTREP/HQ/001/JAN//\nENDAT\n",
        "MSGID/GENADMIN/CNO WASHINGTON DC/N1/OCT//\n",
        "MSGID/INTREP/HQ/001/JAN\n//\nREF/A\n",
        "From: a@example.org\n\nMSGID/CTG 402.1/GOLD/0017/MAR\nENDAT\n",
        "RTAUZYUW RUEWMFU3647 2941606-UUUU--RHMFIUU.\nZNR UUUUU\nMSGID/GENADMIN/A//\n",
        "{\"MSGID\":\"GOLD\"}",
        "ENDAT\nMSGID/CTG 402.1/GOLD/0017/MAR\n",
    ] {
        assert!(!(OTH.format().claims)(body.as_bytes()), "{body}");
    }
    for body in ["MSGID/A/GOLD/0001/MAR", "\n MSGID/A/OTHER/0001/MAR\n\nENDAT \n".trim_start_matches("\n "), "ZNR UUUUU\nMSGID/A/GOLD/0001/MAR"] {
        assert!((OTH.format().claims)(body.as_bytes()), "{body}");
    }
}

fn rewritten(body: &[u8], path: &str, change: Change) -> Result<String, Refusal> {
    let tree = read(body).unwrap();
    let node = tree.all().find(|(id, _)| tree.path(*id) == path).unwrap_or_else(|| panic!("{path}")).0;
    let mut edits = Edits::default();
    edits.add(Edit { node, path: path.into(), action: "replace", rule: "test".into(), change });
    vestibule::rebuild::bytes(&tree, &edits, Syntax::Oth).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn edits_leave_messages_that_are_read_again() {
    let number = |text: &str, unit| Change::Replace(Value::Number(Decimal::parse(text).unwrap(), unit));
    let body = OTH.named("contact-of-every-set");
    for (path, change, gone, stands) in [
        ("/oth/CTC/POS/@lat", number("49.4", Unit::LatitudeMinutes), "4921N6", "4924N9"),
        ("/oth/CTC/POS/@lon", number("-4", Unit::LongitudeMinutes), "00408W2", "00400W4"),
        ("/oth/CTC/POS/@speed", Change::Remove, "17.5K", "231.5T//ALT000"),
        ("/oth/CTC/POS", Change::Remove, "SIGAM", "\nLOB/"),
        ("/oth/CTC/RMKS", Change::Remove, "LAST OF", "BEARING ONLY"),
        ("/oth/CTC/@name", Change::Replace(Value::Text("A-B".into())), "MARLIN", "CTC/T4102/A-B/"),
    ] {
        let written = rewritten(&body, path, change).unwrap();
        assert!(!written.contains(gone) && written.contains(stands), "{path}: {written}");
        read(written.as_bytes()).unwrap_or_else(|refusal| panic!("{path}: {refusal}"));
    }
}

#[test]
fn an_edit_that_cannot_be_spelt_is_a_fault() {
    let body = OTH.named("contact-of-every-set");
    let text = |text: &str| Change::Replace(Value::Text(text.to_owned().into()));
    for (path, change) in [
        ("/oth/CTC/POS/@lat", Change::Replace(Value::Number(Decimal::parse("49.37").unwrap(), Unit::LatitudeMinutes))),
        ("/oth/CTC/RMKS", Change::Replace(Value::Empty)),
        ("/oth/CTC/@name", text(&"A".repeat(80))),
        ("/oth/CTC/@name", text("A\u{e4}")),
    ] {
        let faulty = rewritten(&body, path, change);
        assert!(faulty.is_err() || read(faulty.unwrap().as_bytes()).is_ok(), "{path}");
    }
    assert_eq!(rewritten(&body, "/oth/CTC/@name", text("A\u{e4}")).unwrap_err().reason, Reason::FaultInternal);
    assert_eq!(
        rewritten(&body, "/oth/CTC/POS/@lat", Change::Replace(Value::Number(Decimal::parse("49.37").unwrap(), Unit::LatitudeMinutes)))
            .unwrap_err()
            .reason,
        Reason::FaultInternal
    );
}

fn checked(text: &str) -> String {
    let sum: u32 = text.chars().filter_map(|c| c.to_digit(10)).sum();
    format!("{text}{}", sum % 10)
}

proptest! {
    #[test]
    fn every_position_is_read_and_written_to_the_same_letters(
        (lat, lon, lat_minutes, lon_minutes, seconds) in (0_u32..90, 0_u32..180, 0_u32..60, 0_u32..60, 0_u32..60),
        (south, west) in (any::<bool>(), any::<bool>()),
    ) {
        let ns = if south && lat + lat_minutes > 0 { "S" } else { "N" };
        let ew = if west && lon + lon_minutes > 0 { "W" } else { "E" };
        let minutes = format!("{}/{}", checked(&format!("{lat:02}{lat_minutes:02}{ns}")), checked(&format!("{lon:03}{lon_minutes:02}{ew}")));
        let place = format!(
            "LL:{}-{}",
            checked(&format!("{lat:02}{lat_minutes:02}{seconds:02}{ns}")),
            checked(&format!("{lon:03}{lon_minutes:02}{seconds:02}{ew}"))
        );
        let body = format!("MSGID/A/GOLD/0001/MAR\nCTC/T4101/A-B\nPOS/141205Z3/MAR/{minutes}\nXPOS/141205Z3/MAR26/{place}\nENDAT\n");
        let tree = read(body.as_bytes()).unwrap();
        prop_assert_eq!(String::from_utf8(write(&tree, Syntax::Oth).unwrap()).unwrap(), body);
    }

    #[test]
    fn a_message_with_any_one_line_changed_keeps_every_law(at in 0_usize..40, line in "[A-Z0-9 /.\\-]{0,40}") {
        let text = String::from_utf8(OTH.named("contact-of-every-set")).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        let at = at % lines.len();
        if let Some(slot) = lines.get_mut(at) {
            *slot = &line;
        }
        laws::all(OTH.format(), lines.join("\n").as_bytes(), write).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn any_text_keeps_every_law(text in "(MSGID/A/GOLD/0001/MAR\n)([A-Z]{2,5}(/[A-Z0-9 ]{0,6}){0,5}\n){0,6}(ENDAT)?") {
        laws::all(OTH.format(), text.as_bytes(), write).map_err(TestCaseError::fail)?;
    }
}
