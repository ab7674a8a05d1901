//! The second half's wall between exercise and operation: what the header says, what both bodies say by field and by words, whose policy labels it.
//!
//! Read from the second trees, with words and fields of its own: the first half is not asked. What leaves is looked at, too, because a recipient's
//! systems see it and not our header: an exercise that has lost its marks on the way would be taken for real.

use std::collections::BTreeSet;

use super::second::{Part, Second};
use crate::base::{Reason, Refusal, Traffic};

/// How the texts of an exercise begin; `exercise` alone, or twice in a row anywhere, is one, too.
const HEADS: [&str; 8] =
    ["(exercise)", "[exercise]", "exercise message", "exercise only", "exercise traffic", "exercise//", "exercise:", "this is an exercise"];

/// Whether a message of this kind may be what the label's policy is for, where the rule set keeps policies for exercises.
///
/// # Errors
/// `verify.release`.
pub(super) fn policy_fits(flag: Traffic, policy: &str, kept: &BTreeSet<String>) -> Result<(), Refusal> {
    if kept.is_empty() || kept.contains(policy) == (flag == Traffic::Exercise) {
        return Ok(());
    }
    Err(refuse("the label's policy is kept for the other of exercise and operation"))
}

/// Whether a body, original or result, says by field and words what the header says: an exercise somewhere, and nowhere anything else.
///
/// # Errors
/// `verify.release`.
pub(super) fn says(flag: Traffic, format: &str, body: &Second<'_>) -> Result<(), Refusal> {
    let all = body.root().into_iter().flat_map(Part::all);
    let mut marked = false;
    for said in by_field(format, body).into_iter().chain(all.filter_map(|part| by_words(part.value()))) {
        if said != flag {
            return Err(refuse("exercise and operation would mix: header and content, or two places of the content, do not say the same"));
        }
        marked = true;
    }
    match (flag, marked) {
        (Traffic::Exercise, false) => Err(refuse("a body of an exercise would leave, or came, without a mark that says so")),
        _ => Ok(()),
    }
}

fn refuse(detail: &'static str) -> Refusal {
    Refusal::new(Reason::VerifyRelease, detail)
}

/// What the field says that a format has for it.
// SPEC: CoT event schema, `opex`: `o` for operations, `e` and `s` for exercise and simulation; APP-11, sets EXER and OPER: an exercise may bear the name of an
// operation; RFC 6477, MMHS-Message-Type: exercise, operation, project, drill.
fn by_field(format: &str, body: &Second<'_>) -> Option<Traffic> {
    let root = body.root()?;
    match format {
        "cot" | "tak" => root.said("opex").filter(|opex| !opex.is_empty()).map(|opex| kind(!opex.starts_with('o'))),
        "mtf" => {
            let text = root.content().find(|part| part.name().1 == "text")?;
            let has = |set| text.content().any(|part| part.is_element() && part.name().1 == set);
            if has("EXER") { Some(Traffic::Exercise) } else { has("OPER").then_some(Traffic::Operation) }
        }
        "mail" => {
            let header = root.content().find(|part| part.name().1 == "header")?;
            let said = header.content().find(|part| part.name().1 == "mmhs-message-type")?.said("type")?;
            ["exercise", "drill", "operation"].contains(&said).then(|| kind(said != "operation"))
        }
        _ => None,
    }
}

const fn kind(exercise: bool) -> Traffic {
    if exercise { Traffic::Exercise } else { Traffic::Operation }
}

/// What the words of one value say.
fn by_words(value: &str) -> Option<Traffic> {
    // Most values have neither letter, and need not be copied.
    if !value.bytes().any(|byte| matches!(byte, b'x' | b'X' | b'f' | b'F')) {
        return None;
    }
    let value = value.trim().to_ascii_lowercase();
    if value.strip_prefix("no").and_then(|rest| rest.strip_prefix([' ', '-'])).is_some_and(|rest| rest.starts_with("duff")) {
        return Some(Traffic::Operation);
    }
    let exercise = value == "exercise" || value.contains("exercise exercise") || HEADS.iter().any(|head| value.starts_with(head));
    exercise.then_some(Traffic::Exercise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::exercise;
    use crate::verify::readers;

    fn said(flag: Traffic, body: &str) -> Result<(), Reason> {
        let reader = readers::identify(body.as_bytes()).unwrap();
        says(flag, reader.name, &(reader.read)(body.as_bytes()).unwrap()).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn field_and_words_must_say_what_the_header_says_and_exercises_must_say_it() {
        use Traffic::{Exercise, Operation};
        for (opex, text, operation, exercise) in [
            ("", "", true, false),
            ("", "EXERCISE EXERCISE EXERCISE", false, true),
            ("", "no duff", true, false),
            ("e-x", "", false, true),
            ("s", "", false, true),
            ("o", "", true, false),
            ("o-1", "Exercise: a", false, false),
            ("e", "NO-DUFF medevac", false, false),
            ("e", "EXERCISE", false, true),
            ("", "EXERCISE CAUTION", true, false),
        ] {
            let field = if opex.is_empty() { String::new() } else { format!(" opex='{opex}'") };
            let body = format!("<event version='2.0' uid='u'{field}><detail><remarks>{text}</remarks></detail></event>");
            let expected = |passes: bool| if passes { Ok(()) } else { Err(Reason::VerifyRelease) };
            assert_eq!((said(Operation, &body), said(Exercise, &body)), (expected(operation), expected(exercise)), "{body}");
        }
    }

    #[test]
    fn both_halves_take_the_same_words_for_an_exercise() {
        let heads =
            HEADS.iter().flat_map(|head| [(*head).to_owned(), format!(" {} x", head.to_uppercase()), format!("x {head}"), head.replace('e', "a")]);
        let others = [
            "exercise",
            " Exercise\n",
            "exercises",
            "an EXERCISE exercise",
            "exercise  exercise",
            "no duff",
            "NO-DUFF x",
            "no  duff",
            "noduff",
            "ſexercise",
            "",
        ];
        for text in heads.chain(others.into_iter().map(str::to_owned)) {
            assert_eq!(by_words(&text), exercise::spoken(&text), "{text}");
        }
    }

    #[test]
    fn a_policy_that_is_kept_for_exercises_labels_nothing_else_and_no_exercise_has_another() {
        let kept = BTreeSet::from(["XER".to_owned()]);
        for (flag, policy, passes) in [
            (Traffic::Exercise, "XER", true),
            (Traffic::Exercise, "GBR", false),
            (Traffic::Operation, "GBR", true),
            (Traffic::Operation, "XER", false),
        ] {
            assert_eq!(policy_fits(flag, policy, &kept).is_ok(), passes, "{flag:?} {policy}");
            assert!(policy_fits(flag, policy, &BTreeSet::new()).is_ok());
        }
    }
}
