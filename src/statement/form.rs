//! The text of a statement: a first line, then `key value` lines in one order. There is one text for each statement, and no other reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{STATEMENT_BYTES_MAX, VerifierKey};
use crate::base::encoding::Word;
use crate::base::{Digest, MessageId, Name, Reason, Refusal, Time};

/// The first line of every statement.
const FIRST: &str = "vestibule statement 1";
/// Recipients of a consent at most: 64, as of a message.
const RECIPIENTS_MAX: usize = 64;
/// Uses of a consent at most: a million; more is a clause, not a consent.
const USES_MAX: u32 = 1_000_000;

/// What a party says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its identity.
    pub id: MessageId,
    /// The nation or organisation that says it, by its code.
    pub by: Name,
    /// When it was said.
    pub time: Time,
    /// What it says.
    pub says: Says,
}

/// The kinds of statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// A gateway asks for consent.
    Request(Request),
    /// A party consents to releases.
    Consent(Consent),
    /// A party takes a consent back.
    Revocation {
        /// The consent.
        of: MessageId,
    },
    /// A party withdraws what it gave.
    Recall(Recall),
    /// A party has heard of a recall, and done what it asks.
    Acknowledgement {
        /// The recall.
        of: MessageId,
    },
    /// A gateway returns a message to its sender: a reviewer decided so.
    Returned {
        /// The message, by its sender's identity.
        of: MessageId,
        /// Why, in a word.
        class: ReturnClass,
    },
}

/// Why a message is returned, as its sender is told: a word, and never what was found.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, minicbor::Encode, minicbor::Decode, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[cbor(index_only)]
#[serde(rename_all = "lowercase")]
pub enum ReturnClass {
    /// The label is wrong or missing.
    #[n(0)]
    Label,
    /// No agreement covers it.
    #[n(1)]
    Agreement,
    /// What it says may not go where it is addressed.
    #[n(2)]
    Content,
    /// It is not written as it should be.
    #[n(3)]
    Format,
    /// Something else: ask.
    #[n(4)]
    Other,
}

impl ReturnClass {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Label, Self::Agreement, Self::Content, Self::Format, Self::Other];

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Agreement => "agreement",
            Self::Content => "content",
            Self::Format => "format",
            Self::Other => "other",
        }
    }

    /// The class that a word names.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }
}

/// For what a gateway asks consent: who would give what to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The party that is asked.
    pub of: Name,
    /// The peer that sent the message.
    pub sender: Name,
    /// The peer that is to get it.
    pub to: Name,
    /// SHA-256 of the message's body as it came.
    pub content: Digest,
    /// The digest of its label.
    pub label: Digest,
}

/// To what a party consents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// To what.
    pub scope: Scope,
    /// The peers that may get it.
    pub to: BTreeSet<Name>,
    /// Good from.
    pub from: Time,
    /// Good until (exclusive).
    pub until: Time,
    /// Releases under it at most, each to one recipient.
    pub uses: u32,
    /// Whether it can be taken back.
    pub revocable: bool,
}

/// To what a consent extends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One content under one label.
    Content {
        /// SHA-256 of the body.
        content: Digest,
        /// The digest of the label.
        label: Digest,
    },
    /// Whatever one clause releases.
    Clause(Name),
}

/// What a party withdraws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// What.
    pub target: Target,
    /// SHA-256 of the body that takes its place.
    pub successor: Option<Digest>,
}

/// How a withdrawn message is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Every message with this body, by its SHA-256.
    Content(Digest),
    /// The message to which its sender gave this identity.
    Message(MessageId),
}

/// The digest of a label: over its policy, classification and categories by name, sorted, so that two readers who agree on a label agree on it.
#[must_use]
pub fn label_digest<'l>(policy: &str, classification: &str, values: impl Iterator<Item = (&'l str, &'l str)>) -> Digest {
    let values: BTreeSet<(&str, &str)> = values.collect();
    let mut text = format!("vestibule label 1\n{policy}\n{classification}\n");
    for (set, value) in values {
        writeln!(text, "{set}\t{value}").unwrap_or(());
    }
    Digest::of(text.as_bytes())
}

impl Statement {
    /// Reads a text and the signature of the party that it names.
    ///
    /// # Errors
    /// `consent.malformed` for what is no statement; `consent.signature` for one that none of the keys of its party signed.
    pub fn open<'k, K: Iterator<Item = &'k VerifierKey>>(note: &str, keys: impl FnOnce(&Name) -> K) -> Result<Self, Refusal> {
        if note.len() > STATEMENT_BYTES_MAX {
            return Err(malformed("expected at most 8 KiB"));
        }
        let (text, _) = note.rsplit_once("\n\n").ok_or_else(|| malformed("expected a signed note"))?;
        let read = Self::parse(&format!("{text}\n"))?;
        match keys(&read.by).any(|key| key.open(note).is_ok()) {
            true => Ok(read),
            false => Err(Refusal::new(Reason::ConsentSignature, "expected a signature by a key that the rule set has of the party")),
        }
    }

