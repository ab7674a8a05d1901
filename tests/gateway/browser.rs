//! The console in a real browser, as officers use it: two certificates and two keys release a held message and one alone does not; hostile content is
//! text; every page is looked at by a program that knows what some people cannot use. Pictures of all pages go to `browser` in the target folder.

use serde_json::{Value, json};
use vestibule::control::Role;

use super::console::Desk;
use super::*;

/// What the content of the hostile message would like to be.
const HOSTILE: &str =
    "GREYWATER \"><script>window.ran=true</script><img src=x onerror=window.ran=true><svg onload=window.ran=true>' onclick=window.ran=true {{7*7}}";

/// A gateway with a console, where two persons review; Ann and Bob may both do everything.
struct Stage {
    desk: Desk,
    gateway: Process,
    gbr: Peer,
    usa: Peer,
}

impl Stage {
    async fn new() -> Self {
        let every: Vec<&str> = Role::ALL.iter().filter(|role| !matches!(role, Role::Author | Role::Approver)).map(|role| role.word()).collect();
        let every = every.join(",");
        let officers = [("ann", every.as_str()), ("bob", every.as_str()), ("author", "author"), ("approver", "approver")];
        let desk = Desk::with(&officers, |path, text| match path {
            "ruleset.toml" => text.replace("persons = 1", "persons = 2"),
            path if !path.starts_with("agreements/") => text.to_owned(),
            _ => text.lines().filter(|line| !line.starts_with("reviewers")).collect::<Vec<_>>().join("\n") + "\n",
        });
        desk.waits("five-eyes-2026.2");
        let gateway = desk.lab.spawn().await;
        let (gbr, usa) = (desk.lab.link("gbr-ops").await, desk.lab.link("usa-ops").await);
        Self { desk, gateway, gbr, usa }
    }

    /// Sends a message that is held, after a change to its text; gives how the console names it.
    async fn held(&self, change: impl FnOnce(String) -> String) -> Value {
        let (header, body) = letter("word-plain", 4);
        let body = change(String::from_utf8(body).unwrap());
        assert_eq!(self.gbr.send(&header, body.as_bytes()).await.status, Status::Accepted);
        json!({ "id": header.id.to_string(), "from": "gbr-ops", "recipient": "usa-ops" })
    }

