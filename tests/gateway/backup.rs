//! Backup under load and restore: what was due when the backup was made is held, and nothing leaves twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use vestibule::base::Reason;
use vestibule::journal::embedded::Reader;
use vestibule::journal::{Filter, State};

/// A recipient without a memory: it keeps every arrival, also the second of an id, as a system would that does not look.
fn arrivals(peer: &Peer) -> BTreeMap<MessageId, usize> {
    let mut arrived = BTreeMap::new();
    for (header, _) in peer.got.lock().unwrap().iter() {
        *arrived.entry(header.id).or_insert(0) += 1;
    }
    arrived
}

fn rows(lab: &Lab, state: State) -> Vec<vestibule::journal::Row> {
    let reader = Reader::open(&lab.path("state/journal"), None).unwrap();
    reader.decisions(&Filter { state: Some(state), ..Filter::default() }, Page::first(Page::ROWS_MAX)).unwrap().rows
}

fn restore(lab: &Lab, from: &str) -> (i32, String, String) {
    lab.command(&["audit", "restore"], &["--from", &lab.path(from).display().to_string(), "--json"])
}

fn backup(lab: &Lab, into: &str) -> (i32, String, String) {
    lab.command(&["audit", "backup"], &["--into", &lab.path(into).display().to_string(), "--json"])
}

