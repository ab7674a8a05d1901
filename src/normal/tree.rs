//! The tree: nodes in one vector, in document order, so that a subtree is a range.
//!
//! INVARIANT: the node at `n` spans the nodes `n..nodes[n].end`; attributes stand before other children.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use minicbor::{Decode, Encode};

use super::Name;
use crate::base::{Budget, Decimal, Reason, Refusal, Span, Time};

/// The place of a node in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// The document node: always the first.
    pub const ROOT: Self = Self(0);

    /// The place of this number.
    pub(in crate::normal) const fn at(index: u32) -> Self {
        Self(index)
    }

    /// The number of the place.
    pub(in crate::normal) const fn number(self) -> u32 {
        self.0
    }

    /// The index in document order.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The node of a tree whose node of this number is seen below `top` by [`Tree::below`].
    #[must_use]
    pub fn within(self, top: Self) -> Self {
        Self(self.0.saturating_add(top.0))
    }

    /// The same node as [`Tree::below`] numbers it; none for one that stands before `top`.
    #[must_use]
    pub fn from(self, top: Self) -> Option<Self> {
        self.0.checked_sub(top.0).map(Self)
    }

    fn from_index(at: usize) -> Self {
        Self(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A named part with children.
    Element,
    /// A named leaf of an element; its path step begins with `@`.
    Attribute,
    /// Text inside an element; its path step is that of the element.
    Text,
}

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Unit {
    /// A bare number.
    #[n(0)]
    One,
    /// Degrees of latitude, WGS-84, north positive, -90 to 90.
    #[n(1)]
    Latitude,
    /// Degrees of longitude, WGS-84, east positive, -180 to 180.
    #[n(2)]
    Longitude,
    /// Degrees of latitude that the format spells in whole minutes, rounded to 4 fraction digits.
    #[n(3)]
    LatitudeMinutes,
    /// Degrees of longitude that the format spells in whole minutes, rounded to 4 fraction digits.
    #[n(4)]
    LongitudeMinutes,
    /// Degrees of latitude that the format spells in whole seconds, rounded to 6 fraction digits.
    #[n(5)]
    LatitudeSeconds,
    /// Degrees of longitude that the format spells in whole seconds, rounded to 6 fraction digits.
    #[n(6)]
    LongitudeSeconds,
    /// Degrees of arc.
    #[n(7)]
    Degrees,
    /// Metres.
    #[n(8)]
    Metres,
    /// Metres for each second.
    #[n(9)]
    MetresPerSecond,
    /// Kilometres for each hour.
    #[n(10)]
    KilometresPerHour,
    /// Knots: nautical miles for each hour.
    #[n(11)]
    Knots,
    /// Percent, 0 to 100.
    #[n(12)]
    Percent,
}

/// The value of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// None: elements.
    Empty,
    /// Text as read, after references were resolved; borrowed where the body holds these very bytes.
    Text(Cow<'a, str>),
    /// An exact number with its unit.
    Number(Decimal, Unit),
    /// A point in time.
    Time(Time),
    /// A truth value.
    Flag(bool),
}

impl Value<'_> {
    /// The same value, borrowed from this one.
    #[must_use]
    pub fn by_reference(&self) -> Value<'_> {
        match self {
            Self::Empty => Value::Empty,
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Number(number, unit) => Value::Number(*number, *unit),
            Self::Time(time) => Value::Time(*time),
            Self::Flag(flag) => Value::Flag(*flag),
        }
    }

    /// The same value, with text of its own.
    #[must_use]
    pub fn to_owned(&self) -> Value<'static> {
        match self {
            Self::Empty => Value::Empty,
            Self::Text(text) => Value::Text(Cow::Owned(text.clone().into_owned())),
            Self::Number(number, unit) => Value::Number(*number, *unit),
            Self::Time(time) => Value::Time(*time),
            Self::Flag(flag) => Value::Flag(*flag),
        }
    }

    /// The canonical text of the value.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number, _) => Cow::Owned(number.to_string()),
            Self::Time(time) => Cow::Owned(time.to_string()),
            Self::Flag(true) => Cow::Borrowed("true"),
            Self::Flag(false) => Cow::Borrowed("false"),
        }
    }
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'a> {
    /// What it is.
    pub kind: Kind,
    /// Local name; empty for text.
    pub name: Name<'a>,
    /// Namespace; empty for none.
    pub namespace: Name<'a>,
    /// Value.
    pub value: Value<'a>,
    /// Bytes of the body: the whole element, the attribute's value without quotes, the text.
    pub span: Span,
    parent: u32,
    end: u32,
}

