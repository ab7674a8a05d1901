//! Labels on one core: a label read, a binding verified, a decision for one recipient; beside bare operations and the library of xmlsec1.
//!
//! `cargo bench --bench labels` prints a table; with `-- --json` one object a line and nothing else. Each figure is that of the fastest of
//! many runs. `bare` is what no verifier can do without: one strict parse of the message, one digest over it, and one signature.
//! `xmlsec` is the same file verified by the library of xmlsec1, parse included, measured in a process of Python that stays; it is asked
//! where `VESTIBULE_XMLSEC` names an interpreter that has the module `xmlsec`. Chains of certificates are judged once and remembered, here
//! as in a gateway; `first` is a verification that judges anew.

#![expect(clippy::expect_used, clippy::as_conversions, reason = "a bench that cannot begin stops; it shows small numbers")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comfy_table::{CellAlignment, Table, presets};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose as Eku, IsCa, Issuer, KeyPair, KeyUsagePurpose as Ku, SerialNumber,
};
use vestibule::base::{Budget, Header, MessageId, Name, Precedence, Time, Traffic};
use vestibule::format::syntax::xml::{Cdata, Comments, Options, Source};
use vestibule::format::{self, Received};
use vestibule::label::binding::{Place, verify};
use vestibule::label::signature::Trust;
use vestibule::label::signature::canonical::canonical;
use vestibule::label::{self, Binding, Reading, stanag4774};
use vestibule::policy;
use vestibule::release::{self, Circumstances, Engine};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Time spent on each figure.
const SPENT: Duration = Duration::from_millis(1_500);
/// Bytes of the message.
const BYTES: usize = 4 * 1_024;
/// Rounds of the library of xmlsec1.
const ROUNDS: &str = "2000";

/// One figure: what, and the nanoseconds of its fastest run.
struct Figure {
    what: String,
    ns: u128,
}

fn fastest<T>(what: &str, mut work: impl FnMut() -> T) -> Figure {
    let (began, mut ns) = (Instant::now(), u128::MAX);
    while began.elapsed() < SPENT {
        let run = Instant::now();
        black_box(work());
        ns = ns.min(run.elapsed().as_nanos());
    }
    Figure { what: what.to_owned(), ns }
}

fn now() -> Time {
    Time::parse("2026-06-01T12:00:00Z").expect("a time")
}

const LABEL: &str = "<slab:originatorConfidentialityLabel xmlns:slab=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2031-01-01T00:00:00Z\"><slab:ConfidentialityInformation><slab:PolicyIdentifier URI=\"urn:oid:1.3.26.1.3.1\">NATO</slab:PolicyIdentifier><slab:Classification>SECRET</slab:Classification><slab:Category TagName=\"Context\" Type=\"PERMISSIVE\" URI=\"urn:oid:1.3.26.1.4.4\"><slab:GenericValue>NATO</slab:GenericValue></slab:Category></slab:ConfidentialityInformation><slab:CreationDateTime>2026-01-01T00:00:00Z</slab:CreationDateTime></slab:originatorConfidentialityLabel>";
const HERE: &str = "<!--signature-->";

/// A signer below an authority: the key, and what others need to trust it.
struct Signer {
    pkcs8: Vec<u8>,
    certificate: Vec<u8>,
    anchor: String,
    list: String,
}

fn signer(key: KeyPair) -> Signer {
    let (from, until) = (rcgen::date_time_ymd(2026, 1, 1), rcgen::date_time_ymd(2027, 12, 1));
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "label anchor");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![Ku::KeyCertSign, Ku::CrlSign];
    (params.not_before, params.not_after) = (from, until);
    let own = KeyPair::generate().expect("a key");
    let anchor = params.self_signed(&own).expect("an anchor").pem();
    let issuer = Issuer::new(params, own);
    let list = rcgen::CertificateRevocationListParams {
        this_update: from,
        next_update: until,
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&issuer).and_then(|list| list.pem()).expect("a list");
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "label signer");
    params.key_usages = vec![Ku::DigitalSignature];
    params.extended_key_usages = vec![Eku::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = (from, until);
    let certificate = params.signed_by(&key, &issuer).expect("a certificate").der().to_vec();
    Signer { pkcs8: key.serialize_der(), certificate, anchor, list }
}

