//! `vestibule inspect`: what the gateway would do with messages, offline: the whole path, no network, no journal.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde::Serialize;

use super::freedom::{self, Look};
use super::offline::Offline;
use super::syntax::{self, Syntax};
use super::{Answer, Failure, Output, Verb, letter, output, trees};
use crate::base::{Finding, Name, Outcome, Reason};
use crate::filter::Waivers;
use crate::label::LabelView;
use crate::label::marking::{self, Marking};
use crate::pipeline::{EditView, Inspector, Message, Passage, Ruling, World};
use crate::statement::{Grant, Says, Standing, Statement};

/// Shows what would happen to messages.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("rules_from").args(["config", "rules", "syntax", "trees"]).required(true))]
pub(super) struct Inspect {
    #[command(flatten)]
    offline: Offline,
    /// Only read, strictly, as this syntax, and show what the reader refuses
    #[arg(long, value_enum)]
    syntax: Option<Syntax>,
    /// Only read, with both readers, and show both trees and where they part
    #[arg(long)]
    trees: bool,
    /// Print one JSON object for each file and recipient
    #[arg(long)]
    json: bool,
    /// Show findings, edits and the chain of the decision
    #[arg(long)]
    explain: bool,
    /// Show how many bits of what leaves its author could choose in fields that mean nothing to the recipient; with `--explain`, field by field
    #[arg(long, conflicts_with = "syntax")]
    freedom: bool,
    /// A consent, signed, as a text file: what would happen if it were on record and not used up
    #[arg(long, value_name = "FILE", conflicts_with_all = ["syntax", "trees"])]
    consent: Vec<PathBuf>,
    /// Message files
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Line<'l> {
    file: &'l str,
    from: &'l Name,
    to: &'l Name,
    format: Option<&'static str>,
    /// The format in which it leaves, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<&'static str>,
    outcome: Outcome,
    code: Option<Reason>,
    label: Option<&'l LabelView>,
    /// The lines that say what the label says, in each language of its scheme.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    markings: &'l [Marking],
    agreement: Option<&'l Name>,
    findings: &'l [Finding],
    edits: &'l [EditView],
    chain: &'l [String],
    output: Option<String>,
}

#[derive(Serialize)]
struct SyntaxLine<'l> {
    file: &'l str,
    syntax: String,
    outcome: Outcome,
    code: Option<Reason>,
    span: Option<crate::base::Span>,
    line: Option<usize>,
    column: Option<usize>,
    text: Option<String>,
}

impl Verb for Inspect {
    const PATH: &'static [&'static str] = &["inspect"];
    const ABOUT: &'static str = "Show what would happen to messages, offline";
    const EXAMPLES: &'static str = "  vestibule inspect --config deploy/lab/gateway.toml --from gbr-ops --to usa-ops track.xml\n  \
        vestibule inspect --rules rules/five-eyes --from gbr-ops --explain track.xml        every peer that it could go to\n  \
        vestibule inspect --config gateway.toml --from gbr-ops --json *.xml | jq -r '[.file,.to,.outcome,.code]|@tsv'\n  \
        vestibule inspect --rules rules/five-eyes --from gbr-ops --freedom track.xml        the room that is left for a hidden word\n  \
        vestibule inspect --rules rules/five-eyes --from gbr-ops --consent usa.note report.xml        what a consent would change\n  \
        vestibule inspect --syntax xml suspicious.xml\n  \
        vestibule inspect --trees held.xml                where the two readers part\n\nExit status 0 whatever the outcomes.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        match (self.syntax, &self.offline.from) {
            _ if self.trees => self.files.iter().try_for_each(|file| trees::show(file, self.json, out))?,
            (Some(syntax), _) => self.read(syntax, out)?,
            (None, Some(from)) => self.decide(from, out)?,
            (None, None) => return Err(Failure::Usage("give `--from`".to_owned())),
        }
        Ok(Answer::Done)
    }
}

impl Inspect {
    fn read(&self, syntax: Syntax, out: &mut Output) -> Result<(), Failure> {
        let mut table = output::table(&["file", "outcome", "code", "place", "text"]);
        for file in &self.files {
            let bytes = letter::body(file)?;
            let refusal = syntax.read(&bytes).err();
            let place = refusal.as_ref().and_then(|refusal| refusal.place.span).map(|span| syntax::line_and_column(&bytes, span.range().start));
            let line = SyntaxLine {
                file: &file.display().to_string(),
                syntax: format!("{syntax:?}").to_lowercase(),
                outcome: if refusal.is_some() { Outcome::Reject } else { Outcome::Forward },
                code: refusal.as_ref().map(|refusal| refusal.reason),
                span: refusal.as_ref().and_then(|refusal| refusal.place.span),
                line: place.map(|place| place.0),
                column: place.map(|place| place.1),
                text: refusal.map(|refusal| refusal.detail),
            };
            if self.json {
                out.json(&line)?;
            } else {
                let at = place.map(|(row, column)| format!("{row}:{column}")).unwrap_or_default();
                let cells = [line.code.map_or("", Reason::code).to_owned(), at, line.text.clone().unwrap_or_default()].map(comfy_table::Cell::new);
                table.add_row([comfy_table::Cell::new(line.file), output::outcome(line.outcome)].into_iter().chain(cells));
            }
        }
        if self.json { Ok(()) } else { out.line(table) }
    }

