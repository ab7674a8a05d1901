//! Translating: a message in the format that its recipient reads, where that is another than the one it came in.
//!
//! Takes [`Sanitised`], gives [`Translated`]: the tree of one message in a format that the recipient's entry names, and the list of what
//! could not come along. Every field of the original is carried over, taken away by an edit, or on that list; a marking is carried over,
//! said again from the label of what is released, or the message stays. Which pairs there are is the table [`TRANSLATIONS`].
//! Deliberately absent: several messages from one; any reading of the body; any guess: what has no counterpart is listed.

mod carried;
mod event;
mod indicator;
mod marking;
mod nffi;
mod oth;
mod source;
mod threat;
mod track;
pub mod unspoken;

use crate::base::{Budget, Reason, Refusal};
use crate::format::{self, Format};
use crate::label::{Lattice, PolicyIx};
use crate::normal::{Edits, Tree};
use crate::policy::PeerEntry;
use crate::sanitise::Sanitised;

pub use carried::{CARRIED, Carried};
pub use marking::{Marked, Triple};
pub use source::Source;
pub use track::per_second;

/// The word of edits that list what is not carried over.
pub const ACTION: &str = "untranslatable";
/// The rule that such edits name.
pub const RULE: &str = "translation";

/// A pair of formats, and how a message of the one becomes a message of the other.
#[derive(Debug)]
pub struct Translation {
    /// The format that the message came in.
    pub from: &'static str,
    /// The format that it leaves in.
    pub to: &'static str,
    /// Builds the tree of the other format from what is left of the message. What it does not take from the source is listed as lost.
    pub translate: for<'a> fn(&Source<'_, 'a>, &mut Budget) -> Result<Tree<'a>, Refusal>,
}

/// The pairs that this gateway translates.
pub static TRANSLATIONS: &[Translation] =
    &[event::COT_TO_TAK, event::TAK_TO_COT, nffi::NFFI_TO_COT, oth::OTH_TO_COT, threat::MISP_TO_STIX, threat::STIX_TO_MISP];

/// Proof that the message is in a format that the recipient reads, and that all that is changed or lost for this recipient is known.
#[derive(Debug)]
#[must_use]
pub struct Translated<'m, 'a> {
    sanitised: Sanitised<'m, 'a>,
    into: Option<Made<'a>>,
}

/// What a translation made.
#[derive(Debug)]
pub struct Made<'a> {
    /// The format of the tree.
    pub format: &'static Format,
    /// The message in that format, edits and all.
    pub tree: Tree<'a>,
    /// All edits over the original: those of the release, and what is lost.
    pub edits: Edits,
}

impl<'m, 'a> Translated<'m, 'a> {
    /// The release.
    pub const fn sanitised(&self) -> &Sanitised<'m, 'a> {
        &self.sanitised
    }

    /// What the translation made; none where the recipient reads the format that the message came in.
    #[must_use]
    pub const fn made(&self) -> Option<&Made<'a>> {
        self.into.as_ref()
    }

    /// What is changed or lost for this recipient, over the original.
    #[must_use]
    pub const fn edits(&self) -> &Edits {
        match &self.into {
            Some(made) => &made.edits,
            None => self.sanitised.edits(),
        }
    }
}

/// Puts the message into a format that the recipient reads: the one that it came in where that is among them, or else the first of them into
/// which it is translated.
///
/// # Errors
/// `translate.*`; `size.*` where the translated message is larger than any may be.
pub fn apply<'m, 'a>(sanitised: Sanitised<'m, 'a>, lattice: &Lattice, scheme: PolicyIx) -> Result<Translated<'m, 'a>, Refusal> {
    let parsed = sanitised.labelled().parsed();
    let Some(row) = row(parsed.format().name, sanitised.permitted().recipient())? else { return Ok(Translated { sanitised, into: None }) };
    let marked = Marked { lattice, scheme, label: sanitised.permitted().label() };
    let made = tree(row, parsed.format(), parsed.tree(), sanitised.edits(), marked, &mut Budget::for_body(parsed.body().len()))?;
    Ok(Translated { sanitised, into: Some(made) })
}

/// The row that is needed for a recipient; none where it reads the format.
///
/// # Errors
/// `translate.none`.
pub fn row(from: &str, recipient: &PeerEntry) -> Result<Option<&'static Translation>, Refusal> {
    if recipient.takes(from) {
        return Ok(None);
    }
    let into = |to: &&'static str| TRANSLATIONS.iter().find(|row| row.from == from && row.to == *to);
    recipient.reads.iter().find_map(into).map(Some).ok_or_else(|| {
        let reads = recipient.reads.join("`, `");
        Refusal::new(Reason::TranslateNone, format!("`{}` reads `{reads}`, and `{from}` is translated into none of them", recipient.name))
    })
}

/// Translates what the edits leave of a tree.
///
/// # Errors
/// As [`apply`].
pub fn tree<'a>(
    row: &Translation,
    from: &'static Format,
    tree: &Tree<'a>,
    edits: &Edits,
    marked: Marked<'_>,
    budget: &mut Budget,
) -> Result<Made<'a>, Refusal> {
    let format = format::by_name(row.to).ok_or_else(|| Refusal::new(Reason::FaultInternal, "expected a translation into a format of the table"))?;
    let source = Source::new(tree, edits, marked);
    let made = (row.translate)(&source, budget)?;
    let edits = source.lost(from)?;
    Ok(Made { format, tree: made, edits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_formats_and_each_pair_once() {
        for (at, row) in TRANSLATIONS.iter().enumerate() {
            assert!(format::by_name(row.from).is_some() && format::by_name(row.to).is_some() && row.from != row.to);
            assert!(TRANSLATIONS.iter().skip(at + 1).all(|other| (other.from, other.to) != (row.from, row.to)), "{} to {}", row.from, row.to);
        }
    }
}
