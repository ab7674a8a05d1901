//! The room for a hidden word: what has one spelling leaves as it would have left, and the manual says how much room is left.

use std::path::Path;

use base64::Engine as _;
use vestibule::base::Outcome;
use vestibule::pipeline::freedom::{Class, Freedom};
use vestibule::pipeline::{Guard, Ruling};
use vestibule::policy;

use crate::samples::ruling;

/// Messages of the lab's cases that leave: file, sender, recipient.
const MESSAGES: [(&str, &str, &str); 9] = [
    ("track.xml", "gbr-ops", "usa-ops"),
    ("tak-track.base64", "gbr-ops", "usa-ops"),
    ("nato-tracks.nffi.xml", "deu-ops", "gbr-ops"),
    ("nato-tracks.nffi.xml", "gbr-ops", "nato-hq"),
    ("report.mtf", "gbr-ops", "nato-hq"),
    ("contact.oth", "gbr-ops", "usa-ops"),
    ("threats.stix.json", "gbr-ops", "usa-ops"),
    ("event.json", "gbr-ops", "usa-ops"),
    ("letter.eml", "gbr-ops", "usa-ops"),
];

fn guard() -> Guard {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
    Guard::load(&policy::read_folder(&folder).unwrap()).unwrap_or_else(|complaints| panic!("{complaints:#?}"))
}

fn body(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes/cases/messages").join(file);
    let bytes = std::fs::read(path).unwrap();
    match file.strip_suffix(".base64") {
        Some(_) => {
            let text: String = String::from_utf8(bytes).unwrap().split_whitespace().collect();
            base64::engine::general_purpose::STANDARD.decode(text).unwrap()
        }
        None => bytes,
    }
}

fn left(ruling: &Ruling, what: &str) -> Vec<u8> {
    assert_eq!(ruling.outcome, Outcome::Forward, "{what}: {:?} {:?}", ruling.code, ruling.findings);
    ruling.output.as_ref().unwrap().bytes().to_vec()
}

/// The bytes with each change made wherever it fits; one that fits nowhere is a mistake of the test.
fn changed(body: &[u8], changes: &[(&str, &str)]) -> Vec<u8> {
    let mut body = body.to_vec();
    for (from, to) in changes {
        let mut at = 0;
        let mut found = false;
        while let Some(offset) = body[at..].windows(from.len()).position(|window| window == from.as_bytes()) {
            body.splice(at + offset..at + offset + from.len(), to.bytes());
            at += offset + to.len();
            found = true;
        }
        assert!(found, "{from}");
    }
    body
}

#[test]
fn what_has_one_spelling_or_no_place_in_the_profile_leaves_no_trace_in_any_format() {
    let guard = guard();
    // White space, order of attributes and members, spelling of numbers and characters, comments, prefixes, fields that no row lists or that it takes.
    let cases: [(usize, &[(&str, &str)]); 11] = [
        (
            0,
            &[
                ("version=\"2.0\" uid=\"CASE-TRACK-1\"", "uid='CASE-TRACK-1'\n version=\"2.0\""),
                ("51.47752", "51.4775200"),
                ("<detail>", "<!-- x --><detail >"),
                ("<contact callsign=\"TANGO-1\"/>", "<contact callsign=\"&#84;ANGO-1\" x=\"hidden\"></contact><secret a=\"1\"/>"),
            ],
        ),
        (1, &[("ANDROID-77", "ANDROID-78"), ("192.0.2.7:4242", "192.0.2.8:4243"), ("ATAK-CIV", "ATAK-MIL")]),
        (
            3,
            &[
                ("secPolicyName=\"NATO\" secClassification=\"RESTRICTED\"", "secClassification='RESTRICTED'  secPolicyName=\"NATO\""),
                ("<dateTime>", "<!-- x -->\n<dateTime>"),
                ("51.47752", "51.4775200"),
                ("<NFFIMessage xmlns=", "<NFFIMessage xmlns:unused=\"urn:x:y\" xmlns="),
                ("gateway 4", "gateway 5"),
            ],
        ),
        (4, &[("RDDEEFF.", "RDDEEFF"), ("INFO HQ NORTH", "INFO HQ SOUTH"), ("J DOE", "R ROE")]),
        (4, &[("\n", "\r\n")]),
        (5, &[("INFO SHORE STATION SEVEN", "INFO SHORE STATION EIGHT")]),
        (5, &[("\n", "\r\n")]),
        (
            6,
            &[
                (
                    "\"type\": \"bundle\",\n \"id\": \"bundle--7a1c2e5f-3b4d-4c6e-9f80-1a2b3c4d5e6f\",",
                    "\"id\":\"bundle--7a1c2e5f-3b4d-4c6e-9f80-1a2b3c4d5e6f\",\"type\":\"bundle\",",
                ),
                ("Nightjar", "N\\u0069ghtjar"),
                ("north-cell@", "south-cell@"),
                ("\"is_family\": true,", "\"is_family\"\t:true,\n\n"),
            ],
        ),
        (
            7,
            &[
                ("\"published\": true,\n  \"distribution\": \"3\",", "\"distribution\": \"3\",\"published\":true,"),
                ("\"info\": \"Phishing", "\"info\":\"\\u0050hishing"),
                ("analyst@", "someone@"),
            ],
        ),
        (
            8,
            &[
                ("X-Mailer: Example 1.0\r\n", ""),
                ("Date: Sun, 1 Mar 2026 12:00:00 +0000\r\nFrom: Duty", "FROM: Duty"),
                ("Subject: Convoy", "Date: Sun, 01 Mar 2026 12:00:00 +0000\r\nsubject: Convoy"),
            ],
        ),
        (8, &[("CASE-MAIL-0", "CASE-MAIL-9"), ("archive@", "somebody@")]),
    ];
    for (at, changes) in cases {
        let (file, from, to) = MESSAGES[at];
        let (plain, other) = (body(file), changed(&body(file), changes));
        assert_ne!(plain, other);
        let (first, second) = (ruling(&guard, from, to, &plain), ruling(&guard, from, to, &other));
        assert_eq!(left(&first, file), left(&second, &format!("{file} with {changes:?}")), "{file} with {changes:?}");
    }
}

