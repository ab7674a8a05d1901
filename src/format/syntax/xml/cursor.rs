//! A cursor over the text of a document: what is looked at, taken and refused, always at a byte offset.

use crate::base::{Reason, Refusal, Span};

use super::Options;
use super::chars::{is_name_char, is_name_start, is_white};

/// INVARIANT: `at` is a character boundary of `text`.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The byte after the next.
    pub(super) fn second(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at.saturating_add(1)).copied()
    }

    pub(super) fn sees(&self, what: &str) -> bool {
        self.rest().starts_with(what)
    }

    /// Takes `what` where it stands here.
    pub(super) fn take(&mut self, what: &str) -> bool {
        let seen = self.sees(what);
        if seen {
            self.skip(what.len());
        }
        seen
    }

    /// Goes on by `bytes`, which the caller has seen here.
    pub(super) const fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// Takes white space; gives the number of bytes.
    pub(super) fn white(&mut self) -> usize {
        let rest = self.rest().as_bytes();
        let count = rest.iter().position(|&b| !is_white(b)).unwrap_or(rest.len());
        self.skip(count);
        count
    }

    /// Takes everything before the byte `stop`, which stays; `None` where it does not occur.
    pub(super) fn before_byte(&mut self, stop: u8) -> Option<&'a str> {
        let rest = self.rest();
        let end = memchr::memchr(stop, rest.as_bytes())?;
        self.skip(end);
        rest.get(..end)
    }

    /// Takes everything before `stop` and `stop` itself; gives what stood before.
    pub(super) fn through(&mut self, stop: &str) -> Option<&'a str> {
        let rest = self.rest();
        let end = memchr::memmem::find(rest.as_bytes(), stop.as_bytes())?;
        self.skip(end.saturating_add(stop.len()));
        rest.get(..end)
    }

    /// Takes a name as (prefix, local name, whole): at most one colon, a name on both sides.
    pub(super) fn name(&mut self, expected: &str) -> Result<(&'a str, &'a str, &'a str), Refusal> {
        let rest = self.rest();
        // Names are in ASCII nearly always; the first other byte sends us over all characters.
        let plain = rest.bytes().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-' | b'.'))).unwrap_or(rest.len());
        let ascii = rest.as_bytes().get(plain).is_none_or(u8::is_ascii);
        // Most names are plain words.
        if let Some(word) = rest.get(..plain).filter(|word| ascii && plain <= Options::NAME_BYTES_MAX && is_word(word)) {
            self.skip(plain);
            return Ok(("", word, word));
        }
        let end = if ascii { plain } else { rest.find(|c: char| c != ':' && !is_name_char(c)).unwrap_or(rest.len()) };
        let whole = rest.get(..end).unwrap_or("");
        let (prefix, local) = whole.split_once(':').map_or(("", whole), |(prefix, local)| (prefix, local));
        let starts = |part: &str| part.chars().next().is_some_and(is_name_start);
        if whole.is_empty() || !whole.starts_with(|c| c == ':' || is_name_start(c)) {
            return Err(self.syntax(format!("expected {expected}")));
        }
        let with_prefix = !prefix.is_empty() || whole.len() != local.len();
        if local.contains(':') || !starts(local) || (with_prefix && !starts(prefix)) {
            let span = Span::new(self.at, self.at.saturating_add(end));
            return Err(Refusal::at(Reason::MalformedXmlNamespace, span, "expected a name with at most one colon and a name on both sides of it"));
        }
        if end > Options::NAME_BYTES_MAX {
            let span = Span::new(self.at, self.at.saturating_add(end));
            return Err(Refusal::at(Reason::SizeBudget, span, format!("expected names of at most {} bytes", Options::NAME_BYTES_MAX)));
        }
        self.skip(end);
        Ok((prefix, local, whole))
    }

    /// A refusal at this place: `malformed.xml.syntax`.
    pub(super) fn syntax(&self, detail: impl Into<String>) -> Refusal {
        self.refusal(Reason::MalformedXmlSyntax, self.at, detail)
    }

    /// A refusal of the bytes from `from` to here, or of the character here.
    pub(super) fn refusal(&self, reason: Reason, from: usize, detail: impl Into<String>) -> Refusal {
        let here = || self.text.get(from..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let end = if from < self.at { self.at } else { from.saturating_add(here()) };
        Refusal::at(reason, Span::new(from, end), detail)
    }
}

/// Whether what was found to be a name in ASCII begins as one and has no colon.
fn is_word(name: &str) -> bool {
    name.as_bytes().first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') && !name.bytes().any(|b| b == b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_up_to_the_first_other_character() {
        for (text, prefix, local, rest) in [("a b", "", "a", " b"), ("p:a>", "p", "a", ">"), ("é=1", "", "é", "=1"), ("a.b-c1/", "", "a.b-c1", "/")]
        {
            let mut cursor = Cursor::new(text);
            let (found, name, whole) = cursor.name("a name").unwrap();
            assert_eq!((found, name, cursor.rest()), (prefix, local, rest), "{text}");
            assert_eq!(whole.len(), cursor.at());
        }
        for (text, reason) in [
            ("", Reason::MalformedXmlSyntax),
            ("1a", Reason::MalformedXmlSyntax),
            (" a", Reason::MalformedXmlSyntax),
            (":a", Reason::MalformedXmlNamespace),
            ("a:", Reason::MalformedXmlNamespace),
            ("a::b", Reason::MalformedXmlNamespace),
            ("a:b:c", Reason::MalformedXmlNamespace),
            ("a:1", Reason::MalformedXmlNamespace),
        ] {
            let mut cursor = Cursor::new(text);
            assert_eq!(cursor.name("a name").unwrap_err().reason, reason, "{text}");
            assert_eq!(cursor.at(), 0, "a refused name is not taken");
        }
    }

    #[test]
    fn a_refusal_points_at_whole_characters() {
        for (text, end) in [("", 0), ("a", 1), ("é", 2), ("語", 3), ("\u{1F600}<", 4)] {
            assert_eq!(Cursor::new(text).syntax("expected nothing").place.span, Some(Span::new(0, end)), "{text}");
        }
    }

    #[test]
    fn what_is_looked_for_is_taken_or_nothing_is() {
        let mut cursor = Cursor::new("ab--c<d");
        assert_eq!(cursor.through("--"), Some("ab"));
        assert!(!cursor.take("x") && cursor.sees("c"));
        assert_eq!(cursor.through("!"), None);
        assert_eq!(cursor.before_byte(b'<'), Some("c"));
        assert_eq!(cursor.peek(), Some(b'<'));
        assert_eq!(cursor.before_byte(b'>'), None);
        assert_eq!(cursor.rest(), "<d");
        assert_eq!(Cursor::new(" \t\r\n\u{a0}").white(), 4);
    }
}
