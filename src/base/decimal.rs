//! Exact decimal numbers with one canonical spelling.
//!
//! No binary floating point anywhere on the path: `0.1` stays `0.1`, and two readers cannot round differently.

use std::cmp::Ordering;

/// A decimal number `mantissa / 10^scale` in lowest terms: at most 18 significant digits, 0 to 18 fraction digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// An `i64` as its bytes: so a number asks for no alignment, and a value with its unit takes no more room than a text.
    mantissa: [u8; 8],
    scale: u8,
}

impl Decimal {
    /// Significant and fraction digits at most: 18, what `i64` holds.
    pub const DIGITS_MAX: usize = 18;

    /// A whole number.
    #[must_use]
    pub const fn whole(value: i32) -> Self {
        // Lossless widening; `From` is not callable in const context.
        #[expect(clippy::as_conversions, reason = "i32 to i64 loses nothing and must run in const context")]
        Self::of(value as i64, 0)
    }

    /// `mantissa / 10^places`; `None` beyond 18 digits.
    #[must_use]
    pub fn scaled(mantissa: i64, places: u8) -> Option<Self> {
        let fits = mantissa.unsigned_abs() < 1_000_000_000_000_000_000 && usize::from(places) <= Self::DIGITS_MAX;
        fits.then(|| Self::of(mantissa, places).lowest())
    }

    /// Reads `[-]digits[.digits]`: no exponent, no plus sign, no bare point, no superfluous leading zero, at most 18 significant digits.
    ///
    /// Trailing zeros of the fraction are read and dropped; `-0` reads as `0`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction.trim_end_matches('0')),
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let fraction_seen = digits.split_once('.').map_or("", |(_, seen)| seen);
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction_seen) {
            return None;
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        if fraction_seen.len() > 64 || fraction.len() > Self::DIGITS_MAX {
            return None;
        }
        let significant = whole.trim_start_matches('0').len().checked_add(fraction.len())?;
        if significant > Self::DIGITS_MAX {
            return None;
        }
        let mut mantissa: i64 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            mantissa = mantissa.checked_mul(10)?.checked_add(i64::from(digit.checked_sub(b'0')?))?;
        }
        let signed = if negative { mantissa.checked_neg()? } else { mantissa };
        Some(Self::of(signed, u8::try_from(fraction.len()).ok()?))
    }

    /// This number rounded to `places` fraction digits, half away from zero.
    #[must_use]
    pub fn rounded(self, places: u8) -> Self {
        let Some(drop) = self.scale.checked_sub(places).filter(|&drop| drop > 0) else { return self };
        let Some(step) = 10_i64.checked_pow(u32::from(drop)) else { return Self::whole(0) };
        let half = step.div_euclid(2);
        let magnitude = self.mantissa().unsigned_abs();
        let quotient = i64::try_from(magnitude).ok().and_then(|m| m.checked_add(half)).map_or(0, |m| m.div_euclid(step));
        let mantissa = if self.mantissa() < 0 { quotient.saturating_neg() } else { quotient };
        Self::of(mantissa, places).lowest()
    }

    fn lowest(self) -> Self {
        let (mut mantissa, mut scale) = (self.mantissa(), self.scale);
        while scale > 0 && mantissa.rem_euclid(10) == 0 {
            mantissa = mantissa.div_euclid(10);
            scale = scale.saturating_sub(1);
        }
        Self::of(mantissa, scale)
    }

    const fn of(mantissa: i64, scale: u8) -> Self {
        Self { mantissa: mantissa.to_ne_bytes(), scale }
    }

    const fn mantissa(self) -> i64 {
        i64::from_ne_bytes(self.mantissa)
    }

    /// Number of fraction digits in the canonical spelling.
    #[must_use]
    pub const fn places(self) -> u8 {
        self.scale
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        if self.scale == other.scale {
            return self.mantissa().cmp(&other.mantissa());
        }
        let widen = |d: &Self, scale: u8| {
            let lift = u32::from(scale.saturating_sub(d.scale));
            // A power of 18 at most fits; the product of two that fit is within 128 bits.
            i128::from(d.mantissa()).saturating_mul(i128::from(10_i64.saturating_pow(lift)))
        };
        widen(self, scale).cmp(&widen(other, scale))
    }
}

/// Bytes of the longest spelling: 19 digits of an `i64`, a zero and a point before them, a sign.
const TEXT_BYTES_MAX: usize = 22;

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Written from the last digit to the first: a drawing has hundreds of numbers, and each is spelt twice.
        let mut text = [b'0'; TEXT_BYTES_MAX];
        let (mut rest, mut digits, mut free) = (self.mantissa().unsigned_abs(), 0_u8, TEXT_BYTES_MAX);
        let mut put = |byte: u8| {
            free = free.saturating_sub(1);
            text.get_mut(free).into_iter().for_each(|slot| *slot = byte);
        };
        while rest > 0 || digits <= self.scale {
            if digits > 0 && digits == self.scale {
                put(b'.');
            }
            put(u8::try_from(rest.rem_euclid(10)).unwrap_or(0).saturating_add(b'0'));
            rest = rest.div_euclid(10);
            digits = digits.saturating_add(1);
        }
        if self.mantissa() < 0 {
            put(b'-');
        }
        f.write_str(text.get(free..).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(text: &str) -> Option<String> {
        Decimal::parse(text).map(|d| d.to_string())
    }

    #[test]
    fn one_number_has_one_spelling() {
        for (given, canonical) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("1.50", "1.5"),
            ("43.85570300", "43.855703"),
            ("-0.001", "-0.001"),
            ("9999999.0", "9999999"),
            ("100", "100"),
            ("-99.99", "-99.99"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("-0.999999999999999999", "-0.999999999999999999"),
            ("-999999999999999999", "-999999999999999999"),
            ("10.01", "10.01"),
        ] {
            assert_eq!(spelt(given).as_deref(), Some(canonical), "{given}");
        }
    }

    #[test]
    fn a_scaled_number_is_the_one_that_is_read() {
        for (mantissa, places, text) in [(0, 4, "0"), (-15_000, 4, "-1.5"), (410_167, 4, "41.0167"), (7, 18, "0.000000000000000007")] {
            assert_eq!(Decimal::scaled(mantissa, places), Decimal::parse(text), "{text}");
        }
        assert_eq!(Decimal::scaled(0, 0), Decimal::parse("-0"));
        assert_eq!((Decimal::scaled(1_000_000_000_000_000_000, 0), Decimal::scaled(1, 19)), (None, None));
    }

    #[test]
    fn other_notations_are_refused() {
        for text in ["", "-", ".5", "5.", "+1", "1e3", "NaN", "inf", "01", "1,5", "0x1", " 1", "1 ", "1_0", "1234567890123456789", "٣"] {
            assert_eq!(spelt(text), None, "{text}");
        }
    }

    #[test]
    fn order_is_numeric_and_rounding_is_half_away_from_zero() {
        let d = |text: &str| Decimal::parse(text).unwrap();
        assert!(d("-90") < d("-89.999") && d("9.9") < d("10") && d("0.1") > d("0.09"));
        assert_eq!(d("51.4775").rounded(1).to_string(), "51.5");
        assert_eq!(d("-0.25").rounded(1).to_string(), "-0.3");
        assert_eq!(d("0.04").rounded(1).to_string(), "0");
        assert_eq!(d("7").rounded(3).to_string(), "7");
    }
}
