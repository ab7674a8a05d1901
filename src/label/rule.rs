//! Whether a label is valid under its policy: the combinations that the SPIF and its constraints demand or forbid.
//!
//! Takes a label and the time, gives nothing or the first broken rule. A label that its own policy forbids is never
//! compared with a clearance.

use super::lattice::Lattice;
use super::mark::{Category, Label};
use super::scheme::{Asks, LevelIx, Operation, Policy, Requirement, Rule, Selector, Status, Tag, TagValue};
use crate::base::{Reason, Refusal, Time};

impl Lattice {
    /// Checks a label against its policy, at a time.
    ///
    /// # Errors
    /// `label.policy_expired`, `label.obsolete`, `label.malformed` for an empty list, `label.rule`.
    pub fn check(&self, label: &Label, now: Time) -> Result<(), Refusal> {
        let scheme = self.scheme(label.policy)?;
        in_force(scheme, now)?;
        let level = scheme.levels.get(label.level.index()).ok_or_else(|| unknown_level(scheme))?;
        if level.status == Status::Obsolete {
            return Err(Refusal::new(Reason::LabelObsolete, format!("expected a classification in use, found `{}`", level.name)));
        }
        check_requirements(scheme, label, &level.required, &level.name)?;
        for tag in &scheme.mandatory {
            if label.values(*tag).is_none() {
                return Err(broken(format!("expected a category of `{}`, found none", set_name(scheme, *tag))));
            }
        }
        for category in &label.categories {
            check_category(scheme, label, category, now)?;
        }
        scheme.rules.iter().try_for_each(|rule| check_rule(label, rule))
    }
}

fn in_force(scheme: &Policy, now: Time) -> Result<(), Refusal> {
    if outside(scheme.not_before, scheme.not_after, now) {
        return Err(Refusal::new(Reason::LabelPolicyExpired, format!("expected a policy in force, found `{}` outside its dates", scheme.name)));
    }
    Ok(())
}

fn outside(from: Option<Time>, until: Option<Time>, at: Time) -> bool {
    from.is_some_and(|from| at < from) || until.is_some_and(|until| at > until)
}

fn check_category(scheme: &Policy, label: &Label, category: &Category, now: Time) -> Result<(), Refusal> {
    let unknown = || Refusal::new(Reason::LabelCategoryUnknown, format!("expected categories of `{}`", scheme.name));
    let tag = scheme.tags.get(category.tag.index()).ok_or_else(unknown)?;
    if category.values.is_empty() {
        return Err(Refusal::new(Reason::LabelMalformed, format!("expected values of `{}`, found an empty list", tag.set)));
    }
    check_selection(tag, category.values.len())?;
    for value in &category.values {
        let value = tag.values.get(value.index()).ok_or_else(unknown)?;
        check_value(scheme, label, value, now)?;
    }
    Ok(())
}

fn check_selection(tag: &Tag, count: usize) -> Result<(), Refusal> {
    let bound = |limit: Option<u32>| limit.and_then(|limit| usize::try_from(limit).ok());
    let few = bound(tag.select_min).is_some_and(|min| count < min);
    let many = bound(tag.select_max).is_some_and(|max| count > max);
    if few || many {
        return Err(broken(format!("expected another number of values of `{}`, found {count}", tag.set)));
    }
    Ok(())
}

fn check_value(scheme: &Policy, label: &Label, value: &TagValue, now: Time) -> Result<(), Refusal> {
    let name = &value.name;
    if value.status == Status::Obsolete {
        return Err(Refusal::new(Reason::LabelObsolete, format!("expected a value in use, found `{name}`")));
    }
    // A value must have been in use when the label was given and be so now: the creation time is the sender's word.
    let dates = [Some(now), label.created];
    if dates.into_iter().flatten().any(|at| outside(value.not_before, value.not_after, at)) {
        return Err(Refusal::new(Reason::LabelObsolete, format!("expected a value in use at this time, found `{name}`")));
    }
    let level_fits = !value.excluded_levels.contains(&label.level) && value.required_level.is_none_or(|required: LevelIx| required == label.level);
    if !level_fits {
        let level = scheme.levels.get(label.level.index()).map_or("", |found| found.name.as_str());
        return Err(broken(format!("`{name}` does not stand with `{level}`")));
    }
    if let Some(other) = value.excluded.iter().find(|selector| selected(label, selector)) {
        return Err(broken(format!("`{name}` does not stand with `{}`", spoken(scheme, other))));
    }
    check_requirements(scheme, label, &value.required, name)
}

fn check_requirements(scheme: &Policy, label: &Label, requirements: &[Requirement], whose: &str) -> Result<(), Refusal> {
    for requirement in requirements {
        let met: usize = requirement.of.iter().map(|selector| count(label, selector)).fold(0, usize::saturating_add);
        let fits = match requirement.operation {
            Operation::OnlyOne => met == 1,
            Operation::OneOrMore => met >= 1,
            Operation::All => requirement.of.iter().all(|selector| all_of(scheme, label, selector)),
        };
        if !fits {
            let names: Vec<_> = requirement.of.iter().map(|selector| format!("`{}`", spoken(scheme, selector))).collect();
            return Err(broken(format!("`{whose}` asks for {}", names.join(", "))));
        }
    }
    Ok(())
}

fn check_rule(label: &Label, rule: &Rule) -> Result<(), Refusal> {
    let level_speaks = rule.levels.is_empty() || rule.levels.contains(&label.level);
    let category_speaks = rule.when.is_empty() || rule.when.iter().any(|selector| selected(label, selector));
    let kept = match &rule.asks {
        Asks::Never => false,
        Asks::Needs(needs) => needs.iter().all(|selector| selected(label, selector)),
    };
    if level_speaks && category_speaks && !kept { Err(broken(rule.why.clone())) } else { Ok(()) }
}

