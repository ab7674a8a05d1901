//! Friendly forces to Cursor-on-Target: one track of NFFI as one event.
//!
//! Carried: the source and the transponder as `uid`, the symbol as `type`, time, place, the greater of its two errors, bearing, speed and the
//! short name. Everything else is listed as lost; a section of which nothing is carried is lost with its label, the others are covered by the
//! label of the event. The height is lost because the two formats measure it from different surfaces.

use super::track::{Track, one, per_second};
use super::{Source, Translation};
use crate::base::{Budget, Decimal, Refusal, Time};
use crate::normal::{NodeId, Tree, Value};

/// From NFFI.
pub(super) const NFFI_TO_COT: Translation = Translation { from: "nffi", to: "cot", translate };

const LABEL: [&str; 3] = ["secPolicyName", "secClassification", "secCategory"];
/// What a friendly unit is whose symbol is not told.
const FRIEND: &str = "a-f-G";

fn translate<'a>(source: &Source<'_, 'a>, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let track = one(source.elements(NodeId::ROOT).map(|(id, _)| id), "track")?;
    let positional = need(source, track, "positionalData")?;
    carry_label(source, positional);
    let coordinates = need(source, positional, "coordinates")?;
    let (latitude, longitude) = (need(source, coordinates, "latitude")?, need(source, coordinates, "longitude")?);
    let identification = source.element(track, "identificationData");
    let named = |name| identification.and_then(|section| source.element(section, name)).and_then(|element| source.text(element));
    let (symbol, short_name) = (named("unitSymbol"), named("unitShortName"));
    if symbol.or(short_name).is_some() {
        identification.into_iter().for_each(|section| carry_label(source, section));
    }
    let errors = [latitude, longitude].into_iter().filter_map(|place| source.attribute(place, "accuracy"));
    let made = Track {
        uid: identity(source, need(source, positional, "trackSource")?)?,
        kind: symbol.map_or_else(|| Ok(FRIEND.to_owned()), |symbol| kind(source, symbol))?,
        time: time(source, need(source, positional, "dateTime")?)?,
        latitude: number(source, latitude)?,
        longitude: number(source, longitude)?,
        error: errors.filter_map(|error| decimal(&source.take(error))).max(),
        callsign: short_name.map(|name| source.take(name)),
        course: source.element(positional, "bearing").map(|bearing| number(source, bearing)).transpose()?,
        speed: source.element(positional, "speed").map(|speed| metres_per_second(source, speed)).transpose()?,
    };
    made.event(source, budget)
}

/// Takes the label of a section: what is released is marked with the join of all.
fn carry_label(source: &Source<'_, '_>, section: NodeId) {
    LABEL.iter().filter_map(|name| source.attribute(section, name)).for_each(|mark| drop(source.take(mark)));
}

fn need(source: &Source<'_, '_>, above: NodeId, name: &str) -> Result<NodeId, Refusal> {
    source.element(above, name).ok_or_else(|| source.refuse(above, &format!("expected `{name}`, without which there is no event")))
}

/// Country, system, subsystem and transponder, joined by `/`: a transponder's number alone is unique within its system only.
fn identity(source: &Source<'_, '_>, origin: NodeId) -> Result<String, Refusal> {
    let system = need(source, origin, "sourceSystem")?;
    let texts = source.elements(system).chain(source.elements(origin).filter(|(id, _)| *id != system)).filter_map(|(id, _)| source.text(id));
    Ok(texts.map(|id| source.take(id).text().into_owned()).collect::<Vec<_>>().join("/"))
}

/// The symbol as a type: affiliation, dimension and function.
// SPEC: APP-6A, symbol identification code: 1 scheme, 2 affiliation, 3 dimension, 4 status, 5 to 10 function.
fn kind(source: &Source<'_, '_>, id: NodeId) -> Result<String, Refusal> {
    let symbol = source.value(id).text().into_owned();
    let refuse = || source.refuse(id, "expected the symbol of a present unit, of an affiliation and a dimension that types of events have");
    let (code, rest) = symbol.split_at_checked(10).ok_or_else(refuse)?;
    let (head, function) = code.split_at_checked(4).ok_or_else(refuse)?;
    let mut head = head.chars();
    let (Some('S'), Some(affiliation), Some(dimension), Some('P')) = (head.next(), head.next(), head.next(), head.next()) else {
        return Err(refuse());
    };
    let function = function.trim_end_matches('-');
    if !"PUAFNSHJK".contains(affiliation) || !"PAGSUF".contains(dimension) || function.contains('-') {
        return Err(refuse());
    }
    match rest.chars().all(|c| c == '-') {
        true => drop(source.take(id)),
        // Size, country and order of battle have no place in a type.
        false => drop(source.take_less(id, Value::Text(format!("{code}-----").into()))?),
    }
    let functions: String = function.chars().flat_map(|c| ['-', c]).collect();
    Ok(format!("a-{}-{dimension}{functions}", affiliation.to_ascii_lowercase()))
}

fn time(source: &Source<'_, '_>, element: NodeId) -> Result<Time, Refusal> {
    let refuse = || source.refuse(element, "expected a time");
    match source.take(source.text(element).ok_or_else(refuse)?) {
        Value::Time(time) => Ok(time),
        other => digits(&other.text()).ok_or_else(refuse),
    }
}

/// 14 digits as a time.
fn digits(text: &str) -> Option<Time> {
    let part = |range| text.get(range);
    let (date, clock) = ((part(0..4)?, part(4..6)?, part(6..8)?), (part(8..10)?, part(10..12)?, part(12..14)?));
    Time::parse(&format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2)).filter(|_| text.len() == 14)
}

fn number(source: &Source<'_, '_>, element: NodeId) -> Result<Decimal, Refusal> {
    let refuse = || source.refuse(element, "expected a number");
    decimal(&source.take(source.text(element).ok_or_else(refuse)?)).ok_or_else(refuse)
}

fn metres_per_second(source: &Source<'_, '_>, element: NodeId) -> Result<Decimal, Refusal> {
    per_second(number(source, element)?, 1000, 3600).ok_or_else(|| source.refuse(element, "expected a speed"))
}

pub(super) const fn decimal(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Number(number, _) => Some(*number),
        _ => None,
    }
}
