//! Cursor-on-Target as the second reader knows it: which attributes are numbers and times, and what an event must be.
//!
//! Written from the published schemas beside the first reader's table, never from that table.

use roxmltree::{Attribute, Node};

use super::moment::Moment;
use super::number::Digits;

/// How the value of an attribute is compared and spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Character by character.
    Exact,
    /// By value; canonically without superfluous zeros.
    Number,
    /// By value; canonically without superfluous fraction digits.
    Time,
}

/// Attributes that an event may have.
const EVENT: [&str; 12] = ["version", "uid", "type", "time", "start", "stale", "how", "access", "qos", "opex", "caveat", "releasableTo"];
/// Attributes that a point has.
const POINT: [&str; 5] = ["lat", "lon", "hae", "ce", "le"];

const REQUIRED: [&str; 7] = ["version", "uid", "type", "time", "start", "stale", "how"];
const ONCE: [&str; 6] = ["contact", "__group", "status", "takv", "track", "precisionlocation"];

/// The attributes of an element that are no plain text.
pub(super) fn typed(element: Node<'_, '_>) -> &'static [(&'static str, Spelling)] {
    use Spelling::{Number, Time};
    let (attributes, names): (&[(&str, Spelling)], &[&str]) = match element.tag_name().name() {
        "event" => (&[("time", Time), ("start", Time), ("stale", Time)], &[]),
        "point" => (&[("lat", Number), ("lon", Number), ("hae", Number), ("ce", Number), ("le", Number)], &["event"]),
        "track" => (&[("course", Number), ("speed", Number), ("slope", Number)], &["detail", "event"]),
        "status" => (&[("battery", Number)], &["detail", "event"]),
        "sensor" => (
            &[("azimuth", Number), ("elevation", Number), ("fov", Number), ("vfov", Number), ("range", Number), ("roll", Number)],
            &["detail", "event"],
        ),
        "__geofence" => (&[("minElevation", Number), ("maxElevation", Number), ("boundingSphere", Number)], &["detail", "event"]),
        "ellipse" => (&[("major", Number), ("minor", Number), ("angle", Number)], &["shape", "detail", "event"]),
        "vertex" => (&[("lat", Number), ("lon", Number), ("hae", Number)], &["polyline", "shape", "detail", "event"]),
        "remarks" | "creator" => (&[("time", Time)], &["detail", "event"]),
        "link" if above(element).eq(["shape", "detail", "event"]) => return &[("production_time", Time)],
        "link" => (&[("production_time", Time)], &["detail", "event"]),
        _ => return &[],
    };
    let plain = name(element).0.is_none() && above(element).eq(names.iter().copied());
    if plain { attributes } else { &[] }
}

/// Namespace and local name of an element. The library tells a namespace that `xmlns=""` takes away from one that never was; XML does not.
// SPEC: Namespaces in XML 1.0, 6.2.
pub(super) fn name<'n>(element: Node<'n, '_>) -> (Option<&'n str>, &'n str) {
    (element.tag_name().namespace().filter(|uri| !uri.is_empty()), element.tag_name().name())
}

fn above<'n>(element: Node<'n, '_>) -> impl Iterator<Item = &'n str> {
    element.ancestors().skip(1).filter(Node::is_element).map(|ancestor| ancestor.tag_name().name())
}

/// How the attribute `name` is spelt, by what [`typed`] gave for its element.
pub(super) fn spelling(typed: &[(&str, Spelling)], name: &str) -> Spelling {
    typed.iter().find(|(known, _)| *known == name).map_or(Spelling::Exact, |(_, spelling)| *spelling)
}

/// Whether two values of one attribute mean the same.
pub(super) fn same(spelling: Spelling, one: &str, other: &str) -> bool {
    one == other
        || match spelling {
            Spelling::Exact => false,
            Spelling::Number => Digits::read(one).zip(Digits::read(other)).is_some_and(|(a, b)| a == b),
            Spelling::Time => Moment::read(one).zip(Moment::read(other)).is_some_and(|(a, b)| a == b),
        }
}

