//! Documents that the test writes itself: a tree, a careless writer for the original and a reference writer for the result.

use proptest::prelude::*;
use vestibule::base::{Budget, Decimal, Time};
use vestibule::normal::{Change, Edit, Edits, NodeId, TreeBuilder, Unit, Value};

/// An element of a test document.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) content: Vec<Content>,
}

/// What stands in an element.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Element(Element),
    Text(String),
}

/// What becomes of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Keep,
    Remove,
    Replace(String),
}

/// A node of the document in document order.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Element,
    Attribute,
    Number,
    Text,
}

impl Element {
    pub(crate) fn new(name: &str, attributes: &[(&str, &str)], content: Vec<Content>) -> Self {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { name: name.into(), attributes, content }
    }

    /// All nodes in document order, with the paths that the normal form gives them.
    pub(crate) fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        self.collect(&format!("/{}", self.name), &mut places);
        places
    }

    fn collect(&self, path: &str, places: &mut Vec<Place>) {
        places.push(Place { path: path.into(), kind: Kind::Element });
        for (name, _) in &self.attributes {
            let kind = if is_number(&self.name, name) { Kind::Number } else { Kind::Attribute };
            places.push(Place { path: format!("{path}/@{name}"), kind });
        }
        let mut seen = std::collections::BTreeMap::<&str, usize>::new();
        for child in &self.content {
            match child {
                Content::Text(_) => places.push(Place { path: path.into(), kind: Kind::Text }),
                Content::Element(element) => {
                    let ordinal = seen.entry(&element.name).or_default();
                    *ordinal += 1;
                    let same = self.content.iter().filter(|c| matches!(c, Content::Element(e) if e.name == element.name)).count();
                    let step = if same > 1 { format!("{path}/{}[{ordinal}]", element.name) } else { format!("{path}/{}", element.name) };
                    element.collect(&step, places);
                }
            }
        }
    }

    /// The original as a careless sender would write it; `seed` varies quotes, spaces, order, comments and zeros.
    pub(crate) fn careless(&self, seed: u64) -> Vec<u8> {
        let mut out = String::new();
        let mut dice = Dice(seed);
        if dice.roll(2) == 0 {
            out.push_str("<?xml version='1.0' standalone='yes'?>\r\n");
        }
        self.scrawl(&mut out, &mut dice);
        out.push_str("\n<!-- end -->\n");
        out.into_bytes()
    }

    fn scrawl(&self, out: &mut String, dice: &mut Dice) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            let quote = if dice.roll(2) == 0 { '"' } else { '\'' };
            out.push_str([" ", "\n  ", "\t"][dice.roll(3)]);
            out.push_str(name);
            out.push_str(["=", " = "][dice.roll(2)]);
            out.push(quote);
            if is_number(&self.name, name) && dice.roll(2) == 0 {
                out.push_str(value);
                out.push_str(if value.contains('.') { "00" } else { ".0" });
            } else {
                careless_text(value, true, out, dice);
            }
            out.push(quote);
        }
        let mixed = self.content.iter().any(|c| matches!(c, Content::Text(_)));
        if self.content.is_empty() && dice.roll(2) == 0 {
            out.push_str(" />");
            return;
        }
        out.push('>');
        for child in &self.content {
            match child {
                Content::Text(text) => careless_text(text, false, out, dice),
                Content::Element(element) => {
                    if !mixed {
                        out.push_str(["", "\n    ", "<!-- c -->", " <!-- c --> "][dice.roll(4)]);
                    }
                    element.scrawl(out, dice);
                }
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push_str([">", " >"][dice.roll(2)]);
    }

    /// The canonical result after `fates`, one for each node in document order.
    pub(crate) fn canonical(&self, fates: &[Fate]) -> Vec<u8> {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.pen(&mut out, fates, &mut 0);
        out.into_bytes()
    }

    fn pen(&self, out: &mut String, fates: &[Fate], at: &mut usize) {
        *at += 1;
        let mut attributes = Vec::new();
        for (name, value) in &self.attributes {
            let value = match &fates[*at] {
                Fate::Keep if is_number(&self.name, name) => Some(Decimal::parse(value).unwrap().to_string()),
                Fate::Keep => Some(value.clone()),
                Fate::Remove => None,
                Fate::Replace(value) => Some(value.clone()),
            };
            attributes.extend(value.map(|value| (name, value)));
            *at += 1;
        }
        attributes.sort_by_key(|(name, _)| (schema_place(name), (*name).clone()));
        let mut inner = String::new();
        for child in &self.content {
            match child {
                Content::Text(text) => {
                    match &fates[*at] {
                        Fate::Keep => escape(text, false, &mut inner),
                        Fate::Remove => {}
                        Fate::Replace(text) => escape(text, false, &mut inner),
                    }
                    *at += 1;
                }
                Content::Element(element) if fates[*at] == Fate::Remove => *at += element.places().len(),
                Content::Element(element) => element.pen(&mut inner, fates, at),
            }
        }
        out.push_str(&format!("<{}", self.name));
        for (name, value) in attributes {
            out.push_str(&format!(" {name}=\""));
            escape(&value, true, out);
            out.push('"');
        }
        match inner.as_str() {
            "" => out.push_str("/>"),
            inner => out.push_str(&format!(">{inner}</{}>", self.name)),
        }
    }
}

