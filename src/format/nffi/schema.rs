//! What NFFI 1.3 is: elements in their order with types, units, ranges and occurrence, as a table.
//!
//! SPEC: STANAG 5527, NFFI 1.3, `urn:nato:fft:protocols:nffi13`. Where the public descriptions give no length, the limit is ours and the
//! manual says so. Everything is in the one namespace, in one order; only `detailData` is open.

use crate::normal::Unit;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Text of so many characters, none of them hidden.
    Text {
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
    /// Text of at most so many characters that people wrote; content filters judge it.
    Free(usize),
    /// Three capital letters.
    Country,
    /// 15 of capital letters, digits and `-`: a symbol of APP-6A.
    Symbol,
    /// 14 digits: year, month, day, hour, minute, second, in UTC.
    Time,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A plain decimal number.
    Number {
        /// Unit.
        unit: Unit,
        /// Smallest value.
        least: i32,
        /// Greatest value.
        most: i32,
        /// Which of the two ends belong to the range.
        ends: Ends,
    },
    /// A whole number in `0..=most`.
    Whole(i32),
}

/// Which ends of a range belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Both.
    Both,
    /// The greatest, but not the smallest.
    Most,
    /// The smallest, but not the greatest.
    Least,
}

/// How often an element may stand in its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occurs {
    /// Exactly once.
    Always,
    /// At most so often.
    UpTo(usize),
}

/// What an element holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holds {
    /// These elements, in this order.
    Elements(&'static [Element]),
    /// One value.
    Value(Type),
    /// Elements and attributes that nobody has described, as text without type.
    Anything,
}

/// An attribute; all are optional.
#[derive(Debug)]
pub(super) struct Attribute {
    /// Name, without namespace.
    pub(super) name: &'static str,
    /// How it is written.
    pub(super) kind: Type,
}

/// An element.
#[derive(Debug)]
pub(super) struct Element {
    /// Local name.
    pub(super) name: &'static str,
    /// How often.
    pub(super) occurs: Occurs,
    /// Attributes.
    pub(super) attributes: &'static [Attribute],
    /// What stands in it.
    pub(super) holds: Holds,
}

impl Element {
    /// The elements that may stand in it.
    pub(super) const fn children(&self) -> &'static [Self] {
        match self.holds {
            Holds::Elements(children) => children,
            Holds::Value(_) | Holds::Anything => &[],
        }
    }
}

/// The namespace of every element.
pub(super) const NAMESPACE: &str = "urn:nato:fft:protocols:nffi13";
/// Markings of the American intelligence community, as attributes of sections.
pub(super) const NAMESPACE_ISM: &str = "urn:us:gov:ic:ism";

/// Attributes that make the security label of a section, and stand on sections only.
pub(super) const POLICY: &str = "secPolicyName";
/// Its classification.
pub(super) const CLASSIFICATION: &str = "secClassification";
/// Its category.
pub(super) const CATEGORY: &str = "secCategory";

const LABEL: &[Attribute] = &[
    Attribute { name: POLICY, kind: Type::Text { least: 1, most: 256 } },
    Attribute { name: CLASSIFICATION, kind: Type::Text { least: 1, most: 30 } },
    Attribute { name: CATEGORY, kind: Type::Text { least: 0, most: 256 } },
];

/// Reliability of a source. SPEC: STANAG 2022, A to F, in words.
const RELIABILITY: &[&str] =
    &["COMPLETELY RELIABLE", "USUALLY RELIABLE", "FAIRLY RELIABLE", "NOT USUALLY RELIABLE", "UNRELIABLE", "RELIABILITY CANNOT BE JUDGED"];
/// Credibility of information. SPEC: STANAG 2022, 1 to 6, in words.
const CREDIBILITY: &[&str] =
    &["CONFIRMED BY OTHER SOURCES", "PROBABLY TRUE", "POSSIBLY TRUE", "DOUBTFULLY TRUE", "IMPROBABLE", "TRUTH CANNOT BE JUDGED"];
