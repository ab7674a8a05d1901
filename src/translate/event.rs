//! Cursor-on-Target between its two spellings, XML and the TAK protocol: one event, so all but what only one of them has.
//!
//! Lost from XML: `version`, empty texts of attributes that the protocol has fields for, attributes of `detail`. Lost from the protocol:
//! `frame`, `submissionTime`, `creationTime` and `takControl`. Said less exactly in the protocol: times to the millisecond below, numbers to
//! the nearest that 64 bits hold. A frame that is made here is one of a mesh, whose header says the version of the protocol.

use super::{Source, Translation};
use crate::base::{Budget, Decimal, Reason, Refusal, Span, Time};
use crate::format::tak::wire::{self, Row, Spelt};
use crate::normal::{Kind, NodeId, Tree, TreeBuilder, Value};

/// From XML to the TAK protocol.
pub(super) const COT_TO_TAK: Translation = Translation { from: "cot", to: "tak", translate: to_protocol };
/// From the TAK protocol to XML.
pub(super) const TAK_TO_COT: Translation = Translation { from: "tak", to: "cot", translate: to_xml };

/// Where what is made stands in the body: nowhere.
pub(super) const NOWHERE: Span = Span { start: 0, end: 0 };
/// Attributes that only the TAK protocol has.
const PROTOCOL_ONLY: [&str; 3] = ["frame", "submissionTime", "creationTime"];
/// The version of events in XML.
pub(super) const VERSION: &str = "2.0";

fn to_protocol<'a>(source: &Source<'_, 'a>, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let mut event = TreeBuilder::with_capacity(64);
    event.open("", "event", 0, budget)?;
    source.take(NodeId::ROOT);
    event.attribute("", "frame", Value::Text("mesh".into()), NOWHERE, budget)?;
    let attributes = || wire::EVENT.iter().filter(|row| matches!(row.spelt, Spelt::Text | Spelt::Time));
    fields(source, NodeId::ROOT, attributes(), &mut event, budget)?;
    if let Some(point) = source.element(NodeId::ROOT, "point") {
        event.open("", "point", 0, budget)?;
        source.take(point);
        fields(source, point, wire::EVENT.iter().filter(|row| row.spelt == Spelt::Double), &mut event, budget)?;
        event.close(0);
    }
    if let Some(detail) = source.element(NodeId::ROOT, "detail") {
        event.open("", "detail", 0, budget)?;
        source.take(detail);
        // SPEC: TAK protocol, detail.proto: what has a message of its own stands after the XML.
        let typed = |name: &str, namespace: &str| wire::typed().position(|(row, _)| namespace.is_empty() && row.name == name);
        let mut elements: Vec<_> = source
            .elements(detail)
            .map(|(id, node)| (typed(node.name.as_str(), node.namespace.as_str()).map_or(0, |at| at.saturating_add(1)), id))
            .collect();
        elements.sort_by_key(|(at, _)| *at);
        elements.into_iter().try_for_each(|(_, id)| source.copy(id, &mut event, budget))?;
        event.close(0);
    }
    event.close(0);
    whole(event)
}

/// Attributes as the fields that the protocol has for them.
fn fields<'a>(
    source: &Source<'_, 'a>,
    element: NodeId,
    rows: impl Iterator<Item = &'static Row>,
    event: &mut TreeBuilder<'a>,
    budget: &mut Budget,
) -> Result<(), Refusal> {
    for row in rows {
        let Some(id) = source.attribute(element, row.name) else { continue };
        let value = match (row.spelt, source.value(id)) {
            // The protocol has no empty text.
            (Spelt::Text, value) if value.text().is_empty() => continue,
            (Spelt::Time, Value::Time(time)) => moment(source, id, time)?,
            (Spelt::Double, Value::Number(number, unit)) => {
                let near = nearest(number).ok_or_else(|| source.refuse(id, "expected a number that 64 bits hold"))?;
                if near == number { source.take(id) } else { source.take_less(id, Value::Number(near, unit))? }
            }
            _ => source.take(id),
        };
        event.attribute("", row.name, value, NOWHERE, budget)?;
    }
    Ok(())
}

/// A time as the protocol has it: whole milliseconds after 1970.
fn moment<'a>(source: &Source<'_, 'a>, id: NodeId, time: Time) -> Result<Value<'a>, Refusal> {
    let ms = time.unix_ms();
    let near = Time::from_unix_ms(ms).filter(|_| ms > 0).ok_or_else(|| source.refuse(id, "expected a time after 1970"))?;
    if near == time { Ok(source.take(id)) } else { source.take_less(id, Value::Time(near)) }
}

/// The number that 64 bits hold and that lies nearest.
fn nearest(number: Decimal) -> Option<Decimal> {
    let binary: f64 = number.to_string().parse().ok()?;
    Decimal::parse(&wire::digits(binary)?)
}

fn to_xml<'a>(source: &Source<'_, 'a>, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let mut event = TreeBuilder::with_capacity(64);
    event.open("", "event", 0, budget)?;
    source.take(NodeId::ROOT);
    event.attribute("", "version", Value::Text(VERSION.into()), NOWHERE, budget)?;
    for (id, node) in source.children(NodeId::ROOT) {
        let carried = match node.kind {
            Kind::Attribute => !PROTOCOL_ONLY.contains(&node.name.as_str()),
            Kind::Element => node.name != "takControl",
            Kind::Text => false,
        };
        if carried {
            source.copy(id, &mut event, budget)?;
        }
    }
    event.close(0);
    whole(event)
}

pub(super) fn whole(event: TreeBuilder<'_>) -> Result<Tree<'_>, Refusal> {
    event.finish().ok_or_else(|| Refusal::new(Reason::FaultInternal, "expected a translation that is one whole message"))
}
