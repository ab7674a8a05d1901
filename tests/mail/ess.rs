//! Binary labels in mail: generated ones, broken ones, both halves of the guard, and Python's pyasn1 as a second opinion.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::Value;
use vestibule::format::{Syntax, laws};
use vestibule::normal::{Kind, NodeId, Tree};

use super::{LAB, MAIL, halves_to};
use crate::samples::{read, write};

/// A label in any spelling that a test wants: the fourth writer of labels here, and the only one that may write wrong ones.
#[derive(Debug, Clone)]
struct Label {
    policy: String,
    classification: u64,
    mark: Option<String>,
    categories: Vec<(u8, String, Vec<u64>)>,
}

fn put(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..=127 => vec![tag, length as u8],
        128..=255 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [head, content.to_vec()].concat()
}

fn integer(number: u64) -> Vec<u8> {
    let bytes: Vec<u8> = std::iter::once(0).chain(number.to_be_bytes()).collect();
    let skip = bytes.windows(2).take_while(|pair| pair[0] == 0 && pair[1] < 0x80).count();
    put(2, &bytes[skip..])
}

fn arcs(dotted: &str) -> Vec<u8> {
    let all: Vec<u128> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut out = Vec::new();
    for number in std::iter::once(all[0] * 40 + all[1]).chain(all[2..].iter().copied()) {
        let groups = (0..19).rev().map(|at| (number >> (7 * at) & 0x7f) as u8).skip_while(|digit| *digit == 0);
        let mut digits: Vec<u8> = groups.collect();
        if digits.is_empty() {
            digits.push(0);
        }
        let last = digits.len() - 1;
        out.extend(digits.iter().enumerate().map(|(at, digit)| if at < last { digit | 0x80 } else { *digit }));
    }
    out
}

fn bits(values: &[u64]) -> Vec<u8> {
    let last = *values.iter().max().unwrap();
    let mut bytes = vec![0_u8; last as usize / 8 + 1];
    values.iter().for_each(|place| bytes[*place as usize / 8] |= 0x80 >> (place % 8));
    put(3, &[&[7 - (last % 8) as u8][..], &bytes].concat())
}

impl Label {
    fn members(&self) -> Vec<Vec<u8>> {
        let mut categories: Vec<Vec<u8>> = self.categories.iter().map(category).collect();
        categories.sort();
        let mark = self.mark.as_ref().map(|mark| put(if mark.is_ascii() { 0x13 } else { 0x0c }, mark.as_bytes()));
        let categories = (!categories.is_empty()).then(|| put(0x31, &categories.concat()));
        [Some(integer(self.classification)), Some(put(6, &arcs(&self.policy))), mark, categories].into_iter().flatten().collect()
    }

    fn der(&self) -> Vec<u8> {
        let mut members = self.members();
        members.sort_by_key(|member| member[0] & 0x1f);
        put(0x31, &members.concat())
    }
}

fn category((kind, set, values): &(u8, String, Vec<u64>)) -> Vec<u8> {
    let list = match kind {
        0 | 2 => bits(values),
        3 if values.len() == 1 => bits(values),
        _ => put(0x31, &values.iter().flat_map(|value| integer(*value)).collect::<Vec<_>>()),
    };
    let kind = put(0x80, &arcs(&format!("2.16.840.1.101.2.1.8.3.{kind}")));
    put(0x30, &[kind, put(0xa1, &put(0x30, &[put(6, &arcs(set)), list].concat()))].concat())
}

fn letter(label: &[u8]) -> Vec<u8> {
    let coded = STANDARD.encode(label);
    let pieces = coded.as_bytes().chunks(64).enumerate().map(|(at, piece)| format!(";\r\n label*{at}=\"{}\"", std::str::from_utf8(piece).unwrap()));
    let head = "Date: Sun, 1 Mar 2026 11:00:00 +0000\r\nFrom: a@b\r\nMessage-ID: <1@b>\r\nSIO-Label: type=\":ess\"";
    format!("{head}{}\r\n\r\nx\r\n", pieces.collect::<String>()).into_bytes()
}

