//! One SPIF as a policy, all of its own references resolved; equivalences wait for the other policies.
//!
//! Takes a tree that the grammar let pass. Gives plain data or complaints, never a guess: an unknown tag type, an
//! enumerated tag without its kind, a name given twice, a reference to nothing are all faults.

use super::{Faults, words};
use crate::base::{Span, Time};
use crate::label::scheme::{
    Case, Holders, Level, LevelIx, Operation, Policy, Requirement, Selector, Status, Tag, TagIx, TagKind, TagValue, Unmarked, ValueIx,
};
use crate::normal::{Kind, NodeId, Tree};

/// Names and phrases at most, in characters: 256, as the schema says.
const NAME_CHARS_MAX: usize = 256;
/// Letters of a colour's name at most: 20, `lightgoldenrodyellow`, the longest of CSS.
const COLOUR_BYTES_MAX: usize = 20;
/// Values of one tag, tags and levels of one policy at most: 4,096; the largest public policy has some 300.
const LIST_MAX: usize = 4096;

/// Reads the policy of a tree.
pub(super) fn policy(tree: &Tree<'_>, file: &std::sync::Arc<str>, faults: &mut Faults) -> Policy {
    let root = NodeId::ROOT;
    if let Some((value, span)) = attribute(tree, root, "schemaVersion").filter(|(value, _)| value != "2.1") {
        faults.at(span, format!("the schema version is `{value}`"), "`2.1`", "convert the file outside the guard");
    }
    let (mut name, mut oid, mut words) = (String::new(), String::new(), words::of(tree, root, faults));
    if let Some(id) = child(tree, root, "securityPolicyId") {
        name = name_attribute(tree, id, faults);
        oid = oid_attribute(tree, id, "id", faults);
        words.beside(&words::of(tree, id, faults));
    }
    let shared = child(tree, root, "securityClassifications").map(|id| words::of(tree, id, faults)).unwrap_or_default();
    let mut policy = Policy {
        name,
        oid,
        owner: None,
        case: Case::Exact,
        levels: Vec::new(),
        tags: Vec::new(),
        release: None,
        origins: None,
        mandatory: Vec::new(),
        implied: Vec::new(),
        rules: Vec::new(),
        groups: std::collections::BTreeMap::new(),
        equivalents: Vec::new(),
        banner: None,
        words,
        not_before: time_attribute(tree, root, "notBefore", faults),
        not_after: time_attribute(tree, root, "notAfter", faults),
        file: file.clone(),
    };
    let levels = nodes(tree, root, &["securityClassifications", "securityClassification"]);
    let tags = tag_nodes(tree);
    if levels.len() > LIST_MAX || tags.len() > LIST_MAX {
        faults.whole(format!("the policy has more than {LIST_MAX} classifications or tags"), "fewer", "split the policy");
        return policy;
    }
    for &id in &levels {
        let mut level = level(tree, id, faults);
        level.words.beside(&shared);
        if policy.levels.iter().any(|other| other.name.eq_ignore_ascii_case(&level.name) || other.lacv == level.lacv) {
            faults.at(
                tree.node(id).span,
                format!("the classification `{}` or its lacv is given twice", level.name),
                "names and lacv that differ by more than case",
                "give each its own",
            );
        }
        policy.levels.push(level);
    }
    for &(set, id) in &tags {
        if let Some(tag) = tag(tree, set, id, faults) {
            policy.tags.push(tag);
        } else {
            return policy;
        }
    }
    unique_values(tree, &tags, &policy, faults);
    references(tree, &levels, &tags, &mut policy, faults);
    policy
}

/// The nodes of all tags, each with its set, in file order.
pub(super) fn tag_nodes(tree: &Tree<'_>) -> Vec<(NodeId, NodeId)> {
    let sets = nodes(tree, NodeId::ROOT, &["securityCategoryTagSets", "securityCategoryTagSet"]);
    sets.into_iter().flat_map(|set| nodes(tree, set, &["securityCategoryTag"]).into_iter().map(move |tag| (set, tag))).collect()
}

