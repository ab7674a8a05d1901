//! A refusal: their message is at fault, and the refusal says where and why.

use super::{Reason, Span};

/// Where in a message something was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Bytes of the original body, where known.
    pub span: Option<Span>,
    /// Path in the normal form, such as `/event/point/@lat`; empty where the tree was not yet read.
    pub path: String,
}

/// Why a message does not pass: a reason from the table, a place, and what was expected and found.
///
/// `detail` is one lower-case line without message content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.code())]
pub struct Refusal {
    /// The row of the reason table.
    pub reason: Reason,
    /// Where.
    pub place: Place,
    /// What was expected, what was found.
    pub detail: String,
}

impl Refusal {
    /// A refusal without a place.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, place: Place::default(), detail: detail.into() }
    }

    /// A refusal at bytes of the original body.
    #[must_use]
    pub fn at(reason: Reason, span: Span, detail: impl Into<String>) -> Self {
        Self { reason, place: Place { span: Some(span), path: String::new() }, detail: detail.into() }
    }

    /// The same refusal with the path of the place.
    #[must_use]
    pub fn on(mut self, path: impl Into<String>) -> Self {
        self.place.path = path.into();
        self
    }
}
