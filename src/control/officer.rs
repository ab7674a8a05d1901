//! Officers: whose signatures count, for what, and the two persons that an edition needs.
//!
//! Takes the officers of a configuration, what their certificates are, a time, and signed statements, gives what two different people said of one edition, or every reason why it is not
//! that. Reads no file and no clock.
//!
//! INVARIANT: an edition is approved only by an author and an approver who have different names and different keys.

use std::collections::BTreeSet;

use super::credentials::Credentials;
use super::review::{NOTE_BYTES_MAX, ReviewStatement};
use super::statement::{ConditionStatement, Emergency, Statement};
use crate::audit::VerifierKey;
use crate::base::{Digest, Fault, Name, Time};
use crate::config;
use crate::journal::Hand;

/// What an officer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Role {
    /// Looks at the gateway, never at a content.
    Viewer,
    /// Writes rules, and says so.
    Author,
    /// Has read what another wrote, and agrees.
    Approver,
    /// Decides on held messages.
    Reviewer,
    /// Sets conditions.
    Operator,
    /// Reads the journal.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Viewer, Self::Author, Self::Approver, Self::Reviewer, Self::Operator, Self::Auditor];

    /// The word, as the configuration and signatures spell it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Author => "author",
            Self::Approver => "approver",
            Self::Reviewer => "reviewer",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// The role that a word names.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// A person whose signatures count.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Officer {
    name: Name,
    key: VerifierKey,
    /// Why the officer's signatures do not count, though they are the officer's: the certificate has ended, or was revoked.
    suspended: Option<String>,
    roles: BTreeSet<Role>,
}

/// The officers of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Officers {
    list: Vec<Officer>,
}

/// An edition, as officers name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edict {
    /// The name of the rule set.
    pub ruleset: String,
    /// The number of the edition.
    pub number: String,
    /// The digest of its files.
    pub digest: Digest,
}

impl Edict {
    /// What people call it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.ruleset, self.number)
    }
}

/// What two persons agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Their signatures, the author's first.
    pub hands: Vec<Hand>,
    /// What both say of the emergency; `None` where it is a plain edition.
    pub emergency: Option<Emergency>,
}

impl Officers {
    /// The officers of a configuration, as their certificates are at this time.
    ///
    /// # Errors
    /// A key that is none, or whose name is not the officer's; a certificate that never counts; anchors of certificates that are refused.
    pub fn of(given: &[config::Officer], credentials: &Credentials, now: Time) -> Result<Self, Fault> {
        let trust = credentials.trust()?;
        let mut list: Vec<Officer> = Vec::new();
        for one in given {
            let (key, suspended) = match &one.key {
                Some(key) => (bare(&one.name, key)?, None),
                None => credentials.key(&one.name, trust.as_ref(), now)?,
            };
            // The same key under another name differs in its text.
            if let Some(other) = list.iter().find(|other| other.key.is_same_key(&key)) {
                return Err(Fault::new(format!("the officers `{}` and `{}` have one key; give each a key of their own", other.name, one.name)));
            }
            list.push(Officer { name: one.name.clone(), key, suspended, roles: one.roles.iter().filter_map(|word| Role::named(word)).collect() });
        }
        Ok(Self { list })
    }

