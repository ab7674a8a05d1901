//! The step from cleared to sanitised.

use crate::base::{Finding, Refusal};
use crate::filter::Cleared;
use crate::label::Labelled;
use crate::normal::Edits;
use crate::release::Permitted;

use super::Keys;
use super::apply::Plan;
use super::pseudonym::Pseudonyms;

/// Proof that all edits that this release needs are known.
#[derive(Debug)]
#[must_use]
pub struct Sanitised<'m, 'a> {
    cleared: Cleared<'m, 'a>,
    edits: Edits,
}

impl<'m, 'a> Sanitised<'m, 'a> {
    /// The message.
    pub const fn labelled(&self) -> &'m Labelled<'a> {
        self.cleared.permitted().labelled()
    }

    /// The permit.
    pub const fn permitted(&self) -> &Permitted<'m, 'a> {
        self.cleared.permitted()
    }

    /// What is changed for this recipient.
    #[must_use]
    pub const fn edits(&self) -> &Edits {
        &self.edits
    }

    /// All findings, waived ones too.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        self.cleared.findings()
    }
}

/// Turns what is planned into edits.
///
/// # Errors
/// `rest.empty` where nothing worth sending is left; `agreement.error` where a transform does not fit its field, takes away a field
/// that must stay, or changes a part of the label.
pub fn apply<'m, 'a>(cleared: Cleared<'m, 'a>, keys: &Keys<'_>) -> Result<Sanitised<'m, 'a>, Refusal> {
    let plan = Plan {
        tree: cleared.permitted().labelled().parsed().tree(),
        steps: cleared.steps(),
        withheld: cleared.permitted().withheld(),
        references: cleared.references(),
        protected: cleared.protected(),
        rest: cleared.rest(),
        pseudonyms: Pseudonyms::new(keys, cleared.permitted().recipient().name.as_str()),
    };
    let edits = plan.edits()?;
    Ok(Sanitised { cleared, edits })
}
