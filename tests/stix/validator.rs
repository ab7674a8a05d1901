//! A second opinion on what we accept and on what we write: stix2-validator, a package of others.

use std::process::Command;

use vestibule::format::Syntax;

use super::STIX;
use super::corpus::bundles;
use crate::samples::{read, write};

/// The command of the validator, as `tests/run` installs it.
fn validator() -> String {
    std::env::var("VESTIBULE_STIX_VALIDATOR").expect("VESTIBULE_STIX_VALIDATOR names the command `stix2_validator`; `tests/run` installs it")
}

/// Where it refuses and we accept, each with the reason why we are right.
const REFUSED_BY_IT: &[(&str, &str)] =
    &[("granular-markings.json", "STIX 2.1, 7.2.3: a granular marking has a language or a marking; its schema asks for the marking always")];

#[test]
fn what_we_accept_and_what_we_write_is_valid_to_the_validator() {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    let samples = STIX.accepted().into_iter().map(|(path, body)| (path.file_name().unwrap().to_string_lossy().into_owned(), body));
    for (name, body) in samples.chain(bundles()) {
        let Ok(tree) = read(&body) else { continue };
        let written = write(&tree, Syntax::Json).unwrap();
        for (kind, bytes) in [("as-sent", &body), ("as-written", &written)] {
            let name = format!("{kind}-{}", name.replace('/', "-"));
            std::fs::write(folder.path().join(&name), bytes).unwrap();
            names.push(name);
        }
    }
    let done = Command::new(validator()).current_dir(folder.path()).args(["--version", "2.1"]).args(&names).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let mut file = "";
    let mut wrong = Vec::new();
    for line in said.lines() {
        if let Some(name) = line.strip_prefix("[-] Results for: ") {
            file = name;
        } else if line.contains("{red}") || line.trim_start().starts_with("[X]") {
            wrong.push(format!("{file}: {}", line.trim()));
        }
    }
    wrong.retain(|line| !REFUSED_BY_IT.iter().any(|(file, _)| line.contains(file)));
    println!("{} files", names.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(done.status.success() || !REFUSED_BY_IT.is_empty(), "{said}");
}
