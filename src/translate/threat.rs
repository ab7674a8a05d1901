//! STIX to and from MISP, for indicators and their markings.
//!
//! An event with its attributes is a report with its indicators: UUIDs, title, times, comments and levels of the Traffic Light Protocol are
//! carried over. An attribute that nobody is to look for, a deleted or revoked one, and one whose pattern has no counterpart are listed as lost,
//! as is everything else. A tag on an event holds for all that is in it, so in STIX each indicator says the higher of the two, and a report that
//! is marked above one of its indicators is no event. Where what is lost is marked above what is left, the message stays.
//!
//! What MISP must have and STIX has not is said as narrowly as can be: distribution to the recipient's own organisation, within the event.

use super::indicator;
use super::{Source, Translation};
use crate::base::{Budget, Reason, Refusal, Span, Time};
use crate::format::syntax::json::ARRAY;
use crate::normal::{Kind, NodeId, Tree, TreeBuilder, Value};

/// From MISP to STIX.
pub(super) const MISP_TO_STIX: Translation = Translation { from: "misp", to: "stix", translate: to_stix };
/// From STIX to MISP.
pub(super) const STIX_TO_MISP: Translation = Translation { from: "stix", to: "misp", translate: to_misp };

/// Where what is made stands in the body: nowhere.
const NOWHERE: Span = Span { start: 0, end: 0 };
/// Distribution to the own organisation only.
const OWN: &str = "0";
/// Distribution as the event has it.
const INHERITED: &str = "5";

/// An indicator between the two formats.
struct Indicator {
    uuid: String,
    kind: String,
    value: String,
    changed: Time,
    first: Option<Time>,
    last: Option<Time>,
    comment: Option<String>,
    level: usize,
}

/// An event or report between the two formats.
struct Report {
    uuid: String,
    title: String,
    changed: Time,
    day: Time,
    level: usize,
    indicators: Vec<Indicator>,
}

/// The text of an attribute that must stand, taken.
fn required(source: &Source<'_, '_>, element: NodeId, name: &str) -> Result<String, Refusal> {
    match source.attribute(element, name) {
        Some(id) => Ok(source.take(id).text().into_owned()),
        None => Err(source.refuse(element, "expected every field that an indicator or report needs")),
    }
}

/// The text of an attribute, not taken.
fn said(source: &Source<'_, '_>, element: NodeId, name: &str) -> Option<String> {
    source.attribute(element, name).map(|id| source.value(id).text().into_owned())
}

/// Takes an attribute where it says what the other format says without words.
fn take_where(source: &Source<'_, '_>, element: NodeId, name: &str, expected: &str) {
    if let Some(id) = source.attribute(element, name).filter(|id| source.value(*id).text() == expected) {
        source.take(id);
    }
}

/// The time of an attribute, taken; none where it has none.
fn time(source: &Source<'_, '_>, element: NodeId, name: &str) -> Option<Time> {
    let id = source.attribute(element, name)?;
    let Value::Time(time) = source.value(id) else { return None };
    source.take(id);
    Some(time)
}

fn unmarked(source: &Source<'_, '_>, id: NodeId) -> Refusal {
    Refusal::at(Reason::TranslateMarking, source.node(id).span, "expected one level of the Traffic Light Protocol that both formats say")
        .on(source.path(id))
}

/// The level that nodes say; none where no node says one. Two levels are none that could be carried over.
fn level(source: &Source<'_, '_>, element: NodeId, nodes: &[NodeId]) -> Result<Option<usize>, Refusal> {
    let mut found = None;
    for &id in nodes {
        let Some(level) = indicator::level(&source.value(id).text()) else { continue };
        if found.is_some_and(|found| found != level) {
            return Err(unmarked(source, element));
        }
        source.take(id);
        found = Some(level);
    }
    Ok(found)
}

/// Checks that something is left to say, and that what is lost is not marked above it.
fn whole(source: &Source<'_, '_>, report: &Report, nodes: impl Iterator<Item = NodeId>) -> Result<(), Refusal> {
    if report.indicators.is_empty() {
        return Err(source.refuse(NodeId::ROOT, "expected at least one indicator that both formats have"));
    }
    let carried = report.indicators.iter().map(|indicator| indicator.level).fold(report.level, usize::max);
    let mut above = nodes.filter(|id| indicator::level(&source.value(*id).text()).is_some_and(|level| level > carried));
    above.next().map_or(Ok(()), |id| Err(unmarked(source, id)))
}