/// Whether a value is spelt in the one canonical way. A value of a typed attribute that does not read as its type is not.
pub(super) fn canonical(spelling: Spelling, value: &str) -> bool {
    match spelling {
        Spelling::Exact => true,
        Spelling::Number => Digits::read(value).is_some_and(|number| number.is_spelt(value)),
        Spelling::Time => Moment::read(value).is_some_and(|moment| moment.is_spelt(value)),
    }
}

/// Checks that the element is an event with what an event must have.
///
/// # Errors
/// One line: what was expected.
pub(super) fn event(root: Node<'_, '_>) -> Result<(), &'static str> {
    if name(root) != (None, "event") {
        return Err("expected a document element `event` without namespace");
    }
    if root.attributes().any(|a| a.namespace().is_some() || !EVENT.contains(&a.name())) {
        return Err("expected only attributes of an event on `event`");
    }
    if REQUIRED.iter().any(|name| root.attribute(*name).is_none()) {
        return Err("expected version, uid, type, time, start, stale and how on `event`");
    }
    if !matches!(root.attribute("version"), Some("2.0" | "2")) {
        return Err("expected version 2.0");
    }
    let moment = |name: &str| root.attribute(name).and_then(Moment::read).ok_or("expected times as `YYYY-MM-DDThh:mm:ssZ`");
    moment("time")?;
    if moment("start")? > moment("stale")? {
        return Err("expected start before stale");
    }
    let mut points = 0_u8;
    let mut details = 0_u8;
    for child in root.children().filter(|c| !c.is_comment() && !blank(*c)) {
        match name(child) {
            (None, "point") => {
                points = points.saturating_add(1);
                point(child)?;
            }
            (None, "detail") => {
                details = details.saturating_add(1);
                detail(child)?;
            }
            _ => return Err("expected only `point` and `detail` in `event`"),
        }
    }
    if points == 1 && details <= 1 { Ok(()) } else { Err("expected one `point` and at most one `detail`") }
}

fn point(node: Node<'_, '_>) -> Result<(), &'static str> {
    let plain = |a: Attribute<'_, '_>| a.namespace().is_none() && POINT.contains(&a.name()) && Digits::read(a.value()).is_some();
    if node.attributes().len() != POINT.len() || !node.attributes().all(plain) {
        return Err("expected lat, lon, hae, ce and le as plain numbers on `point`");
    }
    let within = |name: &str, low: &str, high: &str| {
        let read = |text| Digits::read(text);
        node.attribute(name).and_then(read).zip(read(low).zip(read(high))).is_some_and(|(at, (low, high))| low <= at && at <= high)
    };
    if !within("lat", "-90", "90") || !within("lon", "-180", "180") {
        return Err("expected a latitude in -90..90 and a longitude in -180..180");
    }
    if node.children().any(|c| !c.is_comment() && !blank(c)) { Err("expected nothing in `point`") } else { Ok(()) }
}

fn detail(node: Node<'_, '_>) -> Result<(), &'static str> {
    let mut seen = 0_u8;
    for child in node.children().filter(|c| !c.is_comment() && !blank(*c)) {
        if !child.is_element() {
            return Err("expected no text in `detail`");
        }
        let name = child.tag_name();
        if name.name().ends_with("onfidentialityLabel") && name.namespace() != Some(super::label::LABEL) {
            return Err("expected nothing that is called a label and is none");
        }
        if let Some(at) = ONCE.iter().position(|name| *name == child.tag_name().name()) {
            let bit = 1_u8.checked_shl(u32::try_from(at).unwrap_or(0)).unwrap_or(0);
            if seen & bit != 0 {
                return Err("expected contact, __group, status, takv, track and precisionlocation at most once");
            }
            seen |= bit;
        }
    }
    Ok(())
}

/// Whether a node is text of white space only, which means nothing between elements.
pub(super) fn blank(node: Node<'_, '_>) -> bool {
    node.is_text() && node.text().unwrap_or("").bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}
