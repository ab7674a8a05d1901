//! Labels against the rule set that ships, the vectors of the public manuals, the shared samples and the writer of what leaves.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use vestibule::base::{Budget, Header, MessageId, Name, Precedence, Reason, Refusal, Time, Traffic};
use vestibule::format::{self, Received, Syntax};
use vestibule::label::{self, Binding, Label, Lattice, PolicyFile, Reading, banner, cot, laws, stanag4774};
use vestibule::normal::Edits;
use vestibule::rebuild;

use crate::samples::shared;

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

pub(crate) static LATTICE: LazyLock<Lattice> =
    LazyLock::new(|| Lattice::load(&five_eyes_files()).unwrap_or_else(|complaints| panic!("{complaints:#?}")));

fn detached(lattice: &Lattice, text: &str) -> Result<Label, Refusal> {
    let (_, label) = stanag4774::read_text(lattice, text, &mut Budget::for_body(text.len()))?;
    lattice.check(&label, now())?;
    Ok(label)
}

/// A label written as STANAG 4774 writes it.
pub(crate) fn stanag(lattice: &Lattice, label: &Label) -> String {
    let policy = &lattice.policies()[label.policy.index()];
    let mut categories = String::new();
    for category in &label.categories {
        let tag = &policy.tags[category.tag.index()];
        let values: String = category.values.iter().map(|v| format!("<GenericValue>{}</GenericValue>", tag.values[v.index()].name)).collect();
        let kind = format!("{:?}", tag.kind).to_uppercase();
        categories.push_str(&format!("<Category TagName=\"{}\" Type=\"{kind}\" URI=\"urn:oid:{}\">{values}</Category>", tag.set, tag.oid));
    }
    format!(
        "<originatorConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2031-01-01T00:00:00Z\">\
         <ConfidentialityInformation><PolicyIdentifier URI=\"urn:oid:{}\">{}</PolicyIdentifier><Classification>{}</Classification>{categories}\
         </ConfidentialityInformation><CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime></originatorConfidentialityLabel>",
        policy.oid,
        policy.name,
        policy.levels[label.level.index()].name
    )
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
    let Some(folder) = shared("labels/own/4774") else { return };
    let Some(spif) = shared("labels/own/spif/examplia-spif-2.1.xml") else { return };
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

/// Public SPIFs that are refused, each with its first fault. All of them break the schema that they name, and no operator's file has to.
const SPIFS_REFUSED: [(&str, &str); 7] = [
    ("bsi-commercial.xml", "the XML is not well-formed"),
    ("food-policy.xml", "the XML is not well-formed"),
    ("food-policy-missi.xml", "the XML is not well-formed"),
    // Its root has no namespace.
    ("food-policy-borked.xml", "the element `SPIF` is in no SPIF"),
    // The equivalent policies stand before the classifications.
    ("tlp.xml", "`securityClassifications` stands where `SPIF` has none"),
    ("tlp-plus.xml", "`securityClassifications` stands where `SPIF` has none"),
    ("uk-demo.xml", "`securityClassifications` stands where `SPIF` has none"),
];

#[test]
fn public_spif_samples_that_are_not_clean_are_refused_for_the_reason_that_is_listed() {
    let Some(folder) = shared("labels/spif") else { return };
    let mut listed = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        if !text.contains("<SPIF") && !text.contains(":SPIF") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let (_, expected) = SPIFS_REFUSED.iter().find(|(file, _)| *file == name).unwrap_or_else(|| panic!("{name} is not listed"));
        let constraints = Some(("x.toml".into(), "unmarked = { \"*\" = \"open\" }".into()));
        let complaints = Lattice::load(&[PolicyFile { path: name.into(), xml: text.into(), constraints }]).unwrap_err();
        assert_eq!(complaints[0].what, *expected, "{name}");
        assert!(complaints.iter().all(|complaint| !complaint.remedy.is_empty()), "{name}");
        listed += 1;
    }
    assert_eq!(listed, SPIFS_REFUSED.len());
}

