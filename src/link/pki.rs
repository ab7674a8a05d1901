//! Keys and certificates for labs and tests: an anchor, certificates with one identity, revocation lists.
//!
//! Takes names and a time, gives PEM text; writes no file and reads no clock. A real network has its own authority and
//! brings certificates that keep the same profile.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, RevocationReason, RevokedCertParams, RsaKeySize, SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::FromDer;

use super::identity;
use crate::base::{Fault, Time};

/// The moment so long after 1970; a macro because the library does not let others name the type.
macro_rules! moment {
    ($since:expr) => {{
        #[expect(clippy::arithmetic_side_effects, reason = "`at` bounds the sum within the calendar")]
        let moment = rcgen::date_time_ymd(1970, 1, 1) + $since;
        moment
    }};
}

/// What a certificate may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To dial: a peer.
    Client,
    /// To accept.
    Server,
    /// To dial and to accept: a gateway.
    Both,
    /// To sign labels: no link is opened with it. Its key is RSA of 3,072 bits, whose signatures are the same each time they are made.
    Label,
    /// To sign as an officer: no link is opened with it.
    Officer,
}

/// A certificate with its key, as PEM.
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its key (PKCS #8); the writer must keep it from other users.
    pub key: zeroize::Zeroizing<String>,
}

/// A trust anchor with its key: what issues and revokes.
pub struct Anchor {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Anchor {
    /// Makes an anchor that is valid from an hour before `now` for so many days.
    ///
    /// # Errors
    /// A fault where the time is out of range or the key cannot be made.
    pub fn make(name: &str, now: Time, days: u32) -> Result<Self, Fault> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).map_err(failed)?;
        let mut params = authority_params(name);
        (params.not_before, params.not_after) = (moment!(at(now, -3600)?), moment!(at(now, days_in_seconds(days))?));
        let certificate = params.self_signed(&key).map_err(failed)?.pem();
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// Takes an anchor that was made here, from its two PEM texts.
    ///
    /// # Errors
    /// A fault where the texts are not such a pair.
    pub fn load(certificate: &str, key: &str) -> Result<Self, Fault> {
        let der = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|cause| Fault::from_cause("the anchor's certificate is not PEM", cause))?;
        let key = KeyPair::from_pem(key).map_err(|cause| Fault::from_cause("the anchor's key is not PKCS #8 in PEM", cause))?;
        let (_, parsed) =
            x509_parser::certificate::X509Certificate::from_der(&der).map_err(|_| Fault::new("the anchor's certificate is malformed"))?;
        if parsed.public_key().raw != rcgen::PublicKeyData::subject_public_key_info(&key) {
            return Err(Fault::new("the anchor's key is not the key of its certificate"));
        }
        let name = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        let name = name.ok_or_else(|| Fault::new("the anchor has no common name; use one that `vestibule pki init` made"))?;
        Ok(Self { certificate: certificate.to_owned(), issuer: Issuer::new(authority_params(name), key) })
    }

    /// The certificate (PEM).
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The key (PEM); the writer must keep it from other users.
    #[must_use]
    pub fn key(&self) -> zeroize::Zeroizing<String> {
        zeroize::Zeroizing::new(self.issuer.key().serialize_pem())
    }

    /// Issues a certificate for one identity, a DNS name or a URI, valid from an hour before `now` for so many days.
    ///
    /// # Errors
    /// A fault where the identity is none, the days are more than the profile allows, or the key cannot be made.
    pub fn issue(&self, identity: &str, purpose: Use, now: Time, days: u32) -> Result<Issued, Fault> {
        if !crate::config::check::is_identity(identity) {
            return Err(Fault::new(format!("`{identity}` is no identity: expected a DNS name in lower case, or a URI")));
        }
        // The hour before `now` counts into the life.
        if i64::from(days) >= identity::LEAF_DAYS_MAX {
            return Err(Fault::new(format!("a certificate of {days} days would be refused: expected fewer than {}", identity::LEAF_DAYS_MAX)));
        }
        let text = || identity.try_into().map_err(failed);
        let san = if crate::config::check::is_dns_name(identity) { SanType::DnsName(text()?) } else { SanType::URI(text()?) };
        let key = match purpose {
            Use::Label => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_3072),
            Use::Client | Use::Server | Use::Both | Use::Officer => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
        };
        let key = key.map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(identity);
        params.subject_alt_names = vec![san];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match purpose {
            Use::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Use::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Use::Both => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
            // SPEC: RFC 9336, section 3.
            Use::Label | Use::Officer => vec![ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])],
        };
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (moment!(at(now, -3600)?), moment!(at(now, days_in_seconds(days))?));
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?.pem();
        Ok(Issued { certificate, key: zeroize::Zeroizing::new(key.serialize_pem()) })
    }

    /// A revocation list over these certificates (PEM), valid from an hour before `now` for so many days.
    ///
    /// The list is whole: a certificate that is left out is no longer revoked.
    ///
    /// # Errors
    /// A fault where a certificate is malformed or the time is out of range.
    pub fn revoke(&self, certificates: &[&str], now: Time, days: u32) -> Result<String, Fault> {
        let serials = certificates.iter().map(|pem| {
            let der =
                CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|cause| Fault::from_cause("a certificate to revoke is not PEM", cause))?;
            identity::serial(&der).map_err(|cause| Fault::from_cause("a certificate to revoke is malformed", cause))
        });
        self.revoke_serials(&serials.collect::<Result<Vec<_>, _>>()?, now, days)
    }

    /// A revocation list over these serial numbers (PEM): what [`Anchor::revoked`] gave, and more.
    ///
    /// # Errors
    /// A fault where the time is out of range.
    pub fn revoke_serials(&self, serials: &[Vec<u8>], now: Time, days: u32) -> Result<String, Fault> {
        let revocation_time = moment!(at(now, 0)?);
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time,
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: moment!(at(now, -3600)?),
            next_update: moment!(at(now, days_in_seconds(days))?),
            crl_number: SerialNumber::from(u64::try_from(now.unix_ms()).unwrap_or(0)),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).and_then(|list| list.pem()).map_err(failed)
    }

    /// The serial numbers of a revocation list (PEM), so that the next list holds them too.
    ///
    /// # Errors
    /// A fault where the text is no revocation list.
    pub fn revoked(list: &str) -> Result<Vec<Vec<u8>>, Fault> {
        let der = rustls::pki_types::CertificateRevocationListDer::from_pem_slice(list.as_bytes());
        let der = der.map_err(|cause| Fault::from_cause("the revocation list is not PEM", cause))?;
        let parsed = x509_parser::revocation_list::CertificateRevocationList::from_der(&der);
        let (_, parsed) = parsed.map_err(|_| Fault::new("the revocation list is malformed"))?;
        Ok(parsed.iter_revoked_certificates().map(|revoked| revoked.raw_serial().to_vec()).collect())
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    distinguished
}

