//! Formatted messages: samples of ours, samples of others, laws, generated messages.

#[path = "../corpus/mtf.rs"]
mod corpus;
mod generated;

use std::collections::BTreeSet;

use vestibule::base::{Reason, Traffic};
use vestibule::format::Syntax;
use vestibule::normal::{Change, Edit, Edits, Kind, NodeId, PathPattern, Tree, Value};

use crate::samples::{Placed, Samples, read, write};

const MTF: Samples = Samples::of("mtf");

fn at(tree: &Tree<'_>, path: &str) -> Option<NodeId> {
    tree.all().find(|(id, _)| tree.path(*id) == path).map(|(id, _)| id)
}

fn text(tree: &Tree<'_>, path: &str) -> String {
    let id = at(tree, path).unwrap_or_else(|| panic!("no {path}"));
    let node = tree.node(id);
    match node.kind {
        Kind::Element => tree.children(id).filter(|(_, node)| node.kind == Kind::Text).map(|(_, node)| node.value.text().into_owned()).collect(),
        _ => node.value.text().into_owned(),
    }
}

#[test]
fn accepted_samples_are_read_and_keep_every_law() {
    MTF.accepted_keep_every_law(8);
}

#[test]
fn every_byte_of_an_accepted_sample_counts() {
    MTF.every_byte_counts(|_, _| true);
}

#[test]
fn rejected_samples_are_refused_with_the_code_of_their_folder_and_a_place() {
    MTF.rejected_are_refused(Placed::Always);
    MTF.every_code_has_a_sample(&["malformed.slash.", "invalid.mtf."]);
}

#[test]
fn sets_fields_columns_and_free_text_stand_at_their_paths() {
    let body = MTF.named("intelligence-report");
    let tree = read(&body).unwrap();
    assert_eq!(text(&tree, "/mtf/text/@classification"), "NATO SECRET");
    assert_eq!(text(&tree, "/mtf/text/sic"), "SIC ABC");
    assert_eq!(text(&tree, "/mtf/text/MSGID/field[2]"), "CJTF NORTH");
    assert_eq!(text(&tree, "/mtf/text/REF/field[2]"), "INTSUM");
    assert_eq!(text(&tree, "/mtf/text/AKNLDG/field[2]/@descriptor"), "INST");
    assert_eq!(text(&tree, "/mtf/text/AKNLDG/field[2]"), "ALL");
    assert_eq!(text(&tree, "/mtf/text/GENTEXT/subject"), "SITUATION");
    assert!(text(&tree, "/mtf/text/GENTEXT/paragraph").ends_with("FOUR WHEELED.\n\nTHE SECOND WAS NOT COUNTED"));
    let facts = (MTF.format().facts)(&tree);
    assert_eq!((&*facts.kind, facts.traffic, &*facts.subject), ("INTREP", Some(Traffic::Exercise), "CJTF NORTH"));

    let body = MTF.named("columns");
    let tree = read(&body).unwrap();
    assert_eq!(text(&tree, "/mtf/text/1FWPNS/title[2]"), "TITLE");
    assert_eq!(text(&tree, "/mtf/text/1FWPNS/row[1]/cell[3]"), "1500");
    assert_eq!(text(&tree, "/mtf/text/2POL/row[1]/cell[2]/@descriptor"), "AC");
    assert_eq!((MTF.format().facts)(&tree).traffic, Some(Traffic::Operation));
}

#[test]
fn the_header_of_a_circuit_stands_at_its_paths_and_marks_in_four_places() {
    let body = MTF.named("routing-header");
    let tree = read(&body).unwrap();
    for (path, expected) in [
        ("/mtf/header/transmission", "VZCZCABC123"),
        ("/mtf/header/routing/@precedence", "P"),
        ("/mtf/header/routing/@station", "RAABBCC"),
        ("/mtf/header/routing/to[2]", "RGGHHII"),
        ("/mtf/header/security/@classification", "S"),
        ("/mtf/header/time/@info", "R"),
        ("/mtf/header/time/@dtg", "021200Z MAR 26"),
        ("/mtf/header/to[2]", "CTG NORTH TWO//N3/N2//"),
        ("/mtf/header/exempt", "CTG NORTH NINE"),
        ("/mtf/text/@classification", "NATO SECRET"),
        ("/mtf/text/GENTEXT/paragraph", "FIRST PARAGRAPH.\nSECOND PARAGRAPH"),
    ] {
        assert_eq!(text(&tree, path), expected, "{path}");
    }
    let places: Vec<_> = (MTF.format().markings)(&tree).into_iter().flat_map(|marking| marking.nodes(&tree)).map(|id| tree.path(id)).collect();
    assert_eq!(places, ["/mtf/header/routing/@classification", "/mtf/header/security/@classification", "/mtf/text/@classification"]);
}