/// Operational status.
const STATUS: &[&str] =
    &["OPERATIONAL", "SUBSTANTIALLY OPERATIONAL", "MARGINALLY OPERATIONAL", "TEMPORARILY NOT OPERATIONAL", "NOT OPERATIONAL", "NOT KNOWN"];

const fn number(unit: Unit, least: i32, most: i32) -> Type {
    Type::Number { unit, least, most, ends: Ends::Both }
}

const fn once(name: &'static str, kind: Type) -> Element {
    Element { name, occurs: Occurs::UpTo(1), attributes: &[], holds: Holds::Value(kind) }
}

const fn always(name: &'static str, kind: Type) -> Element {
    Element { occurs: Occurs::Always, ..once(name, kind) }
}

const fn group(name: &'static str, occurs: Occurs, children: &'static [Element]) -> Element {
    Element { name, occurs, attributes: &[], holds: Holds::Elements(children) }
}

const fn section(name: &'static str, occurs: Occurs, holds: Holds) -> Element {
    Element { name, occurs, attributes: LABEL, holds }
}

/// A tenth of the way round the Earth: no place is known worse.
const PLACE_ERROR: &[Attribute] = &[Attribute { name: "accuracy", kind: number(Unit::Metres, 0, 4_000_000) }];
const HEIGHT_ERROR: &[Attribute] = &[Attribute { name: "accuracy", kind: number(Unit::Metres, 0, 100_000) }];
const ANGLE_ERROR: &[Attribute] = &[Attribute { name: "accuracy", kind: number(Unit::Degrees, 0, 360) }];
const SPEED_ERROR: &[Attribute] = &[Attribute { name: "accuracy", kind: number(Unit::KilometresPerHour, 0, 100_000) }];

const COORDINATES: &[Element] = &[
    Element { attributes: PLACE_ERROR, ..always("latitude", number(Unit::Latitude, -90, 90)) },
    // SPEC: -180 is excluded: it is 180.
    Element { attributes: PLACE_ERROR, ..always("longitude", Type::Number { unit: Unit::Longitude, least: -180, most: 180, ends: Ends::Most }) },
    Element { attributes: HEIGHT_ERROR, ..once("altitude", number(Unit::Metres, -12_000, 100_000_000)) },
];

/// SPEC: 0 included, 360 excluded.
const TURN: Type = Type::Number { unit: Unit::Degrees, least: 0, most: 360, ends: Ends::Least };

/// Characters of the name of a system at most: 128. Ours.
const SYSTEM: Type = Type::Text { least: 1, most: 128 };

const SOURCE: &[Element] = &[
    group("sourceSystem", Occurs::Always, &[once("country", Type::Country), always("system", SYSTEM), once("subsystem", SYSTEM)]),
    always("transponderId", Type::Text { least: 1, most: 60 }),
];

const POSITIONAL: &[Element] = &[
    group("trackSource", Occurs::Always, SOURCE),
    always("dateTime", Type::Time),
    group("coordinates", Occurs::Always, COORDINATES),
    Element { attributes: ANGLE_ERROR, ..once("bearing", TURN) },
    Element { attributes: SPEED_ERROR, ..once("speed", number(Unit::KilometresPerHour, 0, 100_000)) },
    once("reliability", Type::Word(RELIABILITY)),
    once("credibility", Type::Word(CREDIBILITY)),
    Element { attributes: ANGLE_ERROR, ..once("inclination", TURN) },
];

const IDENTIFICATION: &[Element] = &[always("unitSymbol", Type::Symbol), always("unitShortName", Type::Text { least: 1, most: 15 })];

const STATUS_DATA: &[Element] =
    &[once("footprint", number(Unit::Metres, 0, 4_000_000)), once("strength", Type::Whole(1_000_000)), once("statusCode", Type::Word(STATUS))];

/// Characters of a device's number or name at most: 256. Ours.
const DEVICE: Type = Type::Text { least: 1, most: 256 };
/// Characters of one remark at most: 1,024. Ours.
const REMARK: Type = Type::Free(1_024);

const DEVICE_DATA: &[Element] = &[
    once("additionalId", DEVICE),
    once("phoneNumber", DEVICE),
    once("serialNumber", DEVICE),
    once("terminalType", DEVICE),
    once("terminalId", DEVICE),
    once("specialUserDefined", REMARK),
    once("alert", Type::Flag),
    Element { occurs: Occurs::UpTo(4), ..once("remarks", REMARK) },
];

