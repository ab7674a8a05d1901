//! `inspect --syntax`: a strict reader alone, on any file, for testers of readers.
//!
//! Takes bytes, gives nothing or the first thing that the reader refuses, with its place.

use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::{json, xml};

/// A reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Syntax {
    /// XML 1.0 in UTF-8, as the formats of the guard read it
    Xml,
    /// JSON (RFC 8259, I-JSON), as the formats of the guard read it
    Json,
    /// UTF-8 without control, bidirectional and zero-width characters
    Text,
}

impl Syntax {
    /// Reads all of `bytes`.
    pub(super) fn read(self, bytes: &[u8]) -> Result<(), Refusal> {
        match self {
            Self::Xml => self::xml(bytes),
            Self::Json => json::read(bytes, &mut Budget::for_body(bytes.len())).map(drop),
            Self::Text => text(bytes),
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Refusal::at(Reason::MalformedUtf8, Span::new(at, at.saturating_add(error.error_len().unwrap_or(1))), "expected UTF-8")
    })
}

fn xml(bytes: &[u8]) -> Result<(), Refusal> {
    let text = utf8(bytes)?;
    let mut budget = Budget::for_body(bytes.len());
    let options = xml::Options { comments: xml::Comments::Allow, cdata: xml::Cdata::Allow, depth_max: crate::normal::TreeBuilder::DEPTH_MAX };
    xml::read_tree(text, options, &mut budget).map(drop)
}

fn text(bytes: &[u8]) -> Result<(), Refusal> {
    let text = utf8(bytes)?;
    let unwanted = |c: char| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || is_invisible(c);
    match text.char_indices().find(|(_, c)| unwanted(*c)) {
        None => Ok(()),
        Some((at, c)) => {
            let reason = if c.is_control() { Reason::MalformedTextCharacter } else { Reason::ContentUnicode };
            let span = Span::new(at, at.saturating_add(c.len_utf8()));
            Err(Refusal::at(reason, span, format!("expected plain text, found U+{:04X}", u32::from(c))))
        }
    }
}

/// Bidirectional controls, zero-width characters, tags and variation selectors: what a reader of text does not see.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Line and column, from 1, of a byte; columns are characters.
pub(super) fn line_and_column(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = bytes.get(..at).unwrap_or(bytes);
    let line = before.iter().filter(|&&byte| byte == b'\n').count().saturating_add(1);
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline.saturating_add(1));
    // A byte that does not continue a character begins one.
    let column = before.get(start..).unwrap_or_default().iter().filter(|&&byte| byte & 0xc0 != 0x80).count().saturating_add(1);
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(syntax: Syntax, text: &[u8]) -> Option<(&'static str, usize)> {
        syntax.read(text).err().map(|refusal| (refusal.reason.code(), refusal.place.span.map_or(usize::MAX, |span| span.range().start)))
    }

    #[test]
    fn json_is_read_strictly() {
        for good in ["{}", "[1,-2,3.5e3,\"x\",true,null,{\"a\":{\"b\":[]}}]", " 7\n"] {
            assert_eq!(code(Syntax::Json, good.as_bytes()), None, "{good}");
        }
        for (bad, expected) in [
            ("", "syntax"),
            ("{\"a\":1,\"a\":2}", "repeated"),
            ("[{\"x\":{\"k\":1,\"\\u006b\":2}}]", "repeated"),
            ("{'a':1}", "syntax"),
            ("[1,]", "syntax"),
            ("01", "trailing"),
            ("NaN", "syntax"),
            ("{} {}", "trailing"),
            ("// x\n{}", "syntax"),
            ("\"\t\"", "character"),
        ] {
            assert_eq!(code(Syntax::Json, bad.as_bytes()).map(|found| found.0), Some(format!("malformed.json.{expected}").as_str()), "{bad}");
        }
        assert_eq!(code(Syntax::Json, b"{\n \"a\": x}"), Some(("malformed.json.syntax", 8)));
        assert_eq!(code(Syntax::Json, b"\xff"), Some(("malformed.utf8", 0)));
        assert!(code(Syntax::Json, "[".repeat(100_000).as_bytes()).is_some());
    }

    #[test]
    fn text_is_refused_at_its_first_unseen_character() {
        assert_eq!(code(Syntax::Text, "plain, größer\tand\r\nmore".as_bytes()), None);
        assert_eq!(code(Syntax::Text, "a\u{202e}b".as_bytes()), Some(("content.unicode", 1)));
        assert_eq!(code(Syntax::Text, "ab\u{200b}".as_bytes()), Some(("content.unicode", 2)));
        assert_eq!(code(Syntax::Text, b"ab\x07"), Some(("malformed.text.character", 2)));
        assert_eq!(code(Syntax::Text, b"abc\xc3("), Some(("malformed.utf8", 3)));
    }

    #[test]
    fn xml_is_read_by_the_reader_of_the_formats() {
        assert_eq!(code(Syntax::Xml, b"<a b=\"c\">d</a>"), None);
        assert_eq!(code(Syntax::Xml, b"<!DOCTYPE a><a/>").map(|found| found.0), Some("malformed.xml.doctype"));
        assert_eq!(code(Syntax::Xml, b"<a><b></a>").map(|found| found.0), Some("malformed.xml.syntax"));
    }

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        assert_eq!(line_and_column("aé\nüx".as_bytes(), 0), (1, 1));
        assert_eq!(line_and_column("aé\nüx".as_bytes(), 3), (1, 3));
        assert_eq!(line_and_column("aé\nüx".as_bytes(), 6), (2, 2));
        assert_eq!(line_and_column(b"a", 99), (1, 2));
    }
}
