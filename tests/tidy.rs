//! House rules as a test: the arrows between rooms, sizes, headers, tables without idle rows.
//!
//! Every check that a reviewer makes twice becomes a check here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in the order of the path. A room names only itself and rooms before it.
const ROOMS: &[&str] = &[
    "base",
    "normal",
    "config",
    "statement",
    "link",
    "format",
    "label",
    "policy",
    "release",
    "filter",
    "sanitise",
    "translate",
    "rebuild",
    "verify",
    "pipeline",
    "cases",
    "explain",
    "journal",
    "audit",
    "replay",
    "trace",
    "sandbox",
    "generate",
    "control",
    "console",
    "metrics",
    "prove",
    "hop",
    "process",
    "manual",
    "cli",
];

/// Rooms of the pure path: no socket, file, clock, randomness, environment or async runtime.
const PURE: &[&str] =
    &["base", "normal", "statement", "format", "label", "release", "filter", "sanitise", "translate", "rebuild", "verify", "pipeline"];

/// What a pure room may not name.
const IMPURE: &[&str] = &["std::fs", "std::net", "std::env", "std::process", "SystemTime", "Instant::now", "tokio", "quinn", "rusqlite", "rand::"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Folders that hold what programs made: built, found or crashed.
const MADE: &[&str] = &["fuzz/target", "fuzz/corpus", "fuzz/artifacts"];

fn files(below: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(dir: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if MADE.iter().any(|made| path == root().join(made)) {
                continue;
            }
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(below), ending, &mut found);
    found
        .into_iter()
        .map(|path| {
            (path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(), String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned())
        })
        .collect()
}

/// The lines before the file's own tests.
fn production(text: &str) -> &str {
    text.split_once("#[cfg(test)]").map_or(text, |(before, _)| before)
}

/// The lines that are code: no comments, no doc comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(at, line)| (at + 1, line))
}

fn room_of(path: &str) -> Option<&str> {
    path.strip_prefix("src/").and_then(|rest| rest.split(['/', '.']).next()).filter(|room| !["lib", "main"].contains(room))
}

fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn a_room_names_only_rooms_before_it() {
    let rank = |room: &str| ROOMS.iter().position(|known| *known == room);
    let mut complaints = Vec::new();
    for (path, text) in files("src", ".rs") {
        let Some(room) = room_of(&path) else { continue };
        let Some(own) = rank(room) else {
            complaints.push(format!("{path}: the room `{room}` is not in the list of rooms"));
            continue;
        };
        for (line, source) in code(production(&text)) {
            for named in source.split("crate::").skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")) {
                if rank(named).is_some_and(|other| other > own) {
                    complaints.push(format!("{path}:{line}: `{room}` names `{named}`, which stands after it"));
                }
            }
        }
    }
    none(complaints);
}

#[test]
fn the_second_reader_shares_nothing_with_the_first() {
    let forbidden = ["crate::format", "crate::filter", "crate::sanitise", "crate::translate", "crate::rebuild"];
    let mut complaints = Vec::new();
    for (path, text) in files("src/verify", ".rs") {
        for (line, source) in code(production(&text)) {
            complaints.extend(forbidden.iter().filter(|word| source.contains(**word)).map(|word| format!("{path}:{line}: names `{word}`")));
        }
    }
    none(complaints);
}

#[test]
fn no_format_names_another_and_no_filter_another() {
    let mut complaints = Vec::new();
    for family in ["format", "filter"] {
        let own = |path: &str| path.strip_prefix(&format!("src/{family}/")).and_then(|rest| rest.split_once('/')).map(|(own, _)| own.to_owned());
        let all = files(&format!("src/{family}"), ".rs");
        // `syntax` and `event` are words that formats share; they are no formats.
        let shared = |member: &String| ["syntax", "event"].contains(&member.as_str());
        let members: Vec<String> = all.iter().filter_map(|(path, _)| own(path)).filter(|member| !shared(member)).collect();
        for (path, text) in &all {
            let Some(member) = own(path).filter(|member| !shared(member)) else { continue };
            for (line, source) in code(production(text)) {
                for other in members.iter().filter(|other| **other != member) {
                    if source.contains(&format!("{family}::{other}::")) || source.contains(&format!("super::super::{other}::")) {
                        complaints.push(format!("{path}:{line}: `{member}` names `{other}`"));
                    }
                }
            }
        }
    }
    none(complaints);
}

#[test]
fn the_path_is_pure() {
    let mut complaints = Vec::new();
    for (path, text) in files("src", ".rs") {
        if room_of(&path).is_some_and(|room| PURE.contains(&room)) && !path.ends_with("/tests.rs") {
            for (line, source) in code(production(&text)) {
                complaints.extend(IMPURE.iter().filter(|word| source.contains(**word)).map(|word| format!("{path}:{line}: names `{word}`")));
            }
        }
    }
    none(complaints);
}

