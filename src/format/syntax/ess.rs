//! A binary security label, as mail fields and display labels carry it in base64: bytes in, a typed subtree out, every byte read.
//!
//! Gives the element `ess` with `classification`, `policy` and perhaps `privacy-mark`, and an element `category` for each tag set, with its
//! `kind`, its `set` and its values as numbers. What the numbers mean is a question for marking schemes: the label room asks it.
//! The spelling is DER, but for one thing: the four members of the label stand in any order, because programs in the field write them in the
//! order of the definition. Deliberately absent: categories of other types than the five that public policies have.
// SPEC: RFC 2634, section 3; RFC 5035; ACP 145 for the types of categories.

use std::borrow::Cow;

use super::der::{self, Cursor, Expected, tag};
use crate::base::{Budget, Refusal, Span};
use crate::normal::{TreeBuilder, Value};

/// Bytes of a binary label at most: 8192; one that names 20 nations by bits has 200.
const ESS_BYTES_MAX: usize = 8 * 1024;
/// The greatest classification of a binary label: 256.
// SPEC: RFC 2634, section 3.2: ub-integer-options.
const ESS_CLASSIFICATION_MAX: u64 = 256;
/// Characters of a binary label's privacy mark at most: 128.
// SPEC: RFC 2634, section 3.2: ub-privacy-mark-length.
const ESS_MARK_MAX: usize = 128;
/// Categories of a binary label at most: 64.
// SPEC: RFC 2634, section 3.2: ub-security-categories.
const ESS_CATEGORIES_MAX: usize = 64;
/// Values in all categories of a binary label at most: 256, as many as a label in XML has parts.
const ESS_VALUES_MAX: usize = 256;

/// Types of categories: restrictive bits, permissive numbers, permissive bits, what only informs, restrictive numbers.
const TYPES: [&str; 5] =
    ["2.16.840.1.101.2.1.8.3.0", "2.16.840.1.101.2.1.8.3.1", "2.16.840.1.101.2.1.8.3.2", "2.16.840.1.101.2.1.8.3.3", "2.16.840.1.101.2.1.8.3.4"];

/// Why a label is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It is not written as a label is: what was expected.
    Spelling(&'static str),
    /// It has a category of a type that is not read here: a label all the same, and no reason to forget it.
    Type,
    /// It is more than a message may have.
    Limit(Refusal),
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self::Limit(refusal)
    }
}

impl From<Expected> for Wrong {
    fn from(expected: Expected) -> Self {
        Self::Spelling(expected)
    }
}

/// A label before it is in the tree.
#[derive(Debug, Default, PartialEq, Eq)]
struct Label<'d> {
    policy: Option<String>,
    classification: Option<u64>,
    mark: Option<&'d str>,
    categories: Option<Vec<Category>>,
}

/// The values of one tag set.
#[derive(Debug, PartialEq, Eq)]
struct Category {
    kind: &'static str,
    set: String,
    values: Vec<u64>,
}

/// Adds the label as an element; its places are those of `span`.
///
/// # Errors
/// What is wrong with it.
pub fn label(tree: &mut TreeBuilder<'_>, bytes: &[u8], span: Span, budget: &mut Budget) -> Result<(), Wrong> {
    let label = read(bytes)?;
    let text = |text: String| Value::Text(Cow::Owned(text));
    let classification = label.classification.ok_or("expected a classification in the label")?;
    let policy = label.policy.ok_or("expected the identifier of a policy in the label")?;
    let (start, end) = (span.range().start, span.range().end);
    tree.open("", "ess", start, budget)?;
    tree.attribute("", "classification", text(classification.to_string()), span, budget)?;
    tree.attribute("", "policy", text(policy), span, budget)?;
    if let Some(mark) = label.mark {
        tree.attribute("", "privacy-mark", text(mark.to_owned()), span, budget)?;
    }
    for category in label.categories.unwrap_or_default() {
        tree.open("", "category", start, budget)?;
        tree.attribute("", "kind", text(category.kind.to_owned()), span, budget)?;
        tree.attribute("", "set", text(category.set), span, budget)?;
        for value in category.values {
            tree.open("", "value", start, budget)?;
            tree.text(text(value.to_string()), span, budget)?;
            tree.close(end);
        }
        tree.close(end);
    }
    tree.close(end);
    Ok(())
}

