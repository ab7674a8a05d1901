//! Each process killed at each stage of a message, from inside at a fault point and from outside by the system, while a load runs; and processes that
//! hang, eat memory and answer garbage. The gateway goes on, nothing that was accepted is lost, and nothing is delivered twice.

use super::load::{agree, send, told};
use super::*;
use std::collections::BTreeMap;

use serde_json::Value;

/// Where a process dies, when that is, and what becomes of the message: the manual page `walls` shows it.
const STAGES: &[(&str, &str, &str, &str)] = &[
    ("inspector-1", "inspector.takes", "it has a message", "asked again of an inspector, then released"),
    ("inspector-1", "inspector.answers", "it has decided, and nobody knows", "asked again of an inspector, then released"),
    ("verifier", "verifier.takes", "it has a proposal", "asked again of the verifier, then released"),
    ("verifier", "verifier.answers", "it has decided, and nobody knows", "asked again of the verifier, then released"),
    ("door-national", "door.takes", "it has a message whole, and nobody else has it", "no receipt: sent again by its sender"),
    ("door-coalition", "door.delivers", "it was told to let bytes leave", "due: delivered when the recipient is linked again"),
    (
        "door-coalition",
        "door.delivered",
        "it has the far receipt, and nobody else has it",
        "due: offered again, and answered from the recipient's record",
    ),
    ("keeper", "keeper.takes", "it has a message that is nowhere recorded", "no receipt: sent again by its sender"),
    ("keeper", "keeper.decided", "a decision is made, and nowhere recorded", "no receipt: sent again by its sender, and decided again"),
    ("keeper", "keeper.recorded", "acceptance and decision are recorded, and the sender does not know", "sent again, and answered from the record"),
    ("keeper", "keeper.releases", "a release is recorded, and nothing has left", "due: delivered after the start"),
    ("keeper", "keeper.delivered", "the far receipt is here, and nowhere recorded", "due: offered again, and answered from the recipient's record"),
];

/// A track from `gbr-ops` to `usa-ops` with a word in its remarks.
fn marked(word: &str, precedence: Precedence) -> (Header, Vec<u8>) {
    let (header, body) = track(precedence);
    let body = String::from_utf8(body).unwrap().replacen("<remarks>", &format!("<remarks>{word} "), 1);
    assert!(body.contains(word));
    (Header { id: world::fresh_id().unwrap(), ..header }, body.into_bytes())
}

fn idle_soon(text: String) -> String {
    text.replace("[limits]", "[limits]\nidle_ms_max = 2000")
}

/// The lines of the status and the processes, as `vestibule status --json` prints them; nothing while no gateway answers.
fn status(lab: &Lab) -> Option<(BTreeMap<String, String>, Vec<Value>)> {
    let (code, out, _) = lab.command(&["status"], &["--json"]);
    let answer: Value = serde_json::from_str(out.lines().next().filter(|_| code == 0)?).ok()?;
    let lines = answer["lines"].as_array()?.iter().filter_map(|line| Some((line[0].as_str()?.to_owned(), line[1].as_str()?.to_owned())));
    Some((lines.collect(), answer["processes"].as_array()?.clone()))
}

fn process(lab: &Lab, wanted: &str) -> Option<Value> {
    status(lab)?.1.into_iter().find(|process| process["name"] == wanted && process["ready"] == true)
}

/// Waits until every process is ready.
async fn whole(lab: &Lab) {
    until("every process ready", || {
        status(lab).is_some_and(|(_, processes)| !processes.is_empty() && processes.iter().all(|process| process["ready"] == true))
    })
    .await;
}

/// Sends a signal to a process of the gateway, and waits until another is there in its place.
async fn strike(lab: &Lab, name: &str, signal: &str) {
    let mut pid = None;
    until(name, || {
        pid = process(lab, name).and_then(|process| process["pid"].as_u64());
        pid.is_some()
    })
    .await;
    let pid = pid.unwrap();
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
    until(&format!("another {name}"), || process(lab, name).is_some_and(|process| process["pid"] != pid)).await;
}

