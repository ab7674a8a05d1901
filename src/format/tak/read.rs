//! The strict reading of a frame: fields in, the tree of an event out.
//!
//! Every message is read by its table, field by field; what is found drives the walk that the XML spelling drives too. The XML of `detail`
//! is read as the elements that it is; a typed element that stands there as well is refused, because receivers choose between the two.

use std::borrow::Cow;

use crate::base::{Budget, Reason, Refusal, Span, Time};
use crate::format::event::{DEPTH_MAX, Event};
use crate::format::syntax::protobuf::{Field, Fields, Wire};
use crate::format::syntax::xml::{self, Attribute, Cdata, Comments, Options, Reader, Tag, Text, Token};
use crate::normal::Tree;

use super::frame;
use super::schema::{EVENT, VERSION_MAX};
use super::wire::{self, Row, Spelt};

/// Elements of `detail` stand two levels below the document.
const OPTIONS: Options = Options { comments: Comments::Allow, cdata: Cdata::Inside("remarks"), depth_max: DEPTH_MAX.saturating_sub(2) };
/// Nodes that stand beside the XML: 64; those of all tables are fewer.
const NODES_BESIDE_XML: usize = 64;
/// Field numbers of our messages are smaller: 18.
const NUMBERS: usize = 18;

/// Reads a frame.
///
/// # Errors
/// `invalid.tak.*`, `invalid.cot.*`, `malformed.*`, `size.*`.
pub(super) fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let frame = frame::cut(body)?;
    let message = Message::read(body, wire::MESSAGE, frame.message, budget)?;
    let cot = message.inner("event", budget)?.ok_or_else(|| Refusal::at(Reason::InvalidTakEvent, frame.message, "expected a field 2, `cotEvent`"))?;
    let detail = cot.inner("detail", budget)?;
    let xml = detail.as_ref().map_or(Ok(None), Message::xml)?;
    let (nodes, values) = xml.map_or((0, 0), |(text, _)| xml::nodes_at_most(text));
    let mut event = Event::new(&EVENT, (nodes.saturating_add(NODES_BESIDE_XML), values.saturating_add(NODES_BESIDE_XML)));

    let kind = Attribute { namespace: "", name: "frame", value: Cow::Owned(frame.kind.to_owned()), span: frame.header };
    let mut attributes = vec![kind];
    attributes.extend(message.attributes("/event", |_| true)?);
    attributes.extend(cot.attributes("/event", |row| row.spelt != Spelt::Double)?);
    event.open(&tag("event", Span::new(0, body.len())), attributes.into_iter(), budget)?;
    if let Some(control) = message.inner("takControl", budget)? {
        open(&mut event, "takControl", control.span, control.versions()?, budget)?;
    }
    open(&mut event, "point", cot.span, cot.attributes("/event/point", |row| row.spelt == Spelt::Double)?, budget)?;
    if let Some(detail) = detail {
        event.open(&tag("detail", detail.span), std::iter::empty(), budget)?;
        elements(&mut event, &detail, xml, budget)?;
        event.close(detail.span.range().end)?;
    }
    event.close(body.len())?;
    event.finish()
}

/// The elements of `detail`: those of the XML, then those that have messages of their own, wherever they stood.
fn elements<'a>(event: &mut Event<'a>, detail: &Message<'a>, xml: Option<(&'a str, usize)>, budget: &mut Budget) -> Result<(), Refusal> {
    let mut later = Vec::new();
    if let Some((text, start)) = xml {
        untyped(event, text, start, &mut later, budget).map_err(|mut refusal| {
            if refusal.place.path.is_empty() {
                refusal.place.path = "/event/detail".to_owned();
            }
            refusal
        })?;
    }
    for (row, _) in wire::typed() {
        let in_xml = later.iter().any(|(name, _)| *name == row.name);
        match detail.inner(row.name, budget)? {
            Some(message) if in_xml => {
                let path = format!("/event/detail/{}", row.name);
                return Err(Refusal::at(Reason::InvalidTakBeside, message.span, "expected the element typed or in the XML, found both").on(path));
            }
            Some(message) => {
                let attributes = message.attributes(&format!("/event/detail/{}", row.name), |_| true)?;
                open(event, row.name, message.span, attributes, budget)?;
            }
            None => {
                for (_, pieces) in later.iter_mut().filter(|(name, _)| *name == row.name) {
                    pieces.drain(..).try_for_each(|piece| put(event, piece, budget))?;
                }
            }
        }
    }
    Ok(())
}

/// A part of the XML, placed in the body.
#[derive(Debug)]
enum Piece<'a> {
    Open(Tag<'a>, Vec<Attribute<'a>>),
    Text(Text<'a>),
    Close(usize),
}

