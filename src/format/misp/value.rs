//! One value of a field: number against text, truth values of several spellings, times, tags; each has one reading.
//!
//! Takes the value as JSON has it, leaves it as the tree is to hold it; refuses with the code of what is wrong, never with the text.
//! Numbers become text: the standard writes them as text, so a profile speaks of them as text, and they leave as text.

use std::borrow::Cow;

use crate::base::{Reason, Refusal, Span, Time};
use crate::format::syntax::hidden::hides;
use crate::format::syntax::json::{Content, Json};

use super::schema::Type;

/// Seconds since 1970 at most: the last of the year 9999.
const SECONDS_MAX: u64 = 253_402_300_799;
/// Characters of a tag at most: 255, as the sender's column is.
const TAG_CHARS_MAX: usize = 255;

/// Whether a field says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// It has a value.
    Yes,
    /// It is `null`, an empty list, or an empty text where text is not what it holds.
    No,
}

/// Gives a value the type of its field.
///
/// # Errors
/// `invalid.misp.*`.
pub(super) fn typed(kind: Type, value: &mut Json<'_>) -> Result<Stands, Refusal> {
    let span = value.span;
    let text = match std::mem::replace(&mut value.content, Content::Null) {
        Content::Null => return Ok(Stands::No),
        Content::List(items) if items.is_empty() => return Ok(Stands::No),
        Content::Flag(flag) if kind == Type::Flag => {
            value.content = Content::Flag(flag);
            return Ok(Stands::Yes);
        }
        Content::Text(text) => text,
        Content::Number(number, _) => Cow::Owned(number.to_string()),
        _ => return Err(Refusal::at(Reason::InvalidMispShape, span, "expected one value: a text, a number or a truth value")),
    };
    if text.is_empty() && !matches!(kind, Type::Text(_) | Type::Plain(_)) {
        return Ok(Stands::No);
    }
    value.content = content(kind, text, span)?;
    Ok(Stands::Yes)
}