/// The declared edits of `fates`.
pub(crate) fn edits(places: &[Place], fates: &[Fate]) -> Edits {
    let mut edits = Edits::default();
    for ((place, fate), node) in places.iter().zip(fates).zip(nodes(places.len())) {
        let (action, change) = match fate {
            Fate::Keep => continue,
            Fate::Remove => ("remove", Change::Remove),
            Fate::Replace(value) if place.kind == Kind::Number => {
                ("coarsen", Change::Replace(Value::Number(Decimal::parse(value).unwrap(), Unit::One)))
            }
            Fate::Replace(value) => ("replace", Change::Replace(Value::Text(value.clone().into()))),
        };
        edits.add(Edit { node, path: place.path.clone(), action, rule: "test".into(), change });
    }
    edits
}

/// Ids of the nodes `0..count`, taken from a tree made for that.
pub(crate) fn nodes(count: usize) -> Vec<NodeId> {
    let mut budget = Budget::for_body(count);
    let mut tree = TreeBuilder::with_capacity(count);
    let mut ids = vec![tree.open("", "e", 0, &mut budget).unwrap()];
    for _ in 1..count {
        ids.push(tree.attribute("", "a", Value::Empty, Default::default(), &mut budget).unwrap());
    }
    ids
}

pub(crate) fn is_number(element: &str, attribute: &str) -> bool {
    matches!((element, attribute), ("point", _) | ("track", "course" | "speed" | "slope"))
}

fn schema_place(attribute: &str) -> usize {
    let order = ["version", "uid", "type", "how", "time", "start", "stale", "access", "caveat", "releasableTo", "lat", "lon", "hae", "callsign"];
    order.iter().position(|name| *name == attribute).unwrap_or(order.len())
}

fn escape(text: &str, value: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' if !value => out.push_str("&gt;"),
            '"' if value => out.push_str("&quot;"),
            '\t' if value => out.push_str("&#9;"),
            '\n' if value => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}

