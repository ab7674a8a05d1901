//! The normal form of a message that was cut into its parts.

use std::borrow::Cow;

use super::header::Header;
use super::read::Message;
use super::words::marked;
use crate::base::{Budget, Reason, Refusal};
use crate::format::syntax::slash::{Field, Line, Set, Shape, joined};
use crate::normal::{Tree, TreeBuilder, Value};

/// Nodes of a header at most, but for long lists of addressees: 64.
const NODES_OF_HEADER: usize = 64;

/// About the nodes of the sets on these lines, and the values among them: room that need not grow is not copied.
fn room<'a>(lines: &[Line<'_>]) -> TreeBuilder<'a> {
    let (mut elements, mut values) = (NODES_OF_HEADER, NODES_OF_HEADER);
    for line in lines {
        let slashes = memchr::memchr_iter(b'/', line.text.as_bytes()).count();
        let fields = slashes.saturating_sub(if line.text.ends_with("//") { 2 } else { 0 });
        let described = memchr::memchr_iter(b':', line.text.as_bytes()).count();
        // Each field has a text, and each line that begins with one may be a row; the others begin sets.
        elements = elements.saturating_add(fields).saturating_add(usize::from(slashes > 0));
        values = values.saturating_add(fields).saturating_add(described);
    }
    TreeBuilder::with_room(elements.saturating_add(values), values)
}

/// The tree of a message as it grows.
pub(super) struct Out<'a, 'b> {
    whole: &'a str,
    tree: TreeBuilder<'a>,
    budget: &'b mut Budget,
    /// Where the last set ends.
    end: usize,
}

impl<'a, 'b> Out<'a, 'b> {
    /// Begins the tree with all that stands before the sets.
    ///
    /// # Errors
    /// `size.*`.
    pub(super) fn begin(whole: &'a str, message: &Message<'a>, sets: &[Line<'a>], budget: &'b mut Budget) -> Result<Self, Refusal> {
        let mut out = Out { whole, tree: room(sets), budget, end: 0 };
        out.tree.open("", "mtf", 0, out.budget)?;
        if let Some(number) = message.number {
            out.attribute("number", number)?;
        }
        if let Some((header, bt)) = &message.header {
            out.header(header, *bt)?;
        }
        out.text(message, sets)?;
        Ok(out)
    }

    /// Ends the tree.
    ///
    /// # Errors
    /// `fault.internal`.
    pub(super) fn finish(mut self) -> Result<Tree<'a>, Refusal> {
        self.tree.close(self.end);
        self.tree.close(self.whole.len());
        self.tree.finish().ok_or_else(|| Refusal::new(Reason::FaultInternal, "expected a finished tree"))
    }

    fn attribute(&mut self, name: &'a str, line: Line<'a>) -> Result<(), Refusal> {
        self.tree.attribute("", name, Value::Text(line.text.into()), line.span(), self.budget).map(drop)
    }

    /// The text of the open element, where there is one.
    fn content(&mut self, line: Line<'a>) -> Result<(), Refusal> {
        match line.text.is_empty() {
            true => Ok(()),
            false => self.tree.text(Value::Text(line.text.into()), line.span(), self.budget).map(drop),
        }
    }

    fn element(&mut self, name: &'a str, line: Line<'a>) -> Result<(), Refusal> {
        self.tree.open("", name, line.start, self.budget)?;
        self.content(line)?;
        self.tree.close(line.end());
        Ok(())
    }

    fn header(&mut self, header: &Header<'a>, bt: Line<'a>) -> Result<(), Refusal> {
        self.tree.open("", "header", 0, self.budget)?;
        header.banner.map_or(Ok(()), |line| self.element("banner", line))?;
        header.transmission.map_or(Ok(()), |line| self.element("transmission", line))?;
        self.routing(header)?;
        header.calling.map_or(Ok(()), |line| self.element("calling", line))?;
        if let Some(security) = &header.security {
            self.tree.open("", "security", security.line.start, self.budget)?;
            self.attribute("circuit", security.circuit)?;
            self.attribute("classification", security.classification)?;
            self.content(security.signals)?;
            self.tree.close(security.line.end());
        }
        if let Some(time) = &header.time {
            self.tree.open("", "time", time.line.start, self.budget)?;
            self.attribute("action", time.action)?;
            time.info.map_or(Ok(()), |line| self.attribute("info", line))?;
            self.attribute("dtg", time.dtg)?;
            self.content(time.signals)?;
            self.tree.close(time.line.end());
        }
        header.from.map_or(Ok(()), |line| self.element("from", line))?;
        for (name, lines) in [("to", &header.to), ("info", &header.info), ("exempt", &header.exempt)] {
            lines.iter().try_for_each(|line| self.element(name, *line))?;
        }
        header.accounting.map_or(Ok(()), |line| self.element("accounting", line))?;
        self.tree.close(bt.end());
        Ok(())
    }

