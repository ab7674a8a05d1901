//! Markings other than labels in XML, as the second half reads them: classification lines, letters, three texts, TLP, ACS.
//!
//! A reader of a format gives the numbers of the places; the words are read here, over the lattice's plain data and by other hands than the
//! first reader's. What this reader takes more freely than the first is no matter, for both must say the same.

use super::label::{Said, Unread, agree, mark_of, stanag};
use super::marking::triple;
use super::portion::{self, Ground};
use super::second::{Part, Second, Sort};
use crate::label::Lattice;
use crate::label::scheme::{BannerForm, Policy};

/// A place that says how a part or the message is marked, by the numbers of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A classification line in the sender's scheme.
    Line(usize),
    /// Letters of a header, which say only the level: never the label alone.
    Letter(usize),
    /// The colour behind a marking, which says only the level: never the label alone.
    Ground(usize),
    /// Policy, classification and category.
    Named {
        /// Name of the policy.
        policy: usize,
        /// Classification.
        classification: usize,
        /// Category, where there is one.
        category: Option<usize>,
    },
    /// A marking of the Traffic Light Protocol.
    Tlp(usize),
    /// An access control specification: the element that holds its members.
    Acs(usize),
    /// IC-ISM attributes: the element that carries them.
    Ism(usize),
    /// A binary security label: the element that holds its members.
    Ess(usize),
    /// A STANAG 4774 label element.
    Stanag4774(usize),
    /// A STANAG 4774 metadata label, which must not stand above the label: never the label.
    Metadata(usize),
    /// Cursor-on-Target's three attributes; at least one stands.
    Triple {
        /// `access`.
        access: Option<usize>,
        /// `caveat`.
        caveat: Option<usize>,
        /// `releasableTo`.
        releasable_to: Option<usize>,
    },
}

impl Mark {
    /// Whether it is compared with the label, and never the label.
    pub(super) const fn is_copy(self) -> bool {
        matches!(self, Self::Letter(_) | Self::Ground(_) | Self::Metadata(_))
    }

    /// The place in a whole tree of a mark of [`Second::below`] the node `top`.
    pub(super) fn within(self, top: usize) -> Self {
        let to = |at: usize| at.saturating_add(top);
        match self {
            Self::Line(at) => Self::Line(to(at)),
            Self::Letter(at) => Self::Letter(to(at)),
            Self::Ground(at) => Self::Ground(to(at)),
            Self::Named { policy, classification, category } => {
                Self::Named { policy: to(policy), classification: to(classification), category: category.map(to) }
            }
            Self::Tlp(at) => Self::Tlp(to(at)),
            Self::Acs(at) => Self::Acs(to(at)),
            Self::Ism(at) => Self::Ism(to(at)),
            Self::Ess(at) => Self::Ess(to(at)),
            Self::Stanag4774(at) => Self::Stanag4774(to(at)),
            Self::Metadata(at) => Self::Metadata(to(at)),
            Self::Triple { access, caveat, releasable_to } => {
                Self::Triple { access: access.map(to), caveat: caveat.map(to), releasable_to: releasable_to.map(to) }
            }
        }
    }
}

/// Checks that every marking of a list says `expected`; gives the number of those that are labels.
///
/// # Errors
/// One line: which marking is not read, or says something else.
pub(super) fn agreeing(tree: &Second<'_>, marks: &[Mark], ground: Ground<'_>, expected: &Said) -> Result<usize, Unread> {
    let Ground { lattice, scheme, now, .. } = ground;
    let mut found = 0_usize;
    for mark in marks {
        match *mark {
            Mark::Letter(at) => letters(lattice, expected, value(tree, at)?)?,
            Mark::Ground(at) => coloured(lattice, expected, value(tree, at)?)?,
            Mark::Metadata(at) => portion::below(&stanag(labelled(tree, at, *mark)?, lattice)?, expected, lattice, now)?,
            mark => {
                agree(&read(tree, mark, lattice, scheme)?, expected)?;
                found = found.saturating_add(1);
            }
        }
    }
    Ok(found)
}

