//! The keys of hops: which process is given which, and for whom.
//!
//! A door has keys for its own peers only, so that it can speak for no other's. Inspectors and verifier have one for each peer of the edition, whether
//! it is configured now or not: what is permitted for a peer that is added later leaves then.

use std::collections::HashMap;

use crate::base::{Fault, Name};
use crate::hop::{HopKey, Party};

/// Keys by peer: what its door and one other party have in common.
pub(super) type Doors = HashMap<Name, HopKey>;

/// For every peer the key of what its door says to `party`.
///
/// # Errors
/// As [`HopKey::derive`].
pub(super) fn from_doors<'n>(secret: &[u8], peers: impl Iterator<Item = &'n Name>, party: &Party) -> Result<Doors, Fault> {
    peers.map(|peer| Ok((peer.clone(), HopKey::derive(secret, &Party::Door(peer.clone()), party)?))).collect()
}

/// For every peer the key of what the verifier says to its door.
///
/// # Errors
/// As [`HopKey::derive`].
pub(super) fn to_doors<'n>(secret: &[u8], peers: impl Iterator<Item = &'n Name>) -> Result<Doors, Fault> {
    peers.map(|peer| Ok((peer.clone(), HopKey::derive(secret, &Party::Verifier, &Party::Door(peer.clone()))?))).collect()
}

/// What a door holds.
#[derive(Debug, Clone, Default)]
pub(super) struct DoorKeys {
    /// What it says to inspectors.
    pub(super) inspector: Doors,
    /// What it says to the verifier.
    pub(super) verifier: Doors,
    /// What the verifier says to it.
    pub(super) permits: Doors,
}

impl DoorKeys {
    /// The keys of a door with these peers.
    ///
    /// # Errors
    /// As [`HopKey::derive`].
    pub(super) fn derive<'n>(secret: &[u8], peers: impl Iterator<Item = &'n Name> + Clone) -> Result<Self, Fault> {
        Ok(Self {
            inspector: from_doors(secret, peers.clone(), &Party::Inspector)?,
            verifier: from_doors(secret, peers.clone(), &Party::Verifier)?,
            permits: to_doors(secret, peers)?,
        })
    }
}
