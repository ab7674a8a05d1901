//! The normal form of JSON: one for all formats that are spelt in it.
//!
//! An object is an element; a member with a scalar is an attribute of it; a member with an object is an element of the member's name; each
//! item of a member with a list is an element of the member's name in the namespace [`ARRAY`], a scalar item with one text in it.
//! Attributes stand in byte order of their names, then elements in byte order of theirs, then items in their order.

use std::borrow::Cow;

use crate::base::{Budget, Reason, Refusal, Span};
use crate::normal::{Tree, TreeBuilder, Value};

use super::{Content, Json, Member, Object};

/// The namespace of an element that is an item of a list, so that a list of one item stays a list.
pub const ARRAY: &str = "array";

/// Bytes of a key at most: 128. Keys of STIX have up to 58 (the id of an extension); keys stand in the path of every finding and edit.
const KEY_BYTES_MAX: usize = 128;

/// What `null` and a list without items mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// Nothing that may be said: `malformed.json.empty`.
    Refuse,
    /// That the member is absent.
    Absent,
}

/// The normal form of a document whose value is an object, under the name that the format gives to its root.
///
/// # Errors
/// `malformed.json.key` for a key that is no name, `malformed.json.empty` for what has no place in the normal form, `size.*`.
pub fn tree<'a>(name: &'static str, document: Json<'a>, nothing: Nothing, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let span = document.span;
    let Content::Object(object) = document.content else {
        return Err(Refusal::at(Reason::MalformedJsonEmpty, span, "expected an object"));
    };
    let (nodes, values) = members(&object);
    let mut form = Form { tree: TreeBuilder::with_room(nodes, values), nothing, budget };
    form.element("", name, object, span)?;
    form.tree.finish().ok_or_else(|| Refusal::new(Reason::MalformedJsonEmpty, "expected one object"))
}

/// Nodes of an object at most, and values among them: exact, but for members that are absent. Room that is not grown is not copied.
fn members(object: &Object<'_>) -> (usize, usize) {
    object.members().iter().map(|member| nodes(&member.value)).fold((1, 0), both)
}

fn nodes(value: &Json<'_>) -> (usize, usize) {
    match &value.content {
        Content::Object(object) => members(object),
        // An item that is a scalar is an element and its text.
        Content::List(items) => items.iter().map(|item| both(nodes(item), (usize::from(item.object().is_none()), 0))).fold((0, 0), both),
        _ => (1, 1),
    }
}

const fn both(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0.saturating_add(b.0), a.1.saturating_add(b.1))
}

struct Form<'a, 'b> {
    tree: TreeBuilder<'a>,
    nothing: Nothing,
    budget: &'b mut Budget,
}

impl<'a> Form<'a, '_> {
    fn element(&mut self, namespace: &'static str, name: &'a str, object: Object<'a>, span: Span) -> Result<(), Refusal> {
        self.tree.open(namespace, name, span.range().start, self.budget)?;
        let mut nested = Vec::new();
        for Member { key, key_span, value } in object.members {
            let name = name_of(key, key_span)?;
            match scalar(value.content) {
                Ok(scalar) => {
                    self.tree.attribute("", name, scalar, value.span, self.budget)?;
                }
                Err(content) => nested.push((name, Json { content, span: value.span })),
            }
        }
        for (name, value) in nested {
            self.nested(name, value)?;
        }
        self.tree.close(span.range().end);
        Ok(())
    }

    /// A member that is no scalar.
    fn nested(&mut self, name: &'a str, value: Json<'a>) -> Result<(), Refusal> {
        let empty = |detail| Err(Refusal::at(Reason::MalformedJsonEmpty, value.span, detail));
        match value.content {
            Content::Object(object) => self.element("", name, object, value.span),
            Content::List(items) if !items.is_empty() => items.into_iter().try_for_each(|item| self.item(name, item)),
            _ if self.nothing == Nothing::Absent => Ok(()),
            Content::List(_) => empty("expected at least one item"),
            _ => empty("expected a value, or no member"),
        }
    }

    fn item(&mut self, name: &'a str, item: Json<'a>) -> Result<(), Refusal> {
        let Json { content, span } = item;
        match scalar(content) {
            Ok(scalar) if !scalar.text().trim().is_empty() => {
                self.tree.open(ARRAY, name, span.range().start, self.budget)?;
                self.tree.text(scalar, span, self.budget)?;
                self.tree.close(span.range().end);
                Ok(())
            }
            Err(Content::Object(object)) => self.element(ARRAY, name, object, span),
            Ok(_) => Err(Refusal::at(Reason::MalformedJsonEmpty, span, "expected an item that says something")),
            Err(_) => Err(Refusal::at(Reason::MalformedJsonEmpty, span, "expected an object or a scalar as an item")),
        }
    }
}