/// A tree over the bytes of one message.
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    /// The ordinal of every element among its siblings of the same name, 0 where it has none: counted when a path asks for it.
    ordinals: OnceLock<Vec<u32>>,
}

impl PartialEq for Tree<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.nodes == other.nodes
    }
}

impl Eq for Tree<'_> {}

impl<'a> Tree<'a> {
    /// The node at `id`.
    ///
    /// An id of another tree gives that tree's place in this one, or the root.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "a tree is never empty: `TreeBuilder::finish` refuses an empty one")]
    pub fn node(&self, id: NodeId) -> &Node<'a> {
        self.nodes.get(id.index()).unwrap_or(&self.nodes[0])
    }

    /// The number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: a tree has a root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The parent, `None` for the root.
    #[must_use]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        (id != NodeId::ROOT).then(|| NodeId(self.node(id).parent))
    }

    /// All nodes in document order, the root first.
    pub fn all(&self) -> impl Iterator<Item = (NodeId, &Node<'a>)> + '_ {
        self.nodes.iter().enumerate().map(|(at, node)| (NodeId::from_index(at), node))
    }

    /// A node and everything below it, in document order.
    pub fn subtree(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &Node<'a>)> + '_ {
        let end = NodeId(self.node(id).end).index();
        let nodes = self.nodes.get(id.index()..end).unwrap_or_default();
        nodes.iter().zip(id.index()..).map(|(node, at)| (NodeId::from_index(at), node))
    }

    /// A node and everything below it as a tree of its own, borrowed from this one: what is numbered 0 there is `top` here.
    #[must_use]
    pub fn below(&self, top: NodeId) -> Tree<'_> {
        let own = |node: &'_ Node<'a>| (node.parent.saturating_sub(top.0), node.end.saturating_sub(top.0));
        let nodes = self.subtree(top).map(|(_, node)| {
            let (parent, end) = own(node);
            let (name, namespace) = (node.name.by_reference(), node.namespace.by_reference());
            Node { kind: node.kind, name, namespace, value: node.value.by_reference(), span: node.span, parent, end }
        });
        Tree { nodes: nodes.collect(), ordinals: OnceLock::new() }
    }

    /// Whether two trees hold the same fields in the same order, wherever their bytes lie. The order of the attributes of one element has no meaning.
    #[must_use]
    pub fn same_fields(&self, other: &Tree<'_>) -> bool {
        let key = |node: &Node<'_>| (node.kind, node.parent, node.end);
        let same = |a: &Node<'_>, b: &Node<'_>| a.name == b.name && a.namespace == b.namespace && a.value == b.value;
        let attributes = |id: NodeId| self.attributes(id).all(|(_, a)| other.attributes(id).any(|(_, b)| same(a, b)));
        self.nodes.len() == other.nodes.len()
            && self.all().zip(&other.nodes).all(|((id, a), b)| {
                let shape = key(a) == key(b);
                shape && (a.kind == Kind::Attribute || same(a, b) && (a.kind == Kind::Text || attributes(id)))
            })
    }

    /// The last node below `id`, or `id` itself: in document order, all between the two are below it.
    #[must_use]
    pub fn last(&self, id: NodeId) -> NodeId {
        NodeId(self.node(id).end.saturating_sub(1))
    }

    /// The direct children: attributes first, then elements and text in document order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &Node<'a>)> + '_ {
        let end = NodeId(self.node(id).end).index();
        let mut at = id.index().saturating_add(1);
        std::iter::from_fn(move || {
            let node = self.nodes.get(at).filter(|_| at < end)?;
            let here = NodeId::from_index(at);
            at = NodeId(node.end).index();
            Some((here, node))
        })
    }

    /// The attributes of an element.
    pub fn attributes(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &Node<'a>)> + '_ {
        self.children(id).take_while(|(_, node)| node.kind == Kind::Attribute)
    }

    /// The child elements of an element.
    pub fn elements(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &Node<'a>)> + '_ {
        self.children(id).filter(|(_, node)| node.kind == Kind::Element)
    }

    /// An attribute without namespace, by name.
    #[must_use]
    pub fn attribute(&self, id: NodeId, name: &str) -> Option<(NodeId, &Node<'a>)> {
        self.attributes(id).find(|(_, node)| node.name == name && node.namespace.is_empty())
    }

    /// The first child element without namespace, by name.
    #[must_use]
    pub fn element(&self, id: NodeId, name: &str) -> Option<(NodeId, &Node<'a>)> {
        self.elements(id).find(|(_, node)| node.name == name && node.namespace.is_empty())
    }

    /// The path of a node, such as `/event/detail/link[2]/@uid`: an ordinal stands only where siblings share a name.
    #[must_use]
    pub fn path(&self, id: NodeId) -> String {
        let node = self.node(id);
        let Some(parent) = self.parent(id) else { return format!("/{}", node.name) };
        let above = self.path(parent);
        match node.kind {
            Kind::Attribute => format!("{above}/@{}", node.name),
            Kind::Text => above,
            Kind::Element => match self.ordinal(id, node, parent) {
                0 => format!("{above}/{}", node.name),
                ordinal => format!("{above}/{}[{ordinal}]", node.name),
            },
        }
    }

    /// The ordinal of an element: counted among few siblings, looked up among many.
    fn ordinal(&self, id: NodeId, node: &Node<'a>, parent: NodeId) -> u32 {
        const FEW: usize = 32;
        let mut siblings = self.elements(parent);
        let same = |other: &Node<'_>| {
            other.name == node.name && (node.namespace.is_empty() && other.namespace.is_empty() || other.namespace == node.namespace)
        };
        let (mut all, mut before) = (0_u32, 0_u32);
        for (other, _) in siblings.by_ref().take(FEW).filter(|(_, other)| same(other)) {
            all = all.saturating_add(1);
            before = before.saturating_add(u32::from(other < id));
        }
        match siblings.next() {
            None if all > 1 => before.saturating_add(1),
            None => 0,
            Some(_) => self.ordinals.get_or_init(|| self.count_ordinals()).get(id.index()).copied().unwrap_or(0),
        }
    }

    /// All ordinals in one pass, so that a thousand paths among a thousand siblings stay cheap.
    fn count_ordinals(&self) -> Vec<u32> {
        let mut ordinals = vec![0_u32; self.nodes.len()];
        // Of each name below each element: the first of it, and how many there were.
        let mut families: BTreeMap<(u32, &str, Option<&str>), (usize, u32)> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate().skip(1).filter(|(_, node)| node.kind == Kind::Element) {
            // No namespace is none, and not an empty one: two empty texts are dear to compare.
            let namespace = Some(node.namespace.as_str()).filter(|namespace| !namespace.is_empty());
            let (first, count) = families.entry((node.parent, node.name.as_str(), namespace)).or_insert((at, 0));
            *count = count.saturating_add(1);
            let numbered = if *count == 2 { Some((*first, 1)) } else { None };
            let own = if *count > 1 { Some((at, *count)) } else { None };
            for (place, ordinal) in numbered.into_iter().chain(own) {
                ordinals.get_mut(place).into_iter().for_each(|slot| *slot = ordinal);
            }
        }
        ordinals
    }

    /// Where `range` of a node's text lies in the body: exact for borrowed text, the whole node where references were resolved.
    #[must_use]
    pub fn span_in(&self, id: NodeId, range: std::ops::Range<usize>) -> Span {
        let node = self.node(id);
        match &node.value {
            Value::Text(Cow::Borrowed(_)) => {
                let start = node.span.range().start;
                Span::new(start.saturating_add(range.start), start.saturating_add(range.end))
            }
            _ => node.span,
        }
    }
}

