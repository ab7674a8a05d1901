//! What lists for the desk give, against what the same rows give when all of them are read and sorted.

use std::collections::{BTreeMap, BTreeSet};

use vestibule::audit::{self, SignerKey};
use vestibule::base::{Digest, Header, MessageId, Name, Outcome, Precedence, Reason, Time, Traffic};
use vestibule::journal::embedded::Engine;
use vestibule::journal::seal::{SealKey, SealRing};
use vestibule::journal::{
    Accepted, Body, Decided, Decision, Event, Filter, Journal, ListedRow, Listing, Marking, MessageKey, Page, Reviewed, Sequence, State, Verdict,
};

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn at(seconds: i64) -> Time {
    Time::from_unix_ms(1_767_225_600_000 + seconds * 1000).unwrap()
}

fn id(n: u32) -> MessageId {
    let [a, b, c, d] = n.to_be_bytes();
    MessageId::from_parts(1_767_225_600_000, [0, 0, 0, 0, 0, 0, a, b, c, d])
}

/// One message a second, from one of three peers for two recipients; what becomes of it follows from its number.
fn events(n: u32) -> Vec<Event> {
    let from = name(["gbr-ops", "can-ops", "aus-ops"][n as usize % 3]);
    let precedence = Precedence::ALL[(n / 2) as usize % 4];
    let header = Header {
        id: id(n),
        precedence,
        destinations: vec![name("usa-ops"), name("nzl-ops")],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: at(i64::from(n)),
        label: None,
    };
    let accepted = Accepted { from: from.clone(), header, body: Body::new(n.to_be_bytes()), received: at(i64::from(n)), seals: None };
    let decide = |to: &str, outcome: Outcome| {
        let word = n % 5 < 3;
        let (code, rule) = if word { (Reason::ContentWords, format!("words.txt:{}", n % 7)) } else { (Reason::AgreementReview, String::new()) };
        let severity = ["low", "medium", "high", "critical"][n as usize % 4];
        Decision {
            recipient: name(to),
            outcome,
            code: (outcome != Outcome::Forward).then_some(code),
            clause: (outcome == Outcome::Forward).then(|| name("FVEY/1")),
            findings: format!(r#"[{{"code":"{code}","rule":"{rule}","severity":"{severity}"}}]"#),
            edits: "[]".to_owned(),
            output: (outcome == Outcome::Forward).then(|| Body::new(*b"out")),
            permit: None,
        }
    };
    let second = if n.is_multiple_of(6) { Outcome::Reject } else { Outcome::Forward };
    let first = if n % 3 == 1 { Outcome::Forward } else { Outcome::Quarantine };
    let decided = Decided {
        message: MessageKey { from, id: id(n) },
        edition: "five-eyes 2026.1".to_owned(),
        edition_digest: Digest::of(b"e"),
        time: at(i64::from(n)),
        decisions: vec![decide("usa-ops", first), decide("nzl-ops", second)],
        refusal: None,
        marking: marking(n),
    };
    vec![Event::Accepted(accepted), Event::Decided(decided)]
}

/// What the label of a message says: every seventh has none, as one that an older program decided.
fn marking(n: u32) -> Option<Marking> {
    let (policy, classification) = [("GBR", "SECRET"), ("USA", "SECRET"), ("GBR", "OFFICIAL")][n as usize % 3];
    (n % 7 != 6).then(|| Marking { policy: policy.to_owned(), classification: classification.to_owned() })
}

const MESSAGES: u32 = 180;
struct Desk {
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    fn new() -> (Self, Engine) {
        let folder = tempfile::tempdir().unwrap();
        SealKey::create(&folder.path().join("seal.key")).unwrap();
        let desk = Self { folder, runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap() };
        let engine = desk.open();
        (0..MESSAGES).for_each(|n| desk.append(&engine, events(n)));
        (desk, engine)
    }

    fn open(&self) -> Engine {
        let ring = SealRing::new(SealKey::open(&self.folder.path().join("seal.key")).unwrap(), Vec::new());
        Engine::open(&self.folder.path().join("journal"), ring).unwrap()
    }

    fn append(&self, engine: &Engine, events: Vec<Event>) {
        let _kept = self.runtime.block_on(engine.append(events, Precedence::Routine)).unwrap();
    }

    /// All pages of a list.
    fn all(&self, engine: &Engine, mut listing: Listing) -> Vec<ListedRow> {
        let mut rows = Vec::new();
        loop {
            let page = self.runtime.block_on(engine.listing(listing.clone())).unwrap();
            assert!(page.rows.len() <= listing.rows as usize);
            rows.extend(page.rows);
            // As text, as it goes over the wire.
            match page.next.map(|next| next.to_string().parse().unwrap()) {
                Some(next) => listing.after = Some(next),
                None => return rows,
            }
        }
    }

    fn every(&self, engine: &Engine) -> Vec<ListedRow> {
        self.all(engine, Listing { rows: Page::ROWS_MAX, ..Listing::default() })
    }
}

fn keys(rows: &[ListedRow]) -> Vec<(String, String)> {
    rows.iter().map(|one| (one.row.id.to_string(), one.row.recipient.to_string())).collect()
}

/// The order of triage by its words: the most urgent, the gravest, the one that waits longest.
fn triaged(mut rows: Vec<ListedRow>) -> Vec<ListedRow> {
    rows.retain(|one| one.row.state == State::Held);
    let urgency = |one: &ListedRow| Precedence::ALL.iter().position(|precedence| *precedence == one.row.precedence);
    rows.sort_by_key(|one| (urgency(one), std::cmp::Reverse(one.severity), one.row.received, one.row.recipient.clone()));
    rows
}

#[test]
fn pages_in_both_orders_and_under_every_filter_are_the_whole_list_cut_in_pieces() {
    let (desk, engine) = Desk::new();
    let every = desk.every(&engine);
    assert_eq!(every.len(), MESSAGES as usize * 2);
    assert!(every.iter().any(|one| one.marking == "USA SECRET") && every.iter().any(|one| one.marking.is_empty()));
    assert!(every.windows(2).all(|two| (two[0].row.received, &two[0].row.recipient) > (two[1].row.received, &two[1].row.recipient)));
    type Fits = fn(&ListedRow) -> bool;
    let filter = |change: fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    };
    let cases: [(Filter, Fits); 12] = [
        (filter(|_| ()), |_| true),
        (filter(|f| f.state = Some(State::Held)), |one| one.row.state == State::Held),
        (filter(|f| f.state = Some(State::Due)), |one| one.row.state == State::Due),
        (filter(|f| f.code = Some(Reason::ContentWords)), |one| one.row.code == Some(Reason::ContentWords)),
        (filter(|f| f.from = Some(name("can-ops"))), |one| one.row.from.as_str() == "can-ops"),
        (filter(|f| f.recipient = Some(name("nzl-ops"))), |one| one.row.recipient.as_str() == "nzl-ops"),
        (filter(|f| f.outcome = Some(Outcome::Reject)), |one| one.row.outcome == Outcome::Reject),
        (filter(|f| (f.since, f.until) = (Some(at(50)), Some(at(90)))), |one| one.row.received >= at(50) && one.row.received < at(90)),
        (filter(|f| f.id = Some(id(42))), |one| one.row.id == id(42)),
        (filter(|f| f.classification = Some("SECRET".to_owned())), |one| one.marking.ends_with("SECRET")),
        (filter(|f| f.classification = Some("GBR SECRET".to_owned())), |one| one.marking == "GBR SECRET"),
        (filter(|f| f.classification = Some("TOP SECRET".to_owned())), |_| false),
    ];
    for (filter, fits) in cases {
        for rows in [1, 7, 200] {
            let listing = Listing { filter: filter.clone(), rows, ..Listing::default() };
            let expected: Vec<_> = every.iter().filter(|one| fits(one)).cloned().collect();
            // The few rows of an id are one page.
            let rows = if filter.id.is_some() { 200 } else { rows };
            assert_eq!(keys(&desk.all(&engine, Listing { rows, ..listing })), keys(&expected), "{filter:?}");
            let expected: Vec<_> = triaged(every.clone()).into_iter().filter(&fits).collect();
            if filter.id.is_none() && filter.state != Some(State::Due) {
                let listing = Listing { filter: filter.clone(), rows, sequence: Sequence::Triage, ..Listing::default() };
                assert_eq!(keys(&desk.all(&engine, listing)), keys(&expected), "{filter:?} in the order of triage");
            }
        }
    }
}

