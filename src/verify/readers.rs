//! The table of second readers: one row for each format, beside the first reader's table and never from it.
//!
//! A row says how the second half recognises a body of its format, reads it, checks what the whole must be, spells it, and where its
//! markings stand. The rest of [`super::reread`] knows no format.

use super::mark::Mark;
use super::portion::{Mention, Portion};
use super::second::Second;
use super::{cot, mail, misp, mtf, nffi, oth, place, stix, tak};
use crate::base::{Reason, Refusal, Span};

/// A row of the table.
#[derive(Debug)]
pub(super) struct Reader {
    /// The format's name, as the first half calls it.
    pub(super) name: &'static str,
    /// Whether a body is of this format: cheap, from the bytes.
    pub(super) claims: fn(&[u8]) -> bool,
    /// Reads a whole body; one line says what was expected.
    pub(super) read: for<'a> fn(&'a [u8]) -> Result<Second<'a>, &'static str>,
    /// Checks what a message of this format must be, in original and result alike; one line says what was expected.
    pub(super) check: fn(&Second<'_>) -> Result<(), &'static str>,
    /// How the one spelling of a result is checked.
    pub(super) spelling: Canonical,
    /// Every marking of the message as a whole; [`super::portion::whole`] where only parts are marked.
    pub(super) marks: fn(&Second<'_>) -> Vec<Mark>,
    /// The parts that carry markings of their own, in document order; [`super::portion::whole`] where messages are one part.
    pub(super) portions: fn(&Second<'_>) -> Vec<Portion>,
    /// The parts that are messages of their own, attached to this one, in document order; [`super::portion::whole`] where there are none.
    pub(super) attached: fn(&Second<'_>) -> Vec<usize>,
    /// Who mentions whom among the parts.
    pub(super) mentions: fn(&Second<'_>) -> Vec<Mention>,
}

/// How the one spelling of a result is checked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Canonical {
    /// Piece by piece against the bytes, without writing.
    Compared(fn(&[u8], &Second<'_>) -> Result<(), Departure>),
    /// Written whole from the tree, then compared.
    Written(fn(&Second<'_>) -> Result<Vec<u8>, &'static str>),
    /// The same, but for messages of other formats that stand in the bytes: each is checked by its own reader's row, then taken over.
    Around(fn(&[u8], &Second<'_>) -> Result<Vec<u8>, &'static str>),
}

/// Where a result leaves its canonical spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Departure {
    /// Number of the node.
    pub(super) node: usize,
    /// What was expected.
    pub(super) expected: &'static str,
}

/// The second readers.
static READERS: &[Reader] = &[cot::READER, tak::READER, nffi::READER, mtf::READER, oth::READER, stix::READER, misp::READER, mail::READER];

/// The one reader that claims a body.
///
/// # Errors
/// One line: that none does, or more than one.
pub(super) fn identify(body: &[u8]) -> Result<&'static Reader, &'static str> {
    let mut claims = READERS.iter().filter(|reader| (reader.claims)(body));
    match (claims.next(), claims.next()) {
        (Some(reader), None) => Ok(reader),
        (None, _) => Err("no second reader claims the bytes"),
        (Some(_), Some(_)) => Err("more than one second reader claims the bytes"),
    }
}

/// The one reader that claims the bytes of an attachment; none where nobody does.
///
/// # Errors
/// One line: that more than one does.
pub(super) fn attached(bytes: &[u8]) -> Result<Option<&'static Reader>, &'static str> {
    if READERS.iter().all(|reader| !(reader.claims)(bytes)) { Ok(None) } else { identify(bytes).map(Some) }
}

/// The reader of a name.
pub(super) fn by_name(name: &str) -> Option<&'static Reader> {
    READERS.iter().find(|reader| reader.name == name)
}

impl Canonical {
    /// Checks a result against the tree that was read from it.
    ///
    /// # Errors
    /// `verify.canonical` with the path or the byte at which it leaves the canonical spelling.
    pub(super) fn check(self, bytes: &[u8], tree: &Second<'_>) -> Result<(), Refusal> {
        match self {
            Self::Compared(compare) => compare(bytes, tree).map_err(|departure| {
                let path = tree.part(departure.node).map(place::path).unwrap_or_default();
                Refusal::new(Reason::VerifyCanonical, departure.expected).on(path)
            }),
            Self::Written(write) => same(write(tree), bytes),
            Self::Around(write) => same(write(bytes, tree), bytes),
        }
    }
}

/// Whether what was written is what stands there.
fn same(written: Result<Vec<u8>, &'static str>, bytes: &[u8]) -> Result<(), Refusal> {
    let written = written.map_err(|expected| Refusal::new(Reason::VerifyCanonical, expected))?;
    if written == bytes {
        return Ok(());
    }
    let at = written.iter().zip(bytes).position(|(a, b)| a != b).unwrap_or(written.len().min(bytes.len()));
    Err(Refusal::at(Reason::VerifyCanonical, Span::new(at, at), "expected the canonical spelling"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_second_reader_of_its_name() {
        let first: std::collections::BTreeSet<_> = crate::format::FORMATS.iter().map(|format| format.name).collect();
        let second: std::collections::BTreeSet<_> = READERS.iter().map(|reader| reader.name).collect();
        assert_eq!(first, second);
    }

    #[test]
    fn what_no_reader_claims_is_not_identified() {
        assert_eq!(identify(b"").map(|reader| reader.name), Err("no second reader claims the bytes"));
        assert_eq!(identify(b"<event/>").map(|reader| reader.name), Ok("cot"));
    }

    #[test]
    fn what_was_written_whole_is_compared_to_the_byte() {
        let written = Canonical::Written(|tree| tree.root().map(|root| root.name().1.as_bytes().to_vec()).ok_or("expected a root"));
        let mut tree = Second::default();
        assert_eq!(written.check(b"abc", &tree).unwrap_err().detail, "expected a root");
        tree.open("", "abc");
        tree.close();
        assert_eq!(written.check(b"abc", &tree), Ok(()));
        for (bytes, at) in [("abd", 2), ("ab", 2), ("abcd", 3)] {
            assert_eq!(written.check(bytes.as_bytes(), &tree).unwrap_err().place.span, Some(Span::new(at, at)), "{bytes}");
        }
    }
}
