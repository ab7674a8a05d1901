//! TLS of a domain: 1.3 only, both sides with certificates below the domain's own anchor, nothing resumed.
//!
//! Takes key material and the domain's peers; gives the configurations of both sides and the [`Warden`], which says
//! which peer a chain of certificates belongs to. Proves: whoever comes through holds the key of a certificate that
//! webpki and our profile accept, that a revocation list in force does not name, and that belongs to a peer.
//! Absent on purpose: early data, tickets, resumption (each would pass a revocation by), and the system's trust store.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};

use super::counters::Counters;
use super::identity::{self, Objection, Role};
use super::wire::ALPN;
use crate::base::{Fault, Name};
use crate::config::{Own, Peer};

/// Certificates between a leaf and the anchor at most.
const INTERMEDIATES_MAX: usize = 3;

/// The files of a domain, read: what must be in memory before a process confines itself.
pub struct Material {
    anchor: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    revocations: Vec<CertificateRevocationListDer<'static>>,
}

impl Drop for Material {
    /// Wipes our own copy of the key; the TLS library holds another for as long as the door is open.
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

impl Material {
    /// The private key, from which other keys of the door follow.
    pub(super) fn secret(&self) -> &[u8] {
        self.key.secret_der()
    }

    /// Reads the files of a domain.
    ///
    /// # Errors
    /// A fault that names the file, and what was expected in it.
    pub fn load(own: &Own) -> Result<Self, Fault> {
        let read = |path: &std::path::Path, what: &str| {
            std::fs::read(path).map_err(|cause| Fault::from_cause(format!("{what} `{}` cannot be read", path.display()), cause))
        };
        warn_if_readable_by_others(&own.key);
        let (anchor, certificate) = (read(&own.anchor, "the trust anchor")?, read(&own.certificate, "the certificate")?);
        let key = zeroize::Zeroizing::new(read(&own.key, "the key")?);
        let lists = own.revocations.iter().map(|path| read(path, "the revocation list")).collect::<Result<Vec<_>, _>>()?;
        let revocations: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
        let named = |part: PemPart| match part {
            PemPart::Anchor => own.anchor.as_path(),
            PemPart::Certificate => &own.certificate,
            PemPart::Key => &own.key,
            PemPart::Revocation(at) => own.revocations.get(at).unwrap_or(&own.anchor),
        };
        let pem = Pem { anchor: &anchor, certificate: &certificate, key: &key, revocations: &revocations };
        Self::read(&pem).map_err(|(part, what)| Fault::new(format!("`{}` holds {what}", named(part).display())))
    }

    /// Takes what the files of a domain hold.
    ///
    /// # Errors
    /// A fault that says what was expected.
    pub fn of(pem: &Pem<'_>) -> Result<Self, Fault> {
        Self::read(pem).map_err(|(part, what)| Fault::new(format!("the {part:?} of the domain holds {what}")))
    }

    fn read(pem: &Pem<'_>) -> Result<Self, (PemPart, &'static str)> {
        let mut anchors = certificates(pem.anchor).ok_or((PemPart::Anchor, "no certificate in PEM"))?;
        let anchor = anchors.pop().filter(|_| anchors.is_empty());
        let anchor = anchor.ok_or((PemPart::Anchor, "more than one certificate; a domain has one anchor"))?;
        let chain = certificates(pem.certificate).ok_or((PemPart::Certificate, "no certificate in PEM"))?;
        let key = PrivateKeyDer::from_pem_slice(pem.key).map_err(|_| (PemPart::Key, "no key in PEM"))?;
        let mut revocations = Vec::new();
        for (at, bytes) in pem.revocations.iter().enumerate() {
            let lists = CertificateRevocationListDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>().unwrap_or_default();
            if lists.is_empty() {
                return Err((PemPart::Revocation(at), "no revocation list in PEM"));
            }
            revocations.extend(lists);
        }
        Ok(Self { anchor, chain, key, revocations })
    }
}

/// What the files of a domain hold.
#[derive(Clone, Copy)]
pub struct Pem<'p> {
    /// The trust anchor.
    pub anchor: &'p [u8],
    /// The certificate, and those between it and the anchor.
    pub certificate: &'p [u8],
    /// Its key.
    pub key: &'p [u8],
    /// Revocation lists.
    pub revocations: &'p [&'p [u8]],
}

