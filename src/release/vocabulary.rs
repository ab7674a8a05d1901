//! Closed vocabularies as Cedar entities, so that a misspelt one is a fault and not a rule that silently never applies.
//!
//! Strings would do for Cedar, and `"Aditional Sensitivity/ATOMAL"` in a forbid would then forbid nothing. As entities they are typed, and
//! every literal of a policy is looked up here.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Policy, RestrictedExpression};

use super::exercise;
use crate::base::{Name, Precedence, Traffic};
use crate::format::FORMATS;
use crate::policy::{Edition, nearest};

/// The entity types of the schema whose entities are words of a closed list.
pub(in crate::release) const WORDS: [&str; 7] = ["Format", "Traffic", "Precedence", "Policy", "Classification", "Category", "Group"];

/// The types of [`WORDS`], parsed once.
#[derive(Debug)]
pub(in crate::release) struct Types {
    pub(in crate::release) format: EntityTypeName,
    pub(in crate::release) traffic: EntityTypeName,
    pub(in crate::release) precedence: EntityTypeName,
    pub(in crate::release) policy: EntityTypeName,
    pub(in crate::release) classification: EntityTypeName,
    pub(in crate::release) category: EntityTypeName,
    pub(in crate::release) group: EntityTypeName,
    pub(in crate::release) condition: EntityTypeName,
}

impl Types {
    pub(in crate::release) fn new() -> Result<Self, String> {
        let [format, traffic, precedence, policy, classification, category, group] =
            WORDS.map(|word| word.parse().map_err(|error| format!("{word}: {error}")));
        Ok(Self {
            format: format?,
            traffic: traffic?,
            precedence: precedence?,
            policy: policy?,
            classification: classification?,
            category: category?,
            group: group?,
            condition: "Condition".parse().map_err(|error| format!("Condition: {error}"))?,
        })
    }
}

/// A word as a value of the question.
pub(in crate::release) fn word(of: &EntityTypeName, text: &str) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(EntityUid::from_type_name_and_id(of.clone(), EntityId::new(text)))
}

/// Everything that a policy may name, by entity type.
#[derive(Debug)]
pub(in crate::release) struct Vocabulary {
    known: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Vocabulary {
    pub(in crate::release) fn of(edition: &Edition) -> Self {
        let schemes = edition.lattice.policies();
        let tags = || schemes.iter().flat_map(|scheme| &scheme.tags);
        let categories = tags().flat_map(|tag| tag.values.iter().map(move |value| format!("{}/{}", tag.set, value.name)));
        let conditions = edition.conditions.iter().flat_map(|one| one.values.iter().map(move |value| format!("{}/{value}", one.name)));
        let strings = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<BTreeSet<String>>();
        let known = [
            ("Peer", strings(&mut edition.peers.keys().map(Name::as_str))),
            ("Nation", strings(&mut edition.registry.owners())),
            ("Community", strings(&mut edition.registry.communities.keys().map(Name::as_str))),
            ("Action", strings(&mut ["release"].into_iter())),
            ("Format", strings(&mut FORMATS.iter().map(|format| format.name))),
            ("Traffic", strings(&mut Traffic::ALL.into_iter().map(exercise::word))),
            ("Precedence", strings(&mut Precedence::ALL.into_iter().map(Precedence::word))),
            ("Policy", strings(&mut schemes.iter().map(|scheme| scheme.name.as_str()))),
            ("Classification", strings(&mut schemes.iter().flat_map(|scheme| &scheme.levels).map(|level| level.name.as_str()))),
            ("Condition", conditions.collect()),
            ("Category", categories.collect()),
            ("Group", strings(&mut tags().flat_map(|tag| &tag.values).map(|value| value.name.as_str()))),
        ];
        Self { known: known.into() }
    }

    /// The literals of a policy that name nothing: as spelt, with the nearest name that is known.
    pub(in crate::release) fn strangers(&self, policy: &Policy) -> Vec<(String, Option<String>)> {
        let mut strangers = Vec::new();
        for uid in policy.entity_literals() {
            let (kind, id) = (uid.type_name().to_string(), uid.id().unescaped());
            let Some(known) = self.known.get(kind.as_str()) else { continue };
            if !known.contains(id) {
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                strangers.push((format!("{kind}::\"{id}\""), nearest(id, &names).map(|name| format!("{kind}::\"{name}\""))));
            }
        }
        strangers.sort();
        strangers
    }
}
