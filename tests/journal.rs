//! The journal and the audit from outside: views, duplicates, atomic commits, reopening, kill -9, failing disks, tampering.

#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "the code of tests may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use vestibule::audit::{self, Checkpoint, Intervals, Notary, Report, SignerKey, VerifierKey};
use vestibule::base::{Digest, Header, MessageId, Name, Outcome, Precedence, Reason, Time, Traffic};
use vestibule::journal::embedded::{Engine, FILE, FaultPoint, Reader};
use vestibule::journal::seal::{SealKey, SealRing};
use vestibule::journal::{
    Accepted, Appended, Body, Decided, Decision, Delivered, Denied, Event, Filter, Journal, MessageKey, Operated, Page, Released, Reviewed, Seeded,
    State, Verdict,
};

/// A folder with keys, in which a journal is opened again and again.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        SealKey::create(&folder.path().join("seal.key")).unwrap();
        SignerKey::create(&folder.path().join("audit.key"), "gbr.example/vestibule").unwrap();
        Self { folder }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    fn open(&self) -> Engine {
        Engine::open(&self.journal(), ring(self.folder.path())).unwrap()
    }

    fn notary(&self, intervals: Intervals) -> Notary {
        Notary::new(SignerKey::open(&self.folder.path().join("audit.key")).unwrap(), intervals, &self.journal())
    }

    fn verifier(&self) -> VerifierKey {
        self.notary(Intervals::default()).verifier().clone()
    }

    fn verify(&self) -> Report {
        audit::verify(&self.journal(), &self.verifier(), &[]).unwrap()
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.journal().join(FILE)).unwrap().execute_batch(sql).unwrap();
    }
}

fn ring(folder: &Path) -> SealRing {
    SealRing::new(SealKey::open(&folder.join("seal.key")).unwrap(), Vec::new())
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn at(ms: i64) -> Time {
    Time::from_unix_ms(1_767_225_600_000 + ms).unwrap()
}

fn id(n: u64) -> MessageId {
    let [_, _, _, _, _, _, rest @ ..] = u128::from(n).to_be_bytes();
    MessageId::from_parts(1_767_225_600_000, rest)
}

fn key(n: u64) -> MessageKey {
    MessageKey { from: name("gbr-ops"), id: id(n) }
}

fn content(n: u64) -> Vec<u8> {
    format!("body {n} of the tests ").repeat(20).into_bytes()
}

fn accepted(n: u64, precedence: Precedence) -> Event {
    let header = Header {
        id: id(n),
        precedence,
        destinations: vec![name("usa-ops"), name("can-ops")],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: at(0),
        label: None,
    };
    Event::Accepted(Accepted {
        from: name("gbr-ops"),
        header,
        body: Body::new(content(n)),
        received: at(i64::try_from(n).unwrap()),
        seals: Some(vec![1, 2].into()),
    })
}

fn decision(to: &str, outcome: Outcome, code: Option<Reason>) -> Decision {
    Decision {
        recipient: name(to),
        outcome,
        code,
        clause: Name::new("FVEY-TRACKS/4.2"),
        findings: "[]".to_owned(),
        edits: "[]".to_owned(),
        output: (outcome == Outcome::Forward).then(|| Body::new(format!("output for {to}").into_bytes())),
        permit: (outcome == Outcome::Forward).then(|| format!("permit for {to}").into_bytes().into()),
    }
}

/// What is on record of a message of `gbr-ops` that is held for `usa-ops` since it came.
pub(crate) fn held_since(received: Time, header: Header, body: Vec<u8>, edition_digest: Digest) -> Vec<Event> {
    let accepted = Accepted { from: name("gbr-ops"), header, body: Body::new(body), received, seals: None };
    let decision = Decision { clause: None, ..decision("usa-ops", Outcome::Quarantine, Some(Reason::ContentWords)) };
    let (message, edition) = (accepted.key(), "five-eyes".to_owned());
    let decided = Decided { message, edition, edition_digest, time: received, decisions: vec![decision], refusal: None, marking: None };
    vec![Event::Accepted(accepted), Event::Decided(decided)]
}

fn decided(n: u64, decisions: Vec<Decision>) -> Event {
    let (edition, edition_digest) = ("five-eyes 2026.1".to_owned(), Digest::of(b"edition"));
    Event::Decided(Decided { message: key(n), edition, edition_digest, time: at(1), decisions, refusal: None, marking: None })
}

fn forwarded(n: u64) -> Event {
    decided(n, vec![decision("usa-ops", Outcome::Forward, None), decision("can-ops", Outcome::Withhold, Some(Reason::AgreementNone))])
}

fn released(n: u64, attempt: u32) -> Event {
    let digest = Digest::of(b"output for usa-ops");
    Event::Released(Released { message: key(n), recipient: name("usa-ops"), clause: Name::new("FVEY-TRACKS/4.2"), digest, attempt, time: at(2) })
}

fn delivered(n: u64) -> Event {
    Event::Delivered(Delivered { message: key(n), recipient: name("usa-ops"), receipt: at(3), time: at(4) })
}

async fn append(journal: &dyn Journal, events: Vec<Event>) -> Result<Appended, Denied> {
    journal.append(events, Precedence::Routine).await
}

async fn keep(journal: &dyn Journal, events: Vec<Event>) {
    let outcome = append(journal, events).await.unwrap();
    assert!(matches!(outcome, Appended::Kept { .. }), "{outcome:?}");
}

#[test]
fn the_journey_of_a_message_runs_through_all_views() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        let Appended::Kept { first, receipt } = append(&journal, vec![accepted(1, Precedence::Routine)]).await.unwrap() else { panic!() };
        let receipt = receipt.unwrap();
        assert_eq!((first, receipt.index, receipt.digest), (0, 0, Digest::of(&content(1))));
        assert_eq!(journal.receipt_of(&name("gbr-ops"), id(1)).await.unwrap(), Some(receipt.clone()));
        assert_eq!(journal.receipt_of(&name("usa-ops"), id(1)).await.unwrap(), None);
        let waiting = journal.undecided(10).await.unwrap();
        assert_eq!((waiting.len(), &waiting[0].receipt, &waiting[0].body), (1, &receipt, &Ok(content(1))));
        assert_eq!(waiting[0].header.destinations, [name("usa-ops"), name("can-ops")]);
        assert_eq!(waiting[0].seals.as_deref(), Some([1, 2].as_slice()));

        keep(&journal, vec![forwarded(1)]).await;
        assert!(journal.undecided(10).await.unwrap().is_empty());
        let due = journal.undelivered().await.unwrap();
        assert_eq!((due.len(), due[0].recipient.as_str(), due[0].count), (1, "usa-ops", 1));
        let out = journal.outbox(&name("usa-ops"), 10).await.unwrap();
        assert_eq!((&out[0].output, out[0].attempts), (&Ok(b"output for usa-ops".to_vec()), 0));
        assert_eq!(out[0].permit.as_deref(), Some(b"permit for usa-ops".as_slice()));
        assert_eq!(out[0].clause, Name::new("FVEY-TRACKS/4.2"));
        assert!(journal.outbox(&name("can-ops"), 10).await.unwrap().is_empty());

        keep(&journal, vec![released(1, 1)]).await;
        keep(&journal, vec![released(1, 2)]).await;
        assert_eq!(journal.outbox(&name("usa-ops"), 10).await.unwrap()[0].attempts, 2);
        keep(&journal, vec![delivered(1)]).await;
        assert!(journal.outbox(&name("usa-ops"), 10).await.unwrap().is_empty());

        let words: Vec<_> = journal.message(id(1)).await.unwrap().iter().map(|entry| entry.event.word()).collect();
        assert_eq!(words, ["accepted", "decided", "released", "released", "delivered"]);
        let counts = journal.counts().await.unwrap();
        assert_eq!((counts.records, counts.accepted, counts.undecided, counts.due, counts.delivered, counts.held), (5, 1, 0, 0, 1, 0));
        assert_eq!(
            counts.tallies.iter().map(|t| (t.recipient.clone().unwrap(), t.outcome, t.code, t.count)).collect::<Vec<_>>(),
            [(name("can-ops"), Outcome::Withhold, Some(Reason::AgreementNone), 1), (name("usa-ops"), Outcome::Forward, None, 1),]
        );
    });
    assert_eq!(place.verify().problems, []);
}

