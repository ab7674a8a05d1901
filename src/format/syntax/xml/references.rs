//! References and line ends in text and attribute values, resolved as XML 1.0 says.
//!
//! Gives borrowed text where nothing had to be resolved.

use std::borrow::Cow;

use crate::base::{Reason, Refusal, Span};

use super::chars::is_char;

/// Where raw text stands: attribute values are normalised further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// Between tags.
    Text,
    /// Between quotes.
    Attribute,
    /// In a CDATA section: line ends only.
    Cdata,
}

/// The value of `raw`, which begins at byte `offset`.
///
/// SPEC: XML 1.0 sections 2.11 (line ends), 3.3.3 (attribute-value normalisation), 4.1 (references).
pub(super) fn resolve(raw: &str, offset: usize, within: Within) -> Result<Cow<'_, str>, Refusal> {
    let Some(first) = next_special(raw, within) else { return Ok(Cow::Borrowed(raw)) };
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    let mut stop = Some(first);
    while let Some(at) = stop {
        let (plain, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let used = match tail.as_bytes().first() {
            Some(b'&') => {
                let place = offset.saturating_add(raw.len().saturating_sub(tail.len()));
                let (c, used) = reference(tail, place)?;
                out.push(c);
                used
            }
            _ => {
                out.push(if within == Within::Attribute { ' ' } else { '\n' });
                if tail.starts_with("\r\n") { 2 } else { 1 }
            }
        };
        rest = tail.get(used..).unwrap_or("");
        stop = next_special(rest, within);
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

fn next_special(raw: &str, within: Within) -> Option<usize> {
    let bytes = raw.as_bytes();
    match within {
        Within::Text => memchr::memchr2(b'&', b'\r', bytes),
        Within::Cdata => memchr::memchr(b'\r', bytes),
        Within::Attribute => bytes.iter().position(|b| matches!(b, b'&' | b'\r' | b'\n' | b'\t')),
    }
}

/// The character of the reference at the beginning of `tail`, and its length in bytes.
fn reference(tail: &str, place: usize) -> Result<(char, usize), Refusal> {
    let entity = |used: usize| {
        let span = Span::new(place, place.saturating_add(used));
        Refusal::at(Reason::MalformedXmlEntity, span, "expected `&amp;`, `&lt;`, `&gt;`, `&apos;`, `&quot;` or a character reference")
    };
    let name = tail.strip_prefix('&').and_then(|rest| rest.split_once(';')).map(|(name, _)| name).ok_or_else(|| entity(1))?;
    let used = name.len().saturating_add(2);
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "apos" => '\'',
        "quot" => '"',
        _ => {
            let number = name.strip_prefix('#').ok_or_else(|| entity(1))?;
            let code = match number.strip_prefix('x') {
                Some(hex) => digits(hex, 16),
                None => digits(number, 10),
            };
            let code = code.ok_or_else(|| entity(1))?;
            let span = Span::new(place, place.saturating_add(used));
            char::from_u32(code)
                .filter(|&c| is_char(c))
                .ok_or_else(|| Refusal::at(Reason::MalformedXmlCharacter, span, "expected a reference to a character of XML 1.0"))?
        }
    };
    Ok((c, used))
}

/// The number that `text` spells; values above `u32` saturate and so name no character.
fn digits(text: &str, radix: u32) -> Option<u32> {
    let mut value = 0_u32;
    for c in text.chars() {
        value = value.saturating_mul(radix).saturating_add(c.to_digit(radix)?);
    }
    (!text.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Result<String, &'static str> {
        resolve(raw, 0, Within::Text).map(Cow::into_owned).map_err(|r| r.reason.code())
    }

    #[test]
    fn the_five_entities_and_character_references_are_resolved() {
        assert_eq!(text("a&amp;b&lt;&gt;&apos;&quot;").unwrap(), "a&b<>'\"");
        assert_eq!(text("&#65;&#x42;&#x1F600;&#0067;").unwrap(), "AB\u{1f600}C");
        assert_eq!(text("&amp;lt;").unwrap(), "&lt;", "a resolved reference is not read again");
    }

    #[test]
    fn other_references_are_refused() {
        for raw in ["&", "& ", "&;", "&foo;", "&AMP;", "&#;", "&#x;", "&#xG;", "&#-1;", "&#+1;", "&amp", "&#X41;", "a&b", "&#1 2;", "&#٣;"] {
            assert_eq!(text(raw), Err("malformed.xml.entity"), "{raw}");
        }
        for raw in ["&#0;", "&#x1;", "&#xD800;", "&#xFFFE;", "&#x110000;", "&#99999999999999999999;", "&#x1F;"] {
            assert_eq!(text(raw), Err("malformed.xml.character"), "{raw}");
        }
    }

    #[test]
    fn line_ends_become_line_feeds_and_in_attributes_spaces() {
        assert_eq!(text("a\r\nb\rc\n\r\nd").unwrap(), "a\nb\nc\n\nd");
        assert_eq!(text("a&#13;b").unwrap(), "a\rb");
        let attribute = |raw| resolve(raw, 0, Within::Attribute).unwrap().into_owned();
        assert_eq!(attribute("a\r\nb\tc\nd\re"), "a b c d e");
        assert_eq!(attribute("a&#10;b&#9;c&#13;"), "a\nb\tc\r");
        assert_eq!(resolve("a&amp;\r\n", 0, Within::Cdata).unwrap(), "a&amp;\n");
    }

    #[test]
    fn plain_text_is_borrowed_and_places_are_exact() {
        assert!(matches!(resolve("plain é", 3, Within::Text), Ok(Cow::Borrowed("plain é"))));
        let refusal = resolve("ab&amp;&#0;", 10, Within::Text).unwrap_err();
        assert_eq!(refusal.place.span, Some(Span::new(17, 21)));
    }
}
