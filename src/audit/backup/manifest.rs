//! What a backup holds, as a text that the gateway's audit key has signed: whoever has the backup can neither change a file of it nor leave one out.

use crate::base::encoding::digest_of_text;
use crate::base::{Digest, Time};

/// The first line of every manifest.
const FIRST: &str = "vestibule backup 1";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Manifest {
    /// When it was made.
    pub made: Time,
    /// Records of the journal in it.
    pub records: u64,
    /// Root hash over them.
    pub root: Digest,
    /// Its files, by path below its folder.
    pub files: Vec<Kept>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Kept {
    /// Path below the folder of the backup, with `/` between its parts.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub digest: Digest,
}

impl Manifest {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let head = format!("{FIRST}\nmade {}\nrecords {}\nroot {}\n", self.made, self.records, self.root);
        self.files.iter().fold(head, |text, file| text + &format!("file {} {} {}\n", file.bytes, file.digest, file.path))
    }

    /// Reads the text; one manifest has one spelling.
    ///
    /// # Errors
    /// One line that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read = || {
            let mut lines = text.lines();
            lines.next().filter(|line| *line == FIRST)?;
            let mut word = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::to_owned);
            let (made, records, root) = (word("made")?, word("records")?, word("root")?);
            let files = lines.map(kept).collect::<Option<_>>()?;
            Some(Self { made: Time::parse(&made)?, records: records.parse().ok()?, root: digest_of_text(&root)?, files })
        };
        let manifest = read().ok_or_else(|| format!("expected a manifest that begins with `{FIRST}`, as `vestibule audit backup` writes it"))?;
        if manifest.text() == text { Ok(manifest) } else { Err("the manifest is not written as `vestibule audit backup` writes it".to_owned()) }
    }
}

fn kept(line: &str) -> Option<Kept> {
    let mut words = line.strip_prefix("file ")?.splitn(3, ' ');
    let (bytes, sum, path) = (words.next()?, words.next()?, words.next()?);
    // A path leads below the folder, or the backup is not read at all.
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    path.split('/').all(plain).then_some(())?;
    Some(Kept { path: path.to_owned(), bytes: bytes.parse().ok()?, digest: digest_of_text(sum)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let file = |path: &str| Kept { path: path.to_owned(), bytes: 7, digest: Digest::of(path.as_bytes()) };
        Manifest {
            made: Time::from_unix_ms(1_700_000_000_000).unwrap(),
            records: 621,
            root: Digest::of(b"root"),
            files: vec![file("journal.db"), file("editions/ab/policies/a b.xml")],
        }
    }

    #[test]
    fn a_manifest_reads_back() {
        assert_eq!(Manifest::parse(&manifest().text()), Ok(manifest()));
    }

    #[test]
    fn a_path_that_leads_elsewhere_and_another_spelling_are_refused() {
        let good = manifest().text();
        for bad in [
            good.replace("journal.db", "../journal.db"),
            good.replace("journal.db", "/etc/passwd"),
            good.replace("journal.db", "a//b"),
            good.replace("records 621", "records 0621"),
            good.replace("backup 1", "backup 2"),
            good.replace("root ", "root A"),
            format!("{good}\n"),
            String::new(),
        ] {
            assert!(Manifest::parse(&bad).is_err(), "{bad}");
        }
    }
}
