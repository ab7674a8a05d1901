//! Copies of a journal that stand for themselves: made beside a gateway that works, checked when they are made and again before they are put back.
//!
//! A backup is a folder: the tables, the last checkpoint, the editions that officers put in force, and a manifest that the audit key has signed.
//! Keys are not in it: without the quarantine key no content of it can be read.
//!
//! INVARIANT: a journal that is put back says so in its first new record, [`Restored`], before anybody can start a gateway on it. What was due in the
//! backup may have left after it was made, so from that record on it is held until a person decides.

mod manifest;

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

pub use manifest::{Kept, Manifest};

use super::{Intervals, Notary, SignerKey, VerifierKey, checkpoint, verify};
use crate::base::{Digest, Fault, Precedence, Time};
use crate::journal::embedded::{self, Engine, Reader};
use crate::journal::seal::SealRing;
use crate::journal::{Counts, Event, Journal as _, Restored};

/// The file that says what a backup holds.
pub const MANIFEST: &str = "manifest";
/// The folder of editions, as in that of the journal.
const EDITIONS: &str = "editions";
/// Where a journal is put together before it takes its place.
const STAGING: &str = "restoring";
/// Bytes that are copied and digested at once: 64 KiB.
const PIECE_BYTES: usize = 64 << 10;

/// What was put back, and what is doubtful about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Restoration {
    /// When the backup was made.
    pub made: Time,
    /// Its records.
    pub records: u64,
    /// Releases that were due, and are held as `fault.restored` now.
    pub due: u64,
    /// Messages that were not decided; the next start holds them as `fault.restored`.
    pub undecided: u64,
    /// Messages that were held when the backup was made; people may have released them after it.
    pub held: u64,
    /// The tree as it is now.
    pub root: Digest,
}

/// Writes a backup of the journal in `folder` into the new folder `into`, and checks what it wrote.
///
/// # Errors
/// Where a file cannot be read or written, `into` exists, or the copy does not hold.
pub fn backup(folder: &Path, into: &Path, key: &SignerKey, now: Time) -> Result<Manifest, Fault> {
    let failed = |cause| Fault::from_cause(format!("the backup's folder `{}` cannot be made; give it a new name", into.display()), cause);
    std::fs::DirBuilder::new().mode(0o700).create(into).map_err(failed)?;
    // Before the tables: a checkpoint that is published meanwhile may cover more than they hold.
    let note = folder.join(checkpoint::FILE);
    if note.exists() {
        copy_file(&note, &into.join(checkpoint::FILE))?;
    }
    embedded::copy(folder, &into.join(embedded::FILE))?;
    // After the tables: an edition is kept before the record that puts it in force.
    copy_folder(&folder.join(EDITIONS), &into.join(EDITIONS))?;
    let report = verify(into, key.verifier(), &[])?;
    if let Some(problem) = report.problems.first() {
        return Err(Fault::new(format!("the copy does not hold: {}; run `vestibule audit verify` on the journal itself", problem.text)));
    }
    let files = listed(into)?.into_iter().map(|path| kept(into, &path)).collect::<Result<_, _>>()?;
    let manifest = Manifest { made: now, records: report.records, root: report.root, files };
    write_new(&into.join(MANIFEST), key.sign(&manifest.text()).as_bytes())?;
    sync_folder(into)?;
    examine(into, key.verifier())
}

/// Checks a backup: the signature of its manifest, every file, the journal in it.
///
/// # Errors
/// What does not hold.
pub fn examine(from: &Path, key: &VerifierKey) -> Result<Manifest, Fault> {
    let wrong = |what: String| Fault::new(format!("the backup `{}` is not put back: {what}", from.display()));
    let path = from.join(MANIFEST);
    let note = std::fs::read_to_string(&path).map_err(|cause| Fault::from_cause(format!("`{}` cannot be read", path.display()), cause))?;
    let manifest = key.open(&note).and_then(Manifest::parse).map_err(|what| wrong(format!("its manifest does not hold: {what}")))?;
    for file in &manifest.files {
        let found = kept(from, &file.path)?;
        if found != *file {
            return Err(wrong(format!("the file `{}` is not the one that was written", file.path)));
        }
    }
    let mut present = listed(from)?;
    present.retain(|path| path != MANIFEST);
    if let Some(extra) = present.iter().find(|path| !manifest.files.iter().any(|file| file.path == **path)) {
        return Err(wrong(format!("the file `{extra}` is none of its own; take it out")));
    }
    let report = verify(from, key, &[])?;
    match report.problems.first() {
        Some(problem) => Err(wrong(problem.text.clone())),
        None if (report.records, report.root) != (manifest.records, manifest.root) => {
            Err(wrong("its journal is not the one of its manifest".to_owned()))
        }
        None => Ok(manifest),
    }
}

