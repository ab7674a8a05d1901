//! Events in frames of the TAK protocol: tracks that pass, and what must not pass because of how a frame is made.
//!
//! The frame is made here from the draft's text, by plain search, with no code of the path: a draft's text has one shape.

use super::super::{Dice, Draft, Expected, Recipe};
use crate::base::{Reason, Time};

macro_rules! frames {
    ($($name:literal, $says:literal, $expected:expr, $draft:expr, $damage:expr;)*) => {
        pub(super) static RECIPES: &[Recipe] = &[$({
            static EXPECTED: [Expected; 1] = [$expected];
            Recipe { name: $name, says: $says, from: "gbr-ops", to: &["usa-ops"], expected: &EXPECTED, draft: $draft, damage: $damage }
        },)*];
    };
}

fn marked(draft: &mut Draft, _: &mut Dice) {
    draft.media_type = "application/x-protobuf";
    draft.mark("SECRET", "", "GBR USA CAN AUS NZL");
}

frames! {
    "tak-mesh", "a friendly track in a datagram of the mesh", Expected::unchanged("usa-ops"), marked, |text| mesh(&field(2, &event(&text, &[])));
    "tak-stream", "a friendly track of a stream", Expected::unchanged("usa-ops"), marked, |text| stream(&field(2, &event(&text, &[])));
    "tak-handset", "a track with what it says of the handset", Expected::sanitised("usa-ops"), marked, |text| {
        let takv = [field(1, b"HANDSET 4"), field(2, b"ATAK-CIV"), field(3, b"34"), field(4, b"5.2.0")].concat();
        mesh(&[field(1, &field(3, b"ANDROID-77")), field(2, &event(&text, &field(6, &takv)))].concat())
    };
    "tak-caveat", "a national caveat in a field that libraries drop", Expected::stopped("usa-ops", Reason::ClearanceNationalOnly), |draft, _| {
        draft.media_type = "application/x-protobuf";
        draft.mark("SECRET", "UK EYES ONLY", "");
    }, |text| mesh(&field(2, &event(&text, &[])));
    "tak-unknown-field", "a marking in a field that the protocol does not have", Expected::stopped("usa-ops", Reason::InvalidTakField), marked, |text| {
        mesh(&field(2, &[event(&text, &[]), field(18, b"TOP SECRET")].concat()))
    };
    "tak-two-readings", "a call sign typed and another in the XML", Expected::stopped("usa-ops", Reason::InvalidTakBeside), marked, |text| {
        mesh(&field(2, &event(&text, &field(2, &field(2, b"OTHER-1")))))
    };
}

/// The value of an attribute of `event` or `point`; empty where it has none.
fn said<'t>(text: &'t str, name: &str) -> &'t str {
    let head = text.split("<detail>").next().unwrap_or(text);
    let after = head.split_once(&format!(" {name}=\"")).map_or("", |(_, after)| after);
    after.split('"').next().unwrap_or("")
}

/// `cotEvent` of a draft's text; `typed` follows the XML in its detail.
fn event(text: &str, typed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, name) in [(1, "type"), (2, "access"), (3, "qos"), (4, "opex"), (5, "uid")] {
        out.extend(worded(number, said(text, name)));
    }
    for (number, name) in [(6, "time"), (7, "start"), (8, "stale")] {
        let ms = Time::parse(said(text, name)).map_or(0, Time::unix_ms);
        out.extend(varint(key(number, 0)));
        out.extend(varint(u64::try_from(ms).unwrap_or(0)));
    }
    out.extend(worded(9, said(text, "how")));
    for (number, name) in [(10, "lat"), (11, "lon"), (12, "hae"), (13, "ce"), (14, "le")] {
        out.extend(varint(key(number, 1)));
        out.extend(said(text, name).parse::<f64>().unwrap_or(0.0).to_le_bytes());
    }
    let xml = text.split_once("<detail>").and_then(|(_, after)| after.split_once("</detail>")).map_or("", |(xml, _)| xml);
    out.extend(field(15, &[&worded(1, xml), typed].concat()));
    out.extend(worded(16, said(text, "caveat")));
    out.extend(worded(17, said(text, "releasableTo")));
    out
}

fn worded(number: u64, text: &str) -> Vec<u8> {
    if text.is_empty() { Vec::new() } else { field(number, text.as_bytes()) }
}

fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [&varint(key(number, 2)), &varint(wide(bytes)), bytes].concat()
}

const fn key(number: u64, wire: u64) -> u64 {
    number << 3 | wire
}

fn wide(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
    out
}

fn mesh(message: &[u8]) -> Vec<u8> {
    [&[0xbf, 0x01, 0xbf], message].concat()
}

fn stream(message: &[u8]) -> Vec<u8> {
    [&[0xbf], &varint(wide(message))[..], message].concat()
}
