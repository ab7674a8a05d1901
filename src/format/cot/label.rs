//! Where an event says how it is marked: three attributes, label elements, banner lines of the remarks.
//!
//! Gives places only; the label room reads them.

use crate::normal::{Kind, Marking, NodeId, Tree};

use super::schema::NAMESPACE_LABEL;
use super::value::is_hidden;

/// What `access` says where it says nothing (MIL-STD-6090).
const ACCESS_NONE: &str = "Undefined";
/// Characters of a banner line at most: 256. Longer lines are prose.
const BANNER_CHARS_MAX: usize = 256;
/// How banner lines begin, in the marking schemes of the United States, the United Kingdom, Canada, Australia, New Zealand, NATO, the EU and TLP.
const BANNER_WORDS: &[&str] = &[
    "TOP SECRET",
    "SECRET",
    "CONFIDENTIAL",
    "RESTRICTED",
    "UNCLASSIFIED",
    "UNMARKED",
    "OFFICIAL",
    "PROTECTED",
    "SENSITIVE",
    "NATO",
    "COSMIC",
    "ATOMAL",
    "EU",
    "UK",
    "NZ",
    "AUS",
    "CAN",
    "US",
    "USA",
    "GBR",
    "NZL",
    "DEU",
    "FRA",
    "FVEY",
    "TRES SECRET",
    "TLP",
    "IN-CONFIDENCE",
    "JOINT",
    "REL TO",
    "NOFORN",
    "CLASSIFICATION",
    "TS",
    "CUI",
    "LIMDIS",
    "FOUO",
    "STRAP",
    "CANADA",
    "AUSTRALIA",
];

/// Every place that marks the event.
pub(super) fn markings(tree: &Tree<'_>) -> Vec<Marking> {
    let attribute = |name| tree.attribute(NodeId::ROOT, name);
    let access = attribute("access").filter(|(_, node)| node.value.text() != ACCESS_NONE).map(|(id, _)| id);
    let caveat = attribute("caveat").map(|(id, _)| id);
    let releasable_to = attribute("releasableTo").map(|(id, _)| id);
    let mut found = Vec::new();
    if access.or(caveat).or(releasable_to).is_some() {
        found.push(Marking::Triple { access, caveat, releasable_to });
    }
    let Some((detail, _)) = tree.element(NodeId::ROOT, "detail") else { return found };
    for (id, node) in tree.subtree(detail) {
        let parent = tree.parent(id).map(|parent| tree.node(parent));
        match node.kind {
            // The topmost element of a label; elements inside it are parts.
            Kind::Element if node.namespace == NAMESPACE_LABEL && parent.is_none_or(|parent| parent.namespace != NAMESPACE_LABEL) => {
                found.push(Marking::Stanag4774(id));
            }
            Kind::Text if parent.is_some_and(|parent| parent.name == "remarks") && has_banner(&node.value.text()) => found.push(Marking::Banner(id)),
            _ => {}
        }
    }
    found
}

/// Whether the first or last line that is not empty looks like a banner.
fn has_banner(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next();
    [first, lines.next_back()].into_iter().flatten().any(is_banner)
}

/// Whether a line begins with a word of a marking scheme and goes on like a banner: in capital letters, or with `//`.
///
/// Hidden characters are passed over, so that they cannot hide a banner; the label room then refuses them.
fn is_banner(line: &str) -> bool {
    if line.len() > BANNER_CHARS_MAX {
        return false;
    }
    let shown: String = line.chars().filter(|&c| !is_hidden(c)).collect();
    let shown = shown.trim().trim_start_matches(['(', '[', '*', '/', '-', '=', ' ']);
    let upper = shown.to_uppercase();
    let begins = BANNER_WORDS.iter().any(|word| upper.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric())));
    begins && (shown.contains("//") || !shown.chars().any(char::is_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banner_lines_are_told_from_prose() {
        for text in [
            "SECRET//NOFORN",
            "TOP SECRET//SI//REL TO USA, GBR\n\ncontact at grid",
            "contact at grid\nUK SECRET",
            "\n\n  NATO RESTRICTED\ntext",
            "Secret//Rel to USA, FVEY",
            "(SECRET//NOFORN)",
            "OFFICIAL-SENSITIVE",
            "TLP:AMBER+STRICT",
            "S\u{200b}ECRET//NOFORN",
            "first\nCOSMIC TOP SECRET\n ",
        ] {
            assert!(has_banner(text), "{text:?}");
        }
        for text in [
            "",
            "\n",
            "Secret meeting place",
            "patrol is on its way",
            "SECRETARY IN CAR",
            "a\nSECRET//NOFORN\nb",
            "Canada goose over the field",
            "Usable road",
        ] {
            assert!(!has_banner(text), "{text:?}");
        }
    }

    #[test]
    fn one_line_is_looked_at_once_and_a_long_line_is_prose() {
        assert!(has_banner("NATO SECRET"));
        assert!(!has_banner(&format!("SECRET//{}", "A".repeat(300))));
    }
}
