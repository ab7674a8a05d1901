//! One attribute value: its grammar, its range, its characters.
//!
//! Takes the normalised text of an attribute, gives a typed value; refuses with the code of what is wrong, never with the text.

use std::borrow::Cow;

use crate::base::{Decimal, Reason, Refusal, Span, Time};
use crate::format::syntax::hidden::hides;
use crate::normal::Value;

use super::schema::Type;

/// Characters of a uid at most: 128.
const UID_CHARS_MAX: usize = 128;
/// Characters of a type at most: 64.
const TYPE_CHARS_MAX: usize = 64;
/// Characters of a how at most: 32.
const HOW_CHARS_MAX: usize = 32;
/// Characters of the name of an exercise at most: 32.
const OPEX_CHARS_MAX: usize = 32;

/// The typed value of `text`.
///
/// # Errors
/// `invalid.cot.*`.
pub(in crate::format) fn value<'a>(kind: Type, text: Cow<'a, str>, span: Span) -> Result<Value<'a>, Refusal> {
    let refuse = |reason, detail: &str| Err(Refusal::at(reason, span, detail));
    if kind != Type::Text && hides(&text) {
        return refuse(Reason::InvalidCotCharacter, "expected visible characters, found a control, bidirectional, zero-width or private one");
    }
    match kind {
        Type::Text | Type::Plain => {}
        Type::Version if matches!(&*text, "2.0" | "2") => {}
        Type::Version => return refuse(Reason::InvalidCotVersion, "expected version `2.0`"),
        Type::Uid if is_uid(&text) => {}
        Type::Uid => {
            return refuse(Reason::InvalidCotUid, "expected 1 to 128 of letters, digits, `. _ : { } @ / -` and inner spaces");
        }
        Type::Atoms if is_event_type(&text) => {}
        Type::Atoms => return refuse(Reason::InvalidCotType, "expected atoms of letters and digits joined by `-`, at most 64 characters"),
        Type::How if is_how(&text) => {}
        Type::How => return refuse(Reason::InvalidCotHow, "expected one letter, then atoms joined by `-`, such as `m-g`"),
        Type::Qos if is_qos(&text) => {}
        Type::Qos => return refuse(Reason::InvalidCotQos, "expected a digit, then r, f or i, then g, d or c, joined by `-`"),
        Type::Opex if is_opex(&text) => {}
        Type::Opex => return refuse(Reason::InvalidCotOpex, "expected o, e or s, then optionally `-` and a name of at most 32 characters"),
        Type::Time => {
            let time = Time::parse(&text);
            return time.map(Value::Time).map_or_else(|| refuse(Reason::InvalidCotTime, "expected `YYYY-MM-DDThh:mm:ss[.f]Z`"), Ok);
        }
        Type::Number { unit, least, most } => {
            let Some(number) = Decimal::parse(&text) else {
                return refuse(Reason::InvalidCotNumber, "expected a plain decimal number of at most 18 digits, without exponent");
            };
            let fits = number >= Decimal::whole(least) && number <= Decimal::whole(most);
            return if fits {
                Ok(Value::Number(number, unit))
            } else {
                refuse(Reason::InvalidCotRange, &format!("expected a number from {least} to {most}"))
            };
        }
    }
    Ok(Value::Text(text))
}

fn is_uid(text: &str) -> bool {
    let inner = !text.starts_with(' ') && !text.ends_with(' ');
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._:{}@/- ".contains(&b);
    inner && !text.is_empty() && text.len() <= UID_CHARS_MAX && text.bytes().all(plain)
}

/// SPEC: CoT base event, type: `\w+(-\w+)*(;[^;]*)?`, here in ASCII.
fn is_event_type(text: &str) -> bool {
    let (atoms, suffix) = text.split_once(';').unwrap_or((text, ""));
    text.len() <= TYPE_CHARS_MAX && atoms.split('-').all(is_word) && suffix.bytes().all(|b| matches!(b, b' '..=b'~') && b != b';')
}

/// SPEC: CoT base event, how: `\w(-\w+)*`, here in ASCII.
fn is_how(text: &str) -> bool {
    let first = text.split('-').next().unwrap_or("");
    text.len() <= HOW_CHARS_MAX && first.len() == 1 && text.split('-').all(is_word)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_qos(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'9', b'-', b'r' | b'f' | b'i', b'-', b'g' | b'd' | b'c'])
}

