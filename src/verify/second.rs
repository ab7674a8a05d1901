//! The second tree: what the second reader of a format makes of a body, with its own code and its own library.
//!
//! INVARIANT: nodes are numbered as in the normal form (manual page `formats`): an element, then its attributes, then its other
//! children, so that a declared edit names the same node in both trees. Comments and white space that mean nothing have no number.
//! Deliberately absent: any name of `normal::Tree`, `format` or `rebuild`.

use std::borrow::Cow;

use super::moment::Moment;
use super::number::Digits;

/// How the value of a node is compared and spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Character by character.
    Exact,
    /// A number: by value; canonically without superfluous zeros.
    Number,
    /// A time: by value; canonically without superfluous fraction digits.
    Time,
    /// A truth value: `true` or `false`, without quotes where the syntax has quotes.
    Flag,
}

impl Spelling {
    /// Whether two values mean the same.
    pub(super) fn same(self, one: &str, other: &str) -> bool {
        equal(one, other)
            || match self {
                Self::Exact | Self::Flag => false,
                Self::Number => Digits::read(one).zip(Digits::read(other)).is_some_and(|(a, b)| a == b),
                Self::Time => Moment::read(one).zip(Moment::read(other)).is_some_and(|(a, b)| a == b),
            }
    }

    /// Whether a value is spelt in the one canonical way. What does not read as its type is not.
    pub(super) fn is_canonical(self, value: &str) -> bool {
        match self {
            Self::Exact => true,
            Self::Number => Digits::read(value).is_some_and(|number| number.is_spelt(value)),
            Self::Time => Moment::read(value).is_some_and(|moment| moment.is_spelt(value)),
            Self::Flag => matches!(value, "true" | "false"),
        }
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A named part with children.
    Element,
    /// A named leaf of an element.
    Attribute,
    /// Text inside an element.
    Text,
}

/// One node of the second tree.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    /// What it is.
    pub(super) sort: Sort,
    /// Local name; empty for text.
    pub(super) name: Cow<'a, str>,
    /// Namespace, or the mark of the syntax such as `array`; empty for none.
    pub(super) namespace: Cow<'a, str>,
    /// The value as text, after the syntax's own references and escapes were resolved; empty for elements.
    pub(super) value: Cow<'a, str>,
    /// How the value is compared and spelt.
    pub(super) spelling: Spelling,
    /// Number of the parent; 0 for the root.
    pub(super) parent: usize,
    /// One past the last node below it.
    pub(super) end: usize,
}

/// The second tree, in document order; the root is node 0.
#[derive(Debug, Default)]
pub(super) struct Second<'a> {
    nodes: Vec<Node<'a>>,
    open: Vec<usize>,
}

