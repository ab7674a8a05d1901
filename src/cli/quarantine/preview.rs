//! `vestibule quarantine preview`: a held message as a reviewer must see it, and what would leave under a choice.

use super::desk::{Which, Wishes};
use super::plain;
use crate::cli::{Answer, Failure, Output, Verb, output};
use crate::control::desk::{Choice, Held, Item};

/// Shows a held message to a reviewer.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Preview {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    wishes: Wishes,
    /// Who looks, as it is recorded
    #[arg(long, value_name = "NAME")]
    by: String,
}

impl Verb for Preview {
    const PATH: &'static [&'static str] = &["quarantine", "preview"];
    const ABOUT: &'static str = "Show a held message field by field, and what would leave under a choice";
    const EXAMPLES: &'static str = "  vestibule quarantine preview --config gateway.toml --by ann 01931f2b-...\n  \
        vestibule quarantine preview --config gateway.toml --by ann --to usa-ops --waive 'content.words=known' --remove /event/detail/contact 01931f2b-...\n\n\
        Nothing follows from it but the record that somebody looked. Exit status 1 where nothing is held, or nothing would leave.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let desk = self.which.desk()?;
        let mut answer = Answer::Done;
        let held = self.which.held(&desk)?;
        if held.is_empty() {
            output::complain(&format!("nothing is held under `{}`; `vestibule quarantine list` shows what is", self.which.id));
            return Ok(Answer::No);
        }
        for of in held {
            let plain = desk.item(&of, Choice { waived: Vec::new(), removed: self.wishes.remove.clone() }, &self.by)?;
            let shown = match plain {
                Ok(item) => {
                    let waived = self.wishes.waived(&item.findings)?.into_keys().collect();
                    desk.item(&of, Choice { waived, removed: self.wishes.remove.clone() }, &self.by)?
                }
                refused => refused,
            };
            match shown {
                Ok(item) if self.which.json => out.json(&item)?,
                Ok(item) => {
                    show(&of, &item, out)?;
                    if item.output.is_none() {
                        answer = Answer::No;
                    }
                }
                Err(why) => {
                    output::complain(&why);
                    answer = Answer::No;
                }
            }
        }
        Ok(answer)
    }
}

/// A held message, for people.
fn show(of: &Held, item: &Item, out: &mut Output) -> Result<(), Failure> {
    let message = &item.message;
    out.line(format_args!("message    {} from {} to {}, {}, received {}", of.id, of.from, of.recipient, message.precedence, message.received))?;
    out.line(format_args!("held for   {}: {}", message.code, message.sentence))?;
    out.line(format_args!("remedy     {}", item.remedy))?;
    out.line(format_args!("reviews    {}; refused at {} if nobody decides", message.reviews, item.expires))?;
    if !message.passed_to.is_empty() {
        out.line(format_args!("passed to  {}", message.passed_to))?;
    }
    for act in &item.acts {
        out.line(format_args!("act        {} {} {}{}", act.time, plain(&act.officer), act.what, reason(&act.reason)))?;
    }
    item.chain
        .iter()
        .enumerate()
        .try_for_each(|(at, line)| out.line(format_args!("{} {line}", if at == 0 { "label     " } else { "because   " })))?;
    out.line(format_args!("\n{}, {} bytes, digest {}", item.format, item.length, item.digest))?;
    for node in &item.tree {
        let indent = "  ".repeat(usize::from(node.depth));
        let text = if node.text.trim().is_empty() { String::new() } else { format!(" = {}", plain(&node.text)) };
        let marks: Vec<&str> =
            std::iter::once(node.edit.as_str()).filter(|edit| !edit.is_empty()).chain(node.findings.iter().map(|_| "FOUND")).collect();
        let marks = if marks.is_empty() { String::new() } else { format!("   <- {}", marks.join(", ")) };
        out.line(format_args!("  {indent}{}{text}{marks}", plain(&node.name)))?;
    }
    for finding in &item.findings {
        let span = finding.span.map(|(start, end)| format!(" bytes {start} to {end}")).unwrap_or_default();
        let may = if finding.waivable { "may be let pass" } else { "may not be let pass" };
        out.line(format_args!("\nfinding    {}", plain(&finding.name)))?;
        out.line(format_args!("           {}{span}: {} ({may})", finding.severity, plain(&finding.text)))?;
    }
    out.line(format_args!("\nwould      {}", item.would))?;
    leaving(item, out)
}

fn reason(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {}", plain(reason)) }
}

/// What would leave: edits, and the lines that differ.
pub(super) fn leaving(item: &Item, out: &mut Output) -> Result<(), Failure> {
    let Some(output) = &item.output else { return Ok(()) };
    out.line(format_args!("leaves     {} bytes, digest {}", output.length, output.digest))?;
    for (path, action, rule) in &output.edits {
        out.line(format_args!("edit       {action} {} [{}]", plain(path), plain(rule)))?;
    }
    let changed: Vec<&String> = output.difference.iter().filter(|line| !line.starts_with(' ')).collect();
    if changed.is_empty() {
        return out.line("           nothing else than what came");
    }
    changed.iter().try_for_each(|line| out.line(format_args!("  {}", plain(line))))
}
