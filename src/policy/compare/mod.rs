//! The comparison of two editions: what may leave under the new one that could not under the old, and the reverse, in sentences.
//!
//! Takes two loaded editions, gives [`Difference`]s: about releases to partners first, then about what is looked for, then about names. It compares
//! what rules mean: comments, layout, the order of rows that have no order, and the places of rules in their files are no difference, and are told in
//! one sentence where nothing else is. Each part of an edition is taken apart field by field, so that a field that nobody compares does not compile.
//! Whether a change lets more leave is said where it follows from the rule alone; where it depends on the message it is called `either`, never `neither`.

mod agreements;
mod content;
mod facts;
mod filters;
mod peers;
mod registry;
mod schemes;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;

use super::Edition;
use crate::base::Name;

/// What a difference means for what leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// More can leave.
    Wider,
    /// Less can leave.
    Narrower,
    /// It depends on the message: some may leave that could not, or the reverse.
    Either,
    /// Nothing changes in what can leave.
    Neither,
}

impl Effect {
    /// The effect of the change the other way.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Wider => Self::Narrower,
            Self::Narrower => Self::Wider,
            Self::Either => Self::Either,
            Self::Neither => Self::Neither,
        }
    }

    /// The word of reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wider => "wider",
            Self::Narrower => "narrower",
            Self::Either => "either",
            Self::Neither => "neither",
        }
    }
}

/// One difference between two editions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The peers whose releases it is about; none where it is about all, or about none.
    pub partners: BTreeSet<Name>,
    /// What it means for what leaves.
    pub effect: Effect,
    /// One sentence.
    pub what: String,
}

/// All differences, those of partners first; none for editions that mean and say the same.
#[must_use]
pub fn compare(old: &Edition, new: &Edition) -> Vec<Difference> {
    let mut all = agreements::differences(old, new);
    all.extend(peers::differences(old, new));
    for facts in [registry::facts, schemes::facts, content::facts, filters::facts] {
        all.extend(facts::differences(&facts(old), &facts(new)));
    }
    if all.iter().all(|one| one.effect == Effect::Neither) {
        all.extend(texts(old, new, &all));
    }
    all.sort_by(|one, other| (one.partners.is_empty(), &one.partners, one.effect).cmp(&(other.partners.is_empty(), &other.partners, other.effect)));
    all
}

/// Files that differ although no rule does, and rules that stand elsewhere.
fn texts(old: &Edition, new: &Edition, said: &[Difference]) -> Option<Difference> {
    let neither = |what| Some(Difference { partners: BTreeSet::new(), effect: Effect::Neither, what });
    let text = |edition: &Edition| edition.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect::<BTreeSet<_>>();
    let differing: BTreeSet<String> = text(old).symmetric_difference(&text(new)).map(|(path, _)| format!("`{path}`")).collect();
    if !differing.is_empty() {
        let list: Vec<String> = differing.into_iter().collect();
        let rest = if said.is_empty() { "no rule differs" } else { "no other rule differs" };
        return neither(format!("{rest}; the text of {} differs", facts::listed(&list)));
    }
    // Loaded editions of equal files are equal; this speaks of those that a program changed.
    let same = !said.is_empty() || format!("{old:?}") == format!("{new:?}");
    if same { None } else { neither("no rule differs; rules stand in another order or at other places".to_owned()) }
}

/// The words of a table of choices, the other way: how the rule files spell a value.
fn spelt<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> String {
    table.iter().find(|(_, known)| known == value).map_or_else(String::new, |(word, _)| (*word).to_owned())
}
