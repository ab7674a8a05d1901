//! The strict reading of a mail: bytes, lines, fields, parts, then a typed tree.
//!
//! No recovery: what two mail programs could read in two ways is refused, with the place. The tree has the fields in the order of
//! the table, so that the order in which they were sent is no channel.

use std::borrow::Cow;

use crate::base::{Budget, Decimal, Reason, Refusal, Span};
use crate::normal::{Tree, TreeBuilder, Unit, Value};

use super::address::{Mailbox, mailboxes};
use super::decode;
use super::inside::Attached;
use super::lines::{Field, check, header};
use super::parameter::{First, Parameter, parameters};
use super::part::{Disposition, Part, Placed, parts};
use super::schema::{CODRESS_MAX, HEADER, Kind, MESSAGE_TYPES, MIME, PRECEDENCES, Place, REQUIRED, Row};
use super::value::Identifier;
use super::{sio, value, words};

/// Reads a mail.
///
/// # Errors
/// `malformed.mail.*`, `malformed.utf8`, `malformed.text.character`, `invalid.mail.*`, `size.*`.
pub(super) fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    check(body, budget)?;
    let (fields, start) = header(body, 0..body.len(), budget)?;
    once(&fields, start)?;
    let (mime, fields): (Vec<_>, Vec<_>) = fields.into_iter().partition(|field| MIME.contains(&field.name.as_str()));
    if let Some(first) = mime.first().filter(|_| mime.iter().all(|field| field.name != "mime-version")) {
        return Err(first.refusal(Reason::InvalidMailMime, "expected MIME-Version beside fields of content"));
    }
    let mut tree = TreeBuilder::with_capacity(fields.len().saturating_mul(4));
    tree.open("", "mail", 0, budget)?;
    tree.open("", "header", 0, budget)?;
    fields_of(&mut tree, &fields, budget)?;
    tree.close(start);
    for (at, part) in parts(body, mime, start..body.len(), budget)?.iter().enumerate() {
        add(&mut tree, body, part, at == 0, budget)?;
    }
    tree.close(body.len());
    tree.finish().ok_or_else(|| Refusal::new(Reason::MalformedMailHeader, "expected one mail"))
}

/// Fields of the table stand once, required ones always.
// SPEC: RFC 5322, 3.6: min and max number of each field.
fn once(fields: &[Field<'_>], end: usize) -> Result<(), Refusal> {
    for name in HEADER.iter().map(|row| row.name).chain(MIME) {
        if let Some(second) = fields.iter().filter(|field| field.name == name).nth(1) {
            return Err(second.refusal(Reason::InvalidMailRepeated, format!("expected `{name}` once")));
        }
    }
    let missing = REQUIRED.iter().find(|name| fields.iter().all(|field| field.name != **name));
    match missing {
        Some(name) => Err(Refusal::at(Reason::InvalidMailMissing, Span::new(0, end), format!("expected the field `{name}`")).on("/mail/header")),
        None => Ok(()),
    }
}

fn fields_of<'a>(tree: &mut TreeBuilder<'a>, fields: &[Field<'a>], budget: &mut Budget) -> Result<(), Refusal> {
    for place in [Place::Attribute, Place::Element] {
        for row in HEADER.iter().filter(|row| row.place() == place) {
            if let Some(field) = fields.iter().find(|field| field.name == row.name) {
                known(tree, row, field, budget)?;
            }
        }
    }
    for field in fields.iter().filter(|field| HEADER.iter().all(|row| row.name != field.name)) {
        let (text, span) = words::text(field)?;
        tree.open("", "field", field.span.range().start, budget)?;
        tree.attribute("", "name", Value::Text(field.name.clone().into()), field.span, budget)?;
        if !text.trim().is_empty() {
            tree.text(Value::Text(text), span, budget)?;
        }
        tree.close(field.span.range().end);
    }
    Ok(())
}

/// Adds a field of the table.
fn known<'a>(tree: &mut TreeBuilder<'a>, row: &'static Row, field: &Field<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    let value = match row.kind {
        Kind::Date => (Value::Time(value::date(field)?), field.span),
        Kind::Unstructured => text(words::text(field)?),
        Kind::Military => text(value::military(field)?),
        Kind::Precedence => (word(value::one_of(field, &field.text, &PRECEDENCES)?), field.span),
        Kind::Number => (number(field)?, field.span),
        Kind::Label => return sio::label(tree, field, budget),
        Kind::Mailbox | Kind::Mailboxes => {
            let all = mailboxes(field)?;
            if row.kind == Kind::Mailbox && all.len() != 1 {
                return Err(field.refusal(Reason::InvalidMailAddress, "expected one mailbox"));
            }
            return list(tree, row.name, field, budget, |tree, budget| all.into_iter().try_for_each(|each| mailbox(tree, each, budget)));
        }
        Kind::Identifier => {
            let only = value::identifier(field)?;
            return list(tree, row.name, field, budget, |tree, budget| halves(tree, only, budget));
        }
        Kind::Identifiers => {
            let all = value::identifiers(field)?;
            return list(tree, row.name, field, budget, |tree, budget| {
                all.into_iter().try_for_each(|each| {
                    let place = each.whole.1.range();
                    tree.open("", "id", place.start, budget)?;
                    halves(tree, each, budget)?;
                    tree.close(place.end);
                    Ok(())
                })
            });
        }
        Kind::Militaries(item) => return items(tree, row.name, item, field, value::militaries(field, item)?, budget),
        Kind::MessageType => return message_type(tree, row.name, field, budget),
    };
    tree.attribute("", row.name, value.0, value.1, budget).map(|_| ())
}

