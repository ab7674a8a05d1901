//! The lattice: all marking schemes of a rule set, looked up by name, by object identifier and by place.
//!
//! Takes policies whose references were resolved by the loader. Gives names for places and places for names.
//! Deliberately absent: an order between policies. `SECRET` of two policies are two different things.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::mark::{Category, Label, LabelView};
use super::scheme::{Case, Group, Holders, Level, LevelIx, Policy, PolicyIx, Tag, TagIx, TagKind, TagValue, Term, Unmarked, ValueIx};
use crate::base::{Name, Reason, Refusal, Time};

/// All marking schemes of a rule set with their equivalences.
#[derive(Debug, Default)]
pub struct Lattice {
    policies: Vec<Policy>,
    by_name: BTreeMap<String, PolicyIx>,
    values: Vec<BTreeMap<String, Vec<(TagIx, ValueIx)>>>,
}

impl Lattice {
    /// A lattice over resolved policies. Names are unique: the loader has seen to it.
    #[must_use]
    pub fn of(policies: Vec<Policy>) -> Self {
        let by_name = policies.iter().enumerate().map(|(at, policy)| (policy.name.clone(), PolicyIx::at(at))).collect();
        let values = policies.iter().map(value_places).collect();
        Self { policies, by_name, values }
    }

    /// All policies, as plain data, in file order.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// The label of a policy, a classification, and tags with values, all by place; nothing where one of them is not there.
    #[must_use]
    pub fn label(&self, policy: usize, level: usize, categories: &[(usize, Vec<usize>)]) -> Option<Label> {
        let known = self.policies.get(policy)?;
        known.levels.get(level)?;
        let category = |(tag, values): &(usize, Vec<usize>)| {
            let count = known.tags.get(*tag)?.values.len();
            let values = values.iter().map(|value| (*value < count).then(|| ValueIx::at(*value))).collect::<Option<_>>()?;
            Some(Category { tag: TagIx::at(*tag), values })
        };
        let categories = categories.iter().map(category).collect::<Option<_>>()?;
        Some(Label { categories, ..Label::new(PolicyIx::at(policy), LevelIx::at(level)) })
    }

