//! Points in time, UTC, to the nanosecond. Date arithmetic is jiff's.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(jiff::Timestamp);

impl Time {
    /// The longest text that is read, in bytes: `YYYY-MM-DDThh:mm:ss.fffffffffZ`.
    pub const TEXT_BYTES_MAX: usize = 30;

    /// Reads `YYYY-MM-DDThh:mm:ss[.f{1,9}]Z` and nothing else (RFC 3339 profile; no offsets, no lower case, no leap second).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (&last, body) = bytes.split_last()?;
        let shape = last == b'Z' && bytes.len() <= Self::TEXT_BYTES_MAX && body.len() >= 19;
        let fixed = body.iter().enumerate().all(|(at, &b)| match at {
            4 | 7 => b == b'-',
            10 => b == b'T',
            13 | 16 => b == b':',
            19 => b == b'.',
            _ => b.is_ascii_digit(),
        });
        let second_fits = body.get(17..19).is_some_and(|s| s < b"60".as_slice());
        if !(shape && fixed && second_fits) || body.len() == 20 {
            return None;
        }
        text.parse().ok().map(Self)
    }

    /// A time from year, month and day, hour, minute and second; `None` where the calendar or the clock has no such moment.
    #[must_use]
    pub fn from_parts([year, month, day]: [i16; 3], [hour, minute, second]: [i8; 3]) -> Option<Self> {
        let [month, day] = [i8::try_from(month).ok()?, i8::try_from(day).ok()?];
        let moment = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
        jiff::tz::Offset::UTC.to_timestamp(moment).ok().map(Self)
    }

    /// The first moment of 1970.
    pub const EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// A time from milliseconds since 1970.
    #[must_use]
    pub fn from_unix_ms(ms: i64) -> Option<Self> {
        jiff::Timestamp::from_millisecond(ms).ok().map(Self)
    }

    /// Milliseconds since 1970, rounded down.
    #[must_use]
    pub fn unix_ms(self) -> i64 {
        self.0.as_nanosecond().div_euclid(1_000_000).try_into().unwrap_or(i64::MAX)
    }

    /// A time from nanoseconds since 1970.
    #[must_use]
    pub fn from_unix_ns(ns: i128) -> Option<Self> {
        jiff::Timestamp::from_nanosecond(ns).ok().map(Self)
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub fn unix_ns(self) -> i128 {
        self.0.as_nanosecond()
    }

    /// This time rounded down to a multiple of `seconds`; unchanged for zero.
    #[must_use]
    pub fn floor_to_seconds(self, seconds: u32) -> Self {
        let step = i128::from(seconds).saturating_mul(1_000_000_000);
        if step == 0 {
            return self;
        }
        let floored = self.0.as_nanosecond().div_euclid(step).saturating_mul(step);
        jiff::Timestamp::from_nanosecond(floored).map_or(self, Self)
    }

    /// Seconds from `earlier` to this time, negative where this time is before it.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.unix_ms().saturating_sub(earlier.unix_ms()).div_euclid(1000)
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected a time as `YYYY-MM-DDThh:mm:ssZ`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_reads_back() {
        for text in ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.123456789Z"] {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Time::parse("2026-01-02T03:04:05.100Z").unwrap().to_string(), "2026-01-02T03:04:05.1Z");
    }

    #[test]
    fn a_time_of_parts_is_the_one_that_is_read() {
        assert_eq!(Time::from_parts([2026, 2, 28], [23, 59, 58]), Time::parse("2026-02-28T23:59:58Z"));
        for (date, clock) in [([2026, 2, 29], [0, 0, 0]), ([2026, 13, 1], [0, 0, 0]), ([2026, 1, 1], [24, 0, 0]), ([2026, 1, 1], [0, 0, 60])] {
            assert_eq!(Time::from_parts(date, clock), None, "{date:?} {clock:?}");
        }
    }

    #[test]
    fn near_misses_are_refused() {
        for text in [
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05+00:00",
            "2026-01-02t03:04:05Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:60Z",
            "2026-02-30T03:04:05Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02 03:04:05Z",
            "2026-01-02T03:04:05.1234567890Z",
            "02026-01-02T03:04:05Z",
            "-026-01-02T03:04:05Z",
            "",
        ] {
            assert!(Time::parse(text).is_none(), "{text}");
        }
    }
}
