//! Conditions: what officers may set while a gateway runs, such as an alert state, and what clauses ask of them.
//!
//! `ruleset.toml` lists the values of each in rising order; the first holds until an operator's signed statement sets another. A clause with
//! `when = { condition = ["alert >= heightened"] }` permits only while all of it holds.
// SPEC: NIST SP 800-53 AC-4(3), dynamic information flow control.

use std::collections::BTreeSet;

use super::faults::Faults;
use super::table::{Need, Table};
use crate::base::Name;

/// A condition that a rule set declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its name, such as `alert`.
    pub name: Name,
    /// Its values in rising order; the first holds where nobody set another.
    pub values: Vec<String>,
}

/// What a clause asks of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// Which.
    pub condition: Name,
    /// Any of these.
    pub values: BTreeSet<String>,
}

impl When {
    /// Whether it holds under these conditions, by name.
    #[must_use]
    pub fn holds(&self, conditions: &[(String, String)]) -> bool {
        conditions.iter().any(|(name, value)| *name == self.condition.as_str() && self.values.contains(value))
    }
}

/// The conditions as they are: what was set where it is declared, else the first value.
#[must_use]
pub fn met(declared: &[Condition], set: &[(String, String)]) -> Vec<(String, String)> {
    let value = |condition: &Condition| {
        let given = set.iter().find(|(name, value)| *name == condition.name.as_str() && condition.values.contains(value));
        given.map(|(_, value)| value.clone()).or_else(|| condition.values.first().cloned())
    };
    declared.iter().filter_map(|condition| Some((condition.name.to_string(), value(condition)?))).collect()
}

fn is_word(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
}

/// `[conditions]`: the values of each in rising order.
pub(in crate::policy) fn declared(table: Option<Table<'_>>, faults: &mut Faults) -> Vec<Condition> {
    let mut all = Vec::new();
    for (name, values) in table.iter().flat_map(Table::entries) {
        let values = values.words(faults);
        for word in values.iter().chain([&name]).filter(|word| !is_word(word.text)) {
            faults.at(&word.at, format!("`{}` is no word of a condition", word.text), "1 to 32 of `a-z 0-9 - _`", "write it in lower case");
        }
        if values.len() < 2 {
            let what = format!("the condition `{}` has fewer than two values, so it can never change", name.text);
            faults.at(&name.at, what, "its values in rising order, the first of them the usual one", "add a value or remove the condition");
        }
        all.extend(name.name(faults).map(|name| Condition { name, values: values.iter().map(|word| word.text.to_owned()).collect() }));
    }
    all
}

/// `when = { condition = ["alert >= heightened"] }` of a clause.
pub(in crate::policy) fn when(table: &mut Table<'_>, declared: &[Condition], faults: &mut Faults) -> Vec<When> {
    let Some(mut when) = table.table("when", Need::Optional, faults) else { return Vec::new() };
    let mut all = Vec::new();
    for word in when.words("condition", Need::Required, faults) {
        let Some((name, sign, value)) = cut(word.text) else {
            let expected = "a condition, one of `=`, `!=`, `>=` or `<=`, and a value";
            faults.at(&word.at, format!("`{}` is no question about a condition", word.text), expected, "write it as in `alert >= heightened`");
            continue;
        };
        let Some(condition) = declared.iter().find(|condition| condition.name.as_str() == name) else {
            faults.unknown(&word.at, "condition", name, declared.iter().map(|condition| condition.name.as_str()));
            continue;
        };
        let Some(at) = condition.values.iter().position(|one| one == value) else {
            faults.unknown(&word.at, "value", value, condition.values.iter().map(String::as_str));
            continue;
        };
        let fits = |place: usize| match sign {
            "=" => place == at,
            "!=" => place != at,
            ">=" => place >= at,
            _ => place <= at,
        };
        let values: BTreeSet<String> = condition.values.iter().enumerate().filter(|(place, _)| fits(*place)).map(|(_, one)| one.clone()).collect();
        if values.len() == condition.values.len() {
            faults.at(&word.at, format!("`{}` always holds", word.text), "a question that can be answered with no", "remove it or change the value");
        }
        all.push(When { condition: condition.name.clone(), values });
    }
    when.finish(faults);
    all
}