    fn routing(&mut self, header: &Header<'a>) -> Result<(), Refusal> {
        let Some(routing) = &header.routing else { return Ok(()) };
        self.tree.open("", "routing", routing.line.start, self.budget)?;
        self.attribute("precedence", routing.precedence)?;
        self.attribute("media", routing.media)?;
        self.attribute("classification", routing.classification)?;
        self.attribute("content", routing.content)?;
        self.attribute("station", routing.station)?;
        self.attribute("number", routing.number)?;
        self.attribute("filed", routing.filed)?;
        routing.to.iter().try_for_each(|line| self.element("to", *line))?;
        self.tree.close(routing.line.end());
        Ok(())
    }

    /// Opens the text, with what stands before its first set.
    fn text(&mut self, message: &Message<'a>, sets: &[Line<'a>]) -> Result<(), Refusal> {
        let first = sets.iter().find(|line| !line.text.is_empty()).map_or(0, |line| line.start);
        let start = message.classification.as_ref().map_or(first, |(_, line)| line.start);
        self.end = start;
        self.tree.open("", "text", start, self.budget)?;
        if let Some((text, line)) = &message.classification {
            self.tree.attribute("", "classification", Value::Text(text.clone()), line.span(), self.budget)?;
        }
        message.file.map_or(Ok(()), |line| self.attribute("file", line))?;
        for line in &message.before {
            self.element(if line.text.starts_with("SIC ") { "sic" } else { "line" }, *line)?;
        }
        Ok(())
    }

    /// Takes over one set, which ends with the line `last`.
    ///
    /// # Errors
    /// `size.*`.
    pub(super) fn set(&mut self, id: Line<'a>, last: Line<'a>, set: &mut Set<'a>) -> Result<(), Refusal> {
        self.end = last.end();
        self.tree.open("", id.text, id.start, self.budget)?;
        match set.shape {
            Shape::Linear => set.fields.drain(..).try_for_each(|field| self.field("field", field))?,
            Shape::Columnar => self.columns(set)?,
            Shape::Free => {
                set.fields.drain(..).try_for_each(|subject| self.field("subject", subject))?;
                self.paragraphs(&mut set.lines)?;
            }
        }
        self.tree.close(self.end);
        Ok(())
    }

    fn field(&mut self, name: &'a str, field: Field<'a>) -> Result<(), Refusal> {
        let range = field.whole.range();
        self.tree.open("", name, range.start, self.budget)?;
        field.descriptor.map_or(Ok(()), |line| self.attribute("descriptor", line))?;
        self.tree.text(Value::Text(field.text), field.span, self.budget)?;
        self.tree.close(range.end);
        Ok(())
    }

    fn columns(&mut self, set: &mut Set<'a>) -> Result<(), Refusal> {
        let mut fields = set.fields.drain(..);
        let mut ends = set.ends.iter().copied();
        let titles = ends.next().unwrap_or(0);
        fields.by_ref().take(titles).try_for_each(|title| self.field("title", title))?;
        let mut start = titles;
        for end in ends {
            let mut cells = fields.by_ref().take(end.saturating_sub(start)).peekable();
            start = end;
            let Some(first) = cells.peek() else { continue };
            self.tree.open("", "row", first.whole.range().start, self.budget)?;
            let mut last = 0;
            for cell in cells {
                last = cell.whole.range().end;
                self.field("cell", cell)?;
            }
            self.tree.close(last);
        }
        Ok(())
    }

    /// Free text, cut before each line that has a portion mark.
    fn paragraphs(&mut self, lines: &mut [Line<'a>]) -> Result<(), Refusal> {
        let mut rest = lines;
        while let [first, after @ ..] = &*rest {
            let count = after.iter().position(|line| marked(*line).is_some()).unwrap_or(after.len());
            let mark = marked(*first);
            let (lines, next) = std::mem::take(&mut rest).split_at_mut(count.saturating_add(1));
            rest = next;
            if let (Some(mark), Some(head)) = (mark, lines.first_mut()) {
                *head = mark.rest;
            }
            // The first line of a paragraph begins with a word, so that the space before it means nothing.
            if let Some(line) = lines.iter_mut().find(|line| !line.text.is_empty()) {
                *line = line.trimmed();
            }
            let text = joined(self.whole, lines);
            if mark.is_none() && text.is_none() {
                continue;
            }
            let start = mark.map(|mark| mark.number.unwrap_or(mark.mark).start);
            let end = mark.map_or(0, |mark| mark.rest.start);
            let (from, to) = text.as_ref().map_or((end, end), |(_, span)| (span.range().start, span.range().end));
            self.tree.open("", "paragraph", start.unwrap_or(from), self.budget)?;
            if let Some(mark) = mark {
                mark.number.map_or(Ok(()), |line| self.attribute("number", line))?;
                self.tree.attribute("", "mark", Value::Text(Cow::Owned(mark.words.to_owned())), mark.mark.span(), self.budget)?;
            }
            if let Some((text, span)) = text {
                self.tree.text(Value::Text(text), span, self.budget)?;
            }
            self.tree.close(to.max(end));
        }
        Ok(())
    }
}
