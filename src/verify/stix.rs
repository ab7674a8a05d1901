//! STIX 2.1 as the second reader knows it: which texts are times, what a bundle must be, where its markings stand, who mentions whom.
//!
//! Written from the standard beside the first reader's table, never from that table. What this reader takes more freely than the first is no
//! matter: it looks for what a guard must never let through, and for the places of markings.

use std::collections::{BTreeMap, BTreeSet};

use super::json::{self, Json, Members, Nothing};
use super::mark::Mark;
use super::portion::{Mention, Portion, whole};
use super::readers::{Canonical, Reader};
use super::second::{Part, Second, Sort, Spelling};

/// The row of STIX.
pub(super) const READER: Reader =
    Reader { name: "stix", claims, read, check, spelling: Canonical::Written(json::write), marks: whole, portions, attached: whole, mentions };

/// Types of objects.
const TYPES: [&str; 42] = [
    "artifact",
    "attack-pattern",
    "autonomous-system",
    "campaign",
    "course-of-action",
    "directory",
    "domain-name",
    "email-addr",
    "email-message",
    "extension-definition",
    "file",
    "grouping",
    "identity",
    "incident",
    "indicator",
    "infrastructure",
    "intrusion-set",
    "ipv4-addr",
    "ipv6-addr",
    "language-content",
    "location",
    "mac-addr",
    "malware",
    "malware-analysis",
    "marking-definition",
    "mutex",
    "network-traffic",
    "note",
    "observed-data",
    "opinion",
    "process",
    "relationship",
    "report",
    "sighting",
    "software",
    "threat-actor",
    "tool",
    "url",
    "user-account",
    "vulnerability",
    "windows-registry-key",
    "x509-certificate",
];

/// Times of objects.
const TIMES: [&str; 30] = [
    "account_created",
    "account_expires",
    "account_first_login",
    "account_last_login",
    "analysis_ended",
    "analysis_started",
    "atime",
    "created_time",
    "credential_last_changed",
    "ctime",
    "date",
    "end",
    "first_observed",
    "first_seen",
    "last_observed",
    "last_seen",
    "modified_time",
    "mtime",
    "object_modified",
    "published",
    "start",
    "start_time",
    "stop_time",
    "submitted",
    "valid_from",
    "valid_until",
    "validity_not_after",
    "validity_not_before",
    "private_key_usage_period_not_after",
    "private_key_usage_period_not_before",
];

/// Extensions that may stand: those that the standard predefines, TLP 2.0 and ACS.
const EXTENSIONS: [&str; 14] = [
    "archive-ext",
    "http-request-ext",
    "icmp-ext",
    "ntfs-ext",
    "pdf-ext",
    "raster-image-ext",
    "socket-ext",
    "tcp-ext",
    "unix-account-ext",
    "windows-pebinary-ext",
    "windows-process-ext",
    "windows-service-ext",
    TLP_2,
    ACS,
];
const TLP_2: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
const ACS: &str = "extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce";
const MARKING: &str = "marking-definition";

/// Ids of the markings of the Traffic Light Protocol with the words of their definitions; the first four are of version 1.
const TLP: [(&str, &str); 9] = [
    ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "white"),
    ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "green"),
    ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "amber"),
    ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red"),
    ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear"),
    ("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green"),
    ("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber"),
    ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict"),
    ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red"),
];

fn claims(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let first = text.trim_start().strip_prefix('{').and_then(|rest| rest.trim_start().strip_prefix('"'));
    first.and_then(|rest| rest.split_once('"')).is_some_and(|(key, _)| matches!(key, "id" | "objects" | "spec_version" | "type"))
}

/// Reads a body; times of versions are spelt in the one way that [`told`] says.
fn read(body: &[u8]) -> Result<Second<'_>, &'static str> {
    let mut document = json::read(body)?;
    if let Json::Object(bundle) = &mut document
        && let Some(Json::List(objects)) = bundle.get_mut("objects")
    {
        for object in objects {
            let Json::Object(object) = object else { continue };
            let definition = object.get("type").and_then(Json::text) == Some(MARKING);
            for name in ["created", "modified"] {
                if let Some(Json::Text(time)) = object.get_mut(name) {
                    *time = told(time, definition).into();
                }
            }
        }
    }
    json::second("bundle", document, Nothing::Refuse, spell)
}

