//! The transform table: what each transform of a rule set does to one value.

use crate::base::Reason;
use crate::normal::Value;
use crate::policy::TransformAction;

use super::coarsen;
use super::pseudonym::Pseudonyms;

/// A row of the transform table.
#[derive(Debug)]
pub struct TransformRow {
    /// The word that edits carry.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub sentence: &'static str,
}

/// The transforms.
pub static TRANSFORMS: &[TransformRow] = &[
    TransformRow { name: "remove", sentence: "leaves a field and everything below it out" },
    TransformRow { name: "replace", sentence: "puts a fixed text in place of a value, or of the part of it that a rule matched" },
    TransformRow { name: "coarsen", sentence: "rounds a number to fewer fraction digits, or a time down to a multiple of seconds" },
    TransformRow { name: "pseudonymise", sentence: "puts a keyed, stable pseudonym in place of a value, so that the recipient can still correlate" },
];

/// The word of a transform.
pub(super) const fn name(action: &TransformAction) -> &'static str {
    match action {
        TransformAction::Remove => "remove",
        TransformAction::Replace(_) => "replace",
        TransformAction::CoarsenNumber(_) | TransformAction::CoarsenTime(_) => "coarsen",
        TransformAction::Pseudonymise => "pseudonymise",
    }
}

/// The value after a transform other than removal.
///
/// # Errors
/// `agreement.error` with what was expected, where the transform does not fit the value: a rule that cannot do its work fails.
pub(super) fn value(action: &TransformAction, value: &Value<'_>, pseudonyms: &Pseudonyms<'_>) -> Result<Value<'static>, (Reason, &'static str)> {
    let misfit = |expected: &'static str| (Reason::AgreementError, expected);
    match action {
        TransformAction::Remove => Err(misfit("expected a transform of a value")),
        TransformAction::Replace(text) => coarsen::replaced(text, value).ok_or_else(|| misfit("expected a replacement of the type of the field")),
        TransformAction::CoarsenNumber(places) => coarsen::number(value, *places).ok_or_else(|| misfit("expected a number to coarsen")),
        TransformAction::CoarsenTime(seconds) => coarsen::time(value, *seconds).ok_or_else(|| misfit("expected a time to coarsen")),
        TransformAction::Pseudonymise => match value {
            Value::Text(text) => Ok(Value::Text(pseudonyms.of(text).into())),
            Value::Empty | Value::Number(..) | Value::Time(_) | Value::Flag(_) => Err(misfit("expected text to put a pseudonym for")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transform_has_a_row() {
        let all = [
            TransformAction::Remove,
            TransformAction::Replace(String::new()),
            TransformAction::CoarsenNumber(1),
            TransformAction::CoarsenTime(60),
            TransformAction::Pseudonymise,
        ];
        for action in &all {
            assert!(TRANSFORMS.iter().any(|row| row.name == name(action)));
        }
        for row in TRANSFORMS {
            assert!(crate::normal::edit::ACTIONS.contains(&row.name), "{}", row.name);
            assert!(all.iter().any(|action| row.name == name(action)), "{}", row.name);
        }
    }
}
