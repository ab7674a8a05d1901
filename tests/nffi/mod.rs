//! NFFI: samples of ours, laws, and xmllint with a schema of ours as an outside judge.

mod halves;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use vestibule::base::Reason;
use vestibule::format::{Syntax, laws};
use vestibule::normal::{Kind, Marking, NodeId, Unit, Value};

use crate::samples::{Placed, Samples, code_of, read, write};

const NAMESPACE: &str = "urn:nato:fft:protocols:nffi13";

const NFFI: Samples = Samples::of("nffi");

#[test]
fn accepted_samples_are_read_and_keep_every_law() {
    NFFI.accepted_keep_every_law(8);
}

#[test]
fn every_byte_of_an_accepted_sample_counts() {
    NFFI.every_byte_counts(|_, _| true);
}

#[test]
fn rejected_samples_are_refused_with_the_code_of_their_folder_and_a_place() {
    NFFI.rejected_are_refused(Placed::OnceClaimed);
}

#[test]
fn every_code_of_the_reader_has_a_sample() {
    NFFI.every_code_has_a_sample(&["invalid.nffi."]);
}

#[test]
fn what_the_format_requires_is_what_the_reader_misses() {
    let text = String::from_utf8(NFFI.named("one-level")).unwrap();
    for path in NFFI.format().required {
        let name = path.rsplit('/').next().unwrap();
        let start = text.find(&format!("<{name}")).unwrap();
        let end = text.find(&format!("</{name}>")).unwrap() + name.len() + 3;
        let cut = format!("{}{}", &text[..start], &text[end..]);
        assert_eq!(read(cut.as_bytes()).unwrap_err().reason, Reason::InvalidNffiMissing, "{path}");
    }
}

#[test]
fn fields_have_types_units_and_canonical_values() {
    let body = NFFI.named("every-element");
    let tree = read(&body).unwrap();
    let value = |path: &str| {
        let (id, _) = tree.all().find(|(id, node)| node.kind != Kind::Element && tree.path(*id) == path).unwrap_or_else(|| panic!("{path}"));
        tree.node(id).value.clone()
    };
    let number = |path: &str| match value(path) {
        Value::Number(number, unit) => (number.to_string(), unit),
        other => panic!("{path} {other:?}"),
    };
    let place = "/NFFIMessage/track/positionalData/coordinates";
    assert_eq!(number(&format!("{place}/latitude")), ("-33.85".into(), Unit::Latitude));
    assert_eq!(number(&format!("{place}/latitude/@accuracy")), ("12.5".into(), Unit::Metres));
    assert_eq!(number(&format!("{place}/longitude")), ("180".into(), Unit::Longitude));
    assert_eq!(number("/NFFIMessage/track/positionalData/speed"), ("37.08".into(), Unit::KilometresPerHour));
    assert_eq!(number("/NFFIMessage/track/operStatusData/strength"), ("118".into(), Unit::One));
    assert_eq!(value("/NFFIMessage/track/deviceSpecificData/alert"), Value::Flag(false));
    assert_eq!(value("/NFFIMessage/track/deviceSpecificData/remarks[2]").text(), "second <of four>");
    let written = String::from_utf8(write(&tree, Syntax::Xml).unwrap()).unwrap();
    let head =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<nffi:NFFIMessage xmlns:nffi=\"{NAMESPACE}\"><nffi:track><nffi:positionalData sec");
    assert!(written.starts_with(&head) && written.ends_with("</nffi:track></nffi:NFFIMessage>"), "{written}");
}

#[test]
fn every_track_and_every_further_section_is_a_part_with_the_label_that_stands_on_it() {
    let body = NFFI.named("sections-of-several-levels");
    let tree = read(&body).unwrap();
    let said = |marking: &Marking| match marking {
        Marking::Named { policy, classification, category } => {
            assert_eq!(tree.node(*policy).value.text(), "NATO");
            assert_eq!(*category, None);
            tree.node(*classification).value.text().into_owned()
        }
        other => panic!("{other:?}"),
    };
    let parts = (NFFI.format().portions)(&tree);
    let found: Vec<_> = parts.iter().map(|part| (tree.path(part.node), part.markings.iter().map(said).collect::<Vec<_>>().join(" "))).collect();
    let expected = [
        ("/NFFIMessage/track[1]", "RESTRICTED"),
        ("/NFFIMessage/track[1]/identificationData", "SECRET"),
        ("/NFFIMessage/track[1]/operStatusData", "SECRET"),
        ("/NFFIMessage/track[2]", "SECRET"),
        ("/NFFIMessage/track[2]/identificationData", "SECRET"),
    ];
    assert_eq!(found, expected.map(|(path, label)| (path.to_owned(), label.to_owned())));
    assert!((NFFI.format().markings)(&tree).is_empty());
    let unlabelled = NFFI.named("unlabelled-sections");
    let tree = read(&unlabelled).unwrap();
    assert!((NFFI.format().portions)(&tree).iter().all(|part| part.markings.is_empty()));
    assert_eq!((NFFI.format().portions)(&tree).len(), 3);
}