/// What one marking says; a letter alone says nothing.
///
/// # Errors
/// One line: what was expected.
pub(super) fn read(tree: &Second<'_>, mark: Mark, lattice: &Lattice, scheme: usize) -> Result<Said, Unread> {
    match mark {
        Mark::Line(at) => line(lattice, scheme, value(tree, at)?),
        Mark::Letter(_) | Mark::Ground(_) | Mark::Metadata(_) => Err("a letter, a colour or the label of metadata is no label"),
        Mark::Named { policy, classification, category } => {
            let category = category.map_or(Ok(""), |at| value(tree, at))?;
            named(lattice, value(tree, policy)?, value(tree, classification)?, category)
        }
        Mark::Tlp(at) => tlp(lattice, value(tree, at)?),
        Mark::Acs(at) => super::acs::read(tree.part(at).ok_or("a marking is nowhere")?, lattice),
        Mark::Triple { access, caveat, releasable_to } => {
            let said = |at: Option<usize>| at.map_or(Ok(""), |at| value(tree, at));
            triple(lattice, scheme, said(access)?, said(caveat)?, said(releasable_to)?)
        }
        Mark::Ism(at) => super::ism::read(tree.part(at).ok_or("a marking is nowhere")?, lattice),
        Mark::Ess(at) => super::ess::said(tree.part(at).ok_or("a marking is nowhere")?, lattice),
        Mark::Stanag4774(at) => stanag(labelled(tree, at, mark)?, lattice),
    }
}

/// The element of a mark that is one.
fn labelled<'t, 'a>(tree: &'t Second<'a>, at: usize, mark: Mark) -> Result<Part<'t, 'a>, Unread> {
    tree.part(at).filter(|part| mark_of(*part) == Some(mark)).ok_or("a label is none")
}

/// The text of a leaf, or the whole text of an element.
fn value<'t>(tree: &'t Second<'_>, at: usize) -> Result<&'t str, Unread> {
    let part: Part<'t, '_> = tree.part(at).ok_or("a marking is nowhere")?;
    match part.node.sort {
        Sort::Element => part.whole_text().or_else(|| part.content().next().is_none().then_some("")).ok_or("a marking is not plain text"),
        Sort::Attribute | Sort::Text => Ok(part.value()),
    }
}

/// The place of a policy by its name.
pub(super) fn policy<'l>(lattice: &'l Lattice, name: &str) -> Result<(usize, &'l Policy), Unread> {
    let found = lattice.policies().iter().enumerate().find(|(_, policy)| policy.case.same(&policy.name, name));
    found.ok_or("the lattice has no policy of this name")
}

fn tlp(lattice: &Lattice, text: &str) -> Result<Said, Unread> {
    let (at, policy) = policy(lattice, "TLP")?;
    let word = match text.strip_prefix("marking-definition--") {
        Some(id) => defined(id).ok_or("expected a definition of the Traffic Light Protocol")?.to_owned(),
        None => text.to_ascii_uppercase(),
    };
    let word = word.strip_prefix("TLP:").unwrap_or(&word);
    // SPEC: STIX 2.1 has TLP 1, whose lowest level is WHITE.
    let word = if word == "WHITE" { "CLEAR" } else { word };
    let level = policy.levels.iter().position(|level| level.name == word).ok_or("expected a level of the Traffic Light Protocol")?;
    Ok(Said::new(at, level))
}

/// The level that a marking definition of STIX defines, of either version.
fn defined(id: &str) -> Option<&'static str> {
    Some(match id {
        "613f2e26-407d-48c7-9eca-b8e91df99dc9" | "94868c89-83c2-464b-929b-a1a8aa3c8487" => "CLEAR",
        "34098fce-860f-48ae-8e50-ebd3cc5e41da" | "bab4a63c-aed9-4cf5-a766-dfca5abac2bb" => "GREEN",
        "f88d31f6-486f-44da-b317-01333bde0b82" | "55d920b0-5e8b-4f79-9ee9-91f868d9b421" => "AMBER",
        "939a9414-2ddd-4d32-a0cd-375ea402b003" => "AMBER+STRICT",
        "5e57c739-391a-4eb3-b6be-7d15ca92d5ed" | "e828b379-4e03-4974-9ac4-e53a884c97c1" => "RED",
        _ => return None,
    })
}

fn named(lattice: &Lattice, name: &str, classification: &str, category: &str) -> Result<Said, Unread> {
    let (at, policy) = policy(lattice, name)?;
    if !policy.levels.iter().any(|level| policy.case.same(&level.name, classification)) {
        return Err("the policy has no such classification");
    }
    match recipients(policy, category) {
        Some(list) => triple(lattice, at, classification, "", &list),
        None => triple(lattice, at, classification, category, ""),
    }
}

/// The codes behind a release phrase, with the alliance in front of them where the policy is the alliance's.
fn recipients(policy: &Policy, phrase: &str) -> Option<String> {
    let list = ["REL TO ", "RELEASABLE TO ", "Releasable to "].iter().find_map(|words| phrase.strip_prefix(words))?;
    Some(if policy.banner == Some(BannerForm::Nato) { format!("NATO {list}") } else { list.to_owned() })
}

