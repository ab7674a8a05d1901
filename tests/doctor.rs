//! `vestibule doctor`: its table, and for each thing that can be bad a lab in which it is.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/five-eyes");
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/doctor.txt");

fn vestibule(words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vestibule")).args(words).env_remove("VESTIBULE_LOG").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A lab's configuration in a folder, with its keys.
fn lab() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../deploy/lab/gateway.toml").replace("../../rules/five-eyes", RULES);
    let text = text.replace(":4471\"", &format!(":{}\"", free_port())).replace(":4472\"", &format!(":{}\"", free_port()));
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, text).unwrap();
    assert_eq!(vestibule(&["pki", "init", "--config", config.to_str().unwrap()]).0, 0);
    (folder, config)
}

/// Status, and the state of each row and what it is of, with what was seen and the remedy.
fn doctor(config: &Path) -> (i32, BTreeMap<(String, String), Value>) {
    let (status, out, errors) = vestibule(&["doctor", "--json", "--config", config.to_str().unwrap()]);
    assert!(errors.is_empty(), "{errors}");
    let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    (status, lines.map(|line| ((line["check"].as_str().unwrap().to_owned(), line["of"].as_str().unwrap().to_owned()), line)).collect())
}

/// The rows of a check whose state is not good.
fn troubled(config: &Path, check: &str) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (_, lines) = doctor(config);
    let of = lines.into_values().filter(|line| line["check"] == check && line["state"] != "good");
    of.map(|line| (text(&line["state"]), text(&line["seen"]), text(&line["remedy"]))).collect()
}

#[test]
fn the_table_is_this_one() {
    let (_folder, config) = lab();
    let (_, out, _) = vestibule(&["doctor", "--json", "--config", config.to_str().unwrap()]);
    let mut names: Vec<String> = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["check"].as_str().unwrap().to_owned()).collect();
    names.dedup();
    let found = names.join("\n") + "\n";
    if std::env::var("VESTIBULE_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(GOLDEN, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(GOLDEN).unwrap(), "run with VESTIBULE_GOLDEN=write and read what changed");
}

#[test]
fn a_fresh_lab_has_nothing_bad_of_its_own_and_every_trouble_has_a_remedy() {
    let (_folder, config) = lab();
    let (status, lines) = doctor(&config);
    // What the host gives differs from host to host; the lab's own files do not.
    let own = |line: &&Value| !["walls", "limits", "descriptors", "clock", "disk"].contains(&line["check"].as_str().unwrap());
    let bad: Vec<&Value> = lines.values().filter(own).filter(|line| line["state"] == "bad").collect();
    assert!(bad.is_empty(), "{bad:?}");
    let any_bad = lines.values().any(|line| line["state"] == "bad");
    assert_eq!(status, i32::from(any_bad));
    for line in lines.values() {
        assert_eq!(line["state"] == "good", line["remedy"] == "", "{line}");
        assert!(!line["seen"].as_str().unwrap().is_empty(), "{line}");
    }
    let (_, out, _) = vestibule(&["doctor", "--config", config.to_str().unwrap()]);
    assert!(out.contains("what to do") && out.lines().last().unwrap().ends_with("bad"), "{out}");
}

#[test]
fn a_key_that_others_can_read_and_one_that_is_not_there_are_bad() {
    let (folder, config) = lab();
    std::fs::set_permissions(folder.path().join("state/keys/audit.key"), std::fs::Permissions::from_mode(0o640)).unwrap();
    std::fs::remove_file(folder.path().join("state/keys/hops.key")).unwrap();
    std::fs::write(folder.path().join("state/keys/quarantine.key"), "no key").unwrap();
    let door = folder.path().join("state/pki/coalition/gateway.key");
    std::fs::set_permissions(&door, std::fs::Permissions::from_mode(0o604)).unwrap();
    let found = troubled(&config, "key files");
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|(state, ..)| state == "bad"), "{found:?}");
    assert!(found.iter().any(|(_, seen, remedy)| seen.contains("0640") && remedy.starts_with("chmod 600")), "{found:?}");
    assert_eq!(doctor(&config).0, 1);
}

/// New certificate and list of a door that end in so many days, or ended so many days ago.
fn pki(folder: &Path, days: i64) {
    use vestibule::link::pki::{Anchor, Use};
    let at = |name: &str| folder.join("state/pki/coalition").join(name);
    let now = vestibule::base::Time::from_unix_ms(vestibule::process::world::now().unix_ms() + (days - 40) * 86_400_000).unwrap();
    let days = 40;
    let anchor = Anchor::load(&std::fs::read_to_string(at("anchor.pem")).unwrap(), &std::fs::read_to_string(at("anchor.key")).unwrap()).unwrap();
    let issued = anchor.issue("gateway.coalition.lab", Use::Both, now, days).unwrap();
    std::fs::write(at("gateway.pem"), issued.certificate).unwrap();
    std::fs::write(at("gateway.key"), issued.key.as_str()).unwrap();
    std::fs::write(at("revoked.pem"), anchor.revoke(&[], now, days).unwrap()).unwrap();
}

