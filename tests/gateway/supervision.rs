//! The gateway of several processes under its supervisor: start order, stop, reload, giving up, what a service manager is told.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;

use serde_json::Value;

use super::*;

/// The processes of a running gateway, as it tells operators.
fn processes(lab: &Lab) -> Vec<Value> {
    match control::ask(&lab.path("state/journal").join(control::SOCKET), &Request::Status {}) {
        Ok(Response::Status { processes, .. }) => processes.into_iter().map(|process| serde_json::to_value(process).unwrap()).collect(),
        _ => Vec::new(),
    }
}

/// Waits until all processes are ready, and gives them.
async fn all_ready(lab: &Lab) -> Vec<Value> {
    let mut found = Vec::new();
    until("all processes ready", || {
        found = processes(lab);
        !found.is_empty() && found.iter().all(|process| process["ready"] == true)
    })
    .await;
    found
}

fn pid(processes: &[Value], name: &str) -> u64 {
    processes.iter().find(|process| process["name"] == name).unwrap_or_else(|| panic!("no process {name}"))["pid"].as_u64().unwrap()
}

fn pids(processes: &[Value]) -> Vec<u64> {
    processes.iter().map(|process| process["pid"].as_u64().unwrap()).collect()
}

/// Whether a process is there; one that ended and was not waited for is not.
fn is_there(pid: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.rsplit(')').next().unwrap().trim_start().starts_with(['Z', 'X']))
}

fn status_of(pid: u64, key: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).unwrap().trim().to_owned()
}

/// A gateway that is started with more than [`Lab::spawn`] starts it with.
fn started(lab: &Lab, change: impl FnOnce(&mut Command)) -> Process {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(lab.path("gateway.log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command.args(["run", "--config", &lab.config().display().to_string()]).env_remove("VESTIBULE_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
    change(&mut command);
    Process { child: command.spawn().unwrap() }
}

fn log(lab: &Lab) -> String {
    std::fs::read_to_string(lab.path("gateway.log")).unwrap()
}

async fn ended(process: &mut Process) -> i32 {
    let mut status = None;
    until("the end of the process", || {
        status = process.child.try_wait().unwrap();
        status.is_some()
    })
    .await;
    status.unwrap().code().expect("an exit status, not a signal")
}

#[test]
fn doors_listen_only_after_inspectors_and_verifier_are_ready_and_each_part_stands_behind_its_walls() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let found = all_ready(&lab).await;
        let log = log(&lab);
        let line = |what: &str| log.lines().position(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {log}"));
        let ready = |name: &str| line(&format!("ready process={name}"));
        for worker in ["verifier", "inspector-urgent", "inspector-1", "inspector-2"] {
            assert!(ready("keeper") < ready(worker));
            assert!(["national", "coalition"].iter().all(|domain| ready(worker) < line(&format!("listening for domain `{domain}`"))), "{log}");
        }
        let own = std::fs::read_link("/proc/self/ns/net").unwrap();
        for process in &found {
            let (name, pid) = (process["name"].as_str().unwrap(), process["pid"].as_u64().unwrap());
            assert_eq!(status_of(pid, "Seccomp"), "2", "{name}");
            assert_eq!(status_of(pid, "NoNewPrivs"), "1", "{name}");
            assert_eq!(u64::from_str_radix(&status_of(pid, "CapEff"), 16), Ok(0), "{name}");
            let layers = process["walls"]["layers"].as_array().unwrap_or_else(|| panic!("{name} has no walls"));
            let secluded = layers.iter().any(|layer| layer[0] == "namespaces" && layer[1]["state"] == "closed");
            assert!(!name.starts_with("door-") || !secluded, "{name}");
            // Reading it asks for rights over the process, which a host may keep.
            if let Ok(theirs) = std::fs::read_link(format!("/proc/{pid}/ns/net")) {
                assert_eq!(theirs != own, secluded, "{name}");
            }
        }
        assert_eq!(gateway.terminate().await, 0);
        assert!(!pids(&found).into_iter().any(is_there));
    });
}

