//! The writer of canonical mail.
//!
//! One spelling for one tree: fields in fixed order and capitals, folded before words at 78 bytes, lines that end with CR LF;
//! ASCII text as it is and every other content in base64; parts, where there are attachments, between boundaries that follow from
//! the parts. No line is a full stop, begins with one or with `From `: what follows the mail on its way cannot be
//! told anything by it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{ess, xml};
use crate::base::{Digest, Reason, Refusal, Time};
use crate::normal::{Change, Edits, Kind, NodeId, Tree};

/// How a field of the header is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Date,
    Text,
    Plain,
    Identifier,
    Mailboxes,
    Identifiers,
    Militaries,
    MessageType,
    Label,
}

/// The fields in the order in which they are written: name in the normal form, name in the mail, shape.
const HEADER: [(&str, &str, Shape); 26] = [
    ("date", "Date", Shape::Date),
    ("from", "From", Shape::Mailboxes),
    ("sender", "Sender", Shape::Mailboxes),
    ("reply-to", "Reply-To", Shape::Mailboxes),
    ("to", "To", Shape::Mailboxes),
    ("cc", "Cc", Shape::Mailboxes),
    ("bcc", "Bcc", Shape::Mailboxes),
    ("message-id", "Message-ID", Shape::Identifier),
    ("in-reply-to", "In-Reply-To", Shape::Identifiers),
    ("references", "References", Shape::Identifiers),
    ("subject", "Subject", Shape::Text),
    ("mmhs-primary-precedence", "MMHS-Primary-Precedence", Shape::Plain),
    ("mmhs-copy-precedence", "MMHS-Copy-Precedence", Shape::Plain),
    ("mmhs-message-type", "MMHS-Message-Type", Shape::MessageType),
    ("mmhs-subject-indicator-codes", "MMHS-Subject-Indicator-Codes", Shape::Militaries),
    ("mmhs-handling-instructions", "MMHS-Handling-Instructions", Shape::Militaries),
    ("mmhs-message-instructions", "MMHS-Message-Instructions", Shape::Militaries),
    ("mmhs-extended-authorisation-info", "MMHS-Extended-Authorisation-Info", Shape::Date),
    ("mmhs-originator-reference", "MMHS-Originator-Reference", Shape::Plain),
    ("mmhs-originator-plad", "MMHS-Originator-PLAD", Shape::Plain),
    ("mmhs-acp127-message-identifier", "MMHS-Acp127-Message-Identifier", Shape::Plain),
    ("mmhs-codress-message-indicator", "MMHS-Codress-Message-Indicator", Shape::Plain),
    ("mmhs-exempted-address", "MMHS-Exempted-Address", Shape::Mailboxes),
    ("mmhs-other-recipients-indicator-to", "MMHS-Other-Recipients-Indicator-To", Shape::Militaries),
    ("mmhs-other-recipients-indicator-cc", "MMHS-Other-Recipients-Indicator-CC", Shape::Militaries),
    ("sio-label", "SIO-Label", Shape::Label),
];

/// What stands between parts is the digest of what is written in them, so that it stands nowhere in them: 32 digits of it.
const BOUNDARY_DIGITS: usize = 32;
/// Beginnings of lines that ASCII text may not have: a relay or a mailbox file could take them for its own.
const BEGINNINGS: [&str; 2] = [".", "From "];
/// Bytes of a line that folding aims at.
const FOLD_BYTES: usize = 78;
/// Bytes of a line at most.
const LINE_BYTES_MAX: usize = 998;
/// Bytes of text in one encoded word: 60 characters of base64.
const WORD_BYTES: usize = 45;
/// Characters of base64 in one line, and in one piece of a label.
const CODED_LINE: usize = 76;
const CODED_PIECE: usize = 64;

/// Writes the mail.
pub(super) fn write(tree: &Tree<'_>, edits: &Edits) -> Result<Vec<u8>, Refusal> {
    let mut out = Writer { tree, edits, out: String::with_capacity(tree.node(NodeId::ROOT).span.range().len().saturating_add(512)) };
    let header = out.elements(NodeId::ROOT)?.into_iter().find(|id| tree.node(*id).name == "header");
    let header = header.ok_or_else(|| out.fault(NodeId::ROOT, "expected a header"))?;
    for (node, name, shape) in HEADER {
        out.field(header, node, name, shape)?;
    }
    for id in out.elements(header)?.into_iter().filter(|id| tree.node(*id).name == "field") {
        let name = out.said(id, "name")?.ok_or_else(|| out.fault(id, "expected the name of the field"))?;
        let text = out.content(id)?.unwrap_or_default();
        let words = out.words(id, &text)?;
        out.folded(id, &name, &words)?;
    }
    out.parts()?;
    Ok(out.out.into_bytes())
}