/// Puts a backup in the place of a journal that is not there, and holds what may have left after the backup was made.
///
/// # Errors
/// Where there is a journal, the backup does not hold, or files fail. Nothing is in the journal's place then.
pub async fn restore(from: &Path, folder: &Path, ring: SealRing, key: SignerKey, now: Time) -> Result<Restoration, Fault> {
    let verifier = key.verifier().clone();
    if Reader::is_there(folder) {
        let what = format!("there is a journal in `{}`; move it away first, and keep it: it may say what left", folder.display());
        return Err(Fault::new(what));
    }
    let manifest = examine(from, &verifier)?;
    let before = Reader::open(from, None)?.counts()?;
    let staging = folder.join(STAGING);
    let failed = |cause| Fault::from_cause(format!("the folder `{}` cannot be made", staging.display()), cause);
    match std::fs::remove_dir_all(&staging) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    std::fs::DirBuilder::new().mode(0o700).recursive(true).create(&staging).map_err(failed)?;
    for file in &manifest.files {
        let to = staging.join(&file.path);
        if let Some(parent) = to.parent() {
            std::fs::DirBuilder::new().mode(0o700).recursive(true).create(parent).map_err(failed)?;
        }
        copy_file(&from.join(&file.path), &to)?;
    }
    let root = mark(&staging, ring, key, &manifest, now).await?;
    let report = verify(&staging, &verifier, &[])?;
    if let Some(problem) = report.problems.first() {
        return Err(Fault::new(format!("the journal that was put together does not hold: {}", problem.text)));
    }
    take_place(&staging, folder)?;
    let Counts { due, undecided, held, .. } = before;
    Ok(Restoration { made: manifest.made, records: manifest.records, due, undecided, held, root })
}

/// Says in the journal that it was put back, and signs that.
async fn mark(staging: &Path, ring: SealRing, key: SignerKey, manifest: &Manifest, now: Time) -> Result<Digest, Fault> {
    let journal = Engine::open(staging, ring)?;
    let event = Event::Restored(Restored { backup: manifest.made, records: manifest.records, time: now });
    let appended = journal.append(vec![event], Precedence::Flash).await;
    appended.map(|_| ()).map_err(|denied| Fault::from_cause("the journal does not take that it was put back", denied))?;
    Notary::new(key, Intervals::default(), staging).checkpoint(&journal, now).await?;
    journal.head().await.map(|head| head.root)
}

/// Moves what was put together to where the journal belongs, its tables last: without them there is no journal.
fn take_place(staging: &Path, folder: &Path) -> Result<(), Fault> {
    let failed = |cause| Fault::from_cause(format!("`{}` cannot take the journal's place", staging.display()), cause);
    let mut names: Vec<_> = std::fs::read_dir(staging).and_then(|all| all.map(|one| one.map(|one| one.file_name())).collect()).map_err(failed)?;
    names.sort_by_key(|name| name == embedded::FILE);
    for name in names {
        let to = folder.join(&name);
        // Editions of a journal that was moved away may have stayed.
        if to.is_dir() {
            std::fs::remove_dir_all(&to).map_err(failed)?;
        }
        std::fs::rename(staging.join(&name), to).map_err(failed)?;
    }
    std::fs::remove_dir(staging).map_err(failed)?;
    sync_folder(folder)
}

/// The files below a folder, by path, sorted.
fn listed(folder: &Path) -> Result<Vec<String>, Fault> {
    fn walk(folder: &Path, below: &str, found: &mut Vec<String>) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{below}{}", entry.file_name().to_string_lossy());
            match entry.file_type()? {
                kind if kind.is_dir() => walk(&entry.path(), &format!("{path}/"), found)?,
                kind if kind.is_file() => found.push(path),
                _ => return Err(std::io::Error::other(format!("`{path}` is neither a file nor a folder"))),
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    walk(folder, "", &mut found).map_err(|cause| Fault::from_cause(format!("the folder `{}` cannot be read", folder.display()), cause))?;
    // A reader of the tables leaves these beside them for as long as it reads.
    found.retain(|path| !path.starts_with(&format!("{}-", embedded::FILE)));
    found.sort();
    Ok(found)
}

fn kept(folder: &Path, path: &str) -> Result<Kept, Fault> {
    let shown = folder.join(path);
    let failed = |cause| Fault::from_cause(format!("`{}` cannot be read", shown.display()), cause);
    let mut file = std::fs::File::open(&shown).map_err(failed)?;
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let (mut piece, mut bytes) = (vec![0; PIECE_BYTES], 0_u64);
    loop {
        let read = file.read(&mut piece).map_err(failed)?;
        let Some(part) = piece.get(..read).filter(|part| !part.is_empty()) else { break };
        context.update(part);
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    let mut digest = [0_u8; 32];
    digest.copy_from_slice(context.finish().as_ref());
    Ok(Kept { path: path.to_owned(), bytes, digest: Digest(digest) })
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Fault> {
    if !from.is_dir() {
        return Ok(());
    }
    for path in listed(from)? {
        // What an edition left half written is none.
        if path.split('/').next().is_some_and(|first| first.ends_with(".part")) {
            continue;
        }
        let new = to.join(&path);
        let parent: PathBuf = new.parent().map(Path::to_owned).unwrap_or_default();
        let made = std::fs::DirBuilder::new().mode(0o700).recursive(true).create(&parent);
        made.map_err(|cause| Fault::from_cause(format!("the folder `{}` cannot be made", parent.display()), cause))?;
        copy_file(&from.join(&path), &new)?;
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), Fault> {
    let failed = |cause| Fault::from_cause(format!("`{}` cannot be copied to `{}`", from.display(), to.display()), cause);
    let mut source = std::fs::File::open(from).map_err(failed)?;
    let mut target = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    std::io::copy(&mut source, &mut target).and_then(|_| target.sync_all()).map_err(failed)
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let failed = |cause| Fault::from_cause(format!("`{}` cannot be written", path.display()), cause);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

fn sync_folder(folder: &Path) -> Result<(), Fault> {
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|cause| Fault::from_cause(format!("the folder `{}` cannot be synced", folder.display()), cause))
}
