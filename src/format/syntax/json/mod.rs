//! A strict reader of JSON (RFC 8259, held to I-JSON, RFC 7493), and the normal form that all formats in JSON share.
//!
//! Takes bytes, gives a document ([`read`]) whose values have exact places, and makes the tree of it ([`tree`]) once the format has
//! checked it and has said which texts are times and numbers ([`Content`] is open to be set). Members of an object are kept in byte
//! order of their keys: the order in which they were written means nothing.
//!
//! Absent on purpose: binary floating point, repeated keys, lone surrogates, non-characters, comments, recovery of any kind.

mod number;
mod reader;
mod text;
mod tree;

pub use reader::read;
pub use tree::{ARRAY, Nothing, tree};

use std::borrow::Cow;

use crate::base::{Decimal, Span, Time};
use crate::normal::Unit;

/// Levels of objects and lists within one another at most: 32. STIX and MISP reach 9; each level is a call of the reader.
pub const DEPTH_MAX: usize = 32;

/// One value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<'a> {
    /// What it is.
    pub content: Content<'a>,
    /// Its bytes; those of a text without the quotes.
    pub span: Span,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number, exactly; the reader gives each the unit one.
    Number(Decimal, Unit),
    /// A text, escapes resolved; borrowed where it has none.
    Text(Cow<'a, str>),
    /// A text that a format found to be a time; the reader gives none.
    Time(Time),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// The members of an object, in byte order of their keys, each key once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object<'a> {
    members: Vec<Member<'a>>,
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key, escapes resolved.
    pub key: Cow<'a, str>,
    /// Bytes of the key without the quotes.
    pub key_span: Span,
    /// The value.
    pub value: Json<'a>,
}

impl<'a> Object<'a> {
    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Json<'a>> {
        let at = self.members.binary_search_by(|member| (*member.key).cmp(key)).ok()?;
        self.members.get(at).map(|member| &member.value)
    }

    /// The value of a key, to be given a type.
    pub fn value_mut(&mut self, key: &str) -> Option<&mut Json<'a>> {
        let at = self.members.binary_search_by(|member| (*member.key).cmp(key)).ok()?;
        self.members.get_mut(at).map(|member| &mut member.value)
    }

    /// The text of a key; `None` where there is none, or another value.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key).and_then(Json::text)
    }

    /// All members.
    #[must_use]
    pub fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// All members, to be given types. Keys must stay as they are: lookups rely on their order.
    pub fn members_mut(&mut self) -> impl Iterator<Item = &mut Member<'a>> {
        self.members.iter_mut()
    }
}

impl<'a> Json<'a> {
    /// The text of a text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn list(&self) -> Option<&[Json<'a>]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    #[must_use]
    pub const fn object(&self) -> Option<&Object<'a>> {
        match &self.content {
            Content::Object(object) => Some(object),
            _ => None,
        }
    }
}
