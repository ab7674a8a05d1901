//! The intake of one stream: bytes of a peer become a header and a body, or the reason why not.
//!
//! Memory is claimed as bytes arrive, so a prelude that claims much claims nothing but the caller's share. The caller
//! holds the clock and the share of bytes in flight, and asks for the body only when it has room for all of it.

use quinn::{ReadError, ReadExactError, RecvStream};

use super::wire::{self, Hello, Kind, PRELUDE_BYTES, Prelude, Sizes};
use crate::base::{Header, Reason, Refusal};

/// Bytes of a body that are made room for before they arrive: most messages in one piece, no claim in advance.
const ROOM_BYTES: usize = 65_536;

/// What a stream says before its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) header: Header,
    prelude: Prelude,
}

impl Head {
    /// Bytes of the body that will follow.
    pub(super) const fn body_bytes(&self) -> u32 {
        self.prelude.body_bytes
    }
}

/// Why a stream gave no message.
#[derive(Debug)]
pub(super) enum Untaken {
    /// The peer broke a rule, and is told.
    Refused(Refusal),
    /// The link is gone.
    Gone,
}

/// Reads a message frame up to its body.
pub(super) async fn head(stream: &mut RecvStream, sizes: Sizes) -> Result<Head, Untaken> {
    let prelude = prelude(stream, sizes).await?;
    if prelude.kind != Kind::Message {
        return Err(refused(Refusal::new(Reason::FrameHeader, "expected a message, found a hello after the first stream")));
    }
    let mut fields = vec![0; width(prelude.header_bytes)];
    exact(stream, &mut fields, "the header").await?;
    let header = wire::decode_header(&fields).map_err(refused)?;
    Ok(Head { header, prelude })
}

/// Reads the body that `head` announces, to the end of the stream.
pub(super) async fn body(stream: &mut RecvStream, head: &Head) -> Result<Vec<u8>, Untaken> {
    let body = bytes(stream, width(head.body_bytes())).await?;
    end(stream).await?;
    wire::body_matches(&head.prelude, &body).map_err(refused)?;
    Ok(body)
}

/// Reads the hello of the other side to the end of its stream.
pub(super) async fn hello(stream: &mut RecvStream) -> Result<Hello, Untaken> {
    let mut bytes = [0; Hello::BYTES];
    exact(stream, &mut bytes, "a hello").await?;
    end(stream).await?;
    Hello::decode(&bytes).map_err(refused)
}

async fn prelude(stream: &mut RecvStream, sizes: Sizes) -> Result<Prelude, Untaken> {
    let mut bytes = [0; PRELUDE_BYTES];
    match stream.read_exact(&mut bytes).await {
        Ok(()) => Prelude::decode(&bytes, sizes).map_err(refused),
        // What did arrive may be wrong in a more telling way than being short.
        Err(ReadExactError::FinishedEarly(count)) => {
            let short = Prelude::decode(bytes.get(..count).unwrap_or_default(), sizes);
            Err(refused(short.err().unwrap_or_else(|| Refusal::new(Reason::FrameTruncated, "expected a prelude of 46 bytes"))))
        }
        Err(ReadExactError::ReadError(error)) => Err(broken(&error)),
    }
}

async fn exact(stream: &mut RecvStream, bytes: &mut [u8], what: &str) -> Result<(), Untaken> {
    match stream.read_exact(bytes).await {
        Ok(()) => Ok(()),
        Err(ReadExactError::FinishedEarly(_)) => {
            Err(refused(Refusal::new(Reason::FrameTruncated, format!("expected {what}, found the end of the stream"))))
        }
        Err(ReadExactError::ReadError(error)) => Err(broken(&error)),
    }
}

async fn bytes(stream: &mut RecvStream, bytes: usize) -> Result<Vec<u8>, Untaken> {
    let mut body = Vec::with_capacity(bytes.min(ROOM_BYTES));
    while body.len() < bytes {
        let wanted = bytes.saturating_sub(body.len());
        match stream.read_chunk(wanted, true).await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk.bytes),
            Ok(None) => return Err(refused(Refusal::new(Reason::FrameTruncated, "expected the body, found the end of the stream"))),
            Err(error) => return Err(broken(&error)),
        }
    }
    Ok(body)
}

async fn end(stream: &mut RecvStream) -> Result<(), Untaken> {
    match stream.read_chunk(1, true).await {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(refused(Refusal::new(Reason::FrameTrailing, "expected the end of the stream after the frame"))),
        Err(error) => Err(broken(&error)),
    }
}

const fn refused(refusal: Refusal) -> Untaken {
    Untaken::Refused(refusal)
}

fn broken(error: &ReadError) -> Untaken {
    match error {
        ReadError::Reset(_) => refused(Refusal::new(Reason::FrameReset, "expected the end of the stream, found a reset")),
        _ => Untaken::Gone,
    }
}

fn width(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
