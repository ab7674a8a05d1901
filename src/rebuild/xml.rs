//! The writer of canonical XML.
//!
//! One spelling for one tree: XML declaration and one line feed, then the document element without insignificant white space and
//! without a final line end; double quotes; attributes in fixed order; `<a/>` for empty elements; fixed prefixes, each declared
//! where it is first used; the smallest set of escapes; canonical numbers and times.

use std::fmt::Write;

use crate::base::{Reason, Refusal};
use crate::normal::{Change, Edits, Kind, NodeId, Tree, Value};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Namespaces that may leave, with the prefix that each has. The prefix `xml` needs no declaration.
const PREFIXES: [(&str, &str); 12] = [
    ("http://www.w3.org/XML/1998/namespace", "xml"),
    ("urn:nato:stanag:4774:confidentialitymetadatalabel:1:0", "slab"),
    ("urn:nato:stanag:4778:bindinginformation:1:0", "mb"),
    ("http://www.w3.org/2005/05/xmlmime", "xmime"),
    ("urn:nato:stanag:4778:bindinginformation:extensions:1:0", "mbe"),
    ("urn:nato:fft:protocols:nffi13", "nffi"),
    ("urn:us:gov:ic:ism", "ism"),
    ("http://www.w3.org/2000/09/xmldsig#", "ds"),
    ("http://www.w3.org/2001/10/xml-exc-c14n#", "ec"),
    ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd", "wsu"),
    ("urn:xmpp:sec-label:0", "sl"),
    ("urn:xmpp:sec-label:ess:0", "sle"),
];

/// Attributes that stand first, in this order, so that people find what they look for; all others follow by namespace and name.
const FIRST: [&str; 14] =
    ["version", "uid", "type", "how", "time", "start", "stale", "access", "caveat", "releasableTo", "lat", "lon", "hae", "callsign"];

/// Writes the document.
pub(super) fn write(tree: &Tree<'_>, edits: &Edits) -> Result<Vec<u8>, Refusal> {
    written(tree, edits, NodeId::ROOT, DECLARATION)
}

/// Writes an element as a document.
pub(super) fn write_from(tree: &Tree<'_>, id: NodeId) -> Result<Vec<u8>, Refusal> {
    written(tree, &Edits::default(), id, DECLARATION)
}

/// Writes an element that another syntax carries, without a declaration.
pub(super) fn write_element(tree: &Tree<'_>, edits: &Edits, id: NodeId) -> Result<Vec<u8>, Refusal> {
    written(tree, edits, id, "")
}

fn written(tree: &Tree<'_>, edits: &Edits, id: NodeId, before: &str) -> Result<Vec<u8>, Refusal> {
    let size = usize::try_from(tree.node(id).span.bytes()).unwrap_or(0);
    let mut out = Writer::new(tree, edits, size.saturating_add(size / 8).saturating_add(128));
    out.out.push_str(before);
    out.element(id)?;
    Ok(out.out.into_bytes())
}

/// Writes elements side by side, without a declaration: what stands within an element whose tags another syntax has.
pub(super) fn fragment(tree: &Tree<'_>, edits: &Edits, elements: impl Iterator<Item = NodeId>) -> Result<String, Refusal> {
    let mut out = Writer::new(tree, edits, 0);
    for element in elements {
        out.element(element)?;
    }
    Ok(out.out)
}

#[derive(Debug)]
struct Writer<'t, 'a> {
    tree: &'t Tree<'a>,
    edits: &'t Edits,
    out: String,
    /// Reused by each element in turn.
    attributes: Vec<NodeId>,
    /// Which prefixes are declared on the elements that are open.
    declared: [bool; PREFIXES.len()],
}

/// Where a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Attribute,
    Text,
}

impl<'t, 'a> Writer<'t, 'a> {
    fn new(tree: &'t Tree<'a>, edits: &'t Edits, bytes: usize) -> Self {
        Self { tree, edits, out: String::with_capacity(bytes), attributes: Vec::with_capacity(16), declared: [false; PREFIXES.len()] }
    }

    fn element(&mut self, id: NodeId) -> Result<(), Refusal> {
        let tree = self.tree;
        if self.edits.of(id).is_some() {
            return Err(self.fault(id, "expected no edit of an element but its removal from a parent"));
        }
        let outside = self.declared;
        self.out.push('<');
        self.name(id)?;
        self.tag(id)?;
        let mut empty = true;
        for (child, below) in tree.children(id).filter(|(_, below)| below.kind != Kind::Attribute) {
            let change = self.edits.of(child).map(|edit| &edit.change);
            let value = match change {
                Some(Change::Remove) => continue,
                Some(Change::Replace(value)) if below.kind == Kind::Text => value,
                Some(Change::Replace(_)) => return Err(self.fault(child, "expected no replacement of an element")),
                None => below.value,
            };
            // No text and an empty one are one thing to every reader, so they have one spelling.
            if below.kind == Kind::Text && value.text().is_empty() {
                continue;
            }
            if std::mem::take(&mut empty) {
                self.out.push('>');
            }
            match below.kind {
                Kind::Element => self.element(child)?,
                _ => self.value(child, value, Within::Text)?,
            }
        }
        if empty {
            self.out.push_str("/>");
        } else {
            self.out.push_str("</");
            self.name(id)?;
            self.out.push('>');
        }
        self.declared = outside;
        Ok(())
    }

