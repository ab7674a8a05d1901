//! MISP messages as the second reader knows them: which members are truth values, times and tags, and what must stand.
//!
//! Written from the draft standard beside the first reader's table, never from that table. Members are grouped by what an empty text in
//! them means, because that is what decides which nodes there are.

use std::borrow::Cow;

use super::json::{self, Json, Members, Nothing};
use super::second::{Second, Spelling};

/// Name of the root.
const ROOT: &str = "misp";
/// What a message may be.
const MESSAGES: [&str; 6] = ["Event", "Note", "Opinion", "Relationship", "GalaxyCluster", "ShadowAttribute"];

/// A model: lists of member names, separated by spaces.
struct Model {
    /// Members that must stand, with a value.
    must: &'static str,
    /// Truth values.
    flags: &'static str,
    /// Identities, numbers, dates and data: an empty text in them is none.
    terse: &'static str,
    /// Times to the microsecond.
    moments: &'static str,
    /// Tags.
    tags: &'static str,
    /// The highest level of distribution, where the model has one.
    spreads: Option<u8>,
    /// Models that stand once in it.
    once: &'static str,
    /// Models that stand in lists in it.
    many: &'static str,
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

const EXCERPT: Model = Model {
    flags: "published deleted",
    terse: "uuid timestamp publish_timestamp date",
    spreads: Some(5),
    once: "Org Orgc",
    many: "Tag",
    ..OPEN
};

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
fn model(within: &str, name: &str) -> &'static Model {
    match (within, name) {
        ("related_object" | "RelatedEvent" | "ObjectReference", "Event" | "Attribute" | "Object" | "EventReport" | "GalaxyCluster" | "Galaxy" | "Note" | "Opinion" | "Relationship") => &EXCERPT,
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

fn lists(names: &str, name: &str) -> bool {
    names.split(' ').any(|listed| listed == name)
}

/// Whether the first key of a body is that of a message, or of the wrapper around one.
pub(super) fn claims(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body.get(..256).unwrap_or(body));
    let text = text.trim_start_matches('\u{feff}').trim_ascii_start();
    let text = text.strip_prefix('[').unwrap_or(text).trim_ascii_start();
    let key = text.strip_prefix('{').and_then(|rest| rest.trim_ascii_start().strip_prefix('"')).and_then(|rest| rest.split_once('"'));
    key.is_some_and(|(key, _)| key == "response" || MESSAGES.contains(&key))
}

/// Reads a body.
///
/// # Errors
/// One line: what was expected.
pub(super) fn read(bytes: &[u8]) -> Result<Second<'_>, &'static str> {
    let mut message = match json::read(bytes)? {
        Json::List(items) => alone(items)?,
        Json::Object(mut members) => match (members.len(), members.remove("response")) {
            (1, Some(Json::List(items))) => alone(items)?,
            (_, None) => Json::Object(members),
            _ => return Err("expected nothing beside the list of an export"),
        },
        _ => return Err("expected an object or a list"),
    };
    let Json::Object(members) = &mut message else { return Err("expected an object") };
    match members.iter_mut().next() {
        Some((key, value)) if MESSAGES.contains(&key.as_ref()) => part(key, value, &Place { within: ROOT, occurs: Occurs::Once })?,
        _ => return Err("expected one message under its key"),
    }
    let stands = members.len() == 1 && members.values().all(|value| matches!(value, Json::Object(_)));
    if stands { json::second(ROOT, message, Nothing::Absent, spelling) } else { Err("expected one message under its key") }
}

fn alone(items: Vec<Json<'_>>) -> Result<Json<'_>, &'static str> {
    let mut items = items.into_iter();
    items.next().filter(|_| items.len() == 0).ok_or("expected one message")
}

/// The canonical bytes of a tree.
///
/// # Errors
/// One line: what cannot be written.
pub(super) fn write(tree: &Second<'_>) -> Result<Vec<u8>, &'static str> {
    json::write(tree)
}

/// How a member that is a text is compared.
fn spelling(above: &[&str], _: &Members<'_>, name: &str) -> Spelling {
    let mut names = above.iter().rev().copied();
    let (own, within) = (names.next().unwrap_or(""), names.next().unwrap_or(""));
    if is_known(above) && lists(model(within, own).moments, name) { Spelling::Time } else { Spelling::Exact }
}

/// Whether every element on the way down is one that the table has there: an unknown part has no types, whatever it calls what is in it.
fn is_known(above: &[&str]) -> bool {
    let mut within = "";
    above.windows(2).all(|pair| match pair {
        [ROOT, name] => {
            within = ROOT;
            MESSAGES.contains(name)
        }
        [outer, name] => {
            let known = model(within, outer);
            within = outer;
            lists(known.once, name) || lists(known.many, name)
        }
        _ => false,
    })
}

/// How often a part stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occurs {
    Once,
    Many,
}

/// Where a part stands.
struct Place<'p> {
    within: &'p str,
    occurs: Occurs,
}