#[test]
fn groups_totals_and_minutes_follow_every_change_and_the_audit_finds_them_as_the_records_say() {
    let (desk, engine) = Desk::new();
    let held = || desk.every(&engine).into_iter().filter(|one| one.row.state == State::Held).collect::<Vec<_>>();
    let counted = || {
        let mut groups = BTreeMap::<(Option<Reason>, String), u64>::new();
        held().iter().for_each(|one| *groups.entry((one.row.code, one.rule.clone())).or_default() += 1);
        groups
    };
    let alike = || desk.runtime.block_on(engine.alike()).unwrap();
    let shown = || alike().into_iter().map(|group| ((group.code, group.rule), group.count)).collect::<BTreeMap<_, _>>();
    assert!(!shown().is_empty());
    assert_eq!(shown(), counted());
    for group in alike() {
        let same = |one: &&ListedRow| one.row.code == group.code && one.rule == group.rule;
        assert_eq!(group.oldest, held().iter().filter(same).map(|one| one.row.received).min());
        let listing =
            Listing { filter: Filter { code: group.code, ..Filter::default() }, rule: Some(group.rule.clone()), rows: 4, ..Listing::default() };
        assert_eq!(desk.all(&engine, listing.clone()).len() as u64, group.count);
        assert_eq!(desk.runtime.block_on(engine.listing(listing)).unwrap().total, Some(group.count));
    }
    // A review and the decision after it: the group has one less.
    let one = held().remove(3);
    let key = MessageKey { from: one.row.from.clone(), id: one.row.id };
    let reviewed = Event::Reviewed(Reviewed {
        message: key.clone(),
        recipient: one.row.recipient.clone(),
        reviewer: "ann".to_owned(),
        verdict: Verdict::Reject,
        waivers: Vec::new(),
        reason: "no".to_owned(),
        time: at(1000),
        choice: None,
        note: None,
        pending: None,
    });
    desk.append(&engine, vec![reviewed]);
    assert_eq!(held().iter().find(|now| now.row.row == one.row.row).map(|now| now.reviews), Some(1));
    let decision = Decision {
        recipient: one.row.recipient.clone(),
        outcome: Outcome::Reject,
        code: Some(Reason::ReviewRejected),
        clause: None,
        findings: "[]".to_owned(),
        edits: "[]".to_owned(),
        output: None,
        permit: None,
    };
    let decided = Decided {
        message: key,
        edition: "five-eyes 2026.1".to_owned(),
        edition_digest: Digest::of(b"e"),
        time: at(1000),
        decisions: vec![decision],
        refusal: None,
        marking: None,
    };
    desk.append(&engine, vec![Event::Decided(decided)]);
    assert_eq!(shown(), counted());
    let acts = desk.runtime.block_on(engine.reviews(10)).unwrap();
    assert_eq!(
        acts.iter().map(|act| (act.officer.as_str(), act.act.as_str(), act.rule.as_str())).collect::<Vec<_>>(),
        [("ann", "reject", one.rule.as_str())]
    );
    let glance = desk.runtime.block_on(engine.glance(at(0))).unwrap();
    let released: u64 = glance.minutes.iter().filter(|minute| minute.what == "forward").map(|minute| minute.count).sum();
    assert_eq!(desk.runtime.block_on(engine.clauses()).unwrap(), [(name("FVEY/1"), released)]);
    assert_eq!(glance.held.iter().map(|(_, count)| count).sum::<u64>(), glance.counts.held);
    let waits = |state| desk.every(&engine).iter().filter(|one| one.row.state == state).count() as u64;
    assert_eq!((glance.counts.held, glance.counts.due), (waits(State::Held), waits(State::Due)));
    assert_eq!(glance.due.iter().map(|due| due.count).sum::<u64>(), glance.counts.due);
    assert_eq!(glance.minutes.iter().map(|minute| minute.time).collect::<BTreeSet<_>>().len(), 4, "three minutes of traffic, and that of the review");
    drop(engine);
    let signer = SignerKey::create(&desk.folder.path().join("audit.key"), "gbr.example/vestibule").unwrap();
    let report = audit::verify(&desk.folder.path().join("journal"), signer.verifier(), &[]).unwrap();
    let views: Vec<String> =
        report.problems.iter().map(|problem| format!("{problem:?}")).filter(|text| !text.to_lowercase().contains("checkpoint")).collect();
    assert!(views.is_empty(), "{views:?}");
}

#[test]
fn records_come_newest_first_and_each_once() {
    let (desk, engine) = Desk::new();
    let (mut seen, mut page) = (Vec::new(), Page::first(50));
    loop {
        let part = desk.runtime.block_on(engine.latest(page)).unwrap();
        seen.extend(part.rows.iter().map(|entry| entry.index));
        match part.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, (0..u64::from(MESSAGES) * 2).rev().collect::<Vec<_>>());
}
