//! Coarser values: numbers rounded, times rounded down, fixed replacements; each keeps the type and unit of the field.

use crate::base::{Decimal, Time};
use crate::normal::{Unit, Value};

/// A number rounded to `places` fraction digits, half away from zero; text that is a number stays text.
pub(super) fn number(value: &Value<'_>, places: u8) -> Option<Value<'static>> {
    match value {
        Value::Number(number, unit) => Some(Value::Number(number.rounded(spelt(places, *unit)), *unit)),
        Value::Text(text) => Decimal::parse(text).map(|number| Value::Text(number.rounded(places).to_string().into())),
        Value::Empty | Value::Time(_) | Value::Flag(_) => None,
    }
}

/// The fraction digits to which a number of a unit is rounded, so that its format can spell the result: a place in whole minutes has
/// multiples of a degree and of a tenth of it (6 minutes); one in whole seconds those of a hundredth too (36 seconds). What is asked for
/// beyond the place's own step leaves it as it is.
const fn spelt(places: u8, unit: Unit) -> u8 {
    match (unit, places) {
        (Unit::LatitudeMinutes | Unit::LongitudeMinutes, 2..) => u8::MAX,
        (Unit::LatitudeSeconds | Unit::LongitudeSeconds, 3) => 2,
        (Unit::LatitudeSeconds | Unit::LongitudeSeconds, 4..) => u8::MAX,
        _ => places,
    }
}

/// A time rounded down to a multiple of `seconds`; text that is a time stays text.
pub(super) fn time(value: &Value<'_>, seconds: u32) -> Option<Value<'static>> {
    match value {
        Value::Time(time) => Some(Value::Time(time.floor_to_seconds(seconds))),
        Value::Text(text) => Time::parse(text).map(|time| Value::Text(time.floor_to_seconds(seconds).to_string().into())),
        Value::Empty | Value::Number(..) | Value::Flag(_) => None,
    }
}

/// A fixed text as a value of the same type; `None` where it is no such value.
pub(super) fn replaced(text: &str, value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::Number(_, unit) => Decimal::parse(text).map(|number| Value::Number(number, *unit)),
        Value::Time(_) => Time::parse(text).map(Value::Time),
        Value::Text(_) => Some(Value::Text(text.to_owned().into())),
        Value::Flag(_) => text.parse().ok().map(Value::Flag),
        Value::Empty => None,
    }
}

/// The circular error, in metres, that a place has at least when latitude or longitude is rounded to `places` fraction digits: half a
/// step of a degree in both directions, at the longest degrees of the WGS-84 ellipsoid (111,694 m of latitude at a pole, 111,320 m of
/// longitude at the equator), rounded up to a metre.
pub(super) fn error_of(places: u8) -> Decimal {
    const HALF_DEGREE_DIAGONAL_METRES: i32 = 78_849;
    let step = 10_i32.checked_pow(u32::from(places)).unwrap_or(i32::MAX);
    let whole = HALF_DEGREE_DIAGONAL_METRES.div_euclid(step);
    let up = i32::from(whole.saturating_mul(step) < HALF_DEGREE_DIAGONAL_METRES);
    Decimal::whole(whole.saturating_add(up))
}

/// Whether a number is a part of a place on the Earth.
pub(super) const fn is_place(value: &Value<'_>) -> bool {
    let latitude = matches!(value, Value::Number(_, Unit::Latitude | Unit::LatitudeMinutes | Unit::LatitudeSeconds));
    latitude || matches!(value, Value::Number(_, Unit::Longitude | Unit::LongitudeMinutes | Unit::LongitudeSeconds))
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests count within ranges that they state")]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn a_place_in_minutes_or_seconds_is_rounded_to_what_they_can_spell() {
        for (unit, places, given, expected) in [
            (Unit::LatitudeMinutes, 0, "25.6667", "26"),
            (Unit::LongitudeMinutes, 1, "-25.6667", "-25.7"),
            (Unit::LatitudeMinutes, 2, "25.6667", "25.6667"),
            (Unit::LatitudeMinutes, 6, "25.6667", "25.6667"),
            (Unit::LatitudeSeconds, 2, "25.422778", "25.42"),
            (Unit::LongitudeSeconds, 3, "25.422778", "25.42"),
            (Unit::LatitudeSeconds, 4, "25.422778", "25.422778"),
        ] {
            assert_eq!(number(&Value::Number(d(given), unit), places), Some(Value::Number(d(expected), unit)), "{given} to {places}");
        }
    }

    #[test]
    fn numbers_are_rounded_and_keep_their_unit() {
        for (given, places, expected) in [
            ("51.477512", 2, "51.48"),
            ("51.477512", 0, "51"),
            ("-0.004", 2, "0"),
            ("-0.005", 2, "-0.01"),
            ("89.999", 1, "90"),
            ("-179.96", 1, "-180"),
            ("51.5", 2, "51.5"),
            ("7", 3, "7"),
        ] {
            assert_eq!(
                number(&Value::Number(d(given), Unit::Latitude), places),
                Some(Value::Number(d(expected), Unit::Latitude)),
                "{given} {places}"
            );
            assert_eq!(number(&Value::Text(given.into()), places), Some(Value::Text(d(expected).to_string().into())), "{given} {places}");
        }
        assert_eq!(number(&Value::Text("north".into()), 2), None);
        assert_eq!(number(&Value::Empty, 2), None);
    }

    proptest::proptest! {
        #[test]
        fn rounding_twice_is_rounding_once_and_stays_within_half_a_step(mantissa in -180_000_000_i64..=180_000_000, places in 0_u8..8) {
            let given = d(&format!("{}{}.{:06}", if mantissa < 0 { "-" } else { "" }, mantissa.abs() / 1_000_000, mantissa.abs() % 1_000_000));
            let once = given.rounded(places);
            proptest::prop_assert_eq!(once.rounded(places), once);
            proptest::prop_assert!(once.places() <= places);
            let millionths = |number: Decimal| (number.to_string().parse::<f64>().unwrap() * 1e6).round();
            proptest::prop_assert!((millionths(given) - millionths(once)).abs() <= 5e5 / 10_f64.powi(i32::from(places)) + 1.0);
        }

        #[test]
        fn times_rounded_twice_are_rounded_once_and_keep_their_order(first in 0_i64..4_000_000_000_000, later in 0_i64..100_000_000, seconds in 1_u32..90_000) {
            let at = |ms: i64| Time::from_unix_ms(ms).unwrap();
            let (begin, end) = (at(first).floor_to_seconds(seconds), at(first + later).floor_to_seconds(seconds));
            proptest::prop_assert_eq!(begin.floor_to_seconds(seconds), begin);
            proptest::prop_assert!(begin <= end && begin <= at(first));
        }
    }

    #[test]
    fn times_are_rounded_down() {
        for (given, seconds, expected) in [
            ("2026-01-02T03:04:05.678Z", 1, "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05Z", 60, "2026-01-02T03:04:00Z"),
            ("2026-01-02T03:59:59Z", 3600, "2026-01-02T03:00:00Z"),
            ("2026-01-02T23:59:59Z", 86_400, "2026-01-02T00:00:00Z"),
            ("1969-12-31T23:59:59Z", 60, "1969-12-31T23:59:00Z"),
            ("2026-01-02T03:00:00Z", 3600, "2026-01-02T03:00:00Z"),
        ] {
            let value = Value::Time(Time::parse(given).unwrap());
            assert_eq!(time(&value, seconds), Some(Value::Time(Time::parse(expected).unwrap())), "{given}");
            assert_eq!(time(&Value::Text(given.into()), seconds), Some(Value::Text(expected.into())), "{given}");
        }
        assert_eq!(time(&Value::Text("noon".into()), 60), None);
    }

    #[test]
    fn replacements_keep_the_type() {
        assert_eq!(replaced("0", &Value::Number(d("3"), Unit::Metres)), Some(Value::Number(d("0"), Unit::Metres)));
        assert_eq!(replaced("none", &Value::Number(d("3"), Unit::Metres)), None);
        assert_eq!(replaced("x", &Value::Text("y".into())), Some(Value::Text("x".into())));
        assert_eq!(replaced("x", &Value::Time(Time::parse("2026-01-02T03:00:00Z").unwrap())), None);
    }

    #[test]
    fn the_error_of_a_coarse_place_covers_its_cell() {
        for (places, metres) in [(0, "78849"), (1, "7885"), (2, "789"), (3, "79"), (4, "8"), (5, "1"), (9, "1"), (18, "1")] {
            assert_eq!(error_of(places), d(metres), "{places}");
        }
    }
}