fn text((text, span): Placed<'_>) -> (Value<'_>, Span) {
    (Value::Text(text), span)
}

/// A word that does not stand in the body as it is spelt here.
fn word(word: &'static str) -> Value<'static> {
    Value::Text(word.to_owned().into())
}

fn number(field: &Field<'_>) -> Result<Value<'static>, Refusal> {
    let most = i64::from(CODRESS_MAX);
    let number = Decimal::parse(&field.text).filter(|_| field.text.bytes().all(|b| b.is_ascii_digit()));
    let fits = field.text.parse::<i64>().is_ok_and(|number| number <= most);
    number
        .filter(|_| fits)
        .map(|number| Value::Number(number, Unit::One))
        .ok_or_else(|| field.refusal(Reason::InvalidMailMmhs, "expected a number of digits, at most 4294967295"))
}

/// An element with what `fill` puts into it.
fn list<'a>(
    tree: &mut TreeBuilder<'a>,
    name: &'static str,
    field: &Field<'a>,
    budget: &mut Budget,
    fill: impl FnOnce(&mut TreeBuilder<'a>, &mut Budget) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    tree.open("", name, field.span.range().start, budget)?;
    fill(tree, budget)?;
    tree.close(field.span.range().end);
    Ok(())
}

fn items<'a>(
    tree: &mut TreeBuilder<'a>,
    name: &'static str,
    item: &'static str,
    field: &Field<'a>,
    all: Vec<Placed<'a>>,
    budget: &mut Budget,
) -> Result<(), Refusal> {
    list(tree, name, field, budget, |tree, budget| {
        all.into_iter().try_for_each(|(text, span)| {
            tree.open("", item, span.range().start, budget)?;
            tree.text(Value::Text(text), span, budget)?;
            tree.close(span.range().end);
            Ok(())
        })
    })
}

fn halves<'a>(tree: &mut TreeBuilder<'a>, identifier: Identifier<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    for (name, (text, span)) in [("left", identifier.left), ("right", identifier.right)] {
        tree.attribute("", name, Value::Text(text), span, budget)?;
    }
    Ok(())
}

fn mailbox<'a>(tree: &mut TreeBuilder<'a>, mailbox: Mailbox<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    tree.open("", "mailbox", mailbox.span.range().start, budget)?;
    for (name, (text, span)) in [("domain", mailbox.domain), ("local", mailbox.local)] {
        tree.attribute("", name, Value::Text(text), span, budget)?;
    }
    if let Some((name, span)) = mailbox.name {
        tree.attribute("", "name", Value::Text(name), span, budget)?;
    }
    tree.close(mailbox.span.range().end);
    Ok(())
}

