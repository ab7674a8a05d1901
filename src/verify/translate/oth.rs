//! One contact of OTH-Gold as one event, as the second half translates it.

use super::super::moment::Moment;
use super::super::second::{Part, Second, Sort};
use super::track::{Track, metres_per_second};
use super::{Account, Row};

pub(super) const OTH_TO_COT: Row = Row { from: "oth", to: "cot", translate };

fn translate(account: &mut Account<'_, '_>) -> Result<Second<'static>, &'static str> {
    let root = account.root()?;
    let contact = only(root, &["CTC"])?;
    let position = only(contact, &["POS", "XPOS"])?;
    let header = only(root, &["header"]).ok();
    for part in root.all() {
        let above = part.parent().map_or("", |parent| parent.name().1);
        let marks = match part.node.sort {
            Sort::Text => matches!(above, "SEC" | "classification"),
            Sort::Attribute => above == "header" && part.name().1 == "letter",
            Sort::Element => false,
        };
        if marks {
            account.take(part);
        }
    }
    let mut made = Track { kind: "a-u-X".to_owned(), ..Track::default() };
    let command = only(root, &["MSGID"]).ok().and_then(|set| field(set, "command")).map_or("", |part| account.take(part));
    let number = field(contact, "track").map_or("", |part| account.take(part));
    made.uid = format!("{command}/{number}");
    if let Some(category) = field(contact, "category") {
        let dimension = match category.value() {
            "NAV" | "MER" | "FSH" => Some('S'),
            "SUB" => Some('U'),
            "AIR" => Some('A'),
            "LND" => Some('G'),
            _ => None,
        };
        if let Some(dimension) = dimension {
            account.take(category);
            made.kind = format!("a-u-{dimension}");
        }
    }
    made.time = match field(position, "time") {
        Some(time) => account.take(time).to_owned(),
        None => {
            let latest = header.and_then(|header| field(header, "time")).ok_or("expected a header with a time")?;
            let (group, month) = field(position, "dtg").zip(field(position, "month")).ok_or("expected a time")?;
            dated(account.take(group), account.take(month), latest.value()).ok_or("expected a time of some year")?
        }
    };
    let (north, east) = field(position, "lat").zip(field(position, "lon")).ok_or("expected a place")?;
    made.place = (account.take(north).to_owned(), account.take(east).to_owned());
    made.callsign = field(contact, "name").map(|name| account.take(name).to_owned());
    made.course = field(position, "course").map(|course| account.take(course).to_owned());
    made.speed = field(position, "speed").and_then(|speed| metres_per_second(account.take(speed), 1852, 3600));
    made.event(account.marked())
}

fn only<'t, 'a>(above: Part<'t, 'a>, names: &[&str]) -> Result<Part<'t, 'a>, &'static str> {
    let mut found = above.content().filter(|part| part.is_element() && names.contains(&part.name().1));
    found.next().filter(|_| found.next().is_none()).ok_or("expected one contact with one position")
}

fn field<'t, 'a>(set: Part<'t, 'a>, name: &str) -> Option<Part<'t, 'a>> {
    set.attributes().find(|part| part.name() == ("", name))
}

/// A group of day, hour and minute in the year that makes it the latest moment up to `latest`.
fn dated(group: &str, month: &str, latest: &str) -> Option<String> {
    let months = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    let month = months.find(month).filter(|at| month.len() == 3 && at.checked_rem(3) == Some(0))?.checked_div(3)?.checked_add(1)?;
    let clock = group.strip_suffix('Z').filter(|clock| clock.len() == 6 && clock.is_ascii())?;
    let ((day, clock), end) = (clock.split_at_checked(2)?, Moment::read(latest)?);
    let (hour, minute) = clock.split_at_checked(2)?;
    let year: u32 = latest.split('-').next()?.parse().ok()?;
    let spelt = |year: u32| format!("{year:04}-{month:02}-{day}T{hour}:{minute}:00Z");
    [Some(year), year.checked_sub(1)].into_iter().flatten().map(spelt).find(|time| Moment::read(time).is_some_and(|time| time <= end))
}
