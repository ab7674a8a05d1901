//! The writer of binary security labels: DER from the members that a format read.
//!
//! One spelling for one label: members in the order of their tags, categories in that of their bytes, a privacy mark as a printable string where
//! it can be one. Takes members as the edits leave them; gives bytes, or the member that cannot be written.
// SPEC: RFC 2634, section 3; ITU-T X.690, clauses 10 and 11; ACP 145 for the types of categories.

/// The arcs that all types of categories begin with.
const TYPES: &str = "2.16.840.1.101.2.1.8.3";

/// A label to write.
#[derive(Debug)]
pub(super) struct Label {
    /// Identifier of the policy.
    pub(super) policy: String,
    /// Number of the classification.
    pub(super) classification: u64,
    /// The privacy mark, where there is one.
    pub(super) mark: Option<String>,
    /// The categories.
    pub(super) categories: Vec<Category>,
}

/// The values of a tag set.
#[derive(Debug)]
pub(super) struct Category {
    /// Kind, such as `permissive-bits`.
    pub(super) kind: String,
    /// Identifier of the tag set.
    pub(super) set: String,
    /// Numbers of the values.
    pub(super) values: Vec<u64>,
}

/// Writes a label; what cannot be written is said.
pub(super) fn write(label: &Label) -> Result<Vec<u8>, &'static str> {
    let mut members = vec![value(0x02, &integer(label.classification))?, value(0x06, &oid(&label.policy)?)?];
    if let Some(mark) = &label.mark {
        members.push(value(if printable(mark) { 0x13 } else { 0x0c }, mark.as_bytes())?);
    }
    if !label.categories.is_empty() {
        let mut categories = label.categories.iter().map(category).collect::<Result<Vec<_>, _>>()?;
        categories.sort_unstable();
        members.push(value(0x31, &categories.concat())?);
    }
    // SPEC: X.690, 10.3: the members of a set stand in the order of their tags.
    members.sort_unstable_by_key(|member| member.first().map(|tag| tag & 0x1f));
    value(0x31, &members.concat())
}

fn category(category: &Category) -> Result<Vec<u8>, &'static str> {
    let (kind, spelling) = category.kind.split_once('-').ok_or("expected a kind of categories")?;
    let kind = match (kind, spelling) {
        ("restrictive", "bits") => 0,
        ("permissive", "numbers") => 1,
        ("permissive", "bits") => 2,
        ("informative", _) => 3,
        ("restrictive", "numbers") => 4,
        _ => return Err("expected a kind of categories"),
    };
    let list = if spelling == "bits" { value(0x03, &bits(&category.values)?)? } else { value(0x31, &numbers(&category.values)?)? };
    let inside = value(0x30, &[value(0x06, &oid(&category.set)?)?, list].concat())?;
    value(0x30, &[value(0x80, &oid(&format!("{TYPES}.{kind}"))?)?, value(0xa1, &inside)?].concat())
}

/// A value with its tag and its length.
fn value(tag: u8, content: &[u8]) -> Result<Vec<u8>, &'static str> {
    let length = u16::try_from(content.len()).map_err(|_| "expected a label of at most 64 KiB")?;
    let [high, low] = length.to_be_bytes();
    let head = match length {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    Ok([head.as_slice(), content].concat())
}

fn integer(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
    let digits = bytes.get(first..).unwrap_or_default();
    // A first bit that is one would make it negative.
    let sign: &[u8] = if digits.first().is_some_and(|digit| *digit >= 0x80) { &[0] } else { &[] };
    [sign, digits].concat()
}

fn oid(dotted: &str) -> Result<Vec<u8>, &'static str> {
    const DOTTED: &str = "expected a dotted identifier";
    let arcs = dotted.split('.').map(str::parse).collect::<Result<Vec<u128>, _>>().map_err(|_| DOTTED)?;
    let [first @ 0..=2, second, rest @ ..] = arcs.as_slice() else { return Err(DOTTED) };
    let joined = first.checked_mul(40).and_then(|sum| sum.checked_add(*second)).ok_or(DOTTED)?;
    Ok(std::iter::once(joined).chain(rest.iter().copied()).flat_map(arc).collect())
}

