//! The officers of the demo: keys, certificates for the console, and their names under the lab's own copy of the rule set.

use std::path::{Path, PathBuf};

use super::super::{Failure, lab, letter};
use super::failed;
use crate::audit::SignerKey;
use crate::base::{Fault, Name};
use crate::config::Gateway;
use crate::control::{Edict, Role, Statement};
use crate::policy::{self, folder::SIGNATURES};
use crate::process::world;

/// Who they are, and what they may do.
const OFFICERS: &[(&str, &[Role], Role)] = &[
    ("ann", &[Role::Viewer, Role::Author, Role::Reviewer, Role::Operator], Role::Author),
    ("bob", &[Role::Viewer, Role::Approver, Role::Reviewer, Role::Auditor], Role::Approver),
];

/// Makes the officers' keys and signs a copy of the rule set; gives the entries of the configuration.
pub(super) fn make(folder: &Path, rules: &Path) -> Result<String, Failure> {
    let files = policy::read_folder(rules)?;
    let copy = folder.join("rules");
    for file in &files {
        let path = copy.join(&*file.path);
        std::fs::create_dir_all(path.parent().unwrap_or(&copy)).map_err(failed(&path))?;
        std::fs::write(&path, &*file.text).map_err(failed(&path))?;
    }
    let edition =
        policy::load(&files).map_err(|_| Failure::Usage(format!("the rule set `{}` has faults; run `vestibule rules check`", rules.display())))?;
    let edict = Edict { ruleset: edition.name.to_string(), number: edition.edition.clone(), digest: edition.digest };
    let signatures = copy.join(SIGNATURES);
    std::fs::create_dir_all(&signatures).map_err(failed(&signatures))?;
    std::fs::create_dir_all(place(folder)).map_err(failed(folder))?;
    let mut entries = String::new();
    for (name, roles, role) in OFFICERS {
        let key = SignerKey::create(&key(folder, name), name)?;
        let officer = Name::new(name).ok_or_else(|| Fault::new("an officer of the demo has no name"))?;
        let statement = Statement { edict: edict.clone(), officer, role: *role, signed: world::now(), emergency: None };
        letter::durable(&signatures.join(format!("{name}.{}.note", role.word())), key.sign(&statement.text()).as_bytes())?;
        entries.push_str(&lab::officer_entry(name, &key, roles, Some(&lab::officer_identity(name))));
    }
    Ok(entries)
}

/// Issues the officers' certificates below the console's anchor.
pub(super) fn certify(folder: &Path, gateway: &Gateway) -> Result<(), Failure> {
    let Some(console) = &gateway.console else { return Ok(()) };
    let known = |name: &&str| gateway.officers.iter().any(|officer| officer.name.as_str() == *name);
    for name in OFFICERS.iter().map(|(name, ..)| *name).filter(known) {
        let at = key(folder, name);
        if !lab::officer_certificate(&at).exists() {
            lab::certify_officer(&console.identity.anchor, name, &at)?;
        }
    }
    Ok(())
}

fn place(folder: &Path) -> PathBuf {
    folder.join("officers")
}

fn key(folder: &Path, name: &str) -> PathBuf {
    place(folder).join(format!("{name}.key"))
}

/// How to enter the console.
pub(super) fn invitation(folder: &Path, gateway: &Gateway) -> String {
    let Some(console) = &gateway.console else { return String::new() };
    let (place, port) = (place(folder).display().to_string(), console.listen.port());
    format!(
        "\nThe console is at https://{}:{port}, for the officers ann and bob:\n\n  \
         certificates        {place}/ann.console.pem with ann.console.key, and bob's; a browser takes them as\n                      \
         openssl pkcs12 -export -in {place}/ann.console.pem -inkey {place}/ann.console.key -out {place}/ann.p12\n  \
         whom it trusts      {anchor}\n  \
         keys to sign with   {place}/ann.key, {place}/bob.key\n  \
         without a browser   curl --cacert {anchor} --cert {place}/ann.console.pem --key {place}/ann.console.key https://{}:{port}/held\n",
        lab::console_identity(gateway),
        lab::console_identity(gateway),
        anchor = console.identity.anchor.display(),
    )
}