#[test]
fn certificates_are_doubtful_in_their_last_month_and_bad_in_their_last_days() {
    let (folder, config) = lab();
    for (days, certificate, list) in [(31, "good", None), (29, "doubtful", None), (2, "bad", None), (-1, "bad", Some("bad"))] {
        pki(folder.path(), days);
        let (_, lines) = doctor(&config);
        let state = |check: &str| lines[&(check.to_owned(), "coalition".to_owned())]["state"].clone();
        assert_eq!(state("certificates"), certificate, "{days} days");
        assert_eq!(state("revocation lists"), list.unwrap_or("good"), "{days} days");
    }
    let found = troubled(&config, "links");
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_certificate_of_another_key_keeps_a_door_shut() {
    let (folder, config) = lab();
    let at = |name: &str| folder.path().join("state/pki/coalition").join(name);
    std::fs::copy(at("usa-ops.key"), at("gateway.key")).unwrap();
    let found = troubled(&config, "links");
    assert!(found.len() == 1 && found[0].0 == "bad", "{found:?}");
}

#[test]
fn a_port_that_another_program_has_is_bad() {
    let (_folder, config) = lab();
    let text = std::fs::read_to_string(&config).unwrap();
    let domains = text.split_once("[[domain]]").unwrap().1;
    let port = domains.lines().find_map(|line| line.strip_prefix("listen = \"")?.strip_suffix('"')).unwrap().to_owned();
    let _taken = UdpSocket::bind(&port).unwrap();
    let found = troubled(&config, "ports");
    assert!(found.len() == 1 && found[0].0 == "bad" && found[0].2.contains("ss -ulpn"), "{found:?}");
}

#[test]
fn a_journal_that_is_none_and_rules_that_do_not_load_are_bad() {
    let (folder, config) = lab();
    std::fs::create_dir_all(folder.path().join("state/journal")).unwrap();
    std::fs::write(folder.path().join("state/journal/journal.db"), vec![7; 4096]).unwrap();
    let found = troubled(&config, "journal");
    assert!(found.len() == 1 && found[0].0 == "bad" && found[0].2.contains("restore"), "{found:?}");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace(RULES, "nowhere")).unwrap();
    let found = troubled(&config, "rule set");
    assert!(found.len() == 1 && found[0].0 == "bad", "{found:?}");
}

#[test]
fn an_officer_with_the_key_of_another_is_bad_and_none_at_all_is_doubtful() {
    let (folder, config) = lab();
    assert_eq!(troubled(&config, "officers")[0].0, "doubtful");
    let text = std::fs::read_to_string(&config).unwrap();
    let officer = |name: &str, key: &str| format!("\n[[officer]]\nname = \"{name}\"\nkey = \"{key}\"\nroles = [\"author\", \"approver\"]\n");
    let key = "gbr.example/vestibule+a24df82c+ASDqEOR5USi7BYB92Zb/FIKpSsybimXsDoRzb/hoVTFB";
    std::fs::write(&config, text.clone() + &officer("maj-smith", key)).unwrap();
    let found = troubled(&config, "officers");
    assert!(found.len() == 1 && found[0].0 == "bad" && found[0].1.contains("maj-smith"), "{found:?}");
    // A signature beside the rules that is none of theirs.
    let rules = folder.path().join("rules");
    assert!(Command::new("cp").args(["-r", RULES, rules.to_str().unwrap()]).status().unwrap().success());
    std::fs::create_dir(rules.join("signatures")).unwrap();
    std::fs::write(rules.join("signatures/maj-smith.author"), "none\n").unwrap();
    let made = vestibule::audit::SignerKey::made("maj-smith", &[7; 32]).unwrap().0;
    let text = text.replace(RULES, rules.to_str().unwrap());
    std::fs::write(&config, text + &officer("maj-smith", &made.verifier().to_string())).unwrap();
    let found = troubled(&config, "officers");
    assert!(found.len() == 2 && found.iter().any(|one| one.0 == "bad" && one.1.contains("does not count")), "{found:?}");
    assert!(found.iter().any(|one| one.0 == "doubtful" && one.1.contains("unproved")), "the lab says `never`: {found:?}");
    // Where nothing is said, editions are proved, and a solver that is not there is bad.
    let text = std::fs::read_to_string(&config).unwrap().replacen("prove = \"never\"", "solver = \"/nowhere/cvc5\"", 1);
    std::fs::write(&config, text).unwrap();
    let found = troubled(&config, "officers");
    assert!(found.iter().any(|one| one.0 == "bad" && one.1.contains("cannot be started")), "{found:?}");
}