    /// Declarations of prefixes that the tag uses first, then the attributes in fixed order.
    fn tag(&mut self, id: NodeId) -> Result<(), Refusal> {
        let tree = self.tree;
        let removed = |child| self.edits.of(child).is_some_and(|edit| edit.change == Change::Remove);
        let mut attributes = std::mem::take(&mut self.attributes);
        attributes.clear();
        attributes.extend(tree.attributes(id).map(|(child, _)| child).filter(|&child| !removed(child)));
        attributes.sort_unstable_by_key(|&child| order(tree.node(child).namespace.as_str(), tree.node(child).name.as_str()));
        let mut used = [false; PREFIXES.len()];
        for &each in std::iter::once(&id).chain(&attributes) {
            if let Some(place) = self.prefix(each)?
                && let Some(flag) = used.get_mut(place)
            {
                *flag = true;
            }
        }
        for ((declared, used), (namespace, prefix)) in self.declared.iter_mut().zip(used).zip(PREFIXES) {
            if used && !*declared && prefix != "xml" {
                *declared = true;
                for part in [" xmlns:", prefix, "=\"", namespace, "\""] {
                    self.out.push_str(part);
                }
            }
        }
        for &child in &attributes {
            self.out.push(' ');
            self.name(child)?;
            self.out.push_str("=\"");
            match self.edits.of(child).map(|edit| &edit.change) {
                Some(Change::Replace(value)) => self.value(child, value, Within::Attribute)?,
                _ => self.value(child, tree.node(child).value, Within::Attribute)?,
            }
            self.out.push('"');
        }
        self.attributes = attributes;
        Ok(())
    }

    /// The place of a node's namespace in the table; `None` for no namespace.
    fn prefix(&self, id: NodeId) -> Result<Option<usize>, Refusal> {
        let namespace = self.tree.node(id).namespace.as_str();
        if namespace.is_empty() {
            return Ok(None);
        }
        let place = PREFIXES.iter().position(|(known, _)| *known == namespace);
        place.map(Some).ok_or_else(|| self.fault(id, "expected a namespace that has a prefix of its own"))
    }

