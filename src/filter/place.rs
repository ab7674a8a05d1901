//! Places of rules in their files: `file:line` to bytes, for complaints.

use std::ops::Range;
use std::sync::Arc;

use crate::base::Complaint;
use crate::policy::SourceFile;

/// A complaint about the rule at `file:line`, or about a whole file where `rule` has no line.
pub(in crate::filter) fn complaint(
    files: &[SourceFile],
    rule: &str,
    what: impl Into<String>,
    expected: impl Into<String>,
    remedy: impl Into<String>,
) -> Complaint {
    let (file, line) = match rule.rsplit_once(':').map(|(file, line)| (file, line.parse::<usize>())) {
        Some((file, Ok(line))) => (file, Some(line)),
        _ => (rule, None),
    };
    let text = files.iter().find(|source| &*source.path == file).map(|source| &source.text);
    let at = line.zip(text).and_then(|(line, text)| bytes_of_line(text, line));
    Complaint { file: Arc::from(file), at, what: what.into(), expected: expected.into(), remedy: remedy.into() }
}

/// The bytes of a line (from 1), without its end and the white space before it.
fn bytes_of_line(text: &str, line: usize) -> Option<Range<usize>> {
    let nth = line.checked_sub(1)?;
    let start = text.split_inclusive('\n').take(nth).map(str::len).fold(0_usize, usize::saturating_add);
    let content = text.split_inclusive('\n').nth(nth)?.trim_end();
    let indent = content.len().saturating_sub(content.trim_start().len());
    Some(start.saturating_add(indent)..start.saturating_add(content.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_the_bytes_of_its_content() {
        let files = [SourceFile { path: "a/b.txt".into(), text: "one\n  two \nthree".into() }];
        let at = |rule: &str| complaint(&files, rule, "", "", "").at;
        assert_eq!(at("a/b.txt:1"), Some(0..3));
        assert_eq!(at("a/b.txt:2"), Some(6..9));
        assert_eq!(at("a/b.txt:3"), Some(11..16));
        assert_eq!((at("a/b.txt:4"), at("a/b.txt"), at("other:1"), at("a/b.txt:0")), (None, None, None, None));
    }
}
