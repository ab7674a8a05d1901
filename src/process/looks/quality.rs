//! Figures of review: how fast people decide, how often two of them agree, and which rules cost them the most time.
//!
//! The time for an item is that from an officer's first look at it to the same officer's decision. Whoever decides without a look on record counts as
//! having decided, and with no time.

use std::collections::BTreeMap;

use crate::base::{Fault, Time};
use crate::control::desk::{OfficerFigures, Quality, RuleFigures, SeedFigures, View};
use crate::journal::{ReviewAct, SeedAnswer};
use crate::process::keeper::Shared;

/// Acts that figures are made of: the last 20,000, some months of an office.
const ACTS_MAX: u32 = 20_000;
/// Looks are no choices.
const LOOKED: &str = "looked";

impl Shared {
    pub(super) async fn quality(&self) -> Result<View, Fault> {
        let (acts, seeds) = (self.journal.reviews(ACTS_MAX).await?, self.journal.seeds().await?);
        Ok(View::Quality(Quality { seeds_expired: seeds.expired, ..figures(&acts) }))
    }
}

/// A message held for a recipient.
type ItemKey<'a> = (u64, &'a str);

/// What people did about one item.
#[derive(Default)]
struct Item<'a> {
    rule: String,
    looked: BTreeMap<&'a str, Time>,
    /// Choices in their order: officer, verdict, seconds since the first look.
    choices: Vec<(&'a str, &'a str, Option<u64>)>,
    /// The right answer, where it was a known item and is decided.
    seed: Option<&'a SeedAnswer>,
}

impl<'a> Item<'a> {
    /// The first answer of each person to a known item, whether it is right, and how long it took: what they choose anew once they have seen another's
    /// choice says nothing about whether they look.
    fn answers(&self) -> impl Iterator<Item = (&'a str, bool, Option<u64>)> + '_ {
        let expected = self.seed.map(|seed| seed.expected.word());
        let is_first = |at: usize, who: &str| self.choices.iter().take(at).all(|(other, ..)| *other != who);
        let choices = self.choices.iter().enumerate().filter(move |(at, (who, ..))| expected.is_some() && is_first(*at, who));
        choices.map(move |(_, (who, verdict, seconds))| (*who, expected == Some(*verdict), *seconds))
    }
}

/// The name of an officer, without what the kernel said of an account.
fn officer(reviewer: &str) -> &str {
    reviewer.split_once(" (uid ").map_or(reviewer, |(name, _)| name)
}

fn figures(acts: &[ReviewAct]) -> Quality {
    let mut items: BTreeMap<ItemKey<'_>, Item<'_>> = BTreeMap::new();
    for act in acts {
        let item = items.entry((act.message, act.recipient.as_str())).or_default();
        let who = officer(&act.officer);
        item.seed = act.seed.as_ref();
        if item.rule.is_empty() {
            item.rule = if act.rule.is_empty() { act.code.clone() } else { format!("{} {}", act.code, act.rule) };
        }
        match act.act.as_str() {
            LOOKED => drop(item.looked.entry(who).or_insert(act.time)),
            "pass" => {}
            verdict => {
                let seconds = item.looked.get(who).map(|first| u64::try_from(act.time.seconds_since(*first)).unwrap_or(0));
                item.choices.push((who, verdict, seconds));
            }
        }
    }
    items.retain(|_, item| !item.choices.is_empty());
    let answers = items.values().flat_map(Item::answers);
    let seeded = answers.fold((0, 0), |sum, (_, right, _)| counted(sum, right));
    let (officers, rules, seeds) = (by_officer(items.values()), by_rule(items.values()), by_seed(items.values()));
    Quality { officers, rules, seeded, seeds_expired: 0, seeds }
}

/// Answers and right ones, with one more.
fn counted((answers, right): (u64, u64), is_right: bool) -> (u64, u64) {
    (answers.saturating_add(1), right.saturating_add(u64::from(is_right)))
}

fn by_seed<'i, 'a: 'i>(items: impl Iterator<Item = &'i Item<'a>>) -> Vec<SeedFigures> {
    let mut seeds: BTreeMap<(&str, &str, &str), (SeedFigures, Vec<u64>)> = BTreeMap::new();
    for item in items {
        let Some(seed) = item.seed else { continue };
        let (figures, times) = seeds.entry((seed.file.as_str(), &item.rule, seed.expected.word())).or_default();
        for (_, right, seconds) in item.answers() {
            figures.answers = counted(figures.answers, right);
            times.extend(seconds);
        }
    }
    let figure = |((file, rule, expected), (figures, mut seconds)): ((&str, &str, &str), (SeedFigures, Vec<u64>))| {
        seconds.sort_unstable();
        let (file, rule, expected) = (file.to_owned(), rule.to_owned(), expected.to_owned());
        SeedFigures { file, rule, expected, seconds_median: at(&seconds, 50), ..figures }
    };
    let mut seeds: Vec<_> = seeds.into_iter().map(figure).collect();
    seeds.sort_by_key(|one| std::cmp::Reverse(one.answers.0.saturating_sub(one.answers.1)));
    seeds
}

