//! The journal as people look at it: journeys, records, its chain, proofs.

use serde_json::Value;

use super::refused;
use crate::audit;
use crate::base::{Fault, MessageId};
use crate::control::desk::{Audit, ROWS_MAX, Rows, Step, View};
use crate::journal::embedded::Reader;
use crate::journal::{Entry, Event, Page, Seeds};
use crate::process::keeper::Shared;

/// Names and values of one record at most: 400; a message for fifty recipients has that many.
const FACTS_MAX: usize = 400;

impl Shared {
    pub(super) async fn journey(&self, id: &str) -> Result<View, Fault> {
        let Ok(id) = id.parse::<MessageId>() else {
            return Ok(refused("expected the id of a message, as its sender gave it"));
        };
        let seeds = self.journal.seeds().await?;
        let steps = self.journal.message(id).await?.into_iter().map(|entry| step(&shown(entry, &seeds))).collect();
        Ok(View::Journey { steps })
    }

    pub(super) async fn records(&self, after: Option<&str>, rows: u32) -> Result<View, Fault> {
        let Ok(after) = after.map(str::parse).transpose() else {
            return Ok(refused("expected the `next` of the page before"));
        };
        if !(1..=ROWS_MAX).contains(&rows) {
            return Ok(refused(format!("expected 1 to {ROWS_MAX} rows, found {rows}")));
        }
        let (page, head) = (self.journal.latest(Page { after, rows }).await?, self.journal.head().await?);
        let (next, seeds) = (page.next.map(|next| next.to_string()), self.journal.seeds().await?);
        let rows = page.rows.into_iter().map(|entry| step(&shown(entry, &seeds))).collect();
        Ok(View::Records(Rows { rows, next, total: Some(head.size) }))
    }

    pub(super) async fn audit(&self) -> Result<View, Fault> {
        let (head, checkpoint) = (self.journal.head().await?, self.journal.last_checkpoint().await?);
        Ok(View::Audit(Audit {
            size: head.size,
            root: head.root.to_string(),
            checkpoint: checkpoint.unwrap_or_default(),
            covered: head.checkpoint_size,
            key: self.notarial.get().map(|notarial| notarial.key.to_string()).unwrap_or_default(),
        }))
    }

    pub(super) async fn proof(&self, index: u64) -> Result<View, Fault> {
        let Some(notarial) = self.notarial.get().cloned() else {
            return Ok(refused("this gateway has no key for proofs; see `vestibule audit prove`"));
        };
        // A proof holds the record itself.
        if self.journal.seeds().await?.open.iter().any(|one| one.record == index) {
            return Ok(refused("this record is proved once reviewers have decided on it; see `vestibule audit prove`"));
        }
        let prove = move || audit::prove(&Reader::open(&notarial.folder, None)?, index, &notarial.key);
        let proved = tokio::task::spawn_blocking(prove).await.map_err(|cause| Fault::from_cause("a proof broke off", cause))?;
        Ok(match proved.map(|proof| serde_json::to_string_pretty(&proof)) {
            Ok(Ok(text)) => View::Proof { text },
            Ok(Err(cause)) => refused(format!("the proof cannot be written: {cause}")),
            Err(fault) => refused(fault.what),
        })
    }
}

/// A record as whoever may have to review sees it: a known item that waits looks like a message that was accepted.
fn shown(entry: Entry, seeds: &Seeds) -> Entry {
    match entry.event {
        Event::Seeded(seeded) if seeds.waits(&seeded.accepted.key()) => Entry { event: Event::Accepted(seeded.accepted), ..entry },
        _ => entry,
    }
}

/// A record, for people.
pub(super) fn step(entry: &Entry) -> Step {
    let mut facts = Vec::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(&entry.event) {
        fields.into_iter().filter(|(name, _)| name != "event").for_each(|(name, value)| flatten(&name, value, &mut facts));
    }
    Step {
        index: entry.index,
        time: entry.event.time().map(|time| time.to_string()).unwrap_or_default(),
        kind: entry.event.word().to_owned(),
        text: entry.event.told(),
        facts,
        leaf: entry.leaf.to_string(),
    }
}

/// Names and values, one for each value that is not made of others.
fn flatten(name: &str, value: Value, facts: &mut Vec<(String, String)>) {
    if facts.len() >= FACTS_MAX {
        return;
    }
    match value {
        Value::Null => {}
        Value::Object(fields) => fields.into_iter().for_each(|(inner, value)| flatten(&format!("{name}.{inner}"), value, facts)),
        Value::Array(values) => (0_usize..).zip(values).for_each(|(at, value)| flatten(&format!("{name}.{at}"), value, facts)),
        Value::String(text) => facts.push((name.to_owned(), text)),
        other => facts.push((name.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Digest, Time};
    use crate::journal::Operated;

    #[test]
    fn a_step_says_what_happened_and_names_every_value() {
        let event = Event::Operated(Operated { who: "ops".to_owned(), what: "started".to_owned(), time: Time::from_unix_ms(0).unwrap() });
        let step = step(&Entry { index: 7, leaf: Digest::of(b"leaf"), event });
        assert_eq!((step.index, step.kind.as_str(), step.text.as_str()), (7, "operated", "ops: started"));
        assert_eq!(step.facts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["who", "what", "time"]);
        let mut facts = Vec::new();
        flatten("a", serde_json::json!({ "b": [1, { "c": "x" }], "d": null }), &mut facts);
        assert_eq!(facts, [("a.b.0".to_owned(), "1".to_owned()), ("a.b.1.c".to_owned(), "x".to_owned())]);
    }
}
