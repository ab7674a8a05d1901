//! Words at the beginning of lines: classification as people space it out, numbers and portion marks of paragraphs.

use std::borrow::Cow;

use nom::Parser;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::char;
use nom::combinator::{opt, recognize};
use nom::error::Error;
use nom::multi::many1_count;
use nom::sequence::{delimited, pair, terminated};

use super::schema::PORTIONS;
use crate::format::syntax::slash::Line;

type E<'a> = Error<&'a str>;

/// A line with its spaced letters closed up: `N A T O  S E C R E T` is `NATO SECRET`. Fewer than three single letters in a row are words.
pub(super) fn closed(text: &str) -> Cow<'_, str> {
    let mut words: Vec<String> = Vec::new();
    let mut letters: Vec<&str> = Vec::new();
    for word in text.split(' ') {
        if word.len() == 1 && word.bytes().all(|b| b.is_ascii_uppercase()) {
            letters.push(word);
            continue;
        }
        close(&mut letters, &mut words);
        words.extend(Some(word.to_owned()).filter(|word| !word.is_empty()));
    }
    close(&mut letters, &mut words);
    let made = words.join(" ");
    if made == text { Cow::Borrowed(text) } else { Cow::Owned(made) }
}

fn close(letters: &mut Vec<&str>, words: &mut Vec<String>) {
    match letters.len() {
        0..3 => words.extend(letters.iter().map(|letter| (*letter).to_owned())),
        _ => words.push(letters.concat()),
    }
    letters.clear();
}

/// The parts of a classification line: the marking, the file number between `//`, and a reference such as `NAVADMIN 285/07` behind it.
pub(super) fn first_line(line: Line<'_>) -> (Line<'_>, Option<Line<'_>>, Option<Line<'_>>) {
    let text = line.text;
    if let Some(at) = text.len().checked_sub(10).filter(|&at| text.get(at..).is_some_and(is_file)) {
        return (line.before(at).trimmed(), Some(line.after(at.saturating_add(2)).before(6)), None);
    }
    let marking = line.before(text.strip_suffix("//").unwrap_or(text).len()).trimmed();
    let mut blanks = marking.text.rmatch_indices(' ').map(|(at, _)| at);
    let (last, before) = (blanks.next(), blanks.next());
    let reference = last.zip(before).map(|(_, before)| marking.after(before).trimmed()).filter(|found| is_reference(found.text));
    match (reference, before) {
        (Some(found), Some(at)) => (marking.before(at).trimmed(), None, Some(found)),
        _ => (marking, None, None),
    }
}

/// `//N05060//`
fn is_file(text: &str) -> bool {
    let digits = take_while_m_n::<_, _, E<'_>>(5, 5, |c: char| c.is_ascii_digit());
    (tag("//N"), digits, tag("//")).parse(text).is_ok_and(|(rest, _)| rest.is_empty())
}

/// A series and its number: no caveat is written so.
fn is_reference(text: &str) -> bool {
    let digits = |least, most| take_while_m_n::<_, _, E<'_>>(least, most, |c: char| c.is_ascii_digit());
    let series = take_while_m_n::<_, _, E<'_>>(5, 12, |c: char| c.is_ascii_uppercase());
    (series, char(' '), digits(1, 4), char('/'), digits(2, 2)).parse(text).is_ok_and(|(rest, _)| rest.is_empty())
}

/// What stands in front of a paragraph that has a portion mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marked<'a> {
    /// Its number, such as `1.` or `A.(2)`, with nothing behind it.
    pub(super) number: Option<Line<'a>>,
    /// The mark, without its parentheses.
    pub(super) mark: Line<'a>,
    /// What the mark stands for.
    pub(super) words: &'static str,
    /// The rest of the line.
    pub(super) rest: Line<'a>,
}

/// The portion mark with which a line begins, after its number.
pub(super) fn marked(line: Line<'_>) -> Option<Marked<'_>> {
    // Few lines have one, and every line is asked.
    memchr::memchr(b'(', line.text.as_bytes())?;
    let blanks = || take_while::<_, _, E<'_>>(|c| c == ' ');
    let word = || take_while_m_n::<_, _, E<'_>>(1, 3, |c: char| c.is_ascii_alphanumeric());
    let dotted = recognize(many1_count(terminated(word(), char('.'))));
    let inner =
        recognize(delimited(char('('), take_while_m_n::<_, _, E<'_>>(1, 2, |c: char| c.is_ascii_digit() || c.is_ascii_lowercase()), char(')')));
    let number = recognize(pair(opt(dotted), opt(inner)));
    let mark = delimited(char('('), take_while1(|c: char| c.is_ascii_uppercase()), char(')'));
    let (rest, (lead, number, gap, mark)) = (blanks(), number, blanks(), mark).parse(line.text).ok()?;
    let (_, words) = PORTIONS.iter().find(|(known, _)| *known == mark).filter(|_| rest.is_empty() || rest.starts_with(' '))?;
    let at = lead.len().saturating_add(number.len()).saturating_add(gap.len()).saturating_add(1);
    let number = line.after(lead.len()).before(number.len());
    Some(Marked {
        number: Some(number).filter(|number| !number.text.is_empty()),
        mark: line.after(at).before(mark.len()),
        words,
        rest: line.after(line.text.len().saturating_sub(rest.len())).trimmed(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line<'_> {
        Line { text, start: 0 }
    }

    #[test]
    fn spaced_letters_are_closed_up_and_words_are_kept() {
        for (sent, read) in [
            ("N A T O  S E C R E T", "NATO SECRET"),
            ("C O N F I D E N T I A L", "CONFIDENTIAL"),
            ("S E C R E T NOFORN", "SECRET NOFORN"),
            ("UNCLAS", "UNCLAS"),
            ("SECRET REL TO A B", "SECRET REL TO A B"),
        ] {
            assert_eq!(closed(sent), read);
        }
    }

    #[test]
    fn a_classification_line_falls_into_marking_file_and_reference() {
        let parts = |text: &'static str| {
            let (marking, file, reference) = first_line(line(text));
            (marking.text, file.map(|line| line.text), reference.map(|line| line.text))
        };
        assert_eq!(parts("UNCLAS //N05060//"), ("UNCLAS", Some("N05060"), None));
        assert_eq!(parts("UNCLAS//N05060//"), ("UNCLAS", Some("N05060"), None));
        assert_eq!(parts("UNCLAS NAVADMIN 285/07"), ("UNCLAS", None, Some("NAVADMIN 285/07")));
        assert_eq!(parts("SECRET REL TO USA, GBR"), ("SECRET REL TO USA, GBR", None, None));
        assert_eq!(parts("UNCLAS//"), ("UNCLAS", None, None));
        assert_eq!(parts("SECRET//NOFORN"), ("SECRET//NOFORN", None, None));
    }

    #[test]
    fn portion_marks_are_found_behind_numbers_and_nowhere_else() {
        let parts = |text: &'static str| marked(line(text)).map(|found| (found.number.map(|line| line.text), found.mark.text, found.rest.text));
        assert_eq!(parts("1. (U) TEXT"), Some((Some("1."), "U", "TEXT")));
        assert_eq!(parts("  A.(S)  TEXT"), Some((Some("A."), "S", "TEXT")));
        assert_eq!(parts("(1) (NS) TEXT"), Some((Some("(1)"), "NS", "TEXT")));
        assert_eq!(parts("(C)"), Some((None, "C", "")));
        for text in ["(X) TEXT", "TEXT (U)", "(U)TEXT", "1. TEXT", "OFFICER(S) ALL"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
