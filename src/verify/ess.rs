//! Binary security labels (RFC 2634) as the second half reads, understands and writes them, with the library that reads certificates.
//!
//! The members of a label are cut by that library and become nodes as in the normal form; their numbers mean what the lattice's plain data says.
//! The writer goes from the last byte to the first. What this reader takes more freely than the first is no matter: both must find one tree.

use x509_parser::asn1_rs::{Any, BitString, Class, FromDer, Tag};
use x509_parser::num_bigint::BigUint;

use super::label::{Said, Unread};
use super::second::{Part, Second, Spelling};
use crate::label::Lattice;
use crate::label::scheme::TagKind;

/// The types of categories with the kinds that they have as bits and as a set of numbers.
// SPEC: ACP 145, in which all types stand below one identifier.
const KINDS: [(&str, Option<&str>, Option<&str>); 5] = [
    ("2.16.840.1.101.2.1.8.3.0", Some("restrictive-bits"), None),
    ("2.16.840.1.101.2.1.8.3.1", None, Some("permissive-numbers")),
    ("2.16.840.1.101.2.1.8.3.2", Some("permissive-bits"), None),
    ("2.16.840.1.101.2.1.8.3.3", Some("informative-bits"), Some("informative-numbers")),
    ("2.16.840.1.101.2.1.8.3.4", None, Some("restrictive-numbers")),
];

/// Adds the element of a label to the open element.
///
/// # Errors
/// One line: what was expected.
pub(super) fn read(tree: &mut Second<'_>, bytes: &[u8]) -> Result<(), Unread> {
    let (mut policy, mut classification, mut mark, mut categories) = (None, None, None, Vec::new());
    for member in inside(&only(bytes)?, Tag::Set)? {
        match (member.class(), member.tag()) {
            (Class::Universal, Tag::Oid) => policy = Some(dotted(&member)?),
            (Class::Universal, Tag::Integer) => classification = Some(number(&member)?),
            (Class::Universal, Tag::PrintableString | Tag::Utf8String) => {
                mark = Some(std::str::from_utf8(member.data).map_err(|_| "expected a privacy mark of characters")?.to_owned());
            }
            (Class::Universal, Tag::Set) => categories = inside(&member, Tag::Set)?,
            _ => return Err("expected the four members of a label"),
        }
    }
    tree.open("", "ess");
    tree.attribute("", "classification", classification.ok_or("expected a classification")?, Spelling::Exact);
    tree.attribute("", "policy", policy.ok_or("expected a policy")?, Spelling::Exact);
    if let Some(mark) = mark {
        tree.attribute("", "privacy-mark", mark, Spelling::Exact);
    }
    categories.iter().try_for_each(|each| category(tree, each))?;
    tree.close();
    Ok(())
}

fn category(tree: &mut Second<'_>, category: &Any<'_>) -> Result<(), Unread> {
    let members = inside(category, Tag::Sequence)?;
    let [kind, value] = members.as_slice() else { return Err("expected type and value of a category") };
    if [kind, value].iter().any(|member| member.class() != Class::ContextSpecific) || (kind.tag().0, value.tag().0) != (0, 1) {
        return Err("expected type and value of a category");
    }
    let kind = dotted(kind)?;
    let values = inside(&only(value.data)?, Tag::Sequence)?;
    let [set, list] = values.as_slice() else { return Err("expected a tag set and its values") };
    let row = KINDS.iter().find(|(known, ..)| *known == kind).ok_or("expected a category of a type that is known")?;
    let (kind, values) = match list.tag() {
        Tag::BitString => (row.1, ones(list)?),
        Tag::Set => (row.2, inside(list, Tag::Set)?.iter().map(number).collect::<Result<_, _>>()?),
        _ => return Err("expected bits or numbers"),
    };
    tree.open("", "category");
    tree.attribute("", "kind", kind.ok_or("expected values as the type of the category has them")?, Spelling::Exact);
    tree.attribute("", "set", dotted(set)?, Spelling::Exact);
    for value in values {
        tree.open("", "value");
        tree.text(value, Spelling::Exact);
        tree.close();
    }
    tree.close();
    Ok(())
}

/// The one value that the bytes are.
fn only(bytes: &[u8]) -> Result<Any<'_>, Unread> {
    match Any::from_der(bytes) {
        Ok(([], found)) => Ok(found),
        _ => Err("expected one value in DER"),
    }
}

/// All values inside one of a tag.
fn inside<'b>(outer: &Any<'b>, tag: Tag) -> Result<Vec<Any<'b>>, Unread> {
    if outer.tag() != tag || outer.class() != Class::Universal {
        return Err("expected a set or a sequence");
    }
    let (mut rest, mut found) = (outer.data, Vec::new());
    while !rest.is_empty() {
        let (after, next) = Any::from_der(rest).map_err(|_| "expected values in DER")?;
        found.push(next);
        rest = after;
    }
    Ok(found)
}

