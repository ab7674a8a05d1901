//! Marking schemes: levels, tags, values, equivalences, constraints, groups, each by its names, since places move where a scheme comes or goes.
//!
//! What a change of a scheme means for what leaves depends on the labels that are sent; so most of these are called `either`.

use super::Effect;
use super::facts::{Facts, Weight, quoted};
use super::peers::{place, term};
use crate::label::Lattice;
use crate::label::scheme::{
    Asks, EquivalentPolicy, Implied, Level, LevelEquivalent, Phrase, Policy, Qualifier, Requirement, Rule, Selector, Tag, TagValue, Target,
    ValueEquivalent, Words,
};
use crate::label::{LevelIx, PolicyIx, TagIx, ValueIx};
use crate::policy::Edition;

const EITHER: Weight = Weight::Always(Effect::Either);

/// What an edition says of marking schemes.
pub(super) fn facts(edition: &Edition) -> Facts {
    let mut facts = Facts::default();
    for policy in edition.lattice.policies() {
        facts.member("the rule set", "marking scheme", format!("`{}`", policy.name), Effect::Either);
        Telling { lattice: &edition.lattice, policy, facts: &mut facts }.whole();
    }
    facts
}

/// Words for people on one line.
fn worded(words: &Words) -> String {
    let language = |language: &Option<String>| language.as_ref().map_or_else(String::new, |language| format!(" ({language})"));
    let phrase = |phrase: &Phrase| {
        let roles = [(phrase.replaces_policy, " for the policy"), (phrase.hides_name, " hidden"), (phrase.hides_class, " without the level")];
        let roles: String = roles.into_iter().filter(|(has, _)| *has).map(|(_, said)| said).collect();
        format!("`{}`{roles}{}", phrase.text.as_deref().unwrap_or_default(), language(&phrase.language))
    };
    let qualifier = |qualifier: &Qualifier| format!("{:?} `{}`{}", qualifier.place, qualifier.text, language(&qualifier.language)).to_lowercase();
    let all: Vec<String> = words.phrases.iter().map(phrase).chain(words.qualifiers.iter().map(qualifier)).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// One scheme, while its facts are told.
struct Telling<'t> {
    lattice: &'t Lattice,
    policy: &'t Policy,
    facts: &'t mut Facts,
}

