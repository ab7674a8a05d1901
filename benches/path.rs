//! The pure path, step by step, on one core: nanoseconds for each message by size of message and number of rules.
//!
//! `cargo bench --bench path` prints a table; with `-- --json` one object a line and nothing else. Each figure is the median of many runs
//! of the same step on the same message; what a worker keeps (scanners, buffers) is kept, what a message costs (budgets) is counted.
//! Deliberately absent: any judgement of the figures, and anything with a disk or a network.

#![expect(clippy::expect_used, reason = "a bench that cannot begin stops")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use vestibule::base::{Action, Budget, Digest, Header, MessageId, Name, Precedence, Severity, Time, Traffic};
use vestibule::filter::Filters;
use vestibule::format::{self, Received};
use vestibule::label::Lattice;
use vestibule::normal::PathPattern;
use vestibule::policy::{Edition, Field, FieldType, Profile, Registry, SourceFile, WordEntry, WordList};

/// Bytes of the messages, about.
const SIZES: [usize; 3] = [512, 2_048, 32_768];
/// Words, and as many patterns.
const RULES: [usize; 3] = [1, 100, 1_000];
/// Time spent on each figure.
const SPENT: Duration = Duration::from_millis(500);

/// What the messages say: text in ASCII takes the fast path, other text is folded twice.
const LATIN: &str = "Convoy of four vehicles moved north along the river road, halted near the second bridge. ";
const CYRILLIC: &str = "Колонна из четырёх машин прошла на север вдоль реки и остановилась у второго моста. ";

/// One figure.
struct Figure {
    step: &'static str,
    bytes: usize,
    rules: usize,
    median_ns: u64,
    p99_ns: u64,
}

fn main() {
    let json = std::env::args().any(|arg| arg == "--json");
    let mut figures = Vec::new();
    for rules in RULES {
        let edition = edition(rules);
        let started = Instant::now();
        let filters = Filters::compile(&edition).expect("the rules of this bench are sound");
        figures.push(once("compile filters", rules, started));
        let started = Instant::now();
        let mut scanner = filters.scanner();
        figures.push(once("new scanner", rules, started));
        for (size, step, sentence) in SIZES.iter().flat_map(|&size| [(size, "scan", LATIN), (size, "scan Cyrillic", CYRILLIC)]) {
            let body = message(size, sentence);
            let header = header();
            let parsed =
                format::parse(Received::new(&header, &body).expect("within limits"), &mut Budget::for_body(body.len())).expect("a sound message");
            figures.push(measure(step, body.len(), rules, || {
                let scanned = filters.scan(&mut scanner, &parsed, &mut Budget::for_body(body.len()));
                assert!(black_box(scanned).expect("within the budget").findings().is_empty());
            }));
        }
    }
    for size in SIZES {
        let (body, header) = (message(size, LATIN), header());
        figures.push(measure("parse", body.len(), 0, || {
            let received = Received::new(&header, &body).expect("within limits");
            let parsed = format::parse(received, &mut Budget::for_body(body.len()));
            assert!(black_box(parsed).is_ok());
        }));
    }
    if json { figures.iter().for_each(print_json) } else { print_table(&figures) }
}

fn once(step: &'static str, rules: usize, started: Instant) -> Figure {
    let ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    Figure { step, bytes: 0, rules, median_ns: ns, p99_ns: ns }
}

fn measure(step: &'static str, bytes: usize, rules: usize, mut work: impl FnMut()) -> Figure {
    (0..10).for_each(|_| work());
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SPENT {
        let started = Instant::now();
        work();
        times.push(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len().saturating_mul(percent).div_euclid(100)).copied().unwrap_or_default();
    Figure { step, bytes, rules, median_ns: at(50), p99_ns: at(99) }
}

fn print_json(figure: &Figure) {
    let Figure { step, bytes, rules, median_ns, p99_ns } = figure;
    println!("{}", serde_json::json!({ "step": step, "bytes": bytes, "rules": rules, "median_ns": median_ns, "p99_ns": p99_ns }));
}

fn print_table(figures: &[Figure]) {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED).set_header(["step", "bytes", "words and patterns", "median ns", "p99 ns"]);
    for Figure { step, bytes, rules, median_ns, p99_ns } in figures {
        table.add_row([(*step).to_owned(), bytes.to_string(), rules.to_string(), median_ns.to_string(), p99_ns.to_string()]);
    }
    println!("{table}");
}

