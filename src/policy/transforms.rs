//! Sanitising steps as clauses and profiles write them: `{ path = "/event/point/@lat", action = "coarsen", digits = 2 }`.

use super::agreements::line_of;
use super::edition::{SourceFile, Transform, TransformAction};
use super::faults::Faults;
use super::table::{Need, Table, Word};
use crate::normal::PathPattern;

/// Fraction digits that coarsening may keep at most: 6 of a degree are 11 cm; keeping more coarsens nothing.
const DIGITS_MAX: u32 = 6;
/// Seconds to which a time may be rounded: up to one day.
const SECONDS_MAX: u32 = 86_400;

impl TransformAction {
    /// The action, as rule files spell it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Replace(_) => "replace",
            Self::CoarsenNumber(_) => "coarsen",
            Self::CoarsenTime(_) => "coarsen-time",
            Self::Pseudonymise => "pseudonymise",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Remove,
    Replace,
    Coarsen,
    CoarsenTime,
    Pseudonymise,
}

const VERBS: [(&str, Verb); 5] = [
    ("remove", Verb::Remove),
    ("replace", Verb::Replace),
    ("coarsen", Verb::Coarsen),
    ("coarsen-time", Verb::CoarsenTime),
    ("pseudonymise", Verb::Pseudonymise),
];

/// One step of a clause: a path with an action.
pub(in crate::policy) fn transform(mut table: Table<'_>, file: &SourceFile, faults: &mut Faults) -> Option<Transform> {
    let rule = format!("{}:{}", file.path, line_of(&file.text, table.place().start)).into();
    let path = table.word("path", Need::Required, faults).and_then(|word| pattern(&word, faults));
    let action = action(&mut table, faults);
    table.finish(faults);
    Some(Transform { path: path?, action: action?, rule })
}

/// What is done: the keys `action`, and `with`, `digits` or `seconds` as it needs.
pub(in crate::policy) fn action(table: &mut Table<'_>, faults: &mut Faults) -> Option<TransformAction> {
    match table.choice("action", Need::Required, &VERBS, faults)? {
        Verb::Remove => Some(TransformAction::Remove),
        Verb::Pseudonymise => Some(TransformAction::Pseudonymise),
        Verb::Replace => table.word("with", Need::Required, faults).map(|word| TransformAction::Replace(word.text.to_owned())),
        Verb::Coarsen => {
            let digits = table.whole("digits", Need::Required, (0, DIGITS_MAX), faults)?;
            u8::try_from(digits).ok().map(TransformAction::CoarsenNumber)
        }
        Verb::CoarsenTime => table.whole("seconds", Need::Required, (1, SECONDS_MAX), faults).map(TransformAction::CoarsenTime),
    }
}

/// A path pattern, or a fault.
pub(in crate::policy) fn pattern(word: &Word<'_>, faults: &mut Faults) -> Option<PathPattern> {
    match PathPattern::parse(word.text) {
        Ok(pattern) => Some(pattern),
        Err(expected) => {
            faults.at(&word.at, format!("`{}` is no path", word.text), expected, "write a path such as `/event/detail/contact/@callsign`");
            None
        }
    }
}
