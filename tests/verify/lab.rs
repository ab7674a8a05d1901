//! The whole path under the lab's rule set: the second reader never disagrees with an honest first half.

use std::path::Path;

use vestibule::base::{Header, MessageId, Outcome, Traffic};
use vestibule::filter::Waivers;
use vestibule::generate;
use vestibule::pipeline::laws::{Setting, the_halves_agree};
use vestibule::pipeline::{Guard, Inspector, World};
use vestibule::policy;
use vestibule::sanitise::Keys;

use super::document::time;

#[test]
fn no_case_and_no_recipe_of_the_lab_ends_in_a_disagreement() {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let guard = Guard::load(&files).unwrap();
    let mut inspector = Inspector::new(&guard);
    let pseudonym = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[7; 32]);
    let (keys, waivers) = (Keys { pseudonym: &pseudonym }, Waivers::default());
    let (mut forwarded, mut edited, mut wrong) = (0, 0, Vec::new());
    let mut pass = |name: &str, from: &vestibule::base::Name, header: &Header, body: &[u8], now| {
        for ruling in inspector.pass(from, header, body, &World { now, keys: &keys, waivers: &waivers, signer: None }).rulings {
            forwarded += usize::from(ruling.outcome == Outcome::Forward);
            edited += usize::from(ruling.outcome == Outcome::Forward && !ruling.edits.is_empty());
            for finding in ruling.findings.iter().filter(|finding| finding.code.code().starts_with("verify.")) {
                wrong.push(format!("{name} to {}: {} {} {}", ruling.recipient, finding.code, finding.path, finding.text));
            }
            if let Some(code) = ruling.code.filter(|code| code.code().starts_with("verify.")) {
                wrong.push(format!("{name} to {}: {code}", ruling.recipient));
            }
        }
    };
    for case in &guard.edition().cases {
        let header = Header {
            id: MessageId::from_parts(1, [7; 10]),
            precedence: case.precedence,
            destinations: case.expect.iter().map(|expected| expected.to.clone()).collect(),
            media_type: case.media_type.clone(),
            traffic: case.traffic,
            sent: case.now,
            label: case.label.clone(),
        };
        pass(&case.name, &case.from, &header, &case.body, case.now);
    }
    let now = time("2026-11-23T08:00:00Z");
    for recipe in generate::recipes() {
        for seed in 0..6 {
            let (header, body) = if seed < 5 { generate::message(recipe, seed, now) } else { generate::padded(recipe, seed, now, 4_000) };
            pass(recipe.name, &vestibule::base::Name::new(recipe.from).unwrap(), &header, &body, now);
        }
    }
    println!("lab: {forwarded} forwarded, {edited} of them edited");
    assert!(forwarded > 100 && edited > 20, "{forwarded} forwarded, {edited} edited");
    assert!(wrong.is_empty(), "{} disagreements\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn both_halves_decide_alike_for_every_message_of_the_lab_and_every_pair_of_peers() {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let edition = policy::load(&files).unwrap();
    let now = time("2026-11-23T08:00:00Z");
    let own = |header: Header| Header { destinations: edition.peers.keys().cloned().collect(), traffic: Traffic::Operation, ..header };
    let recipes = generate::recipes().into_iter().map(|recipe| generate::message(recipe, 1, now));
    let cases = edition.cases.iter().map(|case| (Header { label: case.label.clone(), ..super::header() }, case.body.clone()));
    let (mut asked, mut wrong) = (0, Vec::new());
    for (header, body) in recipes.chain(cases).map(|(header, body)| (own(header), body)) {
        for sender in edition.peers.values() {
            for recipient in edition.peers.values().filter(|recipient| recipient.name != sender.name) {
                let setting = Setting { lattice: &edition.lattice, sender, recipient, now };
                asked += 1;
                wrong.extend(the_halves_agree(&setting, &header, &body).err().map(|why| format!("{} to {}: {why}", sender.name, recipient.name)));
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
    assert!(wrong.is_empty(), "{} of {asked}\n{}", wrong.len(), wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
}