    /// Whether there are none: then rule sets are in force as their folder is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The text under a signature, with the officer who made it.
    fn open<'n>(&self, note: &'n str) -> Result<(&Officer, &'n str), String> {
        let mut why = "it is signed by none of the officers of the configuration".to_owned();
        for officer in &self.list {
            match officer.key.open(note) {
                Ok(text) => match &officer.suspended {
                    None => return Ok((officer, text)),
                    Some(cause) => why = format!("the certificate of `{}` does not count: {cause}", officer.name),
                },
                // The one whose name stands there says more than the others.
                Err(text) if note.contains(&format!("\u{2014} {} ", officer.name)) => why = text,
                Err(_) => {}
            }
        }
        Err(why)
    }

    fn hand(officer: &Officer, name: &Name, role: Role, signed: crate::base::Time) -> Result<Hand, String> {
        if *name != officer.name {
            return Err(format!("it speaks for `{name}` and is signed by `{}`", officer.name));
        }
        if !officer.roles.contains(&role) {
            return Err(format!("`{}` is no {}", officer.name, role.word()));
        }
        Ok(Hand { officer: officer.name.to_string(), role: role.word().to_owned(), key: officer.key.to_string(), signed })
    }

    /// What a signed statement about an edition says, and whose it is.
    ///
    /// # Errors
    /// One line: why it does not count.
    pub fn edition(&self, note: &str) -> Result<(Statement, Hand), String> {
        let (officer, text) = self.open(note)?;
        let statement = Statement::parse(text)?;
        let hand = Self::hand(officer, &statement.officer, statement.role, statement.signed)?;
        Ok((statement, hand))
    }

    /// What a signed statement about a condition says, and whose it is.
    ///
    /// # Errors
    /// One line: why it does not count.
    pub fn condition(&self, note: &str) -> Result<(ConditionStatement, Hand), String> {
        let (officer, text) = self.open(note)?;
        let statement = ConditionStatement::parse(text)?;
        let hand = Self::hand(officer, &statement.officer, Role::Operator, statement.signed)?;
        Ok((statement, hand))
    }

    /// What a signed statement about a held message says, and whose it is.
    ///
    /// # Errors
    /// One line: why it does not count.
    pub fn review(&self, note: &str) -> Result<(ReviewStatement, Hand), String> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(format!("it has more than {NOTE_BYTES_MAX} bytes"));
        }
        let (officer, text) = self.open(note)?;
        let statement = ReviewStatement::parse(text)?;
        let hand = Self::hand(officer, &statement.officer, Role::Reviewer, statement.signed)?;
        Ok((statement, hand))
    }

    /// Why an officer's signatures do not count, by name, where a certificate has ended or was revoked.
    pub fn suspended(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.list.iter().filter_map(|officer| Some((&officer.name, officer.suspended.as_deref()?)))
    }

    /// Whether an officer may review.
    #[must_use]
    pub fn is_reviewer(&self, name: &str) -> bool {
        self.list.iter().any(|officer| officer.name.as_str() == name && officer.suspended.is_none() && officer.roles.contains(&Role::Reviewer))
    }

    /// Whether two persons put their names under this edition; `notes` are their statements, each with the name of its file.
    ///
    /// # Errors
    /// Every reason why not, one line each: a statement that does not count, one about another edition, no author, no approver, one person for both,
    /// two persons who do not say the same of an emergency.
    pub fn approve(&self, edict: &Edict, notes: &[(String, String)]) -> Result<Approval, Vec<String>> {
        let (mut faults, mut counted) = (Vec::new(), Vec::new());
        for (file, note) in notes {
            match self.edition(note).and_then(|(statement, hand)| statement.about(edict).map(|()| (statement, hand))) {
                Ok(one) => counted.push(one),
                Err(why) => faults.push(format!("the signature `{file}` does not count: {why}")),
            }
        }
        let of = |role: Role| counted.iter().find(|(statement, _)| statement.role == role);
        let author = of(Role::Author);
        let other = |(statement, hand): &&(Statement, Hand)| {
            statement.role == Role::Approver && author.is_some_and(|(_, first)| first.officer != hand.officer && first.key != hand.key)
        };
        let approver = counted.iter().find(other);
        match (author, approver) {
            (None, _) => faults.push("no author has signed it; see `vestibule rules sign --role author`".to_owned()),
            (Some((_, hand)), None) if of(Role::Approver).is_some() => {
                faults.push(format!("`{}` has signed as author and as approver; a second person must approve it", hand.officer));
            }
            (Some(_), None) => faults.push("no approver has signed it; see `vestibule rules sign --role approver`".to_owned()),
            (Some((first, _)), Some((second, _))) if first.emergency != second.emergency => {
                faults.push("author and approver do not say the same of until when, in which scope and why; sign it again".to_owned());
            }
            (Some((statement, first)), Some((_, second))) if faults.is_empty() => {
                return Ok(Approval { hands: vec![first.clone(), second.clone()], emergency: statement.emergency.clone() });
            }
            _ => {}
        }
        Err(faults)
    }
}

