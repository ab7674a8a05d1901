//! What may stand where in an Open XML SPIF 2.1: our own restatement of the schema, as one table.
//!
//! Takes a tree, gives every element, attribute or order that the schema has not. References are not checked here.
//! Deliberately absent: versions 1.0, 2.0 and 3.0, and any repair of files that other tools tolerate.

use super::{Faults, NAMESPACE, NAMESPACE_XML};
use crate::normal::{Kind, NodeId, Tree};

/// An element of the schema.
struct Element {
    name: &'static str,
    /// Attributes that must stand.
    required: &'static [&'static str],
    /// Attributes that may stand.
    optional: &'static [&'static str],
    /// Child elements in their order; a `1` in front: exactly one; `?`: at most one; `+`: at least one; `*`: any number.
    children: &'static [&'static str],
    /// Whether text stands in it.
    text: Content,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Elements,
    Text,
}

const fn element(
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
) -> Element {
    Element { name, required, optional, children, text: Content::Elements }
}

const fn text(name: &'static str) -> Element {
    Element { name, required: &[], optional: &[], children: &[], text: Content::Text }
}

// SPEC: Open XML SPIF 2.1 schema; all children are global elements, so every element is in the namespace.
static ELEMENTS: &[Element] = &[
    element(
        "SPIF",
        &["schemaVersion", "creationDate", "originatorDN", "keyIdentifier", "privilegeId", "rbacId"],
        &["version", "userRefURI", "docRefURI", "notBefore", "notAfter"],
        &[
            "?defaultSecurityPolicyId",
            "1securityPolicyId",
            "?updateInfo",
            "1securityClassifications",
            "?securityCategoryTagSets",
            "?privacyMarks",
            "?equivalentPolicies",
            "*markingData",
            "*markingQualifier",
            "?extensions",
        ],
    ),
    element("defaultSecurityPolicyId", &["name", "id"], &[], &[]),
    element("securityPolicyId", &["name", "id"], &[], &["*markingData", "*markingQualifier"]),
    text("updateInfo"),
    element("securityClassifications", &[], &["name"], &["+securityClassification", "*markingData", "*markingQualifier"]),
    element(
        "securityClassification",
        &["name", "lacv", "hierarchy"],
        &["color", "obsolete"],
        &["*equivalentClassification", "*markingData", "*markingQualifier", "*requiredCategory"],
    ),
    element("equivalentClassification", &["policyRef", "lacv", "applied"], &[], &["*requiredCategory"]),
    element("requiredCategory", &["operation"], &[], &["+categoryGroup"]),
    element("categoryGroup", &["tagSetRef", "tagType"], &["enumType", "lacv", "all"], &[]),
    element("excludedCategory", &["tagSetRef", "tagType"], &["enumType", "lacv", "all"], &[]),
    text("excludedClass"),
    element("securityCategoryTagSets", &[], &[], &["+securityCategoryTagSet"]),
    element("securityCategoryTagSet", &["name", "id"], &[], &["+securityCategoryTag", "*equivalentSecurityCategoryTagSet", "*requiredCategory"]),
    element(
        "securityCategoryTag",
        &["tagType"],
        &["name", "enumType", "tag7Encoding", "singleSelection", "maxSelection", "minSelection"],
        &["*tagCategory", "*markingQualifier"],
    ),
    element(
        "tagCategory",
        &["name", "lacv"],
        &["userInput", "dateFormat", "requiredClass", "obsolete", "notBefore", "notAfter"],
        &["*equivalentSecCategoryTag", "*markingData", "*markingQualifier", "*excludedClass", "*requiredCategory", "*excludedCategory"],
    ),
    element("equivalentSecCategoryTag", &["policyRef", "tagSetId", "tagType", "applied"], &["enumType", "lacv", "action"], &[]),
    element("equivalentSecurityCategoryTagSet", &["policyRef"], &["name", "id"], &["*requiredCategory"]),
    element("privacyMarks", &[], &["maxSelection", "minSelection"], &["+privacyMark"]),
    element("privacyMark", &["name"], &["obsolete"], &["*markingData", "*markingQualifier"]),
    element("equivalentPolicies", &[], &[], &["+equivalentPolicy"]),
    element("equivalentPolicy", &["name", "id"], &["docRefURI", "userRefURI"], &["*requiredCategory"]),
    element("markingData", &[], &["phrase", "lang"], &["*code"]),
    text("code"),
    element("markingQualifier", &[], &["markingCode"], &["+qualifier"]),
    // The published schema has no language here; the alliance's own file has.
    element("qualifier", &["markingQualifier", "qualifierCode"], &["lang"], &[]),
    text("extensions"),
];

