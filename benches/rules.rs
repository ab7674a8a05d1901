//! Rule sets: how long check, test, coverage and mutants of the rule sets that ship take.
//!
//! `cargo bench --bench rules` prints a table; with `-- --json` one object a line and nothing else. Check and test are the fastest of three
//! runs; mutants run once, on all processors. The number to hold: check and test of `five-eyes` together under 5 seconds.

#![expect(clippy::expect_used, reason = "a bench that cannot begin stops")]

use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use vestibule::cases::{Coverage, Proposals, Trace, Trial, mutants};
use vestibule::pipeline::{Guard, Inspector};
use vestibule::policy;
use vestibule::sanitise::Keys;

/// Runs of which the fastest counts.
const RUNS: u32 = 3;

fn fastest<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut run = || {
        let began = Instant::now();
        let done = work();
        (began.elapsed(), done)
    };
    let mut best = run();
    for _ in 1..RUNS {
        let next = run();
        if next.0 < best.0 {
            best = next;
        }
    }
    best
}

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let keys = Keys { pseudonym: &key };
    for rules in ["five-eyes", "nato", "usa-national"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(rules);
        let files = policy::read_folder(&folder).expect("the folder of a rule set that ships");
        let (check, guard) = fastest(|| Guard::load(&files).expect("a rule set without faults"));
        let trials: Vec<Trial<'_>> = guard.edition().cases.iter().map(|case| Trial { case, signer: None }).collect();
        let (test, traces) = fastest(|| {
            let mut inspector = Inspector::new(&guard);
            trials.iter().map(|trial| Trace::of(&guard, trial, &trial.pass(&mut inspector, &keys))).collect::<Vec<_>>()
        });
        let (coverage, touched) = fastest(|| Coverage::of(&guard, &traces));
        let began = Instant::now();
        let report = mutants::run(&guard, &trials, &traces, mutants::all(&guard), &keys, Proposals::None);
        let mutants = began.elapsed();
        let counts = [("cases", trials.len()), ("rules", touched.rules.len()), ("mutants", report.outcomes.len())];
        let times = [("check_ms", check), ("test_ms", test), ("coverage_ms", coverage), ("mutants_ms", mutants)];
        if json {
            let counts = counts.iter().map(|(name, count)| format!(",\"{name}\":{count}"));
            let times = times.iter().map(|(name, time)| format!(",\"{name}\":{:.1}", time.as_secs_f64() * 1_000.0));
            println!("{{\"rules\":\"{rules}\"{}}}", counts.chain(times).collect::<String>());
        } else {
            let counts = counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ");
            let times = times.iter().map(|(name, time)| format!("{} {:.0} ms", name.trim_end_matches("_ms"), time.as_secs_f64() * 1_000.0));
            println!("{rules}: {counts}; {}", times.collect::<Vec<_>>().join(", "));
        }
    }
}
