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
    /// A time to the millisecond, exactly: one spelling for one time, kept as text.
    Millisecond,
    /// A time that tells no version, written as one that does.
    Created,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manual::tests::{assert_page_holds, table};

    fn spoken(holds: Type) -> String {
        match holds {
            Type::Text => "text".into(),
            Type::Plain => "word".into(),
            Type::Word([only]) => format!("`{only}`"),
            Type::Word(words) => format!("one of {}", words.len()),
            Type::Id([]) => "id".into(),
            Type::Id(kinds) if kinds.len() > 3 => "id of an address".into(),
            Type::Id(kinds) => format!("id of {}", kinds.join(" or ")),
            Type::Time | Type::Created => "time".into(),
            Type::Millisecond => "time to the millisecond".into(),
            Type::Flag => "flag".into(),
            Type::Base64 => "base64".into(),
            Type::Hex => "hexadecimal".into(),
            Type::Whole(least) => format!("whole from {least}"),
            Type::Within(least, most) => format!("whole, {least} to {most}"),
            Type::Number(Unit::Latitude, least, most) => format!("degrees north, {least} to {most}"),
            Type::Number(Unit::Longitude, least, most) => format!("degrees east, {least} to {most}"),
            Type::Number(Unit::Metres, least, most) => format!("metres, {least} to {most}"),
            Type::Number(_, least, most) => format!("{least} to {most}"),
            Type::List(of) => format!("list: {}", spoken(*of)),
            Type::Inner(shape) => shape.properties().map(|inner| inner.name).collect::<Vec<_>>().join(" "),
            Type::Dictionary(of) => format!("free keys: {}", spoken(*of)),
            Type::Hashes => "hashes".into(),
            Type::Scalar => "any scalar".into(),
            Type::Texts => "text or texts".into(),
            Type::Selector => "selector".into(),
            Type::Extensions => "extensions".into(),
            Type::Translations => "by language and property".into(),
        }
    }

    /// Properties as the manual lists them: required ones in bold.
    fn listed<'p>(properties: impl Iterator<Item = &'p Property>) -> String {
        let each = properties.map(|property| {
            let name = if property.presence == Presence::Required { format!("**`{}`**", property.name) } else { format!("`{}`", property.name) };
            format!("{name} ({})", spoken(property.holds))
        });
        each.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_manual_lists_every_type_and_property() {
        let common = ["attack-pattern", "file", "marking-definition"].map(|name| kind(name).unwrap());
        let shared = |at: usize| listed(common[at].shape.groups.iter().rev().skip(1).rev().flat_map(|group| group.iter()));
        let rows = [("every domain object and relation", shared(0)), ("every observable", shared(1)), ("every marking definition", shared(2))];
        let own = |kind: &Kind| listed(kind.shape.groups.last().unwrap().iter());
        let rows = rows.into_iter().map(|(name, properties)| vec![name.to_owned(), properties]);
        let rows = rows.chain(kinds().map(|kind| vec![format!("`{}`", kind.name), own(kind)]));
        assert_page_holds("formats", &table(&["STIX type", "properties"], rows));
    }

    #[test]
    fn what_rules_may_not_take_away_is_what_the_table_requires() {
        let named: std::collections::BTreeSet<&str> =
            super::super::FORMAT.required.iter().filter_map(|path| path.strip_prefix("/bundle/objects/@")).collect();
        let scalar = |property: &&Property| !matches!(property.holds, Type::List(_) | Type::Inner(_) | Type::Dictionary(_) | Type::Translations);
        for name in &named {
            let known = kinds().flat_map(|kind| kind.shape.properties()).any(|property| property.name == *name);
            assert!(known, "{name}");
        }
        let missing: std::collections::BTreeSet<&str> = kinds()
            .flat_map(|kind| kind.shape.properties())
            .filter(scalar)
            .filter(|property| property.presence == Presence::Required && !named.contains(property.name))
            .map(|property| property.name)
            .collect();
        assert_eq!(missing.into_iter().collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn properties_stand_once_in_a_shape_and_types_once_in_the_table() {
        let mut names = std::collections::BTreeSet::new();
        for kind in kinds() {
            assert!(names.insert(kind.name));
            let mut properties = std::collections::BTreeSet::new();
            assert!(kind.shape.properties().all(|property| properties.insert(property.name)), "{}", kind.name);
        }
        assert_eq!(names.len(), 42);
    }
}
