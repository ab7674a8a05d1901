//! Labels: what a message says of its own confidentiality, read in one way, compared in one lattice.
//!
//! Takes [`crate::format::Parsed`], gives [`Labelled`].

use std::collections::{BTreeMap, BTreeSet};

/// A marking scheme of the lattice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyIx(pub(in crate::label) u16);

/// A classification of a policy: the place in that policy's list, which is no rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelIx(pub(in crate::label) u16);

/// A category tag of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagIx(pub(in crate::label) u16);

/// A value of a category tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueIx(pub(in crate::label) u16);

/// All marking schemes of a rule set with their equivalences.
#[derive(Debug, Default)]
pub struct Lattice {}

/// What a peer is cleared for in one policy. Levels are a set, not a maximum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearance {
    /// Policy.
    pub policy: PolicyIx,
    /// Levels held.
    pub levels: BTreeSet<LevelIx>,
    /// Restrictive values held.
    pub restrictive: BTreeMap<TagIx, BTreeSet<ValueIx>>,
    /// Permissive values held: the groups that the peer is in.
    pub permissive: BTreeMap<TagIx, BTreeSet<ValueIx>>,
}
