//! Places of declared edits, found again in the second reader's own tree of the original.
//!
//! An edit names its node twice: by its number in document order and by its path. Both must lead to the same node
//! here, or the two readers do not see the same tree.
//! INVARIANT: numbers count elements, then their attributes, then their content; comments and white space between
//! elements have none.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::cot::{blank, name};
use crate::base::{Reason, Refusal};
use crate::normal::{Change, Edit, Edits};

/// A node as the second reader names it: the library's number of the node, and for an attribute its place on the element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spot {
    /// An element or a text.
    Node(u32),
    /// An attribute.
    Attribute(u32, usize),
}

impl Spot {
    /// The spot of an element or text.
    pub(super) fn of(node: Node<'_, '_>) -> Self {
        Self::Node(node.id().get())
    }

    /// The spot of the attribute at `place` of an element.
    pub(super) fn of_attribute(element: Node<'_, '_>, place: usize) -> Self {
        Self::Attribute(element.id().get(), place)
    }
}

/// The declared edits by spot.
#[derive(Debug, Default)]
pub(super) struct Declared<'e> {
    list: Vec<(Spot, &'e Edit)>,
}

impl<'e> Declared<'e> {
    /// Finds every edit in the original.
    ///
    /// # Errors
    /// `verify.edit` for an edit whose number and path do not lead to one node.
    pub(super) fn locate(original: &Document<'_>, edits: &'e Edits) -> Result<Self, Refusal> {
        let mut found = Self::default();
        if edits.is_empty() {
            return Ok(found);
        }
        let ordinals = Ordinals::count(original.root_element());
        let mut wanted = edits.iter().peekable();
        let mut number = 0_usize;
        for node in original.root_element().descendants().filter(|n| n.is_element() || (n.is_text() && !blank(*n))) {
            if wanted.peek().is_none() {
                break;
            }
            let attributes = node.attributes().enumerate().map(|(place, a)| (Spot::of_attribute(node, place), Some(a.name())));
            for (spot, attribute) in std::iter::once((Spot::of(node), None)).chain(attributes) {
                if let Some(edit) = wanted.next_if(|edit| edit.node.index() == number) {
                    if spelt(node, attribute, |element| ordinals.of(element)) != edit.path {
                        return Err(Refusal::new(Reason::VerifyEdit, "the number and the path of a declared edit lead to two places").on(&edit.path));
                    }
                    found.list.push((spot, edit));
                }
                number = number.saturating_add(1);
            }
        }
        match wanted.next() {
            None => {
                found.list.sort_unstable_by_key(|(spot, _)| *spot);
                Ok(found)
            }
            Some(edit) => Err(Refusal::new(Reason::VerifyEdit, "a declared edit names no node of the original").on(&edit.path)),
        }
    }

    /// What is declared for a spot.
    pub(super) fn at(&self, spot: Spot) -> Option<&'e Edit> {
        self.list.binary_search_by_key(&spot, |(at, _)| *at).ok().and_then(|at| self.list.get(at)).map(|(_, edit)| *edit)
    }

    /// Whether a spot is declared removed.
    pub(super) fn removes(&self, spot: Spot) -> bool {
        self.at(spot).is_some_and(|edit| edit.change == Change::Remove)
    }
}

/// Ordinals of all elements, counted in one pass so that many edits among many siblings stay cheap.
struct Ordinals<'n> {
    place: Vec<u32>,
    total: BTreeMap<Family<'n>, u32>,
}

/// Siblings that share a name: parent, namespace, local name.
type Family<'n> = (Option<u32>, Option<&'n str>, &'n str);

fn family<'n>(element: Node<'n, '_>) -> Family<'n> {
    let (namespace, local) = name(element);
    (element.parent().map(|parent| parent.id().get()), namespace, local)
}

impl<'n> Ordinals<'n> {
    fn count(root: Node<'n, '_>) -> Self {
        let mut all = Self { place: Vec::new(), total: BTreeMap::new() };
        for element in root.descendants().filter(Node::is_element) {
            let total = all.total.entry(family(element)).or_insert(0);
            *total = total.saturating_add(1);
            all.place.resize(element.id().get_usize(), 0);
            all.place.push(*total);
        }
        all
    }

    fn of(&self, element: Node<'n, '_>) -> Option<u32> {
        let shared = self.total.get(&family(element)).is_some_and(|total| *total > 1);
        self.place.get(element.id().get_usize()).copied().filter(|_| shared)
    }
}

/// The path of a node or of its attribute: an ordinal stands only where sibling elements share a name.
pub(super) fn path(node: Node<'_, '_>, attribute: Option<&str>) -> String {
    spelt(node, attribute, |element| {
        let same = |other: &Node<'_, '_>| other.is_element() && name(*other) == name(element);
        let before = element.prev_siblings().skip(1).filter(same).count();
        let after = element.next_siblings().skip(1).filter(same).count();
        u32::try_from(before.saturating_add(1)).ok().filter(|_| before > 0 || after > 0)
    })
}

fn spelt<'n, 'x: 'n>(node: Node<'n, 'x>, attribute: Option<&str>, ordinal: impl Fn(Node<'n, 'x>) -> Option<u32>) -> String {
    let steps: Vec<_> = node.ancestors().filter(Node::is_element).collect();
    let mut path = String::with_capacity(64);
    for element in steps.into_iter().rev() {
        path.push('/');
        path.push_str(element.tag_name().name());
        if let Some(ordinal) = ordinal(element) {
            path.push_str(&format!("[{ordinal}]"));
        }
    }
    if let Some(name) = attribute {
        path.push_str("/@");
        path.push_str(name);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_spelt_with_ordinals_only_where_names_repeat() {
        let text = "<e a='1'><d><l/><m x='2'/><l b='3'>t</l></d></e>";
        let document = Document::parse(text).unwrap();
        let nodes: Vec<_> = document.root_element().descendants().collect();
        let spelt: Vec<String> = nodes.iter().map(|n| path(*n, None)).collect();
        assert_eq!(spelt, ["/e", "/e/d", "/e/d/l[1]", "/e/d/m", "/e/d/l[2]", "/e/d/l[2]"]);
        assert_eq!(path(nodes[4], Some("b")), "/e/d/l[2]/@b");
    }

    #[test]
    fn siblings_of_another_namespace_do_not_count() {
        let document = Document::parse("<e xmlns:n='u'><l/><n:l/></e>").unwrap();
        let spelt: Vec<String> = document.root_element().children().map(|n| path(n, None)).collect();
        assert_eq!(spelt, ["/e/l", "/e/l"]);
    }
}
