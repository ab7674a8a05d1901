//! `vestibule quarantine release|reject|return|pass|sign`: the decision on a held message. With a key it is signed, and nothing leaves but what was shown.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use super::desk::{Desk, Meant, Which, Wishes, told};
use super::preview::leaving;
use crate::base::encoding::digest_of_text;
use crate::base::{Fault, Name};
use crate::cli::signer::{Certified, Signer};
use crate::cli::{Answer, Failure, Output, Verb, letter, output};
use crate::control::desk::{Choice, Held, Item};
use crate::control::review::Chosen;
use crate::control::{Request, Review, Verdict, statement};
use crate::statement::ReturnClass;

/// Who decides, and why.
#[derive(Debug, clap::Args)]
struct Hand {
    /// The reviewer's key, as `vestibule pki officer` made it: the decision is signed with it
    #[arg(long, value_name = "FILE", required_unless_present = "by")]
    key: Option<PathBuf>,
    #[command(flatten)]
    certified: Certified,
    /// Who decides, as it is recorded, where the configuration names no officers
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    by: Option<Name>,
    /// Why, as it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What is to become of a message.
enum Want<'w> {
    Release(&'w Wishes),
    Reject,
    Return(ReturnClass),
    Pass(Name),
}

/// Whether people are asked before anything is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Consent {
    Asked,
    Given,
}

impl Hand {
    fn decide(self, which: &Which, want: &Want<'_>, consent: Consent, out: &mut Output) -> Result<Answer, Failure> {
        statement::check_reason(&self.reason).map_err(Failure::Usage)?;
        let desk = which.desk()?;
        match (&self.key, &self.by) {
            (Some(key), _) => {
                let key = self.certified.signer(key)?;
                let notes = self.notes(which, &desk, &key, want, consent, out)?;
                let mut answer = if notes.is_empty() { Answer::No } else { Answer::Done };
                for note in notes {
                    if told(&desk.ask(&Request::Note { note })?, which.json, out)? == Answer::No {
                        answer = Answer::No;
                    }
                }
                Ok(answer)
            }
            (None, Some(by)) => self.unsigned(which, &desk, by, want, out),
            (None, None) => Err(Failure::Usage("expected --key FILE, or --by NAME where the configuration names no officers".to_owned())),
        }
    }

    /// A signed statement for each recipient for whom the message is held; none where nothing would leave, or somebody says no.
    fn notes(&self, which: &Which, desk: &Desk, key: &Signer, want: &Want<'_>, consent: Consent, out: &mut Output) -> Result<Vec<String>, Failure> {
        let held = which.held(desk)?;
        if held.is_empty() {
            output::complain(&format!("nothing is held under `{}`; `vestibule quarantine list` shows what is", which.id));
        }
        let mut notes = Vec::new();
        for of in held {
            let Some((item, chosen)) = meant(desk, &of, want, key.officer().as_str())? else { return Ok(Vec::new()) };
            if consent == Consent::Asked && matches!(want, Want::Release(_)) && !agreed(&of, &item, out)? {
                return Ok(Vec::new());
            }
            notes.push(desk.signed(key, &item, Meant { chosen, reason: self.reason.clone() })?);
        }
        Ok(notes)
    }

    fn unsigned(&self, which: &Which, desk: &Desk, by: &Name, want: &Want<'_>, out: &mut Output) -> Result<Answer, Failure> {
        let (mut waived, mut removed, mut class, mut colleague) = (None, Vec::new(), None, None);
        let verdict = match want {
            Want::Release(wishes) => {
                removed.clone_from(&wishes.remove);
                if !wishes.waive.is_empty() || wishes.waive_all.is_some() {
                    let Some(of) = which.held(desk)?.into_iter().next() else {
                        output::complain(&format!("nothing is held under `{}`", which.id));
                        return Ok(Answer::No);
                    };
                    let item = desk.item(&of, Choice { waived: Vec::new(), removed: removed.clone() }, by.as_str())?;
                    let item = item.map_err(|why| Failure::Fault(Fault::new(why)))?;
                    waived = Some(wishes.waived(&item.findings)?.into_iter().collect());
                }
                Verdict::Release
            }
            Want::Reject => Verdict::Reject,
            Want::Return(said) => {
                class = Some(*said);
                Verdict::Return
            }
            Want::Pass(to) => {
                colleague = Some(to.clone());
                Verdict::Pass
            }
        };
        let (from, recipient, reviewer, reason) = (which.from.clone(), which.to.clone(), by.clone(), self.reason.clone());
        let review = Review { message: which.id, from, recipient, verdict, reviewer, reason, waived, removed, class, colleague };
        told(&desk.ask(&Request::Review(review))?, which.json, out)
    }
}

