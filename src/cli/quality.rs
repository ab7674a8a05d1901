//! `vestibule quarantine groups` and `quality`: what is held, by cause; and how well and how fast people review. Both are asked of the running gateway.

use super::quarantine::Where;
use super::{Answer, Failure, Output, Verb, output, unreadable};
use crate::base::Fault;
use crate::base::plain::plain;
use crate::config::Gateway;
use crate::control::desk::{Query, View};
use crate::control::{self, Request, Response};

impl Where {
    fn look(&self, query: Query) -> Result<View, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        match control::ask(&gateway.journal.join(control::SOCKET), &Request::Look(query))? {
            Response::View(View::Refused { text }) | Response::Refused { text } => Err(Fault::new(text).into()),
            Response::View(view) => Ok(view),
            _ => Err(strange()),
        }
    }
}

fn strange() -> Failure {
    Fault::new("the gateway answered another question").into()
}

/// Groups what is held.
#[derive(Debug, clap::Args)]
pub(super) struct Groups {
    #[command(flatten)]
    at: Where,
}

impl Verb for Groups {
    const PATH: &'static [&'static str] = &["quarantine", "groups"];
    const ABOUT: &'static str = "Show what is held by code and rule, the largest group first";
    const EXAMPLES: &'static str = "  vestibule quarantine groups --config gateway.toml\n  \
        vestibule quarantine groups --config gateway.toml --json | jq -r '[.count, .code, .rule] | @tsv'";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let View::Groups { groups } = self.at.look(Query::Groups {})? else { return Err(strange()) };
        if self.at.json {
            groups.iter().try_for_each(|group| out.json(group))?;
            return Ok(Answer::Done);
        }
        let mut table = output::table(&["held", "code", "rule", "most urgent", "oldest", "what it means"]);
        for group in &groups {
            table.add_row([&group.count.to_string(), &group.code, &plain(&group.rule), &group.precedence, &group.oldest, &group.sentence]);
        }
        out.line(table)?;
        Ok(Answer::Done)
    }
}

/// Shows figures of review.
#[derive(Debug, clap::Args)]
pub(super) struct Quality {
    #[command(flatten)]
    at: Where,
}

impl Verb for Quality {
    const PATH: &'static [&'static str] = &["quarantine", "quality"];
    const ABOUT: &'static str = "Show how fast people review, how often two agree, and which rules cost the most time";
    const EXAMPLES: &'static str = "  vestibule quarantine quality --config gateway.toml\n  vestibule quarantine quality --config gateway.toml --json\n\n\
        Seconds are those from an officer's first look at an item to the same officer's decision. The last 20,000 acts count.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let View::Quality(quality) = self.at.look(Query::Quality {})? else { return Err(strange()) };
        if self.at.json {
            quality.officers.iter().try_for_each(|one| out.json(one))?;
            quality.rules.iter().try_for_each(|one| out.json(one))?;
            quality.seeds.iter().try_for_each(|one| out.json(one))?;
            if !quality.seeds.is_empty() || quality.seeds_expired > 0 {
                out.json(&serde_json::json!({ "seeded": quality.seeded, "seeds_expired": quality.seeds_expired }))?;
            }
            return Ok(Answer::Done);
        }
        let mut officers = output::table(&["officer", "decisions", "median", "95 in 100", "known items", "right", "median"]);
        for one in &quality.officers {
            let times = [one.seconds_median, one.seconds_p95].map(|seconds| format!("{seconds} s"));
            let seeded = [one.seeded.0.to_string(), one.seeded.1.to_string(), format!("{} s", one.seeded_seconds)];
            officers.add_row([plain(&one.officer), one.items.to_string()].into_iter().chain(times).chain(seeded));
        }
        out.line(officers)?;
        let mut rules = output::table(&["held by", "items", "released", "two persons", "agreed", "time spent", "known items", "right"]);
        for one in &quality.rules {
            let (pairs, agreed) = one.pairs;
            let cells = [one.items, one.released, pairs, agreed].map(|number| number.to_string());
            let seeded = [one.seeded.0, one.seeded.1].map(|number| number.to_string());
            rules.add_row(std::iter::once(plain(&one.rule)).chain(cells).chain([format!("{} s", one.seconds)]).chain(seeded));
        }
        out.line(rules)?;
        let (answers, right) = quality.seeded;
        out.line(format_args!("known items: {answers} answers, {right} right; {} that nobody decided on in time", quality.seeds_expired))?;
        if !quality.seeds.is_empty() {
            let mut seeds = output::table(&["known item", "held by", "expected", "answers", "right", "median"]);
            for one in &quality.seeds {
                let (answers, right) = one.answers;
                let figures = [answers.to_string(), right.to_string(), format!("{} s", one.seconds_median)];
                seeds.add_row([plain(&one.file), plain(&one.rule), one.expected.clone()].into_iter().chain(figures));
            }
            out.line(seeds)?;
        }
        Ok(Answer::Done)
    }
}
