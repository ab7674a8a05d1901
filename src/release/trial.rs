//! A format that only tests know: a box of items, each marked by itself, with references among them; and boxes of any kind for property tests.
//!
//! `<box line="..."><item id="a" tlp="GREEN"><item id="b" line="SECRET"/><ref to="c"/></item></box>`: an item is a part, a `ref` is a mention.

use std::sync::LazyLock;

use proptest::prelude::*;

use crate::base::{Budget, Header, MessageId, Name, Precedence, Refusal, Time, Traffic};
use crate::format::syntax::xml::{Cdata, Comments, Options, read_tree};
use crate::format::{Facts, Format, Parsed, Syntax};
use crate::label::{self, Binding, Labelled, Reading};
use crate::normal::{Marking, Mention, NodeId, Portion, Tree};
use crate::policy::{self, Edition};

/// The rule set that ships.
pub(crate) static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let files = policy::read_folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    policy::load(&files).unwrap_or_else(|complaints| panic!("{complaints:#?}"))
});

/// The row of the format.
pub(crate) static FORMAT: Format = Format {
    name: "box",
    media_types: &[],
    syntax: Syntax::Xml,
    claims: |body| body.starts_with(b"<box"),
    read,
    facts: |_| Facts::default(),
    required: &["/box/item/must"],
    markings: |tree| marked(tree, NodeId::ROOT),
    portions,
    mentions,
    inside: crate::format::whole,
    kinds: |_| true,
    fields: |_| true,
};

fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let options = Options { comments: Comments::Refuse, cdata: Cdata::Refuse, depth_max: 32 };
    read_tree(std::str::from_utf8(body).unwrap(), options, budget)
}

fn marked(tree: &Tree<'_>, node: NodeId) -> Vec<Marking> {
    let said = |name: &str| tree.attribute(node, name).map(|(id, _)| id);
    let line = said("line").map(Marking::Line);
    line.into_iter().chain(said("tlp").map(Marking::Tlp)).chain(said("letter").map(Marking::Letter)).collect()
}

/// Items and what must stand in an item, so that a test can mark what cannot go.
fn portions(tree: &Tree<'_>) -> Vec<Portion> {
    let parts = tree.all().filter(|(id, node)| matches!(node.name.as_str(), "item" | "must") && *id != NodeId::ROOT);
    parts.map(|(node, _)| Portion { node, markings: marked(tree, node) }).collect()
}

fn mentions(tree: &Tree<'_>) -> Vec<Mention> {
    let said = |id: NodeId, name: &str| tree.attribute(id, name).map(|(_, node)| node.value.text());
    let items: Vec<NodeId> = tree.all().filter(|(_, node)| node.name == "item").map(|(id, _)| id).collect();
    let refs = tree.all().filter(|(_, node)| matches!(node.name.as_str(), "ref" | "needs"));
    let mentions = refs.flat_map(|(at, node)| {
        let to = said(at, "to");
        // What is needed takes the whole item along that needs it.
        let takes = if node.name == "needs" { tree.parent(at).unwrap() } else { at };
        items.iter().filter(move |item| said(**item, "id") == to).map(move |part| Mention { parts: vec![*part], takes: vec![takes] })
    });
    mentions.collect()
}

pub(crate) fn now() -> Time {
    Time::parse("2026-06-01T12:00:00Z").unwrap()
}

pub(crate) static HEADER: LazyLock<Header> = LazyLock::new(|| Header {
    id: MessageId::from_parts(1, [0; 10]),
    precedence: Precedence::Routine,
    destinations: vec![Name::new("FVEY").unwrap()],
    media_type: String::new(),
    traffic: Traffic::Operation,
    sent: now(),
    label: None,
});

/// A box, labelled as an American sender marks.
pub(crate) fn labelled(body: &str) -> Result<Labelled<'_>, Refusal> {
    let mut budget = Budget::for_body(body.len());
    let parsed = Parsed::of_trial(&HEADER, body.as_bytes(), &FORMAT, &mut budget)?;
    let reading = Reading { scheme: EDITION.lattice.policy("USA").unwrap(), binding: Binding::Unbound };
    label::verify(parsed, &EDITION.lattice, &reading, now(), &mut budget)
}

/// An item of a box that was made.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    mark: Option<&'static str>,
    refs: Vec<(bool, u8)>,
    items: Vec<Item>,
}

const LINES: [&str; 7] = [
    "UNCLASSIFIED//REL TO USA, GBR",
    "SECRET//REL TO USA, FVEY",
    "SECRET//REL TO USA, GBR",
    "SECRET//REL TO USA, CAN, GBR",
    "CONFIDENTIAL//REL TO USA, NATO",
    "SECRET//NOFORN",
    "TOP SECRET//REL TO USA, FVEY",
];
const LIGHTS: [&str; 5] = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"];

/// Boxes of items, all marked in one scheme; the outermost always, the others where they are.
pub(crate) fn boxes() -> impl Strategy<Value = (&'static str, Vec<Item>)> {
    prop_oneof![Just(("line", &LINES[..])), Just(("tlp", &LIGHTS[..]))].prop_flat_map(|(name, marks)| {
        let mark = || prop::sample::select(marks);
        let refs = || prop::collection::vec((prop::bool::weighted(0.3), 0..8_u8), 0..3);
        let leaf = (prop::option::of(mark()), refs()).prop_map(|(mark, refs)| Item { mark, refs, items: Vec::new() });
        let inner = leaf.prop_recursive(3, 12, 3, move |inner| {
            let refs = prop::collection::vec((prop::bool::weighted(0.3), 0..8_u8), 0..3);
            (prop::option::of(prop::sample::select(marks)), refs, prop::collection::vec(inner, 0..3)).prop_map(|(mark, refs, items)| Item {
                mark,
                refs,
                items,
            })
        });
        let outer = (mark(), inner).prop_map(|(mark, item)| Item { mark: Some(mark), ..item });
        (Just(name), prop::collection::vec(outer, 1..5))
    })
}

/// The text of a box; items are numbered as they stand, so that references name some of them.
pub(crate) fn written(name: &str, items: &[Item]) -> String {
    fn write(name: &str, item: &Item, next: &mut u8, out: &mut String) {
        let mark = item.mark.map_or_else(String::new, |mark| format!(" {name}=\"{mark}\""));
        out.push_str(&format!("<item id=\"{next}\"{mark}>"));
        *next = next.saturating_add(1);
        item.refs.iter().for_each(|(needs, to)| out.push_str(&format!("<{} to=\"{to}\"/>", if *needs { "needs" } else { "ref" })));
        item.items.iter().for_each(|item| write(name, item, next, out));
        out.push_str("</item>");
    }
    let (mut out, mut next) = ("<box>".to_owned(), 0);
    items.iter().for_each(|item| write(name, item, &mut next, &mut out));
    out + "</box>"
}
