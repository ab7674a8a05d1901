//! JSON as the second reader reads it: `serde_json` for structure and texts, a scan of its own for numbers and repeated keys.
//!
//! The library gives numbers as binary floating point; the scan gives each as it is spelt, in the order in which the library meets them.
//! Gives values ([`read`]), the second tree in the normal form of JSON ([`second`]) and its canonical bytes ([`write`]).

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::second::{Second, Sort, Spelling};

/// Levels at most, as in the manual.
const DEPTH_MAX: usize = 32;
/// Digits that an exponent may have.
const EXPONENT_DIGITS_MAX: usize = 3;
/// Digits of a number, superfluous zeros apart.
const DIGITS_MAX: usize = 18;
/// Digits of a fraction, superfluous zeros included.
const FRACTION_DIGITS_MAX: usize = 64;
/// The namespace of an element that is an item of a list.
const ARRAY: &str = "array";

/// The members of an object.
pub(super) type Members<'a> = BTreeMap<Cow<'a, str>, Json<'a>>;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number as it is spelt, without exponent.
    Number(Cow<'a, str>),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object.
    Object(Members<'a>),
}

impl<'a> Json<'a> {
    /// The text of a text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array; none for anything else.
    pub(super) fn items(&self) -> &[Json<'a>] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The members of an object.
    pub(super) const fn members(&self) -> Option<&Members<'a>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }
}

/// Reads a document.
///
/// # Errors
/// One line: what was expected.
pub(super) fn read(bytes: &[u8]) -> Result<Json<'_>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "expected UTF-8")?;
    let numbers = Numbers { spelt: numbers(text), next: Cell::new(0) };
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Seed { numbers: &numbers, depth: 0 }.deserialize(&mut reader);
    let value = value.map_err(|_| "expected JSON with unique keys, plain characters and exact numbers")?;
    reader.end().map_err(|_| "expected nothing after the JSON value")?;
    if numbers.next.get() == numbers.spelt.len() { Ok(value) } else { Err("expected as many numbers as are spelt") }
}

/// The numbers of a text, in their order: what stands outside quotes and begins with a digit or minus.
fn numbers(text: &str) -> Vec<&str> {
    let part = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let width = match byte {
            b'"' => quoted(rest),
            b'-' | b'0'..=b'9' => {
                let width = rest.iter().take_while(|b| part(**b)).count();
                found.extend(text.get(at..at.saturating_add(width)));
                width
            }
            _ => 1,
        };
        at = at.saturating_add(width.max(1));
    }
    found
}

/// Bytes of a text with its quotes.
fn quoted(bytes: &[u8]) -> usize {
    let mut escaped = false;
    let end = bytes.iter().skip(1).position(|&b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    });
    end.map_or(bytes.len(), |end| end.saturating_add(2))
}

/// The numbers as they are spelt, and which of them the library meets next.
#[derive(Debug)]
struct Numbers<'a> {
    spelt: Vec<&'a str>,
    next: Cell<usize>,
}

impl<'a> Numbers<'a> {
    /// The next number, which the library took for about `value`.
    fn take<E: Error>(&self, value: f64) -> Result<Json<'a>, E> {
        let token = self.spelt.get(self.next.get()).copied().ok_or_else(|| E::custom("no number is spelt here"))?;
        self.next.set(self.next.get().saturating_add(1));
        let near = token.parse::<f64>().is_ok_and(|spelt| (spelt - value).abs() <= value.abs() * 1e-12);
        let number = plain(token).filter(|number| near && held(number)).ok_or_else(|| E::custom("an inexact number"))?;
        Ok(Json::Number(number))
    }
}

/// Whether a plain number has no more digits than the manual says, superfluous zeros apart.
fn held(number: &str) -> bool {
    let (whole, fraction) = number.trim_start_matches('-').split_once('.').unwrap_or((number.trim_start_matches('-'), ""));
    fraction.len() <= FRACTION_DIGITS_MAX && whole.trim_start_matches('0').len().saturating_add(fraction.trim_end_matches('0').len()) <= DIGITS_MAX
}

