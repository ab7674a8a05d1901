//! Translation of a label into another policy, for release: one step, by the table of the label's own policy.
//!
//! Proves of a result: the level is the one that the table gives (the loader has refused tables that lower one), every
//! value that decides was carried over, nobody is in the audience who was not in it before, and the label is valid in its
//! new policy. Deliberately absent: chains of translations, and guesses by name.

use std::collections::BTreeSet;

use super::lattice::Lattice;
use super::mark::{Category, Label};
use super::scheme::{Holders, PolicyIx, Tag, TagIx, TagKind, Target};
use crate::base::{Reason, Refusal, Time};

impl Lattice {
    /// The label in the policy `to`, for release.
    ///
    /// Validity of the result is checked with the creation time of the label where it has one: dates of values are the
    /// caller's to check at the present time, with [`Lattice::check`].
    ///
    /// # Errors
    /// `clearance.national_only` for a label that is its nation's alone; `clearance.originator` where the originator must be asked first; `clearance.equivalence` where a part has no equivalent, or the result would be wider or invalid.
    pub fn translate(&self, label: &Label, to: PolicyIx, now: Time) -> Result<Label, Refusal> {
        if label.policy == to {
            return Ok(label.clone());
        }
        let (from_name, to_name) = (self.policy_name(label.policy), self.policy_name(to));
        let none =
            |part: &str| Refusal::new(Reason::ClearanceEquivalence, format!("expected an equivalent of {part} of `{from_name}` in `{to_name}`"));
        let scheme = self.scheme(label.policy)?;
        if self.national_only(label) {
            let owner = scheme.owner.as_deref().unwrap_or("its owner");
            return Err(Refusal::new(Reason::ClearanceNationalOnly, format!("the label is for `{owner}` alone and is not translated")));
        }
        if let Some(value) = self.originators(label) {
            return Err(Refusal::new(Reason::ClearanceOriginator, format!("expected the originator's consent for `{value}`")));
        }
        let policy = scheme.equivalents.iter().find(|equivalent| equivalent.policy == to).ok_or_else(|| none("any label"))?;
        let level = scheme.levels.get(label.level.index()).ok_or_else(|| none("an unknown classification"))?;
        let taken = level.equivalents.iter().find(|equivalent| equivalent.policy == to && equivalent.applied.releases());
        let taken = taken.ok_or_else(|| none(&format!("the classification `{}`", level.name)))?;
        let mut result = Label { originator: label.originator.clone(), created: label.created, ..Label::new(to, taken.level) };
        let mut filled = BTreeSet::new();
        // Whose information it is stays with the label that says so.
        let says_origin = |category: &&Category| scheme.origins.is_some_and(|origins| origins.has(category.tag));
        for category in label.categories.iter().filter(|category| !says_origin(category)) {
            let tag = scheme.tags.get(category.tag.index()).ok_or_else(|| none("an unknown category"))?;
            self.carry(tag, category, &mut result, &mut filled).map_err(|part| none(&part))?;
        }
        for &(tag, value) in policy.adds.iter().chain(&taken.adds) {
            // Adding to a list of recipients would widen it: values are added only where the label has carried none, or where everyone holds them.
            let everyones = self.value_data(to, tag, value).is_some_and(|value| value.holders == Holders::Everyone);
            if filled.contains(&tag) && !everyones && self.tag_data(to, tag).is_some_and(|tag| tag.kind == TagKind::Permissive) {
                continue;
            }
            result.add(tag, value);
        }
        self.no_wider(label, &result, now)?;
        self.valid(&result)?;
        Ok(result)
    }

    /// Carries one category over; gives the part that has no equivalent.
    fn carry(&self, tag: &Tag, category: &Category, result: &mut Label, filled: &mut BTreeSet<TagIx>) -> Result<(), String> {
        let data = |value: &super::scheme::ValueIx| tag.values.get(value.index());
        // A permissive tag with a value that everyone holds constrains nobody: there is nothing to carry.
        if tag.kind == TagKind::Permissive && category.values.iter().filter_map(data).any(|value| value.holders == Holders::Everyone) {
            return Ok(());
        }
        if category.values.is_empty() {
            return Err(format!("the empty list of `{}`", tag.set));
        }
        let mut targets = BTreeSet::new();
        for value in &category.values {
            let value = data(value).ok_or_else(|| format!("a value of `{}`", tag.set))?;
            let mut mapped = false;
            let to = result.policy;
            for equivalent in value.equivalents.iter().filter(|equivalent| equivalent.policy == to && equivalent.applied.releases()) {
                mapped = true;
                if let Target::Value(target, target_value) = equivalent.to {
                    targets.insert(target);
                    result.add(target, target_value);
                }
            }
            if !mapped {
                return Err(format!("the category value `{}`", value.name));
            }
        }
        // Two permissive tags that both must be met would become one list of which one entry is enough.
        let kind = |target: &TagIx| self.tag_data(result.policy, *target).map(|found| found.kind);
        let permissive = targets.iter().filter(|target| kind(target) == Some(TagKind::Permissive));
        if tag.kind == TagKind::Permissive && permissive.clone().any(|target| filled.contains(target)) {
            return Err(format!("`{}` beside another list of recipients", tag.set));
        }
        if tag.kind != TagKind::Permissive && permissive.clone().count() > 0 {
            return Err(format!("`{}` as a recipient", tag.set));
        }
        if tag.kind == TagKind::Permissive
            && permissive.clone().count() == 0
            && !targets.iter().any(|target| kind(target) == Some(TagKind::Restrictive))
        {
            return Err(format!("the list of `{}`", tag.set));
        }
        filled.extend(permissive);
        Ok(())
    }

