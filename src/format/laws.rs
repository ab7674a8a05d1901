//! Laws of the family: what holds for every format and every body, checked by unit tests, fuzzing and corpora alike.
//!
//! Each law takes a format and bytes, and gives the sentence of what was broken. Laws never panic of themselves.
//! The writer is an argument, because it belongs to a later room.

use std::borrow::Cow;

use crate::base::{Budget, Refusal, Span};
use crate::normal::{Kind, Tree, Value};

use super::{Format, Syntax};

/// What writes a tree without edits.
pub type Writer = fn(&Tree<'_>, Syntax) -> Result<Vec<u8>, Refusal>;

/// A broken law: one sentence.
pub type Broken = String;

/// All laws that cost no more than a few readings: for fuzzing.
///
/// # Errors
/// The first law that is broken.
pub fn all(format: &'static Format, body: &[u8], write: Writer) -> Result<(), Broken> {
    places_are_true(format, body)?;
    reading_and_writing_are_stable(format, body, write)
}

/// Every span lies in the body and in its parent's span, borrowed text is the bytes at its span, and a refusal's span lies in the body and cuts no character.
///
/// # Errors
/// What was broken.
pub fn places_are_true(format: &'static Format, body: &[u8]) -> Result<(), Broken> {
    let within = |outer: Span, inner: Span| outer.start <= inner.start && inner.start <= inner.end && inner.end <= outer.end;
    let whole = Span::new(0, body.len());
    let tree = match read(format, body) {
        Ok(tree) => tree,
        Err(refusal) => {
            let inside = refusal.place.span.is_none_or(|span| within(whole, span));
            // A binary body may happen to be UTF-8; its fields know nothing of characters.
            let text = std::str::from_utf8(body).ok().filter(|_| format.syntax != Syntax::Tak);
            let cut = refusal.place.span.is_some_and(|span| text.is_some_and(|text| text.get(span.range()).is_none()));
            return match (inside, cut) {
                (true, false) => Ok(()),
                (false, _) => Err(format!("the span of `{}` lies outside the body", refusal.reason)),
                (true, true) => Err(format!("the span of `{}` cuts a character", refusal.reason)),
            };
        }
    };
    for (id, node) in tree.all() {
        let outer = tree.parent(id).map_or(whole, |parent| tree.node(parent).span);
        if !within(outer, node.span) {
            return Err(format!("the span of {} lies outside its parent", tree.path(id)));
        }
        if let Value::Text(Cow::Borrowed(text)) = &node.value
            && body.get(node.span.range()) != Some(text.as_bytes())
        {
            return Err(format!("borrowed text of {} is not at its span", tree.path(id)));
        }
        if node.kind == Kind::Text && node.value.text().trim().is_empty() && node.value.text().is_ascii() {
            return Err(format!("text of {} is only white space", tree.path(id)));
        }
    }
    Ok(())
}

/// What was read is written, read again as the same fields, and written again as the same bytes.
///
/// # Errors
/// What was broken.
pub fn reading_and_writing_are_stable(format: &'static Format, body: &[u8], write: Writer) -> Result<(), Broken> {
    let Ok(first) = read(format, body) else { return Ok(()) };
    let written = write(&first, format.syntax).map_err(|refusal| format!("what was read is not written: {refusal}"))?;
    if !(format.claims)(&written) {
        return Err("what was written is not claimed by its format".into());
    }
    let second = read(format, &written).map_err(|refusal| format!("what was written is not read: {refusal}"))?;
    if !first.same_fields(&second) {
        return Err("what was written is read as other fields".into());
    }
    let again = write(&second, format.syntax).map_err(|refusal| format!("what was read twice is not written: {refusal}"))?;
    if again == written { Ok(()) } else { Err("the second writing differs from the first".into()) }
}

/// Every change of one byte is refused, changes the fields, or is of those that [`is_insignificant`] lists. Costs some readings for each byte.
///
/// # Errors
/// The place of the first byte that does not count.
pub fn every_byte_counts(format: &'static Format, body: &[u8]) -> Result<(), Broken> {
    let first = read(format, body).map_err(|refusal| format!("expected a body that is read, found {refusal}"))?;
    let mut changed = body.to_vec();
    for at in 0..body.len() {
        let Some(old) = body.get(at).copied() else { continue };
        for new in [b' ', b'0', b'x', b'<', b'&', b'"', b'\n', b'-', b'/', old ^ 1, old ^ 0x20, old ^ 0x80] {
            let Some(byte) = changed.get_mut(at).filter(|_| new != old) else { continue };
            *byte = new;
            let counts = read(format, &changed).map_or(true, |second| !first.same_fields(&second));
            if !counts && !is_insignificant(format.syntax, body, at, new) {
                return Err(format!("byte {at} as {new:#04x} instead of {old:#04x} changes nothing"));
            }
        }
        if let Some(byte) = changed.get_mut(at) {
            *byte = old;
        }
    }
    Ok(())
}

/// Whether a change of one byte carries no field, by the syntax of the body.
#[must_use]
pub fn is_insignificant(syntax: Syntax, body: &[u8], at: usize, new: u8) -> bool {
    let white = |b: u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let old = body.get(at).copied().unwrap_or_default();
    white(old) && white(new)
        || match syntax {
            // A frame carries a piece of XML.
            Syntax::Xml | Syntax::Tak => means_nothing_in_xml(body, at),
            Syntax::Oth => false,
            Syntax::Mail => means_nothing_in_mail(body, at, new) || means_nothing_in_attached(body, at, new),
            Syntax::Json => means_nothing_in_json(body, at, new),
            Syntax::Slash => means_nothing_in_slash(body, at, new),
        }
}

/// In a comment, in the XML declaration, in a character reference (`&#x4a;` is `&#x4A;`), or in a default namespace or prefix that nothing uses.
fn means_nothing_in_xml(body: &[u8], at: usize) -> bool {
    let between = |start: &str, end: &str| {
        let before = body.get(..at).unwrap_or_default();
        let open = memchr::memmem::rfind(before, start.as_bytes());
        let closed = memchr::memmem::rfind(before, end.as_bytes());
        open.is_some() && open > closed
    };
    between("<!--", "-->") || between("<?xml", "?>") || between("&#", ";")
}

/// The case of a letter in the name of a field or parameter, in a word of MIME or MMHS, in a domain or in what says how a word is encoded;
/// a leading zero of a day.
fn means_nothing_in_mail(body: &[u8], at: usize, new: u8) -> bool {
    let (before, after) = body.split_at_checked(at).unwrap_or((body, &[]));
    let old = after.first().copied().unwrap_or_default();
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let begins = |start: &[u8]| line.get(..start.len()).is_some_and(|line| line.eq_ignore_ascii_case(start));
    let field = !line.contains(&b':') && !line.starts_with(b" ");
    let word = [b"content-".as_slice(), b"mmhs-primary", b"mmhs-copy", b"mmhs-message-type"].into_iter().any(begins);
    let parameter = after.iter().find(|b| !b.is_ascii_alphanumeric() && **b != b'-').is_some_and(|b| matches!(b, b'=' | b'*'));
    let encoded = line.iter().rev().take(9).any(|b| *b == b'?');
    let letter = old.eq_ignore_ascii_case(&new) && (field || word || parameter || line.contains(&b'@') || encoded);
    let dated = begins(b"date:") || begins(b"mmhs-extended-authorisation-info:");
    letter || dated && [(old, new), (new, old)].into_iter().any(|(digit, white)| digit == b'0' && matches!(white, b' ' | b'\n'))
}

/// In an attached message what means nothing in that: of an encoded one no byte stands here, so its format's own law speaks of it.
fn means_nothing_in_attached(body: &[u8], at: usize, new: u8) -> bool {
    let Some(mail) = super::FORMATS.iter().find(|format| format.syntax == Syntax::Mail) else { return false };
    let Ok(tree) = read(mail, body) else { return false };
    let found = mail.insides(&tree).into_iter().map(|inside| (inside.format, tree.node(inside.node).span.range()));
    found.filter(|(_, range)| range.contains(&at)).any(|(format, range)| {
        let bytes = body.get(range.clone()).unwrap_or_default();
        !(format.claims)(bytes) || is_insignificant(format.syntax, bytes, at.saturating_sub(range.start), new)
    })
}

/// The case of a hexadecimal digit in an escape or of the sign of an exponent, or white space for the last zero of a fraction.
fn means_nothing_in_json(body: &[u8], at: usize, new: u8) -> bool {
    let old = body.get(at).copied().unwrap_or_default();
    let before = body.get(..at).unwrap_or_default();
    let escaped = before.iter().rev().take(6).any(|b| *b == b'u');
    let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    let same_letter = old.eq_ignore_ascii_case(&new) && (escaped || digit(before.last()));
    let in_fraction = digit(before.last()) && before.iter().rev().find(|b| !b.is_ascii_digit()) == Some(&b'.');
    let zero_or_white = |b: u8| matches!(b, b'0' | b' ' | b'\t' | b'\r' | b'\n');
    same_letter || in_fraction && zero_or_white(old) && zero_or_white(new) && !digit(body.get(at.saturating_add(1)))
}

/// White space for the full stop that may end a routing line.
fn means_nothing_in_slash(body: &[u8], at: usize, new: u8) -> bool {
    let (before, after) = body.split_at_checked(at).unwrap_or((body, &[]));
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let routing = line.get(33..35) == Some(b"--".as_slice()) && line.get(28) == Some(&b'-');
    routing && after.starts_with(b".") && matches!(new, b' ' | b'\n')
}

fn read<'a>(format: &'static Format, body: &'a [u8]) -> Result<Tree<'a>, Refusal> {
    (format.read)(body, &mut Budget::for_body(body.len()))
}
