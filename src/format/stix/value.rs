//! Grammars of values.

use super::schema::{self, Type};
use crate::base::{Decimal, Reason, Refusal, Span, Time};
use crate::format::syntax::hidden::hides;
use crate::format::syntax::json::Content;

/// The greatest whole number: 2^53 - 1.
// SPEC: STIX 2.1, 2.9.
const WHOLE_MAX: &str = "9007199254740991";

/// Characters of a time to the millisecond before its `Z`.
const MILLISECOND_CHARS: usize = 23;

/// Hashes of known length: name and hexadecimal digits.
const DIGESTS: [(&str, usize); 6] = [("MD5", 32), ("SHA-1", 40), ("SHA-256", 64), ("SHA-512", 128), ("SHA3-256", 64), ("SHA3-512", 128)];

/// Gives a scalar the type that its property has.
///
/// # Errors
/// `invalid.stix.*`.
pub(super) fn scalar(content: &mut Content<'_>, holds: Type, span: Span) -> Result<(), Refusal> {
    let refuse = |reason, detail: &str| Err(Refusal::at(reason, span, detail));
    match (holds, &mut *content) {
        (Type::Text, Content::Text(_))
        | (Type::Flag, Content::Flag(_))
        | (Type::Scalar, Content::Flag(_) | Content::Number(..) | Content::Text(_)) => Ok(()),
        (Type::Time, Content::Text(text)) => match Time::parse(text) {
            Some(time) => {
                *content = Content::Time(time);
                Ok(())
            }
            None => refuse(Reason::InvalidStixTime, "expected `YYYY-MM-DDThh:mm:ss[.f]Z`"),
        },
        (Type::Millisecond | Type::Created, Content::Text(text)) => match millisecond(text).or_else(|| padded(text, holds)) {
            Some(spelt) if spelt == *text => Ok(()),
            Some(spelt) => {
                *content = Content::Text(spelt.into());
                Ok(())
            }
            None => refuse(Reason::InvalidStixTime, "expected `YYYY-MM-DDThh:mm:ss.sssZ` with three digits or more after the second"),
        },
        (Type::Whole(least), Content::Number(number, _)) => whole(*number, Decimal::whole(least), Decimal::parse(WHOLE_MAX), span),
        (Type::Within(least, most), Content::Number(number, _)) => whole(*number, Decimal::whole(least), Some(Decimal::whole(most)), span),
        (Type::Number(unit, least, most), Content::Number(number, own)) => {
            *own = unit;
            let fits = *number >= Decimal::whole(least) && *number <= Decimal::whole(most);
            if fits { Ok(()) } else { refuse(Reason::InvalidStixRange, &format!("expected a number from {least} to {most}")) }
        }
        (_, Content::Text(text)) => words(text, holds, span),
        (Type::Flag, _) => refuse(Reason::InvalidStixValue, "expected `true` or `false`"),
        (Type::Whole(_) | Type::Within(..) | Type::Number(..), _) => refuse(Reason::InvalidStixValue, "expected a number"),
        (Type::Scalar, _) => refuse(Reason::InvalidStixValue, "expected a text, a number or a truth value"),
        _ => refuse(Reason::InvalidStixValue, "expected a text"),
    }
}

/// The one spelling of a time that tells a version: three digits after the second, and more only where they are no zeros.
// SPEC: STIX 2.1, 3.2: to the millisecond. Libraries write microseconds; they are kept, as versions are told apart by them.
fn millisecond(text: &str) -> Option<String> {
    let before = Time::parse(text).and_then(|_| text.strip_suffix('Z')).filter(|before| before.len() >= MILLISECOND_CHARS)?;
    let (exact, finer) = before.split_at_checked(MILLISECOND_CHARS)?;
    Some(format!("{exact}{}Z", finer.trim_end_matches('0')))
}

/// The same of the creation of a marking definition, which may be written to the second: libraries know the markings of the standard by their
/// whole text.
fn padded(text: &str, holds: Type) -> Option<String> {
    let before = Time::parse(text).filter(|_| matches!(holds, Type::Created)).and_then(|_| text.strip_suffix('Z'))?;
    let point = if before.contains('.') { "" } else { "." };
    Some(format!("{:0<1$}Z", format!("{before}{point}"), MILLISECOND_CHARS))
}

fn whole(number: Decimal, least: Decimal, most: Option<Decimal>, span: Span) -> Result<(), Refusal> {
    if number.places() == 0 && number >= least && most.is_some_and(|most| number <= most) {
        return Ok(());
    }
    let most = most.map(|most| most.to_string()).unwrap_or_default();
    Err(Refusal::at(Reason::InvalidStixRange, span, format!("expected a whole number from {least} to {most}")))
}

