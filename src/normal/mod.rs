//! The normal form: one tree of typed fields into which every format is read (NIST SP 800-53 r5, AC-4(24)).
//!
//! One arena for each message, in document order; text is borrowed from the body until an edit replaces it,
//! but for what the body holds encoded.
//! The tree never changes after it was read: edits are a separate list laid over it, one list for each recipient.

mod builder;
pub mod edit;
mod encoding;
pub mod marking;
pub mod name;
pub mod path;
pub mod tree;

pub use builder::TreeBuilder;
pub use edit::{Change, Edit, Edits};
pub use marking::{Marking, Mention, Portion};
pub use name::Name;
pub use path::PathPattern;
pub use tree::{Kind, Node, NodeId, Tree, Unit, Value};
