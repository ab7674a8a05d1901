//! A strict reader of the protobuf wire format: the fields of one message after the other, each checked before it is given.
//!
//! One value has one encoding here: varints are minimal, fields stand in rising order of their numbers and therefore once, groups and
//! unknown wire types are refused, lengths end where their message ends. What a field number means is a question for the format.
//! Absent on purpose: repeated fields, maps and zigzag numbers, which no message of ours has; any default of a missing field.
//! SPEC: Protocol Buffers, Encoding; the order is a rule of ours (writers follow it, the specification does not demand it).

use crate::base::{Budget, Reason, Refusal, Span};

/// The value of a field as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64([u8; 8]),
    /// Wire type 2: text, bytes or a message.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Fixed32([u8; 4]),
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its number, 1 or more.
    pub number: u32,
    /// Its value.
    pub value: Wire<'a>,
    /// Bytes of the value, without key and length.
    pub span: Span,
    /// Bytes of the whole field, key and length included.
    pub whole: Span,
}

/// Bytes of a varint at most: 10, what 64 bits need.
const VARINT_BYTES_MAX: usize = 10;
/// Field number at most: 2^29 - 1.
// SPEC: Protocol Buffers, Language Guide (proto 3), Assigning Field Numbers.
const NUMBER_MAX: u64 = 536_870_911;

/// The fields of one message, from the first to the last.
#[derive(Debug)]
pub struct Fields<'a> {
    body: &'a [u8],
    at: usize,
    end: usize,
    last: u32,
}

impl<'a> Fields<'a> {
    /// The fields of the message that stands at `span` of `body`.
    #[must_use]
    pub fn new(body: &'a [u8], span: Span) -> Self {
        let range = span.range();
        Self { body, at: range.start, end: range.end.min(body.len()), last: 0 }
    }

    /// The next field; `None` where every byte of the message was read.
    ///
    /// # Errors
    /// `malformed.protobuf.*`, `size.budget`.
    pub fn field(&mut self, budget: &mut Budget) -> Result<Option<Field<'a>>, Refusal> {
        if self.at >= self.end {
            return Ok(None);
        }
        budget.spend(1)?;
        let from = self.at;
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|&number| number > 0 && key >> 3 <= NUMBER_MAX);
        let Some(number) = number else {
            return Err(self.refusal(Reason::MalformedProtobufWire, from, "expected a field number from 1 to 536870911"));
        };
        if number <= self.last {
            let (reason, expected) = match number == self.last {
                true => (Reason::MalformedProtobufRepeated, "expected each field once"),
                false => (Reason::MalformedProtobufOrder, "expected fields in rising order of their numbers"),
            };
            return Err(self.refusal(reason, from, expected));
        }
        self.last = number;
        let start;
        let value = match key & 7 {
            0 => {
                start = self.at;
                Wire::Varint(self.varint()?)
            }
            1 => {
                start = self.at;
                Wire::Fixed64(self.fixed(from)?)
            }
            2 => {
                let length = self.varint()?;
                start = self.at;
                Wire::Bytes(self.take(length, from)?)
            }
            5 => {
                start = self.at;
                Wire::Fixed32(self.fixed(from)?)
            }
            _ => return Err(self.refusal(Reason::MalformedProtobufWire, from, "expected a varint, 64 bits, a length or 32 bits, and no group")),
        };
        Ok(Some(Field { number, value, span: Span::new(start, self.at), whole: Span::new(from, self.at) }))
    }

    fn varint(&mut self) -> Result<u64, Refusal> {
        let rest = self.body.get(self.at..self.end).unwrap_or_default();
        match varint(rest) {
            Ok((value, bytes)) => {
                self.at = self.at.saturating_add(bytes);
                Ok(value)
            }
            Err(expected) => {
                let end = self.at.saturating_add(rest.len().min(VARINT_BYTES_MAX));
                Err(Refusal::at(Reason::MalformedProtobufVarint, Span::new(self.at, end), expected))
            }
        }
    }

    fn fixed<const N: usize>(&mut self, from: usize) -> Result<[u8; N], Refusal> {
        let bytes = self.take(u64::try_from(N).unwrap_or(u64::MAX), from)?;
        bytes.try_into().map_err(|_| self.refusal(Reason::MalformedProtobufLength, from, "expected a whole number"))
    }

    fn take(&mut self, length: u64, from: usize) -> Result<&'a [u8], Refusal> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length)).filter(|&end| end <= self.end);
        let bytes = end.and_then(|end| self.body.get(self.at..end));
        let (Some(end), Some(bytes)) = (end, bytes) else {
            return Err(self.refusal(Reason::MalformedProtobufLength, from, "expected a field that ends within its message"));
        };
        self.at = end;
        Ok(bytes)
    }

    fn refusal(&self, reason: Reason, from: usize, detail: &str) -> Refusal {
        Refusal::at(reason, Span::new(from, self.at.max(from)), detail)
    }
}

