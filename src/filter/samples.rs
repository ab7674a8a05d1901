//! Small trees for tests, written as lists of fields.

use crate::base::{Budget, Decimal, Span, Time};
use crate::normal::{NodeId, Tree, TreeBuilder, Unit, Value};

#[derive(Default)]
struct Element<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    text: Option<&'a str>,
    children: Vec<Element<'a>>,
}

/// A tree with these fields: `/event/@uid=value`, `/event/detail/remarks=text`; a step `+name` begins a new sibling of that name.
/// Values are text, or begin with `lat:`, `lon:`, `m:`, `t:` for typed ones. Spans count on through the values.
pub(crate) fn sample<'a>(fields: &[&'a str]) -> Tree<'a> {
    let mut root = Element::default();
    for field in fields {
        let (path, value) = field.split_once('=').map_or((*field, None), |(path, value)| (path, Some(value)));
        let mut at = &mut root;
        let mut attribute = None;
        for step in path.trim_start_matches('/').split('/') {
            if let Some(name) = step.strip_prefix('@') {
                attribute = Some(name);
                continue;
            }
            let name = step.trim_start_matches('+');
            let present = at.children.iter().rposition(|child| child.name == name).filter(|_| !step.starts_with('+'));
            let place = present.unwrap_or_else(|| {
                at.children.push(Element { name, ..Element::default() });
                at.children.len() - 1
            });
            at = &mut at.children[place];
        }
        match (attribute, value) {
            (Some(name), value) => at.attributes.push((name, value.unwrap_or_default())),
            (None, value) => at.text = value.or(at.text),
        }
    }
    let mut builder = TreeBuilder::with_capacity(16);
    write(&root.children[0], &mut builder, &mut 0);
    builder.finish().unwrap()
}

fn write<'a>(element: &Element<'a>, builder: &mut TreeBuilder<'a>, at: &mut usize) {
    let mut budget = Budget::for_body(0);
    builder.open("", element.name, *at, &mut budget).unwrap();
    *at += 1;
    for (name, value) in &element.attributes {
        builder.attribute("", name, typed(value), place(value, at), &mut budget).unwrap();
    }
    if let Some(text) = element.text {
        builder.text(typed(text), place(text, at), &mut budget).unwrap();
    }
    element.children.iter().for_each(|child| write(child, builder, at));
    builder.close(*at);
}

fn place(value: &str, at: &mut usize) -> Span {
    let start = *at;
    *at += value.len() + 1;
    Span::new(start, start + value.len())
}

fn typed(text: &str) -> Value<'_> {
    let number = |text: &str, unit| Decimal::parse(text).map(|number| Value::Number(number, unit));
    let value = match text.split_once(':') {
        Some(("lat", text)) => number(text, Unit::Latitude),
        Some(("lon", text)) => number(text, Unit::Longitude),
        Some(("m", text)) => number(text, Unit::Metres),
        Some(("t", text)) => Time::parse(text).map(Value::Time),
        _ => None,
    };
    // Drawn texts may begin like typed ones.
    value.unwrap_or_else(|| Value::Text(text.into()))
}

/// The node at `path`, which must stand in the tree; an element's, not its text's.
pub(crate) fn node(tree: &Tree<'_>, path: &str) -> NodeId {
    tree.all().find(|&(id, _)| tree.path(id) == path).unwrap_or_else(|| panic!("no `{path}` in the sample")).0
}