/// One of the files of a domain.
#[derive(Debug, Clone, Copy)]
enum PemPart {
    Anchor,
    Certificate,
    Key,
    Revocation(usize),
}

/// A key that other users can read may be theirs already; the operator decides, because the owner may be a secret store.
fn warn_if_readable_by_others(key: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(key).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!("the key `{}` can be read by other users; take that right away with `chmod 600`", key.display());
    }
}

fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().ok().filter(|found| !found.is_empty())
}

/// What judges the other side's certificates.
#[derive(Debug)]
pub struct Warden {
    anchor: CertificateDer<'static>,
    clients: Arc<dyn ClientCertVerifier>,
    servers: Arc<WebPkiServerVerifier>,
    peers: BTreeMap<String, Name>,
    counters: Arc<Counters>,
}

impl Warden {
    /// A warden of a domain's material and peers.
    ///
    /// # Errors
    /// A fault where anchor, own certificate or revocation lists do not keep the profile at `unix_seconds`.
    pub fn new(material: &Material, peers: &[Peer], counters: Arc<Counters>, unix_seconds: i64) -> Result<Self, Fault> {
        identity::authority(&material.anchor, unix_seconds).map_err(|cause| Fault::from_cause("the trust anchor is refused", cause))?;
        let mut roots = RootCertStore::empty();
        roots.add(material.anchor.clone()).map_err(|cause| Fault::from_cause("the trust anchor is refused", cause))?;
        let roots = Arc::new(roots);
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider())
            .with_crls(material.revocations.clone())
            .enforce_revocation_expiration()
            .build()
            .map_err(|cause| Fault::from_cause("the revocation lists are refused", cause))?;
        let servers = WebPkiServerVerifier::builder_with_provider(roots, provider())
            .with_crls(material.revocations.clone())
            .enforce_revocation_expiration()
            .build()
            .map_err(|cause| Fault::from_cause("the revocation lists are refused", cause))?;
        let peers = peers.iter().map(|peer| (peer.identity.clone(), peer.name.clone())).collect();
        Ok(Self { anchor: material.anchor.clone(), clients, servers, peers, counters })
    }

    /// The peer to whom this chain (leaf first) belongs, shown by the other side in `role`.
    ///
    /// # Errors
    /// The first objection.
    pub fn judge(&self, chain: &[CertificateDer<'_>], role: Role, now: UnixTime) -> Result<Name, Objection> {
        let (leaf, intermediates) = chain.split_first().ok_or(Objection::Malformed)?;
        self.webpki(leaf, intermediates, role, now).map_err(|error| objection(&error))?;
        self.profile(leaf, intermediates, role, now)
    }

    fn webpki(&self, leaf: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>], role: Role, now: UnixTime) -> Result<(), rustls::Error> {
        match role {
            Role::Client => self.clients.verify_client_cert(leaf, intermediates, now).map(|_| ()),
            Role::Server => {
                // The name is ours to judge; webpki still wants one, and gets the one that the leaf states.
                let name = identity::leaf(leaf, role, seconds(now)).ok().and_then(|name| ServerName::try_from(name).ok());
                let name = name.ok_or(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))?;
                self.servers.verify_server_cert(leaf, intermediates, &name, &[], now).map(|_| ())
            }
        }
    }

    fn profile(&self, leaf: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>], role: Role, now: UnixTime) -> Result<Name, Objection> {
        let now = seconds(now);
        identity::authority(&self.anchor, now)?;
        if intermediates.len() > INTERMEDIATES_MAX {
            return Err(Objection::Chain);
        }
        intermediates.iter().try_for_each(|authority| identity::authority(authority, now))?;
        let name = identity::leaf(leaf, role, now)?;
        self.peers.get(&name).cloned().ok_or(Objection::Unknown)
    }

    /// Judges during a handshake: the library's own error goes on, so that the alert is the standard's.
    fn admit(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        role: Role,
        expected: Option<&Name>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let note = |objection: Objection| {
            self.counters.refused(objection.code());
            tracing::warn!(code = objection.code(), "a handshake is refused: {}", objection.sentence());
        };
        // The profile first: its objections are more exact than the library's, and it costs no signature.
        let named = self.profile(leaf, intermediates, role, now);
        let verified = match role {
            Role::Client => self.clients.verify_client_cert(leaf, intermediates, now).map(|_| ()),
            Role::Server => self.webpki(leaf, intermediates, role, now),
        };
        let refused = rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        match (named, verified) {
            (Ok(name), Ok(())) if expected.is_none_or(|expected| *expected == name) => Ok(()),
            (Ok(_), Ok(())) => {
                note(Objection::Mismatch);
                Err(refused)
            }
            // An untrusted certificate's own statements are worth nothing, so the library's word on the chain comes first.
            (Err(objection), Ok(())) => {
                note(objection);
                Err(refused)
            }
            (named, Err(error)) => {
                let exact = objection(&error);
                note(if exact == Objection::Chain { exact } else { named.err().unwrap_or(exact) });
                Err(error)
            }
        }
    }
}

