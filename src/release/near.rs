//! How near each rule came to speaking: for people who ask why, and what else would have been.
//!
//! The engine is asked again, condition by condition: each condition of a clause is put to Cedar alone, in the very words in which the clause
//! has it, with the same question. So what is said here is what decided, and there is no second copy of the rules.
//! Deliberately absent: any [`super::Permitted`]. Nothing that is asked here releases anything.

use std::borrow::Cow;
use std::collections::BTreeSet;

use cedar_policy::{Context, Decision, Effect, Entities, Policy, PolicyId, PolicySet, Request};
use serde::Serialize;

use super::compile::{self, About};
use super::engine::Engine;
use super::question::Question;
use super::sketch::Wants;
use super::vocabulary::word;
use super::{Circumstances, exercise, mandatory, parts};
use crate::base::{Name, Refusal, Time};
use crate::label::{Label, Labelled, PolicyIx};
use crate::policy::{Agreement, Clause, Edition, PeerEntry};

/// A clause, and which of its conditions do not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Near {
    /// The clause.
    pub clause: Name,
    /// What does not hold, in the order in which it is asked; empty where the clause permits.
    pub unmet: Vec<Unmet>,
}

/// A condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmet {
    /// What it is about.
    pub about: About,
    /// What was expected, and what was found.
    pub text: String,
}

impl Unmet {
    /// How far a clause is from one that covers the message: a clause about other things is farther than one that is too low or not in force.
    const fn weight(&self) -> u32 {
        match self.about {
            About::Recipient | About::Sender | About::Itself => 16,
            About::Format => 8,
            About::Kind => 4,
            About::Traffic | About::Policy | About::Conditions => 2,
            About::Dates | About::Ceiling => 1,
        }
    }
}

/// A policy of the officer's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Own {
    /// Its id.
    pub id: String,
    /// `forbid` or `permit`.
    pub effect: &'static str,
    /// What it said.
    pub spoke: Spoke,
}

/// What a policy said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Spoke {
    /// It applies.
    Applies,
    /// It does not apply.
    Silent,
    /// It failed while it was asked.
    Failed,
}

/// What every rule says of one message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nearness {
    /// The clauses, the nearest first.
    pub clauses: Vec<Near>,
    /// The officer's own policies.
    pub own: Vec<Own>,
    /// How mandatory control admitted the message, line by line; nothing where it did not.
    pub control: Vec<String>,
    /// Changes of the label alone under which a clause would permit, each with that clause.
    pub labels: Vec<(String, Name)>,
}

/// Who asks about what.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'m, 'a> {
    /// The message.
    pub labelled: &'m Labelled<'a>,
    /// Who sent it.
    pub sender: &'m PeerEntry,
    /// Who would receive it.
    pub recipient: &'m PeerEntry,
    /// The time.
    pub now: Time,
}

/// A question in the words of Cedar.
struct Put<'e> {
    request: Request,
    entities: Cow<'e, Entities>,
}

