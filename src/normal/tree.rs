//! The tree: nodes in one vector, in document order, so that a subtree is a range.
//!
//! What is kept of a node is 20 bytes, and 24 for a value; names are kept once. [`Node`] shows it with its name and value in place.
//! INVARIANT: the node at `n` spans the nodes `n..end` of it; attributes stand before other children.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use minicbor::{Decode, Encode};

use super::Name;
use super::builder::{Full, Slot};
use crate::base::{Decimal, Span, Time};

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
        wide(self.0)
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

    pub(super) const fn numbered(at: u32) -> Self {
        Self(at)
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

impl<'a> PartialEq<Value<'a>> for &Value<'_> {
    fn eq(&self, other: &Value<'a>) -> bool {
        **self == *other
    }
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

/// One node, as its tree shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'t, 'a> {
    /// What it is.
    pub kind: Kind,
    /// Local name; empty for text.
    pub name: &'t Name<'a>,
    /// Namespace; empty for none.
    pub namespace: &'t Name<'a>,
    /// Value.
    pub value: &'t Value<'a>,
    /// Bytes of the body: the whole element, the attribute's value without quotes, the text.
    pub span: Span,
    parent: u32,
    end: u32,
}

/// A tree over the bytes of one message.
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    pub(super) slots: Vec<Slot>,
    pub(super) names: Vec<Full<'a>>,
    pub(super) values: Vec<Value<'a>>,
    /// The ordinal of every element among its siblings of the same name, 0 where it has none: counted when a path asks for it.
    pub(super) ordinals: OnceLock<Vec<u32>>,
}

static NAMELESS: Full<'static> = Full { namespace: Name::Borrowed(""), name: Name::Borrowed("") };
static EMPTY: Value<'static> = Value::Empty;
/// What an empty tree would show; `TreeBuilder::finish` makes none.
static NOTHING: Node<'static, 'static> = Node {
    kind: Kind::Element,
    name: &NAMELESS.name,
    namespace: &NAMELESS.namespace,
    value: &EMPTY,
    span: Span { start: 0, end: 0 },
    parent: 0,
    end: 0,
};

#[inline]
pub(super) fn wide(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

#[inline]
pub(super) fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Node<'_, '_> {
    /// One past the last node below it.
    pub(super) const fn end(&self) -> u32 {
        self.end
    }
}

impl PartialEq for Tree<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.all().eq(other.all())
    }
}

impl Eq for Tree<'_> {}

impl<'a> Tree<'a> {
    /// The node at `id`.
    ///
    /// An id of another tree gives that tree's place in this one, or the root.
    #[must_use]
    #[inline]
    pub fn node(&self, id: NodeId) -> Node<'_, 'a> {
        match self.slots.get(id.index()) {
            Some(slot) => self.shown(id.0, slot),
            None => self.slots.first().map_or(NOTHING, |slot| self.shown(0, slot)),
        }
    }

    #[inline]
    fn shown(&self, at: u32, slot: &Slot) -> Node<'_, 'a> {
        let (kind, name) = slot.what();
        let full = self.names.get(name).unwrap_or(&NAMELESS);
        let (value, end) = match kind {
            Kind::Element => (&EMPTY, slot.rest),
            _ => (self.values.get(wide(slot.rest)).unwrap_or(&EMPTY), at.saturating_add(1)),
        };
        Node { kind, name: &full.name, namespace: &full.namespace, value, span: slot.span, parent: slot.parent, end }
    }