#[test]
fn paragraphs_with_marks_are_parts_of_their_own() {
    let body = MTF.named("portions");
    let tree = read(&body).unwrap();
    let parts: Vec<_> = (MTF.format().portions)(&tree).into_iter().map(|part| tree.path(part.node)).collect();
    let paragraph = |at: u8| format!("/mtf/text/GENTEXT/paragraph[{at}]");
    assert_eq!(parts, [paragraph(1), paragraph(2), paragraph(3), paragraph(4), "/mtf/text/RMKS".to_owned()]);
    assert_eq!(text(&tree, "/mtf/text/GENTEXT/paragraph[3]/@number"), "A.");
    assert_eq!(text(&tree, "/mtf/text/GENTEXT/paragraph[3]"), "ITS FUEL IS LOW.\n\nIT WAITS");
}

#[test]
fn a_header_is_written_in_one_way_with_its_ending() {
    let body = MTF.named("routing-header");
    let written = String::from_utf8(write(&read(&body).unwrap(), Syntax::Slash).unwrap()).unwrap();
    assert!(written.starts_with("VZCZCABC123\nPTTSZYUW RAABBCC0012 0611200-SSSS--RDDEEFF RGGHHII.\nDE RAABBCC 0012\nZNY SSSSS ZUI"));
    assert!(written.contains("\nBT\nNATO SECRET\nSIC ABC/DEF\nOPER/QUIET HARBOUR//\n"));
    assert!(written.ends_with("SECOND PARAGRAPH//\nBT\n#0012\nNNNN\n"));
    let body = MTF.named("newer-header");
    let written = String::from_utf8(write(&read(&body).unwrap(), Syntax::Slash).unwrap()).unwrap();
    assert!(written.starts_with("UNCLASSIFIED//\nR 272040Z JAN 26 MID200080600123U\nFM CHIEF OF HARBOURS\n"));
    assert!(written.contains("BT\nUNCLAS\nNAVADMIN 285/26\n") && written.ends_with("BT\n#0001\nNNNN\n"));
}

#[test]
fn a_removed_paragraph_leaves_the_rest_and_a_replacement_cannot_end_a_set() {
    let body = MTF.named("portions");
    let tree = read(&body).unwrap();
    let edited = |path: &str, change: Change| {
        let mut edits = Edits::default();
        edits.add(Edit { node: at(&tree, path).unwrap(), path: path.into(), action: "remove", rule: "test".into(), change });
        vestibule::rebuild::bytes(&tree, &edits, Syntax::Slash).map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let out = edited("/mtf/text/GENTEXT/paragraph[2]", Change::Remove).unwrap();
    assert!(out.contains("GENTEXT/SITUATION/1. (NU) THE WEATHER IS GOOD.\nA. (NC) ITS FUEL IS LOW.\n"), "{out}");
    let out = edited("/mtf/text/RMKS", Change::Remove).unwrap();
    assert!(!out.contains("RMKS"));
    for bad in ["A//B", "A\tB", "É", ""] {
        let node = tree.all().find(|(id, node)| node.kind == Kind::Text && tree.path(*id) == "/mtf/text/RMKS/paragraph").unwrap().0;
        let mut edits = Edits::default();
        edits.add(Edit {
            node,
            path: tree.path(node),
            action: "replace",
            rule: "test".into(),
            change: Change::Replace(Value::Text(bad.to_owned().into())),
        });
        assert_eq!(vestibule::rebuild::bytes(&tree, &edits, Syntax::Slash).unwrap_err().reason, Reason::FaultInternal, "{bad:?}");
    }
}

#[test]
fn long_sets_are_broken_before_a_field_and_lines_keep_their_width() {
    let body = MTF.named("continued-lines");
    let written = String::from_utf8(write(&read(&body).unwrap(), Syntax::Slash).unwrap()).unwrap();
    assert!(written.lines().all(|line| line.len() <= 69), "{written}");
    assert!(written.contains("/ABN/-/2BDE/A\n/SECOND FIELD ON ITS LINE//\n"), "{written}");
}

#[test]
fn what_a_message_needs_is_required() {
    let body = MTF.named("routing-header");
    let tree = read(&body).unwrap();
    let required: BTreeSet<String> =
        MTF.format().required.iter().flat_map(|path| PathPattern::parse(path).unwrap().select(&tree)).map(|id| tree.path(id)).collect();
    for path in ["/mtf/text/MSGID", "/mtf/text/MSGID/field[1]", "/mtf/text/GENTEXT/subject", "/mtf/header/time/@dtg", "/mtf/header/routing/@number"] {
        assert!(required.contains(path), "{path}");
    }
    assert!(!required.contains("/mtf/text/GENTEXT"));
}