#[test]
fn the_end_of_standard_input_stops_all_in_order_where_that_was_asked_for() {
    run(async {
        let lab = Lab::new();
        let mut gateway = started(&lab, |command| {
            command.arg("--while-stdin").stdin(Stdio::piped());
        });
        let found = all_ready(&lab).await;
        drop(gateway.child.stdin.take());
        assert_eq!(ended(&mut gateway).await, 0);
        assert!(!pids(&found).into_iter().any(is_there));
        lab.audit();
    });
}

#[test]
fn an_interrupt_to_the_whole_group_reaches_the_supervisor_alone() {
    run(async {
        let lab = Lab::new();
        let mut gateway = started(&lab, |command| {
            command.process_group(0);
        });
        let found = all_ready(&lab).await;
        let group = format!("-{}", gateway.child.id());
        assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
        assert_eq!(ended(&mut gateway).await, 0);
        assert!(!pids(&found).into_iter().any(is_there));
        let log = log(&lab);
        assert!(!log.contains("a process ends"), "{log}");
        lab.audit();
    });
}

#[test]
fn the_parts_of_a_killed_supervisor_end_by_themselves_and_a_new_gateway_starts_at_once() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let old = pids(&all_ready(&lab).await);
        gateway.kill();
        let gateway = lab.spawn().await;
        until("the end of the old parts", || !old.iter().any(|pid| is_there(*pid))).await;
        all_ready(&lab).await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let (header, body) = track(Precedence::Routine);
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        until("the delivery", || usa.count() >= 1).await;
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
    });
}

#[test]
fn a_part_that_cannot_close_its_walls_ends_the_gateway_with_the_layer_and_the_remedy() {
    run(async {
        let lab = Lab::with(|text| format!("process_memory_mib_max = 16\n{text}"));
        let mut gateway = started(&lab, |_| ());
        assert_eq!(ended(&mut gateway).await, 3);
        let log = log(&lab);
        let last = log.lines().last().unwrap();
        assert!(last.starts_with("vestibule: the walls of `") && last.contains("layer `limits`") && last.contains("grant more"), "{log}");
        assert!(!log.contains("listening"), "{log}");
    });
}

#[test]
fn a_keeper_that_cannot_keep_ends_the_gateway_after_a_few_times_and_says_why() {
    run(async {
        let lab = Lab::new();
        // A journal that is none: whatever keeps the keeper from writing, it ends before it is ready.
        std::fs::create_dir_all(lab.path("state/journal/journal.db")).unwrap();
        let mut gateway = started(&lab, |_| ());
        assert_eq!(ended(&mut gateway).await, 3);
        let log = log(&lab);
        assert!(log.lines().last().unwrap().starts_with("vestibule: the process `keeper` ended 5 times in a row and is not started again:"), "{log}");
        assert_eq!(log.lines().filter(|line| line.contains("a process ends")).count(), 5, "{log}");
    });
}

#[test]
fn a_gateway_without_walls_says_so_loudly_and_shows_none() {
    run(async {
        let lab = Lab::with(|text| format!("confinement = \"off\"\n{text}"));
        let gateway = lab.spawn().await;
        let found = all_ready(&lab).await;
        assert!(log(&lab).contains("CONFINEMENT IS OFF"));
        assert!(found.iter().all(|process| process["walls"].is_null()), "{found:?}");
        assert_eq!(gateway.terminate().await, 0);
    });
}

#[test]
fn every_line_of_the_log_is_an_object_where_that_is_asked_for() {
    run(async {
        let lab = Lab::new();
        let mut gateway = started(&lab, |command| {
            command.env("VESTIBULE_LOG_FORMAT", "json").env("VESTIBULE_LOG", "debug");
        });
        all_ready(&lab).await;
        let gbr = lab.link("gbr-ops").await;
        let (header, body) = track(Precedence::Routine);
        gbr.send(&header, &body).await;
        gateway.signal("-TERM");
        assert_eq!(ended(&mut gateway).await, 0);
        let mut who = BTreeSet::new();
        for line in log(&lab).lines() {
            let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no object: {line}"));
            assert!(object["level"].is_string() && object["target"].is_string() && object["fields"].is_object(), "{line}");
            who.insert(object["process"].as_str().unwrap().to_owned());
        }
        assert!(["supervisor", "door-national"].iter().all(|name| who.contains(*name)), "{who:?}");
    });
}

