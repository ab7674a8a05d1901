//! What the MISP core format is: models, their fields with types and limits, and what stands in what, as a table.
//!
//! SPEC: MISP core format (draft of the project's RFC series), with the fields that real exports carry beside it.
//! Every model is open: what is not in the table is read as text without type, and the field profile of the rule set judges it.

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

static EVENT: Model = Model {
    name: "Event",
    fields: &[
        required("uuid", Type::Uuid),
        required("info", TEXT),
        required("date", Type::Date),
        required("timestamp", Type::Seconds),
        required("distribution", OUTER),
        optional("id", ID),
        optional("org_id", ID),
        optional("orgc_id", ID),
        optional("user_id", ID),
        optional("published", Type::Flag),
        optional("publish_timestamp", Type::Seconds),
        optional("sighting_timestamp", Type::Seconds),
        optional("threat_level_id", Type::Whole(4)),
        optional("analysis", Type::Whole(2)),
        optional("sharing_group_id", ID),
        optional("attribute_count", ID),
        optional("extends_uuid", Type::Uuid),
        optional("proposal_email_lock", Type::Flag),
        optional("locked", Type::Flag),
        optional("disable_correlation", Type::Flag),
        optional("protected", Type::Flag),
        optional("event_creator_email", WORD),
    ],
    parts: &[
        once("Org", &ORGANISATION),
        once("Orgc", &ORGANISATION),
        once("SharingGroup", &SHARING_GROUP),
        many("Tag", &TAG),
        many("Attribute", &ATTRIBUTE),
        many("ShadowAttribute", &PROPOSAL),
        many("Object", &OBJECT),
        many("Galaxy", &GALAXY),
        many("EventReport", &REPORT),
        many("RelatedEvent", &RELATED),
        many("CryptographicKey", &KEY),
        many("Note", &NOTE),
        many("Opinion", &OPINION),
        many("Relationship", &RELATIONSHIP),
    ],
};

static ATTRIBUTE: Model = Model {
    name: "Attribute",
    fields: &[
        required("uuid", Type::Uuid),
        required("type", WORD),
        required("category", WORD),
        required("value", TEXT),
        required("distribution", INNER),
        required("timestamp", Type::Seconds),
        optional("to_ids", Type::Flag),
        optional("comment", TEXT),
        optional("id", ID),
        optional("event_id", ID),
        optional("object_id", ID),
        optional("object_relation", WORD),
        optional("sharing_group_id", ID),
        optional("deleted", Type::Flag),
        optional("disable_correlation", Type::Flag),
        optional("first_seen", Type::Moment),
        optional("last_seen", Type::Moment),
        optional("data", Type::Data),
    ],
    parts: &[
        once("SharingGroup", &SHARING_GROUP),
        many("Tag", &TAG),
        many("Galaxy", &GALAXY),
        many("ShadowAttribute", &PROPOSAL),
        many("Sighting", &SIGHTING),
        many("RelatedAttribute", &RELATED_ATTRIBUTE),
        many("Note", &NOTE),
        many("Opinion", &OPINION),
        many("Relationship", &RELATIONSHIP),
    ],
};

static OBJECT: Model = Model {
    name: "Object",
    fields: &[
        required("uuid", Type::Uuid),
        required("name", WORD),
        required("distribution", INNER),
        optional("meta-category", WORD),
        optional("description", TEXT),
        optional("template_uuid", Type::Uuid),
        optional("template_version", ID),
        optional("id", ID),
        optional("event_id", ID),
        optional("timestamp", Type::Seconds),
        optional("sharing_group_id", ID),
        optional("comment", TEXT),
        optional("deleted", Type::Flag),
        optional("first_seen", Type::Moment),
        optional("last_seen", Type::Moment),
    ],
    parts: &[
        once("SharingGroup", &SHARING_GROUP),
        many("Tag", &TAG),
        many("Attribute", &ATTRIBUTE),
        many("ObjectReference", &REFERENCE),
        many("Note", &NOTE),
        many("Opinion", &OPINION),
        many("Relationship", &RELATIONSHIP),
    ],
};

