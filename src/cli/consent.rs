//! `vestibule consent`: what a party says about releases of its own information, signed with its key; and what a gateway has on record of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::peer::{self, Session};
use super::{Answer, Failure, Output, Verb, letter, output, runtime, unreadable};
use crate::audit::SignerKey;
use crate::base::{Digest, Fault, Header, MessageId, Name, Precedence, Time, Traffic};
use crate::config::{Gateway, Remote};
use crate::journal::Stated;
use crate::journal::embedded::Reader;
use crate::link::{LinkError, Status};
use crate::process::world;
use crate::statement::{Consent, MEDIA_TYPE, Request, Says, Scope, Statement};

/// Seconds for which a statement is offered while the gateway is away or busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whose statement it is, and how it gets to the gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Party {
    /// The peer's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The key of the party's statements
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The nation or organisation that says it, by its code in the gateway's rule set
    #[arg(long, value_name = "CODE")]
    by: Name,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Said<'s> {
    kind: &'static str,
    id: String,
    by: &'s Name,
    status: &'static str,
    text: String,
}

impl Party {
    /// Signs and sends what the party says.
    pub(super) fn say(&self, says: Says, out: &mut Output) -> Result<Answer, Failure> {
        output::log("warn");
        let mut remote = Remote::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        // Deliveries belong to `receive`: this side takes none.
        remote.domain.limits.streams_max = 0;
        remote.domain.peers.iter_mut().for_each(|peer| peer.limits.streams_max = 0);
        let statement = Statement { id: world::fresh_id()?, by: self.by.clone(), time: world::now(), says };
        let note = SignerKey::open(&self.key)?.sign(&statement.text());
        let status = runtime()?.block_on(offer(&remote, &note))?;
        let (kind, id) = (statement.says.word(), statement.id);
        match self.json {
            true => out.json(&Said { kind, id: id.to_string(), by: &self.by, status: status.word(), text: statement.text() })?,
            false => out.line(format_args!("{kind} {id}  {}", status.word()))?,
        }
        Ok(if status == Status::Accepted { Answer::Done } else { Answer::No })
    }
}

/// The header of a statement.
pub(super) fn header() -> Result<Header, Fault> {
    let gateway = Name::new(Remote::GATEWAY).ok_or_else(|| Fault::new("the gateway's name is no name"))?;
    Ok(Header {
        id: world::fresh_id()?,
        precedence: Precedence::Priority,
        destinations: vec![gateway],
        media_type: MEDIA_TYPE.to_owned(),
        traffic: Traffic::Operation,
        sent: world::now(),
        label: None,
    })
}

async fn offer(remote: &Remote, note: &str) -> Result<Status, Failure> {
    let session = Session::open(remote)?;
    let mut header = header()?;
    let status = loop {
        let link = session.link(Some(PATIENCE)).await?;
        match peer::deliver(&link, &header, note.as_bytes(), PATIENCE).await {
            Ok(receipt) => break receipt.status,
            Err(LinkError::Message(refusal)) => return Err(Failure::Usage(refusal.to_string())),
            // The same id goes again: the gateway answers a repetition from its record.
            Err(_) => header.sent = world::now(),
        }
    };
    session.close().await;
    Ok(status)
}

/// Makes a key of statements.
#[derive(Debug, clap::Args)]
pub(super) struct Key {
    /// The key's name: an address that the party controls, with a path
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The file for the key
    #[arg(long, value_name = "FILE")]
    into: PathBuf,
}

impl Verb for Key {
    const PATH: &'static [&'static str] = &["consent", "key"];
    const ABOUT: &'static str = "Make a key with which a party signs its statements, and print what its partners put into `peers.toml`";
    const EXAMPLES: &'static str = "  vestibule consent key --name usa.example/statements --into usa.key";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let made = SignerKey::create(&self.into, &self.name)?;
        out.line(format_args!("key = \"{}\"", made.verifier()))?;
        Ok(Answer::Done)
    }
}

/// Consents to a release.
#[derive(Debug, clap::Args)]
pub(super) struct Grant {
    #[command(flatten)]
    party: Party,
    /// Consent to what this request asks, as `receive` kept it
    #[arg(long, value_name = "FILE", conflicts_with = "clause")]
    request: Option<PathBuf>,
    /// The message itself, where you have it: the request must be about it
    #[arg(long, value_name = "FILE", requires = "request")]
    message: Option<PathBuf>,
    /// Consent to whatever this clause releases
    #[arg(long, value_name = "CLAUSE", requires = "to")]
    clause: Option<Name>,
    /// A peer that may get it; without it, the one that the request names
    #[arg(long, value_name = "PEER")]
    to: Vec<Name>,
    /// Good from now for so many hours
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=8760))]
    hours: u16,
    /// Releases at most
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    uses: u32,
    /// It cannot be taken back
    #[arg(long = "final")]
    firm: bool,
}

