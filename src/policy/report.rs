//! Complaints as people and programs read them: with file, line, column and a pointer under the text, or one JSON object a line.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode, ThemeCharacters, ThemeStyles};
use serde::Serialize;

use super::edition::SourceFile;
use crate::base::Complaint;

/// How a report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Lines and arrows without colour, for files and pipes.
    Plain,
    /// With colour, for terminals.
    Colour,
}

/// Columns of a report: 100, so that two stand side by side on a wide screen.
const COLUMNS: usize = 100;

/// All complaints, in order of file and place, each with a pointer under the text that is at fault.
#[must_use]
pub fn render(complaints: &[Complaint], files: &[SourceFile], look: Look) -> String {
    let styles = match look {
        Look::Plain => ThemeStyles::none(),
        Look::Colour => ThemeStyles::ansi(),
    };
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(COLUMNS).with_context_lines(1).with_links(false);
    let mut out = String::new();
    for complaint in in_order(complaints) {
        let shown = Shown { complaint, source: source(complaint, files) };
        // Writing to a string cannot fail; what was written stands either way.
        handler.render_report(&mut out, &shown).unwrap_or(());
        out.push('\n');
    }
    out
}

/// One JSON object a line: `file`, `line`, `column`, `span`, `what`, `expected`, `remedy`.
#[must_use]
pub fn json_lines(complaints: &[Complaint], files: &[SourceFile]) -> String {
    let mut out = String::new();
    for complaint in in_order(complaints) {
        let place = complaint.at.as_ref().and_then(|at| text_of(complaint, files).map(|text| (at, complaint.line_and_column(text))));
        let line = Line {
            file: &complaint.file,
            line: place.map(|(_, (line, _))| line),
            column: place.map(|(_, (_, column))| column),
            span: place.map(|(at, _)| (at.start, at.end)),
            what: &complaint.what,
            expected: &complaint.expected,
            remedy: &complaint.remedy,
        };
        out.push_str(&serde_json::to_string(&line).unwrap_or_default());
        out.push('\n');
    }
    out
}

#[derive(Serialize)]
struct Line<'c> {
    file: &'c str,
    line: Option<usize>,
    column: Option<usize>,
    span: Option<(usize, usize)>,
    what: &'c str,
    expected: &'c str,
    remedy: &'c str,
}

fn in_order(complaints: &[Complaint]) -> Vec<&Complaint> {
    let mut sorted: Vec<&Complaint> = complaints.iter().collect();
    sorted.sort_by(|a, b| (&a.file, a.at.as_ref().map(|at| at.start)).cmp(&(&b.file, b.at.as_ref().map(|at| at.start))));
    sorted
}

fn text_of<'f>(complaint: &Complaint, files: &'f [SourceFile]) -> Option<&'f str> {
    files.iter().find(|file| file.path == complaint.file).map(|file| &*file.text)
}

fn source(complaint: &Complaint, files: &[SourceFile]) -> Option<NamedSource<String>> {
    complaint.at.as_ref()?;
    text_of(complaint, files).map(|text| NamedSource::new(&*complaint.file, text.to_owned()))
}

struct Shown<'c> {
    complaint: &'c Complaint,
    source: Option<NamedSource<String>>,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Some(_) => f.write_str(&self.complaint.what),
            // Without a place there is no pointer, so the line itself says where and what was expected.
            None => write!(f, "{}: {}: {}", self.complaint.file, self.complaint.what, self.complaint.expected),
        }
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.complaint.remedy))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| -> &dyn SourceCode { source })
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let at = self.complaint.at.clone()?;
        let label = LabeledSpan::new_with_span(Some(self.complaint.expected.clone()), at);
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::folder::from_texts;

    fn one(at: Option<std::ops::Range<usize>>) -> Vec<Complaint> {
        let text = |text: &str| text.to_owned();
        vec![Complaint {
            file: "a.toml".into(),
            at,
            what: text("unknown key `nme`"),
            expected: text("no such key"),
            remedy: text("did you mean `name`?"),
        }]
    }

    #[test]
    fn a_report_points_at_line_and_column() {
        let files = from_texts([("a.toml", "edition = \"1\"\nnme = \"x\"\n")]);
        let report = render(&one(Some(14..17)), &files, Look::Plain);
        for part in ["unknown key `nme`", "a.toml:2:1", "no such key", "did you mean `name`?", "nme = \"x\""] {
            assert!(report.contains(part), "{part} in {report}");
        }
        assert!(!report.contains('\u{1b}'));
        assert!(render(&one(Some(14..17)), &files, Look::Colour).contains('\u{1b}'));
    }

    #[test]
    fn a_fault_without_place_names_its_file() {
        assert!(render(&one(None), &[], Look::Plain).contains("a.toml: unknown key `nme`: no such key"));
    }

    #[test]
    fn json_has_one_object_a_line() {
        let files = from_texts([("a.toml", "edition = \"1\"\nnme = \"x\"\n")]);
        let line: serde_json::Value = serde_json::from_str(json_lines(&one(Some(14..17)), &files).trim()).unwrap();
        assert_eq!((line["line"].as_u64(), line["column"].as_u64(), line["span"][1].as_u64()), (Some(2), Some(1), Some(17)));
        let line: serde_json::Value = serde_json::from_str(json_lines(&one(None), &files).trim()).unwrap();
        assert!(line["line"].is_null());
    }

    #[test]
    fn a_place_beyond_the_text_does_not_stop_the_report() {
        let files = from_texts([("a.toml", "x")]);
        assert!(!render(&one(Some(7..9)), &files, Look::Plain).is_empty());
    }
}
