//! What a set of OTH-Gold is: the words of the table in `sets`.

use std::sync::LazyLock;

/// How the value of a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// `least..=most` characters of a class.
    Text {
        /// Smallest number of characters.
        least: u8,
        /// Greatest number of characters.
        most: u8,
        /// What they may be.
        of: Of,
    },
    /// `DDhhmmZd`: day, hour, minute, zone, check digit. Read as text without the check digit, because the year is not sent.
    Moment,
    /// `JAN` to `DEC`.
    Month,
    /// Two fields, `DDhhmm[ss]Zd` and `JAN25`: a time in UTC.
    Time,
    /// `ddmmNd`: whole minutes.
    LatitudeMinutes,
    /// `dddmmEd`: whole minutes.
    LongitudeMinutes,
    /// `ddmmssNd`: whole seconds.
    LatitudeSeconds,
    /// `dddmmssEd`: whole seconds.
    LongitudeSeconds,
    /// One field, `LL:ddmmssNd-dddmmssEd`: `lat` and `lon` in whole seconds.
    Place,
    /// `dddT` or `ddd.dT`: degrees from true north.
    Bearing,
    /// A number with `K` or `KTS`: knots.
    Speed,
    /// 1 to 4 digits: knots, without a letter.
    Knots,
}

/// A class of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// `A` to `Z`.
    Letters,
    /// `0` to `9`.
    Digits,
    /// Both.
    Alphanumeric,
    /// Every visible character but the solidus, and blanks within.
    Any,
}

/// Whether a field must have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Always.
    Required,
    /// Where the sender likes.
    Optional,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Name of the attribute.
    pub(crate) name: &'static str,
    /// How it is written.
    pub(crate) kind: Type,
    /// Whether it must have a value.
    pub(crate) presence: Presence,
}

/// What a set holds.
#[derive(Debug)]
pub(crate) enum Holds {
    /// Fields.
    Fields(&'static [Field]),
    /// Free text, to the next line that begins as a set.
    Text,
    /// Classification and amplifying words, read as one line of marking.
    Marking,
}

/// How often a set may stand under one other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occurs {
    /// Not more than once.
    Once,
    /// Any number of times.
    Many,
}

/// What kind of report a set is of; a message holds one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    /// Any.
    Any,
    /// Contacts, and what corrects them.
    Contact,
    /// A note between operators.
    Opnote,
    /// A grid of units.
    Whisky,
}

/// A set.
#[derive(Debug)]
pub(crate) struct Set {
    /// Set identifier: the name of the element.
    pub(crate) id: &'static str,
    /// Sets under which it may stand; `oth` is the message.
    pub(crate) under: &'static [&'static str],
    /// How often there.
    pub(crate) occurs: Occurs,
    /// Of which report.
    pub(crate) report: Report,
    /// Fields or text.
    pub(crate) holds: Holds,
}

/// Whether a message may have a field: a set where it may stand, and the elements and attributes of which the table knows nothing more.
pub(crate) fn has(steps: &[String]) -> bool {
    let mut rest = steps.iter();
    if !crate::format::step_is(rest.next(), "oth") {
        return false;
    }
    let mut above = "oth";
    for step in rest {
        if step.starts_with('@') || step == "*" || (above == "oth" && step == "header") {
            return true;
        }
        match super::sets::SETS.iter().find(|set| set.id == step) {
            Some(set) if set.under.contains(&above) => above = set.id,
            Some(_) => return false,
            // Texts and times stand in elements of their own within a set.
            None => return above != "oth",
        }
    }
    true
}

/// The identifiers of all sets as numbers, which are compared at once: every line is looked up.
static KEYS: LazyLock<Vec<u64>> = LazyLock::new(|| super::sets::SETS.iter().map(|set| key(set.id).unwrap_or_default()).collect());

/// An identifier of at most 7 letters and digits as one number, its length among it.
fn key(id: &str) -> Option<u64> {
    let length = u8::try_from(id.len()).ok().filter(|length| *length < 8)?;
    Some(id.bytes().fold(u64::from(length), |key, byte| key << 8 | u64::from(byte)))
}

/// The set of an identifier.
pub(crate) fn set(id: &str) -> Option<&'static Set> {
    let key = key(id)?;
    KEYS.iter().position(|known| *known == key).and_then(|at| super::sets::SETS.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_found_by_its_identifier_alone() {
        for row in super::super::sets::SETS {
            assert_eq!(set(row.id).map(|found| found.id), Some(row.id));
            assert!(set(&format!("{}X", row.id)).is_none() && set(&format!(" {}", row.id)).is_none(), "{}", row.id);
        }
        assert!(["", "A", "LONGERTHANANY"].iter().all(|id| set(id).is_none()));
    }
}
