//! Other people's programs, asked by scripts of ours what they read in a message.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What a script below this folder prints of the files, one JSON value a line for each, with the packages that `tests/run` installs.
pub(crate) fn python(script: &str, arguments: &[&str], files: &[PathBuf]) -> Vec<Value> {
    let python = std::env::var("VESTIBULE_PYTHON").expect("VESTIBULE_PYTHON names a Python with PyMISP and takproto; `tests/run` installs them");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let run = Command::new(&python).arg(script).args(arguments).args(files).output().unwrap_or_else(|error| panic!("{python}: {error}"));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let said: Vec<Value> = String::from_utf8(run.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(said.len(), files.len(), "one answer for each file");
    said
}

/// Bodies as files of a folder that lasts as long as it is held, with the ending.
pub(crate) fn as_files(bodies: &[Vec<u8>], ending: &str) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |(at, body): (usize, &Vec<u8>)| {
        let path = folder.path().join(format!("{at}.{ending}"));
        std::fs::write(&path, body).unwrap();
        path
    };
    let paths = bodies.iter().enumerate().map(write).collect();
    (folder, paths)
}
