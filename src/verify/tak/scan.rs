//! What the library lets pass, looked for before it reads: the frame, and unknown, repeated, falling and over-long fields.
//!
//! The library skips what it does not know, takes the last of two and any order; each of these would be a second reading of one message.

/// A field number, and what may stand there.
pub(super) type Shape = &'static [(u64, Holds)];

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holds {
    /// A number of 64 bits.
    Long,
    /// A number of 32 bits, of which the library would cut a longer one.
    Short,
    /// A double.
    Double,
    /// Text.
    Text,
    /// Another message.
    Inside(Shape),
}

use Holds::{Double, Inside, Long, Short, Text};

/// `TakMessage` with everything inside it.
pub(super) const MESSAGE: Shape = &[(1, Inside(&[(1, Short), (2, Short), (3, Text)])), (2, Inside(EVENT)), (3, Long), (4, Long)];

const EVENT: Shape = &[
    (1, Text),
    (2, Text),
    (3, Text),
    (4, Text),
    (5, Text),
    (6, Long),
    (7, Long),
    (8, Long),
    (9, Text),
    (10, Double),
    (11, Double),
    (12, Double),
    (13, Double),
    (14, Double),
    (15, Inside(DETAIL)),
    (16, Text),
    (17, Text),
];

const TEXTS: Shape = &[(1, Text), (2, Text)];
const DETAIL: Shape = &[
    (1, Text),
    (2, Inside(TEXTS)),
    (3, Inside(TEXTS)),
    (4, Inside(TEXTS)),
    (5, Inside(&[(1, Short)])),
    (6, Inside(&[(1, Text), (2, Text), (3, Text), (4, Text)])),
    (7, Inside(&[(1, Double), (2, Double)])),
];

/// The kind of frame and the message in it.
///
/// # Errors
/// One line: what was expected.
pub(super) fn frame(body: &[u8]) -> Result<(&'static str, &[u8]), &'static str> {
    match body {
        [0xbf, 0x01, 0xbf, message @ ..] => Ok(("mesh", message)),
        [0xbf, rest @ ..] => {
            let mut rest = rest;
            let length = number(&mut rest)?;
            let whole = usize::try_from(length).is_ok_and(|length| length == rest.len());
            whole.then_some(("stream", rest)).ok_or("expected a stream frame that ends where it says")
        }
        _ => Err("expected a frame of the TAK protocol"),
    }
}

/// Looks through a message.
///
/// # Errors
/// One line: what was expected.
pub(super) fn message(mut rest: &[u8], shape: Shape) -> Result<(), &'static str> {
    let mut left = shape.iter();
    while !rest.is_empty() {
        let key = number(&mut rest)?;
        let known = left.by_ref().find(|(number, _)| *number == key >> 3);
        let (_, holds) = known.ok_or("expected known fields, each once, in rising order")?;
        match (holds, key & 7) {
            (Long, 0) => number(&mut rest).map(|_| ())?,
            (Short, 0) if number(&mut rest)? <= u64::from(u32::MAX) => {}
            (Double, 1) => take(&mut rest, 8).map(|_| ())?,
            (Text | Inside(_), 2) => {
                let length = number(&mut rest)?;
                let inner = take(&mut rest, length)?;
                if let Inside(shape) = holds {
                    message(inner, shape)?;
                }
            }
            _ => return Err("expected a field of its own wire type and width"),
        }
    }
    Ok(())
}

fn take<'b>(rest: &mut &'b [u8], length: u64) -> Result<&'b [u8], &'static str> {
    let (taken, after) =
        usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length)).ok_or("expected a field that ends within its message")?;
    *rest = after;
    Ok(taken)
}

/// A varint without superfluous bytes. SPEC: Protocol Buffers, Encoding, Base 128 Varints.
fn number(rest: &mut &[u8]) -> Result<u64, &'static str> {
    let length = rest.iter().take(10).position(|byte| *byte < 0x80).ok_or("expected a number of at most 64 bits")?;
    let bytes = take(rest, u64::try_from(length).unwrap_or(u64::MAX).saturating_add(1))?;
    if length > 0 && bytes.last() == Some(&0) || length == 9 && bytes.last() > Some(&1) {
        return Err("expected a number without superfluous bytes or bits");
    }
    Ok(bytes.iter().rev().fold(0, |sum: u64, byte| sum << 7 | u64::from(byte & 0x7f)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_single_rising_and_minimal() {
        for good in [&[][..], &[0x08, 1, 0x10, 2, 0x1a, 0], &[0x08, 0xff, 0xff, 0xff, 0xff, 0x0f]] {
            assert_eq!(message(good, &[(1, Short), (2, Short), (3, Text)]), Ok(()), "{good:x?}");
        }
        for bad in [
            &[0x20, 1][..],
            &[0x08, 1, 0x08, 1],
            &[0x10, 1, 0x08, 1],
            &[0x08, 0x81, 0],
            &[0x08, 0x80],
            &[0x08, 0x80, 0x80, 0x80, 0x80, 0x10],
            &[0x0a, 0],
            &[0x1a, 1],
            &[0x18, 0],
            &[0x0b, 0x0c],
            &[0x00, 0x00],
        ] {
            assert!(message(bad, &[(1, Short), (2, Short), (3, Text)]).is_err(), "{bad:x?}");
        }
        assert!(message(&[0x12, 2, 0x92, 1], MESSAGE).is_err());
    }

    #[test]
    fn a_frame_is_mesh_or_a_stream_of_its_length() {
        assert_eq!(frame(&[0xbf, 1, 0xbf, 9]), Ok(("mesh", &[9][..])));
        assert_eq!(frame(&[0xbf, 1, 9]), Ok(("stream", &[9][..])));
        for bad in [&[][..], &[0xbf], &[0xbf, 2, 9], &[0xbf, 0x81, 0, 9], b"<event/>"] {
            assert!(frame(bad).is_err(), "{bad:x?}");
        }
    }
}
