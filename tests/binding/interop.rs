//! Bindings against signers and verifiers of others: xmlsec1, and signxml for Python. `tests/run` installs both and says where they are.
//!
//! What we sign is signed by the tests' own signer over the guard's canonical form, so that a verifier of others checks that form; what
//! they sign is verified by the guard whole. RSA-PSS is known to signxml alone. Ed25519 is known to neither: there, canonical forms, digests
//! and signatures of others are those of lxml and OpenSSL, put together by `peer.py`. What the gateway itself binds is verified by all.

use std::path::{Path, PathBuf};
use std::process::Command;

use vestibule::label::binding::Place;

use super::lab::*;
use super::{alone, release, taken_with};

/// A tool that the environment names; a missing one fails the test.
pub(super) fn tool(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .unwrap_or_else(|| panic!("{variable} names no tool: start the tests by `tests/run`, which installs it"))
}

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn of(signer: &Signer) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.write("anchor.pem", AUTHORITY.pem.as_bytes());
        files.write("key.pem", signer.key_pem.as_bytes());
        files.write("certificate.pem", signer.certificate_pem.as_bytes());
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs a tool in the folder: what it printed, or what it complained of.
    fn run(&self, tool: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let done = Command::new(tool).current_dir(self.folder.path()).args(arguments).output().unwrap();
        let said = || format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        if done.status.success() { Ok(done.stdout.clone()) } else { Err(said()) }
    }
}

const IDS: [&str; 2] = ["--id-attr:Id", "urn:nato:stanag:4778:bindinginformation:1:0:MetadataBinding"];
/// What xmlsec1 of Debian 12 (1.2.37) knows of our algorithms: it has no RSA-PSS and no Ed25519.
const XMLSEC: std::ops::Range<usize> = 0..4;
/// What signxml knows: it has no Ed25519.
const SIGNXML: std::ops::Range<usize> = 0..6;

/// A signature for others to fill: empty digests, value and certificate.
fn template(text: &str, plan: &Plan, signer: &Signer) -> String {
    let plan = plan.clone().with(|plan| plan.key_info = Some("<ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo>".into()));
    text.replace(HERE, &plan.template(signer)).replace("DIGEST0.", "").replace("DIGEST1.", "").replace("VALUE.", "")
}

fn plans(algorithm: &str, digest: &str) -> Vec<Plan> {
    let plans = [Plan::filtered(), Plan::enveloped(), listed()];
    plans.into_iter().map(|plan| plan.with(|plan| (plan.algorithm, plan.digest) = (algorithm.into(), digest.into()))).collect()
}