/// The bytes of a binary label that stands alone.
pub(super) fn binary(label: &Tree<'_>, id: NodeId) -> Result<Vec<u8>, Refusal> {
    Writer { tree: label, edits: &Edits::default(), out: String::new() }.ess(id)
}

struct Writer<'t, 'a> {
    tree: &'t Tree<'a>,
    edits: &'t Edits,
    out: String,
}

impl<'t> Writer<'t, '_> {
    fn fault(&self, id: NodeId, detail: &str) -> Refusal {
        Refusal::new(Reason::FaultInternal, detail).on(self.tree.path(id))
    }

    /// The value of a node as the edits leave it; none where it is removed.
    fn value(&self, id: NodeId) -> Option<Cow<'t, str>> {
        match self.edits.of(id).map(|edit| &edit.change) {
            Some(Change::Remove) => None,
            Some(Change::Replace(value)) => Some(value.text()),
            None => Some(self.tree.node(id).value.text()),
        }
    }

    fn said(&self, element: NodeId, name: &str) -> Result<Option<Cow<'t, str>>, Refusal> {
        let found = self.tree.attribute(element, name).and_then(|(id, _)| Some((id, self.value(id)?)));
        match found {
            Some((id, text)) if text.chars().any(|c| c.is_control()) => Err(self.fault(id, "expected no control character in a value of the header")),
            found => Ok(found.map(|(_, text)| text)),
        }
    }

    /// The text inside an element.
    fn content(&self, element: NodeId) -> Result<Option<Cow<'t, str>>, Refusal> {
        let mut texts = self.tree.children(element).filter(|(_, node)| node.kind == Kind::Text);
        match (texts.next(), texts.next()) {
            (first, None) => Ok(first.and_then(|(id, _)| self.value(id)).filter(|text| !text.is_empty())),
            _ => Err(self.fault(element, "expected one text")),
        }
    }

    /// The child elements that are left.
    fn elements(&self, element: NodeId) -> Result<Vec<NodeId>, Refusal> {
        let mut left = Vec::new();
        for (id, _) in self.tree.elements(element) {
            match self.edits.of(id).map(|edit| &edit.change) {
                None => left.push(id),
                Some(Change::Remove) => {}
                Some(Change::Replace(_)) => return Err(self.fault(id, "expected no replacement of an element")),
            }
        }
        Ok(left)
    }

    fn field(&mut self, header: NodeId, node: &str, name: &str, shape: Shape) -> Result<(), Refusal> {
        if matches!(shape, Shape::Date | Shape::Text | Shape::Plain) {
            let Some((id, _)) = self.tree.attribute(header, node) else { return Ok(()) };
            let Some(text) = self.said(header, node)? else { return Ok(()) };
            let words = match shape {
                Shape::Date => vec![date(&text).ok_or_else(|| self.fault(id, "expected a time of whole seconds"))?],
                Shape::Text => self.words(id, &text)?,
                _ => text.split(' ').map(str::to_owned).collect(),
            };
            return self.folded(id, name, &words);
        }
        let Some(id) = self.elements(header)?.into_iter().find(|id| self.tree.node(*id).name == node) else { return Ok(()) };
        let words = match shape {
            Shape::Label => self.label(id)?,
            Shape::MessageType => self.message_type(id)?,
            Shape::Identifier => vec![self.identifier(id)?],
            _ => self.list(id, shape)?,
        };
        if words.is_empty() { Ok(()) } else { self.folded(id, name, &words) }
    }

    fn list(&self, id: NodeId, shape: Shape) -> Result<Vec<String>, Refusal> {
        let items = self.elements(id)?;
        let mut words = Vec::with_capacity(items.len());
        for item in items {
            words.push(match shape {
                Shape::Mailboxes => self.mailbox(item)?,
                Shape::Identifiers => self.identifier(item)?,
                _ => self.content(item)?.unwrap_or_default().into_owned(),
            });
        }
        match shape {
            Shape::Mailboxes => join(&mut words, ","),
            Shape::Militaries => join(&mut words, ";"),
            _ => {}
        }
        Ok(words)
    }

    fn mailbox(&self, id: NodeId) -> Result<String, Refusal> {
        let (Some(local), Some(domain)) = (self.said(id, "local")?, self.said(id, "domain")?) else {
            return Err(self.fault(id, "expected both halves of an address"));
        };
        let address = format!("{local}@{domain}");
        let Some(name) = self.said(id, "name")?.filter(|name| !name.is_empty()) else { return Ok(address) };
        let atom = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b));
        let phrase = if name.split(' ').all(atom) { name.into_owned() } else { quoted(&name) };
        Ok(format!("{phrase} <{address}>"))
    }

    fn identifier(&self, id: NodeId) -> Result<String, Refusal> {
        match (self.said(id, "left")?, self.said(id, "right")?) {
            (Some(left), Some(right)) => Ok(format!("<{left}@{right}>")),
            _ => Err(self.fault(id, "expected both halves of an identifier")),
        }
    }

    fn message_type(&self, id: NodeId) -> Result<Vec<String>, Refusal> {
        let kind = self.said(id, "type")?.ok_or_else(|| self.fault(id, "expected a type"))?;
        let mut words = vec![kind.into_owned()];
        words.extend(self.said(id, "identifier")?.map(|identifier| format!("identifier={}", quoted(&identifier))));
        join(&mut words, ";");
        Ok(words)
    }

    fn label(&self, id: NodeId) -> Result<Vec<String>, Refusal> {
        let mut words = Vec::new();
        for name in ["marking", "fgcolor", "bgcolor", "type"] {
            words.extend(self.said(id, name)?.map(|value| format!("{name}={}", quoted(&value))));
        }
        for element in self.elements(id)? {
            let coded = match self.tree.node(element).name.as_str() {
                "ess" => STANDARD.encode(self.ess(element)?),
                _ => STANDARD.encode(xml::write_element(self.tree, self.edits, element)?),
            };
            words.extend(pieces(&coded, CODED_PIECE).enumerate().map(|(at, piece)| format!("label*{at}=\"{piece}\"")));
        }
        join(&mut words, ";");
        Ok(words)
    }

    /// A binary label.
    fn ess(&self, id: NodeId) -> Result<Vec<u8>, Refusal> {
        let number = |id: NodeId, text: &str| text.parse::<u64>().map_err(|_| self.fault(id, "expected a number"));
        let member = |name: &'static str| self.said(id, name)?.ok_or_else(|| self.fault(id, "expected a policy and a classification"));
        let (policy, classification) = (member("policy")?.into_owned(), number(id, &member("classification")?)?);
        let mut label = ess::Label { policy, classification, mark: self.said(id, "privacy-mark")?.map(Cow::into_owned), categories: Vec::new() };
        for at in self.elements(id)? {
            let (Some(kind), Some(set)) = (self.said(at, "kind")?, self.said(at, "set")?) else {
                return Err(self.fault(at, "expected a kind and a tag set"));
            };
            let values = self.elements(at)?.into_iter().map(|value| number(value, &self.content(value)?.unwrap_or_default()));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            // A list without values would permit nobody, or be taken for no list.
            if values.is_empty() {
                return Err(self.fault(at, "expected values in every category of a label"));
            }
            label.categories.push(ess::Category { kind: kind.into_owned(), set: set.into_owned(), values });
        }
        ess::write(&label).map_err(|expected| self.fault(id, expected))
    }

    /// Words of an unstructured value: as they are, or encoded altogether.
    fn words(&self, id: NodeId, text: &str) -> Result<Vec<String>, Refusal> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let plain = text.bytes().all(|b| matches!(b, b' '..=b'~')) && !text.contains("=?");
        if plain && text.split(' ').all(|word| !word.is_empty()) {
            return Ok(text.split(' ').map(str::to_owned).collect());
        }
        if text.chars().any(char::is_control) {
            return Err(self.fault(id, "expected no control character in a value of the header"));
        }
        Ok(pieces(text, WORD_BYTES).map(|piece| format!("=?utf-8?B?{}?=", STANDARD.encode(piece))).collect())
    }

    /// A field with its words, folded before words where lines grow long.
    fn folded(&mut self, id: NodeId, name: &str, words: &[String]) -> Result<(), Refusal> {
        self.out.push_str(name);
        self.out.push(':');
        let mut column = name.len().saturating_add(1);
        for (at, word) in words.iter().enumerate() {
            let fits = word.bytes().all(|b| matches!(b, b' '..=b'~')) && word.len() < LINE_BYTES_MAX && !word.trim().is_empty();
            if !fits {
                return Err(self.fault(id, "expected a value of printable ASCII that fits a line"));
            }
            let wide = column.saturating_add(1).saturating_add(word.len());
            if at > 0 && wide > FOLD_BYTES || wide > LINE_BYTES_MAX {
                self.out.push_str("\r\n");
                column = 0;
            }
            self.out.push(' ');
            self.out.push_str(word);
            column = column.saturating_add(1).saturating_add(word.len());
        }
        self.out.push_str("\r\n");
        Ok(())
    }

    fn parts(&mut self) -> Result<(), Refusal> {
        self.out.push_str("MIME-Version: 1.0\r\n");
        let parts: Vec<NodeId> = self.elements(NodeId::ROOT)?.into_iter().filter(|id| self.tree.node(*id).name != "header").collect();
        let letter = |id: &NodeId| self.tree.node(*id).name == "body";
        match parts.as_slice() {
            [] => return self.text("", None),
            [only] if letter(only) => return self.body(*only),
            _ => {}
        }
        let header = std::mem::take(&mut self.out);
        let mut ends = Vec::with_capacity(parts.len());
        for id in parts {
            match self.tree.node(id).name.as_str() {
                "body" => self.body(id)?,
                _ => self.attachment(id)?,
            }
            // A part that holds nothing still has the line end that belongs to the boundary.
            if self.out.ends_with("\r\n\r\n") {
                self.line(&[]);
            }
            ends.push(self.out.len());
        }
        let parts = std::mem::replace(&mut self.out, header);
        let digest = Digest::of(parts.as_bytes()).to_string();
        let boundary = format!("=_{}", digest.get(..BOUNDARY_DIGITS).unwrap_or(&digest));
        self.line(&["Content-Type: multipart/mixed; boundary=\"", &boundary, "\"\r\n"]);
        let mut start = 0_usize;
        for end in ends {
            self.line(&["--", &boundary]);
            self.out.push_str(parts.get(start..end).unwrap_or(""));
            start = end;
        }
        self.line(&["--", &boundary, "--"]);
        Ok(())
    }

    fn body(&mut self, id: NodeId) -> Result<(), Refusal> {
        self.about(id)?;
        let text = self.content(id)?.unwrap_or_default();
        self.text(&text, None)
    }

    /// Identifier and description of a part.
    fn about(&mut self, id: NodeId) -> Result<(), Refusal> {
        if let Some(identifier) = self.said(id, "id")? {
            self.folded(id, "Content-ID", &[format!("<{identifier}>")])?;
        }
        if let Some(description) = self.said(id, "description")? {
            let words = self.words(id, &description)?;
            self.folded(id, "Content-Description", &words)?;
        }
        Ok(())
    }

    fn attachment(&mut self, id: NodeId) -> Result<(), Refusal> {
        self.about(id)?;
        let kind = self.said(id, "type")?.ok_or_else(|| self.fault(id, "expected a media type"))?;
        let parameters = |writer: &Self, element: &str| -> Result<Vec<String>, Refusal> {
            let all = writer.elements(id)?.into_iter().filter(|child| writer.tree.node(*child).name == element);
            let spelt = |child| {
                Ok(format!("{}={}", writer.said(child, "name")?.unwrap_or_default(), quoted(&writer.said(child, "value")?.unwrap_or_default())))
            };
            all.map(spelt).collect()
        };
        let mut disposition = vec!["attachment".to_owned()];
        disposition.extend(self.said(id, "name")?.map(|name| format!("filename={}", quoted(&name))));
        disposition.extend(parameters(self, "disposition")?);
        join(&mut disposition, ";");
        self.folded(id, "Content-Disposition", &disposition)?;
        if self.tree.attribute(id, "format").is_some() {
            return self.message(id, &kind, parameters(self, "parameter")?);
        }
        let inside = self.elements(id)?.into_iter().find(|child| matches!(self.tree.node(*child).name.as_str(), "text" | "data"));
        let inside = inside.ok_or_else(|| self.fault(id, "expected text or data in an attachment"))?;
        let content = self.content(inside)?.unwrap_or_default();
        if self.tree.node(inside).name == "text" {
            return if kind == "text/plain" { self.text(&content, Some(id)) } else { Err(self.fault(id, "expected text of type text/plain")) };
        }
        let mut typed = vec![kind.into_owned()];
        typed.extend(parameters(self, "parameter")?);
        join(&mut typed, ";");
        self.folded(id, "Content-Type", &typed)?;
        STANDARD.decode(content.as_bytes()).map_err(|_| self.fault(inside, "expected base64"))?;
        self.coded(&content);
        Ok(())
    }

    /// An attached message of another format: written by that format's writer, always encoded.
    fn message(&mut self, id: NodeId, kind: &str, parameters: Vec<String>) -> Result<(), Refusal> {
        let found = crate::format::by_name("mail").map(|mail| mail.insides(self.tree)).unwrap_or_default();
        let inside = found.into_iter().find(|inside| self.tree.parent(inside.node) == Some(id) && self.edits.of(inside.node).is_none());
        let inside = inside.ok_or_else(|| self.fault(id, "expected the root of the attached message as it was read"))?;
        let bytes = super::bytes(&self.tree.below(inside.node), &self.edits.below(self.tree, inside.node), inside.format.syntax)?;
        let mut typed = vec![kind.to_owned()];
        // A plain text says its character set, and no tree has it as a parameter.
        typed.extend((kind == "text/plain" && parameters.is_empty()).then(|| "charset=utf-8".to_owned()));
        typed.extend(parameters);
        join(&mut typed, ";");
        self.folded(id, "Content-Type", &typed)?;
        self.coded(&STANDARD.encode(bytes));
        Ok(())
    }

    /// A text with its type and encoding: as it is where it is ASCII and nothing can misread a line of it.
    fn text(&mut self, text: &str, part: Option<NodeId>) -> Result<(), Refusal> {
        let bad = |c: char| c.is_ascii_control() && c != '\n' && c != '\t';
        if text.contains(bad) {
            return Err(self.fault(part.unwrap_or(NodeId::ROOT), "expected no control character in a text"));
        }
        let safe = |line: &str| line.len() <= LINE_BYTES_MAX && !BEGINNINGS.iter().any(|beginning| line.starts_with(beginning));
        let plain = text.is_ascii() && text.split('\n').all(safe);
        self.line(&["Content-Type: text/plain; charset=", if text.is_ascii() { "us-ascii" } else { "utf-8" }]);
        if !plain {
            self.coded(&STANDARD.encode(text.replace('\n', "\r\n")));
            return Ok(());
        }
        self.out.push_str("Content-Transfer-Encoding: 7bit\r\n\r\n");
        for line in text.split('\n').filter(|_| !text.is_empty()) {
            self.line(&[line]);
        }
        Ok(())
    }

    /// Content in base64.
    fn coded(&mut self, coded: &str) {
        self.out.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
        for piece in pieces(coded, CODED_LINE) {
            self.line(&[piece]);
        }
    }

    fn line(&mut self, pieces: &[&str]) {
        pieces.iter().for_each(|piece| self.out.push_str(piece));
        self.out.push_str("\r\n");
    }
}

/// Puts `mark` after every word but the last.
fn join(words: &mut [String], mark: &str) {
    if let Some((_, before)) = words.split_last_mut() {
        before.iter_mut().for_each(|word| word.push_str(mark));
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Pieces of at most `most` bytes that cut no character.
fn pieces(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut end = rest.len().min(most);
        while !rest.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let (piece, after) = rest.split_at_checked(end).filter(|(piece, _)| !piece.is_empty())?;
        rest = after;
        Some(piece)
    })
}

/// `2026-03-02T10:00:00Z` as `Mon, 2 Mar 2026 10:00:00 +0000`.
fn date(text: &str) -> Option<String> {
    let (day, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let mut numbers = day.split('-');
    let (year, month, number) = (numbers.next()?, numbers.next()?.parse::<usize>().ok()?, numbers.next()?.parse::<u8>().ok()?);
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].get(month.checked_sub(1)?)?;
    let days = Time::parse(text)?.unix_ms().div_euclid(86_400_000);
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"].get(usize::try_from(days.rem_euclid(7)).ok()?)?;
    (clock.len() == 8).then(|| format!("{weekday}, {number} {month} {year} {clock} +0000"))
}