#[test]
fn the_manual_shows_what_becomes_of_a_message_at_each_stage() {
    let page = include_str!("../../src/manual/walls.md");
    for (process, _, when, fate) in STAGES {
        let row = format!("| {} | {when} | {fate} |", process.trim_end_matches("-national").trim_end_matches("-coalition").trim_end_matches("-1"));
        assert!(page.lines().any(|line| line == row), "{row}");
    }
}

#[test]
fn each_process_may_die_at_each_stage_under_load_and_nothing_is_lost_or_delivered_twice() {
    run(async {
        let lab = Lab::with(|text| idle_soon(text).replacen("home = ", "inspectors = 1\nhome = ", 1));
        let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
        let point = |(at, (process, place, _, _)): (usize, &(&'static str, &str, &str, &str))| {
            let run = runs.entry(process).or_default();
            *run += 1;
            format!("{process} {place} die {run} stage-{at:02}")
        };
        let faults: Vec<String> = STAGES.iter().enumerate().map(point).collect();
        let gateway = lab.spawn_failing(&faults.join(";")).await;
        whole(&lab).await;
        let (_, begun) = status(&lab).unwrap();
        assert!(begun.iter().all(|process| process["restarts"] == 0), "each point counts the runs of its process: {begun:?}");
        let inboxes: BTreeMap<&str, PathBuf> = [("usa-ops", lab.path("inbox-usa-ops"))].into();
        let _receiving = Process::receive(&lab.peer("usa-ops"), &inboxes["usa-ops"]);
        let door = Arc::new(Door::open(&config::Remote::read(&lab.peer("gbr-ops")).unwrap().domain).unwrap());
        let receipts = Arc::new(Mutex::new(HashMap::new()));
        let load: Arc<Vec<_>> = Arc::new((0..300).map(|_| marked("plain", Precedence::Flash)).collect());
        let sending = tokio::spawn(send(Arc::clone(&door), Arc::clone(&load), Arc::clone(&receipts)));
        let mut letters = Vec::clone(&load);
        for (at, stage) in STAGES.iter().enumerate() {
            let letter = marked(&format!("stage-{at:02}"), Precedence::Routine);
            letters.push(letter.clone());
            let id = letter.0.id;
            send(Arc::clone(&door), Arc::new(vec![letter]), Arc::clone(&receipts)).await;
            until(&format!("the delivery of stage {at}"), || told(&lab).delivered.contains_key(&(id, "usa-ops".to_owned()))).await;
            let log = std::fs::read_to_string(lab.path("gateway.log")).unwrap();
            assert_eq!(log.matches("failing on purpose").count(), at + 1, "{stage:?}");
            whole(&lab).await;
        }
        sending.await.unwrap();
        let more: Arc<Vec<_>> = Arc::new((0..300).map(|_| marked("plain", Precedence::Routine)).collect());
        letters.extend(more.iter().cloned());
        let sending = tokio::spawn(send(Arc::clone(&door), more, Arc::clone(&receipts)));
        for name in ["inspector-1", "verifier", "door-national", "door-coalition", "desk", "inspector-urgent", "keeper"] {
            strike(&lab, name, "-KILL").await;
        }
        sending.await.unwrap();
        until("all deliveries", || {
            let told = told(&lab);
            told.forwarded.len() == told.delivered.len()
        })
        .await;
        assert_eq!(gateway.terminate().await, 0);
        let (told, receipts) = (told(&lab), receipts.lock().unwrap().clone());
        let arrived = agree(&told, &receipts, &letters, &inboxes);
        lab.audit();
        assert!(told.codes.values().all(|code| *code == "fault.lost"), "{:?}", told.codes);
        println!("{} messages, {} receipts, {arrived} arrived, {} held as lost", letters.len(), receipts.len(), told.codes.len());
    });
}

#[test]
fn a_message_over_which_two_workers_are_lost_is_held_and_others_go_on() {
    run(async {
        let lab = Lab::with(|text| idle_soon(text).replacen("home = ", "inspectors = 1\nwork_ms_max = 4000\nhome = ", 1));
        let faults = [
            "inspector-1 inspector.takes die 99 dies-always",
            "inspector-1 inspector.takes eat 99 eats-always",
            "inspector-1 inspector.answers garble 99 garbles-always",
            "verifier verifier.takes die 99 verifier-dies",
            "verifier verifier.answers garble 99 verifier-garbles",
            "inspector-1 inspector.takes hang 99 hangs-always",
        ];
        let gateway = lab.spawn_failing(&faults.join(";")).await;
        let door = Arc::new(Door::open(&config::Remote::read(&lab.peer("gbr-ops")).unwrap().domain).unwrap());
        let usa = lab.link("usa-ops").await;
        for (at, fault) in faults.iter().enumerate() {
            let receipts = Arc::new(Mutex::new(HashMap::new()));
            let letter = marked(fault.rsplit(' ').next().unwrap(), Precedence::Routine);
            let key = (letter.0.id, "usa-ops".to_owned());
            let sending = tokio::spawn(send(Arc::clone(&door), Arc::new(vec![letter]), Arc::clone(&receipts)));
            // The verifier is one for all; where an inspector fails, the others go on meanwhile.
            if fault.starts_with("inspector") {
                let before = usa.count();
                send(Arc::clone(&door), Arc::new(vec![marked("flash", Precedence::Flash)]), Arc::default()).await;
                until("the delivery of another message", || usa.count() > before).await;
            }
            sending.await.unwrap();
            assert_eq!(told(&lab).codes.get(&key), Some(&"fault.lost"), "{fault}");
            whole(&lab).await;
            let (lines, _) = status(&lab).unwrap();
            assert_eq!(lines.get("alarm fault.lost"), Some(&(at + 1).to_string()), "{fault}");
        }
        // What hung was ended by the supervisor, as it said nothing.
        let log = || std::fs::read_to_string(lab.path("gateway.log")).unwrap();
        until("the end of what hung", || log().contains("it does not answer")).await;
        for said in ["a worker takes too long and is let go", "memory allocation of", "a frame of a hop does not read", "ALARM"] {
            assert!(log().contains(said), "{said}: {}", log());
        }
        for name in ["desk", "verifier", "door-coalition"] {
            strike(&lab, name, "-STOP").await;
        }
        let usa = lab.link("usa-ops").await;
        send(door, Arc::new(vec![marked("last", Precedence::Routine)]), Arc::default()).await;
        until("the delivery of the last", || usa.count() >= 1).await;
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
    });
}

#[test]
fn the_status_says_which_processes_there_are_and_what_their_walls_are() {
    run(async {
        let lab = Lab::new();
        let (code, _, errors) = lab.command(&["status"], &[]);
        assert_eq!(code, 3, "{errors}");
        let gateway = lab.spawn().await;
        whole(&lab).await;
        let (lines, processes) = status(&lab).unwrap();
        assert_eq!(lines["held"], "0");
        let names: Vec<&str> = processes.iter().filter_map(|process| process["name"].as_str()).collect();
        let expected = ["keeper", "verifier", "inspector-urgent", "inspector-1", "inspector-2", "door-national", "door-coalition", "desk"];
        assert_eq!(names, expected);
        let (code, table, _) = lab.command(&["status"], &[]);
        println!("{table}");
        assert_eq!(code, 0);
        for process in &processes {
            let row = table.lines().find(|line| line.contains(process["name"].as_str().unwrap())).unwrap();
            for word in [process["pid"].to_string().as_str(), "privileges", "memory", "files", "limits", "calls"] {
                assert!(row.contains(word), "{row}");
            }
        }
        assert_eq!(gateway.terminate().await, 0);
    });
}
