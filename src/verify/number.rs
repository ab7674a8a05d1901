//! Decimal numbers as digits: the second reader's own comparison, exact, without arithmetic on the value.
//!
//! Deliberately not [`crate::base::Decimal`]: the first reader uses that one.

use std::cmp::Ordering;

/// A decimal number as it is spelt, superfluous zeros cut away.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Digits<'t> {
    /// Reads `[-]digits[.digits]` without superfluous leading zeros.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.find('.') {
            Some(point) => (unsigned.get(..point)?, unsigned.get(point.checked_add(1)?..).filter(|f| !f.is_empty())?),
            None => (unsigned, ""),
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: unsigned.len() < text.len() && !zero, whole, fraction })
    }

    /// Whether `text` is the one spelling of this number: no trailing zero, no `-0`.
    pub(super) fn is_spelt(self, text: &str) -> bool {
        let unsigned = if self.negative { text.strip_prefix('-').unwrap_or("") } else { text };
        let whole = if self.whole.is_empty() { "0" } else { self.whole };
        let after = unsigned.strip_prefix(whole);
        match self.fraction {
            "" => after == Some(""),
            fraction => after.and_then(|rest| rest.strip_prefix('.')) == Some(fraction),
        }
    }

    /// Fraction digits of the canonical spelling.
    pub(super) const fn places(self) -> usize {
        self.fraction.len()
    }

    /// Whether `self` may be `original`, rounded: no more fraction digits, and off by at most half of its last one.
    pub(super) fn rounds(self, original: Self) -> bool {
        let scale = self.places().max(original.places());
        let (Some(rounded), Some(exact)) = (self.scaled(scale), original.scaled(scale)) else { return false };
        let step = scale.checked_sub(self.places()).and_then(|p| u32::try_from(p).ok()).and_then(|p| 10_i128.checked_pow(p));
        let off = rounded.abs_diff(exact).saturating_mul(2);
        self.places() <= original.places() && step.is_some_and(|step| off <= step.unsigned_abs())
    }

    /// The number times `10^scale`; `None` beyond what 128 bits hold.
    fn scaled(self, scale: usize) -> Option<i128> {
        let zeros = scale.checked_sub(self.fraction.len())?;
        let digits = self.whole.bytes().chain(self.fraction.bytes()).chain(std::iter::repeat_n(b'0', zeros));
        let mut value: i128 = 0;
        for digit in digits {
            value = value.checked_mul(10)?.checked_add(i128::from(digit.checked_sub(b'0')?))?;
        }
        Some(if self.negative { value.checked_neg()? } else { value })
    }

    fn magnitude(self, other: Self) -> Ordering {
        let wholes = self.whole.len().cmp(&other.whole.len()).then_with(|| self.whole.cmp(other.whole));
        // Fractions without trailing zeros compare as text: a prefix is the smaller one.
        wholes.then_with(|| self.fraction.cmp(other.fraction))
    }
}

impl PartialEq for Digits<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Digits<'_> {}

impl PartialOrd for Digits<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Digits<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude(*other),
            (true, true) => other.magnitude(*self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Decimal;
    use proptest::prelude::*;

    fn d(text: &str) -> Digits<'_> {
        Digits::read(text).unwrap()
    }

    #[test]
    fn one_number_has_one_spelling() {
        for (text, spelt) in [
            ("0", true),
            ("-0", false),
            ("0.0", false),
            ("1.50", false),
            ("1.5", true),
            ("-1.5", true),
            ("10", true),
            ("0.05", true),
            ("-0.0", false),
        ] {
            assert_eq!(d(text).is_spelt(text), spelt, "{text}");
        }
        assert!(!d("-1").is_spelt("1") && !d("1").is_spelt("-1") && !d("1").is_spelt("1.5") && !d("1.5").is_spelt("1"));
    }

    #[test]
    fn other_notations_are_no_numbers() {
        for text in ["", "-", "+1", ".5", "5.", "01", "1e3", "NaN", "1,5", " 1", "1 ", "--1", "1.2.3", "٣", "00"] {
            assert!(Digits::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn order_is_numeric() {
        assert!(d("-90") < d("-89.9") && d("9") < d("10") && d("0.09") < d("0.1") && d("-1") < d("0") && d("1.2") < d("1.25"));
        assert!(d("-0") == d("0.00") && d("1.0") == d("1"));
    }

    #[test]
    fn rounding_is_recognised_and_nothing_else() {
        assert!(d("51.5").rounds(d("51.4775")) && d("-0.3").rounds(d("-0.25")) && d("51").rounds(d("51")) && d("0").rounds(d("0.04")));
        assert!(!d("51.6").rounds(d("51.4775")) && !d("51.47751").rounds(d("51.4775")) && !d("-51.5").rounds(d("51.4775")));
    }

    proptest! {
        #[test]
        fn the_other_reader_of_numbers_agrees(a in "-?[0-9]{1,4}(\\.[0-9]{0,5})?", b in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,5})?") {
            prop_assert_eq!(Digits::read(&a).is_some(), Decimal::parse(&a).is_some());
            if let (Some(x), Some(y)) = (Decimal::parse(&a), Decimal::parse(&b)) {
                prop_assert_eq!(d(&a).cmp(&d(&b)), x.cmp(&y));
                prop_assert_eq!(d(&a).is_spelt(&a), x.to_string() == a);
                prop_assert!(d(&x.rounded(2).to_string()).rounds(d(&a)));
            }
        }
    }
}
