//! The models of MISP as the second reader has them: names, grouped by what an empty text in them means.
//!
//! Written from the draft standard beside the first reader's table, never from that table.

/// A model: lists of member names, separated by spaces.
pub(super) struct Model {
    /// Members that must stand, with a value.
    pub(super) must: &'static str,
    /// Truth values.
    pub(super) flags: &'static str,
    /// Identities, numbers, dates and data: an empty text in them is none.
    pub(super) terse: &'static str,
    /// Times to the microsecond.
    pub(super) moments: &'static str,
    /// Tags.
    pub(super) tags: &'static str,
    /// The highest level of distribution, where the model has one.
    pub(super) spreads: Option<u8>,
    /// Models that stand once in it.
    pub(super) once: &'static str,
    /// Models that stand in lists in it.
    pub(super) many: &'static str,
}

const OPEN: Model = Model { must: "", flags: "", terse: "", moments: "", tags: "", spreads: None, once: "", many: "" };

const EVENT: Model = Model {
    must: "uuid info date timestamp distribution",
    flags: "published proposal_email_lock locked disable_correlation protected",
    terse: "uuid date timestamp id org_id orgc_id user_id publish_timestamp sighting_timestamp threat_level_id analysis sharing_group_id attribute_count extends_uuid",
    spreads: Some(4),
    once: "Org Orgc SharingGroup",
    many: "Tag Attribute ShadowAttribute Object Galaxy EventReport RelatedEvent CryptographicKey Note Opinion Relationship",
    ..OPEN
};

const ATTRIBUTE: Model = Model {
    must: "uuid type category value distribution timestamp",
    flags: "to_ids deleted disable_correlation",
    terse: "uuid timestamp id event_id object_id sharing_group_id data",
    moments: "first_seen last_seen",
    spreads: Some(5),
    once: "SharingGroup",
    many: "Tag Galaxy ShadowAttribute Sighting RelatedAttribute Note Opinion Relationship",
    ..OPEN
};

const OBJECT: Model = Model {
    must: "uuid name distribution",
    flags: "deleted",
    terse: "uuid template_uuid template_version id event_id timestamp sharing_group_id",
    moments: "first_seen last_seen",
    spreads: Some(5),
    once: "SharingGroup",
    many: "Tag Attribute ObjectReference Note Opinion Relationship",
    ..OPEN
};

const REFERENCE: Model = Model {
    must: "referenced_uuid relationship_type",
    flags: "deleted",
    terse: "referenced_uuid uuid object_uuid source_uuid id event_id object_id referenced_id referenced_type timestamp",
    once: "Object Attribute",
    ..OPEN
};

const EXCERPT: Model =
    Model { flags: "published deleted", terse: "uuid timestamp publish_timestamp date", spreads: Some(5), once: "Org Orgc", many: "Tag", ..OPEN };

const TAG: Model = Model {
    must: "name",
    flags: "exportable local hide_tag is_galaxy is_custom_galaxy local_only",
    terse: "id org_id user_id",
    tags: "name",
    ..OPEN
};

const ORGANISATION: Model = Model { must: "uuid", flags: "local", terse: "uuid id", ..OPEN };

const GROUP: Model = Model {
    must: "uuid name",
    flags: "active local roaming",
    terse: "uuid id organisation_uuid org_id sync_user_id created modified",
    once: "Organisation",
    many: "SharingGroupOrg SharingGroupServer",
    ..OPEN
};

const GROUP_MEMBER: Model = Model { flags: "extend", terse: "uuid id org_id sharing_group_id", once: "Organisation", ..OPEN };
const GROUP_SERVER: Model = Model { flags: "all_orgs", terse: "id sharing_group_id server_id", once: "Server", ..OPEN };
const SERVER: Model = Model { terse: "id", ..OPEN };
const GALAXY: Model = Model { flags: "enabled local_only", terse: "uuid id version", many: "GalaxyCluster", ..OPEN };

const CLUSTER: Model = Model {
    flags: "default local locked published deleted",
    terse: "uuid sharing_group_id collection_uuid extends_uuid extends_version id galaxy_id org_id orgc_id tag_id version",
    tags: "tag_name",
    spreads: Some(4),
    once: "Org Orgc SharingGroup Galaxy",
    many: "GalaxyElement GalaxyClusterRelation Note Opinion Relationship",
    ..OPEN
};

const ELEMENT: Model = Model { must: "key value", terse: "id galaxy_cluster_id", ..OPEN };

const RELATION: Model = Model {
    flags: "default",
    terse: "galaxy_cluster_uuid referenced_galaxy_cluster_uuid sharing_group_id id galaxy_cluster_id referenced_galaxy_cluster_id",
    spreads: Some(4),
    once: "SharingGroup",
    many: "GalaxyClusterRelationTag Tag",
    ..OPEN
};