#[test]
fn the_journal_of_the_system_takes_the_severity_of_every_line_and_no_other_reader_sees_one() {
    use std::os::unix::fs::MetadataExt;
    run(async {
        let lab = Lab::with(|text| format!("confinement = \"off\"\n{text}"));
        let file = std::fs::metadata(lab.config()).unwrap();
        for (stream, is_journal) in [(None, true), (Some(format!("{}:{}", file.dev(), file.ino())), false)] {
            let _ = std::fs::remove_file(lab.path("gateway.log"));
            let mut gateway = started(&lab, |command| {
                // The log is a file that this process opened before: its place is known.
                let log = std::fs::metadata(lab.path("gateway.log")).unwrap();
                command.env("JOURNAL_STREAM", stream.clone().unwrap_or_else(|| format!("{}:{}", log.dev(), log.ino()))).env("VESTIBULE_LOG", "debug");
            });
            all_ready(&lab).await;
            gateway.signal("-TERM");
            assert_eq!(ended(&mut gateway).await, 0);
            let log = log(&lab);
            let lines: Vec<&str> =
                log.lines().filter(|line| ["supervisor: ", "keeper: ", "verifier: "].iter().any(|who| line.contains(who))).collect();
            let of = |severity: &str, word: &str| lines.iter().filter(|line| line.starts_with(severity) && line.contains(word)).count();
            let expected = if is_journal { ["<4>", "<6>", "<7>"] } else { [""; 3] };
            for (severity, word) in expected.iter().zip([" WARN ", " INFO ", " DEBUG "]) {
                assert_eq!(of(severity, word), of("", word), "{log}");
            }
            assert!(of("", " WARN ") > 0 && of("", " INFO ") > 0, "{log}");
            assert_eq!(log.lines().any(|line| line.starts_with('<')), is_journal, "{log}");
        }
    });
}

#[test]
fn a_service_manager_is_told_when_the_gateway_is_ready_awake_and_stopping() {
    run(async {
        let lab = Lab::new();
        let socket = std::os::unix::net::UnixDatagram::bind(lab.path("notify")).unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut gateway = started(&lab, |command| {
            command.env("NOTIFY_SOCKET", lab.path("notify")).env("WATCHDOG_USEC", "1000000");
        });
        let mut told: Vec<String> = Vec::new();
        let heard = |told: &mut Vec<String>| {
            let mut bytes = [0; 4096];
            while let Ok(length) = socket.recv(&mut bytes) {
                told.extend(String::from_utf8_lossy(&bytes[..length]).lines().map(str::to_owned));
            }
        };
        until("a watchdog that is fed after the gateway is ready", || {
            heard(&mut told);
            let ready = told.iter().position(|line| line == "READY=1");
            ready.is_some_and(|ready| told[ready..].iter().any(|line| line == "WATCHDOG=1"))
        })
        .await;
        let ready = told.iter().position(|line| line == "READY=1").unwrap();
        let whole = told[..ready].iter().rposition(|line| line.starts_with("STATUS=8 of 8 processes ready;"));
        assert!(whole.is_some(), "{told:?}");
        gateway.signal("-TERM");
        assert_eq!(ended(&mut gateway).await, 0);
        heard(&mut told);
        assert_eq!(told.iter().filter(|line| *line == "STOPPING=1").count(), 1, "{told:?}");
    });
}

