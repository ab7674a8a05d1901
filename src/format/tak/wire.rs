//! The messages of the TAK protocol, version 1, as tables: field numbers, what they are called in the tree, and how they are spelt.
//!
//! Reader and writer both follow these tables. Names are those of Cursor-on-Target in XML, so that one rule speaks of both spellings.
//! SPEC: TAK protocol, `takmessage.proto`, `takcontrol.proto`, `cotevent.proto`, `detail.proto` and the messages of its elements.

/// How a field is spelt on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelt {
    /// UTF-8; empty is the same as absent, and is no attribute.
    Text,
    /// IEEE 754, 64 bits, little endian; absent is 0.
    Double,
    /// Unsigned, at most 32 bits; absent is 0.
    Whole,
    /// Unsigned, at most 32 bits; absent is the same as 0, and is no attribute.
    Version,
    /// Unsigned milliseconds since 1970; absent is the same as 0, and is no time.
    Time,
    /// Another message.
    Message(&'static [Row]),
    /// XML: the elements of `detail` that no message of their own holds.
    Xml,
}

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Number on the wire.
    pub number: u32,
    /// Name of the attribute or element in the tree.
    pub name: &'static str,
    /// How it is spelt.
    pub spelt: Spelt,
}

const fn row(number: u32, name: &'static str, spelt: Spelt) -> Row {
    Row { number, name, spelt }
}

/// `TakMessage`: what the frame holds.
pub const MESSAGE: &[Row] = &[
    row(1, "takControl", Spelt::Message(CONTROL)),
    row(2, "event", Spelt::Message(EVENT)),
    row(3, "submissionTime", Spelt::Time),
    row(4, "creationTime", Spelt::Time),
];

/// `TakControl`: which versions the sender speaks.
pub const CONTROL: &[Row] =
    &[row(1, "minProtoVersion", Spelt::Version), row(2, "maxProtoVersion", Spelt::Version), row(3, "contactUid", Spelt::Text)];

/// `CotEvent`. The protocol spells `releasableTo` with another letter; the tree has one spelling.
pub const EVENT: &[Row] = &[
    row(1, "type", Spelt::Text),
    row(2, "access", Spelt::Text),
    row(3, "qos", Spelt::Text),
    row(4, "opex", Spelt::Text),
    row(5, "uid", Spelt::Text),
    row(6, "time", Spelt::Time),
    row(7, "start", Spelt::Time),
    row(8, "stale", Spelt::Time),
    row(9, "how", Spelt::Text),
    row(10, "lat", Spelt::Double),
    row(11, "lon", Spelt::Double),
    row(12, "hae", Spelt::Double),
    row(13, "ce", Spelt::Double),
    row(14, "le", Spelt::Double),
    row(15, "detail", Spelt::Message(DETAIL)),
    row(16, "caveat", Spelt::Text),
    row(17, "releasableTo", Spelt::Text),
];

/// `Detail`: XML first, then the elements that have messages of their own.
pub const DETAIL: &[Row] = &[
    row(1, "xmlDetail", Spelt::Xml),
    row(2, "contact", Spelt::Message(&[row(1, "endpoint", Spelt::Text), row(2, "callsign", Spelt::Text)])),
    row(3, "__group", Spelt::Message(&[row(1, "name", Spelt::Text), row(2, "role", Spelt::Text)])),
    row(4, "precisionlocation", Spelt::Message(&[row(1, "geopointsrc", Spelt::Text), row(2, "altsrc", Spelt::Text)])),
    row(5, "status", Spelt::Message(&[row(1, "battery", Spelt::Whole)])),
    row(
        6,
        "takv",
        Spelt::Message(&[row(1, "device", Spelt::Text), row(2, "platform", Spelt::Text), row(3, "os", Spelt::Text), row(4, "version", Spelt::Text)]),
    ),
    row(7, "track", Spelt::Message(&[row(1, "speed", Spelt::Double), row(2, "course", Spelt::Double)])),
];