fn put<'a>(event: &mut Event<'a>, piece: Piece<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    match piece {
        Piece::Open(tag, attributes) => event.open(&tag, attributes.into_iter(), budget),
        Piece::Text(text) => event.text(text, budget),
        Piece::Close(end) => event.close(end),
    }
}

/// Elements that are kept back, by name: each with its parts.
type Later<'a> = Vec<(&'a str, Vec<Piece<'a>>)>;

/// Reads the XML that begins at byte `start` of the body; elements that could have been typed are kept for later.
fn untyped<'a>(event: &mut Event<'a>, text: &'a str, start: usize, later: &mut Later<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    let shifted = |mut refusal: Refusal| {
        refusal.place.span = refusal.place.span.map(|span| shift(span, start));
        refusal
    };
    let mut reader = Reader::fragment(text, OPTIONS, budget).map_err(shifted)?;
    let placed = |attribute: Attribute<'a>| Attribute { span: shift(attribute.span, start), ..attribute };
    let (mut depth, mut kept) = (0_usize, false);
    loop {
        let piece = match reader.token(budget).map_err(shifted)? {
            Token::Open(mut tag) => {
                if depth == 0 {
                    kept = tag.namespace.is_empty() && wire::typed().any(|(row, _)| row.name == tag.name);
                    later.extend(kept.then(|| (tag.name, Vec::new())));
                }
                depth = depth.saturating_add(1);
                (tag.start, tag.end) = (tag.start.saturating_add(start), tag.end.saturating_add(start));
                let attributes = reader.attributes().map(placed);
                if !kept {
                    event.open(&tag, attributes, budget)?;
                    continue;
                }
                Piece::Open(tag, attributes.collect())
            }
            Token::Text(text) => Piece::Text(Text { span: shift(text.span, start), ..text }),
            Token::Close { end } => {
                depth = depth.saturating_sub(1);
                Piece::Close(end.saturating_add(start))
            }
            Token::End => return Ok(()),
        };
        match later.last_mut().filter(|_| kept) {
            Some((_, pieces)) => pieces.push(piece),
            None => put(event, piece, budget)?,
        }
    }
}

fn shift(span: Span, by: usize) -> Span {
    let range = span.range();
    Span::new(range.start.saturating_add(by), range.end.saturating_add(by))
}

const fn tag(name: &'static str, span: Span) -> Tag<'static> {
    // Spans come from bodies of at most 16 MiB.
    #[expect(clippy::as_conversions, reason = "u32 to usize loses nothing on the machines that are built for, and must run in const context")]
    Tag { namespace: "", name, start: span.start as usize, end: span.end as usize }
}

/// An element that holds attributes only.
fn open<'a>(event: &mut Event<'a>, name: &'static str, span: Span, attributes: Vec<Attribute<'a>>, budget: &mut Budget) -> Result<(), Refusal> {
    event.open(&tag(name, span), attributes.into_iter(), budget)?;
    event.close(span.range().end)
}

/// One message, its fields by their numbers.
#[derive(Debug)]
struct Message<'a> {
    body: &'a [u8],
    rows: &'static [Row],
    fields: [Option<Field<'a>>; NUMBERS],
    span: Span,
}

impl<'a> Message<'a> {
    fn read(body: &'a [u8], rows: &'static [Row], span: Span, budget: &mut Budget) -> Result<Self, Refusal> {
        let mut message = Self { body, rows, fields: [None; NUMBERS], span };
        let mut fields = Fields::new(body, span);
        while let Some(field) = fields.field(budget)? {
            let Some(row) = rows.iter().find(|row| row.number == field.number) else {
                return Err(Refusal::at(Reason::InvalidTakField, field.whole, "expected a field of version 1 of the protocol"));
            };
            let fits = match row.spelt {
                Spelt::Text | Spelt::Message(_) | Spelt::Xml => matches!(field.value, Wire::Bytes(_)),
                Spelt::Double => matches!(field.value, Wire::Fixed64(_)),
                Spelt::Whole | Spelt::Version | Spelt::Time => matches!(field.value, Wire::Varint(_)),
            };
            if !fits {
                let detail = format!("expected the wire type of `{}`, found another", row.name);
                return Err(Refusal::at(Reason::MalformedProtobufWire, field.whole, detail));
            }
            let slot = usize::try_from(field.number).ok().and_then(|number| message.fields.get_mut(number));
            slot.into_iter().for_each(|slot| *slot = Some(field));
        }
        Ok(message)
    }