/// A time of a version with three digits after the second, or more where they are no zeros; that of a definition may have been sent with fewer.
fn told(time: &str, definition: bool) -> String {
    const LEAST: usize = "YYYY-MM-DDThh:mm:ss.sss".len();
    let mut spelt = time.trim_end_matches('Z').to_owned();
    while spelt.len() > LEAST && spelt.ends_with('0') {
        spelt.pop();
    }
    if definition && !spelt.contains('.') {
        spelt.push('.');
    }
    while definition && spelt.len() < LEAST {
        spelt.push('0');
    }
    spelt.push('Z');
    spelt
}

/// Which texts are times, by where they stand: what a dictionary of the sender has under the same name is none.
fn spell(above: &[&str], _: &Members<'_>, name: &str) -> Spelling {
    let time = match above {
        ["bundle", "objects"] | ["bundle", "objects", "x509_v3_extensions"] => TIMES.contains(&name),
        ["bundle", "objects", "extensions", "windows-pebinary-ext"] => name == "time_date_stamp",
        ["bundle", "objects", "extensions", ACS, rest @ ..] => match rest {
            [] => name == "create_date_time",
            ["original_classification" | "derivative_classification"] => name == "classified_on",
            ["declassification"] => name == "declass_date",
            ["resource_disposition"] => name == "disposition_date",
            ["public_release"] => name == "released_on",
            _ => false,
        },
        _ => false,
    };
    if time { Spelling::Time } else { Spelling::Exact }
}

/// The objects of a bundle.
fn objects<'t, 'a>(tree: &'t Second<'a>) -> impl Iterator<Item = Part<'t, 'a>> {
    tree.root().into_iter().flat_map(Part::content)
}

/// The texts of a list of texts, each with its number.
fn listed<'t>(object: Part<'t, '_>, name: &'t str) -> impl Iterator<Item = (usize, &'t str)> {
    let items = object.content().filter(move |item| item.name().1 == name);
    items.flat_map(|item| item.content().filter(|text| text.node.sort == Sort::Text).map(|text| (text.at, text.value())))
}

/// Checks what a bundle must be.
fn check(tree: &Second<'_>) -> Result<(), &'static str> {
    let root = tree.root().ok_or("expected a bundle")?;
    let known = |part: Part<'_, '_>| matches!(part.name().1, "type" | "id" | "objects");
    if root.said("type") != Some("bundle") || !root.said("id").is_some_and(|id| id.starts_with("bundle--")) || !root.children().all(known) {
        return Err("expected a bundle with type, id and objects, and nothing else");
    }
    let mut versions = BTreeSet::new();
    let defined: BTreeSet<&str> =
        objects(tree).filter(|object| object.said("type") == Some(MARKING)).filter_map(|object| object.said("id")).collect();
    for object in objects(tree) {
        let (kind, id) = object.said("type").zip(object.said("id")).ok_or("expected a type and an id of each object")?;
        if TYPES.binary_search(&kind).is_err() || id.split_once("--").is_none_or(|(prefix, uuid)| prefix != kind || uuid.len() != 36) {
            return Err("expected objects of STIX 2.1 with ids of their types");
        }
        let version = object.said("spec_version");
        if version.is_some_and(|version| version != "2.1") || version.is_none() && object.said("created").is_some() {
            return Err("expected objects of version 2.1");
        }
        if !versions.insert((id, object.said("modified"))) {
            return Err("expected each version of an object once");
        }
        if object.children().any(|child| child.name().1.starts_with("x_"))
            || extensions(object).any(|extension| !EXTENSIONS.contains(&extension.name().1))
        {
            return Err("expected no custom properties and no unknown extensions");
        }
        standard(object, id)?;
        marked(object, id, &defined)?;
    }
    if versions.is_empty() { Err("expected at least one object") } else { Ok(()) }
}

fn extensions<'t, 'a>(object: Part<'t, 'a>) -> impl Iterator<Item = Part<'t, 'a>> {
    object.content().filter(|child| child.name().1 == "extensions").flat_map(Part::children)
}

/// Checks that the definition of a marking of the Traffic Light Protocol says under its id what the standard says, and under no other.
fn standard(object: Part<'_, '_>, id: &str) -> Result<(), &'static str> {
    let one = object.content().find(|child| child.name().1 == "definition").and_then(|definition| definition.said("tlp"));
    let two = extensions(object).find(|extension| extension.name().1 == TLP_2).and_then(|extension| extension.said("tlp_2_0"));
    let fixed = TLP.iter().position(|(known, _)| *known == id);
    let word = fixed.and_then(|at| TLP.get(at)).map(|(_, word)| *word);
    let said = match fixed {
        Some(0..=3) => (word, None),
        Some(_) => (None, word),
        None => (None, None),
    };
    if (one, two) == said { Ok(()) } else { Err("expected the Traffic Light Protocol as the standard defines it") }
}