fn seconds(now: UnixTime) -> i64 {
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

fn objection(error: &rustls::Error) -> Objection {
    let rustls::Error::InvalidCertificate(error) = error else { return Objection::Chain };
    match error {
        CertificateError::BadEncoding => Objection::Malformed,
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Objection::Time,
        CertificateError::Revoked => Objection::Revoked,
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => Objection::Revocation,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => Objection::Purpose,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Objection::Mismatch,
        CertificateError::ApplicationVerificationFailure => Objection::Names,
        _ => Objection::Chain,
    }
}

/// The cryptography: TLS 1.3 suites, and the hybrid of X25519 and ML-KEM-768 before classical groups.
fn provider() -> Arc<CryptoProvider> {
    use aws_lc_rs::kx_group::{SECP384R1, X25519, X25519MLKEM768};
    Arc::new(CryptoProvider { kx_groups: vec![X25519MLKEM768, X25519, SECP384R1], ..aws_lc_rs::default_provider() })
}

/// What both accepting sides have: certificates on both sides, and nothing resumed.
fn accepting(material: &Material, warden: Arc<Warden>) -> Result<rustls::ServerConfig, Fault> {
    let wrong = |cause| Fault::from_cause("the certificate and its key are refused", cause);
    let mut tls = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(wrong)?
        .with_client_cert_verifier(Arc::new(Clients(warden)))
        .with_single_cert(material.chain.clone(), material.key.clone_key())
        .map_err(wrong)?;
    tls.max_early_data_size = 0;
    tls.send_tls13_tickets = 0;
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(tls)
}

/// The accepting side.
///
/// # Errors
/// A fault where key and certificate do not belong together.
pub fn server(material: &Material, warden: Arc<Warden>) -> Result<quinn::ServerConfig, Fault> {
    let mut tls = accepting(material, warden)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    let quic = quinn::crypto::rustls::QuicServerConfig::try_from(tls).map_err(|cause| Fault::from_cause("no cipher suite for QUIC", cause))?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(quic));
    config.migration(false);
    Ok(config)
}

/// The accepting side of a console: HTTP/1.1 over TLS for officers, whom the warden knows.
///
/// # Errors
/// A fault where key and certificate do not belong together.
pub fn console(material: &Material, warden: Arc<Warden>) -> Result<rustls::ServerConfig, Fault> {
    let mut tls = accepting(material, warden)?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

/// The one name in our own certificate, which must be good for accepting.
///
/// # Errors
/// A fault where it is not.
pub fn own_name(material: &Material, unix_seconds: i64) -> Result<String, Fault> {
    let leaf = material.chain.first().map(AsRef::as_ref).unwrap_or_default();
    identity::leaf(leaf, Role::Server, unix_seconds).map_err(|cause| Fault::from_cause("our own certificate would be refused by everybody", cause))
}

/// The dialling side, towards one peer and no other.
///
/// # Errors
/// A fault where key and certificate do not belong together.
pub fn client(material: &Material, warden: Arc<Warden>, expected: Name) -> Result<quinn::ClientConfig, Fault> {
    let wrong = |cause| Fault::from_cause("the certificate and its key are refused", cause);
    let mut tls = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(wrong)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Servers { warden, expected }))
        .with_client_auth_cert(material.chain.clone(), material.key.clone_key())
        .map_err(wrong)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    tls.enable_early_data = false;
    tls.resumption = Resumption::disabled();
    let quic = quinn::crypto::rustls::QuicClientConfig::try_from(tls).map_err(|cause| Fault::from_cause("no cipher suite for QUIC", cause))?;
    Ok(quinn::ClientConfig::new(Arc::new(quic)))
}

