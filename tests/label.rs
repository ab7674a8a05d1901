//! Labels against the rule set that ships, the vectors of the public manuals and the shared samples.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "these functions serve tests only")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use vestibule::base::{Budget, Header, MessageId, Name, Precedence, Reason, Refusal, Time, Traffic};
use vestibule::format;
use vestibule::label::{self, Binding, Clearance, Form, Label, Lattice, PolicyFile, PolicyIx, Reading, banner, cot, stanag4774};

fn now() -> Time {
    Time::parse("2026-06-01T12:00:00Z").unwrap()
}

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes/policies")
}

fn policy_file(xml: &Path) -> PolicyFile {
    let toml = xml.with_extension("toml");
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().into();
    let constraints = std::fs::read_to_string(&toml).ok().map(|text| (name(&toml), text.into()));
    PolicyFile { path: name(xml), xml: std::fs::read_to_string(xml).unwrap().into(), constraints }
}

fn five_eyes_files() -> Vec<PolicyFile> {
    ["gbr", "nato", "usa"].iter().map(|name| policy_file(&policies().join(format!("{name}.xml")))).collect()
}

fn lattice() -> Lattice {
    Lattice::load(&five_eyes_files()).unwrap_or_else(|complaints| panic!("{complaints:#?}"))
}

/// The shared samples: beside the checkout, or where the environment says.
fn shared(below: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("VESTIBULE_SHARED").map_or(beside, PathBuf::from);
    let found = root.join(below);
    if found.exists() {
        return Some(found);
    }
    println!("no shared samples at {}: set VESTIBULE_SHARED to run this test on them", found.display());
    None
}

/// Reads a banner and checks it, as the path does.
fn read(lattice: &Lattice, policy: &str, line: &str) -> Result<Label, Refusal> {
    let label = banner::read(lattice, lattice.policy(policy).unwrap(), line)?;
    lattice.check(&label, now())?;
    Ok(label)
}

