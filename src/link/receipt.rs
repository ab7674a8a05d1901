//! The receipt: the answer to one message, of constant shape and size, that tells a peer a coarse class and no more.
//!
//! A repeated message gets its first receipt again, so a repetition cannot be told from a first delivery; a message
//! that is later held or rejected was `accepted` like any other. Proves nothing by itself: it is read from a link whose
//! peer has proved who it is.

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u64};

use crate::base::reason::Class;
use crate::base::{Digest, MessageId, Reason, Refusal, Time};

/// What a peer learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// The message is durable here, now or since an earlier time.
    Accepted,
    /// The frame broke the link's rules; sending it again will not help.
    Frame,
    /// A limit was exceeded; smaller or slower may help.
    Limit,
    /// Nothing is wrong with the message; send it again later with the same id.
    Busy,
}

impl Status {
    /// What a peer may learn of a reason.
    #[must_use]
    pub const fn of(reason: Reason) -> Self {
        match (reason, reason.class()) {
            (Reason::SizeBusy, _) => Self::Busy,
            (_, Class::Frame) => Self::Frame,
            (_, Class::Limit) => Self::Limit,
            (_, Class::Internal) => Self::Accepted,
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Frame => "refused: frame",
            Self::Limit => "refused: limit",
            Self::Busy => "busy",
        }
    }

    const fn byte(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Frame => 1,
            Self::Limit => 2,
            Self::Busy => 3,
        }
    }
}

/// The answer to one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The coarse class.
    pub status: Status,
    /// The message; `None` where its header could not be read.
    pub id: Option<MessageId>,
    /// SHA-256 of the accepted body; zeros where nothing was accepted.
    pub digest: Digest,
    /// The how-manieth message that was accepted *from this peer*; 0 where nothing was accepted.
    ///
    /// Never a position in the whole journal: that would tell each peer how much the others send.
    pub position: u64,
    /// When the answer was made, to the millisecond.
    pub at: Time,
}

impl Receipt {
    /// Bytes of every receipt.
    pub const BYTES: usize = 128;
    const MAGIC: &'static [u8; 4] = b"VSTR";
    const PADDING: usize = 56;

    /// The receipt of a message that is durable.
    #[must_use]
    pub const fn accepted(id: MessageId, digest: Digest, position: u64, at: Time) -> Self {
        Self { status: Status::Accepted, id: Some(id), digest, position, at }
    }

    /// The receipt of a message that was not taken.
    #[must_use]
    pub const fn refused(status: Status, id: Option<MessageId>, at: Time) -> Self {
        Self { status, id, digest: Digest([0; 32]), position: 0, at }
    }

    /// The 128 bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::BYTES);
        out.extend_from_slice(Self::MAGIC);
        out.push(1);
        out.push(self.status.byte());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(self.id.as_ref().map_or([0_u8; 16].as_slice(), |id| id.bytes()));
        out.extend_from_slice(&self.digest.0);
        out.extend_from_slice(&self.position.to_be_bytes());
        out.extend_from_slice(&u64::try_from(self.at.unix_ms()).unwrap_or(0).to_be_bytes());
        out.resize(Self::BYTES, 0);
        out
    }

    /// Reads a receipt that fills `bytes` exactly.
    ///
    /// # Errors
    /// `frame.header` where the bytes are not exactly one receipt.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let wrong = |what: &str| Refusal::new(Reason::FrameHeader, format!("expected a receipt of 128 bytes, found {what}"));
        let (rest, raw) = fields(bytes).map_err(|_| wrong("fewer"))?;
        if rest.len() != Self::PADDING || rest.iter().any(|&byte| byte != 0) {
            return Err(wrong("other bytes than zeros at its end"));
        }
        let (front, status, id, digest, position, ms) = raw;
        if front != b"VSTR\x01" {
            return Err(wrong("another kind of answer"));
        }
        let status = match status {
            0 => Status::Accepted,
            1 => Status::Frame,
            2 => Status::Limit,
            3 => Status::Busy,
            _ => return Err(wrong("an unknown status")),
        };
        let id = if id == [0; 16] { None } else { Some(MessageId::from_bytes(id).ok_or_else(|| wrong("a malformed message id"))?) };
        let at = i64::try_from(ms).ok().and_then(Time::from_unix_ms).ok_or_else(|| wrong("a malformed time"))?;
        let taken = id.is_some() && digest != Digest([0; 32]) && position > 0;
        let nothing = digest == Digest([0; 32]) && position == 0;
        match status {
            Status::Accepted if !taken => Err(wrong("an acceptance without id, digest and position")),
            Status::Frame | Status::Limit | Status::Busy if !nothing => Err(wrong("a refusal with digest or position")),
            _ => Ok(Self { status, id, digest, position, at }),
        }
    }
}