    /// The policy of a name; exact.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<PolicyIx> {
        self.by_name.get(name).copied()
    }

    /// The policy of an object identifier, dotted.
    #[must_use]
    pub fn policy_by_oid(&self, oid: &str) -> Option<PolicyIx> {
        self.policies.iter().position(|policy| policy.oid == oid).map(PolicyIx::at)
    }

    /// The data of a policy.
    ///
    /// # Errors
    /// `label.policy_unknown` for a place of another lattice.
    pub fn scheme(&self, policy: PolicyIx) -> Result<&Policy, Refusal> {
        self.policies.get(policy.index()).ok_or_else(|| Refusal::new(Reason::LabelPolicyUnknown, "expected a policy of this rule set"))
    }

    /// The name of a policy; empty for a place of another lattice.
    #[must_use]
    pub fn policy_name(&self, policy: PolicyIx) -> &str {
        self.policies.get(policy.index()).map_or("", |found| found.name.as_str())
    }

    /// The classification of a name, compared as the policy compares.
    #[must_use]
    pub fn level(&self, policy: PolicyIx, name: &str) -> Option<LevelIx> {
        let policy = self.policies.get(policy.index())?;
        policy.levels.iter().position(|level| policy.case.same(&level.name, name)).map(LevelIx::at)
    }

    /// The name of a classification; empty for a place of another lattice.
    #[must_use]
    pub fn level_name(&self, policy: PolicyIx, level: LevelIx) -> &str {
        self.level_data(policy, level).map_or("", |found| found.name.as_str())
    }

    /// The rank of a classification by `hierarchy`; the greatest rank for a place of another lattice.
    #[must_use]
    pub fn rank(&self, policy: PolicyIx, level: LevelIx) -> u32 {
        self.level_data(policy, level).map_or(u32::MAX, |found| found.hierarchy)
    }

    /// The rank of a label in a policy: its own, or that of the level to which its own would be translated.
    #[must_use]
    pub fn rank_in(&self, label: &Label, policy: PolicyIx) -> Option<u32> {
        if label.policy == policy {
            return self.level_data(policy, label.level).map(|level| level.hierarchy);
        }
        let own = self.level_data(label.policy, label.level)?;
        let taken = own.equivalents.iter().find(|equivalent| equivalent.policy == policy && equivalent.applied.releases())?;
        self.level_data(policy, taken.level).map(|level| level.hierarchy)
    }

    /// All places at which a policy has a value of a name.
    #[must_use]
    pub fn values_named(&self, policy: PolicyIx, name: &str) -> &[(TagIx, ValueIx)] {
        let case = self.policies.get(policy.index()).map_or(Case::Exact, |found| found.case);
        self.values.get(policy.index()).and_then(|names| names.get(folded(case, name).as_ref())).map_or(&[], Vec::as_slice)
    }

    /// The data of a level.
    pub(in crate::label) fn level_data(&self, policy: PolicyIx, level: LevelIx) -> Option<&Level> {
        self.policies.get(policy.index())?.levels.get(level.index())
    }

    /// The data of a tag.
    pub(in crate::label) fn tag_data(&self, policy: PolicyIx, tag: TagIx) -> Option<&Tag> {
        self.policies.get(policy.index())?.tags.get(tag.index())
    }

    /// The data of a value.
    pub(in crate::label) fn value_data(&self, policy: PolicyIx, tag: TagIx, value: ValueIx) -> Option<&TagValue> {
        self.tag_data(policy, tag)?.values.get(value.index())
    }

    /// The value that names the owner nation in the release tag.
    pub(in crate::label) fn owner_value(&self, policy: PolicyIx) -> Option<(TagIx, ValueIx)> {
        let scheme = self.policies.get(policy.index())?;
        let (owner, release) = (scheme.owner.as_deref()?, scheme.release?);
        self.values_named(policy, owner).iter().copied().find(|(tag, _)| *tag == release)
    }

    /// Whether a label keeps its content within the owner nation: by an eyes-only value, or by naming no recipient where that means the owner alone.
    #[must_use]
    pub fn national_only(&self, label: &Label) -> bool {
        let Some(scheme) = self.policies.get(label.policy.index()) else { return true };
        let eyes_only = label.categories.iter().any(|category| {
            let held_by_owner =
                |value: &ValueIx| self.value_data(label.policy, category.tag, *value).is_none_or(|found| found.holders == Holders::Owner);
            category.values.iter().any(held_by_owner)
        });
        let unmarked = self.level_data(label.policy, label.level).is_none_or(|level| level.unmarked == Unmarked::Owner);
        eyes_only || (unmarked && scheme.release.is_none_or(|release| label.values(release).is_none()))
    }

    /// A label in names, for people and programs.
    #[must_use]
    pub fn view(&self, label: &Label) -> LabelView {
        let name_of = |tag: TagIx, value: &ValueIx| self.value_data(label.policy, tag, *value).map_or_else(String::new, |found| found.name.clone());
        let mut categories: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for category in &label.categories {
            let set = self.tag_data(label.policy, category.tag).map_or_else(String::new, |tag| tag.set.clone());
            categories.entry(set).or_default().extend(category.values.iter().map(|value| name_of(category.tag, value)));
        }
        let scheme = self.policies.get(label.policy.index());
        let national_only = self.national_only(label);
        let released = scheme.and_then(|found| found.release).and_then(|tag| label.values(tag).map(|values| (tag, values)));
        let releasable_to = match (national_only, released) {
            (true, _) => scheme.and_then(|found| found.owner.clone()).into_iter().collect(),
            (false, Some((tag, values))) => values.iter().map(|value| name_of(tag, value)).collect(),
            (false, None) => Vec::new(),
        };
        LabelView {
            policy: self.policy_name(label.policy).to_owned(),
            classification: self.level_name(label.policy, label.level).to_owned(),
            releasable_to,
            national_only,
            foreign_origins: self.foreign_origins(label).into_iter().map(str::to_owned).collect(),
            categories,
            originator: label.originator.clone(),
            created: label.created,
        }
    }

    /// The names of a permissive tag's audience, groups with those beside them who are their members now.
    pub(in crate::label) fn audience(&self, policy: PolicyIx, tag: TagIx, values: &[ValueIx], now: Time) -> BTreeSet<&str> {
        let names = values.iter().filter_map(|value| self.value_data(policy, tag, *value)).map(|value| value.name.as_str());
        names.flat_map(|name| std::iter::once(name).chain(self.members(policy, name, now))).collect()
    }

    /// Who is a member of a group now; nobody for a name that is no group.
    pub(in crate::label) fn members(&self, policy: PolicyIx, group: &str, now: Time) -> impl Iterator<Item = &str> {
        let group = self.policies.get(policy.index()).and_then(|scheme| scheme.groups.get(group));
        group.into_iter().flatten().filter(move |(_, term)| term.holds(now)).map(|(member, _)| member.as_str())
    }

    /// Lays the registry of the rule set over the groups of all policies: dates of members, and nations that no group stands for.
    #[must_use]
    pub fn registered(
        mut self,
        communities: &BTreeMap<Name, Group>,
        dated: &BTreeMap<(Name, String), Term>,
        by_name_only: &BTreeSet<String>,
    ) -> Self {
        for (name, group) in self.policies.iter_mut().flat_map(|policy| &mut policy.groups) {
            group.retain(|member, _| !by_name_only.contains(member));
            let known_until = communities.get(name.as_str()).into_iter().flatten().find_map(|(_, term)| term.known_until);
            for (member, term) in group.iter_mut() {
                let dates = Name::new(name).and_then(|name| dated.get(&(name, member.clone()))).copied().unwrap_or_default();
                *term = Term { known_until, ..dates };
            }
        }
        self
    }
}