/// Sections of a track. The first is the track: the others say more about it.
const TRACK: &[Element] = &[
    section("positionalData", Occurs::Always, Holds::Elements(POSITIONAL)),
    section("identificationData", Occurs::UpTo(1), Holds::Elements(IDENTIFICATION)),
    section("operStatusData", Occurs::UpTo(1), Holds::Elements(STATUS_DATA)),
    section("deviceSpecificData", Occurs::UpTo(1), Holds::Elements(DEVICE_DATA)),
    section("detailData", Occurs::UpTo(1), Holds::Anything),
];

/// The document element; a message may have no track.
pub(super) static MESSAGE: Element = group("NFFIMessage", Occurs::Always, &[group("track", Occurs::UpTo(usize::MAX), TRACK)]);

/// Whether a message may have a field. Attributes of sections are open, for markings of another namespace stand there.
pub(super) fn has(steps: &[String]) -> bool {
    let mut rest = steps.iter();
    if !crate::format::step_is(rest.next(), MESSAGE.name) {
        return false;
    }
    let mut within = &MESSAGE;
    for step in rest {
        if matches!(within.holds, Holds::Anything) || step == "*" || step == "@*" {
            return true;
        }
        if let Some(name) = step.strip_prefix('@') {
            let marked = within.attributes.iter().any(|attribute| attribute.name == POLICY);
            return marked || within.attributes.iter().any(|attribute| attribute.name == name);
        }
        match within.children().iter().find(|child| child.name == step) {
            Some(child) => within = child,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(kind: Type) -> String {
        match kind {
            Type::Text { least: 0, most } => format!("up to {most} characters"),
            Type::Text { least, most } => format!("{least} to {most} characters"),
            Type::Free(most) => format!("free text of 1 to {most} characters"),
            Type::Country => "three capital letters".into(),
            Type::Symbol => "15 of capital letters, digits and `-`".into(),
            Type::Time => "14 digits, a time in UTC".into(),
            Type::Flag => "`true` or `false`".into(),
            Type::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Type::Whole(most) => format!("whole, 0 to {most}"),
            Type::Number { unit, least, most, ends } => {
                let unit = match unit {
                    Unit::Latitude => "degrees north",
                    Unit::Longitude => "degrees east",
                    Unit::Degrees => "degrees",
                    Unit::KilometresPerHour => "kilometres for each hour",
                    _ => "metres",
                };
                match ends {
                    Ends::Both => format!("{unit}, {least} to {most}"),
                    Ends::Most => format!("{unit}, above {least} to {most}"),
                    Ends::Least => format!("{unit}, {least} to below {most}"),
                }
            }
        }
    }

    fn rows(element: &'static Element, above: &str, found: &mut Vec<Vec<String>>) {
        let path = format!("{above}/{}", element.name);
        let occurs = match element.occurs {
            Occurs::Always => "always, once".to_owned(),
            Occurs::UpTo(1) => "once".to_owned(),
            Occurs::UpTo(usize::MAX) => "often".to_owned(),
            Occurs::UpTo(most) => format!("up to {most} times"),
        };
        let holds = match element.holds {
            Holds::Elements(_) => String::new(),
            Holds::Value(kind) => spoken(kind),
            Holds::Anything => "anything, as text".into(),
        };
        let attribute = |attribute: &Attribute| format!("`{}` ({})", attribute.name, spoken(attribute.kind));
        let attributes = element.attributes.iter().map(attribute).collect::<Vec<_>>().join(", ");
        found.push(vec![format!("`{path}`"), occurs, holds, attributes]);
        element.children().iter().for_each(|child| rows(child, &path, found));
    }

    #[test]
    fn the_page_of_formats_shows_this_table() {
        let mut found = Vec::new();
        rows(&MESSAGE, "", &mut found);
        let table = crate::manual::tests::table(&["NFFI element", "stands", "value", "attributes"], found);
        crate::manual::tests::assert_page_holds("formats", &table);
    }
}