    /// Has the browser run an errand; what it needs beside the stage stands in `more`.
    async fn errand(&self, errand: &str, more: Value) -> Value {
        let set = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run, which installs what it names"));
        let officer = |name: &str| {
            json!({
                "certificate": self.desk.at(&format!("{name}.console.pem")),
                "key": self.desk.at(&format!("{name}.console.key")),
                "signing": self.desk.at(&format!("{name}.key")),
            })
        };
        let mut settings = json!({
            "modules": set("VESTIBULE_BROWSER"), "chromium": set("VESTIBULE_CHROMIUM"), "pictures": pictures(),
            "origin": format!("https://localhost:{}", self.desk.port),
            "viewer": "ann", "officers": { "ann": officer("ann"), "bob": officer("bob"), "author": officer("author"), "approver": officer("approver") },
        });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/desk.mjs");
        let mut command = tokio::process::Command::new("node");
        let done = command.args([script, &settings.to_string(), errand]).kill_on_drop(true).output().await.unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{errand}: {said}\n{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    async fn end(self) {
        assert_eq!(self.gateway.terminate().await, 0);
        self.desk.lab.audit();
    }
}

/// Where pictures go: beside what is built.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("browser")
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// Nothing went wrong in the browser, and it asked nobody but the console.
fn quiet(answer: &Value) {
    for what in ["errors", "foreign", "dialogs"] {
        assert_eq!(answer["seen"][what], json!([]), "{what}: {answer}");
    }
}

#[test]
fn two_officers_with_two_certificates_and_keys_release_a_held_message_and_one_alone_cannot() {
    run(async {
        let stage = Stage::new().await;
        let held = stage.held(|body| body).await;
        let by = |by: &str| json!({ "held": held, "by": by, "verdict": "release" });
        let first = stage.errand("decide", by("ann")).await;
        quiet(&first);
        assert!(text(&first, "said").contains("a second person must choose the same"), "{first}");
        assert!(text(&first, "text").contains("verdict: release") && text(&first, "signed").contains("ann"), "{first}");
        // The same officer once more is no second person, whichever way it is tried.
        let again = stage.errand("decide", by("ann")).await;
        assert!(!text(&again, "said").contains("usa-ops: forward"), "{again}");
        assert_eq!(stage.usa.count(), 0, "one alone releases nothing");
        // Bob's browser runs no script: he signs what the page shows with the program, and pastes the note.
        let shown = stage.errand("plain", by("bob")).await;
        let file = stage.desk.at("decision.txt");
        std::fs::write(&file, text(&shown, "text")).unwrap();
        let (status, note, errors) = vestibule(&["quarantine", "countersign", "--key", &stage.desk.at("bob.key"), &file]);
        assert_eq!(status, 0, "{errors}");
        let mut with_note = by("bob");
        with_note["note"] = note.into();
        let second = stage.errand("plain", with_note).await;
        assert!(text(&second, "said").contains("usa-ops: forward"), "{second}");
        until("the delivery", || stage.usa.count() >= 1).await;
        let signed = text(&shown, "text").lines().find_map(|line| line.strip_prefix("leaves: ")).unwrap();
        assert!(stage.usa.got().values().any(|bytes| Digest::of(bytes).to_string() == signed), "what they saw is what left: {signed}");
        stage.end().await;
    });
}

#[test]
fn a_message_full_of_markup_is_text_on_every_page() {
    run(async {
        let stage = Stage::new().await;
        let escaped = HOSTILE.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let held = stage.held(|body| body.replace("the next GREYWATER window opens at dusk", &escaped)).await;
        let pages = json!({ "held": "/held", "messages": "/messages", "journey": format!("/message?id={}", text(&held, "id")), "overview": "/" });
        let answer = stage.errand("hostile", json!({ "held": held, "marker": "<script>window.ran=true</script>", "pages": pages })).await;
        quiet(&answer);
        let states = answer["states"].as_array().unwrap();
        assert_eq!(states.len(), 5, "{answer}");
        for state in states {
            let clean = json!({ "status": 200, "ran": false, "scripts": 0, "foreign": 0, "links": 0 });
            assert!(clean.as_object().unwrap().iter().all(|(key, value)| state[key] == *value), "{state}");
        }
        assert_eq!(states[0]["text"], json!(true), "the reviewer reads the markup as it came: {answer}");
        let keys = stage.errand("keys", json!({ "by": "bob" })).await;
        assert!(text(&keys, "url").contains(text(&held, "id")), "j and Enter open what is held: {keys}");
        stage.end().await;
    });
}

#[test]
fn every_page_can_be_used_by_everybody_at_both_widths_and_in_both_schemes() {
    run(async {
        let stage = Stage::new().await;
        let held = stage.held(|body| body).await;
        let edition = stage.desk.edition("five-eyes-2026.2");
        stage.desk.says("ann", &edition, "What differs").await;
        let query = format!("from=gbr-ops&id={}&recipient=usa-ops", text(&held, "id"));
        let mut pages = json!({ "item": format!("/item?{query}"), "message": format!("/message?id={}", text(&held, "id")) });
        for (name, path) in [
            ("overview", "/"),
            ("held", "/held"),
            ("messages", "/messages"),
            ("rules", "/rules"),
            ("edition", edition.as_str()),
            ("rule-file", "/rules/file?path=agreements/fvey-tracks.toml"),
            ("partners", "/partners"),
            ("audit", "/audit"),
            ("quality", "/quality"),
            ("health", "/health"),
        ] {
            pages[name] = path.into();
        }
        let answer = stage.errand("pages", json!({ "pages": pages })).await;
        let found = answer["found"].as_array().unwrap();
        assert_eq!(found.len(), 4 * (pages.as_object().unwrap().len() + 1), "two widths, two schemes");
        let bad = |one: &&Value| one["status"] != json!(200) || one["wide"] != json!(false) || one["faults"] != json!([]);
        let bad: Vec<&Value> = found.iter().filter(bad).collect();
        assert!(bad.is_empty(), "{}", serde_json::to_string_pretty(&bad).unwrap());
        stage.errand("print", json!({ "held": held })).await;
        let times = stage.errand("first", json!({})).await;
        println!("milliseconds from request to the whole first page of what is held: {}", times["times"]);
        stage.end().await;
    });
}

#[test]
fn an_author_and_an_approver_sign_an_edition_with_their_key_files_and_put_it_in_force() {
    run(async {
        let stage = Stage::new().await;
        let edition = stage.desk.edition("five-eyes-2026.2");
        stage.desk.says("author", &edition, "What differs").await;
        for role in ["author", "approver"] {
            let answer = stage.errand("sign", json!({ "by": role, "edition": edition, "role": role })).await;
            quiet(&answer);
            assert!(text(&answer, "said").contains(&format!("signed by `{role}` as {role}")), "{answer}");
            assert!(text(&answer, "text").starts_with("vestibule edition 1\nrule set: five-eyes\nedition: 2026.2\n"), "{answer}");
        }
        stage.desk.says("author", &edition, "Two persons have signed it").await;
        let answer = stage.errand("activate", json!({ "by": "author", "edition": edition })).await;
        quiet(&answer);
        assert!(text(&answer, "said").contains("five-eyes 2026.2 is in force"), "{answer}");
        stage.end().await;
    });
}
