//! The supervisor's reading for the desk: editions that wait beside the one in force, their signatures and reports, and when certificates end.
//!
//! The desk can have nothing read: the folder is looked at every few seconds and read where it has changed. What is read is what officers and operators
//! wrote. What is computed is small: an edition is loaded and compared, nothing is compiled, tried or proved here; `vestibule rules report` does that,
//! and activation does it again without believing any report.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::endings::endings;
use super::order::Order;
use super::rules::{self, Rules};
use super::supervisor::{Shared, lock};
use super::{credentials, looks, world};
use crate::base::{Digest, Fault, Time};
use crate::config;
use crate::control::papers::{Change, Papers, Proposal, Report, Signature};
use crate::control::{Approval, Edict, Officers, Role, Standing};
use crate::policy::compare::{Difference, compare};
use crate::policy::folder::{REPORTS, SIGNATURES};
use crate::policy::{self, Edition};

/// How often the folder of what waits is looked at: 3 seconds, in which somebody who has signed loads the page again.
const LOOK: Duration = Duration::from_secs(3);
/// Editions that wait at most: 16; each is read and shown whole.
const EDITIONS_MAX: usize = 16;
/// Reports beside an edition at most: 16; `vestibule rules report` makes four.
const REPORTS_MAX: usize = 16;
/// Bytes of a report that are shown: 64 KiB; the rest is cut, and stands in its file.
const REPORT_BYTES_MAX: u64 = 64 * 1024;
/// Files and folders below what waits that are looked at: 20,000.
const ENTRIES_MAX: usize = 20_000;

/// What was read last, by folder: the stamp of its files, and what they say. Read again where the stamp or the edition in force is another.
#[derive(Default)]
struct Known {
    stamp: String,
    papers: Papers,
}

/// Tells the desk of papers whenever they change, and a new desk at once.
pub(super) async fn tell(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut changed, mut known, mut told) = (shared.changed.subscribe(), Known::default(), (String::new(), None));
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shared.papers.notified() => {}
            ended = changed.changed() => if ended.is_err() { return },
        }
        let Ok(rules) = shared.in_force() else { continue };
        let config = shared.config();
        let read = tokio::task::spawn_blocking(move || {
            gather(&config, &rules, &mut known);
            known
        });
        known = match read.await {
            Ok(known) => known,
            Err(error) => return tracing::error!(%error, "papers are read no more"),
        };
        let desk = lock(&shared.table).iter().find(|process| process.name == "desk" && process.ready).and_then(|process| process.pid);
        if desk.is_some() && told != (known.stamp.clone(), desk) {
            let Ok(line) = serde_json::to_string(&known.papers) else { continue };
            shared.to_desk(Order::Papers { line }).await;
            told = (known.stamp.clone(), desk);
        }
    }
}

/// Reads what has changed.
fn gather(config: &config::Gateway, rules: &Rules, known: &mut Known) {
    let endings = endings(config);
    let standing = if config.officers.is_empty() { Ok(Standing::default()) } else { rules::standing(&config.journal) };
    let Ok(standing) = standing.inspect_err(|fault| tracing::error!(%fault, "what waits is not known")) else { return };
    let own = place(config, rules);
    let mut entries = ENTRIES_MAX;
    let mut stamp = format!("{endings:?} {} {:?} {:?} {:?}", rules.title, standing, config.officers, config.waiting);
    for folder in std::iter::once(&own).chain(&config.waiting) {
        stamp.push_str(&stamped(folder, 0, &mut entries));
    }
    let stamp = Digest::of(stamp.as_bytes()).to_string();
    if stamp == known.stamp {
        return;
    }
    let mut editions = vec![in_force(config, rules, &own)];
    let (mut folder, mut fault) = (String::new(), String::new());
    if let Some(waiting) = &config.waiting {
        folder = waiting.display().to_string();
        match folders(waiting) {
            Ok(found) => editions.extend(found.iter().map(|one| proposal(one, config, (&rules.edition, &standing)))),
            Err(why) => fault = why.to_string(),
        }
    }
    known.papers = Papers { read: world::now().to_string(), endings, folder, fault, editions };
    known.stamp = stamp;
}

/// Where the files of the edition in force are.
fn place(config: &config::Gateway, rules: &Rules) -> PathBuf {
    let kept = rules::place(&config.journal, rules.edition.digest);
    if kept.exists() { kept } else { config.rules.clone() }
}

