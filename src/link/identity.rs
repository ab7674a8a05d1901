//! Who a certificate is: the profile that certificates must keep beyond what the TLS library demands, and the one name in them.
//!
//! Takes certificates whose signatures the TLS library has verified, and a time; gives the identity, or the first objection.
//! Proves: the certificate is a leaf for exactly our uses, with a key of today, one identity and a bounded life, below an
//! anchor that is an authority in force. Absent on purpose: signatures, chains and revocation, which webpki checks.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Days that a leaf may be valid at most: 825, what the public web allowed at the last before it shortened further.
pub const LEAF_DAYS_MAX: i64 = 825;
/// Bits of an RSA modulus at least (NIST SP 800-131A).
pub const RSA_BITS_MIN: usize = 2048;

/// The side of a handshake that a certificate is shown for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The side that dialled.
    Client,
    /// The side that accepted.
    Server,
}

macro_rules! objections {
    ($($name:ident = $code:literal, $sentence:literal;)*) => {
        /// Why a certificate, or its bearer, is refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Objection {
            $(#[doc = $sentence] $name,)*
        }

        impl Objection {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable dotted code, for counters and logs.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What is wrong, in one sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

objections! {
    Malformed = "certificate.malformed", "the certificate is not one X.509 version 3 certificate in DER";
    Time = "certificate.time", "the certificate is not in force at this time";
    Life = "certificate.life", "the certificate is valid for more than 825 days";
    Key = "certificate.key", "the key is none of RSA of at least 2,048 bits in whole bytes, P-256, P-384 and Ed25519";
    Authority = "certificate.authority", "an authority's certificate lacks basic constraints with CA set";
    AuthorityUse = "certificate.authority_use", "an authority's certificate may not sign both certificates and revocation lists";
    LeafAuthority = "certificate.leaf_authority", "a leaf certificate is an authority";
    LeafUse = "certificate.leaf_use", "a leaf certificate may not make digital signatures, or may sign certificates";
    Purpose = "certificate.purpose", "the extended key usage is absent, lacks the purpose of this side, or holds another than server and client";
    Names = "certificate.names", "the certificate does not have exactly one subject alternative name, a DNS name or URI without wildcard";
    Unknown = "certificate.unknown", "the identity belongs to no peer of this domain";
    Mismatch = "certificate.mismatch", "the identity is not that of the peer that was dialled";
    Chain = "certificate.chain", "the certificate does not lead to the domain's trust anchor";
    Revoked = "certificate.revoked", "the certificate is revoked";
    Revocation = "certificate.revocation", "no revocation list in force speaks about the certificate";
}

impl std::fmt::Display for Objection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code(), self.sentence())
    }
}

impl std::error::Error for Objection {}

/// The identity in a leaf certificate that keeps the profile of `role` at `unix_seconds`.
///
/// # Errors
/// The first objection.
pub fn leaf(der: &[u8], role: Role, unix_seconds: i64) -> Result<String, Objection> {
    let certificate = parse(der)?;
    in_force(&certificate, unix_seconds)?;
    let validity = certificate.validity();
    let life = validity.not_after.timestamp().saturating_sub(validity.not_before.timestamp());
    if life > LEAF_DAYS_MAX.saturating_mul(86_400) {
        return Err(Objection::Life);
    }
    key(certificate.public_key())?;
    leaf_use(&certificate)?;
    purpose(&certificate, role)?;
    name(&certificate)
}

/// Holds an anchor or intermediate authority against its profile at `unix_seconds`.
///
/// # Errors
/// The first objection.
pub fn authority(der: &[u8], unix_seconds: i64) -> Result<(), Objection> {
    let certificate = parse(der)?;
    in_force(&certificate, unix_seconds)?;
    key(certificate.public_key())?;
    // SPEC: RFC 5280 section 4.2.1.9; webpki takes an anchor's word for it.
    let basic = certificate.basic_constraints().map_err(|_| Objection::Malformed)?;
    if !basic.is_some_and(|basic| basic.value.ca) {
        return Err(Objection::Authority);
    }
    let usage = certificate.key_usage().map_err(|_| Objection::Malformed)?;
    if !usage.is_some_and(|usage| usage.value.key_cert_sign() && usage.value.crl_sign()) {
        return Err(Objection::AuthorityUse);
    }
    Ok(())
}

/// The purpose of signing documents (RFC 9336), as the bytes of its identifier.
pub const DOCUMENT_SIGNING: &[u8] = &[43, 6, 1, 5, 5, 7, 3, 36];

