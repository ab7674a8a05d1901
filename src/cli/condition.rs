//! `vestibule condition`: what an operator sets while a gateway runs, such as an alert state, under a signature.

use std::path::PathBuf;

use super::signer::Certified;
use super::{Answer, Failure, Output, Verb, output, rules, unreadable};
use crate::config::Gateway;
use crate::control::{Act, ConditionStatement, Standing, statement};
use crate::journal::embedded::Reader;
use crate::process::world;

/// Sets a condition.
#[derive(Debug, clap::Args)]
pub(super) struct Set {
    /// The gateway's configuration; the gateway must be running
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The operator's key, as `vestibule pki officer` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    certified: Certified,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Which condition
    name: String,
    /// What it is from now on
    value: String,
}

impl Verb for Set {
    const PATH: &'static [&'static str] = &["condition", "set"];
    const ABOUT: &'static str = "Set a condition of the rules in force, such as the alert state";
    const EXAMPLES: &'static str = "  vestibule condition set alert heightened --key m.johnson.key --reason 'order 7' --config gateway.toml\n\nExit status 1 where the gateway refuses.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let signer = self.certified.signer(&self.key)?;
        statement::check_reason(&self.reason).map_err(Failure::Usage)?;
        if [&self.name, &self.value].iter().any(|word| word.chars().any(char::is_control)) {
            return Err(Failure::Usage("expected a condition and a value as the rule set declares them".to_owned()));
        }
        let statement =
            ConditionStatement { name: self.name, value: self.value, officer: signer.officer().clone(), signed: world::now(), reason: self.reason };
        rules::ask(&self.config, Act::Condition { note: signer.sign(&statement.text())? }, out)
    }
}

/// Lists conditions that were set.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON object for each condition
    #[arg(long)]
    json: bool,
}

impl Verb for List {
    const PATH: &'static [&'static str] = &["condition", "list"];
    const ABOUT: &'static str = "Show the conditions that were set, and when";
    const EXAMPLES: &'static str =
        "  vestibule condition list --config gateway.toml\n\nA condition that is not shown has the first of the values that the rule set lists.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let acts = Reader::open(&gateway.journal, None)?.acts()?;
        let standing = Standing::of(acts.iter().map(|entry| &entry.event));
        let mut table = output::table(&["condition", "value", "signed"]);
        for (name, (value, signed)) in &standing.conditions {
            if self.json {
                out.json(&serde_json::json!({ "condition": name, "value": value, "signed": signed }))?;
            }
            table.add_row([name.clone(), value.clone(), signed.to_string()]);
        }
        if !self.json {
            out.line(table)?;
        }
        Ok(Answer::Done)
    }
}