fn is_opex(text: &str) -> bool {
    let (kind, name) = text.split_at_checked(1).unwrap_or(("", ""));
    let plain = |name: &str| {
        let inner = !name.is_empty() && name.len() <= OPEX_CHARS_MAX;
        inner && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_ .-".contains(&b))
    };
    matches!(kind, "o" | "e" | "s") && (name.is_empty() || name.strip_prefix('-').is_some_and(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::Unit;

    fn code(kind: Type, text: &str) -> &'static str {
        value(kind, Cow::Borrowed(text), Span::default()).map_or_else(|refusal| refusal.reason.code(), |_| "read")
    }

    fn all(kind: Type, texts: &[&str], expected: &str) {
        for text in texts {
            assert_eq!(code(kind, text), expected, "{kind:?} {text:?}");
        }
    }

    #[test]
    fn versions_uids_types_and_hows_follow_their_grammars() {
        all(Type::Version, &["2.0", "2"], "read");
        all(Type::Version, &["", "1.0", "2.00", "2.1", " 2.0", "02"], "invalid.cot.version");
        all(Type::Uid, &["a", "ANDROID-48:5A:3F", "{7b}", "x@y/z", "two words", &"u".repeat(128)], "read");
        all(Type::Uid, &["", " a", "a ", "a(b)", "é", "a\"b", &"u".repeat(129)], "invalid.cot.uid");
        all(Type::Atoms, &["a-f-G-U-C", "b", "t-x-takp-v", "a-f;x y", "b-a-o-tbl", "a_b"], "read");
        all(Type::Atoms, &["", "-a", "a-", "a--b", "a.b", "a;b;c", "a f", "é", &"a".repeat(65), "a;é"], "invalid.cot.type");
        all(Type::How, &["m-g", "h-g-i-g-o", "m"], "read");
        all(Type::How, &["", "mg", "m-", "-g", "m g", "mm-g"], "invalid.cot.how");
    }

    #[test]
    fn qos_and_opex_follow_their_grammars() {
        all(Type::Qos, &["1-r-c", "9-i-g", "0-f-d"], "read");
        all(Type::Qos, &["", "10-r-c", "1-x-c", "1-r-x", "1-r", "1-r-c-"], "invalid.cot.qos");
        all(Type::Opex, &["o", "e", "s", "e-STEADFAST 26", "o-OP_A.1"], "read");
        all(Type::Opex, &["", "x", "e-", "exercise", "O", "e-ü", "e-a/b", &format!("e-{}", "n".repeat(33))], "invalid.cot.opex");
    }

    #[test]
    fn numbers_are_plain_and_within_their_range_to_the_last_digit() {
        let latitude = Type::Number { unit: Unit::Latitude, least: -90, most: 90 };
        all(latitude, &["90", "-90", "0", "-0.0", "90.000", "51.123456789012345"], "read");
        all(latitude, &["90.000000000000001", "-90.1", "91", "100000000000000000"], "invalid.cot.range");
        all(latitude, &["", "NaN", "1e999", "1E-4", "+1", "0x10", ".5", "5.", "01", "1,5", " 1", "INF", "1234567890123456789"], "invalid.cot.number");
        let read = value(latitude, Cow::Borrowed("43.85570300"), Span::default()).unwrap();
        assert_eq!(read.text(), "43.855703");
    }

    #[test]
    fn times_are_utc_with_z() {
        all(Type::Time, &["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789Z"], "read");
        all(Type::Time, &["", "2026-01-02", "2026-01-02T03:04:05+00:00", "2026-13-02T03:04:05Z", "TIME"], "invalid.cot.time");
    }

    #[test]
    fn hidden_characters_are_refused_in_names_and_markings_and_left_to_filters_in_free_text() {
        for c in
            ['\u{202e}', '\u{200b}', '\u{feff}', '\u{e001}', '\u{fdd0}', '\u{ad}', '\u{1fffe}', '\t', '\u{85}', '\u{e0041}', '\u{2066}', '\u{61c}']
        {
            let text = format!("AL{c}PHA");
            for kind in [Type::Plain, Type::Uid, Type::Atoms, Type::How, Type::Opex, Type::Time] {
                assert_eq!(code(kind, &text), "invalid.cot.character", "{c:?}");
            }
            assert_eq!(code(Type::Text, &text), "read");
        }
        all(Type::Plain, &["", "Åland ßtraße", "日本", "R&B 1", "😀"], "read");
    }
}
