//! The label as the second reader finds it: by places in the lattice's plain data, from the second tree.
//!
//! Reads STANAG 4774 labels, in bodies and in headers; what else a format marks with is in its own file. Every marking must say what
//! the first reader's label says; a metadata label must not stand above it.
//! Deliberately absent: banner lines in text, dates, and alternative labels, which are a sender's translation and
//! never decide anything.

use minicbor::{Decode, Encode};

use super::mark::Mark;
use super::second::Part;
use crate::label::scheme::{Policy, TagKind};
use crate::label::{Label, Lattice};

/// Namespace of STANAG 4774 labels.
// SPEC: ADatP-4774 Ed A V1, schema 1.3.
pub(super) const LABEL: &str = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0";

/// Why a marking is not read: one line.
pub(super) type Unread = &'static str;

/// What a marking says, as places in the lattice.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Said {
    /// Place of the policy.
    #[n(0)]
    pub(super) policy: usize,
    /// Place of the classification.
    #[n(1)]
    pub(super) level: usize,
    /// Tag and values, both in rising order, each once; a tag without values is present.
    #[n(2)]
    pub(super) categories: Vec<(usize, Vec<usize>)>,
}

impl Said {
    /// A marking without categories.
    pub(super) const fn new(policy: usize, level: usize) -> Self {
        Self { policy, level, categories: Vec::new() }
    }

    /// The first decision's label in this form.
    #[must_use]
    pub fn of(label: &Label) -> Self {
        let mut said = Self::new(label.policy.index(), label.level.index());
        for category in &label.categories {
            said.tag(category.tag.index());
            for value in &category.values {
                said.add(category.tag.index(), value.index());
            }
        }
        said
    }

    /// The label of these places; nothing where the lattice has not all of them.
    #[must_use]
    pub fn label(&self, lattice: &Lattice) -> Option<Label> {
        lattice.label(self.policy, self.level, &self.categories)
    }

    /// Makes a tag present.
    pub(super) fn tag(&mut self, tag: usize) {
        if let Err(place) = self.categories.binary_search_by_key(&tag, |(at, _)| *at) {
            self.categories.insert(place, (tag, Vec::new()));
        }
    }

    /// Adds a value, once.
    pub(super) fn add(&mut self, tag: usize, value: usize) {
        self.tag(tag);
        let values = self.categories.iter_mut().find(|(at, _)| *at == tag).map(|(_, values)| values);
        if let Some((values, place)) = values.and_then(|values| values.binary_search(&value).err().map(|place| (values, place))) {
            values.insert(place, value);
        }
    }

    /// Whether a tag is present.
    pub(super) fn has_tag(&self, tag: usize) -> bool {
        self.categories.iter().any(|(at, _)| *at == tag)
    }
}

/// Checks that a marking says what the first reader's label says.
pub(super) fn agree(said: &Said, expected: &Said) -> Result<(), Unread> {
    if said == expected { Ok(()) } else { Err("a marking of the message does not say what the first reader's label says") }
}

/// Whether an element is a label in its own right.
pub(super) fn is_label(part: Part<'_, '_>) -> bool {
    matches!(mark_of(part), Some(Mark::Stanag4774(_)))
}

/// What an element is to be compared as, where it is a label that this reader looks at.
pub(super) fn mark_of(part: Part<'_, '_>) -> Option<Mark> {
    match part.name() {
        _ if !part.is_element() => None,
        (LABEL, "originatorConfidentialityLabel" | "ConfidentialityLabel") => Some(Mark::Stanag4774(part.at)),
        (LABEL, "metadataConfidentialityLabel") => Some(Mark::Metadata(part.at)),
        _ => None,
    }
}

/// Reads a STANAG 4774 label element.
pub(super) fn stanag(label: Part<'_, '_>, lattice: &Lattice) -> Result<Said, Unread> {
    let information = only(label, "ConfidentialityInformation")?;
    let identifier = only(information, "PolicyIdentifier")?;
    let (at, policy) = policy(lattice, &collapsed(identifier)?, identifier.said("URI"))?;
    let classification = collapsed(only(information, "Classification")?)?;
    let level =
        policy.levels.iter().position(|level| policy.case.same(&level.name, &classification)).ok_or("the policy has no such classification")?;
    let mut said = Said::new(at, level);
    for category in named(information, "Category") {
        add_category(&mut said, policy, category)?;
    }
    Ok(said)
}

fn policy<'l>(lattice: &'l Lattice, name: &str, uri: Option<&str>) -> Result<(usize, &'l Policy), Unread> {
    let found = lattice.policies().iter().enumerate().find(|(_, policy)| policy.name == name || policy.case.same(&policy.name, name));
    let (at, policy) = found.ok_or("the lattice has no policy of this name")?;
    match uri.map(|uri| uri.strip_prefix("urn:oid:")) {
        None => Ok((at, policy)),
        Some(Some(oid)) if oid == policy.oid => Ok((at, policy)),
        Some(_) => Err("the policy's name and object identifier are of different policies"),
    }
}

fn add_category(said: &mut Said, policy: &Policy, category: Part<'_, '_>) -> Result<(), Unread> {
    let kind = match category.said("Type") {
        Some("RESTRICTIVE") => TagKind::Restrictive,
        Some("PERMISSIVE") => TagKind::Permissive,
        Some("INFORMATIVE") => TagKind::Informative,
        _ => return Err("a category has no type of STANAG 4774"),
    };
    let set = category.said("TagName").ok_or("a category has no tag name")?;
    let oid = category.said("URI").map(|uri| uri.strip_prefix("urn:oid:").unwrap_or(uri));
    let tags = || {
        let named = policy.tags.iter().enumerate().filter(|(_, tag)| tag.set == set || tag.aliases.iter().any(|alias| alias == set));
        named.filter(|(_, tag)| tag.kind == kind && oid.is_none_or(|oid| oid == tag.oid))
    };
    let mut values = named(category, "GenericValue").peekable();
    if values.peek().is_none() {
        let (tag, _) = tags().next().ok_or("the policy has no such category")?;
        said.tag(tag);
    }
    for value in values {
        let text = whole(value)?;
        let places = tags().filter_map(|(at, tag)| tag.values.iter().position(|v| policy.case.same(&v.name, text)).map(|value| (at, value)));
        let (tag, value) = places.clone().next().filter(|_| places.count() == 1).ok_or("the policy has no such category value, or more than one")?;
        said.add(tag, value);
    }
    Ok(())
}

fn named<'n, 'x: 'n>(parent: Part<'n, 'x>, name: &'static str) -> impl Iterator<Item = Part<'n, 'x>> {
    parent.content().filter(move |child| child.is_element() && child.name() == (LABEL, name))
}

fn only<'n, 'x: 'n>(parent: Part<'n, 'x>, name: &'static str) -> Result<Part<'n, 'x>, Unread> {
    let mut all = named(parent, name);
    all.next().filter(|_| all.next().is_none()).ok_or("an element of the label is missing or repeated")
}

/// The whole text of an element that holds nothing but text, so that no element can hide a part of it.
fn whole<'n>(element: Part<'n, '_>) -> Result<&'n str, Unread> {
    element.whole_text().ok_or("a value of the label is empty or not plain text")
}

// SPEC: XML Schema part 2, xs:token: white space collapses.
fn collapsed(element: Part<'_, '_>) -> Result<String, Unread> {
    Ok(whole(element)?.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
}
