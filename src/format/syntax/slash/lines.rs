//! Characters and lines: what may stand in slash-delimited text at all, and how it falls into lines.

use std::borrow::Cow;

use crate::base::{Reason, Refusal, Span};

/// Which of the two profiles of the grammar a text follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As the standard says.
    Formatted,
    /// As general administrative messages are really sent.
    Administrative,
}

impl Profile {
    /// Columns of a line at most.
    // SPEC: ADatP-3 part I: 69 columns, the line end not counted. Administrative messages are written to 80, the width of a screen.
    #[must_use]
    pub const fn columns_max(self) -> usize {
        match self {
            Self::Formatted => 69,
            Self::Administrative => 80,
        }
    }

    /// Whether a character of printable ASCII may stand in the text.
    // SPEC: ADatP-3 part I: A to Z, 0 to 9, `. , - ( ) ? / :` and blank.
    const fn takes(self, byte: u8) -> bool {
        match self {
            Self::Formatted => matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'.' | b',' | b'-' | b'(' | b')' | b'?' | b'/' | b':' | b' '),
            Self::Administrative => matches!(byte, b' '..=b'~'),
        }
    }
}

/// A line, or a part of one, at its place in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Without the line end and without white space before it.
    pub text: &'a str,
    /// Offset of its first byte.
    pub start: usize,
}

impl<'a> Line<'a> {
    /// Where it ends.
    #[must_use]
    #[inline]
    pub fn end(self) -> usize {
        self.start.saturating_add(self.text.len())
    }

    /// Its bytes.
    #[must_use]
    #[inline]
    pub fn span(self) -> Span {
        Span::new(self.start, self.end())
    }

    /// What follows the first `at` bytes.
    #[must_use]
    #[inline]
    pub fn after(self, at: usize) -> Self {
        Self { text: self.text.get(at..).unwrap_or(""), start: self.start.saturating_add(at).min(self.end()) }
    }

    /// The first `at` bytes.
    #[must_use]
    #[inline]
    pub fn before(self, at: usize) -> Self {
        Self { text: self.text.get(..at).unwrap_or(self.text), start: self.start }
    }

    /// Without blanks at both ends.
    #[must_use]
    #[inline]
    pub fn trimmed(self) -> Self {
        let text = self.text.trim_start_matches(' ');
        let start = self.start.saturating_add(self.text.len().saturating_sub(text.len()));
        Self { text: text.trim_end_matches(' '), start }
    }

    /// Checks that every character is of the profile's alphabet and that the line is not too long.
    ///
    /// # Errors
    /// `malformed.slash.character`, `malformed.slash.line`.
    pub fn keeps(self, profile: Profile) -> Result<(), Refusal> {
        // All bytes at a time; one after the other only to find the one that is wrong.
        let all = self.text.bytes().fold(true, |all, byte| all & profile.takes(byte));
        if let Some(at) = (!all).then(|| self.text.bytes().position(|byte| !profile.takes(byte))).flatten() {
            let at = self.start.saturating_add(at);
            let detail = match profile {
                Profile::Formatted => "expected capital letters, digits, blanks and `. , - ( ) ? / :`",
                Profile::Administrative => "expected printable ASCII",
            };
            return Err(Refusal::at(Reason::MalformedSlashCharacter, Span::new(at, at.saturating_add(1)), detail));
        }
        match self.text.len() > profile.columns_max() {
            true => {
                let detail = format!("expected at most {} columns, found {}", profile.columns_max(), self.text.len());
                Err(Refusal::at(Reason::MalformedSlashLine, self.span(), detail))
            }
            false => Ok(()),
        }
    }
}

/// The text of a body: printable ASCII, line feeds, and carriage returns in front of them.
///
/// # Errors
/// `malformed.slash.character`.
pub fn text(body: &[u8]) -> Result<&str, Refusal> {
    match (first_bad(body), std::str::from_utf8(body)) {
        (None, Ok(text)) => Ok(text),
        (bad, _) => {
            // The place must not cut a character where the body is UTF-8 all the same.
            let start = bad.unwrap_or(0);
            let is_inner = |at: usize| body.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
            let end = (start.saturating_add(1)..body.len()).find(|&at| !is_inner(at)).unwrap_or(body.len());
            Err(Refusal::at(Reason::MalformedSlashCharacter, Span::new(start, end), "expected printable ASCII and line feeds"))
        }
    }
}

/// The first byte that may not stand where it does.
fn first_bad(body: &[u8]) -> Option<usize> {
    // All bytes at a time, and one after the other only where that finds something to look at.
    if body.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~' | b'\n')) {
        return None;
    }
    // The first of the carriage returns that stand here.
    let mut returns = None;
    for (at, byte) in body.iter().enumerate() {
        match (byte, returns) {
            // A carriage return alone would be a line end to some readers and none to others. Circuits send two in front of the line feed.
            (b'\r', _) => returns = returns.or(Some(at)),
            (b'\n', _) => returns = None,
            (b' '..=b'~', None) => {}
            (_, returns) => return returns.or(Some(at)),
        }
    }
    returns
}