#[test]
fn a_repeated_id_is_answered_from_the_record_and_other_content_is_refused() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        let Appended::Kept { receipt: Some(first), .. } = append(&journal, vec![accepted(1, Precedence::Routine), forwarded(1)]).await.unwrap()
        else {
            panic!()
        };
        let again = append(&journal, vec![accepted(1, Precedence::Flash), forwarded(1)]).await.unwrap();
        assert_eq!(again, Appended::Repeated(first));
        let Event::Accepted(mut other) = accepted(1, Precedence::Routine) else { panic!() };
        other.body = Body::new(*b"other content");
        match append(&journal, vec![Event::Accepted(other.clone())]).await {
            Err(Denied::Refused(refusal)) => assert_eq!(refusal.reason, Reason::FrameIdReused),
            other => panic!("{other:?}"),
        }
        other.from = name("usa-ops");
        assert!(
            matches!(append(&journal, vec![Event::Accepted(other)]).await, Ok(Appended::Kept { first: 2, .. })),
            "another peer has ids of its own"
        );
        assert_eq!(journal.counts().await.unwrap().records, 3);
        assert_eq!(journal.message(id(1)).await.unwrap().len(), 3);
    });
    assert_eq!(place.verify().problems, []);
}

#[test]
fn an_append_is_kept_whole_or_not_at_all_among_others_in_the_same_commit() {
    let place = Place::new();
    run(async {
        let journal = Arc::new(place.open());
        let tasks: Vec<_> = (0..300_u64)
            .map(|n| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move {
                    let mut events = vec![accepted(n, Precedence::Routine), forwarded(n)];
                    if n % 3 == 0 {
                        // A release of other bytes than were decided: the acceptance before it must vanish too.
                        events.push(Event::Released(Released {
                            message: key(n),
                            recipient: name("usa-ops"),
                            clause: None,
                            digest: Digest::of(b"forged"),
                            attempt: 1,
                            time: at(2),
                        }));
                    }
                    (n, append(&*journal, events).await)
                })
            })
            .collect();
        for task in tasks {
            let (n, outcome) = task.await.unwrap();
            assert_eq!(matches!(outcome, Err(Denied::Contradiction(_))), n % 3 == 0, "{n} {outcome:?}");
            assert_eq!(journal.receipt_of(&name("gbr-ops"), id(n)).await.unwrap().is_some(), n % 3 != 0);
        }
        assert_eq!(journal.counts().await.unwrap().records, 400);
    });
    assert_eq!(place.verify().problems, []);
}