/// The elements of `detail` that have a message of their own, in the order of their numbers.
pub fn typed() -> impl Iterator<Item = (&'static Row, &'static [Row])> {
    DETAIL.iter().filter_map(|row| match row.spelt {
        Spelt::Message(rows) => Some((row, rows)),
        _ => None,
    })
}

/// The shortest decimal that is read back as `value`, in plain digits, cut to what a number of the tree holds; `None` where it is not finite.
///
/// A binary number between -0.0078 and 0.0078 may need more than 18 fraction digits, which come from no instrument: it is rounded to 18. The rounded number
/// is read back as the same 18 digits, because such numbers lie closer together than those digits can tell.
#[must_use]
pub fn digits(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let shortest = value.to_string();
    let fraction = shortest.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    Some(if fraction > FRACTION_DIGITS_MAX { format!("{value:.FRACTION_DIGITS_MAX$}") } else { shortest })
}

/// Fraction digits at most: 18, as `base::Decimal` has.
const FRACTION_DIGITS_MAX: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Decimal;
    use proptest::prelude::*;

    #[test]
    fn field_numbers_rise_and_names_stand_once() {
        let all = [MESSAGE, CONTROL, EVENT, DETAIL].into_iter().chain(typed().map(|(_, rows)| rows));
        for rows in all {
            for (one, other) in rows.iter().zip(rows.iter().skip(1)) {
                assert!(one.number < other.number && one.name != other.name, "{} {}", one.name, other.name);
            }
        }
    }

    #[test]
    fn a_binary_number_has_one_decimal_spelling() {
        for (value, expected) in [
            (0.0, "0"),
            (0.1, "0.1"),
            (-33.85, "-33.85"),
            (9_999_999.0, "9999999"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-18, "0.000000000000000001"),
            (1e-19, "0.000000000000000000"),
            (0.001_234_567_890_123_456_7, "0.001234567890123457"),
        ] {
            assert_eq!(digits(value).as_deref(), Some(expected));
        }
        assert_eq!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(digits), [None, None, None]);
    }

    fn rows(path: &str, rows: &'static [Row], found: &mut Vec<Vec<String>>) {
        for Row { number, name, spelt } in rows {
            let (kind, at) = match spelt {
                Spelt::Text => ("text", format!("{path}/@{name}")),
                Spelt::Double if path == "/event" => ("double", format!("/event/point/@{name}")),
                Spelt::Double => ("double", format!("{path}/@{name}")),
                Spelt::Whole | Spelt::Version => ("whole number of 32 bits", format!("{path}/@{name}")),
                Spelt::Time => ("milliseconds since 1970", format!("{path}/@{name}")),
                Spelt::Message(_) if *name == "event" => ("message", "/event".to_owned()),
                Spelt::Message(_) => ("message", format!("{path}/{name}")),
                Spelt::Xml => ("XML", format!("{path}/**")),
            };
            let message = match path {
                "/event" if rows == MESSAGE => "the message".to_owned(),
                _ => format!("`{path}`"),
            };
            found.push(vec![message, number.to_string(), kind.to_owned(), format!("`{at}`")]);
            if let Spelt::Message(inner) = spelt {
                self::rows(&at, inner, found);
            }
        }
    }

    #[test]
    fn the_page_of_formats_shows_these_tables() {
        let mut found = Vec::new();
        rows("/event", MESSAGE, &mut found);
        let table = crate::manual::tests::table(&["in TAK message", "field", "spelt as", "in the tree"], found);
        crate::manual::tests::assert_page_holds("formats", &table);
    }

    proptest! {
        #[test]
        fn a_binary_number_that_was_read_is_written_and_read_as_the_same_digits(bits in any::<u64>(), small in -0.01..0.01_f64, place in -180.0..180.0_f64) {
            for value in [f64::from_bits(bits), small, place] {
                let Some(decimal) = digits(value).and_then(|digits| Decimal::parse(&digits)) else { continue };
                let again: f64 = decimal.to_string().parse().unwrap();
                prop_assert_eq!(digits(again).and_then(|digits| Decimal::parse(&digits)), Some(decimal));
                prop_assert!(value.abs() < 0.0079 || again == value);
            }
        }
    }
}
