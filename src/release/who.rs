//! Who is in what: peers, nations, communities and conditions as entities of Cedar.

use std::collections::HashSet;

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema};

use super::compile;
use crate::policy::{Condition, PeerEntry, Registry};

/// Whether a peer is in a party, as Cedar's `in` says: of the two ways to ask its entities, this one leaves out that a peer is in itself.
pub(super) fn is_in(entities: &Entities, peer: &EntityUid, party: &EntityUid) -> bool {
    peer == party || entities.is_ancestor_of(party, peer)
}

/// The entities of nations, communities, values of conditions, and these peers.
///
/// # Errors
/// One line: what no entity can be.
pub(super) fn entities<'p>(
    (registry, conditions): (&Registry, &[Condition]),
    peers: impl Iterator<Item = &'p PeerEntry>,
    schema: &Schema,
) -> Result<Entities, String> {
    let mut all = Vec::new();
    for owner in registry.owners() {
        all.push(Entity::new_no_attrs(uid("Nation", owner)?, HashSet::new()));
    }
    for community in registry.communities.keys() {
        all.push(Entity::new_no_attrs(uid("Community", community.as_str())?, HashSet::new()));
    }
    for condition in conditions {
        let id = |value: &String| uid("Condition", &format!("{}/{value}", condition.name));
        let below = std::iter::once(None).chain(condition.values.iter().map(Some));
        for (value, below) in condition.values.iter().zip(below) {
            all.push(Entity::new_no_attrs(id(value)?, below.map(id).transpose()?.into_iter().collect()));
        }
    }
    for peer in peers {
        let mut parents = HashSet::from([uid("Nation", &peer.nation)?]);
        for community in &peer.communities {
            parents.insert(uid("Community", community.as_str())?);
        }
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let attributes = [("name".to_owned(), text(peer.name.as_str())), ("nation".to_owned(), text(&peer.nation))];
        let entity = Entity::new(uid("Peer", peer.name.as_str())?, attributes.into_iter().collect(), parents).map_err(|error| error.to_string())?;
        all.push(entity);
    }
    Entities::from_entities(all, Some(schema)).map_err(|error| error.to_string())
}

/// The entity of a party to a clause.
pub(super) fn party_uid(party: &str, registry: &Registry) -> Result<EntityUid, String> {
    uid(compile::entity_of(party, registry), party)
}

/// The entity of a kind, by its id.
pub(super) fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let name: EntityTypeName = kind.parse().map_err(|error| format!("`{kind}` is no entity type: {error}"))?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}