    fn decide(&self, from: &Name, out: &mut Output) -> Result<(), Failure> {
        let (guard, secrets) = self.offline.guard()?;
        self.offline.known(from, &guard)?;
        let (keys, waivers) = (secrets.keys(), Waivers::default());
        let grants = self.consent.iter().map(|file| granted(file)).collect::<Result<Vec<_>, _>>()?;
        let mut inspector = Inspector::new(&guard);
        let look = match (self.json, self.explain) {
            (true, _) => Look::Json,
            (false, true) => Look::Fields,
            (false, false) => Look::Table,
        };
        let mut table = match self.freedom {
            true => freedom::table(),
            false => output::table(&["file", "to", "outcome", "code", "label", "agreement", "edits"]),
        };
        for file in &self.files {
            let (header, body) = self.offline.letter(file, from, &guard)?;
            let world = World { now: self.offline.time(), keys: &keys, waivers: &waivers, signer: secrets.signer() };
            let passage = inspector.pass_under(from, Message { header: &header, body: &body }, &world, &grants);
            let shown = file.display().to_string();
            let markings = passage.label.as_ref().map(|label| marking::lines(&guard.edition().lattice, label)).unwrap_or_default();
            for ruling in &passage.rulings {
                if self.freedom {
                    freedom::show(&guard, &shown, ruling, look, (&mut *out, &mut table))?;
                    continue;
                }
                match (self.json, self.explain) {
                    (true, _) => out.json(&Line { markings: &markings, ..line(&shown, from, &passage, ruling) })?,
                    (false, true) => explain(&shown, (&passage, &markings), ruling, &body, out)?,
                    (false, false) => drop(table.add_row(cells(&shown, &passage, ruling))),
                }
            }
        }
        match self.freedom {
            true => freedom::close(table, look, out),
            false if look == Look::Table => out.line(table),
            false => Ok(()),
        }
    }
}

/// A consent as it would stand on record; whether it is good for a message is the path's to say.
fn granted(file: &Path) -> Result<Grant, Failure> {
    let note = String::from_utf8(letter::body(file)?).ok();
    let is_consent = |note: &String| {
        let text = note.rsplit_once("\n\n").map(|(text, _)| format!("{text}\n"));
        text.is_some_and(|text| matches!(Statement::parse(&text).map(|statement| statement.says), Ok(Says::Consent(_))))
    };
    let wrong = || Failure::Usage(format!("`{}` is no signed consent; expected the text of one and its signature line", file.display()));
    note.filter(is_consent).map(|note| Grant { note, standing: Standing::Good }).ok_or_else(wrong)
}

fn line<'l>(file: &'l str, from: &'l Name, passage: &'l Passage, ruling: &'l Ruling) -> Line<'l> {
    Line {
        file,
        from,
        to: &ruling.recipient,
        format: passage.format,
        into: ruling.into,
        outcome: ruling.outcome,
        code: ruling.code,
        label: passage.label.as_ref(),
        markings: &[],
        agreement: ruling.clause.as_ref(),
        findings: &ruling.findings,
        edits: &ruling.edits,
        chain: &ruling.chain,
        output: ruling.output.as_ref().map(|verified| base64::engine::general_purpose::STANDARD.encode(verified.bytes())),
    }
}

fn marking(label: &LabelView) -> String {
    let list = if label.national_only { "national only".to_owned() } else { label.releasable_to.join(" ") };
    format!("{} {} [{list}]", label.policy, label.classification)
}

fn cells(file: &str, passage: &Passage, ruling: &Ruling) -> Vec<comfy_table::Cell> {
    let plain = |text: String| comfy_table::Cell::new(text);
    vec![
        plain(file.to_owned()),
        plain(ruling.recipient.to_string()),
        output::outcome(ruling.outcome),
        plain(ruling.code.map_or("", Reason::code).to_owned()),
        plain(passage.label.as_ref().map(marking).unwrap_or_default()),
        plain(ruling.clause.as_ref().map(Name::to_string).unwrap_or_default()),
        plain(ruling.edits.len().to_string()),
    ]
}

fn explain(file: &str, (passage, markings): (&Passage, &[Marking]), ruling: &Ruling, body: &[u8], out: &mut Output) -> Result<(), Failure> {
    let code = ruling.code.map(|code| format!(" ({code}: {})", code.sentence())).unwrap_or_default();
    out.line(format_args!("{file} to {}: {}{code}", ruling.recipient, ruling.outcome))?;
    if let Some(label) = &passage.label {
        out.line(format_args!("  label      {}", marking(label)))?;
    }
    for marking in markings {
        out.line(format_args!("  banner     {marking}"))?;
    }
    if let Some(clause) = &ruling.clause {
        out.line(format_args!("  agreement  {clause}"))?;
    }
    for step in &ruling.chain {
        out.line(format_args!("  because    {step}"))?;
    }
    for finding in &ruling.findings {
        let place = finding
            .span
            .map(|span| syntax::line_and_column(body, span.range().start))
            .map(|(row, column)| format!(" at {row}:{column}"))
            .unwrap_or_default();
        let rule = if finding.rule.is_empty() { String::new() } else { format!(" [{}]", finding.rule) };
        out.line(format_args!("  finding    {} {}{place}: {}{rule}", finding.code, finding.path, finding.text))?;
    }
    if let (Some(from), Some(into)) = (passage.format, ruling.into) {
        out.line(format_args!("  translated {from} to {into}"))?;
    }
    for edit in &ruling.edits {
        out.line(format_args!("  edit       {} {} [{}]", edit.action, edit.path, edit.rule))?;
    }
    if let Some(code) = ruling.code {
        out.line(format_args!("  remedy     {}", code.remedy()))?;
    }
    out.line("")
}
