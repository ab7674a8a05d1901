//! The strict XML reader: nothing panics, whatever it reads roxmltree reads as the same elements, attributes and text, and what is
//! written reads back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::base::Budget;
use vestibule::format::Syntax;
use vestibule::format::syntax::xml::{self, Cdata, Comments, Options};
use vestibule::normal::{Edits, Kind, NodeId, Tree};
use vestibule::rebuild;

const OPTIONS: Options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 64 };

fuzz_target!(|body: &[u8]| {
    let Ok(text) = xml::text(body) else { return };
    let Ok(tree) = xml::read_tree(text, OPTIONS, &mut Budget::for_body(body.len())) else { return };
    let document = roxmltree::Document::parse(text).expect("a second reader takes what we take");
    same(&tree, NodeId::ROOT, document.root_element());
    // A namespace without a prefix of its own is not written; that is the one way in which writing refuses.
    let Ok(written) = rebuild::bytes(&tree, &Edits::default(), Syntax::Xml) else { return };
    let text = xml::text(&written).expect("what is written is UTF-8");
    let again = xml::read_tree(text, OPTIONS, &mut Budget::for_body(written.len())).expect("what is written is read");
    assert!(tree.same_fields(&again), "what is written is read as other fields");
});

/// One element by both readers. Its text is compared as one, without white space at either end: only where it is cut by comments and
/// CDATA sections, and whether white space between elements is text, may differ.
fn same(tree: &Tree<'_>, id: NodeId, other: roxmltree::Node<'_, '_>) {
    let own = tree.node(id);
    assert_eq!((own.namespace.as_str(), own.name.as_str()), (other.tag_name().namespace().unwrap_or(""), other.tag_name().name()));
    let mut ours: Vec<_> = tree.attributes(id).map(|(_, a)| (a.namespace.as_str(), a.name.as_str(), a.value.text())).collect();
    let mut theirs: Vec<_> = other.attributes().map(|a| (a.namespace().unwrap_or(""), a.name(), a.value().into())).collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
    let text = |all: &mut dyn Iterator<Item = String>| all.collect::<String>().split_ascii_whitespace().collect::<String>();
    let own_text = text(&mut tree.children(id).filter(|(_, node)| node.kind == Kind::Text).map(|(_, node)| node.value.text().into_owned()));
    assert_eq!(own_text, text(&mut other.children().filter(roxmltree::Node::is_text).map(|node| node.text().unwrap_or("").into())));
    let children: Vec<_> = other.children().filter(roxmltree::Node::is_element).collect();
    assert_eq!(tree.elements(id).count(), children.len());
    tree.elements(id).zip(children).for_each(|((child, _), counterpart)| same(tree, child, counterpart));
}
