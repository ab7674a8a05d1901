//! Messages of others: every file of the shared samples is read, or refused for the reason that is listed here.

use std::collections::BTreeMap;

use vestibule::format::laws;

use super::STIX;
use crate::samples::{files, read, shared, write};

/// What is refused, by the beginning of the file's name, with the code and the reason. Tools of others accept most of these.
const REFUSED: &[(&str, &str)] = &[
    ("data-marking-extensions/cui-banner.json", "invalid.stix.extension"), // a marking that no scheme of the gateway reads
    ("data-marking-extensions/iep-data-marking", "invalid.stix.extension"), // the same
    ("disarm/attack-pattern--", "invalid.stix.property"),                  // x_mitre_ properties
    ("disarm/relationship--", "invalid.stix.marking"),                     // a marking that the bundle does not define
    ("disarm/x-mitre-", "invalid.stix.type"),                              // custom types
    ("extension-coa/bundle--", "invalid.stix.extension"),                  // an extension outside the standard
    ("extension-coa/course-of-action--", "invalid.stix.extension"),        // the same
    ("extension-coa/course-of-action_playbook.json", "format.unrecognised"), // a schema, no message
    ("oasis-validator-tests/identity.json", "invalid.stix.version"),       // STIX 2.0
    ("oasis-validator-tests/identity_custom.json", "invalid.stix.version"), // STIX 2.0
    ("oasis-validator-tests/identity_custom-2.json", "invalid.stix.property"), // a custom property
    ("oasis-validator-tests/invalid_braces", "format.unrecognised"),       // no JSON
    ("oasis-validator-tests/invalid_comma", "malformed.json.syntax"),      // no JSON
    ("oasis-validator-tests/invalid_identity-2.json", "invalid.stix.missing"), // bad on purpose
    ("oasis-validator-tests/invalid_identity.json", "invalid.stix.version"), // STIX 2.0
    ("oasis-validator-tests/invalid_timestamp-2.json", "invalid.stix.time_order"), // bad on purpose
    ("oasis-validator-tests/invalid_timestamp.json", "invalid.stix.version"), // STIX 2.0
    ("oasis-validator-tests/tool.json", "invalid.stix.property"),          // custom properties
    ("opencti-datasets/", "invalid.stix.property"),                        // x_opencti_ properties
    ("python-stix2-v21/20170531213215263882.json", "invalid.stix.version"), // a bundle of STIX 2.0
    ("python-stix2-v21/20170531213041022744.json", "read"),
    ("python-stix2-v21/20170531", "invalid.stix.marking"), // a marking that the bundle does not define
    ("python-stix2-v21/20181101232448456000", "invalid.stix.marking"), // the same
    ("taxii-server/", "format.unrecognised"),              // a server's data, no message
    ("unit42-playbooks/", "invalid.stix.version"),         // STIX 2.0
];

/// The bundle of a file: itself, or one around an object that stands alone.
fn bundled(body: &[u8]) -> Vec<u8> {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else { return body.to_vec() };
    if value.get("id").is_none() || value.get("objects").is_some() {
        return body.to_vec();
    }
    let text = String::from_utf8_lossy(body);
    format!("{{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\",\"objects\":[{text}]}}").into_bytes()
}

/// Every bundle of the shared samples, with the name of its file.
pub(super) fn bundles() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = shared("stix") else { return Vec::new() };
    files(&folder, &["json"]).into_iter().map(|(path, body)| (path.strip_prefix(&folder).unwrap().display().to_string(), bundled(&body))).collect()
}

#[test]
fn bundles_of_others_are_read_or_refused_with_a_reason() {
    let mut count: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, body) in bundles() {
        let expected = REFUSED.iter().find(|(file, _)| name.starts_with(file)).map_or("read", |(_, code)| *code);
        let found = read(&body);
        let code = found.as_ref().map_or_else(|refusal| refusal.reason.code(), |_| "read");
        *count.entry(code).or_default() += 1;
        if code != expected {
            wrong.push(format!("{name}: {:?}", found.map(|_| ())));
        }
        laws::all(STIX.format(), &body, write).unwrap_or_else(|broken| panic!("{name}: {broken}"));
    }
    println!("{count:?}");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
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
