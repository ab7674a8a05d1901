//! The decision to release on a rule set as large as any may become: 1,000 clauses and 200 policies of Cedar, by varied messages and partners.
//!
//! `cargo bench --bench decide` prints a table; with `-- --json` one object a line and nothing else. The rule set is `rules/five-eyes` with its own
//! clauses again and again, each time for other kinds, and with policies that look at kind, label, sender and precedence in turn. The messages are those
//! of `vestibule generate`, each from its sender to every peer; those that mandatory control stops never come to a clause and are left out. Three
//! streams run over each: `few` has as many sorts of messages as a busy partner sends, `many` has more than are remembered, and `new` has nothing
//! remembered at all. The number to hold is the p99 of `few`, which is that of a warm edition: 50 microseconds.
//! Deliberately absent: reading, labels and filters, which `path` measures, and any judgement of the figures.

#![expect(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a bench that cannot begin stops; it counts small things"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::json;
use vestibule::base::{Budget, Header, Name, Time};
use vestibule::format::{self, Received};
use vestibule::generate;
use vestibule::label::{self, Binding, Labelled, Reading};
use vestibule::policy::{self, Clause, Edition, PeerEntry, SourceFile};
use vestibule::release::{Circumstances, Engine};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Clauses and policies of each rule set that is measured. What ships has 40 and 5.
const SIZES: [(usize, usize); 6] = [(40, 5), (200, 5), (1_000, 5), (40, 200), (200, 200), (1_000, 200)];
/// Sorts of messages of a stream: kinds and marks that differ.
const STREAMS: [(&str, usize); 3] = [("few", 100), ("many", 2_000), ("new", 100)];
/// Time spent on each figure.
const SPENT: Duration = Duration::from_secs(2);

/// A message as it came.
struct Message {
    header: Header,
    body: Vec<u8>,
    from: Name,
}

/// One figure.
struct Figure {
    clauses: usize,
    policies: usize,
    stream: &'static str,
    times: Histogram<u64>,
}

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let mut figures = Vec::new();
    for (clauses, policies) in SIZES {
        let edition = edition(clauses, policies);
        let engine = Engine::compile(&edition).expect("the rules of this bench are sound");
        for (stream, sorts) in STREAMS {
            let messages = messages(sorts);
            figures.push(Figure { clauses, policies, stream, times: measure(&engine, &edition, &messages, stream) });
        }
    }
    let heads = ["clauses", "policies", "stream", "p50 us", "p99 us", "p99.9 us", "most us"];
    let cells = |figure: &Figure| {
        let at = |quantile: f64| figure.times.value_at_quantile(quantile) as f64 / 1_000.0;
        [at(0.5), at(0.99), at(0.999), figure.times.max() as f64 / 1_000.0]
    };
    if !json {
        println!("{:>8}{:>10}{:>8}{:>10}{:>10}{:>10}{:>10}", heads[0], heads[1], heads[2], heads[3], heads[4], heads[5], heads[6]);
    }
    for figure in &figures {
        let [p50, p99, p999, most] = cells(figure);
        let Figure { clauses, policies, stream, times } = figure;
        match json {
            true => println!(
                "{}",
                json!({"clauses": clauses, "policies": policies, "stream": stream, "p50_us": p50, "p99_us": p99, "p999_us": p999, "max_us": most, "decisions": times.len()})
            ),
            false => println!("{clauses:>8}{policies:>10}{stream:>8}{p50:>10.1}{p99:>10.1}{p999:>10.1}{most:>10.0}"),
        }
    }
}

/// The time of each decision, over a stream that comes again and again.
fn measure(engine: &Engine, edition: &Edition, messages: &[Message], stream: &str) -> Histogram<u64> {
    let now = Circumstances { now: now() };
    let labelled: Vec<(Labelled<'_>, &PeerEntry)> = messages.iter().filter_map(|message| labelled(edition, message)).collect();
    let all = labelled.iter().flat_map(|(one, sender)| edition.peers.values().map(move |peer| (one, *sender, peer)));
    let to_clauses = |(one, sender, peer): &(&Labelled<'_>, &PeerEntry, &PeerEntry)| {
        sender.name != peer.name
            && engine.decide(one, sender, peer, &now).map_or_else(|refusal| refusal.reason.code().starts_with("agreement."), |_| true)
    };
    let asked: Vec<_> = all.filter(to_clauses).collect();
    assert!(asked.len() >= messages.len(), "most messages come to a clause of somebody");
    let mut times = Histogram::<u64>::new(3).expect("a histogram");
    let began = Instant::now();
    // A step that has no divisor in common with their number visits all, and no partner twice in a row.
    let step = (7..).step_by(2).find(|step| gcd(*step, asked.len()) == 1).expect("odd numbers go on");
    let mut at = 0;
    while began.elapsed() < SPENT {
        for _ in 0..asked.len() {
            let (one, sender, peer) = asked.get(at).expect("within");
            at = (at + step) % asked.len();
            if stream == "new" {
                engine.forget();
            }
            let started = Instant::now();
            let decided = black_box(engine.decide(one, sender, peer, &now));
            let took = started.elapsed();
            drop(decided);
            times.record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)).expect("a value");
        }
    }
    times
}

const fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn labelled<'m, 'e>(edition: &'e Edition, message: &'m Message) -> Option<(Labelled<'m>, &'e PeerEntry)> {
    let sender = edition.peers.get(&message.from)?;
    let mut budget = Budget::for_body(message.body.len());
    let parsed = format::parse(Received::new(&message.header, &message.body).ok()?, &mut budget).ok()?;
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    Some((label::verify(parsed, &edition.lattice, &reading, now(), &mut budget).ok()?, sender))
}

/// Messages of every recipe in turn; events in Cursor-on-Target are of kinds of their own, as far as there are so many sorts.
fn messages(sorts: usize) -> Vec<Message> {
    let recipes = generate::recipes();
    let mut all = Vec::new();
    for number in 0..sorts {
        let recipe = recipes.get(number % recipes.len()).expect("recipes");
        let (header, body) = generate::message(recipe, number as u64, now());
        let body = match String::from_utf8(body) {
            Ok(text) => text.replacen("type=\"a-f-G-U-C", &format!("type=\"{}-{number}", kind(number)), 1).into_bytes(),
            Err(other) => other.into_bytes(),
        };
        all.push(Message { header, body, from: Name::new(recipe.from).expect("a name") });
    }
    all
}

/// The beginning of a kind of track.
fn kind(number: usize) -> String {
    const DIMENSIONS: [&str; 5] = ["a-f-G", "a-h-G", "a-f-A", "a-n-S", "a-u-G"];
    format!("{}-U-C-{}", DIMENSIONS.get(number % DIMENSIONS.len()).copied().unwrap_or("a-f-G"), number % 25)
}

/// `rules/five-eyes` with so many clauses and policies.
fn edition(clauses: usize, policies: usize) -> Edition {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
    let mut edition = policy::load(&policy::read_folder(&folder).expect("the rule set of the lab")).expect("a rule set without faults");
    let own: usize = edition.agreements.iter().map(|agreement| agreement.clauses.len()).sum();
    for agreement in &mut edition.agreements {
        let again = (1..).take_while(|round| round * own < clauses);
        let more: Vec<Clause> = again.flat_map(|round| agreement.clauses.iter().map(move |clause| like(clause, round)).collect::<Vec<_>>()).collect();
        // Those that were there come last, as the widest would in a rule set that grew.
        agreement.clauses.extend(more);
    }
    let text = (0..policies.saturating_sub(5)).map(forbid).collect::<String>();
    edition.cedar.push(SourceFile { path: "bench.cedar".into(), text: text.into() });
    edition
}

/// A clause for other kinds, which stands before the one that it is made from.
fn like(clause: &Clause, round: usize) -> Clause {
    let kinds = match clause.kinds.as_slice() {
        [] => vec![format!("*-{round}")],
        some => some.iter().map(|kind| format!("{}-U-C-{round}*", kind.trim_end_matches('*').trim_end_matches('-'))).collect(),
    };
    let (agreement, number) = clause.id.as_str().split_once('/').expect("an id of a clause");
    let id = Name::new(&format!("{agreement}/0.{round}.{number}")).expect("a name");
    Clause { id, kinds, ..clause.clone() }
}

/// A prohibition of what no message of the bench has, so that every one must be asked.
fn forbid(number: usize) -> String {
    let condition = match number % 5 {
        0 => format!("context.kind like \"a-f-G-Z-{number}-*\""),
        1 => format!("context.precedence == Precedence::\"FLASH\" && context.kind like \"t-x-{number}*\""),
        2 => format!("context.releasable_to.contains(Group::\"NZL\") && context.subject like \"NOBODY-{number}-*\""),
        3 => format!("resource.nation == \"USA\" && context.format == Format::\"cot\" && context.kind like \"*-Q-{number}\""),
        _ => format!("context.categories.contains(Category::\"Additional Sensitivity/ATOMAL\") && context.kind like \"b-{number}-*\"")
            .replace("Additional Sensitivity", "Special Category Designators"),
    };
    format!("@id(\"bench-{number}\")\nforbid (principal, action == Action::\"release\", resource)\nwhen {{ {condition} }};\n")
}

fn now() -> Time {
    Time::parse("2026-11-23T08:00:00Z").expect("a time")
}
