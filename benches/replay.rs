//! Replay: recorded traffic decided again, on one thread and on all, from a journal on disk.
//!
//! `cargo bench --bench replay` prints a table; with `-- --json` one object a line and nothing else. The traffic is that of `vestibule generate`, every
//! recipe in turn, accepted and decided by the path itself and written to a journal in a folder of its own. Beside messages a minute stands the ratio
//! to one thread. Deliberately absent: any judgement of the figures.

#![expect(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a bench that cannot begin stops; it counts small things"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use vestibule::base::{MessageId, Name, Precedence, Time};
use vestibule::filter::Waivers;
use vestibule::generate;
use vestibule::journal::embedded::{Engine, Reader};
use vestibule::journal::seal::{SealKey, SealRing};
use vestibule::journal::{Accepted, Body, Decided, Event, Journal};
use vestibule::pipeline::{Guard, Inspector, World};
use vestibule::policy;
use vestibule::process::world::Secrets;
use vestibule::replay::{Replay, decision};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Messages on record.
const MESSAGES: u64 = 4_000;
/// Times that each figure is measured, in turn; the one in the middle counts.
const ROUNDS: usize = 3;
/// Events of one append: a message's own two, for so many messages.
const BATCH: usize = 100;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).expect("the rule set");
    let guard = Guard::load(&files).expect("a rule set without faults");
    let secrets = Secrets::from_bytes(b"bench: no pseudonym made with this key ever leaves");
    let key = folder.path().join("seal.key");
    SealKey::create(&key).expect("a key");
    let journal = folder.path().join("journal");
    record(&journal, &key, &guard, &secrets);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut runs: Vec<(usize, Vec<Duration>)> = vec![(1, Vec::new()), (cores, Vec::new())];
    for _ in 0..ROUNDS {
        for (workers, took) in &mut runs {
            took.push(replay(&journal, &key, &guard, &secrets, *workers));
        }
    }
    let figures: Vec<(usize, f64)> = runs
        .into_iter()
        .map(|(workers, mut took)| {
            took.sort();
            let middle = took.get(took.len() / 2).copied().unwrap_or_default();
            (workers, MESSAGES as f64 * 60.0 / middle.as_secs_f64())
        })
        .collect();
    let one = figures.first().map_or(1.0, |(_, figure)| *figure);
    for (workers, figure) in figures {
        match std::env::args().any(|word| word == "--json") {
            true => println!("{}", json!({ "workers": workers, "messages_per_minute": figure.round(), "ratio": figure / one })),
            false => println!("{workers} threads: {figure:.0} messages a minute, {:.2} times one thread", figure / one),
        }
    }
}

/// Accepts and decides every message, and writes both to a journal.
fn record(journal: &Path, key: &Path, guard: &Guard, secrets: &Secrets) {
    let engine = Engine::open(journal, ring(key)).expect("a journal");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (mut inspector, recipes, start) = (Inspector::new(guard), generate::recipes(), Time::parse("2026-06-01T12:00:00Z").expect("a time"));
    let mut events = Vec::new();
    for number in 0..MESSAGES {
        let recipe = recipes.get(number as usize % recipes.len()).expect("recipes");
        let (header, body) = generate::message(recipe, number, start);
        let header = vestibule::base::Header { id: MessageId::from_parts(number + 1, [0; 10]), ..header };
        let from = Name::new(recipe.from).expect("a name");
        let world = World { now: start, keys: &secrets.keys(), waivers: &Waivers::default(), signer: None };
        let passage = inspector.pass(&from, &header, &body, &world);
        let accepted = Accepted { from, header, body: Body::new(body), received: start, seals: None };
        let decided = Decided {
            message: accepted.key(),
            edition: guard.edition().title(),
            edition_digest: guard.edition().digest,
            time: start,
            decisions: passage.rulings.iter().map(decision).collect(),
            refusal: None,
            marking: None,
        };
        events.extend([Event::Accepted(accepted), Event::Decided(decided)]);
        if events.len() >= BATCH * 2 || number + 1 == MESSAGES {
            let written = runtime.block_on(engine.append(std::mem::take(&mut events), Precedence::Routine));
            let _appended = written.expect("a journal that takes records");
        }
    }
}

fn ring(key: &Path) -> SealRing {
    SealRing::new(SealKey::open(key).expect("a key"), Vec::new())
}

/// Replays the whole journal under the edition that was in force, and looks that nothing changed.
fn replay(journal: &Path, key: &Path, guard: &Guard, secrets: &Secrets, workers: usize) -> Duration {
    let keys = secrets.keys();
    let replay = Replay { new: guard, under: None, keys: &keys, signer: None, workers };
    let started = Instant::now();
    let totals = replay.run(|| Reader::open(journal, Some(ring(key))), |_| Ok(())).expect("a journal that can be read");
    let took = started.elapsed();
    let (decisions, exact, _) = totals.sums();
    assert_eq!((totals.messages, exact), (MESSAGES, decisions), "the same to the byte");
    took
}
