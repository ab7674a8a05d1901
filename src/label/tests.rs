//! What the tests of this room share: the policies that ship, and short ways to a label.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::{Clearance, Label, Lattice, PolicyFile, banner, cot};
use crate::base::{Name, Refusal, Time};

pub(super) fn now() -> Time {
    Time::parse("2026-06-01T12:00:00Z").unwrap()
}

/// The rule sets that ship.
fn rule_sets() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut found: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.join("policies").is_dir()).collect();
    found.sort();
    found
}

/// All policies of a rule set, in the order of their names.
fn files_of(rule_set: &Path) -> Vec<PolicyFile> {
    let mut found: Vec<_> = std::fs::read_dir(rule_set.join("policies")).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "xml"));
    found.sort();
    found.iter().map(|xml| policy_file(xml)).collect()
}

/// A SPIF with the constraints beside it.
fn policy_file(xml: &Path) -> PolicyFile {
    let toml = xml.with_extension("toml");
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().into();
    let constraints = std::fs::read_to_string(&toml).ok().map(|text| (name(&toml), text.into()));
    PolicyFile { path: name(xml), xml: std::fs::read_to_string(xml).unwrap().into(), constraints }
}

pub(super) fn five_eyes_files() -> Vec<PolicyFile> {
    files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes"))
}

/// The lattice of `rules/five-eyes`.
pub(super) fn lattice() -> &'static Lattice {
    static LATTICE: LazyLock<Lattice> = LazyLock::new(|| Lattice::load(&five_eyes_files()).unwrap_or_else(|complaints| panic!("{complaints:#?}")));
    &LATTICE
}

/// The lattices of all rule sets that ship.
pub(super) fn lattices() -> &'static [Lattice] {
    static LATTICES: LazyLock<Vec<Lattice>> = LazyLock::new(|| {
        let sets = rule_sets().into_iter().map(|set| Lattice::load(&files_of(&set)).unwrap_or_else(|complaints| panic!("{complaints:#?}")));
        sets.collect()
    });
    &LATTICES
}

/// Reads a banner and checks it, as the path does.
pub(super) fn read(policy: &str, line: &str) -> Result<Label, Refusal> {
    let label = banner::read(lattice(), lattice().policy(policy).unwrap(), line)?;
    lattice().check(&label, now())?;
    Ok(label)
}

pub(super) fn us(line: &str) -> Label {
    read("USA", line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"))
}

pub(super) fn gb(line: &str) -> Label {
    read("GBR", line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"))
}

/// Reads a triple and checks it, as the path does.
pub(super) fn triple(policy: &str, access: &str, caveat: Option<&str>, releasable_to: Option<&str>) -> Result<Option<Label>, Refusal> {
    let label = cot::read(lattice(), lattice().policy(policy).unwrap(), cot::Triple { access: Some(access), caveat, releasable_to })?;
    label.iter().try_for_each(|label| lattice().check(label, now()))?;
    Ok(label)
}

pub(super) fn clearance(lattice: &Lattice, policy: &str, up_to: &str, nation: &str, communities: &[&str]) -> Clearance {
    let communities = communities.iter().map(|name| Name::new(name).unwrap()).collect();
    lattice.clearance(lattice.policy(policy).unwrap(), up_to, &BTreeMap::new(), nation, &communities).unwrap()
}

/// A SPIF of the given classes and what follows them, open to all who are not named.
pub(super) fn small_policy(name: &str, oid: &str, classes: &str, rest: &str) -> PolicyFile {
    let head = "xmlns=\"http://www.xmlspif.org/spif\" schemaVersion=\"2.1\" creationDate=\"20260101000000Z\" originatorDN=\"CN=Test\" keyIdentifier=\"00\" privilegeId=\"1.2\" rbacId=\"1.2\"";
    let xml = format!(
        "<SPIF {head}><securityPolicyId name=\"{name}\" id=\"{oid}\"/><securityClassifications>{classes}</securityClassifications>{rest}</SPIF>"
    );
    PolicyFile {
        path: format!("{name}.xml").into(),
        xml: xml.into(),
        constraints: Some((format!("{name}.toml").into(), "unmarked = { \"*\" = \"open\" }".into())),
    }
}
