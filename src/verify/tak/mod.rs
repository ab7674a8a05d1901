//! The TAK protocol as the second reader knows it: the library's structures, after an own scan, and the same event as in XML.
//!
//! [`read`] makes the second tree of a frame, [`canonical`] checks a result: what the library writes from what it read is what stands there.

mod messages;
mod scan;
pub(super) mod spelt;

use prost::Message;

use super::cot;
use super::number::Digits;
use super::portion::whole;
use super::readers::{Canonical, Departure, Reader};
use super::second::{Part, Second, Sort, Spelling};
use super::xml;
use messages::{CotEvent, Detail, TakControl, TakMessage};

/// The row of the TAK protocol.
pub(super) const READER: Reader = Reader {
    name: "tak",
    claims: |body| body.starts_with(&[0xbf]),
    read,
    check,
    spelling: Canonical::Compared(canonical),
    marks: cot::marks,
    portions: whole,
    attached: whole,
    mentions: whole,
};

/// Attributes that an event may have in this spelling.
const EVENT: [&str; 14] =
    ["frame", "submissionTime", "creationTime", "uid", "type", "time", "start", "stale", "how", "access", "qos", "opex", "caveat", "releasableTo"];
const REQUIRED: [&str; 7] = ["frame", "uid", "type", "time", "start", "stale", "how"];
/// Elements of `detail` that have messages of their own, in the order of their field numbers.
const TYPED: [&str; 6] = ["contact", "__group", "precisionlocation", "status", "takv", "track"];

