//! The desk: how long a page takes, by how much is held and how much ever happened.
//!
//! `cargo bench --bench desk` fills journals of growing size straight through the store and prints a table; with `-- --json` one object a line and nothing
//! else. `-- MESSAGES HELD` measures one size alone, such as `-- 5000000 100000`: each message is an event of acceptance and one of decision. The ratio is
//! to the smallest journal. Deliberately absent: any judgement of the figures.

#![expect(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a bench that cannot begin stops; it counts small things"
)]

use std::time::{Duration, Instant};

use serde_json::json;
use vestibule::base::{Digest, Header, MessageId, Name, Outcome, Precedence, Reason, Time, Traffic};
use vestibule::journal::embedded::Engine;
use vestibule::journal::seal::{SealKey, SealRing};
use vestibule::journal::{
    Accepted, Body, Decided, Decision, Delivered, Event, Filter, Journal, Listing, MessageKey, Page, Released, Sequence, State,
};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Messages and, of them, held ones, where nothing else is said.
const SIZES: [(u64, u64); 3] = [(1_000, 100), (10_000, 1_000), (100_000, 10_000)];
/// Messages of one append, and appends that wait for each other.
const BATCH: u64 = 500;
/// Times that each figure is measured; the one in the middle counts.
const ROUNDS: usize = 9;
/// Rows of a page.
const ROWS: u32 = 50;

fn main() {
    let words: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let sizes = match words.as_slice() {
        [messages, held] => vec![(*messages, *held)],
        _ => SIZES.to_vec(),
    };
    let json_wanted = std::env::args().any(|word| word == "--json");
    let mut first: Vec<(&str, f64)> = Vec::new();
    for (messages, held) in sizes {
        let figures = measure(messages, held, json_wanted);
        if first.is_empty() {
            first.clone_from(&figures);
        }
        for ((what, ms), (_, least)) in figures.iter().zip(&first) {
            match json_wanted {
                true => println!("{}", json!({ "messages": messages, "held": held, "what": what, "milliseconds": ms, "ratio": ms / least })),
                false => println!("{messages:>9} messages, {held:>7} held: {what:<34} {ms:>9.2} ms, {:>6.1} times the smallest", ms / least),
            }
        }
    }
}

fn time(n: u64) -> Time {
    Time::from_unix_ms(1_767_225_600_000 + n as i64 * 20).expect("a time")
}

fn id(n: u64) -> MessageId {
    let [.., a, b, c, d, e, f, g, h] = n.to_be_bytes();
    MessageId::from_parts(1_767_225_600_000 + n * 20, [0, 0, a, b, c, d, e, f, g, h])
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

/// What happens to one message: it is delivered, or held.
fn events(n: u64, held: bool) -> Vec<Event> {
    let (from, to) = (name("gbr-ops"), name(["usa-ops", "can-ops", "aus-ops", "nzl-ops"].get(n as usize % 4).expect("a peer")));
    let precedence = *Precedence::ALL.get((n % 97) as usize % 4).expect("a precedence");
    let header = Header {
        id: id(n),
        precedence,
        destinations: vec![to.clone()],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: time(n),
        label: None,
    };
    let key = MessageKey { from: from.clone(), id: id(n) };
    let accepted = Accepted { from, header, body: Body::new(n.to_be_bytes()), received: time(n), seals: None };
    let output = Body::new(*b"out");
    let (clause, digest) = (Some(name("FVEY-TRACKS/4.2")), output.digest);
    let decision = Decision {
        recipient: to.clone(),
        outcome: if held { Outcome::Quarantine } else { Outcome::Forward },
        code: held.then_some(if n.is_multiple_of(3) { Reason::ContentPattern } else { Reason::ContentWords }),
        clause: clause.clone(),
        findings: format!(r#"[{{"code":"content.words","rule":"words.txt:{}","severity":"high"}}]"#, n % 50),
        edits: "[]".to_owned(),
        output: (!held).then_some(output),
        permit: None,
    };
    let decided = Decided {
        message: key.clone(),
        edition: "five-eyes 2026.1".to_owned(),
        edition_digest: Digest::of(b"e"),
        time: time(n),
        decisions: vec![decision],
        refusal: None,
        marking: None,
    };
    let mut events = vec![Event::Accepted(accepted), Event::Decided(decided)];
    // Some of what is forwarded still waits, and of the rest the bench keeps the two events that every message has, so that sizes are plain.
    if !held && n.is_multiple_of(10) {
        events.push(Event::Released(Released { message: key.clone(), recipient: to.clone(), clause, digest, attempt: 1, time: time(n) }));
        events.push(Event::Delivered(Delivered { message: key, recipient: to, receipt: time(n), time: time(n) }));
    }
    events
}

fn measure(messages: u64, held: u64, quiet: bool) -> Vec<(&'static str, f64)> {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("seal.key");
    SealKey::create(&key).expect("a key");
    let engine = Engine::open(&folder.path().join("journal"), SealRing::new(SealKey::open(&key).expect("a key"), Vec::new())).expect("a journal");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (each, started) = ((messages / held.max(1)).max(1), Instant::now());
    let mut from = 0;
    while from < messages {
        let until = (from + BATCH).min(messages);
        let batch = (from..until).flat_map(|n| events(n, n % each == 0)).collect();
        let _appended = runtime.block_on(engine.append(batch, Precedence::Routine)).expect("a journal that takes records");
        from = until;
    }
    if !quiet {
        println!("filled with {} records in {:.0} s", runtime.block_on(engine.head()).expect("a head").size, started.elapsed().as_secs_f64());
    }
    let list = |filter: Filter, sequence| Listing { filter, sequence, rows: ROWS, ..Listing::default() };
    let held_only = || Filter { state: Some(State::Held), ..Filter::default() };
    let middle = id(messages / 2);
    let listing = |listing: Listing| drop(runtime.block_on(engine.listing(listing)).expect("a page"));
    vec![
        ("overview", median(|| drop(runtime.block_on(engine.glance(time(messages))).expect("a glance")))),
        ("first page of held, triage", median(|| listing(list(held_only(), Sequence::Triage)))),
        ("first page of held, newest", median(|| listing(list(held_only(), Sequence::Newest)))),
        ("first page of all", median(|| listing(list(Filter::default(), Sequence::Newest)))),
        ("search by id", median(|| listing(list(Filter { id: Some(middle), ..Filter::default() }, Sequence::Newest)))),
        ("search by code", median(|| listing(list(Filter { code: Some(Reason::ContentPattern), ..Filter::default() }, Sequence::Newest)))),
        ("search by time", median(|| listing(list(Filter { until: Some(time(messages / 2)), ..Filter::default() }, Sequence::Newest)))),
        (
            "search for a peer that is not there",
            median(|| listing(list(Filter { from: Some(name("nobody")), ..Filter::default() }, Sequence::Newest))),
        ),
        ("groups", median(|| drop(runtime.block_on(engine.alike()).expect("groups")))),
        ("journey of a message", median(|| drop(runtime.block_on(engine.message(middle)).expect("a journey")))),
        ("last records", median(|| drop(runtime.block_on(engine.latest(Page::first(ROWS))).expect("records")))),
    ]
}

/// Milliseconds of the run in the middle.
fn median(work: impl Fn()) -> f64 {
    let mut took: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed()
        })
        .collect();
    took.sort();
    took.get(ROUNDS / 2).map_or(0.0, Duration::as_secs_f64) * 1000.0
}
