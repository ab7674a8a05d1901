//! The wire of `vestibule/1`: one frame on one stream, cut with nom from a fixed prelude.
//!
//! Takes bytes and gives a [`Frame`], or the reason why there is none; takes a header and gives its only encoding.
//! INVARIANT: what decodes encodes to the same bytes, so two readers of a frame cannot see two headers.
//! Absent on purpose: optional fields, extensions, compression. A version 2 is another prelude.
//! The layout with test vectors is the manual page `link`.

mod header;

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u32};

use crate::base::{Digest, Header, Reason, Refusal};

pub use header::{decode_header, encode_header};

/// The protocol name that both ends must offer in the TLS handshake (ALPN, RFC 7301).
pub const ALPN: &[u8] = b"vestibule/1";
/// The first bytes of every frame.
pub const MAGIC: &[u8; 4] = b"VSTB";
/// The version of frames.
pub const VERSION: u8 = 1;
/// Bytes before the header.
pub const PRELUDE_BYTES: usize = 46;
/// Destinations of one message at most.
pub const DESTINATIONS_MAX: usize = 64;
/// Bytes of a media type at most: RFC 6838 allows 127 on either side, real ones stay below that in all.
pub const MEDIA_TYPE_BYTES_MAX: usize = 127;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A message: header and body.
    Message,
    /// The first frame of a link, both ways: the limits of its sender.
    Hello,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Message => 1,
            Self::Hello => 2,
        }
    }
}

/// The sizes that a reader of frames accepts, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Header at most.
    pub header_bytes_max: u32,
    /// Body at most.
    pub body_bytes_max: u32,
}

/// The fixed part of a frame: what follows it, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prelude {
    /// What the frame is for.
    pub kind: Kind,
    /// Bytes of the header.
    pub header_bytes: u32,
    /// Bytes of the body.
    pub body_bytes: u32,
    /// SHA-256 of the body.
    pub digest: Digest,
}

/// A message as it stood on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What the sender says about the body.
    pub header: Header,
    /// The body.
    pub body: Vec<u8>,
}

/// What each end tells the other when a link begins: what it will take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// Header and body at most, in bytes.
    pub sizes: Sizes,
    /// Messages in flight on one link at most; 0 for an end that only sends.
    pub streams_max: u32,
}

impl Hello {
    /// Bytes of a hello frame: the prelude and three numbers.
    pub const BYTES: usize = 58;

    /// The whole frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(12);
        for number in [self.sizes.header_bytes_max, self.sizes.body_bytes_max, self.streams_max] {
            header.extend_from_slice(&number.to_be_bytes());
        }
        let prelude = Prelude { kind: Kind::Hello, header_bytes: 12, body_bytes: 0, digest: Digest::of(b"") };
        let mut out = prelude.encode();
        out.extend_from_slice(&header);
        out
    }

    /// Reads a whole hello frame.
    ///
    /// # Errors
    /// A `frame.*` reason where the bytes are not exactly one hello frame that offers anything.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let sizes = Sizes { header_bytes_max: 12, body_bytes_max: 0 };
        let prelude = Prelude::decode(bytes, sizes)?;
        if prelude.kind != Kind::Hello {
            return Err(Refusal::new(Reason::FrameHeader, "expected a hello frame before the first message"));
        }
        let rest = bytes.get(PRELUDE_BYTES..).unwrap_or_default();
        let (rest, (header_bytes_max, body_bytes_max, streams_max)) = hello_numbers(rest).map_err(|_| truncated("the numbers of a hello"))?;
        nothing_follows(rest)?;
        if prelude.header_bytes != 12 || prelude.digest != Digest::of(b"") {
            return Err(Refusal::new(Reason::FrameHeader, "expected a hello of 12 header bytes and the digest of nothing"));
        }
        if header_bytes_max == 0 || body_bytes_max == 0 {
            return Err(Refusal::new(Reason::FrameHeader, "expected sizes of at least 1 in a hello"));
        }
        Ok(Self { sizes: Sizes { header_bytes_max, body_bytes_max }, streams_max })
    }
}