// SPEC: RFC 6477, 3.10: a word or its number, then optionally `identifier` with a military string in quotes. Of the numbers, those without
// a word are refused: nobody can tell which of them an exercise is.
fn message_type<'a>(tree: &mut TreeBuilder<'a>, name: &'static str, field: &Field<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    let end = field.text.find(';').unwrap_or(field.text.len());
    let word = value::one_of(field, field.text.get(..end).unwrap_or("").trim_end_matches(' '), &MESSAGE_TYPES)?;
    let mut all = parameters(field, end, First::Follows)?;
    let named = |only: &Parameter<'_>| only.name == "identifier" && value::is_military(&only.value) && only.value.trim() == only.value;
    let identifier = all.pop().filter(|only| named(only) && field.text.ends_with('"'));
    if !all.is_empty() || end < field.text.len() && identifier.is_none() {
        let detail =
            "expected `identifier` with a string of 1 to 69 letters, digits, spaces and `'+,-./:=?` in quotes, and nothing else, after the type";
        return Err(field.refusal(Reason::InvalidMailMmhs, detail));
    }
    list(tree, name, field, budget, |tree, budget| {
        if let Some(Parameter { value, span, .. }) = identifier {
            tree.attribute("", "identifier", Value::Text(value), span, budget)?;
        }
        tree.attribute("", "type", self::word(word), field.span, budget).map(|_| ())
    })
}

/// Adds a part: the text of the mail, or an attachment.
fn add<'a>(tree: &mut TreeBuilder<'a>, body: &'a [u8], part: &Part<'a>, first: bool, budget: &mut Budget) -> Result<(), Refusal> {
    let is_text = decode::is_text(part);
    let letter = first && is_text && part.file_name.is_none() && part.disposition == Disposition::Inline && part.about.is_empty();
    let bytes = if letter { Cow::Borrowed(&[][..]) } else { decode::bytes(body, part, budget)? };
    let attached = Attached::identify(&bytes, &part.kind.0, Span::new(part.content.start, part.content.end))?;
    let content = match attached {
        _ if is_text => decode::text(body, part, budget)?,
        Some(_) => None,
        None => decode::data(body, part, budget)?,
    };
    let span = part.span.range();
    tree.open("", if letter { "body" } else { "attachment" }, span.start, budget)?;
    let optional = |name: &'static str, placed: &Option<Placed<'a>>| placed.clone().map(|placed| (name, placed));
    // The fields of a simple mail's one part stand in the header: their places are the part's beginning.
    let within =
        |place: Span| if span.start <= place.range().start && place.range().end <= span.end { place } else { Span::new(span.start, span.start) };
    let kind = (!letter).then(|| ("type", (part.kind.0.clone().into(), part.kind.1)));
    let format = attached.as_ref().map(|attached| ("format", (Cow::Owned(attached.name().to_owned()), Span::new(span.start, span.start))));
    let attributes = [optional("description", &part.description), format, optional("id", &part.id), optional("name", &part.file_name), kind];
    for (name, (text, place)) in attributes.into_iter().flatten() {
        let owned = within(place) != place;
        let value = if owned { Value::Text(text.into_owned().into()) } else { Value::Text(text) };
        tree.attribute("", name, value, within(place), budget)?;
    }
    if letter {
        if let Some((text, place)) = content {
            tree.text(Value::Text(text), place, budget)?;
        }
        tree.close(span.end);
        return Ok(());
    }
    let about = part.about.iter().map(|parameter| ("disposition", parameter));
    let typed = part.parameters.iter().filter(|_| !is_text).map(|parameter| ("parameter", parameter));
    for (element, Parameter { name, value, span: place, .. }) in about.chain(typed) {
        let place = within(*place);
        tree.open("", element, place.range().start, budget)?;
        tree.attribute("", "name", Value::Text(name.clone().into()), place, budget)?;
        tree.attribute("", "value", Value::Text(value.clone().into_owned().into()), place, budget)?;
        tree.close(place.range().end);
    }
    if let Some(attached) = attached {
        attached.read(tree, budget)?;
        tree.close(span.end);
        return Ok(());
    }
    tree.open("", if is_text { "text" } else { "data" }, part.content.start, budget)?;
    if let Some((text, place)) = content {
        tree.text(Value::Text(text), place, budget)?;
    }
    tree.close(part.content.end);
    tree.close(span.end);
    Ok(())
}
