//! How much room a message that leaves has for a hidden word: bits that its author could choose in what its recipient does not need.
//!
//! Takes the bytes that leave, gives for each field a class and bits. What the writer fixes is found by trying: a number with more digits, a time with
//! a finer fraction, two neighbours exchanged; what does not leave as it was put in carries nothing. The figure is of one message as it stands, and an
//! upper bound: the rules may forbid some of what is counted. It says nothing of what several messages say together (how many, when, to whom), and
//! nothing of what the words themselves mean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::{Guard, Ruling};
use crate::base::{Budget, Decimal, Refusal};
use crate::filter::Leeway;
use crate::format::{self, Format, Syntax};
use crate::normal::{Edits, Kind, Marking, NodeId, Tree, Unit, Value};
use crate::rebuild;

/// Bits of a decimal digit: the logarithm of 10 to the base 2.
const DIGIT_BITS: f64 = std::f64::consts::LOG2_10;
/// Bits of a time to the second within a day, in which a message is news.
const DAY_BITS: f64 = 16.4;
/// Digits beyond those that stand, which are tried: 18, as many as the normal form holds.
const DIGITS_MAX: u8 = 18;
/// Neighbours that are exchanged to see whether their order leaves: 256 pairs of a message; others count as if it did.
const PAIRS_MAX: usize = 256;

/// What the choice of a field means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Free text: all its bytes.
    Text,
    /// Text in a form that the profile states: identifiers, call signs, codes.
    Identifier,
    /// Digits of numbers beyond use, and fractions of seconds.
    Precision,
    /// Whether an optional field stands.
    Presence,
    /// The order of neighbours.
    Order,
    /// One of a closed set.
    Closed,
    /// What the recipient needs: numbers as far as they are of use, times to the second, the kind of the message.
    Meaning,
    /// A marking: one of those that the schemes know; it is checked, and counts as nothing.
    Marking,
    /// A value that the gateway put there: a pseudonym says only whether it is one that was seen before.
    Replaced,
}

impl Class {
    /// All of them, those first that count.
    pub const ALL: [Self; 9] =
        [Self::Text, Self::Identifier, Self::Precision, Self::Presence, Self::Order, Self::Closed, Self::Meaning, Self::Marking, Self::Replaced];

    /// Whether its bits are room for a hidden word: what the recipient needs and what is one of few are told apart.
    #[must_use]
    pub const fn is_free(self) -> bool {
        matches!(self, Self::Text | Self::Identifier | Self::Precision | Self::Presence | Self::Order)
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Identifier => "identifier",
            Self::Precision => "precision",
            Self::Presence => "presence",
            Self::Order => "order",
            Self::Closed => "closed",
            Self::Meaning => "meaning",
            Self::Marking => "marking",
            Self::Replaced => "replaced",
        }
    }
}

/// The room in one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Room {
    /// Its path in what leaves.
    pub path: String,
    /// What its choice means.
    pub class: Class,
    /// Bits.
    pub bits: f64,
}

/// The room in one message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Freedom {
    /// The format in which it leaves.
    pub format: &'static str,
    /// The file of the profile in force; nothing where the rule set has none.
    pub profile: Option<Arc<str>>,
    /// Bytes that leave.
    pub bytes: usize,
    /// Each field with room, in document order.
    pub rooms: Vec<Room>,
}

impl Freedom {
    /// Bits of a class.
    #[must_use]
    pub fn bits(&self, class: Class) -> f64 {
        self.rooms.iter().filter(|room| room.class == class).fold(0.0, |sum, room| sum + room.bits)
    }

    /// Bits that are room for a hidden word.
    #[must_use]
    pub fn free(&self) -> f64 {
        self.rooms.iter().filter(|room| room.class.is_free()).map(|room| room.bits).sum()
    }
}

impl Guard {
    /// The room in what leaves for one recipient; nothing where nothing leaves.
    ///
    /// # Errors
    /// As reading has them, for what was read before.
    pub fn freedom(&self, ruling: &Ruling) -> Result<Option<Freedom>, Refusal> {
        let Some(verified) = &ruling.output else { return Ok(None) };
        let body = verified.bytes();
        let format = format::identify(body)?;
        let tree = (format.read)(body, &mut Budget::for_body(body.len()))?;
        let edits = ruling.edits.iter().map(|edit| (edit.path.as_str(), edit.action)).collect();
        let mut measure = Measure { body, format, tree: &tree, edits, digits: BTreeMap::new(), rooms: Vec::new() };
        let markings = measure.markings();
        for (node, leeway) in self.filters().leeway(format, &tree) {
            measure.field(node, leeway, &markings);
        }
        measure.order();
        measure.rooms.retain(|room| room.bits > 0.0);
        let profile = self.edition().profiles.get(format.name).map(|profile| Arc::clone(&profile.file));
        Ok(Some(Freedom { format: format.name, profile, bytes: body.len(), rooms: measure.rooms }))
    }
}

