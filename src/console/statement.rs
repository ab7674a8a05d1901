//! The words that a reviewer signs, completed from what the keeper prepared and what the reviewer said.
//!
//! The keeper reads what comes back and refuses what is spelt otherwise: nothing here is believed.

use std::collections::BTreeMap;

use crate::control::desk::Item;
use crate::control::statement::check_reason;

/// What a reviewer said beside the choice.
#[derive(Debug, Default, Clone)]
pub(super) struct Said {
    pub(super) verdict: String,
    /// Class of a return.
    pub(super) class: String,
    /// To whom it is passed.
    pub(super) colleague: String,
    pub(super) reason: String,
    /// Why each finding is waived, by its name.
    pub(super) whys: BTreeMap<String, String>,
}

/// The text to sign for a choice, by an officer, at a time.
///
/// # Errors
/// One line: what is missing.
pub(super) fn to_sign(item: &Item, said: &Said, (officer, time): (&str, &str)) -> Result<String, String> {
    check_reason(&said.reason)?;
    let head = &item.head;
    let end = format!("reason: {}\nofficer: {officer}\ntime: {time}\n", said.reason);
    match said.verdict.as_str() {
        "release" => released(item, said, (officer, time)),
        "reject" => Ok(format!("{head}verdict: reject\n{end}")),
        "return" if !said.class.is_empty() => Ok(format!("{head}verdict: return\nclass: {}\n{end}", said.class)),
        "return" => Err("expected a class of the return".to_owned()),
        "pass" if !said.colleague.is_empty() => Ok(format!("{head}verdict: pass\ncolleague: {}\n{end}", said.colleague)),
        "pass" => Err("expected the name of the colleague who is to decide".to_owned()),
        _ => Err("expected a decision: release, reject, return or pass".to_owned()),
    }
}

/// What the keeper prepared, with the lines that the reviewer alone can say.
fn released(item: &Item, said: &Said, (officer, time): (&str, &str)) -> Result<String, String> {
    if item.release.is_empty() {
        return Err(format!("nothing would leave under this choice: {}", item.would));
    }
    let mut text = String::new();
    let mut waived = "";
    for line in item.release.lines() {
        waived = line.strip_prefix("waive: ").unwrap_or(waived);
        let whole = match line {
            "because: " => {
                let why = said.whys.get(waived).map(String::as_str).unwrap_or_default();
                check_reason(why).map_err(|expected| format!("a finding is waived without a reason: {expected}"))?;
                format!("because: {why}")
            }
            "reason: " => format!("reason: {}", said.reason),
            "officer: " => format!("officer: {officer}"),
            "time: " => format!("time: {time}"),
            line => line.to_owned(),
        };
        text.push_str(&whole);
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(verdict: &str) -> Said {
        Said { verdict: verdict.to_owned(), reason: "known".to_owned(), whys: [("a b /c".to_owned(), "seen".to_owned())].into(), ..Said::default() }
    }

    #[test]
    fn a_release_is_what_the_keeper_prepared_with_the_reviewers_words_in_it() {
        let item = Item {
            release: "vestibule review 1\nverdict: release\nwaive: a b /c\nbecause: \nleaves: d\nreason: \nofficer: \ntime: \n".to_owned(),
            ..Item::default()
        };
        let text = to_sign(&item, &said("release"), ("ann", "now")).unwrap();
        assert_eq!(text, "vestibule review 1\nverdict: release\nwaive: a b /c\nbecause: seen\nleaves: d\nreason: known\nofficer: ann\ntime: now\n");
        let silent = Said { whys: BTreeMap::new(), ..said("release") };
        assert!(to_sign(&item, &silent, ("ann", "now")).unwrap_err().contains("without a reason"));
        assert!(to_sign(&Item::default(), &said("release"), ("ann", "now")).unwrap_err().contains("nothing would leave"));
    }

    #[test]
    fn a_decision_lacks_nothing() {
        for (bad, told) in [("return", "class"), ("pass", "colleague"), ("", "a decision"), ("allow", "a decision")] {
            assert!(to_sign(&Item::default(), &said(bad), ("ann", "now")).unwrap_err().contains(told), "{bad}");
        }
        let two_lines = Said { reason: "a\nofficer: bob".to_owned(), ..said("reject") };
        assert!(to_sign(&Item::default(), &two_lines, ("ann", "now")).is_err());
        assert!(
            to_sign(&Item::default(), &said("reject"), ("ann", "now"))
                .unwrap()
                .ends_with("verdict: reject\nreason: known\nofficer: ann\ntime: now\n")
        );
    }
}