/// Checks that each marking that an object names is known, and that what selectors select stands there.
fn marked(object: Part<'_, '_>, id: &str, defined: &BTreeSet<&str>) -> Result<(), &'static str> {
    let granular: Vec<_> = object.content().filter(|child| child.name().1 == "granular_markings").collect();
    let named = listed(object, "object_marking_refs").map(|(_, id)| id).chain(granular.iter().filter_map(|marking| marking.said("marking_ref")));
    for reference in named {
        if reference == id || !defined.contains(reference) && !TLP.iter().any(|(known, _)| *known == reference) {
            return Err("expected markings that the bundle or the standard defines");
        }
    }
    for (_, selector) in granular.iter().flat_map(|marking| listed(*marking, "selectors")) {
        let whole = selector.split('.').next();
        if !stands(object, selector) || matches!(whole, Some("object_marking_refs" | "granular_markings")) {
            return Err("expected selectors of what stands in the object");
        }
    }
    Ok(())
}

/// The numbers of what a selector selects; a list as a whole for any item of it.
fn selected(object: Part<'_, '_>, selector: &str) -> Vec<usize> {
    let names = selector.split('.').take_while(|step| !step.starts_with('['));
    let mut found = vec![object];
    for name in names {
        found = found.first().map(|above| above.children().filter(|child| child.name().1 == name).collect()).unwrap_or_default();
    }
    found.into_iter().map(|part| part.at).collect()
}

/// Whether what a selector names stands in the object, to the item of a list.
fn stands(object: Part<'_, '_>, selector: &str) -> bool {
    let mut steps = selector.split('.').peekable();
    let mut here = Some(object);
    while let Some(name) = steps.next() {
        let index = steps.next_if(|step| step.starts_with('['));
        let index = index.map_or(Some(0), |step| step.trim_matches(['[', ']']).parse().ok());
        here = here.zip(index).and_then(|(above, index)| above.children().filter(|child| child.name().1 == name).nth(index));
    }
    here.is_some()
}

/// The access control specifications of the bundle, by the ids of the markings that hold them.
fn specifications<'t>(tree: &'t Second<'_>) -> BTreeMap<&'t str, usize> {
    let definitions = objects(tree).filter(|object| object.said("type") == Some(MARKING));
    let held = definitions.filter_map(|object| extensions(object).find(|extension| extension.name().1 == ACS).map(|acs| (object.said("id"), acs.at)));
    held.filter_map(|(id, at)| id.map(|id| (id, at))).collect()
}

fn mark(reference: (usize, &str), specifications: &BTreeMap<&str, usize>) -> Option<Mark> {
    let (at, id) = reference;
    let fixed = TLP.iter().any(|(known, _)| *known == id).then_some(Mark::Tlp(at));
    fixed.or_else(|| specifications.get(id).map(|acs| Mark::Acs(*acs)))
}