fn check(tree: &Second<'_>) -> Result<(), &'static str> {
    cot::event(tree, &EVENT, &REQUIRED, "takControl")
}

/// Reads a frame.
fn read(bytes: &[u8]) -> Result<Second<'_>, &'static str> {
    let (frame, message) = decode(bytes)?;
    let event = message.cot_event.unwrap_or_default();
    let mut tree = Second::with_capacity(64);
    tree.open("", "event");
    tree.attribute("", "frame", frame, Spelling::Exact);
    time(&mut tree, "submissionTime", message.submission_time)?;
    time(&mut tree, "creationTime", message.creation_time)?;
    for (name, value) in [("type", &event.kind), ("access", &event.access), ("qos", &event.qos), ("opex", &event.opex), ("uid", &event.uid)] {
        text(&mut tree, name, value);
    }
    time(&mut tree, "time", event.send_time)?;
    time(&mut tree, "start", event.start_time)?;
    time(&mut tree, "stale", event.stale_time)?;
    for (name, value) in [("how", &event.how), ("caveat", &event.caveat), ("releasableTo", &event.releasable_to)] {
        text(&mut tree, name, value);
    }
    if let Some(control) = &message.tak_control {
        take_control(&mut tree, control);
    }
    let CotEvent { lat, lon, hae, ce, le, .. } = event;
    element(&mut tree, "point", |tree| {
        [("lat", lat), ("lon", lon), ("hae", hae), ("ce", ce), ("le", le)].into_iter().try_for_each(|(name, value)| number(tree, name, value))
    })?;
    if let Some(detail) = &event.detail {
        element(&mut tree, "detail", |tree| elements(tree, detail))?;
    }
    tree.close();
    Ok(tree)
}

/// The kind of frame and the message in it, with an event.
fn decode(bytes: &[u8]) -> Result<(&'static str, TakMessage), &'static str> {
    let (frame, payload) = scan::frame(bytes)?;
    scan::message(payload, scan::MESSAGE)?;
    let message = TakMessage::decode(payload).map_err(|_| "expected a message that the second library reads")?;
    if message.cot_event.is_none() {
        return Err("expected an event");
    }
    Ok((frame, message))
}

fn element(tree: &mut Second<'_>, name: &'static str, inside: impl FnOnce(&mut Second<'_>) -> Result<(), &'static str>) -> Result<(), &'static str> {
    tree.open("", name);
    inside(tree)?;
    tree.close();
    Ok(())
}

/// The elements of `detail`: those of the XML, then those that have messages of their own, wherever they stood.
fn elements(tree: &mut Second<'_>, detail: &Detail) -> Result<(), &'static str> {
    let document = format!("<event><detail>{}</detail></event>", detail.xml_detail);
    let document = xml::read(document.as_bytes(), cot::typed)?.into_owned();
    let host = document.root().and_then(|root| root.content().next());
    let one = document.root().is_some_and(|root| root.content().count() == 1 && root.attributes().next().is_none());
    let host = host.filter(|host| one && host.attributes().next().is_none()).ok_or("expected elements that end within the XML of `detail`")?;
    if host.content().any(|part| part.node.sort == Sort::Text) {
        return Err("expected no text in `detail`");
    }
    let name_of = |part: Part<'_, '_>| TYPED.into_iter().find(|name| part.is_called(name));
    host.content().filter(|part| name_of(*part).is_none()).for_each(|part| copy(tree, part));
    for name in TYPED {
        let mut in_xml = host.content().filter(|part| name_of(*part) == Some(name)).peekable();
        if in_xml.peek().is_some() && holds(detail, name) {
            return Err("expected an element of `detail` typed or in the XML, found both");
        }
        in_xml.for_each(|part| copy(tree, part));
        if holds(detail, name) {
            element(tree, name, |tree| fields(tree, detail, name))?;
        }
    }
    Ok(())
}

/// Whether the message of that element is there.
fn holds(detail: &Detail, name: &str) -> bool {
    match name {
        "contact" => detail.contact.is_some(),
        "__group" => detail.group.is_some(),
        "precisionlocation" => detail.precision_location.is_some(),
        "status" => detail.status.is_some(),
        "takv" => detail.takv.is_some(),
        _ => detail.track.is_some(),
    }
}

fn fields(tree: &mut Second<'_>, detail: &Detail, name: &str) -> Result<(), &'static str> {
    let texts = |tree: &mut Second<'_>, list: &[(&'static str, &String)]| list.iter().for_each(|(name, value)| text(tree, name, value));
    match detail {
        Detail { contact: Some(contact), .. } if name == "contact" => {
            texts(tree, &[("endpoint", &contact.endpoint), ("callsign", &contact.callsign)]);
        }
        Detail { group: Some(group), .. } if name == "__group" => texts(tree, &[("name", &group.name), ("role", &group.role)]),
        Detail { precision_location: Some(source), .. } if name == "precisionlocation" => {
            texts(tree, &[("geopointsrc", &source.geopointsrc), ("altsrc", &source.altsrc)]);
        }
        Detail { status: Some(status), .. } if name == "status" => {
            tree.attribute("", "battery", status.battery.to_string(), Spelling::Number);
        }
        Detail { takv: Some(takv), .. } if name == "takv" => {
            texts(tree, &[("device", &takv.device), ("platform", &takv.platform), ("os", &takv.os), ("version", &takv.version)]);
        }
        Detail { track: Some(track), .. } if name == "track" => {
            number(tree, "speed", track.speed)?;
            number(tree, "course", track.course)?;
        }
        _ => {}
    }
    Ok(())
}

fn take_control(tree: &mut Second<'_>, control: &TakControl) {
    tree.open("", "takControl");
    for (name, version) in [("minProtoVersion", control.min_proto_version), ("maxProtoVersion", control.max_proto_version)] {
        if version > 0 {
            tree.attribute("", name, version.to_string(), Spelling::Number);
        }
    }
    text(tree, "contactUid", &control.contact_uid);
    tree.close();
}

fn text(tree: &mut Second<'_>, name: &'static str, value: &str) {
    if !value.is_empty() {
        tree.attribute("", name, value.to_owned(), Spelling::Exact);
    }
}

fn number(tree: &mut Second<'_>, name: &'static str, value: f64) -> Result<(), &'static str> {
    tree.attribute("", name, spelt::double(value).ok_or("expected finite numbers")?, Spelling::Number);
    Ok(())
}

fn time(tree: &mut Second<'_>, name: &'static str, ms: u64) -> Result<(), &'static str> {
    if ms > 0 {
        tree.attribute("", name, spelt::moment(ms).ok_or("expected times up to the year 9999")?, Spelling::Time);
    }
    Ok(())
}

