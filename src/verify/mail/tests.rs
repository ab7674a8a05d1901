//! The second reader of mail against the first: the same nodes with the same values, and the same bytes written.

use std::path::{Path, PathBuf};

use crate::base::Budget;
use crate::format;
use crate::normal::{Edits, Kind, Tree};
use crate::rebuild;
use crate::verify::second::{Second, Sort};

fn samples(kind: &str) -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push((path.clone(), std::fs::read(&path).unwrap())) }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/mail/samples").join(kind), &mut found);
    found.sort();
    found
}

fn first(body: &[u8]) -> Result<Tree<'_>, crate::base::Refusal> {
    (format::by_name("mail").unwrap().read)(body, &mut Budget::for_body(body.len()))
}

/// One line for each node, as the two trees are compared.
fn spelt_first(tree: &Tree<'_>) -> Vec<String> {
    tree.all()
        .map(|(id, node)| {
            format!("{:?} {} {} {:?} {}", node.kind, node.namespace, node.name, node.value.text(), tree.parent(id).map_or(0, |p| p.index()))
        })
        .collect()
}

fn spelt_second(tree: &Second<'_>) -> Vec<String> {
    let kind = |sort| match sort {
        Sort::Element => Kind::Element,
        Sort::Attribute => Kind::Attribute,
        Sort::Text => Kind::Text,
    };
    tree.nodes().iter().map(|node| format!("{:?} {} {} {:?} {}", kind(node.sort), node.namespace, node.name, node.value, node.parent)).collect()
}

/// Both halves on one body that the first takes.
pub(super) fn agree(body: &[u8]) -> Result<(), String> {
    let tree = first(body).map_err(|refusal| refusal.to_string())?;
    let second = super::read(body).map_err(|expected| format!("the second reader {expected}"))?;
    let (one, two) = (spelt_first(&tree), spelt_second(&second));
    if let Some((one, two)) = one.iter().zip(&two).find(|(one, two)| one != two) {
        return Err(format!("`{one}` is `{two}` to the second reader"));
    }
    if one.len() != two.len() {
        return Err(format!("{} nodes are {} to the second reader", one.len(), two.len()));
    }
    super::check(&second).map_err(|expected| format!("the second check {expected}"))?;
    let written = rebuild::bytes(&tree, &Edits::default(), format::Syntax::Mail).map_err(|refusal| refusal.to_string())?;
    let again = super::read(&written).map_err(|expected| format!("of the result the second reader {expected}"))?;
    let other = super::write::write(&again).map_err(|expected| format!("the second writer {expected}"))?;
    if written != other {
        return Err(format!("written:\n{}\nby the second:\n{}", String::from_utf8_lossy(&written), String::from_utf8_lossy(&other)));
    }
    Ok(())
}

#[test]
fn both_readers_see_the_same_nodes_in_every_accepted_sample() {
    let all = samples("accept");
    assert!(all.len() >= 12);
    for (path, body) in all {
        agree(&body).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
}

#[test]
fn what_is_hidden_between_lines_and_parts_is_seen_by_the_second_reader_too() {
    for code in [
        "malformed.mail.line_end",
        "malformed.mail.dot",
        "malformed.mail.boundary",
        "malformed.mail.header",
        "malformed.mail.folding",
        "invalid.mail.repeated",
        "invalid.mail.composite",
    ] {
        for (path, body) in samples(&format!("reject/{code}")) {
            assert!(super::read(&body).is_err(), "{}", path.display());
        }
    }
}

#[test]
fn both_halves_claim_the_same_bodies() {
    for (path, body) in samples("accept").into_iter().chain(samples("reject")) {
        assert_eq!((format::by_name("mail").unwrap().claims)(&body), super::scan::claims(&body), "{}", path.display());
    }
}
