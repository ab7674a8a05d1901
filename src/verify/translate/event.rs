//! Events between XML and the TAK protocol, as the second half translates them.

use super::super::second::{Part, Second, Sort, Spelling};
use super::super::tak::spelt;
use super::{Account, Row};

pub(super) const COT_TO_TAK: Row = Row { from: "cot", to: "tak", translate: protocol };
pub(super) const TAK_TO_COT: Row = Row { from: "tak", to: "cot", translate: xml };

/// Texts for which the protocol has fields.
const TEXTS: [&str; 8] = ["type", "access", "qos", "opex", "uid", "how", "caveat", "releasableTo"];
const TIMES: [&str; 3] = ["time", "start", "stale"];
/// Elements that stand behind all others in `detail`, in this order.
const LAST: [&str; 6] = ["contact", "__group", "precisionlocation", "status", "takv", "track"];

fn protocol(account: &mut Account<'_, '_>) -> Result<Second<'static>, &'static str> {
    let root = account.root()?;
    account.take(root);
    let mut event = Second::default();
    event.open("", "event");
    event.attribute("", "frame", "mesh", Spelling::Exact);
    for part in root.attributes().filter(|part| part.node.namespace.is_empty()) {
        let name = part.name().1;
        if let Some(name) = TEXTS.into_iter().find(|text| *text == name).filter(|_| !part.value().is_empty()) {
            account.attribute(part, name, Spelling::Exact, &mut event);
        } else if let Some(name) = TIMES.into_iter().find(|time| *time == name) {
            let value = account.take_as(part, milliseconds(part.value())?);
            event.attribute("", name, value, Spelling::Time);
        }
    }
    // In the protocol the place stands first, whatever the order was.
    let child = |name: &'static str| root.content().find(|part| part.name() == ("", name));
    if let Some(point) = child("point") {
        account.take(point);
        event.open("", "point");
        for part in point.attributes() {
            let value = part.value().parse::<f64>().ok().and_then(spelt::double).ok_or("expected numbers that a double holds")?;
            let value = account.take_as(part, value);
            event.attribute("", part.name().1.to_owned(), value, Spelling::Number);
        }
        event.close();
    }
    if let Some(part) = child("detail") {
        detail(account, part, &mut event);
    }
    event.close();
    Ok(event)
}

fn detail<'t, 'a>(account: &mut Account<'t, 'a>, detail: Part<'t, 'a>, event: &mut Second<'static>) {
    account.take(detail);
    event.open("", "detail");
    let is_last = |part: &Part<'_, '_>| part.node.namespace.is_empty() && LAST.contains(&part.name().1);
    detail.content().filter(|part| part.is_element() && !is_last(part)).for_each(|part| account.copy(part, event));
    for name in LAST {
        detail.content().filter(|part| part.is_element() && part.name() == ("", name)).for_each(|part| account.copy(part, event));
    }
    event.close();
}

/// A time cut to whole milliseconds after 1970.
fn milliseconds(time: &str) -> Result<String, &'static str> {
    let (whole, fraction) = time.strip_suffix('Z').map(|time| time.split_once('.').unwrap_or((time, ""))).ok_or("expected a time in UTC")?;
    let kept: String = fraction.chars().take(3).collect();
    let kept = kept.trim_end_matches('0');
    if whole < "1970-01-01T00:00:00" || (whole == "1970-01-01T00:00:00" && kept.is_empty()) {
        return Err("expected a time after 1970");
    }
    Ok(if kept.is_empty() { format!("{whole}Z") } else { format!("{whole}.{kept}Z") })
}

fn xml(account: &mut Account<'_, '_>) -> Result<Second<'static>, &'static str> {
    let root = account.root()?;
    account.take(root);
    let mut event = Second::default();
    event.open("", "event");
    event.attribute("", "version", "2.0", Spelling::Exact);
    for part in root.children() {
        let lost =
            matches!((part.node.sort, part.name().1), (Sort::Attribute, "frame" | "submissionTime" | "creationTime") | (Sort::Element, "takControl"));
        if !lost {
            account.copy(part, &mut event);
        }
    }
    event.close();
    Ok(event)
}