fn to_stix<'a>(source: &Source<'_, 'a>, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let event = source.element(NodeId::ROOT, "Event").ok_or_else(|| source.refuse(NodeId::ROOT, "expected an event"))?;
    let level = self::level(source, event, &tags(source, event))?.ok_or_else(|| unmarked(source, event))?;
    let mut indicators = Vec::new();
    for (attribute, _) in source.elements(event).filter(|(_, node)| node.name == "Attribute") {
        indicators.extend(of_attribute(source, attribute, level)?);
    }
    let date = source.attribute(event, "date").ok_or_else(|| source.refuse(event, "expected a date"))?;
    let day = Time::parse(&format!("{}T00:00:00Z", source.take(date).text())).ok_or_else(|| source.refuse(date, "expected a date"))?;
    take_where(source, event, "distribution", OWN);
    let (uuid, title) = (required(source, event, "uuid")?, required(source, event, "info")?);
    let report = Report { uuid, title, changed: seconds(source, event)?, day, level, indicators };
    let parts = source.elements(event).map(|(id, _)| id).chain([event]);
    whole(source, &report, parts.flat_map(|part| below(source, part)))?;
    bundle(&report, budget)
}

/// Every attribute and text that is left below a node.
fn below(source: &Source<'_, '_>, id: NodeId) -> Vec<NodeId> {
    let inner = |(child, node): (NodeId, crate::normal::Node<'_, '_>)| if node.kind == Kind::Element { below(source, child) } else { vec![child] };
    source.children(id).flat_map(inner).collect()
}

/// The names of the tags on a part.
fn tags(source: &Source<'_, '_>, part: NodeId) -> Vec<NodeId> {
    let tags = source.elements(part).filter(|(_, node)| node.name == "Tag");
    tags.filter_map(|(tag, _)| source.attribute(tag, "name")).collect()
}

/// The time of the last change of a part of MISP.
fn seconds(source: &Source<'_, '_>, part: NodeId) -> Result<Time, Refusal> {
    let id = source.attribute(part, "timestamp").ok_or_else(|| source.refuse(part, "expected a time"))?;
    let seconds = source.take(id).text().parse::<i64>().ok();
    seconds.and_then(|seconds| Time::from_unix_ms(seconds.checked_mul(1000)?)).ok_or_else(|| source.refuse(id, "expected a time in seconds"))
}

fn of_attribute(source: &Source<'_, '_>, part: NodeId, above: usize) -> Result<Option<Indicator>, Refusal> {
    let is = |name: &str| said(source, part, name).as_deref() == Some("true");
    let Some(id) = source.attribute(part, "type").filter(|_| is("to_ids") && !is("deleted")) else { return Ok(None) };
    let kind = source.value(id).text().into_owned();
    let Some(value) = said(source, part, "value").filter(|value| indicator::pattern(&kind, value).is_some()) else { return Ok(None) };
    let told = indicator::told(&kind).to_owned();
    if told == kind {
        source.take(id);
    } else {
        source.take_less(id, Value::Text(told.clone().into()))?;
    }
    required(source, part, "value")?;
    required(source, part, "to_ids")?;
    take_where(source, part, "category", indicator::category(&told));
    take_where(source, part, "distribution", INHERITED);
    let comment = source.attribute(part, "comment").map(|id| source.take(id).text().into_owned()).filter(|text| !text.is_empty());
    let level = self::level(source, part, &tags(source, part))?.map_or(above, |own| own.max(above));
    let (first, last) = (time(source, part, "first_seen"), time(source, part, "last_seen"));
    Ok(Some(Indicator { uuid: required(source, part, "uuid")?, kind: told, value, changed: seconds(source, part)?, first, last, comment, level }))
}

fn text(tree: &mut TreeBuilder<'_>, name: &'static str, value: &str, budget: &mut Budget) -> Result<(), Refusal> {
    tree.attribute("", name, Value::Text(value.to_owned().into()), NOWHERE, budget).map(|_| ())
}

fn moment(tree: &mut TreeBuilder<'_>, name: &'static str, time: Time, budget: &mut Budget) -> Result<(), Refusal> {
    tree.attribute("", name, Value::Time(time), NOWHERE, budget).map(|_| ())
}

/// A time that tells a version, as STIX spells it: text, to the millisecond.
fn version(tree: &mut TreeBuilder<'_>, name: &'static str, time: Time, budget: &mut Budget) -> Result<(), Refusal> {
    text(tree, name, &to_the_millisecond(time), budget)
}

// SPEC: STIX 2.1, 3.2. The time is of whole seconds.
fn to_the_millisecond(time: Time) -> String {
    time.to_string().replace('Z', ".000Z")
}

fn item(tree: &mut TreeBuilder<'_>, name: &'static str, value: &str, budget: &mut Budget) -> Result<(), Refusal> {
    tree.open(ARRAY, name, 0, budget)?;
    tree.text(Value::Text(value.to_owned().into()), NOWHERE, budget)?;
    tree.close(0);
    Ok(())
}

