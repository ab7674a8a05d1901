//! Protobuf as a test writes it: no rule is kept here, so that every rule can be broken.

pub(super) fn number(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
    out
}

pub(super) fn varint(field: u64, value: u64) -> Vec<u8> {
    [number(field << 3), number(value)].concat()
}

pub(super) fn double(field: u64, value: f64) -> Vec<u8> {
    [number(field << 3 | 1), value.to_le_bytes().to_vec()].concat()
}

/// Text, bytes or a message.
pub(super) fn text(field: u64, bytes: &[u8]) -> Vec<u8> {
    [number(field << 3 | 2), number(u64::try_from(bytes.len()).unwrap()), bytes.to_vec()].concat()
}

pub(super) fn mesh(message: &[u8]) -> Vec<u8> {
    [&[0xbf, 1, 0xbf], message].concat()
}

pub(super) fn stream(message: &[u8]) -> Vec<u8> {
    [&[0xbf], &number(u64::try_from(message.len()).unwrap())[..], message].concat()
}
