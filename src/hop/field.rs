//! How fields of what is said on hops are written and read, where their own types say nothing of it.

pub(super) mod by_reference {
    use minicbor::encode::{Encoder, Error, Write};

    use crate::base::Name;

    pub(in crate::hop) fn encode<C, W: Write>(value: &&Name, out: &mut Encoder<W>, _: &mut C) -> Result<(), Error<W::Error>> {
        out.str(value.as_str())?.ok()
    }
}

pub(super) mod header_by_reference {
    use minicbor::encode::{Encoder, Error, Write};

    use crate::base::Header;

    pub(in crate::hop) fn encode<C, W: Write>(value: &&Header, out: &mut Encoder<W>, context: &mut C) -> Result<(), Error<W::Error>> {
        crate::base::encoding::header::encode(value, out, context)
    }
}

/// Bytes that several hold.
pub(super) mod shared {
    use std::sync::Arc;

    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    pub(in crate::hop) fn encode<C, W: Write>(value: &Arc<[u8]>, out: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        out.bytes(value)?.ok()
    }

    pub(in crate::hop) fn decode<C>(from: &mut Decoder<'_>, _: &mut C) -> Result<Arc<[u8]>, Error> {
        Ok(from.bytes()?.into())
    }
}

/// A refusal: code, span or null, path, detail.
pub(super) mod refusal {
    use minicbor::decode::{Decode, Decoder, Error};
    use minicbor::encode::{self, Encode, Encoder, Write};

    use crate::base::encoding::word;
    use crate::base::{Refusal, Span};

    pub(in crate::hop) fn encode<C, W: Write>(value: &Refusal, out: &mut Encoder<W>, context: &mut C) -> Result<(), encode::Error<W::Error>> {
        out.array(4)?;
        word::encode(&value.reason, out, context)?;
        value.place.span.map(|span| (span.start, span.end)).encode(out, context)?;
        out.str(&value.place.path)?.str(&value.detail)?.ok()
    }

    pub(in crate::hop) fn decode<C>(from: &mut Decoder<'_>, context: &mut C) -> Result<Refusal, Error> {
        if from.array()? != Some(4) {
            return Err(Error::message("a refusal has not four fields"));
        }
        let reason = word::decode(from, context)?;
        let span = Option::<(u32, u32)>::decode(from, context)?.map(|(start, end)| Span { start, end });
        let path = from.str()?.to_owned();
        let mut refusal = Refusal::new(reason, from.str()?).on(path);
        refusal.place.span = span;
        Ok(refusal)
    }
}

/// Waivers: whether a clause's review was granted, the findings, the paths that are taken out, and under which rule.
pub(super) mod waivers {
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    use crate::base::Reason;
    use crate::base::encoding::word;
    use crate::filter::{ClauseReview, Waiver, Waivers};

    pub(in crate::hop) fn encode<C, W: Write>(value: &Waivers, out: &mut Encoder<W>, context: &mut C) -> Result<(), encode::Error<W::Error>> {
        out.array(4)?.bool(value.clause_review == ClauseReview::Granted)?;
        out.array(u64::try_from(value.findings.len()).unwrap_or(u64::MAX))?;
        for waiver in &value.findings {
            out.array(3)?;
            word::encode(&waiver.code, out, context)?;
            out.str(&waiver.rule)?.str(&waiver.path)?;
        }
        out.array(u64::try_from(value.removed.paths.len()).unwrap_or(u64::MAX))?;
        for path in &value.removed.paths {
            out.str(path)?;
        }
        out.str(&value.removed.rule)?.ok()
    }

    pub(in crate::hop) fn decode<C>(from: &mut Decoder<'_>, context: &mut C) -> Result<Waivers, Error> {
        let wrong = || Error::message("waivers are not in their form");
        if from.array()? != Some(4) {
            return Err(wrong());
        }
        let clause_review = if from.bool()? { ClauseReview::Granted } else { ClauseReview::Pending };
        let count = from.array()?.ok_or_else(wrong)?;
        let mut all = Waivers { clause_review, ..Waivers::default() };
        for _ in 0..count {
            if from.array()? != Some(3) {
                return Err(wrong());
            }
            let code: Reason = word::decode(from, context)?;
            all.findings.insert(Waiver { code, rule: from.str()?.into(), path: from.str()?.to_owned() });
        }
        for _ in 0..from.array()?.ok_or_else(wrong)? {
            all.removed.paths.insert(from.str()?.to_owned());
        }
        all.removed.rule = from.str()?.into();
        Ok(all)
    }
}
