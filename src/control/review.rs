//! What a reviewer signs about a held message: which one it is, what is to become of it, and the digest of the bytes that leave.
//!
//! The gateway believes nothing of a review but this. It decides again by itself, and lets nothing leave whose digest is another: what the reviewer saw
//! is what leaves, and a desk that was taken over can release nothing.
//!
//! INVARIANT: one statement has one spelling, and one statement is about one held message, one recipient, one edition.

use std::collections::{BTreeMap, BTreeSet};

use super::statement::{Lines, check_reason, same};
use crate::base::encoding::digest_of_text;
use crate::base::{Digest, MessageId, Name, Time, on_one_line};
use crate::journal::Verdict;
use crate::statement::ReturnClass;

const REVIEW: &str = "vestibule review 1";
/// Findings that are waived, and fields that are taken out, by one statement at most: 256 of each, as many as are found in one message.
pub const CHOSEN_MAX: usize = 256;
/// Bytes of a signed statement at most: 48 KiB, some two hundred findings with their reasons; the control socket takes no longer line.
pub const NOTE_BYTES_MAX: usize = 48 << 10;

/// A held message, as reviewers name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The sender's id.
    pub message: MessageId,
    /// The sender.
    pub from: Name,
    /// For whom it is held.
    pub to: Name,
    /// Digest of the body as it came.
    pub body: Digest,
    /// Digest of the edition under which it was looked at.
    pub edition: Digest,
}

/// What is to become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// It leaves.
    Release {
        /// Findings that are let pass, by name, each with its reason.
        waived: BTreeMap<String, String>,
        /// Paths of fields that are taken out.
        removed: BTreeSet<String>,
        /// Digest of what leaves.
        leaves: Digest,
    },
    /// It never leaves.
    Reject,
    /// It never leaves, and its sender is told why in a word.
    Return(ReturnClass),
    /// A colleague is to decide.
    Pass(Name),
}

impl Chosen {
    /// What the journal calls it.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Release { .. } => Verdict::Release,
            Self::Reject => Verdict::Reject,
            Self::Return(_) => Verdict::Return,
            Self::Pass(_) => Verdict::Pass,
        }
    }
}

/// What a reviewer says of a held message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewStatement {
    /// Which.
    pub subject: Subject,
    /// What is to become of it.
    pub chosen: Chosen,
    /// Why.
    pub reason: String,
    /// Who says it.
    pub officer: Name,
    /// When.
    pub signed: Time,
}

impl Subject {
    /// The first lines of whatever is signed about it.
    #[must_use]
    pub fn head(&self) -> String {
        let Self { message, from, to, body, edition } = self;
        format!("{REVIEW}\nmessage: {message}\nfrom: {from}\nto: {to}\nbody: {body}\nedition: {edition}\n")
    }

    /// Reads the first lines.
    ///
    /// # Errors
    /// One line: that they are none of a review.
    pub fn of_head(head: &str) -> Result<Self, String> {
        let mut lines = Lines::of(head, REVIEW)?;
        let subject = Self::parse(&mut lines)?;
        same(lines.is_done() && subject.head() == head).map(|()| subject)
    }

    fn parse(lines: &mut Lines<'_>) -> Result<Self, String> {
        let message = lines.field("message")?.parse().map_err(|_| "its message is no id")?;
        let (from, to) = (lines.name("from")?, lines.name("to")?);
        let body = digest_of_text(lines.field("body")?).ok_or("its digest of the body is none")?;
        let edition = digest_of_text(lines.field("edition")?).ok_or("its digest of the edition is none")?;
        Ok(Self { message, from, to, body, edition })
    }

    /// What is signed to release it, but for what the reviewer alone can say: the lines `because`, `reason`, `officer` and `time` end after their colon
    /// and space, and are to be completed.
    #[must_use]
    pub fn template(&self, waived: &[String], removed: &[String], leaves: Digest) -> String {
        let waived = waived.iter().map(|name| (name.clone(), String::new())).collect();
        let chosen = Chosen::Release { waived, removed: removed.iter().cloned().collect(), leaves };
        format!("{}{}reason: \nofficer: \ntime: \n", self.head(), chosen.text())
    }

