//! The rules as they are stated: every policy of an edition for those who reason about rules instead of asking them.
//!
//! Takes an edition; gives its clauses, its further policies and the conditions of its invariants as Cedar, each validated against the schema
//! that decisions use. A description of messages becomes a condition in the words of that schema, by the same functions that clauses are made by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{Effect, Expression, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};

use super::compile::{either, one_of, parties, quoted};
use super::engine::{compile_clauses, of_edition, parse_schema};
use super::extra::{self, Ground};
use super::question::Question;
use super::vocabulary::Vocabulary;
use super::{Engine, exercise, mandatory};
use crate::base::{Complaint, Name, Precedence, Refusal, Time, Traffic};
use crate::label::{Label, Lattice};
use crate::policy::conditions::met;
use crate::policy::{Clause, Description, Edition, Form, Invariant, Release};

/// All policies of an edition.
#[derive(Debug)]
pub struct Stated {
    /// What permits, by the id that a release cites.
    pub permits: Vec<(Name, Policy)>,
    /// Those of the permits that ask for no review.
    pub automatic: BTreeSet<Name>,
    /// What forbids.
    pub forbids: Vec<Policy>,
    /// For each invariant that describes messages a permit for exactly those.
    pub described: BTreeMap<Name, Policy>,
}

impl Stated {
    /// States the rules of an edition.
    ///
    /// # Errors
    /// Every fault of every policy and condition.
    pub fn of(edition: &Edition) -> Result<Self, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let schema = parse_schema(edition).map_err(|what| vec![of_edition(edition, what)])?;
        let mut compiled = compile_clauses(edition, &schema, &mut complaints);
        let mut ground = Ground { schema: &schema, vocabulary: Vocabulary::of(edition), seen: BTreeSet::new() };
        for file in &edition.cedar {
            compiled.append(&mut extra::parse(file, &mut ground, &mut complaints));
        }
        let described = descriptions(edition, &schema, &ground.vocabulary, &mut complaints);
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let permitting = compiled.iter().filter_map(|one| one.clause.as_ref());
        let automatic = permitting.filter(|clause| clause.release == Release::Automatic).map(|clause| clause.id.clone()).collect();
        let (mut permits, mut forbids) = (Vec::new(), Vec::new());
        for one in compiled {
            match (one.policy.effect(), one.clause) {
                (Effect::Permit, Some(clause)) => permits.push((clause.id.clone(), one.policy)),
                _ => forbids.push(one.policy),
            }
        }
        Ok(Self { permits, automatic, forbids, described })
    }
}

/// The conditions of the invariants, by id; every fault of them joins the complaints.
pub(in crate::release) fn descriptions(
    edition: &Edition,
    schema: &Schema,
    vocabulary: &Vocabulary,
    complaints: &mut Vec<Complaint>,
) -> BTreeMap<Name, Policy> {
    let mut found = BTreeMap::new();
    for invariant in &edition.invariants {
        let Form::Never(description) = &invariant.form else { continue };
        match described(edition, invariant, description, schema, vocabulary) {
            Ok(policy) => drop(found.insert(invariant.id.clone(), policy)),
            Err(complaint) => complaints.push(*complaint),
        }
    }
    found
}

fn described(
    edition: &Edition,
    invariant: &Invariant,
    description: &Description,
    schema: &Schema,
    vocabulary: &Vocabulary,
) -> Result<Policy, Box<Complaint>> {
    let place = description.when.as_ref().map_or(&invariant.at, |(_, at)| at);
    let wrong = |what: String, expected: &str, remedy: String| {
        Box::new(Complaint { file: Arc::clone(&invariant.file), at: Some(place.clone()), what, expected: expected.to_owned(), remedy })
    };
    let said = |error: &dyn std::fmt::Display| error.to_string().lines().next().unwrap_or_default().to_owned();
    let see = || "see `principal`, `resource` and `context` in the manual page `rules`".to_owned();
    if let Some((when, _)) = &description.when {
        when.parse::<Expression>().map_err(|error| wrong(format!("not Cedar: {}", said(&error)), "a condition", see()))?;
    }
    let text = format!("permit (principal, action == Action::\"release\", resource)\nwhen {{\n  {}\n}};\n", condition(edition, description));
    let policy = Policy::parse(Some(PolicyId::new(invariant.id.as_str())), text)
        .map_err(|error| wrong(format!("not Cedar: {}", said(&error)), "a condition", see()))?;
    if let Some((literal, near)) = vocabulary.strangers(&policy).into_iter().next() {
        let remedy = near.map_or_else(|| "use a name of this rule set and its marking schemes".to_owned(), |near| format!("did you mean `{near}`?"));
        return Err(wrong(format!("`{literal}` names nothing"), "no such name, so the invariant would say nothing", remedy));
    }
    let set = PolicySet::from_policies([policy.clone()]).map_err(|error| wrong(said(&error), "a condition", see()))?;
    let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    if let Some(error) = result.validation_errors().next() {
        return Err(wrong(format!("the condition does not hold: {}", said(error)), "a condition over sender, recipient and message", see()));
    }
    // A condition that no message can meet would be proved, and would protect nothing.
    match result.validation_warnings().next() {
        Some(warning) => Err(wrong(format!("the condition is doubtful: {}", said(warning)), "a condition that some message meets", see())),
        None => Ok(policy),
    }
}

