//! A letter: a message as a file, with its header in a second file beside it.
//!
//! `track.xml` and `track.xml.header.json` are what `generate` writes, `send`, `inspect` and `receive --outgoing` read, and
//! `receive` keeps. A header file that has unknown keys, or lacks some, is refused: nothing is guessed about a message.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::{Fault, Header, MessageId, Name, Precedence, Time, Traffic};

/// What ends the name of a header's file.
pub(super) const HEADER_SUFFIX: &str = ".header.json";
/// Bytes of a header file at most: 256 KiB, four times the header on the wire.
const HEADER_BYTES_MAX: u64 = 256 * 1024;
/// Bytes of a message file at most: 16 MiB, as the path takes.
const BODY_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A header as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope {
    pub(super) id: String,
    pub(super) precedence: Precedence,
    pub(super) to: Vec<Name>,
    pub(super) media_type: String,
    pub(super) traffic: Traffic,
    pub(super) sent: Time,
    pub(super) label: Option<String>,
}

impl From<&Header> for Envelope {
    fn from(header: &Header) -> Self {
        Self {
            id: header.id.to_string(),
            precedence: header.precedence,
            to: header.destinations.clone(),
            media_type: header.media_type.clone(),
            traffic: header.traffic,
            sent: header.sent,
            label: header.label.clone(),
        }
    }
}

impl Envelope {
    pub(super) fn header(self) -> Result<Header, String> {
        let id: MessageId = self.id.parse()?;
        let Self { precedence, to: destinations, media_type, traffic, sent, label, .. } = self;
        Ok(Header { id, precedence, destinations, media_type, traffic, sent, label })
    }
}

/// Where the header of a message file stands.
pub(super) fn beside(body: &Path) -> PathBuf {
    let mut name = body.as_os_str().to_owned();
    name.push(HEADER_SUFFIX);
    name.into()
}

/// Reads a message file.
pub(super) fn body(path: &Path) -> Result<Vec<u8>, Fault> {
    limited(path, BODY_BYTES_MAX)
}

/// Reads a header file; `None` where there is none.
pub(super) fn header(path: &Path) -> Result<Option<Header>, Fault> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = limited(path, HEADER_BYTES_MAX)?;
    let wrong = |error: String| Fault::new(format!("the header `{}` is not one: {error}", path.display()));
    let envelope: Envelope = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    envelope.header().map(Some).map_err(wrong)
}

fn limited(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Fault> {
    use std::io::Read as _;
    let failed = |error| Fault::from_cause(format!("`{}` cannot be read", path.display()), error);
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    match u64::try_from(bytes.len()) {
        Ok(found) if found <= bytes_max => Ok(bytes),
        _ => Err(Fault::new(format!("`{}` is too long: expected at most {bytes_max} bytes", path.display()))),
    }
}

/// Writes a letter so that whoever sees the message also sees its header.
pub(super) fn write(path: &Path, header: &Header, body: &[u8]) -> Result<(), Fault> {
    let envelope =
        serde_json::to_vec(&Envelope::from(header)).map_err(|error| Fault::from_cause("the header could not be written as JSON", error))?;
    durable(&beside(path), &envelope)?;
    durable(path, body)
}

/// Writes a file whole and durably, or not at all.
pub(super) fn durable(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    use std::io::Write as _;
    let failed = |error| Fault::from_cause(format!("`{}` cannot be written", path.display()), error);
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut file = std::fs::File::create(&part).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        Time::parse("2026-11-23T08:00:00Z").unwrap()
    }

    #[test]
    fn a_letter_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xml");
        for recipe in crate::generate::recipes() {
            let (written, bytes) = crate::generate::message(recipe, 1, now());
            write(&path, &written, &bytes).unwrap();
            assert_eq!((header(&beside(&path)).unwrap().unwrap(), body(&path).unwrap()), (written, bytes));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_header_with_unknown_or_missing_keys_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xml");
        let (written, bytes) = crate::generate::message(crate::generate::recipes()[0], 1, now());
        write(&path, &written, &bytes).unwrap();
        let good = std::fs::read_to_string(beside(&path)).unwrap();
        for bad in [good.replace("\"id\"", "\"ID\""), good.replace("{", "{\"x\":1,"), good.replace("-7", "-4"), String::new()] {
            std::fs::write(beside(&path), bad).unwrap();
            assert!(header(&beside(&path)).unwrap_err().to_string().contains("a.xml.header.json"));
        }
        std::fs::remove_file(beside(&path)).unwrap();
        assert_eq!(header(&beside(&path)).unwrap(), None);
    }
}