    /// Whether it is this one.
    ///
    /// # Errors
    /// One line: in what it is another.
    pub fn is(&self, other: &Self) -> Result<(), String> {
        if (&self.message, &self.from, &self.to) != (&other.message, &other.from, &other.to) {
            return Err("it is about another message, or another recipient; look at this one, and sign that".to_owned());
        }
        if self.body != other.body {
            return Err("it is over another digest of the body than that of the message on record".to_owned());
        }
        match self.edition == other.edition {
            true => Ok(()),
            false => Err("it is made under another edition than the one in force; look at the message again, and sign that".to_owned()),
        }
    }
}

impl Chosen {
    fn text(&self) -> String {
        let mut text = format!("verdict: {}\n", self.verdict().word());
        match self {
            Self::Release { waived, removed, leaves } => {
                waived.iter().for_each(|(name, reason)| text.push_str(&format!("waive: {name}\nbecause: {reason}\n")));
                removed.iter().for_each(|path| text.push_str(&format!("remove: {path}\n")));
                text.push_str(&format!("leaves: {leaves}\n"));
            }
            Self::Reject => {}
            Self::Return(class) => text.push_str(&format!("class: {}\n", class.word())),
            Self::Pass(colleague) => text.push_str(&format!("colleague: {colleague}\n")),
        }
        text
    }

    fn parse(lines: &mut Lines<'_>) -> Result<Self, String> {
        match lines.field("verdict")? {
            "release" => {
                let (mut waived, mut removed) = (BTreeMap::new(), BTreeSet::new());
                while lines.is_next("waive") {
                    let (name, reason) = (plain(lines.field("waive")?)?, lines.field("because")?.to_owned());
                    check_reason(&reason)?;
                    waived.insert(name, reason);
                }
                while lines.is_next("remove") {
                    removed.insert(plain(lines.field("remove")?)?);
                }
                let leaves = digest_of_text(lines.field("leaves")?).ok_or("its digest of what leaves is none")?;
                match waived.len().max(removed.len()) <= CHOSEN_MAX {
                    true => Ok(Self::Release { waived, removed, leaves }),
                    false => Err(format!("it waives or removes more than {CHOSEN_MAX}; return the message to its sender")),
                }
            }
            "reject" => Ok(Self::Reject),
            "return" => ReturnClass::named(lines.field("class")?).map(Self::Return).ok_or_else(|| "its class is none".to_owned()),
            "pass" => lines.name("colleague").map(Self::Pass),
            _ => Err("its verdict is none; expected release, reject, return or pass".to_owned()),
        }
    }
}

/// A word of a message, on one line as this program spells it.
fn plain(text: &str) -> Result<String, String> {
    // What is written has no control characters; backslashes stand in escapes only.
    let spelt = on_one_line(&text.replace('\\', ""));
    if spelt == text.replace('\\', "") { Ok(text.to_owned()) } else { Err("a name or path in it is not on one line".to_owned()) }
}

