//! The strict XML reader: nothing panics, whatever it reads roxmltree reads with as many parts, and what is written reads back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::base::Budget;
use vestibule::format::Syntax;
use vestibule::format::syntax::xml::{self, Cdata, Comments, Options};
use vestibule::normal::{Edits, Kind};
use vestibule::rebuild;

const OPTIONS: Options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 64 };

fuzz_target!(|body: &[u8]| {
    let Ok(text) = xml::text(body) else { return };
    let Ok(tree) = xml::read_tree(text, OPTIONS, &mut Budget::for_body(body.len())) else { return };
    let document = roxmltree::Document::parse(text).expect("a second reader takes what we take");
    let count = |kind| tree.all().filter(|(_, node)| node.kind == kind).count();
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    assert_eq!(count(Kind::Attribute), elements.clone().map(|element| element.attributes().count()).sum::<usize>());
    assert_eq!(count(Kind::Element), elements.count());
    // A namespace without a prefix of its own is not written; that is the one way in which writing refuses.
    let Ok(written) = rebuild::bytes(&tree, &Edits::default(), Syntax::Xml) else { return };
    let text = xml::text(&written).expect("what is written is UTF-8");
    let again = xml::read_tree(text, OPTIONS, &mut Budget::for_body(written.len())).expect("what is written is read");
    assert!(tree.same_fields(&again), "what is written is read as other fields");
});
