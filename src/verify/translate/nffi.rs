//! One track of NFFI as one event, as the second half translates it.

use super::super::number::Digits;
use super::super::second::Part;
use super::track::{Track, metres_per_second};
use super::{Account, Row};
use crate::verify::second::Second;

pub(super) const NFFI_TO_COT: Row = Row { from: "nffi", to: "cot", translate };

fn translate(account: &mut Account<'_, '_>) -> Result<Second<'static>, &'static str> {
    let mut tracks = account.root()?.content().filter(|part| part.is_element());
    let (Some(track), None) = (tracks.next(), tracks.next()) else { return Err("expected one track") };
    let place = child(track, "positionalData").ok_or("expected a position")?;
    label(account, place);
    let mut made = Track { kind: "a-f-G".to_owned(), ..Track::default() };
    let origin = child(place, "trackSource").ok_or("expected a source")?;
    let mut identity = Vec::new();
    for name in ["country", "system", "subsystem"] {
        let found = child(origin, "sourceSystem").and_then(|system| child(system, name));
        identity.extend(found.and_then(text).map(|part| account.take(part)));
    }
    identity.extend(child(origin, "transponderId").and_then(text).map(|part| account.take(part)));
    made.uid = identity.join("/");
    made.time = moment(account.take(child(place, "dateTime").and_then(text).ok_or("expected a time")?))?;
    let coordinates = child(place, "coordinates").ok_or("expected coordinates")?;
    let (north, east) = child(coordinates, "latitude").zip(child(coordinates, "longitude")).ok_or("expected a place")?;
    made.place =
        (account.take(text(north).ok_or("expected a latitude")?).to_owned(), account.take(text(east).ok_or("expected a longitude")?).to_owned());
    for part in [north, east].into_iter().flat_map(Part::attributes).filter(|part| part.name() == ("", "accuracy")) {
        let error = account.take(part);
        let greater = made.error.as_deref().is_none_or(|so_far| Digits::read(error) > Digits::read(so_far));
        if greater {
            made.error = Some(error.to_owned());
        }
    }
    made.course = child(place, "bearing").and_then(text).map(|part| account.take(part).to_owned());
    if let Some(speed) = child(place, "speed").and_then(text) {
        made.speed = Some(metres_per_second(account.take(speed), 1000, 3600).ok_or("expected a speed")?);
    }
    if let Some(section) = child(track, "identificationData") {
        let (symbol, name) = (child(section, "unitSymbol").and_then(text), child(section, "unitShortName").and_then(text));
        if let Some(symbol) = symbol {
            made.kind = kind(symbol.value())?;
            let told = symbol.value().get(..10).unwrap_or_default();
            account.take_as(symbol, format!("{told}-----"));
        }
        made.callsign = name.map(|name| account.take(name).to_owned());
        if symbol.is_some() || name.is_some() {
            label(account, section);
        }
    }
    made.event(account.marked())
}

fn child<'t, 'a>(above: Part<'t, 'a>, name: &str) -> Option<Part<'t, 'a>> {
    above.content().find(|part| part.is_element() && part.name().1 == name)
}

fn text<'t, 'a>(element: Part<'t, 'a>) -> Option<Part<'t, 'a>> {
    element.content().find(|part| !part.is_element())
}

fn label<'t, 'a>(account: &mut Account<'t, 'a>, section: Part<'t, 'a>) {
    let marks = section.attributes().filter(|part| matches!(part.name(), ("", "secPolicyName" | "secClassification" | "secCategory")));
    for part in marks {
        account.take(part);
    }
}

/// A time that may be 14 digits.
fn moment(said: &str) -> Result<String, &'static str> {
    if said.len() != 14 {
        return Ok(said.to_owned());
    }
    let mut spelt = String::with_capacity(20);
    for (at, digit) in said.chars().enumerate() {
        match at {
            4 | 6 => spelt.push('-'),
            8 => spelt.push('T'),
            10 | 12 => spelt.push(':'),
            _ => {}
        }
        spelt.push(digit);
    }
    spelt.push('Z');
    Ok(spelt)
}

/// The type of a unit that is present, by its symbol.
// SPEC: APP-6A, symbol identification code.
fn kind(symbol: &str) -> Result<String, &'static str> {
    let bytes = symbol.as_bytes();
    let (Some([b'S', side, dimension, b'P']), Some(function)) = (bytes.get(..4), bytes.get(4..10)) else {
        return Err("expected the symbol of a unit that is present");
    };
    if !b"PUAFNSHJK".contains(side) || !b"PAGSUF".contains(dimension) {
        return Err("expected an affiliation and a dimension that events have");
    }
    let mut kind = format!("a-{}-{}", char::from(side.to_ascii_lowercase()), char::from(*dimension));
    let letters = function.iter().rposition(|letter| *letter != b'-').map_or(0, |last| last.saturating_add(1));
    for letter in function.iter().take(letters) {
        if *letter == b'-' {
            return Err("expected a function without gaps");
        }
        kind.push('-');
        kind.push(char::from(*letter));
    }
    Ok(kind)
}
