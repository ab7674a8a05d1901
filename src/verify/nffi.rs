//! NFFI 1.3 as the second reader knows it: which values are numbers, in which order sections stand, and where they are marked.
//!
//! Written from the description of the standard beside the first reader's table, never from that table. Lengths and words of single values
//! are the first reader's; here stand what a track must be and what its label is.

use super::ism::ISM;
use super::mark::Mark;
use super::moment::Moment;
use super::number::Digits;
use super::portion::{Portion, whole};
use super::readers::{Canonical, Reader};
use super::second::{Part, Second, Spelling};
use super::xml::{self, TEXT, Typed};

const NAMESPACE: &str = "urn:nato:fft:protocols:nffi13";

/// The row of NFFI.
pub(super) const READER: Reader = Reader {
    name: "nffi",
    claims: |body| xml::first_tag(body) == Some(b"NFFIMessage"),
    read: |body| xml::read(body, typed),
    check: message,
    spelling: Canonical::Compared(xml::canonical),
    // Nothing marks the whole: every section has its own label.
    marks: whole,
    portions,
    attached: whole,
    mentions: whole,
};

/// Children that an element has in this order: name, fewest, most.
type Sequence = &'static [(&'static str, usize, usize)];

const SECTIONS: Sequence =
    &[("positionalData", 1, 1), ("identificationData", 0, 1), ("operStatusData", 0, 1), ("deviceSpecificData", 0, 1), ("detailData", 0, 1)];

const LABEL: [&str; 3] = ["secPolicyName", "secClassification", "secCategory"];

/// What stands in an element, by the names down to it from `track`.
fn sequence(path: &[&str]) -> Option<Sequence> {
    Some(match path {
        ["track"] => SECTIONS,
        ["track", "positionalData"] => &[
            ("trackSource", 1, 1),
            ("dateTime", 1, 1),
            ("coordinates", 1, 1),
            ("bearing", 0, 1),
            ("speed", 0, 1),
            ("reliability", 0, 1),
            ("credibility", 0, 1),
            ("inclination", 0, 1),
        ],
        ["track", "positionalData", "trackSource"] => &[("sourceSystem", 1, 1), ("transponderId", 1, 1)],
        ["track", "positionalData", "trackSource", "sourceSystem"] => &[("country", 0, 1), ("system", 1, 1), ("subsystem", 0, 1)],
        ["track", "positionalData", "coordinates"] => &[("latitude", 1, 1), ("longitude", 1, 1), ("altitude", 0, 1)],
        ["track", "identificationData"] => &[("unitSymbol", 1, 1), ("unitShortName", 1, 1)],
        ["track", "operStatusData"] => &[("footprint", 0, 1), ("strength", 0, 1), ("statusCode", 0, 1)],
        ["track", "deviceSpecificData"] => &[
            ("additionalId", 0, 1),
            ("phoneNumber", 0, 1),
            ("serialNumber", 0, 1),
            ("terminalType", 0, 1),
            ("terminalId", 0, 1),
            ("specialUserDefined", 0, 1),
            ("alert", 0, 1),
            ("remarks", 0, 4),
        ],
        _ => return None,
    })
}

/// Values that are not compared character by character.
fn typed(element: Part<'_, '_>) -> Typed {
    let above = |names: &[&str]| element.above().map(|part| part.name().1).eq(names.iter().copied());
    let (values, names): (Typed, &[&str]) = match element.name().1 {
        "latitude" | "longitude" | "altitude" => {
            (&[(TEXT, Spelling::Number), ("accuracy", Spelling::Number)], &["coordinates", "positionalData", "track", "NFFIMessage"])
        }
        "bearing" | "speed" | "inclination" => {
            (&[(TEXT, Spelling::Number), ("accuracy", Spelling::Number)], &["positionalData", "track", "NFFIMessage"])
        }
        "footprint" | "strength" => (&[(TEXT, Spelling::Number)], &["operStatusData", "track", "NFFIMessage"]),
        "alert" => (&[(TEXT, Spelling::Flag)], &["deviceSpecificData", "track", "NFFIMessage"]),
        _ => return &[],
    };
    if above(names) { values } else { &[] }
}

