//! How words of `base` stand in a record: as text, so that any CBOR tool shows an officer what was written.
//!
//! The encoding is a function of the value: definite lengths, shortest integers, fields in a fixed order.

use minicbor::decode::{Decode, Decoder};
use minicbor::encode::{Encode, Encoder, Write};

use super::{Digest, Header, MessageId, Name, Outcome, Precedence, Reason, Time, Traffic};

/// A word with one text form.
pub(crate) trait Word: Sized {
    /// The text.
    fn text(&self) -> String;
    /// The word of a text; `None` for every other text than [`Self::text`] gives.
    fn of_text(text: &str) -> Option<Self>;
}

macro_rules! words {
    ($($type:ty = $read:expr;)*) => {
        $(impl Word for $type {
            fn text(&self) -> String { self.to_string() }
            fn of_text(text: &str) -> Option<Self> { $read(text) }
        })*
    };
}

words! {
    Name = Name::new;
    MessageId = |text: &str| text.parse().ok();
    Time = Time::parse;
    Reason = Reason::from_code;
    Precedence = |text: &str| Precedence::ALL.into_iter().find(|one| one.word() == text);
    Outcome = |text: &str| [Outcome::Forward, Outcome::Quarantine, Outcome::Withhold, Outcome::Reject].into_iter().find(|one| one.word() == text);
    Digest = digest_of_text;
}

impl Word for Traffic {
    fn text(&self) -> String {
        match self {
            Self::Operation => "operation".to_owned(),
            Self::Exercise => "exercise".to_owned(),
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        [Self::Operation, Self::Exercise].into_iter().find(|one| one.text() == text)
    }
}

/// The digest that 64 digits in lower case stand for.
pub(crate) fn digest_of_text(text: &str) -> Option<Digest> {
    let mut out = [0_u8; 32];
    if text.len() != 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (at, byte) in out.iter_mut().enumerate() {
        let from = at.checked_mul(2)?;
        *byte = u8::from_str_radix(text.get(from..from.checked_add(2)?)?, 16).ok()?;
    }
    Some(Digest(out))
}

type Written<W> = Result<(), minicbor::encode::Error<<W as Write>::Error>>;
type Read<T> = Result<T, minicbor::decode::Error>;

fn read_word<T: Word>(from: &mut Decoder<'_>) -> Read<T> {
    let at = from.position();
    T::of_text(from.str()?).ok_or_else(|| minicbor::decode::Error::message("a word is not written as this program writes it").at(at))
}

/// A word.
pub(crate) mod word {
    use super::{Decoder, Encoder, Read, Word, Write, Written, read_word};

    pub(crate) fn encode<C, T: Word, W: Write>(value: &T, out: &mut Encoder<W>, _: &mut C) -> Written<W> {
        out.str(&value.text())?.ok()
    }

    pub(crate) fn decode<C, T: Word>(from: &mut Decoder<'_>, _: &mut C) -> Read<T> {
        read_word(from)
    }
}

/// A word, or null.
pub(crate) mod maybe {
    use super::{Decoder, Encoder, Read, Word, Write, Written, read_word};

    pub(crate) fn encode<C, T: Word, W: Write>(value: &Option<T>, out: &mut Encoder<W>, _: &mut C) -> Written<W> {
        match value {
            Some(value) => out.str(&value.text())?.ok(),
            None => out.null()?.ok(),
        }
    }

    pub(crate) fn decode<C, T: Word>(from: &mut Decoder<'_>, _: &mut C) -> Read<Option<T>> {
        if from.datatype()? == minicbor::data::Type::Null {
            from.null()?;
            return Ok(None);
        }
        read_word(from).map(Some)
    }
}

/// A header: an array of seven, in the order of the struct.
pub(crate) mod header {
    use super::{Decode, Decoder, Encode, Encoder, Header, Read, Word, Write, Written, read_word};

    pub(crate) fn encode<C, W: Write>(value: &Header, out: &mut Encoder<W>, context: &mut C) -> Written<W> {
        out.array(7)?.str(&value.id.text())?.str(value.precedence.word())?;
        out.array(u64::try_from(value.destinations.len()).unwrap_or(u64::MAX))?;
        for name in &value.destinations {
            out.str(name.as_str())?;
        }
        out.str(&value.media_type)?.str(&value.traffic.text())?.str(&value.sent.text())?;
        value.label.encode(out, context)
    }

    pub(crate) fn decode<C>(from: &mut Decoder<'_>, context: &mut C) -> Read<Header> {
        let wrong = || minicbor::decode::Error::message("a header is not an array of seven");
        if from.array()? != Some(7) {
            return Err(wrong());
        }
        let (id, precedence) = (read_word(from)?, read_word(from)?);
        let count = from.array()?.ok_or_else(wrong)?;
        let destinations = (0..count).map(|_| read_word(from)).collect::<Read<Vec<_>>>()?;
        Ok(Header {
            id,
            precedence,
            destinations,
            media_type: from.str()?.to_owned(),
            traffic: read_word(from)?,
            sent: read_word(from)?,
            label: Option::<String>::decode(from, context)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_nothing_else_is_read() {
        let digest = Digest::of(b"x");
        assert_eq!(Digest::of_text(&digest.text()), Some(digest));
        assert_eq!(Digest::of_text(&digest.text().to_uppercase()), None);
        assert_eq!(Digest::of_text("+f"), None);
        for one in Precedence::ALL {
            assert_eq!(Precedence::of_text(&one.text()), Some(one));
        }
        for one in [Outcome::Forward, Outcome::Quarantine, Outcome::Withhold, Outcome::Reject] {
            assert_eq!(Outcome::of_text(&one.text()), Some(one));
        }
        for &one in Reason::ALL {
            assert_eq!(Reason::of_text(&one.text()), Some(one));
        }
        assert_eq!(Traffic::of_text("Exercise"), None);
        assert_eq!(Precedence::of_text("flash"), None);
    }
}