fn read(bytes: &[u8]) -> Result<Label<'_>, Wrong> {
    if bytes.len() > ESS_BYTES_MAX {
        return Err(Wrong::Spelling("expected a label of at most 8192 bytes"));
    }
    let mut outer = Cursor::new(bytes);
    let mut members = Cursor::new(outer.expect(tag::SET, "expected a set: a security label")?);
    outer.end()?;
    let mut label = Label::default();
    while let Some(item) = members.next()? {
        let first = match item.tag {
            tag::OID => label.policy.replace(der::oid(item.content)?).is_none(),
            tag::INTEGER => label.classification.replace(classification(item.content)?).is_none(),
            tag::PRINTABLE | tag::UTF8 => label.mark.replace(mark(item.tag, item.content)?).is_none(),
            tag::SET => label.categories.replace(categories(item.content)?).is_none(),
            _ => return Err(Wrong::Spelling("expected a policy, a classification, a privacy mark and categories, and nothing else")),
        };
        if !first {
            return Err(Wrong::Spelling("expected each member of a label once"));
        }
    }
    Ok(label)
}

/// SPEC: RFC 2634: ub-integer-options.
fn classification(content: &[u8]) -> Result<u64, Expected> {
    Some(der::integer(content)?).filter(|found| *found <= ESS_CLASSIFICATION_MAX).ok_or("expected a classification of 0 to 256")
}

/// SPEC: RFC 2634: ub-privacy-mark-length; X.680, 41.4 for `PrintableString`.
fn mark(kind: u8, content: &[u8]) -> Result<&str, Expected> {
    let text = std::str::from_utf8(content).map_err(|_| "expected a privacy mark in UTF-8")?;
    if !(1..=ESS_MARK_MAX).contains(&text.chars().count()) || text.trim() != text || text.chars().any(char::is_control) {
        return Err("expected a privacy mark of 1 to 128 characters, without spaces around it");
    }
    let printable = |c: char| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c);
    if kind == tag::UTF8 || text.chars().all(printable) { Ok(text) } else { Err("expected only characters of a printable string") }
}

fn categories(content: &[u8]) -> Result<Vec<Category>, Wrong> {
    let mut found: Vec<Category> = Vec::new();
    let mut all = Cursor::new(content);
    let mut last: Option<&[u8]> = None;
    let mut values = 0_usize;
    while let Some(item) = all.next()? {
        // SPEC: X.690, 11.6: the members of a set of equals stand in the order of their bytes.
        if last.is_some_and(|last| last >= item.whole) {
            return Err(Wrong::Spelling("expected categories in the order of their bytes, each once"));
        }
        last = Some(item.whole);
        let category = category(item.tag, item.content)?;
        values = values.saturating_add(category.values.len());
        found.push(category);
        if found.len() > ESS_CATEGORIES_MAX || values > ESS_VALUES_MAX {
            return Err(Wrong::Spelling("expected at most 64 categories, and 256 values in all"));
        }
    }
    if found.is_empty() { Err(Wrong::Spelling("expected categories in the set of them")) } else { Ok(found) }
}

fn category(kind: u8, content: &[u8]) -> Result<Category, Wrong> {
    const SHAPE: Expected = "expected a category: its type and its value";
    if kind != tag::SEQUENCE {
        return Err(Wrong::Spelling(SHAPE));
    }
    let mut members = Cursor::new(content);
    let kind = der::oid(members.expect(tag::TYPE, SHAPE)?)?;
    let mut value = Cursor::new(members.expect(tag::VALUE, SHAPE)?);
    members.end()?;
    let place = TYPES.iter().position(|known| *known == kind).ok_or(Wrong::Type)?;
    let mut inside = Cursor::new(value.expect(tag::SEQUENCE, "expected a tag set and its values")?);
    value.end()?;
    let set = der::oid(inside.expect(tag::OID, "expected the identifier of a tag set")?)?;
    let list = inside.next()?.ok_or(Wrong::Spelling("expected values behind the tag set"))?;
    inside.end()?;
    let (kind, values) = match (place, list.tag) {
        (0, tag::BITS) => ("restrictive-bits", der::bits(list.content)?),
        (1, tag::SET) => ("permissive-numbers", numbers(list.content)?),
        (2, tag::BITS) => ("permissive-bits", der::bits(list.content)?),
        (3, tag::BITS) => ("informative-bits", der::bits(list.content)?),
        (3, tag::SET) => ("informative-numbers", numbers(list.content)?),
        (4, tag::SET) => ("restrictive-numbers", numbers(list.content)?),
        _ => return Err(Wrong::Spelling("expected bits or numbers, as the type of the category has them")),
    };
    Ok(Category { kind, set, values })
}

