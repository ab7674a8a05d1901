//! `vestibule explain`: why a message left, or did not, and what would have to be otherwise.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::offline::Offline;
use super::{Answer, Failure, Output, Verb, unreadable};
use crate::base::{Fault, MessageId};
use crate::config::Gateway;
use crate::explain::{Explanation, Question, explain, page, text};
use crate::filter::Waivers;
use crate::journal::embedded::Reader;
use crate::journal::seal::{SealKey, SealRing};
use crate::pipeline::{Guard, World};
use crate::process::world::Secrets;
use crate::process::{label_trust, load_guard};
use crate::replay::{self, Recorded};

/// Explains decisions.
#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    #[command(flatten)]
    offline: Offline,
    /// Print one JSON object for each recipient
    #[arg(long)]
    json: bool,
    /// Write the explanation as one page of HTML, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Message files; or, without `--from`, the ids of messages that the journal of the configuration has
    #[arg(required = true, value_name = "FILE|ID")]
    messages: Vec<PathBuf>,
}

impl Verb for Explain {
    const PATH: &'static [&'static str] = &["explain"];
    const ABOUT: &'static str = "Explain a decision: step by step, rule by rule, and what would have to be otherwise";
    const EXAMPLES: &'static str = "  vestibule explain --config gateway.toml 01931f2b-7c3e-7000-8000-0123456789ab\n  \
        vestibule explain --rules rules/five-eyes --from gbr-ops --to nato-hq track.xml\n  \
        vestibule explain --rules rules/five-eyes --from gbr-ops --html why.html track.xml\n\n\
        A journalled message is explained as it was decided last, at the time of that decision, by the rule set of the configuration;\n\
        where another edition was in force then, the first line of the answer says so.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let mut all = Vec::new();
        match &self.offline.from {
            Some(from) => {
                let (guard, secrets) = self.offline.guard()?;
                self.offline.known(from, &guard)?;
                for path in &self.messages {
                    let (header, body) = self.offline.letter(path, from, &guard)?;
                    let waivers = Waivers::default();
                    let world = World { now: self.offline.time(), keys: &secrets.keys(), waivers: &waivers, signer: secrets.signer() };
                    let what = path.display().to_string();
                    all.extend(explain(&guard, &Question { what: &what, from, header: &header, body: &body }, &world));
                }
            }
            None => all = self.journalled(out)?,
        }
        if let Some(path) = &self.html {
            std::fs::write(path, page::write(&all)?).map_err(|error| Fault::from_cause(format!("`{}` cannot be written", path.display()), error))?;
        }
        for one in &all {
            if self.json {
                out.json(one)?;
            } else {
                out.text(&text::write(one))?;
                out.line("")?;
            }
        }
        Ok(Answer::Done)
    }
}

impl Explain {
    fn journalled(&self, out: &mut Output) -> Result<Vec<Explanation>, Failure> {
        let Some(path) = &self.offline.config else {
            return Err(Failure::Usage("give `--from` with message files, or `--config` with the ids of journalled messages".to_owned()));
        };
        let gateway = Gateway::read(path).map_err(|cause| unreadable(path, cause))?;
        let guard = match load_guard(&gateway.rules)? {
            Ok(guard) => guard,
            Err(complaints) => return Err(Failure::Complaints(complaints, crate::policy::read_folder(&gateway.rules)?)),
        };
        guard.trust_in_labels(label_trust::read(&gateway)?);
        let secrets = Secrets::open(&gateway.keys)?;
        let reader = Reader::open(&gateway.journal, Some(SealRing::new(SealKey::open(&gateway.keys.quarantine)?, Vec::new())))?;
        let mut all = Vec::new();
        for message in &self.messages {
            let text = message.display().to_string();
            let id: MessageId = text.parse().map_err(|_| Failure::Usage(format!("`{text}` is no message id: give `--from` to explain a file")))?;
            all.extend(recorded(&guard, &secrets, &reader, id, self.json, out)?);
        }
        Ok(all)
    }
}

/// The last decision on each message of an id, for each recipient.
fn recorded(guard: &Guard, secrets: &Secrets, reader: &Reader, id: MessageId, json: bool, out: &mut Output) -> Result<Vec<Explanation>, Failure> {
    let mut last: BTreeMap<_, (Explanation, Recorded)> = BTreeMap::new();
    for one in replay::of_message(reader, id)? {
        let body = reader.body(&one.key)?.ok_or_else(|| Fault::new(format!("the body of `{id}` is no longer kept")))?;
        let world = World { now: one.now, keys: &secrets.keys(), waivers: &one.waivers, signer: secrets.signer() };
        let what = id.to_string();
        let question = Question { what: &what, from: &one.key.from, header: &one.header, body: &body };
        for explanation in explain(guard, &question, &world) {
            last.insert((one.key.clone(), explanation.to.clone()), (explanation, one.clone()));
        }
    }
    if last.is_empty() {
        return Err(Failure::Fault(Fault::new(format!("the journal has no decision on `{id}`"))));
    }
    if let Some((_, one)) = last.values().find(|(_, one)| one.digest != guard.edition().digest).filter(|_| !json) {
        out.line(format_args!("decided under {} then; explained under {} as it is now", one.edition, guard.edition().title()))?;
    }
    Ok(last.into_values().map(|(explanation, _)| explanation).collect())
}
