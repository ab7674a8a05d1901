//! A complaint: a file of ours (rule set, configuration) is at fault, with place, expectation and remedy.

use std::sync::Arc;

/// One fault of a file that an officer or operator wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Path as the user knows it.
    pub file: Arc<str>,
    /// Bytes of the file at fault; `None` where the fault is the whole file or its absence.
    pub at: Option<std::ops::Range<usize>>,
    /// What is wrong: one lower-case line with the user's words in backticks.
    pub what: String,
    /// What stands under the pointer: what was expected there.
    pub expected: String,
    /// What to do.
    pub remedy: String,
}

impl Complaint {
    /// The line and column (from 1, in characters) of the fault in `text`, the file's text.
    #[must_use]
    pub fn line_and_column(&self, text: &str) -> (usize, usize) {
        let at = self.at.as_ref().map_or(0, |range| range.start);
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().unwrap_or("").chars().count().saturating_add(1);
        (line, column)
    }
}
