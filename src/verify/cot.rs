//! Cursor-on-Target as the second reader knows it: which attributes are numbers and times, and what an event must be.
//!
//! Written from the published schemas beside the first reader's table, never from that table.

use super::ism::ISM;
use super::label;
use super::mark::Mark;
use super::moment::Moment;
use super::number::Digits;
use super::readers::{Canonical, Reader};
use super::second::{Part, Second, Sort, Spelling};
use super::xml::{self, Typed};

/// The row of Cursor-on-Target.
pub(super) const READER: Reader = Reader {
    name: "cot",
    claims: |body| xml::first_tag(body) == Some(b"event"),
    read: |body| xml::read(body, typed),
    check,
    spelling: Canonical::Compared(xml::canonical),
    marks,
    portions: super::portion::whole,
    attached: super::portion::whole,
    mentions: super::portion::whole,
};

/// Attributes that an event may have.
const EVENT: [&str; 12] = ["version", "uid", "type", "time", "start", "stale", "how", "access", "qos", "opex", "caveat", "releasableTo"];
/// Attributes that a point has.
const POINT: [&str; 5] = ["lat", "lon", "hae", "ce", "le"];

const REQUIRED: [&str; 7] = ["version", "uid", "type", "time", "start", "stale", "how"];
const ONCE: [&str; 6] = ["contact", "__group", "status", "takv", "track", "precisionlocation"];

/// The attributes of an element that are no plain text.
pub(super) fn typed(element: Part<'_, '_>) -> Typed {
    use Spelling::{Number, Time};
    let (attributes, names): (Typed, &[&str]) = match element.name() {
        ("", "event") => (&[("time", Time), ("start", Time), ("stale", Time)], &[]),
        ("", "point") => (&[("lat", Number), ("lon", Number), ("hae", Number), ("ce", Number), ("le", Number)], &["event"]),
        ("", "track") => (&[("course", Number), ("speed", Number), ("slope", Number)], &["detail", "event"]),
        ("", "status") => (&[("battery", Number)], &["detail", "event"]),
        ("", "sensor") => (
            &[("azimuth", Number), ("elevation", Number), ("fov", Number), ("vfov", Number), ("range", Number), ("roll", Number)],
            &["detail", "event"],
        ),
        ("", "__geofence") => (&[("minElevation", Number), ("maxElevation", Number), ("boundingSphere", Number)], &["detail", "event"]),
        ("", "ellipse") => (&[("major", Number), ("minor", Number), ("angle", Number)], &["shape", "detail", "event"]),
        ("", "vertex") => (&[("lat", Number), ("lon", Number), ("hae", Number)], &["polyline", "shape", "detail", "event"]),
        ("", "remarks" | "creator") => (&[("time", Time)], &["detail", "event"]),
        ("", "link") if above(element).eq(["shape", "detail", "event"]) => return &[("production_time", Time)],
        ("", "link") => (&[("production_time", Time)], &["detail", "event"]),
        _ => return &[],
    };
    if above(element).eq(names.iter().copied()) { attributes } else { &[] }
}

fn above<'t>(element: Part<'t, '_>) -> impl Iterator<Item = &'t str> {
    element.above().map(|ancestor| ancestor.name().1)
}

/// Every marking in an event.
pub(super) fn marks(tree: &Second<'_>) -> Vec<Mark> {
    let Some(root) = tree.root() else { return Vec::new() };
    let said = |name: &str, nothing: &str| {
        let found = root.attributes().find(|attribute| attribute.name() == ("", name));
        found.filter(|attribute| !attribute.value().is_empty() && attribute.value() != nothing).map(|attribute| attribute.at)
    };
    let (access, caveat, releasable_to) = (said("access", "Undefined"), said("caveat", ""), said("releasableTo", ""));
    let marked = access.or(caveat).or(releasable_to).map(|_| Mark::Triple { access, caveat, releasable_to });
    let details = root.content().filter(|part| part.is_called("detail"));
    let carriers = std::iter::once(root).chain(details).filter(|part| part.attributes().any(|a| a.node.namespace == ISM));
    marked.into_iter().chain(carriers.map(|part| Mark::Ism(part.at))).chain(root.all().filter_map(label::mark_of)).collect()
}

