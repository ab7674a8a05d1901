//! What is left of the original, with an account of what the second half's translation took: the rest is lost.

use super::super::second::{Part, Second, Sort, Spelling};
use super::Marked;

/// The message less the edits of its release.
#[derive(Debug)]
pub(in crate::verify) struct Account<'t, 'a> {
    left: &'t Second<'a>,
    marked: Marked<'t>,
    taken: Vec<bool>,
    less: Vec<(usize, String)>,
}

impl<'t, 'a> Account<'t, 'a> {
    pub(super) fn new(left: &'t Second<'a>, marked: Marked<'t>) -> Self {
        Self { left, marked, taken: vec![false; left.nodes().len()], less: Vec::new() }
    }

    /// The document element.
    pub(in crate::verify) fn root(&self) -> Result<Part<'t, 'a>, &'static str> {
        self.left.root().ok_or("expected a message")
    }

    /// The label of what is released.
    pub(in crate::verify) const fn marked(&self) -> Marked<'t> {
        self.marked
    }

    /// Takes a node; gives its value.
    pub(in crate::verify) fn take(&mut self, part: Part<'t, 'a>) -> &'t str {
        self.taken.get_mut(part.at).into_iter().for_each(|taken| *taken = true);
        part.value()
    }

    /// Takes a node whose value becomes another one, where the two are not the same.
    pub(in crate::verify) fn take_as(&mut self, part: Part<'t, 'a>, value: String) -> String {
        let exact = self.take(part);
        if !part.node.spelling.same(exact, &value) {
            self.less.push((part.at, value.clone()));
        }
        value
    }

    /// Copies a node with everything below it into the open element.
    pub(in crate::verify) fn copy(&mut self, part: Part<'t, 'a>, into: &mut Second<'static>) {
        let value = self.take(part).to_owned();
        let (namespace, name) = part.name();
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        match part.node.sort {
            Sort::Element => {
                into.open(namespace, name);
                part.children().for_each(|child| self.copy(child, into));
                into.close();
            }
            Sort::Attribute => {
                into.attribute(namespace, name, value, part.node.spelling);
            }
            Sort::Text => {
                into.text(value, part.node.spelling);
            }
        }
    }

    /// Takes an attribute without namespace into the open element under another name, as exact text.
    pub(in crate::verify) fn attribute(&mut self, part: Part<'t, 'a>, name: &'static str, spelling: Spelling, into: &mut Second<'static>) {
        let value = self.take(part).to_owned();
        into.attribute("", name, value, spelling);
    }

    /// The topmost nodes of which nothing was taken, and the values that became less exact, by their numbers.
    pub(super) fn close(self) -> (Vec<usize>, Vec<(usize, String)>) {
        // What is below a node stands behind it: one walk from the end says of each whether anything in it was taken.
        let mut inside = self.taken.clone();
        for (at, node) in self.left.nodes().iter().enumerate().rev() {
            let taken = inside.get(at).copied().unwrap_or(false);
            inside.get_mut(node.parent).into_iter().for_each(|above| *above |= taken);
        }
        let within = |at: usize| inside.get(at).copied().unwrap_or(false);
        let nodes = self.left.nodes().iter().enumerate();
        let lost = nodes.filter(|(at, node)| !within(*at) && (*at == 0 || within(node.parent))).map(|(at, _)| at).collect();
        (lost, self.less)
    }
}
