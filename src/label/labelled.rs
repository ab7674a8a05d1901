//! The step from a parsed message to a labelled one: all markings found, each read strictly, all of them saying the same.
//!
//! Takes [`Parsed`] and the way in which the sender's markings are read. Proves: there is a label; every place of the
//! message that says how it is marked says the same; the label is valid under a policy in force.
//! Deliberately absent: signatures. A peer whose entry requires a binding is refused.

use super::mark::Label;
use super::scheme::PolicyIx;
use crate::format::Parsed;

/// How a sender's markings are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The scheme of markings that do not name theirs.
    pub scheme: PolicyIx,
    /// Whether a label must be bound to its content.
    pub binding: Binding,
}

/// Whether a label must be bound to its content by a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The link's identity is enough.
    Unbound,
    /// A signed binding is required.
    Required,
}

/// A place of the message that says how it is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What was read there.
    pub form: Form,
    /// Path in the normal form; `header` for the detached label.
    pub place: String,
}

/// A way of writing a marking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Cursor-on-Target's `access`, `caveat` and `releasableTo`.
    Triple,
    /// A STANAG 4774 originator label in the body.
    Stanag4774,
    /// A STANAG 4774 alternative label in the body: the sender's translation.
    Alternative,
    /// A STANAG 4774 label in the frame header.
    Detached,
    /// A banner line.
    Banner,
}

impl Form {
    /// The word that people read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Triple => "access, caveat and releasableTo",
            Self::Stanag4774 => "STANAG 4774 label",
            Self::Alternative => "STANAG 4774 alternative label",
            Self::Detached => "detached STANAG 4774 label",
            Self::Banner => "banner line",
        }
    }
}

/// Proof that a message carries one valid label, said the same in every place.
#[derive(Debug)]
#[must_use]
pub struct Labelled<'a> {
    parsed: Parsed<'a>,
    label: Label,
    sources: Vec<Source>,
}

impl<'a> Labelled<'a> {
    /// The parsed message.
    #[must_use]
    pub const fn parsed(&self) -> &Parsed<'a> {
        &self.parsed
    }

    /// The label.
    #[must_use]
    pub const fn label(&self) -> &Label {
        &self.label
    }

    /// Where the label was found, in order of reading.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }
}
