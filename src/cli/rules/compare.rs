//! `vestibule rules compare`: what may leave under a new edition that could not under the old one, and the reverse, in sentences.

use std::path::PathBuf;

use super::super::{Answer, Failure, Output, Verb};
use super::load;
use crate::base::Name;
use crate::policy::compare::{Difference, Effect, compare};

/// Compares two rule sets.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Compare {
    /// Print one JSON object for each difference
    #[arg(long)]
    json: bool,
    /// The folder of the old edition
    old: PathBuf,
    /// The folder of the new edition
    new: PathBuf,
}

impl Verb for Compare {
    const PATH: &'static [&'static str] = &["rules", "compare"];
    const ABOUT: &'static str = "Say what changes from one edition of a rule set to another";
    const EXAMPLES: &'static str = "  vestibule rules compare rules/five-eyes next/five-eyes\n  \
        vestibule rules compare --json old new | jq -r 'select(.effect==\"wider\").what'\n\n\
        `+` lets more leave, `-` less, `?` depends on the message, `=` changes nothing in what leaves.\nExit status 1 where a rule set is at fault.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let (Some(old), Some(new)) = (load(&self.old, self.json, out)?, load(&self.new, self.json, out)?) else { return Ok(Answer::No) };
        let differences = compare(old.edition(), new.edition());
        if self.json {
            differences.iter().try_for_each(|one| out.json(one))?;
            return Ok(Answer::Done);
        }
        out.line(format_args!("{} and {}", old.edition().title(), new.edition().title()))?;
        if differences.is_empty() {
            out.line("no difference")?;
        }
        let mut heading = None;
        for one in &differences {
            let said = title(one);
            if heading.as_ref() != Some(&said) {
                out.line(format_args!("\n{said}"))?;
                heading = Some(said);
            }
            out.line(format_args!("  {} {}", sign(one.effect), one.what))?;
        }
        if !differences.is_empty() {
            let count = |effect| differences.iter().filter(|one| one.effect == effect).count();
            let [wider, narrower, either, neither] = [Effect::Wider, Effect::Narrower, Effect::Either, Effect::Neither].map(count);
            out.line(format_args!("\n{wider} wider, {narrower} narrower, {either} depend on the message, {neither} change nothing in what leaves"))?;
        }
        Ok(Answer::Done)
    }
}

fn title(difference: &Difference) -> String {
    match difference.partners.iter().map(Name::as_str).collect::<Vec<_>>().as_slice() {
        [] => "for all, or for none".to_owned(),
        names => format!("for {}", names.join(", ")),
    }
}

const fn sign(effect: Effect) -> char {
    match effect {
        Effect::Wider => '+',
        Effect::Narrower => '-',
        Effect::Either => '?',
        Effect::Neither => '=',
    }
}
