//! What of a gateway's files ends: certificates, anchors and revocation lists, in the order of the configuration.
//!
//! One list for `vestibule doctor` and for the console, so that no file is watched by one and forgotten by the other.

use std::path::Path;

use crate::config::{Gateway, Own};
use crate::control::papers::{Dated, Ending};
use crate::link::ends;

/// A file that holds something which ends.
#[derive(Debug, Clone, Copy)]
pub struct File<'c> {
    /// Whose it is: a domain, an officer, `officers`, `console`, `binding`.
    pub of: &'c str,
    /// What it holds.
    pub what: Dated,
    /// Where it is.
    pub path: &'c Path,
}

fn own<'c>(of: &'c str, own: &'c Own) -> Vec<File<'c>> {
    let file = |what, path| File { of, what, path };
    let mut all = vec![file(Dated::Certificate, own.certificate.as_path()), file(Dated::Anchor, own.anchor.as_path())];
    all.extend(own.revocations.iter().map(|path| file(Dated::List, path.as_path())));
    all
}

/// All files of a configuration that hold something which ends.
#[must_use]
pub fn files(config: &Gateway) -> Vec<File<'_>> {
    let mut all = Vec::new();
    for domain in &config.domains {
        let of = domain.name.as_str();
        all.extend(own(of, &domain.identity));
        if let Some(labels) = &domain.label_trust {
            all.push(File { of, what: Dated::LabelAnchor, path: &labels.anchor });
            all.extend(labels.revocations.iter().map(|path| File { of, what: Dated::LabelList, path }));
        }
    }
    let certificates = config.officers.iter().filter_map(|officer| Some((officer.name.as_str(), officer.certificate.as_deref()?)));
    all.extend(certificates.map(|(of, path)| File { of, what: Dated::Certificate, path }));
    if let Some(files) = &config.officer_trust {
        all.push(File { of: "officers", what: Dated::Anchor, path: &files.anchor });
        all.extend(files.revocations.iter().map(|path| File { of: "officers", what: Dated::List, path }));
    }
    all.extend(config.console.iter().flat_map(|console| own("console", &console.identity)));
    all.extend(config.keys.binding.iter().map(|files| File { of: "binding", what: Dated::Certificate, path: &files.certificate }));
    all
}

/// When each of them ends, as the files are now.
pub(super) fn endings(config: &Gateway) -> Vec<Ending> {
    let ending = |file: File<'_>| {
        let (until, fault) = match ends(file.path) {
            Ok(end) => (end.time().to_string(), String::new()),
            Err(fault) => (String::new(), fault.to_string()),
        };
        Ending { of: file.of.to_owned(), what: file.what, until, fault }
    };
    files(config).into_iter().map(ending).collect()
}
