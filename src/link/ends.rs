//! When certificates and revocation lists end: for those who look before it is too late.

use std::path::Path;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use super::identity;
use crate::base::{Fault, Time};

/// When a file ends to be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The first of its certificates ends then.
    Certificate(Time),
    /// The first of its revocation lists must be followed by another one then.
    Revocations(Time),
}

impl End {
    /// The time.
    #[must_use]
    pub const fn time(self) -> Time {
        match self {
            Self::Certificate(time) | Self::Revocations(time) => time,
        }
    }
}

/// When the first of what a PEM file holds ends.
///
/// # Errors
/// A file that cannot be read, or holds neither certificates nor revocation lists, or such as never end.
pub fn ends(path: &Path) -> Result<End, Fault> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|cause| Fault::from_cause(format!("`{shown}` cannot be read"), cause))?;
    let wrong = || Fault::new(format!("`{shown}` holds neither certificates nor revocation lists in PEM that say when they end"));
    let time = |seconds: i64| Time::from_unix_ms(seconds.saturating_mul(1000));
    let certificates = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>().unwrap_or_default();
    if !certificates.is_empty() {
        let all: Option<Vec<Time>> = certificates.iter().map(|der| identity::end(der).ok().and_then(time)).collect();
        return all.and_then(|all| all.into_iter().min()).map(End::Certificate).ok_or_else(wrong);
    }
    let lists = CertificateRevocationListDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>().unwrap_or_default();
    let next = |der: &CertificateRevocationListDer<'_>| {
        let (_, list) = CertificateRevocationList::from_der(der).ok()?;
        time(list.next_update()?.timestamp())
    };
    let all: Option<Vec<Time>> = lists.iter().map(next).collect();
    all.and_then(|all| all.into_iter().min()).map(End::Revocations).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::pki::{Anchor, Use};

    #[test]
    fn certificates_and_lists_say_when_they_end_and_other_files_do_not() {
        let now = Time::from_unix_ms(1_700_000_000_000).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let anchor = Anchor::make("test anchor", now, 100).unwrap();
        let issued = anchor.issue("a.test.lab", Use::Both, now, 10).unwrap();
        let list = anchor.revoke(&[], now, 5).unwrap();
        let days = |end: End| end.time().seconds_since(now).div_euclid(86_400);
        let read = |text: &str| {
            std::fs::write(folder.path().join("f"), text).unwrap();
            ends(&folder.path().join("f"))
        };
        assert_eq!(days(read(anchor.certificate()).unwrap()), 100);
        assert_eq!(days(read(&format!("{}{}", anchor.certificate(), issued.certificate)).unwrap()), 10);
        let revocations = read(&list).unwrap();
        assert!(matches!(revocations, End::Revocations(_)) && days(revocations) == 5);
        assert!(read("nothing").is_err() && read(&issued.key).is_err());
    }
}
