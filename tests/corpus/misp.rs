//! MISP as it is really sent: exports and test files of the MISP project and of ESET, misp-guard's fixtures, and hostile probes.

use std::collections::BTreeMap;

use vestibule::format::laws;

use super::shared;
use crate::misp::{files, misp, read, write};

#[test]
fn every_file_is_read_by_the_laws_or_refused_with_a_known_code() {
    let Some(folder) = shared("misp") else { return };
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, body) in files(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        laws::all(misp(), &body, write).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        let code = read(&body).err().map_or_else(|| "read".to_owned(), |refusal| format!("{} {} {}", refusal.reason, refusal.place.path, refusal.detail));
        found.entry(code).or_default().push(name);
    }
    for (code, names) in &found { println!("{code}: {} {:?}", names.len(), names.iter().take(if code == "read" {0} else {40}).collect::<Vec<_>>()); }
}
