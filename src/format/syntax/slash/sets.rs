//! Sets: from the line on which one begins to the `//` that ends it.
//!
//! INVARIANT: a line inside a set never reads as the beginning of another set or as an end marker, so that readers that go line by line
//! and readers that go from `//` to `//` find the same sets.

use std::borrow::Cow;

use nom::Parser;
use nom::bytes::complete::take_while_m_n;
use nom::character::complete::char;
use nom::combinator::{recognize, rest};
use nom::error::Error;
use nom::sequence::{pair, preceded};

use super::{Line, Profile, joined};
use crate::base::{Reason, Refusal, Span};

/// Characters of a field of formatted text at most: 68, so that it fits a line with its `/`.
const FIELD_MAX: usize = 68;

/// Sets of free text, with what their first line has: a subject of their own, or not.
const FREE: [(&str, Subject); 5] =
    [("GENTEXT", Subject::Stands), ("AMPN", Subject::None), ("NARR", Subject::None), ("RMKS", Subject::None), ("SUBJ", Subject::None)];

/// Sets that begin a line of administrative text beyond doubt. Other words before a `/`, such as `AND/OR`, are left to be text there.
const KNOWN: [&str; 22] = [
    "MSGID", "REF", "AMPN", "NARR", "RMKS", "SUBJ", "GENTEXT", "POC", "EXER", "OPER", "DECL", "CLOSTEXT", "PERIOD", "AKNLDG", "ORIG", "CANX", "PASS",
    "HEADING", "TIMEFRAM", "LOCATION", "POS", "DTG",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Stands,
    None,
}

/// One field: a linear field or a cell of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// What stands before the `:`.
    pub descriptor: Option<Line<'a>>,
    /// The data; `-` for none. Holds line feeds where an administrative field runs over lines.
    pub text: Cow<'a, str>,
    /// Bytes of the data.
    pub span: Span,
    /// Bytes of the field, with its descriptor.
    pub whole: Span,
}

/// A set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Set<'a> {
    /// Fields in their order.
    Linear(Vec<Field<'a>>),
    /// Titles of the columns, then rows of cells; a row may stop early.
    Columnar(Vec<Field<'a>>, Vec<Vec<Field<'a>>>),
    /// The subject where the set has one, then the lines of the text.
    Free(Option<Field<'a>>, Vec<Line<'a>>),
}

/// The id of the set that begins on a line.
fn id(text: &str) -> Option<&str> {
    type E<'a> = Error<&'a str>;
    let letters = |least, most| take_while_m_n::<_, _, E<'_>>(least, most, |c: char| c.is_ascii_uppercase());
    let linear = letters(3, 8).parse(text).ok().filter(|(after, _)| after.is_empty() || after.starts_with('/'));
    let column = || recognize(pair(take_while_m_n::<_, _, E<'_>>(1, 1, |c: char| c.is_ascii_digit()), letters(2, 7))).parse(text).ok();
    let alone = |(after, _): &(&str, &str)| after.is_empty() || *after == "//";
    linear.or_else(|| column().filter(alone)).map(|(_, id)| id)
}

/// The number of lines of the set that begins on the first of `lines`, with its id.
///
/// # Errors
/// `malformed.slash.set`, `malformed.slash.hidden`, `malformed.slash.end`.
pub fn ends_here<'a>(lines: &[Line<'a>], profile: Profile) -> Result<(Line<'a>, usize), Refusal> {
    let first = lines.first().copied().unwrap_or(Line { text: "", start: 0 });
    let Some(id) = id(first.text) else {
        return Err(Refusal::at(
            Reason::MalformedSlashSet,
            first.span(),
            "expected a set: 3 to 8 letters and `/`, or a digit and 2 to 7 letters alone",
        ));
    };
    for (at, line) in lines.iter().enumerate() {
        if at > 0 && hides(line.text, lines.get(at.saturating_add(1)), profile) {
            return Err(Refusal::at(Reason::MalformedSlashHidden, line.span(), "expected `//` at the end of the set before this line"));
        }
        match line.text.find("//") {
            None => {}
            Some(place) if place.saturating_add(2) == line.text.len() => return Ok((first.before(id.len()), at.saturating_add(1))),
            Some(place) => {
                let span = line.after(place).before(2).span();
                return Err(Refusal::at(Reason::MalformedSlashEnd, span, "expected `//` only at the end of a line, where it ends a set"));
            }
        }
    }
    Err(Refusal::at(Reason::MalformedSlashEnd, first.span(), "expected `//` at the end of this set"))
}

