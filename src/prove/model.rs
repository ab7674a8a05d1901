//! The model of one edition: the policies that decide and mandatory control, in one schema, ready for the solver and for anybody who asks.
//!
//! INVARIANT: whatever the gateway releases, the model releases; a property test asks both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{EntityUid, Policy, PolicyId, PolicySet, RequestEnv, Schema};

use super::Obstacle;
use super::admission::Reach;
use super::beyond::{self, Manner};
use super::classes::Categories;
use super::facts::{Facts, Side, name_of, schema};
use super::rewrite::Rewriter;
use crate::base::{Complaint, Fault, Name};
use crate::policy::{Edition, PeerEntry};
use crate::release::compile::quoted;
use crate::release::stated::Stated;

/// One edition as policies of the model.
#[derive(Debug)]
pub struct Rules {
    /// What permits, by the id that a release cites.
    pub permits: Vec<(Name, Policy)>,
    /// Those of the permits that ask for no review.
    pub automatic: BTreeSet<Name>,
    /// What forbids: the further policies, mandatory control, and whatever no gateway would ask.
    pub forbids: Vec<Policy>,
    /// For each invariant that describes messages a permit for exactly those.
    pub described: BTreeMap<Name, Policy>,
}

/// One edition, or two that are compared, over one schema.
#[derive(Debug)]
pub struct Model {
    /// The schema.
    pub schema: Schema,
    /// Who asks what of whom: a recipient, a release, a sender.
    pub request: RequestEnv,
    /// The edition that is proved.
    pub rules: Rules,
    /// The one that it is compared with.
    pub old: Option<Rules>,
    pub(in crate::prove) categories: Categories,
}

impl Model {
    /// Makes the model of an edition, beside the one that it is compared with.
    ///
    /// # Errors
    /// Every policy that the model cannot hold.
    pub fn of(edition: &Edition, old: Option<&Edition>) -> Result<Self, Obstacle> {
        super::deep(|| Self::made(edition, old))?
    }

    fn made(edition: &Edition, old: Option<&Edition>) -> Result<Self, Obstacle> {
        let stated = Stated::of(edition).map_err(Obstacle::Rules)?;
        let before = old.map(|old| Stated::of(old).map_err(Obstacle::Rules)).transpose()?;
        let editions: Vec<&Edition> = std::iter::once(edition).chain(old).collect();
        let mentioned = std::iter::once(&stated).chain(&before).flat_map(|stated| mentioned(stated, &editions)).collect();
        let categories = Categories::of(&editions, &mentioned);
        let facts = |edition, side| Facts { edition, side, categories: &categories };
        let sides: Vec<Facts<'_>> = std::iter::once(facts(edition, Side::New)).chain(old.map(|old| facts(old, Side::Old))).collect();
        let failed = |error: &dyn std::fmt::Display| Fault::new(format!("the schema of the model does not hold: {error}"));
        let schema = Schema::from_cedarschema_str(&schema(&sides)).map_err(|error| failed(&error))?.0;
        let kind = "Peer".parse::<cedar_policy::EntityTypeName>().map_err(|error| failed(&error))?;
        let action: EntityUid = "Action::\"release\"".parse().map_err(|error| failed(&error))?;
        let mut rules = Rules::of(facts(edition, Side::New), &stated, |_| Reach::Translations)?;
        // What the old edition derives is derived where the new one is asked as well, or a wrong one would seem to be a difference.
        if let Some(old) = old {
            rules.forbids.push(forbid("world/was", "true", &facts(old, Side::Old).definition())?);
        }
        let reached = |(old, stated)| Rules::of(facts(old, Side::Old), stated, beyond::reach(edition, old));
        let old = old.zip(before.as_ref()).map(reached).transpose()?;
        Ok(Self { schema, request: RequestEnv::new(kind.clone(), action, kind), rules, old, categories })
    }
}

