//! Reviews, as plain data: who looked at a held message, who decided what about it, and the known items that were put among them.
//!
//! Records of an older program have no more than reviewer, verdict, waivers and reason; they read back, and a review without a [`Choice`] let pass
//! whatever had been found.

use minicbor::{Decode, Encode};
use serde::Serialize;

use super::event::{Accepted, MessageKey};
use crate::base::encoding::{maybe, word};
use crate::base::{Digest, Name, Time};
use crate::statement::ReturnClass;

/// The office put a known item among what is held: no peer sent it, nobody has a receipt, and it never leaves.
///
/// INVARIANT: no decision on it is `forward`; what counts messages does not count it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Seeded {
    /// What reviewers see of it, as of a message that was accepted; the id is the office's.
    #[n(0)]
    pub accepted: Accepted,
    /// For whom it is held.
    #[cbor(n(1), with = "word")]
    pub recipient: Name,
    /// The file of the folder of known items.
    #[n(2)]
    pub file: String,
    /// The right answer.
    #[n(3)]
    pub expected: Verdict,
    /// Why it is right, in the office's words.
    #[n(4)]
    pub why: String,
}

/// A person looked at a held message.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Looked {
    /// The message.
    #[n(0)]
    pub message: MessageKey,
    /// For which recipient it is held.
    #[cbor(n(1), with = "word")]
    pub recipient: Name,
    /// Who looked.
    #[n(2)]
    pub officer: String,
    /// When.
    #[cbor(n(3), with = "word")]
    pub time: Time,
}

/// What a reviewer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// To release it, with the waivers given.
    #[n(0)]
    Release,
    /// To refuse it.
    #[n(1)]
    Reject,
    /// To refuse it, and to tell its sender why in a word.
    #[n(2)]
    Return,
    /// To have a colleague decide.
    #[n(3)]
    Pass,
}

impl Verdict {
    /// The verdict of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Release, Self::Reject, Self::Return, Self::Pass].into_iter().find(|one| one.word() == word)
    }

    /// The word, as statements and people spell it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Reject => "reject",
            Self::Return => "return",
            Self::Pass => "pass",
        }
    }
}

/// What came of a review that was not carried out at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "lowercase")]
pub enum Pending {
    /// It waits for a second person.
    #[n(0)]
    Waits,
    /// A second person chose otherwise: both may choose anew.
    #[n(1)]
    Differs,
    /// It is passed on to a colleague.
    #[n(2)]
    Passed,
}

impl Pending {
    /// What it means, for people.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Waits => "recorded; a second person must choose the same before anything follows",
            Self::Differs => {
                "recorded; it is not what another person chose: both choices are visible now, nothing follows, and either may choose anew"
            }
            Self::Passed => "passed on",
        }
    }
}

/// A finding that a reviewer let pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize)]
pub struct Waived {
    /// The code.
    #[n(0)]
    pub code: String,
    /// The rule.
    #[n(1)]
    pub rule: String,
    /// The path.
    #[n(2)]
    pub path: String,
    /// Why, in the reviewer's words.
    #[n(3)]
    pub reason: String,
}

/// What exactly was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Choice {
    /// The edition under which it was chosen.
    #[cbor(n(0), with = "word")]
    pub edition: Digest,
    /// Findings that are let pass.
    #[n(1)]
    pub waived: Vec<Waived>,
    /// Paths of fields that are taken out.
    #[n(2)]
    pub removed: Vec<String>,
    /// The digest of what leaves, where something does.
    #[cbor(n(3), with = "maybe")]
    pub leaves: Option<Digest>,
    /// The class of reason that a sender is told.
    #[n(4)]
    pub class: Option<ReturnClass>,
    /// The colleague who is to decide.
    #[n(5)]
    pub colleague: Option<String>,
    /// Everybody whose review is carried out with this one.
    #[n(6)]
    pub with: Vec<String>,
}