/// One message while it is measured.
struct Measure<'m, 'a> {
    body: &'m [u8],
    format: &'static Format,
    tree: &'m Tree<'a>,
    /// What the gateway did, by path.
    edits: BTreeMap<&'m str, &'static str>,
    /// Fraction digits that leave, by path without ordinals: tried once for each.
    digits: BTreeMap<String, u8>,
    rooms: Vec<Room>,
}

impl Measure<'_, '_> {
    /// The nodes of markings and all below them. A banner is text.
    fn markings(&self) -> BTreeSet<NodeId> {
        let own = (self.format.markings)(self.tree).into_iter().chain((self.format.portions)(self.tree).into_iter().flat_map(|part| part.markings));
        let nodes = own.filter(|marking| !matches!(marking, Marking::Banner(_))).flat_map(|marking| marking.nodes(self.tree).collect::<Vec<_>>());
        nodes.flat_map(|node| self.tree.subtree(node).map(|(id, _)| id).collect::<Vec<_>>()).collect()
    }

    fn add(&mut self, path: &str, class: Class, bits: f64) {
        self.rooms.push(Room { path: path.to_owned(), class, bits });
    }

    fn field(&mut self, node: NodeId, leeway: Leeway, markings: &BTreeSet<NodeId>) {
        let path = self.tree.path(node);
        if markings.contains(&node) {
            return self.add(&path, Class::Marking, 0.0);
        }
        let action = self.edits.get(path.as_str()).copied();
        if matches!(action, Some("pseudonymise" | "replace")) {
            return self.add(&path, Class::Replaced, 1.0);
        }
        let value = self.tree.node(node).value;
        match leeway {
            Leeway::Closed(bits) => self.add(&path, Class::Closed, bits),
            Leeway::Text(bits) | Leeway::Form(bits) if value.text() == (self.format.facts)(self.tree).kind => self.add(&path, Class::Meaning, bits),
            Leeway::Text(bits) => self.add(&path, Class::Text, bits),
            Leeway::Form(bits) => self.add(&path, Class::Identifier, bits),
            Leeway::Presence(count) => self.add(&path, Class::Presence, f64::from(count)),
            Leeway::Number(least, most) => self.number(node, &path, (least, most), action.is_some()),
            Leeway::Time => {
                self.add(&path, Class::Meaning, DAY_BITS);
                let digits = if action.is_some() { 0 } else { self.digits(node, &path) };
                self.add(&path, Class::Precision, DIGIT_BITS * f64::from(digits));
            }
        }
    }

    /// Digits that are of use are meaning, those beyond are room; what the gateway coarsened has no more than stand.
    fn number(&mut self, node: NodeId, path: &str, (least, most): (Option<Decimal>, Option<Decimal>), coarsened: bool) {
        let value = self.tree.node(node).value;
        let (number, unit) = match value {
            Value::Number(number, unit) => (*number, *unit),
            other => (Decimal::parse(&other.text()).unwrap_or(Decimal::whole(0)), Unit::One),
        };
        let standing = number.places();
        let able = if coarsened { standing } else { self.digits(node, path).max(standing) };
        let useful = useful(unit).min(able);
        let size = |bound: Decimal| bound.to_string().parse::<f64>().unwrap_or(0.0);
        let range = least.zip(most).map_or_else(|| size(number).abs().max(1.0), |(least, most)| size(most) - size(least));
        self.add(path, Class::Meaning, (range.max(1.0).log2() + DIGIT_BITS * f64::from(useful)).max(0.0));
        self.add(path, Class::Precision, DIGIT_BITS * f64::from(able.saturating_sub(useful)));
    }

    /// How many fraction digits of a number or time would leave, had its author written them.
    fn digits(&mut self, node: NodeId, path: &str) -> u8 {
        let key: String = path.split('/').map(|step| step.split('[').next().unwrap_or_default()).collect::<Vec<_>>().join("/");
        if let Some(known) = self.digits.get(&key) {
            return *known;
        }
        let found = self.most_digits(node);
        self.digits.insert(key, found);
        found
    }

