//! `filters/words/*.txt`: word lists. Header lines `# action: hold`, `# severity: high`, `# reason: ...`; then one entry a line.
//!
//! Lines that begin with `#` are comments. Entries are kept as written; folding is the word filter's business.

use std::collections::BTreeMap;
use std::ops::Range;

use super::edition::{SourceFile, WordEntry, WordList};
use super::faults::Faults;
use super::profiles::ACTIONS;
use super::table::{Word, choose};
use crate::base::{Action, Complaint, Severity};

/// Entries of one list at most: 20,000, which the word filter holds in some 10 MiB.
const ENTRIES_MAX: usize = 20_000;
/// Characters of an entry at most: 128. Longer ones are sentences, and sentences do not repeat.
const ENTRY_CHARS_MAX: usize = 128;

const HEADERS: [&str; 3] = ["action", "severity", "reason"];

pub(in crate::policy) fn parse(file: &SourceFile) -> (Option<WordList>, Vec<Complaint>) {
    let mut faults = Faults::of(file.path.clone());
    let mut header = Header::default();
    let mut entries: Vec<WordEntry> = Vec::new();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for (number, line, at) in lines(&file.text) {
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            header.read(comment, &at, entries.is_empty(), &mut faults);
        } else if !trimmed.is_empty() {
            entry(trimmed, number, &at, &mut seen, &mut faults);
            entries.push(WordEntry { text: trimmed.to_owned(), line: number });
        }
    }
    if entries.is_empty() {
        faults.whole("the word list has no entries", "one word or phrase a line", "add entries or remove the file");
    }
    if entries.len() > ENTRIES_MAX {
        faults.whole("the word list is too long", format!("at most {ENTRIES_MAX} entries"), "split the list");
    }
    let list = header.finish(file, entries, &mut faults);
    (list, faults.into_list())
}

/// The lines with their numbers (from 1) and bytes.
fn lines(text: &str) -> impl Iterator<Item = (u32, &str, Range<usize>)> {
    let mut start = 0_usize;
    (1_u32..).zip(text.split('\n')).map(move |(number, line)| {
        let at = start..start.saturating_add(line.len());
        start = at.end.saturating_add(1);
        (number, line, at)
    })
}

fn entry(text: &str, number: u32, at: &Range<usize>, seen: &mut BTreeMap<String, u32>, faults: &mut Faults) {
    if text.chars().count() > ENTRY_CHARS_MAX {
        faults.at(at, "the entry is too long", format!("at most {ENTRY_CHARS_MAX} characters"), "shorten it, or write a pattern");
    }
    if !text.chars().any(char::is_alphanumeric) {
        faults.at(at, format!("`{text}` has neither letter nor digit"), "a word or phrase", "write a word, or a pattern for signs");
    }
    if let Some(first) = seen.insert(text.to_lowercase(), number) {
        faults.at(at, format!("`{text}` stands twice"), format!("first in line {first}"), "remove one of the two");
    }
}

/// What the header lines said so far.
#[derive(Default)]
struct Header {
    action: Option<Action>,
    severity: Option<Severity>,
    reason: Option<String>,
    said: Vec<&'static str>,
}

impl Header {
    fn read(&mut self, comment: &str, at: &Range<usize>, above_entries: bool, faults: &mut Faults) {
        let Some((key, value)) = comment.split_once(':') else { return };
        let Some(key) = HEADERS.into_iter().find(|header| *header == key.trim()) else { return };
        if !above_entries || self.said.contains(&key) {
            // A second action further down looks as if lists had sections; they have not.
            faults.at(
                at,
                format!("`{key}` stands again, or below entries"),
                "each header line once, above the entries",
                "split the list into two files",
            );
            return;
        }
        self.said.push(key);
        let word = Word { text: value.trim(), at: at.clone() };
        match key {
            "action" => self.action = choose(&word, "action", &ACTIONS, faults),
            "severity" => self.severity = choose(&word, "severity", &Severity::WORDS, faults),
            _ => self.reason = Some(word.text.to_owned()).filter(|text| !text.is_empty()),
        }
    }

    fn finish(self, file: &SourceFile, entries: Vec<WordEntry>, faults: &mut Faults) -> Option<WordList> {
        for (key, example) in HEADERS.into_iter().zip(["hold", "high", "a code word of an operation"]) {
            let empty_reason = key == "reason" && self.reason.is_none();
            if !self.said.contains(&key) || empty_reason {
                faults.whole(format!("the header line `# {key}: ...` is missing"), format!("`# {key}: {example}`"), "add the line at the top");
            }
        }
        Some(WordList { file: file.path.clone(), action: self.action?, severity: self.severity?, reason: self.reason?, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::folder::from_texts;

    fn parsed(text: &str) -> (Option<WordList>, Vec<Complaint>) {
        parse(&from_texts([("filters/words/x.txt", text)])[0])
    }

    const HEAD: &str = "# action: hold\n# severity: high\n# reason: a code word\n";

    #[test]
    fn entries_keep_their_lines_and_comments_are_no_entries() {
        let (list, complaints) = parsed(&format!("{HEAD}\n# invented\nGLASS ORCHARD\n\n  tern\r\n"));
        assert_eq!(complaints, []);
        let list = list.unwrap();
        assert_eq!((list.action, list.severity, list.reason.as_str()), (Action::Hold, Severity::High, "a code word"));
        let seen: Vec<_> = list.entries.iter().map(|e| (e.text.as_str(), e.line)).collect();
        assert_eq!(seen, [("GLASS ORCHARD", 6), ("tern", 8)]);
    }

    #[test]
    fn a_broken_list_is_complained_of() {
        for (text, part) in [
            (String::new(), "no entries"),
            (HEAD.to_owned(), "no entries"),
            ("x\n".to_owned(), "`# action: ...` is missing"),
            (format!("{HEAD}x\nX\n"), "`X` stands twice"),
            (format!("{HEAD}...\n"), "neither letter nor digit"),
            (format!("{HEAD}{}\n", "x".repeat(129)), "too long"),
            (HEAD.replace("hold", "halt") + "x\n", "unknown action `halt`"),
            (HEAD.replace("high", "hihg") + "x\n", "unknown severity `hihg`"),
            (HEAD.replace("a code word", "") + "x\n", "`# reason: ...` is missing"),
            (format!("{HEAD}x\n# action: note\ny\n"), "stands again"),
        ] {
            let (_, complaints) = parsed(&text);
            assert!(complaints.iter().any(|c| c.what.contains(part)), "{text}: {complaints:#?}");
        }
    }
}
