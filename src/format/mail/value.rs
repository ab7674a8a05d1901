//! Values of header fields: dates, identifiers, military strings, precedences.
//!
//! Takes an unfolded value, gives what it says in one spelling; refuses comments, which readers drop or keep.

use std::borrow::Cow;

use crate::base::{Reason, Refusal, Span, Time};

use super::lines::Field;
use super::schema::{ADDRESS_BYTES_MAX, LIST_MAX, MILITARY_BYTES_MAX};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Days of the week, from the first day of 1970 on.
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A date and time.
// SPEC: RFC 5322, 3.3, without the obsolete zones and without `-0000`, which names no zone.
pub(super) fn date(field: &Field<'_>) -> Result<Time, Refusal> {
    uncommented(field)?;
    moment(&field.text)
        .ok_or_else(|| field.refusal(Reason::InvalidMailDate, "expected `[Mon, ]2 Mar 2026 10:00[:00] +0000` with the true day of the week"))
}

fn moment(text: &str) -> Option<Time> {
    let (weekday, rest) = match text.split_once(", ") {
        Some((day, rest)) => (Some(day), rest),
        None => (None, text),
    };
    let mut words = rest.split(' ');
    let (day, month, year, clock, zone) = (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)?.checked_add(1)?;
    let numbers = [day, year].iter().all(|word| word.bytes().all(|b| b.is_ascii_digit()));
    if words.next().is_some() || !numbers || !(1..=2).contains(&day.len()) || year.len() != 4 {
        return None;
    }
    let seconds = match clock.len() {
        5 => ":00",
        8 => "",
        _ => return None,
    };
    let local = Time::parse(&format!("{year}-{month:02}-{day:0>2}T{clock}{seconds}Z"))?.unix_ms();
    let (sign, hours, minutes) = (zone.get(..1)?, zone.get(1..3)?, zone.get(3..)?);
    let fits = zone.len() == 5 && zone.bytes().skip(1).all(|b| b.is_ascii_digit()) && hours <= "14" && minutes < "60" && zone != "-0000";
    let offset = hours.parse::<i64>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?.checked_mul(60_000)?;
    let offset = match sign {
        "+" if fits => offset,
        "-" if fits => offset.checked_neg()?,
        _ => return None,
    };
    let days = usize::try_from(local.div_euclid(86_400_000).rem_euclid(7)).ok()?;
    match weekday {
        Some(name) if DAYS.get(days) != Some(&name) => None,
        // The year in UTC too is one of those that are read.
        _ => Time::from_unix_ms(local.checked_sub(offset)?)
            .filter(|time| time.to_string().get(..4).is_some_and(|year| ("1900"..="9998").contains(&year))),
    }
}

/// An identifier, and its halves before and behind the `@`.
#[derive(Debug)]
pub(super) struct Identifier<'a> {
    /// Without its brackets.
    pub(super) whole: (Cow<'a, str>, Span),
    /// Before the `@`.
    pub(super) left: (Cow<'a, str>, Span),
    /// Behind it.
    pub(super) right: (Cow<'a, str>, Span),
}

/// One identifier.
pub(super) fn identifier<'a>(field: &Field<'a>) -> Result<Identifier<'a>, Refusal> {
    let mut all = identifiers(field)?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(field.refusal(Reason::InvalidMailIdentifier, "expected one identifier as `<left@right>`")),
    }
}

