//! The writer of canonical slash-delimited text.
//!
//! One spelling for one tree: no blank lines but those of free text, no white space at the ends of lines, linear sets on as few lines as
//! hold them, columns as wide as their widest cell, `//` behind the last word or alone on a line, spaces around portion marks as far as the line
//! has room, and one ending: `BT`, the number, `NNNN`. Line ends are line feeds.

use std::borrow::Cow;

use crate::base::{Reason, Refusal};
use crate::format::mtf::{columns_max, portion_mark};
use crate::normal::{Change, Edits, Kind, Node, NodeId, Tree, Value};

/// Writes the message.
pub(super) fn write(tree: &Tree<'_>, edits: &Edits) -> Result<Vec<u8>, Refusal> {
    let size = usize::try_from(tree.node(NodeId::ROOT).span.bytes()).unwrap_or(0);
    let mut out = Writer { tree, edits, out: String::with_capacity(size.saturating_add(size / 8)), column: 0, columns_max: columns_max(tree) };
    out.message()?;
    Ok(out.out.into_bytes())
}

struct Writer<'t, 'a> {
    tree: &'t Tree<'a>,
    edits: &'t Edits,
    out: String,
    /// Characters since the last line feed.
    column: usize,
    columns_max: usize,
}

impl<'t, 'a> Writer<'t, 'a> {
    fn message(&mut self) -> Result<(), Refusal> {
        let header = self.part(NodeId::ROOT, "header");
        if let Some(header) = header {
            self.header(header)?;
        }
        let Some(text) = self.part(NodeId::ROOT, "text") else { return Err(fault("expected a text")) };
        self.body(text)?;
        if let Some(header) = header {
            self.line(&["BT"]);
            let routing = self.part(header, "routing");
            let number = match routing {
                Some(routing) => self.said(routing, "number")?,
                None => self.said(NodeId::ROOT, "number")?,
            };
            if let Some(number) = number {
                self.line(&["#", &number]);
            }
            self.line(&["NNNN"]);
        }
        Ok(())
    }

    /// The children that stay, each with its kind.
    fn children(&self, id: NodeId) -> impl Iterator<Item = (NodeId, Node<'t, 'a>)> + use<'t, 'a> {
        let (tree, edits) = (self.tree, self.edits);
        tree.children(id).filter(move |(child, _)| edits.of(*child).is_none_or(|edit| edit.change != Change::Remove))
    }

    fn part(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.children(id).find(|(_, node)| node.kind == Kind::Element && node.name == name).map(|(id, _)| id)
    }

    fn parts(&self, id: NodeId, name: &'static str) -> impl Iterator<Item = NodeId> + use<'t, 'a> {
        self.children(id).filter(move |(_, node)| node.kind == Kind::Element && node.name == name).map(|(id, _)| id)
    }

