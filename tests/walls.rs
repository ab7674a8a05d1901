//! The walls of real processes: every forbidden thing tried from inside, each role's own work done, and no allowance that work does not ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};
use vestibule::sandbox::deeds::{self, DEEDS};
use vestibule::sandbox::{Answer, Layer, Role, State, allowances, survey};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/five-eyes");

/// The signal that ends a process for a call that its sheet does not list.
const BAD_CALL: i32 = 31;

/// How often a rehearsal is run before an allowance counts as idle.
const RUNS: usize = 3;

fn vestibule(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vestibule")).args(words).env_remove("VESTIBULE_LOG").stdin(Stdio::null()).output().unwrap()
}

/// A lab's configuration in a folder, with its keys.
fn lab(folder: &Path) -> String {
    let config = folder.join("gateway.toml");
    std::fs::write(&config, include_str!("../deploy/lab/gateway.toml").replace("../../rules/five-eyes", RULES)).unwrap();
    let config = config.display().to_string();
    assert!(vestibule(&["pki", "init", "--config", &config]).status.success());
    config
}

fn told(what: &Value) -> Output {
    vestibule(&["check", "--walls-told", &what.to_string()])
}

fn attempt(role: Role, deed: &str, behind: &str, by: &str, folder: &Path) -> Output {
    let (victim, address) = (std::process::id(), deeds::address());
    told(&json!({ "try": { "role": role, "deed": deed, "behind": behind, "by": by, "folder": folder, "victim": victim, "address": address } }))
}

/// Whether this host gives a layer.
fn given(layer: Layer) -> bool {
    survey().iter().any(|(found, state)| *found == layer && matches!(state, State::Closed(_)))
}

#[test]
fn every_forbidden_thing_is_stopped_behind_the_walls_of_every_role_and_each_does_its_own_work() {
    let folder = tempfile::tempdir().unwrap();
    let config = lab(folder.path());
    let output = vestibule(&["check", "--walls", "--json", "--config", &config]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let tried: BTreeMap<(&str, &str), &Value> =
        lines.iter().filter_map(|line| Some(((line["role"].as_str()?, line["deed"].as_str()?), line))).collect();
    assert_eq!(tried.len(), Role::ALL.len() * DEEDS.len());
    for ((role, deed), line) in &tried {
        // The keeper opens files, so landlock is what keeps it in its folder.
        let opens = *role == "keeper" && ["open-file", "make-file", "open-memory"].contains(deed);
        assert_eq!(line["walls"]["stopped-by"], if opens { "files" } else { "calls" }, "{role} {deed}");
        // Were there no filter of calls, the next layer would hold, where there is one that every host gives.
        if ["open-file", "make-file", "open-memory", "execute", "trace", "read-memory", "take-descriptor"].contains(deed) {
            assert_eq!(line["behind"]["stopped-by"], "files", "{role} {deed}");
        }
        if *deed == "signal" && given(Layer::Scopes) {
            assert_eq!(line["behind"]["stopped-by"], "scopes", "{role}");
        }
        if *deed == "connect" && given(Layer::Tcp) {
            assert_eq!(line["behind"]["stopped-by"], "tcp", "{role}");
        }
    }
    let works: Vec<&Value> = lines.iter().filter(|line| line["work"].is_string()).collect();
    assert_eq!(works.len(), Role::ALL.len());
    for work in works {
        assert_eq!(work["work"], "done", "{work}");
        let layers = work["walls"]["layers"].as_array().unwrap();
        assert_eq!(layers.len(), Layer::ALL.len());
        let open: Vec<&Value> = layers.iter().filter(|layer| layer[1]["state"] == "open").map(|layer| &layer[0]).collect();
        assert_eq!(open, if work["role"] == "door" { vec!["namespaces"] } else { vec![] }, "{work}");
    }
}

#[test]
fn the_thread_that_closes_the_walls_stands_behind_them_as_well() {
    let folder = tempfile::tempdir().unwrap();
    for deed in ["open-file", "socket-udp", "signal", "execute"] {
        assert_eq!(attempt(Role::Inspector, deed, "walls", "closing", folder.path()).status.signal(), Some(BAD_CALL), "{deed}");
        let below = attempt(Role::Inspector, deed, "walls-without-calls", "closing", folder.path()).status.code();
        assert_eq!(below != Some(0), deed != "socket-udp" && (deed != "signal" || given(Layer::Scopes)), "{deed}: {below:?}");
    }
}

#[test]
fn without_walls_the_same_things_are_done() {
    // What a host may keep from everybody, or from all but its administrator.
    let kept =
        ["trace", "read-memory", "open-memory", "take-descriptor", "raise-limit", "unshare", "mount", "bpf", "io-uring", "user-fault", "keyring"];
    for deed in DEEDS {
        let folder = tempfile::tempdir().unwrap();
        let output = attempt(Role::Inspector, deed.name, "nothing", "closing", folder.path());
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().next(), Some(deeds::READY), "{}", deed.name);
        let code = output.status.code();
        assert!(code == Some(0) || (kept.contains(&deed.name) && code.is_some()), "{}: {:?}", deed.name, output.status);
        assert_eq!(deed.name == "make-file", folder.path().join("made-by-a-trial").exists(), "{}", deed.name);
    }
}

