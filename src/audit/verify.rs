//! The whole journal, checked against itself, its checkpoints, and checkpoints that others kept.
//!
//! Five things must agree: the file as SQLite sees it; each record and its leaf, at its place; the kept nodes of the tree;
//! every checkpoint and the root of the records it covers; the views and what the records alone give. Contents that are
//! still needed must be there; whether they open is seen when they are used, for this check has no key.
//! Time and memory grow with the number of records: the views are made again in memory, some 500 bytes for each decision.
//! Records after the last checkpoint are bound to nothing signed yet; how many they are stands in the report.

use std::path::Path;

use serde::Serialize;

use super::{Checkpoint, VerifierKey, checkpoint};
use crate::base::{Digest, Fault};
use crate::journal::embedded::{Reader, Replay, Stored};
use crate::journal::merkle::{Frontier, leaf_hash};
use crate::journal::{Event, Record};

/// Problems named at most: 100. A journal with one changed record rarely has one problem only.
const PROBLEMS_MAX: usize = 100;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The first record concerned, where it is known.
    pub index: Option<u64>,
    /// One line for people.
    pub text: String,
}

/// What the check of a journal found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Report {
    /// Records read.
    pub records: u64,
    /// Root hash over them.
    pub root: Digest,
    /// Checkpoints that hold.
    pub checkpoints: u64,
    /// Records after the last checkpoint that holds.
    pub unsigned: u64,
    /// The first record that is changed, missing or out of order.
    pub first_bad: Option<u64>,
    /// What does not hold; empty for a journal that is whole.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether everything holds.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Checks the journal of a folder.
///
/// `witnessed` are checkpoints that were kept elsewhere: with one of them, records cut off the end together with their
/// checkpoints are missed too.
///
/// # Errors
/// Where the journal cannot be read at all.
pub fn verify(folder: &Path, key: &VerifierKey, witnessed: &[String]) -> Result<Report, Fault> {
    // Before the journal: a gateway at work may publish a checkpoint over records that this reader does not see.
    let published = read_published(folder)?;
    let journal = Reader::open(folder, None)?;
    let mut check = Check::new(&journal, key, published, witnessed)?;
    for line in journal.file_faults()? {
        check.problem(None, format!("the file is damaged: {line}"));
    }
    for what in journal.contents_missing()? {
        check.problem(None, format!("{what} is needed and missing"));
    }
    check.checkpoints_reached();
    journal.each_stored(0, |stored| check.record(stored))?;
    check.finish(&journal)
}

fn read_published(folder: &Path) -> Result<Option<String>, Fault> {
    let file = folder.join(checkpoint::FILE);
    match std::fs::read_to_string(&file) {
        Ok(note) => Ok(Some(note)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Fault::from_cause(format!("`{}` cannot be read", file.display()), e)),
    }
}

/// A checkpoint that waits for its records.
struct Expected {
    name: String,
    size: u64,
    root: Digest,
    own: bool,
}

struct Check {
    frontier: Frontier,
    /// `None` after the first bad record: what follows from the records is then unknown.
    replay: Option<Replay>,
    expected: Vec<Expected>,
    rows: Vec<(u64, u64, String)>,
    recorded: Vec<(u64, u64, String)>,
    nodes: Vec<(u32, u64, Digest)>,
    next: u64,
    held: u64,
    held_size: u64,
    report: Report,
}

impl Check {
    fn new(journal: &Reader, key: &VerifierKey, published: Option<String>, witnessed: &[String]) -> Result<Self, Fault> {
        let report = Report { records: 0, root: Digest::of(b""), checkpoints: 0, unsigned: 0, first_bad: None, problems: Vec::new() };
        let mut check = Self {
            frontier: Frontier::default(),
            replay: Some(Replay::new()?),
            expected: Vec::new(),
            rows: journal.checkpoints()?,
            recorded: Vec::new(),
            nodes: Vec::new(),
            next: 0,
            held: 0,
            held_size: 0,
            report,
        };
        let rows = check.rows.clone();
        for (place, (number, size, note)) in (0_u64..).zip(&rows) {
            if *number != place {
                check.problem(None, format!("checkpoint {place} is missing"));
            }
            check.expect(format!("checkpoint {number}"), note, key, Some(*size));
        }
        match published {
            Some(note) => check.expect("the checkpoint in the file beside the journal".to_owned(), &note, key, None),
            // The file is written after the record, so a crash at the very first checkpoint leaves none.
            None if rows.len() <= 1 => (),
            None => check.problem(None, format!("the file `{}` beside the journal is missing", checkpoint::FILE)),
        }
        for (place, note) in (1..).zip(witnessed) {
            check.expect(format!("witnessed checkpoint {place}"), note, key, None);
        }
        check.expected.sort_by_key(|one| one.size);
        Ok(check)
    }

