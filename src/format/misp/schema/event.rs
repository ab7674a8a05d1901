//! Events and what they are made of: attributes, objects, tags, organisations, sharing groups, proposals, sightings and reports.

use super::context::{GALAXY, NOTE, OPINION, RELATIONSHIP};
use super::{ID, INNER, LONG, Model, OUTER, TEXT, Type, WORD, many, once, optional, required};

pub(super) static EVENT: Model = Model {
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

pub(super) static ATTRIBUTE: Model = Model {
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

pub(super) static OBJECT: Model = Model {
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

pub(super) static REFERENCE: Model = Model {
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
pub(super) static MENTIONED: Model = Model {
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

pub(super) static TAG: Model = Model {
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

pub(super) static ORGANISATION: Model = Model {
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

pub(super) static SHARING_GROUP: Model = Model {
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

pub(super) static GROUP_MEMBER: Model = Model {
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

pub(super) static GROUP_SERVER: Model = Model {
    name: "SharingGroupServer",
    fields: &[optional("id", ID), optional("sharing_group_id", ID), optional("server_id", ID), optional("all_orgs", Type::Flag)],
    parts: &[once("Server", &SERVER)],
};

pub(super) static SERVER: Model =
    Model { name: "Server", fields: &[optional("id", ID), optional("url", Type::Text(2_048)), optional("name", WORD)], parts: &[] };

pub(super) static PROPOSAL: Model = Model {
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

pub(super) static SIGHTING: Model = Model {
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

pub(super) static REPORT: Model = Model {
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

pub(super) static RELATED: Model =
    Model { name: "RelatedEvent", fields: &[], parts: &[once("Event", &MENTIONED), once("Org", &ORGANISATION), once("Orgc", &ORGANISATION)] };

pub(super) static RELATED_ATTRIBUTE: Model = Model {
    name: "RelatedAttribute",
    fields: &[optional("id", ID), optional("org_id", ID), optional("info", TEXT), optional("value", TEXT)],
    parts: &[],
};

pub(super) static KEY: Model = Model {
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