impl Prelude {
    /// The 46 bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(PRELUDE_BYTES);
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.push(self.kind.byte());
        out.extend_from_slice(&self.header_bytes.to_be_bytes());
        out.extend_from_slice(&self.body_bytes.to_be_bytes());
        out.extend_from_slice(&self.digest.0);
        out
    }

    /// Reads the prelude from the front of `bytes` and holds it against `sizes`.
    ///
    /// # Errors
    /// `frame.magic`, `frame.version`, `frame.header`, `frame.truncated`, `size.header`, `size.body`.
    pub fn decode(bytes: &[u8], sizes: Sizes) -> Result<Self, Refusal> {
        let front = bytes.get(..MAGIC.len().min(bytes.len())).unwrap_or_default();
        if !MAGIC.starts_with(front) {
            return Err(Refusal::new(Reason::FrameMagic, "expected `VSTB` as the first four bytes"));
        }
        if bytes.get(4).is_some_and(|&version| version != VERSION) {
            return Err(Refusal::new(Reason::FrameVersion, "expected version 1"));
        }
        let (_, (kind, header_bytes, body_bytes, digest)) = prelude_fields(bytes).map_err(|_| truncated("the prelude of 46 bytes"))?;
        let kind = match kind {
            1 => Kind::Message,
            2 => Kind::Hello,
            other => return Err(Refusal::new(Reason::FrameHeader, format!("expected kind 1 or 2, found {other}"))),
        };
        if header_bytes > sizes.header_bytes_max {
            return Err(Refusal::new(
                Reason::SizeHeader,
                format!("expected at most {} bytes of header, found {header_bytes}", sizes.header_bytes_max),
            ));
        }
        if body_bytes > sizes.body_bytes_max {
            return Err(Refusal::new(Reason::SizeBody, format!("expected at most {} bytes of body, found {body_bytes}", sizes.body_bytes_max)));
        }
        if kind == Kind::Message && body_bytes == 0 {
            return Err(Refusal::new(Reason::FrameHeader, "expected a body, found none"));
        }
        Ok(Self { kind, header_bytes, body_bytes, digest })
    }
}

/// Everything before the body: prelude and header, ready to be sent.
///
/// Destinations are a set: they are written in ascending order, each once.
///
/// # Errors
/// `frame.header` where a field has no encoding; `size.body` where the body is larger than 4 GiB.
pub fn encode_head(header: &Header, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let fields = encode_header(header)?;
    let body_bytes = u32::try_from(body.len()).map_err(|_| Refusal::new(Reason::SizeBody, "expected a body below 4 GiB"))?;
    if body_bytes == 0 {
        return Err(Refusal::new(Reason::FrameHeader, "expected a body, found none"));
    }
    let header_bytes = u32::try_from(fields.len()).map_err(|_| Refusal::new(Reason::SizeHeader, "expected a header below 4 GiB"))?;
    let mut out = Prelude { kind: Kind::Message, header_bytes, body_bytes, digest: Digest::of(body) }.encode();
    out.extend_from_slice(&fields);
    Ok(out)
}

/// Reads one whole message frame; a stream carries nothing else.
///
/// # Errors
/// Every `frame.*` and `size.*` reason of the bytes themselves.
pub fn decode(bytes: &[u8], sizes: Sizes) -> Result<Frame, Refusal> {
    let prelude = Prelude::decode(bytes, sizes)?;
    if prelude.kind != Kind::Message {
        return Err(Refusal::new(Reason::FrameHeader, "expected a message, found a hello after the first stream"));
    }
    let rest = bytes.get(PRELUDE_BYTES..).unwrap_or_default();
    let (rest, header) = take::<_, _, nom::error::Error<&[u8]>>(prelude.header_bytes).parse(rest).map_err(|_| truncated("the header"))?;
    let header = decode_header(header)?;
    let (rest, body) = take::<_, _, nom::error::Error<&[u8]>>(prelude.body_bytes).parse(rest).map_err(|_| truncated("the body"))?;
    nothing_follows(rest)?;
    body_matches(&prelude, body)?;
    Ok(Frame { header, body: body.to_vec() })
}

/// Holds a body against the digest that the prelude states.
///
/// # Errors
/// `frame.digest`.
pub fn body_matches(prelude: &Prelude, body: &[u8]) -> Result<(), Refusal> {
    if Digest::of(body) == prelude.digest {
        Ok(())
    } else {
        Err(Refusal::new(Reason::FrameDigest, "expected the body that the prelude's SHA-256 describes"))
    }
}

fn nothing_follows(rest: &[u8]) -> Result<(), Refusal> {
    if rest.is_empty() { Ok(()) } else { Err(Refusal::new(Reason::FrameTrailing, "expected the end of the stream after the body")) }
}

fn truncated(what: &str) -> Refusal {
    Refusal::new(Reason::FrameTruncated, format!("expected {what}, found the end of the stream"))
}

fn prelude_fields(bytes: &[u8]) -> IResult<&[u8], (u8, u32, u32, Digest)> {
    let (rest, _) = take(5_usize).parse(bytes)?;
    let (rest, (kind, header_bytes, body_bytes, digest)) = (be_u8, be_u32, be_u32, take(32_usize)).parse(rest)?;
    let mut out = [0_u8; 32];
    out.copy_from_slice(digest);
    Ok((rest, (kind, header_bytes, body_bytes, Digest(out))))
}

