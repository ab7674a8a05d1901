//! The text of a message: every value of its tree in one reusable buffer, with a map back to nodes and spans.
//!
//! Takes a [`Tree`], gives one string for one scan. Values stand apart by [`APART`], which no message can hold, as U+0000 is no
//! character of any format. Pieces of text of one element that are only split by child elements are joined: a child that is stripped later
//! would join them in what leaves.

use std::fmt::Write as _;
use std::ops::Range;

use crate::base::{Budget, Refusal, Span};
use crate::normal::{Kind, NodeId, Tree, Value};

/// What stands between two values. The line feeds stop `.` of a pattern, the null stops `\s`.
pub(in crate::filter) const APART: &str = "\n\0\n";

/// Which part of a node a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::filter) enum Part {
    /// The value.
    Value,
    /// The name, where the profile does not spell it out.
    Name,
}

/// A piece of the buffer that is one node's.
#[derive(Debug, Clone, Copy)]
pub(in crate::filter) struct Segment {
    /// First byte in the buffer.
    pub(in crate::filter) start: usize,
    /// One past the last byte.
    pub(in crate::filter) end: usize,
    /// The node.
    pub(in crate::filter) node: NodeId,
    /// Which part of it.
    pub(in crate::filter) part: Part,
}

/// Where a match lies in one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::filter) struct Hit {
    /// The node.
    pub(in crate::filter) node: NodeId,
    /// Which part of it.
    pub(in crate::filter) part: Part,
    /// Bytes of that part.
    pub(in crate::filter) range: Range<usize>,
}

impl Hit {
    /// Bytes of the original body: exact for values that stand there letter by letter, else the whole node.
    pub(in crate::filter) fn span(&self, tree: &Tree<'_>) -> Span {
        match self.part {
            Part::Value => tree.span_in(self.node, self.range.clone()),
            Part::Name => tree.node(self.node).span,
        }
    }
}

/// The buffer, kept from message to message so that a scan allocates nothing once it is warm.
#[derive(Debug, Default)]
pub(in crate::filter) struct Text {
    all: String,
    segments: Vec<Segment>,
}

impl Text {
    /// Reads a tree anew; the names of the nodes in `free_names` (in document order) are text too.
    pub(in crate::filter) fn read(&mut self, tree: &Tree<'_>, free_names: &[NodeId], budget: &mut Budget) -> Result<(), Refusal> {
        self.all.clear();
        self.segments.clear();
        for (id, node) in tree.all() {
            if node.kind != Kind::Text && free_names.binary_search(&id).is_ok() {
                self.push(id, Part::Name, |all| all.push_str(node.name.as_str()));
                self.part();
            }
            match node.kind {
                Kind::Attribute => {
                    self.push(id, Part::Value, |all| spell(node.value, all));
                    self.part();
                }
                Kind::Element => {
                    let before = self.segments.len();
                    tree.children(id)
                        .filter(|(_, child)| child.kind == Kind::Text)
                        .for_each(|(child, text)| self.push(child, Part::Value, |all| spell(text.value, all)));
                    if self.segments.len() > before {
                        self.part();
                    }
                }
                Kind::Text => {}
            }
        }
        budget.spend(u64::try_from(self.all.len()).unwrap_or(u64::MAX))
    }

    fn push(&mut self, node: NodeId, part: Part, write: impl FnOnce(&mut String)) {
        let start = self.all.len();
        write(&mut self.all);
        if self.all.len() > start {
            self.segments.push(Segment { start, end: self.all.len(), node, part });
        }
    }

    fn part(&mut self) {
        if !self.all.is_empty() && !self.all.ends_with(APART) {
            self.all.push_str(APART);
        }
    }

    /// The whole buffer.
    pub(in crate::filter) fn all(&self) -> &str {
        &self.all
    }

    /// The pieces, in the order of the buffer.
    pub(in crate::filter) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The text of a piece.
    pub(in crate::filter) fn of(&self, segment: &Segment) -> &str {
        self.all.get(segment.start..segment.end).unwrap_or_default()
    }

