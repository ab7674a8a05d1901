//! The bindings in the cases of the rule sets that ship: made with xmlsec1, good for it still, and of no weight outside their trial.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use aws_lc_rs::hmac;
use vestibule::base::{Outcome, Reason};
use vestibule::cases::Trial;
use vestibule::filter::Waivers;
use vestibule::label::signature::Trust;
use vestibule::pipeline::{Guard, Inspector, World};
use vestibule::policy::report::{Look, render};
use vestibule::policy::{self, Case, SourceFile};
use vestibule::sanitise::Keys;

use super::interop::tool;
use super::lab::AUTHORITY;

/// The rule sets that have such cases.
const SETS: [&str; 2] = ["five-eyes", "nato"];

fn folder(set: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(set)
}

/// A rule set, changed in its files.
fn loaded(set: &str, change: impl Fn(&mut SourceFile)) -> Result<Guard, String> {
    let mut files = policy::read_folder(&folder(set)).unwrap();
    files.iter_mut().for_each(change);
    Guard::load(&files).map_err(|complaints| render(&complaints, &files, Look::Plain))
}

fn case<'g>(guard: &'g Guard, words: &str) -> &'g Case {
    guard.edition().cases.iter().find(|case| case.anchors.is_some() && case.name.contains(words)).unwrap()
}

/// What becomes of the message of a case, as an inspector that supposes nothing has it.
fn passed(inspector: &mut Inspector<'_>, case: &Case) -> (Outcome, Option<Reason>) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now: case.now, keys: &Keys { pseudonym: &key }, waivers: &Waivers::default(), signer: None };
    let trial = Trial { case, signer: None };
    let ruling = inspector.pass(&case.from, &trial.header(), &case.body, &world).rulings.remove(0);
    (ruling.outcome, ruling.code)
}

#[test]
fn what_a_case_supposes_of_signatures_ends_with_its_trial() {
    let guard = loaded("five-eyes", |_| {}).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let (keys, mut inspector) = (Keys { pseudonym: &key }, Inspector::new(&guard));
    let altered = case(&guard, "altered");
    let trial = Trial { case: altered, signer: None };
    assert!(trial.holds(&trial.pass(&mut inspector, &keys)));
    // NATO need not bind in this rule set: what was altered is no matter once nothing is supposed.
    assert_eq!(passed(&mut inspector, altered), (Outcome::Forward, None));
}

#[test]
fn anchors_beside_cases_are_no_anchors_of_a_gateway() {
    let required = |file: &mut SourceFile| {
        if &*file.path == "peers.toml" {
            file.text = file.text.replace("[peer.nato-hq]\n", "[peer.nato-hq]\nbinding = \"required\"\n").into();
        }
    };
    let guard = loaded("five-eyes", required).unwrap();
    let mut inspector = Inspector::new(&guard);
    let good = case(&guard, "is taken");
    assert_eq!(passed(&mut inspector, good), (Outcome::Quarantine, Some(Reason::LabelBinding)), "no anchors are configured");
    let trusting = |trust: Arc<Trust>| guard.trust_in_labels([(good.from.clone(), trust)].into());
    trusting(Arc::new(Trust::of_pem(AUTHORITY.pem.as_bytes(), AUTHORITY.revocations.as_bytes()).unwrap()));
    assert_eq!(passed(&mut inspector, good), (Outcome::Quarantine, Some(Reason::LabelBindingCertificate)), "others are configured");
    // Only who configures the very same anchors trusts them: so it was the anchors, and nothing else.
    trusting(good.trust().unwrap());
    assert_eq!(passed(&mut inspector, good), (Outcome::Forward, None));
}

/// The files of a folder of sources, and of those below it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn nothing_but_a_trial_supposes_that_labels_are_bound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let naming = |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|text| text.contains("suppose_bound"));
    let mut found: Vec<String> =
        sources(&root).into_iter().filter(naming).map(|path| path.strip_prefix(&root).unwrap().display().to_string()).collect();
    found.sort();
    assert_eq!(found, ["cases/trial.rs", "pipeline/mod.rs"]);
}

#[test]
fn a_case_with_anchors_that_are_absent_or_none_is_no_case() {
    let renamed = |file: &mut SourceFile| file.text = file.text.replace("anchors = \"others.pem\"", "anchors = \"other.pem\"").into();
    let report = loaded("five-eyes", renamed).unwrap_err();
    assert!(report.contains("did you mean `others.pem`?"), "{report}");
    let emptied = |file: &mut SourceFile| {
        if &*file.path == "cases/trust/others.pem" {
            file.text = "# none yet\n".into();
        }
    };
    let report = loaded("five-eyes", emptied).unwrap_err();
    assert!(report.contains("expected 1 to 16 label anchors in PEM, found 0"), "{report}");
}

#[test]
fn xmlsec1_takes_what_the_cases_say_is_signed_and_not_what_was_altered() {
    let xmlsec = tool("VESTIBULE_XMLSEC1");
    for set in SETS {
        let guard = loaded(set, |_| {}).unwrap();
        for (words, anchors, good) in
            [("is taken", "lab.pem", true), ("altered", "lab.pem", false), ("lowered", "lab.pem", false), ("another anchor", "others.pem", false)]
        {
            let scratch = tempfile::tempdir().unwrap();
            let message = scratch.path().join("message.xml");
            std::fs::write(&message, &case(&guard, words).body).unwrap();
            let anchors = folder(set).join("cases/trust").join(anchors);
            let id = "urn:nato:stanag:4778:bindinginformation:1:0:MetadataBinding";
            let asked = ["--verify", "--enabled-key-data", "x509", "--id-attr:Id", id, "--trusted-pem"];
            let done = Command::new(&xmlsec).args(asked).arg(anchors).arg(message).output().unwrap();
            assert_eq!(done.status.success(), good, "{set}, {words}: {}", String::from_utf8_lossy(&done.stderr));
        }
    }
}
