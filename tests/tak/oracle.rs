//! A third opinion on frames: the protobuf project's own compiler, by its command `protoc`, with definitions that this project wrote down.
//!
//! What we read, it reads, without a field that it does not know; what we write is what it writes from what it read. It takes much that we
//! refuse, and each such thing is on the list of our own strictness.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use vestibule::format::Syntax;

use super::TAK;
use crate::samples::{code_of, files, read, shared, write};

/// Codes under which we refuse what the compiler takes, with the reason of each.
pub(super) const STRICTER: [(&str, &str); 13] = [
    ("malformed.protobuf.order", "receivers may read in order, so we write and take one order"),
    ("malformed.protobuf.repeated", "the last of two wins for it, the first for others"),
    ("malformed.protobuf.varint", "superfluous bytes are a channel; 33 bits are cut to 32"),
    ("malformed.protobuf.wire", "a known number with another wire type is an unknown field to it; so is a group"),
    ("invalid.tak.field", "unknown fields are kept and sent on unseen"),
    ("invalid.tak.event", "nothing to release"),
    ("invalid.tak.beside", "it does not read the XML"),
    ("invalid.tak.control", "no rule of the wire"),
    ("invalid.tak.frame", "it knows no frames: the test cuts them for it"),
    ("malformed.utf8", "the XML of `detail` begins with a byte order mark, which is UTF-8"),
    ("size.depth", "it does not read the XML"),
    ("invalid.cot.", "rules of the event, not of the wire"),
    ("malformed.xml.", "it does not read the XML"),
];

/// Runs `protoc` over standard input; none where it refuses.
fn protoc(mode: &str, input: &[u8]) -> Option<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tak");
    let mut child = Command::new("protoc")
        .args([&format!("--{mode}=TakMessage"), "-I", folder, "tak.proto"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("protoc is installed; `tests/run` installs it");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    output.status.success().then_some(output.stdout)
}

/// The message without its frame, by eyes that check nothing.
fn payload(body: &[u8]) -> &[u8] {
    match body {
        [0xbf, 1, 0xbf, message @ ..] => message,
        [0xbf, rest @ ..] => rest.get(rest.iter().take_while(|byte| **byte >= 0x80).count() + 1..).unwrap_or_default(),
        _ => body,
    }
}

/// What the compiler reads, one field a line, without the XML, which we spell anew, and typed elements, which may have stood there.
fn decoded(body: &[u8]) -> Option<Vec<String>> {
    let text = String::from_utf8(protoc("decode", payload(body))?).unwrap();
    Some(text.lines().map(|line| line.trim().to_owned()).collect())
}

fn is_unknown(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit())
}

fn agrees(name: &str, body: &[u8]) {
    let written = write(&read(body).unwrap(), Syntax::Tak).unwrap();
    let before = decoded(body).unwrap_or_else(|| panic!("{name}: protoc refuses what we read"));
    let after = decoded(&written).unwrap_or_else(|| panic!("{name}: protoc refuses what we write"));
    assert!(!before.iter().chain(&after).any(|line| is_unknown(line)), "{name}: an unknown field");
    let again = protoc("encode", &protoc("decode", payload(&written)).unwrap()).unwrap();
    assert_eq!(again, payload(&written), "{name}: protoc writes other bytes");
    // Every line of the original that is no XML, no default and no tiny fraction is a line of what we write.
    let stays =
        |line: &&String| !["xmlDetail: ", "0", "\"\""].iter().any(|word| line.starts_with("xmlDetail") || line.ends_with(&format!(": {word}")));
    let lost: Vec<_> = before.iter().filter(stays).filter(|line| !line.contains("e-") && !after.contains(line)).collect();
    assert!(lost.is_empty(), "{name}: {lost:?}");
}

#[test]
fn what_we_read_and_write_the_compiler_of_protobuf_reads_and_writes() {
    TAK.accepted().iter().for_each(|(path, body)| agrees(&path.display().to_string(), body));
    for (path, body) in shared("tak-protobuf").map(|folder| files(&folder, &["bin"])).unwrap_or_default() {
        if read(&body).is_ok() {
            agrees(&path.display().to_string(), &body);
        }
    }
}

#[test]
fn what_the_compiler_takes_and_we_refuse_is_on_the_list() {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for (path, body) in TAK.rejected() {
        let code = code_of(&path).to_owned();
        if decoded(&body).is_some() {
            assert!(STRICTER.iter().any(|(listed, _)| code.starts_with(listed)), "{code} is not on the list");
            *taken.entry(code).or_default() += 1;
        }
    }
    println!("refused here, taken by protoc: {taken:?}");
    assert!(taken.len() > 10);
}

#[test]
fn what_the_compiler_refuses_we_refuse_however_samples_are_broken() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]));
    let samples = TAK.accepted();
    let strategy = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..3), 0..3_usize);
    let (mut ours, mut theirs) = (0, 0);
    for _ in 0..400 {
        let (which, at, junk, cut) = strategy.new_tree(&mut runner).unwrap().current();
        let (_, body) = which.get(&samples);
        let from = 3 + at.index(body.len() - 3);
        let broken = [&body[..from], &junk, &body[(from + cut).min(body.len())..]].concat();
        let lines = decoded(&broken);
        theirs += usize::from(lines.is_none());
        match (read(&broken), lines) {
            (Ok(_), None) => panic!("read here, refused by protoc: {broken:x?}"),
            (Ok(_), Some(lines)) => assert!(!lines.iter().any(|line| is_unknown(line)), "an unknown field was read: {broken:x?}"),
            (Err(_), _) => ours += 1,
        }
    }
    println!("of 400 broken frames protoc refuses {theirs}, we refuse {ours}");
    assert!(theirs > 50 && ours >= theirs);
}