    /// Reads an unsigned text.
    ///
    /// # Errors
    /// `consent.malformed`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut lines =
            text.strip_prefix(FIRST).and_then(|rest| rest.strip_prefix('\n')).ok_or_else(|| malformed("expected the first line"))?.lines();
        let kind = lines.next().ok_or_else(|| malformed("expected a kind"))?;
        let mut fields = BTreeMap::new();
        for line in lines {
            let (key, value) = line.split_once(' ').ok_or_else(|| malformed("expected a key and a value in every line"))?;
            if fields.insert(key, value).is_some() {
                return Err(malformed("expected every key once"));
            }
        }
        let read = Fields(fields).statement(kind).ok_or_else(|| malformed("expected the keys of its kind, with values of their form"))?;
        // One text for each statement: what stands in another order, or besides, is not read over.
        if read.text() == text { Ok(read) } else { Err(malformed("expected the keys in their order, and nothing else")) }
    }

    /// The text, which is what is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{FIRST}\n{}\nid {}\nby {}\ntime {}\n", self.says.word(), self.id, self.by, self.time);
        let mut line = |key: &str, value: &dyn std::fmt::Display| writeln!(text, "{key} {value}").unwrap_or(());
        match &self.says {
            Says::Request(Request { of, sender, to, content, label }) => {
                line("of", of);
                line("sender", sender);
                line("to", to);
                line("content", content);
                line("label", label);
            }
            Says::Consent(consent) => {
                match &consent.scope {
                    Scope::Content { content, label } => {
                        line("content", content);
                        line("label", label);
                    }
                    Scope::Clause(clause) => line("clause", clause),
                }
                line("to", &consent.to.iter().map(Name::as_str).collect::<Vec<_>>().join(" "));
                line("from", &consent.from);
                line("until", &consent.until);
                line("uses", &consent.uses);
                line("revocable", if consent.revocable { &"yes" } else { &"no" });
            }
            Says::Revocation { of } | Says::Acknowledgement { of } => line("of", of),
            Says::Returned { of, class } => {
                line("of", of);
                line("class", &class.word());
            }
            Says::Recall(Recall { target, successor }) => {
                match target {
                    Target::Content(content) => line("content", content),
                    Target::Message(id) => line("message", id),
                }
                if let Some(successor) = successor {
                    line("successor", successor);
                }
            }
        }
        text
    }
}

impl Says {
    /// The word of the kind.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Consent(_) => "consent",
            Self::Revocation { .. } => "revocation",
            Self::Recall(_) => "recall",
            Self::Acknowledgement { .. } => "acknowledgement",
            Self::Returned { .. } => "returned",
        }
    }
}

fn malformed(expected: &str) -> Refusal {
    Refusal::new(Reason::ConsentMalformed, expected)
}

struct Fields<'t>(BTreeMap<&'t str, &'t str>);

