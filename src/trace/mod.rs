//! Traces: the journey of each message as spans, for those who watch many systems at once in one tool.
//!
//! Takes records of the journal, gives [`Span`]s and posts them to a collector beside the gateway (OTLP over HTTP). One message is one trace. Identities
//! are functions of what is on record, so that a span that is posted twice is the same span: delivery is at least once, and a collector that looks at
//! identities keeps one. It follows the journal from outside, by reading alone: a collector that hangs or lies can touch no message.
//!
//! Deliberately absent: contents, findings, labels, and the names of reviewers; and any network beyond this machine, for nothing here is encrypted.
// SPEC: OpenTelemetry Protocol 1, "OTLP/HTTP"; trace identities of 16 bytes, span identities of 8.

mod follow;
mod otlp;
mod post;

pub use follow::{Follower, Moved, Place};
pub use otlp::request;
pub use post::{Collector, Refused};

use crate::base::{Digest, Name, Outcome, Time};
use crate::journal::{Decided, Entry, Event, MessageKey, State, Verdict};

/// A step of a message's journey, with its begin and end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The trace: that of its message.
    pub trace: [u8; 16],
    /// Its own identity.
    pub id: [u8; 8],
    /// The span above it; none for the message itself.
    pub parent: Option<[u8; 8]>,
    /// What happens in it.
    pub name: &'static str,
    /// Its begin.
    pub start: Time,
    /// Its end.
    pub end: Time,
    /// The code, where the step ended other than the sender wished.
    pub stopped: Option<String>,
    /// Facts by name.
    pub facts: Vec<(&'static str, String)>,
}

/// The trace of a message.
#[must_use]
pub fn trace_of(key: &MessageKey) -> [u8; 16] {
    first(Digest::of(format!("vestibule trace {} {}", key.from, key.id).as_bytes()))
}

fn first<const N: usize>(digest: Digest) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    out
}

/// What the records of one message say up to one of them.
struct Journey<'j> {
    key: MessageKey,
    entries: Vec<&'j Entry>,
}

impl Journey<'_> {
    /// A span of this message that ends with the record at `index`.
    fn span(&self, name: &'static str, (index, recipient): (u64, Option<&Name>), (start, end): (Time, Time)) -> Span {
        let trace = trace_of(&self.key);
        let id = |text: &str| first(Digest::of(format!("vestibule span {} {} {text}", self.key.from, self.key.id).as_bytes()));
        let root = id("message");
        let mut facts = vec![("vestibule.record", index.to_string())];
        facts.extend(recipient.map(|name| ("vestibule.recipient", name.to_string())));
        match recipient {
            None => Span { trace, id: root, parent: None, name, start, end, stopped: None, facts },
            Some(recipient) => {
                Span { trace, id: id(&format!("{name} {index} {recipient}")), parent: Some(root), name, start, end, stopped: None, facts }
            }
        }
    }

    fn received(&self) -> Option<Time> {
        self.entries.iter().find_map(|entry| if let Event::Accepted(one) = &entry.event { Some(one.received) } else { None })
    }

    /// The last time before the record at `index` at which something happened for a recipient.
    fn last(&self, index: u64, of: impl Fn(&Event) -> Option<Time>) -> Option<Time> {
        self.entries.iter().rev().filter(|entry| entry.index < index).find_map(|entry| of(&entry.event))
    }

    fn decided(&self, index: u64, one: &Decided) -> Vec<Span> {
        let Some(received) = self.received() else { return Vec::new() };
        let is_first = !self.entries.iter().any(|entry| entry.index < index && matches!(entry.event, Event::Decided(_)));
        let root = || {
            let mut root = self.span("message", (index, None), (received, one.time));
            root.stopped = one.refusal.map(|code| code.code().to_owned());
            root.facts.extend(
                self.entries
                    .iter()
                    .find_map(|entry| match &entry.event {
                        Event::Accepted(accepted) => Some([
                            ("vestibule.from", accepted.from.to_string()),
                            ("vestibule.message", accepted.header.id.to_string()),
                            ("vestibule.precedence", accepted.header.precedence.to_string()),
                            ("vestibule.bytes", accepted.body.length.to_string()),
                        ]),
                        _ => None,
                    })
                    .into_iter()
                    .flatten(),
            );
            root
        };
        let each = one.decisions.iter().map(|decision| {
            let reviewed = |event: &Event| match event {
                Event::Reviewed(review) if review.recipient == decision.recipient => Some(review.time),
                _ => None,
            };
            let start = self.last(index, reviewed).unwrap_or(received);
            let mut span = self.span("decide", (index, Some(&decision.recipient)), (start, one.time));
            span.stopped = decision.code.filter(|_| decision.outcome != Outcome::Forward).map(|code| code.code().to_owned());
            span.facts.push(("vestibule.outcome", decision.outcome.word().to_owned()));
            span.facts.extend(decision.code.map(|code| ("vestibule.code", code.code().to_owned())));
            span.facts.extend(decision.clause.as_ref().map(|clause| ("vestibule.clause", clause.to_string())));
            span.facts.push(("vestibule.edition", one.edition.clone()));
            span.facts.push(("vestibule.edition_digest", one.edition_digest.to_string()));
            span
        });
        is_first.then(root).into_iter().chain(each).collect()
    }
}

/// The spans that end with the record at `index`; `entries` are all records of the messages of its identity, in their order.
#[must_use]
pub fn spans(entries: &[Entry], index: u64) -> Vec<Span> {
    let Some(entry) = entries.iter().find(|entry| entry.index == index) else { return Vec::new() };
    let Some(key) = entry.event.message() else { return Vec::new() };
    let entries: Vec<_> = entries.iter().filter(|entry| entry.event.message().as_ref() == Some(&key)).collect();
    // A known item of the office is no message: what was done about it is no time of the gateway's.
    if entries.iter().any(|entry| matches!(entry.event, Event::Seeded(_))) {
        return Vec::new();
    }
    let journey = Journey { key, entries };
    match &entry.event {
        Event::Decided(one) => journey.decided(index, one),
        Event::Reviewed(one) => {
            let held = |event: &Event| match event {
                Event::Decided(decided) if decided.decisions.iter().any(|decision| decision.recipient == one.recipient) => Some(decided.time),
                _ => None,
            };
            let start = journey.last(index, held).unwrap_or(one.time);
            let mut span = journey.span(State::Held.word(), (index, Some(&one.recipient)), (start, one.time));
            let verdict = if one.verdict == Verdict::Release { "release" } else { "reject" };
            span.facts.push(("vestibule.verdict", verdict.to_owned()));
            vec![span]
        }
        Event::Released(one) => {
            let mut span = journey.span("release", (index, Some(&one.recipient)), (one.time, one.time));
            span.facts.push(("vestibule.attempt", one.attempt.to_string()));
            span.facts.push(("vestibule.digest", one.digest.to_string()));
            span.facts.extend(one.clause.as_ref().map(|clause| ("vestibule.clause", clause.to_string())));
            vec![span]
        }
        Event::Delivered(one) => {
            let released = |event: &Event| match event {
                Event::Released(release) if release.recipient == one.recipient => Some(release.time),
                _ => None,
            };
            let start = journey.last(index, released).unwrap_or(one.time);
            vec![journey.span("deliver", (index, Some(&one.recipient)), (start, one.time))]
        }
        _ => Vec::new(),
    }
}
