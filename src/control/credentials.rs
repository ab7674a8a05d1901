//! The certificates of officers: whose name a key carries, until when, and unless it was revoked.
//!
//! Takes the bytes of certificates, anchors and revocation lists, gives what verifies an officer's signatures and why they do not count at a time.
//! Reads no file and no clock.

use std::collections::BTreeMap;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::audit::{VerifierKey, certified};
use crate::base::{Fault, Name, Time};
use crate::label::signature::Trust;

/// What the files of the officers hold; nothing where every officer has a bare key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// Their anchors (PEM).
    pub anchors: Vec<u8>,
    /// The revocation lists of the anchors (PEM), one after the other.
    pub revocations: Vec<u8>,
    /// Each officer's certificate, then those between it and the anchor (PEM).
    pub certificates: BTreeMap<Name, Vec<u8>>,
}

impl Credentials {
    /// What the officers' certificates are judged by; none where no officer has one.
    ///
    /// # Errors
    /// Anchors or lists that are refused.
    pub(super) fn trust(&self) -> Result<Option<Trust>, Fault> {
        if self.certificates.is_empty() {
            return Ok(None);
        }
        let refused = |cause| Fault::from_cause("the anchors of the officers' certificates are refused", cause);
        Trust::of_pem(&self.anchors, &self.revocations).map(Some).map_err(refused)
    }

    /// The key of an officer's certificate, and why its signatures do not count now; nothing where they do.
    ///
    /// # Errors
    /// There is no certificate of this officer, or one that never counts, whatever the time.
    pub(super) fn key(&self, officer: &Name, trust: Option<&Trust>, now: Time) -> Result<(VerifierKey, Option<String>), Fault> {
        let of = |what: String| Fault::new(format!("the certificate of the officer `{officer}`: {what}"));
        let pem = self.certificates.get(officer).ok_or_else(|| of("it was not read; reload the configuration".to_owned()))?;
        let chain = CertificateDer::pem_slice_iter(pem).map(|der| der.map(|der| der.to_vec())).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| of("expected certificates in PEM".to_owned()))?;
        let leaf = chain.first().ok_or_else(|| of("expected a certificate in PEM, found none".to_owned()))?;
        let key = certified(leaf, officer.as_str()).map_err(of)?;
        let why = match trust {
            Some(trust) => trust.judge(&chain, now).err().map(|refusal| refusal.to_string()),
            None => Some("no anchor says whether it counts".to_owned()),
        };
        Ok((key, why))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::audit::CertifiedKey;
    use crate::config;
    use crate::control::officer::tests::{edict, statement as statement_of, time};
    use crate::control::{Officers, Role, Statement};
    use crate::link::pki::{Anchor, Use};

    const BEGIN: &str = "2026-11-23T10:00:00Z";

    struct Bench {
        anchor: Anchor,
        keys: BTreeMap<&'static str, (CertifiedKey, String)>,
    }

    impl Bench {
        /// Ann writes and Bob approves, with certificates of five days; Mal has one of another use.
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let anchor = Anchor::make("officers", time(BEGIN), 30).unwrap();
            let mut keys = BTreeMap::new();
            for (name, purpose) in [("ann", Use::Officer), ("bob", Use::Officer), ("mal", Use::Client)] {
                let issued = anchor.issue(&format!("{name}.officers.lab"), purpose, time(BEGIN), 5).unwrap();
                let (certificate, key) = (folder.path().join(format!("{name}.pem")), folder.path().join(format!("{name}.key")));
                std::fs::write(&certificate, &issued.certificate).unwrap();
                crate::journal::seal::write_key_file(&key, &issued.key).unwrap();
                keys.insert(name, (CertifiedKey::open(&certificate, &key, name).unwrap(), issued.certificate.clone()));
            }
            Self { anchor, keys }
        }

        fn credentials(&self, revoked: &[&str]) -> Credentials {
            let revoked: Vec<&str> = revoked.iter().map(|name| self.keys[name].1.as_str()).collect();
            Credentials {
                anchors: self.anchor.certificate().into(),
                revocations: self.anchor.revoke(&revoked, time(BEGIN), 20).unwrap().into(),
                certificates: self.keys.iter().map(|(name, (_, pem))| (Name::new(name).unwrap(), pem.clone().into())).collect(),
            }
        }

