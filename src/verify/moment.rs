//! Points in time read by the second reader's own calendar.
//!
//! Deliberately not [`crate::base::Time::parse`]: the first reader uses that one.

/// A point in time: seconds since 1970 and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    seconds: i64,
    nanoseconds: u32,
}

impl Moment {
    /// Reads `YYYY-MM-DDThh:mm:ss[.f{1,9}]Z`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        let mut date = date.split('-');
        let (year, month, day) = (digits(date.next()?, 4)?, digits(date.next()?, 2)?, digits(date.next()?, 2)?);
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, fraction)) => (clock, Some(fraction)),
            None => (clock, None),
        };
        let mut clock = clock.split(':');
        let (hour, minute, second) = (digits(clock.next()?, 2)?, digits(clock.next()?, 2)?, digits(clock.next()?, 2)?);
        let whole = date.next().is_none() && clock.next().is_none();
        if !whole || !(1..=12).contains(&month) || !(1..=month_days(year, month)).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = days(year, month, day).checked_mul(86_400)?;
        let seconds = seconds.checked_add(hour.checked_mul(3_600)?)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
        Some(Self { seconds, nanoseconds: fraction.map_or(Some(0), nanoseconds)? })
    }

    /// Whole seconds since 1970; none before.
    pub(super) fn unix_seconds(self) -> Option<u64> {
        u64::try_from(self.seconds).ok()
    }

    /// Whole seconds since 1970.
    pub(super) const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Spells so many seconds since 1970; none before 1970 and after the year 9999.
    pub(super) fn spell(seconds: i64) -> Option<String> {
        let (mut day, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        if !(0..days(10_000, 1, 1)).contains(&day) {
            return None;
        }
        let year = (1970..10_000).rfind(|&year| days(year, 1, 1) <= day)?;
        day = day.checked_sub(days(year, 1, 1))?;
        let mut month = 1;
        while day >= month_days(year, month) {
            day = day.checked_sub(month_days(year, month))?;
            month = month.checked_add(1)?;
        }
        let (hour, minute, second) = (clock.div_euclid(3_600), clock.div_euclid(60).rem_euclid(60), clock.rem_euclid(60));
        Some(format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day.checked_add(1)?))
    }

    /// Whether `text`, which reads as this time, has no superfluous fraction digits.
    pub(super) fn is_spelt(self, text: &str) -> bool {
        match text.split_once('.') {
            None => true,
            Some((_, fraction)) => self.nanoseconds != 0 && !fraction.ends_with("0Z"),
        }
    }
}

fn digits(text: &str, width: usize) -> Option<i64> {
    let plain = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    let missing = 9_usize.checked_sub(fraction.len()).and_then(|m| u32::try_from(m).ok())?;
    let value = u32::try_from(digits(fraction, fraction.len())?).ok()?;
    value.checked_mul(10_u32.checked_pow(missing)?)
}

const fn leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

const fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted from 1 March so that the leap day is a year's last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month.saturating_sub(3)) } else { (year.saturating_sub(1), month.saturating_add(9)) };
    let leaps = year.div_euclid(4).saturating_sub(year.div_euclid(100)).saturating_add(year.div_euclid(400));
    let before_month = month.saturating_mul(153).saturating_add(2).div_euclid(5);
    // 719,469 days lie between 1 March of year 0 (with the day counted from one) and 1970-01-01.
    year.saturating_mul(365).saturating_add(leaps).saturating_add(before_month).saturating_add(day).saturating_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;
    use proptest::prelude::*;

    #[test]
    fn known_points_have_known_seconds() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-23T08:18:57Z", 1_795_421_937),
            ("1969-12-31T23:59:59Z", -1),
        ] {
            assert_eq!(Moment::read(text).unwrap().seconds, seconds, "{text}");
        }
        assert_eq!(Moment::read("1970-01-01T00:00:00.05Z").unwrap().nanoseconds, 50_000_000);
    }

    #[test]
    fn near_misses_are_no_times() {
        for text in [
            "",
            "Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05+00:00",
            "2026-01-02t03:04:05Z",
            "2026-01-02T03:04:60Z",
            "2026-02-29T03:04:05Z",
            "2100-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T00:60:00Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05.1234567890Z",
            "2026-1-02T03:04:05Z",
            "+026-01-02T03:04:05Z",
            "2026-01-02-03T03:04:05Z",
            "2026-01-02T03:04:05:06Z",
            "2026-01-02T03:04:05.1.2Z",
            "2026-01-02T03:04:05.-1Z",
        ] {
            assert!(Moment::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn superfluous_fractions_are_seen() {
        for (text, spelt) in
            [("2026-01-02T03:04:05Z", true), ("2026-01-02T03:04:05.1Z", true), ("2026-01-02T03:04:05.10Z", false), ("2026-01-02T03:04:05.0Z", false)]
        {
            assert_eq!(Moment::read(text).unwrap().is_spelt(text), spelt, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_is_spelt_as_it_is_read(seconds in 0_i64..253_402_300_800) {
            let text = Moment::spell(seconds).unwrap();
            prop_assert_eq!(Moment::read(&text).unwrap().seconds(), seconds);
        }
    }

    proptest! {
        #[test]
        fn the_other_reader_of_times_agrees(y in 1_u32..9999, mo in 0_u32..14, d in 0_u32..33, h in 0_u32..25, mi in 0_u32..61, s in 0_u32..61, f in "(\\.[0-9]{0,10})?") {
            let text = format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}{f}Z");
            let ns = Moment::read(&text).map(|m| i128::from(m.seconds).saturating_mul(1_000_000_000).saturating_add(i128::from(m.nanoseconds)));
            prop_assert_eq!(ns, Time::parse(&text).map(Time::unix_ns));
            if let Some(time) = Time::parse(&text) {
                prop_assert_eq!(Moment::read(&text).unwrap().is_spelt(&text), time.to_string() == text);
            }
        }
    }
}