/// Objects, and what granular markings select in them. A marking definition is marked by itself where it names no other.
fn portions(tree: &Second<'_>) -> Vec<Portion> {
    let specifications = specifications(tree);
    let mut found = Vec::new();
    for object in objects(tree) {
        let definition = object.said("type") == Some(MARKING);
        let mut marks: Vec<Mark> = listed(object, "object_marking_refs").filter_map(|reference| mark(reference, &specifications)).collect();
        if definition && marks.is_empty() {
            marks.extend(object.said("id").and_then(|id| specifications.get(id)).map(|acs| Mark::Acs(*acs)));
        }
        if definition && marks.is_empty() {
            continue;
        }
        found.push(Portion { node: object.at, marks });
        let mut inner: BTreeMap<usize, Vec<Mark>> = BTreeMap::new();
        for granular in object.content().filter(|child| child.name().1 == "granular_markings") {
            let reference =
                granular.attributes().find(|attribute| attribute.name().1 == "marking_ref").map(|attribute| (attribute.at, attribute.value()));
            let Some(mark) = reference.and_then(|reference| mark(reference, &specifications)) else { continue };
            for node in listed(granular, "selectors").flat_map(|(_, selector)| selected(object, selector)) {
                inner.entry(node).or_default().push(mark);
            }
        }
        found.extend(inner.into_iter().map(|(node, marks)| Portion { node, marks }));
    }
    found
}

