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
            let cut = refusal.place.span.is_some_and(|span| std::str::from_utf8(body).is_ok_and(|text| text.get(span.range()).is_none()));
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
            Syntax::Xml => means_nothing_in_xml(body, at),
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
