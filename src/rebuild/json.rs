//! The writer of canonical JSON.
//!
//! One spelling for one tree (after RFC 8785): members in byte order of their names, no white space, the fewest escapes, and those in lower
//! case; numbers and times as the normal form spells them. Items of one list are the elements of one name in the namespace `array`.

use std::fmt::Write;

use crate::base::{Reason, Refusal};
use crate::format::syntax::json::ARRAY;
use crate::normal::{Change, Edits, Kind, NodeId, Tree, Value};

/// Writes the document.
pub(super) fn write(tree: &Tree<'_>, edits: &Edits) -> Result<Vec<u8>, Refusal> {
    let size = usize::try_from(tree.node(NodeId::ROOT).span.bytes()).unwrap_or(0);
    let mut out = Writer { tree, edits, out: String::with_capacity(size.saturating_add(size / 8)) };
    out.object(NodeId::ROOT)?;
    Ok(out.out.into_bytes())
}

struct Writer<'t, 'a> {
    tree: &'t Tree<'a>,
    edits: &'t Edits,
    out: String,
}

impl Writer<'_, '_> {
    fn object(&mut self, id: NodeId) -> Result<(), Refusal> {
        let tree = self.tree;
        let mut children: Vec<(NodeId, &str)> =
            tree.children(id).filter(|(child, _)| !self.removed(*child)).map(|(child, node)| (child, node.name.as_str())).collect();
        // The sort is stable, so the items of a list keep their order.
        children.sort_by_key(|(_, name)| *name);
        self.out.push('{');
        for (at, members) in children.chunk_by(|(_, a), (_, b)| a == b).enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.member(members)?;
        }
        self.out.push('}');
        Ok(())
    }

    /// One member: a single node, or the items of one list.
    fn member(&mut self, nodes: &[(NodeId, &str)]) -> Result<(), Refusal> {
        let Some(&(first, name)) = nodes.first() else { return Ok(()) };
        let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b));
        if !named {
            return Err(self.fault(first, "expected a member with a name of JSON"));
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        let items = nodes.iter().filter(|(id, _)| self.is_item(*id)).count();
        match nodes {
            [(only, _)] if items == 0 => self.value(*only),
            _ if items == nodes.len() => {
                for (at, (item, _)) in nodes.iter().enumerate() {
                    self.out.push(if at == 0 { '[' } else { ',' });
                    self.value(*item)?;
                }
                self.out.push(']');
                Ok(())
            }
            _ => Err(self.fault(first, "expected one member of a name")),
        }
    }

    fn value(&mut self, id: NodeId) -> Result<(), Refusal> {
        let tree = self.tree;
        if tree.node(id).kind == Kind::Attribute {
            return self.scalar(id);
        }
        if self.edits.of(id).is_some() {
            return Err(self.fault(id, "expected no edit of an element but its removal from a parent"));
        }
        let text = tree.children(id).find(|(_, node)| node.kind == Kind::Text);
        match text {
            None => self.object(id),
            Some((text, _)) if self.is_item(id) && !self.removed(text) => self.scalar(text),
            Some(_) => Err(self.fault(id, "expected text only as an item of a list, and gone only together with it")),
        }
    }

    /// The value of an attribute or text, or the one that an edit gives it.
    fn scalar(&mut self, id: NodeId) -> Result<(), Refusal> {
        let tree = self.tree;
        let value = match self.edits.of(id).map(|edit| &edit.change) {
            Some(Change::Replace(value)) => value,
            _ => tree.node(id).value,
        };
        let written = match value {
            Value::Text(text) => {
                quoted(&mut self.out, text);
                Ok(())
            }
            Value::Number(number, _) => write!(self.out, "{number}"),
            Value::Time(time) => write!(self.out, "\"{time}\""),
            Value::Flag(flag) => write!(self.out, "{flag}"),
            Value::Empty => Err(std::fmt::Error),
        };
        written.map_err(|_| self.fault(id, "expected a value that can be written"))
    }

    fn is_item(&self, id: NodeId) -> bool {
        let node = self.tree.node(id);
        node.kind == Kind::Element && node.namespace == ARRAY
    }

    fn removed(&self, id: NodeId) -> bool {
        self.edits.of(id).is_some_and(|edit| edit.change == Change::Remove)
    }

    fn fault(&self, id: NodeId, detail: &str) -> Refusal {
        Refusal::new(Reason::FaultInternal, detail).on(self.tree.path(id))
    }
}

