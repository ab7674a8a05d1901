//! An upgrade under load: the gateway is drained, another takes its place, and senders notice a gap and nothing else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::load::{agree, send, told};
use super::*;

const MESSAGES: u64 = 400;

#[test]
fn an_upgrade_by_drain_under_load_loses_nothing_and_delivers_nothing_twice() {
    run(async {
        let lab = Lab::with(|text| text.replace("[limits]", "[limits]\nidle_ms_max = 2000"));
        let inbox = lab.path("inbox-usa-ops");
        let inboxes = BTreeMap::from([("usa-ops", inbox.clone())]);
        let _receiving = Process::receive(&lab.peer("usa-ops"), &inbox);
        let letters: Arc<Vec<_>> = Arc::new((0..MESSAGES).map(|_| track(Precedence::Routine)).collect());
        let receipts = Arc::new(Mutex::new(HashMap::new()));
        let door = Arc::new(Door::open(&config::Remote::read(&lab.peer("gbr-ops")).unwrap().domain).unwrap());
        let mut gateway = lab.spawn().await;
        let done = Arc::new(AtomicBool::new(false));
        let sending = tokio::spawn({
            let (letters, receipts, done) = (Arc::clone(&letters), Arc::clone(&receipts), Arc::clone(&done));
            async move {
                send(door, letters, receipts).await;
                done.store(true, Ordering::Release);
            }
        });
        let mut gaps = Vec::new();
        for by in ["command", "signal"] {
            let share = letters.len() * (gaps.len() + 1) / 3;
            until("a share of the load", || receipts.lock().unwrap().len() >= share).await;
            let started = Instant::now();
            if by == "command" {
                let (status, out, errors) = tokio::task::block_in_place(|| lab.command(&["drain"], &[]));
                assert_eq!((status, errors.as_str()), (0, ""), "{out}");
            } else {
                gateway.signal("-USR1");
            }
            let mut status = None;
            until("the end of the gateway", || {
                status = gateway.child.try_wait().unwrap();
                status.is_some()
            })
            .await;
            assert_eq!(status.unwrap().code(), Some(0), "{by}");
            let stopped = started.elapsed();
            // At rest it is whole, and signed to its last record.
            lab.audit();
            let before = receipts.lock().unwrap().len();
            assert!(before < letters.len(), "the load ended before the upgrade");
            gateway = lab.spawn().await;
            until("the first receipt of the new gateway", || receipts.lock().unwrap().len() > before).await;
            gaps.push((by, stopped, started.elapsed()));
        }
        until("the end of the load", || done.load(Ordering::Acquire)).await;
        sending.await.unwrap();
        until("all deliveries", || {
            let told = told(&lab);
            told.delivered.len() == told.forwarded.len()
        })
        .await;
        assert_eq!(gateway.terminate().await, 0);
        let receipts = receipts.lock().unwrap().clone();
        let arrived = agree(&told(&lab), &receipts, &letters, &inboxes);
        assert_eq!(arrived, letters.len());
        lab.audit();
        let log = std::fs::read_to_string(lab.path("gateway.log")).unwrap();
        assert!(!log.contains("takes too long"), "{log}");
        for (by, stopped, gap) in gaps {
            println!(
                "drained by {by}: stopped after {} ms, first new receipt after {} ms; {arrived} messages, each once",
                stopped.as_millis(),
                gap.as_millis()
            );
        }
    });
}
