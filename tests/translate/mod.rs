//! Translation: both halves tell the same in the other format, nothing is lost in silence, and what cannot be told stays.

mod path;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use vestibule::base::{Budget, Reason};
use vestibule::format;
use vestibule::normal::{Change, Node, NodeId, Tree};
use vestibule::pipeline::laws::{Setting, Told, the_halves_translate_alike};
use vestibule::policy::{Edition, PeerEntry, load, read_folder};
use vestibule::translate::{ACTION, TRANSLATIONS, Translation};

use crate::samples::{OPEN, Samples, header, now};

static EDITION: LazyLock<Edition> =
    LazyLock::new(|| load(&read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap()).unwrap());

fn row(from: &str, to: &str) -> &'static Translation {
    TRANSLATIONS.iter().find(|row| row.from == from && row.to == to).unwrap()
}

fn told(row: &Translation, from: &str, to: &PeerEntry, label: Option<&str>, body: &[u8]) -> Result<Told, Reason> {
    let setting = Setting { lattice: &EDITION.lattice, sender: &EDITION.peers[from], recipient: to, now: now() };
    the_halves_translate_alike(row, &setting, &header(&to.name, label), body).unwrap_or_else(|why| panic!("{} to {}: {why}", row.from, row.to))
}

/// The message in the other format, for the allied headquarters, from a peer that marks as NATO does.
fn translated(from: &str, to: &str, label: Option<&str>, body: &[u8]) -> Result<Told, Reason> {
    told(row(from, to), "deu-ops", &EDITION.peers["nato-hq"], label, body)
}

fn tree<'a>(format: &str, body: &'a [u8]) -> Tree<'a> {
    (format::by_name(format).unwrap().read)(body, &mut Budget::for_body(body.len())).unwrap()
}

fn at(tree: &Tree<'_>, element: &str, name: &str) -> Option<String> {
    let element = if element == "event" { NodeId::ROOT } else { tree.element(NodeId::ROOT, element)?.0 };
    tree.attribute(element, name).map(|(_, node)| node.value.text().into_owned())
}

/// Paths of what is declared lost, and of what is declared less exact with its value.
fn lost(told: &Told) -> (BTreeSet<String>, BTreeMap<String, String>) {
    let (mut lost, mut less) = (BTreeSet::new(), BTreeMap::new());
    for edit in told.edits.iter().filter(|edit| edit.action == ACTION) {
        assert_eq!(&*edit.rule, "translation");
        match &edit.change {
            Change::Remove => drop(lost.insert(edit.path.clone())),
            Change::Replace(value) => drop(less.insert(edit.path.clone(), value.text().into_owned())),
        }
    }
    (lost, less)
}

#[test]
fn both_halves_translate_every_sample_alike_for_every_sender_and_recipient() {
    for row in TRANSLATIONS {
        let (mut done, mut refused) = (0, BTreeMap::<&str, usize>::new());
        for (path, body) in Samples::of(row.from).accepted() {
            let mut once = false;
            for sender in ["gbr-ops", "usa-ops", "deu-ops"] {
                for recipient in EDITION.peers.values().filter(|peer| peer.name.as_str() != sender) {
                    for label in [None, Some(OPEN)] {
                        match told(row, sender, recipient, label, &body) {
                            Ok(told) => {
                                once = true;
                                assert_eq!(format::identify(&told.bytes).unwrap().name, row.to, "{}", path.display());
                            }
                            Err(reason) => *refused.entry(reason.code()).or_default() += 1,
                        }
                    }
                }
            }
            done += usize::from(once);
        }
        println!("{} to {}: {done} samples translated; refusals {refused:?}", row.from, row.to);
        // The samples of STIX are no reports with indicators: `threat.rs` draws those.
        assert!(done >= 2 || row.to == "misp", "{} to {}: {done}, {refused:?}", row.from, row.to);
    }
}

