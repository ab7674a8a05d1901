//! The board of the demo: for each message and recipient what was expected, what the journal says, and whether the bytes have arrived.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::{Failure, Output, output};
use super::lab::Posted;
use crate::base::{Name, Outcome, Reason};
use crate::config::Gateway;
use crate::generate::{Edited, Expected, Recipe};
use crate::journal::embedded::Reader;
use crate::journal::{Decision, Event};

/// One message and one recipient.
struct Line {
    posted: usize,
    expected: Expected,
    seen: Option<Seen>,
    delivered: bool,
    shown: bool,
}

/// What the journal says.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    outcome: Outcome,
    code: Option<Reason>,
    clause: Option<Name>,
    edits: usize,
}

impl Line {
    fn is_as_expected(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| {
            let edits = match self.expected.edited {
                Edited::Yes => seen.edits > 0,
                Edited::No => seen.edits == 0 || seen.outcome != Outcome::Forward,
                Edited::Either => true,
            };
            seen.outcome == self.expected.outcome && seen.code == self.expected.code && edits && self.is_done()
        })
    }

    /// Whether nothing more will happen.
    fn is_done(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.outcome != Outcome::Forward || self.delivered)
    }
}

#[derive(Serialize)]
struct Object<'o> {
    recipe: &'o str,
    id: String,
    from: &'o str,
    to: &'o str,
    expected: Outcome,
    expected_code: Option<Reason>,
    outcome: Outcome,
    code: Option<Reason>,
    agreement: Option<&'o Name>,
    edits: usize,
    delivered: bool,
    as_expected: bool,
}

/// The board.
pub(super) struct Board {
    posted: Vec<Posted>,
    lines: Vec<Line>,
    json: bool,
    bar: indicatif::ProgressBar,
    strangers: BTreeSet<String>,
}