/// Whether the text of a policy asks nothing of the context but the marking scheme.
fn asks_scheme_alone(policy: &str) -> bool {
    let more = |after: &str| after.strip_prefix(".policy").is_none_or(|next| next.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
    !policy.split("context").skip(1).any(more)
}

impl Engine {
    /// Whether whatever passes between two peers under one of these marking schemes is forbidden, at any time: in each of them by a policy that
    /// speaks of nothing but sender, recipient and scheme.
    #[must_use]
    pub fn keeps_apart(&self, giver: &PeerEntry, taker: &PeerEntry, schemes: &BTreeSet<PolicyIx>) -> bool {
        let (Some(from), Some(to)) = (self.desks.get(&giver.name), self.desks.get(&taker.name)) else { return false };
        let Some(entities) = self.entities_of([&Cow::Borrowed(giver), &Cow::Borrowed(taker)]) else { return false };
        let forbids = self.extras().iter().map(|extra| &extra.policy).filter(|policy| policy.effect() == Effect::Forbid);
        let plain: Vec<PolicySet> = forbids
            .filter(|policy| asks_scheme_alone(&policy.to_string()))
            .filter_map(|policy| PolicySet::from_policies([policy.clone()]).ok())
            .collect();
        let forbidden = |scheme: &PolicyIx| {
            let marked = word(&self.types.policy, self.lattice.policy_name(*scheme));
            let context = Context::from_pairs([("policy".to_owned(), marked)]).ok();
            context.and_then(|context| self.request(to, from, context)).is_some_and(|request| {
                let speaks = |alone| self.answer(&request, alone, &entities).is_ok_and(|said| said.diagnostics().reason().next().is_some());
                plain.iter().any(speaks)
            })
        };
        giver.terms.is_empty() && taker.terms.is_empty() && schemes.iter().all(forbidden)
    }

    /// Asks every rule of an edition by itself.
    #[must_use]
    pub fn near(&self, edition: &Edition, asked: &Asked<'_, '_>) -> Nearness {
        let kept = parts::keep(&self.lattice, asked.labelled, asked.recipient, asked.now);
        let label = kept.as_ref().map_or_else(|_| asked.labelled.label(), parts::Kept::label);
        let facts = asked.labelled.parsed().facts();
        let question = Question::of(asked.labelled, label, &facts, &self.lattice, (&Circumstances { now: asked.now }, self.conditions_met()));
        let Some(put) = self.put(&question, asked) else {
            return Nearness { clauses: Vec::new(), own: Vec::new(), control: Vec::new(), labels: Vec::new() };
        };
        let all = edition.agreements.iter().flat_map(|agreement| agreement.clauses.iter().map(move |clause| (agreement, clause)));
        let mut clauses: Vec<Near> = all.map(|(agreement, clause)| self.near_clause(edition, (agreement, clause), &question, &put)).collect();
        clauses.sort_by_key(|near| (near.unmet.iter().map(Unmet::weight).sum::<u32>(), near.clause.clone()));
        let control = kept.map(|kept| kept.chain().to_vec()).unwrap_or_default();
        Nearness { clauses, own: self.own(&put), control, labels: self.labels(asked) }
    }

    fn put(&self, question: &Question<'_>, asked: &Asked<'_, '_>) -> Option<Put<'_>> {
        let (to, from) = (self.desks.get(&asked.recipient.name)?, self.desks.get(&asked.sender.name)?);
        let request = self.request(to, from, question.context(&self.types, Wants::ALL)?)?;
        let (held, sends) = (to.entry.at(&self.lattice, question.now), from.entry.at(&self.lattice, question.now));
        Some(Put { request, entities: Cow::Owned(self.entities_of([&sends, &held])?.into_owned()) })
    }

    fn near_clause(&self, edition: &Edition, (agreement, clause): (&Agreement, &Clause), question: &Question<'_>, put: &Put<'_>) -> Near {
        let conditions = compile::conditions(agreement, clause, &edition.registry, &self.lattice);
        let mut unmet: Vec<Unmet> = Vec::new();
        let failing = conditions.into_iter().filter(|(_, condition)| !self.holds(condition, put));
        for about in failing.map(|(about, _)| about) {
            if unmet.last().is_none_or(|last| last.about != about) {
                unmet.push(Unmet { about, text: self.unmet(about, agreement, clause, question) });
            }
        }
        Near { clause: clause.id.clone(), unmet }
    }

    /// Whether one condition, asked alone, holds. One that cannot be asked does not.
    fn holds(&self, condition: &str, put: &Put<'_>) -> bool {
        let policy = Policy::parse(Some(PolicyId::new("condition")), compile::permit_when("condition", condition));
        let set = policy.ok().and_then(|policy| PolicySet::from_policies([policy]).ok());
        set.is_some_and(|set| self.answer(&put.request, &set, &put.entities).is_ok_and(|response| response.decision() == Decision::Allow))
    }

    fn unmet(&self, about: About, agreement: &Agreement, clause: &Clause, question: &Question<'_>) -> String {
        let list = |words: &mut dyn Iterator<Item = String>| words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let ceilings = || {
            let one = |ceiling: &crate::policy::Ceiling| format!("{} {}", self.lattice.policy_name(ceiling.policy), ceiling.level);
            list(&mut clause.ceilings.iter().map(one))
        };
        let said = &question.label;
        match about {
            About::Recipient => format!("it releases to {}", list(&mut clause.to.iter().cloned())),
            About::Sender => format!("it releases what comes from {}", list(&mut clause.from.iter().cloned())),
            About::Itself => "it gives nobody its own".to_owned(),
            About::Dates => format!("it is in force from {} until {}, and now is {}", agreement.from, agreement.until, question.now),
            About::Format => format!("it releases {}, and this is `{}`", list(&mut clause.formats.iter().cloned()), question.format),
            About::Traffic => {
                let covered = clause.traffic.iter().map(|&traffic| exercise::word(traffic).to_owned());
                format!("it releases the traffic {}, and this is `{}`", list(&mut covered.into_iter()), exercise::word(question.traffic))
            }
            About::Conditions => {
                let wanted =
                    clause.when.iter().map(|when| format!("{} {}", when.condition, when.values.iter().cloned().collect::<Vec<_>>().join(" or ")));
                format!("it permits only while {}", list(&mut wanted.into_iter()))
            }
            About::Kind => format!("it releases the kinds {}, and this is `{}`", list(&mut clause.kinds.iter().cloned()), question.kind),
            About::Policy => format!("it has ceilings {}, to none of which `{} {}` can be taken", ceilings(), said.policy, said.classification),
            About::Ceiling => format!("it releases up to {}, and this is `{} {}`", ceilings(), said.policy, said.classification),
        }
    }

    fn own(&self, put: &Put<'_>) -> Vec<Own> {
        let one = |policy: &Policy| {
            let set = PolicySet::from_policies([policy.clone()]).ok()?;
            let spoke = match self.answer(&put.request, &set, &put.entities) {
                Err(_) => Spoke::Failed,
                Ok(response) if response.diagnostics().reason().next().is_some() => Spoke::Applies,
                Ok(_) => Spoke::Silent,
            };
            let effect = if policy.effect() == Effect::Forbid { "forbid" } else { "permit" };
            Some(Own { id: policy.id().to_string(), effect, spoke })
        };
        let mut own: Vec<Own> = self.extras().iter().filter_map(|extra| one(&extra.policy)).collect();
        own.sort_by(|one, other| one.id.cmp(&other.id));
        own
    }

    /// What a change of the label alone would give. A message of parts has more than one label, and is not asked about.
    fn labels(&self, asked: &Asked<'_, '_>) -> Vec<(String, Name)> {
        if !asked.labelled.parts().is_empty() || self.would(asked, asked.labelled.label()).is_ok() {
            return Vec::new();
        }
        let (label, recipient) = (asked.labelled.label(), asked.recipient);
        let nearby = |label: &Label| self.lattice.nearby(label, &recipient.nation, &recipient.communities);
        let flips = |changed: Vec<(String, Label)>| {
            changed.into_iter().filter_map(|(said, label)| Some((said, self.would(asked, &label).ok()?))).collect::<Vec<_>>()
        };
        let single = flips(nearby(label));
        if !single.is_empty() {
            return single;
        }
        let pairs = nearby(label).into_iter().flat_map(|(first, label)| {
            nearby(&label).into_iter().map(move |(second, label)| (format!("{first} and {second}"), label)).collect::<Vec<_>>()
        });
        let mut found = flips(pairs.take(PAIRS_MAX).collect());
        found.truncate(1);
        found
    }

    /// Under which clause a message would go if its label were another.
    fn would(&self, asked: &Asked<'_, '_>, label: &Label) -> Result<Name, Refusal> {
        let at = Circumstances { now: asked.now };
        self.lattice.check(label, asked.now)?;
        mandatory::clear(&self.lattice, label, asked.recipient, asked.now)?;
        let facts = asked.labelled.parsed().facts();
        let flag = asked.labelled.parsed().header().traffic;
        let said = exercise::said(asked.labelled.parsed().tree(), facts.traffic)?;
        exercise::agree(flag, said, &asked.sender.traffic, &asked.recipient.traffic)?;
        exercise::policy_agrees(flag, self.lattice.policy_name(label.policy), &self.exercise_policies)?;
        let question = Question::of(asked.labelled, label, &facts, &self.lattice, (&at, self.conditions_met()));
        self.ask(&question, &asked.sender.name, &asked.recipient.name).map(|clause| clause.id.clone())
    }
}

/// Labels that differ in two things and are asked about: 256.
const PAIRS_MAX: usize = 256;