fn hello_numbers(bytes: &[u8]) -> IResult<&[u8], (u32, u32, u32)> {
    (be_u32, be_u32, be_u32).parse(bytes)
}

#[cfg(test)]
mod tests {
    use super::header::media_type_fits;
    use super::*;
    use crate::base::{Name, Precedence, Time, Traffic};
    use proptest::prelude::*;

    const SIZES: Sizes = Sizes { header_bytes_max: 65_536, body_bytes_max: 1_048_576 };

    fn header() -> Header {
        Header {
            id: "018f2b6e-7c3a-7d2e-9c41-2f0a6b1c3d4e".parse().unwrap(),
            precedence: Precedence::Flash,
            destinations: vec![Name::new("FVEY").unwrap(), Name::new("usa-ops").unwrap()],
            media_type: "application/cot+xml".to_owned(),
            traffic: Traffic::Exercise,
            sent: Time::parse("2026-01-02T03:04:05.123456789Z").unwrap(),
            label: Some("<label/>".to_owned()),
        }
    }

    fn frame(header: &Header, body: &[u8]) -> Vec<u8> {
        let mut bytes = encode_head(header, body).unwrap();
        bytes.extend_from_slice(body);
        bytes
    }

    fn code(bytes: &[u8]) -> &'static str {
        decode(bytes, SIZES).unwrap_err().reason.code()
    }

    fn with(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = frame(&header(), b"<event/>");
        change(&mut bytes);
        bytes
    }

    #[test]
    fn a_frame_reads_back_as_it_was_written() {
        let read = decode(&frame(&header(), b"<event/>"), SIZES).unwrap();
        assert_eq!(read.header, header());
        assert_eq!(read.body, b"<event/>");
        assert_eq!(frame(&read.header, &read.body), frame(&header(), b"<event/>"));
    }

    #[test]
    fn destinations_are_written_as_a_set() {
        let mut mixed = header();
        mixed.destinations = vec![Name::new("usa-ops").unwrap(), Name::new("FVEY").unwrap(), Name::new("usa-ops").unwrap()];
        assert_eq!(encode_header(&mixed).unwrap(), encode_header(&header()).unwrap());
    }

    #[test]
    fn each_fault_of_a_frame_has_its_code() {
        assert_eq!(code(&with(|b| b[0] = b'X')), "frame.magic");
        assert_eq!(code(b"GET / HTTP/1.1\r\n"), "frame.magic");
        assert_eq!(code(&with(|b| b[4] = 2)), "frame.version");
        assert_eq!(code(&with(|b| b[5] = 3)), "frame.header");
        assert_eq!(code(&with(|b| b[5] = 2)), "frame.header");
        assert_eq!(code(&with(|b| b[6] = 1)), "size.header");
        assert_eq!(code(&with(|b| b[10] = 1)), "size.body");
        assert_eq!(code(&with(|b| b[14] ^= 1)), "frame.digest");
        assert_eq!(code(&with(|b| b.push(0))), "frame.trailing");
        assert_eq!(code(&with(|b| *b.last_mut().unwrap() ^= 1)), "frame.digest");
    }

    #[test]
    fn every_shorter_frame_is_refused_as_truncated() {
        let whole = frame(&header(), b"<event/>");
        for cut in 0..whole.len() {
            assert_eq!(code(&whole[..cut]), "frame.truncated", "{cut}");
        }
    }

    #[test]
    fn each_fault_of_a_header_is_refused() {
        let start = PRELUDE_BYTES;
        for (at, value, what) in [
            (6, 0x4d, "a UUID of version 4"),
            (8, 0x1c, "a UUID of another variant"),
            (16, 4, "a fifth precedence"),
            (17, 2, "a third traffic"),
            (26, 0, "no destination"),
            (26, 65, "65 destinations"),
            (27, 0, "an empty destination"),
            (28, b' ', "a destination with a space"),
            (28, b'z', "destinations out of order"),
            (41, b'A', "a media type in capitals"),
            (52, b' ', "a media type without subtype"),
            (67, 0xff, "a label that is not UTF-8"),
        ] {
            assert_eq!(code(&with(|b| b[start + at] = value)), "frame.header", "{what}");
        }
    }

    #[test]
    fn a_header_that_does_not_fill_its_bytes_is_refused() {
        let mut fields = encode_header(&header()).unwrap();
        fields.push(0);
        assert_eq!(decode_header(&fields).unwrap_err().reason, Reason::FrameHeader);
        assert_eq!(decode_header(&[]).unwrap_err().reason, Reason::FrameHeader);
    }

    #[test]
    fn a_header_without_encoding_is_not_sent() {
        type Change = fn(&mut Header);
        let changes: [Change; 6] = [
            |h| h.destinations.clear(),
            |h| h.destinations = (0..65).map(|n| Name::new(&format!("peer{n}")).unwrap()).collect(),
            |h| h.media_type = "Text/Plain".to_owned(),
            |h| h.media_type = format!("a/{}", "b".repeat(127)),
            |h| h.label = Some(String::new()),
            |h| h.sent = Time::parse("1969-12-31T23:59:59Z").unwrap(),
        ];
        for change in changes {
            let mut wrong = header();
            change(&mut wrong);
            assert_eq!(encode_header(&wrong).unwrap_err().reason, Reason::FrameHeader);
        }
        assert!(encode_head(&header(), b"").is_err());
    }

    #[test]
    fn media_types_have_one_spelling() {
        for good in ["", "application/cot+xml", "application/stix+json;version=2.1", "text/plain"] {
            assert!(media_type_fits(good.as_bytes()), "{good}");
        }
        for bad in
            ["text", "text/", "/plain", "text/plain;", "text/plain; charset=utf-8", "text/plain/x", "Text/plain", "text/plain;a", "text/plain;a=b=c"]
        {
            assert!(!media_type_fits(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_hello_reads_back_and_its_near_misses_do_not() {
        let hello = Hello { sizes: SIZES, streams_max: 256 };
        let bytes = hello.encode();
        assert_eq!(bytes.len(), Hello::BYTES);
        assert_eq!(Hello::decode(&bytes).unwrap(), hello);
        for cut in 0..bytes.len() {
            assert!(Hello::decode(&bytes[..cut]).is_err());
        }
        for at in [0, 4, 5, 9, 13, 14, 45] {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert!(Hello::decode(&wrong).is_err(), "{at}");
        }
        let mut sends_only = bytes.clone();
        sends_only[54..].fill(0);
        assert_eq!(Hello::decode(&sends_only).unwrap(), Hello { streams_max: 0, ..hello });
        let mut no_body = bytes;
        no_body[50..54].fill(0);
        assert!(Hello::decode(&no_body).is_err());
    }

    /// The vectors of the manual: kind, expectation, bytes.
    fn vectors() -> Vec<(&'static str, &'static str, Vec<u8>)> {
        let manual = include_str!("../../manual/link.md");
        let block = manual.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let vector = |line: &'static str| {
            let mut words = line.split_whitespace();
            let (kind, expected, hex) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            (kind, expected, hex.as_bytes().chunks(2).map(byte).collect())
        };
        block.lines().map(vector).collect()
    }

    #[test]
    fn the_vectors_of_the_manual_hold() {
        use crate::link::Receipt;
        for (kind, expected, bytes) in vectors() {
            let again = match kind {
                "message" => decode(&bytes, SIZES).map(|read| frame(&read.header, &read.body)),
                "hello" => Hello::decode(&bytes).map(|read| read.encode()),
                _ => Receipt::decode(&bytes).map(|read| read.encode()),
            };
            match again {
                Ok(again) => assert_eq!((expected, again), ("ok", bytes), "{kind}"),
                Err(refusal) => assert_eq!(refusal.reason.code(), expected, "{kind}"),
            }
        }
        assert_eq!(vectors().len(), 20);
    }

    #[test]
    fn every_changed_byte_is_refused_or_read_in_one_way() {
        let good = frame(&header(), b"<event/>");
        let mut read = 0;
        for at in 0..good.len() {
            for value in 0..=u8::MAX {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Ok(other) = decode(&bytes, SIZES) {
                    read += 1;
                    assert_eq!(frame(&other.header, &other.body), bytes, "byte {at} as {value}");
                    assert!(bytes == good || other.header != header(), "byte {at} as {value} is not seen");
                }
            }
        }
        assert!(read > good.len());
    }

    #[test]
    fn the_manual_names_every_code_of_the_link() {
        let manual = include_str!("../../manual/link.md");
        for objection in crate::link::Objection::ALL {
            assert!(manual.contains(&format!("`{}`", objection.code())), "{objection}");
        }
    }

    proptest! {
        #[test]
        fn what_decodes_encodes_to_the_same_bytes(at in 0_usize..128, value: u8, body in proptest::collection::vec(any::<u8>(), 1..64)) {
            let mut bytes = frame(&header(), &body);
            if let Some(byte) = bytes.get_mut(at) { *byte = value; }
            if let Ok(read) = decode(&bytes, SIZES) {
                prop_assert_eq!(frame(&read.header, &read.body), bytes);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(header) = decode_header(&bytes) {
                prop_assert_eq!(encode_header(&header).unwrap(), bytes);
            }
        }
    }
}
