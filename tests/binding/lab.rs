//! A label authority of a test, its signers, and a signer of bindings that is no code of the guard but for the canonical form.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::{digest, signature};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose as Eku, IsCa, Issuer, KeyPair,
    KeyUsagePurpose as Ku, RevokedCertParams, RsaKeySize, SerialNumber,
};
use vestibule::base::{Budget, Time};
use vestibule::format::syntax::xml::{Cdata, Comments, Options, Source};
use vestibule::label::signature::Trust;
use vestibule::label::signature::canonical::canonical;

pub(crate) const ECDSA_256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
pub(crate) const ECDSA_384: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
pub(crate) const RSA_256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(crate) const RSA_384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
pub(crate) const PSS_256: &str = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
pub(crate) const PSS_384: &str = "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1";
pub(crate) const ED25519: &str = "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519";
pub(crate) const SHA_256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(crate) const SHA_384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
pub(crate) const ALGORITHMS: [(&str, &str); 7] =
    [(ECDSA_256, SHA_256), (ECDSA_384, SHA_384), (RSA_256, SHA_256), (RSA_384, SHA_384), (PSS_256, SHA_256), (PSS_384, SHA_384), (ED25519, SHA_384)];

pub(crate) fn now() -> Time {
    Time::parse("2026-06-01T12:00:00Z").unwrap()
}

/// A label authority.
pub(crate) struct Authority {
    pub(crate) pem: String,
    pub(crate) revocations: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A signer: key in PKCS #8 and certificate in DER.
pub(crate) struct Signer {
    pub(crate) pkcs8: Vec<u8>,
    pub(crate) key_pem: String,
    pub(crate) certificate: Vec<u8>,
    pub(crate) certificate_pem: String,
    rsa: bool,
}

/// Seconds since 1970 of the test's now.
fn seconds(offset_days: i64) -> Duration {
    Duration::from_secs(u64::try_from(now().unix_ms() / 1000 + offset_days * 86_400).unwrap())
}

macro_rules! moment {
    ($days:expr) => {
        rcgen::date_time_ymd(1970, 1, 1) + seconds($days)
    };
}

impl Authority {
    /// An authority that has revoked these serial numbers.
    pub(crate) fn make(name: &str, revoked: &[u64]) -> Self {
        Self::make_until(name, revoked, 7)
    }

    /// The same, whose list of revoked serial numbers is good for so many days.
    pub(crate) fn make_until(name: &str, revoked: &[u64], days: i64) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![Ku::KeyCertSign, Ku::CrlSign];
        // The tools that look at our signatures have no clock but the machine's.
        (params.not_before, params.not_after) = (moment!(-900), moment!(3650));
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let list = CertificateRevocationListParams {
            this_update: moment!(-1),
            next_update: moment!(days),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|serial| RevokedCertParams {
                    serial_number: SerialNumber::from(*serial),
                    revocation_time: moment!(-1),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        let revocations = list.signed_by(&issuer).unwrap().pem().unwrap();
        Self { pem, revocations, issuer }
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::of_pem(self.pem.as_bytes(), self.revocations.as_bytes()).unwrap()
    }

    /// A signer for an algorithm.
    pub(crate) fn signer(&self, algorithm: &str, serial: u64, change: impl FnOnce(&mut CertificateParams)) -> Signer {
        let key = match algorithm {
            ECDSA_256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            ECDSA_384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            ED25519 => KeyPair::generate_for(&rcgen::PKCS_ED25519),
            _ => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048),
        };
        self.certify(key.unwrap(), !algorithm.contains("ecdsa") && !algorithm.contains("eddsa"), serial, change)
    }

    fn certify(&self, key: KeyPair, rsa: bool, serial: u64, change: impl FnOnce(&mut CertificateParams)) -> Signer {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("label signer {serial}"));
        params.serial_number = Some(SerialNumber::from(serial));
        params.key_usages = vec![Ku::DigitalSignature];
        params.extended_key_usages = vec![Eku::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])];
        (params.not_before, params.not_after) = (moment!(-800), moment!(800));
        params.use_authority_key_identifier_extension = true;
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Signer {
            pkcs8: key.serialize_der(),
            key_pem: key.serialize_pem(),
            certificate: certificate.der().to_vec(),
            certificate_pem: certificate.pem(),
            rsa,
        }
    }
}

/// The authority of most tests; it has revoked the serial number 13.
pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::make("label anchor", &[13]));
/// A signer with ECDSA on P-256.
pub(crate) static SIGNER: LazyLock<Signer> = LazyLock::new(|| AUTHORITY.signer(ECDSA_256, 7, |_| {}));

