//! Encoded words: text of other characters in header fields that hold words.
//!
//! Takes an unfolded value, gives the text that it says. Decoded text is never looked at for encoded words again.
// SPEC: RFC 2047; UTF-8 and ASCII alone, each word a whole number of characters.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::{Reason, Refusal, Span};

use super::lines::Field;

/// Bytes of an encoded word at most: 75.
// SPEC: RFC 2047, section 2.
const WORD_BYTES_MAX: usize = 75;

/// The text of an unstructured value, with its place.
///
/// # Errors
/// `malformed.mail.encoded_word`, `malformed.text.character`.
pub(super) fn text<'a>(field: &Field<'a>) -> Result<(Cow<'a, str>, Span), Refusal> {
    if !field.text.contains("=?") {
        return Ok(field.cut(0..field.text.len()));
    }
    let mut out = String::with_capacity(field.text.len());
    let mut before = Word::None;
    for word in field.text.split(' ') {
        let decoded = match word.contains("=?") {
            true => Some(decode(word).ok_or_else(|| {
                field.refusal(Reason::MalformedMailEncodedWord, "expected `=?utf-8?B?...?=` or `=?utf-8?Q?...?=` between white space")
            })?),
            false => None,
        };
        // SPEC: RFC 2047, 6.2: white space between two encoded words is none.
        let joined = before == Word::None || before == Word::Encoded && decoded.is_some();
        if !joined {
            out.push(' ');
        }
        before = if decoded.is_some() { Word::Encoded } else { Word::Plain };
        out.push_str(decoded.as_deref().unwrap_or(word));
    }
    match out.chars().any(char::is_control) {
        true => Err(field.refusal(Reason::MalformedTextCharacter, "expected no control character in an encoded word")),
        false => Ok((Cow::Owned(out), field.span)),
    }
}

/// What stood before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    None,
    Plain,
    Encoded,
}

fn decode(word: &str) -> Option<String> {
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    let mut parts = word.strip_prefix("=?")?.strip_suffix("?=")?.split('?');
    let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    let wide = charset.eq_ignore_ascii_case("utf-8");
    if parts.next().is_some() || text.is_empty() || !wide && !charset.eq_ignore_ascii_case("us-ascii") {
        return None;
    }
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(text).ok()?,
        "Q" | "q" => quoted(text)?,
        _ => return None,
    };
    String::from_utf8(bytes).ok().filter(|text| wide || text.is_ascii())
}

// SPEC: RFC 2047, 4.2.
fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'=' => hex(bytes.next()?, bytes.next()?)?,
            b'_' => b' ',
            b'!'..=b'~' => byte,
            _ => return None,
        });
    }
    Some(out)
}

/// A byte from its two digits, in capitals.
pub(super) fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => b.checked_sub(b'0'),
        b'A'..=b'F' => b.checked_sub(b'A')?.checked_add(10),
        _ => None,
    };
    digit(high)?.checked_mul(16)?.checked_add(digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<String, &'static str> {
        let field = Field { name: "subject".into(), text: Cow::Borrowed(text), span: Span::new(0, text.len()) };
        super::text(&field).map(|(text, _)| text.into_owned()).map_err(|refusal| refusal.reason.code())
    }

    #[test]
    fn encoded_words_join_each_other_and_not_their_neighbours() {
        for (text, expected) in [
            ("plain words", "plain words"),
            ("=?utf-8?Q?gr=C3=BCn?=", "gr\u{fc}n"),
            ("=?UTF-8?b?Z3LDvG4=?= =?us-ascii?q?_x?=", "gr\u{fc}n x"),
            ("a =?utf-8?q?b?= c", "a b c"),
            ("=?utf-8?q?=3D=3Futf-8?= x", "=?utf-8 x"),
        ] {
            assert_eq!(said(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_readers_decode_in_different_ways_is_refused() {
        let long = format!("=?utf-8?q?{}?=", "a".repeat(64));
        for text in [
            "x=?utf-8?q?a?=",
            "=?utf-8?q?a?=x",
            "=?iso-8859-1?q?=E9?=",
            "=?utf-8?q?=C3?=",
            "=?utf-8?q?=c3=bc?=",
            "=?utf-8?x?a?=",
            "=?utf-8?b?Z3L?=",
            "=?utf-8?q??=",
            "=?utf-8?q?a",
            "=?utf-8*en?q?a?=",
            "=?us-ascii?q?=C3=BC?=",
            &long,
        ] {
            assert_eq!(said(text), Err("malformed.mail.encoded_word"), "{text}");
        }
        assert_eq!(said("=?utf-8?q?a=0D=0ABcc:_x?="), Err("malformed.text.character"));
    }
}