/// Whether a line inside a set reads as something else: another set, or an end marker. `next` is the line after it.
fn hides(text: &str, next: Option<&Line<'_>>, profile: Profile) -> bool {
    if text == "BT" || text == "NNNN" || text.strip_prefix('#').is_some_and(|rest| rest.len() == 4 && rest.bytes().all(|b| b.is_ascii_digit())) {
        return true;
    }
    // Blanks before the end marker are not kept, and the word would then stand like a set without data.
    if let Some(word) = text.strip_suffix("//").map(|before| before.trim_end_matches(' '))
        && (FREE.iter().any(|(free, _)| *free == word) || word.starts_with(|c: char| c.is_ascii_digit()) && id(word) == Some(word))
    {
        return true;
    }
    let Some(id) = id(text) else { return false };
    match text.get(id.len()..) {
        // A word alone is a word, unless it may be a set without data, or its fields follow.
        Some("" | "//") if id.starts_with(|c: char| c.is_ascii_digit()) || FREE.iter().any(|(free, _)| *free == id) => true,
        Some("//") => false,
        Some("") if next.is_none_or(|next| !next.text.starts_with('/') || next.text == "//") => false,
        _ => profile == Profile::Formatted || KNOWN.contains(&id),
    }
}

/// Reads the set that stands on `lines`, as [`ends_here`] cut them.
///
/// # Errors
/// `malformed.slash.field`, `malformed.slash.column`.
pub fn set<'a>(whole: &'a str, id: Line<'a>, lines: &[Line<'a>], profile: Profile) -> Result<Set<'a>, Refusal> {
    let mut parts: Vec<Line<'a>> = lines.to_vec();
    if let Some(first) = parts.first_mut() {
        *first = first.after(id.text.len());
    }
    if let Some(last) = parts.last_mut() {
        *last = last.before(last.text.len().saturating_sub(2));
    }
    if let Some((_, subject)) =
        FREE.iter().find(|(name, _)| *name == id.text).filter(|(name, _)| *name != "SUBJ" || profile == Profile::Administrative)
    {
        return free(whole, *subject, &parts, profile);
    }
    match id.text.starts_with(|c: char| c.is_ascii_digit()) {
        true => columnar(whole, &parts, profile),
        false => linear(whole, id, &parts, profile).map(Set::Linear),
    }
}

fn refuse<T>(reason: Reason, line: Line<'_>, detail: &str) -> Result<T, Refusal> {
    Err(Refusal::at(reason, line.span(), detail))
}

/// The pieces of a line that begins with `/`.
fn pieces(line: Line<'_>) -> Vec<Line<'_>> {
    let Some(rest) = line.text.strip_prefix('/') else { return Vec::new() };
    let mut start = line.start;
    let placed = rest.split('/').map(|text| {
        let from = start.saturating_add(1);
        start = from.saturating_add(text.len());
        Line { text, start: from }
    });
    placed.collect()
}

fn linear<'a>(whole: &'a str, id: Line<'a>, parts: &[Line<'a>], profile: Profile) -> Result<Vec<Field<'a>>, Refusal> {
    // Each field as the lines that it stands on.
    let mut fields: Vec<Vec<Line<'a>>> = Vec::new();
    for part in parts.iter().filter(|part| !part.text.is_empty()) {
        let cut = part.text.find('/').unwrap_or(part.text.len());
        if cut > 0 {
            let continues = profile == Profile::Administrative && !KNOWN.contains(&part.before(cut).text.trim());
            match fields.last_mut().filter(|_| continues) {
                Some(field) => field.push(part.before(cut)),
                None => return refuse(Reason::MalformedSlashField, *part, "expected a line that begins with `/`: a field is not split over lines"),
            }
        }
        fields.extend(pieces(part.after(cut)).into_iter().map(|piece| vec![piece]));
    }
    if fields.is_empty() {
        return refuse(Reason::MalformedSlashField, id, "expected a field in this set");
    }
    fields.iter().map(|lines| field(whole, lines, profile)).collect()
}

