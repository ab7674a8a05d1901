//! A label in the one form that every reader gives and every decision takes, and its view for people.

use std::collections::BTreeMap;

use serde::Serialize;

use super::scheme::{LevelIx, PolicyIx, TagIx, ValueIx};
use crate::base::Time;

/// A confidentiality label: what is said, in names of one policy.
///
/// A category that is absent constrains nobody. A category that is present without values admits nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The policy that gives meaning to everything else.
    pub policy: PolicyIx,
    /// The classification.
    pub level: LevelIx,
    /// Categories, one for each tag at most, in the order of the tags.
    pub categories: Vec<Category>,
    /// Who gave the label, where it says so.
    pub originator: Option<String>,
    /// When it was given, where it says so.
    pub created: Option<Time>,
}

/// The values of one tag in a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Category {
    /// The tag.
    pub tag: TagIx,
    /// The values, in the order of the policy, each once.
    pub values: Vec<ValueIx>,
}

impl Label {
    /// A label without categories.
    #[must_use]
    pub const fn new(policy: PolicyIx, level: LevelIx) -> Self {
        Self { policy, level, categories: Vec::new(), originator: None, created: None }
    }

    /// The values of a tag; `None` where the tag is absent, which is not the same as empty.
    #[must_use]
    pub fn values(&self, tag: TagIx) -> Option<&[ValueIx]> {
        self.categories
            .binary_search_by_key(&tag, |category| category.tag)
            .ok()
            .and_then(|at| self.categories.get(at))
            .map(|found| found.values.as_slice())
    }

    /// Whether a value stands in the label.
    #[must_use]
    pub fn has(&self, tag: TagIx, value: ValueIx) -> bool {
        self.values(tag).is_some_and(|values| values.binary_search(&value).is_ok())
    }

    /// Adds a value to a tag, which is then present.
    pub(in crate::label) fn add(&mut self, tag: TagIx, value: ValueIx) {
        let values = self.present(tag);
        if let Err(place) = values.binary_search(&value) {
            values.insert(place, value);
        }
    }

    /// The values of a tag, which is then present, if only empty.
    pub(in crate::label) fn present(&mut self, tag: TagIx) -> &mut Vec<ValueIx> {
        let place = match self.categories.binary_search_by_key(&tag, |category| category.tag) {
            Ok(place) => place,
            Err(place) => {
                self.categories.insert(place, Category { tag, values: Vec::new() });
                place
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the place was just found or filled")]
        &mut self.categories[place].values
    }

    /// Whether two labels say the same: policy, classification and categories as sets. Dates and originator say who and when, not what.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.policy == other.policy && self.level == other.level && self.categories == other.categories
    }
}

/// A label for people and programs: names only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelView {
    /// Name of the policy.
    pub policy: String,
    /// Name of the classification.
    pub classification: String,
    /// Nations and groups to which release is permitted; the owner alone where the label is national.
    pub releasable_to: Vec<String>,
    /// Whether the label keeps the message within its nation.
    pub national_only: bool,
    /// Whose information is in it beside the owner's: names of nations and organisations, or the word for a concealed origin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign_origins: Vec<String>,
    /// All categories: tag to values.
    pub categories: BTreeMap<String, Vec<String>>,
    /// Who gave the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originator: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_tag_is_not_an_empty_one() {
        let mut label = Label::new(PolicyIx::at(0), LevelIx::at(0));
        assert_eq!(label.values(TagIx::at(3)), None);
        label.present(TagIx::at(3));
        assert_eq!(label.values(TagIx::at(3)), Some(&[][..]));
        assert!(!label.says_the_same(&Label::new(PolicyIx::at(0), LevelIx::at(0))));
    }

    #[test]
    fn the_order_in_which_values_were_said_does_not_matter_nor_who_said_them_when() {
        let said = |pairs: &[(usize, usize)]| {
            let mut label = Label::new(PolicyIx::at(0), LevelIx::at(0));
            pairs.iter().for_each(|(tag, value)| label.add(TagIx::at(*tag), ValueIx::at(*value)));
            label
        };
        let one = said(&[(2, 7), (0, 1), (2, 3), (2, 7)]);
        assert!(one.says_the_same(&said(&[(2, 3), (2, 7), (0, 1)])) && !one.says_the_same(&said(&[(2, 3), (0, 1)])));
        assert_eq!(one.values(TagIx::at(2)), Some(&[ValueIx::at(3), ValueIx::at(7)][..]));
        assert!(one.has(TagIx::at(0), ValueIx::at(1)) && !one.has(TagIx::at(0), ValueIx::at(7)));
        let dated = Label { originator: Some("CN=Lab".into()), created: Time::from_unix_ms(1), ..one.clone() };
        assert!(dated.says_the_same(&one) && dated != one);
    }
}