    /// Every node that `range` of the buffer touches, each with its share.
    pub(in crate::filter) fn hits(&self, range: Range<usize>) -> impl Iterator<Item = Hit> + '_ {
        let first = self.segments.partition_point(|segment| segment.end <= range.start);
        let touched = self.segments.get(first..).unwrap_or_default().iter();
        touched.take_while(move |segment| segment.start < range.end).map(move |segment| {
            let start = range.start.max(segment.start).saturating_sub(segment.start);
            let end = range.end.min(segment.end).saturating_sub(segment.start);
            Hit { node: segment.node, part: segment.part, range: start..end }
        })
    }
}

fn spell(value: &Value<'_>, all: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = match value {
        Value::Empty => Ok(()),
        Value::Text(text) => all.write_str(text),
        Value::Number(number, _) => write!(all, "{number}"),
        Value::Time(time) => write!(all, "{time}"),
        Value::Flag(flag) => write!(all, "{flag}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::samples::sample;

    #[test]
    fn every_value_stands_apart_and_is_found_again() {
        let tree = sample(&["/event/@uid=one", "/event/detail/remarks=two words", "/event/detail/x/@y=three"]);
        let mut text = Text::default();
        text.read(&tree, &[], &mut Budget::for_body(0)).unwrap();
        assert_eq!(text.all(), format!("one{APART}two words{APART}three{APART}"));
        let at = text.all().find("words").unwrap();
        let hits: Vec<Hit> = text.hits(at..at + 5).collect();
        assert_eq!(hits.len(), 1);
        assert_eq!(tree.path(hits[0].node), "/event/detail/remarks");
        assert_eq!(hits[0].range, 4..9);
    }

    #[test]
    fn a_match_over_two_values_is_reported_on_both_and_separators_belong_to_nobody() {
        let tree = sample(&["/event/@uid=one", "/event/@type=two"]);
        let mut text = Text::default();
        text.read(&tree, &[], &mut Budget::for_body(0)).unwrap();
        let hits: Vec<Range<usize>> = text.hits(1..text.all().len()).map(|hit| hit.range).collect();
        assert_eq!(hits, [1..3, 0..3]);
        assert_eq!(text.hits(3..6).count(), 0);
    }

    #[test]
    fn pieces_of_text_that_a_child_splits_are_joined() {
        let mut budget = Budget::for_body(0);
        let mut builder = crate::normal::TreeBuilder::with_capacity(8);
        builder.open("", "a", 0, &mut budget).unwrap();
        builder.text(Value::Text("SEC".into()), Span::new(3, 6), &mut budget).unwrap();
        builder.open("", "b", 6, &mut budget).unwrap();
        builder.text(Value::Text("inner".into()), Span::new(9, 14), &mut budget).unwrap();
        builder.close(18);
        builder.text(Value::Text("RET".into()), Span::new(18, 21), &mut budget).unwrap();
        builder.close(25);
        let tree = builder.finish().unwrap();
        let mut text = Text::default();
        text.read(&tree, &[], &mut budget).unwrap();
        assert_eq!(text.all(), format!("SECRET{APART}inner{APART}"));
        assert_eq!(text.hits(0..6).map(|hit| hit.span(&tree)).collect::<Vec<_>>(), [Span::new(3, 6), Span::new(18, 21)]);
    }

    #[test]
    fn names_are_text_where_the_profile_does_not_know_them() {
        let tree = sample(&["/event/strange/@odd=v"]);
        let unknown: Vec<NodeId> = tree.all().filter(|(_, node)| node.name != "event").map(|(id, _)| id).collect();
        let mut text = Text::default();
        text.read(&tree, &unknown, &mut Budget::for_body(0)).unwrap();
        assert_eq!(text.all(), format!("strange{APART}odd{APART}v{APART}"));
    }
}
