//! What walls cost: the gateway of `vestibule run`, each process confined, beside the same path in one process, in turn in the same run; then
//! inspectors and the verifier ended by force under load, editions put in force under load, and the memory of all processes at rest.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "a bench that cannot begin stops; it counts small things"
)]

#[path = "support/figures.rs"]
mod figures;
#[path = "support/gateway.rs"]
mod gateway;

use std::collections::HashSet;
use std::process::Command;
use std::time::{Duration, Instant};

use figures::{Figures, cpu_us, drain, measure};
use gateway::{Form, Lab};
use serde_json::json;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In flight: sent and not yet delivered.
const WINDOWS: [usize; 2] = [1, 256];
/// Times that each figure is measured, in turn; the one in the middle counts.
const ROUNDS: usize = 5;
/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(3);
/// Body bytes.
const BODY_BYTES: usize = 2048;
/// In flight while a process is ended.
const LOAD: usize = 64;
/// Times that each process is ended.
const KILLS: usize = 5;
/// Editions that come into force under load.
const ACTIVATIONS: usize = 5;
/// How long load goes on before, and twice as long after, what is done under it.
const AROUND: Duration = Duration::from_millis(1500);
/// How long what was accepted may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

async fn one(lab: &mut Lab, subject: &'static str, window: usize) -> Figures {
    let (sender, pids) = (lab.sender(), lab.processes());
    let cpu = || std::iter::once(cpu_us("self")).chain(pids.iter().map(|(_, pid)| cpu_us(&pid.to_string()))).sum();
    measure((subject, window, SPAN), cpu, &mut lab.arrivals, move |number| sender.clone().send(number)).await
}

/// The run in the middle, by what is compared at this number in flight.
fn middle(mut runs: Vec<Figures>) -> Figures {
    let by = |one: &Figures| if one.window == 1 { one.ms(0.5) } else { one.per_second };
    runs.sort_by(|a, b| by(a).total_cmp(&by(b)));
    runs.swap_remove(runs.len() / 2)
}

/// What something that was done under load did to it.
struct Disturbed {
    sent: usize,
    lost: usize,
    /// The longest time between two deliveries in milliseconds, before and after it began.
    gaps_ms: [f64; 2],
}

/// Keeps [`LOAD`] in flight, does something that says whether it succeeded, goes on until it is done and a while longer, and counts what arrives.
async fn disturb(lab: &mut Lab, act: impl FnOnce() -> bool + Send + 'static) -> Disturbed {
    let (sender, began) = (lab.sender(), Instant::now());
    let (mut sent, mut seen, mut gaps_ms) = (0_u64, HashSet::new(), [0.0_f64; 2]);
    let (mut last, mut act, mut doing, mut done) = (Instant::now(), Some(act), None, None::<Instant>);
    let send = |number| drop(tokio::spawn(sender.clone().send(number)));
    for _ in 0..LOAD {
        send(sent);
        sent += 1;
    }
    while seen.len() < usize::try_from(sent).expect("a count") {
        let Ok(Some(number)) = tokio::time::timeout(PATIENCE, lab.arrivals.recv()).await else { break };
        let gap = last.elapsed().as_secs_f64() * 1000.0;
        last = Instant::now();
        gaps_ms[usize::from(act.is_none())] = gaps_ms[usize::from(act.is_none())].max(gap);
        if began.elapsed() > AROUND
            && let Some(act) = act.take()
        {
            doing = Some(tokio::task::spawn_blocking(act));
            last = Instant::now();
        }
        if let Some(over) = doing.take_if(|doing| doing.is_finished()) {
            assert!(over.await.expect("what is done ends"), "what is done under load succeeds");
            done = Some(Instant::now());
        }
        if seen.insert(number) && done.is_none_or(|at| at.elapsed() < AROUND * 2) {
            send(sent);
            sent += 1;
        }
    }
    let sent = usize::try_from(sent).expect("a count");
    let lost = sent - seen.len();
    drain(&mut lab.arrivals).await;
    Disturbed { sent, lost, gaps_ms }
}

/// Ends a process by force, and waits until it is there again.
async fn end(lab: &mut Lab, name: &str) -> Disturbed {
    let pid = lab.processes().into_iter().find(|(known, _)| known == name).expect("a process of this name").1;
    let done = disturb(lab, move || Command::new("kill").args(["-9", &pid.to_string()]).status().expect("`kill`").success()).await;
    while lab.processes().iter().all(|(known, _)| known != name) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    done
}

