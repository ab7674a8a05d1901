//! `vestibule recall`: a party withdraws what it gave; recipients answer for their copies; the gateway shows who has answered.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::consent::{self, Party};
use super::{Answer, Failure, Output, Verb, letter, output, unreadable};
use crate::base::{Digest, MessageId, Name};
use crate::config::Gateway;
use crate::journal::embedded::Reader;
use crate::journal::{Copy, State, Statement};
use crate::process::delivery_id;
use crate::statement::{Notice, Recall, Says, Target};

/// Withdraws what a party gave.
#[derive(Debug, clap::Args)]
pub(super) struct Send {
    #[command(flatten)]
    party: Party,
    /// The message, by the identity that its sender gave it
    #[arg(long, value_name = "ID", conflicts_with = "content")]
    message: Option<MessageId>,
    /// Every message with the body of this file
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
    /// The message that takes its place
    #[arg(long, value_name = "FILE")]
    successor: Option<PathBuf>,
}

fn digest(path: &Path) -> Result<Digest, Failure> {
    Ok(Digest::of(&letter::body(path)?))
}

impl Verb for Send {
    const PATH: &'static [&'static str] = &["recall", "send"];
    const ABOUT: &'static str = "Withdraw a message of one's own: what has not left never does, and whoever has a copy is told";
    const EXAMPLES: &'static str = "  vestibule recall send --config usa-ops.toml --key usa.key --by USA --message 0193...\n  \
        vestibule recall send --config usa-ops.toml --key usa.key --by USA --content track.xml --successor better.xml";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let target = match (self.message, &self.content) {
            (Some(id), _) => Target::Message(id),
            (None, Some(path)) => Target::Content(digest(path)?),
            (None, None) => return Err(Failure::Usage("say what you withdraw: `--message ID`, or `--content FILE`".to_owned())),
        };
        let successor = self.successor.as_deref().map(digest).transpose()?;
        self.party.say(Says::Recall(Recall { target, successor }), out)
    }
}

/// Answers for one's copies of what was withdrawn.
#[derive(Debug, clap::Args)]
pub(super) struct Acknowledge {
    #[command(flatten)]
    party: Party,
    /// The notice, as `receive` kept it
    notice: PathBuf,
}

impl Verb for Acknowledge {
    const PATH: &'static [&'static str] = &["recall", "acknowledge"];
    const ABOUT: &'static str = "Acknowledge a recall: its copies here are withdrawn";
    const EXAMPLES: &'static str = "  vestibule recall acknowledge --config can-ops.toml --key can.key --by CAN inbox/0193....msg";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let text = String::from_utf8(letter::body(&self.notice)?).ok();
        let Some(notice) = text.and_then(|text| Notice::parse(&text).ok()) else {
            return Err(Failure::Usage(format!("`{}` is no notice of a recall, as `vestibule receive` keeps them", self.notice.display())));
        };
        self.party.say(Says::Acknowledgement { of: notice.recall.id }, out)
    }
}

/// Shows who has acknowledged a recall.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// The recall; without it, all of them
    id: Option<MessageId>,
}

#[derive(Serialize)]
struct Line {
    recall: String,
    by: Option<Name>,
    message: String,
    recipient: Name,
    delivered_as: String,
    told: &'static str,
    acknowledged: bool,
}

impl Verb for Show {
    const PATH: &'static [&'static str] = &["recall", "show"];
    const ABOUT: &'static str = "Show recalls: who has a copy, who was told, who has acknowledged";
    const EXAMPLES: &'static str = "  vestibule recall show --config gateway.toml\n  vestibule recall show --config gateway.toml 0193...\n\nExit status 1 where an acknowledgement is missing.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let reader = Reader::open(&gateway.journal, None)?;
        let mut lines = Vec::new();
        let mut recalls = 0_u32;
        for statement in reader.statements(self.id)? {
            let said = consent::read(&statement.stated);
            if !said.as_ref().is_some_and(|said| matches!(said.says, Says::Recall(_))) {
                continue;
            }
            recalls = recalls.saturating_add(1);
            for copy in &statement.copies {
                let told = told(&reader, &statement, copy)?;
                let said = said.as_ref();
                lines.push(line(said.map(|said| (said.id, said.by.clone())), copy, told));
            }
        }
        if self.id.is_some() && recalls == 0 {
            return Err(Failure::Usage("no such recall is on record; `vestibule recall show` shows all".to_owned()));
        }
        self.print(&lines, recalls, out)
    }
}

/// Whether the notice has reached the recipient: what became of the recall's own delivery.
fn told(reader: &Reader, statement: &Statement, copy: &Copy) -> Result<&'static str, Failure> {
    let trail = reader.trail(&statement.stated.message)?;
    let state = trail.and_then(|trail| trail.copies.into_iter().find(|one| one.recipient == copy.recipient)).map(|one| one.state);
    Ok(match state {
        Some(State::Delivered) => "delivered",
        Some(State::Due) => "due",
        _ => "not told",
    })
}

fn line(said: Option<(MessageId, Name)>, copy: &Copy, told: &'static str) -> Line {
    let (recall, by) = said.map_or((String::new(), None), |(id, by)| (id.to_string(), Some(by)));
    Line {
        recall,
        by,
        message: format!("{} {}", copy.message.from, copy.message.id),
        recipient: copy.recipient.clone(),
        delivered_as: delivery_id(&copy.message).to_string(),
        told,
        acknowledged: copy.acknowledged,
    }
}

impl Show {
    fn print(&self, lines: &[Line], recalls: u32, out: &mut Output) -> Result<Answer, Failure> {
        let open = lines.iter().filter(|line| !line.acknowledged).count();
        if self.json {
            lines.iter().try_for_each(|line| out.json(line))?;
        } else {
            let mut table = output::table(&["recall", "by", "message", "copy at", "notice", "answer"]);
            for line in lines {
                let by = line.by.as_ref().map_or("", Name::as_str);
                let answer = if line.acknowledged { "acknowledged" } else { "missing" };
                table.add_row([line.recall.as_str(), by, &line.message, line.recipient.as_str(), line.told, answer]);
            }
            out.line(table)?;
            out.line(format_args!("{recalls} recalls, {} copies, {open} not acknowledged", lines.len()))?;
        }
        Ok(if open == 0 { Answer::Done } else { Answer::No })
    }
}
