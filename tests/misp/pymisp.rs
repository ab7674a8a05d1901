//! A second opinion on events: PyMISP, the MISP project's own library.
//!
//! It reads what we write as we read what came. What it takes and we refuse is on a list with the reason; what it refuses and we take, too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use vestibule::format::{self, Syntax};
use vestibule::normal::{NodeId, Tree};

use super::MISP;
use crate::outside::{as_files, python};
use crate::samples::{Sample, code_of, files, read, shared, write};

/// Codes under which we refuse what PyMISP loads: its aim is to lose nothing of what a server says, ours to send nothing unread.
const STRICTER: [(&str, &str); 18] = [
    ("format.unrecognised", "it takes the inside of an event without the key that says what it is"),
    ("invalid.misp.character", "hidden characters are text to it"),
    ("invalid.misp.data", "it decodes what can be decoded; line ends and loose bits are a channel"),
    ("invalid.misp.distribution", "it takes `00` and what is no level; how far a part goes would be a guess"),
    ("invalid.misp.flag", "it takes any number for a truth value"),
    ("invalid.misp.missing", "it fills in what the standard asks for, how far a part goes included"),
    ("invalid.misp.number", "it takes other spellings of a number, and fractions"),
    ("invalid.misp.root", "it overlooks what stands beside the message"),
    ("invalid.misp.several", "it reads the first of several events"),
    ("invalid.misp.shape", "it keeps a truth value or an object where a text belongs"),
    ("invalid.misp.sharing_group", "it does not ask who is in the group that a part goes to"),
    ("invalid.misp.tag", "it keeps blanks and letters as they are, so that two tags may look like one"),
    ("invalid.misp.text", "it has no length of a text"),
    ("invalid.misp.time", "it guesses dates"),
    ("invalid.misp.uuid", "it keeps any text"),
    ("malformed.json.empty", "it keeps nulls and lists in lists, which say nothing that a rule could judge"),
    ("malformed.json.key", "it keeps keys that are no names"),
    ("malformed.json.repeated", "the last of two keys wins for it"),
];

/// Events that PyMISP refuses and we read, by the end of the file's name: categories that do not exist, which the profile judges here.
const INVENTED: [&str; 3] =
    ["test_event_blocked_attribute_type.json", "test_event_blocked_object_type.json", "test_event_blocked_object_attribute_type.json"];

fn of(tree: &Tree<'_>, id: NodeId, name: &str) -> Option<String> {
    tree.attribute(id, name).map(|(_, node)| node.value.text().into_owned())
}

fn below<'t>(tree: &'t Tree<'_>, id: NodeId, name: &'static str) -> impl Iterator<Item = NodeId> + 't {
    tree.elements(id).filter(move |(_, node)| node.name == name).map(|(child, _)| child)
}

fn tags(tree: &Tree<'_>, id: NodeId) -> Vec<Option<String>> {
    below(tree, id, "Tag").map(|tag| of(tree, tag, "name")).collect()
}

fn attribute(tree: &Tree<'_>, id: NodeId) -> Value {
    json!({
        "uuid": of(tree, id, "uuid"),
        "type": of(tree, id, "type"),
        "category": of(tree, id, "category"),
        "value": of(tree, id, "value").unwrap_or_default(),
        "to_ids": of(tree, id, "to_ids").map(|flag| flag == "true"),
        "distribution": of(tree, id, "distribution"),
        "comment": of(tree, id, "comment"),
        "tags": tags(tree, id),
    })
}

/// The event as the script prints it.
fn event(tree: &Tree<'_>) -> Option<Value> {
    let event = below(tree, NodeId::ROOT, "Event").next()?;
    let attributes = |id: NodeId| below(tree, id, "Attribute").map(|found| attribute(tree, found)).collect::<Vec<_>>();
    let references = |id: NodeId| below(tree, id, "ObjectReference").map(|found| of(tree, found, "referenced_uuid")).collect::<Vec<_>>();
    let object = |id: NodeId| json!({ "uuid": of(tree, id, "uuid"), "name": of(tree, id, "name"), "attributes": attributes(id), "references": references(id) });
    Some(json!({
        "uuid": of(tree, event, "uuid"),
        "info": of(tree, event, "info"),
        "distribution": of(tree, event, "distribution"),
        "tags": tags(tree, event),
        "attributes": attributes(event),
        "objects": below(tree, event, "Object").map(object).collect::<Vec<_>>(),
    }))
}