/// An event of the size, with a binding and a place for its signature.
fn message() -> String {
    let detail = format!(
        "<mb:BindingInformation xmlns:mb=\"urn:nato:stanag:4778:bindinginformation:1:0\">{HERE}<mb:MetadataBindingContainer><mb:MetadataBinding><mb:Metadata>{LABEL}</mb:Metadata><mb:DataReference URI=\"\"/></mb:MetadataBinding></mb:MetadataBindingContainer></mb:BindingInformation>"
    );
    let mut vertices = String::new();
    // The signature adds some 1,700 bytes.
    while [vertices.len(), detail.len(), 1_670].into_iter().sum::<usize>() < BYTES {
        write!(vertices, "<vertex lat=\"54.{0}\" lon=\"10.{0}\" hae=\"0\"/>", vertices.len()).expect("text");
    }
    format!(
        "<event version=\"2.0\" uid=\"GBR-1\" type=\"a-f-G\" how=\"m-g\" time=\"2026-06-01T12:00:00Z\" start=\"2026-06-01T12:00:00Z\" stale=\"2026-06-01T12:05:00Z\"><point lat=\"1.5\" lon=\"2\" hae=\"3\" ce=\"4\" le=\"5\"/><detail>{detail}<shape><polyline closed=\"true\">{vertices}</polyline></shape></detail></event>"
    )
}

fn spelt(text: &str, name: &str, omitted: &str) -> Vec<u8> {
    let options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 32 };
    let source = Source::read(text, options, &mut Budget::for_body(text.len())).expect("sound XML");
    let named = |name: &str| source.elements().filter(|(_, element)| element.name == name).map(|(at, _)| at).collect::<Vec<_>>();
    canonical(&source, named(name).first().copied().expect("an element of this name"), &named(omitted), &[])
}

/// How a message is signed in one algorithm.
struct Kind {
    name: &'static str,
    uri: &'static str,
    verification: &'static dyn VerificationAlgorithm,
}

const KINDS: [Kind; 2] = [
    Kind { name: "ECDSA P-256", uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", verification: &signature::ECDSA_P256_SHA256_FIXED },
    Kind { name: "RSA 2048", uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", verification: &signature::RSA_PKCS1_2048_8192_SHA256 },
];

/// The value of a signature, and the public key.
fn sign(kind: &Kind, signer: &Signer, data: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let random = SystemRandom::new();
    if kind.uri.contains("ecdsa") {
        let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &signer.pkcs8).expect("a key");
        return (pair.sign(&random, data).expect("a signature").as_ref().to_vec(), pair.public_key().as_ref().to_vec());
    }
    let pair = RsaKeyPair::from_pkcs8(&signer.pkcs8).expect("a key");
    let mut value = vec![0; pair.public_modulus_len()];
    pair.sign(&signature::RSA_PKCS1_SHA256, &random, data, &mut value).expect("a signature");
    (value, pair.public_key().as_ref().to_vec())
}

/// The figures of one algorithm.
fn verified(kind: &Kind) -> Vec<Figure> {
    let key =
        if kind.uri.contains("ecdsa") { KeyPair::generate() } else { KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048) };
    let signer = signer(key.expect("a key"));
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let sha = "http://www.w3.org/2001/04/xmlenc#sha256";
    let content = spelt(&message(), "event", "");
    let value = STANDARD.encode(digest::digest(&digest::SHA256, &content));
    let template = format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{exclusive}\"/><ds:SignatureMethod Algorithm=\"{}\"/><ds:Reference URI=\"\"><ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/><ds:Transform Algorithm=\"{exclusive}\"/></ds:Transforms><ds:DigestMethod Algorithm=\"{sha}\"/><ds:DigestValue>{value}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>VALUE.</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
        kind.uri,
        STANDARD.encode(&signer.certificate)
    );
    let text = message().replace(HERE, &template);
    let signed = spelt(&text, "SignedInfo", "");
    let (value, public) = sign(kind, &signer, &signed);
    let text = text.replace("VALUE.", &STANDARD.encode(&value));
    let trust = || Trust::of_pem(signer.anchor.as_bytes(), signer.list.as_bytes()).expect("an anchor");
    let kept = trust();
    let check = |trust: &Trust| verify(&text, Place::Embedded, trust, now(), &mut Budget::for_body(text.len())).expect("a signature that holds");
    let parse = || {
        let cot = format::by_name("cot").expect("a format");
        (cot.read)(text.as_bytes(), &mut Budget::for_body(text.len())).expect("a sound message").len()
    };
    let options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 32 };
    let read = || Source::read(&text, options, &mut Budget::for_body(text.len())).expect("sound XML").elements().count();
    let bare = || {
        let parts = parse();
        let digest = digest::digest(&digest::SHA256, &content);
        UnparsedPublicKey::new(kind.verification, &public).verify(&signed, &value).expect("a signature that holds");
        (parts, digest)
    };
    let name = |what: &str| format!("{}, {} bytes: {what}", kind.name, text.len());
    let mut figures = vec![
        fastest(&name("bare: parse, digest, signature"), bare),
        fastest(&name("  of which read as it was written"), read),
        fastest(&name("  of which that and canonical form"), || spelt(&text, "event", "Signature")),
        fastest(&name("verify"), || check(&kept)),
        fastest(&name("parse and verify"), || (parse(), check(&kept))),
        fastest(&name("verify, first of its signer"), || check(&trust())),
    ];
    figures.extend(beside(&text, &signer).map(|ns| Figure { what: name("xmlsec, parse and verify"), ns }));
    figures
}

