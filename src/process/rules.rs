//! The edition that a gateway works under: found at the start, examined before it comes into force, kept beside the journal.
//!
//! With officers, the journal says which edition is in force, and its files are kept below `editions/` by their digest; the folder of the
//! configuration counts only before the first activation, and only where two persons have signed it. Without officers that folder is in force as it
//! is. Everything here reads what operators and officers wrote, never what came over a link.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::gateway::check_peers;
use super::{compile, credentials, world};
use crate::base::{Complaint, Digest, Fault, Time};
use crate::config;
use crate::control::{Approval, Edict, Standing, emergency};
use crate::journal::embedded::Reader;
use crate::journal::{EditionAct, Event, Step};
use crate::policy::folder::{REPORTS, SIGNATURES};
use crate::policy::{self, Edition, SourceFile};
use crate::prove;

/// The folder of kept editions, in that of the journal.
const EDITIONS: &str = "editions";
/// Bytes of a signature at most: 16 KiB, ten times what a statement with a long reason has.
const NOTE_BYTES_MAX: u64 = 16 * 1024;
/// Signatures of an edition at most: 32; two are needed.
const NOTES_MAX: usize = 32;
/// Lines of a report at most, in the journal and in an answer: 40; `vestibule rules check` shows all.
const REPORT_LINES_MAX: usize = 40;

/// An edition with its files, and what it is called.
#[derive(Debug)]
pub struct Rules {
    pub(super) edition: Arc<Edition>,
    pub(super) files: Vec<SourceFile>,
    /// What decisions call it.
    pub(super) title: String,
    /// What puts it in force, where the journal does not say so yet.
    pub(super) founding: Vec<Event>,
}

/// Why a rule set does not come into force.
#[derive(Debug)]
pub enum Faulty {
    /// Its files are at fault.
    Complaints(Vec<Complaint>, Vec<SourceFile>),
    /// Anything else, one line each.
    Report(Vec<String>),
}

impl Faulty {
    /// Every fault as a line, the first ones where there are many.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = match self {
            Self::Report(lines) => lines.clone(),
            Self::Complaints(complaints, files) => complaints
                .iter()
                .map(|complaint| {
                    let text = files.iter().find(|file| file.path == complaint.file).map_or("", |file| &*file.text);
                    let line = complaint.line_and_column(text).0;
                    // What there is not was not expected: some complaints say what was found in the file instead.
                    let expected = if complaint.expected.starts_with("no ") { "" } else { "expected " };
                    format!("{}:{line}: {}; {expected}{}; {}", complaint.file, complaint.what, complaint.expected, complaint.remedy)
                })
                .collect(),
        };
        let more = lines.len().saturating_sub(REPORT_LINES_MAX);
        if more > 0 {
            lines.truncate(REPORT_LINES_MAX);
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

impl From<Vec<String>> for Faulty {
    fn from(lines: Vec<String>) -> Self {
        Self::Report(lines)
    }
}

/// An edition that may come into force.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) rules: Rules,
    pub(super) approval: Approval,
    notes: Vec<(String, String)>,
    /// What lies beside it for people, each with the name of its file.
    reports: Vec<(String, String)>,
}

/// What an edition is examined against.
pub(super) struct Ground<'g> {
    pub(super) config: &'g config::Gateway,
    pub(super) standing: &'g Standing,
    /// The edition in force, where one is.
    pub(super) before: Option<&'g Edition>,
    pub(super) now: Time,
}

impl Rules {
    /// The edition under which a gateway of this configuration starts.
    ///
    /// # Errors
    /// A fault of the surroundings, or why there is none that may be in force.
    pub fn in_force(config: &config::Gateway) -> Result<Result<Self, Faulty>, Fault> {
        let officers = credentials::officers(config)?;
        let standing = standing(&config.journal)?;
        let now = world::now();
        match (officers.is_empty(), &standing.in_force) {
            (true, None) => {
                tracing::warn!("EDITIONS ARE NOT SIGNED: the configuration names no officers, and the folder of rules is in force as it is");
                Self::of_folder(&config.rules)
            }
            (true, Some(edict)) => Err(Fault::new(format!(
                "the journal says that officers put `{}` in force, and the configuration names no officers; name them, or begin a new journal",
                edict.title()
            ))),
            (false, Some(edict)) => {
                let over = standing.emergency.as_ref().filter(|running| running.until <= now);
                let edict = over.map_or(edict, |running| &running.before);
                let founding = over.map(|running| ended(&running.before, now)).into_iter().collect();
                let title = standing.emergency.as_ref().filter(|_| over.is_none()).map_or_else(|| edict.title(), |_| emergency_title(edict));
                let rules = kept(&config.journal, edict)?;
                forewarn(config, &rules.edition);
                Ok(Ok(Self { title, founding, ..rules }))
            }
            (false, None) => {
                let ground = Ground { config, standing: &standing, before: None, now };
                Ok(examine(&config.rules, &ground)?.and_then(|examined| {
                    if examined.approval.emergency.is_some() {
                        return Err(vec!["the first edition cannot be one for an emergency: there is none to return to".to_owned()].into());
                    }
                    examined.keep(&config.journal).map_err(|fault| Faulty::Report(vec![fault.to_string()]))?;
                    let founding = examined.acts(Step::Activated, None, now);
                    Ok(Self { founding, ..examined.rules })
                }))
            }
        }
    }

