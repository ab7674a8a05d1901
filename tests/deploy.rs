//! What lies in `deploy/`: the metrics that dashboard and alerts name are there, the service and the package fit the program, and the commands of the
//! README do what it says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("vestibule_")).collect()
}

#[test]
fn every_metric_of_dashboard_and_alerts_stands_in_the_table() {
    let table = read("src/metrics/mod.rs");
    let known = metrics(&table);
    assert!(known.len() > 10);
    for file in ["deploy/grafana/dashboard.json", "deploy/prometheus/alerts.yml"] {
        let text = read(file);
        let named = metrics(&text);
        assert!(named.len() > 8, "{named:?}");
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "{file} names what the table of metrics does not have: {unknown:?}");
    }
    // A counter is looked at by its growth; a bare one is a number that only says how long the gateway has run.
    for line in read("deploy/prometheus/alerts.yml").lines().filter(|line| line.contains("_total")) {
        assert!(line.contains("rate(") || line.contains("increase("), "{line}");
    }
}

#[test]
fn every_alert_says_what_is_wrong_and_what_to_do() {
    let text = read("deploy/prometheus/alerts.yml");
    let count = |word: &str| text.matches(word).count();
    assert!(count("- alert: ") > 10);
    for word in ["expr:", "severity:", "summary:", "remedy:"] {
        assert_eq!(count(word), count("- alert: "), "{word}");
    }
}

#[test]
fn every_file_that_the_package_takes_is_there_and_the_service_runs_what_it_installs() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    for asset in deb["assets"].as_array().unwrap() {
        let from = asset[0].as_str().unwrap();
        let folder = from.trim_end_matches("/**/*");
        assert!(from == "target/release/vestibule" || root().join(folder).exists(), "{from}");
    }
    let targets: Vec<&str> = deb["assets"].as_array().unwrap().iter().map(|asset| asset[1].as_str().unwrap()).collect();
    for kept in deb["conf-files"].as_array().unwrap() {
        assert!(targets.iter().any(|target| format!("/{target}") == kept.as_str().unwrap()), "{kept}");
    }
    let service = read("deploy/vestibule.service");
    for line in service.lines().filter(|line| line.starts_with("Exec")) {
        let (_, command) = line.split_once('=').unwrap();
        let mut words = command.split_whitespace();
        if words.next() == Some("/usr/bin/vestibule") {
            let verb = words.next().unwrap();
            assert!(vestibule::cli::COMMANDS.iter().any(|known| known.path == [verb]), "{line}");
        }
    }
    for script in ["postinst", "prerm", "postrm"] {
        assert!(Command::new("sh").args(["-n", &root().join("deploy/debian").join(script).display().to_string()]).status().unwrap().success());
    }
}

#[test]
fn the_firewall_is_one_that_nft_takes_and_says_nothing_faster_than_people_read() {
    let text = read("deploy/nftables.conf");
    for line in text.lines().filter(|line| line.contains("log prefix")) {
        assert!(line.find("limit rate") < line.find("log prefix"), "what stands before the limit is not limited: {line}");
    }
    // The user of the service is not on the machine that builds.
    let (folder, file) = (tempfile::tempdir().unwrap(), "nftables.conf");
    std::fs::write(folder.path().join(file), text.replace("skuid vestibule", "skuid root")).unwrap();
    let output = Command::new("unshare").args(["-rn", "nft", "-c", "-f", file]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The commands of the README's blocks, but for those that need an installed package.
fn commands(text: &str) -> String {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => lines.push(line),
            _ => {}
        }
    }
    lines.join("\n")
}

/// A folder that looks as the unpacked package does, on ports of its own.
fn unpacked(folder: &Path) {
    let port = || std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for inner in ["unpacked/etc/vestibule", "unpacked/var/lib/vestibule", "unpacked/usr/share/vestibule/rules", "unpacked/usr/bin"] {
        std::fs::create_dir_all(folder.join(inner)).unwrap();
    }
    let text = read("deploy/debian/gateway.toml").replace(":4471", &format!(":{}", port())).replace(":4472", &format!(":{}", port()));
    std::fs::write(folder.join("unpacked/etc/vestibule/gateway.toml"), text).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_vestibule"), folder.join("unpacked/usr/bin/vestibule")).unwrap();
    let copied = Command::new("cp").arg("-r").arg(root().join("rules/five-eyes")).arg(folder.join("unpacked/usr/share/vestibule/rules")).status();
    assert!(copied.unwrap().success());
}

#[test]
fn the_commands_of_the_readme_lead_from_the_package_to_a_delivered_message() {
    let folder = tempfile::tempdir().unwrap();
    unpacked(folder.path());
    let script = commands(&read("deploy/README.md"));
    assert!(script.lines().filter(|line| line.starts_with("vestibule ")).count() > 10, "{script}");
    let path = format!("{}:{}", folder.path().join("unpacked/usr/bin").display(), std::env::var("PATH").unwrap());
    let output = Command::new("timeout")
        .args(["200", "sh", "-eux", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("R", folder.path().join("unpacked"))
        .env_remove("VESTIBULE_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{errors}");
    let arrived = std::fs::read_dir(folder.path().join("inbox"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "msg"));
    assert_eq!(arrived.count(), 1, "{out}\n{errors}");
    assert!(out.contains("the journal holds") && out.contains("the copy holds") && out.contains("has stopped"), "{out}");
}
