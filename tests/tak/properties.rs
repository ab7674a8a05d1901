//! Any event as a frame, any edits of it, any splices of samples: laws hold, and both halves agree.

use proptest::prelude::*;
use vestibule::format::{Syntax, laws};
use vestibule::normal::{Change, Edits, Kind, Value};

use super::wire::{double, mesh, stream, text, varint};
use super::{TAK, edits_of, halves_agree};
use crate::samples::{read, write};

fn place() -> impl Strategy<Value = [f64; 5]> {
    let small = prop_oneof![Just(0.0), -1e-3..1e-3_f64, -90.0..90.0_f64, (-9000_i32..9000).prop_map(|n| f64::from(n) / 100.0)];
    let metres = prop_oneof![Just(9_999_999.0), 0.0..1e6_f64, 0.0..1e-9_f64];
    (small.clone(), small, metres.clone(), metres.clone(), metres).prop_map(|(lat, lon, hae, ce, le)| [lat, lon, hae, ce, le])
}

fn typed() -> impl Strategy<Value = Vec<u8>> {
    let name = "[ -~é]{0,12}";
    let texts = |field: u64, count: usize| {
        prop::option::of(prop::collection::vec(name, count)).prop_map(move |all| {
            let inner = |all: Vec<String>| {
                all.iter().zip(1..).filter(|(one, _)| !one.is_empty()).flat_map(|(one, at)| text(at, one.as_bytes())).collect::<Vec<u8>>()
            };
            all.map_or_else(Vec::new, |all| text(field, &inner(all)))
        })
    };
    let status = prop::option::of(0..101_u64).prop_map(|level| level.map_or_else(Vec::new, |level| text(5, &varint(1, level))));
    let track = prop::option::of((0.0..100.0_f64, 0.0..360.0_f64))
        .prop_map(|track| track.map_or_else(Vec::new, |(speed, course)| text(7, &[double(1, speed), double(2, course)].concat())));
    (texts(2, 2), texts(3, 2), texts(4, 2), status, texts(6, 4), track).prop_map(|(a, b, c, d, e, f)| [a, b, c, d, e, f].concat())
}

fn xml() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        Just("<remarks>UK OFFICIAL\nat the bridge &amp; beyond</remarks>".to_owned()),
        Just("<!-- c --><archive/>".to_owned()),
        "[a-z]{1,6}".prop_map(|name| format!("<x-{name} a='1'><b>t</b></x-{name}>")),
        Just(" \n".to_owned()),
    ];
    prop::collection::vec(one, 0..4).prop_map(|all| {
        let mut seen = std::collections::BTreeSet::new();
        all.into_iter().filter(|one| !one.contains("remarks") || seen.insert(one.clone())).collect()
    })
}

prop_compose! {
    fn frame()(place in place(), typed in typed(), xml in xml(), access in "(SECRET)?", to in "(GBR USA)?", time in 1..253_402_200_000_000_u64, life in 0..100_000_u64, is_stream in any::<bool>()) -> Vec<u8> {
        let empty = |bytes: Vec<u8>, none: bool| if none { Vec::new() } else { bytes };
        let times = [varint(6, time), varint(7, time), varint(8, time + life)].concat();
        let point: Vec<u8> = (10..).zip(place).flat_map(|(field, value)| double(field, value)).collect();
        let detail = [empty(text(1, xml.as_bytes()), xml.is_empty()), typed].concat();
        let event = [text(1, b"a-f-G"), empty(text(2, access.as_bytes()), access.is_empty()), text(5, b"u"), times, text(9, b"m-g"), point,
            text(15, &detail), empty(text(17, to.as_bytes()), to.is_empty())].concat();
        let message = text(2, &event);
        if is_stream { stream(&message) } else { mesh(&message) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_event_is_read_written_and_read_again_by_both_halves(body in frame()) {
        prop_assert!(read(&body).is_ok(), "{:?}", read(&body).unwrap_err());
        prop_assert_eq!(laws::all(TAK.format(), &body, write), Ok(()));
        prop_assert_eq!(halves_agree(&body), Ok(()));
    }

    #[test]
    fn any_removals_are_written_and_nothing_else_changes(body in frame(), choices in prop::collection::vec(0..4_u8, 64)) {
        let tree = read(&body).unwrap();
        let place = |path: &str| tree.all().position(|(id, _)| tree.path(id) == path).unwrap_or(0);
        let edits = edits_of(&tree, |path, kind| {
            let chosen = choices.get(place(path)) == Some(&0) && path.starts_with("/event/detail/");
            match kind {
                Kind::Text if chosen => Some(Change::Replace(Value::Text("new < text".into()))),
                _ => chosen.then_some(Change::Remove),
            }
        });
        let written = vestibule::rebuild::bytes(&tree, &edits, Syntax::Tak).unwrap();
        let again = read(&written).unwrap();
        let gone = |path: &str| edits.iter().any(|edit| edit.change == Change::Remove && (edit.path == path || path.starts_with(&format!("{}/", edit.path))));
        let left: Vec<String> = tree.all().map(|(id, _)| tree.path(id)).filter(|path| !gone(path)).collect();
        // An ordinal stands only where siblings share a name, and one of them may be gone.
        let plain = |path: String| path.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect::<String>();
        prop_assert_eq!(again.all().map(|(id, _)| plain(again.path(id))).collect::<Vec<_>>(), left.into_iter().map(plain).collect::<Vec<_>>());
        prop_assert_eq!(&vestibule::rebuild::bytes(&again, &Edits::default(), Syntax::Tak).unwrap(), &written);
        prop_assert_eq!(halves_agree(&written), Ok(()));
    }

    #[test]
    fn any_bytes_and_any_splices_of_samples_break_no_law(at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), junk in prop::collection::vec(any::<u8>(), 0..6), cut in 0..12_usize) {
        let samples = TAK.accepted();
        let (_, body) = which.get(&samples);
        let from = at.index(body.len());
        let to = (from + cut).min(body.len());
        let spliced = [&body[..from], &junk, &body[to..]].concat();
        prop_assert_eq!(laws::all(TAK.format(), &spliced, write), Ok(()));
        prop_assert_eq!(halves_agree(&spliced), Ok(()));
    }
}
