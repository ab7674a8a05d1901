//! Every format on one core: strict parse to the normal form, parts and markings, writing, second reader; by size, beside a well-known reader.
//!
//! `cargo bench --bench formats` prints a table; with `-- --json` one object a line and nothing else; further words name the formats to
//! measure. Each figure is that of the fastest of many runs of the same step on the same body: what else the machine does can only slow
//! a run. The reader beside does less: it makes events, values or
//! lines, checks no field, and runs in turn with ours. Bodies are of 1 KB, 100 KB and 8 MB, or as near to it as the most parts of a message
//! allow. Memory is the most bytes that stood at once while a body was parsed, the tree among them, over the bytes of the body.
//! Deliberately absent: any judgement of the figures, rules, labels, and anything with a disk or a network.

#![expect(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a bench that cannot begin stops; it counts small things"
)]

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/plain.rs"]
mod plain;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bodies::{KINDS, Kind};
use comfy_table::{CellAlignment, Table, presets};
use vestibule::base::{Budget, Reason};
use vestibule::format::{self, Format};
use vestibule::normal::{Edits, Tree};
use vestibule::{rebuild, verify};

/// Bytes of the bodies at most.
const SIZES: [usize; 3] = [1_024, 100 * 1_024, 8 * 1_024 * 1_024];
/// Time spent on each body, and runs at the least.
const SPENT: Duration = Duration::from_millis(1_500);
const RUNS_MIN: usize = 5;
/// Runs of a tokeniser at the most.
const TOKEN_RUNS_MAX: usize = 200;
/// The steps, in the order in which they run.
const STEPS: [&str; 6] = ["beside", "parse", "parts", "rebuild", "second", "compare"];

/// The figures of one body.
struct Figure {
    format: &'static str,
    beside: &'static str,
    bytes: usize,
    nodes: usize,
    /// Nanoseconds of each step in its fastest run.
    ns: [u64; STEPS.len()],
    /// Nanoseconds of a bare tokeniser of the same grammar.
    tokens: Option<u64>,
    peak: u64,
    allocations: u64,
}

fn parse<'a>(format: &Format, body: &'a [u8]) -> Tree<'a> {
    assert_eq!(format::identify(body).expect("a known format").name, format.name, "the bench grows bodies of this format");
    (format.read)(body, &mut Budget::for_body(body.len())).expect("a sound body")
}

/// The body of a size, or of the most parts that a message may have.
fn grown(kind: &Kind, format: &Format, bytes: usize) -> Vec<u8> {
    let trial = kind.body(bytes.min(SIZES[1]));
    let nodes = parse(format, &trial).len();
    let few = trial.len() / nodes < Budget::BYTES_PER_PART;
    let mut most = if few { (trial.len() * Budget::PARTS_MIN / nodes).min(bytes) } else { bytes };
    loop {
        let body = kind.body(most);
        match (format.read)(&body, &mut Budget::for_body(body.len())) {
            // Lists are values, though no parts.
            Err(refusal) if refusal.reason == Reason::SizeNodes => most -= most / 32,
            _ => return body,
        }
    }
}

/// Runs every step once and gives the nanoseconds of each.
fn once(format: &'static Format, body: &[u8], beside: fn(&[u8]) -> usize) -> [u64; STEPS.len()] {
    let mut ns = [0; STEPS.len()];
    let mut slots = ns.iter_mut();
    let mut began = Instant::now();
    let mut lap = || {
        let spent = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        slots.next().into_iter().for_each(|slot| *slot = spent);
        began = Instant::now();
    };
    black_box(beside(body));
    lap();
    let tree = parse(format, body);
    lap();
    black_box(((format.facts)(&tree), (format.markings)(&tree).len(), (format.portions)(&tree).len(), (format.mentions)(&tree).len()));
    lap();
    let written = rebuild::bytes(&tree, &Edits::default(), format.syntax).expect("a tree that can be written");
    lap();
    black_box(verify::read_alone(body).expect("the second reader agrees"));
    lap();
    verify::agree(body, &written).expect("the second reader finds the same");
    lap();
    ns
}

fn measured(kind: &Kind, bytes: usize) -> Figure {
    let format = format::by_name(kind.name).expect("a known format");
    let body = grown(kind, format, bytes);
    let (beside, plain) = plain::beside(kind.name);
    let mut nodes = 0;
    let counted = allocation_counter::measure(|| nodes = parse(format, &body).len());
    let mut runs = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SPENT || runs.len() < RUNS_MIN {
        runs.push(once(format, &body, plain));
    }
    let tokens = plain::tokeniser(kind.name).map(|read| {
        let spent = |began: Instant| u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let run = || {
            let began = Instant::now();
            black_box(read(&body));
            spent(began)
        };
        (0..runs.len().min(TOKEN_RUNS_MAX)).map(|_| run()).min().unwrap_or_default()
    });
    let ns = std::array::from_fn(|step| runs.iter().filter_map(|run| run.get(step)).copied().min().unwrap_or_default());
    Figure { format: kind.name, beside, bytes: body.len(), nodes, ns, tokens, peak: counted.bytes_max, allocations: counted.count_total }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    let kinds = KINDS.iter().filter(|kind| named.is_empty() || named.contains(&kind.name));
    let all: Vec<Figure> = kinds.flat_map(|kind| SIZES.map(|bytes| measured(kind, bytes))).collect();
    if words.iter().any(|word| word == "--json") { all.iter().for_each(print_json) } else { print_table(&all) }
}

fn print_json(figure: &Figure) {
    let Figure { format, beside, bytes, nodes, ns, tokens, peak, allocations } = figure;
    let steps: serde_json::Map<_, _> = STEPS.iter().zip(ns).map(|(step, ns)| (format!("{step}_ns"), (*ns).into())).collect();
    let mut object = serde_json::json!({ "format": format, "beside": beside, "bytes": bytes, "nodes": nodes, "tokens_ns": tokens, "peak_bytes": peak,
                                         "allocations": allocations });
    object.as_object_mut().expect("an object").extend(steps);
    println!("{object}");
}

fn print_table(all: &[Figure]) {
    let mut table = Table::new();
    let heads = ["format", "bytes", "parts", "beside", "parse us", "to beside", "to tokens", "peak/byte", "allocations"].map(str::to_owned);
    let each = STEPS.iter().map(|step| format!("{step} ns/byte"));
    table.load_preset(presets::ASCII_MARKDOWN).set_header(heads.into_iter().chain(each));
    table.add_rows(all.iter().map(|figure| {
        let bytes = figure.bytes as f64;
        let [beside, parse, ..] = figure.ns.map(|ns| ns as f64);
        let row = [
            figure.format.to_owned(),
            figure.bytes.to_string(),
            figure.nodes.to_string(),
            figure.beside.to_owned(),
            format!("{:.1}", parse / 1e3),
            format!("{:.2}", parse / beside.max(1.0)),
            figure.tokens.map_or("-".to_owned(), |tokens| format!("{:.2}", parse / (tokens as f64).max(1.0))),
            format!("{:.1}", figure.peak as f64 / bytes),
            figure.allocations.to_string(),
        ];
        row.into_iter().chain(figure.ns.map(|ns| format!("{:.2}", ns as f64 / bytes))).collect::<Vec<_>>()
    }));
    table.column_iter_mut().skip(4).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    println!("{table}");
}