fn days_in_seconds(days: u32) -> i64 {
    i64::from(days).saturating_mul(86_400).saturating_sub(3600)
}

/// Seconds since 1970 of a moment so many seconds after `now`.
fn at(now: Time, seconds: i64) -> Result<Duration, Fault> {
    let since = now.unix_ms().div_euclid(1000).saturating_add(seconds);
    let since = u64::try_from(since).map_err(|_| Fault::new("the time lies before 1970; set the clock"))?;
    if since > MOMENT_MAX {
        return Err(Fault::new("the time lies after the year 8000; set the clock, or give fewer days"));
    }
    Ok(Duration::from_secs(since))
}

/// Within the calendar of the certificate library, whose additions fail beyond the year 9999.
const MOMENT_MAX: u64 = 190_000_000_000;

fn failed(cause: rcgen::Error) -> Fault {
    Fault::from_cause("the key or certificate could not be made", cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::identity::{Objection, Role, authority, leaf};

    fn now() -> Time {
        Time::parse("2026-06-01T12:00:00Z").unwrap()
    }

    fn der(pem: &str) -> Vec<u8> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
    }

    #[test]
    fn what_is_issued_keeps_the_profile() {
        let seconds = now().unix_ms() / 1000;
        let anchor = Anchor::make("coalition anchor", now(), 3650).unwrap();
        assert_eq!(authority(&der(anchor.certificate()), seconds), Ok(()));
        let both = anchor.issue("gateway.coalition.lab", Use::Both, now(), 90).unwrap();
        for role in [Role::Client, Role::Server] {
            assert_eq!(leaf(&der(&both.certificate), role, seconds).unwrap(), "gateway.coalition.lab");
        }
        let peer = anchor.issue("spiffe://coalition/usa", Use::Client, now(), 824).unwrap();
        assert_eq!(leaf(&der(&peer.certificate), Role::Client, seconds).unwrap(), "spiffe://coalition/usa");
        assert_eq!(leaf(&der(&peer.certificate), Role::Server, seconds), Err(Objection::Purpose));
    }

    #[test]
    fn what_would_be_refused_is_not_issued() {
        let anchor = Anchor::make("anchor", now(), 10).unwrap();
        assert!(anchor.issue("*.lab", Use::Client, now(), 1).is_err());
        assert!(anchor.issue("a.lab", Use::Client, now(), 825).is_err());
        assert!(Anchor::make("anchor", now(), u32::MAX).is_err());
    }

    #[test]
    fn an_anchor_loads_again_only_with_its_own_key() {
        let anchor = Anchor::make("anchor", now(), 10).unwrap();
        let other = Anchor::make("anchor", now(), 10).unwrap();
        let again = Anchor::load(anchor.certificate(), &anchor.key()).unwrap();
        assert_eq!(again.certificate(), anchor.certificate());
        assert!(Anchor::load(anchor.certificate(), &other.key()).is_err());
        assert!(Anchor::load("nothing", &anchor.key()).is_err());
    }

    #[test]
    fn a_revocation_list_gives_its_serials_back() {
        let anchor = Anchor::make("anchor", now(), 10).unwrap();
        let one = anchor.issue("a.lab", Use::Client, now(), 1).unwrap();
        let list = anchor.revoke(&[&one.certificate], now(), 7).unwrap();
        let serials = Anchor::revoked(&list).unwrap();
        assert_eq!(serials, [identity::serial(&der(&one.certificate)).unwrap()]);
        let more = anchor.revoke_serials(&serials, now(), 7).unwrap();
        assert_eq!(Anchor::revoked(&more).unwrap(), serials);
        assert_eq!(Anchor::revoked(&anchor.revoke(&[], now(), 7).unwrap()).unwrap(), Vec::<Vec<u8>>::new());
    }
}