const RELATION_TAG: Model = Model { terse: "id tag_id", once: "Tag", ..OPEN };

const PROPOSAL: Model = Model {
    must: "uuid type category value",
    flags: "to_ids deleted proposal_to_delete disable_correlation",
    terse: "uuid timestamp sharing_group_id id old_id event_id org_id event_org_id org_uuid old_uuid event_uuid data",
    moments: "first_seen last_seen",
    spreads: Some(5),
    once: "Org SharingGroup",
    many: "Tag",
    ..OPEN
};

const SIGHTING: Model =
    Model { must: "type", terse: "type uuid date_sighting attribute_uuid id attribute_id event_id org_id", once: "Organisation", ..OPEN };

const REPORT: Model = Model {
    must: "uuid name content distribution",
    flags: "deleted",
    terse: "uuid id event_id sharing_group_id timestamp",
    spreads: Some(5),
    once: "SharingGroup",
    many: "Tag Note Opinion Relationship",
    ..OPEN
};

const RELATED_EVENT: Model = Model { once: "Event Org Orgc", ..OPEN };
const RELATED_ATTRIBUTE: Model = Model { terse: "id org_id", ..OPEN };
const KEY: Model = Model { must: "type key_data", flags: "revoked", terse: "uuid timestamp id parent_id", ..OPEN };

const ANALYST: Model = Model {
    must: "uuid object_uuid object_type distribution",
    flags: "locked _canEdit",
    terse: "uuid object_uuid org_uuid orgc_uuid created modified sharing_group_id id note_type",
    spreads: Some(5),
    once: "Org Orgc SharingGroup related_object",
    many: "Note Opinion Relationship",
    ..OPEN
};

const NOTE: Model = Model { must: "uuid object_uuid object_type distribution note", ..ANALYST };
const OPINION: Model = Model {
    must: "uuid object_uuid object_type distribution opinion",
    terse: "uuid object_uuid org_uuid orgc_uuid created modified sharing_group_id id note_type opinion",
    ..ANALYST
};
const RELATIONSHIP: Model = Model {
    must: "uuid object_uuid object_type distribution relationship_type related_object_uuid related_object_type",
    terse: "uuid object_uuid org_uuid orgc_uuid created modified sharing_group_id id note_type related_object_uuid",
    ..ANALYST
};
const SUBJECT: Model = Model { once: "Event Attribute Object EventReport GalaxyCluster Galaxy Note Opinion Relationship", ..OPEN };

/// The model of a member by its name, within the one that it stands in.
pub(super) fn model(within: &str, name: &str) -> &'static Model {
    match (within, name) {
        (
            "related_object" | "RelatedEvent" | "ObjectReference",
            "Event" | "Attribute" | "Object" | "EventReport" | "GalaxyCluster" | "Galaxy" | "Note" | "Opinion" | "Relationship",
        ) => &EXCERPT,
        (_, "Event") => &EVENT,
        (_, "Attribute") => &ATTRIBUTE,
        (_, "Object") => &OBJECT,
        (_, "ObjectReference") => &REFERENCE,
        (_, "Tag") => &TAG,
        (_, "Org" | "Orgc" | "Organisation") => &ORGANISATION,
        (_, "SharingGroup") => &GROUP,
        (_, "SharingGroupOrg") => &GROUP_MEMBER,
        (_, "SharingGroupServer") => &GROUP_SERVER,
        (_, "Server") => &SERVER,
        (_, "Galaxy") => &GALAXY,
        (_, "GalaxyCluster") => &CLUSTER,
        (_, "GalaxyElement") => &ELEMENT,
        (_, "GalaxyClusterRelation") => &RELATION,
        (_, "GalaxyClusterRelationTag") => &RELATION_TAG,
        (_, "ShadowAttribute") => &PROPOSAL,
        (_, "Sighting") => &SIGHTING,
        (_, "EventReport") => &REPORT,
        (_, "RelatedEvent") => &RELATED_EVENT,
        (_, "RelatedAttribute") => &RELATED_ATTRIBUTE,
        (_, "CryptographicKey") => &KEY,
        (_, "Note") => &NOTE,
        (_, "Opinion") => &OPINION,
        (_, "Relationship") => &RELATIONSHIP,
        (_, "related_object") => &SUBJECT,
        _ => &OPEN,
    }
}

/// Whether a list of names has a name.
pub(super) fn lists(names: &str, name: &str) -> bool {
    names.split(' ').any(|listed| listed == name)
}