/// Copies an element of another tree into the open one.
fn copy(tree: &mut Second<'_>, part: Part<'_, '_>) {
    let (namespace, name) = part.name();
    let (namespace, name, value) = (namespace.to_owned(), name.to_owned(), part.value().to_owned());
    match part.node.sort {
        Sort::Element => {
            tree.open(namespace, name);
            part.children().for_each(|child| copy(tree, child));
            tree.close();
        }
        Sort::Attribute => {
            tree.attribute(namespace, name, value, part.node.spelling);
        }
        Sort::Text => {
            tree.text(value, part.node.spelling);
        }
    }
}

/// Checks that a result is what the library writes from it, and that the XML in it is the one spelling of its elements.
fn canonical(bytes: &[u8], tree: &Second<'_>) -> Result<(), Departure> {
    let depart = |expected| Departure { node: 0, expected };
    let (_, payload) = scan::frame(bytes).map_err(depart)?;
    let (_, message) = decode(bytes).map_err(depart)?;
    if message.encode_to_vec() != payload {
        return Err(depart("expected the bytes that the second library writes"));
    }
    let event = message.cot_event.unwrap_or_default();
    let track = event.detail.as_ref().and_then(|detail| detail.track.as_ref()).map_or([0.0; 2], |track| [track.speed, track.course]);
    if ![event.lat, event.lon, event.hae, event.ce, event.le].into_iter().chain(track).all(is_exact) {
        return Err(depart("expected numbers of at most 18 fraction digits"));
    }
    let host = tree.root().and_then(|root| root.content().find(|part| part.is_called("detail")));
    let (Some(detail), Some(host)) = (&event.detail, host) else { return Ok(()) };
    let in_xml = |part: &Part<'_, '_>| !TYPED.iter().any(|name| part.is_called(name) && holds(detail, name));
    if let Some(part) = host.content().filter(in_xml).find(|part| is_typed(*part)) {
        return Err(Departure { node: part.at, expected: "expected an element typed that can be" });
    }
    xml::canonical_fragment(detail.xml_detail.as_bytes(), host.content().filter(in_xml), host)
}

/// Whether the text of a double is that of no other double.
fn is_exact(value: f64) -> bool {
    spelt::double(value).and_then(|digits| digits.parse::<f64>().ok()) == Some(value)
}

/// Whether a message of its own says all that an element says.
fn is_typed(part: Part<'_, '_>) -> bool {
    let (texts, numbers): (&[&str], &[&str]) = match part.name() {
        ("", "contact") => (&["endpoint", "callsign"], &[]),
        ("", "__group") => (&["name", "role"], &[]),
        ("", "precisionlocation") => (&["geopointsrc", "altsrc"], &[]),
        ("", "status") => (&[], &["battery"]),
        ("", "takv") => (&["device", "platform", "os", "version"], &[]),
        ("", "track") => (&[], &["speed", "course"]),
        _ => return false,
    };
    let holds = |value: &str, name: &str| match name {
        "battery" => value.parse::<u32>().is_ok(),
        _ => value.parse().ok().and_then(spelt::double).as_deref().and_then(Digits::read).is_some_and(|digits| Digits::read(value) == Some(digits)),
    };
    let fits = |attribute: Part<'_, '_>| {
        let (namespace, name) = attribute.name();
        namespace.is_empty() && (texts.contains(&name) && !attribute.value().is_empty() || numbers.contains(&name) && holds(attribute.value(), name))
    };
    part.content().next().is_none() && part.attributes().all(fits) && numbers.iter().all(|name| part.said(name).is_some())
}