/// What one officer did.
#[derive(Default)]
struct Times {
    items: u64,
    seconds: Vec<u64>,
    seeded: (u64, u64),
    seeded_seconds: Vec<u64>,
}

fn by_officer<'i, 'a: 'i>(items: impl Iterator<Item = &'i Item<'a>>) -> Vec<OfficerFigures> {
    let mut all: BTreeMap<&str, Times> = BTreeMap::new();
    for item in items {
        for (who, _, seconds) in item.choices.iter().filter(|_| item.seed.is_none()) {
            let times = all.entry(who).or_default();
            times.items = times.items.saturating_add(1);
            times.seconds.extend(seconds);
        }
        for (who, right, seconds) in item.answers() {
            let times = all.entry(who).or_default();
            times.seeded = counted(times.seeded, right);
            times.seeded_seconds.extend(seconds);
        }
    }
    let figure = |(who, mut times): (&str, Times)| {
        times.seconds.sort_unstable();
        times.seeded_seconds.sort_unstable();
        OfficerFigures {
            officer: who.to_owned(),
            items: times.items,
            seconds_median: at(&times.seconds, 50),
            seconds_p95: at(&times.seconds, 95),
            seeded: times.seeded,
            seeded_seconds: at(&times.seeded_seconds, 50),
        }
    };
    all.into_iter().map(figure).collect()
}

/// The smallest of sorted values that so many percent do not exceed; 0 of none.
fn at(sorted: &[u64], percent: usize) -> u64 {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100).max(1);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

fn by_rule<'i, 'a: 'i>(items: impl Iterator<Item = &'i Item<'a>>) -> Vec<RuleFigures> {
    let mut rules: BTreeMap<&str, RuleFigures> = BTreeMap::new();
    for item in items {
        let figures = rules.entry(&item.rule).or_default();
        if item.seed.is_some() {
            figures.seeded = item.answers().fold(figures.seeded, |sum, (_, right, _)| counted(sum, right));
            continue;
        }
        figures.items = figures.items.saturating_add(1);
        // What two persons decided is released where both wanted it.
        if item.choices.iter().all(|(_, verdict, _)| *verdict == "release") {
            figures.released = figures.released.saturating_add(1);
        }
        figures.seconds = item.choices.iter().filter_map(|(_, _, seconds)| *seconds).fold(figures.seconds, u64::saturating_add);
        let (pairs, agreed) = pairs(item);
        figures.pairs = (figures.pairs.0.saturating_add(pairs), figures.pairs.1.saturating_add(agreed));
    }
    let mut rules: Vec<_> = rules.into_iter().map(|(rule, figures)| RuleFigures { rule: rule.to_owned(), ..figures }).collect();
    rules.sort_by(|a, b| (b.seconds, b.items, &a.rule).cmp(&(a.seconds, a.items, &b.rule)));
    rules
}

