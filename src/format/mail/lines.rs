//! Lines and header fields: the bytes of a mail before any of them has a meaning.
//!
//! Takes the body, gives fields with their unfolded values. INVARIANT: every line ends with CR LF, and neither stands alone;
//! what a relay could take for an end of line, of header or of mail is refused here.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr_iter};

use crate::base::{Budget, Reason, Refusal, Span};

use super::schema::{FIELDS_MAX, LINE_BYTES_MAX, NAME_BYTES_MAX};

/// One header field.
#[derive(Debug)]
pub(super) struct Field<'a> {
    /// Name in lower case.
    pub(super) name: String,
    /// Value in one line: words with one space between them.
    pub(super) text: Cow<'a, str>,
    /// Where the value stands, without white space around it.
    pub(super) span: Span,
}

impl<'a> Field<'a> {
    /// A part of the value with its place: borrowed and exact where the value stands in one line.
    pub(super) fn cut(&self, range: Range<usize>) -> (Cow<'a, str>, Span) {
        match &self.text {
            Cow::Borrowed(text) => {
                let start = self.span.range().start;
                let span = Span::new(start.saturating_add(range.start), start.saturating_add(range.end));
                (Cow::Borrowed(text.get(range).unwrap_or("")), span)
            }
            Cow::Owned(text) => (Cow::Owned(text.get(range).unwrap_or("").to_owned()), self.span),
        }
    }

    /// A refusal at the value.
    pub(super) fn refusal(&self, reason: Reason, detail: impl Into<String>) -> Refusal {
        Refusal::at(reason, self.span, detail).on(format!("/mail/header/{}", self.name))
    }
}

/// Checks the lines of a whole mail.
///
/// # Errors
/// `malformed.mail.line_end`, `malformed.mail.line_length`, `malformed.mail.character`, `malformed.mail.dot`.
pub(super) fn check(body: &[u8], budget: &mut Budget) -> Result<(), Refusal> {
    let mut start = 0_usize;
    for feed in memchr_iter(b'\n', body) {
        budget.spend(1)?;
        let line = body.get(start..feed).unwrap_or_default();
        let Some(line) = line.strip_suffix(b"\r") else {
            return Err(at(Reason::MalformedMailLineEnd, feed, "expected CR before LF, found LF alone"));
        };
        check_line(line, start)?;
        start = feed.saturating_add(1);
    }
    match start == body.len() && !body.is_empty() {
        true => Ok(()),
        false => Err(at(Reason::MalformedMailLineEnd, body.len(), "expected the last line to end with CR LF")),
    }
}

fn check_line(line: &[u8], start: usize) -> Result<(), Refusal> {
    if let Some(lone) = memchr(b'\r', line) {
        return Err(at(Reason::MalformedMailLineEnd, start.saturating_add(lone), "expected LF after CR, found CR alone"));
    }
    if let Some(nul) = memchr(0, line) {
        return Err(at(Reason::MalformedMailCharacter, start.saturating_add(nul), "expected no NUL"));
    }
    // SPEC: RFC 5321, 4.5.2: such a line ends the mail on its way, and what follows would be commands.
    if line == b"." {
        return Err(at(Reason::MalformedMailDot, start, "expected no line that is a single full stop"));
    }
    if line.len() > LINE_BYTES_MAX {
        let span = Span::new(start, start.saturating_add(line.len()));
        // A span that ends inside a character is no place: the line is named by its beginning.
        return Err(Refusal::at(
            Reason::MalformedMailLineLength,
            Span { end: span.start, ..span },
            format!("expected lines of at most {LINE_BYTES_MAX} bytes, found {}", line.len()),
        ));
    }
    Ok(())
}

fn at(reason: Reason, place: usize, detail: &str) -> Refusal {
    Refusal::at(reason, Span::new(place, place), detail)
}

/// Cuts the header that begins at `range.start`; gives its fields and where its content begins.
///
/// # Errors
/// `malformed.mail.header`, `malformed.mail.folding`, `malformed.mail.character`, `size.*`.
pub(super) fn header<'a>(body: &'a [u8], range: Range<usize>, budget: &mut Budget) -> Result<(Vec<Field<'a>>, usize), Refusal> {
    let mut fields: Vec<Field<'a>> = Vec::new();
    let mut open: Option<(String, Range<usize>)> = None;
    let mut start = range.start;
    loop {
        let rest = body.get(start..range.end).unwrap_or_default();
        let Some(feed) = memchr(b'\n', rest) else {
            return Err(at(Reason::MalformedMailHeader, start, "expected an empty line after the header"));
        };
        let end = start.saturating_add(feed).saturating_sub(1);
        let line = body.get(start..end).unwrap_or_default();
        if let Some(place) = line.iter().position(|b| !matches!(b, b' '..=b'~' | b'\t')) {
            let place = start.saturating_add(place);
            return Err(at(Reason::MalformedMailCharacter, floor(body, place), "expected printable ASCII in the header"));
        }
        let next = end.saturating_add(2);
        match (line.first(), &mut open) {
            (Some(b' ' | b'\t'), Some((_, value))) => {
                if line.iter().all(|b| matches!(b, b' ' | b'\t')) {
                    return Err(Refusal::at(Reason::MalformedMailFolding, Span::new(start, end), "expected words in a continuation line"));
                }
                value.end = end;
            }
            _ => {
                if let Some((name, value)) = open.take() {
                    fields.push(field(body, name, value, budget)?);
                }
                if line.is_empty() {
                    return Ok((fields, next));
                }
                if fields.len() >= FIELDS_MAX {
                    return Err(at(Reason::MalformedMailHeader, start, &format!("expected at most {FIELDS_MAX} fields")));
                }
                open = Some(begin(line, start, end)?);
            }
        }
        start = next;
    }
}