/// Checks a text that has a grammar.
fn words(text: &str, holds: Type, span: Span) -> Result<(), Refusal> {
    let refuse = |reason, detail: &str| Err(Refusal::at(reason, span, detail));
    if hides(text) {
        return refuse(Reason::InvalidStixCharacter, "expected visible characters, found a control, bidirectional, zero-width or private one");
    }
    match holds {
        Type::Plain if !text.trim().is_empty() => Ok(()),
        Type::Plain => refuse(Reason::InvalidStixValue, "expected a word"),
        Type::Word(known) if known.contains(&text) => Ok(()),
        Type::Word(known) => refuse(Reason::InvalidStixWord, &format!("expected one of `{}`", known.join("`, `"))),
        Type::Id(kinds) => match id(text) {
            Some(kind) if kinds.is_empty() || kinds.contains(&kind) => Ok(()),
            Some(_) => refuse(Reason::InvalidStixId, &format!("expected the id of `{}`", kinds.join("`, `"))),
            None => refuse(Reason::InvalidStixId, "expected a type of the standard, `--` and a UUID in lower case"),
        },
        Type::Hex if text.len().is_multiple_of(2) && !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit()) => Ok(()),
        Type::Hex => refuse(Reason::InvalidStixValue, "expected hexadecimal digits in pairs"),
        Type::Base64 if is_base64(text) => Ok(()),
        Type::Base64 => refuse(Reason::InvalidStixValue, "expected base64 with padding and without line ends"),
        Type::Selector if is_selector(text) => Ok(()),
        Type::Selector => refuse(Reason::InvalidStixSelector, "expected names of properties and `[n]`, joined by points"),
        _ => refuse(Reason::InvalidStixValue, "expected a value of another kind, found a text"),
    }
}

/// The type in an id; `None` where the id is malformed or the type is not of the standard.
// SPEC: STIX 2.1, 2.7; RFC 4122, versions 1 to 5.
pub(super) fn id(text: &str) -> Option<&'static str> {
    let (kind, uuid) = text.split_once("--")?;
    let kind = schema::kind(kind)?;
    is_uuid(uuid).then_some(kind.name)
}

/// Whether a text is a UUID of a version that the standard allows, in lower case: one identity has one spelling.
pub(super) fn is_uuid(text: &str) -> bool {
    let shape = text.bytes().enumerate().all(|(at, b)| match at {
        8 | 13 | 18 | 23 => b == b'-',
        14 => matches!(b, b'1'..=b'5'),
        19 => matches!(b, b'8' | b'9' | b'a' | b'b'),
        _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
    });
    shape && text.len() == 36
}

/// Checks the value of a hash by the name of its algorithm.
///
/// # Errors
/// `invalid.stix.value`, `invalid.stix.character`.
pub(super) fn hash(algorithm: &str, text: &str, span: Span) -> Result<(), Refusal> {
    let known = DIGESTS.iter().find(|(name, _)| *name == algorithm);
    match known {
        Some((name, digits)) if text.len() != *digits || !text.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Err(Refusal::at(Reason::InvalidStixValue, span, format!("expected {digits} hexadecimal digits of {name}")))
        }
        Some(_) => Ok(()),
        None => words(text, Type::Plain, span),
    }
}

// SPEC: RFC 4648, 4: padding where it is due, and no bits behind the last byte.
fn is_base64(text: &str) -> bool {
    use base64::Engine;
    !text.is_empty() && base64::engine::general_purpose::STANDARD.decode(text).is_ok()
}