/// What the gateway shows of a message, and what is to be signed about it; nothing where that is no.
fn meant(desk: &Desk, of: &Held, want: &Want<'_>, viewer: &str) -> Result<Option<(Item, Chosen)>, Failure> {
    let none = |why: &str| {
        output::complain(why);
        Ok(None)
    };
    let removed = if let Want::Release(wishes) = want { wishes.remove.clone() } else { Vec::new() };
    let item = match desk.item(of, Choice { waived: Vec::new(), removed: removed.clone() }, viewer)? {
        Ok(item) => item,
        Err(why) => return none(&why),
    };
    let wishes = match want {
        Want::Release(wishes) => wishes,
        Want::Reject => return Ok(Some((item, Chosen::Reject))),
        Want::Return(class) => return Ok(Some((item, Chosen::Return(*class)))),
        Want::Pass(colleague) => return Ok(Some((item, Chosen::Pass(colleague.clone())))),
    };
    let waived = wishes.waived(&item.findings)?;
    let item = match desk.item(of, Choice { waived: waived.keys().cloned().collect(), removed }, viewer)? {
        Ok(item) => item,
        Err(why) => return none(&why),
    };
    let Some(leaves) = item.output.as_ref().and_then(|output| digest_of_text(&output.digest)) else {
        return none(&format!("nothing would leave to `{}`: {}", of.recipient, item.would));
    };
    let chosen = Chosen::Release { waived, removed: wishes.remove.iter().cloned().collect(), leaves };
    Ok(Some((item, chosen)))
}

/// Shows what would leave, and asks.
fn agreed(of: &Held, item: &Item, out: &mut Output) -> Result<bool, Failure> {
    out.line(format_args!("to {}: {}", of.recipient, item.would))?;
    leaving(item, out)?;
    out.line("type `yes` to sign and send this")?;
    out.flush()?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if !std::io::stdin().is_terminal() {
        out.line("")?;
    }
    Ok(read.is_ok() && line.trim() == "yes")
}

/// Releases a held message.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Release {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    wishes: Wishes,
    #[command(flatten)]
    hand: Hand,
    /// Sign without showing what would leave and asking
    #[arg(long)]
    yes: bool,
}

impl Verb for Release {
    const PATH: &'static [&'static str] = &["quarantine", "release"];
    const ABOUT: &'static str = "Waive what holds a message; it passes the whole path again before it leaves";
    const EXAMPLES: &'static str = "  vestibule quarantine release --config gateway.toml --key ann.key --waive 'content.words=known false alarm' --reason 'seen' 01931f2b-...\n  \
        vestibule quarantine release --config gateway.toml --key ann.key --waive-all known --remove /event/detail/contact --reason 'seen' --yes 01931f2b-...\n  \
        vestibule quarantine release --config gateway.toml --by a.turing --reason \"known false alarm\" 01931f2b-...\n\n\
        What is shown is what leaves, or nothing does. Clearance and national caveats cannot be waived. Exit status 1 where the gateway refuses.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let consent = if self.yes || self.which.json { Consent::Given } else { Consent::Asked };
        self.hand.decide(&self.which, &Want::Release(&self.wishes), consent, out)
    }
}

/// Rejects a held message.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Reject {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    hand: Hand,
}

impl Verb for Reject {
    const PATH: &'static [&'static str] = &["quarantine", "reject"];
    const ABOUT: &'static str = "Decide that a held message never leaves";
    const EXAMPLES: &'static str = "  vestibule quarantine reject --config gateway.toml --key ann.key --reason \"code word confirmed\" 01931f2b-...\n  \
        vestibule quarantine reject --config gateway.toml --by a.turing --reason \"code word confirmed\" 01931f2b-...";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        self.hand.decide(&self.which, &Want::Reject, Consent::Given, out)
    }
}

