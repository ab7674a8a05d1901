//! A third opinion on the second reader: libxml2, by its command `xmllint`, over documents broken in a thousand ways.
//!
//! What xmllint calls not well-formed, the second reader must refuse. What xmllint takes and the second reader refuses
//! must be refused for a reason that is on the list of this guard's own strictness.
#![expect(clippy::expect_used, reason = "these functions serve tests only")]

use std::collections::BTreeSet;
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::verify::document::{self, edits, event};
use crate::verify::{Case, MARKING};

/// Pieces that break or bend XML, put in at random places.
const PIECES: [&str; 48] = [
    "<",
    ">",
    "&",
    "\"",
    "'",
    "=",
    "/",
    "!",
    "?",
    "-",
    "]",
    ";",
    " ",
    "\n",
    "<!--",
    "-->",
    "<!-- c -->",
    "<!-- a--b -->",
    "<![CDATA[",
    "]]>",
    "<![CDATA[x]]>",
    "<?x?>",
    "<?xml version='1.0'?>",
    "<!DOCTYPE event>",
    "&#0;",
    "&#x10FFFF;",
    "&#x110000;",
    "&#xD800;",
    "&#9;",
    "&lt",
    "&lt;",
    "&nbsp;",
    "&#-1;",
    "\u{1}",
    "\u{7F}",
    "\u{FFFE}",
    "\u{FEFF}",
    "\u{85}",
    "<x/>",
    "</x>",
    "<x>",
    "<1/>",
    "<é/>",
    " a='1' a='2'",
    " xmlns:p='u'",
    "<p:q/>",
    " p:a='1'",
    "é",
];

/// Beginnings of what the second reader expects beyond well-formed XML: its refusals for these are deliberate.
const STRICTER: [&str; 19] = [
    "expected no document type declaration",
    "expected no processing instruction",
    "expected no comment inside text",
    "expected no text here",
    "expected no CDATA section here",
    "expected a declaration of XML 1.0 in UTF-8",
    "expected no byte order mark",
    "expected only",
    "expected one `point`",
    "expected version",
    "expected times",
    "expected start",
    "expected lat",
    "expected a latitude",
    "expected nothing in `point`",
    "expected no text in `detail`",
    "expected contact,",
    "expected a document element `event`",
    "no second reader claims the bytes",
];

#[test]
fn whatever_xmllint_refuses_the_second_reader_refuses() {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]));
    let broken = (document::detail(), any::<u64>(), prop::collection::vec((any::<prop::sample::Index>(), 0..PIECES.len(), 0_usize..3), 0..3));
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    for number in 0..1_500 {
        let (detail, seed, changes) = broken.new_tree(&mut runner).unwrap().current();
        let event = event(&MARKING, detail);
        let fates = document::fates(&event, seed);
        let mut text = String::from_utf8(event.careless(seed)).unwrap();
        for (at, piece, gone) in changes {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let from = at.index(places.len());
            let to = places.get(from + gone).copied().unwrap_or(text.len());
            text.replace_range(places[from]..to, PIECES[piece]);
        }
        std::fs::write(folder.path().join(format!("{number}.xml")), &text).unwrap();
        cases.push((text.clone(), Case::new(text, event.canonical(&fates), edits(&event.places(), &fates))));
    }
    let refused = refused_by_xmllint(folder.path(), cases.len());
    let (mut both, mut ours, mut taken) = (0, 0, 0);
    for (number, (text, case)) in cases.iter().enumerate() {
        let refusal = case.reread().err().filter(|refusal| refusal.reason.code() == "verify.disagreement");
        match (refused.contains(&number), refusal) {
            (true, Some(_)) => both += 1,
            (true, None) => panic!("xmllint refuses what the second reader takes:\n{text}"),
            (false, None) => taken += 1,
            (false, Some(refusal)) => {
                let deliberate = STRICTER.iter().any(|beginning| refusal.detail.starts_with(beginning))
                    || refusal.detail.contains("marking")
                    || refusal.detail.contains("access");
                assert!(deliberate, "xmllint takes what the second reader refuses: {}\n{text}", refusal.detail);
                ours += 1;
            }
        }
    }
    println!("documents: {} refused by both, {ours} refused by the second reader alone, {taken} taken by both", both);
    assert!(both > 200 && taken > 200, "the generator no longer breaks enough, or breaks everything");
}

/// The numbers of the files that xmllint calls not well-formed.
fn refused_by_xmllint(folder: &std::path::Path, count: usize) -> BTreeSet<usize> {
    let names: Vec<String> = (0..count).map(|number| format!("{number}.xml")).collect();
    let run = Command::new("xmllint").arg("--noout").arg("--nonet").args(&names).current_dir(folder).output();
    let run = run.expect("xmllint is missing: install with `apt-get install -y libxml2-utils`");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    let error = |line: &str| {
        let (file, rest) = line.split_once(':')?;
        let (_, what) = rest.split_once(':')?;
        what.contains("error").then(|| file.strip_suffix(".xml")?.parse().ok())?
    };
    said.lines().filter_map(error).collect()
}