fn content(kind: Type, text: Cow<'_, str>, span: Span) -> Result<Content<'_>, Refusal> {
    let refuse = |reason, detail: &str| Err(Refusal::at(reason, span, detail));
    match kind {
        Type::Text(most) | Type::Plain(most) if text.chars().count() > most => {
            return refuse(Reason::InvalidMispText, &format!("expected at most {most} characters"));
        }
        Type::Plain(_) if hides(&text) => {
            return refuse(Reason::InvalidMispCharacter, "expected visible characters, found a control, bidirectional, zero-width or private one");
        }
        Type::Text(_) | Type::Plain(_) => {}
        Type::Tag if is_tag(&text) => {}
        Type::Tag => {
            return refuse(
                Reason::InvalidMispTag,
                "expected 1 to 255 visible characters without white space at the ends, and a plain name before the first `:`",
            );
        }
        // Clusters that come with the software belong to the organisation 0.
        Type::Uuid if is_uuid(&text) || text == "0" => {}
        Type::Uuid => return refuse(Reason::InvalidMispUuid, "expected a UUID in lower case"),
        Type::Whole(most) if whole(&text).is_some_and(|number| number <= most) => {}
        Type::Whole(most) => {
            return refuse(Reason::InvalidMispNumber, &format!("expected a whole number from 0 to {most}, without superfluous zeros"));
        }
        Type::Distribution(most) if whole(&text).is_some_and(|level| level <= most) => {}
        Type::Distribution(most) => return refuse(Reason::InvalidMispDistribution, &format!("expected a level from 0 to {most}")),
        Type::Seconds if whole(&text).is_some_and(|seconds| seconds <= SECONDS_MAX) => {}
        Type::Seconds => return refuse(Reason::InvalidMispTime, "expected seconds since 1970, without superfluous zeros"),
        Type::Date if Time::parse(&format!("{text}T00:00:00Z")).is_some() => {}
        Type::Date => return refuse(Reason::InvalidMispTime, "expected a date as `YYYY-MM-DD`"),
        Type::Clock if clock(&text).is_some() => {}
        Type::Clock => return refuse(Reason::InvalidMispTime, "expected `YYYY-MM-DD hh:mm:ss`"),
        Type::Moment => {
            let time = moment(&text);
            return time.map_or_else(
                || refuse(Reason::InvalidMispTime, "expected `YYYY-MM-DDThh:mm:ss[.f]` and `Z` or `+00:00`"),
                |time| Ok(Content::Time(time)),
            );
        }
        Type::Flag => {
            let flag = flag(&text);
            return flag.map_or_else(|| refuse(Reason::InvalidMispFlag, "expected `true`, `false`, 1 or 0"), |flag| Ok(Content::Flag(flag)));
        }
        Type::Data if is_base64(&text) => {}
        Type::Data => return refuse(Reason::InvalidMispData, "expected base64 with padding and without line ends"),
    }
    Ok(Content::Text(text))
}

/// A value that the table does not know: numbers become text, at any depth.
pub(super) fn open(value: &mut Json<'_>) {
    match &mut value.content {
        Content::Number(number, _) => value.content = Content::Text(Cow::Owned(number.to_string())),
        Content::List(items) => items.iter_mut().for_each(open),
        Content::Object(object) => object.members_mut().for_each(|member| open(&mut member.value)),
        Content::Null | Content::Flag(_) | Content::Text(_) | Content::Time(_) => {}
    }
}

/// Digits without superfluous zeros.
fn whole(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

fn moment(text: &str) -> Option<Time> {
    match text.strip_suffix("+00:00") {
        Some(local) => Time::parse(&format!("{local}Z")),
        None => Time::parse(text),
    }
}

/// `YYYY-MM-DD hh:mm:ss` is a time without zone.
pub(super) fn clock(text: &str) -> Option<Time> {
    let (date, day) = text.split_once(' ')?;
    (day.len() == 8).then(|| Time::parse(&format!("{date}T{day}Z")))?
}

/// Whether a text is a UUID.
// SPEC: RFC 9562, 4, in the lower case that it asks writers for.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// Whether a tag has one reading: what looks like `tlp:red` to people is compared as `tlp:red`.
fn is_tag(text: &str) -> bool {
    let namespace = text.split_once(':').map_or("", |(namespace, _)| namespace);
    let plain = namespace.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    plain && !text.is_empty() && text.trim() == text && text.chars().count() <= TAG_CHARS_MAX && !hides(text)
}

// SPEC: RFC 4648, 4: padded, and no bits set behind the last byte.
fn is_base64(text: &str) -> bool {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => b.checked_sub(b'A'),
        b'a'..=b'z' => b.checked_sub(b'a').and_then(|d| d.checked_add(26)),
        b'0'..=b'9' => b.checked_sub(b'0').and_then(|d| d.checked_add(52)),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits = text.trim_end_matches('=').as_bytes();
    let loose = match text.len().checked_sub(digits.len()) {
        Some(0) => 0,
        Some(1) => 0b11,
        Some(2) => 0b1111,
        _ => return false,
    };
    let last = digits.last().copied().and_then(digit);
    text.len().is_multiple_of(4) && digits.iter().all(|&b| digit(b).is_some()) && last.is_some_and(|last| last & loose == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;
    use crate::format::syntax::json;

    /// The value that a JSON text is read as: its text, nothing, or the code of the refusal.
    fn read(kind: Type, text: &str) -> String {
        let mut value = json::read(text.as_bytes(), &mut Budget::for_body(text.len())).unwrap();
        match typed(kind, &mut value) {
            Err(refusal) => refusal.reason.code().into(),
            Ok(Stands::No) => "absent".into(),
            Ok(Stands::Yes) => match value.content {
                Content::Flag(flag) => flag.to_string(),
                Content::Text(text) => format!("'{text}'"),
                Content::Time(time) => time.to_string(),
                other => format!("{other:?}"),
            },
        }
    }

    fn all(kind: Type, texts: &[&str], expected: &str) {
        for text in texts {
            assert_eq!(read(kind, text), expected, "{kind:?} {text}");
        }
    }

    #[test]
    fn a_number_is_the_same_as_a_number_and_as_text() {
        all(Type::Whole(4), &["1", "\"1\"", "1.0"], "'1'");
        all(Type::Whole(4), &["5", "\"01\"", "\"1.0\"", "-1", "\"+1\"", "\"1e0\"", "\" 1\"", "\"\u{661}\""], "invalid.misp.number");
        all(Type::Distribution(4), &["\"00\"", "5", "\"5\"", "\"x\"", "1.5"], "invalid.misp.distribution");
        all(Type::Seconds, &["253402300800", "\"-1\"", "\"1472638251.5\""], "invalid.misp.time");
        all(Type::Text(8), &["443", "\"443\""], "'443'");
    }

    #[test]
    fn truth_values_have_four_spellings_each_and_one_reading() {
        all(Type::Flag, &["true", "1", "\"1\"", "\"true\""], "true");
        all(Type::Flag, &["false", "0", "\"0\"", "\"false\""], "false");
        all(Type::Flag, &["2", "\"yes\"", "\"True\"", "-1"], "invalid.misp.flag");
    }

    #[test]
    fn nothing_is_nothing_and_empty_text_is_text_where_text_stands() {
        all(Type::Uuid, &["null", "[]", "\"\""], "absent");
        all(Type::Whole(9), &["null", "[]", "\"\""], "absent");
        all(Type::Text(9), &["null", "[]"], "absent");
        all(Type::Text(9), &["\"\""], "''");
        all(Type::Text(9), &["[1]", "{}", "true"], "invalid.misp.shape");
    }

    #[test]
    fn times_are_utc_and_of_the_calendar() {
        all(Type::Moment, &["\"2026-01-02T03:04:05.000000+00:00\"", "\"2026-01-02T03:04:05Z\""], "2026-01-02T03:04:05Z");
        all(Type::Moment, &["\"2026-01-02T03:04:05+02:00\"", "\"2026-01-02\"", "\"2026-02-30T00:00:00Z\"", "7"], "invalid.misp.time");
        all(Type::Date, &["\"2026-02-28\""], "'2026-02-28'");
        all(Type::Date, &["\"2026-02-29\"", "\"28.02.2026\"", "\"2026-2-28\""], "invalid.misp.time");
        all(Type::Clock, &["\"2026-02-28 23:59:59\""], "'2026-02-28 23:59:59'");
        all(Type::Clock, &["\"2026-02-28T23:59:59\"", "\"2026-02-28 24:00:00\"", "\"2026-02-28 23:59:59.5\""], "invalid.misp.time");
    }

    #[test]
    fn a_tag_has_no_second_reading() {
        for tag in ["tlp:red", "TLP:AMBER+STRICT", "misp-galaxy:threat-actor=\\\"Turla Group\\\"", "plain words", "日本"] {
            assert!(read(Type::Tag, &format!("\"{tag}\"")).starts_with('\''), "{tag}");
        }
        for tag in [
            "tlp:red ",
            " tlp:red",
            "tlp :red",
            "t\u{200b}lp:red",
            "tl\u{440}:red",
            "tlp:red\\n",
            "tlp:red\\u00a0",
            "\u{feff}tlp:red",
            "tlp:r\u{ad}ed",
        ] {
            assert_eq!(read(Type::Tag, &format!("\"{tag}\"")), "invalid.misp.tag", "{tag:?}");
        }
    }

    #[test]
    fn identities_data_and_lengths_follow_their_grammars() {
        all(Type::Uuid, &["\"57c6ac4c-c60c-4f79-a38f-b666950d210f\""], "'57c6ac4c-c60c-4f79-a38f-b666950d210f'");
        all(
            Type::Uuid,
            &["\"57C6AC4C-c60c-4f79-a38f-b666950d210f\"", "\"57c6ac4c\"", "1", "\"57c6ac4cc60c4f79a38fb666950d210f\""],
            "invalid.misp.uuid",
        );
        for data in ["QUI=", "QQ==", "QUJD", "+/+/"] {
            assert_eq!(read(Type::Data, &format!("\"{data}\"")), format!("'{data}'"));
        }
        for data in ["QUJ=", "QR==", "QUJ", "QU\\nJD", "====", "Q===", "Q=Q=", "QU-_"] {
            assert_eq!(read(Type::Data, &format!("\"{data}\"")), "invalid.misp.data", "{data}");
        }
        all(Type::Text(3), &["\"abcd\""], "invalid.misp.text");
        all(Type::Text(3), &["\"äöü\""], "'äöü'");
        all(Type::Plain(9), &["\"a\u{202e}b\"", "\"a\\nb\""], "invalid.misp.character");
    }
}