#[test]
fn events_that_contradict_the_record_are_denied() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        keep(&journal, vec![accepted(1, Precedence::Routine)]).await;
        let no_output = Decision { output: None, ..decision("usa-ops", Outcome::Forward, None) };
        let surplus_output = Decision { output: Some(Body::new(*b"x")), ..decision("usa-ops", Outcome::Quarantine, None) };
        let twice = vec![decision("usa-ops", Outcome::Withhold, None), decision("usa-ops", Outcome::Forward, None)];
        let review = Event::Reviewed(Reviewed {
            message: key(1),
            recipient: name("usa-ops"),
            reviewer: "maj smith".to_owned(),
            verdict: Verdict::Release,
            waivers: Vec::new(),
            reason: "seen".to_owned(),
            time: at(1),
            choice: None,
            note: None,
            pending: None,
        });
        for wrong in [
            vec![],
            vec![forwarded(2)],
            vec![released(1, 1)],
            vec![delivered(1)],
            vec![review.clone()],
            vec![decided(1, vec![no_output])],
            vec![decided(1, vec![surplus_output])],
            vec![decided(1, twice)],
            vec![decided(1, vec![])],
        ] {
            assert!(matches!(append(&journal, wrong.clone()).await, Err(Denied::Contradiction(_))), "{wrong:?}");
        }
        keep(&journal, vec![forwarded(1)]).await;
        let late = decided(1, vec![decision("aus-ops", Outcome::Withhold, None)]);
        for wrong in [forwarded(1), late, delivered(1), released(1, 2), review] {
            assert!(matches!(append(&journal, vec![wrong.clone()]).await, Err(Denied::Contradiction(_))), "{wrong:?}");
        }
        keep(&journal, vec![released(1, 1), delivered(1)]).await;
        for wrong in [released(1, 2), delivered(1)] {
            assert!(matches!(append(&journal, vec![wrong.clone()]).await, Err(Denied::Contradiction(_))), "{wrong:?}");
        }
        assert_eq!(journal.counts().await.unwrap().records, 4);
    });
    assert_eq!(place.verify().problems, []);
}

#[test]
fn a_held_message_is_reviewed_and_decided_again_and_no_other_is() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        let hold =
            |n| decided(n, vec![decision("usa-ops", Outcome::Quarantine, Some(Reason::ContentWords)), decision("can-ops", Outcome::Withhold, None)]);
        keep(&journal, vec![accepted(1, Precedence::Routine), hold(1)]).await;
        keep(&journal, vec![accepted(2, Precedence::Flash), hold(2)]).await;
        let held = journal.quarantine(Filter::default(), Page::first(10)).await.unwrap();
        assert_eq!(
            held.rows.iter().map(|row| (row.id, row.precedence, row.code)).collect::<Vec<_>>(),
            [(id(2), Precedence::Flash, Some(Reason::ContentWords)), (id(1), Precedence::Routine, Some(Reason::ContentWords)),]
        );
        assert_eq!(journal.body(&key(1)).await.unwrap(), Some(content(1)));
        let review = Event::Reviewed(Reviewed {
            message: key(1),
            recipient: name("usa-ops"),
            reviewer: "maj smith".to_owned(),
            verdict: Verdict::Release,
            waivers: vec!["codewords.txt:12".to_owned()],
            reason: "the word is a place name".to_owned(),
            time: at(5),
            choice: None,
            note: None,
            pending: None,
        });
        keep(&journal, vec![review]).await;
        assert!(matches!(append(&journal, vec![decided(1, vec![decision("can-ops", Outcome::Forward, None)])]).await, Err(Denied::Contradiction(_))));
        keep(&journal, vec![decided(1, vec![decision("usa-ops", Outcome::Forward, None)])]).await;
        keep(&journal, vec![decided(2, vec![decision("usa-ops", Outcome::Reject, Some(Reason::ReviewRejected))])]).await;
        assert!(journal.quarantine(Filter::default(), Page::first(10)).await.unwrap().rows.is_empty());
        assert_eq!(journal.outbox(&name("usa-ops"), 10).await.unwrap().len(), 1);
        assert_eq!(journal.counts().await.unwrap().held, 0);
    });
    assert_eq!(place.verify().problems, []);
}

#[test]
fn a_known_item_is_held_and_counted_nowhere_and_no_decision_lets_it_leave() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        let seeded = |n| {
            let Event::Accepted(accepted) = accepted(n, Precedence::Priority) else { panic!() };
            let (file, why) = ("a.toml".to_owned(), "known".to_owned());
            Event::Seeded(Seeded { accepted, recipient: name("usa-ops"), file, expected: Verdict::Reject, why })
        };
        let hold = |n| decided(n, vec![decision("usa-ops", Outcome::Quarantine, Some(Reason::ContentWords))]);
        keep(&journal, vec![accepted(1, Precedence::Routine), hold(1)]).await;
        keep(&journal, vec![seeded(2), hold(2)]).await;
        let counts = journal.counts().await.unwrap();
        assert_eq!((counts.accepted, counts.held, counts.undecided, counts.tallies.len()), (1, 1, 0, 1));
        assert_eq!(journal.quarantine(Filter::default(), Page::first(10)).await.unwrap().rows.len(), 2);
        assert_eq!(journal.receipt_of(&name("gbr-ops"), id(2)).await.unwrap(), None);
        assert!(journal.messages_of(Digest::of(&content(2))).await.unwrap().is_empty());
        assert_eq!(journal.body(&key(2)).await.unwrap(), Some(content(2)));
        assert_eq!(journal.seeds().await.unwrap().open.iter().map(|one| one.record).collect::<Vec<_>>(), [2]);
        for leaves in [Outcome::Forward, Outcome::Quarantine].map(|outcome| decision("usa-ops", outcome, Some(Reason::ReviewSeed))) {
            let refused = append(&journal, vec![decided(2, vec![leaves.clone()])]).await;
            let is_release = leaves.outcome == Outcome::Forward;
            assert_eq!(matches!(&refused, Err(Denied::Contradiction(why)) if why.contains("never leaves")), is_release, "{refused:?}");
        }
        // The same id of the same sender is no message that was accepted.
        assert!(append(&journal, vec![seeded(1)]).await.is_err());
        keep(&journal, vec![decided(2, vec![decision("usa-ops", Outcome::Reject, Some(Reason::ReviewSeed))])]).await;
        keep(&journal, vec![seeded(3), hold(3)]).await;
        keep(&journal, vec![decided(3, vec![decision("usa-ops", Outcome::Reject, Some(Reason::ReviewExpired))])]).await;
        let seeds = journal.seeds().await.unwrap();
        assert_eq!((seeds.open.len(), seeds.decided, seeds.expired), (0, 1, 1));
        assert!(journal.outbox(&name("usa-ops"), 10).await.unwrap().is_empty());
        let counts = journal.counts().await.unwrap();
        assert_eq!((counts.accepted, counts.held, counts.tallies.len()), (1, 1, 1));
    });
    assert_eq!(place.verify().problems, []);
}