fn us(lattice: &Lattice, line: &str) -> Label {
    read(lattice, "USA", line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"))
}

fn gb(lattice: &Lattice, line: &str) -> Label {
    read(lattice, "GBR", line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"))
}

fn triple(lattice: &Lattice, policy: &str, access: &str, caveat: Option<&str>, releasable_to: Option<&str>) -> Result<Option<Label>, Refusal> {
    let label = cot::read(lattice, lattice.policy(policy).unwrap(), cot::Triple { access: Some(access), caveat, releasable_to })?;
    label.iter().try_for_each(|label| lattice.check(label, now()))?;
    Ok(label)
}

fn clearance(lattice: &Lattice, policy: &str, up_to: &str, nation: &str, communities: &[&str]) -> Clearance {
    let communities = communities.iter().map(|name| Name::new(name).unwrap()).collect();
    lattice.clearance(lattice.policy(policy).unwrap(), up_to, &BTreeMap::new(), nation, &communities).unwrap()
}

fn detached(lattice: &Lattice, text: &str) -> Result<Label, Refusal> {
    let (_, label) = stanag4774::read_text(lattice, text, &mut Budget::for_body(text.len()))?;
    lattice.check(&label, now())?;
    Ok(label)
}

#[test]
fn the_policies_that_ship_load_and_agree_with_each_other() {
    let lattice = lattice();
    let names: Vec<_> = lattice.policies().iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["GBR", "NATO", "USA"]);
    assert_eq!(lattice.policy_by_oid("1.3.26.1.3.1"), lattice.policy("NATO"));
}

#[test]
fn a_policy_without_constraints_is_refused() {
    let mut files = five_eyes_files();
    files[0].constraints = None;
    let complaints = Lattice::load(&files).unwrap_err();
    assert!(complaints.len() == 1 && complaints[0].what.contains("no constraints"), "{complaints:#?}");
}

/// SPEC: Register and Manual of 31 December 2016, section J and the rules of ISM: valid banners that this rule set knows.
#[test]
fn valid_us_banners_of_known_categories_are_read() {
    let lattice = lattice();
    for line in [
        "SECRET",
        "SECRET//NOFORN/PROPIN",
        "SECRET//REL TO USA, FVEY/RELIDO",
        "TOP SECRET//SI-G/TK//RSEN/ORCON/NOFORN",
        "UNCLASSIFIED//FOUO/NOFORN",
        "UNCLASSIFIED//SSI",
        "SECRET//DISPLAY ONLY AFG",
        "TOP SECRET//REL TO USA, EGY, ISR",
        "UNCLASSIFIED//REL TO USA, FVEY",
        "SECRET//REL TO USA, DEU/RELIDO",
        "SECRET//ORCON/REL TO USA, GBR",
        "//COSMIC TOP SECRET//BOHEMIA",
        "//NATO SECRET//ATOMAL",
        "SECRET//NOFORN//EXDIS",
    ] {
        us(&lattice, line);
    }
}

/// Valid by the manual, and of categories that the rule set does not have: refused as unknown, never read in part.
#[test]
fn valid_us_banners_of_unknown_categories_are_refused_as_unknown() {
    let lattice = lattice();
    for (line, reason) in [
        ("TOP SECRET//SI-ABC-DEF//ORCON/NOFORN", Reason::LabelCategoryUnknown),
        ("TOP SECRET//SI-G ABCD EFGH-XYZ//ORCON/NOFORN", Reason::LabelCategoryUnknown),
        ("TOP SECRET//123/SI-G ABCD DEFG-MMM AACD//ORCON/NOFORN", Reason::LabelCategoryUnknown),
        ("TOP SECRET//HCS-P JJJ-P DDDD//ORCON/NOFORN", Reason::LabelCategoryUnknown),
        ("TOP SECRET//HCS-P/LMN//SAR-BP//NOFORN", Reason::LabelCategoryUnknown),
        ("TOP SECRET//SAR-BP-123/CA-XYZ YYY//NOFORN", Reason::LabelCategoryUnknown),
        ("TOP SECRET//RD-CNWDI//NOFORN", Reason::LabelCategoryUnknown),
        ("SECRET//FRD-SIGMA 14 18//REL TO USA, ACGU", Reason::LabelCategoryUnknown),
        ("TOP SECRET//FGI DEU GBR//REL TO USA, DEU, GBR", Reason::LabelCategoryUnknown),
        ("SECRET//TK//FGI//NOFORN", Reason::LabelCategoryUnknown),
        ("SECRET//FGI GBR JPN NATO//REL TO USA, GBR, JPN, NATO", Reason::LabelCategoryUnknown),
        ("//NATO SECRET//ATOMAL//ORCON", Reason::LabelCategoryUnknown),
        ("//DEU SECRET//REL TO USA, DEU", Reason::LabelPolicyUnknown),
        ("//JOINT SECRET CAN GBR USA//REL TO USA, CAN, GBR", Reason::LabelPolicyUnknown),
    ] {
        assert_eq!(read(&lattice, "USA", line).unwrap_err().reason, reason, "{line}");
    }
}

#[test]
fn us_banners_that_are_almost_right_are_refused() {
    let lattice = lattice();
    for (line, reason) in [
        ("SECRET//REL TO USA", Reason::LabelMalformed),
        ("SECRET//REL TO GBR, USA", Reason::LabelMalformed),
        ("SECRET//REL TO USA, FVEY, AUS", Reason::LabelMalformed),
        ("SECRET//REL TO USA, GBR, AUS", Reason::LabelMalformed),
        ("SECRET//REL TO USA, AUS, USA", Reason::LabelMalformed),
        ("SECRET//REL TO USA,AUS", Reason::LabelMalformed),
        ("SECRET//REL TO USA,  AUS", Reason::LabelMalformed),
        ("SECRET//REL TO USA, AUS, AUS", Reason::LabelMalformed),
        ("SECRET//REL TO USA and GBR", Reason::LabelMalformed),
        ("SECRET//REL TO USA, XQZ", Reason::LabelCategoryUnknown),
        ("SECRET//NOFORN/REL TO USA, GBR", Reason::LabelRule),
        ("SECRET//ORCON/RELIDO", Reason::LabelRule),
        ("SECRET//NOFORN/RELIDO", Reason::LabelRule),
        ("SECRET//NOFORN//SI", Reason::LabelMalformed),
        ("SECRET //NOFORN", Reason::LabelMalformed),
        ("SECRET// NOFORN", Reason::LabelMalformed),
        ("SECRET////NOFORN", Reason::LabelMalformed),
        ("SECRET//", Reason::LabelMalformed),
        ("SECRET//NOFORN/", Reason::LabelMalformed),
        ("SECRET///NOFORN", Reason::LabelMalformed),
        ("SECRET//PROPIN/NOFORN", Reason::LabelMalformed),
        ("SECRET//NOFORN/NOFORN", Reason::LabelMalformed),
        ("S//NF", Reason::LabelLevelUnknown),
        ("secret//noforn", Reason::LabelLevelUnknown),
        ("SECRET//noforn", Reason::LabelCategoryUnknown),
        ("SECRET//FOUO", Reason::LabelRule),
        ("SECRET//SI-G//ORCON", Reason::LabelRule),
        ("TOP SECRET//SI-G//NOFORN", Reason::LabelRule),
        ("CONFIDENTIAL//TK//NOFORN", Reason::LabelRule),
        ("UNCLASSIFIED//ORCON", Reason::LabelRule),
        ("NATO SECRET", Reason::LabelMalformed),
        ("//JOINT SECRET GBR USA//NOFORN", Reason::LabelPolicyUnknown),
        ("//JOINT RESTRICTED CAN USA//REL TO USA, CAN", Reason::LabelPolicyUnknown),
        ("RESTRICTED//REL TO USA, GBR", Reason::LabelLevelUnknown),
        ("SECRET//EXDIS", Reason::LabelRule),
        ("SECRET//USA/GBR EYES ONLY", Reason::LabelCategoryUnknown),
        ("TOP SECRET//SI/TK//ORCON, NOFORN", Reason::LabelMalformed),
        ("SECRET//ОRCON", Reason::LabelCharacter),
        ("SECRET\u{200b}//NOFORN", Reason::LabelCharacter),
        ("\u{202e}TERCES", Reason::LabelCharacter),
        ("ＳＥＣＲＥＴ", Reason::LabelCharacter),
        ("", Reason::LabelLevelUnknown),
        ("//", Reason::LabelPolicyUnknown),
    ] {
        let refusal = read(&lattice, "USA", line).map(|label| lattice.view(&label)).unwrap_err();
        assert_eq!(refusal.reason, reason, "{line}: {refusal}");
    }
}

#[test]
fn uk_and_nato_banners_are_read_or_refused() {
    let lattice = lattice();
    for (scheme, line) in [
        ("GBR", "UK SECRET - UK EYES ONLY"),
        ("GBR", "OFFICIAL"),
        ("GBR", "OFFICIAL-SENSITIVE - PERSONAL"),
        ("GBR", "SECRET - COPPER LANTERN - UK/US EYES ONLY"),
        ("GBR", "TOP SECRET - FIVE EYES ONLY"),
        ("GBR", "NATO RESTRICTED"),
        ("NATO", "COSMIC TOP SECRET//BOHEMIA"),
        ("NATO", "NATO/KFOR CONFIDENTIAL"),
        ("NATO", "NATO RESTRICTED Releasable to JPN, UKR - STAFF"),
        ("NATO", "UK SECRET"),
    ] {
        read(&lattice, scheme, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
    }
    for (scheme, line, reason) in [
        ("GBR", "OFFICIAL - UK EYES ONLY", Reason::LabelRule),
        ("GBR", "UK CONFIDENTIAL", Reason::LabelLevelUnknown),
        ("GBR", "SECRET - US/UK EYES ONLY", Reason::LabelMalformed),
        ("GBR", "SECRET - US EYES ONLY", Reason::LabelMalformed),
        ("GBR", "SECRET - UK/FR EYES ONLY", Reason::LabelMalformed),
        ("GBR", "SECRET - UK EYES ONLY - COPPER LANTERN", Reason::LabelMalformed),
        ("GBR", "SECRET -UK EYES ONLY", Reason::LabelLevelUnknown),
        ("GBR", "SECRET  - UK EYES ONLY", Reason::LabelMalformed),
        ("GBR", "SECRET - NOFORN", Reason::LabelCategoryUnknown),
        ("GBR", "SECRET//NOFORN", Reason::LabelMalformed),
        ("GBR", "UK UK SECRET", Reason::LabelLevelUnknown),
        ("NATO", "NATO TOP SECRET", Reason::LabelMalformed),
        ("NATO", "COSMIC SECRET", Reason::LabelMalformed),
        ("NATO", "NATO secret", Reason::LabelMalformed),
        ("NATO", "SECRET", Reason::LabelMalformed),
        ("NATO", "NATO SECRET//BOHEMIA", Reason::LabelRule),
        ("NATO", "NATO SECRET//ATOMAL/ATOMAL", Reason::LabelMalformed),
        ("NATO", "NATO SECRET - STAFF", Reason::LabelRule),
        ("NATO", "COSMIC TOP SECRET Releasable to JPN", Reason::LabelRule),
        ("NATO", "NATO RESTRICTED Releasable to Japan", Reason::LabelCategoryUnknown),
        ("NATO", "NATO/MARS SECRET", Reason::LabelCategoryUnknown),
    ] {
        let refusal = read(&lattice, scheme, line).map(|label| lattice.view(&label)).unwrap_err();
        assert_eq!(refusal.reason, reason, "{line}: {refusal}");
    }
}

#[test]
fn a_line_of_text_is_taken_for_a_banner_only_where_it_is_meant_as_one() {
    for line in [
        "SECRET",
        "TOP SECRET//SI",
        "UK SECRET - UK EYES ONLY",
        "//NATO SECRET",
        "SECRET //NOFORN",
        "SEC\u{200b}RET//NOFORN",
        "secret//noforn",
        "OFFICIAL-SENSITIVE",
        "NATO SECRET Releasable to JPN",
        "TOP  SECRET//SI",
        "ＴＯＰ ＳＥＣＲＥＴ",
        "TOP SECRET — UK EYES ONLY",
        "TO\u{301}P SECRET",
    ] {
        assert!(banner::is_meant(line), "{line}");
    }
    for line in [
        "Official-looking vehicle",
        "Secret - nobody knows",
        "RESTRICTED AREA",
        "Secret entrance at the north side",
        "officials arrived",
        "http://example.org",
        "// a comment",
        "two vehicles, one red",
        "",
    ] {
        assert!(!banner::is_meant(line), "{line}");
    }
}

#[test]
fn a_cot_triple_says_what_the_banner_says() {
    let lattice = lattice();
    let said = |policy: &str, access: &str, caveat: Option<&str>, to: Option<&str>| triple(&lattice, policy, access, caveat, to).unwrap().unwrap();
    for (policy, access, caveat, to, scheme, line) in [
        ("USA", "SECRET", None, Some("USA GBR"), "USA", "SECRET//REL TO USA, GBR"),
        ("USA", "SECRET", None, Some("GBR,USA"), "USA", "SECRET//REL TO USA, GBR"),
        ("USA", "SECRET", None, Some("GBR, USA"), "USA", "SECRET//REL TO USA, GBR"),
        ("USA", "SECRET", None, Some("USA/GBR"), "USA", "SECRET//REL TO USA, GBR"),
        ("USA", "SECRET", Some("NOFORN PROPIN"), None, "USA", "SECRET//NOFORN/PROPIN"),
        ("USA", "SECRET", Some("PROPIN/NOFORN"), None, "USA", "SECRET//NOFORN/PROPIN"),
        ("GBR", "SECRET", Some("UK EYES ONLY"), None, "GBR", "UK SECRET - UK EYES ONLY"),
        ("GBR", "SECRET", Some("COPPER LANTERN"), Some("GBR USA"), "GBR", "SECRET - COPPER LANTERN - UK/US EYES ONLY"),
        ("GBR", "UK SECRET", None, Some("FVEY"), "GBR", "SECRET - FIVE EYES ONLY"),
        ("USA", "UK SECRET", None, Some("FVEY"), "GBR", "SECRET - FIVE EYES ONLY"),
        ("USA", "SECRET//REL TO USA, GBR", None, None, "USA", "SECRET//REL TO USA, GBR"),
        ("USA", "SECRET//REL TO USA, GBR", None, Some("USA GBR"), "USA", "SECRET//REL TO USA, GBR"),
        ("NATO", "SECRET", None, None, "NATO", "NATO SECRET"),
        ("USA", "NATO SECRET", None, None, "NATO", "NATO SECRET"),
        ("NATO", "secret", Some("atomal"), None, "NATO", "NATO SECRET//ATOMAL"),
        ("NATO", "RESTRICTED", None, Some("NATO JPN"), "NATO", "NATO RESTRICTED Releasable to JPN"),
    ] {
        let banner = read(&lattice, scheme, line).unwrap();
        assert!(said(policy, access, caveat, to).says_the_same(&banner), "{access} {caveat:?} {to:?}");
    }
}

#[test]
fn bad_cot_triples_are_refused_and_empty_ones_say_nothing() {
    let lattice = lattice();
    assert_eq!(triple(&lattice, "GBR", "Undefined", None, None).unwrap(), None);
    assert_eq!(triple(&lattice, "GBR", "SECRET", Some(""), None).unwrap(), triple(&lattice, "GBR", "SECRET", None, None).unwrap());
    let usa = lattice.policy("USA").unwrap();
    assert_eq!(cot::read(&lattice, usa, cot::Triple::default()).unwrap(), None);
    for (policy, access, caveat, to, reason) in [
        ("GBR", "Undefined", Some("UK EYES ONLY"), None, Reason::LabelMissing),
        ("GBR", "UNCLASSIFIED", None, None, Reason::LabelLevelUnknown),
        ("GBR", "Secret", None, None, Reason::LabelLevelUnknown),
        ("GBR", "", None, None, Reason::LabelLevelUnknown),
        ("GBR", "SECRET ", None, None, Reason::LabelLevelUnknown),
        ("GBR", "SECRET", Some(" "), None, Reason::LabelMalformed),
        ("GBR", "SECRET", None, Some(""), Reason::LabelMalformed),
        ("GBR", "SECRET", None, Some("GBR  USA"), Reason::LabelMalformed),
        ("GBR", "SECRET", None, Some("GBR,,USA"), Reason::LabelMalformed),
        ("GBR", "SECRET", None, Some("GBR USA "), Reason::LabelMalformed),
        ("GBR", "SECRET", None, Some("GBR GBR"), Reason::LabelMalformed),
        ("GBR", "SECRET", None, Some("UK"), Reason::LabelCategoryUnknown),
        ("GBR", "SECRET", None, Some("gbr"), Reason::LabelCategoryUnknown),
        ("GBR", "SECRET", None, Some("GBR;USA"), Reason::LabelCategoryUnknown),
        ("GBR", "SECRET", Some("NOFORN"), None, Reason::LabelCategoryUnknown),
        ("GBR", "SECRET", Some("GBR"), None, Reason::LabelCategoryUnknown),
        ("GBR", "SECRET", Some("UK EYES ONLY"), Some("GBR USA"), Reason::LabelRule),
        ("GBR", "OFFICIAL", Some("UK EYES ONLY"), None, Reason::LabelRule),
        ("USA", "SECRET//NOFORN", None, Some("USA GBR"), Reason::LabelDisagree),
        ("USA", "SECRET//NOFORN", Some("PROPIN"), None, Reason::LabelDisagree),
        ("USA", "SECRET", None, Some("\u{410}US"), Reason::LabelCharacter),
        ("USA", "SEC\u{ad}RET", None, None, Reason::LabelCharacter),
        ("NATO", "TOP SECRET", None, Some("NATO JPN"), Reason::LabelRule),
    ] {
        let refusal = triple(&lattice, policy, access, caveat, to).unwrap_err();
        assert_eq!(refusal.reason, reason, "{access} {caveat:?} {to:?}: {refusal}");
    }
}

/// A SPIF of the given classes and what follows them.
fn small_policy(name: &str, oid: &str, classes: &str, rest: &str) -> PolicyFile {
    let head = "xmlns=\"http://www.xmlspif.org/spif\" schemaVersion=\"2.1\" creationDate=\"20260101000000Z\" originatorDN=\"CN=Test\" keyIdentifier=\"00\" privilegeId=\"1.2\" rbacId=\"1.2\"";
    let xml = format!(
        "<SPIF {head}><securityPolicyId name=\"{name}\" id=\"{oid}\"/><securityClassifications>{classes}</securityClassifications>{rest}</SPIF>"
    );
    PolicyFile {
        path: format!("{name}.xml").into(),
        xml: xml.into(),
        constraints: Some((format!("{name}.toml").into(), "unmarked = { \"*\" = \"open\" }".into())),
    }
}

/// The verdicts of the 29 own samples. One row differs from the table, which asks the schema alone there.
#[test]
fn the_own_4774_samples_come_out_as_their_table_says() {
    let Some(folder) = shared("samples/labels/own/4774") else { return };
    let Some(spif) = shared("samples/labels/own/spif/examplia-spif-2.1.xml") else { return };
    let mut files = five_eyes_files();
    files.push(PolicyFile { constraints: Some(("examplia.toml".into(), "unmarked = { \"*\" = \"open\" }".into())), ..policy_file(&spif) });
    files.push(small_policy("PUBLIC", "1.3.6.1.4.1.31778.12.2.1", "<securityClassification name=\"UNMARKED\" lacv=\"0\" hierarchy=\"0\"/>", ""));
    let lattice = Lattice::load(&files).unwrap_or_else(|complaints| panic!("{complaints:#?}"));
    let table = std::fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let mut count = 0;
    for row in table.lines().skip(1) {
        let mut columns = row.split('\t');
        let (name, expected) = (columns.next().unwrap(), columns.next().unwrap());
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let verdict = detached(&lattice, &text);
        println!("{name}: {}", verdict.as_ref().map_or_else(ToString::to_string, |_| "accept".into()));
        // The table asks whether the schema allows it; a foreign attribute may restrict, and is refused here.
        let accepted = expected == "accept" && name != "valid-03-all-constructs.xml";
        assert_eq!(verdict.is_ok(), accepted, "{row}");
        if name == "valid-03-all-constructs.xml" {
            let without = text.replace(" x:note=\"local attribute\"", "");
            detached(&lattice, &without).unwrap_or_else(|refusal| panic!("{name} without the foreign attribute: {refusal}"));
        }
        count += 1;
    }
    assert_eq!(count, 29);
}

#[test]
fn public_spif_samples_that_are_not_clean_are_refused() {
    let Some(folder) = shared("samples/labels/spif") else { return };
    for name in ["bsi-commercial.xml", "food-policy.xml", "food-policy-borked.xml", "food-policy-missi.xml", "tlp.xml", "tlp-plus.xml", "uk-demo.xml"]
    {
        let path = folder.join(name);
        let text = std::fs::read(&path).unwrap();
        let file = PolicyFile {
            path: name.into(),
            xml: String::from_utf8_lossy(&text).into_owned().into(),
            constraints: Some(("x.toml".into(), "unmarked = { \"*\" = \"open\" }".into())),
        };
        let complaints = Lattice::load(&[file]).unwrap_err();
        println!("{name}: {} complaints, first: {} (expected {})", complaints.len(), complaints[0].what, complaints[0].expected);
        assert!(complaints.iter().all(|complaint| !complaint.remedy.is_empty()));
    }
}

/// SPEC: the decision vectors for the three policies of this rule set.
#[test]
fn decisions_follow_the_vectors() {
    let lattice = lattice();
    let nato = |line: &str| read(&lattice, "NATO", line).unwrap();
    let us_s = clearance(&lattice, "USA", "SECRET", "USA", &["FVEY", "ACGU", "NATO"]);
    let gb_s = clearance(&lattice, "USA", "SECRET", "GBR", &["FVEY", "ACGU", "NATO"]);
    let nz_s = clearance(&lattice, "USA", "SECRET", "NZL", &["FVEY"]);
    let au_s = clearance(&lattice, "USA", "SECRET", "AUS", &["FVEY", "ACGU"]);
    let de_s = clearance(&lattice, "USA", "SECRET", "DEU", &["NATO"]);
    let n_s = clearance(&lattice, "NATO", "SECRET", "DEU", &["NATO"]);
    let p_nz = clearance(&lattice, "NATO", "RESTRICTED", "NZL", &[]);
    let uk_us = clearance(&lattice, "GBR", "SECRET", "USA", &["FVEY"]);
    let uk_ca = clearance(&lattice, "GBR", "SECRET", "CAN", &["FVEY"]);
    let uk = clearance(&lattice, "GBR", "TOP SECRET", "GBR", &["FVEY"]);
    let none: Option<Reason> = None;
    for (label, recipient, expected) in [
        (nato("NATO RESTRICTED"), &n_s, none),
        (nato("COSMIC TOP SECRET"), &n_s, Some(Reason::ClearanceLevel)),
        (nato("NATO RESTRICTED Releasable to NZL"), &p_nz, none),
        (nato("NATO RESTRICTED Releasable to NZL"), &n_s, none),
        (nato("NATO RESTRICTED Releasable to JPN"), &p_nz, Some(Reason::ClearancePermissive)),
        (nato("NATO RESTRICTED"), &p_nz, Some(Reason::ClearancePermissive)),
        (nato("NATO SECRET//ATOMAL"), &n_s, Some(Reason::ClearanceRestrictive)),
        (us(&lattice, "SECRET//NOFORN"), &gb_s, Some(Reason::ClearanceNationalOnly)),
        (us(&lattice, "SECRET//NOFORN"), &us_s, none),
        (us(&lattice, "SECRET"), &gb_s, Some(Reason::ClearanceNationalOnly)),
        (us(&lattice, "SECRET"), &us_s, none),
        (us(&lattice, "SECRET//REL TO USA, ACGU"), &nz_s, Some(Reason::ClearancePermissive)),
        (us(&lattice, "SECRET//REL TO USA, ACGU"), &au_s, none),
        (us(&lattice, "SECRET//REL TO USA, FVEY"), &nz_s, none),
        (us(&lattice, "SECRET//REL TO USA, FVEY"), &de_s, Some(Reason::ClearancePermissive)),
        (us(&lattice, "SECRET//DISPLAY ONLY GBR"), &gb_s, Some(Reason::ClearanceNationalOnly)),
        (us(&lattice, "TOP SECRET//SI//REL TO USA, GBR"), &gb_s, Some(Reason::ClearanceLevel)),
        (us(&lattice, "SECRET//SI//REL TO USA, GBR"), &gb_s, Some(Reason::ClearanceRestrictive)),
        (us(&lattice, "SECRET//ORCON/REL TO USA, GBR"), &gb_s, Some(Reason::ClearanceOriginator)),
        (us(&lattice, "SECRET//RELIDO"), &gb_s, Some(Reason::ClearanceNationalOnly)),
        (gb(&lattice, "UK SECRET - UK EYES ONLY"), &uk_us, Some(Reason::ClearanceNationalOnly)),
        (gb(&lattice, "UK SECRET - UK EYES ONLY"), &uk, none),
        (gb(&lattice, "UK SECRET - UK/US EYES ONLY"), &uk_us, none),
        (gb(&lattice, "UK SECRET - UK/US EYES ONLY"), &uk_ca, Some(Reason::ClearancePermissive)),
        (gb(&lattice, "OFFICIAL"), &uk_us, Some(Reason::ClearanceNationalOnly)),
        (gb(&lattice, "OFFICIAL"), &gb_s, Some(Reason::ClearanceUnknown)),
    ] {
        let found = lattice.admits(recipient, &label).err().map(|refusal| refusal.reason);
        assert_eq!(found, expected, "{:?}", lattice.view(&label));
    }
}

#[test]
fn translations_keep_level_and_audience() {
    let lattice = lattice();
    let to = |label: &Label, policy: &str| lattice.translate(label, lattice.policy(policy).unwrap());
    let same = |from: &Label, policy: &str, line: &str| {
        let found = to(from, policy).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        let expected = read(&lattice, policy, line).unwrap();
        assert!(found.says_the_same(&expected), "{:?} is not {line}", lattice.view(&found));
    };
    same(&us(&lattice, "CONFIDENTIAL//REL TO USA, GBR"), "GBR", "SECRET - UK/US EYES ONLY");
    same(&gb(&lattice, "SECRET - COPPER LANTERN - UK/US EYES ONLY"), "GBR", "SECRET - COPPER LANTERN - UK/US EYES ONLY");
    same(&gb(&lattice, "SECRET - UK/US EYES ONLY"), "USA", "SECRET//REL TO USA, GBR");
    same(&triple(&lattice, "GBR", "OFFICIAL", None, Some("GBR USA")).unwrap().unwrap(), "USA", "CONFIDENTIAL//REL TO USA, GBR");
    let fvey = to(&us(&lattice, "SECRET//REL TO USA, FVEY"), "NATO").unwrap();
    assert_eq!(lattice.view(&fvey).releasable_to, ["AUS", "CAN", "GBR", "NZL", "USA"]);
    assert_eq!(lattice.view(&fvey).categories["Context"], ["NATO", "Releasable"]);
    let back = to(&read(&lattice, "NATO", "NATO RESTRICTED Releasable to GBR").unwrap(), "GBR").unwrap();
    assert_eq!(
        (lattice.view(&back).classification.as_str(), lattice.view(&back).releasable_to),
        ("OFFICIAL-SENSITIVE", vec!["GBR".to_owned(), "NATO".to_owned()])
    );
    for (label, policy, reason) in [
        (us(&lattice, "SECRET//NOFORN"), "GBR", Reason::ClearanceNationalOnly),
        (us(&lattice, "SECRET"), "NATO", Reason::ClearanceNationalOnly),
        (us(&lattice, "TOP SECRET//REL TO USA, NATO"), "NATO", Reason::ClearanceEquivalence),
        (us(&lattice, "SECRET//SI//REL TO USA, GBR"), "GBR", Reason::ClearanceEquivalence),
        (us(&lattice, "SECRET//ORCON/REL TO USA, GBR"), "GBR", Reason::ClearanceOriginator),
        (us(&lattice, "SECRET//REL TO USA, ISAC"), "NATO", Reason::ClearanceEquivalence),
        (gb(&lattice, "SECRET - COPPER LANTERN - UK/US EYES ONLY"), "NATO", Reason::ClearanceEquivalence),
        (read(&lattice, "NATO", "COSMIC TOP SECRET").unwrap(), "USA", Reason::ClearanceEquivalence),
        (read(&lattice, "NATO", "NATO/KFOR SECRET").unwrap(), "USA", Reason::ClearanceEquivalence),
        (read(&lattice, "NATO", "NATO SECRET//ATOMAL").unwrap(), "USA", Reason::ClearanceEquivalence),
    ] {
        let found = to(&label, policy).map(|label| lattice.view(&label)).unwrap_err();
        assert_eq!(found.reason, reason, "{:?}: {found}", lattice.view(&label));
    }
}

#[test]
fn a_clearance_cannot_be_given_what_it_cannot_hold() {
    let lattice = lattice();
    let usa = lattice.policy("USA").unwrap();
    let asked = |set: &str, value: &str, nation: &str| {
        let restrictive = BTreeMap::from([(set.to_owned(), BTreeSet::from([value.to_owned()]))]);
        lattice.clearance(usa, "SECRET", &restrictive, nation, &BTreeSet::new())
    };
    assert!(asked("SCI Controls", "SI", "GBR").is_ok());
    for (set, value, nation) in [
        ("Dissemination Controls", "NOFORN", "GBR"),
        ("Dissemination Controls", "ORCON", "USA"),
        ("SCI Controls", "XX", "GBR"),
        ("Releasable To", "GBR", "GBR"),
        ("Nothing", "SI", "GBR"),
    ] {
        assert!(asked(set, value, nation).is_err(), "{set}/{value}");
    }
    assert!(lattice.clearance(usa, "OFFICIAL", &BTreeMap::new(), "GBR", &BTreeSet::new()).is_err());
}

/// Labels to hold the laws against: every pair of level and a few categories, per policy.
fn some_labels(lattice: &Lattice, policy: PolicyIx) -> Vec<Label> {
    let lines: &[&str] = match lattice.policy_name(policy) {
        "USA" => &[
            "",
            "//NOFORN",
            "//REL TO USA, GBR",
            "//REL TO USA, AUS",
            "//REL TO USA, AUS, GBR",
            "//REL TO USA, FVEY",
            "//SI",
            "//SI//REL TO USA, GBR",
            "//PROPIN/REL TO USA, GBR",
        ],
        _ => &["", " - UK EYES ONLY", " - UK/US EYES ONLY", " - COPPER LANTERN", " - GREY HERON - UK/US EYES ONLY", " - FIVE EYES ONLY"],
    };
    let levels: Vec<_> = lattice.policies()[policy.index()].levels.iter().map(|level| level.name.clone()).collect();
    levels.iter().flat_map(|level| lines.iter().filter_map(move |line| banner::read(lattice, policy, &format!("{level}{line}")).ok())).collect()
}

#[test]
fn dominance_is_a_partial_order_and_the_join_its_least_upper_bound() {
    let lattice = lattice();
    for name in ["USA", "GBR"] {
        let labels = some_labels(&lattice, lattice.policy(name).unwrap());
        assert!(labels.len() > 10);
        for one in &labels {
            assert!(lattice.dominates(one, one));
            for two in &labels {
                let join = lattice.join(one, two).unwrap();
                assert!(lattice.dominates(&join, one) && lattice.dominates(&join, two), "{:?}", lattice.view(&join));
                for three in &labels {
                    if lattice.dominates(one, two) && lattice.dominates(two, three) {
                        assert!(lattice.dominates(one, three));
                    }
                    if lattice.dominates(three, one) && lattice.dominates(three, two) {
                        assert!(lattice.dominates(three, &join), "{:?} {:?}", lattice.view(three), lattice.view(&join));
                    }
                }
            }
        }
    }
}

#[test]
fn whoever_may_read_the_higher_label_may_read_the_lower_one() {
    let lattice = lattice();
    let usa = lattice.policy("USA").unwrap();
    let labels = some_labels(&lattice, usa);
    let nations = [("USA", &["FVEY"][..]), ("GBR", &["FVEY"][..]), ("AUS", &[][..]), ("DEU", &["NATO"][..])];
    for (nation, communities) in nations {
        for level in ["UNCLASSIFIED", "SECRET", "TOP SECRET"] {
            let clearance = clearance(&lattice, "USA", level, nation, communities);
            for high in &labels {
                for low in labels.iter().filter(|low| lattice.dominates(high, low)) {
                    let admitted = lattice.admits(&clearance, high).is_ok();
                    assert!(!admitted || lattice.admits(&clearance, low).is_ok(), "{nation} {:?} {:?}", lattice.view(high), lattice.view(low));
                }
            }
        }
    }
}

#[test]
fn faults_of_a_spif_are_found_with_their_place() {
    let class = |name: &str, lacv: &str| format!("<securityClassification name=\"{name}\" lacv=\"{lacv}\" hierarchy=\"1\"/>");
    let tags = |inner: &str| {
        format!("<securityCategoryTagSets><securityCategoryTagSet name=\"T\" id=\"1.2.3\">{inner}</securityCategoryTagSet></securityCategoryTagSets>")
    };
    let ok = class("A", "1");
    for (classes, rest, expected) in [
        (class("A", "1") + &class("a", "2"), String::new(), "given twice"),
        (class("A", "1") + &class("B", "01"), String::new(), "given twice"),
        (class("A ", "1"), String::new(), "white space"),
        (class("A", "-1"), String::new(), "`lacv` is `-1`"),
        (String::new(), String::new(), "0 times"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"enumerated\"/>"), "does not say how"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"informative\"/>"), "does not say how"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"notApplicable\"/>"), "does not say how"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"/><tagCategory name=\"x\" lacv=\"2\"/></securityCategoryTag>"), "given twice"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"><excludedClass>B</excludedClass></tagCategory></securityCategoryTag>"), "no class `B`"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"><excludedClass>A</excludedClass><excludedClass>A</excludedClass></tagCategory></securityCategoryTag>"), "excluded twice"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"><excludedCategory tagSetRef=\"U\" tagType=\"permissive\" all=\"true\"/></tagCategory></securityCategoryTag>"), "no tag set `U`"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"><excludedCategory tagSetRef=\"T\" tagType=\"permissive\"/></tagCategory></securityCategoryTag>"), "neither one value nor all"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\" userInput=\"string\"/></securityCategoryTag>"), "free text"),
        (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\" colour=\"red\"/>"), "no attribute `colour`"),
        (ok.clone(), "<equivalentPolicies><equivalentPolicy name=\"X\" id=\"1.2\"/></equivalentPolicies><privacyMarks><privacyMark name=\"M\"/></privacyMarks>".into(), "stands where `SPIF` has none"),
        (ok.clone(), "<x:note xmlns:x=\"urn:x\"/>".into(), "in no SPIF"),
        (ok.clone(), "text".into(), "text stands in `SPIF`"),
    ] {
        let file = small_policy("X", "1.2.9", &classes, &rest);
        let xml = file.xml.clone();
        let complaints = Lattice::load(&[file]).unwrap_err();
        let found = complaints.iter().find(|complaint| complaint.what.contains(expected));
        let found = found.unwrap_or_else(|| panic!("`{expected}` is not among {complaints:#?}"));
        assert!(found.at.as_ref().is_some_and(|at| at.end <= xml.len() && at.start < at.end), "{found:?}");
    }
}