/// The sides for which our own certificate may be used.
///
/// # Errors
/// A fault where it may be used for neither.
pub fn own_roles(material: &Material, unix_seconds: i64) -> Result<Vec<Role>, Fault> {
    let leaf = material.chain.first().map(AsRef::as_ref).unwrap_or_default();
    let good = |role: &Role| identity::leaf(leaf, *role, unix_seconds).is_ok();
    let roles: Vec<Role> = [Role::Client, Role::Server].into_iter().filter(good).collect();
    match identity::leaf(leaf, Role::Client, unix_seconds) {
        Err(cause) if roles.is_empty() => Err(Fault::from_cause("our own certificate would be refused by every peer", cause)),
        _ => Ok(roles),
    }
}

#[derive(Debug)]
struct Clients(Arc<Warden>);

impl ClientCertVerifier for Clients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.clients.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.0.admit(leaf, intermediates, Role::Client, None, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.clients.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.clients.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clients.supported_verify_schemes()
    }
}

#[derive(Debug)]
struct Servers {
    warden: Arc<Warden>,
    expected: Name,
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.warden.admit(leaf, intermediates, Role::Server, Some(&self.expected), now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.warden.servers.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.warden.servers.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.warden.servers.supported_verify_schemes()
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "times of a test")]
mod tests {
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationListParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
        SerialNumber,
    };

    const NOW: u64 = 1_800_000_000;
    const DAY: u64 = 86_400;

    macro_rules! moment {
        ($seconds:expr) => {
            rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs($seconds)
        };
    }

    fn params(name: &str, until: u64) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        (params.not_before, params.not_after) = (moment!(NOW - DAY), moment!(until));
        params
    }

    fn authority(name: &str, until: u64, uses: &[KeyUsagePurpose]) -> CertificateParams {
        let mut params = params(name, until);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = uses.to_vec();
        params
    }

    fn list(issuer: &Issuer<'_, KeyPair>) -> CertificateRevocationListDer<'static> {
        let params = CertificateRevocationListParams {
            this_update: moment!(NOW - DAY),
            next_update: moment!(NOW + 300 * DAY),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        params.signed_by(issuer).unwrap().der().clone()
    }

    /// Anchor, intermediate authority, leaf.
    struct Chain {
        material: Material,
        certificates: Vec<CertificateDer<'static>>,
    }

    fn chain(anchor_until: u64, intermediate_uses: &[KeyUsagePurpose]) -> Chain {
        chain_over(KeyPair::generate().unwrap(), anchor_until, intermediate_uses)
    }

    fn chain_over(middle_key: KeyPair, anchor_until: u64, intermediate_uses: &[KeyUsagePurpose]) -> Chain {
        let both = [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root_params = authority("root", anchor_until, &both);
        let root_key = KeyPair::generate().unwrap();
        let anchor = root_params.self_signed(&root_key).unwrap().der().clone();
        let root = Issuer::new(root_params, root_key);
        let middle_params = authority("middle", NOW + 300 * DAY, intermediate_uses);
        let intermediate = middle_params.signed_by(&middle_key, &root).unwrap().der().clone();
        // The list must be signed even where the certificate does not allow it.
        let middle_list = list(&Issuer::new(authority("middle", NOW + 300 * DAY, &both), KeyPair::from_pem(&middle_key.serialize_pem()).unwrap()));
        let middle = Issuer::new(middle_params, middle_key);
        let leaf_key = KeyPair::generate().unwrap();
        let mut leaf = params("leaf", NOW + 200 * DAY);
        leaf.subject_alt_names = vec![rcgen::SanType::DnsName("usa.lab".try_into().unwrap())];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = leaf.signed_by(&leaf_key, &middle).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(leaf_key.serialize_der()).unwrap();
        let material = Material { anchor, chain: vec![leaf.clone(), intermediate.clone()], key, revocations: vec![list(&root), middle_list] };
        Chain { material, certificates: vec![leaf, intermediate] }
    }

    fn warden(material: &Material) -> Warden {
        let peer = Peer {
            name: Name::new("usa").unwrap(),
            identity: "usa.lab".to_owned(),
            address: None,
            onward: Vec::new(),
            limits: crate::config::Limits::default(),
        };
        Warden::new(material, &[peer], Arc::default(), i64::try_from(NOW).unwrap()).unwrap()
    }

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
    }

    const BOTH: [KeyUsagePurpose; 2] = [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];

    #[test]
    fn a_chain_over_an_intermediate_leads_to_its_peer() {
        let chain = chain(NOW + 900 * DAY, &BOTH);
        let warden = warden(&chain.material);
        for role in [Role::Client, Role::Server] {
            assert_eq!(warden.judge(&chain.certificates, role, at(NOW)).unwrap().as_str(), "usa");
        }
        assert!(server(&chain.material, Arc::new(warden)).is_ok());
    }

    #[test]
    fn an_intermediate_without_the_right_to_sign_lists_is_refused() {
        let chain = chain(NOW + 900 * DAY, &[KeyUsagePurpose::KeyCertSign]);
        assert!(warden(&chain.material).judge(&chain.certificates, Role::Client, at(NOW)).is_err());
    }

    #[test]
    fn an_intermediate_with_a_key_outside_the_profile_is_refused() {
        let key = |algorithm| KeyPair::generate_for(algorithm).unwrap();
        let good = chain_over(key(&rcgen::PKCS_ECDSA_P384_SHA384), NOW + 900 * DAY, &BOTH);
        assert!(warden(&good.material).judge(&good.certificates, Role::Client, at(NOW)).is_ok());
        let foreign = chain_over(key(&rcgen::PKCS_ECDSA_P521_SHA512), NOW + 900 * DAY, &BOTH);
        assert_eq!(warden(&foreign.material).judge(&foreign.certificates, Role::Client, at(NOW)), Err(Objection::Key));
    }

    #[test]
    fn an_anchor_that_ends_takes_everybody_with_it() {
        let chain = chain(NOW + 10 * DAY, &BOTH);
        let warden = warden(&chain.material);
        assert!(warden.judge(&chain.certificates, Role::Client, at(NOW + 9 * DAY)).is_ok());
        assert_eq!(warden.judge(&chain.certificates, Role::Client, at(NOW + 11 * DAY)), Err(Objection::Time));
    }

    #[test]
    fn a_missing_list_or_intermediate_and_a_long_chain_are_refused() {
        let mut chain = chain(NOW + 900 * DAY, &BOTH);
        let judge = |material: &Material, certificates: &[CertificateDer<'_>]| warden(material).judge(certificates, Role::Client, at(NOW));
        assert_eq!(judge(&chain.material, &chain.certificates[..1]), Err(Objection::Chain));
        assert_eq!(judge(&chain.material, &[]), Err(Objection::Malformed));
        let surplus = vec![chain.certificates[1].clone(); 4];
        assert_eq!(judge(&chain.material, &[chain.certificates[..1].to_vec(), surplus].concat()), Err(Objection::Chain));
        chain.material.revocations.pop();
        assert_eq!(judge(&chain.material, &chain.certificates), Err(Objection::Revocation));
    }

    #[test]
    fn an_anchor_that_is_no_authority_gives_no_warden() {
        let chain = chain(NOW + 900 * DAY, &BOTH);
        let mut material = chain.material;
        material.anchor = chain.certificates[0].clone();
        assert!(Warden::new(&material, &[], Arc::default(), i64::try_from(NOW).unwrap()).is_err());
    }
}
