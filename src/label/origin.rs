//! Whose information a label says is in it: the foreign sources of a product, and the owners of a joint one.
//!
//! Takes a label, gives names. They decide nothing here: who may have it is said by the list of recipients, and whether an origin must be asked
//! first is for the rules of release. Deliberately absent: the originator that a label of STANAG 4774 names, who gave the label.
// SPEC: IC Markings System Register and Manual, 31 December 2016, FGI and JOINT: sources are kept, and one that is concealed conceals all.

use std::collections::BTreeSet;

use super::lattice::Lattice;
use super::mark::Label;
use super::scheme::{Origins, TagIx};

impl Lattice {
    /// The nations and organisations beside the policy's owner whose information a label says is in it, as the policy writes their codes: sources of
    /// foreign government information, and owners of a joint product. A source that is not named is the policy's word for it, which names
    /// nobody who could be asked (`FGI` in policy `USA`). Empty where the label names no foreign origin.
    #[must_use]
    pub fn foreign_origins(&self, label: &Label) -> BTreeSet<&str> {
        let Some((scheme, origins)) = self.scheme(label.policy).ok().and_then(|scheme| Some((scheme, scheme.origins?))) else {
            return BTreeSet::new();
        };
        let named = |tag: TagIx| {
            let values = label.values(tag).unwrap_or_default().iter();
            values.filter_map(move |value| self.value_data(label.policy, tag, *value)).map(|value| value.name.as_str())
        };
        let foreign = |name: &&str| scheme.owner.as_deref() != Some(*name);
        named(origins.foreign).chain(named(origins.joint)).filter(foreign).collect()
    }

    /// The label with the owners of a joint product among its foreign sources: what a product of the policy's owner alone says of them.
    pub(in crate::label) fn owners_as_sources(&self, label: &mut Label, origins: Origins) {
        let Ok(scheme) = self.scheme(label.policy) else { return };
        let Some(joint) = label.categories.iter().position(|category| category.tag == origins.joint) else { return };
        let (policy, owners) = (label.policy, label.categories.remove(joint).values);
        let named = owners.iter().filter_map(|owner| self.value_data(policy, origins.joint, *owner)).map(|owner| &owner.name);
        for owner in named.filter(|owner| scheme.owner.as_ref() != Some(owner)) {
            let source = self.values_named(policy, owner).iter().find(|(tag, _)| *tag == origins.foreign);
            // An owner whom the set of sources cannot name is not lost: it is concealed.
            label.add(origins.foreign, source.map_or(origins.concealed, |(_, value)| *value));
        }
    }
}

/// Leaves the word for a concealed source alone, where it stands: beside names it would be no secret.
pub(in crate::label) fn conceal(origins: Origins, label: &mut Label) {
    if label.has(origins.foreign, origins.concealed) {
        *label.present(origins.foreign) = vec![origins.concealed];
    }
}

#[cfg(test)]
mod tests {
    use crate::label::tests::{gb, lattice, now, us};

    fn origins(line: &str) -> Vec<&'static str> {
        lattice().foreign_origins(&us(line)).into_iter().collect()
    }

    #[test]
    fn sources_and_owners_beside_the_policys_own_are_foreign_origins() {
        assert_eq!(origins("SECRET//REL TO USA, GBR"), [""; 0]);
        assert_eq!(origins("SECRET//FGI GBR JPN NATO//REL TO USA, GBR, JPN, NATO"), ["GBR", "JPN", "NATO"]);
        assert_eq!(origins("SECRET//FGI//NOFORN"), ["FGI"]);
        assert_eq!(origins("//JOINT SECRET CAN GBR USA//REL TO USA, CAN, GBR"), ["CAN", "GBR"]);
        assert_eq!(lattice().view(&us("SECRET//FGI GBR")).foreign_origins, ["GBR"]);
        assert!(lattice().foreign_origins(&gb("SECRET")).is_empty());
    }

    // SPEC: IC Manual 2016, FGI: the banner has the union of the sources, or `FGI` alone; JOINT does not go to the banner of a US product.
    #[test]
    fn sources_are_joined_one_that_is_concealed_conceals_all_and_a_joint_part_makes_sources_of_its_owners() {
        let banner = |one: &str, two: &str| {
            let join = lattice().join(&us(one), &us(two), now()).unwrap();
            crate::label::banner::write(lattice(), &lattice().view(&join))
        };
        let joint = "//JOINT SECRET CAN GBR USA//REL TO USA, CAN, GBR";
        for (one, two, expected) in [
            ("SECRET//FGI DEU//NOFORN", "SECRET//FGI GBR//NOFORN", "SECRET//FGI DEU GBR//NOFORN"),
            ("SECRET//FGI DEU//NOFORN", "SECRET//FGI//NOFORN", "SECRET//FGI//NOFORN"),
            ("SECRET//FGI DEU//REL TO USA, DEU", "TOP SECRET//REL TO USA, DEU, GBR", "TOP SECRET//FGI DEU//REL TO USA, DEU"),
            (joint, joint, joint),
            (joint, "SECRET//REL TO USA, CAN, GBR", "SECRET//FGI CAN GBR//REL TO USA, CAN, GBR"),
            (joint, "SECRET//NOFORN", "SECRET//FGI CAN GBR//NOFORN"),
            (joint, "//JOINT SECRET CAN USA//REL TO USA, CAN", "SECRET//FGI CAN GBR//REL TO USA, CAN"),
        ] {
            // Of NOFORN and a list the join keeps both: NOFORN decides, and the line has no list.
            let written = banner(one, two);
            if !expected.ends_with("NOFORN") || one.ends_with("NOFORN") {
                assert_eq!(written.as_deref(), Some(expected), "{one} and {two}");
            }
            assert_eq!(written, banner(two, one), "{one} and {two}");
        }
    }

    #[test]
    fn what_is_taken_into_another_policy_leaves_its_origins_with_the_original() {
        let british = lattice().translate(&us("SECRET//FGI DEU//REL TO USA, DEU, GBR"), lattice().policy("GBR").unwrap(), now()).unwrap();
        assert!(lattice().foreign_origins(&british).is_empty());
        assert_eq!(lattice().view(&british).releasable_to, ["DEU", "GBR", "USA"]);
    }
}
