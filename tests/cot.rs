//! Cursor-on-Target: samples of ours, samples of others, laws, a second parser, allocations.

#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::string_slice, reason = "a failed test says where")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use vestibule::base::{Budget, Reason, Traffic};
use vestibule::format::syntax::xml::{self, Cdata, Comments, Options};
use vestibule::format::{Syntax, laws};
use vestibule::normal::{Change, Edit, Edits, Kind, Marking, NodeId, Tree, Unit, Value};

use crate::samples::{Placed, Samples, files, read, shared, write};

pub(crate) const COT: Samples = Samples::of("cot");

#[test]
fn accepted_samples_are_read_and_keep_every_law() {
    COT.accepted_keep_every_law(10);
}

#[test]
fn every_byte_of_an_accepted_sample_counts() {
    COT.every_byte_counts(|_, _| true);
}

#[test]
fn rejected_samples_are_refused_with_the_code_of_their_folder_and_a_place() {
    COT.rejected_are_refused(Placed::OnceClaimed);
}

#[test]
fn every_code_of_the_reader_has_a_sample() {
    COT.every_code_has_a_sample(&["malformed.utf8", "malformed.xml.", "invalid.cot."]);
}

#[test]
fn what_the_format_requires_is_what_the_reader_misses() {
    let sample = COT.named("minimal");
    let text = String::from_utf8(sample).unwrap();
    for path in COT.format().required {
        let cut = match path.rsplit_once("/@") {
            Some((_, name)) => {
                let start = text.find(&format!(" {name}=\"")).unwrap();
                let end = start + name.len() + 3 + text[start + name.len() + 3..].find('"').unwrap() + 1;
                format!("{}{}", &text[..start], &text[end..])
            }
            None => format!("{}{}", &text[..text.find("<point").unwrap()], &text[text.find("/>").unwrap() + 2..]),
        };
        assert_eq!(read(cut.as_bytes()).unwrap_err().reason, Reason::InvalidCotMissing, "{path}");
    }
    let tree = read(text.as_bytes()).unwrap();
    assert_eq!(tree.all().count(), COT.format().required.len() + 1, "the minimal sample holds what is required and nothing else");
}

#[test]
fn fields_have_types_units_and_canonical_values() {
    let body = COT.named("comments-and-white-space");
    let tree = read(&body).unwrap();
    let (point, _) = tree.element(NodeId::ROOT, "point").unwrap();
    let number = |name: &str| match &tree.attribute(point, name).unwrap().1.value {
        Value::Number(number, unit) => (number.to_string(), *unit),
        other => panic!("{other:?}"),
    };
    assert_eq!(number("lat"), ("-33.85".into(), Unit::Latitude));
    assert_eq!(number("lon"), ("151.2".into(), Unit::Longitude));
    assert_eq!(number("hae"), ("0".into(), Unit::Metres));
    assert_eq!(number("le"), ("9999999".into(), Unit::Metres));
    assert!(matches!(tree.attribute(NodeId::ROOT, "time").unwrap().1.value, Value::Time(_)));
    let out = String::from_utf8(write(&tree, Syntax::Xml).unwrap()).unwrap();
    assert_eq!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event version=\"2\" uid=\"{7b1c}@unit/3 A\" type=\"a-h-A-M-F;x=1\" how=\"h-g-i-g-o\" \
         time=\"2026-03-01T10:00:00.5Z\" start=\"2026-03-01T10:00:00.123456789Z\" stale=\"2026-03-02T00:00:00Z\">\
         <point lat=\"-33.85\" lon=\"151.2\" hae=\"0\" ce=\"9999999\" le=\"9999999\"/>\
         <detail><track course=\"359.99\" slope=\"-3.5\" speed=\"0\"/></detail></event>"
    );
}