    /// Nobody may be in the release list after who was in no list before. Groups are compared with their members beside them.
    fn no_wider(&self, before: &Label, after: &Label, now: Time) -> Result<(), Refusal> {
        let Some(release) = self.scheme(after.policy)?.release else { return Ok(()) };
        let Some(values) = after.values(release) else {
            return self.not_opened(before, after);
        };
        let reached = self.audience(after.policy, release, values, now);
        let scheme = self.scheme(before.policy)?;
        let mut allowed = BTreeSet::new();
        for category in &before.categories {
            if scheme.tags.get(category.tag.index()).is_some_and(|tag| tag.kind == TagKind::Permissive) {
                allowed.extend(self.audience(before.policy, category.tag, &category.values, now));
            }
        }
        if reached.is_subset(&allowed) {
            return Ok(());
        }
        Err(Refusal::new(Reason::ClearanceEquivalence, "expected an equivalent with the same recipients, found one with more"))
    }

    /// A label that named recipients must not become one that names none, unless another permissive tag holds them.
    fn not_opened(&self, before: &Label, after: &Label) -> Result<(), Refusal> {
        let constrained = |label: &Label| {
            let tags = self.scheme(label.policy).map(|scheme| scheme.tags.as_slice()).unwrap_or_default();
            label.categories.iter().any(|category| {
                let tag = tags.get(category.tag.index());
                let everyone = tag.is_some_and(|tag| {
                    category.values.iter().filter_map(|value| tag.values.get(value.index())).any(|value| value.holders == Holders::Everyone)
                });
                tag.is_some_and(|tag| tag.kind == TagKind::Permissive) && !everyone
            })
        };
        if constrained(before) && !constrained(after) && !self.national_only(after) {
            return Err(Refusal::new(Reason::ClearanceEquivalence, "expected an equivalent that names its recipients, found one without"));
        }
        Ok(())
    }

    /// The result must be a label that its policy allows. Dates are left to the caller, who knows the time.
    fn valid(&self, result: &Label) -> Result<(), Refusal> {
        let at = result.created.or_else(|| Time::from_unix_ms(0));
        let undated = |refusal: &Refusal| matches!(refusal.reason, Reason::LabelPolicyExpired);
        match at.map_or(Ok(()), |at| self.check(result, at)) {
            Err(refusal) if !undated(&refusal) => Err(Refusal::new(Reason::ClearanceEquivalence, refusal.detail)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::{gb, lattice, now, read, triple, us};

    #[test]
    fn translations_keep_level_and_audience() {
        let lattice = lattice();
        let to = |label: &Label, policy: &str| lattice.translate(label, lattice.policy(policy).unwrap(), now());
        let same = |from: &Label, policy: &str, line: &str| {
            let found = to(from, policy).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
            let expected = read(policy, line).unwrap();
            assert!(found.says_the_same(&expected), "{:?} is not {line}", lattice.view(&found));
        };
        same(&us("CONFIDENTIAL//REL TO USA, GBR"), "GBR", "SECRET - UK/US EYES ONLY");
        same(&gb("SECRET - COPPER LANTERN - UK/US EYES ONLY"), "GBR", "SECRET - COPPER LANTERN - UK/US EYES ONLY");
        same(&gb("SECRET - UK/US EYES ONLY"), "USA", "SECRET//REL TO USA, GBR");
        same(&triple("GBR", "OFFICIAL", None, Some("GBR USA")).unwrap().unwrap(), "USA", "CONFIDENTIAL//REL TO USA, GBR");
        let fvey = to(&us("SECRET//REL TO USA, FVEY"), "NATO").unwrap();
        assert_eq!(lattice.view(&fvey).releasable_to, ["AUS", "CAN", "GBR", "NZL", "USA"]);
        assert_eq!(lattice.view(&fvey).categories["Context"], ["NATO", "Releasable"]);
        let back = to(&read("NATO", "NATO RESTRICTED Releasable to GBR").unwrap(), "GBR").unwrap();
        assert_eq!(
            (lattice.view(&back).classification.as_str(), lattice.view(&back).releasable_to),
            ("OFFICIAL-SENSITIVE", vec!["GBR".to_owned(), "NATO".to_owned()])
        );
        for (label, policy, reason) in [
            (us("SECRET//NOFORN"), "GBR", Reason::ClearanceNationalOnly),
            (us("SECRET"), "NATO", Reason::ClearanceNationalOnly),
            (us("TOP SECRET//REL TO USA, NATO"), "NATO", Reason::ClearanceEquivalence),
            (us("SECRET//SI//REL TO USA, GBR"), "GBR", Reason::ClearanceEquivalence),
            (us("SECRET//ORCON/REL TO USA, GBR"), "GBR", Reason::ClearanceOriginator),
            (us("SECRET//REL TO USA, ISAC"), "NATO", Reason::ClearanceEquivalence),
            (gb("SECRET - COPPER LANTERN - UK/US EYES ONLY"), "NATO", Reason::ClearanceEquivalence),
            (read("NATO", "COSMIC TOP SECRET").unwrap(), "USA", Reason::ClearanceEquivalence),
            (read("NATO", "NATO/KFOR SECRET").unwrap(), "USA", Reason::ClearanceEquivalence),
            (read("NATO", "NATO SECRET//ATOMAL").unwrap(), "USA", Reason::ClearanceEquivalence),
        ] {
            let found = to(&label, policy).map(|label| lattice.view(&label)).unwrap_err();
            assert_eq!(found.reason, reason, "{:?}: {found}", lattice.view(&label));
        }
    }
}
