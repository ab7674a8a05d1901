//! `release.cedar`: what an officer adds to the clauses, mostly forbids, each with an `@id` that decisions cite.
//!
//! A permit needs `@release("review")` or `@release("automatic")` beside its `@id` and carries no edits of its own;
//! a permit with edits is a clause, and belongs into an agreement.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;

use super::desk::Compiled;
use super::doubtful::{self, place_of};
use super::vocabulary::Vocabulary;
use crate::base::{Complaint, Name};
use crate::policy::{Clause, Release, SourceFile};

/// Before the id of a permit of a Cedar file, where a clause has the id of its agreement.
const AGREEMENT: &str = "release.cedar";

/// What policies stand on: the schema, the names that exist, the ids that are taken.
pub(in crate::release) struct Ground<'g> {
    pub(in crate::release) schema: &'g Schema,
    pub(in crate::release) vocabulary: Vocabulary,
    pub(in crate::release) seen: BTreeSet<PolicyId>,
}

/// Reads one file: all of its policies, validated strictly.
pub(in crate::release) fn parse(file: &SourceFile, ground: &mut Ground<'_>, complaints: &mut Vec<Complaint>) -> Vec<Compiled> {
    let set: PolicySet = match file.text.parse() {
        Ok(set) => set,
        Err(errors) => {
            let errors: cedar_policy::ParseErrors = errors;
            complaints.extend(errors.iter().map(|error| complaint(file, error, "not Cedar", "correct the policy")));
            return Vec::new();
        }
    };
    for template in set.templates() {
        complaints.push(whole(file, format!("the template `{}` is never filled", template.id()), "policies without `?principal` and `?resource`"));
    }
    let mut compiled = Vec::new();
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| policy.id().to_string());
    for policy in policies {
        complaints.extend(ground.vocabulary.strangers(policy).into_iter().map(|(literal, near)| stranger(file, policy, &literal, near)));
        let known = named(policy).and_then(|one| {
            let twice = || (format!("the policy `{}` stands twice", one.policy.id()), "an `@id` of its own");
            if ground.seen.insert(one.policy.id().clone()) { Ok(one) } else { Err(twice()) }
        });
        match known {
            Ok(one) => compiled.push(one),
            Err((what, expected)) => complaints.push(Complaint { at: place_of(file, policy), ..whole(file, what, expected) }),
        }
    }
    let before = complaints.len();
    validate(file, &compiled, ground.schema, complaints);
    // What does not hold is told as such; what may fail all the same is told of policies that hold.
    if complaints.len() == before {
        complaints.extend(doubtful::policies(file, &compiled));
    }
    compiled
}

/// Under their own ids, so that what is said names them as their author did.
fn validate(file: &SourceFile, compiled: &[Compiled], schema: &Schema, complaints: &mut Vec<Complaint>) {
    let set = match PolicySet::from_policies(compiled.iter().map(|one| one.policy.clone())) {
        Ok(set) => set,
        Err(error) => return complaints.push(whole(file, error.to_string(), "policies that stand together")),
    };
    let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    let remedy = "see `principal`, `resource` and `context` in the manual page `rules`";
    complaints.extend(result.validation_errors().map(|error| complaint(file, error, "the policy does not hold", remedy)));
    complaints.extend(result.validation_warnings().map(|warning| complaint(file, warning, "the policy is doubtful", "correct or remove it")));
}

fn named(policy: &Policy) -> Result<Compiled, (String, &'static str)> {
    let Some(name) = policy.annotation("id").and_then(Name::new) else {
        return Err(("a policy without `@id`".to_owned(), "`@id(\"...\")` with a name, since decisions cite it"));
    };
    let id = Name::new(&format!("{AGREEMENT}/{name}")).ok_or_else(|| (format!("the id `{name}` is too long"), "an id of at most 50 characters"))?;
    let clause = match (policy.effect(), policy.annotation("release")) {
        (Effect::Forbid, None) => None,
        (Effect::Forbid, Some(_)) => return Err((format!("the forbid `{name}` has `@release`"), "a forbid without `@release`: it releases nothing")),
        (Effect::Permit, Some("review")) => Some(bare(id.clone(), Release::Review)),
        (Effect::Permit, Some("automatic")) => Some(bare(id.clone(), Release::Automatic)),
        (Effect::Permit, _) => {
            return Err((format!("the permit `{name}` does not say how it releases"), "`@release(\"review\")` or `@release(\"automatic\")`"));
        }
    };
    Ok(Compiled { policy: policy.new_id(PolicyId::new(id.as_str())), clause, left: None })
}

fn bare(id: Name, release: Release) -> Arc<Clause> {
    let none = BTreeSet::new;
    let (from, to, formats) = (none(), none(), none());
    Arc::new(Clause {
        id,
        from,
        to,
        formats,
        kinds: Vec::new(),
        ceilings: Vec::new(),
        release,
        sanitise: Vec::new(),
        traffic: BTreeSet::new(),
        onward: BTreeSet::new(),
        when: Vec::new(),
        reviewers: None,
        line: 0,
    })
}

fn stranger(file: &SourceFile, policy: &Policy, literal: &str, near: Option<String>) -> Complaint {
    let within = place_of(file, policy).unwrap_or(0..0);
    let start = file.text.get(within.clone()).and_then(|text| text.find(literal)).map(|at| within.start.saturating_add(at));
    let at = start.map_or(within, |start| start..start.saturating_add(literal.len()));
    let remedy = near.map_or_else(|| "use a name of this rule set and its marking schemes".to_owned(), |near| format!("did you mean `{near}`?"));
    let what = format!("`{literal}` names nothing");
    Complaint { file: Arc::clone(&file.path), at: Some(at), what, expected: "no such name, so the policy would never apply".to_owned(), remedy }
}

fn complaint(file: &SourceFile, error: &dyn Diagnostic, what: &str, remedy: &str) -> Complaint {
    let label = error.labels().and_then(|mut labels| labels.next());
    let at = label.as_ref().map(|label| label.offset()..label.offset().saturating_add(label.len()));
    let said = error.to_string().lines().next().unwrap_or_default().to_owned();
    let expected = label.and_then(|label| label.label().map(str::to_owned)).unwrap_or_else(|| "here".to_owned());
    let help = error.help().map_or_else(|| remedy.to_owned(), |help| help.to_string());
    Complaint { file: Arc::clone(&file.path), at, what: format!("{what}: {said}"), expected, remedy: help }
}

fn whole(file: &SourceFile, what: String, expected: &str) -> Complaint {
    let remedy = "correct the policy; its first lines are its annotations".to_owned();
    Complaint { file: Arc::clone(&file.path), at: None, what, expected: expected.to_owned(), remedy }
}
