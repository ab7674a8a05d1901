//! What the service that started the gateway is told: that it is ready, how it stands, that it is awake, that it stops.
//!
//! It is told over the socket that its environment names, as systemd does it; where there is none nothing is told. No process of the gateway but the
//! supervisor has that socket.
// SPEC: sd_notify(3), sd_watchdog_enabled(3).

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

use super::supervisor::{Process, Shared, lock};

/// How often the state is told where the service has no watchdog: when it changes, and every 10 seconds.
const TELL_TIME: Duration = Duration::from_secs(10);

/// Tells the service of every change, and that the gateway is awake while each of its processes is.
pub(super) async fn tell(shared: Arc<Shared>) {
    let watchdog = sd_notify::watchdog_enabled();
    // Twice as often as it must be, as the manual of the watchdog says.
    let pause = watchdog.and_then(|time| time.checked_div(2)).map_or(TELL_TIME, |half| half.min(TELL_TIME));
    let mut tick = tokio::time::interval(pause);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut changed, mut begun) = (shared.changed.subscribe(), false);
    loop {
        tokio::select! {
            ended = changed.changed() => if ended.is_err() { return },
            _ = tick.tick() => if watchdog.is_some() && shared.is_awake() {
                notify(&[NotifyState::Watchdog]);
            },
        }
        let status = state(&lock(&shared.table));
        notify(&[NotifyState::Status(&status)]);
        if !begun && lock(&shared.table).iter().all(|process| process.ready || process.spare) {
            begun = true;
            notify(&[NotifyState::Ready]);
        }
    }
}

/// Tells that the gateway stops in order.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service that started the gateway cannot be told how it stands");
    }
}

/// One line for people: how many processes are ready, which are not, and how often one was started again.
fn state(processes: &[Process]) -> String {
    let processes: Vec<&Process> = processes.iter().filter(|process| !process.spare).collect();
    let waiting: Vec<&str> = processes.iter().filter(|process| !process.ready).map(|process| process.name.as_str()).collect();
    let restarts = processes.iter().fold(0_u32, |sum, process| sum.saturating_add(process.restarts));
    let ready = processes.len().saturating_sub(waiting.len());
    let waiting = if waiting.is_empty() { String::new() } else { format!(", waiting for {}", waiting.join(", ")) };
    format!("{ready} of {} processes ready{waiting}; {restarts} restarts", processes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_names_what_is_not_ready() {
        let one = |name: &str, ready| Process { name: name.to_owned(), pid: None, ready, restarts: 1, walls: serde_json::Value::Null, spare: false };
        assert_eq!(state(&[one("keeper", true), one("desk", false)]), "1 of 2 processes ready, waiting for desk; 2 restarts");
        assert_eq!(state(&[one("keeper", true)]), "1 of 1 processes ready; 1 restarts");
    }
}