static REFERENCE: Model = Model {
    name: "ObjectReference",
    fields: &[
        required("referenced_uuid", Type::Uuid),
        required("relationship_type", WORD),
        optional("uuid", Type::Uuid),
        optional("object_uuid", Type::Uuid),
        optional("source_uuid", Type::Uuid),
        optional("id", ID),
        optional("event_id", ID),
        optional("object_id", ID),
        optional("referenced_id", ID),
        optional("referenced_type", Type::Whole(2)),
        optional("timestamp", Type::Seconds),
        optional("comment", TEXT),
        optional("deleted", Type::Flag),
    ],
    parts: &[once("Object", &MENTIONED), once("Attribute", &MENTIONED)],
};

/// What a mention repeats of what it mentions: an excerpt, of which nothing must stand.
static MENTIONED: Model = Model {
    name: "excerpt",
    fields: &[
        optional("uuid", Type::Uuid),
        optional("distribution", INNER),
        optional("timestamp", Type::Seconds),
        optional("publish_timestamp", Type::Seconds),
        optional("date", Type::Date),
        optional("info", TEXT),
        optional("name", WORD),
        optional("type", WORD),
        optional("category", WORD),
        optional("value", TEXT),
        optional("comment", TEXT),
        optional("published", Type::Flag),
        optional("deleted", Type::Flag),
        optional("event_creator_email", WORD),
    ],
    parts: &[once("Org", &ORGANISATION), once("Orgc", &ORGANISATION), many("Tag", &TAG)],
};

static TAG: Model = Model {
    name: "Tag",
    fields: &[
        required("name", Type::Tag),
        optional("id", ID),
        optional("colour", WORD),
        optional("exportable", Type::Flag),
        optional("local", Type::Flag),
        optional("hide_tag", Type::Flag),
        optional("is_galaxy", Type::Flag),
        optional("is_custom_galaxy", Type::Flag),
        optional("local_only", Type::Flag),
        optional("org_id", ID),
        optional("user_id", ID),
        optional("numerical_value", WORD),
        optional("relationship_type", WORD),
    ],
    parts: &[],
};

static ORGANISATION: Model = Model {
    name: "Org",
    fields: &[
        required("uuid", Type::Uuid),
        optional("name", WORD),
        optional("id", ID),
        optional("local", Type::Flag),
        optional("description", TEXT),
        optional("contacts", TEXT),
        optional("created_by_email", WORD),
    ],
    parts: &[],
};

static SHARING_GROUP: Model = Model {
    name: "SharingGroup",
    fields: &[
        required("uuid", Type::Uuid),
        required("name", WORD),
        optional("id", ID),
        optional("releasability", TEXT),
        optional("description", TEXT),
        optional("organisation_uuid", Type::Uuid),
        optional("org_id", ID),
        optional("sync_user_id", ID),
        optional("active", Type::Flag),
        optional("local", Type::Flag),
        optional("roaming", Type::Flag),
        optional("created", Type::Clock),
        optional("modified", Type::Clock),
    ],
    parts: &[once("Organisation", &ORGANISATION), many("SharingGroupOrg", &GROUP_MEMBER), many("SharingGroupServer", &GROUP_SERVER)],
};

static GROUP_MEMBER: Model = Model {
    name: "SharingGroupOrg",
    fields: &[
        optional("uuid", Type::Uuid),
        optional("id", ID),
        optional("org_id", ID),
        optional("sharing_group_id", ID),
        optional("extend", Type::Flag),
    ],
    parts: &[once("Organisation", &ORGANISATION)],
};

static GROUP_SERVER: Model = Model {
    name: "SharingGroupServer",
    fields: &[optional("id", ID), optional("sharing_group_id", ID), optional("server_id", ID), optional("all_orgs", Type::Flag)],
    parts: &[once("Server", &SERVER)],
};

static SERVER: Model =
    Model { name: "Server", fields: &[optional("id", ID), optional("url", Type::Text(2_048)), optional("name", WORD)], parts: &[] };

