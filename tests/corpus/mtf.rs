//! Formatted messages that others wrote: test messages of a converter, with the leaves that it expects, and messages of a navy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use vestibule::format::laws;
use vestibule::normal::{Kind, Tree};

use super::{mtf, read, write};

/// The folder of other people's samples, where it stands beside the checkout.
fn shared(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let path = std::env::var_os("VESTIBULE_SAMPLES").map_or_else(beside, PathBuf::from).join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("not run: {} is absent", path.display());
    None
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        match path.is_dir() {
            true => files(&path, found),
            false if path.extension().is_some_and(|e| e != "md" && e != "xml") => found.push(path),
            false => {}
        }
    }
}

/// How many files of a folder are read, and how many refused by code; every file keeps the laws.
fn survey(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let mut table: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths {
        let body = std::fs::read(&path).unwrap();
        laws::all(mtf(), &body, write).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let row = match read(&body) {
            Ok(_) => "read".to_owned(),
            Err(refusal) => refusal.reason.code().to_owned(),
        };
        if std::env::var_os("SHOW").is_some() && row != "read" {
            let refusal = read(&body).err().unwrap();
            let span = refusal.place.span.map(|s| s.range()).unwrap_or(0..0);
            println!("{name} {refusal} {:?}", String::from_utf8_lossy(&body[span.start..span.end.min(span.start + 60)]));
        }
        table.entry(row).or_default().push(name);
    }
    table
}

#[test]
fn the_survey() {
    for folder in ["adatp3", "usmtf-navadmin", "probes/adatp3"] {
        let Some(path) = shared(folder) else { return };
        let table = survey(&path);
        println!("== {folder}");
        for (row, names) in table {
            println!("{row}: {}", names.len());
        }
    }
    let _ = |tree: &Tree<'_>| tree.all().filter(|(_, n)| n.kind == Kind::Text).count();
}
