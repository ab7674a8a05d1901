//! What officers sign: a few lines that a person can read, over an edition or a condition.
//!
//! One statement has one spelling: what reads back otherwise than it was written is refused, so that two programs cannot understand it differently.

use std::collections::BTreeSet;

use super::officer::{Edict, Role};
use crate::base::{Name, Time};

/// Characters of a reason at most: 1,000.
pub const REASON_CHARS_MAX: usize = 1000;

const EDITION: &str = "vestibule edition 1";
const CONDITION: &str = "vestibule condition 1";

/// What an officer says of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Which.
    pub edict: Edict,
    /// Who says it.
    pub officer: Name,
    /// In which role.
    pub role: Role,
    /// When.
    pub signed: Time,
    /// That it is for an emergency only.
    pub emergency: Option<Emergency>,
}

/// The bounds of an emergency edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// Until when.
    pub until: Time,
    /// The clauses in which it may differ from the edition before it, as `agreement/clause`.
    pub scope: BTreeSet<String>,
    /// Why.
    pub reason: String,
}

/// What an officer says of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionStatement {
    /// Which.
    pub name: String,
    /// What it is from now on.
    pub value: String,
    /// Who says it.
    pub officer: Name,
    /// When.
    pub signed: Time,
    /// Why.
    pub reason: String,
}

impl Statement {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let Edict { ruleset, number, digest } = &self.edict;
        let mut text = format!("{EDITION}\nrule set: {ruleset}\nedition: {number}\ndigest: {digest}\n");
        text.push_str(&format!("officer: {}\nrole: {}\ntime: {}\n", self.officer, self.role.word(), self.signed));
        if let Some(Emergency { until, scope, reason }) = &self.emergency {
            let scope: Vec<&str> = scope.iter().map(String::as_str).collect();
            text.push_str(&format!("emergency until: {until}\nscope: {}\nreason: {reason}\n", scope.join(" ")));
        }
        text
    }

    /// Reads what was signed.
    ///
    /// # Errors
    /// One line: that it is no such statement.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = Lines::of(text, EDITION)?;
        let (ruleset, number) = (lines.field("rule set")?.to_owned(), lines.field("edition")?.to_owned());
        let digest = crate::base::encoding::digest_of_text(lines.field("digest")?).ok_or("its digest is none")?;
        let officer = lines.name("officer")?;
        let role = Role::named(lines.field("role")?).ok_or("its role is none")?;
        let signed = lines.time("time")?;
        let emergency = match lines.is_done() {
            true => None,
            false => Some(Emergency {
                until: lines.time("emergency until")?,
                scope: lines.field("scope")?.split(' ').map(str::to_owned).collect(),
                reason: lines.field("reason")?.to_owned(),
            }),
        };
        let statement = Self { edict: Edict { ruleset, number, digest }, officer, role, signed, emergency };
        same(statement.text() == text).map(|()| statement)
    }

    /// Whether it is about this edition.
    ///
    /// # Errors
    /// One line: about which it is.
    pub fn about(&self, edict: &Edict) -> Result<(), String> {
        if (&self.edict.ruleset, &self.edict.number) != (&edict.ruleset, &edict.number) {
            return Err(format!("it is about `{}`, expected `{}`", self.edict.title(), edict.title()));
        }
        match self.edict.digest == edict.digest {
            true => Ok(()),
            false => Err(format!("it is over another digest, {}: the files were changed after it was signed; sign them again", self.edict.digest)),
        }
    }
}

impl ConditionStatement {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { name, value, officer, signed, reason } = self;
        format!("{CONDITION}\ncondition: {name}\nvalue: {value}\nofficer: {officer}\ntime: {signed}\nreason: {reason}\n")
    }

    /// Reads what was signed.
    ///
    /// # Errors
    /// One line: that it is no such statement.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = Lines::of(text, CONDITION)?;
        let (name, value) = (lines.field("condition")?.to_owned(), lines.field("value")?.to_owned());
        let (officer, signed, reason) = (lines.name("officer")?, lines.time("time")?, lines.field("reason")?.to_owned());
        let statement = Self { name, value, officer, signed, reason };
        same(statement.text() == text).map(|()| statement)
    }
}

