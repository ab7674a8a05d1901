//! Binary security labels (RFC 2634), whose members are numbers: given their meaning by a policy of the rule set.
//!
//! Takes the element that a format made of the bytes, gives a label: the policy by its identifier, classification and values by the numbers
//! that the SPIF gives them, tag sets by theirs. Bits and numbers are two spellings of one list. A number with two meanings has none.
//! Deliberately absent: what a marking without room for it implies, for this label has room; and any default for a member that is absent.
// SPEC: RFC 2634, section 3; ACP 145 for the kinds of categories.

use super::character::visible;
use super::lattice::Lattice;
use super::mark::Label;
use super::scheme::{LevelIx, PolicyIx, TagIx, TagKind, ValueIx};
use super::words::{malformed, unknown};
use crate::base::{Reason, Refusal};
use crate::normal::{NodeId, Tree};

/// Reads the label at an element.
///
/// # Errors
/// `label.malformed`, `label.character`, `label.policy_unknown`, `label.level_unknown`, `label.category_unknown`, `label.category_type`.
pub fn read(lattice: &Lattice, tree: &Tree<'_>, element: NodeId) -> Result<Label, Refusal> {
    let said = |at: NodeId, name: &str| {
        let found = tree.attribute(at, name).map(|(_, node)| node.value.text().into_owned());
        found.ok_or_else(|| malformed(format!("expected `{name}`")))
    };
    let policy = lattice.policy_by_oid(&said(element, "policy")?);
    let policy = policy.ok_or_else(|| Refusal::new(Reason::LabelPolicyUnknown, "expected the identifier of a policy of this rule set"))?;
    let mut label = Label::new(policy, level(lattice, policy, number(&said(element, "classification")?)?)?);
    if let Some((_, mark)) = tree.attribute(element, "privacy-mark") {
        visible(&mark.value.text())?;
    }
    let mut seen: Vec<(String, TagKind)> = Vec::new();
    for (id, _) in tree.elements(element) {
        let (set, kind) = (said(id, "set")?, kind(&said(id, "kind")?)?);
        if seen.iter().any(|(other, of)| (other, of) == (&set, &kind)) {
            return Err(malformed("expected each tag set once in each of its kinds"));
        }
        for (value, _) in tree.elements(id) {
            let text = tree.children(value).map(|(_, node)| node.value.text().into_owned()).collect::<String>();
            let (tag, value) = place(lattice, policy, (&set, kind), number(&text)?)?;
            if label.has(tag, value) {
                return Err(malformed("expected each value once"));
            }
            label.add(tag, value);
        }
        seen.push((set, kind));
    }
    Ok(label)
}

fn number(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| malformed("expected numbers"))
}

fn kind(word: &str) -> Result<TagKind, Refusal> {
    match word.split_once('-') {
        Some(("restrictive", "bits" | "numbers")) => Ok(TagKind::Restrictive),
        Some(("permissive", "bits" | "numbers")) => Ok(TagKind::Permissive),
        Some(("informative", "bits" | "numbers")) => Ok(TagKind::Informative),
        _ => Err(malformed("expected a kind of categories")),
    }
}

/// The one classification of a number.
fn level(lattice: &Lattice, policy: PolicyIx, number: u64) -> Result<LevelIx, Refusal> {
    let mut found = lattice.scheme(policy)?.levels.iter().enumerate().filter(|(_, level)| level.lacv == number);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(LevelIx::at(at)),
        _ => Err(Refusal::new(Reason::LabelLevelUnknown, format!("expected the number of one classification of `{}`", lattice.policy_name(policy)))),
    }
}

