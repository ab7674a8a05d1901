//! `vestibule quarantine`: what is held, and the decision on it. Lists are read from the journal; previews and decisions are asked of the running gateway.

mod countersign;
mod decide;
mod desk;
mod preview;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;

use super::{Answer, Failure, Output, Verb, output, unreadable};
use crate::base::plain::plain;
use crate::base::{Fault, MessageId, Name, Reason};
use crate::config::Gateway;
use crate::journal::embedded::Reader;
use crate::journal::seal::{SealKey, SealRing};
use crate::journal::{Decision, Event, Filter, Page, Row, State};
pub(super) use countersign::Countersign;
pub(super) use decide::{Pass, Reject, Release, Return, Sign};
pub(super) use preview::Preview;

/// What every command here needs.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Print one JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}

fn gateway(path: &Path) -> Result<Gateway, Failure> {
    Gateway::read(path).map_err(|cause| unreadable(path, cause))
}

/// All rows that fit, newest first.
fn rows(reader: &Reader, filter: &Filter) -> Result<Vec<Row>, Fault> {
    let (mut rows, mut page) = (Vec::new(), Page::first(Page::ROWS_MAX));
    loop {
        let part = reader.decisions(filter, page)?;
        rows.extend(part.rows);
        match part.next {
            Some(next) => page = Page { after: Some(next), ..page },
            None => return Ok(rows),
        }
    }
}

/// Lists what is held.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    at: Where,
    /// Only what this peer sent
    #[arg(long, value_name = "PEER")]
    from: Option<Name>,
    /// Only what is held for this recipient
    #[arg(long, value_name = "PEER")]
    to: Option<Name>,
    /// Only what is held for this reason, such as content.words
    #[arg(long, value_name = "CODE", value_parser = reason)]
    code: Option<Reason>,
    /// Only what is so classified: SECRET in any scheme, or "GBR SECRET"
    #[arg(long, value_name = "CLASSIFICATION")]
    classification: Option<String>,
}

fn reason(code: &str) -> Result<Reason, String> {
    Reason::from_code(code).ok_or_else(|| "expected a code of the reason table, such as content.words".to_owned())
}

impl Verb for List {
    const PATH: &'static [&'static str] = &["quarantine", "list"];
    const ABOUT: &'static str = "List held messages, newest first";
    const EXAMPLES: &'static str =
        "  vestibule quarantine list --config gateway.toml\n  vestibule quarantine list --config gateway.toml --code content.words --json";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = gateway(&self.at.config)?;
        let (from, recipient, code) = (self.from, self.to, self.code);
        let classification = self.classification.map(|text| text.trim().to_uppercase());
        let filter = Filter { state: Some(State::Held), from, recipient, code, classification, ..Filter::default() };
        let held = rows(&Reader::open(&gateway.journal, None)?, &filter)?;
        if self.at.json {
            held.iter().try_for_each(|row| out.json(row))?;
            return Ok(Answer::Done);
        }
        let mut table = output::table(&["message", "received", "from", "to", "precedence", "code", "what it means"]);
        for row in &held {
            let (code, sentence) = row.code.map_or(("", ""), |code| (code.code(), code.sentence()));
            table.add_row([
                &row.id.to_string(),
                &row.received.to_string(),
                row.from.as_str(),
                row.recipient.as_str(),
                row.precedence.word(),
                code,
                sentence,
            ]);
        }
        out.line(table)?;
        out.line(format_args!("{} held", held.len()))?;
        Ok(Answer::Done)
    }
}

/// Shows a held message.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    at: Where,
    /// Write the message itself, as it came, to standard output, and nothing else
    #[arg(long)]
    body: bool,
    /// The message
    id: MessageId,
}

#[derive(serde::Serialize)]
struct Shown<'s> {
    row: &'s Row,
    findings: serde_json::Value,
    body: Option<String>,
}

impl Verb for Show {
    const PATH: &'static [&'static str] = &["quarantine", "show"];
    const ABOUT: &'static str = "Show a held message: why it is held, and what it says";
    const EXAMPLES: &'static str = "  vestibule quarantine show --config gateway.toml 01931f2b-...\n  vestibule quarantine show --config gateway.toml --body 01931f2b-... > message.xml\n\n\
        Held messages are encrypted at rest: this needs the quarantine key that the configuration names.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = gateway(&self.at.config)?;
        let ring = SealRing::new(SealKey::open(&gateway.keys.quarantine)?, Vec::new());
        let reader = Reader::open(&gateway.journal, Some(ring))?;
        let held: Vec<Row> =
            rows(&reader, &Filter { state: Some(State::Held), ..Filter::default() })?.into_iter().filter(|row| row.id == self.id).collect();
        if held.is_empty() {
            return Err(Failure::Usage(format!("nothing is held under `{}`; `vestibule quarantine list` shows what is", self.id)));
        }
        let journey = reader.message(self.id)?;
        for row in &held {
            let key = crate::journal::MessageKey { from: row.from.clone(), id: row.id };
            let body = reader.body(&key)?;
            if self.body {
                out.flush()?;
                let bytes = body.ok_or_else(|| Fault::new("the content is no longer kept"))?;
                std::io::stdout().write_all(&bytes).map_err(|error| Fault::from_cause("standard output takes nothing more", error))?;
                return Ok(Answer::Done);
            }
            let decision = journey.iter().filter(|entry| entry.index == row.record).find_map(|entry| match &entry.event {
                Event::Decided(decided) => decided.decisions.iter().find(|decision| decision.recipient == row.recipient),
                _ => None,
            });
            match self.at.json {
                true => {
                    let findings = decision.and_then(|decision| serde_json::from_str(&decision.findings).ok()).unwrap_or_default();
                    out.json(&Shown { row, findings, body: body.map(|bytes| base64::engine::general_purpose::STANDARD.encode(bytes)) })?;
                }
                false => show(row, decision, body.as_deref(), out)?,
            }
        }
        Ok(Answer::Done)
    }
}

fn show(row: &Row, decision: Option<&Decision>, body: Option<&[u8]>, out: &mut Output) -> Result<(), Failure> {
    out.line(format_args!("message    {} from {} to {}, {}, received {}", row.id, row.from, row.recipient, row.precedence, row.received))?;
    if let Some(code) = row.code {
        out.line(format_args!("held for   {code}: {}", code.sentence()))?;
        out.line(format_args!("remedy     {}", code.remedy()))?;
    }
    let findings: Vec<serde_json::Value> = decision.and_then(|decision| serde_json::from_str(&decision.findings).ok()).unwrap_or_default();
    for finding in &findings {
        let word = |key: &str| finding.get(key).and_then(serde_json::Value::as_str).unwrap_or("");
        let span = finding.get("span").filter(|span| !span.is_null()).map(|span| format!(" bytes {span}")).unwrap_or_default();
        out.line(format_args!("finding    {} {}{span}: {} [{}]", word("code"), plain(word("path")), plain(word("text")), word("rule")))?;
    }
    match body {
        Some(bytes) => out.line(format_args!("\n{}\n", plain(&String::from_utf8_lossy(bytes)))),
        None => out.line("the content is no longer kept"),
    }
}
