//! The pure path, step by step, on one core: nanoseconds and allocations for each message, by size of message and number of rules.
//!
//! `cargo bench --bench path` prints tables; with `-- --json` one object a line and nothing else. Each figure is the median of many runs
//! of the same step on the same message; what a worker keeps (scanners, buffers) is kept, what a message costs (budgets) is counted. Beside
//! them, in the same run, stand a plain parse of the same bytes by a tree library and a copy of them.
//! Deliberately absent: any judgement of the figures, and anything with a disk or a network.

#![expect(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a bench that cannot begin stops; it counts small things"
)]

#[path = "support/course.rs"]
mod course;

use std::hint::black_box;
use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, Table, presets};
use course::{Course, Filling, message};
use vestibule::base::{Budget, Header, Outcome};
use vestibule::filter::{Filters, Scanner};
use vestibule::format::{self, Received};
use vestibule::label::{self, Binding, Reading};
use vestibule::pipeline::{Inspector, World};
use vestibule::release::{Circumstances, Engine};
use vestibule::verify::{self, BlockedWords, Claim, Proposal};
use vestibule::{rebuild, sanitise, translate};

/// Bytes of the messages, about.
const SIZES: [usize; 3] = [512, 2_048, 32_768];
/// Words and as many patterns beside those of the rule set, and clauses.
const RULES: [usize; 3] = [1, 100, 1_000];
/// Time spent on each figure.
const SPENT: Duration = Duration::from_millis(700);

/// One figure.
struct Figure {
    step: &'static str,
    filling: &'static str,
    bytes: usize,
    rules: usize,
    clauses: usize,
    median_ns: u64,
    p99_ns: u64,
    allocations: u64,
}

/// Takes the time of each step of a run, or, when it counts, the allocations.
struct Meter {
    counts: bool,
    laps: Vec<(&'static str, u64)>,
}

impl Meter {
    fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let mut done = None;
        let cost = if self.counts {
            allocation_counter::measure(|| done = Some(work())).count_total
        } else {
            let started = Instant::now();
            done = Some(black_box(work()));
            u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX)
        };
        self.laps.push((name, cost));
        done.expect("the step ran")
    }
}

/// The parts of a guard, so that each step can be called alone.
struct Parts<'c> {
    course: &'c Course,
    engine: Engine,
    filters: &'c Filters,
    words: BlockedWords,
}

/// One message through every step, then through the whole path, then through the baselines.
fn run(parts: &Parts<'_>, scanner: &mut Scanner<'_>, inspector: &mut Inspector<'_>, (header, body): (&Header, &[u8]), meter: &mut Meter) {
    let Parts { course, engine, filters, words } = parts;
    let (edition, sender, recipient, keys) = (course.guard.edition(), course.sender(), course.recipient(), course.secrets.keys());
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    let budget = &mut Budget::for_body(body.len());
    let parsed = meter.step("parse", || format::parse(Received::new(header, body).expect("within limits"), budget)).expect("a sound message");
    let scanned = meter.step("scan", || filters.scan(scanner, &parsed, budget)).expect("within the budget");
    let labelled = meter.step("label", || label::verify(parsed, &edition.lattice, &reading, course.now, budget)).expect("a label");
    engine.forget();
    let first = || engine.decide(&labelled, sender, recipient, &Circumstances { now: course.now }).map(drop);
    meter.step("decide, the first of its kind", first).expect("a clause");
    let permitted = meter.step("decide", || engine.decide(&labelled, sender, recipient, &Circumstances { now: course.now })).expect("a clause");
    let cleared = meter.step("check", || filters.check(permitted, &scanned, &course.waivers)).expect("nothing found");
    let sanitised = meter.step("sanitise", || sanitise::apply(cleared, &keys)).expect("edits that apply");
    let translated = meter.step("translate", || translate::apply(sanitised, &edition.lattice, sender.scheme)).expect("a format that the peer reads");
    let rebuilt = meter.step("rebuild", || rebuild::write(translated)).expect("a tree that can be written");
    let (translated, result) = rebuilt.into_parts();
    let claim = Claim {
        header,
        original: body,
        proposal: Proposal::new(labelled.parsed().format().name, (result, translated.edits().clone()), (labelled.label(), labelled.label())),
        lattice: &edition.lattice,
        sender,
        recipient,
        blocked_words: words,
        exercise_policies: &edition.exercise_policies,
        now: course.now,
    };
    let verified = meter.step("verify", || verify::reread(claim)).expect("agreement");
    drop((verified, translated));
    let world = World { now: course.now, keys: &keys, waivers: &course.waivers, signer: None };
    let passage = meter.step("whole pass", || inspector.pass(&sender.name, header, body, &world));
    assert_eq!(passage.worst(), Outcome::Forward, "a message of the bench passes");
    let text = std::str::from_utf8(body).expect("UTF-8");
    drop(meter.step("roxmltree alone", || roxmltree::Document::parse(text).expect("well-formed")));
    drop(meter.step("copy alone", || black_box(body).to_vec()));
}

