//! Choices: what each person wants of one held message, as long as it counts, and whose turn it is.
//!
//! A choice counts while the decision that holds the message is the last one and the edition is the one under which it was made, and, where it was signed,
//! while its officer may still review. Nobody sees another's choice before there are two.

use super::{Case, Refused, Review};
use crate::base::Digest;
use crate::control::Officers;
use crate::journal::{Pending, Reviewed};

/// The name of an officer, without the account that the kernel named: its number stands behind a name that nobody has signed.
pub(in crate::process) fn officer(named: &str) -> &str {
    named.split_once(" (uid ").map_or(named, |(name, _)| name)
}

/// The choices that count.
pub(in crate::process) struct Choices<'c> {
    /// One for each person, the latest.
    list: Vec<&'c Reviewed>,
    /// Whether two persons chose otherwise than each other: then all see all, and all may choose anew.
    differ: bool,
    officers: &'c Officers,
}

/// What follows from one more choice.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is kept, and nothing follows.
    Keep(Pending),
    /// It is carried out, in the name of these persons.
    CarryOut(Vec<String>),
}

impl<'c> Choices<'c> {
    /// The choices on record that count.
    pub(in crate::process) fn of(case: &'c Case, edition: Digest, officers: &'c Officers) -> Self {
        Self::among(case.reviews(), edition, officers)
    }

    fn among(reviews: impl Iterator<Item = &'c Reviewed>, edition: Digest, officers: &'c Officers) -> Self {
        let mut choices = Self { list: Vec::new(), differ: false, officers };
        for one in reviews {
            let made_here = one.choice.as_ref().is_some_and(|choice| choice.edition == edition);
            let still_counts = one.note.as_ref().map_or(officers.is_empty(), |note| officers.review(note).is_ok());
            if !made_here || !still_counts || !matches!(one.pending, Some(Pending::Waits | Pending::Differs)) {
                continue;
            }
            choices.differ |= one.pending == Some(Pending::Differs);
            choices.list.retain(|other| other.reviewer != one.reviewer);
            choices.list.push(one);
        }
        choices
    }

    /// How many there are.
    pub(in crate::process) fn count(&self) -> u8 {
        u8::try_from(self.list.len()).unwrap_or(u8::MAX)
    }