impl Fields<'_> {
    fn get<T: Word>(&self, key: &str) -> Option<T> {
        T::of_text(self.0.get(key)?)
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    fn statement(&self, kind: &str) -> Option<Statement> {
        let says = match kind {
            "request" => Says::Request(Request {
                of: self.get("of")?,
                sender: self.get("sender")?,
                to: self.get("to")?,
                content: self.get("content")?,
                label: self.get("label")?,
            }),
            "consent" => Says::Consent(self.consent()?),
            "revocation" => Says::Revocation { of: self.get("of")? },
            "recall" => Says::Recall(Recall {
                target: if self.has("content") { Target::Content(self.get("content")?) } else { Target::Message(self.get("message")?) },
                successor: if self.has("successor") { Some(self.get("successor")?) } else { None },
            }),
            "acknowledgement" => Says::Acknowledgement { of: self.get("of")? },
            "returned" => Says::Returned { of: self.get("of")?, class: ReturnClass::named(self.0.get("class")?)? },
            _ => return None,
        };
        Some(Statement { id: self.get("id")?, by: self.get("by")?, time: self.get("time")?, says })
    }

    fn consent(&self) -> Option<Consent> {
        let scope = match self.has("clause") {
            true => Scope::Clause(self.get("clause")?),
            false => Scope::Content { content: self.get("content")?, label: self.get("label")? },
        };
        let to = self.0.get("to")?.split(' ').map(Name::new).collect::<Option<BTreeSet<_>>>()?;
        let (from, until): (Time, Time) = (self.get("from")?, self.get("until")?);
        let uses = self.0.get("uses")?.parse().ok().filter(|uses| (1..=USES_MAX).contains(uses))?;
        let revocable = match *self.0.get("revocable")? {
            "yes" => true,
            "no" => false,
            _ => return None,
        };
        (to.len() <= RECIPIENTS_MAX && from < until).then_some(Consent { scope, to, from, until, uses, revocable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::SignerKey;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn time(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    fn consent() -> Consent {
        Consent {
            scope: Scope::Content { content: Digest::of(b"c"), label: Digest::of(b"l") },
            to: [name("can-ops"), name("aus-ops")].into(),
            from: time("2026-01-01T00:00:00Z"),
            until: time("2026-01-02T00:00:00Z"),
            uses: 2,
            revocable: true,
        }
    }

    fn all() -> Vec<Statement> {
        let of = MessageId::from_parts(2, [2; 10]);
        let digest = Digest::of(b"x");
        let request = Request { of: name("USA"), sender: name("gbr-ops"), to: name("can-ops"), content: digest, label: digest };
        [
            Says::Request(request),
            Says::Consent(consent()),
            Says::Consent(Consent { scope: Scope::Clause(name("FVEY/1.1")), revocable: false, ..consent() }),
            Says::Revocation { of },
            Says::Recall(Recall { target: Target::Content(digest), successor: None }),
            Says::Recall(Recall { target: Target::Message(of), successor: Some(digest) }),
            Says::Acknowledgement { of },
            Says::Returned { of, class: ReturnClass::Content },
        ]
        .into_iter()
        .map(|says| Statement { id: MessageId::from_parts(1, [1; 10]), by: name("USA"), time: time("2026-01-01T00:00:00Z"), says })
        .collect()
    }

    #[test]
    fn every_statement_reads_back_and_no_other_text_says_the_same() {
        for one in all() {
            let text = one.text();
            assert_eq!(Statement::parse(&text).unwrap(), one, "{text}");
            let mut lines: Vec<&str> = text.lines().collect();
            lines.swap(3, 4);
            let swapped = format!("{}\n", lines.join("\n"));
            for other in [swapped, format!("{text}x y\n"), text.replace("\nby ", "\nby  "), format!("{text}by USA\n"), text.trim_end().to_owned()] {
                assert_eq!(Statement::parse(&other).unwrap_err().reason, Reason::ConsentMalformed, "{other}");
            }
        }
    }

    #[test]
    fn what_a_consent_must_not_say_is_refused() {
        let whole = all()[1].text();
        for (old, new) in [
            ("uses 2", "uses 0"),
            ("uses 2", "uses 02"),
            ("uses 2", "uses 1000001"),
            ("revocable yes", "revocable perhaps"),
            ("until 2026-01-02", "until 2026-01-01"),
            ("to aus-ops can-ops", "to can-ops aus-ops"),
            ("to aus-ops can-ops", "to aus-ops aus-ops"),
            ("consent\n", "concession\n"),
        ] {
            let text = whole.replacen(old, new, 1);
            assert_ne!(text, whole, "{old}");
            assert_eq!(Statement::parse(&text).unwrap_err().reason, Reason::ConsentMalformed, "{text}");
        }
    }

    #[test]
    fn a_statement_counts_under_a_key_of_the_party_that_it_names() {
        let key = |n: u8, owner: &str| SignerKey::made(owner, &[n; 32]).unwrap().0;
        let (usa, gbr) = (key(1, "usa.example/s"), key(2, "gbr.example/s"));
        let keys = |by: &Name| {
            let owner = by.as_str().to_lowercase();
            [usa.verifier(), gbr.verifier()].into_iter().filter(move |key| key.name().starts_with(&owner))
        };
        for one in all() {
            assert_eq!(Statement::open(&usa.sign(&one.text()), keys).unwrap(), one);
            assert_eq!(Statement::open(&gbr.sign(&one.text()), keys).unwrap_err().reason, Reason::ConsentSignature);
            let altered = usa.sign(&one.text()).replacen("by USA", "by GBR", 1);
            assert_eq!(Statement::open(&altered, keys).unwrap_err().reason, Reason::ConsentSignature);
        }
        assert_eq!(Statement::open("x", keys).unwrap_err().reason, Reason::ConsentMalformed);
        assert_eq!(Statement::open(&"x".repeat(STATEMENT_BYTES_MAX + 1), keys).unwrap_err().reason, Reason::ConsentMalformed);
    }

    #[test]
    fn the_digest_of_a_label_does_not_depend_on_the_order_of_its_values() {
        let one = label_digest("USA", "SECRET", [("Rel", "GBR"), ("Rel", "CAN")].into_iter());
        assert_eq!(one, label_digest("USA", "SECRET", [("Rel", "CAN"), ("Rel", "GBR"), ("Rel", "GBR")].into_iter()));
        assert_ne!(one, label_digest("USA", "SECRET", [("Rel", "CAN")].into_iter()));
    }
}
