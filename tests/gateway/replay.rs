//! Replay of what a running gateway recorded: byte for byte under the edition that was in force, and with each difference under another.

use super::*;
use vestibule::journal::Verdict;
use vestibule::process::Ask;

/// A copy of the rule set with some texts replaced.
fn edited(lab: &Lab, changes: &[(&str, &str, &str)]) -> PathBuf {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let folder = lab.path("next");
    copy(Path::new(RULES), &folder);
    for (file, old, new) in changes {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(text.contains(old), "{file}: {old}");
        std::fs::write(folder.join(file), text.replace(old, new)).unwrap();
    }
    folder
}

/// Replays the lab's journal, and gives what is said: changes, then totals.
fn replayed(lab: &Lab, rules: &Path, more: &[&str]) -> (Vec<serde_json::Value>, serde_json::Value) {
    let rules = rules.display().to_string();
    let (status, out, errors) = lab.command(&["rules", "replay", &rules], &[&["--json"], more].concat());
    assert_eq!(status, 0, "{errors}");
    let mut lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let totals = lines.pop().expect("totals");
    (lines, totals)
}

fn sum(totals: &serde_json::Value, what: &str) -> u64 {
    totals["partners"].as_object().unwrap().values().map(|partner| partner[what].as_u64().unwrap()).sum()
}

async fn review(gateway: &Running, id: MessageId, verdict: Verdict) {
    let ask = Ask {
        id,
        from: None,
        recipient: None,
        reviewer: "a.turing".to_owned(),
        verdict,
        reason: "seen".to_owned(),
        waived: None,
        removed: Vec::new(),
        class: None,
        colleague: None,
    };
    gateway.handle.review(&ask).await.unwrap();
}

#[test]
fn recorded_traffic_is_decided_again_byte_for_byte_and_differently_where_the_rules_differ() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let mut links = HashMap::new();
        let (mut sent, mut held) = (0_u64, Vec::new());
        for (recipe, number) in recipes().into_iter().zip(1..) {
            if !links.contains_key(recipe.from) {
                links.insert(recipe.from, lab.link(recipe.from).await);
            }
            let (header, body) = letter(recipe.name, number);
            let receipt = links[recipe.from].send(&header, &body).await;
            sent += u64::from(receipt.status == Status::Accepted);
            if recipe.name.starts_with("word-") {
                held.push(header.id);
            }
        }
        assert!(sent > 40 && held.len() >= 2, "{sent}");
        review(&gateway, held[0], Verdict::Release).await;
        review(&gateway, held[1], Verdict::Reject).await;

        // The gateway runs meanwhile: the journal is only read.
        let (changes, totals) = replayed(&lab, Path::new(RULES), &["--workers", "3"]);
        assert_eq!(changes, Vec::<serde_json::Value>::new());
        assert_eq!(totals["messages"].as_u64(), Some(sent + 1), "{totals}");
        assert_eq!((totals["by_people"].as_u64(), totals["dropped"].as_u64()), (Some(1), Some(0)));
        assert_eq!((sum(&totals, "exact"), sum(&totals, "changed")), (sum(&totals, "decisions"), 0), "{totals}");
        gateway.stop().await;

        let next = edited(
            &lab,
            &[
                ("ruleset.toml", "edition = \"2026.1\"", "edition = \"2026.2\""),
                ("filters/words/codewords.txt", "# action: hold", "# action: note"),
                ("agreements/fvey-tracks.toml", "until = \"2030-01-01T00:00:00Z\"", "until = \"2025-02-01T00:00:00Z\""),
            ],
        );
        let page = lab.path("replay.html");
        let (changes, totals) = replayed(&lab, &next, &["--html", &page.display().to_string()]);
        assert!(sum(&totals, "lost") > 5 && sum(&totals, "changed") >= changes.len() as u64, "{totals}");
        let lost = changes.iter().find(|change| change["before"]["clause"] == "FVEY-TRACKS/1.1").expect("a track that is covered no more");
        assert_eq!((lost["after"]["outcome"].as_str(), lost["after"]["code"].as_str()), (Some("withhold"), Some("agreement.none")));
        let text = std::fs::read_to_string(page).unwrap();
        assert!(text.contains("<svg") && text.contains("usa-ops") && text.contains("agreement.none") && text.contains("five-eyes 2026.2"));
        assert!(!text.contains("<script") && !text.contains("href=") && !text.contains("src="), "the page stands alone");

        // Compared with what the old edition decides again, it is the same.
        let (again, _) = replayed(&lab, &next, &["--under", RULES]);
        assert_eq!(again, changes);

        // One of them, explained as it was decided: with what reviewers had waived.
        let (status, out, errors) = lab.command(&["explain"], &[&held[0].to_string()]);
        assert_eq!(status, 0, "{errors}");
        assert!(out.contains("forward") && out.contains("let pass by reviewers"), "{out}");
    });
}
