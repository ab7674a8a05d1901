//! Files that operators gave: keys and who may read them, certificates and revocation lists and how long they are good.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{Ground, Seen, span};
use crate::audit::SignerKey;
use crate::base::Fault;
use crate::control::papers::{Dated, Worth};
use crate::journal::seal::SealKey;
use crate::link::{Door, ends};
use crate::process::endings::{File, files};
use crate::process::world;

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
fn good_for(file: &File<'_>, ground: &Ground, remedy: &str) -> Seen {
    let of = match file.what {
        Dated::Certificate | Dated::List => file.of.to_owned(),
        Dated::Anchor => format!("{} anchor", file.of),
        Dated::LabelAnchor | Dated::LabelList => format!("{} labels", file.of),
    };
    let end = match ends(file.path) {
        Ok(end) => end.time(),
        Err(fault) => return Seen::bad(of, fault.to_string(), "put the file there, in PEM"),
    };
    let left = end.seconds_since(ground.now);
    let said = if left < 0 { format!("ended {end}") } else { format!("good for {} more, until {end}", span(left)) };
    match Worth::of(file.what, left) {
        Worth::Bad => Seen::bad(of, said, remedy),
        Worth::Doubtful => Seen::doubtful(of, said, remedy),
        Worth::Good => Seen::good(of, said),
    }
}

pub(super) fn certificates(ground: &Ground) -> Vec<Seen> {
    let remedy = "have a new one issued, put it in place, and send the gateway SIGHUP";
    files(&ground.config).iter().filter(|file| !file.what.is_list()).map(|file| good_for(file, ground, remedy)).collect()
}

pub(super) fn revocations(ground: &Ground) -> Vec<Seen> {
    let remedy =
        "fetch the authority's next list, put it in place, and send the gateway SIGHUP: without one nobody who shows a certificate of it gets in";
    files(&ground.config).iter().filter(|file| file.what.is_list()).map(|file| good_for(file, ground, remedy)).collect()
}

pub(super) fn material(ground: &Ground) -> Vec<Seen> {
    let domains = ground.config.domains.iter();
    domains
        .map(|domain| match Door::check(domain) {
            Ok(()) => Seen::good(domain.name.to_string(), "certificate, key, anchor and lists fit together"),
            Err(fault) => Seen::bad(domain.name.to_string(), fault.to_string(), "see `vestibule manual link` for what certificates must be"),
        })
        .chain(ground.config.console.iter().map(|_| match crate::console::check(&ground.config, ground.now) {
            Ok(()) => Seen::good("console", "certificate, key, anchor and lists fit together"),
            Err(fault) => Seen::bad("console", fault.to_string(), "see `vestibule manual console`, and `vestibule pki init` for a lab"),
        }))
        .collect()
}
