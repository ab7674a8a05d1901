//! `vestibule consent` and `vestibule recall`: what a party says about its own information, signed with its key.

use crate::journal::{Effect, Stated};

/// One line about a statement, for people.
pub(super) fn what(stated: &Stated) -> String {
    match (&stated.effect, stated.refusal) {
        (Some(Effect::Granted { id, uses }), _) => format!("consent {id} for {uses} releases"),
        (Some(Effect::Revoked { id, of }), _) => format!("revocation {id} of {of}"),
        (Some(Effect::Recalled { id, targets }), _) => format!("recall {id} of {} messages", targets.len()),
        (Some(Effect::Acknowledged { id, of, by }), _) => format!("acknowledgement {id} of {of} by {by}"),
        (None, Some(code)) => format!("refused: {code}"),
        (None, None) => String::new(),
    }
}
