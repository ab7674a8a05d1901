//! Formats: each is one folder and one row of [`FORMATS`]; exactly one must claim the bytes of a message.
//!
//! Takes [`Received`], gives [`Parsed`]: every byte read, strictly, into the normal form. No recovery, no second mode.

pub mod cot;
mod event;
pub mod laws;
pub mod mail;
pub mod misp;
pub mod mtf;
pub mod nffi;
pub mod oth;
pub mod stix;
pub mod syntax;
pub mod tak;

use std::borrow::Cow;

use crate::base::{Budget, Header, Reason, Refusal, Traffic, like};
use crate::normal::{Marking, Mention, NodeId, Portion, Tree};

/// How a format is spelt; decides which writer rebuilds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// XML 1.0 in UTF-8.
    Xml,
    /// Internet mail.
    Mail,
    /// JSON (RFC 8259, I-JSON).
    Json,
    /// TAK protocol version 1: a frame with a protobuf message.
    Tak,
    /// Sets of OTH-Gold, one on each line.
    Oth,
    /// Slash-delimited message text.
    Slash,
}

/// What rules may ask of a message without knowing its format.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts<'a> {
    /// The kind of message in the format's own words, such as the CoT type `a-f-G-U-C`.
    pub kind: Cow<'a, str>,
    /// What the content itself says about exercise or operation; `None` where it says nothing.
    pub traffic: Option<Traffic>,
    /// The identity of the thing that the message is about, such as the CoT uid.
    pub subject: Cow<'a, str>,
}

/// A row of the format table.
#[derive(Debug)]
pub struct Format {
    /// Short name, as in rule sets.
    pub name: &'static str,
    /// Media types that mean this format.
    pub media_types: &'static [&'static str],
    /// How it is spelt.
    pub syntax: Syntax,
    /// Whether these bytes claim to be of this format: cheap, by the first bytes, never by the header.
    pub claims: fn(&[u8]) -> bool,
    /// Reads all bytes.
    pub read: for<'a> fn(&'a [u8], &mut Budget) -> Result<Tree<'a>, Refusal>,
    /// What rules may ask.
    pub facts: for<'t> fn(&'t Tree<'_>) -> Facts<'t>,
    /// Fields that must stand wherever their parent stands, as paths such as `/event/point/@lat`: no rule may take one away alone.
    pub required: &'static [&'static str],
    /// Every place that says how the message is marked.
    pub markings: fn(&Tree<'_>) -> Vec<Marking>,
    /// Parts that carry markings of their own, in document order; a part may stand within a part.
    pub portions: fn(&Tree<'_>) -> Vec<Portion>,
    /// Who mentions whom among the parts.
    pub mentions: fn(&Tree<'_>) -> Vec<Mention>,
    /// Messages of other formats that stand in it, in document order: their root elements, and the names of their formats.
    pub inside: fn(&Tree<'_>) -> Vec<(NodeId, String)>,
    /// Whether one of its messages may be of a kind, in which `*` stands for any text. Where nobody has described the kinds, any may.
    pub kinds: fn(&str) -> bool,
    /// Whether one of its messages may have a field, by the steps of a path in which `*` and `@*` stand for any name.
    pub fields: fn(&[String]) -> bool,
}

/// A message of another format within a message.
#[derive(Debug, Clone, Copy)]
pub struct Inside {
    /// Its root element.
    pub node: NodeId,
    /// Its format.
    pub format: &'static Format,
}

impl Format {
    /// Whether an attachment of this format may be said to be of a media type: its own, or one that means none of the formats.
    #[must_use]
    pub fn may_be_called(&self, media_type: &str) -> bool {
        self.media_types.contains(&media_type) || FORMATS.iter().all(|other| !other.media_types.contains(&media_type))
    }

    /// The messages of other formats within a message, in document order.
    #[must_use]
    pub fn insides(&self, tree: &Tree<'_>) -> Vec<Inside> {
        let found = (self.inside)(tree).into_iter();
        found.filter_map(|(node, name)| by_name(&name).map(|format| Inside { node, format })).collect()
    }
}

/// For formats whose messages are one part.
#[must_use]
pub fn whole<T>(_: &Tree<'_>) -> Vec<T> {
    Vec::new()
}

/// Whether one of these kinds is like a pattern.
pub(in crate::format) fn one_of(pattern: &str, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| like(pattern, kind))
}

/// Whether a step of a path is this name, or stands for any.
pub(in crate::format) fn step_is(step: Option<&String>, name: &str) -> bool {
    step.is_none_or(|step| step == name || step == if name.starts_with('@') { "@*" } else { "*" })
}

/// The formats that this gateway reads.
pub static FORMATS: &[Format] = &[cot::FORMAT, tak::FORMAT, nffi::FORMAT, mtf::FORMAT, oth::FORMAT, stix::FORMAT, misp::FORMAT, mail::FORMAT];

/// The format of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// A message as it came in: header and body, within the size limit.
#[derive(Debug)]
#[must_use]
pub struct Received<'a> {
    header: &'a Header,
    body: &'a [u8],
    came: &'a [u8],
}

impl<'a> Received<'a> {
    /// Body bytes at most, whatever a domain is configured to: 16 MiB. Spans are 32 bits wide and the tree is some 100 times the markup.
    pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

    /// Takes a message.
    ///
    /// # Errors
    /// `size.body`.
    pub fn new(header: &'a Header, body: &'a [u8]) -> Result<Self, Refusal> {
        if body.len() > Self::BODY_BYTES_MAX {
            return Err(Refusal::new(Reason::SizeBody, format!("expected at most {} bytes, found {}", Self::BODY_BYTES_MAX, body.len())));
        }
        Ok(Self { header, body, came: body })
    }

    /// The same message, which came in these bytes: those of the binding that it was taken out of.
    pub const fn within(self, came: &'a [u8]) -> Self {
        Self { came, ..self }
    }
}

/// Proof that a message was read whole, in one format, in one way.
#[derive(Debug)]
#[must_use]
pub struct Parsed<'a> {
    header: &'a Header,
    body: &'a [u8],
    came: &'a [u8],
    format: &'static Format,
    tree: Tree<'a>,
}

