//! The character classes of XML 1.0, fifth edition.

use crate::base::{Reason, Refusal, Span};

/// SPEC: XML 1.0 production 2, Char.
#[must_use]
pub const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// SPEC: XML 1.0 production 3, S.
#[must_use]
pub const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// SPEC: XML 1.0 production 4, NameStartChar, without the colon, which Namespaces 1.0 takes for prefixes.
#[must_use]
pub const fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// SPEC: XML 1.0 production 4a, NameChar, without the colon.
#[must_use]
pub const fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Whether `text` is a name without prefix (NCName).
#[must_use]
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// Refuses the first character that is no XML Char, in one pass over the whole text.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    let is_control = |b: u8| b < 0x20 && !is_white(b);
    // Whether there is one is asked of all bytes at once; where, only if there is one.
    let any = bytes.iter().fold(false, |found, &b| found | is_control(b));
    let control = if any { bytes.iter().position(|&b| is_control(b)) } else { None };
    // U+FFFE and U+FFFF are the only multi-byte characters that UTF-8 can spell and XML cannot.
    let other = memchr::memchr_iter(0xef, bytes).find(|&at| {
        let tail = bytes.get(at..).unwrap_or_default();
        tail.starts_with(&[0xef, 0xbf, 0xbe]) || tail.starts_with(&[0xef, 0xbf, 0xbf])
    });
    let found = match (control, other) {
        (Some(a), Some(b)) => Some((a.min(b), if a < b { 1 } else { 3 })),
        (Some(a), None) => Some((a, 1)),
        (None, Some(b)) => Some((b, 3)),
        (None, None) => None,
    };
    match found {
        None => Ok(()),
        Some((at, long)) => {
            let span = Span::new(at, at.saturating_add(long));
            Err(Refusal::at(Reason::MalformedXmlCharacter, span, "expected a character of XML 1.0, found a control or non-character"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_forbidden_character_is_named_by_its_bytes() {
        for (text, span) in [("ab\u{0}", (2, 3)), ("é\u{b}\u{ffff}", (2, 3)), ("\u{fffe}", (0, 3)), ("x\u{ffff}\u{1}", (1, 4))] {
            let refusal = check(text).unwrap_err();
            assert_eq!(refusal.reason, Reason::MalformedXmlCharacter);
            assert_eq!(refusal.place.span, Some(Span::new(span.0, span.1)), "{text:?}");
        }
        for text in ["", "\t\r\n", "\u{fffd}\u{10ffff}\u{7f}\u{85}\u{e000}"] {
            check(text).unwrap();
        }
    }

    #[test]
    fn the_pass_over_bytes_and_the_class_of_characters_agree() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            assert_eq!(check(c.encode_utf8(&mut [0; 4])).is_ok(), is_char(c), "{c:?}");
        }
    }

    #[test]
    fn names_begin_with_letters_and_go_on_with_more() {
        for name in ["a", "_flow-tags_", "__group", "é", "a.b-c1", "x·y", "NodeCoT-8.1.0"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", ".a", "1a", "a:b", "a b", "a×b", "·", "\u{300}a", "a\u{37e}"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