#[test]
fn a_spif_of_another_version_or_loaded_twice_is_refused() {
    let mut old = small_policy("X", "1.2.9", "<securityClassification name=\"A\" lacv=\"1\" hierarchy=\"1\"/>", "");
    let good = old.clone();
    assert!(Lattice::load(std::slice::from_ref(&good)).is_ok());
    assert!(Lattice::load(&[good.clone(), good]).unwrap_err()[0].what.contains("loaded twice"));
    old.xml = old.xml.replace("schemaVersion=\"2.1\"", "schemaVersion=\"3.0\"").into();
    assert!(Lattice::load(&[old]).unwrap_err()[0].what.contains("`3.0`"));
}

#[test]
fn faults_of_constraints_are_found_with_their_place() {
    for (toml, expected) in [
        ("", "missing field `unmarked`"),
        ("unmarked = {}", "is not among them"),
        ("unmarked = { \"*\" = \"anyone\" }", "unknown variant"),
        ("unmarked = { \"*\" = \"open\" }\nfriend = 1", "unknown field"),
        ("unmarked = { \"*\" = \"owner\" }", "there is no owner"),
        ("owner = \"GBR\"\nunmarked = { \"*\" = \"owner\" }", "does not name `GBR`"),
        ("owner = \"XXX\"\nrelease = \"Releasable To\"\nunmarked = { \"*\" = \"owner\" }", "does not name `XXX`"),
        ("release = \"Code Words\"\nunmarked = { \"*\" = \"open\" }", "not permissive"),
        ("mandatory = [\"Context\"]\nunmarked = { \"*\" = \"open\" }", "no category `Context`"),
        ("held_by_owner = [\"Releasable To/GBR\"]\nunmarked = { \"*\" = \"open\" }", "not of the type"),
        ("held_by_everyone = [\"Code Words/GREY HERON\"]\nunmarked = { \"*\" = \"open\" }", "not of the type"),
        ("unmarked = { \"*\" = \"open\", \"SECRIT\" = \"open\" }", "no classification `SECRIT`"),
        ("unmarked = { \"*\" = \"open\" }\n[[rule]]\nwhy = \"x\"", "every label"),
        ("unmarked = { \"*\" = \"open\" }\n[[alias]]\noid = \"1.2\"\nnames = [\"Code Words\"]", "already"),
    ] {
        let file = PolicyFile { constraints: Some(("gbr.toml".into(), toml.into())), ..policy_file(&policies().join("gbr.xml")) };
        let complaints = Lattice::load(&[file]).unwrap_err();
        assert!(complaints.iter().any(|complaint| complaint.what.contains(expected) && &*complaint.file == "gbr.toml"), "{toml}: {complaints:#?}");
    }
}

