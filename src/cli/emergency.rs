//! `vestibule audit emergency`: the after-report of emergencies: who began each, why, until when, and everything that was released under it.

use std::path::PathBuf;

use super::{Answer, Failure, Output, Verb, output, unreadable};
use crate::base::Outcome;
use crate::config::Gateway;
use crate::journal::embedded::Reader;
use crate::journal::{Decision, EditionAct, Entry, Event, MessageKey, Page, Step};

/// Reports emergencies.
#[derive(Debug, clap::Args)]
pub(super) struct Report {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON object for each emergency, followed by one for each release under it
    #[arg(long)]
    json: bool,
}

/// What was decided to leave under an emergency edition.
struct Left {
    record: u64,
    message: MessageKey,
    decision: Decision,
}

/// One emergency, from its begin to its end or to the last record.
struct Emergency {
    begun: EditionAct,
    /// When it ended, where it has.
    ended: Option<String>,
    left: Vec<Left>,
}

impl Verb for Report {
    const PATH: &'static [&'static str] = &["audit", "emergency"];
    const ABOUT: &'static str = "The after-report of emergencies: who, why, until when, and everything released";
    const EXAMPLES: &'static str =
        "  vestibule audit emergency --config gateway.toml\n  vestibule audit emergency --config gateway.toml --json | jq -c 'select(.release)'";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let reader = Reader::open(&gateway.journal, None)?;
        let mut all: Vec<Emergency> = Vec::new();
        // The acts are few: records are read only from the first emergency on.
        let first = reader.acts()?.into_iter().find(|entry| matches!(&entry.event, Event::Edition(act) if act.step == Step::EmergencyBegun));
        let Some(first) = first else {
            return if self.json { Ok(Answer::Done) } else { out.line("there was no emergency").map(|()| Answer::Done) };
        };
        let mut after = first.index.checked_sub(1);
        loop {
            let part = reader.records(Page { after, rows: Page::ROWS_MAX })?;
            part.rows.into_iter().for_each(|entry| take(&mut all, entry));
            match part.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        all.iter().try_for_each(|emergency| if self.json { json(emergency, out) } else { text(emergency, out) })?;
        Ok(Answer::Done)
    }
}

fn take(all: &mut Vec<Emergency>, entry: Entry) {
    match entry.event {
        Event::Edition(act) if act.step == Step::EmergencyBegun => all.push(Emergency { begun: act, ended: None, left: Vec::new() }),
        Event::Edition(act) if matches!(act.step, Step::EmergencyEnded | Step::Activated) => {
            if let Some(running) = all.last_mut().filter(|emergency| emergency.ended.is_none()) {
                running.ended = Some(format!("{}, by {} {}", act.time, act.title(), act.step.word()));
            }
        }
        // What was begun under it is decided under it, even where its end was recorded first.
        Event::Decided(decided) => {
            if let Some(running) = all.iter_mut().rev().find(|emergency| emergency.begun.digest == decided.edition_digest) {
                let forwarded = decided.decisions.into_iter().filter(|decision| decision.outcome == Outcome::Forward);
                running.left.extend(forwarded.map(|decision| Left { record: entry.index, message: decided.message.clone(), decision }));
            }
        }
        _ => {}
    }
}

fn json(emergency: &Emergency, out: &mut Output) -> Result<(), Failure> {
    out.json(&serde_json::json!({ "emergency": emergency.begun, "ended": emergency.ended, "releases": emergency.left.len() }))?;
    emergency.left.iter().try_for_each(|left| {
        let Decision { recipient, clause, output, .. } = &left.decision;
        let digest = output.as_ref().map(|body| body.digest);
        out.json(&serde_json::json!({ "release": left.message, "to": recipient, "clause": clause, "digest": digest, "record": left.record }))
    })
}

fn text(emergency: &Emergency, out: &mut Output) -> Result<(), Failure> {
    let begun = &emergency.begun;
    let hands: Vec<String> = begun.hands.iter().map(|hand| format!("{} as {}", hand.officer, hand.role)).collect();
    out.line(format_args!(
        "EMERGENCY {} from {} until {}",
        begun.title(),
        begun.time,
        begun.until.map_or_else(String::new, |time| time.to_string())
    ))?;
    out.line(format_args!("signed by {}; scope {}; because: {}", hands.join(" and "), begun.scope.join(" "), begun.why))?;
    out.line(format_args!("ended {}", emergency.ended.as_deref().unwrap_or("not yet")))?;
    let mut table = output::table(&["record", "message", "to", "clause", "in the scope"]);
    for left in &emergency.left {
        let clause = left.decision.clause.as_ref().map_or("", |clause| clause.as_str());
        let within = if begun.scope.iter().any(|id| id == clause) { "yes" } else { "no" };
        let message = format!("{} {}", left.message.from, left.message.id);
        table.add_row([left.record.to_string(), message, left.decision.recipient.to_string(), clause.to_owned(), within.to_owned()]);
    }
    out.line(table)?;
    out.line(format_args!("{} releases", emergency.left.len()))
}