impl Choice {
    /// Whether two persons chose the same: what each let pass with which words is theirs.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let names = |choice: &Self| choice.waived.iter().map(|one| (one.code.clone(), one.rule.clone(), one.path.clone())).collect::<Vec<_>>();
        (self.edition, self.leaves, self.class, &self.removed) == (other.edition, other.leaves, other.class, &other.removed)
            && names(self) == names(other)
    }
}

/// A person reviewed a held message. What follows from it is the next record, unless it is [`Pending`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Reviewed {
    /// The message.
    #[n(0)]
    pub message: MessageKey,
    /// For which recipient it is held.
    #[cbor(n(1), with = "word")]
    pub recipient: Name,
    /// Who reviewed.
    #[n(2)]
    pub reviewer: String,
    /// What the reviewer wants.
    #[n(3)]
    pub verdict: Verdict,
    /// Findings that are let pass, by name.
    #[n(4)]
    pub waivers: Vec<String>,
    /// Why, in the reviewer's words.
    #[n(5)]
    pub reason: String,
    /// When.
    #[cbor(n(6), with = "word")]
    pub time: Time,
    /// What exactly was chosen.
    #[n(7)]
    pub choice: Option<Choice>,
    /// The signed statement; none where the configuration has no officers.
    #[n(8)]
    pub note: Option<String>,
    /// What came of it, where it was not carried out at once.
    #[n(9)]
    pub pending: Option<Pending>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::MessageId;
    use crate::journal::{Event, Record};

    fn reviewed() -> Reviewed {
        Reviewed {
            message: MessageKey { from: Name::new("gbr-ops").unwrap(), id: MessageId::from_parts(1, [1; 10]) },
            recipient: Name::new("usa-ops").unwrap(),
            reviewer: "maj smith".to_owned(),
            verdict: Verdict::Reject,
            waivers: vec!["codewords.txt:12".to_owned()],
            reason: "not ours".to_owned(),
            time: Time::EPOCH,
            choice: None,
            note: None,
            pending: None,
        }
    }

    #[test]
    fn a_review_of_an_older_program_reads_back_and_is_written_as_it_was() {
        // As the program wrote it before there were choices, notes and second persons: seven fields.
        let mut old = minicbor::Encoder::new(Vec::new());
        old.array(2).unwrap().u8(7).unwrap().array(2).unwrap().u8(4).unwrap().array(1).unwrap().array(7).unwrap();
        old.array(2).unwrap().str("gbr-ops").unwrap().str(&reviewed().message.id.to_string()).unwrap();
        old.str("usa-ops").unwrap().str("maj smith").unwrap().u8(1).unwrap();
        old.array(1).unwrap().str("codewords.txt:12").unwrap().str("not ours").unwrap().str("1970-01-01T00:00:00Z").unwrap();
        let bytes = old.into_writer();
        let ours = Record { index: 7, event: Event::Reviewed(reviewed()) };
        assert_eq!(ours.encode().unwrap(), bytes);
        assert_eq!(Record::decode(&bytes).unwrap(), ours);
    }

    #[test]
    fn two_persons_choose_the_same_where_only_their_words_differ() {
        let waived = |reason: &str| Waived { code: "c".to_owned(), rule: "r".to_owned(), path: "/p".to_owned(), reason: reason.to_owned() };
        let one = Choice {
            edition: Digest::of(b"e"),
            waived: vec![waived("known")],
            removed: vec!["/a".to_owned()],
            leaves: Some(Digest::of(b"out")),
            class: None,
            colleague: None,
            with: vec!["ann".to_owned()],
        };
        assert!(one.is_same(&Choice { waived: vec![waived("seen")], with: Vec::new(), ..one.clone() }));
        for other in [
            Choice { waived: Vec::new(), ..one.clone() },
            Choice { removed: Vec::new(), ..one.clone() },
            Choice { leaves: None, ..one.clone() },
            Choice { edition: Digest::of(b"f"), ..one.clone() },
            Choice { class: Some(ReturnClass::Label), ..one.clone() },
        ] {
            assert!(!one.is_same(&other), "{other:?}");
        }
    }
}
