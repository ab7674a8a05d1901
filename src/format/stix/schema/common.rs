//! Properties that many objects share.
// SPEC: STIX 2.1, 3.2 (common properties), 2.5 (external references), 2.11 (kill chain phases), 7.2.3 (granular markings).

use super::Type::{Extensions, Flag, Hashes, Id, Inner, List, Millisecond, Plain, Selector, Text, Time, Within, Word};
use super::{Property, Shape, may, must};

/// The version that objects state.
const VERSION: &[&str] = &["2.1"];

/// A reference to something outside.
pub(super) const EXTERNAL_REFERENCE: Shape =
    Shape { groups: &[&[must("source_name", Text), may("description", Text), may("url", Text), may("hashes", Hashes), may("external_id", Text)]] };

const GRANULAR_MARKING: Shape =
    Shape { groups: &[&[must("selectors", List(&Selector)), may("marking_ref", Id(&["marking-definition"])), may("lang", Plain)]] };

const KILL_CHAIN_PHASE: Shape = Shape { groups: &[&[must("kill_chain_name", Plain), must("phase_name", Plain)]] };

/// Type, id and version of the standard, of everything but observables.
pub(super) const CORE: &[Property] = &[must("type", Plain), must("spec_version", Word(VERSION)), must("id", Id(&[]))];

/// Markings, of everything.
pub(super) const MARKED: &[Property] =
    &[may("object_marking_refs", List(&Id(&["marking-definition"]))), may("granular_markings", List(&Inner(&GRANULAR_MARKING)))];

/// Properties of everything that has versions but marking definitions.
pub(super) const VERSIONED: &[Property] = &[
    may("created_by_ref", Id(&["identity"])),
    must("created", Millisecond),
    must("modified", Millisecond),
    may("revoked", Flag),
    may("labels", List(&Text)),
    may("confidence", Within(0, 100)),
    may("lang", Plain),
    may("external_references", List(&Inner(&EXTERNAL_REFERENCE))),
    may("extensions", Extensions),
];

/// Properties of observables.
pub(super) const OBSERVED: &[Property] =
    &[must("type", Plain), may("spec_version", Word(VERSION)), must("id", Id(&[])), may("defanged", Flag), may("extensions", Extensions)];

pub(super) const NAME: Property = must("name", Text);
pub(super) const NAME_MAY: Property = may("name", Text);
pub(super) const DESCRIPTION: Property = may("description", Text);
pub(super) const ALIASES: Property = may("aliases", List(&Text));
pub(super) const PHASES: Property = may("kill_chain_phases", List(&Inner(&KILL_CHAIN_PHASE)));
pub(super) const FIRST_SEEN: Property = may("first_seen", Time);
pub(super) const LAST_SEEN: Property = may("last_seen", Time);
pub(super) const OBJECT_REFS: Property = must("object_refs", List(&Id(&[])));
