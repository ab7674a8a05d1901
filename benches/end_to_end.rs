//! Messages a second and latency from send to delivery, at 1, 64, 256 and 1,024 in flight: the gateway with all rules and a durable journal,
//! beside a plain relay and a relay with group fsync of the same bytes in the same run; then FLASH while ROUTINE saturates.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "a bench that cannot begin stops; it counts small things"
)]

#[path = "support/gateway.rs"]
mod gateway;
#[path = "support/relay.rs"]
mod relay;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In flight: sent and not yet delivered.
const WINDOWS: [usize; 4] = [1, 64, 256, 1024];
/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(4);
/// Body bytes.
const BODY_BYTES: usize = 2048;

/// What one run saw.
struct Figures {
    subject: &'static str,
    window: usize,
    per_second: f64,
    /// Processor time of all ends together for each message, in microseconds: steadier than messages a second where other work shares the machine.
    cpu_us: f64,
    latency: Histogram<u64>,
}

impl Figures {
    fn ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1000.0
    }

    fn json(&self) -> serde_json::Value {
        json!({"subject": self.subject, "in_flight": self.window, "per_second": self.per_second.round(), "cpu_us": self.cpu_us.round(),
               "p50_ms": self.ms(0.5), "p99_ms": self.ms(0.99), "p999_ms": self.ms(0.999)})
    }
}

/// When each message was sent, by its number.
type Sent = Arc<Mutex<HashMap<u64, Instant>>>;

/// Keeps `window` messages in flight for [`SPAN`]; `send` takes a number, `arrivals` gives numbers back.
async fn measure<F, Fut>(subject: &'static str, window: usize, arrivals: &mut mpsc::UnboundedReceiver<u64>, send: F) -> Figures
where
    F: Fn(u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let (sent, room) = (Sent::default(), Arc::new(Semaphore::new(window)));
    let source = tokio::spawn({
        let (sent, room) = (Arc::clone(&sent), Arc::clone(&room));
        async move {
            for number in 0_u64.. {
                let Ok(permit) = room.acquire().await else { return };
                permit.forget();
                let (send, sent) = (send.clone(), Arc::clone(&sent));
                tokio::spawn(async move {
                    sent.lock().expect("a lock").insert(number, Instant::now());
                    send(number).await;
                });
            }
        }
    });
    let (start, mut latency, mut count) = (Instant::now(), Histogram::new(3).expect("a histogram"), 0_u64);
    let cpu = cpu_us();
    while start.elapsed() < SPAN {
        let Ok(Some(number)) = tokio::time::timeout(SPAN, arrivals.recv()).await else { break };
        if let Some(then) = sent.lock().expect("a lock").remove(&number) {
            latency.record(u64::try_from(then.elapsed().as_micros()).unwrap_or(u64::MAX)).expect("a value");
            count += 1;
        }
        room.add_permits(1);
    }
    let per_second = count as f64 / start.elapsed().as_secs_f64();
    let cpu_us = (cpu_us() - cpu) / count as f64;
    source.abort();
    drain(arrivals).await;
    Figures { subject, window, per_second, cpu_us, latency }
}

/// Processor time of this process so far, in microseconds: user and system, to the hundredth of a second (`proc(5)`, fields 14 and 15).
fn cpu_us() -> f64 {
    const TICK_US: f64 = 10_000.0;
    let text = std::fs::read_to_string("/proc/self/stat").expect("/proc");
    let (_, fields) = text.rsplit_once(") ").expect("the fields of /proc/self/stat");
    fields.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().expect("ticks") * TICK_US).sum()
}

/// Lets what is still under way arrive, so that it does not disturb the next run.
async fn drain(arrivals: &mut mpsc::UnboundedReceiver<u64>) {
    while tokio::time::timeout(Duration::from_millis(500), arrivals.recv()).await.is_ok_and(|one| one.is_some()) {}
}

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
        let run = measure(subject, window, &mut arrivals, move |number| {
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
    let mut lab = gateway::Lab::start(BODY_BYTES).await;
    for window in WINDOWS {
        let sender = lab.sender();
        figures.push(measure("gateway, all rules, durable", window, &mut lab.arrivals, move |number| sender.clone().send(number)).await);
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
