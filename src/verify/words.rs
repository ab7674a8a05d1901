//! Words that must never leave: looked for once more in the result, by whole words.
//!
//! A last look with other means than the filter's: text is cut into words, each word is looked up, so that the cost does
//! not grow with the list. Deliberately absent: folding of look-alikes and spacing, which is the filter's work.

use std::collections::BTreeMap;

use super::place::path;
use super::second::{Part, Second};
use crate::base::{Action, Reason, Refusal};
use crate::policy::WordList;

/// The entries of the word lists whose action is to refuse, cut into words in lower case.
#[derive(Debug, Default)]
pub struct BlockedWords {
    by_first: BTreeMap<String, Vec<Vec<String>>>,
}

impl BlockedWords {
    /// Takes the entries of the lists that refuse; the others may have been stripped, noted or waived.
    #[must_use]
    pub fn of(lists: &[WordList]) -> Self {
        let mut by_first: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for entry in lists.iter().filter(|list| list.action == Action::Refuse).flat_map(|list| &list.entries) {
            let mut words = cut(&entry.text).map(str::to_lowercase);
            if let Some(first) = words.next() {
                by_first.entry(first).or_default().push(words.collect());
            }
        }
        Self { by_first }
    }

    /// Looks through every value and text of a tree.
    ///
    /// # Errors
    /// `verify.disagreement` with the path of the first hit.
    pub(super) fn absent_from(&self, tree: &Second<'_>) -> Result<(), Refusal> {
        if self.by_first.is_empty() {
            return Ok(());
        }
        match tree.root().into_iter().flat_map(Part::all).find(|part| self.stands_in(part.value())) {
            None => Ok(()),
            Some(hit) => Err(Refusal::new(Reason::VerifyDisagreement, "a word that must never leave stands in the result").on(path(hit))),
        }
    }

    fn stands_in(&self, text: &str) -> bool {
        let mut rest = cut(text);
        while let Some(word) = rest.next() {
            let lists = if word.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
                self.by_first.get(&word.to_lowercase())
            } else {
                self.by_first.get(word)
            };
            let follows = |words: &Vec<String>| {
                let mut after = rest.clone();
                words.iter().all(|word| after.next().is_some_and(|next| next.to_lowercase() == *word))
            };
            if lists.is_some_and(|lists| lists.iter().any(follows)) {
                return true;
            }
        }
        false
    }
}

fn cut(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Severity;
    use crate::policy::WordEntry;
    use crate::verify::xml;

    fn list(action: Action, entries: &[&str]) -> WordList {
        let entries = entries.iter().map(|text| WordEntry { text: (*text).into(), line: 1 }).collect();
        WordList { file: "words.txt".into(), action, severity: Severity::High, reason: String::new(), entries }
    }

    #[test]
    fn whole_words_and_phrases_are_found_in_any_case() {
        let words = BlockedWords::of(&[list(Action::Refuse, &["Topaz", "grey HERON", "---"]), list(Action::Hold, &["umber"])]);
        for (text, found) in [
            ("topaz", true),
            ("a TOPAZ.", true),
            ("topazite", false),
            ("grey heron", true),
            ("Grey-Heron!", true),
            ("grey", false),
            ("grey x heron", false),
            ("grey grey heron", true),
            ("umber", false),
            ("", false),
        ] {
            assert_eq!(words.stands_in(text), found, "{text}");
        }
    }

    #[test]
    fn values_and_texts_are_looked_through() {
        let words = BlockedWords::of(&[list(Action::Refuse, &["topaz"])]);
        let look = |text: &str| words.absent_from(&xml::read(text.as_bytes(), |_| &[]).unwrap()).map_err(|r| r.place.path);
        assert_eq!(look("<a b='x'><c>y</c></a>"), Ok(()));
        assert_eq!(look("<a b='Topaz'/>"), Err("/a/@b".into()));
        assert_eq!(look("<a><c>my topaz</c></a>"), Err("/a/c".into()));
        assert_eq!(BlockedWords::default().absent_from(&xml::read(b"<a b='topaz'/>", |_| &[]).unwrap()), Ok(()));
    }
}
