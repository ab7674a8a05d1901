//! Indicators as STIX and MISP both have them: types of attributes with the patterns that say the same, and levels of the Traffic Light Protocol.
//!
//! INVARIANT: a pattern is read only where writing it again gives the same letters, so there and back changes no indicator.

/// The levels of the Traffic Light Protocol from low to high, with their names in tags and their ids in STIX.
// SPEC: OASIS, STIX extension for TLP 2.0.
pub(super) const LEVELS: [(&str, &str); 5] = [
    ("tlp:clear", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"),
    ("tlp:green", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"),
    ("tlp:amber", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"),
    ("tlp:amber+strict", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"),
    ("tlp:red", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"),
];

/// Names and ids of version 1, with the level that each is.
// SPEC: STIX 2.1, 7.2.1.4.
const EARLIER: [(&str, &str, usize); 4] = [
    ("tlp:white", "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", 0),
    ("tlp:green", "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", 1),
    ("tlp:amber", "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", 2),
    ("tlp:red", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", 4),
];

/// A type of attribute with its usual category and the property that a pattern compares.
struct Row {
    kind: &'static str,
    category: &'static str,
    property: &'static str,
}

const fn row(kind: &'static str, category: &'static str, property: &'static str) -> Row {
    Row { kind, category, property }
}

const NETWORK: &str = "Network activity";
const DELIVERY: &str = "Payload delivery";
const NAME: &str = "file:name";
const IPV6: &str = "ipv6-addr:value";

// SPEC: STIX 2.1, 9.7 and 6; MISP core format, 2.4.2.3.
const ROWS: [Row; 11] = [
    row("ip-dst", NETWORK, "ipv4-addr:value"),
    row("ip-dst", NETWORK, IPV6),
    row("ip-src", NETWORK, "network-traffic:src_ref.value"),
    row("domain", NETWORK, "domain-name:value"),
    row("url", NETWORK, "url:value"),
    row("email-src", DELIVERY, "email-message:from_ref.value"),
    row("email-dst", NETWORK, "email-message:to_refs[*].value"),
    row("filename", DELIVERY, NAME),
    row("md5", DELIVERY, "file:hashes.MD5"),
    row("sha1", DELIVERY, "file:hashes.'SHA-1'"),
    row("sha256", DELIVERY, "file:hashes.'SHA-256'"),
];
/// Types that name a file and its hash in one value.
const PAIRS: [(&str, &str); 3] = [("filename|md5", "md5"), ("filename|sha1", "sha1"), ("filename|sha256", "sha256")];

/// The level that a tag or the id of a marking says; none where it says something else.
pub(super) fn level(said: &str) -> Option<usize> {
    let folded = said.to_ascii_lowercase();
    let now = LEVELS.iter().position(|(tag, id)| *tag == folded || *id == said);
    now.or_else(|| EARLIER.iter().find(|(tag, id, _)| *tag == folded || *id == said).map(|(_, _, level)| *level))
}

/// The type as patterns tell it apart: a host name is a domain name.
pub(super) fn told(kind: &str) -> &str {
    if kind == "hostname" { "domain" } else { kind }
}

/// The usual category of a type.
pub(super) fn category(kind: &str) -> &'static str {
    ROWS.iter().find(|row| row.kind == kind).map_or(DELIVERY, |row| row.category)
}

/// The pattern of an attribute; none for types and values that have none.
pub(super) fn pattern(kind: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    if let Some((_, hash)) = PAIRS.iter().find(|(pair, _)| *pair == kind) {
        let (name, sum) = value.rsplit_once('|').filter(|(name, sum)| !name.is_empty() && !sum.is_empty())?;
        let property = ROWS.iter().find(|row| row.kind == *hash)?.property;
        return Some(format!("[{NAME} = {} AND {property} = {}]", quoted(name), quoted(sum)));
    }
    let mut rows = ROWS.iter().filter(|row| row.kind == told(kind));
    let property = rows.find(|row| kind != "ip-dst" || (row.property == IPV6) == value.contains(':'))?.property;
    Some(format!("[{property} = {}]", quoted(value)))
}

/// The type and value of a pattern of one comparison, or of a file's name and hash; none where these would not give the pattern again.
pub(super) fn read(pattern: &str) -> Option<(&'static str, String)> {
    let inner = pattern.strip_prefix('[')?.strip_suffix(']')?;
    let (row, value, rest) = comparison(inner)?;
    let read = match rest.strip_prefix(" AND ") {
        None => (row.kind, value),
        Some(rest) => {
            let (second, sum, _) = comparison(rest)?;
            let (pair, _) = PAIRS.iter().find(|(_, hash)| *hash == second.kind)?;
            (*pair, format!("{value}|{sum}"))
        }
    };
    (self::pattern(read.0, &read.1).as_deref() == Some(pattern)).then_some(read)
}

/// One comparison, and what stands behind it.
fn comparison(text: &str) -> Option<(&'static Row, String, &str)> {
    let (property, literal) = text.split_once(" = '")?;
    let row = ROWS.iter().find(|row| row.property == property)?;
    let mut value = String::new();
    let mut chars = literal.char_indices();
    loop {
        match chars.next()? {
            (at, '\'') => return Some((row, value, literal.get(at.saturating_add(1)..)?)),
            (_, '\\') => value.push(chars.next()?.1),
            (_, other) => value.push(other),
        }
    }
}

/// A text as a pattern writes it.
// SPEC: STIX 2.1, 9.1: within quotes a backslash stands before a quote and before a backslash.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pattern_of_another_form_is_not_read() {
        for pattern in [
            "[ipv4-addr:value='198.51.100.7']",
            "[ipv4-addr:value = '198.51.100.7' OR url:value = 'x']",
            "[ipv4-addr:value = '2001:db8::1']",
            "[ipv4-addr:value LIKE '198.%']",
            "[ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY [url:value = 'x']",
            "[file:name = 'a' AND url:value = 'b']",
            "[file:name = '']",
            "[file:name = 'a",
            "[mutex:name = 'a']",
        ] {
            assert_eq!(read(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn both_versions_of_the_protocol_have_their_levels() {
        for (said, expected) in
            [("TLP:WHITE", Some(0)), ("tlp:clear", Some(0)), ("tlp:amber+strict", Some(3)), (EARLIER[3].1, Some(4)), ("tlp:ex:chr", None)]
        {
            assert_eq!(level(said), expected, "{said}");
        }
    }

    proptest! {
        #[test]
        fn every_indicator_is_read_again_from_its_pattern(at in 0_usize..14, name in "[ -~]{1,24}", sum in "[0-9a-f]{4}") {
            let (kind, value) = match ROWS.get(at) {
                Some(row) => (row.kind, name),
                None => (PAIRS[at.saturating_sub(ROWS.len())].0, format!("{name}|{sum}")),
            };
            let written = pattern(kind, &value).unwrap();
            prop_assert_eq!(read(&written), Some((kind, value)));
        }
    }
}
