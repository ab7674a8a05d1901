//! Lines of a body: visible ASCII, blanks at their end cut, lines of nothing but blanks dropped.

use crate::base::{Budget, Reason, Refusal, Span};

/// Characters of a line at most: 69, what teleprinters and the receivers after them take.
pub(super) const LINE_CHARS_MAX: usize = 69;

/// Characters of a line, about: room for lines is taken by it.
const LINE_CHARS_ABOUT: usize = 40;

/// A line with something on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// The text without blanks at its end.
    pub(super) text: &'a str,
    /// Where it begins in the body.
    pub(super) start: usize,
}

impl<'a> Line<'a> {
    /// One past its last character.
    pub(super) const fn end(&self) -> usize {
        self.start.saturating_add(self.text.len())
    }

    /// Its bytes.
    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.end())
    }

    /// What follows a prefix, with its place.
    pub(super) fn after(&self, prefix: &str) -> Option<Self> {
        self.text.strip_prefix(prefix).map(|text| Self { text, start: self.start.saturating_add(prefix.len()) })
    }

    /// The parts between solidi, with their places.
    pub(super) fn fields(self) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let Self { text, start } = rest?;
            let Some(cut) = text.bytes().position(|byte| byte == b'/') else { return rest.take() };
            let next = cut.saturating_add(1);
            rest = Some(Self { text: text.get(next..).unwrap_or_default(), start: start.saturating_add(next) });
            Some(Self { text: text.get(..cut).unwrap_or_default(), start })
        })
    }
}

/// Lines that are read one after the other.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    all: Vec<Line<'a>>,
    at: usize,
}

impl<'a> Lines<'a> {
    /// Cuts a body into lines.
    ///
    /// # Errors
    /// `malformed.oth.character`, `malformed.oth.line`, `size.budget`.
    pub(super) fn cut(body: &'a [u8], budget: &mut Budget) -> Result<Self, Refusal> {
        let text = ascii(body)?;
        let mut all = Vec::with_capacity(body.len() / LINE_CHARS_ABOUT);
        let mut start = 0_usize;
        for raw in text.split('\n') {
            budget.spend(1)?;
            let line = Line { text: raw.strip_suffix('\r').unwrap_or(raw).trim_end_matches(' '), start };
            start = start.saturating_add(raw.len()).saturating_add(1);
            if line.text.len() > LINE_CHARS_MAX {
                return Err(Refusal::at(Reason::MalformedOthLine, line.span(), format!("expected at most {LINE_CHARS_MAX} characters in a line")));
            }
            if !line.text.is_empty() {
                all.push(line);
            }
        }
        Ok(Self { text, all, at: 0 })
    }

    /// The next line, which stays the next.
    pub(super) fn peek(&self) -> Option<Line<'a>> {
        self.all.get(self.at).copied()
    }

    /// The next line, if it is of a kind.
    pub(super) fn next_if(&mut self, of_a_kind: impl Fn(&str) -> bool) -> Option<Line<'a>> {
        let line = self.peek().filter(|line| of_a_kind(line.text))?;
        self.at = self.at.saturating_add(1);
        Some(line)
    }

    /// The next line.
    pub(super) fn next(&mut self) -> Option<Line<'a>> {
        self.next_if(|_| true)
    }

    /// The text of the body from `start` to `end`.
    pub(super) fn between(&self, start: usize, end: usize) -> Option<&'a str> {
        self.text.get(start..end)
    }

    /// The bytes of the next line, or the end of the body.
    pub(super) fn place(&self) -> Span {
        self.peek().map_or(Span::new(self.text.len(), self.text.len()), |line| line.span())
    }
}

/// The body as text, if every byte is a visible character, a blank or a part of a line end.
fn ascii(body: &[u8]) -> Result<&str, Refusal> {
    let refuse = |at: usize| Refusal::at(Reason::MalformedOthCharacter, Span::new(at, at), "expected visible ASCII, blanks and line feeds");
    // All bytes at a time, and one after the other only where that finds something to look at.
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    if !body.iter().fold(true, |all, byte| all & plain(byte)) {
        let next = |at: usize| body.get(at.saturating_add(1));
        let fits = |(at, byte): (usize, &u8)| plain(byte) || *byte == b'\r' && next(at) == Some(&b'\n');
        if let Some(at) = body.iter().enumerate().position(|place| !fits(place)) {
            return Err(refuse(at));
        }
    }
    std::str::from_utf8(body).map_err(|error| refuse(error.valid_up_to()))
}
