//! TOML tables with places: a reader that goes on after a fault, so that all faults of a file are told together.
//!
//! Serde would stop at the first; this asks for keys one by one, remembers which were asked for, and complains of the others.

use std::ops::Range;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::edition::SourceFile;
use super::faults::Faults;
use crate::base::{Decimal, Name, Time};

type Entry<'t> = (&'t Spanned<std::borrow::Cow<'t, str>>, &'t Spanned<DeValue<'t>>);

/// Whether a key must stand in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Need {
    /// Its absence is a fault.
    Required,
    /// It may be left out.
    Optional,
}

/// A string of a file with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Word<'t> {
    pub(in crate::policy) text: &'t str,
    pub(in crate::policy) at: Range<usize>,
}

impl Word<'_> {
    /// The word as a name, or a fault.
    pub(in crate::policy) fn name(&self, faults: &mut Faults) -> Option<Name> {
        let name = Name::new(self.text);
        if name.is_none() {
            let what = format!("`{}` is no name", self.text);
            faults.at(&self.at, what, "1 to 64 of `a-z A-Z 0-9 . _ / + -`", "choose a name of these characters");
        }
        name
    }
}

/// One table, with the keys that were asked for.
#[derive(Debug)]
pub(in crate::policy) struct Table<'t> {
    table: &'t DeTable<'t>,
    at: Range<usize>,
    asked: Vec<&'static str>,
}

