//! The second tree as people see it, for a tester who wants to know where the two readers part. No proof comes of it.

use super::place;
use super::readers;
use super::second::{Node, Second, Spelling};
use crate::base::{Reason, Refusal};

/// One node of the second tree, numbered by its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its path.
    pub path: String,
    /// Its value, empty for elements.
    pub value: String,
    spelling: Spelling,
}

impl Shown {
    /// Whether the first reader's node of the same number is the same.
    #[must_use]
    pub fn agrees(&self, path: &str, value: &str) -> bool {
        self.path == path && (self.value == value || self.spelling.same(&self.value, value))
    }
}

/// The second reader's name and its tree of a body, in document order.
///
/// # Errors
/// `verify.disagreement` where no second reader claims the body, or its reader refuses it.
pub fn shown(body: &[u8]) -> Result<(&'static str, Vec<Shown>), Refusal> {
    let refuse = |what: &'static str| Refusal::new(Reason::VerifyDisagreement, what);
    let reader = readers::identify(body).map_err(refuse)?;
    let tree = (reader.read)(body).map_err(refuse)?;
    (reader.check)(&tree).map_err(refuse)?;
    Ok((reader.name, tree.nodes().iter().enumerate().map(|(at, node)| show(&tree, at, node)).collect()))
}

fn show(tree: &Second<'_>, at: usize, node: &Node<'_>) -> Shown {
    Shown { path: tree.part(at).map(place::path).unwrap_or_default(), value: node.value.clone().into_owned(), spelling: node.spelling }
}