/// What a request that was received asks.
pub(super) fn request(path: &Path) -> Result<Request, Failure> {
    let wrong = || Failure::Usage(format!("`{}` is no request for consent, as `vestibule receive` keeps them", path.display()));
    let text = String::from_utf8(letter::body(path)?).map_err(|_| wrong())?;
    match Statement::parse(&text).map(|statement| statement.says) {
        Ok(Says::Request(request)) => Ok(request),
        _ => Err(wrong()),
    }
}

impl Verb for Grant {
    const PATH: &'static [&'static str] = &["consent", "grant"];
    const ABOUT: &'static str = "Consent to a release of information of one's own, signed, for a time and a number of releases";
    const EXAMPLES: &'static str = "  vestibule consent grant --config usa-ops.toml --key usa.key --by USA --request inbox/0193....msg --hours 4\n  \
        vestibule consent grant --config usa-ops.toml --key usa.key --by USA --clause FVEY-TRACKS/1.1 --to can-ops --uses 50\n\n\
        A receipt says that the gateway has the statement on record, never what it released.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let (scope, mut to) = match (&self.request, &self.clause) {
            (Some(path), _) => {
                let asked = request(path)?;
                if let Some(message) = &self.message
                    && Digest::of(&letter::body(message)?) != asked.content
                {
                    return Err(Failure::Usage(format!("the request is not about `{}`: its digest is another", message.display())));
                }
                (Scope::Content { content: asked.content, label: asked.label }, vec![asked.to])
            }
            (None, Some(clause)) => (Scope::Clause(clause.clone()), Vec::new()),
            (None, None) => return Err(Failure::Usage("say to what you consent: `--request FILE`, or `--clause CLAUSE --to PEER`".to_owned())),
        };
        if !self.to.is_empty() {
            to.clone_from(&self.to);
        }
        let from = world::now();
        let ms = from.unix_ms().saturating_add(i64::from(self.hours).saturating_mul(3_600_000));
        let until = Time::from_unix_ms(ms).ok_or_else(|| Failure::Usage("the time of the consent is out of range".to_owned()))?;
        let consent = Consent { scope, to: to.into_iter().collect(), from, until, uses: self.uses, revocable: !self.firm };
        self.party.say(Says::Consent(consent), out)
    }
}

/// Takes a consent back.
#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    #[command(flatten)]
    party: Party,
    /// The consent
    id: MessageId,
}

impl Verb for Revoke {
    const PATH: &'static [&'static str] = &["consent", "revoke"];
    const ABOUT: &'static str = "Take a consent back; what left under it before has left";
    const EXAMPLES: &'static str = "  vestibule consent revoke --config usa-ops.toml --key usa.key --by USA 0193...";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        self.party.say(Says::Revocation { of: self.id }, out)
    }
}

/// Lists the consents that a gateway has on record.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line {
    id: String,
    by: String,
    scope: String,
    to: Vec<String>,
    until: Time,
    uses: u32,
    used: u32,
    standing: &'static str,
}

impl Verb for List {
    const PATH: &'static [&'static str] = &["consent", "list"];
    const ABOUT: &'static str = "List the consents on record: whose, to what, how often used, and where they stand";
    const EXAMPLES: &'static str = "  vestibule consent list --config gateway.toml";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let now = world::now();
        let statements = Reader::open(&gateway.journal, None)?.statements(None)?;
        let lines: Vec<Line> = statements.iter().filter_map(|one| line(&one.stated, (one.used, one.ended), now)).collect();
        if self.json {
            lines.iter().try_for_each(|line| out.json(line))?;
            return Ok(Answer::Done);
        }
        let mut table = output::table(&["consent", "by", "to what", "for", "until", "used", "standing"]);
        for line in &lines {
            let used = format!("{} of {}", line.used, line.uses);
            table.add_row([&line.id, &line.by, &line.scope, &line.to.join(" "), &line.until.to_string(), &used, line.standing]);
        }
        out.line(table)?;
        out.line(format_args!("{} on record", lines.len()))?;
        Ok(Answer::Done)
    }
}

fn line(stated: &Stated, (used, ended): (u32, bool), now: Time) -> Option<Line> {
    let statement = read(stated)?;
    let Says::Consent(consent) = statement.says else { return None };
    let standing = match (ended, used >= consent.uses, consent.until <= now) {
        (true, _, _) => "revoked",
        (_, true, _) => "used up",
        (_, _, true) => "over",
        _ => "good",
    };
    let scope = match &consent.scope {
        Scope::Content { content, .. } => format!("content {content}"),
        Scope::Clause(clause) => format!("clause {clause}"),
    };
    let to = consent.to.iter().map(ToString::to_string).collect();
    Some(Line { id: statement.id.to_string(), by: statement.by.to_string(), scope, to, until: consent.until, uses: consent.uses, used, standing })
}

/// The statement of a record.
pub(super) fn read(stated: &Stated) -> Option<Statement> {
    let (text, _) = stated.note.rsplit_once("\n\n")?;
    Statement::parse(&format!("{text}\n")).ok()
}
