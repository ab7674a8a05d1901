//! Messages a second, latency and processor time while a number of messages is kept in flight.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};

/// What one run saw.
pub(crate) struct Figures {
    pub(crate) subject: &'static str,
    pub(crate) window: usize,
    pub(crate) per_second: f64,
    /// Processor time of all ends together for each message, in microseconds: steadier than messages a second where other work shares the machine.
    pub(crate) cpu_us: f64,
    pub(crate) latency: Histogram<u64>,
}

impl Figures {
    /// A quantile of the latency in milliseconds.
    pub(crate) fn ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1000.0
    }

    /// One line for programs.
    pub(crate) fn json(&self) -> serde_json::Value {
        json!({"subject": self.subject, "in_flight": self.window, "per_second": self.per_second.round(), "cpu_us": self.cpu_us.round(),
               "p50_ms": self.ms(0.5), "p99_ms": self.ms(0.99), "p999_ms": self.ms(0.999)})
    }
}

/// When each message was sent, by its number.
type Sent = Arc<Mutex<HashMap<u64, Instant>>>;

/// Keeps `window` messages in flight for `span`; `send` takes a number, `arrivals` gives numbers back, `cpu` says the processor time of all ends.
pub(crate) async fn measure<F, Fut>(
    (subject, window, span): (&'static str, usize, Duration),
    cpu: impl Fn() -> f64,
    arrivals: &mut mpsc::UnboundedReceiver<u64>,
    send: F,
) -> Figures
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
    let before = cpu();
    while start.elapsed() < span {
        let Ok(Some(number)) = tokio::time::timeout(span, arrivals.recv()).await else { break };
        if let Some(then) = sent.lock().expect("a lock").remove(&number) {
            latency.record(u64::try_from(then.elapsed().as_micros()).unwrap_or(u64::MAX)).expect("a value");
            count += 1;
        }
        room.add_permits(1);
    }
    let per_second = count as f64 / start.elapsed().as_secs_f64();
    let cpu_us = (cpu() - before) / count as f64;
    source.abort();
    drain(arrivals).await;
    Figures { subject, window, per_second, cpu_us, latency }
}

/// Processor time of a process so far, in microseconds: user and system, to the hundredth of a second (`proc(5)`, fields 14 and 15). Nothing for one
/// that has ended.
pub(crate) fn cpu_us(pid: &str) -> f64 {
    const TICK_US: f64 = 10_000.0;
    let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return 0.0 };
    let (_, fields) = text.rsplit_once(") ").expect("the fields of a stat file");
    fields.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().expect("ticks") * TICK_US).sum()
}

/// Lets what is still under way arrive, so that it does not disturb the next run.
pub(crate) async fn drain(arrivals: &mut mpsc::UnboundedReceiver<u64>) {
    while tokio::time::timeout(Duration::from_millis(500), arrivals.recv()).await.is_ok_and(|one| one.is_some()) {}
}
