//! A recall as a gateway passes it on: which copies of the recipient it is about, by the identities that the recipient knows, and the signed recall itself.

use super::Statement;
use crate::base::encoding::Word;
use crate::base::{Digest, MessageId, Reason, Refusal};

/// The first line.
const FIRST: &str = "vestibule notice 1";

/// A recall that a gateway passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The recipient's copies: identity and SHA-256 of each, as they were delivered.
    pub copies: Vec<(MessageId, Digest)>,
    /// The signed recall.
    pub note: String,
    /// What it says. Its signature is not checked here: the recipient may not have the key.
    pub recall: Statement,
}

/// The text of a notice.
pub fn notice(copies: impl Iterator<Item = (MessageId, Digest)>, note: &str) -> String {
    let lines: String = copies.map(|(id, digest)| format!("copy {id} {digest}\n")).collect();
    format!("{FIRST}\n{lines}\n{note}")
}

impl Notice {
    /// Reads a notice.
    ///
    /// # Errors
    /// `consent.malformed`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let wrong = || Refusal::new(Reason::ConsentMalformed, "expected a notice of copies and the recall of them");
        let (head, note) = text.split_once("\n\n").ok_or_else(wrong)?;
        let mut lines = head.lines();
        if lines.next() != Some(FIRST) {
            return Err(wrong());
        }
        let copy = |line: &str| {
            let (id, digest) = line.strip_prefix("copy ")?.split_once(' ')?;
            Some((id.parse().ok()?, Digest::of_text(digest)?))
        };
        let copies = lines.map(copy).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        let (said, _) = note.rsplit_once("\n\n").ok_or_else(wrong)?;
        let recall = Statement::parse(&format!("{said}\n"))?;
        Ok(Self { copies, note: note.to_owned(), recall })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Name, Time};
    use crate::statement::{Recall, Says, SignerKey, Target};

    #[test]
    fn a_notice_reads_back() {
        let (id, digest) = (MessageId::from_parts(1, [1; 10]), Digest::of(b"x"));
        let says = Says::Recall(Recall { target: Target::Content(digest), successor: None });
        let recall = Statement { id, by: Name::new("USA").unwrap(), time: Time::EPOCH, says };
        let note = SignerKey::made("usa.example/s", &[1; 32]).unwrap().0.sign(&recall.text());
        let text = notice([(id, digest), (id, digest)].into_iter(), &note);
        let read = Notice::parse(&text).unwrap();
        assert_eq!((read.copies.len(), read.note, read.recall), (2, note.clone(), recall));
        for wrong in [note, text.replacen("copy", "kopy", 1), text.replacen("notice 1", "notice 2", 1), "x".to_owned()] {
            assert!(Notice::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
