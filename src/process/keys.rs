//! The keys of hops: which process is given which, and for whom.

use std::collections::HashMap;

use crate::base::{Fault, Name};
use crate::config;
use crate::hop::{HopKey, Party};

/// Keys by peer: what the door of its domain and one other party have in common.
pub(super) type Doors = HashMap<Name, HopKey>;

/// For every peer the key of what its door says to `party`.
///
/// # Errors
/// As [`HopKey::derive`].
pub(super) fn from_doors(secret: &[u8], config: &config::Gateway, party: &Party) -> Result<Doors, Fault> {
    by_peer(config, |door| HopKey::derive(secret, door, party))
}

/// For every peer the key of what the verifier says to its door.
///
/// # Errors
/// As [`HopKey::derive`].
pub(super) fn to_doors(secret: &[u8], config: &config::Gateway) -> Result<Doors, Fault> {
    by_peer(config, |door| HopKey::derive(secret, &Party::Verifier, door))
}

fn by_peer(config: &config::Gateway, key: impl Fn(&Party) -> Result<HopKey, Fault>) -> Result<Doors, Fault> {
    let mut doors = Doors::new();
    for domain in &config.domains {
        let key = key(&Party::Door(domain.name.clone()))?;
        doors.extend(domain.peers.iter().map(|peer| (peer.name.clone(), key.clone())));
    }
    Ok(doors)
}

/// What a door holds.
#[derive(Debug, Clone)]
pub(super) struct DoorKeys {
    /// What it says to inspectors.
    pub(super) inspector: HopKey,
    /// What it says to the verifier.
    pub(super) verifier: HopKey,
    /// What the verifier says to it.
    pub(super) permits: HopKey,
}

impl DoorKeys {
    /// The keys of the door of a domain.
    ///
    /// # Errors
    /// As [`HopKey::derive`].
    pub(super) fn derive(secret: &[u8], domain: &Name) -> Result<Self, Fault> {
        let door = Party::Door(domain.clone());
        Ok(Self {
            inspector: HopKey::derive(secret, &door, &Party::Inspector)?,
            verifier: HopKey::derive(secret, &door, &Party::Verifier)?,
            permits: HopKey::derive(secret, &Party::Verifier, &door)?,
        })
    }
}