fn number(value: &Any<'_>) -> Result<String, Unread> {
    if value.tag() != Tag::Integer || value.data.first().is_none_or(|first| *first >= 0x80) {
        return Err("expected a number");
    }
    Ok(BigUint::from_bytes_be(value.data).to_string())
}

/// The identifier with dots. The library's own words for it do not know long first components.
fn dotted(value: &Any<'_>) -> Result<String, Unread> {
    let ends = value.data.split_inclusive(|byte| *byte < 0x80);
    let digits = |all: &[u8]| all.iter().map(|digit| digit & 0x7f).collect::<Vec<_>>();
    let mut components = ends.map(|all| BigUint::from_radix_be(&digits(all), 128).and_then(|found| u128::try_from(found).ok()));
    let first = components.next().flatten().ok_or("expected an identifier")?;
    let top = (first / 40).min(2);
    let mut out = format!("{top}.{}", first.saturating_sub(top.saturating_mul(40)));
    for component in components {
        out.push_str(&format!(".{}", component.ok_or("expected an identifier")?));
    }
    Ok(out)
}

/// The places of the bits that are one.
fn ones(value: &Any<'_>) -> Result<Vec<String>, Unread> {
    let bits = BitString::try_from(value).map_err(|_| "expected bits")?;
    let count = bits.data.len().saturating_mul(8);
    Ok((0..count).filter(|place| bits.is_set(*place)).map(|place| place.to_string()).collect())
}

/// What the numbers of a label mean.
///
/// # Errors
/// One line: what was expected.
pub(super) fn said(label: Part<'_, '_>, lattice: &Lattice) -> Result<Said, Unread> {
    let oid = label.said("policy").ok_or("expected a policy")?;
    let found = lattice.policies().iter().enumerate().find(|(_, policy)| policy.oid == oid);
    let (at, policy) = found.ok_or("the lattice has no policy of this identifier")?;
    let classification = label.said("classification").ok_or("expected a classification")?;
    let levels = policy.levels.iter().enumerate().filter(|(_, level)| level.lacv.to_string() == classification);
    let level = alone(levels.map(|(at, _)| at)).ok_or("the policy has no such classification")?;
    let mut said = Said::new(at, level);
    for category in label.content() {
        let kind = match category.said("kind").and_then(|kind| kind.split('-').next()) {
            Some("restrictive") => TagKind::Restrictive,
            Some("permissive") => TagKind::Permissive,
            Some("informative") => TagKind::Informative,
            _ => return Err("expected a kind of categories"),
        };
        let set = category.said("set").ok_or("expected a tag set")?;
        let tags = || policy.tags.iter().enumerate().filter(|(_, tag)| tag.oid == set && tag.kind == kind);
        for value in category.content() {
            let number = value.whole_text().ok_or("expected a number")?;
            let places = tags().flat_map(|(tag, data)| {
                let values = data.values.iter().enumerate().filter(|(_, value)| value.lacv.to_string() == number);
                values.map(move |(value, _)| (tag, value))
            });
            let (tag, value) = alone(places).ok_or("the policy has no such value, or more than one")?;
            said.add(tag, value);
        }
    }
    Ok(said)
}

/// The one item of those that are found.
fn alone<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    found.next().filter(|_| found.next().is_none())
}

/// The bytes of a label, in its one spelling.
///
/// # Errors
/// One line: what cannot be written.
pub(super) fn write(label: Part<'_, '_>) -> Result<Vec<u8>, Unread> {
    let mark = label.said("privacy-mark").map(|mark| (mark, mark.chars().all(|c| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c))));
    let mut categories = label.content().map(|each| wrapped(|out| write_category(out, each))).collect::<Result<Vec<_>, _>>()?;
    categories.sort_by(|one, other| other.cmp(one));
    wrapped(|out| {
        put(out, 0x31, |out| {
            // SPEC: X.690, 10.3: by tag, here from the last to the first: printable text, categories, other text, policy, classification.
            if let Some((mark, true)) = mark {
                put(out, 0x13, |out| text(out, mark))?;
            }
            if !categories.is_empty() {
                put(out, 0x31, |out| {
                    categories.iter().for_each(|each| out.extend(each.iter().rev()));
                    Ok(())
                })?;
            }
            if let Some((mark, false)) = mark {
                put(out, 0x0c, |out| text(out, mark))?;
            }
            put(out, 0x06, |out| identifier(out, label.said("policy").ok_or("expected a policy")?))?;
            put(out, 0x02, |out| digits(out, label.said("classification").ok_or("expected a classification")?))
        })
    })
}

fn write_category(out: &mut Vec<u8>, category: Part<'_, '_>) -> Result<(), Unread> {
    let kind = category.said("kind").ok_or("expected a kind")?;
    let row = KINDS.iter().find(|row| row.1 == Some(kind) || row.2 == Some(kind)).ok_or("expected a kind that is known")?;
    let numbers: Vec<&str> = category.content().map(|value| value.whole_text().unwrap_or("")).collect();
    let set = category.said("set").ok_or("expected a tag set")?;
    put(out, 0x30, |out| {
        put(out, 0xa1, |out| {
            put(out, 0x30, |out| {
                if row.1 == Some(kind) {
                    put(out, 0x03, |out| bits(out, &numbers))?;
                } else {
                    put(out, 0x31, |out| set_of(out, &numbers))?;
                }
                put(out, 0x06, |out| identifier(out, set))
            })
        })?;
        put(out, 0x80, |out| identifier(out, row.0))
    })
}