fn line(lattice: &Lattice, scheme: usize, text: &str) -> Result<Said, Unread> {
    let text = text.trim_end().trim_end_matches('/').trim_end();
    let (head, rest) = text.split_once("//").map_or((text, None), |(head, rest)| (head, Some(rest)));
    let head = joined(head);
    let mut words = head.as_str();
    let own = lattice.policies().get(scheme).ok_or("the sender's scheme is none of the lattice")?;
    let alliance = words.strip_prefix("NATO ").or_else(|| words.strip_prefix("COSMIC "));
    let nato = lattice.policies().iter().position(|policy| policy.banner == Some(BannerForm::Nato));
    let (at, policy) = match (alliance, nato.and_then(|at| lattice.policies().get(at).map(|policy| (at, policy)))) {
        (Some(left), Some(found)) => {
            words = left;
            found
        }
        _ => (scheme, own),
    };
    let begun = |name: &str| words.strip_prefix(name).filter(|left| left.is_empty() || left.starts_with(' '));
    let level = policy.levels.iter().filter(|level| begun(&level.name).is_some()).max_by_key(|level| level.name.len());
    // A British line, a line with a context, and every other that names its policy in its own way, is a banner as fields have them.
    let Some((level, left)) = level.and_then(|level| begun(&level.name).map(|left| (level, left.trim_start()))) else {
        return triple(lattice, scheme, text, "", "");
    };
    if left.starts_with("- ") {
        return triple(lattice, scheme, text, "", "");
    }
    let codes = left.strip_prefix("REL TO ").or_else(|| left.strip_prefix("RELEASABLE TO ")).or_else(|| left.strip_prefix("Releasable to "));
    match (codes, rest.filter(|rest| !is_subject_code(rest))) {
        (Some(codes), None) if policy.banner == Some(BannerForm::Nato) => triple(lattice, at, &level.name, "", &format!("NATO {codes}")),
        (Some(codes), None) => triple(lattice, at, &level.name, "", codes),
        (None, None) => triple(lattice, at, &level.name, left, ""),
        (None, Some(rest)) if left.is_empty() && alliance.is_none() => triple(lattice, at, &format!("{}//{rest}", level.name), "", ""),
        (None, Some(rest)) if left.is_empty() => triple(lattice, at, &level.name, rest, ""),
        _ => Err("expected controls in one place of the line"),
    }
}

fn is_subject_code(text: &str) -> bool {
    let digits = text.strip_prefix('N').unwrap_or(text);
    digits.len() == 5 && digits.chars().all(|digit| digit.is_ascii_digit())
}

/// Words whose letters stand apart, joined; and the short word for unclassified spelt out.
fn joined(head: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for token in head.split(' ') {
        let letter = token.len() == 1 && token.chars().all(|letter| letter.is_ascii_uppercase());
        match words.last_mut().filter(|_| open && letter) {
            Some(word) => word.push_str(token),
            None if token.is_empty() => {}
            None => words.push(token.to_owned()),
        }
        open = letter;
    }
    for word in &mut words {
        *word = match word.as_str() {
            "UNCLAS" => "UNCLASSIFIED".to_owned(),
            "TOPSECRET" => "TOP SECRET".to_owned(),
            _ => continue,
        };
    }
    words.join(" ")
}

/// Whether a colour is the one that the policy names for the classification.
pub(super) fn coloured(lattice: &Lattice, said: &Said, colour: &str) -> Result<(), Unread> {
    let level = lattice.policies().get(said.policy).and_then(|policy| policy.levels.get(said.level));
    let own = level.and_then(|level| level.colour.as_deref());
    if own == Some(colour) { Ok(()) } else { Err("expected the colour that the policy names for the classification") }
}

fn letters(lattice: &Lattice, said: &Said, text: &str) -> Result<(), Unread> {
    let level = lattice.policies().get(said.policy).and_then(|policy| policy.levels.get(said.level)).map_or("", |level| level.name.as_str());
    let expected = match level {
        "UNCLASSIFIED" => "UE",
        "OFFICIAL" => "U",
        "RESTRICTED" | "OFFICIAL-SENSITIVE" => "R",
        "CONFIDENTIAL" => "C",
        "SECRET" => "S",
        "TOP SECRET" => "T",
        _ => "",
    };
    let first = text.chars().next().ok_or("expected a letter of the classification")?;
    let fits = expected.contains(first) && text.chars().all(|letter| letter == first);
    if fits { Ok(()) } else { Err("a letter of the header does not say what the first reader's label says") }
}