#[test]
fn an_event_that_goes_there_and_back_has_the_same_fields_but_for_those_listed() {
    let mut compared = 0;
    for (there, back) in [(row("cot", "tak"), row("tak", "cot")), (row("tak", "cot"), row("cot", "tak"))] {
        for (path, body) in Samples::of(there.from).accepted() {
            for sender in ["gbr-ops", "usa-ops", "deu-ops"] {
                let hq = &EDITION.peers["nato-hq"];
                let Some((label, first)) =
                    [None, Some(OPEN)].into_iter().find_map(|label| told(there, sender, hq, label, &body).ok().map(|told| (label, told)))
                else {
                    continue;
                };
                let second = told(back, sender, hq, label, &first.bytes).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
                let (one, other) = (tree(there.from, &body), tree(there.from, &second.bytes));
                let (gone, less) = lost(&first);
                for name in ["uid", "type", "how", "time", "start", "stale", "access", "caveat", "releasableTo"] {
                    let field = format!("/event/@{name}");
                    let expected = less.get(&field).cloned().or_else(|| at(&one, "event", name).filter(|_| !gone.contains(&field)));
                    assert_eq!(at(&other, "event", name), expected, "{} {name}", path.display());
                }
                for name in ["lat", "lon", "hae", "ce", "le"] {
                    let expected = less.get(&format!("/event/point/@{name}")).cloned().or_else(|| at(&one, "point", name));
                    assert_eq!(at(&other, "point", name), expected, "{} {name}", path.display());
                }
                let listed = |path: &str| gone.iter().any(|top| path == top || path.starts_with(&format!("{top}/")));
                let own = |path: &str| ["/event/@version", "/event/@frame"].contains(&path) || listed(path);
                let fields = |tree: &Tree<'_>| {
                    let all = tree.all().map(|(id, node)| (tree.path(id), node)).filter(|(path, _)| !own(path));
                    let value = |path: &String, node: Node<'_, '_>| less.get(path).cloned().unwrap_or_else(|| node.value.text().into_owned());
                    let mut all: Vec<_> = all.map(|(path, node)| format!("{path} {:?} {}", node.kind, value(&path, node))).collect();
                    all.sort();
                    all
                };
                assert_eq!(fields(&one), fields(&other), "{}", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared >= 40, "{compared}");
}

const EVENT: &str = "<event version=\"2.0\" uid=\"U-1\" type=\"a-f-G\" how=\"m-g\" time=\"2026-03-01T12:00:00.1234567Z\" start=\"2026-03-01T12:00:00Z\" \
     stale=\"2026-03-01T12:10:00Z\" access=\"NATO RESTRICTED\" caveat=\"\"><point lat=\"51.1234567890123456\" lon=\"-0.5\" hae=\"1\" ce=\"2\" le=\"3\"/>\
     <detail a=\"b\"><track course=\"1\" speed=\"2\"/><remarks>here</remarks><contact callsign=\"C\"/></detail></event>";

#[test]
fn what_the_protocol_cannot_hold_is_listed_and_never_dropped() {
    let told = translated("cot", "tak", None, EVENT.as_bytes()).unwrap();
    let (gone, less) = lost(&told);
    assert_eq!(gone, BTreeSet::from(["/event/@version", "/event/@caveat", "/event/detail/@a"].map(str::to_owned)));
    let expected = [("/event/@time", "2026-03-01T12:00:00.123Z"), ("/event/point/@lat", "51.123456789012344")];
    assert_eq!(less, expected.map(|(path, value)| (path.to_owned(), value.to_owned())).into());
    let made = tree("tak", &told.bytes);
    assert_eq!((at(&made, "event", "access").as_deref(), at(&made, "event", "frame").as_deref()), (Some("NATO RESTRICTED"), Some("mesh")));
    assert_eq!(
        (at(&made, "event", "time").as_deref(), at(&made, "point", "lat").as_deref()),
        (Some("2026-03-01T12:00:00.123Z"), Some("51.123456789012344"))
    );
}

#[test]
fn a_time_before_the_epoch_of_the_protocol_is_not_told_in_it() {
    let early = EVENT.replace("time=\"2026-03-01T12:00:00.1234567Z\"", "time=\"1969-12-31T23:59:59Z\"");
    assert_eq!(translated("cot", "tak", None, early.as_bytes()).unwrap_err(), Reason::TranslateValue);
}

fn nffi(positional: &str, more: &str) -> String {
    format!(
        "<NFFIMessage xmlns=\"urn:nato:fft:protocols:nffi13\"><track><positionalData secPolicyName=\"NATO\" secClassification=\"RESTRICTED\"><trackSource>\
         <sourceSystem><country>GBR</country><system>C2</system></sourceSystem><transponderId>UNIT-7</transponderId></trackSource>\
         <dateTime>20260301120000</dateTime><coordinates><latitude accuracy=\"5\">51.4775</latitude><longitude accuracy=\"12.5\">-0.2951</longitude>\
         <altitude>12</altitude></coordinates>{positional}</positionalData>{more}</track></NFFIMessage>"
    )
}

#[test]
fn a_friendly_track_becomes_an_event_with_place_time_identity_and_label() {
    let more = "<identificationData secPolicyName=\"NATO\" secClassification=\"RESTRICTED\"><unitSymbol>SFGPUCI----D---</unitSymbol>\
         <unitShortName>1 BN</unitShortName></identificationData><operStatusData secPolicyName=\"NATO\" secClassification=\"RESTRICTED\">\
         <strength>120</strength></operStatusData>";
    let told = translated("nffi", "cot", None, nffi("<bearing>90</bearing><speed>36.5</speed>", more).as_bytes()).unwrap();
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event version=\"2.0\" uid=\"GBR/C2/UNIT-7\" type=\"a-f-G-U-C-I\" how=\"m-p\" \
         time=\"2026-03-01T12:00:00Z\" start=\"2026-03-01T12:00:00Z\" stale=\"2026-03-01T12:10:00Z\" access=\"NATO RESTRICTED\">\
         <point lat=\"51.4775\" lon=\"-0.2951\" hae=\"9999999\" ce=\"12.5\" le=\"9999999\"/><detail><contact callsign=\"1 BN\"/>\
         <track course=\"90\" speed=\"10.14\"/></detail></event>";
    assert_eq!(String::from_utf8(told.bytes.clone()).unwrap(), expected);
    let (gone, less) = lost(&told);
    let track = "/NFFIMessage/track";
    assert_eq!(gone, BTreeSet::from([format!("{track}/positionalData/coordinates/altitude"), format!("{track}/operStatusData")]));
    assert_eq!(less, BTreeMap::from([(format!("{track}/identificationData/unitSymbol"), "SFGPUCI--------".to_owned())]));
}

#[test]
fn of_several_tracks_that_are_left_none_is_chosen() {
    let two = nffi("", "").replace("</track>", "</track><track>").replace("<track></NFFIMessage>", "");
    let one = nffi("", "");
    let second = one.split_once("<track>").unwrap().1;
    let both = format!("{}<track>{second}", one.strip_suffix("</NFFIMessage>").unwrap());
    assert_ne!(two, both);
    assert_eq!(translated("nffi", "cot", None, both.as_bytes()).unwrap_err(), Reason::TranslateSeveral);
    let above = both.replacen("RESTRICTED", "COSMIC TOP SECRET", 1).replacen("COSMIC TOP SECRET", "TOP SECRET", 1);
    let told = translated("nffi", "cot", None, above.as_bytes()).unwrap();
    assert!(String::from_utf8(told.bytes).unwrap().contains("access=\"NATO RESTRICTED\""), "the track that is left, with its own label");
}

#[test]
fn symbols_and_identities_that_events_do_not_have_are_not_told() {
    let with = |symbol: &str| {
        let more = "<identificationData secPolicyName=\"NATO\" secClassification=\"RESTRICTED\"><unitSymbol>SYMBOL</unitSymbol><unitShortName>1</unitShortName></identificationData>";
        translated("nffi", "cot", None, nffi("", &more.replace("SYMBOL", symbol)).as_bytes()).map(|_| ())
    };
    assert_eq!(with("SFGPUCI--------"), Ok(()));
    for symbol in ["SFGAUCI--------", "SGGPUCI--------", "SFXPUCI--------", "WFGPUCI--------", "SFGPU-I--------"] {
        assert_eq!(with(symbol), Err(Reason::TranslateValue), "{symbol}");
    }
    let strange = nffi("", "").replace("UNIT-7", "UNIT*7");
    assert_eq!(translated("nffi", "cot", None, strange.as_bytes()).unwrap_err(), Reason::TranslateValue);
}

const CONTACT: &str = "MSGID/HQ 402/XCTC/0004/MAR\nSEC/NATO RESTRICTED\nCTC/T4104/HERON-UNKNOWN//FF/NAV\nXPOS/14120530Z6/MAR26/LL:492117N4-0040843W9/RADAR/045T/10NM/4NM\n/231.0T/17.5KTS/12M//9.41GHZ/HQ/17/YES/2\nENDAT\n";

#[test]
fn a_contact_at_sea_becomes_an_event_and_a_position_without_year_needs_a_header() {
    let told = translated("oth", "cot", None, CONTACT.as_bytes()).unwrap();
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event version=\"2.0\" uid=\"HQ 402/T4104\" type=\"a-u-S\" how=\"m-p\" \
         time=\"2026-03-14T12:05:30Z\" start=\"2026-03-14T12:05:30Z\" stale=\"2026-03-14T12:15:30Z\" access=\"NATO RESTRICTED\">\
         <point lat=\"49.354722\" lon=\"-4.145278\" hae=\"9999999\" ce=\"9999999\" le=\"9999999\"/><detail><contact callsign=\"HERON-UNKNOWN\"/>\
         <track course=\"231\" speed=\"9\"/></detail></event>";
    assert_eq!(String::from_utf8(told.bytes.clone()).unwrap(), expected);
    let gone = lost(&told).0;
    for path in ["/oth/MSGID/@serial", "/oth/CTC/@type", "/oth/CTC/XPOS/@sensor", "/oth/CTC/XPOS/@semiMajor", "/oth/CTC/XPOS/@altitude", "/oth/ENDAT"]
    {
        assert!(gone.contains(path), "{path} of {gone:?}");
    }
    let bare = "MSGID/HQ 402/GOLD/0023/MAR\nCTC/T4105/KINGFISHER-UNKNOWN///NAV\nPOS/141205Z3/MAR/4921N6/00408W2\nENDAT\n";
    assert_eq!(translated("oth", "cot", Some(OPEN), bare.as_bytes()).unwrap_err(), Reason::TranslateValue);
    let headed = format!("R 141215Z MAR 26\nFM HQ 402\nTO CTG 402.1\nBT\nNATO UNCLASSIFIED\n{bare}");
    let told = translated("oth", "cot", None, headed.as_bytes()).unwrap();
    assert!(String::from_utf8(told.bytes).unwrap().contains("time=\"2026-03-14T12:05:00Z\""));
}
