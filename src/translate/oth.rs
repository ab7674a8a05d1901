//! Contacts at sea to Cursor-on-Target: one contact of OTH-Gold with one position as one event.
//!
//! Carried: the command of the message and the number of the track as `uid`, the category as `type` (of unknown affiliation: the two formats do
//! not mean the same by one), time, place, course, speed and the name. Everything else is listed as lost. A position in `POS` has no year:
//! it is the latest that does not lie after the time of the communication header; without a header there is no such event.

use super::nffi::decimal;
use super::track::{Track, one, per_second};
use super::{Source, Translation};
use crate::base::{Budget, Decimal, Refusal, Time};
use crate::normal::{NodeId, Tree, Value};

/// From OTH-Gold.
pub(super) const OTH_TO_COT: Translation = Translation { from: "oth", to: "cot", translate };

/// Categories with the dimension of events that they are.
const DIMENSIONS: [(&str, &str); 6] = [("NAV", "a-u-S"), ("MER", "a-u-S"), ("FSH", "a-u-S"), ("SUB", "a-u-U"), ("AIR", "a-u-A"), ("LND", "a-u-G")];
/// What a contact is of another category, or of none.
const OTHER: &str = "a-u-X";
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

fn translate<'a>(source: &Source<'_, 'a>, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let named = |above: NodeId, names: &'static [&'static str]| {
        source.elements(above).filter(|(_, node)| names.contains(&node.name.as_str())).map(|(id, _)| id)
    };
    let contact = one(named(NodeId::ROOT, &["CTC"]), "contact")?;
    let position = one(named(contact, &["POS", "XPOS"]), "position")?;
    carry_label(source);
    let message = source.element(NodeId::ROOT, "MSGID").and_then(|set| source.attribute(set, "command"));
    let text = |id: Option<NodeId>| id.map(|id| source.take(id).text().into_owned()).unwrap_or_default();
    let category = source.attribute(contact, "category");
    let dimension = category.and_then(|id| DIMENSIONS.iter().find(|(name, _)| source.value(id).text() == *name)).map(|(_, kind)| *kind);
    if let (Some(id), Some(_)) = (category, dimension) {
        source.take(id);
    }
    let made = Track {
        uid: format!("{}/{}", text(message), text(source.attribute(contact, "track"))),
        kind: dimension.unwrap_or(OTHER).to_owned(),
        time: time(source, position)?,
        latitude: need(source, position, "lat")?,
        longitude: need(source, position, "lon")?,
        error: None,
        callsign: source.attribute(contact, "name").map(|name| source.take(name)),
        course: number(source, position, "course"),
        speed: number(source, position, "speed").and_then(|speed| per_second(speed, 1852, 3600)),
    };
    made.event(source, budget)
}

/// Takes what marks the message: the event is marked with the label that they all say.
fn carry_label(source: &Source<'_, '_>) {
    let sets = source.elements(NodeId::ROOT).filter(|(_, node)| node.name == "SEC").map(|(id, _)| id);
    let header = source.element(NodeId::ROOT, "header");
    let line = header.and_then(|header| source.element(header, "classification"));
    let letter = header.and_then(|header| source.attribute(header, "letter"));
    sets.chain(line).filter_map(|element| source.text(element)).chain(letter).for_each(|mark| drop(source.take(mark)));
}

fn number(source: &Source<'_, '_>, set: NodeId, name: &str) -> Option<Decimal> {
    source.attribute(set, name).and_then(|id| decimal(&source.take(id)))
}

fn need(source: &Source<'_, '_>, set: NodeId, name: &str) -> Result<Decimal, Refusal> {
    number(source, set, name).ok_or_else(|| source.refuse(set, "expected a place"))
}

fn time(source: &Source<'_, '_>, position: NodeId) -> Result<Time, Refusal> {
    if let Some(Value::Time(time)) = source.attribute(position, "time").map(|id| source.take(id)) {
        return Ok(time);
    }
    let refuse = || source.refuse(position, "expected a position with its year, or a header whose time says it");
    let header = source.element(NodeId::ROOT, "header").and_then(|header| source.attribute(header, "time")).map(|id| source.value(id));
    let Some(Value::Time(latest)) = header else { return Err(refuse()) };
    let (Some(group), Some(month)) = (source.attribute(position, "dtg"), source.attribute(position, "month")) else { return Err(refuse()) };
    dated(&source.take(group).text(), &source.take(month).text(), latest).ok_or_else(refuse)
}

/// `DDhhmmZ` in the latest year in which it does not lie after `latest`.
fn dated(group: &str, month: &str, latest: Time) -> Option<Time> {
    let month = MONTHS.iter().position(|name| *name == month)?.checked_add(1)?;
    let (day, hour, minute) = (group.get(0..2)?, group.get(2..4)?, group.get(4..6)?);
    if group.get(6..) != Some("Z") {
        return None;
    }
    let year: i32 = latest.to_string().get(0..4)?.parse().ok()?;
    let in_year = |year: i32| Time::parse(&format!("{year:04}-{month:02}-{day}T{hour}:{minute}:00Z")).filter(|time| *time <= latest);
    in_year(year).or_else(|| in_year(year.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_without_year_is_the_latest_that_is_not_after_the_header() {
        let said = |group: &str, month: &str, latest: &str| dated(group, month, Time::parse(latest).unwrap()).map(|time| time.to_string());
        assert_eq!(said("141205Z", "MAR", "2026-03-14T12:15:00Z").as_deref(), Some("2026-03-14T12:05:00Z"));
        assert_eq!(said("312350Z", "DEC", "2027-01-01T00:05:00Z").as_deref(), Some("2026-12-31T23:50:00Z"));
        assert_eq!(said("291200Z", "FEB", "2026-03-01T00:00:00Z"), None);
        assert_eq!(said("141205A", "MAR", "2026-03-14T12:15:00Z"), None);
    }
}
