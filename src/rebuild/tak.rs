//! The writer of canonical TAK protocol frames.
//!
//! One spelling for one tree: fields in rising order, minimal varints, defaults left out, doubles little endian. An element of `detail` that
//! has a message of its own is written as that message where it says exactly what the message can say, and else in the XML, which holds all
//! other elements in their order and then these. So an edit that takes away half of such an element is written as what it is.
//! What the protocol cannot carry (another attribute of `event`, a number that no double holds, an empty text) is a fault, never left out in silence.

use std::borrow::Cow;

use crate::base::{Decimal, Reason, Refusal, Time};
use crate::format::tak::wire::{self, Row, Spelt};
use crate::normal::{Change, Edits, Kind, Node, NodeId, Tree};

use super::xml;

/// Writes the frame.
pub(super) fn write(tree: &Tree<'_>, edits: &Edits) -> Result<Vec<u8>, Refusal> {
    let writer = Writer { tree, edits };
    let mut attributes = writer.attributes(NodeId::ROOT);
    let frame = taken(&mut attributes, "frame").map(|attribute| attribute.text);
    let mut message = Vec::new();
    if let Some(control) = writer.element("takControl")? {
        put(1, Wire::Bytes(&writer.control(control)?), &mut message);
    }
    put(2, Wire::Bytes(&writer.event(&mut attributes)?), &mut message);
    writer.fields(NodeId::ROOT, wire::MESSAGE, &mut attributes, &mut message)?;
    if let Some(attribute) = attributes.first() {
        return Err(writer.fault(attribute.id, "expected an attribute that the TAK protocol carries"));
    }
    let mut out = Vec::with_capacity(message.len().saturating_add(11));
    match frame.as_deref() {
        Some("mesh") => out.extend([0xbf, 0x01, 0xbf]),
        Some("stream") => {
            out.push(0xbf);
            varint(wide(message.len()), &mut out);
        }
        _ => return Err(writer.fault(NodeId::ROOT, "expected a frame of `mesh` or `stream`")),
    }
    out.extend(message);
    Ok(out)
}

struct Writer<'t, 'a> {
    tree: &'t Tree<'a>,
    edits: &'t Edits,
}

/// An attribute as it is left after the edits.
struct Attribute<'t> {
    id: NodeId,
    name: &'t str,
    plain: bool,
    text: Cow<'t, str>,
}

fn taken<'t>(attributes: &mut Vec<Attribute<'t>>, name: &str) -> Option<Attribute<'t>> {
    let place = attributes.iter().position(|attribute| attribute.plain && attribute.name == name)?;
    Some(attributes.remove(place))
}