#[test]
fn each_allowance_is_one_that_work_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let config = lab(folder.path());
    let mut work = Vec::new();
    let mut sheets = Vec::new();
    for role in Role::ALL {
        let rows = allowances(*role).unwrap();
        // Two roles with one sheet and one rehearsal need it tried once.
        if !sheets.contains(&rows) {
            let needed = rows.iter().enumerate().filter(|(_, row)| row.seldom.is_none());
            work.extend(needed.map(|(at, row)| (*role, at, row.call.clone())));
        }
        sheets.push(rows);
    }
    assert!(work.len() > 80, "{}", work.len());
    let (work, idle) = (Mutex::new(work), Mutex::new(BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((role, at, call)) = work.lock().unwrap().pop() else { return };
                    // Which thread waits for what is chance: a row is idle where no run of several needs it.
                    let run = || told(&json!({ "rehearse": { "role": role, "config": config, "without": at } })).status;
                    let ends: Vec<_> = (0..RUNS).map(|_| run()).take_while(|status| status.signal() != Some(BAD_CALL)).collect();
                    if ends.len() == RUNS {
                        idle.lock().unwrap().insert(format!("{role}: `{call}` ({at}) is listed, and its work ends with {ends:?} without it"));
                    }
                }
            });
        }
    });
    let idle = idle.into_inner().unwrap();
    assert!(idle.is_empty(), "{idle:#?}");
}

#[test]
fn a_call_is_answered_with_an_error_in_no_sheet_but_where_a_library_knows_another_way() {
    for role in Role::ALL {
        let answered: Vec<_> = allowances(*role).unwrap().into_iter().filter_map(|row| row.answer.map(|answer| (row.call, answer))).collect();
        let expected = if *role == Role::Keeper { vec![("clone3".to_owned(), Answer::NoSuchCall)] } else { vec![] };
        assert_eq!(answered, expected, "{role}");
    }
}

#[test]
fn the_check_of_a_gateway_says_what_the_host_gives() {
    let folder = tempfile::tempdir().unwrap();
    let config = lab(folder.path());
    let text = String::from_utf8(vestibule(&["check", "--config", &config]).stdout).unwrap();
    for layer in Layer::ALL {
        assert!(text.contains(&format!("wall `{layer}`")), "{text}");
    }
}

#[test]
fn what_a_process_of_the_probe_is_told_must_be_something_it_knows() {
    assert_eq!(told(&json!({ "dance": {} })).status.code(), Some(2));
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(attempt(Role::Door, "fly", "walls", "other", folder.path()).status.code(), Some(3));
}