/// A text in quotes with the fewest escapes.
// SPEC: RFC 8785, 3.2.2.2.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0_usize;
    for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| *byte < b' ' || matches!(byte, b'"' | b'\\')) {
        out.push_str(text.get(from..at).unwrap_or(""));
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x8 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0xc => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            other => out.push_str(&format!("\\u{other:04x}")),
        }
        from = at.saturating_add(1);
    }
    out.push_str(text.get(from..).unwrap_or(""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Budget, Decimal};
    use crate::format::syntax::json::{Nothing, read, tree};
    use crate::normal::{Edit, Unit};

    fn rewritten(text: &str, edit: impl Fn(&Tree<'_>, &mut Edits)) -> Result<String, Refusal> {
        let mut budget = Budget::for_body(text.len());
        let document = read(text.as_bytes(), &mut budget).unwrap();
        let tree = tree("doc", document, Nothing::Refuse, &mut budget).unwrap();
        let mut edits = Edits::default();
        edit(&tree, &mut edits);
        Ok(String::from_utf8(write(&tree, &edits)?).unwrap())
    }

    fn at(tree: &Tree<'_>, path: &str) -> NodeId {
        tree.all().find(|(id, node)| tree.path(*id) == path && node.kind != Kind::Text).unwrap().0
    }

    fn edit(edits: &mut Edits, tree: &Tree<'_>, node: NodeId, change: Change) {
        edits.add(Edit { node, path: tree.path(node), action: "replace", rule: "test".into(), change });
    }

    #[test]
    fn one_document_has_one_spelling() {
        let text = " { \"b\" : [ 1.50 , { } , \"x\" ] , \"a\" : { \"z\" : true , \"B\" : 1e2 } , \"a1\" : \"\\u00e9\\/\\u001F\\n\\\"\\\\\\u007f\" } ";
        assert_eq!(rewritten(text, |_, _| {}).unwrap(), "{\"a\":{\"B\":100,\"z\":true},\"a1\":\"é/\\u001f\\n\\\"\\\\\u{7f}\",\"b\":[1.5,{},\"x\"]}");
        assert_eq!(rewritten("{}", |_, _| {}).unwrap(), "{}");
    }

    #[test]
    fn a_list_loses_removed_items_and_goes_with_its_last() {
        let text = r#"{"a":[{"x":1},{"x":2}],"b":["c","d"],"e":1}"#;
        let out = rewritten(text, |tree, edits| {
            for path in ["/doc/a[1]", "/doc/b[1]", "/doc/b[2]"] {
                edit(edits, tree, at(tree, path), Change::Remove);
            }
            let number = Value::Number(Decimal::whole(7), Unit::One);
            edit(edits, tree, at(tree, "/doc/a[2]"), Change::Replace(number.clone()));
            edit(edits, tree, at(tree, "/doc/a[2]/@x"), Change::Replace(Value::Text("\"".into())));
        });
        assert!(out.is_err(), "an element is not replaced");
        let out = rewritten(text, |tree, edits| {
            for path in ["/doc/a[1]", "/doc/b[1]", "/doc/b[2]", "/doc/@e"] {
                edit(edits, tree, at(tree, path), Change::Remove);
            }
            edit(edits, tree, at(tree, "/doc/a[2]/@x"), Change::Replace(Value::Text("\"".into())));
        });
        assert_eq!(out.unwrap(), r#"{"a":[{"x":"\""}]}"#);
    }

    #[test]
    fn what_json_cannot_say_is_a_fault() {
        let out = rewritten(r#"{"b":["c"]}"#, |tree, edits| {
            let text = tree.all().find(|(_, node)| node.kind == Kind::Text).unwrap().0;
            edit(edits, tree, text, Change::Remove);
        });
        assert_eq!(out.unwrap_err().reason, Reason::FaultInternal);
        let out = rewritten(r#"{"b":1}"#, |tree, edits| edit(edits, tree, at(tree, "/doc/@b"), Change::Replace(Value::Empty)));
        assert_eq!(out.unwrap_err().reason, Reason::FaultInternal);
    }
}
