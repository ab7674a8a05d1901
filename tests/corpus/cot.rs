//! Events of others beside the schema that MITRE published, by the command `xmllint`; and hostile events through the whole path.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use vestibule::base::{Header, MessageId, Name, Outcome, Precedence, Time, Traffic};
use vestibule::filter::Waivers;
use vestibule::format::Syntax;
use vestibule::pipeline::{Guard, Inspector, World};
use vestibule::policy;
use vestibule::sanitise::Keys;

use crate::cot::COT;
use crate::outside::as_files;
use crate::samples::{Sample, files, read, shared, write};

/// Which of the files are valid events to the schema.
fn valid(samples: &[Sample]) -> Option<Vec<bool>> {
    let schema = shared("cot-schema/mitre/CoT_Base-Event_Schema_PUBLIC_RELEASE_.xsd")?;
    let (_folder, paths) = as_files(&samples.iter().map(|(_, body)| body.clone()).collect::<Vec<_>>(), "xml");
    let run = Command::new("xmllint").args(["--noout", "--nonet", "--schema"]).arg(schema).args(&paths).output();
    let said = String::from_utf8_lossy(&run.expect("xmllint is missing: `tests/run` installs it").stderr).into_owned();
    assert!(!said.contains("Schemas parser error"), "{said}");
    let lines: BTreeSet<&str> = said.lines().collect();
    Some(paths.iter().map(|path| lines.contains(format!("{} validates", path.display()).as_str())).collect())
}

/// Codes under which we refuse what is valid to the schema, with the number of files and the reason.
const STRICTER: [(&str, usize, &str); 2] = [
    ("invalid.cot.character", 1, "a callsign of two lines, where receivers show one"),
    ("invalid.cot.uid", 1, "a piece of a program in brackets where an identifier belongs: the sample is a template that nobody filled in"),
];

#[test]
fn events_of_others_that_we_read_are_valid_to_the_published_schema_and_what_it_takes_beyond_has_a_reason() {
    let Some(folder) = shared("cot") else { return };
    let samples = files(&folder, &["xml"]);
    let Some(valid) = valid(&samples) else { return };
    let (mut looser, mut stricter, mut both) = (BTreeSet::new(), BTreeMap::<&str, usize>::new(), 0);
    for ((path, body), valid) in samples.iter().zip(valid) {
        match (read(body), valid) {
            (Ok(_), true) => both += 1,
            (Ok(_), false) => drop(looser.insert(path.strip_prefix(&folder).unwrap().display().to_string())),
            (Err(refusal), true) => *stricter.entry(refusal.reason.code()).or_default() += 1,
            (Err(_), false) => {}
        }
    }
    println!("{both} of {} are valid to both", samples.len());
    assert!(looser.is_empty(), "read here, refused by the schema: {looser:?}");
    assert_eq!(stricter, STRICTER.iter().map(|(code, count, _)| (*code, *count)).collect(), "refused here, valid to the schema");
}

#[test]
fn what_we_write_is_valid_where_what_came_was() {
    let others = shared("cot").map(|folder| files(&folder, &["xml"])).unwrap_or_default();
    let samples: Vec<Sample> = COT.accepted().into_iter().chain(others).filter(|(_, body)| read(body).is_ok()).collect();
    let written: Vec<Sample> = samples.iter().map(|(path, body)| (path.clone(), write(&read(body).unwrap(), Syntax::Xml).unwrap())).collect();
    let (Some(before), Some(after)) = (valid(&samples), valid(&written)) else { return };
    let worse = before.iter().zip(&after).zip(&samples).filter(|((before, after), _)| **before && !**after).map(|(_, (path, _))| path);
    assert_eq!(worse.collect::<Vec<_>>(), Vec::<&std::path::PathBuf>::new());
}

/// What stops each probe, or takes away what it smuggles.
const PROBES: [(&str, &str); 7] = [
    ("caveat-releasable", "label.level_unknown"),
    ("comment-and-pi", "malformed.xml.instruction"),
    ("doctype-entity", "malformed.xml.doctype"),
    ("lat-out-of-range", "invalid.cot.range"),
    ("two-contacts", "invalid.cot.repeated"),
    ("two-events-one-datagram", "malformed.xml.trailing"),
    ("undeclared-detail", "/event/detail/zz_exfil"),
];

#[test]
fn every_hostile_event_is_refused_held_or_sanitised() {
    let Some(folder) = shared("probes/cot") else { return };
    let files_of = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let guard = Guard::load(&files_of).unwrap();
    let header = Header {
        id: MessageId::from_parts(1, [7; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new("usa-ops").unwrap()],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: Time::parse("2026-03-01T12:00:30Z").unwrap(),
        label: Some(LABEL.to_owned()),
    };
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now: header.sent, keys: &Keys { pseudonym: &key }, waivers: &Waivers::default(), signer: None };
    let mut found = Vec::new();
    for (path, body) in files(&folder, &["xml"]) {
        let ruling = Inspector::new(&guard).pass(&Name::new("gbr-ops").unwrap(), &header, &body, &world).rulings.pop().unwrap();
        let stopped = ruling.code.filter(|_| ruling.outcome != Outcome::Forward).map(|code| code.code().to_owned());
        let taken = ruling.edits.iter().map(|edit| edit.path.as_str()).collect::<Vec<_>>().join(" ");
        found.push((path.file_stem().unwrap().to_str().unwrap().to_owned(), stopped.unwrap_or(taken)));
    }
    let expected: Vec<(String, String)> = PROBES.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned())).collect();
    assert_eq!(found, expected);
}

/// A label beside each event that lets it go, so that what stops it is what it smuggles.
const LABEL: &str = concat!(
    "<originatorConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2031-01-01T00:00:00Z\">",
    "<ConfidentialityInformation><PolicyIdentifier>GBR</PolicyIdentifier><Classification>SECRET</Classification>",
    "<Category TagName=\"Releasable To\" Type=\"PERMISSIVE\"><GenericValue>USA</GenericValue></Category>",
    "</ConfidentialityInformation><CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime></originatorConfidentialityLabel>"
);
