//! What values a row allows, compiled.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};

use crate::base::{Decimal, Reason, Time};
use crate::normal::Value;
use crate::policy::FieldType;

/// Bytes of a compiled pattern at most: 1 MiB, some 10,000 states.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A compiled type.
#[derive(Debug)]
pub(super) enum Check {
    Any,
    Text { length_max: usize, pattern: Option<Regex> },
    OneOf(BTreeSet<String>),
    Number { min: Option<Decimal>, max: Option<Decimal> },
    Time,
    Nothing,
}

/// Why a value does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) code: Reason,
    pub(super) expected: String,
}

impl Check {
    /// Compiles a type; the error is one line.
    pub(super) fn compile(kind: &FieldType) -> Result<Self, String> {
        Ok(match kind {
            FieldType::Any => Self::Any,
            FieldType::Text { length_max, pattern } => Self::Text { length_max: *length_max, pattern: pattern.as_deref().map(whole).transpose()? },
            FieldType::OneOf(values) => Self::OneOf(values.clone()),
            FieldType::Number { min, max } => Self::Number { min: *min, max: *max },
            FieldType::Time => Self::Time,
            FieldType::Element => Self::Nothing,
        })
    }

    /// Judges a value.
    pub(super) fn value(&self, value: &Value<'_>) -> Option<Misfit> {
        match (self, value) {
            (Self::Any, _) | (Self::Time, Value::Time(_)) => None,
            (Self::Number { min, max }, Value::Number(number, _)) => range(*number, *min, *max),
            _ => self.text(&value.text()),
        }
    }

    /// Judges a value by its text.
    pub(super) fn text(&self, text: &str) -> Option<Misfit> {
        match self {
            Self::Any => None,
            Self::Text { length_max, pattern } => {
                // A character takes a byte at least, so short values need no count.
                if text.len() > *length_max && text.chars().count() > *length_max {
                    return misfit(Reason::FieldsLength, format!("expected at most {length_max} characters"));
                }
                let fits = pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
                if fits { None } else { misfit(Reason::FieldsPattern, "expected the form that the profile states") }
            }
            Self::OneOf(values) if values.contains(text) => None,
            Self::OneOf(_) => misfit(Reason::FieldsPattern, "expected one of the values that the profile lists"),
            Self::Number { min, max } => match Decimal::parse(text) {
                Some(number) => range(number, *min, *max),
                None => misfit(Reason::FieldsPattern, "expected a decimal number"),
            },
            Self::Time if Time::parse(text).is_some() => None,
            Self::Time => misfit(Reason::FieldsPattern, "expected a time as `YYYY-MM-DDThh:mm:ssZ`"),
            Self::Nothing => misfit(Reason::FieldsUnknown, "expected an element without text of its own"),
        }
    }
}

fn whole(pattern: &str) -> Result<Regex, String> {
    let anchored = format!(r"\A(?:{pattern})\z");
    let checked = Regex::new(pattern).map_err(|error| error.to_string());
    let compiled = checked.and_then(|_| RegexBuilder::new(&anchored).size_limit(PATTERN_BYTES_MAX).build().map_err(|error| error.to_string()));
    compiled.map_err(|error| error.lines().last().unwrap_or("expected a regular expression").trim().to_owned())
}

fn range(number: Decimal, min: Option<Decimal>, max: Option<Decimal>) -> Option<Misfit> {
    let fits = min.is_none_or(|min| min <= number) && max.is_none_or(|max| number <= max);
    let end = |bound: Option<Decimal>| bound.map_or_else(|| "any".to_owned(), |bound| bound.to_string());
    if fits { None } else { misfit(Reason::FieldsRange, format!("expected a number from {} to {}", end(min), end(max))) }
}

fn misfit(code: Reason, expected: impl Into<String>) -> Option<Misfit> {
    Some(Misfit { code, expected: expected.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::Unit;

    fn code(check: &Check, text: &str) -> Option<&'static str> {
        check.text(text).map(|misfit| misfit.code.code())
    }

    #[test]
    fn text_is_measured_in_characters_and_matched_whole() {
        let check = Check::compile(&FieldType::Text { length_max: 4, pattern: Some("[a-zäö]+|x".into()) }).unwrap();
        assert_eq!(code(&check, "äöäö"), None);
        assert_eq!(code(&check, "abcde"), Some("fields.length"));
        assert_eq!(code(&check, "ab1"), Some("fields.pattern"));
        assert_eq!(code(&check, "1x"), Some("fields.pattern"));
        assert_eq!(code(&check, "a\n"), Some("fields.pattern"));
        assert_eq!(code(&check, ""), Some("fields.pattern"));
    }

    #[test]
    fn numbers_have_inclusive_bounds_however_they_were_read() {
        let d = |text: &str| Decimal::parse(text);
        let check = Check::compile(&FieldType::Number { min: d("-1.5"), max: d("2") }).unwrap();
        for (text, expected) in [
            ("-1.5", None),
            ("2", None),
            ("2.0", None),
            ("2.01", Some("fields.range")),
            ("-2", Some("fields.range")),
            ("1e0", Some("fields.pattern")),
            ("", Some("fields.pattern")),
        ] {
            assert_eq!(code(&check, text), expected, "{text}");
        }
        assert_eq!(check.value(&Value::Number(d("3").unwrap(), Unit::Metres)).unwrap().code, Reason::FieldsRange);
        let half = Check::compile(&FieldType::Number { min: d("0"), max: None }).unwrap();
        assert_eq!(half.text("-1").unwrap().expected, "expected a number from 0 to any");
    }

    #[test]
    fn lists_times_and_elements_are_exact() {
        let list = Check::compile(&FieldType::OneOf(["a".to_owned(), "B".to_owned()].into())).unwrap();
        assert_eq!((code(&list, "a"), code(&list, "A"), code(&list, "B")), (None, Some("fields.pattern"), None));
        let time = Check::compile(&FieldType::Time).unwrap();
        assert_eq!((code(&time, "2026-01-02T03:04:05Z"), code(&time, "2026-01-02")), (None, Some("fields.pattern")));
        assert_eq!(code(&Check::compile(&FieldType::Element).unwrap(), "x"), Some("fields.unknown"));
        assert_eq!(code(&Check::Any, "anything"), None);
    }

    #[test]
    fn a_pattern_that_leaves_its_group_is_refused() {
        for pattern in ["(", "a)|(b", "[z-a]", "a{99999999}"] {
            assert!(Check::compile(&FieldType::Text { length_max: 9, pattern: Some(pattern.into()) }).is_err(), "{pattern}");
        }
    }
}
