//! One field: its grammar, its range, its check digit.
//!
//! Takes the text between two solidi, gives a typed value; refuses with the code of what is wrong, never with the text.

use std::borrow::Cow;

use nom::bytes::complete::{tag, take_while_m_n};
use nom::combinator::{all_consuming, opt};
use nom::sequence::preceded;
use nom::{AsChar, IResult, Parser};

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
        _ if text.trim() != text => refuse("expected no blank at either end of a field"),
        _ if !chars.contains(&text.len()) => refuse("expected another number of characters in this field"),
        _ if text.bytes().all(fits) => Ok(text),
        Of::Letters => refuse("expected capital letters"),
        Of::Digits => refuse("expected digits"),
        Of::Alphanumeric | Of::Any => refuse("expected capital letters and digits"),
    }
}

fn figures(count: usize) -> impl Fn(&str) -> IResult<&str, &str> {
    move |text| take_while_m_n(count, count, AsChar::is_dec_digit)(text)
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
    let shape: IResult<&str, _> = all_consuming((figures(2), figures(2), figures(2), tag("Z"), figures(1))).parse(text);
    let Ok((_, (day, hour, minute, _, _))) = shape else { return Err(expected) };
    let before = checked(text)?;
    if ("01"..="31").contains(&day) && hour < "24" && minute < "60" { Ok(before) } else { Err(expected) }
}

/// `DDhhmm[ss]Zd` and `JAN25`.
pub(super) fn time(moment: &str, month_and_year: &str) -> Result<Value<'static>, Wrong> {
    let expected = (Reason::InvalidOthTime, "expected `DDhhmmZ` or `DDhhmmssZ` with a check digit, then month and year as `JAN25`");
    let shape: IResult<&str, _> = all_consuming((figures(2), figures(2), figures(2), opt(figures(2)), tag("Z"), figures(1))).parse(moment);
    let Ok((_, (day, hour, minute, second, _, _))) = shape else { return Err(expected) };
    checked(moment)?;
    let Some((month, year)) = month_and_year.split_at_checked(3) else { return Err(expected) };
    calendar([year, month, day], [hour, minute, second.unwrap_or("00")]).map(Value::Time).ok_or(expected)
}

/// A time of this century from `[yy, MON, dd]` and `[hh, mm, ss]`.
pub(super) fn calendar([year, month, day]: [&str; 3], [hour, minute, second]: [&str; 3]) -> Option<Time> {
    let month = MONTHS.iter().position(|known| *known == month)?.checked_add(1)?;
    if year.len() != 2 {
        return None;
    }
    Time::parse(&format!("20{year}-{month:02}-{day}T{hour}:{minute}:{second}Z"))
}

/// The smallest part of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Minutes,
    Seconds,
}

fn latitude(text: &str, step: Step) -> Result<Value<'static>, Wrong> {
    let unit = if step == Step::Minutes { Unit::LatitudeMinutes } else { Unit::LatitudeSeconds };
    angle(text, (2, 90), ["N", "S"], step).map(|number| Value::Number(number, unit))
}

fn longitude(text: &str, step: Step) -> Result<Value<'static>, Wrong> {
    let unit = if step == Step::Minutes { Unit::LongitudeMinutes } else { Unit::LongitudeSeconds };
    angle(text, (3, 180), ["E", "W"], step).map(|number| Value::Number(number, unit))
}

/// `LL:ddmmssNd-dddmmssEd`: latitude and longitude, each with its text.
pub(super) fn place(text: &str) -> Result<[(&str, Value<'static>); 2], Wrong> {
    let halves = text.strip_prefix("LL:").and_then(|rest| rest.split_once('-'));
    let Some((north, east)) = halves else { return Err((Reason::InvalidOthPosition, "expected `LL:`, latitude, `-` and longitude")) };
    Ok([(north, latitude(north, Step::Seconds)?), (east, longitude(east, Step::Seconds)?)])
}

/// Degrees from `d..dmm[ss]Hc`, as the decimal with 4 fraction digits that is next to the minutes, or 6 for seconds.
fn angle(text: &str, (width, most): (usize, u32), [positive, negative]: [&str; 2], step: Step) -> Result<Decimal, Wrong> {
    let expected = (Reason::InvalidOthPosition, "expected degrees and minutes (and seconds, where the set has them), hemisphere and check digit");
    let seconds = |text| match step {
        Step::Minutes => Ok((text, "00")),
        Step::Seconds => figures(2)(text),
    };
    let hemisphere = nom::branch::alt((tag(positive), tag(negative)));
    let shape: IResult<&str, _> = all_consuming((figures(width), figures(2), seconds, hemisphere, figures(1))).parse(text);
    let Ok((_, (degrees, minutes, seconds, hemisphere, _))) = shape else { return Err(expected) };
    checked(text)?;
    let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
    let (whole, part) = (number(degrees), number(minutes).saturating_mul(60).saturating_add(number(seconds)));
    let fits = minutes < "60" && seconds < "60" && (whole < most || whole == most && part == 0);
    // The nearest decimal: no part of an hour lies half-way between two.
    let (scale, places) = if step == Step::Minutes { (10_000_u32, 4) } else { (1_000_000, 6) };
    let fraction = u64::from(part).saturating_mul(u64::from(scale)).saturating_add(1_800).checked_div(3_600).unwrap_or(0);
    let sign = if hemisphere == negative { "-" } else { "" };
    Decimal::parse(&format!("{sign}{whole}.{fraction:0places$}")).filter(|_| fits).ok_or(expected)
}

fn bearing(text: &str) -> Result<Value<'_>, Wrong> {
    let expected = (Reason::InvalidOthNumber, "expected a bearing as `000T` or `000.0T`, at most 360");
    let shape: IResult<&str, _> = all_consuming((figures(3), opt(preceded(tag("."), figures(1))), tag("T"))).parse(text);
    let Ok((_, (whole, tenth, _))) = shape else { return Err(expected) };
    let number = decimal(whole, tenth).filter(|number| *number <= Decimal::whole(360));
    number.map(|number| Value::Number(number, Unit::Degrees)).ok_or(expected)
}

fn speed(text: &str) -> Result<Value<'_>, Wrong> {
    match text.strip_suffix("KTS").or_else(|| text.strip_suffix('K')) {
        Some(number) => knots(number),
        None => Err((Reason::InvalidOthNumber, "expected knots as `12K`")),
    }
}

/// Knots with at most one fraction digit.
fn knots(text: &str) -> Result<Value<'_>, Wrong> {
    let whole = take_while_m_n(1, SPEED_DIGITS_MAX, AsChar::is_dec_digit);
    let shape: IResult<&str, _> = all_consuming((whole, opt(preceded(tag("."), figures(1))))).parse(text);
    let number = shape.ok().and_then(|(_, (whole, tenth))| decimal(whole, tenth));
    number.map(|number| Value::Number(number, Unit::Knots)).ok_or((Reason::InvalidOthNumber, "expected knots, in at most four digits"))
}

/// A number whose zeros in front mean nothing.
fn decimal(whole: &str, tenth: Option<&str>) -> Option<Decimal> {
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Decimal::parse(&format!("{whole}.{}", tenth.unwrap_or("0")))
}
