//! Places of declared edits, found again in the second reader's own tree of the original.
//!
//! An edit names its node twice: by its number in document order and by its path. Both must lead to the same node
//! here, or the two readers do not see the same tree.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::second::{Part, Second, Sort};
use crate::base::{Reason, Refusal};
use crate::normal::{Change, Edit, Edits};

/// The declared edits by the numbers of their nodes.
#[derive(Debug, Default)]
pub(super) struct Declared<'e> {
    list: Vec<(usize, &'e Edit)>,
}

impl<'e> Declared<'e> {
    /// Finds every edit in the original.
    ///
    /// # Errors
    /// `verify.edit` for an edit whose number and path do not lead to one node.
    pub(super) fn locate(original: &Second<'_>, edits: &'e Edits) -> Result<Self, Refusal> {
        let mut found = Self::default();
        if edits.is_empty() {
            return Ok(found);
        }
        let ordinals = Ordinals::count(original);
        for edit in edits.iter() {
            let refuse = |what: &'static str| Err(Refusal::new(Reason::VerifyEdit, what).on(&edit.path));
            let Some(part) = original.part(edit.node.index()) else { return refuse("a declared edit names no node of the original") };
            if spelt(part, |element| ordinals.of(element)) != edit.path {
                return refuse("the number and the path of a declared edit lead to two places");
            }
            found.list.push((part.at, edit));
        }
        found.list.sort_unstable_by_key(|(at, _)| *at);
        Ok(found)
    }

    /// What is declared for a node.
    pub(super) fn at(&self, part: Part<'_, '_>) -> Option<&'e Edit> {
        self.list.binary_search_by_key(&part.at, |(at, _)| *at).ok().and_then(|at| self.list.get(at)).map(|(_, edit)| *edit)
    }

    /// Whether a node is declared removed.
    pub(super) fn removes(&self, part: Part<'_, '_>) -> bool {
        self.at(part).is_some_and(|edit| edit.change == Change::Remove)
    }
}

/// Ordinals of all elements, counted in one pass so that many edits among many siblings stay cheap.
struct Ordinals<'n> {
    place: Vec<u32>,
    total: BTreeMap<Family<'n>, u32>,
}

/// Siblings that share a name: parent, local name, namespace.
type Family<'n> = (Option<usize>, &'n str, Option<&'n str>);

fn family<'n>(element: Part<'n, '_>) -> Family<'n> {
    // No namespace is none, and not an empty one: two empty texts are dear to compare.
    let (namespace, name) = element.name();
    (element.parent().map(|parent| parent.at), name, Some(namespace).filter(|namespace| !namespace.is_empty()))
}

impl<'n> Ordinals<'n> {
    fn count(tree: &'n Second<'_>) -> Self {
        let mut all = Self { place: Vec::with_capacity(tree.nodes().len()), total: BTreeMap::new() };
        for part in tree.root().into_iter().flat_map(Part::all) {
            let ordinal = part.is_element().then(|| {
                let total = all.total.entry(family(part)).or_insert(0);
                *total = total.saturating_add(1);
                *total
            });
            all.place.push(ordinal.unwrap_or(0));
        }
        all
    }

    fn of(&self, element: Part<'n, '_>) -> Option<u32> {
        let shared = self.total.get(&family(element)).is_some_and(|total| *total > 1);
        self.place.get(element.at).copied().filter(|_| shared)
    }
}

/// The path of a node: an ordinal stands only where sibling elements share a name; a text has the path of its element.
pub(super) fn path(part: Part<'_, '_>) -> String {
    spelt(part, |element| {
        let siblings = element.parent().into_iter().flat_map(Part::content);
        let same = || siblings.filter(|other| other.is_element() && other.is_named_as(element));
        let (mut before, mut after) = (0_u32, 0_u32);
        for other in same() {
            let count = if other.at < element.at { &mut before } else { &mut after };
            *count = count.saturating_add(1);
        }
        (before > 0 || after > 1).then_some(before.saturating_add(1))
    })
}

fn spelt<'n, 'x: 'n>(part: Part<'n, 'x>, ordinal: impl Fn(Part<'n, 'x>) -> Option<u32>) -> String {
    let own = Some(part).filter(|part| part.is_element());
    let steps: Vec<_> = own.into_iter().chain(part.above()).collect();
    let mut path = String::with_capacity(64);
    for element in steps.into_iter().rev() {
        path.push('/');
        path.push_str(element.name().1);
        // Writing to a string does not fail.
        let _ = ordinal(element).map_or(Ok(()), |ordinal| write!(path, "[{ordinal}]"));
    }
    if part.node.sort == Sort::Attribute {
        path.push_str("/@");
        path.push_str(part.name().1);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::xml;

    fn paths(text: &str) -> Vec<String> {
        let tree = xml::read(text.as_bytes(), |_| &[]).unwrap();
        let ordinals = Ordinals::count(&tree);
        let parts = || tree.root().unwrap().all();
        let quick: Vec<String> = parts().map(|part| spelt(part, |element| ordinals.of(element))).collect();
        assert_eq!(quick, parts().map(path).collect::<Vec<_>>());
        quick
    }

    #[test]
    fn paths_are_spelt_with_ordinals_only_where_names_repeat() {
        let expected = ["/e", "/e/@a", "/e/d", "/e/d/l[1]", "/e/d/m", "/e/d/m/@x", "/e/d/l[2]", "/e/d/l[2]/@b", "/e/d/l[2]"];
        assert_eq!(paths("<e a='1'><d><l/><m x='2'/><l b='3'>t</l></d></e>"), expected);
    }

    #[test]
    fn siblings_of_another_namespace_do_not_count() {
        assert_eq!(paths("<e xmlns:n='u'><l/><n:l/></e>"), ["/e", "/e/l", "/e/l"]);
    }
}