    fn field(&self, row: &Row) -> Option<&Field<'a>> {
        usize::try_from(row.number).ok().and_then(|number| self.fields.get(number)).and_then(Option::as_ref)
    }

    /// The message inside this one that has the name.
    fn inner(&self, name: &str, budget: &mut Budget) -> Result<Option<Self>, Refusal> {
        let row = self.rows.iter().find(|row| row.name == name);
        let Some((Spelt::Message(rows), Some(field))) = row.map(|row| (row.spelt, self.field(row))) else { return Ok(None) };
        Self::read(self.body, rows, field.span, budget).map(Some)
    }

    /// The XML of `detail` with its place in the body; empty is none.
    fn xml(&self) -> Result<Option<(&'a str, usize)>, Refusal> {
        let field = self.rows.iter().find(|row| row.spelt == Spelt::Xml).and_then(|row| self.field(row));
        let Some(Field { value: Wire::Bytes(bytes), span, .. }) = field else { return Ok(None) };
        let start = span.range().start;
        let text = xml::text(bytes).map_err(|mut refusal| {
            refusal.place.span = refusal.place.span.map(|span| shift(span, start));
            refusal.on("/event/detail")
        })?;
        Ok(Some((text, start)).filter(|_| !text.is_empty()))
    }

    /// The attributes that the fields of the chosen rows are; numbers that are absent are 0, other fields are no attributes then.
    fn attributes(&self, path: &str, chosen: impl Fn(&Row) -> bool) -> Result<Vec<Attribute<'a>>, Refusal> {
        let mut found = Vec::with_capacity(self.rows.len());
        for row in self.rows.iter().filter(|row| chosen(row)) {
            let value = self.value(row).map_err(|refusal| refusal.on(format!("{path}/@{}", row.name)))?;
            let span = self.field(row).map_or(Span { end: self.span.start, ..self.span }, |field| field.span);
            found.extend(value.map(|value| Attribute { namespace: "", name: row.name, value, span }));
        }
        Ok(found)
    }

    fn value(&self, row: &Row) -> Result<Option<Cow<'a, str>>, Refusal> {
        let field = self.field(row);
        let refuse = |reason, detail: &str| Err(Refusal::at(reason, field.map_or(self.span, |field| field.span), detail));
        match (row.spelt, field.map(|field| field.value)) {
            (Spelt::Text, Some(Wire::Bytes(bytes))) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some(Cow::Borrowed(text)).filter(|text| !text.is_empty())),
                Err(_) => refuse(Reason::MalformedUtf8, "expected text in UTF-8"),
            },
            (Spelt::Double, Some(Wire::Fixed64(bytes))) => match wire::digits(f64::from_le_bytes(bytes)) {
                Some(digits) => Ok(Some(Cow::Owned(digits))),
                None => refuse(Reason::InvalidCotNumber, "expected a finite number, found NaN or infinity"),
            },
            (Spelt::Version, Some(Wire::Varint(0))) => Ok(None),
            (Spelt::Whole | Spelt::Version, Some(Wire::Varint(number))) => match u32::try_from(number) {
                Ok(number) => Ok(Some(Cow::Owned(number.to_string()))),
                Err(_) => refuse(Reason::MalformedProtobufVarint, "expected a number of at most 32 bits"),
            },
            (Spelt::Double | Spelt::Whole, None) => Ok(Some(Cow::Borrowed("0"))),
            (Spelt::Time, Some(Wire::Varint(ms))) if ms > 0 => match i64::try_from(ms).ok().and_then(Time::from_unix_ms) {
                Some(time) => Ok(Some(Cow::Owned(time.to_string()))),
                None => refuse(Reason::InvalidCotTime, "expected milliseconds since 1970 up to the year 9999"),
            },
            _ => Ok(None),
        }
    }

    /// The attributes of `takControl`, whose versions must be a range.
    // SPEC: TAK protocol, takcontrol.proto: a version that is not filled in is to be read as 1.
    fn versions(&self) -> Result<Vec<Attribute<'a>>, Refusal> {
        let found = self.attributes("/event/takControl", |_| true)?;
        let said = |name| found.iter().find(|attribute| attribute.name == name).map_or(Ok(1), |attribute| attribute.value.parse::<u32>());
        match (said("minProtoVersion"), said("maxProtoVersion")) {
            (Ok(least), Ok(most)) if least <= most && most <= VERSION_MAX => Ok(found),
            _ => {
                let detail = format!("expected versions from 1 to {VERSION_MAX}, the least not above the greatest");
                Err(Refusal::at(Reason::InvalidTakControl, self.span, detail).on("/event/takControl"))
            }
        }
    }
}