/// Says what several times of the same did: losses, and the longest gaps.
fn tell(what: &str, as_json: bool, mut times: Vec<Disturbed>) {
    times.sort_by(|a, b| a.gaps_ms[1].total_cmp(&b.gaps_ms[1]));
    let (sent, lost) = times.iter().fold((0, 0), |(sent, lost), one| (sent + one.sent, lost + one.lost));
    let before = times.iter().map(|one| one.gaps_ms[0]).fold(0.0, f64::max);
    let (count, middle, longest) = (times.len(), times[times.len() / 2].gaps_ms[1], times[times.len() - 1].gaps_ms[1]);
    if as_json {
        println!(
            "{}",
            json!({"done": what, "times": count, "sent": sent, "lost": lost, "gap_before_ms": before, "gap_ms": middle, "gap_max_ms": longest})
        );
    } else {
        println!(
            "\n{what} {count} times with {LOAD} in flight: {sent} sent, {lost} lost; longest gap between deliveries {middle:.0} ms in the middle, {longest:.0} ms at most ({before:.0} ms before)"
        );
    }
}

/// The proportional share of a process's memory in MB; `None` where the kernel does not tell.
fn pss_mb(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kb| kb * 1024.0 / 1e6)
}

fn memory(lab: &Lab, when: &str, as_json: bool) {
    let rows: Vec<_> = lab.processes().into_iter().map(|(name, pid)| (name, pss_mb(pid))).collect();
    let sum: f64 = rows.iter().filter_map(|(_, mb)| *mb).sum();
    let untold = rows.iter().filter(|(_, mb)| mb.is_none()).count();
    if as_json {
        println!("{}", json!({"memory": when, "sum_mb": sum, "untold": untold, "each_mb": rows}));
        return;
    }
    println!("\nmemory {when}: {sum:.0} MB in {} processes, {untold} of which do not tell", rows.len());
    let each: Vec<String> =
        rows.into_iter().map(|(name, mb)| format!("{name} {}", mb.map_or_else(|| "?".to_owned(), |mb| format!("{mb:.1}")))).collect();
    println!("  {}", each.join(", "));
}

#[tokio::main]
async fn main() {
    let as_json = std::env::args().any(|argument| argument == "--json");
    let mut walls = Lab::start(BODY_BYTES, Form::Walls).await;
    memory(&walls, "at rest, before the first message", as_json);
    let mut alone = Lab::start(BODY_BYTES, Form::OneProcess).await;
    if !as_json {
        println!("\n{:<16}{:>10}{:>14}{:>10}{:>10}{:>10}", "", "in flight", "messages/s", "CPU us", "p50 ms", "p99 ms");
    }
    for window in WINDOWS {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.push(one(&mut alone, "one process", window).await);
            with.push(one(&mut walls, "walls", window).await);
        }
        let (with, without) = (middle(with), middle(without));
        let (ratio, more) = (with.per_second / without.per_second, (with.ms(0.5) - without.ms(0.5)) * 1000.0);
        if as_json {
            println!("{}\n{}\n{}", without.json(), with.json(), json!({"in_flight": window, "throughput_ratio": ratio, "p50_more_us": more.round()}));
            continue;
        }
        for one in [&without, &with] {
            println!("{:<16}{window:>10}{:>14.0}{:>10.0}{:>10.2}{:>10.2}", one.subject, one.per_second, one.cpu_us, one.ms(0.5), one.ms(0.99));
        }
        println!("  walls to one process: {ratio:.2} of the throughput, {more:+.0} us at p50");
    }
    drop(alone);
    for name in ["inspector-1", "verifier"] {
        let mut ends = Vec::new();
        for _ in 0..KILLS {
            ends.push(end(&mut walls, name).await);
        }
        tell(&format!("{name} ended by force"), as_json, ends);
    }
    memory(&walls, "at rest, after the load", as_json);
    drop(walls);
    let (mut court, mut editions) = (Lab::start(BODY_BYTES, Form::Court).await, Vec::new());
    for number in 2..2 + ACTIVATIONS {
        let activation = court.next_edition(&format!("2026.{number}"));
        editions.push(disturb(&mut court, activation).await);
    }
    tell("an edition signed by two put in force", as_json, editions);
}