impl Board {
    pub(super) fn new(gateway: &Gateway, json: bool) -> Self {
        let peers = gateway.domains.iter().map(|domain| domain.peers.len()).sum::<usize>();
        output::tell(&format!("home {}, {} domains, {peers} peers", gateway.home, gateway.domains.len()));
        let bar = indicatif::ProgressBar::new(0);
        if let Ok(style) = indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} decisions, {elapsed}") {
            bar.set_style(style);
        }
        Self { posted: Vec::new(), lines: Vec::new(), json, bar, strangers: BTreeSet::new() }
    }

    pub(super) fn expect(&mut self, posted: Vec<Posted>) {
        for message in posted {
            let at = self.posted.len();
            self.lines.extend(message.recipe.expected.iter().map(|expected| Line {
                posted: at,
                expected: *expected,
                seen: None,
                delivered: false,
                shown: false,
            }));
            self.posted.push(message);
        }
        self.bar.set_length(u64::try_from(self.lines.len()).unwrap_or(u64::MAX));
    }

    /// Whether everything is decided, and what was released has arrived.
    pub(super) fn complete(&self) -> bool {
        self.lines.iter().all(Line::is_done)
    }

    /// Whether everything was as expected.
    pub(super) fn holds(&self) -> bool {
        self.strangers.is_empty() && self.lines.iter().all(Line::is_as_expected)
    }

    /// Reads the journal; whether there was any news.
    pub(super) fn look(&mut self, gateway: &Gateway, out: &mut Output) -> Result<bool, Failure> {
        let reader = Reader::open(&gateway.journal, None)?;
        let mut news = false;
        for (at, posted) in self.posted.iter().enumerate() {
            if self.lines.iter().filter(|line| line.posted == at).all(Line::is_done) {
                continue;
            }
            for entry in reader.message(posted.id)? {
                match entry.event {
                    Event::Decided(decided) => {
                        for decision in &decided.decisions {
                            news |= note(&mut self.lines, at, decision, &mut self.strangers, posted.recipe);
                        }
                    }
                    Event::Delivered(delivered) => {
                        let line = self.lines.iter_mut().find(|line| line.posted == at && line.expected.to == delivered.recipient.as_str());
                        news |= line.is_some_and(|line| !std::mem::replace(&mut line.delivered, true));
                    }
                    _ => {}
                }
            }
        }
        self.show(out)?;
        Ok(news)
    }

    fn show(&mut self, out: &mut Output) -> Result<(), Failure> {
        for line in self.lines.iter_mut().filter(|line| !line.shown && line.is_done()) {
            let (Some(posted), Some(seen)) = (self.posted.get(line.posted), line.seen.as_ref()) else { continue };
            line.shown = true;
            self.bar.inc(1);
            if self.json {
                out.json(&object(line, posted, seen))?;
                continue;
            }
            let mark = if line.is_as_expected() { "ok " } else { "NO " };
            let clause = seen.clause.as_ref().map_or("", |clause| clause.as_str());
            let code = seen.code.map_or(clause, |code| code.code());
            let text =
                format!("{mark} {:<24} {:>8} -> {:<11} {:<10} {code}", posted.recipe.name, posted.recipe.from, line.expected.to, seen.outcome.word());
            match self.bar.is_hidden() {
                true => out.line(text)?,
                false => self.bar.println(text),
            }
        }
        Ok(())
    }

    /// Totals, and every line that was not as expected.
    pub(super) fn summary(&self, out: &mut Output) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        if self.json {
            return Ok(());
        }
        let mut wrong = output::table(&["message", "to", "expected", "found"]);
        for line in self.lines.iter().filter(|line| !line.is_as_expected()) {
            let recipe = self.posted.get(line.posted).map_or("", |posted| posted.recipe.name);
            let found = line.seen.as_ref().map_or_else(|| "nothing".to_owned(), |seen| told(seen.outcome, seen.code, line.delivered));
            wrong.add_row([recipe, line.expected.to, &told(line.expected.outcome, line.expected.code, true), &found]);
        }
        if !wrong.is_empty() {
            out.line(&wrong)?;
        }
        for stranger in &self.strangers {
            out.line(format_args!("decided for a recipient that was not expected: {stranger}"))?;
        }
        self.totals(out)
    }

    fn totals(&self, out: &mut Output) -> Result<(), Failure> {
        let (mut outcomes, mut codes) = (BTreeMap::<Outcome, u32>::new(), BTreeSet::new());
        for seen in self.lines.iter().filter_map(|line| line.seen.as_ref()) {
            let count = outcomes.entry(seen.outcome).or_default();
            *count = count.saturating_add(1);
            codes.extend(seen.code);
        }
        let mut table = output::table(&["outcome", "decisions"]);
        for (outcome, count) in &outcomes {
            table.add_row([output::outcome(*outcome), comfy_table::Cell::new(count)]);
        }
        out.line(&table)?;
        let (delivered, right) =
            (self.lines.iter().filter(|line| line.delivered).count(), self.lines.iter().filter(|line| line.is_as_expected()).count());
        out.line(format_args!(
            "{} messages, {} decisions for {} distinct reasons, {delivered} delivered; {right} of {} as expected",
            self.posted.len(),
            self.lines.iter().filter(|line| line.seen.is_some()).count(),
            codes.len(),
            self.lines.len()
        ))
    }
}

fn note(lines: &mut [Line], at: usize, decision: &Decision, strangers: &mut BTreeSet<String>, recipe: &Recipe) -> bool {
    let edits = serde_json::from_str::<Vec<serde_json::Value>>(&decision.edits).map_or(0, |edits| edits.len());
    let seen = Seen { outcome: decision.outcome, code: decision.code, clause: decision.clause.clone(), edits };
    match lines.iter_mut().find(|line| line.posted == at && line.expected.to == decision.recipient.as_str()) {
        Some(line) if line.seen.as_ref() == Some(&seen) => false,
        Some(line) => {
            line.seen = Some(seen);
            true
        }
        None => strangers.insert(format!("{} for {}", recipe.name, decision.recipient)),
    }
}

fn told(outcome: Outcome, code: Option<Reason>, delivered: bool) -> String {
    match code {
        Some(code) => format!("{outcome} {code}"),
        None if outcome == Outcome::Forward && !delivered => "forward, not delivered".to_owned(),
        None => outcome.to_string(),
    }
}

fn object<'o>(line: &Line, posted: &'o Posted, seen: &'o Seen) -> Object<'o> {
    Object {
        recipe: posted.recipe.name,
        id: posted.id.to_string(),
        from: posted.recipe.from,
        to: line.expected.to,
        expected: line.expected.outcome,
        expected_code: line.expected.code,
        outcome: seen.outcome,
        code: seen.code,
        agreement: seen.clause.as_ref(),
        edits: seen.edits,
        delivered: line.delivered,
        as_expected: line.is_as_expected(),
    }
}
