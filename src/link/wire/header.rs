//! The header of a message frame: its only encoding, and its strict reading.

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u32, be_u64};

use crate::base::{Header, MessageId, Name, Precedence, Reason, Refusal, Time, Traffic};

use super::{DESTINATIONS_MAX, MEDIA_TYPE_BYTES_MAX};

/// The header's only encoding.
///
/// # Errors
/// `frame.header` where a field has no encoding.
pub fn encode_header(header: &Header) -> Result<Vec<u8>, Refusal> {
    let wrong = |what: &str| Refusal::new(Reason::FrameHeader, what);
    let sent = u64::try_from(header.sent.unix_ns()).map_err(|_| wrong("expected a time sent between 1970 and 2554"))?;
    let destinations: std::collections::BTreeSet<&Name> = header.destinations.iter().collect();
    let count = u8::try_from(destinations.len()).ok().filter(|&n| n > 0 && usize::from(n) <= DESTINATIONS_MAX);
    let count = count.ok_or_else(|| wrong("expected 1 to 64 destinations"))?;
    if !media_type_fits(header.media_type.as_bytes()) {
        return Err(wrong("expected a media type such as `application/cot+xml`, or none"));
    }
    let label = header.label.as_deref().unwrap_or("");
    if header.label.as_deref() == Some("") {
        return Err(wrong("expected a detached label with text, or none"));
    }
    let label_bytes = u32::try_from(label.len()).map_err(|_| wrong("expected a detached label below 4 GiB"))?;

    let mut out = Vec::with_capacity(label.len().saturating_add(256));
    out.extend_from_slice(header.id.bytes());
    out.push(precedence_byte(header.precedence));
    out.push(match header.traffic {
        Traffic::Operation => 0,
        Traffic::Exercise => 1,
    });
    out.extend_from_slice(&sent.to_be_bytes());
    out.push(count);
    for name in destinations {
        push_short(&mut out, name.as_str());
    }
    push_short(&mut out, &header.media_type);
    out.extend_from_slice(&label_bytes.to_be_bytes());
    out.extend_from_slice(label.as_bytes());
    Ok(out)
}

/// Reads a header that fills `bytes` exactly.
///
/// # Errors
/// `frame.header` with the field that is wrong.
pub fn decode_header(bytes: &[u8]) -> Result<Header, Refusal> {
    let wrong = |what: String| Refusal::new(Reason::FrameHeader, what);
    let (rest, raw) = header_fields(bytes).map_err(|_| wrong("expected the header's fields to fill the bytes that the prelude states".to_owned()))?;
    if !rest.is_empty() {
        return Err(wrong(format!("expected the header to end with its label, found {} bytes more", rest.len())));
    }
    let mut id = [0_u8; 16];
    id.copy_from_slice(raw.id);
    let id = MessageId::from_bytes(id).ok_or_else(|| wrong("expected a UUID of version 7 as message id".to_owned()))?;
    let precedence = precedence_of(raw.precedence).ok_or_else(|| wrong(format!("expected a precedence of 0 to 3, found {}", raw.precedence)))?;
    let traffic = match raw.traffic {
        0 => Traffic::Operation,
        1 => Traffic::Exercise,
        other => return Err(wrong(format!("expected traffic 0 or 1, found {other}"))),
    };
    let sent = Time::from_unix_ns(i128::from(raw.sent)).ok_or_else(|| wrong("expected a time sent between 1970 and 2554".to_owned()))?;
    let destinations = destinations_of(&raw.destinations)?;
    if !media_type_fits(raw.media_type) {
        return Err(wrong("expected a media type such as `application/cot+xml`, or none".to_owned()));
    }
    let text = |part: &[u8], what: &str| std::str::from_utf8(part).map(str::to_owned).map_err(|_| wrong(format!("expected {what} in UTF-8")));
    let media_type = text(raw.media_type, "the media type")?;
    let label = Some(text(raw.label, "the detached label")?).filter(|label| !label.is_empty());
    Ok(Header { id, precedence, destinations, media_type, traffic, sent, label })
}

struct RawHeader<'a> {
    id: &'a [u8],
    precedence: u8,
    traffic: u8,
    sent: u64,
    destinations: Vec<&'a [u8]>,
    media_type: &'a [u8],
    label: &'a [u8],
}

fn header_fields(bytes: &[u8]) -> IResult<&[u8], RawHeader<'_>> {
    let (rest, (id, precedence, traffic, sent, count)) = (take(16_usize), be_u8, be_u8, be_u64, be_u8).parse(bytes)?;
    let (rest, destinations) = nom::multi::count(short, usize::from(count)).parse(rest)?;
    let (rest, (media_type, label_bytes)) = (short, be_u32).parse(rest)?;
    let (rest, label) = take(label_bytes).parse(rest)?;
    Ok((rest, RawHeader { id, precedence, traffic, sent, destinations, media_type, label }))
}

fn short(bytes: &[u8]) -> IResult<&[u8], &[u8]> {
    let (rest, length) = be_u8(bytes)?;
    take(length).parse(rest)
}

/// Callers hold `text` below 128 bytes.
fn push_short(out: &mut Vec<u8>, text: &str) {
    out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(text.as_bytes());
}

fn destinations_of(raw: &[&[u8]]) -> Result<Vec<Name>, Refusal> {
    let wrong = |what: &str| Refusal::new(Reason::FrameHeader, what);
    if raw.is_empty() || raw.len() > DESTINATIONS_MAX {
        return Err(wrong("expected 1 to 64 destinations"));
    }
    if raw.windows(2).any(|pair| pair.first() >= pair.last()) {
        return Err(wrong("expected destinations in ascending order, each once"));
    }
    let name = |part: &&[u8]| std::str::from_utf8(part).ok().and_then(Name::new);
    raw.iter().map(|part| name(part).ok_or_else(|| wrong("expected each destination as 1 to 64 of `a-z A-Z 0-9 . _ / + -`"))).collect()
}

/// SPEC: RFC 6838 section 4.2, lower case, with parameters but without spaces or quotes, so that one type has one spelling.
pub(super) fn media_type_fits(bytes: &[u8]) -> bool {
    let token = |part: &[u8]| {
        part.first().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && part.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(b))
    };
    if bytes.is_empty() {
        return true;
    }
    let mut parts = bytes.split(|&b| b == b';');
    let essence = parts.next().unwrap_or_default();
    let mut halves = essence.split(|&b| b == b'/');
    let essence_fits = halves.next().is_some_and(token) && halves.next().is_some_and(token) && halves.next().is_none();
    let parameter_fits = |part: &[u8]| {
        let mut sides = part.split(|&b| b == b'=');
        sides.next().is_some_and(token) && sides.next().is_some_and(token) && sides.next().is_none()
    };
    bytes.len() <= MEDIA_TYPE_BYTES_MAX && essence_fits && parts.all(parameter_fits)
}

const fn precedence_byte(precedence: Precedence) -> u8 {
    match precedence {
        Precedence::Routine => 0,
        Precedence::Priority => 1,
        Precedence::Immediate => 2,
        Precedence::Flash => 3,
    }
}

const fn precedence_of(byte: u8) -> Option<Precedence> {
    match byte {
        0 => Some(Precedence::Routine),
        1 => Some(Precedence::Priority),
        2 => Some(Precedence::Immediate),
        3 => Some(Precedence::Flash),
        _ => None,
    }
}