/// A number without its exponent; `None` for a negative zero and for what is too long to be meant.
fn plain(token: &str) -> Option<Cow<'_, str>> {
    let zero = token.split(['e', 'E']).next().is_some_and(|mantissa| mantissa.bytes().all(|b| !matches!(b, b'1'..=b'9')));
    if zero && token.starts_with('-') {
        return None;
    }
    let Some((mantissa, exponent)) = token.split_once(['e', 'E']) else { return Some(Cow::Borrowed(token)) };
    let shift: i32 = exponent.parse().ok().filter(|_| exponent.trim_start_matches(['+', '-']).len() <= EXPONENT_DIGITS_MAX)?;
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let mut digits: std::collections::VecDeque<char> = digits.chars().filter(char::is_ascii_digit).collect();
    // Digits behind the point once the exponent is applied.
    let mut places = i32::try_from(fraction).ok()?.checked_sub(shift)?;
    while places < 0 {
        digits.push_back('0');
        places = places.checked_add(1)?;
    }
    let places = usize::try_from(places).ok()?;
    while digits.len() <= places {
        digits.push_front('0');
    }
    let point = digits.len().checked_sub(places)?;
    let (whole, fraction): (String, String) = (digits.iter().take(point).collect(), digits.iter().skip(point).collect());
    let whole = Some(whole.trim_start_matches('0')).filter(|whole| !whole.is_empty()).unwrap_or("0");
    Some(Cow::Owned(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }))
}

/// Reads one value, knowing how deep it stands.
#[derive(Clone, Copy)]
struct Seed<'n, 'a> {
    numbers: &'n Numbers<'a>,
    depth: usize,
}

impl Seed<'_, '_> {
    fn below<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > DEPTH_MAX { Err(E::custom("too deep")) } else { Ok(Self { depth, ..self }) }
    }
}

/// A text without non-characters, borrowed where the library borrows it.
struct Characters;

impl<'a> Visitor<'a> for Characters {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Self::Value, E> {
        exchanged(text).map(Cow::Borrowed)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        exchanged(text).map(|text| Cow::Owned(text.to_owned()))
    }
}

impl<'a> DeserializeSeed<'a> for Characters {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

fn exchanged<E: Error>(text: &str) -> Result<&str, E> {
    let nonchar = |c: char| {
        ('\u{fdd0}'..='\u{fdef}').contains(&c) || u32::from(c).trailing_ones() >= 16 || u32::from(c).saturating_add(1).trailing_ones() >= 16
    };
    if text.chars().any(nonchar) { Err(E::custom("a non-character")) } else { Ok(text) }
}

impl<'a> DeserializeSeed<'a> for Seed<'_, 'a> {
    type Value = Json<'a>;

    fn deserialize<D: Deserializer<'a>>(self, from: D) -> Result<Json<'a>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Seed<'_, 'a> {
    type Value = Json<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Json<'a>, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json<'a>, E> {
        self.numbers.take(number.to_string().parse().map_err(E::custom)?)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json<'a>, E> {
        self.numbers.take(number.to_string().parse().map_err(E::custom)?)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json<'a>, E> {
        self.numbers.take(number)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Json<'a>, E> {
        Characters.visit_borrowed_str(text).map(Json::Text)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'a>, E> {
        Characters.visit_str(text).map(Json::Text)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Json<'a>, A::Error> {
        let below = self.below()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(below)? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Json<'a>, A::Error> {
        let below = self.below()?;
        let mut members = Members::new();
        while let Some(key) = map.next_key_seed(Characters)? {
            let value = map.next_value_seed(below)?;
            if members.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(Json::Object(members))
    }
}

/// What `null` and a list without items mean to a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nothing {
    /// Nothing that may be said.
    Refuse,
    /// That the member is absent.
    Absent,
}

/// How a format spells a member that is a text: by the names from the root to the object that has it, that object, and the member's name.
pub(super) type Spell = fn(&[&str], &Members<'_>, &str) -> Spelling;

/// The second tree of a document, in the normal form of JSON.
///
/// # Errors
/// One line: what was expected.
pub(super) fn second<'a>(root: &'static str, document: Json<'a>, nothing: Nothing, spell: Spell) -> Result<Second<'a>, &'static str> {
    let Json::Object(members) = document else { return Err("expected an object") };
    let mut form = Form { tree: Second::default(), nothing, spell };
    form.object("", Cow::Borrowed(root), members, &mut Vec::new())?;
    Ok(form.tree)
}

struct Form<'a> {
    tree: Second<'a>,
    nothing: Nothing,
    spell: Spell,
}

impl<'a> Form<'a> {
    fn object(&mut self, namespace: &'static str, name: Cow<'a, str>, members: Members<'a>, above: &mut Vec<String>) -> Result<(), &'static str> {
        above.push(name.to_string());
        let names: Vec<&str> = above.iter().map(String::as_str).collect();
        let mut leaves = Vec::new();
        for (key, value) in &members {
            if key.is_empty() || key.len() > 128 || !key.chars().all(|c| matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | ':' | '-')) {
                return Err("expected keys that are names");
            }
            leaves.push(matches!(value, Json::Text(_)).then(|| (self.spell)(&names, &members, key)));
        }
        self.tree.open(namespace, name);
        let mut nested = Vec::new();
        for ((key, value), spelling) in members.into_iter().zip(leaves) {
            match leaf(value, spelling.unwrap_or(Spelling::Exact)) {
                Ok((text, spelling)) => {
                    self.tree.attribute("", key, text, spelling);
                }
                Err(value) => nested.push((key, value)),
            }
        }
        for (key, value) in nested {
            match value {
                Json::Object(members) => self.object("", key, members, above)?,
                Json::List(items) if !items.is_empty() => items.into_iter().try_for_each(|item| self.item(key.clone(), item, above))?,
                _ if self.nothing == Nothing::Absent => {}
                _ => return Err("expected no null and no list without items"),
            }
        }
        self.tree.close();
        above.pop();
        Ok(())
    }