fn cut(text: &str) -> Option<(&str, &'static str, &str)> {
    ["!=", ">=", "<=", "="].into_iter().find_map(|sign| {
        let (name, value) = text.split_once(sign)?;
        Some((name.trim(), sign, value.trim()))
    })
}

/// `conditions = { alert = "heightened" }` of a case.
pub(in crate::policy) fn given(table: &mut Table<'_>, declared: &[Condition], faults: &mut Faults) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in table.table("conditions", Need::Optional, faults).iter().flat_map(Table::entries) {
        let Some(value) = value.word(faults) else { continue };
        match declared.iter().find(|condition| condition.name.as_str() == name.text) {
            None => faults.unknown(&name.at, "condition", name.text, declared.iter().map(|condition| condition.name.as_str())),
            Some(condition) if !condition.values.iter().any(|one| one == value.text) => {
                faults.unknown(&value.at, "value", value.text, condition.values.iter().map(String::as_str));
            }
            Some(_) => all.push((name.text.to_owned(), value.text.to_owned())),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Complaint;
    use crate::policy::folder::from_texts;
    use crate::policy::table::read;

    fn read_all(text: &str) -> (Vec<Condition>, Vec<When>, Vec<String>) {
        let (mut conditions, mut asked) = (Vec::new(), Vec::new());
        let file = from_texts([("ruleset.toml", text)]).remove(0);
        let mut faults = Faults::of(file.path.clone());
        read(&file, &mut faults, |mut root, faults| {
            conditions = declared(root.table("conditions", Need::Optional, faults), faults);
            asked = when(&mut root, &conditions, faults);
            root.finish(faults);
        });
        (conditions, asked, faults.into_list().into_iter().map(|Complaint { what, .. }| what).collect())
    }

    const DECLARED: &str = "[conditions]\nalert = [\"normal\", \"heightened\", \"exceptional\"]\n";

    #[test]
    fn a_question_is_answered_by_the_values_that_fit_in_rising_order() {
        for (question, values) in [
            ("alert = heightened", vec!["heightened"]),
            ("alert!=heightened", vec!["exceptional", "normal"]),
            ("alert >= heightened", vec!["exceptional", "heightened"]),
            ("alert<=heightened", vec!["heightened", "normal"]),
        ] {
            let (_, asked, faults) = read_all(&format!("when = {{ condition = [\"{question}\"] }}\n{DECLARED}"));
            assert_eq!(faults, Vec::<String>::new());
            assert_eq!(asked[0].values.iter().map(String::as_str).collect::<Vec<_>>(), values, "{question}");
        }
    }

    #[test]
    fn questions_that_mean_nothing_and_conditions_that_never_change_are_faults() {
        for (text, told) in [
            (format!("when = {{ condition = [\"alert\"] }}\n{DECLARED}"), "no question"),
            (format!("when = {{ condition = [\"alrt = normal\"] }}\n{DECLARED}"), "`alrt`"),
            (format!("when = {{ condition = [\"alert = hightened\"] }}\n{DECLARED}"), "`hightened`"),
            (format!("when = {{ condition = [\"alert >= normal\"] }}\n{DECLARED}"), "always holds"),
            ("[conditions]\nalert = [\"normal\"]\n".to_owned(), "fewer than two"),
            ("[conditions]\nalert = [\"Normal\", \"high\"]\n".to_owned(), "`Normal`"),
        ] {
            let (_, _, faults) = read_all(&text);
            assert!(faults.iter().any(|fault| fault.contains(told)), "{told}: {faults:?}");
        }
    }

    #[test]
    fn the_first_value_holds_until_another_that_is_known_is_set() {
        let (declared, _, _) = read_all(DECLARED);
        let set = |value: &str| met(&declared, &[("alert".to_owned(), value.to_owned()), ("other".to_owned(), "x".to_owned())]);
        assert_eq!(met(&declared, &[]), [("alert".to_owned(), "normal".to_owned())]);
        assert_eq!(set("exceptional"), [("alert".to_owned(), "exceptional".to_owned())]);
        assert_eq!(set("unheard-of"), [("alert".to_owned(), "normal".to_owned())]);
    }
}