/// Holds the certificate of a label's signer against its profile at `unix_seconds`: a leaf for signatures on documents, or without a stated
/// purpose, and never one that could also open a link.
///
/// # Errors
/// The first objection.
pub fn signer(der: &[u8], unix_seconds: i64) -> Result<(), Objection> {
    let certificate = parse(der)?;
    in_force(&certificate, unix_seconds)?;
    key(certificate.public_key())?;
    leaf_use(&certificate)?;
    let Some(usage) = certificate.extended_key_usage().map_err(|_| Objection::Malformed)? else { return Ok(()) };
    let usage = usage.value;
    let others = usage.any
        || usage.server_auth
        || usage.client_auth
        || usage.code_signing
        || usage.email_protection
        || usage.time_stamping
        || usage.ocsp_signing;
    let signing = usage.other.iter().map(|oid| oid.to_id_string()).eq(["1.3.6.1.5.5.7.3.36".to_owned()]);
    if signing && !others { Ok(()) } else { Err(Objection::Purpose) }
}

/// When a certificate ends, in seconds since 1970.
///
/// # Errors
/// [`Objection::Malformed`].
pub fn end(der: &[u8]) -> Result<i64, Objection> {
    Ok(parse(der)?.validity().not_after.timestamp())
}

/// The serial number of a certificate, as in a revocation list.
///
/// # Errors
/// [`Objection::Malformed`].
pub fn serial(der: &[u8]) -> Result<Vec<u8>, Objection> {
    Ok(parse(der)?.raw_serial().to_vec())
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Objection> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) if certificate.version() == x509_parser::x509::X509Version::V3 => Ok(certificate),
        _ => Err(Objection::Malformed),
    }
}

fn in_force(certificate: &X509Certificate<'_>, unix_seconds: i64) -> Result<(), Objection> {
    let validity = certificate.validity();
    let inside = validity.not_before.timestamp() <= unix_seconds && unix_seconds <= validity.not_after.timestamp();
    if inside { Ok(()) } else { Err(Objection::Time) }
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> Result<(), Objection> {
    let algorithm = info.algorithm.algorithm.to_id_string();
    let curve = || info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok()).map(|oid| oid.to_id_string());
    let good = match algorithm.as_str() {
        // rsaEncryption: the modulus without its leading zero byte, counted in bits.
        "1.2.840.113549.1.1.1" => match info.parsed() {
            Ok(PublicKey::RSA(rsa)) => modulus_fits(rsa.modulus),
            _ => false,
        },
        // id-ecPublicKey on P-256 or P-384 (RFC 5480).
        "1.2.840.10045.2.1" => matches!(curve().as_deref(), Some("1.2.840.10045.3.1.7" | "1.3.132.0.34")),
        // id-Ed25519 (RFC 8410).
        "1.3.101.112" => true,
        _ => false,
    };
    if good { Ok(()) } else { Err(Objection::Key) }
}

fn modulus_fits(modulus: &[u8]) -> bool {
    let start = modulus.iter().position(|&byte| byte != 0).unwrap_or(modulus.len());
    let significant = modulus.get(start..).unwrap_or_default();
    let whole_bytes = significant.first().is_some_and(|&first| first >= 0x80);
    whole_bytes && significant.len().saturating_mul(8) >= RSA_BITS_MIN
}

fn leaf_use(certificate: &X509Certificate<'_>) -> Result<(), Objection> {
    let basic = certificate.basic_constraints().map_err(|_| Objection::Malformed)?;
    if basic.is_some_and(|basic| basic.value.ca) {
        return Err(Objection::LeafAuthority);
    }
    let usage = certificate.key_usage().map_err(|_| Objection::Malformed)?;
    let good = usage.is_some_and(|usage| usage.value.digital_signature() && !usage.value.key_cert_sign() && !usage.value.crl_sign());
    if good { Ok(()) } else { Err(Objection::LeafUse) }
}

/// SPEC: RFC 5280 section 4.2.1.12. webpki takes a certificate without this extension for every purpose; we take it for none.
fn purpose(certificate: &X509Certificate<'_>, role: Role) -> Result<(), Objection> {
    let usage = certificate.extended_key_usage().map_err(|_| Objection::Malformed)?.ok_or(Objection::Purpose)?.value;
    let foreign = usage.any || usage.code_signing || usage.email_protection || usage.time_stamping || usage.ocsp_signing || !usage.other.is_empty();
    let ours = match role {
        Role::Client => usage.client_auth,
        Role::Server => usage.server_auth,
    };
    if ours && !foreign { Ok(()) } else { Err(Objection::Purpose) }
}

