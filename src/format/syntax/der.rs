//! DER, as far as security labels need it: a cursor over values, and the spellings of integers, object identifiers and bits.
//!
//! Every length is definite and as short as it can be, and every number has its one spelling: what BER allows besides is refused.
//! Deliberately absent: tags of more than one byte, negative numbers, and any type that no label has.
// SPEC: ITU-T X.690, clauses 8, 10 and 11.

/// What was expected: one line.
pub(in crate::format) type Expected = &'static str;

/// The tags that labels have: universal ones, and two of their own.
pub(in crate::format) mod tag {
    /// INTEGER.
    pub(in crate::format) const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub(in crate::format) const BITS: u8 = 0x03;
    /// OBJECT IDENTIFIER.
    pub(in crate::format) const OID: u8 = 0x06;
    /// `UTF8String`.
    pub(in crate::format) const UTF8: u8 = 0x0c;
    /// `PrintableString`.
    pub(in crate::format) const PRINTABLE: u8 = 0x13;
    /// SEQUENCE.
    pub(in crate::format) const SEQUENCE: u8 = 0x30;
    /// SET and SET OF.
    pub(in crate::format) const SET: u8 = 0x31;
    /// `[0]` around nothing: the type of a category.
    pub(in crate::format) const TYPE: u8 = 0x80;
    /// `[1]` around a value: that of a category.
    pub(in crate::format) const VALUE: u8 = 0xa1;
}

/// Components of an object identifier at most: 32; real ones have 12.
const ARCS_MAX: usize = 32;
/// The greatest place of a bit: 16383. The greatest that a public policy has is 10000.
const BIT_MAX: u64 = 16_383;

/// One value: its tag, its content, and both with the length as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) struct Item<'d> {
    pub(in crate::format) tag: u8,
    pub(in crate::format) content: &'d [u8],
    pub(in crate::format) whole: &'d [u8],
}

/// Values one after the other.
#[derive(Debug)]
pub(in crate::format) struct Cursor<'d> {
    rest: &'d [u8],
}

impl<'d> Cursor<'d> {
    /// A cursor before the first value of `bytes`.
    pub(in crate::format) const fn new(bytes: &'d [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next value; none where all bytes are read.
    pub(in crate::format) fn next(&mut self) -> Result<Option<Item<'d>>, Expected> {
        let Some((&tag, after)) = self.rest.split_first() else { return Ok(None) };
        if tag & 0x1f == 0x1f {
            return Err("expected a tag of one byte");
        }
        let (length, after) = length(after)?;
        let content = after.get(..length).ok_or("expected as many bytes as the length says")?;
        let rest = after.get(length..).unwrap_or_default();
        let whole = self.rest.get(..self.rest.len().saturating_sub(rest.len())).unwrap_or_default();
        self.rest = rest;
        Ok(Some(Item { tag, content, whole }))
    }

    /// The next value, which has this tag.
    pub(in crate::format) fn expect(&mut self, tag: u8, what: Expected) -> Result<&'d [u8], Expected> {
        self.next()?.filter(|item| item.tag == tag).map(|item| item.content).ok_or(what)
    }

    /// Nothing more.
    pub(in crate::format) const fn end(&self) -> Result<(), Expected> {
        if self.rest.is_empty() { Ok(()) } else { Err("expected nothing behind the last value") }
    }
}