/// A journal with these events.
fn journal(folder: &Path, events: Vec<vestibule::journal::Event>) {
    use vestibule::base::Precedence;
    use vestibule::journal::Journal as _;
    use vestibule::journal::embedded::Engine;
    use vestibule::journal::seal::{SealKey, SealRing};
    let key = SealKey::open(&folder.join("state/keys/quarantine.key")).unwrap();
    let engine = Engine::open(&folder.join("state/journal"), SealRing::new(key, Vec::new())).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for event in events {
        runtime.block_on(engine.append(vec![event], Precedence::Routine)).map(|_| ()).unwrap();
    }
}

#[test]
fn a_clock_that_was_turned_back_behind_the_journal_is_bad() {
    use vestibule::base::Time;
    use vestibule::journal::{Event, Operated};
    let (folder, config) = lab();
    let later = |ms: i64| Time::from_unix_ms(vestibule::process::world::now().unix_ms() + ms).unwrap();
    let operated = |time| Event::Operated(Operated { who: "test".to_owned(), what: "from the time to come".to_owned(), time });
    journal(folder.path(), vec![operated(later(30_000))]);
    assert_eq!(troubled(&config, "last record")[0].0, "doubtful");
    journal(folder.path(), vec![operated(later(3_600_000))]);
    assert_eq!(troubled(&config, "last record")[0].0, "bad");
}

#[test]
fn what_is_held_for_days_is_doubtful_and_for_weeks_bad() {
    use vestibule::base::{Digest, Header, MessageId, Name, Precedence, Time, Traffic};
    let (folder, config) = lab();
    for (days, seed, state) in [(0, 1, None), (2, 2, Some("doubtful")), (8, 3, Some("bad"))] {
        let time = Time::from_unix_ms(vestibule::process::world::now().unix_ms() - days * 86_400_000).unwrap();
        let header = Header {
            id: MessageId::from_parts(1, [seed; 10]),
            precedence: Precedence::Routine,
            destinations: vec![Name::new("usa-ops").unwrap()],
            media_type: String::new(),
            traffic: Traffic::Operation,
            sent: time,
            label: None,
        };
        journal(folder.path(), crate::journal::held_since(time, header, vec![1], Digest::of(b"e")));
        let found: Vec<String> = troubled(&config, "held").into_iter().map(|(state, ..)| state).collect();
        assert_eq!(found, Vec::from_iter(state.map(str::to_owned)), "{days} days");
    }
}

#[test]
fn records_that_were_cut_off_below_their_checkpoint_are_bad() {
    use vestibule::audit::{Intervals, Notary, SignerKey};
    use vestibule::journal::embedded::Engine;
    use vestibule::journal::seal::{SealKey, SealRing};
    use vestibule::journal::{Event, Operated};
    let (folder, config) = lab();
    let now = vestibule::process::world::now();
    let events = || (0..5).map(|_| Event::Operated(Operated { who: "test".to_owned(), what: "x".to_owned(), time: now })).collect();
    journal(folder.path(), events());
    std::fs::copy(folder.path().join("state/journal/journal.db"), folder.path().join("early")).unwrap();
    journal(folder.path(), events());
    let key = SignerKey::open(&folder.path().join("state/keys/audit.key")).unwrap();
    let sealing = SealRing::new(SealKey::open(&folder.path().join("state/keys/quarantine.key")).unwrap(), Vec::new());
    let engine = Engine::open(&folder.path().join("state/journal"), sealing).unwrap();
    let notary = Notary::new(key, Intervals::default(), &folder.path().join("state/journal"));
    tokio::runtime::Runtime::new().unwrap().block_on(notary.checkpoint(&engine, now)).unwrap();
    drop(engine);
    assert_eq!(troubled(&config, "checkpoint"), []);
    std::fs::copy(folder.path().join("early"), folder.path().join("state/journal/journal.db")).unwrap();
    let found = troubled(&config, "checkpoint");
    assert!(found.len() == 1 && found[0].0 == "bad" && found[0].1.contains("10 of 5"), "{found:?}");
}

#[test]
fn a_running_gateway_without_walls_is_bad_and_its_ports_are_its_own() {
    let (folder, config) = lab();
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("confinement = \"off\"\n{text}")).unwrap();
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(["run", "--while-stdin", "--config", config.to_str().unwrap()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    let ready = || vestibule(&["status", "--config", config.to_str().unwrap()]).1.matches("yes").count() >= 8;
    while !ready() {
        assert!(started.elapsed().as_secs() < 60, "never ready: {}", std::fs::read_to_string(folder.path().join("log")).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let found = troubled(&config, "processes");
    assert!(found.len() == 8 && found.iter().all(|(state, seen, _)| state == "bad" && seen.contains("WITHOUT WALLS")), "{found:?}");
    assert_eq!(troubled(&config, "ports"), []);
    assert!(troubled(&config, "gateway").iter().any(|(state, seen, _)| state == "doubtful" && seen.contains("usa-ops")));
    drop(gateway.stdin.take());
    assert_eq!(gateway.wait().unwrap().code(), Some(0));
    assert_eq!(troubled(&config, "control socket"), []);
}
