//! What the commands of review share: which held message, what is wished of it, who decides, and what the running gateway answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{gateway, rows};
use crate::base::{Fault, MessageId, Name};
use crate::cli::signer::Signer;
use crate::cli::{Answer, Failure, Output, output};
use crate::config::Gateway;
use crate::control::desk::{Choice, Found, Held, Item, Query, View};
use crate::control::review::{Chosen, Subject};
use crate::control::{self, Request, Response, ReviewStatement};
use crate::journal::embedded::Reader;
use crate::journal::{Filter, State};
use crate::process::world;

/// Which message, at which gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The gateway's configuration; the gateway must be running
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Print the answer as a JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Only for this recipient; without it, for all for whom it is held
    #[arg(long, value_name = "PEER")]
    pub(super) to: Option<Name>,
    /// The peer that sent it; needed where two peers used the same id
    #[arg(long, value_name = "PEER")]
    pub(super) from: Option<Name>,
    /// The message
    pub(super) id: MessageId,
}

/// What is let pass and taken out.
#[derive(Debug, clap::Args)]
pub(super) struct Wishes {
    /// A finding to let pass, by its name or by its code where that is one finding's, and why; again for each
    #[arg(long, value_name = "NAME=REASON")]
    pub(super) waive: Vec<String>,
    /// Let all findings pass that may be, and why
    #[arg(long, value_name = "REASON", conflicts_with = "waive")]
    pub(super) waive_all: Option<String>,
    /// A field to take out, by its path; again for each
    #[arg(long, value_name = "PATH")]
    pub(super) remove: Vec<String>,
}

/// A running gateway.
pub(super) struct Desk {
    pub(super) config: Gateway,
}

impl Which {
    pub(super) fn desk(&self) -> Result<Desk, Failure> {
        gateway(&self.config).map(|config| Desk { config })
    }

    /// What is held under the id.
    pub(super) fn held(&self, desk: &Desk) -> Result<Vec<Held>, Failure> {
        let filter = Filter { id: Some(self.id), state: Some(State::Held), from: self.from.clone(), recipient: self.to.clone(), ..Filter::default() };
        let rows = rows(&Reader::open(&desk.config.journal, None)?, &filter)?;
        if rows.iter().any(|row| rows.first().is_some_and(|first| first.from != row.from)) {
            return Err(Failure::Usage(format!("more than one peer used the id `{}`; give `--from`", self.id)));
        }
        let held = |row: crate::journal::Row| Held { from: row.from.to_string(), id: row.id.to_string(), recipient: row.recipient.to_string() };
        Ok(rows.into_iter().map(held).collect())
    }
}

impl Wishes {
    /// The findings that are meant, each with its reason.
    pub(super) fn waived(&self, found: &[Found]) -> Result<BTreeMap<String, String>, Failure> {
        let may: Vec<&Found> = found.iter().filter(|finding| finding.waivable).collect();
        if let Some(reason) = &self.waive_all {
            return Ok(may.iter().map(|finding| (finding.name.clone(), reason.clone())).collect());
        }
        let mut waived = BTreeMap::new();
        for said in &self.waive {
            let by = |word: fn(&Found) -> &str| {
                let named = may.iter().filter(|finding| said.strip_prefix(word(finding)).is_some_and(|rest| rest.starts_with('=')));
                named.map(|finding| (finding.name.clone(), word(finding).len())).collect::<BTreeMap<_, _>>()
            };
            let mut named = by(|finding| &finding.name);
            if named.is_empty() {
                named = by(|finding| &finding.code);
            }
            let names = || may.iter().map(|finding| format!("\n  {}", super::plain(&finding.name))).collect::<String>();
            match named.into_iter().collect::<Vec<_>>().as_slice() {
                [(name, length)] => {
                    let reason = said.get(length.saturating_add(1)..).unwrap_or_default();
                    waived.insert(name.clone(), reason.to_owned());
                }
                [] => return Err(Failure::Usage(format!("`{said}` names no finding that may be let pass; expected NAME=REASON of:{}", names()))),
                _ => return Err(Failure::Usage(format!("`{said}` names several findings; give the whole name of one of:{}", names()))),
            }
        }
        Ok(waived)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.waive.is_empty() && self.waive_all.is_none() && self.remove.is_empty()
    }
}

/// What a reviewer means to sign.
pub(super) struct Meant {
    pub(super) chosen: Chosen,
    pub(super) reason: String,
}

impl Desk {
    pub(super) fn ask(&self, request: &Request) -> Result<Response, Failure> {
        Ok(control::ask(&self.config.journal.join(control::SOCKET), request)?)
    }

    /// A held message under a choice; what the gateway says where it shows none.
    pub(super) fn item(&self, of: &Held, choice: Choice, viewer: &str) -> Result<Result<Item, String>, Failure> {
        match self.ask(&Request::Look(Query::Item { of: of.clone(), choice, viewer: viewer.to_owned() }))? {
            Response::View(View::Item(item)) => Ok(Ok(*item)),
            Response::View(View::Refused { text }) | Response::Refused { text } => Ok(Err(text)),
            _ => Err(Fault::new("the gateway answered another question").into()),
        }
    }

    /// What is signed, completed.
    pub(super) fn signed(&self, key: &Signer, item: &Item, meant: Meant) -> Result<String, Failure> {
        let strange = |why: String| Fault::new(format!("the gateway shows what cannot be signed: {why}"));
        let subject = Subject::of_head(&item.head).map_err(strange)?;
        let statement = ReviewStatement { subject, chosen: meant.chosen, reason: meant.reason, officer: key.officer().clone(), signed: world::now() };
        // What does not read back would be refused: said here, where it can be mended.
        ReviewStatement::parse(&statement.text()).map_err(Failure::Usage)?;
        Ok(key.sign(&statement.text())?)
    }
}

/// Prints what a gateway answers.
pub(super) fn told(response: &Response, json: bool, out: &mut Output) -> Result<Answer, Failure> {
    if json {
        out.json(response)?;
    }
    let (answer, text) = match response {
        Response::Done { text } | Response::Waiting { text } => (Answer::Done, text.as_str()),
        Response::Refused { text } => (Answer::No, text.as_str()),
        Response::Status { .. } | Response::View(_) => (Answer::No, "the gateway answered another question"),
    };
    match (json, answer) {
        (true, _) => {}
        (false, Answer::Done) => out.line(text)?,
        (false, Answer::No) => output::complain(text),
    }
    Ok(answer)
}
