//! Labels: what a message says of its own confidentiality, read in one way, compared in one lattice.
//!
//! Takes [`crate::format::Parsed`], gives `Labelled`.

pub mod clearance;
pub mod labelled;
pub mod lattice;
pub mod mark;
pub mod scheme;
pub mod spif;

pub use clearance::Clearance;
pub use labelled::{Binding, Form, Labelled, Reading, Source};
pub use lattice::Lattice;
pub use mark::{Category, Label, LabelView};
pub use scheme::{LevelIx, Policy, PolicyIx, TagIx, ValueIx};
pub use spif::PolicyFile;