/// With lists of prefixes, in the signature and in a reference.
fn listed() -> Plan {
    let list = "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"e mb xmime\"/>";
    Plan::filtered().with(|plan| {
        plan.canonicalisation =
            format!("<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">{list}</ds:CanonicalizationMethod>");
        plan.references[1].transforms = format!("<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">{list}</ds:Transform>");
    })
}

#[test]
fn the_manual_says_with_whom_each_algorithm_was_tried() {
    let tried = |known: bool| if known { "both ways" } else { "it does not know it" };
    let rows = ALGORITHMS.iter().enumerate().map(|(at, (algorithm, digest))| {
        let name = |uri: &str| uri.rsplit('#').next().unwrap().to_owned();
        let openssl = if *algorithm == ED25519 { "both ways" } else { "" };
        let (xmlsec, signxml) = (tried(XMLSEC.contains(&at)), tried(SIGNXML.contains(&at)));
        format!("| `{}` | `{}` | {xmlsec} | {signxml} | {openssl} |", name(algorithm), name(digest)).replace("|  |", "| |")
    });
    super::the_manual_holds("| signature | digest | xmlsec1 | signxml | lxml and OpenSSL |", &rows.collect::<Vec<_>>());
}

#[test]
fn xmlsec1_takes_what_we_sign_and_we_take_what_it_signs() {
    let xmlsec = tool("VESTIBULE_XMLSEC1");
    for (serial, (algorithm, digest)) in (200..).zip(&ALGORITHMS[XMLSEC]) {
        let signer = AUTHORITY.signer(algorithm, serial, |_| {});
        let files = Files::of(&signer);
        for (at, plan) in plans(algorithm, digest).iter().enumerate() {
            let ours = plan.sign(&message(), &signer);
            files.write("ours.xml", ours.as_bytes());
            let verify = ["--verify", "--enabled-key-data", "x509", "--trusted-pem", "anchor.pem", IDS[0], IDS[1]];
            let found = files.run(&xmlsec, &[&verify[..], &["ours.xml"]].concat());
            assert!(found.is_ok(), "{algorithm}, plan {at}: {found:?}\n{ours}");
            files.write("changed.xml", ours.replace("1.50", "1.51").as_bytes());
            assert!(files.run(&xmlsec, &[&verify[..], &["changed.xml"]].concat()).is_err(), "{algorithm}, plan {at}");
            files.write("template.xml", template(&message(), plan, &signer).as_bytes());
            let sign = ["--sign", "--privkey-pem", "key.pem,certificate.pem", IDS[0], IDS[1], "template.xml"];
            let theirs = String::from_utf8(files.run(&xmlsec, &sign).unwrap()).unwrap();
            let taken = taken_with(&theirs, Some(&AUTHORITY.trust())).map_err(|refusal| format!("{}: {}", refusal.reason.code(), refusal.detail));
            assert_eq!(taken, Ok("SECRET".into()), "{algorithm}, plan {at}\n{theirs}");
            println!("xmlsec1 | {algorithm} | plan {at} | both ways");
        }
    }
}

/// What a sidecar is beside.
const BESIDE: &[u8] = b"any\0bytes";
/// What an encapsulating binding is around.
const INSIDE: &str = "<report xmlns=\"urn:r\">words</report>";

/// The other two ways to bind: around the content, with both references to it, and beside a file.
fn others(algorithm: &str, digest: &str) -> Vec<(&'static str, String, Plan)> {
    let around = binding(&label("SECRET"), &format!("<mb:Data xmime:contentType=\"text/xml\">{INSIDE}</mb:Data>"));
    let beside = binding(&label("SECRET"), "<mb:DataReference URI=\"track.bin\"/>");
    let file = Reference { uri: "track.bin".into(), transforms: String::new(), bytes: Some(BESIDE.to_vec()) };
    let element = || Reference::new("#b1", &[EXCLUSIVE]);
    let plan = |references: Vec<Reference>| Plan::filtered().with(|plan| plan.references = references);
    let ways = [
        ("around", around.clone(), plan(vec![element()])),
        ("around, enveloped", around, Plan::enveloped()),
        ("beside", beside, plan(vec![file, element()])),
    ];
    ways.into_iter()
        .map(|(way, text, plan)| (way, text, plan.with(|plan| (plan.algorithm, plan.digest) = (algorithm.into(), digest.into()))))
        .collect()
}

/// What a binding of another kind covers, by its own account.
fn covered(text: &str) -> String {
    if text.contains("<mb:DataReference") { alone(text, Place::Detached(BESIDE)) } else { alone(text, Place::Encapsulating) }
}

#[test]
fn bindings_around_and_beside_are_signed_and_verified_by_others() {
    let (xmlsec, python) = (tool("VESTIBULE_XMLSEC1"), tool("VESTIBULE_SIGNXML"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/binding/peer.py");
    for (serial, (at, (algorithm, digest))) in (600..).zip(ALGORITHMS.iter().enumerate()) {
        let signer = AUTHORITY.signer(algorithm, serial, |_| {});
        let files = Files::of(&signer);
        for (way, text, plan) in others(algorithm, digest) {
            let ours = plan.sign(&text, &signer);
            let content = if way == "beside" { "whole" } else { INSIDE };
            assert_eq!(covered(&ours), content, "{algorithm}, {way}");
            files.write("ours.xml", ours.as_bytes());
            files.write("changed.xml", ours.replace("words", "w0rds").replace(">SECRET<", ">RESTRICTED<").as_bytes());
            files.write("track.bin", BESIDE);
            if XMLSEC.contains(&at) {
                let verify = ["--verify", "--enabled-key-data", "x509", "--trusted-pem", "anchor.pem", IDS[0], IDS[1]];
                let look = |file: &str| files.run(&xmlsec, &[&verify[..], &[file]].concat());
                assert!(look("ours.xml").is_ok(), "{algorithm}, {way}: {:?}\n{ours}", look("ours.xml"));
                assert!(look("changed.xml").is_err(), "{algorithm}, {way}");
                files.write("template.xml", template(&text, &plan, &signer).as_bytes());
                let sign = ["--sign", "--privkey-pem", "key.pem,certificate.pem", IDS[0], IDS[1], "template.xml"];
                let theirs = String::from_utf8(files.run(&xmlsec, &sign).unwrap()).unwrap();
                assert_eq!(covered(&theirs), content, "{algorithm}, {way}\n{theirs}");
                files.write("track.bin", b"other bytes");
                assert_eq!(look("ours.xml").is_ok(), way != "beside", "{algorithm}, {way}");
            }
            // signxml signs and verifies what is enveloped, and reads no files.
            if SIGNXML.contains(&at) && way == "around, enveloped" {
                let look = |file: &str| files.run(&python, &[script, "verify", file, "certificate.pem", "1"]);
                assert!(look("ours.xml").is_ok(), "{algorithm}, {way}: {:?}\n{ours}", look("ours.xml"));
                assert!(look("changed.xml").is_err(), "{algorithm}, {way}");
                let place = text.replace(HERE, "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"placeholder\"/>");
                files.write("place.xml", place.as_bytes());
                let theirs = files.run(&python, &[script, "sign", "place.xml", "key.pem", "certificate.pem", algorithm, digest]);
                let theirs = String::from_utf8(theirs.unwrap()).unwrap();
                assert_eq!(covered(&theirs), content, "{algorithm}, {way}\n{theirs}");
            }
            println!("{algorithm} | {way}");
        }
    }
}

#[test]
fn signxml_takes_what_we_sign_and_we_take_what_it_signs() {
    let python = tool("VESTIBULE_SIGNXML");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/binding/peer.py");
    for (serial, (algorithm, digest)) in (300..).zip(&ALGORITHMS[SIGNXML]) {
        let signer = AUTHORITY.signer(algorithm, serial, |_| {});
        let files = Files::of(&signer);
        // It knows no filter by XPath, as the profile has it: the enveloped form is what both have.
        let plan = Plan::enveloped().with(|plan| (plan.algorithm, plan.digest) = ((*algorithm).into(), (*digest).into()));
        let ours = plan.sign(&message(), &signer);
        files.write("ours.xml", ours.as_bytes());
        let found = files.run(&python, &[script, "verify", "ours.xml", "certificate.pem", "1"]);
        assert!(found.is_ok(), "{algorithm}: {found:?}\n{ours}");
        files.write("changed.xml", ours.replace("1.50", "1.51").as_bytes());
        assert!(files.run(&python, &[script, "verify", "changed.xml", "certificate.pem", "1"]).is_err(), "{algorithm}");
        let place = message().replace(HERE, "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"placeholder\"/>");
        files.write("place.xml", place.as_bytes());
        let theirs = files.run(&python, &[script, "sign", "place.xml", "key.pem", "certificate.pem", algorithm, digest]);
        let theirs = String::from_utf8(theirs.unwrap()).unwrap();
        let taken = taken_with(&theirs, Some(&AUTHORITY.trust())).map_err(|refusal| format!("{}: {}", refusal.reason.code(), refusal.detail));
        assert_eq!(taken, Ok("SECRET".into()), "{algorithm}\n{theirs}");
        println!("signxml | {algorithm} | enveloped | both ways");
    }
}

#[test]
fn a_signature_of_ed25519_is_verified_and_made_by_others() {
    let python = tool("VESTIBULE_SIGNXML");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/binding/peer.py");
    let signer = AUTHORITY.signer(ED25519, 500, |_| {});
    let files = Files::of(&signer);
    let plan = Plan::enveloped().with(|plan| plan.algorithm = ED25519.into());
    let ours = plan.sign(&message(), &signer);
    files.write("ours.xml", ours.as_bytes());
    let found = files.run(&python, &[script, "verify-ed25519", "ours.xml", "certificate.pem"]);
    assert!(found.is_ok(), "{found:?}\n{ours}");
    files.write("changed.xml", ours.replace("1.50", "1.51").as_bytes());
    assert!(files.run(&python, &[script, "verify-ed25519", "changed.xml", "certificate.pem"]).is_err());
    files.write("template.xml", template(&message(), &plan, &signer).as_bytes());
    let theirs = files.run(&python, &[script, "sign-ed25519", "template.xml", "key.pem", "certificate.pem"]);
    let theirs = String::from_utf8(theirs.unwrap()).unwrap();
    let taken = taken_with(&theirs, Some(&AUTHORITY.trust())).map_err(|refusal| format!("{}: {}", refusal.reason.code(), refusal.detail));
    assert_eq!(taken, Ok("SECRET".into()), "{theirs}");
    println!("lxml and OpenSSL | {ED25519} | enveloped | both ways");
}

#[test]
fn what_the_gateway_binds_is_verified_by_others() {
    let (xmlsec, python) = (tool("VESTIBULE_XMLSEC1"), tool("VESTIBULE_SIGNXML"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/binding/peer.py");
    let guard = release::guard(&[("gbr-ops", "bind = \"embedded\""), ("nato-hq", "binding = \"required\"")]);
    let signed = Plan::filtered().sign(&release::track(), &SIGNER);
    for (serial, algorithm) in [(510, RSA_256), (511, ED25519)] {
        let own = AUTHORITY.signer(algorithm, serial, |_| {});
        let files = Files::of(&own);
        let released = release::ruling(&guard, ("nato-hq", "gbr-ops"), &signed, None, Some(&release::key(&own)));
        let text = String::from_utf8(released.output.unwrap().bytes().to_vec()).unwrap();
        files.write("ours.xml", text.as_bytes());
        files.write("changed.xml", text.replace("MV EXAMPLE", "MV EXAMPLF").as_bytes());
        let look = |file: &str| match algorithm {
            RSA_256 => {
                let one = files.run(&xmlsec, &["--verify", "--enabled-key-data", "x509", "--trusted-pem", "anchor.pem", file]);
                one.and_then(|_| files.run(&python, &[script, "verify", file, "certificate.pem", "1"]))
            }
            _ => files.run(&python, &[script, "verify-ed25519", file, "certificate.pem"]),
        };
        assert!(look("ours.xml").is_ok(), "{algorithm}: {:?}\n{text}", look("ours.xml"));
        assert!(look("changed.xml").is_err(), "{algorithm}");
        println!("gateway | {algorithm} | enveloped | verified by others");
    }
}