/// Bytes that were put from the last to the first, in their order.
fn wrapped(fill: impl FnOnce(&mut Vec<u8>) -> Result<(), Unread>) -> Result<Vec<u8>, Unread> {
    let mut out = Vec::new();
    fill(&mut out)?;
    out.reverse();
    Ok(out)
}

/// Puts a value: what is inside, then its length, then its tag.
fn put(out: &mut Vec<u8>, tag: u8, inside: impl FnOnce(&mut Vec<u8>) -> Result<(), Unread>) -> Result<(), Unread> {
    let before = out.len();
    inside(out)?;
    let length = BigUint::from(out.len().saturating_sub(before)).to_bytes_le();
    match length.as_slice() {
        [short] if *short < 0x80 => out.push(*short),
        [one] => out.extend([*one, 0x81]),
        [low, high] => out.extend([*low, *high, 0x82]),
        _ => return Err("expected a label of at most 64 KiB"),
    }
    out.push(tag);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where writers stand that may fail")]
fn text(out: &mut Vec<u8>, text: &str) -> Result<(), Unread> {
    out.extend(text.bytes().rev());
    Ok(())
}

fn digits(out: &mut Vec<u8>, number: &str) -> Result<(), Unread> {
    let digits = BigUint::parse_bytes(number.as_bytes(), 10).ok_or("expected a number")?.to_bytes_le();
    out.extend(&digits);
    if digits.last().is_some_and(|first| *first >= 0x80) {
        out.push(0);
    }
    Ok(())
}

fn identifier(out: &mut Vec<u8>, dotted: &str) -> Result<(), Unread> {
    let mut all =
        dotted.split('.').map(|component| component.parse::<u128>().map_err(|_| "expected a dotted identifier")).collect::<Result<Vec<_>, _>>()?;
    if all.len() < 2 {
        return Err("expected a dotted identifier");
    }
    let top = all.remove(0).saturating_mul(40);
    if let Some(second) = all.first_mut() {
        *second = second.saturating_add(top);
    }
    for component in all.into_iter().rev() {
        let digits = BigUint::from(component).to_radix_le(128);
        out.extend(digits.iter().enumerate().map(|(at, digit)| if at == 0 { *digit } else { digit | 0x80 }));
    }
    Ok(())
}

fn set_of(out: &mut Vec<u8>, numbers: &[&str]) -> Result<(), Unread> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(|one, other| (other.len(), other).cmp(&(one.len(), one)));
    sorted.into_iter().try_for_each(|number| put(out, 0x02, |out| digits(out, number)))
}

fn bits(out: &mut Vec<u8>, numbers: &[&str]) -> Result<(), Unread> {
    let places = numbers.iter().map(|number| number.parse::<u16>().map_err(|_| "expected places of bits")).collect::<Result<Vec<_>, _>>()?;
    let last = places.iter().copied().max().ok_or("expected at least one bit")?;
    for at in (0..=last / 8).rev() {
        let ones = places.iter().filter(|place| **place / 8 == at).map(|place| 0x80_u8 >> (place % 8));
        out.push(ones.fold(0, |byte, one| byte | one));
    }
    let unused = 7_u16.saturating_sub(last % 8);
    out.push(u8::try_from(unused).unwrap_or(0));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn what_is_read_is_written_in_der() {
        for (label, written) in [
            ("310a02010406052b1a010301", None),
            ("310a06052b1a010301020104", Some("310a02010406052b1a010301")),
            ("311102010106052b1a0103011305434c454152", None),
            ("311102010106052b1a0103010c05434c454152", Some("311102010106052b1a0103011305434c454152")),
            (
                "317b020103061469daf4e8a989cffad5a790eeccd8e794e1827c013160302b800a60864801650201080300a11d301b061569daf4e8a989cffad5a790eeccd8e794e1827c0202030207803031800a60864801650201080301a1233021061569daf4e8a989cffad5a790eeccd8e794e1827c020131080202038502020386",
                None,
            ),
        ] {
            let mut tree = Second::default();
            read(&mut tree, &bytes(label)).unwrap_or_else(|expected| panic!("{label}: {expected}"));
            assert_eq!(write(tree.root().unwrap()), Ok(bytes(written.unwrap_or(label))), "{label}");
        }
    }

    #[test]
    fn what_is_no_label_is_not_read() {
        for label in [
            "",
            "3000",
            "3100",
            "3103020104",
            "310706052b1a010301",
            "310a02010406052b1a01030100",
            "310a0201ff06052b1a010301",
            "310c02010406052b1a0103010500",
        ] {
            assert!(read(&mut Second::default(), &bytes(label)).is_err(), "{label}");
        }
    }
}
