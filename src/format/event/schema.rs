//! What Cursor-on-Target is: elements and attributes with types, units, ranges and occurrence, as a table.
//!
//! SPEC: MITRE CoT base event 2.0 and its sub-schemas (public release, case 11-3895), TAK details as `src/manual/formats.md` lists them.
//! `detail` is open: what is not in the table is read as text without type, and the field profile of the rule set judges it.

use crate::normal::Unit;

/// How an attribute's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Type {
    /// Any text; content filters judge it.
    Text,
    /// Text without characters that are invisible, private or turn the writing direction.
    Plain,
    /// `2.0` or `2`.
    Version,
    /// 1 to 128 of the characters of a uid.
    Uid,
    /// The type grammar.
    Atoms,
    /// The how grammar.
    How,
    /// Quality of service.
    Qos,
    /// Operation, exercise or simulation.
    Opex,
    /// A time in UTC.
    Time,
    /// A plain decimal number in `least..=most`.
    Number {
        /// Unit.
        unit: Unit,
        /// Smallest value.
        least: i32,
        /// Greatest value.
        most: i32,
    },
}

/// How often an element may stand in its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Occurs {
    /// Exactly once.
    Always,
    /// Not more than once.
    Once,
    /// Any number of times.
    Many,
}

/// What text an element may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Holds {
    /// Text.
    Text,
    /// Elements, or nothing.
    Elements,
}

/// Whether what the table does not list may stand in an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Others {
    /// Read as text without type.
    Open,
    /// Refused.
    Closed,
}

/// Whether an attribute must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Presence {
    /// Always.
    Required,
    /// Where the sender likes.
    Optional,
}

/// An attribute.
#[derive(Debug)]
pub(in crate::format) struct Attribute {
    /// Name, without namespace.
    pub(in crate::format) name: &'static str,
    /// How it is written.
    pub(in crate::format) kind: Type,
    /// Whether it must stand.
    pub(in crate::format) presence: Presence,
}

/// An element.
#[derive(Debug)]
pub(in crate::format) struct Element {
    /// Name, without namespace.
    pub(in crate::format) name: &'static str,
    /// How often.
    pub(in crate::format) occurs: Occurs,
    /// Text or elements.
    pub(in crate::format) holds: Holds,
    /// What else may stand in it.
    pub(in crate::format) others: Others,
    /// Attributes that the table knows.
    pub(in crate::format) attributes: &'static [Attribute],
    /// Elements that the table knows; at most 64, one bit each for the count of occurrences.
    pub(in crate::format) children: &'static [Self],
}

impl Element {
    /// The attribute of a name.
    pub(in crate::format) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The child element of a name, with its place in the table.
    pub(in crate::format) fn child(&self, name: &str) -> Option<(usize, &'static Self)> {
        self.children.iter().enumerate().find(|(_, child)| child.name == name)
    }
}

const fn required(name: &'static str, kind: Type) -> Attribute {
    Attribute { name, kind, presence: Presence::Required }
}

const fn optional(name: &'static str, kind: Type) -> Attribute {
    Attribute { name, kind, presence: Presence::Optional }
}

const fn number(unit: Unit, least: i32, most: i32) -> Type {
    Type::Number { unit, least, most }
}

const fn detail(name: &'static str, occurs: Occurs, attributes: &'static [Attribute], children: &'static [Element]) -> Element {
    Element { name, occurs, holds: Holds::Elements, others: Others::Open, attributes, children }
}

const LATITUDE: Type = number(Unit::Latitude, -90, 90);
const LONGITUDE: Type = number(Unit::Longitude, -180, 180);
/// From below the deepest sea to beyond geostationary orbit; 9999999 means unknown and is kept.
const HEIGHT: Type = number(Unit::Metres, -12_000, 100_000_000);
/// 9999999 means unknown and is kept.
const ERROR: Type = number(Unit::Metres, 0, 9_999_999);
/// Half the circumference of the Earth, rounded up.
const LENGTH: Type = number(Unit::Metres, 0, 20_100_000);
const ANGLE: Type = number(Unit::Degrees, 0, 360);
/// Courses are sent as 0 to 360 and as -180 to 180.
const TURN: Type = number(Unit::Degrees, -360, 360);
/// Faster than anything that orbits the Earth; -1 is sent where the speed is unknown.
const SPEED: Type = number(Unit::MetresPerSecond, -1, 20_000);

