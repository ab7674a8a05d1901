//! One event from one track, as the second half makes it.

use super::super::moment::Moment;
use super::super::second::{Second, Spelling};
use super::super::tak::spelt;
use super::Marked;
use crate::label::scheme::BannerForm;

/// Seconds for which such an event is good: 600.
const GOOD_FOR: u64 = 600;
/// Height or error that nobody knows.
const UNKNOWN: &str = "9999999";

/// What an event is made of, as text.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) uid: String,
    pub(super) kind: String,
    pub(super) time: String,
    pub(super) place: (String, String),
    pub(super) error: Option<String>,
    pub(super) callsign: Option<String>,
    pub(super) course: Option<String>,
    pub(super) speed: Option<String>,
}

impl Track {
    /// The event with the label of what is released.
    pub(super) fn event(self, marked: Marked<'_>) -> Result<Second<'static>, &'static str> {
        let stale =
            Moment::read(&self.time).and_then(|time| time.unix_seconds()).and_then(|seconds| seconds.checked_add(GOOD_FOR)?.checked_mul(1000));
        let stale = stale.and_then(spelt::moment).ok_or("expected a time from 1970 to 9999")?;
        let mut event = Second::default();
        event.open("", "event");
        for (name, value) in [("version", "2.0"), ("how", "m-p"), ("uid", &self.uid), ("type", &self.kind)] {
            event.attribute("", name, value.to_owned(), Spelling::Exact);
        }
        for (name, value) in [("time", self.time.clone()), ("start", self.time), ("stale", stale)] {
            event.attribute("", name, value, Spelling::Time);
        }
        marking(marked, &mut event)?;
        event.open("", "point");
        let error = self.error.unwrap_or_else(|| UNKNOWN.to_owned());
        for (name, value) in [("lat", self.place.0), ("lon", self.place.1), ("hae", UNKNOWN.to_owned()), ("ce", error), ("le", UNKNOWN.to_owned())] {
            event.attribute("", name, value, Spelling::Number);
        }
        event.close();
        event.open("", "detail");
        if let Some(callsign) = self.callsign {
            event.open("", "contact");
            event.attribute("", "callsign", callsign, Spelling::Exact);
            event.close();
        }
        if self.course.is_some() || self.speed.is_some() {
            event.open("", "track");
            for (name, value) in [("course", self.course), ("speed", self.speed)] {
                if let Some(value) = value {
                    event.attribute("", name, value, Spelling::Number);
                }
            }
            event.close();
        }
        event.close();
        event.close();
        Ok(event)
    }
}

/// The label as `access`, `caveat` and `releasableTo`. That these say it is checked where the result's markings are read.
fn marking(marked: Marked<'_>, event: &mut Second<'static>) -> Result<(), &'static str> {
    let policy = marked.lattice.policies().get(marked.said.policy).ok_or("expected a policy of the lattice")?;
    let level = policy.levels.get(marked.said.level).ok_or("expected a classification of the policy")?;
    let before = match (policy.banner, level.name.to_ascii_uppercase().as_str()) {
        (Some(BannerForm::Gbr), _) => "UK ",
        (Some(BannerForm::Nato), "TOP SECRET") => "COSMIC ",
        (Some(BannerForm::Nato), _) => "NATO ",
        _ => "",
    };
    event.attribute("", "access", format!("{before}{}", level.name), Spelling::Exact);
    let (mut words, mut recipients) = (Vec::new(), Vec::new());
    for (tag, values) in &marked.said.categories {
        for value in values {
            let name = policy
                .tags
                .get(*tag)
                .and_then(|tag| tag.values.get(*value))
                .map(|value| value.name.clone())
                .ok_or("expected values of the policy")?;
            if policy.release.is_some_and(|release| release.index() == *tag) {
                recipients.push(name);
            } else if !policy.implied.iter().any(|implied| implied.tag.index() == *tag && implied.value.index() == *value) {
                words.push(name);
            }
        }
    }
    for (name, list, with) in [("caveat", words, "/"), ("releasableTo", recipients, " ")] {
        if !list.is_empty() {
            event.attribute("", name, list.join(with), Spelling::Exact);
        }
    }
    Ok(())
}

/// A speed in metres for each second, to hundredths, half up; its unit is so many `metres` for so many `seconds`.
pub(super) fn metres_per_second(speed: &str, metres: u128, seconds: u128) -> Option<String> {
    let (whole, fraction) = speed.split_once('.').unwrap_or((speed, ""));
    let places = u32::try_from(fraction.len()).ok()?;
    let all: u128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = seconds.checked_mul(10_u128.checked_pow(places)?)?;
    let scaled = all.checked_mul(metres)?.checked_mul(100)?;
    let floor = scaled.checked_div(divisor)?;
    let rest = scaled.checked_rem(divisor)?;
    let hundredths = if rest.checked_mul(2)? >= divisor { floor.checked_add(1)? } else { floor };
    let text = format!("{}.{:02}", hundredths.checked_div(100)?, hundredths.checked_rem(100)?);
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::Decimal;

    proptest! {
        #[test]
        fn both_halves_round_speeds_alike(whole in 0_u32..100_000, fraction in "[0-9]{0,6}", knots in any::<bool>()) {
            let speed = if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") };
            let metres = if knots { 1852 } else { 1000 };
            let first = crate::translate::per_second(Decimal::parse(&speed).unwrap(), metres, 3600).map(|speed| speed.to_string());
            prop_assert_eq!(first, metres_per_second(&speed, u128::try_from(metres).unwrap(), 3600));
        }
    }
}
