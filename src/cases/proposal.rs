//! A case that would notice a survivor: looked for among the messages that the cases send, from other senders, to everyone, with other
//! classifications of the schemes that stand in them.
//!
//! Takes a guard and the same guard with one rule less; gives a case, as text for a file of cases, that the two decide differently. It expects what
//! the rule set does now: whoever takes it over says that this is right. Where nothing is found, a message of another kind is needed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::trial::Trial;
use crate::base::{Header, Name, Outcome, Reason};
use crate::filter::Waivers;
use crate::pipeline::{Guard, Inspector, Ruling, World};
use crate::policy::{Case, SourceFile};
use crate::sanitise::Keys;

/// What a case could expect of a recipient.
#[derive(Debug, PartialEq, Eq)]
struct Decided {
    outcome: Outcome,
    code: Option<Reason>,
    clause: Option<Name>,
    edits: Vec<String>,
}

impl From<&Ruling> for Decided {
    fn from(ruling: &Ruling) -> Self {
        let edits = ruling.edits.iter().map(|edit| edit.path.clone()).collect();
        Self { outcome: ruling.outcome, code: ruling.code, clause: ruling.clause.clone(), edits }
    }
}

/// The two guards, and who sends.
#[derive(Debug)]
pub(super) struct Search<'s> {
    pub(super) guard: &'s Guard,
    pub(super) other: &'s Guard,
    pub(super) keys: &'s Keys<'s>,
}

/// One classification in the place of another.
type Swap<'s> = Option<(&'s str, &'s str)>;

impl Search<'_> {
    /// The case, and whether it is found.
    pub(super) fn case<'t>(&self, trials: impl Iterator<Item = &'t Trial<'t>>) -> Option<String> {
        let (mut one, mut two) = (Inspector::new(self.guard), Inspector::new(self.other));
        let senders: Vec<&Name> = self.guard.edition().peers.keys().collect();
        let trials: Vec<&Trial<'_>> = trials.collect();
        // As they stand first: a case that differs least from one that there is reads best.
        for changed in [false, true] {
            for trial in &trials {
                let swaps = if changed { self.swaps(trial.case) } else { vec![None] };
                for (swap, from) in swaps.into_iter().flat_map(|swap| senders.iter().map(move |from| (swap, *from))) {
                    if let Some(found) = self.differs(trial, from, swap, &mut one, &mut two) {
                        return Some(found);
                    }
                }
            }
        }
        None
    }

    /// Classifications that stand once in a message, each with every other of its scheme.
    fn swaps(&self, case: &Case) -> Vec<Swap<'_>> {
        let Ok(text) = std::str::from_utf8(&case.body) else { return Vec::new() };
        let mut found = BTreeSet::new();
        for scheme in self.guard.edition().lattice.policies() {
            let names = || scheme.levels.iter().map(|level| level.name.as_str());
            for old in names().filter(|old| text.matches(*old).count() == 1) {
                found.extend(names().filter(|new| *new != old).map(|new| (old, new)));
            }
        }
        found.into_iter().map(Some).collect()
    }

    fn differs(&self, trial: &Trial<'_>, from: &Name, swap: Swap<'_>, one: &mut Inspector<'_>, two: &mut Inspector<'_>) -> Option<String> {
        let case = trial.case;
        let body = match (swap, std::str::from_utf8(&case.body)) {
            (Some((old, new)), Ok(text)) => text.replacen(old, new, 1).into_bytes(),
            _ => case.body.clone(),
        };
        let destinations = self.guard.edition().peers.keys().filter(|name| *name != from).cloned().collect();
        let header = Header { destinations, ..trial.header() };
        let world = World { now: case.now, keys: self.keys, waivers: &Waivers::default(), signer: trial.signer.as_ref() };
        let (was, is) = (one.pass(from, &header, &body, &world), two.pass(from, &header, &body, &world));
        let differing = was.rulings.iter().zip(&is.rulings).find(|(was, is)| Decided::from(*was) != Decided::from(*is));
        differing.and_then(|(was, _)| text(&self.guard.edition().files, case, from, swap, was))
    }
}

/// The case as text: that of the case whose message it is, with another sender, another expectation, and one more replacement.
fn text(files: &[SourceFile], case: &Case, from: &Name, swap: Swap<'_>, was: &Ruling) -> Option<String> {
    let (path, line) = case.rule.rsplit_once(':')?;
    let source = files.iter().find(|file| &*file.path == path)?;
    let skipped = line.parse::<usize>().ok()?;
    let block: Vec<&str> = source.text.lines().skip(skipped).take_while(|line| !line.starts_with("[[") && !line.starts_with("expect")).collect();
    let mut out = format!("[[case]]\nname = \"{} ({from} to {})\"\nfrom = \"{from}\"\n", case.name, was.recipient);
    let mut swapped = swap.is_none();
    for line in block.into_iter().filter(|line| !line.starts_with("name =") && !line.starts_with("from =")) {
        match (line.strip_suffix(" }").filter(|line| line.starts_with("replace =")), swap) {
            (Some(open), Some((old, new))) => {
                writeln!(out, "{open}, \"{old}\" = \"{new}\" }}").ok()?;
                swapped = true;
            }
            _ => writeln!(out, "{line}").ok()?,
        }
    }
    if let (Some((old, new)), false) = (swap, swapped) {
        writeln!(out, "replace = {{ \"{old}\" = \"{new}\" }}").ok()?;
    }
    let Decided { outcome, code, clause, edits } = was.into();
    write!(out, "expect = [{{ to = \"{}\", outcome = \"{}\"", was.recipient, outcome.word()).ok()?;
    code.iter().try_for_each(|code| write!(out, ", code = \"{code}\"")).ok()?;
    clause.iter().try_for_each(|clause| write!(out, ", clause = \"{clause}\"")).ok()?;
    if outcome == Outcome::Forward && !edits.is_empty() {
        write!(out, ", edits = [\"{}\"]", edits.join("\", \"")).ok()?;
    }
    writeln!(out, " }}]").ok()?;
    Some(out)
}
