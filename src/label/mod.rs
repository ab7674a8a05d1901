//! Labels: what a message says of its own confidentiality, read in one way, compared in one lattice.
//!
//! Takes [`crate::format::Parsed`], gives [`Labelled`].

pub mod acs;
pub mod around;
pub mod banner;
pub mod binding;
mod character;
pub mod clearance;
pub mod consistency;
pub mod cot;
pub mod display;
mod dominance;
pub mod ess;
mod found;
pub mod ism;
pub mod labelled;
pub mod lattice;
pub mod laws;
pub mod line;
pub mod mark;
pub mod marking;
pub mod named;
mod nearby;
mod origin;
mod portion;
mod rule;
pub mod scheme;
pub mod signature;
pub mod signer;
pub mod spif;
pub mod stanag4774;
#[cfg(test)]
mod tests;
pub mod tlp;
mod translate;
mod words;
mod written;

pub use clearance::Clearance;
pub use labelled::{Binding, Form, Labelled, Reading, Source, verify};
pub use lattice::Lattice;
pub use mark::{Category, Label, LabelView};
pub use portion::{Height, MarkedPart, above};
pub use scheme::{Group, LevelIx, Policy, PolicyIx, TagIx, Term, ValueIx};
pub use signer::Signer;
pub use spif::PolicyFile;

/// An originator's label in STANAG 4774, created at a time.
///
/// # Errors
/// `label.bind` where the label cannot be said in this form.
pub fn written_as_stanag4774(lattice: &Lattice, label: &Label, created: crate::base::Time) -> Result<String, crate::base::Refusal> {
    written::write(lattice, label, stanag4774::Role::Originator, created, None)
}
