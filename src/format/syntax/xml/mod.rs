//! A strict reader of XML 1.0 (fifth edition) with Namespaces 1.0, in UTF-8, without DTD.
//!
//! Takes text, gives tokens ([`Reader`]) or a whole tree ([`read_tree`]). Text and attribute values are borrowed from the body
//! unless references or line ends had to be resolved; spans are exact to the byte.
//!
//! Absent on purpose: DOCTYPE, general entities, processing instructions, other encodings, recovery of any kind.
//! Text that is nothing but white space is dropped, wherever it stands: it carries no field.

mod chars;
mod claim;
mod cursor;
mod declaration;
mod names;
mod reader;
mod references;
mod source;
mod tree;

pub use chars::{is_char, is_name, is_name_char, is_name_start, is_white};
pub use claim::{First, first};
pub use names::NAMESPACE_XML;
pub use reader::{Attribute, Reader, Tag, Text, Token};
pub use source::{Child, Element, Source, Written};
pub(crate) use tree::nodes_at_most;
pub use tree::read_tree;

use crate::base::{Reason, Refusal, Span};

/// Whether comments may stand between elements. Inside text they are always refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// Read and dropped.
    Allow,
    /// `malformed.xml.comment`.
    Refuse,
}

/// Where CDATA sections may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cdata {
    /// In every text.
    Allow,
    /// Nowhere: `malformed.xml.cdata`.
    Refuse,
    /// Only directly inside elements of this unprefixed name.
    Inside(&'static str),
}

/// What the caller's documents may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Comments between elements.
    pub comments: Comments,
    /// CDATA sections.
    pub cdata: Cdata,
    /// Open elements at most.
    pub depth_max: usize,
}

impl Options {
    /// Attributes of one element at most, namespace declarations included: 256. Real messages have fewer than 20; each is compared with all others.
    pub const ATTRIBUTES_MAX: usize = 256;
    /// Bytes of a name at most, prefix and all: 512. Real names have fewer than 40; names stand in the path of every finding and edit.
    pub const NAME_BYTES_MAX: usize = 512;
    /// Namespace declarations in scope at most: 64. A bound label needs 3; each prefix is looked up among all of them.
    pub const NAMESPACES_MAX: usize = 64;
}

/// The text of a body.
///
/// # Errors
/// `malformed.utf8` with the offset of the first bad byte, or for a byte order mark.
pub fn text(body: &[u8]) -> Result<&str, Refusal> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        let bad = error.error_len().unwrap_or_else(|| body.len().saturating_sub(at));
        Refusal::at(Reason::MalformedUtf8, Span::new(at, at.saturating_add(bad)), format!("expected UTF-8, found other bytes at offset {at}"))
    })?;
    match text.starts_with('\u{feff}') {
        true => Err(Refusal::at(Reason::MalformedUtf8, Span::new(0, 3), "expected no byte order mark, found one at the beginning")),
        false => Ok(text),
    }
}

/// Line and column, both from 1 and in characters, of the byte at `offset`.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    let before = text.get(..at).unwrap_or("");
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or("").chars().count().saturating_add(1);
    (line, column)
}
