//! The bytes and the text of a part.
//!
//! Takes the part's range, gives what it says: decoded, in its character set, with line feeds alone. Encodings have one
//! spelling here: padding, capitals and line lengths as the standard writes them, no white space that means nothing.
// SPEC: RFC 2045, 6.7 and 6.8; RFC 2046, 4.1.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::{Budget, Reason, Refusal, Span};

use super::part::{Encoding, Part, Placed};
use super::words::hex;

/// Characters of an encoded line at most: 76.
const ENCODED_LINE_MAX: usize = 76;

/// What the part says, where it is plain text in a character set that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Ascii,
    Utf8,
}

/// The character set of a plain text; none for what is not read as text.
fn charset(part: &Part<'_>) -> Option<Charset> {
    let said = match part.parameters.as_slice() {
        [] => "us-ascii".to_owned(),
        [only] if only.name == "charset" => only.value.to_ascii_lowercase(),
        _ => return None,
    };
    match (part.kind.0.as_str(), said.as_str()) {
        ("text/plain", "us-ascii") => Some(Charset::Ascii),
        ("text/plain", "utf-8") => Some(Charset::Utf8),
        _ => None,
    }
}

/// Whether the part is read as text.
pub(super) fn is_text(part: &Part<'_>) -> bool {
    charset(part).is_some()
}

/// The text of a part that [`is_text`]; none where it is only white space.
///
/// # Errors
/// `malformed.mail.encoding`, `malformed.mail.character`, `malformed.text.character`, `malformed.utf8`, `invalid.mail.charset`.
pub(super) fn text<'a>(body: &'a [u8], part: &Part<'a>, budget: &mut Budget) -> Result<Option<Placed<'a>>, Refusal> {
    let bytes = bytes(body, part, budget)?;
    let place = Span::new(part.content.start, part.content.end);
    // Where a place could cut a character, the part is named by its beginning.
    let refuse = |reason, detail: &str| Refusal::at(reason, Span { end: place.start, ..place }, detail).on("/mail");
    if charset(part) == Some(Charset::Ascii) && !bytes.is_ascii() {
        return Err(refuse(Reason::InvalidMailCharset, "expected ASCII, as no other character set is declared"));
    }
    let whole = match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).ok(),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
    };
    let whole = whole.ok_or_else(|| refuse(Reason::MalformedUtf8, "expected UTF-8, as the part declares"))?;
    let fed = match whole.contains('\r') {
        true => Cow::Owned(whole.replace("\r\n", "\n")),
        false => whole,
    };
    if fed.bytes().any(|b| b < b' ' && b != b'\n' && b != b'\t' || b == 0x7F) {
        return Err(refuse(Reason::MalformedTextCharacter, "expected no control character but tabs and line ends"));
    }
    // Line ends after the last line say nothing.
    let said = fed.trim_end_matches('\n').len();
    if fed.bytes().take(said).all(|b| b.is_ascii_whitespace()) {
        return Ok(None);
    }
    Ok(Some(match fed {
        Cow::Borrowed(text) => {
            let end = place.range().start.saturating_add(said);
            (Cow::Borrowed(text.get(..said).unwrap_or("")), Span::new(place.range().start, end))
        }
        Cow::Owned(mut text) => {
            text.truncate(said);
            (Cow::Owned(text), place)
        }
    }))
}

/// The bytes of any part, in base64 as one word.
///
/// # Errors
/// `malformed.mail.encoding`, `malformed.mail.character`.
pub(super) fn data<'a>(body: &'a [u8], part: &Part<'a>, budget: &mut Budget) -> Result<Option<Placed<'a>>, Refusal> {
    let bytes = bytes(body, part, budget)?;
    let place = Span::new(part.content.start, part.content.end);
    Ok((!bytes.is_empty()).then(|| (Cow::Owned(STANDARD.encode(&bytes)), place)))
}

/// The bytes of any part, decoded.
///
/// # Errors
/// `malformed.mail.encoding`, `malformed.mail.character`.
pub(super) fn bytes<'a>(body: &'a [u8], part: &Part<'a>, budget: &mut Budget) -> Result<Cow<'a, [u8]>, Refusal> {
    let raw = body.get(part.content.clone()).unwrap_or_default();
    budget.spend(u64::try_from(raw.len() / 4).unwrap_or(u64::MAX))?;
    let at = Span::new(part.content.start, part.content.start);
    if part.encoding != Encoding::Eight && !raw.is_ascii() {
        return Err(Refusal::at(Reason::MalformedMailCharacter, at, "expected ASCII, as the part does not declare 8bit").on("/mail"));
    }
    let decoded = match part.encoding {
        Encoding::Seven | Encoding::Eight => return Ok(Cow::Borrowed(raw)),
        Encoding::Base64 => base64(raw),
        Encoding::Quoted => quoted(raw),
    };
    let detail = "expected the encoding as RFC 2045 writes it, without blank lines and trailing spaces";
    decoded.map(Cow::Owned).ok_or_else(|| Refusal::at(Reason::MalformedMailEncoding, at, detail).on("/mail"))
}

fn lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    raw.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn base64(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.is_empty() {
        return Some(Vec::new());
    }
    let fits = |line: &[u8]| (1..=ENCODED_LINE_MAX).contains(&line.len());
    let mut all = Vec::with_capacity(raw.len());
    for line in lines(raw) {
        fits(line).then(|| all.extend_from_slice(line))?;
    }
    STANDARD.decode(all).ok()
}

fn quoted(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len());
    let mut all = lines(raw).peekable();
    while let Some(line) = all.next() {
        if line.len() > ENCODED_LINE_MAX || line.last().is_some_and(|b| matches!(b, b' ' | b'\t')) {
            return None;
        }
        let soft = line.last() == Some(&b'=');
        let mut bytes = line.strip_suffix(b"=").unwrap_or(line).iter().copied();
        while let Some(byte) = bytes.next() {
            out.push(match byte {
                b'=' => hex(bytes.next()?, bytes.next()?)?,
                b' '..=b'~' | b'\t' => byte,
                _ => return None,
            });
        }
        match (soft, all.peek()) {
            (false, Some(_)) => out.extend_from_slice(b"\r\n"),
            (true, None) => return None,
            _ => {}
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(base64(b""), Some(vec![]));
        assert_eq!(base64(b"YWJj\r\nZA=="), Some(b"abcd".to_vec()));
        for raw in ["YWJj\r\n", "YWJj ", " YWJj", "YWI", "YWJ=", "Y-_j", "YQ==YQ==", "YR==", &"A".repeat(80)] {
            assert_eq!(base64(raw.as_bytes()), None, "{raw:?}");
        }
    }

    #[test]
    fn quoted_printable_has_one_spelling() {
        assert_eq!(quoted(b"a=3D=C3=BC b=\r\nc\r\n\r\nd"), Some("a=\u{fc} bc\r\n\r\nd".as_bytes().to_vec()));
        for raw in ["a=3d", "a=3", "a=", "a=zz", "a \r\nb", "a\t\r\nb", "a=\r\n b =", &"a".repeat(77)] {
            assert_eq!(quoted(raw.as_bytes()), None, "{raw:?}");
        }
    }
}