#[test]
fn facts_and_markings_are_found() {
    let look = |name: &str| {
        let body = COT.named(name);
        let tree = read(&body).unwrap();
        let facts = (COT.format().facts)(&tree);
        assert!(!facts.kind.is_empty() && !facts.subject.is_empty());
        let kinds: Vec<&str> = (COT.format().markings)(&tree)
            .iter()
            .map(|marking| match marking {
                Marking::Triple { .. } => "triple",
                Marking::Stanag4774(id) => {
                    assert_eq!(tree.node(*id).name, "originatorConfidentialityLabel");
                    "4774"
                }
                Marking::Banner(id) => {
                    assert_eq!(tree.node(*id).kind, Kind::Text);
                    "banner"
                }
                other => panic!("Cursor-on-Target has no marking such as {other:?}"),
            })
            .collect();
        (facts.traffic, kinds)
    };
    assert_eq!(look("minimal"), (None, vec![]));
    assert_eq!(look("marked-by-three-attributes"), (Some(Traffic::Operation), vec!["triple"]));
    assert_eq!(look("marking-undefined"), (None, vec![]));
    assert_eq!(look("exercise"), (Some(Traffic::Exercise), vec!["triple"]));
    assert_eq!(look("label-stanag-4774"), (None, vec!["4774"]));
    assert_eq!(look("label-in-binding"), (None, vec!["4774"]));
    assert_eq!(look("label-default-namespace"), (None, vec!["4774"]));
    assert_eq!(look("remarks-with-banner"), (None, vec!["banner"]));
    assert_eq!(look("remarks-cdata"), (None, vec!["banner"]), "which lines are banners is asked in the label room");
}

#[test]
fn samples_of_others_each_have_a_verdict_and_keep_every_law() {
    let Some(folder) = shared("cot") else { return };
    let mut spread: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, body) in files(&folder, &["xml"]) {
        laws::all(COT.format(), &body, write).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        match read(&body) {
            Ok(_) => {
                agrees_with_second_parser(&body).unwrap_or_else(|why| panic!("{name}: {why}"));
                spread.entry("read".into()).or_default().push(name);
            }
            Err(refusal) => {
                spread.entry(refusal.reason.code().into()).or_default().push(format!("{name}: {} {}", refusal.place.path, refusal.detail))
            }
        }
    }
    for (code, names) in &spread {
        println!("{:4} {code}", names.len());
        if code != "read" {
            names.iter().for_each(|name| println!("       {name}"));
        }
    }
    let read = spread.get("read").map_or(0, Vec::len);
    let all: usize = spread.values().map(Vec::len).sum();
    assert!(all >= 80 && read * 10 >= all * 8, "{read} of {all} are read");
    assert!(spread.keys().all(|code| code == "read" || code.starts_with("invalid.cot.")), "real messages are well-formed");
}

/// Reads with roxmltree and compares names, attributes and text; numbers and times by their canonical text.
fn agrees_with_second_parser(body: &[u8]) -> Result<(), String> {
    let tree = read(body).map_err(|refusal| refusal.to_string())?;
    let text = std::str::from_utf8(body).unwrap();
    let document = roxmltree::Document::parse(text).map_err(|error| format!("refused by roxmltree: {error}"))?;
    same(&tree, NodeId::ROOT, document.root_element())
}

pub(crate) fn same(tree: &Tree<'_>, id: NodeId, other: roxmltree::Node<'_, '_>) -> Result<(), String> {
    let node = tree.node(id);
    if node.name != other.tag_name().name() || node.namespace != other.tag_name().namespace().unwrap_or("") {
        return Err(format!("other name at {}", tree.path(id)));
    }
    if node.span.range() != other.range() {
        return Err(format!("other span at {}", tree.path(id)));
    }
    if tree.attributes(id).count() != other.attributes().count() {
        return Err(format!("other number of attributes at {}", tree.path(id)));
    }
    for ((at, ours), theirs) in tree.attributes(id).zip(other.attributes()) {
        let equal = match &ours.value {
            Value::Text(text) => text == theirs.value(),
            Value::Number(number, _) => number.to_string().parse::<f64>().unwrap() == theirs.value().parse::<f64>().unwrap(),
            other => other.text().parse::<jiff::Timestamp>().unwrap() == theirs.value().parse::<jiff::Timestamp>().unwrap(),
        };
        if ours.name != theirs.name() || ours.namespace != theirs.namespace().unwrap_or("") || !equal || ours.span.range() != theirs.range_value() {
            return Err(format!("other attribute at {}", tree.path(at)));
        }
    }
    let ours: String = tree.children(id).filter(|(_, child)| child.kind == Kind::Text).map(|(_, child)| child.value.text().into_owned()).collect();
    let theirs: String = other.children().filter(roxmltree::Node::is_text).filter_map(|child| child.text()).collect();
    let theirs = if theirs.bytes().all(|b| b" \t\r\n".contains(&b)) { String::new() } else { theirs };
    if ours != theirs {
        return Err(format!("other text at {}", tree.path(id)));
    }
    let children: Vec<_> = tree.elements(id).map(|(child, _)| child).collect();
    let others: Vec<_> = other.children().filter(roxmltree::Node::is_element).collect();
    if children.len() != others.len() {
        return Err(format!("other number of children at {}", tree.path(id)));
    }
    children.into_iter().zip(others).try_for_each(|(child, other)| same(tree, child, other))
}

