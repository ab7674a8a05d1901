//! The signers of labels whom each peer's labels may be signed by, read from the files of the peer's domain.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::base::{Fault, Name};
use crate::config;
use crate::label::signature::Trust;

/// Reads the label anchors and their revocation lists of every domain that has them; gives them by peer.
///
/// # Errors
/// A fault that names the domain, and the file that cannot be read.
pub fn read(config: &config::Gateway) -> Result<BTreeMap<Name, Arc<Trust>>, Fault> {
    let mut trusted = BTreeMap::new();
    for domain in &config.domains {
        let Some(files) = &domain.label_trust else { continue };
        let anchors = bytes(&files.anchor, "the label anchor")?;
        let mut revocations = Vec::new();
        for path in &files.revocations {
            revocations.extend(bytes(path, "the revocation list of labels")?);
            revocations.push(b'\n');
        }
        let trust = Trust::of_pem(&anchors, &revocations)
            .map_err(|cause| Fault::from_cause(format!("the label anchors of domain `{}` are refused", domain.name), cause))?;
        let trust = Arc::new(trust);
        trusted.extend(domain.peers.iter().map(|peer| (peer.name.clone(), Arc::clone(&trust))));
    }
    Ok(trusted)
}

fn bytes(path: &Path, what: &str) -> Result<Vec<u8>, Fault> {
    std::fs::read(path).map_err(|cause| Fault::from_cause(format!("{what} `{}` cannot be read", path.display()), cause))
}