// SPEC: STIX 2.1, 7.2.3.1.
fn is_selector(text: &str) -> bool {
    let name = |name: &str| !name.is_empty() && name.len() <= 250 && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
    let index = |step: &str| {
        let digits = step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        digits.is_some_and(|digits| {
            (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'))
        })
    };
    text.split('.').enumerate().all(|(at, step)| name(step) || at > 0 && index(step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::Unit;
    use std::borrow::Cow;

    fn code(holds: Type, text: &str) -> &'static str {
        let mut content = Content::Text(Cow::Borrowed(text));
        scalar(&mut content, holds, Span::default()).map_or_else(|refusal| refusal.reason.code(), |()| "read")
    }

    fn all(holds: Type, texts: &[&str], expected: &str) {
        for text in texts {
            assert_eq!(code(holds, text), expected, "{holds:?} {text:?}");
        }
    }

    #[test]
    fn ids_name_a_type_of_the_standard_and_a_uuid_in_lower_case() {
        const SOME: Type = Type::Id(&["identity"]);
        all(Type::Id(&[]), &["indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd"], "read");
        all(
            SOME,
            &[
                "",
                "identity",
                "identity--",
                "identity--8E2E2D2B-17d4-4cbf-938f-98ee46b3cd3f",
                "identity--8e2e2d2b-17d4-7cbf-938f-98ee46b3cd3f",
                "identity--8e2e2d2b-17d4-4cbf-c38f-98ee46b3cd3f",
                "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3",
                "tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
                "x-tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            ],
            "invalid.stix.id",
        );
    }

    #[test]
    fn words_hashes_and_selectors_follow_their_grammars() {
        all(Type::Plain, &["malicious-activity", "Kaspersky Lab", "日本"], "read");
        all(Type::Plain, &["", " "], "invalid.stix.value");
        all(Type::Plain, &["a\u{200b}b", "a\nb", "\u{202e}"], "invalid.stix.character");
        all(Type::Word(&["red", "green"]), &["RED", "amber", ""], "invalid.stix.word");
        all(Type::Selector, &["id", "name", "labels.[0]", "granular.x-y.[12].a_b"], "read");
        all(Type::Selector, &["", "[0]", "labels.[01]", "labels.[]", "Labels", "a..b", "a.", "labels[0]"], "invalid.stix.selector");
        all(Type::Base64, &["aGVsbG8=", "AA=="], "read");
        all(Type::Base64, &["", "aGVsbG8", "aGVs bG8=", "AB==", "aGVs\\n"], "invalid.stix.value");
        all(Type::Hex, &["0a", "FF00"], "read");
        all(Type::Hex, &["", "0", "0x", "0g"], "invalid.stix.value");
        assert!(hash("MD5", &"a".repeat(32), Span::default()).is_ok() && hash("TLSH", "T1aa", Span::default()).is_ok());
        assert!(hash("MD5", &"a".repeat(31), Span::default()).is_err() && hash("SHA-256", &"z".repeat(64), Span::default()).is_err());
    }

    #[test]
    fn numbers_have_limits_and_units() {
        let number = |holds, text: &str| {
            let mut content = Content::Number(Decimal::parse(text).unwrap(), Unit::One);
            scalar(&mut content, holds, Span::default()).map(|()| content).map_err(|refusal| refusal.reason.code())
        };
        assert!(matches!(number(Type::Number(Unit::Latitude, -90, 90), "48.8566"), Ok(Content::Number(_, Unit::Latitude))));
        assert_eq!(number(Type::Number(Unit::Latitude, -90, 90), "90.1"), Err("invalid.stix.range"));
        assert!(number(Type::Whole(0), WHOLE_MAX).is_ok() && number(Type::Within(0, 100), "100").is_ok());
        for (holds, text) in [(Type::Whole(0), "9007199254740992"), (Type::Whole(0), "-1"), (Type::Whole(0), "0.5"), (Type::Within(0, 100), "101")] {
            assert_eq!(number(holds, text), Err("invalid.stix.range"), "{text}");
        }
        all(Type::Whole(0), &["1"], "invalid.stix.value");
        all(Type::Flag, &["true"], "invalid.stix.value");
        all(Type::Time, &["2026-01-02T03:04:05.123456Z"], "read");
        all(Type::Millisecond, &["2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.123456Z"], "read");
        all(Type::Millisecond, &["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.12Z", "2026-01-02T03:04:61.000Z"], "invalid.stix.time");
        for (text, spelt) in [("05.120Z", "05.120Z"), ("05.120000Z", "05.120Z"), ("05.000001Z", "05.000001Z"), ("05.1200100Z", "05.12001Z")] {
            assert_eq!(millisecond(&format!("2026-01-02T03:04:{text}")), Some(format!("2026-01-02T03:04:{spelt}")));
        }
        for text in ["2017-01-20T00:00:00Z", "2017-01-20T00:00:00.0Z", "2017-01-20T00:00:00.000Z"] {
            let mut content = Content::Text(Cow::Borrowed(text));
            scalar(&mut content, Type::Created, Span::default()).unwrap();
            assert_eq!(content, Content::Text(Cow::Borrowed("2017-01-20T00:00:00.000Z")));
        }
        all(Type::Time, &["2026-01-02T03:04:60Z", "2026-01-02T03:04:05+00:00", "2026-01-02", ""], "invalid.stix.time");
    }
}