/// Returns a held message to its sender.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Return {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    hand: Hand,
    /// Why, as the sender is told
    #[arg(long, value_enum)]
    class: ReturnClass,
}

impl Verb for Return {
    const PATH: &'static [&'static str] = &["quarantine", "return"];
    const ABOUT: &'static str = "Return a held message to its sender, with one word why; it never leaves";
    const EXAMPLES: &'static str = "  vestibule quarantine return --config gateway.toml --key ann.key --class label --reason \"marked below its content\" 01931f2b-...\n\n\
        The sender gets the id and the class, and nothing of what was found.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        self.hand.decide(&self.which, &Want::Return(self.class), Consent::Given, out)
    }
}

/// Passes a held message to a colleague.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Pass {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    hand: Hand,
    /// The colleague
    #[arg(long, value_name = "OFFICER")]
    colleague: Name,
}

impl Verb for Pass {
    const PATH: &'static [&'static str] = &["quarantine", "pass"];
    const ABOUT: &'static str = "Ask a colleague to decide on a held message; nothing else changes";
    const EXAMPLES: &'static str =
        "  vestibule quarantine pass --config gateway.toml --key ann.key --colleague bob --reason \"needs the track desk\" 01931f2b-...";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        self.hand.decide(&self.which, &Want::Pass(self.colleague), Consent::Given, out)
    }
}

/// Signs a decision without sending it.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Sign {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    wishes: Wishes,
    /// The reviewer's key, as `vestibule pki officer` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    certified: Certified,
    /// Why, as it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What is to become of the message
    #[arg(long, value_enum)]
    verdict: Word,
    /// Why it is returned, as the sender is told
    #[arg(long, value_enum)]
    class: Option<ReturnClass>,
    /// The colleague to whom it is passed
    #[arg(long, value_name = "OFFICER")]
    colleague: Option<Name>,
    /// Write the note into this file; without it, to standard output
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
}

/// A verdict, as the command line spells it.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Word {
    Release,
    Reject,
    Return,
    Pass,
}

impl Verb for Sign {
    const PATH: &'static [&'static str] = &["quarantine", "sign"];
    const ABOUT: &'static str = "Sign a decision on a held message, to be pasted into the console";
    const EXAMPLES: &'static str = "  vestibule quarantine sign --config gateway.toml --key ann.key --verdict release --waive 'content.words=known' --reason 'seen' 01931f2b-...\n  \
        vestibule quarantine sign --config gateway.toml --key ann.key --verdict reject --reason 'code word' --into ann.note 01931f2b-...\n\n\
        The note names the message, the recipient, the edition and the digest of what leaves; it counts for some minutes, and once.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let want = match (self.verdict, self.class, self.colleague) {
            (Word::Release, None, None) => Want::Release(&self.wishes),
            (Word::Reject, None, None) if self.wishes.is_empty() => Want::Reject,
            (Word::Return, Some(class), None) if self.wishes.is_empty() => Want::Return(class),
            (Word::Pass, None, Some(colleague)) if self.wishes.is_empty() => Want::Pass(colleague),
            _ => {
                return Err(Failure::Usage(
                    "expected `--class` with a return alone, `--colleague` with a pass alone, and waivers with a release".to_owned(),
                ));
            }
        };
        statement::check_reason(&self.reason).map_err(Failure::Usage)?;
        let key = self.certified.signer(&self.key)?;
        let hand = Hand { key: None, certified: self.certified, by: None, reason: self.reason };
        let notes = hand.notes(&self.which, &self.which.desk()?, &key, &want, Consent::Given, out)?;
        match (notes.as_slice(), &self.into) {
            ([], _) => return Ok(Answer::No),
            ([note], Some(path)) => letter::durable(path, note.as_bytes())?,
            (_, Some(_)) => return Err(Failure::Usage("the message is held for several recipients; give `--to`".to_owned())),
            (notes, None) => notes.iter().try_for_each(|note| out.text(note))?,
        }
        Ok(Answer::Done)
    }
}