impl<'a> Parsed<'a> {
    /// The header.
    #[must_use]
    pub const fn header(&self) -> &'a Header {
        self.header
    }

    /// The original body.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The bytes that came over the link: the original body, or the binding around it. Receipts, consents and recalls name these.
    #[must_use]
    pub const fn came(&self) -> &'a [u8] {
        self.came
    }

    /// The format.
    #[must_use]
    pub const fn format(&self) -> &'static Format {
        self.format
    }

    /// The normal form.
    #[must_use]
    pub const fn tree(&self) -> &Tree<'a> {
        &self.tree
    }

    /// What rules may ask.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        (self.format.facts)(&self.tree)
    }
}

/// Names the one format that claims the bytes.
///
/// # Errors
/// `format.unrecognised` for none, `format.ambiguous` for two or more.
pub fn identify(body: &[u8]) -> Result<&'static Format, Refusal> {
    let mut claims = FORMATS.iter().filter(|format| (format.claims)(body));
    let Some(first) = claims.next() else {
        return Err(match encapsulates(body) {
            true => Refusal::new(Reason::FormatEncapsulated, "expected the message itself, found a binding that holds it"),
            false => Refusal::new(Reason::FormatUnrecognised, "expected a message of a known format"),
        });
    };
    match claims.next() {
        None => Ok(first),
        Some(second) => Err(Refusal::new(Reason::FormatAmbiguous, format!("claimed by `{}` and by `{}`", first.name, second.name))),
    }
}

/// Whether a body that nothing claims is a binding of STANAG 4778, by the name of its namespace near the beginning: for a clear refusal only.
fn encapsulates(body: &[u8]) -> bool {
    let begin = body.get(..body.len().min(1024)).unwrap_or_default();
    let has = |what: &str| memchr::memmem::find(begin, what.as_bytes()).is_some();
    has("BindingInformation") && has("urn:nato:stanag:4778:bindinginformation:1:0")
}

/// The media type under which a body goes on: the one that its sender claimed, or that of its own format where it was translated. Where none was
/// claimed, none is.
#[must_use]
pub fn media_type<'h>(claimed: &'h str, body: &[u8]) -> &'h str {
    match identify(body) {
        _ if claimed.is_empty() => claimed,
        Ok(format) if !format.media_types.contains(&claimed) => format.media_types.first().copied().unwrap_or_default(),
        _ => claimed,
    }
}

/// Names the one format that claims the bytes of an attachment; none where nothing does, and they stay data.
///
/// # Errors
/// `format.ambiguous` for two or more.
pub fn attached(bytes: &[u8]) -> Result<Option<&'static Format>, Refusal> {
    if FORMATS.iter().all(|format| !(format.claims)(bytes)) { Ok(None) } else { identify(bytes).map(Some) }
}

/// Reads a message into the normal form.
///
/// # Errors
/// `format.*`, `malformed.*`, `invalid.*`, `size.*`.
pub fn parse<'a>(received: Received<'a>, budget: &mut Budget) -> Result<Parsed<'a>, Refusal> {
    let Received { header, body, came } = received;
    let format = identify(body)?;
    if !header.media_type.is_empty() && !format.media_types.contains(&header.media_type.as_str()) {
        return Err(Refusal::new(Reason::FormatMediaType, format!("found `{}`, which is not claimed as such", format.name)));
    }
    let tree = (format.read)(body, budget)?;
    Ok(Parsed { header, body, came, format, tree })
}

#[cfg(test)]
impl<'a> Parsed<'a> {
    /// A message of a format that is in no table: one that a test has made for itself.
    pub(crate) fn of_trial(header: &'a Header, body: &'a [u8], format: &'static Format, budget: &mut Budget) -> Result<Self, Refusal> {
        (format.read)(body, budget).map(|tree| Self { header, body, came: body, format, tree })
    }
}