    /// The number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Never: a tree has a root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The parent, `None` for the root.
    #[must_use]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        (id != NodeId::ROOT).then(|| NodeId(self.node(id).parent))
    }

    /// All nodes in document order, the root first.
    pub fn all(&self) -> impl Iterator<Item = (NodeId, Node<'_, 'a>)> + '_ {
        self.slots.iter().zip(0_u32..).map(|(slot, at)| (NodeId(at), self.shown(at, slot)))
    }

    /// A node and everything below it, in document order.
    pub fn subtree(&self, id: NodeId) -> impl Iterator<Item = (NodeId, Node<'_, 'a>)> + '_ {
        let end = NodeId(self.node(id).end).index();
        let slots = self.slots.get(id.index()..end).unwrap_or_default();
        slots.iter().zip(id.0..).map(|(slot, at)| (NodeId(at), self.shown(at, slot)))
    }

    /// A node and everything below it as a tree of its own, borrowed from this one: what is numbered 0 there is `top` here.
    #[must_use]
    pub fn below(&self, top: NodeId) -> Tree<'_> {
        let mut below = Tree { slots: Vec::new(), names: Vec::new(), values: Vec::new(), ordinals: OnceLock::new() };
        below.names.extend(self.names.iter().map(|full| Full { namespace: full.namespace.by_reference(), name: full.name.by_reference() }));
        let end = NodeId(self.node(top).end).index();
        for slot in self.slots.get(top.index()..end).unwrap_or_default() {
            let rest = match slot.what() {
                (Kind::Element, _) => slot.rest.saturating_sub(top.0),
                _ => {
                    below.values.extend(self.values.get(wide(slot.rest)).map(Value::by_reference));
                    narrow(below.values.len().saturating_sub(1))
                }
            };
            below.slots.push(Slot { parent: slot.parent.saturating_sub(top.0), rest, ..*slot });
        }
        below
    }

    /// Whether two trees hold the same fields in the same order, wherever their bytes lie. The order of the attributes of one element has no meaning.
    #[must_use]
    pub fn same_fields(&self, other: &Tree<'_>) -> bool {
        let key = |node: &Node<'_, '_>| (node.kind, node.parent, node.end);
        let same = |a: &Node<'_, '_>, b: &Node<'_, '_>| a.name == b.name && a.namespace == b.namespace && a.value == b.value;
        let attributes = |id: NodeId| self.attributes(id).all(|(_, a)| other.attributes(id).any(|(_, b)| same(&a, &b)));
        self.len() == other.len()
            && self.all().zip(other.all()).all(|((id, a), (_, b))| {
                let shape = key(&a) == key(&b);
                shape && (a.kind == Kind::Attribute || same(&a, &b) && (a.kind == Kind::Text || attributes(id)))
            })
    }

    /// The last node below `id`, or `id` itself: in document order, all between the two are below it.
    #[must_use]
    pub fn last(&self, id: NodeId) -> NodeId {
        NodeId(self.node(id).end.saturating_sub(1))
    }

    /// The direct children: attributes first, then elements and text in document order.
    #[inline]
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = (NodeId, Node<'_, 'a>)> + '_ {
        let end = self.node(id).end;
        let mut at = id.0.saturating_add(1);
        std::iter::from_fn(move || {
            let here = NodeId(at);
            let node = self.shown(at, self.slots.get(here.index()).filter(|_| at < end)?);
            at = node.end;
            Some((here, node))
        })
    }

    /// The attributes of an element.
    pub fn attributes(&self, id: NodeId) -> impl Iterator<Item = (NodeId, Node<'_, 'a>)> + '_ {
        self.children(id).take_while(|(_, node)| node.kind == Kind::Attribute)
    }

    /// The child elements of an element.
    pub fn elements(&self, id: NodeId) -> impl Iterator<Item = (NodeId, Node<'_, 'a>)> + '_ {
        self.children(id).filter(|(_, node)| node.kind == Kind::Element)
    }

    /// An attribute without namespace, by name.
    #[must_use]
    pub fn attribute(&self, id: NodeId, name: &str) -> Option<(NodeId, Node<'_, 'a>)> {
        self.attributes(id).find(|(_, node)| node.name == name && node.namespace.is_empty())
    }

    /// The first child element without namespace, by name.
    #[must_use]
    pub fn element(&self, id: NodeId, name: &str) -> Option<(NodeId, Node<'_, 'a>)> {
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
            Kind::Element => match self.ordinal(id, &node, parent) {
                0 => format!("{above}/{}", node.name),
                ordinal => format!("{above}/{}[{ordinal}]", node.name),
            },
        }
    }

    /// The ordinal of an element: counted among few siblings, looked up among many.
    fn ordinal(&self, id: NodeId, node: &Node<'_, '_>, parent: NodeId) -> u32 {
        const FEW: usize = 32;
        let mut siblings = self.elements(parent);
        let same = |other: &Node<'_, '_>| {
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
        let mut ordinals = vec![0_u32; self.len()];
        // Of each name below each element: the first of it, and how many there were.
        let mut families: BTreeMap<(u32, &str, Option<&str>), (usize, u32)> = BTreeMap::new();
        for (id, node) in self.all().skip(1).filter(|(_, node)| node.kind == Kind::Element) {
            let at = id.index();
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
        match node.value {
            Value::Text(Cow::Borrowed(_)) => {
                let start = node.span.range().start;
                Span::new(start.saturating_add(range.start), start.saturating_add(range.end))
            }
            _ => node.span,
        }
    }
}
