//! Both halves of the guard over the same messages: what the first half reads and writes honestly, the second verifies.

use vestibule::base::{Budget, Traffic};
use vestibule::format::{self, Received, Syntax};
use vestibule::normal::{Change, Edit, Edits, Kind, Tree, Value};
use vestibule::rebuild;

use super::document::{self, event};
use super::labels::{case, secret, to_usa};
use super::{Case, MARKING, gbr, header, label};
use crate::cot::COT;
use crate::samples::{files, shared};
use proptest::prelude::*;

/// What the second half says of what the first half makes of a message, with edits chosen from its tree.
fn through_both(body: &[u8], edits: impl Fn(&Tree<'_>) -> Edits) -> Option<Result<(), String>> {
    let own = header();
    let parsed = format::parse(Received::new(&own, body).unwrap(), &mut Budget::for_body(body.len())).ok()?;
    let edits = edits(parsed.tree());
    let result = match rebuild::bytes(parsed.tree(), &edits, Syntax::Xml) {
        Ok(result) => result,
        Err(refusal) => return Some(Err(format!("the first half does not write: {refusal}"))),
    };
    let text = String::from_utf8_lossy(body);
    let national = text.contains("OFFICIAL");
    let claimed = if national { label("GBR", "OFFICIAL", &[], &[]) } else { secret(&["GBR", "USA"]) };
    let mut case: Case = case(&[], "", Some(to_usa()), claimed);
    if national {
        case.recipient = gbr();
        case.header.destinations = vec![case.recipient.name.clone()];
        case.header.label = None;
    }
    // Our exercise sample goes as an exercise; the wall has tests of its own.
    if parsed.facts().traffic == Some(Traffic::Exercise) {
        case.header.traffic = Traffic::Exercise;
        case.sender.traffic.insert(Traffic::Exercise);
        case.recipient.traffic.insert(Traffic::Exercise);
    }
    case.original = body.to_vec();
    case.result = result;
    case.edits = edits;
    let said = |refusal: vestibule::base::Refusal| format!("{refusal} at `{}`\n{}", refusal.place.path, String::from_utf8_lossy(&case.result));
    Some(case.reread().map(drop).map_err(said))
}

/// Our samples and other people's; labels of NATO's own scheme are none of the small schemes', and ISM attributes say another label than is claimed here.
fn samples() -> Vec<(String, Vec<u8>)> {
    let others = shared("cot").map(|folder| files(&folder, &["xml"])).unwrap_or_default();
    let foreign = [">NATO<", "urn:us:gov:ic:ism"];
    let known = |body: &[u8]| !foreign.iter().any(|word| String::from_utf8_lossy(body).contains(word));
    COT.accepted().into_iter().chain(others).filter(|(_, body)| known(body)).map(|(path, body)| (path.display().to_string(), body)).collect()
}

#[test]
fn real_messages_pass_both_halves() {
    let (mut read, mut failed) = (0, Vec::new());
    let samples = samples();
    for (name, body) in &samples {
        match through_both(body, |_| Edits::default()) {
            None => {}
            Some(Ok(())) => read += 1,
            Some(Err(why)) => failed.push(format!("{name}: {why}")),
        }
    }
    println!("samples: {}, of which {read} pass both halves", samples.len());
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn every_namespace_that_the_first_half_writes_is_known_to_the_second() {
    let attributes = "xml:lang='en' xm:contentType='text/plain' be:type='x' Id='b1'";
    let spaces = "xmlns:b='urn:nato:stanag:4778:bindinginformation:1:0' xmlns:xm='http://www.w3.org/2005/05/xmlmime' xmlns:be='urn:nato:stanag:4778:bindinginformation:extensions:1:0'";
    let binding = format!(
        "<b:BindingInformation {attributes} {spaces}><b:MetadataBindingContainer><b:MetadataBinding {attributes}/></b:MetadataBindingContainer></b:BindingInformation>"
    );
    let times = "time='2026-11-23T08:00:00Z' start='2026-11-23T08:00:00Z' stale='2026-11-23T08:10:00Z'";
    let body = format!(
        "<event version='2.0' uid='u' type='a-f-G' how='m-g' {times} access='SECRET' releasableTo='GBR,USA'><point lat='1' lon='2' hae='3' ce='4' le='5'/><detail>{binding}</detail></event>"
    );
    assert_eq!(through_both(body.as_bytes(), |_| Edits::default()), Some(Ok(())));
}

/// The library of the second half leaves a carriage return before a reference as it is; XML makes a line feed of it.
#[test]
fn line_ends_of_every_kind_pass_both_halves() {
    let times = "time='2026-11-23T08:00:00Z' start='2026-11-23T08:00:00Z' stale='2026-11-23T08:10:00Z'";
    let remarks = "one\r\ntwo\r&quot;three&#13;four&#13;\nfive\r\r&amp;six&#10;\r";
    let body = format!(
        "<event version='2.0' uid='u' type='a-f-G' how='m-g' {times} access='SECRET' releasableTo='GBR,USA'><point lat='1' lon='2' hae='3' ce='4' le='5'/><detail><remarks>{remarks}</remarks></detail></event>"
    );
    assert_eq!(through_both(body.as_bytes(), |_| Edits::default()), Some(Ok(())));
}

#[test]
fn a_namespace_that_is_taken_away_is_none_to_both_halves() {
    let times = "time='2026-11-23T08:00:00Z' start='2026-11-23T08:00:00Z' stale='2026-11-23T08:10:00Z'";
    let body = format!(
        "<event xmlns='' version='2.0' uid='u' type='a-f-G' how='m-g' {times} access='SECRET' releasableTo='GBR,USA'><point lat='1' lon='2' hae='3' ce='4' le='5'/><detail><track xmlns='' course='1.50' speed='2'/><link uid='a'/><link xmlns='' uid='b'/></detail></event>"
    );
    assert_eq!(through_both(body.as_bytes(), |_| Edits::default()), Some(Ok(())));
}

/// Attributes without which an event is none.
const REQUIRED: [&str; 13] = ["version", "uid", "type", "time", "start", "stale", "how", "lat", "lon", "hae", "ce", "le", "event"];

#[test]
fn every_single_edit_of_real_messages_passes_both_halves() {
    let mut failed = Vec::new();
    for (name, body) in &samples() {
        let own = header();
        let Ok(parsed) = format::parse(Received::new(&own, body).unwrap(), &mut Budget::for_body(body.len())) else { continue };
        for (id, node) in parsed.tree().all() {
            let path = parsed.tree().path(id);
            let top = path.matches('/').count() <= 3 && (path.starts_with("/event/@") || path.starts_with("/event/point"));
            let labelled = path == "/event/detail" && String::from_utf8_lossy(body).contains("ConfidentialityLabel");
            if labelled
                || path == "/event"
                || path == "/event/@opex"
                || path.contains("ConfidentialityLabel")
                || (top && (REQUIRED.contains(&node.name.as_str()) || node.name == "point"))
                || ["access", "caveat", "releasableTo"].contains(&node.name.as_str())
            {
                continue;
            }
            let removed = |action, change| Edit { node: id, path: path.clone(), action, rule: "test".into(), change };
            let mut ways = vec![removed("remove", Change::Remove)];
            if node.kind != Kind::Element && matches!(node.value, Value::Text(_)) {
                ways.push(removed("replace", Change::Replace(Value::Text("other \"&\" <text>".into()))));
            }
            for edit in ways {
                let made = |_: &Tree<'_>| {
                    let mut edits = Edits::default();
                    edits.add(edit.clone());
                    edits
                };
                if let Some(Err(why)) = through_both(body, made) {
                    failed.push(format!("{name} {} {path}: {why}", edit.action));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.iter().take(8).cloned().collect::<Vec<_>>().join("\n\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_up_messages_pass_both_halves(detail in document::detail(), seed: u64) {
        let event = event(&MARKING, detail);
        let places = event.places();
        let fates = document::fates(&event, seed);
        let original = event.careless(seed);
        if let Some(verdict) = through_both(&original, |_| document::edits(&places, &fates)) {
            prop_assert_eq!(verdict, Ok(()), "{}", String::from_utf8_lossy(&original));
        }
    }
}