/// The place.
pub(in crate::format) const POINT: Element = Element {
    name: "point",
    occurs: Occurs::Always,
    holds: Holds::Elements,
    others: Others::Closed,
    attributes: &[required("lat", LATITUDE), required("lon", LONGITUDE), required("hae", HEIGHT), required("ce", ERROR), required("le", ERROR)],
    children: &[],
};

const LINK: &[Attribute] = &[
    optional("uid", Type::Plain),
    optional("type", Type::Plain),
    optional("relation", Type::Plain),
    optional("parent_callsign", Type::Plain),
    optional("callsign", Type::Plain),
    optional("production_time", Type::Time),
];

const REMARKS: Element = Element {
    name: "remarks",
    occurs: Occurs::Once,
    holds: Holds::Text,
    others: Others::Open,
    attributes: &[
        optional("source", Type::Plain),
        optional("sourceID", Type::Plain),
        optional("to", Type::Plain),
        optional("keywords", Type::Text),
        optional("time", Type::Time),
    ],
    children: &[],
};

const SHAPE: Element = detail(
    "shape",
    Occurs::Once,
    &[],
    &[
        detail("ellipse", Occurs::Many, &[optional("major", LENGTH), optional("minor", LENGTH), optional("angle", TURN)], &[]),
        detail(
            "polyline",
            Occurs::Many,
            &[],
            &[detail("vertex", Occurs::Many, &[optional("lat", LATITUDE), optional("lon", LONGITUDE), optional("hae", HEIGHT)], &[])],
        ),
        detail("link", Occurs::Many, LINK, &[]),
    ],
);

/// Everything else.
pub(in crate::format) const DETAIL: Element = detail(
    "detail",
    Occurs::Once,
    &[],
    &[
        detail("contact", Occurs::Once, &[optional("callsign", Type::Plain), optional("endpoint", Type::Plain), optional("phone", Type::Plain)], &[]),
        detail("__group", Occurs::Once, &[optional("name", Type::Plain), optional("role", Type::Plain)], &[]),
        detail("status", Occurs::Once, &[optional("battery", number(Unit::Percent, 0, 100)), optional("readiness", Type::Plain)], &[]),
        detail(
            "takv",
            Occurs::Once,
            &[optional("device", Type::Plain), optional("os", Type::Plain), optional("platform", Type::Plain), optional("version", Type::Plain)],
            &[],
        ),
        detail("track", Occurs::Once, &[optional("course", TURN), optional("speed", SPEED), optional("slope", number(Unit::Degrees, -90, 90))], &[]),
        detail("precisionlocation", Occurs::Once, &[optional("altsrc", Type::Plain), optional("geopointsrc", Type::Plain)], &[]),
        detail("uid", Occurs::Once, &[optional("Droid", Type::Plain), optional("nett", Type::Plain)], &[]),
        REMARKS,
        detail("link", Occurs::Many, LINK, &[]),
        SHAPE,
        detail(
            "sensor",
            Occurs::Once,
            &[
                optional("azimuth", TURN),
                optional("elevation", TURN),
                optional("roll", TURN),
                optional("fov", ANGLE),
                optional("vfov", ANGLE),
                optional("range", LENGTH),
            ],
            &[],
        ),
        detail(
            "__geofence",
            Occurs::Once,
            &[optional("minElevation", HEIGHT), optional("maxElevation", HEIGHT), optional("boundingSphere", LENGTH)],
            &[],
        ),
        detail(
            "creator",
            Occurs::Once,
            &[optional("uid", Type::Plain), optional("callsign", Type::Plain), optional("type", Type::Plain), optional("time", Type::Time)],
            &[],
        ),
    ],
);

/// The document element.
pub(in crate::format) static EVENT: Element = Element {
    name: "event",
    occurs: Occurs::Always,
    holds: Holds::Elements,
    others: Others::Closed,
    attributes: &[
        required("version", Type::Version),
        required("uid", Type::Uid),
        required("type", Type::Atoms),
        required("how", Type::How),
        required("time", Type::Time),
        required("start", Type::Time),
        required("stale", Type::Time),
        optional("access", Type::Plain),
        optional("caveat", Type::Plain),
        optional("releasableTo", Type::Plain),
        optional("opex", Type::Opex),
        optional("qos", Type::Qos),
    ],
    children: &[POINT, DETAIL],
};