fn level(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> Level {
    let hierarchy = number_attribute(tree, id, "hierarchy", faults).and_then(|number| u32::try_from(number).ok());
    Level {
        name: name_attribute(tree, id, faults),
        lacv: number_attribute(tree, id, "lacv", faults).unwrap_or_default(),
        hierarchy: hierarchy.unwrap_or(u32::MAX),
        colour: colour(tree, id, faults),
        words: words::of(tree, id, faults),
        status: status(tree, id, faults),
        required: Vec::new(),
        unmarked: Unmarked::Owner,
        equivalents: Vec::new(),
    }
}

/// The colour of a classification.
fn colour(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> Option<String> {
    let (value, span) = attribute(tree, id, "color")?;
    let colour = value.to_ascii_lowercase();
    let is_number = colour.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let is_name = (3..=COLOUR_BYTES_MAX).contains(&colour.len()) && colour.bytes().all(|letter| letter.is_ascii_lowercase());
    if !is_number && !is_name {
        let found = format!("the colour is `{}`", value.escape_default());
        faults.at(span, found, "a name of CSS such as `red`, or `#` and six hexadecimal digits", "write the colour so, or take it out");
        return None;
    }
    Some(colour)
}

fn tag(tree: &Tree<'_>, set: NodeId, id: NodeId, faults: &mut Faults) -> Option<Tag> {
    let kind = kind(tree, id, faults)?;
    let values = nodes(tree, id, &["tagCategory"]);
    if values.len() > LIST_MAX {
        faults.at(tree.node(id).span, format!("the tag has more than {LIST_MAX} values"), "fewer", "split the tag");
        return None;
    }
    let single = attribute(tree, id, "singleSelection").is_some_and(|(value, _)| value == "true" || value == "1");
    let max = number_attribute(tree, id, "maxSelection", faults).and_then(|number| u32::try_from(number).ok());
    Some(Tag {
        set: name_attribute(tree, set, faults),
        oid: oid_attribute(tree, set, "id", faults),
        aliases: Vec::new(),
        kind,
        values: values.into_iter().map(|value| tag_value(tree, value, faults)).collect(),
        select_min: number_attribute(tree, id, "minSelection", faults).and_then(|number| u32::try_from(number).ok()),
        select_max: if single { Some(1) } else { max },
        words: words::of(tree, id, faults),
    })
}

fn tag_value(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> TagValue {
    if let Some((_, span)) = attribute(tree, id, "userInput") {
        faults.at(span, "the value takes free text", "a value of fixed name", "list the values; a guard cannot decide on free text");
    }
    TagValue {
        name: name_attribute(tree, id, faults),
        lacv: number_attribute(tree, id, "lacv", faults).unwrap_or_default(),
        status: status(tree, id, faults),
        words: words::of(tree, id, faults),
        holders: Holders::Listed,
        excluded_levels: Vec::new(),
        required_level: None,
        excluded: Vec::new(),
        required: Vec::new(),
        not_before: time_attribute(tree, id, "notBefore", faults),
        not_after: time_attribute(tree, id, "notAfter", faults),
        equivalents: Vec::new(),
    }
}

/// The kind of a tag or of a reference to one. Anything that the schema does not list is a fault: guessing `informative` would fail open.
pub(super) fn kind(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> Option<TagKind> {
    let (tag_type, span) = attribute(tree, id, "tagType")?;
    let enumerated = attribute(tree, id, "enumType");
    let found = match (tag_type.as_str(), enumerated.as_ref().map(|(value, _)| value.as_str())) {
        ("restrictive", None) | ("enumerated", Some("restrictive")) => Some(TagKind::Restrictive),
        ("permissive", None) | ("enumerated", Some("permissive")) => Some(TagKind::Permissive),
        ("tagType7", None) => Some(TagKind::Informative),
        _ => None,
    };
    if found.is_none() {
        faults.at(
            span,
            format!("the tag type `{tag_type}` does not say how the tag is used"),
            "`restrictive`, `permissive`, `tagType7`, or `enumerated` with an enumType",
            "give the type; the guard never guesses one",
        );
    }
    found
}

/// Names of values are unique in a tag set and kind, lacv in a tag.
fn unique_values(tree: &Tree<'_>, tags: &[(NodeId, NodeId)], policy: &Policy, faults: &mut Faults) {
    for (at, (tag, &(_, id))) in policy.tags.iter().zip(tags).enumerate() {
        let mut names = std::collections::BTreeSet::new();
        let mut lacvs = std::collections::BTreeSet::new();
        let earlier = policy.tags.iter().take(at).filter(|other| other.set == tag.set && other.kind == tag.kind);
        names.extend(earlier.flat_map(|other| other.values.iter().map(|value| value.name.to_ascii_uppercase())));
        for (value, node) in tag.values.iter().zip(nodes(tree, id, &["tagCategory"])) {
            if !names.insert(value.name.to_ascii_uppercase()) || !lacvs.insert(value.lacv) {
                faults.at(
                    tree.node(node).span,
                    format!("the value `{}` or its lacv is given twice in `{}`", value.name, tag.set),
                    "names and lacv that differ by more than case",
                    "give each its own",
                );
            }
        }
        let clash = policy.tags.iter().take(at).any(|other| (other.set == tag.set) != (other.oid == tag.oid));
        if clash {
            faults.at(
                tree.node(id).span,
                format!("the tag set `{}` shares its name or its identifier with another", tag.set),
                "one name and one identifier for each tag set",
                "give each its own",
            );
        }
    }
}

/// Resolves what levels and values say of categories and classes of their own policy.
fn references(tree: &Tree<'_>, levels: &[NodeId], tags: &[(NodeId, NodeId)], policy: &mut Policy, faults: &mut Faults) {
    for (at, &id) in levels.iter().enumerate() {
        let required = requirements(tree, id, policy, faults);
        if let Some(level) = policy.levels.get_mut(at) {
            level.required = required;
        }
    }
    for (tag_at, &(set, tag_id)) in tags.iter().enumerate() {
        if let Some(required) = child(tree, set, "requiredCategory") {
            faults.at(
                tree.node(required).span,
                "a tag set asks for categories",
                "requiredCategory below a class or a value",
                "write the rule at each value",
            );
        }
        for (value_at, id) in nodes(tree, tag_id, &["tagCategory"]).into_iter().enumerate() {
            let required = requirements(tree, id, policy, faults);
            let excluded = nodes(tree, id, &["excludedCategory"]).into_iter().filter_map(|node| selector(tree, node, policy, faults)).collect();
            let excluded_levels = excluded_levels(tree, id, policy, faults);
            let required_level = attribute(tree, id, "requiredClass").and_then(|(name, span)| class(policy, &name, span, faults));
            if let Some(value) = policy.tags.get_mut(tag_at).and_then(|tag| tag.values.get_mut(value_at)) {
                (value.required, value.excluded, value.excluded_levels, value.required_level) = (required, excluded, excluded_levels, required_level);
            }
        }
    }
}

fn excluded_levels(tree: &Tree<'_>, id: NodeId, policy: &Policy, faults: &mut Faults) -> Vec<LevelIx> {
    let mut found = Vec::new();
    for node in nodes(tree, id, &["excludedClass"]) {
        let (name, span) = (text(tree, node), tree.node(node).span);
        if let Some(level) = class(policy, &name, span, faults) {
            if found.contains(&level) {
                faults.at(span, format!("the class `{name}` is excluded twice"), "each class once", "remove one");
            }
            found.push(level);
        }
    }
    found
}

fn class(policy: &Policy, name: &str, span: Span, faults: &mut Faults) -> Option<LevelIx> {
    let found = policy.levels.iter().position(|level| level.name == name).map(LevelIx::at);
    if found.is_none() {
        faults.at(span, format!("the policy has no class `{name}`"), "the name of a securityClassification", "correct the reference");
    }
    found
}

/// The requirements below a node, resolved in `policy`.
pub(super) fn requirements(tree: &Tree<'_>, id: NodeId, policy: &Policy, faults: &mut Faults) -> Vec<Requirement> {
    let mut found = Vec::new();
    for node in nodes(tree, id, &["requiredCategory"]) {
        let operation = match attribute(tree, node, "operation") {
            Some((word, _)) if word == "onlyOne" => Operation::OnlyOne,
            Some((word, _)) if word == "oneOrMore" => Operation::OneOrMore,
            Some((word, _)) if word == "all" => Operation::All,
            Some((word, span)) => {
                faults.at(span, format!("the operation `{word}` is not known"), "`onlyOne`, `oneOrMore` or `all`", "correct it");
                continue;
            }
            None => continue,
        };
        let of = nodes(tree, node, &["categoryGroup"]).into_iter().filter_map(|group| selector(tree, group, policy, faults)).collect();
        found.push(Requirement { operation, of });
    }
    found
}

fn selector(tree: &Tree<'_>, id: NodeId, policy: &Policy, faults: &mut Faults) -> Option<Selector> {
    let kind = kind(tree, id, faults)?;
    let (set, span) = attribute(tree, id, "tagSetRef")?;
    let all = attribute(tree, id, "all").is_some_and(|(value, _)| value == "true" || value == "1");
    let lacv = number_attribute(tree, id, "lacv", faults);
    let Some(tag_at) = policy.tags.iter().position(|tag| tag.set == set && tag.kind == kind) else {
        faults.at(
            span,
            format!("`{}` has no tag set `{set}` of this type", policy.name),
            "the name of a securityCategoryTagSet",
            "correct the reference",
        );
        return None;
    };
    let tag = policy.tags.get(tag_at)?;
    match (lacv, all) {
        (None, true) => Some(Selector { tag: TagIx::at(tag_at), value: None }),
        (Some(lacv), false) => match tag.values.iter().position(|value| value.lacv == lacv) {
            Some(value_at) => Some(Selector { tag: TagIx::at(tag_at), value: Some(ValueIx::at(value_at)) }),
            None => {
                faults.at(span, format!("the tag set `{set}` has no value of lacv {lacv}"), "the lacv of a tagCategory", "correct the reference");
                None
            }
        },
        _ => {
            faults.at(span, "the group names neither one value nor all", "either `lacv` or `all=\"true\"`", "give one of the two");
            None
        }
    }
}

fn status(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> Status {
    match attribute(tree, id, "obsolete") {
        None => Status::Current,
        Some((word, _)) if word == "false" || word == "0" => Status::Current,
        Some((word, _)) if word == "true" || word == "1" => Status::Obsolete,
        Some((word, span)) => {
            faults.at(span, format!("`{word}` is neither true nor false"), "`true` or `false`", "correct it");
            Status::Obsolete
        }
    }
}

/// An attribute without namespace, with its place.
pub(super) fn attribute(tree: &Tree<'_>, id: NodeId, name: &str) -> Option<(String, Span)> {
    tree.attribute(id, name).map(|(_, node)| (node.value.text().into_owned(), node.span))
}

fn name_attribute(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> String {
    let Some((name, span)) = attribute(tree, id, "name") else { return String::new() };
    let length = name.chars().count();
    let trimmed = name.trim() == name && !name.contains("  ") && !name.chars().any(char::is_control);
    if length == 0 || length > NAME_CHARS_MAX || !trimmed {
        faults.at(
            span,
            "the name is empty, too long, or has white space that people do not see",
            format!("1 to {NAME_CHARS_MAX} characters, single spaces between words"),
            "write the name plainly",
        );
    }
    name
}

fn oid_attribute(tree: &Tree<'_>, id: NodeId, attribute_name: &str, faults: &mut Faults) -> String {
    let Some((oid, span)) = attribute(tree, id, attribute_name) else { return String::new() };
    if !is_oid(&oid) {
        faults.at(span, format!("`{oid}` is no object identifier"), "dotted numbers, such as `1.3.26.1.3.1`", "correct it");
    }
    oid
}

/// Whether text is a dotted object identifier.
pub(super) fn is_oid(text: &str) -> bool {
    let arc = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    text.contains('.') && text.split('.').all(arc) && matches!(text.split('.').next(), Some("0" | "1" | "2"))
}

/// A number attribute: decimal digits, leading zeros allowed as public files have them.
pub(super) fn number_attribute(tree: &Tree<'_>, id: NodeId, name: &str, faults: &mut Faults) -> Option<u64> {
    let (text, span) = attribute(tree, id, name)?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    if number.is_none() {
        faults.at(span, format!("`{name}` is `{text}`"), "a decimal number below 2^64", "correct it");
    }
    number
}

fn time_attribute(tree: &Tree<'_>, id: NodeId, name: &str, faults: &mut Faults) -> Option<Time> {
    let (text, span) = attribute(tree, id, name)?;
    let time = Time::parse(&text);
    if time.is_none() {
        faults.at(span, format!("`{name}` is `{text}`"), "a time as `YYYY-MM-DDThh:mm:ssZ`", "write it in UTC");
    }
    time
}

/// The text of an element.
pub(super) fn text(tree: &Tree<'_>, id: NodeId) -> String {
    tree.children(id).filter(|(_, node)| node.kind == Kind::Text).map(|(_, node)| node.value.text().into_owned()).collect()
}

fn child(tree: &Tree<'_>, id: NodeId, name: &str) -> Option<NodeId> {
    tree.elements(id).find(|(_, node)| node.name == name).map(|(found, _)| found)
}

/// The nodes at the end of a chain of element names.
pub(super) fn nodes(tree: &Tree<'_>, id: NodeId, chain: &[&str]) -> Vec<NodeId> {
    let mut at = vec![id];
    for name in chain {
        at = at.into_iter().flat_map(|node| tree.elements(node).filter(|(_, child)| child.name == *name).map(|(child, _)| child)).collect();
    }
    at
}

#[cfg(test)]
mod tests {
    use crate::label::Lattice;
    use crate::label::tests::small_policy;

    #[test]
    fn faults_of_a_spif_are_found_with_their_place() {
        let class = |name: &str, lacv: &str| format!("<securityClassification name=\"{name}\" lacv=\"{lacv}\" hierarchy=\"1\"/>");
        let tags = |inner: &str| {
            format!(
                "<securityCategoryTagSets><securityCategoryTagSet name=\"T\" id=\"1.2.3\">{inner}</securityCategoryTagSet></securityCategoryTagSets>"
            )
        };
        let ok = class("A", "1");
        for (classes, rest, expected) in [
            (class("A", "1") + &class("a", "2"), String::new(), "given twice"),
            (class("A", "1") + &class("B", "01"), String::new(), "given twice"),
            (class("A ", "1"), String::new(), "white space"),
            (class("A", "-1"), String::new(), "`lacv` is `-1`"),
            (String::new(), String::new(), "0 times"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"enumerated\"/>"), "does not say how"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"informative\"/>"), "does not say how"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"notApplicable\"/>"), "does not say how"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"/><tagCategory name=\"x\" lacv=\"2\"/></securityCategoryTag>"), "given twice"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"><excludedClass>B</excludedClass></tagCategory></securityCategoryTag>"), "no class `B`"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"><excludedClass>A</excludedClass><excludedClass>A</excludedClass></tagCategory></securityCategoryTag>"), "excluded twice"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"><excludedCategory tagSetRef=\"U\" tagType=\"permissive\" all=\"true\"/></tagCategory></securityCategoryTag>"), "no tag set `U`"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\"><excludedCategory tagSetRef=\"T\" tagType=\"permissive\"/></tagCategory></securityCategoryTag>"), "neither one value nor all"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\"><tagCategory name=\"X\" lacv=\"1\" userInput=\"string\"/></securityCategoryTag>"), "free text"),
            (ok.clone(), tags("<securityCategoryTag tagType=\"permissive\" colour=\"red\"/>"), "no attribute `colour`"),
            (ok.replace("hierarchy", "color=\"bright red\" hierarchy"), String::new(), "the colour is `bright red`"),
            (ok.replace("hierarchy", "color=\"#12345\" hierarchy"), String::new(), "the colour is `#12345`"),
            (ok.clone(), "<equivalentPolicies><equivalentPolicy name=\"X\" id=\"1.2\"/></equivalentPolicies><privacyMarks><privacyMark name=\"M\"/></privacyMarks>".into(), "stands where `SPIF` has none"),
            (ok.clone(), "<markingData><code>pageTops</code></markingData>".into(), "marking code `pageTops` is not known"),
            (ok.clone(), "<markingQualifier markingCode=\"x\"><qualifier markingQualifier=\" \" qualifierCode=\"prefix\"/></markingQualifier>".into(), "marking code `x`"),
            (ok.clone(), "<markingQualifier><qualifier markingQualifier=\" \" qualifierCode=\"before\"/></markingQualifier>".into(), "qualifier code `before`"),
            (ok.clone(), "<markingData phrase=\"A\"/><markingData phrase=\"B\"/>".into(), "second phrase"),
            (ok.clone(), "<markingQualifier><qualifier markingQualifier=\"a\" qualifierCode=\"prefix\"/><qualifier markingQualifier=\"b\" qualifierCode=\"prefix\"/></markingQualifier>".into(), "second qualifier"),
            (ok.clone(), "<markingData xml:lang=\"f\" phrase=\"A\"/>".into(), "no tag of a language"),
            (ok.clone(), "<markingData lang=\"fr\" phrase=\"A\"/>".into(), "no attribute `lang`"),
            (ok.clone(), "<markingData phrase=\"A\u{202e}B\"/>".into(), "people do not see"),
            (ok.clone(), format!("<markingData phrase=\"{}\"/>", "A".repeat(257)), "too long"),
            (ok.clone(), "<x:note xmlns:x=\"urn:x\"/>".into(), "in no SPIF"),
            (ok.clone(), "text".into(), "text stands in `SPIF`"),
        ] {
            let file = small_policy("X", "1.2.9", &classes, &rest);
            let xml = file.xml.clone();
            let complaints = Lattice::load(&[file]).unwrap_err();
            let found = complaints.iter().find(|complaint| complaint.what.contains(expected));
            let found = found.unwrap_or_else(|| panic!("`{expected}` is not among {complaints:#?}"));
            assert!(found.at.as_ref().is_some_and(|at| at.end <= xml.len() && at.start < at.end), "{found:?}");
        }
    }
}
