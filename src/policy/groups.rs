//! Two tables of one group: the registry's communities, and the groups of the policies that are called like them.
//!
//! The registry says which peers are members, the policies say whom the word stands for in a label. Where both name a nation they must say the same,
//! or a label would reach a peer by one table that it does not reach by the other.

use super::edition::Registry;
use super::faults::Faults;
use super::ruleset;
use crate::base::Complaint;
use crate::label::{Lattice, Policy};

/// Complaints about nations that are members by one table alone. Organisations have no code in a label, and are left out.
pub(in crate::policy) fn differences(registry: &Registry, lattice: &Lattice) -> Vec<Complaint> {
    let mut faults = Faults::of(ruleset::PATH.into());
    for policy in lattice.policies() {
        for (name, group) in &policy.groups {
            let Some(community) = registry.communities.get(name.as_str()) else { continue };
            for nation in registry.nations.keys().filter(|nation| has_code(policy, nation)) {
                let (in_registry, in_policy) = (community.contains_key(nation), group.contains_key(nation));
                if in_registry != in_policy {
                    let (here, there) = if in_registry { ("a member", "none") } else { ("no member", "one") };
                    faults.whole(
                        format!("`{nation}` is {here} of `{name}` here, and {there} in the groups of the policy `{}`", policy.name),
                        "the same members in both tables",
                        "correct `communities`, or `groups` beside the policy",
                    );
                }
            }
        }
    }
    faults.into_list()
}

/// Whether labels of a policy can name a nation as a recipient.
fn has_code(policy: &Policy, nation: &str) -> bool {
    let release = policy.release.and_then(|release| policy.tags.get(release.index()));
    release.is_some_and(|tag| tag.values.iter().any(|value| value.name == nation))
}