/// Names, lengths and times of everything below a folder. What is a link or a device is named and not followed.
fn stamped(folder: &Path, depth: usize, entries: &mut usize) -> String {
    let Ok(found) = std::fs::read_dir(folder) else { return "none".to_owned() };
    let mut lines = BTreeMap::new();
    for entry in found.flatten() {
        *entries = entries.saturating_sub(1);
        if *entries == 0 {
            break;
        }
        let path = entry.path();
        let Ok(seen) = std::fs::symlink_metadata(&path) else { continue };
        let time = seen.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|time| time.as_nanos());
        let below =
            if seen.is_dir() && depth <= policy::folder::DEPTH_MAX { stamped(&path, depth.saturating_add(1), entries) } else { String::new() };
        lines.insert(path, format!("{} {time:?} {below}", seen.len()));
    }
    format!("{lines:?}")
}

/// The folders of editions that wait, by name.
fn folders(waiting: &Path) -> Result<Vec<PathBuf>, Fault> {
    let failed = |cause| Fault::from_cause(format!("the folder `{}` of editions that wait cannot be read", waiting.display()), cause);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(waiting).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    match found.len() > EDITIONS_MAX {
        true => Err(Fault::new(format!("`{}` holds more than {EDITIONS_MAX} editions; take out those that are done", waiting.display()))),
        false => Ok(found),
    }
}

fn in_force(config: &config::Gateway, rules: &Rules, own: &Path) -> Proposal {
    let edict = rules::edict(&rules.edition);
    let approval = credentials::officers(config).map(|officers| signed(own, &officers));
    let state = if rules.title == edict.title() { "in force" } else { "in force for an emergency" };
    Proposal {
        state: state.to_owned(),
        folder: own.display().to_string(),
        ruleset: edict.ruleset,
        number: edict.number,
        digest: edict.digest.to_string(),
        clauses: looks::clauses(&rules.edition, &BTreeMap::new()),
        hands: approval.unwrap_or_default(),
        reports: reports(own),
        ..Proposal::default()
    }
}

fn proposal(folder: &Path, config: &config::Gateway, (now, standing): (&Edition, &Standing)) -> Proposal {
    let faulty = |faults: Vec<String>| Proposal { state: "waits".to_owned(), folder: folder.display().to_string(), faults, ..Proposal::default() };
    let files = match policy::read_folder(folder) {
        Ok(files) => files,
        Err(fault) => return faulty(vec![fault.to_string()]),
    };
    let edition = match policy::load(&files) {
        Ok(edition) => edition,
        Err(complaints) => return faulty(rules::Faulty::Complaints(complaints, files).lines()),
    };
    let (edict, mut proposal) = (rules::edict(&edition), faulty(Vec::new()));
    if standing.in_force.as_ref() == Some(&edict) || edition.digest == now.digest {
        proposal.state = "in force already".to_owned();
    } else if let Some((_, from)) = standing.scheduled.as_ref().filter(|(scheduled, _)| *scheduled == edict) {
        proposal.state = format!("comes into force at {from}");
    } else {
        proposal.faults.extend(standing.admits(&edition.edition).err());
    }
    proposal.faults.extend(super::gateway::check_peers(config, &edition).err().map(|fault| fault.to_string()));
    match credentials::officers(config) {
        Err(fault) => proposal.missing.push(fault.to_string()),
        Ok(officers) => {
            proposal.hands = signed(folder, &officers);
            match rules::notes(folder).map(|notes| officers.approve(&edict, &notes)) {
                Ok(Ok(Approval { emergency, .. })) => proposal.emergency = emergency.iter().flat_map(bounds).collect(),
                Ok(Err(lines)) => proposal.missing = lines,
                Err(fault) => proposal.missing.push(fault.to_string()),
            }
        }
    }
    proposal.clauses = looks::clauses(&edition, &BTreeMap::new());
    proposal.changes = compare(now, &edition).into_iter().map(change).collect();
    proposal.reports = reports(folder);
    Proposal { ruleset: edict.ruleset, number: edict.number, digest: edict.digest.to_string(), ..proposal }
}

fn bounds(emergency: &crate::control::Emergency) -> Vec<(String, String)> {
    let scope: Vec<&str> = emergency.scope.iter().map(String::as_str).collect();
    [("until", emergency.until.to_string()), ("scope", scope.join(", ")), ("reason", emergency.reason.clone())]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
}

fn change(difference: Difference) -> Change {
    let names: Vec<&str> = difference.partners.iter().map(crate::base::Name::as_str).collect();
    let of = if names.is_empty() { "for all, or for none".to_owned() } else { format!("for {}", names.join(", ")) };
    Change { of, effect: difference.effect.word().to_owned(), text: difference.what }
}

