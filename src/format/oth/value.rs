//! One field: its grammar, its range, its check digit.
//!
//! Takes the text between two solidi, gives a typed value; refuses with the code of what is wrong, never with the text.

use std::borrow::Cow;

use crate::base::{Decimal, Reason, Time};
use crate::normal::{Unit, Value};

use super::schema::{Of, Type};

/// What is wrong with a field.
pub(super) type Wrong = (Reason, &'static str);

/// The months, as messages write them.
pub(crate) const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Knots at most: 9,999, what four digits hold.
const SPEED_DIGITS_MAX: usize = 4;

/// The value of a field that is read from one part; [`Type::Time`] and [`Type::Place`] have functions of their own.
///
/// # Errors
/// `invalid.oth.*`.
pub(super) fn value(kind: Type, text: &str) -> Result<Value<'_>, Wrong> {
    match kind {
        Type::Text { least, most, of } => plain(text, usize::from(least)..=usize::from(most), of).map(|text| Value::Text(Cow::Borrowed(text))),
        Type::Moment | Type::Time | Type::Place => moment(text).map(|text| Value::Text(Cow::Borrowed(text))),
        Type::Month if MONTHS.contains(&text) => Ok(Value::Text(Cow::Borrowed(text))),
        Type::Month => Err((Reason::InvalidOthTime, "expected a month in three letters")),
        Type::LatitudeMinutes => latitude(text, Step::Minutes),
        Type::LongitudeMinutes => longitude(text, Step::Minutes),
        Type::LatitudeSeconds => latitude(text, Step::Seconds),
        Type::LongitudeSeconds => longitude(text, Step::Seconds),
        Type::Bearing => bearing(text),
        Type::Speed => speed(text),
        Type::Knots if text.contains('.') => Err((Reason::InvalidOthNumber, "expected whole knots")),
        Type::Knots => knots(text),
    }
}

fn plain(text: &str, chars: std::ops::RangeInclusive<usize>, of: Of) -> Result<&str, Wrong> {
    let fits = |b: u8| match of {
        Of::Letters => b.is_ascii_uppercase(),
        Of::Digits => b.is_ascii_digit(),
        Of::Alphanumeric => b.is_ascii_uppercase() || b.is_ascii_digit(),
        Of::Any => true,
    };
    let refuse = |expected| Err((Reason::InvalidOthField, expected));
    match of {
        _ if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) => refuse("expected no blank at either end of a field"),
        _ if !chars.contains(&text.len()) => refuse("expected another number of characters in this field"),
        _ if text.bytes().all(fits) => Ok(text),
        Of::Letters => refuse("expected capital letters"),
        Of::Digits => refuse("expected digits"),
        Of::Alphanumeric | Of::Any => refuse("expected capital letters and digits"),
    }
}

/// A number of so many digits, nine at most, and what follows it.
fn figures(bytes: &[u8], count: usize) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(count)?;
    let number = digits.iter().try_fold(0_u32, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        Some(number.saturating_mul(10).saturating_add(u32::from(digit)))
    })?;
    Some((number, rest))
}

/// `DDhhmm` and what follows.
fn clock(bytes: &[u8]) -> Option<([u32; 3], &[u8])> {
    let (day, rest) = figures(bytes, 2)?;
    let (hour, rest) = figures(rest, 2)?;
    let (minute, rest) = figures(rest, 2)?;
    Some(([day, hour, minute], rest))
}

/// The text before a check digit, if the digit is right.
// SPEC: formats as sent: the sum of all digits before it, modulo 10.
fn checked(text: &str) -> Result<&str, Wrong> {
    let Some((before, digit)) = text.split_at_checked(text.len().saturating_sub(1)).filter(|(_, digit)| digit.bytes().all(|b| b.is_ascii_digit()))
    else {
        return Err((Reason::InvalidOthCheck, "expected a check digit at the end"));
    };
    if digit.as_bytes() == [check_digit(before)] {
        Ok(before)
    } else {
        Err((Reason::InvalidOthCheck, "expected the sum of the digits, modulo 10, as the check digit"))
    }
}

/// The check digit of a text.
pub(crate) fn check_digit(text: &str) -> u8 {
    let sum =
        text.bytes().filter(u8::is_ascii_digit).fold(0_u8, |sum, digit| sum.wrapping_add(digit.wrapping_sub(b'0')).checked_rem(10).unwrap_or(0));
    sum.saturating_add(b'0')
}

/// `DDhhmmZd` without its check digit.
fn moment(text: &str) -> Result<&str, Wrong> {
    let expected = (Reason::InvalidOthTime, "expected `DDhhmmZ` and a check digit");
    let Some(([day, hour, minute], [b'Z', b'0'..=b'9'])) = clock(text.as_bytes()) else { return Err(expected) };
    let before = checked(text)?;
    if (1..=31).contains(&day) && hour < 24 && minute < 60 { Ok(before) } else { Err(expected) }
}

/// `DDhhmm[ss]Zd` and `JAN25`.
pub(super) fn time(moment: &str, month_and_year: &str) -> Result<Value<'static>, Wrong> {
    let expected = (Reason::InvalidOthTime, "expected `DDhhmmZ` or `DDhhmmssZ` with a check digit, then month and year as `JAN25`");
    let Some((parts, rest)) = clock(moment.as_bytes()) else { return Err(expected) };
    let (second, rest) = figures(rest, 2).unwrap_or((0, rest));
    if !matches!(rest, [b'Z', b'0'..=b'9']) {
        return Err(expected);
    }
    checked(moment)?;
    let Some((month, year)) = month_and_year.split_at_checked(3) else { return Err(expected) };
    calendar(month, year, parts, second).map(Value::Time).ok_or(expected)
}