/// The label in a mail that was written.
fn inside(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(body.to_vec()).unwrap().replace("\r\n ", " ");
    let field = text.lines().find(|line| line.starts_with("SIO-Label:")).unwrap().to_owned();
    let pieces = field.split("; ").filter(|piece| piece.starts_with("label")).map(|piece| piece.split('"').nth(1).unwrap());
    STANDARD.decode(pieces.collect::<String>()).unwrap()
}

/// Both halves over one mail, whose label is its only one.
fn halves(body: &[u8]) -> Result<(), String> {
    halves_to(body, "usa-ops", None)
}

/// Labels of the lab's policies and of none, with values that these have and others.
fn any_label() -> impl Strategy<Value = Label> {
    type Sets = Vec<(String, Vec<u64>)>;
    let policies: Vec<(String, Sets)> = LAB
        .lattice
        .policies()
        .iter()
        .map(|policy| {
            let tags = policy.tags.iter().map(|tag| (tag.oid.clone(), tag.values.iter().map(|value| value.lacv).collect()));
            (policy.oid.clone(), tags.collect())
        })
        .collect();
    let number = prop_oneof![4 => any::<prop::sample::Index>().prop_map(Ok), 1 => (0_u64..16_384).prop_map(Err)];
    let category = (0_u8..5, any::<prop::sample::Index>(), prop::collection::vec(number, 1..5));
    let mark = prop::option::weighted(0.3, prop_oneof!["[A-Z]{1,20}", "\u{c9}[a-z]{0,9}", Just("A".repeat(128))]);
    (any::<prop::sample::Index>(), 0_u64..8, mark, prop::collection::vec(category, 0..4)).prop_map(move |(policy, classification, mark, picks)| {
        let (oid, tags) = policy.get(&policies);
        let mut categories: Vec<(u8, String, Vec<u64>)> = Vec::new();
        for (kind, tag, numbers) in picks {
            let Some((set, values)) = (!tags.is_empty()).then(|| tag.get(tags)) else { continue };
            let mut numbers: Vec<u64> = numbers.into_iter().map(|number| number.map_or_else(|any| any, |at| *at.get(values))).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let found = (kind, set.clone(), numbers);
            if !categories.contains(&found) {
                categories.push(found);
            }
        }
        Label { policy: oid.clone(), classification, mark, categories }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_label_is_read_written_and_read_again(label in any_label()) {
        let body = letter(&label.der());
        prop_assert!(read(&body).is_ok(), "{}", read(&body).unwrap_err());
        prop_assert_eq!(laws::all(MAIL.format(), &body, write), Ok(()));
        prop_assert_eq!(halves(&body), Ok(()));
        prop_assert_eq!(inside(&write(&read(&body).unwrap(), Syntax::Mail).unwrap()), label.der());
    }

    #[test]
    fn members_in_any_order_are_one_label_and_leave_in_one_order(label in any_label(), turn in 0_usize..4) {
        let mut members = label.members();
        let turn = turn % members.len();
        members.rotate_left(turn);
        let body = letter(&put(0x31, &members.concat()));
        prop_assert_eq!(inside(&write(&read(&body).unwrap(), Syntax::Mail).unwrap()), label.der());
        prop_assert_eq!(halves(&body), Ok(()));
    }

    #[test]
    fn a_byte_that_is_changed_put_in_or_taken_out_breaks_no_law(label in any_label(), at in any::<prop::sample::Index>(), byte: u8, how in 0..3) {
        let mut bytes = label.der();
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => drop(bytes.remove(at)),
        }
        let body = letter(&bytes);
        prop_assert_eq!(laws::all(MAIL.format(), &body, write), Ok(()));
        prop_assert_eq!(halves(&body), Ok(()));
    }
}

/// What pyasn1 reads from each label.
fn pyasn1(labels: &[Vec<u8>]) -> Vec<Value> {
    let python = std::env::var("VESTIBULE_PYTHON").expect("`tests/run` installs pyasn1, and names the Python that has it in VESTIBULE_PYTHON");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/ess.py");
    let mut run = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = run.stdin.take().unwrap();
    let lines: String = labels.iter().map(|label| format!("{}\n", STANDARD.encode(label))).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = run.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What we read, in the words of the script.
fn ours(tree: &Tree<'_>) -> Value {
    let (header, _) = tree.element(NodeId::ROOT, "header").unwrap();
    let (field, _) = tree.element(header, "sio-label").unwrap();
    let (label, _) = tree.element(field, "ess").unwrap();
    let said = |id: NodeId, name: &str| tree.attribute(id, name).map(|(_, node)| node.value.text().into_owned());
    let text = |id: NodeId| tree.children(id).filter(|(_, node)| node.kind == Kind::Text).map(|(_, node)| node.value.text()).collect::<String>();
    let category = |id: NodeId| {
        let values: Vec<String> = tree.elements(id).map(|(value, _)| text(value)).collect();
        serde_json::json!({ "kind": said(id, "kind"), "set": said(id, "set"), "values": values })
    };
    let categories: Vec<Value> = tree.elements(label).map(|(id, _)| category(id)).collect();
    serde_json::json!({
        "rest": 0, "policy": said(label, "policy"), "classification": said(label, "classification"), "mark": said(label, "privacy-mark"),
        "categories": categories,
    })
}

#[test]
fn pyasn1_reads_the_same_members_and_writes_the_same_bytes() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let generated: Vec<Label> = (0..150).map(|_| any_label().new_tree(&mut runner).unwrap().current()).collect();
    let samples = MAIL.accepted().into_iter().filter(|(path, _)| path.to_string_lossy().contains("binary")).map(|(_, body)| inside(&body));
    let mut labels: Vec<Vec<u8>> = samples.chain(generated.iter().map(Label::der)).collect();
    // Broken ones, too: what we read of them, pyasn1 must read alike. It reads more than we do.
    let broken = |label: &Vec<u8>| (0..label.len()).step_by(4).map(|at| [&label[..at], &[1], &label[at + 1..]].concat()).collect::<Vec<_>>();
    let short = generated.iter().map(Label::der).filter(|label| label.len() < 160).take(20);
    labels.extend(short.flat_map(|label| broken(&label)));
    let theirs = pyasn1(&labels);
    assert_eq!(theirs.len(), labels.len());
    let mut read_here = 0;
    for (label, theirs) in labels.iter().zip(&theirs) {
        let body = letter(label);
        let Ok(tree) = read(&body) else { continue };
        read_here += 1;
        let written: String = inside(&write(&tree, Syntax::Mail).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut expected = theirs.clone();
        let again = expected.as_object_mut().unwrap().remove("written").unwrap();
        assert_eq!(ours(&tree), expected, "{label:x?}");
        // Its writer forgets that a tag around an ANY is a constructed one: 81 for a1.
        assert_eq!(again.as_str().unwrap(), mended(&written, again.as_str().unwrap()), "{label:x?}");
    }
    println!("{} labels, {read_here} of them read by us", labels.len());
    assert!(read_here > 150, "{read_here}");
}

/// Our bytes with their spelling of that one tag.
fn mended(ours: &str, theirs: &str) -> String {
    let pairs = ours.as_bytes().chunks(2).zip(theirs.as_bytes().chunks(2));
    let one =
        |(ours, theirs): (&[u8], &[u8])| if ours == b"a1" && theirs == b"81" { "81".to_owned() } else { String::from_utf8(ours.to_vec()).unwrap() };
    if ours.len() == theirs.len() { pairs.map(one).collect() } else { ours.to_owned() }
}