/// Numbers of a set, rising: that is the order of their bytes.
fn numbers(content: &[u8]) -> Result<Vec<u64>, Expected> {
    let mut found = Vec::new();
    let mut all = Cursor::new(content);
    while let Some(item) = all.next()? {
        let number = if item.tag == tag::INTEGER { der::integer(item.content)? } else { return Err("expected numbers in the list of values") };
        if found.last().is_some_and(|last| *last >= number) {
            return Err("expected rising numbers, each once");
        }
        found.push(number);
        if found.len() > ESS_VALUES_MAX {
            return Err("expected at most 256 values");
        }
    }
    // An empty list would permit nobody, or be taken for no list.
    if found.is_empty() { Err("expected at least one value of the tag set") } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    fn code(hex: &str) -> &'static str {
        match read(&bytes(hex)) {
            Ok(_) => "read",
            Err(Wrong::Spelling(expected)) => expected,
            Err(Wrong::Type) => "type",
            Err(Wrong::Limit(_)) => "limit",
        }
    }

    #[test]
    fn members_stand_in_any_order_and_each_once() {
        let label = "310a02010406052b1a010301";
        let other = "310a06052b1a010301020104";
        assert_eq!(read(&bytes(label)), read(&bytes(other)));
        let label = bytes(label);
        let found = read(&label).map(|label| (label.policy, label.classification, label.mark, label.categories));
        assert_eq!(found, Ok((Some("1.3.26.1.3.1".into()), Some(4), None, None)));
        assert_eq!(read(&bytes("311102010106052b1a0103011305434c454152")).map(|label| label.mark), Ok(Some("CLEAR")));
        assert_eq!(code("310d02010402010406052b1a010301"), "expected each member of a label once");
    }

    /// What a category of each type in turn is, around the same values.
    fn categories_of(list: &str) -> Vec<Result<(&'static str, Vec<u64>), Wrong>> {
        let size = bytes(list).len().saturating_add(7);
        let of_type = |kind: u8| {
            let all = bytes(&format!("800a608648016502010803{kind:02x}a1{:02x}30{size:02x}06052b1a010404{list}", size.saturating_add(2)));
            super::category(tag::SEQUENCE, &all).map(|found| (found.kind, found.values))
        };
        (0..6).map(of_type).collect()
    }

    #[test]
    fn categories_are_bits_or_numbers_of_a_set() {
        let some = |kind: &'static str, values: &[u64]| Some((kind, values.to_vec()));
        let read = |list: &str| categories_of(list).into_iter().map(Result::ok).collect::<Vec<_>>();
        let bits = |kind| some(kind, &[0, 1]);
        assert_eq!(read("030206c0"), [bits("restrictive-bits"), None, bits("permissive-bits"), bits("informative-bits"), None, None]);
        let numbers = |kind| some(kind, &[5, 1001]);
        let expected = [None, numbers("permissive-numbers"), None, numbers("informative-numbers"), numbers("restrictive-numbers"), None];
        assert_eq!(read("3107020105020203e9"), expected);
        assert_eq!(categories_of("030206c0").last(), Some(&Err(Wrong::Type)));
        for wrong in ["3107020203e9020105", "3106020105020105", "3100", "0500", "030100"] {
            assert!(categories_of(wrong).iter().all(Result::is_err), "{wrong}");
        }
    }

    #[test]
    fn labels_that_are_almost_right_are_refused_with_what_was_expected() {
        for (hex, expected) in [
            ("", "expected a set: a security label"),
            ("300a02010406052b1a010301", "expected a set: a security label"),
            ("310a02010406052b1a01030100", "expected nothing behind the last value"),
            ("31810a02010406052b1a010301", "expected a length that is definite, in its shortest form"),
            ("318002010406052b1a0103010000", "expected a length that is definite, in its shortest form"),
            ("310b0202000406052b1a010301", "expected a number in its shortest form"),
            ("310a0201ff06052b1a010301", "expected a number that is not negative"),
            ("310b0202010106052b1a010301", "expected a classification of 0 to 256"),
            ("310b02010406062b1a010301", "expected as many bytes as the length says"),
            ("310b02010406062b801a010301", "expected an identifier whose components are in their shortest form"),
            ("310c02010406052b1a0103010500", "expected a policy, a classification, a privacy mark and categories, and nothing else"),
            ("310d02010406052b1a010301130140", "expected only characters of a printable string"),
            ("310c02010406052b1a0103010c00", "expected a privacy mark of 1 to 128 characters, without spaces around it"),
            ("310d02010406052b1a0103010c01ff", "expected a privacy mark in UTF-8"),
            ("310c02010406052b1a0103013100", "expected categories in the set of them"),
        ] {
            assert_eq!(code(hex), expected, "{hex}");
        }
    }
}