/// The length, in its shortest form, and what follows it.
fn length(bytes: &[u8]) -> Result<(usize, &[u8]), Expected> {
    const SHORTEST: Expected = "expected a length that is definite, in its shortest form";
    match bytes {
        [short @ 0..=0x7f, rest @ ..] => Ok((usize::from(*short), rest)),
        [0x81, one @ 0x80..=0xff, rest @ ..] => Ok((usize::from(*one), rest)),
        [0x82, high @ 1..=0xff, low, rest @ ..] => Ok((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        _ => Err(SHORTEST),
    }
}

/// A number that is not negative, from the content of an INTEGER.
pub(in crate::format) fn integer(content: &[u8]) -> Result<u64, Expected> {
    let digits = match content {
        [] => return Err("expected a number of at least one byte"),
        [0x80..=0xff, ..] => return Err("expected a number that is not negative"),
        [0, 0..=0x7f, ..] => return Err("expected a number in its shortest form"),
        [0, rest @ ..] => rest,
        all => all,
    };
    if digits.len() > 8 {
        return Err("expected a number of at most 64 bits");
    }
    Ok(digits.iter().fold(0_u64, |sum, digit| sum << 8 | u64::from(*digit)))
}

/// A dotted identifier, from the content of an OBJECT IDENTIFIER.
pub(in crate::format) fn oid(content: &[u8]) -> Result<String, Expected> {
    const SHORTEST: Expected = "expected an identifier whose components are in their shortest form";
    let mut out = String::new();
    let mut open: Option<u128> = None;
    let mut arcs = 0_usize;
    for byte in content {
        if open.is_none() && *byte == 0x80 {
            return Err(SHORTEST);
        }
        let digit = u128::from(*byte & 0x7f);
        let sum = open.unwrap_or(0).checked_mul(128).and_then(|sum| sum.checked_add(digit));
        let sum = sum.ok_or("expected components of at most 128 bits in an identifier")?;
        if *byte >= 0x80 {
            open = Some(sum);
            continue;
        }
        open = None;
        arcs = arcs.saturating_add(1);
        if arcs > ARCS_MAX {
            return Err("expected at most 32 components in an identifier");
        }
        match (arcs, sum) {
            // SPEC: X.690, 8.19.4: the first two components are one number.
            (1, 0..40) => out.push_str(&format!("0.{sum}")),
            (1, 40..80) => out.push_str(&format!("1.{}", sum.saturating_sub(40))),
            (1, _) => out.push_str(&format!("2.{}", sum.saturating_sub(80))),
            _ => out.push_str(&format!(".{sum}")),
        }
    }
    if open.is_some() || arcs == 0 { Err("expected an identifier that ends with its last component") } else { Ok(out) }
}

/// The places of the bits that are one, from the content of a BIT STRING without zeros at its end.
// SPEC: X.690, 11.2.2. A string that ended with zeros would be a second spelling of the same values.
pub(in crate::format) fn bits(content: &[u8]) -> Result<Vec<u64>, Expected> {
    let Some((unused @ 0..=7, bytes)) = content.split_first() else { return Err("expected bits behind the number of those that are not used") };
    let last = bytes.last().ok_or("expected at least one bit")?;
    if last.trailing_zeros() != u32::from(*unused) {
        return Err("expected the last bit to be one, and those behind it to be unused");
    }
    let places = bytes.iter().zip((0_u64..).step_by(8));
    let set =
        places.flat_map(|(byte, first)| (0_u8..8).filter(move |bit| byte & (0x80 >> bit) != 0).map(move |bit| first.saturating_add(u64::from(bit))));
    let found: Vec<u64> = set.collect();
    if found.last().is_some_and(|last| *last > BIT_MAX) { Err("expected bits up to the place 16383") } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_one_after_the_other_and_every_byte_is_read() {
        let mut cursor = Cursor::new(&[0x02, 1, 5, 0x06, 0x81, 0x80]);
        assert_eq!(cursor.next(), Ok(Some(Item { tag: 2, content: &[5], whole: &[2, 1, 5] })));
        assert_eq!(cursor.end(), Err("expected nothing behind the last value"));
        assert_eq!(cursor.next(), Err("expected as many bytes as the length says"));
        let long = [&[0x31, 0x82, 1, 0][..], &[0; 256]].concat();
        let mut cursor = Cursor::new(&long);
        assert_eq!(cursor.expect(tag::SET, "a set").map(<[u8]>::len), Ok(256));
        assert_eq!((cursor.next(), cursor.end()), (Ok(None), Ok(())));
    }

    #[test]
    fn lengths_and_tags_have_one_spelling() {
        for bytes in [
            &[0x31, 0x80, 0, 0][..],
            &[0x31, 0x81, 0x7f],
            &[0x31, 0x82, 0, 0x80],
            &[0x31, 0x83, 0, 1, 0],
            &[0x31, 0x81],
            &[0x31],
            &[0x1f, 1, 0],
            &[0x31, 0xff],
        ] {
            assert!(Cursor::new(bytes).next().is_err(), "{bytes:x?}");
        }
    }

    #[test]
    fn numbers_are_not_negative_and_as_short_as_they_can_be() {
        assert_eq!((integer(&[0]), integer(&[127]), integer(&[0, 128]), integer(&[1, 0])), (Ok(0), Ok(127), Ok(128), Ok(256)));
        assert_eq!(integer(&[0, 255, 255, 255, 255, 255, 255, 255, 255]), Ok(u64::MAX));
        for bytes in [&[][..], &[0x80], &[0, 5], &[0, 0, 200], &[1, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert!(integer(bytes).is_err(), "{bytes:x?}");
        }
    }

    #[test]
    fn identifiers_have_components_of_up_to_128_bits() {
        assert_eq!(oid(&[0x2b, 0x1a, 1, 3, 1]).as_deref(), Ok("1.3.26.1.3.1"));
        assert_eq!(oid(&[0x60, 0x86, 0x48, 1, 0x65, 2, 1, 8, 3, 0]).as_deref(), Ok("2.16.840.1.101.2.1.8.3.0"));
        assert_eq!((oid(&[0x27]).as_deref(), oid(&[0x28]).as_deref(), oid(&[0x50]).as_deref()), (Ok("0.39"), Ok("1.0"), Ok("2.0")));
        let most = [&[0x69, 0x83][..], &[0xff; 17], &[0x7f]].concat();
        assert_eq!(oid(&most), Ok(format!("2.25.{}", u128::MAX)));
        let more = [&[0x69, 0x84][..], &[0x80; 17], &[0]].concat();
        for bytes in [&[][..], &[0x80, 1], &[0x2b, 0x80, 1], &[0x2b, 0x81], &more, &[1; 33]] {
            assert!(oid(bytes).is_err(), "{bytes:x?}");
        }
    }

    #[test]
    fn bits_end_with_a_one() {
        assert_eq!((bits(&[7, 0x80]), bits(&[1, 0x82]), bits(&[0, 0, 1])), (Ok(vec![0]), Ok(vec![0, 6]), Ok(vec![15])));
        for bytes in [&[][..], &[0], &[8, 0x80], &[0, 0x80], &[7, 0x81], &[6, 0x80], &[0, 1, 0]] {
            assert!(bits(bytes).is_err(), "{bytes:x?}");
        }
        assert_eq!(bits(&[&[0][..], &[0; 2047], &[1]].concat()), Ok(vec![16_383]));
        assert!(bits(&[&[7][..], &[0; 2048], &[0x80]].concat()).is_err());
    }
}