fn bundle<'a>(report: &Report, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let mut tree = TreeBuilder::with_capacity(64);
    tree.open("", "bundle", 0, budget)?;
    text(&mut tree, "id", &format!("bundle--{}", report.uuid), budget)?;
    text(&mut tree, "type", "bundle", budget)?;
    tree.open(ARRAY, "objects", 0, budget)?;
    version(&mut tree, "created", report.changed, budget)?;
    text(&mut tree, "id", &format!("report--{}", report.uuid), budget)?;
    version(&mut tree, "modified", report.changed, budget)?;
    text(&mut tree, "name", &report.title, budget)?;
    moment(&mut tree, "published", report.day, budget)?;
    text(&mut tree, "spec_version", "2.1", budget)?;
    text(&mut tree, "type", "report", budget)?;
    marked(&mut tree, report.level, budget)?;
    report.indicators.iter().try_for_each(|one| item(&mut tree, "object_refs", &format!("indicator--{}", one.uuid), budget))?;
    tree.close(0);
    report.indicators.iter().try_for_each(|one| object(&mut tree, one, budget))?;
    tree.close(0);
    super::event::whole(tree)
}

fn marked(tree: &mut TreeBuilder<'_>, level: usize, budget: &mut Budget) -> Result<(), Refusal> {
    item(tree, "object_marking_refs", indicator::LEVELS.get(level).map_or("", |(_, id)| *id), budget)
}

fn object(tree: &mut TreeBuilder<'_>, one: &Indicator, budget: &mut Budget) -> Result<(), Refusal> {
    tree.open(ARRAY, "objects", 0, budget)?;
    version(tree, "created", one.changed, budget)?;
    one.comment.iter().try_for_each(|comment| text(tree, "description", comment, budget))?;
    text(tree, "id", &format!("indicator--{}", one.uuid), budget)?;
    version(tree, "modified", one.changed, budget)?;
    text(tree, "pattern", &indicator::pattern(&one.kind, &one.value).unwrap_or_default(), budget)?;
    text(tree, "pattern_type", "stix", budget)?;
    text(tree, "spec_version", "2.1", budget)?;
    text(tree, "type", "indicator", budget)?;
    moment(tree, "valid_from", one.first.unwrap_or(one.changed), budget)?;
    one.last.iter().try_for_each(|last| moment(tree, "valid_until", *last, budget))?;
    marked(tree, one.level, budget)?;
    tree.close(0);
    Ok(())
}

fn to_misp<'a>(source: &Source<'_, 'a>, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let objects =
        |kind: &'static str| source.elements(NodeId::ROOT).map(|(id, _)| id).filter(move |id| said(source, *id, "type").as_deref() == Some(kind));
    let mut reports = objects("report");
    let report = reports.next().ok_or_else(|| source.refuse(NodeId::ROOT, "expected a report, which becomes the event"))?;
    if reports.next().is_some() {
        return Err(Refusal::new(Reason::TranslateSeveral, "expected one report, which becomes the event"));
    }
    let level = self::level(source, report, &references(source, report))?.ok_or_else(|| unmarked(source, report))?;
    let mut indicators = Vec::new();
    for object in objects("indicator") {
        let found = of_object(source, object)?;
        if found.as_ref().is_some_and(|found| found.level < level) {
            return Err(unmarked(source, object));
        }
        indicators.extend(found);
    }
    let uuid = identity(source, report, "report--")?;
    take_where(source, NodeId::ROOT, "id", &format!("bundle--{uuid}"));
    take_where(source, NodeId::ROOT, "type", "bundle");
    for (item, _) in source.elements(report).filter(|(_, node)| node.name == "object_refs") {
        let named = |id: &NodeId| indicators.iter().any(|one: &Indicator| source.value(*id).text().strip_prefix("indicator--") == Some(&one.uuid));
        source.text(item).filter(named).into_iter().for_each(|id| drop(source.take(id)));
    }
    let title = required(source, report, "name")?;
    let day = less(source, report, "published", 86_400)?;
    let report = Report { uuid, title, changed: versions(source, report)?, day, level, indicators };
    whole(source, &report, below(source, NodeId::ROOT).into_iter())?;
    event(&report, budget)
}

/// The markings that an object names.
fn references(source: &Source<'_, '_>, object: NodeId) -> Vec<NodeId> {
    let items = source.elements(object).filter(|(_, node)| node.name == "object_marking_refs");
    items.filter_map(|(item, _)| source.text(item)).collect()
}

/// The UUID in the id of an object, with what every object says.
fn identity(source: &Source<'_, '_>, object: NodeId, prefix: &str) -> Result<String, Refusal> {
    required(source, object, "type")?;
    required(source, object, "spec_version")?;
    let id = required(source, object, "id")?;
    id.strip_prefix(prefix).map(str::to_owned).ok_or_else(|| source.refuse(object, "expected an id of its own type"))
}