    fn most_digits(&self, node: NodeId) -> u8 {
        let shown = self.tree.node(node);
        let text = shown.value.text();
        let spelt = self.body.get(shown.span.range()) == Some(text.as_bytes());
        if !spelt {
            // SPEC: TAK protocol: times are milliseconds, numbers are doubles with 15 exact digits. Other formats spell neither with fractions.
            let whole = u8::try_from(text.split('.').next().unwrap_or_default().trim_start_matches('-').len()).unwrap_or(u8::MAX);
            return match (self.format.syntax, shown.value) {
                (Syntax::Tak, Value::Time(_)) => 3,
                (Syntax::Tak, Value::Number(..)) => 15_u8.saturating_sub(whole),
                _ => 0,
            };
        }
        let (stem, tail) = text.strip_suffix('Z').map_or((text.as_ref(), ""), |stem| (stem, "Z"));
        let (whole, fraction) = stem.split_once('.').unwrap_or((stem, ""));
        let filled = |digits: u8| {
            let more = usize::from(digits).saturating_sub(fraction.len());
            format!("{whole}.{fraction}{}{tail}", "7".repeat(more))
        };
        let standing = u8::try_from(fraction.len()).unwrap_or(u8::MAX);
        (standing.saturating_add(1)..=DIGITS_MAX)
            .rev()
            .find(|digits| self.leaves(&[(shown.span.range(), filled(*digits).as_bytes())]))
            .unwrap_or(standing)
    }

    /// Whether the message would leave as it stands with other bytes in these places, which rise.
    fn leaves(&self, changes: &[(std::ops::Range<usize>, &[u8])]) -> bool {
        let (mut changed, mut at) = (Vec::with_capacity(self.body.len()), 0);
        for (range, bytes) in changes {
            changed.extend_from_slice(self.body.get(at..range.start).unwrap_or_default());
            changed.extend_from_slice(bytes);
            at = range.end;
        }
        changed.extend_from_slice(self.body.get(at..).unwrap_or_default());
        let Ok(tree) = (self.format.read)(&changed, &mut Budget::for_body(changed.len())) else { return false };
        changed != self.body && rebuild::bytes(&tree, &Edits::default(), self.format.syntax).is_ok_and(|written| written == changed)
    }

    /// Runs of neighbours that can be exchanged: the order of so many is a choice.
    fn order(&mut self) {
        let mut pairs = 0_usize;
        for (parent, _) in self.tree.all().filter(|(_, node)| node.kind == Kind::Element) {
            let children: Vec<NodeId> = self.tree.elements(parent).map(|(id, _)| id).collect();
            let mut run = 1_u32;
            let mut bits = 0.0;
            for pair in children.windows(2) {
                let [first, second] = pair else { continue };
                pairs = pairs.saturating_add(1);
                let exchanged = pairs > PAIRS_MAX || self.exchanged(*first, *second);
                run = if exchanged { run.saturating_add(1) } else { 1 };
                // The n-th of a run has n places to stand.
                bits += if exchanged { f64::from(run).log2() } else { 0.0 };
            }
            if bits > 0.0 {
                self.add(&self.tree.path(parent), Class::Order, bits);
            }
        }
    }

    fn exchanged(&self, first: NodeId, second: NodeId) -> bool {
        let (first, second) = (self.tree.node(first), self.tree.node(second));
        let (before, after) = (first.span.range(), second.span.range());
        let bytes = |range: &std::ops::Range<usize>| self.body.get(range.clone()).unwrap_or_default();
        // Members of an object are told apart by their names, which stand outside of their bytes: there only items of a list have an order.
        let items = self.format.syntax != Syntax::Json || first.name == second.name;
        items && before.end <= after.start && self.leaves(&[(before.clone(), bytes(&after)), (after.clone(), bytes(&before))])
    }
}

/// Fraction digits that are of use in a unit: places to a metre, heights and speeds to a tenth.
const fn useful(unit: Unit) -> u8 {
    match unit {
        Unit::Latitude | Unit::Longitude => 5,
        // The format spells whole minutes or seconds: all that stands is of use.
        Unit::LatitudeMinutes | Unit::LongitudeMinutes => 4,
        Unit::LatitudeSeconds | Unit::LongitudeSeconds => 6,
        Unit::Degrees | Unit::Metres | Unit::MetresPerSecond | Unit::KilometresPerHour | Unit::Knots => 1,
        Unit::Percent => 0,
        Unit::One => 3,
    }
}
