//! The rule set: what officers write, read into one immutable [`Edition`].
//!
//! This room reads and checks files. What is compiled from them (Cedar, automata, YARA) belongs to the rooms that use it.

pub mod edition;

pub use edition::{
    Agreement, Ceiling, Clause, Edition, Field, FieldType, PeerEntry, Profile, Registry, Release, SourceFile, Transform, TransformAction, WordEntry,
    WordList,
};