/// The library of xmlsec1 on the same message; none where no interpreter is named.
fn beside(text: &str, signer: &Signer) -> Option<u128> {
    let python = std::env::var_os("VESTIBULE_XMLSEC")?;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/support/beside_xmlsec.py");
    let (message, anchor) = (write("message.xml", text), write("anchor.pem", &signer.anchor));
    let done = Command::new(python).arg(script).arg(message).arg(anchor).arg(ROUNDS).output().expect("the interpreter starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(String::from_utf8_lossy(&done.stdout).trim().parse().expect("nanoseconds"))
}

/// A label read, and a decision on it.
fn labels() -> Vec<Figure> {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).expect("the lab");
    let edition = policy::load(&files).expect("a sound rule set");
    let engine = Engine::compile(&edition).expect("sound rules");
    let body = message().replace(HERE, "").replace("a-f-G", "a-n-S-X-M");
    let header = Header {
        id: MessageId::from_parts(1, [0; 10]),
        precedence: Precedence::Routine,
        destinations: Name::new("gbr-ops").into_iter().collect(),
        media_type: "application/cot+xml".into(),
        traffic: Traffic::Operation,
        sent: now(),
        label: None,
    };
    let peer = |name: &str| edition.peers.values().find(|peer| peer.name.as_str() == name).expect("a peer of the lab");
    let (sender, recipient) = (peer("nato-hq"), peer("gbr-ops"));
    let mut budget = Budget::for_body(body.len());
    let parsed = format::parse(Received::new(&header, body.as_bytes()).expect("a message"), &mut budget).expect("a sound message");
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    let labelled = label::verify(parsed, &edition.lattice, &reading, now(), &mut budget).expect("a label");
    let read = || stanag4774::read_text(&edition.lattice, LABEL, &mut Budget::for_body(LABEL.len())).expect("a label");
    let decide = || engine.decide(&labelled, sender, recipient, &Circumstances { now: now() }).map(drop).expect("a clause");
    let clear = || release::mandatory::clear(&edition.lattice, labelled.label(), recipient, now()).expect("a clearance");
    let tell = || engine.marked(&labelled);
    let forget = || engine.forget();
    let anew = || {
        engine.forget();
        decide();
    };
    vec![
        fastest(&format!("label of STANAG 4774, {} bytes: read, XML and all", LABEL.len()), read),
        fastest("decision for one recipient, asked again: on a message like one before", decide),
        fastest("decision for one recipient, asked first: the first of its kind", anew),
        fastest("  of which what only this bench does: every answer to every peer let go", forget),
        fastest("  of which mandatory control", clear),
        fastest("  of which what there is to say of it", tell),
    ]
}

fn main() {
    let all: Vec<Figure> = labels().into_iter().chain(KINDS.iter().flat_map(verified)).collect();
    if std::env::args().any(|word| word == "--json") {
        all.iter().for_each(|Figure { what, ns }| println!("{}", serde_json::json!({ "what": what, "ns": u64::try_from(*ns).unwrap_or(u64::MAX) })));
        return;
    }
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(["what", "us"]);
    table.add_rows(all.iter().map(|Figure { what, ns }| [what.clone(), format!("{:.2}", *ns as f64 / 1e3)]));
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    println!("{table}");
}
