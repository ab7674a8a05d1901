//! The wall between exercise and operation: the header's flag, the content, its words, the label's policy and both peers must agree.
//!
//! Content that says nothing passes as operation only: a recipient's systems see the content, not our header, and would take it for real. What a
//! format has a field for is said by that field; everywhere else the words count that exercises put into text, tags and subjects.
//! Content that says both is neither.

use std::collections::BTreeSet;

use crate::base::{Reason, Refusal, Traffic};
use crate::normal::{Tree, Value};

/// The word of a kind of traffic, as rules spell it.
#[must_use]
pub const fn word(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Operation => "operation",
        Traffic::Exercise => "exercise",
    }
}

/// What stands anywhere in a text that belongs to an exercise.
const ANYWHERE: &str = "exercise exercise";
/// How a text, tag or subject begins that belongs to an exercise; the tags of MISP's taxonomy `exercise` begin so, too.
const BEGINS: [&str; 8] =
    ["[exercise]", "(exercise)", "exercise:", "exercise//", "exercise only", "exercise message", "exercise traffic", "this is an exercise"];
/// How a text begins that is real in the middle of an exercise.
const REAL: [&str; 2] = ["no duff", "no-duff"];

/// What the words of one text say.
pub(crate) fn spoken(text: &str) -> Option<Traffic> {
    let text = text.trim();
    // Most texts hold none of the letters that count in this order: looked at first, as every text of every message comes by here.
    let begins = |word: &str| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    if REAL.iter().any(|word| begins(word)) {
        return Some(Traffic::Operation);
    }
    let is_exercise = text.eq_ignore_ascii_case("exercise") || BEGINS.iter().any(|word| begins(word)) || is_anywhere(text.as_bytes());
    is_exercise.then_some(Traffic::Exercise)
}

/// Whether [`ANYWHERE`] stands in a text. Its second letter is the rarest: every text of every message comes by here for each recipient.
fn is_anywhere(text: &[u8]) -> bool {
    let around = |second: usize| {
        let first = second.checked_sub(1)?;
        text.get(first..first.checked_add(ANYWHERE.len())?)
    };
    memchr::memchr2_iter(b'x', b'X', text).filter_map(around).any(|part| part.eq_ignore_ascii_case(ANYWHERE.as_bytes()))
}

/// What the content says: its own field for it, and the words of all its texts.
///
/// # Errors
/// `exercise.words` where it says both.
pub fn said(tree: &Tree<'_>, field: Option<Traffic>) -> Result<Option<Traffic>, Refusal> {
    let mut said = field;
    for (_, node) in tree.all() {
        let Value::Text(text) = &node.value else { continue };
        match (said, spoken(text)) {
            (_, None) => {}
            (None, spoken) => said = spoken,
            (Some(one), Some(other)) if one == other => {}
            // What is real in an exercise is called so, and then belongs to operations: whoever sends it so must say so everywhere.
            (Some(one), Some(other)) => {
                let detail = format!("the content says `{}` in one place and `{}` in the words of another", word(one), word(other));
                return Err(Refusal::new(Reason::ExerciseWords, detail));
            }
        }
    }
    Ok(said)
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

/// Whether flag and the policy of the label agree, where the rule set keeps policies for exercises: those label exercises, and nothing else does.
///
/// # Errors
/// `exercise.policy`.
pub fn policy_agrees(flag: Traffic, policy: &str, kept: &BTreeSet<String>) -> Result<(), Refusal> {
    let expected = if kept.contains(policy) { Traffic::Exercise } else { Traffic::Operation };
    match kept.is_empty() || expected == flag {
        true => Ok(()),
        false => {
            let detail = format!("the header says `{}`, and a label of this policy is for `{}`", word(flag), word(expected));
            Err(Refusal::new(Reason::ExercisePolicy, detail))
        }
    }
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

    #[test]
    fn words_of_exercises_are_known_and_orders_to_exercise_caution_are_not() {
        for text in [
            "EXERCISE",
            "exercise",
            " EXERCISE EXERCISE EXERCISE\nmove",
            "move. Exercise exercise exercise",
            "[EXERCISE] convoy",
            "(Exercise) convoy",
            "EXERCISE: convoy",
            "exercise:cyber-europe=\"2016\"",
            "EXERCISE// x",
            "exercise only, x",
            "EXERCISE MESSAGE x",
            "This is an exercise. x",
        ] {
            assert_eq!(spoken(text), Some(Exercise), "{text}");
        }
        for text in ["", "x", "exercis", "EXERCISE CAUTION IN THE AREA", "exercised", "the exercise: x", "after the exercise", "é"] {
            assert_eq!(spoken(text), None, "{text}");
        }
        for text in ["NO DUFF casualty", "no-duff: casualty"] {
            assert_eq!(spoken(text), Some(Operation), "{text}");
        }
    }

    proptest::proptest! {
        /// The fast search finds what a plain one finds.
        #[test]
        fn words_anywhere_are_found_wherever_they_stand(before in "[exrcisEX é]{0,24}", held in proptest::bool::ANY, after in "[exrcisEX é]{0,24}") {
            let text = format!("{before}{}{after}", if held { "eXercise ExErcise" } else { "exercise-exercise" });
            let plain = text.to_ascii_lowercase().contains(ANYWHERE);
            proptest::prop_assert_eq!(is_anywhere(text.as_bytes()), plain);
            proptest::prop_assert!(plain || !held);
        }
    }

    #[test]
    fn a_policy_that_is_kept_for_exercises_labels_exercises_alone_and_they_have_no_other() {
        let kept = BTreeSet::from(["XER".to_owned()]);
        for (flag, policy, passes) in [(Exercise, "XER", true), (Operation, "GBR", true), (Operation, "XER", false), (Exercise, "GBR", false)] {
            assert_eq!(policy_agrees(flag, policy, &kept).is_ok(), passes, "{flag:?} {policy}");
            assert!(policy_agrees(flag, policy, &BTreeSet::new()).is_ok());
        }
    }
}