/// Checks that the tree is a message of tracks.
fn message(tree: &Second<'_>) -> Result<(), &'static str> {
    let root = tree.root().filter(|root| root.name() == (NAMESPACE, "NFFIMessage"));
    let root = root.ok_or("expected a document element `NFFIMessage` of NFFI 1.3")?;
    if root.attributes().next().is_some() {
        return Err("expected no attribute on `NFFIMessage`");
    }
    for track in root.content() {
        if track.name() != (NAMESPACE, "track") {
            return Err("expected only tracks in a message");
        }
        element(track, &mut vec!["track"])?;
    }
    let mut labels = root.content().flat_map(Part::content).map(|section| section.said("secPolicyName").is_some() || of_ism(section));
    let first = labels.next();
    if labels.all(|labelled| Some(labelled) == first) { Ok(()) } else { Err("expected a security label on every section or on none") }
}

fn element<'t>(part: Part<'t, '_>, path: &mut Vec<&'t str>) -> Result<(), &'static str> {
    attributes(part, path)?;
    let Some(children) = sequence(path) else { return value(part, path) };
    let mut left = children.iter().peekable();
    let mut count = 0_usize;
    for child in part.content() {
        let (namespace, name) = child.name();
        while let Some((_, fewest, _)) = left.next_if(|(known, _, _)| *known != name) {
            if count < *fewest {
                return Err("expected what a track must have, in its order");
            }
            count = 0;
        }
        count = count.saturating_add(1);
        if namespace != NAMESPACE || left.peek().is_none_or(|(_, _, most)| count > *most) {
            return Err("expected nothing but what a track may have, in its order");
        }
        path.push(name);
        element(child, path)?;
        path.pop();
    }
    let short = left.next().is_some_and(|(_, fewest, _)| count < *fewest) || left.any(|(_, fewest, _)| *fewest > 0);
    if short { Err("expected what a track must have") } else { Ok(()) }
}

fn attributes(part: Part<'_, '_>, path: &[&str]) -> Result<(), &'static str> {
    let known = |name: &str| match path {
        [_, "detailData", ..] => true,
        [_, _] => LABEL.contains(&name),
        [_, _, .., "latitude" | "longitude" | "altitude" | "bearing" | "speed" | "inclination"] => name == "accuracy",
        _ => false,
    };
    let marking = |a: Part<'_, '_>| a.node.namespace == ISM && path.len() == 2;
    if part.attributes().any(|a| !marking(a) && (!a.node.namespace.is_empty() || !known(a.name().1))) {
        return Err("expected only attributes of a track");
    }
    let [policy, classification, category] = LABEL.map(|name| part.said(name).is_some());
    let whole = policy == classification && (policy || !category);
    if matches!(path, [_, _]) && !whole { Err("expected policy and classification together") } else { Ok(()) }
}

/// Whether attributes of the American scheme mark a section.
fn of_ism(section: Part<'_, '_>) -> bool {
    section.attributes().any(|a| a.node.namespace == ISM)
}

fn value(part: Part<'_, '_>, path: &[&str]) -> Result<(), &'static str> {
    if let [_, "detailData"] = path {
        return if part.content().all(Part::is_element) { part.content().try_for_each(detail) } else { Err("expected no text in `detailData`") };
    }
    let text = part.whole_text().ok_or("expected one value in a field")?;
    let within = |low: &str, high: &str| {
        let read = |text| Digits::read(text);
        read(text).zip(read(low).zip(read(high))).is_some_and(|(at, (low, high))| low <= at && at <= high)
    };
    let fits = match path.last().copied().unwrap_or("") {
        "latitude" => within("-90", "90"),
        "longitude" => within("-180", "180") && !within("-180", "-180"),
        "bearing" | "inclination" => within("0", "360") && !within("360", "360"),
        "dateTime" => moment(text).is_some(),
        _ if part.content().any(|value| value.node.spelling == Spelling::Number) => Digits::read(text).is_some(),
        _ => true,
    };
    if fits { Ok(()) } else { Err("expected a place, a time and numbers that are some") }
}

/// What nobody has described: elements of no namespace or this one, each with one text or with elements.
fn detail(part: Part<'_, '_>) -> Result<(), &'static str> {
    if !matches!(part.name().0, "" | NAMESPACE) || part.attributes().any(|a| !a.node.namespace.is_empty()) {
        return Err("expected no other namespace in `detailData`");
    }
    if part.whole_text().is_some() {
        return Ok(());
    }
    if part.content().all(Part::is_element) { part.content().try_for_each(detail) } else { Err("expected text or elements in `detailData`") }
}

