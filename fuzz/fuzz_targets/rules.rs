//! Rule files: any text in place of any file of the lab's rule set is loaded or complained of, and the complaints can be shown.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::policy::report::{Look, json_lines, render};
use vestibule::policy::{SourceFile, load};
use vestibule::release::Engine;

const FILES: &[(&str, &str)] = &[
    ("ruleset.toml", include_str!("../../rules/five-eyes/ruleset.toml")),
    ("peers.toml", include_str!("../../rules/five-eyes/peers.toml")),
    ("agreements/fvey-tracks.toml", include_str!("../../rules/five-eyes/agreements/fvey-tracks.toml")),
    ("formats/cot.toml", include_str!("../../rules/five-eyes/formats/cot.toml")),
    ("filters/words/codewords.txt", include_str!("../../rules/five-eyes/filters/words/codewords.txt")),
    ("release.cedar", include_str!("../../rules/five-eyes/release.cedar")),
    ("policies/gbr.xml", include_str!("../../rules/five-eyes/policies/gbr.xml")),
    ("policies/gbr.toml", include_str!("../../rules/five-eyes/policies/gbr.toml")),
];

fuzz_target!(|data: &[u8]| {
    let Some((&which, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let place = usize::from(which) % FILES.len();
    let one = |(at, (path, good)): (usize, &(&str, &str))| SourceFile { path: (*path).into(), text: if at == place { text } else { *good }.into() };
    let files: Vec<SourceFile> = FILES.iter().enumerate().map(one).collect();
    let complaints = match load(&files) {
        Ok(edition) => Engine::compile(&edition).err().unwrap_or_default(),
        Err(complaints) => complaints,
    };
    assert_eq!(render(&complaints, &files, Look::Plain).is_empty(), complaints.is_empty());
    assert_eq!(json_lines(&complaints, &files).lines().count(), complaints.len());
});