/// The varint at the beginning of `bytes`, and how many bytes it has.
///
/// # Errors
/// One line: what was expected.
pub fn varint(bytes: &[u8]) -> Result<(u64, usize), &'static str> {
    let mut value = 0_u64;
    for (at, &byte) in bytes.iter().enumerate().take(VARINT_BYTES_MAX) {
        let bits = u64::from(byte & 0x7f);
        let shift = u32::try_from(at).unwrap_or(u32::MAX).saturating_mul(7);
        let shifted = bits.checked_shl(shift).filter(|shifted| shifted.checked_shr(shift) == Some(bits));
        value |= shifted.ok_or("expected a number of at most 64 bits")?;
        if byte & 0x80 == 0 {
            return match (byte, at) {
                (0, 1..) => Err("expected a number without superfluous bytes"),
                _ => Ok((value, at.saturating_add(1))),
            };
        }
    }
    match bytes.len() < VARINT_BYTES_MAX {
        true => Err("expected a whole number, found the end of the message"),
        false => Err("expected a number of at most 64 bits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(bytes: &[u8]) -> Result<Vec<Field<'_>>, &'static str> {
        let mut fields = Fields::new(bytes, Span::new(0, bytes.len()));
        let mut found = Vec::new();
        let mut budget = Budget::for_body(bytes.len());
        while let Some(field) = fields.field(&mut budget).map_err(|refusal| refusal.reason.code())? {
            found.push(field);
        }
        Ok(found)
    }

    #[test]
    fn every_wire_type_is_read_with_its_place() {
        let bytes = [0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 2, b'h', b'i', 0x25, 1, 2, 3, 4];
        let found = fields(&bytes).unwrap();
        let values: Vec<_> = found.iter().map(|field| (field.number, field.value)).collect();
        assert_eq!(
            values,
            [(1, Wire::Varint(150)), (2, Wire::Fixed64([1, 2, 3, 4, 5, 6, 7, 8])), (3, Wire::Bytes(b"hi")), (4, Wire::Fixed32([1, 2, 3, 4]))]
        );
        assert_eq!((found[2].span, found[2].whole), (Span::new(14, 16), Span::new(12, 16)));
        assert_eq!(fields(&[]).unwrap(), []);
    }

    #[test]
    fn what_has_a_second_encoding_is_refused() {
        for (bytes, code) in [
            (&[0x08, 0x80, 0x00][..], "malformed.protobuf.varint"),
            (&[0x88, 0x00, 0x01], "malformed.protobuf.varint"),
            (&[0x08, 0x80], "malformed.protobuf.varint"),
            (&[0x08], "malformed.protobuf.varint"),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], "malformed.protobuf.varint"),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0x01], "malformed.protobuf.varint"),
            (&[0x1a, 0x03, b'h', b'i'], "malformed.protobuf.length"),
            (&[0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "malformed.protobuf.length"),
            (&[0x11, 1, 2, 3], "malformed.protobuf.length"),
            (&[0x25, 1], "malformed.protobuf.length"),
            (&[0x00, 0x01], "malformed.protobuf.wire"),
            (&[0x0b, 0x0c], "malformed.protobuf.wire"),
            (&[0x0c], "malformed.protobuf.wire"),
            (&[0x0e], "malformed.protobuf.wire"),
            (&[0x0f], "malformed.protobuf.wire"),
            (&[0x80, 0x80, 0x80, 0x80, 0x10, 0x01], "malformed.protobuf.wire"),
            (&[0x08, 1, 0x08, 2], "malformed.protobuf.repeated"),
            (&[0x10, 1, 0x08, 2], "malformed.protobuf.order"),
        ] {
            assert_eq!(fields(bytes), Err(code), "{bytes:x?}");
        }
        assert_eq!(fields(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).unwrap()[0].value, Wire::Varint(u64::MAX));
    }

    proptest! {
        #[test]
        fn a_varint_is_read_exactly_where_it_is_minimal(value in any::<u64>()) {
            let mut bytes = Vec::new();
            let mut rest = value;
            while rest > 0x7f {
                bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
                rest >>= 7;
            }
            bytes.push(u8::try_from(rest).unwrap());
            prop_assert_eq!(varint(&bytes), Ok((value, bytes.len())));
            bytes.last_mut().into_iter().for_each(|last| *last |= 0x80);
            bytes.push(0);
            prop_assert!(varint(&bytes).is_err());
        }
    }
}