/// The labels of a public library. Its files lack what the standard demands beside the information, and are read again with that put in.
#[test]
fn the_public_4774_samples_are_read_once_they_are_whole() {
    let Some(folder) = shared("labels/stanag4774/spiffing") else { return };
    let dated = |text: &str| {
        text.replacen("<originatorConfidentialityLabel ", "<originatorConfidentialityLabel ReviewDateTime=\"2031-01-01T00:00:00Z\" ", 1)
            .replace("</ConfidentialityInformation>", "</ConfidentialityInformation><CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime>")
    };
    for (name, verdict) in [
        // The attribute is called `URL`, which the schema has not; ISAF and RESOLUTE SUPPORT ended and are not in the policy.
        ("nato-4774-17-1", Err(Reason::LabelMalformed)),
        ("nato-4774-17-2", Ok("NATO UNCLASSIFIED")),
        ("nato-4774-17-3", Ok("NATO UNCLASSIFIED")),
        ("nato-4774-17-4", Ok("NATO RESTRICTED")),
        // ISAF again.
        ("nato-4774-17-5", Err(Reason::LabelCategoryUnknown)),
        ("nato-4774-17-6", Ok("NATO CONFIDENTIAL")),
    ] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.nato"))).unwrap();
        assert!(detached(&LATTICE, &text).is_err(), "{name} has no creation time");
        let found =
            detached(&LATTICE, &dated(&text)).map(|label| LATTICE.view(&label)).map(|view| format!("{} {}", view.policy, view.classification));
        println!("{name}: {found:?}");
        assert_eq!(found.map_err(|refusal| refusal.reason), verdict.map(str::to_owned), "{name}");
    }
}

/// Valid banners of the Register that the rule set refuses, each with the reason why it does.
const REFUSED_THOUGH_VALID: [(&str, Reason); 11] = [
    // Compartments and unpublished control systems: names that the rule set does not list can be held by nobody, and are not guessed.
    ("TOP SECRET//SI-ABC-DEF//ORCON/NOFORN", Reason::LabelCategoryUnknown),
    ("TOP SECRET//SI-G ABCD EFGH-XYZ//ORCON/NOFORN", Reason::LabelCategoryUnknown),
    ("TOP SECRET//AUNPUB/SI/TALENT KEYHOLE/XUNPUB//NOFORN", Reason::LabelCategoryUnknown),
    ("TOP SECRET//ANB/SI/TK/XNB//NOFORN", Reason::LabelCategoryUnknown),
    ("TOP SECRET//HCS-P JJJ-P DDDD//ORCON/NOFORN", Reason::LabelCategoryUnknown),
    ("TOP SECRET//HCS-P/LMN//SPECIAL ACCESS REQUIRED-BUTTER POPCORN//NOT RELEASABLE TO FOREIGN NATIONALS", Reason::LabelCategoryUnknown),
    ("TOP SECRET//HCS-P/LMN//SAR-BP//NOFORN", Reason::LabelCategoryUnknown),
    // Special access programmes that the rule set does not list.
    ("TOP SECRET//SAR-BUTTER POPCORN-123/CANDY APPLE-XYZ YYY//NOFORN", Reason::LabelCategoryUnknown),
    ("TOP SECRET//SAR-BP-123/CA-XYZ YYY//NOFORN", Reason::LabelCategoryUnknown),
    // A foreign product as a whole is read from its owner only.
    ("//DEU SECRET//REL TO USA, DEU", Reason::LabelPolicyUnknown),
    // A US control behind a NATO marking: the NATO policy has no such value.
    ("//NATO SECRET//ATOMAL//ORCON", Reason::LabelCategoryUnknown),
];

#[test]
fn the_public_us_banners_come_out_as_their_table_says_but_for_what_is_argued() {
    let Some(table) = shared("labels/us-ic/banner-portion-vectors.tsv") else { return };
    let usa = LATTICE.policy("USA").unwrap();
    let mut idle: BTreeSet<&str> = REFUSED_THOUGH_VALID.iter().map(|(banner, _)| *banner).collect();
    let mut count = 0;
    for row in std::fs::read_to_string(table).unwrap().lines().filter(|row| !row.starts_with('#')) {
        let mut columns = row.split('\t');
        let (line, kind) = (columns.next().unwrap(), columns.nth(1).unwrap());
        let verdict = banner::read(&LATTICE, usa, line).and_then(|label| LATTICE.check(&label, now()));
        let verdict = verdict.map_err(|refusal| refusal.reason);
        println!("{line}: {verdict:?}");
        match REFUSED_THOUGH_VALID.iter().find(|(banner, _)| *banner == line) {
            Some((_, reason)) => assert_eq!((verdict, kind), (Err(*reason), "valid"), "{row}"),
            None => assert_eq!(verdict.is_ok(), kind == "valid", "{row}: {verdict:?}"),
        }
        idle.remove(line);
        count += 1;
    }
    assert_eq!((count, idle), (47, BTreeSet::new()));
}