#[test]
fn a_message_is_about_its_one_track_or_about_none() {
    let facts = |name: &str| {
        let body = NFFI.named(name);
        let tree = read(&body).unwrap();
        let facts = (NFFI.format().facts)(&tree);
        (facts.kind.into_owned(), facts.subject.into_owned())
    };
    assert_eq!(facts("every-element"), ("track".into(), "0x8F-12 & co".into()));
    assert_eq!(facts("unlabelled-sections"), ("track".into(), String::new()));
    assert_eq!(facts("no-track"), ("track".into(), String::new()));
}

/// What the schema allows and we refuse, each with its reason.
const STRICTER: &[(&str, &str)] = &[
    ("invalid.nffi.character/bidirectional-transponder.xml", "a schema of strings lets hidden characters pass"),
    ("invalid.nffi.character/zero-width-classification.xml", "a schema of strings lets hidden characters pass"),
    ("invalid.nffi.label/category-alone.xml", "the schema calls each part of a label optional"),
    ("invalid.nffi.label/classification-without-policy.xml", "the schema calls each part of a label optional"),
    ("invalid.nffi.label/one-section-without.xml", "the schema does not compare sections"),
    ("invalid.nffi.label/ism-on-one-section.xml", "the schema does not compare sections"),
    ("invalid.nffi.label/one-track-without.xml", "the schema does not compare tracks"),
    ("invalid.nffi.label/policy-without-classification.xml", "the schema calls each part of a label optional"),
    ("invalid.nffi.missing/blank-value.xml", "white space alone carries no field"),
    ("invalid.nffi.missing/empty-value.xml", "the schema we have does not say how long the name of a system is; an empty one names none"),
    ("invalid.nffi.number/exponent.xml", "xs:double has many spellings of one number"),
    ("invalid.nffi.number/space-before.xml", "xs:double has many spellings of one number"),
    ("invalid.nffi.text/text-beside-elements.xml", "what `detailData` holds is skipped by the schema"),
    ("invalid.nffi.value/alert-as-a-number.xml", "xs:boolean has two spellings of one value"),
    ("invalid.nffi.value/thirtieth-of-february.xml", "the schema knows no calendar"),
    ("malformed.xml.cdata/in-a-value.xml", "another spelling of text"),
    ("malformed.xml.cdata/in-remarks.xml", "another spelling of text"),
    ("malformed.xml.comment/in-a-value.xml", "comments can split words"),
    ("malformed.xml.doctype/internal-subset.xml", "entities are another reader's business"),
    ("malformed.xml.instruction/style.xml", "instructions are for other programs"),
    ("malformed.xml.namespace/foreign-detail.xml", "what `detailData` holds is skipped by the schema"),
    ("malformed.xml.namespace/schema-location.xml", "a place to pull from"),
    ("size.depth/detail.xml", "the schema has no depth"),
];

#[test]
fn an_outside_judge_takes_what_we_take_and_what_it_takes_beyond_has_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nffi/nffi13.xsd");
    let samples: Vec<(PathBuf, Vec<u8>)> = NFFI.accepted().into_iter().chain(NFFI.rejected()).collect();
    let run = Command::new("xmllint").args(["--noout", "--nonet", "--schema"]).arg(folder).args(samples.iter().map(|(path, _)| path)).output();
    let run = run.expect("xmllint is missing: install with `apt-get install -y libxml2-utils`");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!said.contains("Schemas parser error"), "{said}");
    let takes = |path: &Path| said.lines().any(|line| line == format!("{} validates", path.display()));
    let (mut both, mut stricter) = (0, BTreeSet::new());
    for (path, body) in &samples {
        match (read(body).is_ok(), takes(path)) {
            (true, true) => both += 1,
            (true, false) => panic!("xmllint refuses what we read: {}\n{said}", path.display()),
            (false, true) => {
                stricter.insert(format!("{}/{}", code_of(path), path.file_name().unwrap().to_str().unwrap()));
            }
            (false, false) => {}
        }
    }
    assert!(both >= 8, "{both}");
    let listed: BTreeSet<String> = STRICTER.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(stricter, listed, "each refusal that a schema does not share has its reason");
}

/// One of the values, or none.
fn perhaps(values: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    prop_oneof![1 => Just(String::new()), 2 => values].boxed()
}

fn label() -> impl Strategy<Value = String> {
    ("[A-Z]{1,8}", "[A-Z ]{1,30}", perhaps("[A-Z, ]{0,40}".prop_map(|text| format!(" secCategory=\"{text}\""))))
        .prop_map(|(policy, level, category)| format!(" secPolicyName=\"{policy}\" secClassification=\"{level}\"{category}"))
}

