//! Metrics: the table of what a gateway counts about itself, its text for Prometheus, and the small HTTP listener that shows it beside health.
//!
//! Takes samples from whoever has them, gives text. A sample whose row or labels the table does not have is not shown. Labels are bounded: peers, codes,
//! clauses, processes, precedences, outcomes; never what a message says. A new metric is one row here and the place that gives its samples.

mod numbers;
mod serve;
mod text;

pub use numbers::of_processes;
pub use serve::{CONNECTIONS_MAX, serve};
pub use text::write;

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows; a restart of what counts it begins anew where the journal does not keep it.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl Kind {
    /// The word of the format.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The unit of its value.
    pub unit: &'static str,
    /// Names of its labels, in order.
    pub labels: &'static [&'static str],
    /// What it means.
    pub meaning: &'static str,
    /// When to worry, and what to do then.
    pub worry: &'static str,
}

const fn counter(name: &'static str, unit: &'static str, labels: &'static [&'static str], meaning: &'static str, worry: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit, labels, meaning, worry }
}

const fn gauge(name: &'static str, unit: &'static str, labels: &'static [&'static str], meaning: &'static str, worry: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, labels, meaning, worry }
}

/// All metrics.
pub const METRICS: &[Metric] = &[
    counter("vestibule_records_total", "records", &[], "records of the journal", "it stands still while peers send: look into the log of the keeper"),
    counter(
        "vestibule_accepted_total",
        "messages",
        &[],
        "messages that the gateway took and answers for",
        "it falls to nothing where traffic is steady: see the links of peers",
    ),
    counter(
        "vestibule_decisions_total",
        "decisions",
        &["from", "to", "outcome"],
        "decisions by sender, recipient and outcome; `to` is empty where a message was refused whole",
        "the share of `quarantine` or `reject` of a peer jumps: its format, its labels or the rule set changed",
    ),
    counter(
        "vestibule_decision_codes_total",
        "decisions",
        &["code"],
        "decisions that did not forward, by the code of the reason table",
        "a code of `verify.` or `fault.` grows: a part of the gateway accuses another; read `vestibule manual reasons`",
    ),
    counter(
        "vestibule_delivered_total",
        "releases",
        &[],
        "releases whose receipt was verified",
        "it stays behind decisions that forward: see what is due",
    ),
    counter(
        "vestibule_clause_releases_total",
        "releases",
        &["clause"],
        "releases decided under a clause",
        "a clause that nobody uses releases something",
    ),
    gauge("vestibule_undecided", "messages", &[], "messages accepted and not decided", "it grows: inspectors are too few, or do not answer"),
    gauge(
        "vestibule_due",
        "releases",
        &["to"],
        "releases that wait for a recipient",
        "it grows while the recipient is linked: its side takes nothing",
    ),
    gauge(
        "vestibule_held",
        "messages",
        &["precedence"],
        "messages held for review, by precedence",
        "FLASH or IMMEDIATE is above nothing for minutes: call a reviewer",
    ),
    gauge(
        "vestibule_stuck_seconds",
        "seconds",
        &["state"],
        "how long the oldest has waited: `held` for review, `due` for delivery; 0 where nothing waits",
        "`due` is above some minutes, `held` above what the office promises",
    ),
    gauge("vestibule_linked", "links", &["peer"], "1 where a peer has a link up, else 0", "0 for a peer that is always there"),
    gauge(
        "vestibule_checkpoint_lag_records",
        "records",
        &[],
        "records that no signed checkpoint covers yet",
        "it is above some thousands: the journal is not signed any more; see the log of the keeper",
    ),
    counter(
        "vestibule_alarms_total",
        "alarms",
        &["code"],
        "what one part of the gateway held against another, since the keeper started",
        "it grows at all",
    ),
    counter(
        "vestibule_refused_total",
        "frames",
        &["code"],
        "frames and links refused before acceptance, since the doors opened",
        "`certificate.` or `handshake.` grows: somebody tries; `size.busy` grows: the gateway is at its limit",
    ),
    gauge("vestibule_edition_info", "editions", &["edition", "digest"], "1 for the edition in force", "it is not the one that was signed last"),
    gauge(
        "vestibule_process_ready",
        "processes",
        &["process"],
        "1 where a process of the gateway is ready, else 0",
        "0 for longer than a start takes",
    ),
    counter(
        "vestibule_process_restarts_total",
        "restarts",
        &["process"],
        "how often a process was started again",
        "it grows: read why in the log of the supervisor",
    ),
    gauge(
        "vestibule_process_walls_open",
        "layers",
        &["process"],
        "layers of a process's walls that do not hold",
        "it is above what it was when the machine was accepted; see `vestibule manual walls`",
    ),
];

/// The row of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_custom_and_stand_once() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert!(
                metric.name.starts_with("vestibule_") && metric.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{}",
                metric.name
            );
            assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
            assert!(METRICS.iter().skip(at + 1).all(|other| other.name != metric.name), "{} stands twice", metric.name);
            assert!(!metric.meaning.is_empty() && !metric.worry.is_empty() && !metric.unit.is_empty());
        }
    }
}
