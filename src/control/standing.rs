//! Where a gateway stands: which edition is in force, which was the highest ever, what waits for its time, which conditions hold.
//!
//! All of it follows from the acts of officers in the journal, in their order. Nothing else is remembered, so that a restart cannot forget it.
//!
//! INVARIANT: the highest number never goes down, so no edition that was ever below another one comes back by activation.

use std::collections::BTreeMap;

use super::officer::Edict;
use crate::base::Time;
use crate::journal::{EditionAct, Event, Step};

/// The number of an edition, such as `2026.2`: parts with dots between, each compared as a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(Vec<u32>);

impl Number {
    /// Reads a number; `None` where it is none, for such an edition has no place in the order.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
        let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok().filter(|_| plain(part))).collect();
        parts.map(Self)
    }
}

/// An emergency that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Until when.
    pub until: Time,
    /// The clauses in which it may differ.
    pub scope: Vec<String>,
    /// Why.
    pub why: String,
    /// The edition to which the gateway returns.
    pub before: Edict,
}

/// Where a gateway stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The edition in force; `None` before the first activation.
    pub in_force: Option<Edict>,
    /// The emergency, where the edition in force is one.
    pub emergency: Option<Running>,
    /// An edition that waits for its time.
    pub scheduled: Option<(Edict, Time)>,
    /// What conditions are, and when the officer signed that.
    pub conditions: BTreeMap<String, (String, Time)>,
    highest: Option<(Number, String)>,
}