fn header() -> Header {
    Header {
        id: MessageId::from_parts(1_767_323_045_000, [7; 10]),
        precedence: Precedence::Routine,
        destinations: Vec::new(),
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: Time::from_unix_ms(1_767_323_045_000).expect("a time"),
        label: None,
    }
}

/// A track whose remarks fill it to about `bytes`.
fn message(bytes: usize, sentence: &str) -> Vec<u8> {
    let track = r#"<event version="2.0" uid="ANDROID-1" type="a-f-G-U-C" how="m-g" time="2026-01-02T03:04:05Z" start="2026-01-02T03:04:05Z" stale="2026-01-02T03:14:05Z" access="SECRET" releasableTo="GBR USA"><point lat="51.477512" lon="-0.001475" hae="45.2" ce="9.9" le="9999999"/><detail><contact callsign="RAVEN 6"/><remarks>"#;
    let close = "</remarks></detail></event>";
    let mut text = track.to_owned();
    while text.len().saturating_add(close.len()) < bytes {
        text.push_str(sentence);
    }
    (text + close).into_bytes()
}

fn edition(rules: usize) -> Edition {
    let entries = (0_u32..).take(rules).map(|n| WordEntry { text: code_word(n), line: n.saturating_add(1) }).collect();
    let words = WordList { file: "words.txt".into(), action: Action::Hold, severity: Severity::High, reason: "a code word".into(), entries };
    let fields = ["/event/**"].map(|path| Field {
        path: PathPattern::parse(path).expect("a path"),
        kind: FieldType::Any,
        forbid: None,
        misfit: Action::Hold,
        transform: None,
        reference: false,
        rule: "cot.toml:1".into(),
    });
    let profile = Profile { fields: fields.into(), otherwise: Action::Hold, rest: Vec::new(), file: "cot.toml".into() };
    let patterns: String = (0_u32..).take(rules).map(pattern).collect();
    Edition {
        name: Name::new("bench").expect("a name"),
        edition: "1".into(),
        digest: Digest::of(patterns.as_bytes()),
        home: "GBR".into(),
        registry: Registry::default(),
        lattice: Lattice::default().into(),
        cases: Vec::new(),
        peers: BTreeMap::new(),
        agreements: Vec::new(),
        cedar: Vec::new(),
        profiles: [("cot".to_owned(), profile)].into(),
        word_lists: vec![words],
        patterns: vec![SourceFile { path: "bench.yar".into(), text: patterns.into() }],
        files: Vec::new(),
    }
}

/// An invented word of three syllables.
fn code_word(n: u32) -> String {
    const SYLLABLES: [&str; 10] = ["ZAK", "VOR", "QUIL", "MEX", "TUB", "RAN", "JOP", "LYD", "FEN", "GOS"];
    let syllable = |at: u32| usize::try_from(at % 10).ok().and_then(|at| SYLLABLES.get(at)).copied().unwrap_or_default();
    format!("{}{}{} {}", syllable(n), syllable(n / 10), syllable(n / 100), syllable(n / 1000))
}

/// Literals, regular expressions and hexadecimal strings in turn.
fn pattern(n: u32) -> String {
    let body = match n % 3 {
        0 => format!("$a = \"project-{n:05}\" nocase"),
        1 => format!("$a = /grid{n:04}[A-Z]{{2}} ?[0-9]{{4,10}}/"),
        _ => format!("$a = {{ 4B 45 59 {:02X} {:02X} [2-8] 3A 3D }}", n / 256, n % 256),
    };
    format!("rule p{n} {{ meta: action = \"hold\" severity = \"high\" reason = \"bench\" strings: {body} condition: $a }}\n")
}
