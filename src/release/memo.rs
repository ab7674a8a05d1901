//! What was answered before: the clause, or the refusal, by everything that an answer can depend on.
//!
//! Cedar takes some twenty microseconds for a message, and most messages of a peer are marked and meant alike. An answer is a function of the
//! edition and of the [`Key`]: format, kind, traffic, precedence, label, sender, conditions, and the era, which is the stretch of time between two moments at
//! which an agreement or a membership begins or ends. Where a policy of the officer's own looks at the clock or at the subject, these are in the
//! key as they are. A law asks every question both ways.
//!
//! INVARIANT: a memo belongs to one recipient of one edition, and ends with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{Name, Precedence, Reason, Refusal, Time, Traffic};
use crate::label::{Category, Label, LevelIx, PolicyIx};
use crate::policy::{Clause, Edition};

/// Answers that are kept for one recipient at most: 512. The senders, labels and kinds of a busy peer are some dozens; when there are more, all are
/// let go, which costs one question each.
const ANSWERS_MAX: usize = 512;
/// Bytes of kind and subject at most, for what is kept: 256. Their author chooses them.
const TEXT_BYTES_MAX: usize = 256;

/// Which parts of a message the policies of an edition look at, beyond what every key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Looks {
    clock: bool,
    subject: bool,
}

/// The moments at which an answer may change by itself, and what policies look at.
#[derive(Debug, Clone, Default)]
pub(in crate::release) struct Eras {
    moments: Arc<[Time]>,
    looks: Looks,
}

impl Eras {
    /// Those of an edition.
    pub(in crate::release) fn of(edition: &Edition) -> Self {
        let agreements = edition.agreements.iter().flat_map(|agreement| [Some(agreement.from), Some(agreement.until)]);
        let peers = edition.peers.values().flat_map(|peer| peer.terms.values());
        let communities = edition.registry.communities.values().flat_map(|group| group.values());
        let groups = edition.lattice.policies().iter().flat_map(|policy| policy.groups.values()).flat_map(|group| group.values());
        let terms = peers.chain(communities).chain(groups).flat_map(|term| [term.from, term.until, term.known_until]);
        let mut moments: Vec<Time> = agreements.chain(terms).flatten().collect();
        moments.sort_unstable();
        moments.dedup();
        let named = |word: &str| edition.cedar.iter().any(|file| file.text.contains(word));
        Self { moments: moments.into(), looks: Looks { clock: named("now_ms"), subject: named("subject") } }
    }

    /// The stretch in which a time lies; the time itself where a policy looks at the clock.
    fn era(&self, now: Time) -> i128 {
        match self.looks.clock {
            true => now.unix_ns(),
            false => i128::try_from(self.moments.partition_point(|moment| *moment <= now)).unwrap_or(i128::MAX),
        }
    }
}

/// Everything that an answer for one recipient can depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::release) struct Key {
    format: &'static str,
    kind: String,
    subject: Option<String>,
    traffic: Traffic,
    precedence: Precedence,
    policy: PolicyIx,
    level: LevelIx,
    categories: Vec<Category>,
    sender: Name,
    conditions: Arc<Vec<(String, String)>>,
    era: i128,
}

/// What a message says of itself.
#[derive(Debug, Clone, Copy)]
pub(in crate::release) struct Said<'s> {
    pub(in crate::release) format: &'static str,
    pub(in crate::release) kind: &'s str,
    pub(in crate::release) subject: &'s str,
    pub(in crate::release) traffic: Traffic,
    pub(in crate::release) precedence: Precedence,
    pub(in crate::release) label: &'s Label,
    pub(in crate::release) sender: &'s Name,
    pub(in crate::release) conditions: &'s Arc<Vec<(String, String)>>,
}

type Answer = Result<Arc<Clause>, Refusal>;

/// The answers of one recipient.
#[derive(Debug, Default)]
pub(in crate::release) struct Memo {
    eras: Eras,
    answers: Mutex<HashMap<Key, Answer>>,
}

impl Memo {
    /// Nothing yet.
    pub(in crate::release) fn new(eras: &Eras) -> Self {
        Self { eras: eras.clone(), answers: Mutex::default() }
    }

    /// The key of a question; none where it is not worth keeping.
    fn key(&self, said: &Said<'_>, now: Time) -> Option<Key> {
        let subject = self.eras.looks.subject.then_some(said.subject);
        let bytes = said.kind.len().saturating_add(subject.map_or(0, str::len));
        (bytes <= TEXT_BYTES_MAX).then(|| Key {
            format: said.format,
            kind: said.kind.to_owned(),
            subject: subject.map(str::to_owned),
            traffic: said.traffic,
            precedence: said.precedence,
            policy: said.label.policy,
            level: said.label.level,
            categories: said.label.categories.clone(),
            sender: said.sender.clone(),
            conditions: Arc::clone(said.conditions),
            era: self.eras.era(now),
        })
    }

