//! `vestibule inspect --trees`: one body as both readers see it, side by side, for a tester of a disagreement.
//!
//! Both number their nodes alike, so a node that one has and the other has not moves all that follow: the first difference is the one to look at.

use std::path::Path;

use serde::Serialize;

use super::{Failure, Output, letter, output};
use crate::base::plain::plain;
use crate::base::{Budget, Refusal};
use crate::format;
use crate::verify;

#[derive(Serialize)]
struct Line<'l> {
    file: &'l str,
    node: usize,
    first: Option<&'l Seen>,
    second: Option<&'l Seen>,
    same: bool,
}

#[derive(Serialize)]
struct Read<'l> {
    file: &'l str,
    first: String,
    second: String,
    differences: usize,
}

#[derive(Serialize, PartialEq, Eq)]
struct Seen {
    path: String,
    value: String,
}

/// Shows both trees of a file.
pub(super) fn show(file: &Path, json: bool, out: &mut Output) -> Result<(), Failure> {
    let body = letter::body(file)?;
    let shown = file.display().to_string();
    let first = first(&body);
    let second = verify::shown(&body);
    let said = |read: Result<&str, &Refusal>| match read {
        Ok(format) => format!("reads `{format}`"),
        Err(refusal) => format!("refuses: {refusal}"),
    };
    let (ours, theirs) = (said(first.as_ref().map(|read| read.0)), said(second.as_ref().map(|read| read.0)));
    let (first, second) = (first.map(|read| read.1).unwrap_or_default(), second.map(|read| read.1).unwrap_or_default());
    let mut table = output::table(&["node", "", "first reader", "", "second reader", ""]);
    let mut differences = 0_usize;
    for node in 0..first.len().max(second.len()) {
        let (one, other) = (first.get(node), second.get(node));
        let same = one.zip(other).is_some_and(|(one, other)| other.agrees(&one.path, &one.value));
        let other = other.map(|other| Seen { path: other.path.clone(), value: other.value.clone() });
        differences = differences.saturating_add(usize::from(!same));
        if json {
            out.json(&Line { file: &shown, node, first: one, second: other.as_ref(), same })?;
        } else {
            let cells = |seen: Option<&Seen>| seen.map_or_else(|| ["-".to_owned(), String::new()], |seen| [plain(&seen.path), plain(&seen.value)]);
            let ([path, value], [other_path, other_value]) = (cells(one), cells(other.as_ref()));
            table.add_row([node.to_string(), if same { "" } else { "differs" }.to_owned(), path, value, other_path, other_value]);
        }
    }
    if json {
        return out.json(&Read { file: &shown, first: ours, second: theirs, differences });
    }
    out.line(table)?;
    out.line(format_args!("{shown}: the first reader {ours}; the second reader {theirs}; {differences} nodes differ"))
}

/// The first reader's format and tree.
fn first(body: &[u8]) -> Result<(&'static str, Vec<Seen>), Refusal> {
    let mut budget = Budget::for_body(body.len());
    let format = format::identify(body)?;
    let tree = (format.read)(body, &mut budget)?;
    Ok((format.name, tree.all().map(|(id, node)| Seen { path: tree.path(id), value: node.value.text().into_owned() }).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(body: &[u8]) -> (usize, usize) {
        let (first, second) = (first(body).unwrap().1, verify::shown(body).unwrap().1);
        let parts = first.iter().zip(&second).filter(|(one, other)| !other.agrees(&one.path, &one.value)).count();
        (first.len(), parts.saturating_add(first.len().abs_diff(second.len())))
    }

    #[test]
    fn both_readers_show_the_same_tree_of_every_accepted_sample() {
        let mut seen = 0;
        for format in format::FORMATS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format").join(format.name).join("samples/accept");
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let (nodes, differences) = differences(&std::fs::read(&path).unwrap());
                assert_eq!(differences, 0, "{}", path.display());
                seen += nodes;
            }
        }
        assert!(seen > 1_000, "{seen}");
    }

    #[test]
    fn a_value_that_differs_is_seen_and_a_number_that_is_spelt_otherwise_is_not() {
        let body = include_bytes!("../format/cot/samples/accept/detail-first.xml");
        let (_, tree) = verify::shown(body).unwrap();
        let number = tree.iter().find(|node| node.path == "/event/point/@lat").unwrap();
        assert!(
            number.agrees(&number.path, &number.value) && !number.agrees(&number.path, "89.5") && !number.agrees("/event/point/@lon", &number.value)
        );
        let longer = format!("{}{}", number.value, if number.value.contains('.') { "0" } else { ".0" });
        assert!(number.agrees(&number.path, &longer));
    }
}