/// Identifiers.
// SPEC: RFC 5322, 3.6.4, without literals.
pub(super) fn identifiers<'a>(field: &Field<'a>) -> Result<Vec<Identifier<'a>>, Refusal> {
    uncommented(field)?;
    let mut found = Vec::new();
    let mut start = 0_usize;
    for word in field.text.split(' ') {
        let inner = word.strip_prefix('<').and_then(|word| word.strip_suffix('>'));
        let fits = inner.is_some_and(|inner| {
            let halves = inner.split_once('@');
            inner.len() <= ADDRESS_BYTES_MAX && halves.is_some_and(|(left, right)| is_dot_atom(left) && is_dot_atom(right))
        });
        if !fits || found.len() >= LIST_MAX {
            return Err(
                field.refusal(Reason::InvalidMailIdentifier, "expected identifiers as `<left@right>`, at most 254 bytes each and 500 of them")
            );
        }
        let end = start.saturating_add(word.len());
        let (from, to) = (start.saturating_add(1), end.saturating_sub(1));
        let middle = start.saturating_add(word.find('@').unwrap_or(0));
        found.push(Identifier { whole: field.cut(from..to), left: field.cut(from..middle), right: field.cut(middle.saturating_add(1)..to) });
        start = end.saturating_add(1);
    }
    Ok(found)
}

/// Letters, digits and signs of an atom, with single full stops inside.
// SPEC: RFC 5322, 3.2.3.
pub(super) fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

/// Whether a byte may stand in an atom.
pub(super) fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// One military string.
pub(super) fn military<'a>(field: &Field<'a>) -> Result<(Cow<'a, str>, Span), Refusal> {
    match is_military(&field.text) {
        true => Ok(field.cut(0..field.text.len())),
        false => Err(field.refusal(Reason::InvalidMailMmhs, "expected 1 to 69 letters, digits, spaces and `'+,-./:=?`")),
    }
}

