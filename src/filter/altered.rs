//! All filters of an edition of which one part was changed: only that part is compiled anew, the others are shared.
//!
//! For trying what a rule set would do with one rule less. What the officer is told of a rule set is told by [`Filters::compile`] alone: nothing is
//! complained of here but what does not compile at all.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::detectors::Detectors;
use super::fields::{Fields, Variant};
use super::labels::Labels;
use super::messages::Messages;
use super::patterns::Patterns;
use super::words::Words;
use super::{Filters, Form, required};
use crate::base::Complaint;
use crate::format::Format;
use crate::normal::{NodeId, Tree};
use crate::policy::Edition;

/// The part of the filters that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The profile of a format.
    Profile(String),
    /// The definitions of messages.
    Messages,
    /// The word lists.
    Words,
    /// The patterns.
    Patterns,
    /// The detectors, and what is made of labels that do not fit together.
    Detectors,
}

impl Filters {
    /// The filters of an edition that differs from theirs in one part.
    ///
    /// # Errors
    /// What does not compile.
    pub fn altered(&self, edition: &Edition, part: &Part) -> Result<Self, Vec<Complaint>> {
        let mut other = self.clone();
        match part {
            Part::Profile(format) => {
                if let Some(profile) = edition.profiles.get(format) {
                    let fields = Fields::compile(profile, &edition.files)?;
                    let form = Form { fields, required: required(format), rest: profile.rest.as_slice().into() };
                    other.forms.insert(format.clone(), Arc::new(form));
                }
            }
            Part::Messages => other.messages = Arc::new(Messages::compile(&edition.messages, &edition.files)?),
            Part::Words => other.words = Arc::new(Words::compile(&edition.word_lists, &edition.files)?),
            Part::Patterns => other.patterns = Arc::new(Patterns::compile(&edition.patterns)?),
            Part::Detectors => {
                other.detectors = Arc::new(Detectors::compile(&edition.detectors, &edition.files)?);
                other.labels = Arc::new(Labels::compile(&edition.detectors, &edition.files)?);
            }
        }
        Ok(other)
    }

    /// The profile of a format, to be asked about single values.
    #[must_use]
    pub fn profile(&self, format: &str) -> Option<Variant<'_>> {
        self.forms.get(format).map(|form| form.fields.variant())
    }

    /// The patterns, as `file:rule`, with what each says to reviewers.
    #[must_use]
    pub fn patterns(&self) -> Vec<(String, String)> {
        self.patterns.listed()
    }

    /// The rows of profiles, as `file:line`, that speak of nodes of a message.
    #[must_use]
    pub fn rows_met(&self, format: &Format, tree: &Tree<'_>) -> BTreeSet<Arc<str>> {
        let insides = format.insides(tree);
        let apart: Vec<NodeId> = insides.iter().map(|inside| inside.node).collect();
        let mut rules = BTreeSet::new();
        let all = std::iter::once((NodeId::ROOT, format.name)).chain(insides.iter().map(|inside| (inside.node, inside.format.name)));
        for (top, form) in all.filter_map(|(top, name)| Some((top, self.forms.get(name)?))) {
            form.fields.met(tree, top, &apart, &mut rules);
        }
        rules
    }
}
