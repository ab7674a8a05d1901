//! The frame around one message: `bf 01 bf` for datagrams of a mesh, `bf` and a length for streams.
//!
//! SPEC: TAK protocol, `protocol.txt`, "TAK Protocol Header" (mesh) and "Streaming".

use crate::base::{Reason, Refusal, Span};
use crate::format::syntax::protobuf::varint;

/// The byte that every frame begins with. No text in UTF-8 does.
const MAGIC: u8 = 0xbf;
/// The header of a mesh frame of version 1.
const MESH: [u8; 3] = [MAGIC, 1, MAGIC];

/// A frame that was cut.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// `mesh` or `stream`, as the tree has it.
    pub(super) kind: &'static str,
    /// Bytes before the message.
    pub(super) header: Span,
    /// Bytes of the message: all others.
    pub(super) message: Span,
}

/// Whether the body begins as a frame does.
pub(super) fn claims(body: &[u8]) -> bool {
    body.first() == Some(&MAGIC)
}

/// Cuts the frame.
///
/// # Errors
/// `invalid.tak.frame`.
pub(super) fn cut(body: &[u8]) -> Result<Frame, Refusal> {
    let frame = |kind, header: usize| Frame { kind, header: Span::new(0, header), message: Span::new(header, body.len()) };
    // A stream frame of one byte begins alike, but no message has one byte.
    if body.starts_with(&MESH) {
        return Ok(frame("mesh", MESH.len()));
    }
    let refuse = |end: usize, detail: &str| Err(Refusal::at(Reason::InvalidTakFrame, Span::new(0, end.min(body.len())), detail));
    let Some(rest) = body.strip_prefix(&[MAGIC]) else { return refuse(1, "expected a frame that begins with the byte `bf`") };
    if let [0 | 2..=9, MAGIC, ..] = rest {
        return refuse(MESH.len(), "expected a mesh frame of version 1, `bf 01 bf`");
    }
    let (length, bytes) = match varint(rest) {
        Ok(read) => read,
        Err(expected) => return refuse(body.len().min(11), expected),
    };
    let header = bytes.saturating_add(1);
    let left = body.len().saturating_sub(header);
    match usize::try_from(length) {
        Ok(length) if length == left => Ok(frame("stream", header)),
        _ => refuse(header, &format!("expected a stream frame of the length that it states, found {left} bytes after the length")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_of_mesh_or_stream_and_covers_the_body() {
        let cut = |body: &[u8]| cut(body).map(|frame| (frame.kind, frame.message.range())).map_err(|refusal| refusal.reason.code());
        assert_eq!(cut(&[0xbf, 1, 0xbf, 0x12, 0]), Ok(("mesh", 3..5)));
        assert_eq!(cut(&[0xbf, 2, 0x12, 0]), Ok(("stream", 2..4)));
        for body in [
            &[][..],
            &[0xbf],
            &[0xbf, 3, 0x12, 0],
            &[0xbf, 1, 0x12, 0],
            &[0xbf, 0x82, 0, 0x12, 0],
            &[0xbf, 0, 0xbf, b'<'],
            &[0xbf, 2, 0xbf, 0x12],
            &[0xbf, 0x80],
            b"<event/>",
        ] {
            assert_eq!(cut(body), Err("invalid.tak.frame"), "{body:x?}");
        }
    }
}