/// Who mentions whom. The ends of a relation, the thing sighted, the only thing that a note is about and a marking take the whole object
/// along; every other reference goes alone; selectors go with what they select.
fn mentions(tree: &Second<'_>) -> Vec<Mention> {
    // Those who have an id, and those who speak of it.
    let mut by_id: BTreeMap<&str, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for object in objects(tree) {
        by_id.entry(object.said("id").unwrap_or_default()).or_default().0.push(object.at);
    }
    let mut found = Vec::new();
    for object in objects(tree) {
        let about = object.content().filter(|child| child.name().1 == "object_refs").count();
        for leaf in object.all().filter(|part| part.node.sort != Sort::Element) {
            let Some(above) = leaf.parent() else { continue };
            let alone = if leaf.node.sort == Sort::Text { above } else { leaf };
            let takes = match alone.name().1 {
                "marking_ref" | "object_marking_refs" => object.at,
                "source_ref" | "target_ref" | "sighting_of_ref" | "object_ref" if above.at == object.at => object.at,
                "object_refs" if about == 1 => object.at,
                name if name.ends_with("_ref") || name.ends_with("_refs") => alone.at,
                _ => continue,
            };
            by_id.entry(leaf.value()).and_modify(|(_, speakers)| speakers.push(takes));
        }
        for granular in object.content().filter(|child| child.name().1 == "granular_markings") {
            let selectors: Vec<(usize, &str)> = listed(granular, "selectors").collect();
            for &(at, selector) in &selectors {
                let takes = if selectors.len() == 1 { granular.at } else { at.saturating_sub(1) };
                found.push(Mention { parts: selected(object, selector), takes: vec![takes] });
            }
        }
    }
    let spoken = by_id.into_values().filter(|(_, speakers)| !speakers.is_empty());
    spoken.map(|(parts, takes)| Mention { parts, takes }).chain(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Budget, Decimal};
    use crate::format::by_name;
    use crate::normal::{Edits, Kind, Marking, Tree, Value};

    fn samples(kind: &str) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/stix/samples").join(kind);
        let mut folders = vec![folder];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let body = std::fs::read(&path).unwrap();
                    found.push((path, body));
                }
            }
        }
        found
    }

    fn first(body: &[u8]) -> Result<Tree<'_>, crate::base::Refusal> {
        (by_name("stix").unwrap().read)(body, &mut Budget::for_body(body.len()))
    }

    /// A tree of the first reader beside one of the second, node by node.
    fn same(tree: &Tree<'_>, second: &Second<'_>) -> Result<(), String> {
        if tree.len() != second.nodes().len() {
            return Err(format!("{} nodes are not {}", second.nodes().len(), tree.len()));
        }
        for ((id, node), other) in tree.all().zip(second.nodes()) {
            let spelling = match node.value {
                Value::Number(..) => Spelling::Number,
                Value::Time(_) => Spelling::Time,
                Value::Flag(_) => Spelling::Flag,
                Value::Text(_) | Value::Empty => Spelling::Exact,
            };
            let sort = match node.kind {
                Kind::Element => Sort::Element,
                Kind::Attribute => Sort::Attribute,
                Kind::Text => Sort::Text,
            };
            let value = node.value.text();
            let fits = (sort, node.name.as_str(), node.namespace.as_str(), spelling) == (other.sort, &*other.name, &*other.namespace, other.spelling);
            if !fits || !spelling.same(&value, &other.value) || node.kind == Kind::Attribute && node.value == Value::Empty {
                return Err(format!("{} is {node:?} and {other:?}", tree.path(id)));
            }
        }
        Ok(())
    }

    #[test]
    fn both_readers_find_the_same_nodes_parts_and_mentions() {
        for (path, body) in samples("accept") {
            let name = path.display();
            let tree = first(&body).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            let second = (READER.read)(&body).unwrap_or_else(|expected| panic!("{name}: {expected}"));
            check(&second).unwrap_or_else(|expected| panic!("{name}: {expected}"));
            same(&tree, &second).unwrap_or_else(|why| panic!("{name}: {why}"));
            let format = by_name("stix").unwrap();
            let mark = |marking: &Marking| match *marking {
                Marking::Tlp(id) => Some(Mark::Tlp(id.index())),
                Marking::Acs(id) => Some(Mark::Acs(id.index())),
                _ => None,
            };
            let ours = (format.portions)(&tree);
            let ours: Vec<Portion> =
                ours.iter().map(|part| Portion { node: part.node.index(), marks: part.markings.iter().filter_map(mark).collect() }).collect();
            assert_eq!(ours, portions(&second), "{name}");
            let numbers = |nodes: &[crate::normal::NodeId]| nodes.iter().map(|node| node.index()).collect();
            let ours: Vec<Mention> =
                (format.mentions)(&tree).iter().map(|mention| Mention { parts: numbers(&mention.parts), takes: numbers(&mention.takes) }).collect();
            assert_eq!(ours, mentions(&second), "{name}");
        }
    }

    #[test]
    fn what_the_first_half_writes_is_canonical_to_the_second() {
        for (path, body) in samples("accept") {
            let tree = first(&body).unwrap();
            let written = crate::rebuild::bytes(&tree, &Edits::default(), crate::format::Syntax::Json).unwrap();
            let again = (READER.read)(&written).unwrap();
            assert_eq!(READER.spelling.check(&written, &again), Ok(()), "{}", path.display());
            let spaced = [b" ".as_slice(), &written].concat();
            assert!(READER.spelling.check(&spaced, &(READER.read)(&spaced).unwrap()).is_err(), "{}", path.display());
        }
        let zeros = br#"{"id":"bundle--1","n":1.50}"#;
        assert!(READER.spelling.check(zeros, &(READER.read)(zeros).unwrap()).is_err());
        assert_eq!(Decimal::parse("1.50").unwrap().to_string(), "1.5");
    }

    #[test]
    fn the_second_reader_refuses_alone_what_a_guard_must_never_let_through() {
        let codes = [
            "malformed.json.repeated",
            "malformed.json.trailing",
            "malformed.json.character",
            "malformed.json.empty",
            "malformed.json.number",
            "malformed.json.syntax",
            "malformed.utf8",
            "invalid.stix.bundle",
            "invalid.stix.version",
            "invalid.stix.type",
            "invalid.stix.extension",
            "invalid.stix.duplicate",
            "invalid.stix.marking",
            "invalid.stix.tlp",
            "invalid.stix.selector",
        ];
        let mut seen = BTreeSet::new();
        for (path, body) in samples("reject") {
            let code = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
            // Versions that differ in their creation, and an extension of another type, are the first reader's to refuse.
            let finer = ["other-creation", "of-another-type"].iter().any(|name| path.file_stem().is_some_and(|stem| stem == *name));
            if let Some(code) = codes.iter().find(|known| **known == code && !finer) {
                seen.insert(*code);
                let read = (READER.read)(&body).and_then(|tree| check(&tree));
                assert!(read.is_err() || !claims(&body), "{}", path.display());
            }
        }
        assert_eq!(seen.len(), codes.len());
    }

    #[test]
    fn types_are_in_order_to_be_found() {
        assert!(TYPES.is_sorted());
    }
}
