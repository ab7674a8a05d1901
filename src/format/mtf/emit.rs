//! The normal form of a message that was cut into its parts.

use std::borrow::Cow;

use super::header::Header;
use super::read::Message;
use super::words::marked;
use crate::base::{Budget, Reason, Refusal};
use crate::format::syntax::slash::{Field, Line, Set, joined};
use crate::normal::{Tree, TreeBuilder, Value};

/// Builds the tree.
///
/// # Errors
/// `size.*`.
pub(super) fn tree<'a>(whole: &'a str, message: &Message<'a>, budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let mut out = Out { whole, tree: TreeBuilder::with_capacity(nodes_about(message)), budget };
    out.tree.open("", "mtf", 0, out.budget)?;
    if let Some(number) = message.number {
        out.attribute("number", number)?;
    }
    if let Some((header, bt)) = &message.header {
        out.header(header, *bt)?;
    }
    out.text(message)?;
    out.tree.close(whole.len());
    out.tree.finish().ok_or_else(|| Refusal::new(Reason::FaultInternal, "expected a finished tree"))
}

/// Nodes of a header at most, but for long lists of addressees: 64.
const NODES_OF_HEADER: usize = 64;

/// About the nodes of a message: room that need not grow is not copied.
fn nodes_about(message: &Message<'_>) -> usize {
    let of_fields = |fields: &[Field<'_>]| fields.iter().map(|field| if field.descriptor.is_some() { 3 } else { 2 }).sum::<usize>();
    let of_set = |set: &Set<'_>| match set {
        Set::Linear(fields) => of_fields(fields),
        Set::Columnar(titles, rows) => rows.iter().map(|row| of_fields(row).saturating_add(1)).fold(of_fields(titles), usize::saturating_add),
        // A paragraph has four nodes at most, and is rarely one line.
        Set::Free(_, lines) => lines.len().saturating_add(4),
    };
    message.sets.iter().map(|(_, _, set)| of_set(set).saturating_add(1)).fold(NODES_OF_HEADER, usize::saturating_add)
}

struct Out<'a, 'b> {
    whole: &'a str,
    tree: TreeBuilder<'a>,
    budget: &'b mut Budget,
}

impl<'a> Out<'a, '_> {
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

    fn text(&mut self, message: &Message<'a>) -> Result<(), Refusal> {
        let first = message.sets.first().map_or(0, |(id, _, _)| id.start);
        let start = message.classification.as_ref().map_or(first, |(_, line)| line.start);
        self.tree.open("", "text", start, self.budget)?;
        if let Some((text, line)) = &message.classification {
            self.tree.attribute("", "classification", Value::Text(text.clone()), line.span(), self.budget)?;
        }
        message.file.map_or(Ok(()), |line| self.attribute("file", line))?;
        for line in &message.before {
            self.element(if line.text.starts_with("SIC ") { "sic" } else { "line" }, *line)?;
        }
        let mut end = start;
        for (id, last, set) in &message.sets {
            end = last.end();
            self.tree.open("", id.text, id.start, self.budget)?;
            match set {
                Set::Linear(fields) => fields.iter().try_for_each(|field| self.field("field", field))?,
                Set::Columnar(titles, rows) => self.columns(titles, rows)?,
                Set::Free(subject, lines) => {
                    subject.iter().try_for_each(|subject| self.field("subject", subject))?;
                    self.paragraphs(lines)?;
                }
            }
            self.tree.close(end);
        }
        self.tree.close(end);
        Ok(())
    }

    fn field(&mut self, name: &'a str, field: &Field<'a>) -> Result<(), Refusal> {
        let range = field.whole.range();
        self.tree.open("", name, range.start, self.budget)?;
        field.descriptor.map_or(Ok(()), |line| self.attribute("descriptor", line))?;
        self.tree.text(Value::Text(field.text.clone()), field.span, self.budget)?;
        self.tree.close(range.end);
        Ok(())
    }

    fn columns(&mut self, titles: &[Field<'a>], rows: &[Vec<Field<'a>>]) -> Result<(), Refusal> {
        titles.iter().try_for_each(|title| self.field("title", title))?;
        for row in rows {
            let Some((first, last)) = row.first().zip(row.last()) else { continue };
            self.tree.open("", "row", first.whole.range().start, self.budget)?;
            row.iter().try_for_each(|cell| self.field("cell", cell))?;
            self.tree.close(last.whole.range().end);
        }
        Ok(())
    }

    /// Free text, cut before each line that has a portion mark.
    fn paragraphs(&mut self, lines: &[Line<'a>]) -> Result<(), Refusal> {
        let mut rest = lines;
        while let Some((first, after)) = rest.split_first() {
            let count = after.iter().position(|line| marked(*line).is_some()).unwrap_or(after.len());
            let (own, next) = after.split_at(count);
            rest = next;
            let mark = marked(*first);
            let head = mark.map_or(*first, |mark| mark.rest);
            let mut lines = vec![head];
            lines.extend_from_slice(own);
            // The first line of a paragraph begins with a word, so that the space before it means nothing.
            if let Some(line) = lines.iter_mut().find(|line| !line.text.is_empty()) {
                *line = line.trimmed();
            }
            let text = joined(self.whole, &lines);
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
