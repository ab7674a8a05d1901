//! A first half that lets exercise into operations, or the reverse: the second half stops it.

use std::collections::BTreeSet;

use vestibule::base::{Reason, Traffic};

use super::document::{Content, Element, Fate, edits, event};
use super::{Case, MARKING, gbr, keep, usa, with};

/// An event that says by its field and its words what it is of, before a first half that says it may go.
fn case(flag: Traffic, opex: &str, remarks: &str, changes: &[(&str, Fate)]) -> Case {
    let marking: Vec<(&str, &str)> = MARKING.into_iter().chain((!opex.is_empty()).then_some(("opex", opex))).collect();
    let remarks = (!remarks.is_empty()).then(|| Content::Element(Element::new("remarks", &[], vec![Content::Text(remarks.into())])));
    let event = event(&marking, remarks.into_iter().collect());
    let fates = if changes.is_empty() { keep(&event) } else { with(&event, changes) };
    let mut case = Case::new(event.careless(3), event.canonical(&fates), edits(&event.places(), &fates));
    let both = BTreeSet::from([Traffic::Operation, Traffic::Exercise]);
    case.header.traffic = flag;
    (case.sender.traffic, case.recipient.traffic) = (both.clone(), both);
    case
}

#[test]
fn a_first_half_that_lets_exercise_and_operation_mix_is_stopped() {
    use Traffic::{Exercise, Operation};
    for (flag, opex, remarks, code) in [
        (Operation, "", "convoy", "verified"),
        (Operation, "o", "NO DUFF", "verified"),
        (Exercise, "e-STEADFAST", "convoy", "verified"),
        (Exercise, "", "EXERCISE EXERCISE EXERCISE", "verified"),
        (Operation, "e-STEADFAST", "", "verify.release"),
        (Operation, "s", "", "verify.release"),
        (Operation, "", "Exercise: convoy", "verify.release"),
        (Operation, "o", "exercise exercise exercise", "verify.release"),
        (Exercise, "", "convoy", "verify.release"),
        (Exercise, "o", "", "verify.release"),
        (Exercise, "e", "No duff, casualty", "verify.release"),
    ] {
        assert_eq!(case(flag, opex, remarks, &[]).code(), code, "{flag:?} `{opex}` `{remarks}`");
    }
}

#[test]
fn an_exercise_that_would_lose_its_marks_on_the_way_does_not_leave() {
    let unmarked = case(Traffic::Exercise, "e", "convoy", &[("/event/@opex", Fate::Remove)]);
    assert_eq!(unmarked.reread().unwrap_err().reason, Reason::VerifyRelease);
    let marked = case(Traffic::Exercise, "e", "EXERCISE ONLY", &[("/event/@opex", Fate::Remove)]);
    assert_eq!(marked.code(), "verified");
    let turned = case(Traffic::Exercise, "e", "EXERCISE ONLY", &[("/event/@opex", Fate::Replace("o".into()))]);
    assert_eq!(turned.code(), "verify.release");
}

#[test]
fn a_first_half_that_lets_a_peer_of_operations_into_an_exercise_is_stopped() {
    for apart in [|case: &mut Case| case.sender = gbr(), |case: &mut Case| case.recipient = usa()] {
        let mut case = case(Traffic::Exercise, "e", "", &[]);
        apart(&mut case);
        assert_eq!(case.code(), "verify.release");
    }
}

#[test]
fn a_first_half_that_takes_the_policy_of_exercises_for_operations_is_stopped() {
    for (kept, flag, opex, code) in [
        ("GBR", Traffic::Exercise, "e", "verified"),
        ("GBR", Traffic::Operation, "", "verify.release"),
        ("USA", Traffic::Operation, "", "verified"),
        ("USA", Traffic::Exercise, "e", "verify.release"),
    ] {
        let mut case = case(flag, opex, "", &[]);
        case.kept = BTreeSet::from([kept.to_owned()]);
        assert_eq!(case.code(), code, "{kept} {flag:?}");
    }
}