/// One component, seven bits in a byte, all but the last with the first bit one.
fn arc(number: u128) -> Vec<u8> {
    let mut digits: Vec<u8> = Vec::new();
    let mut rest = number;
    while digits.is_empty() || rest > 0 {
        let more = if digits.is_empty() { 0 } else { 0x80 };
        digits.push(u8::try_from(rest & 0x7f).unwrap_or(0) | more);
        rest >>= 7;
    }
    digits.reverse();
    digits
}

fn bits(values: &[u64]) -> Result<Vec<u8>, &'static str> {
    let last = values.iter().copied().max().and_then(|last| u16::try_from(last).ok()).ok_or("expected bits up to the place 65535")?;
    let mut bytes = vec![0_u8; usize::from(last / 8).saturating_add(1)];
    for place in values {
        let at = usize::try_from(place / 8).map_err(|_| "expected bits up to the place 65535")?;
        if let Some(byte) = bytes.get_mut(at) {
            *byte |= 0x80 >> (place % 8);
        }
    }
    let unused = bytes.last().map_or(0, |byte| byte.trailing_zeros());
    bytes.insert(0, u8::try_from(unused).unwrap_or(0));
    Ok(bytes)
}

fn numbers(values: &[u64]) -> Result<Vec<u8>, &'static str> {
    let mut rising = values.to_vec();
    rising.sort_unstable();
    Ok(rising.into_iter().map(|number| value(0x02, &integer(number))).collect::<Result<Vec<_>, _>>()?.concat())
}

// SPEC: X.680, 41.4.
fn printable(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_label_has_one_spelling() {
        let label = |mark: Option<&str>, categories: Vec<Category>| {
            let label = Label { policy: "1.3.26.1.3.1".into(), classification: 4, mark: mark.map(str::to_owned), categories };
            hex(&write(&label).unwrap())
        };
        assert_eq!(label(None, vec![]), "310a02010406052b1a010301");
        assert_eq!(label(Some("CLEAR"), vec![]), "311102010406052b1a0103011305434c454152");
        assert_eq!(label(Some("É"), vec![]), "310e02010406052b1a0103010c02c389");
        let category = |kind: &str, values: &[u64]| Category { kind: kind.into(), set: "1.3.26.1.4.4".into(), values: values.to_vec() };
        let both = label(None, vec![category("permissive-numbers", &[1001, 5]), category("restrictive-bits", &[0])]);
        let bits = "301a800a60864801650201080300a10c300a06052b1a01040403020780".replace("301a", "301b").replace("a10c300a", "a10d300b");
        assert!(both.contains(&bits), "{both}");
        assert!(both.contains("06052b1a0104043107020105020203e9"), "{both}");
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be_and_identifiers_have_components_of_128_bits() {
        assert_eq!([0, 127, 128, 256].map(|number| hex(&integer(number))), ["00", "7f", "0080", "0100"]);
        assert_eq!(oid("2.16.840.1.101").map(|oid| hex(&oid)), Ok("6086480165".into()));
        assert_eq!(oid(&format!("2.25.{}", u128::MAX)).map(|oid| hex(&oid)), Ok(format!("6983{}7f", "ff".repeat(17))));
        assert!(["", "1", "3.1", "1.x"].iter().all(|wrong| oid(wrong).is_err()));
        assert_eq!(
            (bits(&[0]).as_deref(), bits(&[15]).as_deref(), bits(&[0, 6]).as_deref()),
            (Ok(&[7, 0x80][..]), Ok(&[0, 0, 1][..]), Ok(&[1, 0x82][..]))
        );
    }
}
