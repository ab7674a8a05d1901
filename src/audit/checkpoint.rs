//! Checkpoints: "the first so many records have this root", signed (C2SP tlog-checkpoint), and the notary that makes them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{SignerKey, VerifierKey};
use crate::base::{Digest, Fault, Precedence, Time};
use crate::journal::{Checkpointed, Denied, Event, Journal};

/// What a checkpoint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Records covered.
    pub size: u64,
    /// Root hash over them.
    pub root: Digest,
}

impl Checkpoint {
    /// The signed note.
    // SPEC: C2SP tlog-checkpoint, "Note text": origin, size, root in base64; no extension lines.
    #[must_use]
    pub fn sign(&self, key: &SignerKey) -> String {
        key.sign(&format!("{}\n{}\n{}\n", key.verifier().name(), self.size, STANDARD.encode(self.root.0)))
    }

    /// Reads a signed note of this key, whose origin must be the key's name.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, String> {
        let text = key.open(note)?;
        let mut lines = text.lines();
        let (origin, size, root, rest) = (lines.next(), lines.next(), lines.next(), lines.next());
        if origin != Some(key.name()) {
            return Err(format!("the origin of the checkpoint is not `{}`", key.name()));
        }
        let size = size
            .and_then(|text| text.parse::<u64>().ok().filter(|size| size.to_string() == text))
            .ok_or("the size of the checkpoint is no number")?;
        let root = root
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or("the root of the checkpoint is no hash")?;
        match rest {
            None => Ok(Self { size, root: Digest(root) }),
            Some(_) => Err("the checkpoint has extension lines; expected origin, size and root".to_owned()),
        }
    }
}

/// When checkpoints are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// After so many records: 1024 by default, so that a change is narrowed down to them.
    pub records: u64,
    /// After so many seconds with a record in them: 60 by default, so that what is not signed yet is a minute old at most.
    pub seconds: u32,
}

impl Default for Intervals {
    fn default() -> Self {
        Self { records: 1024, seconds: 60 }
    }
}

/// Makes checkpoints: signs the tree, records the note, and puts it where witnesses can fetch it.
///
/// The last note also stands in a file beside the journal: records cut off its end are missed by comparing with it.
#[derive(Debug)]
pub struct Notary {
    key: SignerKey,
    intervals: Intervals,
    file: PathBuf,
    last: Mutex<Option<Time>>,
}

/// The file of the last checkpoint, beside the journal.
pub(super) const FILE: &str = "checkpoint";

impl Notary {
    /// A notary for the journal of a folder.
    #[must_use]
    pub fn new(key: SignerKey, intervals: Intervals, folder: &Path) -> Self {
        Self { key, intervals, file: folder.join(FILE), last: Mutex::new(None) }
    }

    /// What verifies the checkpoints.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// Makes a checkpoint where one is due; to be called every second or so.
    ///
    /// # Errors
    /// Where the journal or the file fails.
    pub async fn tend(&self, journal: &dyn Journal, now: Time) -> Result<Option<Checkpoint>, Fault> {
        let head = journal.head().await?;
        // A checkpoint is a record too: it alone is no reason for the next one.
        let unsigned = head.size.saturating_sub(head.checkpoint_size).saturating_sub(u64::from(head.checkpoint_next > 0));
        let waited = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            now.seconds_since(*last.get_or_insert(now))
        };
        let due = unsigned >= self.intervals.records || (unsigned > 0 && waited >= i64::from(self.intervals.seconds));
        if due { self.checkpoint(journal, now).await.map(Some) } else { Ok(None) }
    }

    /// Makes a checkpoint now.
    ///
    /// # Errors
    /// Where the journal or the file fails.
    pub async fn checkpoint(&self, journal: &dyn Journal, now: Time) -> Result<Checkpoint, Fault> {
        let head = journal.head().await?;
        let checkpoint = Checkpoint { size: head.size, root: head.root };
        let note = checkpoint.sign(&self.key);
        let event = Event::Checkpointed(Checkpointed { number: head.checkpoint_next, size: head.size, note: note.clone() });
        let appended = journal.append(vec![event], Precedence::Immediate).await;
        match appended {
            Ok(_) => (),
            Err(Denied::Fault(fault)) => return Err(fault),
            Err(other) => return Err(Fault::new(format!("a checkpoint was not taken: {other}"))),
        }
        write_note(&self.file, &note)?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(checkpoint)
    }
}

/// Puts the note in place of the last one, durably: a reader finds one or the other.
fn write_note(path: &Path, note: &str) -> Result<(), Fault> {
    let failed = |e| Fault::from_cause(format!("the checkpoint `{}` cannot be written", path.display()), e);
    let new = path.with_extension("new");
    let mut file = std::fs::File::create(&new).map_err(failed)?;
    file.write_all(note.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)?;
    path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder).and_then(|folder| folder.sync_all())).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SignerKey {
        SignerKey::create(&tempfile::tempdir().unwrap().path().join("k"), "gbr.example/vestibule").unwrap()
    }

    #[test]
    fn a_checkpoint_reads_back_under_its_own_key_only() {
        let (ours, theirs) = (key(), key());
        let checkpoint = Checkpoint { size: 20_852_163, root: Digest::of(b"root") };
        let note = checkpoint.sign(&ours);
        assert!(note.starts_with("gbr.example/vestibule\n20852163\n"));
        assert_eq!(Checkpoint::open(&note, ours.verifier()), Ok(checkpoint));
        assert!(Checkpoint::open(&note, theirs.verifier()).is_err());
    }

    #[test]
    fn a_signed_text_that_is_no_checkpoint_is_refused() {
        let key = key();
        let root = STANDARD.encode([0_u8; 32]);
        for text in [
            "gbr.example/vestibule\n1\n".to_owned(),
            format!("other.example\n1\n{root}\n"),
            format!("gbr.example/vestibule\n01\n{root}\n"),
            format!("gbr.example/vestibule\n+1\n{root}\n"),
            format!("gbr.example/vestibule\n1\n{}\n", STANDARD.encode([0_u8; 31])),
            format!("gbr.example/vestibule\n1\n{root}\nextension\n"),
        ] {
            assert!(Checkpoint::open(&key.sign(&text), key.verifier()).is_err(), "{text}");
        }
    }
}
