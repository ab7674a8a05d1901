//! Security policy information files: Open XML SPIF 2.1, read strictly, with the constraints beside each.
//!
//! Takes files of the rule set, gives a [`Lattice`] or every complaint. Proves of a lattice: names and identifiers are
//! unique, every reference inside and between policies resolves, and no pair of equivalences lowers a level.
//! Deliberately absent: markings of anything but pages, SPIF 1.0, 2.0 and 3.0.

mod constraints;
mod equivalence;
mod grammar;
mod read;
mod words;

use std::sync::Arc;

use super::Lattice;
use super::scheme::Policy;
use crate::base::{Budget, Complaint, Span};
use crate::format::syntax::xml::{Cdata, Comments, NAMESPACE_XML, Options, read_tree};
use crate::normal::Tree;

/// The namespace of Open XML SPIF.
pub const NAMESPACE: &str = "http://www.xmlspif.org/spif";

/// Bytes of one file at most: 4 MiB; the largest public SPIF has half of one.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Policies of a rule set at most: 256.
pub const POLICIES_MAX: usize = 256;

/// A SPIF of the rule set with the constraints beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// Path of the SPIF below the rule set's folder.
    pub path: Arc<str>,
    /// Its text.
    pub xml: Arc<str>,
    /// Path and text of the constraints (TOML).
    pub constraints: Option<(Arc<str>, Arc<str>)>,
}

/// Complaints about one file, as they are found.
#[derive(Debug)]
pub(in crate::label) struct Faults {
    file: Arc<str>,
    list: Vec<Complaint>,
}

impl Faults {
    fn new(file: &Arc<str>) -> Self {
        Self { file: file.clone(), list: Vec::new() }
    }

    fn at(&mut self, span: Span, what: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) {
        self.range(Some(span.range()), what, expected, remedy);
    }

    fn whole(&mut self, what: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) {
        self.range(None, what, expected, remedy);
    }

    fn range(&mut self, at: Option<std::ops::Range<usize>>, what: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) {
        self.list.push(Complaint { file: self.file.clone(), at, what: what.into(), expected: expected.into(), remedy: remedy.into() });
    }
}

impl Lattice {
    /// The lattice of a rule set's policies.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn load(files: &[PolicyFile]) -> Result<Self, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let mut read = Vec::new();
        if files.len() > POLICIES_MAX {
            let mut faults = Faults::new(&files.first().map_or_else(|| "policies".into(), |file| file.path.clone()));
            faults.whole(format!("the rule set has more than {POLICIES_MAX} policies"), "fewer", "remove policies");
            return Err(faults.list);
        }
        for file in files {
            match read_policy(file) {
                Ok(found) => read.push((file, found.0, found.1)),
                Err(found) => complaints.extend(found),
            }
        }
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let own: Vec<Policy> = read.iter().map(|(_, _, policy)| policy.clone()).collect();
        let mut policies = Vec::with_capacity(own.len());
        for (at, (file, tree, policy)) in read.iter().enumerate() {
            let mut faults = Faults::new(&file.path);
            twice(&own, at, policy, &mut faults);
            policies.extend(equivalence::resolve(tree, at, &own, &mut faults));
            complaints.extend(faults.list);
        }
        for (at, (file, _, _)) in read.iter().enumerate() {
            let mut faults = Faults::new(&file.path);
            for lowered in equivalence::lowered(&policies, at) {
                faults.whole(lowered, "equivalences that never lower a level", "map the level back to the same level or a higher one");
            }
            complaints.extend(faults.list);
        }
        if complaints.is_empty() { Ok(Self::of(policies)) } else { Err(complaints) }
    }
}

fn twice(own: &[Policy], at: usize, policy: &Policy, faults: &mut Faults) {
    if own.iter().take(at).any(|other| other.name.eq_ignore_ascii_case(&policy.name) || other.oid == policy.oid) {
        faults.whole(
            format!("the policy `{}` or its identifier `{}` is loaded twice", policy.name, policy.oid),
            "one file for each policy",
            "remove one",
        );
    }
}

fn read_policy(file: &PolicyFile) -> Result<(Tree<'_>, Policy), Vec<Complaint>> {
    let mut faults = Faults::new(&file.path);
    if file.xml.len() > FILE_BYTES_MAX {
        faults.whole(format!("the file has {} bytes", file.xml.len()), format!("at most {FILE_BYTES_MAX}"), "split the policy");
        return Err(faults.list);
    }
    let options = Options { comments: Comments::Allow, cdata: Cdata::Refuse, depth_max: 16 };
    let tree = match read_tree(&file.xml, options, &mut Budget::for_body(file.xml.len())) {
        Ok(tree) => tree,
        Err(refusal) => {
            faults.range(refusal.place.span.map(Span::range), refusal.reason.sentence(), refusal.detail, refusal.reason.remedy());
            return Err(faults.list);
        }
    };
    grammar::check(&tree, &mut faults);
    if !faults.list.is_empty() {
        return Err(faults.list);
    }
    let mut policy = read::policy(&tree, &file.path, &mut faults);
    if faults.list.is_empty() {
        match &file.constraints {
            Some((path, toml)) => constraints::apply(path, toml, &mut policy, &mut faults),
            None => faults.whole(
                format!("`{}` has no constraints beside it", policy.name),
                "a file of the same name that ends in `.toml`",
                "write it: who owns what the policy labels, and what it means that no recipient is named",
            ),
        }
    }
    if faults.list.is_empty() { Ok((tree, policy)) } else { Err(faults.list) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::{five_eyes_files, lattice, small_policy};

    #[test]
    fn the_policies_that_ship_load_and_agree_with_each_other() {
        let lattice = lattice();
        let names: Vec<_> = lattice.policies().iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, ["AUS", "CAN-PROTECTED", "CAN", "EU", "GBR", "NATO", "NZL-PRIVACY", "NZL", "TLP", "USA"]);
        assert_eq!(lattice.policy_by_oid("1.3.26.1.3.1"), lattice.policy("NATO"));
    }

    #[test]
    fn a_policy_without_constraints_is_refused() {
        let mut files = five_eyes_files();
        files[0].constraints = None;
        let complaints = Lattice::load(&files).unwrap_err();
        assert!(complaints.len() == 1 && complaints[0].what.contains("no constraints"), "{complaints:#?}");
    }

    #[test]
    fn a_spif_of_another_version_or_loaded_twice_is_refused() {
        let mut old = small_policy("X", "1.2.9", "<securityClassification name=\"A\" lacv=\"1\" hierarchy=\"1\"/>", "");
        let good = old.clone();
        assert!(Lattice::load(std::slice::from_ref(&good)).is_ok());
        assert!(Lattice::load(&[good.clone(), good]).unwrap_err()[0].what.contains("loaded twice"));
        old.xml = old.xml.replace("schemaVersion=\"2.1\"", "schemaVersion=\"3.0\"").into();
        assert!(Lattice::load(&[old]).unwrap_err()[0].what.contains("`3.0`"));
    }
}