/// One field from the lines that it stands on.
fn field<'a>(whole: &'a str, lines: &[Line<'a>], profile: Profile) -> Result<Field<'a>, Refusal> {
    let first = lines.first().copied().unwrap_or(Line { text: "", start: 0 });
    if profile == Profile::Formatted && (first.trimmed() != first || first.text.len() > FIELD_MAX) {
        return refuse(Reason::MalformedSlashField, first, "expected a field of at most 68 characters without blanks at its ends");
    }
    let mut lines: Vec<Line<'a>> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| if at == 0 { line.trimmed() } else { Line { text: line.text.trim_end_matches(' '), ..*line } })
        .collect();
    let start = lines.first().copied().unwrap_or(first);
    if start.text.is_empty() {
        return refuse(Reason::MalformedSlashField, first, "expected `-` for a field without data, not nothing");
    }
    let descriptor = descriptor(start.text).map(|length| start.before(length));
    if descriptor.is_none() && profile == Profile::Formatted && start.text.contains(':') {
        return refuse(Reason::MalformedSlashField, start, "expected `:` only between a descriptor of 1 to 8 letters and digits and its data");
    }
    if let (Some(found), Some(line)) = (descriptor, lines.first_mut()) {
        *line = line.after(found.text.len().saturating_add(1)).trimmed();
    }
    let Some((text, span)) = joined(whole, &lines) else {
        return refuse(Reason::MalformedSlashField, start, "expected data after the descriptor");
    };
    if descriptor.is_some() && text == "-" {
        return refuse(Reason::MalformedSlashField, start, "expected no descriptor before `-`");
    }
    let end = usize::try_from(span.end).unwrap_or(usize::MAX);
    Ok(Field { descriptor, text, span, whole: Span::new(start.start, end) })
}

/// The length of the descriptor of a field, where it has one: data must follow, without another `:`.
fn descriptor(text: &str) -> Option<usize> {
    let word = take_while_m_n::<_, _, Error<&str>>(1, 8, |c: char| c.is_ascii_uppercase() || c.is_ascii_digit());
    let (_, (word, data)) = (word, preceded(char(':'), rest)).parse(text).ok()?;
    (!data.contains(':') && !data.is_empty()).then_some(word.len())
}

fn columnar<'a>(whole: &'a str, parts: &[Line<'a>], profile: Profile) -> Result<Set<'a>, Refusal> {
    let mut rows = parts.iter().filter(|part| !part.text.is_empty());
    let Some(header) = rows.next() else { return Ok(Set::Columnar(Vec::new(), Vec::new())) };
    let titles = cells(whole, *header, profile)?;
    let columns: Vec<usize> = header.text.match_indices('/').map(|(at, _)| at).collect();
    let rows = rows.map(|row| {
        let own: Vec<usize> = row.text.match_indices('/').map(|(at, _)| at).collect();
        match columns.starts_with(&own) {
            true => cells(whole, *row, profile),
            false => refuse(Reason::MalformedSlashColumn, *row, "expected each column to begin where its title begins"),
        }
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(Set::Columnar(titles, rows))
}

fn cells<'a>(whole: &'a str, line: Line<'a>, profile: Profile) -> Result<Vec<Field<'a>>, Refusal> {
    if !line.text.starts_with('/') {
        return refuse(Reason::MalformedSlashColumn, line, "expected a row that begins with `/`");
    }
    pieces(line).into_iter().map(|cell| field(whole, &[cell.trimmed()], profile)).collect()
}

fn free<'a>(whole: &'a str, subject: Subject, parts: &[Line<'a>], profile: Profile) -> Result<Set<'a>, Refusal> {
    let mut parts: Vec<Line<'a>> = parts.to_vec();
    let subject = match subject {
        Subject::None => None,
        Subject::Stands => {
            let piece = slash(&mut parts)?;
            let length = piece.text.find('/').unwrap_or(piece.text.len());
            if let Some(first) = parts.first_mut() {
                *first = piece.after(length);
            }
            Some(field(whole, &[piece.before(length)], profile)?)
        }
    };
    // A set whose text was taken away stays as a set without text.
    if parts.iter().all(|part| part.text.is_empty()) {
        return Ok(Set::Free(subject, Vec::new()));
    }
    let first = slash(&mut parts)?;
    let text = parts.iter().find(|part| !part.text.trim().is_empty());
    let ends = |part: &Line<'_>| part.text.trim_end().ends_with('/');
    if text.is_some_and(|part| part.text.trim_start().starts_with('/')) || parts.iter().rfind(|part| !part.text.trim().is_empty()).is_some_and(ends) {
        return refuse(Reason::MalformedSlashField, first, "expected free text that neither begins nor ends with `/`");
    }
    // White space before the end of the set is that of a line's end.
    Ok(Set::Free(subject, parts.iter().map(|part| Line { text: part.text.trim_end_matches(' '), ..*part }).collect()))
}

/// Takes the `/` that begins a part of a free text, on this line or the next.
fn slash<'a>(parts: &mut Vec<Line<'a>>) -> Result<Line<'a>, Refusal> {
    let blank = parts.iter().take(parts.len().saturating_sub(1)).take_while(|part| part.text.is_empty()).count();
    parts.drain(..blank);
    let first = parts.first().copied().unwrap_or(Line { text: "", start: 0 });
    match first.text.strip_prefix('/') {
        Some(_) => {
            let after = first.after(1);
            parts.iter_mut().take(1).for_each(|part| *part = after);
            Ok(after)
        }
        None => refuse(Reason::MalformedSlashField, first, "expected `/` before the text"),
    }
}
