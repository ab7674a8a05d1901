//! Rebuilding: fresh bytes from the normal form and the edits of one recipient; nothing of the input survives unread.
//!
//! Takes [`Sanitised`], gives [`Rebuilt`]. The same tree and edits give the same bytes, to the byte, and what was not a field
//! (comments, white space, order of attributes, prefixes, spelling of numbers) has one spelling here.
//! Deliberately absent: any reading of the body.

mod xml;

use crate::base::Refusal;
use crate::format::Syntax;
use crate::normal::{Edits, Tree};
use crate::sanitise::Sanitised;

/// Proof that the bytes were written from the normal form with all edits of this release.
#[derive(Debug)]
#[must_use]
pub struct Rebuilt<'m, 'a> {
    sanitised: Sanitised<'m, 'a>,
    bytes: Vec<u8>,
}

impl<'m, 'a> Rebuilt<'m, 'a> {
    /// The fresh bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The release that they were written for.
    pub const fn sanitised(&self) -> &Sanitised<'m, 'a> {
        &self.sanitised
    }

    /// The release and its bytes.
    pub fn into_parts(self) -> (Sanitised<'m, 'a>, Vec<u8>) {
        (self.sanitised, self.bytes)
    }
}

/// Writes the bytes that would leave.
///
/// # Errors
/// `fault.internal` where an edit leaves something that cannot be written.
pub fn write<'m, 'a>(sanitised: Sanitised<'m, 'a>) -> Result<Rebuilt<'m, 'a>, Refusal> {
    let parsed = sanitised.labelled().parsed();
    let bytes = bytes(parsed.tree(), sanitised.edits(), parsed.format().syntax)?;
    Ok(Rebuilt { sanitised, bytes })
}

/// The canonical bytes of a tree with edits laid over it.
///
/// # Errors
/// `fault.internal` where an edit leaves something that cannot be written.
pub fn bytes(tree: &Tree<'_>, edits: &Edits, syntax: Syntax) -> Result<Vec<u8>, Refusal> {
    match syntax {
        Syntax::Xml => xml::write(tree, edits),
    }
}