fn careless_text(text: &str, value: bool, out: &mut String, dice: &mut Dice) {
    for c in text.chars() {
        match c {
            '&' => out.push_str(["&amp;", "&#38;", "&#x26;"][dice.roll(3)]),
            '<' => out.push_str(["&lt;", "&#x3c;"][dice.roll(2)]),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' if value => out.push_str(&format!("&#{};", u32::from(c))),
            '\r' => out.push_str("&#xD;"),
            c if dice.roll(9) == 0 => out.push_str(&format!("&#x{:X};", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// A small deterministic generator (splitmix64): the careless writer must be a function of its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % 1_000_003).unwrap() % sides
    }
}

/// An event with the given marking and the given content of `detail`.
pub(crate) fn event(marking: &[(&str, &str)], detail: Vec<Content>) -> Element {
    let mut attributes = vec![
        ("version", "2.0"),
        ("uid", "GBR-TRACK-7"),
        ("type", "a-f-G-U-C"),
        ("time", "2026-11-23T08:00:00Z"),
        ("start", "2026-11-23T08:00:00Z"),
        ("stale", "2026-11-23T08:05:00.5Z"),
        ("how", "m-g"),
    ];
    attributes.extend_from_slice(marking);
    let point = Element::new("point", &[("lat", "51.4775"), ("lon", "-0.001"), ("hae", "45"), ("ce", "9999999"), ("le", "9.5")], Vec::new());
    let detail = Element::new("detail", &[], detail);
    Element::new("event", &attributes, vec![Content::Element(point), Content::Element(detail)])
}

/// Contents of `detail`, varied.
pub(crate) fn detail() -> impl Strategy<Value = Vec<Content>> {
    let text = || prop_oneof!["[ \t\n&<>\"'éa-z]{0,6}x", "x\\PC{0,10}", "[a-z]{1,20}"];
    let value = || prop_oneof!["[ \t\n\r&<>\"'éa-z]{0,8}", "\\PC{0,10}", "[A-Za-z0-9.:/-]{0,20}"];
    let attributes = move || {
        let pair = (prop::sample::select(vec!["uid", "type", "relation", "a.b", "_x", "é"]), value());
        prop::collection::btree_map(pair.0, pair.1, 0..4).prop_map(|map| map.into_iter().rev().map(|(n, v)| (n.to_owned(), v)).collect::<Vec<_>>())
    };
    let name = || prop::sample::select(vec!["link", "color", "shape", "remarks", "x-local"]).prop_map(str::to_owned);
    let leaf = (name(), attributes(), prop::option::of(text())).prop_map(|(name, attributes, text)| Element {
        name,
        attributes,
        content: text.into_iter().map(Content::Text).collect(),
    });
    let tree = leaf.prop_recursive(3, 24, 5, move |inner| {
        let part = (inner, prop::option::of("x[a-z ]{0,5}y")).prop_map(|(element, text)| {
            let mut both = vec![Content::Element(element)];
            both.extend(text.map(Content::Text));
            both
        });
        (name(), attributes(), prop::collection::vec(part, 0..4)).prop_map(|(name, attributes, parts)| Element {
            name,
            attributes,
            content: parts.into_iter().flatten().collect(),
        })
    });
    let number = || "-?(0|[1-9][0-9]{0,2})(\\.[0-9]{1,5})?";
    let track = (number(), number()).prop_map(|(course, speed)| Element::new("track", &[("course", &course), ("speed", &speed)], Vec::new()));
    (prop::option::of(track), prop::collection::vec(tree, 0..5))
        .prop_map(|(track, others)| track.into_iter().chain(others).map(Content::Element).collect())
}

/// Fates for all nodes below `detail`, chosen by `dice`; every other node is kept.
pub(crate) fn fates(event: &Element, seed: u64) -> Vec<Fate> {
    let mut dice = Dice(seed);
    let numbers = numbers(event);
    let below = |path: &str| path.starts_with("/event/detail/");
    let fate = |(at, place): (usize, &Place)| match (place.kind, dice.roll(8)) {
        _ if !below(&place.path) => Fate::Keep,
        (_, 0) => Fate::Remove,
        (Kind::Attribute, 1) => Fate::Replace("<new & \"value\">".into()),
        (Kind::Text, 1) => Fate::Replace("other & <text>".into()),
        (Kind::Text, 2) => Fate::Replace(String::new()),
        (Kind::Number, 1..4) => Fate::Replace(Decimal::parse(&numbers[at]).unwrap().rounded(1).to_string()),
        _ => Fate::Keep,
    };
    event.places().iter().enumerate().map(fate).collect()
}

fn numbers(element: &Element) -> Vec<String> {
    let mut all = vec![String::new()];
    all.extend(element.attributes.iter().map(|(_, value)| value.clone()));
    for child in &element.content {
        match child {
            Content::Text(_) => all.push(String::new()),
            Content::Element(element) => all.extend(numbers(element)),
        }
    }
    all
}

/// A point in time.
pub(crate) fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}