#[test]
fn what_the_profile_lets_through_is_measured_and_what_the_gateway_makes_coarse_is_not() {
    let guard = guard();
    let measured = |at: usize| {
        let (file, from, to) = MESSAGES[at];
        guard.freedom(&ruling(&guard, from, to, &body(file))).unwrap().unwrap()
    };
    let track = measured(0);
    let bits = |freedom: &Freedom, path: &str, class: Class| {
        freedom.rooms.iter().find(|room| room.path == path && room.class == class).map_or(0.0, |room| room.bits)
    };
    assert_eq!(bits(&track, "/event/detail/remarks", Class::Text), 8.0 * 45.0);
    assert_eq!(bits(&track, "/event/detail/contact/@callsign", Class::Text), 56.0);
    assert!(bits(&track, "/event/@uid", Class::Identifier) > 60.0);
    // Nine digits of a second.
    assert!((bits(&track, "/event/@time", Class::Precision) - 29.9).abs() < 0.1);
    assert!(bits(&track, "/event/detail", Class::Order) > 0.0);
    let (whole, coarse) = (measured(2), measured(3));
    let place = "/NFFIMessage/track/positionalData/coordinates/latitude";
    assert!(bits(&whole, place, Class::Precision) > 0.0);
    assert_eq!(bits(&coarse, place, Class::Precision), 0.0);
    assert!(coarse.free() < whole.free());
}

#[test]
fn what_is_held_has_no_room() {
    let guard = guard();
    let held = ruling(&guard, "gbr-ops", "nato-hq", &body("track.xml"));
    assert_eq!(guard.freedom(&held).unwrap(), None);
}

#[test]
fn the_page_of_formats_says_how_much_room_is_left() {
    const HEAD: &str = "| format | message | bytes | free bits | text | identifier | precision | presence | order |";
    let guard = guard();
    let row = |(file, from, to): (&str, &str, &str)| {
        let freedom = guard.freedom(&ruling(&guard, from, to, &body(file))).unwrap().unwrap();
        let free = Class::ALL.iter().filter(|class| class.is_free()).map(|class| format!("{:.0}", freedom.bits(*class)));
        let free = free.collect::<Vec<_>>().join(" | ");
        format!("| {} | `{file}` to {to} | {} | {:.0} | {free} |", freedom.format, freedom.bytes, freedom.free())
    };
    let wanted: Vec<String> = [HEAD.to_owned(), format!("|{}", "---|".repeat(9))].into_iter().chain(MESSAGES.into_iter().map(row)).collect();
    let page = include_str!("../src/manual/formats.md");
    let found: Vec<&str> = page.lines().skip_while(|line| *line != HEAD).take_while(|line| line.starts_with('|')).collect();
    assert!(found == wanted, "src/manual/formats.md does not say what the program says. Write:\n\n{}\n", wanted.join("\n"));
}
