//! MISP messages as the second reader knows them: one form for each value, what must stand, and where tags mark what.
//!
//! Takes the values of the second JSON reader, brings numbers, truth values and times into one spelling, and makes the second tree of them.

mod models;

use std::borrow::Cow;
use std::collections::BTreeMap;

use models::{Model, lists, model};

use super::json::{self, Json, Members, Nothing};
use super::mark::Mark;
use super::portion::{Mention, Portion, whole};
use super::readers::{Canonical, Reader};
use super::second::{Part, Second, Sort, Spelling};

/// The row of the MISP core format.
pub(super) const READER: Reader =
    Reader { name: "misp", claims, read, check, spelling: Canonical::Written(json::write), marks: whole, portions, attached: whole, mentions };

/// Name of the root.
const ROOT: &str = "misp";
/// What a message may be.
const MESSAGES: [&str; 6] = ["Event", "Note", "Opinion", "Relationship", "GalaxyCluster", "ShadowAttribute"];

/// Whether the first key of a body is that of a message, or of the wrapper around one.
fn claims(body: &[u8]) -> bool {
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
fn read(bytes: &[u8]) -> Result<Second<'_>, &'static str> {
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
    if is_index(members) {
        return json::second(ROOT, message, Nothing::Absent, spelling);
    }
    match members.iter_mut().next() {
        Some((key, value)) if MESSAGES.contains(&key.as_ref()) => part(key, value, &Place { within: ROOT, occurs: Occurs::Once })?,
        _ => return Err("expected one message under its key"),
    }
    let stands = members.len() == 1 && members.values().all(|value| matches!(value, Json::Object(_)));
    if stands { json::second(ROOT, message, Nothing::Absent, spelling) } else { Err("expected one message under its key") }
}

/// Whether a message lists nothing but UUIDs of analyst data with dates.
fn is_index(members: &Members<'_>) -> bool {
    let digits = |text: &str, at: std::ops::Range<usize>| text.get(at).is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let dated = |text: &str| {
        let shape = text.len() == 19 && text.get(10..11) == Some(" ");
        shape && digits(text, 0..4) && [5..7, 8..10, 11..13, 14..16, 17..19].into_iter().all(|at| digits(text, at))
    };
    let identity = |key: &str| {
        let groups: Vec<usize> = key.split('-').map(str::len).collect();
        groups == [8, 4, 4, 4, 12] && key.bytes().all(|b| matches!(b, b'-' | b'0'..=b'9' | b'a'..=b'f'))
    };
    let entries = |value: &Json<'_>| {
        value.members().is_some_and(|all| !all.is_empty() && all.iter().all(|(key, at)| identity(key) && at.text().is_some_and(dated)))
    };
    let listed = |value: &Json<'_>| entries(value) || !value.items().is_empty() && value.items().iter().all(entries);
    let named = |key: &str| matches!(key, "Note" | "Opinion" | "Relationship");
    !members.is_empty() && members.iter().all(|(key, value)| named(key) && listed(value))
}