/// A message with a label in `detail`, and what it is read as.
fn labelled(body: &[u8]) -> Result<(Label, Vec<u8>), Refusal> {
    let header = Header {
        id: MessageId::from_parts(1, [0; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new("usa-ops").unwrap()],
        media_type: "application/cot+xml".into(),
        traffic: Traffic::Operation,
        sent: now(),
        label: None,
    };
    let mut budget = Budget::for_body(body.len());
    let parsed = format::parse(Received::new(&header, body).unwrap(), &mut budget)?;
    let reading = Reading { scheme: LATTICE.policy("GBR").unwrap(), binding: Binding::Unbound };
    let written = rebuild::bytes(parsed.tree(), &Edits::default(), Syntax::Xml)?;
    let labelled = label::verify(parsed, &LATTICE, &reading, now(), &mut budget)?;
    Ok((labelled.label().clone(), written))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn a_4774_label_is_the_same_after_the_message_was_written_anew(bytes in proptest::collection::vec(any::<u8>(), 2..9)) {
        let label = laws::label(&LATTICE, &bytes).unwrap();
        prop_assume!(LATTICE.check(&label, now()).is_ok());
        let body = format!(
            "<event version=\"2.0\" uid=\"GBR-1\" type=\"a-f-G\" how=\"m-g\" time=\"2026-06-01T12:00:00Z\" start=\"2026-06-01T12:00:00Z\" \
             stale=\"2026-06-01T12:05:00Z\"><point lat=\"1\" lon=\"2\" hae=\"3\" ce=\"4\" le=\"5\"/><detail>{}</detail></event>",
            stanag(&LATTICE, &label)
        );
        let (first, written) = labelled(body.as_bytes()).unwrap();
        prop_assert!(first.says_the_same(&label));
        let (again, rewritten) = labelled(&written).unwrap();
        prop_assert_eq!(&first, &again, "the label, its originator or its date changed");
        prop_assert_eq!(written, rewritten);
    }
}

/// Every label of one value, beside none: written as Cursor-on-Target's attributes, it is read as what it was.
#[test]
fn a_label_that_fits_cots_attributes_is_read_from_them_as_it_was() {
    let mut same = 0;
    for (at, policy) in LATTICE.policies().iter().enumerate() {
        let small = |number: usize| u8::try_from(number).unwrap();
        let picks = policy.tags.iter().enumerate().flat_map(|(tag, data)| (0..data.values.len()).map(move |value| (tag, value)));
        for (level, (tag, value)) in (0..policy.levels.len()).flat_map(|level| picks.clone().map(move |pick| (level, pick))) {
            let label = laws::label(&LATTICE, &[small(at), small(level), small(tag), small(value)]).unwrap();
            let name = policy.tags[tag].values[value].name.as_str();
            let released = policy.release.is_some_and(|release| release.index() == tag);
            let (caveat, releasable_to) = if released { (None, Some(name)) } else { (Some(name), None) };
            let triple = cot::Triple { access: Some(&policy.levels[level].name), caveat, releasable_to };
            match cot::read(&LATTICE, LATTICE.policy(&policy.name).unwrap(), triple) {
                Ok(Some(found)) => {
                    assert!(found.says_the_same(&label), "{:?} is not {:?}", LATTICE.view(&found), LATTICE.view(&label));
                    same += 1;
                }
                // A name of two places, or of a list that is not the release list, has no place in these attributes.
                Err(refusal) => assert_eq!(refusal.reason, Reason::LabelCategoryUnknown, "{name}"),
                Ok(None) => panic!("{name} says nothing"),
            }
        }
    }
    assert!(same > 500, "{same} labels were read as they were");
}
