//! The real program, as people and scripts call it: help, exit status, JSON, and the whole path offline against known outcomes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use vestibule::cli::COMMANDS;

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/five-eyes");

fn vestibule(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vestibule")).args(words).env_remove("VESTIBULE_LOG").output().unwrap()
}

fn status(words: &[&str]) -> i32 {
    vestibule(words).status.code().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// A lab's configuration in a folder, with its keys.
fn lab(folder: &Path) -> String {
    let text = include_str!("../deploy/lab/gateway.toml").replace("../../rules/five-eyes", RULES);
    let config = file(folder, "gateway.toml", text.as_bytes());
    assert_eq!(status(&["pki", "init", "--config", &config]), 0);
    config
}

#[test]
fn every_command_has_help_with_examples_and_status_zero() {
    for command in COMMANDS {
        let mut words = command.path.to_vec();
        words.push("--help");
        let output = vestibule(&words);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("Examples:") && text.contains("Usage:"), "{:?}", command.path);
        assert!(output.stderr.is_empty());
    }
    assert!(String::from_utf8(vestibule(&["--help"]).stdout).unwrap().contains("Exit status"));
}

#[test]
fn wrong_usage_is_status_two_on_standard_error() {
    for words in [
        &["fly"][..],
        &[],
        &["inspect"],
        &["inspect", "--rules", RULES, "a.xml"],
        &["rules"],
        &["rules", "check"],
        &["send", "--config", "x"],
        &["generate"],
        &["generate", "--list", "--only", "no-such-recipe"],
        &["manual", "no-such-page"],
        &["quarantine", "show", "--config", "x", "not-an-id"],
        &["inspect", "--rules", RULES, "--from", "nobody", "a.xml"],
    ] {
        let output = vestibule(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn absent_files_and_sockets_are_status_three() {
    let folder = tempfile::tempdir().unwrap();
    let config = lab(folder.path());
    let id = "018f2b6e-7c3a-7d2e-9c41-2f0a6b1c3d4e";
    for words in [
        &["check", "--config", "nowhere.toml"][..],
        &["run", "--config", "nowhere.toml"],
        &["rules", "check", "nowhere"],
        &["inspect", "--syntax", "xml", "nowhere.xml"],
        &["audit", "verify", "--config", &config],
        &["quarantine", "list", "--config", &config],
        &["quarantine", "release", "--config", &config, "--by", "a", "--reason", "b", id],
    ] {
        let output = vestibule(words);
        assert_eq!(output.status.code(), Some(3), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_faulty_configuration_is_shown_with_its_place_and_check_says_no() {
    let folder = tempfile::tempdir().unwrap();
    let config = file(folder.path(), "gateway.toml", b"home = \"GBR\"\nrulez = \"x\"\n");
    assert_eq!(status(&["check", "--config", &config]), 1);
    let output = vestibule(&["run", "--config", &config]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && text.contains("rulez") && text.contains("gateway.toml:2:1"), "{text}");
}

#[test]
fn a_lab_is_made_and_checked_and_a_key_that_others_can_read_fails_the_check() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let config = lab(folder.path());
    let checks = lines(&vestibule(&["check", "--json", "--config", &config]));
    assert!(checks.len() > 5 && checks.iter().all(|check| check["passed"] == true), "{checks:?}");
    let key = folder.path().join("state/keys/quarantine.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = vestibule(&["check", "--config", &config]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("FAIL quarantine key"));
}

#[test]
fn certificates_are_issued_and_revoked_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    lab(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (anchor, list, new) = (at("state/pki/coalition/anchor.pem"), at("state/pki/coalition/revoked.pem"), at("fra-ops.pem"));
    let issue = ["pki", "issue", "--anchor", &anchor, "--identity", "fra-ops.coalition.lab", "--into", &new];
    assert_eq!((status(&issue), status(&issue)), (0, 2));
    let revoke = vestibule(&["pki", "revoke", "--anchor", &anchor, "--list", &list, &new]);
    assert!(String::from_utf8(revoke.stdout).unwrap().contains("1 revoked"));
    let again = vestibule(&["pki", "revoke", "--anchor", &anchor, "--list", &list, &at("state/pki/coalition/usa-ops.pem")]);
    assert!(String::from_utf8(again.stdout).unwrap().contains("2 revoked"));
}

#[test]
fn every_recipe_has_its_expected_outcome_when_it_is_inspected() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().display().to_string();
    let entries = lines(&vestibule(&["generate", "--json", "--seed", "77", "--into", &into]));
    let mut by_sender: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for entry in &entries {
        by_sender.entry(entry["from"].as_str().unwrap()).or_default().push(entry);
    }
    let mut wrong = Vec::new();
    for (from, entries) in by_sender {
        let files: Vec<String> = entries.iter().map(|entry| folder.path().join(entry["file"].as_str().unwrap()).display().to_string()).collect();
        let mut words = vec!["inspect", "--rules", RULES, "--json", "--from", from];
        words.extend(files.iter().map(String::as_str));
        let found = lines(&vestibule(&words));
        for (entry, file) in entries.iter().zip(&files) {
            let rulings: Vec<&Value> = found.iter().filter(|ruling| ruling["file"] == **file).collect();
            let expected = entry["expected"].as_array().unwrap();
            if rulings.len() != expected.len() {
                wrong.push(format!("{}: {} recipients", entry["recipe"], rulings.len()));
            }
            for expected in expected {
                let ruling = rulings.iter().find(|ruling| ruling["to"] == expected["to"]);
                let fits = ruling.is_some_and(|ruling| {
                    let edited = !ruling["edits"].as_array().unwrap().is_empty();
                    let edits = ruling["outcome"] != "forward" || expected.get("edited").is_none_or(|wanted| *wanted == edited);
                    ruling["outcome"] == expected["outcome"] && ruling["code"] == expected["code"] && edits
                });
                if !fits {
                    wrong.push(format!("{} to {}: expected {expected}, found {ruling:?}", entry["recipe"], expected["to"]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_json_of_inspect_has_the_shape_that_scripts_rely_on() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().display().to_string();
    lines(&vestibule(&["generate", "--json", "--only", "track-five-eyes", "--only", "word-plain", "--into", &into]));
    let at = |name: &str| folder.path().join(name).display().to_string();
    let words =
        ["inspect", "--rules", RULES, "--json", "--from", "gbr-ops", "--to", "usa-ops", &at("0001-track-five-eyes.xml"), &at("0002-word-plain.xml")];
    let found = lines(&vestibule(&words));
    let [track, word] = found.as_slice() else { panic!("{found:?}") };
    for key in ["file", "from", "to", "format", "outcome", "code", "label", "agreement", "findings", "edits", "output"] {
        assert!(track.get(key).is_some() && word.get(key).is_some(), "{key}");
    }
    assert_eq!((&track["outcome"], &track["code"], &track["format"]), (&"forward".into(), &Value::Null, &"cot".into()));
    assert!(track["output"].is_string() && track["agreement"] == "FVEY-TRACKS/1.1" && track["label"]["classification"] == "SECRET");
    assert_eq!((&word["outcome"], &word["code"], &word["output"]), (&"quarantine".into(), &"content.words".into(), &Value::Null));
    let finding = &word["findings"][0];
    assert_eq!(finding["path"], "/event/detail/remarks");
    let body = std::fs::read_to_string(at("0002-word-plain.xml")).unwrap();
    let span: Vec<usize> = finding["span"].as_array().unwrap().iter().map(|at| usize::try_from(at.as_u64().unwrap()).unwrap()).collect();
    assert_eq!(&body[span[0]..span[1]], "GREYWATER");
    assert!(!finding["text"].as_str().unwrap().contains("GREYWATER"));
}

#[test]
fn inspect_writes_the_markings_of_a_label_in_the_languages_of_its_own_scheme() {
    let at = |name: &str| format!("{RULES}/cases/messages/{name}");
    for (from, to, name, markings) in [
        ("usa-ops", "gbr-ops", "usa-track.xml", json!([{"text": "SECRET//REL TO USA, FVEY"}])),
        ("gbr-ops", "usa-ops", "letter-with-binary-label.eml", json!([{"text": "SECRET - UK/US EYES ONLY"}])),
        ("deu-ops", "gbr-ops", "nato-track.xml", json!([{"text": "NATO SECRET"}, {"language": "fr", "text": "NATO SECRET"}])),
    ] {
        let found = lines(&vestibule(&["inspect", "--rules", RULES, "--json", "--from", from, "--to", to, &at(name)]));
        assert_eq!(found[0]["markings"], markings, "{name}: {}", found[0]);
    }
}

#[test]
fn inspect_shows_what_a_consent_would_change_and_takes_nothing_else_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let edition = vestibule::policy::load(&vestibule::policy::read_folder(Path::new(RULES)).unwrap()).unwrap();
    let case = edition.cases.iter().find(|case| !case.consents.is_empty()).unwrap();
    let (message, label) =
        (file(folder.path(), "track.xml", &case.body), file(folder.path(), "label.xml", case.label.as_deref().unwrap().as_bytes()));
    let note = file(folder.path(), "usa.note", case.consents[0].as_bytes());
    let altered = file(folder.path(), "altered.note", case.consents[0].replace("to can-ops", "to nzl-ops").as_bytes());
    let now = case.now.to_string();
    let asked = ["inspect", "--rules", RULES, "--json", "--from", "gbr-ops", "--to", "can-ops", "--now", &now, "--label", &label];
    let with = |more: &[&'static str], note: &[&str]| {
        let words: Vec<String> = asked.iter().chain(more).chain(note).chain([&message.as_str()]).map(|word| (*word).to_owned()).collect();
        vestibule(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(lines(&with(&[], &[]))[0]["code"], "agreement.consent");
    assert_eq!(lines(&with(&["--consent"], &[&note]))[0]["outcome"], "forward");
    assert_ne!(lines(&with(&["--consent"], &[&altered]))[0]["outcome"], "forward");
    assert_eq!(with(&["--consent"], &[&message]).status.code(), Some(2));
}

#[test]
fn a_label_in_xml_beside_a_mail_must_say_what_its_binary_label_says() {
    let folder = tempfile::tempdir().unwrap();
    let letter = format!("{RULES}/cases/messages/letter-with-binary-label.eml");
    let label = |category: &str| {
        let information = format!("<PolicyIdentifier>GBR</PolicyIdentifier><Classification>SECRET</Classification>{category}");
        format!(
            "<originatorConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2036-01-01T00:00:00Z\">\
             <ConfidentialityInformation>{information}</ConfidentialityInformation><CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime>\
             </originatorConfidentialityLabel>"
        )
    };
    let list = "<Category TagName=\"Releasable To\" Type=\"PERMISSIVE\"><GenericValue>GBR</GenericValue><GenericValue>USA</GenericValue></Category>";
    for (category, code) in [(list, Value::Null), ("", "label.disagree".into())] {
        let beside = file(folder.path(), "label.xml", label(category).as_bytes());
        let now = "2026-03-01T12:00:30Z";
        let words = ["inspect", "--rules", RULES, "--json", "--from", "gbr-ops", "--to", "usa-ops", "--now", now, "--label", &beside, &letter];
        assert_eq!(lines(&vestibule(&words))[0]["code"], code, "{category}");
    }
}

#[test]
fn a_reader_alone_says_where_and_why_and_its_status_is_zero() {
    let folder = tempfile::tempdir().unwrap();
    let bad = file(folder.path(), "a.xml", b"<a>\n  <!DOCTYPE b>\n</a>");
    let found = lines(&vestibule(&["inspect", "--syntax", "xml", "--json", &bad]));
    assert_eq!(
        (&found[0]["outcome"], &found[0]["code"], &found[0]["line"], &found[0]["column"]),
        (&"reject".into(), &"malformed.xml.doctype".into(), &2.into(), &3.into())
    );
    let twice = file(folder.path(), "a.json", b"{\"a\":1,\n\"a\":2}");
    assert_eq!(lines(&vestibule(&["inspect", "--syntax", "json", "--json", &twice]))[0]["code"], "malformed.json.repeated");
    let good = file(folder.path(), "b.json", b"{\"a\":[1,2]}");
    assert_eq!(lines(&vestibule(&["inspect", "--syntax", "json", "--json", &good]))[0]["outcome"], "forward");
    assert_eq!(status(&["inspect", "--syntax", "text", &bad]), 0);
}

#[test]
fn the_rule_set_of_the_lab_has_no_faults_and_passes_its_own_cases() {
    assert_eq!(status(&["rules", "check", RULES]), 0);
    let cases = lines(&vestibule(&["rules", "test", "--json", RULES]));
    assert!(cases.len() >= 40 && cases.iter().all(|case| case["passed"] == true));
}

#[test]
fn a_reader_of_output_who_goes_away_is_no_error() {
    let script = format!("{} generate --list | head -1; echo ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_vestibule"));
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("\n0\n") && output.stderr.is_empty(), "{text} {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_page_of_the_manual_is_printed_and_its_commands_exist() {
    let list = String::from_utf8(vestibule(&["manual"]).stdout).unwrap();
    for line in list.lines() {
        let page = String::from_utf8(vestibule(&["manual", line.split(' ').next().unwrap()]).stdout).unwrap();
        for call in page.lines().filter_map(|line| line.strip_prefix("$ vestibule ")) {
            let words: Vec<&str> = call.split(' ').collect();
            assert!(COMMANDS.iter().any(|command| words.starts_with(command.path)), "{call}");
        }
    }
}

#[test]
fn output_that_is_no_terminal_has_no_colour() {
    for words in [&["generate", "--list"][..], &["rules", "test", "--all", RULES]] {
        assert!(!vestibule(words).stdout.contains(&0x1b), "{words:?}");
    }
}

#[test]
fn the_demo_decides_every_message_as_expected_and_leaves_a_journal_that_holds() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let found = lines(&vestibule(&["demo", "--once", "--json", "--rules", RULES, "--folder", &at("lab")]));
    let codes: std::collections::BTreeSet<&str> = found.iter().filter_map(|line| line["code"].as_str()).collect();
    let outcomes: std::collections::BTreeSet<&str> = found.iter().filter_map(|line| line["outcome"].as_str()).collect();
    assert!(found.len() >= 40 && codes.len() >= 15 && outcomes.len() == 4, "{} {codes:?} {outcomes:?}", found.len());
    assert!(found.iter().all(|line| line["as_expected"] == true && (line["outcome"] == "forward") == (line["delivered"] == true)));
    // What the journal calls delivered lies in the inboxes, each message once.
    let kept = |peer: &str| {
        std::fs::read_dir(folder.path().join("lab/inbox").join(peer))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "msg"))
            .count()
    };
    for peer in ["gbr-ops", "usa-ops", "can-ops", "aus-ops", "nzl-ops", "nato-hq", "deu-ops", "guest-isac"] {
        assert_eq!(kept(peer), found.iter().filter(|line| line["to"] == peer && line["delivered"] == true).count(), "{peer}");
    }
    let config = at("lab/gateway.toml");
    assert_eq!(lines(&vestibule(&["audit", "verify", "--json", "--config", &config]))[0]["problems"], Value::Array(Vec::new()));
    let held = lines(&vestibule(&["quarantine", "list", "--json", "--config", &config]));
    assert_eq!(held.len(), found.iter().filter(|line| line["outcome"] == "quarantine").count());
    let shown = lines(&vestibule(&["quarantine", "show", "--json", "--config", &config, held[0]["id"].as_str().unwrap()]));
    assert!(shown[0]["findings"].as_array().is_some_and(|findings| !findings.is_empty()) && shown[0]["body"].is_string());
    // The gateway is gone with the demo, and says so to who asks it.
    assert_eq!(status(&["quarantine", "reject", "--config", &config, "--by", "a", "--reason", "b", held[0]["id"].as_str().unwrap()]), 3);
}