/// Military strings between semicolons; `sic` ones are 3 to 8 capitals and digits.
// SPEC: RFC 6477, 3.3: a code has 3 to 8 characters of a military string. Codes in use have capitals and digits, and no others are let through.
pub(super) fn militaries<'a>(field: &Field<'a>, item: &str) -> Result<Vec<(Cow<'a, str>, Span)>, Refusal> {
    let mut found = Vec::new();
    let mut start = 0_usize;
    for part in field.text.split(';') {
        let word = part.trim_matches(' ');
        let sic = (3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_military(word) || item == "sic" && !sic || found.len() >= LIST_MAX {
            let detail = match item {
                "sic" => "expected codes of 3 to 8 capitals and digits, joined by `;`",
                _ => "expected strings of 1 to 69 letters, digits, spaces and `'+,-./:=?`, joined by `;`",
            };
            return Err(field.refusal(Reason::InvalidMailMmhs, detail));
        }
        let blank = part.len().saturating_sub(part.trim_start_matches(' ').len());
        let from = start.saturating_add(blank);
        found.push(field.cut(from..from.saturating_add(word.len())));
        start = start.saturating_add(part.len()).saturating_add(1);
    }
    Ok(found)
}

/// Whether a text is a military string.
// SPEC: RFC 6477, 3.4, military-string: the characters of a PrintableString; parentheses are left out, which would be comments.
pub(super) fn is_military(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" '+,-./:=?".contains(&b);
    (1..=MILITARY_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// A word of a list, or its number in that list.
pub(super) fn one_of(field: &Field<'_>, text: &str, words: &'static [&'static str]) -> Result<&'static str, Refusal> {
    let named = words.iter().find(|word| word.eq_ignore_ascii_case(text));
    let numbered = || (0..).zip(words).find(|(number, _): &(u32, _)| number.to_string() == text).map(|(_, word)| word);
    named
        .or_else(numbered)
        .copied()
        .ok_or_else(|| field.refusal(Reason::InvalidMailMmhs, format!("expected one of {}, or its number", words.join(", "))))
}

/// Refuses comments.
pub(super) fn uncommented(field: &Field<'_>) -> Result<(), Refusal> {
    match field.text.contains('(') {
        true => Err(field.refusal(Reason::InvalidMailComment, "expected no comment in a structured field")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Field<'_> {
        Field { name: "date".into(), text: Cow::Borrowed(text), span: Span::new(0, text.len()) }
    }

    #[test]
    fn dates_become_utc() {
        for (text, utc) in [
            ("Mon, 2 Mar 2026 10:00:00 +0000", "2026-03-02T10:00:00Z"),
            ("02 Mar 2026 10:00 -0330", "2026-03-02T13:30:00Z"),
            ("Sun, 1 Mar 2026 00:30:00 +0100", "2026-02-28T23:30:00Z"),
            ("Sat, 29 Feb 2020 23:59:59 +1400", "2020-02-29T09:59:59Z"),
            ("Thu, 1 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z"),
            ("Sun, 31 Dec 1899 00:00:00 +0000", ""),
            ("Wed, 31 Dec 1969 23:59:59 +0000", "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(date(&of(text)).map(|time| time.to_string()).unwrap_or_default(), utc, "{text}");
        }
    }

    #[test]
    fn dates_of_another_spelling_are_refused() {
        for text in [
            "",
            "Tue, 2 Mar 2026 10:00:00 +0000",
            "2 mar 2026 10:00:00 +0000",
            "2 Mar 26 10:00:00 +0000",
            "2 Mar 2026 10:00:00 GMT",
            "2 Mar 2026 10:00:00 -0000",
            "2 Mar 2026 10:00:00 +2400",
            "2 Mar 2026 10:00:00 +0060",
            "2 Mar 2026 10:00:60 +0000",
            "2 Mar 2026 10:00:00",
            "30 Feb 2026 10:00:00 +0000",
            "002 Mar 2026 10:00:00 +0000",
            "2 Mar 2026 10:00:00.5 +0000",
            "Mon 2 Mar 2026 10:00:00 +0000",
            "2 Mar 2026 10:00:00 +0000 x",
        ] {
            assert_eq!(date(&of(text)).unwrap_err().reason.code(), "invalid.mail.date", "{text}");
        }
        assert_eq!(date(&of("2 Mar 2026 10:00:00 +0000 (UTC)")).unwrap_err().reason.code(), "invalid.mail.comment");
    }

    #[test]
    fn identifiers_lose_their_brackets() {
        let all = |text: &str| identifiers(&of(text)).map(|all| all.into_iter().map(|id| id.whole.0.into_owned()).collect::<Vec<_>>());
        assert_eq!(all("<a.b@c> <d@e.f>").unwrap(), ["a.b@c", "d@e.f"]);
        for text in ["", "a@b", "<a>", "<a@b", "<a@b>,<c@d>", "<a@b><c@d>", "<@b>", "<a..b@c>", "<a@[1.2.3.4]>", "<\"a\"@b>", "<a@b@c>"] {
            assert_eq!(all(text).unwrap_err().reason.code(), "invalid.mail.identifier", "{text}");
        }
        assert!(identifier(&of("<a@b> <c@d>")).is_err());
    }

    #[test]
    fn military_values_have_one_spelling() {
        assert_eq!(one_of(&of("3"), "3", &super::super::schema::PRECEDENCES).unwrap(), "immediate");
        assert_eq!(one_of(&of(""), "Flash", &super::super::schema::PRECEDENCES).unwrap(), "flash");
        assert!(
            one_of(&of(""), "6", &super::super::schema::PRECEDENCES).is_err() && one_of(&of(""), "03", &super::super::schema::PRECEDENCES).is_err()
        );
        let all =
            |text: &str, item: &str| militaries(&of(text), item).map(|all| all.into_iter().map(|(word, _)| word.into_owned()).collect::<Vec<_>>());
        assert_eq!(all("ABC ;DEF1", "sic").unwrap(), ["ABC", "DEF1"]);
        assert!(all("AB", "sic").is_err() && all("abc", "sic").is_err() && all("ABC;", "sic").is_err());
        assert_eq!(all("DELIVER BY HAND; x", "instruction").unwrap(), ["DELIVER BY HAND", "x"]);
        assert!(all("a(b)", "instruction").is_err() && military(&of(&"a".repeat(70))).is_err());
    }
}