/// Where the two differ, but for what PyMISP fills in where the sender says nothing, and values that it turns into dates.
fn differences(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in ours {
                differences(&format!("{path}/{key}"), value, &theirs[key], found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                differences(&format!("{path}[{at}]"), ours, theirs, found);
            }
        }
        _ if ours == theirs || ours.is_null() || (theirs.is_null() && path.ends_with("/value")) => {}
        _ => found.push(format!("{path}: {ours} here, {theirs} there")),
    }
}

fn others() -> Vec<Sample> {
    shared("misp").map(|folder| files(&folder, &["json"])).unwrap_or_default()
}

#[test]
fn pymisp_reads_from_what_we_write_what_we_read_from_what_came() {
    let samples: Vec<Sample> = MISP.accepted().into_iter().chain(others()).collect();
    let trees: Vec<(&Sample, Tree<'_>, Value)> = samples
        .iter()
        .filter(|(_, body)| format::identify(body).is_ok_and(|format| format.name == "misp"))
        .filter_map(|sample| read(&sample.1).ok().map(|tree| (sample, tree)))
        .filter_map(|(sample, tree)| event(&tree).map(|event| (sample, tree, event)))
        .collect();
    let written: Vec<Vec<u8>> = trees.iter().map(|(_, tree, _)| write(tree, Syntax::Json).unwrap()).collect();
    let (_folder, paths) = as_files(&written, "json");
    let mut wrong = Vec::new();
    for (((path, _), _, ours), theirs) in trees.iter().zip(python("misp/dump.py", &[], &paths)) {
        match &theirs {
            Value::String(why) if INVENTED.iter().any(|name| path.ends_with(name)) => println!("{}: {why}", path.display()),
            Value::String(why) => wrong.push(format!("{}: PyMISP refuses what we write: {why}", path.display())),
            _ => differences(&path.display().to_string(), ours, &theirs, &mut wrong),
        }
    }
    println!("{} events", trees.len());
    assert!(trees.len() >= 12 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_pymisp_takes_and_we_refuse_is_on_the_list() {
    let samples = MISP.rejected();
    let paths: Vec<_> = samples.iter().map(|(path, _)| path.clone()).collect();
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, said) in paths.iter().zip(python("misp/dump.py", &[], &paths)) {
        if said.is_object() {
            *taken.entry(code_of(path)).or_default() += 1;
        }
    }
    println!("refused here, taken by PyMISP: {taken:?}");
    let listed: BTreeSet<&str> = STRICTER.iter().map(|(code, _)| *code).collect();
    assert_eq!(taken.keys().copied().collect::<BTreeSet<_>>(), listed, "each has its reason");
}

/// Of the project's own test files and of others': each with the code under which we refuse it, and why.
const REFUSED: [(&str, &str, &str); 16] = [
    ("attribute.json", "format.unrecognised", BARE),
    ("attribute_del.json", "format.unrecognised", BARE),
    ("def_param.json", "format.unrecognised", BARE),
    ("event_tags.json", "format.unrecognised", BARE),
    ("existing_event.json", "format.unrecognised", BARE),
    ("existing_event_edited.json", "format.unrecognised", BARE),
    ("malware.json", "format.unrecognised", BARE),
    ("misp_custom_obj.json", "format.unrecognised", BARE),
    ("shadow.json", "format.unrecognised", BARE),
    ("malware_exist.json", "invalid.misp.root", "the inside of an event, in the wrapper of an export"),
    ("long_event.json", "invalid.misp.missing", FEED),
    ("mainly_objects_1.json", "invalid.misp.missing", FEED),
    ("to_delete2.json", "invalid.misp.missing", FEED),
    ("to_delete3.json", "invalid.misp.missing", FEED),
    ("test_events_collection_1.json", "invalid.misp.several", "an export of two events, of which it reads the first"),
    ("test_events_collection_2.json", "invalid.misp.several", "an export of two events, of which it reads the first"),
];
const BARE: &str = "the inside of an event without its key: no server sends it, and any object with a list would be one";
const FEED: &str = "an event of a feed, whose attributes do not say how far they go; the standard asks for it";

#[test]
fn files_of_others_that_pymisp_takes_and_we_refuse_are_on_the_list() {
    let samples = others();
    if samples.is_empty() {
        return;
    }
    let paths: Vec<_> = samples.iter().map(|(path, _)| path.clone()).collect();
    let mut refused = BTreeSet::new();
    for ((path, body), said) in samples.iter().zip(python("misp/dump.py", &[], &paths)) {
        if let (true, Err(refusal)) = (said.is_object(), read(body)) {
            refused.insert((path.file_name().unwrap().to_str().unwrap().to_owned(), refusal.reason.code()));
        }
    }
    let listed: BTreeSet<_> = REFUSED.iter().map(|(name, code, _)| ((*name).to_owned(), *code)).collect();
    assert_eq!(refused, listed);
}
