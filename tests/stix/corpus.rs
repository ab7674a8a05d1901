//! Messages of others: every file of the shared samples is read, or refused for the reason that is listed here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{files, read, stix, write};
use vestibule::format::laws;

/// The folder of other people's samples, where it stands.
fn shared(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let path = std::env::var_os("VESTIBULE_SAMPLES").map_or_else(beside, PathBuf::from).join(folder);
    if path.is_dir() {
        Some(path)
    } else {
        println!("not run: {} is absent", path.display());
        None
    }
}

/// The bundle of a file: itself, or one around an object that stands alone.
fn bundled(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let alone = serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|value| value.get("id").is_some() && value.get("objects").is_none());
    if alone {
        format!("{{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\",\"objects\":[{text}]}}").into_bytes()
    } else {
        body.to_vec()
    }
}

#[test]
fn bundles_of_others_are_read_or_refused_with_a_reason() {
    let Some(folder) = shared("stix") else { return };
    let mut count: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for (path, body) in files(&folder) {
        let body = bundled(&body);
        let found = read(&body);
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        match found {
            Ok(_) => count.entry("read").or_default().push(name),
            Err(refusal) => count.entry(refusal.reason.code()).or_default().push(format!("{name} {} {}", refusal.place.path, refusal.detail)),
        }
        laws::all(stix(), &body, write).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
    }
    for (code, names) in &count {
        println!("{code}: {}", names.len());
        for name in names.iter().filter(|_| *code != "read") {
            println!("    {name}");
        }
    }
}

#[test]
fn hostile_bundles_are_refused() {
    let Some(folder) = shared("probes/stix") else { return };
    for (name, code) in [
        ("custom-property", "invalid.stix.property"),
        ("dangling-marking-ref", "invalid.stix.marking"),
        ("duplicate-marking-key", "malformed.json.repeated"),
        ("same-id-two-markings", "invalid.stix.duplicate"),
        ("tlp-red-id-redefined", "invalid.stix.tlp"),
        ("unknown-toplevel-extension", "invalid.stix.property"),
    ] {
        let body = std::fs::read(folder.join(name).with_extension("json")).unwrap();
        assert_eq!(read(&body).map(|_| ()).unwrap_err().reason.code(), code, "{name}");
    }
}
