//! Binary numbers and milliseconds as the text that the second tree holds: own code, on the shortest scientific notation.

/// Fraction digits at most: 18, what the normal form holds.
const FRACTION_MAX: usize = 18;

/// A double as plain digits; none where it is not finite.
pub(in crate::verify) fn double(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let scientific = format!("{:e}", value.abs());
    let (digits, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (first, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = usize::try_from(i32::try_from(rest.len()).ok()?.saturating_sub(exponent)).unwrap_or(0);
    let plain = if fraction > FRACTION_MAX {
        // More digits than the normal form holds: those of the exact value, rounded.
        format!("{:.FRACTION_MAX$}", value.abs())
    } else {
        shifted(&format!("{first}{rest}"), exponent)
    };
    let plain = if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { plain.as_str() };
    Some(if value < 0.0 && plain != "0" { format!("-{plain}") } else { plain.to_owned() })
}

/// Digits with the point after the first of them, moved to the right by `exponent` places.
fn shifted(digits: &str, exponent: i32) -> String {
    match usize::try_from(exponent) {
        Ok(right) => {
            let whole = right.saturating_add(1);
            match digits.split_at_checked(whole) {
                Some((whole, "")) => whole.to_owned(),
                Some((whole, fraction)) => format!("{whole}.{fraction}"),
                None => format!("{digits:0<whole$}"),
            }
        }
        Err(_) => {
            let zeros = usize::try_from(exponent.unsigned_abs()).unwrap_or(0).saturating_sub(1);
            format!("0.{}{digits}", "0".repeat(zeros))
        }
    }
}

/// Milliseconds since 1970 as a time; none beyond the year 9999.
// SPEC: proleptic Gregorian calendar; a cycle of 400 years has 146,097 days.
pub(in crate::verify) fn moment(ms: u64) -> Option<String> {
    let (seconds, fraction) = (ms.checked_div(1000)?, ms.checked_rem(1000)?);
    let (mut day, clock) = (seconds.checked_div(86_400)?, seconds.checked_rem(86_400)?);
    let cycles = day.checked_div(146_097)?;
    day = day.checked_rem(146_097)?;
    let mut year = cycles.checked_mul(400)?.checked_add(1970)?;
    if year > 9999 {
        return None;
    }
    while let Some(left) = day.checked_sub(days_of(year)) {
        day = left;
        year = year.checked_add(1)?;
    }
    let february = days_of(year).checked_sub(337)?;
    let mut month = 1_u64;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        match day.checked_sub(days) {
            Some(left) => day = left,
            None => break,
        }
        month = month.checked_add(1)?;
    }
    let (hour, rest) = (clock.checked_div(3600)?, clock.checked_rem(3600)?);
    let (minute, second) = (rest.checked_div(60)?, rest.checked_rem(60)?);
    let day = day.checked_add(1)?;
    let fraction = format!(".{fraction:03}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    (year <= 9999).then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

fn days_of(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Decimal, Time};
    use proptest::prelude::*;

    #[test]
    fn numbers_are_spelt_in_plain_digits() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-33.85, "-33.85"),
            (100.0, "100"),
            (9_999_999.0, "9999999"),
            (1e20, "100000000000000000000"),
            (123.456, "123.456"),
            (0.05, "0.05"),
            (1e-18, "0.000000000000000001"),
            (1e-19, "0"),
            (-1e-300, "0"),
        ] {
            assert_eq!(double(value).as_deref(), Some(expected));
        }
        assert_eq!([f64::NAN, f64::INFINITY].map(double), [None, None]);
    }

    #[test]
    fn moments_are_dates() {
        for (ms, expected) in [
            (0, Some("1970-01-01T00:00:00Z")),
            (951_782_400_000, Some("2000-02-29T00:00:00Z")),
            (4_107_542_400_000, Some("2100-03-01T00:00:00Z")),
            (1_772_366_400_120, Some("2026-03-01T12:00:00.12Z")),
            (253_402_300_799_999, Some("9999-12-31T23:59:59.999Z")),
            (253_402_300_800_000, None),
            (u64::MAX, None),
        ] {
            assert_eq!(moment(ms).as_deref(), expected);
        }
    }

    proptest! {
        #[test]
        fn both_halves_spell_numbers_and_times_alike(bits in any::<u64>(), place in -180.0..180.0_f64, small in -0.01..0.01_f64, ms in 1..253_402_200_000_000_i64) {
            for value in [f64::from_bits(bits), place, small] {
                let first = crate::format::tak::wire::digits(value).map(|digits| Decimal::parse(&digits).map_or(digits, |number| number.to_string()));
                prop_assert_eq!(double(value), first);
            }
            prop_assert_eq!(moment(u64::try_from(ms).unwrap()), Time::from_unix_ms(ms).map(|time| time.to_string()));
        }
    }
}