    fn item(&mut self, name: Cow<'a, str>, item: Json<'a>, above: &mut Vec<String>) -> Result<(), &'static str> {
        match leaf(item, Spelling::Exact) {
            Ok((text, spelling)) => {
                if text.trim().is_empty() {
                    return Err("expected items that say something");
                }
                self.tree.open(ARRAY, name);
                self.tree.text(text, spelling);
                self.tree.close();
                Ok(())
            }
            Err(Json::Object(members)) => self.object(ARRAY, name, members, above),
            Err(_) => Err("expected objects and scalars as items"),
        }
    }
}

/// The text of a scalar and how it is spelt; what is none is given back.
fn leaf(value: Json<'_>, spelling: Spelling) -> Result<(Cow<'_, str>, Spelling), Json<'_>> {
    match value {
        Json::Flag(flag) => Ok((Cow::Borrowed(if flag { "true" } else { "false" }), Spelling::Flag)),
        Json::Number(number) => Ok((number, Spelling::Number)),
        Json::Text(text) => Ok((text, spelling)),
        other => Err(other),
    }
}

/// The canonical bytes of a tree in the normal form of JSON. Numbers and times are not spelt anew: one that is not canonical is an error.
///
/// # Errors
/// One line: what the tree has that JSON has not.
pub(super) fn write(tree: &Second<'_>) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::new();
    object(tree, 0, &mut out)?;
    Ok(out)
}

fn object(tree: &Second<'_>, at: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (child, node) in tree.children(at) {
        members.entry(&node.name).or_default().push(child);
    }
    let mut separator = b'{';
    for (name, nodes) in &members {
        out.push(separator);
        separator = b',';
        string(name, out);
        out.push(b':');
        let listed = nodes.iter().filter(|child| tree.node(**child).is_some_and(|node| node.namespace == ARRAY)).count();
        match nodes.as_slice() {
            [only] if listed == 0 => value(tree, *only, out)?,
            _ if listed == nodes.len() => list(tree, nodes, out)?,
            _ => return Err("expected one member of a name"),
        }
    }
    if separator == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
    Ok(())
}

