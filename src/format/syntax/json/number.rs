//! Numbers of JSON, exactly: no binary floating point lies between the text and the decimal.

use crate::base::Decimal;

/// Digits of an exponent at most: 3. Larger ones leave what [`Decimal`] holds whatever stands before them.
const EXPONENT_DIGITS_MAX: usize = 3;

/// The number at the beginning of `rest`, as far as the grammar goes.
// SPEC: RFC 8259, 6: `number`.
pub(super) fn token(rest: &str) -> Option<&str> {
    let after_sign = rest.strip_prefix('-').unwrap_or(rest);
    let after_whole = match after_sign.strip_prefix('0') {
        Some(after) => after,
        None => digits(after_sign)?,
    };
    let after_fraction = match after_whole.strip_prefix('.') {
        Some(after) => digits(after)?,
        None => after_whole,
    };
    let after = match after_fraction.strip_prefix(['e', 'E']) {
        Some(after) => digits(after.strip_prefix(['+', '-']).unwrap_or(after))?,
        None => after_fraction,
    };
    rest.len().checked_sub(after.len()).and_then(|width| rest.get(..width))
}

/// What follows one digit or more.
fn digits(text: &str) -> Option<&str> {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (after.len() < text.len()).then_some(after)
}

/// The number of a token; `None` where a decimal does not hold it, and for a negative zero, which readers do not read alike.
pub(super) fn decimal(token: &str) -> Option<Decimal> {
    let number = match token.split_once(['e', 'E']) {
        None => Decimal::parse(token)?,
        Some((mantissa, exponent)) => Decimal::parse(&shifted(mantissa, exponent)?)?,
    };
    (number != Decimal::whole(0) || !token.starts_with('-')).then_some(number)
}

/// A number with an exponent, written without it.
fn shifted(mantissa: &str, exponent: &str) -> Option<String> {
    let (sign, unsigned) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (negative, size) = exponent.strip_prefix('-').map_or((false, exponent.strip_prefix('+').unwrap_or(exponent)), |rest| (true, rest));
    if size.len() > EXPONENT_DIGITS_MAX {
        return None;
    }
    let size: usize = size.parse().ok()?;
    let (whole, fraction) = if negative {
        let padded = format!("{}{whole}", "0".repeat(size));
        let (kept, moved) = padded.split_at_checked(padded.len().checked_sub(size)?)?;
        (kept.to_owned(), format!("{moved}{fraction}"))
    } else {
        let padded = format!("{fraction}{}", "0".repeat(size));
        let (moved, kept) = padded.split_at_checked(size)?;
        (format!("{whole}{moved}"), kept.to_owned())
    };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_ends_where_the_grammar_does() {
        for (rest, expected) in [
            ("1,", Some("1")),
            ("-0.5e+3]", Some("-0.5e+3")),
            ("01", Some("0")),
            ("1.", None),
            ("-", None),
            ("1e", None),
            ("1.2.3", Some("1.2")),
            (".5", None),
        ] {
            assert_eq!(token(rest), expected, "{rest}");
        }
    }

    #[test]
    fn numbers_are_exact_or_refused() {
        for (text, expected) in [
            ("0", Some("0")),
            ("1.50", Some("1.5")),
            ("-12e2", Some("-1200")),
            ("1.25e1", Some("12.5")),
            ("1.25E+2", Some("125")),
            ("1.25e3", Some("1250")),
            ("5e-3", Some("0.005")),
            ("12.5e-1", Some("1.25")),
            ("0e99", Some("0")),
            ("0.0", Some("0")),
            ("-0", None),
            ("-0.0", None),
            ("-0e5", None),
            ("1e999", None),
            ("1e9999", None),
            ("1e18", None),
            ("1e-19", None),
            ("1234567890123456789", None),
        ] {
            assert_eq!(decimal(text).map(|number| number.to_string()).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_exponent_moves_the_point_and_nothing_else(whole in 1_i64..1_000_000, exponent in -6_i32..6) {
            let text = format!("{whole}e{exponent}");
            let digits = whole.to_string();
            let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
            let expected = if exponent >= 0 {
                format!("{digits}{}", zeros(exponent))
            } else {
                let padded = format!("{}{digits}", zeros(exponent.saturating_neg().saturating_add(1)));
                let point = padded.len().saturating_sub(usize::try_from(exponent.unsigned_abs()).unwrap());
                let (before, after) = padded.split_at(point);
                let before = before.trim_start_matches('0');
                format!("{}.{after}", if before.is_empty() { "0" } else { before })
            };
            prop_assert_eq!(decimal(&text), Decimal::parse(&expected), "{} {}", text, expected);
        }
    }
}
