//! The rule set: what officers write, read into one immutable [`Edition`].
//!
//! Takes the files of a folder ([`read_folder`]), gives an [`Edition`] or every fault of every file ([`load`], [`report`]).
//! This room reads and checks files. What is compiled from them (Cedar, automata, YARA) belongs to the rooms that use it.
//! An edition proves: every name in it is known, every path, pattern and level is well formed, every clause can apply to somebody.

mod agreements;
pub mod cases;
pub mod compare;
pub mod conditions;
mod detectors;
pub mod edition;
mod faults;
pub mod folder;
mod groups;
mod idle;
mod invariants;
mod load;
mod messages;
mod nesting;
mod peers;
mod profiles;
pub mod report;
mod ruleset;
mod table;
mod transforms;
pub(crate) mod usable;
pub mod values;
mod words;

pub use cases::{Case, Expectation};
pub use conditions::{Condition, When};
pub use detectors::DetectorRule;
pub use edition::{
    Agreement, Bind, Ceiling, Characters, Clause, Edition, Field, FieldDefinition, FieldForm, FieldType, LabelBinding, MessageDefinition, Occurs,
    Order, PeerEntry, Profile, Registry, Release, ReviewRules, SetDefinition, SourceFile, Transform, TransformAction, WordEntry, WordList,
};
pub(crate) use faults::nearest;
pub use folder::read_folder;
pub use invariants::{Description, Form, Invariant};
pub use load::load;
pub use values::ValueCase;