/// Reads a file as TOML and hands its root table over; syntax faults and duplicate keys are noted.
pub(in crate::policy) fn read(file: &SourceFile, faults: &mut Faults, inside: impl FnOnce(Table<'_>, &mut Faults)) {
    let (root, errors) = DeTable::parse_recoverable(&file.text);
    for error in &errors {
        let at = error.span().unwrap_or(0..0);
        let what = error.message().lines().next().unwrap_or("malformed");
        faults.at(&at, format!("not TOML: {what}"), "no TOML 1.1 here", "correct the spelling; each key stands once in its table");
    }
    // After a syntax fault the tables are a guess: complaining of missing keys would mislead.
    if errors.is_empty() {
        inside(Table { table: root.get_ref(), at: 0..0, asked: Vec::new() }, faults);
    }
}

impl<'t> Table<'t> {
    /// Where the table stands, for faults of the whole table.
    pub(in crate::policy) const fn place(&self) -> &Range<usize> {
        &self.at
    }

    /// All keys with their values, for tables whose keys are names; asks for all of them.
    pub(in crate::policy) fn entries(&self) -> Vec<(Word<'t>, Value<'t>)> {
        let one = |(key, value): Entry<'t>| (Word { text: key.get_ref(), at: key.span() }, Value { value });
        self.table.iter().map(one).collect()
    }

    /// A value of any kind.
    pub(in crate::policy) fn value(&mut self, key: &'static str, need: Need, faults: &mut Faults) -> Option<Value<'t>> {
        self.asked.push(key);
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| Value { value });
        if found.is_none() && need == Need::Required {
            faults.at(&self.at, format!("the key `{key}` is missing"), format!("`{key} = ...`"), format!("add `{key}`"));
        }
        found
    }

    /// A string.
    pub(in crate::policy) fn word(&mut self, key: &'static str, need: Need, faults: &mut Faults) -> Option<Word<'t>> {
        self.value(key, need, faults)?.word(faults)
    }

    /// A name.
    pub(in crate::policy) fn name(&mut self, key: &'static str, need: Need, faults: &mut Faults) -> Option<Name> {
        self.word(key, need, faults)?.name(faults)
    }

    /// A list of strings without repetition; empty where the key is absent.
    pub(in crate::policy) fn words(&mut self, key: &'static str, need: Need, faults: &mut Faults) -> Vec<Word<'t>> {
        self.value(key, need, faults).map_or_else(Vec::new, |value| value.words(faults))
    }

    /// A table below this one.
    pub(in crate::policy) fn table(&mut self, key: &'static str, need: Need, faults: &mut Faults) -> Option<Self> {
        self.value(key, need, faults)?.table(faults)
    }

    /// A list of tables, as `[[key]]` or inline; empty where the key is absent.
    pub(in crate::policy) fn tables(&mut self, key: &'static str, need: Need, faults: &mut Faults) -> Vec<Self> {
        let Some(value) = self.value(key, need, faults) else { return Vec::new() };
        value.items(faults).into_iter().filter_map(|item| item.table(faults)).collect()
    }

    /// A whole number within bounds, inclusive.
    pub(in crate::policy) fn whole(&mut self, key: &'static str, need: Need, bounds: (u32, u32), faults: &mut Faults) -> Option<u32> {
        let value = self.value(key, need, faults)?;
        let number = match value.value.get_ref() {
            DeValue::Integer(digits) if digits.radix() == 10 => digits.as_str().parse::<u32>().ok(),
            _ => None,
        };
        let fits = number.filter(|n| (bounds.0..=bounds.1).contains(n));
        if fits.is_none() {
            value.misfit(&format!("a whole number from {} to {}", bounds.0, bounds.1), faults);
        }
        fits
    }

    /// An exact decimal number, written as a number or as a string.
    pub(in crate::policy) fn decimal(&mut self, key: &'static str, faults: &mut Faults) -> Option<Decimal> {
        let value = self.value(key, Need::Optional, faults)?;
        let number = match value.value.get_ref() {
            DeValue::Integer(digits) if digits.radix() == 10 => Decimal::parse(digits.as_str()),
            DeValue::Float(digits) => Decimal::parse(digits.as_str()),
            DeValue::String(digits) => Decimal::parse(digits),
            _ => None,
        };
        if number.is_none() {
            value.misfit("a decimal number without exponent, of at most 18 digits", faults);
        }
        number
    }

    /// `true` or `false`; `false` where the key is absent.
    pub(in crate::policy) fn flag(&mut self, key: &'static str, faults: &mut Faults) -> bool {
        let Some(value) = self.value(key, Need::Optional, faults) else { return false };
        match value.value.get_ref() {
            DeValue::Boolean(flag) => *flag,
            _ => {
                value.misfit("`true` or `false`", faults);
                false
            }
        }
    }

    /// A time in UTC, bare or as a string.
    pub(in crate::policy) fn time(&mut self, key: &'static str, need: Need, faults: &mut Faults) -> Option<(Time, Range<usize>)> {
        let value = self.value(key, need, faults)?;
        let time = match value.value.get_ref() {
            DeValue::Datetime(time) => Time::parse(&time.to_string()),
            DeValue::String(text) => Time::parse(text),
            _ => None,
        };
        if time.is_none() {
            value.misfit("a time in UTC, as `2026-01-31T00:00:00Z`", faults);
        }
        time.map(|time| (time, value.at()))
    }

    /// One word of a closed list, with its meaning.
    pub(in crate::policy) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        need: Need,
        choices: &[(&'static str, T)],
        faults: &mut Faults,
    ) -> Option<T> {
        let word = self.word(key, need, faults)?;
        choose(&word, key, choices, faults)
    }

    /// Notes every key that nobody asked for.
    pub(in crate::policy) fn finish(self, faults: &mut Faults) {
        for (key, _) in self.table.iter() {
            if !self.asked.contains(&key.get_ref().as_ref()) {
                faults.unknown(&key.span(), "key", key.get_ref(), self.asked.iter().copied());
            }
        }
    }
}

/// The meaning of a word of a closed list, or a fault.
pub(in crate::policy) fn choose<T: Copy>(word: &Word<'_>, thing: &str, choices: &[(&'static str, T)], faults: &mut Faults) -> Option<T> {
    let found = choices.iter().find(|(name, _)| *name == word.text).map(|(_, meaning)| *meaning);
    if found.is_none() {
        faults.unknown(&word.at, thing, word.text, choices.iter().map(|(name, _)| *name));
    }
    found
}

/// A value with its place.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Value<'t> {
    value: &'t Spanned<DeValue<'t>>,
}

impl<'t> Value<'t> {
    /// Where it stands.
    pub(in crate::policy) fn at(&self) -> Range<usize> {
        self.value.span()
    }

    /// The value as a string.
    pub(in crate::policy) fn word(&self, faults: &mut Faults) -> Option<Word<'t>> {
        match self.value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some(Word { text, at: self.at() }),
            _ => {
                self.misfit("a string that is not empty", faults);
                None
            }
        }
    }

    /// The value as a string that may be empty.
    pub(in crate::policy) fn any_text(&self) -> Option<&'t str> {
        self.value.get_ref().as_str()
    }

    /// The value as a list of strings; a repeated one is a fault.
    pub(in crate::policy) fn words(&self, faults: &mut Faults) -> Vec<Word<'t>> {
        let mut words: Vec<Word<'t>> = Vec::new();
        for item in self.items(faults) {
            let Some(word) = item.word(faults) else { continue };
            if words.iter().any(|earlier| earlier.text == word.text) {
                faults.at(&word.at, format!("`{}` stands twice in one list", word.text), "a name not yet in the list", "remove the repetition");
            } else {
                words.push(word);
            }
        }
        words
    }

    /// The value as a list of strings, which may stand again.
    pub(in crate::policy) fn items_as_words(&self, faults: &mut Faults) -> Vec<Word<'t>> {
        self.items(faults).into_iter().filter_map(|item| item.word(faults)).collect()
    }

    /// The value as a list of strings, which may be empty and may stand again.
    pub(in crate::policy) fn texts(&self, faults: &mut Faults) -> Vec<String> {
        let mut texts = Vec::new();
        for item in self.items(faults) {
            match item.any_text() {
                Some(text) => texts.push(text.to_owned()),
                None => item.misfit("a string", faults),
            }
        }
        texts
    }

    /// The value as a table.
    pub(in crate::policy) fn table(&self, faults: &mut Faults) -> Option<Table<'t>> {
        match self.value.get_ref() {
            DeValue::Table(table) => Some(Table { table, at: self.at(), asked: Vec::new() }),
            _ => {
                self.misfit("a table", faults);
                None
            }
        }
    }

    fn items(&self, faults: &mut Faults) -> Vec<Self> {
        match self.value.get_ref() {
            DeValue::Array(items) => items.iter().map(|value| Self { value }).collect(),
            _ => {
                self.misfit("a list", faults);
                Vec::new()
            }
        }
    }

    fn misfit(&self, expected: &str, faults: &mut Faults) {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "`true` or `false`",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        faults.at(&self.at(), format!("expected {expected}"), format!("found {found}"), format!("write {expected}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Complaint;
    use crate::policy::folder::from_texts;

    fn with<T>(text: &str, inside: impl FnOnce(&mut Table<'_>, &mut Faults) -> T) -> (Option<T>, Vec<Complaint>) {
        let mut faults = Faults::of("a.toml".into());
        let mut found = None;
        read(&from_texts([("a.toml", text)])[0], &mut faults, |mut table, faults| {
            found = Some(inside(&mut table, faults));
            table.finish(faults);
        });
        (found, faults.into_list())
    }

    #[test]
    fn decimals_are_exact_however_they_are_written() {
        for (text, expected) in
            [("k = 1.10", Some("1.1")), ("k = -90", Some("-90")), ("k = \"0.5\"", Some("0.5")), ("k = 1e3", None), ("k = nan", None)]
        {
            let (found, complaints) = with(text, |table, faults| table.decimal("k", faults));
            assert_eq!(found.flatten().map(|number| number.to_string()).as_deref(), expected, "{text}");
            assert_eq!(complaints.is_empty(), expected.is_some(), "{text}: {complaints:?}");
        }
    }

    #[test]
    fn whole_numbers_keep_their_bounds() {
        for (text, expected) in
            [("k = 1", Some(1)), ("k = 9", Some(9)), ("k = 0", None), ("k = 10", None), ("k = -1", None), ("k = 0x5", None), ("k = \"5\"", None)]
        {
            let (found, complaints) = with(text, |table, faults| table.whole("k", Need::Required, (1, 9), faults));
            assert_eq!(found.flatten(), expected, "{text}");
            assert_eq!(complaints.len(), usize::from(expected.is_none()), "{text}");
        }
    }

    #[test]
    fn times_are_utc_bare_or_quoted() {
        for (text, reads) in [
            ("k = 2026-01-01T00:00:00Z", true),
            ("k = \"2026-01-01T00:00:00Z\"", true),
            ("k = 2026-01-01T00:00:00+01:00", false),
            ("k = 2026-01-01T00:00:00", false),
            ("k = 2026-01-01", false),
            ("k = 1767225600", false),
        ] {
            let (found, complaints) = with(text, |table, faults| table.time("k", Need::Required, faults));
            assert_eq!(found.flatten().is_some(), reads, "{text}");
            assert_eq!(complaints.is_empty(), reads, "{text}");
        }
    }

    #[test]
    fn keys_that_nobody_asked_for_are_faults_at_their_place() {
        let (_, complaints) = with("known = \"x\"\nknwon = \"y\"\n", |table, faults| table.word("known", Need::Required, faults).is_some());
        assert_eq!(complaints.len(), 1);
        assert_eq!((complaints[0].at.clone(), complaints[0].remedy.as_str()), (Some(12..17), "did you mean `known`?"));
    }

    #[test]
    fn a_syntax_fault_is_told_alone() {
        let (found, complaints) = with("a = \nb = 1\n", |table, faults| table.word("missing", Need::Required, faults).is_some());
        assert!(found.is_none() && !complaints.is_empty());
        assert!(complaints.iter().all(|complaint| complaint.what.starts_with("not TOML")), "{complaints:?}");
    }
}