/// A time of this century from `MON`, `yy`, `[dd, hh, mm]` and `ss`.
pub(super) fn calendar(month: &str, year: &str, [day, hour, minute]: [u32; 3], second: u32) -> Option<Time> {
    let month = MONTHS.iter().position(|known| *known == month)?.checked_add(1)?;
    let Some((year, [])) = figures(year.as_bytes(), 2) else { return None };
    let part = |number: u32| i8::try_from(number).ok();
    let date = [i16::try_from(year).ok()?.checked_add(2000)?, i16::try_from(month).ok()?, i16::try_from(day).ok()?];
    Time::from_parts(date, [part(hour)?, part(minute)?, part(second)?])
}

/// The smallest part of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Minutes,
    Seconds,
}

fn latitude(text: &str, step: Step) -> Result<Value<'static>, Wrong> {
    let unit = if step == Step::Minutes { Unit::LatitudeMinutes } else { Unit::LatitudeSeconds };
    angle(text, (2, 90), [b'N', b'S'], step).map(|number| Value::Number(number, unit))
}

fn longitude(text: &str, step: Step) -> Result<Value<'static>, Wrong> {
    let unit = if step == Step::Minutes { Unit::LongitudeMinutes } else { Unit::LongitudeSeconds };
    angle(text, (3, 180), [b'E', b'W'], step).map(|number| Value::Number(number, unit))
}

/// `LL:ddmmssNd-dddmmssEd`: latitude and longitude, each with its text.
pub(super) fn place(text: &str) -> Result<[(&str, Value<'static>); 2], Wrong> {
    let halves = text.strip_prefix("LL:").and_then(|rest| rest.split_once('-'));
    let Some((north, east)) = halves else { return Err((Reason::InvalidOthPosition, "expected `LL:`, latitude, `-` and longitude")) };
    Ok([(north, latitude(north, Step::Seconds)?), (east, longitude(east, Step::Seconds)?)])
}

/// Degrees from `d..dmm[ss]Hc`, as the decimal with 4 fraction digits that is next to the minutes, or 6 for seconds.
fn angle(text: &str, (width, most): (usize, u32), [positive, negative]: [u8; 2], step: Step) -> Result<Decimal, Wrong> {
    let expected = (Reason::InvalidOthPosition, "expected degrees and minutes (and seconds, where the set has them), hemisphere and check digit");
    let shape = || {
        let (degrees, rest) = figures(text.as_bytes(), width)?;
        let (minutes, rest) = figures(rest, 2)?;
        let (seconds, rest) = if step == Step::Seconds { figures(rest, 2)? } else { (0, rest) };
        match rest {
            [letter, b'0'..=b'9'] if positive == *letter || negative == *letter => Some((degrees, minutes, seconds, negative == *letter)),
            _ => None,
        }
    };
    let Some((whole, minutes, seconds, below)) = shape() else { return Err(expected) };
    checked(text)?;
    let part = minutes.saturating_mul(60).saturating_add(seconds);
    let fits = minutes < 60 && seconds < 60 && (whole < most || whole == most && part == 0);
    // The nearest decimal: no part of an hour lies half-way between two.
    let (scale, places) = if step == Step::Minutes { (10_000_i64, 4) } else { (1_000_000, 6) };
    let fraction = i64::from(part).saturating_mul(scale).saturating_add(1_800).checked_div(3_600).unwrap_or(0);
    let size = i64::from(whole).saturating_mul(scale).saturating_add(fraction);
    let signed = if below { size.saturating_neg() } else { size };
    Decimal::scaled(signed, places).filter(|_| fits).ok_or(expected)
}

/// What stands after a whole number: tenths or nothing, then an end.
fn tenths<'b>(rest: &'b [u8], end: &[u8]) -> Option<u32> {
    let rest: &'b [u8] = rest.strip_suffix(end)?;
    match rest {
        [] => Some(0),
        [b'.', digit @ b'0'..=b'9'] => Some(u32::from(digit.saturating_sub(b'0'))),
        _ => None,
    }
}

/// The number of so many whole ones and tenths.
fn decimal(whole: u32, tenths: u32) -> Option<Decimal> {
    Decimal::scaled(i64::from(whole).saturating_mul(10).saturating_add(i64::from(tenths)), 1)
}

fn bearing(text: &str) -> Result<Value<'_>, Wrong> {
    let expected = (Reason::InvalidOthNumber, "expected a bearing as `000T` or `000.0T`, at most 360");
    let number = figures(text.as_bytes(), 3).and_then(|(whole, rest)| decimal(whole, tenths(rest, b"T")?));
    number.filter(|number| *number <= Decimal::whole(360)).map(|number| Value::Number(number, Unit::Degrees)).ok_or(expected)
}

fn speed(text: &str) -> Result<Value<'_>, Wrong> {
    match text.strip_suffix("KTS").or_else(|| text.strip_suffix('K')) {
        Some(number) => knots(number),
        None => Err((Reason::InvalidOthNumber, "expected knots as `12K`")),
    }
}

/// Knots with at most one fraction digit.
fn knots(text: &str) -> Result<Value<'_>, Wrong> {
    let digits = text.bytes().take(SPEED_DIGITS_MAX).take_while(u8::is_ascii_digit).count();
    let whole = figures(text.as_bytes(), digits).filter(|_| digits > 0);
    let number = whole.and_then(|(whole, rest)| decimal(whole, tenths(rest, b"")?));
    number.map(|number| Value::Number(number, Unit::Knots)).ok_or((Reason::InvalidOthNumber, "expected knots, in at most four digits"))
}