/// All lines, blank ones too, without white space at their ends.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0_usize;
    text.split('\n').map(move |raw| {
        let blanks = raw.bytes().rev().take_while(|byte| matches!(byte, b' ' | b'\r')).count();
        let line = Line { text: raw.get(..raw.len().saturating_sub(blanks)).unwrap_or(raw), start };
        start = start.saturating_add(raw.len()).saturating_add(1);
        line
    })
}

/// Lines as one text with line feeds between: blank ones at both ends are dropped, of several in a row one stays. `None` where nothing stands.
#[must_use]
pub fn joined<'a>(whole: &'a str, lines: &[Line<'a>]) -> Option<(Cow<'a, str>, Span)> {
    let first = lines.iter().position(|line| !line.text.is_empty())?;
    let last = lines.iter().rposition(|line| !line.text.is_empty())?;
    let lines = lines.get(first..=last)?;
    let (start, end) = (lines.first()?.start, lines.last()?.end());
    let span = Span::new(start, end);
    // Each line where the one before ends with a line feed alone: the body has the text as it is.
    let follows = |pair: &[Line<'a>]| match pair {
        [before, line] => {
            let fed = before.end().saturating_add(1) == line.start && whole.as_bytes().get(before.end()) == Some(&b'\n');
            fed && !(before.text.is_empty() && line.text.is_empty())
        }
        _ => true,
    };
    if lines.windows(2).all(follows) {
        return whole.get(start..end).map(|sent| (Cow::Borrowed(sent), span));
    }
    let mut text = String::new();
    let mut previous: Option<Line<'_>> = None;
    for line in lines {
        if let Some(before) = previous {
            if line.text.is_empty() && before.text.is_empty() {
                continue;
            }
            text.push('\n');
        }
        text.push_str(line.text);
        previous = Some(*line);
    }
    Some((Cow::Owned(text), span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_their_ends_and_keep_their_places() {
        let text = "AB \r\n\n CD";
        let found: Vec<_> = lines(text).map(|line| (line.text, line.start)).collect();
        assert_eq!(found, [("AB", 0), ("", 5), (" CD", 6)]);
    }

    #[test]
    fn joined_lines_are_borrowed_where_they_stand_so_in_the_body() {
        let join = |text: &'static str| {
            joined(text, &lines(text).collect::<Vec<_>>()).map(|(text, span)| (matches!(text, Cow::Borrowed(_)), text.into_owned(), span))
        };
        assert_eq!(join("A\n\nB\n"), Some((true, "A\n\nB".to_owned(), Span::new(0, 4))));
        assert_eq!(join("\nA \nB\n\n\nC"), Some((false, "A\nB\n\nC".to_owned(), Span::new(1, 9))));
        assert_eq!(join(" \n"), None);
    }

    #[test]
    fn only_printable_ascii_is_text() {
        assert!(text(b"A\r\r\nB~").is_ok());
        for (body, place) in
            [(&b"A\tB"[..], (1, 2)), (b"A\rB", (1, 2)), (b"A\x93B", (1, 2)), ("Aé B".as_bytes(), (1, 3)), (b"\0", (0, 1)), (b"A\r", (1, 2))]
        {
            let refusal = text(body).unwrap_err();
            assert_eq!((refusal.reason, refusal.place.span), (Reason::MalformedSlashCharacter, Some(Span::new(place.0, place.1))));
        }
    }

    #[test]
    fn carriage_returns_are_looked_at_once_each_however_many_stand_in_a_row() {
        let many = "\r".repeat(2_000_000);
        assert!(text(format!("A{many}\nB").as_bytes()).is_ok());
        let refusal = text(format!("A{many}B").as_bytes()).unwrap_err();
        assert_eq!((refusal.reason, refusal.place.span), (Reason::MalformedSlashCharacter, Some(Span::new(1, 2))));
    }

    #[test]
    fn the_profiles_differ_in_alphabet_and_width() {
        let keeps = |text: &str, profile| Line { text, start: 0 }.keeps(profile).map_err(|refusal| refusal.reason.code());
        assert_eq!(keeps("A-Z (1) ?/:,.", Profile::Formatted), Ok(()));
        assert_eq!(keeps("a", Profile::Formatted), Err("malformed.slash.character"));
        assert_eq!(keeps("a@#\"", Profile::Administrative), Ok(()));
        assert_eq!(keeps(&"A".repeat(69), Profile::Formatted), Ok(()));
        assert_eq!(keeps(&"A".repeat(70), Profile::Formatted), Err("malformed.slash.line"));
        assert_eq!(keeps(&"A".repeat(81), Profile::Administrative), Err("malformed.slash.line"));
    }
}