fn list(tree: &Second<'_>, nodes: &[usize], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut separator = b'[';
    for item in nodes {
        out.push(separator);
        separator = b',';
        value(tree, *item, out)?;
    }
    out.push(b']');
    Ok(())
}

fn value(tree: &Second<'_>, at: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let node = tree.node(at).ok_or("expected a node")?;
    let text = if node.sort == Sort::Element { tree.children(at).map(|(_, child)| child).find(|child| child.sort == Sort::Text) } else { Some(node) };
    match text {
        None => return object(tree, at, out),
        Some(text) if !text.spelling.is_canonical(&text.value) => return Err("expected numbers and times in their canonical spelling"),
        Some(text) => match text.spelling {
            Spelling::Number | Spelling::Flag => out.extend_from_slice(text.value.as_bytes()),
            Spelling::Exact | Spelling::Time => string(&text.value, out),
        },
    }
    Ok(())
}

// SPEC: RFC 8785, 3.2.2.2.
fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push(b'\\');
                out.extend(u8::try_from(c));
            }
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\0'..='\u{1f}' => out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes()),
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;
    use crate::format::Syntax;
    use crate::format::syntax::json as first;
    use crate::normal::{Edits, Kind};
    use proptest::prelude::*;

    fn exact(_: &[&str], _: &Members<'_>, _: &str) -> Spelling {
        Spelling::Exact
    }

    /// What both readers make of a text, as lines.
    fn both(text: &str) -> (Option<Vec<String>>, Option<Vec<String>>) {
        let mut budget = Budget::for_body(text.len());
        let ours = first::read(text.as_bytes(), &mut budget).and_then(|document| first::tree("root", document, first::Nothing::Refuse, &mut budget));
        let theirs = read(text.as_bytes()).and_then(|document| second("root", document, Nothing::Refuse, exact));
        let sort = |kind| match kind {
            Kind::Element => Sort::Element,
            Kind::Attribute => Sort::Attribute,
            Kind::Text => Sort::Text,
        };
        let ours =
            ours.ok().map(|tree| tree.all().map(|(_, n)| format!("{:?} {} {} {}", sort(n.kind), n.namespace, n.name, n.value.text())).collect());
        let number = |node: &super::super::second::Node<'_>| match node.spelling {
            Spelling::Number => crate::base::Decimal::parse(&node.value).map_or_else(|| "no number".into(), |number| number.to_string()),
            _ => node.value.to_string(),
        };
        let theirs = theirs.ok().map(|tree| tree.nodes().iter().map(|n| format!("{:?} {} {} {}", n.sort, n.namespace, n.name, number(n))).collect());
        (ours, theirs)
    }

    #[test]
    fn both_readers_read_the_same_nodes() {
        for text in [
            r#"{}"#,
            r#"{"b":[1.50,{},"x"],"a":{"z":true,"B":1e2},"c":"A\u00e9\ud834\udd1e","n":-12.5e-1,"m":0.0}"#,
            r#" { "l" : [ { "k" : [ "v" ] } , "-1" , -1 ] , "s" : "1,2,\"3\\" } "#,
        ] {
            let (ours, theirs) = both(text);
            assert!(ours.is_some(), "{text}");
            assert_eq!(ours, theirs, "{text}");
        }
    }

    #[test]
    fn both_readers_refuse_the_same() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(40), "]".repeat(40));
        for text in [
            "",
            "[]",
            "1",
            "{\"a\":1,\"\\u0061\":2}",
            "{\"a\":-0}",
            "{\"a\":-0.0e1}",
            "{\"a\":1e999}",
            "{\"a\":01}",
            "{\"a\":\"\\ud834\"}",
            "{\"a\":\"\u{fdd0}\"}",
            "{\"a\":\"\\ufffe\"}",
            "{\"a\":null}",
            "{\"a\":[]}",
            "{\"a\":[[1]]}",
            "{\"a\":[\" \"]}",
            "{\"a b\":1}",
            "{}{}",
            "\u{feff}{}",
            "{\"a\":\"\t\"}",
            &deep,
        ] {
            assert_eq!(both(text), (None, None), "{text}");
        }
    }

    #[test]
    fn both_writers_write_the_same_bytes() {
        let text = r#"{"b":["c",{"e":"\u001f\b\"\\\/é"}],"a":{"z":true,"B":100},"a1":{}}"#;
        let mut budget = Budget::for_body(text.len());
        let tree = first::tree("root", first::read(text.as_bytes(), &mut budget).unwrap(), first::Nothing::Refuse, &mut budget).unwrap();
        let written = crate::rebuild::bytes(&tree, &Edits::default(), Syntax::Json).unwrap();
        let again = second("root", read(&written).unwrap(), Nothing::Refuse, exact).unwrap();
        assert_eq!(String::from_utf8(write(&again).unwrap()).unwrap(), String::from_utf8(written).unwrap());
    }

    proptest! {
        #[test]
        fn both_readers_agree_on_whatever_looks_like_json(text in r#"\{("[ab]":([0-9]{1,3}|-?[01](\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?|true|"[ -~é]{0,4}"|\[("x"|1|\{\})(,[012])?\]|\{"c":1\}),?){0,3}\}"#) {
            let (ours, theirs) = both(&text);
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}