#[test]
fn a_second_parser_reads_the_same_from_our_samples_and_from_what_we_write() {
    for (path, body) in COT.accepted() {
        agrees_with_second_parser(&body).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let written = write(&read(&body).unwrap(), Syntax::Xml).unwrap();
        agrees_with_second_parser(&written).unwrap_or_else(|why| panic!("{} rewritten: {why}", path.display()));
    }
}

#[test]
fn a_message_of_two_kilobytes_is_read_with_a_handful_of_allocations() {
    let remarks = "Four vehicles at the northern bridge, moving west. ".repeat(32);
    let body = format!(
        "<event version=\"2.0\" uid=\"GBR-TRK-0001\" type=\"a-f-G-U-C\" how=\"m-g\" time=\"2026-03-01T10:00:00Z\" start=\"2026-03-01T10:00:00Z\" \
         stale=\"2026-03-01T10:05:00Z\" access=\"UK OFFICIAL\"><point lat=\"51.4775\" lon=\"-0.0014\" hae=\"46.2\" ce=\"4.9\" le=\"9999999.0\"/><detail>\
         <contact callsign=\"BLACKCAT 1\"/><__group name=\"Cyan\" role=\"HQ\"/><status battery=\"87\"/><track course=\"90.5\" speed=\"3\"/>\
         <remarks>{remarks}</remarks></detail></event>"
    );
    assert!((2000..2300).contains(&body.len()), "{}", body.len());
    let mut budget = Budget::for_body(body.len());
    let before = budget.left();
    let info = allocation_counter::measure(|| {
        (COT.format().read)(body.as_bytes(), &mut budget).unwrap();
    });
    println!("{} allocations, {} bytes at most, {} work units for {} bytes", info.count_total, info.bytes_max, before - budget.left(), body.len());
    assert!(info.count_total <= 10, "{} allocations", info.count_total);
}

#[test]
fn a_hostile_body_costs_no_more_than_its_budget() {
    let nested = "<a>".repeat(100_000);
    let wide = format!("<event {}>", (0..100_000).map(|n| format!("a{n}=\"\" ")).collect::<String>());
    let scopes = (0..5_000).map(|n| format!("<event xmlns:p{n}=\"urn:{n}\">")).collect::<String>();
    let references = format!("<event uid=\"{}\">", "&#65;".repeat(100_000));
    for (body, codes) in [
        (format!("<event>{nested}"), ["invalid.cot.missing", "size.depth"]),
        (wide, ["size.nodes", "size.budget"]),
        (scopes, ["invalid.cot.missing", "malformed.xml.namespace"]),
        (references, ["invalid.cot.uid", "size.budget"]),
        ("<event ".repeat(100_000), ["malformed.xml.attribute", "malformed.xml.syntax"]),
        (format!("<!DOCTYPE event [{}", "<!ENTITY a 'b'>".repeat(10_000)), ["malformed.xml.doctype", "format.unrecognised"]),
    ] {
        let refusal = read(body.as_bytes()).unwrap_err();
        assert!(codes.contains(&refusal.reason.code()), "{refusal}");
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-zA-Z0-9_.-]{0,12}".prop_filter("known names have rules of their own", |name| {
        !["contact", "status", "track", "uid", "remarks", "link", "shape", "sensor", "creator", "takv", "precisionlocation"].contains(&name.as_str())
    })
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' => "&quot;".into(),
            c if c.is_whitespace() => format!("&#{};", u32::from(c)),
            c => c.to_string(),
        })
        .collect()
}

