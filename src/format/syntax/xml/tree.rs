//! Any document as a tree of untyped text, for labels, marking schemes and testers.

use crate::base::{Budget, Reason, Refusal};
use crate::normal::{Tree, TreeBuilder, Value};

use super::{Options, Reader, Token};

/// Reads a whole document. Attribute values and text are [`Value::Text`]; namespace declarations are resolved and are no nodes.
///
/// # Errors
/// `malformed.xml.*`, `size.*`.
pub fn read_tree<'a>(text: &'a str, options: Options, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let mut reader = Reader::new(text, options, budget)?;
    let (nodes, values) = nodes_at_most(text);
    let mut tree = TreeBuilder::with_room(nodes, values);
    loop {
        match reader.token(budget)? {
            Token::Open(tag) => {
                tree.open(tag.namespace, tag.name, tag.start, budget)?;
                for attribute in reader.attributes() {
                    tree.attribute(attribute.namespace, attribute.name, Value::Text(attribute.value), attribute.span, budget)?;
                }
            }
            Token::Text(text) => {
                tree.text(Value::Text(text.value), text.span, budget)?;
            }
            Token::Close { end } => tree.close(end),
            Token::End => break,
        }
    }
    tree.finish().ok_or_else(|| Refusal::new(Reason::MalformedXmlSyntax, "expected one document element"))
}

/// Bounds on the nodes of a document and on the values among them: every element and text ends at a `<`, every attribute has a `=`, and
/// hardly a text stands but before an end tag, which is every other one.
pub(crate) fn nodes_at_most(text: &str) -> (usize, usize) {
    // Both are frequent: counting all bytes is quicker than going from one to the next.
    let count = |of: u8| text.bytes().filter(|byte| *byte == of).count();
    let (tags, attributes) = (count(b'<'), count(b'='));
    (tags.saturating_add(attributes), attributes.saturating_add(tags / 2))
}
