//! The grammar of STIX 2.1: types of objects, their properties, and what each property holds.
//!
//! Closed everywhere: a property or type that no row lists is refused. Where the standard gives an open vocabulary, any word may stand.

mod common;
mod domain;
mod extensions;
mod marking;
mod observable;

pub(super) use extensions::extension;
pub(super) use marking::{ACS, TLP_2};

use crate::normal::Unit;

/// What a property holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Type {
    /// Free text: content filters judge its characters.
    Text,
    /// A word or name without hidden characters.
    Plain,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The id of an object of one of these types; of any type where none is listed.
    Id(&'static [&'static str]),
    /// A time.
    Time,
    /// A truth value.
    Flag,
    /// Base64 of RFC 4648 with padding and without line ends.
    Base64,
    /// Hexadecimal digits, two for each byte.
    Hex,
    /// A whole number up to 2^53 - 1, from this one on.
    Whole(i32),
    /// A whole number within limits.
    Within(i32, i32),
    /// A number within limits.
    Number(Unit, i32, i32),
    /// A list of at least one.
    List(&'static Type),
    /// An object with these properties.
    Inner(&'static Shape),
    /// An object whose keys are free and whose values are of one type.
    Dictionary(&'static Type),
    /// Hashes by the name of their algorithm.
    Hashes,
    /// Text, number or truth value.
    Scalar,
    /// A text, or a list of texts.
    Texts,
    /// The path of a marked part within its object.
    Selector,
    /// Extensions that the type of the object may have.
    Extensions,
    /// Translations: by language, then by the name of a property.
    Translations,
}

/// Whether a property must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It must.
    Required,
    /// It may.
    Optional,
}

/// A property.
#[derive(Debug, Clone, Copy)]
pub(super) struct Property {
    /// Its name.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) holds: Type,
    /// Whether it must stand.
    pub(super) presence: Presence,
}

/// The properties of an object, in groups that several objects share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Groups of properties.
    pub(super) groups: &'static [&'static [Property]],
}

/// What an object is to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// A domain object.
    Domain,
    /// A relationship or sighting.
    Relation,
    /// An observable: without versions.
    Observable,
    /// A marking definition, language content or extension definition.
    Meta,
}

/// A type of objects.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// The word in `type` and before `--` in ids.
    pub(super) name: &'static str,
    /// What it is to others.
    pub(super) family: Family,
    /// Its properties.
    pub(super) shape: Shape,
}

pub(super) const fn must(name: &'static str, holds: Type) -> Property {
    Property { name, holds, presence: Presence::Required }
}

pub(super) const fn may(name: &'static str, holds: Type) -> Property {
    Property { name, holds, presence: Presence::Optional }
}

impl Shape {
    /// All properties.
    pub(super) fn properties(&self) -> impl Iterator<Item = &'static Property> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// The property of a name.
    pub(super) fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties().find(|property| property.name == name)
    }
}

/// All types of objects.
pub(super) fn kinds() -> impl Iterator<Item = &'static Kind> {
    domain::KINDS.iter().chain(observable::KINDS).chain(marking::KINDS)
}

/// The type of a name.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    kinds().find(|kind| kind.name == name)
}