    /// Those that a person may see.
    pub(in crate::process) fn seen_by<'v>(&self, viewer: &'v str) -> impl Iterator<Item = &'c Reviewed> + use<'c, 'v> {
        let all = self.differ;
        let is_own = move |one: &Reviewed| officer(&one.reviewer) == officer(viewer);
        self.list.clone().into_iter().filter(move |one| all || is_own(one))
    }

    /// What follows from a choice where so many persons must agree.
    ///
    /// # Errors
    /// One line: that the person has chosen.
    pub(super) fn turn(&self, persons: u8, review: &Review) -> Result<Turn, Refused> {
        if persons < 2 {
            return Ok(Turn::CarryOut(vec![review.reviewer.clone()]));
        }
        if !self.differ && self.list.iter().any(|one| one.reviewer == review.reviewer) {
            return Err(format!("`{}` has chosen already; a second person must", review.reviewer));
        }
        let others = || self.list.iter().filter(|one| one.reviewer != review.reviewer && self.is_another_key(one, review));
        let same = |one: &&&Reviewed| one.verdict == review.verdict && one.choice.as_ref().is_some_and(|choice| choice.is_same(&review.choice));
        match others().find(same) {
            Some(first) => Ok(Turn::CarryOut(vec![first.reviewer.clone(), review.reviewer.clone()])),
            None if others().next().is_some() => Ok(Turn::Keep(Pending::Differs)),
            None => Ok(Turn::Keep(Pending::Waits)),
        }
    }

    /// Whether two choices were signed with two keys. Without officers nothing is signed, and names are all there is.
    fn is_another_key(&self, one: &Reviewed, review: &Review) -> bool {
        let key = |note: &Option<String>| note.as_ref().and_then(|note| self.officers.review(note).ok()).map(|(_, hand)| hand.key);
        match (key(&one.note), key(&review.note)) {
            (Some(first), Some(second)) => first != second,
            (first, second) => self.officers.is_empty() && first.is_none() && second.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{MessageId, Name, Time};
    use crate::filter::Waivers;
    use crate::journal::{Choice, MessageKey, Verdict};

    fn choice(leaves: &[u8]) -> Choice {
        let leaves = Some(Digest::of(leaves));
        Choice { edition: Digest::of(b"e"), waived: Vec::new(), removed: Vec::new(), leaves, class: None, colleague: None, with: Vec::new() }
    }

    fn review(who: &str, leaves: &[u8]) -> Review {
        let (reviewer, verdict) = (who.to_owned(), Verdict::Release);
        Review { reviewer, reason: String::new(), note: None, verdict, choice: choice(leaves), waivers: Waivers::default() }
    }

    fn recorded(who: &str, leaves: &[u8], pending: Pending) -> Reviewed {
        Reviewed {
            message: MessageKey { from: Name::new("a").unwrap(), id: MessageId::from_parts(1, [0; 10]) },
            recipient: Name::new("b").unwrap(),
            reviewer: who.to_owned(),
            verdict: Verdict::Release,
            waivers: Vec::new(),
            reason: String::new(),
            time: Time::EPOCH,
            choice: Some(choice(leaves)),
            note: None,
            pending: Some(pending),
        }
    }

    fn turn(records: &[Reviewed], persons: u8, review: &Review) -> Result<Turn, Refused> {
        let officers = Officers::default();
        Choices::among(records.iter(), Digest::of(b"e"), &officers).turn(persons, review)
    }

    #[test]
    fn two_persons_who_choose_the_same_suffice_and_one_does_not() {
        let waits = Pending::Waits;
        assert_eq!(turn(&[], 1, &review("ann", b"x")), Ok(Turn::CarryOut(vec!["ann".to_owned()])));
        assert_eq!(turn(&[], 2, &review("ann", b"x")), Ok(Turn::Keep(waits)));
        let ann = [recorded("ann", b"x", waits)];
        assert_eq!(turn(&ann, 2, &review("bob", b"x")), Ok(Turn::CarryOut(vec!["ann".to_owned(), "bob".to_owned()])));
        assert!(turn(&ann, 2, &review("ann", b"x")).unwrap_err().contains("`ann` has chosen already"));
        assert!(turn(&ann, 2, &review("ann", b"y")).is_err());
        assert_eq!(turn(&ann, 2, &review("bob", b"y")), Ok(Turn::Keep(Pending::Differs)));
        let reject = Review { verdict: Verdict::Reject, ..review("bob", b"x") };
        assert_eq!(turn(&ann, 2, &reject), Ok(Turn::Keep(Pending::Differs)));
        let mut stale = recorded("ann", b"x", waits);
        stale.choice.as_mut().unwrap().edition = Digest::of(b"before");
        assert_eq!(turn(&[stale], 2, &review("bob", b"x")), Ok(Turn::Keep(waits)));
    }

    #[test]
    fn after_a_disagreement_either_may_choose_anew_and_only_then_each_sees_the_other() {
        let officers = Officers::default();
        let first = [recorded("ann", b"x", Pending::Waits)];
        let both = [recorded("ann", b"x", Pending::Waits), recorded("bob", b"y", Pending::Differs)];
        let seen = |records: &[Reviewed], viewer: &str| Choices::among(records.iter(), Digest::of(b"e"), &officers).seen_by(viewer).count();
        assert_eq!((seen(&first, "ann"), seen(&first, "bob"), seen(&both, "bob"), seen(&both, "eve")), (1, 0, 2, 2));
        assert_eq!(turn(&both, 2, &review("ann", b"y")), Ok(Turn::CarryOut(vec!["bob".to_owned(), "ann".to_owned()])));
        assert_eq!(turn(&both, 2, &review("bob", b"x")), Ok(Turn::CarryOut(vec!["ann".to_owned(), "bob".to_owned()])));
        assert_eq!(turn(&both, 2, &review("ann", b"z")), Ok(Turn::Keep(Pending::Differs)));
    }
}
