//! `vestibule check --walls`: every forbidden thing, tried behind the walls of every role; with a configuration, each role's own work as well.
//!
//! Each trial is this program again, told by a hidden argument what to do, for a call that is forbidden kills the process that makes it.

mod rehearsal;

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rehearsal::Rehearsal;
use serde::{Deserialize, Serialize};

use super::{Answer, Failure, Output, output};
use crate::base::Fault;
use crate::process::world;
use crate::sandbox::deeds::{self, Behind, By, DEEDS, Deed, End, READY, Trial, Verdict};
use crate::sandbox::{Closed, Grants, Layer, Role, State, survey};

/// A folder of the probe, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("vestibule-walls-{}", world::fresh_id()?));
        std::fs::create_dir(&path).map_err(|cause| Fault::from_cause(format_args!("the folder {} cannot be made", path.display()), cause))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder for temporary files, which the system clears.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a process of the probe is told.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    Try(Trial),
    Rehearse(Rehearsal),
}

/// One cell of the table.
#[derive(Serialize)]
struct Line {
    role: Role,
    deed: &'static str,
    about: &'static str,
    /// What stopped it behind all walls.
    walls: Verdict,
    /// What would stop it were there no filter of calls.
    behind: Verdict,
}

/// Whether a role can do its own work behind its walls.
#[derive(Serialize)]
struct Work {
    role: Role,
    work: &'static str,
    /// How its walls were closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    walls: Option<Closed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Tries everything; the answer is no where anything is not stopped, or a role cannot do its work.
pub(super) fn probe(config: Option<&Path>, json: bool, out: &mut Output) -> Result<Answer, Failure> {
    let folder = Folder::make()?;
    let mut lines = Vec::new();
    for role in Role::ALL {
        for deed in DEEDS {
            let [walls, behind] = [Behind::Walls, Behind::WallsWithoutCalls].map(|behind| try_one(*role, deed, behind, &folder.0));
            lines.push(Line { role: *role, deed: deed.name, about: deed.about, walls: walls?, behind: behind? });
        }
    }
    let works = config.map_or_else(|| Ok(Vec::new()), |config| Role::ALL.iter().map(|role| rehearse(*role, config)).collect::<Result<_, _>>())?;
    match json {
        true => {
            lines.iter().try_for_each(|line| out.json(line))?;
            works.iter().try_for_each(|work| out.json(work))?;
        }
        false => show(&lines, &works, out)?,
    }
    let stopped = lines.iter().all(|line| line.walls != Verdict::NotStopped);
    Ok(if stopped && works.iter().all(|work| work.text.is_none()) { Answer::Done } else { Answer::No })
}

/// What a process of the probe said, and how it ended.
struct Ended {
    said: String,
    complaint: String,
    end: Option<End>,
}

/// Runs this program again, told what to do.
fn run(told: &Told) -> Result<Ended, Fault> {
    let failed = |cause| Fault::from_cause("a process of the probe cannot be started", cause);
    let told = serde_json::to_string(told).map_err(|cause| Fault::from_cause("a trial cannot be written", cause))?;
    let program = std::env::current_exe().map_err(failed)?;
    let output = Command::new(program).args(["check", "--walls-told", &told]).stdin(Stdio::null()).output().map_err(failed)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let end = output.status.signal().map(End::Killed).or_else(|| output.status.code().map(End::Refused));
    Ok(Ended { said: text(&output.stdout), complaint: text(&output.stderr), end })
}

/// Tries one deed in a process of its own.
fn try_one(role: Role, deed: &Deed, behind: Behind, folder: &Path) -> Result<Verdict, Fault> {
    let victim = i32::try_from(std::process::id()).map_err(|cause| Fault::from_cause("this process has no number", cause))?;
    let trial = Trial { role, deed: deed.name.to_owned(), behind, by: By::Other, folder: folder.to_owned(), victim, address: deeds::address() };
    let ended = run(&Told::Try(trial))?;
    let ready = ended.said.lines().next() == Some(READY);
    let verdict = ended.end.filter(|_| ready).and_then(|end| Verdict::of(deed, end));
    let complaint = ended.complaint;
    verdict.ok_or_else(|| Fault::new(format!("the trial `{}` of role `{role}` did not come to an end that says something: {complaint}", deed.name)))
}

/// Lets a role do its own work.
fn rehearse(role: Role, config: &Path) -> Result<Work, Fault> {
    let ended = run(&Told::Rehearse(Rehearsal { role, config: config.to_owned(), without: None }))?;
    let text = match ended.end {
        Some(End::Refused(0)) => None,
        Some(End::Killed(libc::SIGSYS)) => Some("killed by a call that its sheet does not list".to_owned()),
        Some(End::Killed(signal)) => Some(format!("killed by signal {signal}")),
        _ => Some(ended.complaint),
    };
    let walls = ended.said.lines().next().and_then(|line| serde_json::from_str(line).ok());
    Ok(Work { role, work: if text.is_none() { "done" } else { "failed" }, walls, text })
}

/// The other end of [`run`].
pub(super) fn told(told: &str) -> Result<Answer, Failure> {
    match serde_json::from_str(told).map_err(|error| Failure::Usage(error.to_string()))? {
        Told::Try(trial) => match deeds::attempt(&trial, &Grants::default())? {},
        Told::Rehearse(rehearsal) => rehearsal::perform(&rehearsal).map(|()| Answer::Done),
    }
}

fn show(lines: &[Line], works: &[Work], out: &mut Output) -> Result<(), Failure> {
    let heading: Vec<&str> = std::iter::once("deed").chain(Role::ALL.iter().map(|role| role.name())).chain(["what for"]).collect();
    let mut table = output::table(&heading);
    let cell = |line: &Line| match (line.walls, line.behind) {
        (Verdict::NotStopped, _) => "NOT STOPPED".to_owned(),
        (Verdict::StoppedBy(layer), Verdict::StoppedBy(next)) if next != layer => format!("{layer}, {next}"),
        (Verdict::StoppedBy(layer), _) => layer.to_string(),
    };
    for deed in DEEDS {
        let of = lines.iter().filter(|line| line.deed == deed.name).map(cell);
        table.add_row(std::iter::once(deed.name.to_owned()).chain(of).chain([deed.about.to_owned()]));
    }
    if !works.is_empty() {
        let cells = works.iter().map(|work| work.text.as_ref().map_or_else(|| work.work.to_owned(), |text| format!("{}: {text}", work.work)));
        table.add_row(std::iter::once("(own work)".to_owned()).chain(cells).chain(["must be done".to_owned()]));
    }
    out.line(table)?;
    out.line("each cell: the layer that stops it, and, after a comma, the one that would without the filter of calls")
}

/// What the host gives, as lines of `check`.
pub(super) fn layers() -> Vec<(Layer, Result<String, String>)> {
    let said = |state| match state {
        State::Closed(detail) => Ok(detail),
        State::Unavailable(why) | State::Open(why) => Err(why),
    };
    survey().into_iter().map(|(layer, state)| (layer, said(state))).collect()
}
