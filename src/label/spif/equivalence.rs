//! What a SPIF says of other policies, resolved once all policies are read.
//!
//! Takes trees and policies, fills in equivalents. A mapping into a policy that the rule set does not have is left out:
//! nothing can be translated there. A mapping into one that it has must resolve, must be unambiguous, must discard
//! nothing but informative values, and must not come back lower than it went.

use super::Faults;
use super::read::{attribute, kind, nodes, number_attribute, requirements, tag_nodes};
use crate::label::scheme::{
    Applied, EquivalentPolicy, LevelEquivalent, LevelIx, Operation, Policy, PolicyIx, TagIx, TagKind, Target, ValueEquivalent, ValueIx,
};
use crate::normal::{NodeId, Tree};

/// Resolves the equivalences of the policy at `own`.
pub(super) fn resolve(tree: &Tree<'_>, own: usize, policies: &[Policy], faults: &mut Faults) -> Option<Policy> {
    let mut policy = policies.get(own)?.clone();
    policy.equivalents = equivalent_policies(tree, policies, faults);
    for (at, id) in nodes(tree, NodeId::ROOT, &["securityClassifications", "securityClassification"]).into_iter().enumerate() {
        let found = level_equivalents(tree, id, policies, &policy, faults);
        if let Some(level) = policy.levels.get_mut(at) {
            level.equivalents = found;
        }
    }
    for (tag_at, (set, tag_id)) in tag_nodes(tree).into_iter().enumerate() {
        if let Some(&id) = nodes(tree, set, &["equivalentSecurityCategoryTagSet"]).first() {
            faults.at(
                tree.node(id).span,
                "a whole tag set is called equivalent",
                "equivalentSecCategoryTag at each value",
                "write the equivalence at each value",
            );
        }
        for (value_at, id) in nodes(tree, tag_id, &["tagCategory"]).into_iter().enumerate() {
            let Some(own_kind) = policy.tags.get(tag_at).map(|tag| tag.kind) else { continue };
            let found = value_equivalents(tree, id, policies, own_kind, faults);
            if let Some(value) = policy.tags.get_mut(tag_at).and_then(|tag| tag.values.get_mut(value_at)) {
                value.equivalents = found;
            }
        }
    }
    Some(policy)
}

fn find(policies: &[Policy], name: &str) -> Option<PolicyIx> {
    policies.iter().position(|policy| policy.name == name).map(PolicyIx::at)
}

fn equivalent_policies(tree: &Tree<'_>, policies: &[Policy], faults: &mut Faults) -> Vec<EquivalentPolicy> {
    let mut found: Vec<EquivalentPolicy> = Vec::new();
    for id in nodes(tree, NodeId::ROOT, &["equivalentPolicies", "equivalentPolicy"]) {
        let (Some((name, span)), Some((oid, _))) = (attribute(tree, id, "name"), attribute(tree, id, "id")) else { continue };
        let Some(policy) = find(policies, &name) else { continue };
        if policies.get(policy.index()).is_some_and(|other| other.oid != oid) {
            faults.at(span, format!("`{oid}` is not the identifier of `{name}`"), "the name and identifier of one policy", "correct the pair");
        }
        if found.iter().any(|other| other.policy == policy) {
            faults.at(span, format!("`{name}` is called equivalent twice"), "each policy once", "remove one");
        }
        found.push(EquivalentPolicy { policy, adds: adds(tree, id, policies, policy, faults) });
    }
    found
}

/// The values that a translation adds: requirements that leave no choice.
fn adds(tree: &Tree<'_>, id: NodeId, policies: &[Policy], target: PolicyIx, faults: &mut Faults) -> Vec<(TagIx, ValueIx)> {
    let Some(policy) = policies.get(target.index()) else { return Vec::new() };
    let mut found = Vec::new();
    for requirement in requirements(tree, id, policy, faults) {
        let definite = requirement.operation == Operation::All || requirement.of.len() == 1;
        for selector in &requirement.of {
            match selector.value.filter(|_| definite) {
                Some(value) => found.push((selector.tag, value)),
                None => faults.at(
                    tree.node(id).span,
                    "the translation leaves a choice of values to add",
                    "operation `all`, or one group with one lacv",
                    "name the values to add",
                ),
            }
        }
    }
    found
}

