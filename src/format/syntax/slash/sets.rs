//! Sets: from the line on which one begins to the `//` that ends it.
//!
//! INVARIANT: a line inside a set never reads as the beginning of another set or as an end marker, so that readers that go line by line
//! and readers that go from `//` to `//` find the same sets.

use std::borrow::Cow;

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

/// What a set consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// Fields in their order.
    #[default]
    Linear,
    /// Titles of the columns, then rows of cells; a row may stop early.
    Columnar,
    /// A subject where the set has one, then the lines of the text.
    Free,
}

/// A set: its rooms are used again for the next one.
#[derive(Debug, Default)]
pub struct Set<'a> {
    /// What it consists of.
    pub shape: Shape,
    /// The fields; of columns the titles and then all cells; of free text the subject.
    pub fields: Vec<Field<'a>>,
    /// Of columns: where the titles end among the fields, then where each row does.
    pub ends: Vec<usize>,
    /// Of free text: its lines.
    pub lines: Vec<Line<'a>>,
    /// Where columns begin.
    columns: Vec<usize>,
    /// Lines that continue a field.
    more: Vec<Line<'a>>,
}

/// The id of the set that begins on a line.
fn id(text: &str) -> Option<&str> {
    let letters = |bytes: &[u8], most: usize| bytes.iter().take(most).take_while(|byte| byte.is_ascii_uppercase()).count();
    let bytes = text.as_bytes();
    let (count, alone) = match bytes.first()? {
        b'0'..=b'9' => (letters(bytes.get(1..)?, 7).checked_add(1)?, true),
        _ => (letters(bytes, 8), false),
    };
    let (id, after) = text.split_at_checked(count).filter(|(id, _)| id.len() >= 3)?;
    let ends = if alone { after == "//" } else { after.starts_with('/') };
    (ends || after.is_empty()).then_some(id)
}

