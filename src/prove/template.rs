//! What can be written: messages of the rule set's own cases as they stand, and Cursor-on-Target of many kinds with any label inside.
//!
//! A solver invents values, and a counter-example must be a message. So the second question to it is for values that one of these templates has.

use std::collections::BTreeSet;

use super::facts::{Facts, all, any, name_of, not};
use super::witness::Witness;
use crate::base::{Budget, Header, MessageId, Time};
use crate::format::{self, Received};
use crate::label::{self, Binding, Label, Reading};
use crate::policy::{Case, Edition};
use crate::release::compile::quoted;
use crate::release::exercise;

/// Something that can be written.
#[derive(Debug)]
pub(in crate::prove) enum Template<'e> {
    /// Cursor-on-Target of one of these kinds, with any label.
    Event(BTreeSet<String>),
    /// A message of a case, as it stands.
    Case(Box<Standing<'e>>),
}

/// A message of a case with what was read of it.
#[derive(Debug)]
pub(in crate::prove) struct Standing<'e> {
    pub(in crate::prove) case: &'e Case,
    header: Header,
    label: Label,
    format: &'static str,
    facts: (String, String),
}

/// The format in which any label can be written.
const EVENT: &str = "cot";

/// Reads the message of a case: its header and label, the name of its format, kind and subject; nothing for what the gateway refuses to read.
pub(in crate::prove) fn read(edition: &Edition, case: &Case) -> Option<(Header, Label, &'static str, (String, String))> {
    let header = Header {
        id: MessageId::from_parts(0, [0; 10]),
        precedence: case.precedence,
        destinations: case.expect.iter().map(|expectation| expectation.to.clone()).collect(),
        media_type: case.media_type.clone(),
        traffic: case.traffic,
        sent: case.now,
        label: case.label.clone(),
    };
    let sender = edition.peers.get(&case.from)?;
    let mut budget = Budget::for_body(case.body.len());
    let parsed = format::parse(Received::new(&header, &case.body).ok()?, &mut budget).ok()?;
    let facts = (parsed.facts().kind.to_string(), parsed.facts().subject.to_string());
    let format = parsed.format().name;
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    let label = label::verify(parsed, &edition.lattice, &reading, case.now, &mut budget).ok()?.label().clone();
    Some((header, label, format, facts))
}

/// All templates of an edition.
pub(in crate::prove) fn templates(edition: &Edition) -> Vec<Template<'_>> {
    let standing = |case| read(edition, case).map(|(header, label, format, facts)| Standing { case, header, label, format, facts });
    let standing: Vec<Standing<'_>> = edition.cases.iter().filter_map(standing).collect();
    let seen = standing.iter().filter(|one| one.format == EVENT).map(|one| one.facts.0.clone());
    let clauses = edition.agreements.iter().flat_map(|agreement| &agreement.clauses).filter(|clause| clause.formats.contains(EVENT));
    let kinds = clauses.flat_map(|clause| &clause.kinds).flat_map(|kind| instances(kind)).chain(seen);
    let event = Template::Event(kinds.chain(["a-f-G-U-C".to_owned()]).collect());
    std::iter::once(event).chain(standing.into_iter().filter(|one| one.format != EVENT).map(|one| Template::Case(Box::new(one)))).collect()
}

/// Kinds that are like a pattern.
fn instances(pattern: &str) -> [String; 2] {
    [pattern.trim_end_matches('*').trim_end_matches('-').replace('*', "f"), pattern.replace('*', "f")]
}

impl Template<'_> {
    /// That a message is one of these.
    pub(in crate::prove) fn condition(&self, facts: &Facts<'_>) -> String {
        let is = |name: &str, kind: &str, id: &str| format!("context.{name} == {kind}::{}", quoted(id));
        let kind = |kind: &String| format!("context.kind == {}", quoted(kind));
        match self {
            Self::Event(kinds) => {
                let subject = format!("context.subject == {}", quoted(super::message::SUBJECT));
                all(vec![is("format", "Format", EVENT), any(kinds.iter().map(kind).collect()), subject, facts.valid()])
            }
            Self::Case(standing) => all(vec![
                format!("resource == Peer::{}", quoted(standing.case.from.as_str())),
                is("format", "Format", standing.format),
                kind(&standing.facts.0),
                format!("context.subject == {}", quoted(&standing.facts.1)),
                is("traffic", "Traffic", exercise::word(standing.header.traffic)),
                is("precedence", "Precedence", standing.header.precedence.word()),
                format!("context.now_ms == {}", standing.case.now.unix_ms()),
                exactly(facts, &standing.label),
            ]),
        }
    }

    /// The message of values that were found; nothing where they are not this template's.
    pub(in crate::prove) fn written(&self, edition: &Edition, witness: &Witness) -> Option<(Header, Vec<u8>)> {
        let addressed = |header: Header| Header { destinations: vec![witness.to.clone()], ..header };
        match self {
            Self::Event(kinds) => {
                let fits = witness.format.name == EVENT && kinds.contains(&witness.kind);
                fits.then(|| super::message::event(edition, witness)).flatten().map(|(header, body)| (addressed(header), body))
            }
            Self::Case(standing) => {
                let Standing { case, header, label, format, facts } = &**standing;
                let same = witness.from == case.from
                    && witness.format.name == *format
                    && witness.kind == facts.0
                    && witness.label.policy == label.policy
                    && witness.label.level == label.level;
                let fits = same && same_ms(witness.now, case.now) && witness.traffic == header.traffic;
                fits.then(|| (addressed(header.clone()), case.body.clone()))
            }
        }
    }
}

fn same_ms(one: Time, other: Time) -> bool {
    one.unix_ms() == other.unix_ms()
}

/// That the label of the message is this one.
fn exactly(facts: &Facts<'_>, label: &Label) -> String {
    let Some(policy) = facts.edition.lattice.policies().get(label.policy.index()) else { return "false".to_owned() };
    let Some(level) = policy.levels.get(label.level.index()) else { return "false".to_owned() };
    let mut conditions = vec![facts.marked_in(policy), facts.classified(level)];
    for (at, tag) in policy.tags.iter().enumerate() {
        let held = label.values(label::TagIx::at(at)).unwrap_or_default();
        // By class: one of its names stands, or none does.
        let words = |of: &dyn Fn(usize) -> bool| -> BTreeSet<String> {
            tag.values.iter().enumerate().filter(|(place, _)| of(*place)).map(|(_, value)| facts.holds(&name_of(tag, &value.name))).collect()
        };
        let standing = words(&|place| held.contains(&label::ValueIx::at(place)));
        conditions.extend(words(&|_| true).difference(&standing).map(|word| not(word)));
        conditions.extend(standing);
    }
    all(conditions)
}