/// A time, cut to a multiple of so many seconds.
fn less(source: &Source<'_, '_>, object: NodeId, name: &str, step: u32) -> Result<Time, Refusal> {
    let id = source.attribute(object, name).ok_or_else(|| source.refuse(object, "expected a time"))?;
    let (exact, spell): (_, fn(Time) -> Value<'static>) = match source.value(id) {
        Value::Time(time) => (Some(time), Value::Time),
        Value::Text(text) => (Time::parse(&text), |time| Value::Text(to_the_millisecond(time).into())),
        _ => (None, Value::Time),
    };
    let exact = exact.ok_or_else(|| source.refuse(id, "expected a time"))?;
    let cut = exact.floor_to_seconds(step);
    if cut == exact {
        source.take(id);
    } else {
        source.take_less(id, spell(cut))?;
    }
    Ok(cut)
}

/// The time of the last change, in whole seconds. That of the first is taken where the two are one.
fn versions(source: &Source<'_, '_>, object: NodeId) -> Result<Time, Refusal> {
    let changed = less(source, object, "modified", 1)?;
    take_where(source, object, "created", &to_the_millisecond(changed));
    Ok(changed)
}

fn of_object(source: &Source<'_, '_>, object: NodeId) -> Result<Option<Indicator>, Refusal> {
    let revoked = said(source, object, "revoked").as_deref() == Some("true");
    let spelt = said(source, object, "pattern_type").as_deref() == Some("stix");
    let read = said(source, object, "pattern").filter(|_| spelt && !revoked).and_then(|pattern| indicator::read(&pattern));
    let Some((kind, value)) = read else { return Ok(None) };
    required(source, object, "pattern")?;
    required(source, object, "pattern_type")?;
    let level = self::level(source, object, &references(source, object))?.ok_or_else(|| unmarked(source, object))?;
    let comment = source.attribute(object, "description").map(|id| source.take(id).text().into_owned()).filter(|text| !text.is_empty());
    let uuid = identity(source, object, "indicator--")?;
    let changed = versions(source, object)?;
    let first = time(source, object, "valid_from").filter(|first| *first != changed);
    let last = time(source, object, "valid_until");
    Ok(Some(Indicator { uuid, kind: kind.to_owned(), value, changed, first, last, comment, level }))
}

fn event<'a>(report: &Report, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let mut tree = TreeBuilder::with_capacity(64);
    tree.open("", "misp", 0, budget)?;
    tree.open("", "Event", 0, budget)?;
    text(&mut tree, "date", report.day.to_string().get(..10).unwrap_or_default(), budget)?;
    text(&mut tree, "distribution", OWN, budget)?;
    text(&mut tree, "info", &report.title, budget)?;
    stamp(&mut tree, report.changed, budget)?;
    text(&mut tree, "uuid", &report.uuid, budget)?;
    report.indicators.iter().try_for_each(|one| attribute(&mut tree, one, budget))?;
    tag(&mut tree, report.level, budget)?;
    tree.close(0);
    tree.close(0);
    super::event::whole(tree)
}

fn stamp(tree: &mut TreeBuilder<'_>, time: Time, budget: &mut Budget) -> Result<(), Refusal> {
    text(tree, "timestamp", &time.unix_ms().div_euclid(1000).to_string(), budget)
}

fn tag(tree: &mut TreeBuilder<'_>, level: usize, budget: &mut Budget) -> Result<(), Refusal> {
    tree.open(ARRAY, "Tag", 0, budget)?;
    text(tree, "name", indicator::LEVELS.get(level).map_or("", |(tag, _)| *tag), budget)?;
    tree.close(0);
    Ok(())
}

fn attribute(tree: &mut TreeBuilder<'_>, one: &Indicator, budget: &mut Budget) -> Result<(), Refusal> {
    tree.open(ARRAY, "Attribute", 0, budget)?;
    text(tree, "category", indicator::category(&one.kind), budget)?;
    one.comment.iter().try_for_each(|comment| text(tree, "comment", comment, budget))?;
    text(tree, "distribution", INHERITED, budget)?;
    one.first.iter().try_for_each(|first| moment(tree, "first_seen", *first, budget))?;
    one.last.iter().try_for_each(|last| moment(tree, "last_seen", *last, budget))?;
    stamp(tree, one.changed, budget)?;
    tree.attribute("", "to_ids", Value::Flag(true), NOWHERE, budget)?;
    text(tree, "type", &one.kind, budget)?;
    text(tree, "uuid", &one.uuid, budget)?;
    text(tree, "value", &one.value, budget)?;
    tag(tree, one.level, budget)?;
    tree.close(0);
    Ok(())
}