/// Builds a tree in document order, within limits.
#[derive(Debug)]
pub struct TreeBuilder<'a> {
    nodes: Vec<Node<'a>>,
    open: Vec<u32>,
}

impl<'a> TreeBuilder<'a> {
    /// Nodes of one message at most: 250,000. A 64 KB track has some 3,000; memory is about 100 bytes for each node.
    pub const NODES_MAX: usize = 250_000;
    /// Depth at most: 64. Formats set lower limits of their own.
    pub const DEPTH_MAX: usize = 64;

    /// An empty builder with room for `nodes` nodes.
    #[must_use]
    pub fn with_capacity(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes.min(Self::NODES_MAX)), open: Vec::with_capacity(16) }
    }

    /// Opens an element. Its span is completed by [`Self::close`].
    ///
    /// # Errors
    /// `size.depth`, `size.nodes` or `size.budget`.
    pub fn open(&mut self, namespace: impl Into<Name<'a>>, name: impl Into<Name<'a>>, start: usize, budget: &mut Budget) -> Result<NodeId, Refusal> {
        if self.open.len() >= Self::DEPTH_MAX {
            return Err(Refusal::at(Reason::SizeDepth, Span::new(start, start), format!("expected at most {} levels", Self::DEPTH_MAX)));
        }
        let id = self.push(Kind::Element, namespace.into(), name.into(), Value::Empty, Span::new(start, start), budget)?;
        self.open.push(id.0);
        Ok(id)
    }

    /// Adds an attribute to the open element.
    ///
    /// # Errors
    /// `size.nodes` or `size.budget`.
    pub fn attribute(
        &mut self,
        namespace: impl Into<Name<'a>>,
        name: impl Into<Name<'a>>,
        value: Value<'a>,
        span: Span,
        budget: &mut Budget,
    ) -> Result<NodeId, Refusal> {
        self.push(Kind::Attribute, namespace.into(), name.into(), value, span, budget)
    }

    /// Adds text to the open element.
    ///
    /// # Errors
    /// `size.nodes` or `size.budget`.
    pub fn text(&mut self, value: Value<'a>, span: Span, budget: &mut Budget) -> Result<NodeId, Refusal> {
        self.push(Kind::Text, "".into(), "".into(), value, span, budget)
    }

    /// Adds a copy of another tree below the open element: its bytes do not stand in the body as they were read, so that every node gets
    /// `span`, text of its own, and names that all nodes of one name share.
    ///
    /// # Errors
    /// `size.depth`, `size.nodes` or `size.budget`.
    pub fn graft(&mut self, tree: &Tree<'_>, span: Span, budget: &mut Budget) -> Result<(), Refusal> {
        let mut names: BTreeMap<&str, Name<'a>> = BTreeMap::new();
        let floor = self.open.len();
        let mut ends: Vec<u32> = Vec::new();
        for (id, node) in tree.all() {
            while ends.last().is_some_and(|end| *end <= id.0) {
                ends.pop();
                self.close(span.range().end);
            }
            let mut shared =
                |text| if str::is_empty(text) { Name::Borrowed("") } else { names.entry(text).or_insert_with(|| Name::shared(text)).clone() };
            let (namespace, name) = (shared(node.namespace.as_str()), shared(node.name.as_str()));
            if node.kind == Kind::Element {
                self.open(namespace, name, span.range().start, budget)?;
                ends.push(node.end);
            } else {
                self.push(node.kind, namespace, name, node.value.to_owned(), span, budget)?;
            }
        }
        while self.open.len() > floor {
            self.close(span.range().end);
        }
        Ok(())
    }

    /// Closes the open element at byte `end`.
    pub fn close(&mut self, end: usize) {
        if let Some(open) = self.open.pop() {
            let count = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            if let Some(node) = self.nodes.get_mut(NodeId(open).index()) {
                node.end = count;
                node.span = Span { start: node.span.start, end: Span::new(end, end).end };
            }
        }
    }

    /// The number of open elements.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The finished tree; `None` while it is empty, has open elements or more than one root.
    #[must_use]
    pub fn finish(self) -> Option<Tree<'a>> {
        let whole = self.nodes.first().is_some_and(|root| NodeId(root.end).index() == self.nodes.len());
        (self.open.is_empty() && whole).then_some(Tree { nodes: self.nodes, ordinals: OnceLock::new() })
    }

    fn push(
        &mut self,
        kind: Kind,
        namespace: Name<'a>,
        name: Name<'a>,
        value: Value<'a>,
        span: Span,
        budget: &mut Budget,
    ) -> Result<NodeId, Refusal> {
        budget.spend(1)?;
        if self.nodes.len() >= Self::NODES_MAX {
            return Err(Refusal::at(Reason::SizeNodes, span, format!("expected at most {} parts", Self::NODES_MAX)));
        }
        let id = NodeId::from_index(self.nodes.len());
        let parent = self.open.last().copied().unwrap_or(0);
        self.nodes.push(Node { kind, name, namespace, value, span, parent, end: id.0.saturating_add(1) });
        Ok(id)
    }
}