    fn name(&mut self, id: NodeId) -> Result<(), Refusal> {
        if let Some((_, prefix)) = self.prefix(id)?.and_then(|place| PREFIXES.get(place)) {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(self.tree.node(id).name.as_str());
        Ok(())
    }

    fn value(&mut self, id: NodeId, value: &Value<'_>, within: Within) -> Result<(), Refusal> {
        let written = match value {
            Value::Empty => Ok(()),
            Value::Text(text) => return self.escaped(id, text, within),
            Value::Number(number, _) => write!(self.out, "{number}"),
            Value::Time(time) => write!(self.out, "{time}"),
            Value::Flag(flag) => write!(self.out, "{flag}"),
        };
        written.map_err(|_| self.fault(id, "expected a value that can be written"))
    }

    fn escaped(&mut self, id: NodeId, text: &str, within: Within) -> Result<(), Refusal> {
        let mut from = 0_usize;
        for (at, c) in text.char_indices() {
            let escape = match (c, within) {
                ('&', _) => "&amp;",
                ('<', _) => "&lt;",
                ('>', Within::Text) => "&gt;",
                ('"', Within::Attribute) => "&quot;",
                ('\r', _) => "&#13;",
                ('\n', Within::Attribute) => "&#10;",
                ('\t', Within::Attribute) => "&#9;",
                ('\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}', _) => continue,
                _ => return Err(self.fault(id, "expected characters of XML 1.0 in a replacement")),
            };
            self.out.push_str(text.get(from..at).unwrap_or(""));
            self.out.push_str(escape);
            from = at.saturating_add(c.len_utf8());
        }
        self.out.push_str(text.get(from..).unwrap_or(""));
        Ok(())
    }

    fn fault(&self, id: NodeId, detail: &str) -> Refusal {
        Refusal::new(Reason::FaultInternal, detail).on(self.tree.path(id))
    }
}

/// No namespace is none, and not an empty one: two empty texts are dear to compare.
fn order<'n>(namespace: &'n str, name: &'n str) -> (usize, Option<&'n str>, &'n str) {
    let place = FIRST.iter().position(|first| *first == name && namespace.is_empty()).unwrap_or(FIRST.len());
    (place, Some(namespace).filter(|namespace| !namespace.is_empty()), name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;
    use crate::format::syntax::xml::{Cdata, Comments, Options, read_tree};
    use crate::normal::Edit;

    fn rewritten(text: &str, edit: impl Fn(&Tree<'_>, &mut Edits)) -> Result<String, Refusal> {
        let options = Options { comments: Comments::Allow, cdata: Cdata::Allow, depth_max: 64 };
        let tree = read_tree(text, options, &mut Budget::for_body(text.len())).unwrap();
        let mut edits = Edits::default();
        edit(&tree, &mut edits);
        let out = String::from_utf8(write(&tree, &edits)?).unwrap();
        Ok(out.strip_prefix(DECLARATION).unwrap().to_owned())
    }

    fn plain(text: &str) -> String {
        rewritten(text, |_, _| {}).unwrap()
    }

    fn edit(edits: &mut Edits, tree: &Tree<'_>, node: NodeId, change: Change) {
        edits.add(Edit { node, path: tree.path(node), action: "replace", rule: "test".into(), change });
    }

    #[test]
    fn one_tree_has_one_spelling() {
        assert_eq!(plain("<a></a>"), "<a/>");
        assert_eq!(plain(" <a   x = '1'\n y='2' ><!-- c --> <b / ></a >".replace("/ >", "/>").as_str()), "<a x=\"1\" y=\"2\"><b/></a>");
        assert_eq!(plain("<a z='1' uid='u' b='2' version='2.0'/>"), "<a version=\"2.0\" uid=\"u\" b=\"2\" z=\"1\"/>");
        assert_eq!(plain("<a><![CDATA[1 < 2 & 3]]></a>"), "<a>1 &lt; 2 &amp; 3</a>");
    }

    #[test]
    fn escapes_are_the_fewest_that_read_back() {
        assert_eq!(
            plain("<a x='&quot;&apos;&#9;&#10;&#13;&gt;'>&gt;&quot;&apos;&#13;\n\t</a>"),
            "<a x=\"&quot;'&#9;&#10;&#13;>\">&gt;\"'&#13;\n\t</a>"
        );
    }

    #[test]
    fn namespaces_have_fixed_prefixes_declared_where_first_used() {
        let label = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0";
        let text = format!("<e xmlns:q='{label}' xmlns='' xmlns:u='urn:unused'><q:l xml:lang='en'><q:m/></q:l><l xmlns='{label}'/></e>");
        let expected = format!("<e><slab:l xmlns:slab=\"{label}\" xml:lang=\"en\"><slab:m/></slab:l><slab:l xmlns:slab=\"{label}\"/></e>");
        assert_eq!(plain(&text), expected);
        let refusal = rewritten("<e xmlns='urn:other'/>", |_, _| {}).unwrap_err();
        assert_eq!(refusal.reason, Reason::FaultInternal);
    }

    #[test]
    fn removed_nodes_are_left_out_with_all_below_and_replaced_values_are_escaped() {
        let text = "<a x='1' y='2'>t<!-- no --></a>".replace("<!-- no -->", "");
        let out = rewritten(&text, |tree, edits| {
            let (x, _) = tree.attribute(NodeId::ROOT, "x").unwrap();
            let (y, _) = tree.attribute(NodeId::ROOT, "y").unwrap();
            edit(edits, tree, x, Change::Remove);
            edit(edits, tree, y, Change::Replace(Value::Text("<\"&".into())));
        });
        assert_eq!(out.unwrap(), "<a y=\"&lt;&quot;&amp;\">t</a>");
        let out = rewritten("<a><b><c d='1'/></b><e/></a>", |tree, edits| {
            let (b, _) = tree.element(NodeId::ROOT, "b").unwrap();
            edit(edits, tree, b, Change::Remove);
        });
        assert_eq!(out.unwrap(), "<a><e/></a>");
    }

    #[test]
    fn a_text_that_is_replaced_by_nothing_leaves_an_empty_element() {
        let out = |text: &str| {
            rewritten(text, |tree, edits| {
                let (node, _) = tree.all().find(|(_, node)| node.kind == Kind::Text).unwrap();
                edit(edits, tree, node, Change::Replace(Value::Text("".into())));
            })
        };
        assert_eq!(out("<a>t</a>").unwrap(), "<a/>");
        assert_eq!(out("<a>t<b/>u</a>").unwrap(), "<a><b/>u</a>");
    }

    #[test]
    fn edits_that_cannot_be_written_are_faults_and_never_ignored() {
        let refused = |change: Change| {
            let out = rewritten("<a><b/></a>", |tree, edits| {
                let (b, _) = tree.element(NodeId::ROOT, "b").unwrap();
                edit(edits, tree, b, change.clone());
            });
            out.unwrap_err().reason
        };
        assert_eq!(refused(Change::Replace(Value::Text("x".into()))), Reason::FaultInternal);
        let out = rewritten("<a x='1'/>", |tree, edits| {
            let (x, _) = tree.attribute(NodeId::ROOT, "x").unwrap();
            edit(edits, tree, x, Change::Replace(Value::Text("\u{1}".into())));
        });
        assert_eq!(out.unwrap_err().reason, Reason::FaultInternal);
        let out = rewritten("<a x='1'/>", |tree, edits| edit(edits, tree, NodeId::ROOT, Change::Remove));
        assert_eq!(out.unwrap_err().reason, Reason::FaultInternal, "a message is never removed whole by an edit");
    }
}