#[test]
fn a_pair_of_equivalences_that_lowers_a_level_is_refused() {
    let mut files = five_eyes_files();
    let gbr = files[0].xml.replace("policyRef=\"USA\" lacv=\"4\"", "policyRef=\"USA\" lacv=\"1\"");
    assert_ne!(gbr, *files[0].xml);
    files[0].xml = gbr.into();
    let complaints = Lattice::load(&files).unwrap_err();
    assert!(complaints.iter().any(|complaint| complaint.what.contains("comes back as")), "{complaints:#?}");
}

#[test]
fn equal_hierarchy_is_incomparable() {
    let classes = "<securityClassification name=\"LOW\" lacv=\"9\" hierarchy=\"1\"/><securityClassification name=\"LEFT\" lacv=\"1\" hierarchy=\"2\"/><securityClassification name=\"RIGHT\" lacv=\"2\" hierarchy=\"2\"/>";
    let lattice = Lattice::load(&[small_policy("X", "1.2.9", classes, "")]).unwrap();
    let x = lattice.policy("X").unwrap();
    let label = |name: &str| Label::new(x, lattice.level(x, name).unwrap());
    assert!(lattice.dominates(&label("LEFT"), &label("LOW")) && !lattice.dominates(&label("LOW"), &label("LEFT")));
    assert!(!lattice.dominates(&label("LEFT"), &label("RIGHT")) && !lattice.dominates(&label("RIGHT"), &label("LEFT")));
    assert!(lattice.join(&label("LEFT"), &label("RIGHT")).is_err());
    let left = clearance(&lattice, "X", "LEFT", "GBR", &[]);
    assert!(lattice.admits(&left, &label("LOW")).is_ok() && lattice.admits(&left, &label("RIGHT")).is_err());
}