/// The start of the character that holds the byte at `place`, where the body is text at all.
fn floor(body: &[u8], mut place: usize) -> usize {
    while place > 0 && body.get(place).is_some_and(|b| b & 0xC0 == 0x80) {
        place = place.saturating_sub(1);
    }
    place
}

/// Name and value's first line.
// SPEC: RFC 5322, 2.2; white space before the colon is obsolete syntax.
fn begin(line: &[u8], start: usize, end: usize) -> Result<(String, Range<usize>), Refusal> {
    let refuse = |detail: &str| Err(Refusal::at(Reason::MalformedMailHeader, Span::new(start, end), detail));
    let Some(colon) = memchr(b':', line) else { return refuse("expected `Name: value` or an empty line") };
    let name = line.get(..colon).unwrap_or_default();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.iter().all(plain) {
        return refuse("expected a name of 1 to 76 letters, digits and `-_.` right before the colon");
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Ok((name, start.saturating_add(colon).saturating_add(1)..end))
}

fn field<'a>(body: &'a [u8], name: String, value: Range<usize>, budget: &mut Budget) -> Result<Field<'a>, Refusal> {
    let raw = body.get(value.clone()).and_then(|raw| std::str::from_utf8(raw).ok()).unwrap_or("");
    budget.spend(u64::try_from(raw.len() / 8).unwrap_or(u64::MAX).saturating_add(1))?;
    let white = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let trimmed = raw.trim_matches(white);
    let start = value.start.saturating_add(raw.len().saturating_sub(raw.trim_start_matches(white).len()));
    let span = Span::new(start, start.saturating_add(trimmed.len()));
    let ragged = trimmed.contains("  ") || trimmed.bytes().any(|b| matches!(b, b'\t' | b'\r' | b'\n'));
    let text = match ragged {
        false => Cow::Borrowed(trimmed),
        true => Cow::Owned(trimmed.split(white).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")),
    };
    Ok(Field { name, text, span })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Result<Vec<(String, String, String)>, &'static str> {
        let mut budget = Budget::for_body(text.len());
        check(text.as_bytes(), &mut budget)
            .and_then(|()| header(text.as_bytes(), 0..text.len(), &mut budget))
            .map(|(fields, _)| fields.into_iter().map(|f| (f.name, f.text.into_owned(), text.get(f.span.range()).unwrap().to_owned())).collect())
            .map_err(|refusal| refusal.reason.code())
    }

    #[test]
    fn fields_are_unfolded_to_words_with_one_space() {
        let all = cut("A-b:  x\t y \r\nC:\r\n d\r\n\te\r\nF:\r\n\r\nbody: no\r\n").unwrap();
        let row = |name: &str, text: &str, raw: &str| (name.to_owned(), text.to_owned(), raw.to_owned());
        assert_eq!(all, [row("a-b", "x y", "x\t y"), row("c", "d e", "d\r\n\te"), row("f", "", "")]);
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        for (text, code) in [
            ("", "malformed.mail.line_end"),
            ("A: b\n\n", "malformed.mail.line_end"),
            ("A: b\r\n\r\nx\r", "malformed.mail.line_end"),
            ("A: b\rC: d\r\n\r\n", "malformed.mail.line_end"),
            ("A: b\r\n\r\nx", "malformed.mail.line_end"),
            ("A: b\r\n\r\nx\r\n.\r\ny\r\n", "malformed.mail.dot"),
            ("A: b\0\r\n\r\n", "malformed.mail.character"),
            ("A: \u{e9}\r\n\r\n", "malformed.mail.character"),
            ("A: \x0b\r\n\r\n", "malformed.mail.character"),
            ("A: b\r\n", "malformed.mail.header"),
            ("A : b\r\n\r\n", "malformed.mail.header"),
            (": b\r\n\r\n", "malformed.mail.header"),
            ("A b\r\n\r\n", "malformed.mail.header"),
            (" A: b\r\n\r\n", "malformed.mail.header"),
            ("A: b\r\n \t\r\n c\r\n\r\n", "malformed.mail.folding"),
            (&format!("A: {}\r\n\r\n", "b".repeat(996)), "malformed.mail.line_length"),
            (&format!("{}: b\r\n\r\n", "a".repeat(77)), "malformed.mail.header"),
            (&format!("{}\r\n", "A: b\r\n".repeat(257)), "malformed.mail.header"),
        ] {
            assert_eq!(cut(text).unwrap_err(), code, "{text:?}");
        }
        assert_eq!(cut(&format!("A: {}\r\n\r\n", "b".repeat(995))).unwrap().len(), 1);
    }
}