fn name(certificate: &X509Certificate<'_>) -> Result<String, Objection> {
    let names = certificate.subject_alternative_name().map_err(|_| Objection::Malformed)?.ok_or(Objection::Names)?.value;
    let text = match names.general_names.as_slice() {
        [GeneralName::DNSName(text) | GeneralName::URI(text)] => *text,
        _ => return Err(Objection::Names),
    };
    if crate::config::check::is_identity(text) { Ok(text.to_owned()) } else { Err(Objection::Names) }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "times of a test")]
mod tests {
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose as Eku, IsCa, KeyPair, KeyUsagePurpose as Ku, SanType,
        SignatureAlgorithm,
    };
    use std::time::Duration;

    const NOW: i64 = 1_800_000_000;
    const DAY: i64 = 86_400;

    fn day(offset: i64) -> rcgen::SerialNumber {
        rcgen::SerialNumber::from_slice(&offset.to_be_bytes())
    }

    fn good() -> CertificateParams {
        let mut params = CertificateParams::new(vec!["usa-ops.coalition.lab".to_owned()]).unwrap();
        params.serial_number = Some(day(7));
        params.key_usages = vec![Ku::DigitalSignature];
        params.extended_key_usages = vec![Eku::ClientAuth, Eku::ServerAuth];
        valid(&mut params, NOW - DAY, NOW + 30 * DAY);
        params
    }

    fn valid(params: &mut CertificateParams, from: i64, until: i64) {
        let at = |s: i64| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(s.try_into().unwrap());
        params.not_before = at(from);
        params.not_after = at(until);
    }

    fn der_with(params: &CertificateParams, algorithm: &'static SignatureAlgorithm) -> Vec<u8> {
        params.self_signed(&KeyPair::generate_for(algorithm).unwrap()).unwrap().der().to_vec()
    }

    fn der(params: &CertificateParams) -> Vec<u8> {
        der_with(params, &rcgen::PKCS_ECDSA_P256_SHA256)
    }

    fn of(change: impl FnOnce(&mut CertificateParams)) -> Result<String, Objection> {
        let mut params = good();
        change(&mut params);
        leaf(&der(&params), Role::Client, NOW)
    }

    #[test]
    fn a_certificate_that_keeps_the_profile_gives_its_identity() {
        assert_eq!(of(|_| {}).unwrap(), "usa-ops.coalition.lab");
        assert_eq!(leaf(&der(&good()), Role::Server, NOW).unwrap(), "usa-ops.coalition.lab");
        assert_eq!(of(|p| p.subject_alt_names = vec![SanType::URI("spiffe://coalition/usa".try_into().unwrap())]).unwrap(), "spiffe://coalition/usa");
        assert!(of(|p| p.is_ca = IsCa::ExplicitNoCa).is_ok());
    }

    #[test]
    fn keys_of_today_are_taken_and_others_are_not() {
        for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
            assert!(leaf(&der_with(&good(), algorithm), Role::Client, NOW).is_ok());
        }
        assert_eq!(leaf(&der_with(&good(), &rcgen::PKCS_ECDSA_P521_SHA512), Role::Client, NOW), Err(Objection::Key));
    }

    #[test]
    fn rsa_needs_2048_bits_in_whole_bytes() {
        let modulus = |bytes: usize, first: u8| [vec![0, first], vec![0xff; bytes - 1]].concat();
        assert!(modulus_fits(&modulus(256, 0x80)));
        assert!(modulus_fits(&modulus(384, 0xff)));
        assert!(!modulus_fits(&modulus(128, 0x80)));
        assert!(!modulus_fits(&modulus(256, 0x7f)));
        assert!(!modulus_fits(&modulus(257, 0x01)));
        assert!(!modulus_fits(&[]));
        let pair = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        assert!(leaf(good().self_signed(&pair).unwrap().der(), Role::Client, NOW).is_ok());
    }

    #[test]
    fn a_certificate_outside_its_time_is_refused() {
        assert_eq!(of(|p| valid(p, NOW + 1, NOW + DAY)), Err(Objection::Time));
        assert_eq!(of(|p| valid(p, NOW - DAY, NOW - 1)), Err(Objection::Time));
        assert!(of(|p| valid(p, NOW, NOW + DAY)).is_ok());
        assert!(of(|p| valid(p, NOW - DAY, NOW)).is_ok());
    }

    #[test]
    fn a_life_of_more_than_825_days_is_refused() {
        assert!(of(|p| valid(p, NOW, NOW + 825 * DAY)).is_ok());
        assert_eq!(of(|p| valid(p, NOW, NOW + 825 * DAY + 1)), Err(Objection::Life));
    }

    #[test]
    fn a_leaf_with_an_authoritys_rights_is_refused() {
        assert_eq!(of(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)), Err(Objection::LeafAuthority));
        assert_eq!(of(|p| p.key_usages.push(Ku::KeyCertSign)), Err(Objection::LeafUse));
        assert_eq!(of(|p| p.key_usages.push(Ku::CrlSign)), Err(Objection::LeafUse));
        assert_eq!(of(|p| p.key_usages.clear()), Err(Objection::LeafUse));
        assert_eq!(of(|p| p.key_usages = vec![Ku::KeyEncipherment]), Err(Objection::LeafUse));
    }

    #[test]
    fn the_purpose_must_be_stated_and_ours() {
        assert_eq!(of(|p| p.extended_key_usages.clear()), Err(Objection::Purpose));
        assert_eq!(of(|p| p.extended_key_usages = vec![Eku::ServerAuth]), Err(Objection::Purpose));
        assert_eq!(of(|p| p.extended_key_usages = vec![Eku::Any]), Err(Objection::Purpose));
        assert_eq!(of(|p| p.extended_key_usages.push(Eku::Any)), Err(Objection::Purpose));
        assert_eq!(of(|p| p.extended_key_usages.push(Eku::CodeSigning)), Err(Objection::Purpose));
        assert_eq!(of(|p| p.extended_key_usages.push(Eku::Other(vec![1, 3, 6, 1, 4, 1, 99_999]))), Err(Objection::Purpose));
        let mut client = good();
        client.extended_key_usages = vec![Eku::ClientAuth];
        assert!(leaf(&der(&client), Role::Client, NOW).is_ok());
        assert_eq!(leaf(&der(&client), Role::Server, NOW), Err(Objection::Purpose));
    }

    #[test]
    fn exactly_one_plain_name_is_taken() {
        let dns = |text: &str| SanType::DnsName(text.try_into().unwrap());
        for names in [
            vec![],
            vec![dns("a.lab"), dns("b.lab")],
            vec![dns("*.coalition.lab")],
            vec![dns("USA-OPS.coalition.lab")],
            vec![SanType::IpAddress([127, 0, 0, 1].into())],
            vec![dns("a.lab"), SanType::Rfc822Name("a@a.lab".try_into().unwrap())],
        ] {
            assert_eq!(of(|p| p.subject_alt_names.clone_from(&names)), Err(Objection::Names), "{names:?}");
        }
    }

    #[test]
    fn an_authority_must_be_one_in_force_for_both_uses() {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![Ku::KeyCertSign, Ku::CrlSign];
        valid(&mut params, NOW - DAY, NOW + DAY);
        assert_eq!(authority(&der(&params), NOW), Ok(()));
        assert_eq!(authority(&der(&params), NOW + 2 * DAY), Err(Objection::Time));
        assert_eq!(authority(&der_with(&params, &rcgen::PKCS_ECDSA_P521_SHA512), NOW), Err(Objection::Key));
        for usages in [vec![], vec![Ku::KeyCertSign], vec![Ku::CrlSign]] {
            params.key_usages = usages;
            assert_eq!(authority(&der(&params), NOW), Err(Objection::AuthorityUse));
        }
        params.key_usages = vec![Ku::KeyCertSign, Ku::CrlSign];
        params.is_ca = IsCa::NoCa;
        assert_eq!(authority(&der(&params), NOW), Err(Objection::Authority));
    }

    #[test]
    fn what_is_not_one_certificate_is_malformed() {
        let whole = der(&good());
        assert_eq!(leaf(&whole[..whole.len() - 1], Role::Client, NOW), Err(Objection::Malformed));
        assert_eq!(leaf(&[whole.as_slice(), &[0]].concat(), Role::Client, NOW), Err(Objection::Malformed));
        assert_eq!(leaf(&[], Role::Client, NOW), Err(Objection::Malformed));
        let twice = CustomExtension::from_oid_content(&[2, 5, 29, 37], vec![0x30, 0]);
        assert!(of(|p| p.custom_extensions.push(twice)).is_err());
    }

    #[test]
    fn codes_are_unique() {
        let codes: std::collections::BTreeSet<_> = Objection::ALL.iter().map(|o| o.code()).collect();
        assert_eq!(codes.len(), Objection::ALL.len());
    }
}