    /// The rules of a folder as they are.
    fn of_folder(folder: &Path) -> Result<Result<Self, Faulty>, Fault> {
        let files = policy::read_folder(folder)?;
        let complaints = compile::complaints(&files)?;
        Ok(match policy::load(&files) {
            Ok(edition) if complaints.is_empty() => Ok(Self::of(Arc::new(edition), files)),
            Ok(_) => Err(Faulty::Complaints(complaints, files)),
            Err(complaints) => Err(Faulty::Complaints(complaints, files)),
        })
    }

    fn of(edition: Arc<Edition>, files: Vec<SourceFile>) -> Self {
        let title = edition.title();
        Self { edition, files, title, founding: Vec::new() }
    }
}

/// The folder of the edition under which a gateway of this configuration works, or would start.
///
/// # Errors
/// A journal that cannot be read.
pub fn folder_in_force(config: &config::Gateway) -> Result<PathBuf, Fault> {
    Ok(match standing(&config.journal)?.in_force {
        Some(edict) if !config.officers.is_empty() => place(&config.journal, edict.digest),
        _ => config.rules.clone(),
    })
}

/// What decisions call an emergency edition: every release under it is marked so.
pub(super) fn emergency_title(edict: &Edict) -> String {
    format!("EMERGENCY {}", edict.title())
}

/// What officers call an edition.
pub(super) fn edict(edition: &Edition) -> Edict {
    Edict { ruleset: edition.name.to_string(), number: edition.edition.clone(), digest: edition.digest }
}

/// Where the gateway of a journal stands.
///
/// # Errors
/// A journal that cannot be read.
pub(super) fn standing(journal: &Path) -> Result<Standing, Fault> {
    if !Reader::is_there(journal) {
        return Ok(Standing::default());
    }
    let acts = Reader::open(journal, None)?.acts()?;
    Ok(Standing::of(acts.iter().map(|entry| &entry.event)))
}

/// Examines the edition of a folder: its signatures, its number, its files, its cases, and, for an emergency, its bounds.
///
/// Where the configuration says so, its invariants are proved: the last examination, behind that of the cases.
///
/// # Errors
/// A folder that cannot be read; or every reason why the edition may not come into force.
pub(super) fn examine(folder: &Path, ground: &Ground<'_>) -> Result<Result<Examined, Faulty>, Fault> {
    let (files, notes) = (policy::read_folder(folder)?, notes(folder)?);
    let edition = match policy::load(&files) {
        Ok(edition) => Arc::new(edition),
        Err(complaints) => return Ok(Err(Faulty::Complaints(complaints, files))),
    };
    let mut faults = Vec::new();
    let approval = credentials::officers(ground.config)?.approve(&edict(&edition), &notes).map_err(|lines| faults.extend(lines)).ok();
    faults.extend(ground.standing.admits(&edition.edition).err());
    faults.extend(check_peers(ground.config, &edition).err().map(|fault| fault.to_string()));
    faults.extend(unknown_conditions(&edition, ground.standing));
    if let Some((bounds, before)) = approval.as_ref().and_then(|approval| approval.emergency.as_ref()).zip(ground.before) {
        let bounded = emergency::check(bounds, (before, &edition), ground.now, ground.config.emergency_hours_max);
        faults.extend(bounded.err().into_iter().flatten());
    }
    if faults.is_empty() {
        let (complaints, unmet) = compile::tried(&files, solver(ground.config, &edition))?;
        if !complaints.is_empty() {
            return Ok(Err(Faulty::Complaints(complaints, files)));
        }
        faults = unmet;
    }
    Ok(match approval.filter(|_| faults.is_empty()) {
        Some(approval) => {
            let reports = super::papers::kept_reports(folder);
            Ok(Examined { rules: Rules::of(edition, files), approval, notes, reports })
        }
        None => Err(faults.into()),
    })
}

/// The solver that proves the invariants of an edition; none where the configuration asks for no proof.
fn solver<'c>(config: &'c config::Gateway, edition: &Edition) -> Option<&'c Path> {
    match config.prove {
        config::Proving::Always => Some(&config.solver),
        config::Proving::Never => {
            let count = edition.invariants.len();
            if count > 0 {
                tracing::warn!(edition = %edition.title(), count, "INVARIANTS ARE NOT PROVED: the configuration says `prove = \"never\"`");
            }
            None
        }
    }
}

/// Says loudly where nothing could be proved: what is in force was examined when it came into force and stays so, and no edition could come after it.
fn forewarn(config: &config::Gateway, edition: &Edition) {
    if config.prove == config::Proving::Always
        && !edition.invariants.is_empty()
        && let Err(fault) = prove::present(&config.solver)
    {
        tracing::warn!(%fault, "NO OTHER EDITION CAN COME INTO FORCE: its invariants could not be proved");
    }
}