/// `YYYYMMDDhhmmss`.
fn moment(text: &str) -> Option<Moment> {
    let mut rest = text;
    let mut spelt = String::with_capacity(20);
    for (width, before) in [(4, ""), (2, "-"), (2, "-"), (2, "T"), (2, ":"), (2, ":")] {
        let (part, left) = rest.split_at_checked(width)?;
        spelt.push_str(before);
        spelt.push_str(part);
        rest = left;
    }
    spelt.push('Z');
    Moment::read(&spelt).filter(|_| rest.is_empty())
}

/// A track has the label of its place; what else is said of it has labels of its own.
fn portions(tree: &Second<'_>) -> Vec<Portion> {
    let marks = |section: Part<'_, '_>| {
        let number = |name: &str| section.attributes().find(|a| a.is_called(name)).map(|a| a.at);
        let named = number("secPolicyName").zip(number("secClassification"));
        let named = named.map(|(policy, classification)| Mark::Named { policy, classification, category: number("secCategory") });
        named.into_iter().chain(of_ism(section).then_some(Mark::Ism(section.at))).collect()
    };
    let mut found = Vec::new();
    for track in tree.root().into_iter().flat_map(Part::content) {
        let mut sections = track.content();
        found.push(Portion { node: track.at, marks: sections.next().map(marks).unwrap_or_default() });
        found.extend(sections.map(|section| Portion { node: section.at, marks: marks(section) }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;
    use crate::normal::{Kind, Marking};
    use crate::verify::second::Sort;

    fn samples(folder: &str) -> Vec<(String, Vec<u8>)> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/nffi/samples").join(folder);
        let mut found = Vec::new();
        let mut folders = vec![root];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                match entry.unwrap().path() {
                    path if path.is_dir() => folders.push(path),
                    path => found.push((path.display().to_string(), std::fs::read(&path).unwrap())),
                }
            }
        }
        found
    }

    #[test]
    fn both_readers_see_the_same_nodes_and_the_same_parts() {
        let format = crate::format::by_name("nffi").unwrap();
        for (name, body) in samples("accept") {
            let first = (format.read)(&body, &mut Budget::for_body(body.len())).unwrap();
            let second = (READER.read)(&body).unwrap();
            assert!((READER.claims)(&body) && (READER.check)(&second) == Ok(()), "{name}");
            assert_eq!(first.len(), second.nodes().len(), "{name}");
            for (part, (id, node)) in second.root().unwrap().all().zip(first.all()) {
                let sort = match node.kind {
                    Kind::Element => Sort::Element,
                    Kind::Attribute => Sort::Attribute,
                    Kind::Text => Sort::Text,
                };
                assert_eq!((part.node.sort, part.name()), (sort, (node.namespace.as_str(), node.name.as_str())), "{name}");
                assert!(part.node.spelling.same(part.value(), &node.value.text()), "{name} {}", first.path(id));
            }
            let marks = |marking: &Marking| match marking {
                Marking::Named { policy, classification, category } => {
                    let category = category.map(|id| id.index());
                    Some(Mark::Named { policy: policy.index(), classification: classification.index(), category })
                }
                Marking::Ism(section) => Some(Mark::Ism(section.index())),
                Marking::Banner(_) => None,
                other => panic!("{other:?}"),
            };
            let parts: Vec<_> = (format.portions)(&first)
                .iter()
                .map(|part| Portion { node: part.node.index(), marks: part.markings.iter().filter_map(marks).collect() })
                .collect();
            assert_eq!(parts, portions(&second), "{name}");
        }
    }

    #[test]
    fn what_is_no_message_of_tracks_is_refused_here_too() {
        let mut alone = Vec::new();
        for (name, body) in samples("reject") {
            let refused = match (READER.read)(&body) {
                Ok(tree) => !(READER.claims)(&body) || (READER.check)(&tree).is_err(),
                Err(_) => true,
            };
            if !refused {
                alone.push(name);
            }
        }
        // Lengths, words, hidden characters and the spelling of single values are the first reader's alone.
        let left = |name: &String| {
            ["invalid.nffi.length", "invalid.nffi.value", "invalid.nffi.character", "invalid.nffi.number", "invalid.nffi.range"]
                .iter()
                .any(|code| name.contains(code))
                || name.contains("size.depth")
                || name.contains("malformed.xml.cdata/in-remarks")
        };
        assert!(alone.iter().all(left), "{alone:#?}");
    }
}