    /// The answer that was given before, or the one that `ask` gives now. A failure of a rule is no answer, and is not kept.
    pub(in crate::release) fn answer(&self, said: &Said<'_>, now: Time, ask: impl FnOnce() -> Answer) -> Answer {
        let Some(key) = self.key(said, now) else { return ask() };
        if let Some(answer) = self.lock().get(&key) {
            return answer.clone();
        }
        let answer = ask();
        if answer.as_ref().err().is_none_or(|refusal| refusal.reason != Reason::AgreementError) {
            let mut answers = self.lock();
            if answers.len() >= ANSWERS_MAX {
                answers.clear();
            }
            answers.insert(key, answer.clone());
        }
        answer
    }

    /// Lets go of every answer.
    pub(in crate::release) fn forget(&self) {
        self.lock().clear();
    }

    /// A lock that a panic of another thread does not close: an answer is there whole or not at all.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn time(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    fn eras(looks: Looks) -> Eras {
        Eras { moments: [time("2026-01-01T00:00:00Z"), time("2027-01-01T00:00:00Z")].into(), looks }
    }

    /// How often each question in turn reaches the rules.
    fn asked(looks: Looks, questions: &[(&str, &str, &str)]) -> Vec<bool> {
        let (memo, conditions) = (Memo::new(&eras(looks)), Arc::default());
        let (sender, label) = (Name::new("gbr-ops").unwrap(), crate::release::tests::label());
        let ask = |&(kind, subject, now): &(&str, &str, &str)| {
            let said = Said {
                format: "cot",
                kind,
                subject,
                traffic: Traffic::Operation,
                precedence: Precedence::Routine,
                label: &label,
                sender: &sender,
                conditions: &conditions,
            };
            let reached = Cell::new(false);
            let answer = memo.answer(&said, time(now), || {
                reached.set(true);
                Err(Refusal::new(Reason::AgreementNone, kind))
            });
            assert_eq!(answer.unwrap_err().detail, kind);
            reached.get()
        };
        questions.iter().map(ask).collect()
    }

    #[test]
    fn a_question_reaches_the_rules_once_in_an_era() {
        let questions = [
            ("a-f", "one", "2026-03-01T00:00:00Z"),
            ("a-f", "two", "2026-12-31T23:59:59Z"),
            ("a-h", "one", "2026-03-01T00:00:00Z"),
            ("a-f", "one", "2027-01-01T00:00:00Z"),
            ("a-f", "one", "2025-12-31T23:59:59Z"),
            ("a-f", "one", "2026-01-01T00:00:00Z"),
        ];
        assert_eq!(asked(Looks::default(), &questions), [true, false, true, true, true, false]);
        assert_eq!(asked(Looks { clock: false, subject: true }, &questions), [true, true, true, true, true, false]);
        assert_eq!(asked(Looks { clock: true, subject: false }, &questions), [true; 6]);
    }

    #[test]
    fn an_answer_depends_on_the_conditions() {
        let memo = Memo::new(&eras(Looks::default()));
        let (sender, label) = (Name::new("gbr-ops").unwrap(), crate::release::tests::label());
        let reached = |value: &str| {
            let conditions = Arc::new(vec![("alert".to_owned(), value.to_owned())]);
            let (traffic, precedence) = (Traffic::Operation, Precedence::Routine);
            let said = Said { format: "cot", kind: "a", subject: "", traffic, precedence, label: &label, sender: &sender, conditions: &conditions };
            let reached = Cell::new(false);
            let _answer = memo.answer(&said, time("2026-03-01T00:00:00Z"), || {
                reached.set(true);
                Err(Refusal::new(Reason::AgreementNone, ""))
            });
            reached.get()
        };
        assert_eq!(["normal", "high", "normal", "high"].map(reached), [true, true, false, false]);
    }

    #[test]
    fn what_an_author_can_make_long_or_many_is_not_kept() {
        let long = "a".repeat(TEXT_BYTES_MAX + 1);
        assert_eq!(asked(Looks::default(), &[(&long, "", "2026-03-01T00:00:00Z"), (&long, "", "2026-03-01T00:00:00Z")]), [true, true]);
        let kinds: Vec<String> = (0..=ANSWERS_MAX).map(|number| number.to_string()).collect();
        let mut questions: Vec<_> = kinds.iter().map(|kind| (kind.as_str(), "", "2026-03-01T00:00:00Z")).collect();
        questions.push(("0", "", "2026-03-01T00:00:00Z"));
        assert!(asked(Looks::default(), &questions).into_iter().all(|reached| reached));
    }

    #[test]
    fn a_failure_is_no_answer() {
        let memo = Memo::new(&eras(Looks::default()));
        let (sender, label) = (Name::new("gbr-ops").unwrap(), crate::release::tests::label());
        let said = Said {
            format: "cot",
            kind: "a",
            subject: "",
            traffic: Traffic::Operation,
            precedence: Precedence::Routine,
            label: &label,
            sender: &sender,
            conditions: &Arc::default(),
        };
        for reason in [Reason::AgreementError, Reason::AgreementNone, Reason::AgreementForbidden] {
            let answer = memo.answer(&said, time("2026-03-01T00:00:00Z"), || Err(Refusal::new(reason, "")));
            let expected = if reason == Reason::AgreementForbidden { Reason::AgreementNone } else { reason };
            assert_eq!(answer.unwrap_err().reason, expected);
        }
    }
}