/// The one value of a number in a tag set.
fn place(lattice: &Lattice, policy: PolicyIx, (set, kind): (&str, TagKind), number: u64) -> Result<(TagIx, ValueIx), Refusal> {
    let scheme = lattice.scheme(policy)?;
    let of_set = || scheme.tags.iter().enumerate().filter(|(_, tag)| tag.oid == set);
    if of_set().next().is_none() {
        return Err(unknown(format!("expected the identifier of a tag set of `{}`", scheme.name)));
    }
    if of_set().all(|(_, tag)| tag.kind != kind) {
        return Err(Refusal::new(Reason::LabelCategoryType, format!("expected the kind that `{}` gives this tag set", scheme.name)));
    }
    let tags = of_set().filter(|(_, tag)| tag.kind == kind);
    let values = tags.flat_map(|(tag, data)| data.values.iter().enumerate().map(move |(value, data)| (tag, value, data)));
    let mut found = values.filter(|(_, _, value)| value.lacv == number);
    match (found.next(), found.next()) {
        (Some((tag, value, _)), None) => Ok((TagIx::at(tag), ValueIx::at(value))),
        _ => Err(unknown(format!("expected the number of one value of a tag set of `{}`", scheme.name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Budget, Span};
    use crate::label::tests::{lattice, now, read as banner};
    use crate::normal::{TreeBuilder, Value};

    const NATO: &str = "1.3.26.1.3.1";
    const USA: &str = "2.25.310148377239485710394857203948571029384.1";

    type Category<'t> = (&'t str, &'t str, &'t [u64]);

    fn label(policy: &str, classification: u64, mark: Option<&str>, categories: &[Category<'_>]) -> Result<Label, Refusal> {
        let (mut tree, mut budget, span) = (TreeBuilder::with_capacity(32), Budget::for_body(4096), Span::new(0, 0));
        let text = |text: &str| Value::Text(text.to_owned().into());
        tree.open("", "ess", 0, &mut budget)?;
        tree.attribute("", "classification", text(&classification.to_string()), span, &mut budget)?;
        tree.attribute("", "policy", text(policy), span, &mut budget)?;
        if let Some(mark) = mark {
            tree.attribute("", "privacy-mark", text(mark), span, &mut budget)?;
        }
        for (kind, set, values) in categories {
            tree.open("", "category", 0, &mut budget)?;
            tree.attribute("", "kind", text(kind), span, &mut budget)?;
            tree.attribute("", "set", text(set), span, &mut budget)?;
            for value in *values {
                tree.open("", "value", 0, &mut budget)?;
                tree.text(text(&value.to_string()), span, &mut budget)?;
                tree.close(0);
            }
            tree.close(0);
        }
        tree.close(0);
        let label = read(lattice(), &tree.finish().unwrap(), NodeId::ROOT)?;
        lattice().check(&label, now())?;
        Ok(label)
    }

    #[test]
    fn numbers_say_what_the_banner_says() {
        let (context, released) = ("1.3.26.1.4.4", "1.3.26.1.4.2");
        let us = |set: &str| format!("2.25.310148377239485710394857203948571029384.2.{set}");
        let (sci, dissemination, release) = (us("1"), us("3"), us("4"));
        for (policy, classification, categories, scheme, line) in [
            (NATO, 4, &[("permissive-numbers", context, &[1001][..])][..], "NATO", "NATO SECRET"),
            (
                NATO,
                2,
                &[("permissive-bits", context, &[1001, 10_000]), ("permissive-bits", released, &[392, 1001])],
                "NATO",
                "NATO RESTRICTED Releasable to JPN",
            ),
            (NATO, 4, &[("restrictive-bits", "1.3.26.1.4.1", &[1]), ("permissive-numbers", context, &[1001])], "NATO", "NATO SECRET//ATOMAL"),
            (NATO, 2, &[("informative-numbers", "1.3.26.1.4.3", &[2]), ("permissive-numbers", context, &[1001])], "NATO", "NATO RESTRICTED - STAFF"),
            (USA, 4, &[], "USA", "SECRET"),
            (USA, 4, &[("restrictive-numbers", dissemination.as_str(), &[6])], "USA", "SECRET//NOFORN"),
            (
                USA,
                5,
                &[("restrictive-bits", sci.as_str(), &[4, 6]), ("permissive-numbers", release.as_str(), &[826, 840])],
                "USA",
                "TOP SECRET//SI/TK//REL TO USA, GBR",
            ),
        ] {
            let found = label(policy, classification, None, categories).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
            assert!(found.says_the_same(&banner(scheme, line).unwrap()), "{line}: {:?}", lattice().view(&found));
        }
        assert!(label(USA, 1, Some("CLEAR"), &[]).unwrap().says_the_same(&banner("USA", "UNCLASSIFIED").unwrap()));
    }

    #[test]
    fn numbers_that_the_policy_does_not_have_are_refused() {
        let (context, release) = ("1.3.26.1.4.4", "1.3.26.1.4.2");
        let nato = ("permissive-numbers", context, &[1001][..]);
        for (policy, classification, categories, reason) in [
            ("1.3.26.1.3.2", 4, &[nato][..], Reason::LabelPolicyUnknown),
            ("1.1", 0, &[], Reason::LabelPolicyUnknown),
            (NATO, 6, &[nato], Reason::LabelLevelUnknown),
            (NATO, 0, &[nato], Reason::LabelLevelUnknown),
            (NATO, 4, &[], Reason::LabelRule),
            (NATO, 4, &[("permissive-numbers", context, &[999])], Reason::LabelCategoryUnknown),
            (NATO, 4, &[nato, ("restrictive-numbers", "1.3.26.1.4.9", &[1])], Reason::LabelCategoryUnknown),
            (NATO, 4, &[("restrictive-numbers", context, &[1001])], Reason::LabelCategoryType),
            (NATO, 4, &[("informative-bits", context, &[1001])], Reason::LabelCategoryType),
            (NATO, 4, &[nato, ("permissive-bits", context, &[1005])], Reason::LabelMalformed),
            (NATO, 2, &[nato, ("permissive-numbers", release, &[392])], Reason::LabelRule),
            (NATO, 4, &[("some-numbers", context, &[1001])], Reason::LabelMalformed),
        ] {
            assert_eq!(
                label(policy, classification, None, categories).map(|label| lattice().view(&label)).map_err(|refusal| refusal.reason),
                Err(reason)
            );
        }
        assert_eq!(label(USA, 1, Some("CLE\u{200b}AR"), &[]).unwrap_err().reason, Reason::LabelCharacter);
    }
}