impl ReviewStatement {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { subject, chosen, reason, officer, signed } = self;
        format!("{}{}reason: {reason}\nofficer: {officer}\ntime: {signed}\n", subject.head(), chosen.text())
    }

    /// Reads what was signed.
    ///
    /// # Errors
    /// One line: that it is no such statement, or a reason in it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = Lines::of(text, REVIEW)?;
        let subject = Subject::parse(&mut lines)?;
        let chosen = Chosen::parse(&mut lines)?;
        let (reason, officer, signed) = (lines.field("reason")?.to_owned(), lines.name("officer")?, lines.time("time")?);
        check_reason(&reason)?;
        if !lines.is_done() {
            return Err("lines follow its last one".to_owned());
        }
        let statement = Self { subject, chosen, reason, officer, signed };
        same(statement.text() == text).map(|()| statement)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::officer::tests::time;
    use super::*;

    pub(in crate::control) fn statement(chosen: Chosen) -> ReviewStatement {
        let name = |text| Name::new(text).unwrap();
        let subject = Subject {
            message: MessageId::from_parts(1_700_000_000_000, [1; 10]),
            from: name("gbr-ops"),
            to: name("usa-ops"),
            body: Digest::of(b"body"),
            edition: Digest::of(b"edition"),
        };
        ReviewStatement { subject, chosen, reason: "known: false alarm".to_owned(), officer: name("ann"), signed: time("2026-11-23T10:00:00.5Z") }
    }

    fn release() -> Chosen {
        let waived = [("content.words words.txt:1 /event", "seen"), ("content.detector  /event/detail", "known")];
        Chosen::Release {
            waived: waived.map(|(name, why)| (name.to_owned(), why.to_owned())).into(),
            removed: ["/event/detail/contact".to_owned(), "/event/a\\u{a}b".to_owned()].into(),
            leaves: Digest::of(b"out"),
        }
    }

    fn all() -> Vec<ReviewStatement> {
        let bare = Chosen::Release { waived: BTreeMap::new(), removed: BTreeSet::new(), leaves: Digest::of(b"out") };
        [release(), bare, Chosen::Reject, Chosen::Return(ReturnClass::Content), Chosen::Pass(Name::new("bob").unwrap())].map(statement).into()
    }

    #[test]
    fn statements_read_back_and_have_one_spelling() {
        for statement in all() {
            let text = statement.text();
            assert_eq!(ReviewStatement::parse(&text).unwrap(), statement, "{text}");
            for other in [
                text.replace("10:00:00.5Z", "10:00:00.500Z"),
                format!("{text}\n"),
                format!("{text}more: x\n"),
                text.replace(": ", ":"),
                text.replace('\n', "\r\n"),
                text.replace("verdict: re", "verdict: Re"),
                text.replace("review 1", "review 2"),
                text.replace("remove: /event/a", "remove: /zevent/a"),
                text.replace("because: seen\n", "because: \n"),
                text.replace("reason: known: false alarm", "reason: "),
            ] {
                assert!(other == text || ReviewStatement::parse(&other).is_err(), "{other}");
            }
            for at in 0..text.len() {
                let head = text.get(..at).unwrap();
                assert!(ReviewStatement::parse(head).map_or(true, |read| read.text() == head), "{at}");
            }
        }
    }

    #[test]
    fn every_line_of_a_statement_counts() {
        for statement in all() {
            let text = statement.text();
            for (at, _) in text.lines().enumerate() {
                let rest: Vec<&str> = text.lines().enumerate().filter(|(other, _)| *other != at).map(|(_, line)| line).collect();
                let shorter = format!("{}\n", rest.join("\n"));
                assert!(ReviewStatement::parse(&shorter).map_or(true, |read| read != statement), "{shorter}");
            }
        }
    }

    #[test]
    fn a_template_completed_is_a_statement_and_an_incomplete_one_is_none() {
        let Chosen::Release { waived, removed, leaves } = release() else { panic!() };
        let (names, paths): (Vec<String>, Vec<String>) = (waived.keys().cloned().collect(), removed.into_iter().collect());
        let template = statement(Chosen::Reject).subject.template(&names, &paths, leaves);
        assert!(ReviewStatement::parse(&template).is_err());
        let whole = template
            .replacen("because: \n", "because: known\n", 1)
            .replacen("because: \n", "because: seen\n", 1)
            .replace("reason: \n", "reason: known: false alarm\n")
            .replace("officer: \n", "officer: ann\n")
            .replace("time: \n", "time: 2026-11-23T10:00:00.5Z\n");
        assert_eq!(ReviewStatement::parse(&whole).unwrap(), statement(release()));
    }

    #[test]
    fn a_statement_is_about_one_message_one_recipient_one_body_and_one_edition() {
        let own = statement(Chosen::Reject).subject;
        assert_eq!(own.is(&own.clone()), Ok(()));
        assert_eq!(Subject::of_head(&own.head()).unwrap(), own);
        assert!(Subject::of_head(&format!("{}x\n", own.head())).is_err());
        for (other, told) in [
            (Subject { message: MessageId::from_parts(2, [1; 10]), ..own.clone() }, "another message"),
            (Subject { to: Name::new("can-ops").unwrap(), ..own.clone() }, "another recipient"),
            (Subject { from: Name::new("can-ops").unwrap(), ..own.clone() }, "another message"),
            (Subject { body: Digest::of(b"x"), ..own.clone() }, "digest of the body"),
            (Subject { edition: Digest::of(b"x"), ..own.clone() }, "another edition"),
        ] {
            assert!(own.is(&other).unwrap_err().contains(told), "{told}");
        }
    }
}
