//! One value of a track: its grammar, its range, its characters.
//!
//! Takes text, gives a typed value; refuses with the code of what is wrong, never with the text.

use std::borrow::Cow;

use crate::base::{Decimal, Reason, Refusal, Span, Time};
use crate::format::syntax::hidden::hides;
use crate::normal::{Unit, Value};

use super::schema::{Ends, Type};

/// The typed value of `text`.
///
/// # Errors
/// `invalid.nffi.*`.
pub(super) fn value<'a>(kind: Type, text: Cow<'a, str>, span: Span) -> Result<Value<'a>, Refusal> {
    let refuse = |reason, expected: &str| Err(Refusal::at(reason, span, expected));
    if !matches!(kind, Type::Free(_)) && hides(&text) {
        return refuse(Reason::InvalidNffiCharacter, "expected visible characters, found a control, bidirectional, zero-width or private one");
    }
    let fits = match kind {
        Type::Text { least, most } => return sized(text, least, most, span),
        Type::Free(most) => return sized(text, 1, most, span),
        Type::Number { unit, least, most, ends } => return number(&text, unit, (least, most, ends), span),
        Type::Whole(most) => {
            return match number(&text, Unit::One, (0, most, Ends::Both), span)? {
                Value::Number(whole, unit) if whole.places() == 0 => Ok(Value::Number(whole, unit)),
                _ => refuse(Reason::InvalidNffiNumber, "expected a whole number"),
            };
        }
        Type::Flag if text == "true" => return Ok(Value::Flag(true)),
        Type::Flag if text == "false" => return Ok(Value::Flag(false)),
        Type::Flag => Err("expected `true` or `false`"),
        Type::Country if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) => Ok(()),
        Type::Country => Err("expected three capital letters"),
        Type::Symbol if is_symbol(&text) => Ok(()),
        Type::Symbol => Err("expected 15 of capital letters, digits and `-`"),
        Type::Time if is_time(&text) => Ok(()),
        Type::Time => Err("expected 14 digits that are a time: year, month, day, hour, minute, second"),
        Type::Word(words) if words.contains(&&*text) => Ok(()),
        Type::Word(_) => Err("expected one of the words that the manual page `formats` lists"),
    };
    match fits {
        Ok(()) => Ok(Value::Text(text)),
        Err(expected) => refuse(Reason::InvalidNffiValue, expected),
    }
}

fn sized(text: Cow<'_, str>, least: usize, most: usize, span: Span) -> Result<Value<'_>, Refusal> {
    let count = text.chars().count();
    if (least..=most).contains(&count) {
        return Ok(Value::Text(text));
    }
    Err(Refusal::at(Reason::InvalidNffiLength, span, format!("expected {least} to {most} characters, found {count}")))
}

fn number(text: &str, unit: Unit, (least, most, ends): (i32, i32, Ends), span: Span) -> Result<Value<'static>, Refusal> {
    let Some(number) = Decimal::parse(text) else {
        let expected = "expected a plain decimal number of at most 18 digits, without exponent";
        return Err(Refusal::at(Reason::InvalidNffiNumber, span, expected));
    };
    let (low, high) = (Decimal::whole(least), Decimal::whole(most));
    let fits = match ends {
        Ends::Both => low <= number && number <= high,
        Ends::Most => low < number && number <= high,
        Ends::Least => low <= number && number < high,
    };
    if fits {
        return Ok(Value::Number(number, unit));
    }
    let expected = match ends {
        Ends::Both => format!("expected a number from {least} to {most}"),
        Ends::Most => format!("expected a number above {least} and up to {most}"),
        Ends::Least => format!("expected a number from {least} to below {most}"),
    };
    Err(Refusal::at(Reason::InvalidNffiRange, span, expected))
}

/// SPEC: NFFI 1.3, unitSymbolType.
fn is_symbol(text: &str) -> bool {
    text.len() == 15 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
}

/// SPEC: NFFI 1.3, dateTimeType: `YYYYMMDDhhmmss`, in UTC.
fn is_time(text: &str) -> bool {
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    let digits = text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit());
    let spelt = || format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14));
    digits && Time::parse(&spelt()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(kind: Type, texts: &[&str], expected: &str) {
        for text in texts {
            let code = value(kind, Cow::Borrowed(text), Span::default()).map_or_else(|refusal| refusal.reason.code(), |_| "read");
            assert_eq!(code, expected, "{kind:?} {text:?}");
        }
    }

    #[test]
    fn texts_have_lengths_and_no_hidden_characters() {
        let name = Type::Text { least: 1, most: 15 };
        all(name, &["1 BN", "Ü", "123456789012345", "äöüäöüäöüäöüäöü"], "read");
        all(name, &["", "1234567890123456"], "invalid.nffi.length");
        all(name, &["A\u{202e}B", "A\nB", "\u{200b}"], "invalid.nffi.character");
        all(Type::Free(8), &["one\ntwo", "A\u{202e}B"], "read");
        all(Type::Free(8), &["", "123456789"], "invalid.nffi.length");
    }

    #[test]
    fn grammars_are_kept_to_the_letter() {
        all(Type::Country, &["GBR"], "read");
        all(Type::Country, &["", "gbr", "GB", "GBRX", "GB1"], "invalid.nffi.value");
        all(Type::Symbol, &["SFGPUCI----D---", "SFGPUCI---12345"], "read");
        all(Type::Symbol, &["", "SFGPUCI----D--", "sfgpuci----d---", "SFGPUCI****D***", "SFGPUCI----D----"], "invalid.nffi.value");
        all(Type::Time, &["20260301120000", "20240229235959"], "read");
        all(
            Type::Time,
            &["", "2026-03-01T12:00:00Z", "20260229120000", "20261301120000", "20260301126000", "20260301120060", "2026030112000", "202603011200000"],
            "invalid.nffi.value",
        );
        all(Type::Flag, &["true", "false"], "read");
        all(Type::Flag, &["1", "0", "TRUE", ""], "invalid.nffi.value");
        all(Type::Word(&["A B"]), &["A B"], "read");
        all(Type::Word(&["A B"]), &["A  B", "a b", "A", ""], "invalid.nffi.value");
    }

    #[test]
    fn ranges_end_where_the_standard_ends_them() {
        let longitude = Type::Number { unit: Unit::Longitude, least: -180, most: 180, ends: Ends::Most };
        all(longitude, &["180", "-179.999999", "0", "-0.0"], "read");
        all(longitude, &["-180", "-180.0", "180.0001"], "invalid.nffi.range");
        let bearing = Type::Number { unit: Unit::Degrees, least: 0, most: 360, ends: Ends::Least };
        all(bearing, &["0", "359.99"], "read");
        all(bearing, &["360", "360.00", "-0.1"], "invalid.nffi.range");
        all(bearing, &["", "1e2", "NaN", "+1", " 1", "01", ".5", "1,5"], "invalid.nffi.number");
        all(Type::Whole(9), &["0", "9", "9.0"], "read");
        all(Type::Whole(9), &["1.5"], "invalid.nffi.number");
        all(Type::Whole(9), &["10", "-1"], "invalid.nffi.range");
    }
}
