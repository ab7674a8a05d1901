//! The wall between exercise and operation: the header's flag, the content and both peers must agree.
//!
//! Content that says nothing passes as operation only: a recipient's systems see the content, not our header, and would take it for real.

use std::collections::BTreeSet;

use crate::base::{Reason, Refusal, Traffic};

/// The word of a kind of traffic, as rules spell it.
#[must_use]
pub const fn word(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Operation => "operation",
        Traffic::Exercise => "exercise",
    }
}

/// Whether flag, content and peers agree.
///
/// # Errors
/// `exercise.mixed`.
pub fn agree(flag: Traffic, content: Option<Traffic>, sender: &BTreeSet<Traffic>, recipient: &BTreeSet<Traffic>) -> Result<(), Refusal> {
    let mixed = |detail: String| Err(Refusal::new(Reason::ExerciseMixed, detail));
    match content {
        Some(said) if said != flag => return mixed(format!("the header says `{}`, the content says `{}`", word(flag), word(said))),
        None if flag == Traffic::Exercise => return mixed("the header says `exercise`, the content says nothing".to_owned()),
        _ => {}
    }
    if !sender.contains(&flag) {
        return mixed(format!("`{}` traffic does not come from this sender", word(flag)));
    }
    if !recipient.contains(&flag) {
        return mixed(format!("`{}` traffic does not go to this recipient", word(flag)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Traffic::{Exercise, Operation};

    #[test]
    fn exercise_and_operation_meet_nowhere() {
        let both = || BTreeSet::from([Operation, Exercise]);
        let only = |traffic| BTreeSet::from([traffic]);
        for (flag, content, sender, recipient, passes) in [
            (Operation, None, both(), both(), true),
            (Operation, Some(Operation), both(), both(), true),
            (Operation, Some(Exercise), both(), both(), false),
            (Exercise, Some(Exercise), both(), both(), true),
            (Exercise, Some(Operation), both(), both(), false),
            (Exercise, None, both(), both(), false),
            (Exercise, Some(Exercise), only(Operation), both(), false),
            (Exercise, Some(Exercise), both(), only(Operation), false),
            (Operation, Some(Operation), only(Exercise), both(), false),
            (Operation, None, both(), only(Exercise), false),
            (Operation, None, both(), BTreeSet::new(), false),
        ] {
            assert_eq!(agree(flag, content, &sender, &recipient).is_ok(), passes, "{flag:?} {content:?} {sender:?} {recipient:?}");
        }
    }
}