fn check(tree: &Second<'_>) -> Result<(), &'static str> {
    event(tree, &EVENT, &REQUIRED, "")?;
    let version = tree.root().and_then(|root| root.said("version"));
    if matches!(version, Some("2.0" | "2")) { Ok(()) } else { Err("expected version 2.0") }
}

/// Checks that the tree is an event with what an event must have: attributes of `known`, all of `required`, and beside point and detail
/// only the element `beside`.
///
/// # Errors
/// One line: what was expected.
pub(super) fn event(tree: &Second<'_>, known: &[&str], required: &[&str], beside: &str) -> Result<(), &'static str> {
    let root = tree.root().filter(|root| root.is_called("event")).ok_or("expected a document element `event` without namespace")?;
    if root.attributes().any(|a| a.node.namespace != ISM && (!a.node.namespace.is_empty() || !known.contains(&a.name().1))) {
        return Err("expected only attributes of an event on `event`");
    }
    if required.iter().any(|name| root.said(name).is_none()) {
        return Err("expected every attribute that an event must have on `event`");
    }
    let moment = |name: &str| root.said(name).and_then(Moment::read).ok_or("expected times as `YYYY-MM-DDThh:mm:ssZ`");
    moment("time")?;
    if moment("start")? > moment("stale")? {
        return Err("expected start before stale");
    }
    let mut points = 0_u8;
    let mut details = 0_u8;
    for child in root.content() {
        match child.name() {
            ("", "point") => {
                points = points.saturating_add(1);
                point(child)?;
            }
            ("", "detail") => {
                details = details.saturating_add(1);
                detail(child)?;
            }
            ("", name) if name == beside => {}
            _ => return Err("expected only the elements of an event in `event`"),
        }
    }
    if points == 1 && details <= 1 { Ok(()) } else { Err("expected one `point` and at most one `detail`") }
}

fn point(part: Part<'_, '_>) -> Result<(), &'static str> {
    let plain = |a: Part<'_, '_>| a.node.namespace.is_empty() && POINT.contains(&a.name().1) && Digits::read(a.value()).is_some();
    if part.attributes().count() != POINT.len() || !part.attributes().all(plain) {
        return Err("expected lat, lon, hae, ce and le as plain numbers on `point`");
    }
    let within = |name: &str, low: &str, high: &str| {
        let read = |text| Digits::read(text);
        part.said(name).and_then(read).zip(read(low).zip(read(high))).is_some_and(|(at, (low, high))| low <= at && at <= high)
    };
    if !within("lat", "-90", "90") || !within("lon", "-180", "180") {
        return Err("expected a latitude in -90..90 and a longitude in -180..180");
    }
    if part.content().next().is_some() { Err("expected nothing in `point`") } else { Ok(()) }
}

/// What labels are called: rules name fields without their namespace, so nothing else may be called so.
const LABELS: [&str; 4] =
    ["originatorConfidentialityLabel", "alternativeConfidentialityLabel", "metadataConfidentialityLabel", "ConfidentialityLabel"];

fn detail(part: Part<'_, '_>) -> Result<(), &'static str> {
    if part.content().flat_map(Part::all).flat_map(Part::attributes).any(|a| a.node.namespace == ISM) {
        return Err("expected markings of the whole event on `event` and `detail` alone");
    }
    let mut seen = 0_u8;
    for child in part.content() {
        if child.node.sort == Sort::Text {
            return Err("expected no text in `detail`");
        }
        let (namespace, name) = child.name();
        if LABELS.contains(&name) && namespace != label::LABEL {
            return Err("expected nothing that is called a label and is none");
        }
        if let Some(at) = ONCE.iter().position(|once| *once == name) {
            let bit = 1_u8.checked_shl(u32::try_from(at).unwrap_or(0)).unwrap_or(0);
            if seen & bit != 0 {
                return Err("expected contact, __group, status, takv, track and precisionlocation at most once");
            }
            seen |= bit;
        }
    }
    Ok(())
}