/// Choices of one person after another's, and how many of them said the same.
fn pairs(item: &Item<'_>) -> (u64, u64) {
    item.choices
        .iter()
        .zip(item.choices.iter().skip(1))
        .filter(|(one, other)| one.0 != other.0)
        .fold((0, 0), |(pairs, agreed), (one, other)| (pairs.saturating_add(1), agreed.saturating_add(u64::from(one.1 == other.1))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Name;

    fn act(message: u64, officer: &str, act: &str, rule: &str, seconds: i64) -> ReviewAct {
        ReviewAct {
            message,
            recipient: Name::new("usa-ops").unwrap(),
            officer: officer.to_owned(),
            act: act.to_owned(),
            code: "content.words".to_owned(),
            rule: rule.to_owned(),
            time: Time::from_unix_ms(seconds.saturating_add(1_700_000_000).saturating_mul(1000)).unwrap(),
            seed: None,
        }
    }

    #[test]
    fn time_runs_from_the_first_look_and_the_rule_that_costs_most_stands_first() {
        let quality = figures(&[
            act(1, "ann", "looked", "a:1", 0),
            act(1, "ann", "looked", "a:1", 5),
            act(1, "ann (uid 7)", "release", "a:1", 10),
            act(1, "bob", "looked", "a:1", 11),
            act(1, "bob", "release", "a:1", 12),
            act(2, "ann", "looked", "b:2", 20),
            act(2, "ann", "reject", "b:2", 120),
            act(2, "bob", "release", "b:2", 130),
            act(3, "bob", "looked", "b:2", 140),
        ]);
        let rules: Vec<_> = quality.rules.iter().map(|rule| (rule.rule.as_str(), rule.items, rule.released, rule.pairs, rule.seconds)).collect();
        assert_eq!(rules, [("content.words b:2", 1, 0, (1, 0), 100), ("content.words a:1", 1, 1, (1, 1), 11)]);
        let officers: Vec<_> = quality.officers.iter().map(|one| (one.officer.as_str(), one.items, one.seconds_median, one.seconds_p95)).collect();
        assert_eq!(officers, [("ann", 2, 10, 100), ("bob", 2, 1, 1)]);
    }

    #[test]
    fn known_items_are_figures_of_their_own_and_the_first_answer_of_each_counts() {
        let seed = |mut act: ReviewAct| {
            act.seed = Some(SeedAnswer { file: "a.toml".to_owned(), expected: crate::journal::Verdict::Reject });
            act
        };
        let quality = figures(&[
            act(1, "ann", "looked", "a:1", 0),
            act(1, "ann", "reject", "a:1", 7),
            seed(act(2, "ann", "looked", "a:1", 10)),
            seed(act(2, "ann", "release", "a:1", 13)),
            seed(act(2, "bob", "looked", "a:1", 20)),
            seed(act(2, "bob", "reject", "a:1", 29)),
            seed(act(2, "ann", "reject", "a:1", 40)),
        ]);
        assert_eq!(quality.seeded, (2, 1));
        let officers: Vec<_> = quality.officers.iter().map(|one| (one.officer.as_str(), one.items, one.seeded, one.seeded_seconds)).collect();
        assert_eq!(officers, [("ann", 1, (1, 0), 3), ("bob", 0, (1, 1), 9)]);
        let rules: Vec<_> = quality.rules.iter().map(|rule| (rule.items, rule.pairs, rule.seconds, rule.seeded)).collect();
        assert_eq!(rules, [(1, (0, 0), 7, (2, 1))]);
        let seeds: Vec<_> = quality.seeds.iter().map(|one| (one.file.as_str(), one.expected.as_str(), one.answers, one.seconds_median)).collect();
        assert_eq!(seeds, [("a.toml", "reject", (2, 1), 3)]);
    }

    #[test]
    fn ranks_are_those_of_the_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!((at(&hundred, 50), at(&hundred, 95), at(&[7], 95), at(&[], 50)), (50, 95, 7, 0));
    }
}
