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
    let pairs = registry.communities.iter().flat_map(|(name, members)| registry.nations.keys().map(move |nation| (name, members, nation)));
    for (name, members, nation) in pairs {
        let in_registry = members.contains_key(nation);
        let differs = |policy: &&Policy| {
            has_code(policy, nation) && policy.groups.get(name.as_str()).is_some_and(|group| group.contains_key(nation) != in_registry)
        };
        let differing: Vec<String> = lattice.policies().iter().filter(differs).map(|policy| format!("`{}`", policy.name)).collect();
        if !differing.is_empty() {
            let (here, there) = if in_registry { ("a member", "none") } else { ("no member", "one") };
            faults.whole(
                format!("`{nation}` is {here} of `{name}` here, and {there} in the groups of the policies {}", differing.join(", ")),
                "the same members in both tables",
                "correct `communities`, or `groups` beside the policies",
            );
        }
    }
    faults.into_list()
}

/// Whether labels of a policy can name a nation as a recipient.
fn has_code(policy: &Policy, nation: &str) -> bool {
    let release = policy.release.and_then(|release| policy.tags.get(release.index()));
    release.is_some_and(|tag| tag.values.iter().any(|value| value.name == nation))
}