impl Signer {
    fn sign(&self, algorithm: &str, data: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let ecdsa = |kind| signature::EcdsaKeyPair::from_pkcs8(kind, &self.pkcs8).unwrap().sign(&random, data).unwrap().as_ref().to_vec();
        let rsa = |kind| {
            let pair = signature::RsaKeyPair::from_pkcs8(&self.pkcs8).unwrap();
            let mut value = vec![0; pair.public_modulus_len()];
            pair.sign(kind, &random, data, &mut value).unwrap();
            value
        };
        match algorithm {
            ECDSA_384 => ecdsa(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            RSA_256 => rsa(&signature::RSA_PKCS1_SHA256),
            RSA_384 => rsa(&signature::RSA_PKCS1_SHA384),
            PSS_256 => rsa(&signature::RSA_PSS_SHA256),
            PSS_384 => rsa(&signature::RSA_PSS_SHA384),
            ED25519 => signature::Ed25519KeyPair::from_pkcs8(&self.pkcs8).unwrap().sign(data).as_ref().to_vec(),
            _ if self.rsa => rsa(&signature::RSA_PKCS1_SHA256),
            _ => ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        }
    }
}

/// What stands in a message where the signature goes.
pub(crate) const HERE: &str = "<!--signature-->";

pub(crate) const ENVELOPED: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
pub(crate) const EXCLUSIVE: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
pub(crate) const FILTER: &str = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>not(ancestor-or-self::*[local-name()='BindingInformation' and namespace-uri()='urn:nato:stanag:4778:bindinginformation:1:0'])</ds:XPath></ds:Transform>";

/// A reference that is to be signed.
#[derive(Clone)]
pub(crate) struct Reference {
    pub(crate) uri: String,
    pub(crate) transforms: String,
    /// Names of the elements that are digested and left out, where they differ from what the reference says.
    pub(crate) bytes: Option<Vec<u8>>,
}

impl Reference {
    pub(crate) fn new(uri: &str, transforms: &[&str]) -> Self {
        Self { uri: uri.into(), transforms: transforms.concat(), bytes: None }
    }
}

/// How a message is signed.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) algorithm: String,
    pub(crate) digest: String,
    pub(crate) canonicalisation: String,
    pub(crate) references: Vec<Reference>,
    pub(crate) object: String,
    pub(crate) key_info: Option<String>,
}

impl Plan {
    /// The two references of the embedded profile.
    pub(crate) fn filtered() -> Self {
        Self {
            algorithm: ECDSA_256.into(),
            digest: SHA_384.into(),
            canonicalisation: "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>".into(),
            references: vec![Reference::new("", &[FILTER, EXCLUSIVE]), Reference::new("#b1", &[EXCLUSIVE])],
            object: String::new(),
            key_info: None,
        }
    }

    /// One reference to all but the signature.
    pub(crate) fn enveloped() -> Self {
        Self { references: vec![Reference::new("", &[ENVELOPED, EXCLUSIVE])], ..Self::filtered() }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The signature without digests and value.
    pub(crate) fn template(&self, signer: &Signer) -> String {
        let mut references = String::new();
        for (at, reference) in self.references.iter().enumerate() {
            let transforms =
                if reference.transforms.is_empty() { String::new() } else { format!("<ds:Transforms>{}</ds:Transforms>", reference.transforms) };
            let (uri, digest) = (&reference.uri, &self.digest);
            write!(references, "<ds:Reference URI=\"{uri}\">{transforms}<ds:DigestMethod Algorithm=\"{digest}\"/><ds:DigestValue>DIGEST{at}.</ds:DigestValue></ds:Reference>").unwrap();
        }
        let key_info = self.key_info.clone().unwrap_or_else(|| {
            format!(
                "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                STANDARD.encode(&signer.certificate)
            )
        });
        format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>{}<ds:SignatureMethod Algorithm=\"{}\"/>{references}</ds:SignedInfo><ds:SignatureValue>VALUE.</ds:SignatureValue>{key_info}{}</ds:Signature>",
            self.canonicalisation, self.algorithm, self.object
        )
    }

    /// Signs a message at its [`HERE`].
    pub(crate) fn sign(&self, message: &str, signer: &Signer) -> String {
        let mut text = message.replace(HERE, &self.template(signer));
        for (at, reference) in self.references.iter().enumerate() {
            let bytes = reference.bytes.clone().unwrap_or_else(|| referred(&text, reference));
            let kind = if self.digest == SHA_256 { &digest::SHA256 } else { &digest::SHA384 };
            text = text.replace(&format!("DIGEST{at}."), &STANDARD.encode(digest::digest(kind, &bytes)));
        }
        let signed =
            spelt(&text, |source, at| source.is(at, "http://www.w3.org/2000/09/xmldsig#", "SignedInfo"), &[], &prefixes(&self.canonicalisation));
        text.replace("VALUE.", &STANDARD.encode(signer.sign(&self.algorithm, &signed)))
    }
}