/// The place of the first `/`.
fn slash(text: &str) -> Option<usize> {
    text.bytes().position(|byte| byte == b'/')
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
        match double(line.text) {
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

/// The place of the first `//`.
fn double(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'/', bytes).find(|at| bytes.get(at.saturating_add(1)) == Some(&b'/'))
}

/// Whether a line inside a set reads as something else: another set, or an end marker. `next` is the line after it.
fn hides(text: &str, next: Option<&Line<'_>>, profile: Profile) -> bool {
    // No word and no marker begins so: most lines of columns.
    if text.starts_with('/') {
        return false;
    }
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

impl<'a> Set<'a> {
    /// Reads the set that stands on `lines`, as [`ends_here`] cut them.
    ///
    /// # Errors
    /// `malformed.slash.field`, `malformed.slash.column`.
    pub fn read(&mut self, whole: &'a str, id: Line<'a>, lines: &[Line<'a>], profile: Profile) -> Result<(), Refusal> {
        self.fields.clear();
        self.ends.clear();
        self.lines.clear();
        let last = lines.len().saturating_sub(1);
        let parts = lines.iter().enumerate().map(|(at, line)| {
            let line = if at == 0 { line.after(id.text.len()) } else { *line };
            if at == last { line.before(line.text.len().saturating_sub(2)) } else { line }
        });
        let free = FREE.iter().find(|(name, _)| *name == id.text).filter(|(name, _)| *name != "SUBJ" || profile == Profile::Administrative);
        if let Some((_, subject)) = free {
            self.lines.extend(parts);
            return self.free(whole, *subject, profile);
        }
        match id.text.starts_with(|c: char| c.is_ascii_digit()) {
            true => self.columnar(whole, parts, profile),
            false => self.linear(whole, id, parts, profile),
        }
    }

    fn linear(&mut self, whole: &'a str, id: Line<'a>, parts: impl Iterator<Item = Line<'a>>, profile: Profile) -> Result<(), Refusal> {
        self.shape = Shape::Linear;
        self.more.clear();
        let mut open: Option<Line<'a>> = None;
        for part in parts.filter(|part| !part.text.is_empty()) {
            let cut = slash(part.text).unwrap_or(part.text.len());
            if cut > 0 {
                let continues = open.is_some() && profile == Profile::Administrative && !KNOWN.contains(&part.before(cut).text.trim());
                if !continues {
                    return refuse(Reason::MalformedSlashField, part, "expected a line that begins with `/`: a field is not split over lines");
                }
                self.more.push(part.before(cut));
            }
            for piece in pieces(part.after(cut)) {
                if let Some(first) = open.replace(piece) {
                    self.fields.push(field(whole, first, &self.more, profile)?);
                    self.more.clear();
                }
            }
        }
        let Some(first) = open else { return refuse(Reason::MalformedSlashField, id, "expected a field in this set") };
        self.fields.push(field(whole, first, &self.more, profile)?);
        Ok(())
    }

    fn columnar(&mut self, whole: &'a str, parts: impl Iterator<Item = Line<'a>>, profile: Profile) -> Result<(), Refusal> {
        self.shape = Shape::Columnar;
        self.columns.clear();
        for (at, row) in parts.filter(|part| !part.text.is_empty()).enumerate() {
            let own = row.text.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
            if at == 0 {
                self.columns.extend(own);
            } else {
                let mut columns = self.columns.iter();
                if !own.into_iter().all(|place| columns.next() == Some(&place)) {
                    return refuse(Reason::MalformedSlashColumn, row, "expected each column to begin where its title begins");
                }
            }
            self.cells(whole, row, profile)?;
        }
        Ok(())
    }

    fn cells(&mut self, whole: &'a str, line: Line<'a>, profile: Profile) -> Result<(), Refusal> {
        if !line.text.starts_with('/') {
            return refuse(Reason::MalformedSlashColumn, line, "expected a row that begins with `/`");
        }
        for cell in pieces(line) {
            self.fields.push(field(whole, cell.trimmed(), &[], profile)?);
        }
        self.ends.push(self.fields.len());
        Ok(())
    }

    fn free(&mut self, whole: &'a str, subject: Subject, profile: Profile) -> Result<(), Refusal> {
        self.shape = Shape::Free;
        if subject == Subject::Stands {
            let piece = begun(&mut self.lines)?;
            let length = slash(piece.text).unwrap_or(piece.text.len());
            if let Some(first) = self.lines.first_mut() {
                *first = piece.after(length);
            }
            self.fields.push(field(whole, piece.before(length), &[], profile)?);
        }
        // A set whose text was taken away stays as a set without text.
        if self.lines.iter().all(|part| part.text.is_empty()) {
            self.lines.clear();
            return Ok(());
        }
        let first = begun(&mut self.lines)?;
        let text = self.lines.iter().find(|part| !part.text.trim().is_empty());
        let ends = |part: &Line<'_>| part.text.trim_end().ends_with('/');
        if text.is_some_and(|part| part.text.trim_start().starts_with('/'))
            || self.lines.iter().rfind(|part| !part.text.trim().is_empty()).is_some_and(ends)
        {
            return refuse(Reason::MalformedSlashField, first, "expected free text that neither begins nor ends with `/`");
        }
        // White space before the end of the set is that of a line's end.
        self.lines.iter_mut().for_each(|part| part.text = part.text.trim_end_matches(' '));
        Ok(())
    }
}

fn refuse<T>(reason: Reason, line: Line<'_>, detail: &str) -> Result<T, Refusal> {
    Err(Refusal::at(reason, line.span(), detail))
}

/// The pieces of a line that begins with `/`.
fn pieces(line: Line<'_>) -> impl Iterator<Item = Line<'_>> {
    let mut rest = Some(line).filter(|line| line.text.starts_with('/')).map(|line| line.after(1));
    std::iter::from_fn(move || {
        let line = rest?;
        let Some(cut) = slash(line.text) else { return rest.take() };
        rest = Some(line.after(cut.saturating_add(1)));
        Some(line.before(cut))
    })
}

/// One field from the line that it begins on, and the lines that continue it.
fn field<'a>(whole: &'a str, first: Line<'a>, more: &[Line<'a>], profile: Profile) -> Result<Field<'a>, Refusal> {
    let start = first.trimmed();
    if profile == Profile::Formatted && (start.text.len() != first.text.len() || first.text.len() > FIELD_MAX) {
        return refuse(Reason::MalformedSlashField, first, "expected a field of at most 68 characters without blanks at its ends");
    }
    if start.text.is_empty() {
        return refuse(Reason::MalformedSlashField, first, "expected `-` for a field without data, not nothing");
    }
    let colon = start.text.bytes().position(|byte| byte == b':');
    let descriptor = colon.filter(|at| describes(start.text, *at)).map(|length| start.before(length));
    if colon.is_some() && descriptor.is_none() && profile == Profile::Formatted {
        return refuse(Reason::MalformedSlashField, start, "expected `:` only between a descriptor of 1 to 8 letters and digits and its data");
    }
    let data = descriptor.map_or(start, |found| start.after(found.text.len().saturating_add(1)).trimmed());
    let (text, span) = match more {
        [] if data.text.is_empty() => return refuse(Reason::MalformedSlashField, start, "expected data after the descriptor"),
        [] => (Cow::Borrowed(data.text), data.span()),
        more => {
            let rest = more.iter().map(|line| Line { text: line.text.trim_end_matches(' '), ..*line });
            let lines: Vec<Line<'a>> = std::iter::once(data).chain(rest).collect();
            let Some(joined) = joined(whole, &lines) else {
                return refuse(Reason::MalformedSlashField, start, "expected data after the descriptor");
            };
            joined
        }
    };
    if descriptor.is_some() && text == "-" {
        return refuse(Reason::MalformedSlashField, start, "expected no descriptor before `-`");
    }
    Ok(Field { descriptor, text, span, whole: Span { start: Span::new(start.start, start.start).start, end: span.end } })
}

/// Whether the colon at `at` ends a descriptor: data must follow, without another `:`.
fn describes(text: &str, at: usize) -> bool {
    let word = text.bytes().take(at).all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let data = text.get(at.saturating_add(1)..).unwrap_or_default();
    (1..=8).contains(&at) && word && !data.is_empty() && !data.contains(':')
}

/// Takes the `/` that begins a part of a free text, on this line or the next.
fn begun<'a>(parts: &mut Vec<Line<'a>>) -> Result<Line<'a>, Refusal> {
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