#[test]
fn a_reload_replaces_verifier_and_inspectors_under_load_where_what_they_trust_has_changed_and_loses_nothing() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let before = all_ready(&lab).await;
        let (gbr, usa) = (Arc::new(lab.link("gbr-ops").await), lab.link("usa-ops").await);
        let (stop, stopped) = oneshot::channel();
        let traffic = tokio::spawn(sending(Arc::clone(&gbr), stopped));
        // Peers and certificates alone concern keeper and doors.
        gateway.signal("-HUP");
        until("the first reload", || log(&lab).matches("were read again").count() == 1).await;
        assert_eq!(pids(&all_ready(&lab).await), pids(&before));
        // Anchors of labels concern those who read labels.
        let text = std::fs::read_to_string(lab.config()).unwrap();
        let anchor = "anchor = \"state/pki/national/anchor.pem\"";
        let with = text.replacen(
            anchor,
            &format!("{anchor}\nlabel_anchor = \"state/pki/national/anchor.pem\"\nlabel_revocations = [\"state/pki/national/revoked.pem\"]"),
            1,
        );
        assert_ne!(with, text);
        std::fs::write(lab.config(), with).unwrap();
        gateway.signal("-HUP");
        until("the second reload", || log(&lab).matches("were read again").count() == 2).await;
        let after = all_ready(&lab).await;
        for worker in ["verifier", "inspector-urgent", "inspector-1", "inspector-2"] {
            assert_ne!(pid(&before, worker), pid(&after, worker), "{worker}");
            assert!(!is_there(pid(&before, worker)), "{worker}");
        }
        for other in ["keeper", "door-national", "door-coalition", "desk"] {
            assert_eq!(pid(&before, other), pid(&after, other), "{other}");
        }
        assert!(after.iter().all(|process| process["restarts"] == 0), "{}", log(&lab));
        stop.send(()).unwrap();
        let sent = traffic.await.unwrap();
        assert!(sent > 0);
        until("every message at its recipient", || usa.got().len() == sent).await;
        assert_eq!(gateway.terminate().await, 0);
        assert!(!log(&lab).contains("fault."), "{}", log(&lab));
        lab.audit();
    });
}

#[test]
fn a_hangup_lets_a_new_peer_in_with_what_was_due_to_it() {
    run(async {
        let entry = "[[domain.peer]]\nname = \"nzl-ops\"\nidentity = \"nzl-ops.coalition.lab\"\n";
        let lab = Lab::new();
        let whole = std::fs::read_to_string(lab.config()).unwrap();
        std::fs::write(lab.config(), whole.replace(entry, "")).unwrap();
        let gateway = lab.spawn().await;
        let gbr = lab.link("gbr-ops").await;
        let (header, body) = track(Precedence::Routine);
        let header = Header { destinations: vec![name("nzl-ops")], ..header };
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        std::fs::write(lab.config(), whole).unwrap();
        gateway.signal("-HUP");
        let nzl = lab.link("nzl-ops").await;
        until("the delivery", || nzl.count() >= 1).await;
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
    });
}

#[test]
fn a_reload_that_is_refused_leaves_the_old_in_force_in_every_process() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let before = all_ready(&lab).await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let good = std::fs::read_to_string(lab.config()).unwrap();
        let key = lab.path("state/pki/coalition/gateway.key");
        let anchor = "anchor = \"state/pki/national/anchor.pem\"";
        for (number, bad) in [
            good.replace("home = ", "hoem = "),
            good.replace(anchor, &format!("{anchor}\nlabel_anchor = \"{}\"\nlabel_revocations = [\"{0}\"]", key.display())),
        ]
        .iter()
        .enumerate()
        {
            std::fs::write(lab.config(), bad).unwrap();
            gateway.signal("-HUP");
            until("the refusal", || log(&lab).matches("the old configuration stays in force").count() > number).await;
            let sofar = usa.count();
            let (header, body) = track(Precedence::Routine);
            gbr.send(&header, &body).await;
            until("a delivery under the old configuration", || usa.count() > sofar).await;
        }
        assert_eq!(pids(&before), pids(&all_ready(&lab).await));
        std::fs::write(lab.config(), good).unwrap();
        assert_eq!(gateway.terminate().await, 0);
    });
}

#[test]
fn a_killed_part_of_any_kind_is_started_again_and_messages_pass_meanwhile_or_after() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        for victim in ["verifier", "inspector-1", "inspector-urgent", "keeper"] {
            let before = all_ready(&lab).await;
            let old = pid(&before, victim);
            assert!(Command::new("kill").args(["-KILL", &old.to_string()]).status().unwrap().success());
            let mut found = Vec::new();
            until(&format!("a new {victim}"), || {
                found = processes(&lab);
                found.iter().any(|process| process["name"] == victim && process["ready"] == true && process["pid"] != old)
            })
            .await;
            all_ready(&lab).await;
            let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
            let (header, body) = track(Precedence::Flash);
            assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
            until("the delivery", || usa.count() >= 1).await;
        }
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
    });
}
