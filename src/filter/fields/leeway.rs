//! What a profile leaves open in each field of a message that it lets pass: the rows, read as a measure and not as a judgement.
//!
//! Takes a tree that leaves, gives for each field what its row allows there. Deliberately absent: what the format's own reader allows beside the row,
//! which is narrower or the same.

use super::trie::State;
use super::value::Check;
use super::{Fields, Row};
use crate::base::Decimal;
use crate::normal::{Kind, NodeId, PathPattern, Tree, Value};

/// Bytes of a text whose form is tried place by place: 128; a longer one counts as free.
const FORM_BYTES_MAX: usize = 128;
/// What people write: a row that takes this holds free text, whatever form it states.
const SENTENCE: &str = "Move at 06:00 (tomorrow), then wait; reply?";

/// What a field's row leaves open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Leeway {
    /// One of a closed set: so many bits.
    Closed(f64),
    /// Free text of this length: so many bits.
    Text(f64),
    /// Text in a form that the row states: so many bits, by what the form takes at each place.
    Form(f64),
    /// A number between these.
    Number(Option<Decimal>, Option<Decimal>),
    /// A point in time.
    Time,
    /// Below this element so many fields that the profile lists may stand or not.
    Presence(u32),
}

/// What all steps of a walk share.
struct Walk<'w, 'a> {
    tree: &'w Tree<'a>,
    /// Roots of messages of other formats, in document order.
    apart: &'w [NodeId],
    required: &'w [PathPattern],
    found: Vec<(NodeId, Leeway)>,
}

impl Fields {
    /// What the profile leaves open in `top` and below it, but for what is below the nodes of `apart`. What the format requires is never optional.
    pub(in crate::filter) fn leeway(&self, tree: &Tree<'_>, top: NodeId, apart: &[NodeId], required: &[PathPattern]) -> Vec<(NodeId, Leeway)> {
        let name = tree.node(top).name.as_str();
        let mut walk = Walk { tree, apart, required, found: Vec::new() };
        self.measure(top, &self.trie.start(name), &mut vec![name.to_owned()], &mut walk);
        walk.found
    }

    /// Recursion is as deep as the tree, which `TreeBuilder::DEPTH_MAX` bounds.
    fn measure(&self, id: NodeId, state: &State, steps: &mut Vec<String>, walk: &mut Walk<'_, '_>) {
        let tree = walk.tree;
        let row = self.trie.row(state).and_then(|at| self.rows.get(at));
        if tree.node(id).kind == Kind::Attribute {
            walk.found.push((id, of(row, tree.node(id).value)));
            return;
        }
        match self.optional(state, steps, walk.required) {
            0 => {}
            count => walk.found.push((id, Leeway::Presence(count))),
        }
        for (child, node) in tree.children(id).filter(|(child, _)| walk.apart.binary_search(child).is_err()) {
            let (next, step) = match node.kind {
                Kind::Text => {
                    walk.found.push((child, of(row, node.value)));
                    continue;
                }
                Kind::Element => (self.trie.element(state, node.name.as_str()), node.name.as_str().to_owned()),
                Kind::Attribute => (self.trie.attribute(state, node.name.as_str()), format!("@{}", node.name)),
            };
            steps.push(step);
            self.measure(child, &next, steps, walk);
            steps.pop();
        }
    }

    /// How many fields the profile lists here by name, lets pass, and the format does not require.
    fn optional(&self, state: &State, steps: &[String], required: &[PathPattern]) -> u32 {
        let passes = |step: &&str| {
            let next = match step.strip_prefix('@') {
                Some(name) => self.trie.attribute(state, name),
                None => self.trie.element(state, step),
            };
            match self.trie.row(&next).and_then(|at| self.rows.get(at)) {
                Some(row) => row.forbid.is_none(),
                None => self.trie.is_on_the_way(&next),
            }
        };
        let stands =
            |step: &&str| required.iter().any(|path| path.steps().iter().map(String::as_str).eq(steps.iter().map(String::as_str).chain([*step])));
        let listed = self.trie.listed(state);
        u32::try_from(listed.iter().map(String::as_str).filter(|step| passes(step) && !stands(step)).count()).unwrap_or(u32::MAX)
    }
}

/// What a row leaves open in a value; without a row the value is the sender's.
fn of(row: Option<&Row>, value: &Value<'_>) -> Leeway {
    let bounds = |check: Option<&Check>| match check {
        Some(Check::Number { min, max }) => (*min, *max),
        _ => (None, None),
    };
    let check = row.map(|row| &row.check);
    match (value, check) {
        (Value::Flag(_), _) => Leeway::Closed(1.0),
        (_, Some(Check::OneOf(values))) => Leeway::Closed(log2(values.len())),
        (Value::Empty, _) => Leeway::Closed(0.0),
        (Value::Number(..), check) | (_, check @ Some(Check::Number { .. })) => {
            let (least, most) = bounds(check);
            Leeway::Number(least, most)
        }
        (Value::Time(_), _) | (_, Some(Check::Time)) => Leeway::Time,
        (Value::Text(text), Some(check @ Check::Text { pattern: Some(_), .. })) if check.text(SENTENCE).is_some() => form(check, text),
        (Value::Text(text), _) => Leeway::Text(bytes(text)),
    }
}

/// Place by place: how many characters of ASCII could stand there so that the form still takes the whole.
fn form(check: &Check, text: &str) -> Leeway {
    if text.len() > FORM_BYTES_MAX || !text.is_ascii() {
        return Leeway::Form(bytes(text));
    }
    let places = text.char_indices().map(|(at, _)| {
        let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        let after = rest.get(1..).unwrap_or_default();
        let fits = |c: &char| check.text(&format!("{before}{c}{after}")).is_none();
        log2((' '..='~').filter(fits).count())
    });
    Leeway::Form(places.sum())
}

fn bytes(text: &str) -> f64 {
    8.0 * f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX))
}

fn log2(count: usize) -> f64 {
    f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX)).log2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::FieldType;

    fn check(pattern: Option<&str>) -> Check {
        Check::compile(&FieldType::Text { length_max: 64, pattern: pattern.map(str::to_owned) }).unwrap()
    }

    fn measured(pattern: &str, text: &str) -> Leeway {
        form(&check(Some(pattern)), text)
    }

    #[test]
    fn a_form_leaves_at_each_place_what_it_takes_there() {
        assert_eq!(measured("[a-d]-[01]", "b-0"), Leeway::Form(2.0 + 1.0));
        assert_eq!(measured("[0-9A-F]{4}", "00FF"), Leeway::Form(16.0));
        assert_eq!(measured("fixed", "fixed"), Leeway::Form(0.0));
        assert_eq!(measured("[A-Z]{200}", &"A".repeat(200)), Leeway::Form(1600.0));
    }

    #[test]
    fn a_form_that_takes_a_sentence_is_no_form() {
        assert!(check(Some("[A-Za-z0-9_:. ]+")).text(SENTENCE).is_some());
        assert!(check(Some(".*")).text(SENTENCE).is_none());
        assert!(check(None).text(SENTENCE).is_none());
    }
}