#[test]
fn a_message_refused_whole_is_decided_without_recipients() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        let Event::Decided(mut refused) = decided(1, vec![]) else { panic!() };
        refused.refusal = Some(Reason::FormatUnrecognised);
        keep(&journal, vec![accepted(1, Precedence::Routine), Event::Decided(refused)]).await;
        let counts = journal.counts().await.unwrap();
        assert_eq!((counts.undecided, counts.tallies.len()), (0, 1));
        assert_eq!((counts.tallies[0].recipient.clone(), counts.tallies[0].code), (None, Some(Reason::FormatUnrecognised)));
    });
    assert_eq!(place.verify().problems, []);
}

#[test]
fn the_outbox_and_the_work_after_a_restart_go_by_precedence_then_order() {
    let place = Place::new();
    let order = [Precedence::Routine, Precedence::Flash, Precedence::Priority, Precedence::Immediate, Precedence::Flash, Precedence::Routine];
    run(async {
        let journal = place.open();
        for (n, precedence) in (0..).zip(order) {
            keep(&journal, vec![accepted(n, precedence)]).await;
        }
    });
    run(async {
        let journal = place.open();
        let ids: Vec<_> = journal.undecided(10).await.unwrap().iter().map(|one| one.receipt.id).collect();
        assert_eq!(ids, [1, 4, 3, 2, 0, 5].map(id));
        assert_eq!(journal.undecided(2).await.unwrap().len(), 2);
        for n in 0..6 {
            keep(&journal, vec![forwarded(n)]).await;
        }
        let ids: Vec<_> = journal.outbox(&name("usa-ops"), 10).await.unwrap().iter().map(|one| one.message.id).collect();
        assert_eq!(ids, [1, 4, 3, 2, 0, 5].map(id));
        assert_eq!(journal.undelivered().await.unwrap()[0].precedence, Precedence::Flash);
    });
}

#[test]
fn long_tables_come_in_pages_and_filters_narrow_them() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        for n in 0..25 {
            keep(&journal, vec![accepted(n, Precedence::Routine), forwarded(n)]).await;
        }
        let (mut page, mut seen) = (Page::first(7), Vec::new());
        loop {
            let part = journal.decisions(Filter { recipient: Some(name("usa-ops")), ..Filter::default() }, page).await.unwrap();
            seen.extend(part.rows.iter().map(|row| row.id));
            match part.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, (0..25).rev().map(id).collect::<Vec<_>>());
        let count = async |filter: Filter| journal.decisions(filter, Page::first(1000)).await.unwrap().rows.len();
        assert_eq!(count(Filter { outcome: Some(Outcome::Withhold), ..Filter::default() }).await, 25);
        assert_eq!(count(Filter { code: Some(Reason::AgreementNone), since: Some(at(5)), until: Some(at(8)), ..Filter::default() }).await, 3);
        assert_eq!(count(Filter { from: Some(name("usa-ops")), ..Filter::default() }).await, 0);
        assert_eq!(count(Filter { state: Some(State::Due), ..Filter::default() }).await, 25);
        let (mut page, mut indexes) = (Page::first(16), Vec::new());
        while let Some(next) = {
            let part = journal.records(page).await.unwrap();
            indexes.extend(part.rows.iter().map(|row| row.index));
            part.next
        } {
            page.after = Some(next);
        }
        assert_eq!(indexes, (0..50).collect::<Vec<_>>());
    });
}

#[test]
fn two_gateways_cannot_share_a_journal() {
    let place = Place::new();
    let first = place.open();
    let second = Engine::open(&place.journal(), ring(place.folder.path()));
    assert!(second.unwrap_err().what.contains("in use by another gateway"));
    drop(first);
    drop(place.open());
}