/// A description as one Cedar condition.
fn condition(edition: &Edition, description: &Description) -> String {
    let mut all = Vec::new();
    let registry = &edition.registry;
    let mut sides = |side: &str, named: &BTreeSet<String>, not: &BTreeSet<String>| {
        all.extend((!named.is_empty()).then(|| parties(side, named.iter(), registry)));
        all.extend((!not.is_empty()).then(|| format!("!{}", parties(side, not.iter(), registry))));
    };
    sides("principal", &description.to, &description.not_to);
    sides("resource", &description.from, &description.not_from);
    let words = |what: &str, kind: &str, names: &BTreeSet<String>| (!names.is_empty()).then(|| one_of(what, kind, names.iter().map(String::as_str)));
    all.extend(words("context.format", "Format", &description.formats));
    all.extend(words("context.policy", "Policy", &description.policies));
    all.extend(words("context.policy", "Policy", &description.not_policies).map(|one| format!("!{one}")));
    all.extend(description.traffic.as_ref().map(|kinds| one_of("context.traffic", "Traffic", kinds.iter().map(|&kind| exercise::word(kind)))));
    let like = |kind: &String| format!("context.kind like {}", quoted(kind));
    all.extend((!description.kinds.is_empty()).then(|| either(description.kinds.iter().map(like))));
    let above = description.above.iter().map(|ceiling| {
        let name = quoted(edition.lattice.policy_name(ceiling.policy));
        format!("(context.ranks has {name} && context.ranks[{name}] > {})", ceiling.rank)
    });
    all.extend((!description.above.is_empty()).then(|| either(above)));
    let holds = |name: &String| format!("context.categories.contains(Category::{})", quoted(name));
    all.extend((!description.categories.is_empty()).then(|| either(description.categories.iter().map(holds))));
    all.extend(description.when.iter().map(|(when, _)| format!("({when})")));
    if all.is_empty() { "true".to_owned() } else { all.join(" &&\n  ") }
}

/// A message as plain values, for those who ask about messages that were never written.
#[derive(Debug, Clone, Copy)]
pub struct Imagined<'i> {
    /// Name of its format.
    pub format: &'i str,
    /// Its kind.
    pub kind: &'i str,
    /// What it is about.
    pub subject: &'i str,
    /// What the header says, and the content too.
    pub traffic: Traffic,
    /// What the header says.
    pub precedence: Precedence,
    /// The time of the decision.
    pub now: Time,
    /// The conditions that officers have set, by name; what is not named is as it is initially.
    pub conditions: &'i [(String, String)],
    /// The label of what would leave.
    pub label: &'i Label,
}

impl Engine {
    /// The clause under which a message of these values would be released whole.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn imagine(&self, edition: &Edition, imagined: &Imagined<'_>, from: &Name, to: &Name) -> Result<Arc<Clause>, Refusal> {
        use crate::base::Reason::AgreementNone;
        let unknown = || Refusal::new(AgreementNone, "expected sender and recipient to be peers of the rule set");
        let lattice: &Lattice = &edition.lattice;
        let (sender, recipient) = (edition.peers.get(from).ok_or_else(unknown)?, edition.peers.get(to).ok_or_else(unknown)?);
        mandatory::clear(lattice, imagined.label, recipient, imagined.now)?;
        exercise::agree(imagined.traffic, Some(imagined.traffic), &sender.traffic, &recipient.traffic)?;
        exercise::policy_agrees(imagined.traffic, lattice.policy_name(imagined.label.policy), &edition.exercise_policies)?;
        self.ask(&Question::imagined(imagined, lattice, Arc::new(met(&edition.conditions, imagined.conditions))), from, to)
    }
}