/// The figures of every step for one message.
fn steps(course: &Course, (bytes, filling): (usize, Filling), (rules, clauses): (usize, usize)) -> Vec<Figure> {
    let (header, body) = message(bytes, filling);
    let edition = course.guard.edition();
    let filters = Filters::compile(edition).expect("sound rules");
    let engine = Engine::compile(edition).expect("sound rules");
    let parts = Parts { course, engine, filters: &filters, words: BlockedWords::of(&edition.word_lists) };
    let (mut scanner, mut inspector) = (filters.scanner(), Inspector::new(&course.guard));
    let mut once = |counts| {
        let mut meter = Meter { counts, laps: Vec::with_capacity(16) };
        run(&parts, &mut scanner, &mut inspector, (&header, &body), &mut meter);
        meter.laps
    };
    (0..10).for_each(|_| drop(once(false)));
    let counted = once(true);
    let mut times: Vec<Vec<u64>> = counted.iter().map(|_| Vec::new()).collect();
    let began = Instant::now();
    while began.elapsed() < SPENT {
        times.iter_mut().zip(once(false)).for_each(|(times, (_, ns))| times.push(ns));
    }
    let figure = |((step, allocations), mut times): ((&'static str, u64), Vec<u64>)| {
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
        Figure { step, filling: filling.word(), bytes: body.len(), rules, clauses, median_ns: at(50), p99_ns: at(99), allocations }
    };
    counted.into_iter().zip(times).map(figure).collect()
}

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let courses = RULES.map(|rules| (rules, Course::with_rules(rules)));
    let mut all = Vec::new();
    for (rules, course) in &courses {
        let fillings = [Filling::Drawing, Filling::Latin, Filling::Cyrillic];
        let all_pairs = SIZES.into_iter().flat_map(|size| fillings.map(|filling| (size, filling)));
        // The profile of the lab takes at most 2,000 characters of remarks.
        for (size, filling) in all_pairs.filter(|&(size, filling)| size <= SIZES[1] || filling == Filling::Drawing) {
            all.extend(steps(course, (size, filling), (*rules, 0)));
        }
    }
    for clauses in RULES {
        all.extend(steps(&Course::with_clauses(clauses), (SIZES[1], Filling::Drawing), (0, clauses)));
    }
    if json { all.iter().for_each(print_json) } else { print_tables(&all) }
}

fn print_json(figure: &Figure) {
    let Figure { step, filling, bytes, rules, clauses, median_ns, p99_ns, allocations } = figure;
    println!(
        "{}",
        serde_json::json!({ "step": step, "filling": filling, "bytes": bytes, "rules": rules, "clauses": clauses,
                            "median_ns": median_ns, "p99_ns": p99_ns, "allocations": allocations })
    );
}

/// A table whose columns after the first are numbers.
fn table(heads: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(heads);
    table.add_rows(rows);
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn print_tables(all: &[Figure]) {
    let mut names: Vec<&str> = Vec::new();
    all.iter().for_each(|figure| {
        if !names.contains(&figure.step) {
            names.push(figure.step)
        }
    });
    for filling in [Filling::Drawing, Filling::Latin].map(Filling::word) {
        let of = |step: &str, rules: usize| {
            let step = step.to_owned();
            all.iter().filter(move |f| f.step == step && f.filling == filling && f.rules == rules && f.clauses == 0)
        };
        println!(
            "\nEach step in ns ({filling}; 100 more words and patterns; median, allocations in brackets; against roxmltree's parse at the middle size)\n"
        );
        let plain = of("roxmltree alone", 100).nth(1).map_or(1, |figure| figure.median_ns.max(1));
        let heads = std::iter::once("step".to_owned()).chain(of("parse", 100).map(|figure| format!("{} bytes", figure.bytes)));
        let rows = names.iter().map(|step| {
            let cells = of(step, 100).map(|figure| format!("{} ({})", figure.median_ns, figure.allocations));
            let ratio = of(step, 100).nth(1).map_or(0.0, |figure| figure.median_ns as f64 / plain as f64);
            std::iter::once((*step).to_owned()).chain(cells).chain([format!("{ratio:.2}")]).collect()
        });
        println!("{}", table(heads.chain(["to roxmltree".to_owned()]).collect(), rows));
    }
    println!("\nHow the scan grows with words and patterns, in ns\n");
    let scans = |rules: usize| all.iter().filter(move |figure| figure.step == "scan" && figure.rules == rules && figure.clauses == 0);
    let heads = std::iter::once("message".to_owned()).chain(RULES.map(|rules| format!("{rules} more of each"))).collect();
    let rows = scans(1).zip(scans(100)).zip(scans(1_000)).map(|((one, hundred), thousand)| {
        vec![
            format!("{} bytes, {}", one.bytes, one.filling),
            one.median_ns.to_string(),
            hundred.median_ns.to_string(),
            thousand.median_ns.to_string(),
        ]
    });
    println!("{}", table(heads, rows));
    println!("\nHow the decision grows with clauses that name the recipient, in ns\n");
    let decisions = RULES.map(|clauses| all.iter().find(|figure| figure.step == "decide" && figure.clauses == clauses));
    let heads = std::iter::once(String::new()).chain(RULES.map(|clauses| format!("{clauses} clauses"))).collect();
    let row = std::iter::once("decide".to_owned()).chain(decisions.map(|figure| figure.map_or_else(String::new, |f| f.median_ns.to_string())));
    println!("{}", table(heads, std::iter::once(row.collect())));
}