fn alone(items: Vec<Json<'_>>) -> Result<Json<'_>, &'static str> {
    let mut items = items.into_iter();
    items.next().filter(|_| items.len() == 0).ok_or("expected one message")
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

/// Checks that the tree is one message, or an index.
fn check(tree: &Second<'_>) -> Result<(), &'static str> {
    let root = tree.root().ok_or("expected a message")?;
    let all = root.children().count();
    let messages = || root.children().filter(|child| child.is_element() && MESSAGES.contains(&child.name().1));
    let identified = messages().filter(|message| message.said("uuid").is_some() || message.name().1 == "Event").count();
    let index = identified == 0 && all > 0;
    if messages().count() == all && (all == 1 || index) { Ok(()) } else { Err("expected one message under its key") }
}

/// The message, and each part that can go without the others.
fn portions(tree: &Second<'_>) -> Vec<Portion> {
    let parts = tree.root().into_iter().flat_map(Part::all);
    let listed = parts.filter(|part| is_message(*part) || is_portion(*part));
    let mut found: Vec<Portion> = listed.map(|part| Portion { node: part.at, marks: Vec::new() }).collect();
    for (mark, owner) in tags(tree) {
        let place = found.binary_search_by_key(&owner, |portion| portion.node).ok();
        if let Some(portion) = place.and_then(|place| found.get_mut(place)) {
            portion.marks.push(mark);
        }
    }
    found
}

/// Who speaks of which part by its UUID.
fn mentions(tree: &Second<'_>) -> Vec<Mention> {
    let all = || tree.root().into_iter().flat_map(Part::all).filter(|part| part.is_element());
    let mut by_uuid: Vec<(&str, usize)> =
        all().filter(|part| is_portion(*part)).filter_map(|part| part.said("uuid").map(|uuid| (uuid, part.at))).collect();
    by_uuid.sort_unstable();
    let mut takes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for part in all() {
        let named: &[&str] = match part.name().1 {
            "ObjectReference" => &["referenced_uuid"],
            "Relationship" => &["related_object_uuid", "object_uuid"],
            "Note" | "Opinion" => &["object_uuid"],
            "Sighting" => &["attribute_uuid"],
            "ShadowAttribute" => &["old_uuid"],
            "GalaxyClusterRelation" => &["referenced_galaxy_cluster_uuid"],
            _ => &[],
        };
        named.iter().filter_map(|name| part.said(name)).for_each(|uuid| takes.entry(uuid).or_default().push(part.at));
    }
    let mentions = takes.into_iter().map(|(uuid, takes)| {
        let from = by_uuid.partition_point(|(known, _)| *known < uuid);
        let same = by_uuid.iter().skip(from).take_while(|(known, _)| *known == uuid);
        Mention { parts: same.map(|(_, at)| *at).collect(), takes }
    });
    mentions.filter(|mention| !mention.parts.is_empty()).collect()
}

/// Every tag that marks, with the number of the part that it is on.
fn tags<'t>(tree: &'t Second<'_>) -> impl Iterator<Item = (Mark, usize)> + 't {
    let leaves = tree.root().into_iter().flat_map(Part::all).filter(|part| part.node.sort == Sort::Attribute);
    leaves.filter_map(|leaf| {
        let owner = leaf.parent()?;
        let named = [("Tag", "name"), ("GalaxyCluster", "tag_name")].contains(&(owner.name().1, leaf.name().1));
        let tag = leaf.value().to_lowercase();
        let taxonomy = tag.split(':').next().unwrap_or("");
        let mark = match taxonomy {
            _ if !named => return None,
            _ if tag.starts_with("tlp") => Mark::Tlp(leaf.at),
            "nato" | "dni-ism" | "acs-marking" | "acs-m" | "euci" | "fr-classif" | "de-vs" | "classification" | "protective-marking"
                if tag.contains(':') =>
            {
                Mark::Line(leaf.at)
            }
            _ => return None,
        };
        leaf.above().find(|part| is_message(*part) || is_portion(*part)).map(|part| (mark, part.at))
    })
}

fn is_message(part: Part<'_, '_>) -> bool {
    part.parent().is_some_and(|parent| parent.at == 0)
}

/// Whether a part can go alone: not the message, and no excerpt of something else.
fn is_portion(part: Part<'_, '_>) -> bool {
    let listed = matches!(
        part.name().1,
        "Attribute"
            | "ShadowAttribute"
            | "Object"
            | "Galaxy"
            | "GalaxyCluster"
            | "EventReport"
            | "RelatedEvent"
            | "Sighting"
            | "Note"
            | "Opinion"
            | "Relationship"
    );
    let within = part.parent().map_or("", |parent| parent.name().1);
    listed && part.is_element() && !is_message(part) && !matches!(within, "related_object" | "ObjectReference")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;
    use crate::format::{Format, by_name};
    use crate::normal::{Edits, Kind, Marking};
    use crate::rebuild;

    fn format() -> &'static Format {
        by_name("misp").unwrap()
    }

    fn samples(kind: &str) -> Vec<(String, Vec<u8>)> {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/misp/samples").join(kind)];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    found.push((entry.display().to_string(), std::fs::read(&entry).unwrap()));
                }
            }
        }
        found
    }

    #[test]
    fn both_readers_find_the_same_nodes_parts_and_mentions() {
        for (name, body) in samples("accept") {
            let first = (format().read)(&body, &mut Budget::for_body(body.len())).unwrap();
            let second = read(&body).unwrap_or_else(|expected| panic!("{name}: {expected}"));
            assert_eq!(check(&second), Ok(()), "{name}");
            assert_eq!(first.len(), second.nodes().len(), "{name}");
            for ((id, ours), theirs) in first.all().zip(second.nodes()) {
                let sort = match ours.kind {
                    Kind::Element => Sort::Element,
                    Kind::Attribute => Sort::Attribute,
                    Kind::Text => Sort::Text,
                };
                assert_eq!(
                    (sort, ours.name.as_str(), ours.namespace.as_str()),
                    (theirs.sort, &*theirs.name, &*theirs.namespace),
                    "{name} {}",
                    first.path(id)
                );
                assert!(
                    theirs.spelling.same(&ours.value.text(), &theirs.value),
                    "{name} {}: {} is not {}",
                    first.path(id),
                    ours.value.text(),
                    theirs.value
                );
            }
            let mark = |marking: &Marking| match marking {
                Marking::Tlp(id) => Mark::Tlp(id.index()),
                Marking::Line(id) => Mark::Line(id.index()),
                other => panic!("{other:?}"),
            };
            let ours = (format().portions)(&first);
            let ours: Vec<_> = ours.iter().map(|part| Portion { node: part.node.index(), marks: part.markings.iter().map(mark).collect() }).collect();
            assert_eq!(ours, portions(&second), "{name}");
            let ours = (format().mentions)(&first);
            let numbers = |nodes: &[crate::normal::NodeId]| nodes.iter().map(|node| node.index()).collect();
            let ours: Vec<_> = ours.iter().map(|mention| Mention { parts: numbers(&mention.parts), takes: numbers(&mention.takes) }).collect();
            assert_eq!(ours, mentions(&second), "{name}");
        }
    }

    #[test]
    fn both_writers_write_the_same_bytes() {
        for (name, body) in samples("accept") {
            let first = (format().read)(&body, &mut Budget::for_body(body.len())).unwrap();
            let written = rebuild::bytes(&first, &Edits::default(), format().syntax).unwrap();
            let again = read(&written).unwrap_or_else(|expected| panic!("{name}: {expected}"));
            assert_eq!(String::from_utf8(json::write(&again).unwrap()), String::from_utf8(written), "{name}");
        }
    }

    #[test]
    fn the_second_reader_refuses_what_decides_and_the_first_refuses() {
        for (name, body) in samples("reject") {
            let decides = ["root", "several", "missing", "distribution", "sharing_group", "flag"];
            if decides.iter().any(|code| name.contains(&format!("/invalid.misp.{code}/"))) || name.contains("/malformed.") {
                assert!(!claims(&body) || read(&body).is_err(), "{name}");
            }
            assert_eq!(claims(&body), (format().claims)(&body), "{name}");
        }
    }
}