/// Any track that the table allows; `labelled` decides for the whole message.
fn track(labelled: bool) -> impl Strategy<Value = String> {
    let sec = move || if labelled { label().boxed() } else { Just(String::new()).boxed() };
    let field = |name: &'static str, value: &'static str| perhaps(value.prop_map(move |text| format!("<{name}>{text}</{name}>")));
    let name = "[A-Za-z0-9 ._/-]{0,10}[A-Za-z0-9]";
    let place = (
        -90.0..=90.0_f64,
        -179.4..=180.0_f64,
        0..9_usize,
        perhaps(
            "[0-9]{1,2}\\.[0-9]{1,3}"
                .prop_map(|n| n.trim_start_matches('0').to_owned())
                .prop_filter_map("a number", |n| n.starts_with(|c: char| c.is_ascii_digit()).then(|| format!(" accuracy=\"{n}\""))),
        ),
    );
    let position = (
        sec(),
        perhaps("[A-Z]{3}".prop_map(|c| format!("<country>{c}</country>"))),
        name,
        field("subsystem", name),
        name,
        place,
        field("bearing", "[1-9][0-9]?(\\.[0-9]{1,4})?"),
        field("speed", "[1-9][0-9]{0,2}"),
    );
    let position = position.prop_map(|(sec, country, system, subsystem, id, (lat, lon, digits, accuracy), bearing, speed)| {
        let source = format!("<trackSource><sourceSystem>{country}<system>{system}</system>{subsystem}</sourceSystem><transponderId>{id}</transponderId></trackSource>");
        let coordinates = format!("<latitude{accuracy}>{lat:.digits$}</latitude> <longitude{accuracy}>{lon:.digits$}</longitude>");
        format!("<positionalData{sec}>{source}<dateTime>20260301120000</dateTime><coordinates>{coordinates}</coordinates>{bearing}{speed}</positionalData>")
    });
    let identification = perhaps((sec(), "[A-Z0-9-]{15}", "[A-Za-z0-9]{1,15}").prop_map(|(sec, symbol, short)| {
        format!("<identificationData{sec}><unitSymbol>{symbol}</unitSymbol><unitShortName>{short}</unitShortName></identificationData>")
    }));
    let device = perhaps(
        (
            sec(),
            field("phoneNumber", "[0-9+ ]{0,12}[0-9]"),
            perhaps("true|false".prop_map(|flag| format!("<alert>{flag}</alert>"))),
            prop::collection::vec("[ -;=?-~é\u{10000}\n]{0,20}[a-z]", 0..4),
        )
            .prop_map(|(sec, phone, alert, remarks)| {
                let remarks: String = remarks.iter().map(|text| format!("<remarks>{}</remarks>", text.replace('&', "&amp;"))).collect();
                format!("<deviceSpecificData{sec}>{phone}{alert}{remarks}</deviceSpecificData>")
            }),
    );
    let detail = perhaps(
        (sec(), "[a-z]{1,6}", "[a-z ]{0,8}")
            .prop_map(|(sec, name, text)| format!("<detailData{sec}><{name} a='1'>{text}</{name}><{name}/></detailData>")),
    );
    (position, identification, device, detail).prop_map(|(a, b, c, d)| format!("<track>{a}{b}{c}\n{d}</track>"))
}

fn message() -> impl Strategy<Value = String> {
    any::<bool>().prop_flat_map(|labelled| {
        prop::collection::vec(track(labelled), 0..4).prop_map(|tracks| format!("<NFFIMessage xmlns='{NAMESPACE}'>{}</NFFIMessage>", tracks.concat()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_that_the_table_allows_is_read_written_and_read_again(body in message()) {
        let tree = read(body.as_bytes());
        prop_assert!(tree.is_ok(), "{:?}\n{}", tree.unwrap_err(), body);
        prop_assert_eq!(laws::all(NFFI.format(), body.as_bytes(), write), Ok(()));
        let tree = tree.unwrap();
        let tracks = tree.elements(NodeId::ROOT).count();
        let sections: usize = tree.elements(NodeId::ROOT).map(|(track, _)| tree.elements(track).count()).sum();
        prop_assert_eq!((NFFI.format().portions)(&tree).len(), sections, "each track stands for its first section");
        prop_assert_eq!(body.matches("<track>").count(), tracks);
    }

    #[test]
    fn any_splices_of_samples_break_no_law(at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), junk in "[ -~<>&'\"/=!?\u{0}-\u{1f}é]{0,12}", cut in 0..40_usize) {
        let samples = NFFI.accepted();
        let (_, body) = which.get(&samples);
        let from = at.index(body.len());
        let to = (from + cut).min(body.len());
        let spliced = [&body[..from], junk.as_bytes(), &body[to..]].concat();
        prop_assert_eq!(laws::all(NFFI.format(), &spliced, write), Ok(()));
    }
}