impl Standing {
    /// Where these acts lead.
    #[must_use]
    pub fn of<'e>(acts: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut standing = Self::default();
        acts.into_iter().for_each(|act| standing.take(act));
        standing
    }

    /// Takes the next act.
    pub fn take(&mut self, act: &Event) {
        match act {
            Event::Edition(act) => self.edition(act),
            Event::Condition(act) => drop(self.conditions.insert(act.name.clone(), (act.value.clone(), act.hand.signed))),
            _ => {}
        }
    }

    fn edition(&mut self, act: &EditionAct) {
        let edict = Edict { ruleset: act.ruleset.clone(), number: act.number.clone(), digest: act.digest };
        match act.step {
            Step::Signed => {}
            Step::Scheduled => self.scheduled = act.from.map(|from| (edict, from)),
            Step::Refused => self.forget(&edict),
            Step::Activated => {
                self.forget(&edict);
                self.rise(&act.number);
                (self.in_force, self.emergency) = (Some(edict), None);
            }
            Step::EmergencyBegun => {
                self.rise(&act.number);
                let running = |(before, until)| Running { until, scope: act.scope.clone(), why: act.why.clone(), before };
                self.emergency = self.in_force.take().zip(act.until).map(running);
                self.in_force = Some(edict);
            }
            Step::EmergencyEnded => (self.in_force, self.emergency) = (Some(edict), None),
        }
    }

    fn forget(&mut self, edict: &Edict) {
        self.scheduled.take_if(|(waiting, _)| waiting.digest == edict.digest);
    }

    fn rise(&mut self, number: &str) {
        if let Some(risen) = Number::parse(number).filter(|risen| self.highest.as_ref().is_none_or(|(highest, _)| highest < risen)) {
            self.highest = Some((risen, number.to_owned()));
        }
    }

    /// Whether an edition of this number may come into force.
    ///
    /// # Errors
    /// One line: it is no number, or not above every edition that ever was in force.
    pub fn admits(&self, number: &str) -> Result<(), String> {
        let wrong = || format!("the edition `{number}` has no place in the order: expected numbers with dots between, such as `2026.2`");
        let wanted = Number::parse(number).ok_or_else(wrong)?;
        match &self.highest {
            Some((highest, text)) if wanted <= *highest => {
                Err(format!("the edition `{number}` is not above `{text}`, which was in force: give it a higher number, and sign it again"))
            }
            _ => Ok(()),
        }
    }

    /// The values of conditions.
    #[must_use]
    pub fn values(&self) -> Vec<(String, String)> {
        self.conditions.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::officer::tests::time;
    use super::*;
    use crate::base::Digest;
    use crate::journal::{ConditionAct, Hand};

    fn act(step: Step, number: &str) -> Event {
        let until = (step == Step::EmergencyBegun).then(|| time("2026-11-23T12:00:00Z"));
        Event::Edition(EditionAct {
            step,
            ruleset: "r".to_owned(),
            number: number.to_owned(),
            digest: Digest::of(number.as_bytes()),
            hands: Vec::new(),
            from: (step == Step::Scheduled).then(|| time("2026-11-24T00:00:00Z")),
            until,
            scope: vec!["A/1".to_owned()],
            why: String::new(),
            time: time("2026-11-23T10:00:00Z"),
        })
    }

    fn in_force(standing: &Standing) -> &str {
        standing.in_force.as_ref().map_or("", |edict| &edict.number)
    }

    #[test]
    fn numbers_are_compared_part_by_part_as_numbers() {
        let sorted = ["2", "2.0", "2.0.1", "2.9", "2.10", "2026.1", "2026.1.1"];
        let numbers: Vec<_> = sorted.iter().map(|text| Number::parse(text).unwrap()).collect();
        assert!(numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0] != pair[1]));
        for none in ["", "2026", "01", "1.", ".1", "1.a", "1.-1", "1.+1", "4294967296", "2026.1b"] {
            assert_eq!(Number::parse(none).is_some(), none == "2026", "{none}");
        }
    }

    #[test]
    fn what_was_in_force_once_never_comes_back_by_activation_even_after_an_emergency() {
        let acts = [act(Step::Activated, "1"), act(Step::Activated, "3"), act(Step::EmergencyBegun, "4"), act(Step::EmergencyEnded, "3")];
        let standing = Standing::of(&acts);
        assert_eq!(in_force(&standing), "3");
        for (number, admitted) in [("1", false), ("2", false), ("3", false), ("4", false), ("4.0", true), ("4.1", true), ("5", true), ("five", false)]
        {
            assert_eq!(standing.admits(number).is_ok(), admitted, "{number}");
        }
        assert!(Standing::default().admits("0").is_ok());
    }

    #[test]
    fn an_emergency_remembers_what_was_in_force_before_it_and_a_plain_edition_ends_it() {
        let mut standing = Standing::of(&[act(Step::Activated, "1"), act(Step::EmergencyBegun, "2")]);
        assert_eq!(in_force(&standing), "2");
        let running = standing.emergency.clone().unwrap();
        assert_eq!((running.before.number.as_str(), running.until), ("1", time("2026-11-23T12:00:00Z")));
        standing.take(&act(Step::Activated, "3"));
        assert_eq!((in_force(&standing), standing.emergency.is_none()), ("3", true));
    }

    #[test]
    fn what_waits_is_forgotten_when_it_is_in_force_or_refused() {
        let waiting = || vec![act(Step::Activated, "1"), act(Step::Scheduled, "2")];
        assert_eq!(Standing::of(&waiting()).scheduled.unwrap().0.number, "2");
        for (step, number, gone) in
            [(Step::Activated, "2", true), (Step::Refused, "2", true), (Step::Refused, "7", false), (Step::Activated, "3", false)]
        {
            let mut acts = waiting();
            acts.push(act(step, number));
            assert_eq!(Standing::of(&acts).scheduled.is_none(), gone, "{step:?} {number}");
        }
    }

    #[test]
    fn the_last_word_on_a_condition_holds() {
        let set = |value: &str| {
            let hand = Hand { officer: "o".to_owned(), role: "operator".to_owned(), key: String::new(), signed: time("2026-11-23T10:00:00Z") };
            Event::Condition(ConditionAct {
                name: "alert".to_owned(),
                value: value.to_owned(),
                hand,
                why: String::new(),
                time: time("2026-11-23T10:00:00Z"),
            })
        };
        assert_eq!(Standing::of(&[set("high"), set("normal")]).values(), [("alert".to_owned(), "normal".to_owned())]);
    }
}
