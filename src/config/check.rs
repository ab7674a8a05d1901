//! The check of a configuration file against the table of keys: unknown, missing, mistyped and out-of-range, all at once.
//!
//! Takes the text, gives complaints with the bytes at fault. Absent on purpose: defaults, which `read` layers.

use std::ops::Range;
use std::sync::Arc;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Key, Kind, Presence, Section};
use crate::base::{Complaint, Name};

/// All faults of `text` against the keys of `top`; none means that it can be read.
#[must_use]
pub fn check(file: &Arc<str>, text: &str, top: Section) -> Vec<Complaint> {
    let mut checker = Checker { file: Arc::clone(file), complaints: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        checker.complain(error.span(), lower(error.message()), "TOML 1.0", "correct the syntax");
    }
    if errors.is_empty() {
        checker.table(top, table.get_ref(), table.span());
    }
    checker.complaints
}

struct Checker {
    file: Arc<str>,
    complaints: Vec<Complaint>,
}

impl Checker {
    fn complain(&mut self, at: Option<Range<usize>>, what: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) {
        let file = Arc::clone(&self.file);
        self.complaints.push(Complaint { file, at, what: what.into(), expected: expected.into(), remedy: remedy.into() });
    }

    fn table(&mut self, section: Section, table: &DeTable<'_>, span: Range<usize>) {
        for (name, value) in table {
            match keys::find(section, name.get_ref()) {
                Some(key) => self.value(key, value),
                None => self.unknown(section, name),
            }
        }
        for key in keys::of(section).filter(|key| key.presence == Presence::Required) {
            if !table.keys().any(|name| name.get_ref() == key.name) {
                let place = span.start..span.start;
                self.complain(
                    Some(place),
                    format!("{} has no `{}`", section.heading(), key.name),
                    key.kind.expected(),
                    format!("add `{}`: {}", key.name, key.sentence),
                );
            }
        }
    }

    fn unknown(&mut self, section: Section, name: &Spanned<std::borrow::Cow<'_, str>>) {
        let known: Vec<&str> = keys::of(section).map(|key| key.name).collect();
        let remedy = keys::nearest(section, name.get_ref()).map_or_else(|| "remove it".to_owned(), |near| format!("did you mean `{near}`?"));
        self.complain(
            Some(name.span()),
            format!("{} has no key `{}`", section.heading(), name.get_ref()),
            format!("one of: {}", known.join(", ")),
            remedy,
        );
    }

    fn value(&mut self, key: &Key, value: &Spanned<DeValue<'_>>) {
        match (key.kind, value.get_ref()) {
            (Kind::Table(section), DeValue::Table(table)) => self.table(section, table, value.span()),
            (Kind::Tables(section), DeValue::Array(list)) if !list.is_empty() => self.tables(key, section, list),
            (kind, given) if fits(kind, given) => {}
            (kind, _) => {
                let remedy = match key.presence {
                    Presence::Default(default) => format!("write such a value, or leave `{}` out for {default} {}", key.name, key.unit),
                    Presence::Required | Presence::Optional => format!("write {}", key.sentence),
                };
                self.complain(Some(value.span()), format!("`{}` has a value that does not fit", key.name), kind.expected(), remedy);
            }
        }
    }

    fn tables(&mut self, key: &Key, section: Section, list: &toml::de::DeArray<'_>) {
        for item in list.iter() {
            match item.get_ref() {
                DeValue::Table(table) => self.table(section, table, item.span()),
                _ => self.complain(
                    Some(item.span()),
                    format!("`{}` holds something that is no table", key.name),
                    key.kind.expected(),
                    format!("write {}", section.heading()),
                ),
            }
        }
    }
}

fn fits(kind: Kind, value: &DeValue<'_>) -> bool {
    match (kind, value) {
        (Kind::Whole { min, max }, DeValue::Integer(number)) => {
            u32::from_str_radix(number.as_str(), number.radix()).is_ok_and(|n| n >= min && n <= max)
        }
        (Kind::Text, DeValue::String(text)) => is_plain(text),
        (Kind::Name, DeValue::String(text)) => Name::new(text).is_some(),
        (Kind::Path, DeValue::String(text)) => is_plain(text),
        (Kind::Names, DeValue::Array(list)) => !list.is_empty() && list.iter().all(|item| fits(Kind::Name, item.get_ref())),
        (Kind::Paths, DeValue::Array(list)) => !list.is_empty() && list.iter().all(|item| fits(Kind::Path, item.get_ref())),
        (Kind::Address, DeValue::String(text)) => text.parse::<std::net::SocketAddr>().is_ok(),
        (Kind::Identity, DeValue::String(text)) => is_identity(text),
        (Kind::Word(words), DeValue::String(text)) => words.contains(&text.as_ref()),
        (Kind::Words(_), DeValue::Array(list)) if list.is_empty() => false,
        (Kind::Words(words), DeValue::Array(list)) => list.iter().all(|item| fits(Kind::Word(words), item.get_ref())),
        _ => false,
    }
}

fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// A DNS name in lower case without wildcard (RFC 1035, 63 bytes a label), or an absolute URI without spaces.
#[must_use]
pub fn is_identity(text: &str) -> bool {
    let visible = !text.is_empty() && text.len() <= 253 && text.bytes().all(|b| b.is_ascii_graphic());
    visible && (is_dns_name(text) || is_uri(text))
}

/// Whether an identity is a DNS name, so that the gateway can dial its owner.
#[must_use]
pub fn is_dns_name(text: &str) -> bool {
    let label = |part: &str| {
        !part.is_empty()
            && part.len() <= 63
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let numeric = text.split('.').next_back().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    text.len() <= 253 && text.split('.').all(label) && !numeric
}

fn is_uri(text: &str) -> bool {
    let scheme = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b))
    };
    text.split_once(':').is_some_and(|(first, rest)| scheme(first) && !rest.is_empty() && !rest.contains('*'))
}

fn lower(text: &str) -> String {
    text.lines().next().unwrap_or("the syntax is wrong").trim_end_matches('.').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String, String)> {
        let mut all: Vec<_> = check(&"gateway.toml".into(), text, Section::Remote)
            .into_iter()
            .map(|c| (c.what, c.at.map_or("", |at| text.get(at).unwrap()).to_owned(), c.remedy))
            .collect();
        all.sort();
        all
    }

    const GOOD: &str = r#"
name = "usa-ops"
gateway = "127.0.0.1:4433"
gateway_identity = "gateway.coalition.lab"
anchor = "anchor.pem"
certificate = "usa.pem"
key = "usa.key"
revocations = ["crl.pem"]
[limits]
body_bytes_max = 2_048
"#;

    #[test]
    fn a_good_file_has_no_faults() {
        assert_eq!(found(GOOD), []);
    }

    #[test]
    fn an_unknown_key_is_refused_with_place_and_the_key_that_was_meant() {
        let text = GOOD.replace("body_bytes_max", "body_byte_max");
        assert_eq!(
            found(&text),
            [("`[limits]` has no key `body_byte_max`".to_owned(), "body_byte_max".to_owned(), "did you mean `body_bytes_max`?".to_owned())]
        );
    }

    #[test]
    fn every_fault_is_reported_not_only_the_first() {
        let text = GOOD
            .replace("\"127.0.0.1:4433\"", "\"somewhere\"")
            .replace("2_048", "5")
            .replace("[\"crl.pem\"]", "[]")
            .replace("name = \"usa-ops\"\n", "name = \"usa ops\"\n")
            .replace("key = \"usa.key\"\n", "");
        let faults = found(&text);
        let places: Vec<&str> = faults.iter().map(|f| f.1.as_str()).collect();
        assert_eq!(faults.len(), 5, "{faults:?}");
        for place in ["\"somewhere\"", "5", "[]", "\"usa ops\"", ""] {
            assert!(places.contains(&place), "{place}");
        }
    }

    #[test]
    fn a_syntax_error_and_a_repeated_key_are_refused_with_place() {
        assert_eq!(found("name = \n").len(), 1);
        let twice = format!("name = \"a\"\n{GOOD}");
        assert_eq!(found(&twice).len(), 1);
        assert!(!found(&twice)[0].1.is_empty());
    }

    #[test]
    fn values_of_another_type_are_refused() {
        for (key, wrong) in [
            ("name = \"usa-ops\"", "name = 1"),
            ("[limits]\nbody_bytes_max = 2_048", "limits = 3"),
            ("2_048", "2048.0"),
            ("2_048", "-1"),
            ("2_048", "true"),
        ] {
            assert_eq!(found(&GOOD.replace(key, wrong)).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn identities_are_dns_names_or_uris() {
        for good in ["ops.example.lab", "a", "spiffe://coalition/usa", "urn:x:y"] {
            assert!(is_identity(good), "{good}");
        }
        for bad in ["", "*.example.lab", "Ops.example.lab", "a..b", "-a", "ops example", "127.0.0.1", "spiffe://*/usa", ":x", "é.lab"] {
            assert!(!is_identity(bad), "{bad}");
        }
    }
}