#[test]
fn a_backup_under_load_is_put_back_and_nothing_leaves_twice() {
    run(async {
        let lab = Lab::with(|text| text.replace("[limits]", "[limits]\nidle_ms_max = 2000"));
        let gateway = lab.spawn().await;
        let (gbr, usa) = (Arc::new(lab.link("gbr-ops").await), lab.link("usa-ops").await);
        // For somebody who is away: due when the backup is made, and delivered after it.
        let mut away = Vec::new();
        for _ in 0..7 {
            let (header, body) = track(Precedence::Routine);
            let header = Header { destinations: vec![name("can-ops")], ..header };
            assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
            away.push(header.id);
        }
        let sent = Arc::new(AtomicUsize::new(0));
        let (stop, mut stopped) = oneshot::channel::<()>();
        let traffic = tokio::spawn({
            let (gbr, sent) = (Arc::clone(&gbr), Arc::clone(&sent));
            async move {
                while stopped.try_recv().is_err() {
                    let (header, body) = track(Precedence::Routine);
                    assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        until("traffic before the backup", || sent.load(Ordering::Relaxed) > 20).await;
        let (status, out, errors) = tokio::task::block_in_place(|| backup(&lab, "backup"));
        assert_eq!(status, 0, "{errors}");
        let manifest: serde_json::Value = serde_json::from_str(&out).unwrap();
        let at_backup = sent.load(Ordering::Relaxed);
        until("traffic after the backup", || sent.load(Ordering::Relaxed) > at_backup + 20).await;
        // Now who was away comes, and takes what was due in the backup.
        let can = lab.link("can-ops").await;
        until("what was due", || can.got().len() == away.len()).await;
        stop.send(()).unwrap();
        traffic.await.unwrap();
        until("every delivery", || usa.got().len() == sent.load(Ordering::Relaxed)).await;
        gateway.kill();
        let (before_usa, before_can) = (arrivals(&usa), arrivals(&can));
        drop((gbr, usa, can));

        // Over a journal that is there nothing is put back.
        let (status, _, errors) = restore(&lab, "backup");
        assert!(status == 3 && errors.contains("there is a journal"), "{errors}");
        std::fs::rename(lab.path("state/journal"), lab.path("lost")).unwrap();
        let (status, out, errors) = restore(&lab, "backup");
        assert_eq!(status, 0, "{errors}");
        let done: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(done["records"], manifest["records"]);
        assert!(done["due"].as_u64().unwrap() >= 7, "{done}");
        lab.audit();
        assert!(rows(&lab, State::Due).is_empty());
        let held: BTreeSet<MessageId> =
            rows(&lab, State::Held).into_iter().filter(|row| row.code == Some(Reason::FaultRestored)).map(|row| row.id).collect();
        assert!(away.iter().all(|id| held.contains(id)));

        let gateway = lab.spawn().await;
        let (gbr, usa, can) = (lab.link("gbr-ops").await, lab.link("usa-ops").await, lab.link("can-ops").await);
        // New traffic passes, and the old stays where it is.
        let (header, body) = track(Precedence::Flash);
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        until("a new message", || usa.got().contains_key(&onward(header.id))).await;
        let mut after = arrivals(&usa);
        after.remove(&onward(header.id));
        let twice: Vec<_> = after
            .keys()
            .filter(|id| before_usa.contains_key(id))
            .chain(arrivals(&can).keys().filter(|id| before_can.contains_key(id)))
            .copied()
            .collect();
        assert!(twice.is_empty(), "left twice: {twice:?}");
        assert_eq!(can.count(), 0);

        // A person who knows that one did not arrive releases it: it leaves under the same identity as before, so that a gateway that has it takes it for known.
        let id = away[0].to_string();
        let words = ["--by", "a.turing", "--reason", "they say they have not got it", id.as_str()];
        let (status, out, errors) = tokio::task::block_in_place(|| lab.command(&["quarantine", "release"], &words));
        assert_eq!(status, 0, "{out}{errors}");
        until("the release", || can.got().contains_key(&onward(away[0]))).await;
        let id = away[1].to_string();
        let words = ["--by", "a.turing", "--reason", "they have it", id.as_str()];
        assert_eq!(tokio::task::block_in_place(|| lab.command(&["quarantine", "reject"], &words)).0, 0);
        assert_eq!(gateway.terminate().await, 0);
        assert_eq!(arrivals(&can).len(), 1);
        lab.audit();
        println!(
            "backup at {at_backup} of {} messages, {} records; held after restore: {} due; arrivals before: {} and {}, twice: 0",
            sent.load(Ordering::Relaxed),
            manifest["records"],
            done["due"],
            before_usa.len(),
            before_can.len()
        );
    });
}

#[test]
fn what_was_accepted_and_not_decided_in_the_backup_is_held_at_the_first_start() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let gbr = lab.link("gbr-ops").await;
        let (header, body) = track(Precedence::Routine);
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        // Accepted alone, as a keeper leaves it that was killed between the two.
        let entries = gateway.records().await;
        let accepted = entries.iter().find_map(|entry| if let Event::Accepted(one) = &entry.event { Some(one.clone()) } else { None }).unwrap();
        let id = world::fresh_id().unwrap();
        let body = vestibule::journal::Body::new(body);
        let alone = vestibule::journal::Accepted { header: Header { id, ..accepted.header.clone() }, body, ..accepted };
        gateway.journal().append(vec![Event::Accepted(alone)], Precedence::Routine).await.map(|_| ()).unwrap();
        gateway.stop().await;
        assert_eq!(backup(&lab, "backup").0, 0);
        std::fs::remove_dir_all(lab.path("state/journal")).unwrap();
        let (status, out, errors) = restore(&lab, "backup");
        assert_eq!(status, 0, "{errors}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["undecided"], 1);
        let gateway = lab.start().await;
        assert_eq!(gateway.outcome(id, "usa-ops").await, ("quarantine".to_owned(), Some("fault.restored")));
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_backup_that_was_changed_cut_or_added_to_is_not_put_back() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let gbr = lab.link("gbr-ops").await;
        for _ in 0..3 {
            let (header, body) = track(Precedence::Routine);
            gbr.send(&header, &body).await;
        }
        gateway.stop().await;
        assert_eq!(backup(&lab, "backup").0, 0);
        assert_eq!(backup(&lab, "backup").0, 3, "a backup is never written over");
        std::fs::remove_dir_all(lab.path("state/journal")).unwrap();
        type Damage = (&'static str, fn(&Path));
        let damage: [Damage; 5] = [
            ("a byte", |folder| {
                let mut bytes = std::fs::read(folder.join("journal.db")).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                std::fs::write(folder.join("journal.db"), bytes).unwrap();
            }),
            ("a file less", |folder| std::fs::remove_file(folder.join("checkpoint")).unwrap()),
            ("a file more", |folder| std::fs::write(folder.join("extra"), "x").unwrap()),
            ("a number", |folder| {
                let text = std::fs::read_to_string(folder.join("manifest")).unwrap();
                std::fs::write(folder.join("manifest"), text.replacen("records ", "records 1", 1)).unwrap();
            }),
            ("no manifest", |folder| std::fs::remove_file(folder.join("manifest")).unwrap()),
        ];
        for (what, change) in damage {
            let copy = lab.path("copy");
            let _ = std::fs::remove_dir_all(&copy);
            assert!(
                Command::new("cp").args(["-r", &lab.path("backup").display().to_string(), &copy.display().to_string()]).status().unwrap().success()
            );
            change(&copy);
            let (status, out, errors) = restore(&lab, "copy");
            assert_eq!(status, 3, "{what}: {out}{errors}");
            assert!(!lab.path("state/journal/journal.db").exists(), "{what}");
        }
        assert_eq!(restore(&lab, "backup").0, 0);
        lab.audit();
    });
}