/// The signatures of a folder, each with why it does not count.
fn signed(folder: &Path, officers: &Officers) -> Vec<Signature> {
    let notes = match rules::notes(folder) {
        Ok(notes) => notes,
        Err(fault) => return vec![Signature { file: SIGNATURES.to_owned(), why: fault.to_string(), ..Signature::default() }],
    };
    let one = |(file, note): (String, String)| match officers.edition(&note) {
        Ok((_, hand)) => Signature { file, officer: hand.officer, role: hand.role, time: hand.signed.to_string(), why: String::new() },
        Err(why) => Signature { file, why, ..Signature::default() },
    };
    notes.into_iter().map(one).collect()
}

/// The reports of a folder, by name. One that does not read says so in its place.
fn reports(folder: &Path) -> Vec<Report> {
    let Ok(found) = std::fs::read_dir(folder.join(REPORTS)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> =
        found.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path()).collect();
    paths.sort();
    paths.truncate(REPORTS_MAX);
    paths.iter().map(|path| report(path)).collect()
}

/// The reports of a folder that read, to be kept with an edition, each under a name of ours.
pub(super) fn kept_reports(folder: &Path) -> Vec<(String, String)> {
    let read = reports(folder).into_iter().filter(|report| !report.answer.is_empty());
    (1_u32..).zip(read).map(|(number, report)| (format!("{number}.txt"), report.file())).collect()
}

fn report(path: &Path) -> Report {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(REPORT_BYTES_MAX).read_to_end(&mut bytes));
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if u64::try_from(bytes.len()).is_ok_and(|length| length >= REPORT_BYTES_MAX) {
        text.push_str("\n... and more, in its file\n");
    }
    let unread = |why: String| Report { name: name.clone(), text: format!("this is no report: {why}"), ..Report::default() };
    match read {
        Ok(_) => Report::parse(&text).unwrap_or_else(unread),
        Err(error) => unread(error.to_string()),
    }
}

/// Puts a signature beside the edition that it is about; gives what is said about it, or why it is not put there.
pub(super) fn put(config: &config::Gateway, note: &str, now: Time) -> Result<Result<String, String>, Fault> {
    let Some(waiting) = &config.waiting else { return Ok(Err("the configuration names no folder `waiting`; see `vestibule rules sign`".to_owned())) };
    let (statement, hand) = match credentials::officers(config)?.edition(note) {
        Ok(said) => said,
        Err(why) => return Ok(Err(why)),
    };
    let skew = now.seconds_since(statement.signed).unsigned_abs();
    if skew > u64::from(config.clock_seconds_max) {
        return Ok(Err(format!("it was signed {skew} seconds from now, expected at most {}; sign it again", config.clock_seconds_max)));
    }
    if ![Role::Author, Role::Approver].contains(&statement.role) {
        return Ok(Err("an edition is signed by an author or an approver".to_owned()));
    }
    for folder in folders(waiting)? {
        // One that does not load cannot be what was signed.
        let edition = policy::read_folder(&folder).ok().and_then(|files| policy::load(&files).ok());
        if edition.is_some_and(|edition| statement.about(&rules::edict(&edition)).is_ok()) {
            let path = written(&folder, &format!("{}.{}.note", hand.officer, hand.role), note)?;
            tracing::info!(edition = statement.edict.title(), officer = hand.officer, role = hand.role, "an edition is signed");
            return Ok(Ok(format!("signed by `{}` as {} into `{}`", hand.officer, hand.role, path.display())));
        }
    }
    let Edict { digest, .. } = &statement.edict;
    Ok(Err(format!("no edition that waits in `{}` is `{}` with the digest {digest}", waiting.display(), statement.edict.title())))
}

/// Writes a signature as `vestibule rules sign` does, durably, and through no link.
fn written(folder: &Path, name: &str, note: &str) -> Result<PathBuf, Fault> {
    use std::io::Write as _;
    let folder = folder.join(SIGNATURES);
    let failed = |cause| Fault::from_cause(format!("the signature cannot be put into `{}`", folder.display()), cause);
    match std::fs::symlink_metadata(&folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(Fault::new(format!("`{}` is no folder; remove it", folder.display()))),
        Err(_) => std::fs::create_dir(&folder).map_err(failed)?,
    }
    let path = folder.join(name.replace('/', "_"));
    let part = path.with_extension("part");
    let _ = std::fs::remove_file(&part);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&part).map_err(failed)?;
    file.write_all(note.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&part, &path).and_then(|()| std::fs::File::open(&folder)?.sync_all()).map_err(failed)?;
    Ok(path)
}
