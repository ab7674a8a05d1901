//! How edits cross a wall between processes: CBOR, strict, one spelling for each list.
//!
//! Decoding distrusts: an action that no transform has, a number that is not in its one spelling, or a list out of order is refused.

use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{Encode, Encoder, Write};

use super::edit::{ACTIONS, Change, Edit, Edits};
use super::{NodeId, Unit, Value};
use crate::base::{Decimal, Time};

type Written<W> = Result<(), minicbor::encode::Error<<W as Write>::Error>>;

/// Fields of an edit.
const FIELDS: u64 = 5;

impl<C> Encode<C> for Edits {
    fn encode<W: Write>(&self, out: &mut Encoder<W>, context: &mut C) -> Written<W> {
        out.array(u64::try_from(self.len()).unwrap_or(u64::MAX))?;
        for edit in self.iter() {
            out.array(FIELDS)?.u32(edit.node.number())?.str(&edit.path)?.str(edit.action)?.str(&edit.rule)?;
            match &edit.change {
                Change::Remove => out.null()?.ok()?,
                Change::Replace(value) => write(value, out, context)?,
            }
        }
        Ok(())
    }
}

fn write<C, W: Write>(value: &Value<'_>, out: &mut Encoder<W>, context: &mut C) -> Written<W> {
    match value {
        Value::Empty => out.array(1)?.u8(0)?.ok(),
        Value::Text(text) => out.array(2)?.u8(1)?.str(text)?.ok(),
        Value::Number(number, unit) => {
            out.array(3)?.u8(2)?.str(&number.to_string())?;
            unit.encode(out, context)
        }
        Value::Time(time) => out.array(2)?.u8(3)?.str(&time.to_string())?.ok(),
        Value::Flag(flag) => out.array(2)?.u8(4)?.bool(*flag)?.ok(),
    }
}

impl<'b, C> Decode<'b, C> for Edits {
    fn decode(from: &mut Decoder<'b>, context: &mut C) -> Result<Self, Error> {
        let count = from.array()?.ok_or_else(|| Error::message("a list of edits has no length"))?;
        let (mut edits, mut last) = (Self::default(), None);
        for _ in 0..count {
            let edit = edit(from, context)?;
            if last.is_some_and(|last| last >= edit.node) {
                return Err(Error::message("edits are not in document order"));
            }
            last = Some(edit.node);
            edits.add(edit);
        }
        Ok(edits)
    }
}

fn edit<C>(from: &mut Decoder<'_>, context: &mut C) -> Result<Edit, Error> {
    if from.array()? != Some(FIELDS) {
        return Err(Error::message("an edit has not five fields"));
    }
    let (node, path, word, rule) = (NodeId::at(from.u32()?), from.str()?.to_owned(), from.str()?, from.str()?.into());
    let action = ACTIONS.into_iter().find(|action| *action == word).ok_or_else(|| Error::message("an edit has an action that nothing makes"))?;
    let change = if from.datatype()? == minicbor::data::Type::Null {
        from.null()?;
        Change::Remove
    } else {
        Change::Replace(read(from, context)?)
    };
    Ok(Edit { node, path, action, rule, change })
}

fn read<C>(from: &mut Decoder<'_>, context: &mut C) -> Result<Value<'static>, Error> {
    let fields = from.array()?;
    match (from.u8()?, fields) {
        (0, Some(1)) => Ok(Value::Empty),
        (1, Some(2)) => Ok(Value::Text(from.str()?.to_owned().into())),
        (2, Some(3)) => {
            let text = from.str()?;
            let number = Decimal::parse(text).filter(|number| number.to_string() == text);
            Ok(Value::Number(number.ok_or_else(|| Error::message("a number is not in its one spelling"))?, Unit::decode(from, context)?))
        }
        (3, Some(2)) => {
            let text = from.str()?;
            let time = Time::parse(text).filter(|time| time.to_string() == text);
            Ok(Value::Time(time.ok_or_else(|| Error::message("a time is not in its one spelling"))?))
        }
        (4, Some(2)) => Ok(Value::Flag(from.bool()?)),
        _ => Err(Error::message("a value is of no known kind")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits() -> Edits {
        let values = [
            Change::Remove,
            Change::Replace(Value::Empty),
            Change::Replace(Value::Text("words".into())),
            Change::Replace(Value::Number(Decimal::parse("-12.5").unwrap(), Unit::Latitude)),
            Change::Replace(Value::Time(Time::parse("2026-11-23T08:00:01Z").unwrap())),
            Change::Replace(Value::Flag(true)),
        ];
        let mut edits = Edits::default();
        for ((at, change), action) in (1..).zip(values).zip(ACTIONS) {
            edits.add(Edit { node: NodeId::at(at), path: format!("/event/@{at}"), action, rule: "words.txt:1".into(), change });
        }
        edits
    }

    #[test]
    fn edits_read_back_and_changed_bytes_never_read_as_the_same_edits() {
        let bytes = minicbor::to_vec(edits()).unwrap();
        assert_eq!(minicbor::decode::<Edits>(&bytes).unwrap(), edits());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let read = minicbor::decode::<Edits>(&changed);
                assert!(read.as_ref().map_or(true, |read| *read != edits()), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn edits_out_of_order_or_of_unknown_action_are_refused() {
        let one = |node: u32, action: &str| {
            let mut out = Encoder::new(Vec::new());
            out.array(FIELDS).unwrap().u32(node).unwrap().str("/a").unwrap().str(action).unwrap().str("").unwrap().null().unwrap();
            out.into_writer()
        };
        let list = |edits: &[Vec<u8>]| {
            let mut out = Encoder::new(Vec::new());
            out.array(u64::try_from(edits.len()).unwrap()).unwrap();
            [out.into_writer(), edits.concat()].concat()
        };
        let reads = |edits: &[Vec<u8>]| minicbor::decode::<Edits>(&list(edits)).is_ok();
        assert!(reads(&[one(1, "remove"), one(2, "withhold")]));
        assert!(!reads(&[one(2, "remove"), one(1, "remove")]) && !reads(&[one(1, "remove"), one(1, "remove")]));
        assert!(!reads(&[one(1, "declassify")]));
    }
}
