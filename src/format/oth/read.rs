//! The strict reading of a message: lines in, a typed tree out, every rule of the table applied on the way.
//!
//! A set stands under the set that it speaks of: what is taken away takes with it what only it explains, and nothing that is left
//! comes to speak of something else.

use std::borrow::Cow;

use crate::base::{Budget, Reason, Refusal, Span};
use crate::normal::{Tree, TreeBuilder, Value};

use super::header;
use super::lines::{Line, Lines};
use super::schema::{Field, Holds, Occurs, Presence, Report, Set, Type, set};
use super::value::{Wrong, place, time, value};

/// Lines of one free text at most: 500, some seven printed pages.
const TEXT_LINES_MAX: usize = 500;

/// Reads a message.
///
/// # Errors
/// `malformed.oth.*`, `invalid.oth.*`, `size.*`.
pub(super) fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let mut lines = Lines::cut(body, budget)?;
    let mut message = Message {
        tree: room(body),
        levels: vec![Level { id: "oth", end: 0, seen: Vec::new() }],
        report: Report::Any,
        last: None,
        open: None,
        parts: Vec::new(),
    };
    message.tree.open("", "oth", 0, budget)?;
    let found = header::read(&mut lines, &mut message.tree, budget)?;
    loop {
        let Some(line) = lines.next() else {
            return Err(Refusal::at(Reason::MalformedOthEnd, lines.place(), "expected ENDAT"));
        };
        if message.set(line, &mut lines, budget)? == "ENDAT" {
            break;
        }
    }
    if message.report == Report::Any {
        return Err(Refusal::at(Reason::InvalidOthMissing, lines.place(), "expected a contact, a narrative or another report"));
    }
    header::end(found, &mut lines)?;
    message.unwind(1);
    message.tree.close(body.len());
    message.tree.finish().ok_or_else(|| Refusal::new(Reason::MalformedOthEnd, "expected one message"))
}

/// Room for the nodes of a body: an attribute for each field that says something, an element for each line.
fn room<'a>(body: &[u8]) -> TreeBuilder<'a> {
    // Both are frequent: counting all bytes is quicker than going from one to the next.
    let pairs = || body.iter().zip(body.get(1..).unwrap_or_default());
    let fields = pairs().filter(|(byte, next)| **byte == b'/' && !matches!(next, b'/' | b'\n' | b'\r')).count().saturating_add(8);
    let lines = body.iter().filter(|byte| **byte == b'\n').count();
    TreeBuilder::with_room(lines.saturating_add(fields), fields)
}

/// An open set.
#[derive(Debug)]
struct Level {
    id: &'static str,
    /// One past the last byte of what it holds so far.
    end: usize,
    /// Sets that have stood directly under it and stand once.
    seen: Vec<&'static str>,
}

#[derive(Debug)]
struct Message<'a> {
    tree: TreeBuilder<'a>,
    levels: Vec<Level>,
    report: Report,
    /// The set before.
    last: Option<&'static Set>,
    /// The set that is being read.
    open: Option<&'static str>,
    /// The fields of the set that is being read.
    parts: Vec<Line<'a>>,
}

