//! Files that operators gave: keys and who may read them, certificates and revocation lists and how long they are good.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{Ground, Seen, span};
use crate::audit::SignerKey;
use crate::base::Fault;
use crate::journal::seal::SealKey;
use crate::link::{Door, ends};
use crate::process::world;

/// Seconds before its end below which something is bad: 3 days, a long weekend.
const SECONDS_BAD: i64 = 3 * 86_400;
/// Seconds before its end below which it is doubtful: 30 days, what an authority may take.
const SECONDS_DOUBTFUL: i64 = 30 * 86_400;
/// Revocation lists are followed by new ones often: doubtful below a day, for what is late is late by an authority's working day.
const LIST_SECONDS_DOUBTFUL: i64 = 86_400;

pub(super) fn keys(ground: &Ground) -> Vec<Seen> {
    let keys = &ground.config.keys;
    let mut all: Vec<(String, PathBuf, Result<(), Fault>)> = vec![
        ("audit".to_owned(), keys.audit.clone(), SignerKey::open(&keys.audit).map(drop)),
        ("quarantine".to_owned(), keys.quarantine.clone(), SealKey::open(&keys.quarantine).map(drop)),
        ("hops".to_owned(), keys.hops.clone(), world::HopSecret::read(&keys.hops).map(drop)),
        ("pseudonym".to_owned(), keys.pseudonym.clone(), world::Secrets::read(&keys.pseudonym).map(drop)),
    ];
    all.extend(keys.binding.iter().map(|files| ("binding".to_owned(), files.key.clone(), world::signer(files).map(drop))));
    all.extend(ground.config.domains.iter().map(|domain| (format!("door {}", domain.name), domain.identity.key.clone(), Ok(()))));
    let owner = std::fs::metadata(&ground.config.journal).ok().map(|found| found.uid());
    all.into_iter().map(|(of, path, opened)| key(of, &path, opened, owner)).collect()
}

fn key(of: String, path: &Path, opened: Result<(), Fault>, owner: Option<u32>) -> Seen {
    let shown = path.display();
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) => {
            return Seen::bad(of, format!("`{shown}`: {error}"), "make it with `vestibule pki init`, or put it back from where its copy is kept");
        }
    };
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Seen::bad(
            of,
            format!("`{shown}` has mode {mode:04o}: others may read it"),
            format!("chmod 600 {shown}; take it for known to others"),
        );
    }
    match (opened, owner) {
        (Err(fault), _) => Seen::bad(of, fault.to_string(), "put it back from where its copy is kept"),
        (Ok(()), Some(owner)) if owner != found.uid() => Seen::doubtful(
            of,
            format!("`{shown}` belongs to user {}, the journal to user {owner}", found.uid()),
            format!("chown {owner} {shown}, where the gateway runs as that user"),
        ),
        (Ok(()), _) => Seen::good(of, format!("`{shown}` mode {mode:04o}")),
    }
}

/// How long a file is good.
fn good_for(of: String, path: &Path, ground: &Ground, doubtful: i64, remedy: &str) -> Seen {
    let end = match ends(path) {
        Ok(end) => end.time(),
        Err(fault) => return Seen::bad(of, fault.to_string(), "put the file there, in PEM"),
    };
    match end.seconds_since(ground.now) {
        left if left < 0 => Seen::bad(of, format!("ended {end}"), remedy),
        left if left < doubtful.min(SECONDS_BAD) => Seen::bad(of, format!("good for {} more, until {end}", span(left)), remedy),
        left if left < doubtful => Seen::doubtful(of, format!("good for {} more, until {end}", span(left)), remedy),
        left => Seen::good(of, format!("good for {} more, until {end}", span(left))),
    }
}

pub(super) fn certificates(ground: &Ground) -> Vec<Seen> {
    let mut all: Vec<(String, &Path)> = Vec::new();
    for domain in &ground.config.domains {
        let name = &domain.name;
        all.push((format!("{name}"), &domain.identity.certificate));
        all.push((format!("{name} anchor"), &domain.identity.anchor));
        all.extend(domain.label_trust.iter().map(|files| (format!("{name} labels"), files.anchor.as_path())));
    }
    all.extend(ground.config.keys.binding.iter().map(|files| ("binding".to_owned(), files.certificate.as_path())));
    let remedy = "have a new one issued, put it in place, and send the gateway SIGHUP";
    all.into_iter().map(|(of, path)| good_for(of, path, ground, SECONDS_DOUBTFUL, remedy)).collect()
}

pub(super) fn revocations(ground: &Ground) -> Vec<Seen> {
    let mut all: Vec<(String, &PathBuf)> = Vec::new();
    for domain in &ground.config.domains {
        all.extend(domain.identity.revocations.iter().map(|path| (domain.name.to_string(), path)));
        let labels = domain.label_trust.iter().flat_map(|files| &files.revocations);
        all.extend(labels.map(|path| (format!("{} labels", domain.name), path)));
    }
    let remedy = "fetch the authority's next list, put it in place, and send the gateway SIGHUP: without one nobody of the domain is linked";
    all.into_iter().map(|(of, path)| good_for(of, path, ground, LIST_SECONDS_DOUBTFUL, remedy)).collect()
}

pub(super) fn material(ground: &Ground) -> Vec<Seen> {
    let domains = ground.config.domains.iter();
    domains
        .map(|domain| match Door::check(domain) {
            Ok(()) => Seen::good(domain.name.to_string(), "certificate, key, anchor and lists fit together"),
            Err(fault) => Seen::bad(domain.name.to_string(), fault.to_string(), "see `vestibule manual link` for what certificates must be"),
        })
        .collect()
}