static GALAXY: Model = Model {
    name: "Galaxy",
    fields: &[
        optional("uuid", Type::Uuid),
        optional("name", WORD),
        optional("type", WORD),
        optional("namespace", WORD),
        optional("description", TEXT),
        optional("icon", WORD),
        optional("id", ID),
        optional("version", ID),
        optional("enabled", Type::Flag),
        optional("local_only", Type::Flag),
    ],
    parts: &[many("GalaxyCluster", &CLUSTER)],
};

static CLUSTER: Model = Model {
    name: "GalaxyCluster",
    fields: &[
        optional("uuid", Type::Uuid),
        optional("tag_name", Type::Tag),
        optional("value", TEXT),
        optional("type", WORD),
        optional("description", LONG),
        optional("source", TEXT),
        optional("distribution", OUTER),
        optional("sharing_group_id", ID),
        optional("collection_uuid", Type::Uuid),
        optional("extends_uuid", Type::Uuid),
        optional("extends_version", ID),
        optional("id", ID),
        optional("galaxy_id", ID),
        optional("org_id", ID),
        optional("orgc_id", ID),
        optional("tag_id", ID),
        optional("version", ID),
        optional("default", Type::Flag),
        optional("local", Type::Flag),
        optional("locked", Type::Flag),
        optional("published", Type::Flag),
        optional("deleted", Type::Flag),
    ],
    parts: &[
        once("Org", &ORGANISATION),
        once("Orgc", &ORGANISATION),
        once("SharingGroup", &SHARING_GROUP),
        once("Galaxy", &GALAXY),
        many("GalaxyElement", &ELEMENT),
        many("GalaxyClusterRelation", &RELATION),
        many("Note", &NOTE),
        many("Opinion", &OPINION),
        many("Relationship", &RELATIONSHIP),
    ],
};

static ELEMENT: Model = Model {
    name: "GalaxyElement",
    fields: &[required("key", WORD), required("value", TEXT), optional("id", ID), optional("galaxy_cluster_id", ID)],
    parts: &[],
};

static RELATION: Model = Model {
    name: "GalaxyClusterRelation",
    fields: &[
        optional("galaxy_cluster_uuid", Type::Uuid),
        optional("referenced_galaxy_cluster_uuid", Type::Uuid),
        optional("referenced_galaxy_cluster_type", WORD),
        optional("distribution", OUTER),
        optional("sharing_group_id", ID),
        optional("id", ID),
        optional("galaxy_cluster_id", ID),
        optional("referenced_galaxy_cluster_id", ID),
        optional("default", Type::Flag),
    ],
    parts: &[once("SharingGroup", &SHARING_GROUP), many("GalaxyClusterRelationTag", &RELATION_TAG), many("Tag", &TAG)],
};

static RELATION_TAG: Model =
    Model { name: "GalaxyClusterRelationTag", fields: &[optional("id", ID), optional("tag_id", ID)], parts: &[once("Tag", &TAG)] };

static PROPOSAL: Model = Model {
    name: "ShadowAttribute",
    fields: &[
        required("uuid", Type::Uuid),
        required("type", WORD),
        required("category", WORD),
        required("value", TEXT),
        optional("timestamp", Type::Seconds),
        optional("distribution", INNER),
        optional("sharing_group_id", ID),
        optional("to_ids", Type::Flag),
        optional("comment", TEXT),
        optional("id", ID),
        optional("old_id", ID),
        optional("event_id", ID),
        optional("org_id", ID),
        optional("event_org_id", ID),
        optional("org_uuid", Type::Uuid),
        optional("old_uuid", Type::Uuid),
        optional("event_uuid", Type::Uuid),
        optional("email", WORD),
        optional("deleted", Type::Flag),
        optional("proposal_to_delete", Type::Flag),
        optional("disable_correlation", Type::Flag),
        optional("first_seen", Type::Moment),
        optional("last_seen", Type::Moment),
        optional("data", Type::Data),
    ],
    parts: &[once("Org", &ORGANISATION), once("SharingGroup", &SHARING_GROUP), many("Tag", &TAG)],
};

