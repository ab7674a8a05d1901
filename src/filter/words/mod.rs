//! Words: the word lists of a rule set, as one automaton over folded text.
//!
//! Takes lists, gives `content.words` for every entry that stands in the text as whole words, however it is spelt: see [`fold`]. White space
//! and punctuation between letters do not count, neither in entries nor in text, so `S E C R E T` and `SECRET2` are found
//! and `secretary` is not.
//! Deliberately absent: word forms and languages; a list says what it means.

mod doubtful;
pub(in crate::filter) mod fold;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::base::{Action, Budget, Complaint, Reason, Refusal, Severity};
use crate::policy::{SourceFile, WordList};

use super::found::{Found, Verdict};
use super::place;
use super::text::{Hit, Text};
pub(in crate::filter) use doubtful::markings;
use fold::{Folded, Reading};

/// The reasons that this filter gives.
pub(in crate::filter) const CODES: &[Reason] = &[Reason::ContentWords];

/// Letters of an entry at the least: 2. A single letter stands in almost every text.
pub(in crate::filter) const LETTERS_MIN: usize = 2;

#[derive(Debug)]
struct Entry {
    rule: Arc<str>,
    reason: Arc<str>,
    action: Action,
    severity: Severity,
}

#[derive(Debug)]
struct Needle {
    entry: usize,
    loose: (bool, bool),
}

/// Compiled word lists.
#[derive(Debug)]
pub(in crate::filter) struct Words {
    automaton: Option<AhoCorasick>,
    entries: Vec<Entry>,
    needles: Vec<Needle>,
}

/// Buffers of one scanner.
#[derive(Debug, Default)]
pub(in crate::filter) struct Scratch {
    folded: Folded,
    seen: Vec<(usize, Range<usize>)>,
}

impl Words {
    /// Compiles all lists.
    ///
    /// # Errors
    /// An entry of less than [`LETTERS_MIN`] letters, or one that another entry of the same list already stands for.
    pub(in crate::filter) fn compile(lists: &[WordList], files: &[SourceFile]) -> Result<Self, Vec<Complaint>> {
        let (mut entries, mut needles, mut patterns, mut complaints) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for list in lists {
            let reason: Arc<str> = list.reason.as_str().into();
            let mut present: BTreeMap<String, u32> = BTreeMap::new();
            for word in &list.entries {
                let rule: Arc<str> = format!("{}:{}", list.file, word.line).into();
                let native = fold::letters(&word.text, Reading::Native);
                if native.chars().count() < LETTERS_MIN {
                    complaints.push(place::complaint(
                        files,
                        &rule,
                        format!("the entry `{}` has less than {LETTERS_MIN} letters or digits", word.text),
                        format!("expected at least {LETTERS_MIN} letters or digits"),
                        "write the whole word, or use a pattern for symbols",
                    ));
                    continue;
                }
                if let Some(line) = present.insert(native.clone(), word.line) {
                    complaints.push(place::complaint(
                        files,
                        &rule,
                        format!("the entry `{}` says the same as line {line}", word.text),
                        "expected an entry that differs by more than case, accents, spaces, punctuation or look-alike letters",
                        "remove one of the two",
                    ));
                    continue;
                }
                let alike = fold::letters(&word.text, Reading::LookAlike);
                for text in [Some(&native), Some(&alike).filter(|alike| **alike != native)].into_iter().flatten() {
                    let loose = (text.chars().next().is_some_and(runs_on), text.chars().next_back().is_some_and(runs_on));
                    needles.push(Needle { entry: entries.len(), loose });
                    patterns.push(text.clone());
                }
                entries.push(Entry { rule, reason: Arc::clone(&reason), action: list.action, severity: list.severity });
            }
        }
        complaints.extend(doubtful::entries(lists, files));
        // Standard match kind: only it finds matches that overlap, so no entry can hide another.
        let automaton = (!patterns.is_empty()).then(|| AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns)).transpose();
        match automaton {
            Ok(automaton) if complaints.is_empty() => Ok(Self { automaton, entries, needles }),
            Ok(_) => Err(complaints),
            Err(error) => {
                let first: Arc<str> = lists.first().map_or_else(|| "".into(), |list| Arc::clone(&list.file));
                complaints.push(place::complaint(
                    files,
                    &first,
                    format!("the word lists are too large together: {error}"),
                    "expected fewer entries",
                    "shorten the lists",
                ));
                Err(complaints)
            }
        }
    }

    /// Adds a finding for every entry that stands in the text.
    pub(in crate::filter) fn scan(&self, text: &Text, scratch: &mut Scratch, found: &mut Found<'_, '_>, budget: &mut Budget) -> Result<(), Refusal> {
        let Some(automaton) = &self.automaton else { return Ok(()) };
        scratch.seen.clear();
        self.read(automaton, text, Reading::LookAlike, scratch, found, budget)?;
        if text.all().is_ascii() {
            return Ok(());
        }
        self.read(automaton, text, Reading::Native, scratch, found, budget)
    }

    fn read(
        &self,
        automaton: &AhoCorasick,
        text: &Text,
        reading: Reading,
        scratch: &mut Scratch,
        found: &mut Found<'_, '_>,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        let Scratch { folded, seen } = scratch;
        folded.clear();
        let mut end = 0;
        for segment in text.segments() {
            if segment.start != end {
                folded.part();
            }
            end = segment.end;
            folded.push(text.of(segment), segment.start, reading);
        }
        for hit in automaton.find_overlapping_iter(folded.bytes()) {
            budget.spend(1)?;
            let Some(needle) = self.needles.get(hit.pattern().as_usize()) else { continue };
            let Some(range) = folded.word(hit.start()..hit.end(), needle.loose, text.all()) else { continue };
            let key = (needle.entry, range);
            // The second reading finds again what the first found.
            if reading == Reading::Native && seen.contains(&key) {
                continue;
            }
            text.hits(key.1.clone()).for_each(|hit| self.report(needle.entry, &hit, found));
            if seen.len() < Found::FINDINGS_MAX {
                seen.push(key);
            }
        }
        Ok(())
    }

    fn report(&self, entry: usize, hit: &Hit, found: &mut Found<'_, '_>) {
        let Some(entry) = self.entries.get(entry) else { return };
        let verdict = Verdict {
            code: Reason::ContentWords,
            stripped: Reason::FieldsStripped,
            rule: &entry.rule,
            severity: entry.severity,
            action: entry.action,
        };
        found.on_text(hit, verdict, || entry.reason.to_string());
    }
}

/// Letters of scripts that put no space between words.
const fn runs_on(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, clippy::string_slice, reason = "tests cut texts at places that they know")]
mod tests;
