//! Labels against the rule set that ships, the vectors of the public manuals and the shared samples.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use vestibule::base::{Budget, Name, Reason, Refusal, Time};
use vestibule::label::{Clearance, Label, Lattice, PolicyFile, PolicyIx, banner, cot, stanag4774};

fn now() -> Time {
    Time::parse("2026-06-01T12:00:00Z").unwrap()
}

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes/policies")
}

fn policy_file(xml: &Path) -> PolicyFile {
    let toml = xml.with_extension("toml");
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().into();
    let constraints = std::fs::read_to_string(&toml).ok().map(|text| (name(&toml), text.into()));
    PolicyFile { path: name(xml), xml: std::fs::read_to_string(xml).unwrap().into(), constraints }
}

fn five_eyes_files() -> Vec<PolicyFile> {
    ["gbr", "nato", "usa"].iter().map(|name| policy_file(&policies().join(format!("{name}.xml")))).collect()
}

fn lattice() -> Lattice {
    Lattice::load(&five_eyes_files()).unwrap_or_else(|complaints| panic!("{complaints:#?}"))
}

/// The shared samples: beside the checkout, or where the environment says.
fn shared(below: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("VESTIBULE_SHARED").map_or(beside, PathBuf::from);
    let found = root.join(below);
    if found.exists() {
        return Some(found);
    }
    println!("no shared samples at {}: set VESTIBULE_SHARED to run this test on them", found.display());
    None
}

/// Reads a banner and checks it, as the path does.
fn read(lattice: &Lattice, policy: &str, line: &str) -> Result<Label, Refusal> {
    let label = banner::read(lattice, lattice.policy(policy).unwrap(), line)?;
    lattice.check(&label, now())?;
    Ok(label)
}

fn us(lattice: &Lattice, line: &str) -> Label {
    read(lattice, "USA", line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"))
}

fn gb(lattice: &Lattice, line: &str) -> Label {
    read(lattice, "GBR", line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"))
}

fn triple(lattice: &Lattice, policy: &str, access: &str, caveat: Option<&str>, releasable_to: Option<&str>) -> Result<Option<Label>, Refusal> {
    let label = cot::read(lattice, lattice.policy(policy).unwrap(), cot::Triple { access: Some(access), caveat, releasable_to })?;
    label.iter().try_for_each(|label| lattice.check(label, now()))?;
    Ok(label)
}

fn clearance(lattice: &Lattice, policy: &str, up_to: &str, nation: &str, communities: &[&str]) -> Clearance {
    let communities = communities.iter().map(|name| Name::new(name).unwrap()).collect();
    lattice.clearance(lattice.policy(policy).unwrap(), up_to, &BTreeMap::new(), nation, &communities).unwrap()
}

fn detached(lattice: &Lattice, text: &str) -> Result<Label, Refusal> {
    let (_, label) = stanag4774::read_text(lattice, text, &mut Budget::for_body(text.len()))?;
    lattice.check(&label, now())?;
    Ok(label)
}

#[test]
fn the_policies_that_ship_load_and_agree_with_each_other() {
    let lattice = lattice();
    let names: Vec<_> = lattice.policies().iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["GBR", "NATO", "USA"]);
    assert_eq!(lattice.policy_by_oid("1.3.26.1.3.1"), lattice.policy("NATO"));
}

#[test]
fn a_policy_without_constraints_is_refused() {
    let mut files = five_eyes_files();
    files[0].constraints = None;
    let complaints = Lattice::load(&files).unwrap_err();
    assert!(complaints.len() == 1 && complaints[0].what.contains("no constraints"), "{complaints:#?}");
}
