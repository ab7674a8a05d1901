//! Markings as a format found them: text and places that the label room reads, not yet a label.

use super::NodeId;

/// One place of a message that says how it is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marking {
    /// Cursor-on-Target's three attributes; each is absent where the message has none.
    Triple {
        /// `access`.
        access: Option<NodeId>,
        /// `caveat`.
        caveat: Option<NodeId>,
        /// `releasableTo`.
        releasable_to: Option<NodeId>,
    },
    /// A STANAG 4774 label element.
    Stanag4774(NodeId),
    /// Free text, whose lines may be banners.
    Banner(NodeId),
}