pub(super) fn same(same: bool) -> Result<(), String> {
    if same { Ok(()) } else { Err("it is not spelt as this program spells it; sign it with `vestibule`".to_owned()) }
}

/// Whether a reason is one line of a length that people read.
///
/// # Errors
/// One line: what is expected.
pub fn check_reason(reason: &str) -> Result<(), String> {
    let plain = !reason.trim().is_empty() && reason.trim() == reason && !reason.chars().any(char::is_control);
    match plain && reason.chars().count() <= REASON_CHARS_MAX {
        true => Ok(()),
        false => Err(format!("expected a reason of one line with 1 to {REASON_CHARS_MAX} characters")),
    }
}

/// `key: value` lines, in their order.
pub(super) struct Lines<'t> {
    lines: std::iter::Peekable<std::str::Lines<'t>>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str, first: &str) -> Result<Self, String> {
        let mut lines = text.lines().peekable();
        match lines.next() == Some(first) {
            true => Ok(Self { lines }),
            false => Err(format!("it is no statement of the kind `{first}`")),
        }
    }

    pub(super) fn is_done(&mut self) -> bool {
        self.lines.peek().is_none()
    }

    /// Whether the next line is of a key.
    pub(super) fn is_next(&mut self, key: &str) -> bool {
        self.lines.peek().is_some_and(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(": ")))
    }

    pub(super) fn field(&mut self, key: &str) -> Result<&'t str, String> {
        let found = self.lines.next().and_then(|line| line.strip_prefix(key)?.strip_prefix(": "));
        found.ok_or_else(|| format!("it has no line `{key}` where one is expected"))
    }

    pub(super) fn name(&mut self, key: &str) -> Result<Name, String> {
        Name::new(self.field(key)?).ok_or_else(|| format!("its `{key}` is no name"))
    }

    pub(super) fn time(&mut self, key: &str) -> Result<Time, String> {
        Time::parse(self.field(key)?).ok_or_else(|| format!("its `{key}` is no time"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::officer::tests::{edict, time};
    use super::*;

    fn statement(emergency: Option<Emergency>) -> Statement {
        Statement { edict: edict(), officer: Name::new("ann").unwrap(), role: Role::Author, signed: time("2026-11-23T10:00:00.5Z"), emergency }
    }

    #[test]
    fn statements_read_back_and_have_one_spelling() {
        let emergency =
            Emergency { until: time("2026-11-23T12:00:00Z"), scope: ["A/1".to_owned(), "B/2".to_owned()].into(), reason: "a flood: east".to_owned() };
        for statement in [statement(None), statement(Some(emergency))] {
            let text = statement.text();
            assert_eq!(Statement::parse(&text).unwrap(), statement, "{text}");
            for other in
                [text.replace("10:00:00.5Z", "10:00:00.500Z"), format!("{text}\n"), text.replace(": ", ":"), text.replace("A/1 B/2", "B/2 A/1")]
            {
                assert!(other == text || Statement::parse(&other).is_err(), "{other}");
            }
            for at in 0..text.len() {
                let head = text.get(..at).unwrap();
                assert!(Statement::parse(head).map_or(true, |read| read.text() == head), "{at}");
            }
        }
    }

    #[test]
    fn a_statement_about_a_condition_reads_back_and_is_none_about_an_edition() {
        let statement = ConditionStatement {
            name: "alert".to_owned(),
            value: "heightened".to_owned(),
            officer: Name::new("ann").unwrap(),
            signed: time("2026-11-23T10:00:00Z"),
            reason: "order 7".to_owned(),
        };
        assert_eq!(ConditionStatement::parse(&statement.text()).unwrap(), statement);
        assert!(Statement::parse(&statement.text()).is_err());
        assert!(ConditionStatement::parse(&super::tests::statement(None).text()).is_err());
    }

    #[test]
    fn reasons_are_one_line() {
        assert!(check_reason("a flood").is_ok());
        for bad in ["", " ", "a\nb", " a", &"x".repeat(REASON_CHARS_MAX + 1)] {
            assert!(check_reason(bad).is_err(), "{bad:?}");
        }
    }
}