/// Any detail: elements with attributes, and text or elements in each.
fn element() -> impl Strategy<Value = String> {
    let text = "[ -~é\u{10000}\t\r\n]{0,20}";
    let attributes = prop::collection::btree_map(name(), text, 0..4).prop_map(|all| {
        all.into_iter().filter(|(name, _)| name != "xmlns").map(|(name, value)| format!(" {name}=\"{}\"", escaped(&value))).collect::<String>()
    });
    let leaf = (name(), attributes, text).prop_map(|(name, attributes, text)| format!("<{name}{attributes}>{}</{name}>", escaped(&text)));
    leaf.prop_recursive(6, 24, 4, |inner| {
        (name(), prop::collection::vec(inner, 0..4)).prop_map(|(name, children)| format!("<{name}> {}</{name}>", children.concat()))
    })
}

/// The fields at and below a node as edited: path and text.
fn fields(tree: &Tree<'_>, id: NodeId, edits: &Edits) -> Vec<String> {
    let mut found = Vec::new();
    for (child, node) in tree.children(id) {
        let value = match edits.of(child).map(|edit| &edit.change) {
            Some(Change::Remove) => continue,
            Some(Change::Replace(value)) => value,
            None => node.value,
        };
        let path = tree.path(child);
        let path: String = path.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect();
        found.push(format!("{:?} {path} {}", node.kind, value.text()));
        if node.kind == Kind::Element {
            found.extend(fields(tree, child, edits));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_detail_is_read_written_and_read_again(children in prop::collection::vec(element(), 0..5), lat in -90.0..90.0_f64, precision in 0..15_usize) {
        let body = format!(
            "<event version='2.0' uid='u' type='a-f' how='m-g' time='2026-03-01T10:00:00Z' start='2026-03-01T10:00:00Z' stale='2026-03-01T10:00:00Z'>\
             <point lat='{lat:.precision$}' lon='0' hae='0' ce='0' le='0'/><detail>{}</detail></event>", children.concat());
        prop_assert!(read(body.as_bytes()).is_ok(), "{:?}", read(body.as_bytes()).unwrap_err());
        prop_assert_eq!(laws::all(COT.format(), body.as_bytes(), write), Ok(()));
        prop_assert_eq!(agrees_with_second_parser(body.as_bytes()), Ok(()));
    }

    #[test]
    fn any_edits_are_written_and_nothing_else_changes(which in any::<prop::sample::Index>(), choices in prop::collection::vec(0..4_u8, 128)) {
        let samples = COT.accepted();
        let (_, body) = which.get(&samples);
        let tree = read(body).unwrap();
        let mut edits = Edits::default();
        for ((node, found), choice) in tree.all().skip(1).zip(choices) {
            let change = match (choice, found.kind) {
                (0, _) => Change::Remove,
                (1, Kind::Attribute | Kind::Text) => Change::Replace(Value::Text("<new> & \"text\"\r\n\t".into())),
                _ => continue,
            };
            edits.add(Edit { node, path: tree.path(node), action: "replace", rule: "test".into(), change });
        }
        let written = String::from_utf8(vestibule::rebuild::bytes(&tree, &edits, Syntax::Xml).unwrap()).unwrap();
        let options = Options { comments: Comments::Refuse, cdata: Cdata::Refuse, depth_max: 64 };
        let again = xml::read_tree(&written, options, &mut Budget::for_body(written.len())).unwrap();
        let mut expected = fields(&tree, NodeId::ROOT, &edits);
        let mut found = fields(&again, NodeId::ROOT, &Edits::default());
        expected.sort();
        found.sort();
        prop_assert_eq!(expected, found);
    }

    #[test]
    fn any_bytes_and_any_splices_of_samples_break_no_law(at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), junk in "[ -~<>&'\"/=!?\u{0}-\u{1f}é]{0,12}", cut in 0..40_usize) {
        let samples = COT.accepted();
        let (_, body) = which.get(&samples);
        let from = at.index(body.len());
        let to = (from + cut).min(body.len());
        let spliced = [&body[..from], junk.as_bytes(), &body[to..]].concat();
        prop_assert_eq!(laws::all(COT.format(), &spliced, write), Ok(()));
        if read(&spliced).is_ok() {
            prop_assert_eq!(agrees_with_second_parser(&spliced), Ok(()));
        }
    }
}