/// A key that stands in the configuration itself.
fn bare(name: &Name, text: &str) -> Result<VerifierKey, Fault> {
    let key: VerifierKey = text.parse().map_err(|why| Fault::new(format!("the key of the officer `{name}`: {why}")))?;
    match key.name() == name.as_str() {
        true => Ok(key),
        false => Err(Fault::new(format!("the key of the officer `{name}` is that of `{}`; give the officer's own", key.name()))),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::audit::SignerKey;

    pub(crate) fn time(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    pub(crate) fn key(name: &str) -> SignerKey {
        let folder = tempfile::tempdir().unwrap();
        SignerKey::create(&folder.path().join("key"), name).unwrap()
    }

    pub(crate) fn officer(key: &SignerKey, roles: &[&str]) -> config::Officer {
        config::Officer {
            name: Name::new(key.verifier().name()).unwrap(),
            key: Some(key.verifier().to_string()),
            certificate: None,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            identity: None,
        }
    }

    fn bare_officers(given: &[config::Officer]) -> Result<Officers, Fault> {
        Officers::of(given, &Credentials::default(), time("2026-11-23T10:00:00Z"))
    }

    pub(crate) fn edict() -> Edict {
        Edict { ruleset: "five-eyes".to_owned(), number: "2026.2".to_owned(), digest: Digest::of(b"rules") }
    }

    pub(crate) fn statement(officer: &SignerKey, role: Role) -> Statement {
        Statement {
            edict: edict(),
            officer: Name::new(officer.verifier().name()).unwrap(),
            role,
            signed: time("2026-11-23T10:00:00Z"),
            emergency: None,
        }
    }

    fn signed(key: &SignerKey, role: Role) -> (String, String) {
        (format!("{}.{}.note", key.verifier().name(), role.word()), key.sign(&statement(key, role).text()))
    }

    #[test]
    fn an_author_and_another_person_who_approves_suffice_and_nothing_less_does() {
        let [ann, bob, eve] = ["ann", "bob", "eve"].map(key);
        let given = [officer(&ann, &["author", "approver"]), officer(&bob, &["approver"])];
        let officers = bare_officers(&given).unwrap();
        let approval = officers.approve(&edict(), &[signed(&ann, Role::Author), signed(&bob, Role::Approver)]).unwrap();
        assert_eq!(
            approval.hands.iter().map(|hand| (hand.officer.as_str(), hand.role.as_str())).collect::<Vec<_>>(),
            [("ann", "author"), ("bob", "approver")]
        );
        for (notes, told) in [
            (vec![], "no author"),
            (vec![signed(&ann, Role::Author)], "no approver"),
            (vec![signed(&bob, Role::Approver)], "no author"),
            (vec![signed(&ann, Role::Author), signed(&ann, Role::Approver)], "a second person"),
            (vec![signed(&ann, Role::Author), signed(&bob, Role::Author), signed(&bob, Role::Approver)], "`bob` is no author"),
            (vec![signed(&ann, Role::Author), signed(&bob, Role::Approver), signed(&eve, Role::Approver)], "none of the officers"),
        ] {
            let faults = officers.approve(&edict(), &notes).unwrap_err();
            assert!(faults.iter().any(|fault| fault.contains(told)), "{told}: {faults:?}");
        }
    }

    #[test]
    fn a_signature_over_another_edition_another_number_or_changed_text_does_not_count() {
        let [ann, bob] = ["ann", "bob"].map(key);
        let officers = bare_officers(&[officer(&ann, &["author"]), officer(&bob, &["approver"])]).unwrap();
        let notes = [signed(&ann, Role::Author), signed(&bob, Role::Approver)];
        for (edict, told) in [
            (Edict { digest: Digest::of(b"other"), ..edict() }, "another digest"),
            (Edict { number: "2026.3".to_owned(), ..edict() }, "`five-eyes 2026.2`"),
            (Edict { ruleset: "nato".to_owned(), ..edict() }, "`five-eyes 2026.2`"),
        ] {
            let faults = officers.approve(&edict, &notes).unwrap_err();
            assert!(faults[0].contains(told), "{faults:?}");
        }
        let changed = [("x".to_owned(), notes[0].1.replace("2026.2", "2026.3")), notes[1].clone()];
        let faults = officers.approve(&Edict { number: "2026.3".to_owned(), ..edict() }, &changed).unwrap_err();
        assert!(faults[0].contains("the signature of `ann` is wrong"), "{faults:?}");
        let borrowed = [("x".to_owned(), bob.sign(&statement(&ann, Role::Author).text())), notes[1].clone()];
        assert!(officers.approve(&edict(), &borrowed).unwrap_err()[0].contains("speaks for `ann` and is signed by `bob`"));
    }

    #[test]
    fn a_review_counts_under_the_key_of_a_reviewer_who_speaks_for_nobody_else() {
        let [ann, bob, eve] = ["ann", "bob", "eve"].map(key);
        let officers = bare_officers(&[officer(&ann, &["reviewer"]), officer(&bob, &["operator"])]).unwrap();
        let statement = super::super::review::tests::statement(super::super::review::Chosen::Reject);
        let (said, hand) = officers.review(&ann.sign(&statement.text())).unwrap();
        assert_eq!((said, hand.officer.as_str(), hand.role.as_str()), (statement.clone(), "ann", "reviewer"));
        let by_bob = ReviewStatement { officer: Name::new("bob").unwrap(), ..statement.clone() };
        for (note, told) in [
            (bob.sign(&statement.text()), "speaks for `ann` and is signed by `bob`"),
            (bob.sign(&by_bob.text()), "`bob` is no reviewer"),
            (eve.sign(&statement.text()), "none of the officers"),
            (ann.sign("vestibule review 1\n"), "no line `message`"),
            (ann.sign(&statement.text()).replace("verdict: reject", "verdict: reJect"), "signature of `ann` is wrong"),
            ("x".repeat(NOTE_BYTES_MAX + 1), "bytes"),
        ] {
            let why = officers.review(&note).unwrap_err();
            assert!(why.contains(told), "{told}: {why}");
        }
        assert!(officers.is_reviewer("ann") && !officers.is_reviewer("bob") && !officers.is_reviewer("eve"));
    }

    #[test]
    fn two_persons_must_say_the_same_of_an_emergency() {
        let [ann, bob] = ["ann", "bob"].map(key);
        let officers = bare_officers(&[officer(&ann, &["author"]), officer(&bob, &["approver"])]).unwrap();
        let emergency = |until: &str| Some(Emergency { until: time(until), scope: ["A/1".to_owned()].into(), reason: "flood".to_owned() });
        let with = |key: &SignerKey, role, emergency| (String::new(), key.sign(&Statement { emergency, ..statement(key, role) }.text()));
        let (early, late) = (emergency("2026-11-23T12:00:00Z"), emergency("2026-11-23T13:00:00Z"));
        let approval = officers.approve(&edict(), &[with(&ann, Role::Author, early.clone()), with(&bob, Role::Approver, early.clone())]).unwrap();
        assert_eq!(approval.emergency, early);
        for other in [late, None] {
            let faults = officers.approve(&edict(), &[with(&ann, Role::Author, early.clone()), with(&bob, Role::Approver, other)]).unwrap_err();
            assert!(faults[0].contains("do not say the same"), "{faults:?}");
        }
    }

    #[test]
    fn one_key_under_two_names_and_a_key_of_another_name_are_refused() {
        let ann = key("ann");
        let renamed = config::Officer { name: Name::new("bob").unwrap(), ..officer(&ann, &["approver"]) };
        assert!(bare_officers(&[renamed]).unwrap_err().what.contains("is that of `ann`"));
        let twin = ann.named("bob").unwrap();
        let faults = bare_officers(&[officer(&ann, &["author"]), officer(&twin, &["approver"])]).unwrap_err();
        assert!(faults.what.contains("have one key"), "{faults}");
    }
}