impl<'a> Second<'a> {
    /// An empty tree with room for `nodes` nodes.
    pub(super) fn with_capacity(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes), open: Vec::with_capacity(16) }
    }

    /// Opens an element below the open one.
    pub(super) fn open(&mut self, namespace: impl Into<Cow<'a, str>>, name: impl Into<Cow<'a, str>>) -> usize {
        let at = self.push(Sort::Element, namespace.into(), name.into(), Cow::Borrowed(""), Spelling::Exact);
        self.open.push(at);
        at
    }

    /// Adds an attribute to the open element.
    pub(super) fn attribute(
        &mut self,
        namespace: impl Into<Cow<'a, str>>,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
        spelling: Spelling,
    ) -> usize {
        self.push(Sort::Attribute, namespace.into(), name.into(), value.into(), spelling)
    }

    /// Adds text to the open element.
    pub(super) fn text(&mut self, value: impl Into<Cow<'a, str>>, spelling: Spelling) -> usize {
        self.push(Sort::Text, Cow::Borrowed(""), Cow::Borrowed(""), value.into(), spelling)
    }

    /// Closes the open element.
    pub(super) fn close(&mut self) {
        let count = self.nodes.len();
        if let Some(node) = self.open.pop().and_then(|at| self.nodes.get_mut(at)) {
            node.end = count;
        }
    }

    /// All nodes in document order.
    pub(super) fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    /// A node by its number.
    pub(super) fn node(&self, at: usize) -> Option<&Node<'a>> {
        self.nodes.get(at)
    }

    /// A node by its number, with its tree.
    pub(super) fn part(&self, at: usize) -> Option<Part<'_, 'a>> {
        self.nodes.get(at).map(|node| Part { tree: self, node, at })
    }

    /// The root; none while the tree is empty.
    pub(super) fn root(&self) -> Option<Part<'_, 'a>> {
        self.part(0)
    }

    /// The direct children of a node with their numbers: attributes, then the others.
    pub(super) fn children(&self, at: usize) -> impl Iterator<Item = (usize, &Node<'a>)> + '_ {
        self.part(at).into_iter().flat_map(|part| part.children().map(|child| (child.at, child.node)))
    }

    /// A node and all below it as a tree of its own, borrowed from this one: what is numbered 0 there is `top` here.
    pub(super) fn below(&self, top: usize) -> Second<'_> {
        let end = self.node(top).map_or(top, |node| node.end);
        let nodes = self.nodes.get(top..end).unwrap_or_default().iter().map(|node| Node {
            sort: node.sort,
            name: Cow::Borrowed(node.name.as_ref()),
            namespace: Cow::Borrowed(node.namespace.as_ref()),
            value: Cow::Borrowed(node.value.as_ref()),
            spelling: node.spelling,
            parent: node.parent.saturating_sub(top),
            end: node.end.saturating_sub(top),
        });
        Second { nodes: nodes.collect(), open: Vec::new() }
    }

    /// Adds a copy of a node of another tree, with all below it, to the open element; the depth of that tree is limited by its reader.
    pub(super) fn graft(&mut self, part: Part<'_, '_>) {
        let (namespace, name) = (part.name().0.to_owned(), part.name().1.to_owned());
        match part.node.sort {
            Sort::Element => {
                self.open(namespace, name);
                part.children().for_each(|child| self.graft(child));
                self.close();
            }
            Sort::Attribute => drop(self.attribute(namespace, name, part.value().to_owned(), part.node.spelling)),
            Sort::Text => drop(self.text(part.value().to_owned(), part.node.spelling)),
        }
    }

    /// The same tree with all text its own, for a reader that had to rewrite the body first.
    pub(super) fn into_owned(self) -> Second<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        let nodes = self.nodes.into_iter();
        let nodes = nodes.map(|Node { sort, name, namespace, value, spelling, parent, end }| Node {
            sort,
            name: own(name),
            namespace: own(namespace),
            value: own(value),
            spelling,
            parent,
            end,
        });
        Second { nodes: nodes.collect(), open: self.open }
    }

    fn push(&mut self, sort: Sort, namespace: Cow<'a, str>, name: Cow<'a, str>, value: Cow<'a, str>, spelling: Spelling) -> usize {
        let at = self.nodes.len();
        let parent = self.open.last().copied().unwrap_or(0);
        self.nodes.push(Node { sort, name, namespace, value, spelling, parent, end: at.saturating_add(1) });
        at
    }
}

/// Whether two texts are equal. Most namespaces are empty: comparing two empty texts byte by byte asks the machine for an address that is
/// none, which costs some processors more than a hundred comparisons of names.
fn equal(one: &str, other: &str) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

/// A node with its tree and number: what readers of labels and comparisons walk on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'t, 'a> {
    tree: &'t Second<'a>,
    /// The node.
    pub(super) node: &'t Node<'a>,
    /// Its number.
    pub(super) at: usize,
}

impl<'t, 'a> Part<'t, 'a> {
    /// Namespace and local name.
    pub(super) fn name(self) -> (&'t str, &'t str) {
        (self.node.namespace.as_ref(), self.node.name.as_ref())
    }

