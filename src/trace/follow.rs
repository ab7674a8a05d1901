//! The follower: it reads the journal from where it was, posts what it finds, and notes how far it came.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Collector, Refused, Span, request, spans};
use crate::base::{Fault, MessageId};
use crate::journal::embedded::Reader;
use crate::journal::{Entry, Page};

/// Records that are read and posted together: 256, some 200 KB.
const RECORDS: u32 = 256;
/// The first pause after a collector did not take something: 1 second; it doubles with each failure.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause: 60 seconds.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How often the journal is looked at where nothing is new: every second.
const LOOK: Duration = Duration::from_secs(1);

/// A small file that says how far a follower came.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
}

impl Place {
    /// The place that a file holds.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The next record; the first where nothing was followed yet.
    ///
    /// # Errors
    /// Where the file cannot be read or holds no number.
    pub fn next(&self) -> Result<u64, Fault> {
        let shown = self.path.display();
        match std::fs::read_to_string(&self.path) {
            Ok(text) => {
                text.trim_end().parse().map_err(|cause| Fault::from_cause(format!("`{shown}` holds no number of a record; remove it"), cause))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(Fault::from_cause(format!("`{shown}` cannot be read"), error)),
        }
    }

    fn note(&self, next: u64) -> Result<(), Fault> {
        let failed = |cause| Fault::from_cause(format!("`{}` cannot be written", self.path.display()), cause);
        let new = self.path.with_extension("new");
        let mut file = std::fs::File::create(&new).map_err(failed)?;
        file.write_all(format!("{next}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&new, &self.path).map_err(failed)
    }
}

/// How far a step brought a follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Records read.
    pub records: u64,
    /// Spans posted.
    pub spans: u64,
}

/// Follows a journal.
#[derive(Debug)]
pub struct Follower {
    folder: PathBuf,
    home: String,
    collector: Collector,
    place: Place,
}

impl Follower {
    /// A follower of the journal in `folder`, of the gateway of `home`.
    #[must_use]
    pub fn new(folder: &Path, home: &str, collector: Collector, place: Place) -> Self {
        Self { folder: folder.to_owned(), home: home.to_owned(), collector, place }
    }

    /// Posts the next records; gives nothing where there are none.
    ///
    /// # Errors
    /// [`Refused::Later`] where the collector does not take them now, and whatever is wrong with the files.
    pub async fn step(&self) -> Result<Option<Moved>, Refused> {
        let (next, entries, found) = self.read().map_err(Refused::Never)?;
        let Some(last) = entries else { return Ok(None) };
        if !found.is_empty() {
            match self.collector.post(request(&self.home, &found)).await {
                Ok(()) => {}
                Err(Refused::Later(fault)) => return Err(Refused::Later(fault)),
                // It would be refused for ever, and everything behind it with it.
                Err(Refused::Never(fault)) => tracing::error!(%fault, from = next, spans = found.len(), "spans are left out"),
            }
        }
        self.place.note(last.saturating_add(1)).map_err(Refused::Never)?;
        let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
        Ok(Some(Moved { records: last.saturating_add(1).saturating_sub(next), spans: count }))
    }

    /// Where it begins, the last record that it read, and the spans. The journal is let go before anything is posted: nobody waits for a collector.
    fn read(&self) -> Result<(u64, Option<u64>, Vec<Span>), Fault> {
        let reader = Reader::open(&self.folder, None)?;
        let mut next = self.place.next()?;
        if next > reader.head()?.size {
            tracing::warn!(next, "the journal is shorter than what was followed, as after a restore: it is followed from its beginning");
            next = 0;
        }
        let entries = reader.records(Page { after: Some(next), rows: RECORDS })?.rows;
        let mut journeys: HashMap<MessageId, Vec<Entry>> = HashMap::new();
        let mut found = Vec::new();
        for entry in &entries {
            let Some(key) = entry.event.message() else { continue };
            let all = match journeys.entry(key.id) {
                Slot::Occupied(known) => known.into_mut(),
                Slot::Vacant(new) => new.insert(reader.message(key.id)?),
            };
            found.extend(spans(all, entry.index));
        }
        Ok((next, entries.last().map(|entry| entry.index), found))
    }

    /// Follows for as long as the program runs.
    ///
    /// # Errors
    /// Where files fail.
    pub async fn run(&self) -> Result<(), Fault> {
        let mut pause = PAUSE_MIN;
        loop {
            match self.step().await {
                Ok(Some(_)) => pause = PAUSE_MIN,
                Ok(None) => tokio::time::sleep(LOOK).await,
                Err(Refused::Later(fault)) => {
                    tracing::warn!(%fault, seconds = pause.as_secs(), "traces wait");
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(PAUSE_MAX);
                }
                Err(Refused::Never(fault)) => return Err(fault),
            }
        }
    }
}
