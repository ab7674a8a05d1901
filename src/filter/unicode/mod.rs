//! Unicode: characters that make text read otherwise than it is.
//!
//! Gives `content.unicode` for bidirectional controls, characters without appearance, other controls, private and unassigned characters, and
//! for words that mix Latin letters with letters of other scripts that look Latin (UTS #39), for letters and digits of other width or style. This is code, not a rule: it always holds.
//! The one exception is U+FE0F after another character, which asks for a coloured emoji and changes no reading.

use crate::base::{Action, Budget, Reason, Refusal, Severity};

use super::found::{Found, Verdict};
use super::text::Text;

/// The reasons that this filter gives.
pub(in crate::filter) const CODES: &[Reason] = &[Reason::ContentUnicode];

/// Adds a finding for every run of such characters.
pub(in crate::filter) fn scan(text: &Text, found: &mut Found<'_, '_>, budget: &mut Budget) -> Result<(), Refusal> {
    if text.all().is_ascii() && !text.all().contains('\u{7F}') {
        return Ok(());
    }
    for segment in text.segments() {
        let piece = text.of(segment);
        budget.spend(u64::try_from(piece.len()).unwrap_or(u64::MAX))?;
        for (range, what) in runs(piece) {
            let (start, end) = (segment.start.saturating_add(range.start), segment.start.saturating_add(range.end));
            let rule = "".into();
            let verdict = Verdict {
                code: Reason::ContentUnicode,
                stripped: Reason::FieldsStripped,
                rule: &rule,
                severity: Severity::High,
                action: Action::Hold,
            };
            text.hits(start..end).for_each(|hit| found.on_text(&hit, verdict, || what.sentence().to_owned()));
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deceit {
    Direction,
    Unseen,
    Control,
    Unassigned,
    LookAlike,
    Style,
}

impl Deceit {
    const fn sentence(self) -> &'static str {
        match self {
            Self::Direction => "a bidirectional control changes the order in which the text is read",
            Self::Unseen => "a character without appearance stands in the text",
            Self::Control => "a control character stands in the text",
            Self::Unassigned => "a private or unassigned character stands in the text",
            Self::LookAlike => "a word mixes Latin letters with letters of another script that look Latin",
            Self::Style => "a letter or digit of another width or style stands for a plain one, which patterns would have read",
        }
    }
}

/// Runs of characters of one kind, and words of mixed scripts.
fn runs(piece: &str) -> Vec<(std::ops::Range<usize>, Deceit)> {
    let mut runs: Vec<(std::ops::Range<usize>, Deceit)> = Vec::new();
    let mut word = Word::default();
    for (start, c) in piece.char_indices() {
        let end = start.saturating_add(c.len_utf8());
        if let Some(kind) = deceit(c) {
            match runs.last_mut().filter(|(range, last)| *last == kind && range.end == start) {
                Some((range, _)) => range.end = end,
                None => runs.push((start..end, kind)),
            }
        } else if c.is_alphanumeric() {
            word.add(c, start, end);
            continue;
        }
        runs.extend(std::mem::take(&mut word).mixed());
    }
    runs.extend(word.mixed());
    runs
}

#[derive(Debug, Default)]
struct Word {
    range: std::ops::Range<usize>,
    latin: usize,
    alike: usize,
}

impl Word {
    fn add(&mut self, c: char, start: usize, end: usize) {
        if self.range.is_empty() {
            self.range.start = start;
        }
        self.range.end = end;
        if c.is_ascii_alphabetic() {
            self.latin = self.latin.saturating_add(1);
        } else if unicode_security::is_potential_mixed_script_confusable_char(c) {
            self.alike = self.alike.saturating_add(1);
        }
    }

    fn mixed(self) -> Option<(std::ops::Range<usize>, Deceit)> {
        (self.latin > 0 && self.alike > 0).then_some((self.range, Deceit::LookAlike))
    }
}

const fn deceit(c: char) -> Option<Deceit> {
    match c {
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => Some(Deceit::Direction),
        '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' => Some(Deceit::Unseen),
        '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}' => Some(Deceit::Unseen),
        '\u{FE00}'..='\u{FE0E}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}' => Some(Deceit::Unseen),
        '\u{FF01}'..='\u{FF5E}' | '\u{1D400}'..='\u{1D7FF}' | '\u{2460}'..='\u{24FF}' | '\u{1F100}'..='\u{1F1AD}' => Some(Deceit::Style),
        '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}' => {
            Some(Deceit::Control)
        }
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FFFD}'..='\u{FFFF}' => Some(Deceit::Unassigned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(std::ops::Range<usize>, Deceit)> {
        runs(text)
    }

    #[test]
    fn plain_text_of_many_scripts_passes() {
        for text in ["plain", "zwölf Boxkämpfer", "Москва и Киев", "Αθήνα", "北京", "مرحبا", "thumbs ☺\u{FE0F}", "π and Δ of x", "5 µs at 20 °C"]
        {
            assert_eq!(kinds(text), [], "{text}");
        }
    }

    #[test]
    fn each_deceit_is_named_with_its_bytes() {
        for (text, range, kind) in [
            ("a\u{202E}b", 1..4, Deceit::Direction),
            ("a\u{2066}\u{2067}b", 1..7, Deceit::Direction),
            ("a\u{200F}", 1..4, Deceit::Direction),
            ("se\u{200B}cret", 2..5, Deceit::Unseen),
            ("se\u{200D}cret", 2..5, Deceit::Unseen),
            ("\u{FEFF}x", 0..3, Deceit::Unseen),
            ("soft\u{AD}hyphen", 4..6, Deceit::Unseen),
            ("a\u{E0053}b", 1..5, Deceit::Unseen),
            ("a\u{85}b", 1..3, Deceit::Control),
            ("a\u{7F}b", 1..2, Deceit::Control),
            ("a\u{E000}b", 1..4, Deceit::Unassigned),
            ("a\u{FFFD}b", 1..4, Deceit::Unassigned),
            ("the s\u{435}cret", 4..11, Deceit::LookAlike),
            ("on \u{FF11}\u{FF19}.", 3..9, Deceit::Style),
            ("a \u{1D7D0}", 2..6, Deceit::Style),
        ] {
            assert_eq!(kinds(text), [(range, kind)], "{text:?}");
        }
    }

    #[test]
    fn a_word_of_one_foreign_script_is_no_look_alike() {
        assert_eq!(kinds("\u{441}\u{435}\u{43A}\u{440}\u{435}\u{442} plan"), []);
    }
}