/// Checks a whole document against the table.
pub(super) fn check(tree: &Tree<'_>, faults: &mut Faults) {
    for (id, node) in tree.all().filter(|(_, node)| node.kind == Kind::Element) {
        if node.namespace != NAMESPACE {
            faults.at(
                node.span,
                format!("the element `{}` is in no SPIF", node.name),
                format!("an element of the namespace `{NAMESPACE}`"),
                "use the namespace of Open XML SPIF 2.1, letter for letter",
            );
            continue;
        }
        let Some(element) = ELEMENTS.iter().find(|element| element.name == node.name) else {
            faults.at(
                node.span,
                format!("the element `{}` is in no SPIF 2.1", node.name),
                "an element of the schema",
                "remove it, or spell it as the schema does",
            );
            continue;
        };
        check_attributes(tree, id, element, faults);
        check_children(tree, id, element, faults);
    }
    let root = tree.node(NodeId::ROOT);
    if root.name != "SPIF" {
        faults.at(root.span, format!("the document element is `{}`", root.name), "`SPIF`", "give a SPIF 2.1");
    }
}

fn check_attributes(tree: &Tree<'_>, id: NodeId, element: &Element, faults: &mut Faults) {
    for (_, attribute) in tree.attributes(id) {
        let known = element.required.iter().chain(element.optional).any(|name| *name == attribute.name);
        let space_fits = if attribute.name == "lang" { attribute.namespace == NAMESPACE_XML } else { attribute.namespace.is_empty() };
        if !known || !space_fits {
            let expected: Vec<_> = element.required.iter().chain(element.optional).map(|name| format!("`{name}`")).collect();
            faults.at(
                attribute.span,
                format!("`{}` has no attribute `{}`", element.name, attribute.name),
                format!("one of {}", expected.join(", ")),
                "remove it, or spell it as the schema does",
            );
        }
    }
    for name in element.required {
        if tree.attribute(id, name).is_none() {
            faults.at(tree.node(id).span, format!("`{}` lacks the attribute `{name}`", element.name), format!("`{name}`"), "add it");
        }
    }
}

fn check_children(tree: &Tree<'_>, id: NodeId, element: &Element, faults: &mut Faults) {
    let mut place = 0_usize;
    for (child_id, child) in tree.children(id) {
        match child.kind {
            Kind::Attribute => {}
            Kind::Text if element.text == Content::Text => {}
            Kind::Text => faults.at(tree.node(child_id).span, format!("text stands in `{}`", element.name), "elements only", "remove the text"),
            Kind::Element => match element.children.iter().skip(place).position(|rule| name_of(rule) == child.name) {
                Some(step) => place = place.saturating_add(step),
                None => {
                    let what = format!("`{}` stands where `{}` has none", child.name, element.name);
                    faults.at(child.span, what, "the order of the schema", "move or remove the element");
                }
            },
        }
    }
    for rule in element.children {
        let count = tree.elements(id).filter(|(_, child)| child.name == name_of(rule)).count();
        let fits = match rule.as_bytes().first() {
            Some(b'1') => count == 1,
            Some(b'?') => count <= 1,
            Some(b'+') => count >= 1,
            _ => true,
        };
        if !fits {
            let what = format!("`{}` holds `{}` {count} times", element.name, name_of(rule));
            faults.at(tree.node(id).span, what, "once, or at least once, as the schema says", "see the structure in the manual page `labels`");
        }
    }
}

fn name_of(rule: &'static str) -> &'static str {
    rule.get(1..).unwrap_or_default()
}