impl Rules {
    fn of(facts: Facts<'_>, stated: &Stated, reach: impl Fn(&PeerEntry) -> Reach) -> Result<Self, Obstacle> {
        let edition = facts.edition;
        let mut rewriter = Rewriter::of(facts);
        let mut complaints = Vec::new();
        let mut taken = |policy: &Policy| match rewriter.policy(policy) {
            Ok(policy) => Some(policy),
            Err(what) => {
                complaints.push(unmodelled(edition, policy, &what));
                None
            }
        };
        let permits = stated.permits.iter().filter_map(|(id, policy)| Some((id.clone(), taken(policy)?))).collect();
        let mut forbids: Vec<Policy> = stated.forbids.iter().filter_map(&mut taken).collect();
        let described = stated.described.iter().filter_map(|(id, policy)| Some((id.clone(), taken(policy)?))).collect();
        if !complaints.is_empty() {
            return Err(Obstacle::Rules(complaints));
        }
        for (at, condition) in facts.world(&rewriter.mentioned).into_iter().enumerate() {
            forbids.push(forbid(&format!("world/{at}"), "true", &condition)?);
        }
        for peer in edition.peers.values() {
            let is = |side: &str| format!("{side} == Peer::{}", quoted(peer.name.as_str()));
            forbids.push(forbid(&format!("mandatory/to/{}", peer.name), &is("principal"), &facts.admitted(peer, reach(peer)))?);
            forbids.push(forbid(&format!("mandatory/from/{}", peer.name), &is("resource"), &facts.sends(peer))?);
        }
        forbids.push(forbid("world/to", "true", &facts.known("principal"))?);
        forbids.push(forbid("world/from", "true", &facts.known("resource"))?);
        Ok(Self { permits, automatic: stated.automatic.clone(), forbids, described })
    }

    /// Everything that no policy forbids, permitted by nothing in particular.
    ///
    /// # Errors
    /// Where two policies have one id.
    pub fn ground(&self) -> Result<PolicySet, Fault> {
        let all = policy("ground", "permit (principal, action, resource);")?;
        set(self.forbids.iter().cloned().chain([all]))
    }

    /// What is released, by the permits that are chosen.
    ///
    /// # Errors
    /// Where two policies have one id.
    pub fn released(&self, chosen: impl Fn(&Name) -> bool) -> Result<PolicySet, Fault> {
        set(self.chosen(chosen).chain(&self.forbids).cloned())
    }

    /// The permits that are chosen, by themselves, as far as another policy permits the same.
    ///
    /// # Errors
    /// Where two policies have one id.
    pub fn permitted(&self, chosen: impl Fn(&Name) -> bool) -> Result<PolicySet, Fault> {
        set(self.chosen(chosen).cloned())
    }

    /// Whether a permit permits so.
    pub(in crate::prove) fn permits_in(&self, manner: Manner, id: &Name) -> bool {
        manner == Manner::All || self.automatic.contains(id)
    }

    fn chosen(&self, chosen: impl Fn(&Name) -> bool) -> impl Iterator<Item = &Policy> {
        self.permits.iter().filter(move |(id, _)| chosen(id)).map(|(_, policy)| policy)
    }
}

/// A set of policies.
///
/// # Errors
/// Where two have one id.
pub(in crate::prove) fn set(policies: impl Iterator<Item = Policy>) -> Result<PolicySet, Fault> {
    PolicySet::from_policies(policies).map_err(|error| Fault::from_cause("the policies of the model do not stand together", error))
}

/// A policy of the model from text.
pub(in crate::prove) fn policy(id: &str, text: &str) -> Result<Policy, Fault> {
    Policy::parse(Some(PolicyId::new(id)), text).map_err(|error| Fault::new(format!("the policy `{id}` of the model does not hold: {error}")))
}

/// Forbids whatever meets one condition and not the other.
pub(in crate::prove) fn forbid(id: &str, when: &str, unless: &str) -> Result<Policy, Fault> {
    policy(id, &format!("forbid (principal, action, resource) when {{ {when} }} unless {{ {unless} }};"))
}

fn unmodelled(edition: &Edition, policy: &Policy, what: &str) -> Complaint {
    let id = policy.id().to_string();
    let invariant = edition.invariants.iter().find(|invariant| invariant.id.as_str() == id);
    let cedar = edition.cedar.first().map_or_else(|| "release.cedar".into(), |file| Arc::clone(&file.path));
    Complaint {
        file: invariant.map_or(cedar, |invariant| Arc::clone(&invariant.file)),
        at: invariant.map(|invariant| invariant.at.clone()),
        what: format!("`{id}` cannot be proved: {what}"),
        expected: "what the model of the rules holds".to_owned(),
        remedy: "say it by peers, nations, communities and names of categories; see the manual page `rules`".to_owned(),
    }
}

/// The categories that policies name, and those of the groups that they name.
fn mentioned(stated: &Stated, editions: &[&Edition]) -> BTreeSet<String> {
    let permits = stated.permits.iter().map(|(_, policy)| policy);
    let literals = permits.chain(&stated.forbids).chain(stated.described.values()).flat_map(Policy::entity_literals);
    let mut found = BTreeSet::new();
    for literal in literals {
        match literal.type_name().to_string().as_str() {
            "Category" => drop(found.insert(literal.id().unescaped().to_owned())),
            "Group" => {
                let tags = editions.iter().flat_map(|edition| edition.lattice.policies()).flat_map(|policy| &policy.tags);
                found.extend(tags.map(|tag| name_of(tag, literal.id().unescaped())));
            }
            _ => {}
        }
    }
    found
}
