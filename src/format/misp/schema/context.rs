//! What is said about events: galaxies and their clusters, and the data of analysts.

use super::event::{MENTIONED, ORGANISATION, SHARING_GROUP, TAG};
use super::{ID, INNER, LONG, Model, OUTER, TEXT, Type, WORD, many, once, optional, required};

pub(super) static GALAXY: Model = Model {
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

pub(super) static CLUSTER: Model = Model {
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

pub(super) static ELEMENT: Model = Model {
    name: "GalaxyElement",
    fields: &[required("key", WORD), required("value", TEXT), optional("id", ID), optional("galaxy_cluster_id", ID)],
    parts: &[],
};

pub(super) static RELATION: Model = Model {
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

pub(super) static RELATION_TAG: Model =
    Model { name: "GalaxyClusterRelationTag", fields: &[optional("id", ID), optional("tag_id", ID)], parts: &[once("Tag", &TAG)] };

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

pub(super) static NOTE: Model = analyst!("Note", required("note", LONG), optional("language", WORD));
pub(super) static OPINION: Model = analyst!("Opinion", required("opinion", Type::Whole(100)), optional("comment", TEXT));
pub(super) static RELATIONSHIP: Model = analyst!(
    "Relationship",
    required("relationship_type", WORD),
    required("related_object_uuid", Type::Uuid),
    required("related_object_type", WORD),
);

/// What a relationship repeats of the thing that it points to.
pub(super) static SUBJECT: Model = Model {
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