/// STANAG 4774 confidentiality labels.
pub(in crate::format) const NAMESPACE_LABEL: &str = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0";
/// STANAG 4778 bindings.
pub(in crate::format) const NAMESPACE_BINDING: &str = "urn:nato:stanag:4778:bindinginformation:1:0";
/// What a label in `detail` is called, and nothing else there.
pub(in crate::format) const NAMES_LABEL: [&str; 4] =
    ["originatorConfidentialityLabel", "alternativeConfidentialityLabel", "metadataConfidentialityLabel", "ConfidentialityLabel"];
/// XML signatures, in bindings.
pub(in crate::format) const NAMESPACE_SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// What a signature is made of: itself, lists of prefixes, and the time when it was made.
pub(in crate::format) const NAMESPACES_OF_SIGNATURES: [&str; 3] = [
    NAMESPACE_SIGNATURE,
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
];
/// What a binding in `detail` is called, and nothing else there.
pub(in crate::format) const NAME_BINDING: &str = "BindingInformation";
/// Markings of the American intelligence community, as attributes of `event` and of `detail`.
pub(in crate::format) const NAMESPACE_ISM: &str = "urn:us:gov:ic:ism";
/// Namespaces of attributes in labels and bindings.
pub(in crate::format) const NAMESPACES_OF_ATTRIBUTES: &[&str] =
    &[crate::format::syntax::xml::NAMESPACE_XML, "http://www.w3.org/2005/05/xmlmime", "urn:nato:stanag:4778:bindinginformation:extensions:1:0"];

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(element: &'static Element, look: &mut impl FnMut(&'static Element)) {
        look(element);
        element.children.iter().for_each(|child| visit(child, look));
    }

    #[test]
    fn the_table_names_each_thing_once_and_fits_its_counters() {
        visit(&EVENT, &mut |element| {
            assert!(element.children.len() <= 64 && element.attributes.len() <= 64, "{}", element.name);
            for (at, child) in element.children.iter().enumerate() {
                assert_eq!(element.child(child.name).map(|(place, _)| place), Some(at), "{} twice in {}", child.name, element.name);
            }
            for attribute in element.attributes {
                assert_eq!(element.attributes.iter().filter(|other| other.name == attribute.name).count(), 1, "{}", attribute.name);
                if let Type::Number { least, most, .. } = attribute.kind {
                    assert!(least < most, "{}", attribute.name);
                }
            }
        });
    }

    /// An attribute as the manual writes it: required ones in bold.
    fn spoken(attribute: &Attribute) -> String {
        let kind = match attribute.kind {
            Type::Text => " (free text)".to_owned(),
            Type::Time => " (time)".to_owned(),
            Type::Number { unit, least, most } => {
                let unit = match unit {
                    Unit::One => "",
                    Unit::Latitude | Unit::LatitudeMinutes | Unit::LatitudeSeconds => "degrees north, ",
                    Unit::Longitude | Unit::LongitudeMinutes | Unit::LongitudeSeconds => "degrees east, ",
                    Unit::Degrees => "degrees, ",
                    Unit::Metres => "metres, ",
                    Unit::MetresPerSecond => "metres for each second, ",
                    Unit::KilometresPerHour => "kilometres for each hour, ",
                    Unit::Knots => "knots, ",
                    Unit::Percent => "percent, ",
                };
                format!(" ({unit}{least} to {most})")
            }
            Type::Plain | Type::Version | Type::Uid | Type::Atoms | Type::How | Type::Qos | Type::Opex => String::new(),
        };
        match attribute.presence {
            Presence::Required => format!("**`{}`**{kind}", attribute.name),
            Presence::Optional => format!("`{}`{kind}", attribute.name),
        }
    }

    fn rows(element: &'static Element, above: &str, found: &mut Vec<Vec<String>>) {
        let path = format!("{above}/{}", element.name);
        let occurs = match element.occurs {
            Occurs::Always => "always, once",
            Occurs::Once => "once",
            Occurs::Many => "often",
        };
        let others = match (element.others, element.holds) {
            (Others::Closed, _) => "none",
            (Others::Open, Holds::Elements) => "as text",
            (Others::Open, Holds::Text) => "attributes as text",
        };
        let attributes = element.attributes.iter().map(spoken).collect::<Vec<_>>().join(", ");
        found.push(vec![format!("`{path}`"), occurs.to_owned(), attributes, others.to_owned()]);
        element.children.iter().for_each(|child| rows(child, &path, found));
    }

    #[test]
    fn the_page_of_formats_shows_this_table() {
        let mut found = Vec::new();
        rows(&EVENT, "", &mut found);
        let table = crate::manual::tests::table(&["element", "stands", "attributes", "others"], found);
        crate::manual::tests::assert_page_holds("formats", &table);
    }
}
