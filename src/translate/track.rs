//! A track as one Cursor-on-Target event: what reports of contacts and of friendly forces have in common.
//!
//! Fields that an event must have and that such reports do not: `how` is `m-p` (passed on by a machine), `hae` and `le` are unknown, `ce` is
//! unknown where the report gives no error, `start` is the time of the report, and `stale` is [`STALE_SECONDS`] later. The label of what is
//! released stands in `access`, `caveat` and `releasableTo`.

use super::event::{NOWHERE, VERSION, whole};
use super::{Source, Triple};
use crate::base::{Budget, Decimal, Reason, Refusal, Time};
use crate::normal::{NodeId, Tree, TreeBuilder, Unit, Value};

/// How long an event is good for that was made from a report without an end: 600 seconds, some three reporting intervals of vehicles.
pub(super) const STALE_SECONDS: i64 = 600;
/// What Cursor-on-Target says for a height or error that nobody knows.
// SPEC: CoT base event, point: 9999999 where unknown.
const UNKNOWN: i32 = 9_999_999;

/// What an event is made of.
#[derive(Debug)]
pub(super) struct Track<'a> {
    pub(super) uid: String,
    pub(super) kind: String,
    pub(super) time: Time,
    pub(super) latitude: Decimal,
    pub(super) longitude: Decimal,
    /// How wrong the place is at most, in metres.
    pub(super) error: Option<Decimal>,
    pub(super) callsign: Option<Value<'a>>,
    /// Degrees from true north.
    pub(super) course: Option<Decimal>,
    /// Metres for each second.
    pub(super) speed: Option<Decimal>,
}

impl<'a> Track<'a> {
    /// The event, marked with the label of what is released.
    ///
    /// # Errors
    /// `translate.marking`, `translate.value`, `size.*`.
    pub(super) fn event(self, source: &Source<'_, 'a>, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
        let Triple { access, caveat, releasable_to } = source.marked().triple()?;
        let stale = STALE_SECONDS.checked_mul(1000).and_then(|ms| self.time.unix_ms().checked_add(ms)).and_then(Time::from_unix_ms);
        let stale = stale.ok_or_else(|| Refusal::new(Reason::TranslateValue, "expected a time before the year 9999"))?;
        let text = |text: &str| Value::Text(text.to_owned().into());
        let mut event = TreeBuilder::with_capacity(24);
        event.open("", "event", 0, budget)?;
        let attributes = [
            ("version", Some(text(VERSION))),
            ("uid", Some(text(&self.uid))),
            ("type", Some(text(&self.kind))),
            ("how", Some(text("m-p"))),
            ("time", Some(Value::Time(self.time))),
            ("start", Some(Value::Time(self.time))),
            ("stale", Some(Value::Time(stale))),
            ("access", Some(text(&access))),
            ("caveat", caveat.as_deref().map(text)),
            ("releasableTo", releasable_to.as_deref().map(text)),
        ];
        put(&mut event, attributes, budget)?;
        event.open("", "point", 0, budget)?;
        let unknown = Decimal::whole(UNKNOWN);
        let point = [
            ("lat", self.latitude, Unit::Latitude),
            ("lon", self.longitude, Unit::Longitude),
            ("hae", unknown, Unit::Metres),
            ("ce", self.error.unwrap_or(unknown), Unit::Metres),
            ("le", unknown, Unit::Metres),
        ];
        put(&mut event, point.map(|(name, number, unit)| (name, Some(Value::Number(number, unit)))), budget)?;
        event.close(0);
        event.open("", "detail", 0, budget)?;
        if self.callsign.is_some() {
            event.open("", "contact", 0, budget)?;
            put(&mut event, [("callsign", self.callsign)], budget)?;
            event.close(0);
        }
        if self.course.is_some() || self.speed.is_some() {
            event.open("", "track", 0, budget)?;
            let course = self.course.map(|course| Value::Number(course, Unit::Degrees));
            let speed = self.speed.map(|speed| Value::Number(speed, Unit::MetresPerSecond));
            put(&mut event, [("course", course), ("speed", speed)], budget)?;
            event.close(0);
        }
        event.close(0);
        event.close(0);
        whole(event)
    }
}

fn put<'a, const N: usize>(
    event: &mut TreeBuilder<'a>,
    attributes: [(&'static str, Option<Value<'a>>); N],
    budget: &mut Budget,
) -> Result<(), Refusal> {
    for (name, value) in attributes {
        if let Some(value) = value {
            event.attribute("", name, value, NOWHERE, budget)?;
        }
    }
    Ok(())
}

/// The one of several things that a message speaks of.
///
/// # Errors
/// `translate.several` for none, and for two or more.
pub(super) fn one(mut found: impl Iterator<Item = NodeId>, what: &str) -> Result<NodeId, Refusal> {
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Refusal::new(Reason::TranslateSeveral, format!("expected one {what}, found none"))),
        (Some(_), Some(_)) => Err(Refusal::new(Reason::TranslateSeveral, format!("expected one {what}, found more"))),
    }
}

/// A speed in metres for each second, rounded to hundredths, half away from zero; `metres` and `seconds` are of the unit that it has. `None` for
/// what is no speed.
#[must_use]
pub fn per_second(speed: Decimal, metres: i128, seconds: i128) -> Option<Decimal> {
    let mantissa: i128 = speed.to_string().replace('.', "").parse().ok()?;
    let scale = 10_i128.checked_pow(u32::from(speed.places()))?;
    let (of, by) = (mantissa.checked_mul(metres)?.checked_mul(200)?, scale.checked_mul(seconds)?);
    let hundredths = of.checked_add(by)?.checked_div(by.checked_mul(2)?)?;
    let (whole, rest) = (hundredths.checked_div(100)?, hundredths.checked_rem(100)?);
    Decimal::parse(&format!("{whole}.{rest:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_rounded_to_hundredths_of_metres_for_each_second() {
        let said = |speed: &str, metres, seconds| per_second(Decimal::parse(speed).unwrap(), metres, seconds).map(|speed| speed.to_string());
        assert_eq!(said("36", 1000, 3600).as_deref(), Some("10"));
        assert_eq!(said("37.080", 1000, 3600).as_deref(), Some("10.3"));
        assert_eq!(said("0.018", 1000, 3600).as_deref(), Some("0.01"));
        assert_eq!(said("0.017", 1000, 3600).as_deref(), Some("0"));
        assert_eq!(said("12", 1852, 3600).as_deref(), Some("6.17"));
        assert_eq!(said("-1", 1000, 3600), None);
    }
}