#[test]
fn contents_are_sealed_at_rest_and_open_nowhere_else() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        keep(&journal, vec![accepted(1, Precedence::Routine), forwarded(1)]).await;
        keep(&journal, vec![accepted(2, Precedence::Routine), forwarded(2)]).await;
    });
    for entry in std::fs::read_dir(place.journal()).unwrap() {
        let mut bytes = Vec::new();
        std::fs::File::open(entry.unwrap().path()).unwrap().read_to_end(&mut bytes).unwrap();
        for clear in [b"body 1 of the tests".as_slice(), b"output for usa-ops"] {
            assert!(!bytes.windows(clear.len()).any(|window| window == clear));
        }
    }
    assert!(Reader::open(&place.journal(), None).unwrap().body(&key(1)).unwrap_err().what.contains("no sealing key"));
    SealKey::create(&place.folder.path().join("other.key")).unwrap();
    let other = SealRing::new(SealKey::open(&place.folder.path().join("other.key")).unwrap(), Vec::new());
    assert!(Reader::open(&place.journal(), Some(other)).unwrap().body(&key(1)).unwrap_err().what.contains("was not given"));
    place.sql(
        "UPDATE content SET sealed = (SELECT sealed FROM content c WHERE c.message = 0 AND c.recipient = '') WHERE message = 2 AND recipient = ''",
    );
    let reader = Reader::open(&place.journal(), Some(ring(place.folder.path()))).unwrap();
    assert_eq!(reader.body(&key(1)).unwrap(), Some(content(1)));
    assert!(reader.body(&key(2)).unwrap_err().what.contains("changed or moved"));
}

#[test]
fn a_damaged_content_does_not_hold_up_the_others() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        for n in 0..3 {
            keep(&journal, vec![accepted(n, Precedence::Routine), forwarded(n)]).await;
            keep(&journal, vec![accepted(n + 10, Precedence::Routine)]).await;
        }
        place.sql("UPDATE content SET sealed = zeroblob(200) WHERE message IN (3, 5)");
        let outbox = journal.outbox(&name("usa-ops"), 10).await.unwrap();
        assert_eq!(outbox.iter().map(|one| one.output.is_ok()).collect::<Vec<_>>(), [true, false, true]);
        let undecided = journal.undecided(10).await.unwrap();
        assert_eq!(undecided.iter().map(|one| one.body.is_ok()).collect::<Vec<_>>(), [true, false, true]);
    });
}

#[test]
fn contents_are_dropped_only_when_nobody_needs_them() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        keep(&journal, vec![accepted(1, Precedence::Routine), forwarded(1)]).await;
        keep(&journal, vec![accepted(2, Precedence::Routine), decided(2, vec![decision("usa-ops", Outcome::Quarantine, None)])]).await;
        keep(&journal, vec![accepted(3, Precedence::Routine)]).await;
        keep(&journal, vec![accepted(4, Precedence::Routine), decided(4, vec![decision("usa-ops", Outcome::Withhold, None)])]).await;
        assert_eq!(journal.drop_contents(at(100)).await.unwrap(), 1);
        keep(&journal, vec![released(1, 1), delivered(1)]).await;
        assert_eq!(journal.drop_contents(at(1)).await.unwrap(), 0, "received too late");
        assert_eq!(journal.drop_contents(at(100)).await.unwrap(), 2);
        assert_eq!(journal.body(&key(1)).await.unwrap(), None);
        assert_eq!(journal.body(&key(2)).await.unwrap(), Some(content(2)));
        assert_eq!(journal.body(&key(3)).await.unwrap(), Some(content(3)));
        assert_eq!(journal.receipt_of(&name("gbr-ops"), id(1)).await.unwrap().unwrap().digest, Digest::of(&content(1)));
    });
    assert_eq!(place.verify().problems, []);
}

#[test]
fn every_failing_write_is_a_fault_and_loses_nothing_that_was_acknowledged() {
    let mut clean = false;
    for writes in 0..60 {
        let place = Place::new();
        let faults = FaultPoint::default();
        let mut kept = BTreeSet::new();
        run(async {
            let journal = Engine::open_with(&place.journal(), ring(place.folder.path()), faults.clone()).unwrap();
            keep(&journal, vec![accepted(100, Precedence::Routine), forwarded(100)]).await;
            faults.fail_after(writes);
            let mut failed = false;
            for n in 0..3 {
                match append(&journal, vec![accepted(n, Precedence::Routine), forwarded(n)]).await {
                    Ok(_) => {
                        assert!(!failed, "the journal took more after a failed write");
                        kept.insert(n);
                    }
                    Err(Denied::Fault(_)) => failed = true,
                    Err(other) => panic!("{other}"),
                }
            }
            faults.fail_after(u32::MAX);
            assert_eq!(append(&journal, vec![released(100, 1)]).await.is_err(), failed, "a stopped journal stays stopped");
            assert_eq!(journal.receipt_of(&name("gbr-ops"), id(100)).await.unwrap().map(|receipt| receipt.index), Some(0));
            clean = !failed;
        });
        run(async {
            let journal = place.open();
            for n in kept.iter().chain(&[100]) {
                let words: Vec<_> = journal.message(id(*n)).await.unwrap().iter().map(|entry| entry.event.word()).take(2).collect();
                assert_eq!(words, ["accepted", "decided"]);
            }
            assert!(journal.undecided(10).await.unwrap().is_empty(), "acceptance and decision came together");
        });
        assert_eq!(place.verify().problems, [], "fault after {writes} writes");
        if clean {
            break;
        }
    }
    assert!(clean, "the last fault lies beyond all writes of the test");
}

// --- kill -9 ---------------------------------------------------------------------------------------------------------

const CHILD: &str = "VESTIBULE_TEST_JOURNAL_CHILD";
const CHILD_ON_A_SMALL_DISK: &str = "VESTIBULE_TEST_JOURNAL_CHILD_SMALL_DISK";