/// What a message is found to say: the label's view and the forms it was found in.
fn verified(
    lattice: &Lattice,
    scheme: &str,
    binding: Binding,
    header_label: Option<&str>,
    attributes: &str,
    detail: &str,
) -> Result<(String, Vec<Form>), Refusal> {
    let body = format!(
        "<event version=\"2.0\" uid=\"GBR-1\" type=\"a-f-G\" how=\"m-g\" time=\"2026-06-01T12:00:00Z\" start=\"2026-06-01T12:00:00Z\" stale=\"2026-06-01T12:05:00Z\" {attributes}><point lat=\"1\" lon=\"2\" hae=\"3\" ce=\"4\" le=\"5\"/><detail>{detail}</detail></event>"
    );
    let header = Header {
        id: MessageId::from_parts(1, [0; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new("usa-ops").unwrap()],
        media_type: "application/cot+xml".into(),
        traffic: Traffic::Operation,
        sent: now(),
        label: header_label.map(str::to_owned),
    };
    let mut budget = Budget::for_body(body.len());
    let parsed =
        format::parse(format::Received::new(&header, body.as_bytes()).unwrap(), &mut budget).unwrap_or_else(|refusal| panic!("{body}: {refusal}"));
    let reading = Reading { scheme: lattice.policy(scheme).unwrap(), binding };
    let labelled = label::verify(parsed, lattice, &reading, now(), &mut budget)?;
    let view = lattice.view(labelled.label());
    Ok((format!("{} {}", view.policy, view.classification), labelled.sources().iter().map(|source| source.form).collect()))
}

/// A NATO label in XML; `more` stands after the categories' parent.
fn nato_xml(element: &str, policy: &str, class: &str, categories: &str, created: &str) -> String {
    format!(
        "<s:{element} xmlns:s=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2031-01-01T00:00:00Z\"><s:ConfidentialityInformation><s:PolicyIdentifier>{policy}</s:PolicyIdentifier><s:Classification>{class}</s:Classification>{categories}</s:ConfidentialityInformation><s:CreationDateTime>{created}</s:CreationDateTime></s:{element}>"
    )
}

fn category(name: &str, kind: &str, values: &[&str]) -> String {
    let values: String = values.iter().map(|value| format!("<s:GenericValue>{value}</s:GenericValue>")).collect();
    format!("<s:Category TagName=\"{name}\" Type=\"{kind}\">{values}</s:Category>")
}

const ORIGINATOR: &str = "originatorConfidentialityLabel";
const CREATED: &str = "2026-01-01T00:00:00Z";

#[test]
fn all_markings_that_agree_are_one_label() {
    let lattice = lattice();
    let context = category("Context", "PERMISSIVE", &["NATO"]);
    let label = nato_xml(ORIGINATOR, "NATO", "SECRET", &context, CREATED);
    let (said, forms) = verified(
        &lattice,
        "NATO",
        Binding::Unbound,
        Some(&label),
        "access=\"SECRET\"",
        &format!("{label}<remarks>NATO SECRET\ntext\nNATO SECRET</remarks>"),
    )
    .unwrap();
    assert_eq!(said, "NATO SECRET");
    assert_eq!(forms, [Form::Detached, Form::Triple, Form::Stanag4774, Form::Banner, Form::Banner]);
    let (_, forms) =
        verified(&lattice, "GBR", Binding::Unbound, None, "access=\"SECRET\" releasableTo=\"GBR USA\"", "<remarks>Secret - nobody knows</remarks>")
            .unwrap();
    assert_eq!(forms, [Form::Triple]);
}

#[test]
fn an_alternative_label_must_be_our_own_translation() {
    let lattice = lattice();
    let original = nato_xml(ORIGINATOR, "GBR", "SECRET", &category("Releasable To", "PERMISSIVE", &["GBR", "USA"]), CREATED);
    let alternative =
        |class: &str, to: &[&str]| nato_xml("alternativeConfidentialityLabel", "USA", class, &category("Releasable To", "PERMISSIVE", to), CREATED);
    let with = |alternative: String| verified(&lattice, "GBR", Binding::Unbound, None, "", &format!("{original}{alternative}"));
    assert_eq!(with(alternative("SECRET", &["USA", "GBR"])).unwrap().1, [Form::Stanag4774, Form::Alternative]);
    for wrong in [
        alternative("CONFIDENTIAL", &["USA", "GBR"]),
        alternative("TOP SECRET", &["USA", "GBR"]),
        alternative("SECRET", &["USA", "GBR", "AUS"]),
        alternative("SECRET", &["USA"]),
    ] {
        assert_eq!(with(wrong).unwrap_err().reason, Reason::LabelDisagree);
    }
}

#[test]
fn messages_whose_labels_are_missing_bad_or_at_odds_are_refused() {
    let lattice = lattice();
    let context = category("Context", "PERMISSIVE", &["NATO"]);
    let nato = |class: &str| nato_xml(ORIGINATOR, "NATO", class, &context, CREATED);
    let triple = "access=\"SECRET\" releasableTo=\"GBR USA\"";
    for (scheme, header, attributes, detail, reason) in [
        ("GBR", None, "", String::new(), Reason::LabelMissing),
        ("GBR", None, "access=\"Undefined\"", "<remarks>nothing</remarks>".into(), Reason::LabelMissing),
        ("GBR", None, "access=\"Undefined\" caveat=\"UK EYES ONLY\"", String::new(), Reason::LabelMissing),
        ("GBR", None, triple, "<remarks>SECRET</remarks>".into(), Reason::LabelBannerAbove),
        ("GBR", None, triple, "<remarks>text\nTOP SECRET\ntext</remarks>".into(), Reason::LabelBannerAbove),
        ("USA", None, "", "<remarks>SECRET//NOFORN</remarks>".into(), Reason::LabelMissing),
        ("NATO", None, "access=\"SECRET\"", format!("<remarks>{}</remarks>", "NATO SECRET\n".repeat(17)), Reason::LabelMalformed),
        ("GBR", None, triple, "<remarks>TOP SECRET - UK/US EYES ONLY</remarks>".into(), Reason::LabelBannerAbove),
        ("GBR", None, triple, "<remarks>text\nSECRET - UK EYES ONLY</remarks>".into(), Reason::LabelBannerAbove),
        ("GBR", None, triple, "<remarks>SECRET//REL TO USA, GBR</remarks>".into(), Reason::LabelMalformed),
        ("GBR", None, triple, nato("SECRET"), Reason::LabelDisagree),
        ("NATO", Some(nato("RESTRICTED")), "access=\"SECRET\"", String::new(), Reason::LabelDisagree),
        ("NATO", None, "", nato("SECRET") + &nato("SECRET"), Reason::LabelDisagree),
        ("NATO", None, "", nato_xml("metadataConfidentialityLabel", "NATO", "SECRET", &context, CREATED), Reason::LabelMalformed),
        ("NATO", Some(nato_xml("alternativeConfidentialityLabel", "NATO", "SECRET", &context, CREATED)), "", String::new(), Reason::LabelMalformed),
        ("NATO", Some("<!DOCTYPE a><a/>".into()), "", String::new(), Reason::LabelMalformed),
        ("NATO", Some(String::new()), "", String::new(), Reason::LabelMalformed),
        ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "SECRET", &context, "2026-06-01T12:10:00Z"), Reason::LabelDate),
        ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "SECRET", &context, "2026-01-01T00:00:00+01:00"), Reason::LabelDate),
        ("NATO", None, "", nato_xml(ORIGINATOR, "MARS", "SECRET", &context, CREATED), Reason::LabelPolicyUnknown),
        ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "VERY SECRET", &context, CREATED), Reason::LabelLevelUnknown),
        ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "SECRET", "", CREATED), Reason::LabelRule),
        ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &[]), CREATED), Reason::LabelMalformed),
        (
            "NATO",
            None,
            "",
            nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["NATO", "NATO"]), CREATED),
            Reason::LabelMalformed,
        ),
        ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["NATO "]), CREATED), Reason::LabelMalformed),
        (
            "NATO",
            None,
            "",
            nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["N\u{410}TO"]), CREATED),
            Reason::LabelCharacter,
        ),
        (
            "NATO",
            None,
            "",
            nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "RESTRICTIVE", &["NATO"]), CREATED),
            Reason::LabelCategoryType,
        ),
        (
            "NATO",
            None,
            "",
            nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["MARS"]), CREATED),
            Reason::LabelCategoryUnknown,
        ),
        (
            "NATO",
            None,
            "",
            nato_xml(
                ORIGINATOR,
                "NATO",
                "SECRET",
                &(category("Context", "PERMISSIVE", &["NATO"]) + &category("Context", "PERMISSIVE", &["KFOR"])),
                CREATED,
            ),
            Reason::LabelMalformed,
        ),
        (
            "NATO",
            None,
            "",
            nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["NATO", "Releasable"]), CREATED),
            Reason::LabelRule,
        ),
        (
            "NATO",
            None,
            "",
            nato_xml(
                ORIGINATOR,
                "NATO",
                "SECRET",
                &(context.clone() + &category("Additional Sensitivity", "RESTRICTIVE", &["ATOMAL"])),
                "2026-06-01T12:05:01Z",
            ),
            Reason::LabelDate,
        ),
    ] {
        let refusal = verified(&lattice, scheme, Binding::Unbound, header.as_deref(), attributes, &detail).unwrap_err();
        assert_eq!(refusal.reason, reason, "{attributes} {detail} {header:?}: {refusal}");
        assert!(reason == Reason::LabelMissing || !refusal.place.path.is_empty(), "{refusal:?}");
    }
}

#[test]
fn a_peer_that_must_bind_its_labels_is_refused_without_a_binding() {
    let lattice = lattice();
    let refusal = verified(&lattice, "GBR", Binding::Required, None, "access=\"SECRET\"", "").unwrap_err();
    assert_eq!(refusal.reason, Reason::LabelBinding);
}

#[test]
fn an_old_name_of_a_tag_set_and_a_clock_a_little_ahead_are_accepted() {
    let lattice = lattice();
    let categories = category("Context", "PERMISSIVE", &["NATO"]) + &category("Additional Sensitivity", "RESTRICTIVE", &["ATOMAL"]);
    let label = nato_xml(ORIGINATOR, "NATO", "SECRET", &categories, "2026-06-01T12:05:00Z");
    let (_, forms) = verified(&lattice, "NATO", Binding::Unbound, None, "access=\"NATO SECRET//ATOMAL\"", &label).unwrap();
    assert_eq!(forms, [Form::Triple, Form::Stanag4774]);
}