    /// The value of an attribute that stays.
    fn said(&self, id: NodeId, name: &str) -> Result<Option<Cow<'t, str>>, Refusal> {
        let found = self.children(id).find(|(_, node)| node.kind == Kind::Attribute && node.name == name);
        found.map(|(id, node)| self.value(id, node.value)).transpose()
    }

    /// The text of an element, empty where it has none.
    fn content(&self, id: NodeId) -> Result<Cow<'t, str>, Refusal> {
        let found = self.children(id).find(|(_, node)| node.kind == Kind::Text);
        found.map_or(Ok(Cow::Borrowed("")), |(id, node)| self.value(id, node.value))
    }

    fn value(&self, id: NodeId, value: &'t Value<'a>) -> Result<Cow<'t, str>, Refusal> {
        let Some(Change::Replace(value)) = self.edits.of(id).map(|edit| &edit.change) else { return Ok(value.text()) };
        let text = value.text();
        // What would end a set, or a line unseen, must not come in by an edit.
        let good = !text.is_empty() && !text.contains("//") && text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n'));
        match good {
            true => Ok(text),
            false => Err(fault("expected printable ASCII without `//` in a replacement").on(self.tree.path(id))),
        }
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column = match text.rsplit_once('\n') {
            Some((_, last)) => last.len(),
            None => self.column.saturating_add(text.len()),
        };
    }

    fn line(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.push(part));
        self.push("\n");
    }

    /// Goes to the next line where `count` more characters have no room on this one.
    fn room(&mut self, count: usize) {
        if self.column > 0 && self.column.saturating_add(count) > self.columns_max {
            self.push("\n");
        }
    }

    fn header(&mut self, header: NodeId) -> Result<(), Refusal> {
        if let Some(banner) = self.part(header, "banner") {
            self.line(&[&self.content(banner)?, "//"]);
        }
        if let Some(transmission) = self.part(header, "transmission") {
            self.line(&[&self.content(transmission)?]);
        }
        if let Some(routing) = self.part(header, "routing") {
            self.routing(routing)?;
        }
        if let Some(calling) = self.part(header, "calling") {
            self.line(&["DE ", &self.content(calling)?]);
        }
        if let Some(security) = self.part(header, "security") {
            let letter = self.said(security, "classification")?.unwrap_or_default().repeat(5);
            self.words(&[self.said(security, "circuit")?.unwrap_or_default(), letter.into(), self.content(security)?]);
        }
        if let Some(time) = self.part(header, "time") {
            let of = |name| self.said(time, name).map(Option::unwrap_or_default);
            self.words(&[of("action")?, of("info")?, of("dtg")?, self.content(time)?]);
        }
        for (name, word) in [("from", "FM "), ("to", "TO "), ("info", "INFO "), ("exempt", "XMT "), ("accounting", "")] {
            for (at, part) in self.parts(header, name).enumerate() {
                self.line(&[if at == 0 { word } else { "" }, &self.content(part)?]);
            }
        }
        self.line(&["BT"]);
        Ok(())
    }

    /// The words that stand, with blanks between.
    fn words(&mut self, words: &[Cow<'_, str>]) {
        let standing: Vec<&str> = words.iter().map(AsRef::as_ref).filter(|word| !word.is_empty()).collect();
        self.line(&[&standing.join(" ")]);
    }

    fn routing(&mut self, id: NodeId) -> Result<(), Refusal> {
        let of = |name| self.said(id, name).map(Option::unwrap_or_default);
        let letter = of("classification")?;
        let to = self.parts(id, "to").map(|to| self.content(to)).collect::<Result<Vec<_>, _>>()?;
        let head = [of("precedence")?, of("media")?, letter.clone(), of("content")?, " ".into(), of("station")?, of("number")?, " ".into()];
        let tail = [of("filed")?, "-".into(), letter.repeat(4).into(), "--".into(), to.join(" ").into(), ".".into()];
        head.iter().chain(&tail).for_each(|part| self.push(part));
        self.push("\n");
        Ok(())
    }

    fn body(&mut self, text: NodeId) -> Result<(), Refusal> {
        if let Some(classification) = self.said(text, "classification")? {
            match self.said(text, "file")? {
                Some(file) => self.line(&[&classification, " //", &file, "//"]),
                None => self.line(&[&classification]),
            }
        }
        for (id, node) in self.children(text).filter(|(_, node)| node.kind == Kind::Element) {
            match node.name.as_str() {
                "sic" | "line" => self.line(&[&self.content(id)?]),
                name => self.set(id, name)?,
            }
        }
        Ok(())
    }

    fn set(&mut self, id: NodeId, name: &str) -> Result<(), Refusal> {
        self.push(name);
        let columnar = name.starts_with(|c: char| c.is_ascii_digit());
        for (child, node) in self.children(id).filter(|(_, node)| node.kind == Kind::Element) {
            match node.name.as_str() {
                "field" | "subject" => {
                    let field = self.field(child)?;
                    self.room(field.split('\n').next().unwrap_or("").len().saturating_add(1));
                    self.push("/");
                    self.push(&field);
                }
                "paragraph" | "title" | "row" => {}
                _ => return Err(fault("expected only fields, columns and paragraphs in a set").on(self.tree.path(child))),
            }
        }
        match columnar {
            true => self.columns(id)?,
            false => self.paragraphs(id)?,
        }
        self.room(2);
        self.push("//\n");
        Ok(())
    }

    /// A field or cell, with its descriptor.
    fn field(&self, id: NodeId) -> Result<String, Refusal> {
        let text = self.content(id)?;
        match self.said(id, "descriptor")? {
            Some(descriptor) => Ok(format!("{descriptor}:{text}")),
            None => Ok(text.into_owned()),
        }
    }

    fn columns(&mut self, id: NodeId) -> Result<(), Refusal> {
        let row = |cells: &mut dyn Iterator<Item = NodeId>| cells.map(|cell| self.field(cell)).collect::<Result<Vec<_>, _>>();
        let titles = row(&mut self.parts(id, "title"))?;
        let rows = self.parts(id, "row").map(|id| row(&mut self.parts(id, "cell"))).collect::<Result<Vec<_>, _>>()?;
        let lines: Vec<Vec<String>> = std::iter::once(titles).filter(|titles| !titles.is_empty()).chain(rows).collect();
        let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(String::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..lines.first().map_or(0, Vec::len)).map(width).collect();
        for line in &lines {
            self.push("\n");
            for (at, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let padding = if at.saturating_add(1) == line.len() { 0 } else { width.saturating_sub(cell.len()) };
                self.push("/");
                self.push(cell);
                self.push(&" ".repeat(padding));
            }
        }
        Ok(())
    }

    fn paragraphs(&mut self, id: NodeId) -> Result<(), Refusal> {
        for (at, paragraph) in self.parts(id, "paragraph").enumerate() {
            let text = self.content(paragraph)?;
            let (first, rest) = text.split_once('\n').map_or((&*text, None), |(first, rest)| (first, Some(rest)));
            let head = self.head(paragraph, first)?;
            if at == 0 {
                self.room(1);
                self.push("/");
                self.room(head.split('\n').next().unwrap_or("").len());
            } else {
                self.push("\n");
            }
            self.push(&head);
            if let Some(rest) = rest {
                self.push("\n");
                self.push(rest);
            }
        }
        Ok(())
    }

    /// The first line of a paragraph with number and mark in front: with blanks between, or without, or on two lines, as there is room.
    fn head(&self, paragraph: NodeId, first: &str) -> Result<String, Refusal> {
        let number = self.said(paragraph, "number")?.unwrap_or_default();
        let Some(mark) = self.said(paragraph, "mark")? else { return Ok(first.to_owned()) };
        let mark = portion_mark(&mark).ok_or_else(|| fault("expected a classification that has a portion mark").on(self.tree.path(paragraph)))?;
        let gap = if number.is_empty() { "" } else { " " };
        let wide = format!("{number}{gap}({mark}) {first}");
        let narrow = format!("{number}({mark}) {first}");
        let made = [wide, narrow].into_iter().map(|line| line.trim_end().to_owned()).find(|line| line.len() <= self.columns_max);
        Ok(made.unwrap_or_else(|| format!("{number}{gap}({mark})\n{first}")))
    }
}

fn fault(detail: &str) -> Refusal {
    Refusal::new(Reason::FaultInternal, detail)
}
