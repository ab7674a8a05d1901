//! Names: the edition's own, nations, organisations, and who is in which community at what time.

use super::Effect;
use super::facts::{Facts, Weight, quoted};
use super::peers::term;
use crate::policy::{Condition, Edition, Invariant, Registry, ReviewRules};

/// What an edition says of names and members. Peers, agreements, schemes and filters are compared elsewhere.
pub(super) fn facts(edition: &Edition) -> Facts {
    let Edition {
        name,
        edition: number,
        digest: _,
        home,
        review,
        conditions,
        exercise_policies,
        registry,
        lattice: _,
        peers: _,
        agreements: _,
        cedar: _,
        profiles: _,
        messages: _,
        word_lists: _,
        patterns: _,
        detectors: _,
        cases: _,
        invariants,
        values: _,
        files: _,
    } = edition;
    let Registry { nations, organisations, communities, dated, by_name_only } = registry;
    let (mut facts, whole) = (Facts::default(), "the rule set");
    facts.value(whole, "the name", format!("`{name}`"), Weight::Always(Effect::Neither));
    facts.value(whole, "the edition", format!("`{number}`"), Weight::Always(Effect::Neither));
    facts.value(whole, "the home", format!("`{home}`"), Weight::Always(Effect::Either));
    for (relation, titles) in [("nation", nations), ("organisation", organisations)] {
        for (code, title) in titles {
            facts.member(whole, relation, format!("`{code}`"), Effect::Neither);
            facts.value(&format!("`{code}`"), "the title", format!("`{title}`"), Weight::Always(Effect::Neither));
        }
    }
    for (community, members) in communities {
        let owner = format!("the community `{community}`");
        facts.member(whole, "community", format!("`{community}`"), Effect::Neither);
        for (member, at) in members {
            facts.member(&owner, "member", format!("`{member}`"), Effect::Wider);
            term(&mut facts, &format!("`{member}` in the community `{community}`"), at);
        }
    }
    for ((community, code), at) in dated {
        facts.member(whole, "row of dates", format!("`{code}` in `{community}`"), Effect::Either);
        term(&mut facts, &format!("the row of dates of `{code}` in `{community}`"), at);
    }
    let ReviewRules { persons, critical, hours } = review;
    // How many people look at what is held, and for how long it may wait, lets nothing more leave by itself.
    for (aspect, number) in [("the number of reviewers", u32::from(*persons)), ("the number of reviewers of critical findings", u32::from(*critical))]
    {
        facts.value(whole, aspect, number.to_string(), Weight::Opens(i128::from(number).saturating_neg()));
    }
    facts.value(whole, "the time for reviews", format!("{hours} hours"), Weight::Always(Effect::Neither));
    for Condition { name, values } in conditions {
        facts.member(whole, "condition", format!("`{name}`"), Effect::Either);
        facts.value(&format!("the condition `{name}`"), "the values", quoted(values), Weight::Always(Effect::Either));
    }
    exercise_policies.iter().for_each(|policy| facts.member(whole, "marking scheme of exercises", format!("`{policy}`"), Effect::Either));
    for Invariant { id, sentence, form, file: _, at: _ } in invariants {
        let subject = format!("the invariant `{id}`");
        facts.member(whole, "invariant", format!("`{id}`"), Effect::Neither);
        facts.value(&subject, "the sentence", format!("`{sentence}`"), Weight::Always(Effect::Neither));
        facts.value(&subject, "the form", format!("{form:?}"), Weight::Always(Effect::Neither));
    }
    by_name_only.iter().for_each(|code| facts.member("those for whom no community stands", "nation", format!("`{code}`"), Effect::Narrower));
    facts
}