static SIGHTING: Model = Model {
    name: "Sighting",
    fields: &[
        required("type", Type::Whole(2)),
        optional("uuid", Type::Uuid),
        optional("date_sighting", Type::Seconds),
        optional("source", WORD),
        optional("attribute_uuid", Type::Uuid),
        optional("id", ID),
        optional("attribute_id", ID),
        optional("event_id", ID),
        optional("org_id", ID),
    ],
    parts: &[once("Organisation", &ORGANISATION)],
};

static REPORT: Model = Model {
    name: "EventReport",
    fields: &[
        required("uuid", Type::Uuid),
        required("name", TEXT),
        required("content", LONG),
        required("distribution", INNER),
        optional("id", ID),
        optional("event_id", ID),
        optional("sharing_group_id", ID),
        optional("timestamp", Type::Seconds),
        optional("deleted", Type::Flag),
    ],
    parts: &[
        once("SharingGroup", &SHARING_GROUP),
        many("Tag", &TAG),
        many("Note", &NOTE),
        many("Opinion", &OPINION),
        many("Relationship", &RELATIONSHIP),
    ],
};

static RELATED: Model =
    Model { name: "RelatedEvent", fields: &[], parts: &[once("Event", &MENTIONED), once("Org", &ORGANISATION), once("Orgc", &ORGANISATION)] };

static RELATED_ATTRIBUTE: Model = Model {
    name: "RelatedAttribute",
    fields: &[optional("id", ID), optional("org_id", ID), optional("info", TEXT), optional("value", TEXT)],
    parts: &[],
};

static KEY: Model = Model {
    name: "CryptographicKey",
    fields: &[
        required("type", WORD),
        required("key_data", TEXT),
        optional("uuid", Type::Uuid),
        optional("fingerprint", WORD),
        optional("timestamp", Type::Seconds),
        optional("revoked", Type::Flag),
        optional("id", ID),
        optional("parent_id", ID),
        optional("parent_type", WORD),
    ],
    parts: &[],
};

/// Fields of all analyst data, after those of one kind.
macro_rules! analyst {
    ($name:literal, $($own:expr),* $(,)?) => {
        Model {
            name: $name,
            fields: &[
                required("uuid", Type::Uuid),
                required("object_uuid", Type::Uuid),
                required("object_type", WORD),
                required("distribution", INNER),
                $($own,)*
                optional("authors", TEXT),
                optional("org_uuid", Type::Uuid),
                optional("orgc_uuid", Type::Uuid),
                optional("created", Type::Clock),
                optional("modified", Type::Clock),
                optional("sharing_group_id", ID),
                optional("locked", Type::Flag),
                optional("id", ID),
                optional("note_type", Type::Whole(2)),
                optional("note_type_name", WORD),
                optional("_canEdit", Type::Flag),
            ],
            parts: &[
                once("Org", &ORGANISATION),
                once("Orgc", &ORGANISATION),
                once("SharingGroup", &SHARING_GROUP),
                once("related_object", &SUBJECT),
                many("Note", &NOTE),
                many("Opinion", &OPINION),
                many("Relationship", &RELATIONSHIP),
            ],
        }
    };
}

static NOTE: Model = analyst!("Note", required("note", LONG), optional("language", WORD));
static OPINION: Model = analyst!("Opinion", required("opinion", Type::Whole(100)), optional("comment", TEXT));
static RELATIONSHIP: Model = analyst!(
    "Relationship",
    required("relationship_type", WORD),
    required("related_object_uuid", Type::Uuid),
    required("related_object_type", WORD),
);

/// What a relationship repeats of the thing that it points to.
static SUBJECT: Model = Model {
    name: "related_object",
    fields: &[],
    parts: &[
        once("Event", &MENTIONED),
        once("Attribute", &MENTIONED),
        once("Object", &MENTIONED),
        once("EventReport", &MENTIONED),
        once("GalaxyCluster", &MENTIONED),
        once("Galaxy", &MENTIONED),
        once("Note", &MENTIONED),
        once("Opinion", &MENTIONED),
        once("Relationship", &MENTIONED),
    ],
};

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