impl<'t, 'a> Writer<'t, 'a> {
    fn attributes(&self, id: NodeId) -> Vec<Attribute<'t>> {
        let (tree, edits) = (self.tree, self.edits);
        let left = |(id, node): (NodeId, Node<'t, 'a>)| {
            let text = match edits.of(id).map(|edit| &edit.change) {
                Some(Change::Remove) => return None,
                Some(Change::Replace(value)) => value.text(),
                None => node.value.text(),
            };
            Some(Attribute { id, name: node.name.as_str(), plain: node.namespace.is_empty(), text })
        };
        tree.attributes(id).filter_map(left).collect()
    }

    /// Children that are no attributes and not removed.
    fn content(&self, id: NodeId) -> impl Iterator<Item = (NodeId, Node<'t, 'a>)> + 't {
        let edits = self.edits;
        let removed = move |id| edits.of(id).is_some_and(|edit| edit.change == Change::Remove);
        self.tree.children(id).filter(move |(id, node)| node.kind != Kind::Attribute && !removed(*id))
    }

    /// The child of `event` that has the name, where it is left.
    fn element(&self, name: &str) -> Result<Option<NodeId>, Refusal> {
        let found = self.content(NodeId::ROOT).find(|(_, node)| node.name == name && node.namespace.is_empty());
        match found {
            Some((id, _)) if self.edits.of(id).is_some() => Err(self.fault(id, "expected no replacement of an element")),
            found => Ok(found.map(|(id, _)| id)),
        }
    }

    /// Writes the fields of those rows that are attributes, and takes the attributes away. Numbers must be there.
    fn fields(&self, id: NodeId, rows: &[Row], attributes: &mut Vec<Attribute<'_>>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        for row in rows.iter().filter(|row| !matches!(row.spelt, Spelt::Message(_) | Spelt::Xml)) {
            match taken(attributes, row.name) {
                Some(attribute) => field(row, &attribute.text, out).map_err(|expected| self.fault(attribute.id, expected))?,
                None if matches!(row.spelt, Spelt::Double | Spelt::Whole) => {
                    return Err(self.fault(id, "expected every number that the TAK protocol carries"));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn control(&self, id: NodeId) -> Result<Vec<u8>, Refusal> {
        let mut attributes = self.attributes(id);
        let mut out = Vec::new();
        self.fields(id, wire::CONTROL, &mut attributes, &mut out)?;
        self.nothing_left(id, &attributes).map(|()| out)
    }

    fn event(&self, attributes: &mut Vec<Attribute<'_>>) -> Result<Vec<u8>, Refusal> {
        let known = |node: &Node<'_, '_>| node.namespace.is_empty() && ["takControl", "point", "detail"].contains(&node.name.as_str());
        if let Some((id, _)) = self.content(NodeId::ROOT).find(|(_, node)| !known(node)) {
            return Err(self.fault(id, "expected only `takControl`, `point` and `detail` in `event`"));
        }
        let point = self.element("point")?.ok_or_else(|| self.fault(NodeId::ROOT, "expected a `point`"))?;
        let mut place = self.attributes(point);
        let mut out = Vec::new();
        for row in wire::EVENT {
            let row = std::slice::from_ref(row);
            match row {
                [Row { spelt: Spelt::Double, .. }] => self.fields(point, row, &mut place, &mut out)?,
                [Row { spelt: Spelt::Message(_), number, .. }] => {
                    if let Some(detail) = self.element("detail")? {
                        put(*number, Wire::Bytes(&self.detail(detail)?), &mut out);
                    }
                }
                _ => self.fields(NodeId::ROOT, row, attributes, &mut out)?,
            }
        }
        self.nothing_left(point, &place).map(|()| out)
    }

    fn detail(&self, id: NodeId) -> Result<Vec<u8>, Refusal> {
        if let Some(attribute) = self.attributes(id).first() {
            return Err(self.fault(attribute.id, "expected no attribute of `detail`, which the TAK protocol does not carry"));
        }
        let row_of = |node: &Node<'_, '_>| wire::typed().find(|(row, _)| node.namespace.is_empty() && row.name == node.name);
        let mut others = Vec::new();
        let mut typed = Vec::new();
        for (child, node) in self.content(id) {
            match row_of(&node) {
                _ if node.kind == Kind::Text => return Err(self.fault(child, "expected no text in `detail`")),
                None => others.push(child),
                Some((row, rows)) => typed.push((row.number, child, self.typed(child, rows))),
            }
        }
        typed.sort_by_key(|(number, ..)| *number);
        others.extend(typed.iter().filter(|(.., message)| message.is_none()).map(|(_, child, _)| *child));
        let mut out = Vec::new();
        if !others.is_empty() {
            put(1, Wire::Bytes(xml::fragment(self.tree, self.edits, others.into_iter())?.as_bytes()), &mut out);
        }
        for (number, _, message) in &typed {
            message.iter().for_each(|message| put(*number, Wire::Bytes(message), &mut out));
        }
        Ok(out)
    }

    /// An element as its message; `None` where it says more or less than the message can.
    fn typed(&self, id: NodeId, rows: &[Row]) -> Option<Vec<u8>> {
        let mut attributes = self.attributes(id);
        let mut out = Vec::new();
        let whole = self.edits.of(id).is_none()
            && self.fields(id, rows, &mut attributes, &mut out).is_ok()
            && attributes.is_empty()
            && self.content(id).next().is_none();
        whole.then_some(out)
    }

    fn nothing_left(&self, id: NodeId, attributes: &[Attribute<'_>]) -> Result<(), Refusal> {
        let content = self.content(id).next().map(|(child, _)| child);
        match attributes.first().map(|attribute| attribute.id).or(content) {
            Some(other) => Err(self.fault(other, "expected only what the TAK protocol carries")),
            None => Ok(()),
        }
    }

    fn fault(&self, id: NodeId, detail: &str) -> Refusal {
        Refusal::new(Reason::FaultInternal, detail).on(self.tree.path(id))
    }
}

/// Writes one field that is an attribute; nothing where the value is the default.
fn field(row: &Row, text: &str, out: &mut Vec<u8>) -> Result<(), &'static str> {
    match row.spelt {
        Spelt::Text if text.is_empty() => return Err("expected a text that is not empty: the TAK protocol has none"),
        Spelt::Text => put(row.number, Wire::Bytes(text.as_bytes()), out),
        Spelt::Double => {
            let exact = Decimal::parse(text).ok_or("expected a number")?;
            let binary = exact.to_string().parse::<f64>().map_err(|_| "expected a number")?;
            let again = wire::digits(binary).and_then(|digits| Decimal::parse(&digits));
            if again != Some(exact) {
                return Err("expected a number that 64 bits hold");
            }
            if exact != Decimal::whole(0) {
                put(row.number, Wire::Fixed64(binary.to_le_bytes()), out);
            }
        }
        Spelt::Whole | Spelt::Version => match text.parse::<u32>().map_err(|_| "expected a whole number of at most 32 bits")? {
            0 if row.spelt == Spelt::Version => return Err("expected a version that is not 0: the TAK protocol has none"),
            0 => {}
            number => put(row.number, Wire::Varint(u64::from(number)), out),
        },
        Spelt::Time => {
            let time = Time::parse(text).filter(|time| time.unix_ns().rem_euclid(1_000_000) == 0);
            let ms = time.and_then(|time| u64::try_from(time.unix_ms()).ok()).filter(|ms| *ms > 0);
            put(row.number, Wire::Varint(ms.ok_or("expected a time of whole milliseconds after 1970")?), out);
        }
        Spelt::Message(_) | Spelt::Xml => return Err("expected a field that is an attribute"),
    }
    Ok(())
}

enum Wire<'b> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'b [u8]),
}

fn put(number: u32, value: Wire<'_>, out: &mut Vec<u8>) {
    let key = |wire: u64| u64::from(number).saturating_mul(8).saturating_add(wire);
    match value {
        Wire::Varint(value) => {
            varint(key(0), out);
            varint(value, out);
        }
        Wire::Fixed64(bytes) => {
            varint(key(1), out);
            out.extend(bytes);
        }
        Wire::Bytes(bytes) => {
            varint(key(2), out);
            varint(wide(bytes.len()), out);
            out.extend(bytes);
        }
    }
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