/// A condition that holds must mean something to the edition that declares it.
fn unknown_conditions(edition: &Edition, standing: &Standing) -> Vec<String> {
    let unknown = standing.conditions.iter().filter(|(name, (value, _))| {
        let declared = edition.conditions.iter().find(|condition| condition.name.as_str() == name.as_str());
        declared.is_some_and(|condition| !condition.values.contains(value))
    });
    unknown.map(|(name, (value, _))| format!("the condition `{name}` is `{value}` now, a value that the edition does not know")).collect()
}

impl Examined {
    pub(super) fn edict(&self) -> Edict {
        edict(&self.rules.edition)
    }

    /// The acts that put it in force, or schedule it: the signatures, then the step.
    pub(super) fn acts(&self, step: Step, from: Option<Time>, time: Time) -> Vec<Event> {
        let bounds = self.approval.emergency.as_ref();
        let act = |step, hands| {
            Event::Edition(EditionAct {
                hands,
                from,
                until: bounds.map(|bounds| bounds.until),
                scope: bounds.map(|bounds| bounds.scope.iter().cloned().collect()).unwrap_or_default(),
                why: bounds.map(|bounds| bounds.reason.clone()).unwrap_or_default(),
                ..plain(step, &self.edict(), time)
            })
        };
        let signed = self.approval.hands.iter().map(|hand| act(Step::Signed, vec![hand.clone()]));
        signed.chain([act(step, self.approval.hands.clone())]).collect()
    }

    /// Keeps files and signatures beside the journal.
    pub(super) fn keep(&self, journal: &Path) -> Result<(), Fault> {
        let place = place(journal, self.rules.edition.digest);
        if place.exists() {
            return kept(journal, &self.edict()).map(|_| ());
        }
        let failed = |cause| Fault::from_cause(format!("the edition cannot be kept at `{}`", place.display()), cause);
        let part = place.with_extension("part");
        match std::fs::remove_dir_all(&part) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let rules = self.rules.files.iter().map(|file| (part.join(&*file.path), &*file.text));
        let notes = self.notes.iter().map(|(name, note)| (part.join(SIGNATURES).join(name), note.as_str()));
        let reports = self.reports.iter().map(|(name, report)| (part.join(REPORTS).join(name), report.as_str()));
        for (path, text) in rules.chain(notes).chain(reports) {
            written(&path, text).map_err(failed)?;
        }
        std::fs::rename(&part, &place).map_err(failed)?;
        std::fs::File::open(journal.join(EDITIONS)).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

fn written(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// An act without signatures and bounds.
pub(super) fn plain(step: Step, edict: &Edict, time: Time) -> EditionAct {
    EditionAct {
        step,
        ruleset: edict.ruleset.clone(),
        number: edict.number.clone(),
        digest: edict.digest,
        hands: Vec::new(),
        from: None,
        until: None,
        scope: Vec::new(),
        why: String::new(),
        time,
    }
}

/// The act by which an emergency ends: the edition before it is in force again.
pub(super) fn ended(before: &Edict, now: Time) -> Event {
    Event::Edition(plain(Step::EmergencyEnded, before, now))
}

/// Where an edition is kept.
pub(super) fn place(journal: &Path, digest: Digest) -> PathBuf {
    journal.join(EDITIONS).join(digest.to_string())
}

/// An edition that was kept, where its files are still what they were.
///
/// # Errors
/// Files that are gone, or are not those that officers signed.
pub(super) fn kept(journal: &Path, edict: &Edict) -> Result<Rules, Fault> {
    let place = place(journal, edict.digest);
    let files = policy::read_folder(&place)?;
    let changed = || {
        Fault::new(format!(
            "the kept edition `{}` at `{}` is not what officers signed; put its files back, from a copy or from their folder",
            edict.title(),
            place.display()
        ))
    };
    let edition = policy::load(&files).map_err(|_| changed())?;
    match edition.digest == edict.digest {
        true => Ok(Rules::of(Arc::new(edition), files)),
        false => Err(changed()),
    }
}

/// The signatures beside the rules of a folder, each with the name of its file.
///
/// # Errors
/// A folder or file that cannot be read, or more of them than there can be.
pub fn notes(folder: &Path) -> Result<Vec<(String, String)>, Fault> {
    use std::io::Read as _;
    let folder = folder.join(SIGNATURES);
    let failed = |cause| Fault::from_cause(format!("the signatures in `{}` cannot be read", folder.display()), cause);
    let mut notes = Vec::new();
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(notes),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type().map_err(failed)?.is_file() || notes.len() >= NOTES_MAX {
            return Err(Fault::new(format!("`{}` holds something else than up to {NOTES_MAX} signatures: `{name}`", folder.display())));
        }
        let mut note = String::new();
        std::fs::File::open(entry.path()).and_then(|file| file.take(NOTE_BYTES_MAX).read_to_string(&mut note)).map_err(failed)?;
        notes.push((name, note));
    }
    notes.sort();
    Ok(notes)
}