        fn officers(credentials: &Credentials, names: &[&str], now: &str) -> Result<Officers, Fault> {
            let one = |name: &&str| config::Officer {
                name: Name::new(name).unwrap(),
                key: None,
                certificate: Some("x.pem".into()),
                roles: BTreeSet::from(["author", "approver", "reviewer"].map(str::to_owned)),
                identity: None,
            };
            Officers::of(&names.iter().map(one).collect::<Vec<_>>(), credentials, time(now))
        }

        fn note(&self, name: &str, role: Role) -> (String, String) {
            let bare = crate::control::officer::tests::key(name);
            let statement: Statement = statement_of(&bare, role);
            (format!("{name}.note"), self.keys[name].0.sign(&statement.text()).unwrap())
        }

        fn faults(&self, credentials: &Credentials, (author, approver): (&str, &str), now: &str) -> Vec<String> {
            let officers = Self::officers(credentials, &[author, approver], now).unwrap();
            officers.approve(&edict(), &[self.note(author, Role::Author), self.note(approver, Role::Approver)]).err().unwrap_or_default()
        }
    }

    #[test]
    fn certified_officers_count_until_their_certificates_end_or_are_revoked_and_only_they_fall_out() {
        let bench = Bench::new();
        let (fine, without_bob) = (bench.credentials(&[]), bench.credentials(&["bob"]));
        assert_eq!(bench.faults(&fine, ("ann", "bob"), "2026-11-24T10:00:00Z"), Vec::<String>::new());
        for (credentials, pair, now, told) in [
            (&without_bob, ("ann", "bob"), "2026-11-24T10:00:00Z", "`bob` does not count: label.binding_revoked"),
            (&fine, ("ann", "bob"), "2026-11-29T10:00:00Z", "`ann` does not count: label.binding_certificate"),
            (&fine, ("ann", "bob"), "2026-11-22T10:00:00Z", "`ann` does not count: label.binding_certificate"),
            (&fine, ("ann", "mal"), "2026-11-24T10:00:00Z", "`mal` does not count: label.binding_certificate"),
        ] {
            let faults = bench.faults(credentials, pair, now);
            assert!(faults.iter().any(|fault| fault.contains(told)), "{told}: {faults:?}");
        }
        let officers = Bench::officers(&without_bob, &["ann", "bob"], "2026-11-24T10:00:00Z").unwrap();
        assert!(officers.is_reviewer("ann") && !officers.is_reviewer("bob"));
        assert_eq!(officers.suspended().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["bob"]);
    }

    #[test]
    fn lists_that_have_ended_and_anchors_of_others_suspend_and_what_can_never_count_is_a_fault() {
        let bench = Bench::new();
        let stale = Credentials { revocations: bench.anchor.revoke(&[], time(BEGIN), 1).unwrap().into(), ..bench.credentials(&[]) };
        let other = Anchor::make("others", time(BEGIN), 30).unwrap();
        let foreign = Credentials {
            anchors: other.certificate().into(),
            revocations: other.revoke(&[], time(BEGIN), 20).unwrap().into(),
            ..bench.credentials(&[])
        };
        for (credentials, told) in [(&stale, "label.binding_revoked"), (&foreign, "label.binding_certificate")] {
            let faults = bench.faults(credentials, ("ann", "bob"), "2026-11-26T10:00:00Z");
            assert!(faults[0].contains(told), "{faults:?}");
        }
        let fine = bench.credentials(&[]);
        let with_ann = |pem: &str| {
            let mut all = fine.clone();
            all.certificates.insert(Name::new("ann").unwrap(), pem.into());
            all
        };
        let labels = bench.anchor.issue("labels.lab", Use::Label, time(BEGIN), 5).unwrap().certificate;
        for (credentials, told) in [
            (Credentials { anchors: Vec::new(), ..fine.clone() }, "anchors of the officers' certificates are refused"),
            (Credentials { revocations: Vec::new(), ..fine.clone() }, "anchors of the officers' certificates are refused"),
            (Credentials::default(), "it was not read"),
            (with_ann("no certificate"), "found none"),
            (with_ann(&labels), "ECDSA over P-256 or of Ed25519"),
            (with_ann(&bench.keys["bob"].1), "have one key"),
        ] {
            let fault = Bench::officers(&credentials, &["ann", "bob"], "2026-11-24T10:00:00Z").unwrap_err();
            assert!(fault.to_string().contains(told), "{told}: {fault}");
        }
    }
}
