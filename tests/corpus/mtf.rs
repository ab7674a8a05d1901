//! Formatted messages that others wrote: test messages of a converter, with the leaves that it expects, and messages of a navy.
//!
//! The tables say what is read and what is refused, by code. The converter and the navy's circuits took all of them; why we do not:
//!
//! - `malformed.slash.column`: cells stand beside their titles, mostly one short of them. People read columns, programs read `/`.
//! - `malformed.slash.character`: `_` and lower case in formatted text; bytes of other code pages, tabs and zeros anywhere.
//! - `malformed.slash.line`: lines of 70 to 116 columns in formatted text, more than 80 in administrative.
//! - `malformed.slash.end`: addresses of the web in text, and sets without `//`, after which two readers find two messages.
//! - `malformed.slash.hidden`: the set before has no `//`, or the text quotes a set.
//! - `malformed.slash.set`: paragraphs that stand behind the `//` of their set.
//! - `malformed.slash.trailing`: an ending of a circuit without its header.
//! - `invalid.mtf.header`: no `BT`, no `FM`, `ATTENTION INVITED TO`, a second header, copies of addressees in front of the first line.
//! - `invalid.mtf.ending`: no `BT`, or `BT` behind other words; another number than the routing line has.
//! - `invalid.mtf.classification_text`: no classification in the first line, or a marking only below the ending.
//! - `invalid.mtf.msgid`, `format.unrecognised`: no MSGID: the message is not formatted.

use std::collections::BTreeMap;
use std::path::Path;

use vestibule::format::laws;
use vestibule::normal::{Kind, NodeId, Tree};

use super::MTF;
use crate::samples::{Sample, files, read, shared, write};

/// The files of a folder that are messages: not what is said of them, nor what a converter made of them.
fn messages(folder: &Path) -> Vec<Sample> {
    let said = |path: &Path| path.extension().is_none_or(|ending| ending == "md" || ending == "xml");
    files(folder, &[]).into_iter().filter(|(path, _)| !said(path)).collect()
}

/// How many files of a folder are read, and how many refused by code; every file keeps the laws.
fn survey(folder: &str) -> Option<BTreeMap<String, usize>> {
    let mut table: BTreeMap<String, usize> = BTreeMap::new();
    for (path, body) in messages(&shared(folder)?) {
        laws::all(MTF.format(), &body, write).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
        let row = read(&body).map_or_else(|refusal| refusal.reason.code().to_owned(), |_| "read".to_owned());
        *table.entry(row).or_default() += 1;
    }
    Some(table)
}

fn assert_table(folder: &str, expected: &[(&str, usize)]) {
    let Some(table) = survey(folder) else { return };
    let found: Vec<(&str, usize)> = table.iter().map(|(code, count)| (code.as_str(), *count)).collect();
    assert_eq!(found, expected, "{folder}");
}

#[test]
fn test_messages_of_a_converter_are_read_or_refused_by_a_listed_code() {
    assert_table("adatp3", &[("malformed.slash.character", 5), ("malformed.slash.column", 30), ("malformed.slash.line", 11), ("read", 109)]);
}

#[test]
fn messages_of_a_navy_are_read_or_refused_by_a_listed_code() {
    assert_table(
        "usmtf-navadmin",
        &[
            ("format.unrecognised", 26),
            ("invalid.mtf.classification_text", 12),
            ("invalid.mtf.ending", 12),
            ("invalid.mtf.header", 24),
            ("invalid.mtf.msgid", 1),
            ("malformed.slash.character", 7),
            ("malformed.slash.end", 18),
            ("malformed.slash.hidden", 7),
            ("malformed.slash.line", 2),
            ("malformed.slash.set", 6),
            ("malformed.slash.trailing", 2),
            ("read", 43),
        ],
    );
}

#[test]
fn hostile_messages_are_refused() {
    let codes = [("malformed.slash.end", 1), ("malformed.slash.field", 1), ("malformed.slash.hidden", 1), ("malformed.slash.line", 1), ("read", 1)];
    assert_table("probes/adatp3", &codes);
}

/// Letters and digits only: the converter splits fields into parts, drops what stands between them, and trims.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Sets of one id in a row as one: the converter makes a set of each row of a columnar set.
fn merged(sets: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for (id, words) in sets {
        match all.last_mut().filter(|(last, _)| *last == id) {
            Some((_, own)) => own.push_str(&words),
            None => all.push((id, words)),
        }
    }
    all
}

/// The sets of the expected document, in order: the id and the text of all leaves. Elements without `set-id` are groups.
fn expected(text: &str) -> Vec<(String, String)> {
    let document = roxmltree::Document::parse(text).unwrap();
    let sets = document.descendants().filter(|node| node.has_attribute("set-id"));
    let leaves = |set: roxmltree::Node<'_, '_>| -> String {
        set.descendants().filter(|node| node.is_text()).map(|node| plain(node.text().unwrap())).collect()
    };
    merged(sets.map(|set| (set.attribute("set-id").unwrap().to_uppercase(), leaves(set))))
}

fn ours(tree: &Tree<'_>) -> Vec<(String, String)> {
    let (text, _) = tree.element(NodeId::ROOT, "text").unwrap();
    let words = |set: NodeId| -> String {
        let titles: Vec<NodeId> = tree.elements(set).filter(|(_, node)| node.name == "title").map(|(id, _)| id).collect();
        let in_title = |id: NodeId| tree.parent(id).is_some_and(|parent| titles.contains(&parent));
        tree.subtree(set).filter(|(id, node)| node.kind == Kind::Text && !in_title(*id)).map(|(_, node)| plain(&node.value.text())).collect()
    };
    merged(tree.elements(text).map(|(id, node)| (node.name.to_string(), words(id))))
}

#[test]
fn leaves_stand_in_the_order_that_the_converter_expects() {
    let Some(folder) = shared("adatp3") else { return };
    let (mut compared, mut sets, mut other) = (0, 0, Vec::new());
    for bodies in ["bl11", "bl12"] {
        for (path, body) in messages(&folder.join(bodies)) {
            let document = folder.join(format!("expected-xml-{bodies}")).join(path.file_stem().unwrap()).with_extension("xml");
            let Ok(text) = std::fs::read_to_string(&document) else { continue };
            let Ok(tree) = read(&body) else { continue };
            compared += 1;
            let (theirs, own) = (expected(&text), ours(&tree));
            let mut left = own.as_slice();
            for (id, words) in &theirs {
                // What the converter does not know, it leaves out; what it has, we have in the same order.
                match left.iter().position(|(name, own)| name == id && own == words) {
                    Some(at) => {
                        sets += 1;
                        left = &left[at + 1..];
                    }
                    None => other.push(format!("{}: {id} {words}", path.display())),
                }
            }
        }
    }
    println!("{compared} documents, {sets} sets with the same leaves, {} others", other.len());
    assert!(compared >= 18 && sets >= 400 && other.is_empty(), "{}", other.join("\n"));
}
