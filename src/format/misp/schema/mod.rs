//! What the MISP core format is: models, their fields with types and limits, and what stands in what, as a table.
//!
//! SPEC: MISP core format (draft of the project's RFC series), with the fields that real exports carry beside it.
//! Every model is open: what is not in the table is read as text without type, and the field profile of the rule set judges it.

mod context;
mod event;

use context::{CLUSTER, NOTE, OPINION, RELATIONSHIP};
use event::{EVENT, PROPOSAL};

/// How the value of a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Any text of at most so many characters; content filters judge it.
    Text(usize),
    /// Text of at most so many characters, none of which is invisible, private or turns the writing direction.
    Plain(usize),
    /// The name of a tag.
    Tag,
    /// A UUID in lower case.
    Uuid,
    /// A whole number from 0 to the limit, as text or as number.
    Whole(u64),
    /// A level of distribution from 0 to the limit, as text or as number.
    Distribution(u64),
    /// Seconds since 1970, as text or as number.
    Seconds,
    /// A date `YYYY-MM-DD`.
    Date,
    /// A date and time of day `YYYY-MM-DD hh:mm:ss`.
    Clock,
    /// A time in UTC, to the microsecond.
    Moment,
    /// A truth value: `true`, `false`, 1 or 0, as such or as text.
    Flag,
    /// Bytes in base64.
    Data,
}

/// Whether a field must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// Always.
    Required,
    /// Where the sender likes.
    Optional,
}

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    /// Key.
    pub(super) name: &'static str,
    /// How it is written.
    pub(super) kind: Type,
    /// Whether it must stand.
    pub(super) presence: Presence,
}

/// How often a model stands in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occurs {
    /// As one object.
    Once,
    /// As an array of objects.
    Many,
}

/// A model within a model.
#[derive(Debug)]
pub(super) struct Part {
    /// Key.
    pub(super) name: &'static str,
    /// How often.
    pub(super) occurs: Occurs,
    /// What it is.
    pub(super) model: &'static Model,
}

/// A model: the object that a capitalised key holds.
#[derive(Debug)]
pub(super) struct Model {
    /// Name, as the manual gives it.
    pub(super) name: &'static str,
    /// Fields that the table knows, required ones first; at most 64, one bit each.
    pub(super) fields: &'static [Field],
    /// Models that stand in it.
    pub(super) parts: &'static [Part],
}

impl Model {
    /// The field of a name, with its place in the table.
    pub(super) fn field(&self, name: &str) -> Option<(usize, &'static Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }

    /// The model within this one.
    pub(super) fn part(&self, name: &str) -> Option<&'static Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}

const fn required(name: &'static str, kind: Type) -> Field {
    Field { name, kind, presence: Presence::Required }
}

const fn optional(name: &'static str, kind: Type) -> Field {
    Field { name, kind, presence: Presence::Optional }
}

const fn once(name: &'static str, model: &'static Model) -> Part {
    Part { name, occurs: Occurs::Once, model }
}

const fn many(name: &'static str, model: &'static Model) -> Part {
    Part { name, occurs: Occurs::Many, model }
}

/// A number of a row in the sender's database: at most 2^63, as its columns are.
const ID: Type = Type::Whole(9_223_372_036_854_775_807);
/// A short word of an interface: 255 characters, as the sender's columns are.
const WORD: Type = Type::Plain(255);
/// A text of people: 65,535 characters, as the sender's columns are.
const TEXT: Type = Type::Text(65_535);
/// A report or a note: 1,048,576 characters; a reviewer could not read more.
const LONG: Type = Type::Text(1_048_576);
/// Levels of what has nothing to inherit from.
const OUTER: Type = Type::Distribution(4);
/// Levels where 5 inherits.
const INNER: Type = Type::Distribution(5);

/// What may stand at the outside of a body, each as a message of its own.
pub(super) static ROOTS: &[Part] = &[
    once("Event", &EVENT),
    once("Note", &NOTE),
    once("Opinion", &OPINION),
    once("Relationship", &RELATIONSHIP),
    once("GalaxyCluster", &CLUSTER),
    once("ShadowAttribute", &PROPOSAL),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every model that can stand in a message, from the outside in, each once.
    fn models() -> Vec<&'static Model> {
        let (mut found, mut seen): (Vec<&'static Model>, BTreeSet<&str>) = (Vec::new(), BTreeSet::new());
        let mut next: Vec<&'static Model> = ROOTS.iter().map(|root| root.model).collect();
        while !next.is_empty() {
            let here: Vec<&'static Model> = std::mem::take(&mut next).into_iter().filter(|model| seen.insert(model.name)).collect();
            next = here.iter().flat_map(|model| model.parts.iter().map(|part| part.model)).collect();
            found.extend(here);
        }
        found
    }

    #[test]
    fn the_table_names_each_thing_once_and_fits_its_counters() {
        for model in models() {
            assert!(model.fields.len() <= 64, "{}", model.name);
            let mut names: Vec<&str> = model.fields.iter().map(|field| field.name).chain(model.parts.iter().map(|part| part.name)).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}", model.name);
        }
    }

    fn spoken(field: &Field) -> String {
        let kind = match field.kind {
            Type::Text(65_535) => " (text)".to_owned(),
            Type::Text(most) => format!(" (text of at most {most})"),
            Type::Plain(255) => String::new(),
            Type::Plain(most) => format!(" (at most {most})"),
            Type::Tag => " (tag)".to_owned(),
            Type::Uuid => " (UUID)".to_owned(),
            ID => " (number)".to_owned(),
            Type::Whole(most) => format!(" (0 to {most})"),
            Type::Distribution(most) => format!(" (level 0 to {most})"),
            Type::Seconds => " (seconds)".to_owned(),
            Type::Date => " (date)".to_owned(),
            Type::Clock => " (date and hour)".to_owned(),
            Type::Moment => " (time)".to_owned(),
            Type::Flag => " (truth value)".to_owned(),
            Type::Data => " (base64)".to_owned(),
        };
        match field.presence {
            Presence::Required => format!("**`{}`**{kind}", field.name),
            Presence::Optional => format!("`{}`{kind}", field.name),
        }
    }

    #[test]
    fn the_page_of_formats_shows_this_table() {
        let part = |part: &Part| match part.occurs {
            Occurs::Once => format!("`{}`", part.name),
            Occurs::Many => format!("`{}` often", part.name),
        };
        let row = |model: &Model| {
            let fields = model.fields.iter().map(spoken).collect::<Vec<_>>().join(", ");
            vec![format!("`{}`", model.name), fields, model.parts.iter().map(part).collect::<Vec<_>>().join(", ")]
        };
        let table = crate::manual::tests::table(&["model", "fields", "models in it"], models().into_iter().map(row));
        crate::manual::tests::assert_page_holds("formats", &table);
    }
}
