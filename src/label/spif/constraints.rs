//! The constraints beside a SPIF: what the standard's prose demands and the file format cannot say.
//!
//! Takes TOML, changes a policy or complains. Two public SPIFs of one policy differ in hundreds of exclusions; a guard
//! that trusts the SPIF alone enforces nothing with the later one. Categories are written `Tag set/VALUE`, or `Tag set`
//! for any value.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::Faults;
use super::read::is_oid;
use crate::label::scheme::{
    Asks, BannerForm, Case, Holders, Implied, ImpliedWhen, LevelIx, Origins, Policy, Rule, Selector, TagIx, TagKind, Term, Unmarked, ValueIx,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    owner: Option<Spanned<String>>,
    release: Option<Spanned<String>>,
    unmarked: Spanned<BTreeMap<Spanned<String>, Spanned<UnmarkedText>>>,
    #[serde(default)]
    case: CaseText,
    banner: Option<BannerText>,
    foreign: Option<Spanned<String>>,
    concealed: Option<Spanned<String>>,
    joint: Option<Spanned<String>>,
    #[serde(default)]
    mandatory: Vec<Spanned<String>>,
    #[serde(default)]
    implied: Vec<Spanned<String>>,
    #[serde(default)]
    implied_when_released: Vec<Spanned<String>>,
    #[serde(default)]
    held_by_owner: Vec<Spanned<String>>,
    #[serde(default)]
    held_by_everyone: Vec<Spanned<String>>,
    #[serde(default)]
    held_by_nobody: Vec<Spanned<String>>,
    #[serde(default)]
    refused: Vec<Spanned<String>>,
    #[serde(default)]
    groups: BTreeMap<String, BTreeSet<String>>,
    #[serde(default)]
    alias: Vec<AliasText>,
    #[serde(default)]
    rule: Vec<RuleText>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum UnmarkedText {
    Owner,
    Open,
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
enum CaseText {
    #[default]
    Exact,
    Folded,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum BannerText {
    Usa,
    Gbr,
    Nato,
    Can,
    Aus,
    Nzl,
    Eu,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasText {
    oid: Spanned<String>,
    names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    #[serde(default)]
    levels: Vec<Spanned<String>>,
    #[serde(default)]
    when: Vec<Spanned<String>>,
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    why: Spanned<String>,
}

/// Lays constraints over a policy.
pub(super) fn apply(path: &Arc<str>, toml: &str, policy: &mut Policy, faults: &mut Faults) {
    let mut own = Faults::new(path);
    match toml::from_str::<Text>(toml) {
        Ok(text) => lay(&text, policy, &mut own),
        Err(error) => {
            own.range(error.span(), error.message().replace('\n', " "), "the keys of the manual page `labels`", "correct the key or its value")
        }
    }
    faults.list.append(&mut own.list);
}

fn lay(text: &Text, policy: &mut Policy, faults: &mut Faults) {
    policy.owner = text.owner.as_ref().map(|owner| owner.get_ref().clone());
    policy.case = match text.case {
        CaseText::Exact => Case::Exact,
        CaseText::Folded => Case::Folded,
    };
    policy.banner = text.banner.map(|banner| match banner {
        BannerText::Usa => BannerForm::Usa,
        BannerText::Gbr => BannerForm::Gbr,
        BannerText::Nato => BannerForm::Nato,
        BannerText::Can => BannerForm::Can,
        BannerText::Aus => BannerForm::Aus,
        BannerText::Nzl => BannerForm::Nzl,
        BannerText::Eu => BannerForm::Eu,
    });
    let undated = |members: &BTreeSet<String>| members.iter().map(|member| (member.clone(), Term::default())).collect();
    policy.groups = text.groups.iter().map(|(name, members)| (name.clone(), undated(members))).collect();
    for alias in &text.alias {
        lay_alias(alias, policy, faults);
    }
    policy.release = text.release.as_ref().and_then(|name| tag(policy, name, faults));
    if policy.release.is_some_and(|release| policy.tags.get(release.index()).is_none_or(|tag| tag.kind != TagKind::Permissive)) {
        faults.range(
            text.release.as_ref().map(Spanned::span),
            "the release tag is not permissive",
            "a permissive tag set",
            "name the tag that lists recipients",
        );
    }
    policy.origins = lay_origins(text, policy, faults);
    policy.mandatory = text.mandatory.iter().filter_map(|name| tag(policy, name, faults)).collect();
    lay_implied(text, policy, faults);
    for (names, holders) in
        [(&text.held_by_owner, Holders::Owner), (&text.held_by_everyone, Holders::Everyone), (&text.held_by_nobody, Holders::Originator)]
    {
        for name in names {
            lay_holders(name, holders, policy, faults);
        }
    }
    lay_unmarked(text, policy, faults);
    policy.rules = text.rule.iter().map(|rule| lay_rule(rule, policy, faults)).collect();
    for name in &text.refused {
        let when = selectors(policy, std::slice::from_ref(name), faults);
        if !when.is_empty() {
            policy.rules.push(Rule { levels: Vec::new(), when, asks: Asks::Never, why: "the rule set refuses this value".into() });
        }
    }
    check_owner(text, policy, faults);
}

fn lay_alias(alias: &AliasText, policy: &mut Policy, faults: &mut Faults) {
    let oid = alias.oid.get_ref();
    let taken = alias.names.iter().find(|name| policy.tags.iter().any(|tag| tag.set == **name || tag.aliases.contains(name)));
    if let Some(name) = taken {
        faults.range(Some(alias.oid.span()), format!("`{name}` is the name of a tag set already"), "a name that no tag set has", "remove the alias");
    }
    let known = is_oid(oid) && policy.tags.iter().any(|tag| tag.oid == *oid);
    if !known {
        faults.range(Some(alias.oid.span()), format!("the policy has no tag set `{oid}`"), "the identifier of a tag set", "correct it");
    }
    for tag in policy.tags.iter_mut().filter(|tag| tag.oid == *oid) {
        tag.aliases.extend(alias.names.iter().cloned());
    }
}

fn lay_implied(text: &Text, policy: &mut Policy, faults: &mut Faults) {
    let mut implied = Vec::new();
    for (names, when) in [(&text.implied, ImpliedWhen::Always), (&text.implied_when_released, ImpliedWhen::Released)] {
        for name in names {
            if let Some((tag, value)) = value(policy, name, faults) {
                implied.push(Implied { tag, value, when });
            }
        }
    }
    policy.implied = implied;
}

/// The sets of origins: all three keys or none, and both sets informative, for what decides must not be left behind by a translation.
fn lay_origins(text: &Text, policy: &Policy, faults: &mut Faults) -> Option<Origins> {
    let given = [&text.foreign, &text.concealed, &text.joint];
    let first = given.into_iter().flatten().next()?;
    let (Some(foreign), Some(concealed), Some(joint)) = (&text.foreign, &text.concealed, &text.joint) else {
        faults.range(Some(first.span()), "not all sets of origins are named", "`foreign`, `concealed` and `joint`", "name all three, or none");
        return None;
    };
    let (foreign_tag, joint_tag) = (tag(policy, foreign, faults)?, tag(policy, joint, faults)?);
    let (concealed_tag, value) = value(policy, concealed, faults)?;
    if concealed_tag != foreign_tag {
        faults.range(Some(concealed.span()), "the value is of another set than `foreign`", "a value of the set `foreign`", "correct it");
    }
    for (tag, at) in [(foreign_tag, foreign.span()), (joint_tag, joint.span())] {
        if policy.tags.get(tag.index()).is_none_or(|tag| tag.kind != TagKind::Informative) {
            faults.range(Some(at), "a set of origins is not informative", "an informative tag set", "name one that decides nothing");
        }
    }
    Some(Origins { foreign: foreign_tag, concealed: value, joint: joint_tag })
}

fn lay_holders(name: &Spanned<String>, holders: Holders, policy: &mut Policy, faults: &mut Faults) {
    let Some((tag_ix, value_ix)) = value(policy, name, faults) else { return };
    let Some(tag) = policy.tags.get_mut(tag_ix.index()) else { return };
    let fits = match holders {
        Holders::Everyone => tag.kind == TagKind::Permissive,
        Holders::Owner | Holders::Originator => tag.kind == TagKind::Restrictive,
        Holders::Listed => true,
    };
    if !fits {
        faults.range(
            Some(name.span()),
            format!("`{}` is not of the type that this list asks for", name.get_ref()),
            "restrictive values; for `held_by_everyone`, permissive ones",
            "move or remove it",
        );
        return;
    }
    if let Some(value) = tag.values.get_mut(value_ix.index()) {
        value.holders = holders;
    }
}

fn lay_unmarked(text: &Text, policy: &mut Policy, faults: &mut Faults) {
    let given = text.unmarked.get_ref();
    for (name, _) in given.iter().filter(|(name, _)| name.get_ref() != "*") {
        level(policy, name, faults);
    }
    let rest = given.iter().find(|(name, _)| name.get_ref() == "*").map(|(_, meaning)| *meaning.get_ref());
    for level in &mut policy.levels {
        let own = given.iter().find(|(name, _)| *name.get_ref() == level.name).map(|(_, meaning)| *meaning.get_ref());
        match own.or(rest) {
            Some(UnmarkedText::Owner) => level.unmarked = Unmarked::Owner,
            Some(UnmarkedText::Open) => level.unmarked = Unmarked::Open,
            None => faults.range(
                Some(text.unmarked.span()),
                format!("`{}` is not among them", level.name),
                "every classification, or `\"*\"`",
                "say what it means that no recipient is named",
            ),
        }
    }
}

fn lay_rule(rule: &RuleText, policy: &Policy, faults: &mut Faults) -> Rule {
    let levels = rule.levels.iter().filter_map(|name| level(policy, name, faults)).collect();
    let when = selectors(policy, &rule.when, faults);
    let needs = selectors(policy, &rule.needs, faults);
    if rule.levels.is_empty() && rule.when.is_empty() {
        faults.range(Some(rule.why.span()), "the rule speaks of every label", "`levels`, `when` or both", "say for which labels it speaks");
    }
    let asks = if rule.needs.is_empty() { Asks::Never } else { Asks::Needs(needs) };
    Rule { levels, when, asks, why: rule.why.get_ref().clone() }
}

/// An owner needs a release tag in which it is named itself: without one, nobody could tell who is of the owner nation.
fn check_owner(text: &Text, policy: &Policy, faults: &mut Faults) {
    let unmarked_owner = policy.levels.iter().any(|level| level.unmarked == Unmarked::Owner);
    match &text.owner {
        None if unmarked_owner => faults.range(
            Some(text.unmarked.span()),
            "a level is the owner's alone, and there is no owner",
            "`owner`",
            "name the nation that owns the policy",
        ),
        Some(owner) => {
            let release = policy.release.and_then(|release| policy.tags.get(release.index()));
            if !release.is_some_and(|tag| tag.values.iter().any(|value| value.name == *owner.get_ref())) {
                faults.range(
                    Some(owner.span()),
                    format!("the release tag does not name `{}`", owner.get_ref()),
                    "a value of that name in the tag set `release`",
                    "add the value to the SPIF",
                );
            }
        }
        None => {}
    }
}

fn level(policy: &Policy, name: &Spanned<String>, faults: &mut Faults) -> Option<LevelIx> {
    let found = policy.levels.iter().position(|level| level.name == *name.get_ref()).map(LevelIx::at);
    if found.is_none() {
        faults.range(
            Some(name.span()),
            format!("the policy has no classification `{}`", name.get_ref()),
            "a classification of the SPIF",
            "correct it",
        );
    }
    found
}

fn tag(policy: &Policy, name: &Spanned<String>, faults: &mut Faults) -> Option<TagIx> {
    let found = policy.tags.iter().position(|tag| tag.set == *name.get_ref()).map(TagIx::at);
    unknown(found.is_none(), name.span(), name.get_ref(), faults);
    found
}

fn value(policy: &Policy, name: &Spanned<String>, faults: &mut Faults) -> Option<(TagIx, ValueIx)> {
    let found = name.get_ref().split_once('/').and_then(|(set, value)| {
        let named = policy.tags.iter().enumerate().filter(|(_, tag)| tag.set == set);
        named.filter_map(|(at, tag)| Some((TagIx::at(at), ValueIx::at(tag.values.iter().position(|found| found.name == value)?)))).next()
    });
    unknown(found.is_none(), name.span(), name.get_ref(), faults);
    found
}

fn selectors(policy: &Policy, names: &[Spanned<String>], faults: &mut Faults) -> Vec<Selector> {
    let mut found = Vec::new();
    for name in names {
        let selector = if name.get_ref().contains('/') {
            value(policy, name, faults).map(|(tag, value)| Selector { tag, value: Some(value) })
        } else {
            tag(policy, name, faults).map(|tag| Selector { tag, value: None })
        };
        found.extend(selector);
    }
    found
}

fn unknown(is_unknown: bool, at: Range<usize>, name: &str, faults: &mut Faults) {
    if is_unknown {
        faults.range(Some(at), format!("the policy has no category `{name}`"), "`Tag set/VALUE`, or `Tag set`, of the SPIF", "correct it");
    }
}

#[cfg(test)]
mod tests {
    use crate::label::tests::five_eyes_files;
    use crate::label::{Lattice, PolicyFile};

    fn gbr() -> PolicyFile {
        five_eyes_files().into_iter().find(|file| &*file.path == "gbr.xml").unwrap()
    }

    #[test]
    fn faults_of_constraints_are_found_with_their_place() {
        for (toml, expected) in [
            ("", "missing field `unmarked`"),
            ("unmarked = {}", "is not among them"),
            ("unmarked = { \"*\" = \"anyone\" }", "unknown variant"),
            ("unmarked = { \"*\" = \"open\" }\nfriend = 1", "unknown field"),
            ("unmarked = { \"*\" = \"owner\" }", "there is no owner"),
            ("owner = \"GBR\"\nunmarked = { \"*\" = \"owner\" }", "does not name `GBR`"),
            ("owner = \"XXX\"\nrelease = \"Releasable To\"\nunmarked = { \"*\" = \"owner\" }", "does not name `XXX`"),
            ("release = \"Code Words\"\nunmarked = { \"*\" = \"open\" }", "not permissive"),
            ("mandatory = [\"Context\"]\nunmarked = { \"*\" = \"open\" }", "no category `Context`"),
            ("held_by_owner = [\"Releasable To/GBR\"]\nunmarked = { \"*\" = \"open\" }", "not of the type"),
            ("held_by_everyone = [\"Code Words/GREY HERON\"]\nunmarked = { \"*\" = \"open\" }", "not of the type"),
            ("foreign = \"Descriptors\"\nunmarked = { \"*\" = \"open\" }", "not all sets of origins"),
            (
                "foreign = \"Descriptors\"\nconcealed = \"Code Words/GREY HERON\"\njoint = \"Code Words\"\nunmarked = { \"*\" = \"open\" }",
                "not informative",
            ),
            ("unmarked = { \"*\" = \"open\", \"SECRIT\" = \"open\" }", "no classification `SECRIT`"),
            ("unmarked = { \"*\" = \"open\" }\n[[rule]]\nwhy = \"x\"", "every label"),
            ("unmarked = { \"*\" = \"open\" }\n[[alias]]\noid = \"1.2\"\nnames = [\"Code Words\"]", "already"),
        ] {
            let file = PolicyFile { constraints: Some(("gbr.toml".into(), toml.into())), ..gbr() };
            let complaints = Lattice::load(&[file]).unwrap_err();
            assert!(
                complaints.iter().any(|complaint| complaint.what.contains(expected) && &*complaint.file == "gbr.toml"),
                "{toml}: {complaints:#?}"
            );
        }
    }
}