impl<'a> Message<'a> {
    /// Reads one set with the lines that belong to it; gives its identifier.
    fn set(&mut self, line: Line<'a>, lines: &mut Lines<'a>, budget: &mut Budget) -> Result<&'static str, Refusal> {
        let row = self.row(line)?;
        self.enter(row, line)?;
        self.tree.open("", row.id, line.start, budget)?;
        self.open = Some(row.id);
        let end = match &row.holds {
            Holds::Text => self.text(line, lines, budget)?,
            Holds::Fields(fields) => {
                let end = self.cut(line, row, lines);
                let parts = std::mem::take(&mut self.parts);
                self.fields(fields, &parts, line, budget)?;
                self.parts = parts;
                end
            }
            Holds::Marking => {
                let end = self.cut(line, row, lines);
                let parts = std::mem::take(&mut self.parts);
                self.marking(&parts, line, budget)?;
                self.parts = parts;
                end
            }
        };
        self.levels.push(Level { id: row.id, end, seen: Vec::new() });
        self.last = Some(row);
        self.open = None;
        Ok(row.id)
    }

    /// Cuts the fields of a set: those of its line, and of the lines that continue it; gives their end.
    fn cut(&mut self, line: Line<'a>, row: &Set, lines: &mut Lines<'a>) -> usize {
        self.parts.clear();
        let mut rest = line.after(row.id).and_then(|rest| rest.after("/"));
        let mut end = line.end();
        loop {
            for field in rest.into_iter().flat_map(Line::fields) {
                self.parts.push(field);
            }
            let Some(next) = lines.next_if(|text| text.starts_with('/')) else { return end };
            rest = next.after("/");
            end = next.end();
        }
    }

    /// The row of the set that a line begins.
    fn row(&self, line: Line<'_>) -> Result<&'static Set, Refusal> {
        let id = line.text.split('/').next().unwrap_or_default();
        let after_text = self.last.is_some_and(|last| matches!(last.holds, Holds::Text));
        let (reason, expected) = match (set(id), line.text.starts_with('/')) {
            (Some(row), _) => return Ok(row),
            (None, true) => (Reason::MalformedOthLine, "expected a set before a line that begins with `/`"),
            (None, false) if after_text => (Reason::InvalidOthFreeText, "expected free text whose lines do not begin as a set does"),
            (None, false) => (Reason::InvalidOthSet, "expected a set of the manual page `formats`"),
        };
        Err(Refusal::at(reason, line.span(), expected).on(self.path()))
    }

    /// Closes sets until one is open under which this one may stand.
    fn enter(&mut self, row: &'static Set, line: Line<'_>) -> Result<(), Refusal> {
        let after_text = self.last.is_some_and(|last| matches!(last.holds, Holds::Text));
        let reason = if after_text { Reason::InvalidOthFreeText } else { Reason::InvalidOthSet };
        let refuse = |expected: &str| Err(Refusal::at(reason, line.span(), expected).on(format!("/oth/{}", row.id)));
        let Some(depth) = self.levels.iter().rposition(|level| row.under.contains(&level.id)) else {
            return refuse("expected this set under another one");
        };
        let first = self.last.is_none();
        if first != (row.id == "MSGID") {
            return refuse("expected MSGID as the first set, and once");
        }
        if row.id == "SEC" && self.last.is_none_or(|last| last.id != "MSGID") {
            return refuse("expected SEC directly after MSGID");
        }
        if row.report != Report::Any && self.report != Report::Any && row.report != self.report {
            return refuse("expected sets of one kind of report in one message");
        }
        if row.report != Report::Any {
            self.report = row.report;
        }
        self.unwind(depth.saturating_add(1));
        let Some(level) = self.levels.last_mut().filter(|_| row.occurs == Occurs::Once) else { return Ok(()) };
        if level.seen.contains(&row.id) {
            return refuse("expected this set once in its place");
        }
        level.seen.push(row.id);
        Ok(())
    }

    /// Closes sets until `depth` of them are open.
    fn unwind(&mut self, depth: usize) {
        while self.levels.len() > depth {
            let Some(Level { end, .. }) = self.levels.pop() else { return };
            self.tree.close(end);
            if let Some(parent) = self.levels.last_mut() {
                parent.end = parent.end.max(end);
            }
        }
    }

    fn fields(&mut self, fields: &'static [Field], parts: &[Line<'a>], line: Line<'a>, budget: &mut Budget) -> Result<(), Refusal> {
        if let Some(last) = parts.last().filter(|last| last.text.is_empty()) {
            let expected = "expected no empty field at the end of a set";
            return Err(Refusal::at(Reason::InvalidOthSurplus, last.span(), expected).on(self.path()));
        }
        if let Some(empty) = parts.iter().find(|part| part.text.is_empty()).filter(|_| self.open == Some("MSGID")) {
            let expected = "expected no empty field in MSGID, where `//` would mean another format";
            return Err(Refusal::at(Reason::InvalidOthField, empty.span(), expected).on(self.path()));
        }
        let mut parts = parts.iter().copied();
        for field in fields {
            let part = parts.next().filter(|part| !part.text.is_empty());
            let second = if field.kind == Type::Time { parts.next().filter(|part| !part.text.is_empty()) } else { None };
            match (part, second, field.presence) {
                (Some(part), second, _) => self.field(field, part, second, line, budget)?,
                (None, None, Presence::Optional) => {}
                (None, _, _) => {
                    let expected = format!("expected a value of `{}`", field.name);
                    return Err(Refusal::at(Reason::InvalidOthMissing, line.span(), expected).on(self.path()));
                }
            }
        }
        match parts.next() {
            None => Ok(()),
            Some(part) => {
                Err(Refusal::at(Reason::InvalidOthSurplus, part.span(), format!("expected at most {} fields", fields.len())).on(self.path()))
            }
        }
    }

    fn field(&mut self, field: &Field, part: Line<'a>, second: Option<Line<'a>>, line: Line<'a>, budget: &mut Budget) -> Result<(), Refusal> {
        let wrong =
            |at: Line<'_>, (reason, expected): Wrong, path: String| Refusal::at(reason, at.span(), expected).on(format!("{path}/@{}", field.name));
        match field.kind {
            Type::Place => {
                let [(north, lat), (_, lon)] = place(part.text).map_err(|why| wrong(part, why, self.path()))?;
                let middle = part.start.saturating_add("LL:".len()).saturating_add(north.len());
                self.tree.attribute("", "lat", lat, Span::new(part.start, middle), budget)?;
                self.tree.attribute("", "lon", lon, Span::new(middle.saturating_add(1), part.end()), budget)?;
            }
            Type::Time => {
                let Some(second) = second else { return Err(wrong(line, (Reason::InvalidOthMissing, "expected month and year"), self.path())) };
                let time = time(part.text, second.text).map_err(|why| wrong(part, why, self.path()))?;
                self.tree.attribute("", field.name, time, Span::new(part.start, second.end()), budget)?;
            }
            kind => {
                let value = value(kind, part.text).map_err(|why| wrong(part, why, self.path()))?;
                // A check digit follows from the text before it, and is no part of the text.
                let end = if let Value::Text(Cow::Borrowed(text)) = &value { part.start.saturating_add(text.len()) } else { part.end() };
                self.tree.attribute("", field.name, value, Span::new(part.start, end), budget)?;
            }
        }
        Ok(())
    }

    /// Classification, and what amplifies it, as one line of marking: `SECRET//REL TO USA, GBR`.
    fn marking(&mut self, parts: &[Line<'a>], line: Line<'a>, budget: &mut Budget) -> Result<(), Refusal> {
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b' ' | b'-'));
        let (text, span) = match parts {
            [class] => (Cow::Borrowed(class.text), class.span()),
            [class, words] if !words.text.is_empty() => (Cow::Owned(format!("{}//{}", class.text, words.text)), Span::new(class.start, words.end())),
            [] => return Err(Refusal::at(Reason::InvalidOthMissing, line.span(), "expected a classification").on(self.path())),
            _ => return Err(Refusal::at(Reason::InvalidOthSurplus, line.span(), "expected classification and amplifying words").on(self.path())),
        };
        let form = parts.iter().all(|part| part.text.trim() == part.text);
        if !parts.first().is_some_and(|class| plain(class.text) && CLASS_CHARS.contains(&class.text.len())) || !form {
            let expected = "expected a classification of 4 to 24 capital letters, blanks and hyphens";
            return Err(Refusal::at(Reason::InvalidOthField, line.span(), expected).on(self.path()));
        }
        self.tree.text(Value::Text(text), span, budget)?;
        Ok(())
    }

    /// Free text, to the line before the next set; gives its end.
    fn text(&mut self, line: Line<'a>, lines: &mut Lines<'a>, budget: &mut Budget) -> Result<usize, Refusal> {
        let first = line.text.split_once('/').map_or("", |(_, text)| text);
        if first.trim().is_empty() {
            return Err(Refusal::at(Reason::InvalidOthMissing, line.span(), "expected free text after the solidus").on(self.path()));
        }
        let start = line.end().saturating_sub(first.len());
        let mut all = vec![first];
        let mut end = line.end();
        // Whether the text stands in the body as it is read: no blanks cut, no lines dropped, line feeds only.
        let mut whole = true;
        while let Some(next) = lines.next_if(|text| !begins_known_set(text)) {
            if reads_as_set(next.text) {
                let expected = "expected a line of free text that does not begin as a set does";
                return Err(Refusal::at(Reason::InvalidOthFreeText, next.span(), expected).on(self.path()));
            }
            if all.len() >= TEXT_LINES_MAX {
                let expected = format!("expected at most {TEXT_LINES_MAX} lines of free text");
                return Err(Refusal::at(Reason::MalformedOthLine, next.span(), expected).on(self.path()));
            }
            whole = whole && next.start == end.saturating_add(1);
            end = next.end();
            all.push(next.text);
        }
        let text = match lines.between(start, end).filter(|_| whole) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(all.join("\n")),
        };
        self.tree.text(Value::Text(text), Span::new(start, end), budget)?;
        Ok(end)
    }

    fn path(&self) -> String {
        self.levels.iter().map(|level| level.id).chain(self.open).flat_map(|id| ["/", id]).collect()
    }
}

/// Characters of a classification: 4 to 24.
const CLASS_CHARS: std::ops::RangeInclusive<usize> = 4..=24;

/// Whether a line ends a free text because a known set begins.
fn begins_known_set(text: &str) -> bool {
    set(text.split('/').next().unwrap_or_default()).is_some()
}

/// Whether a receiver could take a line of free text for a set that we do not know, or for one behind blanks, or for the rest of one.
/// Lists of tracks, `T07001/03/...`, are no sets: no set is called so.
fn reads_as_set(text: &str) -> bool {
    let inner = text.trim_start();
    let (id, rest) = inner.split_once('/').map_or((inner, None), |(id, rest)| (id, Some(rest)));
    let named = (2..=6).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let (letter, number) = id.split_at_checked(1).unwrap_or_default();
    let track = (4..=5).contains(&number.len()) && letter.bytes().all(|b| b.is_ascii_uppercase()) && number.bytes().all(|b| b.is_ascii_digit());
    inner.starts_with('/') || named && !track && rest.is_some() || set(id).is_some()
}
