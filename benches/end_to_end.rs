//! Messages a second and latency from send to delivery, at 1, 64, 256 and 1,024 in flight: the gateway with all rules and a durable journal,
//! beside a plain relay and a relay with group fsync of the same bytes in the same run; then FLASH while ROUTINE saturates.

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
#[path = "support/relay.rs"]
mod relay;

use std::time::Duration;

use figures::{Figures, cpu_us, measure};
use serde_json::json;
use tokio::sync::mpsc;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In flight: sent and not yet delivered.
const WINDOWS: [usize; 4] = [1, 64, 256, 1024];
/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(4);
/// Body bytes.
const BODY_BYTES: usize = 2048;

async fn relayed(subject: &'static str, keeping: relay::Keeping, figures: &mut Vec<Figures>) {
    let mut relay = relay::Relay::start(keeping).await;
    let (source, bodies) = (relay.source.clone(), &mut relay.arrivals);
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    for window in WINDOWS {
        let source = source.clone();
        let forward = async {
            while let Some(body) = bodies.recv().await {
                let number = body.first_chunk::<8>().map_or(0, |head| u64::from_be_bytes(*head));
                if arrived.send(number).is_err() {
                    return;
                }
            }
        };
        let run = measure((subject, window, SPAN), own_cpu_us, &mut arrivals, move |number| {
            let source = source.clone();
            async move {
                let mut body = vec![b'x'; BODY_BYTES];
                body[..8].copy_from_slice(&number.to_be_bytes());
                relay::send(&source, &body).await;
            }
        });
        tokio::select! {
            done = run => figures.push(done),
            () = forward => {}
        }
    }
}

/// All ends are in this process.
fn own_cpu_us() -> f64 {
    cpu_us("self")
}

fn print_table(figures: &[Figures]) {
    println!(
        "{:<28}{:>10}{:>14}{:>10}{:>10}{:>10}{:>10}{:>16}",
        "", "in flight", "messages/s", "CPU us", "p50 ms", "p99 ms", "p99.9 ms", "to fsync relay"
    );
    for one in figures {
        let beside = figures.iter().find(|other| other.subject == "relay, group fsync" && other.window == one.window);
        let ratio = beside.map_or_else(String::new, |other| format!("{:.2}", one.per_second / other.per_second));
        println!(
            "{:<28}{:>10}{:>14.0}{:>10.0}{:>10.2}{:>10.2}{:>10.2}{:>16}",
            one.subject,
            one.window,
            one.per_second,
            one.cpu_us,
            one.ms(0.5),
            one.ms(0.99),
            one.ms(0.999),
            ratio
        );
    }
}

#[tokio::main]
async fn main() {
    let mut figures = Vec::new();
    relayed("relay", relay::Keeping::Nothing, &mut figures).await;
    relayed("relay, group fsync", relay::Keeping::GroupSync, &mut figures).await;
    let mut lab = gateway::Lab::start(BODY_BYTES, gateway::Form::OneProcess).await;
    for window in WINDOWS {
        let sender = lab.sender();
        let what = ("gateway, all rules, durable", window, SPAN);
        figures.push(measure(what, own_cpu_us, &mut lab.arrivals, move |number| sender.clone().send(number)).await);
    }
    let (idle, busy) = lab.flash(SPAN).await;
    if std::env::args().any(|argument| argument == "--json") {
        figures.iter().for_each(|one| println!("{}", one.json()));
        println!("{}", json!({"subject": "FLASH", "idle_p99_ms": idle, "busy_p99_ms": busy, "ratio": busy / idle}));
    } else {
        print_table(&figures);
        println!("\nFLASH p99: {idle:.2} ms on an idle gateway, {busy:.2} ms while ROUTINE saturates: {:.2} times", busy / idle);
    }
}
