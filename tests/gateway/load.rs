//! Killed at any moment under load, and started again: at the end the sender's receipts, the journal and the recipients' folders say the same.

use super::*;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use vestibule::base::Outcome;
use vestibule::generate::Dice;
use vestibule::journal::embedded::Reader;

const MESSAGES: u64 = 600;
const KILLS: usize = 10;
/// What the sender has under way at once.
const WINDOW: usize = 16;

/// Messages of mixed outcomes and precedences, each with its own id.
fn traffic() -> Vec<(Header, Vec<u8>)> {
    let names = [
        "track-five-eyes",
        "air-track",
        "alert",
        "track-mixed-recipients",
        "word-plain",
        "latitude-91",
        "label-missing",
        "uk-eyes-only",
        "doctype",
        "tasking-review",
    ];
    (0..MESSAGES).map(|number| letter(names[usize::try_from(number).unwrap() % names.len()], number)).collect()
}

/// Sends everything, each message with its own id until its receipt is here, over a link that is dialled again whenever it is lost.
pub(super) async fn send(door: Arc<Door>, letters: Arc<Vec<(Header, Vec<u8>)>>, receipts: Arc<Mutex<HashMap<MessageId, Receipt>>>) {
    let (next, link) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Mutex::new(None::<Link>)));
    let workers: Vec<_> = (0..WINDOW)
        .map(|_| {
            let (door, letters, receipts, next, link) =
                (Arc::clone(&door), Arc::clone(&letters), Arc::clone(&receipts), Arc::clone(&next), Arc::clone(&link));
            tokio::spawn(async move {
                while let Some((header, body)) = letters.get(next.fetch_add(1, Ordering::Relaxed)) {
                    loop {
                        let present = {
                            let mut link = link.lock().await;
                            match &*link {
                                Some(up) if !up.is_closed() => up.clone(),
                                _ => link.insert(dial(&door).await).clone(),
                            }
                        };
                        let fresh = Header { sent: now(), ..header.clone() };
                        match present.send(&fresh, body).await {
                            Ok(receipt) if receipt.status == Status::Accepted => {
                                assert!(receipts.lock().unwrap().insert(header.id, receipt).is_none());
                                break;
                            }
                            Ok(receipt) => assert_eq!(receipt.status, Status::Busy),
                            Err(LinkError::Closed(_) | LinkError::NoReceipt) => {}
                            Err(other) => panic!("{other}"),
                        }
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
}

fn kept(inbox: &Path) -> HashSet<String> {
    let entries = std::fs::read_dir(inbox).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|ending| ending == "msg"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

/// What the journal says about every message.
#[derive(Default)]
pub(super) struct Told {
    accepted: BTreeMap<MessageId, (u64, Digest)>,
    pub(super) forwarded: BTreeMap<(MessageId, String), Digest>,
    pub(super) delivered: BTreeMap<(MessageId, String), u32>,
    pub(super) codes: BTreeMap<(MessageId, String), &'static str>,
    outcomes: BTreeMap<&'static str, u32>,
}

pub(super) fn told(lab: &Lab) -> Told {
    let reader = Reader::open(&lab.path("state/journal"), None).unwrap();
    let (mut told, mut page) = (Told::default(), Page::first(Page::ROWS_MAX));
    loop {
        let part = reader.records(page).unwrap();
        for entry in part.rows {
            match entry.event {
                Event::Accepted(one) => {
                    let position = u64::try_from(told.accepted.len()).unwrap() + 1;
                    assert!(told.accepted.insert(one.header.id, (position, one.body.digest)).is_none(), "accepted twice");
                }
                Event::Decided(one) => {
                    for decision in one.decisions {
                        *told.outcomes.entry(decision.outcome.word()).or_default() += 1;
                        let key = (one.message.id, decision.recipient.to_string());
                        told.codes.extend(decision.code.map(|code| (key, code.code())));
                        if decision.outcome == Outcome::Forward {
                            let key = (one.message.id, decision.recipient.to_string());
                            assert!(told.forwarded.insert(key, decision.output.unwrap().digest).is_none(), "forwarded twice");
                        }
                    }
                }
                Event::Delivered(one) => *told.delivered.entry((one.message.id, one.recipient.to_string())).or_default() += 1,
                _ => {}
            }
        }
        match part.next {
            Some(next) => page.after = Some(next),
            None => return told,
        }
    }
}

#[test]
fn killed_ten_times_under_load_the_totals_of_sender_journal_and_recipients_are_equal() {
    run(async {
        // Peers that are idle find out after two seconds that a killed gateway is gone.
        let lab = Lab::with(|text| text.replace("[limits]", "[limits]\nidle_ms_max = 2000"));
        let recipients = ["usa-ops", "can-ops", "aus-ops", "nzl-ops", "nato-hq", "deu-ops", "guest-isac"];
        let inboxes: BTreeMap<&str, PathBuf> = recipients.iter().map(|peer| (*peer, lab.path(&format!("inbox-{peer}")))).collect();
        let _receiving: Vec<Process> = inboxes.iter().map(|(peer, inbox)| Process::receive(&lab.peer(peer), inbox)).collect();
        let letters = Arc::new(traffic());
        let receipts = Arc::new(Mutex::new(HashMap::new()));
        let door = Arc::new(Door::open(&config::Remote::read(&lab.peer("gbr-ops")).unwrap().domain).unwrap());
        let done = Arc::new(AtomicBool::new(false));
        let sending = tokio::spawn({
            let (letters, receipts, done) = (Arc::clone(&letters), Arc::clone(&receipts), Arc::clone(&done));
            async move {
                send(door, letters, receipts).await;
                done.store(true, Ordering::Release);
            }
        });
        let mut dice = Dice::seeded(11);
        let mut kills = Vec::new();
        let mut gateway = lab.spawn().await;
        while kills.len() < KILLS {
            // The next kill comes in the middle of the load: after a share of the messages, and some milliseconds more.
            let share = letters.len() * (kills.len() + 1) / (KILLS + 1);
            until("a share of the load", || receipts.lock().unwrap().len() >= share).await;
            tokio::time::sleep(Duration::from_millis(dice.below(60).into())).await;
            gateway.kill();
            kills.push(receipts.lock().unwrap().len());
            gateway = lab.spawn().await;
        }
        until("the end of the load", || done.load(Ordering::Acquire)).await;
        sending.await.unwrap();
        let mut left = usize::MAX;
        until("all deliveries", || {
            let told = told(&lab);
            let before = std::mem::replace(&mut left, told.forwarded.len() - told.delivered.len());
            if before != left {
                println!("{left} deliveries left");
            }
            left == 0
        })
        .await;
        assert_eq!(gateway.terminate().await, 0);
        let (told, receipts) = (told(&lab), receipts.lock().unwrap().clone());
        let arrived = agree(&told, &receipts, &letters, &inboxes);
        lab.audit();
        println!(
            "killed {} times, after {kills:?} receipts; sent {}, receipts {}, accepted {}, outcomes {:?}, delivered {}, files {arrived}",
            kills.len(),
            letters.len(),
            receipts.len(),
            told.accepted.len(),
            told.outcomes,
            told.delivered.len()
        );
    });
}

/// Checks that receipts, journal and inboxes say the same, and gives the number of messages that arrived.
pub(super) fn agree(told: &Told, receipts: &HashMap<MessageId, Receipt>, letters: &[(Header, Vec<u8>)], inboxes: &BTreeMap<&str, PathBuf>) -> usize {
    // Every receipt is of a message that is on record once, at the position that the receipt states.
    assert_eq!((receipts.len(), told.accepted.len()), (letters.len(), letters.len()));
    for (id, receipt) in receipts {
        assert_eq!((receipt.position, receipt.digest), told.accepted[id]);
    }
    // Every release arrived once, and nothing arrived that is no release.
    assert!(told.delivered.values().all(|times| *times == 1) && told.delivered.keys().eq(told.forwarded.keys()));
    let mut arrived = 0;
    for (peer, inbox) in inboxes {
        let onward = |id: MessageId| delivery_id(&MessageKey { from: name("gbr-ops"), id }).to_string();
        let due: HashMap<String, Digest> =
            told.forwarded.iter().filter(|((_, to), _)| to == peer).map(|((id, _), digest)| (onward(*id), *digest)).collect();
        let kept = kept(inbox);
        assert_eq!(kept, due.keys().cloned().collect::<HashSet<_>>(), "{peer}");
        for (id, digest) in &due {
            assert_eq!(Digest::of(&std::fs::read(inbox.join(format!("{id}.msg"))).unwrap()), *digest);
        }
        arrived += kept.len();
    }
    assert_eq!(arrived, told.forwarded.len());
    arrived
}