/// Not a test of its own: the process that the next test kills. It says in `acks` what the journal acknowledged.
#[test]
fn child_that_appends_until_it_is_killed() {
    let Ok(argument) = std::env::var(CHILD) else { return };
    let (folder, generation) = argument.rsplit_once(':').unwrap();
    let (folder, generation) = (PathBuf::from(folder), generation.parse::<u64>().unwrap());
    run(async move {
        let journal = Arc::new(Engine::open(&folder.join("journal"), ring(&folder)).unwrap());
        let acks = std::fs::OpenOptions::new().append(true).create(true).open(folder.join("acks")).unwrap();
        let notary =
            Notary::new(SignerKey::open(&folder.join("audit.key")).unwrap(), Intervals { records: 100, seconds: 1 }, &folder.join("journal"));
        for worker in 0..16_u64 {
            let (journal, mut acks) = (Arc::clone(&journal), acks.try_clone().unwrap());
            tokio::spawn(async move {
                for n in 0.. {
                    let n = (generation << 32) | (worker << 24) | n;
                    keep(&*journal, vec![accepted(n, Precedence::Routine)]).await;
                    acks.write_all(format!("accepted {n}\n").as_bytes()).unwrap();
                    keep(&*journal, vec![forwarded(n)]).await;
                    acks.write_all(format!("decided {n}\n").as_bytes()).unwrap();
                    keep(&*journal, vec![released(n, 1), delivered(n)]).await;
                    acks.write_all(format!("delivered {n}\n").as_bytes()).unwrap();
                }
            });
        }
        loop {
            notary.tend(&*journal, at(0)).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
}

/// Not a test of its own: the process whose disk fills up. It ends when the journal stops.
#[test]
fn child_that_appends_until_the_disk_is_full() {
    let Ok(folder) = std::env::var(CHILD_ON_A_SMALL_DISK).map(PathBuf::from) else { return };
    run(async move {
        let journal = Engine::open(&folder.join("journal"), ring(&folder)).unwrap();
        let mut acks = std::fs::OpenOptions::new().append(true).create(true).open(folder.join("acks")).unwrap();
        for n in 0.. {
            match append(&journal, vec![accepted(n, Precedence::Routine), forwarded(n)]).await {
                Ok(_) => acks.write_all(format!("decided {n}\n").as_bytes()).unwrap(),
                Err(Denied::Fault(fault)) => {
                    assert!(fault.what.contains("check the disk"), "{fault}");
                    break;
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert!(matches!(append(&journal, vec![accepted(u64::from(u32::MAX), Precedence::Flash)]).await, Err(Denied::Fault(_))));
        acks.write_all(b"stopped 0\n").unwrap();
    });
}

#[test]
fn a_full_disk_stops_the_journal_and_loses_nothing_acknowledged() {
    for blocks in [1600, 2400, 4000] {
        let place = Place::new();
        let folder = place.folder.path();
        // The limit on file sizes makes real writes of SQLite fail; with the signal ignored, as an error.
        let ended = std::process::Command::new("sh")
            .args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "journal::child_that_appends_until_the_disk_is_full", "--nocapture"])
            .env(CHILD_ON_A_SMALL_DISK, folder)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        let acks = std::fs::read_to_string(folder.join("acks")).unwrap();
        assert!(acks.ends_with("stopped 0\n"), "the disk was never full");
        assert_eq!(place.verify().problems, []);
        run(async {
            let journal = place.open();
            for line in acks.lines().filter_map(|line| line.strip_prefix("decided ")) {
                assert_eq!(journal.message(id(line.parse().unwrap())).await.unwrap().len(), 2);
            }
        });
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_minus_nine() {
    let place = Place::new();
    let acks = place.folder.path().join("acks");
    let length = || std::fs::metadata(&acks).map_or(0, |metadata| metadata.len());
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for generation in 1..=24_u64 {
        let before = length();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "journal::child_that_appends_until_it_is_killed", "--nocapture"])
            .env(CHILD, format!("{}:{generation}", place.folder.path().display()))
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while length() == before {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(std::time::Duration::from_micros(random >> 48));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let text = std::fs::read_to_string(&acks).unwrap();
    let mut acknowledged: BTreeMap<u64, &str> = BTreeMap::new();
    for line in text.lines() {
        let (word, n) = line.split_once(' ').unwrap();
        acknowledged.insert(n.parse().unwrap(), word);
    }
    let generations: BTreeSet<_> = acknowledged.keys().map(|n| n >> 32).collect();
    assert_eq!(generations.len(), 24);
    let report = place.verify();
    assert_eq!(report.problems, []);
    assert!(report.checkpoints > 0);
    run(async {
        let journal = place.open();
        for (n, word) in acknowledged {
            let words: Vec<_> = journal.message(id(n)).await.unwrap().iter().map(|entry| entry.event.word()).collect();
            let all = ["accepted", "decided", "released", "delivered"];
            assert!(all.starts_with(&words), "{n}: each once, in order: {words:?}");
            assert!(words.contains(&word), "{n} was acknowledged as {word}: {words:?}");
        }
    });
}

// --- audit -----------------------------------------------------------------------------------------------------------

/// A journal of 20 + 1 + 600 + 1 records: two checkpoints, one tile of the tree among them, and a tail of 5.
fn audited() -> Place {
    let place = Place::new();
    run(async {
        let journal = place.open();
        let notary = place.notary(Intervals::default());
        keep(&journal, (0..10).flat_map(|n| [accepted(n, Precedence::Routine), forwarded(n)]).collect()).await;
        assert_eq!(notary.checkpoint(&journal, at(0)).await.unwrap().size, 20);
        keep(&journal, (10..310).flat_map(|n| [accepted(n, Precedence::Routine), forwarded(n)]).collect()).await;
        assert_eq!(notary.checkpoint(&journal, at(0)).await.unwrap().size, 621);
        for n in 0..5 {
            keep(&journal, vec![Event::Operated(Operated { who: "ops".to_owned(), what: format!("act {n}"), time: at(n) })]).await;
        }
    });
    place
}

#[test]
fn a_whole_journal_holds_and_the_report_counts_its_unsigned_tail() {
    let place = audited();
    let report = place.verify();
    assert_eq!(report.problems, []);
    assert_eq!((report.records, report.checkpoints, report.unsigned, report.first_bad), (627, 2, 6, None));
    assert_eq!(report.root, Reader::open(&place.journal(), None).unwrap().head().unwrap().root);
}

#[test]
fn each_kind_of_tampering_is_found_and_its_first_record_named() {
    let swap = "UPDATE record SET ix = -1 WHERE ix = 30; UPDATE record SET ix = 30 WHERE ix = 31; UPDATE record SET ix = 31 WHERE ix = -1;";
    for (what, sql, first_bad) in [
        ("a byte of a record", "UPDATE record SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'00' AS BLOB) WHERE ix = 300", Some(300)),
        ("a byte of a leaf", "UPDATE record SET leaf = zeroblob(32) WHERE ix = 7", Some(7)),
        ("a record removed", "DELETE FROM record WHERE ix = 40", Some(40)),
        ("the first record removed", "DELETE FROM record WHERE ix = 0", Some(0)),
        ("two records swapped", swap, Some(30)),
        ("the tail cut below a checkpoint", "DELETE FROM record WHERE ix >= 600", Some(600)),
        ("the tail and its checkpoint cut", "DELETE FROM record WHERE ix >= 600; DELETE FROM checkpoint WHERE number = 1", Some(600)),
        ("a checkpoint removed", "DELETE FROM checkpoint WHERE number = 0", None),
        ("the last checkpoint removed", "DELETE FROM checkpoint WHERE number = 1", None),
        ("a checkpoint changed", "UPDATE checkpoint SET note = replace(note, '20', '21') WHERE number = 0", None),
        ("a kept node changed", "UPDATE tile SET hash = zeroblob(32)", None),
        ("a held decision made due", "UPDATE decision SET state = 'due', outcome = 'forward' WHERE recipient = 'can-ops' AND message = 0", None),
        ("a release forgotten", "DELETE FROM decision WHERE message = 2", None),
        ("a total changed", "UPDATE tally SET count = count + 1", None),
        ("the contents removed", "DELETE FROM content", None),
        ("a message made undecided", "UPDATE message SET decided = NULL WHERE ix = 0", None),
    ] {
        let place = audited();
        assert!(place.verify().holds());
        place.sql(sql);
        let report = place.verify();
        assert!(!report.holds(), "{what} was not found");
        assert_eq!(report.first_bad, first_bad, "{what}: {:?}", report.problems);
    }
}

#[test]
fn a_journal_whose_end_was_altered_does_not_open() {
    for sql in ["UPDATE record SET leaf = zeroblob(32) WHERE ix = 620", "DELETE FROM record WHERE ix = 600", "DELETE FROM tile WHERE ix = 1"] {
        let place = audited();
        place.sql(sql);
        let refused = Engine::open(&place.journal(), ring(place.folder.path())).unwrap_err();
        assert!(refused.what.contains("vestibule audit verify"), "{refused}");
    }
}

#[test]
fn a_record_rewritten_with_its_leaf_is_found_under_its_checkpoint() {
    let place = audited();
    let connection = Connection::open(place.journal().join(FILE)).unwrap();
    let bytes: Vec<u8> = connection.query_row("SELECT bytes FROM record WHERE ix = 100", [], |row| row.get(0)).unwrap();
    let at =
        bytes.windows(8).position(|window| window == b"can-ops\x68").or_else(|| bytes.windows(7).position(|window| window == b"can-ops")).unwrap();
    let mut forged = bytes.clone();
    forged[at..at + 3].copy_from_slice(b"aus");
    let leaf = vestibule::journal::merkle::leaf_hash(&forged);
    connection.execute("UPDATE record SET bytes = ?1, leaf = ?2 WHERE ix = 100", rusqlite::params![forged, leaf.0]).unwrap();
    drop(connection);
    let report = place.verify();
    assert!(report.problems.iter().any(|problem| problem.text.contains("checkpoint 1 does not hold")), "{:?}", report.problems);
    assert!(report.first_bad.is_some_and(|index| (20..=100).contains(&index)));
}

#[test]
fn a_journal_written_anew_is_found_by_whoever_kept_a_checkpoint() {
    let place = audited();
    let kept = std::fs::read_to_string(place.journal().join("checkpoint")).unwrap();
    std::fs::remove_dir_all(place.journal()).unwrap();
    run(async {
        let journal = place.open();
        keep(&journal, vec![accepted(1, Precedence::Routine), forwarded(1)]).await;
        place.notary(Intervals::default()).checkpoint(&journal, at(0)).await.unwrap();
    });
    assert!(place.verify().holds());
    let report = audit::verify(&place.journal(), &place.verifier(), &[kept]).unwrap();
    assert!(report.problems[0].text.contains("witnessed checkpoint 1"), "{:?}", report.problems);
}

#[test]
fn a_journal_holds_while_the_gateway_writes_on() {
    let place = Place::new();
    run(async {
        let journal = Arc::new(place.open());
        let (writer, notary) = (Arc::clone(&journal), place.notary(Intervals { records: 10, seconds: 1 }));
        let writing = tokio::spawn(async move {
            for n in 0.. {
                keep(&*writer, vec![accepted(n, Precedence::Routine), forwarded(n)]).await;
                let _ = notary.tend(&*writer, at(0)).await.unwrap();
            }
        });
        let (folder, key) = (place.journal(), place.verifier());
        let mut checkpoints = 0;
        while checkpoints < 10 {
            let (folder, key) = (folder.clone(), key.clone());
            let report = tokio::task::spawn_blocking(move || audit::verify(&folder, &key, &[]).unwrap()).await.unwrap();
            assert_eq!(report.problems, []);
            checkpoints = report.checkpoints;
        }
        writing.abort();
        let _ = writing.await;
    });
}

#[test]
fn the_example_of_the_manual_verifies() {
    let manual = include_str!("../src/manual/journal.md");
    let mut blocks = manual.split("```text\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (note, key) = (blocks.next().unwrap(), blocks.next().unwrap().trim().parse().unwrap());
    assert_eq!(Checkpoint::open(note, &key).unwrap().size, 621);
}

#[test]
fn a_journal_of_another_key_does_not_hold() {
    let (place, other) = (audited(), Place::new());
    assert!(!audit::verify(&place.journal(), &other.verifier(), &[]).unwrap().holds());
}

#[test]
fn every_covered_record_is_proved_to_a_partner_and_nothing_else_is() {
    let place = audited();
    let (reader, key) = (Reader::open(&place.journal(), None).unwrap(), place.verifier());
    for index in [0, 1, 19, 20, 255, 256, 257, 511, 512, 600, 619, 620] {
        let proof = audit::prove(&reader, index, &key).unwrap();
        let text = serde_json::to_string(&proof).unwrap();
        let proof: audit::InclusionProof = serde_json::from_str(&text).unwrap();
        let record = audit::check_proof(&proof, &key).unwrap();
        assert_eq!(vestibule::journal::Record::decode(&record).unwrap().index, index);
        for wrong in [
            audit::InclusionProof { index: index ^ 1, ..proof.clone() },
            audit::InclusionProof { record: "AAAA".to_owned(), ..proof.clone() },
            audit::InclusionProof { path: proof.path[1..].to_vec(), ..proof.clone() },
            audit::InclusionProof { path: proof.path.iter().rev().cloned().collect(), ..proof.clone() },
            audit::InclusionProof { checkpoint: proof.checkpoint.replace("621", "622"), ..proof.clone() },
        ] {
            assert!(audit::check_proof(&wrong, &key).is_err(), "{index}");
        }
        assert!(audit::check_proof(&proof, &Place::new().verifier()).is_err());
    }
    assert!(audit::prove(&reader, 621, &key).unwrap_err().what.contains("not under a checkpoint yet"));
}

#[test]
fn a_later_journal_is_proved_to_continue_an_earlier_one_and_no_other() {
    let place = Place::new();
    let key = place.verifier();
    let notes = run(async {
        let journal = place.open();
        let notary = place.notary(Intervals::default());
        let mut notes = Vec::new();
        for n in 0..12 {
            notary.checkpoint(&journal, at(0)).await.unwrap();
            notes.push(std::fs::read_to_string(place.journal().join("checkpoint")).unwrap());
            for m in 0..n * 7 {
                keep(&journal, vec![accepted(n * 1000 + m, Precedence::Routine)]).await;
            }
        }
        notes
    });
    let reader = Reader::open(&place.journal(), None).unwrap();
    for note in &notes {
        let proof = audit::prove_consistency(&reader, note, &key).unwrap();
        audit::check_consistency(&proof, &key).unwrap();
        assert_eq!(Checkpoint::open(&proof.later, &key), Checkpoint::open(notes.last().unwrap(), &key));
        let swapped = audit::ConsistencyProof { earlier: proof.later.clone(), later: proof.earlier.clone(), ..proof.clone() };
        assert!(audit::check_consistency(&swapped, &key).is_err() || note == notes.last().unwrap());
    }
    let foreign = audited();
    let forked = Checkpoint { size: 30, root: Digest::of(b"another history") };
    let note = forked.sign(&SignerKey::open(&place.folder.path().join("audit.key")).unwrap());
    assert!(audit::prove_consistency(&reader, &note, &key).unwrap_err().what.contains("does not continue"));
    let theirs = std::fs::read_to_string(foreign.journal().join("checkpoint")).unwrap();
    assert!(audit::prove_consistency(&reader, &theirs, &key).is_err());
}

#[test]
fn checkpoints_come_after_so_many_records_or_so_much_time_and_never_for_nothing() {
    let place = Place::new();
    run(async {
        let journal = place.open();
        let notary = place.notary(Intervals { records: 4, seconds: 60 });
        assert_eq!(notary.tend(&journal, at(0)).await.unwrap(), None);
        keep(&journal, vec![accepted(1, Precedence::Routine), forwarded(1)]).await;
        assert_eq!(notary.tend(&journal, at(1000)).await.unwrap(), None);
        assert_eq!(notary.tend(&journal, at(60_000)).await.unwrap().unwrap().size, 2);
        assert_eq!(notary.tend(&journal, at(600_000)).await.unwrap(), None, "the checkpoint's own record is no reason for another");
        for n in 2..4 {
            keep(&journal, vec![accepted(n, Precedence::Routine), forwarded(n)]).await;
        }
        assert_eq!(notary.tend(&journal, at(60_001)).await.unwrap().unwrap().size, 7);
    });
    let report = place.verify();
    assert_eq!((report.problems.len(), report.checkpoints, report.records), (0, 2, 8));
}
