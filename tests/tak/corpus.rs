//! Every frame of other people's samples, where they stand beside the checkout: each has a verdict, keeps every law, and both halves agree.

use std::collections::BTreeMap;

use vestibule::format::laws;

use super::{TAK, halves_agree};
use crate::samples::{files, read, shared, write};

#[test]
fn samples_of_others_each_have_a_verdict_and_keep_every_law() {
    let Some(folder) = shared("tak-protobuf") else { return };
    let mut spread: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, body) in files(&folder, &["bin"]) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        laws::all(TAK.format(), &body, write).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        halves_agree(&body).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        match read(&body) {
            Ok(_) => spread.entry("read").or_default().push(name),
            Err(refusal) => {
                spread.entry(refusal.reason.code()).or_default().push(format!("{name}: {} {}", refusal.place.path, refusal.detail));
            }
        }
    }
    for (code, names) in &spread {
        println!("{:4} {code}", names.len());
        names.iter().filter(|_| *code != "read").for_each(|name| println!("       {name}"));
    }
    let count = |code| spread.get(code).map_or(0, Vec::len);
    let all: usize = spread.values().map(Vec::len).sum();
    assert!(all >= 160 && count("read") * 10 >= all * 8, "{} of {all} are read", count("read"));
    assert!(
        spread.keys().all(|code| *code == "read" || code.starts_with("invalid.cot.")),
        "what libraries write is well-formed: {:?}",
        spread.keys()
    );
}