    fn expect(&mut self, name: String, note: &str, key: &VerifierKey, size: Option<u64>) {
        match Checkpoint::open(note, key) {
            Ok(one) if size.is_some_and(|size| size != one.size) => self.problem(None, format!("{name} is stored with another size than it states")),
            Ok(one) => self.expected.push(Expected { name, size: one.size, root: one.root, own: size.is_some() }),
            Err(e) => self.problem(None, format!("{name} does not verify: {e}")),
        }
    }

    fn problem(&mut self, index: Option<u64>, text: String) {
        if self.report.problems.len() < PROBLEMS_MAX {
            self.report.problems.push(Problem { index, text });
        }
    }

    fn bad(&mut self, index: u64, text: String) {
        self.report.first_bad = Some(self.report.first_bad.map_or(index, |first| first.min(index)));
        self.replay = None;
        self.problem(Some(index), text);
    }

    fn record(&mut self, stored: Stored) {
        let leaf = leaf_hash(&stored.bytes);
        if stored.index != self.next {
            self.bad(self.next, format!("records {} to {} are missing", self.next, stored.index.saturating_sub(1)));
        }
        if leaf != stored.leaf {
            self.bad(stored.index, format!("record {} is changed: its bytes are not those of its leaf", stored.index));
        }
        match Record::decode(&stored.bytes) {
            Ok(record) if record.index != stored.index => {
                self.bad(stored.index, format!("record {} is out of order: it was written as record {}", stored.index, record.index));
            }
            Ok(record) => self.event(record),
            Err(e) => self.bad(stored.index, format!("record {} cannot be read: {e}", stored.index)),
        }
        let kept = self.frontier.push(leaf);
        self.nodes.extend(kept.into_iter().map(|node| (node.level, node.index, node.hash)));
        self.next = stored.index.saturating_add(1);
        self.report.records = self.report.records.saturating_add(1);
        self.checkpoints_reached();
    }

    fn event(&mut self, record: Record) {
        if let Event::Checkpointed(one) = &record.event {
            self.recorded.push((one.number, one.size, one.note.clone()));
        }
        let Some(replay) = &mut self.replay else { return };
        if let Err(why) = replay.apply(record.event) {
            self.bad(record.index, format!("record {} contradicts those before it: {why}", record.index));
        }
    }

    /// Compares the checkpoints that cover exactly the records read so far.
    fn checkpoints_reached(&mut self) {
        let size = self.frontier.size();
        let reached = self.expected.iter().take_while(|one| one.size == size).count();
        let root = self.frontier.root();
        for one in self.expected.drain(..reached).collect::<Vec<_>>() {
            if one.root == root {
                self.held = self.held.saturating_add(u64::from(one.own));
                self.held_size = size;
            } else {
                let text = format!(
                    "{} does not hold: among records {} to {} one is changed, missing or out of order",
                    one.name,
                    self.held_size,
                    size.saturating_sub(1)
                );
                self.problem(Some(self.held_size), text);
                self.report.first_bad = self.report.first_bad.or(Some(self.held_size));
            }
        }
    }

    fn finish(mut self, journal: &Reader) -> Result<Report, Fault> {
        let size = self.frontier.size();
        for one in std::mem::take(&mut self.expected) {
            self.report.first_bad = Some(self.report.first_bad.map_or(size, |first| first.min(size)));
            self.problem(Some(size), format!("records {size} to {} are missing: {} covers them", one.size.saturating_sub(1), one.name));
        }
        if self.rows != self.recorded {
            self.problem(None, "the table of checkpoints differs from the checkpoints on record: one was removed or changed".to_owned());
        }
        let mut nodes = std::mem::take(&mut self.nodes);
        let mut tiles = journal.tiles()?;
        nodes.sort_unstable();
        tiles.sort_unstable();
        if nodes != tiles {
            self.problem(None, "the kept nodes of the tree are not those of the records".to_owned());
        }
        if let Some(replay) = &mut self.replay {
            let (wanted, found) = (replay.view_rows()?, journal.view_rows()?);
            let common = wanted.iter().zip(&found).take_while(|(wanted, found)| wanted == found).count();
            if let Some(line) = wanted.get(common).or(found.get(common)) {
                self.problem(None, format!("the views differ from the records, first at `{line}`"));
            }
        }
        self.report.root = self.frontier.root();
        self.report.checkpoints = self.held;
        self.report.unsigned = size.saturating_sub(self.held_size);
        Ok(self.report)
    }
}