fn value_places(policy: &Policy) -> BTreeMap<String, Vec<(TagIx, ValueIx)>> {
    let mut places: BTreeMap<String, Vec<(TagIx, ValueIx)>> = BTreeMap::new();
    for (tag_at, tag) in policy.tags.iter().enumerate() {
        for (value_at, value) in tag.values.iter().enumerate() {
            places.entry(folded(policy.case, &value.name).into_owned()).or_default().push((TagIx::at(tag_at), ValueIx::at(value_at)));
        }
    }
    places
}

fn folded(case: Case, name: &str) -> Cow<'_, str> {
    match case {
        Case::Exact => Cow::Borrowed(name),
        Case::Folded => Cow::Owned(name.to_ascii_uppercase()),
    }
}

/// Whether values of a tag must all be held, or one, or none.
pub(in crate::label) fn kind_of(scheme: &Policy, tag: TagIx) -> Option<TagKind> {
    scheme.tags.get(tag.index()).map(|found| found.kind)
}

#[cfg(test)]
mod tests {
    use crate::label::tests::{gb, lattice, read, us};

    #[test]
    fn names_and_identifiers_find_one_policy_and_case_counts_where_the_policy_says_so() {
        let (usa, nato) = (lattice().policy("USA").unwrap(), lattice().policy("NATO").unwrap());
        assert_eq!((lattice().policy("nato"), lattice().policy_by_oid("1.3.26.1.3.1")), (None, Some(nato)));
        assert_eq!(lattice().level(nato, "secret"), lattice().level(nato, "SECRET"));
        assert_eq!(lattice().level(usa, "secret"), None);
        assert_eq!(lattice().values_named(nato, "atomal"), lattice().values_named(nato, "ATOMAL"));
        assert!(lattice().values_named(usa, "noforn").is_empty() && lattice().values_named(usa, "NOFORN").len() == 1);
        // A nation is a recipient, somebody to whom one displays, a source and an owner: four places, and no caveat.
        assert_eq!((lattice().values_named(usa, "GBR").len(), lattice().caveat(usa, "GBR")), (4, None));
    }

    #[test]
    fn a_label_without_recipients_or_with_an_eyes_only_value_is_the_owners_alone() {
        for national in [us("SECRET"), us("SECRET//NOFORN"), us("SECRET//SI"), gb("OFFICIAL"), gb("SECRET - UK EYES ONLY")] {
            assert!(lattice().national_only(&national), "{:?}", lattice().view(&national));
            assert_eq!(lattice().view(&national).releasable_to.len(), 1);
        }
        for shared in [us("SECRET//REL TO USA, GBR"), gb("SECRET - FIVE EYES ONLY"), read("NATO", "NATO SECRET").unwrap()] {
            assert!(!lattice().national_only(&shared), "{:?}", lattice().view(&shared));
        }
    }

    #[test]
    fn a_rank_in_another_policy_is_that_of_the_equivalent_and_none_where_there_is_none() {
        let in_policy = |line: &str, policy: &str| {
            let policy = lattice().policy(policy).unwrap();
            lattice()
                .rank_in(&us(line), policy)
                .map(|rank| lattice().policies()[policy.index()].levels.iter().find(|level| level.hierarchy == rank).unwrap().name.as_str())
        };
        assert_eq!(in_policy("CONFIDENTIAL", "GBR"), Some("SECRET"));
        assert_eq!(in_policy("CONFIDENTIAL", "USA"), Some("CONFIDENTIAL"));
        assert_eq!(in_policy("TOP SECRET", "NATO"), None);
    }
}
