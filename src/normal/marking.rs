//! Markings as a format found them: text and places that the label room reads, not yet a label.

use super::{NodeId, Tree};

/// One place of a message that says how it is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Free text, whose lines may be banners: compared with the label, never the label.
    Banner(NodeId),
    /// Text that is the label of its part or message, as a line in the scheme's own spelling: the classification line of a text message.
    Line(NodeId),
    /// One letter of the classification, as communication headers have it: `U`, `E`, `R`, `C`, `S`, `T`.
    Letter(NodeId),
    /// The colour behind a marking: that of the classification, never the label.
    Ground(NodeId),
    /// Policy, classification and categories, each as a text of its own.
    Named {
        /// Name of the policy.
        policy: NodeId,
        /// Classification.
        classification: NodeId,
        /// Categories, in the policy's own words.
        category: Option<NodeId>,
    },
    /// A marking of the Traffic Light Protocol: `TLP:AMBER+STRICT`, `tlp:amber`, `amber`, or the fixed id of its definition in STIX.
    Tlp(NodeId),
    /// An access control specification: the element that holds its members.
    Acs(NodeId),
    /// IC-ISM attributes: the element that carries them.
    Ism(NodeId),
    /// A binary security label (RFC 2634): the element that holds its members.
    Ess(NodeId),
}

impl Marking {
    /// Whether it is compared with the label, and never the label.
    #[must_use]
    pub const fn is_copy(self) -> bool {
        matches!(self, Self::Banner(_) | Self::Letter(_) | Self::Ground(_))
    }

    /// Whether the message may leave without it: lines of free text, and what only colours a marking.
    #[must_use]
    pub const fn may_go(self) -> bool {
        matches!(self, Self::Banner(_) | Self::Ground(_))
    }

    /// The marking of a whole tree whose marking this is below `top`.
    #[must_use]
    pub fn within(self, top: NodeId) -> Self {
        let at = |node: NodeId| node.within(top);
        match self {
            Self::Triple { access, caveat, releasable_to } => {
                Self::Triple { access: access.map(at), caveat: caveat.map(at), releasable_to: releasable_to.map(at) }
            }
            Self::Named { policy, classification, category } => {
                Self::Named { policy: at(policy), classification: at(classification), category: category.map(at) }
            }
            Self::Stanag4774(node) => Self::Stanag4774(at(node)),
            Self::Banner(node) => Self::Banner(at(node)),
            Self::Line(node) => Self::Line(at(node)),
            Self::Letter(node) => Self::Letter(at(node)),
            Self::Ground(node) => Self::Ground(at(node)),
            Self::Tlp(node) => Self::Tlp(at(node)),
            Self::Acs(node) => Self::Acs(at(node)),
            Self::Ism(node) => Self::Ism(at(node)),
            Self::Ess(node) => Self::Ess(at(node)),
        }
    }

    /// The nodes in which it stands; attributes of an element mark without being the element.
    pub fn nodes(self, tree: &Tree<'_>) -> impl Iterator<Item = NodeId> {
        let carried = |element: NodeId| tree.attributes(element).filter(|(_, node)| !node.namespace.is_empty()).map(|(id, _)| id);
        let attributes: Vec<NodeId> = if let Self::Ism(element) = self { carried(element).collect() } else { Vec::new() };
        let nodes = match self {
            Self::Triple { access, caveat, releasable_to } => [access, caveat, releasable_to],
            Self::Named { policy, classification, category } => [Some(policy), Some(classification), category],
            Self::Stanag4774(node)
            | Self::Banner(node)
            | Self::Line(node)
            | Self::Letter(node)
            | Self::Ground(node)
            | Self::Tlp(node)
            | Self::Acs(node)
            | Self::Ess(node) => [Some(node), None, None],
            Self::Ism(_) => [None, None, None],
        };
        nodes.into_iter().flatten().chain(attributes)
    }
}

/// A part of a message that carries markings of its own and can be withheld alone.
///
/// Without markings a part has the label of the part around it, or else of the message. A part within a part is never lower than it: the
/// label room joins the two. A message's own markings ([`crate::normal::Marking`] of the whole) claim to be above everything in it; where a
/// format's marking at the top speaks only of what stands around the parts, the format gives a part for the root instead. A part can be
/// left out alone: what the format requires is no part, and its marking is one of the part around it. The definition of a marking is a part that is
/// marked by what it defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    /// The part.
    pub node: NodeId,
    /// Its markings; all must say the same.
    pub markings: Vec<Marking>,
}

impl Portion {
    /// The part of a whole tree whose part this is below `top`.
    #[must_use]
    pub fn within(self, top: NodeId) -> Self {
        Self { node: self.node.within(top), markings: self.markings.into_iter().map(|marking| marking.within(top)).collect() }
    }
}

impl Mention {
    /// The mention in a whole tree whose mention this is below `top`.
    #[must_use]
    pub fn within(self, top: NodeId) -> Self {
        Self {
            parts: self.parts.into_iter().map(|part| part.within(top)).collect(),
            takes: self.takes.into_iter().map(|taken| taken.within(top)).collect(),
        }
    }
}

/// Mentions of an identity: where a part that has it is withheld, all that mentions it goes along.
///
/// What is taken can be left out, as a part can. It may be a part itself, or hold parts: what mentions those goes along, and so on. Many parts
/// may have one identity (versions, copies) and many may mention it: both are listed once, never pair by pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// The parts that have the identity.
    pub parts: Vec<NodeId>,
    /// What is left out where one of them is: an item of a list, or a whole part that says nothing without it.
    pub takes: Vec<NodeId>,
}