fn applied(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> Option<Applied> {
    let (word, span) = attribute(tree, id, "applied")?;
    match word.as_str() {
        "encrypt" => Some(Applied::Release),
        "decrypt" => Some(Applied::Reception),
        "both" => Some(Applied::Both),
        _ => {
            faults.at(span, format!("`{word}` is no direction"), "`encrypt`, `decrypt` or `both`", "correct it");
            None
        }
    }
}

fn level_equivalents(tree: &Tree<'_>, id: NodeId, policies: &[Policy], own: &Policy, faults: &mut Faults) -> Vec<LevelEquivalent> {
    let mut found: Vec<LevelEquivalent> = Vec::new();
    for node in nodes(tree, id, &["equivalentClassification"]) {
        let Some((name, span)) = attribute(tree, node, "policyRef") else { continue };
        let Some(policy) = find(policies, &name) else { continue };
        let (Some(lacv), Some(applied)) = (number_attribute(tree, node, "lacv", faults), applied(tree, node, faults)) else { continue };
        let level = policies.get(policy.index()).and_then(|other| other.levels.iter().position(|level| level.lacv == lacv));
        let Some(level) = level.map(LevelIx::at) else {
            faults.at(span, format!("`{name}` has no class of lacv {lacv}"), "the lacv of a class of that policy", "correct the reference");
            continue;
        };
        if !own.equivalents.iter().any(|other| other.policy == policy) {
            faults.at(
                span,
                format!("`{name}` is not among the equivalent policies"),
                "an equivalentPolicy of that name",
                "add it, or remove the equivalence",
            );
        }
        if applied.releases() && found.iter().any(|other| other.policy == policy && other.applied.releases()) {
            faults.at(span, format!("two classes of `{name}` are called equivalent for release"), "one", "remove one");
        }
        found.push(LevelEquivalent { policy, level, applied, adds: adds(tree, node, policies, policy, faults) });
    }
    found
}

fn value_equivalents(tree: &Tree<'_>, id: NodeId, policies: &[Policy], own_kind: TagKind, faults: &mut Faults) -> Vec<ValueEquivalent> {
    let mut found = Vec::new();
    for node in nodes(tree, id, &["equivalentSecCategoryTag"]) {
        let Some((name, span)) = attribute(tree, node, "policyRef") else { continue };
        let Some(policy) = find(policies, &name) else { continue };
        let Some(applied) = applied(tree, node, faults) else { continue };
        if let Some((action, action_span)) = attribute(tree, node, "action") {
            if action != "discard" || own_kind != TagKind::Informative {
                faults.at(
                    action_span,
                    format!("the action `{action}` would lose a value that decides"),
                    "`discard`, at an informative value",
                    "map the value, or let the translation fail",
                );
                continue;
            }
            found.push(ValueEquivalent { policy, to: Target::Discard, applied });
            continue;
        }
        match target(tree, node, policies, policy, own_kind, faults) {
            Some((tag, value)) => found.push(ValueEquivalent { policy, to: Target::Value(tag, value), applied }),
            None => faults.at(
                span,
                format!("`{name}` has no such category value"),
                "tagSetId, type and lacv of a value of that policy that decides in the same way, or restricts",
                "correct the reference",
            ),
        }
    }
    found
}

fn target(tree: &Tree<'_>, node: NodeId, policies: &[Policy], policy: PolicyIx, own_kind: TagKind, faults: &mut Faults) -> Option<(TagIx, ValueIx)> {
    let other = policies.get(policy.index())?;
    let kind = kind(tree, node, faults)?;
    let (set, _) = attribute(tree, node, "tagSetId")?;
    let lacv = number_attribute(tree, node, "lacv", faults)?;
    // A restrictive value in a list of recipients would add one to it, and an informative one would no longer decide.
    if kind != own_kind && kind != TagKind::Restrictive {
        return None;
    }
    other.tags.iter().enumerate().filter(|(_, tag)| tag.oid == set && tag.kind == kind).find_map(|(tag_at, tag)| {
        let value_at = tag.values.iter().position(|value| value.lacv == lacv)?;
        Some((TagIx::at(tag_at), ValueIx::at(value_at)))
    })
}

/// Levels that would come back lower than they went, from one policy through another.
pub(super) fn lowered(policies: &[Policy], own: usize) -> Vec<String> {
    let Some(policy) = policies.get(own) else { return Vec::new() };
    let mut found = Vec::new();
    for level in &policy.levels {
        for there in level.equivalents.iter().filter(|equivalent| equivalent.applied.releases()) {
            let Some(far) = policies.get(there.policy.index()).and_then(|other| other.levels.get(there.level.index())) else { continue };
            for back in far.equivalents.iter().filter(|equivalent| equivalent.policy.index() == own && equivalent.applied.releases()) {
                let Some(near) = policy.levels.get(back.level.index()) else { continue };
                if near.hierarchy < level.hierarchy {
                    found.push(format!("`{}` becomes `{}` and comes back as `{}`", level.name, far.name, near.name));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::label::Lattice;
    use crate::label::tests::{five_eyes_files, small_policy};

    #[test]
    fn a_pair_of_equivalences_that_lowers_a_level_is_refused() {
        let mut files = five_eyes_files();
        let file = files.iter_mut().find(|file| &*file.path == "gbr.xml").unwrap();
        let gbr = file.xml.replace("policyRef=\"USA\" lacv=\"4\"", "policyRef=\"USA\" lacv=\"1\"");
        assert_ne!(gbr, *file.xml);
        file.xml = gbr.into();
        let complaints = Lattice::load(&files).unwrap_err();
        assert!(complaints.iter().any(|complaint| complaint.what.contains("comes back as")), "{complaints:#?}");
    }

    #[test]
    fn a_value_that_restricts_or_informs_is_never_equivalent_to_a_recipient() {
        let class = |policy: &str| {
            format!(
                "<securityClassification name=\"A\" lacv=\"1\" hierarchy=\"1\"><equivalentClassification policyRef=\"{policy}\" lacv=\"1\" applied=\"both\"/></securityClassification>"
            )
        };
        let tag = |kind: &str, equivalent: &str| {
            format!(
                "<securityCategoryTagSets><securityCategoryTagSet name=\"T\" id=\"1.2.3\"><securityCategoryTag tagType=\"{kind}\"><tagCategory name=\"V\" lacv=\"1\">{equivalent}</tagCategory></securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets>"
            )
        };
        let policies =
            |policy: &str, oid: &str| format!("<equivalentPolicies><equivalentPolicy name=\"{policy}\" id=\"{oid}\"/></equivalentPolicies>");
        for (own, other, sound) in [
            ("restrictive", "restrictive", true),
            ("permissive", "permissive", true),
            ("tagType7", "tagType7", true),
            ("permissive", "restrictive", true),
            ("tagType7", "restrictive", true),
            ("restrictive", "permissive", false),
            ("tagType7", "permissive", false),
            ("restrictive", "tagType7", false),
            ("permissive", "tagType7", false),
        ] {
            let equivalent =
                format!("<equivalentSecCategoryTag policyRef=\"Y\" tagSetId=\"1.2.3\" tagType=\"{other}\" lacv=\"1\" applied=\"both\"/>");
            let x = small_policy("X", "1.2.8", &class("Y"), &(tag(own, &equivalent) + &policies("Y", "1.2.9")));
            let y = small_policy("Y", "1.2.9", &class("X"), &(tag(other, "") + &policies("X", "1.2.8")));
            let loaded = Lattice::load(&[x, y]);
            assert_eq!(loaded.is_ok(), sound, "{own} to {other}: {loaded:?}");
            assert!(loaded.err().is_none_or(|complaints| complaints[0].what.contains("no such category value")));
        }
    }
}