impl Telling<'_> {
    fn whole(&mut self) {
        let Policy {
            name,
            oid,
            owner,
            case,
            levels,
            tags,
            release,
            origins,
            mandatory,
            implied,
            rules,
            groups,
            equivalents,
            banner,
            words,
            not_before,
            not_after,
            file: _,
        } = self.policy;
        let subject = format!("the marking scheme `{name}`");
        let date = |time: &Option<crate::base::Time>| time.map_or_else(|| "open".to_owned(), |time| time.to_string());
        let release = release.map_or_else(|| "none".to_owned(), |tag| self.tag(tag));
        for (aspect, said) in [
            ("the identifier", oid.clone()),
            ("the owner", owner.clone().unwrap_or_else(|| "none".to_owned())),
            ("the comparison of names", format!("{case:?}").to_lowercase()),
            ("the tag of recipients", release),
            (
                "the place of foreign origins",
                origins.map_or_else(|| "none".to_owned(), |origins| format!("{} and {}", self.tag(origins.foreign), self.tag(origins.joint))),
            ),
            ("the list of tags that must stand", quoted(mandatory.iter().map(|tag| self.tag(*tag)))),
            ("the grammar of banners", banner.map_or_else(|| "none".to_owned(), |form| format!("{form:?}").to_uppercase())),
            ("the wording for people", worded(words)),
            ("the beginning", date(not_before)),
            ("the end", date(not_after)),
        ] {
            self.facts.value(&subject, aspect, said, EITHER);
        }
        for Implied { tag, value, when } in implied {
            let item = format!("{} ({when:?})", self.value(*tag, *value)).to_lowercase();
            self.facts.member(&subject, "implied value", item, Effect::Either);
        }
        for rule in rules {
            let item = self.rule(rule);
            self.facts.member(&subject, "constraint", item, Effect::Narrower);
        }
        for (group, members) in groups {
            self.facts.member(&subject, "group", format!("`{group}`"), Effect::Neither);
            for (member, at) in members {
                self.facts.member(&format!("the group `{group}` of `{name}`"), "member", format!("`{member}`"), Effect::Wider);
                term(self.facts, &format!("`{member}` in the group `{group}` of `{name}`"), at);
            }
        }
        for EquivalentPolicy { policy, adds } in equivalents {
            let item = format!("`{}`{}", self.lattice.policy_name(*policy), self.adds(*policy, adds));
            self.facts.member(&subject, "translation", item, Effect::Either);
        }
        levels.iter().for_each(|level| self.level(level));
        tags.iter().enumerate().for_each(|(at, tag)| self.tagged(TagIx::at(at), tag));
    }

    fn level(&mut self, level: &Level) {
        let Level { name, lacv, hierarchy, colour, words, status, required, unmarked, equivalents } = level;
        let subject = format!("the level `{name}` of `{}`", self.policy.name);
        self.facts.member(&format!("the marking scheme `{}`", self.policy.name), "level", format!("`{name}`"), Effect::Either);
        self.facts.value(&subject, "the rank", hierarchy.to_string(), EITHER);
        self.facts.value(&subject, "the binary identifier", lacv.to_string(), EITHER);
        self.facts.value(&subject, "the colour", colour.clone().unwrap_or_else(|| "none".to_owned()), EITHER);
        self.facts.value(&subject, "the wording for people", worded(words), EITHER);
        self.facts.value(&subject, "the status", format!("{status:?}").to_lowercase(), EITHER);
        self.facts.value(&subject, "the meaning of no recipients", format!("{unmarked:?}").to_lowercase(), EITHER);
        self.requirements(&subject, required);
        for LevelEquivalent { policy, level, applied, adds } in equivalents {
            let (scheme, there) = (self.lattice.policy_name(*policy), self.lattice.level_name(*policy, *level));
            let item =
                format!("`{scheme} {there}` ({applied:?}){}", self.adds(*policy, adds)).replace("Release", "release").replace("Both", "both ways");
            self.facts.member(&subject, "equivalent", item, Effect::Either);
        }
    }

    fn tagged(&mut self, at: TagIx, tag: &Tag) {
        let Tag { set, oid, aliases, kind, values, select_min, select_max, words } = tag;
        // A set may hold several tags, one of each kind.
        let kind = format!("{kind:?}").to_lowercase();
        let subject = format!("the {kind} tag `{set}` of `{}`", self.policy.name);
        self.facts.member(&format!("the marking scheme `{}`", self.policy.name), "tag", format!("`{set}` ({kind})"), Effect::Either);
        self.facts.value(&subject, "the identifier", oid.clone(), EITHER);
        aliases.iter().for_each(|alias| self.facts.member(&subject, "further name", format!("`{alias}`"), Effect::Either));
        let number = |limit: &Option<u32>| limit.map_or_else(|| "any".to_owned(), |limit| limit.to_string());
        self.facts.value(&subject, "the wording for people", worded(words), EITHER);
        self.facts.value(&subject, "the least number of values", number(select_min), EITHER);
        self.facts.value(&subject, "the greatest number of values", number(select_max), EITHER);
        for (index, value) in values.iter().enumerate() {
            let name = self.value(at, ValueIx::at(index));
            self.facts.member(&subject, "value", name.clone(), Effect::Either);
            self.valued(&format!("the value {name} of `{}`", self.policy.name), value);
        }
    }

    fn valued(&mut self, subject: &str, value: &TagValue) {
        let TagValue {
            name: _,
            lacv,
            status,
            words,
            holders,
            excluded_levels,
            required_level,
            excluded,
            required,
            not_before,
            not_after,
            equivalents,
        } = value;
        let date = |time: &Option<crate::base::Time>| time.map_or_else(|| "open".to_owned(), |time| time.to_string());
        let level = |level: &LevelIx| self.policy.levels.get(level.index()).map_or("?", |level| level.name.as_str());
        for (aspect, said) in [
            ("the binary identifier", lacv.to_string()),
            ("the status", format!("{status:?}").to_lowercase()),
            ("the wording for people", worded(words)),
            ("the rule of who holds it", format!("{holders:?}").to_lowercase()),
            ("the list of levels without it", quoted(excluded_levels.iter().map(level))),
            ("the one level with it", required_level.as_ref().map_or("any", level).to_owned()),
            ("the list of values without it", self.selectors(excluded)),
            ("the beginning", date(not_before)),
            ("the end", date(not_after)),
        ] {
            self.facts.value(subject, aspect, said, EITHER);
        }
        self.requirements(subject, required);
        for ValueEquivalent { policy, to, applied } in equivalents {
            let scheme = self.lattice.policy_name(*policy);
            let there = match to {
                Target::Value(tag, value) => place(self.lattice, scheme, *tag, *value),
                Target::Discard => "nothing".to_owned(),
            };
            let item = format!("{there} of `{scheme}` ({applied:?})").replace("Release", "release").replace("Both", "both ways");
            self.facts.member(subject, "equivalent", item, Effect::Either);
        }
    }

    fn requirements(&mut self, subject: &str, required: &[Requirement]) {
        for Requirement { operation, of } in required {
            let item = format!("{operation:?} of {}", self.selectors(of));
            self.facts.member(subject, "demand", item, Effect::Narrower);
        }
    }

    fn rule(&self, rule: &Rule) -> String {
        let Rule { levels, when, asks, why } = rule;
        let names = levels.iter().map(|level| self.policy.levels.get(level.index()).map_or("?", |level| level.name.as_str()));
        let asks = match asks {
            Asks::Never => "never".to_owned(),
            Asks::Needs(needs) => format!("needs {}", self.selectors(needs)),
        };
        format!("{why} (levels {}, where {}: {asks})", quoted(names), self.selectors(when))
    }

    fn selectors(&self, selectors: &[Selector]) -> String {
        let one = |selector: &Selector| match selector.value {
            Some(value) => self.value(selector.tag, value),
            None => format!("any of {}", self.tag(selector.tag)),
        };
        let all: Vec<String> = selectors.iter().map(one).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    }

    fn adds(&self, policy: PolicyIx, adds: &[(TagIx, ValueIx)]) -> String {
        let scheme = self.lattice.policy_name(policy);
        let all: Vec<String> = adds.iter().map(|(tag, value)| place(self.lattice, scheme, *tag, *value)).collect();
        if all.is_empty() { String::new() } else { format!(", adding {}", all.join(", ")) }
    }

    fn tag(&self, tag: TagIx) -> String {
        self.policy.tags.get(tag.index()).map_or_else(|| "?".to_owned(), |tag| format!("{} ({:?})", tag.set, tag.kind))
    }

    fn value(&self, tag: TagIx, value: ValueIx) -> String {
        place(self.lattice, &self.policy.name, tag, value)
    }
}