fn prefixes(text: &str) -> Vec<&str> {
    text.split_once("PrefixList=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(list, _)| list.split(' ').collect()).unwrap_or_default()
}

/// What an honest signer digests for a reference.
fn referred(text: &str, reference: &Reference) -> Vec<u8> {
    let omitted: &[&str] = match &reference.transforms {
        transforms if transforms.contains("enveloped") => &["Signature"],
        transforms if transforms.contains("XPath") => &["BindingInformation"],
        _ => &[],
    };
    let id = reference.uri.trim_start_matches('#');
    let apex = |source: &Source<'_>, at: usize| {
        let has = source.element(at).unwrap().attributes.iter().any(|a| a.name == "Id" && a.value == id);
        if reference.uri.is_empty() { at == Source::ROOT } else { has }
    };
    spelt(text, apex, omitted, &prefixes(&reference.transforms))
}

fn spelt(text: &str, apex: impl Fn(&Source<'_>, usize) -> bool, omitted: &[&str], prefixes: &[&str]) -> Vec<u8> {
    let options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 64 };
    let source = Source::read(text, options, &mut Budget::for_body(text.len())).unwrap();
    let omitted: Vec<usize> = source.elements().filter(|(_, e)| omitted.contains(&e.name)).map(|(at, _)| at).collect();
    let apex = source.elements().map(|(at, _)| at).find(|at| apex(&source, *at)).unwrap_or(Source::ROOT);
    canonical(&source, apex, &omitted, prefixes)
}

/// A label of NATO, with its id.
pub(crate) fn label(level: &str) -> String {
    format!(
        "<slab:originatorConfidentialityLabel xmlns:slab=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2031-01-01T00:00:00Z\"><slab:ConfidentialityInformation><slab:PolicyIdentifier URI=\"urn:oid:1.3.26.1.3.1\">NATO</slab:PolicyIdentifier><slab:Classification>{level}</slab:Classification><slab:Category TagName=\"Context\" Type=\"PERMISSIVE\" URI=\"urn:oid:1.3.26.1.4.4\"><slab:GenericValue>NATO</slab:GenericValue></slab:Category></slab:ConfidentialityInformation><slab:CreationDateTime>2026-01-01T00:00:00Z</slab:CreationDateTime></slab:originatorConfidentialityLabel>"
    )
}

/// A label of the metadata.
pub(crate) fn of_metadata(level: &str) -> String {
    label(level).replace("originatorC", "metadataC")
}

/// Labels that stand together in one binding, as the text of its first.
pub(crate) fn together(labels: &[String]) -> String {
    labels.join("</mb:Metadata><mb:Metadata>")
}

/// A NATO label in the words of the United Kingdom, by the table of NATO's policy.
pub(crate) fn british(level: &str) -> String {
    let nato = label(level).replace("originatorC", "alternativeC");
    let context = &nato[nato.find("<slab:Category").unwrap()..nato.find("</slab:ConfidentialityInformation>").unwrap()];
    nato.replace(" URI=\"urn:oid:1.3.26.1.3.1\">NATO", ">GBR")
        .replace(context, "<slab:Category TagName=\"Releasable To\" Type=\"PERMISSIVE\"><slab:GenericValue>NATO</slab:GenericValue></slab:Category>")
}

/// A binding of a label to data.
pub(crate) fn binding(label: &str, data: &str) -> String {
    format!(
        "<mb:BindingInformation xmlns:mb=\"urn:nato:stanag:4778:bindinginformation:1:0\" xmlns:xmime=\"http://www.w3.org/2005/05/xmlmime\" xmlns:e=\"urn:nato:stanag:4778:bindinginformation:extensions:1:0\" e:profile=\"urn:nato:stanag:4778:profile:cryptoartefact:1:2\">\n{HERE}\n <mb:MetadataBindingContainer><mb:MetadataBinding Id=\"b1\">\n<mb:Metadata>{label}</mb:Metadata>{data}</mb:MetadataBinding></mb:MetadataBindingContainer></mb:BindingInformation>"
    )
}

pub(crate) const WHOLE: &str = "<mb:DataReference URI=\"\" xmime:contentType=\"application/cot+xml\"/>";

/// An event with what stands in its detail.
pub(crate) fn event(detail: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event version=\"2.0\" uid=\"GBR-1\" type=\"a-f-G\" how=\"m-g\" time=\"2026-06-01T12:00:00Z\" start=\"2026-06-01T12:00:00Z\" stale=\"2026-06-01T12:05:00Z\"><point lat=\"1.50\" lon=\"2\" hae=\"3\" ce=\"4\" le=\"5\"/>\r\n <detail>{detail}<contact callsign=\"A&amp;B &#xE8;é\"/></detail></event>\n"
    )
}

/// An event with its label bound to all of it, not yet signed.
pub(crate) fn message() -> String {
    event(&binding(&label("SECRET"), WHOLE))
}
