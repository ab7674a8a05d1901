//! Texts of JSON: escapes resolved, every character one that may be exchanged.

use std::borrow::Cow;

use crate::base::{Reason, Refusal, Span};

/// Reads the text that begins at byte `start`, behind its opening quote; gives its value and its span without the quotes.
///
/// # Errors
/// `malformed.json.syntax` for a text without end or an unknown escape, `malformed.json.character` for a raw control character,
/// half a surrogate pair or a non-character.
pub(super) fn read(all: &str, start: usize) -> Result<(Cow<'_, str>, Span), Refusal> {
    let bytes = all.as_bytes();
    let mut value = String::new();
    let (mut from, mut at) = (start, start);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let found = memchr::memchr2(b'"', b'\\', rest)
            .ok_or_else(|| refusal(Reason::MalformedJsonSyntax, all.len(), all.len(), "expected `\"` at the end of a text"))?;
        plain(rest.get(..found).unwrap_or_default(), at)?;
        at = at.saturating_add(found);
        let run = all.get(from..at).unwrap_or_default();
        if rest.get(found) == Some(&b'"') {
            let text = if value.is_empty() && from == start {
                Cow::Borrowed(run)
            } else {
                value.push_str(run);
                Cow::Owned(value)
            };
            let span = Span::new(start, at);
            return if text.is_ascii() || !text.chars().any(is_nonchar) {
                Ok((text, span))
            } else {
                Err(Refusal::at(Reason::MalformedJsonCharacter, span, "expected no non-character"))
            };
        }
        value.push_str(run);
        let (c, width) = escape(all, at)?;
        value.push(c);
        at = at.saturating_add(width);
        from = at;
    }
}

/// Checks that a run has no raw control character.
// SPEC: RFC 8259, 7.
fn plain(run: &[u8], start: usize) -> Result<(), Refusal> {
    match run.iter().position(|byte| *byte < b' ') {
        None => Ok(()),
        Some(control) => {
            let at = start.saturating_add(control);
            Err(refusal(Reason::MalformedJsonCharacter, at, at.saturating_add(1), "expected control characters as escapes"))
        }
    }
}

/// The character of the escape at byte `at`, and the bytes that it takes.
fn escape(all: &str, at: usize) -> Result<(char, usize), Refusal> {
    let bytes = all.as_bytes();
    let c = match bytes.get(at.saturating_add(1)) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(all, at),
        _ => return Err(refusal(Reason::MalformedJsonSyntax, at, at.saturating_add(1), "expected an escape of JSON")),
    };
    Ok((c, 2))
}

/// `\uXXXX`, or two of them for a surrogate pair.
fn unicode(all: &str, at: usize) -> Result<(char, usize), Refusal> {
    let end = |width: usize| at.saturating_add(width);
    let bad = || refusal(Reason::MalformedJsonSyntax, at, end(2), "expected four hexadecimal digits");
    let high = unit(all, at).ok_or_else(bad)?;
    if let Some(c) = char::from_u32(high) {
        return Ok((c, 6));
    }
    let low = unit(all, end(6)).filter(|low| (0xdc00..0xe000).contains(low));
    let pair = low.filter(|_| high < 0xdc00).and_then(|low| {
        let offset = high.checked_sub(0xd800)?.checked_mul(0x400)?.checked_add(low.checked_sub(0xdc00)?)?;
        char::from_u32(offset.checked_add(0x1_0000)?)
    });
    pair.map(|c| (c, 12)).ok_or_else(|| refusal(Reason::MalformedJsonCharacter, at, end(6), "expected surrogates in pairs"))
}

/// The code unit of `\uXXXX` at byte `at`.
fn unit(all: &str, at: usize) -> Option<u32> {
    let digits = all.get(at..at.checked_add(6)?)?.strip_prefix("\\u")?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

// SPEC: RFC 7493, 2.1; Unicode, D14.
fn is_nonchar(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

fn refusal(reason: Reason, start: usize, end: usize, detail: &str) -> Refusal {
    Refusal::at(reason, Span::new(start, end), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(inner: &str) -> Result<String, &'static str> {
        read(&format!("\"{inner}\""), 1).map(|(text, _)| text.into_owned()).map_err(|refusal| refusal.reason.code())
    }

    #[test]
    fn escapes_are_resolved() {
        for (inner, text) in [
            ("", ""),
            ("a\\\"b", "a\"b"),
            ("\\\\\\/\\b\\f\\n\\r\\t", "\\/\u{8}\u{c}\n\r\t"),
            ("\\u00e9\\uD834\\udd1E!", "é𝄞!"),
            ("\\u0000", "\0"),
            ("日本", "日本"),
        ] {
            assert_eq!(outcome(inner).as_deref(), Ok(text), "{inner}");
        }
        assert!(matches!(read("\"plain\"", 1), Ok((Cow::Borrowed("plain"), span)) if span == Span::new(1, 6)));
    }

    #[test]
    fn what_no_reader_would_read_alike_is_refused() {
        for inner in [
            "\\ud834",
            "\\ud834x",
            "\\ud834\\n",
            "\\ud834\\ud834",
            "\\udd1e",
            "a\tb",
            "a\nb",
            "\0",
            "\u{fdd0}",
            "\\ufffe",
            "\u{1ffff}",
            "\\ud83f\\udfff",
        ] {
            assert_eq!(outcome(inner), Err("malformed.json.character"), "{inner:?}");
        }
        for inner in ["\\x", "\\u12", "\\u+123", "\\u12g4", "\\U0041", "\\é"] {
            assert_eq!(outcome(inner), Err("malformed.json.syntax"), "{inner:?}");
        }
        assert!(read("\"open", 1).is_err() && read("\"open\\\"", 1).is_err() && read("\"\\", 1).is_err());
    }
}