/// The value of a scalar; what is none is given back.
fn scalar(content: Content<'_>) -> Result<Value<'_>, Content<'_>> {
    match content {
        Content::Flag(flag) => Ok(Value::Flag(flag)),
        Content::Number(number, unit) => Ok(Value::Number(number, unit)),
        Content::Text(text) => Ok(Value::Text(text)),
        Content::Time(time) => Ok(Value::Time(time)),
        other => Err(other),
    }
}

/// The key as a name of the tree. A key with escapes is refused: names that rules speak of have one spelling.
fn name_of(key: Cow<'_, str>, span: Span) -> Result<&str, Refusal> {
    match key {
        Cow::Borrowed(name) if is_name(name) => Ok(name),
        _ => Err(Refusal::at(Reason::MalformedJsonKey, span, "expected a key of 1 to 128 letters, digits and `_ . : -`, without escapes")),
    }
}

fn is_name(key: &str) -> bool {
    (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::syntax::json::read;
    use crate::normal::Kind;

    fn form(text: &str, nothing: Nothing) -> Result<Vec<String>, &'static str> {
        let mut budget = Budget::for_body(text.len());
        let document = read(text.as_bytes(), &mut budget).unwrap();
        let tree = tree("doc", document, nothing, &mut budget).map_err(|refusal| refusal.reason.code())?;
        let line = |(id, node): (_, crate::normal::Node<'_, '_>)| {
            let text = if node.kind == Kind::Text { " text" } else { "" };
            format!("{}{}{text}={}", tree.path(id), if node.namespace == ARRAY { " item" } else { "" }, node.value.text())
        };
        Ok(tree.all().map(line).collect())
    }

    #[test]
    fn attributes_stand_first_then_elements_then_items_in_their_order() {
        let lines = form(r#"{"z":1,"list":["b","a"],"inner":{"x":true},"a":"t","things":[{"n":1}]}"#, Nothing::Refuse).unwrap();
        assert_eq!(
            lines,
            [
                "/doc=",
                "/doc/@a=t",
                "/doc/@z=1",
                "/doc/inner=",
                "/doc/inner/@x=true",
                "/doc/list[1] item=",
                "/doc/list[1] text=b",
                "/doc/list[2] item=",
                "/doc/list[2] text=a",
                "/doc/things item=",
                "/doc/things/@n=1"
            ]
        );
    }

    #[test]
    fn what_has_no_place_in_the_normal_form_is_refused_or_absent() {
        for text in [r#"{"a":null}"#, r#"{"a":[]}"#] {
            assert_eq!(form(text, Nothing::Refuse), Err("malformed.json.empty"), "{text}");
            assert_eq!(form(text, Nothing::Absent).unwrap(), ["/doc="], "{text}");
        }
        for text in ["[]", "1", r#"{"a":[[1]]}"#, r#"{"a":[""]}"#, r#"{"a":["x"," "]}"#, r#"{"a":[null]}"#] {
            assert_eq!(form(text, Nothing::Absent), Err("malformed.json.empty"), "{text}");
        }
    }

    #[test]
    fn keys_are_names_with_one_spelling() {
        for text in [r#"{"":1}"#, r#"{"a b":1}"#, r#"{"\u0061":1}"#, r#"{"é":1}"#, &format!("{{\"{}\":1}}", "k".repeat(129))] {
            assert_eq!(form(text, Nothing::Refuse), Err("malformed.json.key"), "{text}");
        }
        assert!(form(&format!("{{\"a.b:c-d_E{}\":1}}", "k".repeat(118)), Nothing::Refuse).is_ok());
    }
}