    /// Whether another node has the same namespace and local name.
    pub(super) fn is_named_as(self, other: Part<'_, '_>) -> bool {
        let ((namespace, name), (other_namespace, other_name)) = (self.name(), other.name());
        equal(name, other_name) && equal(namespace, other_namespace)
    }

    /// Whether it has this local name and no namespace.
    pub(super) fn is_called(self, name: &str) -> bool {
        self.node.namespace.is_empty() && equal(&self.node.name, name)
    }

    /// The value; empty for elements.
    pub(super) fn value(self) -> &'t str {
        self.node.value.as_ref()
    }

    /// Whether it is an element.
    pub(super) fn is_element(self) -> bool {
        self.node.sort == Sort::Element
    }

    /// The element above; none for the root.
    pub(super) fn parent(self) -> Option<Self> {
        self.tree.part(self.node.parent).filter(|_| self.at != 0)
    }

    /// The elements above, the nearest first.
    pub(super) fn above(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), |part| part.parent())
    }

    /// Attributes, then elements and texts in document order.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        self.children_from(self.at.saturating_add(1))
    }

    /// Its children from the number of one of them on.
    pub(super) fn children_from(self, first: usize) -> impl Iterator<Item = Self> {
        let mut next = first;
        std::iter::from_fn(move || {
            let child = self.tree.part(next).filter(|child| child.at < self.node.end)?;
            next = child.node.end;
            Some(child)
        })
    }

    /// The attributes.
    pub(super) fn attributes(self) -> impl Iterator<Item = Self> {
        self.children().take_while(|child| child.node.sort == Sort::Attribute)
    }

    /// Elements and texts.
    pub(super) fn content(self) -> impl Iterator<Item = Self> {
        self.children().skip_while(|child| child.node.sort == Sort::Attribute)
    }

    /// Itself and everything below it.
    pub(super) fn all(self) -> impl Iterator<Item = Self> {
        (self.at..self.node.end).filter_map(move |at| self.tree.part(at))
    }

    /// The value of an attribute without namespace.
    pub(super) fn said(self, name: &str) -> Option<&'t str> {
        self.attributes().find(|child| child.node.namespace.is_empty() && child.node.name == name).map(Self::value)
    }

    /// The whole text of an element that holds nothing but one text; attributes do not count.
    pub(super) fn whole_text(self) -> Option<&'t str> {
        let mut content = self.content();
        match (content.next(), content.next()) {
            (Some(text), None) if text.node.sort == Sort::Text => Some(text.value()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_and_content_are_walked_by_their_numbers() {
        let mut tree = Second::default();
        tree.open("", "a");
        tree.attribute("", "x", "1", Spelling::Number);
        tree.open("n", "b");
        tree.text("t", Spelling::Exact);
        tree.close();
        tree.open("", "b");
        tree.close();
        tree.close();
        let root = tree.root().unwrap();
        assert_eq!(root.children().map(|child| child.at).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(root.content().map(Part::name).collect::<Vec<_>>(), [("n", "b"), ("", "b")]);
        assert_eq!((root.said("x"), root.said("y"), root.whole_text()), (Some("1"), None, None));
        assert_eq!(tree.part(2).unwrap().whole_text(), Some("t"));
        assert_eq!(tree.part(3).unwrap().above().map(|part| part.at).collect::<Vec<_>>(), [2, 0]);
        assert!(Second::default().root().is_none());
    }

    #[test]
    fn values_are_the_same_and_canonical_by_their_spelling() {
        for (spelling, one, other, same) in [
            (Spelling::Exact, "1.0", "1", false),
            (Spelling::Number, "1.0", "1", true),
            (Spelling::Time, "2026-01-02T03:04:05.0Z", "2026-01-02T03:04:05Z", true),
            (Spelling::Flag, "true", "true", true),
            (Spelling::Flag, "true", "false", false),
        ] {
            assert_eq!(spelling.same(one, other), same, "{one} {other}");
        }
        assert!(Spelling::Exact.is_canonical("1.0") && !Spelling::Number.is_canonical("1.0") && !Spelling::Flag.is_canonical("True"));
    }
}
