//! Why: one message for each recipient, step by step, rule by rule, and what would have to be otherwise.
//!
//! Takes a message and a guard, gives [`Explanation`]s. The outcome is that of [`Inspector::pass`], which the gateway uses; what each rule said is
//! what the release engine says when it is asked condition by condition; and what would change the outcome is found by asking the same path again
//! with one thing changed, and kept only where the outcome is milder. Nothing here knows a rule by itself.
//! Deliberately absent: any advice to change anything. What would let a message pass may well be what must not be.

pub mod page;
mod steps;
mod suppose;
pub mod text;

pub use steps::{State, Step};
pub use suppose::Supposed;

use serde::Serialize;

use crate::base::{Header, Name, Outcome, Reason};
use crate::filter::Waivers;
use crate::label::LabelView;
use crate::label::marking::{self, Marking};
use crate::pipeline::{Guard, Inspector, Passage, Ruling, World};
use crate::release::near::Nearness;

/// A message that is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// What it is called.
    pub what: &'q str,
    /// Who sent it.
    pub from: &'q Name,
    /// Its header.
    pub header: &'q Header,
    /// Its body.
    pub body: &'q [u8],
}

/// Why one recipient gets a message, or does not.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// What the message is called.
    pub message: String,
    /// Who sent it.
    pub from: Name,
    /// Who would receive it.
    pub to: Name,
    /// The format, where one was recognised.
    pub format: Option<&'static str>,
    /// The label, where one was read.
    pub label: Option<LabelView>,
    /// The lines that say what it says, in each language of its scheme.
    pub markings: Vec<Marking>,
    /// Name and edition of the rule set.
    pub edition: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason that decides.
    pub code: Option<Reason>,
    /// That reason in one sentence.
    pub sentence: Option<&'static str>,
    /// What a sender can do about it.
    pub remedy: Option<&'static str>,
    /// The clause.
    pub clause: Option<Name>,
    /// All steps in the order of evaluation.
    pub steps: Vec<Step>,
    /// What each rule of release said; nothing where the message was not read so far.
    pub rules: Option<Nearness>,
    /// What would have given a milder outcome.
    pub otherwise: Vec<Supposed>,
}

/// Explains a message, for all to whom it is addressed.
#[must_use]
pub fn explain(guard: &Guard, question: &Question<'_>, world: &World<'_>) -> Vec<Explanation> {
    let Question { what, from, header, body } = *question;
    let mut inspector = Inspector::new(guard);
    let passage = inspector.pass(from, header, body, world);
    let near = inspector.near(from, header, body, world.now);
    let of = |ruling: &Ruling| near.iter().find(|(name, _)| *name == ruling.recipient).map(|(_, near)| near);
    let one = |ruling: &Ruling| explained(guard, what, question, (&passage, ruling), of(ruling), world);
    passage.rulings.iter().map(one).collect()
}

fn explained(
    guard: &Guard,
    what: &str,
    question: &Question<'_>,
    (passage, ruling): (&Passage, &Ruling),
    near: Option<&Nearness>,
    world: &World<'_>,
) -> Explanation {
    let otherwise = suppose::milder(guard, question, ruling, near, world);
    Explanation {
        message: what.to_owned(),
        from: question.from.clone(),
        to: ruling.recipient.clone(),
        format: passage.format,
        label: passage.label.clone(),
        markings: passage.label.as_ref().map(|label| marking::lines(&guard.edition().lattice, label)).unwrap_or_default(),
        edition: guard.edition().title(),
        outcome: ruling.outcome,
        code: ruling.code,
        sentence: ruling.code.map(Reason::sentence),
        remedy: ruling.code.map(Reason::remedy),
        clause: ruling.clause.clone(),
        steps: steps::of(question, (passage, ruling), near, world.waivers),
        rules: near.cloned(),
        otherwise,
    }
}

/// Whether a finding still stands after what reviewers let pass.
fn stands(finding: &crate::base::Finding, waivers: &Waivers) -> bool {
    waivers.leave_standing(finding)
}