#[test]
fn every_file_says_what_it_is_and_stays_in_size() {
    let mut complaints = Vec::new();
    for (path, text) in files("src", ".rs") {
        if !text.starts_with("//!") {
            complaints.push(format!("{path}: does not open with `//!`"));
        }
        let lines = production(&text).lines().count();
        if lines > 600 {
            complaints.push(format!("{path}: {lines} production lines, at most 600"));
        }
    }
    none(complaints);
}

#[test]
fn functions_stay_within_seventy_lines() {
    let mut complaints = Vec::new();
    for (path, text) in files("src", ".rs") {
        let mut open: Option<(usize, String, usize)> = None;
        for (at, line) in production(&text).lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let begins = ["fn ", "pub fn ", "pub(crate) fn ", "const fn ", "pub const fn ", "async fn ", "pub async fn "];
            if open.is_none() && begins.iter().any(|begin| line.trim_start().starts_with(begin)) && !line.trim_end().ends_with(['}', ';']) {
                open = Some((at, line.trim().to_owned(), indent));
            } else if let Some((start, name, depth)) = &open
                && line.trim_end() == format!("{}}}", " ".repeat(*depth))
            {
                if at - start > 70 {
                    complaints.push(format!("{path}:{}: {} lines in `{name}`", start + 1, at - start));
                }
                open = None;
            }
        }
    }
    none(complaints);
}

#[test]
fn nothing_is_left_for_later() {
    let words = ["TODO", "FIXME", "todo!", "unimplemented!", "dbg!", "#[ignore"];
    let mut complaints = Vec::new();
    for (path, text) in files("src", ".rs").into_iter().chain(files("tests", ".rs")).filter(|(path, _)| path != "tests/tidy.rs") {
        for (line, source) in text.lines().enumerate() {
            complaints.extend(words.iter().filter(|word| source.contains(**word)).map(|word| format!("{path}:{}: `{word}`", line + 1)));
        }
    }
    none(complaints);
}

#[test]
fn unsafe_code_stands_behind_one_wall_and_each_use_says_why_it_is_safe() {
    let mut complaints = Vec::new();
    for (path, text) in files("src", ".rs") {
        if path.starts_with("src/sandbox/sys/") {
            let (uses, reasons) = (code(&text).filter(|(_, line)| line.contains("unsafe ")).count(), text.matches("// SAFETY:").count());
            if reasons < uses {
                complaints.push(format!("{path}: {uses} uses of unsafe code, and {reasons} reasons"));
            }
            continue;
        }
        complaints.extend(
            code(&text).filter(|(_, line)| line.contains("unsafe ")).map(|(at, _)| format!("{path}:{at}: unsafe code belongs behind one wall")),
        );
    }
    none(complaints);
}

#[test]
fn every_reason_can_be_given() {
    let sources: Vec<(String, String)> = files("src", ".rs").into_iter().filter(|(path, _)| path != "src/base/reason.rs").collect();
    let table = fs::read_to_string(root().join("src/base/reason.rs")).unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter_map(|line| line.trim().split_once(" = \"").map(|(name, _)| name))
        .filter(|name| name.chars().all(char::is_alphanumeric))
        .collect();
    assert!(rows.len() > 50);
    let idle = rows.into_iter().filter(|row| !sources.iter().any(|(_, text)| production(text).contains(&format!("Reason::{row}"))));
    none(idle.map(|row| format!("no code gives `Reason::{row}`")).collect());
}

#[test]
fn every_folder_outside_src_explains_itself() {
    let mut complaints = Vec::new();
    for folder in [
        "rules",
        "rules/five-eyes",
        "rules/nato",
        "rules/usa-national",
        "fuzz",
        "tests",
        "deploy",
        "deploy/chain",
        "deploy/debian",
        "deploy/grafana",
        "deploy/lab",
        "deploy/prometheus",
        "deploy/seccomp",
        "benches",
    ] {
        let readme = root().join(folder).join("README.md");
        if !readme.exists() {
            complaints.push(format!("{folder}: has no README.md"));
        }
    }
    none(complaints);
}

#[test]
fn each_dependency_says_what_for() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut complaints = Vec::new();
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.contains("dependencies]") && line.contains('=') && !line.starts_with('#') && !line.contains(" # ") {
            complaints.push(format!("Cargo.toml: `{line}` does not say what for"));
        }
    }
    none(complaints);
}

#[test]
fn no_machine_or_host_is_named() {
    let mut complaints = Vec::new();
    let tracked = BTreeMap::from_iter(
        ["src", "tests", "rules", "deploy", "fuzz", "benches"]
            .iter()
            .flat_map(|below| files(below, ""))
            .filter(|(path, _)| path != "tests/tidy.rs" && path != "fuzz/Cargo.lock"),
    );
    for (path, text) in tracked {
        for word in ["/work/", "/root/", "crates.io", "pypi.org", "npmjs", "deb.debian"] {
            complaints
                .extend(text.lines().enumerate().filter(|(_, line)| line.contains(word)).map(|(at, _)| format!("{path}:{}: names `{word}`", at + 1)));
        }
    }
    none(complaints);
}
