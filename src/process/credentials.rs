//! The files of officers' certificates, read for those who judge signatures: supervisor and command line themselves, the keeper through its orders,
//! since behind its walls it reads none.

use std::collections::BTreeMap;
use std::path::Path;

use super::keeper::Shared;
use super::world;
use crate::base::Fault;
use crate::config;
use crate::control::{Credentials, Officers};

/// Reads the certificates of a configuration's officers, with their anchors and revocation lists.
///
/// # Errors
/// A fault that names the file.
pub fn read(config: &config::Gateway) -> Result<Credentials, Fault> {
    let given = config.officers.iter().filter_map(|officer| Some((officer.name.clone(), officer.certificate.as_ref()?)));
    let certificates = given.map(|(name, path)| Ok((name, bytes(path)?))).collect::<Result<BTreeMap<_, _>, Fault>>()?;
    let Some(files) = config.officer_trust.as_ref().filter(|_| !certificates.is_empty()) else {
        return Ok(Credentials { certificates, ..Credentials::default() });
    };
    let mut revocations = Vec::new();
    for path in &files.revocations {
        revocations.extend(bytes(path)?);
        revocations.push(b'\n');
    }
    Ok(Credentials { anchors: bytes(&files.anchor)?, revocations, certificates })
}

/// The officers of a configuration, as their files are now.
///
/// # Errors
/// A file that cannot be read; what [`Officers::of`] refuses.
pub fn officers(config: &config::Gateway) -> Result<Officers, Fault> {
    Officers::of(&config.officers, &read(config)?, world::now())
}

impl Shared {
    /// Judges signatures of officers by these certificates from here on.
    pub(super) fn credit(&self, credentials: Credentials) {
        self.credentials.store(credentials.into());
    }

    /// The officers, as the keeper knows them.
    pub(super) fn officers(&self) -> Result<Officers, Fault> {
        Officers::of(&self.config.load().officers, &self.credentials.load(), world::now())
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Fault> {
    std::fs::read(path).map_err(|cause| Fault::from_cause(format!("`{}` of the officers cannot be read", path.display()), cause))
}
