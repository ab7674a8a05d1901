//! OTH-Gold as public projects keep it for their tests, and hostile probes.

use std::collections::BTreeMap;

use vestibule::format::laws;

use crate::oth::OTH;
use crate::samples::{files, read, shared, write};

/// What an outside tool takes and we refuse, by file: the code and why.
const REFUSED: [(&str, &str, &str); 3] = [
    ("contactreport3.mtf", "invalid.oth.time", "one line of bearing has a time without its day, so that nobody can tell which day is meant"),
    ("test.xml", "format.unrecognised", "the outside tool's output, in XML"),
    ("SOURCES.md", "format.unrecognised", "the list of sources"),
];

#[test]
fn every_shared_message_is_read_or_refused_for_a_stated_reason() {
    let Some(folder) = shared("oth-gold") else { return };
    let mut spread: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, body) in files(&folder, &[]) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        laws::all(OTH.format(), &body, write).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        let code = read(&body).map_or_else(|refusal| refusal.reason.code(), |_| "read");
        let listed = REFUSED.iter().find(|(refused, _, _)| *refused == name).map_or("read", |(_, code, _)| code);
        assert_eq!(code, listed, "{name}");
        *spread.entry(code).or_default() += 1;
    }
    println!("{spread:?}");
}

#[test]
fn every_law_holds_for_every_byte_of_the_shared_messages() {
    let Some(folder) = shared("oth-gold") else { return };
    for (path, body) in files(&folder, &[]).into_iter().filter(|(_, body)| read(body).is_ok()) {
        laws::every_byte_counts(OTH.format(), &body).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
    }
}

#[test]
fn the_message_with_the_time_without_day_is_read_once_the_day_is_there() {
    let Some(folder) = shared("oth-gold") else { return };
    let body = std::fs::read_to_string(folder.join("contactreport3.mtf")).unwrap().replace("LOB/0503Z8/", "LOB/130503Z2/");
    read(body.as_bytes()).unwrap();
    laws::all(OTH.format(), body.as_bytes(), write).unwrap();
}

#[test]
fn probes_are_refused_with_the_code_of_what_they_probe() {
    let Some(folder) = shared("probes/oth-gold") else { return };
    let codes: BTreeMap<String, &str> = files(&folder, &[])
        .into_iter()
        .map(|(path, body)| {
            let code = read(&body).map_or_else(|refusal| refusal.reason.code(), |_| "read");
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), code)
        })
        .collect();
    let expected = [("bad-check-digit", "invalid.oth.check"), ("set-inside-narr", "invalid.oth.free_text")];
    assert_eq!(codes, expected.iter().map(|(name, code)| ((*name).to_owned(), *code)).collect());
}

#[test]
fn messages_of_other_formats_are_not_claimed() {
    for folder in ["adatp3", "usmtf-navadmin", "cot", "misp", "stix", "probes/adatp3", "envelope-payload", "mil-std-2045"] {
        let Some(folder) = shared(folder) else { continue };
        for (path, body) in files(&folder, &[]) {
            assert!(!(OTH.format().claims)(&body), "{}", path.display());
        }
    }
}

/// The outside tool's XML names every field of `contactreport3.mtf`: its leaves, in order, are what we write.
#[test]
fn the_outside_tool_finds_the_same_fields_in_the_same_order() {
    let Some(folder) = shared("oth-gold") else { return };
    let xml = std::fs::read_to_string(folder.join("test.xml")).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let leaf = |node: &roxmltree::Node<'_, '_>| node.is_element() && !node.children().any(|child| child.is_element());
    let theirs: Vec<String> = document.descendants().filter(leaf).filter_map(|node| node.text()).map(plain).filter(|text| !text.is_empty()).collect();
    let body = std::fs::read_to_string(folder.join("contactreport3.mtf")).unwrap().replace("LOB/0503Z8/", "LOB/130503Z2/");
    let written = String::from_utf8(write(&read(body.as_bytes()).unwrap(), vestibule::format::Syntax::Oth).unwrap()).unwrap();
    let ours: Vec<String> =
        written.replace("\n/", "/").lines().flat_map(|line| line.split('/').skip(1)).map(plain).filter(|text| !text.is_empty()).collect();
    // The day that is missing, and the meridian, which has no west.
    let repaired = |text: String| match text.as_str() {
        "503Z8" => "130503Z2".to_owned(),
        "W0" => "E0".to_owned(),
        _ => text,
    };
    let theirs: Vec<String> = theirs.into_iter().map(repaired).collect();
    assert_eq!(ours, theirs);
    println!("{} fields agree", ours.len());
}

/// A field without what one spelling leaves away: zeros in front, white space of the XML.
fn plain(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim_start_matches('0').to_owned()
}
