//! The label of what is released, said as Cursor-on-Target says it, for messages that come from formats which mark in another way.
//!
//! What is written is read again by the reader of such markings, and must say the same; where no spelling does, the marking is not carried
//! over and the message stays.

use crate::base::{Reason, Refusal};
use crate::label::scheme::BannerForm;
use crate::label::{Label, Lattice, PolicyIx, cot};

/// A label with what is needed to say it in another way.
#[derive(Debug, Clone, Copy)]
pub struct Marked<'s> {
    /// The marking schemes.
    pub lattice: &'s Lattice,
    /// The scheme in which the sender's markings are read.
    pub scheme: PolicyIx,
    /// The label of what this recipient gets.
    pub label: &'s Label,
}

/// Cursor-on-Target's three attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triple {
    /// `access`: the classification, with the name of its policy where the policy's lines begin with one.
    pub access: String,
    /// `caveat`: values of all tags but that of recipients, joined by `/`.
    pub caveat: Option<String>,
    /// `releasableTo`: recipients, joined by spaces.
    pub releasable_to: Option<String>,
}

impl Marked<'_> {
    /// The label as a triple.
    ///
    /// # Errors
    /// `translate.marking` where no triple says what the label says.
    pub fn triple(&self) -> Result<Triple, Refusal> {
        let unsaid = || Refusal::new(Reason::TranslateMarking, "expected a label that access, caveat and releasableTo can say");
        let policy = self.lattice.policies().get(self.label.policy.index()).ok_or_else(unsaid)?;
        let level = self.lattice.level_name(self.label.policy, self.label.level);
        let access = match policy.banner {
            Some(BannerForm::Gbr) => format!("UK {level}"),
            Some(BannerForm::Nato) if level.eq_ignore_ascii_case("TOP SECRET") => format!("COSMIC {level}"),
            Some(BannerForm::Nato) => format!("NATO {level}"),
            Some(BannerForm::Usa | BannerForm::Can | BannerForm::Aus | BannerForm::Nzl | BannerForm::Eu) | None => level.to_owned(),
        };
        let (mut caveat, mut releasable_to) = (Vec::new(), Vec::new());
        for category in &self.label.categories {
            let Some(tag) = policy.tags.get(category.tag.index()) else { return Err(unsaid()) };
            let implied = |value| policy.implied.iter().any(|implied| (implied.tag, implied.value) == (category.tag, value));
            for value in &category.values {
                let name = tag.values.get(value.index()).map(|value| value.name.as_str()).ok_or_else(unsaid)?;
                match policy.release == Some(category.tag) {
                    true => releasable_to.push(name),
                    false if implied(*value) => {}
                    false => caveat.push(name),
                }
            }
        }
        let joined = |words: &[&str], with: &str| Some(words.join(with)).filter(|_| !words.is_empty());
        let triple = Triple { access, caveat: joined(&caveat, "/"), releasable_to: joined(&releasable_to, " ") };
        let read = cot::Triple { access: Some(&triple.access), caveat: triple.caveat.as_deref(), releasable_to: triple.releasable_to.as_deref() };
        match cot::read(self.lattice, self.scheme, read) {
            Ok(Some(again)) if again.says_the_same(self.label) => Ok(triple),
            _ => Err(unsaid()),
        }
    }
}