/// How many values of a selector stand in a label.
fn count(label: &Label, selector: &Selector) -> usize {
    match selector.value {
        Some(value) => usize::from(label.has(selector.tag, value)),
        None => label.values(selector.tag).map_or(0, <[_]>::len),
    }
}

fn selected(label: &Label, selector: &Selector) -> bool {
    count(label, selector) > 0
}

fn all_of(scheme: &Policy, label: &Label, selector: &Selector) -> bool {
    let needed = match selector.value {
        Some(_) => 1,
        None => scheme.tags.get(selector.tag.index()).map_or(usize::MAX, |tag| tag.values.len()),
    };
    count(label, selector) >= needed
}

fn set_name(scheme: &Policy, tag: super::scheme::TagIx) -> &str {
    scheme.tags.get(tag.index()).map_or("", |found| found.set.as_str())
}

fn spoken(scheme: &Policy, selector: &Selector) -> String {
    let Some(tag) = scheme.tags.get(selector.tag.index()) else { return String::new() };
    match selector.value.and_then(|value| tag.values.get(value.index())) {
        Some(value) => value.name.clone(),
        None => tag.set.clone(),
    }
}

fn broken(detail: String) -> Refusal {
    Refusal::new(Reason::LabelRule, detail)
}

fn unknown_level(scheme: &Policy) -> Refusal {
    Refusal::new(Reason::LabelLevelUnknown, format!("expected a classification of `{}`", scheme.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::laws;
    use crate::label::tests::{lattice, now, small_policy};

    /// A policy whose class asks for values of `T` by an operation, and whose values exclude one another as `value` says.
    fn check(operation: &str, attributes: &str, value: &str, picks: &[u8]) -> &'static str {
        let class = format!(
            "<securityClassification name=\"A\" lacv=\"1\" hierarchy=\"1\"><requiredCategory operation=\"{operation}\"><categoryGroup tagSetRef=\"T\" tagType=\"restrictive\" lacv=\"1\"/><categoryGroup tagSetRef=\"T\" tagType=\"restrictive\" lacv=\"2\"/></requiredCategory></securityClassification>"
        );
        let tags = format!(
            "<securityCategoryTagSets><securityCategoryTagSet name=\"T\" id=\"1.2.3\"><securityCategoryTag tagType=\"restrictive\" {attributes}><tagCategory name=\"ONE\" lacv=\"1\"/><tagCategory name=\"TWO\" lacv=\"2\"/><tagCategory name=\"THREE\" lacv=\"3\" {value}</securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets>"
        );
        let lattice = Lattice::load(&[small_policy("X", "1.2.9", &class, &tags)]).unwrap();
        let bytes: Vec<u8> = [0, 0].into_iter().chain(picks.iter().flat_map(|pick| [0, *pick])).collect();
        lattice.check(&laws::label(&lattice, &bytes).unwrap(), now()).map_or_else(|refusal| refusal.reason.code(), |()| "allowed")
    }

    #[test]
    fn a_class_gets_as_many_of_the_categories_that_it_asks_for_as_its_operation_says() {
        for (operation, none, one, both) in [
            ("onlyOne", "label.rule", "allowed", "label.rule"),
            ("oneOrMore", "label.rule", "allowed", "allowed"),
            ("all", "label.rule", "label.rule", "allowed"),
        ] {
            let found = [&[][..], &[0], &[0, 1]].map(|picks| check(operation, "", "/>", picks));
            assert_eq!(found, [none, one, both], "{operation}");
        }
    }

    #[test]
    fn a_value_stands_only_with_what_it_may_stand_with_in_its_time_and_number() {
        let three = |value: &str| check("oneOrMore", "", value, &[0, 2]);
        assert_eq!(three("/>"), "allowed");
        assert_eq!(three("><excludedCategory tagSetRef=\"T\" tagType=\"restrictive\" lacv=\"2\"/></tagCategory>"), "allowed");
        assert_eq!(three("><excludedCategory tagSetRef=\"T\" tagType=\"restrictive\" lacv=\"1\"/></tagCategory>"), "label.rule");
        assert_eq!(three("><excludedClass>A</excludedClass></tagCategory>"), "label.rule");
        assert_eq!(three("obsolete=\"true\"/>"), "label.obsolete");
        assert_eq!(three("notAfter=\"2026-05-31T23:59:59Z\"/>"), "label.obsolete");
        assert_eq!(three("notBefore=\"2026-06-01T12:00:00Z\"/>"), "allowed");
        assert_eq!(check("oneOrMore", "maxSelection=\"1\"", "/>", &[0, 2]), "label.rule");
        assert_eq!(check("oneOrMore", "minSelection=\"2\"", "/>", &[0]), "label.rule");
        assert_eq!(check("oneOrMore", "", "/>", &[255]), "label.rule");
    }

    #[test]
    fn an_empty_list_is_refused_before_anything_asks_what_it_means() {
        for (policy, release) in lattice().policies().iter().enumerate().filter_map(|(at, policy)| policy.release.map(|release| (at, release))) {
            let mut label = laws::label(lattice(), &[u8::try_from(policy).unwrap(), 1]).unwrap();
            label.present(release).clear();
            assert_eq!(lattice().check(&label, now()).unwrap_err().reason, Reason::LabelMalformed);
        }
    }
}