/// Brings a part into the one form: an object, a list of objects, or nothing.
fn part(name: &str, value: &mut Json<'_>, place: &Place<'_>) -> Result<(), &'static str> {
    match value {
        Json::Null => Ok(()),
        Json::List(items) if items.is_empty() => Ok(()),
        Json::List(items) if place.occurs == Occurs::Many => items.iter_mut().try_for_each(|item| match item {
            Json::Object(members) => object(name, members, place.within),
            _ => Err("expected objects in a list of parts"),
        }),
        Json::Object(members) if place.occurs == Occurs::Once => object(name, members, place.within),
        _ => Err("expected a part as an object, or as a list where it may stand often"),
    }
}

fn object(name: &str, members: &mut Members<'_>, within: &str) -> Result<(), &'static str> {
    let model = model(within, name);
    for (key, value) in members.iter_mut() {
        if lists(model.once, key) {
            part(key, value, &Place { within: name, occurs: Occurs::Once })?;
        } else if lists(model.many, key) {
            part(key, value, &Place { within: name, occurs: Occurs::Many })?;
        } else {
            member(model, key, value)?;
        }
    }
    let stands = |name: &str| members.get(name).is_some_and(|value| !matches!(value, Json::Null | Json::List(_)));
    if !model.must.split(' ').filter(|must| !must.is_empty()).all(stands) {
        return Err("expected every member that must stand");
    }
    let level = members.get("distribution").and_then(Json::text);
    let grouped = members.get("SharingGroup").is_some_and(|group| group.members().is_some());
    if lists(model.once, "SharingGroup") && level == Some("4") && !grouped {
        return Err("expected the sharing group of distribution 4");
    }
    Ok(())
}

/// Brings the value of a member into the one form.
fn member(model: &Model, name: &str, value: &mut Json<'_>) -> Result<(), &'static str> {
    let flag = lists(model.flags, name);
    let spread = model.spreads.filter(|_| name == "distribution");
    let (moment, tag) = (lists(model.moments, name), lists(model.tags, name));
    let terse = flag || spread.is_some() || moment || tag || lists(model.terse, name);
    plain(value);
    let Json::Text(text) = value else {
        return match value {
            Json::Flag(_) if terse && !flag => Err("expected no truth value"),
            Json::Object(_) if terse => Err("expected one value"),
            Json::List(items) if terse && !items.is_empty() => Err("expected one value"),
            _ => Ok(()),
        };
    };
    if terse && text.is_empty() {
        *value = Json::Null;
        return Ok(());
    }
    if flag {
        *value = match text.as_ref() {
            "true" | "1" => Json::Flag(true),
            "false" | "0" => Json::Flag(false),
            _ => return Err("expected a truth value"),
        };
        return Ok(());
    }
    if let Some(local) = text.strip_suffix("+00:00").filter(|_| moment) {
        *text = Cow::Owned(format!("{local}Z"));
    }
    let level = text.parse::<u8>().ok().filter(|level| level.to_string() == *text);
    match spread {
        Some(most) if level.is_none_or(|level| level > most) => Err("expected a level of distribution"),
        _ if tag && !is_tag(text) => Err("expected a tag with one reading"),
        _ => Ok(()),
    }
}

/// Numbers as text, at any depth.
fn plain(value: &mut Json<'_>) {
    match value {
        Json::Number(number) => {
            let text = match number.split_once('.') {
                Some((whole, fraction)) => format!("{whole}.{}", fraction.trim_end_matches('0')),
                None => number.to_string(),
            };
            *value = Json::Text(Cow::Owned(text.trim_end_matches('.').to_owned()));
        }
        Json::List(items) => items.iter_mut().for_each(plain),
        Json::Object(members) => members.values_mut().for_each(plain),
        Json::Null | Json::Flag(_) | Json::Text(_) => {}
    }
}

fn is_tag(tag: &str) -> bool {
    let namespace = tag.find(':').and_then(|at| tag.get(..at)).unwrap_or("");
    let named = namespace.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    named && !tag.starts_with(char::is_whitespace) && !tag.ends_with(char::is_whitespace)
}