type Fields<'a> = (&'a [u8], u8, [u8; 16], Digest, u64, u64);

fn fields(bytes: &[u8]) -> IResult<&[u8], Fields<'_>> {
    let (rest, (front, status, gap)) = (take(5_usize), be_u8, take(2_usize)).parse(bytes)?;
    if gap != [0, 0] {
        return Err(nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::Verify)));
    }
    let (rest, (id, digest, position, ms)) = (take(16_usize), take(32_usize), be_u64, be_u64).parse(rest)?;
    let mut id_bytes = [0_u8; 16];
    id_bytes.copy_from_slice(id);
    let mut digest_bytes = [0_u8; 32];
    digest_bytes.copy_from_slice(digest);
    Ok((rest, (front, status, id_bytes, Digest(digest_bytes), position, ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> MessageId {
        "018f2b6e-7c3a-7d2e-9c41-2f0a6b1c3d4e".parse().unwrap()
    }

    fn at() -> Time {
        Time::from_unix_ms(1_767_323_045_123).unwrap()
    }

    #[test]
    fn every_receipt_has_one_size_and_reads_back() {
        let receipts = [
            Receipt::accepted(id(), Digest::of(b"body"), 7, at()),
            Receipt::refused(Status::Frame, None, at()),
            Receipt::refused(Status::Limit, Some(id()), at()),
            Receipt::refused(Status::Busy, Some(id()), at()),
        ];
        for receipt in receipts {
            let bytes = receipt.encode();
            assert_eq!(bytes.len(), Receipt::BYTES);
            assert_eq!(Receipt::decode(&bytes).unwrap(), receipt);
        }
    }

    #[test]
    fn what_decodes_encodes_to_the_same_bytes() {
        let bytes = Receipt::accepted(id(), Digest::of(b"body"), 7, at()).encode();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                if let Ok(read) = Receipt::decode(&changed) {
                    assert_eq!(read.encode(), changed);
                }
            }
        }
        assert!(Receipt::decode(&bytes[..127]).is_err());
        assert!(Receipt::decode(&[bytes, vec![0]].concat()).is_err());
    }

    #[test]
    fn a_receipt_that_contradicts_itself_is_refused() {
        let mut hollow = Receipt::accepted(id(), Digest::of(b"body"), 7, at());
        hollow.position = 0;
        assert!(Receipt::decode(&hollow.encode()).is_err());
        let mut telling = Receipt::refused(Status::Frame, Some(id()), at());
        telling.position = 3;
        assert!(Receipt::decode(&telling.encode()).is_err());
    }

    #[test]
    fn a_peer_learns_nothing_that_is_decided_after_acceptance() {
        for &reason in Reason::ALL {
            match reason.class() {
                Class::Internal => assert_eq!(Status::of(reason), Status::Accepted, "{reason}"),
                Class::Frame => assert_eq!(Status::of(reason), Status::Frame, "{reason}"),
                Class::Limit => assert!(matches!(Status::of(reason), Status::Limit | Status::Busy), "{reason}"),
            }
        }
        assert_eq!(Status::of(Reason::SizeBusy), Status::Busy);
    }
}
